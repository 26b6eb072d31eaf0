/** /sys/class/net/NAME/bridge and brif of a bridge (net/bridge/br_sysfs_br.c). Times in 1/100 s. */
import type { BridgeInfo, BridgeOptions } from '../../../net';
import type { MemDir } from '../../inode';
import { ComputedDir } from '../../inode';
import type { Attributes, Device } from './attribute';
import { attributeDir, bridgeId, hex, storeNumber, SysfsLink } from './attribute';

/** Files that show a setting of the bridge and take a number for it. */
const SETTINGS = {
  ageing_time: 'ageingTime',
  forward_delay: 'forwardDelay',
  hello_time: 'helloTime',
  max_age: 'maxAge',
  multicast_querier: 'mcastQuerier',
  multicast_router: 'mcastRouter',
  multicast_snooping: 'mcastSnooping',
  nf_call_arptables: 'nfCallArptables',
  nf_call_ip6tables: 'nfCallIp6tables',
  nf_call_iptables: 'nfCallIptables',
  priority: 'priority',
  stp_state: 'stpState',
  vlan_default_pvid: 'vlanDefaultPvid',
  vlan_filtering: 'vlanFiltering',
} as const satisfies Record<string, keyof BridgeInfo & keyof BridgeOptions>;

const settings: Attributes<BridgeInfo> = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, setting]) => [
    name,
    [
      (b: BridgeInfo) => b[setting],
      (value: string, device: Device): void => {
        const isSwitch = typeof device.info().bridge![setting] === 'boolean';
        storeNumber((n) => ({ bridge: { [setting]: isSwitch ? n !== 0 : n } }))(value, device);
      },
    ] as const,
  ]),
);

const BRIDGE: Attributes<BridgeInfo> = {
  ...settings,
  bridge_id: (b) => bridgeId(b.bridgeId),
  flush: [undefined, (_, device) => device.set({ bridge: { fdbFlush: true } })],
  gc_timer: (b) => b.gcTimer,
  group_addr: (b) => b.groupAddress,
  group_fwd_mask: [(b) => hex(b.groupFwdMask), storeNumber((n) => ({ bridge: { groupFwdMask: n } }))],
  root_id: (b) => bridgeId(b.designatedRoot),
  root_path_cost: (b) => b.rootPathCost,
  root_port: (b) => b.rootPort,
  vlan_protocol: (b) => hex(b.vlanProtocol),
  // Of the spanning tree protocol; without it nothing runs.
  hello_timer: (b) => b.helloTimer ?? 0,
  tcn_timer: (b) => b.tcnTimer ?? 0,
  topology_change: (b) => b.topologyChange ?? 0,
  topology_change_detected: (b) => b.topologyChangeDetected ?? 0,
  topology_change_timer: (b) => b.topologyChangeTimer ?? 0,
  // Settings that keep their defaults here.
  hash_elasticity: 16,
  hash_max: 4096,
  multicast_igmp_version: 2,
  multicast_last_member_count: 2,
  multicast_last_member_interval: 100,
  multicast_membership_interval: 26000,
  multicast_mld_version: 1,
  multicast_querier_interval: 25500,
  multicast_query_interval: 12500,
  multicast_query_response_interval: 1000,
  multicast_query_use_ifaddr: 0,
  multicast_startup_query_count: 2,
  // A quarter of the query interval, in whole jiffies of 1/250 s.
  multicast_startup_query_interval: 3124,
  multicast_stats_enabled: 0,
  no_linklocal_learn: 0,
};

/** The directory `bridge`. */
export function bridgeDir(device: Device): MemDir {
  return attributeDir(device, () => device.info().bridge!, BRIDGE);
}

/** The directory `brif`: a link to `brport` of each port. */
export function bridgePortsDir({ net, index, since }: Device): ComputedDir {
  const ports = (): string[] =>
    net.links
      .list()
      .filter((l) => l.master === index)
      .map((l) => l.name);
  return new ComputedDir(
    ports,
    (name) => (ports().includes(name) ? new SysfsLink(`../../${name}/brport`).touch(since) : undefined),
    0o755,
  ).touch(since);
}
