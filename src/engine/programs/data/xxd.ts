/** xxd(1) as vim brings it. */
import { getopt } from '../lib/getopt';
import { Fail, notSimulated, tool, UsageError } from '../lib/tool';
import { gather } from './od';

const hex = (n: number, width: number): string => n.toString(16).padStart(width, '0');
const printable = (b: number): string => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.');

/** xxd(1): hex dump, plain style, C source, and back again. */
export const xxd = tool({
  name: 'xxd',
  summary: 'make a hexdump or do the reverse',
  version: 'xxd 2022-01-14 by Juergen Weigert et al.',
  help: `[options] [infile [outfile]]
Make a hexdump of a file, or turn one back with -r.

  -a          a * for lines of zeros
  -b          binary digits instead of hex
  -c cols     octets a line: 16, with -i 12, with -p 30, with -b 6
  -C          with -i: names in capitals
  -e          little endian words
  -g bytes    octets a group: 2, with -b 1, with -e 4
  -i          the initialisation of an array in C
  -l len      stop after len octets
  -n name     with -i: name of the array
  -o off      added to the positions shown
  -p          plain: hex digits only
  -r          reverse: hexdump to binary
  -s seek     start at that octet; from the end when negative
  -u          upper case
`,
  *run(t) {
    // Long words with one dash, and abbreviations of them.
    const argv = t.argv.map((a, i) => (i > 0 && /^-(?:ps|plain|postscript)$/.test(a) ? '-p' : a));
    const { options, operands } = getopt(argv, 'abc:CeEg:hil:n:o:prs:uv', ['help=h', 'version=v']);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    if (has('v')) {
      yield* t.sys.eprint(`${t.spec.version}\n`);
      return 0;
    }
    if (has('h')) throw new UsageError();
    const value = (n: string): number | undefined => {
      const o = options.findLast((x) => x.name === n);
      return o ? Number(o.arg) : undefined;
    };
    if (has('E')) throw notSimulated('-E');
    const [input = '-', output] = operands;
    let skip = value('s') ?? 0;
    const whole = yield* gather(t, [input], skip < 0 || has('r') ? Infinity : skip + (value('l') ?? Infinity));
    if (t.status !== 0) return 2;
    if (skip < 0) skip = Math.max(0, whole.length + skip);
    const data = whole.subarray(skip, skip + (value('l') ?? Infinity));
    const result: (string | Uint8Array)[] = [];
    if (has('r')) result.push(reverse(has('s') ? whole : data, has('p')));
    else if (has('i'))
      result.push(
        cSource(data, input, {
          columns: value('c') ?? 12,
          capital: has('C'),
          upper: has('u'),
          name: options.findLast((o) => o.name === 'n')?.arg,
        }),
      );
    else {
      const rows = new Rows(skip + (value('o') ?? 0), {
        plain: has('p'),
        bits: has('b'),
        little: has('e'),
        upper: has('u'),
        skipZeros: has('a'),
        columns: value('c'),
        group: value('g'),
      });
      yield* t.sys.work(data.length >> 3);
      result.push(rows.of(data));
    }
    if (output === undefined || output === '-') for (const part of result) yield* t.out.write(part);
    else {
      const fd = yield* t.sys.open(output, { write: true, create: true, truncate: !has('r') });
      for (const part of result)
        yield* t.sys.write(fd, typeof part === 'string' ? new TextEncoder().encode(part) : part);
      t.sys.close(fd);
    }
    return t.status;
  },
});

interface RowStyle {
  readonly plain: boolean;
  readonly bits: boolean;
  readonly little: boolean;
  readonly upper: boolean;
  readonly skipZeros: boolean;
  readonly columns: number | undefined;
  readonly group: number | undefined;
}

class Rows {
  private readonly columns: number;
  private readonly group: number;

  constructor(
    private readonly from: number,
    private readonly style: RowStyle,
  ) {
    this.columns = style.columns || (style.plain ? 30 : style.bits ? 6 : 16);
    this.group = (style.group ?? (style.bits ? 1 : style.little ? 4 : 2)) || this.columns;
    if (style.little && (this.group & (this.group - 1)) !== 0)
      throw new Fail('number of octets per group must be a power of 2 with -e.');
  }

  of(data: Uint8Array): string {
    let out = '';
    let zeros = 0;
    let second = '';
    for (let at = 0; at < data.length; at += this.columns) {
      const octets = data.subarray(at, at + this.columns);
      const line = this.line(octets, at);
      if (!this.style.skipZeros || this.style.plain) {
        out += line;
        continue;
      }
      // One line of zeros is shown, more of them as a star; the last line of all is always shown.
      const last = at + this.columns >= data.length;
      const zero = octets.every((b) => b === 0);
      if (zero && !last) {
        if (zeros === 0) out += line;
        else if (zeros === 1) second = line;
        zeros++;
        continue;
      }
      if (zeros === 2) out += second;
      else if (zeros > 2) out += '*\n';
      out += line;
      zeros = 0;
    }
    return out;
  }

  private line(octets: Uint8Array, at: number): string {
    const { bits, upper, plain, little } = this.style;
    const show = (b: number): string =>
      bits ? b.toString(2).padStart(8, '0') : upper ? hex(b, 2).toUpperCase() : hex(b, 2);
    if (plain) return `${Array.from(octets, show).join('')}\n`;
    const blank = ' '.repeat(bits ? 8 : 2);
    let text = '';
    for (let g = 0; g < this.columns; g += this.group) {
      const cells: string[] = [];
      for (let i = g; i < Math.min(g + this.group, little ? g + this.group : this.columns); i++)
        cells.push(i < octets.length ? show(octets[i]!) : blank);
      text += ` ${(little ? cells.reverse() : cells).join('')}`;
    }
    return `${hex(this.from + at, 8)}:${text}  ${Array.from(octets, printable).join('')}\n`;
  }
}

function cSource(
  data: Uint8Array,
  file: string,
  o: { columns: number; capital: boolean; upper: boolean; name: string | undefined },
): string {
  let out = '';
  for (let at = 0; at < data.length; at += o.columns) {
    const cells = Array.from(data.subarray(at, at + o.columns), (b) =>
      o.upper ? `0X${hex(b, 2).toUpperCase()}` : `0x${hex(b, 2)}`,
    );
    out += `${at === 0 ? '' : ',\n'}  ${cells.join(', ')}`;
  }
  if (out !== '') out += '\n';
  if (file === '-' && o.name === undefined) return out;
  let name = (o.name ?? file).replace(/[^A-Za-z0-9]/g, '_');
  if (/^\d/.test(name)) name = `__${name}`;
  if (o.capital) name = name.toUpperCase();
  return `unsigned char ${name}[] = {\n${out}};\nunsigned int ${name}_${o.capital ? 'LEN' : 'len'} = ${data.length};\n`;
}

function reverse(data: Uint8Array, plain: boolean): Uint8Array {
  const text = Array.from(data, (b) => String.fromCharCode(b)).join('');
  const out: number[] = [];
  if (plain) {
    const digits = text.replace(/[^0-9a-fA-F]/g, '');
    for (let i = 0; i + 1 < digits.length; i += 2) out.push(parseInt(digits.slice(i, i + 2), 16));
    return Uint8Array.from(out);
  }
  for (const line of text.split('\n')) {
    const m = /^([0-9a-fA-F]+):\s?(.*)$/.exec(line);
    if (!m) continue;
    const at = parseInt(m[1]!, 16);
    while (out.length < at) out.push(0);
    let i = at;
    // Two spaces end the digits.
    for (const pair of (m[2]!.split('  ')[0] ?? '').replace(/ /g, '').match(/[0-9a-fA-F]{2}/g) ?? [])
      out[i++] = parseInt(pair, 16);
  }
  return Uint8Array.from(out);
}
