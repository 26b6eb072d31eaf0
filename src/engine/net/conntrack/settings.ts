/** net.netfilter.nf_conntrack_*: the settings of connection tracking (net/netfilter/nf_conntrack_standalone.c). */
import { Errno } from '../../core';
import type { NetNamespace } from '../namespace';

/** The settings of one namespace, by file name without `nf_conntrack_`. Timeouts in seconds. */
export function defaultSettings() {
  return {
    acct: 0,
    buckets: 262144,
    checksum: 1,
    count: 0,
    events: 2,
    expect_max: 4096,
    frag6_high_thresh: 4194304,
    frag6_low_thresh: 3145728,
    frag6_timeout: 60,
    generic_timeout: 600,
    gre_timeout: 30,
    gre_timeout_stream: 180,
    icmp_timeout: 30,
    icmpv6_timeout: 30,
    log_invalid: 0,
    max: 262144,
    sctp_timeout_closed: 10,
    sctp_timeout_cookie_echoed: 3,
    sctp_timeout_cookie_wait: 3,
    sctp_timeout_established: 210,
    sctp_timeout_heartbeat_sent: 30,
    sctp_timeout_shutdown_ack_sent: 3,
    sctp_timeout_shutdown_recd: 3,
    sctp_timeout_shutdown_sent: 3,
    tcp_be_liberal: 0,
    tcp_ignore_invalid_rst: 0,
    tcp_loose: 1,
    tcp_max_retrans: 3,
    tcp_timeout_close: 10,
    tcp_timeout_close_wait: 60,
    tcp_timeout_established: 432000,
    tcp_timeout_fin_wait: 120,
    tcp_timeout_last_ack: 30,
    tcp_timeout_max_retrans: 300,
    tcp_timeout_syn_recv: 60,
    tcp_timeout_syn_sent: 120,
    tcp_timeout_time_wait: 120,
    tcp_timeout_unacknowledged: 300,
    timestamp: 0,
    udp_timeout: 30,
    udp_timeout_stream: 120,
  };
}

/** Type of the settings above. */
export type ConntrackSettings = ReturnType<typeof defaultSettings>;

/** Files that take 0 or 1, and one that takes a byte. */
const MAXIMUM: Partial<Record<keyof ConntrackSettings, number>> = {
  acct: 1,
  checksum: 1,
  timestamp: 1,
  tcp_be_liberal: 1,
  tcp_ignore_invalid_rst: 1,
  tcp_loose: 1,
  events: 2,
  tcp_max_retrans: 255,
  log_invalid: 255,
};
/** What only the machine's first namespace may change. */
const INITIAL_ONLY: ReadonlySet<string> = new Set(['buckets', 'expect_max', 'max']);

/** Shows `settings` below /proc/sys/net/netfilter of `ns`. @param count the number of connections */
export function showSettings(ns: NetNamespace, settings: ConntrackSettings, count: () => number): void {
  let dir = ns.sysctl.extra.get('netfilter');
  if (dir === undefined) ns.sysctl.extra.set('netfilter', (dir = new Map()));
  const initial = (): boolean => {
    for (const first of ns.siblings) return first === ns;
    return false;
  };
  for (const key of Object.keys(settings) as (keyof ConntrackSettings)[]) {
    const get = (): string => String(key === 'count' ? count() : settings[key]);
    const set = (text: string): void => {
      const t = text.trim();
      const value = Number(t);
      if (!/^-?(0x[0-9a-fA-F]+|\d+)$/.test(t) || value > 0x7fffffff || value < -0x80000000) throw new Errno('EINVAL');
      const max = MAXIMUM[key];
      if (max !== undefined && (value < 0 || value > max)) throw new Errno('EINVAL');
      settings[key] = value;
    };
    const readOnly = key === 'count' || (INITIAL_ONLY.has(key) && !initial());
    dir.set(`nf_conntrack_${key}`, readOnly ? { get } : { get, set });
  }
}
