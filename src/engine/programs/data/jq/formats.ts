/** The @formats of jq 1.6. */
import { decode, encode } from '../../../core';
import type { Json } from './value';
import { described, dump, formatNumber, isArray, JqError } from './value';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const HTML: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&apos;', '"': '&quot;' };

/** `tostring`: strings stay, everything else becomes JSON text. */
export const text = (v: Json): string => (typeof v === 'string' ? v : dump(v));

/** `@name` applied to a value. @throws JqError */
export function format(name: string, v: Json): string {
  switch (name) {
    case 'text':
      return text(v);
    case 'json':
      return dump(v);
    case 'html':
      return text(v).replace(/[<>&'"]/g, (c) => HTML[c]!);
    case 'uri':
      return [...encode(text(v))]
        .map((b) => {
          const c = String.fromCharCode(b);
          return /[A-Za-z0-9\-_.!~*'()]/.test(c) ? c : `%${b.toString(16).toUpperCase().padStart(2, '0')}`;
        })
        .join('');
    case 'csv':
      return row(v, 'csv', ',', (s) => `"${s.replace(/"/g, '""')}"`);
    case 'tsv':
      return row(v, 'tsv', '\t', (s) =>
        s.replace(/[\\\t\r\n]/g, (c) => ({ '\\': '\\\\', '\t': '\\t', '\r': '\\r', '\n': '\\n' })[c]!),
      );
    case 'sh':
      return (isArray(v) ? v : [v])
        .map((x) => {
          if (typeof x === 'string') return `'${x.replace(/'/g, "'\\''")}'`;
          if (typeof x === 'object' && x !== null) throw new JqError(`${described(x)} can not be escaped for shell`);
          return dump(x);
        })
        .join(' ');
    case 'base64':
      return base64(encode(text(v)));
    case 'base64d':
      return base64d(text(v));
    default:
      throw new JqError(`${name} is not a valid format`);
  }
}

function row(v: Json, name: string, separator: string, quote: (s: string) => string): string {
  if (!isArray(v)) throw new JqError(`${described(v)} cannot be ${name}-formatted, only array`);
  return v
    .map((x) => {
      if (x === null) return '';
      if (typeof x === 'boolean') return String(x);
      if (typeof x === 'number') return Number.isNaN(x) ? '' : formatNumber(x);
      if (typeof x === 'string') return quote(x);
      throw new JqError(`${described(x)} is not valid in a csv row`);
    })
    .join(separator);
}

function base64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += ALPHABET[n >> 18]! + ALPHABET[(n >> 12) & 63]!;
    out += i + 1 < bytes.length ? ALPHABET[(n >> 6) & 63]! : '=';
    out += i + 2 < bytes.length ? ALPHABET[n & 63]! : '=';
  }
  return out;
}

function base64d(s: string): string {
  const out: number[] = [];
  let bits = 0;
  let n = 0;
  for (const c of s) {
    const value = ALPHABET.indexOf(c);
    if (c === '=') continue;
    if (value < 0) throw new JqError(`${described(s)} is not valid base64 data`);
    n = ((n << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push((n >> bits) & 255);
    }
  }
  if (out.length === 0 && s.replace(/=/g, '') !== '') throw new JqError(`${described(s)} is not valid base64 data`);
  return decode(Uint8Array.from(out));
}
