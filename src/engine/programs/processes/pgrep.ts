/** pgrep(1) and pkill(1). */
import type { Coroutine, Signal } from '../../core';
import { isErrno, parseSignal } from '../../core';
import type { Tool } from '../lib/tool';
import { Fail } from '../lib/tool';
import { getopt } from '../lib/getopt';
import { Regex, RegexError } from '../lib/regex';
import { procps, Usage } from './procps';
import { selfNumber } from './ps';
import type { ProcessEntry } from './table';
import { HZ, printable, readClock, readProcesses, ttyName } from './table';
import { readUsers } from './users';

const COMMON = ` -v, --inverse             those that do not match
 -c, --count               how many there are
 -f, --full                match the whole command line, not the name
 -g, --pgroup <ID,...>     by process group
 -G, --group <ID,...>      by real group
 -i, --ignore-case         upper and lower case are the same
 -n, --newest              only the one started last
 -o, --oldest              only the one started first
 -O, --older <seconds>     only those older than that
 -P, --parent <PPID,...>   only children of these
 -s, --session <SID,...>   by session
 -t, --terminal <tty,...>  by controlling terminal
 -u, --euid <ID,...>       by effective user
 -U, --uid <ID,...>        by real user
 -x, --exact               the whole name must match
 -r, --runstates <state>   by state letters
 --ns <PID>                only those in the same namespaces as PID
 --nslist <ns,...>         which namespaces --ns compares
`;

/** pgrep(1). */
export const pgrep = procps({
  name: 'pgrep',
  summary: 'look up processes by name and other attributes',
  usageStatus: 2,
  help: `[options] <pattern>

Options:
 -d, --delimiter <string>  what is printed between numbers
 -l, --list-name           print the name too
 -a, --list-full           print the command line too
${COMMON}`,
  run: (t) => search(t, false),
});

/** pkill(1). */
export const pkill = procps({
  name: 'pkill',
  summary: 'signal processes by name and other attributes',
  usageStatus: 2,
  help: `[options] <pattern>

Options:
 -<sig>, --signal <sig>    the signal to send, TERM by default
 -e, --echo                say what is killed
${COMMON}`,
  run: (t) => search(t, true),
});

const LONGS = [
  'inverse=v',
  'count=c',
  'full=f',
  'pgroup:=g',
  'group:=G',
  'ignore-case=i',
  'newest=n',
  'oldest=o',
  'older:=O',
  'parent:=P',
  'session:=s',
  'terminal:=t',
  'euid:=u',
  'uid:=U',
  'exact=x',
  'runstates:=r',
  'ns:=--ns',
  'nslist:=--nslist',
  'signal:=--signal',
  'logpidfile=L',
];

function* search(t: Tool, kill: boolean): Coroutine<number> {
  const { sys } = t;
  let signal: Signal | null = 'SIGTERM';
  let argv = t.argv;
  if (kill) {
    // -9 and -KILL are taken out before getopt sees them.
    const at = argv.findIndex(
      (a, i) => i > 0 && /^-(?:\d+|SIG[A-Z0-9]+|[A-Z0-9]{2,})$/.test(a) && named(a.slice(1)) !== undefined,
    );
    if (at > 0) {
      signal = named(argv[at]!.slice(1))!;
      argv = argv.filter((_, i) => i !== at);
    }
  }
  const { options, operands } = getopt(
    argv,
    kill ? 'ecfg:G:inoO:P:s:t:u:U:vxr:L' : 'alcd:fg:G:inoO:P:s:t:u:U:vxr:Lw',
    kill ? [...LONGS, 'echo=e'] : [...LONGS, 'delimiter:=d', 'list-name=l', 'list-full=a', 'lightweight=w'],
  );
  const users = yield* readUsers(sys);
  const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
  const has = (name: string): boolean => options.some((o) => o.name === name);
  const tests: ((p: ProcessEntry) => boolean)[] = [];
  const numbers = (name: string, of: (p: ProcessEntry) => number, zero?: number): void => {
    const text = last(name);
    if (text === undefined) return;
    const set = new Set(
      text.split(',').map((w) => {
        if (!/^\d+$/.test(w)) throw new Usage(`not a number: ${w}`, 2);
        return Number(w) === 0 && zero !== undefined ? zero : Number(w);
      }),
    );
    tests.push((p) => set.has(of(p)));
  };
  const owners = (name: string, of: (p: ProcessEntry) => number, group = false): void => {
    const text = last(name);
    if (text === undefined) return;
    const set = new Set(
      text.split(',').map((w) => {
        const id = group ? users.gid(w) : users.uid(w);
        if (id === undefined) throw new Usage(`invalid ${group ? 'group' : 'user'} name: ${w}`, 2);
        return id;
      }),
    );
    tests.push((p) => set.has(of(p)));
  };
  const all = yield* readProcesses(sys);
  const self = all.find((p) => String(p.pid) === selfNumber(sys));
  numbers('g', (p) => p.pgrp, self?.pgrp);
  numbers('P', (p) => p.ppid);
  numbers('s', (p) => p.session, self?.session);
  owners('u', (p) => p.euid);
  owners('U', (p) => p.uid);
  owners('G', (p) => p.gid, true);
  const ttys = last('t')?.split(',');
  if (ttys) tests.push((p) => ttys.includes(p.ttyNumber === 0 ? '-' : ttyName(p.ttyNumber)));
  const states = last('r');
  if (states) tests.push((p) => states.includes(p.state));
  if (last('O') !== undefined) {
    const { uptime } = yield* readClock(sys);
    tests.push((p) => uptime - p.start / HZ >= Number(last('O')));
  }
  const ns = last('--ns');
  if (ns !== undefined) {
    const kinds = last('--nslist')?.split(',') ?? ['ipc', 'mnt', 'net', 'pid', 'user', 'uts'];
    const link = (pid: string | number, kind: string): string | undefined => {
      try {
        return sys.files.readlink(`/proc/${pid}/ns/${kind}`);
      } catch (e) {
        if (isErrno(e)) return undefined;
        throw e;
      }
    };
    const want = kinds.map((k) => link(ns, k));
    if (want[0] === undefined) throw new Fail(`Error reading reference namespace information`, 1);
    tests.push((p) => kinds.every((k, i) => link(p.pid, k) === want[i]));
  }
  if (last('--signal') !== undefined) {
    const s = named(last('--signal')!);
    if (s === undefined) throw new Fail(`Unknown signal "${last('--signal')!}".`, 2);
    signal = s;
  }
  if (operands.length > 1) throw new Fail(`only one pattern can be provided${hint(t)}`, 2);
  const [pattern] = operands;
  if (pattern === undefined && tests.length === 0 && !has('o') && !has('n'))
    throw new Fail(`no matching criteria specified${hint(t)}`, 2);
  if (pattern !== undefined && pattern.length > 15 && !has('f') && /^[\w.-]*$/.test(pattern)) {
    yield* t.warn(
      'pattern that searches for process name longer than 15 characters will result in zero matches\n' +
        `Try \`${t.name} -f' option to match against the complete command line.`,
    );
  }
  let regex: Regex | undefined;
  try {
    if (pattern !== undefined)
      regex = new Regex(pattern, { syntax: 'extended', ignoreCase: has('i'), ...(has('x') ? { whole: 'line' } : {}) });
  } catch (e) {
    if (!(e instanceof RegexError)) throw e;
    throw new Fail(e.message, 2);
  }
  const text = (p: ProcessEntry): string => (has('f') && p.argv.length > 0 ? p.argv.join(' ') : p.comm);
  let found = all.filter((p) => {
    if (p === self) return false;
    return (tests.every((f) => f(p)) && (!regex || regex.test(text(p)))) !== has('v');
  });
  if (has('n')) found = found.length ? [found.reduce((a, b) => (b.start >= a.start ? b : a))] : [];
  else if (has('o')) found = found.length ? [found.reduce((a, b) => (b.start < a.start ? b : a))] : [];
  if (kill) {
    let hit = false;
    for (const p of found) {
      try {
        yield* sys.kill(p.pid, signal);
        hit = true;
        if (has('e')) yield* t.out.line(`${p.comm} killed (pid ${p.pid})`);
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code !== 'ESRCH') yield* t.warn(`killing pid ${p.pid} failed: ${e.message}`);
      }
    }
    if (has('c')) yield* t.out.line(String(found.length));
    return hit ? 0 : 1;
  }
  if (has('c')) yield* t.out.line(String(found.length));
  else if (found.length > 0) {
    const rows = found.map((p) => {
      if (has('a')) return `${p.pid} ${printable(p.argv.length > 0 ? p.argv.join(' ') : p.comm)}`;
      return has('l') ? `${p.pid} ${p.comm}` : String(p.pid);
    });
    yield* t.out.line(rows.join(last('d') ?? '\n'));
  }
  return found.length > 0 ? 0 : 1;
}

function hint(t: Tool): string {
  return `\nTry \`${t.name} --help' for more information.`;
}

/** Signal 0 is null: it only asks whether the process is there. */
function named(text: string): Signal | null | undefined {
  return text === '0' ? null : parseSignal(text);
}
