import type { Caller, Coroutine, Signal, WaitQueue, Tty } from '../src/engine/core';
import { concat, decode, EMPTY, OpenFile, TtyFile } from '../src/engine/core';
import type { Machine, Process } from '../src/engine/host';
import { shellStatus } from '../src/engine/host';
import type { World } from '../src/engine/world';

/** What a started command has done so far. */
export interface Started {
  readonly proc: Process;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Exit status, or -1 while it runs. */
  readonly status: () => number;
}

/** How the recorder attached a command: a terminal for each stream, one for both, or pipes. */
export type Attachment = 'terminals' | 'one' | 'pipes';

/** Steps one recorded command may take; a loop that never ends is stopped there. */
const MAX_STEPS = 3_000_000;
const SECOND = 1_000_000;

/** Starts `argv` on `machine` the way the recorder did: in a session of its own, in /root, with a bare environment. */
export function start(
  machine: Machine,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  attachment: Attachment,
  cwd = '/root',
): Started {
  const out = new Stream(machine, attachment !== 'pipes');
  const err = attachment === 'one' ? out : new Stream(machine, attachment !== 'pipes');
  let status = -1;
  const proc = machine.spawn({
    parent: machine.init,
    session: { tty: out.tty },
    argv,
    main: function* (sys) {
      sys.proc.env.clear();
      for (const [name, value] of Object.entries(env)) sys.proc.env.set(name, value);
      sys.files.chdir(cwd);
      if (out.tty) sys.install(out.file, 0);
      else {
        const fd = yield* sys.open('/dev/null', { read: true });
        if (fd !== 0) throw new Error('the first descriptor is not 0');
      }
      sys.install(out.file, 1);
      sys.install(err.file, 2);
      return yield* sys.exec(sys.which(argv[0]!) ?? argv[0]!, argv);
    },
  });
  proc.onExit.push((s) => (status = shellStatus(s)));
  return {
    proc,
    stdout: () => out.text(),
    stderr: () => (attachment === 'one' ? '' : err.text()),
    status: () => status,
  };
}

/** Lets the world run until `started` has ended; Ctrl-C after `sigint` seconds, SIGTERM after `limit`, SIGKILL 2 s later. */
export function finish(world: World, started: Started, limit: number, sigint?: number): void {
  const from = world.now;
  let steps = 0;
  const until = (seconds: number): boolean => {
    const end = from + seconds * SECOND;
    while (started.status() < 0 && world.now < end && steps++ < MAX_STEPS && world.scheduler.step(end));
    if (started.status() < 0 && steps < MAX_STEPS) world.scheduler.idleTo(end);
    return started.status() >= 0;
  };
  if (sigint !== undefined && !until(sigint)) signal(started, 'SIGINT');
  if (until(limit)) return;
  signal(started, 'SIGTERM');
  steps = 0;
  if (until(limit + 2)) return;
  signal(started, 'SIGKILL');
  steps = 0;
  until(limit + 3);
}

/** Signals the command's process group. */
export function signal(started: Started, name: Signal): void {
  started.proc.machine.signalGroup(started.proc.pgid, name);
}

/** One output stream: a terminal of 80 by 24 that neither echoes nor adds CR, or a pipe. */
class Stream {
  readonly tty: Tty | null;
  readonly file: OpenFile;
  private readonly parts: Uint8Array[] = [];

  constructor(machine: Machine, terminal: boolean) {
    if (!terminal) {
      this.tty = null;
      this.file = new Sink(this.parts);
      return;
    }
    const tty = machine.openTty();
    tty.setTermios({ opost: false, echo: false });
    tty.onOutput = () => this.parts.push(tty.takeOutput());
    this.tty = tty;
    this.file = new TtyFile(tty);
  }

  text(): string {
    return decode(concat(this.parts));
  }
}

class Sink extends OpenFile {
  readonly waitQueues: readonly WaitQueue[] = [];

  constructor(private readonly parts: Uint8Array[]) {
    super(false, true);
  }

  *read(): Coroutine<Uint8Array> {
    return EMPTY;
  }

  *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    this.parts.push(data.slice());
    return data.length;
  }

  describe(): string {
    return 'pipe:[1]';
  }
}
