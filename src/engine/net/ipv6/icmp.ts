import type { Icmp6Packet, Ip6, Ipv6Packet } from '../../wire';
import {
  CHECKSUM_AUTO,
  ETHERTYPE,
  ICMP6,
  IP6_ANY,
  IPPROTO,
  ROUTER_ALERT_MLD,
  encodeIpv6,
  isLinkLocal6,
  isMulticast6,
  makeIcmp6Echo,
  makeIcmp6Error,
  makeIpv6,
} from '../../wire';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { Skb } from '../skb';
import type { Ip6Stack } from './stack';

/** The longest ICMPv6 error: it must fit the minimum MTU. */
const MAX_ERROR = 1280;

/** Types that have counters of their own, by their names there (RFC 4293, snmp6). */
const COUNTED = {
  1: 'DestUnreachs',
  2: 'PktTooBigs',
  3: 'TimeExcds',
  4: 'ParmProblems',
  128: 'Echos',
  129: 'EchoReplies',
  133: 'RouterSolicits',
  134: 'RouterAdvertisements',
  135: 'NeighborSolicits',
  136: 'NeighborAdvertisements',
  137: 'Redirects',
  143: 'MLDv2Reports',
} as const;

/** ICMPv6 of one namespace (net/ipv6/icmp.c). Neighbour discovery: ndp.ts. */
export class Icmp6 {
  private readonly buckets = new Map<Ip6, { tokens: number; at: number }>();
  private globalTokens: number | undefined = undefined;
  private globalAt = 0;

  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip6Stack,
  ) {}

  /** icmpv6_rcv */
  receive(skb: Skb, packet: Ipv6Packet, link: Link): void {
    const { ns } = this;
    const icmp = packet.payload;
    if (icmp.kind !== 'icmp6' || icmp.checksum !== CHECKSUM_AUTO) {
      ns.mib.Icmp6InMsgs++;
      if (icmp.kind === 'icmp6') ns.mib.Icmp6InCsumErrors++;
      ns.mib.Icmp6InErrors++;
      return ns.drop(skb, icmp.kind === 'icmp6' ? 'ICMP_CSUM' : 'PKT_TOO_SMALL', 'icmpv6_rcv');
    }
    this.count('In', icmp.type);
    switch (icmp.message) {
      case 'echo':
        if (icmp.type === ICMP6.ECHO_REQUEST) {
          // Neither a group nor an anycast address is a source.
          const many = isMulticast6(packet.dst) || skb.route?.route.type === 'anycast';
          if (ns.icmp6.echo_ignore_all || (many && ns.icmp6.echo_ignore_multicast))
            return ns.drop(skb, 'NOT_SPECIFIED', 'icmpv6_rcv');
          if (ns.tracer.active) ns.trace(skb, { event: 'handled', by: 'icmp', note: 'echo request' });
          this.count('Out', ICMP6.ECHO_REPLY);
          const src = many ? this.ip.routing.select(packet.src, link) : packet.dst;
          this.ip.output.send({
            src,
            dst: packet.src,
            nextHeader: IPPROTO.ICMPV6,
            payload: makeIcmp6Echo(icmp.id, icmp.seq, icmp.payload, 129),
            trafficClass: packet.trafficClass,
            mark: ns.ipv6.fwmark_reflect ? skb.mark : 0,
            ...(ns.ipv6.flowlabel_reflect & 4 ? { flowLabel: packet.flowLabel } : {}),
            oif: isLinkLocal6(packet.src) && !link.isLoopback ? link : null,
          });
        } else {
          if (ns.hasSockets) ns.sockets.ping.receive(skb, packet, link);
        }
        return;
      case 'error':
        if (icmp.type === ICMP6.PACKET_TOO_BIG && icmp.original.length >= 40) {
          const q = ns.sockets.quoted6(icmp);
          if (q) this.ip.routing.learnMtu(q.dst as Ip6, Math.max(icmp.rest, 1280));
        }
        ns.sockets.icmpError6(icmp, packet, skb.iif(link));
        return;
      case 'neighborSolicitation':
      case 'neighborAdvertisement':
      case 'routerSolicitation':
      case 'routerAdvertisement':
        ns.ndp.receive(skb, packet, icmp, link);
        return;
      default:
        return;
    }
  }

  /** ICMPv6 of the kernel itself on a given link (neighbour discovery, MLD): not routed. */
  send(link: Link, src: Ip6, dst: Ip6, payload: Icmp6Packet, hopLimit: number, routerAlert = false): void {
    const { ns } = this;
    this.count('Out', payload.type);
    ns.mib.Ip6OutRequests++;
    const packet = makeIpv6({
      src,
      dst,
      nextHeader: IPPROTO.ICMPV6,
      payload,
      hopLimit,
      ...(routerAlert ? { hopByHop: ROUTER_ALERT_MLD } : {}),
    });
    const skb = new Skb(ETHERTYPE.IPV6, packet);
    skb.dev = link;
    if (ns.tracer.active) ns.trace(skb, { event: 'created', by: 'kernel', parent: undefined });
    skb.route = this.ip.routing.adHoc(link);
    if (ns.netfilter !== null && ns.netfilter.output(skb, link) !== NF.ACCEPT) return;
    this.ip.output.transmit(skb, skb.route, link, null);
  }

  /** The limiter of one destination and the one of the namespace (icmpv6_xrlim_allow). */
  private allowed(type: number, dst: Ip6, out: Link): boolean {
    const { ns } = this;
    if (!ns.sysctl.limitsIcmp6(type) || out.isLoopback) return true;
    const { now } = ns;
    const { icmp_msgs_burst: burst, icmp_msgs_per_sec: perSecond } = ns.ipv4;
    this.globalTokens = Math.min(burst, (this.globalTokens ?? burst) + ((now - this.globalAt) * perSecond) / 1e6);
    this.globalAt = now;
    if (this.globalTokens < 1) return false;
    this.globalTokens--;
    const rate = ns.icmp6.ratelimit * 1000;
    if (rate === 0) return true;
    let b = this.buckets.get(dst);
    if (b === undefined) {
      if (this.buckets.size > 4096) this.buckets.clear();
      this.buckets.set(dst, (b = { tokens: 6, at: now }));
    }
    b.tokens = Math.min(6, b.tokens + (now - b.at) / rate);
    b.at = now;
    if (b.tokens < 1) {
      ns.mib.Icmp6OutRateLimitHost++;
      return false;
    }
    b.tokens--;
    return true;
  }

  /** Counts a message (ICMP6MSGIN_INC_STATS, ICMP6MSGOUT_INC_STATS). */
  private count(way: 'In' | 'Out', type: number): void {
    const { mib } = this.ns;
    mib[`Icmp6${way}Msgs`]++;
    const name = type in COUNTED ? COUNTED[type as keyof typeof COUNTED] : undefined;
    if (name !== undefined) mib[`Icmp6${way}${name}`]++;
  }

  /** icmp6_send. `rest` is the MTU or the pointer. */
  error(skb: Skb, type: 1 | 2 | 3 | 4, code: number, rest: number): void {
    const { ns } = this;
    if (skb.payload.kind !== 'ipv6') return;
    const packet = skb.payload;
    if (packet.src === IP6_ANY || isMulticast6(packet.src)) return;
    if (isMulticast6(packet.dst) && type !== 2) return;
    if (packet.payload.kind === 'icmp6' && packet.payload.type < 128) return;
    if (packet.fragment !== undefined && packet.fragment.offset > 0) return;
    const own = ns.addrs.isLocal6(packet.dst);
    // icmp6_iif: the link it came in by, or that it would have left by; others may have the same address.
    const oif = isLinkLocal6(packet.src) ? skb.iif(skb.dev) : null;
    const src = own ? packet.dst : undefined;
    const route = this.ip.routing.output(packet.src, src, oif, ns.ipv6.fwmark_reflect ? skb.mark : 0);
    if (typeof route === 'string' || !this.allowed(type, packet.src, route.link)) return;
    this.count('Out', type);
    this.ip.output.send({
      src,
      route,
      dst: packet.src,
      nextHeader: IPPROTO.ICMPV6,
      payload: makeIcmp6Error(type, code, encodeIpv6(packet).subarray(0, MAX_ERROR - 48), rest),
      oif,
      about: skb,
    });
  }
}
