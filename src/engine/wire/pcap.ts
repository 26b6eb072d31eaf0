/** Classic pcap files (draft-ietf-opsawg-pcap) with microsecond stamps, and the Linux cooked v2 header of `-i any`. */
import { get16, get32, put16, put32 } from './bytes';
import type { EthernetFrame } from './frame';
import { encodePayload } from './frame';
import { MAC_ZERO, writeMac } from './mac';

/** Link types (tcpdump.org/linktypes.html). */
export const LINKTYPE = { ETHERNET: 1, RAW: 101, LINUX_SLL: 113, LINUX_SLL2: 276 } as const;

/** tcpdump's default snapshot length in bytes. */
export const DEFAULT_SNAPLEN = 262144;

/** One captured packet. */
export interface PcapRecord {
  /** Seconds and microseconds since the epoch. */
  readonly seconds: number;
  readonly microseconds: number;
  /** Length on the wire in bytes; `bytes` may be shorter (snapshot length). */
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** A whole capture file. */
export interface PcapFile {
  readonly linkType: number;
  readonly snaplen: number;
  readonly records: readonly PcapRecord[];
}

/** The 24-byte little-endian file header, as tcpdump on x86 writes it. */
export function pcapHeader(linkType: number = LINKTYPE.ETHERNET, snaplen: number = DEFAULT_SNAPLEN): Uint8Array {
  const out = new Uint8Array(24);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snaplen, true);
  view.setUint32(20, linkType, true);
  return out;
}

/** One record: 16-byte header and the bytes cut at the snapshot length. */
export function pcapRecord(
  seconds: number,
  microseconds: number,
  bytes: Uint8Array,
  snaplen: number = DEFAULT_SNAPLEN,
  length: number = bytes.length,
): Uint8Array {
  const kept = Math.min(bytes.length, snaplen);
  const out = new Uint8Array(16 + kept);
  const view = new DataView(out.buffer);
  view.setUint32(0, seconds, true);
  view.setUint32(4, microseconds, true);
  view.setUint32(8, kept, true);
  view.setUint32(12, length, true);
  out.set(kept < bytes.length ? bytes.subarray(0, kept) : bytes, 16);
  return out;
}

/** A whole file as bytes. */
export function writePcap(file: PcapFile): Uint8Array {
  const parts = [pcapHeader(file.linkType, file.snaplen)];
  for (const r of file.records) parts.push(pcapRecord(r.seconds, r.microseconds, r.bytes, file.snaplen, r.length));
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/**
 * Reads a classic pcap file of either byte order and of microsecond or nanosecond stamps (cut to microseconds).
 * Never throws. @returns the file and libpcap's words for what is wrong with it, if something is.
 */
export function readPcap(bytes: Uint8Array): { file: PcapFile | undefined; error: string | undefined } {
  const fail = (error: string): { file: undefined; error: string } => ({ file: undefined, error });
  if (bytes.length < 4) {
    return fail(`truncated dump file; tried to read 4 file header bytes, only got ${bytes.length}`);
  }
  const magic = get32(bytes, 0);
  const little = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
  if (!little && magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) return fail('unknown file format');
  if (bytes.length < 24) {
    return fail(`truncated dump file; tried to read 24 file header bytes, only got ${bytes.length}`);
  }
  const nano = magic === 0x4d3cb2a1 || magic === 0xa1b23c4d;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const snaplen = view.getUint32(16, little);
  const linkType = view.getUint32(20, little) & 0xffff;
  const records: PcapRecord[] = [];
  let at = 24;
  let error: string | undefined;
  while (at < bytes.length) {
    if (at + 16 > bytes.length) {
      error = `truncated dump file; tried to read 16 header bytes, only got ${bytes.length - at}`;
      break;
    }
    const kept = view.getUint32(at + 8, little);
    const fraction = view.getUint32(at + 4, little);
    if (at + 16 + kept > bytes.length) {
      error = `truncated dump file; tried to read ${kept} captured bytes, only got ${bytes.length - at - 16}`;
      break;
    }
    records.push({
      seconds: view.getUint32(at, little),
      microseconds: nano ? Math.floor(fraction / 1000) : fraction,
      length: view.getUint32(at + 12, little),
      bytes: bytes.subarray(at + 16, at + 16 + kept),
    });
    at += 16 + kept;
  }
  return { file: { linkType, snaplen, records }, error };
}

/** Length of the cooked v2 header in bytes. */
export const SLL2_HEADER = 20;

/** The packet types of Linux packet sockets (<linux/if_packet.h>). */
export const PACKET_TYPE = { HOST: 0, BROADCAST: 1, MULTICAST: 2, OTHERHOST: 3, OUTGOING: 4 } as const;

/** What a cooked header says about where a packet was seen. */
export interface Sll2Meta {
  readonly ifindex: number;
  /** {@link PACKET_TYPE}. */
  readonly packetType: number;
  /** ARPHRD_* of the interface: 1 Ethernet, 772 loopback. */
  readonly arphrd: number;
}

/** Encodes a frame as `-i any` captures it: cooked header with the sender's address, then the payload. */
export function encodeSll2(frame: EthernetFrame, meta: Sll2Meta): Uint8Array {
  const payload = encodePayload(frame.payload);
  const tag = frame.vlan === undefined ? 0 : 4;
  const out = new Uint8Array(SLL2_HEADER + tag + payload.length);
  put16(out, 0, tag === 0 ? frame.etherType : 0x8100);
  put32(out, 4, meta.ifindex);
  put16(out, 8, meta.arphrd);
  out[10] = meta.packetType;
  out[11] = 6;
  writeMac(frame.src === '' ? MAC_ZERO : frame.src, out, 12);
  if (frame.vlan !== undefined) {
    put16(out, SLL2_HEADER, (frame.vlan.priority << 13) | frame.vlan.id);
    put16(out, SLL2_HEADER + 2, frame.etherType);
  }
  out.set(payload, SLL2_HEADER + tag);
  return out;
}

/** Where the network packet starts in a captured record and its EtherType; undefined when the link header is cut or unknown. */
export function linkPayload(bytes: Uint8Array, linkType: number): { at: number; etherType: number } | undefined {
  switch (linkType) {
    case LINKTYPE.ETHERNET:
      return bytes.length < 14 ? undefined : { at: 14, etherType: get16(bytes, 12) };
    case LINKTYPE.LINUX_SLL2:
      return bytes.length < 20 ? undefined : { at: 20, etherType: get16(bytes, 0) };
    case LINKTYPE.LINUX_SLL:
      return bytes.length < 16 ? undefined : { at: 16, etherType: get16(bytes, 14) };
    case LINKTYPE.RAW:
      return bytes.length < 1 ? undefined : { at: 0, etherType: bytes[0]! >> 4 === 6 ? 0x86dd : 0x0800 };
    default:
      return undefined;
  }
}
