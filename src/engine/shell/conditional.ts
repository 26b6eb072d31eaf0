import type { Coroutine } from '../core';
import { isErrno } from '../core';
import type { Stat } from '../host';
import { ArithError } from './errors';
import { expandPattern, expandRegex, expandString } from './expansion/expand';
import { pattern } from './expansion/pattern';
import { SET_OPTIONS } from './options';
import { trace } from './interpreter';
import { findRegex } from './later';
import type { Shell } from './shell';
import type { TestExpression } from './syntax/parser';
import { compare } from './text';
import { AssocArray, IndexedArray } from './variables';

/** `[[ ... ]]`: 0 true, 1 false, 2 for a bad regular expression. `inverted`: a `!` stands right before it, for `set -x`. */
export function* conditional(sh: Shell, e: TestExpression, inverted = false): Coroutine<number> {
  yield* sh.sys.work();
  switch (e.type) {
    case 'TestGroup':
      return yield* conditional(sh, e.expression);
    case 'TestNot': {
      const status = yield* conditional(sh, e.operand, e.negations.length % 2 === 1);
      if (status > 1) return status;
      return e.negations.length % 2 === 1 ? 1 - status : status;
    }
    case 'TestLogical': {
      let status = 0;
      for (const operand of e.operands) {
        status = yield* conditional(sh, operand);
        if (e.operator === '&&' ? status !== 0 : status === 0) return status;
      }
      return status;
    }
    case 'TestUnary': {
      const operand = yield* expandString(sh, e.operand.text);
      yield* traceTerm(sh, inverted, e.operator, operand === '' ? "''" : operand);
      return (yield* unary(sh, e.operator, operand)) ? 0 : 1;
    }
    case 'TestBinary':
      return yield* binaryNode(sh, e.operator, e.left.text, e.right.text, inverted);
  }
}

/** `set -x` shows each term when its turn comes, expanded but hardly quoted. */
function* traceTerm(sh: Shell, inverted: boolean, ...words: string[]): Coroutine<void> {
  if (sh.opt('xtrace')) yield* trace(sh, `[[ ${inverted ? '! ' : ''}${words.join(' ')} ]]`);
}

function* binaryNode(
  sh: Shell,
  operator: string,
  leftText: string,
  rightText: string,
  inverted: boolean,
): Coroutine<number> {
  const left = yield* expandString(sh, leftText);
  const term = (right: string): Coroutine<void> =>
    traceTerm(sh, inverted, left === '' ? "''" : left, operator, right === '' ? "''" : right);
  const nocase = sh.shopt('nocasematch');
  switch (operator) {
    case '=':
    case '==':
    case '!=': {
      const source = yield* expandPattern(sh, rightText, sh.opt('xtrace'));
      yield* term(source);
      const p = pattern(source, { extglob: true, nocase });
      return p.matches(left) === (operator !== '!=') ? 0 : 1;
    }
    case '=~': {
      const source = yield* expandRegex(sh, rightText);
      yield* term(source);
      const found = findRegex(source, nocase, left);
      if (found === 'invalid') return 2;
      const v = sh.vars.find('BASH_REMATCH') ?? sh.vars.create('BASH_REMATCH');
      v.array = 'a';
      const groups = new IndexedArray();
      found?.groups.forEach((g, i) => groups.set(i, g ?? ''));
      v.value = groups;
      return found ? 0 : 1;
    }
    default: {
      const right = yield* expandString(sh, rightText);
      yield* term(right);
      if (/^-(?:eq|ne|lt|le|gt|ge)$/.test(operator)) {
        try {
          return compareIntegers(operator, sh.arithmetic(left), sh.arithmetic(right)) ? 0 : 1;
        } catch (e) {
          if (!(e instanceof ArithError)) throw e;
          yield* sh.error(`[[: ${e.message}`);
          return 1;
        }
      }
      return binary(sh, operator, left, right) ? 0 : 1;
    }
  }
}

/** `-eq` and its relatives. */
export function compareIntegers(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case '-eq':
      return a === b;
    case '-ne':
      return a !== b;
    case '-lt':
      return a < b;
    case '-le':
      return a <= b;
    case '-gt':
      return a > b;
    default:
      return a >= b;
  }
}

/** Operators of two strings or files that `[[` and `test` share. */
export function binary(sh: Shell, operator: string, left: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return compare(left, right) < 0;
    case '>':
      return compare(left, right) > 0;
    case '-nt': {
      const a = stat(sh, left);
      const b = stat(sh, right);
      return a !== undefined && (b === undefined || a.mtime > b.mtime);
    }
    case '-ot': {
      const a = stat(sh, left);
      const b = stat(sh, right);
      return b !== undefined && (a === undefined || a.mtime < b.mtime);
    }
    default: {
      const a = stat(sh, left);
      return a !== undefined && a.inode === stat(sh, right)?.inode;
    }
  }
}

function stat(sh: Shell, path: string, follow = true): Stat | undefined {
  try {
    return sh.sys.files.stat(path, follow);
  } catch (e) {
    if (isErrno(e)) return undefined;
    throw e;
  }
}

/** Operators of one operand. */

export function* unary(sh: Shell, operator: string, arg: string): Coroutine<boolean> {
  switch (operator) {
    case '-n':
      return arg !== '';
    case '-z':
      return arg === '';
    case '-v':
      return isSet(sh, arg);
    case '-R':
      return sh.vars.find(arg)?.nameref ?? false;
    case '-o':
      return SET_OPTIONS.some(([n]) => n === arg) && sh.opt(arg);
    case '-t':
      return /^\d+$/.test(arg) && sh.sys.isatty(Number(arg));
    default:
  }
  const s = stat(sh, arg, operator !== '-h' && operator !== '-L');
  if (!s) return false;
  switch (operator) {
    case '-a':
    case '-e':
      return true;
    case '-f':
      return s.type === 'file';
    case '-d':
      return s.type === 'dir';
    case '-h':
    case '-L':
      return s.type === 'symlink';
    case '-p':
      return s.type === 'fifo';
    case '-S':
      return s.type === 'socket';
    case '-c':
      return s.type === 'char';
    case '-b':
      return false;
    case '-s':
      return s.size > 0;
    case '-r':
      return sh.sys.files.access(arg, 4);
    case '-w':
      return sh.sys.files.access(arg, 2);
    case '-x':
      return sh.sys.files.access(arg, 1);
    case '-u':
      return (s.mode & 0o4000) !== 0;
    case '-g':
      return (s.mode & 0o2000) !== 0;
    case '-k':
      return (s.mode & 0o1000) !== 0;
    case '-O':
      return s.uid === sh.sys.proc.uid;
    case '-G':
      return s.gid === sh.sys.proc.gid;
    case '-N':
      return s.mtime > s.atime;
    default:
      return false;
  }
}

/** `-v name`, `-v name[index]`. */
export function isSet(sh: Shell, text: string): boolean {
  const m = /^([A-Za-z_]\w*)(?:\[([^]*)\])?$/.exec(text);
  if (!m) return /^\d+$/.test(text) && Number(text) <= sh.positional.length;
  const value = sh.value(m[1]!);
  if (m[2] === undefined) return sh.get(m[1]!) !== undefined;
  if (m[2] === '@' || m[2] === '*') {
    return value instanceof IndexedArray || value instanceof AssocArray ? value.size > 0 : value !== undefined;
  }
  if (value instanceof AssocArray) return value.has(m[2]);
  try {
    return sh.readElement(m[1]!, m[2]) !== undefined;
  } catch {
    return false;
  }
}
