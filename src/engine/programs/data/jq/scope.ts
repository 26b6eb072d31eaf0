/** What names mean where a filter stands: variables, functions, labels; and the outputs they lead to. */
import type { Def, Node } from './parser';
import type { Json } from './value';

/** The innermost name that is known, with those outside of it; null outside of all. */
export type Scope = VarScope | FnScope | LabelScope | null;

interface VarScope {
  readonly t: 'var';
  readonly name: string;
  readonly value: Json;
  readonly up: Scope;
}

/** A function or a filter parameter. */
export interface FnScope {
  readonly t: 'fn';
  readonly name: string;
  readonly arity: number;
  readonly def: Def | undefined;
  /** A parameter's filter and where it was written. */
  readonly closure: { readonly node: Node; readonly scope: Scope } | undefined;
  readonly up: Scope;
}

interface LabelScope {
  readonly t: 'label';
  readonly name: string;
  readonly token: Break;
  readonly up: Scope;
}

/** Thrown by `break $label`; each label has a token of its own. */
export class Break extends Error {}
