/** Turns a packet's trace into steps that a person can read. */
import type { DropReason, TraceEvent } from '../../engine/net';
import { describePacket } from './describe';
import { causeOf } from './death';
import type { Addressed } from './headers';
import { compare, dissect } from './headers';
import type { Names } from './names';
import type { Recorded } from './recorder';
import type { Road } from './road';
import type { EventOf, Said } from './sentences';
import { chainTitle, entryEvidence, sayRules, sayTranslation } from './rules';
import {
  duration,
  routeLine,
  sayBridge,
  sayConntrack,
  sayHandled,
  sayNeighbour,
  sayRoute,
  sayTunnel,
} from './sentences';
import type { Evidence, Header, HeaderField, JourneyStep, StepKind } from './types';

/** A step that is being made; what `emit` adds is left out. */
interface Draft extends Said {
  readonly kind: StepKind;
  readonly title: string;
  readonly evidence?: readonly Evidence[];
  readonly port?: string;
  readonly side?: number;
  readonly died?: true;
  /** Names of header fields that the decision looked at. */
  readonly decides?: readonly string[];
}

/** Finds other packets. */
export interface Others {
  /** The question that was asked for a packet that waits in the neighbour queue. */
  side(asked: Recorded): Road | undefined;
  road(id: number): Road | undefined;
}

/** The steps of a road. */
export function stepsOf(road: Road, names: Names, others: Others): JourneyStep[] {
  return new Builder(road, names, others).build();
}

class Builder {
  private readonly steps: JourneyStep[] = [];
  private readonly events: readonly Recorded[];
  private eth: Addressed | undefined;
  private previous: readonly Header[] | undefined;
  private queued: Recorded | undefined;
  /** The headers before the step in which the packet began to wait: that step is taken back when it goes on. */
  private beforeQueue: readonly Header[] | undefined;
  private learned = false;
  /** What was asked while the packet waited. */
  private question: Road | undefined;
  /** The entry of the connection that the stack found last. */
  private entry = '';
  private rules: EventOf<'rule'>[] = [];
  private sent: Recorded | undefined;

  constructor(
    private readonly road: Road,
    private readonly names: Names,
    private readonly others: Others,
  ) {
    this.events = road.events;
  }

  build(): JourneyStep[] {
    for (const [i, recorded] of this.events.entries()) this.take(recorded, this.events[i + 1]?.event);
    const last = this.events.at(-1);
    if (this.rules.length > 0 && last) this.flushRules(last.event);
    return this.steps;
  }

  private take(recorded: Recorded, next: TraceEvent | undefined): void {
    const { event } = recorded;
    if (this.rules.length > 0) {
      const rewritten = event.event === 'nat';
      if (rewritten || !this.continuesRules(event)) this.flushRules(event);
      if (rewritten) return;
    }
    const where = this.names.of(event).where;
    switch (event.event) {
      case 'created':
        if (event.by !== 'clone') this.emit(event, this.made(event, where));
        return;
      case 'route': {
        const to = describePacket(event.payload).to.replace(/:\d+$/, '');
        const lines: Evidence[] =
          event.prefix === undefined ? [] : [{ kind: 'lines', title: 'The route', lines: [routeLine(event)] }];
        this.emit(this.afterForwarding(recorded, event), {
          kind: 'route',
          title: 'Route',
          ...sayRoute(event, where, bare(to)),
          evidence: lines,
          decides: ['Destination'],
        });
        return;
      }
      case 'neighbour':
        return this.neighbour(recorded, event, where);
      case 'tx':
        return this.tx(recorded, event, where);
      case 'rx':
        return this.rx(recorded, event, where, next);
      case 'bridge':
        if (event.action === 'learn') this.learned = true;
        else {
          this.emit(event, {
            kind: 'bridge',
            title: event.bridge,
            ...sayBridge(event, this.learned),
            port: `${this.names.of(event).box}/${event.to[0] ?? event.bridge}`,
            decides: ['Destination'],
          });
          this.learned = false;
        }
        return;
      case 'rule':
        this.rules.push(event);
        return;
      case 'conntrack':
        this.entry = event.entry;
        this.emit(event, {
          kind: 'conntrack',
          title: 'conntrack',
          ...sayConntrack(event),
          evidence: entryEvidence(event.entry, 'The entry'),
        });
        return;
      case 'nat':
        this.emit(event, {
          kind: 'conntrack',
          ...sayTranslation(event, this.road.request !== undefined),
          evidence: this.entry === '' ? [] : entryEvidence(this.entry, 'The entry'),
        });
        return;
      case 'hook':
        // A hook in which nothing was decided is worth a step only when it ended the journey; `drop` says that.
        return;
      case 'encapsulate':
        // The outer packet has no frame yet; its headers are those of the event that follows.
        this.eth = undefined;
        this.emit(next ? { ...event, payload: next.payload } : event, {
          kind: 'tunnel',
          title: event.link,
          ...sayTunnel(event),
        });
        return;
      case 'decapsulate':
        this.eth = { src: event.src, dst: event.dst };
        this.emit(event, {
          kind: 'tunnel',
          title: event.link,
          ...sayTunnel(event),
          port: `${this.names.of(event).box}/${event.link}`,
        });
        return;
      case 'vlan':
        this.emit(event, {
          kind: 'link',
          title: event.link,
          note: `${event.action} ${event.vlan}`,
          sentence:
            event.action === 'tag'
              ? `\`${event.link}\` puts the tag of VLAN ${event.vlan} on the frame.`
              : event.action === 'untag'
                ? `\`${event.link}\` takes the tag of VLAN ${event.vlan} off.`
                : `\`${event.link}\` does not let VLAN ${event.vlan} pass.`,
        });
        return;
      case 'qdisc':
        this.emit(event, {
          kind: 'link',
          title: event.link,
          note: event.action,
          sentence: `The queue of \`${event.link}\` (${event.qdisc}) holds the packet for ${duration(event.wait)}.`,
        });
        return;
      case 'fragment':
        this.emit(event, {
          kind: 'fragment',
          title: 'Fragments',
          note: `${event.count}`,
          sentence:
            event.action === 'split'
              ? `The packet is larger than the link’s MTU: it is cut into ${event.count} fragments.`
              : event.action === 'queued'
                ? `A fragment waits for the others; ${event.count} are there.`
                : `All ${event.count} fragments are there: the packet is whole again.`,
        });
        return;
      case 'socket':
        this.emit(event, {
          kind: 'end',
          title: 'Socket',
          note: event.protocol === 'raw' ? 'raw' : event.local,
          sentence: `A ${event.protocol.toUpperCase()} socket in \`${where}\` gets it${event.protocol === 'raw' ? '' : `: \`${event.local}\``}.`,
          decides: ['Destination port', 'Destination'],
        });
        return;
      case 'handled':
        this.emit(event, { kind: 'end', ...sayHandled(event, where) });
        return;
      case 'drop':
        return this.drop(event, where);
    }
  }

  // --- kinds of steps -----------------------------------------------------------------------------------------------

  private made(event: EventOf<'created'>, where: string): Draft {
    const { protocol, what, to } = describePacket(event.payload);
    const program = event.by === 'socket';
    const answer = this.road.request !== undefined;
    const who = program ? `A program in \`${where}\`` : `The kernel of \`${where}\``;
    return {
      kind: program ? 'socket' : 'kernel',
      title: program ? 'Socket' : 'Kernel',
      note: protocol,
      sentence: `${who} ${answer ? 'answers' : 'sends'}: ${protocol}, ${what}${to === '' ? '' : `, to \`${to}\``}.`,
    };
  }

  private neighbour(recorded: Recorded, event: EventOf<'neighbour'>, where: string): void {
    const lines = [
      `${event.address} dev ${event.link}${event.lladdr === undefined ? '' : ` lladdr ${event.lladdr}`} ${event.state}`,
    ];
    const evidence: Evidence[] = [{ kind: 'lines', title: 'The neighbour entry', lines }];
    if (event.action === 'queue') {
      this.queued = recorded;
      this.beforeQueue = this.previous;
      // Only a packet that never gets on needs the step as it stands here.
      const question = this.others.side(recorded);
      this.question = question;
      this.emit(event, {
        kind: 'neighbour',
        title: 'Neighbour',
        ...sayNeighbour(event, where, undefined),
        evidence,
        ...(question === undefined ? {} : { side: question.id }),
      });
      return;
    }
    if (event.action === 'resolved' || event.action === 'update') return;
    const waiting = this.queued && this.steps.at(-1)?.kind === 'neighbour' ? this.queued : undefined;
    this.queued = undefined;
    const waited = waiting && event.at - waiting.event.at;
    const side = waiting && this.steps.pop()?.side;
    if (waiting) this.previous = this.beforeQueue;
    // The frame gets its addresses here: they are shown with this step, not with the next.
    if (event.lladdr !== undefined) {
      const tx = this.events.find((e) => e.order > recorded.order && e.event.event === 'tx')?.event as
        EventOf<'tx'> | undefined;
      if (tx) this.eth = { src: tx.src, dst: tx.dst };
    }
    this.emit(event, {
      kind: 'neighbour',
      title: 'Neighbour',
      ...sayNeighbour(event, where, waited),
      evidence,
      port: `${this.names.of(event).box}/${event.link}`,
      ...(side === undefined ? {} : { side }),
    });
  }

  private tx(recorded: Recorded, event: EventOf<'tx'>, where: string): void {
    this.eth = { src: event.src, dst: event.dst };
    this.sent = recorded;
    const before = this.steps.at(-1)?.kind;
    if (before === 'neighbour' || before === 'bridge') return;
    this.emit(event, {
      kind: 'link',
      title: event.link,
      note: 'sent',
      sentence: `The frame leaves \`${where}\` through \`${event.link}\`.`,
      port: `${this.names.of(event).box}/${event.link}`,
    });
  }

  private rx(recorded: Recorded, event: EventOf<'rx'>, where: string, next: TraceEvent | undefined): void {
    // A bridge hands a frame to its own stack: the bridge's step has said so.
    const before = this.steps.at(-1);
    const handedUp = (before?.kind === 'bridge' || before?.kind === 'tunnel') && before.title === event.link;
    this.eth = { src: event.src, dst: event.dst };
    if (handedUp) return;
    const waited = this.sent && recorded.event.at - this.sent.event.at;
    const port =
      next?.event === 'bridge' && next.bridge !== event.link ? `, a port of the bridge \`${next.bridge}\`` : '';
    this.emit(event, {
      kind: 'link',
      title: event.link,
      note: 'received',
      sentence: `The frame comes into \`${where}\` through \`${event.link}\`${port}${waited !== undefined && waited >= 50 ? `, ${duration(waited)} after it was sent` : ''}.`,
      port: `${this.names.of(event).box}/${event.link}`,
    });
  }

  /** Rules of one table and the rewriting that they ordered are one step. */
  private continuesRules(event: TraceEvent): boolean {
    return (event.event === 'rule' && event.table === this.rules[0]!.table) || event.event === 'nat';
  }

  private flushRules(next: TraceEvent): void {
    const { rules } = this;
    this.rules = [];
    const first = rules[0]!;
    const nat = next.event === 'nat' ? next : undefined;
    const said = sayRules(rules, nat);
    const entry = nat ? entryEvidence(this.entryToCome(first), 'What conntrack will remember') : [];
    const same = next.machine === first.machine && next.netns === first.netns;
    this.emit(same ? { ...rules.at(-1)!, payload: next.payload } : rules.at(-1)!, {
      kind: 'hook',
      ...said,
      evidence: [...said.evidence, ...entry],
      title: chainTitle(first),
    });
  }

  /** The entry of a new connection as it will be when the packet has passed the stack. */
  private entryToCome({ machine, netns, at }: TraceEvent): string {
    const found = this.events.find(
      ({ event: e }) =>
        e.event === 'conntrack' && e.action === 'confirmed' && e.machine === machine && e.netns === netns && e.at >= at,
    );
    return found?.event.event === 'conntrack' ? found.event.entry : '';
  }

  /** A router takes one from the time to live before anything else sees the packet: that belongs to the decision to forward. */
  private afterForwarding(recorded: Recorded, event: EventOf<'route'>): TraceEvent {
    const i = this.events.indexOf(recorded);
    const next = this.events[i + 1]?.event;
    const p = event.payload;
    if (event.result !== 'forward' || !next || next.machine !== event.machine || next.netns !== event.netns)
      return event;
    const q = next.payload;
    if (p.kind === 'ipv4' && q.kind === 'ipv4' && q.ttl === p.ttl - 1)
      return { ...event, payload: { ...p, ttl: q.ttl } };
    if (p.kind === 'ipv6' && q.kind === 'ipv6' && q.hopLimit === p.hopLimit - 1)
      return { ...event, payload: { ...p, hopLimit: q.hopLimit } };
    return event;
  }

  private drop(event: EventOf<'drop'>, where: string): void {
    if (this.road.verdict === 'delivered') return;
    const cause = causeOf(this.events, where, bare(describePacket(event.payload).to), {
      question: this.question,
      request: this.road.request === undefined ? undefined : this.others.road(this.road.request),
      road: (id) => this.others.road(id),
    });
    if (!cause) return;
    const died = this.road.verdict === 'died' ? { died: true as const } : {};
    const last = this.steps.at(-1);
    const place = this.names.of(event);
    // The step in which the decision fell is the one in which the packet died.
    if (last && last.where === place.where && DECIDED_BY[last.kind]?.test(event.reason)) {
      const note = event.reason === 'NETFILTER_DROP' ? 'DROP' : event.reason;
      this.steps[this.steps.length - 1] = { ...last, note, sentence: cause.broken, ...died };
      return;
    }
    const title = TITLES[event.reason] ?? event.where;
    this.emit(event, { kind: 'end', title, note: event.reason, sentence: cause.broken, ...died });
  }

  // --- the step itself ----------------------------------------------------------------------------------------------

  private emit(event: TraceEvent, draft: Draft): void {
    const { place, where } = this.names.of(event);
    const { headers, layers, bytes } = dissect(event.payload, this.eth);
    const compared = compare(this.previous, headers);
    this.previous = headers;
    const { kind, title, note, sentence, more, evidence, port, side, died, decides } = draft;
    this.steps.push({
      after: event.at - this.events[0]!.event.at,
      place,
      where,
      kind,
      title,
      note,
      sentence,
      ...(more === undefined ? {} : { more }),
      evidence: evidence ?? [],
      headers: decides ? mark(compared, decides) : compared,
      bytes,
      layers,
      ...(port === undefined ? {} : { port }),
      ...(side === undefined ? {} : { side }),
      ...(died ? { died } : {}),
    });
  }
}

/** Reasons for which a drop belongs to the step right before it. */
const DECIDED_BY: Partial<Record<StepKind, RegExp>> = {
  route: /^(IP_INADDRERRORS|IP_INNOROUTES|IP_OUTNOROUTES|IP_RPFILTER|IP_INVALID_SOURCE|IP_LOCAL_SOURCE)$/,
  neighbour: /^NEIGH_/,
  hook: /^NETFILTER_DROP$/,
  conntrack: /^NETFILTER_DROP$/,
  bridge: /^BRIDGE_/,
  tunnel: /^VXLAN_/,
};

/** Titles of deaths that have a better name than the function of the kernel. */
const TITLES: Partial<Record<DropReason, string>> = {
  NO_SOCKET: 'Socket',
  PKT_TOO_BIG: 'MTU',
  IP_INHDR: 'Header',
  CABLE_LOSS: 'Cable',
  CABLE_MTU: 'Cable',
};

/** Marks the fields that a decision looked at, in the innermost header that has them. */
function mark(headers: readonly Header[], names: readonly string[]): Header[] {
  const at = headers.findLastIndex((h) => h.layer !== 'eth' && h.fields.some((f) => names.includes(f.name)));
  const field = (f: HeaderField): HeaderField => (names.includes(f.name) ? { ...f, decides: true } : f);
  return headers.map((h, i) => (i === at ? { ...h, fields: h.fields.map(field) } : h));
}

/** An address without its port. */
function bare(end: string): string {
  return end.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}
