/** hexdump and strings: bytes made readable. */
import type { Coroutine } from '../../core';
import type { Tool } from '../lib/tool';
import { Fail, notSimulated, tool } from '../lib/tool';
import { HexdumpFormat } from './hexdump-format';
import { gather } from './od';

const hex = (n: number, width: number): string => n.toString(16).padStart(width, '0');
const printable = (b: number): string => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.');

function size(text: string, option: string): number {
  const m = /^(0x[0-9a-f]+|\d+)([bkKmM]?)$/i.exec(text);
  if (!m) throw new Fail(`${text}: bad ${option} value`);
  return Number(m[1]) * { '': 1, b: 512, k: 1024, K: 1024, m: 1024 ** 2, M: 1024 ** 2 }[m[2]!]!;
}

/** hexdump(1) of bsdextrautils 2.38: the default two-byte words, -C, -b, -c, -d, -o, -x. */
export const hexdump = tool({
  name: 'hexdump',
  summary: 'display file contents in hexadecimal, decimal, octal, or ascii',
  version: 'util-linux 2.38.1',
  links: ['/usr/bin/hd'],
  help: `[options] <file>...
Display file contents in hexadecimal, decimal, octal, or ascii.

  -b, --one-byte-octal     one-byte octal display
  -c, --one-byte-char      one-byte character display
  -C, --canonical          canonical hex+ASCII display
  -d, --two-bytes-decimal  two-byte decimal display
  -o, --two-bytes-octal    two-byte octal display
  -x, --two-bytes-hex      two-byte hexadecimal display
  -e, --format <format>    format string: [iterations/bytes] "%..."
  -n, --length <length>    interpret only length bytes of input
  -s, --skip <offset>      skip offset bytes from the beginning
  -v, --no-squeezing       output identical lines
`,
  *run(t) {
    const { options, operands } = t.getopt('bcCdoxn:s:ve:f:L::', [
      'one-byte-octal=b',
      'one-byte-char=c',
      'canonical=C',
      'two-bytes-decimal=d',
      'two-bytes-octal=o',
      'two-bytes-hex=x',
      'format:=e',
      'length:=n',
      'skip:=s',
      'no-squeezing=v',
    ]);
    const formats: HexdumpFormat[] = [];
    let style = t.name.endsWith('hd') ? 'C' : '';
    let skip = 0;
    let limit = Infinity;
    let all = false;
    for (const { name, arg } of options) {
      if (name === 'n') limit = size(arg!, 'length');
      else if (name === 's') skip = size(arg!, 'offset');
      else if (name === 'v') all = true;
      else if (name === 'e') formats.push(new HexdumpFormat(arg!));
      else if (name === 'f' || name === 'L') throw notSimulated(`-${name}`);
      else style = name;
    }
    const whole = yield* gather(t, operands, skip + limit);
    if (skip > whole.length) skip = whole.length;
    const data = whole.subarray(skip, skip + limit);
    if (operands.length > 0 && t.status !== 0 && whole.length === 0) {
      yield* t.warn('all input file arguments failed');
      return 1;
    }
    if (formats.length > 0) return yield* formatted(t, formats, data, skip, all);
    const width = style === 'C' ? 8 : 7;
    let previous: Uint8Array | undefined;
    let starred = false;
    for (let at = 0; at < data.length; at += 16) {
      yield* t.sys.work(2);
      const line = data.subarray(at, at + 16);
      if (!all && previous && line.length === 16 && line.every((b, i) => b === previous![i])) {
        if (!starred) yield* t.out.write('*\n');
        starred = true;
        continue;
      }
      previous = line;
      starred = false;
      yield* t.out.line(hex(skip + at, width) + hexdumpLine(line, style));
    }
    if (whole.length > 0) yield* t.out.line(hex(skip + data.length, width));
    return t.status;
  },
});

function* formatted(
  t: Tool,
  formats: readonly HexdumpFormat[],
  data: Uint8Array,
  skip: number,
  all: boolean,
): Coroutine<number> {
  const size = Math.max(...formats.map((f) => f.bytes));
  if (size === 0) return t.status;
  let previous: Uint8Array | undefined;
  let starred = false;
  for (let at = 0; at < data.length; at += size) {
    yield* t.sys.work(2);
    const block = data.subarray(at, at + size);
    if (!all && previous && block.length === size && block.every((b, i) => b === previous![i])) {
      if (!starred) yield* t.out.write('*\n');
      starred = true;
      continue;
    }
    previous = block;
    starred = false;
    for (const f of formats) yield* t.out.write(f.show(block, skip + at, size, skip + data.length));
  }
  return t.status;
}

function hexdumpLine(line: Uint8Array, style: string): string {
  if (style === 'C') {
    let text = ' ';
    for (let i = 0; i < 16; i++) text += (i === 8 ? '  ' : ' ') + (i < line.length ? hex(line[i]!, 2) : '  ');
    return `${text}  |${[...line].map(printable).join('')}|`;
  }
  if (style === 'b' || style === 'c') {
    const escapes: Record<number, string> = {
      0: '\\0',
      7: '\\a',
      8: '\\b',
      9: '\\t',
      10: '\\n',
      11: '\\v',
      12: '\\f',
      13: '\\r',
    };
    const show = (b: number): string =>
      style === 'b'
        ? ` ${b.toString(8).padStart(3, '0')}`
        : (escapes[b] ?? (b >= 32 && b < 127 ? String.fromCharCode(b) : b.toString(8).padStart(3, '0'))).padStart(4);
    return [...line].map(show).join('').padEnd(64);
  }
  const words: string[] = [];
  for (let i = 0; i < line.length; i += 2) {
    const n = line[i]! | ((line[i + 1] ?? 0) << 8);
    if (style === 'd') words.push(`   ${String(n).padStart(5, '0')}`);
    else if (style === 'o') words.push(`  ${n.toString(8).padStart(6, '0')}`);
    else if (style === 'x') words.push(`    ${hex(n, 4)}`);
    else words.push(` ${hex(n, 4)}`);
  }
  return words.join('').padEnd(style === '' ? 40 : 64);
}

/** strings(1) of binutils. */
export const strings = tool({
  name: 'strings',
  summary: 'print the sequences of printable characters in files',
  version: 'GNU Binutils for Debian 2.40',
  help: `[option(s)] [file(s)]
Display printable strings in [file(s)] (stdin by default).

  -a, --all               scan the entire file (the default)
  -f, --print-file-name   the file's name before each string
  -n, --bytes=<number>    strings of at least number characters, 4 by default
  -t, --radix={o,d,x}     the offset before each string
`,
  *run(t) {
    const { options, operands } = t.getopt('afn:t:o', ['all=a', 'print-file-name=f', 'bytes:=n', 'radix:=t']);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const least = Number(get('n') ?? 4);
    const radix = options.some((o) => o.name === 'o') ? 'o' : get('t');
    for (const name of operands.length > 0 ? operands : ['-']) {
      const data = yield* gather(t, [name], Infinity);
      const prefix = options.some((o) => o.name === 'f') ? `${name === '-' ? '{standard input}' : name}: ` : '';
      yield* runs(
        t,
        data,
        least,
        (at) =>
          prefix +
          (radix === undefined ? '' : `${at.toString(radix === 'x' ? 16 : radix === 'd' ? 10 : 8).padStart(7)} `),
      );
    }
    return t.status;
  },
});

function* runs(t: Tool, data: Uint8Array, least: number, prefix: (at: number) => string): Coroutine<void> {
  let start = -1;
  for (let i = 0; i <= data.length; i++) {
    if ((i & 1023) === 0) yield* t.sys.work(8);
    const b = data[i];
    if (b !== undefined && ((b >= 32 && b < 127) || b === 9)) {
      if (start < 0) start = i;
      continue;
    }
    if (start >= 0 && i - start >= least)
      yield* t.out.line(prefix(start) + String.fromCharCode(...data.subarray(start, i)));
    start = -1;
  }
}
