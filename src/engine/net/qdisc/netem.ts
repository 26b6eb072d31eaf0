/** `netem`: delay, loss, duplicates, reordering and a rate (net/sched/sch_netem.c, tc-netem(8)). */
import type { Micros, Random, Timer } from '../../core';
import type { Link } from '../link/link';
import type { Skb } from '../skb';
import { RootQdisc } from './base';

/** Parameters. Times in microseconds, probabilities and correlations in [0, 1], rate in bytes a second. */
export interface NetemOptions {
  limit: number;
  delay: Micros;
  jitter: Micros;
  delayCorrelation: number;
  loss: number;
  lossCorrelation: number;
  duplicate: number;
  duplicateCorrelation: number;
  reorder: number;
  reorderCorrelation: number;
  /** Every gap-th packet is a candidate for reordering; 0 without reordering. */
  gap: number;
  rate: number;
  /** Added to each packet's length for the rate, and the size of cells it is cut into, with their overhead. */
  overhead: number;
  cellSize: number;
  cellOverhead: number;
}

/** What a netem does that was told nothing. */
export const NETEM_DEFAULTS: Readonly<NetemOptions> = {
  limit: 1000,
  delay: 0,
  jitter: 0,
  delayCorrelation: 0,
  loss: 0,
  lossCorrelation: 0,
  duplicate: 0,
  duplicateCorrelation: 0,
  reorder: 0,
  reorderCorrelation: 0,
  gap: 0,
  rate: 0,
  overhead: 0,
  cellSize: 0,
  cellOverhead: 0,
};

/** Random numbers in [0, 1) of which each resembles the last one (get_crandom). */
class Correlated {
  private last = 0;

  constructor(private readonly random: Random) {}

  next(rho: number): number {
    const value = this.random.float();
    if (rho === 0) return value;
    return (this.last = value * (1 - rho) + rho * this.last);
  }
}

interface Waiting {
  readonly skb: Skb;
  readonly at: Micros;
}

/** A netem. */
export class Netem extends RootQdisc {
  readonly kind = 'netem';
  private readonly random: Random;
  private readonly lossDraw: Correlated;
  private readonly duplicateDraw: Correlated;
  private readonly reorderDraw: Correlated;
  private readonly delayDraw: Correlated;
  /** In order of sending. */
  private queue: Waiting[] = [];
  private counter = 0;
  private timer: Timer | null = null;

  constructor(
    link: Link,
    handle: number,
    public options: NetemOptions,
  ) {
    super(link, handle);
    this.random = link.ns.random.fork(`netem:${link.mac}:${handle}`);
    this.lossDraw = new Correlated(this.random);
    this.duplicateDraw = new Correlated(this.random);
    this.reorderDraw = new Correlated(this.random);
    this.delayDraw = new Correlated(this.random);
  }

  enqueue(skb: Skb): void {
    this.add(skb, true);
  }

  /** netem_enqueue. @param first not a duplicate itself */
  private add(skb: Skb, first: boolean): void {
    const { options: o, link } = this;
    const { ns } = link;
    let count = 1;
    if (first && o.duplicate > 0 && o.duplicate >= this.duplicateDraw.next(o.duplicateCorrelation)) count++;
    if (o.loss > 0 && o.loss >= this.lossDraw.next(o.lossCorrelation)) {
      count--;
      this.stats.drops++;
    }
    if (count === 0) {
      ns.drop(skb, 'QDISC_DROP', 'netem');
      return;
    }
    if (this.queue.length >= o.limit) {
      this.drop(skb);
      return;
    }
    if (count > 1) {
      const copy = ns.cloneSkb(skb);
      if (ns.tracer.active)
        ns.trace(copy, { event: 'qdisc', link: link.name, qdisc: 'netem', action: 'duplicate', wait: 0 });
      this.add(copy, false);
    }
    const now = ns.now;
    const ahead = o.gap !== 0 && this.counter >= o.gap - 1 && o.reorder >= this.reorderDraw.next(o.reorderCorrelation);
    if (ahead) {
      // Past everything that waits.
      this.counter = 0;
      this.stats.requeues++;
      this.insert(skb, now, true);
      return;
    }
    let delay = this.delay();
    if (o.rate > 0) {
      const last = this.queue[this.queue.length - 1];
      if (last !== undefined) delay = Math.max(0, delay - (last.at - now));
      const from = Math.max(now, last?.at ?? now);
      delay = from - now + delay + this.transmissionTime(skb.frameLength);
    }
    this.counter++;
    this.insert(skb, now + Math.max(0, Math.round(delay)), false);
  }

  /** tabledist without a table: uniform in delay +- jitter. */
  private delay(): number {
    const { delay, jitter, delayCorrelation } = this.options;
    if (jitter === 0) return delay;
    return delay + (this.delayDraw.next(delayCorrelation) * 2 - 1) * jitter;
  }

  private transmissionTime(length: number): number {
    const { rate, overhead, cellSize, cellOverhead } = this.options;
    let bytes = length + overhead;
    if (cellSize > 0) bytes = Math.ceil(bytes / cellSize) * (cellSize + cellOverhead);
    return (bytes * 1e6) / rate;
  }

  private insert(skb: Skb, at: Micros, front: boolean): void {
    const { queue, link } = this;
    const { ns } = link;
    if (ns.tracer.active && (front || at > ns.now))
      ns.trace(skb, {
        event: 'qdisc',
        link: link.name,
        qdisc: 'netem',
        action: front ? 'reorder' : 'delay',
        wait: at - ns.now,
      });
    let i = front ? 0 : queue.length;
    while (!front && i > 0 && queue[i - 1]!.at > at) i--;
    queue.splice(i, 0, { skb, at });
    this.stats.backlogPackets++;
    this.stats.backlogBytes += skb.frameLength;
    this.run();
  }

  /** netem_dequeue: sends what is due. */
  private run(): void {
    const { queue } = this;
    const { ns } = this.link;
    this.timer?.cancel();
    this.timer = null;
    while (queue.length > 0 && queue[0]!.at <= ns.now) {
      const { skb } = queue.shift()!;
      this.stats.backlogPackets--;
      this.stats.backlogBytes -= skb.frameLength;
      this.send(skb);
    }
    if (queue.length > 0)
      this.timer = ns.host.scheduler.after(queue[0]!.at - ns.now, () => {
        this.timer = null;
        this.run();
      });
  }

  reset(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const { skb } of this.queue) this.link.ns.drop(skb, 'QDISC_DROP', 'netem');
    this.queue = [];
    this.stats.backlogPackets = this.stats.backlogBytes = 0;
  }
}
