/** Columns that ps(1) can show: names, headers, widths and contents as in procps-ng 4.0.2. */
import { DAYS, gmtime, MONTHS } from '../lib/strftime';
import type { ProcessEntry } from './table';
import { commandLine, commandName, HZ, printable, ttyName } from './table';
import type { Users } from './users';

/** What the columns need beside the process. */
export interface PsContext {
  readonly users: Users;
  /** Seconds since boot, and the boot time in seconds since the epoch. */
  readonly uptime: number;
  readonly boot: number;
  /** MemTotal, kB. */
  readonly memory: number;
  /** Digits of the largest process number. */
  readonly digits: number;
  /** Drawn before the command in a tree. */
  readonly prefix: (p: ProcessEntry) => string;
  /** The text of a link such as /proc/PID/ns/net, or undefined. */
  readonly link: (p: ProcessEntry, name: string) => string | undefined;
  /** Environment of a process. */
  readonly cgroup: (p: ProcessEntry) => string;
}

/** `user`: a name that is cut with `+`; `rest`: takes what is left of the line when it comes last. */
type Justify = 'left' | 'right' | 'user' | 'rest';

/** A kind of column. */
export interface Column {
  readonly header: string;
  readonly width: number | 'pid';
  readonly justify: Justify;
  readonly text: (p: ProcessEntry, c: PsContext, width: number) => string;
  /** What --sort compares; the text when left out. */
  readonly sort?: (p: ProcessEntry, c: PsContext) => number | string;
}

type Text = Column['text'];
type Sort = NonNullable<Column['sort']>;

const right = (header: string, width: Column['width'], value: (p: ProcessEntry, c: PsContext) => number): Column => ({
  header,
  width,
  justify: 'right',
  text: (p, c) => String(value(p, c)),
  sort: value,
});

const left = (header: string, width: number, text: Text, sort?: Sort): Column => ({
  header,
  width,
  justify: 'left',
  text,
  ...(sort ? { sort } : {}),
});

const timed = (header: string, width: number, text: Text, sort: Sort): Column => ({
  header,
  width,
  justify: 'right',
  text,
  sort,
});

const named = (header: string, of: (p: ProcessEntry, c: PsContext) => string): Column => ({
  header,
  width: 8,
  justify: 'user',
  text: (p, c, width) => {
    const name = of(p, c);
    return name.length > width && !/^\d+$/.test(name) ? `${name.slice(0, Math.max(1, width - 1))}+` : name;
  },
  sort: of,
});

const command = (header: string, of: (p: ProcessEntry) => string): Column => ({
  header,
  width: 27,
  justify: 'rest',
  text: (p, c) => c.prefix(p) + of(p),
  sort: of,
});

const comm = (header: string): Column => ({ ...command(header, commandName), width: 15 });

const namespace = (kind: string): Column => {
  const inode = (p: ProcessEntry, c: PsContext): string => /\[(\d+)\]/.exec(c.link(p, `ns/${kind}`) ?? '')?.[1] ?? '-';
  return { header: `${kind.toUpperCase()}NS`, width: 10, justify: 'right', text: inode, sort: inode };
};

/** CPU time in ticks. */
export function cpuTime(p: ProcessEntry): number {
  return p.utime + p.stime;
}

/** Seconds since the process began. */
export function elapsed(p: ProcessEntry, c: PsContext): number {
  return Math.max(0, Math.floor(c.uptime - p.start / HZ));
}

/** Share of one CPU over the process's life, in thousandths. */
export function cpuShare(p: ProcessEntry, c: PsContext): number {
  const seconds = c.uptime - p.start / HZ;
  return seconds < 0.01 ? 0 : Math.floor(((cpuTime(p) / HZ) * 1000) / seconds);
}

/** Share of the machine's memory in thousandths. */
export function memoryShare(p: ProcessEntry, c: PsContext): number {
  return Math.floor((p.rss * 1000) / Math.max(1, c.memory));
}

const pad2 = (n: number): string => String(n).padStart(2, '0');

/** `[DD-]hh:mm:ss` */
export function longTime(seconds: number): string {
  const days = Math.floor(seconds / 86400);
  const hms = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(pad2).join(':');
  return days > 0 ? `${days}-${hms}` : hms;
}

/** `[[DD-]hh:]mm:ss` */
export function etime(seconds: number): string {
  const long = longTime(seconds);
  return seconds >= 3600 ? long : long.slice(3);
}

function bsdTime(seconds: number): string {
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${pad2(seconds % 60)}`;
}

const cpuSeconds = (p: ProcessEntry): number => Math.floor(cpuTime(p) / HZ);

const startSeconds = (p: ProcessEntry, c: PsContext): number => Math.floor(c.boot + p.start / HZ);

/** Time of day today, the day this year, the year before that. */
const stime: Text = (p, c) => {
  const began = gmtime(startSeconds(p, c) * 1e6);
  const now = gmtime((c.boot + c.uptime) * 1e6);
  if (began.year !== now.year) return ` ${began.year}`;
  if (began.yearday !== now.yearday) return `${MONTHS[began.month - 1]!.slice(0, 3)}${pad2(began.day)}`;
  return `${pad2(began.hour)}:${pad2(began.minute)}`;
};

/** Time of day within a day, else the date. */
const started: Text = (p, c) => {
  const t = gmtime(startSeconds(p, c) * 1e6);
  const month = MONTHS[t.month - 1]!.slice(0, 3);
  return elapsed(p, c) < 86400 ? [t.hour, t.minute, t.second].map(pad2).join(':') : `  ${month} ${pad2(t.day)}`;
};

const lstart: Text = (p, c) => {
  const t = gmtime(startSeconds(p, c) * 1e6);
  const day = DAYS[t.weekday]!.slice(0, 3);
  const month = MONTHS[t.month - 1]!.slice(0, 3);
  return `${day} ${month} ${String(t.day).padStart(2)} ${[t.hour, t.minute, t.second].map(pad2).join(':')} ${t.year}`;
};

const bsdStart: Text = (p, c) => {
  const t = gmtime(startSeconds(p, c) * 1e6);
  return elapsed(p, c) < 86400
    ? ` ${pad2(t.hour)}:${pad2(t.minute)}`
    : `${MONTHS[t.month - 1]!.slice(0, 3)} ${String(t.day).padStart(2)}`;
};

/** State with BSD's letters: session leader, threads, niceness, foreground. */
export function stat(p: ProcessEntry): string {
  return (
    p.state +
    (p.nice < 0 ? '<' : p.nice > 0 ? 'N' : '') +
    (p.session === p.pid ? 's' : '') +
    (p.threads > 1 ? 'l' : '') +
    (p.tpgid > 0 && p.tpgid === p.pgrp ? '+' : '')
  );
}

const tenths = (n: number, max: number): string =>
  n >= max ? String(Math.floor(n / 10)) : `${Math.floor(n / 10)}.${n % 10}`;

const pcpu: Column = timed('%CPU', 4, (p, c) => tenths(cpuShare(p, c), 1000), cpuShare);
const pmem: Column = timed('%MEM', 4, (p, c) => tenths(Math.min(999, memoryShare(p, c)), 1000), memoryShare);
const user = named('USER', (p, c) => c.users.name(p.euid));
const ruser = named('RUSER', (p, c) => c.users.name(p.uid));
const group = named('GROUP', (p, c) => c.users.group(p.egid));
const tty = (header: string): Column =>
  left(
    header,
    8,
    (p) => ttyName(p.ttyNumber),
    (p) => p.ttyNumber,
  );
const state = left('S', 1, (p) => p.state);
const time = timed('TIME', 8, (p) => longTime(cpuSeconds(p)), cpuTime);
const ni = right('NI', 3, (p) => p.nice);
const vsz = right('VSZ', 6, (p) => Math.floor(p.vsize / 1024));
const rss = (header: string): Column => right(header, 5, (p) => p.rss);
const lwp = (header: string): Column => right(header, 'pid', (p) => p.pid);
const pgid = (header: string): Column => right(header, 'pid', (p) => p.pgrp);
const session = (header: string): Column => right(header, 'pid', (p) => p.session);
const flags = timed(
  'F',
  1,
  (p) => String((p.flags >> 6) & 7),
  (p) => p.flags,
);
const dash = (header: string, width: number): Column => left(header, width, () => '-');

/** Columns by the names that `-o` takes. */
export const COLUMNS: Readonly<Record<string, Column>> = {
  '%cpu': pcpu,
  '%mem': pmem,
  addr: dash('ADDR', 4),
  addr_1: dash('ADDR', 1),
  args: command('COMMAND', commandLine),
  bsdstart: timed('START', 6, bsdStart, (p) => p.start),
  bsdtime: timed('TIME', 6, (p) => bsdTime(cpuSeconds(p)), cpuTime),
  c: timed('C', 2, (p, c) => String(Math.min(99, Math.floor(cpuShare(p, c) / 10))), cpuShare),
  cgroup: left('CGROUP', 27, (p, c) => c.cgroup(p)),
  cgroupns: namespace('cgroup'),
  class: left('CLS', 3, () => 'TS'),
  cls: left('CLS', 3, () => 'TS'),
  cmd: command('CMD', commandLine),
  comm: comm('COMMAND'),
  command: command('COMMAND', commandLine),
  cp: timed('CP', 3, (p, c) => String(Math.min(999, cpuShare(p, c))), cpuShare),
  cputime: time,
  cputimes: right('TIME', 8, cpuSeconds),
  egid: right('EGID', 5, (p) => p.egid),
  egroup: { ...group, header: 'EGROUP' },
  etime: timed('ELAPSED', 11, (p, c) => etime(elapsed(p, c)), elapsed),
  etimes: right('ELAPSED', 7, elapsed),
  euid: right('EUID', 5, (p) => p.euid),
  euser: { ...user, header: 'EUSER' },
  exe: left('EXE', 27, (p, c) => printable(c.link(p, 'exe') || '-')),
  f: flags,
  flag: flags,
  flags,
  fname: left('COMMAND', 8, (p) => p.comm.slice(0, 8)),
  fuid: right('FSUID', 5, (p) => p.euid),
  gid: right('GID', 5, (p) => p.egid),
  group,
  ipcns: namespace('ipc'),
  lstart: timed('STARTED', 24, lstart, (p) => p.start),
  lwp: lwp('LWP'),
  maj_flt: right('MAJFL', 6, (p) => p.majorFaults),
  min_flt: right('MINFL', 6, (p) => p.minorFaults),
  mntns: namespace('mnt'),
  netns: namespace('net'),
  ni,
  nice: ni,
  nlwp: right('NLWP', 4, (p) => p.threads),
  opri: right('PRI', 3, (p) => 60 + p.priority),
  pcpu,
  pgid: pgid('PGID'),
  pgrp: pgid('PGRP'),
  pid: right('PID', 'pid', (p) => p.pid),
  pidns: namespace('pid'),
  pmem,
  ppid: right('PPID', 'pid', (p) => p.ppid),
  pri: right('PRI', 3, (p) => 39 - p.priority),
  psr: right('PSR', 3, () => 0),
  rgid: right('RGID', 5, (p) => p.gid),
  rgroup: named('RGROUP', (p, c) => c.users.group(p.gid)),
  rss: rss('RSS'),
  rssize: rss('RSS'),
  rsz: rss('RSZ'),
  ruid: right('RUID', 5, (p) => p.uid),
  ruser,
  s: state,
  sess: session('SESS'),
  session: session('SESS'),
  sid: session('SID'),
  spid: lwp('SPID'),
  start: timed('STARTED', 8, started, (p) => p.start),
  start_time: timed('START', 5, stime, (p) => p.start),
  stat: left('STAT', 4, (p) => stat(p)),
  state,
  stime: timed('STIME', 5, stime, (p) => p.start),
  suid: right('SUID', 5, (p) => p.euid),
  suser: { ...user, header: 'SUSER' },
  sz: right('SZ', 5, (p) => Math.floor(p.vsize / 4096)),
  thcount: right('THCNT', 5, (p) => p.threads),
  tid: lwp('TID'),
  time,
  timens: namespace('time'),
  times: right('TIME', 8, cpuSeconds),
  tname: tty('TTY'),
  tpgid: right('TPGID', 'pid', (p) => p.tpgid),
  trs: right('TRS', 5, () => 20),
  drs: right('DRS', 5, (p) => Math.max(0, Math.floor(p.vsize / 1024) - 20)),
  tt: tty('TT'),
  tty: tty('TT'),
  ucmd: comm('CMD'),
  ucomm: comm('COMMAND'),
  uid: right('UID', 5, (p) => p.euid),
  uname: user,
  user,
  /** The column UID of -f, which shows names. */
  uid_f: { ...user, header: 'UID' },
  userns: namespace('user'),
  utsns: namespace('uts'),
  vsize: vsz,
  vsz,
  wchan: dash('WCHAN', 6),
};
