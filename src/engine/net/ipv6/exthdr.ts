/** Extension headers that the wire layer leaves in a raw payload, and the options in them (net/ipv6/exthdrs.c). */
import type { Ipv6Packet, Transport } from '../../wire';
import { decodeTransport, ipv6HeaderLength, makeRaw } from '../../wire';

/** Numbers of the headers that are stepped over. */
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;

/** What becomes of a packet: go on with another one, an ICMPv6 parameter problem, or silence. */
export type HeaderVerdict =
  | { readonly verdict: 'next'; readonly packet: Ipv6Packet }
  | { readonly verdict: 'problem'; readonly code: 0 | 1 | 2; readonly pointer: number }
  | { readonly verdict: 'drop' };

/** Is the next header an extension header that has to be looked into? */
export function isExtension(nextHeader: number): boolean {
  return nextHeader === ROUTING || nextHeader === DESTINATION || nextHeader === FRAGMENT;
}

/**
 * The options of a hop-by-hop or destination header (ip6_parse_tlv): known ones are padding, router alert and jumbo.
 * @param at where the first option lies in the packet @returns undefined when all is well
 */
export function checkOptions(
  options: Uint8Array,
  at: number,
  multicast: boolean,
): Extract<HeaderVerdict, { verdict: 'problem' | 'drop' }> | undefined {
  for (let i = 0; i < options.length;) {
    const type = options[i]!;
    if (type === 0) {
      i++;
      continue;
    }
    const length = options[i + 1];
    if (length === undefined || i + 2 + length > options.length) return { verdict: 'drop' };
    const known = type === 1 || type === 5;
    if (!known) {
      // The two highest bits say what to do with an option nobody knows.
      const action = type >> 6;
      if (action === 1) return { verdict: 'drop' };
      if (action === 2 || (action === 3 && !multicast)) return { verdict: 'problem', code: 2, pointer: at + i };
      if (action === 3) return { verdict: 'drop' };
    }
    i += 2 + length;
  }
  return undefined;
}

/** Steps over one extension header of `p`, whose payload is raw. */
export function stepHeader(p: Ipv6Packet, multicast: boolean): HeaderVerdict {
  const payload: Transport = p.payload;
  const bytes = payload.kind === 'raw' ? payload.bytes : undefined;
  if (bytes === undefined || bytes.length < 8) return { verdict: 'drop' };
  const base = ipv6HeaderLength(p);
  const next = bytes[0]!;
  if (p.nextHeader === FRAGMENT) {
    const offset = (bytes[2]! << 8) | bytes[3]!;
    const id = ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0;
    const fragment = { offset: offset & 0xfff8, mf: (offset & 1) !== 0, id };
    return { verdict: 'next', packet: { ...p, nextHeader: next, fragment, payload: makeRaw(bytes.subarray(8)) } };
  }
  const length = (bytes[1]! + 1) * 8;
  if (length > bytes.length) return { verdict: 'drop' };
  if (p.nextHeader === DESTINATION) {
    const bad = checkOptions(bytes.subarray(2, length), base + 2, multicast);
    if (bad !== undefined) return bad;
  } else if (bytes[3]! !== 0) {
    // Source routes are not followed (RFC 5095).
    return { verdict: 'problem', code: 0, pointer: base + 2 };
  }
  const rest = bytes.subarray(length);
  const inner = isExtension(next) ? makeRaw(rest) : decodeTransport(rest, p.src, p.dst, next);
  return { verdict: 'next', packet: { ...p, nextHeader: next, payload: inner } };
}
