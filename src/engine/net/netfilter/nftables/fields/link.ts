/** Fields of Ethernet, VLAN tags and ARP. */
import type { ArpPacket } from '../../../../wire';
import { payloadEtherType } from '../../../../wire';
import type { PktInfo } from '../../pktinfo';
import type { Field, Place } from './header';
import { header } from './header';

type Skb = PktInfo['skb'];

/** What the link layer of the frame said. */
const ETHER: Place<Pick<Skb, 'dst' | 'src' | 'etherType' | 'payload'>> = {
  base: 'll',
  of: (p) => p.skb,
  replace: (p, { dst, src }) => void Object.assign(p.skb, { dst, src }),
};
const VLAN: Place<Skb> = { base: 'll', of: (p) => (p.skb.vlan ? p.skb : undefined) };
const ARP: Place<ArpPacket> = { base: 'nh', of: (p) => (p.skb.payload.kind === 'arp' ? p.skb.payload : undefined) };

const dei = (skb: Skb): number => (skb.vlan!.dei ? 1 : 0);

/** The fields, protocol by protocol. */
export const LINK_FIELDS: readonly Field[] = [
  ...header('ether', ETHER, {
    daddr: [0, 48, 'ether_addr', (f) => f.dst || undefined, (_, _n, v) => ({ dst: String(v) })],
    saddr: [48, 48, 'ether_addr', (f) => f.src || undefined, (_, _n, v) => ({ src: String(v) })],
    type: [96, 16, 'ether_type', (f) => payloadEtherType(f.payload) ?? f.etherType],
  }),
  ...header('vlan', VLAN, {
    id: [116, 12, 'integer', (skb) => skb.vlan!.id],
    dei: [115, 1, 'boolean', dei],
    cfi: [115, 1, 'boolean', dei],
    pcp: [112, 3, 'integer', (skb) => skb.vlan!.priority],
    type: [128, 16, 'ether_type', (skb) => skb.etherType],
  }),
  ...header('arp', ARP, {
    htype: [0, 16, 'integer', () => 1],
    ptype: [16, 16, 'ether_type', () => 0x0800],
    hlen: [32, 8, 'integer', () => 6],
    plen: [40, 8, 'integer', () => 4],
    operation: [48, 16, 'arp_op', (a) => a.op],
    'saddr ether': [64, 48, 'ether_addr', (a) => a.sha],
    'saddr ip': [112, 32, 'ipv4_addr', (a) => a.spa],
    'daddr ether': [144, 48, 'ether_addr', (a) => a.tha],
    'daddr ip': [192, 32, 'ipv4_addr', (a) => a.tpa],
  }),
];
