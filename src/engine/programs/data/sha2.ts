/** SHA-224, SHA-384 and SHA-512 (FIPS 180-4). */
import type { Coroutine } from '../../core';
import type { Tool } from '../lib/tool';

const MASK = (1n << 64n) - 1n;

function primes(count: number): bigint[] {
  const out: bigint[] = [];
  for (let n = 2n; out.length < count; n++) if (out.every((p) => n % p !== 0n)) out.push(n);
  return out;
}

/** floor(n ** (1/k) * 2**bits) mod 2**bits: the first bits of a root's fraction. */
function rootFraction(n: bigint, k: bigint, bits: bigint): bigint {
  const target = n << (bits * k);
  let low = 0n;
  let high = 1n << (bits + 10n);
  while (low < high) {
    const mid = (low + high + 1n) >> 1n;
    if (mid ** k <= target) low = mid;
    else high = mid - 1n;
  }
  return low & ((1n << bits) - 1n);
}

interface Variant {
  readonly start: readonly bigint[];
  /** Bytes of the digest. */
  readonly length: number;
  readonly word: 32 | 64;
}

let tables: { k: bigint[]; variants: Record<string, Variant> } | undefined;

function prepare() {
  const p = primes(80);
  const root = (n: bigint): bigint => rootFraction(n, 2n, 64n);
  return (tables ??= {
    k: p.map((n) => rootFraction(n, 3n, 64n)),
    variants: {
      sha512: { start: p.slice(0, 8).map(root), length: 64, word: 64 },
      sha384: { start: p.slice(8, 16).map(root), length: 48, word: 64 },
      // The second 32 bits of the same fractions (FIPS 180-4, 5.3.2).
      sha224: { start: p.slice(8, 16).map((n) => root(n) & 0xffffffffn), length: 28, word: 32 },
    },
  });
}

/** The SHA-2 digest of a message in hexadecimal. Charges work for each block. */
export function* sha2(t: Tool, name: 'sha224' | 'sha384' | 'sha512', data: Uint8Array): Coroutine<string> {
  const { k, variants } = prepare();
  const v = variants[name]!;
  const wide = v.word === 64;
  const bits = BigInt(v.word);
  const mask = wide ? MASK : 0xffffffffn;
  const block = wide ? 128 : 64;
  const rounds = wide ? 80 : 64;
  const key = wide ? k : k.map((x) => x >> 32n);
  const lengthBytes = wide ? 16 : 8;
  const padded = new Uint8Array(Math.ceil((data.length + 1 + lengthBytes) / block) * block);
  padded.set(data);
  padded[data.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(data.length) * 8n);
  const view = new DataView(padded.buffer);
  const rotr = (x: bigint, n: bigint): bigint => ((x >> n) | (x << (bits - n))) & mask;
  const [a0, a1, a2, e0, e1, e2, s0a, s0b, s0c, s1a, s1b, s1c] = (
    wide ? [28, 34, 39, 14, 18, 41, 1, 8, 7, 19, 61, 6] : [2, 13, 22, 6, 11, 25, 7, 18, 3, 17, 19, 10]
  ).map(BigInt) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  const h = [...v.start];
  const w: bigint[] = [];
  for (let at = 0; at < padded.length; at += block) {
    yield* t.sys.work(8);
    for (let i = 0; i < 16; i++) w[i] = wide ? view.getBigUint64(at + i * 8) : BigInt(view.getUint32(at + i * 4));
    for (let i = 16; i < rounds; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      w[i] =
        (w[i - 16]! +
          (rotr(x, s0a) ^ rotr(x, s0b) ^ (x >> s0c)) +
          w[i - 7]! +
          (rotr(y, s1a) ^ rotr(y, s1b) ^ (y >> s1c))) &
        mask;
    }
    let [a, b, c, d, e, f, g, hh] = h as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
    for (let i = 0; i < rounds; i++) {
      const t1 = hh + (rotr(e, e0) ^ rotr(e, e1) ^ rotr(e, e2)) + ((e & f) ^ (~e & mask & g)) + key[i]! + w[i]!;
      const t2 = (rotr(a, a0) ^ rotr(a, a1) ^ rotr(a, a2)) + ((a & b) ^ (a & c) ^ (b & c));
      [hh, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & mask, c, b, a, (t1 + t2) & mask];
    }
    [a, b, c, d, e, f, g, hh].forEach((x, i) => (h[i] = (h[i]! + x) & mask));
  }
  return h
    .map((x) => x.toString(16).padStart(v.word / 4, '0'))
    .join('')
    .slice(0, v.length * 2);
}
