import type { ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { Ip4, Ipv4Packet } from '../../wire';
import { isLoopback4, isMulticast4 } from '../../wire';
import type { RouteKey } from '../api';
import type { Way } from '../ip-output';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { FibResult, Flow } from '../route/fib';
import type { RouteEntry, RouteException } from '../route/lookup';
import { Nexthop, Route } from '../route/lookup';
import { snapshot } from '../route/routes';
import type { RouteResult, RouteType } from '../types';
import { RT_TABLE, SCOPE } from '../types';

const BROADCAST = 0xffffffff;

/** A route for packets of the machine itself. */
export interface Output4 extends Way {
  readonly src: Ip4;
}

/** Which way packets of one namespace go (route.c, fib_frontend.c). */
export class Ip4Routing {
  private readonly flow: Flow = { dst: 0, src: undefined, iif: null, oif: null, mark: 0, tos: 0 };
  private readonly wild = new Map<string, Nexthop>();

  constructor(private readonly ns: NetNamespace) {}

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
  adHoc(type: RouteType, link: Link): Nexthop {
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
  output(dst: Ip4, src: Ip4, oif: Link | null, mark = 0, tos = 0): Output4 | ErrnoCode {
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
  connect(dst: Ip4, src: Ip4, oif: Link | null, mark: number, tos: number): Output4 | ErrnoCode {
    const first = this.output(dst, src, oif, mark, tos);
    if (src !== 0 || typeof first === 'string' || !this.ns.rules.custom.inet) return first;
    return this.output(dst, first.src, oif, mark, tos);
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

  setPortsOf(packet: Ipv4Packet): void {
    const p = packet.payload;
    if (p.kind === 'tcp' || p.kind === 'udp') this.setPorts(packet.protocol, p.srcPort, p.dstPort);
    else this.setPorts(packet.protocol, 0, 0);
  }

  /** Multipath (fib_select_multipath): next hops by weight, the same for one pair of addresses or one flow. */
  private pickMultipath(route: Route, dst: Ip4, src: Ip4): Nexthop {
    const ports = this.ns.ipv4.fib_multipath_hash_policy === 1 ? this.l4Hash : 0;
    let h = Math.imul(dst ^ Math.imul(src, 0x9e3779b1) ^ this.ns.hashSeed ^ ports, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = (h ^ (h >>> 13)) >>> 0;
    return route.select(h);
  }

  /** The link by which `dst` is reached, undefined when it is not. */
  outputLink(dst: Ip4, src: Ip4): Link | undefined {
    const r = this.output(dst, src, null);
    return typeof r === 'string' ? undefined : r.link;
  }

  /** What a packet from `src` to `dst` coming in by `link` would be: used by ARP. */
  inputType(dst: Ip4, src: Ip4, link: Link): RouteType | 'none' {
    if (dst === BROADCAST) return 'broadcast';
    const found = this.find(dst, src || undefined, link, null, 0, 0);
    return typeof found === 'string' ? 'none' : found.route.type;
  }

  /** `ip route get`. */
  get(key: RouteKey, iif: Link | null, oif: Link | null): RouteResult {
    const dst = key.dst as number;
    const src = (key.src as number | undefined) ?? 0;
    this.setPorts(key.protocol ?? 0, key.srcPort ?? 0, key.dstPort ?? 0, key.uid ?? 0);
    if (iif !== null) {
      const r = this.input(dst, src, iif, key.mark ?? 0, key.tos ?? 0);
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
    const r = this.output(dst, src, oif, key.mark ?? 0, key.tos ?? 0);
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
  input(
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
    const r = this.output(dst, 0, null);
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
}
