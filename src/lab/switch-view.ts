/** What one bridge does with the frames that come to it, recorded for a picture. */
import type { BridgeLink, NetNamespace, TraceEvent } from '../engine/net';
import { formatIp } from '../engine/wire';
import type { World } from '../engine/world';
import { describePacket } from './journey/describe';
import { dissect } from './journey/headers';
import { routeLine } from './journey/sentences';
import type { JourneyLayer } from './journey/types';
import { networks } from './netns';
import type { NamedNetwork } from './netns';
import { topologyOf } from './topology';

/** A stack that is connected to the bridge: by a cable at a port, or the machine's own by the bridge's interface. */
export interface SwitchStation {
  /** The bridge port that leads to it; the bridge's own name for the machine itself. */
  readonly port: string;
  /** `c1` */
  readonly title: string;
  /** Its interface. */
  readonly link: string;
  readonly mac: string;
  /** `172.30.0.11/24`, IPv4 first. */
  readonly addresses: readonly string[];
}

/** A learned entry of the forwarding database. */
export interface SwitchEntry {
  readonly mac: string;
  readonly port: string;
  /** Seconds since the last frame from this address. */
  readonly age: number;
}

/** A line of a neighbour table. */
export interface SwitchNeighbour {
  readonly address: string;
  readonly mac: string | undefined;
  readonly state: string;
}

/** What a station did with a frame that was handed to it. */
export interface SwitchReceipt {
  readonly port: string;
  /** `read`: looked into it and found that another one is asked. */
  readonly fate: 'taken' | 'read' | 'dropped';
  /** The kernel's reason for a drop. */
  readonly reason?: string;
}

/** A frame that came to the bridge. */
export interface SwitchFrame {
  readonly kind: 'frame';
  /** Index of the line of the script during which it came. */
  readonly line: number;
  /** Virtual microseconds since the step before. */
  readonly later: number;
  /** Port that it came in by; the bridge's own name: from the machine itself. */
  readonly from: string;
  /** Ports that it left by, and the bridge's own name where the machine got it. */
  readonly to: readonly string[];
  /** `known`: its receiver is in the table; `own`: the bridge's own address. */
  readonly receiver: 'everybody' | 'group' | 'unknown' | 'known' | 'own';
  /** The sender's address was new, or new behind this port. */
  readonly learned: boolean;
  readonly src: string;
  readonly dst: string;
  readonly layers: readonly JourneyLayer[];
  /** `ARP`, `who has 172.30.0.12?` */
  readonly protocol: string;
  readonly what: string;
  readonly ip: { readonly src: string; readonly dst: string };
  /** The route by which the sender chose the next stop, for this packet or for the one that waits for the answer. */
  readonly route?: { readonly text: string; readonly gateway?: string };
  readonly receipts: readonly SwitchReceipt[];
  /** The table once the sender has been learned. */
  readonly table: readonly SwitchEntry[];
  /** The sender's neighbour table at that moment. */
  readonly neighbours: readonly SwitchNeighbour[];
}

/** Time in which nothing was sent, and what the bridge has forgotten meanwhile. */
export interface SwitchSilence {
  readonly kind: 'silence';
  readonly line: number;
  readonly later: number;
  readonly forgotten: readonly SwitchEntry[];
  readonly table: readonly SwitchEntry[];
  /** The neighbour table of who sent the first frame. */
  readonly neighbours: readonly SwitchNeighbour[];
}

/** One step of the picture. */
export type SwitchStep = SwitchFrame | SwitchSilence;

/** A bridge, what is connected to it, and what became of the frames. */
export interface SwitchView {
  readonly bridge: string;
  /** The machine that the bridge is in. */
  readonly machine: string;
  /** Seconds after which an entry without a frame is forgotten. */
  readonly ageing: number;
  /** The machine itself comes last. */
  readonly stations: readonly SwitchStation[];
  /** Lines of the script as they are shown. */
  readonly script: readonly string[];
  /** The table before the first step. */
  readonly start: readonly SwitchEntry[];
  readonly steps: readonly SwitchStep[];
}

interface Seen {
  readonly packet: number;
  readonly event: TraceEvent;
}

/** Watches a bridge from now on. The caller moves the world and says when a line of the script begins and ends. */
export class SwitchWatch {
  private readonly steps: (SwitchSilence | Omit<SwitchFrame, 'receipts'>)[] = [];
  private readonly roots: number[] = [];
  private readonly events: Seen[] = [];
  private readonly parents = new Map<number, number>();
  private readonly stops: (() => void)[] = [];
  private readonly named: readonly NamedNetwork[];
  private readonly bridge: BridgeLink;
  private readonly ns: NetNamespace;
  private readonly machine: string;
  private readonly stations: readonly SwitchStation[];
  private readonly start: readonly SwitchEntry[];
  private readonly script: string[] = [];
  private last: number;
  /** The stack that sent the first frame. */
  private first: NetNamespace | undefined;

  /** @throws Error when no machine has a bridge of this name. */
  constructor(
    private readonly world: World,
    private readonly name: string,
  ) {
    this.named = networks(world);
    const owner = this.named.find((n) => n.netns === undefined && n.ns.links.byName(name)?.kind === 'bridge');
    if (!owner) throw new Error(`no machine has a bridge "${name}"`);
    this.ns = owner.ns;
    this.machine = owner.machine.name;
    this.bridge = owner.ns.links.byName(name) as BridgeLink;
    this.stations = stationsOf(world, owner, name);
    this.start = this.table();
    this.last = world.now;
    for (const machine of world.machines.values())
      this.stops.push(machine.namespaces.net.tracer.listen((event) => this.see(event)));
  }

  /** A line of the script begins. */
  begin(line: string): void {
    this.script.push(line);
  }

  /** A line of the script has ended; `silent`: it only let time pass. */
  end(silent: boolean): void {
    const before = this.steps.at(-1)?.table ?? this.start;
    const table = this.table();
    const forgotten = before.filter((e) => !table.some((t) => t.mac === e.mac));
    if (!silent && forgotten.length === 0) return;
    this.steps.push({
      kind: 'silence',
      line: this.script.length - 1,
      later: this.passed(),
      forgotten,
      table,
      neighbours: this.first ? neighboursOf(this.first) : [],
    });
  }

  /** Ends watching. */
  finish(): SwitchView {
    for (const stop of this.stops.splice(0)) stop();
    let frame = 0;
    const steps = this.steps.map((step): SwitchStep => {
      if (step.kind === 'silence') return step;
      return { ...step, receipts: this.receipts(this.roots[frame++]!, step) };
    });
    return {
      bridge: this.name,
      machine: this.machine,
      ageing: this.bridge.settings.ageingTime / 100,
      stations: this.stations,
      script: this.script,
      start: this.start,
      steps,
    };
  }

  private passed(): number {
    const later = this.world.now - this.last;
    this.last = this.world.now;
    return later;
  }

  private see(event: TraceEvent): void {
    if (event.event === 'created' && event.by === 'clone' && event.parent !== undefined)
      this.parents.set(event.packet, event.parent);
    this.events.push({ packet: event.packet, event });
    if (event.event !== 'bridge' || event.bridge !== this.name || event.netns !== this.ns.inode) return;
    if (event.action !== 'learn') this.handled(event);
  }

  /** The bridge has decided about a frame; for one that is flooded and for the machine as well it says so twice. */
  private handled(event: Extract<TraceEvent, { event: 'bridge' }>): void {
    const root = this.root(event.packet);
    const to = event.action === 'local' ? [this.name] : event.to;
    const before = this.steps.at(-1);
    if (before?.kind === 'frame' && this.roots.at(-1) === root && before.from === event.port) {
      this.steps[this.steps.length - 1] = { ...before, to: [...before.to, ...to] };
      return;
    }
    const own = this.events.filter((e) => this.root(e.packet) === root).map((e) => e.event);
    const sent = own.findLast((e) => e.event === 'rx' || e.event === 'tx');
    const src = sent?.event === 'rx' || sent?.event === 'tx' ? sent.src : '';
    const sender = this.named.find((n) => n.ns.inode === own[0]?.netns);
    this.first ??= sender?.ns;
    const { protocol, from, to: target, what } = describePacket(event.payload);
    const route = this.routeOf(own, event, target);
    this.roots.push(root);
    this.steps.push({
      kind: 'frame',
      line: this.script.length - 1,
      later: this.passed(),
      from: event.port,
      to,
      receiver: receiverOf(event),
      learned: own.some((e) => e.event === 'bridge' && e.action === 'learn' && e.bridge === this.name),
      src,
      dst: event.mac,
      layers: dissect(event.payload, { src, dst: event.mac }).layers,
      protocol,
      what,
      ip: { src: from, dst: target },
      ...(route ? { route } : {}),
      table: this.table(),
      neighbours: sender ? neighboursOf(sender.ns) : [],
    });
  }

  /** The route of a packet; of a question for a MAC address, that of the packet that waits for the answer. */
  private routeOf(
    own: readonly TraceEvent[],
    frame: TraceEvent,
    target: string,
  ): { text: string; gateway?: string } | undefined {
    let from = own;
    if (frame.payload.kind === 'arp') {
      const waits = this.events.findLast(
        ({ event: e }) =>
          e.event === 'neighbour' &&
          e.action === 'queue' &&
          e.netns === own[0]?.netns &&
          e.address === target &&
          e.at === own[0].at,
      );
      from = waits ? this.events.filter((e) => e.packet === waits.packet).map((e) => e.event) : [];
    }
    const route = from.find((e) => e.event === 'route' && e.direction === 'output');
    if (route?.event !== 'route') return undefined;
    return { text: routeLine(route), ...(route.gateway === undefined ? {} : { gateway: route.gateway }) };
  }

  /** What the stations did with the copies of a frame. */
  private receipts(root: number, frame: Omit<SwitchFrame, 'receipts'>): SwitchReceipt[] {
    return frame.to.map((port): SwitchReceipt => {
      const station = this.stations.find((s) => s.port === port);
      const stack =
        port === this.name ? this.ns : this.named.find((n) => n.title === station?.title && n.ns !== this.ns)?.ns;
      const ends = this.events
        .filter(({ packet, event }) => this.root(packet) === root && event.netns === stack?.inode)
        .map((e) => e.event);
      const drop = ends.find((e) => e.event === 'drop');
      if (drop?.event === 'drop') return { port, fate: 'dropped', reason: drop.reason };
      const asked = frame.protocol === 'ARP' && frame.receiver !== 'known' && frame.receiver !== 'own';
      const mine = station?.addresses.some((a) => a.split('/')[0] === frame.ip.dst) === true;
      return { port, fate: asked && !mine ? 'read' : 'taken' };
    });
  }

  private root(packet: number): number {
    let at = packet;
    for (let up = this.parents.get(at); up !== undefined; up = this.parents.get(at)) at = up;
    return at;
  }

  private table(): SwitchEntry[] {
    const { now } = this.world;
    return [...this.bridge.fdb.entries.values()].flatMap((e) =>
      e.local || e.static || e.port === null
        ? []
        : [{ mac: e.mac, port: e.port.link.name, age: Math.round((now - e.updated) / 1e6) }],
    );
  }
}

function receiverOf(event: Extract<TraceEvent, { event: 'bridge' }>): SwitchFrame['receiver'] {
  if (event.mac === 'ff:ff:ff:ff:ff:ff') return 'everybody';
  // The lowest bit of an address's first byte: for a group.
  if (parseInt(event.mac.slice(0, 2), 16) & 1) return 'group';
  return event.action === 'flood' ? 'unknown' : event.action === 'local' ? 'own' : 'known';
}

function neighboursOf(ns: NetNamespace): SwitchNeighbour[] {
  return ns.neigh
    .list()
    .filter((e) => e.family === 'inet')
    .map((e) => ({ address: formatIp(e.address), mac: e.lladdr, state: e.state }));
}

/** Who is behind the ports of a bridge, in the order of the ports, and the machine itself. */
function stationsOf(world: World, owner: NamedNetwork, name: string): SwitchStation[] {
  const { boxes, links } = topologyOf(world);
  const ports = boxes.flatMap((box) => box.ports.map((port) => ({ box, port })));
  const own = `${owner.id}/${name}`;
  const behind = ports
    .filter(({ port }) => port.master === own)
    .flatMap(({ port }) => {
      const cable = links.find((l) => l.from === port.id || l.to === port.id);
      const far = ports.find((p) => p.port.id === (cable?.from === port.id ? cable.to : cable?.from));
      return far ? [station(port.name, far.box.title, far.port)] : [];
    });
  const self = ports.find(({ port }) => port.id === own)!;
  return [...behind, station(name, self.box.title, self.port)];
}

function station(
  port: string,
  title: string,
  link: { name: string; mac: string; addresses: readonly string[] },
): SwitchStation {
  return { port, title, link: link.name, mac: link.mac, addresses: link.addresses };
}
