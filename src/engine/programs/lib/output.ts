import type { Coroutine } from '../../core';
import { concat } from '../../core';
import type { Sys } from '../../host';
import { byteLength, toBytes } from './text';

/** Bytes that a fully buffered stream collects before it writes (BUFSIZ of glibc for a pipe: st_blksize). */
export const BUFFER_SIZE = 4096;

/**
 * A buffered output stream as stdio(3) makes one: line-buffered on a terminal, fully buffered otherwise. Like the real one it is
 * not flushed when a signal ends the process.
 */
export class Output {
  private parts: Uint8Array[] = [];
  private text = '';
  private size = 0;
  private readonly lineBuffered: boolean;

  /** @param lineBuffered overrides the choice by `isatty`. */
  constructor(
    private readonly sys: Sys,
    readonly fd: number,
    lineBuffered?: boolean,
  ) {
    this.lineBuffered = lineBuffered ?? sys.isatty(fd);
  }

  /** Adds text or bytes. */
  *write(data: string | Uint8Array): Coroutine<void> {
    if (typeof data === 'string') {
      this.text += data;
      this.size += data.length;
      if (this.size < BUFFER_SIZE && !(this.lineBuffered && data.includes('\n'))) return;
    } else {
      this.settle();
      this.parts.push(data);
      this.size += data.length;
      if (this.size < BUFFER_SIZE && !(this.lineBuffered && data.includes(10))) return;
    }
    yield* this.flush();
  }

  /** Adds a line. */
  *line(text: string): Coroutine<void> {
    yield* this.write(`${text}\n`);
  }

  /** Writes what is buffered. */
  *flush(): Coroutine<void> {
    if (this.size === 0) return;
    this.settle();
    const data = concat(this.parts);
    this.parts = [];
    this.size = 0;
    yield* this.sys.write(this.fd, data);
  }

  /** Forgets what is buffered, after an error. */
  drop(): void {
    this.parts = [];
    this.text = '';
    this.size = 0;
  }

  private settle(): void {
    if (this.text === '') return;
    this.size += byteLength(this.text) - this.text.length;
    this.parts.push(toBytes(this.text));
    this.text = '';
  }
}
