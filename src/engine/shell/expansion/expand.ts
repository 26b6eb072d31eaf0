import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { commandSubstitution, processSubstitution } from '../substitute';
import type { Shell } from '../shell';
import type { Part } from '../syntax/word';
import { parseWord, plainText } from '../syntax/word';
import { ArithError } from '../errors';
import { later } from '../later';
import { Fields } from './fields';
import { glob, unescape } from './glob';
import { expandParam } from './param';
import { hasPattern } from './pattern';

/** How parts are taken: inside double quotes; literals split too (operands of `${x:-...}`). */
export interface Context {
  readonly dq: boolean;
  readonly splitLiterals?: boolean;
}

/** A brace that does not open `${`: `\${` and `$${` do not either. */
const BRACE = /(?:^|[^$]|[\\$]\$)\{/;

const PLAIN: Context = { dq: false };
const QUOTED: Context = { dq: true };

/** Expands words of a command into its arguments: all expansions, splitting, pathnames, quote removal. */
export function* expandWords(sh: Shell, words: readonly string[]): Coroutine<string[]> {
  const out: string[] = [];
  for (const word of words) yield* expandWord(sh, word, out);
  return out;
}

/** Expands one word and appends what it becomes to `out`. */
export function* expandWord(sh: Shell, word: string, out: string[]): Coroutine<void> {
  if (plainText(word) !== undefined) {
    out.push(word);
    return;
  }
  let variants: string[];
  try {
    variants = sh.opt('braceexpand') && BRACE.test(word) ? later().expandBraces(word) : [word];
  } catch (error) {
    // Only too many words are the learner's affair; anything else is a bug of ours and must be seen.
    if (!(error instanceof RangeError)) throw error;
    return yield* sh.fail('brace expansion: failed to allocate memory for 100000 elements', 1, false);
  }
  for (const variant of variants) {
    const fields = new Fields(sh.ifs, true);
    const parts = parseWord(variant);
    yield* expandParts(sh, withTilde(sh, parts, /^[A-Za-z_]\w*=/.test(variant) && !sh.opt('posix')), fields, PLAIN);
    for (const field of fields.finish()) {
      if (field.pattern !== undefined && !sh.opt('noglob') && hasPattern(field.pattern, sh.shopt('extglob'))) {
        const names = yield* glob(sh, field.pattern);
        if (names.length > 0) out.push(...names);
        else if (sh.shopt('failglob')) yield* sh.fail(`no match: ${field.text}`, 1, false);
        else if (!sh.shopt('nullglob')) out.push(field.text);
      } else out.push(field.text);
    }
    if (out.length > 200_000) yield* sh.fail('Argument list too long', 1, false);
  }
}

/** Expands a word to one string: the right side of an assignment, a redirection's target, `case` and `[[` words. */
export function* expandString(
  sh: Shell,
  word: string,
  tilde: 'none' | 'start' | 'assignment' = 'start',
): Coroutine<string> {
  const plain = plainText(word);
  if (plain !== undefined) return plain;
  const fields = new Fields(sh.ifs, false);
  const parts = parseWord(word);
  yield* expandParts(sh, tilde === 'none' ? parts : withTilde(sh, parts, tilde === 'assignment'), fields, PLAIN);
  return fields
    .finish()
    .map((f) => f.text)
    .join(' ');
}

/** Expands text as inside double quotes: here-documents (`here`), arithmetic, prompts. */
export function* expandQuoted(sh: Shell, text: string, mode: 'dq' | 'here' = 'dq'): Coroutine<string> {
  if (!/[\\$`]/.test(text)) return text;
  const fields = new Fields('', false);
  yield* expandParts(sh, parseWord(text, mode), fields, QUOTED);
  return fields
    .finish()
    .map((f) => f.text)
    .join(' ');
}

/** Expands a word to a pattern, in which quoted characters are escaped; for `set -x` to show it, all of them. */
export function* expandPattern(sh: Shell, word: string, shown = false): Coroutine<string> {
  const fields = new Fields(sh.ifs, false, shown ? (s) => s.replace(/[^]/gu, '\\$&') : undefined);
  yield* expandParts(sh, withTilde(sh, parseWord(word), false), fields, PLAIN);
  return fields
    .finish()
    .map((f) => f.source)
    .join(' ');
}

/** Expands the right side of `=~` to an extended regular expression, in which quoted parts stand for themselves. */
export function* expandRegex(sh: Shell, word: string): Coroutine<string> {
  let out = '';
  for (const part of parseWord(word)) {
    const quoted = part.t === 'dq' || (part.t === 'lit' && part.q);
    const fields = new Fields('', false);
    yield* expandParts(sh, [part], fields, PLAIN);
    const text = fields
      .finish()
      .map((f) => f.text)
      .join(' ');
    out += quoted ? text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : text;
  }
  return out;
}

/** `$((...))`, subscripts: expands and evaluates. @throws ShellError */
export function* expandArithmetic(sh: Shell, text: string): Coroutine<bigint> {
  const result = yield* tryArithmetic(sh, text);
  if (typeof result === 'bigint') return result;
  const unbound = result.endsWith(': unbound variable');
  return yield* sh.fail(result, unbound ? 127 : 1, unbound);
}

/** Expands and evaluates; a message when that fails. */
export function* tryArithmetic(sh: Shell, text: string): Coroutine<bigint | string> {
  const expanded = /[\\$`"']/.test(text) ? yield* expandQuoted(sh, text.replace(/(?<!\\)"/g, '')) : text;
  try {
    return sh.arithmetic(expanded);
  } catch (e) {
    if (e instanceof ArithError) return e.message;
    throw e;
  }
}

/** Expands `parts` into `fields`. */
export function* expandParts(sh: Shell, parts: readonly Part[], fields: Fields, context: Context): Coroutine<void> {
  const { dq } = context;
  for (const part of parts) {
    switch (part.t) {
      case 'lit':
        if (!part.q && !dq && context.splitLiterals) fields.addSplit(part.s);
        else fields.add(part.s, part.q || dq);
        break;
      case 'dq': {
        // "$@" without arguments makes no word at all, "" does.
        const onlyList = part.parts.length > 0 && part.parts.every((p) => p.t === 'param');
        if (!onlyList) fields.add('', true);
        yield* expandParts(sh, part.parts, fields, QUOTED);
        break;
      }
      case 'param':
        yield* expandParam(sh, part.p, fields, context);
        break;
      case 'cmd': {
        const text = yield* commandSubstitution(sh, part.text, part.raw);
        if (dq) fields.add(text, true);
        else fields.addSplit(text);
        break;
      }
      case 'arith': {
        const text = String(yield* expandArithmetic(sh, part.text));
        if (dq) fields.add(text, true);
        else fields.addSplit(text);
        break;
      }
      case 'proc':
        fields.add(yield* processSubstitution(sh, part.text, part.dir), true);
    }
  }
}

/** Replaces tilde prefixes; with `assignment` also after `=` and `:`. */
export function withTilde(sh: Shell, parts: readonly Part[], assignment: boolean): readonly Part[] {
  const first = parts[0];
  if (!parts.some((p) => p.t === 'lit' && !p.q && p.s.includes('~'))) return parts;
  const out: Part[] = [];
  parts.forEach((part, k) => {
    if (part.t !== 'lit' || part.q || !part.s.includes('~')) {
      out.push(part);
      return;
    }
    const finalPart = k === parts.length - 1;
    const pieces = assignment ? part.s.split(/(?<=[:=])/) : [part.s];
    pieces.forEach((piece, i) => {
      const startsHere =
        i > 0 || (part === first && k === 0) || (assignment && k > 0 && /[:=]$/.test(literal(parts[k - 1]!)));
      const m = startsHere ? /^~([^/:]*)/.exec(piece) : null;
      const whole = m !== null && m[0].length === piece.length;
      const home = m && !(whole && i === pieces.length - 1 && !finalPart) ? homeOf(sh, m[1]!) : undefined;
      if (home === undefined) out.push({ t: 'lit', s: piece, q: false });
      else {
        out.push({ t: 'lit', s: home, q: true });
        const rest = piece.slice(m![0].length);
        if (rest !== '') out.push({ t: 'lit', s: rest, q: false });
      }
    });
  });
  return out;
}

function literal(part: Part): string {
  return part.t === 'lit' ? part.s : '';
}

function homeOf(sh: Shell, user: string): string | undefined {
  if (user === '') return sh.get('HOME') ?? passwdHome(sh, undefined);
  if (user === '+') return sh.get('PWD');
  if (user === '-') return sh.get('OLDPWD');
  if (/^[+-]?\d+$/.test(user)) {
    const stack = [sh.get('PWD') ?? '/', ...sh.dirStack];
    return stack[user.startsWith('-') ? stack.length + Number(user) : Number(user)];
  }
  return passwdHome(sh, user);
}

function passwdHome(sh: Shell, user: string | undefined): string | undefined {
  try {
    const { inode } = sh.sys.files.stat('/etc/passwd');
    const contents = (inode as { contents?: Uint8Array }).contents;
    if (!contents) return undefined;
    for (const line of new TextDecoder().decode(contents).split('\n')) {
      const f = line.split(':');
      if (user === undefined ? f[2] === String(sh.sys.proc.uid) : f[0] === user) return f[5];
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  return undefined;
}

export { unescape };
