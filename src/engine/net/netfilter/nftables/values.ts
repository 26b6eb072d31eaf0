/** Scalars of rules: IPv6 addresses as 32 hex digits, whose order as strings is that of the addresses. */
import { formatIp6, fromHex, ip6Bytes, toHex } from '../../../wire';
import type { Scalar } from './model';

const LIMIT = 4096;
let keys = new Map<string, string>();

/** The key of a canonical address. */
export function ip6Key(address: string): string {
  let key = keys.get(address);
  if (key === undefined) {
    key = toHex(ip6Bytes(address));
    if (keys.size >= LIMIT) keys = new Map();
    keys.set(address, key);
  }
  return key;
}

/** The canonical address of a key. */
export function ip6FromKey(key: string): string {
  return formatIp6(fromHex(key));
}

/** Key of the first (`0`) or last (`f`) address of a prefix. */
export function ip6Edge(key: string, length: number, fill: '0' | 'f'): string {
  let out = '';
  for (let i = 0; i < 32; i++) {
    const bits = Math.min(4, Math.max(0, length - 4 * i));
    const digit = parseInt(key[i]!, 16);
    const mask = (0xf << (4 - bits)) & 0xf;
    out += ((digit & mask) | (fill === 'f' ? ~mask & 0xf : 0)).toString(16);
  }
  return out;
}

/** The netmask of a prefix length, as a key. */
export function ip6Mask(length: number): string {
  return ip6Edge('f'.repeat(32), length, '0');
}

/** `(value & mask) ^ xor`, digit by digit for strings of hex digits. */
export function maskXor(value: Scalar, mask: Scalar, xor: Scalar): Scalar {
  if (typeof value === 'number') return ((value & (mask as number)) ^ (xor as number)) >>> 0;
  const m = String(mask);
  const x = String(xor);
  // MACs keep their colons.
  let out = '';
  for (let i = 0; i < value.length; i += 1) {
    const c = value[i]!;
    if (c === ':') out += c;
    else out += ((parseInt(c, 16) & parseInt(m[i] ?? '0', 16)) ^ parseInt(x[i] ?? '0', 16)).toString(16);
  }
  return out;
}

/** The next value in order; undefined for the last one. */
export function successor(value: Scalar, bits: number): Scalar | undefined {
  if (typeof value === 'number') return value >= 2 ** bits - 1 ? undefined : value + 1;
  const digits = value.replace(/:/g, '');
  const next = (BigInt(`0x${digits}`) + 1n).toString(16).padStart(digits.length, '0');
  if (next.length > digits.length) return undefined;
  return value.includes(':') ? next.match(/../g)!.join(':') : next;
}
