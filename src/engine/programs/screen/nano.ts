/** nano(1): a small editor. The screen is that of GNU nano 7.2. */
import { Fail, notSimulated, tool } from '../lib/tool';
import { Editor } from './nano-editor';
import { SCREEN, Terminal } from './terminal';

/** nano(1). */
export const nano = tool({
  name: 'nano',
  dir: '/bin',
  summary: 'edit a text file on the terminal',
  version: 'GNU nano, version 7.2',
  links: ['/usr/bin/editor', '/usr/bin/pico'],
  help: `[OPTIONS] [[+LINE[,COLUMN]] FILE]
Edit FILE. ^O saves, ^X leaves, ^G shows the keys.

  -v, --view   do not change anything
  -l           line numbers are not simulated in this course
`,
  *run(t) {
    const words = t.argv.slice(1);
    const at = words.find((w) => /^\+\d/.test(w));
    const { options, operands } = t.getopt(
      'vlwEiST:mxR',
      ['view=v', 'restricted=R'],
      ['nano', ...words.filter((w) => w !== at)],
    );
    for (const o of options) if (!'vwRS'.includes(o.name)) throw notSimulated(`nano -${o.name}`);
    if (operands.length > 1) throw notSimulated('nano with several files');
    const terminal =
      t.sys.isatty(1) && t.sys.isatty(0)
        ? yield* Terminal.open(t.sys, {
            signals: false,
            start: `\x1b[?2004h${SCREEN.enter}${SCREEN.keysOn}${SCREEN.clear}`,
            end: `${SCREEN.leave}\r${SCREEN.keysOff}\x1b[?2004l`,
          })
        : undefined;
    if (!terminal)
      throw new Fail(t.sys.isatty(1) ? 'Standard input is not a terminal' : 'Error opening terminal: unknown.');
    const editor = new Editor(
      t,
      terminal,
      operands[0] ?? '',
      options.some((o) => o.name === 'v'),
    );
    return yield* editor.run(at);
  },
});
