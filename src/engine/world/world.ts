import type { Micros, OpenFile, Tty } from '../core';
import { concat, decode, isErrno, OpenFile as OpenFileBase, Random, Scheduler, TtyFile } from '../core';
import type { Caller, Coroutine, WaitQueue } from '../core';
import { Machine, shellStatus, useInodeNumbers } from '../host';
import type { Process, Program, Sys } from '../host';

/** Where something runs: on a machine, or in one of its named network namespaces. */
export interface Spot {
  readonly machine: string;
  readonly netns?: string;
}

/** What a command did. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status as a shell shows it; 124 when virtual time ran out, 125 when the step budget did. */
  readonly status: number;
  /** Virtual microseconds it took. */
  readonly took: Micros;
  /** Both streams in the order in which they were written. */
  readonly screen: string;
}

/** Limits of `exec`. */
export interface RunOptions {
  /** Virtual microseconds after which the command is killed. Default 120 s. */
  readonly timeout?: Micros;
  /** Steps after which the command is killed. */
  readonly steps?: number;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What an interactive shell tells its world; the journal's undo marks are made of these. */
export interface ShellEvent {
  readonly kind: 'prompt' | 'command';
  readonly tty: string;
  readonly text: string;
}

const DEFAULT_TIMEOUT: Micros = 120_000_000;
const DEFAULT_STEPS = 20_000_000;
/** Output kept of one command; what comes after is dropped. */
const MAX_OUTPUT = 8 * 1024 * 1024;

/**
 * A whole simulated world: machines that share one virtual clock and one seed. Nothing in it moves unless its owner calls
 * `step`, `run` or `exec`; equal seeds and equal inputs at equal points give equal worlds.
 */
export class World {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly machines = new Map<string, Machine>();
  /** Virtual time at which the world began. */
  readonly epoch: Micros;
  private readonly inodes = { next: 1 };

  /**
   * @param name the topology's name, for messages.
   * @param seed any text.
   * @param epoch virtual time at the start, microseconds since 1970; the same for all labs so that outputs repeat.
   */
  constructor(
    readonly name: string,
    readonly seed: string,
    private readonly programs: ReadonlyMap<string, Program>,
    epoch: Micros = START_OF_TIME,
  ) {
    this.activate();
    this.epoch = epoch;
    this.scheduler = new Scheduler(epoch);
    this.scheduler.onResume = () => this.activate();
    this.random = new Random(`${name}/${seed}`);
  }

  /**
   * Makes this the world whose turn it is. Several worlds may live side by side, but whoever steps the scheduler of one
   * directly must say so before each turn; `exec`, `run` and `settle` do.
   */
  activate(): void {
    useInodeNumbers(this.inodes);
  }

  /** Virtual now. */
  get now(): Micros {
    return this.scheduler.now;
  }

  /** Adds a machine. */
  addMachine(name: string): Machine {
    const machine = new Machine({
      name,
      scheduler: this.scheduler,
      random: this.random.fork(name),
      programs: this.programs,
    });
    machine.onShellEvent = (event) => this.onShellEvent?.(event, machine);
    this.machines.set(name, machine);
    return machine;
  }

  /** A machine by name. @throws Error when there is none. */
  machine(name: string): Machine {
    const machine = this.machines.get(name);
    if (!machine)
      throw new Error(`this world has no machine "${name}" (it has: ${[...this.machines.keys()].join(', ')})`);
    return machine;
  }

  /** Called by interactive shells through their machine. */
  onShellEvent: ((event: ShellEvent, machine: Machine) => void) | null = null;

  /** Starts a login shell on a new terminal at `spot`. */
  openTerminal(spot: Spot, columns: number, rows: number): { tty: Tty; shell: Process } {
    this.activate();
    const machine = this.machine(spot.machine);
    const tty = machine.openTty();
    tty.columns = columns;
    tty.rows = rows;
    const shell = machine.spawn({
      parent: machine.init,
      session: { tty },
      argv: ['-bash'],
      main: function* (sys) {
        loginEnvironment(sys, spot);
        sys.proc.env.set('TERM', 'xterm-256color');
        const file = new TtyFile(tty);
        for (let fd = 0; fd < 3; fd++) sys.install(file, fd);
        return yield* sys.exec(...command(spot, ['-bash'], true));
      },
    });
    shell.onExit.push(() => machine.closeTty(tty));
    return { tty, shell };
  }

  /**
   * Runs `script` with bash at `spot`, driving the whole world until it has ended. Background processes that it leaves stay.
   * @throws Stalled when a program has to be fetched first (never with the eager table); make the world again then.
   */
  exec(spot: Spot, script: string, options: RunOptions = {}): RunResult {
    this.activate();
    this.scheduler.mustGoOn();
    const machine = this.machine(spot.machine);
    const out = new Capture();
    const err = new Capture(out);
    const started = this.now;
    const deadline = started + (options.timeout ?? DEFAULT_TIMEOUT);
    let budget = options.steps ?? DEFAULT_STEPS;
    let status = -1;
    const proc = machine.spawn({
      parent: machine.init,
      session: { tty: null },
      argv: ['bash'],
      main: function* (sys) {
        loginEnvironment(sys, spot);
        for (const [name, value] of Object.entries(options.env ?? {})) sys.proc.env.set(name, value);
        if (options.cwd !== undefined) sys.files.chdir(options.cwd);
        sys.install(yield* stdin(sys, options.stdin), 0);
        sys.install(out, 1);
        sys.install(err, 2);
        return yield* sys.exec(...command(spot, ['bash', '-c', script], false));
      },
    });
    proc.onExit.push((s) => (status = shellStatus(s)));
    while (status < 0) {
      // A busy loop moves the clock, too, so the deadline is not only a matter of waiting.
      if (budget-- <= 0 || this.now > deadline || !this.scheduler.step(deadline)) {
        this.scheduler.mustGoOn();
        this.scheduler.idleTo(deadline);
        status = budget <= 0 ? 125 : 124;
        for (const p of [...machine.processes]) if (p.sid === proc.sid) p.deliver('SIGKILL');
        this.settle(1000);
      }
    }
    this.scheduler.mustGoOn();
    const took = this.now - started;
    return { stdout: out.text(), stderr: err.text(), status, took, screen: out.everything() };
  }

  /** Runs what a machine does while it boots. @throws Error when it fails: a mistake in the topology, not of a learner. */
  boot(machine: Machine, script: string): void {
    const { status, stderr } = this.exec({ machine: machine.name }, script);
    if (status !== 0) throw new Error(`${machine.name} does not boot (${status}): ${stderr}`);
  }

  /** Runs for `micros` of virtual time, or until `steps` steps were made. @throws Stalled */
  run(micros: Micros, steps = DEFAULT_STEPS): void {
    this.activate();
    const limit = this.now + micros;
    while (steps-- > 0 && this.now < limit && this.scheduler.step(limit));
    this.scheduler.mustGoOn();
    this.scheduler.idleTo(limit);
  }

  /** Runs until nothing is ready any more, at most `steps` steps; virtual time passes only by work done. @throws Stalled */
  settle(steps: number): void {
    this.activate();
    while (steps-- > 0 && this.scheduler.busy && this.scheduler.step(this.now));
    this.scheduler.mustGoOn();
  }
}

/** When every world begins: 2026-11-23 09:00:00 UTC. */
export const START_OF_TIME: Micros = 1_795_424_400_000_000;

function loginEnvironment(sys: Sys, spot: Spot): void {
  const env = sys.proc.env;
  env.set('HOME', '/root');
  env.set('USER', 'root');
  env.set('LOGNAME', 'root');
  env.set('SHELL', '/bin/bash');
  env.set('LANG', 'C.UTF-8');
  env.set('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  // Debian's prompt shows $debian_chroot in parentheses: here it names the namespace.
  if (spot.netns !== undefined) env.set('debian_chroot', spot.netns);
  if (sys.files.exists('/root')) sys.files.chdir('/root');
}

function command(spot: Spot, argv: readonly string[], login: boolean): [string, string[]] {
  if (spot.netns === undefined) return ['/bin/bash', [...argv]];
  const inner = login ? ['bash', '-l'] : argv;
  return ['/usr/sbin/ip', ['ip', 'netns', 'exec', spot.netns, ...inner]];
}

function* stdin(sys: Sys, text: string | undefined): Coroutine<OpenFile> {
  const fd = yield* sys.open('/dev/null', { read: true });
  const file = sys.file(fd).ref();
  sys.close(fd);
  if (text === undefined) return file;
  const [r, w] = sys.pipe();
  sys.fork(function* (child) {
    try {
      yield* child.write(w, text);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
    return 0;
  });
  sys.close(w);
  const end = sys.file(r).ref();
  sys.close(r);
  return end;
}

/** Where a command's output is collected. */
class Capture extends OpenFileBase {
  readonly waitQueues: readonly WaitQueue[] = [];
  private readonly parts: Uint8Array[] = [];
  private readonly all: Uint8Array[];
  private size = 0;

  /** @param shared a capture whose record of everything this one adds to. */
  constructor(shared?: Capture) {
    super(false, true);
    this.all = shared?.all ?? [];
  }

  *read(): Coroutine<Uint8Array> {
    return new Uint8Array(0);
  }

  *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    if (this.size < MAX_OUTPUT) {
      const copy = data.slice();
      this.parts.push(copy);
      this.all.push(copy);
    }
    this.size += data.length;
    return data.length;
  }

  text(): string {
    return decode(concat(this.parts));
  }

  everything(): string {
    return decode(concat(this.all));
  }

  describe(): string {
    return 'pipe:[1]';
  }
}
