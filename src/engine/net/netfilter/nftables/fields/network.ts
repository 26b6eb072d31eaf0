/** Fields of IPv4 and IPv6. */
import type { Ipv4Packet, Ipv6Packet } from '../../../../wire';
import { ipv4HeaderLength, ipv4Length, ipv6Length } from '../../../../wire';
import { ip6FromKey, ip6Key } from '../values';
import type { Field, Place } from './header';
import { header } from './header';

const IP: Place<Ipv4Packet> = {
  base: 'nh',
  of: (p) => (p.skb.payload.kind === 'ipv4' ? p.skb.payload : undefined),
  replace: (p, q) => p.skb.setPayload(q),
};
const IP6: Place<Ipv6Packet> = {
  base: 'nh',
  of: (p) => (p.skb.payload.kind === 'ipv6' ? p.skb.payload : undefined),
  replace: (p, q) => p.skb.setPayload(q),
};

const flags4 = (q: Ipv4Packet): number => (q.df ? 0x4000 : 0) | (q.mf ? 0x2000 : 0) | (q.fragmentOffset >> 3);
const putFlags4 = (_: Ipv4Packet, n: number): Partial<Ipv4Packet> => ({
  df: (n & 0x4000) !== 0,
  mf: (n & 0x2000) !== 0,
  fragmentOffset: (n & 0x1fff) << 3,
});

/** The fields, protocol by protocol. */
export const NETWORK_FIELDS: readonly Field[] = [
  ...header('ip', IP, {
    version: [0, 4, 'integer', () => 4],
    hdrlength: [4, 4, 'integer', (q) => ipv4HeaderLength(q) / 4],
    dscp: [8, 6, 'dscp', (q) => q.tos >> 2, (q, n) => ({ tos: (n << 2) | (q.tos & 3) })],
    ecn: [14, 2, 'ecn', (q) => q.tos & 3, (q, n) => ({ tos: (q.tos & 0xfc) | (n & 3) })],
    length: [16, 16, 'integer', ipv4Length],
    id: [32, 16, 'integer', (q) => q.id, (_, n) => ({ id: n })],
    'frag-off': [48, 16, 'integer', flags4, putFlags4],
    ttl: [64, 8, 'integer', (q) => q.ttl, (_, n) => ({ ttl: n & 255 })],
    protocol: [72, 8, 'inet_proto', (q) => q.protocol],
    checksum: [80, 16, 'integer', (q) => Math.max(0, q.checksum)],
    saddr: [96, 32, 'ipv4_addr', (q) => q.src, (_, n) => ({ src: n })],
    daddr: [128, 32, 'ipv4_addr', (q) => q.dst, (_, n) => ({ dst: n })],
  }),
  ...header('ip6', IP6, {
    version: [0, 4, 'integer', () => 6],
    dscp: [4, 6, 'dscp', (q) => q.trafficClass >> 2, (q, n) => ({ trafficClass: (n << 2) | (q.trafficClass & 3) })],
    ecn: [10, 2, 'ecn', (q) => q.trafficClass & 3],
    flowlabel: [12, 20, 'integer', (q) => q.flowLabel, (_, n) => ({ flowLabel: n })],
    length: [32, 16, 'integer', (q) => ipv6Length(q) - 40],
    nexthdr: [48, 8, 'inet_proto', (q) => (q.hopByHop ? 0 : q.fragment ? 44 : q.nextHeader)],
    hoplimit: [56, 8, 'integer', (q) => q.hopLimit, (_, n) => ({ hopLimit: n & 255 })],
    saddr: [64, 128, 'ipv6_addr', (q) => ip6Key(q.src), (_, _n, v) => ({ src: ip6FromKey(String(v)) })],
    daddr: [192, 128, 'ipv6_addr', (q) => ip6Key(q.dst), (_, _n, v) => ({ dst: ip6FromKey(String(v)) })],
  }),
];
