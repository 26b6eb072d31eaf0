/** What an acknowledgement does to the sender (tcp_ack): the queue, SACK, loss recovery, the congestion window. */
import { seqDiff } from './tcp-buffers';
import type { Acked } from './tcp-rtx';
import { TcpTimers } from './tcp-timers';

/** Duplicate acknowledgements that mean a loss (net.ipv4.tcp_reordering). */
const REORDERING = 3;

/** Acknowledgements. */
export abstract class TcpRecovery extends TcpTimers {
  /** How much reordering RACK puts up with (tcp_rack_reo_wnd). */
  private get reorderingWindow(): number {
    const { rtx, rtt } = this;
    if (!rtx.reordered && (this.recovery === 'recovery' || this.recovery === 'loss' || rtx.sackedOut >= REORDERING))
      return 0;
    return rtt.min === Infinity ? 0 : Math.min(rtt.min / 4, rtt.srtt);
  }

  /**
   * Takes in an acknowledgement. @param ack not beyond sndNxt @param duplicate it carries no data, no FIN and no new window
   * @returns bytes newly acknowledged, without the FIN
   */
  protected acknowledge(
    ack: number,
    sack: readonly (readonly [number, number])[] | undefined,
    duplicate: boolean,
    ecr: number | undefined,
  ): number {
    const { ns, rtx, rtt } = this;
    const { now } = ns;
    const priorUna = this.sndUna;
    const priorFlight = rtx.inFlight;
    const priorOut = rtx.packetsOut;
    const out: Acked = { segments: 0, delivered: 0, rtt: undefined, resent: false };
    const advanced = seqDiff(ack, this.sndUna);
    let bytes = 0;
    if (advanced > 0) {
      const fin = this.finSent && ack === this.sndNxt ? 1 : 0;
      bytes = Math.min(advanced - fin, this.sendQueue.length);
      this.sendQueue.drop(bytes);
      this.counts.bytesAcked += bytes;
      this.sndUna = ack;
      this.retransmits = 0;
      this.probesOut = 0;
      this.firstLoss = undefined;
      if (this.backoff > 0) {
        this.backoff = 0;
        rtt.restore();
      }
      rtx.ack(ack, now, rtt.min === Infinity ? 0 : rtt.min, out);
    }
    if (this.useSack && sack !== undefined) this.takeSack(sack, priorUna, out);
    this.counts.delivered += out.delivered;
    ns.mib.TcpExtTCPDelivered += out.delivered;
    if (out.rtt !== undefined) rtt.sample(out.rtt, this.sndUna, this.sndNxt);
    else if (out.segments > 0 && this.useTs && ecr !== undefined && ecr !== 0) {
      // Only the echoed time stamp tells which copy was answered; it has milliseconds.
      const ms = (this.timestamp() - ecr) | 0;
      if (ms >= 0 && ms < 600_000) rtt.sample(Math.max(ms, 1) * 1000, this.sndUna, this.sndNxt);
    }
    if (priorOut === 0) return bytes;
    if (this.tlpEnd !== undefined) this.endProbe(ack, duplicate);
    if (!this.useSack) {
      if (advanced > 0) rtx.renoAcked(out.segments);
      else if (duplicate) rtx.renoDuplicate();
    }
    this.recover(ack, duplicate && advanced === 0, out, priorFlight);
    if (advanced > 0 || out.delivered > 0) {
      if (rtx.packetsOut === 0) this.disarm();
      else if (this.rexmitKind !== 'reorder' || this.rexmit === null) {
        if (!this.scheduleProbe(true)) this.rearm();
      }
    }
    return bytes;
  }

  /** tcp_sacktag_write_queue */
  private takeSack(blocks: readonly (readonly [number, number])[], priorUna: number, out: Acked): void {
    const { ns, rtx, rtt } = this;
    for (const [i, [left, right]] of blocks.entries()) {
      // A block below the acknowledgement, or inside the next one, names what came twice.
      const next = blocks[1];
      const twice =
        i === 0 &&
        (seqDiff(left, this.sndUna) < 0 ||
          (next !== undefined && seqDiff(left, next[0]) >= 0 && seqDiff(right, next[1]) <= 0));
      if (twice) {
        this.counts.dsacks++;
        ns.mib.TcpExtTCPDSACKRecv++;
        this.tlpDsack = true;
        continue;
      }
      if (seqDiff(right, left) <= 0 || seqDiff(right, this.sndNxt) > 0 || seqDiff(left, priorUna) < 0) continue;
      rtx.sack(left, right, ns.now, rtt.min === Infinity ? 0 : rtt.min, out);
    }
  }

  private tlpDsack = false;

  /** tcp_process_tlp_ack: did the probe repair a loss? */
  private endProbe(ack: number, duplicate: boolean): void {
    if (this.tlpEnd === undefined || seqDiff(ack, this.tlpEnd) < 0) return;
    if (!this.tlpResent || this.tlpDsack) this.tlpEnd = undefined;
    else if (seqDiff(ack, this.tlpEnd) > 0 || !duplicate) {
      // The probe was the only copy that arrived: one loss, one reduction.
      this.ns.mib.TcpExtTCPLossProbeRecovery++;
      this.congestion.reduce();
      this.congestion.cwnd = Math.max(1, this.congestion.ssthresh);
      this.tlpEnd = undefined;
    }
    this.tlpDsack = false;
  }

  /** tcp_fastretrans_alert and tcp_cong_control. */
  private recover(ack: number, duplicate: boolean, out: Acked, priorFlight: number): void {
    const { rtx, congestion, ns } = this;
    this.dupAcks = duplicate ? this.dupAcks + 1 : 0;
    const done = seqDiff(ack, this.highSeq) >= 0;
    if ((this.recovery === 'loss' || this.recovery === 'recovery') && done) {
      if (this.recovery === 'recovery')
        congestion.cwnd = Math.min(congestion.ssthresh, Math.max(congestion.cwnd, congestion.ssthresh));
      if (!this.useSack) rtx.renoReset();
      this.recovery = 'open';
    }
    if (this.recovery === 'recovery' && !this.useSack && out.segments > 0) {
      // NewReno: a partial acknowledgement names the next hole.
      const head = rtx.list[0];
      if (head !== undefined) rtx.markLost(head);
    }
    this.findLosses();
    if ((this.recovery === 'open' || this.recovery === 'disorder') && rtx.lostOut > 0) this.enterRecovery();
    else if (this.recovery === 'open' || this.recovery === 'disorder')
      this.recovery = rtx.sackedOut > 0 ? 'disorder' : 'open';
    if (this.recovery === 'recovery')
      this.reduceRate(out.delivered + (!this.useSack && duplicate ? 1 : 0), out.segments > 0);
    else if (out.delivered > 0 && this.limited(priorFlight))
      congestion.grow(out.delivered, ns.now, this.rtt.min === Infinity ? 0 : this.rtt.min);
    if (rtx.lostOut > 0) this.resendLost();
  }

  /** tcp_is_cwnd_limited: a window that is not used does not grow. */
  private limited(priorFlight: number): boolean {
    const { cwnd, ssthresh } = this.congestion;
    if (this.recovery === 'loss') return true;
    if (cwnd < ssthresh) return cwnd < 2 * Math.max(this.maxPacketsOut, priorFlight);
    return this.cwndLimited;
  }

  /** Marks what is lost by now; sets the timer for what may be. */
  private findLosses(): void {
    const { rtx, ns } = this;
    if (this.useSack) {
      if (rtx.sackedOut === 0 && rtx.lostOut === 0 && this.recovery === 'open') return;
      const wait = rtx.detectLoss(ns.now, this.reorderingWindow);
      if (wait !== undefined && this.recovery !== 'loss') this.arm('reorder', wait + 1000);
      return;
    }
    const head = rtx.list[0];
    if (head !== undefined && this.recovery !== 'loss' && this.recovery !== 'recovery' && rtx.sackedOut >= REORDERING)
      rtx.markLost(head);
  }

  protected reorderTimeout(): void {
    const { rtx, ns } = this;
    const before = rtx.inFlight;
    const wait = rtx.detectLoss(ns.now, this.reorderingWindow);
    if (before !== rtx.inFlight) {
      if (this.recovery === 'open' || this.recovery === 'disorder') {
        this.enterRecovery();
        this.reduceRate(1, false);
      }
      this.resendLost();
    }
    if (wait !== undefined) this.arm('reorder', wait + 1000);
    else if (this.rexmit === null) this.rearm();
  }

  private enterRecovery(): void {
    const { mib } = this.ns;
    if (this.useSack) mib.TcpExtTCPSackRecovery++;
    else mib.TcpExtTCPRenoRecovery++;
    this.highSeq = this.sndNxt;
    this.priorCwnd = this.congestion.cwnd;
    this.prrDelivered = this.prrOut = 0;
    this.congestion.reduce();
    this.recovery = 'recovery';
    this.tlpEnd = undefined;
  }

  /** tcp_cwnd_reduction: for what arrives, a smaller amount is sent, until the window has its new size. */
  private reduceRate(delivered: number, progress: boolean): void {
    const { congestion, rtx } = this;
    if (delivered <= 0) return;
    this.prrDelivered += delivered;
    const pipe = rtx.inFlight;
    let n: number;
    if (pipe > congestion.ssthresh)
      n = Math.ceil((this.prrDelivered * congestion.ssthresh) / Math.max(this.priorCwnd, 1)) - this.prrOut;
    else {
      n = Math.max(this.prrDelivered - this.prrOut, delivered);
      if (progress) n++;
      n = Math.min(congestion.ssthresh - pipe, n);
    }
    // The first retransmission must not wait.
    n = Math.max(n, this.prrOut === 0 ? 1 : 0);
    congestion.cwnd = Math.max(1, pipe + n);
  }
}
