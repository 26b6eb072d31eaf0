import type { Coroutine, Signal } from '../../core';
import { isErrno, parseSignal, SIGNALS, signalName } from '../../core';
import { shellStatus } from '../../host';
import type { Job } from '../jobs';
import { jobState, jobStatus, notifyScript, reap, waitAny, waitForeground } from '../jobs';
import { foreground } from '../pipeline';
import type { Shell } from '../shell';
import { tick } from '../traps';
import { builtin, options } from './types';
import type { Builtin } from './types';

/** The job a word names, after a message when there is none. */
function* jobArg(sh: Shell, who: string, spec: string | undefined): Coroutine<Job | undefined> {
  const job =
    spec === undefined ? sh.jobs.current : /^\d+$/.test(spec) ? sh.jobs.jobOf(Number(spec)) : sh.jobs.find(spec);
  if (job === 'ambiguous') {
    yield* sh.error(`${who}: ${spec!.replace(/^%/, '')}: ambiguous job spec`);
    return undefined;
  }
  if (!job) yield* sh.error(`${who}: ${spec ?? 'current'}: no such job`);
  return job;
}

function* resume(sh: Shell, job: Job): Coroutine<void> {
  for (const p of job.procs) if (p.status?.kind === 'stopped') p.status = null;
  yield* signalJob(sh, job, 'SIGCONT');
}

function* signalJob(sh: Shell, job: Job, signal: Signal): Coroutine<void> {
  if (job.pgid !== 0) {
    sh.sys.machine.signalGroup(job.pgid, signal);
    yield* sh.sys.work();
    return;
  }
  for (const p of job.procs) {
    try {
      if (p.status === null || p.status.kind === 'stopped') yield* sh.sys.kill(p.pid, signal);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }
}

function* fg(sh: Shell, args: string[], name: string): Coroutine<number> {
  if (!sh.opt('monitor')) {
    yield* sh.error(`${name}: no job control`);
    return 1;
  }
  const specs = args[0] === '--' ? args.slice(1) : args;
  yield* reap(sh);
  const job = yield* jobArg(sh, name, specs[0]);
  if (!job) return 1;
  if (name === 'fg') {
    if (jobState(job) === 'done') {
      yield* sh.error('fg: job has terminated');
      sh.jobs.remove(job);
      return 1;
    }
    yield* sh.print(`${job.text}\n`);
    job.background = false;
    sh.jobs.touch(job);
    if (job.pgid !== 0) foreground(sh, job.pgid);
    yield* resume(sh, job);
    return yield* waitForeground(sh, job);
  }
  if (jobState(job) === 'running') {
    yield* sh.error(`bg: job ${job.id} already in background`);
    return 0;
  }
  const marker = sh.jobs.marker(job);
  job.background = true;
  yield* sh.print(`[${job.id}]${marker} ${job.text} &\n`);
  yield* resume(sh, job);
  return 0;
}

function* jobsBuiltin(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'jobs', args, 'lpnrsx', 'jobs [-lnprs] [jobspec ...] or jobs -x command [args]');
  if (!o) return 2;
  yield* reap(sh);
  let list = [...sh.jobs.jobs.values()].sort((a, b) => a.id - b.id);
  if (list.length === 0 && sh.subshellDepth > 0) list = sh.jobs.inherited;
  if (o.rest.length > 0) {
    list = [];
    for (const spec of o.rest) {
      const job = yield* jobArg(sh, 'jobs', spec);
      if (!job) return 1;
      list.push(job);
    }
  }
  const format = o.flags.has('p') ? 'pids' : o.flags.has('l') ? 'long' : 'plain';
  for (const job of list) {
    const state = jobState(job);
    if (o.flags.has('r') && state !== 'running') continue;
    if (o.flags.has('s') && state !== 'stopped') continue;
    if (o.flags.has('n') && job.notified) continue;
    if (!job.background && state === 'running') continue;
    yield* sh.print(sh.jobs.line(job, format, sh.get('PWD')));
    job.notified = true;
  }
  for (const job of list) if (jobState(job) === 'done') sh.jobs.remove(job);
  return 0;
}

function* wait(sh: Shell, args: string[]): Coroutine<number> {
  const status = yield* waitBuiltin(sh, args);
  if (!sh.tellsOfJobs) yield* notifyScript(sh);
  for (const job of [...sh.jobs.jobs.values()])
    if (job.notified && job.background && jobState(job) === 'done') sh.jobs.remove(job);
  // A wait for everything forgets the statuses.
  if (args.length === 0) sh.jobs.finished.clear();
  return status;
}

function* waitBuiltin(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'wait', args, 'fnp:', 'wait [-fn] [-p var] [id ...]');
  if (!o) return 2;
  const variable = o.values.get('p');
  /** One wait: 128+n when a trapped signal ended it. */
  const pause = function* (): Coroutine<number | boolean> {
    const r = yield* waitAny(sh);
    if (r !== 'signal') return r;
    const [signal] = sh.pendingTraps;
    yield* tick(sh);
    // The trap on SIGCHLD does not end the wait for the children.
    return signal && signal !== 'SIGCHLD' ? 128 + SIGNALS[signal] : true;
  };
  if (o.flags.has('n')) {
    const wanted: Job[] = [];
    for (const spec of o.rest) {
      const job = yield* jobArg(sh, 'wait', spec);
      if (job) wanted.push(job);
    }
    if (o.rest.length > 0 && wanted.length === 0) return 127;
    for (;;) {
      const pool = o.rest.length > 0 ? wanted : [...sh.jobs.jobs.values()].filter((j) => j.background);
      const done = pool.find((j) => jobState(j) === 'done');
      if (done) {
        if (variable !== undefined) sh.set(variable, String(done.procs.at(-1)!.pid));
        const status = jobStatus(done);
        if (!sh.tellsOfJobs) yield* notifyScript(sh);
        sh.jobs.remove(done);
        sh.jobs.finished.delete(done.procs.at(-1)!.pid);
        return status;
      }
      if (pool.length === 0) return 127;
      const r = yield* pause();
      if (typeof r === 'number') return r;
      if (!r) return 127;
    }
  }
  if (o.rest.length === 0) {
    for (;;) {
      const running = [...sh.jobs.jobs.values()].some((j) => jobState(j) === 'running');
      if (!running) break;
      const r = yield* pause();
      if (typeof r === 'number') return r;
      if (!r) break;
    }
    for (const job of [...sh.jobs.jobs.values()]) {
      if (jobState(job) !== 'done') continue;
      if (!sh.tellsOfJobs) continue;
      if (!job.notified) yield* sh.eprint(sh.jobs.line(job));
      sh.jobs.remove(job);
    }
    return 0;
  }
  let status = 0;
  for (const spec of o.rest) {
    if (/^\d+$/.test(spec)) {
      const pid = Number(spec);
      const job = sh.jobs.jobOf(pid);
      if (!job) {
        const known = sh.jobs.finished.get(pid);
        if (known === undefined) {
          yield* sh.error(`wait: pid ${pid} is not a child of this shell`);
          status = 127;
        } else status = known;
        continue;
      }
      const proc = job.procs.find((p) => p.pid === pid)!;
      while (proc.status === null || proc.status.kind === 'stopped') {
        const r = yield* pause();
        if (typeof r === 'number') return r;
        if (!r) break;
      }
      status = proc.status ? shellStatus(proc.status) : 127;
      if (variable !== undefined) sh.set(variable, String(pid));
      if (sh.tellsOfJobs && jobState(job) === 'done') {
        job.notified = true;
        sh.jobs.remove(job);
      }
      continue;
    }
    if (!spec.startsWith('%')) {
      yield* sh.error(`wait: \`${spec}': not a pid or valid job spec`);
      status = 1;
      continue;
    }
    const job = yield* jobArg(sh, 'wait', spec);
    if (!job) {
      status = 127;
      continue;
    }
    while (jobState(job) === 'running') {
      const r = yield* pause();
      if (typeof r === 'number') return r;
      if (!r) break;
    }
    status = jobStatus(job);
    if (variable !== undefined) sh.set(variable, String(job.procs.at(-1)!.pid));
    if (sh.tellsOfJobs && jobState(job) === 'done') {
      job.notified = true;
      sh.jobs.remove(job);
    }
  }
  return status;
}

function signalList(): string {
  const names = Object.entries(SIGNALS).map(([n, v]) => `${String(v).padStart(2)}) ${n}`);
  for (let n = 34; n <= 64; n++) {
    const name =
      n <= 49 ? (n === 34 ? 'SIGRTMIN' : `SIGRTMIN+${n - 34}`) : n === 64 ? 'SIGRTMAX' : `SIGRTMAX-${64 - n}`;
    names.push(`${n}) ${name}`);
  }
  let out = '';
  names.forEach((n, i) => (out += n + ((i + 1) % 5 === 0 || i === names.length - 1 ? '\n' : '\t')));
  return out;
}

function* kill(sh: Shell, args: string[]): Coroutine<number> {
  const usage = 'kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n';
  let signal: Signal | null = 'SIGTERM';
  let list = args;
  const [first] = args;
  const bad = function* (text: string): Coroutine<number> {
    yield* sh.error(`kill: ${text}: invalid signal specification`);
    return 1;
  };
  const parse = (text: string): Signal | null | undefined =>
    text === '0' || text.toUpperCase() === 'EXIT' ? null : parseSignal(text);
  if (first === undefined) {
    yield* sh.eprint(usage);
    return 2;
  }
  if (first === '-l' || first === '-L') {
    if (args.length === 1) {
      yield* sh.print(signalList());
      return 0;
    }
    let status = 0;
    for (const a of args.slice(1)) {
      if (/^\d+$/.test(a)) {
        const n = Number(a) > 128 ? Number(a) - 128 : Number(a);
        const name = n === 0 ? 'EXIT' : signalName(n)?.slice(3);
        if (name === undefined) status = yield* bad(a);
        else yield* sh.print(`${name}\n`);
      } else {
        const s = parseSignal(a);
        if (!s) status = yield* bad(a);
        else yield* sh.print(`${SIGNALS[s]}\n`);
      }
    }
    return status;
  }
  if (first === '-s' || first === '-n') {
    const s = parse(args[1] ?? '');
    if (args[1] === undefined) {
      yield* sh.error(`kill: ${first}: option requires an argument`);
      return 1;
    }
    if (s === undefined) return yield* bad(args[1]);
    signal = s;
    list = args.slice(2);
  } else if (first === '--') list = args.slice(1);
  else if (/^-./.test(first)) {
    const s = parse(first.slice(1));
    if (s === undefined) return yield* bad(first.slice(1));
    signal = s;
    list = args.slice(1);
  }
  if (list[0] === '--') list = list.slice(1);
  if (list.length === 0) {
    yield* sh.eprint(usage);
    return 2;
  }
  let status = 0;
  for (const target of list) {
    if (target.startsWith('%')) {
      const job = yield* jobArg(sh, 'kill', target);
      if (!job) {
        status = 1;
        continue;
      }
      if (signal) {
        const stopped = jobState(job) === 'stopped';
        if (signal !== 'SIGCONT') yield* signalJob(sh, job, signal);
        // A stopped job must run to die.
        if (signal === 'SIGCONT' || (stopped && (signal === 'SIGTERM' || signal === 'SIGHUP'))) yield* resume(sh, job);
      }
      continue;
    }
    if (!/^-?\d+$/.test(target)) {
      yield* sh.error(`kill: ${target}: arguments must be process or job IDs`);
      status = 1;
      continue;
    }
    try {
      yield* sh.sys.kill(Number(target), signal);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* sh.error(`kill: (${target}) - ${e.message}`);
      status = 1;
    }
  }
  yield* tick(sh);
  return status;
}

/** Builtins about jobs and processes. */
export const jobControl: Builtin[] = [
  builtin('jobs', 'jobs [-lnprs] [jobspec ...] or jobs -x command [args]', 'Lists jobs.', jobsBuiltin),
  builtin('fg', 'fg [job_spec]', 'Brings a job to the foreground.', (sh, a) => fg(sh, a, 'fg')),
  builtin('bg', 'bg [job_spec ...]', 'Continues a job in the background.', (sh, a) => fg(sh, a, 'bg')),
  builtin('wait', 'wait [-fn] [-p var] [id ...]', 'Waits for children to end.', wait),
  builtin(
    'kill',
    'kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]',
    'Sends a signal.',
    kill,
  ),
  builtin('disown', 'disown [-h] [-ar] [jobspec ... | pid ...]', 'Removes jobs from the table.', function* (sh, args) {
    const o = yield* options(sh, 'disown', args, 'ahr', 'disown [-h] [-ar] [jobspec ... | pid ...]');
    if (!o) return 2;
    let list: Job[] = [];
    if (o.flags.has('a') || (o.flags.has('r') && o.rest.length === 0)) {
      list = [...sh.jobs.jobs.values()].filter((j) => !o.flags.has('r') || jobState(j) === 'running');
    } else {
      for (const spec of o.rest.length > 0 ? o.rest : [undefined]) {
        const job = yield* jobArg(sh, 'disown', spec);
        if (!job) return 1;
        list.push(job);
      }
    }
    for (const job of list) {
      if (o.flags.has('h')) job.noHup = true;
      else sh.jobs.remove(job);
    }
    return 0;
  }),
  builtin('suspend', 'suspend [-f]', 'Stops the shell.', function* (sh, args) {
    if (!sh.opt('monitor') && args[0] !== '-f') {
      yield* sh.error('suspend: cannot suspend: no job control');
      return 1;
    }
    if (sh.login && args[0] !== '-f') {
      yield* sh.error('suspend: cannot suspend a login shell');
      return 1;
    }
    yield* sh.sys.kill(sh.sys.pid, 'SIGSTOP');
    return 0;
  }),
];
