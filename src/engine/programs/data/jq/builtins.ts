/** The builtins of jq 1.6 that are written here rather than in jq. */
import type { Coroutine } from '../../../core';
import { byteLength } from '../../lib/text';
import { gmtime, strftime, timegm } from '../../lib/strftime';
import { format, text } from './formats';
import type { Call, Interpreter } from './interpreter';
import { computed, extend } from './path';
import { Halt } from './host';
import { JsonError, parseJson } from './json';
import { contains, deletePaths, getPath, has, setPath, split } from './operators';
import { match } from './regexp';
import { strptime } from './strptime';
import type { Json } from './value';
import { codepoints, compare, described, dump, isArray, isObject, JqError, kind, sortedKeys, truthy } from './value';

/** A builtin: pushes its outputs. */
export type Builtin = (c: Call) => Coroutine<void>;

/** All of them by `name/arity`. */
export const BUILTINS = new Map<string, Builtin>();

/** A function of values: every combination of its arguments' outputs, the last argument outermost. */
function value(name: string, arity: number, f: (input: Json, ...args: Json[]) => Json): void {
  BUILTINS.set(`${name}/${arity}`, function* (c) {
    const go = (i: number, args: Json[]): Coroutine<void> => {
      if (i < 0) return c.emit(f(c.input, ...args), computed(c.path));
      return c.interp.eval(c.args[i]!, c.scope, c.input, undefined, (x) => go(i - 1, [x, ...args]));
    };
    yield* go(arity - 1, []);
  });
}

function number(v: Json, what = 'number required'): number {
  if (typeof v !== 'number') throw new JqError(`${described(v)} ${what}`);
  return v;
}

const MATH: Record<string, (x: number) => number> = {
  floor: Math.floor,
  ceil: Math.ceil,
  sqrt: Math.sqrt,
  fabs: Math.abs,
  round: (x) => Math.sign(x) * Math.round(Math.abs(x)),
  trunc: Math.trunc,
  rint: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  nearbyint: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  exp10: (x) => 10 ** x,
  pow10: (x) => 10 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  cbrt: Math.cbrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  significand: (x) => (x === 0 ? 0 : x / 2 ** Math.floor(Math.log2(Math.abs(x)))),
  logb: (x) => (x === 0 ? -Infinity : Math.floor(Math.log2(Math.abs(x)))),
};
for (const [name, f] of Object.entries(MATH)) value(name, 0, (v) => f(number(v)));

const MATH2: Record<string, (x: number, y: number) => number> = {
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
  fmod: (x, y) => x % y,
  fmin: Math.min,
  fmax: Math.max,
  hypot: Math.hypot,
  ldexp: (x, y) => x * 2 ** y,
  scalb: (x, y) => x * 2 ** y,
  scalbln: (x, y) => x * 2 ** y,
  fdim: (x, y) => Math.max(0, x - y),
  copysign: (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
};
for (const [name, f] of Object.entries(MATH2)) value(name, 2, (_, x, y) => f(number(x!), number(y!)));

value('not', 0, (v) => !truthy(v));
value('type', 0, (v) => kind(v));
value('tostring', 0, (v) => text(v));
value('tojson', 0, (v) => dump(v));
value('fromjson', 0, (v) => {
  if (typeof v !== 'string')
    throw new JqError(
      `${described(v)} cannot be parsed as JSON`.replace('cannot be parsed as JSON', 'only strings can be parsed'),
    );
  return parsed(v);
});
value('tonumber', 0, (v) => {
  if (typeof v === 'number') return v;
  const n = typeof v === 'string' ? parsed(v) : undefined;
  if (typeof n !== 'number') throw new JqError(`${described(v)} cannot be parsed as a number`);
  return n;
});
value('length', 0, (v) => {
  if (v === null) return 0;
  if (typeof v === 'string') return codepoints(v);
  if (typeof v === 'number') return Math.abs(v);
  if (isArray(v)) return v.length;
  if (isObject(v)) return v.size;
  throw new JqError(`${described(v)} has no length`);
});
value('utf8bytelength', 0, (v) => {
  if (typeof v !== 'string') throw new JqError(`${described(v)} only strings have UTF-8 byte length`);
  return byteLength(v);
});
const keys = (v: Json, sort: boolean): Json => {
  if (isObject(v)) return sort ? sortedKeys(v) : [...v.keys()];
  if (isArray(v)) return v.map((_, i) => i);
  throw new JqError(`${described(v)} has no keys`);
};
value('keys', 0, (v) => keys(v, true));
value('keys_unsorted', 0, (v) => keys(v, false));
value('has', 1, (v, key) => has(v, key!));
value('contains', 1, (v, x) => contains(v, x!));
value('setpath', 2, (v, path, x) => {
  if (!isArray(path!)) throw new JqError('Path must be specified as an array');
  return setPath(v, path, x!);
});
value('delpaths', 1, (v, paths) => {
  if (!isArray(paths!)) throw new JqError('Paths must be specified as an array');
  return deletePaths(v, paths);
});
value('format', 1, (v, name) => {
  if (typeof name !== 'string') throw new JqError(`${described(name!)} is not a valid format`);
  return format(name, v);
});
value('startswith', 1, (v, s) => {
  if (typeof v !== 'string' || typeof s !== 'string') throw new JqError('startswith() requires string inputs');
  return v.startsWith(s);
});
value('endswith', 1, (v, s) => {
  if (typeof v !== 'string' || typeof s !== 'string') throw new JqError('endswith() requires string inputs');
  return v.endsWith(s);
});
value('ltrimstr', 1, (v, s) =>
  typeof v === 'string' && typeof s === 'string' && v.startsWith(s) ? v.slice(s.length) : v,
);
value('rtrimstr', 1, (v, s) =>
  typeof v === 'string' && typeof s === 'string' && v.endsWith(s) ? v.slice(0, v.length - s.length) : v,
);
value('split', 1, (v, s) => {
  if (typeof v !== 'string' || typeof s !== 'string') throw new JqError('split input and separator must be strings');
  return split(v, s);
});
value('explode', 0, (v) => {
  if (typeof v !== 'string') throw new JqError('explode input must be a string');
  return [...v].map((c) => c.codePointAt(0)!);
});
value('implode', 0, (v) => {
  if (!isArray(v)) throw new JqError('implode input must be an array');
  return v
    .map((x) => {
      if (typeof x !== 'number') throw new JqError('Unicode codepoint must be numeric');
      return x >= 0 && x <= 0x10ffff && (x < 0xd800 || x > 0xdfff) ? String.fromCodePoint(Math.trunc(x)) : '\ufffd';
    })
    .join('');
});
value('ascii_downcase', 0, (v) => {
  if (typeof v !== 'string') throw new JqError('explode input must be a string');
  return v.replace(/[A-Z]/g, (c) => c.toLowerCase());
});
value('ascii_upcase', 0, (v) => {
  if (typeof v !== 'string') throw new JqError('explode input must be a string');
  return v.replace(/[a-z]/g, (c) => c.toUpperCase());
});
value('_strindices', 1, (v, s) => {
  if (typeof v !== 'string' || typeof s !== 'string')
    throw new JqError(`Cannot index ${kind(v)} with ${typeof s === 'string' ? `string "${s}"` : kind(s!)}`);
  const out: number[] = [];
  // jq 1.6 counts in bytes.
  if (s !== '') for (let i = v.indexOf(s); i >= 0; i = v.indexOf(s, i + 1)) out.push(byteLength(v.slice(0, i)));
  return out.length > 0 ? out : s === '' ? null : out;
});
value('infinite', 0, () => Infinity);
value('nan', 0, () => NaN);
value('isinfinite', 0, (v) => Math.abs(number(v)) === Infinity);
value('isnan', 0, (v) => Number.isNaN(v));
value('isnormal', 0, (v) => Number.isFinite(number(v)) && Math.abs(v as number) >= 2 ** -1022);
value('_match', 3, (v, re, flags, test) => match(v, re!, flags!, test === true));
value('builtins', 0, () => [...BUILTINS.keys()].filter((k) => !k.startsWith('_')));
value('modf', 0, (v) => [number(v) - Math.trunc(number(v)), Math.trunc(number(v))]);
value('frexp', 0, (v) => {
  const x = number(v);
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  const e = Math.floor(Math.log2(Math.abs(x))) + 1;
  return [x / 2 ** e, e];
});

function parsed(s: string): Json {
  try {
    const v = parseJson(s);
    if (v === undefined) throw new JqError(`Expected JSON value (while parsing '${s}')`);
    return v;
  } catch (e) {
    if (e instanceof JsonError) throw new JqError(e.message);
    throw e;
  }
}

// --- sorting ---------------------------------------------------------------------------------------------------------

function array(v: Json, what: string): readonly Json[] {
  if (!isArray(v)) throw new JqError(`${described(v)} cannot be ${what}, as it is not an array`);
  return v;
}

function sorted(v: Json, by: Json, what: string): { item: Json; key: Json }[] {
  if (!isArray(v))
    throw new JqError(`${described(v)} and ${described(by)} cannot be ${what}, as they are not both arrays`);
  const list = v;
  const ks = by as readonly Json[];
  return list.map((item, i) => ({ item, key: ks[i]! })).sort((a, b) => compare(a.key, b.key));
}

value('sort', 0, (v) => [...array(v, 'sorted')].sort(compare));
value('_sort_by', 1, (v, by) => sorted(v, by!, 'sorted').map((x) => x.item));
value('_group_by', 1, (v, by) => {
  const groups: Json[][] = [];
  let last: Json | undefined;
  for (const { item, key } of sorted(v, by!, 'sorted')) {
    if (last !== undefined && compare(last, key) === 0) groups[groups.length - 1]!.push(item);
    else groups.push([item]);
    last = key;
  }
  return groups;
});

function extreme(list: readonly Json[], by: readonly Json[], min: boolean): Json {
  let best = 0;
  for (let i = 1; i < list.length; i++) if (compare(by[i]!, by[best]!) < 0 === min) best = i;
  return list[best] ?? null;
}

const iterated = (v: Json): readonly Json[] => {
  if (!isArray(v)) throw new JqError(`${described(v)} and ${described(v)} cannot be iterated over`);
  return v;
};
value('min', 0, (v) => extreme(iterated(v), iterated(v), true));
value('max', 0, (v) => extreme(iterated(v), iterated(v), false));
value('_min_by', 1, (v, by) => extreme(iterated(v), by as readonly Json[], true));
value('_max_by', 1, (v, by) => extreme(iterated(v), by as readonly Json[], false));

// --- time ------------------------------------------------------------------------------------------------------------

function brokenDown(seconds: number): Json {
  const whole = Math.floor(seconds);
  const t = gmtime(whole * 1e6);
  return [t.year, t.month - 1, t.day, t.hour, t.minute, t.second + (seconds - whole), t.weekday, t.yearday - 1];
}

function fromBrokenDown(v: Json, name: string): number {
  if (!isArray(v) || v.length < 6) throw new JqError(`${name} requires array of 6 numbers`);
  if (!v.every((x) => typeof x === 'number')) throw new JqError(`${name} requires parsed datetime inputs`);
  const [year, month, day, hour, minute, second] = v as number[];
  return timegm(year!, month! + 1, day!, hour, minute, Math.floor(second!));
}

for (const name of ['gmtime', 'localtime']) {
  value(name, 0, (v) => {
    if (typeof v !== 'number') throw new JqError(`${name}() requires numeric inputs`);
    return brokenDown(v);
  });
}
value('mktime', 0, (v) => {
  if (!isArray(v)) throw new JqError('mktime requires array inputs');
  if (v.length < 6) throw new JqError('mktime requires parsed datetime inputs');
  return fromBrokenDown(v, 'mktime');
});
for (const name of ['strftime', 'strflocaltime']) {
  value(name, 1, (v, f) => {
    const broken = typeof v === 'number' ? brokenDown(v) : v;
    if (!isArray(broken)) throw new JqError(`${name}/1 requires parsed datetime inputs`);
    if (typeof f !== 'string') throw new JqError(`${name}/1 requires a string format`);
    return strftime(f, fromBrokenDown(broken, `${name}/1`) * 1e6);
  });
}
value('strptime', 1, (v, f) => {
  if (typeof v !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
  if (typeof f !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
  const broken = strptime(v, f);
  if (!broken) throw new JqError(`date "${v}" does not match format "${f}"`);
  return broken;
});

// --- control ---------------------------------------------------------------------------------------------------------

function special(name: string, f: Builtin): void {
  BUILTINS.set(name, f);
}

special('empty/0', function* () {});
special('select/1', (c) =>
  c.interp.eval(c.args[0]!, c.scope, c.input, undefined, function* (x) {
    if (truthy(x)) yield* c.emit(c.input, c.path);
  }),
);

special('error/0', function* (c) {
  fail(c.input);
});
special('error/1', (c) =>
  c.interp.eval(c.args[0]!, c.scope, c.input, undefined, function* (x) {
    fail(x);
  }),
);

function fail(v: Json): never {
  throw new JqError(v);
}

special('path/1', (c) => c.interp.paths(c.args[0]!, c.scope, c.input, (p) => c.emit(p, computed(c.path))));
special('del/1', function* (c) {
  const paths: Json[] = [];

  yield* c.interp.paths(c.args[0]!, c.scope, c.input, function* (p) {
    paths.push(p);
  });
  yield* c.emit(deletePaths(c.input, paths), computed(c.path));
});
special('getpath/1', (c) =>
  c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (keys) => {
    if (!isArray(keys)) throw new JqError('Path must be specified as an array');
    let v: Json;
    try {
      v = getPath(c.input, keys);
    } catch (e) {
      // While a path is being built, what is not there is null.
      if (!(e instanceof JqError) || c.path === undefined) throw e;
      v = null;
    }
    return c.emit(v, extend(c.path, keys, c.input));
  }),
);
special('range/2', (c) =>
  c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (from) =>
    c.interp.eval(c.args[1]!, c.scope, c.input, undefined, (to) => {
      if (typeof from !== 'number' || typeof to !== 'number') throw new JqError('Range bounds must be numeric');
      return count(c, from, to, 1);
    }),
  ),
);
special('range/3', (c) =>
  c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (from) =>
    c.interp.eval(c.args[1]!, c.scope, c.input, undefined, (to) =>
      c.interp.eval(c.args[2]!, c.scope, c.input, undefined, (by) => {
        if (typeof from !== 'number' || typeof to !== 'number' || typeof by !== 'number')
          throw new JqError('Range bounds must be numeric');
        return count(c, from, to, by);
      }),
    ),
  ),
);

function* count(c: Call, from: number, to: number, by: number): Coroutine<void> {
  if (by === 0) {
    if (from < to) for (;;) yield* again(c, from);
    return;
  }
  for (let i = from; by > 0 ? i < to : i > to; i += by) yield* again(c, i);
}

function* again(c: Call, v: Json): Coroutine<void> {
  yield* c.interp.tick();
  yield* c.emit(v, computed(c.path));
}

class Stop extends Error {}

special('first/1', function* (c) {
  const stop = new Stop();
  let got: [Json, Call['path']] | undefined;
  try {
    yield* c.interp.eval(c.args[0]!, c.scope, c.input, c.path, function* (v, p) {
      got = [v, p];
      throw stop;
    });
  } catch (e) {
    if (e !== stop) throw e;
  }
  if (got) yield* c.emit(...got);
});
special('isempty/1', function* (c) {
  const stop = new Stop();
  let empty = true;
  try {
    yield* c.interp.eval(c.args[0]!, c.scope, c.input, undefined, function* () {
      empty = false;
      throw stop;
    });
  } catch (e) {
    if (e !== stop) throw e;
  }
  yield* c.emit(empty, computed(c.path));
});
special('last/1', function* (c) {
  let got: [Json, Call['path']] | undefined;

  yield* c.interp.eval(c.args[0]!, c.scope, c.input, c.path, function* (v, p) {
    got = [v, p];
  });
  if (got) yield* c.emit(...got);
});

/**
 * Emits a value and then everything `next` makes of it, again and again. The last output of each step is held back and taken up
 * in a loop, so that a long chain does not nest.
 */
function* descend(
  c: Call,
  v: Json,
  p: Call['path'],
  next: (v: Json, p: Call['path'], out: Call['emit']) => Coroutine<void>,
): Coroutine<void> {
  for (;;) {
    yield* c.interp.tick();
    yield* c.emit(v, p);
    let held: [Json, Call['path']] | undefined;
    let failure: unknown;
    try {
      yield* next(v, p, function* (x, q) {
        if (held) yield* descend(c, held[0], held[1], next);
        held = [x, q];
      });
    } catch (e) {
      if (!(e instanceof JqError) || !held) throw e;
      failure = e;
    }
    if (failure !== undefined) {
      yield* descend(c, held![0], held![1], next);
      throw failure;
    }
    if (!held) return;
    [v, p] = held;
  }
}

special('recurse/0', (c) =>
  descend(c, c.input, c.path, function* (v, p, out) {
    if (isArray(v) || isObject(v)) yield* c.interp.each(v, p, out);
  }),
);
special('recurse/1', (c) => descend(c, c.input, c.path, (v, p, out) => c.interp.eval(c.args[0]!, c.scope, v, p, out)));
// Debian's build applies the filter to the same input each time.
special('repeat/1', function* (c) {
  for (;;) {
    yield* c.interp.tick();
    yield* c.interp.eval(c.args[0]!, c.scope, c.input, c.path, c.emit);
  }
});

/** Values for which the condition `args[n]` holds. */
function* where(
  c: Call,
  n: number,
  v: Json,
  then: () => Coroutine<void>,
  otherwise?: () => Coroutine<void>,
): Coroutine<void> {
  yield* c.interp.eval(c.args[n]!, c.scope, v, undefined, function* (x) {
    if (truthy(x)) yield* then();
    else if (otherwise) yield* otherwise();
  });
}

special('recurse/2', (c) =>
  descend(c, c.input, c.path, (v, p, out) =>
    c.interp.eval(c.args[0]!, c.scope, v, p, (x, q) => where(c, 1, x, () => out(x, q))),
  ),
);
special('while/2', (c) =>
  where(c, 0, c.input, () =>
    descend(c, c.input, c.path, (v, p, out) =>
      c.interp.eval(c.args[1]!, c.scope, v, p, (x, q) => where(c, 0, x, () => out(x, q))),
    ),
  ),
);
special('until/2', function* (c) {
  const silent: Call = { ...c, emit: c.emit };
  const run = function* (v: Json, p: Call['path']): Coroutine<void> {
    for (;;) {
      yield* c.interp.tick();
      let held: [Json, Call['path']] | undefined;
      yield* where(
        silent,
        0,
        v,
        () => c.emit(v, p),
        () =>
          c.interp.eval(c.args[1]!, c.scope, v, p, function* (x, q) {
            if (held) yield* run(...held);
            held = [x, q];
          }),
      );
      if (!held) return;
      [v, p] = held;
    }
  };
  yield* run(c.input, c.path);
});

special('sub/3', (c) =>
  c.interp.eval(c.args[2]!, c.scope, c.input, undefined, (flags) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (re) => substitute(c, re, flags)),
  ),
);

/** `sub`: the text up to each match, what the filter makes of its named captures, and the rest. */
function substitute(c: Call, re: Json, flags: Json): Coroutine<void> {
  const { input } = c;
  if (typeof input !== 'string') throw new JqError(`${described(input)} cannot be matched, as it is not a string`);
  const global = typeof flags === 'string' && flags.includes('g');
  const once = typeof flags === 'string' ? flags.replace(/g/g, '') : flags;
  // As in jq 1.6, each search begins anew in what is left, so that `^` matches again.
  const go = (rest: string, done: string): Coroutine<void> => {
    const list = match(rest, re, once, false) as readonly ReadonlyMap<string, Json>[];
    const m = list[0];
    if (!m || (rest === '' && done !== '' && global)) return c.emit(done + rest, computed(c.path));
    const chars = [...rest];
    const offset = m.get('offset') as number;
    const length = m.get('length') as number;
    const names = new Map<string, Json>();
    for (const x of m.get('captures') as readonly ReadonlyMap<string, Json>[])
      if (x.get('name') !== null) names.set(x.get('name') as string, x.get('string')!);
    return c.interp.eval(c.args[1]!, c.scope, names, undefined, function* (s) {
      yield* c.interp.tick();
      if (typeof s !== 'string') throw new JqError(`${described(names)} cannot be added to a string`);
      const before = done + chars.slice(0, offset).join('') + s;
      const after = chars.slice(offset + length).join('');
      if (!global) return yield* c.emit(before + after, computed(c.path));
      if (length === 0) {
        const [first = '', ...others] = [...after];
        if (first === '') return yield* c.emit(before, computed(c.path));
        return yield* go(others.join(''), before + first);
      }
      yield* go(after, before);
    });
  };
  return go(input, '');
}

// --- the world around ------------------------------------------------------------------------------------------------

special('now/0', (c) => c.emit(c.interp.host.now(), computed(c.path)));
special('input/0', function* (c) {
  const v = yield* c.interp.host.input();
  if (v === undefined) throw new JqError('break');
  yield* c.emit(v, computed(c.path));
});
special('_inputs/0', function* (c) {
  for (;;) {
    const v = yield* c.interp.host.input();
    if (v === undefined) return;
    yield* c.emit(v, computed(c.path));
  }
});
special('debug/0', function* (c) {
  yield* c.interp.host.eprint(`["DEBUG:",${dump(c.input)}]\n`);
  yield* c.emit(c.input, c.path);
});
special('stderr/0', function* (c) {
  yield* c.interp.host.eprint(dump(c.input));
  yield* c.emit(c.input, c.path);
});
special('input_filename/0', (c) => c.emit(c.interp.host.position().file, computed(c.path)));
special('input_line_number/0', (c) => c.emit(c.interp.host.position().line, computed(c.path)));

special('halt/0', function* () {
  throw new Halt(0);
});
special('halt_error/1', (c) =>
  c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (status) => {
    if (typeof status !== 'number') throw new JqError('halt_error/1: number required');
    throw new Halt(status & 255, c.input);
  }),
);

/** What the interpreter needs of this file. */
export type { Interpreter };
