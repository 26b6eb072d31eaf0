/** What all queueing disciplines share (net/sched/sch_generic.c). */
import type { Link } from '../link/link';
import type { NetHost } from '../namespace';
import type { Skb } from '../skb';
import type { Qdisc, QdiscStats } from './index';

const handles = new WeakMap<NetHost, { next: number }>();

/** The next handle the kernel gives a qdisc without one: 8001:, 8002:, ... on each machine. */
export function allocateHandle(host: NetHost): number {
  let h = handles.get(host);
  if (h === undefined) handles.set(host, (h = { next: 0x8001 }));
  return h.next++;
}

/** A root qdisc of a link. */
export abstract class RootQdisc implements Qdisc {
  abstract readonly kind: string;
  readonly stats: QdiscStats = {
    bytes: 0,
    packets: 0,
    drops: 0,
    overlimits: 0,
    requeues: 0,
    backlogBytes: 0,
    backlogPackets: 0,
  };

  constructor(
    readonly link: Link,
    public handle: number,
  ) {}

  abstract enqueue(skb: Skb): void;

  abstract reset(): void;

  /** qdisc_drop */
  protected drop(skb: Skb): void {
    this.stats.drops++;
    this.link.ns.drop(skb, 'QDISC_DROP', this.kind);
  }

  /** Hands a packet to the device. */
  protected send(skb: Skb): void {
    this.stats.bytes += skb.frameLength;
    this.stats.packets++;
    this.link.startXmit(skb);
    // Taking it into the queue was the success that its sender hears of.
    skb.lost = false;
  }
}

/** The disciplines that let everything through at once on links that never fall behind, as all simulated ones: fifo, fq_codel. */
export class PassQdisc extends RootQdisc {
  constructor(
    link: Link,
    handle: number,
    readonly kind: string,
    /** As `tc` prints it: of pfifo packets, of bfifo bytes. */
    public limit: number | undefined,
  ) {
    super(link, handle);
  }

  enqueue(skb: Skb): void {
    this.send(skb);
  }

  reset(): void {}
}
