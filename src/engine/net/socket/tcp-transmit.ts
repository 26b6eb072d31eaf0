/** Building and sending single segments (tcp_transmit_skb): options, window, route. */
import type { ErrnoCode } from '../../core';
import { EMPTY } from '../../core';
import type { TcpSegment } from '../../wire';
import { CHECKSUM_PARTIAL, IPPROTO, TCP_FLAG, makeTcp, makeTcpOptions } from '../../wire';
import type { Output4 } from '../ipv4/route';
import { seqAdd, seqDiff } from './tcp-buffers';
import { QUICK_ACKS, TcpCore, WINDOW_START } from './tcp-core';
import { OPEN_STATES } from './tcp-state';

const { SYN, RST, ACK } = TCP_FLAG;
/** Receive window scale: fits tcp_rmem's 32 MB. */
const WSCALE = 10;

/** Sends segments one by one. */
export abstract class TcpTransmit extends TcpCore {
  protected timestamp(): number {
    return (this.tsOffset + Math.floor(this.ns.now / 1000)) >>> 0;
  }

  /** The path MTU of the route. */
  get pathMtu(): number {
    const r = this.route;
    if (r === null) return 1500;
    const dst = this.remoteIp;
    return typeof dst === 'number'
      ? this.ns.ip4.routing.mtu(r.entry, r.link, dst)
      : this.ns.ip6.routing.mtu(r.entry, r.link, dst);
  }

  /** Bytes of IP and TCP headers without options. */
  protected get overhead(): number {
    return typeof this.remoteIp === 'number' ? 40 : 60;
  }

  /** The largest segment the route takes, timestamps not yet taken off. */
  protected routeMss(): number {
    const mss = Math.max(this.pathMtu - this.overhead, this.ns.ipv4.tcp_min_snd_mss);
    return this.userMss > 0 ? Math.min(mss, this.userMss) : mss;
  }

  /** What the peer may put into a segment: the option of SYN and SYN-ACK. */
  get advertisedMss(): number {
    const r = this.route;
    const { overhead } = this;
    if (r === null) return 1500 - overhead;
    const mss = Math.min(
      r.entry.route.advmss ?? Math.max((r.entry.route.mtu ?? r.link.mtu) - overhead, 48),
      65535 - overhead,
    );
    return this.userMss > 0 ? Math.min(mss, this.userMss) : mss;
  }

  /** The SYN, or in SYN_RECV the SYN-ACK. */
  protected sendSyn(): void {
    const { ns } = this;
    const answer = this.state === 'SYN_RECV';
    const mss = this.advertisedMss;
    const ts = answer ? this.useTs : ns.ipv4.tcp_timestamps !== 0;
    const options = makeTcpOptions({
      mss,
      sackPermitted: answer ? this.useSack : ns.ipv4.tcp_sack !== 0,
      ...(ts ? { timestamps: { val: this.timestamp(), ecr: answer ? this.tsRecent : 0 } } : {}),
      ...((answer ? this.useWscale : ns.ipv4.tcp_window_scaling !== 0) ? { wscale: WSCALE } : {}),
    });
    this.rcvWscale = WSCALE;
    // tcp_select_initial_window: whole segments below 64 KB.
    const unit = answer && ts ? mss - 12 : mss;
    const start = Math.min(WINDOW_START, Math.max(ns.ipv4.tcp_rmem[1]! >> 1, unit));
    const window = Math.min(Math.max(Math.floor(start / unit), 1) * unit, 65535);
    this.windowMax = Math.max(window, unit);
    this.rcvAdvertised = seqAdd(this.rcvNxt, window);
    this.rcvWup = this.rcvNxt;
    this.emit(
      makeTcp(
        this.local.port,
        this.remote!.port,
        this.iss,
        answer ? this.rcvNxt : 0,
        answer ? SYN | ACK : SYN,
        window,
        options,
        EMPTY,
        CHECKSUM_PARTIAL,
      ),
      answer,
    );
  }

  /** The window of the last segment. */
  private rcvWnd = WINDOW_START;

  /**
   * __tcp_select_window: what is free, in units of the scale; nothing rather than less than a segment of the peer's once less than
   * half is free, so that no silly window is offered.
   */
  protected selectWindow(): number {
    const full = this.windowMax;
    const free = Math.max(0, full - this.receiveQueue.length - this.receiveQueue.earlyBytes);
    if (free < full >>> 1 && (free < full >>> 4 || free < Math.min(this.rcvMss, full))) return 0;
    const unit = 1 << (this.useWscale ? this.rcvWscale : 0);
    return Math.ceil(free / unit) * unit;
  }

  /** tcp_select_window: what is free, in units of the scale, never taking back what was promised. */
  protected window(): number {
    const shift = this.useWscale ? this.rcvWscale : 0;
    const unit = 1 << shift;
    let window = this.selectWindow();
    const promised = Math.max(0, seqDiff(this.rcvAdvertised, this.rcvNxt));
    if (window < promised) window = Math.ceil(promised / unit) * unit;
    window = Math.min(window, 65535 * unit);
    const { mib } = this.ns;
    if (window === 0 && this.rcvWnd > 0) mib.TcpExtTCPToZeroWindowAdv++;
    else if (window > 0 && this.rcvWnd === 0) mib.TcpExtTCPFromZeroWindowAdv++;
    this.rcvWnd = window;
    this.rcvAdvertised = seqAdd(this.rcvNxt, window);
    this.rcvWup = this.rcvNxt;
    return window >>> shift;
  }

  /** Builds and sends one segment. */
  protected transmit(flags: number, seq: number, data: Uint8Array): void {
    let options;
    if ((flags & RST) === 0) {
      const room = this.useTs ? 3 : 4;
      let sack: [number, number][] | undefined;
      if (this.useSack && (this.dsack !== undefined || this.receiveQueue.earlyBytes > 0)) {
        sack = this.receiveQueue.sackBlocks(this.lastSack, this.dsack === undefined ? room : room - 1);
        if (this.dsack !== undefined) {
          sack.unshift(this.dsack);
          this.dsack = undefined;
        }
      }
      if (this.useTs || sack)
        options = makeTcpOptions({
          ...(this.useTs ? { timestamps: { val: this.timestamp(), ecr: this.tsRecent } } : {}),
          ...(sack ? { sack } : {}),
        });
    }
    const window = (flags & RST) !== 0 ? 0 : this.window();
    if ((flags & ACK) !== 0) {
      if (this.ackScheduled && this.quickAcks > 0) this.quickAcks--;
      this.ackScheduled = false;
      this.ackNow = false;
      this.delack?.cancel();
      this.delack = null;
    }
    if (data.length > 0) {
      this.counts.dataSegsOut++;
      this.counts.bytesSent += data.length;
      // A program that answers at once will answer again: acknowledgements can wait for its data (pingpong mode).
      if (this.ns.now - this.lastReceived < this.ato) this.pingpong = true;
      this.lastSent = this.ns.now;
    }
    this.emit(
      makeTcp(this.local.port, this.remote!.port, seq, this.rcvNxt, flags, window, options, data, CHECKSUM_PARTIAL),
      false,
    );
  }

  private emit(segment: TcpSegment, plainId: boolean): void {
    const { ns } = this;
    this.counts.segsOut++;
    ns.mib.TcpOutSegs++;
    const src = this.localIp;
    const dst = this.remoteIp;
    let error: ErrnoCode | undefined;
    if (typeof dst === 'number' && typeof src === 'number') {
      const r = this.currentRoute4(dst, src);
      if (typeof r === 'string') {
        error = r;
        ns.mib.IpOutNoRoutes++;
      } else {
        const id = plainId ? 0 : this.ipId++ & 0xffff;
        error = ns.ip4.output.send({
          src,
          dst,
          protocol: IPPROTO.TCP,
          payload: segment,
          ...(this.ttl === undefined ? {} : { ttl: this.ttl }),
          tos: this.tos,
          df: this.pmtudisc !== 'dont' && ns.ipv4.ip_no_pmtu_disc === 0,
          id,
          mark: this.mark,
          owner: this,
          route: r,
        });
      }
    } else if (typeof dst === 'string' && typeof src === 'string') {
      error = ns.ip6.output.send({
        src,
        dst,
        nextHeader: IPPROTO.TCP,
        payload: segment,
        ...(this.ttl === undefined ? {} : { hopLimit: this.ttl }),
        trafficClass: this.tos,
        flowLabel: this.flowLabel,
        owner: this,
        mark: this.mark,
        oif: this.outLink(this.remote!),
        whole: true,
      });
    }
    // Of what the device threw away nobody is told: it is sent again.
    if (error !== undefined && error !== 'EMSGSIZE' && error !== 'ENOBUFS') this.softError = error;
  }

  /** Routes change under a connection: it is looked up again for every segment, as a stale dst would be. */
  private currentRoute4(dst: number, src: number): Output4 | ErrnoCode {
    this.ns.ip4.routing.setPorts(IPPROTO.TCP, this.local.port, this.remote!.port, this.owner.uid);
    const r = this.ns.ip4.routing.output(dst, src, this.device, this.mark, this.tos);
    if (typeof r !== 'string') this.route = r;
    return r;
  }

  protected sendAck(): void {
    if (this.remote !== undefined) this.transmit(ACK, this.sndNxt, EMPTY);
  }

  /** tcp_enter_quickack_mode: the next segments are acknowledged at once. */
  protected quickAck(max = QUICK_ACKS): void {
    const quick = Math.max(2, Math.floor((this.windowMax || 1) / (2 * Math.max(this.rcvMss, 1))));
    this.quickAcks = Math.max(this.quickAcks, Math.min(quick, max));
  }

  /** Ends the connection with RST. */
  reset(): void {
    if (OPEN_STATES.has(this.state) || this.state === 'SYN_RECV') {
      this.ns.mib.TcpOutRsts++;
      this.transmit(RST | ACK, this.sndNxt, EMPTY);
    }
    this.finish();
  }
}
