import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Shell } from '../shell';
import { builtin, options } from './types';
import type { Builtin } from './types';

/** An absolute path without `.`, `..` and double slashes, by text alone. */
export function logical(pwd: string, path: string): string {
  const out: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${pwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') out.pop();
    else out.push(part);
  }
  // POSIX leaves the meaning of exactly two slashes open; bash keeps them.
  const lead = /^\/\/(?!\/)/.test(path.startsWith('/') ? path : pwd) ? '//' : '/';
  return lead + out.join('/');
}

/** Changes the directory and PWD, OLDPWD. @returns a message when it fails. */
export function changeDirectory(sh: Shell, path: string, physical = sh.opt('physical')): string | undefined {
  const pwd = sh.get('PWD') ?? sh.sys.proc.cwd;
  const target = physical ? path : logical(pwd, path);
  try {
    sh.sys.files.chdir(target);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return e.message;
  }
  sh.set('OLDPWD', pwd);
  sh.set('PWD', physical ? sh.sys.proc.cwd : target);
  return undefined;
}

function* cd(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'cd', args, 'LPe@', 'cd [-L|[-P [-e]] [-@]] [dir]');
  if (!o) return 2;
  if (o.rest.length > 1) {
    yield* sh.error('cd: too many arguments');
    return 1;
  }
  let target = o.rest[0];
  let show = false;
  if (target === undefined) {
    target = sh.get('HOME');
    if (target === undefined) {
      yield* sh.error('cd: HOME not set');
      return 1;
    }
  } else if (target === '-') {
    target = sh.get('OLDPWD');
    if (target === undefined) {
      yield* sh.error('cd: OLDPWD not set');
      return 1;
    }
    show = true;
  } else if (!/^(?:\/|\.\.?(?:\/|$))/.test(target) && target !== '') {
    for (const dir of (sh.get('CDPATH') ?? '').split(':')) {
      if (dir === '') continue;
      const full = `${dir}/${target}`;
      if (sh.sys.files.exists(full) && sh.sys.files.stat(full).type === 'dir') {
        target = full;
        show = true;
        break;
      }
    }
  }
  if (target === '') return 0;
  const message = changeDirectory(sh, target, o.flags.has('P') || (sh.opt('physical') && !o.flags.has('L')));
  if (message !== undefined) {
    yield* sh.error(sh.dash ? `cd: can't cd to ${target}` : `cd: ${target}: ${message}`);
    return sh.dash ? 2 : 1;
  }
  if (show) yield* sh.print(`${sh.get('PWD')}\n`);
  return 0;
}

function tilde(sh: Shell, path: string): string {
  const home = sh.get('HOME');
  return home && home !== '/' && (path === home || path.startsWith(`${home}/`)) ? `~${path.slice(home.length)}` : path;
}

function* showStack(sh: Shell, flags: ReadonlySet<string> = new Set()): Coroutine<number> {
  const stack = [sh.get('PWD') ?? '/', ...sh.dirStack].map((d) => (flags.has('l') ? d : tilde(sh, d)));
  if (flags.has('v')) yield* sh.print(stack.map((d, i) => `${String(i).padStart(2)}  ${d}\n`).join(''));
  else if (flags.has('p')) yield* sh.print(stack.map((d) => `${d}\n`).join(''));
  else yield* sh.print(`${stack.join(' ')}\n`);
  return 0;
}

/** `+N` and `-N` as an index from the left. */
function stackIndex(sh: Shell, arg: string): number | undefined {
  const m = /^([-+])(\d+)$/.exec(arg);
  if (!m) return undefined;
  const n = Number(m[2]);
  return m[1] === '+' ? n : sh.dirStack.length - n;
}

function* pushd(sh: Shell, args: string[]): Coroutine<number> {
  let change = true;
  if (args[0] === '-n') {
    change = false;
    args = args.slice(1);
  }
  if (args[0] === '--') args = args.slice(1);
  if (args.length > 1) {
    yield* sh.error('pushd: too many arguments');
    return 1;
  }
  const here = sh.get('PWD') ?? '/';
  const [arg] = args;
  if (arg === undefined) {
    if (sh.dirStack.length === 0) {
      yield* sh.error('pushd: no other directory');
      return 1;
    }
    const message = changeDirectory(sh, sh.dirStack[0]!);
    if (message !== undefined) {
      yield* sh.error(`pushd: ${sh.dirStack[0]}: ${message}`);
      return 1;
    }
    sh.dirStack[0] = here;
    return yield* showStack(sh);
  }
  const index = stackIndex(sh, arg);
  if (index !== undefined) {
    const all = [here, ...sh.dirStack];
    if (index < 0 || index >= all.length) {
      yield* sh.error(
        all.length === 1 ? 'pushd: directory stack empty' : `pushd: ${arg}: directory stack index out of range`,
      );
      return 1;
    }
    const rotated = [...all.slice(index), ...all.slice(0, index)];
    const message = change ? changeDirectory(sh, rotated[0]!) : undefined;
    if (message !== undefined) {
      yield* sh.error(`pushd: ${rotated[0]}: ${message}`);
      return 1;
    }
    sh.dirStack = rotated.slice(1);
    return yield* showStack(sh);
  }
  if (!change) {
    sh.dirStack.unshift(arg);
    return yield* showStack(sh);
  }
  const target = arg === '-' ? (sh.get('OLDPWD') ?? '') : arg;
  const message = changeDirectory(sh, target);
  if (message !== undefined) {
    yield* sh.error(`pushd: ${target}: ${message}`);
    return 1;
  }
  sh.dirStack.unshift(here);
  return yield* showStack(sh);
}

function* popd(sh: Shell, args: string[]): Coroutine<number> {
  let change = true;
  if (args[0] === '-n') {
    change = false;
    args = args.slice(1);
  }
  const [arg] = args;
  if (sh.dirStack.length === 0) {
    yield* sh.error('popd: directory stack empty');
    return 1;
  }
  const index = arg === undefined ? 0 : stackIndex(sh, arg);
  if (index === undefined) {
    yield* sh.error(`popd: ${arg}: invalid argument`);
    yield* sh.eprint('popd: usage: popd [-n] [+N | -N]\n');
    return 2;
  }
  if (index < 0 || index > sh.dirStack.length) {
    yield* sh.error(`popd: ${arg}: directory stack index out of range`);
    return 1;
  }
  if (index === 0 && change) {
    const message = changeDirectory(sh, sh.dirStack[0]!);
    if (message !== undefined) {
      yield* sh.error(`popd: ${sh.dirStack[0]}: ${message}`);
      return 1;
    }
    sh.dirStack.shift();
  } else sh.dirStack.splice(Math.max(0, index - 1), 1);
  return yield* showStack(sh);
}

/** Builtins about directories. */
export const dirs: Builtin[] = [
  builtin('cd', 'cd [-L|[-P [-e]] [-@]] [dir]', 'Changes the working directory.', cd),
  builtin('pwd', 'pwd [-LP]', 'Prints the working directory.', function* (sh, args) {
    const o = yield* options(sh, 'pwd', args, 'LP', 'pwd [-LP]');
    if (!o) return 2;
    const path = o.flags.has('P') ? sh.sys.proc.cwd : (sh.get('PWD') ?? sh.sys.proc.cwd);
    return (yield* sh.print(`${path}\n`, 'pwd')) ? 0 : 1;
  }),
  builtin('pushd', 'pushd [-n] [+N | -N | dir]', 'Adds a directory to the stack and changes to it.', pushd),
  builtin('popd', 'popd [-n] [+N | -N]', 'Removes a directory from the stack.', popd),
  builtin('dirs', 'dirs [-clpv] [+N] [-N]', 'Shows the directory stack.', function* (sh, args) {
    const numbered = args.find((a) => /^[-+]\d+$/.test(a));
    const o = yield* options(
      sh,
      'dirs',
      args.filter((a) => a !== numbered),
      'clpv',
      'dirs [-clpv] [+N] [-N]',
    );
    if (!o) return 2;
    if (o.flags.has('c')) {
      sh.dirStack = [];
      return 0;
    }
    if (numbered !== undefined) {
      const d = [sh.get('PWD') ?? '/', ...sh.dirStack][stackIndex(sh, numbered)!];
      if (d === undefined) {
        yield* sh.error(`dirs: ${numbered}: directory stack index out of range`);
        return 1;
      }
      yield* sh.print(`${o.flags.has('l') ? d : tilde(sh, d)}\n`);
      return 0;
    }
    return yield* showStack(sh, o.flags);
  }),
];
