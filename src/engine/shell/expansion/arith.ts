/** Shell arithmetic (bash(1), ARITHMETIC EVALUATION): 64-bit two's complement integers, no overflow check. */

import { ArithError } from '../errors';

/** The variables an expression works on. */
export interface ArithEnv {
  /** Text of a variable or array element; undefined when unset. */
  read(name: string, index: string | undefined): string | undefined;
  write(name: string, index: string | undefined, value: bigint): void;
}

type Eval = (env: ArithEnv, depth: number) => bigint;

const MAX_DEPTH = 200;
const wrap = (n: bigint): bigint => BigInt.asIntN(64, n);
const cache = new Map<string, Eval>();

/** Value of `text`, in which `$` expansions have already been made. @throws ArithError */
export function evaluate(text: string, env: ArithEnv): bigint {
  return run(text, env, 0);
}

function run(text: string, env: ArithEnv, depth: number): bigint {
  if (/^\s*-?(?:0|[1-9]\d{0,17})\s*$/.test(text)) return BigInt(text.trim());
  if (depth > MAX_DEPTH) {
    throw new ArithError(`${text}: expression recursion level exceeded (error token is "${text}")`);
  }
  let fn = cache.get(text);
  if (!fn) {
    fn = new Compiler(text).compile();
    if (cache.size > 2000) cache.clear();
    cache.set(text, fn);
  }
  return fn(env, depth);
}

const BINARY: readonly (readonly string[])[] = [
  ['||'], ['&&'], ['|'], ['^'], ['&'], ['==', '!='], ['<=', '>=', '<', '>'], ['<<', '>>'], ['+', '-'], ['*', '/', '%'],
]; // prettier-ignore
const ASSIGN = ['=', '*=', '/=', '%=', '+=', '-=', '<<=', '>>=', '&=', '^=', '|='];
const TOKEN = /\s*(<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[*/%+\-&^|]=|[-+*/%<>=!~&^|?:,()]|)/y;

interface Ref {
  name: string;
  index: string | undefined;
}

class Compiler {
  private readonly s: string;
  private i = 0;
  private tok = '';
  private num: bigint | null = null;
  private ref: Ref | null = null;
  /** Start of the token last read: what messages quote from. */
  private last = 0;
  private before = 0;

  constructor(text: string) {
    this.s = text.replace(/^\s+/, '');
  }

  compile(): Eval {
    if (this.s === '') return () => 0n;
    this.next();
    const e = this.comma();
    if (this.tok !== '' || this.num !== null || this.ref !== null) this.fail('syntax error in expression');
    return e;
  }

  private fail(message: string, at = this.last): never {
    throw new ArithError(`${this.s}: ${message} (error token is "${this.s.slice(at)}")`);
  }

  private next(): void {
    const { s } = this;
    const afterOperand = this.num !== null || this.ref !== null || this.tok === ')';
    this.num = this.ref = null;
    while (/\s/.test(s[this.i] ?? 'x')) this.i++;
    this.before = this.last;
    if (this.i >= s.length) {
      this.tok = '';
      return;
    }
    this.last = this.i;
    const rest = s.slice(this.i);
    const number = /^\d[\w#@]*/.exec(rest);
    if (number) {
      this.i += number[0].length;
      this.tok = '#';
      this.num = this.number(number[0]);
      return;
    }
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (name) {
      this.i += name[0].length;
      this.tok = '#';
      let index: string | undefined;
      if (s[this.i] === '[') {
        let depth = 0;
        let j = this.i;
        for (; j < s.length; j++) {
          if (s[j] === '[') depth++;
          else if (s[j] === ']' && --depth === 0) break;
        }
        if (j >= s.length) this.fail('bad array subscript');
        index = s.slice(this.i + 1, j);
        this.i = j + 1;
      }
      this.ref = { name: name[0], index };
      return;
    }
    TOKEN.lastIndex = this.i;
    const tok = TOKEN.exec(s)![1]!;
    if (tok === '') {
      this.fail(afterOperand ? 'syntax error: invalid arithmetic operator' : 'syntax error: operand expected');
    }
    this.tok = tok;
    this.i += tok.length;
  }

  private number(text: string): bigint {
    let base = 10;
    let digits = text;
    const based = /^(\d+)#(.*)$/.exec(text);
    if (based) {
      base = Number(based[1]);
      digits = based[2]!;
      if (base < 2 || base > 64) this.fail('invalid arithmetic base');
      if (digits === '') this.fail('invalid integer constant');
    } else if (/^0[xX]/.test(text)) {
      base = 16;
      digits = text.slice(2);
    } else if (/^0./.test(text)) {
      base = 8;
      digits = text.slice(1);
    }
    let value = 0n;
    for (const c of digits) {
      let d = -1;
      if (c >= '0' && c <= '9') d = c.charCodeAt(0) - 48;
      else if (c >= 'a' && c <= 'z') d = c.charCodeAt(0) - 87;
      else if (c >= 'A' && c <= 'Z') d = c.charCodeAt(0) - (base <= 36 ? 55 : 29);
      else if (c === '@') d = 62;
      else if (c === '_') d = 63;
      if (d < 0 || d >= base) this.fail(c === '#' ? 'invalid number' : 'value too great for base');
      value = value * BigInt(base) + BigInt(d);
    }
    return wrap(value);
  }

  /** The current token, past what control flow analysis believes of it. */
  private at(tok: string): boolean {
    return this.tok === tok;
  }

  private comma(): Eval {
    let left = this.assign();
    while (this.tok === ',') {
      this.next();
      const a = left;
      const b = this.assign();
      left = (env, d) => (a(env, d), b(env, d));
    }
    return left;
  }

  private assign(): Eval {
    const start = this.last;
    const { ref } = this;
    const left = this.ternary();
    if (!ASSIGN.includes(this.tok)) return left;
    const op = this.tok;
    if (!ref || !this.isRef(start)) this.fail('attempted assignment to non-variable');
    this.next();
    const operandAt = this.last;
    const right = this.assign();
    if (op === '=') {
      return (env, d) => {
        const v = right(env, d);
        env.write(ref.name, ref.index, v);
        return v;
      };
    }
    const apply = this.operation(op.slice(0, -1), operandAt);
    return (env, d) => {
      const v = apply(load(ref, env, d), right(env, d));
      env.write(ref.name, ref.index, v);
      return v;
    };
  }

  /** True when what was just parsed was a lone variable. */
  private isRef(start: number): boolean {
    return /^[A-Za-z_]\w*(?:\[[^]*\])?\s*$/.test(this.s.slice(start, this.last));
  }

  private ternary(): Eval {
    const test = this.binary(0);
    if (this.tok !== '?') return test;
    this.next();
    if (this.at(':') || this.at('')) this.fail('expression expected');
    const yes = this.comma();
    if (!this.at(':')) this.fail("`:' expected for conditional expression");
    this.next();
    if (this.at('')) this.fail('expression expected');
    const no = this.assign();
    return (env, d) => (test(env, d) !== 0n ? yes(env, d) : no(env, d));
  }

  private binary(level: number): Eval {
    const ops = BINARY[level];
    if (!ops) return this.power();
    let left = this.binary(level + 1);
    while (ops.includes(this.tok) && this.num === null && this.ref === null) {
      const op = this.tok;
      this.next();
      const at = this.last;
      const a = left;
      const b = this.binary(level + 1);
      if (op === '||') left = (env, d) => (a(env, d) !== 0n || b(env, d) !== 0n ? 1n : 0n);
      else if (op === '&&') left = (env, d) => (a(env, d) !== 0n && b(env, d) !== 0n ? 1n : 0n);
      else {
        const apply = this.operation(op, at);
        left = (env, d) => apply(a(env, d), b(env, d));
      }
    }
    return left;
  }

  private operation(op: string, at: number): (a: bigint, b: bigint) => bigint {
    const flag = (b: boolean): bigint => (b ? 1n : 0n);
    switch (op) {
      case '|': return (a, b) => a | b;
      case '^': return (a, b) => a ^ b;
      case '&': return (a, b) => a & b;
      case '==': return (a, b) => flag(a === b);
      case '!=': return (a, b) => flag(a !== b);
      case '<=': return (a, b) => flag(a <= b);
      case '>=': return (a, b) => flag(a >= b);
      case '<': return (a, b) => flag(a < b);
      case '>': return (a, b) => flag(a > b);
      case '<<': return (a, b) => wrap(a << (b & 63n));
      case '>>': return (a, b) => a >> (b & 63n);
      case '+': return (a, b) => wrap(a + b);
      case '-': return (a, b) => wrap(a - b);
      case '*': return (a, b) => wrap(a * b);
      case '/':
      case '%':
        return (a, b) => {
          if (b === 0n) this.fail('division by 0', at);
          return wrap(op === '/' ? a / b : a % b);
        };
      default:
        return this.fail('syntax error in expression');
    } // prettier-ignore
  }

  private power(): Eval {
    const base = this.unary();
    if (this.tok !== '**') return base;
    this.next();
    const at = this.last;
    const exponent = this.power();
    return (env, d) => {
      const e = exponent(env, d);
      if (e < 0n) this.fail('exponent less than 0', at);
      let result = 1n;
      let b = base(env, d);
      for (let n = e; n > 0n; n >>= 1n) {
        if (n & 1n) result = wrap(result * b);
        b = wrap(b * b);
      }
      return result;
    };
  }

  private unary(): Eval {
    const { tok } = this;
    if (this.num === null && this.ref === null) {
      if (tok === '!' || tok === '~' || tok === '-' || tok === '+') {
        this.next();
        const e = this.unary();
        if (tok === '!') return (env, d) => (e(env, d) === 0n ? 1n : 0n);
        if (tok === '~') return (env, d) => ~e(env, d);
        return tok === '-' ? (env, d) => wrap(-e(env, d)) : e;
      }
      if (tok === '++' || tok === '--') {
        this.next();
        const ref = this.ref as Ref | null;
        if (!ref) {
          // `--5` is the negation of `-5`.
          const e = this.unary();
          return e;
        }
        this.next();
        const by = tok === '++' ? 1n : -1n;
        return (env, d) => {
          const v = wrap(load(ref, env, d) + by);
          env.write(ref.name, ref.index, v);
          return v;
        };
      }
    }
    return this.primary();
  }

  private primary(): Eval {
    if (this.num !== null) {
      const n = this.num;
      this.next();
      if (this.num !== null || this.ref !== null) this.fail('syntax error in expression');
      return () => n;
    }
    if (this.ref) {
      const ref: Ref = this.ref;
      this.next();
      if (this.num !== null || this.ref !== null) this.fail('syntax error in expression');
      if (this.tok === '++' || this.tok === '--') {
        const by = this.tok === '++' ? 1n : -1n;
        this.next();
        return (env, d) => {
          const v = load(ref, env, d);
          env.write(ref.name, ref.index, wrap(v + by));
          return v;
        };
      }
      return (env, d) => load(ref, env, d);
    }
    if (this.tok === '(') {
      this.next();
      const e = this.comma();
      if (!this.at(')')) this.fail("missing `)'");
      this.next();
      return e;
    }
    return this.fail('syntax error: operand expected');
  }
}

function load(ref: Ref, env: ArithEnv, depth: number): bigint {
  const text = env.read(ref.name, ref.index);
  return text === undefined || text === '' ? 0n : run(text, env, depth + 1);
}
