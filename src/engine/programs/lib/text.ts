/**
 * Text that may hold bytes which are not UTF-8. Such bytes become lone surrogates U+DC80-U+DCFF and turn back into the same bytes
 * (Python's "surrogateescape", PEP 383), so that `cat`, `sed` or `sort` never damage binary data.
 */
import { decode, encode } from '../../core';

const REPLACEMENT = '\ufffd';

/** Text of `bytes`; malformed bytes survive as lone surrogates. */
export function toText(bytes: Uint8Array): string {
  const fast = decode(bytes);
  // The decoder drops a byte order mark and replaces what is malformed.
  if (!fast.includes(REPLACEMENT) && bytes[0] !== 0xef) return fast;
  let out = '';
  let i = 0;
  while (i < bytes.length) {
    const n = sequenceLength(bytes, i);
    if (n === 0) {
      out += String.fromCharCode(0xdc00 + bytes[i]!);
      i++;
    } else {
      out += codePoint(bytes, i, n);
      i += n;
    }
  }
  return out;
}

/** Bytes of `text`; the inverse of `toText`. */
export function toBytes(text: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(text)) return encode(text);
  const parts: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else for (const byte of encode(char)) parts.push(byte);
  }
  return Uint8Array.from(parts);
}

/** Number of bytes that `text` takes. */
export function byteLength(text: string): number {
  return /^[\x00-\x7f]*$/.test(text) ? text.length : toBytes(text).length;
}

/** One character a byte (ISO 8859-1): for tools that count or compare bytes. */
export function toBinary(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 8192) out += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return out;
}

/** Bytes of a string made by `toBinary`. */
export function fromBinary(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** Length of the well-formed UTF-8 sequence at `i` (RFC 3629); 0 when it is malformed. */
export function sequenceLength(bytes: Uint8Array, i: number): number {
  const b = bytes[i]!;
  if (b < 0x80) return 1;
  const n = b >= 0xc2 && b <= 0xdf ? 2 : b >= 0xe0 && b <= 0xef ? 3 : b >= 0xf0 && b <= 0xf4 ? 4 : 0;
  if (n === 0 || i + n > bytes.length) return 0;
  for (let k = 1; k < n; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return 0;
  const second = bytes[i + 1]!;
  if ((b === 0xe0 && second < 0xa0) || (b === 0xed && second > 0x9f)) return 0;
  if ((b === 0xf0 && second < 0x90) || (b === 0xf4 && second > 0x8f)) return 0;
  return n;
}

function codePoint(bytes: Uint8Array, i: number, n: number): string {
  let code = n === 1 ? bytes[i]! : bytes[i]! & (0xff >> (n + 1));
  for (let k = 1; k < n; k++) code = (code << 6) | (bytes[i + k]! & 0x3f);
  return String.fromCodePoint(code);
}

/** Columns that a character takes on a terminal: 0, 1 or 2 (wcwidth(3), the common ranges only). */
export function charWidth(code: number): number {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (code < 0x300) return 1;
  if (code <= 0x36f || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Columns that `text` takes on a terminal. */
export function textWidth(text: string): number {
  let n = 0;
  for (const char of text) n += charWidth(char.codePointAt(0)!);
  return n;
}
