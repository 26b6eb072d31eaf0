/** IPv4 (RFC 791). */
import { NO_BYTES, get16, put16 } from './bytes';
import { CHECKSUM_AUTO, expectedChecksum, internetChecksum } from './checksum';
import type { Ip4 } from './ip';
import { ip4FromBytes, writeIp4 } from './ip';
import { makeRaw } from './raw';
import type { Transport } from './transport';
import { decodeTransport, transportLength, writeTransport } from './transport';

/** Length of the header without options, in bytes. */
export const IPV4_HEADER = 20;

/** An IPv4 packet. The payload of a fragment (mf or fragmentOffset > 0) is always `raw`. */
export interface Ipv4Packet {
  readonly kind: 'ipv4';
  readonly src: Ip4;
  readonly dst: Ip4;
  readonly ttl: number;
  /** The whole DS field: DSCP and ECN. */
  readonly tos: number;
  readonly id: number;
  readonly df: boolean;
  readonly mf: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly protocol: number;
  /** Header options, a multiple of 4 bytes; undefined for none. */
  readonly options: Uint8Array | undefined;
  readonly payload: Transport;
  /** CHECKSUM_AUTO or the literal header checksum. */
  readonly checksum: number;
}

/** What {@link makeIpv4} needs; the rest has defaults: ttl 64, tos 0, id 0, df true, no fragment, no options. */
export interface Ipv4Init {
  src: Ip4;
  dst: Ip4;
  protocol: number;
  payload: Transport;
  ttl?: number;
  tos?: number;
  id?: number;
  df?: boolean;
  mf?: boolean;
  fragmentOffset?: number;
  options?: Uint8Array;
}

/** Builds a packet of the one object shape the stack uses. */
export function makeIpv4(init: Ipv4Init): Ipv4Packet {
  return {
    kind: 'ipv4',
    src: init.src,
    dst: init.dst,
    ttl: init.ttl ?? 64,
    tos: init.tos ?? 0,
    id: init.id ?? 0,
    df: init.df ?? true,
    mf: init.mf ?? false,
    fragmentOffset: init.fragmentOffset ?? 0,
    protocol: init.protocol,
    options: init.options,
    payload: init.payload,
    checksum: CHECKSUM_AUTO,
  };
}

/**
 * A copy with another TTL, addresses or payload: what forwarding and NAT do. Checksum markers stay, so checksums are right
 * for the new addresses; a literal (wrong) one stays wrong.
 */
export function rewriteIpv4(p: Ipv4Packet, ttl: number, src: Ip4, dst: Ip4, payload: Transport): Ipv4Packet {
  return {
    kind: 'ipv4',
    src,
    dst,
    ttl,
    tos: p.tos,
    id: p.id,
    df: p.df,
    mf: p.mf,
    fragmentOffset: p.fragmentOffset,
    protocol: p.protocol,
    options: p.options,
    payload,
    checksum: p.checksum,
  };
}

/** Is this packet a fragment (first, middle or last)? */
export function isFragment4(packet: Ipv4Packet): boolean {
  return packet.mf || packet.fragmentOffset > 0;
}

/** Header length in bytes. */
export function ipv4HeaderLength(packet: Ipv4Packet): number {
  return packet.options === undefined ? IPV4_HEADER : IPV4_HEADER + packet.options.length;
}

/** Total length in bytes (the header's "total length" field). */
export function ipv4Length(packet: Ipv4Packet): number {
  return ipv4HeaderLength(packet) + transportLength(packet.payload);
}

/** Writes the packet at `at`. */
export function writeIpv4(packet: Ipv4Packet, out: Uint8Array, at: number): void {
  const header = ipv4HeaderLength(packet);
  out[at] = 0x40 | (header >> 2);
  out[at + 1] = packet.tos;
  put16(out, at + 2, header + transportLength(packet.payload));
  put16(out, at + 4, packet.id);
  put16(out, at + 6, (packet.df ? 0x4000 : 0) | (packet.mf ? 0x2000 : 0) | (packet.fragmentOffset >> 3));
  out[at + 8] = packet.ttl;
  out[at + 9] = packet.protocol;
  put16(out, at + 10, 0);
  writeIp4(packet.src, out, at + 12);
  writeIp4(packet.dst, out, at + 16);
  if (packet.options !== undefined) out.set(packet.options, at + IPV4_HEADER);
  const auto = packet.checksum === CHECKSUM_AUTO;
  put16(out, at + 10, auto ? internetChecksum(out, at, at + header) : packet.checksum);
  writeTransport(packet.payload, out, at + header, packet.src, packet.dst, packet.protocol);
}

/** Encodes a packet alone (what an ICMP error quotes, what a raw socket sees). */
export function encodeIpv4(packet: Ipv4Packet): Uint8Array {
  const out = new Uint8Array(ipv4Length(packet));
  writeIpv4(packet, out, 0);
  return out;
}

/**
 * Reads a packet from the start of `bytes`; bytes after its total length are the caller's (Ethernet padding).
 * undefined when it is no IPv4, shorter than it says, or uses the reserved flag.
 */
export function decodeIpv4(bytes: Uint8Array): Ipv4Packet | undefined {
  if (bytes.length < IPV4_HEADER || bytes[0]! >> 4 !== 4) return undefined;
  const header = (bytes[0]! & 15) * 4;
  const total = get16(bytes, 2);
  const frag = get16(bytes, 6);
  if (header < IPV4_HEADER || total < header || total > bytes.length || (frag & 0x8000) !== 0) return undefined;
  const src = ip4FromBytes(bytes, 12);
  const dst = ip4FromBytes(bytes, 16);
  const protocol = bytes[9]!;
  const body = total > header ? bytes.subarray(header, total) : NO_BYTES;
  const whole = (frag & 0x3fff) === 0;
  const field = get16(bytes, 10);
  return {
    kind: 'ipv4',
    src,
    dst,
    ttl: bytes[8]!,
    tos: bytes[1]!,
    id: get16(bytes, 4),
    df: (frag & 0x4000) !== 0,
    mf: (frag & 0x2000) !== 0,
    fragmentOffset: (frag & 0x1fff) * 8,
    protocol,
    options: header > IPV4_HEADER ? bytes.subarray(IPV4_HEADER, header) : undefined,
    payload: whole ? decodeTransport(body, src, dst, protocol) : makeRaw(body),
    checksum: field === expectedChecksum(bytes, 0, header, field) ? CHECKSUM_AUTO : field,
  };
}
