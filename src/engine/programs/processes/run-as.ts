/** Starting a command as another user or in another way: what su, sudo, nohup, nice, setsid and time share. */
import type { Coroutine } from '../../core';
import { isErrno, SIGNALS } from '../../core';
import type { Process, Sys, WaitStatus } from '../../host';
import type { Account, Users } from './users';

/** A command that cannot be started: 127 when it is not found, else 126. */
export class CannotRun extends Error {
  constructor(
    readonly command: string,
    message: string,
    readonly status: 126 | 127,
  ) {
    super(message);
  }
}

/** execvp(3). @throws CannotRun */
export function* execvp(sys: Sys, argv: readonly string[], env?: ReadonlyMap<string, string>): Coroutine<never> {
  const name = argv[0] ?? '';
  const path = sys.which(name, env?.get('PATH'));
  try {
    if (path === undefined) throw new CannotRun(name, 'No such file or directory', 127);
    return yield* sys.exec(path, argv, env);
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new CannotRun(name, e.message, e.code === 'ENOENT' ? 127 : 126);
  }
}

/** Becomes `account` (setgid, initgroups, setuid); all but root lose their capabilities. */
export function become(sys: Sys, account: Account, users: Users): void {
  const { proc } = sys;
  proc.uid = account.uid;
  proc.gid = account.gid;
  proc.groups = users.groupsOf(account);
  if (account.uid !== 0) proc.privileged = false;
}

/** Waits for a child through interrupts; `onSignal` is told of each. */
export function* waitFor(sys: Sys, child: Process): Coroutine<WaitStatus> {
  for (;;) {
    try {
      const done = yield* sys.waitpid(child.pidIn(sys.proc.ns.pid));
      if (done) return done.status;
    } catch (e) {
      if (!isErrno(e, 'EINTR')) throw e;
    }
  }
}

/** The number of the signal that ended a process, or undefined. */
export function endingSignal(status: WaitStatus): number | undefined {
  return status.kind === 'signaled' ? SIGNALS[status.signal] : undefined;
}
