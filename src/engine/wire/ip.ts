/** IPv4 addresses and prefixes as unsigned 32-bit numbers, and what IPv4 and IPv6 have in common. */
import { formatIp6, parseIp6, prefixContains6 } from './ip6-address';

/** An IPv4 address as an unsigned 32-bit number in host order: 10.0.0.1 is 0x0a000001. */
export type Ip4 = number;

/** Either family: a number is IPv4, a string is IPv6 in canonical RFC 5952 form. */
export type IpAddress = number | string;

/** IP protocol numbers (IANA) the wire layer knows. */
export const IPPROTO = {
  HOPOPTS: 0,
  ICMP: 1,
  IGMP: 2,
  IPIP: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  NONE: 59,
  DSTOPTS: 60,
  SCTP: 132,
} as const;

/** Parses strict dotted-quad notation. @returns the address, or undefined when it is none. */
export function parseIp4(text: string): Ip4 | undefined {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 46) {
      if (octet < 0) return undefined;
      value = value * 256 + octet;
      octet = -1;
      dots++;
    } else if (c >= 48 && c <= 57) {
      octet = octet < 0 ? c - 48 : octet * 10 + c - 48;
      if (octet > 255) return undefined;
    } else return undefined;
  }
  if (dots !== 3 || octet < 0) return undefined;
  return value * 256 + octet;
}

/** Dotted-quad notation. */
export function formatIp4(address: Ip4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Parses an address of either family. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIp6(text) : parseIp4(text);
}

/** Prints an address of either family. */
export function formatIp(address: IpAddress): string {
  return typeof address === 'number' ? formatIp4(address) : address;
}

/** The netmask of a prefix length 0..32. */
export function mask4(length: number): Ip4 {
  return length <= 0 ? 0 : length >= 32 ? 0xffffffff : (0xffffffff << (32 - length)) >>> 0;
}

/** The prefix length of a contiguous netmask, or undefined when it has holes. */
export function maskLength4(mask: Ip4): number | undefined {
  const length = mask === 0 ? 0 : Math.clz32(~mask);
  return mask4(length) === mask >>> 0 ? length : undefined;
}

/** The first address of the prefix. */
export function network4(address: Ip4, length: number): Ip4 {
  return (address & mask4(length)) >>> 0;
}

/** The last address of the prefix (the directed broadcast address for lengths up to 30). */
export function broadcast4(address: Ip4, length: number): Ip4 {
  return (address | ~mask4(length)) >>> 0;
}

/** Is `address` inside `network/length`? */
export function contains4(network: Ip4, length: number, address: Ip4): boolean {
  return length <= 0 || (network ^ address) >>> (32 - length) === 0;
}

/** Is `address` inside `network/length`? False when the families differ. */
export function containsIp(network: IpAddress, length: number, address: IpAddress): boolean {
  if (typeof network === 'number') return typeof address === 'number' && contains4(network, length, address);
  return typeof address === 'string' && prefixContains6(network, length, address);
}

/** 224.0.0.0/4. */
export function isMulticast4(address: Ip4): boolean {
  return address >>> 28 === 14;
}

/** 127.0.0.0/8. */
export function isLoopback4(address: Ip4): boolean {
  return address >>> 24 === 127;
}

/** 169.254.0.0/16 (RFC 3927). */
export function isLinkLocal4(address: Ip4): boolean {
  return address >>> 16 === 0xa9fe;
}

/** A parsed `ADDRESS/LENGTH`. */
export interface Prefix {
  readonly address: IpAddress;
  /** Prefix length in bits: 0..32 or 0..128. */
  readonly length: number;
}

/**
 * Parses `ADDRESS[/LENGTH]`; without a length it is a host prefix (32 or 128). Host bits are kept.
 * @returns undefined when either part is malformed or out of range.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = typeof address === 'number' ? 32 : 128;
  if (slash < 0) return { address, length: bits };
  const tail = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(tail) || Number(tail) > bits) return undefined;
  return { address, length: Number(tail) };
}

/** `ADDRESS/LENGTH`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.address)}/${prefix.length}`;
}

/** Reads an IPv4 address (four bytes, missing ones 0). */
export function ip4FromBytes(bytes: Uint8Array, at = 0): Ip4 {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

/** Writes an IPv4 address in network order. */
export function writeIp4(address: Ip4, out: Uint8Array, at: number): void {
  out[at] = address >>> 24;
  out[at + 1] = address >>> 16;
  out[at + 2] = address >>> 8;
  out[at + 3] = address;
}

export { formatIp6, parseIp6 };
