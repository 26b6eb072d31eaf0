import { EMPTY, Errno } from '../../core';
import type { IpAddress, IpPacket, TcpSegment } from '../../wire';
import { CHECKSUM_PARTIAL, IPPROTO, TCP_FLAG, formatIp, makeTcp, makeTcpOptions, parseIp4 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import { connectPort, ephemeralPort } from './ports';
import { mapped, unmapped } from './socket';
import type { SockAddr } from './socket';
import { seqAdd } from './tcp-buffers';
import { TcpSocket } from './tcp';
import { cookieFor, cookieTimestamp, readCookie } from './tcp-cookies';
import { TcpMetrics } from './tcp-metrics';
import { sharesAddress } from './udp';

const { FIN, SYN, RST, ACK } = TCP_FLAG;

/** The TCP sockets of a namespace (inet_hashtables.c) and what comes in for them. */
export class TcpTable {
  /** Connections by their four-tuple. */
  private readonly connections = new Map<string, TcpSocket>();
  /** Bound sockets by port, listeners among them. */
  private readonly bound = new Map<number, TcpSocket[]>();
  private readonly offsets = new Map<string, number>();
  readonly metrics: TcpMetrics;

  constructor(private readonly ns: NetNamespace) {
    this.metrics = new TcpMetrics(ns);
  }

  /** Is there no room for one more socket in TIME_WAIT (net.ipv4.tcp_max_tw_buckets)? */
  tooManyWaiting(): boolean {
    const max = this.ns.ipv4.tcp_max_tw_buckets;
    if (this.connections.size < max) return false;
    let n = 0;
    for (const s of this.connections.values()) if (s.state === 'TIME_WAIT') n++;
    return n >= max;
  }

  /** May a new connection take the ports of one in TIME_WAIT (tcp_twsk_unique, net.ipv4.tcp_tw_reuse)? */
  private reusable(s: TcpSocket): boolean {
    const { ns } = this;
    const mode = ns.ipv4.tcp_tw_reuse;
    if (s.state !== 'TIME_WAIT' || mode === 0 || !s.useTs || ns.now - s.timeWaitSince < 1_000_000) return false;
    if (mode === 1) return true;
    const loop = (a: IpAddress): boolean => (typeof a === 'number' ? a >>> 24 === 127 : a === '::1');
    return loop(s.localIp) || loop(s.remoteIp);
  }

  private key(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): string {
    return `${local}|${localPort}|${remote}|${remotePort}`;
  }

  private keyOf(s: TcpSocket): string {
    return this.key(s.localIp, s.local.port, s.remoteIp, s.remote!.port);
  }

  /** Every socket once: listeners, then connections, the newest first. */
  *all(): Generator<TcpSocket> {
    for (const list of this.bound.values()) for (const s of list) if (s.remote === undefined) yield s;
    yield* [...this.connections.values()].reverse();
  }

  // --- ports ----------------------------------------------------------------------------------------------------------

  private conflict(s: TcpSocket, address: IpAddress, port: number): boolean {
    for (const o of this.bound.get(port) ?? []) {
      if (o === s) continue;
      if (o.device !== null && s.device !== null && o.device !== s.device) continue;
      if (o.reusePort && s.reusePort && o.owner.uid === s.owner.uid) continue;
      if (o.reuseAddr && s.reuseAddr && o.state !== 'LISTEN') continue;
      if (sharesAddress(o, s, address)) return true;
    }
    if (s.reuseAddr) return false;
    // Ports of connections without SO_REUSEADDR stay taken until TIME-WAIT is over.
    for (const c of this.connections.values())
      if (c.local.port === port && c !== s && sharesAddress(c, s, address)) return true;
    return false;
  }

  private hold(s: TcpSocket): void {
    const list = this.bound.get(s.local.port);
    if (list) list.push(s);
    else this.bound.set(s.local.port, [s]);
  }

  private unhold(s: TcpSocket): void {
    const list = this.bound.get(s.local.port);
    const at = list?.indexOf(s) ?? -1;
    if (at < 0) return;
    list!.splice(at, 1);
    if (list!.length === 0) this.bound.delete(s.local.port);
  }

  /** @throws Errno EADDRINUSE */
  bind(s: TcpSocket, addr: SockAddr): void {
    const address = unmapped(addr.address, parseIp4);
    const port = addr.port || ephemeralPort(this.ns, (p) => !this.conflict(s, address, p));
    if (addr.port !== 0 && this.conflict(s, address, port)) throw new Errno('EADDRINUSE');
    s.local = { ...addr, port };
    this.hold(s);
  }

  /** @throws Errno EADDRINUSE when another listener has it */
  listen(s: TcpSocket): void {
    for (const o of this.bound.get(s.local.port) ?? []) {
      if (o === s || o.state !== 'LISTEN' || (o.reusePort && s.reusePort)) continue;
      if (sharesAddress(o, s, unmapped(s.local.address, parseIp4))) throw new Errno('EADDRINUSE');
    }
  }

  unlisten(s: TcpSocket): void {
    for (const c of [...this.connections.values()]) {
      if (c.parent !== s) continue;
      c.parent = null;
      if (c.state === 'SYN_RECV') c.finish();
    }
    this.unhold(s);
  }

  /** Enters a connecting socket; chooses a port when there is none. @throws Errno EADDRNOTAVAIL */
  connect(s: TcpSocket, local: SockAddr, remote: SockAddr): void {
    const lip = unmapped(local.address, parseIp4);
    const rip = unmapped(remote.address, parseIp4);
    let { port } = local;
    if (port === 0) {
      port = connectPort(this.ns, this.offsets, `${lip}>${rip}:${remote.port}`, (p) => {
        const old = this.connections.get(this.key(lip, p, rip, remote.port));
        if (old !== undefined && !this.reusable(old)) return false;
        return !(this.bound.get(p) ?? []).some((o) => o.remote === undefined);
      });
    }
    const key = this.key(lip, port, rip, remote.port);
    const old = this.connections.get(key);
    if (old !== undefined) {
      if (!this.reusable(old)) throw new Errno('EADDRNOTAVAIL');
      this.ns.mib.TcpExtTWRecycled++;
      old.finish();
    }
    s.local = { ...local, port };
    s.remote = remote;
    this.connections.set(key, s);
  }

  remove(s: TcpSocket): void {
    if (s.remote !== undefined && this.connections.get(this.keyOf(s)) === s) this.connections.delete(this.keyOf(s));
    this.unhold(s);
  }

  // --- input ----------------------------------------------------------------------------------------------------------

  private listener(packet: IpPacket, port: number, link: Link): TcpSocket | undefined {
    let best: TcpSocket | undefined;
    let bestScore = -1;
    for (const s of this.bound.get(port) ?? []) {
      if (s.state !== 'LISTEN') continue;
      if (s.family === 'inet' ? packet.kind !== 'ipv4' : packet.kind === 'ipv4' && s.v6only) continue;
      let score = s.family === 'inet' ? 2 : 1;
      const local = unmapped(s.local.address, parseIp4);
      if (local !== 0 && local !== '::') {
        if (local !== packet.dst) continue;
        score += 4;
      }
      if (s.device !== null) {
        if (s.device !== link) continue;
        score += 4;
      }
      if (score > bestScore) {
        best = s;
        bestScore = score;
      }
    }
    return best;
  }

  /** The socket a segment belongs to: the connection, else the listener. */
  lookup(packet: IpPacket, srcPort: number, dstPort: number, link: Link): TcpSocket | undefined {
    return (
      this.connections.get(this.key(packet.dst, dstPort, packet.src, srcPort)) ?? this.listener(packet, dstPort, link)
    );
  }

  /** The connection that sent from `local` to `remote`. */
  connection(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): TcpSocket | undefined {
    return this.connections.get(this.key(local, localPort, remote, remotePort));
  }

  /** tcp_v4_rcv */
  receive(skb: Skb, packet: IpPacket, link: Link): void {
    const { ns } = this;
    if (skb.pktType !== PACKET.HOST) return ns.drop(skb, 'NOT_SPECIFIED', 'tcp_v4_rcv');
    ns.mib.TcpInSegs++;
    const s = packet.payload;
    if (s.kind !== 'tcp') {
      ns.mib.TcpInErrs++;
      return ns.drop(skb, 'PKT_TOO_SMALL', 'tcp_v4_rcv');
    }
    if (s.checksum >= 0) {
      ns.mib.TcpInCsumErrors++;
      ns.mib.TcpInErrs++;
      return ns.drop(skb, 'TCP_CSUM', 'tcp_v4_rcv');
    }
    let sock = this.lookup(packet, s.srcPort, s.dstPort, link);
    if (sock?.state === 'TIME_WAIT' && (s.flags & (SYN | ACK | RST)) === SYN) {
      // A new connection of the same ports may begin at once when its numbers are newer.
      const next = this.listener(packet, s.dstPort, link);
      if (next !== undefined && ((s.seq - sock.rcvNxt) | 0) > 0) {
        sock.finish();
        sock = next;
      }
    }
    if (sock === undefined) {
      if ((s.flags & RST) === 0) this.resetFor(packet, s);
      return ns.drop(skb, 'NO_SOCKET', 'tcp_v4_rcv');
    }
    if (ns.tracer.active) {
      ns.trace(skb, {
        event: 'socket',
        protocol: 'tcp',
        local: `${formatIp(packet.dst)}:${s.dstPort}`,
        remote: `${formatIp(packet.src)}:${s.srcPort}`,
        inode: sock.inode,
      });
    }
    if (sock.state === 'LISTEN') this.toListener(sock, packet, s, skb);
    else {
      const reason = sock.input(s);
      if (reason !== undefined && ns.tracer.active) ns.drop(skb, reason, 'tcp_rcv_state_process');
    }
  }

  private toListener(listener: TcpSocket, packet: IpPacket, s: TcpSegment, skb: Skb): void {
    const { ns } = this;
    if ((s.flags & RST) !== 0) return;
    if ((s.flags & (ACK | SYN)) === ACK && this.acceptCookie(listener, packet, s, skb)) return;
    if ((s.flags & ACK) !== 0) return this.resetFor(packet, s);
    if ((s.flags & SYN) === 0 || (s.flags & FIN) !== 0) return ns.drop(skb, 'TCP_FLAGS', 'tcp_rcv_state_process');
    const full = listener.embryos >= Math.max(listener.backlog, 1) || ns.ipv4.tcp_syncookies === 2;
    const cookies = full && ns.ipv4.tcp_syncookies !== 0;
    if (full) {
      if (listener.cookiesAt === undefined && ns.ipv4.tcp_syncookies !== 2) {
        const at =
          typeof listener.localIp === 'number' ? formatIp(listener.localIp) : `[${formatIp(listener.localIp)}]`;
        ns.log(
          `TCP: request_sock_TCP: Possible SYN flooding on port ${at}:${listener.local.port}. ${cookies ? 'Sending cookies' : 'Dropping request'}.`,
        );
      }
      listener.cookiesAt = ns.now;
      if (cookies) ns.mib.TcpExtTCPReqQFullDoCookies++;
      else {
        ns.mib.TcpExtTCPReqQFullDrop++;
        ns.mib.TcpExtListenDrops++;
        return ns.drop(skb, 'SOCKET_BACKLOG', 'tcp_conn_request');
      }
    }
    if (listener.acceptQueue.length > listener.backlog) {
      ns.mib.TcpExtListenOverflows++;
      ns.mib.TcpExtListenDrops++;
      return ns.drop(skb, 'SOCKET_BACKLOG', 'tcp_conn_request');
    }
    if (cookies) return this.sendCookie(packet, s);
    const route = this.routeBack(listener, packet);
    if (typeof route === 'string') return ns.drop(skb, 'IP_OUTNOROUTES', 'tcp_conn_request');
    const child = new TcpSocket(ns, listener.family, listener.owner);
    const local = { address: mapped(packet.dst, listener.family), port: s.dstPort };
    const remote = { address: mapped(packet.src, listener.family), port: s.srcPort };
    this.connections.set(this.key(packet.dst, s.dstPort, packet.src, s.srcPort), child);
    child.fromSyn(listener, local, remote, s, route);
  }

  private routeBack(listener: TcpSocket, packet: IpPacket) {
    const { ns } = this;
    return typeof packet.src === 'number'
      ? ns.ip4.routing.output(packet.src, packet.dst as number, listener.device)
      : ns.ip6.routing.output(packet.src, packet.dst as string, listener.device);
  }

  /** A SYN-ACK that needs no memory. */
  private sendCookie(packet: IpPacket, s: TcpSegment): void {
    const { ns } = this;
    ns.mib.TcpExtSyncookiesSent++;
    ns.mib.TcpOutSegs++;
    const ts = s.options?.timestamps;
    const options = makeTcpOptions({
      mss: packet.kind === 'ipv4' ? 1460 : 1440,
      sackPermitted: ts !== undefined && (s.options?.sackPermitted ?? false),
      ...(ts ? { timestamps: { val: cookieTimestamp(ns.now, s), ecr: ts.val } } : {}),
      ...(ts && s.options?.wscale !== undefined ? { wscale: 10 } : {}),
    });
    const seq = cookieFor(ns, packet, s);
    const segment = makeTcp(
      s.dstPort,
      s.srcPort,
      seq,
      seqAdd(s.seq, 1),
      SYN | ACK,
      64240,
      options,
      EMPTY,
      CHECKSUM_PARTIAL,
    );
    if (packet.kind === 'ipv4')
      ns.ip4.output.send({ src: packet.dst, dst: packet.src, protocol: IPPROTO.TCP, payload: segment, id: 0 });
    else ns.ip6.output.send({ src: packet.dst, dst: packet.src, nextHeader: IPPROTO.TCP, payload: segment });
  }

  /** cookie_v4_check: the ACK of a handshake nobody remembers. @returns true when it was one */
  private acceptCookie(listener: TcpSocket, packet: IpPacket, s: TcpSegment, skb: Skb): boolean {
    const { ns } = this;
    if (listener.cookiesAt === undefined || ns.now - listener.cookiesAt > 120_000_000) return false;
    const options = readCookie(ns, packet, s);
    if (options === undefined) {
      ns.mib.TcpExtSyncookiesFailed++;
      return false;
    }
    const route = this.routeBack(listener, packet);
    if (typeof route === 'string') return true;
    ns.mib.TcpExtSyncookiesRecv++;
    const child = new TcpSocket(ns, listener.family, listener.owner);
    const local = { address: mapped(packet.dst, listener.family), port: s.dstPort };
    const remote = { address: mapped(packet.src, listener.family), port: s.srcPort };
    const key = this.key(packet.dst, s.dstPort, packet.src, s.srcPort);
    this.connections.set(key, child);
    if (!child.fromCookie(listener, local, remote, s, route, options)) {
      ns.drop(skb, 'SOCKET_BACKLOG', 'cookie_v4_check');
      child.finish();
    } else if (s.payload.length > 0 || (s.flags & FIN) !== 0) child.input(s);
    return true;
  }

  /** tcp_v4_send_reset: the answer to a segment nobody wants. */
  private resetFor(packet: IpPacket, s: TcpSegment): void {
    const { ns } = this;
    ns.mib.TcpOutRsts++;
    ns.mib.TcpOutSegs++;
    const length = s.payload.length + ((s.flags & SYN) !== 0 ? 1 : 0) + ((s.flags & FIN) !== 0 ? 1 : 0);
    const reset =
      (s.flags & ACK) !== 0
        ? makeTcp(s.dstPort, s.srcPort, s.ack, 0, RST, 0, undefined, EMPTY)
        : makeTcp(s.dstPort, s.srcPort, 0, seqAdd(s.seq, length), RST | ACK, 0, undefined, EMPTY);
    if (packet.kind === 'ipv4')
      ns.ip4.output.send({ src: packet.dst, dst: packet.src, protocol: IPPROTO.TCP, payload: reset, id: 0 });
    else ns.ip6.output.send({ src: packet.dst, dst: packet.src, nextHeader: IPPROTO.TCP, payload: reset });
  }

  /** RST for an unacceptable ACK in SYN-SENT. */
  sendReset(sock: TcpSocket, s: TcpSegment): void {
    const { ns } = this;
    ns.mib.TcpOutRsts++;
    const reset = makeTcp(sock.local.port, sock.remote!.port, s.ack, 0, RST, 0, undefined, EMPTY);
    const src = sock.localIp;
    const dst = sock.remoteIp;
    if (typeof src === 'number' && typeof dst === 'number')
      ns.ip4.output.send({ src, dst, protocol: IPPROTO.TCP, payload: reset, id: 0 });
    else if (typeof src === 'string' && typeof dst === 'string')
      ns.ip6.output.send({ src, dst, nextHeader: IPPROTO.TCP, payload: reset });
  }
}
