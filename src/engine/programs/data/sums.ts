/** sha224sum, sha384sum, sha512sum (FIPS 180-4) and cksum (POSIX); the shorter digests are among the coreutils. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program } from '../../host';
import { readLines } from '../lib/lines';
import type { Tool } from '../lib/tool';
import { tool, UsageError } from '../lib/tool';

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
function* sha2(t: Tool, name: string, data: Uint8Array): Coroutine<string> {
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

function make(name: string): Program {
  const upper = name.toUpperCase();
  const digits = { sha224: 56, sha384: 96, sha512: 128 }[name]!;
  return tool({
    name: `${name}sum`,
    summary: `compute and check ${upper} message digest`,
    help: `[OPTION]... [FILE]...
Print or check ${upper} (${digits * 4}-bit) checksums.

  -b, --binary    mark files as binary
  -c, --check     read checksums from the FILEs and check them
      --tag       print BSD style lines
  -t, --text      read as text (the default)
      --quiet     with -c, nothing for files that are right
      --status    with -c, nothing at all
`,
    *run(t) {
      const { options, operands } = t.getopt('bctwz', [
        'binary=b',
        'check=c',
        'tag',
        'text=t',
        'quiet',
        'status',
        'warn=w',
        'strict',
        'ignore-missing',
        'zero=z',
      ]);
      const has = (n: string): boolean => options.some((o) => o.name === n);
      for (const n of ['quiet', 'status'])
        if (has(n) && !has('c')) throw new UsageError(`the --${n} option is meaningful only when verifying checksums`);
      const digest = function* (file: string): Coroutine<string | undefined> {
        const fd = yield* t.open(file);
        if (fd === undefined) return undefined;
        try {
          return yield* sha2(t, name, yield* t.sys.readAll(fd));
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* t.complain(`${file}: ${e.message}`);
          return undefined;
        } finally {
          t.close(fd);
        }
      };
      for (const file of operands.length > 0 ? operands : ['-']) {
        if (has('c')) {
          yield* check(t, file, digits, digest, has('quiet') || has('status'), has('status'));
          continue;
        }
        const sum = yield* digest(file);
        if (sum !== undefined)
          yield* t.out.line(has('tag') ? `${upper} (${file}) = ${sum}` : `${sum} ${has('b') ? '*' : ' '}${file}`);
      }
      return t.status;
    },
  });
}

function* check(
  t: Tool,
  list: string,
  digits: number,
  digest: (file: string) => Coroutine<string | undefined>,
  quiet: boolean,
  silent: boolean,
): Coroutine<void> {
  const fd = yield* t.open(list);
  if (fd === undefined) return;
  const { lines } = yield* readLines(t.sys, fd);
  t.close(fd);
  let right = 0;
  let wrong = 0;
  let unread = 0;
  let malformed = 0;
  for (const line of lines) {
    const m = new RegExp(`^([0-9a-fA-F]{${digits}}) [ *](.+)$`).exec(line);
    if (!m) {
      if (line !== '' && !line.startsWith('#')) malformed++;
      continue;
    }
    const sum = yield* digest(m[2]!);
    const ok = sum === m[1]!.toLowerCase();
    if (sum === undefined) unread++;
    else if (ok) right++;
    else wrong++;
    if (ok ? !quiet : !silent)
      yield* t.out.line(`${m[2]!}: ${sum === undefined ? 'FAILED open or read' : ok ? 'OK' : 'FAILED'}`);
  }
  if (right + wrong + unread === 0) return yield* t.complain(`${list}: no properly formatted checksum lines found`);
  if (wrong + unread > 0) t.status = 1;
  if (silent) return;
  const warn = function* (n: number, one: string, many: string): Coroutine<void> {
    if (n > 0) yield* t.warn(`WARNING: ${n} ${n === 1 ? one : many}`);
  };
  yield* warn(malformed, 'line is improperly formatted', 'lines are improperly formatted');
  yield* warn(unread, 'listed file could not be read', 'listed files could not be read');
  yield* warn(wrong, 'computed checksum did NOT match', 'computed checksums did NOT match');
}

/** sha224sum(1), sha384sum(1), sha512sum(1). */
export const sha224sum = make('sha224');
export const sha384sum = make('sha384');
export const sha512sum = make('sha512');

/** cksum(1) with its default algorithm, the CRC of POSIX. */
export const cksum = tool({
  name: 'cksum',
  summary: 'compute and verify file checksums',
  help: `[OPTION]... [FILE]...
Print the 32-bit CRC of POSIX and the number of bytes of each FILE.
`,
  *run(t) {
    const { operands } = t.getopt('');
    for (const file of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(file);
      if (fd === undefined) continue;
      let crc = 0;
      let length = 0;
      const add = (byte: number): void => {
        crc ^= byte << 24;
        for (let i = 0; i < 8; i++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
      };
      try {
        for (;;) {
          const part = yield* t.sys.read(fd);
          if (part.length === 0) break;
          yield* t.sys.work(part.length >> 6);
          length += part.length;
          part.forEach(add);
        }
      } catch (e) {
        yield* t.complainErrno(file, e);
        continue;
      } finally {
        t.close(fd);
      }
      for (let n = length; n > 0; n = Math.floor(n / 256)) add(n & 255);
      yield* t.out.line(`${~crc >>> 0} ${length}${operands.length > 0 ? ` ${file}` : ''}`);
    }
    return t.status;
  },
});
