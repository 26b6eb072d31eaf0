/** The grammar of jq 1.6 (parser.y) as a precedence climber. */
import type { Token } from './lexer';
import { CompileError, isKeyword, tokenize } from './lexer';
import type { Json } from './value';
import { described } from './value';

/** What `as` binds to. */
export type Pattern =
  | { readonly t: 'var'; readonly name: string }
  | { readonly t: 'array'; readonly items: readonly Pattern[] }
  | {
      readonly t: 'object';
      readonly entries: readonly { readonly name?: string; readonly key: Node; readonly value?: Pattern }[];
    };

/** A parameter of `def`: a filter, or with `$` a value as well. */
export interface Param {
  readonly name: string;
  readonly isVar: boolean;
}

/** A definition. */
export interface Def {
  readonly name: string;
  readonly params: readonly Param[];
  readonly body: Node;
}

/** A node of a program's tree. */
export type Node =
  | { readonly t: 'identity' }
  | { readonly t: 'literal'; readonly value: Json }
  | { readonly t: 'index'; readonly of: Node; readonly key: Node }
  | { readonly t: 'slice'; readonly of: Node; readonly from: Node | undefined; readonly to: Node | undefined }
  | { readonly t: 'iterate'; readonly of: Node }
  | { readonly t: 'string'; readonly format: string; readonly parts: readonly (string | Node)[] }
  | { readonly t: 'format'; readonly name: string }
  | { readonly t: 'array'; readonly body: Node | undefined }
  | { readonly t: 'object'; readonly entries: readonly (readonly [Node, Node])[] }
  | { readonly t: 'negate'; readonly of: Node }
  | { readonly t: 'pipe' | 'comma' | 'and' | 'or' | 'alt' | 'assign' | 'update'; readonly l: Node; readonly r: Node }
  | { readonly t: 'binary' | 'op-assign'; readonly op: string; readonly l: Node; readonly r: Node }
  | { readonly t: 'if'; readonly cond: Node; readonly then: Node; readonly else: Node }
  | { readonly t: 'try'; readonly body: Node; readonly handler: Node | undefined }
  | {
      readonly t: 'reduce';
      readonly source: Node;
      readonly patterns: readonly Pattern[];
      readonly init: Node;
      readonly update: Node;
    }
  | {
      readonly t: 'foreach';
      readonly source: Node;
      readonly patterns: readonly Pattern[];
      readonly init: Node;
      readonly update: Node;
      readonly extract: Node | undefined;
    }
  | { readonly t: 'as'; readonly source: Node; readonly patterns: readonly Pattern[]; readonly body: Node }
  | { readonly t: 'def'; readonly def: Def; readonly rest: Node }
  | { readonly t: 'label'; readonly name: string; readonly body: Node }
  | { readonly t: 'break'; readonly name: string; readonly start: number }
  | { readonly t: 'call'; readonly name: string; readonly args: readonly Node[]; readonly start: number }
  | { readonly t: 'variable'; readonly name: string; readonly start: number };

const IDENTITY: Node = { t: 'identity' };

/** Precedence of the binary operators, weakest first; all but the pipe and `//` lean left. */
const LEVELS: Record<string, number> = { "'|'": 1, "','": 2, '//': 3, or: 5, and: 6 };
for (const op of ["'='", '|=', '+=', '-=', '*=', '/=', '%=', '//=']) LEVELS[op] = 4;
for (const op of ['==', '!=', "'<'", "'>'", '<=', '>=']) LEVELS[op] = 7;
for (const op of ["'+'", "'-'"]) LEVELS[op] = 8;
for (const op of ["'*'", "'/'", "'%'"]) LEVELS[op] = 9;
const NONASSOC = new Set([4, 7]);

/** A whole program. @throws CompileError */
export function parseProgram(source: string): Node {
  return new Parser(tokenize(source), source).program();
}

/** A list of definitions, as the prelude is. */
export function parseDefs(source: string): Def[] {
  const defs: Def[] = [];
  let node = parseProgram(source);
  while (node.t === 'def') {
    defs.push(node.def);
    node = node.rest;
  }
  return defs;
}

class Parser {
  private i = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly source: string,
  ) {}

  program(): Node {
    if (this.peek.type === '$end') return IDENTITY;
    if (['import', 'include', 'module'].includes(this.peek.type))
      throw new CompileError(`not simulated in this course: ${this.peek.type}`, this.peek.start);
    if (!this.startsExpression()) throw this.unexpected('$end');
    const node = this.expression(0, true);
    if (this.peek.type !== '$end') throw this.unexpected('$end');
    return node;
  }

  /** The expression inside an interpolation. */
  interpolation(): Node {
    const node = this.expression(0);
    if (this.peek.type !== 'QQSTRING_INTERP_END') throw this.unexpected();
    return node;
  }

  private get peek(): Token {
    return this.tokens[this.i]!;
  }

  private take(): Token {
    return this.tokens[this.i++]!;
  }

  private is(type: string): boolean {
    return this.peek.type === type;
  }

  private accept(type: string): boolean {
    if (!this.is(type)) return false;
    this.i++;
    return true;
  }

  private expect(type: string, list?: string): Token {
    if (!this.is(type)) throw this.unexpected(list);
    return this.take();
  }

  private unexpected(list?: string): CompileError {
    const expecting = list === undefined ? '' : `, expecting ${list}`;
    const text = `syntax error, unexpected ${this.peek.type}${expecting} (Unix shell quoting issues?)`;
    return new CompileError(text, this.peek.start);
  }

  private startsExpression(): boolean {
    return (
      ![
        "')'",
        "']'",
        "'}'",
        "'|'",
        "','",
        "';'",
        "':'",
        "'='",
        "'?'",
        "'+'",
        "'*'",
        "'/'",
        "'%'",
        "'<'",
        "'>'",
        'INVALID_CHARACTER',
        'and',
        'or',
        'then',
        'else',
        'elif',
        'end',
        'as',
        'catch',
        '__loc__',
      ].includes(this.peek.type) && !(this.peek.type in LEVELS && this.peek.type !== "'-'")
    );
  }

  private expression(min: number, top = false): Node {
    let left = this.prefix(top);
    for (;;) {
      const op = this.peek.type;
      const level = LEVELS[op];
      if (level === undefined || level < min) return left;
      this.take();
      const rightLeaning = level === 1 || level === 3;
      const start = this.peek.start;
      const right = this.expression(rightLeaning ? level : level + 1);
      left = combine(op, left, right, start);
      if (NONASSOC.has(level) && LEVELS[this.peek.type] === level) throw this.unexpected();
    }
  }

  private prefix(top = false): Node {
    const token = this.peek;
    switch (token.type) {
      case 'def': {
        const def = this.definition();
        // A program may be nothing but definitions.
        const rest = top && this.is('$end') ? IDENTITY : this.expression(0, top);
        return { t: 'def', def, rest };
      }
      case "'-'":
        this.take();
        return { t: 'negate', of: this.expression(9) };
      case 'try': {
        this.take();
        const body = this.question(this.prefix());
        if (!this.accept('catch')) return { t: 'try', body, handler: undefined };
        return { t: 'try', body, handler: this.question(this.prefix()) };
      }
      case 'label': {
        this.take();
        this.expect("'$'", "'$'");
        const name = this.expect('IDENT', 'IDENT').text;
        this.expect("'|'", "'|'");
        return { t: 'label', name, body: this.expression(1) };
      }
      case 'if':
        return this.question(this.conditional());
      case 'reduce':
      case 'foreach':
        return this.question(this.fold());
    }
    const term = this.term();
    if (!this.accept('as')) return term;
    const patterns = this.patterns();
    this.expect("'|'", "'|'");
    return { t: 'as', source: term, patterns, body: this.expression(1) };
  }

  private question(node: Node): Node {
    while (this.accept("'?'")) node = { t: 'try', body: node, handler: undefined };
    return node;
  }

  private definition(): Def {
    this.expect('def');
    const name = isKeyword(this.peek.type) ? this.expect('IDENT', 'IDENT').text : this.expect('IDENT', 'IDENT').text;
    const params: Param[] = [];
    if (this.accept("'('")) {
      do {
        const isVar = this.accept("'$'");
        params.push({ name: this.expect('IDENT', isVar ? 'IDENT' : "IDENT or '$'").text, isVar });
      } while (this.accept("';'"));
      this.expect("')'", "';' or ')'");
    }
    this.expect("':'", params.length > 0 ? "':'" : "'(' or ':'");
    const body = this.expression(0);
    this.expect("';'");
    return { name, params, body };
  }

  private conditional(): Node {
    const { start } = this.take();
    const cond = this.expression(0);
    this.expect('then');
    try {
      const then = this.expression(0);
      if (this.is('elif')) return { t: 'if', cond, then, else: this.conditional() };
      this.expect('else');
      const otherwise = this.expression(0);
      this.expect('end');
      return { t: 'if', cond, then, else: otherwise };
    } catch (e) {
      if (!(e instanceof CompileError) || e.more || !e.message.startsWith('syntax')) throw e;
      throw new CompileError(e.message, e.start, { message: "Possibly unterminated 'if' statement", start });
    }
  }

  private fold(): Node {
    const { type } = this.take();
    const source = this.term();
    this.expect('as', "FIELD or as or '.' or '['");
    const patterns = this.patterns();
    this.expect("'('");
    const init = this.expression(0);
    this.expect("';'");
    const update = this.expression(0);
    if (type === 'reduce') {
      this.expect("')'");
      return { t: 'reduce', source, patterns, init, update };
    }
    const extract = this.accept("';'") ? this.expression(0) : undefined;
    this.expect("')'");
    return { t: 'foreach', source, patterns, init, update, extract };
  }

  private patterns(): Pattern[] {
    const list = [this.pattern()];
    while (this.accept('?//')) list.push(this.pattern());
    return list;
  }

  private pattern(): Pattern {
    if (this.accept("'$'")) return { t: 'var', name: this.expect('IDENT', 'IDENT').text };
    if (this.accept("'['")) {
      const items = [this.pattern()];
      while (this.accept("','")) items.push(this.pattern());
      this.expect("']'", "',' or ']'");
      return { t: 'array', items };
    }
    this.expect("'{'", "'$' or '[' or '{'");
    const entries: { name?: string; key: Node; value?: Pattern }[] = [];
    do {
      const token = this.peek;
      if (this.accept("'$'")) {
        const name = this.expect('IDENT').text;
        const key: Node = { t: 'literal', value: name };
        entries.push(this.accept("':'") ? { name, key, value: this.pattern() } : { name, key });
        continue;
      }
      let key: Node;
      if (token.type === 'IDENT' || isKeyword(token.type)) key = { t: 'literal', value: this.take().text };
      else if (token.type === 'QQSTRING_START') key = this.stringNode(this.take(), 'text');
      else {
        this.expect("'('");
        key = this.expression(0);
        this.expect("')'");
      }
      this.expect("':'");
      entries.push({ key, value: this.pattern() });
    } while (this.accept("','"));
    this.expect("'}'", "',' or '}'");
    return { t: 'object', entries };
  }

  private term(): Node {
    let node = this.primary();
    for (;;) {
      const token = this.peek;
      if (token.type === 'FIELD') {
        this.take();
        node = { t: 'index', of: node, key: { t: 'literal', value: token.text.slice(1) } };
      } else if (token.type === "'.'") {
        this.take();
        node = { t: 'index', of: node, key: this.stringKey() };
      } else if (token.type === "'['") node = this.bracket(node);
      else if (token.type === "'?'") node = this.question(node);
      else return node;
    }
  }

  private stringKey(): Node {
    const token = this.peek;
    if (token.type === 'QQSTRING_START') return this.stringNode(this.take(), 'text');
    if (token.type === 'FORMAT' && this.tokens[this.i + 1]?.type === 'QQSTRING_START') {
      this.take();
      return this.stringNode(this.take(), token.text.slice(1));
    }
    throw this.unexpected('FORMAT or QQSTRING_START');
  }

  private bracket(of: Node): Node {
    this.expect("'['");
    if (this.accept("']'")) return { t: 'iterate', of };
    if (this.accept("':'")) {
      const to = this.expression(0);
      this.expect("']'");
      return { t: 'slice', of, from: undefined, to };
    }
    const key = this.expression(0);
    if (this.accept("':'")) {
      const to = this.is("']'") ? undefined : this.expression(0);
      this.expect("']'");
      return { t: 'slice', of, from: key, to };
    }
    this.expect("']'");
    return { t: 'index', of, key };
  }

  private primary(): Node {
    const token = this.peek;
    const { start } = token;
    switch (token.type) {
      case "'.'": {
        this.take();
        if (this.is('QQSTRING_START') || this.is('FORMAT')) return { t: 'index', of: IDENTITY, key: this.stringKey() };
        if (this.is("'['")) return this.bracket(IDENTITY);
        return IDENTITY;
      }
      case '..':
        this.take();
        return { t: 'call', name: 'recurse', args: [], start };
      case 'FIELD':
        this.take();
        return { t: 'index', of: IDENTITY, key: { t: 'literal', value: token.text.slice(1) } };
      case 'LITERAL':
        this.take();
        return { t: 'literal', value: token.value! };
      case 'QQSTRING_START':
        this.take();
        return this.stringNode(token, 'text');
      case 'FORMAT': {
        this.take();
        const name = token.text.slice(1);
        if (this.is('QQSTRING_START')) return this.stringNode(this.take(), name);
        return { t: 'format', name };
      }
      case "'('": {
        this.take();
        const node = this.expression(0);
        this.expect("')'");
        return node;
      }
      case "'['": {
        this.take();
        if (this.accept("']'")) return { t: 'array', body: undefined };
        const body = this.expression(0);
        this.expect("']'");
        return { t: 'array', body };
      }
      case "'{'":
        return this.object();
      case "'$'": {
        this.take();
        if (this.accept('__loc__')) return { t: 'literal', value: this.location(start) };
        return { t: 'variable', name: this.expect('IDENT', 'IDENT or __loc__').text, start };
      }
      case 'IDENT': {
        this.take();
        if (token.text === 'break' && this.accept("'$'")) return { t: 'break', name: this.expect('IDENT').text, start };
        const args: Node[] = [];
        if (this.accept("'('")) {
          do args.push(this.expression(0));
          while (this.accept("';'"));
          this.expect("')'", "';' or ')'");
        } else {
          if (token.text === 'true' || token.text === 'false') return { t: 'literal', value: token.text === 'true' };
          if (token.text === 'null') return { t: 'literal', value: null };
        }
        return { t: 'call', name: token.text, args, start };
      }
      default:
        throw this.unexpected();
    }
  }

  private location(start: number): Json {
    const line = this.source.slice(0, start).split('\n').length;
    return new Map<string, Json>([
      ['file', '<top-level>'],
      ['line', line],
    ]);
  }

  private stringNode(token: Token, format: string): Node {
    const pieces = token.pieces!;
    if (pieces.length === 1) return { t: 'literal', value: pieces[0] as string };
    const parts = pieces.map((p) => (typeof p === 'string' ? p : new Parser(p, this.source).interpolation()));
    return { t: 'string', format, parts };
  }

  private object(): Node {
    this.take();
    const entries: (readonly [Node, Node])[] = [];
    if (this.accept("'}'")) return { t: 'object', entries };
    do {
      const token = this.peek;
      const next = this.tokens[this.i + 1]!.type;
      if (token.type === "'$'") {
        this.take();
        const key = this.accept('__loc__') ? '__loc__' : this.expect('IDENT', 'IDENT or __loc__').text;
        const value: Node =
          key === '__loc__'
            ? { t: 'literal', value: this.location(token.start) }
            : { t: 'variable', name: key, start: token.start };
        entries.push([{ t: 'literal', value: key }, value]);
      } else if (token.type === 'IDENT' || (isKeyword(token.type) && next === "':'")) {
        this.take();
        const key: Node = { t: 'literal', value: token.text };
        entries.push([key, this.accept("':'") ? this.objectValue() : { t: 'index', of: IDENTITY, key }]);
      } else if (token.type === 'QQSTRING_START' || token.type === 'FORMAT') {
        const key = token.type === 'FORMAT' ? this.stringKey() : this.stringNode(this.take(), 'text');
        entries.push([key, this.accept("':'") ? this.objectValue() : { t: 'index', of: IDENTITY, key }]);
      } else if (token.type === "'('") {
        this.take();
        const key = this.expression(0);
        if (key.t === 'literal' && typeof key.value !== 'string')
          throw new CompileError(`Cannot use ${described(key.value)} as object key`, token.start);
        this.expect("')'");
        this.expect("':'");
        entries.push([key, this.objectValue()]);
      } else throw this.dictError();
    } while (this.accept("','"));
    this.expect("'}'", "'}'");
    return { t: 'object', entries };
  }

  /** The grammar skips to a colon after a key that cannot be one. */
  private dictError(): CompileError {
    const first = this.unexpected();
    let k = this.i;
    while (this.tokens[k] && !["':'", "'}'", '$end'].includes(this.tokens[k]!.type)) k++;
    if (this.tokens[k]?.type !== "':'") return first;
    return new CompileError(first.message, first.start, {
      message: 'May need parentheses around object key expression',
      start: this.tokens[this.i]!.start,
    });
  }

  /** Values of an object are terms, piped or negated; other operators need parentheses. */
  private objectValue(): Node {
    const left: Node = this.accept("'-'") ? { t: 'negate', of: this.objectValue() } : this.term();
    return this.accept("'|'") ? { t: 'pipe', l: left, r: this.objectValue() } : left;
  }
}

function combine(op: string, l: Node, r: Node, start: number): Node {
  const bare = op.replace(/'/g, '');
  switch (bare) {
    case '|':
      return { t: 'pipe', l, r };
    case ',':
      return { t: 'comma', l, r };
    case '//':
      return { t: 'alt', l, r };
    case 'and':
    case 'or':
      return { t: bare, l, r };
    case '=':
      return { t: 'assign', l, r };
    case '|=':
      return { t: 'update', l, r };
  }
  if (LEVELS[op] === 4) return { t: 'op-assign', op: bare.slice(0, -1), l, r };
  if (bare === '/' && l.t === 'literal' && r.t === 'literal' && typeof l.value === 'number' && r.value === 0)
    throw new CompileError('Division by zero?', start - 2);
  return { t: 'binary', op: bare, l, r };
}
