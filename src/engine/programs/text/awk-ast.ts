/** The syntax tree of awk programs. */
import type { Regex } from '../lib/regex';

/** A variable's place: one for each global name, one for each parameter of a running function. */
export interface Cell {
  value: Value | AwkArray;
  /** The caller's place of a parameter that had no value yet: it becomes an array together with this one. */
  alias?: Cell;
}

/** Text that came from outside and looks like a number compares as one. */
export class StrNum {
  constructor(
    readonly text: string,
    readonly number: number,
  ) {}
}

/** A scalar; undefined has not been set. */
export type Value = number | string | StrNum | undefined;
/** An associative array. */
export type AwkArray = Map<string, Value>;

/** Where a name leads. */
export type Place =
  | { readonly k: 'global'; readonly name: string; readonly cell: Cell; pure: boolean }
  | { readonly k: 'local'; readonly name: string; readonly slot: number; pure: boolean };

/** What can be assigned to. */
export type LValue =
  | Place
  | { readonly k: 'field'; readonly e: Expr; pure: boolean }
  | { readonly k: 'index'; readonly array: Place; readonly subs: readonly Expr[]; pure: boolean };

/** Expressions. `pure` ones neither wait nor call functions of the program. */
export type Expr =
  | LValue
  | { readonly k: 'const'; readonly v: Value; pure: boolean }
  | { readonly k: 'regex'; readonly re: Regex; pure: boolean }
  | { readonly k: 'assign'; readonly op: string; readonly l: LValue; readonly r: Expr; pure: boolean }
  | { readonly k: 'incr'; readonly d: 1 | -1; readonly prefix: boolean; readonly l: LValue; pure: boolean }
  | { readonly k: 'cond'; readonly c: Expr; readonly a: Expr; readonly b: Expr; pure: boolean }
  | { readonly k: 'and' | 'or'; readonly a: Expr; readonly b: Expr; pure: boolean }
  | {
      readonly k: 'bin' | 'cmp' | 'match' | 'cat';
      readonly op: string;
      readonly a: Expr;
      readonly b: Expr;
      pure: boolean;
    }
  | { readonly k: 'unary'; readonly op: string; readonly e: Expr; pure: boolean }
  | { readonly k: 'in'; readonly subs: readonly Expr[]; readonly array: Place; pure: boolean }
  | { readonly k: 'group'; readonly list: readonly Expr[]; pure: boolean }
  | { readonly k: 'builtin'; readonly name: string; readonly args: readonly Expr[]; pure: boolean }
  | { readonly k: 'call'; readonly name: string; readonly args: readonly Expr[]; readonly line: number; pure: boolean }
  | {
      readonly k: 'getline';
      readonly from: 'main' | 'file' | 'command';
      readonly target: LValue | undefined;
      readonly source: Expr | undefined;
      pure: boolean;
    };

/** Where print and printf write. */
export interface Redirection {
  readonly kind: '>' | '>>' | '|';
  readonly target: Expr;
}

/** Statements. */
export type Stmt =
  | { readonly k: 'expr'; readonly e: Expr }
  | { readonly k: 'print' | 'printf'; readonly args: readonly Expr[]; readonly to: Redirection | undefined }
  | { readonly k: 'if'; readonly c: Expr; readonly a: Stmt; readonly b: Stmt | undefined }
  | { readonly k: 'while'; readonly c: Expr; readonly body: Stmt }
  | { readonly k: 'do'; readonly body: Stmt; readonly c: Expr }
  | {
      readonly k: 'for';
      readonly init: Stmt | undefined;
      readonly c: Expr | undefined;
      readonly step: Stmt | undefined;
      readonly body: Stmt;
    }
  | { readonly k: 'forin'; readonly l: Place; readonly array: Place; readonly body: Stmt }
  | { readonly k: 'block'; readonly list: readonly Stmt[] }
  | { readonly k: 'next' | 'nextfile' | 'break' | 'continue' }
  | { readonly k: 'exit' | 'return'; readonly e: Expr | undefined }
  | { readonly k: 'delete'; readonly array: Place; readonly subs: readonly Expr[] | undefined };

/** A function of the program. */
export interface Func {
  readonly name: string;
  readonly params: readonly string[];
  body: Stmt;
}

/** One pattern with its action. A range keeps whether it is active. */
export interface Rule {
  readonly a: Expr | undefined;
  readonly b: Expr | undefined;
  readonly body: Stmt | undefined;
  active: boolean;
}

/** A whole program. */
export interface AwkProgram {
  readonly begin: readonly Stmt[];
  readonly end: readonly Stmt[];
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, Func>;
  readonly globals: ReadonlyMap<string, Cell>;
}
