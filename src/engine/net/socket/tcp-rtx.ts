/**
 * What was sent and is not acknowledged: the retransmission queue with its SACK scoreboard (RFC 6675's bookkeeping) and
 * RACK's loss detection (RFC 8985, net/ipv4/tcp_recovery.c).
 */
import type { Micros } from '../../core';
import { seqDiff } from './tcp-buffers';

/** One segment under way. Sequence numbers are uint32; `end` is exclusive and counts a FIN. */
export interface Sent {
  readonly seq: number;
  end: number;
  readonly fin: boolean;
  /** When it was sent last. */
  at: Micros;
  /** How often it was sent. */
  count: number;
  sacked: boolean;
  lost: boolean;
  /** It was lost and has been sent again. */
  resent: boolean;
}

/** What an acknowledgement said about the queue. */
export interface Acked {
  /** Segments taken out, and segments newly known to have arrived (SACK included). */
  segments: number;
  delivered: number;
  /** Round trip of the newest segment that was sent only once; undefined when there is none. */
  rtt: Micros | undefined;
  /** A segment that had been sent again was among them. */
  resent: boolean;
}

/** The queue of one socket. */
export class RetransmitQueue {
  readonly list: Sent[] = [];
  sackedOut = 0;
  lostOut = 0;
  resentOut = 0;
  /** RACK: the send time and end of the newest delivered segment, and its round trip. */
  private rackAt = -1;
  private rackEnd = 0;
  private rackRtt: Micros = 0;
  /** An older segment arrived after a newer one. */
  reordered = false;
  private highestSacked: number | undefined = undefined;

  get packetsOut(): number {
    return this.list.length;
  }

  /** Segments believed to be in the network (tcp_packets_in_flight). */
  get inFlight(): number {
    return this.list.length - this.sackedOut - this.lostOut + this.resentOut;
  }

  push(seq: number, end: number, fin: boolean, now: Micros): void {
    this.list.push({ seq, end, fin, at: now, count: 1, sacked: false, lost: false, resent: false });
  }

  clear(): void {
    this.list.length = 0;
    this.sackedOut = this.lostOut = this.resentOut = 0;
    this.highestSacked = undefined;
  }

  private forget(s: Sent): void {
    if (s.sacked) this.sackedOut--;
    if (s.lost) this.lostOut--;
    if (s.resent) this.resentOut--;
  }

  private delivered(s: Sent, now: Micros, minRtt: Micros, out: Acked): void {
    out.delivered++;
    if (s.count > 1) out.resent = true;
    else out.rtt = now - s.at;
    const rtt = now - s.at;
    // An answer that fast belongs to the first copy.
    if (s.count === 1 || rtt >= minRtt) {
      this.rackRtt = rtt;
      if (s.at > this.rackAt || (s.at === this.rackAt && seqDiff(s.end, this.rackEnd) > 0)) {
        this.rackAt = s.at;
        this.rackEnd = s.end;
      }
    }
    const high = this.highestSacked;
    if (high !== undefined && s.count === 1 && !s.lost && seqDiff(s.end, high) < 0) this.reordered = true;
  }

  /** Everything before `una` has arrived (tcp_clean_rtx_queue). @param sack without SACK nothing is known of the rest */
  ack(una: number, now: Micros, minRtt: Micros, out: Acked): void {
    const { list } = this;
    let n = 0;
    while (n < list.length) {
      const s = list[n]!;
      if (seqDiff(una, s.end) < 0) {
        if (seqDiff(una, s.seq) > 0) list[n] = { ...s, seq: una };
        break;
      }
      if (!s.sacked) this.delivered(s, now, minRtt, out);
      this.forget(s);
      n++;
    }
    if (n > 0) {
      list.splice(0, n);
      out.segments += n;
    }
    if (list.length === 0) this.highestSacked = undefined;
  }

  /** Marks what the block [left, right) covers (tcp_sacktag_walk). */
  sack(left: number, right: number, now: Micros, minRtt: Micros, out: Acked): void {
    let high: number | undefined;
    for (const s of this.list) {
      if (seqDiff(s.seq, right) >= 0) break;
      if (s.sacked || seqDiff(s.seq, left) < 0 || seqDiff(s.end, right) > 0) continue;
      this.delivered(s, now, minRtt, out);
      if (s.lost) this.lostOut--;
      if (s.resent) this.resentOut--;
      s.lost = s.resent = false;
      s.sacked = true;
      this.sackedOut++;
      high = s.end;
    }
    if (high !== undefined && (this.highestSacked === undefined || seqDiff(high, this.highestSacked) > 0))
      this.highestSacked = high;
  }

  /** Without SACK a duplicate acknowledgement says that some segment has left the network (tcp_add_reno_sack). */
  renoDuplicate(): void {
    if (this.sackedOut < this.list.length - 1) this.sackedOut++;
  }

  /** Without SACK: `segments` were acknowledged, which duplicates had announced before. */
  renoAcked(segments: number): void {
    this.sackedOut = Math.max(0, Math.min(this.sackedOut - Math.max(0, segments - 1), this.list.length));
  }

  renoReset(): void {
    this.sackedOut = 0;
  }

  markLost(s: Sent): void {
    if (s.sacked) return;
    if (s.lost) {
      if (s.resent) {
        s.resent = false;
        this.resentOut--;
      }
      return;
    }
    s.lost = true;
    this.lostOut++;
  }

  /** Forgets the scoreboard and takes everything for lost, but not what was sent just now (tcp_timeout_mark_lost). */
  allLost(now: Micros, reno: boolean): void {
    if (reno) this.sackedOut = 0;
    const reneged = !reno && this.list[0]?.sacked === true;
    for (const [i, s] of this.list.entries()) {
      if (reneged && s.sacked) {
        s.sacked = false;
        this.sackedOut--;
      }
      if (!reno && i > 0 && s.at + this.rackRtt > now && this.rackAt >= 0) continue;
      this.markLost(s);
    }
  }

  /**
   * RACK: marks segments lost that were sent well before one that has arrived. @param window reordering that is put up with
   * @returns when the next one is to be looked at, undefined when nothing waits
   */
  detectLoss(now: Micros, window: Micros): Micros | undefined {
    let wait: Micros | undefined;
    if (this.rackAt < 0) return undefined;
    for (const s of this.list) {
      if (s.sacked || (s.lost && !s.resent)) continue;
      if (s.at > this.rackAt || (s.at === this.rackAt && seqDiff(s.end, this.rackEnd) >= 0)) continue;
      const left = s.at + this.rackRtt + window - now;
      if (left <= 0) this.markLost(s);
      else if (wait === undefined || left > wait) wait = left;
    }
    return wait;
  }

  /** The first segment that is lost and not under way again. */
  nextLost(): Sent | undefined {
    if (this.lostOut === this.resentOut) return undefined;
    return this.list.find((s) => s.lost && !s.resent && !s.sacked);
  }

  /** Cuts `s` so that it holds at most `n` bytes: the path takes less than it did. */
  split(s: Sent, n: number): void {
    const length = seqDiff(s.end, s.seq) - (s.fin ? 1 : 0);
    if (length <= n) return;
    const at = this.list.indexOf(s);
    const cut = (s.seq + n) >>> 0;
    const rest: Sent = { ...s, seq: cut };
    if (s.lost) this.lostOut++;
    if (s.resent) this.resentOut++;
    if (s.sacked) this.sackedOut++;
    this.list.splice(at, 1, { ...s, end: cut, fin: false }, rest);
  }

  /** `s` is sent again. */
  again(s: Sent, now: Micros): void {
    s.at = now;
    s.count++;
    if (s.lost && !s.resent) {
      s.resent = true;
      this.resentOut++;
    }
  }
}
