/** ncat(1) 7.93. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import { SocketNode } from '../../host';
import type { Family, SockAddr, TcpSocket, UdpSocket } from '../../net';
import { UnixSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp } from '../../wire';
import { GetoptError, getopt } from '../lib/getopt';
import { Stop, stoppable, why } from './common';
import { resolveHost } from './resolver';
import { socketOwner, tcpSocket, udpSocket } from './sockets';
import { Activities } from './tasks';

const VERSION = 'Ncat: Version 7.93 ( https://nmap.org/ncat )\n';
/** Port that is used when none is given. */
const DEFAULT_PORT = 31337;
/** What the library needs to begin and to notice the end, microseconds; it is part of the time that is reported. */
const STARTUP = 60_000;

interface Options {
  listen: boolean;
  keep: boolean;
  udp: boolean;
  unix: boolean;
  verbose: number;
  zero: boolean;
  sendOnly: boolean;
  receiveOnly: boolean;
  crlf: boolean;
  noShutdown: boolean;
  chat: boolean;
  family: Family | undefined;
  /** Microseconds. */
  wait: number | undefined;
  idle: number | undefined;
  delay: number;
  command: readonly string[] | undefined;
  source: string | undefined;
  port: string | undefined;
}

const quit = (text: string): never => {
  throw new Stop(2, `Ncat: ${text} QUITTING.\n`);
};

function time(text: string, option: string): number {
  const m = /^(\d+\.?\d*|\.\d+)(ms|s|m|h)?$/.exec(text);
  const value = m ? Number(m[1]) * { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 }[(m[2] ?? 's') as 's'] : 0;
  if (value <= 0) quit(`Invalid -${option} timeout "${text}" (must be greater than 0 and less than 2147483s).`);
  return value;
}

function portOf(text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || n < 1 || n > 65535) quit(`Invalid port number "${text}".`);
  return n;
}

const MISSING = [
  'ssl',
  'proxy',
  'proxy-type',
  'proxy-auth',
  'allow',
  'deny',
  'broker',
  'telnet',
  'output',
  'hex-dump',
  'lua-exec',
  'max-conns',
  'g',
  'G',
  'allowfile',
  'denyfile',
  'append-output',
  'proxy-dns',
  'ssl-cert',
  'ssl-key',
  'ssl-verify',
  'vsock',
];

function parse(argv: readonly string[]): { o: Options; words: readonly string[] } {
  let parsed;
  try {
    parsed = getopt(argv, '46Uc:g:G:hi:klnNo:p:s:tuvw:x:zCd:e:m:', [
      'listen=l',
      'keep-open=k',
      'udp=u',
      'verbose=v',
      'wait:=w',
      'idle-timeout:=i',
      'source-port:=p',
      'source:=s',
      'exec:=e',
      'sh-exec:=c',
      'send-only',
      'recv-only',
      'crlf=C',
      'no-shutdown',
      'nodns=n',
      'unixsock=U',
      'help=h',
      'version',
      'delay:=d',
      'chat',
      'ssl',
      'proxy:=proxy',
      'proxy-type:',
      'proxy-auth:',
      'allow:',
      'deny:',
      'broker',
      'telnet=t',
      'output:=o',
      'hex-dump:=x',
      'lua-exec:',
      'max-conns:=m',
      'allowfile:',
      'denyfile:',
      'append-output',
      'ssl-cert:',
      'ssl-key:',
      'ssl-verify',
      'vsock',
    ]);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    throw new Stop(
      2,
      `ncat: ${e.message}\nNcat: Try \`--help' or man(1) ncat for more information, usage options and help. QUITTING.\n`,
    );
  }
  const o: Options = {
    listen: false,
    keep: false,
    udp: false,
    unix: false,
    verbose: 0,
    zero: false,
    sendOnly: false,
    receiveOnly: false,
    crlf: false,
    noShutdown: false,
    chat: false,
    family: undefined,
    wait: undefined,
    idle: undefined,
    delay: 0,
    command: undefined,
    source: undefined,
    port: undefined,
  };
  for (const { name, arg } of parsed.options) {
    switch (name) {
      case '4':
        o.family = 'inet';
        break;
      case '6':
        o.family = 'inet6';
        break;
      case 'U':
        o.unix = true;
        break;
      case 'l':
        o.listen = true;
        break;
      case 'k':
        o.keep = true;
        break;
      case 'u':
        o.udp = true;
        break;
      case 'v':
        o.verbose++;
        break;
      case 'z':
        o.zero = true;
        break;
      case 'n':
        break;
      case 'N':
      case 'no-shutdown':
        o.noShutdown = true;
        break;
      case 'C':
        o.crlf = true;
        break;
      case 'chat':
        o.chat = true;
        break;
      case 'send-only':
        o.sendOnly = true;
        break;
      case 'recv-only':
        o.receiveOnly = true;
        break;
      case 'w':
        o.wait = time(arg!, 'w');
        break;
      case 'i':
        o.idle = time(arg!, 'i');
        break;
      case 'd':
        o.delay = time(arg!, 'd');
        break;
      case 'e':
        o.command = arg!.split(/\s+/);
        break;
      case 'c':
        o.command = ['/bin/sh', '-c', arg ?? ''];
        break;
      case 'p':
        o.port = arg!;
        break;
      case 's':
        o.source = arg!;
        break;
      case 'h':
        throw new Stop(0, '', HELP);
      case 'version':
        throw new Stop(0, VERSION);
      default:
        quit(`not simulated in this course: ${name.length === 1 && !MISSING.includes(name) ? '-' : '--'}${name}`);
    }
  }
  return { o, words: parsed.operands };
}

const HELP = `Ncat 7.93 ( https://nmap.org/ncat )
Usage: ncat [options] [hostname] [port]

Options taking a time assume seconds. Append 'ms' for milliseconds,
's' for seconds, 'm' for minutes, or 'h' for hours (e.g. 500ms).
  -4                         Use IPv4 only
  -6                         Use IPv6 only
  -U, --unixsock             Use Unix domain sockets only
  -C, --crlf                 Use CRLF for EOL sequence
  -c, --sh-exec <command>    Executes the given command via /bin/sh
  -e, --exec <command>       Executes the given command
  -d, --delay <time>         Wait between read/writes
  -i, --idle-timeout <time>  Idle read/write timeout
  -k, --keep-open            Accept multiple connections in listen mode
  -l, --listen               Bind and listen for incoming connections
  -n, --nodns                Do not resolve hostnames via DNS
  -p, --source-port port     Specify source port to use
  -s, --source addr          Specify source address to use (doesn't affect -l)
  -u, --udp                  Use UDP instead of default TCP
  -v, --verbose              Set verbosity level (can be used several times)
  -w, --wait <time>          Connect timeout
  -z                         Zero-I/O mode, report connection status only
      --send-only            Only send data, ignoring received; quit on EOF
      --recv-only            Only receive data, never send anything
      --no-shutdown          Continue half-duplex when receiving EOF on stdin
      --version              Display Ncat's version information and exit

See the ncat(1) manpage for full options, descriptions and usage examples
`;

type Stream = TcpSocket | UdpSocket | UnixSocket;

function crlf(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  data.forEach((b, i) => {
    if (b === 10 && data[i - 1] !== 13) out.push(13);
    out.push(b);
  });
  return Uint8Array.from(out);
}

/** Runs a command with the connection as its standard streams. */
function spawn(sys: Sys, command: readonly string[], fd: number): void {
  sys.fork(function* (child) {
    child.dup2(fd, 0);
    child.dup2(fd, 1);
    for (const n of [...child.proc.fds.keys()]) if (n > 2) child.close(n);
    const path = child.which(command[0]!);
    try {
      return yield* child.exec(path ?? command[0]!, command);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* child.eprint(`exec: ${e.message}\n`);
      return 2;
    }
  });
}

/** Copies both ways. @returns bytes sent and received */
function* relay(
  sys: Sys,
  o: Options,
  fd: number,
  socket: Stream,
): Coroutine<{ sent: number; received: number; status: number }> {
  let [sent, received, status] = [0, 0, 0];
  let stdin = !o.receiveOnly;
  for (;;) {
    const requests = [{ fd, read: true }, ...(stdin ? [{ fd: 0, read: true }] : [])];
    const ready = yield* sys.poll(requests, o.idle);
    if (ready.every((r) => r === null)) {
      yield* sys.eprint(`Ncat: Idle timeout expired (${Math.round(o.idle! / 1000)} ms).\n`);
      return { sent, received, status: 1 };
    }
    if (ready[1]) {
      const data = yield* sys.read(0, 8192);
      if (data.length === 0) {
        stdin = false;
        if (o.sendOnly) return { sent, received, status };
        if (!o.noShutdown && !o.udp) {
          try {
            socket.shutdown('write');
          } catch (e) {
            if (!isErrno(e)) throw e;
          }
        }
      } else {
        const out = o.crlf ? crlf(data) : data;
        try {
          yield* sys.write(fd, out);
          sent += out.length;
        } catch (e) {
          yield* sys.eprint(`Ncat: ${why(e)}.\n`);
          return { sent, received, status: 1 };
        }
        if (o.delay > 0) yield* sys.sleep(o.delay);
      }
    }
    if (ready[0]) {
      let data: Uint8Array;
      try {
        data = yield* sys.read(fd, 8192);
      } catch (e) {
        if (isErrno(e, 'EAGAIN')) continue;
        yield* sys.eprint(`Ncat: ${why(e)}.\n`);
        status = 1;
        return { sent, received, status };
      }
      if (data.length === 0 && !o.udp) return { sent, received, status };
      received += data.length;
      if (!o.sendOnly) yield* sys.write(1, data);
    }
  }
}

function* connectTo(sys: Sys, o: Options, words: readonly string[]): Coroutine<number> {
  const began = sys.now;
  const [host = '', portText] = words;
  let fd: number;
  let socket: Stream;
  let shown: string;
  if (o.unix) {
    const unix = new UnixSocket(sys.net, socketOwner(sys));
    socket = unix;
    fd = sys.install(unix);
    shown = host;
    try {
      const { inode } = sys.files.stat(host);
      if (!(inode instanceof SocketNode) || !(inode.endpoint instanceof UnixSocket))
        throw new Stop(1, `Ncat: Connection refused.\n`);
      yield* unix.connect(sys, inode.endpoint);
    } catch (e) {
      if (e instanceof Stop) throw e;
      throw new Stop(1, `Ncat: ${why(e)}.\n`);
    }
  } else {
    const port = portText === undefined ? DEFAULT_PORT : portOf(portText);
    const found = yield* resolveHost(sys, host, o.family ?? 'any');
    if ('error' in found) return quit(`Could not resolve hostname "${host}": ${found.error}.`);
    yield* sys.sleep(STARTUP);
    let connected: { fd: number; socket: TcpSocket | UdpSocket; address: IpAddress } | undefined;
    let last = 'Connection refused';
    for (const address of found.addresses) {
      const s = o.udp
        ? udpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6')
        : tcpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
      const at = sys.install(s);
      try {
        if (o.port !== undefined || o.source !== undefined) {
          const from = o.source === undefined ? undefined : yield* resolveHost(sys, o.source, s.family);
          if (from && 'error' in from) return quit(`Could not resolve source address "${o.source!}": ${from.error}.`);
          s.reuseAddr = true;
          s.bind({
            address: from ? from.addresses[0]! : s.family === 'inet' ? 0 : '::',
            port: o.port === undefined ? 0 : portOf(o.port),
          });
        }
        const to: SockAddr = { address, port };
        if ('accept' in s) yield* s.connect(sys, to, sys.now + (o.wait ?? 10e6));
        else s.connect(to);
        connected = { fd: at, socket: s, address };
        break;
      } catch (e) {
        sys.close(at);
        if (isErrno(e, 'EINTR')) throw e;
        last = isErrno(e, 'EINPROGRESS') ? 'TIMEOUT' : why(e);
      }
    }
    if (!connected) throw new Stop(1, `Ncat: ${last}.\n`);
    ({ fd, socket } = connected);
    shown =
      typeof connected.address === 'string' ? `${connected.address}:${port}` : `${formatIp(connected.address)}:${port}`;
  }
  if (o.verbose > 0) yield* sys.eprint(`Ncat: Connected to ${shown}.\n`);
  if (o.command) {
    spawn(sys, o.command, fd);
    sys.close(fd);
    yield* sys.waitpid(-1);
    return 0;
  }
  let result = { sent: 0, received: 0, status: 0 };
  if (o.zero) {
    if (o.udp) {
      // An empty datagram, and a while to be refused.
      try {
        yield* sys.write(fd, new Uint8Array(0));
        yield* sys.wait(socket.waitQueues, sys.now + 2e6);
        const error = (socket as UdpSocket).takeError();
        if (error !== undefined) throw new Stop(1, 'Ncat: Connection refused.\n');
        if (o.verbose > 0) yield* sys.eprint('Ncat: UDP packet sent successfully\n');
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Stop(1, `Ncat: ${why(e)}.\n`);
      }
    }
  } else result = yield* relay(sys, o, fd, socket);
  if (o.verbose > 0)
    yield* sys.eprint(
      `Ncat: ${result.sent} bytes sent, ${result.received} bytes received in ${((sys.now - began) / 1e6).toFixed(2)} seconds.\n`,
    );
  sys.close(fd);
  return result.status;
}

/** Sockets that listen, both families unless one is chosen. */
function* listenOn(sys: Sys, o: Options, words: readonly string[]): Coroutine<number> {
  const single = words.length === 1 && /^\d+$/.test(words[0]!);
  const host = o.unix ? words[0] : single ? undefined : words[0];
  const portText = o.port ?? (single ? words[0] : words[1]);
  const port = portText === undefined ? DEFAULT_PORT : portOf(portText);
  const listeners: { fd: number; socket: TcpSocket | UdpSocket | UnixSocket }[] = [];
  if (o.unix) {
    const path = host ?? '';
    const socket = new UnixSocket(sys.net, socketOwner(sys));
    const node = new SocketNode(0o755);
    try {
      sys.files.mknod(path, node);
    } catch (e) {
      return quit(`bind to ${path}: ${isErrno(e, 'EEXIST') ? 'Address already in use' : why(e)}.`);
    }
    node.endpoint = socket;
    socket.path = path;
    const fd = sys.install(socket);
    socket.listen(10);
    listeners.push({ fd, socket });
    if (o.verbose > 0) yield* sys.eprint(`Ncat: Listening on ${path}\n`);
  } else {
    let addresses: readonly IpAddress[] = o.family === 'inet' ? [0] : o.family === 'inet6' ? ['::'] : ['::', 0];
    if (host !== undefined) {
      const found = yield* resolveHost(sys, host, o.family ?? 'any');
      if ('error' in found) return quit(`Could not resolve hostname "${host}": ${found.error}.`);
      addresses = found.addresses;
    }
    for (const address of addresses) {
      const family: Family = typeof address === 'number' ? 'inet' : 'inet6';
      const socket = o.udp ? udpSocket(sys, family) : tcpSocket(sys, family);
      socket.reuseAddr = true;
      socket.v6only = family === 'inet6';
      const fd = sys.install(socket);
      const shown = `${typeof address === 'string' ? address : formatIp(address)}:${port}`;
      try {
        socket.bind({ address, port });
        if ('listen' in socket) socket.listen(10);
      } catch (e) {
        if (host === undefined && addresses.length > 1 && family === 'inet6' && !isErrno(e, 'EADDRINUSE')) {
          sys.close(fd);
          continue;
        }
        return quit(`bind to ${shown}: ${why(e)}.`);
      }
      listeners.push({ fd, socket });
      if (o.verbose > 0) yield* sys.eprint(`Ncat: Listening on ${shown}\n`);
    }
  }
  sys.onSignal('SIGCHLD', 'ignore');
  const clients = new Map<number, Stream>();
  const activities = new Activities();
  let finished = false;
  const stop = (): void => {
    finished = true;
    activities.poke();
  };
  const serve = function* (fd: number, socket: Stream): Coroutine<void> {
    if (o.command) {
      spawn(sys, o.command, fd);
      sys.close(fd);
      if (!o.keep) stop();
      return;
    }
    clients.set(fd, socket);
    try {
      for (;;) {
        const data = yield* sys.read(fd, 8192);
        if (data.length === 0 && !o.udp) break;
        if (!o.sendOnly) yield* sys.write(1, data);
        if (o.chat) for (const [other] of clients) if (other !== fd) yield* sys.write(other, data);
      }
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
    clients.delete(fd);
    if (sys.proc.fds.has(fd)) sys.close(fd);
    if (!o.keep) stop();
  };
  for (const l of listeners) {
    activities.add(
      (function* (): Coroutine<void> {
        if (!('accept' in l.socket)) {
          const first = yield* (l.socket as UdpSocket).receive(sys, { peek: true });
          (l.socket as UdpSocket).connect(first.from);
          if (o.verbose > 0) yield* sys.eprint(`Ncat: Connection from ${formatIp(first.from.address)}.\n`);
          for (const other of listeners) if (other !== l) sys.close(other.fd);
          return yield* serve(l.fd, l.socket);
        }
        for (;;) {
          let peer: TcpSocket | UnixSocket;
          try {
            peer = yield* l.socket.accept(sys);
          } catch (e) {
            // The other family's socket took the only client.
            if (isErrno(e, 'EINVAL')) return;
            throw e;
          }
          const fd = sys.install(peer);
          if (o.verbose > 0) {
            if (peer instanceof UnixSocket)
              yield* sys.eprint('Ncat: Connection from a client on Unix domain socket.\nNcat: Connection from .\n');
            else {
              const from = formatIp(peer.remoteIp);
              yield* sys.eprint(
                `Ncat: Connection from ${from}.\nNcat: Connection from ${from}:${peer.remote!.port}.\n`,
              );
            }
          }
          activities.add(serve(fd, peer));
          if (!o.keep) {
            for (const other of listeners) sys.close(other.fd);
            return;
          }
        }
      })(),
    );
  }
  if (!o.command && !o.receiveOnly)
    activities.add(
      (function* (): Coroutine<void> {
        // What is typed goes to everybody who is connected; reading begins with the first one.
        while (clients.size === 0)
          yield* sys.wait(
            listeners.flatMap((l) => [...l.socket.waitQueues]),
            sys.now + 1e6,
          );
        for (;;) {
          const data = yield* sys.read(0, 8192);
          if (data.length === 0) break;
          for (const [fd] of clients) yield* sys.write(fd, o.crlf ? crlf(data) : data);
        }
        if (o.sendOnly && !o.keep) return stop();
        if (!o.noShutdown && !o.udp) for (const s of clients.values()) s.shutdown('write');
      })(),
    );
  yield* activities.run(
    () => sys.now,
    () => finished,
  );
  return 0;
}

/** The program. */
export const ncat: Program = {
  name: 'ncat',
  path: '/usr/bin/ncat',
  size: 426976,
  summary: 'concatenate and redirect sockets',
  manual: `NAME
       ncat - connect, listen and pass on, by Nmap's makers

SYNOPSIS
       ncat [-vuz46U] [-w TIME] [-p PORT] HOST PORT
       ncat -l [-kvuU] [-e COMMAND | -c 'SHELL COMMAND'] [ADDRESS] [PORT]

DESCRIPTION
       -l   listen        -k   ... for more than one client        -c   run a shell command for every client
       -v   say what happens       -z   only connect       --send-only, --recv-only   one direction
`,
  complete: () => ['-4', '-6', '-U', '-c', '-e', '-k', '-l', '-u', '-v', '-w', '-z', '--send-only', '--recv-only'],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const { o, words } = parse(argv);
      sys.onSignal('SIGPIPE', 'ignore');
      if (o.verbose > 0) yield* sys.eprint(VERSION);
      if (o.listen && o.zero) quit("Services designed for LISTENING can't be used with -z");
      if (!o.listen && o.keep) quit("Invalid option combination: `--keep-open' with connect.");
      if (words.length > 2) quit(`Got more than one port specification: ${words.slice(1).join(' ')}.`);
      if (o.listen) return yield* listenOn(sys, o, words);
      if (words.length === 0) quit('You must specify a host to connect to.');
      return yield* connectTo(sys, o, words);
    });
  },
};
