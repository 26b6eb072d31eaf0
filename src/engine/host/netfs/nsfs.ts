/** Namespaces as files (nsfs): /proc/PID/ns/* and what `ip netns add` mounts below /run/netns. */
import { Errno } from '../../core';
import { NetNamespace } from '../../net';
import { ComputedDir, Inode, MagicLink } from '../inode';
import type { Namespace, NamespaceKind } from '../namespaces';
import { PidNamespace, PlainNamespace, UserNamespace, UtsNamespace } from '../namespaces';
import type { Process } from '../process';
import { PathFile } from '../openfile';
import type { Sys } from '../sys';
import { reapNamespaces, watchNamespaces } from './reap';

/** Any namespace that a file can stand for. */
export type AnyNamespace = Namespace | NetNamespace;

/** The file that stands for a namespace; while it is open or mounted the namespace lives. */
export class NamespaceNode extends Inode {
  readonly type = 'file';
  constructor(readonly namespace: AnyNamespace) {
    super(0o444);
    this.ino = namespace.inode;
  }
}

const nodes = new WeakMap<AnyNamespace, NamespaceNode>();

/** The one file of `namespace`. @param now its times when it is made now */
export function namespaceNode(namespace: AnyNamespace, now = 0): NamespaceNode {
  let node = nodes.get(namespace);
  if (!node) nodes.set(namespace, (node = new NamespaceNode(namespace).touch(now)));
  return node;
}

/** `net:[4026531840]` */
export function namespaceLabel(namespace: AnyNamespace): string {
  return `${namespace.kind}:[${namespace.inode}]`;
}

/** The links in /proc/PID/ns in the kernel's order, with the namespace each leads to. */
const LINKS: readonly (readonly [string, (proc: Process) => AnyNamespace])[] = [
  ['cgroup', (p) => p.ns.cgroup],
  ['ipc', (p) => p.ns.ipc],
  ['mnt', (p) => p.ns.mnt],
  ['net', (p) => p.ns.net],
  ['pid', (p) => p.ns.pid],
  ['pid_for_children', (p) => p.pidForChildren],
  ['time', (p) => p.ns.time],
  ['time_for_children', (p) => p.ns.time],
  ['user', (p) => p.ns.user],
  ['uts', (p) => p.ns.uts],
];

/** The directory /proc/PID/ns of `proc`. */
export function namespaceDirectory(proc: Process): ComputedDir {
  const links = new Map<string, MagicLink>();
  return new ComputedDir(
    () => LINKS.map(([name]) => name),
    (name) => {
      const entry = LINKS.find(([n]) => n === name);
      if (!entry) return undefined;
      let link = links.get(name);
      if (!link) {
        link = new MagicLink(
          () => namespaceLabel(entry[1](proc)),
          () => namespaceNode(entry[1](proc), proc.startTime),
        );
        link.uid = proc.uid;
        link.gid = proc.gid;
        links.set(name, link.touch(proc.startTime));
      }
      return link;
    },
  );
}

/** The namespace behind an open descriptor. @throws Errno EINVAL when it is something else. */
export function namespaceOfFd(sys: Sys, fd: number): AnyNamespace {
  const file = sys.file(fd);
  if (file instanceof PathFile && file.inode instanceof NamespaceNode) return file.inode.namespace;
  throw new Errno('EINVAL');
}

/** `proc` goes to another namespace: the one it leaves may end, and the new one with it. */
function left(proc: Process): void {
  if (proc.ns.net !== proc.machine.namespaces.net) reapNamespaces(proc.machine);
  watchNamespaces(proc);
}

/** setns(2) with a namespace of a kind that the caller's process can join at once. @throws Errno EPERM */
export function setns(sys: Sys, namespace: AnyNamespace): void {
  const { proc } = sys;
  if (namespace.kind !== 'user' && !proc.capable(namespace.owner as typeof proc.ns.user)) throw new Errno('EPERM');
  if (namespace.kind === 'net' || namespace.kind === 'mnt') left(proc);
  switch (namespace.kind) {
    case 'net':
      proc.ns.net = namespace as NetNamespace;
      return;
    case 'pid':
      proc.pidForChildren = namespace as typeof proc.ns.pid;
      return;
    case 'mnt': {
      const table = namespace as typeof proc.ns.mnt;
      proc.ns.mnt = table;
      proc.root = table.root;
      proc.cwd = '/';
      return;
    }
    case 'uts':
      proc.ns.uts = namespace as typeof proc.ns.uts;
      return;
    case 'ipc':
      proc.ns.ipc = namespace as typeof proc.ns.ipc;
      return;
    case 'cgroup':
      proc.ns.cgroup = namespace as typeof proc.ns.cgroup;
      return;
    case 'time':
      proc.ns.time = namespace as typeof proc.ns.time;
      return;
    case 'user':
      // Joining the user namespace one is in already is refused (setns(2)).
      if (namespace === proc.ns.user) throw new Errno('EINVAL');
      proc.ns.user = namespace as typeof proc.ns.user;
      proc.privileged = true;
  }
}

/**
 * unshare(2): moves the process into new namespaces of `kinds`; a new PID namespace is for its children. A new user namespace is
 * made first and owns the others.
 * @param map what a new user namespace shows the process's uid as: root, or nobody at all.
 * @throws Errno EPERM
 */
export function unshareNamespaces(sys: Sys, kinds: ReadonlySet<NamespaceKind>, map: 'root' | 'none' = 'none'): void {
  const { proc } = sys;
  const { machine } = proc;
  if (!kinds.has('user') && kinds.size > 0 && !proc.capable(proc.ns.user)) throw new Errno('EPERM');
  if (kinds.has('user')) {
    proc.ns.user = new UserNamespace(machine.namespaceInode(), proc.ns.user, map === 'root' ? proc.uid : null);
    proc.privileged = true;
  }
  const owner = proc.ns.user;
  if (kinds.has('net') || kinds.has('mnt')) left(proc);
  if (kinds.has('mnt')) proc.ns.mnt = proc.ns.mnt.clone(machine.namespaceInode(), owner);
  if (kinds.has('uts')) {
    const uts = new UtsNamespace(machine.namespaceInode(), owner, proc.ns.uts.hostname);
    uts.domainname = proc.ns.uts.domainname;
    proc.ns.uts = uts;
  }
  if (kinds.has('ipc')) proc.ns.ipc = new PlainNamespace('ipc', machine.namespaceInode(), owner);
  if (kinds.has('pid')) proc.pidForChildren = new PidNamespace(machine.namespaceInode(), owner, proc.ns.pid);
  if (kinds.has('cgroup')) proc.ns.cgroup = new PlainNamespace('cgroup', machine.namespaceInode(), owner);
  if (kinds.has('net')) proc.ns.net = new NetNamespace(machine, machine.namespaceInode(), owner);
  if (kinds.has('time')) proc.ns.time = new PlainNamespace('time', machine.namespaceInode(), owner);
}
