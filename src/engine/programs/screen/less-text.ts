/** What less(1) shows of its input: lines with tabs, control characters and overstrikes turned into cells, cut or folded. */
import { charWidth } from '../lib/text';

/** A piece of a row: text and how it is drawn. */
export interface Cell {
  readonly text: string;
  readonly width: number;
  /** SGR parameters such as `1` or `4;31`; empty for plain. */
  readonly style: string;
  /** Offset of the character in the plain text of the line. */
  readonly at: number;
}

/** A line of input prepared for the screen. */
export interface Prepared {
  readonly cells: readonly Cell[];
  /** The text that patterns are looked for in. */
  readonly plain: string;
}

/** How control sequences are treated: less's -r and -R. */
export type Controls = 'caret' | 'color' | 'raw';

/** Turns one line into cells. */
export function prepare(line: string, controls: Controls): Prepared {
  const cells: Cell[] = [];
  let plain = '';
  let column = 0;
  let style = '';
  const put = (text: string, width: number, with_ = style, source = text): void => {
    cells.push({ text, width, style: with_, at: plain.length });
    plain += source;
    column += width;
  };
  for (let i = 0; i < line.length;) {
    const code = line.codePointAt(i)!;
    const char = String.fromCodePoint(code);
    if (char === '\x1b' && controls !== 'caret') {
      const m = /^\x1b\[([0-9;]*)m|^\x1b\[[0-9;]*K/.exec(line.slice(i, i + 40));
      if (m) {
        if (m[1] !== undefined) style = m[1] === '' || m[1] === '0' ? '' : style === '' ? m[1] : `${style};${m[1]}`;
        i += m[0].length;
        continue;
      }
    }
    i += char.length;
    if (char === '\t') {
      const width = 8 - (column % 8);
      cells.push({ text: ' ', width: 1, style, at: plain.length });
      for (let n = 1; n < width; n++) cells.push({ text: ' ', width: 1, style, at: plain.length });
      plain += '\t';
      column += width;
    } else if (char === '\b' && cells.length > 0 && i < line.length) {
      // Overstrike: a letter over itself is bold, over an underscore underlined.
      const before = cells.pop()!;
      const next = String.fromCodePoint(line.codePointAt(i)!);
      i += next.length;
      plain = plain.slice(0, before.at);
      column -= before.width;
      if (before.text === '_' && next !== '_') put(next, charWidth(next.codePointAt(0)!), '4');
      else if (next === '_' && before.text !== '_') put(before.text, before.width, '4');
      else put(next, charWidth(next.codePointAt(0)!), '1');
    } else if (code < 0x20 || code === 0x7f) {
      if (char === '\r' && i === line.length) continue;
      const name = char === '\x1b' ? 'ESC' : `^${String.fromCharCode(code ^ 64)}`;
      const at = plain.length;
      for (const c of name) cells.push({ text: c, width: 1, style: '7', at });
      plain += char;
      column += name.length;
    } else if (code >= 0xdc80 && code <= 0xdcff) {
      const at = plain.length;
      for (const c of `<${(code - 0xdc00).toString(16).toUpperCase()}>`)
        cells.push({ text: c, width: 1, style: '7', at });
      plain += char;
      column += 4;
    } else {
      const width = charWidth(code);
      if (width === 0 && cells.length > 0) {
        const before = cells.pop()!;
        cells.push({ ...before, text: before.text + char });
        plain += char;
      } else put(char, width);
    }
  }
  return { cells, plain };
}

/** Rows that a prepared line takes: folded to `columns`, or one row from column `shift` on when `chop`. */
export function rowsOf(line: Prepared, columns: number, chop: boolean, shift = 0): Cell[][] {
  if (chop) {
    const row: Cell[] = [];
    let column = 0;
    let used = 0;
    for (const cell of line.cells) {
      if (column >= shift) {
        if (used + cell.width > columns) {
          // A mark in the last place says that there is more.
          while (used > columns - 1) used -= row.pop()!.width;
          row.push({ text: '>', width: 1, style: '7', at: -1 });
          return [row];
        }
        row.push(cell);
        used += cell.width;
      }
      column += cell.width;
    }
    return [row];
  }
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let used = 0;
  for (const cell of line.cells) {
    if (used + cell.width > columns) {
      rows.push(row);
      row = [];
      used = 0;
    }
    row.push(cell);
    used += cell.width;
  }
  rows.push(row);
  return rows;
}

/** Draws a row; places within `marks` (offsets of the plain text) are shown in reverse video. */
export function drawRow(row: readonly Cell[], marks: readonly (readonly [number, number])[] = []): string {
  let out = '';
  let now = '';
  for (const cell of row) {
    const marked = marks.some(([from, to]) => cell.at >= from && cell.at < to);
    const style = marked && cell.style !== '7' ? (cell.style === '' ? '7' : `${cell.style};7`) : cell.style;
    if (style !== now) {
      if (now !== '') out += now === '7' ? '\x1b[27m' : '\x1b[m';
      if (style !== '') out += `\x1b[${style}m`;
      now = style;
    }
    out += cell.text;
  }
  if (now !== '') out += now === '7' ? '\x1b[27m' : '\x1b[m';
  return out;
}
