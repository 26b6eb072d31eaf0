/** What the util-linux programs for namespaces share. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { NamespaceKind, Sys, WaitStatus } from '../../host';
import { shellStatus } from '../../host';
import { GetoptError } from '../lib/getopt';
import { why } from '../lib/why';

export { why };

/** Letters of the namespaces in the options of unshare and nsenter. */
export const KIND_LETTERS: readonly (readonly [string, NamespaceKind, string])[] = [
  ['U', 'user', 'user'],
  ['C', 'cgroup', 'cgroup'],
  ['i', 'ipc', 'ipc'],
  ['u', 'uts', 'uts'],
  ['n', 'net', 'net'],
  ['p', 'pid', 'pid'],
  ['m', 'mnt', 'mount'],
  ['T', 'time', 'time'],
];

/** The end of a program with a message. */
export class Stop extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Runs a program's body; messages of `Stop` and getopt go to standard error in util-linux's form. */
export function* utilLinux(name: string, sys: Sys, body: () => Coroutine<number>): Coroutine<number> {
  try {
    return yield* body();
  } catch (e) {
    if (e instanceof Stop) {
      if (e.message !== '') yield* sys.eprint(`${name}: ${e.message}\n`);
      return e.status;
    }
    if (e instanceof GetoptError) {
      yield* sys.eprint(`${name}: ${e.message}\nTry '${name} --help' for more information.\n`);
      return 1;
    }
    throw e;
  }
}

/** Replaces the process by `command`, or by the user's shell when there is none. Returns only when that fails. */
export function* execOrShell(sys: Sys, name: string, command: readonly string[]): Coroutine<number> {
  let argv = [...command];
  let path: string | undefined;
  if (argv.length === 0) {
    const shell = sys.env('SHELL') ?? '/bin/sh';
    path = shell;
    argv = [`-${shell.slice(shell.lastIndexOf('/') + 1)}`];
    if (!sys.files.exists(shell)) path = '/bin/sh';
  } else path = sys.which(argv[0]!);
  let reason = 'No such file or directory';
  let status = 127;
  if (path !== undefined) {
    try {
      yield* sys.exec(path, argv);
    } catch (e) {
      reason = why(e);
      if (!isErrno(e, 'ENOENT')) status = 126;
    }
  } else if (sys.files.exists(argv[0]!)) {
    reason = 'Permission denied';
    status = 126;
  }
  yield* sys.eprint(`${name}: failed to execute ${command[0] ?? argv[0]!}: ${reason}\n`);
  return status;
}

/** Ends as the child did: its exit status, or killed by the same signal. */
export function* endLike(sys: Sys, status: WaitStatus): Coroutine<number> {
  if (status.kind === 'signaled') {
    sys.onSignal(status.signal, 'default');
    yield* sys.kill(sys.pid, status.signal);
  }
  return shellStatus(status);
}
