/** Headers of a traced packet in nft's words (nftables src/netlink.c, trace_print_packet). */
import { formatIp4, ipv4Length, ipv6Length } from '../../../wire';
import type { PktInfo } from '../../../net/netfilter/pktinfo';

/** What follows `packet:`. */
export function traceHeaders(p: PktInfo): string {
  const { skb } = p;
  const parts: string[] = [];
  if (p.input !== null) parts.push(`iif "${p.input.name}"`);
  if (p.output !== null) parts.push(`oif "${p.output.name}"`);
  if (p.input !== null && skb.src !== '') parts.push(`ether saddr ${skb.src} ether daddr ${skb.dst}`);
  const q = skb.payload;
  if (q.kind === 'ipv4') {
    const dscp = ['cs0', '', '', '', '', '', '', '', 'cs1'][q.tos >> 2] ?? '';
    const name = dscp === '' ? `0x${(q.tos >> 2).toString(16).padStart(2, '0')}` : dscp;
    const ecn = ['not-ect', 'ect1', 'ect0', 'ce'][q.tos & 3]!;
    parts.push(
      `ip saddr ${formatIp4(q.src)} ip daddr ${formatIp4(q.dst)} ip dscp ${name} ip ecn ${ecn} ip ttl ${q.ttl} ip id ${q.id}`,
    );
    if (!['tcp', 'udp', 'icmp4'].includes(q.payload.kind)) parts.push(`ip protocol ${q.protocol}`);
    parts.push(`ip length ${ipv4Length(q)}`);
  } else if (q.kind === 'ipv6') {
    parts.push(
      `ip6 saddr ${q.src} ip6 daddr ${q.dst} ip6 dscp cs0 ip6 ecn not-ect ip6 hoplimit ${q.hopLimit} ip6 flowlabel ${q.flowLabel}`,
    );
    parts.push(`ip6 length ${ipv6Length(q) - 40}`);
  } else return parts.join(' ');
  const t = q.payload;
  if (t.kind === 'tcp') {
    const names = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr'];
    const flags = names.filter((_, i) => (t.flags >> i) & 1);
    parts.push(
      `tcp sport ${t.srcPort} tcp dport ${t.dstPort} tcp flags == ${flags.join(',') || '0x0'} tcp window ${t.window}`,
    );
  } else if (t.kind === 'udp')
    parts.push(`udp sport ${t.srcPort} udp dport ${t.dstPort} udp length ${t.payload.length + 8}`);
  else if (t.kind === 'icmp4') {
    const type = {
      0: 'echo-reply',
      3: 'destination-unreachable',
      5: 'redirect',
      8: 'echo-request',
      11: 'time-exceeded',
    }[t.type as 0];
    const code = t.code === 0 ? 'net-unreachable' : String(t.code);
    const echo = t.message === 'echo' ? ` icmp id ${t.id} icmp sequence ${t.seq}` : '';
    parts.push(`icmp type ${type ?? t.type} icmp code ${code}${echo}`);
  }
  return parts.join(' ');
}
