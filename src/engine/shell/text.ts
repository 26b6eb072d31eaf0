import { decode, encode } from '../core';

/**
 * The shell's strings are JavaScript strings. A byte that is not part of valid UTF-8 is kept as a lone low surrogate
 * U+DC80..U+DCFF, so that binary data survives `$(...)`, `read` and `printf '\xff'` (the same trick as Python's surrogateescape).
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONE = /[\uDC80-\uDCFF]/;

/** Text of `bytes`, with malformed bytes escaped. */
export function fromBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeLoosely(bytes);
  }
}

function decodeLoosely(bytes: Uint8Array): string {
  let out = '';
  let i = 0;
  while (i < bytes.length) {
    const b = bytes[i]!;
    if (b < 0x80) {
      out += String.fromCharCode(b);
      i++;
      continue;
    }
    const n = b >= 0xf0 && b < 0xf5 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 1;
    if (n > 1 && i + n <= bytes.length) {
      try {
        out += strict.decode(bytes.subarray(i, i + n));
        i += n;
        continue;
      } catch {
        // Not a sequence: only this byte is escaped.
      }
    }
    out += String.fromCharCode(0xdc00 + b);
    i++;
  }
  return out;
}

/** Bytes of `text`, the inverse of `fromBytes`. */
export function toBytes(text: string): Uint8Array {
  if (!LONE.test(text)) return encode(text);
  const out: number[] = [];
  for (const ch of text) {
    const code = ch.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00);
    else out.push(...encode(ch));
  }
  return Uint8Array.from(out);
}

/** A character for one byte of output: ASCII itself, others escaped until they can be joined to UTF-8. */
export function byteChar(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte);
}

/** Joins escaped bytes that together are valid UTF-8. */
export function normalise(text: string): string {
  return LONE.test(text) ? fromBytes(toBytes(text)) : text;
}

/** Characters of `text`, surrogate pairs kept together. */
export function chars(text: string): string[] {
  return /[\uD800-\uDBFF]/.test(text) ? [...text] : text.split('');
}

/** Number of characters, as `${#x}` counts them. */
export function length(text: string): number {
  return /[\uD800-\uDBFF]/.test(text) ? [...text].length : text.length;
}

/** Order of strings by code point, as strcmp(3) orders UTF-8 (the C.UTF-8 locale). */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates (code points above U+FFFF) come after everything else.
      const xs = x >= 0xd800 && x < 0xdc00;
      const ys = y >= 0xd800 && y < 0xdc00;
      if (xs !== ys) return xs ? 1 : -1;
      return x - y;
    }
  }
  return a.length - b.length;
}

export { decode };
