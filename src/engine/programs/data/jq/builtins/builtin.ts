/** What a builtin is, and how those that only compute a value are written. */
import type { Coroutine } from '../../../../core';
import type { Call } from '../interpreter';
import { computed } from '../path';
import { KEY_SEPARATOR } from '../prelude-defs';
import type { Json } from '../value';

/** A builtin: pushes its outputs. */
export type Builtin = (c: Call) => Coroutine<void>;

/** Builtins by `name/arity`. */
export type Builtins = Readonly<Record<string, Builtin>>;

/** Computes one output from the input and one output of every argument. @throws JqError */
type ValueFunction = (input: Json, ...args: Json[]) => Json;

/** Functions of values as builtins: every combination of the arguments' outputs, the last argument outermost. */
export function ofValues(functions: Readonly<Record<string, ValueFunction>>): Builtins {
  return Object.fromEntries(
    Object.entries(functions).map(([key, f]) => [key, ofValue(Number(key.split(KEY_SEPARATOR)[1]), f)]),
  );
}

function ofValue(arity: number, f: ValueFunction): Builtin {
  return function* (c) {
    const go = (i: number, args: Json[]): Coroutine<void> => {
      if (i < 0) return c.emit(f(c.input, ...args), computed(c.path));
      return c.interp.eval(c.args[i]!, c.scope, c.input, undefined, (x) => go(i - 1, [x, ...args]));
    };
    yield* go(arity - 1, []);
  };
}
