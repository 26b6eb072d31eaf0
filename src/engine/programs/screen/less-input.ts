/** The input of a pager: a file or a pipe that is read no further than is looked at. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';
import { toText } from '../lib/text';

/** Bytes that a pager keeps; what comes after is not shown, and the pager says so. */
export const MAX_INPUT = 32 * 1024 * 1024;

/** Lines of one input, read on demand. */
export class PagerInput {
  readonly lines: string[] = [];
  /** Bytes before each line. */
  readonly offsets: number[] = [];
  private partial: Uint8Array[] = [];
  private partialSize = 0;
  size = 0;
  /** True when everything has been read. */
  ended = false;
  /** True when the input was too big to keep. */
  truncated = false;

  constructor(
    private readonly sys: Sys,
    readonly name: string,
    readonly fd: number,
    /** Length of the file in bytes; undefined for a pipe. */
    readonly total: number | undefined,
  ) {}

  /** Reads one piece. It may wait; a signal ends the wait with false. */
  *more(): Coroutine<boolean> {
    if (this.ended) return false;
    let data: Uint8Array;
    try {
      data = yield* this.sys.read(this.fd, 65536);
    } catch (e) {
      if (isErrno(e, 'EINTR')) return false;
      if (!isErrno(e)) throw e;
      this.finish();
      return false;
    }
    if (data.length === 0) {
      this.finish();
      return false;
    }
    let at = 0;
    for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10, at)) {
      this.take(data.subarray(at, end));
      at = end + 1;
      this.add(1);
    }
    if (at < data.length) {
      this.partial.push(data.slice(at));
      this.partialSize += data.length - at;
    }
    yield* this.sys.work(1 + (data.length >> 12));
    if (this.size + this.partialSize >= MAX_INPUT) {
      this.truncated = true;
      this.finish();
    }
    return true;
  }

  private add(newline: number): void {
    const bytes = this.partial.reduce((n, p) => n + p.length, 0);
    const all = new Uint8Array(bytes);
    let at = 0;
    for (const p of this.partial) {
      all.set(p, at);
      at += p.length;
    }
    this.partial = [];
    this.partialSize = 0;
    this.lines.push(toText(all));
    this.offsets.push(this.size);
    this.size += bytes + newline;
  }

  private take(end: Uint8Array): void {
    this.partial.push(end.slice());
  }

  private finish(): void {
    if (this.partialSize > 0) this.add(0);
    this.ended = true;
  }
}
