/** What a jq program asks of the process it runs in. */
import type { Coroutine } from '../../../core';
import type { Json } from './value';

/** What a program asks of the process it runs in. */
export interface Host {
  /** Counts work and lets others run. */
  work(n: number): Coroutine<void>;
  /** The next input; undefined when there is none. */
  input(): Coroutine<Json | undefined>;
  /** Text for standard error. */
  eprint(text: string): Coroutine<void>;
  /** Seconds since the epoch. */
  now(): number;
  /** The environment. */
  env(): ReadonlyMap<string, Json>;
  /** Name of the current input file and number of its lines read so far. */
  position(): { file: string | null; line: number };
}

/** `halt` and `halt_error`. */
export class Halt extends Error {
  constructor(
    readonly status: number,
    readonly value?: Json,
  ) {
    super('halt');
  }
}
