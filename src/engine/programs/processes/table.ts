/**
 * The process table as procps reads it: /proc/PID/stat, status and cmdline (proc(5)). What is mounted on /proc decides what is
 * seen, so a new PID namespace without its own /proc shows the old one's processes, as on a real machine.
 */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';

/** Nothing that looks like a procfs is mounted on /proc; procps says how to help and exits with 47. */
export class NoProcfs extends Error {
  constructor() {
    super('Error, do this: mount -t proc proc /proc');
  }
}

/** Clock ticks a second (sysconf(_SC_CLK_TCK)). */
export const HZ = 100;

/** One process. Times are clock ticks, `start` counted from boot. */
export interface ProcessEntry {
  readonly pid: number;
  readonly comm: string;
  /** R, S, D, T, Z or I */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** Device number of the terminal; 0 for none. */
  readonly ttyNumber: number;
  /** Foreground group of the terminal; -1 for none. */
  readonly tpgid: number;
  readonly flags: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly utime: number;
  readonly stime: number;
  readonly priority: number;
  readonly nice: number;
  readonly threads: number;
  readonly start: number;
  /** Virtual memory, bytes. */
  readonly vsize: number;
  /** Resident memory, kB. */
  readonly rss: number;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  readonly argv: readonly string[];
}

/** Numbers in /proc now, ascending. @throws NoProcfs */
export function processNumbers(sys: Sys): number[] {
  let names: string[] = [];
  try {
    names = sys.files.readdir('/proc');
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  if (!names.includes('self')) throw new NoProcfs();
  return names
    .filter((n) => /^\d+$/.test(n))
    .map(Number)
    .sort((a, b) => a - b);
}

/** All processes by number; those that end meanwhile are left out. */
export function* readProcesses(sys: Sys): Coroutine<ProcessEntry[]> {
  const out: ProcessEntry[] = [];
  for (const pid of processNumbers(sys)) {
    yield* sys.work();
    const entry = yield* readProcess(sys, pid);
    if (entry) out.push(entry);
  }
  return out;
}

/** One process, or undefined when it is gone. */
export function* readProcess(sys: Sys, pid: number): Coroutine<ProcessEntry | undefined> {
  try {
    const stat = yield* sys.readFile(`/proc/${pid}/stat`);
    const status = yield* sys.readFile(`/proc/${pid}/status`);
    const cmdline = yield* sys.readFile(`/proc/${pid}/cmdline`);
    return parse(stat, status, cmdline);
  } catch (e) {
    if (isErrno(e)) return undefined;
    throw e;
  }
}

function parse(stat: string, status: string, cmdline: string): ProcessEntry {
  // The name may hold spaces and parentheses: the last parenthesis ends it.
  const close = stat.lastIndexOf(')');
  const rest = stat.slice(close + 2).split(' ');
  const n = (i: number): number => Number(rest[i] ?? 0);
  const ids = (name: string): number[] => {
    const line = new RegExp(`^${name}:\t(.*)$`, 'm').exec(status);
    return (line?.[1] ?? '0\t0').split('\t').map(Number);
  };
  const uid = ids('Uid');
  const gid = ids('Gid');
  return {
    pid: Number.parseInt(stat, 10),
    comm: stat.slice(stat.indexOf('(') + 1, close),
    state: rest[0] ?? '?',
    ppid: n(1),
    pgrp: n(2),
    session: n(3),
    ttyNumber: n(4),
    tpgid: n(5),
    flags: n(6),
    minorFaults: n(7),
    majorFaults: n(9),
    utime: n(11),
    stime: n(12),
    priority: n(15),
    nice: n(16),
    threads: n(17),
    start: n(19),
    vsize: n(20),
    rss: n(21) * 4,
    uid: uid[0] ?? 0,
    euid: uid[1] ?? 0,
    gid: gid[0] ?? 0,
    egid: gid[1] ?? 0,
    argv: cmdline === '' ? [] : cmdline.replace(/\0$/, '').split('\0'),
  };
}

/** The command line in one string; `[name]` when there is none (a kernel thread or a zombie). */
export function commandLine(p: ProcessEntry): string {
  if (p.argv.length === 0) return p.state === 'Z' ? `[${p.comm}] <defunct>` : `[${p.comm}]`;
  return printable(p.argv.join(' '));
}

/** The name, marked when the process is a zombie. */
export function commandName(p: ProcessEntry): string {
  return printable(p.state === 'Z' ? `${p.comm} <defunct>` : p.comm);
}

/** Control characters as `?`, so that a command line stays one line. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, '?');
}

/** Name of a terminal below /dev from its device number; `?` for none. */
export function ttyName(number: number): string {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  if (number === 0) return '?';
  if (major === 136) return `pts/${minor}`;
  return major === 4 ? `tty${minor}` : '?';
}

/** Seconds since boot and the boot time in seconds since the epoch. */
export function* readClock(sys: Sys): Coroutine<{ uptime: number; boot: number }> {
  const text = yield* sys.readFile('/proc/uptime');
  const uptime = Number.parseFloat(text);
  return { uptime, boot: sys.now / 1e6 - uptime };
}

/** A file of /proc with `name: value kB` lines, as numbers. */
export function* readMeminfo(sys: Sys): Coroutine<Map<string, number>> {
  const map = new Map<string, number>();
  for (const line of (yield* sys.readFile('/proc/meminfo')).split('\n')) {
    const m = /^(\S+):\s+(\d+)/.exec(line);
    if (m) map.set(m[1]!, Number(m[2]));
  }
  return map;
}
