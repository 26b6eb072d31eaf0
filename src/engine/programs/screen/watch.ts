import type { Coroutine, Micros } from '../../core';
import { decode } from '../../core';
import type { WaitStatus } from '../../host';
import { shellStatus } from '../../host';
import { getopt } from '../lib/getopt';
import { DAYS, gmtime, MONTHS } from '../lib/strftime';
import { charWidth, textWidth } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail } from '../lib/tool';
import { procps, Usage } from '../processes/procps';
import { cursor, SCREEN, Terminal } from './terminal';

/** Output of one run that is looked at; the rest is read and dropped. */
const MAX_OUTPUT = 1 << 20;

interface WatchOptions {
  readonly interval: Micros;
  readonly title: boolean;
  readonly differences: 'no' | 'last' | 'ever';
  readonly beep: boolean;
  readonly errorExit: boolean;
  readonly changeExit: boolean;
  readonly equalExit: number | undefined;
  readonly exec: boolean;
  readonly wrap: boolean;
  readonly color: boolean;
  readonly precise: boolean;
}

/** One place of the screen: its text, empty behind a wide character, and the rendition it was printed with. */
interface Cell {
  readonly text: string;
  readonly style: string;
}

const BLANK: Cell = { text: ' ', style: '' };

/** watch(1) of procps 4.0.2. */
export const watch = procps({
  name: 'watch',
  summary: 'run a command again and again and show its output full screen',
  help: `[options] command

Options:
  -b, --beep             beep if command has a non-zero exit
  -c, --color            keep the command's colours
  -d, --differences[=<permanent>]
                         show what changed since the last run, or since the first
  -e, --errexit          stop at the first non-zero exit
  -g, --chgexit          stop when the output changes
  -q, --equexit <cycles>
                         stop when the output has not changed for so many runs
  -n, --interval <secs>  seconds between runs, 2 by default
  -p, --precise          count the interval from the start of a run
  -t, --no-title         no header
  -w, --no-wrap          cut long lines
  -x, --exec             run command itself, not through "sh -c"

 -h, --help     this text
 -v, --version  the version`,
  *run(t) {
    const { options, operands } = getopt(t.argv, '+bced::ghn:pq:twvx', [
      'beep=b',
      'color=c',
      'differences::=d',
      'errexit=e',
      'chgexit=g',
      'equexit:=q',
      'interval:=n',
      'precise=p',
      'no-title=t',
      'no-wrap=w',
      'exec=x',
      'help=h',
      'version=v',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string) => options.findLast((o) => o.name === name);
    if (has('h')) throw new Usage('', 0);
    if (has('v')) {
      yield* t.out.line('watch from procps-ng 4.0.2');
      return 0;
    }
    const number = (text: string): number => {
      const n = Number(text.replace(',', '.'));
      if (text.trim() === '' || !Number.isFinite(n))
        throw new Fail(`failed to parse argument: '${text}': Invalid argument`);
      return n;
    };
    const interval = Math.min(4294967, Math.max(0.1, number(last('n')?.arg ?? t.sys.env('WATCH_INTERVAL') ?? '2')));
    const o: WatchOptions = {
      interval: Math.round(interval * 1e6),
      title: !has('t'),
      differences: !has('d') ? 'no' : last('d')!.arg === undefined ? 'last' : 'ever',
      beep: has('b'),
      errorExit: has('e'),
      changeExit: has('g'),
      equalExit: last('q') ? number(last('q')!.arg!) : undefined,
      exec: has('x'),
      wrap: !has('w'),
      color: has('c'),
      precise: has('p'),
    };
    if (operands.length === 0) throw new Usage();
    const terminal = yield* Terminal.open(t.sys, {
      start: `${SCREEN.enter}${SCREEN.normal}${SCREEN.clear}`,
      end: `${SCREEN.leave}\r`,
    });
    if (!terminal || !t.sys.isatty(1)) {
      yield* t.sys.eprint(
        terminal ? `watch: standard output is not a terminal\n` : 'Error opening terminal: unknown.\n',
      );
      return 1;
    }
    return yield* loop(t, o, operands, terminal);
  },
});

function* loop(t: Tool, o: WatchOptions, command: readonly string[], terminal: Terminal): Coroutine<number> {
  const { sys } = t;
  let before: Cell[][] | undefined;
  const changed = new Set<string>();
  let equal = 0;
  try {
    terminal.enter();
    // Unlike a pager it leaves the keys alone: what is typed is echoed nowhere and read by nobody.
    for (;;) {
      yield* sys.work();
      const began = sys.now;
      const { output, status, stopped } = yield* runOnce(t, o, command, terminal);
      if (stopped) return 0;
      let cells = layout(output, o, terminal);
      const same = before !== undefined && equalCells(before, cells);
      yield* draw(o, command, terminal, sys.now, sys.proc.ns.uts.hostname, cells, before, changed);
      if (status !== 0 && o.beep) terminal.write('\x07');
      if (status !== 0 && o.errorExit) {
        terminal.write(`${cursor(terminal.rows - 1, 0)}command exit with a non-zero status, press a key to exit`);
        yield* terminal.key();
        return 8;
      }
      if (before && !same && o.changeExit) return 0;
      equal = same ? equal + 1 : 0;
      if (o.equalExit !== undefined && equal >= o.equalExit) return 0;
      before = cells;
      const next = (o.precise ? began : sys.now) + o.interval;
      for (;;) {
        yield* sys.work();
        const what = yield* terminal.key(next);
        if (!('event' in what)) continue;
        if (what.event === 'interrupt' || what.event === 'eof') return 0;
        if (what.event === 'resize' || what.event === 'resumed') {
          terminal.write(SCREEN.clear);
          cells = layout(output, o, terminal);
          before = undefined;
          break;
        }
        break;
      }
    }
  } finally {
    terminal.leave();
  }
}

/** Runs the command once; its standard output and error come back together. */
function* runOnce(t: Tool, o: WatchOptions, command: readonly string[], terminal: Terminal) {
  const { sys } = t;
  const argv = o.exec ? [...command] : ['sh', '-c', command.join(' ')];
  const path = o.exec ? sys.which(argv[0]!) : '/bin/sh';
  if (path === undefined)
    return { output: `unable to execute '${argv[0]!}': No such file or directory\n`, status: 4, stopped: false };
  const [r, w] = sys.pipe();
  const child = sys.fork(function* (c) {
    c.close(r);
    c.dup2(w, 1);
    c.dup2(w, 2);
    c.close(w);
    for (const s of ['SIGINT', 'SIGTSTP', 'SIGWINCH'] as const) c.onSignal(s, 'default');
    return yield* c.exec(path, argv);
  });
  sys.close(w);
  const parts: Uint8Array[] = [];
  let size = 0;
  let stopped = false;
  try {
    for (;;) {
      try {
        const data = yield* sys.read(r);
        if (data.length === 0) break;
        if (size < MAX_OUTPUT) parts.push(data.slice());
        size += data.length;
      } catch (e) {
        if (terminal.takeInterrupt()) {
          stopped = true;
          break;
        }
        if ((e as { code?: string }).code !== 'EINTR') throw e;
      }
    }
  } finally {
    sys.close(r);
  }
  let status: WaitStatus | undefined;
  while (!status && !stopped) {
    try {
      status = (yield* sys.waitpid(child.pidIn(sys.proc.ns.pid)))?.status;
    } catch (e) {
      if ((e as { code?: string }).code !== 'EINTR') throw e;
      stopped = terminal.takeInterrupt();
    }
  }
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return { output: decode(all), status: status ? shellStatus(status) : 1, stopped };
}

/** Puts the output into the cells of the screen below the header, as far as there is room. */
function layout(output: string, o: WatchOptions, { columns, rows }: Terminal): Cell[][] {
  const height = Math.max(0, rows - (o.title ? 2 : 0));
  const lines: Cell[][] = [];
  let line: Cell[] = [];
  let style = '';
  let skip = false;
  const feed = (): void => {
    lines.push(line);
    line = [];
  };

  for (const token of output.matchAll(/\x1b\[([0-9;]*)m|\x1b\[[0-9;?]*[@-~]|[^]/gu)) {
    if (lines.length >= height) break;
    const [text] = token;
    if (token[1] !== undefined) {
      if (o.color) style = token[1] === '' || token[1] === '0' ? '' : `${style}${text}`;
      continue;
    }
    if (text.length > 2 && text.startsWith('\x1b')) continue;
    if (text === '\n') {
      feed();
      skip = false;
    } else if (skip) continue;
    else if (text === '\t') {
      do line.push({ text: ' ', style });
      while (line.length % 8 !== 0 && line.length < columns);
    } else if (text === '\r' || text < ' ') continue;
    else {
      const width = charWidth(text.codePointAt(0)!);
      if (line.length + width > columns) {
        if (!o.wrap) {
          skip = true;
          continue;
        }
        feed();
        if (lines.length >= height) break;
      }
      if (width === 0 && line.length > 0) {
        const cell = line[line.length - 1]!;
        line[line.length - 1] = { ...cell, text: cell.text + text };
        continue;
      }
      line.push({ text, style });
      for (let n = 1; n < width; n++) line.push({ text: '', style });
    }
  }
  if (line.length > 0 && lines.length < height) feed();
  while (lines.length < height) lines.push([]);
  return lines;
}

function equalCells(a: readonly Cell[][], b: readonly Cell[][]): boolean {
  return (
    a.length === b.length &&
    a.every((row, i) => row.length === b[i]!.length && row.every((c, x) => c.text === b[i]![x]!.text))
  );
}

function* draw(
  o: WatchOptions,
  command: readonly string[],
  terminal: Terminal,
  now: Micros,
  hostname: string,
  cells: readonly Cell[][],
  before: readonly Cell[][] | undefined,
  changed: Set<string>,
): Coroutine<void> {
  let out = SCREEN.home;
  let top = 0;
  if (o.title) {
    out += `${SCREEN.clearLine}${header(o.interval, command, hostname, now, terminal.columns)}`;
    if (terminal.rows > 1) out += `${cursor(1, 0)}${SCREEN.clearLine}`;
    top = 2;
  }
  cells.forEach((row, y) => {
    out += cursor(top + y, 0) + SCREEN.clearLine;
    let mark = false;
    let style = '';
    // A place that was printed before and is empty now differs too.
    const width = Math.max(row.length, o.differences === 'no' ? 0 : (before?.[y]?.length ?? 0));
    for (let x = 0; x < width; x++) {
      const cell = row[x] ?? BLANK;
      const differs = before !== undefined && (before[y]?.[x] ?? BLANK).text !== cell.text;
      const key = `${y},${x}`;
      if (o.differences === 'ever' && differs) changed.add(key);
      const marked = o.differences === 'last' ? differs : o.differences === 'ever' && changed.has(key);
      if (marked !== mark || cell.style !== style) out += `\x1b[m${cell.style}${marked ? SCREEN.reverse : ''}`;
      mark = marked;
      style = cell.style;
      out += cell.text;
    }
    if (mark || style !== '') out += '\x1b[m';
  });
  terminal.write(`${out}${cursor(terminal.rows - 1, terminal.columns - 1)}`);
  yield* terminal.drain();
}

/** `Every 2.0s: command` on the left, host and time on the right; the command gives way first. */
export function header(
  interval: Micros,
  command: readonly string[],
  host: string,
  now: Micros,
  columns: number,
): string {
  const t = gmtime(now);
  const pad = (n: number): string => String(n).padStart(2, '0');
  const date = `${DAYS[t.weekday]!.slice(0, 3)} ${MONTHS[t.month - 1]!.slice(0, 3)} ${String(t.day).padStart(2)} ${pad(t.hour)}:${pad(t.minute)}:${pad(t.second)} ${t.year}`;
  const right = `${host}: ${date}`;
  const left = `Every ${(interval / 1e6).toFixed(1)}s: `;
  const rightWidth = textWidth(right);
  const text = command.join(' ');
  const leftWidth = textWidth(left);
  const gap = columns - leftWidth - rightWidth;
  if (columns < rightWidth) return '';
  if (gap < 2) return right.padStart(columns);
  const all = left + text;
  const free = gap - textWidth(text);
  if (free >= 1) return `${all}${' '.repeat(free)}${right}`;
  // Three dots and two blanks end a command that is too long; they may even cover the end of the interval.
  return gap < 3 ? `${left}${' '.repeat(gap)}${right}` : `${all.slice(0, leftWidth + gap - 5)}...  ${right}`;
}
