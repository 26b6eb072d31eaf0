/** The expressions of find(1). */
import { isErrno } from '../../core';
import type { Stat, Sys } from '../../host';
import { parseDate } from '../lib/date-parse';
import { globRegex } from '../lib/glob';
import { changeMode } from '../lib/modes';
import { Regex, RegexError } from '../lib/regex';
import { Fail, notSimulated } from '../lib/tool';
import { findGroup, findUser, groups, users } from '../lib/users';

/** What a test sees of a file. */
export interface Found {
  readonly path: string;
  /** The starting point that it was found below. */
  readonly start: string;
  readonly name: string;
  readonly depth: number;
  readonly stat: Stat;
}

/** A node of an expression. */
export type Node =
  | { readonly k: 'and' | 'or' | 'list'; readonly a: Node; readonly b: Node }
  | { readonly k: 'not'; readonly a: Node }
  | { readonly k: 'test'; readonly test: (f: Found, sys: Sys) => boolean }
  | { readonly k: 'prune' | 'quit' | 'delete' }
  | { readonly k: 'print'; readonly end: string; readonly file: string | undefined }
  | { readonly k: 'printf'; readonly format: string; readonly file: string | undefined }
  | { readonly k: 'ls' }
  | {
      readonly k: 'exec';
      readonly argv: readonly string[];
      readonly plus: boolean;
      readonly dir: boolean;
      readonly ask: boolean;
      readonly pending: string[];
    };

/** A parsed expression with the global options in it. */
export interface Expression {
  readonly root: Node | undefined;
  readonly maxDepth: number;
  readonly minDepth: number;
  readonly depthFirst: boolean;
  readonly oneDevice: boolean;
  readonly follow: boolean;
  readonly hasAction: boolean;
}

const TYPES: Record<string, string> = {
  f: 'file',
  d: 'dir',
  l: 'symlink',
  p: 'fifo',
  s: 'socket',
  c: 'char',
  b: 'block',
};

/** Parses the words behind the starting points. @throws Fail */
export function parseFind(words: readonly string[], sys: Sys, quote: (s: string) => string): Expression {
  let i = 0;
  let maxDepth = Infinity;
  let minDepth = 0;
  let depthFirst = false;
  let oneDevice = false;
  let follow = false;
  let hasAction = false;
  let regexType: 'basic' | 'extended' = 'basic';
  let daystart = false;
  const yes: Node = { k: 'test', test: () => true };

  const arg = (name: string): string => {
    const a = words[i++];
    if (a === undefined) throw new Fail(`missing argument to \`${name}'`);
    return a;
  };
  const number = (text: string, name: string): { sign: string; n: number } => {
    const m = /^([-+]?)(\d+(?:\.\d+)?)$/.exec(text);
    if (!m) throw new Fail(`invalid argument \`${text}' to \`${name}'`);
    return { sign: m[1]!, n: Number(m[2]) };
  };
  const compare = (value: number, c: { sign: string; n: number }): boolean =>
    c.sign === '+' ? value > c.n : c.sign === '-' ? value < c.n : value === c.n;
  const test = (f: (found: Found, s: Sys) => boolean): Node => ({ k: 'test', test: f });
  const glob = (pattern: string, ignoreCase: boolean): RegExp => globRegex(pattern, { ignoreCase });
  const statOf = (path: string): Stat => {
    try {
      return sys.files.stat(path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new Fail(`${quote(path)}: ${e.message}`);
    }
  };
  const now = sys.now;
  const age = (unit: number, field: 'atime' | 'mtime' | 'ctime', name: string): Node => {
    const c = number(arg(name), name);
    const base = daystart ? Math.ceil(now / 86400e6) * 86400e6 : now;
    return test((f) => compare(Math.floor((base - f.stat[field]) / 1e6 / unit), c));
  };

  const primary = (): Node => {
    const word = words[i++];
    if (word === undefined) throw new Fail('expected an expression');
    switch (word) {
      case '(': {
        if (words[i] === ')') throw new Fail('invalid expression; empty parentheses are not allowed.');
        const inner = list();
        if (words[i++] !== ')')
          throw new Fail("invalid expression; I was expecting to find a ')' somewhere but did not see one.");
        return inner;
      }
      case ')':
        throw new Fail("invalid expression; you have too many ')'");
      case '!':
      case '-not':
        if (words[i] === undefined) throw new Fail(`expected an expression after \`${word}'`);
        return { k: 'not', a: primary() };
      case '-true':
        return yes;
      case '-false':
        return test(() => false);
      case '-name':
      case '-iname': {
        const re = glob(arg(word), word === '-iname');
        return test((f) => re.test(f.name));
      }
      case '-path':
      case '-wholename':
      case '-ipath':
      case '-iwholename': {
        const re = glob(arg(word), word.startsWith('-i'));
        return test((f) => re.test(f.path));
      }
      case '-lname':
      case '-ilname': {
        const re = glob(arg(word), word === '-ilname');
        return test((f, s) => f.stat.type === 'symlink' && re.test(s.files.readlink(f.path)));
      }
      case '-regextype':
        regexType = /extended|egrep|awk/.test(arg(word)) ? 'extended' : 'basic';
        return yes;
      case '-regex':
      case '-iregex': {
        try {
          // Emacs syntax, the default, has + and ? as operators.
          let pattern = arg(word);
          if (regexType === 'basic')
            pattern = pattern.replace(/\\.|[+?]/g, (m) => (m === '+' || m === '?' ? `\\${m}` : m));
          const re = new Regex(pattern, { syntax: regexType, ignoreCase: word === '-iregex', whole: 'line' });
          return test((f) => re.test(f.path));
        } catch (e) {
          if (e instanceof RegexError)
            throw new Fail(`failed to compile regular expression '${words[i - 1]!}': ${e.message}`);
          throw e;
        }
      }
      case '-type':
      case '-xtype': {
        const text = arg(word);
        const types = text.split(',').map((c) => {
          const type = TYPES[c];
          if (!type)
            throw new Fail(
              c === ''
                ? `Last file type in list argument to ${word} is missing, i.e., list is ending on: ','`
                : `Unknown argument to ${word}: ${c}`,
            );
          return type;
        });
        if (word === '-type') return test((f) => types.includes(f.stat.type));
        return test((f, s) => {
          try {
            return types.includes(s.files.stat(f.path).type);
          } catch {
            return types.includes('symlink');
          }
        });
      }
      case '-size': {
        const text = arg(word);
        const m = /^([-+]?)(\d+)([bcwkMG]?)$/.exec(text);
        if (!m)
          throw new Fail(
            /^[-+]?\d+./.test(text)
              ? `invalid -size type \`${text.at(-1)!}'`
              : `invalid argument \`${text}' to \`-size'`,
          );
        const unit = { '': 512, b: 512, c: 1, w: 2, k: 1024, M: 1048576, G: 1073741824 }[m[3]!]!;
        const c = { sign: m[1]!, n: Number(m[2]) };
        return test((f) => compare(Math.ceil(f.stat.size / unit), c));
      }
      case '-empty':
        return test((f, s) => {
          if (f.stat.type === 'file') return f.stat.size === 0;
          return f.stat.type === 'dir' && s.files.readdir(f.path).length === 0;
        });
      case '-mtime':
        return age(86400, 'mtime', word);
      case '-atime':
        return age(86400, 'atime', word);
      case '-ctime':
        return age(86400, 'ctime', word);
      case '-mmin':
        return age(60, 'mtime', word);
      case '-amin':
        return age(60, 'atime', word);
      case '-cmin':
        return age(60, 'ctime', word);
      case '-daystart':
        daystart = true;
        return yes;
      case '-newer':
      case '-anewer':
      case '-cnewer': {
        const { mtime } = statOf(arg(word));
        const field = word === '-anewer' ? 'atime' : word === '-cnewer' ? 'ctime' : 'mtime';
        return test((f) => f.stat[field] > mtime);
      }
      case '-newermt':
      case '-newerct':
      case '-newerat': {
        const text = arg(word);
        const v = parseDate(text, now);
        if (v === undefined) throw new Fail(`I cannot figure out how to interpret ${quote(text)} as a date or time`);
        const field = ({ m: 'mtime', c: 'ctime', a: 'atime' } as const)[word[6] as 'm'];
        return test((f) => f.stat[field] > v);
      }
      case '-perm': {
        const text = arg(word);
        const kind = /^[-/]/.test(text) ? text[0]! : '';
        const mode = changeMode(text.slice(kind.length), 0, false, 0);
        if (mode === undefined) throw new Fail(`invalid mode ${quote(text)}`);
        return test((f) => {
          const m = f.stat.mode & 0o7777;
          return kind === '-' ? (m & mode) === mode : kind === '/' ? mode === 0 || (m & mode) !== 0 : m === mode;
        });
      }
      case '-user': {
        const name = arg(word);
        const u = findUser(sys, name);
        if (!u) throw new Fail(`${quote(name)} is not the name of a known user`);
        return test((f) => f.stat.uid === u.uid);
      }
      case '-group': {
        const name = arg(word);
        const g = findGroup(sys, name);
        if (g === undefined) throw new Fail(`${quote(name)} is not the name of an existing group`);
        return test((f) => f.stat.gid === g);
      }
      case '-uid': {
        const c = number(arg(word), word);
        return test((f) => compare(f.stat.uid, c));
      }
      case '-gid': {
        const c = number(arg(word), word);
        return test((f) => compare(f.stat.gid, c));
      }
      case '-nouser': {
        const known = new Set(users(sys).map((u) => u.uid));
        return test((f) => !known.has(f.stat.uid));
      }
      case '-nogroup': {
        const known = new Set(groups(sys).map((g) => g.gid));
        return test((f) => !known.has(f.stat.gid));
      }
      case '-links': {
        const c = number(arg(word), word);
        return test((f) => compare(f.stat.nlink, c));
      }
      case '-inum': {
        const c = number(arg(word), word);
        return test((f) => compare(f.stat.ino, c));
      }
      case '-samefile': {
        const { inode } = statOf(arg(word));
        return test((f) => f.stat.inode === inode);
      }
      case '-readable':
        return test((f, s) => s.files.access(f.path, 4));
      case '-writable':
        return test((f, s) => s.files.access(f.path, 2));
      case '-executable':
        return test((f, s) => s.files.access(f.path, 1));
      case '-maxdepth':
      case '-mindepth': {
        const text = arg(word);
        if (!/^\d+$/.test(text))
          throw new Fail(`Expected a positive decimal integer argument to ${word}, but got ‘${text}’`);
        if (word === '-maxdepth') maxDepth = Number(text);
        else minDepth = Number(text);
        return yes;
      }
      case '-depth':
      case '-d':
        depthFirst = true;
        return yes;
      case '-xdev':
      case '-mount':
        oneDevice = true;
        return yes;
      case '-follow':
        follow = true;
        return yes;
      case '-noleaf':
      case '-warn':
      case '-nowarn':
      case '-ignore_readdir_race':
        return yes;
      case '-prune':
        return { k: 'prune' };
      case '-quit':
        hasAction = true;
        return { k: 'quit' };
      case '-delete':
        hasAction = true;
        depthFirst = true;
        return { k: 'delete' };
      case '-print':
      case '-print0':
        hasAction = true;
        return { k: 'print', end: word === '-print' ? '\n' : '\0', file: undefined };
      case '-fprint':
      case '-fprint0':
        hasAction = true;
        return { k: 'print', end: word === '-fprint' ? '\n' : '\0', file: arg(word) };
      case '-printf':
        hasAction = true;
        return { k: 'printf', format: arg(word), file: undefined };
      case '-fprintf': {
        hasAction = true;
        const file = arg(word);
        return { k: 'printf', format: arg(word), file };
      }
      case '-ls':
        hasAction = true;
        return { k: 'ls' };
      case '-exec':
      case '-execdir':
      case '-ok':
      case '-okdir': {
        hasAction = true;
        const argv: string[] = [];
        for (;;) {
          const w = words[i++];
          if (w === undefined) throw new Fail(`missing argument to \`${word}'`);
          if (w === ';') break;
          if (w === '+' && argv.at(-1) === '{}' && !word.startsWith('-ok')) {
            argv.pop();
            return { k: 'exec', argv, plus: true, dir: word === '-execdir', ask: false, pending: [] };
          }
          argv.push(w);
        }
        if (argv.length === 0) throw new Fail(`invalid argument \`;' to \`${word}'`);
        return { k: 'exec', argv, plus: false, dir: word.endsWith('dir'), ask: word.startsWith('-ok'), pending: [] };
      }
      case '-fls':
      case '-fstype':
        throw notSimulated(word);
      default:
        if (!word.startsWith('-')) throw new Fail(`paths must precede expression: \`${word}'`);
        throw new Fail(`unknown predicate \`${word}'`);
    }
  };
  const and = (): Node => {
    let a = primary();
    for (;;) {
      const w = words[i];
      if (w === undefined || w === ')' || w === '-o' || w === '-or' || w === ',') return a;
      if (w === '-a' || w === '-and') i++;
      if (words[i] === undefined) throw new Fail(`expected an expression after '${w}'`);
      a = { k: 'and', a, b: primary() };
    }
  };
  const or = (): Node => {
    let a = and();
    while (words[i] === '-o' || words[i] === '-or') {
      const w = words[i++]!;
      if (words[i] === undefined) throw new Fail(`expected an expression after \`${w}'`);
      a = { k: 'or', a, b: and() };
    }
    return a;
  };
  function list(): Node {
    let a = or();
    while (words[i] === ',') {
      i++;
      a = { k: 'list', a, b: or() };
    }
    return a;
  }
  if (words[0] === '-a' || words[0] === '-o' || words[0] === '-and' || words[0] === '-or') {
    throw new Fail(`invalid expression; you have used a binary operator '${words[0]}' with nothing before it.`);
  }
  const root = words.length > 0 ? list() : undefined;
  if (i < words.length) throw new Fail("invalid expression; you have too many ')'");
  return { root, maxDepth, minDepth, depthFirst, oneDevice, follow, hasAction };
}
