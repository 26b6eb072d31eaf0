/** What the settings of a fresh namespace are: they govern it whether somebody looks at /proc/sys or not. */

/** Settings of /proc/sys/net/ipv4 that are one per namespace, with the kernel's defaults. Numbers and number lists. */
export function defaultIpv4Settings() {
  return {
    fib_multipath_hash_fields: 7,
    fib_multipath_hash_policy: 0,
    fwmark_reflect: 0,
    icmp_echo_ignore_all: 0,
    icmp_echo_ignore_broadcasts: 1,
    icmp_errors_use_inbound_ifaddr: 0,
    icmp_ignore_bogus_error_responses: 1,
    icmp_msgs_burst: 50,
    icmp_msgs_per_sec: 1000,
    icmp_ratelimit: 1000,
    icmp_ratemask: 6168,
    igmp_max_memberships: 20,
    ip_autobind_reuse: 0,
    ip_default_ttl: 64,
    ip_dynaddr: 0,
    ip_early_demux: 1,
    ip_forward: 0,
    ip_forward_update_priority: 1,
    ip_forward_use_pmtu: 0,
    ip_local_port_range: [32768, 60999],
    ip_no_pmtu_disc: 0,
    ip_nonlocal_bind: 0,
    ip_unprivileged_port_start: 1024,
    ipfrag_high_thresh: 4194304,
    ipfrag_low_thresh: 3145728,
    ipfrag_max_dist: 64,
    ipfrag_time: 30,
    ping_group_range: [1, 0],
    tcp_abort_on_overflow: 0,
    tcp_base_mss: 1024,
    tcp_ecn: 2,
    tcp_fin_timeout: 60,
    tcp_keepalive_intvl: 75,
    tcp_keepalive_probes: 9,
    tcp_keepalive_time: 7200,
    tcp_max_syn_backlog: 2048,
    tcp_max_tw_buckets: 131072,
    tcp_min_snd_mss: 48,
    tcp_mtu_probing: 0,
    tcp_no_metrics_save: 0,
    tcp_orphan_retries: 0,
    tcp_retries1: 3,
    tcp_retries2: 15,
    tcp_rmem: [4096, 131072, 33554432],
    tcp_sack: 1,
    tcp_syn_retries: 6,
    tcp_synack_retries: 5,
    tcp_syncookies: 1,
    tcp_timestamps: 1,
    tcp_tw_reuse: 2,
    tcp_window_scaling: 1,
    tcp_wmem: [4096, 16384, 4194304],
    udp_rmem_min: 4096,
    udp_wmem_min: 4096,
  };
}

/** Type of the settings above. */
export type Ipv4Settings = ReturnType<typeof defaultIpv4Settings>;

/** Settings of /proc/sys/net/ipv6 that are one per namespace; `icmp_ratemask` is a list of type ranges. */
export function defaultIpv6Settings() {
  return {
    auto_flowlabels: 1,
    bindv6only: 0,
    fib_multipath_hash_fields: 7,
    fib_multipath_hash_policy: 0,
    flowlabel_reflect: 0,
    fwmark_reflect: 0,
    ip6frag_high_thresh: 4194304,
    ip6frag_low_thresh: 3145728,
    ip6frag_time: 60,
    ip_nonlocal_bind: 0,
  };
}

/** Settings of /proc/sys/net/ipv6/icmp; `ratelimit` is in milliseconds. */
export function defaultIcmp6Settings() {
  return {
    echo_ignore_all: 0,
    echo_ignore_anycast: 0,
    echo_ignore_multicast: 0,
    error_anycast_as_unicast: 0,
    ratelimit: 100,
  };
}

/** Settings of /proc/sys/net/ipv4/route. Times in seconds. */
export function defaultRoute4Settings() {
  return { min_adv_mss: 256, min_pmtu: 552, mtu_expires: 600 };
}
