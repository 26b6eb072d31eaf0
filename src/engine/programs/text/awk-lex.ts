/** Tokens of awk programs. */

/** A program that cannot be parsed; the message follows `awk: `. */
export class AwkSyntaxError extends Error {}

/** One token. `value` is the text, or a literal's value. */
export interface Token {
  readonly kind: 'number' | 'string' | 'regex' | 'name' | 'function' | 'builtin' | 'keyword' | 'op' | 'newline' | 'end';
  readonly value: string;
  readonly number: number;
  readonly line: number;
  /** Blanks stand before it. */
  readonly spaced: boolean;
}

const KEYWORDS = new Set([
  'BEGIN',
  'END',
  'break',
  'continue',
  'delete',
  'do',
  'else',
  'exit',
  'for',
  'function',
  'func',
  'getline',
  'if',
  'in',
  'next',
  'nextfile',
  'print',
  'printf',
  'return',
  'while',
]);

/** Names of the functions that are part of the language (POSIX, and those mawk adds). */
export const BUILTINS = new Set([
  'atan2',
  'close',
  'cos',
  'exp',
  'fflush',
  'gsub',
  'index',
  'int',
  'length',
  'log',
  'match',
  'mktime',
  'rand',
  'sin',
  'split',
  'sprintf',
  'sqrt',
  'srand',
  'strftime',
  'sub',
  'substr',
  'system',
  'systime',
  'tolower',
  'toupper',
]);

const OPERATORS = [
  '**=',
  '**',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '^=',
  '==',
  '<=',
  '>=',
  '!=',
  '++',
  '--',
  '&&',
  '||',
  '>>',
  '!~',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ';',
  ',',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '!',
  '>',
  '<',
  '|',
  '?',
  ':',
  '~',
  '$',
  '=',
];

/** Splits an awk program into tokens. @throws AwkSyntaxError */
export function tokenize(source: string): Token[] {
  const out: Token[] = [];
  let i = 0;
  let line = 1;
  let spaced = false;
  const push = (kind: Token['kind'], value: string, number = 0): void => {
    out.push({ kind, value, number, line, spaced });
    spaced = false;
  };
  const regexAllowed = (): boolean => {
    const last = out.at(-1);
    if (!last) return true;
    if (last.kind === 'number' || last.kind === 'string' || last.kind === 'name' || last.kind === 'regex') return false;
    if (last.kind === 'builtin') return false;
    return !(last.kind === 'op' && [')', ']', '$', '++', '--'].includes(last.value));
  };
  while (i < source.length) {
    const c = source[i]!;
    if (c === ' ' || c === '\t' || c === '\r') {
      spaced = true;
      i++;
    } else if (c === '\\' && /^\\\r?\n/.test(source.slice(i, i + 3))) {
      i += source[i + 1] === '\r' ? 3 : 2;
      line++;
      spaced = true;
    } else if (c === '#') {
      while (i < source.length && source[i] !== '\n') i++;
    } else if (c === '\n') {
      push('newline', '\n');
      line++;
      i++;
    } else if (c === '"') {
      const s = readString(source, i, line);
      push('string', s.value);
      i = s.end;
    } else if (c === '/' && regexAllowed()) {
      const r = readRegex(source, i, line);
      push('regex', r.value);
      i = r.end;
    } else if (/[0-9]/.test(c) || (c === '.' && /[0-9]/.test(source[i + 1] ?? ''))) {
      const m = /^(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/.exec(source.slice(i))!;
      push('number', m[0], Number(m[0]));
      i += m[0].length;
    } else if (/[A-Za-z_]/.test(c)) {
      const word = /^\w+/.exec(source.slice(i))![0];
      i += word.length;
      if (KEYWORDS.has(word)) push('keyword', word === 'func' ? 'function' : word);
      else if (BUILTINS.has(word)) push('builtin', word);
      else push(source[i] === '(' ? 'function' : 'name', word);
    } else {
      const op = OPERATORS.find((o) => source.startsWith(o, i));
      if (!op) throw new AwkSyntaxError(`line ${line}: syntax error at or near ${c}`);
      push('op', op === '**' ? '^' : op === '**=' ? '^=' : op);
      i += op.length;
    }
  }
  push('newline', '\n');
  line++;
  push('end', 'end of file');
  return out;
}

const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function readString(source: string, start: number, line: number): { value: string; end: number } {
  let i = start + 1;
  while (i < source.length && source[i] !== '"') {
    if (source[i] === '\n') break;
    i += source[i] === '\\' ? 2 : 1;
  }
  if (source[i] !== '"') {
    throw new AwkSyntaxError(`line ${line}: runaway string constant ${source.slice(start, start + 12)} ...`);
  }
  return { value: unescapeString(source.slice(start + 1, i)), end: i + 1 };
}

/** Replaces the escapes of an awk string; unknown ones keep their backslash, as in mawk. */
export function unescapeString(text: string): string {
  return text.replace(/\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[^])/g, (all, e: string) => {
    if (e === '\n') return '';
    if (/^[0-7]/.test(e)) return String.fromCharCode(parseInt(e, 8) & 0xff);
    if (/^x./.test(e)) return String.fromCharCode(parseInt(e.slice(1), 16));
    return ESCAPES[e] ?? all;
  });
}

function readRegex(source: string, start: number, line: number): { value: string; end: number } {
  let value = '';
  let inBracket = false;
  for (let i = start + 1; i < source.length && source[i] !== '\n'; i++) {
    const c = source[i]!;
    if (c === '\\') {
      const next = source[i + 1] ?? '';
      value += next === '/' ? '/' : c + next;
      i++;
    } else if (c === '/' && !inBracket) return { value, end: i + 1 };
    else {
      if (c === '[' && !inBracket) {
        inBracket = true;
        if (source[i + 1] === '^') value += source[i++];
        if (source[i + 1] === ']') {
          value += source[i++];
        }
      } else if (c === ']') inBracket = false;
      value += source[i];
    }
  }
  throw new AwkSyntaxError(`line ${line}: runaway regular expression /${source.slice(start + 1, start + 11)} ...`);
}
