/** tracepath(8) of iputils 20221126: the path MTU and the hops on the way, without privileges. */
import type { Coroutine } from '../../core';
import { isErrno, strerror } from '../../core';
import type { Program, Sys } from '../../host';
import type { Family, SocketError, UdpSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp } from '../../wire';
import { getoptOr } from '../lib/options';
import { Stop, stoppable } from './common';
import { nameInfo, resolveHost } from './resolver';
import { udpSocket } from './sockets';

const USAGE = `
Usage
  tracepath [options] <destination>

Options:
  -4             use IPv4
  -6             use IPv6
  -b             print both name and ip
  -l <length>    use packet <length>
  -m <hops>      use maximum <hops>
  -n             no dns name resolution
  -p <port>      use destination <port>
  -V             print version and exit
  <destination>  dns name or ip address

For more details see tracepath(8).
`;

const BASE_PORT = 44444;
/** Ports in use at the same time. */
const HISTORY = 64;
const HOST_COLUMN = 52;
/** Bytes at the beginning of a probe: its TTL and the time it was sent. */
const STAMP = 24;

interface Options {
  family: Family | undefined;
  both: boolean;
  numeric: boolean;
  length: number | undefined;
  hops: number;
  port: number;
}

function number(text: string, min: number, max: number): number {
  const n = Number(text);
  if (!/^[-+]?\d+$/.test(text)) throw new Stop(1, `tracepath: invalid argument: '${text}'\n`);
  if (n < min || n > max)
    throw new Stop(1, `tracepath: invalid argument: '${text}': out of range: ${min} <= value <= ${max}\n`);
  return n;
}

/** One destination being probed. */
class Path {
  private mtu: number;
  private slot = 0;
  private readonly history: { hops: number; at: number }[] = Array.from({ length: HISTORY }, () => ({
    hops: 0,
    at: 0,
  }));
  private hopsTo = -1;
  private hopsFrom = -1;
  private readonly overhead: number;
  private readonly socket: UdpSocket;
  private readonly fd: number;

  constructor(
    private readonly sys: Sys,
    private readonly o: Options,
    private readonly address: IpAddress,
  ) {
    const v4 = typeof address === 'number';
    this.overhead = v4 ? 28 : 48;
    this.mtu = Math.min(o.length ?? 128000, v4 ? 65535 : 128000);
    this.socket = udpSocket(sys, v4 ? 'inet' : 'inet6');
    this.socket.pmtudisc = 'do';
    this.socket.recvErr = true;
    this.fd = sys.install(this.socket);
  }

  *run(): Coroutine<void> {
    const { sys, o } = this;
    let done = false;
    for (let ttl = 1; ttl <= o.hops && !done; ttl++) {
      let result = -1;
      this.socket.ttl = ttl;
      for (let i = 0; i < 3; i++) {
        const before = this.mtu;
        result = yield* this.probe(ttl);
        // The end does not count when the MTU changed with the same probe: it is sent again.
        if (this.mtu !== before) {
          i = -1;
          continue;
        }
        if (result === 0) {
          done = true;
          break;
        }
        if (result > 0) break;
      }
      if (result < 0) yield* sys.print(`${String(ttl).padStart(2)}:  no reply\n`);
    }
    if (!done) yield* sys.print(`     Too many hops: pmtu ${this.mtu}\n`);
    yield* sys.print(
      `     Resume: pmtu ${this.mtu} ${this.hopsTo >= 0 ? `hops ${this.hopsTo} ` : ''}${this.hopsFrom >= 0 ? `back ${this.hopsFrom} ` : ''}\n`,
    );
    sys.close(this.fd);
  }

  /** @returns 0: over; -1: no answer; otherwise there was progress */
  private *probe(ttl: number): Coroutine<number> {
    const { sys, o } = this;
    let i = 0;
    while (i < 10) {
      const data = new Uint8Array(Math.max(0, this.mtu - this.overhead));
      const at = sys.now;
      if (data.length >= STAMP) new DataView(data.buffer).setUint32(0, ttl, true);
      const h = this.history[this.slot]!;
      h.hops = ttl;
      h.at = at;
      try {
        this.socket.send(data, { address: this.address, port: o.port + this.slot });
        break;
      } catch (e) {
        if (!isErrno(e)) throw e;
        const result = yield* this.errors(ttl);
        h.hops = 0;
        if (result === 0) return 0;
        if (result > 0) {
          i = 0;
          continue;
        }
      }
      i++;
      yield* sys.work();
    }
    this.slot = (this.slot + 1) & (HISTORY - 1);
    if (i >= 10) {
      yield* sys.print(`${String(ttl).padStart(2)}:  send failed\n`);
      return 0;
    }
    yield* sys.work(4);
    const until = sys.now + 1e6;
    while (this.socket.errors.length === 0 && !this.socket.poll().readable && sys.now < until)
      yield* sys.wait(this.socket.waitQueues, until);
    if (this.socket.errors.length === 0 && this.socket.poll().readable) {
      yield* sys.print(`${String(ttl).padStart(2)}?: reply received 8)\n`);
      return 0;
    }
    return yield* this.errors(ttl);
  }

  private *errors(ttl: number): Coroutine<number> {
    let progress = -1;
    for (let e = this.socket.takeQueuedError(); e; e = this.socket.takeQueuedError()) {
      progress = this.mtu;
      if (!(yield* this.report(e, ttl))) return 0;
      progress = this.mtu;
    }
    return progress;
  }

  /** Prints a line. @returns false when it is over */
  private *report(e: SocketError, ttl: number): Coroutine<boolean> {
    const { sys, o } = this;
    let sent = -1;
    let at: number | undefined;
    const slot = e.destination.port - o.port;
    const h = slot >= 0 && slot < HISTORY - 1 ? this.history[slot]! : undefined;
    if (h && h.hops > 0) {
      sent = h.hops;
      at = h.at;
      h.hops = 0;
    }
    let out: string;
    if (e.origin === 'local') {
      out = `${String(ttl).padStart(2)}?: ${'[LOCALHOST]'.padEnd(32)} `;
      if (typeof this.address === 'number') at = undefined;
    } else {
      const text = e.offender === undefined ? '' : formatIp(e.offender);
      let name = text;
      if ((!o.numeric || o.both) && e.offender !== undefined) {
        const found = yield* nameInfo(sys, e.offender);
        name = typeof found === 'object' ? '???' : (found ?? text);
      }
      const [a, b] = o.numeric ? [text, name] : [name, text];
      const shown = o.both ? `${a} (${b})` : a;
      out = `${sent > 0 ? `${String(sent).padStart(2)}:  ` : `${String(ttl).padStart(2)}?: `}${shown.padEnd(HOST_COLUMN)}${shown.length >= HOST_COLUMN ? ' ' : ''}`;
    }
    if (at !== undefined) {
      const diff = Math.max(0, e.at - at);
      out += `${String(Math.floor(diff / 1000)).padStart(3)}.${String(diff % 1000).padStart(3, '0')}ms `;
    }
    const back = e.ttl === undefined ? -1 : e.ttl <= 64 ? 65 - e.ttl : e.ttl <= 128 ? 129 - e.ttl : 256 - e.ttl;
    const end = function* (text: string): Coroutine<boolean> {
      yield* sys.print(`${out}${text}\n`);
      return false;
    };
    switch (e.errno) {
      case 'EMSGSIZE':
        yield* sys.print(`${out}pmtu ${e.info}\n`);
        this.mtu = e.info;
        return true;
      case 'ECONNREFUSED':
        yield* end('reached');
        this.hopsTo = sent < 0 ? ttl : sent;
        this.hopsFrom = back;
        return false;
      case 'EPROTO':
        return yield* end('!P');
      case 'EHOSTUNREACH': {
        const exceeded =
          (e.origin === 'icmp' && e.type === 11 && e.code === 0) ||
          (e.origin === 'icmp6' && e.type === 3 && e.code === 0);
        if (!exceeded) return yield* end('!H');
        const hops = sent >= 0 ? sent : ttl;
        yield* sys.print(`${out}${back >= 0 && back !== hops ? `asymm ${String(back).padStart(2)} ` : ''}\n`);
        return true;
      }
      case 'ENETUNREACH':
        return yield* end('!N');
      case 'EACCES':
        return yield* end('!A');
      default:
        yield* sys.print(`${out}\n`);
        yield* sys.eprint(`NET ERROR: ${strerror(e.errno)}\n`);
        return false;
    }
  }
}

/** The program. */
export const tracepath: Program = {
  name: 'tracepath',
  path: '/usr/bin/tracepath',
  size: 22704,
  summary: 'trace path to a network host discovering MTU along this path',
  manual: `NAME
       tracepath - the hops and the path MTU to a host

SYNOPSIS
       tracepath [-4|-6] [-n|-b] [-l LENGTH] [-m HOPS] [-p PORT] DESTINATION

DESCRIPTION
       Sends UDP packets that must not be cut, with a growing time to live, and prints who answers and where the MTU shrinks.
       asymm N: the way back has N hops, by the answer's time to live.
`,
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const parsed = getoptOr(argv, '46nbh?l:m:p:V', [], (message) => new Stop(255, `tracepath: ${message}\n${USAGE}`));
      const o: Options = {
        family: undefined,
        both: false,
        numeric: false,
        length: undefined,
        hops: 30,
        port: BASE_PORT,
      };
      for (const { name, arg } of parsed.options) {
        if (name === '4' || name === '6') {
          const family = name === '4' ? 'inet' : 'inet6';
          if (o.family !== undefined && o.family !== family)
            throw new Stop(2, 'tracepath: Only one -4 or -6 option may be specified\n');
          o.family = family;
        } else if (name === 'n') o.numeric = true;
        else if (name === 'b') o.both = true;
        else if (name === 'l') o.length = number(arg!, 0, 0x7fffffff);
        else if (name === 'm') o.hops = number(arg!, 0, 255);
        else if (name === 'p') o.port = number(arg!, 0, 65535);
        else if (name === 'V')
          throw new Stop(
            0,
            '',
            'tracepath from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n',
          );
        else throw new Stop(255, USAGE);
      }
      const [host] = parsed.operands;
      if (host === undefined || parsed.operands.length !== 1) throw new Stop(255, USAGE);
      const found = yield* resolveHost(sys, host, o.family ?? 'any');
      if ('error' in found) throw new Stop(1, `tracepath: ${host}: ${found.error}\n`);
      const address =
        found.addresses.find((a) => o.family !== undefined || typeof a === 'number') ?? found.addresses[0]!;
      const overhead = typeof address === 'number' ? 28 : 48;
      if (o.length !== undefined && o.length <= overhead)
        throw new Stop(1, `tracepath: pktlen must be within: ${overhead} < value <= 2147483647\n`);
      yield* new Path(sys, o, address).run();
      return 0;
    });
  },
};
