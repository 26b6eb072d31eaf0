import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import { manualOf, tool } from '../lib/tool';
import { columnsOf } from '../screen/terminal';
import type { PsContext } from './ps-columns';
import { COLUMNS } from './ps-columns';
import type { PsOptions } from './ps-options';
import { parsePs } from './ps-options';
import { psLine } from './ps-print';
import { Usage } from './procps';
import type { ProcessEntry } from './table';
import { NoProcfs, processNumbers, readClock, readMeminfo, readProcesses } from './table';
import { readUsers } from './users';

const USAGE = `
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
`;

const HELP = `[OPTIONS]
Show the processes that /proc knows. Without options: those of your user on this terminal.

  -e, -A               all processes
  ax                   all processes, BSD style; a: with a terminal, x: also without
  -p LIST, -C NAMES    by process number or command name
  -u USERS, -U USERS   by effective or real user
  -t TTYS, -s SESSIONS by terminal or session
  --ppid LIST          by parent
  -N, --deselect       all but these
  r                    only running ones
  -f, -F, -l, -j, u, j, l, v   fixed formats
  -o FORMAT            your own columns: name[:width][=HEADER],...
  f, --forest, -H      as a tree
  --sort [+|-]KEY,...  order
  h, --no-headers      no header
  -w, w                wider; twice: as wide as needed
`;

/** ps(1). */
export const ps: Program = {
  ...tool({
    name: 'ps',
    summary: 'report a snapshot of the current processes',
    help: HELP,
    *run(t) {
      const { sys } = t;
      try {
        processNumbers(sys);
        const users = yield* readUsers(sys);
        const all = yield* readProcesses(sys);
        const digits = yield* pidDigits(sys);
        const self = all.find((p) => String(p.pid) === selfNumber(sys));
        const options = parsePs(t.argv, { uid: sys.proc.uid, ttyNumber: self?.ttyNumber ?? 0, digits }, users);
        if (options.help || options.version) {
          yield* t.out.write(options.help ? USAGE : 'ps from procps-ng 4.0.2\n');
          return 0;
        }
        let shown = all.filter((p) => chosen(options, p));
        const clock = yield* readClock(sys);
        const memory = yield* readMeminfo(sys);
        const prefixes = new Map<number, string>();
        const cgroups = new Map<number, string>();
        if (options.columns!.some((c) => c.column === COLUMNS.cgroup)) {
          for (const p of shown) cgroups.set(p.pid, yield* cgroupOf(sys, p));
        }
        const context: PsContext = {
          users,
          ...clock,
          memory: memory.get('MemTotal') ?? 1,
          digits,
          prefix: (p) => prefixes.get(p.pid) ?? '',
          link: (p, name) => link(sys, `/proc/${p.pid}/${name}`),
          cgroup: (p) => cgroups.get(p.pid) ?? '-',
        };
        if (options.sort.length > 0) shown = sorted(shown, options, context);
        if (options.tree !== 'none') shown = forest(shown, options.tree, prefixes, options.sort.length > 0);
        const width = lineWidth(sys, options);
        const columns = options.columns!;
        if (options.header && columns.some((c) => c.header !== '')) yield* t.out.line(psLine(columns, context, width));
        for (const p of shown) {
          yield* sys.work(2);
          yield* t.out.line(psLine(columns, context, width, p));
        }
        return shown.length > 0 ? 0 : 1;
      } catch (e) {
        if (e instanceof NoProcfs) {
          yield* sys.eprint(`${e.message}\n`);
          return 47;
        }
        if (!(e instanceof Usage)) throw e;
        yield* sys.eprint(`${e.message}\n${USAGE}`);
        return 1;
      }
    },
  }),
  manual: manualOf({ name: 'ps', summary: 'report a snapshot of the current processes', help: HELP }),
};

/** What /proc/self names: the caller as this procfs numbers it. */
export function selfNumber(sys: Sys): string {
  return link(sys, '/proc/self') ?? '';
}

function link(sys: Sys, path: string): string | undefined {
  try {
    return sys.files.readlink(path);
  } catch (e) {
    if (isErrno(e)) return undefined;
    throw e;
  }
}

/** Width of the column PID: the digits of the largest number there may be. */
function* pidDigits(sys: Sys) {
  try {
    const max = Number.parseInt(yield* sys.readFile('/proc/sys/kernel/pid_max'), 10);
    return Math.max(5, String(max - 1).length);
  } catch (e) {
    if (isErrno(e)) return 5;
    throw e;
  }
}

function* cgroupOf(sys: Sys, p: ProcessEntry) {
  try {
    return (yield* sys.readFile(`/proc/${p.pid}/cgroup`)).trimEnd().replace(/\n/g, ';') || '-';
  } catch (e) {
    if (isErrno(e)) return '-';
    throw e;
  }
}

function chosen(o: PsOptions, p: ProcessEntry): boolean {
  const yes = o.lists.some((l) => l(p)) || (o.simple?.(p) ?? false);
  return yes !== o.negate && (!o.running || p.state === 'R' || p.state === 'D');
}

function lineWidth(sys: Sys, o: PsOptions): number {
  if (o.columnsGiven) return o.columnsGiven;
  if (o.wide >= 2) return Infinity;
  const env = Number.parseInt(sys.env('COLUMNS') ?? '', 10);
  const width = sys.isatty(1) ? (columnsOf(sys) ?? 80) : env > 0 ? env : Infinity;
  return o.wide === 1 ? Math.max(132, width) : width;
}

function sorted(list: readonly ProcessEntry[], o: PsOptions, c: PsContext): ProcessEntry[] {
  const keys = o.sort.map(({ key, down }) => {
    const column = COLUMNS[key]!;
    return { value: (p: ProcessEntry) => column.sort?.(p, c) ?? column.text(p, c, Infinity), down };
  });
  return [...list].sort((a, b) => {
    for (const { value, down } of keys) {
      const x = value(a);
      const y = value(b);
      if (x !== y) return x < y === down ? 1 : -1;
    }
    return 0;
  });
}

/**
 * Puts children below their parents and notes what is drawn before each command. Like ps it begins with the roots that come last.
 */
function forest(
  list: readonly ProcessEntry[],
  kind: 'forest' | 'indent',
  prefixes: Map<number, string>,
  ordered: boolean,
): ProcessEntry[] {
  const order = ordered ? [...list] : [...list].sort((a, b) => a.ppid - b.ppid || a.start - b.start || a.pid - b.pid);
  const known = new Set(order.map((p) => p.pid));
  const out: ProcessEntry[] = [];
  const visit = (p: ProcessEntry, lead: string, level: number, more: boolean): void => {
    out.push(p);
    if (kind === 'indent') prefixes.set(p.pid, '  '.repeat(level));
    else prefixes.set(p.pid, level === 0 ? '' : `${lead} \\_ `);
    const children = order.filter((c) => c.ppid === p.pid && c.pid !== p.pid);
    const below = level === 0 ? '' : `${lead}${more ? ' |  ' : '    '}`;
    children.forEach((c, i) => visit(c, below, level + 1, i < children.length - 1));
  };
  for (const p of [...order].reverse()) if (!known.has(p.ppid) || p.ppid === p.pid) visit(p, '', 0, false);
  return out;
}
