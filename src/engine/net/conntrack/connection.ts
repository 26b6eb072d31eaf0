/** One tracked connection and the nodes by which the table finds it (struct nf_conn). */
import type { Micros } from '../../core';
import type { Conn, Tuple } from './conn';
import { CT_STATUS } from './conn';

/** One direction of a connection in the table (struct nf_conntrack_tuple_hash). */
export class TupleNode {
  next: TupleNode | null = null;
  hash = 0;
  constructor(
    readonly conn: Connection,
    /** DIR */
    readonly dir: 0 | 1,
    public tuple: Tuple,
  ) {}
}

/** What TCP's tracking knows of one side (struct ip_ct_tcp_state). Sequence numbers are uint32. */
export class TcpSide {
  /** Highest sequence number sent, plus one; the highest that may be sent; the largest window; the highest ACK sent. */
  end = 0;
  maxEnd = 0;
  maxWin = 0;
  maxAck = 0;
  scale = 0;
  /** TCP_SEEN bits */
  flags = 0;

  reset(): void {
    this.end = this.maxEnd = this.maxWin = this.maxAck = this.scale = this.flags = 0;
  }
}

/** TCP's part of a connection (struct ip_ct_tcp). */
export class TcpInfo {
  readonly seen: [TcpSide, TcpSide] = [new TcpSide(), new TcpSide()];
  lastDir = 0;
  lastIndex = 4;
  lastSeq = 0;
  lastAck = 0;
  lastEnd = 0;
  lastWin = 0;
  lastScale = 0;
  lastFlags = 0;
  retrans = 0;
}

/** Changes that are announced together when the packet that made them leaves (enum ip_conntrack_events). */
export const CT_EVENT = { NEW: 1, DESTROY: 4, REPLY: 8, ASSURED: 16, PROTOINFO: 32, MARK: 128, RELATED: 2 } as const;

/** A connection. `packets` and `bytes` are counted only while nf_conntrack_acct was on when it began. */
export class Connection implements Conn {
  readonly nodes: readonly [TupleNode, TupleNode];
  status = 0;
  mark = 0;
  expires: Micros = 0;
  /** How long it lives unless refreshed, before it is confirmed. */
  timeout: Micros = 0;
  master: Conn | null = null;
  readonly packets: [number, number] = [0, 0];
  readonly bytes: [number, number] = [0, 0];
  tcpState = 0;
  tcp: TcpInfo | null = null;
  /** After that time a UDP flow with answers counts as a stream (struct nf_ct_udp). */
  streamAfter: Micros = 0;
  acct = false;
  /** Its beginning, changes and end are announced. */
  announced = false;
  /** Virtual times of its first and last packet, 0 unless nf_conntrack_timestamp is on. */
  started: Micros = 0;
  stopped: Micros = 0;
  /** The link whose address MASQUERADE took, by index; 0 for none. */
  masqIndex = 0;
  /** CT_EVENT bits that are to be announced. */
  events = 0;
  /** Its place in the lists of connections by source. */
  bySource = -1;

  constructor(
    readonly id: number,
    original: Tuple,
    reply: Tuple,
    public zone: number,
  ) {
    this.nodes = [new TupleNode(this, 0, original), new TupleNode(this, 1, reply)];
  }

  get original(): Tuple {
    return this.nodes[0].tuple;
  }

  get reply(): Tuple {
    return this.nodes[1].tuple;
  }

  set reply(tuple: Tuple) {
    this.nodes[1].tuple = tuple;
  }

  get confirmed(): boolean {
    return (this.status & CT_STATUS.CONFIRMED) !== 0;
  }

  get dying(): boolean {
    return (this.status & CT_STATUS.DYING) !== 0;
  }
}
