/** nginx(8): the command line, the master process and its workers. */
import type { Coroutine } from '../../../core';
import { errnoNumber, isErrno } from '../../../core';
import type { Process, Program, Sys } from '../../../host';
import type { TcpSocket } from '../../../net';
import { globRegex } from '../../lib/glob';
import { tcpSocket } from '../../network/sockets';
import type { Config, Listener } from './config';
import { ConfigBuilder, showListen } from './config';
import { checkDirective } from './directives';
import type { Level } from './exchange';
import type { LogDefaults } from './log';
import { errorPrefix, logError, openLogs } from './log';
import type { Directive } from './parser';
import { at, ConfigError, NotSimulated, parseFile } from './parser';
import type { PeerGroup } from './upstream';
import { resolveUpstreams } from './upstream';
import { checkVariables } from './variables';
import { worker } from './worker';

/** What differs between builds of nginx: Debian's and the ones in images. */
export interface NginxBuild {
  /** Such as `1.22.1`. */
  readonly version: string;
  readonly configuration: string;
  readonly pidFile: string;
  readonly accessLog: string;
  /** `stderr` or a path. */
  readonly errorLog: string;
  readonly prefix: string;
}

/** Debian 12's. */
export const DEBIAN_BUILD: NginxBuild = {
  version: '1.22.1',
  configuration: '/etc/nginx/nginx.conf',
  pidFile: '/run/nginx.pid',
  accessLog: '/var/log/nginx/access.log',
  errorLog: 'stderr',
  prefix: '/usr/share/nginx/',
};

interface CommandLine {
  test: boolean;
  dump: boolean;
  quiet: boolean;
  version: boolean;
  configure: boolean;
  help: boolean;
  signal: string | undefined;
  configuration: string;
  errorLog: string;
  globals: string;
}

/** A command line that nginx refuses, or a start that failed; printed as it is. */
class Fatal extends Error {}

function parseArgs(args: readonly string[], build: NginxBuild): CommandLine {
  const o: CommandLine = {
    test: false,
    dump: false,
    quiet: false,
    version: false,
    configure: false,
    help: false,
    signal: undefined,
    configuration: build.configuration,
    errorLog: build.errorLog,
    globals: '',
  };
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (!word.startsWith('-')) throw new Fatal(`nginx: invalid option: "${word}"\n`);
    for (let j = 1; j < word.length; j++) {
      const c = word[j]!;
      const value = (needs: string): string => {
        const inline = word.slice(j + 1);
        j = word.length;
        const v = inline === '' ? args[++i] : inline;
        if (v === undefined) throw new Fatal(`nginx: option "-${c}" requires ${needs}\n`);
        return v;
      };
      if (c === '?' || c === 'h') o.version = o.help = true;
      else if (c === 'v') o.version = true;
      else if (c === 'V') o.version = o.configure = true;
      else if (c === 't') o.test = true;
      else if (c === 'T') o.test = o.dump = true;
      else if (c === 'q') o.quiet = true;
      else if (c === 'p') value('directory name');
      else if (c === 'e') o.errorLog = value('file name');
      else if (c === 'c') o.configuration = value('file name');
      else if (c === 'g') o.globals = value('parameter');
      else if (c === 's') {
        o.signal = value('parameter');
        if (!['stop', 'quit', 'reopen', 'reload'].includes(o.signal))
          throw new Fatal(`nginx: invalid option: "-s ${o.signal}"\n`);
      } else throw new Fatal(`nginx: invalid option: "${c}"\n`);
    }
  }
  return o;
}

function usage(build: NginxBuild): string {
  return `Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: ${build.prefix})
  -e filename   : set error log file (default: ${build.errorLog})
  -c filename   : set configuration file (default: ${build.configuration})
  -g directives : set global directives out of configuration file

`;
}

/** A configuration that was read, with the files it came from. */
interface Loaded {
  readonly config: Config;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** Reads the configuration with everything it includes. @throws ConfigError */
class Reader {
  readonly files: { path: string; text: string }[] = [];

  constructor(private readonly sys: Sys) {}

  *load(path: string, globals: string): Coroutine<Config> {
    const given = globals === '' ? [] : parseFile(globals, 'command line', checkDirective, []);
    const directives = yield* this.file(path, [], undefined);
    const config = new ConfigBuilder().build([...given, ...directives]);
    const defined = new Set<string>(config.maps.map((m) => m.variable));
    const texts: string[] = config.maps.flatMap((m) => [m.source, ...m.entries.map((e) => e.value)]);
    const visit = (list: readonly Directive[]): void => {
      for (const d of list) {
        if (d.name === 'set') defined.add(d.args[0]!.slice(1));
        const named = [...d.args.join(' ').matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)];
        for (const m of named) defined.add(m[1]!);
        if (d.block && d.name !== 'map' && d.name !== 'types') visit(d.block);
        if (VARIABLE.has(d.name)) texts.push(...d.args.slice(d.name === 'rewrite' || d.name === 'set' ? 1 : 0));
      }
    };
    visit(config.main.directives);
    for (const format of config.formats.values()) texts.push(format);
    for (const t of texts) checkVariables(t, defined);
    return config;
  }

  private *file(path: string, parents: readonly string[], from: Directive | undefined): Coroutine<Directive[]> {
    let text: string;
    try {
      text = yield* this.sys.readFile(path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new ConfigError(`open() "${path}" failed (${errnoNumber(e.code)}: ${e.message})${from ? at(from) : ''}`);
    }
    this.files.push({ path, text });
    return yield* this.expand(parseFile(text, path, checkDirective, parents), path, parents);
  }

  /** Replaces `include` by what is in the files. */
  private *expand(list: readonly Directive[], path: string, parents: readonly string[]): Coroutine<Directive[]> {
    const out: Directive[] = [];
    for (const d of list) {
      if (d.name === 'include' && d.block === undefined) {
        if (this.files.length > 200) throw new ConfigError(`too many includes${at(d)}`);
        const base = path.slice(0, path.lastIndexOf('/'));
        const target = d.args[0]!.startsWith('/') ? d.args[0]! : `${base}/${d.args[0]!}`;
        const files = /[*?[]/.test(target) ? this.glob(target) : [target];
        for (const f of files) out.push(...(yield* this.file(f, parents, d)));
      } else if (d.block) out.push({ ...d, block: yield* this.expand(d.block, path, [...parents, d.name]) });
      else out.push(d);
    }
    return out;
  }

  private glob(pattern: string): string[] {
    const at = pattern.lastIndexOf('/');
    const dir = pattern.slice(0, at) || '/';
    const re = globRegex(pattern.slice(at + 1), { period: true });
    const { files } = this.sys;
    return files.exists(dir) && files.stat(dir).type === 'dir'
      ? files
          .readdir(dir)
          .filter((n) => re.test(n))
          .sort()
          .map((n) => `${dir}/${n}`)
      : [];
  }
}

const VARIABLE = new Set([
  'return',
  'rewrite',
  'set',
  'proxy_pass',
  'fastcgi_pass',
  'proxy_set_header',
  'add_header',
  'fastcgi_param',
  'try_files',
  'root',
  'alias',
  'index',
  'if',
  'error_page',
  'proxy_redirect',
]);

/** A listening socket of the master. */
interface Listening {
  readonly fd: number;
  readonly socket: TcpSocket;
  readonly listener: Listener;
}

/** One master process from its start to its end. */
class Master {
  private readonly workers = new Set<Process>();
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

  /** Checks everything, opens logs and sockets (ngx_init_cycle). */
  *start(loaded: Loaded): Coroutine<void> {
    this.config = loaded.config;
    this.groups = yield* resolveUpstreams(this.sys, loaded.config);
    this.logs = yield* openLogs(this.sys, loaded.config, this.defaults);
    yield* this.listen(loaded.config);
  }

  *closeAll(): Coroutine<void> {
    for (const s of this.sockets) this.sys.close(s.fd);
    for (const [path, fd] of this.logs) if (path !== 'stderr') this.sys.close(fd);
    yield* this.sys.work();
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
      for (let tries = 0; ; tries++) {
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
          if (tries === 4) break;
          yield* this.say('notice', 'try again to bind() after 500ms');
          yield* sys.sleep(500_000);
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
    if (level !== 'notice')
      yield* this.sys.eprint(
        `${this.o.errorLog === 'stderr' ? errorPrefix(this.sys.now, level, this.sys.pid) : `nginx: [${level}] `}${text}\n`,
      );
    if (this.config && this.logs.size > 1) yield* this.log(level, text);
  }

  private *log(level: Level, text: string): Coroutine<void> {
    yield* logError(this.sys, this.logs, this.defaults, this.config.main, this.sys.pid, level, text);
  }

  get pidFile(): string {
    return this.config.main.own('pid')?.args[0] ?? this.build.pidFile;
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
    const note =
      (set: () => void): (() => void) =>
      () => {
        set();
        sys.proc.childChanged.wakeAll();
      };
    sys.onSignal(
      'SIGTERM',
      note(() => (this.stop = true)),
      true,
    );
    sys.onSignal(
      'SIGINT',
      note(() => (this.stop = true)),
      true,
    );
    sys.onSignal(
      'SIGQUIT',
      note(() => (this.quit = true)),
      true,
    );
    sys.onSignal(
      'SIGHUP',
      note(() => (this.reload = true)),
      true,
    );
    sys.onSignal(
      'SIGUSR1',
      note(() => (this.reopen = true)),
      true,
    );
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

  private *startWorkers(): Coroutine<void> {
    const { sys, config } = this;
    const setting = config.main.own('worker_processes')?.args[0] ?? '1';
    const n = setting === 'auto' ? sys.machine.cpus : Number(setting);
    yield* this.log('notice', 'start worker processes');
    for (let i = 0; i < Math.min(n, 64); i++) yield* this.spawn();
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
    const user = config.main.own('user')?.args[0];
    const account = yield* lookupUser(sys, user ?? 'www-data');
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
          ? `exited on signal ${SIGNAL_NUMBERS[status.signal] ?? status.signal}`
          : `exited with code ${status.kind === 'exited' ? status.code : 0}`;
      yield* this.log(status.kind === 'signaled' ? 'alert' : 'notice', `worker process ${pid} ${how}`);
      sys.machine.collect(w);
      if (!leaving && !this.retired.has(w)) yield* this.spawn();
      this.retired.delete(w);
    }
  }

  private readonly retired = new Set<Process>();

  private *reconfigure(): Coroutine<void> {
    const { sys, o } = this;
    this.reload = false;
    yield* this.log('notice', 'signal 1 (SIGHUP) received, reconfiguring');
    yield* this.log('notice', 'reconfiguring');
    const before = { config: this.config, groups: this.groups, logs: this.logs };
    try {
      const reader = new Reader(sys);
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

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGKILL: 9,
  SIGTERM: 15,
  SIGSEGV: 11,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
};

function* osRelease(sys: Sys): Coroutine<string> {
  try {
    return (yield* sys.readFile('/proc/sys/kernel/osrelease')).trim();
  } catch (e) {
    if (!isErrno(e)) throw e;
    return '';
  }
}

function* lookupUser(sys: Sys, name: string): Coroutine<{ uid: number; gid: number } | undefined> {
  try {
    for (const line of (yield* sys.readFile('/etc/passwd')).split('\n')) {
      const fields = line.split(':');
      if (fields[0] === name) return { uid: Number(fields[2]), gid: Number(fields[3]) };
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  return undefined;
}

/** `-s signal`. */
function* signal(sys: Sys, o: CommandLine, config: Config, build: NginxBuild): Coroutine<number> {
  const say = (level: Level, text: string): string =>
    (o.errorLog === 'stderr' ? errorPrefix(sys.now, level, sys.pid) : `nginx: [${level}] `) + text + '\n';
  if (o.errorLog === 'stderr') yield* sys.eprint(say('notice', 'signal process started'));
  const path = config.main.own('pid')?.args[0] ?? build.pidFile;
  let text: string;
  try {
    text = yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sys.eprint(say('error', `open() "${path}" failed (${errnoNumber(e.code)}: ${e.message})`));
    return 1;
  }
  const pid = Number(text.trim());
  if (!/^\d+\s*$/.test(text) || pid === 0) {
    yield* sys.eprint(say('error', `invalid PID number "${text.trim()}" in "${path}"`));
    return 1;
  }
  const name = ({ stop: 'SIGTERM', quit: 'SIGQUIT', reload: 'SIGHUP', reopen: 'SIGUSR1' } as const)[o.signal as 'stop'];
  try {
    yield* sys.kill(pid, name);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sys.eprint(
      say(
        'alert',
        `kill(${pid}, ${{ stop: 15, quit: 3, reload: 1, reopen: 10 }[o.signal as 'stop']}) failed (${errnoNumber(e.code)}: ${e.message})`,
      ),
    );
    return 1;
  }
  return 0;
}

function* main(sys: Sys, argv: readonly string[], build: NginxBuild): Coroutine<number> {
  const o = parseArgs(argv.slice(1), build);
  if (o.version) {
    yield* sys.eprint(`nginx version: nginx/${build.version}\n`);
    if (o.help) yield* sys.eprint(usage(build));
    if (o.configure)
      yield* sys.eprint(
        `configure arguments: --prefix=${build.prefix.replace(/\/$/, '')} --conf-path=${build.configuration} --http-log-path=${build.accessLog} --error-log-path=${build.errorLog} --pid-path=${build.pidFile}\n`,
      );
    if (!o.test) return 0;
  }
  const { configuration } = o;
  const master = new Master(sys, o, build);
  const reader = new Reader(sys);
  const refuse = function* (e: ConfigError): Coroutine<number> {
    if (e instanceof NotSimulated) yield* sys.eprint(`nginx: not simulated in this course: ${e.message}\n`);
    else if (e.message !== '') yield* master.say('emerg', e.message);
    if (o.test) yield* sys.eprint(`nginx: configuration file ${configuration} test failed\n`);
    return 1;
  };
  let config: Config;
  try {
    config = yield* reader.load(configuration, o.globals);
    if (o.signal !== undefined) return yield* signal(sys, o, config, build);
    const user = config.main.own('user');
    if (user && (yield* lookupUser(sys, user.args[0]!)) === undefined)
      throw new ConfigError(`getpwnam("${user.args[0]!}") failed${at(user)}`);
    for (const text of config.warnings) yield* master.say('warn', text);
    if (o.test) {
      // Hosts are looked up while the file is read, so their absence is an error of the syntax.
      yield* resolveUpstreams(sys, config);
      if (!o.quiet) yield* sys.eprint(`nginx: the configuration file ${configuration} syntax is ok\n`);
      if (!config.events) throw new ConfigError('no "events" section in configuration');
      for (const [path, fd] of yield* openLogs(sys, config, { errorLog: o.errorLog, accessLog: build.accessLog }))
        if (path !== 'stderr') sys.close(fd);
      if (!o.quiet) yield* sys.eprint(`nginx: configuration file ${configuration} test is successful\n`);
      if (o.dump) for (const f of reader.files) yield* sys.print(`# configuration file ${f.path}:\n${f.text}\n`);
      return 0;
    }
    if (!config.events) throw new ConfigError('no "events" section in configuration');
    yield* master.start({ config, files: reader.files });
  } catch (e) {
    if (!(e instanceof ConfigError)) throw e;
    return yield* refuse(e);
  }
  if (config.main.flag('daemon', true)) {
    const child = sys.fork(
      function* (inner) {
        return yield* new Forked(inner, master).run(argv);
      },
      { session: { tty: null } },
    );
    child.argv = argv;
    return 0;
  }
  return yield* master.run(argv);
}

/** The master after fork(2): the same state in another process. */
class Forked {
  constructor(
    private readonly sys: Sys,
    private readonly master: Master,
  ) {}

  *run(argv: readonly string[]): Coroutine<number> {
    const { sys } = this;
    // daemon(3): the standard streams lead nowhere.
    const fd = yield* sys.open('/dev/null', { read: true, write: true });
    sys.dup2(fd, 0);
    sys.dup2(fd, 1);
    if (fd > 2) sys.close(fd);
    return yield* (
      Object.assign(Object.create(Object.getPrototypeOf(this.master) as object), this.master, { sys }) as Master
    ).run(argv);
  }
}

/** An nginx of a given build. */
export function makeNginx(build: NginxBuild = DEBIAN_BUILD): Program {
  return {
    name: 'nginx',
    path: '/usr/sbin/nginx',
    size: 1249520,
    summary: 'HTTP and reverse proxy server',
    manual: `NAME
       nginx - HTTP and reverse proxy server

SYNOPSIS
       nginx [-?hvVtTq] [-s signal] [-c file] [-g directives]

DESCRIPTION
       Serves files and hands requests to other servers, as its configuration file says (${build.configuration} unless -c names another).

       -t   test the configuration          -T   ... and print it             -s stop|quit|reopen|reload   tell the running master
       -g 'daemon off;'   stay in the foreground
`,
    complete: (words) => (words[words.length - 1] === '-s' ? ['stop', 'quit', 'reopen', 'reload'] : undefined),
    *main(sys, argv) {
      try {
        return yield* main(sys, argv, build);
      } catch (e) {
        if (!(e instanceof Fatal)) throw e;
        yield* sys.eprint(e.message);
        return 1;
      }
    },
  };
}

/** Debian's nginx. */
export const nginx = makeNginx();
