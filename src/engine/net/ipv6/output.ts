import type { ErrnoCode } from '../../core';
import type { Ip6, Ipv6Packet, Transport } from '../../wire';
import { ETHERTYPE, isMulticast6, makeIpv6 } from '../../wire';
import { attachTo } from '../conntrack/attach';
import { NF } from '../hooks';
import { outputHook, receiveOwn, sendPieces } from '../ip-output';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { neighbourOf } from '../neigh/neighbour';
import type { RouteEntry } from '../route/lookup';
import type { SkbOwner } from '../skb';
import { Skb } from '../skb';
import { fragment6 } from './fragment';
import type { Output6 } from './route';
import type { Ip6Stack } from './stack';

/** What a sender may say about a packet. */
export interface Send6 {
  src: Ip6 | undefined;
  dst: Ip6;
  nextHeader: number;
  payload: Transport;
  hopLimit?: number;
  trafficClass?: number;
  flowLabel?: number;
  oif?: Link | null;
  mark?: number;
  owner?: SkbOwner | null;
  /** A route found before. */
  route?: Output6;
  hopByHop?: Uint8Array;
  /** Never cut it: EMSGSIZE when it is too long (TCP, IPV6_DONTFRAG, IPV6_MTU_DISCOVER). */
  whole?: boolean;
  /** The packet it answers, whose connection it belongs to (an ICMPv6 error). */
  about?: Skb;
}

/** Packets that leave (ip6_output.c). */
export class Ip6Output {
  private fragmentId: number;

  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip6Stack,
  ) {
    this.fragmentId = ns.hashSeed;
  }

  /** Routes and sends a packet of the machine itself. @returns the error the sender gets, or undefined. */
  send(s: Send6): ErrnoCode | undefined {
    const { ns } = this;
    const out = s.route ?? this.ip.routing.output(s.dst, s.src, s.oif ?? null, s.mark ?? 0);
    if (typeof out === 'string') {
      ns.mib.Ip6OutNoRoutes++;
      return out;
    }
    const packet = makeIpv6({
      src: s.src ?? out.src,
      dst: s.dst,
      nextHeader: s.nextHeader,
      payload: s.payload,
      hopLimit: s.hopLimit ?? (isMulticast6(s.dst) ? 1 : out.link.ip6?.conf.hop_limit) ?? 64,
      trafficClass: s.trafficClass ?? 0,
      flowLabel:
        ns.ipv6.auto_flowlabels === 0
          ? 0
          : (s.flowLabel ?? this.ip.routing.flowLabel(s.src ?? out.src, s.dst, s.nextHeader)),
      hopByHop: s.hopByHop,
    });
    const skb = new Skb(ETHERTYPE.IPV6, packet);
    skb.owner = s.owner ?? null;
    skb.mark = s.mark ?? 0;
    if (s.about !== undefined) attachTo(skb, s.about);
    ns.mib.Ip6OutRequests++;
    skb.route = out.entry;
    skb.dev = out.link;
    if (ns.tracer.active) ns.trace(skb, { event: 'created', by: skb.owner ? 'socket' : 'kernel', parent: undefined });
    const error = this.localOut(skb, out, s.whole ?? false);
    if (error !== undefined) ns.mib.Ip6OutDiscards++;
    return error;
  }

  /** ip6_local_out: a finished packet with its route. */
  localOut(skb: Skb, out: Output6, whole: boolean): ErrnoCode | undefined {
    const { ns } = this;
    const way = outputHook(ns, skb, out);
    if (way === undefined || typeof way === 'string') return way;
    return this.transmit(skb, way.entry, way.link, null, whole);
  }

  /** ip6_output: POSTROUTING, then fragments and the neighbour. @param whole never cut it */
  transmit(skb: Skb, entry: RouteEntry, link: Link, input: Link | null, whole = false): ErrnoCode | undefined {
    const { ns } = this;
    let packet = skb.payload as Ipv6Packet;
    skb.dev = link;
    if (
      isMulticast6(packet.dst) &&
      !link.isLoopback &&
      link.ip6?.groups.has(packet.dst) &&
      packet.payload.kind === 'icmp6' &&
      packet.payload.message === 'echo'
    )
      receiveOwn(ns, skb, link, (copy) => this.ip.input.receive(copy, link));
    if (ns.netfilter !== null) {
      const verdict = ns.netfilter.postrouting(skb, input, link);
      if (verdict !== NF.ACCEPT) return verdict === NF.DROP ? 'EPERM' : undefined;
    }
    packet = skb.payload as Ipv6Packet;
    let mtu = this.ip.routing.mtu(entry, link, packet.dst);
    const gathered = skb.maxFragment > 0 && skb.maxFragment <= mtu;
    if (gathered) mtu = skb.maxFragment;
    if (skb.length > mtu) {
      if (!gathered && (whole || input !== null || packet.fragment !== undefined)) {
        ns.mib.Ip6FragFails++;
        if (input !== null) this.ip.icmp.error(skb, 2, 0, mtu);
        ns.drop(skb, 'PKT_TOO_BIG', 'ip6_finish_output');
        return 'EMSGSIZE';
      }
      const pieces = fragment6(packet, Math.max(mtu, 1280), (this.fragmentId = (this.fragmentId + 1) >>> 0));
      const sent = sendPieces(ns, skb, pieces, (f) => this.toNeighbour(f, packet.dst, entry, link));
      ns.mib.Ip6FragCreates += sent;
      if (sent < pieces.length) {
        ns.mib.Ip6FragFails++;
        return 'ENOBUFS';
      }
      ns.mib.Ip6FragOKs++;
      return undefined;
    }
    this.toNeighbour(skb, packet.dst, entry, link);
    return skb.lost ? 'ENOBUFS' : undefined;
  }

  /** ip6_finish_output2 */
  private toNeighbour(skb: Skb, dst: Ip6, entry: RouteEntry, link: Link): void {
    const { ns } = this;
    ns.mib.Ip6OutTransmits++;
    ns.mib.Ip6OutOctets += skb.length;
    if (isMulticast6(dst)) {
      ns.mib.Ip6OutMcastPkts++;
      ns.mib.Ip6OutMcastOctets += skb.length;
    }
    const next = isMulticast6(dst) ? dst : ((entry.gateway as Ip6 | undefined) ?? dst);
    (link.nd.get(next) ?? neighbourOf(ns.ndp, link, next)).output(skb);
  }
}
