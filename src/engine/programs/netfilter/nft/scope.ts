/** What names mean where a rule stands, and what its evaluation gives. */
import type { ElementSpec, Expr, NftFamily, NftSet, Ruleset, SetSpec } from '../../../net/netfilter/nftables';
import { closest, distance } from './datatype';
import type { Env } from './datatype';
import { NftSyntaxError } from './lexer';
import type { Loc } from './lexer';

/** An anonymous set that a rule brings along. Expressions name it `\0` and its number until it has a name. */
export interface AnonymousSet {
  readonly spec: SetSpec;
  readonly elements: readonly ElementSpec[];
  /** Where each element stands. */
  readonly locs: readonly Loc[];
}

/** A rule ready for the kernel. */
export interface BuiltRule {
  readonly exprs: readonly Expr[];
  readonly sets: readonly AnonymousSet[];
  readonly comment: string | undefined;
  /** Where to point when a jump's target is missing, by its name. */
  readonly targets: ReadonlyMap<string, Loc>;
}

/** A set as far as types go: of the ruleset, or defined earlier in the same input. */
export type KnownSet = Pick<NftSet, 'name' | 'keyType' | 'dataType' | 'flags'>;

/** What a rule is evaluated in. */
export interface Scope {
  readonly family: NftFamily;
  readonly table: string;
  readonly env: Env;
  readonly ruleset: Ruleset;
  set(name: string): KnownSet | undefined;
  setNames(): string[];
}

/** Looks a set up. @throws NftSyntaxError with a guess */
export function lookupSet(scope: Scope, name: string, loc: Loc): KnownSet {
  const set = scope.set(name);
  if (set !== undefined) return set;
  const near = closest(name, scope.setNames());
  const guess =
    near !== undefined && distance(name, near) <= Math.ceil(Math.max(name.length, near.length) / 2)
      ? `; did you mean set ‘${near}’ in table ${scope.family} ‘${scope.table}’?`
      : '';
  throw new NftSyntaxError(`No such file or directory${guess}`, loc);
}
