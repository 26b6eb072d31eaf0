/** UDP (RFC 768). */
import { get16, put16 } from './bytes';
import { CHECKSUM_AUTO, CHECKSUM_PARTIAL, expectedChecksum, fold, internetChecksum } from './checksum';

/** Length of the UDP header in bytes. */
export const UDP_HEADER = 8;

/** A whole UDP datagram (never a fragment). */
export interface UdpDatagram {
  readonly kind: 'udp';
  readonly srcPort: number;
  readonly dstPort: number;
  readonly payload: Uint8Array;
  /** A CHECKSUM_* marker or the literal field; 0 over IPv4 means not computed. */
  readonly checksum: number;
}

/** Builds a datagram; the checksum is computed when encoded unless told otherwise. */
export function makeUdp(srcPort: number, dstPort: number, payload: Uint8Array, checksum = CHECKSUM_AUTO): UdpDatagram {
  return { kind: 'udp', srcPort, dstPort, payload, checksum };
}

/**
 * Writes the datagram at `at`. @param pseudo the unfolded sum of the pseudo-header's addresses and protocol, without
 * the length.
 */
export function writeUdp(udp: UdpDatagram, out: Uint8Array, at: number, pseudo: number): void {
  const length = UDP_HEADER + udp.payload.length;
  put16(out, at, udp.srcPort);
  put16(out, at + 2, udp.dstPort);
  put16(out, at + 4, length);
  put16(out, at + 6, 0);
  out.set(udp.payload, at + UDP_HEADER);
  let checksum = udp.checksum;
  if (checksum === CHECKSUM_AUTO) checksum = internetChecksum(out, at, at + length, pseudo + length) || 0xffff;
  else if (checksum === CHECKSUM_PARTIAL) checksum = fold(pseudo + length);
  put16(out, at + 6, checksum);
}

/** Reads a datagram that fills `bytes` exactly; undefined when it does not. */
export function decodeUdp(bytes: Uint8Array, pseudo: number): UdpDatagram | undefined {
  if (bytes.length < UDP_HEADER || get16(bytes, 4) !== bytes.length) return undefined;
  const field = get16(bytes, 6);
  let checksum = field;
  if (field !== 0) {
    const expected = expectedChecksum(bytes, 0, bytes.length, field, pseudo + bytes.length) || 0xffff;
    if (field === expected) checksum = CHECKSUM_AUTO;
    else if (field === fold(pseudo + bytes.length)) checksum = CHECKSUM_PARTIAL;
  }
  return makeUdp(get16(bytes, 0), get16(bytes, 2), bytes.subarray(UDP_HEADER), checksum);
}
