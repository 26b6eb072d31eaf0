import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program } from '../../host';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';

interface Coding {
  readonly name: 'base64' | 'base32';
  readonly alphabet: string;
  /** Bits a character. */
  readonly bits: number;
  /** Bytes and characters of one group. */
  readonly bytes: number;
  readonly chars: number;
}

const CODINGS: readonly Coding[] = [
  {
    name: 'base64',
    alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
    bits: 6,
    bytes: 3,
    chars: 4,
  },
  { name: 'base32', alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', bits: 5, bytes: 5, chars: 8 },
];

function make(c: Coding) {
  return tool({
    name: c.name,
    summary: `${c.name} encode/decode data and print to standard output`,
    help: `[OPTION]... [FILE]
Encode FILE, or standard input, in ${c.name} (RFC 4648).

  -d, --decode          decode
  -i, --ignore-garbage  when decoding, skip other characters
  -w, --wrap=COLS       lines of COLS characters, 76 by default; 0 is one line
`,
    *run(t) {
      const { options, operands } = t.getopt('diw:', ['decode=d', 'ignore-garbage=i', 'wrap:=w']);
      if (operands.length > 1) throw new UsageError(`extra operand ${t.q(operands[1]!)}`);
      const has = (n: string): boolean => options.some((o) => o.name === n);
      const wrap = options.findLast((o) => o.name === 'w')?.arg ?? '76';
      if (!/^\d+$/.test(wrap)) throw new Fail(`invalid wrap size: ${t.q(wrap)}`);
      const name = operands[0] ?? '-';
      const fd = yield* t.open(name);
      if (fd === undefined) return 1;
      try {
        return yield* has('d') ? decodeStream(t, fd, c, has('i')) : encodeStream(t, fd, c, Number(wrap));
      } catch (e) {
        if (isErrno(e, 'EISDIR')) throw new Fail(`read error: ${e.message}`);
        throw e;
      }
    },
  });
}

function* encodeStream(t: Tool, fd: number, c: Coding, wrap: number): Coroutine<number> {
  let column = 0;
  let rest: number[] = [];
  const put = function* (text: string): Coroutine<void> {
    if (wrap === 0) {
      yield* t.out.write(text);
      column += text.length;
      return;
    }
    let out = '';
    for (const ch of text) {
      if (column === wrap) {
        out += '\n';
        column = 0;
      }
      out += ch;
      column++;
    }
    yield* t.out.write(out);
  };
  for (;;) {
    const data = yield* t.sys.read(fd);
    const all = [...rest, ...data];
    const whole = data.length === 0 ? all.length : all.length - (all.length % c.bytes);
    yield* put(encodeGroup(all.slice(0, whole), c));
    rest = all.slice(whole);
    if (data.length === 0) break;
  }
  if (column > 0 && wrap > 0) yield* t.out.write('\n');
  return 0;
}

function encodeGroup(bytes: readonly number[], c: Coding): string {
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const b of bytes) {
    buffer = ((buffer << 8) | b) & 0xffff;
    bits += 8;
    while (bits >= c.bits) {
      bits -= c.bits;
      out += c.alphabet[(buffer >> bits) & ((1 << c.bits) - 1)]!;
    }
  }
  if (bits > 0) out += c.alphabet[(buffer << (c.bits - bits)) & ((1 << c.bits) - 1)]!;
  while (out.length % c.chars !== 0) out += '=';
  return out;
}

function* decodeStream(t: Tool, fd: number, c: Coding, lenient: boolean): Coroutine<number> {
  let buffer = 0;
  let bits = 0;
  let count = 0;
  let padding = false;
  for (;;) {
    const data = yield* t.sys.read(fd);
    if (data.length === 0) break;
    const out: number[] = [];
    for (const byte of data) {
      const ch = String.fromCharCode(byte);
      if (ch === '\n') continue;
      const v = c.alphabet.indexOf(ch);
      if (ch === '=') {
        padding = true;
        count++;
        continue;
      }
      if (v < 0) {
        if (lenient) continue;
        yield* t.out.write(Uint8Array.from(out));
        throw new Fail('invalid input');
      }
      if (padding) {
        // Encoded pieces that follow each other.
        padding = false;
        bits = 0;
      }
      count++;
      buffer = ((buffer << c.bits) | v) & 0xfffff;
      bits += c.bits;
      if (bits >= 8) {
        bits -= 8;
        out.push((buffer >> bits) & 0xff);
      }
    }
    yield* t.out.write(Uint8Array.from(out));
  }
  if (count % c.chars !== 0) throw new Fail('invalid input');
  return 0;
}

/** base64(1). */
export const base64: Program = make(CODINGS[0]!);
/** base32(1). */
export const base32: Program = make(CODINGS[1]!);
