import type { Coroutine } from '../core';
import { isErrno } from '../core';
import { shellStatus } from '../host';
import { expandString } from './expansion/expand';
import { runProgram } from './evaluate';
import { openForRead } from './redirect';
import type { Shell } from './shell';
import { MAX_STRING } from './shell';
import { forkShell } from './subshell';
import { Source } from './syntax/source';
import { fromBytes } from './text';

/** Output of a command substitution may have this many bytes. */
const MAX_OUTPUT = MAX_STRING / 2;

/**
 * `$(...)`: the output of a child shell without trailing newlines; its status becomes `$?`.
 * @param raw lines are counted from the very start of `text`; bash has taken others apart already and lost the empty lines before it.
 */
export function* commandSubstitution(sh: Shell, text: string, raw: boolean): Coroutine<string> {
  const { sys } = sh;
  const { line } = sh;
  const file = /^\s*<\s*([^\s<>&|;()]+)\s*$/.exec(text);
  if (file) return yield* readSubstitution(sh, yield* expandString(sh, file[1]!));
  const [r, w] = sys.pipe();
  let child;
  try {
    child = forkShell(sh, {}, function* (c) {
      c.sys.close(r);
      c.sys.dup2(w, 1);
      if (w !== 1) c.sys.close(w);
      if (!c.opt('posix') && !c.shopt('inherit_errexit')) c.options.delete('errexit');
      c.lineOverride = undefined;
      c.noErrExit = 0;
      c.loopDepth = 0;
      c.traceLevel++;
      return yield* runProgram(c, new Source(raw ? text : text.replace(/^\s*\n/, ''), c.source.name, line), {
        canExec: true,
      });
    });
  } catch (e) {
    sys.close(r);
    sys.close(w);
    if (!isErrno(e)) throw e;
    return yield* sh.fail(`fork: ${e.message}`, 254, true);
  }
  sys.close(w);
  const bytes: Uint8Array[] = [];
  let total = 0;
  try {
    for (;;) {
      let part: Uint8Array;
      try {
        part = yield* sys.read(r);
      } catch (e) {
        if (isErrno(e, 'EINTR')) continue;
        throw e;
      }
      if (part.length === 0) break;
      total += part.length;
      if (total > MAX_OUTPUT) yield* sh.fail(`xrealloc: cannot allocate ${total} bytes`, 2, true);
      bytes.push(part);
    }
  } finally {
    sys.close(r);
  }
  const pid = child.pidIn(sys.proc.ns.pid);
  sh.status = yield* reapChild(sh, pid);
  sh.substitutions++;
  let at = 0;
  const all = new Uint8Array(total);
  for (const b of bytes) {
    all.set(b, at);
    at += b.length;
  }
  return yield* trim(sh, fromBytes(all));
}

function* trim(sh: Shell, text: string): Coroutine<string> {
  let out = text;
  if (out.includes('\0')) {
    yield* sh.error('warning: command substitution: ignored null byte in input');
    out = out.replaceAll('\0', '');
  }
  let end = out.length;
  while (end > 0 && out[end - 1] === '\n') end--;
  return out.slice(0, end);
}

/** Waits for one child that is no job. */
export function* reapChild(sh: Shell, pid: number): Coroutine<number> {
  for (;;) {
    try {
      const done = yield* sh.sys.waitpid(pid);
      return done ? shellStatus(done.status) : 0;
    } catch (e) {
      if (isErrno(e, 'ECHILD')) return 127;
      if (!isErrno(e, 'EINTR')) throw e;
    }
  }
}

function* readSubstitution(sh: Shell, path: string): Coroutine<string> {
  try {
    const fd = yield* openForRead(sh, path);
    try {
      const text = fromBytes(yield* sh.sys.readAll(fd, MAX_OUTPUT));
      sh.status = 0;
      return yield* trim(sh, text);
    } finally {
      sh.sys.close(fd);
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sh.error(`${path}: ${e.message}`);
    sh.status = 1;
    return '';
  }
}

/** `<(...)` and `>(...)`: the name under /dev/fd of a pipe to a child shell. */
export function* processSubstitution(sh: Shell, text: string, dir: '<' | '>'): Coroutine<string> {
  const { sys } = sh;
  const line = sh.line;
  const [r, w] = sys.pipe();
  const [ours, theirs] = dir === '<' ? [r, w] : [w, r];
  const child = forkShell(sh, {}, function* (c) {
    c.sys.close(ours);
    const fd = dir === '<' ? 1 : 0;
    c.sys.dup2(theirs, fd);
    if (theirs !== fd) c.sys.close(theirs);
    c.noErrExit = 0;
    return yield* runProgram(c, new Source(text, c.source.name, line), { canExec: true });
  });
  sys.close(theirs);
  // Numbers are given out downwards from 63, so that they stay clear of the user's.
  let fd = 63;
  while (fd > 10 && sys.proc.fds.has(fd)) fd--;
  sys.dup2(ours, fd);
  sys.close(ours);
  sh.lastBackground = child.pidIn(sys.proc.ns.pid);
  sh.openSubstitutions.push(fd);
  return `/dev/fd/${fd}`;
}
