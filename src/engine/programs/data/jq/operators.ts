/** Operators and access to parts of values (jq 1.6: builtin.c, jv_aux.c). */
import type { Json } from './value';
import { brief, codepoints, compare, described, isArray, isObject, JqError, kind } from './value';

/** `l op r`. @throws JqError */
export function binary(op: string, l: Json, r: Json): Json {
  switch (op) {
    case '+':
      return add(l, r);
    case '-':
      if (typeof l === 'number' && typeof r === 'number') return l - r;
      if (isArray(l) && isArray(r)) return l.filter((x) => !r.some((y) => compare(x, y) === 0));
      throw new JqError(`${described(l)} and ${described(r)} cannot be subtracted`);
    case '*':
      return multiply(l, r);
    case '/':
      if (typeof l === 'number' && typeof r === 'number') {
        if (r === 0)
          throw new JqError(`${described(l)} and ${described(r)} cannot be divided because the divisor is zero`);
        return l / r;
      }
      if (typeof l === 'string' && typeof r === 'string') return split(l, r);
      throw new JqError(`${described(l)} and ${described(r)} cannot be divided`);
    case '%':
      return modulo(l, r);
    case '==':
      return compare(l, r) === 0;
    case '!=':
      return compare(l, r) !== 0;
    case '<':
      return compare(l, r) < 0;
    case '>':
      return compare(l, r) > 0;
    case '<=':
      return compare(l, r) <= 0;
    default:
      return compare(l, r) >= 0;
  }
}

function add(l: Json, r: Json): Json {
  if (l === null) return r;
  if (r === null) return l;
  if (typeof l === 'number' && typeof r === 'number') return l + r;
  if (typeof l === 'string' && typeof r === 'string') return l + r;
  if (isArray(l) && isArray(r)) return [...l, ...r];
  if (isObject(l) && isObject(r)) return new Map([...l, ...r]);
  throw new JqError(`${described(l)} and ${described(r)} cannot be added`);
}

function multiply(l: Json, r: Json): Json {
  if (typeof l === 'number' && typeof r === 'number') return l * r;
  if (typeof l === 'string' && typeof r === 'number') return repeat(l, r);
  if (typeof l === 'number' && typeof r === 'string') return repeat(r, l);
  if (isObject(l) && isObject(r)) return merge(l, r);
  throw new JqError(`${described(l)} and ${described(r)} cannot be multiplied`);
}

function repeat(s: string, n: number): Json {
  if (!(n > 0)) return null;
  const times = Math.max(1, Math.floor(n));
  if (s.length * times > 64 * 1024 * 1024) throw new JqError('Repeat string result too long');
  return s.repeat(times);
}

function merge(l: ReadonlyMap<string, Json>, r: ReadonlyMap<string, Json>): Json {
  const out = new Map(l);
  for (const [k, v] of r) {
    const old = out.get(k);
    out.set(k, old !== undefined && isObject(old) && isObject(v) ? merge(old, v) : v);
  }
  return out;
}

function modulo(l: Json, r: Json): Json {
  if (typeof l !== 'number' || typeof r !== 'number')
    throw new JqError(`${described(l)} and ${described(r)} cannot be divided (remainder)`);
  const b = Math.abs(Math.trunc(r));
  if (b === 0)
    throw new JqError(`${described(l)} and ${described(r)} cannot be divided (remainder) because the divisor is zero`);
  return (Math.trunc(l) % b) + 0;
}

/** Pieces of a string between separators; the characters when the separator is empty. */
export function split(s: string, separator: string): Json {
  if (s === '') return [];
  return separator === '' ? [...s] : s.split(separator);
}

const indexName = (key: Json): string => (typeof key === 'string' ? `${kind(key)} "${key}"` : kind(key));

/** `.[key]`. @throws JqError */
export function get(v: Json, key: Json): Json {
  if (isObject(v) && typeof key === 'string') return v.get(key) ?? null;
  if (isArray(v) && typeof key === 'number') {
    if (!Number.isInteger(key)) return null;
    return v[key < 0 ? key + v.length : key] ?? null;
  }
  if (isObject(key) && (isArray(v) || v === null || typeof v === 'string')) {
    const [from, to] = bounds(v, key);
    if (v === null) return null;
    if (typeof v === 'string') return codepoints(v) === v.length ? v.slice(from, to) : [...v].slice(from, to).join('');
    return v.slice(from, to);
  }
  if (isArray(v) && isArray(key)) return indexesOf(v, key);
  if (v === null && (typeof key === 'string' || typeof key === 'number' || key === null)) return null;
  if (typeof key === 'string')
    throw new JqError(`Cannot index ${kind(v)} with "${key}"`.replace(' "', ` ${kind(key)} "`));
  throw new JqError(`Cannot index ${kind(v)} with ${indexName(key)}`);
}

/** Positions at which `part` begins in `v`. */
export function indexesOf(v: readonly Json[], part: readonly Json[]): Json {
  const out: number[] = [];
  if (part.length === 0) return null;
  for (let i = 0; i + part.length <= v.length; i++) if (part.every((x, k) => compare(x, v[i + k]!) === 0)) out.push(i);
  return out;
}

/** The key of a slice. */
export const sliceKey = (from: Json, to: Json): Json =>
  new Map<string, Json>([
    ['start', from],
    ['end', to],
  ]);

function bounds(v: Json, key: ReadonlyMap<string, Json>): [number, number] {
  const length = v === null ? 0 : isArray(v) ? v.length : codepoints(v as string);
  const start = key.get('start') ?? null;
  const end = key.get('end') ?? null;
  if ((start !== null && typeof start !== 'number') || (end !== null && typeof end !== 'number'))
    throw new JqError('Start and end indices of an array slice must be numbers');
  const clamp = (n: number): number => Math.min(length, Math.max(0, n < 0 ? n + length : n));
  const from = Math.floor(clamp(start ?? 0));
  return [from, Math.max(from, Math.ceil(clamp(end ?? length)))];
}

/** `.[key] = item` on a copy. @throws JqError */
export function set(v: Json, key: Json, item: Json): Json {
  if (typeof key === 'string' && (v === null || isObject(v))) return new Map(v ?? []).set(key, item);
  if (typeof key === 'number' && (v === null || isArray(v))) {
    const out = v === null ? [] : [...v];
    let i = Math.trunc(key);
    if (i < 0) {
      i += out.length;
      if (i < 0) throw new JqError('Out of bounds negative array index');
    }
    if (i > 536870911) throw new JqError('Array index too large');
    while (out.length < i) out.push(null);
    out[i] = item;
    return out;
  }
  if (isObject(key) && (v === null || isArray(v))) {
    if (!isArray(item)) throw new JqError('A slice of an array can only be assigned another array');
    const [from, to] = bounds(v, key);
    return [...(v ?? []).slice(0, from), ...item, ...(v ?? []).slice(to)];
  }
  if (isObject(key) && !isArray(v)) throw new JqError(`Cannot update field at object index of ${kind(v)}`);
  if (isArray(key) && isArray(v)) throw new JqError('Cannot update field at array index of array');
  if (typeof key === 'string') throw new JqError(`Cannot index ${kind(v)} with ${indexName(key)}`);
  throw new JqError(`Cannot index ${kind(v)} with ${kind(key)}`);
}

/** `has(key)`. @throws JqError */
export function has(v: Json, key: Json): boolean {
  if (isObject(v) && typeof key === 'string') return v.has(key);
  if (isArray(v) && typeof key === 'number') return key >= 0 && key < v.length;
  throw new JqError(`Cannot check whether ${kind(v)} has a ${kind(key)} key`);
}

/** The value at a path; null where something is missing. @throws JqError */
export function getPath(v: Json, path: readonly Json[]): Json {
  for (const key of path) {
    if (v === null) return null;
    v = get(v, key);
  }
  return v;
}

/** A copy with the value at `path` replaced. @throws JqError */
export function setPath(v: Json, path: readonly Json[], item: Json, i = 0): Json {
  if (i === path.length) return item;
  const key = path[i]!;
  return set(v, key, setPath(get(v, key), path, item, i + 1));
}

/** A copy without what is at `paths`. @throws JqError */
export function deletePaths(v: Json, paths: readonly Json[]): Json {
  const sorted = [...paths].sort(compare);
  for (const p of sorted) if (!isArray(p)) throw new JqError(`Path must be specified as array, not ${kind(p)}`);
  for (let i = sorted.length - 1; i >= 0; i--) v = deletePath(v, sorted[i] as readonly Json[], 0);
  return v;
}

function deletePath(v: Json, path: readonly Json[], i: number): Json {
  if (path.length === 0 || v === null) return null;
  const key = path[i]!;
  if (i < path.length - 1) {
    const inner = get(v, key);
    return inner === null ? v : set(v, key, deletePath(inner, path, i + 1));
  }
  if (isObject(v) && typeof key === 'string') {
    const out = new Map(v);
    out.delete(key);
    return out;
  }
  if (isArray(v) && typeof key === 'number') {
    const at = key < 0 ? key + v.length : key;
    return v.filter((_, k) => k !== at);
  }
  if (isArray(v) && isObject(key)) {
    const [from, to] = bounds(v, key);
    return v.filter((_, k) => k < from || k >= to);
  }
  if (isObject(v))
    throw new JqError(
      `Cannot delete field at ${isArray(key) ? 'array' : kind(key)} index of object`.replace('number', 'array'),
    );
  if (isArray(v))
    throw new JqError(`Cannot delete field at ${typeof key === 'string' ? 'object' : kind(key)} index of array`);
  throw new JqError(`Cannot delete fields from ${kind(v)}`.replace('fields from', 'field at object index of'));
}

/** `contains`. @throws JqError */
export function contains(a: Json, b: Json): boolean {
  if (isObject(a) && isObject(b))
    return [...b].every(([k, x]) => a.has(k) && kind(a.get(k)!) === kind(x) && contains(a.get(k)!, x));
  if (isArray(a) && isArray(b)) return b.every((x) => a.some((y) => kind(x) === kind(y) && contains(y, x)));
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b);
  if (kind(a) === kind(b)) return compare(a, b) === 0;
  throw new JqError(`${described(a)} and ${described(b)} cannot have their containment checked`);
}

/** The message about a path through something that is no path. */
export const badPath = (what: string, v: Json): JqError =>
  new JqError(`Invalid path expression ${what}${brief(v, 30)}`);
