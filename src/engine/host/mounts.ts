import type { DirNode, Inode } from './inode';
import type { Namespace, UserNamespace } from './namespaces';

/** One file system attached to a place in the tree. */
export interface Mount {
  readonly id: number;
  /** What is seen at the mount point: a directory, or a file for bind mounts on files. */
  readonly root: Inode;
  /** Absolute path of the mount point in its namespace. */
  readonly target: string;
  /** First column of /proc/mounts. */
  readonly source: string;
  /** `ext4`, `proc`, `sysfs`, `tmpfs`, `nsfs`, `overlay`. */
  readonly type: string;
  /** Options column, such as `rw,relatime`. */
  readonly options: string;
}

/** A mount namespace (mount_namespaces(7)): the root and what is mounted over which inode. */
export class MountTable implements Namespace {
  readonly kind = 'mnt';
  private readonly covered = new Map<Inode, Mount[]>();
  private nextId = 21;

  constructor(
    readonly inode: number,
    readonly owner: UserNamespace,
    /** Root directory of the namespace. */
    public root: DirNode,
  ) {}

  /** What is seen where `inode` stands: the root of the topmost mount over it, or itself. */
  visible(inode: Inode): Inode {
    const over = this.covered.get(inode);
    return over ? this.visible(over[over.length - 1]!.root) : inode;
  }

  /** True when something is mounted over `inode`. */
  isMountPoint(inode: Inode): boolean {
    return this.covered.has(inode);
  }

  /** Mounts `root` over `point`. */
  mount(point: Inode, mount: Omit<Mount, 'id'>): void {
    const over = this.covered.get(point);
    const entry = { ...mount, id: this.nextId++ };
    if (over) over.push(entry);
    else this.covered.set(point, [entry]);
  }

  /** Takes away the topmost mount whose target is `target`. @returns false when there is none. */
  unmount(target: string): boolean {
    let found: [Inode, Mount[], number] | undefined;
    for (const [inode, over] of this.covered) {
      const i = over.findLastIndex((m) => m.target === target);
      if (i >= 0 && (!found || over[i]!.id > found[1][found[2]]!.id)) found = [inode, over, i];
    }
    if (!found) return false;
    found[1].splice(found[2], 1);
    if (found[1].length === 0) this.covered.delete(found[0]);
    return true;
  }

  /** All mounts in the order in which they were made. */
  list(): Mount[] {
    return [...this.covered.values()].flat().sort((a, b) => a.id - b.id);
  }

  /** A copy for a new namespace (CLONE_NEWNS). Propagation is private, as `unshare` and `ip netns exec` set it. */
  clone(inode: number, owner: UserNamespace): MountTable {
    const copy = new MountTable(inode, owner, this.root);
    copy.nextId = this.nextId;
    for (const [point, over] of this.covered) copy.covered.set(point, [...over]);
    return copy;
  }
}
