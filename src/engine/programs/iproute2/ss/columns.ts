/** Sockets in columns. */
import type { SsOptions } from './options';

/** Columns: heading, the blank before it, whether it is flush right. */
const COLUMNS: readonly (readonly [string, string, boolean])[] = [
  ['Netid', '', false],
  ['State', ' ', false],
  ['Recv-Q', ' ', false],
  ['Send-Q', ' ', false],
  ['Local Address:', ' ', true],
  ['Port', '', false],
  ['Peer Address:', ' ', true],
  ['Port', '', false],
  ['Process', '', false],
];

/** What a row shows besides its columns: on the same line, or on lines of its own. */
export interface Row {
  readonly cells: string[];
  /** Parts for lines of their own begin with a line feed and a tab. */
  readonly rest: string;
}

/**
 * The table.
 * @param columns of the terminal; undefined when it is none
 * @param disabled numbers of columns that are not shown
 */
export function render(
  lines: readonly Row[],
  o: SsOptions,
  columns: number | undefined,
  disabled: ReadonlySet<number>,
): string {
  const shown = COLUMNS.map((_, i) => i).filter((i) => !disabled.has(i));
  const widths = new Map<number, number>();
  let first = true;
  for (const i of shown) {
    const [title, delimiter] = COLUMNS[i]!;
    let width = o.header ? title.length : 0;
    // All of a long row is in its last column.
    const last = (l: Row): number => (o.oneline ? l.rest.length : 0);
    for (const l of lines) width = Math.max(width, i === 8 ? last(l) : l.cells[i]!.length);
    if (width > 0 && !first) width += delimiter.length;
    if (width > 0) first = false;
    widths.set(i, width);
  }
  // On a terminal the room that is left is shared out.
  if (columns !== undefined) {
    const total = [...widths.values()].reduce((a, b) => a + b, 0);
    if (total < columns && shown.length > 0) {
      const used = shown.filter((i) => widths.get(i)! > 0);
      const spacing = Math.floor((columns - total) / used.length);
      let extra = (columns - total) % used.length;
      for (const i of used) widths.set(i, widths.get(i)! + spacing + (extra-- > 0 ? 1 : 0));
    }
  }
  const line = (cells: readonly string[]): string => {
    let text = '';
    let leading = true;
    for (const i of shown) {
      const width = widths.get(i)!;
      if (width === 0) continue;
      const [, delimiter, right] = COLUMNS[i]!;
      const room = width - (leading ? 0 : delimiter.length);
      if (!leading) text += delimiter;
      text += right ? cells[i]!.padStart(room) : cells[i]!.padEnd(room);
      leading = false;
    }
    return text;
  };
  let text = '';
  if (o.header) text += `${line(COLUMNS.map(([title]) => title))}\n`;
  for (const l of lines) {
    const row = l.cells.slice();
    // What processes and options say begins in the last column.
    const [same = '', ...more] = l.rest.split('\n\t');
    row[8] = same === '' ? '' : ` ${same.trim()}`;
    text += `${line(row)}${more.length > 0 ? `${o.oneline ? ' ' : '\n\t '}${more.join(o.oneline ? ' ' : '\n\t ')}` : ''}\n`;
  }
  return text;
}
