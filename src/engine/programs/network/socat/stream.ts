/** What an opened address is to the rest of socat: something to read from and something to write to. */
import type { Coroutine } from '../../../core';
import type { SockAddr, UdpSocket } from '../../../net';
import { ip6Bytes, parseIp } from '../../../wire';
import type { Self } from './log';
import { shown } from './log';

/** An opened address. */
export interface Stream {
  /** Descriptors; undefined where it only goes the other way. */
  readonly read: number | undefined;
  readonly write: number | undefined;
  /** Reads some bytes; an empty array at the end; undefined: nothing that is for us. */
  take(self: Self): Coroutine<Uint8Array | undefined>;
  put(self: Self, data: Uint8Array): Coroutine<void>;
  /** There is no more to write. */
  endWriting(self: Self): void;
  /** Datagrams have no end to wait for. */
  readonly ignoreEof: boolean;
  readonly crlf: boolean;
}

function toCrlf(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (const b of data) {
    if (b === 10) out.push(13);
    out.push(b);
  }
  return Uint8Array.from(out);
}

/** A stream over descriptors. @param shutdown what the end of writing does */
export function descriptorStream(
  read: number | undefined,
  write: number | undefined,
  options: ReadonlyMap<string, string>,
  shutdown: (self: Self) => void = () => undefined,
): Stream {
  const crlf = options.has('crlf');
  return {
    read,
    write,
    ignoreEof: options.has('ignoreeof'),
    crlf,
    *take(self) {
      const data = yield* self.sys.read(read!, self.o.buffer);
      return crlf ? data.filter((b) => b !== 13) : data;
    },
    *put(self, data) {
      yield* self.sys.write(write!, crlf ? toCrlf(data) : data);
    },
    endWriting(self) {
      if (!options.has('shut-none')) shutdown(self);
    },
  };
}

/** Does the `range` option let this peer in? `net/bits`, `net:mask` or `[net6]/bits`. */
export function inRange(range: string | undefined, address: SockAddr['address']): boolean {
  if (range === undefined) return true;
  const m = /^\[?([^\]/]*)\]?(?:\/(\d+)|:([\d.]+))$/.exec(range);
  const net = m && parseIp(m[1]!);
  if (net === undefined || net === null) return false;
  if (typeof net === 'number') {
    if (typeof address !== 'number') return false;
    const other = m![3] === undefined ? undefined : parseIp(m![3]);
    const bits = Number(m![2] ?? 32);
    const mask = typeof other === 'number' ? other : bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
    return (net & mask) >>> 0 === (address & mask) >>> 0;
  }
  if (typeof address === 'number') return false;
  const [a, b] = [ip6Bytes(net), ip6Bytes(address)];
  for (let i = 0; i < Number(m![2] ?? 128); i++) if (((a[i >> 3]! ^ b[i >> 3]!) >> (7 - (i & 7))) & 1) return false;
  return true;
}

/** How a datagram address chooses peers. */
export interface DatagramRules {
  /** Sends here; otherwise to whom the last datagram came from. */
  readonly to?: SockAddr;
  /** Takes datagrams only from `to`. */
  readonly strict?: boolean;
  /** One datagram, then the end. */
  readonly single?: boolean;
  /** A datagram that was received already. */
  readonly first?: { readonly data: Uint8Array; readonly from: SockAddr };
  readonly range?: string;
}

/** Datagrams with addresses: UDP-RECVFROM, UDP-RECV, UDP-SENDTO, UDP-DATAGRAM. */
export function datagramStream(
  fd: number,
  socket: UdpSocket,
  options: ReadonlyMap<string, string>,
  rules: DatagramRules,
): Stream {
  let first = rules.first;
  let over = false;
  let told = false;
  let peer = rules.to ?? rules.first?.from;
  const base = descriptorStream(fd, fd, options);
  return {
    ...base,
    *take(self) {
      if (over) return new Uint8Array(0);
      const m = first ?? (yield* socket.receive(self.sys));
      first = undefined;
      if (rules.strict && (m.from.address !== peer!.address || m.from.port !== peer!.port)) return undefined;
      if (!inRange(rules.range, m.from.address)) return undefined;
      yield* self.say('N', `received packet with ${m.data.length} bytes from ${shown(m.from)}`);
      if (!rules.to) peer = m.from;
      if (rules.single) over = true;
      return m.data.subarray(0, self.o.buffer);
    },
    *put(self, data) {
      if (!peer) return yield* self.fail('not simulated in this course: writing to UDP-RECV');
      socket.send(data.slice(), peer);
      if (!told) yield* self.say('N', `local address: ${shown(socket.local)}`);
      told = true;
    },
    // A packet that is there already is read without waiting for the socket.
    get read() {
      return first || over ? undefined : fd;
    },
  };
}
