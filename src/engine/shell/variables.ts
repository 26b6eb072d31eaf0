import type { Shell } from './shell';
import { compare } from './text';

/** An associative array that iterates in bash's order: by bucket of its hash table. */
export class AssocArray {
  private readonly map = new Map<string, string>();

  get size(): number {
    return this.map.size;
  }
  get(key: string): string | undefined {
    return this.map.get(key);
  }
  has(key: string): boolean {
    return this.map.has(key);
  }
  set(key: string, value: string): void {
    this.map.set(key, value);
  }
  delete(key: string): void {
    this.map.delete(key);
  }
  /** Keys in the order of `${!a[@]}`. */
  keys(): string[] {
    return hashOrder([...this.map.keys()]);
  }
  values(): string[] {
    return this.keys().map((k) => this.map.get(k)!);
  }
  clone(): AssocArray {
    const copy = new AssocArray();
    for (const [k, v] of this.map) copy.map.set(k, v);
    return copy;
  }
}

/** Buckets of bash's variable and associative-array tables. */
const BUCKETS = 1024;
const encoder = new TextEncoder();

/** Sorts `keys` (given in order of insertion) as a walk over bash's hash table (FNV-1, 1024 buckets) finds them. */
export function hashOrder(keys: string[]): string[] {
  const buckets = keys.map((key, i) => {
    let h = 2166136261;
    for (const b of encoder.encode(key)) h = (Math.imul(h, 16777619) ^ b) >>> 0;
    return { key, i, bucket: h & (BUCKETS - 1) };
  });
  // Within a bucket the newest entry comes first.
  return buckets.sort((a, b) => a.bucket - b.bucket || b.i - a.i).map((e) => e.key);
}

/** An indexed array; holes are unset elements. */
export class IndexedArray {
  items: (string | undefined)[] = [];

  static from(values: readonly string[]): IndexedArray {
    const a = new IndexedArray();
    a.items = [...values];
    return a;
  }
  get size(): number {
    return this.keys().length;
  }
  get(i: number): string | undefined {
    return this.items[i];
  }
  set(i: number, value: string): void {
    this.items[i] = value;
  }
  delete(i: number): void {
    delete this.items[i];
    if (i === this.items.length - 1) this.items.length = (this.keys().at(-1) ?? -1) + 1;
  }
  /** One more than the largest index. */
  get end(): number {
    return this.items.length;
  }
  keys(): number[] {
    return Object.keys(this.items).map(Number);
  }
  values(): string[] {
    return this.keys().map((i) => this.items[i]!);
  }
  clone(): IndexedArray {
    const a = new IndexedArray();
    a.items = this.items.slice();
    return a;
  }
}

export type Value = string | IndexedArray | AssocArray | undefined;

/** A shell variable and its attributes (declare -aAilnrtux). */
export class Variable {
  value: Value = undefined;
  exported = false;
  readonly = false;
  integer = false;
  lower = false;
  upper = false;
  capital = false;
  trace = false;
  nameref = false;
  /** Declared `-a` or `-A` but perhaps without a value yet. */
  array: '' | 'a' | 'A' = '';
  /** Given by the environment of the shell or before a command. */
  imported = false;

  clone(): Variable {
    const v = new Variable();
    Object.assign(v, this);
    if (this.value instanceof IndexedArray || this.value instanceof AssocArray) v.value = this.value.clone();
    return v;
  }

  /** The string value: an array's element 0. */
  get scalar(): string | undefined {
    const { value } = this;
    if (value === undefined || typeof value === 'string') return value;
    return value instanceof IndexedArray ? value.get(0) : value.get('0');
  }

  /** Attribute letters in declare's order. */
  get flags(): string {
    return (
      (this.array === 'a' ? 'a' : '') +
      (this.array === 'A' ? 'A' : '') +
      (this.integer ? 'i' : '') +
      (this.nameref ? 'n' : '') +
      (this.readonly ? 'r' : '') +
      (this.trace ? 't' : '') +
      (this.exported ? 'x' : '') +
      (this.capital ? 'c' : '') +
      (this.lower ? 'l' : '') +
      (this.upper ? 'u' : '')
    );
  }
}

/** A variable whose value is computed: RANDOM, SECONDS and so on. */
export interface Dynamic {
  readonly get: (sh: Shell) => Value;
  readonly set?: (sh: Shell, value: string) => void;
  readonly integer?: boolean;
}

/** Variables of one function call, or of a command's own environment. */
export class Scope {
  readonly vars = new Map<string, Variable>();
  /** `local -`: options to restore. */
  savedOptions: string[] | undefined;
  /** `trap ... RETURN` was given in this function. */
  returnTrap = false;
  constructor(readonly kind: 'global' | 'function' | 'temporary') {}
}

/** All variables of a shell: dynamic scoping. */
export class Variables {
  scopes: Scope[] = [new Scope('global')];
  /** Shared with other shells: replaced, never changed. */
  dynamics: ReadonlyMap<string, Dynamic> = new Map();

  get global(): Scope {
    return this.scopes[0]!;
  }

  /** The innermost function's scope. */
  get local(): Scope {
    for (let i = this.scopes.length - 1; i > 0; i--) if (this.scopes[i]!.kind === 'function') return this.scopes[i]!;
    return this.global;
  }

  /** The variable `name` as seen here, without following namerefs. */
  find(name: string): Variable | undefined {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const v = this.scopes[i]!.vars.get(name);
      if (v) return v;
    }
    return undefined;
  }

  scopeOf(name: string): Scope | undefined {
    for (let i = this.scopes.length - 1; i >= 0; i--) if (this.scopes[i]!.vars.has(name)) return this.scopes[i]!;
    return undefined;
  }

  create(name: string, scope: Scope = this.global): Variable {
    const v = new Variable();
    scope.vars.set(name, v);
    return v;
  }

  /** Names of all visible variables, sorted. */
  names(): string[] {
    const all = new Set<string>();
    for (const s of this.scopes) for (const n of s.vars.keys()) all.add(n);
    return [...all].sort(compare);
  }

  /** The environment of a program: exported variables that have a value, in bash's order. */
  environment(): Map<string, string> {
    const all = new Map<string, string>();
    for (const s of this.scopes) {
      for (const [n, v] of s.vars) {
        all.delete(n);
        if (v.exported && typeof v.value === 'string') all.set(n, v.value);
      }
    }
    return new Map(hashOrder([...all.keys()]).map((n) => [n, all.get(n)!]));
  }

  /** Makes an ordinary name of a computed variable. @returns whether it was one */
  dropDynamic(name: string): boolean {
    if (!this.dynamics.has(name)) return false;
    const rest = new Map(this.dynamics);
    rest.delete(name);
    this.dynamics = rest;
    return true;
  }

  clone(): Variables {
    const copy = new Variables();
    copy.dynamics = this.dynamics;
    copy.scopes = this.scopes.map((s) => {
      const c = new Scope(s.kind);
      for (const [n, v] of s.vars) c.vars.set(n, v.clone());
      return c;
    });
    return copy;
  }
}

/** True for a legal variable name. */
export function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}
