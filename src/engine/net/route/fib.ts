import type { ErrnoCode } from '../../core';
import type { Ip4, IpAddress } from '../../wire';
import { contains4, containsIp, network4, network6 } from '../../wire';
import { ip6Bytes } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Family, RouteType, RuleInfo } from '../types';
import { RT_TABLE, SCOPE } from '../types';
import type { Nexthop, Route } from './lookup';
import { FibTable } from './lookup';

/** What a lookup is about. Link indices 0 and addresses 0/undefined are wildcards. */
export interface Flow {
  dst: IpAddress;
  src: IpAddress | undefined;
  iif: Link | null;
  oif: Link | null;
  mark: number;
  tos: number;
}

/** Outcome of a lookup: a next hop, or why there is none. */
export type FibResult = Nexthop | ErrnoCode;

function order4(a: Route, b: Route): number {
  return (a.dst as number) - (b.dst as number) || b.dstLength - a.dstLength;
}

/** fib6_walk: subtrees before their root. */
function order6(a: Route, b: Route): number {
  const x = ip6Bytes(a.dst as string);
  const y = ip6Bytes(b.dst as string);
  const common = Math.min(a.dstLength, b.dstLength);
  for (let bit = 0; bit < common; bit++) {
    const d = ((x[bit >> 3]! >> (7 - (bit & 7))) & 1) - ((y[bit >> 3]! >> (7 - (bit & 7))) & 1);
    if (d !== 0) return d;
  }
  return b.dstLength - a.dstLength;
}

/** The error a route type stands for. */
const ERRORS: Partial<Record<RouteType, ErrnoCode>> = {
  unreachable: 'EHOSTUNREACH',
  prohibit: 'EACCES',
  blackhole: 'EINVAL',
};

/** The forwarding information base: tables and the lookup through the policy rules (net/ipv4/fib_*.c, net/ipv6/ip6_fib.c). */
export class Fib {
  readonly tables4 = new Map<number, FibTable<number>>();
  readonly tables6 = new Map<number, FibTable<string>>();
  /** The table and rule of the last successful lookup, for traces. */
  lastTable = 0;
  lastRule = 0;
  /** What the rules may ask for beyond addresses and marks: set by whoever looks a packet up; 0 matches nothing. */
  protocol = 0;
  srcPort = 0;
  dstPort = 0;
  uid = 0;
  private oif: Link | null = null;
  private minScope = 0;
  private ignoreLinkdown = false;
  private readonly accept = (nh: Nexthop): boolean => this.usable(nh);

  constructor(private readonly ns: NetNamespace) {
    this.table4(RT_TABLE.LOCAL);
    this.table4(RT_TABLE.MAIN);
    this.table6(RT_TABLE.LOCAL);
    this.table6(RT_TABLE.MAIN);
  }

  /** The IPv4 table `id`, made if needed. */
  table4(id: number): FibTable<number> {
    let t = this.tables4.get(id);
    if (t === undefined) this.tables4.set(id, (t = new FibTable<number>(id, network4, order4)));
    return t;
  }

  /** The IPv6 table `id`, made if needed. */
  table6(id: number): FibTable<string> {
    let t = this.tables6.get(id);
    if (t === undefined) this.tables6.set(id, (t = new FibTable<string>(id, network6, order6)));
    return t;
  }

  table(family: Family, id: number): FibTable<IpAddress> {
    return (family === 'inet' ? this.table4(id) : this.table6(id)) as FibTable<IpAddress>;
  }

  tables(family: Family): ReadonlyMap<number, FibTable<IpAddress>> {
    return (family === 'inet' ? this.tables4 : this.tables6) as ReadonlyMap<number, FibTable<IpAddress>>;
  }

  private usable(nh: Nexthop): boolean {
    if (nh.dead) return false;
    const { link, route } = nh;
    if (
      this.oif !== null &&
      link !== this.oif &&
      route.type !== 'blackhole' &&
      route.type !== 'unreachable' &&
      route.type !== 'prohibit'
    ) {
      return false;
    }
    if (route.scope < this.minScope) return false;
    if (link !== null && route.type === 'unicast') {
      if (!link.up) return false;
      if (this.ignoreLinkdown && nh.linkdown && this.ns.ignoresLinkdown(link)) return false;
    }
    return true;
  }

  /** Looks `flow` up through the rules. @param minScope routes of a narrower scope only (`fl4.flowi4_scope`). */
  lookup(flow: Flow, minScope: number = SCOPE.UNIVERSE): FibResult {
    this.oif = flow.oif;
    this.minScope = minScope;
    this.ignoreLinkdown = true;
    const { dst } = flow;
    const family = typeof dst === 'number' ? 'inet' : 'inet6';
    if (!this.ns.rules.custom[family]) {
      const tables = this.tables(family);
      const ids = family === 'inet' ? TABLES4 : TABLES6;
      for (let i = 0; i < ids.length; i++) {
        const table = tables.get(ids[i]!);
        if (table === undefined || table.empty) continue;
        const nh = table.lookup(dst, this.accept);
        if (nh === undefined) continue;
        // IPv4's local and main tables are one trie as long as nobody made rules: a longer prefix in main comes first.
        if (i === 0 && family === 'inet' && nh.route.dstLength < 32) {
          const main = tables.get(RT_TABLE.MAIN)?.lookup(dst, this.accept);
          if (main !== undefined && main.route.dstLength > nh.route.dstLength) continue;
        }
        this.lastTable = table.id;
        this.lastRule = RULES[i]!;
        const error = ERRORS[nh.route.type];
        if (error !== undefined) return error;
        if (nh.route.type !== 'throw') return nh;
      }
      return 'ENETUNREACH';
    }
    let from = 0;
    for (const rule of this.ns.rules.of(family)) {
      if (rule.priority < from) continue;
      if (this.matches(rule, flow) === rule.not) continue;
      switch (rule.action) {
        case 'goto':
          // A target that is not there yet is passed over.
          if (this.ns.rules.of(family).some((r) => r.priority === rule.target)) from = rule.target ?? 0;
          continue;
        case 'unreachable':
          return 'ENETUNREACH';
        case 'prohibit':
          return 'EACCES';
        case 'blackhole':
          return 'EINVAL';
        case 'nop':
          continue;
        case 'lookup': {
          const nh = this.tables(family).get(rule.table)?.lookup(dst, this.accept);
          if (nh === undefined || nh.route.type === 'throw') continue;
          if (rule.suppressPrefixLength !== undefined && nh.route.dstLength <= rule.suppressPrefixLength) continue;
          if (rule.suppressIfgroup !== undefined && nh.link?.info().group === rule.suppressIfgroup) continue;
          this.lastTable = rule.table;
          this.lastRule = rule.priority;
          return ERRORS[nh.route.type] ?? nh;
        }
      }
    }
    return 'ENETUNREACH';
  }

  private matches(rule: RuleInfo, flow: Flow): boolean {
    // Tunnels here leave no metadata behind (`external`), so that no packet has a key.
    if (rule.l3mdev || rule.tunId !== undefined) return false;
    if (rule.ipproto !== undefined && rule.ipproto !== this.protocol) return false;
    if (rule.sport !== undefined && !inRange(this.srcPort, rule.sport)) return false;
    if (rule.dport !== undefined && !inRange(this.dstPort, rule.dport)) return false;
    if (rule.uidRange !== undefined && !inRange(this.uid, rule.uidRange)) return false;
    return matchesRule(rule, flow);
  }

  /** The type of a local table entry for `address` (inet_addr_type), if given of `link` (..._dev_table); unicast when there is none. */
  addressType(address: Ip4, link?: Link): RouteType {
    this.oif = null;
    this.minScope = 0;
    this.ignoreLinkdown = false;
    const found = this.table4(RT_TABLE.LOCAL).lookup(address, this.accept);
    return found === undefined || (link !== undefined && found.link !== link) ? 'unicast' : found.route.type;
  }
}

const TABLES4 = [RT_TABLE.LOCAL, RT_TABLE.MAIN, RT_TABLE.DEFAULT] as const;
const TABLES6 = [RT_TABLE.LOCAL, RT_TABLE.MAIN] as const;
const RULES = [0, 32766, 32767] as const;

function inRange(n: number, [low, high]: readonly [number, number]): boolean {
  return n >= low && n <= high;
}

function matchesRule(rule: RuleInfo, flow: Flow): boolean {
  const { src, dst } = rule;
  if (src !== undefined && (flow.src === undefined || !within(src, rule.srcLength, flow.src))) return false;
  if (dst !== undefined && !within(dst, rule.dstLength, flow.dst)) return false;
  if (rule.iif !== undefined && (flow.iif?.name ?? 'lo') !== rule.iif) return false;
  if (rule.oif !== undefined && flow.oif?.name !== rule.oif) return false;
  if (rule.fwmark !== undefined && (flow.mark & (rule.fwmask || 0xffffffff)) !== rule.fwmark) return false;
  return rule.tos === 0 || rule.tos === flow.tos;
}

function within(network: IpAddress, length: number, address: IpAddress): boolean {
  if (typeof network === 'number' && typeof address === 'number') return contains4(network, length, address);
  return containsIp(network, length, address);
}
