/** The format strings of hexdump -e. */
import { formatFloat, formatInteger, formatString } from '../lib/format';
import type { Conversion } from '../lib/format';
import { Fail } from '../lib/tool';

/** `iterations/bytes "format"`. */
interface Unit {
  readonly iterations: number;
  readonly bytes: number;
  readonly pieces: readonly Piece[];
  readonly counted: boolean;
}

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'address'; readonly radix: 8 | 10 | 16; readonly spec: Conversion; readonly atEnd: boolean }
  | { readonly kind: 'value'; readonly size: number; readonly type: string; readonly spec: Conversion };

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '0': '\0',
}; // prettier-ignore

const NAMES = [
  'nul', 'soh', 'stx', 'etx', 'eot', 'enq', 'ack', 'bel', 'bs', 'ht', 'lf', 'vt', 'ff', 'cr', 'so', 'si', 'dle', 'dc1', 'dc2', 'dc3',
  'dc4', 'nak', 'syn', 'etb', 'can', 'em', 'sub', 'esc', 'fs', 'gs', 'rs', 'us',
]; // prettier-ignore

/** One -e: what is printed for each block of input. */
export class HexdumpFormat {
  private readonly units: readonly Unit[];

  /** @throws Fail for a string that is no format */
  constructor(text: string) {
    const units: Unit[] = [];
    let rest = text.trim();
    while (rest !== '') {
      const m = /^(?:(\d+)?(?:\/(\d+))?\s*)"((?:\\[^]|[^"\\])*)"\s*/.exec(rest);
      if (!m) throw new Fail(`bad format {${text}}`);
      rest = rest.slice(m[0].length);
      const given = m[2] === undefined ? undefined : Number(m[2]);
      const pieces = parsePieces(m[3]!, given);
      const taken = pieces.reduce((n, p) => n + (p.kind === 'value' ? p.size : 0), 0);
      units.push({
        iterations: m[1] === undefined ? 1 : Number(m[1]),
        bytes: taken,
        pieces,
        counted: m[1] !== undefined,
      });
    }
    this.units = units;
  }

  /** Bytes that one pass over the format takes. */
  get bytes(): number {
    return this.units.reduce((n, u) => n + u.iterations * u.bytes, 0);
  }

  /**
   * @param block as many bytes as the longest format takes; fewer at the end of the input.
   * @param size the length of a whole block: the last unit without a count is repeated to fill it.
   */
  show(block: Uint8Array, address: number, size: number, end: number): string {
    let out = '';
    let at = 0;
    this.units.forEach((unit, n) => {
      let { iterations } = unit;
      if (n === this.units.length - 1 && !unit.counted && unit.bytes > 0 && this.bytes < size)
        iterations += Math.floor((size - this.bytes) / unit.bytes);
      for (let i = 0; i < iterations; i++) {
        // White space after the last value of a repeated unit is not printed.
        const last = iterations > 1 && i === iterations - 1;
        unit.pieces.forEach((piece, k) => {
          if (piece.kind === 'text') {
            const trailing = last && k === unit.pieces.length - 1;
            out += trailing ? piece.text.trimEnd() : piece.text;
          } else if (piece.kind === 'address') {
            const value = piece.atEnd ? end : address + at;
            if (!piece.atEnd)
              out += formatInteger({ ...piece.spec, conv: { 8: 'o', 10: 'd', 16: 'x' }[piece.radix] }, BigInt(value));
          } else {
            out +=
              at < block.length ? valueText(piece, block.subarray(at, at + piece.size)) : ' '.repeat(piece.spec.width);
            at += piece.size;
          }
        });
      }
    });
    return out;
  }
}

function parsePieces(format: string, given: number | undefined): Piece[] {
  const pieces: Piece[] = [];
  const text = (s: string): void => {
    const before = pieces.at(-1);
    if (before?.kind === 'text') pieces[pieces.length - 1] = { kind: 'text', text: before.text + s };
    else pieces.push({ kind: 'text', text: s });
  };
  for (let i = 0; i < format.length;) {
    if (format[i] === '\\') {
      text(ESCAPES[format[i + 1]!] ?? format[i + 1] ?? '');
      i += 2;
      continue;
    }
    const m = /^%(?:%|([-+ #0]*)(\d*)(?:\.(\d+))?(_[aA][dox]|_[cpu]|[diouxXcseEfgG]))/.exec(format.slice(i));
    if (!m) {
      if (format[i] === '%') throw new Fail(`bad conversion character %${format[i + 1] ?? ''}`);
      text(format[i++]!);
      continue;
    }
    i += m[0].length;
    const conv = m[4];
    if (conv === undefined) {
      text('%');
      continue;
    }
    const precision = m[3] === undefined ? undefined : Number(m[3]);
    const spec: Conversion = { flags: m[1]!, width: Number(m[2]), precision, conv };
    if (/^_[aA]/.test(conv)) {
      pieces.push({
        kind: 'address',
        radix: ({ d: 10, o: 8, x: 16 } as const)[conv[2] as 'd'],
        spec,
        atEnd: conv[1] === 'A',
      });
      continue;
    }
    const size = /^(?:c|_[cpu])$/.test(conv)
      ? 1
      : conv === 's'
        ? (precision ?? given ?? 1)
        : (given ?? (/[eEfgG]/.test(conv) ? 8 : 4));
    if (/[diouxX]/.test(conv) && ![1, 2, 4, 8].includes(size))
      throw new Fail(`bad byte count for conversion character ${conv}`);
    pieces.push({ kind: 'value', size, type: conv, spec });
  }
  return pieces;
}

function valueText(piece: Extract<Piece, { kind: 'value' }>, bytes: Uint8Array): string {
  const { type, spec, size } = piece;
  const [first = 0] = bytes;
  const printable = first >= 32 && first < 127 ? String.fromCharCode(first) : undefined;
  const string = (s: string): string => formatString({ ...spec, precision: undefined, conv: 's' }, s);
  switch (type) {
    case 'c':
      return string(String.fromCharCode(first));
    case '_p':
      return string(printable ?? '.');
    case '_c': {
      const escape = Object.entries(ESCAPES).find(([, c]) => c.charCodeAt(0) === first)?.[0];
      return string(escape ? `\\${escape}` : (printable ?? first.toString(8).padStart(3, '0')));
    }
    case '_u':
      return string(NAMES[first] ?? (first === 127 ? 'del' : (printable ?? first.toString(16))));
    case 's':
      return string(
        Array.from(bytes, (b) => String.fromCharCode(b))
          .join('')
          .replace(/\0[^]*$/, ''),
      );
    default: {
      const whole = new Uint8Array(8);
      whole.set(bytes);
      const view = new DataView(whole.buffer);
      if (/[eEfgG]/.test(type))
        return formatFloat({ ...spec, conv: type }, size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true));
      const raw = BigInt.asUintN(size * 8, view.getBigUint64(0, true));
      return formatInteger({ ...spec, conv: type }, type === 'd' || type === 'i' ? BigInt.asIntN(size * 8, raw) : raw);
    }
  }
}
