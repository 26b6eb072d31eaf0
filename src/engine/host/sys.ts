import type { Caller, Coroutine, Micros, OpenFile, Ready, Signal, Wait, WaitQueue } from '../core';
import { concat, decode, EMPTY, encode, Errno, isErrno, Pipe, PipeEnd } from '../core';
import type { NetNamespace } from '../net';
import type { UserNamespace } from './namespaces';
import { openInode } from './open';
import type { Process, WaitStatus } from './process';
import type { SpawnOptions } from './machine';
import { commOf } from './machine';
import { execve } from './exec';
import { ProcessExit } from './program';
import { Files } from './files';

/** How open(2) is asked to open. */
export interface OpenFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly create?: boolean;
  /** With `create`: fail with EEXIST when the file is there. */
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  readonly append?: boolean;
  readonly directory?: boolean;
  readonly nonblock?: boolean;
  /** Open the link itself: ELOOP, as O_NOFOLLOW. */
  readonly nofollow?: boolean;
  readonly cloexec?: boolean;
  readonly mode?: number;
}

/** One entry of poll(2). */
export interface PollRequest {
  readonly fd: number;
  readonly read?: boolean;
  readonly write?: boolean;
}

/** Bytes that one read asks for by default. */
const CHUNK = 65536;

/**
 * The system calls of one process. Calls that may wait are coroutines (`yield* sys.read(0)`); the others act at once.
 * All throw `Errno`. File system calls are in `sys.files`, network calls reach the process's namespace through `sys.net`.
 */
export class Sys implements Caller {
  readonly files: Files;

  constructor(readonly proc: Process) {
    this.files = new Files(proc);
  }

  // --- who and when -------------------------------------------------------------------------------------------------

  get machine() {
    return this.proc.machine;
  }

  get pid(): number {
    return this.proc.pid;
  }

  get pgid(): number {
    return this.proc.pgid;
  }

  get sid(): number {
    return this.proc.sid;
  }

  /** The process's network namespace. */
  get net(): NetNamespace {
    return this.proc.ns.net;
  }

  /** True when the process may change its network namespace (CAP_NET_ADMIN). */
  get netAdmin(): boolean {
    return this.proc.capable(this.net.owner as UserNamespace);
  }

  /** CLOCK_REALTIME, microseconds since the epoch. */
  get now(): Micros {
    return this.proc.machine.scheduler.now;
  }

  random(n: number): Uint8Array {
    return this.proc.machine.random.bytes(n);
  }

  /** Environment variable, or undefined. */
  env(name: string): string | undefined {
    return this.proc.env.get(name);
  }

  // --- waiting ------------------------------------------------------------------------------------------------------

  /** Counts `n` microseconds of CPU work and lets others run when the turn is over. Every loop in a program needs one. */
  *work(n = 1): Coroutine<void> {
    if (this.proc.task.charge(n)) yield null;
  }

  /**
   * Waits until one of `queues` is woken or virtual time reaches `until`. May return early: look again.
   * @throws Errno EINTR when a signal with a handler arrived.
   */
  *wait(queues: readonly WaitQueue[], until?: Micros): Coroutine<'woken' | 'timeout'> {
    const { proc } = this;
    if (proc.interrupted) this.interrupt();
    const wait: Wait = until === undefined ? { queues } : { queues, until };
    const reason = yield wait;
    if (proc.interrupted) this.interrupt();
    return reason === 'timeout' ? 'timeout' : 'woken';
  }

  private interrupt(): never {
    this.proc.interrupted = false;
    throw new Errno('EINTR');
  }

  /** nanosleep(2). @throws Errno EINTR */
  *sleep(micros: Micros): Coroutine<void> {
    const until = this.now + Math.max(0, Math.round(micros));
    while (this.now < until) yield* this.wait([], until);
  }

  /** poll(2): waits until a descriptor is ready. @returns readiness by position; all null after `timeout` microseconds. */
  *poll(requests: readonly PollRequest[], timeout?: Micros): Coroutine<(Ready | null)[]> {
    const until = timeout === undefined ? undefined : this.now + timeout;
    const files = requests.map((r) => this.file(r.fd));
    const queues = files.flatMap((f) => f.waitQueues);
    for (;;) {
      yield* this.work();
      let any = false;
      const result = files.map((f, i) => {
        const ready = f.poll();
        const hit = (requests[i]!.read && ready.readable) || (requests[i]!.write && ready.writable) || ready.hangup;
        if (hit) any = true;
        return hit ? ready : null;
      });
      if (any || (until !== undefined && this.now >= until)) return result;
      yield* this.wait(queues, until);
    }
  }

  // --- descriptors --------------------------------------------------------------------------------------------------

  /** The open file behind `fd`. @throws Errno EBADF */
  file(fd: number): OpenFile {
    const d = this.proc.fds.get(fd);
    if (!d) throw new Errno('EBADF');
    return d.file;
  }

  /** Puts `file` at the lowest free number at or above `from`. */
  install(file: OpenFile, from = 0, cloexec = false): number {
    const fd = this.proc.freeFd(from);
    this.proc.fds.set(fd, { file: file.ref(), cloexec });
    return fd;
  }

  /** read(2): up to `max` bytes, an empty array at end of file. */
  *read(fd: number, max = CHUNK): Coroutine<Uint8Array> {
    const file = this.file(fd);
    if (!file.readable) throw new Errno('EBADF');
    yield* this.work(2);
    return yield* file.read(this, max);
  }

  /** write(2), repeated until all of `data` is written. */
  *write(fd: number, data: Uint8Array | string): Coroutine<void> {
    const file = this.file(fd);
    if (!file.writable) throw new Errno('EBADF');
    let rest = typeof data === 'string' ? encode(data) : data;
    yield* this.work(2 + (rest.length >> 10));
    while (rest.length > 0) {
      const n = yield* file.write(this, rest);
      rest = rest.subarray(n);
    }
  }

  /** Everything up to end of file. @throws Errno ENOMEM beyond `limit` bytes. */
  *readAll(fd: number, limit = 64 * 1024 * 1024): Coroutine<Uint8Array> {
    const parts: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const part = yield* this.read(fd);
      if (part.length === 0) return parts.length === 0 ? EMPTY : concat(parts);
      total += part.length;
      if (total > limit) throw new Errno('ENOMEM');
      parts.push(part);
    }
  }

  /** Text of a file, for programs that read their configuration whole. */
  *readFile(path: string): Coroutine<string> {
    const fd = yield* this.open(path, { read: true });
    try {
      return decode(yield* this.readAll(fd));
    } finally {
      this.close(fd);
    }
  }

  /** Replaces the contents of a file. */
  *writeFile(path: string, data: string | Uint8Array, mode = 0o666): Coroutine<void> {
    const fd = yield* this.open(path, { write: true, create: true, truncate: true, mode });
    try {
      yield* this.write(fd, data);
    } finally {
      this.close(fd);
    }
  }

  /** open(2). Opening a FIFO waits for the other side. */
  *open(path: string, flags: OpenFlags): Coroutine<number> {
    yield* this.work(2);
    const file = yield* openInode(this, path, flags);
    return this.install(file, 0, flags.cloexec ?? false);
  }

  close(fd: number): void {
    const d = this.proc.fds.get(fd);
    if (!d) throw new Errno('EBADF');
    this.proc.fds.delete(fd);
    d.file.unref();
  }

  /** dup2(2): `to` becomes another name for what `from` is. */
  dup2(from: number, to: number): void {
    const file = this.file(from);
    if (from === to) return;
    const old = this.proc.fds.get(to);
    this.proc.fds.set(to, { file: file.ref(), cloexec: false });
    old?.file.unref();
  }

  /** A pipe: [read end, write end]. */
  pipe(): [number, number] {
    const pipe = new Pipe(this.machine.pipeInode());
    const read = new PipeEnd(pipe, 'read');
    const write = new PipeEnd(pipe, 'write');
    return [this.install(read), this.install(write)];
  }

  isatty(fd: number): boolean {
    return this.proc.fds.get(fd)?.file.isTty ?? false;
  }

  // --- text output --------------------------------------------------------------------------------------------------

  /** Writes text to standard output. */
  *print(text: string): Coroutine<void> {
    if (text !== '') yield* this.write(1, text);
  }

  /** Writes text to standard error; a closed or full one is no reason to fail. */
  *eprint(text: string): Coroutine<void> {
    try {
      yield* this.write(2, text);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  brokenPipe(): void {
    this.proc.deliver('SIGPIPE');
  }

  signalGroup(signal: 'SIGTTIN' | 'SIGTTOU'): void {
    this.machine.signalGroup(this.pgid, signal);
  }

  ignores(signal: 'SIGTTIN' | 'SIGTTOU'): boolean {
    return this.proc.handlers.get(signal) === 'ignore' || this.proc.blocked.has(signal);
  }

  // --- processes ----------------------------------------------------------------------------------------------------

  /** fork(2): a child that runs `main`. @throws Errno EAGAIN */
  fork(main: (sys: Sys) => Coroutine<number>, options: Partial<SpawnOptions> = {}): Process {
    return this.machine.spawn({ parent: this.proc, ...options, main });
  }

  /**
   * fork and exec: starts `path` (no PATH search, see `which`) as a child.
   * The exec happens in the child: its failure ends it with 127 (or 126) and a message is the caller's business.
   */
  spawn(path: string, argv: readonly string[], options: Partial<SpawnOptions> = {}): Process {
    return this.fork((child) => child.exec(path, argv), { ...options, argv });
  }

  /** execve(2): replaces the running program; returns only by throwing. @throws Errno ENOENT, EACCES, ENOEXEC ... */
  *exec(path: string, argv: readonly string[], env: ReadonlyMap<string, string> = this.proc.env): Coroutine<never> {
    throw new ProcessExit(yield* execve(this, path, argv, env));
  }

  /** Searches $PATH for `name` (execvp(3)); names with a slash are returned as they are. Undefined when not found. */
  which(
    name: string,
    path = this.env('PATH') ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ): string | undefined {
    if (name.includes('/')) return name;
    for (const dir of path.split(':')) {
      const full = `${dir === '' ? '.' : dir}/${name}`;
      if (this.files.isExecutable(full)) return full;
    }
    return undefined;
  }

  /**
   * waitpid(2). @param pid a child's number, -1 for any child, or -pgid.
   * @returns undefined with `nohang` when none has changed.
   * @throws Errno ECHILD when there is no such child; EINTR.
   */
  *waitpid(
    pid: number,
    options: { nohang?: boolean; untraced?: boolean } = {},
  ): Coroutine<{ pid: number; status: WaitStatus } | undefined> {
    const { proc } = this;
    for (;;) {
      yield* this.work();
      let any = false;
      for (const child of proc.children) {
        const number = child.pidIn(proc.ns.pid);
        if (pid !== -1 && (pid > 0 ? number !== pid : child.pgid !== -pid)) continue;
        any = true;
        if (child.status) {
          this.machine.collect(child);
          return { pid: number, status: child.status };
        }
        if (options.untraced && child.news) {
          const status = child.news;
          child.news = null;
          return { pid: number, status };
        }
      }
      if (!any && pid !== -1) throw new Errno('ECHILD');
      if (!any && proc.pid !== 1) throw new Errno('ECHILD');
      if (options.nohang) return undefined;
      yield* this.wait([proc.childChanged]);
    }
  }

  /** Ends the process from any depth. */
  exit(status: number): never {
    throw new ProcessExit(status);
  }

  /** kill(2): `pid` > 0 a process, 0 the own group, < -1 a group, -1 everything. @throws Errno ESRCH, EPERM */
  *kill(pid: number, signal: Signal | null): Coroutine<void> {
    const { proc } = this;
    const seen = [...proc.ns.pid.processes.entries()];
    const group = pid === 0 ? proc.pgid : this.groupNumber(-pid);
    const targets = seen.filter(([number, p]) =>
      pid > 0 ? number === pid : pid === -1 ? number > 1 && p !== proc : p.pgid === group,
    );
    if (targets.length === 0) throw new Errno('ESRCH');
    const allowed = targets.filter(([, p]) => proc.uid === 0 || proc.uid === p.uid);
    if (allowed.length === 0) throw new Errno('EPERM');
    if (signal) for (const [, target] of allowed) target.deliver(signal);
    yield* this.work();
    // A process that has just killed or stopped itself must not go on.
    if (!proc.alive || proc.stopped || proc.task.state !== 'running') yield null;
  }

  /** Group numbers are kept as numbers of the initial PID namespace. */
  private groupNumber(pgid: number): number {
    const leader = this.proc.ns.pid.processes.get(pgid);
    return leader ? leader.pidIn(this.machine.namespaces.pid) : pgid;
  }

  /**
   * What to do about a signal. A handler is called at once and should only take note; it makes the current wait fail with
   * EINTR unless `restart`.
   */
  onSignal(signal: Signal, disposition: 'default' | 'ignore' | (() => void), restart = false): void {
    const { handlers, restarting } = this.proc;
    if (disposition === 'default') handlers.delete(signal);
    else handlers.set(signal, disposition);
    if (restart) restarting.add(signal);
    else restarting.delete(signal);
  }

  /** prctl(PR_SET_NAME) and argv as ps shows it. */
  rename(argv: readonly string[]): void {
    this.proc.argv = argv;
    this.proc.comm = commOf(argv[0] ?? '');
  }
}
