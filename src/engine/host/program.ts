import type { Coroutine } from '../core';
import { stall } from '../core';
import type { Machine } from './machine';
import type { Sys } from './sys';

/** Code that a process runs. The number returned is its exit status (0-255). */
export type Main = (sys: Sys, argv: readonly string[]) => Coroutine<number>;

/** A simulated executable. */
export interface Program {
  /** Base name of the file and argv[0] by convention. */
  readonly name: string;
  /** Absolute path where it is installed, such as `/usr/bin/ping`. */
  readonly path: string;
  readonly main: Main;
  /** One line for `whatis` and the list of commands. */
  readonly summary: string;
  /** Text of the manual page as `man NAME` shows it; kept short, in our words. */
  readonly manual?: string;
  /** Other absolute paths where the same program is found (as hard links). */
  readonly links?: readonly string[];
  /**
   * Words that may come next on a command line, for Tab; `words` are the arguments before the one being completed.
   * Undefined: file names.
   */
  readonly complete?: (words: readonly string[], sys: Sys) => readonly string[] | undefined;
  /** Size of the file in bytes as `ls -l` shows it. */
  readonly size?: number;
  /**
   * Needs neither packets nor the files of /proc/net, /proc/sys and /sys while its arguments name no path, and shares its name
   * with no builtin: it can run before that code is there. See `provideRest`.
   */
  readonly modest?: true;
  /**
   * Of a program whose code is fetched when it is first needed: begins to fetch it; undefined once it is there. Until then
   * `main`, `summary`, `manual` and `complete` must not be used: call `provide` first. Whether there is a `complete` is known before.
   */
  readonly fetch?: () => Promise<void> | undefined;
}

/** A program's code could not be fetched. */
export class ProgramUnavailable extends Error {
  constructor(
    readonly machine: string,
    readonly program: string,
    override readonly cause: unknown,
  ) {
    super(`the code of ${program} could not be fetched: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/**
 * Makes sure that a program's code is there. The world stalls while it is fetched, and nothing in its history tells whether it was.
 * Only a failure is part of the history: `Machine#unavailable` counts the times that `provide` is to fail.
 * @returns false when the code could not be fetched.
 */
export function* provide(machine: Machine, program: Pick<Program, 'name' | 'fetch'>): Coroutine<boolean> {
  const failing = (): number => machine.unavailable.get(program.name) ?? 0;
  // A replay fails where the live world did, without trying.
  const fetching = failing() > 0 ? undefined : program.fetch?.();
  if (fetching) {
    yield* stall(
      fetching.catch((cause: unknown) => {
        throw new ProgramUnavailable(machine.name, program.name, cause);
      }),
    );
  }
  const failures = failing();
  if (failures > 0) machine.unavailable.set(program.name, failures - 1);
  return failures === 0 && !program.fetch?.();
}

let rest: Pick<Program, 'name' | 'fetch'> = { name: 'the system' };

/** Sets how the parts of the system that no shell needs before its first prompt are fetched; without it, they must be there. */
export function fetchRestWith(fetch: () => Promise<void> | undefined): void {
  rest = { name: rest.name, fetch };
}

/**
 * Makes sure that the whole system is there: the grammar and every builtin of the shell, what handles packets, /proc and /sys.
 * Shells call this before they run anything but a start-up file as the distribution made it, or a `modest` program. @returns false when it could not be fetched.
 */
export function provideRest(machine: Machine): Coroutine<boolean> {
  return provide(machine, rest);
}

/** Thrown to leave a process from any depth; only the kernel catches it. */
export class ProcessExit {
  constructor(readonly status: number) {}
}
