/** top(1) of procps 4.0.2. */
import type { Coroutine } from '../../core';
import { getoptOr } from '../lib/options';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import { SCREEN, Terminal } from '../screen/terminal';
import type { ProcessEntry } from './table';
import { commandLine, HZ, NoProcfs, readMeminfo, readProcesses } from './table';
import { upTime, uptimeLine } from './uptime';
import { readUsers } from './users';

interface TopState {
  delay: number;
  sort: 'cpu' | 'mem' | 'pid' | 'time';
  reverse: boolean;
  full: boolean;
  idle: boolean;
  readonly pids: ReadonlySet<number> | undefined;
  readonly uid: number | undefined;
}

/** CPU ticks and the moment of the last look, for shares. */
interface Sample {
  readonly ticks: ReadonlyMap<number, number>;
  readonly at: number;
}

const HELP = `Help for Interactive Commands
 q         leave
 h, ?      this text
 Space     look again now
 d, s      set the delay
 P M N T   sort by CPU, memory, number, time
 R         turn the order round
 c         command names or lines
 i         idle processes on and off
 k         kill a process
 e, E, f, o, u, z and others are not simulated in this course.

Type 'q' or <Esc> to continue `;

/** top(1). */
export const top = tool({
  name: 'top',
  summary: 'display processes, again and again',
  version: 'procps-ng 4.0.2',
  help: `[-bcHi] [-d SECS] [-n COUNT] [-p PIDS] [-u USER] [-o FIELD]
Show the processes that use most, every few seconds. q ends it, h lists the keys.

  -b         plain output, for files and pipes
  -c         command lines
  -d SECS    seconds between looks, 3 by default
  -i         without idle processes
  -n COUNT   so many looks
  -o FIELD   sort by %CPU, %MEM, PID or TIME+
  -p PIDS    only these
  -u USER    only those of USER
`,
  *run(t) {
    const { sys } = t;
    const { options } = getoptOr(t.argv, 'bcd:E:e:Hhin:o:Op:Ss:u:U:vVw::1', [], (message) => new Fail(message));
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
    if (has('v') || has('V') || has('h')) {
      yield* t.out.write(
        has('h')
          ? 'Usage:\n top -hv | -bcHi -d SECS -n COUNT -p PIDS -u USER -o FIELD\n'
          : 'top from procps-ng 4.0.2\n',
      );
      return 0;
    }
    const number = (name: string, what: string): number | undefined => {
      const text = last(name);
      if (text === undefined) return undefined;
      const n = Number(text);
      if (!Number.isFinite(n) || n < 0 || text.trim() === '') throw new Fail(`bad ${what} '${text}'`);
      return n;
    };
    const users = yield* readUsers(sys);
    const user = last('u') ?? last('U');
    const uid = user === undefined ? undefined : users.uid(user);
    if (user !== undefined && uid === undefined) throw new Fail('Invalid user');
    const field = (last('o') ?? '%CPU').replace(/^[+-]/, '');
    const sorts = { '%CPU': 'cpu', '%MEM': 'mem', PID: 'pid', 'TIME+': 'time' } as const;
    if (!(field in sorts)) throw new Fail(`unrecognized field name '${field}'`);
    const state: TopState = {
      delay: number('d', 'delay interval') ?? 3,
      sort: sorts[field as keyof typeof sorts],
      reverse: last('o')?.startsWith('-') ?? false,
      full: has('c'),
      idle: !has('i'),
      pids: last('p') === undefined ? undefined : new Set(last('p')!.split(',').map(Number)),
      uid,
    };
    const count = number('n', 'iterations argument') ?? Infinity;
    try {
      if (has('b')) return yield* batch(t, state, count);
      const terminal = sys.isatty(1)
        ? yield* Terminal.open(sys, {
            start: SCREEN.keysOn + SCREEN.hideCursor + SCREEN.clear,
            end: `${SCREEN.keysOff}${SCREEN.showCursor}`,
          })
        : undefined;
      if (!terminal) throw new Fail('failed tty get');
      return yield* interactive(t, state, count, terminal);
    } catch (e) {
      if (!(e instanceof NoProcfs)) throw e;
      throw new Fail(e.message);
    }
  },
});

function* batch(t: Tool, state: TopState, count: number): Coroutine<number> {
  let sample: Sample | undefined;
  for (let n = 0; n < count; n++) {
    if (n > 0) {
      yield* t.sys.sleep(state.delay * 1e6);
      yield* t.out.write('\n');
    }
    const look = yield* lines(t, state, sample, Number(t.sys.env('COLUMNS') ?? '') || 512, false);
    sample = look.sample;
    yield* t.out.write(`${look.lines.join('\n')}\n`);
    yield* t.out.flush();
  }
  return 0;
}

function* interactive(t: Tool, state: TopState, count: number, terminal: Terminal): Coroutine<number> {
  const { sys } = t;
  let sample: Sample | undefined;
  let message = '';
  try {
    terminal.enter();
    for (let n = 0; n < count; n++) {
      yield* sys.work();
      const look = yield* lines(t, state, sample, terminal.columns, true);
      sample = look.sample;
      const rows = look.lines.slice(0, terminal.rows);
      if (message !== '') rows[5] = message;
      message = '';
      terminal.write(`${SCREEN.home}${rows.map((l) => SCREEN.clearLine + l).join('\n')}${SCREEN.clearDown}`);
      yield* terminal.drain();
      const what = yield* terminal.key(sys.now + state.delay * 1e6);
      if ('event' in what) {
        if (what.event === 'interrupt' || what.event === 'eof') return 0;
        if (what.event === 'resize') terminal.write(SCREEN.clear);
        continue;
      }
      switch (what.key) {
        case 'q':
          return 0;
        case 'h':
        case '?':
          yield* help(terminal);
          break;
        case 'd':
        case 's': {
          const text = yield* ask(t, terminal, `Change delay from ${state.delay.toFixed(1)} to `);
          if (text !== '' && Number(text) >= 0) state.delay = Math.max(0.1, Number(text));
          else if (text !== '') message = ' Unacceptable floating point';
          break;
        }
        case 'k': {
          const pid = Number(yield* ask(t, terminal, 'PID to signal/kill '));
          if (!(pid > 0)) break;
          try {
            yield* sys.kill(pid, 'SIGTERM');
          } catch (e) {
            message = ` Failed signal pid '${pid}' with '15': ${(e as Error).message}`;
          }
          break;
        }
        case 'P':
        case 'M':
        case 'N':
        case 'T':
          state.sort = ({ P: 'cpu', M: 'mem', N: 'pid', T: 'time' } as const)[what.key];
          break;
        case 'R':
          state.reverse = !state.reverse;
          break;
        case 'c':
          state.full = !state.full;
          break;
        case 'i':
          state.idle = !state.idle;
          break;
        case ' ':
        case 'Enter':
          break;
        default:
          message = " Unknown command - try 'h' for help";
      }
    }
    return 0;
  } finally {
    terminal.write(`\x1b[${terminal.rows};1H\n${SCREEN.clearLine}`);
    terminal.leave();
  }
}

function* help(terminal: Terminal): Coroutine<void> {
  terminal.write(SCREEN.clear + HELP.split('\n').slice(0, terminal.rows).join('\n'));
  for (;;) {
    const what = yield* terminal.key();
    if (('event' in what && what.event !== 'resize') || ('key' in what && /^(q|Esc|h|\?| |Enter)$/.test(what.key)))
      break;
  }
  terminal.write(SCREEN.clear);
}

function* ask(t: Tool, terminal: Terminal, prompt: string): Coroutine<string> {
  let text = '';
  for (;;) {
    yield* t.sys.work();
    terminal.write(`\x1b[6;1H${SCREEN.clearLine}\x1b[1m${prompt}\x1b[m${text}`);
    const what = yield* terminal.key();
    if ('event' in what) {
      if (what.event === 'resize') continue;
      return '';
    }
    if (what.key === 'Enter') return text;
    if (what.key === 'Esc') return '';
    if (what.key === 'Backspace') text = text.slice(0, -1);
    else if (/^[\d.]$/.test(what.key)) text += what.key;
  }
}

function* lines(
  t: Tool,
  state: TopState,
  before: Sample | undefined,
  columns: number,
  bold: boolean,
): Coroutine<{ lines: string[]; sample: Sample }> {
  const { sys } = t;
  const all = yield* readProcesses(sys);
  const users = yield* readUsers(sys);
  const memory = yield* readMeminfo(sys);
  const clock = yield* upTime(t);
  const ticks = new Map(all.map((p) => [p.pid, p.utime + p.stime]));
  const sample: Sample = { ticks, at: clock.uptime };
  const strong = (text: string): string => (bold ? `\x1b[1m${text}\x1b[m` : text);
  const stretch = Math.max(0.01, clock.uptime - (before?.at ?? 0));
  const share = (p: ProcessEntry): number => {
    const used = (ticks.get(p.pid)! - (before?.ticks.get(p.pid) ?? 0)) / HZ;
    return Math.min(100 * sys.machine.cpus, Math.max(0, (used * 100) / stretch));
  };
  const busy = Math.min(100, all.reduce((n, p) => n + share(p), 0) / sys.machine.cpus);
  const count = (states: string): string =>
    strong(String(all.filter((p) => states.includes(p.state)).length).padStart(4));
  const part = (n: number): string => strong(`${n.toFixed(1).padStart(5)} `);
  const of = (name: string): number => memory.get(name) ?? 0;
  const mib = (kb: number): string => strong(`${(kb / 1024).toFixed(1).padStart(9)} `);
  const cache = of('Buffers') + of('Cached') + of('SReclaimable');
  const out = [
    `top -${yield* uptimeLine(sys, clock.uptime)}`,
    `Tasks:${strong(String(all.length).padStart(4))} total,${count('R')} running,${count('SDI')} sleeping,${count('Tt')} stopped,${count('Z')} zombie`,
    `%Cpu(s):${part(busy)}us,${part(0)}sy,${part(0)}ni,${part(100 - busy)}id,${part(0)}wa,${part(0)}hi,${part(0)}si,${part(0)}st `,
    `MiB Mem :${mib(of('MemTotal'))}total,${mib(of('MemFree'))}free,${mib(of('MemTotal') - of('MemAvailable'))}used,${mib(cache)}buff/cache     `,
    `MiB Swap:${mib(of('SwapTotal'))}total,${mib(of('SwapFree'))}free,${mib(of('SwapTotal') - of('SwapFree'))}used.${mib(of('MemAvailable'))}avail Mem `,
    '',
  ];
  const head = `    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND`;
  out.push(
    bold ? `${SCREEN.reverse}${head.slice(0, columns).padEnd(Math.min(columns, 200))}${SCREEN.endReverse}` : head,
  );
  const keys: Record<TopState['sort'], (p: ProcessEntry) => number> = {
    cpu: share,
    mem: (p) => p.rss,
    pid: (p) => p.pid,
    time: (p) => ticks.get(p.pid)!,
  };
  const key = keys[state.sort];
  const shown = all
    .filter((p) => (!state.pids || state.pids.has(p.pid)) && (state.uid === undefined || p.euid === state.uid))
    .filter((p) => state.idle || p.state === 'R' || share(p) > 0)
    .sort((a, b) => (state.reverse ? key(a) - key(b) : key(b) - key(a)) || a.pid - b.pid);
  for (const p of shown) {
    yield* sys.work(2);
    const user = users.name(p.euid);
    const cpu = ticks.get(p.pid)!;
    const time = `${Math.floor(cpu / HZ / 60)}:${((cpu / HZ) % 60).toFixed(2).padStart(5, '0')}`;
    const left = [
      String(p.pid).padStart(7),
      (user.length > 8 ? `${user.slice(0, 7)}+` : user).padEnd(8),
      String(p.priority).padStart(3),
      String(p.nice).padStart(3),
      scaled(p.vsize / 1024, 7),
      scaled(p.rss, 6),
      scaled(Math.min(p.rss, Math.floor(p.rss * 0.875)), 6),
      p.state,
      share(p).toFixed(1).padStart(5),
      ((p.rss * 100) / Math.max(1, of('MemTotal'))).toFixed(1).padStart(5),
      time.padStart(9),
    ].join(' ');
    const room = columns - left.length - 1;
    const command = state.full ? commandLine(p) : p.comm;
    const row = `${left} ${command.length > room ? `${command.slice(0, Math.max(0, room - 1))}+` : command}`;
    out.push(bold && p.state === 'R' ? strong(row) : row);
  }
  return { lines: out, sample };
}

/** kB in at most `width` places, else in mebibytes or gibibytes. */
function scaled(kb: number, width: number): string {
  let text = String(Math.floor(kb));
  if (text.length > width) text = `${(kb / 1024).toFixed(1)}m`;
  if (text.length > width) text = `${(kb / 1024 / 1024).toFixed(1)}g`;
  return text.padStart(width);
}
