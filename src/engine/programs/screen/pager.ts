/** The pager behind less(1): a window on lines, moved by keys. Behaviour as observed of less 590. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import { Regex, RegexError } from '../lib/regex';
import { LESS_HELP } from './less-help';
import { PagerInput } from './less-input';
import type { Cell, Controls, Prepared } from './less-text';
import { drawRow, prepare, rowsOf } from './less-text';
import type { Key, Terminal } from './terminal';
import { cursor, SCREEN } from './terminal';

/** How the pager shows and behaves. */
export interface PagerOptions {
  numbers: boolean;
  chop: boolean;
  controls: Controls;
  case: 'exact' | 'smart' | 'ignore';
  squeeze: boolean;
  quiet: boolean;
  quitAtEnd: 'no' | 'first' | 'second';
  oneScreen: boolean;
  prompt: 'short' | 'medium' | 'long';
  /** Commands done at the start, such as `G` or `/pattern`. */
  commands: readonly string[];
  /** Text of the first prompt instead of the file's name. */
  title?: string;
}

/** A row: a line of the input and which of its rows. */
interface Position {
  readonly line: number;
  readonly row: number;
}

const START: Position = { line: 0, row: 0 };
/** Prepared lines that are kept. */
const CACHE = 2000;

export class Pager {
  private current = 0;
  private input: PagerInput;
  private top: Position = START;
  /** Rows on the screen may end before it does: only until the first full drawing. */
  private fresh = true;
  private firstPrompt = true;
  private shift = 0;
  private half: number | undefined;
  private pattern: { regex: Regex; forward: boolean } | undefined;
  private marks = true;
  private filter: Regex | undefined;
  private message: string | undefined;
  private endSeen = false;
  private readonly tops = new Map<PagerInput, Position>();
  private cache = new Map<number, Prepared>();
  private helping: { input: PagerInput; top: Position } | undefined;
  private status: number | undefined;

  constructor(
    private readonly sys: Sys,
    private readonly terminal: Terminal,
    private readonly inputs: PagerInput[],
    private readonly o: PagerOptions,
  ) {
    this.input = inputs[0]!;
  }

  private get height(): number {
    return Math.max(1, this.terminal.rows - 1);
  }

  private get textColumns(): number {
    return Math.max(1, this.terminal.columns - (this.o.numbers ? 8 : 0));
  }

  /** Runs until the user leaves. */
  *run(): Coroutine<number> {
    const { terminal, o } = this;
    if (o.oneScreen && this.inputs.length === 1 && (yield* this.fitsOneScreen())) {
      const rows = yield* this.rowsFrom(START, this.height);
      for (const row of rows) terminal.write(`${this.draw(row)}\n`);
      return 0;
    }
    try {
      terminal.enter();
      yield* this.paint();
      for (const command of o.commands) yield* this.startCommand(command);
      while (this.status === undefined) {
        yield* this.sys.work();
        yield* this.showPrompt();
        yield* this.command('');
      }
      return this.status;
    } finally {
      terminal.leave();
    }
  }

  private *fitsOneScreen(): Coroutine<boolean> {
    yield* this.ensure(this.height + 1);
    if (!this.input.ended) return false;
    const rows = yield* this.rowsFrom(START, this.height + 1);
    return rows.length <= this.height;
  }

  private *startCommand(command: string): Coroutine<void> {
    if (command.startsWith('/') || command.startsWith('?'))
      yield* this.search(command.slice(1), command[0] === '/', 1, false);
    else if (/^\d+$/.test(command)) yield* this.toLine(Number(command) - 1);
    else {
      const m = /^(\d*)(.)$/.exec(command);
      if (m) yield* this.act(m[2]!, m[1] === '' ? undefined : Number(m[1]));
    }
  }

  // --- lines and rows -------------------------------------------------------------------------------------------------

  /** Reads on until there are `count` lines or there is no more. */
  private *ensure(count: number): Coroutine<boolean> {
    while (this.input.lines.length < count && !this.input.ended) {
      if (!(yield* this.input.more()) && this.terminal.takeInterrupt()) return false;
    }
    return this.input.lines.length >= count;
  }

  private prepared(line: number): Prepared {
    let p = this.cache.get(line);
    if (!p) {
      if (this.cache.size > CACHE) this.cache.clear();
      this.cache.set(line, (p = prepare(this.input.lines[line] ?? '', this.o.controls)));
    }
    return p;
  }

  private rowsOfLine(line: number): Cell[][] {
    return rowsOf(this.prepared(line), this.textColumns, this.o.chop, this.shift);
  }

  /** True when a line is shown: not filtered out by &pattern, not one of several blank lines with -s. */
  private shown(line: number): boolean {
    if (this.filter && !this.filter.test(this.prepared(line).plain)) return false;
    return !(this.o.squeeze && line > 0 && this.input.lines[line] === '' && this.input.lines[line - 1] === '');
  }

  private *next(p: Position): Coroutine<Position | undefined> {
    if (p.row + 1 < this.rowsOfLine(p.line).length) return { line: p.line, row: p.row + 1 };
    for (let line = p.line + 1; ; line++) {
      yield* this.sys.work();
      if (!(yield* this.ensure(line + 1))) return undefined;
      if (this.shown(line)) return { line, row: 0 };
    }
  }

  private *previous(p: Position): Coroutine<Position | undefined> {
    if (p.row > 0) return { line: p.line, row: p.row - 1 };
    for (let line = p.line - 1; line >= 0; line--) {
      yield* this.sys.work();
      if (this.shown(line)) return { line, row: this.rowsOfLine(line).length - 1 };
    }
    return undefined;
  }

  /** Up to `count` rows from `from` on. */
  private *rowsFrom(from: Position, count: number): Coroutine<Position[]> {
    const out: Position[] = [];
    if (!(yield* this.ensure(from.line + 1))) return out;
    let at: Position | undefined = from;
    if (!this.shown(from.line)) at = yield* this.next({ line: from.line, row: Infinity });
    while (at && out.length < count) {
      yield* this.sys.work();
      out.push(at);
      if (out.length < count) at = yield* this.next(at);
    }
    return out;
  }

  /** The highest row that still shows the end of the text in the last row. */
  private *lastTop(): Coroutine<Position> {
    while (!this.input.ended) if (!(yield* this.input.more()) && this.terminal.takeInterrupt()) break;
    let p: Position = { line: this.input.lines.length, row: 0 };
    for (let n = 0; n < this.height; n++) {
      const before: Position | undefined = yield* this.previous(p);
      if (!before) break;
      p = before;
    }
    return p.line >= this.input.lines.length ? START : p;
  }

  private draw(p: Position): string {
    const row = this.rowsOfLine(p.line)[p.row] ?? [];
    const number = !this.o.numbers ? '' : `${String(p.line + 1).padStart(7)} `;
    return `${number}${drawRow(row, this.found(p.line))}`;
  }

  /** Where the pattern matches in a line. */
  private found(line: number): [number, number][] {
    if (!this.pattern || !this.marks) return [];
    const { plain } = this.prepared(line);
    const out: [number, number][] = [];
    for (let at = 0; at <= plain.length && out.length < 1000;) {
      const m = this.pattern.regex.exec(plain, at);
      if (!m) break;
      if (m.end > m.index) out.push([m.index, m.end]);
      at = m.end > m.index ? m.end : m.index + 1;
    }
    return out;
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Draws the whole screen. A text that is shorter ends where it ends the first time, and is filled with `~` later. */
  private *paint(): Coroutine<void> {
    const { terminal } = this;
    const rows = yield* this.rowsFrom(this.top, this.height);
    let out = this.fresh ? '\r' : SCREEN.home;
    for (const row of rows) out += `${this.fresh ? '' : SCREEN.clearLine}${this.draw(row)}\n`;
    if (!this.fresh) for (let n = rows.length; n < this.height; n++) out += `\x1b[1m~\x1b[0m${SCREEN.clearLine}\n`;
    terminal.write(out + (this.fresh ? '' : SCREEN.clearLine));
    this.fresh = false;
    yield* terminal.drain();
  }

  private *repaint(top: Position): Coroutine<void> {
    this.top = top;
    yield* this.paint();
  }

  private *atEnd(): Coroutine<boolean> {
    const rows = yield* this.rowsFrom(this.top, this.height);
    const last = rows[rows.length - 1];
    return !last || rows.length < this.height || (yield* this.next(last)) === undefined;
  }

  private *forward(count: number, beyond = false): Coroutine<void> {
    if (yield* this.atEnd()) {
      if (this.o.quitAtEnd !== 'no' && !this.helping) this.status = 0;
      if (!beyond) this.bell();
      return;
    }
    const rows = yield* this.rowsFrom(this.top, this.height);
    let last = rows[rows.length - 1]!;
    let out = `\r${SCREEN.clearLine}`;
    let top: Position = this.top;
    let moved = 0;
    for (; moved < count; moved++) {
      const following: Position | undefined = yield* this.next(last);
      if (!following) break;
      last = following;
      top = (yield* this.next(top)) ?? top;
      if (moved < this.height) out += `${this.draw(last)}\n`;
    }
    this.top = top;
    if (moved <= this.height) {
      this.terminal.write(out);
      yield* this.terminal.drain();
    } else yield* this.paint();
    if (this.o.quitAtEnd === 'first' && (yield* this.atEnd())) this.status = 0;
  }

  private *back(count: number): Coroutine<void> {
    let top: Position = this.top;
    let out = '';
    let moved = 0;
    for (; moved < count; moved++) {
      const before: Position | undefined = yield* this.previous(top);
      if (!before) break;
      top = before;
      out += `${SCREEN.home}\x1bM${this.draw(top)}`;
    }
    if (moved === 0) return this.bell();
    this.top = top;
    if (moved >= this.height) yield* this.paint();
    else this.terminal.write(`\r${SCREEN.clearLine}${out}${cursor(this.terminal.rows - 1, 0)}${SCREEN.clearLine}`);
  }

  private bell(): void {
    if (!this.o.quiet) this.terminal.write('\x07');
  }

  private *showPrompt(): Coroutine<void> {
    const { terminal } = this;
    let text: string;
    if (this.message !== undefined) text = `${this.message}  (press RETURN)`;
    else if (this.helping) text = 'HELP -- Press RETURN for more, or q when done';
    else text = yield* this.promptText();
    this.firstPrompt = false;
    const cut = [...text].slice(0, Math.max(0, terminal.columns - 1)).join('');
    const filter = this.filter ? '& ' : '';
    if (text === ':') terminal.write(`\r${SCREEN.clearLine}${filter}:${SCREEN.clearLine}`);
    else terminal.write(`\r${SCREEN.clearLine}${filter}${SCREEN.reverse}${cut}${SCREEN.endReverse}${SCREEN.clearLine}`);
    yield* terminal.drain();
  }

  private *promptText(): Coroutine<string> {
    const end = this.input.ended && (yield* this.atEnd());
    const parts: string[] = [];
    const name = this.o.title ?? this.input.name;
    if ((this.firstPrompt || this.o.prompt !== 'short') && name !== '') {
      parts.push(name);
      if (this.inputs.length > 1) parts.push(`(file ${this.current + 1} of ${this.inputs.length})`);
    }
    if (this.o.prompt === 'long') parts.push(yield* this.place());
    else if (this.o.prompt === 'medium' && !end) {
      const percent = yield* this.percent();
      if (percent !== undefined) parts.push(`${percent}%`);
    }
    if (end) {
      const following = this.inputs[this.current + 1];
      parts.push(this.input.truncated ? '(END of what is kept)' : '(END)');
      if (following) parts.push(`- Next: ${following.name}`);
    }
    return parts.length === 0 ? ':' : parts.join(' ');
  }

  private *bottom(): Coroutine<number> {
    const rows = yield* this.rowsFrom(this.top, this.height);
    return rows[rows.length - 1]?.line ?? 0;
  }

  private *bytesShown(): Coroutine<number> {
    const line = (yield* this.bottom()) + 1;
    return this.input.offsets[line] ?? this.input.size;
  }

  private *percent(): Coroutine<number | undefined> {
    const total = this.input.total ?? (this.input.ended ? this.input.size : undefined);
    return total ? Math.floor(((yield* this.bytesShown()) * 100) / total) : undefined;
  }

  /** `lines 32-40/50 byte 111/141 79%` */
  private *place(bytes = false): Coroutine<string> {
    const first = this.top.line + 1;
    const last = (yield* this.bottom()) + 1;
    if (this.input.total !== undefined) while (!this.input.ended) if (!(yield* this.input.more())) break;
    const of = this.input.ended ? `/${this.input.lines.length}` : '';
    const total = this.input.total ?? (this.input.ended ? this.input.size : undefined);
    const percent = yield* this.percent();
    const byte = bytes ? ` byte ${yield* this.bytesShown()}${total === undefined ? '' : `/${total}`}` : '';
    const end = this.input.ended && (yield* this.atEnd());
    const where = bytes && end ? ' (END)' : percent === undefined || end ? '' : ` ${percent}%`;
    return `lines ${first}-${last}${of}${byte}${where}`;
  }

  // --- commands -------------------------------------------------------------------------------------------------------

  private *readKey(): Coroutine<Key | undefined> {
    const what = yield* this.terminal.key();
    if ('key' in what) return what.key;
    if (what.event === 'eof') this.status = 1;
    if (what.event === 'resize' || what.event === 'resumed') {
      this.cache.clear();
      yield* this.repaint({ line: this.top.line, row: 0 });
    }
    if (what.event === 'interrupt' && this.message === undefined) this.bell();
    return undefined;
  }

  private *command(_: string): Coroutine<void> {
    let number = '';
    for (;;) {
      const key = yield* this.readKey();
      if (key === undefined) return;
      if (this.message !== undefined) {
        // Any key takes the message away; all but Enter and blank are then obeyed.
        this.message = undefined;
        this.terminal.write(`\r${SCREEN.clearLine}`);
        if (key === 'Enter' || key === ' ' || key === '^J') return;
      }
      if (/^\d$/.test(key)) {
        number += key;
        this.terminal.write(`\r${SCREEN.clearLine}:${number}`);
        continue;
      }
      if (number !== '' && key === 'Backspace') {
        number = number.slice(0, -1);
        this.terminal.write(`\r${SCREEN.clearLine}:${number}`);
        if (number === '') return;
        continue;
      }
      yield* this.act(key, number === '' ? undefined : Number(number));
      return;
    }
  }

  private *act(key: Key, n: number | undefined): Coroutine<void> {
    const { height } = this;
    switch (key) {
      case 'q':
      case 'Q':
        if (this.helping) return yield* this.leaveHelp();
        this.status = 0;
        return;
      case 'Z':
        if ((yield* this.readKey()) === 'Z') this.status = 0;
        return;
      case 'e':
      case 'j':
      case '^E':
      case '^N':
      case 'Down':
      case 'Enter':
      case '^J':
        return yield* this.forward(n ?? 1);
      case 'y':
      case 'k':
      case '^Y':
      case '^K':
      case '^P':
      case 'Up':
        return yield* this.back(n ?? 1);
      case ' ':
      case 'f':
      case '^F':
      case '^V':
      case 'z':
      case 'PgDn':
        return yield* this.forward(n ?? height);
      case 'b':
      case '^B':
      case 'w':
      case 'M-v':
      case 'PgUp':
        return yield* this.back(n ?? height);
      case 'd':
      case '^D':
        if (n) this.half = n;
        return yield* this.forward(this.half ?? Math.ceil((height + 1) / 2));
      case 'u':
      case '^U':
        if (n) this.half = n;
        return yield* this.back(this.half ?? Math.ceil((height + 1) / 2));
      case 'g':
      case '<':
      case 'M-<':
      case 'Home':
      case 'C-Home':
        return yield* this.toLine((n ?? 1) - 1);
      case 'G':
      case '>':
      case 'M->':
      case 'End':
      case 'C-End':
        if (n) return yield* this.toLine(n - 1);
        return yield* this.repaint(yield* this.lastTop());
      case 'p':
      case '%':
        return yield* this.toPercent(Math.min(100, n ?? 0));
      case 'Right':
      case 'M-)':
      case 'Left':
      case 'M-(': {
        const step = n ?? Math.max(1, Math.floor(this.terminal.columns / 2));
        if (key === 'Right' || key === 'M-)') this.shift += step;
        else this.shift = Math.max(0, this.shift - step);
        // Long lines are cut as soon as the text is moved sideways.
        if (this.shift > 0 && !this.o.chop) this.o.chop = true;
        return yield* this.repaint({ line: this.top.line, row: 0 });
      }
      case 'r':
      case 'R':
      case '^L':
      case '^R':
        this.terminal.write(SCREEN.clear);
        return yield* this.paint();
      case '/':
      case '?': {
        const text = yield* this.ask(key);
        if (text !== undefined) yield* this.search(text, key === '/', n ?? 1, false);
        return;
      }
      case 'n':
      case 'N': {
        if (!this.pattern) {
          this.message = 'No previous regular expression';
          return;
        }
        return yield* this.find(this.pattern.forward === (key === 'n'), n ?? 1, true);
      }
      case '&': {
        const text = yield* this.ask('&/');
        if (text === undefined) return;
        this.filter = text === '' ? undefined : this.compile(text);
        this.fresh = false;
        return yield* this.repaint({ line: this.top.line, row: 0 });
      }
      case 'M-u':
        this.marks = !this.marks;
        return yield* this.paint();
      case '=':
      case '^G':
        return yield* this.where();
      case 'h':
      case 'H':
        return yield* this.help();
      case 'F':
        return yield* this.follow();
      case ':':
        return yield* this.colon();
      case '-':
        return yield* this.option();
      case 'v':
        this.message = 'not simulated in this course: v (start an editor)';
        return;
      case '!':
      case '|':
      case 's':
        this.message = `not simulated in this course: ${key}`;
        return;
      case 'Unknown':
      default:
        this.bell();
    }
  }

  private *toLine(line: number): Coroutine<void> {
    if (!(yield* this.ensure(line + 1))) {
      if (line > 0) {
        this.message = `Cannot seek to line number ${line + 1}`;
        return;
      }
    }
    if (this.top.line === line && this.top.row === 0 && line === 0) this.fresh = false;
    yield* this.repaint({ line: Math.max(0, line), row: 0 });
  }

  private *toPercent(percent: number): Coroutine<void> {
    while (!this.input.ended) if (!(yield* this.input.more())) break;
    const byte = Math.floor((this.input.size * percent) / 100);
    let line = this.input.offsets.findLastIndex((o) => o <= byte);
    if (line < 0) line = 0;
    if (percent >= 100) return yield* this.repaint(yield* this.lastTop());
    yield* this.repaint({ line, row: 0 });
  }

  private *where(): Coroutine<void> {
    const name = this.input.name === '' ? '' : `${this.input.name} `;
    const files = this.inputs.length > 1 ? `(file ${this.current + 1} of ${this.inputs.length}) ` : '';
    this.message = `${name}${files}${yield* this.place(true)}`;
  }

  /** Reads a line at the bottom; undefined when it is given up. */
  private *ask(prompt: string): Coroutine<string | undefined> {
    let text = '';
    const show = (): void => this.terminal.write(`\r${SCREEN.clearLine}${prompt}${text}`);
    show();
    for (;;) {
      const what = yield* this.terminal.key();
      if ('event' in what) {
        if (what.event === 'resize') yield* this.paint();
        else return undefined;
        show();
        continue;
      }
      const { key } = what;
      if (key === 'Enter' || key === '^J') return text;
      if (key === 'Esc') return undefined;
      if (key === 'Backspace') {
        if (text === '') return undefined;
        text = [...text].slice(0, -1).join('');
      } else if (key === '^U') text = '';
      else if ([...key].length === 1) text += key;
      else {
        this.bell();
        continue;
      }
      show();
    }
  }

  private compile(text: string): Regex | undefined {
    const { o } = this;
    const ignoreCase = o.case === 'ignore' || (o.case === 'smart' && text === text.toLowerCase());
    try {
      return new Regex(text, { syntax: 'extended', ignoreCase });
    } catch (e) {
      if (!(e instanceof RegexError)) throw e;
      this.message = e.message;
      return undefined;
    }
  }

  private *search(text: string, forward: boolean, count: number, again: boolean): Coroutine<void> {
    if (text === '') {
      if (!this.pattern) {
        this.message = 'No previous regular expression';
        return;
      }
      this.pattern = { ...this.pattern, forward };
      return yield* this.find(forward, count, true);
    }
    const regex = this.compile(text);
    if (!regex) return;
    this.pattern = { regex, forward };
    this.marks = true;
    yield* this.find(forward, count, again);
  }

  /** Goes to the `count`th line that matches; a new search looks at the lines on the screen too. */
  private *find(forward: boolean, count: number, again: boolean): Coroutine<void> {
    const { regex } = this.pattern!;
    let line = forward
      ? this.top.line + (again || this.top.row > 0 ? 1 : 0)
      : again
        ? this.top.line - 1
        : yield* this.bottom();
    if (!forward && !again && this.top.row === 0 && line >= this.top.line) line = this.top.line - 1;
    let left = count;
    for (; line >= 0; line += forward ? 1 : -1) {
      yield* this.sys.work();
      if (this.terminal.takeInterrupt()) return;
      if (!(yield* this.ensure(line + 1))) break;
      if (!this.shown(line) || !regex.test(this.prepared(line).plain)) continue;
      if (--left > 0) continue;
      return yield* this.repaint({ line, row: 0 });
    }
    yield* this.paint();
    this.message = 'Pattern not found';
  }

  private *help(): Coroutine<void> {
    if (this.helping) return this.bell();
    const text = new PagerInput(this.sys, '', -1, undefined);
    text.lines.push(...LESS_HELP.split('\n').slice(0, -1));
    text.ended = true;
    this.helping = { input: this.input, top: this.top };
    this.use(text, START);
    yield* this.paint();
  }

  private *leaveHelp(): Coroutine<void> {
    const { input, top } = this.helping!;
    this.helping = undefined;
    this.use(input, top);
    yield* this.paint();
  }

  private use(input: PagerInput, top: Position): void {
    this.input = input;
    this.top = top;
    this.cache.clear();
  }

  /** Shows what is added to the input until ^C. */
  private *follow(): Coroutine<void> {
    const { terminal, input, sys } = this;
    yield* this.repaint(yield* this.lastTop());
    const watched = input.fd >= 0 ? sys.file(input.fd) : undefined;
    for (;;) {
      yield* sys.work();
      terminal.write(
        `\r${SCREEN.clearLine}${SCREEN.reverse}Waiting for data... (interrupt to abort)${SCREEN.endReverse}`,
      );
      // A regular file is always readable: look at it from time to time, as less does.
      const what = yield* terminal.key(sys.now + 1_000_000);
      if ('event' in what && what.event !== 'timeout' && what.event !== 'data') break;
      if (!watched) break;
      input.ended = false;
      const before = input.lines.length;
      while (yield* input.more());
      if (input.lines.length !== before) {
        this.cache.clear();
        yield* this.repaint(yield* this.lastTop());
      }
    }
    input.ended = true;
    yield* this.paint();
  }

  private *colon(): Coroutine<void> {
    this.terminal.write(`\r${SCREEN.clearLine} :`);
    const key = yield* this.readKey();
    switch (key) {
      case 'q':
      case 'Q':
        this.status = 0;
        return;
      case 'f':
        return yield* this.where();
      case 'n':
      case 'p':
      case 'x': {
        const to = key === 'n' ? this.current + 1 : key === 'p' ? this.current - 1 : 0;
        const input = this.inputs[to];
        if (!input) {
          this.message = key === 'n' ? 'No next file' : 'No previous file';
          return;
        }
        this.tops.set(this.input, this.top);
        this.current = to;
        this.use(input, this.tops.get(input) ?? START);
        this.firstPrompt = true;
        return yield* this.paint();
      }
      case 'e':
        this.message = 'not simulated in this course: :e';
        return;
      default:
        this.bell();
    }
  }

  /** `-X` typed while running. */
  private *option(): Coroutine<void> {
    this.terminal.write(`\r${SCREEN.clearLine}-`);
    const key = yield* this.readKey();
    const { o } = this;
    const cases = { i: 'smart', I: 'ignore' } as const;
    switch (key) {
      case undefined:
        return;
      case 'N':
        o.numbers = !o.numbers;
        this.message = o.numbers ? 'Constantly display line numbers' : 'Use line numbers';
        break;
      case 'S':
        o.chop = !o.chop;
        this.message = o.chop ? 'Chop long lines' : 'Fold long lines';
        break;
      case 'i':
      case 'I':
        o.case = o.case === cases[key] ? 'exact' : cases[key];
        this.message =
          o.case === 'exact'
            ? 'Case is significant in searches'
            : key === 'i'
              ? 'Ignore case in searches'
              : 'Ignore case in searches and in patterns';
        break;
      case 'R':
        o.controls = o.controls === 'caret' ? 'color' : 'caret';
        this.message = o.controls === 'caret' ? 'Display control characters as ^X' : 'Display ANSI sequences directly';
        break;
      case 's':
        o.squeeze = !o.squeeze;
        this.message = o.squeeze ? 'Squeeze multiple blank lines' : 'Display all blank lines';
        break;
      default:
        this.message = `There is no -${key} option`;
        return;
    }
    this.cache.clear();
    const message = this.message;
    yield* this.repaint({ line: this.top.line, row: 0 });
    this.message = message;
  }
}
