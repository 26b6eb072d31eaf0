/** The script language of GNU sed. */
import { Regex, RegexError } from '../lib/regex';

/** A script that cannot be parsed; the message begins with `-e expression #1, char N:`. */
export class SedError extends Error {
  constructor(
    message: string,
    readonly status = 1,
  ) {
    super(message);
  }
}

/** One address. */
export type Address =
  | { readonly kind: 'line'; readonly n: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'step'; readonly first: number; readonly step: number }
  | { readonly kind: 'regex'; readonly re: Regex | null }
  | { readonly kind: 'plus'; readonly n: number }
  | { readonly kind: 'multiple'; readonly n: number };

/** A piece of a replacement: text, a group, or a case conversion. */
export type Piece =
  { readonly text: string } | { readonly group: number } | { readonly fold: 'L' | 'U' | 'l' | 'u' | 'E' };

/** The flags of `s`. */
export interface Substitution {
  readonly re: Regex | null;
  readonly pieces: readonly Piece[];
  readonly global: boolean;
  readonly number: number;
  readonly print: boolean;
  readonly evaluate: boolean;
  readonly file: string | undefined;
}

/** One command. Ranges keep their state in `active` and `until` while a script runs. */
export interface Command {
  readonly name: string;
  readonly a: Address | undefined;
  readonly b: Address | undefined;
  readonly negated: boolean;
  /** Text of a i c, file name of r R w W, label of b t T :, exit status of q Q, width of l. */
  readonly text: string;
  /** Index of the command behind the matching brace, or of a label. */
  target: number;
  readonly sub: Substitution | undefined;
  readonly map: ReadonlyMap<string, string> | undefined;
  active: boolean;
  until: number;
}

const NO_ADDRESS = ':}#';
const ONE_ADDRESS = '=qQrai';

/** Parses scripts given with -e and -f; they count as one, joined by newlines. */
export class SedParser {
  private i = 0;
  private s = '';
  private where = '';
  private readonly commands: Command[] = [];
  private readonly blocks: number[] = [];
  /** The script began with `#n`. */
  quiet = false;

  constructor(private readonly extended: boolean) {}

  /** Adds a script. @param where such as `-e expression #1`. @throws SedError */
  add(script: string, where: string, first: boolean): void {
    this.s = script;
    this.i = 0;
    this.where = where;
    if (first && /^#n(\n|$)/.test(script)) this.quiet = true;
    while (this.next());
  }

  /** Ends parsing: blocks are closed and labels found. @throws SedError */
  finish(): Command[] {
    if (this.blocks.length > 0) throw new SedError("-e expression #1, char 0: unmatched `{'");
    const labels = new Map<string, number>();
    this.commands.forEach((c, i) => {
      if (c.name === ':') labels.set(c.text, i);
    });
    for (const c of this.commands) {
      if (!'btT'.includes(c.name)) continue;
      if (c.text === '') c.target = this.commands.length;
      else {
        const at = labels.get(c.text);
        if (at === undefined) throw new SedError(`can't find label for jump to \`${c.text}'`, 4);
        c.target = at;
      }
    }
    return this.commands;
  }

  private fail(message: string): never {
    const text = `${this.where}, char ${this.i}: ${message}`;
    throw new SedError(this.where.startsWith('file ') ? text.replace(/, char \d+:/, ':') : text);
  }

  private peek(): string | undefined {
    return this.s[this.i];
  }

  private skip(chars: RegExp): void {
    while (this.i < this.s.length && chars.test(this.s[this.i]!)) this.i++;
  }

  /** Parses one command. @returns false at the end of the script. */
  private next(): boolean {
    this.skip(/[\s;]/);
    if (this.i >= this.s.length) return false;
    if (this.peek() === '#') {
      this.skip(/[^\n]/);
      return true;
    }
    const a = this.address(false);
    let b: Address | undefined;
    this.skip(/[ \t]/);
    if (a && this.peek() === ',') {
      this.i++;
      this.skip(/[ \t]/);
      b = this.address(true);
      if (!b) {
        this.i++;
        this.fail("unexpected `,'");
      }
    }
    if (a?.kind === 'line' && a.n === 0 && b?.kind !== 'regex') {
      this.i++;
      this.fail('invalid usage of line address 0');
    }
    this.skip(/[ \t]/);
    let negated = false;
    while (this.peek() === '!') {
      if (negated) {
        this.i++;
        this.fail("multiple `!'s");
      }
      negated = true;
      this.i++;
      this.skip(/[ \t]/);
    }
    const name = this.peek();
    if (name === undefined) this.fail('missing command');
    this.i++;
    if (a && NO_ADDRESS.includes(name!)) {
      if (name === ':') this.fail(": doesn't want any addresses");
      if (name === '#') this.fail("comments don't accept any addresses");
    }
    if (b && ONE_ADDRESS.includes(name!) && 'qQ'.includes(name!)) this.fail('command only uses one address');
    this.command(name!, a, b, negated);
    return true;
  }

  private push(
    name: string,
    a: Address | undefined,
    b: Address | undefined,
    negated: boolean,
    more: Partial<Command> = {},
  ): Command {
    const c: Command = {
      name,
      a,
      b,
      negated,
      text: '',
      target: -1,
      sub: undefined,
      map: undefined,
      active: false,
      until: 0,
      ...more,
    };
    this.commands.push(c);
    return c;
  }

  private command(name: string, a: Address | undefined, b: Address | undefined, negated: boolean): void {
    switch (name) {
      case '{':
        this.blocks.push(this.commands.length);
        this.push(name, a, b, negated);
        return;
      case '}': {
        const open = this.blocks.pop();
        if (open === undefined) this.fail("unexpected `}'");
        if (a) this.fail("} doesn't want any addresses");
        this.commands[open!]!.target = this.commands.length;
        this.end();
        return;
      }
      case 'a':
      case 'i':
      case 'c':
        this.push(name, a, b, negated, { text: this.text() });
        return;
      case ':': {
        this.skip(/[ \t]/);
        const label = this.upTo(/[\s;]/);
        if (label === '') this.fail('":" lacks a label');
        this.push(name, undefined, undefined, false, { text: label });
        return;
      }
      case 'b':
      case 't':
      case 'T': {
        this.skip(/[ \t]/);
        this.push(name, a, b, negated, { text: this.upTo(/[\s;}]/) });
        this.end();
        return;
      }
      case 'r':
      case 'R':
      case 'w':
      case 'W': {
        this.skip(/[ \t]/);
        const file = this.upTo(/\n/);
        if (file === '') this.fail('missing filename in r/R/w/W commands');
        this.push(name, a, b, negated, { text: file });
        return;
      }
      case 'e': {
        this.skip(/[ \t]/);
        this.push(name, a, b, negated, { text: this.upTo(/\n/) });
        return;
      }
      case 'v':
        this.upTo(/[\n;]/);
        return;
      case 'q':
      case 'Q':
      case 'l':
      case 'L': {
        this.skip(/[ \t]/);
        this.push(name, a, b, negated, { text: this.upTo(/[^0-9]/) });
        this.end();
        return;
      }
      case 's':
        this.push(name, a, b, negated, { sub: this.substitution() });
        this.end();
        return;
      case 'y':
        this.push(name, a, b, negated, { map: this.transliteration() });
        this.end();
        return;
      case '=':
      case 'd':
      case 'D':
      case 'F':
      case 'g':
      case 'G':
      case 'h':
      case 'H':
      case 'n':
      case 'N':
      case 'p':
      case 'P':
      case 'x':
      case 'z':
        this.push(name, a, b, negated);
        this.end();
        return;
      default:
        this.fail(`unknown command: \`${name}'`);
    }
  }

  /** Behind a command: blanks, then `;`, a newline, `}` or a comment. */
  private end(): void {
    this.skip(/[ \t\r]/);
    const c = this.peek();
    if (c === undefined || c === '\n' || c === ';') {
      this.i++;
      return;
    }
    if (c === '}' || c === '#') return;
    this.i++;
    this.fail('extra characters after command');
  }

  private upTo(stop: RegExp): string {
    const from = this.i;
    while (this.i < this.s.length && !stop.test(this.s[this.i]!)) this.i++;
    return this.s.slice(from, this.i);
  }

  /** The text of a, i and c: one-liner or behind a backslash and newline. */
  private text(): string {
    this.skip(/[ \t]/);
    if (this.i >= this.s.length) this.fail("expected \\ after `a', `c' or `i'");
    if (this.peek() === '\\') {
      this.i++;
      const from = this.i;
      this.skip(/[ \t]/);
      if (this.peek() === '\n') this.i++;
      else this.i = from;
      if (this.i >= this.s.length) return '';
    }
    let out = '';
    while (this.i < this.s.length && this.peek() !== '\n') {
      if (this.peek() === '\\') {
        this.i++;
        const c = this.s[this.i];
        if (c === undefined) break;
        // As in regular expressions, GNU turns \t and its like into characters.
        out += { a: '\x07', f: '\f', n: '\n', r: '\r', v: '\v', t: '\t' }[c] ?? c;
        this.i++;
        continue;
      }
      out += this.s[this.i++];
    }
    return `${out}\n`;
  }

  private address(second: boolean): Address | undefined {
    const c = this.peek();
    if (c === undefined) return undefined;
    if (/\d/.test(c)) {
      const n = Number(this.upTo(/\D/));
      this.skip(/[ \t]/);
      if (this.peek() === '~' && !second) {
        this.i++;
        return { kind: 'step', first: n, step: Number(this.upTo(/\D/) || 0) };
      }
      return { kind: 'line', n };
    }
    if (second && (c === '+' || c === '~')) {
      this.i++;
      const n = Number(this.upTo(/\D/) || 0);
      return c === '+' ? { kind: 'plus', n } : { kind: 'multiple', n };
    }
    if (c === '$') {
      this.i++;
      return { kind: 'last' };
    }
    if (c !== '/' && c !== '\\') return undefined;
    let delimiter = '/';
    if (c === '\\') {
      this.i++;
      delimiter = this.peek() ?? '';
    }
    this.i++;
    const pattern = this.delimited(delimiter, true, 'unterminated address regex');
    let ignoreCase = false;
    let multiline = false;
    for (; ; this.i++) {
      if (this.peek() === 'I') ignoreCase = true;
      else if (this.peek() === 'M') multiline = true;
      else break;
    }
    return { kind: 'regex', re: this.regex(pattern, ignoreCase, multiline) };
  }

  private regex(pattern: string, ignoreCase: boolean, multiline: boolean): Regex | null {
    if (pattern === '') return null;
    try {
      return new Regex(pattern, {
        syntax: this.extended ? 'extended' : 'basic',
        ignoreCase,
        multiline,
        escapes: 'sed',
      });
    } catch (e) {
      if (e instanceof RegexError) this.fail(e.message);
      throw e;
    }
  }

  /** Reads up to the delimiter; `\delimiter` becomes the plain character, `\newline` a newline. */
  private delimited(delimiter: string, regex: boolean, message: string): string {
    let out = '';
    let inBracket = false;
    for (;;) {
      const c = this.s[this.i];
      if (c === undefined) {
        this.fail(message);
      }
      if (c === '\n' && regex && message.includes('address')) this.fail(message);
      this.i++;
      if (c === delimiter && !inBracket) return out;
      if (c === '\\') {
        const next = this.s[this.i];
        if (next === undefined) {
          this.fail(message);
        }
        this.i++;
        if (next === delimiter) {
          // A delimiter that is special in the pattern stays literal when it was escaped.
          out += regex && /[.*[\]^$+?(){}|]/.test(delimiter) ? `[${delimiter}]`.replace('[^]', '\\^') : delimiter;
        } else if (next === 'n' && regex && !inBracket) out += '\\n';
        else out += `\\${next}`;
        continue;
      }
      // A delimiter inside brackets does not end the pattern.
      if (regex && c === '[' && !inBracket) {
        inBracket = true;
        out += c;
        if (this.s[this.i] === '^') out += this.s[this.i++];
        if (this.s[this.i] === ']') out += this.s[this.i++];
        continue;
      }
      if (inBracket && c === '[' && /[:.=]/.test(this.s[this.i] ?? '')) {
        const kind = this.s[this.i]!;
        const end = this.s.indexOf(`${kind}]`, this.i + 1);
        if (end > 0) {
          out += c + this.s.slice(this.i, end + 2);
          this.i = end + 2;
          continue;
        }
      }
      if (c === ']') inBracket = false;
      out += c;
    }
  }

  private substitution(): Substitution {
    const delimiter = this.s[this.i];
    if (delimiter === undefined) this.fail("unterminated `s' command");
    this.i++;
    if (delimiter === '\n' || delimiter === '\\') this.fail('delimiter character is not a single-byte character');
    const pattern = this.delimited(delimiter!, true, "unterminated `s' command");
    const replacement = this.delimited(delimiter!, false, "unterminated `s' command");
    let global = false;
    let number = 0;
    let print = false;
    let evaluate = false;
    let ignoreCase = false;
    let multiline = false;
    let file: string | undefined;
    flags: for (;;) {
      const c = this.peek();
      switch (c) {
        case 'g':
          if (global) {
            this.i++;
            this.fail("multiple `g' options to `s' command");
          }
          global = true;
          break;
        case 'p':
          if (print) {
            this.i++;
            this.fail("multiple `p' options to `s' command");
          }
          print = true;
          break;
        case 'i':
        case 'I':
          ignoreCase = true;
          break;
        case 'm':
        case 'M':
          multiline = true;
          break;
        case 'e':
          evaluate = true;
          break;
        case 'w':
          this.i++;
          this.skip(/[ \t]/);
          file = this.upTo(/\n/);
          break flags;
        default:
          if (c !== undefined && /\d/.test(c)) {
            if (number !== 0) {
              this.i++;
              this.fail("multiple number options to `s' command");
            }
            number = Number(this.upTo(/\D/));
            if (number === 0) this.fail("number option to `s' command may not be zero");
            continue;
          }
          if (c !== undefined && !/[\s;}#]/.test(c)) {
            this.i++;
            this.fail("unknown option to `s'");
          }
          break flags;
      }
      this.i++;
    }
    const re = this.regex(pattern, ignoreCase, multiline);
    const pieces = this.pieces(replacement);
    const most = Math.max(0, ...pieces.map((p) => ('group' in p ? p.group : 0)));
    if (re && most > re.groupCount) this.fail(`invalid reference \\${most} on \`s' command's RHS`);
    return { re, pieces, global, number: number || 1, print, evaluate, file };
  }

  private pieces(text: string): Piece[] {
    const out: Piece[] = [];
    let buffer = '';
    const push = (p: Piece): void => {
      if (buffer !== '') out.push({ text: buffer });
      buffer = '';
      out.push(p);
    };
    for (let i = 0; i < text.length; i++) {
      const c = text[i]!;
      if (c === '&') push({ group: 0 });
      else if (c !== '\\') buffer += c;
      else {
        const next = text[++i];
        if (next === undefined) buffer += '\\';
        else if (/\d/.test(next)) push({ group: Number(next) });
        else if ('LUluE'.includes(next)) push({ fold: next as 'L' });
        else {
          const e = escapeOf(text, i);
          buffer += e.text;
          i = e.last;
        }
      }
    }
    if (buffer !== '') out.push({ text: buffer });
    return out;
  }

  private transliteration(): Map<string, string> {
    const delimiter = this.s[this.i++];
    if (delimiter === undefined) this.fail("unterminated `y' command");
    const parts = [0, 1].map(() => {
      const raw = this.delimited(delimiter!, false, "unterminated `y' command");
      const chars: string[] = [];
      for (let i = 0; i < raw.length; i++) {
        if (raw[i] !== '\\') {
          const c = String.fromCodePoint(raw.codePointAt(i)!);
          chars.push(c);
          i += c.length - 1;
        } else {
          const e = escapeOf(raw, i + 1);
          if (raw[i + 1] !== '\\' && e.text === raw[i + 1] && e.text !== delimiter) chars.push('\\', e.text);
          else chars.push(e.text);
          i = e.last;
        }
      }
      return chars;
    });
    if (parts[0]!.length !== parts[1]!.length) this.fail("strings for `y' command are different lengths");
    return new Map(parts[0]!.map((c, i) => [c, parts[1]![i]!]));
  }
}

/** The character that the escape whose letter is at `i` stands for, and the index of its last character. */
function escapeOf(text: string, i: number): { text: string; last: number } {
  const c = text[i] ?? '';
  const simple = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[c];
  if (simple !== undefined) return { text: simple, last: i };
  const rest = text.slice(i + 1);
  const m =
    c === 'x'
      ? /^[0-9a-fA-F]{1,2}/.exec(rest)
      : c === 'o'
        ? /^[0-7]{1,3}/.exec(rest)
        : c === 'd'
          ? /^\d{1,3}/.exec(rest)
          : null;
  if (m)
    return {
      text: String.fromCharCode(parseInt(m[0], c === 'x' ? 16 : c === 'o' ? 8 : 10) & 0xff),
      last: i + m[0].length,
    };
  if (c === 'c' && rest !== '')
    return { text: String.fromCharCode(rest.toUpperCase().charCodeAt(0) ^ 64), last: i + 1 };
  return { text: c, last: i };
}
