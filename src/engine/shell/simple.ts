import type { Coroutine } from '../core';
import { Errno, isErrno } from '../core';
import { FileNode } from '../host';
import { assign, assignmentArg } from './assign';
import type { AssignArg } from './assign';
import { builtinFor, isSpecial } from './builtins/registry';
import type { Builtin } from './builtins/types';
import { call } from './coroutine';
import { ShellError } from './errors';
import { expandWord } from './expansion/expand';
import { traceQuote } from './expansion/quote';
import { closeSubstitutions, debugTrap, runNode, trace } from './interpreter';
import { waitForeground } from './jobs';
import { oneJob } from './pipeline';
import { redirect, restore } from './redirect';
import type { Saved } from './redirect';
import { runScriptText } from './script';
import type { Shell, ShellFunction } from './shell';
import { forkShell } from './subshell';
import type { SimpleCommand } from './syntax/parser';
import { printNode } from './syntax/print';
import { fromBytes } from './text';
import { runTrap, tick } from './traps';
import { Scope } from './variables';

const DECLARATIONS = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);
/** Function calls within each other before bash would run out of memory; the heap is ours to protect. */
const MAX_FUNCTION_DEPTH = 3000;

/** Runs a simple command: assignments, expansion, redirections, then a function, a builtin or a program. */
export function* runSimple(sh: Shell, node: SimpleCommand, tail: boolean): Coroutine<number> {
  yield* tick(sh);
  if (sh.runningTrap.size === 0) sh.commandNode = node;
  yield* debugTrap(sh);
  const opened = sh.openSubstitutions.length;
  try {
    return yield* expandAndRun(sh, node, tail, opened);
  } finally {
    closeSubstitutions(sh, opened);
  }
}

function* expandAndRun(sh: Shell, node: SimpleCommand, tail: boolean, opened: number): Coroutine<number> {
  const argv: string[] = [];
  const args: (string | AssignArg)[] = [];
  const before = sh.substitutions;
  if (node.name) {
    yield* expandWord(sh, node.name.text, argv);
    args.push(...argv.slice(1));
    const declares = DECLARATIONS.has(argv[0] ?? '');
    for (const arg of node.args) {
      if (arg.type === 'Assignment' && declares) {
        const a = yield* assignmentArg(sh, arg);
        args.push(a);
        argv.push(a.text);
      } else {
        const from = argv.length;
        yield* expandWord(sh, arg.text, argv);
        for (let i = from; i < argv.length; i++) args.push(argv[i]!);
      }
    }
  }
  const assignments = node.prefix.filter((p) => p.type === 'Assignment');
  if (argv.length === 0) {
    // Only assignments and redirections: they change the shell itself. The status is that of the last substitution.
    const saved: Saved[] = [];
    try {
      if (!(yield* redirect(sh, node.redirects, saved))) return sh.dash ? 2 : 1;
    } finally {
      restore(sh, saved);
    }
    for (const a of assignments) {
      const message = yield* assign(sh, a, { traced: true });
      if (message !== undefined) {
        yield* sh.fail(message, 1, false);
      }
    }
    sh.underscore = '';
    return sh.substitutions !== before ? sh.status : 0;
  }
  const name = argv[0]!;
  sh.underscore = argv.at(-1)!;
  const special = sh.opt('posix') && isSpecial(name);
  let temporary: Scope | undefined;
  if (assignments.length > 0) {
    if (special) {
      for (const a of assignments) {
        const message = yield* assign(sh, a, { traced: true });
        if (message !== undefined) yield* sh.fail(message, 1, true);
      }
    } else {
      temporary = new Scope('temporary');
      sh.vars.scopes.push(temporary);
    }
  }
  const pop = (): void => {
    if (temporary) sh.vars.scopes.splice(sh.vars.scopes.indexOf(temporary), 1);
    temporary = undefined;
  };
  try {
    if (temporary) {
      for (const a of assignments) {
        const message = yield* assign(sh, a, { scope: temporary, traced: true });
        if (message !== undefined) {
          yield* sh.error(message);
          if (sh.opt('posix')) throw new ShellError(1, true);
        }
      }
    }
    if (sh.opt('xtrace')) yield* trace(sh, argv.map((w) => (sh.dash ? w : traceQuote(w))).join(' '));
    return yield* dispatch(sh, node, argv, args, tail, opened, temporary);
  } finally {
    pop();
  }
}

function* dispatch(
  sh: Shell,
  node: SimpleCommand,
  argv: string[],
  args: (string | AssignArg)[],
  tail: boolean,
  opened: number,
  temporary: Scope | undefined,
): Coroutine<number> {
  const name = argv[0]!;
  if (name.startsWith('%') && sh.opt('monitor')) {
    return yield* builtinFor(sh, 'fg')!.run(sh, [name], { name: 'fg', args: [] });
  }
  const fn = sh.opt('posix') && isSpecial(name) ? undefined : sh.functions.get(name);
  const builtin = fn ? undefined : builtinFor(sh, name);
  if (!fn && !builtin) return yield* runExternal(sh, node, argv, tail, temporary);
  const saved: Saved[] = [];
  let keep = false;
  try {
    if (!(yield* redirect(sh, node.redirects, saved))) {
      if (builtin && isSpecial(name) && sh.opt('posix') && !sh.interactive) throw new ShellError(sh.dash ? 2 : 1, true);
      return sh.dash ? 2 : 1;
    }
    if (fn) {
      // The temporary environment becomes part of the function's.
      return yield* callFunction(sh, fn, argv.slice(1));
    }
    const status = yield* runBuiltin(sh, builtin!, argv, args);
    if (name === 'exec' && argv.length === 1 && status === 0) keep = true;
    return status;
  } finally {
    if (keep) {
      // `exec` without a command: the redirections stay.
      for (const s of saved) if (s.copy !== undefined && sh.sys.proc.fds.has(s.copy)) sh.sys.close(s.copy);
      sh.openSubstitutions.length = opened;
    } else restore(sh, saved);
  }
}

/** Runs a builtin; what it throws ends the command. */
export function* runBuiltin(
  sh: Shell,
  builtin: Builtin,
  argv: readonly string[],
  args?: (string | AssignArg)[],
): Coroutine<number> {
  const status = yield* builtin.run(sh, argv.slice(1), { name: argv[0]!, args: args ?? argv.slice(1) });
  return status & 0xff;
}

/** Calls a function with `args` as its positional parameters. */
export function* callFunction(sh: Shell, fn: ShellFunction, args: string[]): Coroutine<number> {
  const limit = Number(sh.get('FUNCNEST') ?? 0) || MAX_FUNCTION_DEPTH;
  if (sh.functionDepth >= limit) {
    yield* sh.error(`${fn.name}: maximum function nesting level exceeded (${limit})`);
    throw new ShellError(1, false);
  }
  const { positional, source, pos, loopDepth, optind, lineOverride } = sh;
  const callLine = sh.line;
  const scope = new Scope('function');
  sh.vars.scopes.push(scope);
  sh.positional = args;
  sh.frames.push({
    name: fn.name,
    source: fn.source.name || (sh.mode === 'c' ? 'environment' : 'main'),
    line: callLine,
  });
  sh.source = fn.source;
  sh.lineOverride = undefined;
  sh.functionDepth++;
  sh.returnable++;
  sh.loopDepth = 0;
  try {
    let status = yield* call(runNode(sh, fn.body));
    const flow = sh.flow as Shell['flow'];
    if (flow?.kind === 'return') {
      sh.flow = null;
      status = sh.status;
    }
    const trap = sh.traps.get('RETURN');
    if (trap && (sh.opt('functrace') || scope.returnTrap)) yield* runTrap(sh, 'RETURN', trap);
    return status;
  } finally {
    sh.loopDepth = loopDepth;
    sh.returnable--;
    sh.functionDepth--;
    sh.source = source;
    sh.pos = pos;
    sh.lineOverride = lineOverride;
    sh.frames.pop();
    sh.positional = positional;
    if (scope.savedOptions) sh.options = new Set(scope.savedOptions);
    const at = sh.vars.scopes.indexOf(scope);
    if (at > 0) sh.vars.scopes.splice(at, 1);
    if (scope.vars.has('OPTIND')) sh.optind = optind;
  }
}

/** A program: looked up in PATH, run in a child process (or in place of this one, when nothing follows). */
function* runExternal(
  sh: Shell,
  node: SimpleCommand,
  argv: string[],
  tail: boolean,
  temporary: Scope | undefined,
): Coroutine<number> {
  const name = argv[0]!;
  const path = findProgram(sh, name);
  const env = sh.vars.environment();
  exportFunctions(sh, env);
  env.set('_', path ?? name);
  void temporary;
  const body = function* (c: Shell): Coroutine<number> {
    if (!(yield* redirect(c, node.redirects))) return c.dash ? 2 : 1;
    if (path === undefined) return yield* notFound(c, argv);
    return yield* execProgram(c, path, argv, env);
  };
  if (tail && sh.traps.size === 0) {
    if (sh.subshellDepth === 0) leaveLevel(env);
    return yield* body(sh);
  }
  const control = sh.opt('monitor');
  let child;
  try {
    child = forkShell(sh, control ? { pgid: 0 } : {}, body);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sh.error(`fork: retry: ${e.message}`);
    return 254;
  }
  return yield* waitForeground(sh, oneJob(sh, child, printNode(node, sh.source.text), control));
}

/** A shell that is replaced does not count in SHLVL. */
export function leaveLevel(env: Map<string, string>): void {
  const level = env.get('SHLVL');
  if (level !== undefined) env.set('SHLVL', String(Number(level) - 1));
}

function exportFunctions(sh: Shell, env: Map<string, string>): void {
  for (const fn of sh.functions.values()) {
    if (fn.exported) env.set(`BASH_FUNC_${fn.name}%%`, `() ${printNode(fn.body, fn.source.text)}`);
  }
}

function* notFound(sh: Shell, argv: string[]): Coroutine<number> {
  const handler = sh.functions.get('command_not_found_handle');
  if (handler) return yield* callFunction(sh, handler, argv);
  // Without a PATH the name is taken for a file's.
  const why = sh.get('PATH') ? 'command not found' : 'No such file or directory';
  yield* sh.error(sh.dash ? `${argv[0]!}: not found` : `${argv[0]!}: ${why}`);
  return 127;
}

/** Where `name` is, through the hash table and PATH; undefined when it is nowhere. */
export function findProgram(sh: Shell, name: string, record = true): string | undefined {
  if (name === '') return undefined;
  if (name.includes('/')) return name;
  const known = sh.hashed.get(name);
  if (known && sh.sys.files.isExecutable(known.path)) {
    if (record) known.hits++;
    return known.path;
  }
  const path = sh.get('PATH');
  if (path === undefined) return undefined;
  let fallback: string | undefined;
  for (const dir of path.split(':')) {
    const full = dir === '' || dir === '.' ? `./${name}` : `${dir.replace(/\/$/, '')}/${name}`;
    if (sh.sys.files.isExecutable(full)) {
      if (record && sh.opt('hashall')) sh.hashed.set(name, { path: full, hits: 1 });
      return full;
    }
    try {
      if (fallback === undefined && sh.sys.files.stat(full).type === 'file') fallback = full;
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }
  return fallback;
}

/** execve(2) with bash's messages; returns 126 or 127 when it fails, and runs a file without `#!` as a script. */
export function* execProgram(
  sh: Shell,
  path: string,
  argv: string[],
  env: ReadonlyMap<string, string>,
): Coroutine<number> {
  try {
    return yield* sh.sys.exec(path, argv, env);
  } catch (e) {
    if (!(e instanceof Errno)) throw e;
    const { files } = sh.sys;
    const shown = path;
    if (e.code === 'ENOENT' && files.exists(path)) {
      yield* sh.error(`${shown}: cannot execute: required file not found`);
      return 127;
    }
    if (e.code === 'ENOEXEC') {
      const inode = files.stat(path).inode;
      const contents = inode instanceof FileNode ? inode.contents : new Uint8Array(0);
      if (contents.subarray(0, 80).includes(0)) {
        yield* sh.error(`${shown}: cannot execute binary file: Exec format error`);
        return 126;
      }
      return yield* runScriptText(sh, path, argv, env, fromBytes(contents));
    }
    if (e.code === 'EACCES' && files.exists(path) && files.stat(path).type === 'dir') {
      yield* sh.error(sh.dash ? `${shown}: Permission denied` : `${shown}: Is a directory`);
      return 126;
    }
    yield* sh.error(sh.dash && e.code === 'ENOENT' ? `${shown}: not found` : `${shown}: ${e.message}`);
    return e.code === 'ENOENT' ? 127 : 126;
  }
}
