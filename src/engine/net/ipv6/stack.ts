import type { ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { Icmp6Packet, Ip6, Ipv6Packet, Transport } from '../../wire';
import {
  CHECKSUM_AUTO,
  ETHERTYPE,
  ICMP6,
  IP6_ANY,
  IP6_LOOPBACK,
  IPPROTO,
  ROUTER_ALERT_MLD,
  encodeIpv6,
  ip6Bytes,
  isLinkLocal6,
  isMulticast6,
  makeIcmp6Echo,
  makeIcmp6Error,
  makeIpv6,
  rewriteIpv6,
} from '../../wire';
import type { RouteKey } from '../api';
import { attachTo } from '../conntrack/attach';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { neighbourOf } from '../neigh/neighbour';
import { Nexthop, Route } from '../route/lookup';
import type { RouteEntry } from '../route/lookup';
import { snapshot } from '../route/routes';
import type { SkbOwner } from '../skb';
import { PACKET, Skb } from '../skb';
import type { RouteResult, RouteType } from '../types';
import { RT_TABLE } from '../types';
import { scope6 } from './addrconf';
import { checkOptions, isExtension, stepHeader } from './exthdr';
import { Defragmenter6, fragment6 } from './fragment';

/** The longest ICMPv6 error: it must fit the minimum MTU. */
const MAX_ERROR = 1280;
/** Largest MTU of a path: a full payload and its header (IP6_MAX_MTU). */
const MAX_MTU = 65575;

/** A route for packets of the machine itself. */
export interface Output6 {
  readonly entry: RouteEntry;
  readonly type: RouteType;
  readonly link: Link;
  readonly src: Ip6;
}

/** IPv6 of one namespace (net/ipv6/ip6_input.c, ip6_output.c, route.c). */
export class Ip6Stack {
  private readonly wild = new Map<number, Nexthop>();
  private readonly defrag: Defragmenter6;
  private readonly buckets = new Map<Ip6, { tokens: number; at: number }>();
  private globalTokens: number | undefined = undefined;
  private globalAt = 0;
  private fragmentId: number;

  constructor(private readonly ns: NetNamespace) {
    this.defrag = new Defragmenter6(ns);
    this.fragmentId = ns.hashSeed;
  }

  /** Incomplete packets. */
  get reassembling(): { readonly packets: number; readonly bytes: number } {
    return this.defrag.inUse;
  }

  /** Collects fragments before connection tracking sees them (nf_ct_frag6_gather). @returns the whole packet's skb or null */
  reassemble(skb: Skb): Skb | null {
    return (skb.payload as Ipv6Packet).fragment === undefined ? skb : this.defrag.add(skb);
  }

  /** The label of packets that no socket labels (ip6_make_flowlabel): the same for one flow. */
  private flowLabel(src: Ip6, dst: Ip6, protocol: number): number {
    let h = this.ns.hashSeed ^ protocol;
    for (const text of [src, dst])
      for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h ^= h >>> 15;
    return Math.imul(h, 0x2c1b3c6d) >>> 12;
  }

  // --- routing --------------------------------------------------------------------------------------------------------

  private adHoc(link: Link): Nexthop {
    let nh = this.wild.get(link.index);
    if (nh === undefined || nh.link !== link) {
      nh = new Nexthop(link, undefined);
      new Route('inet6', RT_TABLE.LOCAL, 'multicast', 'ff00::', 8).addNexthop(nh);
      this.wild.set(link.index, nh);
    }
    return nh;
  }

  /** ip6_route_output */
  routeOutput(dst: Ip6, src: Ip6 | undefined, oif: Link | null, mark = 0): Output6 | ErrnoCode {
    const { ns } = this;
    if (dst === IP6_ANY) dst = IP6_LOOPBACK;
    if (isMulticast6(dst)) {
      const link = oif ?? [...ns.links].find((l) => l.ip6?.ready);
      if (link === undefined || !link.up) return 'ENETUNREACH';
      const from = src ?? this.select(dst, link);
      return from === undefined ? 'EADDRNOTAVAIL' : { entry: this.adHoc(link), type: 'multicast', link, src: from };
    }
    const found = this.unicastRoute(dst, src, oif, mark);
    // ip6_dst_lookup_tail: who has no address at all learns that first, whatever the routes say.
    if (typeof found === 'string') return (src ?? this.select(dst, null)) ? found : 'EADDRNOTAVAIL';
    const { src: from, ...rest } = found;
    return from === undefined ? 'EADDRNOTAVAIL' : { ...rest, src: from };
  }

  /** The route to an address that is no group, and the source address there, if there is one. */
  private unicastRoute(
    dst: Ip6,
    src: Ip6 | undefined,
    oif: Link | null,
    mark: number,
  ): (Omit<Output6, 'src'> & { src: Ip6 | undefined }) | ErrnoCode {
    const found = this.ns.fib.lookup({ dst, src, iif: null, oif, mark, tos: 0 });
    if (typeof found === 'string') return found;
    const { type } = found.route;
    const entry = found.route.nexthops.length > 1 ? this.pickMultipath(found.route, dst, src) : found;
    const link = type === 'local' ? this.ns.loopback : entry.link!;
    const preferred = src ?? (entry.route.prefSrc as Ip6 | undefined);
    return { entry, type, link, src: preferred ?? (type === 'local' ? dst : this.select(dst, entry.link!)) };
  }

  /** Multipath: next hops by weight, the same for one pair of addresses (fib6_select_path). */
  private pickMultipath(route: Route, dst: Ip6, src: Ip6 | undefined): Nexthop {
    const alive = route.nexthops.filter((nh) => !nh.dead && nh.link?.up);
    let total = 0;
    for (const nh of alive) total += nh.weight;
    let h = this.flowLabel(src ?? '::', dst, 0) % (total || 1);
    for (const nh of alive) {
      h -= nh.weight;
      if (h < 0) return nh;
    }
    return alive[0] ?? route.nexthops[0]!;
  }

  /**
   * Source address selection (RFC 6724): same address, scope, not deprecated, output link, longest common prefix.
   * @param out null: no route says by which link
   */
  select(dst: Ip6, out: Link | null): Ip6 | undefined {
    const { ns } = this;
    const wanted = isMulticast6(dst) ? (/^ff.[12]:/.test(dst) ? 253 : 0) : scope6(dst);
    const common = (a: Ip6): number => {
      const x = ip6Bytes(a);
      const y = ip6Bytes(dst);
      let bits = 0;
      for (let i = 0; i < 16; i++) {
        const d = x[i]! ^ y[i]!;
        if (d === 0) bits += 8;
        else return bits + Math.clz32(d) - 24;
      }
      return bits;
    };
    const order = (scope: number): number => (scope === 0 ? 14 : scope === 200 ? 5 : scope === 253 ? 2 : 1);
    let best: { a: Ip6; score: readonly number[] } | undefined;
    for (const link of ns.links) {
      for (const a of link.ip6?.addresses ?? []) {
        if (a.tentative || (out !== null && link !== out && (isLinkLocal6(dst) || isMulticast6(dst)))) continue;
        const s = order(a.scope);
        const w = order(wanted);
        const score = [
          a.local === dst ? 1 : 0,
          s >= w ? 100 - s : s,
          a.deprecated ? 0 : 1,
          link === out ? 1 : 0,
          Math.min(common(a.local), a.prefixLength),
        ];
        if (best === undefined || compare(score, best.score) > 0) best = { a: a.local, score };
      }
    }
    return best?.a;
  }

  routeGet(key: RouteKey, iif: Link | null, oif: Link | null): RouteResult {
    if (iif !== null) {
      const dst = key.dst as Ip6;
      const found = this.ns.fib.lookup({ dst, src: key.src, iif, oif: null, mark: key.mark ?? 0, tos: 0 });
      if (typeof found === 'string') throw new Errno(found);
      return {
        route: snapshot(found.route),
        type: found.route.type,
        index: (found.route.type === 'local' ? this.ns.loopback : found.link!).index,
        gateway: found.gateway,
        prefSrc: '::',
        table: found.route.table,
        mtu: this.mtu(found, found.link!, dst),
        cache: [],
      };
    }
    const dst = key.dst as Ip6;
    const src = key.src as Ip6 | undefined;
    // inet6_rtm_getroute: a route without a source address is one, too.
    const r = isMulticast6(dst)
      ? this.routeOutput(dst, src, oif, key.mark ?? 0)
      : this.unicastRoute(dst, src, oif, key.mark ?? 0);
    if (typeof r === 'string') throw new Errno(r);
    // Groups have a route of their own on each link (ff00::/8).
    const group = isMulticast6(dst)
      ? this.ns.fib.lookup({ dst, src, iif: null, oif: r.link, mark: key.mark ?? 0, tos: 0 })
      : undefined;
    const entry = group === undefined || typeof group === 'string' ? r.entry : group;
    const learned = r.entry.exceptions?.get(dst);
    return {
      ...(learned !== undefined && learned.expires > this.ns.now ? { learned } : {}),
      route: snapshot(entry.route),
      type: r.type,
      index: r.link.index,
      gateway: r.entry.gateway,
      // rt6_fill_node: the address that would be chosen, whatever source was asked about.
      prefSrc:
        (entry.route.prefSrc as Ip6 | undefined) ??
        (r.type === 'unicast' ? this.select(dst, r.link) : r.src) ??
        IP6_ANY,
      table: entry.route.table,
      mtu: this.mtu(r.entry, r.link, key.dst as Ip6),
      cache: [],
    };
  }

  mtu(entry: RouteEntry, link: Link, dst: Ip6): number {
    const learned = entry.exceptions?.get(dst);
    if (learned !== undefined && learned.expires > this.ns.now) return Math.min(learned.mtu, link.mtu);
    return Math.min(entry.route.mtu ?? link.ip6?.conf.mtu ?? link.mtu, link.mtu, MAX_MTU);
  }

  // --- input ----------------------------------------------------------------------------------------------------------

  /** ipv6_rcv */
  receive(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.pktType === PACKET.OTHERHOST) return ns.drop(skb, 'OTHERHOST', 'ipv6_rcv');
    ns.mib.Ip6InReceives++;
    ns.mib.Ip6InOctets += skb.length;
    if (link.ip6 === null || link.ip6.conf.disable_ipv6) return ns.drop(skb, 'IPV6DISABLED', 'ipv6_rcv');
    const packet = skb.payload as Ipv6Packet;
    const bits = packet.trafficClass & 3;
    if (bits === 0) ns.mib.Ip6InNoECTPkts++;
    else if (bits === 1) ns.mib.Ip6InECT1Pkts++;
    else if (bits === 2) ns.mib.Ip6InECT0Pkts++;
    else ns.mib.Ip6InCEPkts++;
    if (isMulticast6(packet.dst)) {
      ns.mib.Ip6InMcastPkts++;
      ns.mib.Ip6InMcastOctets += skb.length;
    }
    if (
      isMulticast6(packet.src) ||
      ((packet.dst === IP6_LOOPBACK || packet.src === IP6_LOOPBACK) && !link.isLoopback)
    ) {
      ns.mib.Ip6InHdrErrors++;
      return ns.drop(skb, 'IP_INHDR', 'ipv6_rcv');
    }
    if (packet.hopByHop !== undefined) {
      const bad = checkOptions(packet.hopByHop, 42, isMulticast6(packet.dst));
      if (bad !== undefined) {
        ns.mib.Ip6InHdrErrors++;
        if (bad.verdict === 'problem') this.error(skb, 4, bad.code, bad.pointer);
        return ns.drop(skb, 'IP_INHDR', 'ipv6_parse_hopopts');
      }
    }
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.prerouting(skb, link) !== NF.ACCEPT) return;
    this.receiveFinish(skb, link);
  }

  /** ip6_rcv_finish */
  receiveFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    const packet = skb.payload as Ipv6Packet;
    if (skb.route !== null) return this.localDeliver(skb, link);
    if (isMulticast6(packet.dst)) {
      if (link.ip6!.groups.has(packet.dst)) this.localDeliver(skb, link);
      else ns.drop(skb, 'NOT_SPECIFIED', 'ip6_mc_input');
      return;
    }
    const found = ns.fib.lookup({ dst: packet.dst, src: packet.src, iif: link, oif: null, mark: skb.mark, tos: 0 });
    if (ns.tracer.active) {
      ns.trace(skb, {
        event: 'route',
        direction: 'input',
        result: typeof found === 'string' ? found : found.route.type === 'local' ? 'local' : 'forward',
        table: typeof found === 'string' ? undefined : found.route.table,
        prefix: typeof found === 'string' ? undefined : ns.routes.prefixText(found.route),
        gateway: typeof found === 'string' ? undefined : (found.gateway as string | undefined),
        link: typeof found === 'string' ? undefined : found.link?.name,
        rule: typeof found === 'string' ? undefined : ns.fib.lastRule,
      });
    }
    if (typeof found !== 'string' && (found.route.type === 'local' || found.route.type === 'anycast')) {
      if (ns.addrs.find6(packet.dst)?.tentative) return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_route_input');
      skb.route = found;
      return this.localDeliver(skb, link);
    }
    // ip6_route_input: without a route even a host that forwards nothing says so; a black hole says nothing.
    if (typeof found === 'string') {
      if (found === 'EINVAL') return ns.drop(skb, 'NOT_SPECIFIED', 'dst_discard');
      ns.mib.Ip6InNoRoutes++;
      // `unreachable` routes, too, are told of as missing ones (ip6_rt_init_dst_reject).
      this.error(skb, 1, found === 'EACCES' ? 1 : 0, 0);
      return ns.drop(skb, 'IP_INNOROUTES', 'ip6_pkt_discard');
    }
    if (!ns.conf6.all.forwarding && !link.ip6!.conf.forwarding) {
      ns.mib.Ip6InAddrErrors++;
      return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_forward');
    }
    this.forward(skb, packet, link, found);
  }

  private forward(skb: Skb, packet: Ipv6Packet, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    if (skb.pktType !== PACKET.HOST) return ns.drop(skb, 'OTHERHOST', 'ip6_forward');
    if (isLinkLocal6(packet.src) || packet.src === IP6_ANY || packet.src === IP6_LOOPBACK) {
      if (isLinkLocal6(packet.src)) this.error(skb, 1, 2, 0);
      return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_forward');
    }
    if (packet.hopLimit <= 1) {
      this.error(skb, 3, 0, 0);
      ns.mib.Ip6InHdrErrors++;
      return ns.drop(skb, 'IP_INHDR', 'ip6_forward');
    }
    const out = entry.link!;
    const mtu = this.mtu(entry, out, packet.dst);
    // What connection tracking has put together is cut again as it was.
    if (skb.length > mtu && !(skb.maxFragment > 0 && skb.maxFragment <= mtu)) {
      ns.mib.Ip6InTooBigErrors++;
      this.error(skb, 2, 0, mtu);
      return ns.drop(skb, 'PKT_TOO_BIG', 'ip6_forward');
    }
    skb.payload = rewriteIpv6(packet, packet.hopLimit - 1, packet.src, packet.dst, packet.payload);
    skb.route = entry;
    skb.owner = null;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.forward(skb, link, out) !== NF.ACCEPT) return;
    ns.mib.Ip6OutForwDatagrams++;
    this.transmit(skb, skb.route, skb.route.link!, link);
  }

  private localDeliver(skb: Skb, link: Link): void {
    const { ns } = this;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.input(skb, link) !== NF.ACCEPT) return;
    let packet = skb.payload as Ipv6Packet;
    // Extension headers, one after the other; fragments wait for each other.
    while (packet.fragment !== undefined || isExtension(packet.nextHeader)) {
      if (packet.fragment !== undefined) {
        const whole = this.defrag.add(skb);
        if (whole === null) return;
        skb = whole;
        packet = skb.payload as Ipv6Packet;
        continue;
      }
      const step = stepHeader(packet, isMulticast6(packet.dst));
      if (step.verdict !== 'next') {
        ns.mib.Ip6InHdrErrors++;
        if (step.verdict === 'problem') this.error(skb, 4, step.code, step.pointer);
        return ns.drop(skb, 'IP_INHDR', 'ip6_protocol_deliver_rcu');
      }
      skb.setPayload((packet = step.packet));
    }
    ns.mib.Ip6InDelivers++;
    const raw = ns.hasSockets && ns.sockets.rawDeliver(skb, packet, link);
    switch (packet.nextHeader) {
      case IPPROTO.ICMPV6:
        this.receiveIcmp(skb, packet, link);
        return;
      case IPPROTO.UDP:
        ns.sockets.udp.receive(skb, packet, link);
        return;
      case IPPROTO.TCP:
        ns.sockets.tcp.receive(skb, packet, link);
        return;
      default:
        // 59: nothing follows.
        if (!raw && packet.nextHeader !== 59) {
          ns.mib.Ip6InDelivers--;
          ns.mib.Ip6InUnknownProtos++;
          this.error(skb, 4, 1, 6);
          ns.drop(skb, 'INVALID_PROTO', 'ip6_protocol_deliver_rcu');
        }
    }
  }

  private receiveIcmp(skb: Skb, packet: Ipv6Packet, link: Link): void {
    const { ns } = this;
    ns.mib.Icmp6InMsgs++;
    const icmp = packet.payload;
    if (icmp.kind !== 'icmp6' || icmp.checksum !== CHECKSUM_AUTO) {
      if (icmp.kind === 'icmp6') ns.mib.Icmp6InCsumErrors++;
      ns.mib.Icmp6InErrors++;
      return ns.drop(skb, icmp.kind === 'icmp6' ? 'ICMP_CSUM' : 'PKT_TOO_SMALL', 'icmpv6_rcv');
    }
    this.countIn(icmp.type);
    switch (icmp.message) {
      case 'echo':
        if (icmp.type === ICMP6.ECHO_REQUEST) {
          // Neither a group nor an anycast address is a source.
          const many = isMulticast6(packet.dst) || skb.route?.route.type === 'anycast';
          if (ns.icmp6.echo_ignore_all || (many && ns.icmp6.echo_ignore_multicast))
            return ns.drop(skb, 'NOT_SPECIFIED', 'icmpv6_rcv');
          if (ns.tracer.active) ns.trace(skb, { event: 'handled', by: 'icmp', note: 'echo request' });
          ns.mib.Icmp6OutMsgs++;
          ns.mib.Icmp6OutEchoReplies++;
          const src = many ? this.select(packet.src, link) : packet.dst;
          this.send({
            src,
            dst: packet.src,
            nextHeader: IPPROTO.ICMPV6,
            payload: makeIcmp6Echo(icmp.id, icmp.seq, icmp.payload, 129),
            trafficClass: packet.trafficClass,
            mark: ns.ipv6.fwmark_reflect ? skb.mark : 0,
            ...(ns.ipv6.flowlabel_reflect & 4 ? { flowLabel: packet.flowLabel } : {}),
            oif: isLinkLocal6(packet.src) && !link.isLoopback ? link : null,
          });
        } else {
          if (ns.hasSockets) ns.sockets.ping.receive(skb, packet, link);
        }
        return;
      case 'error':
        if (icmp.type === ICMP6.PACKET_TOO_BIG && icmp.original.length >= 40) {
          const q = ns.sockets.quoted6(icmp);
          if (q) this.learnMtu(q.dst as Ip6, Math.max(icmp.rest, 1280));
        }
        ns.sockets.icmpError6(icmp, packet, link);
        return;
      case 'neighborSolicitation':
      case 'neighborAdvertisement':
      case 'routerSolicitation':
      case 'routerAdvertisement':
        ns.ndp.receive(skb, packet, icmp, link);
        return;
      default:
        return;
    }
  }

  private learnMtu(dst: Ip6, mtu: number): void {
    const r = this.routeOutput(dst, undefined, null);
    if (typeof r === 'string' || mtu >= this.mtu(r.entry, r.link, dst)) return;
    r.entry.exceptions ??= new Map();
    const { now } = this.ns;
    r.entry.exceptions.set(dst, { mtu, locked: false, gateway: undefined, since: undefined, expires: now + 600e6 });
  }

  // --- output ---------------------------------------------------------------------------------------------------------

  /** Routes and sends a packet of the machine itself. */
  send(s: {
    src: Ip6 | undefined;
    dst: Ip6;
    nextHeader: number;
    payload: Transport;
    hopLimit?: number;
    trafficClass?: number;
    flowLabel?: number;
    oif?: Link | null;
    mark?: number;
    owner?: SkbOwner | null;
    route?: Output6;
    hopByHop?: Uint8Array;
    /** Never cut it: EMSGSIZE when it is too long (TCP, IPV6_DONTFRAG, IPV6_MTU_DISCOVER). */
    whole?: boolean;
    /** The packet it answers, whose connection it belongs to (an ICMPv6 error). */
    about?: Skb;
  }): ErrnoCode | undefined {
    const { ns } = this;
    const out = s.route ?? this.routeOutput(s.dst, s.src, s.oif ?? null, s.mark ?? 0);
    if (typeof out === 'string') {
      ns.mib.Ip6OutNoRoutes++;
      return out;
    }
    const packet = makeIpv6({
      src: s.src ?? out.src,
      dst: s.dst,
      nextHeader: s.nextHeader,
      payload: s.payload,
      hopLimit: s.hopLimit ?? (isMulticast6(s.dst) ? 1 : out.link.ip6?.conf.hop_limit) ?? 64,
      trafficClass: s.trafficClass ?? 0,
      flowLabel:
        ns.ipv6.auto_flowlabels === 0 ? 0 : (s.flowLabel ?? this.flowLabel(s.src ?? out.src, s.dst, s.nextHeader)),
      hopByHop: s.hopByHop,
    });
    const skb = new Skb(ETHERTYPE.IPV6, packet);
    skb.owner = s.owner ?? null;
    skb.mark = s.mark ?? 0;
    if (s.about !== undefined) attachTo(skb, s.about);
    ns.mib.Ip6OutRequests++;
    skb.route = out.entry;
    skb.dev = out.link;
    if (ns.tracer.active) ns.trace(skb, { event: 'created', by: skb.owner ? 'socket' : 'kernel', parent: undefined });
    const error = this.localOut(skb, out, s.whole ?? false);
    if (error !== undefined) ns.mib.Ip6OutDiscards++;
    return error;
  }

  /** ip6_local_out: a finished packet with its route. */
  private localOut(skb: Skb, out: Output6, whole: boolean): ErrnoCode | undefined {
    const { ns } = this;
    let { link } = out;
    if (ns.netfilter !== null) {
      const verdict = ns.netfilter.output(skb, link);
      if (verdict === NF.DROP) return 'EPERM';
      if (verdict === NF.STOLEN) return undefined;
      if (skb.route !== out.entry && skb.route !== null) {
        link = skb.route.route.type === 'local' ? ns.loopback : skb.route.link!;
      }
    }
    return this.transmit(skb, skb.route ?? out.entry, link, null, whole);
  }

  /** ICMPv6 of the kernel itself on a given link (neighbour discovery, MLD): not routed. */
  sendIcmp(link: Link, src: Ip6, dst: Ip6, payload: Icmp6Packet, hopLimit: number, routerAlert = false): void {
    const { ns } = this;
    ns.mib.Icmp6OutMsgs++;
    this.countOut(payload.type);
    ns.mib.Ip6OutRequests++;
    const packet = makeIpv6({
      src,
      dst,
      nextHeader: IPPROTO.ICMPV6,
      payload,
      hopLimit,
      ...(routerAlert ? { hopByHop: ROUTER_ALERT_MLD } : {}),
    });
    const skb = new Skb(ETHERTYPE.IPV6, packet);
    skb.dev = link;
    if (ns.tracer.active) ns.trace(skb, { event: 'created', by: 'kernel', parent: undefined });
    skb.route = this.adHoc(link);
    if (ns.netfilter !== null && ns.netfilter.output(skb, link) !== NF.ACCEPT) return;
    this.transmit(skb, skb.route, link, null);
  }

  private transmit(skb: Skb, entry: RouteEntry, link: Link, input: Link | null, whole = false): ErrnoCode | undefined {
    const { ns } = this;
    let packet = skb.payload as Ipv6Packet;
    skb.dev = link;
    if (
      isMulticast6(packet.dst) &&
      !link.isLoopback &&
      link.ip6?.groups.has(packet.dst) &&
      packet.payload.kind === 'icmp6' &&
      packet.payload.message === 'echo'
    ) {
      const copy = ns.cloneSkb(skb);
      copy.pktType = PACKET.HOST;
      copy.src = copy.dst = link.mac;
      ns.host.scheduler.defer(() => {
        copy.inDev = copy.dev = link;
        if (link.up) this.receive(copy, link);
      });
    }
    if (ns.netfilter !== null) {
      const verdict = ns.netfilter.postrouting(skb, input, link);
      if (verdict !== NF.ACCEPT) return verdict === NF.DROP ? 'EPERM' : undefined;
    }
    packet = skb.payload as Ipv6Packet;
    let mtu = this.mtu(entry, link, packet.dst);
    const gathered = skb.maxFragment > 0 && skb.maxFragment <= mtu;
    if (gathered) mtu = skb.maxFragment;
    if (skb.length > mtu) {
      if (!gathered && (whole || input !== null || packet.fragment !== undefined)) {
        ns.mib.Ip6FragFails++;
        if (input !== null) this.error(skb, 2, 0, mtu);
        ns.drop(skb, 'PKT_TOO_BIG', 'ip6_finish_output');
        return 'EMSGSIZE';
      }
      const pieces = fragment6(packet, Math.max(mtu, 1280), (this.fragmentId = (this.fragmentId + 1) >>> 0));
      if (ns.tracer.active) ns.trace(skb, { event: 'fragment', action: 'split', count: pieces.length });
      for (const piece of pieces) {
        const f = ns.cloneSkb(skb);
        f.setPayload(piece);
        this.toNeighbour(f, piece.dst, entry, link);
        if (f.lost) {
          // What comes after a piece that the device threw away is useless.
          ns.mib.Ip6FragFails++;
          return 'ENOBUFS';
        }
        ns.mib.Ip6FragCreates++;
      }
      ns.mib.Ip6FragOKs++;
      return undefined;
    }
    this.toNeighbour(skb, packet.dst, entry, link);
    return skb.lost ? 'ENOBUFS' : undefined;
  }

  /** ip6_finish_output2 */
  private toNeighbour(skb: Skb, dst: Ip6, entry: RouteEntry, link: Link): void {
    const { ns } = this;
    ns.mib.Ip6OutTransmits++;
    ns.mib.Ip6OutOctets += skb.length;
    if (isMulticast6(dst)) {
      ns.mib.Ip6OutMcastPkts++;
      ns.mib.Ip6OutMcastOctets += skb.length;
    }
    const next = isMulticast6(dst) ? dst : ((entry.gateway as Ip6 | undefined) ?? dst);
    (link.nd.get(next) ?? neighbourOf(ns.ndp, link, next)).output(skb);
  }

  /** The limiter of one destination and the one of the namespace (icmpv6_xrlim_allow). */
  private allowed(type: number, dst: Ip6, out: Link): boolean {
    const { ns } = this;
    if (!ns.sysctl.limitsIcmp6(type) || out.isLoopback) return true;
    const { now } = ns;
    const { icmp_msgs_burst: burst, icmp_msgs_per_sec: perSecond } = ns.ipv4;
    this.globalTokens = Math.min(burst, (this.globalTokens ?? burst) + ((now - this.globalAt) * perSecond) / 1e6);
    this.globalAt = now;
    if (this.globalTokens < 1) return false;
    this.globalTokens--;
    const rate = ns.icmp6.ratelimit * 1000;
    if (rate === 0) return true;
    let b = this.buckets.get(dst);
    if (b === undefined) {
      if (this.buckets.size > 4096) this.buckets.clear();
      this.buckets.set(dst, (b = { tokens: 6, at: now }));
    }
    b.tokens = Math.min(6, b.tokens + (now - b.at) / rate);
    b.at = now;
    if (b.tokens < 1) {
      ns.mib.Icmp6OutRateLimitHost++;
      return false;
    }
    b.tokens--;
    return true;
  }

  private countIn(type: number): void {
    const { mib } = this.ns;
    switch (type) {
      case 1:
        return void mib.Icmp6InDestUnreachs++;
      case 2:
        return void mib.Icmp6InPktTooBigs++;
      case 3:
        return void mib.Icmp6InTimeExcds++;
      case 4:
        return void mib.Icmp6InParmProblems++;
      case 128:
        return void mib.Icmp6InEchos++;
      case 129:
        return void mib.Icmp6InEchoReplies++;
      case 133:
        return void mib.Icmp6InRouterSolicits++;
      case 134:
        return void mib.Icmp6InRouterAdvertisements++;
      case 135:
        return void mib.Icmp6InNeighborSolicits++;
      case 136:
        return void mib.Icmp6InNeighborAdvertisements++;
      case 137:
        return void mib.Icmp6InRedirects++;
      case 143:
        return void mib.Icmp6InMLDv2Reports++;
    }
  }

  private countOut(type: number): void {
    const { mib } = this.ns;
    switch (type) {
      case 1:
        return void mib.Icmp6OutDestUnreachs++;
      case 2:
        return void mib.Icmp6OutPktTooBigs++;
      case 3:
        return void mib.Icmp6OutTimeExcds++;
      case 4:
        return void mib.Icmp6OutParmProblems++;
      case 128:
        return void mib.Icmp6OutEchos++;
      case 133:
        return void mib.Icmp6OutRouterSolicits++;
      case 134:
        return void mib.Icmp6OutRouterAdvertisements++;
      case 135:
        return void mib.Icmp6OutNeighborSolicits++;
      case 136:
        return void mib.Icmp6OutNeighborAdvertisements++;
      case 143:
        return void mib.Icmp6OutMLDv2Reports++;
    }
  }

  /** icmp6_send. `rest` is the MTU or the pointer. */
  error(skb: Skb, type: 1 | 2 | 3 | 4, code: number, rest: number): void {
    const { ns } = this;
    if (skb.payload.kind !== 'ipv6') return;
    const packet = skb.payload;
    if (packet.src === IP6_ANY || isMulticast6(packet.src)) return;
    if (isMulticast6(packet.dst) && type !== 2) return;
    if (packet.payload.kind === 'icmp6' && packet.payload.type < 128) return;
    if (packet.fragment !== undefined && packet.fragment.offset > 0) return;
    const own = ns.addrs.isLocal6(packet.dst);
    const oif = isLinkLocal6(packet.src) && skb.inDev !== null && !skb.inDev.isLoopback ? skb.inDev : null;
    const src = own ? packet.dst : undefined;
    const route = this.routeOutput(packet.src, src, oif, ns.ipv6.fwmark_reflect ? skb.mark : 0);
    if (typeof route === 'string' || !this.allowed(type, packet.src, route.link)) return;
    ns.mib.Icmp6OutMsgs++;
    this.countOut(type);
    this.send({
      src,
      route,
      dst: packet.src,
      nextHeader: IPPROTO.ICMPV6,
      payload: makeIcmp6Error(type, code, encodeIpv6(packet).subarray(0, MAX_ERROR - 48), rest),
      oif,
      about: skb,
    });
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
