import type { Coroutine } from '../../core';
import { concat } from '../../core';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';

/** One kind of output line: how a unit of `size` bytes is written in `width` columns. */
interface Format {
  readonly size: number;
  readonly width: number;
  readonly show: (view: DataView, at: number) => string;
  /** The characters are shown after the line, as with the suffix `z`. */
  readonly trailer: boolean;
}

const NAMES =
  'nul soh stx etx eot enq ack bel bs ht nl vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc fs gs rs us sp'.split(
    ' ',
  );
const ESCAPES: Record<number, string> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

function character(byte: number): string {
  if (ESCAPES[byte] !== undefined) return ESCAPES[byte];
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0');
}

function integer(view: DataView, at: number, size: number, signed: boolean): bigint {
  let n = 0n;
  for (let i = size - 1; i >= 0; i--) n = (n << 8n) | BigInt(view.getUint8(at + i));
  return signed ? BigInt.asIntN(size * 8, n) : n;
}

const SIZES: Record<string, number> = { C: 1, S: 2, I: 4, L: 8, F: 4, D: 8 };

/** Takes a -t string apart. */
function formats(text: string, quoted: (s: string) => string = (s) => `'${s}'`): Format[] {
  const out: Format[] = [];
  const re = /([acdfoux])(\d+|[CSILFD])?(z)?/y;
  let at = 0;
  while (at < text.length) {
    re.lastIndex = at;
    const m = re.exec(text);
    if (!m) throw new Fail(`invalid character '${text[at]!}' in type string ${quoted(text)}`);
    at = re.lastIndex;
    const letter = m[1]!;
    const size =
      letter === 'a' || letter === 'c'
        ? 1
        : m[2] === undefined
          ? letter === 'f'
            ? 8
            : 4
          : (SIZES[m[2]] ?? Number(m[2]));
    if (![1, 2, 4, 8].includes(size) || (letter === 'f' && size < 4))
      throw new Fail(
        `invalid type string '${text}';\nthis system doesn't provide a ${size}-byte ${letter === 'f' ? 'floating point' : 'integral'} type`,
      );
    const trailer = m[3] === 'z';
    if (letter === 'a') out.push({ size, width: 4, trailer, show: (v, i) => nameOf(v.getUint8(i) & 127) });
    else if (letter === 'c') out.push({ size, width: 4, trailer, show: (v, i) => character(v.getUint8(i)) });
    else if (letter === 'f')
      out.push({
        size,
        width: size === 4 ? 16 : 25,
        trailer,
        show: (v, i) => String(size === 4 ? v.getFloat32(i, true) : v.getFloat64(i, true)),
      });
    else {
      const base = letter === 'o' ? 8 : letter === 'x' ? 16 : 10;
      const digits = (2n ** BigInt(size * 8) - 1n).toString(base).length;
      const signed = letter === 'd';
      const width = base === 10 ? (signed ? (2n ** BigInt(size * 8 - 1)).toString().length + 1 : digits) : digits;
      out.push({
        size,
        width: width + 1,
        trailer,
        show: (v, i) => {
          const n = integer(v, i, size, signed).toString(base);
          return base === 10 ? n : n.padStart(digits, '0');
        },
      });
    }
  }
  return out;
}

const nameOf = (b: number): string => NAMES[b] ?? (b === 127 ? 'del' : String.fromCharCode(b));

const TRADITIONAL: Record<string, string> = {
  a: 'a',
  b: 'o1',
  c: 'c',
  d: 'u2',
  f: 'fF',
  i: 'dI',
  l: 'dL',
  o: 'o2',
  s: 'd2',
  x: 'x2',
};

function bytesOf(text: string, option: string): number {
  const m = /^(0x[0-9a-f]+|\d+)([bkKmMG]?)$/i.exec(text);
  if (!m) throw new Fail(`invalid -${option} argument '${text}'`);
  const unit = { '': 1, b: 512, k: 1024, K: 1024, m: 1024 ** 2, M: 1024 ** 2, G: 1024 ** 3 }[m[2]!]!;
  const n = m[1]!.startsWith('0') && !/^0x/i.test(m[1]!) ? parseInt(m[1]!, 8) : Number(m[1]);
  return n * unit;
}

/** od(1). */
export const od = tool({
  name: 'od',
  summary: 'dump files in octal and other formats',
  help: `[OPTION]... [FILE]...
Write an unambiguous representation, octal bytes by default, of FILE to standard output.

  -A, --address-radix=RADIX   radix of the offsets: d, o, x or n (none)
  -j, --skip-bytes=BYTES      skip BYTES input bytes first
  -N, --read-bytes=BYTES      dump at most BYTES input bytes
  -t, --format=TYPE           output format or formats: a c d[SIZE] f[SIZE] o[SIZE] u[SIZE] x[SIZE], with z the characters too
  -v, --output-duplicates     do not use * for repeated lines
  -w[BYTES], --width[=BYTES]  BYTES bytes a line, 32 when no number is given
  -a -b -c -d -i -l -o -s -x  short forms of -t a, o1, c, u2, dI, dL, o2, d2, x2
`,
  *run(t) {
    const { options, operands } = t.getopt('A:j:N:t:vw::abcdfilosxS:', [
      'address-radix:=A',
      'skip-bytes:=j',
      'read-bytes:=N',
      'format:=t',
      'output-duplicates=v',
      'width::=w',
      'traditional',
    ]);
    const list: Format[] = [];
    let radix = 'o';
    let skip = 0;
    let limit = Infinity;
    let all = false;
    let width = 0;
    for (const { name, arg } of options) {
      if (name === 'A') {
        if (!'doxn'.includes(arg![0]!))
          throw new Fail(`invalid output address radix '${arg!}'; it must be one character from [doxn]`);
        radix = arg![0]!;
      } else if (name === 'j') skip = bytesOf(arg!, 'j');
      else if (name === 'N') limit = bytesOf(arg!, 'N');
      else if (name === 't') list.push(...formats(arg!, (s) => t.q(s)));
      else if (name === 'v') all = true;
      else if (name === 'w') width = arg === undefined ? 32 : bytesOf(arg, 'w');
      else if (TRADITIONAL[name]) list.push(...formats(TRADITIONAL[name]));
      else throw new Fail(`not simulated in this course: --${name}`);
    }
    if (list.length === 0) list.push(...formats('o2'));
    const unit = Math.max(...list.map((f) => f.size));
    const perLine = width > 0 && width % unit === 0 ? width : Math.max(16 - (16 % unit), unit);
    const whole = yield* gather(t, operands, skip + limit);
    // Nothing could be opened: not even the final offset is shown.
    if (t.status !== 0 && whole.length === 0) return t.status;
    if (whole.length < skip) throw new Fail('cannot skip past end of combined input');
    const data = whole.subarray(skip, skip + limit);
    yield* dump(t, data, list, { radix, start: skip, perLine, all });
    return t.status;
  },
});

/** The bytes of all operands after each other, up to `limit`. */
export function* gather(t: Tool, operands: readonly string[], limit: number): Coroutine<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const name of operands.length > 0 ? operands : ['-']) {
    if (size >= limit) break;
    const fd = yield* t.open(name);
    if (fd === undefined) continue;
    try {
      while (size < limit) {
        const part = yield* t.sys.read(fd);
        if (part.length === 0) break;
        parts.push(part);
        size += part.length;
      }
    } catch (e) {
      yield* t.complainErrno(name, e);
    } finally {
      t.close(fd);
    }
  }
  return concat(parts);
}

function* dump(
  t: Tool,
  data: Uint8Array,
  list: readonly Format[],
  o: { radix: string; start: number; perLine: number; all: boolean },
): Coroutine<void> {
  const address = (n: number): string => {
    if (o.radix === 'n') return '';
    const base = o.radix === 'd' ? 10 : o.radix === 'x' ? 16 : 8;
    return n.toString(base).padStart(o.radix === 'x' ? 6 : 7, '0');
  };
  // A unit's columns are spread so that all formats line up.
  const unit = Math.max(...list.map((f) => f.size));
  const widest = Math.max(...list.map((f) => (f.width * unit) / f.size));
  let previous: Uint8Array | undefined;
  let starred = false;
  for (let at = 0; at < data.length; at += o.perLine) {
    yield* t.sys.work(2);
    const line = data.subarray(at, at + o.perLine);
    if (!o.all && previous && line.length === o.perLine && line.every((b, i) => b === previous![i])) {
      if (!starred) yield* t.out.write('*\n');
      starred = true;
      continue;
    }
    previous = line;
    starred = false;
    const padded = new Uint8Array(Math.ceil(line.length / unit) * unit + 8);
    padded.set(line);
    const view = new DataView(padded.buffer);
    for (const [k, f] of list.entries()) {
      let text = k === 0 ? address(o.start + at) : ' '.repeat(address(0).length);
      const fields = unit / f.size;
      const count = Math.ceil(line.length / f.size);
      const extra = widest - f.width * fields;
      for (let i = 0; i < count; i++) {
        const j = i % fields;
        // What is left over goes before the fields of a unit, spread evenly.
        const pad = Math.floor((extra * (fields - j)) / fields) - Math.floor((extra * (fields - j - 1)) / fields);
        text += f.show(view, i * f.size).padStart(f.width + pad);
      }
      if (f.trailer) {
        const missing = Math.floor(o.perLine / f.size) - count;
        text += `${' '.repeat((missing * widest * f.size) / unit)}  >${[...line].map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('')}<`;
      }
      yield* t.out.line(text);
    }
  }
  if (o.radix !== 'n') yield* t.out.line(address(o.start + data.length));
}
