import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { printf as format } from '../../programs/lib/format';
import { strftime } from '../../programs/lib/strftime';
import { guarded, subscript } from '../assign';
import { complete } from '../completion';
import type { LineReader } from '../editor';
import { Interrupted } from '../errors';
import { runString } from '../evaluate';
import { decodeEcho } from '../expansion/ansi';
import { backslashQuote } from '../expansion/quote';
import type { Shell } from '../shell';
import { fromBytes, toBytes } from '../text';
import { tick } from '../traps';
import { AssocArray, IndexedArray, isName } from '../variables';
import { builtin, options } from './types';
import type { Builtin } from './types';

function* echo(sh: Shell, args: string[]): Coroutine<number> {
  let newline = true;
  let escapes = sh.shopt('xpg_echo') || sh.dash;
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (sh.dash ? arg !== '-n' : !/^-[neE]+$/.test(arg)) break;
    for (const c of arg.slice(1)) {
      if (c === 'n') newline = false;
      else escapes = c === 'e';
    }
  }
  let text = args.slice(i).join(' ');
  if (escapes) {
    const decoded = decodeEcho(text);
    ({ text } = decoded);
    if (decoded.stop) newline = false;
  }
  return (yield* sh.print(text + (newline ? '\n' : ''), 'echo')) ? 0 : 1;
}

/** Sets `name` or `name[index]`, with a message when that fails. */
export function* setTarget(sh: Shell, who: string, target: string, value: string): Coroutine<boolean> {
  const m = /^([A-Za-z_]\w*)(?:\[([^]*)\])?$/.exec(target);
  if (!m) {
    yield* sh.error(`${who}: \`${target}': not a valid identifier`);
    return false;
  }
  const index = m[2] === undefined ? undefined : yield* subscript(sh, m[1]!, m[2]);
  const message = yield* guarded(sh, () => sh.set(m[1]!, value, index));
  if (message !== undefined) {
    yield* sh.error(message);
    return false;
  }
  return true;
}

function* printf(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'printf', args, 'v:', 'printf [-v var] format [arguments]');
  if (!o) return 2;
  const [template, ...rest] = o.rest;
  if (template === undefined) {
    yield* sh.eprint('printf: usage: printf [-v var] format [arguments]\n');
    return 2;
  }
  const result = format(template, rest, {
    bash: !sh.dash,
    quote: backslashQuote,
    time: (f, seconds) => {
      const now = sh.sys.now;
      const at = seconds === undefined || seconds === -1 ? now : seconds === -2 ? sh.startTime : seconds * 1e6;
      return strftime(f === '' ? '%H:%M:%S' : f, at);
    },
  });
  let status = 0;
  for (const p of result.problems) {
    status = 1;
    if (p.kind === 'directive')
      yield* sh.error(
        /^%[-+ #0']*[\d.*]*(?:hh|h|ll|l|L|j|z|t)?$/.test(p.text)
          ? `printf: \`${p.text}': missing format character`
          : `printf: \`${p.text.at(-1)}': invalid format character`,
      );
    else if (p.kind === 'range') {
      yield* sh.error(`printf: warning: ${p.text}: Numerical result out of range`);
      status = 0;
    } else yield* sh.error(sh.dash ? `printf: ${p.text}: expected numeric value` : `printf: ${p.text}: invalid number`);
  }
  const v = o.values.get('v');
  if (v !== undefined && !/^[A-Za-z_]\w*(?:\[[^]*\])?$/.test(v)) {
    yield* sh.error(`printf: \`${v}': not a valid identifier`);
    return 2;
  }
  if (v !== undefined) return (yield* setTarget(sh, 'printf', v, result.text)) ? status : 1;
  return (yield* sh.print(result.text, 'printf')) ? status : 1;
}

/** Reads bytes for `read` and `mapfile`; a signal's traps run, Ctrl-C gives up. */
function* readSome(sh: Shell, fd: number, max: number, until?: number): Coroutine<Uint8Array | 'timeout'> {
  for (;;) {
    try {
      if (until !== undefined) {
        const left = until - sh.sys.now;
        const [ready] = yield* sh.sys.poll([{ fd, read: true }], Math.max(0, left));
        if (!ready) return 'timeout';
      }
      return yield* sh.sys.read(fd, max);
    } catch (e) {
      if (!isErrno(e, 'EINTR')) throw e;
      if (sh.interruptPending && sh.interactive) {
        sh.interruptPending = false;
        throw new Interrupted();
      }
      yield* tick(sh);
    }
  }
}

/**
 * `read -e`: a line with readline's keys; Tab completes names of files.
 * @returns undefined at the end of the input; a status when Ctrl-C was typed and a trap takes it.
 */
function* editLine(
  sh: Shell,
  editor: LineReader,
  prompt: string,
  initial: string,
): Coroutine<string | number | undefined> {
  // What stands behind `:` is an argument like any other.
  const before = ': ';
  const result = yield* editor.readLine(sh.sys, prompt, {
    history: sh.history,
    initial,
    *complete(line, cursor) {
      const found = yield* complete(sh, before + line, cursor + before.length);
      return { ...found, start: Math.max(0, found.start - before.length) };
    },
  });
  if (result.kind === 'line') return result.text;
  if (result.kind === 'eof') return undefined;
  if (sh.traps.get('SIGINT')) {
    sh.pendingTraps.push('SIGINT');
    return 130;
  }
  if (sh.interactive) throw new Interrupted(true);
  yield* sh.sys.kill(sh.sys.pid, 'SIGINT');
  return 130;
}

/** Splits a line for `read` into `count` fields: the last takes the rest. */
export function splitRead(line: string, escaped: ReadonlySet<number>, ifs: string, count: number): string[] {
  const white = (i: number): boolean => !escaped.has(i) && ' \t\n'.includes(line[i]!) && ifs.includes(line[i]!);
  const delimiter = (i: number): boolean => !escaped.has(i) && ifs.includes(line[i]!);
  let i = 0;
  let end = line.length;
  while (i < end && white(i)) i++;
  while (end > i && white(end - 1)) end--;
  const out: string[] = [];
  while (i < end && out.length < count - 1) {
    const start = i;
    while (i < end && !delimiter(i)) i++;
    out.push(line.slice(start, i));
    while (i < end && white(i)) i++;
    if (i < end && delimiter(i)) {
      i++;
      while (i < end && white(i)) i++;
    }
  }
  if (i < end || (out.length < count && i <= end && out.length === 0)) {
    let rest = line.slice(i, end);
    // One trailing delimiter that is not white space goes too, when it is the only one.
    const last = end - 1;
    if (end > i && delimiter(last) && !white(last)) {
      let only = true;
      for (let k = i; k < last; k++) if (delimiter(k) && !white(k)) only = false;
      if (only) {
        rest = line.slice(i, last);
        while (rest !== '' && white(i + rest.length - 1)) rest = rest.slice(0, -1);
      }
    }
    out.push(rest);
  }
  while (count !== Infinity && out.length < count) out.push('');
  return out;
}

function* read(sh: Shell, args: string[]): Coroutine<number> {
  const usage =
    'read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]';
  const o = yield* options(sh, 'read', args, 'era:d:i:n:N:p:st:u:', usage);
  if (!o) return 2;
  const { flags, values } = o;
  for (const n of o.rest) {
    if (!/^[A-Za-z_]\w*(?:\[[^]*\])?$/.test(n)) {
      yield* sh.error(`read: \`${n}': not a valid identifier`);
      return 1;
    }
  }
  const fd = values.has('u') ? Number(values.get('u')) : 0;
  if (!sh.sys.proc.fds.has(fd)) {
    yield* sh.error(
      values.has('u')
        ? `read: ${fd}: invalid file descriptor: Bad file descriptor`
        : `read: read error: 0: Bad file descriptor`,
    );
    return 1;
  }
  const raw = flags.has('r');
  const exact = values.get('N');
  const limitText = exact ?? values.get('n');
  if (limitText !== undefined && !/^\d+$/.test(limitText)) {
    yield* sh.error(`read: ${limitText}: invalid number`);
    return 1;
  }
  const limit = limitText === undefined ? Infinity : Number(limitText);
  const delim =
    exact !== undefined ? -1 : values.has('d') ? (values.get('d') === '' ? 0 : toBytes(values.get('d')!)[0]!) : 10;
  let until: number | undefined;
  if (values.has('t')) {
    const t = Number(values.get('t'));
    if (!Number.isFinite(t) || t < 0) {
      yield* sh.error(`read: ${values.get('t')}: invalid timeout specification`);
      return 1;
    }
    if (t === 0) {
      const [ready] = yield* sh.sys.poll([{ fd, read: true }], 0);
      return ready ? 0 : 1;
    }
    until = sh.sys.now + t * 1e6;
  } else if (sh.get('TMOUT') && sh.sys.isatty(fd)) until = sh.sys.now + Number(sh.get('TMOUT')) * 1e6;
  let typed: Uint8Array | undefined;
  if (flags.has('e') && fd === 0 && sh.editor && sh.sys.isatty(0) && limit === Infinity && delim === 10) {
    const text = yield* editLine(sh, sh.editor, values.get('p') ?? '', values.get('i') ?? '');
    if (text === undefined) typed = new Uint8Array(0);
    else if (typeof text === 'number') return text;
    else typed = toBytes(`${text}\n`);
  }
  const tty = sh.sys.isatty(fd) && !typed ? sh.sys.proc.tty : null;
  if (values.has('p') && tty) yield* sh.eprint(values.get('p')!);
  const old = tty && { ...tty.termios };
  if (tty && (flags.has('s') || limit !== Infinity || delim !== 10)) {
    tty.setTermios({
      ...(flags.has('s') ? { echo: false } : {}),
      ...(limit !== Infinity || delim !== 10 ? { icanon: false } : {}),
    });
  }
  const bytes: number[] = [];
  const skipped: number[] = [];
  let ended = true;
  let timedOut = false;
  try {
    let count = 0;
    let escape = false;
    let at = 0;
    while (count < limit) {
      yield* sh.sys.work();
      const part = typed ? typed.subarray(at, ++at) : yield* readSome(sh, fd, 1, until);
      if (part === 'timeout') {
        timedOut = true;
        break;
      }
      if (part.length === 0) {
        ended = false;
        break;
      }
      const b = part[0]!;
      if (escape) {
        escape = false;
        // Backslash-newline joins lines.
        if (b === 10) continue;
        skipped.push(bytes.length);
        bytes.push(b);
        count++;
        continue;
      }
      if (b === 0x5c && !raw) {
        escape = true;
        continue;
      }
      if (b === delim) break;
      if (b === 0 && exact === undefined) continue;
      bytes.push(b);
      if ((b & 0xc0) !== 0x80) count++;
      // A multibyte character is read to its end.
      if (count >= limit && b >= 0xc0) {
        for (let more = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1; more > 0; more--) {
          const next = yield* readSome(sh, fd, 1, until);
          if (next === 'timeout' || next.length === 0) break;
          bytes.push(next[0]!);
        }
      }
    }
    if (limit !== Infinity && count >= limit && exact !== undefined) ended = true;
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sh.error(`read: read error: ${fd}: ${e.message}`);
    return 1;
  } finally {
    if (tty && old) tty.setTermios(old);
  }
  if (exact !== undefined && bytes.length === 0 && limit > 0) ended = false;
  const { line, escaped } = decodeLine(bytes, skipped);
  const status = timedOut ? 142 : ended ? 0 : 1;
  const array = values.get('a');
  if (array !== undefined) {
    const words = splitRead(line, escaped, sh.ifs, Infinity).filter(
      (w, i, all) => !(w === '' && all.length === 1 && line.trim() === ''),
    );
    const r = sh.resolve(array).name;
    const v = sh.vars.find(r) ?? sh.vars.create(r);
    if (v.value instanceof AssocArray) {
      yield* sh.error(`read: ${array}: cannot convert associative to indexed array`);
      return 1;
    }
    if (v.readonly) {
      yield* sh.error(`${array}: readonly variable`);
      return 1;
    }
    v.array = 'a';
    v.value = IndexedArray.from(words);
    return status;
  }
  const names = o.rest;
  if (exact !== undefined) {
    const [first = 'REPLY', ...others] = names;
    if (!(yield* setTarget(sh, 'read', first, line))) return 1;
    for (const n of others) if (!(yield* setTarget(sh, 'read', n, ''))) return 1;
    return status;
  }
  if (names.length === 0) return (yield* setTarget(sh, 'read', 'REPLY', line)) ? status : 1;
  const fields = splitRead(line, escaped, sh.ifs, names.length);
  for (let i = 0; i < names.length; i++) if (!(yield* setTarget(sh, 'read', names[i]!, fields[i]!))) return 1;
  return status;
}

/** The text of a line and which of its characters a backslash protected. */
function decodeLine(bytes: number[], skipped: number[]): { line: string; escaped: Set<number> } {
  const line = fromBytes(Uint8Array.from(bytes));
  const escaped = new Set<number>();
  for (const at of skipped) escaped.add(fromBytes(Uint8Array.from(bytes.slice(0, at))).length);
  return { line, escaped };
}

function* mapfile(sh: Shell, args: string[], who: string): Coroutine<number> {
  const usage = `${who} [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]`;
  const o = yield* options(sh, who, args, 'd:n:O:s:tu:C:c:', usage);
  if (!o) return 2;
  const name = o.rest[0] ?? 'MAPFILE';
  if (!isName(name)) {
    yield* sh.error(`${who}: \`${name}': not a valid identifier`);
    return 1;
  }
  const fd = Number(o.values.get('u') ?? 0);
  const delim = o.values.has('d') ? (o.values.get('d') === '' ? 0 : toBytes(o.values.get('d')!)[0]!) : 10;
  const max = Number(o.values.get('n') ?? 0);
  let skip = Number(o.values.get('s') ?? 0);
  const origin = Number(o.values.get('O') ?? 0);
  const callback = o.values.get('C');
  const quantum = Number(o.values.get('c') ?? 5000);
  if (!sh.sys.proc.fds.has(fd)) {
    yield* sh.error(`${who}: ${fd}: invalid file descriptor: Bad file descriptor`);
    return 1;
  }
  const r = sh.resolve(name).name;
  const v = sh.vars.find(r) ?? sh.vars.create(r);
  if (v.value instanceof AssocArray) {
    yield* sh.error(`${who}: ${name}: not an indexed array`);
    return 1;
  }
  const array = o.values.has('O') && v.value instanceof IndexedArray ? v.value : new IndexedArray();
  v.array = 'a';
  v.value = array;
  let line: number[] = [];
  let n = 0;
  const single = max > 0 || callback !== undefined;
  const push = function* (): Coroutine<void> {
    if (skip > 0) skip--;
    else {
      if (o.flags.has('t') && line.at(-1) === delim) line.pop();
      const text = fromBytes(Uint8Array.from(line)).replaceAll('\0', '');
      if (callback !== undefined && (n + 1) % quantum === 0) {
        yield* runString(sh, `${callback} ${origin + n} ${backslashQuote(text)}`);
      }
      array.set(origin + n++, text);
    }
    line = [];
  };
  for (;;) {
    if (max > 0 && n >= max) return 0;
    const part = yield* readSome(sh, fd, single ? 1 : 65536);
    if (part === 'timeout' || part.length === 0) break;
    for (const b of part) {
      line.push(b);
      if (b === delim) yield* push();
    }
    yield* sh.sys.work(part.length >> 6);
  }
  if (line.length > 0) yield* push();
  return 0;
}

/** Builtins that read and write. */
export const io: Builtin[] = [
  builtin('echo', 'echo [-neE] [arg ...]', 'Writes its arguments.', echo),
  builtin('printf', 'printf [-v var] format [arguments]', 'Formats and writes its arguments.', printf),
  builtin(
    'read',
    'read [-ers] [-a array] [-d delim] [-n nchars] [-p prompt] [-t timeout] [-u fd] [name ...]',
    'Reads a line into variables.',
    read,
  ),
  builtin(
    'mapfile',
    'mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [array]',
    'Reads lines into an array.',
    (sh, a) => mapfile(sh, a, 'mapfile'),
  ),
  builtin(
    'readarray',
    'readarray [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [array]',
    'The same as mapfile.',
    (sh, a) => mapfile(sh, a, 'readarray'),
  ),
];
