/** Entering a named network namespace, as `ip netns exec` and `ip -n` do. */
import type { Sys } from '../../../host';
import { lookup, resolve } from '../../../host';
import { NamespaceNode, setns, sysfsRoot } from '../../../host/netfs';
import type { Inode, MountTable } from '../../../host';
import { Quit } from '../lib/args';
import { NETNS_DIR } from './names';
import { why } from '../../lib/why';

/**
 * Makes the process a member of the namespace `name`: setns(2), a mount namespace of its own, a fresh /sys, and the files of
 * /etc/netns/NAME over those of /etc.
 * @throws Quit with the message of the original and status 255.
 */
export function switchNetns(sys: Sys, name: string): void {
  const { proc } = sys;
  const path = `${NETNS_DIR}/${name}`;
  let node;
  try {
    node = lookup(proc, path);
  } catch (e) {
    throw new Quit(255, `Cannot open network namespace "${name}": ${why(e)}\n`);
  }
  try {
    if (!(node instanceof NamespaceNode) || node.namespace.kind !== 'net') {
      throw new Quit(255, `setting the network namespace "${name}" failed: Invalid argument\n`);
    }
    setns(sys, node.namespace);
  } catch (e) {
    if (e instanceof Quit) throw e;
    throw new Quit(255, `setting the network namespace "${name}" failed: ${why(e)}\n`);
  }
  if (!proc.capable(proc.ns.mnt.owner)) throw new Quit(255, 'unshare failed: Operation not permitted\n');
  const table = proc.ns.mnt.clone(proc.machine.namespaceInode(), proc.ns.user, 'slave');
  proc.ns.mnt = table;
  remountSys(sys, table, name);
  bindEtc(sys, table, name);
}

/** Mounts a sysfs that shows the present network namespace. */
function remountSys(sys: Sys, table: MountTable, source: string): void {
  const point = covered(sys, '/sys');
  if (!point) return;
  table.unmount('/sys');
  table.mount(point, {
    root: sysfsRoot(sys.machine, sys.net),
    target: '/sys',
    source,
    type: 'sysfs',
    options: 'rw,relatime',
  });
}

/** Binds each file of /etc/netns/NAME over the file of that name in /etc. */
function bindEtc(sys: Sys, table: MountTable, name: string): void {
  const dir = `/etc/netns/${name}`;
  let names: string[];
  try {
    names = sys.files.readdir(dir);
  } catch {
    return;
  }
  for (const file of names) {
    const target = `/etc/${file}`;
    const point = covered(sys, target);
    if (!point) {
      // The original says so and goes on.
      warnings.get(sys)?.push(`Bind ${dir}/${file} -> ${target} failed: No such file or directory\n`);
      continue;
    }
    table.mount(point, {
      root: lookup(sys.proc, `${dir}/${file}`),
      target,
      source: '/dev/vda1',
      type: 'ext4',
      options: 'rw,relatime',
    });
  }
}

const warnings = new WeakMap<Sys, string[]>();

/** Like `switchNetns`; messages that do not end the program are returned. */
export function enterNetns(sys: Sys, name: string): string {
  const list: string[] = [];
  warnings.set(sys, list);
  switchNetns(sys, name);
  warnings.delete(sys);
  return list.join('');
}

/** The inode at `path` below whatever is mounted there; undefined when there is none. */
function covered(sys: Sys, path: string): Inode | undefined {
  try {
    return resolve(sys.proc, path).covered;
  } catch {
    return undefined;
  }
}
