/** Reading packets at a hook without making objects. */
import type { IpAddress, Ipv4Packet, Ipv6Packet, Transport } from '../../../wire';
import { IPV6_HEADER, encodeTransport, ipv4HeaderLength, peekPorts } from '../../../wire';
import type { PktInfo } from '../pktinfo';

/** The IP packet. */
export function ipOf(p: PktInfo): Ipv4Packet | Ipv6Packet {
  return p.skb.payload as Ipv4Packet | Ipv6Packet;
}

/** What it carries; undefined for all but the first fragment. */
export function transportOf(p: PktInfo): Transport | undefined {
  return p.fragmentOffset === 0 ? ipOf(p).payload : undefined;
}

/** Source address. */
export function sourceOf(p: PktInfo): IpAddress {
  return ipOf(p).src;
}

/** Destination address. */
export function destinationOf(p: PktInfo): IpAddress {
  return ipOf(p).dst;
}

const ports = { src: -1, dst: -1 };

/** The ports; both -1 where there are none. The object is reused. */
export function portsOf(p: PktInfo): { readonly src: number; readonly dst: number } {
  const t = transportOf(p);
  if (t === undefined) ports.src = ports.dst = -1;
  else if (t.kind === 'tcp' || t.kind === 'udp') {
    ports.src = t.srcPort;
    ports.dst = t.dstPort;
  } else {
    const peeked = peekPorts(t, p.l4proto);
    ports.src = peeked?.src ?? -1;
    ports.dst = peeked?.dst ?? -1;
  }
  return ports;
}

/** Bytes of the transport header and what follows, for protocols without a codec. */
export function transportBytes(p: PktInfo): Uint8Array {
  const packet = ipOf(p);
  return encodeTransport(packet.payload, packet.src, packet.dst, p.l4proto);
}

/** Length of the IP header. */
export function headerLength(packet: Ipv4Packet | Ipv6Packet): number {
  return packet.kind === 'ipv4' ? ipv4HeaderLength(packet) : IPV6_HEADER;
}
