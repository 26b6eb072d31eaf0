import { Errno } from '../core';
import type { Inode } from './inode';
import { DirNode, SymlinkNode } from './inode';
import type { Process } from './process';

/** Where a path leads. */
export interface Place {
  /** Absolute path without symbolic links, `.` or `..`, as seen from the process's root. */
  readonly path: string;
  /** The last component's name; empty for the root. */
  readonly name: string;
  /** The directory that holds, or would hold, the last component. */
  readonly parent: DirNode;
  /** What is there; undefined when nothing is. */
  readonly inode: Inode | undefined;
  /** What is there below a mount on it; equals `inode` where nothing is mounted. */
  readonly covered: Inode | undefined;
}

/** Links followed in one resolution before ELOOP (path_resolution(7)). */
const MAX_LINKS = 40;
const MAX_PATH = 4096;
const MAX_NAME = 255;

/** May `proc` do this to `inode`? Bits: 4 read, 2 write, 1 search or execute. */
export function permitted(proc: Process, inode: Inode, bits: number): boolean {
  if (proc.uid === 0) return bits !== 1 || inode.type === 'dir' || (inode.mode & 0o111) !== 0;
  const shift = proc.uid === inode.uid ? 6 : proc.groups.includes(inode.gid) || proc.gid === inode.gid ? 3 : 0;
  return ((inode.mode >> shift) & bits) === bits;
}

/**
 * Walks `path` for `proc` (path_resolution(7)).
 * @param follow whether a symbolic link in the last component is followed.
 * @throws Errno ENOENT, ENOTDIR, ELOOP, EACCES, ENAMETOOLONG. A missing last component is no error: `inode` is undefined.
 */
export function resolve(proc: Process, path: string, follow = true): Place {
  if (path === '') throw new Errno('ENOENT');
  if (path.length >= MAX_PATH) throw new Errno('ENAMETOOLONG');
  const table = proc.ns.mnt;
  const root = table.visible(proc.root) as DirNode;
  let links = 0;
  // Components still to walk, last first; the stack holds where we are, the root excluded.
  const todo = split(path).reverse();
  const stack: { name: string; parent: DirNode; inode: Inode; covered: Inode }[] = [];
  let mustBeDir = path.endsWith('/') || path.endsWith('/.');
  if (!path.startsWith('/')) todo.push(...split(proc.cwd).reverse());
  const here = (): Inode => stack[stack.length - 1]?.inode ?? root;
  while (todo.length > 0) {
    const name = todo.pop()!;
    if (name === '.') continue;
    const dir = here();
    if (!(dir instanceof DirNode)) throw new Errno('ENOTDIR');
    if (name === '..') {
      stack.pop();
      continue;
    }
    if (name.length > MAX_NAME) throw new Errno('ENAMETOOLONG');
    if (!permitted(proc, dir, 1)) throw new Errno('EACCES');
    const covered = dir.lookup(name, proc);
    const last = todo.length === 0;
    if (!covered) {
      if (!last) throw new Errno('ENOENT');
      const at = stack.map((s) => s.name);
      return { path: '/' + [...at, name].join('/'), name, parent: dir, inode: undefined, covered: undefined };
    }
    const inode = table.visible(covered);
    if (inode instanceof SymlinkNode && (!last || follow || mustBeDir)) {
      if (++links > MAX_LINKS) throw new Errno('ELOOP');
      const object = inode.follow(proc);
      const text = inode.text(proc);
      if (object) {
        // A magic link: the object itself; its path is what the link says, if that is a path.
        if (text.startsWith('/')) {
          stack.length = 0;
          const parts = split(text);
          parts.forEach((part, i) => {
            if (i < parts.length - 1) stack.push({ name: part, parent: root, inode: root, covered: root });
          });
          if (parts.length > 0) {
            stack.push({ name: parts[parts.length - 1]!, parent: root, inode: object, covered: object });
          }
        } else stack.push({ name, parent: dir, inode: object, covered: object });
        continue;
      }
      if (text.startsWith('/')) stack.length = 0;
      if (text.endsWith('/') && last) mustBeDir = true;
      todo.push(...split(text).reverse());
      continue;
    }
    stack.push({ name, parent: dir, inode, covered });
  }
  const top = stack[stack.length - 1];
  const inode = here();
  if (mustBeDir && inode.type !== 'dir' && !(inode instanceof SymlinkNode)) throw new Errno('ENOTDIR');
  return {
    path: '/' + stack.map((s) => s.name).join('/'),
    name: top?.name ?? '',
    parent: top?.parent ?? root,
    inode,
    covered: top?.covered ?? root,
  };
}

/** Like `resolve`, for something that must exist. @throws Errno ENOENT */
export function lookup(proc: Process, path: string, follow = true): Inode {
  const { inode } = resolve(proc, path, follow);
  if (!inode) throw new Errno('ENOENT');
  return inode;
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}
