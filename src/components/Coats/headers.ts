/** What a tunnel puts around a packet, in bytes. */

/** One header of a packet in a tunnel. */
export interface Header {
  readonly layer: 'eth' | 'ip' | 'udp' | 'vxlan' | 'icmp' | 'data';
  /** Whose it is, for people. */
  readonly name: string;
  readonly bytes: number;
  /** Part of the coat that the tunnel adds to the inner packet; the outer Ethernet header is not counted by an MTU. */
  readonly part: 'frame' | 'coat' | 'packet' | 'data';
}

/** Headers of an echo request in VXLAN over IPv4 (RFC 7348), in the order of the bytes, without its data. */
const HEADERS: readonly Header[] = [
  { layer: 'eth', name: 'Outer Ethernet', bytes: 14, part: 'frame' },
  { layer: 'ip', name: 'Outer IPv4', bytes: 20, part: 'coat' },
  { layer: 'udp', name: 'UDP', bytes: 8, part: 'coat' },
  { layer: 'vxlan', name: 'VXLAN', bytes: 8, part: 'coat' },
  { layer: 'eth', name: 'Inner Ethernet', bytes: 14, part: 'coat' },
  { layer: 'ip', name: 'Inner IPv4', bytes: 20, part: 'packet' },
  { layer: 'icmp', name: 'ICMP', bytes: 8, part: 'packet' },
];

/** A tunnelled echo request that fills the wire's MTU. */
export interface Coat {
  readonly headers: readonly Header[];
  /** Bytes that the tunnel takes from the wire's MTU. */
  readonly overhead: number;
  /** MTU of the tunnel's device. */
  readonly inner: number;
  /** Largest data of an echo request, as `ping -s` counts it. */
  readonly data: number;
}

/** Fills a wire of this MTU (bytes of IP) with one echo request in a tunnel. */
export function coat(mtu: number): Coat {
  const overhead = HEADERS.filter((h) => h.part === 'coat').reduce((n, h) => n + h.bytes, 0);
  const inner = mtu - overhead;
  const data = inner - HEADERS.filter((h) => h.part === 'packet').reduce((n, h) => n + h.bytes, 0);
  return { headers: [...HEADERS, { layer: 'data', name: 'Data', bytes: data, part: 'data' }], overhead, inner, data };
}
