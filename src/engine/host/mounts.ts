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
  /** Whose mounts are seen here too unless the same point was changed here (MS_SLAVE). */
  private master: MountTable | null = null;

  constructor(
    readonly inode: number,
    readonly owner: UserNamespace,
    /** Root directory of the namespace. */
    public root: DirNode,
  ) {}

  /** What is seen where `inode` stands: the root of the topmost mount over it, or itself. */
  visible(inode: Inode): Inode {
    const over = this.over(inode);
    if (!over || over.length === 0) return inode;
    const { root } = over[over.length - 1]!;
    // A directory may be bound over itself, as `ip netns` does with /run/netns to share it.
    return root === inode ? inode : this.visible(root);
  }

  /** What is mounted over `inode`, lowest first. */
  private over(inode: Inode): Mount[] | undefined {
    return this.covered.get(inode) ?? this.master?.over(inode);
  }

  /** The points and their mounts, those of the master included. */
  private all(): Map<Inode, Mount[]> {
    return this.master ? new Map([...this.master.all(), ...this.covered]) : this.covered;
  }

  /** True when something is mounted over `inode`. */
  isMountPoint(inode: Inode): boolean {
    return (this.over(inode)?.length ?? 0) > 0;
  }

  /** Mounts `root` over `point`. */
  mount(point: Inode, mount: Omit<Mount, 'id'>): void {
    const entry = { ...mount, id: this.nextId++ };
    this.covered.set(point, [...(this.over(point) ?? []), entry]);
  }

  /** Takes away the topmost mount whose target is `target`. @returns false when there is none. */
  unmount(target: string): boolean {
    let found: [Inode, Mount[], number] | undefined;
    for (const [inode, over] of this.all()) {
      const i = over.findLastIndex((m) => m.target === target);
      if (i >= 0 && (!found || over[i]!.id > found[1][found[2]]!.id)) found = [inode, over, i];
    }
    if (!found) return false;
    const rest = found[1].filter((_, i) => i !== found[2]);
    if (rest.length === 0 && !this.master) this.covered.delete(found[0]);
    else this.covered.set(found[0], rest);
    return true;
  }

  /** All mounts in the order in which they were made. */
  list(): Mount[] {
    return [...this.all().values()].flat().sort((a, b) => a.id - b.id);
  }

  /**
   * A copy for a new namespace (CLONE_NEWNS). Propagation is private, as `unshare` sets it, or `slave`, as `ip netns exec` does:
   * later mounts and unmounts here are then seen there too, wherever the copy has not changed the same point itself.
   */
  clone(inode: number, owner: UserNamespace, propagation: 'private' | 'slave' = 'private'): MountTable {
    const copy = new MountTable(inode, owner, this.root);
    copy.nextId = this.nextId;
    if (propagation === 'slave') copy.master = this;
    else for (const [point, over] of this.all()) copy.covered.set(point, over);
    return copy;
  }
}
