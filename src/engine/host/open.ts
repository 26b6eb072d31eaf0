import type { Coroutine, OpenFile } from '../core';
import { Errno, PipeEnd } from '../core';
import { DeviceNode, FifoNode, FileNode, MagicLink, SocketNode, SymlinkNode, TextNode } from './inode';
import { PathFile, RegularFile, TextFile } from './openfile';
import type { OpenFlags, Sys } from './sys';
import { permitted, resolve } from './vfs';

/** open(2): the open file description for `path`. @throws Errno */
export function* openInode(sys: Sys, path: string, flags: OpenFlags): Coroutine<OpenFile> {
  const { proc } = sys;
  const place = resolve(proc, path, !flags.nofollow && !flags.exclusive);
  let { inode } = place;
  if (inode instanceof SymlinkNode) {
    if (flags.exclusive) throw new Errno('EEXIST');
    if (!(inode instanceof MagicLink)) throw new Errno('ELOOP');
  }
  if (!inode) {
    if (!flags.create) throw new Errno('ENOENT');
    if (path.endsWith('/')) throw new Errno('EISDIR');
    inode = sys.files.create(place, new FileNode((flags.mode ?? 0o666) & ~proc.umask));
  } else {
    if (flags.create && flags.exclusive) throw new Errno('EEXIST');
    if (flags.directory && inode.type !== 'dir') throw new Errno('ENOTDIR');
    if (inode.type === 'dir' && (flags.write || flags.create)) throw new Errno('EISDIR');
    if (flags.read && !permitted(proc, inode, 4)) throw new Errno('EACCES');
    if (flags.write && !permitted(proc, inode, 2)) throw new Errno('EACCES');
  }
  const read = flags.read ?? false;
  const write = flags.write ?? false;
  if (inode instanceof FileNode) {
    if (flags.truncate && write && inode.size > 0) {
      inode.truncate(0);
      inode.mtime = inode.ctime = sys.now;
    }
    const file = new RegularFile(inode, place.path, read, write, () => sys.now);
    file.append = flags.append ?? false;
    return file;
  }
  if (inode instanceof TextNode) {
    if (write && !inode.store) throw new Errno('EACCES');
    return new TextFile(inode, place.path, proc, read, write);
  }
  if (inode instanceof DeviceNode) {
    const file = inode.open(proc);
    if (flags.nonblock) file.nonblocking = true;
    return file;
  }
  if (inode instanceof FifoNode) {
    const end = new PipeEnd(inode.pipe, read && write ? 'both' : read ? 'read' : 'write', place.path);
    end.nonblocking = flags.nonblock ?? false;
    if (flags.nonblock || (read && write)) return end;
    // fifo(7): the first to come waits for the other side, which may be gone again by the time it looks.
    const { pipe } = inode;
    const others = (): number => (read ? pipe.writersEver : pipe.readersEver);
    const before = others();
    try {
      while ((read ? pipe.writers : pipe.readers) === 0 && others() === before) yield* sys.wait([pipe.changed]);
    } catch (e) {
      end.discard();
      throw e;
    }
    return end;
  }
  if (inode instanceof SocketNode) throw new Errno('ENXIO');
  return new PathFile(inode, place.path);
}
