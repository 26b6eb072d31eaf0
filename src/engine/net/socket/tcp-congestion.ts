/** The congestion window (RFC 5681), in segments. */
export class CongestionWindow {
  cwnd = 10;
  ssthresh = Infinity;
  private acked = 0;

  /** `segments` were acknowledged: slow start, then one segment a round trip. */
  grow(segments: number): void {
    if (this.cwnd < this.ssthresh) {
      this.cwnd = Math.min(this.cwnd + segments, 1_000_000);
      return;
    }
    this.acked += segments;
    if (this.acked >= this.cwnd) {
      this.acked -= this.cwnd;
      this.cwnd++;
    }
  }

  /** Fast retransmit with `flight` segments under way: half of it is left. */
  lost(flight: number): void {
    this.ssthresh = Math.max(flight >> 1, 2);
    this.cwnd = this.ssthresh;
  }

  /** The retransmission timer fired. @param first for the first time since the last progress */
  timedOut(flight: number, first: boolean): void {
    if (first) this.ssthresh = Math.max(Math.min(this.cwnd, flight) >> 1, 2);
    this.cwnd = 1;
  }

  /** Recovery is over. */
  recovered(): void {
    this.cwnd = this.ssthresh;
  }
}
