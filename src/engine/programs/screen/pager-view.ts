/** The view of a pager: which rows of which lines are on the screen. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import type { Regex } from '../lib/regex';
import type { PagerInput } from './less-input';
import { drawRow, prepare, rowsOf } from './less-text';
import type { Cell, Controls, Prepared } from './less-text';
import { cursor, SCREEN } from './terminal';
import type { Terminal } from './terminal';

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
export interface Position {
  readonly line: number;
  readonly row: number;
}

/** The first row of the first line. */
export const START: Position = { line: 0, row: 0 };

/** Prepared lines that are kept. */
const CACHE = 2000;

/** What is on the screen: rows of lines, moving over them, drawing them. */
export abstract class PagerView {
  protected current = 0;
  protected input: PagerInput;
  protected top: Position = START;
  /** Rows on the screen may end before it does: only until the first full drawing. */
  protected fresh = true;
  protected firstPrompt = true;
  protected shift = 0;
  protected half: number | undefined;
  protected pattern: { regex: Regex; forward: boolean } | undefined;
  protected marks = true;
  protected filter: Regex | undefined;
  protected message: string | undefined;
  private endSeen = false;
  protected readonly tops = new Map<PagerInput, Position>();
  protected cache = new Map<number, Prepared>();
  protected helping: { input: PagerInput; top: Position } | undefined;
  protected status: number | undefined;

  constructor(
    protected readonly sys: Sys,
    protected readonly terminal: Terminal,
    protected readonly inputs: PagerInput[],
    protected readonly o: PagerOptions,
  ) {
    this.input = inputs[0]!;
  }

  protected get height(): number {
    return Math.max(1, this.terminal.rows - 1);
  }

  private get textColumns(): number {
    return Math.max(1, this.terminal.columns - (this.o.numbers ? 8 : 0));
  }

  /** Reads on until there are `count` lines or there is no more. */
  protected *ensure(count: number): Coroutine<boolean> {
    while (this.input.lines.length < count && !this.input.ended) {
      if (!(yield* this.input.more()) && this.terminal.takeInterrupt()) return false;
    }
    return this.input.lines.length >= count;
  }

  protected prepared(line: number): Prepared {
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
  protected shown(line: number): boolean {
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
  protected *rowsFrom(from: Position, count: number): Coroutine<Position[]> {
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
  protected *lastTop(): Coroutine<Position> {
    while (!this.input.ended) if (!(yield* this.input.more()) && this.terminal.takeInterrupt()) break;
    let p: Position = { line: this.input.lines.length, row: 0 };
    for (let n = 0; n < this.height; n++) {
      const before: Position | undefined = yield* this.previous(p);
      if (!before) break;
      p = before;
    }
    return p.line >= this.input.lines.length ? START : p;
  }

  protected draw(p: Position): string {
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

  /** Draws the whole screen. A text that is shorter ends where it ends the first time, and is filled with `~` later. */
  protected *paint(): Coroutine<void> {
    const { terminal } = this;
    const rows = yield* this.rowsFrom(this.top, this.height);
    let out = this.fresh ? '\r' : SCREEN.home;
    for (const row of rows) out += `${this.fresh ? '' : SCREEN.clearLine}${this.draw(row)}\n`;
    if (!this.fresh) for (let n = rows.length; n < this.height; n++) out += `\x1b[1m~\x1b[0m${SCREEN.clearLine}\n`;
    terminal.write(out + (this.fresh ? '' : SCREEN.clearLine));
    this.fresh = false;
    yield* terminal.drain();
  }

  protected *repaint(top: Position): Coroutine<void> {
    this.top = top;
    yield* this.paint();
  }

  protected *atEnd(): Coroutine<boolean> {
    const rows = yield* this.rowsFrom(this.top, this.height);
    const last = rows[rows.length - 1];
    return !last || rows.length < this.height || (yield* this.next(last)) === undefined;
  }

  protected *forward(count: number, beyond = false): Coroutine<void> {
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

  protected *back(count: number): Coroutine<void> {
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

  protected bell(): void {
    if (!this.o.quiet) this.terminal.write('\x07');
  }
}
