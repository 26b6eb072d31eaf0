/** TCP and UDP addresses of socat(1). */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Family, SockAddr, TcpSocket, UdpSocket } from '../../../net';
import { mapped } from '../../../net/socket/socket';
import { servicePort } from '../../../wire';
import { why } from '../common';
import { resolveHost } from '../resolver';
import { tcpSocket, udpSocket } from '../sockets';
import type { Address, Direction } from './address';
import type { Self } from './log';
import { hostShown, shown } from './log';
import type { Then } from './open';
import { forkSelf } from './open';
import type { Stream } from './stream';
import { datagramStream, descriptorStream, inRange } from './stream';

/** Listeners' queue where none is asked for. */
const BACKLOG = 5;

/** How the real program writes the hints of getaddrinfo(3) in its messages. */
function hints(flags: number, family: Family | undefined, udp: boolean): string {
  return `{${flags},${family === undefined ? 0 : family === 'inet' ? 2 : 10},${udp ? 2 : 1},${udp ? 17 : 6}}`;
}

function* portOf(self: Self, text: string, udp: boolean, host?: string): Coroutine<number> {
  if (text === '') return yield* self.fail('empty port/service');
  if (/^\d+$/.test(text)) return Number(text) & 0xffff;
  const service = servicePort(text);
  if (service && (udp ? service.udp : service.tcp)) return service.port;
  return yield* self.fail(
    `getaddrinfo"${host ?? 'NULL'}", "${text}", {1,0,${udp ? 2 : 1},0}, {}): Servname not supported for ai_socktype`,
  );
}

function familyOf(self: Self, a: Address, listening: boolean): Family | undefined {
  if (a.family) return a.family;
  const pf = a.options.get('pf')?.toLowerCase();
  if (pf !== undefined) return /6$/.test(pf) ? 'inet6' : 'inet';
  if (self.o.family !== '') return self.o.family === '6' ? 'inet6' : 'inet';
  return listening ? 'inet' : undefined;
}

/** @throws Failed */
function* addressesOf(
  self: Self,
  host: string,
  family: Family | undefined,
  udp: boolean,
  service = 'NULL',
): Coroutine<readonly SockAddr['address'][]> {
  const bracketed = /^\[(.*)\]$/.exec(host);
  const found = yield* resolveHost(self.sys, bracketed?.[1] ?? host, family ?? 'any');
  if (!('error' in found)) return found.addresses;
  const flags = bracketed || /^[\d.]+$/.test(host) ? 5 : 1;
  return yield* self.fail(
    `getaddrinfo("${bracketed?.[1] ?? host}", "${service}", ${hints(flags, family, udp)}, {}): ${found.error}`,
  );
}

function applyOptions(socket: TcpSocket | UdpSocket, options: ReadonlyMap<string, string>): void {
  socket.reuseAddr = options.has('reuseaddr') && options.get('reuseaddr') !== '0';
  socket.reusePort = options.has('reuseport');
  socket.broadcast = options.has('broadcast');
  if (options.has('ttl')) socket.ttl = Number(options.get('ttl'));
  if (options.has('tos')) socket.tos = Number(options.get('tos'));
  if (options.has('ipv6only')) socket.v6only = options.get('ipv6only') !== '0';
  const device = options.get('bindtodevice');
  if (device !== undefined) socket.bindToDevice(device);
  if ('noDelay' in socket) {
    socket.noDelay = options.has('nodelay');
    socket.keepAlive = options.has('keepalive');
  }
}

const v6 = (family: Family): boolean => family === 'inet6';

/** A socket with its options, bound where `bind`, `sourceport` or the listener's port say. @returns it and its descriptor */
function* bound<T extends TcpSocket | UdpSocket>(
  self: Self,
  a: Address,
  socket: T,
  port: number | undefined,
): Coroutine<number> {
  const { options } = a;
  const fd = self.sys.install(socket);
  const udp = !('accept' in socket);
  try {
    applyOptions(socket, options);
  } catch (e) {
    return yield* self.fail(
      `setsockopt(${fd}, 1, 25, {"${options.get('bindtodevice') ?? ''}"}, ${(options.get('bindtodevice') ?? '').length + 1}): ${why(e)}`,
    );
  }
  const where = options.get('bind');
  const source = options.get('sourceport');
  if (where === undefined && source === undefined && port === undefined) return fd;
  let address: SockAddr['address'] = v6(socket.family) ? '::' : 0;
  let at = port ?? (source === undefined ? 0 : Number(source));
  if (where !== undefined) {
    // Only addresses that connect take a port here.
    const m = port === undefined ? /^(\[[^\]]*\]|[^:]*):(.*)$/.exec(where) : null;
    const host = m ? m[1]! : where;
    if (m) at = yield* portOf(self, m[2]!, udp);
    if (host !== '') {
      const bracketed = /^\[(.*)\]$/.exec(host);
      const found = yield* resolveHost(self.sys, bracketed?.[1] ?? host, socket.family);
      if ('error' in found)
        return yield* self.fail(
          `getaddrinfo("${bracketed?.[1] ?? host}", "NULL", ${hints(1, socket.family, udp)}, {}): ${found.error}`,
        );
      address = found.addresses[0]!;
    }
  }
  try {
    socket.bind({ address, port: at });
  } catch (e) {
    const text = shown({ address, port: at }, v6(socket.family));
    return yield* self.fail(`bind(${fd}, {${text}}, ${v6(socket.family) ? 28 : 16}): ${why(e)}`);
  }
  return fd;
}

function stream(fd: number, socket: TcpSocket | UdpSocket, way: Direction, a: Address): Stream {
  return descriptorStream(way === 'write' ? undefined : fd, way === 'read' ? undefined : fd, a.options, () => {
    try {
      socket.shutdown('write');
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  });
}

/** What a command behind a listener finds in its environment. */
function environment(child: Self, peer: SockAddr, local: SockAddr): void {
  const { env } = child.sys.proc;
  env.set('SOCAT_PEERADDR', hostShown(peer.address));
  env.set('SOCAT_PEERPORT', String(peer.port));
  env.set('SOCAT_SOCKADDR', hostShown(local.address));
  env.set('SOCAT_SOCKPORT', String(local.port));
  env.set('SOCAT_PID', String(child.sys.pid));
}

function* connect(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const { options } = a;
  const udp = a.kind === 'udp';
  const [host = '', service = ''] = a.parameters;
  const port = yield* portOf(self, service, udp, host);
  const seconds = (name: string, otherwise: number): number => Number(options.get(name) ?? otherwise) * 1e6;
  let tries = options.has('forever') ? Infinity : Number(options.get('retry') ?? 0);
  const addresses = yield* addressesOf(
    self,
    host,
    familyOf(self, a, false),
    udp,
    /^\d+$/.test(service) ? 'NULL' : service,
  );
  yield* self.say('N', `opening connection to ${shown({ address: addresses[0]!, port })}`);
  for (;;) {
    let error = '';
    for (const address of addresses) {
      const family: Family = typeof address === 'number' ? 'inet' : 'inet6';
      const socket = udp ? udpSocket(sys, family) : tcpSocket(sys, family);
      const fd = yield* bound(self, a, socket, undefined);
      const to = { address, port };
      try {
        if ('accept' in socket) {
          const limit = options.has('connect-timeout') ? sys.now + seconds('connect-timeout', 0) : undefined;
          yield* socket.connect(sys, to, limit);
        } else socket.connect(to);
      } catch (e) {
        if (isErrno(e, 'EINTR')) throw e;
        // The error queue is looked at, and has nothing.
        if (isErrno(e, 'ECONNREFUSED')) yield* self.say('W', 'recvmsg(): Resource temporarily unavailable');
        const reason = isErrno(e, 'EINPROGRESS') ? 'Connection timed out' : why(e);
        error = `connect(${fd}, ${shown(to)}, ${v6(family) ? 28 : 16}): ${reason}`;
        sys.close(fd);
        continue;
      }
      yield* self.say('N', `successfully connected from local address ${shown(socket.local, v6(family))}`);
      if (!options.has('fork')) return yield* then(self, stream(fd, socket, way, a));
      yield* forkSelf(self, (child) => then(child, stream(fd, socket, way, a)));
      sys.close(fd);
      yield* sys.sleep(seconds('interval', 1));
      error = '';
      break;
    }
    if (error === '') continue;
    if (tries-- <= 0) return yield* self.fail(error);
    yield* self.say('I', error);
    yield* sys.sleep(seconds('interval', 1));
  }
}

function* listenTcp(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const { options } = a;
  const family = familyOf(self, a, true)!;
  const port = yield* portOf(self, a.parameters[0]!, false);
  const socket = tcpSocket(sys, family);
  const fd = yield* bound(self, a, socket, port);
  try {
    socket.listen(Number(options.get('backlog') ?? BACKLOG));
  } catch (e) {
    return yield* self.fail(`listen(${fd}, ${options.get('backlog') ?? BACKLOG}): ${why(e)}`);
  }
  for (;;) {
    yield* self.say('N', `listening on ${shown(socket.local, v6(family))}`);
    let peer: TcpSocket;
    for (;;) {
      yield* self.readable(fd);
      peer = yield* socket.accept(sys);
      if (inRange(options.get('range'), peer.remoteIp)) break;
      const from = shown({ ...peer.remote!, address: mapped(peer.remoteIp, family) });
      yield* self.say('W', `refusing connection from ${from} due to range option`);
      peer.discard();
    }
    const at = sys.install(peer);
    const remote = { ...peer.remote!, address: mapped(peer.remoteIp, family) };
    const local = { ...peer.local, address: mapped(peer.local.address, family) };
    yield* self.say('N', `accepting connection from ${shown(remote)} on ${shown(local)}`);
    if (!options.has('fork')) {
      sys.close(fd);
      environment(self, remote, local);
      return yield* then(self, stream(at, peer, way, a));
    }
    const parent = sys.pid;
    yield* forkSelf(self, function* (child) {
      child.sys.close(fd);
      environment(child, remote, local);
      child.sys.proc.env.set('SOCAT_PPID', String(parent));
      return yield* then(child, stream(at, peer, way, a));
    });
    sys.close(at);
  }
}

function* listenUdp(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  const { sys } = self;
  const { options } = a;
  const family = familyOf(self, a, true)!;
  const port = yield* portOf(self, a.parameters[0]!, true);
  for (;;) {
    const socket = udpSocket(sys, family);
    // The next socket of a forking listener shares the port with the connected ones.
    const shared = new Map([['reuseaddr', '1'], ...options]);
    const fd = yield* bound(self, { ...a, options: shared }, socket, port);
    yield* self.say('N', `listening on UDP ${shown(socket.local, v6(family))}`);
    let from: SockAddr;
    for (;;) {
      yield* self.readable(fd);
      const m = yield* socket.receive(sys, { peek: true });
      from = m.from;
      if (inRange(options.get('range'), from.address)) break;
      yield* socket.receive(sys);
      yield* self.say('W', `refusing connection from ${shown(from)} due to range option`);
    }
    yield* self.say('N', `accepting UDP connection from ${shown(from)}`);
    socket.connect(from);
    if (!options.has('fork')) {
      environment(self, from, socket.local);
      return yield* then(self, stream(fd, socket, way, a));
    }
    const parent = sys.pid;
    yield* forkSelf(self, function* (child) {
      environment(child, from, socket.local);
      child.sys.proc.env.set('SOCAT_PPID', String(parent));
      return yield* then(child, stream(fd, socket, way, a));
    });
    sys.close(fd);
  }
}

function* datagrams(self: Self, a: Address, then: Then): Coroutine<number> {
  const { sys } = self;
  const { options } = a;
  if (a.kind === 'udp-sendto' || a.kind === 'udp-datagram') {
    const [host = '', service = ''] = a.parameters;
    const port = yield* portOf(self, service, true, host);
    const [address] = yield* addressesOf(self, host, familyOf(self, a, false), true);
    const family: Family = typeof address === 'number' ? 'inet' : 'inet6';
    const socket = udpSocket(sys, family);
    const fd = yield* bound(self, a, socket, undefined);
    yield* self.say('N', `successfully prepared local socket ${shown(socket.local, v6(family))}`);
    const range = options.get('range');
    return yield* then(
      self,
      datagramStream(fd, socket, options, {
        to: { address: address!, port },
        strict: a.kind === 'udp-sendto',
        ...(range === undefined ? {} : { range }),
      }),
    );
  }
  const family = familyOf(self, a, true)!;
  const port = yield* portOf(self, a.parameters[0]!, true);
  const socket = udpSocket(sys, family);
  const fd = yield* bound(self, a, socket, port);
  const range = options.get('range');
  if (a.kind === 'udp-recv')
    return yield* then(self, datagramStream(fd, socket, options, range === undefined ? {} : { range }));
  for (;;) {
    yield* self.say('N', `receiving on ${shown(socket.local, v6(family))}`);
    yield* self.readable(fd);
    const first = yield* socket.receive(sys);
    if (!inRange(range, first.from.address)) continue;
    yield* self.say('N', `receiving packet from ${shown(first.from)}`);
    const rules = { first, single: true };
    if (!options.has('fork')) {
      environment(self, first.from, socket.local);
      return yield* then(self, datagramStream(fd, socket, options, rules));
    }
    yield* forkSelf(self, function* (child) {
      environment(child, first.from, socket.local);
      return yield* then(child, datagramStream(fd, socket, options, rules));
    });
  }
}

/** Opens a TCP or UDP address. */
export function* openInternet(self: Self, a: Address, way: Direction, then: Then): Coroutine<number> {
  switch (a.kind) {
    case 'tcp':
    case 'udp':
      return yield* connect(self, a, way, then);
    case 'tcp-listen':
      return yield* listenTcp(self, a, way, then);
    case 'udp-listen':
      return yield* listenUdp(self, a, way, then);
    default:
      return yield* datagrams(self, a, then);
  }
}
