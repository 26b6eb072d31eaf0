import { isErrno } from '../../core';
import { Fail, tool, UsageError } from '../lib/tool';
import { parseSize } from '../lib/format';
import { applyMode } from './mode';
import { baseName, joinPath } from './names';

/** mkdir(1). */
export const mkdir = tool({
  name: 'mkdir',
  dir: '/usr/bin',
  summary: 'make directories',
  help: `[OPTION]... DIRECTORY...
Create the DIRECTORY(ies), if they do not already exist.

  -m, --mode=MODE   set the file mode, as in chmod
  -p, --parents     make parent directories too, and accept those that exist
  -v, --verbose     print a message for each created directory
`,
  *run(t) {
    const { options, operands } = t.getopt('pm:v', ['mode:=m', 'parents=p', 'verbose=v']);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const mode = options.findLast((o) => o.name === 'm')?.arg;
    if (operands.length === 0) throw new UsageError('missing operand');
    const bits = mode === undefined ? 0o777 : applyMode(mode, 0o777, true, t.sys.proc.umask);
    if (bits === undefined) throw new Fail(`invalid mode ${t.q(mode!)}`);
    for (const path of operands) {
      const steps = has('p') ? parents(path) : [path];
      for (const step of steps) {
        if (has('p') && isDirectory(t.sys.files, step)) continue;
        try {
          t.sys.files.mkdir(step, 0o777);
          if (mode !== undefined && step === path) t.sys.files.chmod(step, bits);
          if (has('v')) yield* t.out.line(`${t.name}: created directory ${t.qf(step)}`);
        } catch (e) {
          yield* t.complainErrno(`cannot create directory ${t.q(step)}`, e);
          break;
        }
      }
    }
    return t.status;
  },
});

/** rmdir(1). */
export const rmdir = tool({
  name: 'rmdir',
  summary: 'remove empty directories',
  help: `[OPTION]... DIRECTORY...
Remove the DIRECTORY(ies), if they are empty.

  -p, --parents   remove DIRECTORY and its ancestors
  -v, --verbose   print a message for each directory
      --ignore-fail-on-non-empty
`,
  *run(t) {
    const { options, operands } = t.getopt('pv', ['parents=p', 'verbose=v', 'ignore-fail-on-non-empty']);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    if (operands.length === 0) throw new UsageError('missing operand');
    for (const path of operands) {
      for (const step of has('p') ? parents(path).reverse() : [path]) {
        if (has('v')) yield* t.out.line(`${t.name}: removing directory, ${t.qf(step)}`);
        try {
          t.sys.files.rmdir(step);
        } catch (e) {
          if (isErrno(e, 'ENOTEMPTY') && has('ignore-fail-on-non-empty')) break;
          yield* t.complainErrno(`failed to remove ${step === path ? '' : 'directory '}${t.qf(step)}`, e);
          break;
        }
      }
    }
    return t.status;
  },
});

/** mkfifo(1). */
export const mkfifo = tool({
  name: 'mkfifo',
  summary: 'make FIFOs (named pipes)',
  help: `[OPTION]... NAME...
Create named pipes (FIFOs) with the given NAMEs.

  -m, --mode=MODE   set file permission bits to MODE
`,
  *run(t) {
    const { options, operands } = t.getopt('m:', ['mode:=m']);
    if (operands.length === 0) throw new UsageError('missing operand');
    const mode = options.findLast((o) => o.name === 'm')?.arg;
    for (const path of operands) {
      try {
        t.sys.files.mkfifo(path);
        if (mode !== undefined) {
          const bits = applyMode(mode, 0o666, false, t.sys.proc.umask);
          if (bits === undefined) throw new Fail(`invalid mode`);
          t.sys.files.chmod(path, bits);
        }
      } catch (e) {
        yield* t.complainErrno(`cannot create fifo ${t.qf(path)}`, e);
      }
    }
    return t.status;
  },
});

/** readlink(1). */
export const readlink = tool({
  name: 'readlink',
  summary: 'print resolved symbolic links or canonical file names',
  help: `[OPTION]... FILE...
Print value of a symbolic link or canonical file name.

  -f, --canonicalize            follow every link; all but the last component must exist
  -e, --canonicalize-existing   the same, all components must exist
  -m, --canonicalize-missing    the same, nothing need exist
  -n, --no-newline              no trailing newline
  -v, --verbose                 report errors
  -z, --zero                    end each line with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('femnqsvz', [
      'canonicalize=f',
      'canonicalize-existing=e',
      'canonicalize-missing=m',
      'no-newline=n',
      'quiet=q',
      'silent=s',
      'verbose=v',
      'zero=z',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    if (operands.length === 0) throw new UsageError('missing operand');
    const end = has('n') && operands.length === 1 ? '' : has('z') ? '\0' : '\n';
    for (const path of operands) {
      try {
        const files = t.sys.files;
        const text = has('m')
          ? canonicalMissing(t.sys, path)
          : has('f') || has('e')
            ? files.realpath(path, !has('e'))
            : files.readlink(path);
        yield* t.out.write(text + end);
      } catch (e) {
        if (has('v')) yield* t.complainErrno(path, e);
        else if (!isErrno(e)) throw e;
        t.status = 1;
      }
    }
    return t.status;
  },
});

/** realpath(1). */
export const realpath = tool({
  name: 'realpath',
  summary: 'print the resolved path',
  help: `[OPTION]... FILE...
Print the resolved absolute file name; all but the last component must exist.

  -e, --canonicalize-existing   all components must exist
  -m, --canonicalize-missing    no component need exist
  -s, --strip, --no-symlinks    do not expand links
      --relative-to=DIR         print the path relative to DIR
  -q, --quiet                   no error messages
  -z, --zero                    end each line with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('eLmPqsz', [
      'canonicalize-existing=e',
      'canonicalize-missing=m',
      'strip=s',
      'no-symlinks=s',
      'relative-to:',
      'quiet=q',
      'zero=z',
      'logical=L',
      'physical=P',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    if (operands.length === 0) throw new UsageError('missing operand');
    const base = options.findLast((o) => o.name === 'relative-to')?.arg;
    for (const path of operands) {
      try {
        const full = has('s')
          ? lexical(t.sys.proc.cwd, path)
          : has('m')
            ? canonicalMissing(t.sys, path)
            : t.sys.files.realpath(path, !has('e'));
        const shown = base === undefined ? full : relative(t.sys.files.realpath(base, true), full);
        yield* t.out.write(shown + (has('z') ? '\0' : '\n'));
      } catch (e) {
        if (has('q') && isErrno(e)) t.status = 1;
        else yield* t.complainErrno(path, e);
      }
    }
    return t.status;
  },
});

/** truncate(1). */
export const truncate = tool({
  name: 'truncate',
  summary: 'shrink or extend the size of a file',
  help: `OPTION... FILE...
Shrink or extend the size of each FILE to the specified size.

  -c, --no-create         do not create any files
  -r, --reference=RFILE   base size on RFILE
  -s, --size=SIZE         set or adjust the size: +SIZE extends, -SIZE shrinks
`,
  *run(t) {
    const { options, operands } = t.getopt('cor:s:', ['no-create=c', 'reference:=r', 'size:=s', 'io-blocks=o']);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const size = get('s');
    const reference = get('r');
    if (size === undefined && reference === undefined) {
      throw new UsageError(`you must specify either ${t.q('--size')} or ${t.q('--reference')}`);
    }
    if (operands.length === 0) throw new UsageError('missing file operand');
    const m = /^([-+<>/%]?)(.*)$/.exec(size ?? '')!;
    const amount = size === undefined ? 0 : parseSize(m[2]!);
    if (amount === undefined) throw new Fail(`Invalid number: ${t.q(size!)}`);
    for (const path of operands) {
      try {
        if (!t.sys.files.exists(path)) {
          if (options.some((o) => o.name === 'c')) continue;
          t.sys.close(yield* t.sys.open(path, { write: true, create: true }));
        }
        const now = t.sys.files.stat(reference ?? path).size;
        const to =
          m[1] === '+'
            ? now + amount
            : m[1] === '-'
              ? Math.max(0, now - amount)
              : m[1] === '<'
                ? Math.min(now, amount)
                : m[1] === '>'
                  ? Math.max(now, amount)
                  : size === undefined
                    ? now
                    : amount;
        if (to > 64 * 1024 * 1024) throw new Fail(`failed to truncate ${t.qf(path)} at ${to} bytes: File too large`);
        t.sys.files.truncate(path, to);
      } catch (e) {
        yield* t.complainErrno(`cannot open ${t.qf(path)} for writing`, e);
      }
    }
    return t.status;
  },
});

/** sync(1): nothing is ever unwritten here. */
export const sync = tool({
  name: 'sync',
  summary: 'synchronize cached writes to persistent storage',
  help: `[OPTION] [FILE]...
Synchronize cached writes to persistent storage.

  -d, --data          only file data
  -f, --file-system   the file systems that contain the files
`,
  *run(t) {
    const { operands } = t.getopt('df', ['data=d', 'file-system=f']);
    for (const path of operands) {
      if (!t.sys.files.exists(path)) yield* t.complain(`error opening ${t.qf(path)}: No such file or directory`);
    }
    return t.status;
  },
});

/** mktemp(1). */
export const mktemp = tool({
  name: 'mktemp',
  summary: 'create a temporary file or directory',
  help: `[OPTION]... [TEMPLATE]
Create a temporary file or directory, safely, and print its name. TEMPLATE must contain at least 3 consecutive 'X's in last
component; tmp.XXXXXXXXXX when it is left out.

  -d, --directory      create a directory, not a file
  -u, --dry-run        do not create anything
  -q, --quiet          no message when it fails
  -p, --tmpdir[=DIR]   in DIR, or $TMPDIR, or /tmp
  -t                   the template is a name in the temporary directory
      --suffix=SUFF    append SUFF to the template
`,
  *run(t) {
    const { options, operands } = t.getopt('duqp:t', ['directory=d', 'dry-run=u', 'quiet=q', 'tmpdir::=p', 'suffix:']);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    if (operands.length > 1) throw new UsageError('too many templates');
    const template = (operands[0] ?? 'tmp.XXXXXXXXXX') + (get('suffix') ?? '');
    const run = /X{3,}(?=[^X/]*$)/.exec(template);
    if (!run) throw new Fail(`too few X's in template ${t.q(template)}`);
    const inTmp = operands.length === 0 || has('p') || has('t');
    const dir = inTmp ? get('p') || t.sys.env('TMPDIR') || '/tmp' : undefined;
    const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    const letters = Array.from(t.sys.random(run[0].length), (b) => alphabet[b % alphabet.length]).join('');
    const name = template.slice(0, run.index) + letters + template.slice(run.index + run[0].length);
    const path = dir === undefined ? name : joinPath(dir, name);
    try {
      if (!has('u')) {
        if (has('d')) t.sys.files.mkdir(path, 0o700);
        else t.sys.close(yield* t.sys.open(path, { write: true, create: true, exclusive: true, mode: 0o600 }));
      }
      yield* t.out.line(path);
    } catch (e) {
      const shown = dir === undefined ? template : joinPath(dir, template);
      if (has('q') && isErrno(e)) return 1;
      yield* t.complainErrno(`failed to create ${has('d') ? 'directory' : 'file'} via template ${t.q(shown)}`, e);
    }
    return t.status;
  },
});

/** ln(1). */
export const ln = tool({
  name: 'ln',
  summary: 'make links between files',
  help: `[OPTION]... TARGET LINK_NAME
  or:  ln [OPTION]... TARGET... DIRECTORY
Create a link to TARGET with the name LINK_NAME.

  -b                     keep what is replaced as LINK_NAME~
  -f, --force            remove existing destination files
  -n, --no-dereference   treat a LINK_NAME that is a link to a directory as a file
  -s, --symbolic         make symbolic links instead of hard links
  -r, --relative         with -s, links relative to their place
  -t, --target-directory=DIR
  -T, --no-target-directory
  -v, --verbose          print the name of each linked file
`,
  *run(t) {
    const { options, operands } = t.getopt('bfnsrvt:Ti', [
      'force=f',
      'no-dereference=n',
      'symbolic=s',
      'relative=r',
      'verbose=v',
      'target-directory:=t',
      'no-target-directory=T',
      'interactive=i',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const { files } = t.sys;
    if (operands.length === 0) throw new UsageError('missing file operand');
    let into = options.findLast((o) => o.name === 't')?.arg;
    let sources = operands;
    let single: string | undefined;
    if (into === undefined) {
      const last = operands[operands.length - 1]!;
      if (operands.length === 1) into = '.';
      else if (!has('T') && isDirectory(files, last) && !(has('n') && isLink(files, last))) {
        into = last;
        sources = operands.slice(0, -1);
      } else {
        if (operands.length > 2) throw new Fail(`target ${t.qf(last)} is not a directory`);
        single = last;
        sources = operands.slice(0, 1);
      }
    }
    for (const target of sources) {
      const link = single ?? joinPath(into!, baseName(target));
      try {
        if (has('b') && files.exists(link, false)) files.rename(link, `${link}~`);
        else if (has('f') && files.exists(link, false)) files.unlink(link);
        const text =
          has('r') && has('s')
            ? relative(canonicalMissing(t.sys, dirName(link)), canonicalMissing(t.sys, target))
            : target;
        if (has('s')) files.symlink(text, link);
        else {
          if (isDirectory(files, target)) {
            yield* t.complain(`${target}: hard link not allowed for directory`);
            continue;
          }
          files.link(target, link);
        }
        if (has('v')) yield* t.out.line(`${t.qf(link)} ${has('s') ? '->' : '=>'} ${t.qf(text)}`);
      } catch (e) {
        const kind = has('s') ? 'symbolic' : 'hard';
        if (!has('s') && isErrno(e, 'ENOENT') && !files.exists(target, false))
          yield* t.complainErrno(`failed to access ${t.qf(target)}`, e);
        else
          yield* t.complainErrno(
            `failed to create ${kind} link ${t.qf(link)}${has('s') || isErrno(e, 'EEXIST') ? '' : ` => ${t.qf(target)}`}`,
            e,
          );
      }
    }
    return t.status;
  },
});

function isDirectory(files: { stat(p: string): { type: string } }, path: string): boolean {
  try {
    return files.stat(path).type === 'dir';
  } catch {
    return false;
  }
}

function isLink(files: { stat(p: string, follow?: boolean): { type: string } }, path: string): boolean {
  try {
    return files.stat(path, false).type === 'symlink';
  } catch {
    return false;
  }
}

function parents(path: string): string[] {
  const parts = path.split('/').filter((p) => p !== '');
  const start = path.startsWith('/') ? '/' : '';
  return parts.map((_, i) => start + parts.slice(0, i + 1).join('/'));
}

function dirName(path: string): string {
  const at = path.replace(/\/+$/, '').lastIndexOf('/');
  return at < 0 ? '.' : path.slice(0, at) || '/';
}

/** An absolute path without `.` and `..`; links stay. */
function lexical(cwd: string, path: string): string {
  const stack: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') stack.pop();
    else if (part !== '' && part !== '.') stack.push(part);
  }
  return `/${stack.join('/')}`;
}

function canonicalMissing(
  sys: { proc: { cwd: string }; files: { realpath(p: string, m?: boolean): string } },
  path: string,
): string {
  const stack: string[] = [];
  const full = path.startsWith('/') ? path : `${sys.proc.cwd}/${path}`;
  for (const part of full.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') stack.pop();
    else {
      stack.push(part);
      try {
        const real = sys.files.realpath(`/${stack.join('/')}`);
        stack.splice(0, stack.length, ...real.split('/').filter((p) => p !== ''));
      } catch {
        // What does not exist is taken as it is written.
      }
    }
  }
  return `/${stack.join('/')}`;
}

function relative(from: string, to: string): string {
  const a = from.split('/').filter(Boolean);
  const b = to.split('/').filter(Boolean);
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return [...a.slice(n).map(() => '..'), ...b.slice(n)].join('/') || '.';
}
