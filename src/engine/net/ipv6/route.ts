import type { ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { Ip6 } from '../../wire';
import { IP6_ANY, IP6_LOOPBACK, ip6Bytes, isLinkLocal6, isMulticast6 } from '../../wire';
import type { RouteKey } from '../api';
import type { Way } from '../ip-output';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { RouteEntry } from '../route/lookup';
import { Nexthop, Route } from '../route/lookup';
import { snapshot } from '../route/routes';
import type { RouteResult } from '../types';
import { RT_TABLE } from '../types';
import { scope6 } from './addrconf';

/** Largest MTU of a path: a full payload and its header (IP6_MAX_MTU). */
const MAX_MTU = 65575;

/** A route for packets of the machine itself. */
export interface Output6 extends Way {
  readonly src: Ip6;
}

/** Which way packets of one namespace go, and from which address (net/ipv6/route.c, addrconf.c). */
export class Ip6Routing {
  private readonly wild = new Map<number, Nexthop>();

  constructor(private readonly ns: NetNamespace) {}

  /** The next hop of groups on a link, which have no route of their own. */
  adHoc(link: Link): Nexthop {
    let nh = this.wild.get(link.index);
    if (nh === undefined || nh.link !== link) {
      nh = new Nexthop(link, undefined);
      new Route('inet6', RT_TABLE.LOCAL, 'multicast', 'ff00::', 8).addNexthop(nh);
      this.wild.set(link.index, nh);
    }
    return nh;
  }

  /** ip6_route_output */
  output(dst: Ip6, src: Ip6 | undefined, oif: Link | null, mark = 0): Output6 | ErrnoCode {
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
    return route.select(this.flowLabel(src ?? '::', dst, 0));
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

  /** `ip -6 route get`. @throws Errno */
  get(key: RouteKey, iif: Link | null, oif: Link | null): RouteResult {
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
      ? this.output(dst, src, oif, key.mark ?? 0)
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

  /** The MTU towards `dst`: what was learned, the route's, the link's. */
  mtu(entry: RouteEntry, link: Link, dst: Ip6): number {
    const learned = entry.exceptions?.get(dst);
    if (learned !== undefined && learned.expires > this.ns.now) return Math.min(learned.mtu, link.mtu);
    return Math.min(entry.route.mtu ?? link.ip6?.conf.mtu ?? link.mtu, link.mtu, MAX_MTU);
  }

  /** An ICMPv6 error told the path MTU towards `dst`. */
  learnMtu(dst: Ip6, mtu: number): void {
    const r = this.output(dst, undefined, null);
    if (typeof r === 'string' || mtu >= this.mtu(r.entry, r.link, dst)) return;
    r.entry.exceptions ??= new Map();
    const { now } = this.ns;
    r.entry.exceptions.set(dst, { mtu, locked: false, gateway: undefined, since: undefined, expires: now + 600e6 });
  }

  /** The label of packets that no socket labels (ip6_make_flowlabel): the same for one flow. */
  flowLabel(src: Ip6, dst: Ip6, protocol: number): number {
    let h = this.ns.hashSeed ^ protocol;
    for (const text of [src, dst])
      for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h ^= h >>> 15;
    return Math.imul(h, 0x2c1b3c6d) >>> 12;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
