import type { ErrnoCode } from '../../core';
import type { Ip4, Ipv4Packet, Transport } from '../../wire';
import { ETHERTYPE, ICMP4, ICMP4_UNREACH, makeIpv4 } from '../../wire';
import { attachTo } from '../conntrack/attach';
import { NF } from '../hooks';
import { outputHook, receiveOwn, sendPieces } from '../ip-output';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Neighbour } from '../neigh/neighbour';
import { neighbourOf } from '../neigh/neighbour';
import type { RouteEntry } from '../route/lookup';
import { traceRoute } from '../route/trace';
import type { SkbOwner } from '../skb';
import { Skb } from '../skb';
import type { RouteType } from '../types';
import { IFF } from '../types';
import { fragment4 } from './fragment';
import { sentOptions } from './options';
import type { Output4 } from './route';
import type { Ip4Stack } from './stack';

/** What a sender may say about a packet. */
export interface Send4 {
  src: Ip4;
  dst: Ip4;
  protocol: number;
  payload: Transport;
  ttl?: number;
  tos?: number;
  /** DF: default true. */
  df?: boolean;
  /** Undefined: the kernel chooses. */
  id?: number;
  options?: Uint8Array;
  oif?: Link | null;
  mark?: number;
  owner?: SkbOwner | null;
  /** A route found before. */
  route?: Output4;
  /** The packet it answers, whose connection it belongs to (an ICMP error). */
  about?: Skb;
}

/** Packets that leave (ip_output.c). */
export class Ip4Output {
  private readonly idents = new Map<number, { id: number; at: number }>();

  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip4Stack,
  ) {}

  /** The identification of packets that are not numbered by their socket (ip_idents). */
  ident(dst: Ip4, src: Ip4, protocol: number): number {
    const key = (dst ^ src ^ protocol) >>> 0;
    const { now } = this.ns;
    const last = this.idents.get(key);
    if (last === undefined) {
      if (this.idents.size > 2048) this.idents.clear();
      const id = this.ns.random.below(65536);
      this.idents.set(key, { id, at: now });
      return id;
    }
    // One more, and up to one for every timer tick (4 ms) that has passed, so that nobody can count our packets.
    const ticks = Math.floor((now - last.at) / 4000);
    last.id = (last.id + 1 + (ticks > 0 ? this.ns.random.below(ticks) : 0)) & 0xffff;
    last.at = now;
    return last.id;
  }

  /** Routes and sends a packet of the machine itself. @returns the error the sender gets, or undefined. */
  send(s: Send4): ErrnoCode | undefined {
    const { ns } = this;
    if (s.route === undefined && s.payload.kind !== 'raw') {
      const p = s.payload;
      if (p.kind === 'tcp' || p.kind === 'udp') this.ip.routing.setPorts(s.protocol, p.srcPort, p.dstPort);
      else this.ip.routing.setPorts(s.protocol, 0, 0);
    }
    const out = s.route ?? this.ip.routing.output(s.dst, s.src, s.oif ?? null, s.mark ?? 0, s.tos ?? 0);
    if (typeof out === 'string') {
      ns.mib.IpOutNoRoutes++;
      return out;
    }
    const df = s.df ?? true;
    const src = s.src !== 0 ? s.src : out.src;
    const dst = s.dst === 0 ? out.src : s.dst;
    const packet = makeIpv4({
      src,
      dst,
      protocol: s.protocol,
      payload: s.payload,
      ttl: s.ttl ?? (out.entry.route.metrics?.hoplimit as number | undefined) ?? ns.ipv4.ip_default_ttl,
      tos: s.tos ?? 0,
      df,
      id: s.id ?? this.ident(dst, src, s.protocol),
      ...(s.options !== undefined && { options: sentOptions(ns, s.options, src) }),
    });
    const skb = new Skb(ETHERTYPE.IPV4, packet);
    skb.mark = s.mark ?? 0;
    skb.owner = s.owner ?? null;
    if (s.about !== undefined) attachTo(skb, s.about);
    const error = this.localOut(skb, out);
    if (error !== undefined) ns.mib.IpOutDiscards++;
    return error;
  }

  /** ip_local_out: a finished packet with its route. */
  localOut(skb: Skb, out: Output4): ErrnoCode | undefined {
    const { ns } = this;
    ns.mib.IpOutRequests++;
    // Building a packet takes a moment; no two of them leave at the same time.
    ns.host.scheduler.charge(1 + (ns.random.uint32() & 1));
    skb.route = out.entry;
    skb.dev = out.link;
    if (ns.tracer.active) {
      // A packet that goes on inside a tunnel keeps its identity.
      if (skb.id === 0) ns.trace(skb, { event: 'created', by: skb.owner ? 'socket' : 'kernel', parent: undefined });
      traceRoute(ns, skb, 'output', out.type, out.entry);
    }
    const way = outputHook(ns, skb, out);
    if (way === undefined || typeof way === 'string') return way;
    return this.transmit(skb, way.entry, way.link, way.type, null);
  }

  /** ip_output / ip_mc_output: POSTROUTING, then fragments and the neighbour. */
  transmit(skb: Skb, entry: RouteEntry, link: Link, type: RouteType, input: Link | null): ErrnoCode | undefined {
    const { ns } = this;
    skb.dev = link;
    if (type === 'broadcast' || (type === 'multicast' && link.ip4.groups.has((skb.payload as Ipv4Packet).dst))) {
      // The machine hears its own broadcasts.
      if (!link.isLoopback)
        receiveOwn(ns, skb, link, (copy) => {
          copy.route = this.ip.routing.adHoc('broadcast', link);
          this.ip.input.receive(copy, link);
        });
      if (type === 'multicast' && (skb.payload as Ipv4Packet).ttl === 0) return undefined;
    }
    const { netfilter } = ns;
    if (netfilter !== null) {
      const verdict = netfilter.postrouting(skb, input, link);
      if (verdict !== NF.ACCEPT) return verdict === NF.DROP ? 'EPERM' : undefined;
    }
    return this.finishOutput(skb, entry, link, type);
  }

  /** ip_finish_output */
  private finishOutput(skb: Skb, entry: RouteEntry, link: Link, type: RouteType): ErrnoCode | undefined {
    const packet = skb.payload as Ipv4Packet;
    // Who probes the path looks at the link alone.
    if (skb.owner?.pmtudisc === 'probe' && skb.length <= link.mtu) {
      this.toNeighbour(skb, packet.dst, entry, link, type);
      return skb.lost ? 'ENOBUFS' : undefined;
    }
    if (
      skb.length > link.mtu ||
      (entry.exceptions !== null && skb.length > this.ip.routing.mtu(entry, link, packet.dst)) ||
      entry.route.mtu !== undefined ||
      skb.maxFragment > 0
    ) {
      let mtu = this.ip.routing.mtu(entry, link, packet.dst);
      // No fragment is longer than those that came in (IPCB(skb)->frag_max_size).
      if (skb.maxFragment > 0 && skb.maxFragment < mtu) mtu = skb.maxFragment;
      if (skb.length > mtu) return this.fragmentOut(skb, packet, mtu, entry, link, type);
    }
    this.toNeighbour(skb, packet.dst, entry, link, type);
    // net_xmit_errno
    return skb.lost ? 'ENOBUFS' : undefined;
  }

  private fragmentOut(
    skb: Skb,
    packet: Ipv4Packet,
    mtu: number,
    entry: RouteEntry,
    link: Link,
    type: RouteType,
  ): ErrnoCode | undefined {
    const { ns } = this;
    // Senders that know the packet will be cut have cleared DF; a TCP segment that became too long teaches its socket.
    if (packet.df && !(skb.maxFragment > 0 && skb.maxFragment <= mtu)) {
      ns.mib.IpFragFails++;
      ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.FRAG_NEEDED, mtu);
      ns.drop(skb, 'PKT_TOO_BIG', 'ip_fragment');
      return 'EMSGSIZE';
    }
    const pieces = fragment4(packet, mtu);
    const sent = sendPieces(ns, skb, pieces, (f) => this.toNeighbour(f, packet.dst, entry, link, type));
    ns.mib.IpFragCreates += sent;
    if (sent < pieces.length) {
      ns.mib.IpFragFails++;
      return 'ENOBUFS';
    }
    ns.mib.IpFragOKs++;
    return undefined;
  }

  /** ip_finish_output2 */
  private toNeighbour(skb: Skb, dst: Ip4, entry: RouteEntry, link: Link, type: RouteType): void {
    const { ns } = this;
    ns.mib.IpOutTransmits++;
    ns.mib.IpExtOutOctets += skb.length;
    if (type === 'multicast') {
      ns.mib.IpExtOutMcastPkts++;
      ns.mib.IpExtOutMcastOctets += skb.length;
    } else if (type === 'broadcast') {
      ns.mib.IpExtOutBcastPkts++;
      ns.mib.IpExtOutBcastOctets += skb.length;
    }
    let next: Ip4 | string = dst;
    // All that goes over the loopback or to the only other end of a link has one neighbour.
    if ((link.flags & (IFF.LOOPBACK | IFF.POINTOPOINT)) !== 0) next = 0;
    else if (type === 'unicast') {
      const redirected =
        entry.exceptions === null ? undefined : (entry.exceptions.get(dst)?.gateway as number | undefined);
      next = redirected ?? entry.gateway ?? dst;
    }
    // `via inet6`: the gateway is found with neighbour discovery (RFC 5549).
    const n: Neighbour =
      typeof next === 'string'
        ? (link.nd.get(next) ?? neighbourOf(ns.ndp, link, next))
        : (link.arp.get(next) ?? neighbourOf(ns.arp, link, next));
    n.output(skb);
  }
}
