import type { Coroutine } from '../../core';
import { binary, compareIntegers, unary } from '../conditional';
import type { Shell } from '../shell';
import { builtin } from './types';
import type { Builtin } from './types';

class TestError {
  constructor(readonly message: string) {}
}

const UNARY = /^-[abcdefghknoprstuvwxzGLNORS]$/;
const BINARY = /^(?:=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/;

/** Evaluates the arguments of test(1) by POSIX's rules for up to four, and with -a, -o and parentheses beyond. */
class Tester {
  private i = 0;

  constructor(
    private readonly sh: Shell,
    private readonly args: readonly string[],
  ) {}

  *run(): Coroutine<boolean> {
    const { args } = this;
    switch (args.length) {
      case 0:
        return false;
      case 1:
        return args[0] !== '';
      case 2:
        return yield* this.two(args[0]!, args[1]!);
      case 3:
        return yield* this.three(args);
      case 4:
        if (args[0] === '!') return !(yield* this.three(args.slice(1)));
        if (args[0] === '(' && args[3] === ')') return yield* this.two(args[1]!, args[2]!);
        break;
      default:
    }
    const value = yield* this.or();
    if (this.i < args.length)
      throw new TestError(
        /^-/.test(args[this.i]!) || args[this.i] === ')' ? 'too many arguments' : 'too many arguments',
      );
    return value;
  }

  private *two(a: string, b: string): Coroutine<boolean> {
    if (a === '!') return b === '';
    if (UNARY.test(a)) return yield* this.one(a, b);
    throw new TestError(`${a}: unary operator expected`);
  }

  private *three(args: readonly string[]): Coroutine<boolean> {
    const [a, op, b] = args as [string, string, string];
    if (BINARY.test(op)) return this.pair(a, op, b);
    if (op === '-a') return a !== '' && b !== '';
    if (op === '-o') return a !== '' || b !== '';
    if (a === '!') return !(yield* this.two(op, b));
    if (a === '(' && b === ')') return op !== '';
    throw new TestError(`${op}: binary operator expected`);
  }

  private *or(): Coroutine<boolean> {
    let value = yield* this.and();
    while (this.args[this.i] === '-o') {
      this.i++;
      const right = yield* this.and();
      value ||= right;
    }
    return value;
  }

  private *and(): Coroutine<boolean> {
    let value = yield* this.term();
    while (this.args[this.i] === '-a') {
      this.i++;
      const right = yield* this.term();
      value &&= right;
    }
    return value;
  }

  private *term(): Coroutine<boolean> {
    const { args } = this;
    const a = args[this.i];
    if (a === undefined) throw new TestError('argument expected');
    if (a === '!') {
      this.i++;
      return !(yield* this.term());
    }
    const op = args[this.i + 1];
    if (op !== undefined && args[this.i + 2] !== undefined && BINARY.test(op)) {
      this.i += 3;
      return this.pair(a, op, args[this.i - 1]!);
    }
    if (a === '(') {
      this.i++;
      const value = yield* this.or();
      if (args[this.i] !== ')') throw new TestError("`)' expected");
      this.i++;
      return value;
    }
    if (UNARY.test(a) && op !== undefined) {
      this.i += 2;
      return yield* this.one(a, op);
    }
    this.i++;
    return a !== '';
  }

  private *one(op: string, arg: string): Coroutine<boolean> {
    if (op === '-t' && !/^\s*-?\d+\s*$/.test(arg)) throw new TestError(`${arg}: integer expression expected`);
    return yield* unary(this.sh, op, arg);
  }

  private pair(a: string, op: string, b: string): boolean {
    if (!/^-(?:eq|ne|lt|le|gt|ge)$/.test(op)) return binary(this.sh, op, a, b);
    return compareIntegers(op, this.integer(a), this.integer(b));
  }

  private integer(text: string): bigint {
    const m = /^\s*([-+]?\d+)\s*$/.exec(text);
    if (!m) throw new TestError(this.sh.dash ? `Illegal number: ${text}` : `${text}: integer expression expected`);
    return BigInt(m[1]!.replace('+', ''));
  }
}

function testBuiltin(name: 'test' | '['): Builtin {
  return builtin(
    name,
    name === '[' ? '[ arg... ]' : 'test [expr]',
    'Evaluates a conditional expression.',
    function* (sh, args) {
      let list = args;
      if (name === '[') {
        if (list.at(-1) !== ']') {
          yield* sh.error(sh.dash ? '[: missing ]' : "[: missing `]'");
          return 2;
        }
        list = list.slice(0, -1);
      }
      try {
        return (yield* new Tester(sh, list).run()) ? 0 : 1;
      } catch (e) {
        if (!(e instanceof TestError)) throw e;
        yield* sh.error(`${name}: ${e.message}`);
        return 2;
      }
    },
  );
}

/** test and [. */
export const tests: Builtin[] = [testBuiltin('test'), testBuiltin('[')];
