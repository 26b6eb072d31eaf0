import type { Micros } from '../../core';
import type { IpAddress } from '../../wire';
import type { Link } from '../link/link';
import type { Family, LearnedRoute, NexthopInfo, RouteInfo, RouteType } from '../types';

/** A learned path MTU or redirect for one destination (fib_nh_exception). */
export type RouteException = LearnedRoute;

/** A next hop of a route; also the result of a lookup, so that none has to be made per packet. */
export class Nexthop implements NexthopInfo {
  route!: Route;
  onlink = false;
  dead = false;
  /** A gateway that is an address of this host: it stands in the route, and nothing is sent to it. */
  ownGateway: IpAddress | undefined = undefined;
  weight = 1;
  /** By destination. */
  exceptions: Map<IpAddress, RouteException> | null = null;

  constructor(
    /** Where packets leave; for local routes the link that has the address. Null for blackholes. */
    public link: Link | null,
    public gateway: IpAddress | undefined,
  ) {}

  get index(): number | undefined {
    return this.link?.index;
  }

  /** The gateway as the route was given it. */
  get namedGateway(): IpAddress | undefined {
    return this.gateway ?? this.ownGateway;
  }

  get linkdown(): boolean {
    const { link } = this;
    // A hop that died with its link counts as without carrier too (fib_sync_down_dev).
    if (this.dead && this.route.family === 'inet') return true;
    return link !== null && link.up && !link.carrier && !link.isLoopback && this.route.type !== 'local';
  }
}

/** Result of routing a packet. */
export type RouteEntry = Nexthop;

/** A route. Immutable once in a table. */
export class Route implements RouteInfo {
  nexthops: Nexthop[] = [];
  tos = 0;
  scope = 0;
  protocol = 3;
  metric = 0;
  prefSrc: IpAddress | undefined = undefined;
  mtu: number | undefined = undefined;
  advmss: number | undefined = undefined;
  /** RTA_FLOW: the realm of origin in the upper, that of destination in the lower 16 bits. */
  realms: number | undefined = undefined;
  /** The next hop object it uses, and metrics beyond mtu and advmss. */
  nhid: number | undefined = undefined;
  metrics: Readonly<Record<string, number | string>> | undefined = undefined;
  pref: 'low' | 'medium' | 'high' | undefined = undefined;
  expires: Micros | undefined = undefined;

  constructor(
    readonly family: Family,
    readonly table: number,
    readonly type: RouteType,
    readonly dst: IpAddress,
    readonly dstLength: number,
  ) {}

  /** The next hop of a flow: by weight among those that are alive, always the same for one hash (unsigned, 32 bits). */
  select(hash: number): Nexthop {
    const alive = this.nexthops.filter((nh) => !nh.dead && nh.link?.up);
    let total = 0;
    for (const nh of alive) total += nh.weight;
    let h = hash % (total || 1);
    for (const nh of alive) {
      h -= nh.weight;
      if (h < 0) return nh;
    }
    return alive[0] ?? this.nexthops[0]!;
  }

  addNexthop(nh: Nexthop): void {
    nh.route = this;
    this.nexthops.push(nh);
  }

  /** Same next hops (what `ip route del` compares, and NLM_F_EXCL's duplicates). */
  sameNexthops(other: Route): boolean {
    if (other.nexthops.length !== this.nexthops.length) return false;
    return this.nexthops.every((nh, i) => {
      const o = other.nexthops[i]!;
      return o.link === nh.link && o.namedGateway === nh.namedGateway;
    });
  }
}

/** Netmasks by prefix length, as signed numbers. */
const MASKS = Array.from({ length: 33 }, (_, n) => (n === 0 ? 0 : -1 << (32 - n)));

/** One routing table of one family: longest prefix match, then TOS, then metric. */
export class FibTable<A extends IpAddress> {
  /** By prefix length, then by network. Routes of one prefix in the order of the kernel: TOS falling, metric rising. */
  private readonly byLength: (Map<A, Route[]> | undefined)[] = [];
  /** Lengths in use, longest first. */
  private lengths: number[] = [];

  constructor(
    readonly id: number,
    private readonly network: (address: A, length: number) => A,
    private readonly compare: (a: Route, b: Route) => number,
  ) {}

  /** What a network is kept under: IPv4 as a signed number, which the engine of the browser keeps without a box. */
  private key(address: A, length: number): A {
    const network = this.network(address, length);
    return (typeof network === 'number' ? network | 0 : network) as A;
  }

  get empty(): boolean {
    return this.lengths.length === 0;
  }

  /** Routes to exactly this prefix. */
  at(dst: A, length: number): readonly Route[] {
    return this.byLength[length]?.get(this.key(dst, length)) ?? [];
  }

  /** Puts `route` at position `index` among the routes of its prefix. */
  insert(route: Route, index: number): void {
    const { dstLength } = route;
    let map = this.byLength[dstLength];
    if (map === undefined) {
      map = new Map();
      this.byLength[dstLength] = map;
      this.lengths.push(dstLength);
      this.lengths.sort((a, b) => b - a);
    }
    const key = this.key(route.dst as A, dstLength);
    const list = map.get(key);
    if (list === undefined) map.set(key, [route]);
    else list.splice(index, 0, route);
  }

  remove(route: Route): void {
    const map = this.byLength[route.dstLength];
    const key = this.key(route.dst as A, route.dstLength);
    const list = map?.get(key);
    if (map === undefined || list === undefined) return;
    const at = list.indexOf(route);
    if (at < 0) return;
    list.splice(at, 1);
    if (list.length > 0) return;
    map.delete(key);
    if (map.size > 0) return;
    this.byLength[route.dstLength] = undefined;
    this.lengths = this.lengths.filter((l) => l !== route.dstLength);
  }

  /** All routes in the order of a dump. */
  list(): Route[] {
    const all: Route[] = [];
    for (const length of this.lengths) for (const list of this.byLength[length]!.values()) all.push(...list);
    // Array#sort is stable: routes of one prefix keep their order.
    return all.sort(this.compare);
  }

  /**
   * The best next hop for `address`; `accept` may refuse one (output link, dead, scope).
   * @returns undefined when nothing matches.
   */
  lookup(address: A, accept: (nh: Nexthop) => boolean): Nexthop | undefined {
    const { lengths } = this;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i]!;
      const key = typeof address === 'number' ? ((address & MASKS[length]!) as A) : this.network(address, length);
      const list = this.byLength[length]!.get(key);
      if (list === undefined) continue;
      for (let j = 0; j < list.length; j++) {
        const { nexthops } = list[j]!;
        for (let k = 0; k < nexthops.length; k++) if (accept(nexthops[k]!)) return nexthops[k];
      }
    }
    return undefined;
  }
}
