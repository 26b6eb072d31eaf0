/** A rule of iptables: what both kernels (ip_tables and nf_tables) and the command line mean by it. */
import type { AnyExtension } from './index';
import type { Masked, XtFamily } from './values';

/** Packets and bytes that met a rule or policy. */
export interface XtCounters {
  packets: number;
  bytes: number;
}

/** One -m. */
export interface XtRuleMatch {
  readonly extension: AnyExtension;
  readonly info: unknown;
}

/** Verdicts that are written like targets. */
export type XtVerdict = 'ACCEPT' | 'DROP' | 'RETURN' | 'QUEUE';

/** What -j and -g say. */
export type XtRuleTarget =
  | { readonly kind: 'none' }
  | { readonly kind: 'verdict'; readonly verdict: XtVerdict }
  | { readonly kind: 'chain'; readonly chain: string; readonly goto: boolean }
  | { readonly kind: 'extension'; readonly extension: AnyExtension; readonly info: unknown };

/** A sign and what it stands before. */
export interface Signed<T> {
  readonly value: T;
  readonly inverted: boolean;
}

/** A rule without its place. */
export interface XtRule {
  readonly family: XtFamily;
  readonly source: Signed<Masked> | undefined;
  readonly destination: Signed<Masked> | undefined;
  /** Interface names; `eth+` for all that begin so. */
  readonly input: Signed<string> | undefined;
  readonly output: Signed<string> | undefined;
  /** Protocol number; undefined for all. */
  readonly protocol: Signed<number> | undefined;
  /** -f; inverted: heads and whole packets. */
  readonly fragment: Signed<true> | undefined;
  readonly matches: readonly XtRuleMatch[];
  readonly target: XtRuleTarget;
  /** Live: the kernel counts here. */
  readonly counters: XtCounters;
}

/** Tables of iptables with their hooks, in the kernel's order of hooks. */
export interface BuiltinTable {
  readonly name: string;
  /** Chains with hook number, nft's hook name and priority. */
  readonly chains: readonly {
    readonly name: string;
    readonly hook: string;
    readonly number: number;
    readonly priority: number;
  }[];
  /** Type of the chains in nf_tables. */
  readonly type: (chain: string) => 'filter' | 'nat' | 'route';
}

const PRE = { name: 'PREROUTING', hook: 'prerouting', number: 0 };
const IN = { name: 'INPUT', hook: 'input', number: 1 };
const FWD = { name: 'FORWARD', hook: 'forward', number: 2 };
const OUT = { name: 'OUTPUT', hook: 'output', number: 3 };
const POST = { name: 'POSTROUTING', hook: 'postrouting', number: 4 };
const at = (priority: number, ...chains: (typeof PRE)[]) => chains.map((c) => ({ ...c, priority }));

/** In the order in which iptables-save (nf_tables) prints them. */
export const BUILTIN_TABLES: readonly BuiltinTable[] = [
  { name: 'mangle', chains: at(-150, PRE, IN, FWD, OUT, POST), type: (c) => (c === 'OUTPUT' ? 'route' : 'filter') },
  { name: 'security', chains: at(50, IN, FWD, OUT), type: () => 'filter' },
  { name: 'raw', chains: at(-300, PRE, OUT), type: () => 'filter' },
  { name: 'filter', chains: at(0, IN, FWD, OUT), type: () => 'filter' },
  { name: 'nat', chains: [...at(-100, PRE), ...at(100, IN), ...at(-100, OUT), ...at(100, POST)], type: () => 'nat' },
];

/** A builtin table. */
export function builtinTable(name: string): BuiltinTable | undefined {
  return BUILTIN_TABLES.find((t) => t.name === name);
}

/** A rule that matches everything and does nothing. */
export function emptyRule(family: XtFamily): XtRule {
  return {
    family,
    source: undefined,
    destination: undefined,
    input: undefined,
    output: undefined,
    protocol: undefined,
    fragment: undefined,
    matches: [],
    target: { kind: 'none' },
    counters: { packets: 0, bytes: 0 },
  };
}
