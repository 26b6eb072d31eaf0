import type { Caller, Coroutine, Ready } from '../../core';
import { EMPTY, Errno, OpenFile, WaitQueue } from '../../core';
import type { NetNamespace } from '../namespace';
import type { SocketInfo, SocketOwner } from './socket';

/** Bytes that wait in a stream before writers do. */
const BUFFER = 212992;

/** A Unix stream socket (unix(7)). Names in the file system are the host's business: it keeps a map from inode to listener. */
export class UnixSocket extends OpenFile {
  readonly inode: number;
  readonly changed = new WaitQueue();
  readonly waitQueues: readonly WaitQueue[] = [this.changed];
  state: 'unconnected' | 'listening' | 'connected' | 'closed' = 'unconnected';
  /** Shown by `ss -x`; set by who binds it. */
  path: string | undefined = undefined;
  peer: UnixSocket | null = null;
  private readonly acceptQueue: UnixSocket[] = [];
  private backlog = 0;
  private chunks: Uint8Array[] = [];
  private size = 0;
  private readShutdown = false;
  private writeShutdown = false;

  constructor(
    readonly ns: NetNamespace,
    readonly owner: SocketOwner,
  ) {
    super(true, true);
    this.inode = ns.host.pipeInode();
    ns.sockets.unix.add(this);
  }

  /** listen(2). @throws Errno EINVAL when it is not bound */
  listen(backlog: number): void {
    if (this.path === undefined || this.state === 'connected') throw new Errno('EINVAL');
    this.backlog = backlog;
    this.state = 'listening';
  }

  /** Connects to a listener. @throws Errno ECONNREFUSED, EISCONN, EAGAIN, EINTR */
  *connect(caller: Caller, listener: UnixSocket): Coroutine<void> {
    if (this.state === 'connected') throw new Errno('EISCONN');
    while (listener.state === 'listening' && listener.acceptQueue.length > listener.backlog) {
      if (this.nonblocking) throw new Errno('EAGAIN');
      yield* caller.wait(listener.waitQueues);
    }
    if (listener.state !== 'listening') throw new Errno('ECONNREFUSED');
    const other = new UnixSocket(this.ns, listener.owner);
    other.path = listener.path;
    pair(this, other);
    listener.acceptQueue.push(other);
    listener.changed.wakeAll();
  }

  /** accept(2). @throws Errno EINVAL, EAGAIN, EINTR */
  *accept(caller: Caller, options: { dontWait?: boolean } = {}): Coroutine<UnixSocket> {
    for (;;) {
      if (this.state !== 'listening') throw new Errno('EINVAL');
      const s = this.acceptQueue.shift();
      if (s !== undefined) {
        this.changed.wakeAll();
        return s;
      }
      if (this.nonblocking || options.dontWait) throw new Errno('EAGAIN');
      yield* caller.wait(this.waitQueues);
    }
  }

  override *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    for (;;) {
      const first = this.chunks[0];
      if (first !== undefined) {
        const out = first.subarray(0, max);
        if (out.length === first.length) this.chunks.shift();
        else this.chunks[0] = first.subarray(max);
        this.size -= out.length;
        this.peer?.changed.wakeAll();
        return out;
      }
      if (this.state === 'unconnected' || this.state === 'listening') throw new Errno('EINVAL');
      if (this.readShutdown || this.peer === null || this.peer.writeShutdown || this.peer.state === 'closed')
        return EMPTY;
      if (this.nonblocking) throw new Errno('EAGAIN');
      yield* caller.wait(this.waitQueues);
    }
  }

  override *write(caller: Caller, data: Uint8Array): Coroutine<number> {
    let done = 0;
    while (done < data.length) {
      const { peer } = this;
      if (this.state !== 'connected') throw new Errno('ENOTCONN');
      if (this.writeShutdown || peer === null || peer.state === 'closed' || peer.readShutdown) {
        caller.brokenPipe();
        throw new Errno('EPIPE');
      }
      const room = BUFFER - peer.size;
      if (room <= 0) {
        if (this.nonblocking) {
          if (done > 0) return done;
          throw new Errno('EAGAIN');
        }
        yield* caller.wait(this.waitQueues);
        continue;
      }
      const part = data.slice(done, done + room);
      peer.chunks.push(part);
      peer.size += part.length;
      done += part.length;
      peer.changed.wakeAll();
    }
    return done;
  }

  override poll(): Ready {
    if (this.state === 'listening') return { readable: this.acceptQueue.length > 0, writable: false };
    const ended = this.state === 'connected' && (this.peer === null || this.peer.state === 'closed');
    const half = this.peer?.writeShutdown === true || this.readShutdown;
    return {
      readable: this.size > 0 || ended || half,
      writable: this.state === 'connected' && (this.peer?.size ?? 0) < BUFFER,
      hangup: ended,
    };
  }

  /** shutdown(2). @throws Errno ENOTCONN */
  shutdown(how: 'read' | 'write' | 'both'): void {
    if (this.state !== 'connected') throw new Errno('ENOTCONN');
    if (how !== 'write') this.readShutdown = true;
    if (how !== 'read') this.writeShutdown = true;
    this.changed.wakeAll();
    this.peer?.changed.wakeAll();
  }

  describe(): string {
    return `socket:[${this.inode}]`;
  }

  info(): SocketInfo {
    const listening = this.state === 'listening';
    return {
      protocol: 'unix',
      family: 'unix',
      state: listening ? 'LISTEN' : this.state === 'connected' ? 'ESTAB' : 'UNCONN',
      recvQ: listening ? this.acceptQueue.length : this.size,
      sendQ: listening ? this.backlog : 0,
      local: { address: 0, port: 0 },
      remote: { address: 0, port: 0 },
      device: undefined,
      uid: this.owner.uid,
      inode: this.inode,
      protocolNumber: 0,
      timer: undefined,
      v6only: false,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.peer === null ? {} : { peerInode: this.peer.inode }),
      type: 'stream',
      socket: this,
    };
  }

  protected override release(): void {
    for (const s of this.acceptQueue.splice(0)) s.discard();
    this.state = 'closed';
    this.changed.wakeAll();
    this.peer?.changed.wakeAll();
    this.ns.sockets.unix.delete(this);
  }
}

/** socketpair(2). */
export function pair(a: UnixSocket, b: UnixSocket): void {
  a.peer = b;
  b.peer = a;
  a.state = b.state = 'connected';
  a.changed.wakeAll();
  b.changed.wakeAll();
}
