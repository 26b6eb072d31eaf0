import type { Caller, Coroutine } from '../../core';
import { Errno } from '../../core';
import type { IpAddress, IpPacket, UdpDatagram } from '../../wire';
import { CHECKSUM_PARTIAL, ICMP4, ICMP4_UNREACH, IPPROTO, formatIp, isLinkLocal6, makeUdp, parseIp4 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import type { Family } from '../types';
import { ephemeralPort } from './ports';
import type { SockAddr, SocketInfo, SocketOwner } from './socket';
import { DatagramSocket, isGroup, mapped, unmapped } from './socket';

/** A UDP socket (udp(7)). */
export class UdpSocket extends DatagramSocket {
  private writeShutdown = false;
  /** Of a tunnel's socket (udp_encap_rcv): takes the datagrams instead of the queue. */
  encap: ((skb: Skb, packet: IpPacket, udp: UdpDatagram) => void) | null = null;
  private readonly flowLabel = this.ns.random.below(1 << 20);

  constructor(ns: NetNamespace, family: Family, owner: SocketOwner) {
    super(ns, family, owner);
  }

  /** bind(2); port 0 chooses one. @throws Errno EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL (already bound) */
  bind(addr: SockAddr): void {
    if (this.local.port !== 0) throw new Errno('EINVAL');
    const address = unmapped(addr.address, parseIp4);
    this.checkLocal(address, addr.port);
    const { udp } = this.ns.sockets;
    const port = addr.port || ephemeralPort(this.ns, (p) => !udp.conflict(this, address, p));
    if (addr.port !== 0 && udp.conflict(this, address, port)) throw new Errno('EADDRINUSE');
    this.local = { ...addr, address: addr.address, port };
    udp.add(this);
  }

  /** connect(2); undefined dissolves the association. @throws Errno ENETUNREACH, EACCES ... */
  connect(addr: SockAddr | undefined): void {
    if (addr === undefined) {
      this.remote = undefined;
      return;
    }
    const route = this.route(addr);
    if (this.local.port === 0) this.bind({ address: this.local.address, port: 0 });
    if (this.local.address === 0 || this.local.address === '::')
      this.local = { ...this.local, address: mapped(route, this.family) };
    this.remote = addr;
  }

  /** The source address towards `addr`. @throws Errno */
  private route(addr: SockAddr): IpAddress {
    const dst = unmapped(addr.address, parseIp4);
    const src = unmapped(this.local.address, parseIp4);
    const oif = this.outLink(addr);
    if (typeof dst === 'number') {
      this.ns.ip4.routing.setPorts(IPPROTO.UDP, this.local.port, addr.port, this.owner.uid);
      const r = this.ns.ip4.routing.connect(dst, typeof src === 'number' ? src : 0, oif, this.mark, this.tos);
      if (typeof r === 'string') {
        if (r === 'ENETUNREACH') this.ns.mib.IpOutNoRoutes++;
        throw new Errno(r);
      }
      if (r.type === 'broadcast' && !this.broadcast) throw new Errno('EACCES');
      return r.src;
    }
    const r = this.ns.ip6.routing.output(
      dst,
      src === '::' || typeof src === 'number' ? undefined : src,
      oif,
      this.mark,
    );
    if (typeof r === 'string') throw new Errno(r);
    return r.src;
  }

  private readonly memberships: { link: Link; group: number }[] = [];

  /** IP_ADD_MEMBERSHIP on `link` (undefined: where the route to the group leads). @throws Errno EINVAL, ENODEV, EADDRINUSE */
  join(group: number, link?: Link): void {
    if (!isGroup(group)) throw new Errno('EINVAL');
    const on = link ?? this.ns.ip4.routing.outputLink(group, 0);
    if (on === undefined) throw new Errno('ENODEV');
    if (this.memberships.some((m) => m.link === on && m.group === group)) throw new Errno('EADDRINUSE');
    this.memberships.push({ link: on, group });
    this.ns.multicast4.join(on, group);
  }

  /** IP_DROP_MEMBERSHIP. @throws Errno EADDRNOTAVAIL */
  leave(group: number, link?: Link): void {
    const at = this.memberships.findIndex((m) => m.group === group && (link === undefined || m.link === link));
    if (at < 0) throw new Errno('EADDRNOTAVAIL');
    const [gone] = this.memberships.splice(at, 1);
    if (gone!.link.registered) this.ns.multicast4.leave(gone!.link, group);
  }

  /** sendto(2); `source` as IP_PKTINFO gives it. @throws Errno EDESTADDRREQ, EMSGSIZE, EACCES, ENETUNREACH, ECONNREFUSED (pending), EPIPE ... */
  send(data: Uint8Array, to?: SockAddr, options: { ttl?: number; source?: IpAddress } = {}): void {
    this.throwPending();
    if (this.writeShutdown) throw new Errno('EPIPE');
    const dest = to ?? this.remote;
    if (dest === undefined) throw new Errno('EDESTADDRREQ');
    if (dest.port === 0) throw new Errno('EINVAL');
    if (data.length > 65507 && typeof unmapped(dest.address, parseIp4) === 'number') throw new Errno('EMSGSIZE');
    const { ns } = this;
    if (this.local.port === 0) this.bind({ address: this.local.address, port: 0 });
    const dst = unmapped(dest.address, parseIp4);
    const src = options.source ?? unmapped(this.local.address, parseIp4);
    const oif = this.outLink(dest);
    const ttl = options.ttl ?? (isGroup(dst) ? this.multicastTtl : this.ttl);
    let error;
    if (typeof dst === 'number') {
      ns.ip4.routing.setPorts(IPPROTO.UDP, this.local.port, dest.port, this.owner.uid);
      const route = ns.ip4.routing.output(dst, typeof src === 'number' ? src : 0, oif, this.mark, this.tos);
      if (typeof route === 'string') {
        if (route === 'ENETUNREACH') ns.mib.IpOutNoRoutes++;
        throw new Errno(route);
      }
      if (route.type === 'broadcast' && !this.broadcast) throw new Errno('EACCES');
      const mtu = this.pmtudisc === 'probe' ? route.link.mtu : ns.ip4.routing.mtu(route.entry, route.link, dst);
      const fits = data.length + 28 <= mtu;
      if (!fits && (this.pmtudisc === 'do' || this.pmtudisc === 'probe')) {
        this.tooLong(data, dest, mtu);
      }
      // Pieces need their checksum before they are cut; whole datagrams leave it to the device.
      const udp = fits
        ? makeUdp(this.local.port, dest.port, data, CHECKSUM_PARTIAL)
        : makeUdp(this.local.port, dest.port, data);
      error = ns.ip4.output.send({
        src: typeof src === 'number' ? src : 0,
        dst,
        protocol: IPPROTO.UDP,
        payload: udp,
        ...(ttl === undefined ? {} : { ttl }),
        tos: this.tos,
        df: this.pmtudisc !== 'dont' && fits,
        oif,
        mark: this.mark,
        owner: this,
        route,
      });
    } else {
      if (this.pmtudisc === 'do' || this.pmtudisc === 'probe' || data.length > 65527) {
        const route = ns.ip6.routing.output(
          dst,
          src === '::' || typeof src === 'number' ? undefined : src,
          oif,
          this.mark,
        );
        if (typeof route === 'string') throw new Errno(route);
        const mtu = this.pmtudisc === 'probe' ? route.link.mtu : ns.ip6.routing.mtu(route.entry, route.link, dst);
        if (data.length + 48 > mtu) this.tooLong(data, dest, mtu);
      }
      error = ns.ip6.output.send({
        src: src === '::' || typeof src === 'number' ? undefined : src,
        dst,
        nextHeader: IPPROTO.UDP,
        payload: makeUdp(this.local.port, dest.port, data, CHECKSUM_PARTIAL),
        ...(ttl === undefined ? {} : { hopLimit: ttl }),
        trafficClass: this.tos,
        flowLabel: this.flowLabel,
        oif,
        mark: this.mark,
        owner: this,
      });
    }
    if (error === undefined) ns.mib.UdpOutDatagrams++;
    else if (error === 'ENOBUFS') {
      ns.mib.UdpSndbufErrors++;
      if (this.recvErr) throw new Errno(error);
    } else throw new Errno(error);
  }

  /** ip_local_error: the error queue says how long a datagram may be. @throws Errno EMSGSIZE always */
  private tooLong(data: Uint8Array, destination: SockAddr, mtu: number): never {
    if (this.recvErr) {
      const about = { origin: 'local', type: 0, code: 0, offender: undefined, destination } as const;
      this.errors.push({ ...about, errno: 'EMSGSIZE', info: mtu, data, at: this.ns.now });
    }
    throw new Errno('EMSGSIZE');
  }

  override *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    this.send(data.slice());
    return data.length;
  }

  /** shutdown(2). @throws Errno ENOTCONN */
  shutdown(how: 'read' | 'write' | 'both'): void {
    if (this.remote === undefined) throw new Errno('ENOTCONN');
    if (how !== 'write') this.readShutdown = true;
    if (how !== 'read') this.writeShutdown = true;
    this.changed.wakeAll();
  }

  info(): SocketInfo {
    return this.baseInfo('udp', 'dgram', IPPROTO.UDP);
  }

  protected override release(): void {
    this.closed = true;
    for (const m of [...this.memberships]) this.leave(m.group, m.link);
    this.ns.sockets.udp.remove(this);
  }
}

/** The UDP sockets of a namespace by port, and what comes in for them. */
export class UdpTable {
  private readonly byPort = new Map<number, UdpSocket[]>();

  constructor(private readonly ns: NetNamespace) {}

  *all(): Generator<UdpSocket> {
    for (const list of this.byPort.values()) yield* list;
  }

  add(s: UdpSocket): void {
    const list = this.byPort.get(s.local.port);
    if (list) list.push(s);
    else this.byPort.set(s.local.port, [s]);
  }

  remove(s: UdpSocket): void {
    const list = this.byPort.get(s.local.port);
    const at = list?.indexOf(s) ?? -1;
    if (at < 0) return;
    list!.splice(at, 1);
    if (list!.length === 0) this.byPort.delete(s.local.port);
  }

  /** Would binding clash (inet_rcv_saddr_equal)? */
  conflict(s: UdpSocket, address: IpAddress, port: number): boolean {
    for (const o of this.byPort.get(port) ?? []) {
      if (o === s || (o.reusePort && s.reusePort && o.owner.uid === s.owner.uid)) continue;
      if (o.reuseAddr && s.reuseAddr) continue;
      if (o.device !== null && s.device !== null && o.device !== s.device) continue;
      if (sharesAddress(o, s, address)) return true;
    }
    return false;
  }

  private score(s: UdpSocket, packet: IpPacket, srcPort: number, link: Link): number {
    if (s.family === 'inet' && packet.kind !== 'ipv4') return -1;
    if (s.family === 'inet6' && packet.kind === 'ipv4' && s.v6only) return -1;
    let score = s.family === 'inet' ? 2 : 1;
    const local = unmapped(s.local.address, parseIp4);
    if (local !== 0 && local !== '::') {
      if (local !== packet.dst) return -1;
      score += 4;
    }
    if (s.remote !== undefined) {
      if (unmapped(s.remote.address, parseIp4) !== packet.src || s.remote.port !== srcPort) return -1;
      score += 8;
    }
    if (s.device !== null) {
      if (s.device !== link) return -1;
      score += 4;
    }
    return score;
  }

  /** The socket for a datagram. */
  lookup(packet: IpPacket, srcPort: number, dstPort: number, link: Link): UdpSocket | undefined {
    let best: UdpSocket | undefined;
    let bestScore = -1;
    for (const s of this.byPort.get(dstPort) ?? []) {
      const score = this.score(s, packet, srcPort, link);
      if (score > bestScore) {
        best = s;
        bestScore = score;
      }
    }
    return best;
  }

  /** udp_rcv */
  receive(skb: Skb, packet: IpPacket, link: Link): void {
    const { ns } = this;
    const udp = packet.payload;
    if (udp.kind !== 'udp') {
      ns.mib.UdpInErrors++;
      return ns.drop(skb, 'PKT_TOO_SMALL', 'udp_rcv');
    }
    if (udp.checksum > 0) {
      ns.mib.UdpInCsumErrors++;
      ns.mib.UdpInErrors++;
      return ns.drop(skb, 'UDP_CSUM', 'udp_rcv');
    }
    const message = {
      data: udp.payload,
      from: {
        address: packet.src,
        port: udp.srcPort,
        ...(typeof packet.src === 'string' && isLinkLocal6(packet.src) ? { scope: skb.iif(link).index } : {}),
      },
      to: packet.dst,
      packet,
      ttl: packet.kind === 'ipv4' ? packet.ttl : packet.hopLimit,
      tos: packet.kind === 'ipv4' ? packet.tos : packet.trafficClass,
      link,
      at: ns.now,
    };
    const many = skb.pktType === PACKET.BROADCAST || skb.pktType === PACKET.MULTICAST || isGroup(packet.dst);
    const targets = many
      ? [...(this.byPort.get(udp.dstPort) ?? [])].filter(
          (s) =>
            this.score(s, packet, udp.srcPort, link) >= 0 || (s.local.address === packet.dst && s.remote === undefined),
        )
      : [];
    if (!many) {
      const s = this.lookup(packet, udp.srcPort, udp.dstPort, link);
      if (s !== undefined) targets.push(s);
    }
    if (targets.length === 0) {
      ns.mib.UdpNoPorts++;
      if (packet.kind === 'ipv4') ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.PORT, 0);
      else ns.ip6.icmp.error(skb, 1, 4, 0);
      return ns.drop(skb, 'NO_SOCKET', 'udp_rcv');
    }
    for (const s of targets) {
      if (s.encap !== null) {
        s.encap(skb, packet, udp);
        continue;
      }
      const from = { ...message.from, address: mapped(packet.src, s.family) };
      if (s.enqueue({ ...message, from })) {
        ns.mib.UdpInDatagrams++;
        if (ns.tracer.active) {
          ns.trace(skb, {
            event: 'socket',
            protocol: 'udp',
            local: `${formatIp(packet.dst)}:${udp.dstPort}`,
            remote: `${formatIp(packet.src)}:${udp.srcPort}`,
            inode: s.inode,
          });
        }
      } else {
        ns.mib.UdpRcvbufErrors++;
        ns.mib.UdpInErrors++;
        ns.drop(skb, 'SOCKET_RCVBUFF', 'udp_queue_rcv_skb');
      }
    }
  }
}

/** Do two sockets want the same local address? */
export function sharesAddress(
  o: { family: Family; v6only: boolean; local: SockAddr },
  s: { family: Family; v6only: boolean },
  address: IpAddress,
): boolean {
  const a = unmapped(o.local.address, parseIp4);
  const b = unmapped(address, parseIp4);
  if (typeof a === typeof b) return a === b || a === 0 || b === 0 || a === '::' || b === '::';
  // An IPv6 wildcard without IPV6_V6ONLY covers IPv4 too.
  if (a === '::') return !o.v6only;
  if (b === '::') return !s.v6only;
  return false;
}
