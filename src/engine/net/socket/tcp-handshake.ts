/** How a connection begins, on both sides (tcp_conn_request, tcp_check_req, tcp_rcv_synsent_state_process). */
import type { TcpSegment } from '../../wire';
import { TCP_FLAG } from '../../wire';
import type { Output4 } from '../ipv4/route';
import type { Output6 } from '../ipv6/route';
import type { SockAddr } from './socket';
import { seqAdd } from './tcp-buffers';
import { TcpRecovery } from './tcp-recovery';
import type { TcpSocket } from './tcp';

const { SYN, RST, ACK } = TCP_FLAG;

/** What a listener remembers of a SYN, or reads from a cookie. */
export interface SynOptions {
  readonly mss: number | undefined;
  readonly wscale: number | undefined;
  readonly sack: boolean;
  /** TSval, undefined without time stamps. */
  readonly ts: number | undefined;
}

/** The handshake. */
export abstract class TcpHandshake extends TcpRecovery {
  /** A new connection of a listener: takes over what the SYN said. */
  fromSyn(listener: TcpSocket, local: SockAddr, remote: SockAddr, segment: TcpSegment, route: Output4 | Output6): void {
    this.inherit(listener, local, remote, route);
    this.learnOptions(optionsOf(segment));
    this.rcvNxt = seqAdd(segment.seq, 1);
    this.sndWnd = this.maxWindow = segment.window;
    this.sndWl1 = segment.seq;
    this.iss = this.ns.random.uint32();
    this.sndUna = this.iss;
    this.sndNxt = this.sndSml = seqAdd(this.iss, 1);
    this.state = 'SYN_RECV';
    this.lastSent = this.ns.now;
    listener.embryos++;
    this.sendSyn();
    this.arm('retransmit', this.rtt.rto);
  }

  /** A connection whose SYN was answered with a cookie: the ACK brings everything back. @returns false when there is no room */
  fromCookie(
    listener: TcpSocket,
    local: SockAddr,
    remote: SockAddr,
    segment: TcpSegment,
    route: Output4 | Output6,
    options: SynOptions,
  ): boolean {
    this.inherit(listener, local, remote, route);
    this.learnOptions(options);
    this.rcvNxt = segment.seq;
    this.iss = seqAdd(segment.ack, -1);
    this.sndUna = this.iss;
    this.sndNxt = this.sndSml = segment.ack;
    this.rcvWscale = 10;
    this.rcvAdvertised = seqAdd(this.rcvNxt, this.windowMax);
    this.rcvWup = this.rcvNxt;
    this.state = 'SYN_RECV';
    listener.embryos++;
    return this.established(segment);
  }

  private inherit(listener: TcpSocket, local: SockAddr, remote: SockAddr, route: Output4 | Output6): void {
    this.parent = listener;
    this.local = local;
    this.remote = remote;
    this.device = listener.device;
    this.ttl = listener.ttl;
    this.tos = listener.tos;
    this.mark = listener.mark;
    this.pmtudisc = listener.pmtudisc;
    this.noDelay = listener.noDelay;
    this.keepAlive = listener.keepAlive;
    this.keepIdle = listener.keepIdle;
    this.keepInterval = listener.keepInterval;
    this.keepCount = listener.keepCount;
    this.userTimeout = listener.userTimeout;
    this.userMss = listener.userMss;
    this.linger = listener.linger;
    this.reuseAddr = listener.reuseAddr;
    this.reusePort = listener.reusePort;
    this.route = route;
    this.mss = this.routeMss();
  }

  /** Sends the SYN-ACK again: the SYN came twice. */
  repeatSynAck(): void {
    this.ns.mib.TcpRetransSegs++;
    this.sendSyn();
  }

  private learnOptions(o: SynOptions): void {
    const { ipv4 } = this.ns;
    this.mss = Math.max(Math.min(this.mss, o.mss ?? 536), ipv4.tcp_min_snd_mss);
    this.useTs = ipv4.tcp_timestamps !== 0 && o.ts !== undefined;
    this.useSack = ipv4.tcp_sack !== 0 && o.sack;
    this.useWscale = ipv4.tcp_window_scaling !== 0 && o.wscale !== undefined;
    this.sndWscale = this.useWscale ? Math.min(o.wscale!, 14) : 0;
    if (o.ts !== undefined) this.tsRecent = o.ts;
  }

  /** The three-way handshake is complete on the passive side. @returns false when the accept queue is full. */
  protected established(s: TcpSegment): boolean {
    const { parent, ns } = this;
    if (parent === null || parent.state !== 'LISTEN') {
      this.finish();
      return false;
    }
    if (parent.acceptQueue.length > parent.backlog) {
      // The client believes to be connected; it will repeat its data, we our SYN-ACK.
      ns.mib.TcpExtListenOverflows++;
      ns.mib.TcpExtListenDrops++;
      if (ns.ipv4.tcp_abort_on_overflow) {
        ns.mib.TcpExtEmbryonicRsts++;
        this.reset();
      }
      return false;
    }
    parent.embryos--;
    if (this.retransmits === 0 && this.lastSent < ns.now) this.rtt.sample(ns.now - this.lastSent, s.ack, s.ack);
    this.begin(s);
    this.sndWnd = s.window << this.sndWscale;
    this.maxWindow = Math.max(this.maxWindow, this.sndWnd);
    ns.mib.TcpPassiveOpens++;
    ns.mib.TcpExtTCPDelivered++;
    parent.acceptQueue.push(this.self);
    parent.changed.wakeAll();
    this.startKeepAlive();
    return true;
  }

  /** Common to both sides: the SYN is acknowledged. */
  private begin(s: TcpSegment): void {
    this.sndUna = s.ack;
    this.sndWl1 = s.seq;
    this.retransmits = this.backoff = 0;
    this.softError = undefined;
    this.disarm();
    this.state = 'ESTABLISHED';
    this.counts.delivered++;
    this.highSeq = this.cwndSeq = this.sndNxt;
    this.lastActivity = this.lastReceived = this.lastAcked = this.ns.now;
    this.copied = 0;
    const initial = this.route?.entry.route.metrics?.initcwnd;
    if (typeof initial === 'number' && initial > 0) this.congestion.cwnd = initial;
    if (this.rtt.srtt === 0) this.rtt.restore();
  }

  protected inputSynSent(s: TcpSegment): void {
    const { ns } = this;
    if ((s.flags & ACK) !== 0 && s.ack !== this.sndNxt) {
      if ((s.flags & RST) === 0) this.table.sendReset(this.self, s);
      return;
    }
    if ((s.flags & RST) !== 0) {
      if ((s.flags & ACK) !== 0) this.finish('ECONNREFUSED');
      return;
    }
    if ((s.flags & SYN) === 0) return;
    this.learnOptions(optionsOf(s));
    this.rcvNxt = seqAdd(s.seq, 1);
    this.rcvAdvertised = seqAdd(this.rcvNxt, this.windowMax);
    this.sndWnd = this.maxWindow = s.window;
    if ((s.flags & ACK) === 0) {
      // Both sides connect at once.
      this.state = 'SYN_RECV';
      this.sendSyn();
      return;
    }
    if (this.retransmits === 0) this.rtt.sample(ns.now - this.lastSent, s.ack, s.ack);
    const resent = this.retransmits > 0;
    this.begin(s);
    // The SYN itself is byte one of what `ss` calls acknowledged.
    this.counts.bytesAcked = 1;
    ns.mib.TcpExtTCPDelivered++;
    if (resent) this.congestion.cwnd = Math.min(this.congestion.cwnd, 10);
    this.confirmNeighbour();
    this.quickAck();
    this.sendAck();
    this.startKeepAlive();
    this.output();
    this.changed.wakeAll();
  }

  protected confirmNeighbour(): void {
    const r = this.route;
    if (r === null || r.link.isLoopback) return;
    const next = r.entry.gateway ?? this.remoteIp;
    const n = typeof next === 'number' ? r.link.arp.get(next) : r.link.nd.get(next);
    n?.confirm();
  }
}

/** The options of a SYN. */
export function optionsOf(s: TcpSegment): SynOptions {
  const o = s.options;
  return { mss: o?.mss, wscale: o?.wscale, sack: o?.sackPermitted ?? false, ts: o?.timestamps?.val };
}
