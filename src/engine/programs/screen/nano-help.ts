/** nano's help text, and the screen that shows it. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import { bar, reverse } from './nano-cells';
import type { Terminal } from './terminal';
import { cursor, SCREEN } from './terminal';

const KEYS = [
  'Keys of nano in this course. ^X is Ctrl and X together, M-X is Alt and X.',
  '',
  '^X        leave; asks whether to save',
  '^O        save under a name',
  '^S        save at once',
  '^K  ^U    cut lines, paste them',
  'M-6       copy a line',
  '^W  M-W   search, search again',
  '^/        go to a line',
  '^C        where the cursor is',
  '^A  ^E    beginning and end of the line, as Home and End',
  '^Y  ^V    page up and down, as PgUp and PgDn',
  'M-\\ M-/   first and last line',
  'M-U M-E   undo, redo',
  '^L        draw the screen again',
  '',
  '^R ^\\ ^T ^J and the mark are not simulated in this course.',
];

/** Shows the keys until one of them closes the text. */
export function* showHelp(sys: Sys, terminal: Terminal): Coroutine<void> {
  for (;;) {
    yield* sys.work();
    const { columns, rows } = terminal;
    let out =
      SCREEN.clear + bar(`${' '.repeat(Math.max(0, Math.floor((columns - 17) / 2)))}Help text of nano`, columns);
    KEYS.slice(0, rows - 3).forEach((line, i) => (out += cursor(1 + i, 0) + line.slice(0, columns)));
    terminal.write(`${out}${cursor(rows - 1, 0)}${reverse('^X')} Close`);
    const what = yield* terminal.key();
    if ('event' in what && what.event === 'resize') continue;
    if ('event' in what || ['^X', 'q', 'Q', '^G', '^C', 'Esc', 'F1'].includes(what.key)) break;
  }
  terminal.write(SCREEN.clear);
}
