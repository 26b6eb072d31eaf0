import type { Program } from '../../host';
import { unescape } from '../lib/format';
import { Tool, tool } from '../lib/tool';
import { toBytes } from '../lib/text';

const spec = {
  name: 'echo',
  summary: 'display a line of text',
  help: `[SHORT-OPTION]... [STRING]...
  or:  echo LONG-OPTION
Write the STRINGs, separated by spaces, and a newline.

  -n             no newline at the end
  -e             interpret backslash escapes
  -E             do not (the default)
      --help     this text
      --version  the version

Escapes for -e: \\\\ \\a \\b \\c (no more output) \\e \\f \\n \\r \\t \\v \\0NNN (octal) \\xHH (hexadecimal).
`,
};

/** echo(1). */
export const echo: Program = {
  ...tool({
    ...spec,
    run: function* () {
      return 0;
    },
  }),
  *main(sys, argv) {
    if (argv.length === 2 && (argv[1] === '--help' || argv[1] === '--version')) {
      const info = tool({
        ...spec,
        *run(t: Tool) {
          t.getopt('');
          return 0;
        },
      });
      return yield* info.main(sys, argv);
    }
    let newline = true;
    let escapes = false;
    let i = 1;
    for (; i < argv.length && /^-[neE]+$/.test(argv[i]!); i++) {
      for (const c of argv[i]!.slice(1)) {
        if (c === 'n') newline = false;
        else escapes = c === 'e';
      }
    }
    let text = argv.slice(i).join(' ');
    if (escapes) {
      const r = unescape(text, 'echo');
      text = r.text;
      if (r.stop) newline = false;
    }
    const t = new Tool(sys, argv, {
      ...spec,
      run: function* () {
        return 0;
      },
    });
    return yield* writeOut(t, newline ? `${text}\n` : text);
  },
};

function* writeOut(t: Tool, text: string) {
  try {
    if (text !== '') yield* t.sys.write(1, toBytes(text));
    return 0;
  } catch (e) {
    yield null;
    yield* t.complainErrno('write error', e);
    return 1;
  }
}
