/** What a queueing discipline is to a link. The disciplines themselves come with `tc` (qdisc/*.ts). */
import type { Skb } from '../skb';

/** Counters of a qdisc (`tc -s qdisc`). */
export interface QdiscStats {
  bytes: number;
  packets: number;
  drops: number;
  overlimits: number;
  requeues: number;
  backlogBytes: number;
  backlogPackets: number;
}

/** A root qdisc that may hold packets back (struct Qdisc). */
export interface Qdisc {
  /** `netem`, `tbf`, ... */
  readonly kind: string;
  /** Major number of the handle, such as 0x8001. */
  readonly handle: number;
  readonly stats: QdiscStats;
  /** Takes a packet that the link is to send; what may go on goes to `link.startXmit`. */
  enqueue(skb: Skb): void;
  /** Drops what waits: the qdisc is replaced, or the link goes down. */
  reset(): void;
}
