/** What wget says on standard error (log.c). */
import type { Coroutine } from '../../../core';
import type { Sys } from '../../../host';
import { strftime } from '../../lib/strftime';
import type { WgetOptions } from './options';

/** The messages of one run. */
export class Log {
  constructor(
    private readonly sys: Sys,
    private readonly o: WgetOptions,
  ) {}

  /** Says what -q and -nv leave out. */
  *say(text: string): Coroutine<void> {
    if (!this.o.quiet && !this.o.brief) yield* this.sys.eprint(text);
  }

  /** The time as messages begin with it. */
  get stamp(): string {
    return strftime('%Y-%m-%d %H:%M:%S', this.sys.now);
  }
}
