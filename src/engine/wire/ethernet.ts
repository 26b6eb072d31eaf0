/** Numbers of Ethernet (IEEE 802.3). */

/** EtherType numbers (IANA) the wire layer knows. */
export const ETHERTYPE = {
  IPV4: 0x0800,
  ARP: 0x0806,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  QINQ: 0x88a8,
  LLDP: 0x88cc,
} as const;

/** Length of the untagged Ethernet header in bytes. */
export const ETHERNET_HEADER = 14;
