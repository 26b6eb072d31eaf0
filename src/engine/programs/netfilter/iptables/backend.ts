/** What iptables does to a kernel, whichever of the two it speaks to. */
import type { XtCounters, XtRule } from '../../../net/netfilter/xt/rule';
import type { XtFamily } from '../../../net/netfilter/xt/values';

/** A failure that is told as `iptables: TEXT.` with exit status 1. */
export class XtErrno extends Error {
  /** Place of the command in the input of iptables-restore. */
  line: number | undefined;
}

/** A transaction that the kernel refused: ` RULE_APPEND failed (Invalid argument): rule in chain INPUT`, status 4. */
export class BatchError extends Error {
  line: number | undefined;
}

/** A chain as it is now. */
export interface ChainView {
  readonly name: string;
  /** Of the table's own chains: what happens at their end. */
  readonly policy: 'ACCEPT' | 'DROP' | undefined;
  readonly counters: XtCounters;
  /** Rules that jump here. */
  readonly references: number;
  readonly rules: readonly XtRule[];
}

/** Messages for `errors`. */
export const NO_CHAIN = 'No chain/target/match by that name';
export const BAD_RULE = 'Bad rule (does a matching rule exist in that chain?)';

/** One table while commands are run on it; what they did is seen at once, and undone when one fails. */
export interface TableSession {
  readonly table: string;
  /** Own chains in the order of their hooks, then the user's by name. */
  chains(): readonly ChainView[];
  chain(name: string): ChainView | undefined;
  /** Is there a chain of that name, or would one be made when it is needed? */
  exists(name: string): boolean;
  append(chain: string, rule: XtRule): void;
  /** @param at from 1 */
  insert(chain: string, rule: XtRule, at: number): void;
  replace(chain: string, rule: XtRule, at: number): void;
  deleteAt(chain: string, at: number): void;
  deleteRule(chain: string, rule: XtRule): void;
  check(chain: string, rule: XtRule): void;
  /** Without a name: all of them. @returns the chains' names */
  flush(chain?: string): readonly string[];
  zero(chain?: string, at?: number): readonly string[];
  newChain(chain: string): void;
  /** Without a name: all of the user's. */
  deleteChain(chain?: string): readonly string[];
  renameChain(from: string, to: string): void;
  policy(chain: string, policy: string, counters?: XtCounters): void;
  /** iptables-restore begins: what is there goes. @returns the names of the chains that were flushed */
  clear(): readonly string[];
  /** iptables-restore's `:CHAIN POLICY [p:b]`. */
  declare(chain: string, policy: string, counters: XtCounters | undefined, keep: boolean): void;
  /** Remarks that stand before a listing. */
  remarks(): string;
}

/** One kernel interface for one family. */
export interface Backend {
  readonly family: XtFamily;
  readonly variant: 'nf_tables' | 'legacy';
  /** Tables that exist, in the order in which they are saved. */
  tables(): readonly string[];
  /** Is that a table's name? */
  knows(table: string): boolean;
  /**
   * Runs commands on a table: all take effect, or none. `work` may be run a second time, from the start.
   * @param dry only try
   * @throws XtErrno, BatchError
   */
  run<T>(table: string, work: (session: TableSession) => T, dry: boolean): T;
  /** A warning about rules of the other kind, for standard error. @param save for iptables-save */
  warning(save: boolean): string;
}
