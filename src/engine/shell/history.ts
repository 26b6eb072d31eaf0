import type { Coroutine } from '../core';
import { isErrno } from '../core';
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

/** Splits a line into the words that `!:n` counts. */
function words(line: string): string[] {
  return line.match(/(?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s"'\\|&;<>()])+|[|&;<>()]+/g) ?? [];
}

/** History expansion (bash(1), HISTORY EXPANSION): `!!`, `!n`, `!-n`, `!str`, `!?str?`, `^a^b`, word designators and modifiers. */
export function expandHistory(sh: Shell, line: string): HistoryResult {
  if (!line.includes('!') && !line.startsWith('^')) return { line, changed: false, printOnly: false };
  const { history } = sh;
  const quick = /^\^([^^]*)\^([^^]*)(?:\^([^]*))?$/.exec(line);
  if (quick) {
    const last = history.at(-1);
    if (last === undefined || !last.includes(quick[1]!)) return { error: `:s${line}: substitution failed` };
    return { line: last.replace(quick[1]!, () => quick[2]!) + (quick[3] ?? ''), changed: true, printOnly: false };
  }
  let out = '';
  let i = 0;
  let changed = false;
  let printOnly = false;
  let double = false;
  while (i < line.length) {
    const c = line[i]!;
    if (c === '\\' && i + 1 < line.length) {
      out += line.slice(i, i + 2);
      i += 2;
      continue;
    }
    if (c === '"') double = !double;
    if (c === "'" && !double) {
      const end = line.indexOf("'", i + 1);
      const stop = end < 0 ? line.length : end + 1;
      out += line.slice(i, stop);
      i = stop;
      continue;
    }
    const next = line[i + 1];
    const plain = next === undefined || ' \t\n=('.includes(next) || (double && next === '"');
    if (c !== '!' || plain || line[i - 1] === '[' || line.slice(i - 2, i) === '${' || line[i - 1] === '$') {
      out += c;
      i++;
      continue;
    }
    const m = /^!(?:(!)|(-?\d+)|(#)|\?([^?\n]*)\??|([^\s:^$*"'!;&|()<>-][^\s:^$*"'!;&|()<>]*))?/.exec(line.slice(i))!;
    let event: string | undefined;
    if (m[1] !== undefined) event = history.at(-1);
    else if (m[2] !== undefined) {
      const n = Number(m[2]);
      event = n < 0 ? history[history.length + n] : history[n - sh.historyBase];
    } else if (m[3] !== undefined) event = out;
    else if (m[4] !== undefined) event = [...history].reverse().find((h) => h.includes(m[4]!));
    else if (m[5] !== undefined) event = [...history].reverse().find((h) => h.startsWith(m[5]!));
    else event = history.at(-1);
    if (event === undefined) return { error: `${m[0]}: event not found` };
    let rest = line.slice(i + m[0].length);
    let text = event;
    const w = /^:?([\^$*])|^:(\d+)?(-)?(\d+|\$)?(\*)?/.exec(rest);
    if (w && w[0] !== '' && w[0] !== ':') {
      const all = words(event);
      const last = all.length - 1;
      let picked: string[] | undefined;
      if (w[1] === '^') picked = all[1] === undefined ? undefined : [all[1]];
      else if (w[1] === '$') picked = [all[last]!];
      else if (w[1] === '*') picked = all.slice(1);
      else if (w[2] !== undefined || w[3] !== undefined || w[4] !== undefined) {
        const from = w[2] === undefined ? (w[3] !== undefined ? 0 : w[4] === '$' ? last : 0) : Number(w[2]);
        const to = w[5]
          ? last
          : w[3] !== undefined
            ? w[4] === undefined
              ? last - 1
              : w[4] === '$'
                ? last
                : Number(w[4])
            : from;
        picked = from > last || to > last ? undefined : all.slice(from, to + 1);
      }
      if (picked === undefined) return { error: `${rest.split(/\s/)[0]}: bad word specifier` };
      text = picked.join(' ');
      rest = rest.slice(w[0].length);
    }
    for (;;) {
      const mod = /^:(?:([phtreqx])|(g?)s(.)((?:\\.|(?!\3)[^])*)\3((?:\\.|(?!\3)[^])*)(?:\3|$))/.exec(rest);
      if (!mod) break;
      rest = rest.slice(mod[0].length);
      if (mod[1] === undefined) {
        if (!text.includes(mod[4]!))
          return { error: `:s${mod[3]}${mod[4]}${mod[3]}${mod[5]}${mod[3]}: substitution failed` };
        text = mod[2] === 'g' ? text.replaceAll(mod[4]!, () => mod[5]!) : text.replace(mod[4]!, () => mod[5]!);
      } else if (mod[1] === 'p') printOnly = true;
      else if (mod[1] === 'h') text = text.includes('/') ? text.slice(0, text.lastIndexOf('/')) : text;
      else if (mod[1] === 't') text = text.slice(text.lastIndexOf('/') + 1);
      else if (mod[1] === 'r') text = text.replace(/\.[^./]*$/, '');
      else if (mod[1] === 'e') text = /\.[^./]*$/.exec(text)?.[0] ?? '';
      else if (mod[1] === 'q') text = `'${text.replaceAll("'", "'\\''")}'`;
    }
    out += text;
    i = line.length - rest.length;
    changed = true;
  }
  return { line: out, changed, printOnly };
}
