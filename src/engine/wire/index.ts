/** The wire layer: typed representations of frames, their bytes, pcap files, tcpdump's printing and pcap filters. */
export * from './arp';
export * from './bytes';
export * from './checksum';
export * from './frame';
export * from './icmpv4';
export * from './icmpv6';
export * from './ip';
export * from './ip6-address';
export * from './ipv4';
export * from './ipv6';
export * from './mac';
export * from './ndp-option';
export * from './raw';
export * from './tcp';
export * from './transport';
export * from './udp';
export * from './vxlan';
