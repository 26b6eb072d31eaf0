import type { Coroutine } from '../../core';
import type { Tool } from '../lib/tool';
import { tool, UsageError } from '../lib/tool';
import { LineReader } from '../lib/lines';
import { joinPath } from './names';

/** rm(1). */
export const rm = tool({
  name: 'rm',
  summary: 'remove files or directories',
  help: `[OPTION]... [FILE]...
Remove (unlink) the FILE(s).

  -f, --force           ignore nonexistent files and arguments, never prompt
  -i                    prompt before every removal
  -I                    prompt once before removing more than three files
      --no-preserve-root  do not treat '/' specially
  -r, -R, --recursive   remove directories and their contents recursively
  -d, --dir             remove empty directories
  -v, --verbose         explain what is being done
`,
  *run(t) {
    const { options, operands } = t.getopt('fiIrRdv', [
      'force=f',
      'interactive::=i',
      'no-preserve-root',
      'preserve-root::',
      'recursive=r',
      'dir=d',
      'verbose=v',
      'one-file-system',
    ]);
    const has = (...n: string[]): boolean => options.some((o) => n.includes(o.name));
    const force = options.findLast((o) => o.name === 'f' || o.name === 'i')?.name === 'f';
    if (operands.length === 0) {
      if (force) return 0;
      throw new UsageError('missing operand');
    }
    const ask = options.findLast((o) => o.name === 'f' || o.name === 'i')?.name === 'i';
    const o = { recursive: has('r', 'R'), dir: has('d'), verbose: has('v'), force, ask };
    for (const path of operands) {
      if (/(^|\/)\.{1,2}\/*$/.test(path)) {
        yield* t.complain(`refusing to remove ${t.qf('.')} or ${t.qf('..')} directory: skipping ${t.qf(path)}`);
      } else if (o.recursive && /^\/+$/.test(path) && !has('no-preserve-root')) {
        yield* t.complain(`it is dangerous to operate recursively on ${t.qf('/')}`);
        yield* t.warn('use --no-preserve-root to override this failsafe');
      } else yield* remove(t, path, o);
    }
    return t.status;
  },
});

interface RemoveOptions {
  readonly recursive: boolean;
  readonly dir: boolean;
  readonly verbose: boolean;
  readonly force: boolean;
  readonly ask: boolean;
}

function* remove(t: Tool, path: string, o: RemoveOptions): Coroutine<void> {
  const { files } = t.sys;
  yield* t.sys.work(3);
  let type: string;
  let size: number;
  try {
    ({ type, size } = files.stat(path, false));
  } catch (e) {
    if (!o.force || files.exists(path, false)) yield* t.complainErrno(`cannot remove ${t.qf(path)}`, e);
    return;
  }
  if (type === 'dir' && !o.recursive) {
    if (!o.dir) return yield* t.complain(`cannot remove ${t.qf(path)}: Is a directory`);
  } else if (type === 'dir') {
    for (const name of files.readdir(path)) yield* remove(t, joinPath(path, name), o);
  }
  if (o.ask) {
    const kind =
      type === 'dir'
        ? 'directory'
        : type === 'symlink'
          ? 'symbolic link'
          : size === 0
            ? 'regular empty file'
            : 'regular file';
    yield* t.out.flush();
    yield* t.sys.eprint(`${t.name}: remove ${kind} ${t.qf(path)}? `);
    const answer = yield* new LineReader(t.sys, 0).next();
    if (!/^[yY]/.test(String(answer ?? ''))) return;
  }
  try {
    if (type === 'dir') files.rmdir(path);
    else files.unlink(path);
    if (o.verbose) yield* t.out.line(`removed ${type === 'dir' ? 'directory ' : ''}${t.qf(path)}`);
  } catch (e) {
    yield* t.complainErrno(`cannot remove ${t.qf(path)}`, e);
  }
}
