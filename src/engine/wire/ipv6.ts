/** IPv6 (RFC 8200) with the hop-by-hop and fragment extension headers. */
import { NO_BYTES, get16, get24, get32, put16, put32 } from './bytes';
import { IPPROTO } from './ip';
import type { Ip6 } from './ip6-address';
import { formatIp6, ip6Bytes } from './ip6-address';
import { makeRaw } from './raw';
import type { Transport } from './transport';
import { decodeTransport, transportLength, writeTransport } from './transport';

/** Length of the fixed header in bytes. */
export const IPV6_HEADER = 40;

/** Router alert for MLD (RFC 2711) padded to the six bytes a minimal hop-by-hop header holds. */
export const ROUTER_ALERT_MLD: Uint8Array = new Uint8Array([5, 2, 0, 0, 1, 0]);

/** The fragment header. */
export interface Ipv6Fragment {
  /** In bytes, a multiple of 8. */
  readonly offset: number;
  readonly mf: boolean;
  /** Identification, uint32. */
  readonly id: number;
}

/** An IPv6 packet. The payload of a fragment is always `raw`. */
export interface Ipv6Packet {
  readonly kind: 'ipv6';
  readonly src: Ip6;
  readonly dst: Ip6;
  readonly hopLimit: number;
  readonly trafficClass: number;
  /** 20 bits. */
  readonly flowLabel: number;
  /** The protocol of `payload`: what follows the extension headers below. */
  readonly nextHeader: number;
  /** Options of a hop-by-hop header, without its first two bytes: length is 6 modulo 8. */
  readonly hopByHop: Uint8Array | undefined;
  readonly fragment: Ipv6Fragment | undefined;
  readonly payload: Transport;
}

/** What {@link makeIpv6} needs; defaults: hopLimit 64, trafficClass 0, flowLabel 0, no extension headers. */
export interface Ipv6Init {
  src: Ip6;
  dst: Ip6;
  nextHeader: number;
  payload: Transport;
  hopLimit?: number;
  trafficClass?: number;
  flowLabel?: number;
  hopByHop?: Uint8Array;
  fragment?: Ipv6Fragment;
}

/** Builds a packet of the one object shape the stack uses. */
export function makeIpv6(init: Ipv6Init): Ipv6Packet {
  return {
    kind: 'ipv6',
    src: init.src,
    dst: init.dst,
    hopLimit: init.hopLimit ?? 64,
    trafficClass: init.trafficClass ?? 0,
    flowLabel: init.flowLabel ?? 0,
    nextHeader: init.nextHeader,
    hopByHop: init.hopByHop,
    fragment: init.fragment,
    payload: init.payload,
  };
}

/** A copy with another hop limit, addresses or payload: what forwarding and NAT do. */
export function rewriteIpv6(p: Ipv6Packet, hopLimit: number, src: Ip6, dst: Ip6, payload: Transport): Ipv6Packet {
  return {
    kind: 'ipv6',
    src,
    dst,
    hopLimit,
    trafficClass: p.trafficClass,
    flowLabel: p.flowLabel,
    nextHeader: p.nextHeader,
    hopByHop: p.hopByHop,
    fragment: p.fragment,
    payload,
  };
}

/** Bytes before the payload: fixed header and extension headers. */
export function ipv6HeaderLength(packet: Ipv6Packet): number {
  let length = IPV6_HEADER;
  if (packet.hopByHop !== undefined) length += 2 + packet.hopByHop.length;
  if (packet.fragment !== undefined) length += 8;
  return length;
}

/** Whole length in bytes, fixed header included. */
export function ipv6Length(packet: Ipv6Packet): number {
  return ipv6HeaderLength(packet) + transportLength(packet.payload);
}

/** Writes the packet at `at`. */
export function writeIpv6(packet: Ipv6Packet, out: Uint8Array, at: number): void {
  put32(out, at, (6 << 28) | (packet.trafficClass << 20) | packet.flowLabel);
  put16(out, at + 4, ipv6Length(packet) - IPV6_HEADER);
  out[at + 7] = packet.hopLimit;
  out.set(ip6Bytes(packet.src), at + 8);
  out.set(ip6Bytes(packet.dst), at + 24);
  let nextAt = at + 6;
  let p = at + IPV6_HEADER;
  if (packet.hopByHop !== undefined) {
    out[nextAt] = IPPROTO.HOPOPTS;
    nextAt = p;
    out[p + 1] = (packet.hopByHop.length + 2) / 8 - 1;
    out.set(packet.hopByHop, p + 2);
    p += 2 + packet.hopByHop.length;
  }
  if (packet.fragment !== undefined) {
    out[nextAt] = IPPROTO.FRAGMENT;
    nextAt = p;
    out[p + 1] = 0;
    put16(out, p + 2, packet.fragment.offset | (packet.fragment.mf ? 1 : 0));
    put32(out, p + 4, packet.fragment.id);
    p += 8;
  }
  out[nextAt] = packet.nextHeader;
  writeTransport(packet.payload, out, p, packet.src, packet.dst, packet.nextHeader);
}

/** Encodes a packet alone. */
export function encodeIpv6(packet: Ipv6Packet): Uint8Array {
  const out = new Uint8Array(ipv6Length(packet));
  writeIpv6(packet, out, 0);
  return out;
}

/**
 * Reads a packet from the start of `bytes`; bytes after its payload length are the caller's. Extension headers other than
 * one leading hop-by-hop and one fragment header stay in a raw payload with their number in `nextHeader`.
 * undefined when it is no IPv6 or shorter than it says.
 */
export function decodeIpv6(bytes: Uint8Array): Ipv6Packet | undefined {
  if (bytes.length < IPV6_HEADER || bytes[0]! >> 4 !== 6) return undefined;
  const end = IPV6_HEADER + get16(bytes, 4);
  if (end > bytes.length) return undefined;
  let next = bytes[6]!;
  let p = IPV6_HEADER;
  let hopByHop: Uint8Array | undefined;
  let fragment: Ipv6Fragment | undefined;
  if (next === IPPROTO.HOPOPTS && p + 8 <= end) {
    const length = (bytes[p + 1]! + 1) * 8;
    if (p + length <= end) {
      next = bytes[p]!;
      hopByHop = bytes.subarray(p + 2, p + length);
      p += length;
    }
  }
  if (next === IPPROTO.FRAGMENT && p + 8 <= end && bytes[p + 1] === 0 && (bytes[p + 3]! & 6) === 0) {
    const offset = get16(bytes, p + 2);
    next = bytes[p]!;
    fragment = { offset: offset & 0xfff8, mf: (offset & 1) !== 0, id: get32(bytes, p + 4) };
    p += 8;
  }
  const src = formatIp6(bytes, 8);
  const dst = formatIp6(bytes, 24);
  const body = p < end ? bytes.subarray(p, end) : NO_BYTES;
  const atomic = fragment === undefined || (!fragment.mf && fragment.offset === 0);
  return {
    kind: 'ipv6',
    src,
    dst,
    hopLimit: bytes[7]!,
    trafficClass: (get16(bytes, 0) >> 4) & 0xff,
    flowLabel: get24(bytes, 1) & 0xfffff,
    nextHeader: next,
    hopByHop,
    fragment,
    payload: atomic ? decodeTransport(body, src, dst, next) : makeRaw(body),
  };
}
