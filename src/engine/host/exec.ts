import type { Coroutine } from '../core';
import { decode, Errno, isErrno } from '../core';
import { FileNode } from './inode';
import { commOf } from './machine';
import { provide } from './program';
import type { Sys } from './sys';
import { permitted, resolve } from './vfs';

/** Interpreters that may follow each other in `#!` lines before ELOOP (BINPRM recursion). */
const MAX_INTERPRETERS = 4;

/**
 * execve(2): checks that `path` can be executed, makes the process the new program and runs it to its exit status.
 * @throws Errno ENOENT, EACCES, ENOEXEC, ENOTDIR, ELOOP: the old program goes on.
 */
export function* execve(
  sys: Sys,
  path: string,
  argv: readonly string[],
  env: ReadonlyMap<string, string>,
): Coroutine<number> {
  const { proc } = sys;
  let file = path;
  let args = argv;
  for (let depth = 0; ; depth++) {
    const { inode, path: real } = resolve(proc, file);
    if (!inode) throw new Errno('ENOENT');
    if (inode.type !== 'file' || !permitted(proc, inode, 1)) throw new Errno('EACCES');
    if (!(inode instanceof FileNode)) throw new Errno('EACCES');
    if (inode.program !== undefined) {
      const program = proc.machine.programs.get(inode.program);
      if (!program) throw new Errno('ENOEXEC');
      proc.exe = real;
      proc.argv = args;
      proc.comm = commOf(file);
      proc.env = new Map(env);
      for (const [signal, handler] of [...proc.handlers]) if (handler !== 'ignore') proc.handlers.delete(signal);
      proc.restarting.clear();
      for (const [fd, d] of [...proc.fds]) if (d.cloexec) sys.close(fd);
      if (!(yield* provide(proc.machine, program))) return yield* notLoaded(sys, real);
      yield* sys.work(50);
      return yield* dying(program.main(sys, args));
    }
    const line = /^#![ \t]*([^ \t\n]+)(?:[ \t]+([^\n]*?))?[ \t]*(?:\n|$)/.exec(decode(inode.contents.subarray(0, 256)));
    if (!line) throw new Errno('ENOEXEC');
    if (depth >= MAX_INTERPRETERS) throw new Errno('ELOOP');
    args = [line[1]!, ...(line[2] ? [line[2]] : []), file, ...args.slice(1)];
    file = line[1]!;
  }
}

/** A program that does not look at what a write says dies of SIGPIPE, which has been sent already, and says nothing. */
function* dying(main: Coroutine<number>): Coroutine<number> {
  try {
    return yield* main;
  } catch (e) {
    if (!isErrno(e, 'EPIPE')) throw e;
    yield null;
    return 1;
  }
}

/** What becomes of a process whose program's code could not be fetched: the next exec of it tries again. */
function* notLoaded(sys: Sys, path: string): Coroutine<number> {
  try {
    yield* sys.write(2, `${path}: cannot load program: network error\n`);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  return 126;
}
