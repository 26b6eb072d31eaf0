import type { Coroutine } from '../../core';
import { isErrno, strerror } from '../../core';
import type { Stat } from '../../host';
import { DeviceNode, FileNode } from '../../host';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { baseName, joinPath } from './names';

interface CopyOptions {
  readonly recursive: boolean;
  /** `-P`, `-d`, `-a`: links are copied as links. */
  readonly keepLinks: boolean;
  readonly preserve: boolean;
  readonly force: boolean;
  readonly noClobber: boolean;
  readonly update: boolean;
  readonly verbose: boolean;
  readonly link: 'hard' | 'symbolic' | undefined;
}

/** Copies `from` to exactly `to`. */
function* copyTo(t: Tool, from: string, to: string, o: CopyOptions): Coroutine<void> {
  const { files } = t.sys;
  yield* t.sys.work(5);
  let source: Stat;
  try {
    source = files.stat(from, !o.keepLinks);
  } catch (e) {
    return yield* t.complainErrno(`cannot stat ${t.qf(from)}`, e);
  }
  const target = stat(t, to);
  if (target && target.ino === source.ino) return yield* t.complain(`${t.qf(from)} and ${t.qf(to)} are the same file`);
  if (source.type === 'dir') {
    if (!o.recursive) return yield* t.complain(`-r not specified; omitting directory ${t.qf(from)}`);
    if (target && target.type !== 'dir')
      return yield* t.complain(`cannot overwrite non-directory ${t.qf(to)} with directory ${t.qf(from)}`);
    if (`${files.realpath(to, true)}/`.startsWith(`${files.realpath(from)}/`)) {
      return yield* t.complain(`cannot copy a directory, ${t.qf(from)}, into itself, ${t.qf(to)}`);
    }
    const names = files.readdir(from).sort();
    try {
      if (!target) {
        files.mkdir(to, source.mode | 0o700);
        if (o.verbose) yield* t.out.line(`${t.qf(from)} -> ${t.qf(to)}`);
      }
    } catch (e) {
      return yield* t.complainErrno(`cannot create directory ${t.qf(to)}`, e);
    }
    for (const name of names) yield* copyTo(t, joinPath(from, name), joinPath(to, name), o);
    return keep(t, source, to, o);
  }
  if (target?.type === 'dir') return yield* t.complain(`cannot overwrite directory ${t.qf(to)} with non-directory`);
  if (target && (o.noClobber || (o.update && target.mtime >= source.mtime))) return;
  try {
    if (o.link === 'symbolic') files.symlink(from, to);
    else if (o.link === 'hard') files.link(from, to);
    else if (source.type === 'symlink') {
      if (target) files.unlink(to);
      files.symlink(files.readlink(from), to);
    } else if (source.type === 'fifo') files.mkfifo(to, source.mode);
    else if (source.inode instanceof DeviceNode && o.recursive) {
      files.mknod(to, new DeviceNode(source.inode.major, source.inode.minor, source.inode.open, source.mode));
    } else yield* copyData(t, from, to, source, o);
    if (o.verbose) yield* t.out.line(`${t.qf(from)} -> ${t.qf(to)}`);
    keep(t, source, to, o);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* t.complain(
      e.message.startsWith('cannot ') ? e.message : `cannot create regular file ${t.qf(to)}: ${strerror(e.code)}`,
    );
  }
}

function* copyData(t: Tool, from: string, to: string, source: Stat, o: CopyOptions): Coroutine<void> {
  let input: number;
  try {
    input = yield* t.sys.open(from, { read: true });
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Fail(`cannot open ${t.qf(from)} for reading: ${strerror(e.code)}`);
  }
  try {
    const flags = { write: true, create: true, truncate: true, mode: source.mode & 0o777 };
    let output: number;
    try {
      output = yield* t.sys.open(to, flags);
    } catch (e) {
      if (!o.force || !isErrno(e)) throw e;
      t.sys.files.unlink(to);
      output = yield* t.sys.open(to, flags);
    }
    try {
      for (;;) {
        const data = yield* t.sys.read(input);
        if (data.length === 0) break;
        yield* t.sys.write(output, data);
      }
      // A copied executable stays one: the program it stands for is part of its contents.
      const written = t.sys.files.stat(to).inode;
      if (source.inode instanceof FileNode && written instanceof FileNode) written.program = source.inode.program;
    } finally {
      t.sys.close(output);
    }
  } finally {
    t.sys.close(input);
  }
}

function keep(t: Tool, source: Stat, to: string, o: CopyOptions): void {
  if (!o.preserve || source.type === 'symlink') return;
  t.sys.files.chmod(to, source.mode);
  if (t.sys.proc.uid === 0) t.sys.files.chown(to, source.uid, source.gid);
  t.sys.files.utimes(to, source.atime, source.mtime);
}

function stat(t: Tool, path: string, follow = true): Stat | undefined {
  try {
    return t.sys.files.stat(path, follow);
  } catch {
    return undefined;
  }
}

/** Sources and where each goes, by the rules that cp and mv share. */
function destinations(
  t: Tool,
  operands: readonly string[],
  into: string | undefined,
  noDirectory: boolean,
  parents = false,
): [from: string, to: string][] {
  if (operands.length === 0) throw new UsageError('missing file operand');
  if (parents && into === undefined && stat(t, operands[operands.length - 1]!)?.type !== 'dir')
    throw new UsageError('with --parents, the destination must be a directory');
  if (into === undefined && operands.length === 1) {
    throw new UsageError(`missing destination file operand after ${t.qf(operands[0]!)}`);
  }
  const target = into ?? operands[operands.length - 1]!;
  const sources = into === undefined ? operands.slice(0, -1) : operands;
  const isDir = stat(t, target)?.type === 'dir';
  if (isDir && !noDirectory)
    return sources.map((s) => [s, joinPath(target, parents ? s.replace(/^\/+|\/+$/g, '') : baseName(s))]);
  if (sources.length > 1)
    throw new Fail(`target ${t.qf(target)}: ${stat(t, target) ? 'Not a directory' : 'No such file or directory'}`);
  if (target.endsWith('/') && stat(t, sources[0]!)?.type === 'file') {
    throw new Fail(`cannot create regular file ${t.qf(target)}: Not a directory`);
  }
  return [[sources[0]!, target]];
}

/** cp(1). */
export const cp = tool({
  name: 'cp',
  summary: 'copy files and directories',
  help: `[OPTION]... [-T] SOURCE DEST
  or:  cp [OPTION]... SOURCE... DIRECTORY
  or:  cp [OPTION]... -t DIRECTORY SOURCE...
Copy SOURCE to DEST, or multiple SOURCE(s) to DIRECTORY.

  -a, --archive                 same as -dR --preserve=all
  -d                            links are copied as links
  -f, --force                   replace a destination that cannot be opened
  -l, --link                    hard link files instead of copying
  -L, --dereference             follow links in SOURCE
  -n, --no-clobber              do not overwrite an existing file
  -P, --no-dereference          never follow links in SOURCE
  -p                            keep mode, ownership and times
      --parents                 use the whole name of SOURCE under DIRECTORY
  -R, -r, --recursive           copy directories recursively
  -s, --symbolic-link           make symbolic links instead of copying
  -t, --target-directory=DIR    copy all SOURCE arguments into DIR
  -T, --no-target-directory     treat DEST as a normal file
  -u, --update                  copy only when the SOURCE is newer
  -v, --verbose                 explain what is being done
`,
  *run(t) {
    const { options, operands } = t.getopt('adfilLnPpRrst:Tuvx', [
      'archive=a',
      'force=f',
      'interactive=i',
      'link=l',
      'dereference=L',
      'no-clobber=n',
      'no-dereference=P',
      'preserve::=p',
      'recursive=r',
      'symbolic-link=s',
      'target-directory:=t',
      'no-target-directory=T',
      'update=u',
      'verbose=v',
      'one-file-system=x',
      'parents',
      'backup::',
      'reflink::',
      'sparse:',
    ]);
    const has = (...n: string[]): boolean => options.some((o) => n.includes(o.name));
    const recursive = has('r', 'R', 'a');
    const links = options.findLast((o) => ['L', 'P', 'd', 'a'].includes(o.name))?.name;
    const o: CopyOptions = {
      recursive,
      keepLinks: links === undefined ? recursive : links !== 'L',
      preserve: has('p', 'a'),
      force: has('f'),
      noClobber: has('n'),
      update: has('u'),
      verbose: has('v'),
      link: has('l') ? 'hard' : has('s') ? 'symbolic' : undefined,
    };
    for (const [from, to] of destinations(
      t,
      operands,
      options.findLast((x) => x.name === 't')?.arg,
      has('T'),
      has('parents'),
    )) {
      if (has('parents')) {
        const target = to.slice(0, to.length - from.replace(/^\/+|\/+$/g, '').length);
        for (const part of from
          .split('/')
          .slice(0, -1)
          .filter(Boolean)
          .map((_, i, all) => all.slice(0, i + 1).join('/')))
          if (!stat(t, target + part)) t.sys.files.mkdir(target + part);
      }
      try {
        yield* copyTo(t, from, to, o);
      } catch (e) {
        if (!(e instanceof Fail)) throw e;
        yield* t.complain(e.message);
      }
    }
    return t.status;
  },
});

/** mv(1). */
export const mv = tool({
  name: 'mv',
  summary: 'move (rename) files',
  help: `[OPTION]... [-T] SOURCE DEST
  or:  mv [OPTION]... SOURCE... DIRECTORY
  or:  mv [OPTION]... -t DIRECTORY SOURCE...
Rename SOURCE to DEST, or move SOURCE(s) to DIRECTORY.

  -f, --force                 do not prompt before overwriting
  -n, --no-clobber            do not overwrite an existing file
  -t, --target-directory=DIR  move all SOURCE arguments into DIR
  -T, --no-target-directory   treat DEST as a normal file
  -u, --update                move only when the SOURCE is newer
  -v, --verbose               explain what is being done
`,
  *run(t) {
    const { options, operands } = t.getopt('finvut:T', [
      'force=f',
      'interactive=i',
      'no-clobber=n',
      'verbose=v',
      'update=u',
      'target-directory:=t',
      'no-target-directory=T',
      'backup::',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const { files } = t.sys;
    for (const [from, to] of destinations(t, operands, options.findLast((x) => x.name === 't')?.arg, has('T'))) {
      const source = stat(t, from, false);
      if (!source) {
        yield* t.complain(`cannot stat ${t.qf(from)}: No such file or directory`);
        continue;
      }
      const target = stat(t, to, false);
      if (target && (has('n') || (has('u') && target.mtime >= source.mtime))) continue;
      if (target && target.ino === source.ino) {
        yield* t.complain(`${t.qf(from)} and ${t.qf(to)} are the same file`);
        continue;
      }
      try {
        files.rename(from, to);
        if (has('v')) yield* t.out.line(`renamed ${t.qf(from)} -> ${t.qf(to)}`);
      } catch (e) {
        if (isErrno(e, 'EINVAL'))
          yield* t.complain(`cannot move ${t.qf(from)} to a subdirectory of itself, ${t.qf(to)}`);
        else if (isErrno(e, 'EISDIR')) yield* t.complain(`cannot overwrite directory ${t.qf(to)} with non-directory`);
        else if (isErrno(e, 'ENOTDIR'))
          yield* t.complain(`cannot overwrite non-directory ${t.qf(to)} with directory ${t.qf(from)}`);
        else yield* t.complainErrno(`cannot move ${t.qf(from)} to ${t.qf(to)}`, e);
      }
    }
    return t.status;
  },
});
