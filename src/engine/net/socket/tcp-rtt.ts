import type { Micros } from '../../core';
import { seqDiff } from './tcp-buffers';

/** Retransmission timeout before the first measurement, and its bounds in Linux (TCP_TIMEOUT_INIT, TCP_RTO_MIN, TCP_RTO_MAX). */
const INITIAL = 1_000_000;
const MIN = 200_000;
const MAX = 120_000_000;

/** Round trip time and retransmission timeout (RFC 6298 with Linux's bounds). Microseconds. */
export class RttEstimator {
  srtt = 0;
  private variance = 0;
  rto: Micros = INITIAL;
  private timedSeq: number | undefined = undefined;
  private timedAt = 0;

  /** Times the segment that ends at `seq`, unless one is being timed. */
  start(seq: number, now: Micros): void {
    if (this.timedSeq !== undefined) return;
    this.timedSeq = seq;
    this.timedAt = now;
  }

  /** Karn: a segment that was sent again says nothing. */
  cancel(): void {
    this.timedSeq = undefined;
  }

  /** Everything before `ack` has arrived. */
  sample(ack: number, now: Micros): void {
    if (this.timedSeq === undefined || seqDiff(ack, this.timedSeq) < 0) return;
    const rtt = Math.max(1, now - this.timedAt);
    this.timedSeq = undefined;
    if (this.srtt === 0) {
      this.srtt = rtt;
      this.variance = rtt / 2;
    } else {
      this.variance += (Math.abs(rtt - this.srtt) - this.variance) / 4;
      this.srtt += (rtt - this.srtt) / 8;
    }
    this.restore();
  }

  /** Twice as long next time. */
  backOff(): void {
    this.rto = Math.min(this.rto * 2, MAX);
  }

  /** The back-off ends: the estimate counts again. */
  restore(): void {
    this.rto = this.srtt > 0 ? Math.min(MAX, Math.round(this.srtt + Math.max(MIN, 4 * this.variance))) : INITIAL;
  }
}

/** How long `n` retransmissions take at the least timeout, doubling up to the maximum (tcp_model_timeout). */
export function timeoutModel(n: number): Micros {
  let total = 0;
  let rto = MIN;
  for (let i = 0; i <= n; i++) {
    total += rto;
    rto = Math.min(rto * 2, MAX);
  }
  return total;
}

/** The longest timeout, microseconds. */
export const RTO_MAX = MAX;
