/** Per-link settings of /proc/sys/net/ipv{4,6}/conf/NAME, with the kernel's names and defaults. */

/** IPv4 (Documentation/networking/ip-sysctl.rst). Numbers, as the files have them. */
export interface Conf4 {
  accept_local: number;
  accept_redirects: number;
  accept_source_route: number;
  arp_accept: number;
  arp_announce: number;
  arp_evict_nocarrier: number;
  arp_filter: number;
  arp_ignore: number;
  arp_notify: number;
  bc_forwarding: number;
  bootp_relay: number;
  disable_policy: number;
  disable_xfrm: number;
  drop_gratuitous_arp: number;
  drop_unicast_in_l2_multicast: number;
  force_igmp_version: number;
  forwarding: number;
  igmpv2_unsolicited_report_interval: number;
  igmpv3_unsolicited_report_interval: number;
  ignore_routes_with_linkdown: number;
  log_martians: number;
  mc_forwarding: number;
  medium_id: number;
  promote_secondaries: number;
  proxy_arp: number;
  proxy_arp_pvlan: number;
  route_localnet: number;
  rp_filter: number;
  secure_redirects: number;
  send_redirects: number;
  shared_media: number;
  src_valid_mark: number;
  tag: number;
}

/** The defaults of a new namespace. */
export function defaultConf4(): Conf4 {
  return {
    accept_local: 0,
    accept_redirects: 1,
    accept_source_route: 0,
    arp_accept: 0,
    arp_announce: 0,
    arp_evict_nocarrier: 1,
    arp_filter: 0,
    arp_ignore: 0,
    arp_notify: 0,
    bc_forwarding: 0,
    bootp_relay: 0,
    disable_policy: 0,
    disable_xfrm: 0,
    drop_gratuitous_arp: 0,
    drop_unicast_in_l2_multicast: 0,
    force_igmp_version: 0,
    forwarding: 0,
    igmpv2_unsolicited_report_interval: 10000,
    igmpv3_unsolicited_report_interval: 1000,
    ignore_routes_with_linkdown: 0,
    log_martians: 0,
    mc_forwarding: 0,
    medium_id: 0,
    promote_secondaries: 0,
    proxy_arp: 0,
    proxy_arp_pvlan: 0,
    route_localnet: 0,
    rp_filter: 0,
    secure_redirects: 1,
    send_redirects: 1,
    shared_media: 1,
    src_valid_mark: 0,
    tag: 0,
  };
}

/** IPv6. */
export interface Conf6 {
  accept_dad: number;
  accept_ra: number;
  accept_ra_defrtr: number;
  accept_ra_pinfo: number;
  accept_redirects: number;
  addr_gen_mode: number;
  autoconf: number;
  dad_transmits: number;
  disable_ipv6: number;
  forwarding: number;
  hop_limit: number;
  keep_addr_on_down: number;
  max_addresses: number;
  mtu: number;
  ndisc_notify: number;
  optimistic_dad: number;
  proxy_ndp: number;
  router_solicitation_delay: number;
  router_solicitation_interval: number;
  router_solicitation_max_interval: number;
  router_solicitations: number;
  use_tempaddr: number;
}

/** The defaults of a new namespace. */
export function defaultConf6(): Conf6 {
  return {
    accept_dad: 1,
    accept_ra: 1,
    accept_ra_defrtr: 1,
    accept_ra_pinfo: 1,
    accept_redirects: 1,
    addr_gen_mode: 0,
    autoconf: 1,
    dad_transmits: 1,
    disable_ipv6: 0,
    forwarding: 0,
    hop_limit: 64,
    keep_addr_on_down: 0,
    max_addresses: 16,
    mtu: 1280,
    ndisc_notify: 0,
    optimistic_dad: 0,
    proxy_ndp: 0,
    router_solicitation_delay: 1,
    router_solicitation_interval: 4,
    router_solicitation_max_interval: 3600,
    router_solicitations: -1,
    use_tempaddr: 0,
  };
}

/** Neighbour settings of /proc/sys/net/ipv{4,6}/neigh/NAME; times in the unit of the file's name or seconds. */
export interface NeighConf {
  anycast_delay: number;
  app_solicit: number;
  base_reachable_time_ms: number;
  delay_first_probe_time: number;
  gc_stale_time: number;
  interval_probe_time_ms: number;
  locktime: number;
  mcast_resolicit: number;
  mcast_solicit: number;
  proxy_delay: number;
  proxy_qlen: number;
  retrans_time_ms: number;
  ucast_solicit: number;
  unres_qlen: number;
  unres_qlen_bytes: number;
}

/** The defaults; `locktime` (in 1/100 s) is 100 for ARP and 0 for NDP. */
export function defaultNeighConf(family: 'inet' | 'inet6'): NeighConf {
  return {
    anycast_delay: 100,
    app_solicit: 0,
    base_reachable_time_ms: 30000,
    delay_first_probe_time: 5,
    gc_stale_time: 60,
    interval_probe_time_ms: 5000,
    locktime: family === 'inet' ? 100 : 0,
    mcast_resolicit: 0,
    mcast_solicit: 3,
    proxy_delay: 80,
    proxy_qlen: 64,
    retrans_time_ms: 1000,
    ucast_solicit: 3,
    unres_qlen: 101,
    unres_qlen_bytes: 212992,
  };
}
