import { readLines } from '../lib/lines';
import { textWidth } from '../lib/text';
import { tool } from '../lib/tool';

/** column(1) of util-linux: -t tables, and filling columns. */
export const column = tool({
  name: 'column',
  summary: 'columnate lists',
  version: 'util-linux 2.38.1',
  help: `[options] [<file>...]
Write the input in columns.

 -t, --table                    one column for each field
 -s, --separator <string>       characters between the fields of the input
 -o, --output-separator <string>  between the columns of the output, two spaces by default
 -N, --table-columns <names>    names for the header line
 -R, --table-right <columns>    align these columns to the right
 -c, --output-width <width>     width of the output
 -x, --fillrows                 fill rows before columns
 -l, --table-columns-limit <n>  no more than n columns
`,
  *run(t) {
    const { options, operands } = t.getopt('ts:o:N:R:c:xl:LeJn:', [
      'table=t',
      'separator:=s',
      'output-separator:=o',
      'table-columns:=N',
      'table-right:=R',
      'output-width:=c',
      'fillrows=x',
      'table-columns-limit:=l',
      'keep-empty-lines=L',
    ]);
    const last = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const lines: string[] = [];
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name);
      if (fd === undefined) continue;
      lines.push(...(yield* readLines(t.sys, fd)).lines);
      t.close(fd);
    }
    const kept = has('L') ? lines : lines.filter((l) => l.trim() !== '');
    if (has('t')) {
      const sep = last('s');
      const limit = last('l') === undefined ? Infinity : Number(last('l'));
      const rows = kept.map((line) => {
        const fields =
          sep === undefined
            ? line.split(/[ \t]+/).filter((f) => f !== '')
            : line.split(sep.length === 1 ? sep : new RegExp(`[${sep.replace(/[\]\\^-]/g, '\\$&')}]`));
        return fields.length > limit
          ? [...fields.slice(0, limit - 1), fields.slice(limit - 1).join(sep?.[0] ?? ' ')]
          : fields;
      });
      const header = last('N')?.split(',');
      if (header) rows.unshift(header);
      const count = Math.max(0, ...rows.map((r) => r.length));
      const widths = Array.from({ length: count }, (_, i) => Math.max(0, ...rows.map((r) => textWidth(r[i] ?? ''))));
      const right = new Set(
        (last('R') ?? '')
          .split(',')
          .filter((c) => c !== '')
          .map((c) => ((header?.indexOf(c) ?? -1) >= 0 ? header!.indexOf(c) : Number(c) - 1)),
      );
      const between = last('o') ?? '  ';
      for (const row of rows) {
        let out = '';
        for (let i = 0; i < count; i++) {
          const cell = row[i] ?? '';
          const pad = ' '.repeat(widths[i]! - textWidth(cell));
          if (i > 0) out += between;
          if (right.has(i)) out += pad + cell;
          else if (i === count - 1) out += cell;
          else out += cell + pad;
        }
        yield* t.out.line(out);
        yield* t.sys.work();
      }
      return 0;
    }
    const width = Number(last('c') ?? (t.sys.env('COLUMNS') || 0)) || t.sys.proc.tty?.columns || 80;
    const longest = Math.max(0, ...kept.map(textWidth));
    const cell = (Math.floor(longest / 8) + 1) * 8;
    const columns = Math.max(1, Math.floor(width / cell));
    const rows = Math.ceil(kept.length / columns);
    const perRow = Math.ceil(kept.length / rows) || 1;
    for (let r = 0; r < rows; r++) {
      let out = '';
      let at = 0;
      const count = has('x') ? columns : perRow;
      for (let c = 0; c < count; c++) {
        const i = has('x') ? r * columns + c : c * rows + r;
        const text = kept[i];
        if (text === undefined) break;
        while (at < c * cell) {
          out += '\t';
          at = (Math.floor(at / 8) + 1) * 8;
        }
        out += text;
        at += textWidth(text);
      }
      yield* t.out.line(out);
    }
    return 0;
  },
});
