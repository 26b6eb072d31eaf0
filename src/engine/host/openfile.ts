import type { Caller, Coroutine, Ready, WaitQueue } from '../core';
import { EMPTY, Errno, OpenFile, decode, encode } from '../core';
import type { Inode } from './inode';
import type { FileNode, TextNode } from './inode';
import type { Process } from './process';

/** The largest regular file, in bytes; a learner's `yes > f` ends with ENOSPC instead of taking the page's memory. */
export const MAX_FILE_SIZE = 64 * 1024 * 1024;

/** An open regular file with a position. */
export class RegularFile extends OpenFile {
  private position = 0;
  readonly waitQueues: readonly WaitQueue[];

  constructor(
    readonly inode: FileNode,
    private readonly path: string,
    readable: boolean,
    writable: boolean,
    private readonly now: () => number,
  ) {
    super(readable, writable);
    this.waitQueues = [inode.changed];
  }

  *read(_caller: Caller, max: number): Coroutine<Uint8Array> {
    const data = this.inode.contents.slice(this.position, this.position + max);
    this.position += data.length;
    return data;
  }

  *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    if (this.append) this.position = this.inode.size;
    if (this.position + data.length > MAX_FILE_SIZE) throw new Errno('ENOSPC');
    this.inode.writeAt(this.position, data);
    this.inode.mtime = this.inode.ctime = this.now();
    this.position += data.length;
    return data.length;
  }

  override seek(offset: number, whence: 'set' | 'cur' | 'end'): number {
    const base = whence === 'set' ? 0 : whence === 'cur' ? this.position : this.inode.size;
    if (base + offset < 0) throw new Errno('EINVAL');
    return (this.position = base + offset);
  }

  describe(): string {
    return this.path;
  }
}

/** An open computed file (/proc, /sys): the text is made at the first read, each write is handed over at once. */
export class TextFile extends OpenFile {
  readonly waitQueues: readonly WaitQueue[] = [];
  private data: Uint8Array | null = null;
  private position = 0;

  constructor(
    private readonly inode: TextNode,
    private readonly path: string,
    private readonly opener: Process,
    readable: boolean,
    writable: boolean,
  ) {
    super(readable, writable);
  }

  *read(_caller: Caller, max: number): Coroutine<Uint8Array> {
    if (!this.data || this.position === 0) this.data = encode(this.inode.text(this.opener));
    const out = this.data.subarray(this.position, this.position + max);
    this.position += out.length;
    return out;
  }

  *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    if (!this.inode.store) throw new Errno('EACCES');
    this.inode.store(decode(data), this.opener);
    return data.length;
  }

  override seek(offset: number, whence: 'set' | 'cur' | 'end'): number {
    if (whence === 'end') throw new Errno('EINVAL');
    return (this.position = whence === 'set' ? offset : this.position + offset);
  }

  describe(): string {
    return this.path;
  }
}

/** A descriptor to something that is only held, not read: a directory, a namespace file. */
export class PathFile extends OpenFile {
  readonly waitQueues: readonly WaitQueue[] = [];

  constructor(
    readonly inode: Inode,
    private readonly path: string,
  ) {
    super(true, false);
  }

  *read(): Coroutine<Uint8Array> {
    throw new Errno(this.inode.type === 'dir' ? 'EISDIR' : 'EINVAL');
  }

  *write(): Coroutine<number> {
    throw new Errno('EBADF');
  }

  override poll(): Ready {
    return { readable: true, writable: false };
  }

  describe(): string {
    return this.path;
  }
}

/** A character device made of two functions: /dev/null, /dev/zero, /dev/full, /dev/urandom. */
export class SimpleDevice extends OpenFile {
  readonly waitQueues: readonly WaitQueue[] = [];

  constructor(
    private readonly path: string,
    private readonly produce: (max: number, caller: Caller) => Uint8Array,
    private readonly consume: (data: Uint8Array) => void = () => undefined,
  ) {
    super(true, true);
  }

  *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    return max === 0 ? EMPTY : this.produce(max, caller);
  }

  *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    this.consume(data);
    return data.length;
  }

  override seek(): number {
    return 0;
  }

  describe(): string {
    return this.path;
  }
}
