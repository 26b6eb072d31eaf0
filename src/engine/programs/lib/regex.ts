/**
 * POSIX regular expressions (regex(7)) with GNU's extensions, and the part of Perl's that `grep -P` users write, on top of the
 * host's RegExp. Leftmost-longest is restored for patterns with alternation. Error texts are glibc's (regcomp(3)).
 */
import { classBody, isClassName } from './regex-class';

/** Dialect of a pattern. */
export type RegexSyntax = 'basic' | 'extended' | 'perl' | 'fixed';

/** How a pattern is compiled. */
export interface RegexOptions {
  readonly syntax?: RegexSyntax;
  readonly ignoreCase?: boolean;
  /** `^` and `$` also match at newlines (sed's M flag). */
  readonly multiline?: boolean;
  /** Only whole words, or only whole lines (grep -w, -x). */
  readonly whole?: 'word' | 'line';
  /** `)` without `(` is an ordinary character in extended expressions (grep). */
  readonly looseParen?: boolean;
  /** Which backslash sequences stand for control characters: none (grep), those of sed, or those of awk. */
  readonly escapes?: 'none' | 'sed' | 'awk';
}

/** A pattern that cannot be compiled; the message is what regerror(3) gives. */
export class RegexError extends Error {}

/** One match. */
export interface RegexMatch {
  readonly index: number;
  readonly end: number;
  /** Group 0 is the whole match; undefined groups took no part. */
  readonly groups: readonly (string | undefined)[];
}

const WORD = '[\\p{L}\\p{N}_]';
const BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
const CONTROL: Record<string, string> = { n: '\n', t: '\t', f: '\f', v: '\v', a: '\x07', r: '\r', b: '\b' };
/** The largest repeat count (RE_DUP_MAX). */
const DUP_MAX = 32767;

/** A compiled regular expression. */
export class Regex {
  private readonly finder: RegExp;
  private source: string;
  private readonly flags: string;
  private readonly alternation: boolean;
  private readonly longer = new Map<number, RegExp>();
  /** Number of groups, without group 0. */
  readonly groupCount: number;

  /** @throws RegexError */
  constructor(
    readonly pattern: string,
    options: RegexOptions = {},
  ) {
    const perl = options.syntax === 'perl';
    const made =
      perl || options.syntax === 'fixed'
        ? { source: perl ? translatePerl(pattern) : escapeRegex(pattern), groups: 0, alternation: false }
        : new Translator(pattern, options).run();
    this.source = made.source;
    this.alternation = made.alternation;
    this.groupCount = made.groups;
    let flags = `${options.ignoreCase ? 'i' : ''}${options.multiline ? 'm' : ''}u`;
    if (perl) {
      const inline = /^\(\?([imsx]+)\)/.exec(this.source);
      if (inline) {
        this.source = this.source.slice(inline[0].length);
        for (const f of inline[1]!) if ('ims'.includes(f) && !flags.includes(f)) flags += f;
      }
    }
    this.flags = flags;
    if (options.whole === 'word') this.source = `(?<!${WORD})(?:${this.source})(?!${WORD})`;
    if (options.whole === 'line') this.source = `^(?:${this.source})$`;
    try {
      this.finder = new RegExp(this.source, `${flags}g`);
    } catch (e) {
      throw new RegexError(perl ? perlError(e) : 'Invalid regular expression');
    }
  }

  /** True when it matches somewhere in `text`. */
  test(text: string): boolean {
    this.finder.lastIndex = 0;
    return this.finder.test(text);
  }

  /** The leftmost-longest match at or after `from`. */
  exec(text: string, from = 0): RegexMatch | null {
    this.finder.lastIndex = from;
    let m = this.finder.exec(text);
    if (!m) return null;
    if (this.alternation) {
      for (;;) {
        const end = m.index + m[0].length;
        if (end >= text.length) break;
        const better: RegExpExecArray | null = this.endingAt(end + 1, m.index, text);
        if (!better) break;
        m = better;
      }
    }
    return { index: m.index, end: m.index + m[0].length, groups: m };
  }

  /** A match that begins at `index` and ends at or after `end`. */
  private endingAt(end: number, index: number, text: string): RegExpExecArray | null {
    let re = this.longer.get(end);
    if (!re) {
      if (this.longer.size > 200) this.longer.clear();
      const flags = this.flags.replace('m', '');
      // Without the m flag `^` is the text's beginning; multiline patterns spell their anchors out.
      re = new RegExp(`(?:${this.source})(?<=^[^]{${end},})`, `${flags}y`);
      this.longer.set(end, re);
    }
    re.lastIndex = index;
    const m = this.flags.includes('m') ? null : re.exec(text);
    return m && m.index + m[0].length >= end ? m : null;
  }
}

/** Escapes `text` so that it matches itself in the host's RegExp with the u flag. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

class Translator {
  private i = 0;
  private groups = 0;
  private open = 0;
  private closed = new Set<number>();
  private alternation = false;
  private readonly extended: boolean;
  private readonly looseParen: boolean;
  private readonly escapes: 'none' | 'sed' | 'awk';

  constructor(
    private readonly p: string,
    options: RegexOptions,
  ) {
    this.extended = options.syntax === 'extended';
    this.escapes = options.escapes ?? 'none';
    this.looseParen = options.looseParen ?? false;
  }

  run(): { source: string; groups: number; alternation: boolean } {
    const source = this.alternatives();
    if (this.i < this.p.length) throw new RegexError('Unmatched ) or \\)');
    return { source, groups: this.groups, alternation: this.alternation };
  }

  /** Branches up to the end or a closing parenthesis. */
  private alternatives(): string {
    const branches = [this.branch()];
    while (this.at('|')) {
      this.i += this.extended ? 1 : 2;
      this.alternation = true;
      branches.push(this.branch());
    }
    return branches.join('|');
  }

  /** True when operator `op` (unescaped in ERE, escaped in BRE) is next. */
  private at(op: string): boolean {
    return this.extended ? this.p[this.i] === op : this.p[this.i] === '\\' && this.p[this.i + 1] === op;
  }

  private branch(): string {
    let out = '';
    let atom = '';
    let quantified = false;
    let start = true;
    const push = (next: string): void => {
      out += atom;
      atom = next;
      quantified = false;
      start = false;
    };
    while (this.i < this.p.length && !this.at('|') && !this.atClose()) {
      const c = this.p[this.i]!;
      const quantifier = this.quantifier(start);
      if (quantifier !== undefined) {
        if (atom === '') continue;
        if (quantified) atom = `(?:${atom})`;
        if (/^(?:\^|\$|\(\?)/.test(atom) && !atom.startsWith('(?:')) atom = `(?:${atom})`;
        atom += quantifier;
        quantified = true;
        continue;
      }
      if (c === '^' && (this.extended || start)) {
        this.i++;
        out += `${atom}^`;
        atom = '';
        quantified = false;
        // In a basic expression a star after the anchor is an ordinary character.
        if (this.extended) start = true;
        continue;
      }
      if (c === '$' && this.dollarIsAnchor()) {
        this.i++;
        push('$');
        continue;
      }
      push(this.atom(c));
    }
    return out + atom;
  }

  private atClose(): boolean {
    return this.at(')') && !(this.looseParen && this.open === 0);
  }

  private dollarIsAnchor(): boolean {
    if (this.extended || this.i === this.p.length - 1) return true;
    const next = this.p.slice(this.i + 1, this.i + 3);
    return next === '\\)' || next === '\\|';
  }

  /** Reads a repetition operator; undefined when there is none here. */
  private quantifier(start: boolean): string | undefined {
    const c = this.p[this.i]!;
    if (c === '*') {
      if (start) {
        if (!this.extended) return undefined;
        this.i++;
        return '';
      }
      this.i++;
      return '*';
    }
    const op = this.extended ? c : c === '\\' ? this.p[this.i + 1] : undefined;
    const length = this.extended ? 1 : 2;
    if (op === '+' || op === '?') {
      if (start && !this.extended) return undefined;
      this.i += length;
      return start ? '' : op;
    }
    if (op !== '{') return undefined;
    const close = this.extended ? '}' : '\\}';
    const end = this.p.indexOf(close, this.i + length);
    if (end < 0) {
      if (this.extended && this.escapes !== 'sed') return undefined;
      throw new RegexError('Unmatched \\{');
    }
    const m = /^(\d*)(,?)(\d*)$/.exec(this.p.slice(this.i + length, end));
    if (!m || (m[1] === '' && m[2] === '')) {
      if (this.extended) return undefined;
      throw new RegexError('Invalid content of \\{\\}');
    }
    if (start) {
      if (this.extended) return undefined;
      throw new RegexError('Invalid preceding regular expression');
    }
    const low = Number(m[1] || 0);
    const high = m[2] === '' ? low : m[3] === '' ? Infinity : Number(m[3]);
    if (low > high) throw new RegexError('Invalid content of \\{\\}');
    if (low > DUP_MAX || (high !== Infinity && high > DUP_MAX)) throw new RegexError('Regular expression too big');
    this.i = end + close.length;
    return high === Infinity ? `{${low},}` : `{${low},${high}}`;
  }

  private atom(c: string): string {
    if (c === '.') {
      this.i++;
      return '[^]';
    }
    if (c === '[') return this.bracket();
    if (this.at('(')) {
      this.i += this.extended ? 1 : 2;
      const number = ++this.groups;
      this.open++;
      const inner = this.alternatives();
      if (!this.at(')')) throw new RegexError('Unmatched ( or \\(');
      this.i += this.extended ? 1 : 2;
      this.open--;
      this.closed.add(number);
      return `(${inner})`;
    }
    if (c === '\\') return this.escape();
    const char = String.fromCodePoint(this.p.codePointAt(this.i)!);
    this.i += char.length;
    return escapeRegex(char);
  }

  private escape(): string {
    const c = this.p[this.i + 1];
    if (c === undefined) throw new RegexError('Trailing backslash');
    this.i += 2;
    switch (c) {
      case 'w':
        return WORD;
      case 'W':
        return '[^\\p{L}\\p{N}_]';
      case 's':
        return '\\s';
      case 'S':
        return '\\S';
      case '<':
        return `(?<!${WORD})(?=${WORD})`;
      case '>':
        return `(?<=${WORD})(?!${WORD})`;
      case 'B':
        return `(?!${BOUNDARY})`;
      case '`':
        return '(?<![^])';
      case "'":
        return '(?![^])';
      default:
    }
    if (c === 'y' && this.escapes === 'awk') return BOUNDARY;
    if (c === 'b' && this.escapes !== 'awk') return BOUNDARY;
    if (/[1-9]/.test(c) && this.escapes !== 'awk') {
      if (!this.closed.has(Number(c))) throw new RegexError('Invalid back reference');
      return `(?:\\${c})`;
    }
    const special = this.control(c);
    if (special !== undefined) return escapeRegex(special);
    const char = String.fromCodePoint(this.p.codePointAt(this.i - 1)!);
    this.i += char.length - 1;
    return escapeRegex(char);
  }

  /** The character that `\c` stands for in this program's dialect; `i` is behind `c`. */
  private control(c: string): string | undefined {
    if (this.escapes === 'none') return undefined;
    const rest = this.p.slice(this.i);
    const code = (re: RegExp, radix: number): string | undefined => {
      const m = re.exec(rest);
      if (!m) return undefined;
      this.i += m[0].length;
      return String.fromCodePoint(parseInt(m[0], radix) & 0xff);
    };
    if (c === 'x') return code(/^[0-9a-fA-F]{1,2}/, 16);
    if (this.escapes === 'sed') {
      if (c === 'd') return code(/^\d{3}/, 10);
      if (c === 'o') return code(/^[0-7]{3}/, 8);
      if (c === 'c' && rest !== '') {
        this.i++;
        return String.fromCharCode(rest.charCodeAt(0) ^ 64);
      }
      return c === 'b' ? undefined : CONTROL[c];
    }
    if (/[0-7]/.test(c)) {
      this.i--;
      return (
        String.fromCodePoint(parseInt(/^[0-7]{1,3}/.exec(this.p.slice(this.i))![0], 8) & 0xff) +
        code(/^[0-7]{1,3}/, 8)!.slice(1)
      );
    }
    return CONTROL[c];
  }

  private bracket(): string {
    const { p } = this;
    let i = this.i + 1;
    let negated = false;
    if (p[i] === '^') {
      negated = true;
      i++;
    }
    const unmatched = (): RegexError => new RegexError('Unmatched [, [^, [:, [., or [=');
    let body = '';
    // What glibc says of a bracket with nothing in it.
    if (i >= p.length) throw new RegexError('Invalid regular expression');
    let first = true;
    const literal = (ch: string): string => ch.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    for (; ; first = false) {
      if (i >= p.length) throw unmatched();
      if (p[i] === ']' && !first) break;
      const item = (): string => {
        const kind = p[i] === '[' ? p[i + 1] : undefined;
        if (kind === '.' || kind === '=') {
          const end = p.indexOf(`${kind}]`, i + 2);
          if (end < 0) throw unmatched();
          const name = p.slice(i + 2, end);
          if ([...name].length !== 1) throw new RegexError('Invalid collation character');
          i = end + 2;
          return name;
        }
        if (p[i] === '\\' && this.escapes !== 'none' && i + 1 < p.length) {
          const next = p[i + 1]!;
          const saved = this.i;
          this.i = i + 2;
          const special = next === '\\' && this.escapes === 'sed' ? undefined : this.control(next);
          const after = this.i;
          this.i = saved;
          if (special !== undefined) {
            i = after;
            return special;
          }
          if (this.escapes === 'awk') {
            i += 2;
            return next;
          }
        }
        const ch = String.fromCodePoint(p.codePointAt(i)!);
        i += ch.length;
        return ch;
      };
      if (p[i] === '[' && p[i + 1] === ':') {
        const end = p.indexOf(':]', i + 2);
        if (end < 0) throw unmatched();
        const name = p.slice(i + 2, end);
        if (!isClassName(name)) throw new RegexError('Invalid character class name');
        body += classBody(name);
        i = end + 2;
        continue;
      }
      const low = item();
      if (p[i] === '-' && p[i + 1] !== ']' && i + 1 < p.length) {
        i++;
        const high = item();
        if (low.codePointAt(0)! > high.codePointAt(0)!) throw new RegexError('Invalid range end');
        body += `${literal(low)}-${literal(high)}`;
      } else body += literal(low);
    }
    this.i = i + 1;
    return `[${negated ? '^' : ''}${body}]`;
  }
}

/** Perl syntax to the host's: POSIX classes, `\h`, `\K`, `\A`, `\z`, `\Q..\E`, and escapes that the u flag forbids. */
function translatePerl(pattern: string): string {
  let out = '';
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (inClass && c === '[' && pattern[i + 1] === ':') {
      const end = pattern.indexOf(':]', i);
      const name = pattern.slice(i + 2, end);
      if (end > 0 && isClassName(name)) {
        out += classBody(name);
        i = end + 1;
        continue;
      }
    }
    if (c === '[') {
      out += inClass ? '\\[' : '[';
      if (!inClass) {
        inClass = true;
        if (pattern[i + 1] === '^') out += pattern[++i]!;
        if (pattern[i + 1] === ']') {
          out += '\\]';
          i++;
        }
      }
      continue;
    }
    if (c === ']') {
      out += inClass ? ']' : '\\]';
      inClass = false;
      continue;
    }
    if (c === '{' && !inClass && !/^\{\d*,?\d*\}/.test(pattern.slice(i))) {
      out += '\\{';
      continue;
    }
    if (c === '}' && !inClass && !/\{\d+,?\d*$/.test(out)) {
      out += '\\}';
      continue;
    }
    if (c === '(' && !inClass && pattern.startsWith('(?P<', i)) {
      out += '(?<';
      i += 3;
      continue;
    }
    if (c !== '\\') {
      out += c;
      continue;
    }
    const next = pattern[++i];
    if (next === undefined) throw new RegexError('\\ at end of pattern');
    if (next === 'h') out += inClass ? ' \\t' : '[ \\t]';
    else if (next === 'R') out += '(?:\\r\\n|\\n|\\r)';
    else if (next === 'A') out += '(?<![^])';
    else if (next === 'z' || next === 'Z') out += '(?![^])';
    else if (next === 'K') out = `(?<=${out})`;
    else if (next === 'e') out += '\\x1b';
    else if (next === 'a') out += '\\x07';
    else if (next === 'x' && pattern[i + 1] === '{') {
      out += `\\u{${pattern.slice(i + 2, pattern.indexOf('}', i))}}`;
      i = pattern.indexOf('}', i);
    } else if (next === 'Q') {
      const end = pattern.indexOf('\\E', i + 1);
      out += escapeRegex(pattern.slice(i + 1, end < 0 ? undefined : end));
      i = end < 0 ? pattern.length : end + 1;
    } else if (/[a-zA-Z0-9^$\\.*+?()[\]{}|/]/.test(next)) out += `\\${next}`;
    else out += next === '-' && inClass ? '\\-' : next;
  }
  return out;
}

function perlError(e: unknown): string {
  const text = e instanceof Error ? e.message : '';
  if (/unterminated group/i.test(text)) return 'missing closing parenthesis';
  if (/unterminated character class/i.test(text)) return 'missing terminating ] for character class';
  if (/unmatched '\)'/i.test(text)) return 'unmatched closing parenthesis';
  if (/nothing to repeat/i.test(text)) return 'quantifier does not follow a repeatable item';
  return 'unrecognized character in the pattern';
}
