import type { Coroutine } from '../core';
import { isErrno } from '../core';
import { later } from './later';
import type { Shell } from './shell';

/** Adds a command line to the history as HISTCONTROL, HISTIGNORE and HISTSIZE want it. */
export function remember(sh: Shell, line: string): void {
  const text = line.replace(/\n+$/, '');
  if (text.trim() === '') return;
  const control = (sh.get('HISTCONTROL') ?? '').split(':');
  if ((control.includes('ignorespace') || control.includes('ignoreboth')) && text.startsWith(' ')) return;
  if ((control.includes('ignoredups') || control.includes('ignoreboth')) && sh.history.at(-1) === text) return;
  if (control.includes('erasedups')) sh.history = sh.history.filter((h) => h !== text);
  sh.history.push(text);
  const size = Number(sh.get('HISTSIZE') ?? 500);
  while (size >= 0 && sh.history.length > size) {
    sh.history.shift();
    sh.historyBase++;
  }
}

/** Reads HISTFILE (or `file`) into the history. */
export function* loadHistory(sh: Shell, file = sh.get('HISTFILE')): Coroutine<void> {
  if (!file) return;
  try {
    const text = yield* sh.sys.readFile(file);
    for (const line of text.split('\n')) if (line !== '') sh.history.push(line);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
}

/** Writes the history to HISTFILE (or `file`). */
export function* saveHistory(sh: Shell, file = sh.get('HISTFILE')): Coroutine<void> {
  if (!file || sh.history.length === 0) return;
  try {
    const max = Number(sh.get('HISTFILESIZE') ?? 500);
    yield* sh.sys.writeFile(file, `${sh.history.slice(-Math.max(0, max)).join('\n')}\n`, 0o600);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
}

/** The result of history expansion: the new line, or a message. */
export type HistoryResult =
  { readonly line: string; readonly changed: boolean; readonly printOnly: boolean } | { readonly error: string };

/** History expansion (bash(1), HISTORY EXPANSION): `!!`, `!n`, `!-n`, `!str`, `!?str?`, `^a^b`, word designators and modifiers. */
export function expandHistory(sh: Shell, line: string): HistoryResult {
  if (!line.includes('!') && !line.startsWith('^')) return { line, changed: false, printOnly: false };
  return later().expandEvents(sh, line);
}
