/** Header fields by nft's names: where they are and how they are read from a typed packet (nftables src/proto.c). */
import type { Icmp4Packet, Icmp6Packet, Ipv4Packet, Ipv6Packet, TcpSegment, UdpDatagram } from '../../../wire';
import {
  get16,
  ipv4HeaderLength,
  ipv4Length,
  ipv6Length,
  makeTcp,
  makeUdp,
  payloadEtherType,
  peekPorts,
  tcpHeaderLength,
} from '../../../wire';
import type { PktInfo } from '../pktinfo';
import type { Scalar } from './model';
import { ip6FromKey, ip6Key } from './values';

/** A header field. */
export interface Field {
  /** `tcp` of `tcp dport`. */
  readonly protocol: string;
  readonly name: string;
  /** nft's datatype. */
  readonly type: string;
  readonly base: 'll' | 'nh' | 'th';
  /** In bits from the base. */
  readonly offset: number;
  readonly bits: number;
  /** undefined: the packet has no such header. */
  readonly get: (p: PktInfo) => Scalar | undefined;
  /** Replaces the payload or header of `p.skb`; absent: cannot be set. */
  readonly put?: (p: PktInfo, value: Scalar) => void;
}

const table = new Map<string, Field>();

function field(
  name: string,
  type: string,
  base: Field['base'],
  offset: number,
  bits: number,
  get: Field['get'],
  put?: Field['put'],
): void {
  const at = name.indexOf(' ');
  const f = { protocol: name.slice(0, at), name: name.slice(at + 1), type, base, offset, bits, get };
  table.set(name, put ? { ...f, put } : f);
}

const v4 =
  (f: (q: Ipv4Packet) => number) =>
  (p: PktInfo): number | undefined => {
    const q = p.skb.payload;
    return q.kind === 'ipv4' ? f(q) : undefined;
  };
const v6 =
  (f: (q: Ipv6Packet) => Scalar) =>
  (p: PktInfo): Scalar | undefined => {
    const q = p.skb.payload;
    return q.kind === 'ipv6' ? f(q) : undefined;
  };
const put4 =
  (f: (q: Ipv4Packet, v: number) => Partial<Ipv4Packet>) =>
  (p: PktInfo, v: Scalar): void => {
    const q = p.skb.payload;
    if (q.kind === 'ipv4') p.skb.setPayload({ ...q, ...f(q, v as number) });
  };
const put6 =
  (f: (q: Ipv6Packet, v: Scalar) => Partial<Ipv6Packet>) =>
  (p: PktInfo, v: Scalar): void => {
    const q = p.skb.payload;
    if (q.kind === 'ipv6') p.skb.setPayload({ ...q, ...f(q, v) });
  };

function transport(p: PktInfo): Ipv4Packet['payload'] | undefined {
  const q = p.skb.payload;
  return (q.kind === 'ipv4' || q.kind === 'ipv6') && p.fragmentOffset === 0 ? q.payload : undefined;
}
const ofTcp =
  (f: (t: TcpSegment) => number) =>
  (p: PktInfo): number | undefined => {
    const t = transport(p);
    return t !== undefined && t.kind === 'tcp' ? f(t) : undefined;
  };
const ofUdp =
  (f: (t: UdpDatagram) => number) =>
  (p: PktInfo): number | undefined => {
    const t = transport(p);
    return t !== undefined && t.kind === 'udp' ? f(t) : undefined;
  };
const ofIcmp4 =
  (f: (t: Icmp4Packet) => number | undefined) =>
  (p: PktInfo): number | undefined => {
    const t = transport(p);
    return t !== undefined && t.kind === 'icmp4' ? f(t) : undefined;
  };
const ofIcmp6 =
  (f: (t: Icmp6Packet) => number | undefined) =>
  (p: PktInfo): number | undefined => {
    const t = transport(p);
    return t !== undefined && t.kind === 'icmp6' ? f(t) : undefined;
  };

/** Replaces the transport payload. */
function putTransport(p: PktInfo, payload: Ipv4Packet['payload']): void {
  const q = p.skb.payload;
  if (q.kind === 'ipv4' || q.kind === 'ipv6') p.skb.setPayload({ ...q, payload });
}
const putTcp =
  (f: (v: number) => Partial<TcpSegment>) =>
  (p: PktInfo, v: Scalar): void => {
    const t = transport(p);
    if (t?.kind === 'tcp') putTransport(p, { ...t, ...f(v as number) });
  };

/** Source or destination port of TCP, UDP and whatever else has ports in its first four bytes. */
function port(p: PktInfo, which: 'src' | 'dst'): number | undefined {
  const t = transport(p);
  if (t === undefined) return undefined;
  if (t.kind === 'tcp' || t.kind === 'udp') return which === 'src' ? t.srcPort : t.dstPort;
  return peekPorts(t, p.l4proto)?.[which];
}
function putPort(p: PktInfo, which: 'src' | 'dst', v: number): void {
  const t = transport(p);
  if (t?.kind === 'tcp') {
    const { seq, ack, flags, window, options, payload, checksum, urgent } = t;
    const [s, d] = which === 'src' ? [v, t.dstPort] : [t.srcPort, v];
    putTransport(p, makeTcp(s, d, seq, ack, flags, window, options, payload, checksum, urgent));
  } else if (t?.kind === 'udp') {
    const [s, d] = which === 'src' ? [v, t.dstPort] : [t.srcPort, v];
    putTransport(p, makeUdp(s, d, t.payload, t.checksum));
  }
}

// Ethernet: what the link layer of the frame said.
field(
  'ether daddr',
  'ether_addr',
  'll',
  0,
  48,
  (p) => p.skb.dst || undefined,
  (p, v) => void (p.skb.dst = String(v)),
);
field(
  'ether saddr',
  'ether_addr',
  'll',
  48,
  48,
  (p) => p.skb.src || undefined,
  (p, v) => void (p.skb.src = String(v)),
);
field('ether type', 'ether_type', 'll', 96, 16, (p) => payloadEtherType(p.skb.payload) ?? p.skb.etherType);
field('vlan id', 'integer', 'll', 116, 12, (p) => p.skb.vlan?.id);
field('vlan dei', 'boolean', 'll', 115, 1, (p) => (p.skb.vlan ? (p.skb.vlan.dei ? 1 : 0) : undefined));
field('vlan cfi', 'boolean', 'll', 115, 1, (p) => (p.skb.vlan ? (p.skb.vlan.dei ? 1 : 0) : undefined));
field('vlan pcp', 'integer', 'll', 112, 3, (p) => p.skb.vlan?.priority);
field('vlan type', 'ether_type', 'll', 128, 16, (p) => (p.skb.vlan ? p.skb.etherType : undefined));

field('arp htype', 'integer', 'nh', 0, 16, (p) => (p.skb.payload.kind === 'arp' ? 1 : undefined));
field('arp ptype', 'ether_type', 'nh', 16, 16, (p) => (p.skb.payload.kind === 'arp' ? 0x0800 : undefined));
field('arp hlen', 'integer', 'nh', 32, 8, (p) => (p.skb.payload.kind === 'arp' ? 6 : undefined));
field('arp plen', 'integer', 'nh', 40, 8, (p) => (p.skb.payload.kind === 'arp' ? 4 : undefined));
field('arp operation', 'arp_op', 'nh', 48, 16, (p) => (p.skb.payload.kind === 'arp' ? p.skb.payload.op : undefined));
field('arp saddr ether', 'ether_addr', 'nh', 64, 48, (p) =>
  p.skb.payload.kind === 'arp' ? p.skb.payload.sha : undefined,
);
field('arp saddr ip', 'ipv4_addr', 'nh', 112, 32, (p) =>
  p.skb.payload.kind === 'arp' ? p.skb.payload.spa : undefined,
);
field('arp daddr ether', 'ether_addr', 'nh', 144, 48, (p) =>
  p.skb.payload.kind === 'arp' ? p.skb.payload.tha : undefined,
);
field('arp daddr ip', 'ipv4_addr', 'nh', 192, 32, (p) =>
  p.skb.payload.kind === 'arp' ? p.skb.payload.tpa : undefined,
);

const flags4 = (q: Ipv4Packet): number => (q.df ? 0x4000 : 0) | (q.mf ? 0x2000 : 0) | (q.fragmentOffset >> 3);
field(
  'ip version',
  'integer',
  'nh',
  0,
  4,
  v4(() => 4),
);
field(
  'ip hdrlength',
  'integer',
  'nh',
  4,
  4,
  v4((q) => ipv4HeaderLength(q) / 4),
);
field(
  'ip dscp',
  'dscp',
  'nh',
  8,
  6,
  v4((q) => q.tos >> 2),
  put4((q, v) => ({ tos: (v << 2) | (q.tos & 3) })),
);
field(
  'ip ecn',
  'ecn',
  'nh',
  14,
  2,
  v4((q) => q.tos & 3),
  put4((q, v) => ({ tos: (q.tos & 0xfc) | (v & 3) })),
);
field('ip length', 'integer', 'nh', 16, 16, v4(ipv4Length));
field(
  'ip id',
  'integer',
  'nh',
  32,
  16,
  v4((q) => q.id),
  put4((_, v) => ({ id: v })),
);
field(
  'ip frag-off',
  'integer',
  'nh',
  48,
  16,
  v4(flags4),
  put4((_, v) => ({ df: (v & 0x4000) !== 0, mf: (v & 0x2000) !== 0, fragmentOffset: (v & 0x1fff) << 3 })),
);
field(
  'ip ttl',
  'integer',
  'nh',
  64,
  8,
  v4((q) => q.ttl),
  put4((_, v) => ({ ttl: v & 255 })),
);
field(
  'ip protocol',
  'inet_proto',
  'nh',
  72,
  8,
  v4((q) => q.protocol),
);
field(
  'ip checksum',
  'integer',
  'nh',
  80,
  16,
  v4((q) => Math.max(0, q.checksum)),
);
field(
  'ip saddr',
  'ipv4_addr',
  'nh',
  96,
  32,
  v4((q) => q.src),
  put4((_, v) => ({ src: v })),
);
field(
  'ip daddr',
  'ipv4_addr',
  'nh',
  128,
  32,
  v4((q) => q.dst),
  put4((_, v) => ({ dst: v })),
);

field(
  'ip6 version',
  'integer',
  'nh',
  0,
  4,
  v6(() => 6),
);
field(
  'ip6 dscp',
  'dscp',
  'nh',
  4,
  6,
  v6((q) => q.trafficClass >> 2),
  put6((q, v) => ({ trafficClass: ((v as number) << 2) | (q.trafficClass & 3) })),
);
field(
  'ip6 ecn',
  'ecn',
  'nh',
  10,
  2,
  v6((q) => q.trafficClass & 3),
);
field(
  'ip6 flowlabel',
  'integer',
  'nh',
  12,
  20,
  v6((q) => q.flowLabel),
  put6((_, v) => ({ flowLabel: v as number })),
);
field(
  'ip6 length',
  'integer',
  'nh',
  32,
  16,
  v6((q) => ipv6Length(q) - 40),
);
field(
  'ip6 nexthdr',
  'inet_proto',
  'nh',
  48,
  8,
  v6((q) => (q.hopByHop ? 0 : q.fragment ? 44 : q.nextHeader)),
);
field(
  'ip6 hoplimit',
  'integer',
  'nh',
  56,
  8,
  v6((q) => q.hopLimit),
  put6((_, v) => ({ hopLimit: (v as number) & 255 })),
);
field(
  'ip6 saddr',
  'ipv6_addr',
  'nh',
  64,
  128,
  v6((q) => ip6Key(q.src)),
  put6((_, v) => ({ src: ip6FromKey(String(v)) })),
);
field(
  'ip6 daddr',
  'ipv6_addr',
  'nh',
  192,
  128,
  v6((q) => ip6Key(q.dst)),
  put6((_, v) => ({ dst: ip6FromKey(String(v)) })),
);

for (const protocol of ['th', 'tcp', 'udp', 'sctp', 'dccp', 'udplite']) {
  const only = { tcp: 6, udp: 17, sctp: 132, dccp: 33, udplite: 136 }[protocol];
  const get = (which: 'src' | 'dst') => (p: PktInfo) =>
    only !== undefined && p.l4proto !== only ? undefined : port(p, which);
  field(`${protocol} sport`, 'inet_service', 'th', 0, 16, get('src'), (p, v) => putPort(p, 'src', v as number));
  field(`${protocol} dport`, 'inet_service', 'th', 16, 16, get('dst'), (p, v) => putPort(p, 'dst', v as number));
}
field(
  'tcp sequence',
  'integer',
  'th',
  32,
  32,
  ofTcp((t) => t.seq),
  putTcp((v) => ({ seq: v })),
);
field(
  'tcp ackseq',
  'integer',
  'th',
  64,
  32,
  ofTcp((t) => t.ack),
  putTcp((v) => ({ ack: v })),
);
field(
  'tcp doff',
  'integer',
  'th',
  96,
  4,
  ofTcp((t) => tcpHeaderLength(t) / 4),
);
field(
  'tcp reserved',
  'integer',
  'th',
  100,
  4,
  ofTcp((t) => (t.flags >> 8) & 15),
);
field(
  'tcp flags',
  'tcp_flag',
  'th',
  104,
  8,
  ofTcp((t) => t.flags & 255),
  putTcp((v) => ({ flags: v })),
);
field(
  'tcp window',
  'integer',
  'th',
  112,
  16,
  ofTcp((t) => t.window),
  putTcp((v) => ({ window: v })),
);
field(
  'tcp checksum',
  'integer',
  'th',
  128,
  16,
  ofTcp((t) => Math.max(0, t.checksum)),
);
field(
  'tcp urgptr',
  'integer',
  'th',
  144,
  16,
  ofTcp((t) => t.urgent),
  putTcp((v) => ({ urgent: v })),
);
field(
  'udp length',
  'integer',
  'th',
  32,
  16,
  ofUdp((t) => t.payload.length + 8),
);
field(
  'udp checksum',
  'integer',
  'th',
  48,
  16,
  ofUdp((t) => Math.max(0, t.checksum)),
);

field(
  'icmp type',
  'icmp_type',
  'th',
  0,
  8,
  ofIcmp4((t) => t.type),
);
field(
  'icmp code',
  'icmp_code',
  'th',
  8,
  8,
  ofIcmp4((t) => t.code),
);
field(
  'icmp checksum',
  'integer',
  'th',
  16,
  16,
  ofIcmp4((t) => Math.max(0, t.checksum)),
);
field(
  'icmp id',
  'integer',
  'th',
  32,
  16,
  ofIcmp4((t) => (t.message === 'echo' ? t.id : undefined)),
);
field(
  'icmp sequence',
  'integer',
  'th',
  48,
  16,
  ofIcmp4((t) => (t.message === 'echo' ? t.seq : undefined)),
);
field(
  'icmp gateway',
  'integer',
  'th',
  32,
  32,
  ofIcmp4((t) => (t.message === 'error' ? t.rest : undefined)),
);
field(
  'icmp mtu',
  'integer',
  'th',
  48,
  16,
  ofIcmp4((t) => (t.message === 'error' ? t.rest & 0xffff : undefined)),
);

const ICMP6_TYPES: Readonly<Record<string, number>> = { rs: 133, ra: 134, ns: 135, na: 136 };
const icmp6Type = (t: Icmp6Packet): number =>
  'type' in t ? (t as { type: number }).type : (ICMP6_TYPES[(t as { message: string }).message] ?? 0);
field('icmpv6 type', 'icmpv6_type', 'th', 0, 8, ofIcmp6(icmp6Type));
field(
  'icmpv6 code',
  'icmpv6_code',
  'th',
  8,
  8,
  ofIcmp6((t) => ('code' in t ? (t as { code: number }).code : 0)),
);
field(
  'icmpv6 checksum',
  'integer',
  'th',
  16,
  16,
  ofIcmp6((t) => Math.max(0, t.checksum)),
);
field(
  'icmpv6 parameter-problem',
  'integer',
  'th',
  32,
  32,
  ofIcmp6((t) => (t.message === 'error' ? t.rest : undefined)),
);
field(
  'icmpv6 mtu',
  'integer',
  'th',
  32,
  32,
  ofIcmp6((t) => (t.message === 'error' ? t.rest : undefined)),
);
field(
  'icmpv6 id',
  'integer',
  'th',
  32,
  16,
  ofIcmp6((t) => (t.message === 'echo' ? t.id : undefined)),
);
field(
  'icmpv6 sequence',
  'integer',
  'th',
  48,
  16,
  ofIcmp6((t) => (t.message === 'echo' ? t.seq : undefined)),
);
field(
  'icmpv6 max-delay',
  'integer',
  'th',
  32,
  16,
  ofIcmp6(() => 0),
);

const raw8 =
  (protocol: number, at: number) =>
  (p: PktInfo): number | undefined => {
    const t = transport(p);
    return p.l4proto === protocol && t?.kind === 'raw' && at < t.bytes.length ? t.bytes[at]! : undefined;
  };
field('igmp type', 'igmp_type', 'th', 0, 8, raw8(2, 0));
field('igmp mrt', 'integer', 'th', 8, 8, raw8(2, 1));
field('igmp checksum', 'integer', 'th', 16, 16, (p) => {
  const t = transport(p);
  return p.l4proto === 2 && t?.kind === 'raw' ? get16(t.bytes, 2) : undefined;
});
field('igmp group', 'ipv4_addr', 'th', 32, 32, (p) => {
  const t = transport(p);
  return p.l4proto === 2 && t?.kind === 'raw' ? get16(t.bytes, 4) * 65536 + get16(t.bytes, 6) : undefined;
});
const raw32 =
  (protocol: number, at: number) =>
  (p: PktInfo): number | undefined => {
    const t = transport(p);
    if (p.l4proto !== protocol || t?.kind !== 'raw' || t.bytes.length < at + 4) return undefined;
    return get16(t.bytes, at) * 65536 + get16(t.bytes, at + 2);
  };
field('esp spi', 'integer', 'th', 0, 32, raw32(50, 0));
field('esp sequence', 'integer', 'th', 32, 32, raw32(50, 4));
field('ah nexthdr', 'inet_proto', 'th', 0, 8, raw8(51, 0));
field('ah spi', 'integer', 'th', 32, 32, raw32(51, 4));
field('comp nexthdr', 'inet_proto', 'th', 0, 8, raw8(108, 0));
field('sctp vtag', 'integer', 'th', 32, 32, raw32(132, 4));

/** A field by `protocol field`. */
export function fieldOf(name: string): Field | undefined {
  return table.get(name);
}

/** Names of a protocol's fields, empty for an unknown protocol. */
export function fieldsOf(protocol: string): string[] {
  return [...table.values()].filter((f) => f.protocol === protocol).map((f) => f.name);
}
