import type { Caller, Coroutine, ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { IpAddress, IpPacket, Transport } from '../../wire';
import {
  IPPROTO,
  decodeTransport,
  encodeIpv4,
  encodeTransport,
  ipLength,
  isMulticast4,
  makeRaw,
  transportLength,
  isLinkLocal6,
} from '../../wire';
import type { Link } from '../link/link';
import type { Skb } from '../skb';
import type { Message, SockAddr, SocketInfo } from './socket';
import { DatagramSocket, isGroup } from './socket';

/** A raw IP socket of one protocol (raw(7)), and the base of ping sockets. */
export class RawSocket extends DatagramSocket {
  /** ICMP_FILTER: bit of each ICMP type that is not wanted. */
  icmpFilter = 0;
  /** SO_DONTROUTE: only what is on a link can be reached. */
  dontRoute = false;
  /** IP_OPTIONS of what it sends over IPv4, a multiple of four bytes. */
  ipOptions: Uint8Array | undefined = undefined;
  /** Accepts a copy of `packet`? Programs that know what they wait for may set it. */
  filter: ((packet: IpPacket) => boolean) | null = null;

  constructor(
    ns: ConstructorParameters<typeof DatagramSocket>[0],
    family: ConstructorParameters<typeof DatagramSocket>[1],
    readonly protocol: number,
    owner: ConstructorParameters<typeof DatagramSocket>[2],
    /** A ping socket: the kernel owns the identifier. */
    readonly ping = false,
  ) {
    super(ns, family, owner);
  }

  /** Binds to an own address; for ping sockets `port` is the identifier. @throws Errno EADDRNOTAVAIL, EADDRINUSE */
  bind(addr: SockAddr): void {
    this.checkLocal(addr.address, 0);
    if (this.ping && addr.port !== 0 && this.ns.sockets.ping.byId(addr.port, this)) throw new Errno('EADDRINUSE');
    this.local = addr;
  }

  /** connect(2): fixes destination and source. @throws Errno ENETUNREACH, EACCES, EINVAL ... */
  connect(addr: SockAddr): void {
    const { ns } = this;
    const oif = this.outLink(addr);
    if (typeof addr.address === 'number') {
      const r = ns.ip4.routing.output(addr.address, this.local.address as number, oif, this.mark, this.tos);
      if (typeof r === 'string') throw new Errno(r);
      if (r.type === 'broadcast' && !this.broadcast) throw new Errno('EACCES');
      if (this.local.address === 0) this.local = { ...this.local, address: r.src };
    } else {
      const src = this.local.address === '::' ? undefined : (this.local.address as string);
      const r = ns.ip6.routing.output(addr.address, src, oif, this.mark);
      if (typeof r === 'string') throw new Errno(r);
      if (src === undefined) this.local = { ...this.local, address: r.src };
    }
    this.remote = addr;
    if (this.ping) this.assignId();
  }

  private assignId(): void {
    if (this.local.port === 0) this.local = { ...this.local, port: this.ns.sockets.ping.freeId() };
  }

  /**
   * Sends a transport payload. `options` override the socket's for one packet.
   * @throws Errno EDESTADDRREQ, EACCES (broadcast), EMSGSIZE, ENETUNREACH, EPERM ...
   */
  send(payload: Transport, to?: SockAddr, options: { ttl?: number; df?: boolean; id?: number } = {}): void {
    // Raw sockets send without looking at SO_ERROR (ip_append_data without a transport header); ping sockets look.
    if (this.ping) this.throwPending();
    const { ns } = this;
    const dest = to ?? this.remote;
    if (dest === undefined) throw new Errno('EDESTADDRREQ');
    if (this.ping) {
      this.assignId();
      if ((payload.kind === 'icmp4' || payload.kind === 'icmp6') && payload.message === 'echo')
        payload = { ...payload, id: this.local.port };
    }
    const oif = this.outLink(dest);
    const group = isGroup(dest.address);
    const ttl = options.ttl ?? (group ? this.multicastTtl : this.ttl);
    if (typeof dest.address === 'number') {
      const src = this.local.address as number;
      ns.ip4.routing.setPorts(this.protocol, 0, 0, this.owner.uid);
      const route = ns.ip4.routing.output(dest.address, isMulticast4(src) ? 0 : src, oif, this.mark, this.tos);
      if (typeof route === 'string') {
        if (this.ping && route === 'ENETUNREACH') ns.mib.IpOutNoRoutes++;
        throw new Errno(route);
      }
      if (route.type === 'broadcast' && !this.broadcast) throw new Errno('EACCES');
      if (this.dontRoute && route.entry.gateway !== undefined) throw new Errno('ENETUNREACH');
      const df = options.df ?? this.pmtudisc !== 'dont';
      const length = 20 + (this.ipOptions?.length ?? 0) + encodedLength(payload);
      if (length - 20 > 65535) throw new Errno('EMSGSIZE');
      const mtu =
        this.pmtudisc === 'probe' ? route.link.mtu : ns.ip4.routing.mtu(route.entry, route.link, dest.address);
      if (length > 65535 || (length > mtu && (this.pmtudisc === 'do' || this.pmtudisc === 'probe'))) {
        if (this.recvErr) this.localError(dest, mtu);
        throw new Errno('EMSGSIZE');
      }
      this.count(payload);
      const error = ns.ip4.output.send({
        src,
        dst: dest.address,
        protocol: this.protocol,
        payload,
        ...(ttl === undefined ? {} : { ttl }),
        tos: this.tos,
        df: df && length <= mtu,
        // A DF packet that is never cut needs no identification.
        ...(options.id !== undefined
          ? { id: options.id }
          : this.pmtudisc === 'do' || this.pmtudisc === 'probe'
            ? { id: 0 }
            : {}),
        ...(this.ipOptions && { options: this.ipOptions }),
        oif,
        mark: this.mark,
        owner: this,
        route,
      });
      this.check(error);
      return;
    }
    const src = this.local.address === '::' ? undefined : (this.local.address as string);
    if (this.pmtudisc === 'do' || this.pmtudisc === 'probe') {
      const route = ns.ip6.routing.output(dest.address, src, oif, this.mark);
      if (typeof route === 'string') throw new Errno(route);
      const mtu =
        this.pmtudisc === 'probe' ? route.link.mtu : ns.ip6.routing.mtu(route.entry, route.link, dest.address);
      if (40 + encodedLength(payload) > mtu) {
        if (this.recvErr) this.localError(dest, mtu);
        throw new Errno('EMSGSIZE');
      }
    }
    const error = ns.ip6.output.send({
      src,
      dst: dest.address,
      nextHeader: this.protocol,
      payload,
      ...(ttl === undefined ? {} : { hopLimit: ttl }),
      trafficClass: this.tos,
      flowLabel: this.flowLabel,
      oif,
      mark: this.mark,
      owner: this,
    });
    this.check(error);
  }

  /** Of a packet that the device threw away, raw sockets hear only with IP_RECVERR (raw_sendmsg); ping sockets always do. */
  private check(error: ErrnoCode | undefined): void {
    if (error !== undefined && (error !== 'ENOBUFS' || this.ping || this.recvErr)) throw new Errno(error);
  }

  /** net.ipv6.auto_flowlabels: one label a socket. */
  private readonly flowLabel = this.ns.random.below(1 << 20);

  private count(payload: Transport): void {
    if (payload.kind !== 'icmp4') return;
    this.ns.mib.IcmpOutMsgs++;
    if (payload.type === 8) this.ns.mib.IcmpOutEchos++;
  }

  private localError(dest: SockAddr, mtu: number): void {
    this.errors.push({
      errno: 'EMSGSIZE',
      origin: 'local',
      type: 0,
      code: 0,
      info: mtu,
      offender: undefined,
      destination: dest,
      data: new Uint8Array(0),
      at: this.ns.now,
    });
    this.changed.wakeAll();
  }

  override *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    const dest = this.remote;
    if (dest === undefined) throw new Errno('EDESTADDRREQ');
    this.send(decodeTransport(data.slice(), this.local.address, dest.address, this.protocol));
    return data.length;
  }

  /** Does a packet that came in belong here (__raw_v4_lookup)? */
  matches(packet: IpPacket, link: Link): boolean {
    const protocol = packet.kind === 'ipv4' ? packet.protocol : packet.nextHeader;
    if (this.protocol !== protocol || (packet.kind === 'ipv4') !== (this.family === 'inet')) return false;
    const { address } = this.local;
    if (address !== 0 && address !== '::' && address !== packet.dst) return false;
    if (this.remote !== undefined && this.remote.address !== packet.src && !isGroup(this.remote.address)) return false;
    if (this.device !== null && this.device !== link) return false;
    if (packet.payload.kind === 'icmp4' && packet.payload.type < 32 && (this.icmpFilter >>> packet.payload.type) & 1)
      return false;
    return this.filter === null || this.filter(packet);
  }

  /** Hands a packet over. */
  take(skb: Skb, packet: IpPacket, link: Link): void {
    this.enqueue(messageOf(packet, packet.kind === 'ipv6' ? skb.iif(link) : link, this.ns.now, !this.ping));
    if (this.ns.tracer.active) {
      this.ns.trace(skb, {
        event: 'socket',
        protocol: this.ping ? 'ping' : 'raw',
        local: String(this.local.address),
        remote: undefined,
        inode: this.inode,
      });
    }
  }

  info(): SocketInfo {
    const base = this.baseInfo(this.ping ? 'icmp' : 'raw', this.ping ? 'dgram' : 'raw', this.protocol);
    return this.ping ? base : { ...base, local: { ...base.local, port: this.protocol } };
  }

  protected override release(): void {
    this.closed = true;
    this.ns.sockets.removeRaw(this);
  }
}

function encodedLength(payload: Transport): number {
  switch (payload.kind) {
    case 'raw':
      return payload.bytes.length;
    case 'icmp4':
    case 'icmp6':
      if (payload.message === 'echo') return 8 + payload.payload.length;
      break;
    case 'udp':
      return 8 + payload.payload.length;
  }
  return encodeTransport(payload, 0, 0, IPPROTO.ICMP).length;
}

/** A received packet as a message; its bytes are made when somebody wants them, which ping and its like never do. */
class PacketMessage implements Message {
  private bytes: Uint8Array | null = null;
  readonly from: Message['from'];
  readonly to: IpAddress;
  readonly ttl: number;
  readonly tos: number;
  readonly size: number;

  constructor(
    readonly packet: IpPacket,
    readonly link: Link,
    readonly at: number,
    private readonly header: boolean,
  ) {
    this.to = packet.dst;
    this.size = header && packet.kind === 'ipv4' ? ipLength(packet) : transportLength(packet.payload);
    if (packet.kind === 'ipv4') {
      this.from = { address: packet.src, port: 0 };
      this.ttl = packet.ttl;
      this.tos = packet.tos;
    } else {
      const { src } = packet;
      this.from = isLinkLocal6(src) ? { address: src, port: 0, scope: link.index } : { address: src, port: 0 };
      this.ttl = packet.hopLimit;
      this.tos = packet.trafficClass;
    }
  }

  get data(): Uint8Array {
    const { packet: p } = this;
    return (this.bytes ??=
      p.kind === 'ipv4' && this.header
        ? encodeIpv4(p)
        : encodeTransport(p.payload, p.src, p.dst, p.kind === 'ipv4' ? p.protocol : p.nextHeader));
  }
}

/** A message made of a received packet; `header`: `data` starts with the IP header, as for IPv4 raw sockets. */
export function messageOf(packet: IpPacket, link: Link, at: number, header: boolean): Message {
  return new PacketMessage(packet, link, at, header);
}

/** A payload of bytes. */
export const rawPayload = makeRaw;
