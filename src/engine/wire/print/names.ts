/** Names tcpdump prints for numbers of the link and network layers. */

/** EtherTypes. */
const ETHERTYPES: Readonly<Record<number, string>> = {
  0x0800: 'IPv4',
  0x0806: 'ARP',
  0x8035: 'Reverse ARP',
  0x6558: 'TEB',
  0x8100: '802.1Q',
  0x86dd: 'IPv6',
  0x8808: 'MPCP',
  0x8809: 'Slow Protocols',
  0x8847: 'MPLS unicast',
  0x8848: 'MPLS multicast',
  0x8863: 'PPPoE D',
  0x8864: 'PPPoE S',
  0x888e: 'EAPOL',
  0x88a8: '802.1Q-QinQ',
  0x88cc: 'LLDP',
  0x88e5: '802.1AE MACsec',
  0x88f7: 'PTP',
  0x9000: 'Loopback',
  0x9100: '802.1Q-9100',
  0x9200: '802.1Q-9200',
};

/** The name of an EtherType. */
export function etherTypeName(type: number): string | undefined {
  return ETHERTYPES[type];
}

/** Capital names of IP protocols in the verbose IP header. */
const IP_PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'Options',
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPIP',
  6: 'TCP',
  8: 'EGP',
  17: 'UDP',
  33: 'DCCP',
  41: 'IPv6',
  43: 'Routing',
  44: 'Fragment',
  46: 'RSVP',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  60: 'DSTOPT',
  88: 'EIGRP',
  89: 'OSPF',
  103: 'PIM',
  108: 'Compressed IP',
  112: 'VRRP',
  132: 'SCTP',
};

/** The name of an IP protocol as the verbose header shows it. */
export function ipProtocolName(protocol: number): string {
  return IP_PROTOCOLS[protocol] ?? 'unknown';
}
