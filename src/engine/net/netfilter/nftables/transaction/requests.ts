/** What the requests of a batch are told, and what they leave for `nft monitor` (NFT_MSG_*). */
import type { Micros } from '../../../../core';
import type {
  Chain,
  Expr,
  Flowtable,
  NftFamily,
  NftObject,
  NftSet,
  Rule,
  SetElement,
  SetFlags,
  StatefulExpr,
  Table,
  Value,
  Verdict,
} from '../model';

/** Names a chain. */
export interface ChainRef {
  readonly family: NftFamily;
  readonly table: string;
  readonly chain: string;
}

/** What makes a chain a base chain, as asked for. */
export interface BaseSpec {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: string;
  readonly priority: number;
  readonly devices?: readonly string[];
}

/** What `newChain` is told. */
export interface ChainSpec {
  readonly base?: BaseSpec;
  /** May also change an existing base chain's. */
  readonly policy?: 'accept' | 'drop';
  /** Initial counters of the policy. */
  readonly counters?: readonly [packets: number, bytes: number];
  readonly comment?: string;
  /** NLM_F_EXCL: fail when it is there (`create`). */
  readonly exclusive?: boolean;
}

/** What `newRule` is told. The expressions become the rule's own: their counters count. */
export interface RuleSpec {
  readonly exprs: readonly Expr[];
  readonly comment?: string;
  readonly userdata?: unknown;
  readonly text?: string | (() => string);
}

/** Where a rule goes: at the end unless told otherwise. */
export interface RulePlace {
  /** Before all (or before `handle` or `index`) instead of after. */
  readonly insert?: boolean;
  /** Next to the rule with this handle. */
  readonly handle?: number;
  /** Next to the rule at this place, from 0. */
  readonly index?: number;
  /** Instead of the rule with this handle. */
  readonly replace?: number;
}

/** What `newSet` is told. */
export interface SetSpec {
  /** `__set%d` and `__map%d` get the next free number. */
  readonly name: string;
  readonly anonymous?: boolean;
  readonly keyType: readonly string[];
  readonly keyTypeof?: string;
  readonly dataTypeof?: string;
  readonly dataType?: NftSet['dataType'];
  readonly flags?: SetFlags;
  readonly timeout?: Micros;
  readonly gcInterval?: Micros;
  readonly size?: number;
  readonly policy?: 'performance' | 'memory';
  readonly comment?: string;
  readonly autoMerge?: boolean;
  readonly exprs?: readonly StatefulExpr[];
  readonly exclusive?: boolean;
}

/** What `newElement` is told. */
export interface ElementSpec {
  readonly key: Value;
  readonly end?: Value;
  readonly data?: Value;
  readonly dataEnd?: Value;
  readonly verdict?: Verdict;
  readonly object?: string;
  readonly comment?: string;
  readonly timeout?: Micros;
  /** Microseconds left, when less than the timeout. */
  readonly expires?: Micros;
  readonly exprs?: readonly StatefulExpr[];
  readonly catchall?: boolean;
}

/** A change that was committed, for `nft monitor`. */
export interface NftChange {
  readonly op: 'add' | 'delete' | 'replace' | 'insert';
  readonly table: Table;
  readonly chain?: Chain;
  readonly rule?: Rule;
  /** Rule after which (or `insert`: before which) it stands. */
  readonly next?: Rule;
  readonly set?: NftSet;
  readonly element?: SetElement;
  readonly object?: NftObject;
  readonly flowtable?: Flowtable;
}
