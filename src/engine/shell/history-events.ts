import type { HistoryResult } from './history';
import type { Shell } from './shell';

/** Splits a line into the words that `!:n` counts. */
function words(line: string): string[] {
  return line.match(/(?:"(?:\\.|[^"])*"|'[^']*'|\\.|[^\s"'\\|&;<>()])+|[|&;<>()]+/g) ?? [];
}

/** Expands the events in `line`, which has a `!` or begins with `^`. See `expandHistory`. */
export function expandEvents(sh: Shell, line: string): HistoryResult {
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
