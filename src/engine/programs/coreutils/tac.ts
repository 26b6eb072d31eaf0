import { toBytes, toText } from '../lib/text';
import { quoteShell } from '../lib/quote';
import { tool } from '../lib/tool';

/** tac(1). */
export const tac = tool({
  name: 'tac',
  summary: 'concatenate and print files in reverse',
  help: `[OPTION]... [FILE]...
Write each FILE to standard output, last line first.

  -b, --before             the separator comes before, not after
  -s, --separator=STRING   use STRING as the separator instead of newline
`,
  *run(t) {
    const { options, operands } = t.getopt('bs:', ['before=b', 'separator:=s']);
    const separator = options.findLast((o) => o.name === 's')?.arg ?? '\n';
    const before = options.some((o) => o.name === 'b');
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name, (n) => `failed to open ${quoteShell(n)} for reading`);
      if (fd === undefined) continue;
      let text: string;
      try {
        text = toText(yield* t.sys.readAll(fd));
      } catch (e) {
        yield* t.complainErrno(`${name}: read error`, e);
        continue;
      } finally {
        t.close(fd);
      }
      const parts = text.split(separator);
      yield* t.sys.work(parts.length);
      const records = before
        ? parts.map((p, i) => (i === 0 ? p : separator + p))
        : parts.map((p, i) => (i < parts.length - 1 ? p + separator : p));
      for (const record of records.reverse()) if (record !== '') yield* t.out.write(toBytes(record));
    }
    return 0;
  },
});
