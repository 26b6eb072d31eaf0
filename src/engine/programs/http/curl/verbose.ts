/** -v: what curl tells about a transfer while it runs, on standard error. */
import type { Coroutine } from '../../../core';
import type { Sys } from '../../../host';
import { CurlError } from './error';

/** The lines of one transfer. */
export class Verbose {
  /** Number of the connection; -1 before the first. */
  connection = -1;

  constructor(
    private readonly sys: Sys,
    private readonly on: boolean,
  ) {}

  /** A line about what curl does. */
  *note(text: string): Coroutine<void> {
    if (this.on) yield* this.sys.eprint(`* ${text}\n`);
  }

  /** Lines that were sent (`>`) or received (`<`). */
  *lines(mark: string, lines: readonly string[]): Coroutine<void> {
    if (this.on) yield* this.sys.eprint(lines.map((l) => `${mark} ${l}\n`).join(''));
  }

  /** The connection ends. */
  *closing(): Coroutine<void> {
    yield* this.note(`Closing connection ${this.connection}`);
  }

  /** The transfer ends with the connection. @throws CurlError always */
  *fail(status: number, text: string, note = text): Coroutine<never> {
    yield* this.note(note);
    yield* this.closing();
    throw new CurlError(status, text);
  }
}
