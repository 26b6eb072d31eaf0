import type { Coroutine } from '../core';
import { isErrno } from '../core';
import { runProgram } from './evaluate';
import { openForRead } from './redirect';
import { Shell } from './shell';
import { runToExit } from './subshell';
import { Source } from './syntax/source';
import { fromBytes } from './text';
import { initialise } from './startup';

/** `source FILE [arguments]`. */
export function* runSourced(sh: Shell, who: string, file: string, args: string[] | undefined): Coroutine<number> {
  let path = file;
  if (!file.includes('/') && sh.shopt('sourcepath')) {
    const dirs = (sh.get('PATH') ?? '').split(':');
    const hit = dirs.map((d) => `${d === '' ? '.' : d}/${file}`).find((p) => isFile(sh, p));
    if (hit !== undefined) path = hit;
    else if (sh.dash) {
      return yield* sh.fail(`${who}: ${file}: not found`, 2, true);
    }
  }
  let text: string;
  try {
    text = yield* readText(sh, path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    const message = e.code === 'EISDIR' ? `${who}: ${file}: is a directory` : `${file}: ${e.message}`;
    if (sh.dash)
      return yield* sh.fail(
        `${who}: cannot open ${file}: ${e.code === 'ENOENT' ? 'No such file' : e.message}`,
        2,
        true,
      );
    yield* sh.error(message);
    return 1;
  }
  const { positional, loopDepth, lineOverride } = sh;
  const line = sh.line;
  if (args) sh.positional = args;
  sh.frames.push({ name: 'source', source: path, line });
  sh.returnable++;
  sh.evalDepth++;
  sh.traceLevel++;
  sh.lineOverride = undefined;
  try {
    sh.status = 0;
    yield* runProgram(sh, new Source(text, path), { label: '', fatal: false });
    if (sh.flow?.kind === 'return') sh.flow = null;
    return sh.status;
  } finally {
    sh.traceLevel--;
    sh.evalDepth--;
    sh.returnable--;
    sh.frames.pop();
    sh.lineOverride = lineOverride;
    sh.loopDepth = loopDepth;
    if (args) sh.positional = positional;
  }
}

function isFile(sh: Shell, path: string): boolean {
  try {
    return sh.sys.files.stat(path).type === 'file';
  } catch {
    return false;
  }
}

/** Text of a file. @throws Errno */
export function* readText(sh: Shell, path: string): Coroutine<string> {
  const fd = yield* openForRead(sh, path);
  try {
    return fromBytes(yield* sh.sys.readAll(fd));
  } finally {
    sh.sys.close(fd);
  }
}

/** Runs an executable file without `#!` in this process, as a shell does after ENOEXEC. */
export function* runScriptText(
  sh: Shell,
  path: string,
  argv: readonly string[],
  env: ReadonlyMap<string, string>,
  text: string,
): Coroutine<number> {
  const { proc } = sh.sys;
  proc.env = new Map(env);
  proc.argv = ['bash', path, ...argv.slice(1)];
  const inner = new Shell(sh.sys);
  inner.dash = sh.dash;
  initialise(inner);
  inner.name = path;
  inner.scriptName = path;
  inner.positional = argv.slice(1);
  return yield* runToExit(inner, runProgram(inner, new Source(text, path), { fatal: true, label: '' }));
}
