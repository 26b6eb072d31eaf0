/** nc(1): OpenBSD netcat as Debian has it. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { Family, SockAddr, TcpSocket, UdpSocket } from '../../net';
import { UnixSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp, serviceName, servicePort } from '../../wire';
import type { Flags } from '../lib/options';
import { getoptOr, setFlag } from '../lib/options';
import { Stop, stoppable, why } from './common';
import { toCrlf } from './crlf';
import { NC_SUMMARY, NC_USAGE } from './help';
import { nameInfo, resolveHost } from './resolver';
import { socketOwner, tcpSocket, udpSocket } from './sockets';
import { bindUnix, unixSocketAt } from './unix';

interface Options {
  listen: boolean;
  keep: boolean;
  udp: boolean;
  unix: boolean;
  verbose: boolean;
  zero: boolean;
  numeric: boolean;
  shutdown: boolean;
  noStdin: boolean;
  crlf: boolean;
  /** Seconds. */
  timeout: number | undefined;
  quit: number | undefined;
  interval: number;
  port: string | undefined;
  source: string | undefined;
  family: Family | undefined;
  received: number | undefined;
  ttl: number | undefined;
}

const MISSING = ['F', 'I', 'm', 'O', 'P', 'r', 'S', 'T', 'V', 'X', 'x', 'Z'];

/** Options that only set something. */
const FLAGS: Flags<Options> = {
  '4': { family: 'inet' },
  '6': { family: 'inet6' },
  C: { crlf: true },
  d: { noStdin: true },
  k: { keep: true },
  l: { listen: true },
  N: { shutdown: true },
  n: { numeric: true },
  U: { unix: true },
  u: { udp: true },
  v: { verbose: true },
  z: { zero: true },
};

function parse(argv: readonly string[]): { o: Options; words: readonly string[] } {
  const parsed = getoptOr(
    argv,
    '46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz',
    [],
    (message) => new Stop(1, `nc: ${message}\n${NC_USAGE}`),
  );
  const o: Options = {
    listen: false,
    keep: false,
    udp: false,
    unix: false,
    verbose: false,
    zero: false,
    numeric: false,
    shutdown: false,
    noStdin: false,
    crlf: false,
    timeout: undefined,
    quit: undefined,
    interval: 0,
    port: undefined,
    source: undefined,
    family: undefined,
    received: undefined,
    ttl: undefined,
  };
  for (const { name, arg } of parsed.options) {
    if (setFlag(o, FLAGS, name)) continue;
    switch (name) {
      case 'h':
        throw new Stop(0, `OpenBSD netcat (Debian patchlevel 1.219-1)\n${NC_USAGE}${NC_SUMMARY}`);
      case 'i':
        if (!/^\d+$/.test(arg!)) throw new Stop(1, `nc: interval invalid: ${arg}\n`);
        o.interval = Number(arg);
        break;
      case 'M':
        if (!/^\d+$/.test(arg!) || Number(arg) > 255) throw new Stop(1, 'nc: ttl is invalid\n');
        o.ttl = Number(arg);
        break;
      case 'p':
        o.port = arg!;
        break;
      case 'q':
        o.quit = Number.parseInt(arg!, 10);
        if (Number.isNaN(o.quit)) throw new Stop(1, `nc: quit timer invalid: ${arg}\n`);
        if (o.quit >= 0) o.shutdown = true;
        break;
      case 's':
        o.source = arg!;
        break;
      case 'W':
        if (!/^\d+$/.test(arg!)) throw new Stop(1, `nc: receive limit invalid: ${arg}\n`);
        o.received = Number(arg);
        break;
      case 'w':
        if (!/^\d+$/.test(arg!)) throw new Stop(1, `nc: timeout invalid: ${arg}\n`);
        o.timeout = Number(arg);
        break;
      default:
        if (MISSING.includes(name)) throw new Stop(1, `nc: not simulated in this course: -${name}\n`);
    }
  }
  return { o, words: parsed.operands };
}

function usage(): never {
  throw new Stop(1, NC_USAGE);
}

/** Ports of an operand: a number, a range or a service. @throws Stop */
function ports(text: string, o: Options): number[] {
  const one = (t: string): number => {
    if (/^\d+$/.test(t)) {
      const n = Number(t);
      if (n < 1 || n > 65535) throw new Stop(1, `nc: port number ${n < 1 ? 'too small' : 'too large'}: ${t}\n`);
      return n;
    }
    const service = o.numeric ? undefined : servicePort(t);
    if (!service) throw new Stop(1, `nc: port number invalid: ${t}\n`);
    return service.port;
  };
  const dash = text.indexOf('-');
  if (dash > 0 && !servicePort(text)) {
    const [low, high] = [one(text.slice(0, dash)), one(text.slice(dash + 1))].sort((a, b) => a - b) as [number, number];
    return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  }
  return [one(text)];
}

/** What a packet and its acknowledgement take between namespaces of one machine, with room to spare. Microseconds. */
const ROUND_TRIP = 300;

/**
 * Copies standard input to the connection and the connection to standard output until both are over.
 * @returns the exit status
 */
function* readWrite(sys: Sys, fd: number, socket: TcpSocket | UdpSocket | UnixSocket, o: Options): Coroutine<number> {
  let stdin = !o.noStdin;
  let open = true;
  let received = 0;
  let quitAt: number | undefined;
  const udp = o.udp;
  while (open) {
    if (!stdin && o.noStdin === false && quitAt === undefined && o.quit !== undefined && o.quit >= 0)
      quitAt = sys.now + o.quit * 1e6;
    const requests = [{ fd, read: true }, ...(stdin ? [{ fd: 0, read: true }] : [])];
    let timeout = o.timeout === undefined ? undefined : o.timeout * 1e6;
    if (quitAt !== undefined) timeout = Math.min(timeout ?? Infinity, Math.max(0, quitAt - sys.now));
    const ready = yield* sys.poll(requests, timeout);
    if (ready.every((r) => r === null)) return 0;
    if (ready[0]) {
      let data: Uint8Array;
      try {
        data = yield* sys.read(fd);
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code === 'EAGAIN') continue;
        // A refused datagram or a reset connection ends it, without a word and without a bad status.
        return 0;
      }
      if (data.length === 0 && !udp) open = false;
      else {
        yield* sys.write(1, data);
        received++;
        if (o.received !== undefined && received >= o.received) return 0;
      }
    }
    if (stdin && ready[1]) {
      let data = yield* sys.read(0, 16384);
      if (data.length === 0) {
        stdin = false;
        if (o.shutdown) {
          try {
            socket.shutdown('write');
          } catch (e) {
            if (!isErrno(e)) throw e;
          }
        }
        continue;
      }
      if (o.crlf) data = toCrlf(data);
      try {
        yield* sys.write(fd, data);
        // The way out of write(2) leads through the soft interrupt: on one machine the answer is there before nc goes on.
        yield* sys.sleep(ROUND_TRIP);
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (!udp) return 1;
      }
      if (o.interval > 0) yield* sys.sleep(o.interval * 1e6);
    }
  }
  return 0;
}

function* connectClient(sys: Sys, host: string, portText: string, o: Options): Coroutine<number> {
  const found = yield* resolveHost(sys, host, o.family ?? 'any');
  if ('error' in found) throw new Stop(1, `nc: getaddrinfo for host "${host}" port ${portText}: ${found.error}\n`);
  let status = 1;
  const protocol = o.udp ? 'udp' : 'tcp';
  for (const port of ports(portText, o)) {
    let connected: { fd: number; socket: TcpSocket | UdpSocket; address: IpAddress } | undefined;
    for (const address of found.addresses) {
      const family: Family = typeof address === 'number' ? 'inet' : 'inet6';
      const socket = o.udp ? udpSocket(sys, family) : tcpSocket(sys, family);
      const fd = sys.install(socket);
      if (o.ttl !== undefined) socket.ttl = o.ttl;
      try {
        if (o.source !== undefined || o.port !== undefined) {
          const from = o.source === undefined ? undefined : yield* resolveHost(sys, o.source, family);
          if (from && 'error' in from) throw new Stop(1, `nc: getaddrinfo: ${from.error}\n`);
          socket.reuseAddr = true;
          try {
            socket.bind({
              address: from ? from.addresses[0]! : family === 'inet' ? 0 : '::',
              port: o.port === undefined ? 0 : ports(o.port, o)[0]!,
            });
          } catch (e) {
            throw new Stop(1, `nc: bind failed: ${why(e)}\n`);
          }
        }
        const to: SockAddr = { address, port };
        if ('accept' in socket)
          yield* socket.connect(sys, to, o.timeout === undefined ? undefined : sys.now + o.timeout * 1e6);
        else socket.connect(to);
        connected = { fd, socket, address };
        break;
      } catch (e) {
        sys.close(fd);
        if (e instanceof Stop) throw e;
        if (!isErrno(e)) throw e;
        if (e.code === 'EINTR') throw e;
        if (o.verbose) {
          const timedOut =
            e.code === 'EINPROGRESS' || e.code === 'EAGAIN' || (e.code === 'ETIMEDOUT' && o.timeout !== undefined);
          const what = timedOut ? 'timed out: Operation now in progress' : `failed: ${why(e)}`;
          const shown = host === formatIp(address) || o.numeric ? host : `${host} (${formatIp(address)})`;
          yield* sys.eprint(`nc: connect to ${shown} port ${port} (${protocol}) ${what}\n`);
        }
      }
    }
    if (!connected) continue;
    status = 0;
    const { fd, socket, address } = connected;
    let reachable = true;
    if (o.udp && (o.verbose || o.zero)) {
      // Nothing answers a datagram: a few are sent, and a refusal is waited for.
      for (let i = 0; i < 4 && reachable; i++) {
        try {
          yield* sys.write(fd, 'X');
          yield* sys.sleep(i === 0 ? 1000 : 1_000_000);
          if (socket.takeError() !== undefined) reachable = false;
        } catch (e) {
          if (!isErrno(e)) throw e;
          reachable = false;
        }
      }
      if (!reachable) status = 1;
    }
    if (reachable && (o.verbose || o.zero) && o.verbose) {
      const service = o.numeric ? undefined : serviceName(port, protocol);
      const literal = formatIp(address);
      const shown = host === literal || o.numeric ? host : `${host} (${literal})`;
      yield* sys.eprint(`Connection to ${shown} ${port} port [${protocol}/${service ?? '*'}] succeeded!\n`);
    }
    if (!o.zero && reachable) status = yield* readWrite(sys, fd, socket, o);
    sys.close(fd);
  }
  return status;
}

/** Says what listens or who connected; without a name server that answers there is only the complaint about it. */
function* report(sys: Sys, what: string, address: IpAddress, port: number, o: Options): Coroutine<void> {
  const name = o.numeric ? undefined : yield* nameInfo(sys, address);
  if (typeof name === 'object') yield* sys.eprint(`nc: getnameinfo: ${name.error}\n`);
  else yield* sys.eprint(`${what} on ${name ?? formatIp(address)} ${port}\n`);
}

function* listenTcp(sys: Sys, host: string | undefined, port: number, o: Options): Coroutine<number> {
  const family: Family = o.family ?? (host?.includes(':') ? 'inet6' : 'inet');
  let address: IpAddress = family === 'inet' ? 0 : '::';
  if (host !== undefined) {
    const found = yield* resolveHost(sys, host, o.family ?? 'any');
    if ('error' in found) throw new Stop(1, `nc: getaddrinfo: ${found.error}\n`);
    address = found.addresses[0]!;
  }
  const socket = tcpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
  const fd = sys.install(socket);
  socket.reuseAddr = socket.reusePort = true;
  try {
    socket.bind({ address, port });
    socket.listen(1);
  } catch (e) {
    throw new Stop(1, `nc: ${why(e)}\n`);
  }
  if (o.verbose) yield* report(sys, 'Listening', address, port, o);
  for (;;) {
    // -w is for connecting and for idle connections, not for waiting until somebody comes.
    const peer = yield* socket.accept(sys);
    const connection = sys.install(peer);
    if (o.verbose) {
      const from = peer.remote!;
      yield* report(sys, 'Connection received', peer.remoteIp, from.port, o);
    }
    const status = o.zero ? 0 : yield* readWrite(sys, connection, peer, o);
    sys.close(connection);
    if (!o.keep) {
      sys.close(fd);
      return status;
    }
  }
}

function* listenUdp(sys: Sys, host: string | undefined, port: number, o: Options): Coroutine<number> {
  const family: Family = o.family ?? (host?.includes(':') ? 'inet6' : 'inet');
  let address: IpAddress = family === 'inet' ? 0 : '::';
  if (host !== undefined) {
    const found = yield* resolveHost(sys, host, family);
    if ('error' in found) throw new Stop(1, `nc: getaddrinfo: ${found.error}\n`);
    address = found.addresses[0]!;
  }
  const socket = udpSocket(sys, family);
  const fd = sys.install(socket);
  socket.reuseAddr = socket.reusePort = true;
  try {
    socket.bind({ address, port });
  } catch (e) {
    throw new Stop(1, `nc: ${why(e)}\n`);
  }
  if (o.verbose) yield* report(sys, 'Bound', address, port, o);
  // The first datagram decides who is talked to.
  const first = yield* socket.receive(sys, { peek: true });
  if (!o.keep) socket.connect(first.from);
  if (o.verbose) yield* report(sys, 'Connection received', first.from.address, first.from.port, o);
  return yield* readWrite(sys, fd, socket, o);
}

function* unix(sys: Sys, path: string, o: Options): Coroutine<number> {
  const { files } = sys;
  if (o.listen) {
    const socket = new UnixSocket(sys.net, socketOwner(sys));
    const fd = sys.install(socket);
    try {
      if (files.exists(path) && files.stat(path).type === 'socket') files.unlink(path);
      bindUnix(sys, socket, path);
    } catch (e) {
      throw new Stop(1, `nc: ${why(e)}\n`);
    }
    socket.listen(5);
    if (o.verbose) yield* sys.eprint(`Bound on ${path}\nListening on ${path}\n`);
    for (;;) {
      const peer = yield* socket.accept(sys);
      const connection = sys.install(peer);
      if (o.verbose) yield* sys.eprint(`Connection received on ${path}\n`);
      const status = yield* readWrite(sys, connection, peer, o);
      sys.close(connection);
      if (!o.keep) {
        sys.close(fd);
        return status;
      }
    }
  }
  let socket: UnixSocket;
  let fd: number;
  try {
    const listener = unixSocketAt(sys, path);
    socket = new UnixSocket(sys.net, socketOwner(sys));
    fd = sys.install(socket);
    yield* socket.connect(sys, listener);
  } catch (e) {
    throw new Stop(1, `nc: ${path}: ${why(e)}\n`);
  }
  return o.zero ? 0 : yield* readWrite(sys, fd, socket, o);
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const { o, words } = parse(argv);
    const [first, second, third] = words;
    if (third !== undefined) usage();
    if (o.unix) {
      if (first === undefined || second !== undefined) usage();
      return yield* unix(sys, first, o);
    }
    if (o.listen) {
      if (o.keep && o.zero) throw new Stop(1, 'nc: cannot use -z and -l\n');
      if (o.zero) throw new Stop(1, 'nc: cannot use -z and -l\n');
      // One operand is the port; with -p it would be a host.
      const port = o.port ?? (second === undefined ? first : second);
      const host = o.port === undefined ? (second === undefined ? undefined : first) : first;
      if (port === undefined) throw new Stop(1, 'nc: missing port number\n');
      const [number] = ports(port, o);
      return yield* (o.udp ? listenUdp : listenTcp)(sys, host, number!, o);
    }
    if (o.keep) throw new Stop(1, 'nc: must use -l with -k\n');
    if (first === undefined) usage();
    if (second === undefined) throw new Stop(1, 'nc: missing port number\n');
    return yield* connectClient(sys, first, second, o);
  });
}

/** The program. */
export const nc: Program = {
  name: 'nc',
  path: '/usr/bin/nc',
  links: ['/usr/bin/nc.openbsd', '/usr/bin/netcat'],
  size: 43528,
  summary: 'arbitrary TCP and UDP connections and listens',
  manual: `NAME
       nc - TCP, UDP and Unix connections by hand

SYNOPSIS
       nc [-nuvz46] [-w SECONDS] [-p PORT] [-s ADDRESS] HOST PORT[-PORT]
       nc -l [-kunv46] [ADDRESS] PORT
       nc [-l] -U PATH

DESCRIPTION
       Connects (or waits for a connection with -l) and copies standard input to it and it to standard output.

       -v   say what happens      -z   only see whether the port is open     -n   numbers only
       -u   UDP                   -k   accept again and again                -w   give up after that time
       -N   close the connection's other half at the end of input            -q   ... and quit after SECONDS
`,
  main,
  complete: () => ['-4', '-6', '-N', '-U', '-k', '-l', '-n', '-p', '-q', '-u', '-v', '-w', '-z'],
};
