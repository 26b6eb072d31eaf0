/** Choosing a tuple that is not in use (get_unique_tuple of net/netfilter/nf_nat_core.c). */
import type { Random } from '../../core';
import type { IpAddress } from '../../wire';
import { IPPROTO, formatIp6, ip6Bytes } from '../../wire';
import type { NatRange } from './conn';
import { CT_STATUS, DIR } from './conn';
import type { Connection } from './connection';
import type { Conntrack } from './conntrack';
import type { NatKind } from './nat';
import { TCP_STATE } from './tcp';
import { ScratchTuple, addressHash, hasPorts, invertInto } from './tuple';

/** Ports tried before a new start is drawn (NF_NAT_MAX_ATTEMPTS). */
const MAX_ATTEMPTS = 128;
/** With so many left, connections that have ended make room (NF_NAT_HARDER_THRESH). */
const HARDER = 32;

function compareAddresses(a: IpAddress, b: IpAddress): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const x = ip6Bytes(String(a));
  const y = ip6Bytes(String(b));
  for (let i = 0; i < 16; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return 0;
}

/** nf_nat_inet_in_range and the ports */
function inRange(t: ScratchTuple, range: NatRange): boolean {
  if (range.min !== undefined) {
    if (compareAddresses(t.src, range.min) < 0 || compareAddresses(t.src, range.max ?? range.min) > 0) return false;
  }
  return range.minPort === undefined || portInRange(t, 'src', range);
}

function isIcmp(protocol: number): boolean {
  return protocol === IPPROTO.ICMP || protocol === IPPROTO.ICMPV6;
}

function portInRange(t: ScratchTuple, kind: NatKind, range: NatRange): boolean {
  const { minPort: min = 0, maxPort: max = min } = range;
  if (isIcmp(t.protocol)) return t.sport >= min && t.sport <= max;
  if (!hasPorts(t.protocol)) return true;
  const port = kind === 'src' ? t.sport : t.dport;
  return port >= min && port <= max;
}

/** find_best_ips_proto: the same pair of machines always gets the same address of a range. */
function bestAddress(t: ScratchTuple, range: NatRange, kind: NatKind, zone: number): IpAddress | undefined {
  const { min } = range;
  if (min === undefined) return undefined;
  const max = range.max ?? min;
  if (min === max) return min;
  let h = addressHash(t.src) ^ (range.persistent ? 0 : Math.imul(addressHash(t.dst), 0x85ebca6b)) ^ zone;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f) >>> 0;
  void kind;
  if (typeof min === 'number') return min + Math.floor((h / 0x1_0000_0000) * ((max as number) - min + 1));
  const low = ip6Bytes(min);
  const high = ip6Bytes(max as string);
  const out = new Uint8Array(16);
  let free = false;
  for (let i = 0; i < 16; i++) {
    // Once a group lies strictly below the maximum, those behind it may take any value.
    const top = free ? 255 : high[i]!;
    const bottom = free ? 0 : low[i]!;
    out[i] = bottom + (((h >>> ((i & 3) * 8)) & 0xff) % (top - bottom + 1));
    if (out[i]! < high[i]!) free = true;
  }
  return formatIp6(out);
}

/** Finds unique tuples for one namespace. */
export class TupleChooser {
  private readonly reply = new ScratchTuple();
  private readonly bySource = new Map<number, Connection[]>();

  constructor(
    private readonly ct: Conntrack,
    private readonly random: Random,
  ) {}

  /** nf_nat_used_tuple: would replies to `t` be taken for another connection's? */
  private used(t: ScratchTuple, conn: Connection): boolean {
    return invertInto(t, this.reply) && this.ct.taken(this.reply, conn);
  }

  /**
   * nf_nat_used_tuple_harder: with few attempts left, a TCP connection in TIME_WAIT gives its port to a new one whose sequence
   * numbers are past its own.
   */
  private usedHarder(t: ScratchTuple, conn: Connection, left: number): boolean {
    if (left > HARDER || conn.tcp === null || conn.tcpState !== TCP_STATE.SYN_SENT) return this.used(t, conn);
    if (!invertInto(t, this.reply)) return false;
    const node = this.ct.table.find(this.reply, conn.zone);
    if (node === null || node.conn === conn) return false;
    const old = node.conn;
    if (
      node.dir === DIR.REPLY &&
      old.tcp !== null &&
      old.tcpState === TCP_STATE.TIME_WAIT &&
      (old.status & CT_STATUS.FIXED_TIMEOUT) === 0 &&
      ((conn.tcp.seen[0].end - old.tcp.seen[0].end) | 0) > 0
    )
      this.ct.destroy(old);
    return this.used(t, conn);
  }

  private static sourceKey(t: { src: IpAddress; sport: number; protocol: number }): number {
    return (Math.imul(addressHash(t.src), 0x9e3779b1) ^ (t.sport << 8) ^ t.protocol) >>> 0;
  }

  /** Remembers where a connection's source was mapped to, so that its other connections get the same. */
  remember(conn: Connection): void {
    const key = TupleChooser.sourceKey(conn.original);
    const list = this.bySource.get(key);
    conn.bySource = key;
    if (list === undefined) this.bySource.set(key, [conn]);
    else list.push(conn);
  }

  /** The connection has ended. */
  forget(conn: Connection): void {
    const list = this.bySource.get(conn.bySource);
    if (list === undefined) return;
    const at = list.indexOf(conn);
    if (at >= 0) list.splice(at, 1);
    if (list.length === 0) this.bySource.delete(conn.bySource);
  }

  /** find_appropriate_src: the mapping that another connection of the same source has. */
  private appropriateSource(t: ScratchTuple, range: NatRange, zone: number, out: ScratchTuple): boolean {
    for (const conn of this.bySource.get(TupleChooser.sourceKey(t)) ?? []) {
      const { original: o } = conn;
      if (o.src !== t.src || o.sport !== t.sport || o.protocol !== t.protocol || conn.zone !== zone) continue;
      if (!conn.confirmed || conn.dying) continue;
      invertInto(conn.reply, out);
      out.dst = t.dst;
      out.dport = t.dport;
      if (inRange(out, range)) return true;
    }
    return false;
  }

  /**
   * get_unique_tuple: changes `t` (the connection's tuple as it is sent on now) into one that fits `range` and that no other
   * connection uses; one in use is left when all were tried.
   */
  choose(t: ScratchTuple, range: NatRange, conn: Connection, kind: NatKind): void {
    if (kind === 'src' && !range.random && !range.fullyRandom) {
      if (inRange(t, range)) {
        if (!this.used(t, conn)) return;
      } else {
        const found = new ScratchTuple();
        if (this.appropriateSource(t, range, conn.zone, found) && !this.used(found, conn)) {
          t.src = found.src;
          t.sport = found.sport;
          return;
        }
      }
    }
    const address = bestAddress(t, range, kind, conn.zone);
    if (address !== undefined) {
      if (kind === 'src') t.src = address;
      else t.dst = address;
    }
    const { minPort } = range;
    if (!range.random && !range.fullyRandom) {
      if (minPort !== undefined) {
        const one = (range.maxPort ?? minPort) === minPort;
        if (range.basePort === undefined && portInRange(t, kind, range) && (one || !this.used(t, conn))) return;
      } else if (!this.used(t, conn)) return;
    }
    this.uniquePort(t, range, conn, kind);
  }

  /** nf_nat_l4proto_unique_tuple */
  private uniquePort(t: ScratchTuple, range: NatRange, conn: Connection, kind: NatKind): void {
    const icmp = isIcmp(t.protocol);
    if (!icmp && !hasPorts(t.protocol)) return;
    const sourceSide = icmp || kind === 'src';
    const current = sourceSide ? t.sport : t.dport;
    let min: number;
    let size: number;
    if (range.minPort !== undefined) {
      const max = range.maxPort ?? range.minPort;
      min = Math.min(range.minPort, max);
      size = Math.abs(max - range.minPort) + 1;
    } else if (icmp) {
      min = 0;
      size = 65536;
    } else {
      // Whoever is asked keeps its port; who asks gets one of the same kind.
      if (kind === 'dst') return;
      min = current >= 1024 ? 1024 : current < 512 ? 1 : 600;
      size = (current >= 1024 ? 65535 : current < 512 ? 511 : 1023) - min + 1;
    }
    let offset =
      range.basePort !== undefined
        ? current - range.basePort
        : range.random || range.fullyRandom || kind !== 'dst'
          ? this.random.below(65536)
          : 0;
    let attempts = Math.min(size, MAX_ATTEMPTS);
    for (;;) {
      for (let i = 0; i < attempts; i++, offset++) {
        const port = min + (((offset % size) + size) % size);
        if (sourceSide) t.sport = port;
        else t.dport = port;
        if (!this.usedHarder(t, conn, attempts - i)) return;
      }
      if (attempts >= size || attempts < 16) return;
      attempts = Math.floor(attempts / 2);
      offset = this.random.below(65536);
    }
  }
}
