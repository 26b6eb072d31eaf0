/** ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and MLDv2 reports (RFC 3810). */
import { NO_BYTES, get16, get32, put16, put32 } from './bytes';
import { CHECKSUM_AUTO, expectedChecksum, internetChecksum } from './checksum';
import type { Ip6 } from './ip6-address';
import { formatIp6, ip6Bytes } from './ip6-address';
import type { NdpOption } from './ndp-option';
import { decodeNdpOptions, ndpOptionsLength, writeNdpOptions } from './ndp-option';

/** ICMPv6 types. */
export const ICMP6 = {
  UNREACHABLE: 1,
  PACKET_TOO_BIG: 2,
  TIME_EXCEEDED: 3,
  PARAMETER_PROBLEM: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOR_SOLICITATION: 135,
  NEIGHBOR_ADVERTISEMENT: 136,
  REDIRECT: 137,
  MLDV2_REPORT: 143,
} as const;

/** Codes of destination unreachable. */
export const ICMP6_UNREACH = {
  NO_ROUTE: 0,
  ADMIN: 1,
  BEYOND_SCOPE: 2,
  ADDRESS: 3,
  PORT: 4,
  POLICY: 5,
  REJECT: 6,
} as const;

interface Icmp6Common {
  readonly kind: 'icmp6';
  readonly code: number;
  /** CHECKSUM_AUTO or the literal field. */
  readonly checksum: number;
}

/** Echo request (128) or reply (129). */
export interface Icmp6Echo extends Icmp6Common {
  readonly message: 'echo';
  readonly type: 128 | 129;
  readonly id: number;
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** Unreachable, packet too big, time exceeded, parameter problem: errors that quote the packet they are about. */
export interface Icmp6Error extends Icmp6Common {
  readonly message: 'error';
  readonly type: 1 | 2 | 3 | 4;
  /** Bytes 4..7: the MTU of packet too big, the pointer of parameter problem, else 0. */
  readonly rest: number;
  readonly original: Uint8Array;
}

/** Router solicitation. */
export interface RouterSolicitation extends Icmp6Common {
  readonly message: 'routerSolicitation';
  readonly type: 133;
  readonly options: readonly NdpOption[];
}

/** Router advertisement. */
export interface RouterAdvertisement extends Icmp6Common {
  readonly message: 'routerAdvertisement';
  readonly type: 134;
  readonly hopLimit: number;
  /** The flags byte: 0x80 managed, 0x40 other, 0x18 router preference, ... */
  readonly flags: number;
  /** Seconds. */
  readonly lifetime: number;
  /** Milliseconds; 0 unspecified. */
  readonly reachable: number;
  /** Milliseconds; 0 unspecified. */
  readonly retrans: number;
  readonly options: readonly NdpOption[];
}

/** Neighbour solicitation. */
export interface NeighborSolicitation extends Icmp6Common {
  readonly message: 'neighborSolicitation';
  readonly type: 135;
  readonly target: Ip6;
  readonly options: readonly NdpOption[];
}

/** Neighbour advertisement. */
export interface NeighborAdvertisement extends Icmp6Common {
  readonly message: 'neighborAdvertisement';
  readonly type: 136;
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly target: Ip6;
  readonly options: readonly NdpOption[];
}

/** One multicast address record of an MLDv2 report. */
export interface MldRecord {
  /** 1 is_in, 2 is_ex, 3 to_in, 4 to_ex, 5 allow, 6 block. */
  readonly type: number;
  readonly group: Ip6;
  readonly sources: readonly Ip6[];
}

/** MLDv2 report. */
export interface Mldv2Report extends Icmp6Common {
  readonly message: 'mldv2Report';
  readonly type: 143;
  readonly records: readonly MldRecord[];
}

/** Any other message, or one whose body does not parse: bytes after the 4-byte header. */
export interface Icmp6Other extends Icmp6Common {
  readonly message: 'other';
  readonly type: number;
  readonly body: Uint8Array;
}

/** An ICMPv6 message; `message` tells the shape, `type` and `code` are always there. */
export type Icmp6Packet =
  | Icmp6Echo
  | Icmp6Error
  | RouterSolicitation
  | RouterAdvertisement
  | NeighborSolicitation
  | NeighborAdvertisement
  | Mldv2Report
  | Icmp6Other;

const BASE = { kind: 'icmp6', code: 0, checksum: CHECKSUM_AUTO } as const;

/** Builds an echo request (default) or reply. */
export function makeIcmp6Echo(id: number, seq: number, payload: Uint8Array, type: 128 | 129 = 128): Icmp6Echo {
  return { kind: 'icmp6', code: 0, checksum: CHECKSUM_AUTO, message: 'echo', type, id, seq, payload };
}

/** Builds an error. `rest` is the MTU of packet too big or the pointer of parameter problem. */
export function makeIcmp6Error(type: 1 | 2 | 3 | 4, code: number, original: Uint8Array, rest = 0): Icmp6Error {
  return { kind: 'icmp6', code, checksum: CHECKSUM_AUTO, message: 'error', type, rest, original };
}

/** Builds a router solicitation. */
export function makeRouterSolicitation(options: readonly NdpOption[]): RouterSolicitation {
  return { ...BASE, message: 'routerSolicitation', type: 133, options };
}

/** Builds a neighbour solicitation for `target`; `sourceMac` is left out in duplicate address detection. */
export function makeNeighborSolicitation(target: Ip6, sourceMac: string | undefined): NeighborSolicitation {
  const options: NdpOption[] = sourceMac === undefined ? [] : [{ option: 'sourceLinkAddress', mac: sourceMac }];
  return { ...BASE, message: 'neighborSolicitation', type: 135, target, options };
}

/** Builds a neighbour advertisement. */
export function makeNeighborAdvertisement(
  target: Ip6,
  mac: string | undefined,
  flags: { router?: boolean; solicited?: boolean; override?: boolean },
): NeighborAdvertisement {
  return {
    ...BASE,
    message: 'neighborAdvertisement',
    type: 136,
    router: flags.router ?? false,
    solicited: flags.solicited ?? false,
    override: flags.override ?? false,
    target,
    options: mac === undefined ? [] : [{ option: 'targetLinkAddress', mac }],
  };
}

/** Builds an MLDv2 report. */
export function makeMldv2Report(records: readonly MldRecord[]): Mldv2Report {
  return { ...BASE, message: 'mldv2Report', type: 143, records };
}

/** Length in bytes. */
export function icmp6Length(icmp: Icmp6Packet): number {
  switch (icmp.message) {
    case 'echo':
      return 8 + icmp.payload.length;
    case 'error':
      return 8 + icmp.original.length;
    case 'routerSolicitation':
      return 8 + ndpOptionsLength(icmp.options);
    case 'routerAdvertisement':
      return 16 + ndpOptionsLength(icmp.options);
    case 'neighborSolicitation':
    case 'neighborAdvertisement':
      return 24 + ndpOptionsLength(icmp.options);
    case 'mldv2Report': {
      let length = 8;
      for (const r of icmp.records) length += 20 + 16 * r.sources.length;
      return length;
    }
    case 'other':
      return 4 + icmp.body.length;
  }
}

/** Writes the message at `at`. @param pseudo unfolded pseudo-header sum without the length. */
export function writeIcmp6(icmp: Icmp6Packet, out: Uint8Array, at: number, pseudo: number): void {
  out[at] = icmp.type;
  out[at + 1] = icmp.code;
  put16(out, at + 2, 0);
  switch (icmp.message) {
    case 'echo':
      put16(out, at + 4, icmp.id);
      put16(out, at + 6, icmp.seq);
      out.set(icmp.payload, at + 8);
      break;
    case 'error':
      put32(out, at + 4, icmp.rest);
      out.set(icmp.original, at + 8);
      break;
    case 'routerSolicitation':
      put32(out, at + 4, 0);
      writeNdpOptions(icmp.options, out, at + 8);
      break;
    case 'routerAdvertisement':
      out[at + 4] = icmp.hopLimit;
      out[at + 5] = icmp.flags;
      put16(out, at + 6, icmp.lifetime);
      put32(out, at + 8, icmp.reachable);
      put32(out, at + 12, icmp.retrans);
      writeNdpOptions(icmp.options, out, at + 16);
      break;
    case 'neighborSolicitation':
    case 'neighborAdvertisement': {
      let flags = 0;
      if (icmp.message === 'neighborAdvertisement') {
        flags = (icmp.router ? 0x80 : 0) | (icmp.solicited ? 0x40 : 0) | (icmp.override ? 0x20 : 0);
      }
      put32(out, at + 4, flags << 24);
      out.set(ip6Bytes(icmp.target), at + 8);
      writeNdpOptions(icmp.options, out, at + 24);
      break;
    }
    case 'mldv2Report': {
      put16(out, at + 4, 0);
      put16(out, at + 6, icmp.records.length);
      let p = at + 8;
      for (const r of icmp.records) {
        out[p] = r.type;
        out[p + 1] = 0;
        put16(out, p + 2, r.sources.length);
        out.set(ip6Bytes(r.group), p + 4);
        p += 20;
        for (const s of r.sources) {
          out.set(ip6Bytes(s), p);
          p += 16;
        }
      }
      break;
    }
    case 'other':
      out.set(icmp.body, at + 4);
      break;
  }
  const length = icmp6Length(icmp);
  const auto = icmp.checksum === CHECKSUM_AUTO;
  put16(out, at + 2, auto ? internetChecksum(out, at, at + length, pseudo + length) : icmp.checksum);
}

function decodeBody(bytes: Uint8Array, checksum: number): Icmp6Packet | undefined {
  const type = bytes[0]!;
  const code = bytes[1]!;
  const common = { kind: 'icmp6', code, checksum } as const;
  if (bytes.length < 8) return undefined;
  if (type === 128 || type === 129) {
    const id = get16(bytes, 4);
    return {
      kind: 'icmp6',
      code,
      checksum,
      message: 'echo',
      type,
      id,
      seq: get16(bytes, 6),
      payload: bytes.subarray(8),
    };
  }
  if (type === 1 || type === 2 || type === 3 || type === 4) {
    const rest = get32(bytes, 4);
    return { kind: 'icmp6', code, checksum, message: 'error', type, rest, original: bytes.subarray(8) };
  }
  if (type === 133) {
    const options = decodeNdpOptions(bytes, 8);
    if (options === undefined || get32(bytes, 4) !== 0) return undefined;
    return { ...common, message: 'routerSolicitation', type, options };
  }
  if (type === 134 && bytes.length >= 16) {
    const options = decodeNdpOptions(bytes, 16);
    if (options === undefined) return undefined;
    return {
      ...common,
      message: 'routerAdvertisement',
      type,
      hopLimit: bytes[4]!,
      flags: bytes[5]!,
      lifetime: get16(bytes, 6),
      reachable: get32(bytes, 8),
      retrans: get32(bytes, 12),
      options,
    };
  }
  if ((type === 135 || type === 136) && bytes.length >= 24) {
    const options = decodeNdpOptions(bytes, 24);
    const flags = bytes[4]!;
    const reserved = get32(bytes, 4) & (type === 135 ? 0xffffffff : 0x1fffffff);
    if (options === undefined || reserved !== 0) return undefined;
    const target = formatIp6(bytes, 8);
    if (type === 135) return { ...common, message: 'neighborSolicitation', type, target, options };
    return {
      ...common,
      message: 'neighborAdvertisement',
      type,
      router: (flags & 0x80) !== 0,
      solicited: (flags & 0x40) !== 0,
      override: (flags & 0x20) !== 0,
      target,
      options,
    };
  }
  if (type === 143) {
    const records = decodeMldRecords(bytes);
    if (records !== undefined) return { ...common, message: 'mldv2Report', type, records };
  }
  return undefined;
}

function decodeMldRecords(bytes: Uint8Array): MldRecord[] | undefined {
  if (get16(bytes, 4) !== 0) return undefined;
  const records: MldRecord[] = [];
  let p = 8;
  for (let n = get16(bytes, 6); n > 0; n--) {
    const count = get16(bytes, p + 2);
    // a record with auxiliary data is not representable
    if (p + 20 + 16 * count > bytes.length || bytes[p + 1] !== 0) return undefined;
    const sources: Ip6[] = [];
    for (let s = 0; s < count; s++) sources.push(formatIp6(bytes, p + 20 + 16 * s));
    records.push({ type: bytes[p]!, group: formatIp6(bytes, p + 4), sources });
    p += 20 + 16 * count;
  }
  return p === bytes.length ? records : undefined;
}

/** Reads a message that fills `bytes`; undefined when it is shorter than the ICMPv6 header. */
export function decodeIcmp6(bytes: Uint8Array, pseudo: number): Icmp6Packet | undefined {
  if (bytes.length < 4) return undefined;
  const field = get16(bytes, 2);
  const right = field === expectedChecksum(bytes, 0, bytes.length, field, pseudo + bytes.length);
  const checksum = right ? CHECKSUM_AUTO : field;
  const body = bytes.length > 4 ? bytes.subarray(4) : NO_BYTES;
  return (
    decodeBody(bytes, checksum) ?? { kind: 'icmp6', code: bytes[1]!, checksum, message: 'other', type: bytes[0]!, body }
  );
}
