import type { ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { Ip4, Ipv4Packet, Transport } from '../../wire';
import {
  CHECKSUM_AUTO,
  ETHERTYPE,
  ICMP4,
  ICMP4_UNREACH,
  IPPROTO,
  contains4,
  formatIp4,
  isFragment4,
  isLoopback4,
  isMulticast4,
  makeIpv4,
  rewriteIpv4,
} from '../../wire';
import type { RouteKey } from '../api';
import { attachTo } from '../conntrack/attach';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Neighbour } from '../neigh/neighbour';
import { neighbourOf } from '../neigh/neighbour';
import type { FibResult, Flow } from '../route/fib';
import { Nexthop, Route } from '../route/lookup';
import type { RouteEntry, RouteException } from '../route/lookup';
import { snapshot } from '../route/routes';
import type { SkbOwner } from '../skb';
import { PACKET, Skb } from '../skb';
import type { RouteResult, RouteType } from '../types';
import { IFF, RT_TABLE, SCOPE } from '../types';
import { Defragmenter4, fragment4 } from './fragment';

const BROADCAST = 0xffffffff;

/** What a sender may say about a packet. */
export interface Send4 {
  src: Ip4;
  dst: Ip4;
  protocol: number;
  payload: Transport;
  ttl?: number;
  tos?: number;
  /** DF: default true. */
  df?: boolean;
  /** Undefined: the kernel chooses. */
  id?: number;
  options?: Uint8Array;
  oif?: Link | null;
  mark?: number;
  owner?: SkbOwner | null;
  /** A route found before. */
  route?: Output4;
  /** The packet it answers, whose connection it belongs to (an ICMP error). */
  about?: Skb;
}

/** A route for packets of the machine itself. */
export interface Output4 {
  readonly entry: RouteEntry;
  readonly type: RouteType;
  /** Where they leave: `lo` for local destinations. */
  readonly link: Link;
  readonly src: Ip4;
}

/** IPv4 of one namespace: input, forwarding, output (net/ipv4/ip_*.c, route.c). */
export class Ip4Stack {
  private readonly defrag: Defragmenter4;
  private readonly idents = new Map<number, { id: number; at: number }>();
  private readonly flow: Flow = { dst: 0, src: undefined, iif: null, oif: null, mark: 0, tos: 0 };
  private readonly wild = new Map<string, Nexthop>();
  private readonly redirects = new Map<Ip4, { at: number; count: number }>();

  constructor(private readonly ns: NetNamespace) {
    this.defrag = new Defragmenter4(ns);
  }

  // --- routing --------------------------------------------------------------------------------------------------------

  private find(
    dst: Ip4,
    src: Ip4 | undefined,
    iif: Link | null,
    oif: Link | null,
    mark: number,
    tos: number,
  ): FibResult {
    const { flow } = this;
    flow.dst = dst;
    flow.src = src;
    flow.iif = iif;
    flow.oif = oif;
    flow.mark = mark;
    flow.tos = tos;
    return this.ns.fib.lookup(flow);
  }

  /** A next hop without a route: multicast, limited broadcast, and the assumption "it is on the link". */
  private adHoc(type: RouteType, link: Link): Nexthop {
    const key = `${type}/${link.index}`;
    let nh = this.wild.get(key);
    if (nh === undefined || nh.link !== link) {
      const route = new Route('inet', RT_TABLE.MAIN, type, 0, 0);
      route.scope = SCOPE.LINK;
      nh = new Nexthop(link, undefined);
      route.addNexthop(nh);
      this.wild.set(key, nh);
    }
    return nh;
  }

  /** ip_route_output_key. @returns the route or the error a sender gets. */
  routeOutput(dst: Ip4, src: Ip4, oif: Link | null, mark = 0, tos = 0): Output4 | ErrnoCode {
    const { ns } = this;
    const { addrs } = ns;
    if (src !== 0) {
      if (isMulticast4(src) || src === BROADCAST || src >>> 24 === 0) return 'EINVAL';
      if (oif === null && (isMulticast4(dst) || dst === BROADCAST)) {
        const link = addrs.linkOf4(src);
        if (link === undefined) return 'EINVAL';
        oif = link;
      } else if (!addrs.isLocal4(src)) return 'ENETUNREACH';
    }
    if (oif !== null) {
      if (!oif.up) return 'ENETUNREACH';
      if (dst >>> 8 === 0xe00000 || dst === BROADCAST) {
        const from = src !== 0 ? src : addrs.select4(oif, 0, SCOPE.LINK);
        const type = dst === BROADCAST ? 'broadcast' : 'multicast';
        return { entry: this.adHoc(type, oif), type, link: oif, src: from };
      }
      if (src === 0) {
        if (isMulticast4(dst)) src = addrs.select4(oif, 0, SCOPE.UNIVERSE);
        else if (dst === 0) src = addrs.select4(oif, 0, SCOPE.HOST);
      }
    }
    if (dst === 0) {
      dst = src !== 0 ? src : 0x7f000001;
      src = dst;
      oif = null;
    }
    const found = this.find(dst, src === 0 ? undefined : src, null, oif, mark, tos);
    if (typeof found === 'string') {
      if (oif !== null && found === 'ENETUNREACH') {
        // "Apparently, routing tables are wrong. Assume, that the destination is on link."
        const type = isMulticast4(dst) ? 'multicast' : 'unicast';
        return {
          entry: this.adHoc(type, oif),
          type,
          link: oif,
          src: src !== 0 ? src : addrs.select4(oif, 0, SCOPE.LINK),
        };
      }
      return found;
    }
    const { route } = found;
    if (route.type === 'local') {
      if (src === 0) src = (route.prefSrc as number | undefined) ?? dst;
      return { entry: found, type: 'local', link: ns.loopback, src };
    }
    const entry = route.nexthops.length > 1 && oif === null ? this.pickMultipath(route, dst, src) : found;
    const link = entry.link!;
    if (src === 0)
      src =
        (route.prefSrc as number | undefined) ??
        addrs.select4(link, typeof entry.gateway === 'number' ? entry.gateway : dst, route.scope);
    const type: RouteType = dst === BROADCAST ? 'broadcast' : isMulticast4(dst) ? 'multicast' : route.type;
    // Such packets are not sent to a gateway (__mkroute_output): groups only when a route of theirs says so.
    if (entry.gateway !== undefined && (type === 'broadcast' || (type === 'multicast' && route.dstLength < 4)))
      return { entry: this.adHoc(type, link), type, link, src };
    if (isLoopback4(src) && !link.isLoopback && !ns.routeLocalnet(link)) return 'EINVAL';
    return { entry, type, link, src };
  }

  /** ip_route_connect: rules may say something else once the source address is known, so it is looked up again with that. */
  routeConnect(dst: Ip4, src: Ip4, oif: Link | null, mark: number, tos: number): Output4 | ErrnoCode {
    const first = this.routeOutput(dst, src, oif, mark, tos);
    if (src !== 0 || typeof first === 'string' || !this.ns.rules.custom.inet) return first;
    return this.routeOutput(dst, first.src, oif, mark, tos);
  }

  /** What net.ipv4.fib_multipath_hash_policy=1 adds to the hash: protocol and ports of the packet that is being routed. */
  private l4Hash = 0;

  /** Names the ports of the packet that the next lookup is for; counts only with fib_multipath_hash_policy=1. */
  setPorts(protocol: number, srcPort: number, dstPort: number, uid = 0): void {
    const { fib } = this.ns;
    fib.protocol = protocol;
    fib.srcPort = srcPort;
    fib.dstPort = dstPort;
    fib.uid = uid;
    this.l4Hash = Math.imul((srcPort << 16) | dstPort, 0x27d4eb2f) ^ protocol;
  }

  private setPortsOf(packet: Ipv4Packet): void {
    const p = packet.payload;
    if (p.kind === 'tcp' || p.kind === 'udp') this.setPorts(packet.protocol, p.srcPort, p.dstPort);
    else this.setPorts(packet.protocol, 0, 0);
  }

  /** Multipath (fib_select_multipath): next hops by weight, the same for one pair of addresses or one flow. */
  private pickMultipath(route: Route, dst: Ip4, src: Ip4): Nexthop {
    const alive = route.nexthops.filter((nh) => !nh.dead && nh.link?.up);
    let total = 0;
    for (const nh of alive) total += nh.weight;
    const ports = this.ns.ipv4.fib_multipath_hash_policy === 1 ? this.l4Hash : 0;
    let h = Math.imul(dst ^ Math.imul(src, 0x9e3779b1) ^ this.ns.hashSeed ^ ports, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = (h ^ (h >>> 13)) >>> 0;
    h %= total || 1;
    for (const nh of alive) {
      h -= nh.weight;
      if (h < 0) return nh;
    }
    return alive[0] ?? route.nexthops[0]!;
  }

  /** The link by which `dst` is reached, undefined when it is not. */
  outputLink(dst: Ip4, src: Ip4): Link | undefined {
    const r = this.routeOutput(dst, src, null);
    return typeof r === 'string' ? undefined : r.link;
  }

  /** What a packet from `src` to `dst` coming in by `link` would be: used by ARP. */
  inputType(dst: Ip4, src: Ip4, link: Link): RouteType | 'none' {
    if (dst === BROADCAST) return 'broadcast';
    const found = this.find(dst, src || undefined, link, null, 0, 0);
    return typeof found === 'string' ? 'none' : found.route.type;
  }

  /** `ip route get`. */
  routeGet(key: RouteKey, iif: Link | null, oif: Link | null): RouteResult {
    const dst = key.dst as number;
    const src = (key.src as number | undefined) ?? 0;
    this.setPorts(key.protocol ?? 0, key.srcPort ?? 0, key.dstPort ?? 0, key.uid ?? 0);
    if (iif !== null) {
      const r = this.routeInput(dst, src, iif, key.mark ?? 0, key.tos ?? 0);
      // The kernel reports every refusal of the source as EINVAL (inet_rtm_getroute).
      if (typeof r === 'string') throw new Errno(r === 'martian' || r === 'rpfilter' ? 'EINVAL' : r);
      return this.result(
        r.entry,
        r.type,
        r.type === 'local' ? this.ns.loopback : r.entry.link!,
        (r.entry.route.prefSrc as number) ?? 0,
        dst,
      );
    }
    const r = this.routeOutput(dst, src, oif, key.mark ?? 0, key.tos ?? 0);
    if (typeof r === 'string') throw new Errno(r);
    const result = this.result(r.entry, r.type, r.link, r.src, dst);
    // 0.0.0.0 is this host without a look at any table.
    return dst === 0 ? { ...result, table: RT_TABLE.MAIN } : result;
  }

  private result(entry: RouteEntry, type: RouteType, link: Link, src: Ip4, dst: Ip4): RouteResult {
    const learned = this.learned(entry, dst);
    const cache: string[] = [];
    if (type === 'local' || type === 'broadcast' || (type === 'unicast' && link.isLoopback)) cache.push('local');
    if (type === 'broadcast') cache.push('brd');
    // The host hears its own packet when it is a member (RTCF_LOCAL).
    if (type === 'multicast') cache.push(...(link.ip4.groups.has(dst) ? ['local', 'mc'] : ['mc']));
    return {
      route: snapshot(entry.route),
      type,
      index: link.index,
      gateway: learned?.gateway ?? entry.gateway,
      prefSrc: src,
      table: this.tableOf(entry),
      mtu: this.mtu(entry, link, dst),
      cache: [...cache, ...(learned?.gateway === undefined ? [] : ['redirected'])],
      ...(learned === undefined ? {} : { learned }),
    };
  }

  /** The table a lookup names: until there are rules of one's own, `local` and `main` are one trie, and it is called main. */
  private tableOf(entry: RouteEntry): number {
    const { table } = entry.route;
    return table === RT_TABLE.LOCAL && !this.ns.rules.custom.inet ? RT_TABLE.MAIN : table;
  }

  /** ip_route_input: what becomes of a packet that came in. */
  routeInput(
    dst: Ip4,
    src: Ip4,
    link: Link,
    mark: number,
    tos: number,
  ): { entry: RouteEntry; type: RouteType } | ErrnoCode | 'martian' | 'rpfilter' {
    const { ns } = this;
    if (isMulticast4(dst)) {
      if (!link.ip4.groups.has(dst)) return 'EINVAL';
      return { entry: this.adHoc('multicast', link), type: 'local' };
    }
    if (isMulticast4(src) || src === BROADCAST) return 'martian';
    if (dst === BROADCAST || (src === 0 && dst === 0)) return { entry: this.adHoc('broadcast', link), type: 'local' };
    if (src >>> 24 === 0 || dst >>> 24 === 0) return 'martian';
    if ((isLoopback4(dst) || isLoopback4(src)) && !link.isLoopback && !ns.routeLocalnet(link)) return 'martian';
    const found = this.find(dst, src, link, null, mark, tos);
    const forwarding = ns.forwarding4(link);
    if (typeof found === 'string') return forwarding ? found : 'EHOSTUNREACH';
    const { type } = found.route;
    if (type === 'broadcast') {
      if (src !== 0) {
        const e = this.validateSource(src, dst, link, null, mark, tos);
        if (e !== undefined) return e;
      }
      return { entry: found, type: 'local' };
    }
    if (type === 'local') {
      const e = this.validateSource(src, dst, link, null, mark, tos);
      return e ?? { entry: found, type: 'local' };
    }
    if (!forwarding) return 'EHOSTUNREACH';
    if (type !== 'unicast') return 'martian';
    const entry = found.route.nexthops.length > 1 ? this.pickMultipath(found.route, dst, src) : found;
    const e = this.validateSource(src, dst, link, entry.link, mark, tos);
    return e ?? { entry, type: 'unicast' };
  }

  /** fib_validate_source: is the source plausible on this link (rp_filter)? */
  private validateSource(
    src: Ip4,
    dst: Ip4,
    link: Link,
    out: Link | null,
    mark: number,
    tos: number,
  ): 'martian' | 'rpfilter' | undefined {
    const { ns } = this;
    const { conf } = link.ip4;
    const rpf = Math.max(ns.conf4.all.rp_filter, conf.rp_filter);
    const acceptLocal = ns.conf4.all.accept_local !== 0 || conf.accept_local !== 0;
    if (rpf === 0 && !ns.rules.custom.inet)
      return !acceptLocal && ns.addrs.isLocal4(src) && !link.isLoopback ? 'martian' : undefined;
    // As a packet that came in by the link out of which this one goes, or from here (rules with `iif`).
    const back = this.find(src, dst, out, null, ns.conf4.all.src_valid_mark || conf.src_valid_mark ? mark : 0, tos);
    if (typeof back === 'string') return rpf ? 'rpfilter' : undefined;
    const { type } = back.route;
    if (type !== 'unicast' && (type !== 'local' || !acceptLocal)) return 'martian';
    if (back.route.nexthops.some((nh) => nh.link === link)) return undefined;
    if (link.ip4.addresses.length === 0) return rpf ? 'rpfilter' : undefined;
    return rpf === 1 ? 'rpfilter' : undefined;
  }

  /** The MTU towards `dst`: what was learned, the route's, the link's. */
  mtu(entry: RouteEntry, link: Link, dst: Ip4): number {
    const learned = this.learned(entry, dst);
    if (learned !== undefined && learned.mtu > 0) return Math.min(learned.mtu, link.mtu);
    return Math.min(entry.route.mtu ?? link.mtu, 65535);
  }

  /** What holds for `dst` alone, as long as it does. */
  private learned(entry: RouteEntry, dst: Ip4): RouteException | undefined {
    const learned = entry.exceptions?.get(dst);
    if (learned === undefined) return undefined;
    learned.since ??= this.ns.now;
    if (learned.expires > this.ns.now) return learned;
    entry.exceptions!.delete(dst);
    return undefined;
  }

  /** An ICMP error told the path MTU towards `dst`. */
  learnMtu(dst: Ip4, mtu: number): void {
    const r = this.routeOutput(dst, 0, null);
    if (typeof r === 'string' || r.type !== 'unicast') return;
    // __ip_rt_update_pmtu: not against a locked MTU; the same value again only prolongs its life, and not too often.
    const { now, route4 } = this.ns;
    const old = this.learned(r.entry, dst);
    if (r.entry.route.metrics?.lock === 'mtu' || old?.locked) return;
    const current = this.mtu(r.entry, r.link, dst);
    if (mtu > current) return;
    const lifetime = route4.mtu_expires * 1e6;
    const locked = mtu < route4.min_pmtu;
    if (locked) mtu = Math.min(current, route4.min_pmtu);
    if (old?.mtu === mtu && !locked && now < old.expires - lifetime / 2) return;
    r.entry.exceptions ??= new Map();
    r.entry.exceptions.set(dst, { mtu, locked, gateway: old?.gateway, since: undefined, expires: now + lifetime });
  }

  // --- input ----------------------------------------------------------------------------------------------------------

  /** ip_rcv */
  receive(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.pktType === PACKET.OTHERHOST) {
      ns.drop(skb, 'OTHERHOST', 'ip_rcv');
      return;
    }
    ns.mib.IpInReceives++;
    ns.mib.IpExtInOctets += skb.length;
    const packet = skb.payload as Ipv4Packet;
    if ((packet.tos & 3) === 0) ns.mib.IpExtInNoECTPkts++;
    else this.countEcn(packet.tos & 3);
    if (skb.pktType !== PACKET.HOST) this.countGroup(skb);
    if (packet.checksum !== CHECKSUM_AUTO) {
      ns.mib.IpInHdrErrors++;
      ns.drop(skb, 'IP_CSUM', 'ip_rcv');
      return;
    }
    if (skb.trailer !== undefined) skb.trailer = undefined;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.prerouting(skb, link) !== NF.ACCEPT) return;
    this.receiveFinish(skb, link);
  }

  private countEcn(bits: number): void {
    const { mib } = this.ns;
    if (bits === 1) mib.IpExtInECT1Pkts++;
    else if (bits === 2) mib.IpExtInECT0Pkts++;
    else mib.IpExtInCEPkts++;
  }

  private countGroup(skb: Skb): void {
    const { mib } = this.ns;
    if (skb.pktType === PACKET.MULTICAST) {
      mib.IpExtInMcastPkts++;
      mib.IpExtInMcastOctets += skb.length;
    } else if (skb.pktType === PACKET.BROADCAST) {
      mib.IpExtInBcastPkts++;
      mib.IpExtInBcastOctets += skb.length;
    }
  }

  /** ip_rcv_finish: where to? */
  receiveFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.route !== null) {
      // Looped back: routed when it was sent.
      this.localDeliver(skb, link);
      return;
    }
    const packet = skb.payload as Ipv4Packet;
    if (ns.ipv4.fib_multipath_hash_policy !== 0 || ns.rules.custom.inet) this.setPortsOf(packet);
    const r = this.routeInput(packet.dst, packet.src, link, skb.mark, packet.tos);
    if (ns.tracer.active)
      this.traceRoute(
        skb,
        'input',
        typeof r === 'string' ? r : r.type === 'local' ? 'local' : 'forward',
        typeof r === 'string' ? null : r.entry,
      );
    if (typeof r === 'string') {
      this.inputError(skb, link, r);
      return;
    }
    if ((r.type === 'local' && r.entry.route.type !== 'multicast') || r.type === 'unicast') {
      const drop = ns.conf4.all.drop_unicast_in_l2_multicast || link.ip4.conf.drop_unicast_in_l2_multicast;
      if (drop && skb.pktType !== PACKET.HOST) {
        ns.drop(skb, 'UNICAST_IN_L2_MULTICAST', 'ip_rcv_finish');
        return;
      }
    }
    skb.route = r.entry;
    if (r.type === 'local') this.localDeliver(skb, link);
    else this.forward(skb, link, r.entry);
  }

  private traceRoute(skb: Skb, direction: 'input' | 'output', result: string, entry: RouteEntry | null): void {
    const { ns } = this;
    ns.trace(skb, {
      event: 'route',
      direction,
      result,
      table: entry?.route.table,
      prefix: entry ? ns.routes.prefixText(entry.route) : undefined,
      gateway: entry?.gateway === undefined ? undefined : formatIp4(entry.gateway as number),
      link: entry?.link?.name,
      rule: entry ? ns.fib.lastRule : undefined,
    });
  }

  private inputError(skb: Skb, link: Link, why: ErrnoCode | 'martian' | 'rpfilter'): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    if (why === 'rpfilter' || why === 'martian') {
      if (why === 'rpfilter') ns.mib.TcpExtIPReversePathFilter++;
      if (ns.conf4.all.log_martians || link.ip4.conf.log_martians) {
        this.logMartian(skb, packet, link, why);
      }
      ns.drop(skb, why === 'rpfilter' ? 'IP_RPFILTER' : 'IP_INVALID_SOURCE', 'fib_validate_source');
      return;
    }
    // ip_error: only a router says that there is no way.
    const forwarding = ns.forwarding4(link);
    const reason = why === 'ENETUNREACH' ? 'IP_INNOROUTES' : 'IP_INADDRERRORS';
    if (why === 'ENETUNREACH') ns.mib.IpOutNoRoutes++;
    else ns.mib.IpInAddrErrors++;
    if (forwarding && why !== 'EINVAL') {
      const code =
        why === 'EHOSTUNREACH'
          ? ICMP4_UNREACH.HOST
          : why === 'EACCES'
            ? ICMP4_UNREACH.ADMIN_PROHIBITED
            : ICMP4_UNREACH.NET;
      if (ns.icmp4.routeErrorAllowed(packet.src)) ns.icmp4.error(skb, ICMP4.UNREACHABLE, code, 0);
    }
    ns.drop(skb, reason, 'ip_error');
  }

  /** ip_handle_martian_source and its sister: two lines in the kernel's log. */
  private logMartian(skb: Skb, packet: Ipv4Packet, link: Link, why: 'martian' | 'rpfilter'): void {
    const { ns } = this;
    const dst = formatIp4(packet.dst);
    const src = formatIp4(packet.src);
    const destination =
      why === 'martian' && (isLoopback4(packet.dst) || packet.dst >>> 24 === 0) && !isLoopback4(packet.src);
    if (destination) {
      ns.log(`IPv4: martian destination ${dst} from ${src}, dev ${link.name}`);
      return;
    }
    ns.log(`IPv4: martian source ${dst} from ${src}, on dev ${link.name}`);
    if (!link.needsArp) return;
    const header = [...skb.dst.split(':'), ...skb.src.split(':'), '08', '00'].join(' ');
    ns.log(`ll header: 00000000: ${header}`);
  }

  /** ip_local_deliver */
  localDeliver(skb: Skb, link: Link): void {
    const { ns } = this;
    if (isFragment4(skb.payload as Ipv4Packet)) {
      const whole = this.defrag.add(skb);
      if (whole === null) return;
      skb = whole;
    }
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.input(skb, link) !== NF.ACCEPT) return;
    this.localDeliverFinish(skb, link);
  }

  /** Collects fragments before connection tracking sees them (ip_defrag). @returns the whole packet's skb or null. */
  reassemble(skb: Skb): Skb | null {
    return isFragment4(skb.payload as Ipv4Packet) ? this.defrag.add(skb) : skb;
  }

  /** ip_local_deliver_finish: raw sockets, then the protocol. */
  localDeliverFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    const raw = ns.hasSockets && ns.sockets.rawDeliver(skb, packet, link);
    switch (packet.protocol) {
      case IPPROTO.ICMP:
        ns.mib.IpInDelivers++;
        ns.icmp4.receive(skb, packet, link);
        return;
      case IPPROTO.UDP:
        ns.mib.IpInDelivers++;
        ns.sockets.udp.receive(skb, packet, link);
        return;
      case IPPROTO.TCP:
        ns.mib.IpInDelivers++;
        ns.sockets.tcp.receive(skb, packet, link);
        return;
      case IPPROTO.IGMP:
        ns.mib.IpInDelivers++;
        return;
      default:
        if (raw) {
          ns.mib.IpInDelivers++;
          return;
        }
        ns.mib.IpInUnknownProtos++;
        ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.PROTOCOL, 0);
        ns.drop(skb, 'INVALID_PROTO', 'ip_local_deliver_finish');
    }
  }

  // --- forwarding -----------------------------------------------------------------------------------------------------

  /** ip_forward */
  private forward(skb: Skb, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    if (skb.pktType !== PACKET.HOST) {
      ns.drop(skb, 'OTHERHOST', 'ip_forward');
      return;
    }
    if (packet.ttl <= 1) {
      ns.mib.IpInHdrErrors++;
      ns.icmp4.error(skb, ICMP4.TIME_EXCEEDED, 0, 0);
      ns.drop(skb, 'IP_INHDR', 'ip_forward');
      return;
    }
    const out = entry.link!;
    const mtu = this.mtu(entry, out, packet.dst);
    // What came in pieces goes out in pieces, whatever its DF bit said, if they fit.
    if (skb.length > mtu && packet.df && !(skb.maxFragment > 0 && skb.maxFragment <= mtu)) {
      ns.mib.IpFragFails++;
      ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.FRAG_NEEDED, mtu);
      ns.drop(skb, 'PKT_TOO_BIG', 'ip_forward');
      return;
    }
    if (out === link && !skb.vlan) this.maybeRedirect(skb, packet, link, entry);
    skb.payload = rewriteIpv4(packet, packet.ttl - 1, packet.src, packet.dst, packet.payload);
    skb.owner = null;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.forward(skb, link, out) !== NF.ACCEPT) return;
    ns.mib.IpForwDatagrams++;
    this.transmit(skb, skb.route ?? entry, (skb.route ?? entry).link!, (skb.route ?? entry).route.type, link);
  }

  /** ip_rt_send_redirect: the sender could have gone straight to the gateway. */
  private maybeRedirect(skb: Skb, packet: Ipv4Packet, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    if (!ns.conf4.all.send_redirects && !link.ip4.conf.send_redirects) return;
    const gateway = (entry.gateway as number | undefined) ?? packet.dst;
    const near = link.ip4.addresses.some(
      (a) => contains4(a.local, a.prefixLength, packet.src) && contains4(a.local, a.prefixLength, gateway),
    );
    if (!near) return;
    const last = this.redirects.get(packet.src);
    const now = ns.now;
    // Up to nine, each waiting twice as long as the one before (redirect_load 20 ms, redirect_silence 20.48 s).
    const count = last === undefined || now > last.at + 20.48e6 ? 0 : last.count;
    if (count >= 9 || (count > 0 && now < last!.at + (20_000 << count))) return;
    this.redirects.set(packet.src, { at: now, count: count + 1 });
    ns.icmp4.error(skb, ICMP4.REDIRECT, 1, gateway);
  }

  // --- output ---------------------------------------------------------------------------------------------------------

  /** The identification of packets that are not numbered by their socket (ip_idents). */
  ident(dst: Ip4, src: Ip4, protocol: number): number {
    const key = (dst ^ src ^ protocol) >>> 0;
    const { now } = this.ns;
    const last = this.idents.get(key);
    if (last === undefined) {
      if (this.idents.size > 2048) this.idents.clear();
      const id = this.ns.random.below(65536);
      this.idents.set(key, { id, at: now });
      return id;
    }
    // One more, and up to one for every timer tick (4 ms) that has passed, so that nobody can count our packets.
    const ticks = Math.floor((now - last.at) / 4000);
    last.id = (last.id + 1 + (ticks > 0 ? this.ns.random.below(ticks) : 0)) & 0xffff;
    last.at = now;
    return last.id;
  }

  /** Routes and sends a packet of the machine itself. @returns the error the sender gets, or undefined. */
  send(s: Send4): ErrnoCode | undefined {
    const { ns } = this;
    if (s.route === undefined && s.payload.kind !== 'raw') {
      const p = s.payload;
      if (p.kind === 'tcp' || p.kind === 'udp') this.setPorts(s.protocol, p.srcPort, p.dstPort);
      else this.setPorts(s.protocol, 0, 0);
    }
    const out = s.route ?? this.routeOutput(s.dst, s.src, s.oif ?? null, s.mark ?? 0, s.tos ?? 0);
    if (typeof out === 'string') {
      ns.mib.IpOutNoRoutes++;
      return out;
    }
    const df = s.df ?? true;
    const src = s.src !== 0 ? s.src : out.src;
    const dst = s.dst === 0 ? out.src : s.dst;
    const packet = makeIpv4({
      src,
      dst,
      protocol: s.protocol,
      payload: s.payload,
      ttl: s.ttl ?? (out.entry.route.metrics?.hoplimit as number | undefined) ?? ns.ipv4.ip_default_ttl,
      tos: s.tos ?? 0,
      df,
      id: s.id ?? this.ident(dst, src, s.protocol),
      options: s.options,
    });
    const skb = new Skb(ETHERTYPE.IPV4, packet);
    skb.mark = s.mark ?? 0;
    skb.owner = s.owner ?? null;
    if (s.about !== undefined) attachTo(skb, s.about);
    const error = this.localOut(skb, out);
    if (error !== undefined) ns.mib.IpOutDiscards++;
    return error;
  }

  /** ip_local_out: a finished packet with its route. */
  localOut(skb: Skb, out: Output4): ErrnoCode | undefined {
    const { ns } = this;
    ns.mib.IpOutRequests++;
    // Building a packet takes a moment; no two of them leave at the same time.
    ns.host.scheduler.charge(1 + (ns.random.uint32() & 1));
    skb.route = out.entry;
    skb.dev = out.link;
    if (ns.tracer.active) {
      // A packet that goes on inside a tunnel keeps its identity.
      if (skb.id === 0) ns.trace(skb, { event: 'created', by: skb.owner ? 'socket' : 'kernel', parent: undefined });
      this.traceRoute(skb, 'output', out.type, out.entry);
    }
    const { netfilter } = ns;
    let { link, type } = out;
    if (netfilter !== null) {
      const verdict = netfilter.output(skb, link);
      if (verdict === NF.DROP) return 'EPERM';
      if (verdict === NF.STOLEN) return undefined;
      if (skb.route !== out.entry && skb.route !== null) {
        type = skb.route.route.type;
        link = type === 'local' ? ns.loopback : skb.route.link!;
      }
    }
    return this.transmit(skb, skb.route ?? out.entry, link, type, null);
  }

  /** ip_output / ip_mc_output: POSTROUTING, then fragments and the neighbour. */
  transmit(skb: Skb, entry: RouteEntry, link: Link, type: RouteType, input: Link | null): ErrnoCode | undefined {
    const { ns } = this;
    skb.dev = link;
    if (type === 'broadcast' || (type === 'multicast' && link.ip4.groups.has((skb.payload as Ipv4Packet).dst))) {
      // The machine hears its own broadcasts.
      if (!link.isLoopback) this.loopBack(skb, link);
      if (type === 'multicast' && (skb.payload as Ipv4Packet).ttl === 0) return undefined;
    }
    const { netfilter } = ns;
    if (netfilter !== null) {
      const verdict = netfilter.postrouting(skb, input, link);
      if (verdict !== NF.ACCEPT) return verdict === NF.DROP ? 'EPERM' : undefined;
    }
    return this.finishOutput(skb, entry, link, type);
  }

  private loopBack(skb: Skb, link: Link): void {
    const copy = this.ns.cloneSkb(skb);
    copy.pktType = PACKET.HOST;
    copy.src = copy.dst = link.mac;
    copy.dev = link;
    copy.route = null;
    // dev_loopback_xmit: received again on the same link without going through the medium.
    this.ns.host.scheduler.defer(() => {
      if (!link.up) return;
      copy.route = this.adHoc('broadcast', link);
      copy.inDev = link;
      this.receive(copy, link);
    });
  }

  /** ip_finish_output */
  finishOutput(skb: Skb, entry: RouteEntry, link: Link, type: RouteType): ErrnoCode | undefined {
    const packet = skb.payload as Ipv4Packet;
    if (
      skb.length > link.mtu ||
      (entry.exceptions !== null && skb.length > this.mtu(entry, link, packet.dst)) ||
      entry.route.mtu !== undefined ||
      skb.maxFragment > 0
    ) {
      let mtu = this.mtu(entry, link, packet.dst);
      // No fragment is longer than those that came in (IPCB(skb)->frag_max_size).
      if (skb.maxFragment > 0 && skb.maxFragment < mtu) mtu = skb.maxFragment;
      if (skb.length > mtu) return this.fragmentOut(skb, packet, mtu, entry, link, type);
    }
    this.toNeighbour(skb, packet.dst, entry, link, type);
    // net_xmit_errno
    return skb.lost ? 'ENOBUFS' : undefined;
  }

  private fragmentOut(
    skb: Skb,
    packet: Ipv4Packet,
    mtu: number,
    entry: RouteEntry,
    link: Link,
    type: RouteType,
  ): ErrnoCode | undefined {
    const { ns } = this;
    // Senders that know the packet will be cut have cleared DF; a TCP segment that became too long teaches its socket.
    if (packet.df && !(skb.maxFragment > 0 && skb.maxFragment <= mtu)) {
      ns.mib.IpFragFails++;
      ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.FRAG_NEEDED, mtu);
      ns.drop(skb, 'PKT_TOO_BIG', 'ip_fragment');
      return 'EMSGSIZE';
    }
    const pieces = fragment4(packet, mtu);
    if (ns.tracer.active) ns.trace(skb, { event: 'fragment', action: 'split', count: pieces.length });
    for (const piece of pieces) {
      const f = ns.cloneSkb(skb);
      f.setPayload(piece);
      this.toNeighbour(f, piece.dst, entry, link, type);
      if (f.lost) {
        // What comes after a piece that the device threw away is useless.
        ns.mib.IpFragFails++;
        return 'ENOBUFS';
      }
      ns.mib.IpFragCreates++;
    }
    ns.mib.IpFragOKs++;
    return undefined;
  }

  /** ip_finish_output2 */
  private toNeighbour(skb: Skb, dst: Ip4, entry: RouteEntry, link: Link, type: RouteType): void {
    const { ns } = this;
    ns.mib.IpOutTransmits++;
    ns.mib.IpExtOutOctets += skb.length;
    if (type === 'multicast') {
      ns.mib.IpExtOutMcastPkts++;
      ns.mib.IpExtOutMcastOctets += skb.length;
    } else if (type === 'broadcast') {
      ns.mib.IpExtOutBcastPkts++;
      ns.mib.IpExtOutBcastOctets += skb.length;
    }
    let next: Ip4 | string = dst;
    // All that goes over the loopback or to the only other end of a link has one neighbour.
    if ((link.flags & (IFF.LOOPBACK | IFF.POINTOPOINT)) !== 0) next = 0;
    else if (type === 'unicast') {
      const redirected =
        entry.exceptions === null ? undefined : (entry.exceptions.get(dst)?.gateway as number | undefined);
      next = redirected ?? entry.gateway ?? dst;
    }
    // `via inet6`: the gateway is found with neighbour discovery (RFC 5549).
    const n: Neighbour =
      typeof next === 'string'
        ? (link.nd.get(next) ?? neighbourOf(ns.ndp, link, next))
        : (link.arp.get(next) ?? neighbourOf(ns.arp, link, next));
    n.output(skb);
  }
}
