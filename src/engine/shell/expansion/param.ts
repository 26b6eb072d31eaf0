import type { Coroutine } from '../../core';
import { dollarDash } from '../options';
import { expandPrompt } from '../prompt';
import type { Shell } from '../shell';
import { chars, compare, length } from '../text';
import type { Param } from '../syntax/word';
import { parseParam, parseWord } from '../syntax/word';
import { AssocArray, IndexedArray } from '../variables';
import { declaration } from '../declaration';
import { decodeAnsi } from './ansi';
import type { Context } from './expand';
import { expandArithmetic, expandParts, expandPattern, expandQuoted, expandString, withTilde } from './expand';
import { Fields } from './fields';
import type { Pattern } from './pattern';
import { pattern } from './pattern';
import { ansiQuote, doubleQuote, needsAnsi, singleQuote } from './quote';

/** What a parameter holds: one string, or a list for `@` and `*`. */
interface Found {
  value?: string;
  list?: string[];
  star?: boolean;
  /** Positional parameters or an array: where `@` came from, for slices. */
  indices?: number[];
}

/** `${...}` into `fields`. */
export function* expandParam(sh: Shell, p: Param, fields: Fields, context: Context): Coroutine<void> {
  // The common case first.
  if (p.op === undefined && p.prefix === undefined && p.index === undefined && /^(?:[A-Za-z]|_.)/.test(p.name)) {
    const value = sh.get(p.name);
    if (value === undefined) {
      if (sh.opt('nounset')) yield* unbound(sh, p.name);
      if (context.dq) fields.add('', true);
      return;
    }
    if (context.dq) fields.add(value, true);
    else fields.addSplit(value);
    return;
  }
  if (
    sh.dash &&
    (p.bad || p.index !== undefined || (p.prefix && p.prefix !== '#') || /^(?:[\/^,~@]|:$)/.test(p.op ?? ''))
  ) {
    yield* sh.fail('Bad substitution', 2);
  }
  if (p.bad) yield* sh.fail(`${p.raw}: bad substitution`, 1, false);
  if (p.prefix === 'names') {
    const names = [...new Set([...sh.vars.names(), ...sh.vars.dynamics.keys()])];
    const list = names.filter((n) => n.startsWith(p.name) && sh.value(n) !== undefined).sort(compare);
    return emitList(sh, list, p.op === '*', fields, context);
  }
  if (p.prefix === 'keys') {
    const value = sh.value(p.name);
    const list =
      value instanceof IndexedArray
        ? value.keys().map(String)
        : value instanceof AssocArray
          ? value.keys()
          : value === undefined
            ? []
            : ['0'];
    return emitList(sh, list, p.index === '*', fields, context);
  }
  if (p.prefix === '#') {
    const found = yield* lookup(sh, p);
    let n: number;
    if (p.name === '@' || p.name === '*') n = sh.positional.length;
    else if (found.list) n = found.list.length;
    else {
      if (found.value === undefined && sh.opt('nounset')) yield* unbound(sh, p.name);
      n = length(found.value ?? '');
    }
    if (context.dq) fields.add(String(n), true);
    else fields.addSplit(String(n));
    return;
  }
  let target = p;
  if (p.prefix === '!') {
    const v = sh.vars.find(p.name);
    if (v?.nameref && p.op === undefined) {
      const name = typeof v.value === 'string' ? v.value : '';
      if (context.dq) fields.add(name, true);
      else fields.addSplit(name);
      return;
    }
    const holder = yield* lookup(sh, { ...p, prefix: undefined });
    const name = holder.value ?? holder.list?.join(' ');
    if (name === undefined || name === '') {
      if (p.op === undefined || !/^:?[-=+?]/.test(p.op)) {
        yield* sh.fail(
          name === '' ? `${p.name}: invalid variable name` : `${p.name}: invalid indirect expansion`,
          1,
          false,
        );
      }
    }
    const inner = parseParam(`\${${name ?? ''}}`);
    if (inner.bad || inner.op !== undefined || inner.prefix !== undefined) {
      if (name !== undefined && name !== '') yield* sh.fail(`${name}: invalid variable name`, 1, false);
    }
    target = { ...inner, op: p.op, arg: p.arg, arg2: p.arg2, raw: p.raw };
  }
  const found: Found = target.bad ? {} : yield* lookup(sh, target);
  yield* operate(sh, target, found, fields, context);
}

function* unbound(sh: Shell, name: string): Coroutine<never> {
  return yield* sh.fail(sh.dash ? `${name}: parameter not set` : `${name}: unbound variable`, sh.dash ? 2 : 127);
}

function emit(sh: Shell, found: Found, fields: Fields, context: Context): void {
  if (found.list) return emitList(sh, found.list, found.star ?? false, fields, context);
  if (context.dq) fields.add(found.value ?? '', true);
  else if (found.value !== undefined) fields.addSplit(found.value);
}

function emitList(sh: Shell, list: readonly string[], star: boolean, fields: Fields, context: Context): void {
  const ifs = sh.get('IFS');
  const separator = ifs === undefined ? ' ' : ifs.slice(0, 1);
  if (context.dq && star) fields.add(list.join(separator), true);
  else if (!fields.split) fields.add(list.join(star ? separator : ' '), context.dq);
  else {
    list.forEach((item, i) => {
      if (i > 0) fields.next();
      if (context.dq) fields.add(item, true);
      else fields.addSplit(item);
    });
  }
}

/** The value of a parameter, without its operator. */
function* lookup(sh: Shell, p: Param): Coroutine<Found> {
  const { name } = p;
  switch (name) {
    case '@':
    case '*':
      return { list: [...sh.positional], star: name === '*' };
    case '#':
      return { value: String(sh.positional.length) };
    case '?':
      return { value: String(sh.status) };
    case '-':
      return { value: dollarDash(sh.options, sh.interactive, sh.mode) };
    case '$':
      return { value: String(sh.mainPid) };
    case '!':
      return { value: sh.lastBackground === undefined ? undefined : String(sh.lastBackground) };
    case '0':
      return { value: sh.name };
    case '_':
      return { value: sh.underscore };
    default:
  }
  if (/^\d/.test(name)) return { value: sh.positional[Number(name) - 1] };
  if (p.index === undefined) {
    const value = sh.value(name);
    if (value instanceof IndexedArray) return { value: value.get(0) };
    if (value instanceof AssocArray) return { value: value.get('0') };
    return { value };
  }
  const value = sh.value(name);
  if (p.index === '@' || p.index === '*') {
    const star = p.index === '*';
    if (value instanceof IndexedArray) return { list: value.values(), star, indices: value.keys() };
    if (value instanceof AssocArray) return { list: value.values(), star };
    return { list: value === undefined ? [] : [value], star, indices: [0] };
  }
  if (value instanceof AssocArray || sh.variable(name)?.array === 'A') {
    const key = yield* expandString(sh, p.index, 'none');
    return { value: value instanceof AssocArray ? value.get(key) : undefined };
  }
  let i = Number(yield* expandArithmetic(sh, p.index));
  if (value instanceof IndexedArray) {
    if (i < 0) i += value.end;
    if (i < 0) {
      yield* sh.error(`${name}: bad array subscript`);
      return {};
    }
    return { value: value.get(i) };
  }
  return { value: i === 0 || i === -1 ? value : undefined };
}

/** Applies the operator and emits the result. */
function* operate(sh: Shell, p: Param, found: Found, fields: Fields, context: Context): Coroutine<void> {
  const { op } = p;
  const shown = p.index === undefined ? p.name : `${p.name}[${p.index}]`;
  if (op === undefined || !/^:?[-=+?]$/.test(op)) {
    if (found.value === undefined && !found.list && sh.opt('nounset') && !(op === '@' && p.arg === 'a'))
      yield* unbound(sh, /^\d/.test(shown) && shown !== '0' ? `$${shown}` : shown);
  }
  if (op === undefined) return emit(sh, found, fields, context);
  const arg = p.arg ?? '';
  if (/^:?[-=+?]$/.test(op)) {
    const set = found.list ? found.list.length > 0 : found.value !== undefined;
    const empty = found.list
      ? found.list.join(found.star ? '' : ' ') === '' && found.list.length <= 1
      : (found.value ?? '') === '';
    const use = op.startsWith(':') ? set && !empty : set;
    switch (op.at(-1)) {
      case '-':
        return use ? emit(sh, found, fields, context) : yield* operand(sh, arg, fields, context);
      case '+':
        if (use) yield* operand(sh, arg, fields, context);
        else if (context.dq && (!found.list || found.star)) fields.add('', true);
        return;
      case '=': {
        if (use) return emit(sh, found, fields, context);
        const value = context.dq ? yield* operandText(sh, arg) : yield* expandString(sh, arg, 'assignment');
        if (!/^[A-Za-z_]/.test(p.name)) yield* sh.fail(`$${p.name}: cannot assign in this way`, 1);
        const message = sh.set(p.name, value, p.index);
        if (message !== undefined) yield* sh.fail(message, 1, false);
        return emit(sh, { value: sh.get(p.name) }, fields, context);
      }
      default: {
        if (use) return emit(sh, found, fields, context);
        const text = arg === '' ? '' : context.dq ? yield* operandText(sh, arg) : yield* expandString(sh, arg);
        const why = op.startsWith(':') ? 'parameter null or not set' : 'parameter not set';
        return yield* sh.fail(`${shown}: ${text === '' ? why : text}`, sh.dash ? 2 : 127);
      }
    }
  }
  if (op === ':') return yield* slice(sh, p, found, fields, context);
  const change = yield* transformer(sh, p, found);
  if (found.list) emit(sh, { list: found.list.map(change), star: found.star }, fields, context);
  else if (found.value !== undefined) emit(sh, { value: change(found.value) }, fields, context);
  else emit(sh, op === '@' && 'Aa'.includes(arg) ? { value: change('') } : {}, fields, context);
}

/** The operand of `-` and `+`, expanded in place. */
function* operand(sh: Shell, arg: string, fields: Fields, context: Context): Coroutine<void> {
  if (context.dq) {
    fields.add('', true);
    yield* expandParts(sh, dqOperand(arg), fields, context);
  } else yield* expandParts(sh, withTilde(sh, parseWord(arg), false), fields, { dq: false, splitLiterals: true });
}

/** Inside double quotes an operand may have double quotes of its own, which are removed. */
function dqOperand(arg: string): ReturnType<typeof parseWord> {
  return parseWord(
    arg.replace(/\\[^]|"/g, (m) => (m === '"' ? '' : m)),
    'dq',
  );
}

function* operandText(sh: Shell, arg: string): Coroutine<string> {
  const fields = new Fields('', false);
  yield* expandParts(sh, dqOperand(arg), fields, { dq: true });
  return fields
    .finish()
    .map((f) => f.text)
    .join(' ');
}

function* slice(sh: Shell, p: Param, found: Found, fields: Fields, context: Context): Coroutine<void> {
  const offset = Number(yield* expandArithmetic(sh, p.arg ?? ''));
  const count = p.arg2 === undefined ? undefined : Number(yield* expandArithmetic(sh, p.arg2));
  if (found.list) {
    let list = found.list;
    let indices = found.indices ?? list.map((_, i) => i);
    if (p.name === '@' || p.name === '*') {
      list = [sh.name, ...list];
      indices = list.map((_, i) => i);
      if (offset === 0 && false) list = list.slice(1);
    }
    const end = (indices.at(-1) ?? -1) + 1;
    const from = offset < 0 ? end + offset : offset;
    if (count !== undefined && count < 0) {
      return void (yield* sh.fail(`${p.arg2}: substring expression < 0`, 1, false));
    }
    const start = from < 0 ? list.length : indices.findIndex((i) => i >= from);
    const out = start < 0 ? [] : list.slice(start, count === undefined ? undefined : start + count);
    return emit(sh, { list: out, star: found.star }, fields, context);
  }
  const all = chars(found.value ?? '');
  const from = offset < 0 ? all.length + offset : offset;
  if (from < 0 || from > all.length) return emit(sh, found.value === undefined ? {} : { value: '' }, fields, context);
  let to = all.length;
  if (count !== undefined) {
    to = count < 0 ? all.length + count : Math.min(all.length, from + count);
    if (to < from) yield* sh.fail(`${p.arg2}: substring expression < 0`, 1, false);
  }
  emit(sh, { value: all.slice(from, to).join('') }, fields, context);
}

function* transformer(sh: Shell, p: Param, found: Found): Coroutine<(value: string) => string> {
  const op = p.op!;
  const arg = p.arg ?? '';
  const compile = (source: string): Pattern =>
    pattern(source, { extglob: true, nocase: sh.shopt('nocasematch') && op.startsWith('/') });
  switch (op) {
    case '#':
    case '##': {
      const pat = compile(yield* expandPattern(sh, arg));
      return (v) => {
        const n = pat.prefix(v, op === '##');
        return n < 0 ? v : v.slice(n);
      };
    }
    case '%':
    case '%%': {
      const pat = compile(yield* expandPattern(sh, arg));
      return (v) => {
        const n = pat.suffix(v, op === '%%');
        return n < 0 ? v : v.slice(0, n);
      };
    }
    case '^':
    case '^^':
    case ',':
    case ',,':
    case '~':
    case '~~': {
      const pat = arg === '' ? null : compile(yield* expandPattern(sh, arg));
      const change = (c: string): string =>
        op[0] === '^'
          ? c.toUpperCase()
          : op[0] === ','
            ? c.toLowerCase()
            : c === c.toUpperCase()
              ? c.toLowerCase()
              : c.toUpperCase();
      return (v) =>
        chars(v)
          .map((c, i) => ((i === 0 || op.length === 2) && (!pat || pat.matches(c)) ? change(c) : c))
          .join('');
    }
    case '@':
      return yield* transform(sh, arg, p, found);
    default:
      return yield* replacer(sh, op, p, compile);
  }
}

function* replacer(
  sh: Shell,
  op: string,
  p: Param,
  compile: (source: string) => Pattern,
): Coroutine<(value: string) => string> {
  const pat = compile(yield* expandPattern(sh, p.arg ?? ''));
  const { text: replacement, amp } = yield* replacementOf(sh, p.arg2 ?? '');
  const fill = (match: string): string =>
    amp
      ? replacement.replace(/\\([&\\])|&/g, (m, escaped?: string) => escaped ?? (m === '&' ? match : m))
      : replacement;
  return (v) => {
    if (op === '/#') {
      const n = pat.prefix(v, true);
      return n < 0 ? v : fill(v.slice(0, n)) + v.slice(n);
    }
    if (op === '/%') {
      const n = pat.suffix(v, true);
      return n < 0 ? v : v.slice(0, n) + fill(v.slice(n));
    }
    if (pat.literal === '') return v;
    let out = '';
    let at = 0;
    while (at <= v.length) {
      const m = pat.search(v, at);
      if (!m) break;
      if (m.end === m.start) {
        if (m.start >= v.length) break;
        out += v.slice(at, m.start) + fill('') + v.slice(m.start, m.start + 1);
        at = m.start + 1;
      } else {
        out += v.slice(at, m.start) + fill(v.slice(m.start, m.end));
        at = m.end;
      }
      if (op === '/') break;
    }
    return out + v.slice(at);
  };
}

/** The replacement string; an unquoted `&` in it stands for what matched (patsub_replacement). */
function* replacementOf(sh: Shell, arg: string): Coroutine<{ text: string; amp: boolean }> {
  if (!sh.shopt('patsub_replacement') || !/&/.test(arg)) {
    const plain = yield* expandString(sh, arg);
    if (!sh.shopt('patsub_replacement') || !plain.includes('&')) return { text: plain, amp: false };
  }
  let text = '';
  for (const part of withTilde(sh, parseWord(arg), false)) {
    const fields = new Fields('', false);
    yield* expandParts(sh, [part], fields, { dq: false });
    const piece = fields
      .finish()
      .map((f) => f.text)
      .join(' ');
    const quoted = part.t === 'dq' || (part.t === 'lit' && part.q);
    text += quoted ? piece.replace(/[&\\]/g, '\\$&') : piece;
  }
  return { text, amp: true };
}

function* transform(sh: Shell, arg: string, p: Param, found: Found): Coroutine<(value: string) => string> {
  const quote = (v: string): string => (needsAnsi(v) ? ansiQuote(v) : singleQuote(v));
  switch (arg) {
    case 'Q':
      return quote;
    case 'U':
      return (v) => v.toUpperCase();
    case 'u':
      return (v) => v.slice(0, 1).toUpperCase() + v.slice(1);
    case 'L':
      return (v) => v.toLowerCase();
    case 'E':
      return decodeAnsi;
    case 'P': {
      const values = found.list ?? [found.value ?? ''];
      const done = new Map<string, string>();
      for (const v of values) done.set(v, (yield* expandPrompt(sh, v)).replace(/[\x01\x02]/g, ''));
      return (v) => done.get(v) ?? v;
    }
    case 'a':
      return () => sh.variable(p.name)?.flags ?? '';
    case 'A': {
      const v = sh.variable(p.name);
      if (found.list && (p.name === '@' || p.name === '*')) {
        const all = `set -- ${found.list.map(quote).join(' ')}`;
        found.list = [all];
        return (x) => x;
      }
      if (found.list && v) {
        found.list = [declaration(sh.resolve(p.name).name, v)];
        return (x) => x;
      }
      const flags = v?.flags ?? '';
      return (x) => {
        const assignment =
          v && v.value === undefined ? sh.resolve(p.name).name : `${sh.resolve(p.name).name}=${quote(x)}`;
        return flags === '' ? assignment : `declare -${flags} ${assignment}`;
      };
    }
    default: {
      // K and k: keys with values.
      const value = sh.value(p.name);
      if (found.list && (value instanceof IndexedArray || value instanceof AssocArray)) {
        const keys = value.keys().map(String);
        const values = value.values();
        if (arg === 'k') found.list = keys.flatMap((k, i) => [k, values[i]!]);
        else {
          const shownKey = (k: string): string => (/^[\w./:-]+$/.test(k) ? k : doubleQuote(k));
          const end = value instanceof AssocArray ? ' ' : '';
          found.list = [keys.map((k, i) => `${shownKey(k)} ${doubleQuote(values[i]!)}`).join(' ') + end];
        }
        return (v) => v;
      }
      return quote;
    }
  }
}

export { expandQuoted };
