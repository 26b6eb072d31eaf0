import type { ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { Icmp4Error, Icmp6Error, IpAddress, IpPacket, Ipv4Packet, Ipv6Packet } from '../../wire';
import { ICMP4, IPPROTO, decodeIpv6, formatIp6, icmp4Mtu, isLinkLocal6 } from '../../wire';
import type { Quoted4 } from '../ipv4/icmp';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { Family } from '../types';
import { PacketSocket } from './packet';
import { RawSocket } from './raw';
import type { SocketError, SocketInfo, SocketOwner } from './socket';
import { ICMP_ERRORS } from './socket';
import { TcpSocket } from './tcp';
import { TcpTable } from './tcp-table';
import { UdpSocket, UdpTable } from './udp';
import { UnixSocket, pair } from './unix';

/** A packet quoted by an ICMP error, of either family. */
interface Quoted {
  readonly src: IpAddress;
  readonly dst: IpAddress;
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

/** Ping sockets (net/ipv4/ping.c): ICMP without CAP_NET_RAW. */
class PingTable {
  readonly sockets = new Set<RawSocket>();

  constructor(private readonly ns: NetNamespace) {}

  byId(id: number, except?: RawSocket): RawSocket | undefined {
    for (const s of this.sockets) if (s !== except && s.local.port === id) return s;
    return undefined;
  }

  freeId(): number {
    let id: number;
    do id = 1 + this.ns.random.below(65535);
    while (this.byId(id));
    return id;
  }

  receive(skb: Skb, packet: IpPacket, link: Link): void {
    const icmp = packet.payload;
    if ((icmp.kind !== 'icmp4' && icmp.kind !== 'icmp6') || icmp.message !== 'echo') return;
    for (const s of this.sockets) {
      if (s.local.port !== icmp.id || (s.family === 'inet') !== (packet.kind === 'ipv4')) continue;
      const { address } = s.local;
      if (address !== 0 && address !== '::' && address !== packet.dst) continue;
      if (s.device !== null && s.device !== link) continue;
      s.take(skb, packet, link);
      return;
    }
  }
}

/** Headers between that of IPv6 and the transport's (RFC 8200). */
const EXTENSIONS: ReadonlySet<number> = new Set([IPPROTO.HOPOPTS, IPPROTO.ROUTING, IPPROTO.FRAGMENT, IPPROTO.DSTOPTS]);

/** All sockets of a namespace. */
export class Sockets {
  readonly udp: UdpTable;
  readonly tcp: TcpTable;
  readonly ping: PingTable;
  readonly raw = new Set<RawSocket>();
  readonly packets = new Set<PacketSocket>();
  readonly unix = new Set<UnixSocket>();

  constructor(private readonly ns: NetNamespace) {
    this.udp = new UdpTable(ns);
    this.tcp = new TcpTable(ns);
    this.ping = new PingTable(ns);
  }

  // --- socket(2) ------------------------------------------------------------------------------------------------------

  /** A TCP socket. */
  createTcp(family: Family, owner: SocketOwner): TcpSocket {
    return new TcpSocket(this.ns, family, owner);
  }

  /** A UDP socket. */
  createUdp(family: Family, owner: SocketOwner): UdpSocket {
    return new UdpSocket(this.ns, family, owner);
  }

  /** A raw socket. @throws Errno EPERM */
  createRaw(family: Family, protocol: number, owner: SocketOwner): RawSocket {
    if (!owner.netRaw) throw new Errno('EPERM');
    const s = new RawSocket(this.ns, family, protocol, owner);
    this.raw.add(s);
    return s;
  }

  /** A ping socket. @throws Errno EACCES when net.ipv4.ping_group_range does not allow it */
  createPing(family: Family, owner: SocketOwner): RawSocket {
    const [low, high] = this.ns.ipv4.ping_group_range as [number, number];
    const gid = owner.gid ?? 0;
    if (gid < low || gid > high) throw new Errno('EACCES');
    const s = new RawSocket(this.ns, family, family === 'inet' ? IPPROTO.ICMP : IPPROTO.ICMPV6, owner, true);
    this.ping.sockets.add(s);
    return s;
  }

  /** A packet socket. @throws Errno EPERM */
  createPacket(owner: SocketOwner): PacketSocket {
    if (!owner.netRaw) throw new Errno('EPERM');
    const s = new PacketSocket(this.ns, owner);
    this.packets.add(s);
    return s;
  }

  /** A Unix stream socket. */
  createUnix(owner: SocketOwner): UnixSocket {
    return new UnixSocket(this.ns, owner);
  }

  /** socketpair(AF_UNIX, SOCK_STREAM). */
  createUnixPair(owner: SocketOwner): [UnixSocket, UnixSocket] {
    const a = new UnixSocket(this.ns, owner);
    const b = new UnixSocket(this.ns, owner);
    pair(a, b);
    return [a, b];
  }

  removeRaw(s: RawSocket): void {
    this.raw.delete(s);
    this.ping.sockets.delete(s);
  }

  // --- input ----------------------------------------------------------------------------------------------------------

  /** Copies a packet to the raw sockets of its protocol. @returns true when there was one. */
  rawDeliver(skb: Skb, packet: IpPacket, link: Link): boolean {
    if (this.raw.size === 0) return false;
    let any = false;
    for (const s of this.raw) {
      if (!s.matches(packet, link)) continue;
      any = true;
      s.take(skb, packet, link);
    }
    return any;
  }

  /** An ICMP error came in: the socket that sent the quoted packet learns of it. */
  icmpError(icmp: Icmp4Error, packet: Ipv4Packet, quoted: Quoted4, link: Link): void {
    if (icmp.type === ICMP4.REDIRECT) return;
    let errno: ErrnoCode = 'EPROTO';
    let hard = true;
    if (icmp.type === ICMP4.UNREACHABLE) [errno, hard] = ICMP_ERRORS[icmp.code] ?? ['EHOSTUNREACH', true];
    else if (icmp.type === ICMP4.TIME_EXCEEDED) [errno, hard] = ['EHOSTUNREACH', false];
    const tooBig = icmp.type === ICMP4.UNREACHABLE && icmp.code === 4;
    this.dispatchError(
      quoted,
      errno,
      hard,
      tooBig ? icmp4Mtu(icmp) : undefined,
      { origin: 'icmp', type: icmp.type, code: icmp.code, offender: packet.src, ttl: packet.ttl },
      link,
    );
  }

  /** The packet an ICMPv6 error quotes. */
  quoted6(icmp: Icmp6Error): Quoted | undefined {
    const o = icmp.original;
    if (o.length < 48 || o[0]! >> 4 !== 6) return undefined;
    const whole = decodeIpv6(o);
    // ipv6_skip_exthdr: what comes behind the fragment header of a later fragment has no ports.
    let protocol: number = o[6]!;
    let at = 40;
    while (at + 8 <= o.length && EXTENSIONS.has(protocol)) {
      if (protocol === IPPROTO.FRAGMENT && ((o[at + 2]! << 8) | o[at + 3]!) >> 3 !== 0) break;
      const bytes = protocol === IPPROTO.FRAGMENT ? 8 : 8 * (o[at + 1]! + 1);
      protocol = o[at]!;
      at += bytes;
    }
    return { src: whole?.src ?? formatIp6(o, 8), dst: whole?.dst ?? formatIp6(o, 24), protocol, bytes: o.subarray(at) };
  }

  /** The same of ICMPv6. @param link by which it counts as having come in. */
  icmpError6(icmp: Icmp6Error, packet: Ipv6Packet, link: Link): void {
    const quoted = this.quoted6(icmp);
    if (quoted === undefined) return;
    let errno: ErrnoCode = 'EPROTO';
    let hard = false;
    if (icmp.type === 1) {
      const table: readonly (readonly [ErrnoCode, boolean])[] = [
        ['ENETUNREACH', false],
        ['EACCES', true],
        ['EHOSTUNREACH', false],
        ['EHOSTUNREACH', false],
        ['ECONNREFUSED', true],
        ['EACCES', true],
        ['EACCES', true],
      ];
      [errno, hard] = table[icmp.code] ?? ['EPROTO', false];
    } else if (icmp.type === 2) errno = 'EMSGSIZE';
    else if (icmp.type === 3) errno = 'EHOSTUNREACH';
    this.dispatchError(
      quoted,
      errno,
      hard,
      icmp.type === 2 ? icmp.rest : undefined,
      {
        origin: 'icmp6',
        type: icmp.type,
        code: icmp.code,
        offender: packet.src,
        ttl: packet.hopLimit,
        ...(isLinkLocal6(packet.src) ? { scope: link.index } : {}),
      },
      link,
    );
  }

  private dispatchError(
    q: Quoted,
    errno: ErrnoCode,
    hard: boolean,
    mtu: number | undefined,
    from: Pick<SocketError, 'origin' | 'type' | 'code' | 'offender' | 'scope' | 'ttl'>,
    link: Link,
  ): void {
    const port = (at: number): number => (q.bytes[at]! << 8) | q.bytes[at + 1]!;
    const entry = (dstPort: number, header: number): SocketError => ({
      ...from,
      errno,
      info: mtu ?? 0,
      destination: { address: q.dst, port: dstPort },
      data: q.bytes.slice(header),
      at: this.ns.now,
    });
    // Raw sockets hear of it whatever the protocol (icmp_socket_deliver).
    for (const s of this.raw) {
      if (s.protocol !== q.protocol || (s.family === 'inet') !== (typeof q.dst === 'number')) continue;
      const { address } = s.local;
      if (address !== 0 && address !== '::' && address !== q.src) continue;
      if (s.remote !== undefined && s.remote.address !== q.dst) continue;
      s.reportError(entry(0, 0), mtu === undefined ? hard : s.pmtudisc !== 'dont', s.remote !== undefined);
    }
    if (q.protocol === IPPROTO.TCP) {
      const s = this.tcp.connection(q.src, port(0), q.dst, port(2));
      const seq = ((q.bytes[4]! << 24) | (q.bytes[5]! << 16) | (q.bytes[6]! << 8) | q.bytes[7]!) >>> 0;
      s?.icmpError(errno, mtu, seq);
      return;
    }
    if (q.protocol === IPPROTO.UDP) {
      for (const s of this.udp.all()) {
        if (s.local.port !== port(0)) continue;
        if (s.remote !== undefined && s.remote.port !== port(2)) continue;
        if (s.device !== null && s.device !== link && !link.isLoopback) continue;
        s.reportError(entry(port(2), 8), mtu === undefined ? hard : s.pmtudisc !== 'dont', s.remote !== undefined);
        return;
      }
      return;
    }
    const id = port(4);
    if (q.protocol === IPPROTO.ICMP || q.protocol === IPPROTO.ICMPV6) {
      const s = this.ping.byId(id);
      s?.reportError(entry(0, 0), hard, s.remote !== undefined);
    }
  }

  // --- the rest -------------------------------------------------------------------------------------------------------

  /** What `ss` lists, protocol by protocol. */
  list(): SocketInfo[] {
    const out: SocketInfo[] = [];
    for (const s of this.packets) out.push(s.info());
    for (const s of this.unix) out.push(s.info());
    for (const s of this.ping.sockets) out.push(s.info());
    for (const s of this.raw) out.push(s.info());
    for (const s of this.udp.all()) out.push(s.info());
    for (const s of this.tcp.all()) out.push(s.info());
    return out;
  }

  linkGone(link: Link): void {
    for (const s of [...this.packets]) if (s.link === link) s.linkGone();
  }

  destroy(): void {
    for (const s of [...this.tcp.all()]) s.abort();
    for (const s of [...this.udp.all()]) s.abort();
    for (const s of this.raw) s.abort();
  }
}
