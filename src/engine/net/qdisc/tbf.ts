/** `tbf`: a token bucket (net/sched/sch_tbf.c, tc-tbf(8)). */
import type { Micros, Timer } from '../../core';
import type { Link } from '../link/link';
import type { Skb } from '../skb';
import { RootQdisc } from './base';

/** Parameters: bytes a second, bytes, bytes. */
export interface TbfOptions {
  rate: number;
  burst: number;
  limit: number;
}

/** A token bucket filter. */
export class Tbf extends RootQdisc {
  readonly kind = 'tbf';
  private queue: Skb[] = [];
  /** Bytes that may go now. */
  private tokens: number;
  private at: Micros;
  private timer: Timer | null = null;

  constructor(
    link: Link,
    handle: number,
    public options: TbfOptions,
  ) {
    super(link, handle);
    this.tokens = options.burst;
    this.at = link.ns.now;
  }

  enqueue(skb: Skb): void {
    const { options: o, stats } = this;
    const length = skb.frameLength;
    if (length > o.burst || stats.backlogBytes + length > o.limit) {
      this.drop(skb);
      return;
    }
    this.queue.push(skb);
    stats.backlogPackets++;
    stats.backlogBytes += length;
    this.run();
  }

  private run(): void {
    const { options: o, stats, queue } = this;
    const { ns } = this.link;
    this.timer?.cancel();
    this.timer = null;
    const now = ns.now;
    this.tokens = Math.min(o.burst, this.tokens + ((now - this.at) * o.rate) / 1e6);
    this.at = now;
    while (queue.length > 0) {
      const skb = queue[0]!;
      const length = skb.frameLength;
      if (this.tokens < length) {
        const wait = Math.max(1, Math.ceil(((length - this.tokens) * 1e6) / o.rate));
        stats.overlimits++;
        if (ns.tracer.active)
          ns.trace(skb, { event: 'qdisc', link: this.link.name, qdisc: 'tbf', action: 'delay', wait });
        this.timer = ns.host.scheduler.after(wait, () => {
          this.timer = null;
          this.run();
        });
        return;
      }
      this.tokens -= length;
      queue.shift();
      stats.backlogPackets--;
      stats.backlogBytes -= length;
      this.send(skb);
    }
  }

  reset(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const skb of this.queue) this.link.ns.drop(skb, 'QDISC_DROP', 'tbf');
    this.queue = [];
    this.stats.backlogPackets = this.stats.backlogBytes = 0;
    this.tokens = this.options.burst;
  }
}
