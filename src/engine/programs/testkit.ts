/** Runs single programs on a bare machine, for tests. */
import { decode, EMPTY, encode, Pipe, PipeEnd, Random, Scheduler, TtyFile } from '../core';
import type { Program } from '../host';
import { DeviceNode, FileNode, Machine, MemDir, shellStatus, SimpleDevice } from '../host';

/** What a program is run with. */
export interface RunOptions {
  readonly argv: readonly string[];
  readonly stdin?: string | Uint8Array;
  /** Files below the working directory `/work`, by relative path; a name ending in `/` is a directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard streams on a terminal of this many columns. */
  readonly columns?: number;
  /** Steps after which the run is given up. */
  readonly steps?: number;
}

/** What came out of it. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
  readonly machine: Machine;
}

/** A machine with the usual directories, `/dev/null` and an executable file for each of `programs`. */
export function bareMachine(programs: readonly Program[]): Machine {
  const machine = new Machine({
    name: 'host',
    scheduler: new Scheduler(1_790_000_000_000_000),
    random: new Random('test'),
    programs: new Map(programs.map((p) => [p.name, p])),
  });
  machine.onCrash = (e) => {
    throw e;
  };
  const { now } = machine.scheduler;
  for (const dir of [
    'usr',
    'etc',
    'tmp',
    'dev',
    'work',
    'usr/bin',
    'usr/sbin',
    'root',
    'proc',
    'sys',
    'run',
    'home',
    'var',
  ])
    mkdirs(machine, dir);
  const dev = dirAt(machine, 'dev');
  dev.link('null', new DeviceNode(1, 3, () => new SimpleDevice('/dev/null', () => EMPTY)).touch(now));
  dirAt(machine, 'etc').link('passwd', new FileNode(0o644, 'root:x:0:0:root:/root:/bin/bash\n').touch(now));
  dirAt(machine, 'etc').link('group', new FileNode(0o644, 'root:x:0:\n').touch(now));
  for (const p of programs) {
    for (const path of [p.path, ...(p.links ?? [])]) {
      const file = new FileNode(0o755);
      file.program = p.name;
      const at = path.lastIndexOf('/');
      mkdirs(machine, path.slice(1, at)).link(path.slice(at + 1), file.touch(now));
    }
  }
  machine.rootDir.link('bin', dirAt(machine, 'usr/bin'));
  return machine;
}

/** Runs one program to its end. */
export function runProgram(
  programs: readonly Program[],
  options: RunOptions,
  machine = bareMachine(programs),
): RunResult {
  const { now } = machine.scheduler;
  for (const [path, contents] of Object.entries(options.files ?? {})) {
    const full = `work/${path}`;
    if (path.endsWith('/')) mkdirs(machine, full.slice(0, -1));
    else {
      const at = full.lastIndexOf('/');
      mkdirs(machine, full.slice(0, at)).link(full.slice(at + 1), new FileNode(0o644, contents).touch(now));
    }
  }
  const out: string[][] = [[], []];
  const [name = ''] = options.argv;
  let status = -1;
  const pipes = [new Pipe(1), new Pipe(2), new Pipe(3)];
  const tty = options.columns === undefined ? undefined : machine.openTty();
  if (tty) tty.columns = options.columns!;
  const collect = [1, 2].map((n) => new PipeEnd(pipes[n]!, 'read'));
  const feed = new PipeEnd(pipes[0]!, 'write');
  const proc = machine.spawn({
    parent: machine.init,
    argv: options.argv,
    *main(sys) {
      if (tty) for (let n = 0; n < 3; n++) sys.install(new TtyFile(tty));
      else {
        sys.install(new PipeEnd(pipes[0]!, 'read'));
        sys.install(new PipeEnd(pipes[1]!, 'write'));
        sys.install(new PipeEnd(pipes[2]!, 'write'));
      }
      sys.proc.cwd = '/work';
      const path = sys.which(name);
      if (!path) return 127;
      return yield* sys.exec(path, options.argv);
    },
  });
  proc.env = new Map(
    Object.entries({ PATH: '/usr/bin:/usr/sbin', LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: '/root', ...options.env }),
  );
  proc.onExit.push((s) => (status = shellStatus(s)));
  const input = typeof options.stdin === 'string' ? encode(options.stdin) : (options.stdin ?? EMPTY);
  let fed = 0;
  let closed = false;
  let guard = options.steps ?? 2_000_000;
  const drain = (): void => {
    collect.forEach((end, i) => {
      for (let part = end.pipe.take(65536); part.length > 0; part = end.pipe.take(65536)) out[i]!.push(latin(part));
    });
  };
  for (;;) {
    if (fed < input.length) fed += feed.pipe.put(input.subarray(fed, fed + 32768));
    else if (!closed) {
      closed = true;
      feed.discard();
    }
    drain();
    if (status >= 0 || guard-- <= 0 || !machine.scheduler.step()) break;
  }
  drain();
  const text = (parts: string[]): string => decode(Uint8Array.from([...parts.join('')].map((c) => c.charCodeAt(0))));
  const screen = tty ? decode(tty.takeOutput()) : '';
  return { stdout: tty ? screen : text(out[0]!), stderr: text(out[1]!), exit: status, machine };
}

function latin(bytes: Uint8Array): string {
  let s = '';
  for (const b of bytes) s += String.fromCharCode(b);
  return s;
}

function dirAt(machine: Machine, path: string): MemDir {
  let dir = machine.rootDir;
  for (const part of path.split('/')) dir = dir.lookup(part) as MemDir;
  return dir;
}

function mkdirs(machine: Machine, path: string): MemDir {
  let dir = machine.rootDir;
  for (const part of path.split('/').filter((p) => p !== '')) {
    let next = dir.lookup(part) as MemDir | undefined;
    if (!next) {
      next = new MemDir(0o755);
      next.touch(machine.scheduler.now);
      dir.link(part, next);
    }
    dir = next;
  }
  return dir;
}
