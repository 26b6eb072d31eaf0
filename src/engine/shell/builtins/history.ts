import type { Coroutine } from '../../core';
import { runString } from '../evaluate';
import { loadHistory, saveHistory } from '../history';
import { strftime } from '../../programs/lib/strftime';
import type { Shell } from '../shell';
import { builtin, options } from './types';
import type { Builtin } from './types';

function* history(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(
    sh,
    'history',
    args,
    'cd:anrwps',
    'history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]',
  );
  if (!o) return 2;
  const { flags } = o;
  if (flags.has('c')) {
    sh.history.length = 0;
    return 0;
  }
  if (o.values.has('d')) {
    const n = Number(o.values.get('d'));
    const at = n < 0 ? sh.history.length + n : n - sh.historyBase;
    if (!Number.isInteger(n) || at < 0 || at >= sh.history.length) {
      yield* sh.error(`history: ${o.values.get('d')}: history position out of range`);
      return 1;
    }
    sh.history.splice(at, 1);
    return 0;
  }
  if (flags.has('s')) {
    sh.history.push(o.rest.join(' '));
    return 0;
  }
  if (flags.has('p')) {
    for (const a of o.rest) yield* sh.print(`${a}\n`);
    return 0;
  }
  if (flags.has('w') || flags.has('a')) {
    yield* saveHistory(sh, o.rest[0]);
    return 0;
  }
  if (flags.has('r') || flags.has('n')) {
    yield* loadHistory(sh, o.rest[0]);
    return 0;
  }
  const [count] = o.rest;
  if (count !== undefined && !/^\d+$/.test(count)) {
    yield* sh.error(`history: ${count}: numeric argument required`);
    return 1;
  }
  const from = count === undefined ? 0 : Math.max(0, sh.history.length - Number(count));
  const format = sh.get('HISTTIMEFORMAT');
  for (let i = from; i < sh.history.length; i++) {
    const stamp = format ? strftime(format, sh.sys.now) : '';
    yield* sh.print(`${String(i + sh.historyBase).padStart(5)}  ${stamp}${sh.history[i]}\n`);
  }
  return 0;
}

function* fc(sh: Shell, args: string[]): Coroutine<number> {
  // Numbers may look like options: fc -l -3.
  const cut = args.findIndex((a) => /^-\d+$/.test(a));
  const o = yield* options(
    sh,
    'fc',
    cut < 0 ? args : args.slice(0, cut),
    'e:lnrs',
    'fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]',
  );
  if (!o) return 2;
  const rest = [...o.rest, ...(cut < 0 ? [] : args.slice(cut))];
  // The fc command itself is the last entry.
  const end = sh.history.length - (sh.interactive ? 1 : 0);
  const find = (text: string | undefined, fallback: number): number => {
    if (text === undefined) return fallback;
    if (/^-?\d+$/.test(text)) {
      const n = Number(text);
      return Math.min(Math.max(0, n < 0 ? end + n : n - sh.historyBase), end - 1);
    }
    for (let i = end - 1; i >= 0; i--) if (sh.history[i]!.startsWith(text)) return i;
    return -1;
  };
  if (o.flags.has('l')) {
    const first = find(rest[0], Math.max(0, end - 16));
    const last = find(rest[1], end - 1);
    // Without a history there is nothing to list.
    if (end <= 0) return 0;
    if (first < 0 || last < 0) {
      yield* sh.error('fc: no command found');
      return 1;
    }
    const list: number[] = [];
    for (let i = Math.min(first, last); i <= Math.max(first, last); i++) list.push(i);
    if (o.flags.has('r') !== first > last) list.reverse();
    for (const i of list) yield* sh.print(`${o.flags.has('n') ? '' : i + sh.historyBase}\t ${sh.history[i]}\n`);
    return 0;
  }
  if (o.flags.has('s') || o.values.get('e') === '-') {
    const replace = rest[0]?.includes('=') ? rest.shift() : undefined;
    const at = find(rest[0], end - 1);
    if (at < 0 || sh.history[at] === undefined) {
      yield* sh.error('fc: no command found');
      return 1;
    }
    let line = sh.history[at]!;
    if (replace !== undefined)
      line = line.replace(replace.slice(0, replace.indexOf('=')), () => replace.slice(replace.indexOf('=') + 1));
    yield* sh.eprint(`${line}\n`);
    sh.history[sh.history.length - 1] = line;
    return yield* runString(sh, line);
  }
  yield* sh.eprint('fc: not simulated in this course: editing commands in an editor\n');
  return 1;
}

/** Builtins about the history. */
export const historyBuiltins: Builtin[] = [
  builtin(
    'history',
    'history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]',
    'Shows or changes the history.',
    history,
  ),
  builtin(
    'fc',
    'fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]',
    'Lists commands of the history or runs one again.',
    fc,
  ),
];
