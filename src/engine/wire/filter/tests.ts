/** The predicates filter expressions are made of, over the bytes of a packet as BPF sees them. */
import { LINKTYPE } from '../pcap';
import { complement, intersection, onlyProtocol, onlyType, union } from './domain';

/** A packet under test. `bytes` may be a getter: it is read only when a predicate needs it. */
export interface FilterPacket {
  readonly bytes: Uint8Array;
  /** Length on the wire in bytes. */
  readonly length: number;
  /** The tag of a live capture, which Linux keeps outside the bytes. */
  readonly vlan?: { readonly id: number } | undefined;
  /** Sent by the capturing host? For `inbound` and `outbound`. */
  readonly outgoing?: boolean | undefined;
}

/** A compiled predicate. */
export type Predicate = (packet: FilterPacket) => boolean;

/** A compiled 32-bit expression. */
export type Arithmetic = (packet: FilterPacket) => number;

/** Set when a load ran past the captured bytes: as in BPF the packet is then rejected, whatever else holds. */
export const fault = { raised: false };

/** Reads an unsigned big-endian number of 1, 2 or 4 bytes. */
export function load(packet: FilterPacket, at: number, size: number): number {
  const bytes = packet.bytes;
  if (at < 0 || at + size > bytes.length) {
    fault.raised = true;
    return 0;
  }
  let value = bytes[at]!;
  for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i]!;
  return value;
}

/** Where the headers are in the bytes of a link type. */
export interface Layout {
  /** Offset of the EtherType; undefined when the link type has none. */
  readonly type: number | undefined;
  readonly network: number;
}

/** The layout of a link type, `shift` bytes of VLAN tags further in. */
export function layoutOf(linkType: number, shift: number): Layout {
  switch (linkType) {
    case LINKTYPE.LINUX_SLL2:
      return { type: shift === 0 ? 0 : 18 + shift, network: 20 + shift };
    case LINKTYPE.LINUX_SLL:
      return { type: 14 + shift, network: 16 + shift };
    case LINKTYPE.RAW:
      return { type: undefined, network: 0 };
    default:
      return { type: 12 + shift, network: 14 + shift };
  }
}

/** Both hold, the second asked only after the first. */
export const both = (a: Predicate, b: Predicate): Predicate => intersection((p) => a(p) && b(p), a, b);

/** One holds. */
export const either = (a: Predicate, b: Predicate): Predicate => union((p) => a(p) || b(p), a, b);

/** It does not hold. */
export const opposite = (a: Predicate): Predicate => complement((p) => !a(p), a);

/** The EtherType is this one. */
export function etherType(layout: Layout, type: number): Predicate {
  const at = layout.type;
  if (at !== undefined) return onlyType((p) => load(p, at, 2) === type, type, true);
  if (type === 0x0800) return (p) => load(p, 0, 1) >> 4 === 4;
  return type === 0x86dd ? (p) => load(p, 0, 1) >> 4 === 6 : () => false;
}

/** The protocol field of an IPv4 packet. */
export function ip4Protocol(layout: Layout, protocol: number): Predicate {
  const ip = etherType(layout, 0x0800);
  return onlyProtocol((p) => ip(p) && load(p, layout.network + 9, 1) === protocol, 0x0800, protocol, true);
}

/** The next header of an IPv6 packet; `fragments`: also behind a fragment header. */
export function ip6Protocol(layout: Layout, protocol: number, fragments: boolean): Predicate {
  const ip6 = etherType(layout, 0x86dd);
  const test: Predicate = (p) => {
    if (!ip6(p)) return false;
    const next = load(p, layout.network + 6, 1);
    return next === protocol || (fragments && next === 44 && load(p, layout.network + 40, 1) === protocol);
  };
  // What is behind a fragment header counts as the protocol, so that the header itself is none.
  return protocol === 44 ? onlyType(test, 0x86dd) : onlyProtocol(test, 0x86dd, protocol, fragments);
}

/** Offset of the transport header of an IPv4 packet. */
export function transport4(layout: Layout, packet: FilterPacket): number {
  return layout.network + (load(packet, layout.network, 1) & 15) * 4;
}

/** Is this IPv4 packet the start of a datagram (not a later fragment)? */
export function firstFragment(layout: Layout, packet: FilterPacket): boolean {
  return (load(packet, layout.network + 6, 2) & 0x1fff) === 0;
}

/** Which end a qualifier asks about. */
export type Direction = 'src' | 'dst' | 'either' | 'both';

/** Combines the tests of the two ends. */
export function ends(direction: Direction, src: Predicate, dst: Predicate): Predicate {
  switch (direction) {
    case 'src':
      return src;
    case 'dst':
      return dst;
    case 'both':
      return both(src, dst);
    case 'either':
      return either(src, dst);
  }
}

/** A port, or a range of ports, of the given protocols. */
export function port(
  layout: Layout,
  protocols: readonly number[],
  direction: Direction,
  low: number,
  high: number,
): Predicate {
  const ip = etherType(layout, 0x0800);
  const ip6 = etherType(layout, 0x86dd);
  const inRange = (value: number): boolean => value >= low && value <= high;
  const at = (packet: FilterPacket, base: number): boolean => {
    const src = direction === 'dst' ? false : inRange(load(packet, base, 2));
    if (direction === 'src') return src;
    if (direction === 'either' && src) return true;
    if (direction === 'both' && !src) return false;
    return inRange(load(packet, base + 2, 2));
  };
  const test: Predicate = (p) => {
    if (ip(p)) {
      if (!protocols.includes(load(p, layout.network + 9, 1)) || !firstFragment(layout, p)) return false;
      return at(p, transport4(layout, p));
    }
    return ip6(p) && protocols.includes(load(p, layout.network + 6, 1)) && at(p, layout.network + 40);
  };
  // It matches part of what these protocols are.
  const kinds = protocols.map((n) => either(ip4Protocol(layout, n), ip6Protocol(layout, n, true))).reduce(either);
  return intersection(test, kinds, test);
}

/** An IPv4 address or network in IP (`ip`) or in ARP and RARP (`arp`, `rarp`) packets. */
export function host4(
  layout: Layout,
  kinds: readonly ('ip' | 'arp' | 'rarp')[],
  direction: Direction,
  address: number,
  mask: number,
): Predicate {
  const at =
    (offset: number): Predicate =>
    (p) =>
      (load(p, layout.network + offset, 4) & mask) >>> 0 === (address & mask) >>> 0;
  const tests = kinds.map((kind) => {
    const isKind = etherType(layout, kind === 'ip' ? 0x0800 : kind === 'arp' ? 0x0806 : 0x8035);
    const test = kind === 'ip' ? ends(direction, at(12), at(16)) : ends(direction, at(14), at(24));
    return both(isKind, test);
  });
  return tests.reduce(either);
}

/** An IPv6 address or network. */
export function host6(layout: Layout, direction: Direction, address: Uint8Array, length: number): Predicate {
  const at =
    (offset: number): Predicate =>
    (p) => {
      for (let i = 0; i * 8 < length; i++) {
        const keep = Math.min(8, length - i * 8);
        const mask = (0xff << (8 - keep)) & 0xff;
        if (((load(p, layout.network + offset + i, 1) ^ address[i]!) & mask) !== 0) return false;
      }
      return true;
    };
  return both(etherType(layout, 0x86dd), ends(direction, at(8), at(24)));
}

/** An Ethernet address. */
export function etherHost(direction: Direction, mac: Uint8Array): Predicate {
  const at =
    (offset: number): Predicate =>
    (p) => {
      for (let i = 0; i < 6; i++) if (load(p, offset + i, 1) !== mac[i]) return false;
      return true;
    };
  return ends(direction, at(6), at(0));
}
