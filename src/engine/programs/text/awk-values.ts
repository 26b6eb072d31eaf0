/** Values of awk: numbers, strings, and text that looks like a number. */
import { formatFloat, formatInteger, formatString } from '../lib/format';
import type { Value } from './awk-ast';
import { StrNum } from './awk-ast';

/** The number at the beginning of a text (strtod(3), decimal). */
export function leadingNumber(text: string): number {
  const hex = /^[ \t\n]*([-+]?)(0[xX][0-9a-fA-F]+)/.exec(text);
  if (hex) return Number(hex[2]) * (hex[1] === '-' ? -1 : 1);
  const m = /^[ \t\n\r\f\v]*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?\b|nan\b)/i.exec(
    text,
  );
  if (!m) return 0;
  const word = m[0].trim().toLowerCase();
  if (word.includes('inf')) return word[0] === '-' ? -Infinity : Infinity;
  return word.includes('nan') ? NaN : Number(word);
}

const LOOKS_NUMERIC = /^[ \t\n\r\f\v]*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)[ \t\n\r\f\v]*$/;

/** A value from outside: fields, getline, -v, ARGV, ENVIRON. */
export function fromInput(text: string): Value {
  return LOOKS_NUMERIC.test(text) ? new StrNum(text, Number(text)) : text;
}

/** The value as a number. */
export function toNumber(v: Value): number {
  if (typeof v === 'number') return v;
  if (v === undefined) return 0;
  return typeof v === 'string' ? leadingNumber(v) : v.number;
}

/** The value as a string; `format` is CONVFMT or OFMT. */
export function toStr(v: Value, format: string): string {
  if (typeof v === 'string') return v;
  if (v === undefined) return '';
  return typeof v === 'number' ? numberText(v, format) : v.text;
}

/** The largest integer of Debian's mawk (`mawk -W version`). */
const MAX_INT = 2147483647;

/** A number as text: integers in full, the rest in `format`. */
export function numberText(v: number, format: string): string {
  if (Number.isInteger(v)) {
    // mawk keeps integers as 32 bits; larger ones go through the format.
    if (Math.abs(v) <= MAX_INT) return String(Object.is(v, -0) ? 0 : v);
    return sprintf(format, [v], format);
  }
  if (Number.isNaN(v)) return 'nan';
  if (!Number.isFinite(v)) return v < 0 ? '-inf' : 'inf';
  return sprintf(format, [v], format);
}

/** Is it true? */
export function truth(v: Value): boolean {
  if (typeof v === 'number') return v !== 0;
  if (v === undefined) return false;
  return typeof v === 'string' ? v !== '' : v.number !== 0;
}

/** Compares as numbers when both are or look like numbers, otherwise as strings. */
export function compare(a: Value, b: Value, format: string): number {
  if (typeof a !== 'string' && typeof b !== 'string') {
    const x = toNumber(a);
    const y = toNumber(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const x = toStr(a, format);
  const y = toStr(b, format);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Too few arguments for a format. */
export class TooFewArguments extends Error {}

/** sprintf of awk. */
export function sprintf(format: string, args: readonly Value[], convfmt: string): string {
  let next = 0;
  const take = (): Value => {
    if (next >= args.length) throw new TooFewArguments(format);
    return args[next++];
  };
  return format.replace(
    /%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(?:hh|h|ll|l|L|j|z|t)?([^])?/g,
    (all, flagText: string, w: string | undefined, p: string | undefined, conv: string | undefined) => {
      if (conv === '%') return '%';
      let flags = flagText;
      let width = w === '*' ? Math.trunc(toNumber(take())) : Number(w ?? 0);
      if (width < 0) {
        flags += '-';
        width = -width;
      }
      const precision = p === undefined ? undefined : p === '*' ? Math.trunc(toNumber(take())) : Number(p || 0);
      const spec = { flags, width, precision, conv: conv ?? '' };
      switch (conv) {
        case 'c': {
          const v = take();
          const text = typeof v === 'string' ? v.slice(0, 1) : String.fromCharCode(Math.trunc(toNumber(v)) & 0xff);
          return formatString({ ...spec, precision: undefined }, text);
        }
        case 's':
          return formatString(spec, toStr(take(), convfmt));
        case 'd':
        case 'i':
        case 'o':
        case 'x':
        case 'X':
        case 'u': {
          const v = toNumber(take());
          if (!Number.isFinite(v)) return formatString(spec, Number.isNaN(v) ? 'nan' : v < 0 ? '-inf' : 'inf');
          return formatInteger(
            { ...spec, conv: conv === 'u' ? 'u' : conv },
            BigInt(Math.max(-MAX_INT, Math.min(MAX_INT, Math.trunc(v)))),
          );
        }
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
          return formatFloat(spec, toNumber(take()));
        default:
          return all;
      }
    },
  );
}
