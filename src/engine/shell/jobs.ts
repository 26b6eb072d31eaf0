import type { Coroutine, Signal } from '../core';
import { isErrno, SIGNALS } from '../core';
import type { WaitStatus } from '../host';
import { shellStatus } from '../host';
import type { Shell } from './shell';
import { endBySignal } from './traps';

/** One process of a job. */
export interface JobProcess {
  readonly pid: number;
  readonly text: string;
  /** Null while it runs. */
  status: WaitStatus | null;
}

/** A pipeline started by the shell. */
export interface Job {
  readonly id: number;
  /** Process group in numbers of the initial PID namespace (as Tty.foreground); 0 without job control. */
  readonly pgid: number;
  readonly procs: JobProcess[];
  readonly text: string;
  background: boolean;
  /** The user has been told of the present state. */
  notified: boolean;
  /** nohup: not sent SIGHUP. */
  noHup?: boolean;
  cwd: string;
  pipefail: boolean;
  /** Runs when its last process has ended: a coprocess takes its descriptors and variables with it. */
  onDone?: () => void;
}

export type JobState = 'running' | 'stopped' | 'done';

/** Texts of strsignal(3), as bash prints them for a job that a signal ended. */
const SIGNAL_TEXT: Partial<Record<Signal, string>> = {
  SIGHUP: 'Hangup', SIGINT: 'Interrupt', SIGQUIT: 'Quit', SIGILL: 'Illegal instruction', SIGTRAP: 'Trace/breakpoint trap',
  SIGABRT: 'Aborted', SIGBUS: 'Bus error', SIGFPE: 'Floating point exception', SIGKILL: 'Killed',
  SIGUSR1: 'User defined signal 1', SIGSEGV: 'Segmentation fault', SIGUSR2: 'User defined signal 2',
  SIGPIPE: 'Broken pipe', SIGALRM: 'Alarm clock', SIGTERM: 'Terminated', SIGSTKFLT: 'Stack fault', SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'File size limit exceeded', SIGVTALRM: 'Virtual timer expired', SIGPROF: 'Profiling timer expired', SIGIO: 'I/O possible',
  SIGPWR: 'Power failure', SIGSYS: 'Bad system call',
}; // prettier-ignore

/** What bash prints for a signal's effect. */
export function signalText(signal: Signal): string {
  return SIGNAL_TEXT[signal] ?? `Unknown signal ${SIGNALS[signal]}`;
}

export function jobState(job: Job): JobState {
  if (job.procs.some((p) => p.status === null)) return 'running';
  return job.procs.some((p) => p.status!.kind === 'stopped') ? 'stopped' : 'done';
}

/** The job's exit status: that of its last process, or with pipefail of the last that failed. */
export function jobStatus(job: Job): number {
  const codes = job.procs.map((p) => (p.status ? shellStatus(p.status) : 0));
  if (job.pipefail) return codes.filter((c) => c !== 0).at(-1) ?? 0;
  return codes.at(-1) ?? 0;
}

/** The jobs of one shell, and the statuses of its background children. */
export class JobTable {
  readonly jobs = new Map<number, Job>();
  private readonly byPid = new Map<number, { job: Job; proc: JobProcess }>();
  /** Statuses of background processes whose job is forgotten, for `wait PID`. */
  readonly finished = new Map<number, number>();
  private order: number[] = [];
  /** Jobs of the parent, which `jobs` in a subshell still shows. */
  inherited: Job[] = [];
  private inheritedMarkers = new Map<Job, string>();

  forChild(): JobTable {
    const t = new JobTable();
    t.inherited = [...this.jobs.values()];
    for (const job of t.inherited) t.inheritedMarkers.set(job, this.marker(job));
    return t;
  }

  add(
    procs: { pid: number; text: string }[],
    text: string,
    options: { pgid: number; background: boolean; cwd: string; pipefail: boolean },
  ): Job {
    let id = 1;
    for (const n of this.jobs.keys()) id = Math.max(id, n + 1);
    const job: Job = { id, text, notified: true, procs: procs.map((p) => ({ ...p, status: null })), ...options };
    this.jobs.set(id, job);
    for (const proc of job.procs) this.byPid.set(proc.pid, { job, proc });
    if (options.background) this.touch(job);
    return job;
  }

  /** Makes `job` the current one (%+). */
  touch(job: Job): void {
    this.order = [...this.order.filter((n) => n !== job.id), job.id];
  }

  remove(job: Job): void {
    this.jobs.delete(job.id);
    this.order = this.order.filter((n) => n !== job.id);
    for (const p of job.procs) {
      if (this.byPid.get(p.pid)?.job === job) this.byPid.delete(p.pid);
      if (job.background && p.status && p.status.kind !== 'stopped') {
        this.finished.set(p.pid, p === job.procs.at(-1) ? jobStatus(job) : shellStatus(p.status));
      }
    }
    if (this.finished.size > 1000) this.finished.delete(this.finished.keys().next().value as number);
  }

  /** Takes note of what waitpid told. */
  note(pid: number, status: WaitStatus): void {
    const entry = this.byPid.get(pid);
    if (!entry) return;
    const { job, proc } = entry;
    proc.status = status.kind === 'continued' ? null : status;
    if (status.kind === 'stopped') this.touch(job);
    const state = jobState(job);
    if (state !== 'running') job.notified = false;
    if (state === 'done') job.onDone?.();
  }

  jobOf(pid: number): Job | undefined {
    return this.byPid.get(pid)?.job;
  }

  /** %+ and %-: the current and the previous job. Stopped jobs go before running ones. */
  get current(): Job | undefined {
    return this.ranked()[0];
  }
  get previous(): Job | undefined {
    return this.ranked()[1];
  }
  private ranked(): Job[] {
    const known = this.order.map((n) => this.jobs.get(n)).filter((j) => j !== undefined);
    const recent = known.reverse();
    return [...recent.filter((j) => jobState(j) === 'stopped'), ...recent.filter((j) => jobState(j) !== 'stopped')];
  }

  marker(job: Job): string {
    return this.inheritedMarkers.get(job) ?? this.rank(job);
  }
  private rank(job: Job): string {
    return job === this.current ? '+' : job === this.previous ? '-' : ' ';
  }

  /** Finds `%1`, `%+`, `%-`, `%name`, `%?text`; 'ambiguous' when several match. */
  find(spec: string): Job | 'ambiguous' | undefined {
    const s = spec.replace(/^%/, '');
    if (s === '' || s === '%' || s === '+') return this.current;
    if (s === '-') return this.previous ?? this.current;
    const all = this.jobs.size > 0 ? [...this.jobs.values()] : this.inherited;
    if (/^\d+$/.test(s)) return all.find((j) => j.id === Number(s));
    const hits = all.filter((j) => (s.startsWith('?') ? j.text.includes(s.slice(1)) : j.text.startsWith(s)));
    return hits.length > 1 ? 'ambiguous' : hits[0];
  }

  /** One line of `jobs`. */
  line(job: Job, format: 'plain' | 'long' | 'pids' = 'plain', cwd?: string): string {
    const state = describe(job);
    const where = cwd !== undefined && cwd !== job.cwd ? `  (wd: ${job.cwd})` : '';
    const amp = jobState(job) === 'running' && job.background ? ' &' : '';
    const head = `[${job.id}]${this.marker(job)} `;
    if (format === 'pids') return `${job.procs[0]!.pid}\n`;
    if (format === 'long') {
      return job.procs
        .map((p, i) => {
          const text = i === 0 ? p.text : `| ${p.text}`;
          const lead = i === 0 ? head : '     ';
          const last = i === job.procs.length - 1 ? amp + where : '';
          return `${lead}${String(p.pid).padStart(5)} ${(i === 0 ? state : '').padEnd(23)} ${text}${last}\n`;
        })
        .join('');
    }
    return `${head} ${state.padEnd(23)} ${job.text}${amp}${where}\n`;
  }
}

/** `Running`, `Stopped`, `Done`, `Exit 3`, `Terminated`. */
export function describe(job: Job): string {
  const state = jobState(job);
  if (state === 'running') return 'Running';
  if (state === 'stopped') {
    const signal = job.procs.find((p) => p.status?.kind === 'stopped')!.status as { signal: Signal };
    return signal.signal === 'SIGTSTP' || signal.signal === 'SIGSTOP'
      ? 'Stopped'
      : `Stopped (${signal.signal === 'SIGTTIN' ? 'tty input' : 'tty output'})`;
  }
  const last = job.procs.at(-1)!.status!;
  if (last.kind === 'signaled') return signalText(last.signal);
  const code = jobStatus(job);
  return code === 0 ? 'Done' : `Exit ${code}`;
}

/** Collects children that have changed, without waiting. */
export function* reap(sh: Shell): Coroutine<void> {
  while (sh.sys.proc.children.size > 0) {
    let result: { pid: number; status: WaitStatus } | undefined;
    try {
      result = yield* sh.sys.waitpid(-1, { nohang: true, untraced: sh.opt('monitor') });
    } catch (e) {
      if (isErrno(e, 'ECHILD')) return;
      if (isErrno(e, 'EINTR')) continue;
      throw e;
    }
    if (!result) return;
    sh.jobs.note(result.pid, result.status);
  }
}

/**
 * Waits until a child changes and takes note of it.
 * @returns false when there are no children; 'signal' when a signal arrived.
 */
export function* waitAny(sh: Shell): Coroutine<boolean | 'signal'> {
  if (sh.sys.proc.children.size === 0) return false;
  try {
    // Without job control nobody looks for stopped children.
    const result = yield* sh.sys.waitpid(-1, { untraced: sh.opt('monitor') });
    if (result) sh.jobs.note(result.pid, result.status);
    return true;
  } catch (e) {
    if (isErrno(e, 'ECHILD')) return false;
    if (isErrno(e, 'EINTR')) return 'signal';
    throw e;
  }
}

/**
 * Waits for a foreground job to end or stop, gives the terminal back and returns the status. The job leaves the table when
 * it has ended.
 */
export function* waitForeground(sh: Shell, job: Job): Coroutine<number> {
  const { sys } = sh;
  const control = sh.opt('monitor');
  let interrupted = false;
  // A script's SIGINT while it waits counts only if the command died of it (bash's wait_sigint_handler).
  const guard = !sh.tellsOfJobs && !sh.traps.has('SIGINT') && !sys.proc.handlers.has('SIGINT');
  if (guard) sys.onSignal('SIGINT', () => (interrupted = true), true);
  try {
    while (jobState(job) === 'running') {
      const found = yield* waitAny(sh);
      if (found === false) break;
      if (found === 'signal') endBySignal(sh);
    }
  } finally {
    if (guard) sys.onSignal('SIGINT', 'default');
  }
  const state = jobState(job);
  if (control && sys.proc.tty && job.pgid !== 0) sys.proc.tty.foreground = sys.pgid;
  const status = jobStatus(job);
  const last = job.procs.at(-1)!.status;
  if (state === 'stopped') {
    job.background = true;
    job.notified = true;
    sh.jobs.touch(job);
    if (sh.tellsOfJobs) {
      // Ctrl-Z has been echoed: the message starts on a row of its own.
      yield* sh.eprint(`\n${sh.jobs.line(job)}`);
    }
    return 128 + SIGNALS[(job.procs.find((p) => p.status?.kind === 'stopped')!.status as { signal: Signal }).signal];
  }
  sh.jobs.remove(job);
  sh.pipeStatus = job.procs.map((p) => (p.status ? shellStatus(p.status) : 0));
  if (last?.kind === 'signaled') {
    const { signal } = last;
    if (sh.tellsOfJobs) {
      if (signal === 'SIGINT') {
        // In a loop or list the shell acts as if it had been interrupted itself; the message's newline comes with that.
        if (sh.traps.has('SIGINT') && sh.loopDepth > 0) sh.pendingTraps.push('SIGINT');
        if (sh.traps.has('SIGINT') ? sh.loopDepth > 0 : sh.loopDepth > 0 || sh.listDepth > 0)
          sh.interruptPending = true;
        else yield* sh.eprint('\n');
      } else if (signal !== 'SIGPIPE') yield* sh.eprint(`${signalText(signal)}\n`);
    } else if (signal === 'SIGINT') {
      if (interrupted) yield* sys.kill(sys.pid, 'SIGINT');
    } else if (signal === 'SIGTERM') yield* sh.eprint('Terminated\n');
    else if (signal !== 'SIGPIPE') yield* sh.error(deathNotice(job, signal));
  }
  if (!sh.tellsOfJobs) yield* notifyScript(sh);
  return status;
}

function deathNotice(job: Job, signal: Signal): string {
  return `${String(job.procs.at(-1)!.pid).padStart(5)} ${signalText(signal).padEnd(23)} ${job.text}`;
}

/** What a script prints about background jobs that have ended: deaths by unusual signals, and with `set -m` every end. */
export function* notifyScript(sh: Shell): Coroutine<void> {
  for (const job of [...sh.jobs.jobs.values()]) {
    const state = jobState(job);
    if (!job.background || job.notified || state === 'running') continue;
    job.notified = true;
    if (state === 'stopped') {
      yield* sh.eprint(`\n${sh.jobs.line(job)}`);
      continue;
    }
    const last = job.procs.at(-1)!.status!;
    const { signal } = last as { signal?: Signal };
    if (signal && signal !== 'SIGINT' && signal !== 'SIGTERM' && signal !== 'SIGPIPE')
      yield* sh.error(deathNotice(job, signal));
    else if (sh.opt('monitor')) yield* sh.eprint(sh.jobs.line(job));
  }
  // What has been told of is forgotten; `wait PID` still knows the status.
  for (const job of [...sh.jobs.jobs.values()])
    if (job.background && job.notified && jobState(job) === 'done') sh.jobs.remove(job);
}

/** Tells the user of background jobs that have ended or stopped, as before a prompt. */
export function* notify(sh: Shell): Coroutine<void> {
  yield* reap(sh);
  for (const job of [...sh.jobs.jobs.values()]) {
    const state = jobState(job);
    if (state === 'running') continue;
    if (!job.notified && job.background) {
      job.notified = true;
      if (sh.tellsOfJobs) yield* sh.eprint(sh.jobs.line(job));
    }
    if (state === 'done') sh.jobs.remove(job);
  }
}
