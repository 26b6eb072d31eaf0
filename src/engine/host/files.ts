import { Errno } from '../core';
import type { Inode, InodeType } from './inode';
import { DirNode, FifoNode, FileNode, MemDir, SymlinkNode } from './inode';
import type { Process } from './process';
import type { Place } from './vfs';
import { lookup, permitted, resolve } from './vfs';

/** What stat(2) tells. Times are virtual microseconds. */
export interface Stat {
  readonly ino: number;
  readonly type: InodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly size: number;
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
  readonly inode: Inode;
}

/** The file system calls of one process. All paths may be relative; all throw `Errno`. */
export class Files {
  constructor(private readonly proc: Process) {}

  private get now(): number {
    return this.proc.machine.scheduler.now;
  }

  /** stat(2) or, with `follow` false, lstat(2). */
  stat(path: string, follow = true): Stat {
    const inode = lookup(this.proc, path, follow);
    const { ino, type, mode, uid, gid, nlink, size, atime, mtime, ctime } = inode;
    const inside = this.proc.ns.user;
    return {
      ino,
      type,
      mode,
      uid: inside.inside(uid),
      gid: inside.inside(gid),
      nlink,
      size,
      atime,
      mtime,
      ctime,
      inode,
    };
  }

  exists(path: string, follow = true): boolean {
    try {
      return resolve(this.proc, path, follow).inode !== undefined;
    } catch {
      return false;
    }
  }

  /** access(2). Bits: 4 read, 2 write, 1 execute. */
  access(path: string, bits: number): boolean {
    try {
      return permitted(this.proc, lookup(this.proc, path), bits);
    } catch {
      return false;
    }
  }

  /** True for a regular file that may be executed. */
  isExecutable(path: string): boolean {
    try {
      const inode = lookup(this.proc, path);
      return inode.type === 'file' && permitted(this.proc, inode, 1);
    } catch {
      return false;
    }
  }

  /** Names in a directory, without `.` and `..`, unsorted. */
  readdir(path: string): string[] {
    const dir = lookup(this.proc, path);
    if (!(dir instanceof DirNode)) throw new Errno('ENOTDIR');
    if (!permitted(this.proc, dir, 4)) throw new Errno('EACCES');
    return dir.names(this.proc);
  }

  readlink(path: string): string {
    const inode = lookup(this.proc, path, false);
    if (!(inode instanceof SymlinkNode)) throw new Errno('EINVAL');
    return inode.text(this.proc);
  }

  /** The absolute path without links (realpath(3)). With `missing`, the last component need not exist. */
  realpath(path: string, missing = false): string {
    const place = resolve(this.proc, path);
    if (!place.inode && !missing) throw new Errno('ENOENT');
    return place.path;
  }

  /** Puts a new inode at an empty place. */
  create<T extends Inode>(place: Place, inode: T): T {
    this.writable(place.parent);
    inode.uid = this.proc.uid;
    inode.gid = this.proc.gid;
    place.parent.link(place.name, inode.touch(this.now));
    place.parent.mtime = this.now;
    return inode;
  }

  mkdir(path: string, mode = 0o777): void {
    this.create(this.vacant(path, true), new MemDir(mode & ~this.proc.umask));
  }

  mkfifo(path: string, mode = 0o666): void {
    this.create(this.vacant(path), new FifoNode(mode & ~this.proc.umask));
  }

  symlink(target: string, path: string): void {
    this.create(this.vacant(path), new SymlinkNode(target));
  }

  /** link(2): a second name for a file. */
  link(from: string, to: string): void {
    const inode = lookup(this.proc, from, false);
    if (inode.type === 'dir') throw new Errno('EPERM');
    const place = this.vacant(to);
    this.writable(place.parent);
    place.parent.link(place.name, inode);
    inode.nlink++;
  }

  /** mknod(2) for what already is an inode: sockets, devices. */
  mknod(path: string, inode: Inode): void {
    this.create(this.vacant(path), inode);
  }

  unlink(path: string): void {
    const place = resolve(this.proc, path, false);
    if (!place.inode) throw new Errno('ENOENT');
    if (place.inode.type === 'dir') throw new Errno('EISDIR');
    this.busy(place);
    this.removable(place);
    place.parent.unlink(place.name);
    place.inode.nlink--;
    place.parent.mtime = this.now;
  }

  rmdir(path: string): void {
    const place = resolve(this.proc, path, false);
    if (!place.inode) throw new Errno('ENOENT');
    if (!(place.inode instanceof DirNode)) throw new Errno('ENOTDIR');
    if (place.name === '') throw new Errno('EBUSY');
    this.busy(place);
    if (place.inode.names(this.proc).length > 0) throw new Errno('ENOTEMPTY');
    this.removable(place);
    place.parent.unlink(place.name);
    place.parent.mtime = this.now;
  }

  rename(from: string, to: string): void {
    const source = resolve(this.proc, from, false);
    if (!source.inode) throw new Errno('ENOENT');
    const target = resolve(this.proc, to, false);
    if (target.inode === source.inode) return;
    if (source.inode.type === 'dir' && `${target.path}/`.startsWith(`${source.path}/`)) throw new Errno('EINVAL');
    this.busy(source);
    if (target.inode) {
      this.busy(target);
      const dir = target.inode instanceof DirNode;
      if (dir && source.inode.type !== 'dir') throw new Errno('EISDIR');
      if (!dir && source.inode.type === 'dir') throw new Errno('ENOTDIR');
      if (target.inode instanceof DirNode && target.inode.names(this.proc).length > 0) throw new Errno('ENOTEMPTY');
      this.removable(target);
      target.parent.unlink(target.name);
    }
    this.removable(source);
    this.writable(target.parent);
    source.parent.unlink(source.name);
    target.parent.link(target.name, source.inode);
    source.parent.mtime = target.parent.mtime = this.now;
  }

  chmod(path: string, mode: number): void {
    const inode = this.owned(path);
    inode.mode = mode & 0o7777;
    inode.ctime = this.now;
  }

  /** chown(2); -1 keeps the old value. */
  chown(path: string, uid: number, gid: number, follow = true): void {
    const inode = lookup(this.proc, path, follow);
    if (this.proc.uid !== 0) throw new Errno('EPERM');
    if (uid >= 0) inode.uid = uid;
    if (gid >= 0) inode.gid = gid;
    inode.ctime = this.now;
  }

  /** utimensat(2). Microseconds; undefined leaves a time alone. */
  utimes(path: string, atime: number | undefined, mtime: number | undefined, follow = true): void {
    const inode = follow ? this.owned(path) : lookup(this.proc, path, false);
    if (atime !== undefined) inode.atime = atime;
    if (mtime !== undefined) inode.mtime = mtime;
    inode.ctime = this.now;
  }

  truncate(path: string, length: number): void {
    const inode = lookup(this.proc, path);
    if (inode.type === 'dir') throw new Errno('EISDIR');
    if (!(inode instanceof FileNode)) throw new Errno('EINVAL');
    if (!permitted(this.proc, inode, 2)) throw new Errno('EACCES');
    inode.truncate(length);
    inode.mtime = this.now;
  }

  chdir(path: string): void {
    const place = resolve(this.proc, path);
    if (!place.inode) throw new Errno('ENOENT');
    if (place.inode.type !== 'dir') throw new Errno('ENOTDIR');
    if (!permitted(this.proc, place.inode, 1)) throw new Errno('EACCES');
    this.proc.cwd = place.path;
  }

  private vacant(path: string, dir = false): Place {
    const place = resolve(this.proc, dir ? path.replace(/(?<=.)\/+$/, '') : path, false);
    if (place.inode) throw new Errno('EEXIST');
    return place;
  }

  private writable(dir: DirNode): void {
    if (!permitted(this.proc, dir, 3)) throw new Errno('EACCES');
  }

  private removable(place: Place): void {
    this.writable(place.parent);
    const sticky = (place.parent.mode & 0o1000) !== 0;
    const { uid } = this.proc;
    if (sticky && uid !== 0 && uid !== place.inode!.uid && uid !== place.parent.uid) throw new Errno('EPERM');
  }

  private busy(place: Place): void {
    if (place.covered && this.proc.ns.mnt.isMountPoint(place.covered)) throw new Errno('EBUSY');
  }

  private owned(path: string): Inode {
    const inode = lookup(this.proc, path);
    if (this.proc.uid !== 0 && this.proc.uid !== inode.uid) throw new Errno('EPERM');
    return inode;
  }
}
