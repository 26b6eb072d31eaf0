import type { Caller, Coroutine, Micros, Ready } from '../../core';
import { EMPTY, Errno } from '../../core';
import type { IpAddress } from '../../wire';
import { IPPROTO, parseIp4 } from '../../wire';
import type { Output4 } from '../ipv4/route';
import type { Output6 } from '../ipv6/route';
import { isGroup, mapped, unmapped } from './socket';
import type { SockAddr, SocketInfo } from './socket';
import { seqAdd, seqDiff } from './tcp-buffers';
import type { TcpInfo } from './tcp-info';
import { tcpInfo } from './tcp-info';
import { TcpInput } from './tcp-input';
import { OPEN_STATES, SS_STATE } from './tcp-state';
import type { TcpState } from './tcp-state';

const SEND_BUFFER = 262_144;
/** Where tuning of the receive buffer ends (half of tcp_rmem's maximum). */
const WINDOW_LIMIT = 6_291_456;

/**
 * A TCP socket (RFC 9293, net/ipv4/tcp*.c) with its system calls. The rooms below it: `tcp-input` (segments), `tcp-handshake`, `tcp-recovery`
 * (acknowledgements), `tcp-timers`, `tcp-output` (what is sent when), `tcp-transmit` (one segment), `tcp-core` (the state).
 */
export class TcpSocket extends TcpInput {
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
    this.sndNxt = this.sndSml = seqAdd(this.iss, 1);
    this.state = 'SYN_SENT';
    this.lastSent = this.lastActivity = ns.now;
    ns.mib.TcpActiveOpens++;
    this.sendSyn();
    this.arm('retransmit', this.rtt.rto);
  }

  private findRoute(dst: IpAddress, addr: SockAddr): Output4 | Output6 {
    const src = this.localIp;
    const oif = this.outLink(addr);
    this.ns.ip4.routing.setPorts(IPPROTO.TCP, this.local.port, addr.port, this.owner.uid);
    const r =
      typeof dst === 'number'
        ? this.ns.ip4.routing.connect(dst, typeof src === 'number' ? src : 0, oif, this.mark, this.tos)
        : this.ns.ip6.routing.output(dst, src === '::' || typeof src === 'number' ? undefined : src, oif, this.mark);
    if (typeof r === 'string') {
      if (r === 'ENETUNREACH') {
        if (typeof dst === 'number') this.ns.mib.IpOutNoRoutes++;
        else this.ns.mib.Ip6OutNoRoutes++;
      }
      throw new Errno(r);
    }
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
    if (2 * offered > this.windowMax) return;
    const now = this.selectWindow();
    if (now > 0 && now >= 2 * offered) this.sendAck();
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
    if ((this.state as TcpState) === 'FIN_WAIT2') this.lingerInFinWait2();
  }

  info(): SocketInfo {
    const listening = this.state === 'LISTEN';
    const any = this.family === 'inet' ? 0 : '::';
    const gone = this.state === 'TIME_WAIT' || this.state === 'SYN_RECV' || this.orphan;
    let timer: SocketInfo['timer'];
    if (this.timeWait !== null) timer = { kind: 'timewait', expires: this.timeWait.at, retransmits: 0 };
    else if (this.rexmit !== null) {
      const persist = this.rexmitKind === 'probe0';
      timer = {
        kind: persist ? 'persist' : 'on',
        expires: this.rexmit.at,
        retransmits: persist ? this.probesOut : this.retransmits,
      };
    } else if (this.keepTimer !== null)
      timer = { kind: 'keepalive', expires: this.keepTimer.at, retransmits: this.keepProbes };
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
          : Math.max(0, seqDiff(this.sndNxt, this.sndUna), this.sendQueue.length) - (this.state === 'SYN_RECV' ? 1 : 0),
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

  /** TCP_INFO, as `ss -i` shows it. */
  tcpInfo(): TcpInfo {
    return tcpInfo(this);
  }

  /** Numbers that only {@link tcpInfo} needs. */
  get internals() {
    return {
      ato: this.ato,
      wscale: this.useWscale ? ([this.sndWscale, this.rcvWscale] as const) : undefined,
      rcvMss: this.rcvMss,
      windowMax: this.windowMax,
      notSent: Math.max(0, this.sendQueue.length - seqDiff(this.sndNxt, this.sndUna)),
    };
  }
}
