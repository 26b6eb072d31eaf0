import type { Coroutine, Scheduler, Signal, Random } from '../core';
import { Errno, Tty } from '../core';
import { NetNamespace } from '../net';
import { MemDir } from './inode';
import { bootMessages, KernelLog } from './klog';
import { MountTable } from './mounts';
import type { NamespaceSet } from './namespaces';
import { PidNamespace, PlainNamespace, UserNamespace, UtsNamespace } from './namespaces';
import type { WaitStatus } from './process';
import { Process } from './process';
import type { Program } from './program';
import { ProcessExit } from './program';
import { Sys } from './sys';

/** Processes one machine may have; a fork bomb ends with EAGAIN there (RLIMIT_NPROC). */
export const MAX_PROCESSES = 400;

/** First inode number of nsfs that the kernel gives out (PROC_DYNAMIC_FIRST). */
const FIRST_NAMESPACE_INODE = 4026531834;

/** How a machine is made. */
export interface MachineOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Programs that an executable file can name, by name. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Memory shown by free(1), in bytes. */
  readonly memory?: number;
  readonly cpus?: number;
}

/** What `spawn` takes. Whatever is left out is inherited from `parent`. */
export interface SpawnOptions {
  readonly parent: Process | null;
  readonly main: (sys: Sys) => Coroutine<number>;
  readonly argv?: readonly string[];
  readonly ns?: Partial<NamespaceSet>;
  /** A new session with this terminal as the controlling one (setsid, TIOCSCTTY). */
  readonly session?: { readonly tty: Tty | null };
  /** Process group: 0 makes a new one led by the child. */
  readonly pgid?: number;
}

/** One simulated machine: its kernel's objects. Machines of a world share a scheduler and nothing else. */
export class Machine {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly programs: ReadonlyMap<string, Program>;
  /** How many more times the code of a program, by name, is not to be had: see `provide`. */
  readonly unavailable = new Map<string, number>();
  readonly memory: number;
  readonly cpus: number;
  readonly bootTime: number;
  /** Every process that has not been collected, in order of creation. */
  readonly processes = new Set<Process>();
  readonly namespaces: NamespaceSet;
  readonly rootDir: MemDir;
  /** What printk(9) has said since boot. */
  readonly log = new KernelLog();
  /** Number of processes started since boot. */
  forks = 0;
  /** Called with errors of our own making that ended a process; tests and the page report them. */
  onCrash: (error: unknown, proc: Process) => void = () => undefined;
  /** Told by interactive shells when they show a prompt and when they have read a command. */
  onShellEvent: ((event: { kind: 'prompt' | 'command'; tty: string; text: string }) => void) | null = null;
  private readonly ttys = new Map<number, Tty>();
  private nextNamespace = FIRST_NAMESPACE_INODE;
  private nextPipe = 20000;

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.scheduler = options.scheduler;
    this.random = options.random;
    this.programs = options.programs;
    this.memory = options.memory ?? 2 * 1024 ** 3;
    this.cpus = options.cpus ?? 2;
    this.bootTime = options.scheduler.now;
    bootMessages(this.log, this.bootTime, this.memory, this.cpus);
    this.rootDir = new MemDir(0o755);
    this.rootDir.touch(this.scheduler.now);
    // The kernel numbers the initial namespaces in this order.
    const time = this.namespaceInode();
    const cgroup = this.namespaceInode();
    const pid = this.namespaceInode();
    const user = this.namespaceInode();
    const uts = this.namespaceInode();
    const ipc = this.namespaceInode();
    const net = this.namespaceInode();
    const mnt = this.namespaceInode();
    const root = new UserNamespace(user, null);
    this.namespaces = {
      user: root,
      time: new PlainNamespace('time', time, root),
      cgroup: new PlainNamespace('cgroup', cgroup, root),
      ipc: new PlainNamespace('ipc', ipc, root),
      pid: new PidNamespace(pid, root, null),
      uts: new UtsNamespace(uts, root, options.name),
      net: new NetNamespace(this, net, root),
      mnt: new MountTable(mnt, root, this.rootDir),
    };
    this.spawn({ parent: null, main: reapForever, argv: ['/sbin/init'] });
    this.namespaces.pid.skipTo(300 + this.random.below(200));
  }

  /** Process 1. */
  get init(): Process {
    return this.namespaces.pid.init!;
  }

  /** The inode number of a new namespace. */
  namespaceInode(): number {
    return this.nextNamespace++;
  }

  /** printk(9). @param level severity, 6 (informational) unless given */
  kernelLog(text: string, level = 6): void {
    this.log.add(this.scheduler.now, level, text);
  }

  /** The number of a new pipe or socket inode. */
  pipeInode(): number {
    return this.nextPipe++;
  }

  /** A new pseudo-terminal `/dev/pts/N`. */
  openTty(): Tty {
    let n = 0;
    while (this.ttys.has(n)) n++;
    const tty = new Tty(`pts/${n}`, { signalGroup: (pgid, signal) => this.signalGroup(pgid, signal) });
    this.ttys.set(n, tty);
    return tty;
  }

  /** Hangs up a pseudo-terminal and frees its number. */
  closeTty(tty: Tty): void {
    tty.hangup();
    for (const [n, t] of this.ttys) if (t === tty) this.ttys.delete(n);
  }

  /** Open pseudo-terminals by number. */
  get terminals(): ReadonlyMap<number, Tty> {
    return this.ttys;
  }

  /**
   * Starts a process (clone(2)).
   * @throws Errno EAGAIN when there are too many.
   */
  spawn(options: SpawnOptions): Process {
    if (this.processes.size >= MAX_PROCESSES) throw new Errno('EAGAIN');
    const { parent } = options;
    const pidns = options.ns?.pid ?? parent?.pidForChildren ?? this.namespaces.pid;
    const ns: NamespaceSet = { ...(parent?.ns ?? this.namespaces), ...options.ns, pid: pidns };
    const proc = new Process(this, ns, parent?.root ?? this.rootDir);
    for (let n: PidNamespace | null = pidns; n; n = n.parent) {
      const pid = n.allocate();
      proc.pids.set(n, pid);
      n.processes.set(pid, proc);
    }
    const globalPid = proc.pidIn(this.namespaces.pid);
    proc.argv = options.argv ?? parent?.argv ?? [];
    proc.comm = commOf(proc.argv[0] ?? '');
    if (parent) {
      proc.comm = options.argv ? proc.comm : parent.comm;
      proc.exe = parent.exe;
      proc.env = new Map(parent.env);
      proc.cwd = parent.cwd;
      proc.umask = parent.umask;
      proc.nice = parent.nice;
      proc.uid = parent.uid;
      proc.gid = parent.gid;
      proc.groups = parent.groups;
      proc.privileged = parent.privileged;
      proc.pgid = parent.pgid;
      proc.sid = parent.sid;
      proc.tty = parent.tty;
      for (const [fd, d] of parent.fds) proc.fds.set(fd, { file: d.file.ref(), cloexec: d.cloexec });
      for (const [signal, handler] of parent.handlers) if (handler === 'ignore') proc.handlers.set(signal, handler);
      for (const signal of parent.blocked) proc.blocked.add(signal);
      proc.ppid = parent;
      parent.children.add(proc);
    }
    if (options.session) {
      proc.sid = proc.pgid = globalPid;
      proc.tty = options.session.tty;
      if (proc.tty) {
        proc.tty.session = globalPid;
        proc.tty.foreground = globalPid;
      }
    } else if (options.pgid !== undefined) proc.pgid = options.pgid === 0 ? globalPid : options.pgid;
    this.processes.add(proc);
    this.forks++;
    const sys = new Sys(proc);
    proc.task = this.scheduler.spawn(exitWith(options.main(sys)), (error) => this.ended(proc, error));
    return proc;
  }

  /** Ends `proc` at once (do_exit). */
  terminate(proc: Process, status: WaitStatus): void {
    if (proc.status || this.ending.has(proc)) return;
    this.ending.set(proc, status);
    proc.task.kill();
  }

  private readonly ending = new Map<Process, WaitStatus>();

  /** Sends `signal` to every process of group `pgid` (a number of the initial PID namespace). */
  signalGroup(pgid: number, signal: Signal): void {
    for (const proc of [...this.processes]) if (proc.pgid === pgid) proc.deliver(signal);
  }

  private ended(proc: Process, error: unknown): void {
    let status = this.ending.get(proc);
    this.ending.delete(proc);
    if (!status) {
      if (error instanceof ProcessExit) status = { kind: 'exited', code: error.status & 0xff };
      else {
        this.onCrash(error, proc);
        status = { kind: 'signaled', signal: 'SIGSEGV' };
      }
    }
    for (const { file } of proc.fds.values()) file.unref();
    proc.fds.clear();
    proc.status = status;
    proc.stopped = false;
    for (const callback of proc.onExit) callback(status);
    const isInit = proc.pidIn(proc.ns.pid) === 1;
    if (isInit) for (const other of [...proc.ns.pid.processes.values()]) if (other !== proc) other.deliver('SIGKILL');
    const heir = isInit ? this.init : (proc.ns.pid.init ?? this.init);
    for (const child of proc.children) {
      child.ppid = heir;
      heir.children.add(child);
      if (child.status) heir.childChanged.wakeAll();
    }
    proc.children.clear();
    if (proc.tty && proc.sid === proc.pidIn(this.namespaces.pid)) {
      const { tty } = proc;
      if (tty.foreground) this.signalGroup(tty.foreground, 'SIGHUP');
      tty.session = 0;
      tty.foreground = 0;
    }
    const parent = proc.ppid;
    if (!parent || parent.status || parent.handlers.get('SIGCHLD') === 'ignore') this.collect(proc);
    else {
      parent.childChanged.wakeAll();
      parent.deliver('SIGCHLD');
    }
  }

  /** Forgets an ended process (release_task). */
  collect(proc: Process): void {
    this.processes.delete(proc);
    proc.ppid?.children.delete(proc);
    for (const [ns, pid] of proc.pids) ns.processes.delete(pid);
  }
}

/** The first 15 bytes of the base name, as TASK_COMM_LEN allows. */
export function commOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, 15);
}

function* reapForever(sys: Sys): Coroutine<number> {
  for (;;) yield* sys.waitpid(-1);
}

/** A process always ends by `ProcessExit`, whether its main returned or something below called exit(2). */
function* exitWith(body: Coroutine<number>): Coroutine<never> {
  throw new ProcessExit(yield* body);
}
