/** printf(3) for the printf utilities and awk, and sizes for humans. */
import { byteLength } from './text';

/** One conversion of a format. */
export interface Conversion {
  readonly flags: string;
  readonly width: number;
  /** Undefined when none was given. */
  readonly precision: number | undefined;
  readonly conv: string;
}

/** Formats an integer for `d i u o x X`. */
export function formatInteger(spec: Conversion, value: bigint): string {
  const { conv, flags, precision } = spec;
  let v = value;
  let sign = '';
  if (conv === 'd' || conv === 'i') {
    if (v < 0n) {
      sign = '-';
      v = -v;
    } else if (flags.includes('+')) sign = '+';
    else if (flags.includes(' ')) sign = ' ';
  } else v = BigInt.asUintN(64, v);
  let digits = conv === 'o' ? v.toString(8) : conv === 'x' || conv === 'X' ? v.toString(16) : v.toString();
  if (conv === 'X') digits = digits.toUpperCase();
  if (precision !== undefined) digits = precision === 0 && v === 0n ? '' : digits.padStart(precision, '0');
  if (flags.includes('#') && v !== 0n) {
    if (conv === 'o' && !digits.startsWith('0')) digits = `0${digits}`;
    if (conv === 'x' || conv === 'X') sign = `0${conv}`;
  }
  return padNumber(spec, sign, digits, precision === undefined);
}

/** Formats a floating point number for `e E f F g G a A`; a `long` double has four bits before its hexadecimal point. */
export function formatFloat(spec: Conversion, value: number, long = false): string {
  const { conv, flags } = spec;
  const lower = conv.toLowerCase();
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const v = Math.abs(value);
  let body: string;
  if (Number.isNaN(v)) body = 'nan';
  else if (v === Infinity) body = 'inf';
  else {
    const precision = Math.min(spec.precision ?? 6, 100);
    if (lower === 'f') body = fixed(v, precision);
    else if (lower === 'e') body = exponent(v, precision);
    else if (lower === 'a') body = hexFloat(v, long);
    else {
      const p = precision === 0 ? 1 : precision;
      const x = v === 0 ? 0 : Number(v.toExponential(p - 1).split('e')[1]);
      body = x < -4 || x >= p ? exponent(v, p - 1) : fixed(v, p - 1 - x);
      if (!flags.includes('#') && body.includes('.')) body = body.replace(/\.?0+(?=e|$)/, '');
    }
    if (flags.includes('#') && !body.includes('.')) body = body.replace(/(?=e|$)/, '.');
  }
  if (conv !== lower) body = body.toUpperCase();
  return padNumber(spec, sign, body, Number.isFinite(v));
}

/** Pads a string for `s` and `c`; the precision cuts. */
export function formatString(spec: Conversion, text: string): string {
  const cut = spec.precision === undefined ? text : [...text].slice(0, spec.precision).join('');
  const missing = spec.width - [...cut].length;
  if (missing <= 0) return cut;
  return spec.flags.includes('-') ? cut + ' '.repeat(missing) : ' '.repeat(missing) + cut;
}

function padNumber(spec: Conversion, sign: string, digits: string, zeros: boolean): string {
  const missing = spec.width - sign.length - digits.length;
  if (missing <= 0) return sign + digits;
  if (spec.flags.includes('-')) return sign + digits + ' '.repeat(missing);
  if (zeros && spec.flags.includes('0')) return sign + '0'.repeat(missing) + digits;
  return ' '.repeat(missing) + sign + digits;
}

/** `v` with `precision` decimals, ties to even as glibc rounds (the host's toFixed rounds them up). */
function fixed(v: number, precision: number): string {
  if (v >= 1e21) return BigInt(v).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
  const exact = v.toFixed(Math.min(100, precision + 30));
  const digits = exact.slice(exact.indexOf('.') + 1);
  if (digits[precision] === '5' && /^0*$/.test(digits.slice(precision + 1))) {
    const kept = exact.slice(0, exact.indexOf('.') + 1 + precision).replace(/\.$/, '');
    const last = Number(kept.at(-1));
    if (last % 2 === 0) return kept;
  }
  return v.toFixed(precision);
}

function exponent(v: number, precision: number): string {
  const [mantissa, exp] = v.toExponential(precision).split('e') as [string, string];
  const n = Number(exp);
  return `${mantissa}e${n < 0 ? '-' : '+'}${String(Math.abs(n)).padStart(2, '0')}`;
}

function hexFloat(v: number, long: boolean): string {
  if (v === 0) return '0x0p+0';
  let exp = Math.floor(Math.log2(v));
  let m = v / 2 ** exp;
  if (m >= 2) {
    m /= 2;
    exp++;
  }
  if (long) {
    m *= 8;
    exp -= 3;
  }
  let digits = '';
  let rest = m - Math.floor(m);
  while (rest > 0 && digits.length < 15) {
    rest *= 16;
    digits += Math.floor(rest).toString(16);
    rest -= Math.floor(rest);
  }
  return `0x${Math.floor(m).toString(16)}${digits ? `.${digits}` : ''}p${exp < 0 ? '-' : '+'}${Math.abs(exp)}`;
}

const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/**
 * Replaces backslash sequences.
 * @param kind `format`: printf's first argument; `b`: an argument of %b; `echo`: echo -e.
 * @returns the text and whether `\c` ended it.
 */
export function unescape(text: string, kind: 'format' | 'b' | 'echo'): { text: string; stop: boolean } {
  if (!text.includes('\\')) return { text, stop: false };
  let out = '';
  const bytes = (...codes: number[]): void => {
    for (const c of codes) out += c < 0x80 ? String.fromCharCode(c) : String.fromCharCode(0xdc00 + c);
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c !== '\\' || i + 1 >= text.length) {
      out += c;
      continue;
    }
    const next = text[++i]!;
    if (next === 'c') return { text: joinBytes(out), stop: true };
    if (next === '"' && kind !== 'echo') {
      out += '"';
      continue;
    }
    const simple = SIMPLE[next];
    if (simple !== undefined) {
      out += simple;
      continue;
    }
    const rest = text.slice(i);
    let m = kind === 'format' ? null : /^0[0-7]{0,3}/.exec(rest);
    if (kind !== 'echo') m ??= /^[0-7]{1,3}/.exec(rest);
    if (m) {
      bytes(parseInt(m[0], 8) & 0xff);
      i += m[0].length - 1;
    } else if ((m = /^x([0-9a-fA-F]{1,2})/.exec(rest))) {
      bytes(parseInt(m[1]!, 16));
      i += m[0].length - 1;
    } else if ((m = /^(?:u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest))) {
      const code = parseInt((m[1] ?? m[2])!, 16);
      out += code <= 0x10ffff ? String.fromCodePoint(code) : '';
      i += m[0].length - 1;
    } else out += `\\${next}`;
  }
  return { text: joinBytes(out), stop: false };
}

/** Escaped bytes that together are UTF-8 become the characters they encode. */
function joinBytes(text: string): string {
  return text.replace(/[\udc80-\udcff]{2,4}/g, (run) => {
    try {
      return decodeURIComponent([...run].map((c) => `%${(c.charCodeAt(0) - 0xdc00).toString(16)}`).join(''));
    } catch {
      return run;
    }
  });
}

/** What went wrong with one argument of printf. */
export interface PrintfProblem {
  /** `number`: not a number at all; `partial`: a number followed by something else; `range`; `directive`: a bad conversion. */
  readonly kind: 'number' | 'partial' | 'range' | 'directive';
  /** The argument, or the conversion. */
  readonly text: string;
}

/** What `printf` made. */
export interface PrintfResult {
  readonly text: string;
  readonly problems: readonly PrintfProblem[];
}

/** Conversions that the shell adds to those of printf(1). */
export interface PrintfOptions {
  /** bash: `\c` in the format is nothing special, and it knows `%Q`. */
  readonly bash?: boolean;
  /** For `%q`. */
  readonly quote?: (text: string) => string;
  /** For bash's `%(format)T`; `seconds` is undefined for "now". */
  readonly time?: (format: string, seconds: number | undefined) => string;
}

/** printf(1): the format is used again while arguments are left. */
export function printf(format: string, args: readonly string[], options: PrintfOptions = {}): PrintfResult {
  const problems: PrintfProblem[] = [];
  let out = '';
  let next = 0;
  const take = (): string | undefined => args[next++];
  const integer = (text: string | undefined, signed = true): bigint => {
    const { value, rest } = parseInteger(text ?? '');
    if (text !== undefined && rest !== '') problems.push({ kind: rest === text ? 'number' : 'partial', text });
    const most = signed ? 0x7fffffffffffffffn : 0xffffffffffffffffn;
    const least = signed ? -0x8000000000000000n : -most;
    if (value >= least && value <= most) return value;
    problems.push({ kind: 'range', text: text! });
    return value < 0n && signed ? least : most;
  };
  do {
    const before = next;
    for (let i = 0; i < format.length;) {
      const c = format[i]!;
      if (c === '\\') {
        const m =
          /^\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[^])(?:\\(?:[0-7]{3}|x[0-9a-fA-F]{2}))*/.exec(
            format.slice(i),
          );
        const piece = m ? m[0] : '\\';
        if (options.bash && piece === '\\c') {
          out += piece;
          i += piece.length;
          continue;
        }
        const { text, stop } = unescape(piece, 'format');
        out += text;
        if (stop) return { text: out, problems };
        i += piece.length;
        continue;
      }
      if (c !== '%') {
        out += c;
        i++;
        continue;
      }
      const m = /^%([-+ #0']*)(\*|-?\d+)?(?:\.(\*|-?\d*))?(?:hh|h|ll|l|L|j|z|t)?(?:\(([^)]*)\)(T)|([^]))?/.exec(
        format.slice(i),
      )!;
      i += m[0].length;
      const conv = m[5] ?? m[6];
      if (conv === '%') {
        out += '%';
        continue;
      }
      let flags = m[1]!;
      let width = m[2] === '*' ? Number(integer(take())) : Number(m[2] ?? 0);
      if (width < 0) {
        flags += '-';
        width = -width;
      }
      let precision = m[3] === undefined ? undefined : m[3] === '*' ? Number(integer(take())) : Number(m[3] || 0);
      if (precision !== undefined && precision < 0) precision = undefined;
      const spec: Conversion = { flags, width, precision, conv: conv ?? '' };
      switch (conv) {
        case 's':
          out += formatString(spec, take() ?? '');
          break;
        case 'c': {
          const text = take() ?? '';
          out += formatString({ ...spec, precision: undefined }, [...text][0] ?? '');
          break;
        }
        case 'b': {
          const { text, stop } = unescape(take() ?? '', 'b');
          out += formatString(spec, text);
          if (stop) return { text: out, problems };
          break;
        }
        case 'Q':
          if (options.bash && options.quote) {
            const text = formatString({ ...spec, width: 0 }, take() ?? '');
            out += formatString({ ...spec, precision: undefined }, options.quote(text));
            break;
          }
          problems.push({ kind: 'directive', text: m[0] });
          return { text: out, problems };
        case 'q':
          out += formatString(spec, (options.quote ?? ((t: string) => t))(take() ?? ''));
          break;
        case 'd':
        case 'i':
        case 'u':
        case 'o':
        case 'x':
        case 'X':
          out += formatInteger(spec, integer(take(), conv === 'd' || conv === 'i'));
          break;
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
        case 'a':
        case 'A': {
          const text = take();
          const { value, rest } = parseFloatPrefix(text ?? '0');
          if (text !== undefined && rest !== '') problems.push({ kind: rest === text ? 'number' : 'partial', text });
          out += formatFloat(spec, value, true);
          break;
        }
        case 'T':
          if (m[4] !== undefined && options.time) {
            const arg = take();
            const seconds = arg === undefined ? undefined : Number(integer(arg));
            out += formatString(
              spec,
              options.time(m[4] || '%H:%M:%S', seconds === -1 || seconds === -2 ? undefined : seconds),
            );
            break;
          }
          problems.push({ kind: 'directive', text: m[0] });
          return { text: out, problems };
        default:
          problems.push({ kind: 'directive', text: m[0] });
          return { text: out, problems };
      }
    }
    if (next === before) break;
  } while (next < args.length);
  return { text: out, problems };
}

/** strtoimax(3) with base 0, and the code of a character after a quote. `rest` is what could not be read. */
export function parseInteger(text: string): { value: bigint; rest: string } {
  if (text === '') return { value: 0n, rest: '' };
  if ((text[0] === "'" || text[0] === '"') && text.length > 1) return { value: BigInt(text.codePointAt(1)!), rest: '' };
  const m = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(text);
  if (!m) return { value: 0n, rest: text };
  const digits = m[2]!;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return { value: m[1] === '-' ? -value : value, rest: text.slice(m[0].length) };
}

/** strtod(3): `rest` is what could not be read. */
export function parseFloatPrefix(text: string): { value: number; rest: string } {
  if ((text[0] === "'" || text[0] === '"') && text.length > 1) return { value: text.codePointAt(1)!, rest: '' };
  const hex = /^\s*([-+]?)(0[xX][0-9a-fA-F]+)/.exec(text);
  if (hex) return { value: Number(hex[2]) * (hex[1] === '-' ? -1 : 1), rest: text.slice(hex[0].length) };
  const m = /^\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)/i.exec(text);
  if (!m) return { value: 0, rest: text };
  const word = m[0].trim().toLowerCase();
  const value = word.includes('inf')
    ? word[0] === '-'
      ? -Infinity
      : Infinity
    : word.includes('nan')
      ? NaN
      : Number(word);
  return { value, rest: text.slice(m[0].length) };
}

/** A size as `ls -h`, `df -h` and `du -h` print it: at most three digits, rounded up, suffixes K M G T P E. */
export function humanSize(bytes: number, base: 1000 | 1024 = 1024): string {
  const units = base === 1000 ? ['', 'k', 'M', 'G', 'T', 'P', 'E'] : ['', 'K', 'M', 'G', 'T', 'P', 'E'];
  let v = bytes;
  let u = 0;
  while (v >= base && u < units.length - 1) {
    v /= base;
    u++;
  }
  if (u === 0) return String(Math.ceil(v));
  let text = v < 10 ? (Math.ceil(v * 10 - 1e-9) / 10).toFixed(1) : String(Math.ceil(v - 1e-9));
  if (text === '10.0') text = '10';
  if (Number(text) >= base && u < units.length - 1) {
    text = '1.0';
    u++;
  }
  return text + units[u]!;
}

/** Multiplier of a GNU size suffix (`K`, `MB`, `GiB`, `b`), or undefined. */
export function sizeSuffix(suffix: string): number | undefined {
  if (suffix === '') return 1;
  if (suffix === 'b') return 512;
  const m = /^([kKMGTPEZY])(iB|B)?$/.exec(suffix);
  if (!m) return suffix === 'c' ? 1 : suffix === 'w' ? 2 : undefined;
  const power = 'KMGTPEZY'.indexOf(m[1]!.toUpperCase()) + 1;
  return (m[2] === 'B' ? 1000 : 1024) ** power;
}

/** Reads `10`, `2K`, `1MB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const m = /^\s*\+?(\d+)([a-zA-Z]*)$/.exec(text);
  if (!m) return undefined;
  const factor = sizeSuffix(m[2]!);
  return factor === undefined ? undefined : Number(m[1]) * factor;
}

/** Pads `text` on the right to `bytes` bytes. */
export function padBytes(text: string, bytes: number): string {
  return text + ' '.repeat(Math.max(0, bytes - byteLength(text)));
}
