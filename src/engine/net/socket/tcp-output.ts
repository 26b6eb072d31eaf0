/** What is sent when (tcp_write_xmit, tcp_retransmit_skb): windows, Nagle, and the timers that watch over it. */
import type { Micros } from '../../core';
import { EMPTY } from '../../core';
import { TCP_FLAG } from '../../wire';
import { seqAdd, seqDiff } from './tcp-buffers';
import type { RexmitKind } from './tcp-core';
import { RTO_MAX, RTO_MIN } from './tcp-rtt';
import type { Sent } from './tcp-rtx';
import { OPEN_STATES } from './tcp-state';
import { TcpTransmit } from './tcp-transmit';

const { FIN, PSH, ACK } = TCP_FLAG;
/** Two ticks of the kernel's clock: the least a probe waits (TCP_TIMEOUT_MIN). */
const TIMEOUT_MIN = 8000;
/** Segments a connection may send at first and after a long silence (TCP_INIT_CWND). */
const INIT_CWND = 10;

/** The send side's decisions. */
export abstract class TcpOutput extends TcpTransmit {
  /** The timer of the send side has fired. */
  protected abstract timerFired(): void;
  private readonly fire = (): void => {
    this.rexmit = null;
    this.timerFired();
  };

  // --- the timer ------------------------------------------------------------------------------------------------------

  protected arm(kind: RexmitKind, delay: Micros): void {
    this.rexmit?.cancel();
    this.rexmitKind = kind;
    this.rexmit = this.ns.host.scheduler.after(Math.max(1, Math.round(delay)), this.fire);
  }

  protected disarm(): void {
    this.rexmit?.cancel();
    this.rexmit = null;
  }

  /** How much of the timeout of the first segment is left (tcp_rto_delta_us). */
  private get rtoLeft(): Micros {
    const head = this.rtx.list[0];
    return (head?.at ?? this.ns.now) + this.rtt.rto - this.ns.now;
  }

  /** tcp_rearm_rto */
  protected rearm(): void {
    if (this.rtx.packetsOut === 0) {
      this.disarm();
      return;
    }
    const probing = this.rexmit !== null && (this.rexmitKind === 'lossProbe' || this.rexmitKind === 'reorder');
    this.arm('retransmit', probing ? Math.max(this.rtoLeft, 1) : this.rtt.rto);
  }

  /** tcp_schedule_loss_probe: a probe comes long before the timeout. @returns false when there can be none */
  protected scheduleProbe(fresh: boolean): boolean {
    const { rtx, rtt } = this;
    if (rtx.packetsOut === 0 || !this.useSack || this.recovery !== 'open' || rtx.sackedOut > 0) return false;
    let wait = rtt.srtt > 0 ? 2 * rtt.srtt + (rtx.packetsOut === 1 ? RTO_MIN : TIMEOUT_MIN) : 1_000_000;
    const left = fresh ? rtt.rto : this.rtoLeft;
    if (left > 0) wait = Math.min(wait, left);
    this.arm('lossProbe', wait);
    return true;
  }

  /** The window is closed: it will be probed (tcp_check_probe_timer). */
  protected armPersist(): void {
    if (this.rexmit !== null) return;
    this.arm('probe0', Math.min(Math.max(this.rtt.rto, RTO_MIN) * 2 ** Math.min(this.backoff, 10), RTO_MAX));
  }

  // --- new data -------------------------------------------------------------------------------------------------------

  /** tcp_write_xmit: sends what the windows allow. */
  protected output(): void {
    if (!OPEN_STATES.has(this.state)) return;
    const { rtx, congestion } = this;
    let sent = false;
    for (;;) {
      const offset = seqDiff(this.sndNxt, this.sndUna);
      const left = this.sendQueue.length - offset;
      const bare = left <= 0 && this.finQueued && !this.finSent;
      if (left <= 0 && !bare) break;
      if (rtx.inFlight >= congestion.cwnd) {
        this.cwndLimited = true;
        break;
      }
      if (bare) {
        this.sendFresh(0, true);
        sent = true;
        continue;
      }
      const mss = this.effectiveMss;
      const n = Math.min(left, mss);
      if (offset + n > this.sndWnd) break;
      // Minshall: a small segment waits while another small one is under way.
      const smallOut =
        seqDiff(this.sndSml, this.sndUna) > 0 && seqDiff(this.sndSml, this.sndNxt) <= 0 && rtx.packetsOut > 0;
      if (n < mss && !this.noDelay && !this.finQueued && smallOut) break;
      this.sendFresh(n, n === left && this.finQueued && !this.finSent);
      sent = true;
    }
    if (sent) {
      if (this.recovery !== 'open') return;
      this.scheduleProbe(false);
    } else if (rtx.packetsOut === 0 && seqDiff(this.sndNxt, this.sndUna) < this.sendQueue.length) this.armPersist();
  }

  /** Sends `n` new bytes, and the FIN with them. */
  protected sendFresh(n: number, fin: boolean): void {
    const { rtx, congestion, ns } = this;
    const now = ns.now;
    if (rtx.packetsOut === 0 && n > 0 && ns.now - this.lastSent > this.rtt.rto && congestion.cwnd > INIT_CWND) {
      // tcp_cwnd_restart: the path may have changed in the silence.
      let idle = ns.now - this.lastSent;
      while ((idle -= this.rtt.rto) > 0 && congestion.cwnd > INIT_CWND)
        congestion.cwnd = Math.max(congestion.cwnd >> 1, INIT_CWND);
    }
    const offset = seqDiff(this.sndNxt, this.sndUna);
    const data = n > 0 ? this.sendQueue.slice(offset, n) : EMPTY;
    const last = offset + n === this.sendQueue.length;
    const seq = this.sndNxt;
    const end = seqAdd(seq, n + (fin ? 1 : 0));
    this.transmit(ACK | (n > 0 && last ? PSH : 0) | (fin ? FIN : 0), seq, data);
    if (n > 0) ns.mib.TcpExtTCPOrigDataSent++;
    this.sndNxt = end;
    if (fin) this.finSent = true;
    if (n > 0 && n < this.effectiveMss) this.sndSml = end;
    const first = rtx.packetsOut === 0;
    rtx.push(seq, end, fin, now);
    this.prrOut++;
    if (rtx.packetsOut > this.maxPacketsOut || seqDiff(this.sndUna, this.cwndSeq) >= 0) {
      this.maxPacketsOut = rtx.packetsOut;
      this.cwndSeq = this.sndNxt;
      this.cwndLimited = false;
    }
    if (first || this.rexmit === null || this.rexmitKind === 'lossProbe' || this.rexmitKind === 'probe0') this.rearm();
  }

  // --- old data -------------------------------------------------------------------------------------------------------

  /** tcp_retransmit_skb: sends `s` again, cut to what the path takes now. */
  protected resend(s: Sent): void {
    const { ns, rtx } = this;
    const at = rtx.list.indexOf(s);
    rtx.split(s, this.effectiveMss);
    const piece = rtx.list[at];
    if (piece === undefined) return;
    const n = seqDiff(piece.end, piece.seq) - (piece.fin ? 1 : 0);
    const offset = seqDiff(piece.seq, this.sndUna);
    const last = offset + n === this.sendQueue.length;
    const data = n > 0 ? this.sendQueue.slice(offset, n) : EMPTY;
    rtx.again(piece, ns.now);
    this.counts.retransTotal++;
    this.counts.bytesRetrans += n;
    ns.mib.TcpRetransSegs++;
    this.transmit(ACK | (n > 0 && last ? PSH : 0) | (piece.fin ? FIN : 0), piece.seq, data);
  }

  /** tcp_xmit_retransmit_queue: what is lost goes again as far as the congestion window reaches. */
  protected resendLost(): void {
    const { rtx, ns } = this;
    let any = false;
    for (;;) {
      if (rtx.inFlight >= this.congestion.cwnd) break;
      const s = rtx.nextLost();
      if (s === undefined) break;
      if (this.recovery === 'loss') ns.mib.TcpExtTCPSlowStartRetrans++;
      else ns.mib.TcpExtTCPFastRetrans++;
      const head = s === rtx.list[0];
      this.resend(s);
      this.prrOut++;
      any ||= head;
    }
    if (any && this.rexmitKind !== 'reorder') this.arm('retransmit', this.rtt.rto);
  }
}
