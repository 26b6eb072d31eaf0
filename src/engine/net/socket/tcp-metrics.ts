/** What is remembered of hosts after their connections are gone (net/ipv4/tcp_metrics.c, `ip tcp_metrics`). */
import type { Micros } from '../../core';
import type { IpAddress } from '../../wire';
import type { NetNamespace } from '../namespace';
import type { TcpSocket } from './tcp';

/** Times in microseconds; 0 and undefined: nothing known. */
export interface TcpMetric {
  readonly address: IpAddress;
  readonly source: IpAddress;
  /** When it was last brought up to date. */
  at: Micros;
  rtt: Micros;
  rttvar: Micros;
  ssthresh: number | undefined;
  cwnd: number | undefined;
}

/** The metrics of a namespace, by source and destination. */
export class TcpMetrics {
  private readonly entries = new Map<string, TcpMetric>();

  constructor(private readonly ns: NetNamespace) {}

  list(): TcpMetric[] {
    return [...this.entries.values()];
  }

  get(source: IpAddress, address: IpAddress): TcpMetric | undefined {
    return this.entries.get(`${source}>${address}`);
  }

  /** Forgets the entries for which `dies`. @returns how many */
  delete(dies: (m: TcpMetric) => boolean): number {
    let n = 0;
    for (const [key, m] of [...this.entries]) {
      if (!dies(m)) continue;
      this.entries.delete(key);
      n++;
    }
    return n;
  }

  /** tcp_update_metrics: a connection ends. */
  save(s: TcpSocket): void {
    const { ns } = this;
    if (ns.ipv4.tcp_no_metrics_save || s.remote === undefined || s.backoff > 0 || s.rtt.srtt === 0) return;
    const source = s.localIp;
    const address = s.remoteIp;
    const key = `${source}>${address}`;
    let m = this.entries.get(key);
    if (m === undefined) {
      m = { address, source, at: ns.now, rtt: 0, rttvar: 0, ssthresh: undefined, cwnd: undefined };
      this.entries.set(key, m);
    }
    m.at = ns.now;
    // A connection that is still in slow start has only shown how much is possible.
    const { cwnd, ssthresh } = s.congestion;
    if (ssthresh === Infinity || cwnd < ssthresh) {
      if (ssthresh !== Infinity && cwnd >> 1 > (m.ssthresh ?? 0)) m.ssthresh = cwnd >> 1;
      if (cwnd > (m.cwnd ?? 10)) m.cwnd = cwnd;
    } else {
      m.ssthresh = Math.max(cwnd >> 1, ssthresh);
      m.cwnd = m.cwnd === undefined ? cwnd : (m.cwnd + cwnd) >> 1;
    }
    const rtt = Math.round(s.rtt.srtt);
    if (m.rtt === 0 || rtt > m.rtt) m.rtt = rtt;
    else m.rtt = Math.round(m.rtt - (m.rtt - rtt) / 8);
    const deviation = Math.round(s.rtt.mdev);
    m.rttvar = m.rttvar === 0 || deviation > m.rttvar ? deviation : Math.round(m.rttvar - (m.rttvar - deviation) / 4);
  }
}
