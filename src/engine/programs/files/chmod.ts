import type { Coroutine } from '../../core';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { applyMode } from './mode';
import { IdNames, joinPath, modeText } from './names';

/** Calls `act` for `path` and, when `recursive`, for everything below it, parents first. Links are not followed. */
function* walk(t: Tool, path: string, recursive: boolean, act: (path: string) => Coroutine<void>): Coroutine<void> {
  yield* act(path);
  if (!recursive) return;
  const { files } = t.sys;
  try {
    if (files.stat(path, false).type !== 'dir') return;
    for (const name of files.readdir(path).sort()) {
      yield* t.sys.work();
      yield* walk(t, joinPath(path, name), true, act);
    }
  } catch (e) {
    yield* t.complainErrno(`cannot access ${t.qf(path)}`, e);
  }
}

/** chmod(1). */
export const chmod = tool({
  name: 'chmod',
  summary: 'change file mode bits',
  help: `[OPTION]... MODE[,MODE]... FILE...
  or:  chmod [OPTION]... OCTAL-MODE FILE...
  or:  chmod [OPTION]... --reference=RFILE FILE...
Change the mode of each FILE to MODE.

  -c, --changes          report only changes
  -f, --silent           no error messages
  -v, --verbose          report every file
  -R, --recursive        change files and directories recursively
      --reference=RFILE  use RFILE's mode

Each MODE is of the form '[ugoa]*([-+=]([rwxXst]*|[ugo]))+|[-+=]?[0-7]+'.
`,
  *run(t) {
    // A mode such as -x looks like an option: taken out before getopt sees it.
    const argv = [...t.argv];
    const at = argv.findIndex((w, i) => i > 0 && /^-[rwxXstugo]+(,|$)/.test(w));
    const dashMode = at > 0 ? argv.splice(at, 1)[0] : undefined;
    const { options, operands } = t.getopt(
      'cfvR',
      ['changes=c', 'silent=f', 'quiet=f', 'verbose=v', 'recursive=R', 'reference:'],
      argv,
    );
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const reference = options.findLast((o) => o.name === 'reference')?.arg;
    const rest = [...operands];
    const spec = dashMode ?? (reference === undefined ? rest.shift() : undefined);
    if (spec === undefined && reference === undefined) throw new UsageError('missing operand');
    if (rest.length === 0) throw new UsageError(`missing operand after ${t.q(spec ?? '')}`);
    const fixed = reference === undefined ? undefined : t.sys.files.stat(reference).mode;
    if (fixed === undefined && applyMode(spec!, 0, false, 0) === undefined)
      throw new UsageError(`invalid mode: ${t.q(spec!)}`);
    for (const path of rest) {
      yield* walk(t, path, has('R'), function* (file) {
        try {
          if (has('R') && t.sys.files.stat(file, false).type === 'symlink') return;
          const { mode, type } = t.sys.files.stat(file);
          const next = fixed ?? applyMode(spec!, mode, type === 'dir', t.sys.proc.umask)!;
          t.sys.files.chmod(file, next);
          const octal = (m: number): string => `${m.toString(8).padStart(4, '0')} (${modeText('file', m).slice(1)})`;
          if (next !== mode && (has('c') || has('v'))) {
            yield* t.out.line(`mode of ${t.qf(file)} changed from ${octal(mode)} to ${octal(next)}`);
          } else if (has('v')) yield* t.out.line(`mode of ${t.qf(file)} retained as ${octal(mode)}`);
        } catch (e) {
          if (has('f')) t.status = 1;
          else
            yield* t.complainErrno(
              t.sys.files.exists(file) ? `changing permissions of ${t.qf(file)}` : `cannot access ${t.qf(file)}`,
              e,
            );
        }
      });
    }
    return t.status;
  },
});

const OWNER_HELP = `
  -c, --changes          report only changes
  -f, --silent           no error messages
  -h, --no-dereference   change links, not what they point to
  -v, --verbose          report every file
  -R, --recursive        operate on files and directories recursively
      --reference=RFILE  use RFILE's owner and group
`;

function* changeOwner(t: Tool, groupOnly: boolean): Coroutine<number> {
  const { options, operands } = t.getopt('cfhvRHLP', [
    'changes=c',
    'silent=f',
    'quiet=f',
    'no-dereference=h',
    'verbose=v',
    'recursive=R',
    'reference:',
    'dereference',
  ]);
  const has = (n: string): boolean => options.some((o) => o.name === n);
  const reference = options.findLast((o) => o.name === 'reference')?.arg;
  const rest = [...operands];
  const spec = reference === undefined ? rest.shift() : undefined;
  if (spec === undefined && reference === undefined) throw new UsageError('missing operand');
  if (rest.length === 0) throw new UsageError(`missing operand after ${t.q(spec ?? '')}`);
  let uid = -1;
  let gid = -1;
  if (reference !== undefined) ({ uid, gid } = t.sys.files.stat(reference));
  else {
    const users = yield* IdNames.read(t.sys, '/etc/passwd');
    const groups = yield* IdNames.read(t.sys, '/etc/group');
    const m = groupOnly ? ['', '', spec!] : /^([^:.]*)(?:[:.](.*))?$/.exec(spec!)!;
    if (m[1]) {
      const id = users.id(m[1]);
      if (id === undefined) throw new Fail(`invalid user: ${t.q(spec!)}`);
      uid = id;
    }
    if (m[2]) {
      const id = groups.id(m[2]);
      if (id === undefined) throw new Fail(`invalid group: ${t.q(spec!)}`);
      gid = id;
    }
  }
  for (const path of rest) {
    yield* walk(t, path, has('R'), function* (file) {
      try {
        t.sys.files.chown(file, groupOnly ? -1 : uid, gid, !has('h') && !has('R'));
      } catch (e) {
        if (has('f')) t.status = 1;
        else {
          const what = t.sys.files.exists(file, false)
            ? `changing ${groupOnly ? 'group' : 'ownership'} of ${t.qf(file)}`
            : `cannot access ${t.qf(file)}`;
          yield* t.complainErrno(what, e);
        }
      }
    });
  }
  return t.status;
}

/** chown(1). */
export const chown = tool({
  name: 'chown',
  summary: 'change file owner and group',
  help: `[OPTION]... [OWNER][:[GROUP]] FILE...
  or:  chown [OPTION]... --reference=RFILE FILE...
Change the owner and/or group of each FILE.
${OWNER_HELP}`,
  run: (t) => changeOwner(t, false),
});

/** chgrp(1). */
export const chgrp = tool({
  name: 'chgrp',
  summary: 'change group ownership',
  help: `[OPTION]... GROUP FILE...
  or:  chgrp [OPTION]... --reference=RFILE FILE...
Change the group of each FILE to GROUP.
${OWNER_HELP}`,
  run: (t) => changeOwner(t, true),
});
