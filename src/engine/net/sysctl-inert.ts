/**
 * Settings of /proc/sys/net that can be read and written and that nothing here depends on: what they govern is not simulated.
 * Values: a fresh namespace of Linux 6.18 with two processors and 2 GB.
 */

/** One line a file: NAME=VALUE; words are separated by blanks. */
function table(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split(/\s*;\s*/)
      .filter((entry) => entry !== '')
      .map((entry) => {
        const at = entry.indexOf('=');
        return [entry.slice(0, at), entry.slice(at + 1)];
      }),
  );
}

/** /proc/sys/net/ipv4 */
export const INERT_IPV4: Readonly<Record<string, string>> = table(`
fib_multipath_hash_seed=0; fib_multipath_use_neigh=0;
fib_notify_on_flag_change=0; icmp_echo_enable_probe=0; igmp_link_local_mcast_reports=1;
igmp_max_msf=10; igmp_qrv=2; ip_local_reserved_ports=; nexthop_compat_mode=1; raw_l3mdev_accept=1; tcp_adv_win_scale=1;
tcp_allowed_congestion_control=reno; tcp_app_win=31; tcp_autocorking=1; tcp_available_congestion_control=reno;
tcp_backlog_ack_defer=1; tcp_challenge_ack_limit=2147483647; tcp_child_ehash_entries=0; tcp_comp_sack_delay_ns=1000000;
tcp_comp_sack_nr=44; tcp_comp_sack_slack_ns=100000; tcp_congestion_control=reno; tcp_dsack=1; tcp_early_demux=1; tcp_early_retrans=3;
tcp_ecn_fallback=1; tcp_ecn_option=2; tcp_ecn_option_beacon=3; tcp_ehash_entries=-262144; tcp_fack=0; tcp_fastopen=1; tcp_fastopen_blackhole_timeout_sec=0;
tcp_fastopen_key=00000000-00000000-00000000-00000000; tcp_frto=2; tcp_fwmark_accept=0; tcp_invalid_ratelimit=500; tcp_l3mdev_accept=0;
tcp_limit_output_bytes=4194304; tcp_max_reordering=300; tcp_migrate_req=0; tcp_min_rtt_wlen=300; tcp_min_tso_segs=2;
tcp_moderate_rcvbuf=1; tcp_mtu_probe_floor=48; tcp_no_ssthresh_metrics_save=1; tcp_notsent_lowat=4294967295;
tcp_pacing_ca_ratio=120; tcp_pacing_ss_ratio=200; tcp_pingpong_thresh=1; tcp_plb_cong_thresh=128; tcp_plb_enabled=0;
tcp_plb_idle_rehash_rounds=3; tcp_plb_rehash_rounds=12; tcp_plb_suspend_rto_sec=60; tcp_probe_interval=600; tcp_probe_threshold=8;
tcp_recovery=1; tcp_reflect_tos=0; tcp_reordering=3; tcp_retrans_collapse=1; tcp_rfc1337=0; tcp_rto_max_ms=120000;
tcp_rto_min_us=200000; tcp_shrink_window=0; tcp_slow_start_after_idle=1; tcp_stdurg=0; tcp_syn_linear_timeouts=4;
tcp_thin_linear_timeouts=0; tcp_tso_rtt_log=9; tcp_tso_win_divisor=3; tcp_tw_reuse_delay=1000; tcp_workaround_signed_windows=0;
udp_child_hash_entries=0; udp_early_demux=1; udp_hash_entries=-16384; udp_l3mdev_accept=0; xfrm4_gc_thresh=32768`);

/** /proc/sys/net/ipv6 */
export const INERT_IPV6: Readonly<Record<string, string>> = table(`
anycast_src_echo_reply=0;
fib_notify_on_flag_change=0; flowlabel_consistency=1; flowlabel_state_ranges=0; idgen_delay=1;
idgen_retries=3;
ioam6_id=16777215; ioam6_id_wide=72057594037927935; max_dst_opts_length=2147483647; max_dst_opts_number=8; max_hbh_length=2147483647; max_hbh_opts_number=8; seg6_flowlabel=0;
xfrm6_gc_thresh=32768`);

/** /proc/sys/net/ipv6/conf/NAME, beyond what `Conf6` has. */
export const INERT_CONF6: Readonly<Record<string, string>> = table(`
accept_ra_from_local=0; accept_ra_min_hop_limit=1; accept_ra_min_lft=0; accept_ra_mtu=1; accept_ra_rt_info_max_plen=0;
accept_ra_rt_info_min_plen=0; accept_ra_rtr_pref=1; accept_source_route=0; accept_untracked_na=0; disable_policy=0;
drop_unicast_in_l2_multicast=0; drop_unsolicited_na=0; enhanced_dad=1; force_forwarding=0; force_mld_version=0; force_tllao=0;
ignore_routes_with_linkdown=0; ioam6_enabled=0; ioam6_id=65535; ioam6_id_wide=4294967295; max_desync_factor=600; mc_forwarding=0; mldv1_unsolicited_report_interval=10000;
mldv2_unsolicited_report_interval=1000; ndisc_evict_nocarrier=1; ndisc_tclass=0; ra_defrtr_metric=1024; ra_honor_pio_life=0;
ra_honor_pio_pflag=0; regen_max_retry=3; regen_min_advance=2; router_probe_interval=60; rpl_seg_enabled=0; seg6_enabled=0;
seg6_require_hmac=0; suppress_frag_ndisc=1; temp_prefered_lft=86400; temp_valid_lft=604800; use_oif_addrs_only=0; use_optimistic=0`);

/** /proc/sys/net/core, the files every namespace has. */
export const INERT_CORE: Readonly<Record<string, string>> = table(`
optmem_max=131072; rps_default_mask=0; tstamp_allow_data=1; txrehash=1; xfrm_acq_expires=30; xfrm_aevent_etime=10;
xfrm_aevent_rseqth=2; xfrm_larval_drop=1`);

/** /proc/sys/net/ipv6/route */
export const INERT_ROUTE6: Readonly<Record<string, string>> = table(`
gc_elasticity=9; gc_interval=30; gc_min_interval=0; gc_min_interval_ms=500; gc_thresh=1024; gc_timeout=60; max_size=2147483647;
min_adv_mss=1220; mtu_expires=600; skip_notify_on_dev_down=0`);

/** /proc/sys/net/mptcp */
export const INERT_MPTCP: Readonly<Record<string, string>> = table(`
add_addr_timeout=120; allow_join_initial_addr_port=1; available_path_managers=kernel userspace; available_schedulers=default;
blackhole_timeout=3600; checksum_enabled=0; close_timeout=60; enabled=1; path_manager=kernel; pm_type=0; scheduler=default;
stale_loss_cnt=4; syn_retrans_before_tcp_fallback=2`);

/** /proc/sys/net/unix */
export const INERT_UNIX: Readonly<Record<string, string>> = table(`max_dgram_qlen=10`);
