import type { Coroutine } from '../../../core';
import { BUILTINS } from './builtins';
import { format } from './formats';
import { badPath, binary, deletePaths, get, getPath, setPath, sliceKey } from './operators';
import type { Def, Node, Pattern } from './parser';
import { described, isArray, isObject, JqError, truthy } from './value';
import type { Json } from './value';
import { BAD, ROOT, keysOf } from './path';
import type { Path } from './path';
import { Break } from './scope';
import type { Scope, FnScope } from './scope';
import type { Host } from './host';
import { KEY_SEPARATOR, preludeDefs } from './prelude-defs';
import { names } from './unresolved';

/** Receives an output. Outputs are pushed, so a program's only suspension is the scheduler's. */
export type Emit = (v: Json, p: Path) => Coroutine<void>;

/** A builtin written here: it gets its arguments as filters. */
export interface Call {
  readonly interp: Interpreter;
  readonly args: readonly Node[];
  readonly scope: Scope;
  readonly input: Json;
  readonly path: Path;
  readonly emit: Emit;
}

/** Runs a program's tree. */
export class Interpreter {
  private steps = 0;

  constructor(
    readonly host: Host,
    private readonly globals: ReadonlyMap<string, Json>,
  ) {}

  /** All outputs of `program` for `input`. @throws JqError, Halt */
  *run(program: Node, input: Json, emit: (v: Json) => Coroutine<void>): Coroutine<void> {
    yield* this.eval(program, null, input, undefined, emit);
  }

  /** Charges a step of work. */
  *tick(n = 1): Coroutine<void> {
    this.steps += n;
    if (this.steps >= 32) {
      const due = this.steps;
      this.steps = 0;
      yield* this.host.work(due);
    }
  }

  /** Evaluates a node; for builtins that take filters. */
  *eval(n: Node, scope: Scope, v: Json, p: Path, emit: Emit): Coroutine<void> {
    if (++this.steps >= 32) {
      this.steps = 0;
      yield* this.host.work(32);
    }
    switch (n.t) {
      case 'identity':
        return yield* emit(v, p);
      case 'literal':
        return yield* emit(n.value, p && BAD);
      case 'index':
        // The key is the outer loop; it sees the input, not what is indexed.
        if (n.key.t === 'literal') return yield* this.step(n.of, scope, v, p, n.key.value, emit);
        return yield* this.eval(n.key, scope, v, undefined, (key) => this.step(n.of, scope, v, p, key, emit));
      case 'slice': {
        const none: Node = { t: 'literal', value: null };
        return yield* this.eval(n.to ?? none, scope, v, undefined, (to) =>
          this.eval(n.from ?? none, scope, v, undefined, (from) =>
            this.step(n.of, scope, v, p, sliceKey(from, to), emit),
          ),
        );
      }
      case 'iterate':
        return yield* this.eval(n.of, scope, v, p, (x, q) => this.each(x, q, emit));
      case 'string':
        return yield* this.interpolate(n.parts, n.format, scope, v, n.parts.length - 1, '', (s) => emit(s, p && BAD));
      case 'format':
        return yield* emit(format(n.name, v), p && BAD);
      case 'array': {
        const items: Json[] = [];
        if (n.body) {
          yield* this.eval(n.body, scope, v, undefined, function* (x) {
            items.push(x);
          });
        }
        return yield* emit(items, p && BAD);
      }
      case 'object':
        return yield* this.object(n.entries, 0, scope, v, new Map(), (o) => emit(o, p && BAD));
      case 'negate':
        return yield* this.eval(n.of, scope, v, undefined, (x) => {
          if (typeof x !== 'number') throw new JqError(`${described(x)} cannot be negated`);
          return emit(-x, p && BAD);
        });
      case 'pipe':
        return yield* this.eval(n.l, scope, v, p, (x, q) => this.eval(n.r, scope, x, q, emit));
      case 'comma':
        yield* this.eval(n.l, scope, v, p, emit);
        return yield* this.eval(n.r, scope, v, p, emit);
      case 'binary':
        return yield* this.eval(n.r, scope, v, undefined, (r) =>
          this.eval(n.l, scope, v, undefined, (l) => emit(binary(n.op, l, r), p && BAD)),
        );
      case 'and':
      case 'or': {
        const stop = n.t === 'or';
        return yield* this.eval(n.l, scope, v, undefined, (l) =>
          truthy(l) === stop
            ? emit(stop, p && BAD)
            : this.eval(n.r, scope, v, undefined, (r) => emit(truthy(r), p && BAD)),
        );
      }
      case 'alt':
        return yield* this.alternative(n.l, n.r, scope, v, p, emit);
      case 'assign':
        return yield* this.eval(n.r, scope, v, undefined, (x) =>
          this.assign(n.l, x, scope, v, (y) => emit(y, p && BAD)),
        );
      case 'update':
        return yield* this.update(
          n.l,
          scope,
          v,
          (x, out) => this.eval(n.r, scope, x, undefined, out),
          (y) => emit(y, p && BAD),
        );
      case 'op-assign':
        return yield* this.eval(n.r, scope, v, undefined, (r) =>
          this.update(
            n.l,
            scope,
            v,
            (l, out) => (n.op === '//' ? out(truthy(l) ? l : r, undefined) : out(binary(n.op, l, r), undefined)),
            (y) => emit(y, p && BAD),
          ),
        );
      case 'if':
        return yield* this.eval(n.cond, scope, v, undefined, (c) =>
          this.eval(truthy(c) ? n.then : n.else, scope, v, p, emit),
        );
      case 'try':
        try {
          return yield* this.eval(n.body, scope, v, p, emit);
        } catch (e) {
          // jq 1.6 also catches what fails further down the pipe, for the handler stands where the outputs come back to.
          // An error of null is no error: it ends the program without a word.
          if (!(e instanceof JqError) || e.value === null) throw e;
          if (n.handler) return yield* this.eval(n.handler, scope, e.value, p && BAD, emit);
          return;
        }
      case 'reduce':
        return yield* this.eval(n.init, scope, v, p, (start, startPath) =>
          this.reduce(n, scope, v, start, startPath, emit),
        );
      case 'foreach':
        return yield* this.eval(n.init, scope, v, p, (start, startPath) =>
          this.foreach(n, scope, v, start, startPath, emit),
        );
      case 'as':
        return yield* this.eval(n.source, scope, v, undefined, (x) =>
          this.bindAny(n.patterns, scope, v, x, (s) => this.eval(n.body, s, v, p, emit)),
        );
      case 'def': {
        const { def } = n;
        const fn: FnScope = { t: 'fn', name: def.name, arity: def.params.length, def, closure: undefined, up: scope };
        return yield* this.eval(n.rest, fn, v, p, emit);
      }
      case 'label': {
        const token = new Break();
        try {
          return yield* this.eval(n.body, { t: 'label', name: n.name, token, up: scope }, v, p, emit);
        } catch (e) {
          if (e !== token) throw e;
          return;
        }
      }
      case 'break': {
        for (let s = scope; s; s = s.up) if (s.t === 'label' && s.name === n.name) throw s.token;
        throw new JqError(`$*label-${n.name} is not defined`);
      }
      case 'variable':
        return yield* emit(this.variable(n.name, scope), p && BAD);
      case 'call':
        return yield* this.call(n, scope, v, p, emit);
    }
  }

  private variable(name: string, scope: Scope): Json {
    for (let s = scope; s; s = s.up) if (s.t === 'var' && s.name === name) return s.value;
    if (name === 'ENV') return this.host.env();
    return this.globals.get(name) ?? null;
  }

  private call(n: Extract<Node, { t: 'call' }>, scope: Scope, v: Json, p: Path, emit: Emit): Coroutine<void> {
    for (let s = scope; s; s = s.up) {
      if (s.t !== 'fn' || s.name !== n.name || s.arity !== n.args.length) continue;
      if (s.closure) return this.eval(s.closure.node, s.closure.scope, v, p, emit);
      return this.enter(s.def!, s, n.args, scope, v, p, emit);
    }
    const key = n.name + KEY_SEPARATOR + n.args.length;
    const native = BUILTINS.get(key);
    if (native) return native({ interp: this, args: n.args, scope, input: v, path: p, emit });
    const def = preludeDefs().get(key);
    if (!def) throw new JqError(`${key} is not defined`);
    return this.enter(def, null, n.args, scope, v, p, emit);
  }

  private *enter(
    def: Def,
    home: Scope,
    args: readonly Node[],
    scope: Scope,
    v: Json,
    p: Path,
    emit: Emit,
  ): Coroutine<void> {
    let inner = home;
    def.params.forEach((param, i) => {
      inner = { t: 'fn', name: param.name, arity: 0, def: undefined, closure: { node: args[i]!, scope }, up: inner };
    });
    const vars = def.params.flatMap((param, i) => (param.isVar ? [{ name: param.name, node: args[i]! }] : []));
    const bind = (i: number, s: Scope): Coroutine<void> => {
      const next = vars[i];
      if (!next) return this.eval(def.body, s, v, p, emit);
      return this.eval(next.node, scope, v, undefined, (value) =>
        bind(i + 1, { t: 'var', name: next.name, value, up: s }),
      );
    };
    yield* bind(0, inner);
  }

  /** `of[key]`. */
  private *step(of: Node, scope: Scope, v: Json, p: Path, key: Json, emit: Emit): Coroutine<void> {
    if (of.t === 'identity') {
      if (p === BAD) throw badPath(`near attempt to access element ${JSON.stringify(key)} of `, v);
      return yield* emit(get(v, key), p && { up: p, key });
    }
    yield* this.eval(of, scope, v, p, (x, q) => {
      if (q === BAD) throw badPath(`near attempt to access element ${JSON.stringify(key)} of `, x);
      return emit(get(x, key), q && { up: q, key });
    });
  }

  /** `.[]`. */
  *each(x: Json, q: Path, emit: Emit): Coroutine<void> {
    if (q === BAD) throw badPath('near attempt to iterate through ', x);
    if (isArray(x)) for (let i = 0; i < x.length; i++) yield* emit(x[i]!, q && { up: q, key: i });
    else if (isObject(x)) for (const [key, item] of [...x]) yield* emit(item, q && { up: q, key });
    else throw new JqError(`Cannot iterate over ${described(x)}`);
  }

  private *interpolate(
    parts: readonly (string | Node)[],
    name: string,
    scope: Scope,
    v: Json,
    i: number,
    rest: string,
    emit: (s: string) => Coroutine<void>,
  ): Coroutine<void> {
    if (i < 0) return yield* emit(rest);
    const part = parts[i]!;
    if (typeof part === 'string') return yield* this.interpolate(parts, name, scope, v, i - 1, part + rest, emit);
    // The last interpolation is the outermost loop.
    yield* this.eval(part, scope, v, undefined, (x) =>
      this.interpolate(parts, name, scope, v, i - 1, format(name, x) + rest, emit),
    );
  }

  private *object(
    entries: readonly (readonly [Node, Node])[],
    i: number,
    scope: Scope,
    v: Json,
    built: ReadonlyMap<string, Json>,
    emit: (o: Json) => Coroutine<void>,
  ): Coroutine<void> {
    const entry = entries[i];
    if (!entry) return yield* emit(built);
    yield* this.eval(entry[0], scope, v, undefined, (key) =>
      this.eval(entry[1], scope, v, undefined, (value) => {
        if (typeof key !== 'string') throw new JqError(`Cannot use ${described(key)} as object key`);
        return this.object(entries, i + 1, scope, v, new Map(built).set(key, value), emit);
      }),
    );
  }

  private *alternative(l: Node, r: Node, scope: Scope, v: Json, p: Path, emit: Emit): Coroutine<void> {
    let found = false;
    yield* this.eval(l, scope, v, p, function* (x, q) {
      if (!truthy(x)) return;
      found = true;
      yield* emit(x, q);
    });
    if (!found) yield* this.eval(r, scope, v, p, emit);
  }

  /** The paths that `node` yields. */
  *paths(node: Node, scope: Scope, v: Json, emit: (path: Json[]) => Coroutine<void>): Coroutine<void> {
    yield* this.eval(node, scope, v, ROOT, (x, q) => {
      if (q === BAD) throw badPath('with result ', x);
      return emit(keysOf(q));
    });
  }

  private *allPaths(node: Node, scope: Scope, v: Json): Coroutine<Json[][]> {
    const out: Json[][] = [];

    yield* this.paths(node, scope, v, function* (path) {
      out.push(path);
    });
    return out;
  }

  private *assign(l: Node, x: Json, scope: Scope, v: Json, emit: (v: Json) => Coroutine<void>): Coroutine<void> {
    let result = v;
    for (const path of yield* this.allPaths(l, scope, v)) result = setPath(result, path, x);
    yield* emit(result);
  }

  private *update(
    l: Node,
    scope: Scope,
    v: Json,
    change: (x: Json, out: Emit) => Coroutine<void>,
    emit: (v: Json) => Coroutine<void>,
  ): Coroutine<void> {
    let result = v;
    for (const path of yield* this.allPaths(l, scope, v)) {
      const first = new Break();
      let got: { value: Json } | undefined;
      try {
        yield* change(getPath(result, path), function* (value) {
          got = { value };
          throw first;
        });
      } catch (e) {
        if (e !== first) throw e;
      }
      result = got ? setPath(result, path, got.value) : deletePaths(result, [path]);
    }
    yield* emit(result);
  }

  private *reduce(
    n: Extract<Node, { t: 'reduce' }>,
    scope: Scope,
    v: Json,
    start: Json,
    startPath: Path,
    emit: Emit,
  ): Coroutine<void> {
    let state = start;
    let path = startPath;
    yield* this.eval(n.source, scope, v, undefined, (x) =>
      this.bindAny(n.patterns, scope, v, x, (s) => {
        const before = state;
        const beforePath = path;
        state = null;

        return this.eval(n.update, s, before, beforePath, function* (y, q) {
          state = y;
          path = q;
        });
      }),
    );
    yield* emit(state, path);
  }

  private *foreach(
    n: Extract<Node, { t: 'foreach' }>,
    scope: Scope,
    v: Json,
    start: Json,
    startPath: Path,
    emit: Emit,
  ): Coroutine<void> {
    let state = start;
    let path = startPath;
    yield* this.eval(n.source, scope, v, undefined, (x) =>
      this.bindAny(n.patterns, scope, v, x, (s) =>
        this.eval(n.update, s, state, path, (y, q) => {
          state = y;
          path = q;
          return n.extract ? this.eval(n.extract, s, y, q, emit) : emit(y, q);
        }),
      ),
    );
  }

  /** Binds to the first pattern that fits; names of the others are null. */
  private *bindAny(
    patterns: readonly Pattern[],
    scope: Scope,
    v: Json,
    x: Json,
    body: (s: Scope) => Coroutine<void>,
  ): Coroutine<void> {
    if (patterns.length === 1) return yield* this.bind(patterns[0]!, scope, scope, v, x, body);
    let base = scope;
    for (const name of patterns.flatMap(names)) base = { t: 'var', name, value: null, up: base };
    for (let i = 0; i < patterns.length; i++) {
      try {
        return yield* this.bind(patterns[i]!, base, base, v, x, body);
      } catch (e) {
        if (!(e instanceof JqError) || i === patterns.length - 1) throw e;
      }
    }
  }

  private *bind(
    pattern: Pattern,
    scope: Scope,
    outer: Scope,
    v: Json,
    x: Json,
    body: (s: Scope) => Coroutine<void>,
  ): Coroutine<void> {
    if (pattern.t === 'var') return yield* body({ t: 'var', name: pattern.name, value: x, up: scope });
    if (pattern.t === 'array') {
      const next = (i: number, s: Scope): Coroutine<void> => {
        const item = pattern.items[i];
        if (!item) return body(s);
        if (x !== null && !isArray(x)) get(x, i);
        return this.bind(item, s, outer, v, get(x, i), (t) => next(i + 1, t));
      };
      return yield* next(0, scope);
    }
    const next = (i: number, s: Scope): Coroutine<void> => {
      const entry = pattern.entries[i];
      if (!entry) return body(s);
      return this.eval(entry.key, s, v, undefined, (key) => {
        if (typeof key !== 'string')
          throw new JqError(`Cannot index ${isObject(x) ? 'object' : described(x)} with ${described(key)}`);
        const item = get(x, key);
        const named: Scope = entry.name === undefined ? s : { t: 'var', name: entry.name, value: item, up: s };
        if (!entry.value) return next(i + 1, named);
        return this.bind(entry.value, named, outer, v, item, (t) => next(i + 1, t));
      });
    };
    yield* next(0, scope);
  }
}
