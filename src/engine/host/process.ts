import type { DefaultAction, Micros, OpenFile, Signal, Task, Tty } from '../core';
import { defaultAction, SIGNALS, WaitQueue } from '../core';
import type { DirNode } from './inode';
import type { Machine } from './machine';
import type { NamespaceSet, PidNamespace, UserNamespace } from './namespaces';

/** How a process ended or changed, as wait(2) tells its parent. */
export type WaitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: Signal }
  | { readonly kind: 'stopped'; readonly signal: Signal }
  | { readonly kind: 'continued' };

/** The status a shell shows for `status`: the exit code, or 128 plus the signal's number. */
export function shellStatus(status: WaitStatus): number {
  return status.kind === 'exited' ? status.code : status.kind === 'continued' ? 0 : 128 + SIGNALS[status.signal];
}

/** What a process does about a signal; a function runs at once and should only take note. */
export type Disposition = 'default' | 'ignore' | (() => void);

/** One entry of a descriptor table. */
export interface Descriptor {
  readonly file: OpenFile;
  cloexec: boolean;
}

/** A process: what the kernel knows of a running program (task_struct). */
export class Process {
  comm = '';
  argv: readonly string[] = [];
  /** Path of the executable. */
  exe = '';
  env = new Map<string, string>();
  cwd = '/';
  root: DirNode;
  umask = 0o022;
  /** Niceness, -20 to 19 (setpriority(2)). It is only shown: the scheduler takes turns. */
  nice = 0;
  uid = 0;
  gid = 0;
  groups: readonly number[] = [0];
  /** True while the process holds capabilities in its own user namespace. */
  privileged = true;
  ppid: Process | null = null;
  pgid = 0;
  sid = 0;
  tty: Tty | null = null;
  readonly fds = new Map<number, Descriptor>();
  readonly children = new Set<Process>();
  readonly handlers = new Map<Signal, Disposition>();
  /** Signals whose handlers let a wait go on instead of failing with EINTR (SA_RESTART). */
  readonly restarting = new Set<Signal>();
  readonly blocked = new Set<Signal>();
  private readonly pending = new Set<Signal>();
  /** Set once the process has ended and waits to be collected. */
  status: WaitStatus | null = null;
  /** News for the parent's wait(2): stopped or continued. */
  news: WaitStatus | null = null;
  readonly childChanged = new WaitQueue();
  /** Woken by signals that have a handler; lets sigtimedwait-like waits notice. */
  readonly signalled = new WaitQueue();
  task!: Task;
  /** A signal arrived that must end the current wait with EINTR. */
  interrupted = false;
  readonly startTime: Micros;
  /** Numbers in each PID namespace the process is seen in, innermost first. */
  readonly pids = new Map<PidNamespace, number>();
  /** PID namespace of children that are still to come (unshare --pid). */
  pidForChildren: PidNamespace;
  stopped = false;
  /** Called when the process has ended, before it is collected. */
  readonly onExit: ((status: WaitStatus) => void)[] = [];

  constructor(
    readonly machine: Machine,
    readonly ns: NamespaceSet,
    root: DirNode,
  ) {
    this.root = root;
    this.startTime = machine.scheduler.now;
    this.pidForChildren = ns.pid;
  }

  /** Number in the process's own PID namespace. */
  get pid(): number {
    return this.pids.get(this.ns.pid) ?? 0;
  }

  /** Number as seen from `ns`; 0 when it is not visible there. */
  pidIn(ns: PidNamespace): number {
    return this.pids.get(ns) ?? 0;
  }

  get alive(): boolean {
    return this.status === null;
  }

  /** State letter of ps(1). */
  get state(): 'R' | 'S' | 'T' | 'Z' {
    if (this.status) return 'Z';
    if (this.stopped) return 'T';
    return this.task.waiting ? 'S' : 'R';
  }

  /** True when the process may administer objects owned by `owner` (capable(), capabilities(7)). */
  capable(owner: UserNamespace): boolean {
    return this.privileged && this.ns.user.covers(owner);
  }

  /** What happens when `signal` arrives now. */
  actionOf(signal: Signal): DefaultAction | 'handle' {
    if (signal === 'SIGKILL') return 'terminate';
    if (signal === 'SIGSTOP') return 'stop';
    const handler = this.handlers.get(signal) ?? 'default';
    if (handler === 'ignore') return signal === 'SIGCONT' ? 'continue' : 'ignore';
    if (handler !== 'default') return 'handle';
    // The init process of a PID namespace is not killed by signals it has no handler for.
    if (this.pid === 1 && defaultAction(signal) === 'terminate') return 'ignore';
    return defaultAction(signal);
  }

  /** Delivers `signal` (signal(7)). */
  deliver(signal: Signal): void {
    if (this.status) return;
    if (signal === 'SIGCONT' || signal === 'SIGKILL') this.continue(signal === 'SIGCONT');
    if (this.blocked.has(signal) && signal !== 'SIGKILL' && signal !== 'SIGSTOP') {
      this.pending.add(signal);
      return;
    }
    switch (this.actionOf(signal)) {
      case 'terminate':
        this.machine.terminate(this, { kind: 'signaled', signal });
        return;
      case 'stop':
        if (!this.stopped) {
          this.stopped = true;
          this.task.stop();
          this.tell({ kind: 'stopped', signal });
        }
        return;
      case 'handle': {
        const handler = this.handlers.get(signal) as () => void;
        if (!this.restarting.has(signal)) this.interrupted = true;
        handler();
        this.signalled.wakeAll();
        if (this.interrupted && this.task.interruptible) this.task.wake('signal');
        return;
      }
      default:
    }
  }

  /** Unblocks signals and delivers those that came meanwhile. */
  unblock(...signals: Signal[]): void {
    for (const signal of signals) {
      this.blocked.delete(signal);
      if (this.pending.delete(signal)) this.deliver(signal);
    }
  }

  private continue(tell: boolean): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.task.resume();
    if (tell) this.tell({ kind: 'continued' });
  }

  private tell(news: WaitStatus): void {
    this.news = news;
    this.ppid?.deliver('SIGCHLD');
    this.ppid?.childChanged.wakeAll();
  }

  /** The lowest descriptor number that is free, at or above `from`. */
  freeFd(from = 0): number {
    let fd = from;
    while (this.fds.has(fd)) fd++;
    return fd;
  }
}
