import { tool } from '../lib/tool';

/** yes(1). */
export const yes = tool({
  name: 'yes',
  summary: 'output a string repeatedly until killed',
  help: `[STRING]...
  or:  yes OPTION
Print lines of all STRINGs, or of 'y', until killed.
`,
  *run(t) {
    const { operands } = t.getopt('+');
    const line = `${operands.length > 0 ? operands.join(' ') : 'y'}\n`;
    // One write of many lines, as the real one makes; a terminal gets them line by line.
    const block = t.sys.isatty(1) ? line : line.repeat(Math.max(1, Math.floor(8192 / line.length)));
    for (;;) {
      yield* t.out.write(block);
      yield* t.sys.work(5);
    }
  },
});
