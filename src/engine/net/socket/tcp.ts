import type { Caller, Coroutine, ErrnoCode, Micros, Ready, Timer } from '../../core';
import { EMPTY, Errno } from '../../core';
import type { IpAddress, TcpSegment } from '../../wire';
import { CHECKSUM_PARTIAL, IPPROTO, TCP_FLAG, makeTcp, makeTcpOptions, parseIp4 } from '../../wire';
import type { Output4 } from '../ipv4/stack';
import type { Output6 } from '../ipv6/stack';
import type { NetNamespace } from '../namespace';
import type { Family } from '../types';
import { CongestionWindow } from './tcp-congestion';
import { RTO_MAX, RttEstimator, timeoutModel } from './tcp-rtt';
import type { TcpState } from './tcp-state';
import { OPEN_STATES, SS_STATE } from './tcp-state';
import { ReceiveQueue, SendQueue, seqAdd, seqDiff } from './tcp-buffers';
import type { SockAddr, SocketInfo, SocketOwner } from './socket';
import { Socket, isGroup, mapped, unmapped } from './socket';

const { FIN, SYN, RST, PSH, ACK } = TCP_FLAG;
const DELAYED_ACK = 40_000;
/** Retransmissions of a SYN before the interval doubles (net.ipv4.tcp_syn_linear_timeouts). */
const SYN_LINEAR = 4;
const TIME_WAIT = 60_000_000;
const SEND_BUFFER = 262_144;
/** Most that an untuned receive buffer offers, and the limit of tuning (half of tcp_rmem's maximum). */
const WINDOW_START = 65_535;
const WINDOW_LIMIT = 6_291_456;
/** Receive window scale: fits tcp_rmem's 32 MB. */
const WSCALE = 10;

/** A TCP socket (RFC 9293, net/ipv4/tcp*.c): NewReno, RFC 6298 timers with Linux's constants. */
export class TcpSocket extends Socket {
  state: TcpState = 'CLOSED';
  /** Listener: connections that accept(2) has not taken, and the limit. */
  readonly acceptQueue: TcpSocket[] = [];
  backlog = 0;
  /** The listener a SYN_RECV socket belongs to. */
  parent: TcpSocket | null = null;
  /** No process holds it any more. */
  orphan = false;
  noDelay = false;
  keepAlive = false;
  keepIdle: Micros | undefined = undefined;
  linger: number | undefined = undefined;
  /** TCP_USER_TIMEOUT-like limit for connect; undefined follows tcp_syn_retries. */
  synRetries: number | undefined = undefined;

  // send side
  iss = 0;
  sndUna = 0;
  sndNxt = 0;
  private sndMax = 0;
  sndWnd = 0;
  private sndWscale = 0;
  private readonly sendQueue = new SendQueue();
  private finQueued = false;
  private finSent = false;
  mss = 536;
  readonly congestion = new CongestionWindow();
  private dupAcks = 0;
  private recover = 0;
  private inRecovery = false;
  private rexmit: Timer | null = null;
  private rexmitKind: 'on' | 'persist' = 'on';
  retransmits = 0;
  private firstLoss: Micros | undefined = undefined;
  readonly rtt = new RttEstimator();
  private ipId: number;

  // receive side
  rcvNxt = 0;
  private rcvAdvertised = 0;
  private readonly receiveQueue = new ReceiveQueue();
  private windowMax = WINDOW_START;
  private copied = 0;
  private finReceived = false;
  private readShutdown = false;
  private ackNow = false;
  private unackedBytes = 0;
  private quickAcks = 16;
  private delack: Timer | null = null;
  private useWscale = false;
  private useTs = false;
  private useSack = false;
  private tsRecent = 0;
  private lastSack = 0;
  private route: Output4 | Output6 | null = null;
  private timeWait: Timer | null = null;
  private keepTimer: Timer | null = null;
  private keepProbes = 0;
  private readonly tsOffset: number;
  private readonly flowLabel: number;
  private softError: ErrnoCode | undefined = undefined;
  lastActivity: Micros;
  /** Segments and bytes, for `ss -i`. */
  readonly counts = { segsIn: 0, segsOut: 0, bytesAcked: 0, bytesReceived: 0, retransTotal: 0 };

  private readonly onRexmit = (): void => this.retransmitTimeout();
  private readonly onDelack = (): void => {
    this.delack = null;
    if (this.unackedBytes > 0) {
      this.ns.mib.TcpExtDelayedACKs++;
      this.sendAck();
    }
  };

  constructor(ns: NetNamespace, family: Family, owner: SocketOwner) {
    super(ns, family, owner);
    this.ipId = ns.random.below(65536);
    this.tsOffset = ns.random.uint32();
    this.flowLabel = ns.random.below(1 << 20);
    this.lastActivity = ns.now;
  }

  private get table() {
    return this.ns.sockets.tcp;
  }

  /** Addresses without the IPv4-mapped form. */
  get localIp(): IpAddress {
    return unmapped(this.local.address, parseIp4);
  }

  get remoteIp(): IpAddress {
    return unmapped(this.remote!.address, parseIp4);
  }

  // --- calls ----------------------------------------------------------------------------------------------------------

  /** bind(2). @throws Errno EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL */
  bind(addr: SockAddr): void {
    if (this.local.port !== 0 || this.state !== 'CLOSED') throw new Errno('EINVAL');
    this.checkLocal(unmapped(addr.address, parseIp4), addr.port);
    this.table.bind(this, addr);
  }

  /** listen(2). @throws Errno EADDRINUSE, EINVAL */
  listen(backlog: number): void {
    if (this.state !== 'CLOSED' && this.state !== 'LISTEN') throw new Errno('EINVAL');
    this.backlog = Math.min(backlog < 0 ? 0xffff : backlog, this.ns.sysctl.core.somaxconn);
    if (this.state === 'LISTEN') return;
    if (this.local.port === 0) this.bind({ address: this.local.address, port: 0 });
    this.table.listen(this);
    this.state = 'LISTEN';
  }

  /** accept(2). @throws Errno EAGAIN, EINVAL, EINTR */
  *accept(caller: Caller, options: { dontWait?: boolean; until?: Micros } = {}): Coroutine<TcpSocket> {
    for (;;) {
      if (this.state !== 'LISTEN') throw new Errno('EINVAL');
      const child = this.acceptQueue.shift();
      if (child !== undefined) {
        child.parent = null;
        return child;
      }
      if (this.nonblocking || options.dontWait) throw new Errno('EAGAIN');
      if ((yield* caller.wait(this.waitQueues, options.until)) === 'timeout') throw new Errno('EAGAIN');
    }
  }

  /**
   * connect(2). Non-blocking sockets throw EINPROGRESS; `poll` then reports writable.
   * @throws Errno ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EISCONN, EALREADY, EINTR
   */
  *connect(caller: Caller, addr: SockAddr, until?: Micros): Coroutine<void> {
    if (this.state === 'SYN_SENT') throw new Errno('EALREADY');
    if (this.state !== 'CLOSED' || this.remote !== undefined) throw new Errno('EISCONN');
    this.startConnect(addr);
    if (this.nonblocking) throw new Errno('EINPROGRESS');
    while ((this.state as TcpState) === 'SYN_SENT') {
      if ((yield* caller.wait(this.waitQueues, until)) === 'timeout') throw new Errno('EINPROGRESS');
    }
    this.throwPending();
    if ((this.state as TcpState) === 'CLOSED') throw new Errno('ECONNABORTED');
  }

  /** tcp_v4_connect */
  private startConnect(addr: SockAddr): void {
    const { ns } = this;
    const dst = unmapped(addr.address, parseIp4);
    if (isGroup(dst)) throw new Errno('ENETUNREACH');
    const route = this.findRoute(dst, addr);
    if (route.type === 'broadcast') throw new Errno('ENETUNREACH');
    const address = mapped(route.src, this.family);
    const remote = { ...addr, address: mapped(dst === 0 ? route.src : dst === '::' ? '::1' : dst, this.family) };
    this.table.connect(this, { ...this.local, address }, remote);
    this.route = route;
    this.mss = this.routeMss();
    this.iss = ns.random.uint32();
    this.sndUna = this.iss;
    this.sndNxt = this.sndMax = seqAdd(this.iss, 1);
    this.state = 'SYN_SENT';
    ns.mib.TcpActiveOpens++;
    this.sendSyn();
    this.arm(this.rtt.rto);
  }

  private findRoute(dst: IpAddress, addr: SockAddr): Output4 | Output6 {
    const src = this.localIp;
    const oif = this.outLink(addr);
    const r =
      typeof dst === 'number'
        ? this.ns.ip4.routeOutput(dst, typeof src === 'number' ? src : 0, oif, this.mark, this.tos)
        : this.ns.ip6.routeOutput(dst, src === '::' || typeof src === 'number' ? undefined : src, oif, this.mark);
    if (typeof r === 'string') throw new Errno(r);
    return r;
  }

  /** Sends; waits while the buffer is full. @returns bytes taken. @throws Errno EPIPE, ECONNRESET, ENOTCONN, EAGAIN */
  override *write(caller: Caller, data: Uint8Array): Coroutine<number> {
    let done = 0;
    while (done < data.length) {
      const room = SEND_BUFFER - this.sendQueue.length;
      if (this.pending !== undefined) {
        if (done > 0) return done;
        this.throwPending();
      }
      if (this.finQueued || this.state === 'CLOSED' || this.state === 'TIME_WAIT') {
        if (this.state === 'CLOSED' && this.remote === undefined) throw new Errno('ENOTCONN');
        caller.brokenPipe();
        throw new Errno('EPIPE');
      }
      if (this.state === 'LISTEN') throw new Errno('ENOTCONN');
      if (room <= 0 || this.state === 'SYN_SENT' || this.state === 'SYN_RECV') {
        if (this.nonblocking) {
          if (done > 0) return done;
          throw new Errno('EAGAIN');
        }
        yield* caller.wait(this.waitQueues);
        continue;
      }
      const part = data.slice(done, done + room);
      this.sendQueue.push(part);
      done += part.length;
      this.output();
    }
    return done;
  }

  /** Receives; an empty array at the end of the stream. @throws Errno ECONNRESET, ENOTCONN, EAGAIN, ETIMEDOUT ... */
  override *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    return yield* this.receive(caller, max);
  }

  /** recv(2) with options. */
  *receive(
    caller: Caller,
    max: number,
    options: { dontWait?: boolean; peek?: boolean; until?: Micros } = {},
  ): Coroutine<Uint8Array> {
    const until = options.until ?? (this.receiveTimeout === undefined ? undefined : this.ns.now + this.receiveTimeout);
    for (;;) {
      if (this.receiveQueue.length > 0) {
        const data = this.receiveQueue.read(max, options.peek);
        if (!options.peek) this.wasRead(data.length);
        return data;
      }
      this.throwPending();
      if (this.finReceived || this.readShutdown || max === 0) return EMPTY;
      if (this.state === 'LISTEN' || (this.state === 'CLOSED' && this.remote === undefined))
        throw new Errno('ENOTCONN');
      if (this.state === 'CLOSED' || this.state === 'TIME_WAIT') return EMPTY;
      if (this.nonblocking || options.dontWait) throw new Errno('EAGAIN');
      if ((yield* caller.wait(this.waitQueues, until)) === 'timeout') throw new Errno('EAGAIN');
    }
  }

  /** tcp_cleanup_rbuf and tcp_rcv_space_adjust: the window may open. */
  private wasRead(n: number): void {
    this.copied += n;
    if (this.copied > this.windowMax && this.windowMax < WINDOW_LIMIT) {
      this.windowMax = Math.min(this.windowMax * 2, WINDOW_LIMIT);
      this.copied = 0;
    }
    if (!OPEN_STATES.has(this.state) || this.finReceived) return;
    const offered = seqDiff(this.rcvAdvertised, this.rcvNxt);
    const now = this.windowMax - this.receiveQueue.length - this.receiveQueue.earlyBytes;
    if (now >= 2 * Math.max(offered, 1) && now - offered >= this.mss) this.sendAck();
  }

  override poll(): Ready {
    const { state } = this;
    if (state === 'LISTEN') return { readable: this.acceptQueue.length > 0, writable: false };
    const dead = state === 'CLOSED' && this.remote !== undefined;
    return {
      readable:
        this.receiveQueue.length > 0 || this.finReceived || this.readShutdown || dead || this.pending !== undefined,
      writable:
        dead ||
        this.pending !== undefined ||
        this.finQueued ||
        (OPEN_STATES.has(state) && this.sendQueue.length < (SEND_BUFFER * 2) / 3),
      hangup: dead || (this.finReceived && this.finQueued),
    };
  }

  /** shutdown(2). @throws Errno ENOTCONN */
  shutdown(how: 'read' | 'write' | 'both'): void {
    if (this.state === 'CLOSED' || this.state === 'LISTEN' || this.state === 'TIME_WAIT') throw new Errno('ENOTCONN');
    if (how !== 'write') this.readShutdown = true;
    if (how !== 'read') this.queueFin();
    this.changed.wakeAll();
  }

  private queueFin(): void {
    if (this.finQueued) return;
    this.finQueued = true;
    if (this.state === 'ESTABLISHED' || this.state === 'SYN_RECV') this.state = 'FIN_WAIT1';
    else if (this.state === 'CLOSE_WAIT') this.state = 'LAST_ACK';
    this.output();
  }

  /** close(2) of the last descriptor (tcp_close). */
  protected override release(): void {
    this.orphan = true;
    switch (this.state) {
      case 'LISTEN':
        this.table.unlisten(this);
        for (const child of this.acceptQueue.splice(0)) child.reset();
        this.finish();
        return;
      case 'CLOSED':
      case 'SYN_SENT':
        this.finish();
        return;
      case 'TIME_WAIT':
        return;
    }
    if (this.receiveQueue.length > 0 || this.linger === 0) {
      // Data was lost on the way to the program: the other side must know (RFC 2525).
      this.ns.mib.TcpExtTCPAbortOnClose++;
      this.reset();
      return;
    }
    this.queueFin();
    if (this.state === 'FIN_WAIT2') this.enterTimeWait();
  }

  /** Ends the connection with RST. */
  reset(): void {
    if (OPEN_STATES.has(this.state) || this.state === 'SYN_RECV') {
      this.ns.mib.TcpOutRsts++;
      this.transmit(RST | ACK, this.sndNxt, EMPTY);
    }
    this.finish();
  }

  abort(): void {
    this.finish();
  }

  /** tcp_done: the socket is CLOSED and out of all tables. */
  finish(error?: ErrnoCode): void {
    if (error !== undefined) this.pending = error;
    if (this.state === 'SYN_RECV' || this.state === 'SYN_SENT') this.ns.mib.TcpAttemptFails++;
    this.state = 'CLOSED';
    this.clearTimers();
    this.table.remove(this);
    this.changed.wakeAll();
  }

  private clearTimers(): void {
    this.rexmit?.cancel();
    this.delack?.cancel();
    this.timeWait?.cancel();
    this.keepTimer?.cancel();
    this.rexmit = this.delack = this.timeWait = this.keepTimer = null;
  }

  // --- output ---------------------------------------------------------------------------------------------------------

  private timestamp(): number {
    return (this.tsOffset + Math.floor(this.ns.now / 1000)) >>> 0;
  }

  /** The largest segment the route takes, timestamps not yet taken off. */
  private routeMss(): number {
    const r = this.route!;
    const dst = this.remoteIp;
    const mtu =
      typeof dst === 'number' ? this.ns.ip4.mtu(r.entry, r.link, dst) - 40 : this.ns.ip6.mtu(r.entry, r.link, dst) - 60;
    return Math.max(mtu, 48);
  }

  /** What the peer may put into a segment: the option of SYN and SYN-ACK. */
  private advertisedMss(): number {
    const r = this.route!;
    const overhead = typeof this.remoteIp === 'number' ? 40 : 60;
    return Math.min(
      r.entry.route.advmss ?? Math.max((r.entry.route.mtu ?? r.link.mtu) - overhead, 48),
      65535 - overhead,
    );
  }

  private sendSyn(): void {
    const { ns } = this;
    const answer = this.state === 'SYN_RECV';
    const mss = this.advertisedMss();
    const ts = answer ? this.useTs : ns.ipv4.tcp_timestamps !== 0;
    const options = makeTcpOptions({
      mss,
      sackPermitted: answer ? this.useSack : ns.ipv4.tcp_sack !== 0,
      ...(ts ? { timestamps: { val: this.timestamp(), ecr: answer ? this.tsRecent : 0 } } : {}),
      ...((answer ? this.useWscale : ns.ipv4.tcp_window_scaling !== 0) ? { wscale: WSCALE } : {}),
    });
    // tcp_select_initial_window: whole segments below 64 KB.
    const unit = answer && ts ? mss - 12 : mss;
    const window = Math.min(Math.floor(WINDOW_START / unit) * unit, 65535);
    this.windowMax = Math.max(window, unit);
    this.rcvAdvertised = seqAdd(this.rcvNxt, window);
    const seg = makeTcp(
      this.local.port,
      this.remote!.port,
      this.iss,
      answer ? this.rcvNxt : 0,
      answer ? SYN | ACK : SYN,
      window,
      options,
      EMPTY,
      CHECKSUM_PARTIAL,
    );
    if (this.retransmits === 0) this.rtt.start(seqAdd(this.iss, 1), ns.now);
    this.emit(seg, answer);
  }

  private window(): number {
    const free = Math.max(0, this.windowMax - this.receiveQueue.length - this.receiveQueue.earlyBytes);
    const shift = this.useWscale ? WSCALE : 0;
    const unit = 1 << shift;
    let window = free < Math.min(this.mss, this.windowMax / 2) ? 0 : Math.ceil(free / unit) * unit;
    // A window is never taken back.
    const promised = seqDiff(this.rcvAdvertised, this.rcvNxt);
    if (window < promised) window = Math.ceil(promised / unit) * unit;
    window = Math.min(window, 65535 * unit);
    this.rcvAdvertised = seqAdd(this.rcvNxt, window);
    return window >>> shift;
  }

  /** Builds and sends one segment. */
  private transmit(flags: number, seq: number, data: Uint8Array): void {
    let options;
    if (this.useTs && (flags & RST) === 0) {
      const sack =
        this.useSack && this.receiveQueue.earlyBytes > 0 ? this.receiveQueue.sackBlocks(this.lastSack) : undefined;
      options = makeTcpOptions({
        timestamps: { val: this.timestamp(), ecr: this.tsRecent },
        ...(sack ? { sack } : {}),
      });
    } else if (this.useSack && this.receiveQueue.earlyBytes > 0 && (flags & RST) === 0) {
      options = makeTcpOptions({ sack: this.receiveQueue.sackBlocks(this.lastSack) });
    }
    const window = (flags & RST) !== 0 ? 0 : this.window();
    if ((flags & ACK) !== 0) {
      this.unackedBytes = 0;
      this.ackNow = false;
      this.delack?.cancel();
      this.delack = null;
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
      if (typeof r === 'string') error = r;
      else {
        const id = plainId ? 0 : this.ipId++ & 0xffff;
        error = ns.ip4.send({
          src,
          dst,
          protocol: IPPROTO.TCP,
          payload: segment,
          ttl: this.ttl ?? ns.ipv4.ip_default_ttl,
          tos: this.tos,
          df: this.pmtudisc !== 'dont',
          id,
          mark: this.mark,
          owner: this,
          route: r,
        });
      }
    } else if (typeof dst === 'string' && typeof src === 'string') {
      error = ns.ip6.send({
        src,
        dst,
        nextHeader: IPPROTO.TCP,
        payload: segment,
        flowLabel: this.flowLabel,
        owner: this,
        mark: this.mark,
        oif: this.outLink(this.remote!),
      });
    }
    if (error !== undefined && error !== 'EMSGSIZE') this.softError = error;
  }

  /** Routes change under a connection: it is looked up again for every segment, as a stale dst would be. */
  private currentRoute4(dst: number, src: number): Output4 | ErrnoCode {
    const r = this.ns.ip4.routeOutput(dst, src, this.device, this.mark, this.tos);
    if (typeof r !== 'string') this.route = r;
    return r;
  }

  private sendAck(): void {
    if (this.remote !== undefined) this.transmit(ACK, this.sndNxt, EMPTY);
  }

  private get effectiveMss(): number {
    return this.mss - (this.useTs ? 12 : 0);
  }

  /** tcp_write_xmit: sends what the windows allow. */
  private output(): void {
    if (!OPEN_STATES.has(this.state)) return;
    const mss = this.effectiveMss;
    for (;;) {
      const offset = seqDiff(this.sndNxt, this.sndUna);
      const left = this.sendQueue.length - offset;
      const window = Math.min(this.sndWnd, this.congestion.cwnd * mss + (this.inRecovery ? this.dupAcks * mss : 0));
      const room = window - offset;
      if (left > 0) {
        const n = Math.min(left, mss, room);
        if (n <= 0) {
          if (this.sndWnd === 0 && offset === 0) this.armPersist();
          return;
        }
        // Silly window: a piece of a segment waits while something is under way (also Nagle).
        if (n < Math.min(left, mss) && offset > 0) return;
        if (n < mss && offset > 0 && !this.noDelay && !this.finQueued) return;
        const data = this.sendQueue.slice(offset, n);
        const last = n === left;
        const fin = last && this.finQueued && !this.finSent;
        this.transmit(ACK | (last ? PSH : 0) | (fin ? FIN : 0), this.sndNxt, data);
        this.sent(n + (fin ? 1 : 0), fin);
        continue;
      }
      if (this.finQueued && !this.finSent) {
        this.transmit(ACK | FIN, this.sndNxt, EMPTY);
        this.sent(1, true);
      }
      return;
    }
  }

  private sent(n: number, fin: boolean): void {
    this.sndNxt = seqAdd(this.sndNxt, n);
    if (seqDiff(this.sndNxt, this.sndMax) > 0) {
      this.sndMax = this.sndNxt;
      this.rtt.start(this.sndNxt, this.ns.now);
    }
    if (fin) this.finSent = true;
    this.lastActivity = this.ns.now;
    if (this.rexmit === null || this.rexmitKind === 'persist') this.arm(this.rtt.rto);
  }

  private arm(delay: Micros): void {
    this.rexmit?.cancel();
    this.rexmitKind = 'on';
    this.rexmit = this.ns.host.scheduler.after(delay, this.onRexmit);
  }

  private armPersist(): void {
    if (this.rexmit !== null) return;
    this.rexmitKind = 'persist';
    this.rexmit = this.ns.host.scheduler.after(
      Math.min(this.rtt.rto << Math.min(this.retransmits, 9), RTO_MAX),
      this.onRexmit,
    );
  }

  /** tcp_retransmit_timer, and the zero window probe. */
  private retransmitTimeout(): void {
    this.rexmit = null;
    const { ns } = this;
    if (this.rexmitKind === 'persist') {
      this.retransmits++;
      if (this.sndWnd > 0) this.output();
      else if (this.sendQueue.length > 0) {
        this.transmit(ACK, seqAdd(this.sndUna, -1), EMPTY);
        this.armPersist();
      }
      return;
    }
    ns.mib.TcpExtTCPTimeouts++;
    if (this.state === 'SYN_SENT' || this.state === 'SYN_RECV') {
      const max =
        this.state === 'SYN_SENT'
          ? (this.synRetries ?? ns.ipv4.tcp_syn_retries) + SYN_LINEAR
          : ns.ipv4.tcp_synack_retries;
      if (this.retransmits >= max) return this.finish(this.softError ?? 'ETIMEDOUT');
      this.retransmits++;
      ns.mib.TcpRetransSegs++;
      ns.mib.TcpExtTCPSynRetrans++;
      this.rtt.cancel();
      this.sendSyn();
      if (this.state === 'SYN_RECV' || this.retransmits > SYN_LINEAR) this.rtt.backOff();
      this.arm(this.rtt.rto);
      return;
    }
    if (this.sndUna === this.sndMax) return;
    this.firstLoss ??= ns.now - this.rtt.rto;
    const limit = this.orphan ? ns.ipv4.tcp_orphan_retries || 8 : ns.ipv4.tcp_retries2;
    if (ns.now - this.firstLoss >= timeoutModel(limit)) {
      ns.mib.TcpExtTCPAbortOnTimeout++;
      return this.finish(this.softError ?? 'ETIMEDOUT');
    }
    this.retransmits++;
    this.counts.retransTotal++;
    ns.mib.TcpRetransSegs++;
    this.rtt.cancel();
    const mss = this.effectiveMss;
    const flight = Math.max(1, Math.ceil(seqDiff(this.sndNxt, this.sndUna) / mss));
    this.congestion.timedOut(flight, !this.inRecovery || this.retransmits === 1);
    this.dupAcks = 0;
    this.inRecovery = false;
    // Everything after the lost segment is sent again as the window opens (go back N).
    this.sndNxt = this.sndUna;
    this.finSent = false;
    this.recover = this.sndMax;
    this.rtt.backOff();
    this.arm(this.rtt.rto);
    this.resendFirst();
  }

  /** Sends the first unacknowledged segment again. */
  private resendFirst(): void {
    const n = Math.min(this.sendQueue.length, this.effectiveMss);
    const all = n === this.sendQueue.length;
    const fin = all && this.finQueued;
    if (n === 0 && !fin) return;
    this.transmit(ACK | (n > 0 && all ? PSH : 0) | (fin ? FIN : 0), this.sndUna, this.sendQueue.slice(0, n));
    const end = seqAdd(this.sndUna, n + (fin ? 1 : 0));
    if (seqDiff(end, this.sndNxt) > 0) this.sndNxt = end;
    if (fin) this.finSent = true;
  }

  // --- input ----------------------------------------------------------------------------------------------------------

  /** A new connection of a listener: takes over what the SYN said. */
  fromSyn(listener: TcpSocket, local: SockAddr, remote: SockAddr, segment: TcpSegment, route: Output4 | Output6): void {
    this.parent = listener;
    this.local = local;
    this.remote = remote;
    this.device = listener.device;
    this.ttl = listener.ttl;
    this.tos = listener.tos;
    this.noDelay = listener.noDelay;
    this.keepAlive = listener.keepAlive;
    this.route = route;
    this.mss = this.routeMss();
    this.learnOptions(segment);
    this.rcvNxt = seqAdd(segment.seq, 1);
    this.sndWnd = segment.window;
    this.iss = this.ns.random.uint32();
    this.sndUna = this.iss;
    this.sndNxt = this.sndMax = seqAdd(this.iss, 1);
    this.state = 'SYN_RECV';
    this.sendSyn();
    this.arm(this.rtt.rto);
  }

  /** Sends the SYN-ACK again: the SYN came twice. */
  repeatSynAck(): void {
    this.rtt.cancel();
    this.sendSyn();
  }

  private learnOptions(s: TcpSegment): void {
    const { ipv4 } = this.ns;
    const o = s.options;
    this.mss = Math.min(this.mss, o?.mss ?? 536);
    this.useTs = ipv4.tcp_timestamps !== 0 && o?.timestamps !== undefined;
    this.useSack = ipv4.tcp_sack !== 0 && (o?.sackPermitted ?? false);
    this.useWscale = ipv4.tcp_window_scaling !== 0 && o?.wscale !== undefined;
    this.sndWscale = this.useWscale ? Math.min(o!.wscale!, 14) : 0;
    if (o?.timestamps) this.tsRecent = o.timestamps.val;
  }

  /** tcp_rcv_state_process and tcp_rcv_established. */
  input(s: TcpSegment): void {
    const { ns } = this;
    this.counts.segsIn++;
    switch (this.state) {
      case 'SYN_SENT':
        return this.inputSynSent(s);
      case 'TIME_WAIT':
        return this.inputTimeWait(s);
      case 'CLOSED':
      case 'LISTEN':
        return;
    }
    this.lastActivity = ns.now;
    if (this.useTs && s.options?.timestamps && (s.flags & RST) === 0) {
      const d = (s.options.timestamps.val - this.tsRecent) | 0;
      if (d < 0) {
        this.sendAck();
        return;
      }
      if (seqDiff(s.seq, this.rcvNxt) <= 0) this.tsRecent = s.options.timestamps.val;
    }
    const length = s.payload.length + ((s.flags & FIN) !== 0 ? 1 : 0);
    const window = Math.max(0, seqDiff(this.rcvAdvertised, this.rcvNxt));
    const at = seqDiff(s.seq, this.rcvNxt);
    const acceptable = at <= window && at + length >= 0;
    if (!acceptable) {
      if ((s.flags & RST) === 0) this.sendAck();
      return;
    }
    if ((s.flags & RST) !== 0) {
      // RFC 5961: only an exact RST kills; one elsewhere in the window is questioned.
      if (at === 0) this.inputReset();
      else this.sendAck();
      return;
    }
    if ((s.flags & SYN) !== 0) {
      if (this.state === 'SYN_RECV' && at === -1) this.repeatSynAck();
      else this.sendAck();
      return;
    }
    if ((s.flags & ACK) === 0) return;
    if (this.state === 'SYN_RECV') {
      if (s.ack !== this.sndNxt) {
        ns.mib.TcpOutRsts++;
        return;
      }
      if (!this.established(s)) return;
    }
    if (seqDiff(s.ack, this.sndMax) > 0) {
      this.sendAck();
      return;
    }
    this.inputAck(s);
    if ((this.state as TcpState) === 'CLOSED' || (this.state as TcpState) === 'TIME_WAIT') return;
    this.inputData(s);
    this.output();
    this.maybeAck();
  }

  /** The three-way handshake is complete on the passive side. @returns false when the accept queue is full. */
  private established(s: TcpSegment): boolean {
    const { parent, ns } = this;
    if (parent === null || parent.state !== 'LISTEN') {
      this.finish();
      return false;
    }
    if (parent.acceptQueue.length > parent.backlog) {
      // The client believes to be connected; it will repeat its data, we our SYN-ACK.
      ns.mib.TcpExtListenOverflows++;
      ns.mib.TcpExtListenDrops++;
      return false;
    }
    this.rtt.sample(s.ack, this.ns.now);
    this.sndUna = s.ack;
    this.state = 'ESTABLISHED';
    this.sndWnd = s.window << this.sndWscale;
    this.retransmits = 0;
    this.rexmit?.cancel();
    this.rexmit = null;
    ns.mib.TcpPassiveOpens++;
    parent.acceptQueue.push(this);
    parent.changed.wakeAll();
    this.startKeepAlive();
    return true;
  }

  private inputSynSent(s: TcpSegment): void {
    if ((s.flags & ACK) !== 0 && s.ack !== this.sndNxt) {
      if ((s.flags & RST) === 0) this.table.sendReset(this, s);
      return;
    }
    if ((s.flags & RST) !== 0) {
      if ((s.flags & ACK) !== 0) this.finish('ECONNREFUSED');
      return;
    }
    if ((s.flags & SYN) === 0) return;
    this.learnOptions(s);
    this.rcvNxt = seqAdd(s.seq, 1);
    this.rcvAdvertised = seqAdd(this.rcvNxt, this.windowMax);
    this.sndWnd = s.window;
    if ((s.flags & ACK) === 0) {
      // Both sides connect at once.
      this.state = 'SYN_RECV';
      this.sendSyn();
      return;
    }
    this.rtt.sample(s.ack, this.ns.now);
    this.sndUna = s.ack;
    this.retransmits = 0;
    this.rexmit?.cancel();
    this.rexmit = null;
    this.state = 'ESTABLISHED';
    this.confirmNeighbour();
    this.sendAck();
    this.startKeepAlive();
    this.output();
    this.changed.wakeAll();
  }

  private inputReset(): void {
    this.ns.mib.TcpEstabResets++;
    const error: ErrnoCode | undefined =
      this.state === 'CLOSE_WAIT'
        ? 'EPIPE'
        : this.state === 'LAST_ACK' || this.state === 'CLOSING'
          ? undefined
          : 'ECONNRESET';
    this.finish(error);
  }

  private inputTimeWait(s: TcpSegment): void {
    if ((s.flags & RST) !== 0) {
      // RFC 1337 is off by default: the RST ends the wait.
      if (s.seq === this.rcvNxt) this.finish();
      return;
    }
    if ((s.flags & FIN) !== 0 || s.payload.length > 0) {
      this.sendAck();
      this.enterTimeWait();
    }
  }

  private confirmNeighbour(): void {
    const r = this.route;
    if (r === null || r.link.isLoopback) return;
    const next = r.entry.gateway ?? this.remoteIp;
    const n = typeof next === 'number' ? r.link.arp.get(next) : r.link.nd.get(next);
    n?.confirm();
  }

  /** tcp_ack */
  private inputAck(s: TcpSegment): void {
    const mss = this.effectiveMss;
    const acked = seqDiff(s.ack, this.sndUna);
    const window = s.window << this.sndWscale;
    if (acked < 0) return;
    if (acked === 0) {
      const outstanding = seqDiff(this.sndMax, this.sndUna) > 0;
      const duplicate = outstanding && s.payload.length === 0 && window === this.sndWnd && (s.flags & FIN) === 0;
      this.sndWnd = window;
      if (!duplicate) {
        if (window > 0 && this.rexmitKind === 'persist' && this.rexmit !== null) {
          this.rexmit.cancel();
          this.rexmit = null;
          this.retransmits = 0;
        }
        return;
      }
      this.dupAcks++;
      if (this.dupAcks === 3 && !this.inRecovery) {
        this.ns.mib.TcpExtTCPFastRetrans++;
        this.ns.mib.TcpRetransSegs++;
        this.counts.retransTotal++;
        this.inRecovery = true;
        this.recover = this.sndMax;
        const flight = Math.ceil(seqDiff(this.sndMax, this.sndUna) / mss);
        this.congestion.lost(flight);
        this.rtt.cancel();
        this.resendFirst();
        this.arm(this.rtt.rto);
      }
      return;
    }
    this.sndWnd = window;
    this.rtt.sample(s.ack, this.ns.now);
    this.confirmNeighbour();
    const finAcked = this.finSent && s.ack === this.sndMax && this.finQueued && acked > 0;
    const bytes = Math.min(acked - (finAcked ? 1 : 0), this.sendQueue.length);
    this.sendQueue.drop(bytes);
    this.counts.bytesAcked += bytes;
    this.sndUna = s.ack;
    if (seqDiff(this.sndNxt, this.sndUna) < 0) this.sndNxt = this.sndUna;
    if (this.retransmits > 0) {
      this.retransmits = 0;
      this.firstLoss = undefined;
      this.rtt.restore();
    }
    if (this.inRecovery) {
      if (seqDiff(s.ack, this.recover) >= 0) {
        this.inRecovery = false;
        this.dupAcks = 0;
        this.congestion.recovered();
      } else {
        // NewReno: a partial acknowledgement names the next hole.
        this.dupAcks = Math.max(0, this.dupAcks - Math.ceil(acked / mss));
        this.ns.mib.TcpRetransSegs++;
        this.counts.retransTotal++;
        this.resendFirst();
      }
    } else {
      this.dupAcks = 0;
      this.congestion.grow(Math.max(1, Math.ceil(acked / mss)));
    }
    if (seqDiff(this.sndMax, this.sndUna) > 0) this.arm(this.rtt.rto);
    else {
      this.rexmit?.cancel();
      this.rexmit = null;
    }
    if (finAcked) this.finAcked();
    this.changed.wakeAll();
  }

  private finAcked(): void {
    if (this.state === 'FIN_WAIT1') {
      this.state = 'FIN_WAIT2';
      // Nobody is left to read: the other side has a minute (tcp_fin_timeout).
      if (this.orphan)
        this.timeWait = this.ns.host.scheduler.after(this.ns.ipv4.tcp_fin_timeout * 1e6, () => this.finish());
    } else if (this.state === 'CLOSING') this.enterTimeWait();
    else if (this.state === 'LAST_ACK') this.finish();
  }

  /** tcp_data_queue */
  private inputData(s: TcpSegment): void {
    const { payload } = s;
    const fin = (s.flags & FIN) !== 0;
    if (payload.length === 0 && !fin) return;
    const at = seqDiff(s.seq, this.rcvNxt);
    if (payload.length > 0 && !this.finReceived) {
      if (this.orphan) {
        // Data for a program that is gone.
        this.ns.mib.TcpExtTCPAbortOnData++;
        this.reset();
        return;
      }
      if (at > 0) {
        this.receiveQueue.keepEarly(s.seq, payload);
        this.lastSack = s.seq;
        this.ackNow = true;
      } else if (at + payload.length > 0) {
        const filled = this.receiveQueue.earlyBytes > 0;
        this.receiveQueue.push(payload.subarray(-at));
        this.counts.bytesReceived += payload.length + at;
        this.unackedBytes += payload.length + at;
        this.rcvNxt = this.receiveQueue.advance(seqAdd(s.seq, payload.length));
        if (filled) this.ackNow = true;
        this.changed.wakeAll();
      } else this.ackNow = true;
    } else if (payload.length > 0) this.ackNow = true;
    if (fin && seqAdd(s.seq, payload.length) === this.rcvNxt && !this.finReceived) this.inputFin();
    else if (fin && this.finReceived) this.ackNow = true;
  }

  private inputFin(): void {
    this.rcvNxt = seqAdd(this.rcvNxt, 1);
    this.finReceived = true;
    switch (this.state) {
      case 'ESTABLISHED':
        this.state = 'CLOSE_WAIT';
        // The program will probably close now: the acknowledgement waits for its FIN (pingpong mode).
        this.quickAcks = 0;
        this.unackedBytes++;
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
  private enterTimeWait(): void {
    if (this.state !== 'TIME_WAIT') this.ns.mib.TcpExtTW++;
    this.clearTimers();
    this.state = 'TIME_WAIT';
    this.timeWait = this.ns.host.scheduler.after(TIME_WAIT, () => this.finish());
    this.changed.wakeAll();
  }

  /** __tcp_ack_snd_check */
  private maybeAck(): void {
    if (!OPEN_STATES.has(this.state)) return;
    if (!this.ackNow && this.unackedBytes === 0) return;
    if (this.ackNow || this.unackedBytes > this.effectiveMss || this.quickAcks > 0) {
      if (this.quickAcks > 0) this.quickAcks--;
      this.sendAck();
    } else this.delack ??= this.ns.host.scheduler.after(DELAYED_ACK, this.onDelack);
  }

  private startKeepAlive(): void {
    if (!this.keepAlive) return;
    const idle = this.keepIdle ?? this.ns.ipv4.tcp_keepalive_time * 1e6;
    const check = (): void => {
      this.keepTimer = null;
      if (!OPEN_STATES.has(this.state)) return;
      const quiet = this.ns.now - this.lastActivity;
      if (quiet < idle) {
        this.keepProbes = 0;
        this.keepTimer = this.ns.host.scheduler.after(idle - quiet, check);
        return;
      }
      if (this.keepProbes >= this.ns.ipv4.tcp_keepalive_probes) return this.finish('ETIMEDOUT');
      this.keepProbes++;
      this.transmit(ACK, seqAdd(this.sndNxt, -1), EMPTY);
      this.keepTimer = this.ns.host.scheduler.after(this.ns.ipv4.tcp_keepalive_intvl * 1e6, check);
    };
    this.keepTimer = this.ns.host.scheduler.after(idle, check);
  }

  /** An ICMP error about one of our segments (tcp_v4_err). */
  icmpError(errno: ErrnoCode, mtu: number | undefined, seq: number): void {
    if (this.state === 'LISTEN' || this.state === 'CLOSED' || this.state === 'TIME_WAIT') return;
    if (seqDiff(seq, this.sndUna) < 0 && seq !== this.iss) return;
    if (mtu !== undefined) {
      if (this.route === null) return;
      const mss = Math.max(mtu - (typeof this.remoteIp === 'number' ? 40 : 60), 48);
      if (mss >= this.mss) return;
      this.mss = mss;
      if (OPEN_STATES.has(this.state)) {
        // What was too long goes again in smaller pieces at once.
        this.sndNxt = this.sndUna;
        this.finSent = false;
        this.rtt.cancel();
        this.output();
      }
      return;
    }
    if (this.state === 'SYN_SENT') this.finish(errno);
    else if (this.state === 'SYN_RECV') this.finish();
    else this.softError = errno;
  }

  info(): SocketInfo {
    const listening = this.state === 'LISTEN';
    const any = this.family === 'inet' ? 0 : '::';
    const gone = this.state === 'TIME_WAIT' || this.state === 'SYN_RECV' || this.orphan;
    let timer: SocketInfo['timer'];
    if (this.timeWait !== null) timer = { kind: 'timewait', expires: this.timeWait.at - this.ns.now, retransmits: 0 };
    else if (this.rexmit !== null)
      timer = { kind: this.rexmitKind, expires: this.rexmit.at - this.ns.now, retransmits: this.retransmits };
    else if (this.keepTimer !== null)
      timer = { kind: 'keepalive', expires: this.keepTimer.at - this.ns.now, retransmits: this.keepProbes };
    const dead = this.state === 'TIME_WAIT';
    return {
      protocol: 'tcp',
      family: this.family,
      state: SS_STATE[this.state],
      recvQ: dead ? 0 : listening ? this.acceptQueue.length : this.receiveQueue.length,
      sendQ: dead
        ? 0
        : listening
          ? this.backlog
          : Math.max(0, seqDiff(this.sndMax, this.sndUna), this.sendQueue.length) - (this.state === 'SYN_RECV' ? 1 : 0),
      local: this.local,
      remote: this.remote ?? { address: any, port: 0 },
      device: this.device?.index,
      uid: dead ? 0 : this.owner.uid,
      inode: gone ? 0 : this.inode,
      protocolNumber: IPPROTO.TCP,
      timer,
      v6only: this.v6only,
      type: 'stream',
      socket: this,
    };
  }
}
