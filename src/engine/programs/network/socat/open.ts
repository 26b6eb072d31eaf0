/** Opening the addresses of socat(1). */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import { SocketNode } from '../../../host';
import type { UnixSocket } from '../../../net';
import { why } from '../common';
import { socketOwner } from '../sockets';
import { bindUnix, unixSocketAt } from '../unix';
import type { Address, Direction } from './address';
import { commandWords } from './address';
import { openInternet } from './internet';
import type { Self } from './log';
import { Failed, Self as Process } from './log';
import type { Stream } from './stream';
import { descriptorStream } from './stream';

/** What goes on once an address is open; a listener with `fork` calls it in a child for every client. */
export type Then = (self: Self, stream: Stream) => Coroutine<number>;

const WORDS: Readonly<Record<Direction, string>> = {
  read: 'reading',
  write: 'writing',
  both: 'reading and writing',
};

/** Forks a process of socat that goes on with `body`; told as the real one does. */
export function* forkSelf(self: Self, body: (child: Self) => Coroutine<number>): Coroutine<number> {
  const child = self.sys.fork((sys) => inProcess(new Process(sys, self.o), body));
  const pid = child.pidIn(self.sys.proc.ns.pid);
  yield* self.say('N', `forked off child process ${pid}`);
  return pid;
}

/** Runs one process of socat to its end: failures, signals, what is to be tidied up. @returns the exit status */
export function* inProcess(self: Self, body: (self: Self) => Coroutine<number>): Coroutine<number> {
  const tidy = (): void => {
    for (const f of self.atEnd.splice(0)) f();
  };
  try {
    const status = yield* body(self);
    tidy();
    return status;
  } catch (e) {
    if (isErrno(e, 'EINTR') && self.signal !== 0) {
      const n = self.signal;
      yield* self.say('N', `socat_signal(): handling signal ${n}`);
      yield* self.say(n === 2 ? 'N' : 'W', `exiting on signal ${n}`);
      yield* self.say('N', `socat_signal(): finishing signal ${n}`);
      yield* self.say('N', `exit(${128 + n})`);
      tidy();
      return 128 + n;
    }
    if (!(e instanceof Failed)) throw e;
    yield* self.say('N', 'exit(1)');
    tidy();
    return 1;
  }
}

/** Opens one address and goes on with `then`. @returns the exit status of what followed */
export function* openAddress(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  switch (a.kind) {
    case 'stdio': {
      yield* self.say(
        'N',
        way === 'both'
          ? 'reading from and writing to stdio'
          : way === 'read'
            ? 'using stdin for reading'
            : 'using stdout for writing',
      );
      return yield* then(
        self,
        descriptorStream(way === 'write' ? undefined : 0, way === 'read' ? undefined : 1, a.options),
      );
    }
    case 'stdin':
    case 'stdout':
    case 'stderr':
    case 'fd': {
      const fd = a.kind === 'fd' ? Number(a.parameters[0]) : ['stdin', 'stdout', 'stderr'].indexOf(a.kind);
      if (a.kind === 'fd') {
        if (!/^\d+$/.test(a.parameters[0]!)) return yield* self.fail(`error in FD number "${a.parameters[0]!}"`);
        yield* self.say('N', `using file descriptor ${fd} for ${WORDS[way]}`);
        if (!sys.proc.fds.has(fd)) return yield* self.fail(`fcntl(${fd}, F_GETFD): Bad file descriptor`);
      } else yield* self.say('N', `using ${a.kind} for ${WORDS[way]}`);
      return yield* then(self, ends(fd, way, a.options));
    }
    case 'open':
    case 'gopen':
    case 'create':
      return yield* openFile(self, a, way, then);
    case 'pipe':
      return yield* openPipe(self, a, way, then);
    case 'exec':
    case 'system':
      return yield* openCommand(self, a, way, then);
    case 'unix':
    case 'unix-listen':
    case 'abstract':
    case 'abstract-listen':
      return yield* openUnix(self, a, way, then);
    default:
      return yield* openInternet(self, a, way, then);
  }
}

function ends(
  fd: number,
  way: Direction,
  options: ReadonlyMap<string, string>,
  shutdown?: (self: Self) => void,
): Stream {
  return descriptorStream(way === 'write' ? undefined : fd, way === 'read' ? undefined : fd, options, shutdown);
}

const octal = (text: string | undefined, otherwise: number): number => (text ? parseInt(text, 8) : otherwise);

function* openFile(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const [path = ''] = a.parameters;
  const { options } = a;
  let what = 'undef';
  try {
    const { type, inode } = sys.files.stat(path);
    if (a.kind === 'gopen' && inode instanceof SocketNode) return yield* openUnix(self, a, way, then);
    what =
      { file: 'regular file', dir: 'directory', fifo: 'named pipe', symlink: 'symbolic link', socket: 'socket' }[
        type as string
      ] ?? 'character device';
  } catch (e) {
    if (!isErrno(e, 'ENOENT')) return yield* self.fail(`stat("${path}"): ${why(e)}`);
  }
  const creating = a.kind === 'create';
  if (options.has('unlink-early') && what !== 'undef') sys.files.unlink(path);
  yield* self.say('N', `${creating ? 'creating regular file' : `opening ${what}`} "${path}" for ${WORDS[way]}`);
  const read = !options.has('wronly') && (options.has('rdwr') || (way !== 'write' && !creating));
  const write = options.has('rdonly') ? false : way !== 'read' || options.has('rdwr') || options.has('wronly');
  const create = creating || options.has('creat') || (a.kind === 'gopen' && write);
  const append = options.has('append') || (a.kind === 'gopen' && what === 'regular file' && write);
  const truncate = creating || options.has('trunc');
  let fd: number;
  try {
    fd = yield* sys.open(path, {
      read,
      write,
      create,
      append,
      truncate,
      exclusive: options.has('excl'),
      mode: octal(options.get('mode'), 0o666),
    });
  } catch (e) {
    if (isErrno(e, 'EINTR')) throw e;
    const flags =
      (read && write ? 2 : write ? 1 : 0) | (create && a.kind !== 'gopen' ? 0o100 : 0) | (append ? 0o2000 : 0);
    return yield* self.fail(
      creating
        ? `creat("${path}", 0666): ${why(e)}`
        : `open("${path}", ${flags === 0 ? '00' : `0${flags.toString(8)}`}, 0666): ${why(e)}`,
    );
  }
  return yield* then(self, ends(fd, way, options));
}

function* openPipe(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const [path] = a.parameters;
  if (path === undefined) {
    if (way !== 'both') return yield* self.fail('not simulated in this course: an unnamed pipe in one direction');
    const [r, w] = sys.pipe();
    yield* self.say('N', 'writing to and reading from unnamed pipe');
    const close = (): void => {
      if (sys.proc.fds.has(w)) self.sys.close(w);
    };
    return yield* then(self, descriptorStream(r, w, a.options, close));
  }
  let created = false;
  try {
    sys.files.mkfifo(path, octal(a.options.get('mode'), 0o666));
    created = true;
    self.atEnd.push(() => {
      try {
        sys.files.unlink(path);
      } catch (e) {
        if (!isErrno(e)) throw e;
      }
    });
  } catch (e) {
    if (!isErrno(e, 'EEXIST')) return yield* self.fail(`mkfifo(${path}, 666): ${why(e)}`);
  }
  yield* self.say('N', `${created ? 'created' : 'opening'} named pipe "${path}" for ${WORDS[way]}`);
  const fd = yield* sys.open(path, { read: way !== 'write', write: way !== 'read' });
  return yield* then(self, ends(fd, way, a.options));
}

function* openCommand(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const { options } = a;
  const [command = ''] = a.parameters;
  const argv = a.kind === 'system' ? ['sh', '-c', systemText(command)] : commandWords(command);
  const file = a.kind === 'system' ? '/bin/sh' : argv[0]!;
  if (options.has('nofork')) return yield* self.fail('not simulated in this course: option "nofork"');
  let mine: { read: number | undefined; write: number | undefined };
  let theirs: { read: number | undefined; write: number | undefined };
  const [toChild, fromChild] = [way !== 'read', way !== 'write'];
  let shutdown: () => void;
  if (options.has('pipes')) {
    const out = fromChild ? sys.pipe() : undefined;
    const into = toChild ? sys.pipe() : undefined;
    mine = { read: out?.[0], write: into?.[1] };
    theirs = { read: into?.[0], write: out?.[1] };
    shutdown = () => {
      if (mine.write !== undefined && sys.proc.fds.has(mine.write)) sys.close(mine.write);
    };
  } else {
    const [m, t] = sys.net.sockets.createUnixPair(socketOwner(sys));
    const [at, child] = [sys.install(m), sys.install(t)];
    mine = { read: fromChild ? at : undefined, write: toChild ? at : undefined };
    theirs = { read: toChild ? child : undefined, write: fromChild ? child : undefined };
    shutdown = () => m.shutdown('write');
  }
  yield* self.say('N', `forking off child, using ${options.has('pipes') ? 'pipes' : 'socket'} for ${WORDS[way]}`);
  const process = sys.fork(function* (csys) {
    const child = new Process(csys, self.o);
    try {
      if (theirs.read !== undefined) csys.dup2(theirs.read, 0);
      if (theirs.write !== undefined) csys.dup2(theirs.write, 1);
      if (options.has('stderr') && theirs.write !== undefined) csys.dup2(1, 2);
      for (const n of [...csys.proc.fds.keys()]) if (n > 2) csys.close(n);
      if (a.kind === 'exec') yield* child.say('N', `execvp'ing "${argv[0]!}"`);
      const handled = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGCHLD', 'SIGPIPE'] as const;
      for (const s of handled) csys.onSignal(s, 'default');
      csys.proc.env.set('SOCAT_VERSION', '1.7.4.4');
      return yield* csys.exec(csys.which(file) ?? file, argv);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* child.say('E', `execvp("${argv[0]!}", "${argv[0]!}"): ${why(e)}`);
      yield* child.say('N', 'exit(1)');
      return 1;
    }
  });
  for (const fd of new Set([theirs.read, theirs.write])) if (fd !== undefined) sys.close(fd);
  const pid = process.pidIn(sys.proc.ns.pid);
  // It is said in two places of the real program.
  yield* self.say('N', `forked off child process ${pid}`);
  yield* self.say('N', `forked off child process ${pid}`);
  self.atEnd.push(() => process.deliver('SIGTERM'));
  return yield* then(self, descriptorStream(mine.read, mine.write, options, shutdown));
}

/** A shell command is given on without the quotes that protected commas. */
function systemText(text: string): string {
  return text.replace(/\\([,:!])/g, '$1');
}

const quoted = (abstract: boolean, name: string): string => `AF=1 "${abstract ? '\\0' : ''}${name}"`;

function findAbstract(self: Self, name: string): UnixSocket | undefined {
  for (const s of self.sys.net.sockets.unix) if (s.state === 'listening' && s.path === `@${name}`) return s;
  return undefined;
}

function* openUnix(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const { options } = a;
  const [name = ''] = a.parameters;
  const abstract = a.kind.startsWith('abstract');
  const label = quoted(abstract, name);
  const opened = (socket: UnixSocket, fd: number): Stream => ends(fd, way, options, () => socket.shutdown('write'));
  if (!a.kind.endsWith('listen')) {
    const socket = sys.net.sockets.createUnix(socketOwner(sys));
    const fd = sys.install(socket);
    if (a.keyword.toLowerCase().endsWith('connect')) yield* self.say('N', `opening connection to ${label}`);
    const length = 2 + name.length + (abstract ? 1 : 0);
    let error: string | undefined;
    try {
      const listener = abstract ? findAbstract(self, name) : unixSocketAt(sys, name);
      if (listener) yield* socket.connect(sys, listener);
      else error = 'Connection refused';
    } catch (e) {
      if (isErrno(e, 'EINTR')) throw e;
      error = why(e);
    }
    if (error !== undefined) return yield* self.fail(`connect(, ${label}, ${length}): ${error}`);
    yield* self.say('N', `successfully connected from local address AF=1 "<anon>"`);
    return yield* then(self, opened(socket, fd));
  }
  const socket = sys.net.sockets.createUnix(socketOwner(sys));
  if (abstract) {
    if (findAbstract(self, name)) {
      socket.discard();
      return yield* self.fail(`bind(5, {${label}}, ${3 + name.length}): Address already in use`);
    }
    socket.path = `@${name}`;
  } else {
    if (options.has('unlink-early') && sys.files.exists(name)) sys.files.unlink(name);
    if (sys.files.exists(name, false)) {
      socket.discard();
      return yield* self.fail(`"${name}" exists`);
    }
    try {
      bindUnix(sys, socket, name, octal(options.get('mode'), 0o777 & ~sys.proc.umask));
    } catch (e) {
      socket.discard();
      return yield* self.fail(`bind(5, {${label}}, ${2 + name.length}): ${why(e)}`);
    }
    if (options.get('unlink-close') !== '0')
      self.atEnd.push(() => {
        try {
          sys.files.unlink(name);
        } catch (e) {
          if (!isErrno(e)) throw e;
        }
      });
  }
  const fd = sys.install(socket);
  socket.listen(Number(options.get('backlog') ?? 5));
  for (;;) {
    yield* self.say('N', `listening on ${label}`);
    yield* self.readable(fd);
    const peer = yield* socket.accept(sys);
    const at = sys.install(peer);
    yield* self.say('N', `accepting connection from AF=1 "<anon>" on ${label}`);
    if (!options.has('fork')) {
      sys.close(fd);
      return yield* then(self, opened(peer, at));
    }
    yield* forkSelf(self, function* (child) {
      child.sys.close(fd);
      return yield* then(child, opened(peer, at));
    });
    sys.close(at);
  }
}
