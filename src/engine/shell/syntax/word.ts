import { decodeAnsi } from '../expansion/ansi';
import { substitutionEnd } from './parser';

/** One piece of a word, before expansion. */
export type Part =
  | { readonly t: 'lit'; readonly s: string; readonly q: boolean }
  | { readonly t: 'dq'; readonly parts: readonly Part[] }
  | { readonly t: 'param'; readonly p: Param }
  | { readonly t: 'cmd'; readonly text: string; readonly raw: boolean }
  | { readonly t: 'arith'; readonly text: string }
  | { readonly t: 'proc'; readonly dir: '<' | '>'; readonly text: string };

/** A parameter expansion. */
export interface Param {
  /** Variable name, digits, or one of `@ * # ? - $ !`. */
  readonly name: string;
  /** Source of the subscript, without brackets. */
  readonly index?: string;
  /** `#`: length; `!`: indirect; `keys`: `${!a[@]}`; `names`: `${!p*}`. */
  readonly prefix?: '#' | '!' | 'keys' | 'names';
  readonly op?: string;
  /** Source of the operand(s). */
  readonly arg?: string;
  readonly arg2?: string;
  /** The expansion as written, for messages. */
  readonly raw: string;
  readonly bad?: boolean;
}

/** How text is read: `word` with all quotes, `dq` as inside double quotes, `here` as in a here-document. */
export type Mode = 'word' | 'dq' | 'here';

const cache: Record<Mode, Map<string, readonly Part[]>> = { word: new Map(), dq: new Map(), here: new Map() };

/** The parts of `text`. */
export function parseWord(text: string, mode: Mode = 'word'): readonly Part[] {
  const known = cache[mode].get(text);
  if (known) return known;
  const parts = new Reader(text, mode).read();
  if (cache[mode].size > 4000) cache[mode].clear();
  cache[mode].set(text, parts);
  return parts;
}

/** The text of a word that holds only unquoted ordinary characters, else undefined. */
export function plainText(text: string): string | undefined {
  return /^[\w./:=,%+@^-]+$/.test(text) ? text : undefined;
}

class Reader {
  private i = 0;
  private readonly out: Part[] = [];
  private text = '';
  private quoted = false;

  constructor(
    private readonly s: string,
    private readonly mode: Mode,
  ) {}

  read(): readonly Part[] {
    const { s } = this;
    while (this.i < s.length) {
      const c = s[this.i]!;
      if (c === '\\') this.backslash();
      else if (c === '$') this.dollar();
      else if (c === '`') {
        const end = backtickEnd(s, this.i);
        const inner = s.slice(this.i + 1, end - 1);
        const body = inner.replace(this.mode === 'dq' ? /\\([$`\\"])/g : /\\([$`\\])/g, '$1');
        this.push({ t: 'cmd', text: body, raw: true });
        this.i = end;
      } else if (this.mode === 'word' && c === "'") {
        const end = s.indexOf("'", this.i + 1);
        const stop = end < 0 ? s.length : end;
        this.lit(s.slice(this.i + 1, stop), true, true);
        this.i = stop + 1;
      } else if (this.mode === 'word' && c === '"') {
        const end = doubleQuoteEnd(s, this.i);
        this.push({ t: 'dq', parts: parseWord(s.slice(this.i + 1, end - 1), 'dq') });
        this.i = end;
      } else if (this.mode === 'word' && (c === '<' || c === '>') && s[this.i + 1] === '(') {
        const end = parenEnd(s, this.i, 2);
        this.push({ t: 'proc', dir: c, text: s.slice(this.i + 2, end - 1) });
        this.i = end;
      } else {
        this.lit(c, this.mode !== 'word');
        this.i++;
      }
    }
    this.flush();
    return this.out;
  }

  private flush(): void {
    if (this.text !== '') this.out.push({ t: 'lit', s: this.text, q: this.quoted });
    this.text = '';
  }

  private push(part: Part): void {
    this.flush();
    this.out.push(part);
  }

  /** @param keep an empty quoted string still makes a word. */
  private lit(s: string, quoted: boolean, keep = false): void {
    if (quoted !== this.quoted) this.flush();
    this.quoted = quoted;
    if (keep && s === '') this.push({ t: 'lit', s: '', q: true });
    this.text += s;
  }

  private backslash(): void {
    const next = this.s[this.i + 1];
    if (next === undefined) {
      this.lit('\\', true);
      this.i++;
      return;
    }
    if (next !== '\n') {
      const special = this.mode === 'word' || '$`\\'.includes(next) || (this.mode === 'dq' && next === '"');
      this.lit(special ? next : `\\${next}`, true);
    }
    this.i += 2;
  }

  private dollar(): void {
    const { s, i, mode } = this;
    const next = s[i + 1];
    if (next === '{') {
      const end = braceEnd(s, i, mode !== 'word');
      this.push({ t: 'param', p: parseParam(s.slice(i, end)) });
      this.i = end;
    } else if (next === '(') {
      if (s[i + 2] === '(') {
        const end = arithmeticEnd(s, i + 1);
        if (end !== undefined) {
          this.push({ t: 'arith', text: s.slice(i + 3, end - 2) });
          this.i = end;
          return;
        }
      }
      const end = parenEnd(s, i, 2);
      this.push({ t: 'cmd', text: s.slice(i + 2, end - 1), raw: mode === 'here' });
      this.i = end;
    } else if (next === '[') {
      const end = subscriptEnd(s, i + 1);
      this.push({ t: 'arith', text: s.slice(i + 2, end - 1) });
      this.i = end;
    } else if (next === "'" && mode === 'word') {
      let j = i + 2;
      while (j < s.length && s[j] !== "'") j += s[j] === '\\' ? 2 : 1;
      this.lit(decodeAnsi(s.slice(i + 2, j)), true, true);
      this.i = j + 1;
    } else if (next === '"' && mode === 'word') {
      this.i++;
    } else {
      const name = /^(?:[A-Za-z_]\w*|[0-9@*#?$!-])/.exec(s.slice(i + 1, i + 200))?.[0];
      if (name === undefined) {
        this.lit('$', mode !== 'word');
        this.i++;
      } else {
        const full = name.length > 190 ? /^\w+/.exec(s.slice(i + 1))![0] : name;
        this.push({ t: 'param', p: { name: full, raw: `$${full}` } });
        this.i += 1 + full.length;
      }
    }
  }
}

/** Position after the double quote that closes the one at `i`. */
export function doubleQuoteEnd(s: string, i: number): number {
  let j = i + 1;
  while (j < s.length) {
    const c = s[j]!;
    if (c === '"') return j + 1;
    j = skip(s, j, true);
  }
  return s.length + 1;
}

function backtickEnd(s: string, i: number): number {
  let j = i + 1;
  while (j < s.length && s[j] !== '`') j += s[j] === '\\' ? 2 : 1;
  return j + 1;
}

/** Position after the token at `j`, taking quotes and substitutions as one. */
function skip(s: string, j: number, inDouble = false): number {
  const c = s[j]!;
  if (c === '\\') return j + 2;
  if (c === '`') return backtickEnd(s, j);
  if (c === '$') {
    const next = s[j + 1];
    if (next === '(') return parenEnd(s, j, 2);
    if (next === '{') return braceEnd(s, j, inDouble);
    if (next === "'" && !inDouble) {
      let k = j + 2;
      while (k < s.length && s[k] !== "'") k += s[k] === '\\' ? 2 : 1;
      return k + 1;
    }
    return j + 1;
  }
  if (!inDouble) {
    if (c === "'") {
      const end = s.indexOf("'", j + 1);
      return end < 0 ? s.length : end + 1;
    }
    if (c === '"') return doubleQuoteEnd(s, j);
  }
  return j + 1;
}

/** Position after the `)` that closes a substitution that starts at `i` with `open` characters such as `$(`. */
function parenEnd(s: string, i: number, open: number): number {
  let depth = 1;
  let j = i + open;
  while (j < s.length) {
    const c = s[j]!;
    // Here-documents, `case` patterns and comments need the grammar.
    if (
      (c === '<' && s[j + 1] === '<') ||
      (c === '#' && /[\s;&|(]/.test(s[j - 1]!)) ||
      (c === 'c' && s.startsWith('case', j) && /\W/.test(s[j - 1]!) && /\s/.test(s[j + 4] ?? ''))
    ) {
      const end = substitutionEnd(s, i);
      if (end !== undefined) return end;
    }
    if (c === '(') depth++;
    else if (c === ')' && --depth === 0) return j + 1;
    j = skip(s, j);
  }
  return s.length + 1;
}

/** Position after `))` for an arithmetic expansion whose `((` starts at `i`; undefined when it is a substitution of a subshell. */
function arithmeticEnd(s: string, i: number): number | undefined {
  let depth = 0;
  let j = i;
  while (j < s.length) {
    const c = s[j]!;
    if (c === '(') depth++;
    else if (c === ')') {
      depth--;
      if (depth === 1 && s[j + 1] !== ')') return undefined;
      if (depth === 0) return j + 1;
      if (depth === 1) return j + 2;
    }
    j = skip(s, j);
  }
  return undefined;
}

/** Position after the `}` that closes the `${` at `i`. */
function braceEnd(s: string, i: number, inDouble: boolean): number {
  let j = i + 2;
  // `${#}`, `${!}` and friends start with what might look like a quote or comment; only quotes matter here.
  const pattern = /^[!#]?[\w@*#?$!-]*(?:\[[^\]]*\])?(?:##?|%%?|\/|\^|,|@)/.test(s.slice(j, j + 300));
  while (j < s.length) {
    const c = s[j]!;
    if (c === '}') return j + 1;
    if (inDouble && c === '"') j = doubleQuoteEnd(s, j);
    else if (inDouble && c === "'" && pattern) {
      const end = s.indexOf("'", j + 1);
      j = end < 0 ? j + 1 : end + 1;
    } else j = skip(s, j, inDouble && c === "'");
  }
  return s.length + 1;
}

/** Position after the `]` that closes the `[` at `i`. */
export function subscriptEnd(s: string, i: number): number {
  let depth = 0;
  let j = i;
  while (j < s.length) {
    const c = s[j]!;
    if (c === '[') depth++;
    else if (c === ']' && --depth === 0) return j + 1;
    j = skip(s, j);
  }
  return s.length + 1;
}

const NAME = /^(?:[A-Za-z_]\w*|[0-9]+|[@*#?$!-])/;
const OPERATOR = /^(?::[-=?+]|[-=?+]|##?|%%?|\/[/#%]?|\^\^?|,,?|~~?|@|:)/;

/** Takes `${...}` apart. */
export function parseParam(raw: string): Param {
  const body = raw.endsWith('}') ? raw.slice(2, -1) : raw.slice(2);
  const bad: Param = { name: '', raw, bad: true };
  let rest = body;
  let prefix: Param['prefix'];
  if (/^#(?:[A-Za-z_]\w*|[0-9]+|[@*#?$!-])(?:\[|$)/.test(body)) {
    prefix = '#';
    rest = body.slice(1);
  } else if (/^!(?:[A-Za-z_]|[0-9]|[@*#?$!](?:$|[^A-Za-z]))/.test(body) && body.length > 1) {
    const names = /^!([A-Za-z_]\w*)([@*])$/.exec(body);
    if (names) return { name: names[1]!, prefix: 'names', op: names[2]!, raw };
    prefix = '!';
    rest = body.slice(1);
  }
  const name = NAME.exec(rest)?.[0];
  if (name === undefined) return bad;
  rest = rest.slice(name.length);
  let index: string | undefined;
  if (rest.startsWith('[') && /^[A-Za-z_]/.test(name)) {
    const end = subscriptEnd(rest, 0);
    index = rest.slice(1, end - 1);
    rest = rest.slice(end);
  }
  if (rest === '') {
    if (prefix === '!' && (index === '@' || index === '*')) prefix = 'keys';
    return { name, index, prefix, raw };
  }
  if (prefix === '#') return bad;
  const op = OPERATOR.exec(rest)?.[0];
  if (op === undefined) return bad;
  const arg = rest.slice(op.length);
  if (op === '@' && !/^[QEPAUuLKak]$/.test(arg)) return bad;
  if (op === ':' && arg === '') return bad;
  if (op === ':' || op.startsWith('/')) {
    // A pattern's first character is never the separator: `${x///a}` replaces slashes.
    const cut = op === ':' ? sliceCut(arg) : separator(arg, op === '/' || op === '//' ? 1 : 0);
    if (cut >= 0) return { name, index, prefix, op, arg: arg.slice(0, cut), arg2: arg.slice(cut + 1), raw };
  }
  return { name, index, prefix, op, arg, raw };
}

function separator(s: string, from: number): number {
  let j = 0;
  while (j < s.length) {
    if (s[j] === '/' && j >= from) return j;
    j = skip(s, j);
  }
  return -1;
}

function sliceCut(s: string): number {
  let j = 0;
  let depth = 0;
  let questions = 0;
  while (j < s.length) {
    const c = s[j]!;
    if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (c === '?' && depth === 0) questions++;
    else if (c === ':' && depth === 0) {
      if (questions === 0) return j;
      questions--;
    }
    j = skip(s, j);
  }
  return -1;
}
