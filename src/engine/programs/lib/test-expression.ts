import { isErrno } from '../../core';
import type { Sys } from '../../host';
import type { Stat } from '../../host';
import { parseInteger } from './format';

/** A malformed expression: test(1) and `[` print the message and exit with 2. */
export class TestError extends Error {}

/** What a shell may add: variables for -v, options for -o. */
export interface TestHooks {
  readonly isSet?: (name: string) => boolean;
  readonly option?: (name: string) => boolean;
  /** How a name is quoted in messages; the shell does not quote. */
  readonly quote?: (name: string) => string;
}

const UNARY = new Set('-b -c -d -e -f -g -G -h -k -L -n -N -o -O -p -r -s -S -t -u -v -w -x -z'.split(' '));
const BINARY = new Set(['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef']);

/**
 * Evaluates the expression of test(1) (POSIX rules by the number of arguments, then the grammar with ! ( ) -a -o).
 * @throws TestError
 */
export function evaluateTest(sys: Sys, args: readonly string[], hooks: TestHooks = {}): boolean {
  const quote = hooks.quote ?? identity;
  let i = 0;
  const one = (s: string): boolean => s !== '';
  const unary = (op: string, arg: string): boolean => unaryTest(sys, op, arg, hooks, quote);
  const binary = (a: string, op: string, b: string): boolean => binaryTest(sys, a, op, b, quote);
  const or = (): boolean => {
    let v = and();
    while (args[i] === '-o') {
      i++;
      v = and() || v;
    }
    return v;
  };
  const and = (): boolean => {
    let v = not();
    while (args[i] === '-a') {
      i++;
      v = not() && v;
    }
    return v;
  };
  const not = (): boolean => {
    if (args[i] === '!' && !(args[i + 1] !== undefined && BINARY.has(args[i + 1]!) && args[i + 2] !== undefined)) {
      i++;
      return !not();
    }
    return primary();
  };
  const primary = (): boolean => {
    const a = args[i];
    if (a === undefined) throw new TestError('argument expected');
    const op = args[i + 1];
    if (op !== undefined && BINARY.has(op) && args[i + 2] !== undefined) {
      i += 3;
      return binary(a, op, args[i - 1]!);
    }
    if (a === '(') {
      i++;
      const v = or();
      if (args[i] !== ')')
        throw new TestError(
          args[i] === undefined ? `${quote(')')} expected` : `${quote(')')} expected, found ${args[i]!}`,
        );
      i++;
      return v;
    }
    if (UNARY.has(a) && op !== undefined) {
      i += 2;
      return unary(a, op);
    }
    i++;
    return one(a);
  };
  const [a, b, c, d] = args as [string, string, string, string];
  switch (args.length) {
    case 0:
      return false;
    case 1:
      return one(a);
    case 2:
      if (a === '!') return !one(b);
      if (UNARY.has(a)) return unary(a, b);
      throw new TestError(quote === identity ? `${a}: unary operator expected` : `missing argument after ${quote(b)}`);
    case 3:
      if (BINARY.has(b)) return binary(a, b, c);
      if (b === '-a') return one(a) && one(c);
      if (b === '-o') return one(a) || one(c);
      if (a === '!') return !evaluateTest(sys, [b, c], hooks);
      if (a === '(' && c === ')') return one(b);
      throw new TestError(`${quote(b)}: binary operator expected`);
    case 4:
      if (a === '!') return !evaluateTest(sys, [b, c, d], hooks);
      if (a === '(' && d === ')') return evaluateTest(sys, [b, c], hooks);
      break;
    default:
  }
  const value = or();
  if (i < args.length)
    throw new TestError(args.length > 4 ? 'too many arguments' : `extra argument ${quote(args[i]!)}`);
  return value;
}

function statOf(sys: Sys, path: string, follow = true): Stat | undefined {
  try {
    return sys.files.stat(path, follow);
  } catch (e) {
    if (isErrno(e)) return undefined;
    throw e;
  }
}

function unaryTest(sys: Sys, op: string, arg: string, hooks: TestHooks, quote: (s: string) => string): boolean {
  const type = (t: string): boolean => statOf(sys, arg)?.type === t;
  switch (op) {
    case '-n':
      return arg !== '';
    case '-z':
      return arg === '';
    case '-e':
      return statOf(sys, arg) !== undefined;
    case '-f':
      return type('file');
    case '-d':
      return type('dir');
    case '-h':
    case '-L':
      return statOf(sys, arg, false)?.type === 'symlink';
    case '-p':
      return type('fifo');
    case '-S':
      return type('socket');
    case '-c':
      return type('char');
    case '-b':
      return false;
    case '-s':
      return (statOf(sys, arg)?.size ?? 0) > 0;
    case '-r':
      return sys.files.access(arg, 4);
    case '-w':
      return sys.files.access(arg, 2);
    case '-x':
      return sys.files.access(arg, 1);
    case '-u':
      return ((statOf(sys, arg)?.mode ?? 0) & 0o4000) !== 0;
    case '-g':
      return ((statOf(sys, arg)?.mode ?? 0) & 0o2000) !== 0;
    case '-k':
      return ((statOf(sys, arg)?.mode ?? 0) & 0o1000) !== 0;
    case '-O':
      return statOf(sys, arg)?.uid === sys.proc.uid;
    case '-G':
      return statOf(sys, arg)?.gid === sys.proc.gid;
    case '-N': {
      const s = statOf(sys, arg);
      return s !== undefined && s.mtime > s.atime;
    }
    case '-t':
      return sys.isatty(Number(integer(arg, quote)));
    case '-v':
      return hooks.isSet?.(arg) ?? false;
    case '-o':
      return hooks.option?.(arg) ?? false;
    default:
      throw new TestError(`${quote(op)}: unary operator expected`);
  }
}

function integer(text: string, quote: (s: string) => string): bigint {
  const trimmed = text.trim();
  if (!/^[-+]?\d+$/.test(trimmed))
    throw new TestError(
      quote === identity || text === quote(text)
        ? `${text}: integer expression expected`
        : `invalid integer ${quote(text)}`,
    );
  return parseInteger(trimmed.replace(/^([-+]?)0+(?=\d)/, '$1')).value;
}

const identity = (s: string): string => s;

function binaryTest(sys: Sys, a: string, op: string, b: string, quote: (s: string) => string): boolean {
  switch (op) {
    case '=':
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '-nt':
    case '-ot': {
      const x = statOf(sys, a)?.mtime ?? -1;
      const y = statOf(sys, b)?.mtime ?? -1;
      return op === '-nt' ? x > y : x < y;
    }
    case '-ef': {
      const x = statOf(sys, a)?.inode;
      return x !== undefined && x === statOf(sys, b)?.inode;
    }
    default: {
      const x = integer(a, quote);
      const y = integer(b, quote);
      return { '-eq': x === y, '-ne': x !== y, '-lt': x < y, '-le': x <= y, '-gt': x > y, '-ge': x >= y }[op]!;
    }
  }
}
