/** Parser of awk programs (the grammar of POSIX, with what mawk adds). */
import { Regex, RegexError } from '../lib/regex';
import type { AwkProgram, Cell, Expr, Func, LValue, Place, Redirection, Rule, Stmt } from './awk-ast';
import type { Token } from './awk-lex';
import { AwkSyntaxError, tokenize } from './awk-lex';

const ASSIGN = new Set(['=', '+=', '-=', '*=', '/=', '%=', '^=']);
const IMPURE_BUILTINS = new Set(['close', 'fflush', 'system']);

/** Parses a program. @throws AwkSyntaxError */
export function parseAwk(source: string): AwkProgram {
  return new Parser(tokenize(source)).program();
}

/** Compiles a regular expression as awk reads it. @throws AwkSyntaxError */
export function awkRegex(pattern: string): Regex {
  try {
    // Debian's mawk takes braces as ordinary characters.
    return new Regex(
      pattern.replace(/\\.|\[\^?\]?[^\]]*\]|[{}]/g, (m) => (m === '{' || m === '}' ? `\\${m}` : m)),
      { syntax: 'extended', escapes: 'awk', looseParen: true },
    );
  } catch (e) {
    if (e instanceof RegexError)
      throw new AwkSyntaxError(`regular expression compile failed (${reason(e.message)})\n${pattern}`);
    throw e;
  }
}

function reason(message: string): string {
  if (message.startsWith('Unmatched (')) return "missing ')'";
  if (message.startsWith('Unmatched [')) return 'bad class -- [], [^] or [';
  return message.toLowerCase();
}

class Parser {
  private i = 0;
  private locals: readonly string[] | undefined;
  private readonly globals = new Map<string, Cell>();
  private readonly functions = new Map<string, Func>();
  private readonly calls: { name: string; line: number }[] = [];
  private depth = 0;
  private noIn = false;
  private noGt = false;

  constructor(private readonly tokens: readonly Token[]) {}

  program(): AwkProgram {
    const begin: Stmt[] = [];
    const end: Stmt[] = [];
    const rules: Rule[] = [];
    for (;;) {
      this.skipSeparators();
      if (this.token.kind === 'end') break;
      if (this.is('}')) throw new AwkSyntaxError(`line ${this.token.line}: extra '}'`);
      if (this.accept('BEGIN')) begin.push(this.block());
      else if (this.accept('END')) end.push(this.block());
      else if (this.accept('function')) this.func();
      else {
        const a = this.is('{') ? undefined : this.expr();
        let b: Expr | undefined;
        if (a && this.accept(',')) {
          this.newlines();
          b = this.expr();
        }
        const body = this.is('{') ? this.block() : undefined;
        rules.push({ a, b, body, active: false });
      }
      if (!(['newline', 'end'] as string[]).includes(this.token.kind) && !this.is(';') && !this.is('}')) {
        // A new rule may follow a block on the same line.
        const last = this.tokens[this.i - 1]!;
        if (last.value !== '}') this.fail();
      }
    }
    for (const c of this.calls)
      if (!this.functions.has(c.name))
        throw new AwkSyntaxError(`line ${this.token.line}: function ${c.name} never defined`);
    return { begin, end, rules, functions: this.functions, globals: this.globals };
  }

  private get token(): Token {
    return this.tokens[this.i]!;
  }

  private is(value: string): boolean {
    const t = this.token;
    return (t.kind === 'op' || t.kind === 'keyword') && t.value === value;
  }

  private accept(value: string): boolean {
    if (!this.is(value)) return false;
    this.i++;
    return true;
  }

  private expect(value: string): void {
    if (!this.accept(value)) this.fail();
  }

  private fail(): never {
    const t = this.token;
    if (t.kind === 'end' && this.depth > 0) throw new AwkSyntaxError(`line ${t.line}: missing } near end of file`);
    const near =
      t.kind === 'end'
        ? 'end of file'
        : t.kind === 'newline'
          ? this.tokens[this.i + 1]?.kind === 'end'
            ? 'end of file'
            : 'end of line'
          : t.value;
    throw new AwkSyntaxError(`line ${t.line}: syntax error at or near ${near}`);
  }

  private newlines(): void {
    while (this.token.kind === 'newline') this.i++;
  }

  private skipSeparators(): void {
    while (this.token.kind === 'newline' || this.is(';')) this.i++;
  }

  private func(): void {
    const t = this.token;
    if (t.kind !== 'name' && t.kind !== 'function') this.fail();
    this.i++;
    this.expect('(');
    const params: string[] = [];
    while (!this.accept(')')) {
      if (this.token.kind !== 'name') this.fail();
      params.push(this.token.value);
      this.i++;
      if (!this.is(')')) this.expect(',');
      this.newlines();
    }
    this.newlines();
    this.locals = params;
    const f: Func = { name: t.value, params, body: { k: 'block', list: [] } };
    this.functions.set(t.value, f);
    f.body = this.block();
    this.locals = undefined;
  }

  private block(): Stmt {
    this.expect('{');
    this.depth++;
    const list: Stmt[] = [];
    for (;;) {
      this.skipSeparators();
      if (this.accept('}')) {
        this.depth--;
        return { k: 'block', list };
      }
      list.push(this.statement());
    }
  }

  /** A statement as the body of if, while, for. */
  private body(): Stmt {
    this.newlines();
    if (this.accept(';')) return { k: 'block', list: [] };
    return this.statement();
  }

  private statement(): Stmt {
    if (this.is('{')) return this.block();
    if (this.accept('if')) {
      this.expect('(');
      const c = this.expr();
      this.expect(')');
      const a = this.body();
      const mark = this.i;
      this.skipSeparators();
      if (this.accept('else')) return { k: 'if', c, a, b: this.body() };
      this.i = mark;
      return { k: 'if', c, a, b: undefined };
    }
    if (this.accept('while')) {
      this.expect('(');
      const c = this.expr();
      this.expect(')');
      if (this.accept(';')) return { k: 'while', c, body: { k: 'block', list: [] } };
      return { k: 'while', c, body: this.body() };
    }
    if (this.accept('do')) {
      const body = this.body();
      this.skipSeparators();
      this.expect('while');
      this.expect('(');
      const c = this.expr();
      this.expect(')');
      this.end();
      return { k: 'do', body, c };
    }
    if (this.accept('for')) return this.forLoop();
    const s = this.simple();
    this.end();
    return s;
  }

  private forLoop(): Stmt {
    this.expect('(');
    if (
      this.token.kind === 'name' &&
      this.tokens[this.i + 1]?.value === 'in' &&
      this.tokens[this.i + 2]?.kind === 'name' &&
      this.tokens[this.i + 3]?.value === ')'
    ) {
      const l = this.place(this.token.value);
      const array = this.place(this.tokens[this.i + 2]!.value);
      this.i += 4;
      return { k: 'forin', l, array, body: this.body() };
    }
    const init = this.is(';') ? undefined : this.simple();
    this.expect(';');
    this.newlines();
    const c = this.is(';') ? undefined : this.expr();
    this.expect(';');
    this.newlines();
    const step = this.is(')') ? undefined : this.simple();
    this.expect(')');
    if (this.accept(';')) return { k: 'for', init, c, step, body: { k: 'block', list: [] } };
    return { k: 'for', init, c, step, body: this.body() };
  }

  /** Behind a simple statement. */
  private end(): void {
    if (this.accept(';')) {
      this.newlines();
      return;
    }
    if (this.token.kind === 'newline') {
      this.i++;
      return;
    }
    if (!this.is('}') && this.token.kind !== 'end') this.fail();
  }

  private simple(): Stmt {
    const t = this.token;
    if (t.kind === 'keyword') {
      switch (t.value) {
        case 'next':
        case 'nextfile':
        case 'break':
        case 'continue':
          this.i++;
          return { k: t.value };
        case 'exit':
        case 'return': {
          this.i++;
          const bare = this.token.kind === 'newline' || this.is(';') || this.is('}') || this.token.kind === 'end';
          return { k: t.value, e: bare ? undefined : this.expr() };
        }
        case 'delete': {
          this.i++;
          if (this.token.kind !== 'name') this.fail();
          const array = this.place(this.token.value);
          this.i++;
          if (!this.accept('[')) return { k: 'delete', array, subs: undefined };
          const subs = this.list(']');
          return { k: 'delete', array, subs };
        }
        case 'print':
        case 'printf':
          this.i++;
          return this.print(t.value);
        default:
      }
    }
    return { k: 'expr', e: this.expr() };
  }

  private print(k: 'print' | 'printf'): Stmt {
    const stop = (): boolean =>
      this.token.kind === 'newline' ||
      this.is(';') ||
      this.is('}') ||
      this.is('>') ||
      this.is('>>') ||
      this.is('|') ||
      this.token.kind === 'end';
    let args: Expr[] = [];
    const outer = this.noGt;
    this.noGt = true;
    if (!stop()) {
      args = [this.expr()];
      while (this.accept(',')) {
        this.newlines();
        args.push(this.expr());
      }
      // print (a, b) > "file": the parentheses hold the list.
      const only = args[0]!;
      if (args.length === 1 && only.k === 'group') args = [...only.list];
    }
    let to: Redirection | undefined;
    for (const kind of ['>>', '>', '|'] as const) {
      if (to || !this.accept(kind)) continue;
      to = { kind, target: this.ternary() };
    }
    this.noGt = outer;
    return { k, args, to };
  }

  private list(close: string): Expr[] {
    const out: Expr[] = [];
    this.newlines();
    if (this.accept(close)) return out;
    const saved = [this.noIn, this.noGt] as const;
    this.noIn = this.noGt = false;
    do {
      this.newlines();
      out.push(this.expr());
      this.newlines();
    } while (this.accept(','));
    [this.noIn, this.noGt] = saved;
    this.expect(close);
    return out;
  }

  private place(name: string): Place {
    const slot = this.locals?.indexOf(name) ?? -1;
    if (slot >= 0) return { k: 'local', name, slot, pure: true };
    let cell = this.globals.get(name);
    if (!cell) this.globals.set(name, (cell = { value: undefined }));
    return { k: 'global', name, cell, pure: true };
  }

  private isLValue(e: Expr): e is LValue {
    return e.k === 'global' || e.k === 'local' || e.k === 'field' || e.k === 'index';
  }

  private expr(): Expr {
    const l = this.ternary();
    const op = this.token.kind === 'op' ? this.token.value : '';
    if (ASSIGN.has(op) && this.isLValue(l)) {
      this.i++;
      this.newlines();
      const r = this.expr();
      return { k: 'assign', op, l, r, pure: l.pure && r.pure };
    }
    return l;
  }

  private ternary(): Expr {
    const c = this.or();
    if (!this.is('?')) return c;
    this.i++;
    this.newlines();
    const a = this.expr();
    this.newlines();
    this.expect(':');
    this.newlines();
    const b = this.expr();
    return { k: 'cond', c, a, b, pure: c.pure && a.pure && b.pure };
  }

  private or(): Expr {
    let a = this.and();
    while (this.accept('||')) {
      this.newlines();
      const b = this.and();
      a = { k: 'or', a, b, pure: a.pure && b.pure };
    }
    return a;
  }

  private and(): Expr {
    let a = this.membership();
    while (this.accept('&&')) {
      this.newlines();
      const b = this.membership();
      a = { k: 'and', a, b, pure: a.pure && b.pure };
    }
    return a;
  }

  private membership(): Expr {
    let a = this.matching();
    while (!this.noIn && this.is('in')) {
      this.i++;
      if (this.token.kind !== 'name') this.fail();
      const array = this.place(this.token.value);
      this.i++;
      const subs = a.k === 'group' ? a.list : [a];
      a = { k: 'in', subs, array, pure: subs.every((s) => s.pure) };
    }
    return a;
  }

  private matching(): Expr {
    let a = this.comparison();
    while (this.is('~') || this.is('!~')) {
      const op = this.token.value;
      this.i++;
      const b = this.comparison();
      a = { k: 'match', op, a, b, pure: a.pure && b.pure };
    }
    return a;
  }

  private comparison(): Expr {
    const a = this.concat();
    const op = this.token.kind === 'op' ? this.token.value : '';
    if (!['<', '<=', '==', '!=', '>', '>='].includes(op) || (op === '>' && this.noGt)) {
      return this.pipes(a);
    }
    this.i++;
    const b = this.concat();
    return this.pipes({ k: 'cmp', op, a, b, pure: a.pure && b.pure });
  }

  /** `command | getline` binds looser than concatenation. */
  private pipes(e: Expr): Expr {
    let a = e;
    while (this.is('|') && this.tokens[this.i + 1]?.value === 'getline') {
      this.i += 2;
      a = { k: 'getline', from: 'command', target: this.optionalLValue(), source: a, pure: false };
    }
    return a;
  }

  private optionalLValue(): LValue | undefined {
    const t = this.token;
    if (t.kind !== 'name' && !(t.kind === 'op' && t.value === '$')) return undefined;
    const e = this.primary();
    return this.isLValue(e) ? e : this.fail();
  }

  private concat(): Expr {
    let a = this.additive();
    for (;;) {
      const t = this.token;
      const starts =
        t.kind === 'number' ||
        t.kind === 'string' ||
        t.kind === 'regex' ||
        t.kind === 'name' ||
        t.kind === 'function' ||
        t.kind === 'builtin' ||
        (t.kind === 'op' && ['$', '!', '(', '-', '+', '++', '--'].includes(t.value));
      if (!starts) return a;
      const b = this.additive();
      a = { k: 'cat', op: '', a, b, pure: a.pure && b.pure };
    }
  }

  private additive(): Expr {
    let a = this.multiplicative();
    while (this.is('+') || this.is('-')) {
      const op = this.token.value;
      this.i++;
      const b = this.multiplicative();
      a = { k: 'bin', op, a, b, pure: a.pure && b.pure };
    }
    return a;
  }

  private multiplicative(): Expr {
    let a = this.unary();
    while (this.is('*') || this.is('/') || this.is('%')) {
      const op = this.token.value;
      this.i++;
      const b = this.unary();
      a = { k: 'bin', op, a, b, pure: a.pure && b.pure };
    }
    return a;
  }

  private unary(): Expr {
    if (this.is('!') || this.is('-') || this.is('+')) {
      const op = this.token.value;
      this.i++;
      const e = this.unary();
      return { k: 'unary', op, e, pure: e.pure };
    }
    return this.power();
  }

  private power(): Expr {
    const a = this.postfix();
    if (!this.is('^')) return a;
    this.i++;
    const b = this.is('-') || this.is('+') || this.is('!') ? this.unary() : this.power();
    return { k: 'bin', op: '^', a, b, pure: a.pure && b.pure };
  }

  private postfix(): Expr {
    const e = this.primary();
    if (this.isLValue(e) && (this.is('++') || this.is('--'))) {
      const d = this.token.value === '++' ? 1 : -1;
      this.i++;
      return { k: 'incr', d, prefix: false, l: e, pure: e.pure };
    }
    return e;
  }

  private primary(): Expr {
    const t = this.token;
    this.i++;
    switch (t.kind) {
      case 'number':
        return { k: 'const', v: t.number, pure: true };
      case 'string':
        return { k: 'const', v: t.value, pure: true };
      case 'regex':
        return { k: 'regex', re: this.compile(t), pure: true };
      case 'name':
        if (this.accept('[')) {
          const subs = this.list(']');
          return { k: 'index', array: this.place(t.value), subs, pure: subs.every((s) => s.pure) };
        }
        return this.place(t.value);
      case 'function': {
        this.expect('(');
        const args = this.list(')');
        this.calls.push({ name: t.value, line: t.line });
        return { k: 'call', name: t.value, args, line: t.line, pure: false };
      }
      case 'builtin': {
        if (!this.is('(')) {
          if (t.value === 'length') return { k: 'builtin', name: 'length', args: [], pure: true };
          this.fail();
        }
        this.i++;
        const args = this.list(')');
        return { k: 'builtin', name: t.value, args, pure: !IMPURE_BUILTINS.has(t.value) && args.every((a) => a.pure) };
      }
      case 'keyword':
        if (t.value === 'getline') {
          const target = this.optionalLValue();
          if (!this.accept('<')) return { k: 'getline', from: 'main', target, source: undefined, pure: false };
          return { k: 'getline', from: 'file', target, source: this.postfix(), pure: false };
        }
        break;
      case 'op':
        if (t.value === '$') {
          const prefix = this.is('++') || this.is('--');
          const e = prefix ? this.primary() : this.is('-') ? this.unary() : this.primary();
          return { k: 'field', e, pure: e.pure };
        }
        if (t.value === '++' || t.value === '--') {
          const l = this.primary();
          if (!this.isLValue(l)) this.fail();
          return { k: 'incr', d: t.value === '++' ? 1 : -1, prefix: true, l: l as LValue, pure: l.pure };
        }
        if (t.value === '(') {
          const list = this.list(')');
          if (list.length === 0) {
            this.i--;
            this.fail();
          }
          const pure = list.every((e) => e.pure);
          if (list.length === 1) return { k: 'unary', op: '()', e: list[0]!, pure };
          return { k: 'group', list, pure };
        }
        if (t.value === '-' || t.value === '+' || t.value === '!') {
          const e = this.unary();
          return { k: 'unary', op: t.value, e, pure: e.pure };
        }
        break;
      default:
    }
    this.i--;
    return this.fail();
  }

  private compile(t: Token): Regex {
    try {
      return awkRegex(t.value);
    } catch (e) {
      if (e instanceof AwkSyntaxError) throw new AwkSyntaxError(`line ${t.line}: ${e.message}`);
      throw e;
    }
  }
}
