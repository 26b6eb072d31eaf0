/** IPv6 fragmentation at the sender and reassembly (RFC 8200 section 4.5, RFC 5722, net/ipv6/reassembly.c). */
import type { Timer } from '../../core';
import type { Ipv6Packet } from '../../wire';
import { decodeTransport, encodeTransport, ipv6HeaderLength, makeIpv6, makeRaw } from '../../wire';
import { completeChecksum } from '../ipv4/fragment';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';

/** Cuts a packet so that each piece fits `mtu`. @param id the fragments' identification, uint32 */
export function fragment6(p: Ipv6Packet, mtu: number, id: number): Ipv6Packet[] {
  const bytes =
    p.payload.kind === 'raw'
      ? p.payload.bytes
      : encodeTransport(completeChecksum(p.payload), p.src, p.dst, p.nextHeader);
  const room = (mtu - ipv6HeaderLength(p) - 8) & ~7;
  const pieces: Ipv6Packet[] = [];
  for (let at = 0; at < bytes.length; at += room) {
    const end = Math.min(bytes.length, at + room);
    pieces.push(
      makeIpv6({
        src: p.src,
        dst: p.dst,
        nextHeader: p.nextHeader,
        hopLimit: p.hopLimit,
        trafficClass: p.trafficClass,
        flowLabel: p.flowLabel,
        ...(p.hopByHop === undefined ? {} : { hopByHop: p.hopByHop }),
        fragment: { offset: at, mf: end < bytes.length, id },
        payload: makeRaw(bytes.subarray(at, end)),
      }),
    );
  }
  return pieces;
}

interface Queue {
  pieces: { at: number; bytes: Uint8Array }[];
  total: number | undefined;
  first: Skb | null;
  size: number;
  timer: Timer | null;
}

/** Collects fragments until packets are whole. */
export class Defragmenter6 {
  private readonly queues = new Map<string, Queue>();
  private memory = 0;

  constructor(private readonly ns: NetNamespace) {}

  /** Number of incomplete packets (`FRAG6: inuse` of sockstat6), and their bytes. */
  get inUse(): { readonly packets: number; readonly bytes: number } {
    return { packets: this.queues.size, bytes: this.memory };
  }

  /** @returns the whole packet in an skb, or null while pieces are missing. */
  add(skb: Skb): Skb | null {
    const { ns } = this;
    const p = skb.payload as Ipv6Packet;
    const f = p.fragment!;
    ns.mib.Ip6ReasmReqds++;
    const bytes = p.payload.kind === 'raw' ? p.payload.bytes : encodeTransport(p.payload, p.src, p.dst, p.nextHeader);
    if (f.offset === 0 && !f.mf) {
      // An "atomic" fragment is whole by itself (RFC 6946).
      ns.mib.Ip6ReasmOKs++;
      skb.setPayload({ ...p, fragment: undefined, payload: decodeTransport(bytes, p.src, p.dst, p.nextHeader) });
      return skb;
    }
    if (f.mf && (bytes.length & 7) !== 0) {
      ns.mib.Ip6InHdrErrors++;
      ns.ip6.icmp.error(skb, 4, 0, 4);
      ns.drop(skb, 'IP_INHDR', 'ip6_frag_queue');
      return null;
    }
    if (this.memory + bytes.length > ns.ipv6.ip6frag_high_thresh || f.offset + bytes.length > 65535) {
      ns.mib.Ip6ReasmFails++;
      ns.drop(skb, 'FRAG_TOO_FAR', 'ip6_frag_queue');
      return null;
    }
    const key = `${p.src}/${p.dst}/${f.id}`;
    let q = this.queues.get(key);
    if (q === undefined) {
      const made: Queue = { pieces: [], total: undefined, first: null, size: 0, timer: null };
      made.timer = ns.host.scheduler.after(ns.ipv6.ip6frag_time * 1e6, () => this.expire(key, made));
      this.queues.set(key, (q = made));
    }
    const end = f.offset + bytes.length;
    if (q.pieces.some((x) => f.offset < x.at + x.bytes.length && end > x.at)) {
      const same = q.pieces.some((x) => x.at === f.offset && x.bytes.length === bytes.length);
      ns.drop(skb, 'DUP_FRAG', 'ip6_frag_queue');
      if (!same) {
        ns.mib.Ip6ReasmFails++;
        this.discard(key, q);
      }
      return null;
    }
    if (!f.mf) q.total = end;
    q.pieces.push({ at: f.offset, bytes });
    q.size += bytes.length;
    this.memory += bytes.length;
    if (f.offset === 0) q.first = skb;
    if (ns.tracer.active) ns.trace(skb, { event: 'fragment', action: 'queued', count: q.pieces.length });
    if (q.total === undefined || q.size !== q.total || q.first === null) return null;
    const whole = new Uint8Array(q.total);
    for (const x of q.pieces) whole.set(x.bytes, x.at);
    const count = q.pieces.length;
    this.discard(key, q);
    const { first } = q;
    const fp = first.payload as Ipv6Packet;
    first.maxFragment = Math.max(first.maxFragment, first.length, skb.length);
    first.setPayload({
      ...fp,
      fragment: undefined,
      payload: decodeTransport(whole, fp.src, fp.dst, fp.nextHeader),
    });
    ns.mib.Ip6ReasmOKs++;
    if (ns.tracer.active) ns.trace(first, { event: 'fragment', action: 'reassembled', count });
    return first;
  }

  private discard(key: string, q: Queue): void {
    q.timer?.cancel();
    this.memory -= q.size;
    this.queues.delete(key);
  }

  private expire(key: string, q: Queue): void {
    const { ns } = this;
    if (this.queues.get(key) !== q) return;
    this.discard(key, q);
    ns.mib.Ip6ReasmFails++;
    ns.mib.Ip6ReasmTimeout++;
    if (q.first !== null) {
      ns.ip6.icmp.error(q.first, 3, 1, 0);
      ns.drop(q.first, 'FRAG_REASM_TIMEOUT', 'ip6frag_expire_frag_queue');
    }
  }
}
