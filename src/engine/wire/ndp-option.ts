/** Options of neighbour discovery messages (RFC 4861 section 4.6, RFC 8106). */
import { get16, get32, put32 } from './bytes';
import type { Ip6 } from './ip6-address';
import { formatIp6, ip6Bytes } from './ip6-address';
import type { Mac } from './mac';
import { macFromBytes, writeMac } from './mac';

/** One option; `option` tells the shape. `other` keeps the whole option, type and length bytes included. */
export type NdpOption =
  | { readonly option: 'sourceLinkAddress'; readonly mac: Mac }
  | { readonly option: 'targetLinkAddress'; readonly mac: Mac }
  | {
      readonly option: 'prefix';
      readonly prefix: Ip6;
      readonly length: number;
      /** Flags byte: 0x80 on-link, 0x40 autonomous. */
      readonly flags: number;
      /** Seconds; 0xffffffff is infinity. */
      readonly validLifetime: number;
      readonly preferredLifetime: number;
    }
  | { readonly option: 'mtu'; readonly mtu: number }
  | { readonly option: 'rdnss'; readonly lifetime: number; readonly servers: readonly Ip6[] }
  | { readonly option: 'other'; readonly bytes: Uint8Array };

function optionLength(option: NdpOption): number {
  switch (option.option) {
    case 'sourceLinkAddress':
    case 'targetLinkAddress':
    case 'mtu':
      return 8;
    case 'prefix':
      return 32;
    case 'rdnss':
      return 8 + 16 * option.servers.length;
    case 'other':
      return option.bytes.length;
  }
}

/** Bytes all options occupy. */
export function ndpOptionsLength(options: readonly NdpOption[]): number {
  let length = 0;
  for (const option of options) length += optionLength(option);
  return length;
}

/** Writes the options one after another from `at`. */
export function writeNdpOptions(options: readonly NdpOption[], out: Uint8Array, at: number): void {
  for (const o of options) {
    const length = optionLength(o);
    out[at + 1] = length >> 3;
    switch (o.option) {
      case 'sourceLinkAddress':
      case 'targetLinkAddress':
        out[at] = o.option === 'sourceLinkAddress' ? 1 : 2;
        writeMac(o.mac, out, at + 2);
        break;
      case 'prefix':
        out[at] = 3;
        out[at + 2] = o.length;
        out[at + 3] = o.flags;
        put32(out, at + 4, o.validLifetime);
        put32(out, at + 8, o.preferredLifetime);
        out.set(ip6Bytes(o.prefix), at + 16);
        break;
      case 'mtu':
        out[at] = 5;
        put32(out, at + 4, o.mtu);
        break;
      case 'rdnss':
        out[at] = 25;
        put32(out, at + 4, o.lifetime);
        o.servers.forEach((s, i) => out.set(ip6Bytes(s), at + 8 + 16 * i));
        break;
      case 'other':
        out.set(o.bytes, at);
        break;
    }
    at += length;
  }
}

/** Reads the options from `at` to the end; undefined when one has length 0 or runs over the end. */
export function decodeNdpOptions(bytes: Uint8Array, at: number): NdpOption[] | undefined {
  const options: NdpOption[] = [];
  while (at < bytes.length) {
    const type = bytes[at]!;
    const length = (bytes[at + 1] ?? 0) * 8;
    if (length === 0 || at + length > bytes.length) return undefined;
    options.push(decodeOption(bytes, at, type, length));
    at += length;
  }
  return options;
}

function decodeOption(bytes: Uint8Array, at: number, type: number, length: number): NdpOption {
  if (type === 1 && length === 8) return { option: 'sourceLinkAddress', mac: macFromBytes(bytes, at + 2) };
  if (type === 2 && length === 8) return { option: 'targetLinkAddress', mac: macFromBytes(bytes, at + 2) };
  if (type === 3 && length === 32 && get32(bytes, at + 12) === 0) {
    return {
      option: 'prefix',
      prefix: formatIp6(bytes, at + 16),
      length: bytes[at + 2]!,
      flags: bytes[at + 3]!,
      validLifetime: get32(bytes, at + 4),
      preferredLifetime: get32(bytes, at + 8),
    };
  }
  if (type === 5 && length === 8 && get16(bytes, at + 2) === 0) return { option: 'mtu', mtu: get32(bytes, at + 4) };
  if (type === 25 && length >= 24 && length % 16 === 8 && get16(bytes, at + 2) === 0) {
    const servers: Ip6[] = [];
    for (let p = at + 8; p < at + length; p += 16) servers.push(formatIp6(bytes, p));
    return { option: 'rdnss', lifetime: get32(bytes, at + 4), servers };
  }
  return { option: 'other', bytes: bytes.subarray(at, at + length) };
}

/** The link-layer address in the first option of the given kind, if there is one. */
export function linkAddressOption(
  options: readonly NdpOption[],
  kind: 'sourceLinkAddress' | 'targetLinkAddress',
): Mac | undefined {
  for (const o of options) if (o.option === kind) return o.mac;
  return undefined;
}
