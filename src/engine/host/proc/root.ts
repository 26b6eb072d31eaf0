import type { Inode } from '../inode';
import { ComputedDir, MagicLink, TextNode } from '../inode';
import type { Machine } from '../machine';
import type { PidNamespace } from '../namespaces';
import type { Process } from '../process';
import { KERNEL_BANNER, KERNEL_COMMAND_LINE, KERNEL_RELEASE, KERNEL_VERSION } from '../klog';
import { fileSystemHooks } from './hooks';
import { machineMemory } from './memory';
import { CLOCK_TICKS, link, pidDirectory, ticks } from './pid';

export { KERNEL_RELEASE, KERNEL_VERSION };

/** The root directory of a procfs that shows the processes of `ns` (by default, all of `machine`). */
export function procDir(machine: Machine, ns: PidNamespace = machine.namespaces.pid): ComputedDir {
  const now = machine.scheduler.now;
  const directories = new WeakMap<Process, ComputedDir>();
  const of = (proc: Process): ComputedDir => {
    let dir = directories.get(proc);
    if (!dir) directories.set(proc, (dir = pidDirectory(proc, ns)));
    return dir;
  };
  const entries = new Map<string, Inode>();
  const file = (name: string, text: () => string, mode = 0o444): void => {
    entries.set(name, new TextNode(text, undefined, mode).touch(now));
  };
  entries.set(
    'self',
    new MagicLink(
      (v) => String(v.pidIn(ns)),
      () => undefined,
    ).touch(now),
  );
  entries.set(
    'thread-self',
    new MagicLink(
      (v) => `${v.pidIn(ns)}/task/${v.pidIn(ns)}`,
      () => undefined,
    ).touch(now),
  );
  entries.set('net', link(machine, 'self/net'));
  entries.set('mounts', link(machine, 'self/mounts'));
  file('uptime', () => {
    const up = (machine.scheduler.now - machine.bootTime) / 1e6;
    return `${up.toFixed(2)} ${(up * machine.cpus * 0.98).toFixed(2)}\n`;
  });
  file('loadavg', () => {
    const running = [...machine.processes].filter((p) => p.state === 'R').length;
    return `0.00 0.01 0.00 ${running}/${machine.processes.size} ${Math.max(0, ...ns.processes.keys())}\n`;
  });
  file('meminfo', () => meminfo(machine));
  file('cpuinfo', () => cpuinfo(machine));
  file('stat', () => kernelStat(machine));
  file('version', () => `${KERNEL_BANNER}\n`);
  file('cmdline', () => `${KERNEL_COMMAND_LINE}\n`);
  file('filesystems', () => FILESYSTEMS.map(([dev, name]) => `${dev ? '' : 'nodev'}\t${name}\n`).join(''));
  file(
    'devices',
    () =>
      'Character devices:\n  1 mem\n  4 tty\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n 10 misc\n136 pts\n\nBlock devices:\n254 virtblk\n',
  );
  file('modules', () => '');
  file(
    'partitions',
    () => 'major minor  #blocks  name\n\n 254        0   20971520 vda\n 254        1   20970496 vda1\n',
  );
  file('swaps', () => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n');
  const sys = new ComputedDir(
    (v) => fileSystemHooks().procSys?.(machine).names(v) ?? [],
    (name, v) => fileSystemHooks().procSys?.(machine).lookup(name, v),
  ).touch(now);
  entries.set('sys', sys);
  return new ComputedDir(
    () => [...[...ns.processes.keys()].sort((a, b) => a - b).map(String), ...[...entries.keys()].sort()],
    (name) => {
      const entry = entries.get(name);
      if (entry) return entry;
      const proc = /^[1-9]\d*$/.test(name) ? ns.processes.get(Number(name)) : undefined;
      return proc && of(proc);
    },
  ).touch(now);
}

const FILESYSTEMS: readonly (readonly [boolean, string])[] = [
  [false, 'sysfs'],
  [false, 'tmpfs'],
  [false, 'proc'],
  [false, 'cgroup'],
  [false, 'cgroup2'],
  [false, 'devtmpfs'],
  [false, 'sockfs'],
  [false, 'bpf'],
  [false, 'pipefs'],
  [false, 'devpts'],
  [true, 'ext4'],
  [false, 'mqueue'],
  [false, 'overlay'],
];

function meminfo(machine: Machine): string {
  const m = machineMemory(machine);
  const rows: [string, number][] = [
    ['MemTotal', m.total],
    ['MemFree', m.free],
    ['MemAvailable', m.available],
    ['Buffers', m.buffers],
    ['Cached', m.cached],
    ['SwapCached', 0],
    ['Active', Math.floor(m.cached / 2)],
    ['Inactive', Math.floor(m.cached / 2)],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Dirty', 0],
    ['Writeback', 0],
    ['Shmem', m.shared],
    ['SReclaimable', 24576],
  ];
  return rows.map(([name, kb]) => `${`${name}:`.padEnd(16)}${String(kb).padStart(8)} kB\n`).join('');
}

function cpuinfo(machine: Machine): string {
  let out = '';
  for (let n = 0; n < machine.cpus; n++) {
    out += [
      `processor\t: ${n}`,
      'vendor_id\t: GenuineIntel',
      'cpu family\t: 6',
      'model\t\t: 85',
      'model name\t: Virtual CPU @ 2.50GHz',
      'stepping\t: 7',
      'cpu MHz\t\t: 2500.000',
      'cache size\t: 16384 KB',
      `physical id\t: 0`,
      `siblings\t: ${machine.cpus}`,
      `core id\t\t: ${n}`,
      `cpu cores\t: ${machine.cpus}`,
      'fpu\t\t: yes',
      'flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx lm hypervisor',
      'bogomips\t: 5000.00',
      'address sizes\t: 46 bits physical, 48 bits virtual',
      'power management:',
      '',
      '',
    ].join('\n');
  }
  return out;
}

function kernelStat(machine: Machine): string {
  let user = 0;
  for (const p of machine.processes) user += ticks(p.task.cpu);
  const up = Math.floor(((machine.scheduler.now - machine.bootTime) * CLOCK_TICKS) / 1e6);
  const idle = Math.max(0, up * machine.cpus - user);
  const row = (name: string, u: number, i: number): string => `${name} ${u} 0 0 ${i} 0 0 0 0 0 0\n`;
  let out = row('cpu ', user, idle);
  for (let n = 0; n < machine.cpus; n++)
    out += row(`cpu${n}`, n === 0 ? user : 0, Math.max(0, up - (n === 0 ? user : 0)));
  return `${out}intr 0\nctxt ${machine.scheduler.steps}\nbtime ${Math.floor(machine.bootTime / 1e6)}\nprocesses ${machine.forks}\nprocs_running 1\nprocs_blocked 0\n`;
}
