import type { Machine } from '../machine';
import type { Process } from '../process';

/** What a process takes of the machine's memory, in kB: made up, but the same every time and of the real programs' order. */
export interface MemoryUse {
  /** VmSize */
  readonly size: number;
  /** VmRSS */
  readonly rss: number;
}

const KNOWN: Readonly<Record<string, MemoryUse>> = {
  bash: { size: 7196, rss: 3992 },
  sh: { size: 2584, rss: 932 },
  sleep: { size: 5460, rss: 1012 },
  cat: { size: 5480, rss: 980 },
  ps: { size: 11084, rss: 4396 },
  top: { size: 11300, rss: 4600 },
  init: { size: 167652, rss: 11240 },
  systemd: { size: 167652, rss: 11240 },
  dockerd: { size: 1930488, rss: 82400 },
  containerd: { size: 1799352, rss: 48260 },
  'docker-proxy': { size: 1598784, rss: 3612 },
  nginx: { size: 10344, rss: 3420 },
  mariadbd: { size: 1284596, rss: 98304 },
  mysqld: { size: 1284596, rss: 98304 },
  'php-fpm': { size: 236760, rss: 22364 },
  kubelet: { size: 2047240, rss: 96440 },
};

/** Memory of `proc`. */
export function memoryUse(proc: Process): MemoryUse {
  if (proc.status) return { size: 0, rss: 0 };
  const known = KNOWN[proc.comm];
  if (known) return known;
  let h = 7;
  for (const c of proc.comm) h = (h * 31 + c.charCodeAt(0)) % 9973;
  return { size: 5600 + (h % 700) * 4, rss: 1400 + (h % 500) * 4 };
}

/** The lines of /proc/meminfo that tools read, in kB. */
export function machineMemory(machine: Machine): {
  total: number;
  free: number;
  available: number;
  buffers: number;
  cached: number;
  shared: number;
} {
  const total = Math.floor(machine.memory / 1024);
  let used = 98_304;
  for (const proc of machine.processes) used += Math.floor(memoryUse(proc).rss / 2);
  const buffers = 18_432;
  const cached = Math.min(421_888, Math.floor(total / 5));
  const free = Math.max(0, total - used - buffers - cached);
  return { total, free, available: free + Math.floor(cached * 0.9), buffers, cached, shared: 3_072 };
}
