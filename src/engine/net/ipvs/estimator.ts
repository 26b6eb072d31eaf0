/** Counters and their rates (net/netfilter/ipvs/ip_vs_est.c). */
import type { Micros } from '../../core';

/** Microseconds between two estimations. */
const PERIOD = 2_000_000;

/** What is counted for a service, a server or all of IPVS. */
export class IpvsStats {
  conns = 0;
  inPackets = 0;
  outPackets = 0;
  inBytes = 0;
  outBytes = 0;
  private readonly last = { conns: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
  /** Per second, connections and packets times 1024, bytes times 32. */
  private readonly rates = { conns: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
  private next: Micros;
  private readonly since = { conns: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

  constructor(now: Micros) {
    this.next = now + PERIOD;
  }

  /**
   * Brings the averages up to `now`. The kernel does it by a timer; here whoever counts or reads does it first, with the same result:
   * nothing was counted in between.
   */
  private estimate(now: Micros): void {
    while (now >= this.next) {
      for (const key of KEYS) {
        const shift = key === 'inBytes' || key === 'outBytes' ? 4 : 9;
        const rate = (this[key] - this.last[key]) * 2 ** shift;
        this.last[key] = this[key];
        this.rates[key] += (rate - this.rates[key]) / 4;
        // The kernel shifts: fractions are lost downwards.
        this.rates[key] = Math.floor(this.rates[key]);
      }
      if (KEYS.every((k) => this.rates[k] <= 0)) {
        for (const k of KEYS) this.rates[k] = 0;
        this.next += Math.max(1, Math.ceil((now - this.next + 1) / PERIOD)) * PERIOD;
      } else this.next += PERIOD;
    }
  }

  /** A packet from a client. */
  countIn(now: Micros, bytes: number): void {
    this.estimate(now);
    this.inPackets++;
    this.inBytes += bytes;
  }

  /** A packet to a client. */
  countOut(now: Micros, bytes: number): void {
    this.estimate(now);
    this.outPackets++;
    this.outBytes += bytes;
  }

  /** A new connection. */
  countConn(now: Micros): void {
    this.estimate(now);
    this.conns++;
  }

  /** Counters since the last `zero`. */
  counters(): Record<(typeof KEYS)[number], number> {
    return Object.fromEntries(KEYS.map((k) => [k, this[k] - this.since[k]])) as Record<(typeof KEYS)[number], number>;
  }

  /** Rates per second. */
  perSecond(now: Micros): Record<(typeof KEYS)[number], number> {
    this.estimate(now);
    const round = (k: (typeof KEYS)[number]): number =>
      k === 'inBytes' || k === 'outBytes'
        ? Math.floor((this.rates[k] + 0xf) / 32)
        : Math.floor((this.rates[k] + 0x1ff) / 1024);
    return Object.fromEntries(KEYS.map((k) => [k, round(k)])) as Record<(typeof KEYS)[number], number>;
  }

  /** ipvsadm -Z. */
  zero(): void {
    for (const k of KEYS) this.since[k] = this[k];
  }
}

const KEYS = ['conns', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;
