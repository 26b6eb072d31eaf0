/** How nano shows text: the cells a line takes, the part of it that fits, reverse video. */
import { charWidth } from '../lib/text';

/** Text in reverse video. */
export function reverse(text: string): string {
  return `\x1b[7m${text}\x1b[27m`;
}

/** A line in reverse video over the whole width. */
export function bar(text: string, columns: number): string {
  return reverse([...text].slice(0, columns).join('').padEnd(columns));
}

/** The cells of a line: tabs as blanks, control characters as `^X`, an empty string behind a wide character. */
export function display(line: string): string[] {
  const cells: string[] = [];
  for (const char of line) {
    const code = char.codePointAt(0)!;
    if (char === '\t')
      do cells.push(' ');
      while (cells.length % 8 !== 0);
    else if (code < 0x20 || code === 0x7f) cells.push('^', String.fromCharCode(code ^ 64));
    else if (code >= 0xdc80 && code <= 0xdcff) cells.push('\ufffd');
    else {
      const width = charWidth(code);
      if (width === 0 && cells.length > 0) cells[cells.length - 1] += char;
      else {
        cells.push(char);
        if (width === 2) cells.push('');
      }
    }
  }
  return cells;
}

/** First column shown of the line that the cursor is on, when it is wider than the screen. */
export function pageStart(column: number, columns: number): number {
  if (columns < 10 || column === 0 || column + 2 < columns + 1)
    return column + 1 < columns ? 0 : Math.max(0, column - columns + 2);
  return column - 6 - ((column - 6) % (columns - 8));
}

/** The part of a line that is shown; `>` and `<` say that there is more. */
export function clip(cells: readonly string[], from: number, columns: number): string {
  const shown = cells.slice(from, from + columns);
  if (from > 0) shown[0] = reverse('<');
  if (cells.length > from + columns) shown[columns - 1] = reverse('>');
  return shown.join('');
}
