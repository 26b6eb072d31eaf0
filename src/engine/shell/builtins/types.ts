import type { Coroutine } from '../../core';
import type { AssignArg } from '../assign';
import type { Shell } from '../shell';

/** How a builtin was called. */
export interface BuiltinCall {
  /** The name it was called by. */
  readonly name: string;
  /** Arguments, with assignments to declaration builtins taken apart. */
  readonly args: readonly (string | AssignArg)[];
}

/** A command inside the shell. */
export interface Builtin {
  readonly name: string;
  /** Usage as `help` shows it. */
  readonly usage: string;
  /** One sentence for `help`. */
  readonly summary: string;
  run(sh: Shell, args: string[], call: BuiltinCall): Coroutine<number>;
}

/** Shorthand. */
export function builtin(name: string, usage: string, summary: string, run: Builtin['run']): Builtin {
  return { name, usage, summary, run };
}

/** Options of a builtin: letters that may be combined; `x:` takes an argument. */
export interface Options {
  readonly flags: Set<string>;
  readonly values: Map<string, string>;
  readonly rest: string[];
}

/** bash's internal_getopt. @returns undefined after printing a usage message (status 2). */
export function* options(
  sh: Shell,
  name: string,
  args: readonly string[],
  spec: string,
  usage = '',
): Coroutine<Options | undefined> {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      i++;
      break;
    }
    if (!arg.startsWith('-') || arg === '-') break;
    for (let k = 1; k < arg.length; k++) {
      const c = arg[k]!;
      const at = c === ':' ? -1 : spec.indexOf(c);
      if (at < 0) {
        yield* sh.error(`${name}: -${c}: invalid option`);
        yield* sh.eprint(`${name}: usage: ${usage}\n`);
        return undefined;
      }
      if (spec[at + 1] === ':') {
        const value = k + 1 < arg.length ? arg.slice(k + 1) : args[++i];
        if (value === undefined) {
          yield* sh.error(`${name}: -${c}: option requires an argument`);
          yield* sh.eprint(`${name}: usage: ${usage}\n`);
          return undefined;
        }
        values.set(c, value);
        flags.add(c);
        break;
      }
      flags.add(c);
    }
  }
  return { flags, values, rest: args.slice(i) };
}
