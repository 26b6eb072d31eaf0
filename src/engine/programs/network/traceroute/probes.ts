/** The ways of probing: what is sent with a small TTL, and how its answers are recognised (mod-*.c of traceroute). */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { Family, RawSocket, SocketError, UdpSocket } from '../../../net';
import type { IpAddress, IpPacket } from '../../../wire';
import { makeIcmp4Echo, makeIcmp6Echo, makeTcp, makeTcpOptions, TCP_FLAG } from '../../../wire';
import { Stop, why } from '../common';
import { rawSocket, udpSocket } from '../sockets';
import type { TracerouteOptions } from './options';

/** One probe and what became of it. Times in microseconds. */
export interface Probe {
  sent: number | undefined;
  received: number | undefined;
  done: boolean;
  /** The destination was reached, or nothing behind this hop can be. */
  final: boolean;
  from: IpAddress | undefined;
  /** What is printed behind the time. */
  mark: string;
  /** The packet was longer than a link on the way takes; `--mtu` sends a shorter one. */
  tooLong?: boolean;
  /** TTL of the answer. */
  ttl: number | undefined;
  /** What tells this probe from others. */
  key: number;
  socket: { readonly socket: UdpSocket; readonly fd: number } | undefined;
}

/** A method. */
export interface Prober {
  /** Header bytes between the IP header and the data. */
  readonly header: number;
  /** Sends. @throws Stop for what cannot be recovered */
  send(probe: Probe, ttl: number, length: number): Coroutine<void>;
  /** Looks what has come. */
  collect(probes: readonly Probe[]): Coroutine<void>;
  /** Sockets to wait for. */
  fds(): readonly number[];
  /** A probe is over. */
  end(probe: Probe): void;
}

/** What all methods need to know. */
export interface Target {
  readonly sys: Sys;
  readonly o: TracerouteOptions;
  readonly family: Family;
  readonly address: IpAddress;
  readonly source: IpAddress | undefined;
  /** Length of the IP header. */
  readonly overhead: number;
}

/** Says what could not be done and ends. */
export function fatal(what: string, e: unknown): never {
  throw new Stop(1, `\n${what}: ${why(e)}\n`);
}

function prepare(t: Target, socket: UdpSocket | RawSocket): void {
  const { o } = t;
  if (o.device !== undefined) {
    try {
      socket.bindToDevice(o.device);
    } catch (e) {
      fatal('setsockopt SO_BINDTODEVICE', e);
    }
  }
  socket.tos = o.tos;
  socket.mark = o.mark;
  socket.recvErr = true;
  socket.pmtudisc = o.discoverMtu ? 'probe' : o.dontFragment ? 'do' : 'dont';
  if (t.source !== undefined || o.sourcePort !== undefined) {
    try {
      socket.bind({ address: t.source ?? (t.family === 'inet' ? 0 : '::'), port: o.sourcePort ?? 0 });
    } catch (e) {
      fatal('bind', e);
    }
  }
}

/** What traceroute shows of an ICMP error (parse_icmp_res). */
function judge(probe: Probe, e: SocketError, o: TracerouteOptions): void {
  if (e.origin === 'local') {
    if (e.errno === 'EMSGSIZE') {
      probe.mark = `F=${e.info}`;
      probe.tooLong = true;
    }
    return;
  }
  const v6 = e.origin === 'icmp6';
  if (v6 ? e.type === 3 : e.type === 11) return;
  probe.final = true;
  if (v6) {
    if (e.type === 1) probe.mark = (['!N', '!X', '!S', '!H', '', '!X', '!X'][e.code] ?? `!<${e.code}>`) || probe.mark;
    else if (e.type === 2) probe.mark = `!F-${e.info}`;
    else probe.mark = '!P';
  } else if (e.type === 3) {
    if (e.code === 4) {
      probe.mark = `!F-${e.info}`;
      if (o.discoverMtu) {
        probe.mark = `F=${e.info}`;
        probe.tooLong = true;
        probe.final = false;
      }
    } else {
      const marks: Record<number, string> = {
        0: '!N',
        1: '!H',
        2: '!P',
        3: '',
        5: '!S',
        6: '!N',
        7: '!H',
        8: '!N',
        9: '!X',
        10: '!X',
        11: '!N',
        12: '!H',
        13: '!X',
        14: '!V',
        15: '!C',
      };
      // That the end was reached leaves what was said before.
      probe.mark = (marks[e.code] ?? `!<${e.code}>`) || probe.mark;
    }
  } else probe.mark = `!<${e.type}-${e.code}>`;
}

function take(probe: Probe, e: SocketError, o: TracerouteOptions): void {
  probe.received = e.at;
  probe.ttl = e.ttl;
  probe.from = e.offender;
  probe.done = true;
  judge(probe, e, o);
}

/** Sending failed: some reasons will show up as an error message, others end the run. @returns true when it may go on */
function tolerated(e: unknown): boolean {
  if (!isErrno(e)) throw e;
  if (isErrno(e, 'EMSGSIZE', 'EHOSTUNREACH', 'EAGAIN', 'ENOBUFS', 'ECONNREFUSED')) return true;
  fatal('send', e);
}

/** UDP to growing port numbers (default), or to one port. */
export class UdpProber implements Prober {
  readonly header = 8;
  private port: number;

  constructor(
    private readonly t: Target,
    private readonly fixed: boolean,
  ) {
    this.port = t.o.port ?? (fixed ? 53 : 33434);
  }

  *send(probe: Probe, ttl: number, length: number): Coroutine<void> {
    const { sys, family, address } = this.t;
    const socket = udpSocket(sys, family);
    const fd = sys.install(socket);
    probe.socket = { socket, fd };
    prepare(this.t, socket);
    socket.ttl = ttl;
    probe.key = this.port;
    try {
      socket.connect({ address, port: this.port });
    } catch (e) {
      fatal('connect', e);
    }
    if (!this.fixed) this.port = (this.port + 1) & 0xffff || 1;
    yield* sys.work(4);
    probe.sent = sys.now;
    try {
      socket.send(new Uint8Array(length).map((_, i) => 0x40 + (i & 0x3f)));
    } catch (e) {
      tolerated(e);
    }
    // The kernel answers before the next probe is made.
    yield null;
  }

  *collect(probes: readonly Probe[]): Coroutine<void> {
    const { sys, o } = this.t;
    for (const p of probes) {
      if (p.done || !p.socket) continue;
      const error = p.socket.socket.takeQueuedError();
      if (error) take(p, error, o);
      else if (p.socket.socket.poll().readable) {
        try {
          const m = yield* p.socket.socket.receive(sys, { dontWait: true });
          Object.assign(p, { received: m.at, from: m.from.address, done: true, final: true, ttl: m.ttl });
        } catch (e) {
          if (!isErrno(e)) throw e;
        }
      }
      if (p.done) this.end(p);
    }
  }

  fds(): readonly number[] {
    return [];
  }

  end(probe: Probe): void {
    if (!probe.socket) return;
    this.t.sys.close(probe.socket.fd);
    probe.socket = undefined;
  }
}

/** What ICMP and TCP have in common: one raw socket for all probes. */
abstract class RawProber implements Prober {
  abstract readonly header: number;
  protected readonly socket: RawSocket;
  private readonly fd: number;

  constructor(
    protected readonly t: Target,
    protocol: number,
  ) {
    const { sys, family } = t;
    try {
      if (sys.proc.uid !== 0 || !sys.proc.privileged)
        throw new Stop(
          1,
          'You do not have enough privileges to use this traceroute method.\n\nsocket: Operation not permitted\n',
        );
      this.socket = rawSocket(sys, family, protocol);
    } catch (e) {
      if (e instanceof Stop) throw e;
      throw new Stop(1, `You do not have enough privileges to use this traceroute method.\n\nsocket: ${why(e)}\n`);
    }
    this.fd = sys.install(this.socket);
    prepare(t, this.socket);
    try {
      this.socket.connect({ address: t.address, port: 0 });
    } catch (e) {
      fatal('connect', e);
    }
  }

  abstract send(probe: Probe, ttl: number, length: number): Coroutine<void>;

  /** The key in a reply; undefined when it is none of ours. */
  protected abstract replyKey(packet: IpPacket): number | undefined;

  /** The key in a packet that an error quotes, from behind its IP header. */
  protected abstract quotedKey(bytes: Uint8Array): number | undefined;

  *collect(probes: readonly Probe[]): Coroutine<void> {
    const { sys, o } = this.t;
    for (let e = this.socket.takeQueuedError(); e; e = this.socket.takeQueuedError()) {
      const key = this.quotedKey(e.data);
      const probe = probes.find((p) => !p.done && p.sent !== undefined && p.key === key);
      if (probe) take(probe, e, o);
    }
    while (this.socket.poll().readable) {
      try {
        const m = yield* this.socket.receive(sys, { dontWait: true });
        const key = this.replyKey(m.packet);
        const probe =
          key === undefined ? undefined : probes.find((p) => !p.done && p.sent !== undefined && p.key === key);
        if (probe) Object.assign(probe, { received: m.at, from: m.from.address, done: true, final: true, ttl: m.ttl });
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code === 'EAGAIN') break;
      }
    }
  }

  fds(): readonly number[] {
    return [this.fd];
  }

  end(): void {
    // The socket serves the other probes.
  }
}

/** ICMP echo. */
export class IcmpProber extends RawProber {
  readonly header = 8;
  private readonly id: number;
  private seq: number;

  constructor(t: Target) {
    super(t, t.family === 'inet' ? 1 : 58);
    this.id = t.sys.pid & 0xffff;
    this.seq = t.o.port ?? 1;
  }

  *send(probe: Probe, ttl: number, length: number): Coroutine<void> {
    const { sys, family } = this.t;
    const seq = this.seq++ & 0xffff;
    probe.key = seq;
    const data = new Uint8Array(length).map((_, i) => 0x40 + (i & 0x3f));
    yield* sys.work(4);
    probe.sent = sys.now;
    try {
      this.socket.send(
        family === 'inet' ? makeIcmp4Echo(this.id, seq, data) : makeIcmp6Echo(this.id, seq, data),
        undefined,
        { ttl },
      );
    } catch (e) {
      tolerated(e);
    }
    // The kernel answers before the next probe is made.
    yield null;
  }

  protected replyKey(packet: IpPacket): number | undefined {
    const p = packet.payload;
    if ((p.kind !== 'icmp4' && p.kind !== 'icmp6') || p.message !== 'echo' || p.id !== this.id) return undefined;
    return p.type === 0 || p.type === 129 ? p.seq : undefined;
  }

  protected quotedKey(b: Uint8Array): number | undefined {
    return b.length >= 8 && ((b[4]! << 8) | b[5]!) === this.id ? (b[6]! << 8) | b[7]! : undefined;
  }
}

/** TCP SYN to one port, each probe from its own source port. */
export class TcpProber extends RawProber {
  readonly header = 40;
  private readonly port: number;

  constructor(t: Target) {
    super(t, 6);
    this.port = t.o.port ?? 80;
  }

  *send(probe: Probe, ttl: number): Coroutine<void> {
    const { sys, o } = this.t;
    // A port that no socket uses: the kernel resets what comes back to it.
    const reserved = sys.net.sockets.createTcp(this.t.family, { uid: 0, netRaw: true, netBind: true });
    let port = o.sourcePort;
    if (port === undefined) {
      reserved.bind({ address: this.t.family === 'inet' ? 0 : '::', port: 0 });
      port = reserved.local.port;
    }
    reserved.discard();
    probe.key = port;
    const r = sys.random(4);
    const seq = ((r[0]! << 24) | (r[1]! << 16) | (r[2]! << 8) | r[3]!) >>> 0;
    const options = makeTcpOptions({
      mss: 1460,
      sackPermitted: true,
      timestamps: { val: Math.floor(sys.now / 1000) >>> 0, ecr: 0 },
      wscale: 2,
    });
    yield* sys.work(4);
    probe.sent = sys.now;
    try {
      this.socket.send(makeTcp(port, this.port, seq, 0, TCP_FLAG.SYN, 5840, options, new Uint8Array(0)), undefined, {
        ttl,
      });
    } catch (e) {
      tolerated(e);
    }
    // The kernel answers before the next probe is made.
    yield null;
  }

  protected replyKey(packet: IpPacket): number | undefined {
    const p = packet.payload;
    if (p.kind !== 'tcp' || p.srcPort !== this.port) return undefined;
    return p.flags & (TCP_FLAG.RST | TCP_FLAG.SYN) ? p.dstPort : undefined;
  }

  protected quotedKey(b: Uint8Array): number | undefined {
    return b.length >= 4 && ((b[2]! << 8) | b[3]!) === this.port ? (b[0]! << 8) | b[1]! : undefined;
  }
}
