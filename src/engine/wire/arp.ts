/** ARP for IPv4 over Ethernet (RFC 826). */
import { get16, put16 } from './bytes';
import type { Ip4 } from './ip';
import { ip4FromBytes, writeIp4 } from './ip';
import type { Mac } from './mac';
import { macFromBytes, writeMac } from './mac';

/** Operation codes (RFC 826, RFC 903). */
export const ARP_OP = { REQUEST: 1, REPLY: 2, REVREQUEST: 3, REVREPLY: 4 } as const;

/** Length of an Ethernet/IPv4 ARP packet in bytes. */
export const ARP_LENGTH = 28;

/** An ARP packet with hardware type Ethernet and protocol type IPv4. */
export interface ArpPacket {
  readonly kind: 'arp';
  /** {@link ARP_OP}, 16 bits. */
  readonly op: number;
  /** Sender hardware and protocol address. */
  readonly sha: Mac;
  readonly spa: Ip4;
  /** Target hardware and protocol address. */
  readonly tha: Mac;
  readonly tpa: Ip4;
}

/** Builds an ARP packet. */
export function makeArp(op: number, sha: Mac, spa: Ip4, tha: Mac, tpa: Ip4): ArpPacket {
  return { kind: 'arp', op, sha, spa, tha, tpa };
}

/** Writes 28 bytes at `at`. */
export function writeArp(arp: ArpPacket, out: Uint8Array, at: number): void {
  put16(out, at, 1);
  put16(out, at + 2, 0x0800);
  out[at + 4] = 6;
  out[at + 5] = 4;
  put16(out, at + 6, arp.op);
  writeMac(arp.sha, out, at + 8);
  writeIp4(arp.spa, out, at + 14);
  writeMac(arp.tha, out, at + 18);
  writeIp4(arp.tpa, out, at + 24);
}

/** Reads an ARP packet; undefined when it is short or not Ethernet/IPv4. Bytes after the 28th are the caller's. */
export function decodeArp(bytes: Uint8Array): ArpPacket | undefined {
  if (bytes.length < ARP_LENGTH) return undefined;
  if (get16(bytes, 0) !== 1 || get16(bytes, 2) !== 0x0800 || bytes[4] !== 6 || bytes[5] !== 4) return undefined;
  return makeArp(
    get16(bytes, 6),
    macFromBytes(bytes, 8),
    ip4FromBytes(bytes, 14),
    macFromBytes(bytes, 18),
    ip4FromBytes(bytes, 24),
  );
}
