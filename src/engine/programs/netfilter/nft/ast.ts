/** What nft's parser makes of its input; names and types are resolved later (evaluate.ts). */
import type { NftFamily, LogFlag, ObjectType, Operand } from '../../../net/netfilter/nftables';
import type { Loc } from './lexer';

/** A value or an expression. */
export type Node = { readonly loc: Loc } & (
  | { readonly k: 'symbol'; readonly text: string; readonly quoted: boolean }
  | { readonly k: 'number'; readonly text: string }
  | { readonly k: 'wildcard'; readonly text: string }
  | { readonly k: 'any' }
  | { readonly k: 'setref'; readonly name: string }
  /** A selector: payload, meta, ct, fib, numgen, hash... For hash the source is apart. */
  | { readonly k: 'operand'; readonly op: Operand; readonly source?: Node }
  | { readonly k: 'prefix'; readonly value: Node; readonly length: number }
  | { readonly k: 'range'; readonly from: Node; readonly to: Node }
  | { readonly k: 'list'; readonly items: readonly Node[] }
  | { readonly k: 'concat'; readonly parts: readonly Node[] }
  | { readonly k: 'set'; readonly elements: readonly ElementNode[] }
  | { readonly k: 'map'; readonly key: Node; readonly map: Node }
  | {
      readonly k: 'binop';
      readonly op: '&' | '|' | '^' | '<<' | '>>' | '+' | '-';
      readonly left: Node;
      readonly right: Node;
    }
  | {
      readonly k: 'verdict';
      readonly code: 'accept' | 'drop' | 'continue' | 'return' | 'jump' | 'goto';
      readonly chain?: string;
      readonly chainLoc?: Loc;
    }
);

/** Element of a set. */
export interface ElementNode {
  readonly key: Node;
  readonly data?: Node;
  readonly timeout?: number;
  readonly expires?: number;
  readonly comment?: string;
  readonly stateful: readonly Statement[];
  readonly loc: Loc;
}

/** One statement of a rule. */
export type Statement = { readonly loc: Loc } & (
  | { readonly s: 'match'; readonly left: Node; readonly op: string; readonly right: Node }
  | { readonly s: 'vmap'; readonly left: Node; readonly map: Node }
  | { readonly s: 'verdict'; readonly verdict: Extract<Node, { k: 'verdict' }> }
  | { readonly s: 'counter'; readonly packets: number; readonly bytes: number }
  | { readonly s: 'objref'; readonly type: ObjectType; readonly name: Node }
  | {
      readonly s: 'limit';
      readonly rate: number;
      readonly unit: 'packets' | 'bytes';
      readonly per: 'second' | 'minute' | 'hour' | 'day' | 'week';
      readonly burst?: number;
      readonly over: boolean;
    }
  | { readonly s: 'quota'; readonly bytes: number; readonly used: number; readonly over: boolean }
  | { readonly s: 'connlimit'; readonly count: number; readonly over: boolean }
  | {
      readonly s: 'log';
      readonly prefix?: string;
      readonly group?: number;
      readonly snaplen?: number;
      readonly queueThreshold?: number;
      readonly level?: number;
      readonly audit?: boolean;
      readonly flags: readonly LogFlag[];
    }
  | { readonly s: 'reject'; readonly type?: 'icmp' | 'icmpv6' | 'icmpx' | 'tcp reset'; readonly code?: Node }
  | {
      readonly s: 'nat';
      readonly type: 'snat' | 'dnat' | 'masquerade' | 'redirect';
      readonly family?: 'ip' | 'ip6';
      readonly addr?: Node;
      readonly port?: Node;
      readonly prefix: boolean;
      readonly flags: ReadonlySet<string>;
    }
  | { readonly s: 'notrack' }
  | { readonly s: 'set'; readonly target: Node; readonly value: Node }
  | {
      readonly s: 'dynset';
      readonly op: 'add' | 'update' | 'delete';
      readonly set: string;
      readonly setLoc: Loc;
      readonly key: Node;
      readonly data?: Node;
      readonly timeout?: number;
      readonly stateful: readonly Statement[];
    }
  | { readonly s: 'queue'; readonly from: number; readonly to: number; readonly flags: ReadonlySet<string> }
  | { readonly s: 'dup'; readonly to: Node; readonly device?: Node }
  | { readonly s: 'fwd'; readonly to: Node }
  | { readonly s: 'missing'; readonly what: string }
);

/** A rule as written. */
export interface RuleNode {
  readonly statements: readonly Statement[];
  readonly comment?: string;
  readonly loc: Loc;
}

/** A base chain's definition. */
export interface BaseNode {
  type: string;
  typeLoc: Loc;
  hook: string;
  hookLoc: Loc;
  priority: Node | undefined;
  /** Added to a named priority. */
  offset: number;
  priorityLoc: Loc;
  devices: string[];
}

/** What stands in a chain's braces. */
export interface ChainBody {
  base?: BaseNode;
  policy?: 'accept' | 'drop';
  comment?: string;
  rules: RuleNode[];
  loc: Loc;
}

/** What stands in a set's braces. */
export interface SetBody {
  key?: readonly string[];
  keyTypeof?: Node;
  /** Data of a map; `['verdict']` or an object type. */
  data?: readonly string[];
  dataTypeof?: Node;
  dataObject?: ObjectType;
  dataInterval?: boolean;
  flags: Set<string>;
  timeout?: number;
  gcInterval?: number;
  size?: number;
  policy?: 'performance' | 'memory';
  comment?: string;
  autoMerge: boolean;
  stateful: Statement[];
  elements?: Extract<Node, { k: 'set' }>;
  unknown?: { name: string; loc: Loc };
  loc: Loc;
}

/** One command. */
export interface Command {
  readonly op:
    | 'add'
    | 'create'
    | 'insert'
    | 'replace'
    | 'delete'
    | 'list'
    | 'flush'
    | 'reset'
    | 'rename'
    | 'get'
    | 'monitor'
    | 'describe'
    | 'missing';
  /** `table`, `chain`, `rule`, `set`, `map`, `element`, `counter`, ..., plural for lists. */
  readonly obj: string;
  readonly family: NftFamily;
  readonly familyGiven: boolean;
  readonly table?: string;
  /** Chain, set, object or flowtable. */
  readonly name?: string;
  readonly locs: { table?: Loc; name?: Loc; handle?: Loc; position?: Loc };
  readonly handle?: number;
  readonly position?: { handle?: number; index?: number };
  readonly newName?: string;
  readonly rule?: RuleNode;
  readonly chain?: ChainBody;
  readonly set?: SetBody;
  readonly elements?: Extract<Node, { k: 'set' }>;
  readonly object?: Statement;
  readonly objectText?: string;
  readonly comment?: string;
  readonly dormant?: boolean;
  readonly devices?: readonly string[];
  readonly priority?: number;
  readonly node?: Node;
  readonly text?: string;
  readonly loc: Loc;
}
