/** CUBIC (RFC 9438, net/ipv4/tcp_cubic.c) with slow start; the window is counted in segments. */
import type { Micros } from '../../core';

/** Multiplicative decrease and the constant of the cubic function. */
const BETA = 717 / 1024;
const C = 0.4;

/** Size of the congestion window of one connection. */
export class CongestionWindow {
  cwnd = 10;
  ssthresh = Infinity;
  private acked = 0;
  private lastMax = 0;
  private epoch: Micros | undefined = undefined;
  private origin = 0;
  private k = 0;
  /** The window that Reno would have by now. */
  private reno = 0;
  private renoAcked = 0;

  /** `segments` were acknowledged while the window was the limit. @param rtt the smallest round trip seen */
  grow(segments: number, now: Micros, rtt: Micros): void {
    if (this.cwnd < this.ssthresh) {
      const grown = Math.min(this.cwnd + segments, Math.max(this.ssthresh, this.cwnd));
      segments -= grown - this.cwnd;
      this.cwnd = grown;
      if (segments <= 0) return;
    }
    this.acked += segments;
    const every = this.every(segments, now, rtt);
    if (this.acked >= every) {
      const steps = Math.floor(this.acked / every);
      this.acked -= steps * every;
      this.cwnd += steps;
    }
  }

  /** After how many acknowledged segments the window grows by one (bictcp_update). */
  private every(segments: number, now: Micros, rtt: Micros): number {
    if (this.epoch === undefined) {
      this.epoch = now;
      this.renoAcked = segments;
      this.reno = this.cwnd;
      if (this.lastMax <= this.cwnd) {
        this.k = 0;
        this.origin = this.cwnd;
      } else {
        this.k = Math.cbrt((this.lastMax - this.cwnd) / C);
        this.origin = this.lastMax;
      }
    } else this.renoAcked += segments;
    const t = (now - this.epoch + rtt) / 1e6;
    const target = this.origin + C * (t - this.k) ** 3;
    let every = target > this.cwnd ? this.cwnd / (target - this.cwnd) : 100 * this.cwnd;
    if (this.lastMax === 0 && every > 20) every = 20;
    // As friendly as Reno at least: with this decrease it would gain 3(1-b)/(1+b) segments a round trip.
    const per = this.cwnd / ((3 * (1 - BETA)) / (1 + BETA));
    while (this.renoAcked > per) {
      this.renoAcked -= per;
      this.reno++;
    }
    if (this.reno > this.cwnd) every = Math.min(every, this.cwnd / (this.reno - this.cwnd));
    return Math.max(Math.floor(every), 2);
  }

  /** Something was lost: the threshold from here on (bictcp_recalc_ssthresh). */
  reduce(): void {
    this.epoch = undefined;
    // Who loses before reaching the old height makes room for newcomers.
    this.lastMax = this.cwnd < this.lastMax ? this.cwnd * ((1 + BETA) / 2) : this.cwnd;
    this.ssthresh = Math.max(Math.floor(this.cwnd * BETA), 2);
  }

  /** The retransmission timer fired: nothing of the old epoch counts. */
  restart(): void {
    this.epoch = undefined;
    this.acked = 0;
  }
}
