import type { Coroutine, OpenFile } from '../core';
import { isErrno } from '../core';
import type { OpenFlags } from '../host';
import { FileNode, RegularFile } from '../host';
import { dial } from './dialer';
import { expandQuoted, expandString, expandWord } from './expansion/expand';
import type { Shell } from './shell';
import type { Redirection } from './syntax/parser';
import { toBytes } from './text';

/** Descriptors to put back after a command that redirected them. */
export interface Saved {
  readonly fd: number;
  /** Where the old one is kept; undefined when it was closed. */
  readonly copy: number | undefined;
}

/** Saved descriptors live at or above this number, closed on exec. */
const SAVE_FROM = 10;

/**
 * Performs redirections in the current process.
 * @param saved when given, old descriptors are kept there for `restore`.
 * @returns false after a message when one failed; what had been done is undone by `restore`.
 */
export function* redirect(sh: Shell, list: readonly Redirection[], saved?: Saved[]): Coroutine<boolean> {
  for (const r of list) if (!(yield* one(sh, r, saved))) return false;
  return true;
}

/** Puts descriptors back, last change first. */
export function restore(sh: Shell, saved: readonly Saved[]): void {
  for (let i = saved.length - 1; i >= 0; i--) {
    const { fd, copy } = saved[i]!;
    if (copy === undefined) {
      if (sh.sys.proc.fds.has(fd)) sh.sys.close(fd);
    } else if (sh.sys.proc.fds.has(copy)) {
      // After exec the copies are gone, and with them everything there was to put back.
      sh.sys.dup2(copy, fd);
      sh.sys.close(copy);
    }
  }
}

function save(sh: Shell, fd: number, saved: Saved[] | undefined): void {
  if (!saved || saved.some((s) => s.fd === fd)) return;
  const d = sh.sys.proc.fds.get(fd);
  saved.push({ fd, copy: d ? sh.sys.install(d.file, SAVE_FROM, true) : undefined });
}

function place(sh: Shell, file: number, fd: number): void {
  if (file === fd) return;
  sh.sys.dup2(file, fd);
  sh.sys.close(file);
}

function* one(sh: Shell, r: Redirection, saved: Saved[] | undefined): Coroutine<boolean> {
  const { sys } = sh;
  const input = r.operator.startsWith('<');
  let fd = r.descriptor?.type === 'FileDescriptor' ? r.descriptor.value : input ? 0 : 1;
  const named = r.descriptor?.type === 'FileDescriptorVariable' ? /^(\w+)(?:\[(.*)\])?$/.exec(r.descriptor.name) : null;
  const variable = named?.[1];
  const index = named?.[2];
  // {fd}>file: a fresh number that the variable tells.
  const settle = function* (file: number): Coroutine<boolean> {
    if (variable === undefined) {
      place(sh, file, fd);
      return true;
    }
    const n = sys.install(sys.file(file), SAVE_FROM);
    sys.close(file);
    if (saved && sh.shopt('varredir_close')) saved.push({ fd: n, copy: undefined });
    const message = sh.set(variable, String(n), index);
    if (message !== undefined) yield* sh.error(message);
    return message === undefined;
  };
  if (r.type === 'HereString' && sh.dash) yield* sh.fail('Syntax error: redirection unexpected', 2);
  if (r.type === 'HereDoc' || r.type === 'HereString') {
    let text: string;
    if (r.type === 'HereString') text = `${r.target ? yield* expandString(sh, r.target.text) : ''}\n`;
    else {
      const body = r.operator === '<<-' ? r.body.text.replace(/^\t+/gm, '') : r.body.text;
      text = r.delimiter?.quoted ? body : yield* expandQuoted(sh, body, 'here');
    }
    if (variable === undefined) save(sh, fd, saved);
    return yield* settle(hereFile(sh, text));
  }
  const word = r.target?.text ?? '';
  let { operator } = r as { operator: string };
  const targets: string[] = [];
  if (sh.opt('posix') && !sh.interactive) targets.push(yield* expandString(sh, word));
  else yield* expandWord(sh, word, targets);
  if (targets.length !== 1) {
    yield* sh.error(`${word}: ambiguous redirect`);
    return false;
  }
  const target = targets[0]!;
  if (operator === '<&' || operator === '>&') {
    if (/^\d+-?$/.test(target) || target === '-') {
      if (target === '-') {
        if (variable !== undefined)
          fd = Number((index === undefined ? sh.get(variable) : sh.readElement(variable, index)) ?? -1);
        else save(sh, fd, saved);
        if (sys.proc.fds.has(fd)) sys.close(fd);
        return true;
      }
      const from = Number(target.replace('-', ''));
      if (!sys.proc.fds.has(from)) {
        yield* sh.error(sh.dash ? `${from}: Bad file descriptor` : `${from}: Bad file descriptor`);
        return false;
      }
      if (variable === undefined) save(sh, fd, saved);
      const copy = sys.install(sys.file(from), SAVE_FROM);
      if (target.endsWith('-') && from !== fd) {
        save(sh, from, saved);
        sys.close(from);
      }
      return yield* settle(copy);
    }
    if (operator === '<&' || r.descriptor !== undefined) {
      yield* sh.error(`${word}: ambiguous redirect`);
      return false;
    }
    operator = '&>';
  }
  const flags: OpenFlags =
    operator === '<'
      ? { read: true }
      : operator === '<>'
        ? { read: true, write: true, create: true }
        : { write: true, create: true, append: operator.endsWith('>>'), truncate: !operator.endsWith('>>') };
  if (operator === '>' && sh.opt('noclobber') && regularExists(sh, target)) {
    yield* sh.error(`${target}: cannot overwrite existing file`);
    return false;
  }
  let file: number;
  if (!sh.dash && /^\/dev\/(tcp|udp)\/[^/]+\//.test(target)) {
    const socket = yield* dial(sh, target);
    if (socket === undefined) return false;
    file = socket;
  } else {
    try {
      file = yield* openPath(sh, target, flags);
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (sh.dash) {
        const what = flags.create ? 'create' : 'open';
        yield* sh.error(
          `cannot ${what} ${target}: ${e.code === 'ENOENT' ? (flags.create ? 'Directory nonexistent' : 'No such file') : e.message}`,
        );
      } else yield* sh.error(`${target}: ${e.message}`);
      return false;
    }
  }
  if (operator === '&>' || operator === '&>>') {
    save(sh, 1, saved);
    save(sh, 2, saved);
    place(sh, file, 1);
    sys.dup2(1, 2);
    return true;
  }
  if (variable === undefined) save(sh, fd, saved);
  return yield* settle(file);
}

function regularExists(sh: Shell, path: string): boolean {
  try {
    return sh.sys.files.stat(path).type === 'file';
  } catch {
    return false;
  }
}

/** Opens `path`; the names of descriptors under /dev are duplicates, as bash itself takes them. */
export function* openPath(sh: Shell, path: string, flags: OpenFlags): Coroutine<number> {
  const own = /^\/dev\/(?:fd\/(\d+)|(stdin)|(stdout)|(stderr))$/.exec(path);
  if (own) {
    const n = own[1] !== undefined ? Number(own[1]) : own[2] ? 0 : own[3] ? 1 : 2;
    if (sh.sys.proc.fds.has(n)) return sh.sys.install(sh.sys.file(n), SAVE_FROM);
  }
  for (;;) {
    try {
      return yield* sh.sys.open(path, flags);
    } catch (e) {
      if (isErrno(e, 'EINTR') && sh.pendingTraps.length === 0 && !sh.interruptPending) continue;
      throw e;
    }
  }
}

/** Opens a file for reading. @throws Errno */
export function* openForRead(sh: Shell, path: string): Coroutine<number> {
  return yield* openPath(sh, path, { read: true });
}

/** A descriptor from which `text` can be read: an unlinked file, so that no one waits for a reader. */
function hereFile(sh: Shell, text: string): number {
  const { sys } = sh;
  const inode = new FileNode(0o600, toBytes(text));
  const file: OpenFile = new RegularFile(inode, '/tmp/sh-thd (deleted)', true, false, () => sys.now);
  return sys.install(file, SAVE_FROM);
}
