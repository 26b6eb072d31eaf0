/** Connect mode. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket, UdpSocket } from '../../../net';
import { UnixSocket } from '../../../net';
import { formatIp } from '../../../wire';
import { Stop, why } from '../common';
import { resolveHost } from '../resolver';
import { socketOwner, tcpSocket, udpSocket } from '../sockets';
import { unixSocketAt } from '../unix';
import type { NcatOptions } from './options';
import { DEFAULT_PORT, portOf, quit } from './options';
import type { NcatSocket } from './relay';
import { relay, spawn } from './relay';

/** What the library needs to begin and to notice the end, microseconds; it is part of the time that is reported. */
const STARTUP = 60_000;
/** How long a connection may take without -w, microseconds. */
const CONNECT_TIMEOUT = 10e6;

interface Connected {
  readonly fd: number;
  readonly socket: NcatSocket;
  /** The other end as -v shows it. */
  readonly shown: string;
}

/** Connects and copies, or runs the command. @param words host and port @returns the exit status @throws Stop */
export function* connectTo(sys: Sys, o: NcatOptions, words: readonly string[]): Coroutine<number> {
  const began = sys.now;
  const [host = '', port] = words;
  const { fd, socket, shown } = o.unix ? yield* connectUnix(sys, host) : yield* connectInternet(sys, o, host, port);
  if (o.verbose > 0) yield* sys.eprint(`Ncat: Connected to ${shown}.\n`);
  if (o.command) {
    spawn(sys, o.command, fd);
    sys.close(fd);
    yield* sys.waitpid(-1);
    return 0;
  }
  let result = { sent: 0, received: 0, status: 0 };
  if (!o.zero) result = yield* relay(sys, o, fd, socket);
  else if (o.udp) yield* probe(sys, o, fd, socket as UdpSocket);
  if (o.verbose > 0)
    yield* sys.eprint(
      `Ncat: ${result.sent} bytes sent, ${result.received} bytes received in ${((sys.now - began) / 1e6).toFixed(2)} seconds.\n`,
    );
  sys.close(fd);
  return result.status;
}

function* connectUnix(sys: Sys, path: string): Coroutine<Connected> {
  const socket = new UnixSocket(sys.net, socketOwner(sys));
  const fd = sys.install(socket);
  try {
    yield* socket.connect(sys, unixSocketAt(sys, path));
  } catch (e) {
    throw new Stop(1, `Ncat: ${why(e)}.\n`);
  }
  return { fd, socket, shown: path };
}

/** Tries the addresses of a host one after the other. */
function* connectInternet(sys: Sys, o: NcatOptions, host: string, portText: string | undefined): Coroutine<Connected> {
  const port = portText === undefined ? DEFAULT_PORT : portOf(portText);
  const found = yield* resolveHost(sys, host, o.family ?? 'any');
  if ('error' in found) return quit(`Could not resolve hostname "${host}": ${found.error}.`);
  yield* sys.sleep(STARTUP);
  let last = 'Connection refused';
  for (const address of found.addresses) {
    const family = typeof address === 'number' ? 'inet' : 'inet6';
    const socket = o.udp ? udpSocket(sys, family) : tcpSocket(sys, family);
    const fd = sys.install(socket);
    try {
      if (o.port !== undefined || o.source !== undefined) yield* bindSource(sys, o, socket);
      if ('accept' in socket) yield* socket.connect(sys, { address, port }, sys.now + (o.wait ?? CONNECT_TIMEOUT));
      else socket.connect({ address, port });
      return { fd, socket, shown: `${typeof address === 'string' ? address : formatIp(address)}:${port}` };
    } catch (e) {
      sys.close(fd);
      if (isErrno(e, 'EINTR')) throw e;
      last = isErrno(e, 'EINPROGRESS') ? 'TIMEOUT' : why(e);
    }
  }
  throw new Stop(1, `Ncat: ${last}.\n`);
}

/** -s and -p. @throws Errno what bind(2) says */
function* bindSource(sys: Sys, o: NcatOptions, socket: TcpSocket | UdpSocket): Coroutine<void> {
  const from = o.source === undefined ? undefined : yield* resolveHost(sys, o.source, socket.family);
  if (from && 'error' in from) return quit(`Could not resolve source address "${o.source!}": ${from.error}.`);
  socket.reuseAddr = true;
  socket.bind({
    address: from ? from.addresses[0]! : socket.family === 'inet' ? 0 : '::',
    port: o.port === undefined ? 0 : portOf(o.port),
  });
}

/** -z with -u: an empty datagram, and a while to be refused. @throws Stop */
function* probe(sys: Sys, o: NcatOptions, fd: number, socket: UdpSocket): Coroutine<void> {
  try {
    yield* sys.write(fd, new Uint8Array(0));
    yield* sys.wait(socket.waitQueues, sys.now + 2e6);
    if (socket.takeError() !== undefined) throw new Stop(1, 'Ncat: Connection refused.\n');
    if (o.verbose > 0) yield* sys.eprint('Ncat: UDP packet sent successfully\n');
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Stop(1, `Ncat: ${why(e)}.\n`);
  }
}
