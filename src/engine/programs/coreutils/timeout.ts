import type { Signal } from '../../core';
import { isErrno, parseSignal } from '../../core';
import type { WaitStatus } from '../../host';
import { shellStatus } from '../../host';
import { Fail, tool, UsageError } from '../lib/tool';
import { parseDuration } from './sleep';

/** timeout(1). Its own failures end with 125, 126, 127. */
export const timeout = tool({
  name: 'timeout',
  summary: 'run a command with a time limit',
  usageStatus: 125,
  help: `[OPTION] DURATION COMMAND [ARG]...
Start COMMAND and kill it if it still runs after DURATION (seconds, or with suffix s, m, h, d). Exit status 124 then.

      --foreground          let COMMAND read from the terminal and get its signals
  -k, --kill-after=DURATION also send KILL if COMMAND still runs that long after the first signal
      --preserve-status     exit with COMMAND's status even when it timed out
  -s, --signal=SIGNAL       the signal to send, TERM by default
  -v, --verbose             say on standard error which signal is sent
`,
  *run(t) {
    const { options, operands } = t.getopt('+k:s:v', [
      'foreground',
      'kill-after:=k',
      'preserve-status',
      'signal:=s',
      'verbose=v',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
    const duration = (text: string): number => {
      const seconds = parseDuration(text);
      if (seconds === undefined) throw new UsageError(`invalid time interval ${t.q(text)}`);
      return seconds;
    };
    const killAfter = last('k') === undefined ? undefined : duration(last('k')!);
    const signal: Signal | undefined = parseSignal(last('s') ?? 'TERM');
    if (!signal) throw new UsageError(`${t.q(last('s')!)}: invalid signal`);
    if (operands.length < 2) throw new UsageError();
    const seconds = duration(operands[0]!);
    const command = operands.slice(1);
    const { sys } = t;
    const path = sys.which(command[0]!);
    if (!path) throw new Fail(`failed to run command ${t.q(command[0]!)}: No such file or directory`, 127);
    // Its own group, so that a signal reaches everything the command starts.
    if (!has('foreground')) sys.proc.pgid = sys.proc.pidIn(sys.machine.namespaces.pid);
    let failed = 0;
    const child = sys.fork(
      function* (c) {
        try {
          return yield* c.exec(path, command);
        } catch (e) {
          if (!isErrno(e)) throw e;
          failed = e.code === 'ENOENT' ? 127 : 126;
          yield* t.warn(`failed to run command ${t.q(command[0]!)}: ${e.message}`);
          return failed;
        }
      },
      { argv: command },
    );
    let sent: Signal | undefined;
    let deadline = seconds === 0 || seconds === Infinity ? undefined : sys.now + seconds * 1e6;
    let timedOut = false;
    const forward = (s: Signal) => () => {
      sent = s;
    };
    for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) sys.onSignal(s, forward(s));
    const send = function* (s: Signal) {
      if (has('v')) yield* t.warn(`sending signal ${s.slice(3)} to command ${t.q(command[0]!)}`);
      sys.onSignal(s, 'ignore');
      yield* sys.kill(child.pidIn(sys.proc.ns.pid), s);
      if (!has('foreground') && s !== 'SIGKILL') sys.machine.signalGroup(sys.proc.pgid, s);
      if (s !== 'SIGKILL' && s !== 'SIGCONT') yield* sys.kill(child.pidIn(sys.proc.ns.pid), 'SIGCONT');
    };
    for (;;) {
      let ended: { status: WaitStatus } | undefined;
      try {
        ended = yield* sys.waitpid(child.pidIn(sys.proc.ns.pid), { nohang: true });
        if (!ended) {
          if (deadline !== undefined && sys.now >= deadline) {
            if (timedOut) {
              deadline = undefined;
              yield* send('SIGKILL');
            } else {
              timedOut = true;
              deadline = killAfter === undefined ? undefined : sys.now + killAfter * 1e6;
              yield* send(signal);
            }
          }
          // Signals may have ended the child before anybody waited.
          else yield* sys.wait([sys.proc.childChanged], deadline);
        }
      } catch (e) {
        if (!isErrno(e, 'EINTR', 'ESRCH')) throw e;
        if (sent && child.alive) {
          const s = sent;
          sent = undefined;
          timedOut ||= false;
          yield* sys.kill(child.pidIn(sys.proc.ns.pid), s);
        }
      }
      if (!ended) continue;
      const status = shellStatus(ended.status);
      if (!timedOut) return failed || status;
      if (ended.status.kind === 'signaled' && ended.status.signal === 'SIGKILL') {
        // As the real one: it dies of the same signal, so that the shell shows 137.
        yield* sys.kill(sys.pid, 'SIGKILL');
        return 137;
      }
      return has('preserve-status') ? status : 124;
    }
  },
});
