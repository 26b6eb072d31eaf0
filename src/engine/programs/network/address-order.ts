/** The order in which getaddrinfo(3) returns addresses: RFC 6724 section 6 with the default policy table, as glibc has it. */
import type { Sys } from '../../host';
import type { IpAddress } from '../../wire';
import { ip6Bytes, isLinkLocal4, isLinkLocal6, isLoopback4, isMulticast6, prefixContains6 } from '../../wire';

/** Prefix, length, label, precedence of glibc's default tables (gai.conf(5)). */
const POLICY: readonly (readonly [string, number, number, number])[] = [
  ['::1', 128, 0, 50],
  ['2002::', 16, 2, 30],
  ['2001::', 32, 7, 40],
  ['fec0::', 10, 5, 40],
  ['fc00::', 7, 6, 40],
  ['::ffff:0:0', 96, 4, 10],
  ['::', 96, 3, 20],
  ['::', 0, 1, 40],
];

function policy(a: IpAddress): { label: number; precedence: number } {
  if (typeof a === 'number') return { label: 4, precedence: 10 };
  const row = POLICY.find(([prefix, length]) => prefixContains6(prefix, length, a))!;
  return { label: row[2], precedence: row[3] };
}

/** Scope as RFC 4007 numbers it: 2 link-local, 5 site-local, 14 global. */
function scopeOf(a: IpAddress): number {
  if (typeof a === 'number') return isLoopback4(a) || isLinkLocal4(a) ? 2 : 14;
  if (isMulticast6(a)) return ip6Bytes(a)[1]! & 15;
  if (a === '::1' || isLinkLocal6(a)) return 2;
  return prefixContains6('fec0::', 10, a) ? 5 : 14;
}

/** Leading bits that two addresses of one family share. */
function common(a: IpAddress, b: IpAddress): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.clz32(a ^ b);
  const x = ip6Bytes(a as string);
  const y = ip6Bytes(b as string);
  for (let i = 0; i < 16; i++) if (x[i] !== y[i]) return i * 8 + Math.clz32(x[i]! ^ y[i]!) - 24;
  return 128;
}

interface Candidate {
  readonly address: IpAddress;
  /** The source address that the kernel would choose; undefined when there is no route. */
  readonly source: IpAddress | undefined;
  readonly deprecated: boolean;
  /** Bits shared with the source. */
  readonly shared: number;
}

function candidate(sys: Sys, address: IpAddress): Candidate {
  let source: IpAddress | undefined;
  try {
    const route = sys.net.routes.get({ dst: address });
    source = route.prefSrc;
  } catch {
    source = undefined;
  }
  const own = source === undefined ? undefined : sys.net.addrs.list().find((a) => a.local === source);
  let shared = 0;
  if (source !== undefined) {
    shared = common(address, source);
    // An IPv4 address counts only in the subnet of the source.
    if (typeof address === 'number' && own && shared < own.prefixLength) shared = 0;
  }
  return { address, source, deprecated: own?.deprecated ?? false, shared };
}

function compare(a: Candidate, b: Candidate): number {
  const prefer = (x: boolean, y: boolean): number => Number(y) - Number(x);
  const rules: (() => number)[] = [
    () => prefer(a.source !== undefined, b.source !== undefined),
    () =>
      a.source === undefined || b.source === undefined
        ? 0
        : prefer(scopeOf(a.address) === scopeOf(a.source), scopeOf(b.address) === scopeOf(b.source)),
    () => prefer(!a.deprecated, !b.deprecated),
    () =>
      a.source === undefined || b.source === undefined
        ? 0
        : prefer(
            policy(a.address).label === policy(a.source).label,
            policy(b.address).label === policy(b.source).label,
          ),
    () => policy(b.address).precedence - policy(a.address).precedence,
    () => scopeOf(a.address) - scopeOf(b.address),
    () => (typeof a.address === typeof b.address ? b.shared - a.shared : 0),
  ];
  for (const rule of rules) {
    const r = rule();
    if (r !== 0) return r;
  }
  return 0;
}

/** Sorts destinations, best first; equals stay in the order they came in. */
export function orderAddresses(sys: Sys, addresses: readonly IpAddress[]): IpAddress[] {
  if (addresses.length < 2) return [...addresses];
  return addresses
    .map((a) => candidate(sys, a))
    .sort(compare)
    .map((c) => c.address);
}
