/** The master process: it opens sockets and logs, and starts and ends workers (ngx_process_cycle.c). */
import type { Coroutine, Signal } from '../../../core';
import { errnoNumber, isErrno, SIGNALS } from '../../../core';
import type { Process, Sys } from '../../../host';
import type { TcpSocket } from '../../../net';
import { tcpSocket } from '../../network/sockets';
import { readAccounts } from '../../processes/users';
import type { NginxBuild } from './build';
import type { CommandLine } from './command-line';
import type { Config, Listener } from './config';
import { showListen } from './config';
import type { Level } from './exchange';
import { ConfigReader } from './load';
import type { LogDefaults } from './log';
import { logError, openLogs, startMessage } from './log';
import { ConfigError, NotSimulated } from './parser';
import type { PeerGroup } from './upstream';
import { resolveUpstreams } from './upstream';
import { worker } from './worker';

/** Times that bind(2) is tried while an address is in use, and the pause between, microseconds (ngx_open_listening_sockets). */
const BIND_TRIES = 5;
const BIND_PAUSE = 500_000;
/** More workers than this make no difference to anyone here. */
const MAX_WORKERS = 64;

/** A listening socket of the master. */
interface Listening {
  readonly fd: number;
  readonly socket: TcpSocket;
  readonly listener: Listener;
}

/** One master process from its start to its end. */
export class Master {
  private readonly workers = new Set<Process>();
  /** Workers of an older configuration, on their way out. */
  private readonly retired = new Set<Process>();
  private sockets: Listening[] = [];
  private logs = new Map<string, number>();
  private groups = new Map<string, PeerGroup>();
  private config!: Config;
  private stop = false;
  private quit = false;
  private reload = false;
  private reopen = false;

  constructor(
    private readonly sys: Sys,
    private readonly o: CommandLine,
    private readonly build: NginxBuild,
  ) {}

  private get defaults(): LogDefaults {
    return { errorLog: this.o.errorLog, accessLog: this.build.accessLog };
  }

  /** Checks everything, opens logs and sockets (ngx_init_cycle). @throws ConfigError */
  *start(config: Config): Coroutine<void> {
    this.config = config;
    this.groups = yield* resolveUpstreams(this.sys, config);
    this.logs = yield* openLogs(this.sys, config, this.defaults);
    yield* this.listen(config);
  }

  private *listen(config: Config): Coroutine<void> {
    const { sys } = this;
    const kept: Listening[] = [];
    let failed = false;
    // A wildcard covers the addresses of its port.
    const wild = config.listeners.filter((l) => l.address === 0);
    const wanted = config.listeners.filter(
      (l) => l.address === 0 || typeof l.address === 'string' || !wild.some((w) => w.port === l.port),
    );
    for (const listener of wanted) {
      const old = this.sockets.find(
        (s) => s.listener.address === listener.address && s.listener.port === listener.port,
      );
      if (old) {
        kept.push({ ...old, listener });
        continue;
      }
      for (let tries = 1; ; tries++) {
        const socket = tcpSocket(sys, typeof listener.address === 'number' ? 'inet' : 'inet6');
        socket.reuseAddr = true;
        socket.reusePort = listener.reusePort;
        socket.v6only = listener.v6only;
        const fd = sys.install(socket);
        try {
          socket.bind({ address: listener.address, port: listener.port });
          socket.listen(listener.backlog);
          kept.push({ fd, socket, listener });
          break;
        } catch (e) {
          if (!isErrno(e)) throw e;
          sys.close(fd);
          yield* this.say('emerg', `bind() to ${showListen(listener)} failed (${errnoNumber(e.code)}: ${e.message})`);
          failed = true;
          if (!isErrno(e, 'EADDRINUSE')) {
            this.sockets = kept;
            throw new ConfigError('');
          }
          if (tries === BIND_TRIES) break;
          yield* this.say('notice', 'try again to bind() after 500ms');
          yield* sys.sleep(BIND_PAUSE);
        }
      }
      if (failed && !kept.some((k) => k.listener === listener)) {
        yield* this.say('emerg', 'still could not bind()');
        this.sockets = kept;
        throw new ConfigError('');
      }
    }
    for (const s of this.sockets) if (!kept.some((k) => k.fd === s.fd)) sys.close(s.fd);
    this.sockets = kept;
  }

  /** Says something while it starts: on standard error and, if that is another place, in the log. */
  *say(level: Level, text: string): Coroutine<void> {
    if (level !== 'notice') yield* this.sys.eprint(startMessage(this.sys, this.o.errorLog, level, text));
    if (this.config && this.logs.size > 1) yield* this.log(level, text);
  }

  private *log(level: Level, text: string): Coroutine<void> {
    yield* logError(this.sys, this.logs, this.defaults, this.config.main, this.sys.pid, level, text);
  }

  get pidFile(): string {
    return this.config.main.own('pid')?.args[0] ?? this.build.pidFile;
  }

  /** The life of the master behind fork(2) and daemon(3): the same state in another process, whose streams lead nowhere. */
  *runDaemon(sys: Sys, argv: readonly string[]): Coroutine<number> {
    const fd = yield* sys.open('/dev/null', { read: true, write: true });
    sys.dup2(fd, 0);
    sys.dup2(fd, 1);
    if (fd > 2) sys.close(fd);
    const copy = Object.assign(Object.create(Master.prototype) as object, this, { sys }) as Master;
    return yield* copy.run(argv);
  }

  /** The life of the master. */
  *run(argv: readonly string[]): Coroutine<number> {
    const { sys } = this;
    const release = sys.machine.log ? yield* osRelease(sys) : '';
    sys.proc.argv = [`nginx: master process ${argv.join(' ')}`];
    try {
      yield* sys.writeFile(this.pidFile, `${sys.pid}\n`, 0o644);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* this.say('emerg', `open() "${this.pidFile}" failed (${errnoNumber(e.code)}: ${e.message})`);
      return 1;
    }
    this.catchSignals();
    yield* this.log('notice', 'using the "epoll" event method');
    yield* this.log('notice', `nginx/${this.build.version}`);
    yield* this.log('notice', `OS: Linux ${release}`);
    yield* this.log('notice', 'getrlimit(RLIMIT_NOFILE): 1024:1048576');
    yield* this.startWorkers();
    let leaving = false;
    for (;;) {
      if (this.stop || this.quit) {
        if (!leaving) {
          const signal = this.stop ? 'SIGTERM' : 'SIGQUIT';
          for (const w of this.workers) w.deliver(signal);
        }
        leaving = true;
        if (this.stop) for (const w of this.workers) w.deliver('SIGTERM');
      }
      if (leaving && this.workers.size === 0) break;
      if (this.reload) yield* this.reconfigure();
      if (this.reopen) {
        this.reopen = false;
        yield* this.log('notice', 'reopening logs');
      }
      yield* this.reap(leaving);
      if ((leaving && this.workers.size === 0) || this.reload) continue;
      if (((this.stop || this.quit) && !leaving) || [...this.workers].some((w) => w.status !== null)) continue;
      yield* sys.wait([sys.proc.childChanged]);
    }
    yield* this.log('notice', 'exit');
    try {
      sys.files.unlink(this.pidFile);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
    return 0;
  }

  private catchSignals(): void {
    const { sys } = this;
    const on = (signal: Signal, set: () => void): void =>
      sys.onSignal(
        signal,
        () => {
          set();
          sys.proc.childChanged.wakeAll();
        },
        true,
      );
    on('SIGTERM', () => (this.stop = true));
    on('SIGINT', () => (this.stop = true));
    on('SIGQUIT', () => (this.quit = true));
    on('SIGHUP', () => (this.reload = true));
    on('SIGUSR1', () => (this.reopen = true));
  }

  private *startWorkers(): Coroutine<void> {
    const { sys, config } = this;
    const setting = config.main.own('worker_processes')?.args[0] ?? '1';
    const n = setting === 'auto' ? sys.machine.cpus : Number(setting);
    yield* this.log('notice', 'start worker processes');
    for (let i = 0; i < Math.min(n, MAX_WORKERS); i++) yield* this.spawn();
  }

  private *spawn(): Coroutine<void> {
    const { sys, config } = this;
    const setup = {
      config,
      groups: this.groups,
      logs: this.logs,
      defaults: this.defaults,
      version: `nginx/${this.build.version}`,
      sockets: this.sockets,
    };
    const user = config.main.own('user')?.args[0] ?? 'www-data';
    const account = (yield* readAccounts(sys)).find((a) => a.name === user);
    const child = sys.fork(function* (inner) {
      return yield* worker(inner, setup);
    });
    child.argv = ['nginx: worker process'];
    if (sys.proc.uid === 0 && account && account.uid !== 0) {
      child.uid = account.uid;
      child.gid = account.gid;
    }
    this.workers.add(child);
    yield* this.log('notice', `start worker process ${child.pidIn(sys.proc.ns.pid)}`);
  }

  private *reap(leaving: boolean): Coroutine<void> {
    const { sys } = this;
    for (const w of [...this.workers]) {
      if (!w.status) continue;
      this.workers.delete(w);
      const pid = w.pidIn(sys.proc.ns.pid);
      const { status } = w;
      yield* this.log('notice', 'signal 17 (SIGCHLD) received');
      const how =
        status.kind === 'signaled'
          ? `exited on signal ${SIGNALS[status.signal]}`
          : `exited with code ${status.kind === 'exited' ? status.code : 0}`;
      yield* this.log(status.kind === 'signaled' ? 'alert' : 'notice', `worker process ${pid} ${how}`);
      sys.machine.collect(w);
      if (!leaving && !this.retired.has(w)) yield* this.spawn();
      this.retired.delete(w);
    }
  }

  private *reconfigure(): Coroutine<void> {
    const { sys, o } = this;
    this.reload = false;
    yield* this.log('notice', 'signal 1 (SIGHUP) received, reconfiguring');
    yield* this.log('notice', 'reconfiguring');
    const before = { config: this.config, groups: this.groups, logs: this.logs };
    try {
      const reader = new ConfigReader(sys);
      const config = yield* reader.load(o.configuration, o.globals);
      this.groups = yield* resolveUpstreams(sys, config);
      this.logs = yield* openLogs(sys, config, this.defaults);
      this.config = config;
      yield* this.listen(config);
    } catch (e) {
      if (!(e instanceof ConfigError)) throw e;
      Object.assign(this, before);
      if (e.message !== '')
        yield* this.log('emerg', e instanceof NotSimulated ? `not simulated in this course: ${e.message}` : e.message);
      return;
    }
    const old = [...this.workers];
    for (const w of old) this.retired.add(w);
    yield* this.startWorkers();
    for (const [path, fd] of before.logs) if (path !== 'stderr') sys.close(fd);
    for (const w of old) w.deliver('SIGQUIT');
  }
}

function* osRelease(sys: Sys): Coroutine<string> {
  try {
    return (yield* sys.readFile('/proc/sys/kernel/osrelease')).trim();
  } catch (e) {
    if (!isErrno(e)) throw e;
    return '';
  }
}
