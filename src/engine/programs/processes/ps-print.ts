/** Lays a table of processes out in columns as ps does: a cell that is too wide pushes the next ones until a gap takes it back. */
import { textWidth } from '../lib/text';
import type { Column, PsContext } from './ps-columns';
import type { ProcessEntry } from './table';

/** A column of one listing. */
export interface PsColumn {
  readonly column: Column;
  readonly header: string;
  readonly width: number;
}

/** Formats the header (no `p`) or a process. `line` is how many columns there are. */
export function psLine(columns: readonly PsColumn[], c: PsContext, line: number, p?: ProcessEntry): string {
  let out = '';
  // Where we should be, and where we are.
  let correct = 0;
  let actual = 0;
  columns.forEach(({ column, header, width }, i) => {
    const last = i === columns.length - 1;
    const room = last ? Math.max(0, line - Math.max(correct, actual)) : width;
    let text = p ? column.text(p, c, last && column.justify !== 'user' ? room : width) : header;
    if (p && (column.justify === 'rest' || column.justify === 'left')) text = cut(text, room);
    const amount = textWidth(text);
    const numeric = column.justify === 'user' && p !== undefined && /^\d+$/.test(text);
    const pad = column.justify === 'right' || numeric ? Math.max(0, width - amount) : 0;
    let space = correct - actual + pad;
    if (space < 1) space = i === 0 ? 0 : 1;
    out += ' '.repeat(space) + text;
    actual += space + amount;
    correct += width + 1;
  });
  return out;
}

function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    used += textWidth(char);
    if (used > width) break;
    out += char;
  }
  return out;
}
