import type { Coroutine } from '../core';
import { expandArithmetic, expandString, expandWord } from './expansion/expand';
import { traceQuote } from './expansion/quote';
import { trace } from './interpreter';
import type { Shell } from './shell';
import { MAX_INDEX } from './shell';
import type { ArrayValue, Assignment } from './syntax/parser';
import { subscriptEnd } from './syntax/word';
import type { Scope, Variable } from './variables';
import { AssocArray, IndexedArray } from './variables';

/** An argument of declare and its relatives that is an assignment. */
export interface AssignArg {
  readonly name: string;
  readonly index: string | undefined;
  readonly append: boolean;
  /** Expanded already, or the words of a compound assignment. */
  readonly value: string | ArrayValue;
  /** The argument as `set -x` shows it. */
  readonly text: string;
}

/** Expands the assignment argument of a declaration builtin. */
export function* assignmentArg(sh: Shell, a: Assignment): Coroutine<AssignArg> {
  const index = a.index?.text;
  const head = `${a.name}${index === undefined ? '' : `[${index}]`}${a.append ? '+' : ''}=`;
  if (a.value.type === 'ArrayValue') {
    return {
      name: a.name,
      index,
      append: a.append ?? false,
      value: a.value,
      text: `${head}(${a.value.elements.map((e) => e.text).join(' ')})`,
    };
  }
  const value = yield* expandString(sh, a.value.text, 'assignment');
  return { name: a.name, index, append: a.append ?? false, value, text: head + value };
}

/** Performs `name=value`, `name[i]=value`, `name+=value` or `name=(...)`. @returns a message when it is not allowed. */
export function* assign(
  sh: Shell,
  a: Assignment,
  options: { scope?: Scope; traced?: boolean } = {},
): Coroutine<string | undefined> {
  const { scope } = options;
  const traced = options.traced && sh.opt('xtrace');
  if (a.value.type === 'ArrayValue') {
    if (sh.dash) return yield* sh.fail('Syntax error: "(" unexpected', 2);
    if (traced) yield* trace(sh, a.text);
    return yield* assignArray(sh, a.name, a.value, a.append ?? false, scope);
  }
  const value = yield* expandString(sh, a.value.text, 'assignment');
  if (traced)
    yield* trace(
      sh,
      `${a.name}${a.index ? `[${a.index.text}]` : ''}${a.append ? '+' : ''}=${value === '' ? '' : traceQuote(value)}`,
    );
  const index = a.index === undefined ? undefined : yield* subscript(sh, a.name, a.index.text);
  if (scope && index === undefined) {
    const old = sh.vars.find(a.name);
    const v = scope.vars.get(a.name) ?? sh.vars.create(a.name, scope);
    if (old?.readonly) return `${a.name}: readonly variable`;
    v.exported = true;
    v.value = a.append ? (old?.scalar ?? '') + value : value;
    return undefined;
  }
  return yield* guarded(sh, () => sh.set(a.name, value, index, a.append ?? false));
}

/** Runs an assignment whose arithmetic may fail. */
export function* guarded(sh: Shell, action: () => string | undefined): Coroutine<string | undefined> {
  try {
    return action();
  } catch (e) {
    if (e instanceof Error && e.constructor.name === 'ArithError') return yield* sh.fail(e.message, 1, false);
    throw e;
  }
}

/** Expands a subscript: a key of an associative array, else an expression whose value is returned as text. */
export function* subscript(sh: Shell, name: string, index: string): Coroutine<string> {
  if (isAssoc(sh.variable(name))) return yield* expandString(sh, index, 'none');
  if (index === '@' || index === '*') return index;
  return String(yield* expandArithmetic(sh, index));
}

function isAssoc(v: Variable | undefined): boolean {
  return v !== undefined && (v.array === 'A' || v.value instanceof AssocArray);
}

/** `name=(...)` and `name+=(...)`. */
export function* assignArray(
  sh: Shell,
  name: string,
  value: ArrayValue,
  append: boolean,
  scope?: Scope,
): Coroutine<string | undefined> {
  const target = scope ? name : sh.resolve(name).name;
  let v = scope ? scope.vars.get(target) : sh.vars.find(target);
  if (v?.readonly) return `${target}: readonly variable`;
  const assoc = isAssoc(v);
  // Elements are expanded before the old value goes: a=("${a[@]}" x).
  const items: { key: string | undefined; value: string; append: boolean }[] = [];
  for (const element of value.elements) {
    const { text } = element;
    const keyEnd = text.startsWith('[') ? subscriptEnd(text, 0) : 0;
    const m = keyEnd > 0 ? /^(\+?)=/.exec(text.slice(keyEnd)) : null;
    if (m) {
      const rawKey = text.slice(1, keyEnd - 1);
      const key = assoc ? yield* expandString(sh, rawKey, 'none') : String(yield* expandArithmetic(sh, rawKey));
      const item = yield* expandString(sh, text.slice(keyEnd + m[0].length), 'assignment');
      items.push({ key, value: item, append: m[1] === '+' });
    } else {
      const words: string[] = [];
      yield* expandWord(sh, text, words);
      for (const w of words) items.push({ key: undefined, value: w, append: false });
    }
    yield* sh.sys.work();
  }
  v ??= sh.vars.create(target, scope ?? sh.vars.global);
  const variable = v;
  if (assoc) {
    const array = append && v.value instanceof AssocArray ? v.value : new AssocArray();
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      // Without subscripts, keys and values alternate (bash 5.1).
      const key: string = item.key ?? item.value;
      const text: string = item.key !== undefined ? item.value : (items[++i]?.value ?? '');
      if (key === '') return `${name}[${key}]: bad array subscript`;
      const message = yield* guarded(sh, () => {
        array.set(key, sh.convert(variable, text, item.append, array.get(key)));
        return undefined;
      });
      if (message) return message;
    }
    v.value = array;
    return undefined;
  }
  let array = new IndexedArray();
  if (append) {
    if (v.value instanceof IndexedArray) array = v.value;
    else if (typeof v.value === 'string') array = IndexedArray.from([v.value]);
  }
  let next = array.end;
  for (const item of items) {
    if (item.key !== undefined) {
      next = Number(item.key);
      if (next < 0) next += array.end;
      if (next < 0) return `${name}[${item.key}]: bad array subscript`;
    }
    if (next > MAX_INDEX) return `${name}[${next}]: not simulated in this course: array index above ${MAX_INDEX}`;
    const message = yield* guarded(sh, () => {
      array.set(next, sh.convert(variable, item.value, item.append, array.get(next)));
      return undefined;
    });
    if (message) return message;
    next++;
  }
  v.value = array;
  v.array = 'a';
  return undefined;
}
