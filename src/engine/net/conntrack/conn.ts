/** Connections as conntrack knows them (include/net/netfilter/nf_conntrack.h). */
import type { Micros } from '../../core';
import type { Family } from '../types';
import type { IpAddress } from '../../wire';

/** One direction of a connection. For ICMP the ports are type/code and the identifier: see `icmp`. */
export interface Tuple {
  readonly family: Family;
  readonly protocol: number;
  readonly src: IpAddress;
  readonly dst: IpAddress;
  /** Source port; for ICMP the identifier. */
  readonly sport: number;
  /** Destination port; for ICMP `type << 8 | code`. */
  readonly dport: number;
}

/** enum ip_conntrack_info, in `skb.ctInfo`. */
export const CTINFO = {
  ESTABLISHED: 0,
  RELATED: 1,
  NEW: 2,
  ESTABLISHED_REPLY: 3,
  RELATED_REPLY: 4,
  UNTRACKED: 7,
} as const;

/** Directions. */
export const DIR = { ORIGINAL: 0, REPLY: 1 } as const;

/** Bits of `Conn.status` (enum ip_conntrack_status). */
export const CT_STATUS = {
  EXPECTED: 1,
  SEEN_REPLY: 2,
  ASSURED: 4,
  CONFIRMED: 8,
  SRC_NAT: 16,
  DST_NAT: 32,
  SEQ_ADJUST: 64,
  SRC_NAT_DONE: 128,
  DST_NAT_DONE: 256,
  DYING: 512,
  FIXED_TIMEOUT: 1024,
  TEMPLATE: 2048,
} as const;

/** A tracked connection, in `skb.ct`. */
export interface Conn {
  /** For `conntrack -L -o id` and events. */
  readonly id: number;
  readonly original: Tuple;
  /** What replies look like; NAT rewrites it before the connection is confirmed. */
  reply: Tuple;
  /** {@link CT_STATUS} */
  status: number;
  /** connmark */
  mark: number;
  zone: number;
  /** When it dies, unless refreshed. */
  expires: Micros;
  /** The connection that caused this one (an ICMP error's is not tracked itself; ftp-like helpers). */
  master: Conn | null;
  /** nf_conntrack_acct: counters by direction, frames and bytes from the network header on. */
  readonly packets: [number, number];
  readonly bytes: [number, number];
  /** TCP's state by conntrack's own numbers (TCP_CONNTRACK_*); 0 for other protocols. */
  tcpState: number;
}

/** What NAT shall make of a connection (struct nf_nat_range2). */
export interface NatRange {
  /** Addresses to choose from; absent: keep. */
  readonly min?: IpAddress;
  readonly max?: IpAddress;
  /** Ports (host order) or ICMP identifiers; absent: keep if possible. */
  readonly minPort?: number;
  readonly maxPort?: number;
  readonly random?: boolean;
  readonly fullyRandom?: boolean;
  readonly persistent?: boolean;
  /** --to-destination :80-90/1000 */
  readonly basePort?: number;
}
