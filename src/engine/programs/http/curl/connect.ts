/** The connection of a transfer: names, --resolve, --connect-to, -x, --interface, and the addresses one after the other. */
import type { Coroutine, ErrnoCode } from '../../../core';
import { errnoNumber, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket } from '../../../net';
import { UnixSocket } from '../../../net';
import type { IpAddress } from '../../../wire';
import { formatIp, parseIp } from '../../../wire';
import { resolveHost } from '../../network/resolver';
import { socketOwner, tcpSocket } from '../../network/sockets';
import { unixSocketAt } from '../../network/unix';
import { CurlError } from './error';
import type { CurlOptions } from './options';
import type { TransferState } from './state';
import { deadline } from './state';
import type { Target } from './url';

/** Seconds that connecting may take without --connect-timeout. */
const CONNECT_TIMEOUT = 300;
/** Microseconds after which the addresses of the other family have their turn (happy eyeballs, RFC 8305). */
const HAPPY_EYEBALLS = 200_000;

/** What a transfer goes over. */
export interface Connection {
  readonly fd: number;
  readonly socket: TcpSocket | UnixSocket;
}

/** Connects to where a URL, or an option instead of it, leads. @throws CurlError */
export function* connect(state: TransferState, target: Target): Coroutine<Connection> {
  state.verbose.connection++;
  const { unixSocket } = state.options;
  return unixSocket === undefined ? yield* connectTcp(state, target) : yield* connectUnix(state, unixSocket, target);
}

/** --unix-socket. */
function* connectUnix(state: TransferState, path: string, target: Target): Coroutine<Connection> {
  const { sys, info, verbose } = state;
  yield* verbose.note(`  Trying ${path}:0...`);
  const socket = new UnixSocket(sys.net, socketOwner(sys));
  const fd = sys.install(socket);
  try {
    yield* socket.connect(sys, unixSocketAt(sys, path));
  } catch (e) {
    sys.close(fd);
    if (!isErrno(e)) throw e;
    yield* verbose.note(`Immediate connect fail for ${path}: ${e.message}`);
    const text = `Failed to connect to ${target.host} port ${target.port} after 0 ms: Couldn't connect to server`;
    return yield* verbose.fail(7, text);
  }
  info.connects++;
  info.connect = sys.now - state.began;
  yield* verbose.note(`Connected to ${target.host} (${path}) port ${target.port} (#${verbose.connection})`);
  return { fd, socket };
}

function* connectTcp(state: TransferState, target: Target): Coroutine<Connection> {
  const { sys, options: o, info, verbose, began } = state;
  const hop = firstHop(o, target);
  const addresses = yield* lookup(state, { ...target, ...hop });
  info.nameLookup = sys.now - began;
  const from = sys.now;
  const limit = Math.min(deadline(state), from + (o.connectTimeout ?? CONNECT_TIMEOUT) * 1e6);
  let last: ErrnoCode | 'timeout' = 'ECONNREFUSED';
  for (const [i, address] of addresses.entries()) {
    const socket = tcpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
    const fd = sys.install(socket);
    const text = formatIp(address);
    const { port } = hop;
    yield* verbose.note(`  Trying ${typeof address === 'string' ? `[${text}]` : text}:${port}...`);
    try {
      if (o.interface !== undefined) bindTo(sys, socket, o.interface);
      if (o.localPort !== undefined)
        socket.bind({ address: typeof address === 'number' ? 0 : '::', port: o.localPort });
      const other = addresses.slice(i + 1).some((a) => typeof a !== typeof address);
      yield* socket.connect(sys, { address, port }, other ? Math.min(limit, sys.now + HAPPY_EYEBALLS) : limit);
      info.connects++;
      info.connect = sys.now - began;
      info.remoteIp = text;
      info.remotePort = port;
      info.localIp = formatIp(socket.local.address);
      info.localPort = socket.local.port;
      yield* verbose.note(`Connected to ${target.host} (${text}) port ${port} (#${verbose.connection})`);
      return { fd, socket };
    } catch (e) {
      sys.close(fd);
      if (!isErrno(e)) throw e;
      last = e.code === 'EINPROGRESS' ? 'timeout' : e.code;
      if (last === 'timeout') {
        if (sys.now >= limit) break;
        continue;
      }
      if (e.code === 'EINTR') throw new CurlError(42, 'Callback aborted');
      yield* verbose.note(
        e.code === 'ENETUNREACH' || e.code === 'EADDRNOTAVAIL'
          ? `Immediate connect fail for ${text}: ${e.message}`
          : `connect to ${text} port ${port} failed: ${e.message}`,
      );
      state.refused = e.code === 'ECONNREFUSED';
    }
  }
  const ms = Math.round((sys.now - from) / 1000);
  const failed = `Failed to connect to ${target.host.replace(/^\[|\]$/g, '')} port ${target.port} after ${ms} ms`;
  if (last !== 'timeout')
    return yield* verbose.fail(last === 'ETIMEDOUT' ? 28 : 7, `${failed}: Couldn't connect to server`);
  if (o.maxTime !== undefined && deadline(state) <= from + (o.connectTimeout ?? CONNECT_TIMEOUT) * 1e6)
    return yield* verbose.fail(28, `Connection timed out after ${Math.round((sys.now - began) / 1000)} milliseconds`);
  return yield* verbose.fail(28, `${failed}: Timeout was reached`);
}

/** --connect-to and -x: where the connection really goes. @throws CurlError 5 and 97 for a proxy that cannot be used */
function firstHop(o: CurlOptions, target: Target): { host: string; port: number } {
  if (o.proxy !== undefined && o.proxy !== '') {
    const m = /^(?:http:\/\/)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(o.proxy);
    if (!m && /^socks/.test(o.proxy)) throw new CurlError(97, 'not simulated in this course: SOCKS proxies');
    if (!m) throw new CurlError(5, `Unsupported proxy syntax in '${o.proxy}'`);
    return { host: m[1]!, port: Number(m[2] ?? 1080) };
  }
  for (const rule of o.connectTo) {
    const m = /^(\[[^\]]*\]|[^:]*):(\d*):(\[[^\]]*\]|[^:]*):(\d*)$/.exec(rule);
    if (
      !m ||
      (m[1] !== '' && m[1]!.toLowerCase() !== target.host.toLowerCase()) ||
      (m[2] !== '' && Number(m[2]) !== target.port)
    )
      continue;
    return { host: m[3] || target.host, port: m[4] ? Number(m[4]) : target.port };
  }
  return target;
}

/** --interface: an own address or a link. @throws CurlError 45 */
function bindTo(sys: Sys, socket: TcpSocket, name: string): void {
  const own = parseIp(name);
  if (own !== undefined) {
    try {
      socket.bind({ address: own, port: 0 });
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new CurlError(45, `bind failed with errno ${errnoNumber(e.code)}: ${e.message}`);
    }
    return;
  }
  const link = sys.net.links.list().find((l) => l.name === name);
  if (!link) throw new CurlError(45, `Couldn't bind to '${name}'`);
  socket.device = sys.net.links.get(link.index) ?? null;
}

/** The addresses of a host: those of --resolve, or what the resolver finds. @throws CurlError 6 */
function* lookup(state: TransferState, target: Target): Coroutine<readonly IpAddress[]> {
  const { sys, options: o, verbose } = state;
  for (const entry of o.resolve) {
    const m = /^[+-]?([^:]+):(\d+):(.+)$/.exec(entry);
    if (m && m[1]!.toLowerCase() === target.host.toLowerCase() && Number(m[2]) === target.port) {
      const found = yield* resolveHost(sys, m[3]!.replace(/^\[|\]$/g, ''));
      if (!('error' in found)) return found.addresses;
    }
  }
  const found = yield* resolveHost(sys, target.host.replace(/^\[|\]$/g, ''), o.family);
  if ('error' in found) return yield* verbose.fail(6, `Could not resolve host: ${target.host}`);
  return found.addresses;
}
