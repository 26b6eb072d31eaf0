/** /sys/class/net/NAME/brport of a bridge's port (net/bridge/br_sysfs_if.c). Timers in 1/100 s. */
import type { BridgePortFlags, BridgePortInfo, PortState } from '../../../net';
import type { MemDir } from '../../inode';
import type { Attributes, Device } from './attribute';
import { attributeDir, bridgeId, hex, storeNumber, SysfsLink } from './attribute';

/** Files that are one of a port's switches: 0 or 1. */
const SWITCHES: Readonly<Record<string, keyof BridgePortFlags>> = {
  bpdu_guard: 'guard',
  broadcast_flood: 'bcastFlood',
  hairpin_mode: 'hairpin',
  isolated: 'isolated',
  learning: 'learning',
  multicast_fast_leave: 'fastLeave',
  multicast_flood: 'mcastFlood',
  multicast_to_unicast: 'mcastToUnicast',
  neigh_suppress: 'neighSuppress',
  proxyarp: 'proxyArp',
  proxyarp_wifi: 'proxyArpWifi',
  root_block: 'rootBlock',
  unicast_flood: 'flood',
};

const switches: Attributes<BridgePortInfo> = Object.fromEntries(
  Object.entries(SWITCHES).map(([name, flag]) => [
    name,
    [(p: BridgePortInfo) => p[flag], storeNumber((n) => ({ port: { [flag]: n !== 0 } }))] as const,
  ]),
);

/** States in the order of their numbers (BR_STATE_* of if_bridge.h). */
const STATES: readonly PortState[] = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];

const PORT: Attributes<BridgePortInfo> = {
  ...switches,
  change_ack: (p) => p.topologyChangeAck ?? 0,
  config_pending: (p) => p.configPending ?? 0,
  designated_bridge: (p) => bridgeId(p.designatedBridge),
  designated_cost: (p) => p.designatedCost,
  designated_port: (p) => p.designatedPort,
  designated_root: (p) => bridgeId(p.designatedRoot),
  flush: [undefined, (_, device) => forget(device)],
  forward_delay_timer: (p) => p.forwardDelayTimer,
  hold_timer: (p) => p.holdTimer ?? 0,
  message_age_timer: (p) => p.messageAgeTimer ?? 0,
  multicast_router: [(p) => p.mcastRouter, storeNumber((n) => ({ port: { mcastRouter: n } }))],
  path_cost: [(p) => p.cost, storeNumber((n) => ({ port: { cost: n } }))],
  port_id: (p) => hex(p.portId),
  port_no: (p) => hex(p.portNo),
  priority: [(p) => p.priority, storeNumber((n) => ({ port: { priority: n } }))],
  state: (p) => STATES.indexOf(p.state),
  // Settings that keep their defaults here.
  backup_port: '',
  group_fwd_mask: '0x0',
};

/** Forgets what the bridge has learned behind the port. */
function forget(device: Device): void {
  const { net, index } = device;
  const { master } = device.info();
  for (const f of net.fdb.list({ index }))
    if (f.master !== undefined && f.master === master && f.state === 'dynamic')
      net.fdb.delete({ mac: f.mac, index, master: true, ...(f.vlan !== undefined && { vlan: f.vlan }) });
}

/** The directory `brport`. */
export function bridgePortDir(device: Device): MemDir {
  const { net } = device;
  const dir = attributeDir(device, () => device.info().bridgePort!, PORT);
  const bridge = (): string => {
    const { master } = device.info();
    return `../../${master === undefined ? '' : (net.links.get(master)?.name ?? '')}`;
  };
  dir.link('bridge', new SysfsLink(bridge).touch(device.since));
  return dir;
}
