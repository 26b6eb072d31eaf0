/** The shortcuts at the bottom of nano's screen. */
import { reverse } from './nano-cells';
import { cursor, SCREEN } from './terminal';

type Shortcut = readonly [key: string, label: string];

/** Two shortcuts, one above the other. */
type ShortcutPair = readonly [Shortcut, Shortcut];

/** While text is edited. */
export const MAIN: readonly ShortcutPair[] = [
  [
    ['^G', 'Help'],
    ['^X', 'Exit'],
  ],
  [
    ['^O', 'Write Out'],
    ['^R', 'Read File'],
  ],
  [
    ['^W', 'Where Is'],
    ['^\\', 'Replace'],
  ],
  [
    ['^K', 'Cut'],
    ['^U', 'Paste'],
  ],
  [
    ['^T', 'Execute'],
    ['^J', 'Justify'],
  ],
  [
    ['^C', 'Location'],
    ['^/', 'Go To Line'],
  ],
  [
    ['M-U', 'Undo'],
    ['M-E', 'Redo'],
  ],
  [
    ['M-A', 'Set Mark'],
    ['M-6', 'Copy'],
  ],
];

/** While a line is asked for. */
export const PROMPT: readonly ShortcutPair[] = [
  [
    ['^G', 'Help'],
    ['^C', 'Cancel'],
  ],
];

/** The two lines at the bottom of the screen, as many pairs as there is room for. */
export function shortcuts(
  pairs: readonly ShortcutPair[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  const count = Math.min(pairs.length, Math.floor((columns + 40) / 20));
  const width = Math.floor(columns / Math.max(1, count));
  let out = '';
  for (const line of [0, 1] as const) {
    out += cursor(rows - 2 + line, 0) + SCREEN.clearLine;
    pairs.slice(0, count).forEach((pair, i) => {
      const [key, label] = pair[line];
      const room = Math.max(0, width - key.length - 1);
      out += `${cursor(rows - 2 + line, i * width)}${reverse(key)} ${label.slice(0, room)}`;
    });
  }
  return out;
}
