/** TCP_INFO: a connection in numbers (tcp_get_info). */
import type { Micros } from '../../core';
import type { TcpSocket } from './tcp';

/** Times in microseconds; sizes in bytes, the congestion window in segments. */
export interface TcpInfo {
  readonly timestamps: boolean;
  readonly sack: boolean;
  /** Shift counts: for what is sent, for what is received. */
  readonly wscale: readonly [number, number] | undefined;
  readonly rto: Micros;
  readonly backoff: number;
  readonly rtt: Micros;
  readonly rttvar: Micros;
  readonly ato: Micros;
  readonly mss: number;
  readonly pmtu: number;
  readonly rcvMss: number;
  readonly advMss: number;
  readonly cwnd: number;
  /** Undefined: none yet. */
  readonly ssthresh: number | undefined;
  readonly bytesSent: number;
  readonly bytesRetrans: number;
  readonly bytesAcked: number;
  readonly bytesReceived: number;
  readonly segsOut: number;
  readonly segsIn: number;
  readonly dataSegsOut: number;
  readonly dataSegsIn: number;
  /** Bits a second that the window allows; undefined without a measurement. */
  readonly sendRate: number | undefined;
  readonly lastSent: Micros;
  readonly lastReceived: Micros;
  readonly lastAcked: Micros;
  readonly delivered: number;
  readonly appLimited: boolean;
  readonly unacked: number;
  readonly retransNow: number;
  readonly retransTotal: number;
  readonly lost: number;
  readonly sacked: number;
  readonly dsacks: number;
  readonly rcvSpace: number;
  readonly rcvSsthresh: number;
  readonly notSent: number;
  readonly minRtt: Micros | undefined;
  readonly early: number;
  readonly sndWnd: number;
}

/** The numbers of `s` now. */
export function tcpInfo(s: TcpSocket): TcpInfo {
  const { rtx, rtt, counts, congestion, internals } = s;
  const { now } = s.ns;
  const mss = s.effectiveMss;
  return {
    timestamps: s.useTs,
    sack: s.useSack,
    wscale: internals.wscale,
    rto: rtt.rto,
    backoff: s.backoff,
    rtt: rtt.srtt,
    rttvar: rtt.mdev,
    ato: internals.ato,
    mss,
    pmtu: s.remote === undefined ? 0 : s.pathMtu,
    rcvMss: internals.rcvMss,
    advMss: s.remote === undefined ? 0 : s.advertisedMss - (s.useTs ? 12 : 0),
    cwnd: congestion.cwnd,
    ssthresh: congestion.ssthresh === Infinity ? undefined : congestion.ssthresh,
    bytesSent: counts.bytesSent,
    bytesRetrans: counts.bytesRetrans,
    bytesAcked: counts.bytesAcked,
    bytesReceived: counts.bytesReceived,
    segsOut: counts.segsOut,
    segsIn: counts.segsIn,
    dataSegsOut: counts.dataSegsOut,
    dataSegsIn: counts.dataSegsIn,
    sendRate: rtt.srtt > 0 && mss > 0 ? Math.floor((congestion.cwnd * mss * 8e6) / rtt.srtt) : undefined,
    lastSent: now - s.lastSent,
    lastReceived: now - s.lastReceived,
    lastAcked: now - s.lastAcked,
    delivered: counts.delivered,
    appLimited: rtx.packetsOut < congestion.cwnd,
    unacked: rtx.packetsOut,
    retransNow: rtx.resentOut,
    retransTotal: counts.retransTotal,
    lost: rtx.lostOut,
    sacked: rtx.sackedOut,
    dsacks: counts.dsacks,
    rcvSpace: Math.min(internals.windowMax, 10 * Math.max(s.remote === undefined ? 0 : s.advertisedMss, 1)),
    rcvSsthresh: internals.windowMax,
    notSent: internals.notSent,
    minRtt: rtt.min === Infinity ? undefined : rtt.min,
    early: counts.early,
    sndWnd: s.sndWnd,
  };
}
