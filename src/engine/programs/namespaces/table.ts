/** Tables as libsmartcols prints them: columns by width, trees in the last one, JSON. */

/** One column. */
export interface Column {
  readonly name: string;
  readonly right?: boolean;
  /** A number in JSON. */
  readonly number?: boolean;
  /** Shows the tree and is cut at the screen's edge. */
  readonly tree?: boolean;
}

/** One line of a table, with the lines below it in a tree. */
export interface Row {
  /** Texts by column; an empty one is null in JSON. */
  readonly cells: readonly string[];
  readonly children: Row[];
}

function printable(text: string): string {
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    out += code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, '0')}` : c;
  }
  return out;
}

/** How a table is printed. */
export interface TableStyle {
  readonly headings: boolean;
  /** Columns of the screen; undefined: no limit. */
  readonly width: number | undefined;
}

/** The table as text. */
export function formatTable(columns: readonly Column[], rows: readonly Row[], style: TableStyle): string {
  const lines: string[][] = [];
  const add = (row: Row, prefix: string, branch: string): void => {
    lines.push(row.cells.map((cell, i) => (columns[i]!.tree ? prefix + branch : '') + printable(cell)));
    const deeper = prefix + (branch === '' ? '' : branch === '└─' ? '  ' : '│ ');
    row.children.forEach((child, i) => add(child, deeper, i === row.children.length - 1 ? '└─' : '├─'));
  };
  for (const row of rows) add(row, '', '');
  if (style.headings) lines.unshift(columns.map((c) => c.name));
  const widths = columns.map((_, i) => Math.max(0, ...lines.map((l) => [...l[i]!].length)));
  return lines
    .map((cells) => {
      let text = '';
      cells.forEach((cell, i) => {
        const last = i === cells.length - 1;
        if (i > 0) text += ' ';
        if (last && !columns[i]!.right) {
          const room = style.width === undefined ? Infinity : Math.max(0, style.width - [...text].length);
          text += [...cell].length > room ? [...cell].slice(0, room).join('') : cell;
        } else text += columns[i]!.right ? cell.padStart(widths[i]!) : cell + ' '.repeat(widths[i]! - [...cell].length);
      });
      return `${text}\n`;
    })
    .join('');
}

/** The table in the raw form: names and values separated by single blanks, blanks in values escaped. */
export function formatRaw(columns: readonly Column[], rows: readonly Row[], headings: boolean): string {
  const escape = (t: string): string =>
    t.replace(/[\s\\]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  let text = headings ? `${columns.map((c) => c.name).join(' ')}\n` : '';
  const add = (row: Row): void => {
    text += `${row.cells.map(escape).join(' ')}\n`;
    row.children.forEach(add);
  };
  rows.forEach(add);
  return text;
}

/** The table as JSON. */
export function formatJson(name: string, columns: readonly Column[], rows: readonly Row[]): string {
  const value = (cell: string, c: Column): string => (cell === '' ? 'null' : c.number ? cell : JSON.stringify(cell));
  const object = (row: Row, indent: string): string => {
    const inner = `${indent}   `;
    const fields = row.cells.map(
      (cell, i) => `${inner}"${columns[i]!.name.toLowerCase()}": ${value(cell, columns[i]!)}`,
    );
    if (row.children.length > 0) fields.push(`${inner}"children": ${array(row.children, inner)}`);
    return `{\n${fields.join(',\n')}\n${indent}}`;
  };
  const array = (list: readonly Row[], indent: string): string => {
    const inner = `${indent}   `;
    return `[\n${inner}${list.map((r) => object(r, inner)).join(',')}\n${indent}]`;
  };
  return `{\n   "${name}": ${array(rows, '   ')}\n}\n`;
}
