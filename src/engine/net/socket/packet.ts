import type { Caller, Coroutine, Micros, Ready } from '../../core';
import { Errno, OpenFile, WaitQueue } from '../../core';
import type { EthernetFrame } from '../../wire';
import { decodeFrame, encodeFrame } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { Skb } from '../skb';
import type { CapturedFrame, Tap } from '../taps';
import type { SocketInfo, SocketOwner } from './socket';

/** Frames a packet socket holds before it drops (a 2 MB ring as libpcap makes it). */
const RING_FRAMES = 4096;

/** A packet socket of all protocols (packet(7), ETH_P_ALL): what tcpdump and arping use. */
export class PacketSocket extends OpenFile implements Tap {
  readonly inode: number;
  readonly changed = new WaitQueue();
  readonly waitQueues: readonly WaitQueue[] = [this.changed];
  link: Link | null = null;
  private readonly queue: CapturedFrame[] = [];
  private readonly detach: () => void;
  private promisc: Link | null = null;
  private down = false;
  /** Frames delivered and dropped (PACKET_STATISTICS). */
  received = 0;
  dropped = 0;
  /** A socket filter (BPF): only frames it accepts are queued. */
  filter: ((frame: CapturedFrame) => boolean) | null = null;

  constructor(
    readonly ns: NetNamespace,
    readonly owner: SocketOwner,
  ) {
    super(true, true);
    this.inode = ns.host.pipeInode();
    this.detach = ns.taps.add(this);
  }

  /** bind(2) to a link; null is "any". */
  bind(link: Link | null): void {
    this.link = link;
    this.queue.length = 0;
  }

  /** PACKET_MR_PROMISC on the bound link. */
  setPromiscuous(on: boolean): void {
    if (on && this.promisc === null && this.link !== null) {
      this.promisc = this.link;
      this.ns.links.setPromiscuity(this.link, 1);
    } else if (!on && this.promisc !== null) {
      if (this.promisc.registered) this.promisc.ns.links.setPromiscuity(this.promisc, -1);
      this.promisc = null;
    }
  }

  deliver(captured: CapturedFrame): void {
    if (this.filter !== null && !this.filter(captured)) return;
    if (this.queue.length >= RING_FRAMES) {
      this.dropped++;
      return;
    }
    this.received++;
    this.queue.push(captured);
    this.changed.wakeAll();
  }

  /** The bound link went away or down: readers get ENETDOWN once. */
  linkGone(): void {
    this.down = true;
    this.promisc = null;
    this.link = null;
    this.detach();
    this.changed.wakeAll();
  }

  /** recvmsg(2). @throws Errno EAGAIN, ENETDOWN, EINTR */
  *receive(caller: Caller, options: { dontWait?: boolean; until?: Micros } = {}): Coroutine<CapturedFrame> {
    for (;;) {
      const frame = this.queue.shift();
      if (frame !== undefined) return frame;
      if (this.down) throw new Errno('ENETDOWN');
      if (this.nonblocking || options.dontWait) throw new Errno('EAGAIN');
      if ((yield* caller.wait(this.waitQueues, options.until)) === 'timeout') throw new Errno('EAGAIN');
    }
  }

  /** Sends a whole frame on the bound link. @throws Errno ENXIO, ENETDOWN, EMSGSIZE */
  send(frame: EthernetFrame, link: Link | null = this.link): void {
    if (link === null) throw new Errno('ENXIO');
    if (!link.up) throw new Errno('ENETDOWN');
    const skb = new Skb(frame.etherType, frame.payload);
    if (skb.length > link.mtu) throw new Errno('EMSGSIZE');
    skb.dst = frame.dst;
    skb.src = frame.src;
    skb.vlan = frame.vlan;
    skb.trailer = frame.trailer;
    skb.dev = link;
    if (this.ns.tracer.active) this.ns.trace(skb, { event: 'created', by: 'socket', parent: undefined });
    link.transmit(skb);
  }

  override *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    return encodeFrame((yield* this.receive(caller)).frame).subarray(0, max);
  }

  override *write(_caller: Caller, data: Uint8Array): Coroutine<number> {
    const frame = decodeFrame(data.slice());
    if (frame === undefined) throw new Errno('EINVAL');
    this.send(frame);
    return data.length;
  }

  override poll(): Ready {
    return { readable: this.queue.length > 0 || this.down, writable: true };
  }

  describe(): string {
    return `socket:[${this.inode}]`;
  }

  info(): SocketInfo {
    return {
      protocol: 'packet',
      family: 'packet',
      state: 'UNCONN',
      recvQ: 0,
      sendQ: 0,
      local: { address: 0, port: 0 },
      remote: { address: 0, port: 0 },
      device: this.link?.index,
      uid: this.owner.uid,
      inode: this.inode,
      protocolNumber: 3,
      timer: undefined,
      v6only: false,
      type: 'raw',
      socket: this,
    };
  }

  protected override release(): void {
    this.setPromiscuous(false);
    this.detach();
    this.ns.sockets.packets.delete(this);
  }
}
