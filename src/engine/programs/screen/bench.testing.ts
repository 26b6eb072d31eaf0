/** A whole machine with a Debian tree for tests of programs that need /proc, a terminal or both. */
import type { Tty } from '../../core';
import { decode, encode, Pipe, PipeEnd, Random, Scheduler, TtyFile } from '../../core';
import type { Process, Program } from '../../host';
import { Machine, shellStatus } from '../../host';
import { buildRootfs } from '../../host/rootfs';
import '../../host/netfs/register';
import { Screen } from './vt.testing';

/** `sh -c 'words'` without any syntax, for programs that start commands through a shell. */
const SH: Program = {
  name: 'sh',
  path: '/bin/sh',
  summary: 'a stand-in for the shell',
  *main(sys, argv) {
    for (const command of (argv[2] ?? '').split(';')) {
      const words = command.trim().split(' ');
      const path = sys.which(words[0]!);
      if (!path) {
        yield* sys.eprint(`sh: 1: ${words[0]!}: not found\n`);
        return 127;
      }
      const child = sys.spawn(path, words);
      yield* sys.waitpid(child.pid);
    }
    return 0;
  },
};

/** A program that ran to its end. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

export class ProgramBench {
  readonly machine: Machine;

  constructor(programs: readonly Program[]) {
    const all = [...programs, SH];
    this.machine = new Machine({
      name: 'host',
      scheduler: new Scheduler(1_790_000_000_000_000),
      random: new Random('test'),
      programs: new Map(all.map((p) => [p.name, p])),
    });
    this.machine.onCrash = (error) => {
      throw error;
    };
    buildRootfs(this.machine);
    this.pass(5_000_000);
  }

  /** Starts `argv` in the background without terminal and output. */
  start(...argv: string[]): Process {
    const proc = this.spawn(argv, []);
    this.pass(0);
    return proc;
  }

  /** Runs `argv` to its end. */
  run(argv: readonly string[], stdin = '', env: Record<string, string> = {}): Outcome {
    const pipes = [new Pipe(1), new Pipe(2), new Pipe(3)];
    const feed = new PipeEnd(pipes[0]!, 'write');
    pipes[0]!.put(encode(stdin));
    const collect = [1, 2].map((n) => new PipeEnd(pipes[n]!, 'read'));
    let status = -1;
    const files = [new PipeEnd(pipes[0]!, 'read'), new PipeEnd(pipes[1]!, 'write'), new PipeEnd(pipes[2]!, 'write')];
    const proc = this.spawn(argv, files, env);
    proc.onExit.push((s) => (status = shellStatus(s)));
    feed.discard();
    const out = ['', ''];
    for (let guard = 0; status < 0 && guard < 1_000_000; guard++) {
      if (!this.machine.scheduler.step()) break;
      collect.forEach((end, i) => (out[i] += decode(end.pipe.take(65536))));
    }
    collect.forEach((end, i) => (out[i] += decode(end.pipe.take(65536))));
    return { stdout: out[0]!, stderr: out[1]!, exit: status };
  }

  /** Lets `micros` of virtual time pass and everything that is due happen. */
  pass(micros: number): void {
    const { scheduler } = this.machine;
    const until = scheduler.now + micros;
    for (let guard = 0; guard < 1_000_000 && scheduler.step(Math.max(until, scheduler.now)); guard++) {
      if (scheduler.now > until + 1_000_000) break;
    }
    if (scheduler.now < until) scheduler.idleTo(until);
  }

  /** Puts a program on a terminal. */
  screen(argv: readonly string[], options: { columns?: number; rows?: number; stdin?: string } = {}): ScreenRun {
    return new ScreenRun(this, argv, options);
  }

  /** @internal */
  spawn(
    argv: readonly string[],
    files: readonly (PipeEnd | TtyFile)[],
    env: Record<string, string> = {},
    tty?: Tty,
  ): Process {
    const proc = this.machine.spawn({
      parent: this.machine.init,
      argv,
      ...(tty ? { session: { tty } } : {}),
      *main(sys) {
        files.forEach((f, fd) => {
          if (f instanceof PipeEnd || fd < 3) sys.install(f, fd);
        });
        sys.proc.cwd = '/tmp';
        const path = sys.which(argv[0]!);
        if (!path) return 127;
        return yield* sys.exec(path, argv);
      },
    });
    proc.env = new Map(Object.entries({ PATH: '/usr/sbin:/usr/bin', LC_ALL: 'C.UTF-8', HOME: '/root', ...env }));
    return proc;
  }
}

/** A program on a terminal. */
export class ScreenRun {
  readonly tty: Tty;
  readonly screen: Screen;
  readonly process: Process;
  exit = -1;
  sent = '';
  private readonly stream = new TextDecoder();

  constructor(
    private readonly bench: ProgramBench,
    argv: readonly string[],
    options: { columns?: number; rows?: number; stdin?: string },
  ) {
    this.tty = bench.machine.openTty();
    this.screen = new Screen(options.columns ?? 40, options.rows ?? 10);
    this.tty.columns = this.screen.columns;
    this.tty.rows = this.screen.rows;
    let first: PipeEnd | TtyFile = new TtyFile(this.tty);
    if (options.stdin !== undefined) {
      const pipe = new Pipe(9);
      const write = new PipeEnd(pipe, 'write');
      first = new PipeEnd(pipe, 'read');
      pipe.put(encode(options.stdin));
      write.discard();
    }
    this.process = bench.spawn(argv, [first, new TtyFile(this.tty), new TtyFile(this.tty)], {}, this.tty);
    this.process.onExit.push((s) => (this.exit = shellStatus(s)));
    this.settle();
  }

  /** Types keys one after the other. */
  type(...keys: string[]): this {
    for (const key of keys) {
      this.tty.input(encode(key));
      this.settle();
    }
    return this;
  }

  pass(micros: number): this {
    this.bench.pass(micros);
    return this.settle();
  }

  resize(columns: number, rows: number): this {
    this.screen.resize(columns, rows);
    this.tty.resize(columns, rows);
    return this.settle();
  }

  get rows(): string[] {
    return this.screen.text;
  }

  /** The last row. */
  get bottom(): string {
    return this.screen.text[this.screen.rows - 1]!;
  }

  private settle(): this {
    const { scheduler } = this.bench.machine;
    // Long enough for an escape byte that waits for more.
    const until = scheduler.now + 100_000;
    for (let guard = 0; guard < 1_000_000; guard++) {
      if (!scheduler.step(until)) break;
      this.take();
    }
    this.take();
    return this;
  }

  private take(): void {
    const text = this.stream.decode(this.tty.takeOutput(), { stream: true });
    this.sent += text;
    this.screen.write(text);
  }
}
