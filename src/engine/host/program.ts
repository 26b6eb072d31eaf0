import type { Coroutine } from '../core';
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
}

/** Thrown to leave a process from any depth; only the kernel catches it. */
export class ProcessExit {
  constructor(readonly status: number) {}
}
