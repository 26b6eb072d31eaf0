import type { Cell } from './layout';
import { Layout, promptCells, promptHead } from './layout';

/** Cells shifted in one go within a full row; beyond that the rest of the row is written anew. */
const MAX_SHIFT = 8;

/**
 * Keeps the screen showing a prompt and a line, and sends no more than what has changed: a character typed at the end is that
 * character. The terminal's line feed must also return the carriage (opost).
 *
 * The display is a window of at most a screenful of rows over the laid out text. It needs no position on the screen: all moves
 * are relative, as readline's are.
 */
export class Display {
  /** What is to be written to the terminal; taken by `take`. */
  private out = '';
  private layout: Layout;
  private cells: Cell[];
  /** First row of the window, and what the rows of the window show. */
  private top = 0;
  private shown: Cell[][] = [];
  private row = 0;
  /** Equal to `columns` when the last column has been written and the terminal has yet to wrap. */
  private column = 0;
  private columns: number;
  private text = '';

  constructor(
    private prompt: string,
    columns: number,
    private rows: number,
  ) {
    this.columns = Math.max(2, columns);
    this.rows = Math.max(1, rows);
    this.cells = promptCells(prompt);
    this.layout = new Layout(this.columns, this.cells);
  }

  /** The output since the last call. */
  take(): string {
    const { out } = this;
    this.out = '';
    return out;
  }

  /** Writes the rows of the prompt above its last one; the cursor must stand at the start of a row. */
  head(): void {
    this.out += promptHead(this.prompt);
  }

  /** Puts other text where the prompt's last row was (searches, numeric arguments). Shown by the next `update`. */
  setPrompt(prompt: string): void {
    this.cells = promptCells(prompt);
    this.layout = new Layout(this.columns, this.cells);
    this.layout.update(this.text, 0);
  }

  /** Back to the prompt that the line was started with. */
  resetPrompt(): void {
    this.setPrompt(this.prompt);
  }

  /** Makes the screen show `text` with the cursor at `point`; nothing before offset `dirty` has changed. */
  update(text: string, point: number, dirty = 0): void {
    this.text = text;
    const { layout } = this;
    const firstDirty = dirty === Infinity ? layout.rowCount : layout.update(text, dirty);
    const cursor = layout.locate(point);
    if (cursor.row < this.top) this.clear(cursor.row);
    const last = layout.rowCount - 1;
    const top = Math.max(this.top, cursor.row - this.rows + 1);
    const bottom = Math.min(last, top + this.rows - 1);
    this.scrollTo(top);
    for (let row = top; row <= bottom; row++) {
      const old = this.shown[row - top];
      if (old && row < firstDirty && dirty !== 0) continue;
      const cells = layout.cells(row);
      if (old) this.rewrite(row, old, cells);
      else this.append(row, cells);
      this.shown[row - top] = cells;
    }
    if (this.shown.length > bottom - top + 1) {
      this.moveTo(bottom + 1, 0);
      this.out += '\x1b[J';
      this.shown.length = bottom - top + 1;
    }
    this.moveTo(cursor.row, cursor.column);
  }

  /** Leaves the line: the cursor goes to the start of the row below it. */
  finish(): void {
    this.update(this.text, this.text.length, Infinity);
    this.out += '\n';
    this.restart();
  }

  /** The cursor has been put at the start of a fresh row; everything is to be drawn there. */
  restart(): void {
    this.shown = [];
    this.top = this.row = this.column = 0;
  }

  /** Clears the screen (clear-screen); everything is to be drawn at its top. */
  clear(top = 0): void {
    this.out += '\x1b[H\x1b[2J';
    this.shown = [];
    this.top = this.row = top;
    this.column = 0;
  }

  /**
   * The terminal has another size now. It has left the rows of the line as they were (xterm.js does not reflow the line
   * that holds the cursor), so they are erased and drawn again in the new width.
   */
  resize(columns: number, rows: number): void {
    this.out += '\r';
    const up = Math.min(this.row - this.top, Math.max(1, rows) - 1);
    if (up > 0) this.out += `\x1b[${up}A`;
    this.out += '\x1b[J';
    this.columns = Math.max(2, columns);
    this.rows = Math.max(1, rows);
    this.layout = new Layout(this.columns, this.cells);
    this.layout.update(this.text, 0);
    this.restart();
  }

  /** Makes `top` the first row of the window; rows above it scroll off as the rows below are appended. */
  private scrollTo(top: number): void {
    const gone = top - this.top;
    if (gone <= 0 || this.shown.length === 0) {
      if (this.shown.length === 0) this.top = this.row = top;
      return;
    }
    if (gone < this.shown.length) {
      this.shown.splice(0, gone);
      this.top = top;
      return;
    }
    // Nothing of the old window stays: from its last row on, one screenful is written.
    this.moveTo(this.top + this.shown.length - 1, 0);
    this.out += '\n';
    this.shown = [];
    this.top = this.row = top;
    this.column = 0;
  }

  /** Draws a row that the screen does not show yet, below the last one that it shows. */
  private append(row: number, cells: readonly Cell[]): void {
    const above = this.shown[row - 1 - this.top];
    if (!above) {
      this.write(cells, 0, cells.length);
      return;
    }
    if (!this.layout.wraps(row - 1)) {
      this.moveTo(row - 1, 0, true);
      this.out += '\n';
    } else {
      // Let the terminal wrap by itself: it then knows that both rows are one line when it is copied.
      if (this.row !== row - 1 || this.column !== this.columns) {
        const last = above.length - 1;
        this.moveTo(row - 1, this.columns - above[last]!.width);
        this.write(above, last, above.length);
      }
      if (cells.length === 0) this.out += ' \r';
    }
    this.row = row;
    this.column = 0;
    this.write(cells, 0, cells.length);
  }

  /** Turns what a row shows into something else. */
  private rewrite(row: number, old: readonly Cell[], cells: readonly Cell[]): void {
    let start = 0;
    while (start < old.length && start < cells.length && same(old[start]!, cells[start]!)) start++;
    if (start === old.length && start === cells.length) return;
    // A prompt is only written whole: its colours hold from where they are set.
    if (start < this.layout.promptCellsIn(row)) start = 0;
    let tail = 0;
    const most = Math.min(old.length, cells.length) - start;
    while (tail < most && same(old[old.length - 1 - tail]!, cells[cells.length - 1 - tail]!)) tail++;
    const from = widthOf(cells, 0, start);
    const oldMiddle = widthOf(old, start, old.length - tail);
    const newMiddle = widthOf(cells, start, cells.length - tail);
    const narrow =
      widthOf(old, start, old.length) === old.length - start &&
      widthOf(cells, start, cells.length) === cells.length - start;
    if (oldMiddle === newMiddle) {
      this.moveTo(row, from);
      this.write(cells, start, cells.length - tail);
    } else if (tail > 2 && narrow) {
      this.moveTo(row, from);
      this.out += shift(newMiddle - oldMiddle);
      this.write(cells, start, cells.length - tail);
    } else if (!(narrow && this.shiftFull(row, from, old, cells, start))) {
      this.moveTo(row, from);
      this.write(cells, start, cells.length);
      if (widthOf(old, start, old.length) > widthOf(cells, start, cells.length)) this.out += '\x1b[K';
    }
  }

  /** Insertion into or removal from a row that was full and stays full: its other end changes too. @returns false when it is neither */
  private shiftFull(row: number, from: number, old: readonly Cell[], cells: readonly Cell[], start: number): boolean {
    if (old.length - start < MAX_SHIFT || cells.length - start < MAX_SHIFT) return false;
    const wasFull = from + old.length - start === this.columns;
    const isFull = from + cells.length - start === this.columns;
    for (let n = 1; n <= MAX_SHIFT; n++) {
      // Pushed right: the row was or becomes full, and what falls off its end is on the next row.
      if (isFull && matches(cells, start + n, old, start)) {
        const kept = cells.length - start - n;
        if (kept <= 2 || old.length - start < kept) continue;
        this.moveTo(row, from);
        this.out += shift(n);
        this.write(cells, start, start + n);
        return true;
      }
      if (wasFull && matches(old, start + n, cells, start)) {
        const kept = old.length - start - n;
        if (kept <= 2 || cells.length - start < kept) continue;
        this.moveTo(row, from);
        this.out += shift(-n);
        if (cells.length - start > kept) {
          this.moveTo(row, from + kept);
          this.write(cells, start + kept, cells.length);
        }
        return true;
      }
    }
    return false;
  }

  private write(cells: readonly Cell[], start: number, end: number): void {
    for (let i = start; i < end; i++) {
      this.out += cells[i]!.text;
      this.column += cells[i]!.width;
    }
  }

  /** Moves to a place that is on the screen already; with `anyColumn` only the row matters. */
  private moveTo(row: number, column: number, anyColumn = false): void {
    if (this.row === row && (this.column === column || anyColumn)) return;
    if (this.column === this.columns) {
      // Whether the cursor is on the last column or behind it differs between terminals.
      this.out += '\r';
      this.column = 0;
    }
    if (this.row > row) this.out += csi(this.row - row, 'A');
    if (this.row < row) this.out += csi(row - this.row, 'B');
    this.row = row;
    if (anyColumn) return;
    if (column === 0 && this.column > 1) this.out += '\r';
    else if (column < this.column) {
      const n = this.column - column;
      this.out += n <= 4 ? '\b'.repeat(n) : csi(n, 'D');
    } else if (column > this.column) this.out += csi(column - this.column, 'C');
    this.column = column;
  }
}

function same(a: Cell, b: Cell): boolean {
  return a === b || (a.text === b.text && a.width === b.width);
}

/** True when `a` from `at` on starts with nothing but `b` from `start` on, as far as both go. */
function matches(a: readonly Cell[], at: number, b: readonly Cell[], start: number): boolean {
  for (let i = at, j = start; i < a.length && j < b.length; i++, j++) if (!same(a[i]!, b[j]!)) return false;
  return at < a.length;
}

function widthOf(cells: readonly Cell[], start: number, end: number): number {
  let width = 0;
  for (let i = start; i < end; i++) width += cells[i]!.width;
  return width;
}

function csi(n: number, final: string): string {
  return `\x1b[${n === 1 ? '' : n}${final}`;
}

/** Makes room for `n` columns at the cursor (ICH), or takes `-n` away (DCH). */
function shift(n: number): string {
  return n > 0 ? csi(n, '@') : csi(-n, 'P');
}
