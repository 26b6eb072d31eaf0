/** Listen mode. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { Family, TcpSocket, UdpSocket } from '../../../net';
import { UnixSocket } from '../../../net';
import type { IpAddress } from '../../../wire';
import { formatIp } from '../../../wire';
import { why } from '../common';
import { toCrlf } from '../crlf';
import { resolveHost } from '../resolver';
import { socketOwner, tcpSocket, udpSocket } from '../sockets';
import { Activities } from '../tasks';
import { bindUnix } from '../unix';
import type { NcatOptions } from './options';
import { DEFAULT_PORT, portOf, quit } from './options';
import type { NcatSocket } from './relay';
import { spawn } from './relay';

/** Connections that wait to be accepted. */
const BACKLOG = 10;

interface Listener {
  readonly fd: number;
  readonly socket: NcatSocket;
}

/** Listens and serves. @param words address and port, or one of them @returns the exit status @throws Stop */
export function* listenOn(sys: Sys, o: NcatOptions, words: readonly string[]): Coroutine<number> {
  const single = words.length === 1 && /^\d+$/.test(words[0]!);
  const portText = o.port ?? (single ? words[0] : words[1]);
  const port = portText === undefined ? DEFAULT_PORT : portOf(portText);
  const listeners = o.unix
    ? yield* listenUnix(sys, o, words[0] ?? '')
    : yield* listenInternet(sys, o, single ? undefined : words[0], port);
  sys.onSignal('SIGCHLD', 'ignore');
  yield* new Server(sys, o, listeners).run();
  return 0;
}

function* listenUnix(sys: Sys, o: NcatOptions, path: string): Coroutine<Listener[]> {
  const socket = new UnixSocket(sys.net, socketOwner(sys));
  try {
    bindUnix(sys, socket, path);
  } catch (e) {
    return quit(`bind to ${path}: ${why(e)}.`);
  }
  const fd = sys.install(socket);
  socket.listen(BACKLOG);
  if (o.verbose > 0) yield* sys.eprint(`Ncat: Listening on ${path}\n`);
  return [{ fd, socket }];
}

/** Both families unless one is chosen. */
function* listenInternet(sys: Sys, o: NcatOptions, host: string | undefined, port: number): Coroutine<Listener[]> {
  let addresses: readonly IpAddress[] = o.family === 'inet' ? [0] : o.family === 'inet6' ? ['::'] : ['::', 0];
  if (host !== undefined) {
    const found = yield* resolveHost(sys, host, o.family ?? 'any');
    if ('error' in found) return quit(`Could not resolve hostname "${host}": ${found.error}.`);
    addresses = found.addresses;
  }
  const listeners: Listener[] = [];
  for (const address of addresses) {
    const family: Family = typeof address === 'number' ? 'inet' : 'inet6';
    const socket = o.udp ? udpSocket(sys, family) : tcpSocket(sys, family);
    socket.reuseAddr = true;
    socket.v6only = family === 'inet6';
    const fd = sys.install(socket);
    const shown = `${typeof address === 'string' ? address : formatIp(address)}:${port}`;
    try {
      socket.bind({ address, port });
      if ('listen' in socket) socket.listen(BACKLOG);
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
  return listeners;
}

/** The clients of one run. */
class Server {
  private readonly clients = new Map<number, NcatSocket>();
  private readonly activities = new Activities();
  private finished = false;

  constructor(
    private readonly sys: Sys,
    private readonly o: NcatOptions,
    private readonly listeners: readonly Listener[],
  ) {}

  *run(): Coroutine<void> {
    for (const l of this.listeners)
      this.activities.add('accept' in l.socket ? this.accept(l.socket) : this.firstDatagram(l, l.socket));
    if (!this.o.command && !this.o.receiveOnly) this.activities.add(this.broadcastInput());
    yield* this.activities.run(
      () => this.sys.now,
      () => this.finished,
    );
  }

  private stop(): void {
    this.finished = true;
    this.activities.poke();
  }

  /** The first datagram decides who is talked to. */
  private *firstDatagram(listener: Listener, socket: UdpSocket): Coroutine<void> {
    const { sys } = this;
    const first = yield* socket.receive(sys, { peek: true });
    socket.connect(first.from);
    if (this.o.verbose > 0) yield* sys.eprint(`Ncat: Connection from ${formatIp(first.from.address)}.\n`);
    for (const other of this.listeners) if (other !== listener) sys.close(other.fd);
    yield* this.serve(listener.fd, socket);
  }

  private *accept(socket: TcpSocket | UnixSocket): Coroutine<void> {
    const { sys } = this;
    for (;;) {
      let peer: TcpSocket | UnixSocket;
      try {
        peer = yield* socket.accept(sys);
      } catch (e) {
        // The other family's socket took the only client.
        if (isErrno(e, 'EINVAL')) return;
        throw e;
      }
      const fd = sys.install(peer);
      if (this.o.verbose > 0) yield* this.announce(peer);
      this.activities.add(this.serve(fd, peer));
      if (!this.o.keep) {
        for (const other of this.listeners) sys.close(other.fd);
        return;
      }
    }
  }

  private *announce(peer: TcpSocket | UnixSocket): Coroutine<void> {
    if (peer instanceof UnixSocket) {
      yield* this.sys.eprint('Ncat: Connection from a client on Unix domain socket.\nNcat: Connection from .\n');
      return;
    }
    const from = formatIp(peer.remoteIp);
    yield* this.sys.eprint(`Ncat: Connection from ${from}.\nNcat: Connection from ${from}:${peer.remote!.port}.\n`);
  }

  /** One client until its end: its bytes go to standard output, with --chat to the other clients, or it has the command. */
  private *serve(fd: number, socket: NcatSocket): Coroutine<void> {
    const { sys, o, clients } = this;
    if (o.command) {
      spawn(sys, o.command, fd);
      sys.close(fd);
      if (!o.keep) this.stop();
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
    if (!o.keep) this.stop();
  }

  /** What is typed goes to everybody who is connected; reading begins with the first one. */
  private *broadcastInput(): Coroutine<void> {
    const { sys, o, clients } = this;
    while (clients.size === 0)
      yield* sys.wait(
        this.listeners.flatMap((l) => [...l.socket.waitQueues]),
        sys.now + 1e6,
      );
    for (;;) {
      const data = yield* sys.read(0, 8192);
      if (data.length === 0) break;
      for (const [fd] of clients) yield* sys.write(fd, o.crlf ? toCrlf(data) : data);
    }
    if (o.sendOnly && !o.keep) return this.stop();
    if (!o.noShutdown && !o.udp) for (const s of clients.values()) s.shutdown('write');
  }
}
