/** Segments that come in for a connection (net/ipv4/tcp_input.c, tcp_minisocks.c). */
import type { ErrnoCode } from '../../core';
import type { TcpSegment } from '../../wire';
import { TCP_FLAG } from '../../wire';
import type { DropReason } from '../trace';
import { seqAdd, seqDiff } from './tcp-buffers';
import { TcpHandshake } from './tcp-handshake';
import { OPEN_STATES } from './tcp-state';
import type { TcpState } from './tcp-state';

const { FIN, SYN, RST, ACK } = TCP_FLAG;
const TIME_WAIT = 60_000_000;
/** Answers to segments out of the window come at most that often (net.ipv4.tcp_invalid_ratelimit). */
const OOW_LIMIT = 500_000;

/** The receive side. */
export abstract class TcpInput extends TcpHandshake {
  // --- the rest of its life -------------------------------------------------------------------------------------------

  /** An answer to a segment out of the window, unless there was one a moment ago (tcp_oow_rate_limited). */
  private answerStray(s: TcpSegment, skipped: 'TcpExtTCPACKSkippedSeq' | 'TcpExtTCPACKSkippedPAWS'): void {
    if (s.payload.length === 0 || (s.flags & SYN) !== 0) {
      const { now } = this.ns;
      if (now - this.oowAt < OOW_LIMIT) {
        this.ns.mib[skipped]++;
        return;
      }
      this.oowAt = now;
    }
    this.sendAck();
  }

  /** tcp_send_challenge_ack */
  private challenge(): void {
    const { now, mib } = this.ns;
    if (now - this.oowAt < OOW_LIMIT) {
      mib.TcpExtTCPACKSkippedChallenge++;
      return;
    }
    this.oowAt = now;
    mib.TcpExtTCPChallengeACK++;
    this.sendAck();
  }

  /** tcp_rcv_state_process and tcp_rcv_established. @returns why the segment was thrown away */
  input(s: TcpSegment): DropReason | undefined {
    const { ns } = this;
    this.counts.segsIn++;
    if (s.payload.length > 0) this.counts.dataSegsIn++;
    switch (this.state) {
      case 'SYN_SENT':
        this.inputSynSent(s);
        return undefined;
      case 'TIME_WAIT':
        return this.inputTimeWait(s);
      case 'CLOSED':
      case 'LISTEN':
        return 'TCP_CLOSE';
    }
    this.lastActivity = ns.now;
    const rst = (s.flags & RST) !== 0;
    if (this.useTs && s.options?.timestamps && !rst) {
      const d = (s.options.timestamps.val - this.tsRecent) | 0;
      if (d < 0) {
        // A time stamp from the past: an old copy (RFC 7323, PAWS).
        ns.mib.TcpExtPAWSEstab++;
        if (s.payload.length > 0) this.noteTwice(s);
        this.answerStray(s, 'TcpExtTCPACKSkippedPAWS');
        return 'TCP_RFC7323_PAWS';
      }
      if (seqDiff(s.seq, this.rcvWup) <= 0) this.tsRecent = s.options.timestamps.val;
    }
    const length = s.payload.length + ((s.flags & FIN) !== 0 ? 1 : 0);
    const window = Math.max(0, seqDiff(this.rcvAdvertised, this.rcvNxt));
    const at = seqDiff(s.seq, this.rcvNxt);
    // tcp_sequence: the end must not lie before what was acknowledged last, the start not beyond the window.
    if (seqDiff(seqAdd(s.seq, length), this.rcvWup) < 0 || at > window) {
      if (!rst) {
        if (at < 0 && s.payload.length > 0) this.noteTwice(s);
        if ((s.flags & SYN) !== 0 && this.state === 'SYN_RECV') this.repeatSynAck();
        else if ((s.flags & SYN) !== 0) this.challenge();
        else this.answerStray(s, 'TcpExtTCPACKSkippedSeq');
      }
      return 'TCP_INVALID_SEQUENCE';
    }
    if (rst) {
      // RFC 5961: only an exact RST kills; one elsewhere in the window is questioned.
      if (at === 0) this.inputReset();
      else this.challenge();
      return 'TCP_RESET';
    }
    if ((s.flags & SYN) !== 0) {
      if (this.state === 'SYN_RECV' && at === -1) this.repeatSynAck();
      else {
        ns.mib.TcpExtTCPSYNChallenge++;
        this.challenge();
      }
      return 'TCP_INVALID_SYN';
    }
    if ((s.flags & ACK) === 0) return 'TCP_FLAGS';
    if (this.state === 'SYN_RECV') {
      if (s.ack !== this.sndNxt) {
        this.table.sendReset(this.self, s);
        return 'TCP_FLAGS';
      }
      if (!this.established(s)) return 'SOCKET_BACKLOG';
    }
    const reason = this.inputAck(s);
    if (reason !== undefined) return reason;
    if ((this.state as TcpState) === 'CLOSED' || (this.state as TcpState) === 'TIME_WAIT') return undefined;
    this.inputData(s);
    if ((this.state as TcpState) === 'CLOSED') return undefined;
    this.output();
    this.maybeAck();
    return undefined;
  }

  private inputReset(): void {
    this.ns.mib.TcpEstabResets++;
    const error: ErrnoCode | undefined =
      this.state === 'CLOSE_WAIT'
        ? 'EPIPE'
        : this.state === 'LAST_ACK' || this.state === 'CLOSING'
          ? undefined
          : this.state === 'SYN_RECV'
            ? undefined
            : 'ECONNRESET';
    this.finish(error);
  }

  /** tcp_timewait_state_process */
  private inputTimeWait(s: TcpSegment): DropReason | undefined {
    if ((s.flags & RST) !== 0) {
      // RFC 1337 is off by default: the RST ends the wait.
      if (s.seq === this.rcvNxt) this.finish();
      return 'TCP_RESET';
    }
    if ((s.flags & FIN) !== 0 || s.payload.length > 0 || seqDiff(s.seq, this.rcvNxt) !== 0) {
      this.sendAck();
      if ((s.flags & FIN) !== 0) this.enterTimeWait();
    }
    return undefined;
  }

  /** tcp_ack */
  private inputAck(s: TcpSegment): DropReason | undefined {
    const { mib } = this.ns;
    const advanced = seqDiff(s.ack, this.sndUna);
    if (advanced < 0) {
      if (advanced < -Math.max(this.maxWindow, 1)) {
        this.challenge();
        return 'TCP_OLD_SEQUENCE';
      }
      // An old acknowledgement may still bring SACK blocks.
      if (this.useSack && s.options?.sack && this.rtx.packetsOut > 0)
        this.acknowledge(this.sndUna, s.options.sack, false, undefined);
      return undefined;
    }
    if (seqDiff(s.ack, this.sndNxt) > 0) return 'TCP_INVALID_SEQUENCE';
    const window = s.window << this.sndWscale;
    const wl = seqDiff(s.seq, this.sndWl1);
    const opens = advanced > 0 || wl > 0 || (wl === 0 && (window > this.sndWnd || window === 0));
    const changed = opens && window !== this.sndWnd;
    const duplicate = s.payload.length === 0 && (s.flags & FIN) === 0 && !changed;
    if (opens) {
      this.sndWl1 = s.seq;
      this.sndWnd = window;
      this.maxWindow = Math.max(this.maxWindow, window);
    }
    this.lastAcked = this.ns.now;
    this.probesOut = 0;
    if (s.payload.length === 0 && advanced > 0) mib.TcpExtTCPPureAcks++;
    const outstanding = this.rtx.packetsOut > 0;
    const finAcked = this.finSent && s.ack === this.sndNxt && advanced > 0;
    this.acknowledge(s.ack, s.options?.sack, duplicate, s.options?.timestamps?.ecr);
    if (!outstanding) {
      // tcp_ack_probe: the window opened, or the peer is still there.
      if (this.rexmitKind === 'probe0' && this.rexmit !== null && this.sendQueue.length > 0) {
        const need = Math.min(this.sendQueue.length, this.effectiveMss);
        if (this.sndWnd >= need) {
          this.disarm();
          this.backoff = 0;
          this.firstLoss = undefined;
        }
      }
      if (advanced <= 0) return undefined;
    }
    if (advanced > 0) {
      this.confirmNeighbour();
      if (finAcked) this.finAcked();
      this.changed.wakeAll();
    }
    return undefined;
  }

  private finAcked(): void {
    if (this.state === 'FIN_WAIT1') {
      this.state = 'FIN_WAIT2';
      // Nobody is left to read: the other side has a minute (tcp_fin_timeout).
      if (this.orphan) this.lingerInFinWait2();
    } else if (this.state === 'CLOSING') this.enterTimeWait();
    else if (this.state === 'LAST_ACK') {
      this.table.metrics.save(this.self);
      this.finish();
    }
  }

  /** FIN_WAIT2 without a process ends after tcp_fin_timeout. */
  protected lingerInFinWait2(): void {
    this.timeWait?.cancel();
    this.timeWait = this.ns.host.scheduler.after(this.ns.ipv4.tcp_fin_timeout * 1e6, () => this.finish());
  }

  /** Data that came twice is named in the answer (tcp_dsack_set). */
  private noteTwice(s: TcpSegment): void {
    const end = seqAdd(s.seq, s.payload.length);
    if (!this.useSack) return;
    this.ns.mib.TcpExtTCPDSACKOldSent++;
    this.ns.mib.TcpExtDelayedACKLost++;
    this.dsack = [s.seq, seqDiff(end, this.rcvNxt) > 0 ? this.rcvNxt : end];
    this.quickAck();
  }

  /** tcp_data_queue */
  private inputData(s: TcpSegment): void {
    const { payload } = s;
    const { ns } = this;
    const fin = (s.flags & FIN) !== 0;
    if (payload.length === 0 && !fin) return;
    const at = seqDiff(s.seq, this.rcvNxt);
    if (payload.length > 0 && (this.readShutdown || this.orphan) && at + payload.length > 0 && this.orphan) {
      // Data for a program that is gone.
      ns.mib.TcpExtTCPAbortOnData++;
      this.reset();
      return;
    }
    if (payload.length > 0 && !this.finReceived) {
      const room = Math.max(0, seqDiff(this.rcvAdvertised, this.rcvNxt));
      if (at > 0) {
        if (this.receiveQueue.keepEarly(s.seq, payload)) {
          ns.mib.TcpExtTCPOFOQueue++;
          this.counts.early++;
        } else {
          ns.mib.TcpExtTCPDSACKOfoSent++;
          if (this.useSack) this.dsack = [s.seq, seqAdd(s.seq, payload.length)];
        }
        this.lastSack = s.seq;
        this.ackNow = this.ackScheduled = true;
        this.quickAck();
      } else if (at + payload.length > 0) {
        if (room === 0) {
          // A probe of a closed window: it is told so.
          ns.mib.TcpExtTCPZeroWindowDrop++;
          this.ackNow = this.ackScheduled = true;
          return;
        }
        const filled = this.receiveQueue.earlyBytes > 0;
        const fresh = payload.subarray(-at, Math.min(payload.length, -at + room));
        if (at < 0 && this.useSack) {
          ns.mib.TcpExtTCPDSACKOldSent++;
          this.dsack = [s.seq, this.rcvNxt];
        }
        this.receiveQueue.push(fresh);
        this.counts.bytesReceived += fresh.length;
        const before = seqAdd(this.rcvNxt, fresh.length);
        this.rcvNxt = this.receiveQueue.advance(before);
        this.counts.bytesReceived += seqDiff(this.rcvNxt, before);
        this.noteData(fresh.length);
        if (filled) this.ackNow = true;
        this.changed.wakeAll();
      } else {
        this.noteTwice(s);
        this.ackNow = this.ackScheduled = true;
      }
    } else if (payload.length > 0) this.ackNow = this.ackScheduled = true;
    if (fin && seqAdd(s.seq, payload.length) === this.rcvNxt && !this.finReceived) this.inputFin();
    else if (fin && this.finReceived) this.ackNow = this.ackScheduled = true;
    // A FIN that came early arrives with its retransmission.
  }

  /** tcp_event_data_recv: when the next acknowledgement is due. */
  private noteData(length: number): void {
    const { now } = this.ns;
    this.ackScheduled = true;
    if (length >= this.rcvMss) this.rcvMss = Math.min(length, this.advertisedMss);
    if (this.ato === 0) {
      this.quickAck();
      this.ato = 40_000;
    } else {
      const gap = now - this.lastReceived;
      if (gap <= 20_000) this.ato = (this.ato >> 1) + 20_000;
      else if (gap < this.ato) this.ato = Math.min((this.ato >> 1) + gap, this.rtt.rto);
      // After a long silence the peer is in slow start again.
      else if (gap > this.rtt.rto) this.quickAck();
    }
    this.lastReceived = now;
  }

  private inputFin(): void {
    this.rcvNxt = seqAdd(this.rcvNxt, 1);
    this.finReceived = true;
    this.ackScheduled = true;
    switch (this.state) {
      case 'ESTABLISHED':
        this.state = 'CLOSE_WAIT';
        // The program will probably close now: the acknowledgement waits for its FIN (pingpong mode).
        this.pingpong = true;
        break;
      case 'FIN_WAIT1':
        this.state = 'CLOSING';
        this.ackNow = true;
        break;
      case 'FIN_WAIT2':
        this.sendAck();
        this.enterTimeWait();
        break;
    }
    this.changed.wakeAll();
  }

  /** The end of the road for who closed first: 60 s. */
  protected enterTimeWait(): void {
    const { ns } = this;
    if (this.state !== 'TIME_WAIT') {
      ns.mib.TcpExtTW++;
      this.table.metrics.save(this.self);
      if (this.table.tooManyWaiting()) {
        ns.mib.TcpExtTCPTimeWaitOverflow++;
        ns.log('TCP: time wait bucket table overflow');
        this.finish();
        return;
      }
    }
    this.clearTimers();
    this.state = 'TIME_WAIT';
    this.timeWaitSince = ns.now;
    this.timeWait = ns.host.scheduler.after(TIME_WAIT, () => this.finish());
    this.changed.wakeAll();
  }

  /** When TIME_WAIT began. */
  timeWaitSince = 0;

  /** __tcp_ack_snd_check */
  private maybeAck(): void {
    if (!OPEN_STATES.has(this.state)) return;
    if (!this.ackNow && !this.ackScheduled) return;
    const unacked = seqDiff(this.rcvNxt, this.rcvWup);
    const quick = this.quickAcks > 0 && !this.pingpong;
    if (this.ackNow || unacked > this.rcvMss || quick || this.receiveQueue.earlyBytes > 0) this.sendAck();
    else this.delayAck();
  }

  /** An ICMP error about one of our segments (tcp_v4_err). */
  icmpError(errno: ErrnoCode, mtu: number | undefined, seq: number): void {
    if (this.state === 'LISTEN' || this.state === 'CLOSED' || this.state === 'TIME_WAIT') return;
    if (seqDiff(seq, this.sndUna) < 0 || (seqDiff(seq, this.sndNxt) > 0 && seq !== this.iss)) {
      this.ns.mib.TcpExtOutOfWindowIcmps++;
      return;
    }
    if (mtu !== undefined) {
      if (this.route === null || this.pmtudisc === 'dont') return;
      const mss = Math.max(mtu - this.overhead, this.ns.ipv4.tcp_min_snd_mss);
      if (mss >= this.mss) return;
      this.mss = mss;
      // What was too long goes again in smaller pieces at once (tcp_simple_retransmit).
      for (const sent of this.rtx.list) if (seqDiff(sent.end, sent.seq) > this.effectiveMss) this.rtx.markLost(sent);
      if (this.rtx.lostOut > 0) this.resendLost();
      return;
    }
    if (this.state === 'SYN_SENT') this.finish(errno);
    else if (this.state === 'SYN_RECV') this.finish();
    else {
      this.softError = errno;
      const head = this.rtx.list[0];
      // RFC 6069: a router says that there is no way; when there is one again, nobody should have to wait for long.
      if (
        (errno === 'EHOSTUNREACH' || errno === 'ENETUNREACH') &&
        head?.seq === seq &&
        this.backoff > 0 &&
        this.retransmits > 0 &&
        this.rexmitKind === 'retransmit'
      ) {
        this.backoff--;
        this.rtt.restore();
        for (let i = 0; i < this.backoff; i++) this.rtt.backOff();
        this.arm('retransmit', Math.max(this.rtt.rto - (this.ns.now - head.at), 1));
      }
    }
  }
}
