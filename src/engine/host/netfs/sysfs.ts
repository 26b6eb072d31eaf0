/**
 * sysfs: /sys/class/net and what hangs on it; sysfs/ has the directory of one link. A sysfs belongs to the network namespace of
 * whoever mounted it, whoever looks (Documentation/filesystems/sysfs-tagging.rst): that is why `nsenter -n` without `-m` still sees
 * the host's links.
 */
import type { NetNamespace } from '../../net';
import type { Inode } from '../inode';
import { ComputedDir, MemDir, TextNode } from '../inode';
import type { Machine } from '../machine';
import { SysfsLink } from './sysfs/attribute';
import { netDeviceDir } from './sysfs/net-device';

const roots = new WeakMap<NetNamespace, MemDir>();

/** The root of a sysfs mounted in `net`. */
export function sysfsRoot(machine: Machine, net: NetNamespace): MemDir {
  let root = roots.get(net);
  if (!root) roots.set(net, (root = build(machine, net)));
  return root;
}

function build(machine: Machine, net: NetNamespace): MemDir {
  const root = new MemDir(0o555);
  const dir = (parent: MemDir, name: string): MemDir => {
    const child = new MemDir(0o755);
    parent.link(name, child.touch(machine.bootTime));
    return child;
  };
  const top = new Map(
    ['block', 'bus', 'class', 'dev', 'devices', 'firmware', 'fs', 'kernel', 'module', 'power'].map((n) => [
      n,
      dir(root, n),
    ]),
  );
  const devices = top.get('devices')!;
  const cpus = dir(dir(devices, 'system'), 'cpu');
  for (let n = 0; n < machine.cpus; n++) dir(cpus, `cpu${n}`);
  const list = `0-${machine.cpus - 1}\n`;
  for (const name of ['online', 'possible', 'present'])
    cpus.link(name, new TextNode(() => list).touch(machine.bootTime));
  dir(top.get('fs')!, 'cgroup');
  for (const name of ['bridge', 'br_netfilter', 'ip_tables', 'ip6_tables', 'nf_conntrack', 'veth'])
    dir(top.get('module')!, name);
  const links = new LinkDirectories(net);
  dir(devices, 'virtual').link('net', links.directory((name) => links.dir(name)).touch(machine.bootTime));
  top.get('class')!.link('net', links.directory((name) => links.link(name)).touch(machine.bootTime));
  return root.touch(machine.bootTime);
}

/** The links of one namespace: their directories in /sys/devices/virtual/net, and the symbolic links to them in /sys/class/net. */
class LinkDirectories {
  private readonly made = new Map<number, { dir: ComputedDir; links: Map<string, SysfsLink> }>();

  constructor(private readonly net: NetNamespace) {}

  /** A directory with an entry for each link. */
  directory(find: (name: string) => Inode | undefined): ComputedDir {
    const names = (): string[] => this.net.links.list().map((l) => l.name);
    return new ComputedDir(() => names().sort(), find, 0o755);
  }

  /** The directory of a link. */
  dir(name: string): ComputedDir | undefined {
    return this.of(name)?.dir;
  }

  /** The symbolic link to it. */
  link(name: string): SysfsLink | undefined {
    const entry = this.of(name);
    if (!entry) return undefined;
    let node = entry.links.get(name);
    if (!node) {
      node = new SysfsLink(`../../devices/virtual/net/${name}`);
      entry.links.set(name, node.touch(this.net.host.scheduler.now));
    }
    return node;
  }

  private of(name: string): { dir: ComputedDir; links: Map<string, SysfsLink> } | undefined {
    const link = this.net.links.byName(name);
    // Alternative names have no entry.
    if (!link || link.name !== name) return undefined;
    let entry = this.made.get(link.index);
    if (!entry) {
      entry = { dir: netDeviceDir(this.net, link.index), links: new Map() };
      this.made.set(link.index, entry);
    }
    return entry;
  }
}
