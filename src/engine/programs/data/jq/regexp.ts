/** Regular expressions of jq: Oniguruma with the Perl_NT syntax, mapped onto those of JavaScript. */
import type { Json } from './value';
import { codepoints, described, JqError } from './value';

const POSIX: Record<string, string> = {
  alpha: '\\p{L}',
  digit: '\\d',
  alnum: '\\p{L}\\p{N}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '\\p{P}\\p{S}',
  blank: ' \\t',
  xdigit: '0-9a-fA-F',
  cntrl: '\\x00-\\x1f\\x7f',
  word: '\\w',
  print: '\\x20-\\x7e',
  graph: '\\x21-\\x7e',
};

/** A compiled expression. @throws JqError */
function compile(source: string, flags: string, re: Json): { regexp: RegExp; global: boolean; notEmpty: boolean } {
  let js = 'ud';
  let global = false;
  let extended = false;
  let notEmpty = false;
  for (const f of flags) {
    if (f === 'g') global = true;
    else if (f === 'i') js += js.includes('i') ? '' : 'i';
    else if (f === 'x') extended = true;
    else if (f === 'n') notEmpty = true;
    else if (f === 'p') js += js.includes('s') ? '' : 's';
    else if (f !== 's' && f !== 'l')
      throw new JqError(`${described(re)} is not a valid modifier string`.replace(described(re), flags));
  }
  try {
    return { regexp: new RegExp(translate(source, extended), js + 'g'), global, notEmpty };
  } catch (e) {
    throw new JqError(`Regex failure: ${reason(source, e instanceof Error ? e.message : '')}`);
  }
}

function reason(source: string, message: string): string {
  if (/Unterminated group/.test(message)) return 'end pattern with unmatched parenthesis';
  if (/Unmatched '\)'/.test(message)) return 'unmatched close parenthesis';
  if (/Unterminated character class/.test(message)) return 'premature end of char-class';
  if (/Nothing to repeat/.test(message)) return 'target of repeat operator is not specified';
  if (/\\ at end/.test(message)) return 'end pattern at escape';
  if (/Range out of order/.test(message)) return 'empty range in char class';
  return `invalid pattern in ${source}`;
}

function translate(source: string, extended: boolean): string {
  let out = '';
  let inClass = 0;
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if (c === '\\') {
      const n = source[++i];
      if (n === undefined) return out + '\\';
      if (n === 'h') out += inClass ? '0-9a-fA-F' : '[0-9a-fA-F]';
      else if (n === 'H') out += '[^0-9a-fA-F]';
      else if (n === 'A') out += '(?<![\\s\\S])';
      else if (n === 'z') out += '(?![\\s\\S])';
      else if (n === 'Z') out += '(?=\\n?(?![\\s\\S]))';
      else if (n === 'a') out += '\\x07';
      else if (n === 'e') out += '\\x1b';
      else if (/[a-zA-Z0-9]/.test(n) || '^$\\.*+?()[]{}|/'.includes(n)) out += '\\' + n;
      else if (n === '-' && inClass) out += '\\-';
      else out += n;
      continue;
    }
    if (inClass) {
      const posix = /^\[:(\^?)(\w+):\]/.exec(source.slice(i));
      if (posix && POSIX[posix[2]!]) {
        out += POSIX[posix[2]!]!;
        i += posix[0].length - 1;
        continue;
      }
      if (c === ']' && !out.endsWith('[') && !out.endsWith('[^')) inClass--;
      out += c === '[' || (c === ']' && inClass) ? '\\' + c : c;
      continue;
    }
    if (c === '[') inClass++;
    else if (c === '$') {
      // The end, or before a last newline.
      out += '(?=\\n?(?![\\s\\S]))';
      continue;
    } else if (extended && /\s/.test(c)) continue;
    else if (extended && c === '#') {
      while (i < source.length && source[i] !== '\n') i++;
      continue;
    } else if (
      (c === '{' && !/^\{\d*,?\d*\}/.test(source.slice(i))) ||
      (c === '}' && !/\{\d*,?\d*$/.test(out)) ||
      c === ']'
    ) {
      out += '\\' + c;
      continue;
    }
    out += c;
  }
  return out;
}

/** `_match_impl`: whether it matches with `test`, otherwise the list of match objects. @throws JqError */
export function match(input: Json, re: Json, flags: Json, test: boolean): Json {
  if (typeof input !== 'string') throw new JqError(`${described(input)} cannot be matched, as it is not a string`);
  if (typeof re !== 'string') throw new JqError(`${described(re)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== 'string') throw new JqError(`${described(flags)} is not a string`);
  const { regexp, global, notEmpty } = compile(re, flags ?? '', flags);
  const out: Json[] = [];
  let at = 0;
  for (;;) {
    regexp.lastIndex = at;
    const m = regexp.exec(input);
    if (!m || (notEmpty && m[0] === '')) break;
    if (test) return true;
    out.push(describe(input, m));
    if (!global) break;
    at = m[0] === '' ? m.index + 1 : m.index + m[0].length;
    if (at >= input.length) break;
  }
  return test ? false : out;
}

function describe(input: string, m: RegExpExecArray): Json {
  const offset = (i: number): number => codepoints(input.slice(0, i));
  const names = new Map<number, string>();
  const indices = m.indices!;
  const taken = new Set<string>();
  // Names belong to groups by order of writing; equal spans are told apart by that order too.
  const groupNames = groupNumbers(m);
  for (const [name, n] of groupNames) if (!taken.has(name)) names.set(n, name);
  const captures: Json[] = [];
  for (let k = 1; k < m.length; k++) {
    const span = indices[k];
    const text = m[k];
    captures.push(
      new Map<string, Json>([
        ['offset', span ? offset(span[0]) : -1],
        ...(span
          ? ([
              ['length', codepoints(text!)],
              ['string', text!],
            ] as [string, Json][])
          : ([
              ['string', null],
              ['length', 0],
            ] as [string, Json][])),
        ['name', names.get(k) ?? null],
      ]),
    );
  }
  return new Map<string, Json>([
    ['offset', offset(m.index)],
    ['length', codepoints(m[0])],
    ['string', m[0]],
    ['captures', captures],
  ]);
}

const numbers = new WeakMap<RegExpExecArray, [string, number][]>();

function groupNumbers(m: RegExpExecArray): [string, number][] {
  const known = numbers.get(m);
  if (known) return known;
  const out: [string, number][] = [];
  const { groups } = m;
  if (groups) {
    const spans = m.indices!.groups!;
    let from = 1;
    for (const name of Object.keys(groups)) {
      const want = spans[name];
      for (let k = from; k < m.length; k++) {
        const span = m.indices![k];
        if (want === span || (want && span && want[0] === span[0] && want[1] === span[1])) {
          out.push([name, k]);
          from = k + 1;
          break;
        }
      }
    }
  }
  numbers.set(m, out);
  return out;
}
