/** What a datatype is, and how one is made from a range of integers or a list of symbols. */
import type { Scalar } from '../../../net/netfilter/nftables';

/** What names are resolved with: the machine's links and files. */
export interface Env {
  linkIndex(name: string): number | undefined;
  linkName(index: number): string | undefined;
  /** Contents of /etc/hosts, /etc/passwd, /etc/group. */
  readonly hosts: string;
  readonly passwd: string;
  readonly group: string;
}

/** How to print (`nft -n`, `-nn`, ...). */
export interface Style {
  /** Protocols, states, types, marks as numbers. */
  readonly numeric: boolean;
  /** Services by name (-S). */
  readonly service?: boolean;
  /** Seconds since the epoch and plain seconds (-T). */
  readonly numericTime?: boolean;
}

/** A datatype. */
export interface DataType {
  readonly name: string;
  /** In error messages. */
  readonly desc: string;
  readonly bits: number;
  /** Values that combine with `,` or `|`, and compare as "any of them". */
  readonly bitmask?: boolean;
  /** Elements on one line of a listing. */
  readonly perLine: number;
  /** Bytes in the machine's own order (sorting). */
  readonly hostOrder?: boolean;
  readonly symbols?: Readonly<Record<string, number>>;
  /** @throws string: the message */
  parse(text: string, env: Env): Scalar;
  format(value: Scalar, style: Style, env: Env): string;
}

/** All datatypes by name. */
export const types = new Map<string, DataType>();

/** A decimal, `0x` or `0` octal number; undefined for anything else. */
export function numberOf(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return parseInt(text, 16);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Reads an integer that fits. */
export function parseInteger(text: string, bits: number, desc: string): number {
  const n = numberOf(text);
  if (n === undefined) throw `Could not parse ${desc}`;
  const max = 2 ** Math.min(bits, 53);
  if (n >= max) throw `Value ${text} exceeds valid range 0-${max - 1}`;
  return n;
}

interface Symbolic {
  readonly name: string;
  readonly desc: string;
  readonly bits: number;
  readonly symbols: Readonly<Record<string, number>>;
  readonly perLine?: number;
  readonly bitmask?: boolean;
  /** How numbers look. */
  readonly number?: (n: number) => string;
  /** With -n. */
  readonly numeric?: (n: number) => string;
  /** Symbols are printed although -n says numbers. */
  readonly keep?: boolean;
  readonly quote?: boolean;
  readonly hostOrder?: boolean;
}

/** Names by number; the first name of a number is printed. */
const reversed = new WeakMap<object, Map<number, string>>();

/** The symbol of a number; undefined when it has none. */
export function nameOf(symbols: Readonly<Record<string, number>>, n: number): string | undefined {
  let map = reversed.get(symbols);
  if (map === undefined) {
    map = new Map();
    for (const [k, v] of Object.entries(symbols)) if (!map.has(v)) map.set(v, k);
    reversed.set(symbols, map);
  }
  return map.get(n);
}

/** Makes a datatype whose values have names. The first of several names of a number is printed. */
export function symbolic(s: Symbolic): void {
  const number = s.number ?? ((n: number) => String(n));
  const one = (n: number, style: Style): string => {
    const name = style.numeric && s.keep !== true ? undefined : nameOf(s.symbols, n);
    if (name !== undefined) return s.quote ? `"${name}"` : name;
    return style.numeric ? (s.numeric ?? number)(n) : number(n);
  };
  types.set(s.name, {
    name: s.name,
    desc: s.desc,
    bits: s.bits,
    ...(s.bitmask ? { bitmask: true } : {}),
    ...(s.hostOrder ? { hostOrder: true } : {}),
    perLine: s.perLine ?? 1,
    symbols: s.symbols,
    parse(text) {
      const n = s.symbols[text] ?? numberOf(text);
      if (n === undefined) throw misspelled(text, Object.keys(s.symbols), s.desc);
      return n;
    },
    format(v, style) {
      const n = v as number;
      if (s.bitmask !== true || n === 0 || nameOf(s.symbols, n) !== undefined) return one(n, style);
      const parts: string[] = [];
      for (let bit = 1, rest = n; rest > 0; bit *= 2) {
        if (Math.floor(rest / bit) % 2 === 1) {
          parts.push(one(bit, style));
          rest -= bit;
        }
        if (bit > 2 ** 40) break;
      }
      return parts.join(',');
    },
  });
}

/** Damerau-Levenshtein distance, for guesses. */
export function distance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      if (i === 0) {
        rows[0]!.push(j);
        continue;
      }
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, rows[i - 2]![j - 2]! + 1);
      rows[i]!.push(d);
    }
  }
  return rows[a.length]![b.length]!;
}

/** The name that was probably meant. */
export function closest(text: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const n of names) {
    const d = distance(text, n);
    if (d < least) {
      least = d;
      best = n;
    }
  }
  return best;
}

function misspelled(text: string, names: readonly string[], desc: string): string {
  const near = closest(text, names);
  if (near !== undefined && distance(text, near) <= Math.ceil(Math.max(text.length, near.length) / 4))
    return `Could not parse ${desc}; did you you mean \`${near}'?`;
  return `Could not parse ${desc}`;
}

/** Makes a datatype whose values are numbers of so many bits, unless `o` says how they are read and written. */
export function integer(name: string, desc: string, bits: number, o: Partial<DataType> = {}): void {
  types.set(name, {
    name,
    desc,
    bits,
    perLine: 1,
    parse: (text) => parseInteger(text, bits, desc),
    format: (v) => String(v),
    ...o,
  });
}
