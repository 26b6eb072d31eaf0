import type { Micros, Random, Scheduler } from '../core';
import { formatIp4 } from '../wire';
import { Addresses } from './addresses';
import type { AddressApi } from './api';
import type { Conf4, Conf6, NeighConf } from './conf';
import { defaultConf4, defaultConf6, defaultNeighConf } from './conf';
import type { Netconf } from './events';
import { NetEvents } from './events';
import type { Netfilter } from './hooks';
import { Inet4Device } from './ipv4/device';
import { AddrConf } from './ipv6/addrconf';
import { isBridge } from './link/kinds';
import type { Link } from './link/link';
import { LinkTable } from './link/links';
import { LoopbackLink } from './link/simple';
import { Nsids } from './nsids';
import { startPernet, stopPernet } from './pernet';
import type { Protocols } from './protocols';
import { newProtocols } from './protocols';
import { Fib } from './route/fib';
import { Routes } from './route/routes';
import { Rules } from './route/rules';
import type { Skb } from './skb';
import { Softnet } from './softnet';
import { newSockets } from './socket/lazy';
import type { Sockets } from './socket/sockets';
import {
  defaultIcmp6Settings,
  defaultIpv4Settings,
  defaultIpv6Settings,
  defaultRoute4Settings,
} from './sysctl-defaults';
import { Taps } from './taps';
import type { DropReason, TraceDetail, TraceEvent } from './trace';
import { Tracer } from './trace';
import type { Family } from './types';

/** What a network namespace needs of its machine; `Machine` of the host room fits. */
export interface NetHost {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly cpus?: number;
  /** The number of a new socket inode. */
  pipeInode(): number;
  /** Where trace events go; undefined gives the machine its own tracer. */
  readonly tracer?: Tracer;
  /** net.core.default_qdisc; fq_codel unless given. */
  readonly defaultQdisc?: string;
  /** A line for the kernel's log (dmesg), without time stamp. @param level severity, 6 (informational) unless given */
  kernelLog?(line: string, level?: number): void;
}

/** What all namespaces of a machine share. */
interface Shared {
  readonly softnet: Softnet;
  readonly tracer: Tracer;
  readonly all: Set<NetNamespace>;
  packets: number;
  /** Links whose carrier changed without urgency, and when the next batch may be handled (net/core/link_watch.c). */
  readonly watched: Set<Link>;
  nextWatch: Micros;
  watching: boolean;
}

const shared = new WeakMap<NetHost, Shared>();
/** Packet identities are unique in a world: machines share the scheduler. */
const packetIds = new WeakMap<Scheduler, { next: number }>();

/** What happens to links (the kernel's netdevice notifiers). */
export type DeviceEvent =
  'register' | 'unregister' | 'up' | 'goingDown' | 'down' | 'change' | 'changeMtu' | 'changeAddress' | 'changeName';

/** A network namespace (network_namespaces(7)): one complete and separate network stack. */
export class NetNamespace {
  readonly kind = 'net';
  readonly random: Random;
  readonly softnet: Softnet;
  readonly tracer: Tracer;
  /** Configuration changes, for `ip monitor`. */
  readonly events = new NetEvents();
  readonly taps: Taps;
  readonly conf4: { all: Conf4; default: Conf4 };
  readonly conf6: { all: Conf6; default: Conf6 };
  readonly neighDefault: Record<Family, NeighConf>;
  /** Settings of /proc/sys/net/ipv4 outside of conf and neigh. */
  readonly ipv4 = defaultIpv4Settings();
  /** Those of /proc/sys/net/ipv4/route, /proc/sys/net/ipv6 and its directory icmp. */
  readonly route4 = defaultRoute4Settings();
  readonly ipv6 = defaultIpv6Settings();
  readonly icmp6 = defaultIcmp6Settings();
  readonly links: LinkTable;
  readonly addrs: Addresses & AddressApi;
  readonly fib: Fib;
  readonly routes: Routes;
  readonly rules: Rules;
  readonly nsids: Nsids;
  readonly addrconf: AddrConf;
  private ownProtocols: Protocols | null = null;
  private ownSockets: Sockets | null = null;
  readonly loopback: Link;
  /** Netfilter, when a table has been made. */
  netfilter: Netfilter | null = null;
  /** For multipath and port hashes. */
  readonly hashSeed: number;
  /** True after `destroy`. */
  dead = false;
  private readonly shared: Shared;

  constructor(
    readonly host: NetHost,
    /** Number in nsfs, shown as `net:[4026531840]`. */
    readonly inode: number,
    /** The user namespace whose capabilities count here; opaque to the network. */
    readonly owner: object,
  ) {
    let s = shared.get(host);
    if (s === undefined) {
      s = {
        softnet: new Softnet(host.scheduler, host.random.fork('softnet')),
        tracer: host.tracer ?? new Tracer(),
        all: new Set(),
        packets: 0,
        watched: new Set(),
        nextWatch: 0,
        watching: false,
      };
      shared.set(host, s);
    }
    this.shared = s;
    s.all.add(this);
    this.softnet = s.softnet;
    this.tracer = s.tracer;
    this.random = host.random.fork(`net:${inode}`);
    this.hashSeed = this.random.uint32();
    this.conf4 = {
      all: { ...defaultConf4(), accept_source_route: 0 },
      default: { ...defaultConf4(), accept_source_route: 1 },
    };
    this.conf6 = { all: { ...defaultConf6(), accept_dad: 0 }, default: defaultConf6() };
    this.neighDefault = { inet: defaultNeighConf('inet'), inet6: defaultNeighConf('inet6') };
    this.taps = new Taps(this);
    this.rules = new Rules(this);
    this.fib = new Fib(this);
    this.routes = new Routes(this);
    this.nsids = new Nsids(this);
    this.addrs = new Addresses(this);
    this.addrconf = new AddrConf(this);
    this.links = new LinkTable(this);
    this.loopback = new LoopbackLink(this);
    this.links.register(this.loopback);
    startPernet(this);
  }

  /** What handles packets, its counters and tables; made when something first wants it. */
  private get protocols(): Protocols {
    return (this.ownProtocols ??= newProtocols(this));
  }

  /** False while nothing has asked for them: no packet has been seen, and no neighbour. */
  get handlesPackets(): boolean {
    return this.ownProtocols !== null;
  }

  get mib(): Protocols['mib'] {
    return this.protocols.mib;
  }

  get neigh(): Protocols['neigh'] {
    return this.protocols.neigh;
  }

  get arp(): Protocols['arp'] {
    return this.protocols.arp;
  }

  get ndp(): Protocols['ndp'] {
    return this.protocols.ndp;
  }

  get ip4(): Protocols['ip4'] {
    return this.protocols.ip4;
  }

  get icmp4(): Protocols['icmp4'] {
    return this.protocols.icmp4;
  }

  get multicast4(): Protocols['multicast4'] {
    return this.protocols.multicast4;
  }

  get ip6(): Protocols['ip6'] {
    return this.protocols.ip6;
  }

  get fdb(): Protocols['fdb'] {
    return this.protocols.fdb;
  }

  get sysctl(): Protocols['sysctl'] {
    return this.protocols.sysctl;
  }

  /** False while nothing has asked for sockets: no packet can be for one. */
  get hasSockets(): boolean {
    return this.ownSockets !== null;
  }

  /** The namespace's sockets; made when a program, TCP or UDP first wants them. */
  get sockets(): Sockets {
    return (this.ownSockets ??= newSockets(this));
  }

  /** Virtual time in microseconds. */
  get now(): Micros {
    return this.host.scheduler.now;
  }

  /** `net:[4026531840]` */
  get label(): string {
    return `net:[${this.inode}]`;
  }

  /** Every namespace of the machine that lives. */
  get siblings(): ReadonlySet<NetNamespace> {
    return this.shared.all;
  }

  // --- links ----------------------------------------------------------------------------------------------------------

  /** Tells the protocols, then the links that stand on it, what happened to a link. */
  deviceEvent(event: DeviceEvent, link: Link, detail?: string): void {
    this.tellProtocols(event, link, detail);
    if (link.uppers.length > 0) for (const upper of [...link.uppers]) upper.lowerEvent(event, link);
  }

  private tellProtocols(event: DeviceEvent, link: Link, detail?: string): void {
    switch (event) {
      case 'register':
        link.ip4 = new Inet4Device(link, { ...this.conf4.default }, { ...this.neighDefault.inet });
        if (link.isLoopback) link.ip4.conf.disable_policy = link.ip4.conf.disable_xfrm = 1;
        this.addrconf.register(link);
        this.announceNetconf(link, 'new');
        return;
      case 'up':
        // Every IPv4 host listens to 224.0.0.1 without saying so.
        if ((link.flags & 0x1000) !== 0) this.multicast4.join(link, 0xe0000001);
        this.addrs.linkUp(link);
        this.routes.linkUp(link);
        this.addrconf.up(link);
        if (link.port && link.running) link.port.bridge.enablePort(link.port);
        return;
      case 'change':
        if (link.up && !link.carrier) this.neigh.flushLink(link, true);
        this.addrconf.carrier(link);
        if (link.port) {
          if (link.running) link.port.bridge.enablePort(link.port);
          else link.port.bridge.disablePort(link.port);
        }
        return;
      case 'down':
        this.multicast4.leave(link, 0xe0000001);
        this.routes.linkDown(link, false, 'inet');
        this.neigh.flushLink(link, false, 'inet');
        this.routes.linkDown(link, false, 'inet6');
        this.neigh.flushLink(link, false, 'inet6');
        this.addrconf.down(link, false);
        if (link.port) link.port.bridge.disablePort(link.port);
        return;
      case 'unregister':
        if (isBridge(link)) link.onUnregister();
        this.addrs.linkGone(link);
        this.routes.linkDown(link, true);
        this.neigh.flushLink(link, false);
        this.addrconf.down(link, true);
        this.ownSockets?.linkGone(link);
        this.announceNetconf(link, 'deleted');
        return;
      case 'changeMtu':
        this.addrconf.mtuChanged(link);
        return;
      case 'changeAddress':
        this.neigh.flushLink(link, false);
        if (this.conf4.all.arp_notify || link.ip4.conf.arp_notify)
          for (const a of link.ip4.addresses) this.arp.announce(link, a.local);
        return;
      case 'changeName':
        this.addrs.renamed(link);
        void detail;
        this.announceNetconf(link, 'again');
        return;
      case 'goingDown':
        return;
    }
  }

  /** linkwatch: a batch at most once a second. */
  linkwatchLater(link: Link): void {
    const { shared: s } = this;
    s.watched.add(link);
    if (s.watching) return;
    s.watching = true;
    this.host.scheduler.after(Math.max(0, s.nextWatch - this.now), () => {
      s.watching = false;
      s.nextWatch = this.now + 1_000_000;
      const batch = [...s.watched];
      s.watched.clear();
      for (const l of batch) if (l.registered) l.linkwatch();
    });
  }

  /** RTM_NEWLINK for subscribers. */
  announceLink(link: Link, event?: string): void {
    if (!link.registered) return;
    // The kernel builds the message even when nobody listens; that gives a peer's namespace its number.
    const { lower } = link;
    if (lower !== null && lower.ns !== this) this.nsids.allocate(lower.ns);
    this.events.emit(() => ({
      type: 'link',
      deleted: false,
      link: link.info(),
      ...(event === undefined ? {} : { event }),
    }));
  }

  /** RTM_NEWNETCONF or RTM_DELNETCONF of both families, for subscribers. */
  private announceNetconf(link: Link, how: 'new' | 'deleted' | 'again'): void {
    if (!this.events.active) return;
    const { ip4, ip6, index } = link;
    const one = (family: Family, make: () => Netconf): void => {
      if (how !== 'new') this.events.emit(() => ({ type: 'netconf', deleted: true, family, index, conf: undefined }));
      if (how !== 'deleted') this.events.emit(() => ({ type: 'netconf', deleted: false, family, index, conf: make() }));
    };
    one('inet', () => ({
      forwarding: ip4.conf.forwarding !== 0,
      rpFilter: ip4.conf.rp_filter,
      proxyNeigh: ip4.conf.proxy_arp !== 0,
      ignoreLinkdown: ip4.conf.ignore_routes_with_linkdown !== 0,
    }));
    if (ip6 !== null || how === 'deleted')
      one('inet6', () => ({
        forwarding: ip6!.conf.forwarding !== 0,
        rpFilter: undefined,
        proxyNeigh: ip6!.conf.proxy_ndp !== 0,
        ignoreLinkdown: false,
      }));
  }

  /** linkwatch_sync_dev: somebody asks for the state of one link; what is pending is handled first. */
  syncLink(link: Link): void {
    if (this.shared.watched.delete(link) && link.registered) link.linkwatch();
  }

  // --- settings that combine `all` and the link -------------------------------------------------------------------------

  forwarding4(link: Link): boolean {
    return link.ip4.conf.forwarding !== 0;
  }

  routeLocalnet(link: Link): boolean {
    return this.conf4.all.route_localnet !== 0 || link.ip4.conf.route_localnet !== 0;
  }

  ignoresLinkdown(link: Link): boolean {
    return this.conf4.all.ignore_routes_with_linkdown !== 0 || link.ip4.conf.ignore_routes_with_linkdown !== 0;
  }

  private readonly reachable = new WeakMap<NeighConf, { base: number; time: Micros }>();

  /** How long a neighbour counts as reachable: random in [base/2, 3*base/2) (neigh_rand_reach_time). */
  reachableTime(link: Link, family: Family): Micros {
    return this.reachableTimeOf(family === 'inet' ? link.ip4.neigh : (link.ip6?.neigh ?? this.neighDefault.inet6));
  }

  /** The time for which neighbours under these settings count as reachable, in microseconds: drawn around the base time. */
  reachableTimeOf(conf: NeighConf): Micros {
    const base = conf.base_reachable_time_ms * 1000;
    let r = this.reachable.get(conf);
    if (r === undefined || r.base !== base)
      this.reachable.set(conf, (r = { base, time: base / 2 + this.random.below(Math.max(base, 1)) }));
    return r.time;
  }

  // --- traces ---------------------------------------------------------------------------------------------------------

  private packetId(skb: Skb): number {
    if (skb.id !== 0) return skb.id;
    const { scheduler } = this.host;
    let ids = packetIds.get(scheduler);
    if (ids === undefined) packetIds.set(scheduler, (ids = { next: 1 }));
    return (skb.id = ids.next++);
  }

  /** Emits a trace event about `skb`; call only while `tracer.active`. */
  trace(skb: Skb, detail: TraceDetail): void {
    const packet = this.packetId(skb);
    const event = { at: this.now, machine: this.host.name, netns: this.inode, packet, payload: skb.payload, ...detail };
    this.tracer.emit(event as TraceEvent);
  }

  /** A packet ends here (kfree_skb_reason). */
  drop(skb: Skb, reason: DropReason, where: string): void {
    if (this.tracer.active) this.trace(skb, { event: 'drop', reason, where });
  }

  /** A copy that a trace can tell from the original. */
  cloneSkb(skb: Skb): Skb {
    const copy = skb.clone();
    if (this.tracer.active) {
      const parent = this.packetId(skb);
      this.trace(copy, { event: 'created', by: 'clone', parent });
    }
    return copy;
  }

  /** A line of dmesg. @param level severity as in syslog(3), 6 (informational) unless given */
  log(line: string, level?: number): void {
    this.host.kernelLog?.(line, level);
  }

  // --- end ------------------------------------------------------------------------------------------------------------

  /** The last process and mount are gone: links and sockets end. @param home where physical links go. */
  destroy(home: NetNamespace): void {
    if (this.dead) return;
    this.dead = true;
    this.ownSockets?.destroy();
    stopPernet(this);
    this.links.dissolve(home);
    this.links.close(this.loopback);
    this.shared.all.delete(this);
    for (const other of this.shared.all) other.nsids.forget(this);
  }

  /** For messages and tests. */
  toString(): string {
    const first = this.addrs.list({ family: 'inet' }).find((a) => a.index !== 1);
    return `${this.host.name} ${this.label}${first ? ` ${formatIp4(first.local as number)}` : ''}`;
  }
}
