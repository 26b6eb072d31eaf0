/** `-s signal`: the running master is told what to do (ngx_signal_process). */
import type { Coroutine } from '../../../core';
import { errnoNumber, isErrno, SIGNALS } from '../../../core';
import type { Sys } from '../../../host';
import type { NginxBuild } from './build';
import type { CommandLine } from './command-line';
import type { Config } from './config';
import type { Level } from './exchange';
import { startMessage } from './log';

/** The words behind -s, and what the master is sent. */
const SENT = { stop: 'SIGTERM', quit: 'SIGQUIT', reload: 'SIGHUP', reopen: 'SIGUSR1' } as const;

/** Sends the signal. @returns the exit status */
export function* signalMaster(sys: Sys, o: CommandLine, config: Config, build: NginxBuild): Coroutine<number> {
  const say = (level: Level, text: string): string => startMessage(sys, o.errorLog, level, text);
  if (o.errorLog === 'stderr') yield* sys.eprint(say('notice', 'signal process started'));
  const path = config.main.own('pid')?.args[0] ?? build.pidFile;
  let text: string;
  try {
    text = yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sys.eprint(say('error', `open() "${path}" failed (${errnoNumber(e.code)}: ${e.message})`));
    return 1;
  }
  const pid = Number(text.trim());
  if (!/^\d+\s*$/.test(text) || pid === 0) {
    yield* sys.eprint(say('error', `invalid PID number "${text.trim()}" in "${path}"`));
    return 1;
  }
  const name = SENT[o.signal as keyof typeof SENT];
  try {
    yield* sys.kill(pid, name);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sys.eprint(say('alert', `kill(${pid}, ${SIGNALS[name]}) failed (${errnoNumber(e.code)}: ${e.message})`));
    return 1;
  }
  return 0;
}
