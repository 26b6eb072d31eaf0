/** Ethernet frames (IEEE 802.3, 802.1Q): the unit that travels on the simulated links. */
import type { ArpPacket } from './arp';
import { ARP_LENGTH, decodeArp, writeArp } from './arp';
import { get16, put16 } from './bytes';
import { ETHERNET_HEADER, ETHERTYPE } from './ethernet';
import type { IpAddress } from './ip';
import type { Ipv4Packet } from './ipv4';
import { decodeIpv4, ipv4Length, writeIpv4 } from './ipv4';
import type { Ipv6Packet } from './ipv6';
import { decodeIpv6, ipv6Length, writeIpv6 } from './ipv6';
import type { Mac } from './mac';
import { macFromBytes, writeMac } from './mac';
import type { RawPayload } from './raw';
import { makeRaw } from './raw';

/** An 802.1Q tag. */
export interface VlanTag {
  /** VLAN identifier 0..4095. */
  readonly id: number;
  /** Priority code point 0..7. */
  readonly priority: number;
  /** Drop eligible indicator. */
  readonly dei?: boolean;
  /** Tag protocol identifier; 0x8100 when left out, 0x88a8 for a service tag (802.1ad). */
  readonly tpid?: number;
  /** The next tag behind this one. */
  readonly inner?: VlanTag;
}

/** Bytes that a tag and those behind it take. */
export function tagLength(tag: VlanTag | undefined): number {
  let n = 0;
  for (let t = tag; t !== undefined; t = t.inner) n += 4;
  return n;
}

/** A packet of either IP version. */
export type IpPacket = Ipv4Packet | Ipv6Packet;

/** What a frame carries. */
export type EthernetPayload = ArpPacket | Ipv4Packet | Ipv6Packet | RawPayload;

/** An Ethernet frame without preamble and FCS. Immutable: a changed frame is a new object. */
export interface EthernetFrame {
  readonly dst: Mac;
  readonly src: Mac;
  /** The type of `payload` (behind the tag); below 1536 it is an 802.3 length and the payload starts with LLC. */
  readonly etherType: number;
  readonly vlan: VlanTag | undefined;
  readonly payload: EthernetPayload;
  /** Padding after the payload, undefined for none. */
  readonly trailer: Uint8Array | undefined;
}

/** Builds a frame of the one object shape the stack uses. */
export function makeFrame(
  dst: Mac,
  src: Mac,
  etherType: number,
  payload: EthernetPayload,
  vlan?: VlanTag,
  trailer?: Uint8Array,
): EthernetFrame {
  return { dst, src, etherType, vlan, payload, trailer };
}

/** The EtherType a typed payload belongs to; undefined for raw bytes. */
export function payloadEtherType(payload: EthernetPayload): number | undefined {
  switch (payload.kind) {
    case 'ipv4':
      return ETHERTYPE.IPV4;
    case 'ipv6':
      return ETHERTYPE.IPV6;
    case 'arp':
      return ETHERTYPE.ARP;
    case 'raw':
      return undefined;
  }
}

/** The same frame with another tag, or none. */
export function withVlan(frame: EthernetFrame, vlan: VlanTag | undefined): EthernetFrame {
  return makeFrame(frame.dst, frame.src, frame.etherType, frame.payload, vlan, frame.trailer);
}

/** Whole length of an IP packet in bytes. */
export function ipLength(packet: IpPacket): number {
  return packet.kind === 'ipv4' ? ipv4Length(packet) : ipv6Length(packet);
}

/** The protocol an IP packet's payload has. */
export function ipProtocol(packet: IpPacket): number {
  return packet.kind === 'ipv4' ? packet.protocol : packet.nextHeader;
}

/** Time to live or hop limit. */
export function ipTtl(packet: IpPacket): number {
  return packet.kind === 'ipv4' ? packet.ttl : packet.hopLimit;
}

/** Source and destination of an IP packet. */
export function ipAddresses(packet: IpPacket): { src: IpAddress; dst: IpAddress } {
  return { src: packet.src, dst: packet.dst };
}

/** Length of a payload in bytes. */
export function payloadLength(payload: EthernetPayload): number {
  switch (payload.kind) {
    case 'ipv4':
      return ipv4Length(payload);
    case 'ipv6':
      return ipv6Length(payload);
    case 'arp':
      return ARP_LENGTH;
    case 'raw':
      return payload.bytes.length;
  }
}

/** Length of the frame in bytes as tcpdump prints it (no FCS), without encoding it. */
export function frameLength(frame: EthernetFrame): number {
  let length = ETHERNET_HEADER + payloadLength(frame.payload);
  if (frame.vlan !== undefined) length += tagLength(frame.vlan);
  if (frame.trailer !== undefined) length += frame.trailer.length;
  return length;
}

/** Writes a payload at `at`. */
export function writePayload(payload: EthernetPayload, out: Uint8Array, at: number): void {
  switch (payload.kind) {
    case 'ipv4':
      writeIpv4(payload, out, at);
      break;
    case 'ipv6':
      writeIpv6(payload, out, at);
      break;
    case 'arp':
      writeArp(payload, out, at);
      break;
    case 'raw':
      out.set(payload.bytes, at);
      break;
  }
}

/** Encodes a payload alone: a packet on a link without an Ethernet header (tun, SLL). */
export function encodePayload(payload: EthernetPayload): Uint8Array {
  const out = new Uint8Array(payloadLength(payload));
  writePayload(payload, out, 0);
  return out;
}

/** Encodes a frame. The array is fresh. */
export function encodeFrame(frame: EthernetFrame): Uint8Array {
  const out = new Uint8Array(frameLength(frame));
  writeMac(frame.dst, out, 0);
  writeMac(frame.src, out, 6);
  let at = 12;
  for (let tag = frame.vlan; tag !== undefined; tag = tag.inner) {
    put16(out, at, tag.tpid ?? ETHERTYPE.VLAN);
    put16(out, at + 2, (tag.priority << 13) | (tag.dei === true ? 0x1000 : 0) | tag.id);
    at += 4;
  }
  put16(out, at, frame.etherType);
  writePayload(frame.payload, out, at + 2);
  if (frame.trailer !== undefined) out.set(frame.trailer, out.length - frame.trailer.length);
  return out;
}

/** Decodes what follows an EtherType. Never throws: what does not parse is `raw`. */
export function decodePayload(etherType: number, bytes: Uint8Array): EthernetPayload {
  switch (etherType) {
    case ETHERTYPE.IPV4:
      return decodeIpv4(bytes) ?? makeRaw(bytes);
    case ETHERTYPE.IPV6:
      return decodeIpv6(bytes) ?? makeRaw(bytes);
    case ETHERTYPE.ARP:
      return decodeArp(bytes) ?? makeRaw(bytes);
    default:
      return makeRaw(bytes);
  }
}

/**
 * Decodes a frame; the representation keeps views into `bytes`, which must not change afterwards. Never throws: a payload
 * that does not parse is `raw`. undefined when there is no whole Ethernet header.
 */
export function decodeFrame(bytes: Uint8Array): EthernetFrame | undefined {
  if (bytes.length < ETHERNET_HEADER) return undefined;
  let at = 12;
  const tags: VlanTag[] = [];
  for (;;) {
    const tpid = get16(bytes, at);
    if ((tpid !== ETHERTYPE.VLAN && tpid !== ETHERTYPE.QINQ) || bytes.length < at + 6) break;
    const tci = get16(bytes, at + 2);
    tags.push({
      id: tci & 0xfff,
      priority: tci >> 13,
      ...((tci & 0x1000) !== 0 ? { dei: true } : {}),
      ...(tpid === ETHERTYPE.VLAN ? {} : { tpid }),
    });
    at += 4;
  }
  const vlan = tags.reduceRight<VlanTag | undefined>((inner, tag) => (inner ? { ...tag, inner } : tag), undefined);
  const etherType = get16(bytes, at);
  const body = bytes.subarray(at + 2);
  const payload = decodePayload(etherType, body);
  const used = payloadLength(payload);
  const trailer = used < body.length ? body.subarray(used) : undefined;
  return makeFrame(macFromBytes(bytes, 0), macFromBytes(bytes, 6), etherType, payload, vlan, trailer);
}
