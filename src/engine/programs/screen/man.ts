/** man(1), whatis(1), apropos(1) and whereis(1): from the manuals that the programs bring along. */
import type { Program } from '../../host';
import { provide } from '../../host';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import { SUMMARIES } from '../summaries';
import { PagerInput } from './less-input';
import { Pager } from './pager';
import { SCREEN, Terminal } from './terminal';

/** Section of a program's page: 8 for what lies in an sbin directory. */
function section(p: Program): string {
  return p.path.includes('/sbin/') ? '8' : '1';
}

/** What a program is for: known before its code is there. */
function summaryOf(p: Program): string {
  return SUMMARIES[p.name] ?? p.summary;
}

/** Programs that are installed on this machine. */
function installed(t: Tool): Program[] {
  const { sys } = t;
  return [...sys.machine.programs.values()].filter((p) => sys.files.exists(p.path));
}

/** man(1). */
export const man = tool({
  name: 'man',
  summary: 'show the manual page of a program',
  version: 'man 2.11.2',
  usageStatus: 1,
  help: `[-f | -k] [SECTION] PAGE...
Show the manual page PAGE. The pages of this course are short and describe what the simulation does.

  -f   whatis
  -k   apropos
  -w   where the page is
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = t.getopt('+afkwP:l', [
      'all=a',
      'whatis=f',
      'apropos=k',
      'where=w',
      'path=w',
      'pager:=P',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    if (has('f')) return yield* describe(t, operands, false);
    if (has('k')) return yield* describe(t, operands, true);
    const words = [...operands];
    const wanted = words.length > 1 && /^[1-9]$/.test(words[0]!) ? words.shift() : undefined;
    if (words.length === 0) {
      yield* sys.eprint("What manual page do you want?\nFor example, try 'man man'.\n");
      return 1;
    }
    let status = 0;
    for (const word of words) {
      const m = /^(.*)[.(]([1-8])\)?$/.exec(word);
      const name = m ? m[1]! : word;
      const number = m ? m[2] : wanted;
      const p = installed(t).find(
        (candidate) => candidate.name === name && (number === undefined || section(candidate) === number),
      );
      if (!p) {
        yield* t.out.flush();
        yield* sys.eprint(`No manual entry for ${name}${number === undefined ? '' : ` in section ${number}`}\n`);
        status = 16;
        continue;
      }
      if (has('w')) {
        yield* t.out.line(`/usr/share/man/man${section(p)}/${p.name}.${section(p)}.gz`);
        continue;
      }
      if (!(yield* provide(sys.machine, p))) {
        yield* t.out.flush();
        yield* sys.eprint(`man: cannot load the manual of ${name}: network error\n`);
        status = 3;
        continue;
      }
      yield* show(t, p);
    }
    return status;
  },
});

function* show(t: Tool, p: Program) {
  const { sys } = t;
  const terminal = sys.isatty(1)
    ? yield* Terminal.open(sys, {
        start: SCREEN.enter + SCREEN.keysOn,
        end: `\r${SCREEN.clearLine}${SCREEN.keysOff}${SCREEN.leave}`,
      })
    : undefined;
  const lines = format(p, Math.min(terminal?.columns ?? 80, 80), terminal !== undefined);
  if (!terminal) {
    yield* t.out.write(`${lines.join('\n')}\n`);
    return;
  }
  const input = new PagerInput(sys, '', -1, undefined);
  input.lines.push(...lines);
  input.ended = true;
  const pager = new Pager(sys, terminal, [input], {
    numbers: false,
    chop: false,
    controls: 'color',
    case: 'smart',
    squeeze: false,
    quiet: false,
    quitAtEnd: 'no',
    oneScreen: false,
    prompt: 'short',
    commands: [],
    title: `Manual page ${p.name}(${section(p)}) (press h for help or q to quit)`,
  });
  yield* pager.run();
}

/** A page with header, footer and, on a terminal, bold headings. */
export function format(p: Program, columns: number, bold: boolean): string[] {
  const title = `${p.name.toUpperCase()}(${section(p)})`;
  const middle = section(p) === '8' ? 'System Administration' : 'User Commands';
  const text = p.manual ?? `NAME\n       ${p.name} - ${p.summary}\n`;
  const body = text
    .replace(/\n+$/, '')
    .split('\n')
    .flatMap((line) => fold(line, columns))
    .map((line) => (bold && /^[A-Z][A-Z ]*$/.test(line) ? `\x1b[1m${line}\x1b[0m` : line));
  return [spread(title, middle, title, columns), '', ...body, '', spread('Follow the Packet', '', title, columns)];
}

function spread(left: string, middle: string, right: string, columns: number): string {
  const room = columns - left.length - right.length;
  if (middle === '' || room < middle.length + 2) return `${left}${' '.repeat(Math.max(1, room))}${right}`;
  const before = Math.floor((columns - middle.length) / 2) - left.length;
  return `${left}${' '.repeat(Math.max(1, before))}${middle}${' '.repeat(Math.max(1, room - middle.length - Math.max(1, before)))}${right}`;
}

/** Breaks a line at blanks and keeps its indentation. */
function fold(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const indent = /^ */.exec(line)![0];
  const out: string[] = [];
  let now = indent;
  for (const word of line.trim().split(' ')) {
    if (now !== indent && now.length + 1 + word.length > columns) {
      out.push(now.trimEnd());
      now = indent;
    }
    now += now === indent ? word : ` ${word}`;
  }
  out.push(now);
  return out;
}

function* describe(t: Tool, words: readonly string[], search: boolean) {
  if (words.length === 0) {
    yield* t.sys.eprint(`${search ? 'apropos' : 'whatis'} what?\n`);
    return 1;
  }
  let status = 0;
  for (const word of words) {
    const lower = word.toLowerCase();
    const found = installed(t)
      .filter((p) => (search ? `${p.name} ${summaryOf(p)}`.toLowerCase().includes(lower) : p.name === word))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const p of found) yield* t.out.line(`${`${p.name} (${section(p)})`.padEnd(20)} - ${summaryOf(p)}`);
    if (found.length > 0) continue;
    yield* t.out.flush();
    yield* t.sys.eprint(`${word}: nothing appropriate.\n`);
    status = 16;
  }
  return status;
}

/** whatis(1). */
export const whatis = tool({
  name: 'whatis',
  summary: 'display one-line descriptions of programs',
  version: 'whatis 2.11.2',
  help: `KEYWORD...
Print the one-line description of each program called KEYWORD.
`,
  *run(t) {
    return yield* describe(t, t.getopt('').operands, false);
  },
});

/** apropos(1). */
export const apropos = tool({
  name: 'apropos',
  summary: 'search the descriptions of programs',
  version: 'apropos 2.11.2',
  help: `KEYWORD...
Print the programs whose name or description contains KEYWORD.
`,
  *run(t) {
    return yield* describe(t, t.getopt('').operands, true);
  },
});

const DIRECTORIES = [
  '/usr/bin',
  '/usr/sbin',
  '/bin',
  '/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/etc',
  '/usr/lib',
  '/usr/games',
];

/** whereis(1) of util-linux. */
export const whereis = tool({
  name: 'whereis',
  summary: 'locate the file and the manual page of a program',
  version: 'util-linux 2.38.1',
  help: `[-b | -m] NAME...
Print where the program NAME and its manual page are.

  -b   programs only
  -m   manual pages only
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = t.getopt('bmsul');
    if (operands.length === 0) throw new Fail('not enough arguments');
    const only = (name: string): boolean => options.some((o) => o.name === name);
    for (const name of operands) {
      const found = new Set<string>();
      if (!only('m')) {
        for (const dir of DIRECTORIES) {
          const path = `${dir}/${name}`;
          if (sys.files.exists(path)) found.add(sys.files.realpath(path));
        }
      }
      const p = installed(t).find((candidate) => candidate.name === name);
      if (p && !only('b')) found.add(`/usr/share/man/man${section(p)}/${name}.${section(p)}.gz`);
      yield* t.out.line([`${name}:`, ...found].join(' '));
    }
    return 0;
  },
});
