import { LineReader } from '../lib/lines';
import { tool } from '../lib/tool';

/** rev(1). */
export const rev = tool({
  name: 'rev',
  summary: 'reverse lines characterwise',
  version: 'util-linux 2.38.1',
  help: `[options] [file ...]
Write each line with its characters in reverse order.
`,
  *run(t) {
    const { operands } = t.getopt('');
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name, (n) => `cannot open ${n}`);
      if (fd === undefined) continue;
      const reader = new LineReader(t.sys, fd);
      for (let line = yield* reader.next(); line !== undefined; line = yield* reader.next()) {
        yield* t.out.write([...line].reverse().join('') + (reader.terminated ? '\n' : ''));
      }
      t.close(fd);
    }
    return 0;
  },
});
