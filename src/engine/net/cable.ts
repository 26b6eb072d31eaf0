/** What joins machines: cables with latency, loss and MTU, and learning switches. */
import type { Micros, Random, Scheduler } from '../core';
import type { Mac } from '../wire';
import { isMulticastMac } from '../wire';
import { NicLink } from './link/nic';
import type { NetNamespace } from './namespace';
import type { Skb } from './skb';

/** Properties of a cable; they may be changed while it is in use. */
export interface CableOptions {
  /** One way, microseconds. */
  latency?: Micros;
  /** Random extra per frame, up to this many microseconds. */
  jitter?: Micros;
  /** Probability in [0, 1] that a frame is lost. */
  loss?: number;
  /** Longer packets vanish, as on a path that drops them silently. Undefined: no limit. */
  mtu?: number;
}

/** What a frame reaches at the end of a cable. */
export interface Port {
  arrive(skb: Skb, end: CableEnd): void;
  /** The cable was plugged in or pulled. */
  carrierChanged?(): void;
  /** The card or the switch that the port is of. */
  readonly nic?: NicLink;
  readonly owner?: Switch;
}

/** One end of a cable. */
export class CableEnd {
  constructor(
    readonly cable: Cable,
    readonly port: Port,
  ) {}

  other!: CableEnd;

  get connected(): boolean {
    return this.cable.connected;
  }

  transmit(skb: Skb): void {
    this.cable.carry(skb, this.other);
  }
}

/** A cable between two ports. */
export class Cable {
  latency: Micros;
  jitter: Micros;
  loss: number;
  mtu: number | undefined;
  connected = true;
  /** Frames lost on the way. */
  lost = 0;
  readonly a: CableEnd;
  readonly b: CableEnd;
  /** When the last frame of each direction arrives: a cable does not reorder. */
  private readonly busyUntil = new Map<CableEnd, Micros>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    a: Port,
    b: Port,
    options: CableOptions = {},
  ) {
    this.latency = options.latency ?? 100;
    this.jitter = options.jitter ?? 20;
    this.loss = options.loss ?? 0;
    this.mtu = options.mtu;
    this.a = new CableEnd(this, a);
    this.b = new CableEnd(this, b);
    this.a.other = this.b;
    this.b.other = this.a;
    for (const end of [this.a, this.b]) if (end.port instanceof NicPort) end.port.nic.plug = end;
    this.plug(true);
  }

  /** Plugs the cable in or pulls it out. */
  plug(connected: boolean): void {
    this.connected = connected;
    this.a.port.carrierChanged?.();
    this.b.port.carrierChanged?.();
  }

  /** @internal */
  carry(skb: Skb, to: CableEnd): void {
    if (
      !this.connected ||
      (this.loss > 0 && this.random.float() < this.loss) ||
      (this.mtu !== undefined && skb.length > this.mtu)
    ) {
      this.lost++;
      skb.dev.ns.drop(skb, this.mtu !== undefined && skb.length > this.mtu ? 'CABLE_MTU' : 'CABLE_LOSS', 'cable');
      return;
    }
    const jitter = this.jitter > 0 ? this.random.below(this.jitter + 1) : 0;
    const at = Math.max(this.scheduler.now + this.latency + jitter, this.busyUntil.get(to) ?? 0);
    this.busyUntil.set(to, at);
    this.scheduler.after(at - this.scheduler.now, () => {
      if (this.connected) to.port.arrive(skb, to);
    });
  }
}

/** The socket of a network card. */
export class NicPort implements Port {
  constructor(readonly nic: NicLink) {}

  arrive(skb: Skb): void {
    this.nic.arrive(skb);
  }

  carrierChanged(): void {
    if (this.nic.up) this.nic.setCarrier(this.nic.plug?.connected ?? false);
  }
}

/** Adds a physical card to a namespace. */
export function addNic(ns: NetNamespace, name: string, mac?: Mac): NicLink {
  const nic = new NicLink(ns, name, ns.links.newIndex(), mac ?? ns.links.randomMac());
  ns.links.register(nic);
  return nic;
}

/** Joins two cards by a cable. */
export function connectNics(a: NicLink, b: NicLink, options: CableOptions = {}): Cable {
  const { scheduler, random } = a.ns.host;
  return new Cable(scheduler, random.fork(`cable:${a.mac}-${b.mac}`), new NicPort(a), new NicPort(b), options);
}

/** A learning Ethernet switch outside of all machines. */
export class Switch {
  private readonly ends: CableEnd[] = [];
  private readonly fdb = new Map<Mac, { end: CableEnd; at: Micros }>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    readonly name: string,
    /** Entries older than this are forgotten, microseconds. */
    private readonly ageing: Micros = 300e6,
  ) {}

  /** Plugs a card into a free port. */
  connect(nic: NicLink, options: CableOptions = {}): Cable {
    const cable = new Cable(
      this.scheduler,
      this.random.fork(`${this.name}:${this.ends.length}`),
      new NicPort(nic),
      new SwitchPort(this),
      options,
    );
    this.ends.push(cable.b);
    return cable;
  }

  /** @internal */
  arrive(skb: Skb, from: CableEnd): void {
    const { now } = this.scheduler;
    this.fdb.set(skb.src, { end: from, at: now });
    const known = isMulticastMac(skb.dst) ? undefined : this.fdb.get(skb.dst);
    if (known !== undefined && known.at + this.ageing > now) {
      if (known.end !== from) known.end.transmit(skb);
      return;
    }
    const targets = this.ends.filter((end) => end !== from);
    // The copies belong to the packet that the sender's namespace knows. The last port gets the packet itself.
    for (const [i, end] of targets.entries()) end.transmit(i === targets.length - 1 ? skb : skb.dev.ns.cloneSkb(skb));
  }
}

/** A socket of a switch. */
export class SwitchPort implements Port {
  constructor(readonly owner: Switch) {}

  arrive(skb: Skb, end: CableEnd): void {
    this.owner.arrive(skb, end);
  }
}
