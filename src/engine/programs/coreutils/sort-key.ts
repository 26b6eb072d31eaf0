/** Keys and comparisons of sort(1). */
import { Fail } from '../lib/tool';
import { compareVersions } from '../lib/version';

/** Ordering options, global or of one key. */
export interface Ordering {
  numeric?: boolean;
  human?: boolean;
  general?: boolean;
  month?: boolean;
  version?: boolean;
  random?: boolean;
  reverse?: boolean;
  fold?: boolean;
  dictionary?: boolean;
  printable?: boolean;
  blanksStart?: boolean;
  blanksEnd?: boolean;
}

/** One -k: positions count from 1; `endField` 0 means the end of the line. */
export interface Key {
  startField: number;
  startChar: number;
  endField: number;
  endChar: number;
  order: Ordering;
}

const LETTERS: Record<string, keyof Ordering> = {
  n: 'numeric',
  h: 'human',
  g: 'general',
  M: 'month',
  V: 'version',
  R: 'random',
  r: 'reverse',
  f: 'fold',
  d: 'dictionary',
  i: 'printable',
};

/** Sets the option that `letter` stands for. @returns false when there is none. */
export function setOrdering(order: Ordering, letter: string): boolean {
  const name = LETTERS[letter];
  if (name) order[name] = true;
  return name !== undefined;
}

/** True when the option that `letter` stands for is set. */
export function hasOrdering(order: Ordering, letter: string): boolean {
  return order[LETTERS[letter]!] === true;
}

/** True when a key has no ordering of its own and takes the global one. */
export function isPlain(order: Ordering): boolean {
  return Object.keys(order).length === 0;
}

/** Reads `F[.C][OPTS][,F[.C][OPTS]]`. @throws Fail */
export function parseKey(text: string, quote: (s: string) => string): Key {
  const m = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(text);
  if (!m) {
    const head = /^\d+(\.\d+)?/.exec(text)?.[0];
    if (head === undefined)
      throw new Fail(`invalid number at field start: invalid count at start of ${quote(text)}`, 2);
    throw new Fail(`stray character in field spec: invalid field specification ${quote(text)}`, 2);
  }
  const key: Key = {
    startField: Number(m[1]),
    startChar: m[2] === undefined ? 1 : Number(m[2]),
    endField: Number(m[4] ?? 0),
    endChar: Number(m[5] ?? 0),
    order: {},
  };
  if (key.startField === 0) throw new Fail(`field number is zero: invalid field specification ${quote(text)}`, 2);
  if (key.startChar === 0) throw new Fail(`character offset is zero: invalid field specification ${quote(text)}`, 2);
  for (const [letters, which] of [
    [m[3]!, 'blanksStart'],
    [m[6] ?? '', 'blanksEnd'],
  ] as const) {
    for (const c of letters) {
      if (c === 'b') key.order[which] = true;
      else if (!setOrdering(key.order, c))
        throw new Fail(`stray character in field spec: invalid field specification ${quote(text)}`, 2);
    }
  }
  return key;
}

const isBlank = (c: string | undefined): boolean => c === ' ' || c === '\t' || c === '\n';

/** Where field `n` (0-based) of `line` begins. */
function fieldStart(line: string, n: number, separator: string | undefined): number {
  let i = 0;
  for (let k = 0; k < n && i < line.length; k++) {
    if (separator !== undefined) {
      const at = line.indexOf(separator, i);
      if (at < 0) return line.length;
      i = at + 1;
    } else {
      while (i < line.length && isBlank(line[i])) i++;
      while (i < line.length && !isBlank(line[i])) i++;
    }
  }
  return i;
}

/** The part of `line` that `key` selects. */
export function extract(line: string, key: Key, separator: string | undefined): string {
  let start = fieldStart(line, key.startField - 1, separator);
  if (key.order.blanksStart) while (isBlank(line[start])) start++;
  start = Math.min(line.length, start + key.startChar - 1);
  if (key.endField === 0) return line.slice(start);
  let end: number;
  if (key.endChar === 0) {
    end = fieldStart(line, key.endField, separator);
    if (
      separator !== undefined &&
      end <= line.length &&
      line[end - 1] === separator &&
      fieldStart(line, key.endField - 1, separator) < end
    )
      end--;
  } else {
    end = fieldStart(line, key.endField - 1, separator);
    if (key.order.blanksEnd) while (isBlank(line[end])) end++;
    end = Math.min(line.length, end + key.endChar);
  }
  return end > start ? line.slice(start, end) : '';
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

function numericValue(text: string): [bigint, string, boolean] {
  const m = /^[ \t\n]*(-?)(\d*)(?:\.(\d*))?/.exec(text)!;
  const whole = BigInt(m[2] || 0);
  const fraction = (m[3] ?? '').replace(/0+$/, '');
  return [whole, fraction, m[1] === '-' && (whole !== 0n || fraction !== '')];
}

function compareNumeric(a: string, b: string): number {
  const [aw, af, an] = numericValue(a);
  const [bw, bf, bn] = numericValue(b);
  if (an !== bn) return an ? -1 : 1;
  const r = aw < bw ? -1 : aw > bw ? 1 : af < bf ? -1 : af > bf ? 1 : 0;
  return an ? -r : r;
}

function humanOrder(text: string): number {
  const m = /^[ \t]*-?\d*(?:\.\d*)?([KMGTPEZYk])?/.exec(text)!;
  const power = m[1] ? 'KMGTPEZY'.indexOf(m[1].toUpperCase()) + 1 : 0;
  const [w, f, negative] = numericValue(text);
  if (w === 0n && f === '') return 0;
  return negative ? -power - 1 : power + 1;
}

function general(text: string): number {
  const m = /^[ \t]*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)/i.exec(text);
  if (!m) return NaN;
  const word = m[0].trim().toLowerCase();
  return word.includes('inf') ? (word[0] === '-' ? -Infinity : Infinity) : Number(word);
}

/** Code point order, which is byte order in UTF-8. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;

  if (/^[\x00-\ud7ff]*$/.test(a) && /^[\x00-\ud7ff]*$/.test(b)) return a < b ? -1 : 1;
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const d = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (d !== 0) return d;
  }
  return x.length - y.length;
}

/** Compares two keys under one ordering, reversal left out. */
export function compareKeys(a: string, b: string, order: Ordering, random: (s: string) => number): number {
  if (order.random) return random(a) - random(b) || compareBytes(a, b);
  if (order.numeric) return compareNumeric(a, b);
  if (order.human) return humanOrder(a) - humanOrder(b) || compareNumeric(a, b);
  if (order.general) {
    const x = general(a);
    const y = general(b);
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : -1) : 1;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (order.month) {
    const m = (s: string): number => MONTHS.indexOf(s.trimStart().slice(0, 3).toUpperCase());
    return m(a) - m(b);
  }
  if (order.version) return compareVersions(a, b);
  let x = a;
  let y = b;
  if (order.dictionary) {
    x = x.replace(/[^\p{L}\p{N} \t]/gu, '');
    y = y.replace(/[^\p{L}\p{N} \t]/gu, '');
  } else if (order.printable) {
    x = x.replace(/[\x00-\x1f\x7f]/g, '');

    y = y.replace(/[\x00-\x1f\x7f]/g, '');
  }
  if (order.fold) {
    x = x.toUpperCase();
    y = y.toUpperCase();
  }
  return compareBytes(x, y);
}
