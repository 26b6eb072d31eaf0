/** Builtins that make a stream of outputs, or take some of one: ranges, recursion, loops, first and last. */
import type { Coroutine } from '../../../../core';
import type { Call } from '../interpreter';
import { computed } from '../path';
import type { Json } from '../value';
import { isArray, isObject, JqError, truthy } from '../value';
import type { Builtins } from './builtin';

/** Generators. */
export const GENERATORS: Builtins = {
  'empty/0': function* () {},
  'select/1': (c) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, function* (x) {
      if (truthy(x)) yield* c.emit(c.input, c.path);
    }),
  'range/2': (c) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (from) =>
      c.interp.eval(c.args[1]!, c.scope, c.input, undefined, (to) => {
        if (typeof from !== 'number' || typeof to !== 'number') throw new JqError('Range bounds must be numeric');
        return count(c, from, to, 1);
      }),
    ),
  'range/3': (c) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (from) =>
      c.interp.eval(c.args[1]!, c.scope, c.input, undefined, (to) =>
        c.interp.eval(c.args[2]!, c.scope, c.input, undefined, (by) => {
          if (typeof from !== 'number' || typeof to !== 'number' || typeof by !== 'number')
            throw new JqError('Range bounds must be numeric');
          return count(c, from, to, by);
        }),
      ),
    ),
  'first/1': function* (c) {
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
  },
  'last/1': function* (c) {
    let got: [Json, Call['path']] | undefined;

    yield* c.interp.eval(c.args[0]!, c.scope, c.input, c.path, function* (v, p) {
      got = [v, p];
    });
    if (got) yield* c.emit(...got);
  },
  'isempty/1': function* (c) {
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
  },
  'recurse/0': (c) =>
    descend(c, c.input, c.path, function* (v, p, out) {
      if (isArray(v) || isObject(v)) yield* c.interp.each(v, p, out);
    }),
  'recurse/1': (c) => descend(c, c.input, c.path, (v, p, out) => c.interp.eval(c.args[0]!, c.scope, v, p, out)),
  'recurse/2': (c) =>
    descend(c, c.input, c.path, (v, p, out) =>
      c.interp.eval(c.args[0]!, c.scope, v, p, (x, q) => where(c, 1, x, () => out(x, q))),
    ),
  // Debian's build applies the filter to the same input each time.
  'repeat/1': function* (c) {
    for (;;) {
      yield* c.interp.tick();
      yield* c.interp.eval(c.args[0]!, c.scope, c.input, c.path, c.emit);
    }
  },
  'while/2': (c) =>
    where(c, 0, c.input, () =>
      descend(c, c.input, c.path, (v, p, out) =>
        c.interp.eval(c.args[1]!, c.scope, v, p, (x, q) => where(c, 0, x, () => out(x, q))),
      ),
    ),
  'until/2': function* (c) {
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
  },
};

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

/** Thrown to end a stream whose further outputs nobody wants. */
class Stop extends Error {}

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
