/** What happens when a timer of TCP fires (net/ipv4/tcp_timer.c). */
import type { ErrnoCode, Micros } from '../../core';
import { EMPTY } from '../../core';
import { TCP_FLAG } from '../../wire';
import { seqAdd, seqDiff } from './tcp-buffers';
import { TcpOutput } from './tcp-output';
import { RTO_MAX, RTO_MIN, timeoutModel } from './tcp-rtt';
import { OPEN_STATES } from './tcp-state';

const { ACK } = TCP_FLAG;
/** Retransmissions of a SYN before the interval doubles (net.ipv4.tcp_syn_linear_timeouts). */
const SYN_LINEAR = 4;
/** Shortest delay of an acknowledgement (TCP_DELACK_MIN). */
const DELAYED_ACK = 40_000;
/** Retransmissions after which a narrow path is suspected (net.ipv4.tcp_retries1). */
const PROBE_FLOOR = 48;

/** The timers of a connection. */
export abstract class TcpTimers extends TcpOutput {
  private readonly onDelack = (): void => {
    this.delack = null;
    if (!this.ackScheduled) return;
    if (this.pingpong) {
      // The program did not answer in time: it is no dialogue after all.
      this.pingpong = false;
      this.ato = DELAYED_ACK;
    } else this.ato = Math.min(this.ato << 1, this.rtt.rto);
    this.ns.mib.TcpExtDelayedACKs++;
    this.sendAck();
  };

  protected timerFired(): void {
    switch (this.rexmitKind) {
      case 'retransmit':
        return this.retransmitTimeout();
      case 'probe0':
        return this.windowProbe();
      case 'lossProbe':
        return this.lossProbe();
      case 'reorder':
        return this.reorderTimeout();
    }
  }

  /** The reordering window is over: what RACK waited for is lost. */
  protected abstract reorderTimeout(): void;

  /** tcp_write_err */
  private giveUp(): void {
    this.ns.mib.TcpExtTCPAbortOnTimeout++;
    this.finish(this.softError ?? 'ETIMEDOUT');
  }

  /** tcp_retransmit_timer */
  private retransmitTimeout(): void {
    const { ns } = this;
    if (this.state === 'SYN_SENT' || this.state === 'SYN_RECV') return this.handshakeTimeout();
    const { rtx } = this;
    const head = rtx.list[0];
    if (head === undefined) return;
    ns.mib.TcpExtTCPTimeouts++;
    this.firstLoss ??= head.at;
    if (this.tooLong()) return this.giveUp();
    if (this.retransmits === 0) {
      if (this.recovery === 'recovery') {
        if (this.useSack) ns.mib.TcpExtTCPSackRecoveryFail++;
        else ns.mib.TcpExtTCPRenoRecoveryFail++;
      } else if (this.recovery === 'loss') ns.mib.TcpExtTCPLossFailures++;
    }
    if (this.retransmits + 1 >= ns.ipv4.tcp_retries1) this.probeMtu();
    this.enterLoss();
    this.retransmits++;
    this.resend(rtx.list[0]!);
    this.backoff++;
    this.rtt.backOff();
    this.arm('retransmit', this.rtt.rto);
  }

  /** retransmits_timed_out */
  private tooLong(): boolean {
    const { ns } = this;
    const limit = this.orphan ? ns.ipv4.tcp_orphan_retries || 8 : ns.ipv4.tcp_retries2;
    const since = this.firstLoss ?? ns.now;
    if (this.userTimeout > 0) return this.retransmits > 0 && ns.now - since >= this.userTimeout;
    return this.retransmits > 0 && ns.now - since >= timeoutModel(limit);
  }

  /** tcp_mtu_probing: with tcp_mtu_probing set, a path that swallows big packets is tried with small ones. */
  private probeMtu(): void {
    const { ipv4 } = this.ns;
    if (ipv4.tcp_mtu_probing === 0) return;
    const half = this.mss >> 1;
    const mss = Math.max(Math.min(ipv4.tcp_base_mss, half), PROBE_FLOOR, ipv4.tcp_min_snd_mss);
    if (mss < this.mss) {
      this.mss = mss;
      this.ns.mib.TcpExtTCPMTUPFail++;
    }
  }

  private handshakeTimeout(): void {
    const { ns } = this;
    ns.mib.TcpExtTCPTimeouts++;
    const active = this.state === 'SYN_SENT';
    const max = active ? (this.synRetries ?? ns.ipv4.tcp_syn_retries) + SYN_LINEAR : ns.ipv4.tcp_synack_retries;
    const late = this.userTimeout > 0 && active && ns.now - this.lastActivity >= this.userTimeout;
    if (this.retransmits >= max || late) return this.finish(this.softError ?? 'ETIMEDOUT');
    this.retransmits++;
    ns.mib.TcpRetransSegs++;
    this.counts.retransTotal++;
    ns.mib.TcpExtTCPSynRetrans++;
    this.sendSyn();
    if (!active || this.retransmits > SYN_LINEAR) this.rtt.backOff();
    this.arm('retransmit', this.rtt.rto);
  }

  /** tcp_enter_loss: everything is taken for lost, slow start begins again. */
  private enterLoss(): void {
    const { rtx, congestion } = this;
    if (this.recovery === 'open' || this.recovery === 'disorder' || this.retransmits === 0) {
      congestion.reduce();
    }
    congestion.restart();
    rtx.allLost(this.ns.now, !this.useSack);
    congestion.cwnd = Math.max(1, rtx.inFlight + 1);
    this.recovery = 'loss';
    this.highSeq = this.sndNxt;
    this.dupAcks = 0;
    this.tlpEnd = undefined;
  }

  /** tcp_send_loss_probe: new data if there is some, else the last segment again. */
  private lossProbe(): void {
    const { ns, rtx } = this;
    const last = rtx.list[rtx.list.length - 1];
    if (last === undefined) return;
    // One probe at a time.
    if (this.tlpEnd !== undefined) return this.rearm();
    const offset = seqDiff(this.sndNxt, this.sndUna);
    const left = this.sendQueue.length - offset;
    const n = Math.min(left, this.effectiveMss);
    if (n > 0 && offset + n <= this.sndWnd) {
      this.tlpResent = false;
      this.sendFresh(n, n === left && this.finQueued && !this.finSent);
    } else {
      this.tlpResent = true;
      this.resend(last);
    }
    this.tlpEnd = this.sndNxt;
    ns.mib.TcpExtTCPLossProbes++;
    this.rexmitKind = 'retransmit';
    this.arm('retransmit', this.rtt.rto);
  }

  /** tcp_probe_timer: asks whether the window has opened. */
  private windowProbe(): void {
    const { ns } = this;
    if (!OPEN_STATES.has(this.state)) return;
    const offset = seqDiff(this.sndNxt, this.sndUna);
    if (this.rtx.packetsOut > 0 || this.sendQueue.length - offset <= 0) {
      this.probesOut = 0;
      return;
    }
    const limit = this.orphan ? ns.ipv4.tcp_orphan_retries || 8 : ns.ipv4.tcp_retries2;
    this.firstLoss ??= ns.now;
    if (this.userTimeout > 0 ? ns.now - this.firstLoss >= this.userTimeout : this.probesOut > limit)
      return this.giveUp();
    // tcp_write_wakeup: what fits the window, else one byte before it.
    const room = Math.min(this.sndWnd - offset, this.sendQueue.length - offset, this.effectiveMss);
    if (room > 0) this.sendFresh(room, false);
    else {
      ns.mib.TcpExtTCPWinProbe++;
      this.transmit(ACK, seqAdd(this.sndUna, -1), EMPTY);
    }
    this.probesOut++;
    if (this.backoff < ns.ipv4.tcp_retries2) this.backoff++;
    if (this.rexmit === null)
      this.arm('probe0', Math.min(Math.max(this.rtt.rto, RTO_MIN) * 2 ** Math.min(this.backoff, 10), RTO_MAX));
  }

  /** tcp_send_delayed_ack */
  protected delayAck(): void {
    if (this.delack !== null) return;
    const wait: Micros = Math.min(Math.max(this.ato, DELAYED_ACK), 200_000);
    this.delack = this.ns.host.scheduler.after(this.pingpong ? DELAYED_ACK : Math.min(wait, 200_000), this.onDelack);
  }

  /** Watches over a silent connection (SO_KEEPALIVE, tcp_keepalive_timer). */
  startKeepAlive(): void {
    this.keepTimer?.cancel();
    this.keepTimer = null;
    if (!this.keepAlive) return;
    const { ipv4 } = this.ns;
    const { scheduler } = this.ns.host;
    const idle = this.keepIdle ?? ipv4.tcp_keepalive_time * 1e6;
    const check = (): void => {
      this.keepTimer = null;
      if (!OPEN_STATES.has(this.state)) return;
      const quiet = this.ns.now - this.lastActivity;
      if (this.rtx.packetsOut > 0 || quiet < idle) {
        if (quiet < idle) this.keepProbes = 0;
        this.keepTimer = scheduler.after(Math.max(1, this.rtx.packetsOut > 0 ? idle : idle - quiet), check);
        return;
      }
      const count = this.keepCount ?? ipv4.tcp_keepalive_probes;
      const over = this.userTimeout > 0 ? quiet >= this.userTimeout && this.keepProbes > 0 : this.keepProbes >= count;
      if (over) {
        const error: ErrnoCode = this.softError ?? 'ETIMEDOUT';
        this.reset();
        this.pending = error;
        this.changed.wakeAll();
        this.ns.mib.TcpExtTCPAbortOnTimeout++;
        return;
      }
      this.keepProbes++;
      this.ns.mib.TcpExtTCPKeepAlive++;
      this.transmit(ACK, seqAdd(this.sndNxt, -1), EMPTY);
      this.keepTimer = scheduler.after(this.keepInterval ?? ipv4.tcp_keepalive_intvl * 1e6, check);
    };
    this.keepTimer = scheduler.after(idle, check);
  }
}
