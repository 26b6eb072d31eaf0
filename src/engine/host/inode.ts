import type { Micros, OpenFile } from '../core';
import { EMPTY, Errno, Pipe, WaitQueue, encode } from '../core';
import type { Process } from './process';

/** What an inode is, as in the first column of `ls -l`. */
export type InodeType = 'file' | 'dir' | 'symlink' | 'fifo' | 'char' | 'socket';

/** Where the numbers of new inodes come from; each world has its own, so that a copy beside it does not move its numbers. */
export interface InodeNumbers {
  next: number;
}

let numbers: InodeNumbers = { next: 1 };

/** New inodes are numbered by `source` from now on; a world calls this before it runs. */
export function useInodeNumbers(source: InodeNumbers): void {
  numbers = source;
}

/** One file system object (inode(7)). Times are virtual microseconds. */
export abstract class Inode {
  ino = numbers.next++;
  uid = 0;
  gid = 0;
  nlink = 1;
  atime: Micros = 0;
  mtime: Micros = 0;
  ctime: Micros = 0;
  abstract readonly type: InodeType;

  /** @param mode permission bits, including setuid, setgid and sticky. */
  constructor(public mode: number) {}

  /** Length in bytes as stat(2) reports it. */
  get size(): number {
    return 0;
  }

  /** Sets all three times. */
  touch(now: Micros): this {
    this.atime = this.mtime = this.ctime = now;
    return this;
  }
}

/** A regular file with its contents in memory. */
export class FileNode extends Inode {
  readonly type = 'file';
  /** Woken after every change, for `tail -f`. */
  readonly changed = new WaitQueue();
  /** Name of the simulated program that runs when the file is executed, as the machine code of a real one would. */
  program: string | undefined;
  private buffer: Uint8Array = EMPTY;
  private length = 0;
  /** False while `buffer` may be somebody else's too. */
  private owned = false;

  constructor(mode = 0o644, contents: string | Uint8Array = EMPTY) {
    super(mode);
    this.contents = typeof contents === 'string' ? encode(contents) : contents;
  }

  override get size(): number {
    return this.length;
  }

  /** The whole contents; the array is a view, do not write to it. */
  get contents(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  set contents(data: Uint8Array) {
    this.buffer = data;
    this.length = data.length;
    this.owned = false;
    this.changed.wakeAll();
  }

  /** Writes `data` at `at`, with zeros in a gap. */
  writeAt(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2, 256));
      grown.set(this.buffer.subarray(0, this.length));
      this.buffer = grown;
    } else if (!this.owned) {
      this.buffer = this.buffer.slice();
    }
    this.owned = true;
    this.buffer.set(data, at);
    this.length = Math.max(this.length, end);
    this.changed.wakeAll();
  }

  /** ftruncate(2). */
  truncate(length: number): void {
    if (length <= this.length) {
      this.buffer = this.buffer.slice(0, length);
      this.length = length;
      this.owned = true;
    } else {
      this.writeAt(length, EMPTY);
      this.length = length;
    }
    this.changed.wakeAll();
  }

  /** A copy that shares the bytes until one of the two is written to. */
  copy(): FileNode {
    const copy = new FileNode(this.mode, this.contents);
    this.owned = false;
    copy.program = this.program;
    copy.uid = this.uid;
    copy.gid = this.gid;
    return copy;
  }
}

/** A directory, real or computed. `viewer` is the process that looks, for `/proc/self` and the like. */
export abstract class DirNode extends Inode {
  readonly type = 'dir';
  constructor(mode = 0o755) {
    super(mode);
    this.nlink = 2;
  }

  override get size(): number {
    return 4096;
  }

  /** The entry `name`, without following anything; undefined when there is none. */
  abstract lookup(name: string, viewer: Process): Inode | undefined;

  /** All names but `.` and `..`, in directory order. */
  abstract names(viewer: Process): string[];

  /** Adds an entry. @throws Errno EPERM where nothing can be created. */
  link(_name: string, _inode: Inode): void {
    throw new Errno('EPERM');
  }

  /** Removes an entry. @throws Errno EPERM where nothing can be removed. */
  unlink(_name: string): void {
    throw new Errno('EPERM');
  }
}

/** A directory in memory. */
export class MemDir extends DirNode {
  private readonly entries = new Map<string, Inode>();

  override lookup(name: string): Inode | undefined {
    return this.entries.get(name);
  }

  override names(): string[] {
    return [...this.entries.keys()];
  }

  get empty(): boolean {
    return this.entries.size === 0;
  }

  override link(name: string, inode: Inode): void {
    this.entries.set(name, inode);
    if (inode.type === 'dir') this.nlink++;
  }

  override unlink(name: string): void {
    if (this.entries.get(name)?.type === 'dir') this.nlink--;
    this.entries.delete(name);
  }
}

/** A directory that a package brings: its files are made when somebody first looks, as their text is fetched after the first prompt. */
export class PackageDir extends MemDir {
  private filled = false;

  /** @param fill puts the files there; false when their text is not there yet */
  constructor(
    private readonly fill: (dir: PackageDir) => boolean,
    mode = 0o755,
  ) {
    super(mode);
  }

  private ensure(): void {
    if (this.filled) return;
    this.filled = true;
    this.filled = this.fill(this);
  }

  override lookup(name: string): Inode | undefined {
    this.ensure();
    return super.lookup(name);
  }

  override names(): string[] {
    this.ensure();
    return super.names();
  }

  override get empty(): boolean {
    this.ensure();
    return super.empty;
  }

  override link(name: string, inode: Inode): void {
    this.ensure();
    super.link(name, inode);
  }

  override unlink(name: string): void {
    this.ensure();
    super.unlink(name);
  }
}

/** A symbolic link. */
export class SymlinkNode extends Inode {
  readonly type = 'symlink';
  constructor(private readonly target: string) {
    super(0o777);
  }

  /** What readlink(2) returns. */
  text(_viewer: Process): string {
    return this.target;
  }

  /** The inode it leads to when that is not found by its text (the magic links of /proc); undefined for ordinary links. */
  follow(_viewer: Process): Inode | undefined {
    return undefined;
  }

  override get size(): number {
    return encode(this.target).length;
  }
}

/** A link of /proc whose target is an object, not a path: /proc/PID/ns/net, /proc/PID/fd/1. */
export class MagicLink extends SymlinkNode {
  constructor(
    private readonly describe: (viewer: Process) => string,
    private readonly object: (viewer: Process) => Inode | undefined,
  ) {
    super('');
  }

  override text(viewer: Process): string {
    return this.describe(viewer);
  }

  override follow(viewer: Process): Inode | undefined {
    return this.object(viewer);
  }

  override get size(): number {
    return 0;
  }
}

/** A FIFO (fifo(7)). */
export class FifoNode extends Inode {
  readonly type = 'fifo';
  readonly pipe = new Pipe(this.ino);
  constructor(mode = 0o644) {
    super(mode);
  }
}

/** A character device. */
export class DeviceNode extends Inode {
  readonly type = 'char';
  constructor(
    readonly major: number,
    readonly minor: number,
    /** Opens the device for a process. @throws Errno ENXIO */
    readonly open: (opener: Process) => OpenFile,
    mode = 0o666,
  ) {
    super(mode);
  }
}

/** The name a Unix socket is bound to. What listens there is the network's affair. */
export class SocketNode extends Inode {
  readonly type = 'socket';
  /** The listening or datagram socket. Opaque here. */
  endpoint: unknown;
  constructor(mode = 0o755) {
    super(mode);
  }
}

/** A file whose text is computed when it is opened and, if `store` is given, handed over when it is written. */
export class TextNode extends Inode {
  readonly type = 'file';
  constructor(
    /** The text a reader sees. */
    readonly text: (viewer: Process) => string,
    /** Takes what was written in one write(2). @throws Errno EINVAL */
    readonly store?: (text: string, writer: Process) => void,
    mode = store ? 0o644 : 0o444,
  ) {
    super(mode);
  }
}

/** A computed directory. */
export class ComputedDir extends DirNode {
  constructor(
    private readonly list: (viewer: Process) => string[],
    private readonly find: (name: string, viewer: Process) => Inode | undefined,
    mode = 0o555,
  ) {
    super(mode);
  }

  override get size(): number {
    return 0;
  }

  override lookup(name: string, viewer: Process): Inode | undefined {
    return this.find(name, viewer);
  }

  override names(viewer: Process): string[] {
    return this.list(viewer);
  }

  /** No file of procfs or sysfs is made by hand: a name that is not there is not found. */
  override link(): void {
    throw new Errno('ENOENT');
  }
}
