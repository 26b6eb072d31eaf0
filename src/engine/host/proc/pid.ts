import type { OpenFile } from '../../core';
import { SIGNALS } from '../../core';
import type { Inode } from '../inode';
import { ComputedDir, DeviceNode, MagicLink, MemDir, SymlinkNode, TextNode } from '../inode';
import type { Machine } from '../machine';
import type { Mount } from '../mounts';
import type { PidNamespace } from '../namespaces';
import { namespaceDirectory } from '../netfs/nsfs';
import { PathFile, RegularFile } from '../openfile';
import type { Process } from '../process';
import { lookup } from '../vfs';
import { fileSystemHooks } from './hooks';
import { memoryUse } from './memory';

/** Clock ticks a second (USER_HZ). */
export const CLOCK_TICKS = 100;

/** Microseconds to clock ticks. */
export function ticks(micros: number): number {
  return Math.floor((micros * CLOCK_TICKS) / 1e6);
}

/** Device number of a process's terminal as /proc/PID/stat has it; 0 for none. */
export function ttyNumber(proc: Process): number {
  const m = /^pts\/(\d+)$/.exec(proc.tty?.name ?? '');
  return m ? (136 << 8) + Number(m[1]) : 0;
}

/** A group's or session's number as seen from `ns`; 0 when its leader is not visible there. */
export function groupIn(machine: Machine, id: number, ns: PidNamespace): number {
  if (ns === machine.namespaces.pid) return id;
  return machine.namespaces.pid.processes.get(id)?.pidIn(ns) ?? 0;
}

/** All capabilities of Linux 6.1 (CAP_LAST_CAP 40). */
const ALL_CAPABILITIES = '000001ffffffffff';

/** The directory /proc/PID of one process, in a procfs of PID namespace `ns`. */
export function pidDirectory(proc: Process, ns: PidNamespace): ComputedDir {
  const { machine } = proc;
  const now = machine.scheduler.now;
  const own = <T extends Inode>(inode: T): T => {
    inode.touch(now);
    inode.uid = proc.uid;
    inode.gid = proc.gid;
    return inode;
  };
  const text = (f: () => string, mode = 0o444): TextNode => own(new TextNode(f, undefined, mode));
  const alive = (f: () => string) => () => (proc.status ? '' : f());
  const entries = new Map<string, Inode>();
  const add = (name: string, inode: Inode): void => {
    entries.set(name, own(inode));
  };
  add('attr', new MemDir(0o555));
  add(
    'cgroup',
    text(() => '0::/\n'),
  );
  add('cmdline', text(alive(() => proc.argv.map((a) => `${a}\0`).join(''))));
  add(
    'comm',
    own(
      new TextNode(
        () => `${proc.comm}\n`,
        (value) => (proc.comm = value.replace(/\n$/, '').slice(0, 15)),
      ),
    ),
  );
  add(
    'cwd',
    new MagicLink(
      () => proc.cwd,
      (viewer) => (viewer.root === proc.root ? undefined : lookup(proc, proc.cwd)),
    ),
  );
  add(
    'environ',
    text(
      alive(() => [...proc.env].map(([k, v]) => `${k}=${v}\0`).join('')),
      0o400,
    ),
  );
  add(
    'exe',
    new MagicLink(
      () => proc.exe,
      (viewer) => (viewer.root === proc.root ? undefined : lookup(proc, proc.exe)),
    ),
  );
  add(
    'fd',
    descriptors(proc, (fd) => descriptorLink(proc, fd), 0o500),
  );
  add(
    'fdinfo',
    descriptors(proc, (fd) => own(new TextNode(() => fdInfo(proc, fd)))),
  );
  const idMap = () =>
    proc.ns.user.parent === null
      ? '         0          0 4294967295\n'
      : `         0 ${String(proc.ns.user.rootUid ?? 0).padStart(10)}          1\n`;
  add('gid_map', text(idMap, 0o644));
  add(
    'limits',
    text(() => LIMITS),
  );
  add(
    'maps',
    text(() => ''),
  );
  add(
    'mountinfo',
    text(() =>
      mountsOf(proc)
        .map(
          (m) =>
            `${m.id} ${m.target === '/' ? 0 : 20} 0:${m.id} / ${m.target} ${m.options
              .split(',')
              .filter((o) => /^(ro|rw|nosuid|nodev|noexec|relatime)$/.test(o))
              .join(',')} - ${m.type} ${m.source} ${m.options
              .split(',')
              .filter((o) => !/^(nosuid|nodev|noexec|relatime)$/.test(o))
              .join(',')}\n`,
        )
        .join(''),
    ),
  );
  add(
    'mounts',
    text(() => mountTable(proc)),
  );
  add(
    'net',
    new ComputedDir(
      (v) => netDir(proc)?.names(v) ?? [],
      (name, v) => netDir(proc)?.lookup(name, v),
    ),
  );
  add('ns', own(namespaceDirectory(proc)));
  add(
    'oom_adj',
    text(() => '0\n', 0o644),
  );
  add(
    'oom_score',
    text(() => '0\n'),
  );
  add(
    'oom_score_adj',
    text(() => '0\n', 0o644),
  );
  add(
    'root',
    new MagicLink(
      () => '/',
      () => proc.ns.mnt.visible(proc.root),
    ),
  );
  add(
    'setgroups',
    text(() => (proc.ns.user.parent === null ? 'allow\n' : 'deny\n'), 0o644),
  );
  add(
    'stat',
    text(() => statLine(proc, ns)),
  );
  add(
    'statm',
    text(() => {
      const m = memoryUse(proc);
      return `${m.size >> 2} ${m.rss >> 2} ${m.rss >> 3} 5 0 ${m.size >> 4} 0\n`;
    }),
  );
  add(
    'status',
    text(() => status(proc, ns)),
  );
  add('uid_map', text(idMap, 0o644));
  // A thread has the files of its process, but no threads of its own.
  const thread = own(
    new ComputedDir(
      () => [...entries.keys()].sort(),
      (name) => entries.get(name),
    ),
  );
  const task = own(
    new ComputedDir(
      () => [String(proc.pidIn(ns))],
      (name) => (name === String(proc.pidIn(ns)) ? thread : undefined),
    ),
  );
  return own(
    new ComputedDir(
      () => [...entries.keys(), 'task'].sort(),
      (name) => (name === 'task' ? task : entries.get(name)),
    ),
  );
}

function netDir(proc: Process) {
  return proc.status ? undefined : fileSystemHooks().net?.(proc);
}

/**
 * The mounts that `proc` sees. The root of a mount table is no mount of it; it is shown as the disk, or as the overlay of a
 * container, by what the root directory says of itself.
 */
export function mountsOf(proc: Process): Mount[] {
  const list = proc.ns.mnt.list();
  if (list.some((m) => m.target === '/')) return list;
  const root = proc.ns.mnt.root;
  return [{ id: 20, root, target: '/', ...(rootMounts.get(root) ?? DISK) }, ...list];
}

const DISK = { source: '/dev/vda1', type: 'ext4', options: 'rw,relatime,errors=remount-ro' };
const rootMounts = new WeakMap<Inode, { source: string; type: string; options: string }>();

/** Says what /proc/mounts shows for a root directory that is not the machine's disk, such as a container's overlay. */
export function describeRoot(root: Inode, mount: { source: string; type: string; options: string }): void {
  rootMounts.set(root, mount);
}

/** /proc/PID/mounts. */
function mountTable(proc: Process): string {
  return mountsOf(proc)
    .map((m) => `${escapeSpaces(m.source)} ${escapeSpaces(m.target)} ${m.type} ${m.options} 0 0\n`)
    .join('');
}

function escapeSpaces(path: string): string {
  return path.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function descriptors(proc: Process, make: (fd: number) => Inode, mode = 0o555): ComputedDir {
  const cache = new Map<number, { file: OpenFile; inode: Inode }>();
  return new ComputedDir(
    () => [...proc.fds.keys()].sort((a, b) => a - b).map(String),
    (name) => {
      const fd = Number(name);
      const d = /^\d+$/.test(name) ? proc.fds.get(fd) : undefined;
      if (!d) return undefined;
      const old = cache.get(fd);
      if (old?.file === d.file) return old.inode;
      const inode = make(fd);
      cache.set(fd, { file: d.file, inode });
      return inode;
    },
    mode,
  );
}

/** A pipe, socket or terminal reached through /proc/PID/fd: opening it gives the same open file once more. */
class DescriptorNode extends DeviceNode {
  constructor(file: OpenFile) {
    super(0, 0, () => file, 0o600);
    const what = file.describe();
    // The type that stat(2) tells; only `open` is that of a device.
    const type = what.startsWith('pipe:') ? 'fifo' : what.startsWith('socket:') ? 'socket' : 'char';
    (this as { type: string }).type = type;
  }
}

function descriptorLink(proc: Process, fd: number): Inode {
  const file = proc.fds.get(fd)!.file;
  const node = file instanceof RegularFile || file instanceof PathFile ? undefined : new DescriptorNode(file);
  const link = new MagicLink(
    () => proc.fds.get(fd)?.file.describe() ?? '',
    () => (file instanceof RegularFile || file instanceof PathFile ? file.inode : node),
  );
  link.mode = (file.readable ? 0o500 : 0) | (file.writable ? 0o300 : 0);
  link.uid = proc.uid;
  link.gid = proc.gid;
  return link.touch(proc.machine.scheduler.now);
}

function fdInfo(proc: Process, fd: number): string {
  const file = proc.fds.get(fd)?.file;
  if (!file) return '';
  let pos = 0;
  try {
    pos = file.seek(0, 'cur');
  } catch {
    // Pipes have no position.
  }
  const flags =
    (file.readable && file.writable ? 2 : file.writable ? 1 : 0) |
    (file.append ? 0o2000 : 0) |
    (file.nonblocking ? 0o4000 : 0) |
    0o100000;
  return `pos:\t${pos}\nflags:\t0${flags.toString(8)}\nmnt_id:\t24\n`;
}

/** /proc/PID/stat (proc(5)). */
function statLine(proc: Process, ns: PidNamespace): string {
  const { machine } = proc;
  const m = memoryUse(proc);
  const utime = ticks(proc.task.cpu);
  const tty = ttyNumber(proc);
  const tpgid = proc.tty ? groupIn(machine, proc.tty.foreground, ns) || -1 : -1;
  const fields = [
    proc.pidIn(ns),
    `(${proc.comm})`,
    proc.state,
    proc.ppid?.pidIn(ns) ?? 0,
    groupIn(machine, proc.pgid, ns),
    groupIn(machine, proc.sid, ns),
    tty,
    tpgid,
    4194304,
    98,
    0,
    0,
    0,
    utime,
    0,
    0,
    0,
    20 + proc.nice,
    proc.nice,
    1,
    0,
    ticks(proc.startTime - machine.bootTime),
    m.size * 1024,
    m.rss >> 2,
    '18446744073709551615',
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    17,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  return `${fields.join(' ')}\n`;
}

const STATES = { R: 'R (running)', S: 'S (sleeping)', T: 'T (stopped)', Z: 'Z (zombie)' } as const;

function mask(signals: Iterable<keyof typeof SIGNALS>): string {
  let bits = 0n;
  for (const s of signals) bits |= 1n << BigInt(SIGNALS[s] - 1);
  return bits.toString(16).padStart(16, '0');
}

/** /proc/PID/status (proc(5)). */
function status(proc: Process, ns: PidNamespace): string {
  const { machine } = proc;
  const m = memoryUse(proc);
  const pid = proc.pidIn(ns);
  const inside = machine.namespaces.user;
  const uid = proc.ns.user === inside ? proc.uid : proc.uid;
  const four = (n: number): string => [n, n, n, n].join('\t');
  const kb = (n: number): string => `${String(n).padStart(8)} kB`;
  const ids = (id: number): string => {
    const leader = machine.namespaces.pid.processes.get(id);
    return namespacesBelow(proc, ns)
      .map((n) => (leader ? leader.pidIn(n) : n === machine.namespaces.pid ? id : 0))
      .join('\t');
  };
  const ignored = [...proc.handlers].filter(([, h]) => h === 'ignore').map(([s]) => s);
  const caught = [...proc.handlers].filter(([, h]) => typeof h === 'function').map(([s]) => s);
  const caps = proc.privileged ? ALL_CAPABILITIES : '0000000000000000';
  const memory = proc.status
    ? []
    : [
        `VmPeak:\t${kb(m.size)}`,
        `VmSize:\t${kb(m.size)}`,
        `VmLck:\t${kb(0)}`,
        `VmPin:\t${kb(0)}`,
        `VmHWM:\t${kb(m.rss)}`,
        `VmRSS:\t${kb(m.rss)}`,
        `RssAnon:\t${kb(m.rss >> 3)}`,
        `RssFile:\t${kb(m.rss - (m.rss >> 3))}`,
        `RssShmem:\t${kb(0)}`,
        `VmData:\t${kb(360)}`,
        `VmStk:\t${kb(132)}`,
        `VmExe:\t${kb(20)}`,
        `VmLib:\t${kb(1528)}`,
        `VmPTE:\t${kb(44)}`,
        `VmSwap:\t${kb(0)}`,
      ];
  return (
    [
      `Name:\t${proc.comm}`,
      `Umask:\t0${proc.umask.toString(8).padStart(3, '0')}`,
      `State:\t${STATES[proc.state]}`,
      `Tgid:\t${pid}`,
      'Ngid:\t0',
      `Pid:\t${pid}`,
      `PPid:\t${proc.ppid?.pidIn(ns) ?? 0}`,
      'TracerPid:\t0',
      `Uid:\t${four(uid)}`,
      `Gid:\t${four(proc.gid)}`,
      'FDSize:\t256',
      `Groups:\t${proc.groups.map((g) => `${g} `).join('')}`,
      `NStgid:\t${ids(proc.pidIn(machine.namespaces.pid))}`,
      `NSpid:\t${ids(proc.pidIn(machine.namespaces.pid))}`,
      `NSpgid:\t${ids(proc.pgid)}`,
      `NSsid:\t${ids(proc.sid)}`,
      ...memory,
      'Threads:\t1',
      'SigQ:\t0/7823',
      'SigPnd:\t0000000000000000',
      'ShdPnd:\t0000000000000000',
      `SigBlk:\t${mask(proc.blocked)}`,
      `SigIgn:\t${mask(ignored)}`,
      `SigCgt:\t${mask(caught)}`,
      'CapInh:\t0000000000000000',
      `CapPrm:\t${caps}`,
      `CapEff:\t${caps}`,
      `CapBnd:\t${ALL_CAPABILITIES}`,
      'CapAmb:\t0000000000000000',
      'NoNewPrivs:\t0',
      'Seccomp:\t0',
      'Seccomp_filters:\t0',
      `Cpus_allowed:\t${((1 << machine.cpus) - 1).toString(16)}`,
      `Cpus_allowed_list:\t0${machine.cpus > 1 ? `-${machine.cpus - 1}` : ''}`,
      'voluntary_ctxt_switches:\t1',
      'nonvoluntary_ctxt_switches:\t0',
    ].join('\n') + '\n'
  );
}

/** PID namespaces from `ns` down to the process's own. */
function namespacesBelow(proc: Process, ns: PidNamespace): PidNamespace[] {
  const out: PidNamespace[] = [];
  for (let n: PidNamespace | null = proc.ns.pid; n; n = n.parent) {
    out.unshift(n);
    if (n === ns) break;
  }
  return out;
}

const LIMITS = [
  ['Limit', 'Soft Limit', 'Hard Limit', 'Units'],
  ['Max cpu time', 'unlimited', 'unlimited', 'seconds'],
  ['Max file size', 'unlimited', 'unlimited', 'bytes'],
  ['Max data size', 'unlimited', 'unlimited', 'bytes'],
  ['Max stack size', '8388608', 'unlimited', 'bytes'],
  ['Max core file size', '0', 'unlimited', 'bytes'],
  ['Max resident set', 'unlimited', 'unlimited', 'bytes'],
  ['Max processes', '7823', '7823', 'processes'],
  ['Max open files', '1024', '1048576', 'files'],
  ['Max locked memory', '8388608', '8388608', 'bytes'],
  ['Max address space', 'unlimited', 'unlimited', 'bytes'],
  ['Max file locks', 'unlimited', 'unlimited', 'locks'],
  ['Max pending signals', '7823', '7823', 'signals'],
  ['Max msgqueue size', '819200', '819200', 'bytes'],
  ['Max nice priority', '0', '0', ''],
  ['Max realtime priority', '0', '0', ''],
  ['Max realtime timeout', 'unlimited', 'unlimited', 'us'],
]
  .map(([a, b, c, d]) => `${a!.padEnd(25)} ${b!.padEnd(20)} ${c!.padEnd(20)} ${d!.padEnd(10)}\n`)
  .join('');

/** A symbolic link made once, with its times set. */
export function link(machine: Machine, target: string): SymlinkNode {
  return new SymlinkNode(target).touch(machine.scheduler.now);
}
