import type { Coroutine } from '../core';
import { isErrno } from '../core';
import type { Process } from '../host';
import { checked, runNode } from './interpreter';
import { waitForeground } from './jobs';
import type { Job } from './jobs';
import { openForRead, redirect } from './redirect';
import type { Shell } from './shell';
import { forkShell } from './subshell';
import type { AndOr, CommandNode, Coproc, Pipeline, Redirection } from './syntax/parser';
import { printNode } from './syntax/print';
import { IndexedArray } from './variables';

/** Gives the terminal to process group `pgid`. */
export function foreground(sh: Shell, pgid: number): void {
  const { tty, sid } = sh.sys.proc;
  if (tty && tty.session === sid) tty.foreground = pgid;
}

function pidOf(sh: Shell, child: Process): number {
  return child.pidIn(sh.sys.proc.ns.pid);
}

function* forkFailed(sh: Shell, e: unknown): Coroutine<number> {
  if (!isErrno(e)) throw e;
  yield* sh.error(`fork: ${sh.dash ? 'Cannot fork' : `retry: ${e.message}`}`);
  return 254;
}

/** `( list )`, with its redirections made in the child. */
export function* runSubshell(
  sh: Shell,
  node: Extract<CommandNode, { type: 'Subshell' }>,
  redirects: readonly Redirection[],
): Coroutine<number> {
  const control = sh.opt('monitor');
  let child: Process;
  try {
    child = forkShell(sh, control ? { pgid: 0 } : {}, (c) => subshellBody(c, node, redirects));
  } catch (e) {
    return yield* forkFailed(sh, e);
  }
  return yield* waitForeground(sh, oneJob(sh, child, printNode(node, sh.source.text), control));
}

function* subshellBody(
  c: Shell,
  node: Extract<CommandNode, { type: 'Subshell' }>,
  redirects: readonly Redirection[],
): Coroutine<number> {
  c.loopDepth = 0;
  if (!(yield* redirect(c, redirects))) return 1;
  return yield* runNode(c, node.body, c.traps.size === 0);
}

/** Registers a foreground child as a job and gives it the terminal. */
export function oneJob(sh: Shell, child: Process, text: string, control: boolean): Job {
  if (control) foreground(sh, child.pgid);
  return sh.jobs.add([{ pid: pidOf(sh, child), text }], text, {
    pgid: control ? child.pgid : 0,
    background: false,
    cwd: sh.get('PWD') ?? '/',
    pipefail: false,
  });
}

/** A pipeline: `!` and `time` prefixes, and every command a process of its own when there are several. */
export function* runPipeline(sh: Shell, node: Pipeline, tail: boolean): Coroutine<number> {
  const negated = node.prefixes.filter((p) => p.type === 'Negation').length % 2 === 1;
  const time = node.prefixes.find((p) => p.type === 'Time');
  const hasPrefix = node.prefixes.length > 0;
  const startTime = sh.sys.now;
  const startCpu = sh.sys.proc.task.cpu;
  let status: number;
  if (negated) sh.noErrExit++;
  try {
    if (node.commands.length === 0) status = 0;
    else if (node.commands.length === 1) status = yield* runNode(sh, node.commands[0]!, tail && !hasPrefix);
    else {
      const inShell = sh.shopt('lastpipe') && !sh.opt('monitor');
      status = inShell ? yield* lastInShell(sh, node) : yield* wholePipeline(sh, node);
    }
  } finally {
    if (negated) sh.noErrExit--;
  }
  if (time)
    yield* reportTime(
      sh,
      sh.sys.now - startTime,
      sh.sys.proc.task.cpu - startCpu,
      time.type === 'Time' && time.posix !== undefined,
    );
  if (negated) return (sh.status = status === 0 ? 1 : 0);
  return node.commands.length > 1 ? yield* checked(sh, status) : status;
}

function* wholePipeline(sh: Shell, node: Pipeline): Coroutine<number> {
  const job = yield* startPipeline(sh, node, false);
  return typeof job === 'number' ? job : yield* waitForeground(sh, job);
}

/** `shopt -s lastpipe`: the last command of a pipeline runs in this shell. */
function* lastInShell(sh: Shell, node: Pipeline): Coroutine<number> {
  const { sys } = sh;
  const [r, w] = sys.pipe();
  const keep = sys.proc.fds.get(1) ? sys.install(sys.file(1), 10, true) : undefined;
  sys.dup2(w, 1);
  sys.close(w);
  const first = { ...node, prefixes: [], commands: node.commands.slice(0, -1), operators: node.operators.slice(0, -1) };
  let job: Job | number;
  try {
    job = yield* startPipeline(sh, first, false);
  } finally {
    if (keep === undefined) sys.close(1);
    else {
      sys.dup2(keep, 1);
      sys.close(keep);
    }
  }
  const input = sys.proc.fds.get(0) ? sys.install(sys.file(0), 10, true) : undefined;
  sys.dup2(r, 0);
  sys.close(r);
  let status: number;
  try {
    status = yield* runNode(sh, node.commands.at(-1)!);
  } finally {
    if (input === undefined) sys.close(0);
    else {
      sys.dup2(input, 0);
      sys.close(input);
    }
  }
  if (typeof job === 'number') return job;
  const before = yield* waitForeground(sh, job);
  sh.pipeStatus = [...sh.pipeStatus, status];
  return sh.opt('pipefail') && status === 0 ? before : status;
}

function* startPipeline(sh: Shell, node: Pipeline, background: boolean): Coroutine<Job | number> {
  const { sys } = sh;
  const control = sh.opt('monitor');
  const procs: { pid: number; text: string }[] = [];
  let pgid = 0;
  let input: number | undefined;
  for (let i = 0; i < node.commands.length; i++) {
    const command = node.commands[i]!;
    const pipe = i < node.commands.length - 1 ? sys.pipe() : undefined;
    const both = node.operators[i] === '|&';
    const from = input;
    let child: Process;
    try {
      child = forkShell(sh, { ...(control ? { pgid } : {}), deaf: background && !control }, function* (c) {
        c.loopDepth = 0;
        if (from !== undefined) {
          c.sys.dup2(from, 0);
          c.sys.close(from);
        } else if (background && !control) yield* stdinFromNull(c);
        if (pipe) {
          c.sys.close(pipe[0]);
          c.sys.dup2(pipe[1], 1);
          c.sys.close(pipe[1]);
          if (both) c.sys.dup2(1, 2);
        }
        return yield* runNode(c, command, true);
      });
    } catch (e) {
      if (pipe) pipe.forEach((fd) => sys.close(fd));
      if (from !== undefined) sys.close(from);
      return yield* forkFailed(sh, e);
    }
    if (control && i === 0) {
      pgid = child.pgid;
      if (!background) foreground(sh, pgid);
    }
    procs.push({ pid: pidOf(sh, child), text: printNode(command, sh.source.text) });
    if (from !== undefined) sys.close(from);
    if (pipe) sys.close(pipe[1]);
    input = pipe?.[0];
  }
  return sh.jobs.add(procs, printNode({ ...node, prefixes: [] }, sh.source.text), {
    pgid,
    background,
    cwd: sh.get('PWD') ?? '/',
    pipefail: sh.opt('pipefail'),
  });
}

function* stdinFromNull(sh: Shell): Coroutine<void> {
  try {
    const fd = yield* openForRead(sh, '/dev/null');
    sh.sys.dup2(fd, 0);
    if (fd !== 0) sh.sys.close(fd);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
}

/** `command &` */
export function* startBackground(sh: Shell, node: CommandNode | Pipeline | AndOr): Coroutine<number> {
  const control = sh.opt('monitor');
  let job: Job | number;
  if (node.type === 'Pipeline' && node.commands.length > 1 && node.prefixes.length === 0) {
    job = yield* startPipeline(sh, node, true);
  } else {
    try {
      const child = forkShell(sh, { ...(control ? { pgid: 0 } : {}), deaf: !control }, function* (c) {
        c.loopDepth = 0;
        if (!control) yield* stdinFromNull(c);
        return yield* runNode(c, node.type === 'Subshell' ? node.body : node, c.traps.size === 0);
      });
      const text = printNode(node, sh.source.text);
      job = sh.jobs.add([{ pid: pidOf(sh, child), text }], text, {
        pgid: control ? child.pgid : 0,
        background: true,
        cwd: sh.get('PWD') ?? '/',
        pipefail: false,
      });
    } catch (e) {
      job = yield* forkFailed(sh, e);
    }
  }
  if (typeof job === 'number') return job;
  const pid = job.procs.at(-1)!.pid;
  sh.lastBackground = pid;
  if (sh.tellsOfJobs) yield* sh.eprint(`[${job.id}] ${pid}\n`);
  return 0;
}

/** `coproc NAME command`: a background command with pipes from and to the shell in NAME[0] and NAME[1]. */
export function* startCoproc(sh: Shell, node: Coproc): Coroutine<number> {
  const { sys } = sh;
  const name = node.name?.text ?? 'COPROC';
  const control = sh.opt('monitor');
  const toChild = sys.pipe();
  const fromChild = sys.pipe();
  let child: Process;
  try {
    child = forkShell(sh, { ...(control ? { pgid: 0 } : {}), deaf: !control }, function* (c) {
      c.sys.dup2(toChild[0], 0);
      c.sys.dup2(fromChild[1], 1);
      for (const fd of [...toChild, ...fromChild]) if (fd > 1) c.sys.close(fd);
      return yield* runNode(c, node.body, true);
    });
  } catch (e) {
    [...toChild, ...fromChild].forEach((fd) => sys.close(fd));
    return yield* forkFailed(sh, e);
  }
  sys.close(toChild[0]);
  sys.close(fromChild[1]);
  const high = (fd: number): number => {
    let n = 63;
    while (n > 10 && sys.proc.fds.has(n)) n--;
    sys.dup2(fd, n);
    sys.close(fd);
    const d = sys.proc.fds.get(n);
    if (d) d.cloexec = true;
    return n;
  };
  const read = high(fromChild[0]);
  const write = high(toChild[1]);
  const v = sh.vars.find(name) ?? sh.vars.create(name);
  v.array = 'a';
  v.value = IndexedArray.from([String(read), String(write)]);
  const pid = pidOf(sh, child);
  sh.set(`${name}_PID`, String(pid));
  const job = sh.jobs.add([{ pid, text: printNode(node, sh.source.text) }], printNode(node, sh.source.text), {
    pgid: control ? child.pgid : 0,
    background: true,
    cwd: sh.get('PWD') ?? '/',
    pipefail: false,
  });
  job.onDone = () => {
    for (const fd of [read, write]) if (sys.proc.fds.has(fd)) sys.close(fd);
    for (const variable of [name, `${name}_PID`]) sh.vars.scopeOf(variable)?.vars.delete(variable);
  };
  sh.lastBackground = pid;
  if (sh.tellsOfJobs) yield* sh.eprint(`[${job.id}] ${pid}\n`);
  return 0;
}

function* reportTime(sh: Shell, micros: number, cpu: number, posix: boolean): Coroutine<void> {
  const format = posix
    ? 'real %2R\nuser %2U\nsys %2S'
    : (sh.get('TIMEFORMAT') ?? '\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS');
  if (format === '') return;
  const values: Record<string, number> = { R: micros, U: cpu, S: 0 };
  const text = format.replace(/%(\d?)(l?)([RUSP%])/g, (_, p: string, l: string, c: string) => {
    if (c === '%') return '%';
    if (c === 'P') return micros > 0 ? ((100 * cpu) / micros).toFixed(2) : '0.00';
    const digits = p === '' ? 3 : Math.min(3, Number(p));
    const seconds = values[c]! / 1e6;
    const scale = 10 ** digits;
    const cut = (x: number): string => (Math.floor(x * scale) / scale).toFixed(digits);
    return l === '' ? cut(seconds) : `${Math.floor(seconds / 60)}m${cut(seconds % 60)}s`;
  });
  yield* sh.eprint(`${text}\n`);
}
