/** The end of network namespaces: one lives while a process, an open file or a mount refers to it. */
import type { NetNamespace } from '../../net';
import type { Machine } from '../machine';
import { PathFile } from '../openfile';
import type { Process } from '../process';
import { NamespaceNode } from './nsfs';

/** How long the kernel takes to tear a namespace down (cleanup_net waits for readers to leave). */
const DELAY = 15_000;

const pending = new WeakSet<Machine>();
const watched = new WeakSet<Process>();

/** Looks after `proc`: what it leaves behind when it ends is found then. */
export function watchNamespaces(proc: Process): void {
  if (watched.has(proc)) return;
  watched.add(proc);
  proc.onExit.push(() => reapNamespaces(proc.machine));
}

/** A reference to a namespace may have gone: soon those without any are destroyed. */
export function reapNamespaces(machine: Machine): void {
  if (pending.has(machine)) return;
  pending.add(machine);
  machine.scheduler.after(DELAY, () => {
    pending.delete(machine);
    const home = machine.namespaces.net;
    if (home.siblings.size < 2) return;
    const alive = referenced(machine);
    for (const net of [...home.siblings]) if (!alive.has(net)) net.destroy(home);
  });
}

function referenced(machine: Machine): Set<NetNamespace> {
  const initial = machine.namespaces;
  const alive = new Set<NetNamespace>([initial.net]);
  const tables = new Set([initial.mnt]);
  const note = (inode: unknown): void => {
    if (inode instanceof NamespaceNode && inode.namespace.kind === 'net') alive.add(inode.namespace as NetNamespace);
  };
  for (const proc of machine.processes) {
    if (proc.status) continue;
    alive.add(proc.ns.net);
    tables.add(proc.ns.mnt);
    for (const { file } of proc.fds.values()) if (file instanceof PathFile) note(file.inode);
    // Its children may outlive it here.
    if (proc.ns.net !== initial.net || proc.ns.mnt !== initial.mnt) watchNamespaces(proc);
  }
  for (const table of tables) for (const mount of table.list()) note(mount.root);
  return alive;
}
