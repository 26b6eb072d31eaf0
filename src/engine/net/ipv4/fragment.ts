/** IPv4 fragmentation and reassembly (RFC 791, net/ipv4/ip_fragment.c). */
import type { Timer } from '../../core';
import type { Ipv4Packet, Transport } from '../../wire';
import {
  CHECKSUM_AUTO,
  CHECKSUM_PARTIAL,
  ICMP4,
  decodeTransport,
  encodeTransport,
  ipv4HeaderLength,
  makeIpv4,
  makeRaw,
} from '../../wire';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';

/** The payload with the checksum that a card would have filled in (skb_checksum_help). */
export function completeChecksum(payload: Transport): Transport {
  if ((payload.kind === 'tcp' || payload.kind === 'udp') && payload.checksum === CHECKSUM_PARTIAL) {
    return { ...payload, checksum: CHECKSUM_AUTO };
  }
  return payload;
}

/** Cuts a packet so that each piece fits `mtu`. */
export function fragment4(p: Ipv4Packet, mtu: number): Ipv4Packet[] {
  const bytes =
    p.payload.kind === 'raw' ? p.payload.bytes : encodeTransport(completeChecksum(p.payload), p.src, p.dst, p.protocol);
  const room = (mtu - ipv4HeaderLength(p)) & ~7;
  const pieces: Ipv4Packet[] = [];
  for (let at = 0; at < bytes.length; at += room) {
    const end = Math.min(bytes.length, at + room);
    pieces.push(
      makeIpv4({
        src: p.src,
        dst: p.dst,
        protocol: p.protocol,
        payload: makeRaw(bytes.subarray(at, end)),
        ttl: p.ttl,
        tos: p.tos,
        id: p.id,
        df: false,
        mf: end < bytes.length || p.mf,
        fragmentOffset: p.fragmentOffset + at,
        options: p.options,
      }),
    );
  }
  return pieces;
}

interface Piece {
  at: number;
  bytes: Uint8Array;
}

class Queue {
  pieces: Piece[] = [];
  total: number | undefined = undefined;
  first: Skb | null = null;
  timer: Timer | null = null;
}

/** Collects fragments until packets are whole. */
export class Defragmenter4 {
  private readonly queues = new Map<string, Queue>();
  private memory = 0;

  constructor(private readonly ns: NetNamespace) {}

  /** Number of incomplete packets (`FRAG: inuse` of sockstat). */
  get inUse(): number {
    return this.queues.size;
  }

  /** @returns the whole packet in an skb, or null while pieces are missing. */
  add(skb: Skb): Skb | null {
    const { ns } = this;
    const p = skb.payload as Ipv4Packet;
    ns.mib.IpReasmReqds++;
    const bytes = p.payload.kind === 'raw' ? p.payload.bytes : encodeTransport(p.payload, p.src, p.dst, p.protocol);
    if (this.memory + bytes.length > ns.ipv4.ipfrag_high_thresh || p.fragmentOffset + bytes.length > 65535 - 20) {
      ns.mib.IpReasmFails++;
      ns.drop(skb, 'FRAG_TOO_FAR', 'ip_frag_queue');
      return null;
    }
    const key = `${p.src}/${p.dst}/${p.id}/${p.protocol}`;
    let q = this.queues.get(key);
    if (q === undefined) {
      q = new Queue();
      this.queues.set(key, q);
      const made = q;
      q.timer = ns.host.scheduler.after(ns.ipv4.ipfrag_time * 1e6, () => this.expire(key, made));
    }
    const end = p.fragmentOffset + bytes.length;
    const overlap = q.pieces.some((x) => p.fragmentOffset < x.at + x.bytes.length && end > x.at);
    if (overlap) {
      const same = q.pieces.some((x) => x.at === p.fragmentOffset && x.bytes.length === bytes.length);
      ns.drop(skb, 'DUP_FRAG', 'ip_frag_queue');
      // An exact copy is harmless; anything else kills the packet (RFC 5722 applied to IPv4).
      if (!same) {
        ns.mib.IpExtReasmOverlaps++;
        ns.mib.IpReasmFails++;
        this.discard(key, q);
      }
      return null;
    }
    if (!p.mf) q.total = end;
    q.pieces.push({ at: p.fragmentOffset, bytes });
    this.memory += bytes.length;
    if (p.fragmentOffset === 0) q.first = skb;
    if (ns.tracer.active) ns.trace(skb, { event: 'fragment', action: 'queued', count: q.pieces.length });
    let have = 0;
    for (const x of q.pieces) have += x.bytes.length;
    if (q.total === undefined || have !== q.total || q.first === null) return null;
    const whole = new Uint8Array(q.total);
    for (const x of q.pieces) whole.set(x.bytes, x.at);
    const count = q.pieces.length;
    this.discard(key, q);
    const first = q.first;
    const fp = first.payload as Ipv4Packet;
    first.maxFragment = Math.max(first.maxFragment, skb.length, first.length);
    const df = fp.df;
    first.setPayload(
      makeIpv4({
        src: fp.src,
        dst: fp.dst,
        protocol: fp.protocol,
        payload: decodeTransport(whole, fp.src, fp.dst, fp.protocol),
        ttl: fp.ttl,
        tos: fp.tos,
        id: fp.id,
        df,
        options: fp.options,
      }),
    );
    ns.mib.IpReasmOKs++;
    if (ns.tracer.active) ns.trace(first, { event: 'fragment', action: 'reassembled', count });
    return first;
  }

  private discard(key: string, q: Queue): void {
    q.timer?.cancel();
    for (const x of q.pieces) this.memory -= x.bytes.length;
    this.queues.delete(key);
  }

  private expire(key: string, q: Queue): void {
    const { ns } = this;
    if (this.queues.get(key) !== q) return;
    this.discard(key, q);
    ns.mib.IpReasmTimeout++;
    ns.mib.IpReasmFails++;
    if (q.first !== null) {
      ns.icmp4.error(q.first, ICMP4.TIME_EXCEEDED, 1, 0);
      ns.drop(q.first, 'FRAG_REASM_TIMEOUT', 'ip_expire');
    }
  }
}
