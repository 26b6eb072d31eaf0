import { Errno } from '../../core';
import type { IpAddress } from '../../wire';
import { isLinkLocal6, isLoopback4, network4, network6, formatIp } from '../../wire';
import type { CachedRoute, RouteApi, RouteKey, RouteMatch, RouteSpec } from '../api';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Family, NexthopInfo, RouteInfo, RouteResult, RouteType } from '../types';
import { RT_TABLE, RTPROT, SCOPE } from '../types';
import type { FibTable } from './lookup';
import { Nexthop, Route } from './lookup';
import { NexthopObjects } from './nexthops';

type Mode = 'add' | 'append' | 'prepend' | 'replace' | 'change';

/** Routes that need no next hop. */
const NO_DEVICE: ReadonlySet<RouteType> = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);

/** The default metric of an IPv6 route made by hand (IP6_RT_PRIO_USER). */
const METRIC6 = 1024;

/** `ip route`: RTM_*ROUTE on the tables of a namespace. */
export class Routes implements RouteApi {
  /** `ip nexthop`. */
  readonly nexthopObjects: NexthopObjects;

  constructor(private readonly ns: NetNamespace) {
    this.nexthopObjects = new NexthopObjects(ns);
  }

  list(filter: { family?: Family; table?: number } = {}): RouteInfo[] {
    const out: RouteInfo[] = [];
    for (const family of ['inet', 'inet6'] as const) {
      if (filter.family !== undefined && filter.family !== family) continue;
      const tables = this.ns.fib.tables(family);
      if (filter.table !== undefined && filter.table !== RT_TABLE.UNSPEC) {
        const table = tables.get(filter.table);
        if (table === undefined) {
          if (filter.table === RT_TABLE.DEFAULT && family === 'inet') continue;
          throw new Errno('ENOENT', `${family === 'inet' ? 'ipv4' : 'ipv6'}: FIB table does not exist`);
        }
        out.push(...table.list().map(snapshot));
        continue;
      }
      // fib_table_hash has 256 buckets by table number; small numbers come in order, local last.
      for (const id of [...tables.keys()].sort((a, b) => (a & 255) - (b & 255)))
        out.push(...tables.get(id)!.list().map(snapshot));
    }
    return out;
  }

  add(spec: RouteSpec): void {
    this.change_(spec, 'add');
  }

  append(spec: RouteSpec): void {
    this.change_(spec, 'append');
  }

  prepend(spec: RouteSpec): void {
    this.change_(spec, 'prepend');
  }

  replace(spec: RouteSpec): void {
    this.change_(spec, 'replace');
  }

  change(spec: RouteSpec): void {
    this.change_(spec, 'change');
  }

  private link(index: number): Link {
    const link = this.ns.links.get(index);
    if (link === undefined) throw new Errno('ENODEV');
    return link;
  }

  /** fib_create_info with fib_check_nh, or their IPv6 sisters. @throws Errno */
  private build(spec: RouteSpec): Route {
    const { family } = spec;
    const type = spec.type ?? 'unicast';
    const table = spec.table || (type === 'local' || type === 'broadcast' ? RT_TABLE.LOCAL : RT_TABLE.MAIN);
    const base =
      family === 'inet' ? network4(spec.dst as number, spec.dstLength) : network6(spec.dst as string, spec.dstLength);
    if (family === 'inet' && base !== spec.dst) throw new Errno('EINVAL', 'Invalid prefix for given prefix length');
    // inet_rtm_newroute, ip6_route_info_create: the table is there even when the route then cannot be.
    this.ns.fib.table(family, table);
    const route = new Route(family, table, type, base, spec.dstLength);
    route.tos = spec.tos ?? 0;
    route.protocol = spec.protocol ?? RTPROT.BOOT;
    route.prefSrc = spec.prefSrc;
    route.mtu = spec.mtu;
    route.advmss = spec.advmss;
    route.realms = spec.realms;
    const hops = spec.nexthops ?? [{ index: spec.index, gateway: spec.gateway, onlink: spec.onlink }];
    const gatewayed = hops.some((h) => h.gateway !== undefined);
    if (family === 'inet') {
      route.metric = spec.metric ?? 0;
      route.scope =
        spec.scope ?? (type === 'local' ? SCOPE.HOST : gatewayed || NO_DEVICE.has(type) ? SCOPE.UNIVERSE : SCOPE.LINK);
      if (type === 'unicast' && spec.scope === undefined && !gatewayed) route.scope = SCOPE.LINK;
    } else {
      route.metric = spec.metric || METRIC6;
      route.pref = spec.pref ?? 'medium';
      if (spec.expires) route.expires = this.ns.now + spec.expires * 1e6;
    }
    if (spec.metrics !== undefined) route.metrics = spec.metrics;
    if (spec.nhid !== undefined) return this.withObject(spec, route);
    if (NO_DEVICE.has(type)) {
      route.addNexthop(new Nexthop(family === 'inet' ? null : (this.ns.links.get(1) ?? null), undefined));
      return route;
    }
    for (const hop of hops) {
      const nh = family === 'inet' ? this.nexthop4(route, hop) : this.nexthop6(hop);
      nh.weight = hop.weight ?? 1;
      route.addNexthop(nh);
    }
    if (route.prefSrc !== undefined) {
      const local =
        family === 'inet'
          ? this.ns.addrs.isLocal4(route.prefSrc as number)
          : this.ns.addrs.isLocal6(route.prefSrc as string);
      const own = type === 'local' && route.prefSrc === route.dst;
      if (!local && !own)
        throw new Errno('EINVAL', family === 'inet' ? 'Invalid prefsrc address' : 'Invalid source address');
    }
    return route;
  }

  /** A route whose next hops are an object's. @throws Errno EINVAL */
  private withObject(spec: RouteSpec, route: Route): Route {
    const o = this.nexthopObjects.get(spec.nhid!);
    if (o === undefined) throw new Errno('EINVAL', 'Nexthop id does not exist');
    const made = o.blackhole
      ? Object.assign(new Route(route.family, route.table, 'blackhole', route.dst, route.dstLength), {
          tos: route.tos,
          protocol: route.protocol,
          metric: route.metric,
          pref: route.pref,
          metrics: route.metrics,
        })
      : route;
    if (route.family === 'inet')
      made.scope = spec.scope === SCOPE.LINK && o.gateway === undefined && !o.group ? SCOPE.LINK : SCOPE.UNIVERSE;
    this.nexthopObjects.fill(made, spec.nhid!);
    return made;
  }

  /** fib_check_nh */
  private nexthop4(route: Route, hop: { index?: number; gateway?: IpAddress; onlink?: boolean }): Nexthop {
    const { ns } = this;
    if (hop.gateway === undefined) {
      // Without gateway and device there is nothing to send to.
      if (hop.index === undefined || hop.index === 0) throw new Errno('ENODEV');
      const link = this.link(hop.index);
      if (route.scope === SCOPE.HOST) return new Nexthop(link, undefined);
      if (!link.up) throw new Errno('ENETDOWN', 'Device for nexthop is not up');
      return new Nexthop(link, undefined);
    }
    if (typeof hop.gateway === 'string') return this.nexthop4via6(hop.gateway, hop.index, hop.onlink === true);
    const { gateway } = hop;
    if (route.scope >= SCOPE.LINK) throw new Errno('EINVAL', 'Nexthop has invalid scope');
    if (hop.onlink) {
      if (ns.addrs.type4(gateway) !== 'unicast') throw new Errno('EINVAL', 'Nexthop has invalid gateway');
      if (!hop.index) throw new Errno('ENODEV', 'Nexthop device required for onlink');
      const link = this.link(hop.index);
      if (!link.up) throw new Errno('ENETDOWN', 'Nexthop device is not up');
      const nh = new Nexthop(link, gateway);
      nh.onlink = true;
      return nh;
    }
    const oif = hop.index ? this.link(hop.index) : null;
    // The gateway must be reachable directly: a route of narrower scope than ours.
    const found = ns.fib.lookup(
      { dst: gateway, src: undefined, iif: null, oif, mark: 0, tos: 0 },
      Math.max(route.scope + 1, SCOPE.LINK),
    );
    if (typeof found === 'string') throw new Errno('ENETUNREACH', 'Nexthop has invalid gateway');
    const { type } = found.route;
    if (type !== 'unicast' && type !== 'local') throw new Errno('EINVAL', 'Nexthop has invalid gateway');
    const link = found.link;
    if (link === null) throw new Errno('ENODEV', 'No egress device for nexthop');
    if (!link.up) throw new Errno('ENETDOWN', 'Nexthop device is not up');
    // An address of this host is no next station: the packets go to their destination itself (nhc_scope is host, not link).
    const nh = new Nexthop(link, type === 'local' ? undefined : gateway);
    if (type === 'local') nh.ownGateway = gateway;
    return nh;
  }

  /** fib_check_nh_v6_gw: a router that is reached with neighbour discovery (RFC 5549). */
  private nexthop4via6(gateway: string, index: number | undefined, onlink: boolean): Nexthop {
    const nh = this.nexthop6({ index, gateway, onlink });
    nh.onlink = onlink;
    return nh;
  }

  /** fib6_nh_init with ip6_validate_gw */
  private nexthop6(hop: { index?: number; gateway?: IpAddress; onlink?: boolean }): Nexthop {
    const { ns } = this;
    const oif = hop.index ? this.link(hop.index) : null;
    if (hop.gateway === undefined) {
      if (oif === null) throw new Errno('ENODEV');
      if (!oif.up) throw new Errno('ENETDOWN', 'Nexthop device is not up');
      return new Nexthop(oif, undefined);
    }
    const gateway = hop.gateway as string;
    if (ns.addrs.isLocal6(gateway)) throw new Errno('EINVAL', 'Gateway can not be a local address');
    if (isLinkLocal6(gateway)) {
      if (oif === null) throw new Errno('EINVAL', 'Egress device not specified');
      if (!oif.up) throw new Errno('ENETDOWN', 'Nexthop device is not up');
      return new Nexthop(oif, gateway);
    }
    if (hop.onlink && oif !== null) {
      const nh = new Nexthop(oif, gateway);
      nh.onlink = true;
      return nh;
    }
    const found = ns.fib.lookup({ dst: gateway, src: undefined, iif: null, oif, mark: 0, tos: 0 });
    if (typeof found === 'string' || found.gateway !== undefined || found.link === null)
      throw new Errno('EHOSTUNREACH');
    return new Nexthop(found.link, gateway);
  }

  private change_(spec: RouteSpec, mode: Mode): void {
    const route = this.build(spec);
    this.put(route, mode);
  }

  /** fib_table_insert. @throws Errno EEXIST, ENOENT */
  put(route: Route, mode: Mode): void {
    const table = this.ns.fib.table(route.family, route.table);
    const peers = table.at(route.dst, route.dstLength);
    const group = peers.filter((r) => r.tos === route.tos && r.metric === route.metric);
    let at = peers.findIndex((r) => r.tos < route.tos || (r.tos === route.tos && r.metric > route.metric));
    if (at < 0) at = peers.length;
    const first = group[0];
    if (first === undefined) {
      if (mode === 'change') throw new Errno('ENOENT');
      this.insert(table, route, at);
      return;
    }
    if (mode === 'add') {
      // IPv6 allows several routes of one metric with different next hops.
      const clash =
        route.family === 'inet' ||
        group.some((r) => r.sameNexthops(route) || !(r.nexthops[0]?.gateway && route.nexthops[0]?.gateway));
      if (clash || route.family === 'inet6') throw new Errno('EEXIST');
    }
    const same = group.find(
      (r) =>
        r.type === route.type &&
        r.scope === route.scope &&
        r.sameNexthops(route) &&
        r.protocol === route.protocol &&
        r.prefSrc === route.prefSrc &&
        sameMetrics(r, route),
    );
    if (mode === 'replace' || mode === 'change') {
      if (same !== undefined && same === first) return;
      if (same !== undefined) throw new Errno('EEXIST');
      const position = peers.indexOf(first);
      table.remove(first);
      this.insert(table, route, position);
      return;
    }
    if (same !== undefined) throw new Errno('EEXIST');
    if (route.family === 'inet6' && mode === 'append') {
      const sibling = group.find((r) => forEcmp(r) && forEcmp(route));
      if (sibling !== undefined) {
        this.join6(table, sibling, route);
        return;
      }
    }
    this.insert(table, route, mode === 'prepend' ? peers.indexOf(first) : at);
  }

  /** fib6_add_rt2node: another next hop of a route that has gateways makes a multipath route of both. @throws Errno EEXIST */
  private join6(table: FibTable<IpAddress>, old: Route, added: Route): void {
    if (added.nexthops.some((n) => old.nexthops.some((o) => o.link === n.link && o.gateway === n.gateway)))
      throw new Errno('EEXIST');
    const position = table.at(old.dst, old.dstLength).indexOf(old);
    const joined = Object.assign(new Route(old.family, old.table, old.type, old.dst, old.dstLength), old, {
      nexthops: [],
    });
    for (const n of [...old.nexthops, ...added.nexthops]) joined.addNexthop(n);
    table.remove(old);
    this.insert(table, joined, position);
  }

  private insert(table: FibTable<IpAddress>, route: Route, at: number): void {
    table.insert(route, at);
    if (route.expires !== undefined)
      this.ns.host.scheduler.after(Math.max(1, route.expires - this.ns.now), () => {
        if (table.at(route.dst, route.dstLength).includes(route)) this.remove(route);
      });
    this.ns.events.emit(() => ({ type: 'route', deleted: false, route: snapshot(route) }));
  }

  /** Takes a route out and, unless it goes quietly, announces it. */
  remove(route: Route, tell = true): void {
    this.ns.fib.table(route.family, route.table).remove(route);
    if (tell) this.ns.events.emit(() => ({ type: 'route', deleted: true, route: snapshot(route) }));
  }

  delete(match: RouteMatch): void {
    const { family } = match;
    const base =
      family === 'inet'
        ? network4(match.dst as number, match.dstLength)
        : network6(match.dst as string, match.dstLength);
    if (family === 'inet' && base !== match.dst) throw new Errno('EINVAL', 'Invalid prefix for given prefix length');
    if (match.nhid !== undefined && (match.index || match.gateway !== undefined || match.nexthops !== undefined))
      throw new Errno('EINVAL', 'Nexthop specification and nexthop id are mutually exclusive');
    const tableId =
      match.table || (match.type === 'local' || match.type === 'broadcast' ? RT_TABLE.LOCAL : RT_TABLE.MAIN);
    const table = this.ns.fib.tables(family).get(tableId);
    if (table === undefined)
      throw new Errno('ESRCH', `${family === 'inet' ? 'ipv4' : 'ipv6'}: FIB table does not exist`);
    const found = table.at(base, match.dstLength).find((r) => {
      if (match.nhid !== undefined && r.nhid !== match.nhid) return false;
      if (match.realms !== undefined && r.realms !== match.realms) return false;
      if (match.tos !== undefined && match.tos !== 0 && r.tos !== match.tos) return false;
      if (match.metric && r.metric !== match.metric) return false;
      if (match.type !== undefined && r.type !== match.type) return false;
      if (match.scope !== undefined && family === 'inet' && match.scope !== SCOPE.NOWHERE && r.scope !== match.scope)
        return false;
      if (match.protocol !== undefined && match.protocol !== 0 && r.protocol !== match.protocol) return false;
      if (match.prefSrc !== undefined && r.prefSrc !== match.prefSrc) return false;
      const hops = match.nexthops ?? [{ index: match.index, gateway: match.gateway }];
      return hops.every((h) =>
        r.nexthops.some(
          (nh) =>
            (h.index === undefined || h.index === 0 || nh.index === h.index) &&
            (h.gateway === undefined || nh.namedGateway === h.gateway),
        ),
      );
    });
    if (found === undefined) throw new Errno('ESRCH');
    this.remove(found);
  }

  get(key: RouteKey): RouteResult {
    const { ns } = this;
    const link = (index: number | undefined): Link | null => {
      if (!index) return null;
      return this.link(index);
    };
    if (typeof key.dst === 'number') return ns.ip4.routing.get(key, link(key.iif), link(key.oif));
    return ns.ip6.routing.get(key, link(key.iif), link(key.oif));
  }

  /** What was learned for single destinations (`ip route show cache`), route by route. */
  cached(family: Family): CachedRoute[] {
    const out: CachedRoute[] = [];
    for (const table of this.ns.fib.tables(family).values())
      for (const route of table.list())
        for (const nh of route.nexthops)
          for (const [dst, learned] of nh.exceptions ?? [])
            if (learned.expires > this.ns.now)
              out.push({
                route: snapshot(route),
                dst,
                index: nh.index,
                gateway: learned.gateway ?? nh.gateway,
                learned,
              });
    return out;
  }

  /** Forgets learned path MTUs and redirects (net.ipv4.route.flush, `ip route flush cache`). */
  forgetExceptions(family: Family): void {
    for (const table of this.ns.fib.tables(family).values())
      for (const route of table.list()) for (const nh of route.nexthops) nh.exceptions = null;
  }

  /**
   * fib_sync_mtu: a learned path MTU above a link's new one comes down to it, and one that was the link's old one goes with it.
   * @param before the link's MTU until now
   */
  linkMtuChanged(link: Link, before: number): void {
    for (const table of this.ns.fib.tables('inet').values())
      for (const route of table.list())
        for (const nh of route.nexthops) {
          if (nh.link !== link || nh.exceptions === null) continue;
          for (const [dst, e] of nh.exceptions) {
            if (e.locked ? link.mtu <= e.mtu : e.mtu > 0 && (link.mtu < e.mtu || before === e.mtu))
              nh.exceptions.set(dst, { ...e, mtu: link.mtu, locked: false });
          }
        }
  }

  // --- the kernel's own routes ----------------------------------------------------------------------------------------

  /** fib_magic: adds a route for an address. */
  addKernel(route: Route): void {
    route.protocol = RTPROT.KERNEL;
    const table = this.ns.fib.table(route.family, route.table);
    const peers = table.at(route.dst, route.dstLength);
    if (
      peers.some(
        (r) =>
          r.type === route.type && r.metric === route.metric && r.sameNexthops(route) && r.prefSrc === route.prefSrc,
      )
    )
      return;
    let at = peers.findIndex((r) => r.metric > route.metric);
    if (at < 0) at = peers.length;
    this.insert(table, route, at);
  }

  /** Removes a kernel route like `route`; true when there was one. */
  removeKernel(route: Route): boolean {
    const table = this.ns.fib.table(route.family, route.table);
    const found = table
      .at(route.dst, route.dstLength)
      .find(
        (r) =>
          r.type === route.type &&
          r.metric === route.metric &&
          r.nexthops[0]?.link === route.nexthops[0]?.link &&
          r.prefSrc === route.prefSrc,
      );
    if (found === undefined) return false;
    this.remove(found);
    return true;
  }

  /** Removes every route of `family` for which `dies`. */
  flush(family: Family, dies: (route: Route) => boolean): void {
    for (const table of this.ns.fib.tables(family).values())
      for (const route of table.list()) if (dies(route)) this.remove(route);
  }

  /** fib_sync_down_dev: the link went down or away. */
  linkDown(link: Link, gone: boolean, only?: Family): void {
    this.nexthopObjects.linkDown(link);
    for (const family of only === undefined ? (['inet', 'inet6'] as const) : [only]) {
      const tables = [...this.ns.fib.tables(family)].sort(([x], [y]) => x - y);
      for (const [, table] of tables)
        for (const route of table.list()) {
          // The kernel keeps the local routes of a link that is merely down: the host still answers for its addresses.
          if (family === 'inet' && route.type === 'local' && !gone) continue;
          if (!route.nexthops.some((nh) => nh.link === link)) continue;
          // Nobody is told of IPv4 routes that go with their link (fib_table_flush).
          if (!route.nexthops.some((nh) => nh.link !== link && !nh.dead)) this.remove(route, family === 'inet6');
          for (const nh of route.nexthops) if (nh.link === link) nh.dead = true;
        }
    }
  }

  /** fib_sync_up: next hops on the link live again. */
  linkUp(link: Link): void {
    for (const table of this.ns.fib.tables4.values()) {
      for (const route of table.list()) for (const nh of route.nexthops) if (nh.link === link) nh.dead = false;
    }
  }

  /** An address is gone: routes that prefer it as source go too (fib_sync_down_addr). */
  addressGone(local: number): void {
    if (isLoopback4(local) && this.ns.addrs.isLocal4(local)) return;
    this.flush('inet', (r) => r.prefSrc === local && r.table !== RT_TABLE.LOCAL);
  }

  /** `default` or `ADDRESS/LENGTH`, for traces. */
  prefixText(route: Route): string {
    return route.dstLength === 0 ? 'default' : `${formatIp(route.dst)}/${route.dstLength}`;
  }
}

/** dst_metrics, which make one fib_info differ from another. */
function sameMetrics(a: Route, b: Route): boolean {
  const x = a.metrics ?? {};
  const y = b.metrics ?? {};
  const keys = new Set([...Object.keys(x), ...Object.keys(y)]);
  return a.mtu === b.mtu && a.advmss === b.advmss && [...keys].every((k) => x[k] === y[k]);
}

/** rt6_qualify_for_ecmp */
function forEcmp(r: Route): boolean {
  return r.nhid === undefined && r.nexthops.every((n) => n.gateway !== undefined);
}

/** A copy as plain data. */
export function snapshot(r: Route): RouteInfo {
  const nexthops: NexthopInfo[] = r.nexthops.map((nh) => ({
    index: nh.index,
    gateway: nh.namedGateway,
    onlink: nh.onlink,
    dead: nh.dead,
    linkdown: nh.linkdown,
    weight: nh.weight,
  }));
  return {
    family: r.family,
    table: r.table,
    type: r.type,
    dst: r.dst,
    dstLength: r.dstLength,
    tos: r.tos,
    scope: r.scope,
    protocol: r.protocol,
    metric: r.metric,
    prefSrc: r.prefSrc,
    nexthops,
    mtu: r.mtu,
    advmss: r.advmss,
    ...(r.realms !== undefined && { realms: r.realms }),
    pref: r.pref,
    expires: r.expires,
    nhid: r.nhid,
    metrics: r.metrics,
  };
}
