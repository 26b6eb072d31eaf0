/** Answers for refused packets: ICMP errors and TCP resets (net/ipv4/netfilter/nf_reject_ipv4.c, ipv6). */
import type { Ipv4Packet, Ipv6Packet, TcpSegment } from '../../wire';
import { ETHERTYPE, IPPROTO, NO_BYTES, TCP_FLAG, isMulticast4, isMulticast6, makeIpv4, makeTcp } from '../../wire';
import { attachTo } from '../conntrack/attach';
import { Skb } from '../skb';
import type { PktInfo } from './pktinfo';

/** What to answer with: an ICMP unreachable code of the packet's own family, the family-neutral icmpx code, or a reset. */
export interface RejectAnswer {
  readonly type: 'icmp' | 'icmpv6' | 'icmpx' | 'tcp reset';
  readonly code: number;
}

/** icmpx codes: no-route, port-unreachable, host-unreachable, admin-prohibited. */
const X4 = [0, 3, 1, 13];
const X6 = [0, 4, 3, 1];

/** Sends the answer; the packet itself is the caller's to drop. */
export function rejectPacket(p: PktInfo, answer: RejectAnswer): void {
  const q = p.skb.payload;
  if (q.kind === 'ipv4') {
    if (answer.type === 'tcp reset') reset4(p, q);
    else if (answer.type !== 'icmpv6')
      p.ns.icmp4.error(p.skb, 3, answer.type === 'icmpx' ? (X4[answer.code] ?? 3) : answer.code, 0);
  } else if (q.kind === 'ipv6') {
    if (answer.type === 'tcp reset') reset6(p, q);
    else if (answer.type !== 'icmp')
      p.ns.ip6.icmp.error(p.skb, 1, answer.type === 'icmpx' ? (X6[answer.code] ?? 4) : answer.code, 0);
  }
}

/** The reset a segment gets; undefined for what is no whole segment, or itself a reset. */
function resetFor(q: Ipv4Packet | Ipv6Packet): TcpSegment | undefined {
  const t = q.payload;
  if (t.kind !== 'tcp' || (t.flags & TCP_FLAG.RST) !== 0) return undefined;
  if ((t.flags & TCP_FLAG.ACK) !== 0)
    return makeTcp(t.dstPort, t.srcPort, t.ack, 0, TCP_FLAG.RST, 0, undefined, NO_BYTES);
  const ack =
    t.seq + t.payload.length + ((t.flags & TCP_FLAG.SYN) !== 0 ? 1 : 0) + ((t.flags & TCP_FLAG.FIN) !== 0 ? 1 : 0);
  return makeTcp(t.dstPort, t.srcPort, 0, ack >>> 0, TCP_FLAG.RST | TCP_FLAG.ACK, 0, undefined, NO_BYTES);
}

function reset4(p: PktInfo, q: Ipv4Packet): void {
  const { ns } = p;
  const segment = q.fragmentOffset > 0 ? undefined : resetFor(q);
  const type = ns.addrs.type4(q.dst);
  if (segment === undefined || type === 'broadcast' || isMulticast4(q.dst)) return;
  const mark = ns.ipv4.fwmark_reflect ? p.skb.mark : 0;
  // Forwarded packets are answered in the name of a host that is not here: its address takes no part in routing.
  const out = ns.ip4.routing.output(q.src, type === 'local' ? q.dst : 0, null, mark);
  if (typeof out === 'string') return;
  const packet = makeIpv4({
    src: q.dst,
    dst: q.src,
    protocol: IPPROTO.TCP,
    payload: segment,
    ttl: ns.ipv4.ip_default_ttl,
    df: true,
    id: 0,
  });
  const skb = new Skb(ETHERTYPE.IPV4, packet);
  skb.mark = mark;
  attachTo(skb, p.skb);
  ns.ip4.output.localOut(skb, out);
}

function reset6(p: PktInfo, q: Ipv6Packet): void {
  const segment = (q.fragment?.offset ?? 0) > 0 ? undefined : resetFor(q);
  if (segment === undefined || isMulticast6(q.dst)) return;
  const own = p.ns.addrs.isLocal6(q.dst);
  const route = p.ns.ip6.routing.output(q.src, own ? q.dst : undefined, null, 0);
  if (typeof route === 'string') return;
  p.ns.ip6.output.send({ src: q.dst, dst: q.src, nextHeader: IPPROTO.TCP, payload: segment, route });
}
