import type { Coroutine } from '../core';
import type { Process, SpawnOptions, Sys } from '../host';
import { drive } from './coroutine';
import { ExitShell, Interrupted, ShellError } from './errors';
import type { Shell } from './shell';
import { exitTrap, resetTraps } from './traps';

/** How a child shell is started. */
export interface ForkOptions extends Partial<SpawnOptions> {
  /** A background job without job control ignores SIGINT and SIGQUIT. */
  readonly deaf?: boolean;
}

/** fork(2) of the shell: a child process with a copy of the state runs `body`. */
export function forkShell(sh: Shell, options: ForkOptions, body: (child: Shell) => Coroutine<number>): Process {
  const { deaf, ...spawn } = options;
  return sh.sys.fork((sys: Sys) => {
    const child = sh.fork(sys);
    child.jobs = sh.jobs.forChild();
    child.options.delete('monitor');
    return drive(childMain(child, deaf ?? false, body));
  }, spawn);
}

function* childMain(sh: Shell, deaf: boolean, body: (child: Shell) => Coroutine<number>): Coroutine<number> {
  resetTraps(sh);
  if (deaf) {
    sh.sys.onSignal('SIGINT', 'ignore');
    sh.sys.onSignal('SIGQUIT', 'ignore');
  }
  return yield* runToExit(sh, body(sh));
}

/** Runs `body` to the end of the shell: `exit`, fatal errors, the EXIT trap. */
export function* runToExit(sh: Shell, body: Coroutine<number>): Coroutine<number> {
  const ended = yield* statusOf(sh, body);
  // To the EXIT trap a signal is no status.
  if (!sh.fatalSignal) sh.status = ended;
  if (sh.traps.get('EXIT')) {
    const code = sh.status;
    sh.flow = null;
    sh.status = yield* statusOf(
      sh,
      (function* () {
        yield* exitTrap(sh);
        return code;
      })(),
    );
  }
  if (sh.fatalSignal) {
    sh.sys.onSignal(sh.fatalSignal, 'default');
    yield* sh.sys.kill(sh.sys.pid, sh.fatalSignal);
  }
  return sh.status & 0xff;
}

function* statusOf(sh: Shell, body: Coroutine<number>): Coroutine<number> {
  try {
    return yield* body;
  } catch (e) {
    if (e instanceof ExitShell) return e.status;
    if (e instanceof ShellError) return e.status;
    if (e instanceof Interrupted) return 130;
    if (e instanceof RangeError && /call stack/i.test(e.message)) {
      yield* sh.error('maximum nesting level exceeded');
      return 1;
    }
    throw e;
  }
}
