import type { Micros } from '../../core';

/** Retransmission timeout before the first measurement, and its bounds in Linux (TCP_TIMEOUT_INIT, TCP_RTO_MIN, TCP_RTO_MAX). */
const INITIAL = 1_000_000;
const MIN = 200_000;
const MAX = 120_000_000;
/** The kernel's timers tick 250 times a second. */
const JIFFY = 4000;

/** Round trip time and retransmission timeout (RFC 6298 as tcp_rtt_estimator() has it). Microseconds. */
export class RttEstimator {
  srtt = 0;
  /** Mean deviation, its largest value in this round trip, and what counts: never below the least timeout. */
  mdev = 0;
  private mdevMax = 0;
  private variance = 0;
  private round = 0;
  /** The smallest round trip seen; Infinity before the first. */
  min: Micros = Infinity;
  rto: Micros = INITIAL;

  /** A measurement. `una` and `next` delimit what is under way: the deviation is taken once a round trip. */
  sample(rtt: Micros, una: number, next: number): void {
    const m = Math.max(1, rtt);
    this.min = Math.min(this.min, m);
    if (this.srtt === 0) {
      this.srtt = m;
      this.mdev = m / 2;
      this.variance = this.mdevMax = Math.max(4 * this.mdev, MIN);
      this.round = next;
    } else {
      const error = m - this.srtt;
      this.srtt += error / 8;
      // A sudden drop says little about variation.
      const deviation = Math.abs(error);
      this.mdev += (error < 0 && deviation > this.mdev ? (deviation - this.mdev) / 8 : deviation - this.mdev) / 4;
      if (4 * this.mdev > this.mdevMax) {
        this.mdevMax = 4 * this.mdev;
        if (this.mdevMax > this.variance) this.variance = this.mdevMax;
      }
      if (((una - this.round) | 0) > 0) {
        if (this.mdevMax < this.variance) this.variance -= (this.variance - this.mdevMax) / 4;
        this.round = next;
        this.mdevMax = MIN;
      }
    }
    this.restore();
  }

  /** Twice as long next time. */
  backOff(): void {
    this.rto = Math.min(this.rto * 2, MAX);
  }

  /** The back-off ends: the estimate counts again. */
  restore(): void {
    this.rto = this.srtt > 0 ? Math.min(MAX, Math.ceil((this.srtt + this.variance) / JIFFY) * JIFFY) : INITIAL;
  }

  /** What an earlier connection to the same host knew (tcp_init_metrics). */
  seed(rtt: Micros, variance: Micros): void {
    this.srtt = rtt;
    this.mdev = variance / 4;
    this.variance = this.mdevMax = Math.max(variance, MIN);
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
/** The shortest. */
export const RTO_MIN = MIN;
