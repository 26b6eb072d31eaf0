/** Headers of a traced packet in nft's words (nftables src/netlink.c, trace_print_packet). */
import type { Ipv4Packet, Ipv6Packet } from '../../../wire';
import { encodeTransport, formatIp4, ipv4Length, ipv6Length } from '../../../wire';
import type { PktInfo } from '../../../net/netfilter/pktinfo';
import { dataType } from './datatypes';

/** The kernel hands over so many bytes of the transport header (NFT_TRACETYPE_TRANSPORT_HSIZE). */
const TRANSPORT_SHOWN = 20;
const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr'];
const ECN = ['not-ect', 'ect1', 'ect0', 'ce'];

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
};

/** A value in the words of one of nft's datatypes. */
function word(type: string, value: number): string {
  const symbols = dataType(type)?.symbols ?? {};
  return Object.keys(symbols).find((k) => symbols[k] === value) ?? String(value);
}

/** What follows `packet:`. @param family of the table whose chain sees the packet */
export function traceHeaders(p: PktInfo, family: string): string {
  const { skb } = p;
  const q = skb.payload;
  const parts: string[] = [];
  if (p.input !== null) parts.push(`iif "${p.input.name}"`);
  if (p.output !== null) parts.push(`oif "${p.output.name}"`);
  if (p.input !== null && q.kind !== 'arp') {
    // The loopback device has no link-layer addresses worth a name: only the type of what it carries is not zero.
    if (p.input.name === 'lo') parts.push(`@ll,0,112 0x${q.kind === 'ipv6' ? '86dd' : '800'}`);
    else if (skb.src !== '') parts.push(`ether saddr ${skb.src} ether daddr ${skb.dst}`);
  }
  if (q.kind !== 'ipv4' && q.kind !== 'ipv6') return parts.join(' ');
  const version = q.kind === 'ipv4' ? 'ip' : 'ip6';
  const tos = q.kind === 'ipv4' ? q.tos : q.trafficClass;
  const marks = `${version} dscp ${word('dscp', tos >> 2)} ${version} ecn ${ECN[tos & 3]}`;
  const protocol = q.kind === 'ipv4' ? q.protocol : q.nextHeader;
  const known = ['tcp', 'udp', 'icmp4', 'icmp6'].includes(q.payload.kind);
  // In the families of one protocol the names below say what this would.
  const shown = !known || family !== version;
  if (q.kind === 'ipv4') {
    parts.push(`ip saddr ${formatIp4(q.src)} ip daddr ${formatIp4(q.dst)} ${marks} ip ttl ${q.ttl} ip id ${q.id}`);
    if (shown) parts.push(`ip protocol ${PROTOCOLS[protocol] ?? protocol}`);
    parts.push(`ip length ${ipv4Length(q)}`);
  } else {
    parts.push(
      `ip6 saddr ${q.src} ip6 daddr ${q.dst} ${marks} ip6 hoplimit ${q.hopLimit} ip6 flowlabel ${q.flowLabel}`,
    );
    if (shown) parts.push(`ip6 nexthdr ${PROTOCOLS[protocol] ?? protocol}`);
    parts.push(`ip6 length ${ipv6Length(q) - 40}`);
  }
  parts.push(...transport(q));
  return parts.join(' ');
}

function transport(q: Ipv4Packet | Ipv6Packet): string[] {
  const t = q.payload;
  const bytes = encodeTransport(t, q.src, q.dst, q.kind === 'ipv4' ? q.protocol : q.nextHeader).subarray(
    0,
    TRANSPORT_SHOWN,
  );
  const raw = (from: number): string[] => {
    const rest = [...bytes.subarray(from)].map((b) => b.toString(16).padStart(2, '0')).join('');
    return rest === '' ? [] : [`@th,${from * 8},${rest.length * 4} 0x${rest.replace(/^0+(?=.)/, '')}`];
  };
  switch (t.kind) {
    case 'tcp': {
      const set = TCP_FLAGS.filter((_, i) => (t.flags >> i) & 1);
      const flags = set.length === 1 ? set[0] : `0x${t.flags.toString(16)}`;
      return [`tcp sport ${t.srcPort} tcp dport ${t.dstPort} tcp flags == ${flags} tcp window ${t.window}`];
    }
    case 'udp':
      return [`udp sport ${t.srcPort} udp dport ${t.dstPort} udp length ${t.payload.length + 8}`, ...raw(8)];
    case 'icmp4': {
      const at = (i: number) => ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
      const names = `icmp type ${word('icmp_type', t.type)} icmp code ${word('icmp_code', t.code)}`;
      return [`${names} icmp id ${at(4)} icmp sequence ${at(6)}`, ...raw(8)];
    }
    case 'icmp6': {
      const field = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
      const names = `icmpv6 type ${word('icmpv6_type', t.type)} icmpv6 code ${word('icmpv6_code', t.code)}`;
      return [`${names} icmpv6 parameter-problem ${field}`, ...raw(8)];
    }
    default:
      return raw(0);
  }
}
