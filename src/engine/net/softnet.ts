import type { Scheduler } from '../core';
import type { Random } from '../core';
import type { Link } from './link/link';
import type { Skb } from './skb';

/** Virtual microseconds that one packet costs on its way over one software link, without the random part. */
const HOP_COST = 9;
/** Upper bound (exclusive) of the random part. */
const HOP_JITTER = 8;
/** Packets handled in a row before processes get a turn (net.core.netdev_budget). */
const BUDGET = 300;
/** How long processes may run then, as if ksoftirqd competed with them. Microseconds. */
const KSOFTIRQD_DELAY = 200;

/** The receive queue of a machine's CPU (softnet_data): packets from veth, loopback and bridges wait here for the softirq. */
export class Softnet {
  private queue: Skb[] = [];
  private head = 0;
  private scheduled = false;
  private burst = 0;
  /** Packets taken from the queue, dropped because it was full, and times the budget ran out (/proc/net/softnet_stat). */
  processed = 0;
  dropped = 0;
  timeSqueeze = 0;
  /** net.core.netdev_max_backlog */
  maxBacklog = 1000;
  private readonly poll = (): void => this.run();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
  ) {}

  /** netif_rx: `skb` will be received on `dev`. @returns false when the queue is full. */
  enqueue(skb: Skb, dev: Link): boolean {
    if (this.queue.length - this.head >= this.maxBacklog) {
      this.dropped++;
      return false;
    }
    skb.dev = dev;
    this.queue.push(skb);
    if (!this.scheduled) {
      this.scheduled = true;
      this.scheduler.defer(this.poll);
    }
    return true;
  }

  private run(): void {
    const skb = this.queue[this.head++]!;
    if (this.head > 256 && this.head * 2 > this.queue.length) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    this.scheduler.charge(HOP_COST + (this.random.uint32() % HOP_JITTER));
    this.processed++;
    skb.dev.receive(skb);
    if (this.head >= this.queue.length) {
      this.queue.length = 0;
      this.head = 0;
      this.scheduled = false;
      this.burst = 0;
    } else if (++this.burst < BUDGET) this.scheduler.defer(this.poll);
    else {
      this.burst = 0;
      this.timeSqueeze++;
      this.scheduler.after(KSOFTIRQD_DELAY, this.poll);
    }
  }
}
