import { EMPTY } from './bytes';
import { Errno } from './errno';
import type { Caller, Ready } from './file';
import { OpenFile } from './file';
import type { Coroutine } from './scheduler';
import { WaitQueue } from './scheduler';

/** Bytes a pipe holds before writers wait (pipe(7): 16 pages). */
export const PIPE_CAPACITY = 65536;

/** The buffer between the two ends of a pipe or FIFO. */
export class Pipe {
  private chunks: Uint8Array[] = [];
  size = 0;
  readers = 0;
  writers = 0;
  /** How many ends were ever opened, for FIFOs. */
  readersEver = 0;
  writersEver = 0;
  readonly changed = new WaitQueue();

  /** @param id inode number shown as `pipe:[id]`. */
  constructor(readonly id: number) {}

  /** Appends at most the free space; returns the number of bytes taken. The bytes are copied. */
  put(data: Uint8Array): number {
    const n = Math.min(data.length, PIPE_CAPACITY - this.size);
    if (n === 0) return 0;
    this.chunks.push(data.slice(0, n));
    this.size += n;
    this.changed.wakeAll();
    return n;
  }

  /** Removes up to `max` bytes. */
  take(max: number): Uint8Array {
    const first = this.chunks[0];
    if (!first) return EMPTY;
    const n = Math.min(max, this.size);
    let out: Uint8Array;
    if (first.length >= n) {
      out = first.subarray(0, n);
      if (first.length === n) this.chunks.shift();
      else this.chunks[0] = first.subarray(n);
    } else {
      out = new Uint8Array(n);
      let at = 0;
      let used = 0;
      while (at < n) {
        const chunk = this.chunks[used]!;
        const part = chunk.subarray(0, n - at);
        out.set(part, at);
        at += part.length;
        if (part.length === chunk.length) used++;
        else this.chunks[used] = chunk.subarray(part.length);
      }
      this.chunks.splice(0, used);
    }
    this.size -= n;
    this.changed.wakeAll();
    return out;
  }
}

/** One end of a pipe (pipe(7)). */
export class PipeEnd extends OpenFile {
  readonly waitQueues: readonly WaitQueue[];

  constructor(
    readonly pipe: Pipe,
    end: 'read' | 'write' | 'both',
    private readonly name = `pipe:[${pipe.id}]`,
  ) {
    super(end !== 'write', end !== 'read');
    if (this.readable) {
      pipe.readers++;
      pipe.readersEver++;
    }
    if (this.writable) {
      pipe.writers++;
      pipe.writersEver++;
    }
    this.waitQueues = [pipe.changed];
    pipe.changed.wakeAll();
  }

  *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    while (this.pipe.size === 0) {
      if (this.pipe.writers === 0) return EMPTY;
      if (this.nonblocking) throw new Errno('EAGAIN');
      yield* caller.wait(this.waitQueues);
    }
    return this.pipe.take(max);
  }

  *write(caller: Caller, data: Uint8Array): Coroutine<number> {
    let written = 0;
    while (written < data.length) {
      if (this.pipe.readers === 0) {
        caller.brokenPipe();
        throw new Errno('EPIPE');
      }
      const n = this.pipe.put(data.subarray(written));
      written += n;
      if (n === 0) {
        if (this.nonblocking) {
          if (written > 0) return written;
          throw new Errno('EAGAIN');
        }
        yield* caller.wait(this.waitQueues);
      }
    }
    return written;
  }

  override poll(): Ready {
    const { pipe } = this;
    return {
      readable: this.readable && (pipe.size > 0 || pipe.writers === 0),
      writable: this.writable && (pipe.size < PIPE_CAPACITY || pipe.readers === 0),
      hangup: this.readable ? pipe.writers === 0 : pipe.readers === 0,
    };
  }

  describe(): string {
    return this.name;
  }

  protected override release(): void {
    if (this.readable) this.pipe.readers--;
    if (this.writable) this.pipe.writers--;
    this.pipe.changed.wakeAll();
  }
}
