/** The payload of an IP packet: choosing the codec by protocol number. */
import { get16 } from './bytes';
import type { Icmp4Packet } from './icmpv4';
import { decodeIcmp4, icmp4Length, writeIcmp4 } from './icmpv4';
import type { Icmp6Packet } from './icmpv6';
import { decodeIcmp6, icmp6Length, writeIcmp6 } from './icmpv6';
import type { IpAddress } from './ip';
import { IPPROTO } from './ip';
import { ip6Bytes } from './ip6-address';
import type { RawPayload } from './raw';
import { makeRaw } from './raw';
import type { TcpSegment } from './tcp';
import { decodeTcp, tcpHeaderLength, writeTcp } from './tcp';
import type { UdpDatagram } from './udp';
import { UDP_HEADER, decodeUdp, writeUdp } from './udp';
import { sumWords } from './checksum';

/** What an IP packet carries. Fragments and protocols without a codec are `raw`. */
export type Transport = TcpSegment | UdpDatagram | Icmp4Packet | Icmp6Packet | RawPayload;

/** The unfolded pseudo-header sum of addresses and protocol (RFC 9293 section 3.1, RFC 8200 section 8.1), without length. */
export function pseudoHeaderSum(src: IpAddress, dst: IpAddress, protocol: number): number {
  if (typeof src === 'number' && typeof dst === 'number') {
    return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol;
  }
  return sumWords(ip6Bytes(String(src)), 0, 16, sumWords(ip6Bytes(String(dst)), 0, 16, protocol));
}

/** Length in bytes. */
export function transportLength(payload: Transport): number {
  switch (payload.kind) {
    case 'tcp':
      return tcpHeaderLength(payload) + payload.payload.length;
    case 'udp':
      return UDP_HEADER + payload.payload.length;
    case 'icmp4':
      return icmp4Length(payload);
    case 'icmp6':
      return icmp6Length(payload);
    case 'raw':
      return payload.bytes.length;
  }
}

/** The protocol number a typed payload belongs to; undefined for raw bytes. */
export function transportProtocol(payload: Transport): number | undefined {
  switch (payload.kind) {
    case 'tcp':
      return IPPROTO.TCP;
    case 'udp':
      return IPPROTO.UDP;
    case 'icmp4':
      return IPPROTO.ICMP;
    case 'icmp6':
      return IPPROTO.ICMPV6;
    case 'raw':
      return undefined;
  }
}

/** Writes the payload at `at`; addresses and protocol enter the checksums. */
export function writeTransport(
  payload: Transport,
  out: Uint8Array,
  at: number,
  src: IpAddress,
  dst: IpAddress,
  protocol: number,
): void {
  switch (payload.kind) {
    case 'tcp':
      writeTcp(payload, out, at, pseudoHeaderSum(src, dst, protocol));
      break;
    case 'udp':
      writeUdp(payload, out, at, pseudoHeaderSum(src, dst, protocol));
      break;
    case 'icmp4':
      writeIcmp4(payload, out, at);
      break;
    case 'icmp6':
      writeIcmp6(payload, out, at, pseudoHeaderSum(src, dst, protocol));
      break;
    case 'raw':
      out.set(payload.bytes, at);
      break;
  }
}

/** Encodes the payload alone, for instance before cutting it into fragments. */
export function encodeTransport(payload: Transport, src: IpAddress, dst: IpAddress, protocol: number): Uint8Array {
  const out = new Uint8Array(transportLength(payload));
  writeTransport(payload, out, 0, src, dst, protocol);
  return out;
}

/** Decodes a whole (reassembled) payload. Never throws: what does not parse comes back as `raw`. */
export function decodeTransport(bytes: Uint8Array, src: IpAddress, dst: IpAddress, protocol: number): Transport {
  switch (protocol) {
    case IPPROTO.TCP:
      return decodeTcp(bytes, pseudoHeaderSum(src, dst, protocol)) ?? makeRaw(bytes);
    case IPPROTO.UDP:
      return decodeUdp(bytes, pseudoHeaderSum(src, dst, protocol)) ?? makeRaw(bytes);
    case IPPROTO.ICMP:
      return (typeof src === 'number' ? decodeIcmp4(bytes) : undefined) ?? makeRaw(bytes);
    case IPPROTO.ICMPV6:
      return (
        (typeof src === 'string' ? decodeIcmp6(bytes, pseudoHeaderSum(src, dst, protocol)) : undefined) ??
        makeRaw(bytes)
      );
    default:
      return makeRaw(bytes);
  }
}

/**
 * Source and destination port of the first bytes of a transport header, typed or raw (a first fragment, the eight bytes an
 * ICMP error quotes). undefined when the protocol has no ports or the bytes are missing.
 */
export function peekPorts(payload: Transport, protocol: number): { src: number; dst: number } | undefined {
  if (payload.kind === 'tcp' || payload.kind === 'udp') return { src: payload.srcPort, dst: payload.dstPort };
  const hasPorts = protocol === IPPROTO.TCP || protocol === IPPROTO.UDP || protocol === IPPROTO.SCTP;
  if (payload.kind !== 'raw' || !hasPorts || payload.bytes.length < 4) return undefined;
  return { src: get16(payload.bytes, 0), dst: get16(payload.bytes, 2) };
}
