import { isErrno } from '../../core';
import { ExitShell, ShellError } from '../errors';
import { runString } from '../evaluate';
import { runSourced } from '../script';
import type { Shell } from '../shell';
import { execProgram, findProgram, leaveLevel } from '../simple';
import { builtin, options } from './types';
import type { Builtin } from './types';
import type { Coroutine } from '../../core';

function* number(sh: Shell, name: string, text: string | undefined): Coroutine<number | undefined> {
  if (text === undefined) return 1;
  if (!/^[-+]?\d+$/.test(text)) {
    yield* sh.error(`${name}: ${text}: numeric argument required`);
    throw new ExitShell(128);
  }
  const n = Number(text);
  if (n <= 0) {
    yield* sh.error(`${name}: ${text}: loop count out of range`);
    return undefined;
  }
  return n;
}

function leave(kind: 'break' | 'continue'): Builtin['run'] {
  return function* (sh, args) {
    if (sh.loopDepth === 0) {
      if (!sh.dash) yield* sh.error(`${kind}: only meaningful in a \`for', \`while', or \`until' loop`);
      return 0;
    }
    const n = yield* number(sh, kind, args[0]);
    if (n === undefined) {
      sh.flow = { kind: 'break', levels: sh.loopDepth };
      return 1;
    }
    sh.flow = { kind, levels: Math.min(n, sh.loopDepth) };
    return 0;
  };
}

function* exitStatus(sh: Shell, name: string, args: string[]): Coroutine<number> {
  if (args[0] === '--') args = args.slice(1);
  if (args.length === 0) return sh.status;
  if (!/^[-+]?\d+$/.test(args[0]!.trim())) {
    if (sh.dash) {
      yield* sh.error(`${name}: Illegal number: ${args[0]}`);
      return 2;
    }
    yield* sh.error(`${name}: ${args[0]}: numeric argument required`);
    return 2;
  }
  if (args.length > 1) {
    yield* sh.error(`${name}: too many arguments`);
    throw new ShellError(1, false);
  }
  return Number(args[0]) & 0xff;
}

const exit: Builtin['run'] = function* (sh, args, { name }) {
  if (sh.interactive && sh.subshellDepth === 0) {
    yield* sh.eprint(sh.login ? 'logout\n' : 'exit\n');
    const stopped =
      sh.jobs.jobs.size > 0 &&
      [...sh.jobs.jobs.values()].some((j) => j.procs.some((p) => p.status?.kind === 'stopped'));
    if (stopped && !sh.exitWarned) {
      sh.exitWarned = true;
      yield* sh.eprint('There are stopped jobs.\n');
      return 1;
    }
  }
  const status = yield* exitStatus(sh, name, args);
  throw new ExitShell(status);
};

/** Builtins that steer the flow of control. */
export const control: Builtin[] = [
  builtin(':', ':', 'Does nothing; arguments are expanded.', function* () {
    return 0;
  }),

  builtin('true', 'true', 'Returns status 0.', function* () {
    return 0;
  }),

  builtin('false', 'false', 'Returns status 1.', function* () {
    return 1;
  }),
  builtin('break', 'break [n]', 'Leaves n enclosing loops.', leave('break')),
  builtin('continue', 'continue [n]', 'Starts the next iteration of the nth enclosing loop.', leave('continue')),
  builtin('return', 'return [n]', 'Leaves a function or sourced file with status n.', function* (sh, args) {
    if (sh.returnable === 0) {
      if (sh.dash) throw new ExitShell(args.length > 0 ? Number(args[0]) : sh.status);
      yield* sh.error("return: can only `return' from a function or sourced script");
      return 2;
    }
    const status = yield* exitStatus(sh, 'return', args);
    sh.status = status;
    sh.flow = { kind: 'return' };
    return sh.status;
  }),
  builtin('exit', 'exit [n]', 'Ends the shell with status n.', exit),
  builtin('logout', 'logout [n]', 'Ends a login shell.', function* (sh, args, call) {
    if (!sh.login) {
      yield* sh.error("logout: not login shell: use `exit'");
      return 1;
    }
    return yield* exit(sh, args, call);
  }),
  builtin('eval', 'eval [arg ...]', 'Runs its arguments as one command.', function* (sh, args) {
    const o = yield* options(sh, 'eval', args, '', 'eval [arg ...]');
    if (!o) return 2;
    const list = o.rest;
    if (list.length === 0) return 0;
    return yield* runString(sh, list.join(' '), 'eval', sh.commandEnd);
  }),
  ...['source', '.'].map((name) =>
    builtin(name, `${name} filename [arguments]`, 'Runs a file in the current shell.', function* (sh, args) {
      const list = args[0] === '--' ? args.slice(1) : args;
      if (list.length === 0) {
        yield* sh.error(`${name}: filename argument required`);
        yield* sh.eprint(`${name}: usage: ${name} filename [arguments]\n`);
        return 2;
      }
      return yield* runSourced(sh, name, list[0]!, list.length > 1 ? list.slice(1) : undefined);
    }),
  ),
  builtin(
    'exec',
    'exec [-cl] [-a name] [command [argument ...]] [redirection ...]',
    'Replaces the shell with a command.',
    function* (sh, args) {
      const o = yield* options(
        sh,
        'exec',
        args,
        'cla:',
        'exec [-cl] [-a name] [command [argument ...]] [redirection ...]',
      );
      if (!o) return 2;
      if (o.rest.length === 0) return 0;
      const [command] = o.rest;
      const path = findProgram(sh, command!);
      const argv0 = o.values.get('a') ?? (o.flags.has('l') ? `-${command}` : command!);
      if (path === undefined) {
        yield* sh.error(sh.dash ? `exec: ${command}: not found` : `exec: ${command}: not found`);
        if (sh.interactive || sh.shopt('execfail')) return 127;
        throw new ExitShell(127);
      }
      const env = o.flags.has('c') ? new Map<string, string>() : sh.vars.environment();
      if (!o.flags.has('c')) {
        env.set('_', path);
        leaveLevel(env);
      }
      if (sh.sys.proc.tty && sh.interactive) {
        for (const s of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGTERM', 'SIGQUIT', 'SIGINT'] as const) {
          if (sh.traps.get(s) !== '') sh.sys.onSignal(s, 'default');
        }
      }
      let status: number;
      try {
        status = yield* execProgram(sh, path, [argv0, ...o.rest.slice(1)], env);
      } catch (e) {
        if (!isErrno(e)) throw e;
        status = 126;
      }
      if (sh.interactive || sh.shopt('execfail')) return status;
      throw new ExitShell(status);
    },
  ),
];
