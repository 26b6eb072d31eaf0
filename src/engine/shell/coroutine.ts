import type { Coroutine } from '../core';

/** A request to the driver to run `gen` on a fresh native stack and hand back its result. */
class Call {
  constructor(readonly gen: Coroutine<unknown>) {}
}

/**
 * Runs `gen` without growing the JavaScript stack: only below `drive`. Shell functions call each other this way, so that
 * their recursion costs heap instead of stack, which in a worker ends after a few thousand nested generators.
 */
export function* call<T>(gen: Coroutine<T>): Coroutine<T> {
  return (yield new Call(gen) as unknown as null) as unknown as T;
}

/** Runs `root` and everything it starts with `call`. */
export function* drive<T>(root: Coroutine<T>): Coroutine<T> {
  const stack: Coroutine<unknown>[] = [root];
  let value: unknown;
  let error: { thrown: unknown } | null = null;
  try {
    for (;;) {
      const top = stack[stack.length - 1]!;
      let result: IteratorResult<unknown, unknown>;
      try {
        if (error) {
          const { thrown } = error as { thrown: unknown };
          error = null;
          result = top.throw(thrown);
        } else result = top.next(value as never);
      } catch (thrown) {
        stack.pop();
        if (stack.length === 0) throw thrown;
        error = { thrown };
        continue;
      }
      if (result.done) {
        stack.pop();
        if (stack.length === 0) return result.value as T;
        value = result.value;
      } else if (result.value instanceof Call) {
        stack.push(result.value.gen);
        value = undefined;
      } else value = yield result.value as null;
    }
  } finally {
    // Killed from outside: let every level clean up, innermost first.
    while (stack.length > 0) {
      try {
        stack.pop()!.return(undefined);
      } catch {
        // A level that fails while it is being torn down must not keep the others from it.
      }
    }
  }
}
