/** /sys/class/net/NAME, the directory of one link (net/core/net-sysfs.c). */
import { Errno } from '../../../core';
import type { LinkInfo, NetNamespace } from '../../../net';
import { IFF } from '../../../net';
import type { Inode } from '../../inode';
import { ComputedDir, MemDir } from '../../inode';
import type { Attributes, Show } from './attribute';
import { attributeDir, attributeFiles, Device, hex, storeNumber, SysfsLink } from './attribute';
import { bridgeDir, bridgePortsDir } from './bridge';
import { bridgePortDir } from './bridge-port';
import { STATISTICS } from './statistics';

/** What only a link that is up says. @throws Errno EINVAL */
const whenUp =
  (show: Show<LinkInfo>): Show<LinkInfo> =>
  (i, device) => {
    if ((i.flags & IFF.UP) === 0) throw new Errno('EINVAL');
    return show(i, device);
  };

function duplex(i: LinkInfo): string {
  if (i.kind === 'bridge') return 'unknown';
  if (i.kind !== 'veth') throw new Errno('EINVAL');
  return 'full';
}

/** Mbit/s. Devices without settings of ethtool have none to tell (speed_show). */
function speed(i: LinkInfo, { net }: Device): number {
  if (i.kind === 'loopback' || i.kind === 'dummy') throw new Errno('EINVAL');
  if (i.kind === 'veth') return 10000;
  // A bridge is as fast as its fastest port that runs (br_get_link_ksettings); without one it does not know.
  const runs = (l: LinkInfo): boolean => l.kind === 'veth' && (l.flags & IFF.RUNNING) !== 0;
  return net.links.list().some((l) => l.master === i.index && runs(l)) ? 10000 : -1;
}

/** The variables of the event that announced it. */
const uevent = (i: LinkInfo): string =>
  `${i.kind === 'bridge' ? 'DEVTYPE=bridge\n' : ''}INTERFACE=${i.name}\nIFINDEX=${i.index}`;

const NET_DEVICE: Attributes<LinkInfo> = {
  addr_assign_type: 3,
  addr_len: 6,
  address: (i) => i.mac,
  broadcast: (i) => i.broadcast,
  carrier: whenUp((i) => i.carrier),
  carrier_changes: (i) => i.carrierChanges,
  // A link begins with its carrier going away (netif_carrier_off); then it comes and goes in turn.
  carrier_down_count: (i) => Math.ceil(i.carrierChanges / 2),
  carrier_up_count: (i) => Math.floor(i.carrierChanges / 2),
  dev_id: '0x0',
  dev_port: 0,
  dormant: whenUp(() => 0),
  duplex: whenUp(duplex),
  flags: [(i) => hex(i.flags & 0xffff & ~IFF.RUNNING), storeNumber((n) => ({ up: (n & IFF.UP) !== 0 }))],
  gro_flush_timeout: 0,
  ifalias: [(i) => i.alias ?? '', (alias, device) => device.set({ alias })],
  ifindex: (i) => i.index,
  iflink: (i) => i.link ?? i.index,
  link_mode: (i) => i.mode === 'DORMANT',
  mtu: [(i) => i.mtu, storeNumber((mtu) => ({ mtu }))],
  name_assign_type: 3,
  napi_defer_hard_irqs: 0,
  netdev_group: [(i) => i.group, storeNumber((group) => ({ group }))],
  operstate: (i) => i.operstate.toLowerCase(),
  proto_down: 0,
  speed: whenUp(speed),
  testing: whenUp(() => 0),
  threaded: 0,
  tx_queue_len: [(i) => i.txqlen, storeNumber((txqlen) => ({ txqlen }))],
  type: (i) => (i.type === 'loopback' ? 772 : 1),
  uevent,
};

/** The directory of a link; what a bridge, a port or a link with a master has comes and goes with that. */
export function netDeviceDir(net: NetNamespace, index: number): ComputedDir {
  const device = new Device(net, index, net.host.scheduler.now);
  const info = (): LinkInfo => device.info();
  const files = new Map<string, Inode>([
    ...attributeFiles(device, info, NET_DEVICE),
    ['statistics', attributeDir(device, info, STATISTICS)],
    ['queues', queuesDir(device)],
    ['power', new MemDir(0o755).touch(device.since)],
    ['subsystem', new SysfsLink('../../../../class/net').touch(device.since)],
  ]);
  const ofBridge = new Map<string, Inode>([
    ['bridge', bridgeDir(device)],
    ['brif', bridgePortsDir(device)],
  ]);
  const ofPort = new Map<string, Inode>([['brport', bridgePortDir(device)]]);
  const all = (): Map<string, Inode> => {
    const i = info();
    return new Map([...files, ...(i.bridge ? ofBridge : []), ...(i.bridgePort ? ofPort : []), ...relatives(device, i)]);
  };
  return new ComputedDir(
    () => [...all().keys()].sort(),
    (name) => (net.links.get(index) ? (files.get(name) ?? all().get(name)) : undefined),
    0o755,
  ).touch(device.since);
}

/** Of the queues a device could have, one of each direction is in use. */
function queuesDir({ since }: Device): MemDir {
  const queues = new MemDir(0o755);
  for (const name of ['rx-0', 'tx-0']) queues.link(name, new MemDir(0o755).touch(since));
  return queues.touch(since);
}

/** Links to what is above and below (netdev_adjacent_sysfs_add). */
function relatives({ net, index, since }: Device, info: LinkInfo): Map<string, Inode> {
  const found = new Map<string, Inode>();
  const add = (name: string, other: string): void => void found.set(name, new SysfsLink(`../${other}`).touch(since));
  const master = info.master === undefined ? undefined : net.links.get(info.master);
  if (master) {
    add('master', master.name);
    add(`upper_${master.name}`, master.name);
  }
  for (const l of net.links.list()) if (l.master === index) add(`lower_${l.name}`, l.name);
  return found;
}
