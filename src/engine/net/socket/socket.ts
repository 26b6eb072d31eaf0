import type { Caller, Coroutine, ErrnoCode, Micros, Ready } from '../../core';
import { Errno, OpenFile, WaitQueue } from '../../core';
import type { IpAddress, IpPacket } from '../../wire';
import { formatIp4, isMulticast4, isMulticast6 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { SkbOwner } from '../skb';
import type { Family } from '../types';

/** Who makes a socket. */
export interface SocketOwner {
  readonly uid: number;
  readonly gid?: number;
  /** CAP_NET_RAW in the namespace's user namespace. */
  readonly netRaw: boolean;
  /** CAP_NET_BIND_SERVICE, or a port range that needs none. */
  readonly netBind?: boolean;
}

/** An endpoint. `address` 0 or `::` is the wildcard; `scope` the link index of a link-local IPv6 address. */
export interface SockAddr {
  readonly address: IpAddress;
  readonly port: number;
  readonly scope?: number;
}

/** A datagram as a program receives it, with what recvmsg(2) gives in control messages. */
export interface Message {
  readonly data: Uint8Array;
  /** Length of `data` where that is known without making it. */
  readonly size?: number;
  readonly from: SockAddr;
  readonly to: IpAddress;
  /** The IP packet; raw sockets of IPv4 have the header in `data` in reality, here it is taken apart. */
  readonly packet: IpPacket;
  readonly ttl: number;
  readonly tos: number;
  readonly link: Link;
  /** SO_TIMESTAMP. */
  readonly at: Micros;
}

/** An entry of the error queue (IP_RECVERR). */
export interface SocketError {
  readonly errno: ErrnoCode;
  readonly origin: 'local' | 'icmp' | 'icmp6';
  readonly type: number;
  readonly code: number;
  /** The MTU of "fragmentation needed", else 0. */
  readonly info: number;
  /** Who said so. */
  readonly offender: IpAddress | undefined;
  /** Index of the link of a link-local offender. */
  readonly scope?: number;
  /** Time to live with which the message came (IP_RECVTTL); undefined for local errors. */
  readonly ttl?: number;
  /** Destination of the packet the error is about, and what it carried behind the transport header. */
  readonly destination: SockAddr;
  readonly data: Uint8Array;
  readonly at: Micros;
}

/** A socket as `ss` sees it. */
export interface SocketInfo {
  readonly protocol: 'tcp' | 'udp' | 'raw' | 'icmp' | 'unix' | 'packet';
  readonly family: Family | 'unix' | 'packet';
  /** TCP state as `ss` prints it: ESTAB, LISTEN, ...; UNCONN for unconnected datagram sockets. */
  readonly state: string;
  readonly recvQ: number;
  readonly sendQ: number;
  readonly local: SockAddr;
  readonly remote: SockAddr;
  readonly device: number | undefined;
  readonly uid: number;
  /** 0 when no process holds it (TIME-WAIT). */
  readonly inode: number;
  /** IPPROTO number for raw sockets. */
  readonly protocolNumber: number;
  readonly timer:
    | {
        readonly kind: 'on' | 'keepalive' | 'timewait' | 'persist' | 'off';
        readonly expires: Micros;
        readonly retransmits: number;
      }
    | undefined;
  readonly v6only: boolean;
  readonly path?: string;
  readonly peerInode?: number;
  readonly type: 'stream' | 'dgram' | 'raw' | 'seqpacket';
  readonly socket: object | undefined;
}

/** Bytes of datagrams that wait (net.core.rmem_default). */
export const RCVBUF = 212992;
/** What one queued datagram costs beyond its bytes (skb->truesize). */
export const TRUESIZE = 768;

/** Does the family fit, and is it a group? */
export function isGroup(address: IpAddress): boolean {
  return typeof address === 'number' ? isMulticast4(address) : isMulticast6(address);
}

/** How an IPv6 socket shows an IPv4 peer. */
export function mapped(address: IpAddress, family: Family): IpAddress {
  return family === 'inet6' && typeof address === 'number' ? `::ffff:${formatIp4(address)}` : address;
}

/** The reverse: `::ffff:10.0.0.1` is the IPv4 address; others stay. */
export function unmapped(address: IpAddress, parse: (text: string) => number | undefined): IpAddress {
  if (typeof address === 'string' && address.startsWith('::ffff:') && address.includes('.'))
    return parse(address.slice(7)) ?? address;
  return address;
}

/** An Internet socket. Operations that may wait are coroutines with the caller first, as for every open file. */
export abstract class Socket extends OpenFile implements SkbOwner {
  readonly inode: number;
  readonly changed = new WaitQueue();
  readonly waitQueues: readonly WaitQueue[] = [this.changed];
  /** SO_ERROR: read once. */
  protected pending: ErrnoCode | undefined = undefined;
  readonly errors: SocketError[] = [];
  /** SO_BINDTODEVICE. */
  device: Link | null = null;
  reuseAddr = false;
  reusePort = false;
  broadcast = false;
  /** IP_TTL / IPV6_UNICAST_HOPS; undefined is the default. */
  ttl: number | undefined = undefined;
  multicastTtl = 1;
  tos = 0;
  mark = 0;
  v6only = false;
  /** IP_MTU_DISCOVER. */
  pmtudisc: 'dont' | 'want' | 'do' | 'probe' = 'want';
  /** IP_RECVERR. */
  recvErr = false;
  /** SO_RCVTIMEO, microseconds; undefined waits for ever. */
  receiveTimeout: Micros | undefined = undefined;
  local: SockAddr;
  remote: SockAddr | undefined = undefined;
  closed = false;

  constructor(
    readonly ns: NetNamespace,
    readonly family: Family,
    readonly owner: SocketOwner,
  ) {
    super(true, true);
    this.inode = ns.host.pipeInode();
    this.local = { address: family === 'inet' ? 0 : '::', port: 0 };
  }

  get ownerInode(): number {
    return this.inode;
  }

  describe(): string {
    return `socket:[${this.inode}]`;
  }

  /** Takes SO_ERROR. */
  takeError(): ErrnoCode | undefined {
    const e = this.pending;
    this.pending = undefined;
    return e;
  }

  protected throwPending(): void {
    const e = this.takeError();
    if (e !== undefined) throw new Errno(e);
  }

  /** SO_BINDTODEVICE. @throws Errno ENODEV, EPERM */
  bindToDevice(name: string): void {
    if (name === '') {
      this.device = null;
      return;
    }
    if (this.device !== null && !this.owner.netRaw) throw new Errno('EPERM');
    const link = this.ns.links.byName(name);
    if (link === undefined) throw new Errno('ENODEV');
    this.device = link;
  }

  /** The link a packet must leave by. @throws Errno ENODEV */
  protected outLink(to: SockAddr): Link | null {
    if (this.device !== null) return this.device;
    if (to.scope) {
      const link = this.ns.links.get(to.scope);
      if (link === undefined) throw new Errno('ENODEV');
      return link;
    }
    return null;
  }

  /** inet_bind: may this address be used? @throws Errno EADDRNOTAVAIL, EACCES */
  protected checkLocal(address: IpAddress, port: number): void {
    const { ns } = this;
    if (port !== 0 && port < ns.ipv4.ip_unprivileged_port_start && this.owner.uid !== 0 && !this.owner.netBind)
      throw new Errno('EACCES');
    if (typeof address === 'number') {
      if (address === 0 || ns.ipv4.ip_nonlocal_bind) return;
      const type = ns.addrs.type4(address);
      if (type !== 'local' && type !== 'broadcast' && type !== 'multicast') throw new Errno('EADDRNOTAVAIL');
    } else if (address !== '::' && !isMulticast6(address)) {
      const a = ns.addrs.find6(address);
      if (a === undefined || a.tentative) throw new Errno('EADDRNOTAVAIL');
    }
  }

  /** An ICMP error about a packet of this socket. @returns true when it was for us. */
  reportError(e: SocketError, hard: boolean, connected: boolean): void {
    if (this.recvErr) this.errors.push(e);
    else if (!hard || !connected) return;
    this.pending = e.errno;
    this.changed.wakeAll();
  }

  /** MSG_ERRQUEUE: the oldest queued error. */
  takeQueuedError(): SocketError | undefined {
    const e = this.errors.shift();
    if (this.errors.length === 0 && e !== undefined) this.pending = undefined;
    return e;
  }

  abstract info(): SocketInfo;

  /** Ends it without a word: the namespace is gone. */
  abstract abort(): void;
}

/** A socket that receives whole messages: UDP, raw, ping. */
export abstract class DatagramSocket extends Socket {
  protected readonly queue: Message[] = [];
  protected queued = 0;
  rcvbuf = RCVBUF;
  /** Messages dropped because the buffer was full. */
  drops = 0;
  protected readShutdown = false;

  /** Puts a message into the receive queue. @returns false when it is full. */
  enqueue(m: Message): boolean {
    if (this.readShutdown) return false;
    const cost = (m.size ?? m.data.length) + TRUESIZE;
    if (this.queued + cost > this.rcvbuf) {
      this.drops++;
      return false;
    }
    this.queue.push(m);
    this.queued += cost;
    this.changed.wakeAll();
    return true;
  }

  /** recvmsg(2). @throws Errno EAGAIN (also after a timeout), ECONNREFUSED and other pending errors, EINTR */
  *receive(caller: Caller, options: { dontWait?: boolean; peek?: boolean; until?: Micros } = {}): Coroutine<Message> {
    const until = options.until ?? (this.receiveTimeout === undefined ? undefined : this.ns.now + this.receiveTimeout);
    for (;;) {
      this.throwPending();
      const m = this.queue[0];
      if (m !== undefined) {
        if (!options.peek) {
          this.queue.shift();
          this.queued -= (m.size ?? m.data.length) + TRUESIZE;
        }
        return m;
      }
      if (this.closed || this.readShutdown) throw new Errno('ENOTCONN');
      if (this.nonblocking || options.dontWait) throw new Errno('EAGAIN');
      if ((yield* caller.wait(this.waitQueues, until)) === 'timeout') throw new Errno('EAGAIN');
    }
  }

  override *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    return (yield* this.receive(caller)).data.subarray(0, max);
  }

  override poll(): Ready {
    const error = this.pending !== undefined || this.errors.length > 0;
    return { readable: this.queue.length > 0 || error, writable: true };
  }

  abort(): void {
    this.closed = true;
    this.changed.wakeAll();
  }

  protected baseInfo(protocol: SocketInfo['protocol'], type: SocketInfo['type'], protocolNumber: number): SocketInfo {
    const any = this.family === 'inet' ? 0 : '::';
    return {
      protocol,
      family: this.family,
      state: this.remote ? 'ESTAB' : 'UNCONN',
      recvQ: this.queued,
      sendQ: 0,
      local: this.local,
      remote: this.remote ?? { address: any, port: 0 },
      device: this.device?.index,
      uid: this.owner.uid,
      inode: this.inode,
      protocolNumber,
      timer: undefined,
      v6only: this.v6only,
      type,
      socket: this,
    };
  }
}

/** What ICMP destination unreachable codes mean to a socket (icmp_err_convert): error and whether it is final. */
export const ICMP_ERRORS: readonly (readonly [ErrnoCode, boolean])[] = [
  ['ENETUNREACH', false],
  ['EHOSTUNREACH', false],
  ['ENOPROTOOPT', true],
  ['ECONNREFUSED', true],
  ['EMSGSIZE', false],
  ['EOPNOTSUPP', false],
  ['ENETUNREACH', true],
  ['EHOSTDOWN', true],
  ['ENETUNREACH', true],
  ['ENETUNREACH', true],
  ['EHOSTUNREACH', true],
  ['ENETUNREACH', false],
  ['EHOSTUNREACH', false],
  ['EHOSTUNREACH', true],
  ['EHOSTUNREACH', true],
  ['EHOSTUNREACH', true],
];
