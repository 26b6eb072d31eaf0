/** /proc/sys: the settings of the kernel. Those below net/ belong to the network namespace of whoever opens them. */
import { Errno } from '../../core';
import type { NetNamespace } from '../../net';
import type { Inode } from '../inode';
import { ComputedDir, TextNode } from '../inode';
import type { Machine } from '../machine';
import type { Process } from '../process';
import { KERNEL_RELEASE, KERNEL_VERSION } from '../proc/root';
import { INERT_SETTINGS } from './proc-sys-inert';

interface Setting {
  /** Undefined: the file can only be written. */
  readonly get: (viewer: Process) => string;
  readonly set?: (value: string, writer: Process) => void;
}

/** A number that can be set within bounds (proc_dointvec_minmax). */
function integer(initial: number, min = -0x80000000, max = 0x7fffffff): Setting {
  let value = initial;
  return {
    get: () => String(value),
    set: (text) => {
      const n = parseInteger(text);
      if (n === undefined || n < min || n > max) throw new Errno('EINVAL');
      value = n;
    },
  };
}

function parseInteger(text: string): number | undefined {
  const t = text.trim();
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(t)) return undefined;
  return Number(t);
}

function constant(text: string): Setting {
  return { get: () => text };
}

function words(initial: string): Setting {
  let value = initial;
  return { get: () => value, set: (text) => (value = text.trim().split(/\s+/).join('\t')) };
}

/** Everything but net/, by path. */
function settings(machine: Machine): Map<string, Setting> {
  const uuid = (bytes: Uint8Array): string => {
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
  const boot = uuid(machine.random.fork('boot-id').bytes(16));
  const pages = Math.floor(machine.memory / 4096);
  const threads = String(Math.floor(pages / 32));
  const inert = [...INERT_SETTINGS].map(([path, value]) => {
    const setting = /^-?\d+$/.test(value) ? integer(Number(value)) : words(value);
    return [path, setting] as [string, Setting];
  });
  return new Map<string, Setting>([
    ...inert,
    ['fs/aio-max-nr', integer(65536)],
    ['fs/file-max', words('9223372036854775807')],
    ['fs/file-nr', { get: () => `${machine.processes.size * 8}\t0\t9223372036854775807` }],
    ['fs/inotify/max_queued_events', integer(16384)],
    ['fs/inotify/max_user_instances', integer(128)],
    ['fs/inotify/max_user_watches', integer(14848)],
    ['fs/nr_open', integer(1048576)],
    ['fs/pipe-max-size', integer(1048576)],
    ['fs/protected_hardlinks', integer(1)],
    ['fs/protected_symlinks', integer(1)],
    ['fs/suid_dumpable', integer(0, 0, 2)],
    ['kernel/core_pattern', words('core')],
    [
      'kernel/domainname',
      { get: (v) => v.ns.uts.domainname, set: (text, w) => (w.ns.uts.domainname = text.split('\n')[0]!.slice(0, 64)) },
    ],
    [
      'kernel/hostname',
      { get: (v) => v.ns.uts.hostname, set: (text, w) => (w.ns.uts.hostname = text.split('\n')[0]!.slice(0, 64)) },
    ],
    ['kernel/dmesg_restrict', integer(1, 0, 1)],
    ['kernel/kptr_restrict', integer(0, 0, 2)],
    ['kernel/ngroups_max', constant('65536')],
    ['kernel/osrelease', constant(KERNEL_RELEASE)],
    ['kernel/ostype', constant('Linux')],
    ['kernel/overflowgid', integer(65534)],
    ['kernel/overflowuid', integer(65534)],
    ['kernel/panic', integer(0)],
    ['kernel/pid_max', integer(4194304, 301, 4194304)],
    ['kernel/printk', words('4\t4\t1\t7')],
    ['kernel/random/boot_id', constant(boot)],
    ['kernel/random/entropy_avail', constant('256')],
    ['kernel/random/poolsize', constant('256')],
    ['kernel/random/uuid', { get: () => uuid(machine.random.bytes(16)) }],
    ['kernel/randomize_va_space', integer(2, 0, 2)],
    ['kernel/threads-max', words(threads)],
    ['kernel/version', constant(KERNEL_VERSION)],
    ['user/max_mnt_namespaces', words(threads)],
    ['user/max_net_namespaces', words(threads)],
    ['user/max_pid_namespaces', words(threads)],
    ['user/max_user_namespaces', words(threads)],
    ['user/max_uts_namespaces', words(threads)],
    ['vm/dirty_background_ratio', integer(10, 0, 100)],
    ['vm/dirty_ratio', integer(20, 0, 100)],
    ['vm/drop_caches', integer(0, 0, 4)],
    ['vm/max_map_count', integer(65530, 0)],
    ['vm/min_free_kbytes', integer(45056, 0)],
    ['vm/overcommit_memory', integer(0, 0, 2)],
    ['vm/overcommit_ratio', integer(50, 0)],
    ['vm/panic_on_oom', integer(0, 0, 2)],
    ['vm/swappiness', integer(60, 0, 200)],
  ]);
}

const roots = new WeakMap<Machine, ComputedDir>();
const netFiles = new WeakMap<NetNamespace, Map<string, Inode>>();

/** The directory /proc/sys of `machine`. */
export function procSys(machine: Machine): ComputedDir {
  let root = roots.get(machine);
  if (!root) roots.set(machine, (root = build(machine)));
  return root;
}

function build(machine: Machine): ComputedDir {
  const all = settings(machine);
  const made = new Map<string, Inode>();
  const at = (path: string): Inode | undefined => {
    let inode = made.get(path);
    if (inode) return inode;
    const setting = all.get(path);
    if (setting) inode = node(setting);
    else if (path === '' || [...all.keys()].some((k) => k.startsWith(`${path}/`))) inode = dir(path);
    else return undefined;
    made.set(path, inode.touch(machine.bootTime));
    return inode;
  };
  const dir = (path: string): ComputedDir => {
    const prefix = path === '' ? '' : `${path}/`;
    return new ComputedDir(
      () => {
        const names = new Set<string>();
        for (const key of all.keys()) if (key.startsWith(prefix)) names.add(key.slice(prefix.length).split('/')[0]!);
        if (path === '') names.add('net');
        return [...names].sort();
      },
      (name, viewer) => (path === '' && name === 'net' ? netNode(viewer.ns.net, '') : at(prefix + name)),
    );
  };
  return at('') as ComputedDir;
}

function node(setting: Setting): TextNode {
  return new TextNode((v) => `${setting.get(v)}\n`, setting.set && ((text, w) => setting.set!(text, w)));
}

/** What is at `path` below /proc/sys/net in namespace `net`; undefined when nothing is. */
function netNode(net: NetNamespace, path: string): Inode | undefined {
  let made = netFiles.get(net);
  if (!made) netFiles.set(net, (made = new Map()));
  const { sysctl } = net;
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const name = path.slice(path.lastIndexOf('/') + 1);
  const entry =
    path === '' ? { name: '', dir: true, mode: 0o555 } : sysctl.entries(parent)?.find((e) => e.name === name);
  if (!entry) {
    made.delete(path);
    return undefined;
  }
  let inode = made.get(path);
  if (!inode || (inode.type === 'dir') !== entry.dir) {
    if (entry.dir) {
      inode = new ComputedDir(
        () => (sysctl.entries(path) ?? []).map((e) => e.name),
        (child) => netNode(net, path === '' ? child : `${path}/${child}`),
      );
    } else {
      const writable = (entry.mode & 0o222) !== 0;
      inode = new NetSettingNode(net, path, writable, entry.mode);
    }
    made.set(path, inode.touch(net.host.scheduler.now));
  }
  return inode;
}

/** A setting of a namespace. It may be written by whoever has CAP_NET_ADMIN there, whatever the file's owner. */
class NetSettingNode extends TextNode {
  constructor(net: NetNamespace, path: string, writable: boolean, mode: number) {
    super(
      () => {
        const value = net.sysctl.get(path);
        if (value === undefined) throw new Errno('ENOENT');
        return `${value}\n`;
      },
      writable
        ? (text) => {
            net.sysctl.set(path, text.replace(/\n+$/, ''));
          }
        : undefined,
      mode,
    );
  }
}
