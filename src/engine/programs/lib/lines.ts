import type { Coroutine } from '../../core';
import { concat, EMPTY } from '../../core';
import type { Sys } from '../../host';
import { toText } from './text';

/** Reads a descriptor line by line without holding more than one chunk and one line. */
export class LineReader {
  private chunk: Uint8Array = EMPTY;
  private at = 0;
  private ended = false;
  /** Whether the line returned last ended with the delimiter; false only for an incomplete last line. */
  terminated = true;

  /** @param delimiter byte that ends a line: 10, or 0 for the -z options. */
  constructor(
    private readonly sys: Sys,
    readonly fd: number,
    private readonly delimiter = 10,
  ) {}

  /** The next line's bytes without the delimiter; undefined at end of file. */
  *nextBytes(): Coroutine<Uint8Array | undefined> {
    yield* this.sys.work();
    let parts: Uint8Array[] | undefined;
    for (;;) {
      if (this.at >= this.chunk.length) {
        if (this.ended) break;
        this.chunk = yield* this.sys.read(this.fd);
        this.at = 0;
        if (this.chunk.length === 0) {
          // A terminal may be read again after an end of file; a line reader is done.
          this.ended = true;
          break;
        }
      }
      const end = this.chunk.indexOf(this.delimiter, this.at);
      const part = this.chunk.subarray(this.at, end < 0 ? undefined : end);
      this.at = end < 0 ? this.chunk.length : end + 1;
      if (end >= 0) {
        this.terminated = true;
        if (!parts) return part;
        parts.push(part);
        return concat(parts);
      }
      (parts ??= []).push(part);
    }
    if (!parts) return undefined;
    this.terminated = false;
    return concat(parts);
  }

  /** The next line as text (see text.ts) without the delimiter; undefined at end of file. */
  *next(): Coroutine<string | undefined> {
    const bytes = yield* this.nextBytes();
    return bytes && toText(bytes);
  }

  /** Bytes that were read but not yet returned, for programs that give a seekable file back. */
  get unread(): number {
    return this.chunk.length - this.at;
  }
}

/** All lines of a descriptor, for tools that must hold them (sort, tac). Charges a step a line. */
export function* readLines(sys: Sys, fd: number, delimiter = 10): Coroutine<{ lines: string[]; terminated: boolean }> {
  const reader = new LineReader(sys, fd, delimiter);
  const lines: string[] = [];
  for (;;) {
    const line = yield* reader.next();
    if (line === undefined) return { lines, terminated: reader.terminated };
    lines.push(line);
  }
}
