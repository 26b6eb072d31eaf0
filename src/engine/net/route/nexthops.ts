/** Next hop objects (`ip nexthop`, net/ipv4/nexthop.c): next hops with a number that many routes share, and groups of them. */
import { Errno } from '../../core';
import type { IpAddress } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Family } from '../types';
import { SCOPE } from '../types';
import { Nexthop } from './lookup';
import type { Route } from './lookup';

/** One object. Exactly one of `group`, `blackhole` and `link` says what it is. */
export interface NexthopObject {
  readonly id: number;
  readonly family: Family;
  readonly protocol: number;
  readonly scope: number;
  readonly link: Link | undefined;
  readonly gateway: IpAddress | undefined;
  readonly onlink: boolean;
  readonly blackhole: boolean;
  readonly group: readonly { readonly id: number; readonly weight: number }[] | undefined;
}

/** What `ip nexthop add` gives. Without `id` the kernel chooses one. */
export interface NexthopSpec {
  id?: number;
  family: Family;
  protocol?: number;
  index?: number;
  gateway?: IpAddress;
  onlink?: boolean;
  blackhole?: boolean;
  group?: readonly { id: number; weight: number }[];
}

/** The objects of a namespace. */
export class NexthopObjects {
  private readonly objects = new Map<number, NexthopObject>();

  constructor(private readonly ns: NetNamespace) {}

  /** In order of their numbers. */
  list(): NexthopObject[] {
    return [...this.objects.values()].sort((a, b) => a.id - b.id);
  }

  get(id: number): NexthopObject | undefined {
    return this.objects.get(id);
  }

  /** @throws Errno EEXIST, EINVAL, ENODEV ... */
  add(spec: NexthopSpec, replace = false): void {
    let { id } = spec;
    if (id === undefined || id === 0) {
      id = 1;
      while (this.objects.has(id)) id++;
    }
    const old = this.objects.get(id);
    if (old !== undefined && !replace) throw new Errno('EEXIST');
    const made = this.build(id, spec);
    if (old !== undefined && (old.group === undefined) !== (made.group === undefined))
      throw new Errno(
        'EINVAL',
        `Can not replace a nexthop${old.group ? ' group' : ''} with a nexthop${made.group ? ' group' : ''}.`,
      );
    this.objects.set(id, made);
    if (old !== undefined) this.rebuild(id);
  }

  private build(id: number, spec: NexthopSpec): NexthopObject {
    const { ns } = this;
    const base = { id, family: spec.family, protocol: spec.protocol ?? 0, onlink: spec.onlink ?? false };
    if (spec.group !== undefined) {
      const ids = spec.group.map((member) => member.id);
      for (const member of spec.group) {
        const o = this.objects.get(member.id);
        if (o === undefined) throw new Errno('EINVAL', 'Invalid nexthop id');
        if (ids.indexOf(member.id) !== ids.lastIndexOf(member.id))
          throw new Errno('EINVAL', 'Nexthop id can not be used twice in a group');
        if (o.group !== undefined)
          throw new Errno('EINVAL', 'Hash-threshold group can not be a nexthop within a group');
        if (o.blackhole && spec.group.length > 1)
          throw new Errno('EINVAL', 'Blackhole nexthop can not be used in a group with more than 1 path');
      }
      return {
        ...base,
        scope: SCOPE.UNIVERSE,
        link: undefined,
        gateway: undefined,
        blackhole: false,
        group: spec.group,
      };
    }
    if (spec.blackhole)
      return { ...base, scope: SCOPE.UNIVERSE, link: undefined, gateway: undefined, blackhole: true, group: undefined };
    const link = spec.index === undefined ? undefined : ns.links.get(spec.index);
    if (link === undefined)
      throw new Errno('EINVAL', 'Device attribute required for non-blackhole and non-fdb nexthops');
    if (!link.up) throw new Errno('ENETDOWN', 'Nexthop device is not up');
    const { gateway } = spec;
    if (gateway !== undefined && !base.onlink) {
      if (typeof gateway === 'number') {
        const found = ns.fib.lookup(
          { dst: gateway, src: undefined, iif: null, oif: link, mark: 0, tos: 0 },
          SCOPE.LINK,
        );
        if (typeof found === 'string' || found.link !== link) throw new Errno('EINVAL', 'Nexthop has invalid gateway');
      } else if (ns.addrs.isLocal6(gateway)) throw new Errno('EINVAL', 'Gateway can not be a local address');
    }
    const scope = gateway === undefined ? SCOPE.HOST : SCOPE.LINK;
    return { ...base, scope, link, gateway, blackhole: false, group: undefined };
  }

  /** Gives `route` the next hops of object `id`. @throws Errno EINVAL "Nexthop id does not exist" */
  fill(route: Route, id: number): void {
    const o = this.objects.get(id);
    if (o === undefined) throw new Errno('EINVAL', 'Nexthop id does not exist');
    route.nhid = id;
    route.nexthops = [];
    const add = (member: NexthopObject, weight: number): void => {
      const nh = new Nexthop(member.blackhole ? this.ns.loopback : (member.link ?? null), member.gateway);
      nh.onlink = member.onlink;
      nh.weight = weight;
      route.addNexthop(nh);
    };
    if (o.group === undefined) add(o, 1);
    else
      for (const { id: member, weight } of o.group) {
        const m = this.objects.get(member);
        if (m !== undefined) add(m, weight);
      }
  }

  private routesOf(id: number): Route[] {
    const out: Route[] = [];
    for (const family of ['inet', 'inet6'] as const)
      for (const table of this.ns.fib.tables(family).values())
        for (const route of table.list()) if (route.nhid === id) out.push(route);
    return out;
  }

  /** The object changed: its routes and those of its groups follow. */
  private rebuild(id: number): void {
    for (const o of this.objects.values())
      if (o.id === id || o.group?.some((m) => m.id === id))
        for (const route of this.routesOf(o.id)) this.fill(route, o.id);
  }

  /** Removes an object from its groups, and the routes that have nothing else. @throws Errno ENOENT */
  delete(id: number): void {
    if (!this.objects.delete(id)) throw new Errno('ENOENT');
    for (const route of this.routesOf(id)) this.ns.routes.remove(route);
    for (const o of [...this.objects.values()]) {
      if (!o.group?.some((m) => m.id === id)) continue;
      const group = o.group.filter((m) => m.id !== id);
      if (group.length === 0) this.delete(o.id);
      else {
        this.objects.set(o.id, { ...o, group });
        this.rebuild(o.id);
      }
    }
  }

  /** nexthop_flush_dev: the link is down or gone. */
  linkDown(link: Link): void {
    for (const o of [...this.objects.values()]) if (o.link === link && this.objects.has(o.id)) this.delete(o.id);
  }
}
