/** Packets that ICMP errors quote: finding their tuple, and translating them (nf_conntrack_inet_error, nf_nat_icmp_reply_translation). */
import type { IpAddress } from '../../wire';
import { IPPROTO, formatIp6, internetChecksum, ip4FromBytes, ip6Bytes, put16, writeIp4 } from '../../wire';
import type { ScratchTuple } from './tuple';
import { fromBytes, hasPorts } from './tuple';

/** Where the transport header of a quoted packet begins, and its protocol; -1 when it cannot be told. */
function locate(b: Uint8Array): { at: number; protocol: number } {
  if (b.length >= 20 && b[0]! >> 4 === 4) {
    const fragment = ((b[6]! << 8) | b[7]!) & 0x1fff;
    return { at: fragment === 0 ? (b[0]! & 15) * 4 : -1, protocol: b[9]! };
  }
  if (b.length >= 40 && b[0]! >> 4 === 6) {
    let protocol = b[6]!;
    let at = 40;
    while (
      (protocol === IPPROTO.HOPOPTS ||
        protocol === IPPROTO.ROUTING ||
        protocol === IPPROTO.DSTOPTS ||
        protocol === IPPROTO.FRAGMENT) &&
      at + 8 <= b.length
    ) {
      if (protocol === IPPROTO.FRAGMENT && (((b[at + 2]! << 8) | b[at + 3]!) & 0xfff8) !== 0)
        return { at: -1, protocol };
      const length = protocol === IPPROTO.FRAGMENT ? 8 : (b[at + 1]! + 1) * 8;
      protocol = b[at]!;
      at += length;
    }
    return { at, protocol };
  }
  return { at: -1, protocol: 0 };
}

/** The tuple of a quoted packet. @returns false when too little of it is quoted */
export function innerTuple(b: Uint8Array, out: ScratchTuple): boolean {
  const { at, protocol } = locate(b);
  if (at < 0) return false;
  if (b[0]! >> 4 === 4) {
    out.family = 'inet';
    out.src = ip4FromBytes(b, 12);
    out.dst = ip4FromBytes(b, 16);
  } else {
    out.family = 'inet6';
    out.src = formatIp6(b, 8);
    out.dst = formatIp6(b, 24);
  }
  out.protocol = protocol;
  return fromBytes(out, b, at, protocol);
}

/** Adds to a checksum the difference between old and new bytes (RFC 1624); both start at an even offset. */
function adjust(b: Uint8Array, at: number, was: Uint8Array, is: Uint8Array): void {
  let sum = ~((b[at]! << 8) | b[at + 1]!) & 0xffff;
  for (let i = 0; i < was.length; i += 2) {
    sum += ~((was[i]! << 8) | was[i + 1]!) & 0xffff;
    sum += (is[i]! << 8) | is[i + 1]!;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  put16(b, at, ~sum & 0xffff);
}

/**
 * A quoted packet with another source or destination. The quote keeps its length; its checksums follow where they are quoted.
 * @param port the port on that side, or the ICMP identifier
 */
export function rewriteQuoted(original: Uint8Array, side: 'src' | 'dst', address: IpAddress, port: number): Uint8Array {
  const b = original.slice();
  const { at, protocol } = locate(b);
  if (at < 0) return b;
  const four = b[0]! >> 4 === 4;
  const field = four ? (side === 'src' ? 12 : 16) : side === 'src' ? 8 : 24;
  const size = four ? 4 : 16;
  const wasAddress = b.slice(field, field + size);
  if (typeof address === 'number') writeIp4(address, b, field);
  else b.set(ip6Bytes(address), field);
  const isAddress = b.slice(field, field + size);
  if (four) {
    put16(b, 10, 0);
    put16(b, 10, internetChecksum(b, 0, (b[0]! & 15) * 4));
  }
  const checksum =
    protocol === IPPROTO.TCP
      ? at + 16
      : protocol === IPPROTO.UDP || protocol === 136
        ? at + 6
        : protocol === IPPROTO.ICMP || protocol === IPPROTO.ICMPV6
          ? at + 2
          : -1;
  const quoted = checksum >= 0 && checksum + 2 <= b.length;
  const none = protocol === IPPROTO.UDP && quoted && b[checksum] === 0 && b[checksum + 1] === 0;
  if (quoted && !none && protocol !== IPPROTO.ICMP) adjust(b, checksum, wasAddress, isAddress);
  const where = hasPorts(protocol)
    ? at + (side === 'src' ? 0 : 2)
    : protocol === IPPROTO.ICMP || protocol === IPPROTO.ICMPV6
      ? at + 4
      : -1;
  if (where >= 0 && where + 2 <= b.length) {
    const wasPort = b.slice(where, where + 2);
    put16(b, where, port);
    if (quoted && !none) adjust(b, checksum, wasPort, b.slice(where, where + 2));
  }
  return b;
}
