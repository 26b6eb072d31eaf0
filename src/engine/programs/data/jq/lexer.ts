/** Tokens of the jq language (jq 1.6, lexer.l). */

/** A mistake in a program; `start` is its offset in the source. */
export class CompileError extends Error {
  constructor(
    message: string,
    readonly start: number,
    /** A second message that the grammar's error rules add. */
    readonly more?: { message: string; start: number },
  ) {
    super(message);
  }
}

/** Kinds as bison names them in messages: IDENT, FIELD, LITERAL, FORMAT, `'+'`, `as`, `$end` ... */
export interface Token {
  readonly type: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly value?: number;
  /** A string's pieces: text, or the tokens of an interpolation. */
  readonly pieces?: readonly (string | readonly Token[])[];
}

const KEYWORDS = new Set(
  'as import include module def if then else elif and or end reduce foreach try catch label __loc__'.split(' '),
);
const OPERATORS = ['?//', '//=', '!=', '==', '//', '|=', '+=', '-=', '*=', '/=', '%=', '<=', '>=', '..'];
const SINGLES = '.?=;,:|+-*/%$<>()[]{}';
const CLOSERS: Record<string, string> = { ')': '(', ']': '[', '}': '{' };

/** True for a word of the language. */
export const isKeyword = (type: string): boolean => KEYWORDS.has(type);

/** All tokens, `$end` last. @throws CompileError */
export function tokenize(source: string): Token[] {
  return new Lexer(source).all();
}

class Lexer {
  private at = 0;
  private last = 0;

  constructor(private readonly source: string) {}

  all(): Token[] {
    const tokens = this.run(false);
    tokens.push({ type: '$end', text: '', start: this.last, end: this.source.length });
    return tokens;
  }

  /** Tokens up to the end, or up to the parenthesis that ends an interpolation. */
  private run(nested: boolean): Token[] {
    const tokens: Token[] = [];
    const open: string[] = [];
    const { source } = this;
    while (this.at < source.length) {
      const start = this.at;
      const rest = source.slice(start);
      const blank = /^(?:#[^\n]*|[ \n\t\r]+)/.exec(rest);
      if (blank) {
        this.last = start;
        this.at += blank[0].length;
        continue;
      }
      this.last = start;
      const push = (type: string, length: number, extra: Partial<Token> = {}): void => {
        this.at = start + length;
        tokens.push({ type, text: rest.slice(0, length), start, end: this.at, ...extra });
      };
      const ch = rest[0]!;
      if (ch === '"') {
        tokens.push(this.string(start));
        continue;
      }
      const number = /^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/.exec(rest);
      if (number) {
        push('LITERAL', number[0].length, { value: Number(number[0]) });
        continue;
      }
      const format = /^@[a-zA-Z0-9_]+/.exec(rest);
      if (format) {
        push('FORMAT', format[0].length);
        continue;
      }
      const word = /^(?:[a-zA-Z_][a-zA-Z_0-9]*::)*[a-zA-Z_][a-zA-Z_0-9]*/.exec(rest);
      if (word) {
        push(KEYWORDS.has(word[0]) ? word[0] : 'IDENT', word[0].length);
        continue;
      }
      const field = /^\.[a-zA-Z_][a-zA-Z_0-9]*/.exec(rest);
      if (field) {
        push('FIELD', field[0].length);
        continue;
      }
      const operator = OPERATORS.find((o) => rest.startsWith(o));
      if (operator) {
        push(operator, operator.length);
        continue;
      }
      if (!SINGLES.includes(ch)) {
        push('INVALID_CHARACTER', 1);
        continue;
      }
      if ('([{'.includes(ch)) open.push(ch);
      const wanted = CLOSERS[ch];
      if (wanted) {
        if (open.length === 0 && nested && ch === ')') {
          this.at++;
          tokens.push({ type: 'QQSTRING_INTERP_END', text: ')', start, end: this.at });
          return tokens;
        }
        if (open.pop() !== wanted) {
          push('INVALID_CHARACTER', 1);
          continue;
        }
      }
      push(`'${ch}'`, 1);
    }
    if (nested) throw this.unfinished();
    return tokens;
  }

  private unfinished(list = ''): CompileError {
    return new CompileError(`syntax error, unexpected $end${list} (Unix shell quoting issues?)`, this.last);
  }

  private string(start: number): Token {
    const { source } = this;
    const pieces: (string | readonly Token[])[] = [];
    let text = '';
    let pieceStart = start + 1;
    this.at = start + 1;
    for (;;) {
      const ch = source[this.at];
      if (ch === undefined) {
        if (pieceStart < source.length) this.last = pieceStart;
        throw this.unfinished(', expecting QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END');
      }
      if (ch === '"') {
        this.last = this.at++;
        pieces.push(text);
        return { type: 'QQSTRING_START', text: '', start, end: this.at, pieces };
      }
      if (ch !== '\\') {
        text += ch;
        this.at++;
        continue;
      }
      if (source[this.at + 1] === '(') {
        pieces.push(text);
        text = '';
        this.last = this.at;
        this.at += 2;
        pieces.push(this.run(true));
        pieceStart = this.at;
        continue;
      }
      const escape = /^\\(?:u[0-9a-fA-F]{4}|[^u])/.exec(source.slice(this.at))?.[0] ?? '\\u';
      const simple: Record<string, string> = {
        n: '\n',
        t: '\t',
        r: '\r',
        b: '\b',
        f: '\f',
        '"': '"',
        '\\': '\\',
        '/': '/',
      };
      const c = escape[1]!;
      if (c === 'u' && escape.length === 6) text += String.fromCharCode(parseInt(escape.slice(2), 16));
      else if (simple[c] !== undefined) text += simple[c];
      else
        throw new CompileError(
          `Invalid escape at line 1, column ${this.at - pieceStart + 4} (while parsing '"${escape}"')`,
          this.at,
        );
      this.at += escape.length;
    }
  }
}
