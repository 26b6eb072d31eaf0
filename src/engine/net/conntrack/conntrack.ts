/** Connection tracking of one namespace (net/netfilter/nf_conntrack_core.c). */
import type { Micros, Timer } from '../../core';
import type { Transport } from '../../wire';
import { CHECKSUM_AUTO, CHECKSUM_PARTIAL, IPPROTO } from '../../wire';
import { NF } from '../hooks';
import type { NetNamespace } from '../namespace';
import { HOOK } from '../netfilter/hook-table';
import type { Skb } from '../skb';
import type { Conn } from './conn';
import { CTINFO, CT_STATUS, DIR } from './conn';
import { CT_EVENT, Connection } from './connection';
import type { TupleNode } from './connection';
import { innerTuple } from './icmp-error';
import { defaultSettings } from './settings';
import { ConnTable } from './table';
import { TCP_VERDICT, canDropEarly, tcpError, tcpOutcome, trackTcp } from './tcp';
import { protocolName, tupleText } from './text';
import { ScratchTuple, copyTuple, invertInto, sameTuple, tupleOf } from './tuple';

/** Buckets that are searched for somebody to drop when the table is full (NF_CT_EVICTION_RANGE). */
const EVICTION_RANGE = 8;
/** A UDP flow with answers is a stream when it is older than this (nf_conntrack_proto_udp.c). */
const STREAM_AGE: Micros = 2e6;
/** The longest time between two looks for expired connections (GC_SCAN_INTERVAL_MAX), and the shortest here. */
const GC_MAX: Micros = 60e6;
const GC_MIN: Micros = 1e6;

/** Counters of /proc/net/stat/nf_conntrack and `conntrack -S`. */
export function zeroConntrackStats() {
  return {
    found: 0,
    invalid: 0,
    insert: 0,
    insertFailed: 0,
    drop: 0,
    earlyDrop: 0,
    error: 0,
    searchRestart: 0,
    clashResolve: 0,
    chainTooLong: 0,
  };
}

/** What listeners are told (ctnetlink's groups). */
export interface ConntrackEvent {
  readonly type: 'NEW' | 'UPDATE' | 'DESTROY';
  readonly conn: Connection;
  /** Who deleted it; undefined when it was the kernel. */
  readonly portid: number | undefined;
}

/** ICMP messages that may begin a connection, by type. */
const ICMP4_NEW = new Set([8, 13, 15, 17]);
const ICMP6_NEW = new Set([128, 139]);
/** Neighbour discovery and MLD are not tracked (nf_conntrack_proto_icmpv6.c, noct_valid_new). */
const ICMP6_UNTRACKED = new Set([130, 131, 132, 133, 134, 135, 136, 143]);

/** All connections of a namespace, and the functions that its hooks run. */
export class Conntrack {
  readonly settings = defaultSettings();
  readonly stats = zeroConntrackStats();
  readonly table: ConnTable;
  private nextId = 1;
  private readonly listeners = new Set<(event: ConntrackEvent) => void>();
  private readonly scratch = new ScratchTuple();
  private readonly inverse = new ScratchTuple();
  private gc: Timer | null = null;
  private readonly onGc = (): void => this.collect();
  private warnedAt: Micros = -Infinity;
  /** Called when a connection ends, before it is announced. */
  onDestroy: ((conn: Connection) => void) | null = null;

  constructor(readonly ns: NetNamespace) {
    this.table = new ConnTable(ns.hashSeed ^ 0x5bd1e995);
  }

  /** net.netfilter.nf_conntrack_count: those in the table; a first packet's is not there before it has been confirmed. */
  get count(): number {
    return this.table.size;
  }

  // --- events ---------------------------------------------------------------------------------------------------------

  /** Calls `listener` for every connection that begins, changes or ends, until the returned function is called. */
  listen(listener: (event: ConntrackEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private emit(type: ConntrackEvent['type'], conn: Connection, portid?: number): void {
    conn.events = 0;
    if (!conn.announced) return;
    for (const listener of [...this.listeners]) listener({ type, conn, portid });
  }

  private trace(skb: Skb, action: string): void {
    const conn = skb.ct as Connection | null;
    const state =
      skb.ctInfo === CTINFO.UNTRACKED
        ? 'UNTRACKED'
        : conn === null
          ? 'INVALID'
          : skb.ctInfo === CTINFO.NEW
            ? 'NEW'
            : skb.ctInfo === CTINFO.RELATED || skb.ctInfo === CTINFO.RELATED_REPLY
              ? 'RELATED'
              : 'ESTABLISHED';
    const answered = conn !== null && (conn.status & CT_STATUS.SEEN_REPLY) !== 0;
    const entry =
      conn === null
        ? ''
        : `${protocolName(conn.original.protocol)} ${tupleText(conn.original)}${answered ? '' : ' [UNREPLIED]'}\n${tupleText(conn.reply)}`;
    this.ns.trace(skb, { event: 'conntrack', state, action, entry });
  }

  // --- the hook at -200 -----------------------------------------------------------------------------------------------

  /** nf_conntrack_in: finds or makes the packet's connection. @returns NF verdict */
  in(skb: Skb, hook: number): number {
    let zone = 0;
    if (skb.ct !== null || skb.ctInfo === CTINFO.UNTRACKED) {
      const seen = skb.ct as Conn | null;
      // Looped back, or a rule said NOTRACK. A template only says which zone.
      if (seen === null || !(seen.status & CT_STATUS.TEMPLATE)) return NF.ACCEPT;
      zone = seen.zone;
      skb.ct = null;
      skb.ctInfo = 0;
    }
    const p = skb.payload;
    if (p.kind !== 'ipv4' && p.kind !== 'ipv6') return NF.ACCEPT;
    const transport = p.payload;
    const incoming = hook === HOOK.PREROUTING;
    switch (transport.kind) {
      case 'icmp4':
        if (transport.checksum !== CHECKSUM_AUTO && incoming && this.settings.checksum !== 0)
          return this.invalid(skb, 'bad checksum', true);
        if (transport.type > 18) return this.invalid(skb, 'unknown ICMP type', true);
        if (transport.message === 'error') return this.error(skb, transport.original, p.dst, zone);
        break;
      case 'icmp6':
        if (transport.checksum !== CHECKSUM_AUTO && incoming && this.settings.checksum !== 0)
          return this.invalid(skb, 'bad checksum', true);
        if (ICMP6_UNTRACKED.has(transport.type)) {
          skb.ctInfo = CTINFO.UNTRACKED;
          if (this.ns.tracer.active) this.trace(skb, 'untracked');
          return NF.ACCEPT;
        }
        if (transport.message === 'error') return this.error(skb, transport.original, p.dst, zone);
        break;
      default:
    }
    return this.resolve(skb, transport, zone, incoming);
  }

  /** What does not belong to a connection: it goes on without one. */
  private invalid(skb: Skb, why: string, error: boolean): number {
    skb.ct = null;
    skb.ctInfo = 0;
    if (error) this.stats.error++;
    this.stats.invalid++;
    if (this.ns.tracer.active) this.trace(skb, why);
    return NF.ACCEPT;
  }

  /** nf_conntrack_inet_error: an ICMP error belongs to the connection of the packet it quotes. */
  private error(skb: Skb, original: Uint8Array, outerDst: unknown, zone: number): number {
    const quoted = this.scratch;
    if (!innerTuple(original, quoted) || !invertInto(quoted, this.inverse))
      return this.invalid(skb, 'error quotes no packet', false);
    const node = this.lookup(this.inverse, zone);
    if (node === null) return this.invalid(skb, 'error about no connection', false);
    if (node.tuple.dst !== outerDst) return this.invalid(skb, 'error is not for the sender', false);
    skb.ct = node.conn;
    skb.ctInfo = node.dir === DIR.REPLY ? CTINFO.RELATED_REPLY : CTINFO.RELATED;
    if (this.ns.tracer.active) this.trace(skb, 'related');
    return NF.ACCEPT;
  }

  /** The live node of a tuple. */
  private lookup(tuple: ScratchTuple, zone: number): TupleNode | null {
    const node = this.table.find(tuple, zone);
    if (node === null || node.conn.expires > this.ns.now) return node;
    this.destroy(node.conn);
    return null;
  }

  /** resolve_normal_ct and the protocol's part. */
  private resolve(skb: Skb, transport: Transport, zone: number, incoming: boolean): number {
    const { scratch } = this;
    if (!tupleOf(skb, scratch)) return this.invalid(skb, 'no tuple', false);
    for (;;) {
      const node = this.lookup(scratch, zone);
      let conn: Connection;
      let dir: 0 | 1 = DIR.ORIGINAL;
      if (node === null) {
        const made = this.create(scratch, zone);
        if (typeof made === 'string') {
          if (made === 'invalid') return this.invalid(skb, 'nothing answers it', false);
          this.stats.drop++;
          if (this.ns.tracer.active) this.trace(skb, 'table full');
          return NF.DROP;
        }
        conn = made;
        skb.ctInfo = CTINFO.NEW;
      } else {
        conn = node.conn;
        dir = node.dir;
        skb.ctInfo =
          dir === DIR.REPLY
            ? CTINFO.ESTABLISHED_REPLY
            : (conn.status & CT_STATUS.SEEN_REPLY) !== 0
              ? CTINFO.ESTABLISHED
              : (conn.status & CT_STATUS.EXPECTED) !== 0
                ? CTINFO.RELATED
                : CTINFO.NEW;
      }
      skb.ct = conn;
      const verdict = this.packet(skb, conn, dir, transport, incoming);
      if (verdict === TCP_VERDICT.REPEAT) {
        skb.ct = null;
        this.destroy(conn);
        continue;
      }
      if (verdict === TCP_VERDICT.INVALID) return this.invalid(skb, `invalid in state ${conn.tcpState}`, false);
      if (verdict === TCP_VERDICT.KILLED) this.destroy(conn);
      if (skb.ctInfo === CTINFO.ESTABLISHED_REPLY && (conn.status & CT_STATUS.SEEN_REPLY) === 0) {
        conn.status |= CT_STATUS.SEEN_REPLY;
        conn.events |= CT_EVENT.REPLY;
      }
      if (this.ns.tracer.active) this.trace(skb, node === null ? 'new' : 'found');
      return NF.ACCEPT;
    }
  }

  /** init_conntrack */
  private create(tuple: ScratchTuple, zone: number): Connection | 'invalid' | 'full' {
    const { inverse, settings } = this;
    if (!invertInto(tuple, inverse)) return 'invalid';
    if (settings.max > 0 && this.count >= settings.max && !this.evict(tuple)) {
      if (this.ns.now - this.warnedAt > 5e6) {
        this.warnedAt = this.ns.now;
        this.ns.log('nf_conntrack: nf_conntrack: table full, dropping packet');
      }
      return 'full';
    }
    const id = this.nextId++;
    const conn = new Connection(
      (Math.imul(id ^ this.ns.hashSeed, 0x9e3779b1) ^ (id << 7)) >>> 0,
      copyTuple(tuple),
      copyTuple(inverse),
      zone,
    );
    this.prepare(conn);
    return conn;
  }

  /** What a new connection carries: counters, and with nf_conntrack_events=2 announcements only when somebody listens now. */
  private prepare(conn: Connection): void {
    const { settings } = this;
    conn.acct = settings.acct !== 0;
    conn.announced = settings.events === 1 || (settings.events === 2 && this.listeners.size > 0);
  }

  /** early_drop: makes room by forgetting a connection that never was answered. */
  private evict(tuple: ScratchTuple): boolean {
    const { now } = this.ns;
    const victim = this.table.nearby(
      this.table.hash(tuple),
      EVICTION_RANGE,
      (c) =>
        c.expires <= now ||
        (c.status & (CT_STATUS.ASSURED | CT_STATUS.FIXED_TIMEOUT)) === 0 ||
        (c.tcp !== null && canDropEarly(c)),
    );
    if (victim === undefined) return false;
    this.destroy(victim);
    this.stats.earlyDrop++;
    return true;
  }

  /** nf_conntrack_handle_packet: the protocol's part. @returns TCP_VERDICT */
  private packet(skb: Skb, conn: Connection, dir: 0 | 1, transport: Transport, incoming: boolean): number {
    const { settings: s } = this;
    const check = incoming && s.checksum !== 0;
    switch (transport.kind) {
      case 'tcp': {
        if (tcpError(transport, check) !== undefined) {
          this.stats.error++;
          return TCP_VERDICT.INVALID;
        }
        const verdict = trackTcp(conn, dir, transport, s);
        if (verdict === TCP_VERDICT.ACCEPT || verdict === TCP_VERDICT.KILLED)
          this.refresh(conn, dir, skb, tcpOutcome.timeout);
        return verdict;
      }
      case 'udp': {
        const c = transport.checksum;
        if (check && c !== CHECKSUM_AUTO && c !== CHECKSUM_PARTIAL && c !== 0) {
          this.stats.error++;
          return TCP_VERDICT.INVALID;
        }
        if (!conn.confirmed) conn.streamAfter = this.ns.now + STREAM_AGE;
        if ((conn.status & CT_STATUS.SEEN_REPLY) !== 0) {
          let timeout = s.udp_timeout;
          if (this.ns.now > conn.streamAfter) {
            timeout = s.udp_timeout_stream;
            if ((conn.status & CT_STATUS.ASSURED) === 0) {
              conn.status |= CT_STATUS.ASSURED;
              conn.events |= CT_EVENT.ASSURED;
            }
          }
          this.refresh(conn, dir, skb, timeout);
        } else this.refresh(conn, dir, skb, s.udp_timeout);
        return TCP_VERDICT.ACCEPT;
      }
      case 'icmp4':
        if (!conn.confirmed && !ICMP4_NEW.has(transport.type)) return TCP_VERDICT.INVALID;
        this.refresh(conn, dir, skb, s.icmp_timeout);
        return TCP_VERDICT.ACCEPT;
      case 'icmp6':
        if (!conn.confirmed && !ICMP6_NEW.has(transport.type)) return TCP_VERDICT.INVALID;
        this.refresh(conn, dir, skb, s.icmpv6_timeout);
        return TCP_VERDICT.ACCEPT;
      case 'raw': {
        const { protocol } = conn.original;
        // What should have a header that could be read and has none is no part of a connection.
        if (
          protocol === IPPROTO.TCP ||
          protocol === IPPROTO.UDP ||
          protocol === IPPROTO.ICMP ||
          protocol === IPPROTO.ICMPV6
        )
          return TCP_VERDICT.INVALID;
        this.refresh(conn, dir, skb, s.generic_timeout);
        return TCP_VERDICT.ACCEPT;
      }
    }
  }

  /** nf_ct_refresh_acct. @param seconds undefined: it lives as long as it would have without the packet */
  private refresh(conn: Connection, dir: 0 | 1, skb: Skb, seconds: number | undefined): void {
    if (conn.acct) {
      conn.packets[dir]++;
      conn.bytes[dir] += skb.length;
    }
    if (seconds === undefined || (conn.status & CT_STATUS.FIXED_TIMEOUT) !== 0) return;
    conn.timeout = seconds * 1e6;
    if (conn.confirmed) {
      conn.expires = this.ns.now + conn.timeout;
      // A shorter life than before (a TCP connection that ends) must not wait for the collector's old date.
      if (this.gc !== null && conn.expires < this.gc.at - GC_MAX) this.arm(conn.expires);
    }
  }

  // --- the hook at the end --------------------------------------------------------------------------------------------

  /** nf_confirm: the packet leaves or is delivered, so its connection is real. @returns NF verdict */
  confirm(skb: Skb): number {
    const conn = skb.ct as Connection | null;
    if (conn === null) return NF.ACCEPT;
    if ((conn.status & (CT_STATUS.CONFIRMED | CT_STATUS.TEMPLATE)) === 0) {
      // An error or a reset that answers the first packet goes the other way: it confirms nothing.
      if (skb.ctInfo >= CTINFO.ESTABLISHED_REPLY) return NF.ACCEPT;
      return this.insert(conn, skb);
    }
    if (conn.events !== 0) this.deliver(conn);
    return NF.ACCEPT;
  }

  private deliver(conn: Connection): void {
    if (conn.dying) conn.events = 0;
    else this.emit('UPDATE', conn);
  }

  /** __nf_conntrack_confirm */
  private insert(conn: Connection, skb: Skb): number {
    if (conn.dying) return NF.ACCEPT;
    const { table, ns } = this;
    for (const node of conn.nodes) {
      const other = table.find(node.tuple, conn.zone);
      if (other === null || other.conn === conn) continue;
      if (other.conn.expires <= ns.now) {
        this.destroy(other.conn);
        continue;
      }
      return this.clash(conn, other, skb);
    }
    conn.status |= CT_STATUS.CONFIRMED;
    conn.expires = ns.now + conn.timeout;
    if (this.settings.timestamp !== 0) conn.started = ns.now;
    table.insert(conn);
    this.arm(conn.expires);
    if (ns.tracer.active) this.trace(skb, 'confirmed');
    this.emit('NEW', conn);
    return NF.ACCEPT;
  }

  /** nf_ct_resolve_clash: somebody was faster. For datagrams the older connection may be taken instead. */
  private clash(conn: Connection, other: TupleNode, skb: Skb): number {
    conn.status |= CT_STATUS.DYING;
    const { protocol } = conn.original;
    if (
      protocol !== IPPROTO.TCP &&
      other.dir === DIR.ORIGINAL &&
      sameTuple(other.conn.original, conn.original) &&
      sameTuple(other.conn.reply, conn.reply)
    ) {
      this.stats.clashResolve++;
      skb.ct = other.conn;
      return NF.ACCEPT;
    }
    this.stats.insertFailed++;
    this.stats.drop++;
    if (this.ns.tracer.active) this.trace(skb, 'clash');
    return NF.DROP;
  }

  /** nf_conntrack_tuple_taken: would a connection with that reply tuple be mistaken for another one? */
  taken(reply: ScratchTuple, but: Conn): boolean {
    const node = this.table.find(reply, but.zone);
    if (node === null || node.conn === but) return false;
    if (node.conn.expires <= this.ns.now) {
      this.destroy(node.conn);
      return false;
    }
    // The same flow tracked twice at once: confirming it sorts that out.
    if (sameTuple(node.conn.original, but.original)) return false;
    this.stats.found++;
    return true;
  }

  // --- ends -----------------------------------------------------------------------------------------------------------

  /** nf_ct_delete. @param portid who asked for it, for the event */
  destroy(conn: Connection, portid?: number): void {
    if (conn.dying || !conn.confirmed) return;
    conn.status |= CT_STATUS.DYING;
    this.table.remove(conn);
    if (conn.started !== 0) conn.stopped = this.ns.now;
    this.onDestroy?.(conn);
    this.emit('DESTROY', conn, portid);
  }

  /** nf_ct_iterate_cleanup: ends what `which` names. @returns how many */
  flush(which: (conn: Connection) => boolean = () => true, portid?: number): number {
    let n = 0;
    for (const conn of this.table.list()) {
      if (!which(conn)) continue;
      this.destroy(conn, portid);
      n++;
    }
    return n;
  }

  /** The living connections, in the order of the table. */
  list(): Connection[] {
    const { now } = this.ns;
    return this.table.list().filter((c) => c.expires > now);
  }

  /** Puts in a connection that user space made (ctnetlink_create_conntrack). @returns false when there is one */
  add(conn: Connection, portid?: number): boolean {
    for (const node of conn.nodes) if (this.table.find(node.tuple, conn.zone) !== null) return false;
    this.prepare(conn);
    conn.status |= CT_STATUS.CONFIRMED;
    this.table.insert(conn);
    this.arm(conn.expires);
    this.emit('NEW', conn, portid);
    return true;
  }

  /** A connection that user space changed. */
  changed(conn: Connection, portid?: number): void {
    this.arm(conn.expires);
    this.emit('UPDATE', conn, portid);
  }

  /** A number for a connection that user space makes. */
  newId(): number {
    const id = this.nextId++;
    return (Math.imul(id ^ this.ns.hashSeed, 0x9e3779b1) ^ (id << 7)) >>> 0;
  }

  /** gc_worker: what has expired is announced as gone. */
  private collect(): void {
    this.gc = null;
    const { now } = this.ns;
    let next = Infinity;
    for (const conn of this.table.list()) {
      if (conn.expires <= now) this.destroy(conn);
      else if (conn.expires < next) next = conn.expires;
    }
    if (this.table.size > 0) this.arm(next);
  }

  private arm(at: Micros): void {
    const { now } = this.ns;
    const when = Math.max(now + GC_MIN, Math.min(at, now + GC_MAX));
    if (this.gc !== null) {
      if (this.gc.at <= when) return;
      this.gc.cancel();
    }
    this.gc = this.ns.host.scheduler.after(when - now, this.onGc);
  }

  /** The namespace ends: its connections do, and nothing is collected any more. */
  stop(): void {
    this.flush();
    this.gc?.cancel();
    this.gc = null;
  }
}
