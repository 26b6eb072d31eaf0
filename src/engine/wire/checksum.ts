/**
 * The Internet checksum (RFC 1071) and the three states a checksum field can be in.
 *
 * A representation stores in `checksum` either one of the two markers below or the literal 16-bit value found on the
 * wire. Software that builds packets uses {@link CHECKSUM_AUTO}; a kernel that leaves the work to the network card
 * (Linux CHECKSUM_PARTIAL, the state in which a local sender's packets are seen on a veth) uses {@link CHECKSUM_PARTIAL}.
 */

/** Encode computes the right checksum; decode found the right one. */
export const CHECKSUM_AUTO = -1;

/** TCP and UDP only: encode writes the folded, not complemented pseudo-header sum, as Linux does before checksum offload. */
export const CHECKSUM_PARTIAL = -2;

/** What decode found in a checksum field. `none`: UDP over IPv4 with the field 0, which means "not computed" (RFC 768). */
export type ChecksumVerdict = 'ok' | 'partial' | 'bad' | 'none';

/** Reads the verdict from a representation's `checksum` field as left by decode. @param udp4 true for UDP over IPv4. */
export function checksumVerdict(checksum: number, udp4 = false): ChecksumVerdict {
  if (checksum === CHECKSUM_AUTO) return 'ok';
  if (checksum === CHECKSUM_PARTIAL) return 'partial';
  return udp4 && checksum === 0 ? 'none' : 'bad';
}

/**
 * Adds `bytes[start..end)` as big-endian 16-bit words (an odd last byte is padded with zero) to a running sum. The sum
 * is not folded; it stays exact for more than 2^36 bytes.
 */
export function sumWords(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  let i = start;
  const last = end - 1;
  for (; i < last; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  if (i < end) sum += bytes[i]! << 8;
  return sum;
}

/** Folds a running sum to 16 bits with end-around carry (not complemented). */
export function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}

/** The Internet checksum of `bytes[start..end)` on top of a running sum: folded and complemented, 16 bits. */
export function internetChecksum(bytes: Uint8Array, start = 0, end = bytes.length, sum = 0): number {
  return ~fold(sumWords(bytes, start, end, sum)) & 0xffff;
}

/**
 * The checksum that belongs into a 16-bit field now holding `field`, inside `bytes[start..end)`: the value is taken out of
 * the sum, so it can be compared with the field exactly (0x0000 and 0xffff are different answers).
 */
export function expectedChecksum(bytes: Uint8Array, start: number, end: number, field: number, sum = 0): number {
  return ~fold(sumWords(bytes, start, end, sum) - field) & 0xffff;
}
