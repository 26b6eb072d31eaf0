/** Tuples: how a packet names its connection (net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_*.c). */
import type { IpAddress, Transport } from '../../wire';
import { IPPROTO, ip6Bytes, isFragment4 } from '../../wire';
import type { Skb } from '../skb';
import type { Family } from '../types';
import type { Tuple } from './conn';

/** Protocol number of SCTP's and UDP-Lite's ports, which stand where those of TCP do. */
const UDPLITE = 136;
const DCCP = 33;

/** ICMP types that ask, with the types that answer them, both ways (nf_conntrack_proto_icmp.c, invmap). */
const ICMP4_INVERSE = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
]);
const ICMP6_INVERSE = new Map([
  [128, 129],
  [129, 128],
  [139, 140],
  [140, 139],
]);

/** A tuple that is filled again and again, so that looking a packet up makes no object. */
export class ScratchTuple implements Tuple {
  family: Family = 'inet';
  protocol = 0;
  src: IpAddress = 0;
  dst: IpAddress = 0;
  sport = 0;
  dport = 0;

  set(family: Family, protocol: number, src: IpAddress, dst: IpAddress, sport: number, dport: number): void {
    this.family = family;
    this.protocol = protocol;
    this.src = src;
    this.dst = dst;
    this.sport = sport;
    this.dport = dport;
  }
}

/** Builds a tuple of the one shape the table keeps. */
export function makeTuple(
  family: Family,
  protocol: number,
  src: IpAddress,
  dst: IpAddress,
  sport: number,
  dport: number,
): Tuple {
  return { family, protocol, src, dst, sport, dport };
}

/** A copy of a tuple, or of a scratch one. */
export function copyTuple(t: Tuple): Tuple {
  return makeTuple(t.family, t.protocol, t.src, t.dst, t.sport, t.dport);
}

/** Has the protocol ports that name a connection? */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === IPPROTO.TCP ||
    protocol === IPPROTO.UDP ||
    protocol === IPPROTO.SCTP ||
    protocol === UDPLITE ||
    protocol === DCCP
  );
}

function fromTransport(out: ScratchTuple, payload: Transport, protocol: number): boolean {
  switch (payload.kind) {
    case 'tcp':
    case 'udp':
      out.sport = payload.srcPort;
      out.dport = payload.dstPort;
      return true;
    case 'icmp4':
    case 'icmp6':
      out.dport = (payload.type << 8) | payload.code;
      if (payload.message === 'echo') out.sport = payload.id;
      else if (payload.message === 'error') out.sport = payload.rest >>> 16;
      else if (payload.message === 'other')
        out.sport = payload.body.length >= 2 ? (payload.body[0]! << 8) | payload.body[1]! : 0;
      else out.sport = 0;
      return true;
    case 'raw':
      return fromBytes(out, payload.bytes, 0, protocol);
  }
}

/** Reads ports, or type, code and identifier, from the start of a transport header. @returns false when it is cut. */
export function fromBytes(out: ScratchTuple, b: Uint8Array, at: number, protocol: number): boolean {
  out.sport = out.dport = 0;
  if (hasPorts(protocol)) {
    if (b.length < at + 8) return false;
    out.sport = (b[at]! << 8) | b[at + 1]!;
    out.dport = (b[at + 2]! << 8) | b[at + 3]!;
  } else if (protocol === IPPROTO.ICMP || protocol === IPPROTO.ICMPV6) {
    if (b.length < at + 8) return false;
    out.dport = (b[at]! << 8) | b[at + 1]!;
    out.sport = (b[at + 4]! << 8) | b[at + 5]!;
  }
  return true;
}

/** nf_ct_get_tuplepr: the tuple of a packet. @returns false when its headers are cut or it is a fragment. */
export function tupleOf(skb: Skb, out: ScratchTuple): boolean {
  const p = skb.payload;
  if (p.kind === 'ipv4') {
    if (isFragment4(p) && p.fragmentOffset > 0) return false;
    out.family = 'inet';
    out.protocol = p.protocol;
    out.src = p.src;
    out.dst = p.dst;
    return fromTransport(out, p.payload, p.protocol);
  }
  if (p.kind === 'ipv6') {
    if (p.fragment !== undefined && p.fragment.offset > 0) return false;
    out.family = 'inet6';
    out.protocol = p.nextHeader;
    out.src = p.src;
    out.dst = p.dst;
    return fromTransport(out, p.payload, p.nextHeader);
  }
  return false;
}

/** nf_ct_invert_tuple, into `out`. @returns false for ICMP messages that nothing answers. */
export function invertInto(t: Tuple, out: ScratchTuple): boolean {
  out.family = t.family;
  out.protocol = t.protocol;
  const { src } = t;
  out.src = t.dst;
  out.dst = src;
  if (t.protocol === IPPROTO.ICMP || t.protocol === IPPROTO.ICMPV6) {
    const inverse = (t.protocol === IPPROTO.ICMP ? ICMP4_INVERSE : ICMP6_INVERSE).get(t.dport >> 8);
    if (inverse === undefined) return false;
    out.dport = (inverse << 8) | (t.dport & 0xff);
    out.sport = t.sport;
    return true;
  }
  const { sport } = t;
  out.sport = t.dport;
  out.dport = sport;
  return true;
}

/** nf_ct_invert_tuple. @returns undefined for ICMP messages that nothing answers. */
export function invert(t: Tuple): Tuple | undefined {
  const out = new ScratchTuple();
  return invertInto(t, out) ? copyTuple(out) : undefined;
}

/** Do both name the same? */
export function sameTuple(a: Tuple, b: Tuple): boolean {
  return (
    a.sport === b.sport &&
    a.dport === b.dport &&
    a.src === b.src &&
    a.dst === b.dst &&
    a.protocol === b.protocol &&
    a.family === b.family
  );
}

/** An address as 32 bits: itself, or what its 128 bits add up to. */
export function addressHash(a: IpAddress): number {
  if (typeof a === 'number') return a;
  const b = ip6Bytes(a);
  let h = 0;
  for (let i = 0; i < 16; i += 4)
    h = Math.imul(h ^ ((b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!), 0x9e3779b1);
  return h;
}

/** hash_conntrack_raw: 32 bits. */
export function hashTuple(t: Tuple, seed: number): number {
  let h = seed ^ Math.imul(addressHash(t.src), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35) ^ addressHash(t.dst);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f) ^ ((t.sport << 16) | t.dport) ^ (t.protocol << 8);
  h = Math.imul(h ^ (h >>> 16), 0x9e3779b1);
  return (h ^ (h >>> 15)) >>> 0;
}
