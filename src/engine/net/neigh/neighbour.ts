import type { Micros, Timer } from '../../core';
import type { IpAddress, Mac } from '../../wire';
import { MAC_ZERO, formatIp } from '../../wire';
import type { NeighConf } from '../conf';
import type { Link } from '../link/link';
import type { Skb } from '../skb';
import type { Family, NeighbourInfo, NudState } from '../types';

/** What differs between ARP and NDP (neigh_table). */
export interface NeighProtocol {
  readonly family: Family;
  conf(link: Link): NeighConf;
  /** A new entry whose address needs no question, or never may be asked for (arp_constructor). */
  construct?(n: Neighbour): void;
  /** Asks who has the address: unicast to `n.lladdr` when `unicast`. */
  solicit(n: Neighbour, unicast: boolean, skb: Skb | null): void;
  /** The neighbour does not answer: tells the packet's sender (arp_error_report, ndisc_error_report). */
  unreachable(skb: Skb, n: Neighbour): void;
  /** The table in which the neighbour is kept. */
  table(link: Link): Map<IpAddress, Neighbour>;
}

/** Rough memory of one queued packet beyond its bytes (sizeof sk_buff and its shared info). */
const SKB_OVERHEAD = 576;
const CONNECTED: ReadonlySet<NudState> = new Set(['PERMANENT', 'NOARP', 'REACHABLE']);
const VALID: ReadonlySet<NudState> = new Set(['PERMANENT', 'NOARP', 'REACHABLE', 'PROBE', 'STALE', 'DELAY']);
const IN_TIMER: ReadonlySet<NudState> = new Set(['INCOMPLETE', 'REACHABLE', 'DELAY', 'PROBE']);

/** One neighbour and its reachability (net/core/neighbour.c). Times in virtual microseconds. */
export class Neighbour implements NeighbourInfo {
  state: NudState = 'NONE';
  lladdr: Mac | undefined = undefined;
  router = false;
  proxy = false;
  probes = 0;
  used: Micros;
  confirmed: Micros;
  updated: Micros;
  dead = false;
  private queue: Skb[] = [];
  private queueBytes = 0;
  private timer: Timer | null = null;
  private readonly onTimer = (): void => this.tick();

  constructor(
    readonly protocol: NeighProtocol,
    readonly link: Link,
    readonly address: IpAddress,
  ) {
    const now = link.ns.now;
    this.used = this.updated = now;
    // A new entry counts as confirmed long ago.
    this.confirmed = now - protocol.conf(link).base_reachable_time_ms * 2000;
  }

  get family(): Family {
    return this.protocol.family;
  }

  get index(): number {
    return this.link.index;
  }

  get refs(): number {
    return this.timer !== null ? 1 : 0;
  }

  get valid(): boolean {
    return VALID.has(this.state);
  }

  private get now(): Micros {
    return this.link.ns.now;
  }

  /** neigh_output: sends `skb` to this neighbour, or keeps it until the address is known. */
  output(skb: Skb): void {
    const { link } = this;
    switch (this.state) {
      case 'REACHABLE':
      case 'PERMANENT':
      case 'NOARP':
        break;
      case 'DELAY':
      case 'PROBE':
        this.used = link.ns.now;
        break;
      case 'STALE':
        this.used = link.ns.now;
        this.setState('DELAY');
        this.updated = this.now;
        this.arm(this.protocol.conf(link).delay_first_probe_time * 1e6);
        break;
      default:
        this.used = link.ns.now;
        this.enqueue(skb);
        return;
    }
    skb.dst = this.lladdr ?? MAC_ZERO;
    skb.src = link.mac;
    if (link.ns.tracer.active && this.state !== 'NOARP') this.trace(skb, 'use');
    link.transmit(skb);
  }

  /** Makes it an entry for which nobody has to be asked. */
  noQuestion(lladdr: Mac): void {
    this.state = 'NOARP';
    this.lladdr = lladdr;
  }

  private trace(skb: Skb, action: 'use' | 'queue' | 'resolved' | 'failed' | 'update'): void {
    this.link.ns.trace(skb, {
      event: 'neighbour',
      address: formatIp(this.address),
      link: this.link.name,
      state: this.state,
      lladdr: this.lladdr,
      action,
    });
  }

  /** __neigh_event_send in the states without an address. */
  private enqueue(skb: Skb): void {
    const { link } = this;
    if (this.dead) {
      link.ns.drop(skb, 'NEIGH_DEAD', 'neigh_event_send');
      return;
    }
    let probe = false;
    const conf = this.protocol.conf(link);
    if (this.state !== 'INCOMPLETE') {
      if (conf.mcast_solicit + conf.app_solicit === 0) {
        this.setState('FAILED');
        link.ns.drop(skb, 'NEIGH_FAILED', 'neigh_event_send');
        return;
      }
      this.probes = conf.ucast_solicit;
      this.setState('INCOMPLETE');
      this.updated = this.now;
      this.arm(this.retrans);
      probe = true;
    }
    const size = skb.frameLength + SKB_OVERHEAD;
    while (this.queue.length > 0 && this.queueBytes + size > conf.unres_qlen_bytes) {
      const old = this.queue.shift()!;
      this.queueBytes -= old.frameLength + SKB_OVERHEAD;
      link.ns.drop(old, 'NEIGH_QUEUEFULL', 'neigh_event_send');
    }
    this.queue.push(skb);
    this.queueBytes += size;
    if (link.ns.tracer.active) this.trace(skb, 'queue');
    if (probe) this.probe(false);
  }

  private get retrans(): Micros {
    return Math.max(this.protocol.conf(this.link).retrans_time_ms * 1000, 10_000);
  }

  private get reachableTime(): Micros {
    return this.link.ns.reachableTime(this.link, this.protocol.family);
  }

  private probe(unicast: boolean): void {
    const skb = this.queue[this.queue.length - 1] ?? null;
    this.probes++;
    this.protocol.solicit(this, unicast, skb);
  }

  private arm(delay: Micros): void {
    this.timer?.cancel();
    this.timer = this.link.ns.host.scheduler.after(delay, this.onTimer);
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private setState(state: NudState): void {
    this.state = state;
  }

  /** neigh_timer_handler */
  private tick(): void {
    this.timer = null;
    if (!IN_TIMER.has(this.state)) return;
    const { now } = this;
    const conf = this.protocol.conf(this.link);
    const delayProbe = conf.delay_first_probe_time * 1e6;
    let next = now + this.retrans;
    let notify = false;
    if (this.state === 'REACHABLE') {
      if (now < this.confirmed + this.reachableTime) next = this.confirmed + this.reachableTime;
      else if (now <= this.used + delayProbe) {
        this.setState('DELAY');
        this.updated = now;
        next = now + delayProbe;
      } else {
        this.setState('STALE');
        this.updated = now;
        notify = true;
      }
    } else if (this.state === 'DELAY') {
      if (now <= this.confirmed + delayProbe) {
        this.setState('REACHABLE');
        this.updated = now;
        next = this.confirmed + this.reachableTime;
      } else {
        this.setState('PROBE');
        this.updated = now;
        this.probes = 0;
      }
      notify = true;
    }
    const probing = this.state === 'PROBE' || this.state === 'INCOMPLETE';
    const max =
      conf.ucast_solicit + conf.app_solicit + (this.state === 'PROBE' ? conf.mcast_resolicit : conf.mcast_solicit);
    if (probing && this.probes >= max) {
      this.setState('FAILED');
      this.updated = now;
      this.failQueue();
      this.announce();
      return;
    }
    if (IN_TIMER.has(this.state)) this.arm(Math.max(next - now, 1));
    if (notify) this.announce();
    if (probing) this.probe(this.state === 'PROBE' || this.probes < conf.ucast_solicit);
  }

  /** neigh_invalidate: everybody who waits learns that nobody answers. */
  private failQueue(): void {
    while (this.queue.length > 0 && this.state === 'FAILED') {
      const skb = this.queue.shift()!;
      this.queueBytes -= skb.frameLength + SKB_OVERHEAD;
      if (this.link.ns.tracer.active) this.trace(skb, 'failed');
      this.protocol.unreachable(skb, this);
      this.link.ns.drop(skb, 'NEIGH_FAILED', 'neigh_invalidate');
    }
  }

  /** neigh_update: something was heard from or said about the neighbour. */
  update(
    lladdr: Mac | undefined,
    state: NudState,
    flags: { override?: boolean; admin?: boolean; weakOverride?: boolean },
  ): void {
    if (this.dead) return;
    const old = this.state;
    if (!flags.admin && (old === 'NOARP' || old === 'PERMANENT')) return;
    const { now } = this;
    const wasValid = VALID.has(old);
    if (!VALID.has(state)) {
      this.disarm();
      this.setState(state);
      if (state === 'FAILED' && (old === 'INCOMPLETE' || old === 'PROBE')) this.failQueue();
      if (state !== 'INCOMPLETE' && state !== 'FAILED') this.lladdr = undefined;
      this.announce();
      return;
    }
    let mac = lladdr ?? this.lladdr;
    if (mac === undefined) return;
    let next = state;
    if (CONNECTED.has(state)) this.confirmed = now;
    if (wasValid && mac !== this.lladdr && !flags.override) {
      if (flags.weakOverride && CONNECTED.has(old)) {
        mac = this.lladdr!;
        next = 'STALE';
      } else if (!flags.weakOverride) mac = this.lladdr!;
      if (!flags.weakOverride) return;
    } else if (wasValid && mac === this.lladdr && state === 'STALE' && !flags.admin) next = old;
    if (next !== old || mac !== this.lladdr) this.updated = now;
    const changed = next !== old || mac !== this.lladdr;
    if (next !== old) {
      this.disarm();
      if (IN_TIMER.has(next))
        this.arm(
          next === 'REACHABLE'
            ? this.reachableTime
            : next === 'DELAY'
              ? this.protocol.conf(this.link).delay_first_probe_time * 1e6
              : this.retrans,
        );
      if (next === 'PROBE') this.probes = 0;
      this.setState(next);
    }
    if (mac !== this.lladdr) {
      this.lladdr = mac;
      if (!CONNECTED.has(next)) this.confirmed = now - this.protocol.conf(this.link).base_reachable_time_ms * 2000;
    }
    if (!wasValid) this.flushQueue();
    if (changed) this.announce();
  }

  private flushQueue(): void {
    const waiting = this.queue;
    this.queue = [];
    this.queueBytes = 0;
    for (const skb of waiting) {
      if (this.link.ns.tracer.active) this.trace(skb, 'resolved');
      this.output(skb);
    }
  }

  /** Progress of a transport proves that the neighbour is there (dst_confirm). */
  confirm(): void {
    this.confirmed = this.now;
  }

  /** Removes the entry from its table. */
  forget(): void {
    if (this.dead) return;
    this.dead = true;
    this.disarm();
    this.protocol.table(this.link).delete(this.address);
    for (const skb of this.queue) this.link.ns.drop(skb, 'NEIGH_DEAD', 'neigh_flush');
    this.queue = [];
    this.state = 'NONE';
  }

  announce(deleted = false): void {
    this.link.ns.events.emit(() => ({ type: 'neigh', deleted, neigh: this.snapshot() }));
  }

  /** A copy as plain data. */
  snapshot(): NeighbourInfo {
    const { family, index, address, lladdr, state, router, proxy, refs, probes, used, confirmed, updated } = this;
    return {
      family,
      index,
      address,
      lladdr: this.valid ? lladdr : undefined,
      state,
      router,
      proxy,
      refs,
      probes,
      used,
      confirmed,
      updated,
    };
  }
}

/** The neighbour for `address` on `link`, made if needed (__neigh_create). */
export function neighbourOf(protocol: NeighProtocol, link: Link, address: IpAddress): Neighbour {
  const table = protocol.table(link);
  let n = table.get(address);
  if (n === undefined) {
    n = new Neighbour(protocol, link, address);
    protocol.construct?.(n);
    table.set(address, n);
  }
  return n;
}
