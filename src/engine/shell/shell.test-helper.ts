/** Runs scripts on a bare machine, for tests of the shell and of whoever needs one. */
import type { Tty } from '../core';
import { decode, EMPTY, encode, Random, Scheduler, TtyFile } from '../core';
import type { Process, Program } from '../host';
import { DeviceNode, FileNode, Machine, MagicLink, MemDir, shellStatus, SimpleDevice, ComputedDir } from '../host';
import { bash, sh } from './index';

/** What a script printed. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  readonly machine: Machine;
}

/** How a script is run. */
export interface ScriptOptions {
  /** Programs besides bash and sh. */
  readonly programs?: readonly Program[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files by absolute path; a name that ends in `/` is a directory, contents that start with `#!` make it executable. */
  readonly files?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Instead of `bash -c SCRIPT`. */
  readonly argv?: readonly string[];
  /** Steps after which the run is given up. */
  readonly steps?: number;
}

function dirAt(machine: Machine, path: string): MemDir {
  let dir = machine.rootDir;
  for (const part of path.split('/').filter((p) => p !== '')) {
    let next = dir.lookup(part);
    if (!next) dir.link(part, (next = new MemDir(0o755).touch(machine.scheduler.now)));
    dir = next as MemDir;
  }
  return dir;
}

/** A machine with the usual directories, /dev and `programs`, bash and sh installed. */
export function shellMachine(options: ScriptOptions = {}): Machine {
  const programs = [bash, sh, ...(options.programs ?? [])];
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
  for (const d of ['/usr/bin', '/bin', '/etc', '/tmp', '/root', '/work', '/dev']) dirAt(machine, d);
  const dev = dirAt(machine, '/dev');
  dev.link('null', new DeviceNode(1, 3, () => new SimpleDevice('/dev/null', () => EMPTY)).touch(now));
  dev.link('zero', new DeviceNode(1, 5, () => new SimpleDevice('/dev/zero', (n) => new Uint8Array(n))).touch(now));
  dev.link(
    'fd',
    new ComputedDir(
      (p) => [...p.fds.keys()].map(String),
      (name, p) => {
        const d = p.fds.get(Number(name));
        if (!d) return undefined;
        const device = new DeviceNode(0, 0, () => d.file);
        return new MagicLink(
          () => d.file.describe(),
          () => device,
        );
      },
    ),
  );
  dirAt(machine, '/etc').link('passwd', new FileNode(0o644, 'root:x:0:0:root:/root:/bin/bash\n').touch(now));
  for (const p of programs) {
    for (const path of [p.path, ...(p.links ?? [])]) {
      const node = new FileNode(0o755);
      node.program = p.name;
      dirAt(machine, path.slice(0, path.lastIndexOf('/'))).link(path.slice(path.lastIndexOf('/') + 1), node.touch(now));
    }
  }
  for (const [path, text] of Object.entries(options.files ?? {})) {
    if (path.endsWith('/')) dirAt(machine, path);
    else {
      const mode = text.startsWith('#!') ? 0o755 : 0o644;
      dirAt(machine, path.slice(0, path.lastIndexOf('/'))).link(
        path.slice(path.lastIndexOf('/') + 1),
        new FileNode(mode, text).touch(now),
      );
    }
  }
  return machine;
}

/** Runs `bash -c script` and returns what it printed and its status. */
export function runScript(script: string, options: ScriptOptions = {}): ScriptResult {
  const machine = shellMachine(options);
  const out = new FileNode();
  const err = new FileNode();
  machine.rootDir.link('stdin', new FileNode(0o644, options.stdin ?? ''));
  machine.rootDir.link('stdout', out);
  machine.rootDir.link('stderr', err);
  const argv = options.argv ?? ['bash', '-c', script];
  const proc = machine.spawn({
    parent: machine.init,
    argv,
    main: function* (sys) {
      sys.proc.cwd = options.cwd ?? '/work';
      const env = { PATH: '/usr/bin:/bin', HOME: '/root', LC_ALL: 'C.UTF-8', ...options.env };
      sys.proc.env = new Map(Object.entries(env));
      const open = function* (path: string, write: boolean) {
        return yield* sys.open(path, write ? { write: true, append: true } : { read: true });
      };
      yield* open('/stdin', false);
      yield* open('/stdout', true);
      yield* open('/stderr', true);
      const path = argv[0]!.includes('/') ? argv[0]! : `/usr/bin/${argv[0]!.replace(/^-/, '')}`;
      return yield* sys.exec(path, argv);
    },
  });
  let status = -1;
  proc.onExit.push((s) => (status = shellStatus(s)));
  let guard = options.steps ?? 2_000_000;
  while (status < 0 && guard-- > 0 && machine.scheduler.step());
  // Background children may still print.
  for (let n = 0; n < 20_000 && machine.scheduler.busy && machine.scheduler.step(); n++);
  return { stdout: decode(out.contents), stderr: decode(err.contents), status, machine };
}

/** An interactive shell on a terminal: type, and see the screen. */
export class Session {
  readonly machine: Machine;
  readonly tty: Tty;
  readonly proc: Process;
  /** Everything the terminal has shown. */
  screen = '';
  status = -1;

  constructor(options: ScriptOptions = {}) {
    this.machine = shellMachine(options);
    this.tty = this.machine.openTty();
    const argv = options.argv ?? ['bash', '--norc'];
    const { tty } = this;
    this.proc = this.machine.spawn({
      parent: this.machine.init,
      argv,
      session: { tty },
      main: function* (sys) {
        sys.proc.cwd = options.cwd ?? '/work';
        sys.proc.env = new Map(
          Object.entries({ PATH: '/usr/bin:/bin', HOME: '/root', PS1: '$ ', TERM: 'xterm', ...options.env }),
        );
        for (let i = 0; i < 3; i++) sys.install(new TtyFile(tty));
        return yield* sys.exec('/usr/bin/bash', argv);
      },
    });
    this.proc.onExit.push((s) => (this.status = shellStatus(s)));
    this.run();
  }

  /** Types `text` and lets the machine run until nothing happens, or for `micros` of virtual time. */
  type(text: string, micros = 0): string {
    this.tty.input(encode(text));
    return this.run(micros);
  }

  /** Runs until idle, and `micros` further; returns what was shown meanwhile (CR removed). */
  run(micros = 0): string {
    const { scheduler } = this.machine;
    let shown = '';
    const until = scheduler.now + micros;
    let guard = 500_000;
    const take = (): void => void (shown += decode(this.tty.takeOutput()));
    while (guard-- > 0) {
      if (!scheduler.busy && micros === 0) break;
      if (micros > 0 && scheduler.now >= until) break;
      if (!scheduler.step(micros > 0 ? until : scheduler.now)) break;
      take();
    }
    take();
    if (micros > 0) scheduler.idleTo(until);
    shown = shown.replaceAll('\r', '');
    this.screen += shown;
    return shown;
  }
}
