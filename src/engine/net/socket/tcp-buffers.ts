/** Sequence arithmetic and the two byte queues of a TCP socket. */
import { EMPTY } from '../../core';

/** a - b of sequence numbers as a signed 32-bit number. */
export function seqDiff(a: number, b: number): number {
  return (a - b) | 0;
}

/** seq + n modulo 2^32. */
export function seqAdd(seq: number, n: number): number {
  return (seq + n) >>> 0;
}

/** Bytes from the first unacknowledged one on. */
export class SendQueue {
  private chunks: Uint8Array[] = [];
  private head = 0;
  /** Bytes kept. */
  length = 0;

  push(data: Uint8Array): void {
    this.chunks.push(data);
    this.length += data.length;
  }

  /** Forgets `n` acknowledged bytes. */
  drop(n: number): void {
    this.length -= n;
    while (n > 0) {
      const first = this.chunks[0]!;
      const left = first.length - this.head;
      if (n < left) {
        this.head += n;
        return;
      }
      n -= left;
      this.head = 0;
      this.chunks.shift();
    }
  }

  /** A copy of up to `n` bytes starting `offset` bytes after the first one. */
  slice(offset: number, n: number): Uint8Array {
    const out = new Uint8Array(Math.max(0, Math.min(n, this.length - offset)));
    let at = 0;
    let skip = offset + this.head;
    for (const chunk of this.chunks) {
      if (at === out.length) break;
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      const part = chunk.subarray(skip, skip + out.length - at);
      out.set(part, at);
      at += part.length;
      skip = 0;
    }
    return out;
  }
}

/** Bytes in order that the program has not read, and segments that came too early. */
export class ReceiveQueue {
  private chunks: Uint8Array[] = [];
  length = 0;
  private early: { seq: number; data: Uint8Array }[] = [];
  earlyBytes = 0;

  push(data: Uint8Array): void {
    if (data.length === 0) return;
    this.chunks.push(data);
    this.length += data.length;
  }

  read(max: number, peek = false): Uint8Array {
    const n = Math.min(max, this.length);
    if (n === 0) return EMPTY;
    const out = new Uint8Array(n);
    let at = 0;
    let i = 0;
    while (at < n) {
      const chunk = this.chunks[i]!;
      const part = chunk.subarray(0, n - at);
      out.set(part, at);
      at += part.length;
      if (part.length === chunk.length) i++;
      else if (!peek) this.chunks[i] = chunk.subarray(part.length);
    }
    if (!peek) {
      this.chunks.splice(0, i);
      this.length -= n;
    }
    return out;
  }

  /** Keeps a segment that lies beyond `next`. @returns false when all of it was there already */
  keepEarly(seq: number, data: Uint8Array): boolean {
    if (
      this.early.some(
        (e) => seqDiff(seq, e.seq) >= 0 && seqDiff(seqAdd(seq, data.length), seqAdd(e.seq, e.data.length)) <= 0,
      )
    )
      return false;
    let at = this.early.findIndex((e) => seqDiff(e.seq, seq) > 0);
    if (at < 0) at = this.early.length;
    this.early.splice(at, 0, { seq, data });
    this.earlyBytes += data.length;
    return true;
  }

  /** Moves what now follows `next` into order. @returns the new next sequence number. */
  advance(next: number): number {
    while (this.early.length > 0) {
      const e = this.early[0]!;
      const skip = seqDiff(next, e.seq);
      if (skip < 0) break;
      this.early.shift();
      this.earlyBytes -= e.data.length;
      if (skip >= e.data.length) continue;
      this.push(e.data.subarray(skip));
      next = seqAdd(next, e.data.length - skip);
    }
    return next;
  }

  /** SACK blocks: the ranges kept early, at most `max`, the one with `latest` first. */
  sackBlocks(latest: number, max = 3): [number, number][] {
    const blocks: [number, number][] = [];
    for (const e of this.early) {
      const last = blocks[blocks.length - 1];
      const end = seqAdd(e.seq, e.data.length);
      if (last && seqDiff(e.seq, last[1]) <= 0) {
        if (seqDiff(end, last[1]) > 0) last[1] = end;
      } else blocks.push([e.seq, end]);
    }
    const at = blocks.findIndex(([l, r]) => seqDiff(latest, l) >= 0 && seqDiff(latest, r) < 0);
    if (at > 0) blocks.unshift(...blocks.splice(at, 1));
    return blocks.slice(0, max);
  }
}
