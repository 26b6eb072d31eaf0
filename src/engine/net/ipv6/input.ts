import type { Ipv6Packet } from '../../wire';
import { IP6_LOOPBACK, IPPROTO, isMulticast6 } from '../../wire';
import { NF } from '../hooks';
import { handOver } from '../ip-input';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { traceRoute } from '../route/trace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import { checkOptions, isExtension, stepHeader } from './exthdr';
import { Defragmenter6 } from './fragment';
import { Ip6Forward } from './forward';
import type { Ip6Stack } from './stack';

/** Packets that come in (ip6_input.c). */
export class Ip6Input {
  private readonly defrag: Defragmenter6;
  private readonly forwarding: Ip6Forward;

  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip6Stack,
  ) {
    this.defrag = new Defragmenter6(ns);
    this.forwarding = new Ip6Forward(ns, ip);
  }

  /** Incomplete packets. */
  get reassembling(): { readonly packets: number; readonly bytes: number } {
    return this.defrag.inUse;
  }

  /** Collects fragments before connection tracking sees them (nf_ct_frag6_gather). @returns the whole packet's skb or null */
  reassemble(skb: Skb): Skb | null {
    return (skb.payload as Ipv6Packet).fragment === undefined ? skb : this.defrag.add(skb);
  }

  /** ipv6_rcv */
  receive(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.pktType === PACKET.OTHERHOST) return ns.drop(skb, 'OTHERHOST', 'ipv6_rcv');
    ns.mib.Ip6InReceives++;
    ns.mib.Ip6InOctets += skb.length;
    if (link.ip6 === null || link.ip6.conf.disable_ipv6) return ns.drop(skb, 'IPV6DISABLED', 'ipv6_rcv');
    const packet = skb.payload as Ipv6Packet;
    const bits = packet.trafficClass & 3;
    if (bits === 0) ns.mib.Ip6InNoECTPkts++;
    else if (bits === 1) ns.mib.Ip6InECT1Pkts++;
    else if (bits === 2) ns.mib.Ip6InECT0Pkts++;
    else ns.mib.Ip6InCEPkts++;
    if (isMulticast6(packet.dst)) {
      ns.mib.Ip6InMcastPkts++;
      ns.mib.Ip6InMcastOctets += skb.length;
    }
    if (
      isMulticast6(packet.src) ||
      ((packet.dst === IP6_LOOPBACK || packet.src === IP6_LOOPBACK) && !link.isLoopback)
    ) {
      ns.mib.Ip6InHdrErrors++;
      return ns.drop(skb, 'IP_INHDR', 'ipv6_rcv');
    }
    if (packet.hopByHop !== undefined) {
      const bad = checkOptions(packet.hopByHop, 42, isMulticast6(packet.dst));
      if (bad !== undefined) {
        ns.mib.Ip6InHdrErrors++;
        if (bad.verdict === 'problem') this.ip.icmp.error(skb, 4, bad.code, bad.pointer);
        return ns.drop(skb, 'IP_INHDR', 'ipv6_parse_hopopts');
      }
    }
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.prerouting(skb, link) !== NF.ACCEPT) return;
    this.receiveFinish(skb, link);
  }

  /** ip6_rcv_finish */
  private receiveFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    const packet = skb.payload as Ipv6Packet;
    if (skb.route !== null) return this.localDeliver(skb, link);
    const owner = link.l3Owner?.(skb);
    if (owner !== undefined) {
      const key = { dst: packet.dst, src: packet.src, iif: owner, oif: null, mark: skb.mark, tos: 0 };
      const there = owner.ns.fib.lookup(key);
      if (typeof there !== 'string' && there.route.type === 'local') {
        skb.route = there;
        return this.localDeliver(skb, link, owner);
      }
    }
    if (isMulticast6(packet.dst)) {
      if (link.ip6!.groups.has(packet.dst)) this.localDeliver(skb, link);
      else ns.drop(skb, 'NOT_SPECIFIED', 'ip6_mc_input');
      return;
    }
    const found = ns.fib.lookup({ dst: packet.dst, src: packet.src, iif: link, oif: null, mark: skb.mark, tos: 0 });
    if (ns.tracer.active) {
      const result = typeof found === 'string' ? found : found.route.type === 'local' ? 'local' : 'forward';
      traceRoute(ns, skb, 'input', result, typeof found === 'string' ? null : found);
    }
    if (typeof found !== 'string' && (found.route.type === 'local' || found.route.type === 'anycast')) {
      if (ns.addrs.find6(packet.dst)?.tentative) return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_route_input');
      skb.route = found;
      return this.localDeliver(skb, link);
    }
    // ip6_route_input: without a route even a host that forwards nothing says so; a black hole says nothing.
    if (typeof found === 'string') {
      if (found === 'EINVAL') return ns.drop(skb, 'NOT_SPECIFIED', 'dst_discard');
      ns.mib.Ip6InNoRoutes++;
      // `unreachable` routes, too, are told of as missing ones (ip6_rt_init_dst_reject).
      this.ip.icmp.error(skb, 1, found === 'EACCES' ? 1 : 0, 0);
      return ns.drop(skb, 'IP_INNOROUTES', 'ip6_pkt_discard');
    }
    if (!ns.conf6.all.forwarding && !link.ip6!.conf.forwarding) {
      ns.mib.Ip6InAddrErrors++;
      return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_forward');
    }
    this.forwarding.forward(skb, packet, link, found);
  }

  /** ip6_input. @param owner whose packet it is, where that is not `link` */
  private localDeliver(skb: Skb, link: Link, owner = link): void {
    const { netfilter } = this.ns;
    if (netfilter !== null && netfilter.input(skb, link) !== NF.ACCEPT) return;
    if (owner !== link) handOver(skb, owner);
    owner.ns.ip6.input.localDeliverFinish(skb, owner);
  }

  /** ip6_protocol_deliver_rcu */
  localDeliverFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    let packet = skb.payload as Ipv6Packet;
    // Extension headers, one after the other; fragments wait for each other.
    while (packet.fragment !== undefined || isExtension(packet.nextHeader)) {
      if (packet.fragment !== undefined) {
        const whole = this.defrag.add(skb);
        if (whole === null) return;
        skb = whole;
        packet = skb.payload as Ipv6Packet;
        continue;
      }
      const step = stepHeader(packet, isMulticast6(packet.dst));
      if (step.verdict !== 'next') {
        ns.mib.Ip6InHdrErrors++;
        if (step.verdict === 'problem') this.ip.icmp.error(skb, 4, step.code, step.pointer);
        return ns.drop(skb, 'IP_INHDR', 'ip6_protocol_deliver_rcu');
      }
      skb.setPayload((packet = step.packet));
    }
    ns.mib.Ip6InDelivers++;
    const raw = ns.hasSockets && ns.sockets.rawDeliver(skb, packet, link);
    switch (packet.nextHeader) {
      case IPPROTO.ICMPV6:
        this.ip.icmp.receive(skb, packet, link);
        return;
      case IPPROTO.UDP:
        ns.sockets.udp.receive(skb, packet, link);
        return;
      case IPPROTO.TCP:
        ns.sockets.tcp.receive(skb, packet, link);
        return;
      default:
        // 59: nothing follows.
        if (!raw && packet.nextHeader !== 59) {
          ns.mib.Ip6InDelivers--;
          ns.mib.Ip6InUnknownProtos++;
          this.ip.icmp.error(skb, 4, 1, 6);
          ns.drop(skb, 'INVALID_PROTO', 'ip6_protocol_deliver_rcu');
        }
    }
  }
}
