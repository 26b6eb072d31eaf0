import { charWidth, isZeroWidth } from './width';

/** What one place on the screen shows: a character with its marks, and the columns it takes. */
export interface Cell {
  readonly text: string;
  readonly width: number;
}

const ASCII: Cell[] = Array.from({ length: 0x7f }, (_, code) => ({ text: String.fromCharCode(code), width: 1 }));
const BLANK = ASCII[0x20]!;

/** One step through a text that is being laid out. */
interface Unit {
  next: number;
  width: number;
}

/**
 * Where every character of a prompt and a line stands on a screen of `columns` columns.
 *
 * Rows break as soon as they are full, so there is always a place for the cursor behind the last character. A line feed in
 * the text starts a row. Only the row starts are kept; a row's cells are made when somebody looks at the row.
 */
export class Layout {
  /** Rows that the prompt fills, and what it leaves on the row where the text starts. */
  private readonly promptRows: Cell[][] = [];
  private promptTail: Cell[] = [];
  private tailWidth = 0;
  /** Offset of the first character of each row from the one where the text starts. */
  private starts: number[] = [0];
  private text = '';

  /** @param prompt the last row of the prompt, as `promptCells` returns it. */
  constructor(
    readonly columns: number,
    prompt: readonly Cell[],
  ) {
    for (const cell of prompt) {
      if (this.tailWidth + cell.width > columns) this.breakPrompt(true);
      this.promptTail.push(cell);
      this.tailWidth += cell.width;
      if (this.tailWidth >= columns) this.breakPrompt(false);
    }
  }

  private breakPrompt(pad: boolean): void {
    if (pad) this.promptTail.push(BLANK);
    this.promptRows.push(this.promptTail);
    this.promptTail = [];
    this.tailWidth = 0;
  }

  get rowCount(): number {
    return this.promptRows.length + this.starts.length;
  }

  /** How many cells at the start of `row` belong to the prompt. */
  promptCellsIn(row: number): number {
    return this.promptRows[row]?.length ?? (row === this.promptRows.length ? this.promptTail.length : 0);
  }

  /** Takes over a text that differs from the last one only from offset `dirty` on. @returns the first row that may differ */
  update(text: string, dirty: number): number {
    const first = this.rowOf(Math.max(0, Math.min(dirty, this.text.length) - 1));
    this.text = text;
    this.starts.length = first + 1;
    const { starts, columns } = this;
    const unit: Unit = { next: 0, width: 0 };
    let at = starts[first]!;
    let column = first === 0 ? this.tailWidth : 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === 0x0a) {
        starts.push(++at);
        column = 0;
        continue;
      }
      if (code >= 0x20 && code < 0x7f && !(text.charCodeAt(at + 1) >= 0x300)) {
        column++;
        at++;
      } else {
        measure(text, at, column, columns, unit);
        if (column + unit.width > columns) {
          starts.push(at);
          column = 0;
        }
        column += unit.width;
        at = unit.next;
      }
      if (column >= columns) {
        starts.push(at);
        column = 0;
      }
    }
    return first + this.promptRows.length;
  }

  /** Row and column of the character at `offset`. */
  locate(offset: number): { row: number; column: number } {
    const index = this.rowOf(offset);
    const unit: Unit = { next: 0, width: 0 };
    let column = index === 0 ? this.tailWidth : 0;
    for (let at = this.starts[index]!; at < offset;) {
      measure(this.text, at, column, this.columns, unit);
      if (unit.next > offset) break;
      column += unit.width;
      at = unit.next;
    }
    return { row: index + this.promptRows.length, column };
  }

  /** What `row` shows. */
  cells(row: number): Cell[] {
    const index = row - this.promptRows.length;
    if (index < 0) return this.promptRows[row]!;
    const { text } = this;
    const out = index === 0 ? this.promptTail.slice() : [];
    const end = this.starts[index + 1] ?? text.length;
    const unit: Unit = { next: 0, width: 0 };
    let column = index === 0 ? this.tailWidth : 0;
    for (let at = this.starts[index]!; at < end;) {
      const code = text.charCodeAt(at);
      if (code === 0x0a) break;
      measure(text, at, column, this.columns, unit);
      column += this.append(out, at, unit);
      at = unit.next;
    }
    // A wide character that did not fit leaves a hole; it is drawn, so that the row is full and wraps.
    if (this.wraps(row)) for (; column < this.columns; column++) out.push(BLANK);
    return out;
  }

  /** True when the next row goes on because this one is full. */
  wraps(row: number): boolean {
    const index = row - this.promptRows.length;
    if (index < 0) return true;
    const next = this.starts[index + 1];
    if (next === undefined) return false;
    // A row that starts behind a line feed is no continuation, unless it starts there by being full.
    return this.text.charCodeAt(next - 1) !== 0x0a || next === this.starts[index];
  }

  private append(out: Cell[], at: number, unit: Unit): number {
    const { text } = this;
    const code = text.charCodeAt(at);
    const char = text.slice(at, unit.next);
    if (code >= 0x20 && code < 0x7f) {
      out.push(char.length === 1 ? ASCII[code]! : { text: char, width: 1 });
    } else if (code === 0x09) {
      for (let n = 0; n < unit.width; n++) out.push(BLANK);
    } else if (code < 0x20 || code === 0x7f) {
      out.push(ASCII[0x5e]!, { text: String.fromCharCode(code ^ 0x40) + char.slice(1), width: 1 });
    } else if (unit.width === 0) {
      // A mark with nothing before it on its row has no place.
      const base = out.pop();
      if (base) out.push({ text: base.text + char, width: base.width });
    } else if (code >= 0x80 && code < 0xa0) {
      // A C1 control must not reach the terminal.
      out.push({ text: `\ufffd${char.slice(1)}`, width: 1 });
    } else out.push({ text: char, width: unit.width });
    return unit.width;
  }

  /** Index in `starts` of the row that holds `offset`. */
  private rowOf(offset: number): number {
    const { starts } = this;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (starts[mid]! <= offset) low = mid;
      else high = mid - 1;
    }
    return low;
  }
}

/** The character at `at` with its marks: where the next one starts and how many columns it takes. */
function measure(text: string, at: number, column: number, columns: number, unit: Unit): void {
  const code = text.codePointAt(at)!;
  let next = at + (code > 0xffff ? 2 : 1);
  if (code === 0x09) unit.width = Math.min(8 - (column % 8), columns - column);
  else if (code < 0x20 || code === 0x7f) unit.width = 2;
  else unit.width = charWidth(code);
  if (code !== 0x0a) {
    while (next < text.length) {
      const mark = text.codePointAt(next)!;
      if (!isZeroWidth(mark)) break;
      next += mark > 0xffff ? 2 : 1;
    }
  }
  unit.next = next;
}

/** Starts and ends text of a prompt that takes no room (RL_PROMPT_START_IGNORE, RL_PROMPT_END_IGNORE). */
const INVISIBLE = /\x01([^\x02]*)\x02?/y;
/** Control sequences take no room either, marked or not. */
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[^[\]])/y;

/** The rows of a prompt before its last one, as they are printed. */
export function promptHead(prompt: string): string {
  return prompt.slice(0, prompt.lastIndexOf('\n') + 1).replace(/[\x01\x02]/g, '');
}

/** The cells of a prompt's last row. What takes no room travels with the character behind it, or before it at the end. */
export function promptCells(prompt: string): Cell[] {
  const line = prompt.slice(prompt.lastIndexOf('\n') + 1);
  const out: Cell[] = [];
  let hidden = '';
  let column = 0;
  for (let at = 0; at < line.length;) {
    INVISIBLE.lastIndex = SEQUENCE.lastIndex = at;
    const skip = INVISIBLE.exec(line) ?? SEQUENCE.exec(line);
    if (skip) {
      hidden += skip[1] ?? skip[0];
      at += skip[0].length;
      continue;
    }
    const code = line.codePointAt(at)!;
    const char = String.fromCodePoint(code);
    at += char.length;
    if (code === 0x09) {
      for (const end = column + 8 - (column % 8); column < end; column++) {
        out.push({ text: `${hidden} `, width: 1 });
        hidden = '';
      }
    } else if (code < 0x20 || code === 0x7f || charWidth(code) === 0) hidden += char === '\x02' ? '' : char;
    else {
      out.push({ text: hidden + char, width: charWidth(code) });
      column += charWidth(code);
      hidden = '';
    }
  }
  if (hidden) {
    const last = out.pop();
    out.push({ text: (last?.text ?? '') + hidden, width: last?.width ?? 0 });
  }
  return out;
}
