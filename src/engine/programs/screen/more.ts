/** more(1) of util-linux. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { Regex } from '../lib/regex';
import type { Tool } from '../lib/tool';
import { tool } from '../lib/tool';
import { PagerInput } from './less-input';
import { drawRow, prepare, rowsOf } from './less-text';
import { SCREEN, Terminal } from './terminal';

const KEYS = `Keys of more. A number before a key repeats it.
-------------------------------------------------------------------------------
<space>                 next screen
<return>                next line
d or ctrl-D             next 11 lines
s                       skip a line
f                       skip a screen
b or ctrl-B             back a screen
/<regular expression>   search forward
n                       search again
=                       number of the current line
ctrl-L                  draw again
q or Q                  leave
-------------------------------------------------------------------------------
`;

/** more(1). */
export const more = tool({
  name: 'more',
  dir: '/bin',
  summary: 'display a text one screen at a time',
  version: 'util-linux 2.38.1',
  help: `[OPTIONS] FILE...
Show FILEs, or standard input, a screen at a time. less can do more.

  -s             several blank lines are one
  -NUMBER        lines of a screen
  +NUMBER        begin with this line
  +/PATTERN      begin at PATTERN
`,
  *run(t) {
    const { sys } = t;
    const words = t.argv.slice(1);
    const start = words.find((w) => /^\+/.test(w));
    const size = words.find((w) => /^-\d+$/.test(w));
    const { options, operands } = t.getopt(
      'dlfpcsuen:',
      [],
      ['more', ...words.filter((w) => w !== start && w !== size)],
    );
    const lines = size ? Number(size.slice(1)) : undefined;
    const squeeze = options.some((o) => o.name === 's');
    if (operands.length === 0 && sys.isatty(0)) {
      yield* sys.eprint(`more: bad usage\nTry 'more --help' for more information.\n`);
      return 1;
    }
    const terminal = sys.isatty(1) ? yield* Terminal.open(sys, { end: '' }) : undefined;
    let status = 0;
    try {
      terminal?.enter();
      const names = operands.length > 0 ? operands : ['-'];
      for (const [i, name] of names.entries()) {
        const input = yield* open(t, name);
        if (!input) {
          status = operands.length > 1 ? status : 0;
          continue;
        }
        if (names.length > 1) {
          const title = `::::::::::::::\n${name}\n::::::::::::::\n`;
          yield* t.out.write(title);
          yield* t.out.flush();
        }
        if (!terminal) yield* copy(t, input);
        else if (!(yield* show(t, terminal, input, { lines, start, squeeze, last: i === names.length - 1 }))) break;
      }
    } finally {
      terminal?.leave();
    }
    return status;
  },
});

function* open(t: Tool, name: string): Coroutine<PagerInput | undefined> {
  const { sys } = t;
  if (name === '-') return new PagerInput(sys, '', 0, undefined);
  try {
    const stat = sys.files.stat(name);
    if (stat.type === 'dir') {
      yield* t.out.write(`\n*** ${name}: directory ***\n\n`);
      return undefined;
    }
    return new PagerInput(sys, name, yield* sys.open(name, { read: true }), stat.size || undefined);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* t.warn(`cannot open ${name}: ${e.message}`);
    return undefined;
  }
}

function* copy(t: Tool, input: PagerInput): Coroutine<void> {
  for (;;) {
    const data = yield* t.sys.read(input.fd, 65536);
    if (data.length === 0) return;
    yield* t.out.write(data);
  }
}

/** Shows one input; false when the user leaves. */
function* show(
  t: Tool,
  terminal: Terminal,
  input: PagerInput,
  o: { lines: number | undefined; start: string | undefined; squeeze: boolean; last: boolean },
): Coroutine<boolean> {
  let line = 0;
  let pattern: Regex | undefined;
  const ensure = function* (n: number): Coroutine<boolean> {
    while (input.lines.length < n && !input.ended) if (!(yield* input.more()) && terminal.takeInterrupt()) return false;
    return input.lines.length >= n;
  };
  const find = function* (): Coroutine<boolean> {
    for (let at = line; yield* ensure(at + 1); at++) {
      yield* t.sys.work();
      if (pattern!.test(input.lines[at]!)) {
        line = Math.max(0, at - 2);
        return true;
      }
    }
    return false;
  };
  if (o.start?.startsWith('+/')) {
    pattern = new Regex(o.start.slice(2), { syntax: 'basic' });
    yield* find();
  } else if (o.start) line = Math.max(0, Number.parseInt(o.start.slice(1), 10) - 1 || 0);
  const height = (): number => o.lines ?? Math.max(1, terminal.rows - 1);
  let rows = height();
  for (;;) {
    while (rows > 0 && (yield* ensure(line + 1))) {
      yield* t.sys.work();
      const blank = o.squeeze && line > 0 && input.lines[line] === '' && input.lines[line - 1] === '';
      if (!blank) {
        const shown = rowsOf(prepare(input.lines[line]!, 'raw'), terminal.columns, false);
        terminal.write(shown.map((r) => `${drawRow(r)}${SCREEN.clearLine}\n`).join(''));
        rows -= shown.length;
      }
      line++;
    }
    yield* terminal.drain();
    if (!(yield* ensure(line + 1))) return true;
    const percent = input.total ? `(${Math.floor(((input.offsets[line] ?? 0) * 100) / input.total)}%)` : '';
    terminal.write(`${SCREEN.reverse}--More--${percent}${SCREEN.endReverse}`);
    rows = 0;
    let number = '';
    while (rows === 0) {
      yield* t.sys.work();
      const what = yield* terminal.key();
      if ('event' in what) {
        if (what.event === 'interrupt' || what.event === 'eof') {
          terminal.write(`\r${SCREEN.clearLine}`);
          return false;
        }
        continue;
      }
      const { key } = what;
      if (/^\d$/.test(key)) {
        number += key;
        continue;
      }
      const n = number === '' ? undefined : Number(number);
      number = '';
      const erase = `\r${SCREEN.clearLine}`;
      if (key === ' ' || key === 'z' || key === 'PgDn') rows = n ?? height();
      else if (key === 'Enter' || key === '^J' || key === 'Down') rows = n ?? 1;
      else if (key === 'd' || key === '^D') rows = n ?? 11;
      else if (key === 'q' || key === 'Q') {
        terminal.write(erase);
        return false;
      } else if (key === 's' || key === 'f') {
        line += key === 's' ? (n ?? 1) : (n ?? 1) * height();
        terminal.write(`${erase}\n...skipping ${key === 's' ? (n ?? 1) : (n ?? 1) * height()} lines\n`);
        rows = height();
        continue;
      } else if (key === 'b' || key === '^B' || key === 'PgUp') {
        line = Math.max(0, line - height() * (1 + (n ?? 1)));
        terminal.write(`${erase}...back ${n ?? 1} page${(n ?? 1) > 1 ? 's' : ''}\n`);
        rows = height();
      } else if (key === 'h' || key === '?') {
        terminal.write(`${erase}${KEYS}${SCREEN.reverse}--More--${percent}${SCREEN.endReverse}`);
      } else if (key === '=') terminal.write(`${erase}${line}`);
      else if (key === '^L') {
        line = Math.max(0, line - height());
        terminal.write(SCREEN.clear);
        rows = height();
      } else if (key === '/' || key === 'n') {
        if (key === '/') {
          const text = yield* ask(t, terminal);
          if (text !== undefined && text !== '') pattern = new Regex(text, { syntax: 'basic' });
        }
        if (!pattern) terminal.write(`${erase}No previous regular expression`);
        else if (yield* find()) {
          terminal.write(`${erase}...skipping\n`);
          rows = height();
        } else terminal.write(`${erase}Pattern not found`);
      } else terminal.write('\x07');
      if (rows > 0) terminal.write('\r');
      if (rows > 0 && key !== 'b') terminal.write(SCREEN.clearLine);
    }
  }
}

function* ask(t: Tool, terminal: Terminal): Coroutine<string | undefined> {
  let text = '';
  for (;;) {
    yield* t.sys.work();
    terminal.write(`\r${SCREEN.clearLine}/${text}`);
    const what = yield* terminal.key();
    if ('event' in what) return undefined;
    if (what.key === 'Enter' || what.key === '^J') return text;
    if (what.key === 'Esc') return undefined;
    if (what.key === 'Backspace') text = text.slice(0, -1);
    else if ([...what.key].length === 1) text += what.key;
  }
}
