import type { NetNamespace } from '../net';
import type { MountTable } from './mounts';
import type { Process } from './process';

/** Kinds of namespaces, as the names in /proc/PID/ns (namespaces(7)). */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'time' | 'user' | 'uts';

/** All kinds, in the order of /proc/PID/ns. */
export const NAMESPACE_KINDS: readonly NamespaceKind[] = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];

/** What every namespace has: an inode number in nsfs and the user namespace that owns it. */
export interface Namespace {
  readonly kind: NamespaceKind;
  /** Shown as `net:[4026531840]`. */
  readonly inode: number;
  /** User namespace whose capabilities count here; the initial user namespace owns itself. */
  readonly owner: UserNamespace;
}

/** A user namespace; the only mapping supported is one id to root (`unshare -r`) or the identity. */
export class UserNamespace implements Namespace {
  readonly kind = 'user';
  constructor(
    readonly inode: number,
    /** Null for the initial one. */
    readonly parent: UserNamespace | null,
    /** The outer uid that is 0 inside; null for the identity mapping. */
    readonly rootUid: number | null = null,
  ) {}

  get owner(): UserNamespace {
    return this;
  }

  /** The id seen inside for the global id `uid`; 65534 (nobody) when it is not mapped. */
  inside(uid: number): number {
    if (this.parent === null) return uid;
    return uid === this.rootUid ? 0 : 65534;
  }

  /** True when `other` is this namespace or one of its descendants. */
  covers(other: UserNamespace): boolean {
    for (let n: UserNamespace | null = other; n; n = n.parent) if (n === this) return true;
    return false;
  }
}

/** A UTS namespace: host and domain name. */
export class UtsNamespace implements Namespace {
  readonly kind = 'uts';
  domainname = '(none)';
  constructor(
    readonly inode: number,
    readonly owner: UserNamespace,
    public hostname: string,
  ) {}
}

/** A PID namespace: its own numbering of processes. */
export class PidNamespace implements Namespace {
  readonly kind = 'pid';
  private next = 1;
  readonly processes = new Map<number, Process>();
  constructor(
    readonly inode: number,
    readonly owner: UserNamespace,
    readonly parent: PidNamespace | null,
  ) {}

  /** Process 1, to which orphans go. */
  get init(): Process | undefined {
    return this.processes.get(1);
  }

  /** The next free number. */
  allocate(): number {
    while (this.processes.has(this.next)) this.next = this.next >= 4194303 ? 300 : this.next + 1;
    return this.next++;
  }

  /** Makes the next process get at least number `pid`, so that a fresh machine's shells have plausible numbers. */
  skipTo(pid: number): void {
    this.next = Math.max(this.next, pid);
  }
}

/** A namespace kind that this course only numbers: cgroup, ipc, time. */
export class PlainNamespace implements Namespace {
  constructor(
    readonly kind: 'cgroup' | 'ipc' | 'time',
    readonly inode: number,
    readonly owner: UserNamespace,
  ) {}
}

/** The namespaces of one process. */
export interface NamespaceSet {
  cgroup: PlainNamespace;
  ipc: PlainNamespace;
  mnt: MountTable;
  net: NetNamespace;
  pid: PidNamespace;
  time: PlainNamespace;
  user: UserNamespace;
  uts: UtsNamespace;
}
