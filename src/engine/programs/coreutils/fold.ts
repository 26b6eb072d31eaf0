import { LineReader } from '../lib/lines';
import { charWidth, toBytes } from '../lib/text';
import { Fail, tool } from '../lib/tool';

/** fold(1). */
export const fold = tool({
  name: 'fold',
  summary: 'wrap each input line to fit in specified width',
  help: `[OPTION]... [FILE]...
Break lines that are wider than 80 columns.

  -b, --bytes         count bytes rather than columns
  -s, --spaces        break at spaces
  -w, --width=WIDTH   WIDTH columns instead of 80
`,
  *run(t) {
    const argv = t.argv.map((a) => a.replace(/^-(\d+)$/, '-w$1'));
    const { options, operands } = t.getopt('bsw:', ['bytes=b', 'spaces=s', 'width:=w'], argv);
    const arg = options.findLast((o) => o.name === 'w')?.arg ?? '80';
    if (!/^[1-9]\d*$/.test(arg)) throw new Fail(`invalid number of columns: ${t.q(arg)}`);
    const width = Number(arg);
    const spaces = options.some((o) => o.name === 's');
    const bytes = options.some((o) => o.name === 'b');
    const advance = (column: number, c: string): number => {
      if (bytes) return column + 1;
      if (c === '\t') return column + 8 - (column % 8);
      if (c === '\b') return Math.max(0, column - 1);
      return c === '\r' ? 0 : column + Math.max(1, charWidth(c.codePointAt(0)!));
    };
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name);
      if (fd === undefined) continue;
      const reader = new LineReader(t.sys, fd);
      for (let line = yield* reader.next(); line !== undefined; line = yield* reader.next()) {
        let out = '';
        let part = '';
        let column = 0;
        for (const c of bytes ? byteChars(line) : line) {
          let next = advance(column, c);
          while (next > width && part !== '') {
            const cut = spaces ? Math.max(part.lastIndexOf(' '), part.lastIndexOf('\t')) + 1 : 0;
            const head = cut > 0 ? part.slice(0, cut) : part;
            out += `${head}\n`;
            part = cut > 0 ? part.slice(cut) : '';
            column = 0;
            for (const p of part) column = advance(column, p);
            next = advance(column, c);
          }
          part += c;
          column = next;
        }
        const text = out + part + (reader.terminated ? '\n' : '');
        yield* t.out.write(bytes ? bytesOf(text) : text);
      }
      t.close(fd);
    }
    return 0;
  },
});

/** A character for every byte of `text`. */
function byteChars(text: string): string {
  return Array.from(toBytes(text), (b) => String.fromCharCode(b)).join('');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}
