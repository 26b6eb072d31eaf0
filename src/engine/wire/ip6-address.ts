/** IPv6 addresses: canonical lower-case compressed strings (RFC 5952), so that `===` and Map keys work. */
import type { Mac } from './mac';
import { writeMac } from './mac';

/** An IPv6 address in canonical text form, for instance `fe80::1`. */
export type Ip6 = string;

/** `::` */
export const IP6_ANY: Ip6 = '::';
/** `::1` */
export const IP6_LOOPBACK: Ip6 = '::1';
/** `ff02::1`, every node on the link. */
export const IP6_ALL_NODES: Ip6 = 'ff02::1';
/** `ff02::2`, every router on the link. */
export const IP6_ALL_ROUTERS: Ip6 = 'ff02::2';

const CACHE_LIMIT = 4096;
let bytesCache = new Map<Ip6, Uint8Array>();

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (i === parts.length - 1 && part.includes('.')) {
      const octets = part.split('.');
      if (octets.length !== 4 || !octets.every((o) => /^\d{1,3}$/.test(o) && Number(o) < 256)) return undefined;
      groups.push(Number(octets[0]) * 256 + Number(octets[1]), Number(octets[2]) * 256 + Number(octets[3]));
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(parseInt(part, 16));
    }
  }
  return groups;
}

/** The 16 bytes of any valid spelling, or undefined when it is no IPv6 address. The array is fresh. */
export function ip6ToBytesLoose(text: string): Uint8Array | undefined {
  const gap = text.indexOf('::');
  let groups: number[];
  if (gap < 0) {
    const all = parseGroups(text);
    if (all === undefined || all.length !== 8) return undefined;
    groups = all;
  } else {
    if (text.indexOf('::', gap + 1) >= 0) return undefined;
    const headText = text.slice(0, gap);
    if (headText.includes('.')) return undefined;
    const head = parseGroups(headText);
    const tail = parseGroups(text.slice(gap + 2));
    if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
    groups = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  }
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 8; i++) {
    bytes[2 * i] = groups[i]! >> 8;
    bytes[2 * i + 1] = groups[i]! & 255;
  }
  return bytes;
}

/** Parses any valid spelling (RFC 4291 section 2.2) to the canonical one; undefined when it is no IPv6 address. */
export function parseIp6(text: string): Ip6 | undefined {
  const bytes = ip6ToBytesLoose(text);
  return bytes === undefined ? undefined : formatIp6(bytes);
}

/**
 * Canonical text of 16 bytes at `at` (missing bytes read as 0): lower case, the first longest run of two or more zero
 * groups becomes `::`, IPv4-mapped and IPv4-compatible addresses end in dotted quads as glibc's inet_ntop prints them.
 */
export function formatIp6(bytes: Uint8Array, at = 0): Ip6 {
  const group = (i: number): number => ((bytes[at + 2 * i] ?? 0) << 8) | (bytes[at + 2 * i + 1] ?? 0);
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && group(i + length) === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
    if (length > 0) i += length;
  }
  // inet_ntop: ::a.b.c.d (but not :: , ::1 and other seven-zero-group forms) and ::ffff:a.b.c.d
  const dotted = best === 0 && (bestLength === 6 || (bestLength === 5 && group(5) === 0xffff));
  let text = '';
  const end = dotted ? 6 : 8;
  for (let i = 0; i < end; i++) {
    if (i === best) {
      text += i === 0 ? '::' : ':';
      i += bestLength - 1;
      continue;
    }
    text += group(i).toString(16);
    if (i < 7) text += ':';
  }
  if (dotted) {
    text += `${bytes[at + 12] ?? 0}.${bytes[at + 13] ?? 0}.${bytes[at + 14] ?? 0}.${bytes[at + 15] ?? 0}`;
  }
  return text;
}

/**
 * The 16 bytes of a canonical address. The array is shared and cached: do not change it.
 * A malformed string (a programming error) gives the bytes of `::`.
 */
export function ip6Bytes(address: Ip6): Uint8Array {
  let bytes = bytesCache.get(address);
  if (bytes === undefined) {
    bytes = ip6ToBytesLoose(address) ?? new Uint8Array(16);
    if (bytesCache.size >= CACHE_LIMIT) bytesCache = new Map();
    bytesCache.set(address, bytes);
  }
  return bytes;
}

/** Is `address` inside `network/length` (0..128)? */
export function prefixContains6(network: Ip6, length: number, address: Ip6): boolean {
  const a = ip6Bytes(network);
  const b = ip6Bytes(address);
  let bits = length;
  for (let i = 0; bits > 0; i++, bits -= 8) {
    const mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff;
    if (((a[i]! ^ b[i]!) & mask) !== 0) return false;
  }
  return true;
}

/** The first address of the prefix. */
export function network6(address: Ip6, length: number): Ip6 {
  const bytes = ip6Bytes(address).slice();
  for (let i = 0; i < 16; i++) {
    const keep = Math.min(8, Math.max(0, length - 8 * i));
    bytes[i] = bytes[i]! & ((0xff << (8 - keep)) & 0xff);
  }
  return formatIp6(bytes);
}

/** The modified EUI-64 address of an Ethernet address inside a /64 (RFC 4291 appendix A). */
export function eui64Address(prefix: Ip6, mac: Mac): Ip6 {
  const bytes = ip6Bytes(prefix).slice();
  const hw = new Uint8Array(6);
  writeMac(mac, hw, 0);
  bytes.set([hw[0]! ^ 2, hw[1]!, hw[2]!, 0xff, 0xfe, hw[3]!, hw[4]!, hw[5]!], 8);
  return formatIp6(bytes);
}

/** The link-local address Linux derives from an Ethernet address (addr_gen_mode eui64). */
export function linkLocalFromMac(mac: Mac): Ip6 {
  return eui64Address('fe80::', mac);
}

/** The solicited-node multicast address ff02::1:ffXX:XXXX (RFC 4291 section 2.7.1). */
export function solicitedNode(address: Ip6): Ip6 {
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0x02]);
  bytes.set([1, 0xff], 11);
  bytes.set(ip6Bytes(address).subarray(13), 13);
  return formatIp6(bytes);
}

/** The Ethernet group address of an IPv6 multicast address: 33:33 and the last four bytes (RFC 2464 section 7). */
export function multicastMac6(group: Ip6): Mac {
  const b = ip6Bytes(group);
  const hex = (i: number): string => b[i]!.toString(16).padStart(2, '0');
  return `33:33:${hex(12)}:${hex(13)}:${hex(14)}:${hex(15)}`;
}

/** ff00::/8. */
export function isMulticast6(address: Ip6): boolean {
  return address.length >= 4 && address.startsWith('ff') && address[4] === ':';
}

/** fe80::/10. */
export function isLinkLocal6(address: Ip6): boolean {
  const b = ip6Bytes(address);
  return b[0] === 0xfe && (b[1]! & 0xc0) === 0x80;
}
