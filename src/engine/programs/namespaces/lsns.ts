/** lsns(8): the namespaces that the visible processes are in. */
import type { Coroutine } from '../../core';
import { TtyFile } from '../../core';
import type { NamespaceKind, Process, Program, Sys } from '../../host';
import { NAMESPACE_KINDS } from '../../host';
import { NamespaceNode } from '../../host/netfs';
import type { AnyNamespace } from '../../host/netfs';
import { getopt } from '../lib/getopt';
import { Stop, utilLinux } from './common';
import { LSNS_HELP } from './help';
import type { Column, Row } from './table';
import { formatJson, formatRaw, formatTable } from './table';

const COLUMNS: Readonly<Record<string, Column>> = {
  NS: { name: 'NS', right: true, number: true },
  TYPE: { name: 'TYPE' },
  PATH: { name: 'PATH' },
  NPROCS: { name: 'NPROCS', right: true, number: true },
  PID: { name: 'PID', right: true, number: true },
  PPID: { name: 'PPID', right: true, number: true },
  COMMAND: { name: 'COMMAND', tree: true },
  UID: { name: 'UID', right: true, number: true },
  USER: { name: 'USER' },
  NETNSID: { name: 'NETNSID', right: true },
  NSFS: { name: 'NSFS' },
  PNS: { name: 'PNS', right: true, number: true },
  ONS: { name: 'ONS', right: true, number: true },
};

interface Entry {
  readonly ns: AnyNamespace;
  readonly procs: Process[];
}

/** Columns of the terminal behind standard output; undefined when there is none. */
export function screenWidth(sys: Sys): number | undefined {
  try {
    const file = sys.file(1);
    return file instanceof TtyFile ? file.tty.columns : undefined;
  } catch {
    return undefined;
  }
}

function commandOf(proc: Process): string {
  return proc.argv.length > 0 ? proc.argv.join(' ') : proc.comm;
}

function* userNames(sys: Sys): Coroutine<Map<number, string>> {
  const names = new Map<number, string>();
  try {
    for (const line of (yield* sys.readFile('/etc/passwd')).split('\n')) {
      const [name, , uid] = line.split(':');
      if (name !== undefined && uid !== undefined && !names.has(Number(uid))) names.set(Number(uid), name);
    }
  } catch {
    return names;
  }
  return names;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* utilLinux('lsns', sys, function* () {
    const { options, operands } = getopt(argv, 'JlPno:p:rt:uhVWT::', [
      'json=J',
      'task:=p',
      'help=h',
      'output:=o',
      'output-all',
      'notruncate=u',
      'version=V',
      'noheadings=n',
      'list=l',
      'raw=r',
      'type:=t',
      'nowrap=W',
      'tree::=T',
    ]);
    let json = false;
    let list = false;
    let raw = false;
    let headings = true;
    let truncate = true;
    let task: number | undefined;
    let types: NamespaceKind[] = [];
    let columns: string[] | undefined;
    for (const { name, arg } of options) {
      switch (name) {
        case 'h':
          yield* sys.print(LSNS_HELP);
          return 0;
        case 'V':
          yield* sys.print('lsns from util-linux 2.38.1\n');
          return 0;
        case 'J':
          json = true;
          break;
        case 'l':
          list = true;
          break;
        case 'r':
          raw = true;
          break;
        case 'n':
          headings = false;
          break;
        case 'u':
          truncate = false;
          break;
        case 'p':
          if (!/^\d+$/.test(arg!)) throw new Stop(1, `invalid PID argument: '${arg}'`);
          task = Number(arg);
          break;
        case 't': {
          const kind = NAMESPACE_KINDS.find((k) => k === arg);
          if (!kind) throw new Stop(1, `unknown namespace type: ${arg}`);
          types = [...types, kind];
          break;
        }
        case 'o': {
          const plus = arg!.startsWith('+');
          const names = (plus ? arg!.slice(1) : arg!).split(',').map((c) => c.toUpperCase());
          const bad = names.find((c) => !COLUMNS[c]);
          if (bad !== undefined)
            throw new Stop(1, `unknown column: ${arg!.split(',').find((c) => !COLUMNS[c.toUpperCase()]) ?? bad}`);
          columns = plus ? [...defaults(types), ...names] : names;
          break;
        }
        case 'output-all':
          columns = Object.keys(COLUMNS);
          break;
        case 'W':
          break;
        case 'T':
          if (arg !== undefined && arg !== 'process') throw new Stop(1, `not simulated in this course: --tree=${arg}`);
          if (arg === undefined) throw new Stop(1, 'not simulated in this course: --tree=owner');
          break;
        default:
      }
    }
    const names = yield* userNames(sys);
    const pidns = sys.proc.ns.pid;
    const procs = [...pidns.processes]
      .sort((a, b) => a[0] - b[0])
      .map(([, p]) => p)
      .filter((p) => p.alive && p.pidIn(pidns) > 0);
    // Others' namespaces can only be looked at by root.
    const seen = procs.filter((p) => sys.proc.privileged || p.uid === sys.proc.uid);
    const entries = new Map<AnyNamespace, Entry>();
    for (const kind of NAMESPACE_KINDS) {
      for (const proc of seen) {
        const ns: AnyNamespace = proc.ns[kind];
        const entry = entries.get(ns);
        if (entry) entry.procs.push(proc);
        else entries.set(ns, { ns, procs: [proc] });
      }
    }
    const sorted = [...entries.values()].sort((a, b) => a.ns.inode - b.ns.inode);
    const user = (p: Process): string => names.get(p.uid) ?? String(p.uid);
    if (operands.length > 0) {
      const [word] = operands;
      if (!/^\d+$/.test(word!)) throw new Stop(1, `invalid namespace argument: '${word}'`);
      const entry = sorted.find((e) => e.ns.inode === Number(word));
      if (!entry) throw new Stop(1, `not found namespace: ${word}`);
      const shown = columns ?? ['PID', 'PPID', 'USER', 'COMMAND'];
      yield* print(
        shown,
        entry.procs.map((p) => ({ proc: p, cells: shown.map((c) => cell(c, entry, p)) })),
      );
      return 0;
    }
    const shown = columns ?? defaults(types);
    const mounts = sys.proc.ns.mnt.list();
    const wanted = sorted.filter(
      (e) =>
        (types.length === 0 || types.includes(e.ns.kind)) &&
        (task === undefined || e.procs.some((p) => p.pidIn(pidns) === task)),
    );
    yield* print(
      shown,
      wanted.map((e) => ({ proc: e.procs[0]!, cells: shown.map((c) => cell(c, e, e.procs[0]!)) })),
    );
    return 0;

    function cell(column: string, e: Entry, p: Process): string {
      switch (column) {
        case 'NS':
          return String(e.ns.inode);
        case 'TYPE':
          return e.ns.kind;
        case 'PATH':
          return `/proc/${p.pidIn(pidns)}/ns/${e.ns.kind}`;
        case 'NPROCS':
          return String(e.procs.length);
        case 'PID':
          return String(p.pidIn(pidns));
        case 'PPID':
          return String(p.ppid?.pidIn(pidns) ?? 0);
        case 'COMMAND':
          return commandOf(p);
        case 'UID':
          return String(p.uid);
        case 'USER':
          return user(p);
        case 'NETNSID': {
          if (e.ns.kind !== 'net') return '';
          const id = sys.net.nsids.get(e.ns as Sys['net']);
          return id === undefined ? 'unassigned' : String(id);
        }
        case 'NSFS':
          return mounts
            .filter((m) => m.root instanceof NamespaceNode && m.root.namespace === e.ns)
            .map((m) => m.target)
            .join(' ');
        case 'PNS': {
          const parent = (e.ns as { parent?: { inode: number } | null }).parent;
          return parent ? String(parent.inode) : '0';
        }
        case 'ONS':
          return e.ns.kind === 'user' ? '0' : String((e.ns.owner as { inode: number }).inode);
        default:
          return '';
      }
    }

    function* print(shownColumns: readonly string[], lines: { proc: Process; cells: string[] }[]): Coroutine<void> {
      if (lines.length === 0 && !json) return;
      const spec = shownColumns.map((c) => COLUMNS[c]!);
      const roots: Row[] = [];
      const outline = new Map<Process, Row>();
      for (const { proc, cells } of lines) {
        const row: Row = { cells, children: [] };
        // A line hangs below the last line so far of the process's parent.
        const parent = list || proc.ppid === null ? undefined : outline.get(proc.ppid);
        (parent?.children ?? roots).push(row);
        outline.set(proc, row);
      }
      const width = truncate ? screenWidth(sys) : undefined;
      if (json) yield* sys.print(formatJson('namespaces', spec, roots));
      else if (raw) yield* sys.print(formatRaw(spec, roots, headings));
      else yield* sys.print(formatTable(spec, roots, { headings, width }));
    }
  });
}

function defaults(types: readonly NamespaceKind[]): string[] {
  const net = types.includes('net');
  return ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', ...(net ? ['NETNSID', 'NSFS'] : []), 'COMMAND'];
}

/** The program. */
export const lsns: Program = {
  name: 'lsns',
  path: '/usr/bin/lsns',
  size: 52032,
  summary: 'list namespaces',
  manual: `NAME
       lsns - list namespaces

SYNOPSIS
       lsns [options] [namespace]

DESCRIPTION
       Lists the namespaces of all processes that can be seen, with the number of processes in each and the one with the lowest
       number. With a namespace's number: the processes in it.

       -t, --type NAME    only mnt, net, ipc, user, pid, uts, cgroup or time
       -p, --task PID     only those of one process
       -o, --output LIST  columns
       -l, --list         no tree
       -J, --json         JSON
       -n, --noheadings   no headings

EXAMPLES
       lsns -t net
`,
  main,
  complete: (words) => {
    const last = words[words.length - 1];
    if (last === '-t' || last === '--type') return NAMESPACE_KINDS;
    if (last === '-o') return Object.keys(COLUMNS);
    return ['--json', '--list', '--noheadings', '--output', '--task', '--type'];
  },
};
