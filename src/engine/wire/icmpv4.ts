/** ICMP for IPv4 (RFC 792, RFC 1191, RFC 1812). */
import { get16, put16, put32, get32 } from './bytes';
import { CHECKSUM_AUTO, expectedChecksum, internetChecksum } from './checksum';
import type { Ip4 } from './ip';

/** ICMP types. */
export const ICMP4 = {
  ECHO_REPLY: 0,
  UNREACHABLE: 3,
  REDIRECT: 5,
  ECHO_REQUEST: 8,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
} as const;

/** Codes of destination unreachable. */
export const ICMP4_UNREACH = {
  NET: 0,
  HOST: 1,
  PROTOCOL: 2,
  PORT: 3,
  FRAG_NEEDED: 4,
  SOURCE_ROUTE_FAILED: 5,
  NET_UNKNOWN: 6,
  HOST_UNKNOWN: 7,
  NET_PROHIBITED: 9,
  HOST_PROHIBITED: 10,
  ADMIN_PROHIBITED: 13,
} as const;

/** Echo request (type 8) or echo reply (type 0). */
export interface Icmp4Echo {
  readonly kind: 'icmp4';
  readonly message: 'echo';
  readonly type: 0 | 8;
  readonly code: number;
  readonly id: number;
  readonly seq: number;
  readonly payload: Uint8Array;
  /** CHECKSUM_AUTO or the literal field. */
  readonly checksum: number;
}

/** Destination unreachable, time exceeded, redirect, parameter problem: errors that quote the packet they are about. */
export interface Icmp4Error {
  readonly kind: 'icmp4';
  readonly message: 'error';
  readonly type: 3 | 5 | 11 | 12;
  readonly code: number;
  /**
   * Bytes 4..7 as one number: the next-hop MTU of "fragmentation needed" (low 16 bits), the gateway of a redirect, else 0.
   */
  readonly rest: number;
  /** The offending packet from its IP header on, as many bytes as are quoted. */
  readonly original: Uint8Array;
  readonly checksum: number;
}

/** Any other message (timestamps, router discovery, ...): bytes after the 4-byte header. */
export interface Icmp4Other {
  readonly kind: 'icmp4';
  readonly message: 'other';
  readonly type: number;
  readonly code: number;
  readonly body: Uint8Array;
  readonly checksum: number;
}

/** An ICMP message; `message` tells the shape, `type` and `code` are always there. */
export type Icmp4Packet = Icmp4Echo | Icmp4Error | Icmp4Other;

/** Builds an echo request (default) or reply. */
export function makeIcmp4Echo(id: number, seq: number, payload: Uint8Array, type: 0 | 8 = 8): Icmp4Echo {
  return { kind: 'icmp4', message: 'echo', type, code: 0, id, seq, payload, checksum: CHECKSUM_AUTO };
}

/** Builds an error message. `rest` is the MTU of "fragmentation needed" or a redirect's gateway. */
export function makeIcmp4Error(type: 3 | 5 | 11 | 12, code: number, original: Uint8Array, rest = 0): Icmp4Error {
  return { kind: 'icmp4', message: 'error', type, code, rest, original, checksum: CHECKSUM_AUTO };
}

/** The next-hop MTU in a "fragmentation needed" error (0 from routers older than RFC 1191). */
export function icmp4Mtu(error: Icmp4Error): number {
  return error.rest & 0xffff;
}

/** The gateway a redirect names. */
export function icmp4Gateway(error: Icmp4Error): Ip4 {
  return error.rest >>> 0;
}

/** Length in bytes. */
export function icmp4Length(icmp: Icmp4Packet): number {
  if (icmp.message === 'echo') return 8 + icmp.payload.length;
  if (icmp.message === 'error') return 8 + icmp.original.length;
  return 4 + icmp.body.length;
}

/** Writes the message at `at`. */
export function writeIcmp4(icmp: Icmp4Packet, out: Uint8Array, at: number): void {
  out[at] = icmp.type;
  out[at + 1] = icmp.code;
  put16(out, at + 2, 0);
  if (icmp.message === 'echo') {
    put16(out, at + 4, icmp.id);
    put16(out, at + 6, icmp.seq);
    out.set(icmp.payload, at + 8);
  } else if (icmp.message === 'error') {
    put32(out, at + 4, icmp.rest);
    out.set(icmp.original, at + 8);
  } else out.set(icmp.body, at + 4);
  put16(
    out,
    at + 2,
    icmp.checksum === CHECKSUM_AUTO ? internetChecksum(out, at, at + icmp4Length(icmp)) : icmp.checksum,
  );
}

/** Reads a message that fills `bytes`; undefined when it is shorter than its header. */
export function decodeIcmp4(bytes: Uint8Array): Icmp4Packet | undefined {
  if (bytes.length < 4) return undefined;
  const type = bytes[0]!;
  const code = bytes[1]!;
  const field = get16(bytes, 2);
  const checksum = field === expectedChecksum(bytes, 0, bytes.length, field) ? CHECKSUM_AUTO : field;
  if (bytes.length >= 8) {
    if (type === 0 || type === 8) {
      const id = get16(bytes, 4);
      return {
        kind: 'icmp4',
        message: 'echo',
        type,
        code,
        id,
        seq: get16(bytes, 6),
        payload: bytes.subarray(8),
        checksum,
      };
    }
    if (type === 3 || type === 5 || type === 11 || type === 12) {
      const rest = get32(bytes, 4);
      return { kind: 'icmp4', message: 'error', type, code, rest, original: bytes.subarray(8), checksum };
    }
  }
  return { kind: 'icmp4', message: 'other', type, code, body: bytes.subarray(4), checksum };
}
