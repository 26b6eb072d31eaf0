/** Changing a packet's addresses and ports (net/netfilter/nf_nat_proto.c). Checksums need nothing: they are made when encoded. */
import type { Ip4, Ip6, IpAddress, Ipv4Packet, Ipv6Packet, Transport } from '../../wire';
import { makeRaw, put16, rewriteIpv4, rewriteIpv6 } from '../../wire';
import type { Skb } from '../skb';
import { hasPorts } from './tuple';

function withPort(payload: Transport, protocol: number, source: boolean, port: number): Transport {
  switch (payload.kind) {
    case 'tcp':
      if ((source ? payload.srcPort : payload.dstPort) === port) return payload;
      return {
        kind: 'tcp',
        srcPort: source ? port : payload.srcPort,
        dstPort: source ? payload.dstPort : port,
        seq: payload.seq,
        ack: payload.ack,
        flags: payload.flags,
        window: payload.window,
        urgent: payload.urgent,
        options: payload.options,
        payload: payload.payload,
        checksum: payload.checksum,
      };
    case 'udp':
      if ((source ? payload.srcPort : payload.dstPort) === port) return payload;
      return {
        kind: 'udp',
        srcPort: source ? port : payload.srcPort,
        dstPort: source ? payload.dstPort : port,
        payload: payload.payload,
        checksum: payload.checksum,
      };
    case 'icmp4':
      if (payload.message !== 'echo' || payload.id === port) return payload;
      return {
        kind: 'icmp4',
        message: 'echo',
        type: payload.type,
        code: payload.code,
        id: port,
        seq: payload.seq,
        payload: payload.payload,
        checksum: payload.checksum,
      };
    case 'icmp6':
      if (payload.message !== 'echo' || payload.id === port) return payload;
      return { ...payload, id: port };
    case 'raw': {
      const at = source ? 0 : 2;
      if (!hasPorts(protocol) || payload.bytes.length < 4) return payload;
      const bytes = payload.bytes.slice();
      put16(bytes, at, port);
      return makeRaw(bytes);
    }
  }
}

/**
 * nf_nat_manip_pkt: gives the packet another source or destination.
 * @param port the port on that side, or the ICMP identifier (which both sides share)
 */
export function rewritePacket(skb: Skb, source: boolean, address: IpAddress, port: number): void {
  const p = skb.payload as Ipv4Packet | Ipv6Packet;
  if (p.kind === 'ipv4') {
    const payload = withPort(p.payload, p.protocol, source, port);
    const src = source ? (address as Ip4) : p.src;
    skb.payload = rewriteIpv4(p, p.ttl, src, source ? p.dst : (address as Ip4), payload);
  } else {
    const payload = withPort(p.payload, p.nextHeader, source, port);
    const src = source ? (address as Ip6) : p.src;
    skb.payload = rewriteIpv6(p, p.hopLimit, src, source ? p.dst : (address as Ip6), payload);
  }
}

/** Gives the packet another payload of the same length and keeps its addresses. */
export function replaceTransport(skb: Skb, payload: Transport): void {
  const p = skb.payload as Ipv4Packet | Ipv6Packet;
  skb.payload =
    p.kind === 'ipv4'
      ? rewriteIpv4(p, p.ttl, p.src, p.dst, payload)
      : rewriteIpv6(p, p.hopLimit, p.src, p.dst, payload);
}
