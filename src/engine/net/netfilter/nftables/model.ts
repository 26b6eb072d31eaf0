/**
 * What a ruleset is made of (include/uapi/linux/netfilter/nf_tables.h): tables, chains, rules, sets, stateful objects.
 *
 * The kernel's expressions pass values through registers; here an expression holds the expressions that give its values
 * ({@link Operand}), which says the same, compiles to closures and prints without decompiling.
 */
import type { Micros } from '../../../core';
import type { HookOps } from '../hook-table';
import type { NatRange } from '../../conntrack/conn';
import type { PktInfo } from '../pktinfo';
import type { Prefilter } from './prefilter';

/** Families of tables. */
export type NftFamily = 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev';

/**
 * One value: numbers in host order for what has at most 53 bits (IPv4 addresses, ports, protocols, marks, interface
 * indexes; EtherTypes), strings for the rest: an IPv6 address as 32 hex digits ({@link ip6Key}: their order is the
 * addresses' order), a MAC as `02:00:00:00:00:01`, an interface name as it is.
 */
export type Scalar = number | string;

/** A value; concatenations (`ip saddr . tcp dport`) are arrays. */
export type Value = Scalar | readonly Scalar[];

/** Where values come from. */
export type Operand =
  /** A header field by nft's name: `ip saddr`, `tcp dport`, `th sport`, `ether type`, `icmp type`. See fields.ts. */
  | { readonly kind: 'payload'; readonly field: string }
  /** `@th,16,16`: base, offset and length in bits (at most 32, or 48 and 128 at byte offsets). */
  | { readonly kind: 'raw'; readonly base: 'll' | 'nh' | 'th' | 'ih'; readonly offset: number; readonly length: number }
  /** `meta KEY`: mark, iif, oif, iifname, oifname, iiftype, l4proto, nfproto, protocol, length, pkttype, ... */
  | { readonly kind: 'meta'; readonly key: string }
  /** `ct [original|reply] [ip|ip6] KEY`: state, direction, status, mark, expiration, saddr, proto-dst, packets, ... */
  | { readonly kind: 'ct'; readonly key: string; readonly dir?: 'original' | 'reply'; readonly family?: 'ip' | 'ip6' }
  /** `fib daddr . iif type`. `check` is `fib ... oif exists`. */
  | { readonly kind: 'fib'; readonly flags: readonly FibFlag[]; readonly result: 'oif' | 'oifname' | 'type' | 'check' }
  | { readonly kind: 'numgen'; readonly mode: 'inc' | 'random'; readonly mod: number; readonly offset: number }
  | {
      readonly kind: 'hash';
      readonly type: 'jhash' | 'symhash';
      readonly source?: Operand;
      readonly mod: number;
      readonly seed?: number;
      readonly offset: number;
    }
  /** `(source & mask) ^ xor` over a number, or over an IPv6 address with hex-digit strings. */
  | { readonly kind: 'bitwise'; readonly source: Operand; readonly mask: Scalar; readonly xor: Scalar }
  | { readonly kind: 'shift'; readonly source: Operand; readonly op: '<<' | '>>'; readonly bits: number }
  | { readonly kind: 'concat'; readonly parts: readonly Operand[] }
  /** The data of the element that `source` finds in a map; no match: the rule ends. `set` is a set's name. */
  | { readonly kind: 'map'; readonly source: Operand; readonly set: string }
  /** IPv6 extension headers: `exthdr hbh nexthdr`; only whether it exists (`check`) or its fields. */
  | { readonly kind: 'exthdr'; readonly header: string; readonly field: string | undefined }
  /** `tcp option maxseg size`. Without a field: whether it exists. */
  | { readonly kind: 'tcpopt'; readonly option: string; readonly field: string | undefined }
  | { readonly kind: 'rt'; readonly key: 'classid' | 'nexthop' | 'mtu' | 'ipsec'; readonly family?: 'ip' | 'ip6' }
  | { readonly kind: 'socket'; readonly key: 'transparent' | 'mark' | 'wildcard' }
  | { readonly kind: 'value'; readonly value: Value };

/** What a fib expression looks at. */
export type FibFlag = 'saddr' | 'daddr' | 'mark' | 'iif' | 'oif';

/** How `cmp` compares. Orders are those of the bytes on the wire. */
export type CmpOp = '==' | '!=' | '<' | '>' | '<=' | '>=';

/** A limit's or quota's numbers are as the user gave them; what they have used up is theirs. */
export interface LimitExpr {
  readonly kind: 'limit';
  /** Packets (or bytes) a `per`. */
  readonly rate: number;
  readonly unit: 'packets' | 'bytes';
  readonly per: 'second' | 'minute' | 'hour' | 'day' | 'week';
  /** Packets or bytes beyond the rate; nft's default is 5 packets, 0 bytes. */
  readonly burst: number;
  /** `limit rate over`. */
  readonly over: boolean;
  /** State: nanoseconds of credit and when they were counted (nft_limit). */
  tokens?: number;
  last?: Micros;
}

/** `counter packets 0 bytes 0`. */
export interface CounterExpr {
  readonly kind: 'counter';
  packets: number;
  bytes: number;
}

/** `quota [over] N bytes`. */
export interface QuotaExpr {
  readonly kind: 'quota';
  readonly bytes: number;
  readonly over: boolean;
  used: number;
}

/** `ct count [over] N`. */
export interface ConnlimitExpr {
  readonly kind: 'connlimit';
  readonly count: number;
  readonly over: boolean;
  /** State: the connections counted. */
  conns?: Set<object>;
}

/** `last used`. */
export interface LastExpr {
  readonly kind: 'last';
  at: Micros | undefined;
}

/** `log ...`. */
export interface LogExpr {
  readonly kind: 'log';
  readonly prefix?: string;
  /** NFLOG group; absent: the kernel's log. */
  readonly group?: number;
  readonly snaplen?: number;
  readonly queueThreshold?: number;
  /** 0..7 (emerg..debug); 4 (warn) unless given. */
  readonly level?: number;
  /** `tcp sequence`, `tcp options`, `ip options`, `skuid`, `ether`. */
  readonly flags?: readonly LogFlag[];
  /** `log level audit`. */
  readonly audit?: boolean;
}

/** What a log line shows beyond the usual. */
export type LogFlag = 'tcp sequence' | 'tcp options' | 'ip options' | 'skuid' | 'ether';

/** What `reject` answers with: `type` and, but for a reset, the code by number of its protocol. */
export interface RejectExpr {
  readonly kind: 'reject';
  readonly type: 'icmp' | 'icmpv6' | 'icmpx' | 'tcp reset';
  readonly code: number;
}

/** Flags of NAT statements. */
export type NatFlags = Pick<NatRange, 'random' | 'fullyRandom' | 'persistent'>;

/** `snat to`, `dnat to`. Each end of a range is an operand, so that maps can give it. */
export interface NatExpr extends NatFlags {
  readonly kind: 'nat';
  readonly type: 'snat' | 'dnat';
  readonly family: 'ip' | 'ip6';
  /** Said by the user although the table tells (`dnat ip to`). */
  readonly sayFamily?: boolean;
  readonly addr?: Operand;
  readonly addrMax?: Operand;
  readonly port?: Operand;
  readonly portMax?: Operand;
  /** `dnat to prefix`: netmap; the length of the prefixes. */
  readonly prefix?: boolean;
  /** `addr` gives address and port in one concatenation (`dnat ip to tcp dport map @m`), or interval ends. */
  readonly concat?: boolean;
  readonly interval?: boolean;
}

/** `masquerade`, `redirect`. */
export interface MasqExpr extends NatFlags {
  readonly kind: 'masq' | 'redir';
  readonly port?: Operand;
  readonly portMax?: Operand;
}

/** `add @set { key timeout 5s limit ... : data }`. */
export interface DynsetExpr {
  readonly kind: 'dynset';
  readonly op: 'add' | 'update' | 'delete';
  readonly set: string;
  readonly key: Operand;
  readonly data?: Operand;
  /** Microseconds. */
  readonly timeout?: Micros;
  /** Copied into each new element. */
  readonly exprs: readonly StatefulExpr[];
}

/** Expressions with a state of their own that elements can have. */
export type StatefulExpr = CounterExpr | LimitExpr | QuotaExpr | ConnlimitExpr | LastExpr;

/** What is done with a packet, or whether it goes on. */
export type Expr =
  /** `prefix`: an interface name that ends in `*`; `value` is what stands before it. */
  | {
      readonly kind: 'cmp';
      readonly left: Operand;
      readonly op: CmpOp;
      readonly value: Value;
      readonly prefix?: boolean;
    }
  | {
      readonly kind: 'range';
      readonly left: Operand;
      readonly op: '==' | '!=';
      readonly from: Scalar;
      readonly to: Scalar;
    }
  /** Is the value in the set? `set` is a name (anonymous sets are called `__set0`, ...). */
  | { readonly kind: 'lookup'; readonly left: Operand; readonly set: string; readonly invert: boolean }
  | { readonly kind: 'vmap'; readonly left: Operand; readonly set: string }
  | VerdictExpr
  | StatefulExpr
  | LogExpr
  | RejectExpr
  | NatExpr
  | MasqExpr
  | { readonly kind: 'notrack' }
  /** Named counters, quotas, limits: by name, or by a map from `key`. */
  | { readonly kind: 'objref'; readonly type: ObjectType; readonly name: string }
  | { readonly kind: 'objmap'; readonly type: ObjectType; readonly key: Operand; readonly set: string }
  /** `meta mark set`, `ct mark set`, `ip ttl set`, `tcp option maxseg size set`. */
  | { readonly kind: 'set'; readonly target: Operand; readonly value: Operand }
  | DynsetExpr
  | {
      readonly kind: 'queue';
      readonly from: number;
      readonly to: number;
      readonly bypass: boolean;
      readonly fanout: boolean;
    }
  | { readonly kind: 'dup'; readonly to: Operand; readonly device?: Operand }
  | { readonly kind: 'fwd'; readonly to: Operand }
  /** iptables-nft's: an xtables match or target with its typed data (xt/extension.ts). */
  | { readonly kind: 'match'; readonly name: string; readonly info: unknown; readonly rev?: number }
  | { readonly kind: 'target'; readonly name: string; readonly info: unknown; readonly rev?: number };

/** A verdict, in a rule or a verdict map. */
export interface Verdict {
  readonly code: 'accept' | 'drop' | 'continue' | 'return' | 'jump' | 'goto';
  /** Of jump and goto. */
  readonly chain?: string;
}

/** `accept`, `jump x`. */
export interface VerdictExpr extends Verdict {
  readonly kind: 'verdict';
}

/** Kinds of stateful objects. */
export type ObjectType =
  'counter' | 'quota' | 'limit' | 'ct helper' | 'ct timeout' | 'ct expectation' | 'secmark' | 'synproxy';

/** A named stateful object. */
export interface NftObject {
  readonly table: Table;
  readonly type: ObjectType;
  readonly name: string;
  readonly handle: number;
  readonly comment: string | undefined;
  readonly state: CounterExpr | QuotaExpr | LimitExpr | { readonly kind: 'other'; readonly text: string };
  use: number;
}

/** One rule. */
export interface Rule {
  readonly chain: Chain;
  /** Unique in its table. */
  readonly handle: number;
  readonly exprs: readonly Expr[];
  readonly comment: string | undefined;
  /** Free for the writer (iptables-nft keeps its compat data here); not printed. */
  readonly userdata?: unknown;
  /** How the writer spells it, for traces: `-A INPUT -p tcp -j ACCEPT`. Otherwise nft's spelling is used. */
  readonly text?: string | (() => string);
}

/** What makes a chain a base chain. */
export interface BaseChain {
  readonly type: 'filter' | 'nat' | 'route';
  /** prerouting, input, forward, output, postrouting, ingress, egress. */
  readonly hook: string;
  readonly priority: number;
  policy: 'accept' | 'drop';
  /** ingress and egress. */
  readonly devices: readonly string[];
  /** The policy's counters, as iptables shows them (nft does not); they count once somebody has set them. */
  counted: boolean;
  packets: number;
  bytes: number;
  /** What is registered with the hook table while the table is not dormant. */
  ops: readonly HookOps[];
}

/** A chain. Read only for others than the ruleset. */
export interface Chain {
  readonly table: Table;
  name: string;
  readonly handle: number;
  readonly base: BaseChain | undefined;
  readonly comment: string | undefined;
  rules: Rule[];
  /** Rules and elements that jump here. */
  use: number;
  /** Chains of the rules among them, and how many of their rules jump here. */
  readonly callers: Map<Chain, number>;
  /** Compiled rules (evaluate.ts); undefined: compile when the next packet comes. */
  code: ((p: PktInfo) => number)[] | undefined;
  /** Of the compiled rules of a long chain; undefined: make it when the next packet comes. */
  prefilter: Prefilter | undefined;
  /** What the rules jump to and which of them are bound to hooks (validate.ts). */
  links: ChainLinks | undefined;
}

/** A chain as the search for loops sees it. */
export interface ChainLinks {
  /** Chains and verdict maps by name. */
  readonly jumps: Set<string>;
  readonly maps: Set<string>;
  /** Expressions that only some hooks and chain types allow. */
  readonly bound: Expr[];
}

/** Element of a set or map. */
export interface SetElement {
  readonly key: Value;
  /** Inclusive end, in sets with intervals; equal to `key` for one value. Part by part in concatenations. */
  readonly end: Value;
  /** Of a map; `end` of an interval in `dataEnd`. */
  readonly data?: Value;
  readonly dataEnd?: Value;
  readonly verdict?: Verdict;
  /** Of a map of objects: the object's name. */
  readonly object?: string;
  readonly comment: string | undefined;
  /** Microseconds; undefined: the set's, 0: never expires. */
  readonly timeout: Micros | undefined;
  /** Absolute virtual time at which it is gone. */
  expires: Micros | undefined;
  readonly exprs: StatefulExpr[];
  /** `*`: what matches when nothing else does. */
  readonly catchall: boolean;
}

/** A set, map or verdict map. Elements are in `elements.ts`'s index. */
export interface NftSet {
  readonly table: Table;
  readonly name: string;
  readonly handle: number;
  readonly anonymous: boolean;
  /** Datatypes by nft's names, one for each part of a concatenation: `['ipv4_addr', 'inet_service']`. */
  readonly keyType: readonly string[];
  /** `typeof`: the expressions whose types they are, as printed (`ip saddr . tcp dport`). */
  readonly keyTypeof?: string;
  readonly dataTypeof?: string;
  /** Absent for a set. `verdict` for a verdict map; an object type for a map of objects. */
  readonly dataType?: readonly string[] | 'verdict' | { readonly object: ObjectType };
  readonly flags: SetFlags;
  /** Of its elements, microseconds. */
  readonly timeout: Micros | undefined;
  readonly gcInterval: Micros | undefined;
  readonly size: number | undefined;
  readonly policy: 'performance' | 'memory';
  readonly comment: string | undefined;
  readonly autoMerge: boolean;
  /** Copied into each element. */
  readonly exprs: readonly StatefulExpr[];
  /** Rules that refer to it. */
  use: number;
  readonly index: ElementIndex;
}

/** Flags of sets. */
export interface SetFlags {
  readonly constant?: boolean;
  readonly interval?: boolean;
  readonly timeout?: boolean;
  readonly dynamic?: boolean;
}

/** How elements are found. */
export interface ElementIndex {
  readonly size: number;
  /** The element that covers the value, if it has not expired. */
  find(value: Value, now: Micros): SetElement | undefined;
  /** The element with exactly these bounds. */
  exact(key: Value, end: Value): SetElement | undefined;
  /** An element that shares a value with key..end. */
  overlapping(key: Value, end: Value, now: Micros): SetElement | undefined;
  add(element: SetElement): void;
  remove(element: SetElement): void;
  clear(): void;
  /** In the order of insertion. */
  values(): Iterable<SetElement>;
}

/** `flowtable`: kept and listed; packets do not take the short cut. */
export interface Flowtable {
  readonly name: string;
  readonly handle: number;
  readonly hook: 'ingress';
  readonly priority: number;
  readonly devices: readonly string[];
}

/** A table. Read only for others than the ruleset. */
export interface Table {
  readonly family: NftFamily;
  readonly name: string;
  readonly handle: number;
  dormant: boolean;
  readonly comment: string | undefined;
  /** In order of creation. */
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, NftSet>;
  /** By `type name`. */
  readonly objects: Map<string, NftObject>;
  readonly flowtables: Map<string, Flowtable>;
  /** Handle of the newest thing in it. */
  handles: number;
}
