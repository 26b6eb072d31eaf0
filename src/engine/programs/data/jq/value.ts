/** JSON values as jq 1.6 sees them: their order, their text. */

/** A JSON value. Objects are Maps, which keep the order of insertion even for keys that look like numbers. */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

/** A jq error: `value` is what `catch` receives. */
export class JqError extends Error {
  constructor(readonly value: Json) {
    super(typeof value === 'string' ? value : 'jq error');
  }
}

/** Type name as `type` gives it. */
export function kind(v: Json): 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object' {
  if (v === null) return 'null';
  if (Array.isArray(v)) return 'array';
  const t = typeof v;
  return t === 'boolean' || t === 'number' || t === 'string' ? t : 'object';
}

/** Narrowing tests. */
export const isArray = (v: Json): v is readonly Json[] => Array.isArray(v);
export const isObject = (v: Json): v is ReadonlyMap<string, Json> => v instanceof Map;

/** What `if` and `and` take for true. */
export const truthy = (v: Json): boolean => v !== null && v !== false;

/** Order of two strings by code point. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-16 puts surrogates before U+E000; code points above U+FFFF come last.
    const sx = x >= 0xd800 && x < 0xe000;
    const sy = y >= 0xd800 && y < 0xe000;
    return sx === sy ? x - y : sx ? 1 : -1;
  }
  return a.length - b.length;
}

/** Keys in sorted order. */
export const sortedKeys = (v: ReadonlyMap<string, Json>): string[] => [...v.keys()].sort(compareStrings);

function rank(v: Json): number {
  if (v === null) return 0;
  if (v === false) return 1;
  if (v === true) return 2;
  if (typeof v === 'number') return 3;
  if (typeof v === 'string') return 4;
  return isArray(v) ? 5 : 6;
}

/** jq's total order: null, false, true, numbers, strings, arrays, objects. */
export function compare(a: Json, b: Json): number {
  const r = rank(a) - rank(b);
  if (r !== 0) return r;
  if (typeof a === 'number') {
    const y = b as number;
    // nan sorts below every number, itself included.
    return Number.isNaN(a) ? -1 : a < y ? -1 : a === y ? 0 : 1;
  }
  if (typeof a === 'string') return compareStrings(a, b as string);
  if (isArray(a)) {
    const y = b as readonly Json[];
    for (let i = 0; i < a.length && i < y.length; i++) {
      const c = compare(a[i]!, y[i]!);
      if (c !== 0) return c;
    }
    return a.length - y.length;
  }
  if (isObject(a)) {
    const y = b as ReadonlyMap<string, Json>;
    const keys = sortedKeys(a);
    const c = compare(keys, sortedKeys(y));
    if (c !== 0) return c;
    for (const k of keys) {
      const d = compare(a.get(k)!, y.get(k)!);
      if (d !== 0) return d;
    }
  }
  return 0;
}

/** A number as jq 1.6 prints it: the shortest digits that read back, an exponent for the very large and small. */
export function formatNumber(d: number): string {
  if (Number.isNaN(d)) return 'null';
  if (d === Infinity) d = Number.MAX_VALUE;
  if (d === -Infinity) d = -Number.MAX_VALUE;
  if (d === 0) return Object.is(d, -0) ? '-0' : '0';
  const sign = d < 0 ? '-' : '';
  const [mantissa = '', exponent = '0'] = Math.abs(d).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const point = Number(exponent) + 1;
  if (point <= -4 || point > digits.length + 15) {
    const e = point - 1;
    const frac = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0]!}${frac}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
};

const unicodeEscape = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

function quoted(s: string, ascii: boolean): string {
  let out = s.replace(/["\\\x00-\x1f\x7f]/g, (c) => ESCAPES[c] ?? unicodeEscape(c));

  if (ascii) out = out.replace(/[^\x00-\x7f]/g, unicodeEscape);
  return `"${out}"`;
}

/** How a value is printed. */
export interface DumpOptions {
  /** Text of one level; undefined prints on one line. */
  readonly indent?: string | undefined;
  readonly sortKeys?: boolean;
  readonly ascii?: boolean;
  readonly color?: boolean;
}

const RESET = '\x1b[0m';
const FIELD = '\x1b[34;1m';
const COLORS = {
  null: '\x1b[1;30m',
  boolean: '\x1b[0;39m',
  number: '\x1b[0;39m',
  string: '\x1b[0;32m',
  array: '\x1b[1;39m',
  object: '\x1b[1;39m',
};

/** Text of a value. */
export function dump(v: Json, o: DumpOptions = {}): string {
  const parts: string[] = [];
  const ascii = o.ascii ?? false;
  const reset = o.color ? RESET : '';
  const put = (x: Json, depth: number): void => {
    const col = o.color ? COLORS[kind(x)] : '';
    const line = o.indent === undefined ? '' : '\n';
    const indent = (n: number): string => (o.indent === undefined ? '' : o.indent.repeat(n));
    parts.push(col);
    if (isArray(x)) {
      if (x.length === 0) parts.push('[]', reset);
      else {
        parts.push('[');
        x.forEach((item, i) => {
          if (i > 0) parts.push(col, ',');
          parts.push(line, indent(depth + 1));
          put(item, depth + 1);
        });
        parts.push(col, line, indent(depth), col, ']', reset);
      }
    } else if (isObject(x)) {
      if (x.size === 0) parts.push('{}', reset);
      else {
        parts.push('{');
        let first = true;
        for (const k of o.sortKeys ? sortedKeys(x) : x.keys()) {
          if (!first) parts.push(col, ',');
          first = false;
          parts.push(line, indent(depth + 1), reset, o.color ? FIELD : '', quoted(k, ascii), reset);
          parts.push(col, ':', line === '' ? '' : ' ', reset);
          put(x.get(k)!, depth + 1);
        }
        parts.push(col, line, indent(depth), col, '}', reset);
      }
    } else {
      const text = typeof x === 'string' ? quoted(x, ascii) : typeof x === 'number' ? formatNumber(x) : String(x);
      parts.push(text, reset);
    }
  };
  put(v, 0);
  return parts.join('');
}

/** Text of a value cut to `size - 1` bytes with `...` at the end, as messages show it. */
export function brief(v: Json, size = 15): string {
  const text = dump(v);
  return text.length > size - 1 ? `${text.slice(0, size - 4)}...` : text;
}

/** `object ({"a":1})`, how messages name a value. */
export const described = (v: Json): string => `${kind(v)} (${brief(v)})`;

/** Number of code points. */
export function codepoints(s: string): number {
  let n = 0;
  for (let i = 0; i < s.length; i++) if ((s.charCodeAt(i) & 0xfc00) !== 0xdc00) n++;
  return n;
}
