/**
 * Which kinds of packets a predicate can match, as far as its words about protocols tell: what nothing can match is refused
 * ("expression rejects all packets"), as libpcap does after its optimizer has found out (gen_code, opt.c).
 */
import type { Predicate } from './tests';

const TYPES = [0x0800, 0x86dd, 0x0806, 0x8035] as const;
const PROTOCOLS = [1, 2, 6, 17, 58, 132] as const;

/** Kinds by EtherType and IP protocol; the last of each stands for all others. */
const ROWS = TYPES.length + 1;
const COLUMNS = PROTOCOLS.length + 1;
const ALL = (1n << BigInt(ROWS * COLUMNS)) - 1n;
const ROW = (1n << BigInt(COLUMNS)) - 1n;

interface Domain {
  /** One bit per kind that can match. */
  readonly kinds: bigint;
  /** Every packet of these kinds matches, so that `not` leaves the other kinds. */
  readonly exact: boolean;
}

const domains = new WeakMap<Predicate, Domain>();

const of = (p: Predicate): Domain => domains.get(p) ?? { kinds: ALL, exact: false };

function mark(p: Predicate, kinds: bigint, exact: boolean): Predicate {
  domains.set(p, { kinds, exact });
  return p;
}

const index = (list: readonly number[], value: number): number => {
  const at = list.indexOf(value);
  return at < 0 ? list.length : at;
};

const row = (type: number): bigint => ROW << BigInt(index(TYPES, type) * COLUMNS);

/** Notes that `p` matches packets of EtherType `type` only. @param exact all of them */
export function onlyType(p: Predicate, type: number, exact = false): Predicate {
  return mark(p, of(p).kinds & row(type), exact && index(TYPES, type) < TYPES.length);
}

/** Notes that `p` matches packets of IP version and protocol only. @param exact all of them */
export function onlyProtocol(p: Predicate, type: 0x0800 | 0x86dd, protocol: number, exact = false): Predicate {
  const column = index(PROTOCOLS, protocol);
  const bit = 1n << BigInt(index(TYPES, type) * COLUMNS + column);
  return mark(p, of(p).kinds & bit, exact && column < PROTOCOLS.length);
}

/** Notes that `p` is the conjunction of two. */
export function intersection(p: Predicate, a: Predicate, b: Predicate): Predicate {
  return mark(p, of(a).kinds & of(b).kinds, of(a).exact && of(b).exact);
}

/** Notes that `p` is the disjunction of two. */
export function union(p: Predicate, a: Predicate, b: Predicate): Predicate {
  return mark(p, of(a).kinds | of(b).kinds, of(a).exact && of(b).exact);
}

/** Notes that `p` is the opposite of `a`. */
export function complement(p: Predicate, a: Predicate): Predicate {
  const { kinds, exact } = of(a);
  return mark(p, exact ? ALL & ~kinds : ALL, exact);
}

/** Matches no packet. */
export const nothing: Predicate = mark(() => false, 0n, true);

/** Can no packet match? */
export function rejectsAll(p: Predicate): boolean {
  return of(p).kinds === 0n;
}
