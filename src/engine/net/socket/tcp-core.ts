/** What the rooms of TCP share: the state of one connection and how it ends. */
import type { ErrnoCode, Micros, Timer } from '../../core';
import type { IpAddress } from '../../wire';
import { parseIp4 } from '../../wire';
import type { Output4 } from '../ipv4/route';
import type { Output6 } from '../ipv6/route';
import type { NetNamespace } from '../namespace';
import type { Family } from '../types';
import { Socket, unmapped } from './socket';
import type { SocketOwner } from './socket';
import type { TcpSocket } from './tcp';
import { ReceiveQueue, SendQueue } from './tcp-buffers';
import { CongestionWindow } from './tcp-congestion';
import { RttEstimator } from './tcp-rtt';
import { RetransmitQueue } from './tcp-rtx';
import type { TcpState } from './tcp-state';

/** Most that an untuned receive buffer offers. */
export const WINDOW_START = 65_535;
/** Segments acknowledged at once when a connection begins (TCP_MAX_QUICKACKS). */
export const QUICK_ACKS = 16;

/** States of the sender's loss recovery (TCP_CA_*). */
export type RecoveryState = 'open' | 'disorder' | 'recovery' | 'loss';

/** What the one timer of the send side waits for (ICSK_TIME_*). */
export type RexmitKind = 'retransmit' | 'probe0' | 'lossProbe' | 'reorder';

/** What a peer takes that names no maximum (TCP_MSS_DEFAULT). */
const MSS_DEFAULT = 536;

/** Fields of a TCP socket, and the few operations on them that every room needs. */
export abstract class TcpCore extends Socket {
  state: TcpState = 'CLOSED';
  /** Listener: connections that accept(2) has not taken, and the limit. */
  readonly acceptQueue: TcpSocket[] = [];
  backlog = 0;
  /** Connections in SYN_RECV of a listener. */
  embryos = 0;
  /** When this listener last answered with cookies; undefined: never. */
  cookiesAt: Micros | undefined = undefined;
  /** The listener a SYN_RECV socket belongs to. */
  parent: TcpSocket | null = null;
  /** No process holds it any more. */
  orphan = false;
  noDelay = false;
  keepAlive = false;
  /** TCP_KEEPIDLE, TCP_KEEPINTVL in microseconds, TCP_KEEPCNT; undefined follows the sysctls. */
  keepIdle: Micros | undefined = undefined;
  keepInterval: Micros | undefined = undefined;
  keepCount: number | undefined = undefined;
  /** SO_LINGER in seconds. */
  linger: number | undefined = undefined;
  /** TCP_SYNCNT; undefined follows tcp_syn_retries. */
  synRetries: number | undefined = undefined;
  /** TCP_USER_TIMEOUT in microseconds; 0 is none. */
  userTimeout: Micros = 0;
  /** TCP_MAXSEG; 0 is none. */
  userMss = 0;

  // send side
  iss = 0;
  sndUna = 0;
  sndNxt = 0;
  sndWnd = 0;
  /** Sequence number of the segment that last changed the window. */
  protected sndWl1 = 0;
  protected sndWscale = 0;
  protected maxWindow = 0;
  /** End of the last small segment (Minshall's variant of Nagle's algorithm). */
  protected sndSml = 0;
  protected readonly sendQueue = new SendQueue();
  protected finQueued = false;
  protected finSent = false;
  mss = 536;
  readonly congestion = new CongestionWindow();
  readonly rtx = new RetransmitQueue();
  recovery: RecoveryState = 'open';
  /** What was under way when the recovery began ends here. */
  protected highSeq = 0;
  /** Proportional rate reduction (RFC 6937). */
  protected priorCwnd = 0;
  protected prrDelivered = 0;
  protected prrOut = 0;
  protected dupAcks = 0;
  /** End of the data that a tail loss probe covers; undefined: none is out. */
  protected tlpEnd: number | undefined = undefined;
  protected tlpResent = false;
  protected cwndLimited = false;
  protected maxPacketsOut = 0;
  protected cwndSeq = 0;
  protected rexmit: Timer | null = null;
  rexmitKind: RexmitKind = 'retransmit';
  /** Retransmissions of the first segment in a row; probes of a closed window that nobody answered. */
  retransmits = 0;
  backoff = 0;
  protected probesOut = 0;
  protected firstLoss: Micros | undefined = undefined;
  readonly rtt = new RttEstimator();
  protected ipId: number;

  // receive side
  rcvNxt = 0;
  protected rcvAdvertised = 0;
  /** rcvNxt when the last acknowledgement left. */
  protected rcvWup = 0;
  protected readonly receiveQueue = new ReceiveQueue();
  protected windowMax = WINDOW_START;
  protected copied = 0;
  protected finReceived = false;
  protected readShutdown = false;
  protected ackNow = false;
  protected ackScheduled = false;
  protected quickAcks = 0;
  protected pingpong = false;
  /** Estimated interval of data, 0 before the first (icsk_ack.ato), and the largest segment seen. */
  protected ato: Micros = 0;
  protected rcvMss = 536;
  protected delack: Timer | null = null;
  protected useWscale = false;
  useTs = false;
  useSack = false;
  protected rcvWscale = 0;
  protected tsRecent = 0;
  protected lastSack = 0;
  /** A range that came twice: told in the next acknowledgement (D-SACK, RFC 2883). */
  protected dsack: [number, number] | undefined = undefined;
  /** When the last answer to a segment out of the window left (RFC 5961's limit). */
  protected oowAt: Micros = -Infinity;
  protected route: Output4 | Output6 | null = null;
  protected timeWait: Timer | null = null;
  protected keepTimer: Timer | null = null;
  protected keepProbes = 0;
  protected readonly tsOffset: number;
  protected readonly flowLabel: number;
  protected softError: ErrnoCode | undefined = undefined;
  lastActivity: Micros;
  lastSent: Micros;
  lastReceived: Micros;
  lastAcked: Micros;
  /** Segments and bytes, for `ss -i`. */
  readonly counts = {
    segsIn: 0,
    segsOut: 0,
    dataSegsIn: 0,
    dataSegsOut: 0,
    bytesSent: 0,
    bytesRetrans: 0,
    bytesAcked: 0,
    bytesReceived: 0,
    retransTotal: 0,
    delivered: 0,
    dsacks: 0,
    early: 0,
  };

  constructor(ns: NetNamespace, family: Family, owner: SocketOwner) {
    super(ns, family, owner);
    this.ipId = ns.random.below(65536);
    this.tsOffset = ns.random.uint32();
    this.flowLabel = ns.random.below(1 << 20);
    this.lastActivity = this.lastSent = this.lastReceived = this.lastAcked = ns.now;
  }

  protected get table() {
    return this.ns.sockets.tcp;
  }

  /** Addresses without the IPv4-mapped form. */
  get localIp(): IpAddress {
    return unmapped(this.local.address, parseIp4);
  }

  get remoteIp(): IpAddress {
    return unmapped(this.remote!.address, parseIp4);
  }

  /** This object as what it is. */
  protected get self(): TcpSocket {
    return this as unknown as TcpSocket;
  }

  /**
   * Bytes a segment carries when it has the usual options (tcp_sync_mss): never more than half of the largest window that the peer
   * has offered, so that a device of huge packets such as lo need not wait for the whole window to open (tcp_bound_to_half_wnd).
   */
  get effectiveMss(): number {
    const mss = this.mss - (this.useTs ? 12 : 0);
    const half = this.maxWindow > MSS_DEFAULT ? this.maxWindow >>> 1 : this.maxWindow;
    return half > 0 && mss > half ? Math.max(half, 68 - 20) : mss;
  }

  /** tcp_done: the socket is CLOSED and out of all tables. */
  finish(error?: ErrnoCode): void {
    if (error !== undefined) this.pending = error;
    if (this.state === 'SYN_RECV' || this.state === 'SYN_SENT') this.ns.mib.TcpAttemptFails++;
    if (this.state === 'SYN_RECV' && this.parent !== null) this.parent.embryos--;
    this.state = 'CLOSED';
    this.clearTimers();
    this.table.remove(this.self);
    this.changed.wakeAll();
  }

  protected clearTimers(): void {
    this.rexmit?.cancel();
    this.delack?.cancel();
    this.timeWait?.cancel();
    this.keepTimer?.cancel();
    this.rexmit = this.delack = this.timeWait = this.keepTimer = null;
  }

  abort(): void {
    this.finish();
  }
}
