/**
 * sysfs: /sys/class/net and what hangs on it. A sysfs belongs to the network namespace of whoever mounted it, whoever looks
 * (Documentation/filesystems/sysfs-tagging.rst): that is why `nsenter -n` without `-m` still sees the host's links.
 */
import { Errno } from '../../core';
import type { BridgeOptions, LinkInfo, NetNamespace } from '../../net';
import { IFF } from '../../net';
import type { Inode } from '../inode';
import { ComputedDir, MemDir, SymlinkNode, TextNode } from '../inode';
import type { Machine } from '../machine';
import type { Process } from '../process';

const roots = new WeakMap<NetNamespace, MemDir>();

/** The root of a sysfs mounted in `net`. */
export function sysfsRoot(machine: Machine, net: NetNamespace): MemDir {
  let root = roots.get(net);
  if (!root) roots.set(net, (root = build(machine, net)));
  return root;
}

function build(machine: Machine, net: NetNamespace): MemDir {
  const root = new MemDir(0o555);
  const dir = (parent: MemDir, name: string): MemDir => {
    const child = new MemDir(name === 'cgroup' ? 0o755 : 0o755);
    parent.link(name, child.touch(machine.bootTime));
    return child;
  };
  const top = new Map(
    ['block', 'bus', 'class', 'dev', 'devices', 'firmware', 'fs', 'kernel', 'module', 'power'].map((n) => [
      n,
      dir(root, n),
    ]),
  );
  const devices = top.get('devices')!;
  const cpus = dir(dir(devices, 'system'), 'cpu');
  for (let n = 0; n < machine.cpus; n++) dir(cpus, `cpu${n}`);
  const list = `0-${machine.cpus - 1}\n`;
  for (const name of ['online', 'possible', 'present'])
    cpus.link(name, new TextNode(() => list).touch(machine.bootTime));
  dir(top.get('fs')!, 'cgroup');
  for (const name of ['bridge', 'br_netfilter', 'ip_tables', 'ip6_tables', 'nf_conntrack', 'veth'])
    dir(top.get('module')!, name);
  const links = new LinkDirectories(machine, net);
  dir(devices, 'virtual').link('net', links.directory);
  top.get('class')!.link(
    'net',
    new ComputedDir(
      () =>
        net.links
          .list()
          .map((l) => l.name)
          .sort(),
      (name) => (net.links.byName(name)?.name === name ? links.link(name) : undefined),
      0o755,
    ).touch(machine.bootTime),
  );
  return root.touch(machine.bootTime);
}

/** /sys/devices/virtual/net of one namespace. */
class LinkDirectories {
  readonly directory: ComputedDir;
  private readonly made = new Map<number, { dir: ComputedDir; links: Map<string, SymlinkNode> }>();

  constructor(
    private readonly machine: Machine,
    private readonly net: NetNamespace,
  ) {
    this.directory = new ComputedDir(
      () =>
        net.links
          .list()
          .map((l) => l.name)
          .sort(),
      (name) => this.of(name)?.dir,
      0o755,
    ).touch(machine.bootTime);
  }

  /** The link in /sys/class/net. */
  link(name: string): SymlinkNode | undefined {
    const entry = this.of(name);
    if (!entry) return undefined;
    let node = entry.links.get(name);
    if (!node) {
      node = new SysfsLink(`../../devices/virtual/net/${name}`);
      entry.links.set(name, node.touch(this.net.host.scheduler.now));
    }
    return node;
  }

  private of(name: string): { dir: ComputedDir; links: Map<string, SymlinkNode> } | undefined {
    const link = this.net.links.byName(name);
    if (!link || link.name !== name) return undefined;
    let entry = this.made.get(link.index);
    if (!entry) {
      entry = { dir: this.linkDir(link.index), links: new Map() };
      this.made.set(link.index, entry);
    }
    return entry;
  }

  private linkDir(index: number): ComputedDir {
    const { net } = this;
    const files = new Map<string, Inode>();
    const info = (): LinkInfo => {
      const link = net.links.get(index);
      if (!link) throw new Errno('ENODEV');
      return net.links.info(link);
    };
    const now = net.host.scheduler.now;
    const text = (read: (i: LinkInfo) => string, write?: (value: string) => void): TextNode =>
      new TextNode(
        () => `${read(info())}\n`,
        write &&
          ((value, writer: Process) => {
            if (!writer.capable(net.owner as Process['ns']['user'])) throw new Errno('EPERM');
            try {
              write(value.trim());
            } catch (e) {
              // What netlink would say in words is lost here.
              throw e instanceof Errno ? new Errno(e.code) : e;
            }
          }),
      ).touch(now);
    const change = (c: Parameters<NetNamespace['links']['set']>[1]): void => {
      const link = net.links.get(index);
      if (!link) throw new Errno('ENODEV');
      net.links.set(link, c);
    };
    const number = (value: string): number => {
      if (!/^(0x[0-9a-f]+|\d+)$/i.test(value)) throw new Errno('EINVAL');
      return Number(value);
    };
    const needUp = (i: LinkInfo): void => {
      if ((i.flags & IFF.UP) === 0) throw new Errno('EINVAL');
    };
    const hex = (n: number): string => `0x${n.toString(16)}`;
    const add = (name: string, node: Inode): void => void files.set(name, node);
    add(
      'addr_assign_type',
      text(() => '3'),
    );
    add(
      'addr_len',
      text(() => '6'),
    );
    add(
      'address',
      text((i) => i.mac),
    );
    add(
      'broadcast',
      text((i) => i.broadcast),
    );
    add(
      'carrier',
      text((i) => {
        needUp(i);
        return i.carrier ? '1' : '0';
      }),
    );
    add(
      'carrier_changes',
      text((i) => String(i.carrierChanges)),
    );
    // Each carrier comes up first, then goes down (netif_carrier_on/off).
    add(
      'carrier_down_count',
      text((i) => String(Math.ceil(i.carrierChanges / 2))),
    );
    add(
      'carrier_up_count',
      text((i) => String(Math.floor(i.carrierChanges / 2))),
    );
    add(
      'dev_id',
      text(() => '0x0'),
    );
    add(
      'dev_port',
      text(() => '0'),
    );
    add(
      'dormant',
      text((i) => (needUp(i), '0')),
    );
    add(
      'duplex',
      text((i) => {
        needUp(i);
        if (i.kind !== 'veth') throw new Errno('EINVAL');
        return 'full';
      }),
    );
    const uapi = (i: LinkInfo): number => i.flags & 0xffff & ~IFF.RUNNING;
    add(
      'flags',
      text(
        (i) => hex(uapi(i)),
        (v) => change({ up: (number(v) & IFF.UP) !== 0 }),
      ),
    );
    add(
      'gro_flush_timeout',
      text(() => '0'),
    );
    add(
      'ifalias',
      text(
        (i) => i.alias ?? '',
        (v) => change({ alias: v }),
      ),
    );
    add(
      'ifindex',
      text((i) => String(i.index)),
    );
    add(
      'iflink',
      text((i) => String(i.link ?? i.index)),
    );
    add(
      'link_mode',
      text((i) => (i.mode === 'DORMANT' ? '1' : '0')),
    );
    add(
      'mtu',
      text(
        (i) => String(i.mtu),
        (v) => change({ mtu: number(v) }),
      ),
    );
    add(
      'name_assign_type',
      text(() => '3'),
    );
    add(
      'napi_defer_hard_irqs',
      text(() => '0'),
    );
    add(
      'testing',
      text((i) => (needUp(i), '0')),
    );
    add(
      'threaded',
      text(() => '0'),
    );
    add(
      'netdev_group',
      text(
        (i) => String(i.group),
        (v) => change({ group: number(v) }),
      ),
    );
    add(
      'operstate',
      text((i) => i.operstate.toLowerCase()),
    );
    add(
      'proto_down',
      text(() => '0'),
    );
    add(
      'speed',
      text((i) => {
        needUp(i);
        // Devices without settings of ethtool have no speed to tell (speed_show).
        if (i.kind === 'loopback' || i.kind === 'dummy') throw new Errno('EINVAL');
        return i.kind === 'veth' || i.kind === 'bridge' ? '10000' : '-1';
      }),
    );
    add(
      'tx_queue_len',
      text(
        (i) => String(i.txqlen),
        (v) => change({ txqlen: number(v) }),
      ),
    );
    add(
      'type',
      text((i) => (i.type === 'loopback' ? '772' : '1')),
    );
    add(
      'uevent',
      text((i) => `${i.kind === 'bridge' ? 'DEVTYPE=bridge\n' : ''}INTERFACE=${i.name}\nIFINDEX=${i.index}`),
    );
    add('statistics', this.statistics(info, now));
    // Of the queues a device could have, one is in use unless more were asked for.
    const queues = new MemDir(0o755);
    for (const name of ['rx-0', 'tx-0']) queues.link(name, new MemDir(0o755).touch(now));
    add('queues', queues.touch(now));
    add('power', new MemDir(0o755).touch(now));
    add('subsystem', new SysfsLink('../../../../class/net').touch(now));
    const bridge = this.bridgeDir(info, change, number, now);
    const brif = new ComputedDir(
      () =>
        net.links
          .list()
          .filter((l) => l.master === index)
          .map((l) => l.name),
      (name) =>
        net.links.list().some((l) => l.name === name && l.master === index)
          ? new SysfsLink(`../../${name}/brport`).touch(now)
          : undefined,
      0o755,
    ).touch(now);
    const port = this.portDir(info, change, number, now);
    const visible = (name: string, i: LinkInfo): boolean => {
      if (name === 'bridge' || name === 'brif') return i.kind === 'bridge';
      if (name === 'brport') return i.bridgePort !== undefined;
      if (name === 'master') return i.master !== undefined;
      return true;
    };
    const special = (name: string): Inode | undefined => {
      if (name === 'bridge') return bridge;
      if (name === 'brif') return brif;
      if (name === 'brport') return port;
      if (name === 'master') {
        const master = info().master;
        const link = master === undefined ? undefined : net.links.get(master);
        return link && new SysfsLink(`../${link.name}`).touch(now);
      }
      const upper = /^(?:upper|lower)_(.+)$/.exec(name);
      return upper ? this.stackLink(info(), name, now) : undefined;
    };
    return new ComputedDir(
      () => {
        const i = info();
        const names = [...files.keys(), ...['bridge', 'brif', 'brport', 'master'].filter((n) => visible(n, i))];
        if (i.master !== undefined) names.push(`upper_${net.links.get(i.master)?.name ?? ''}`);
        for (const l of net.links.list()) if (l.master === index) names.push(`lower_${l.name}`);
        return names.sort();
      },
      (name) => {
        const link = net.links.get(index);
        if (!link) return undefined;
        const file = files.get(name);
        if (file) return file;
        return visible(name, net.links.info(link)) ? special(name) : undefined;
      },
      0o755,
    ).touch(now);
  }

  private stackLink(info: LinkInfo, name: string, now: number): Inode | undefined {
    const other = name.slice(6);
    const link = this.net.links.byName(other);
    if (!link) return undefined;
    const related = name.startsWith('upper_')
      ? info.master === link.index
      : this.net.links.info(link).master === info.index;
    return related ? new SysfsLink(`../${other}`).touch(now) : undefined;
  }

  private statistics(info: () => LinkInfo, now: number): MemDir {
    const dir = new MemDir(0o755);
    const add = (name: string, read: (i: LinkInfo) => number): void =>
      dir.link(name, new TextNode(() => `${read(info())}\n`).touch(now));
    add('collisions', (i) => i.stats.collisions);
    add('multicast', (i) => i.stats.multicast);
    add('rx_bytes', (i) => i.stats.rxBytes);
    for (const name of [
      'rx_compressed',
      'rx_crc_errors',
      'rx_fifo_errors',
      'rx_frame_errors',
      'rx_length_errors',
      'rx_over_errors',
      'rx_nohandler',
      'tx_aborted_errors',
      'tx_compressed',
      'tx_fifo_errors',
      'tx_heartbeat_errors',
      'tx_window_errors',
    ]) {
      add(name, () => 0);
    }
    add('rx_dropped', (i) => i.stats.rxDropped);
    add('rx_errors', (i) => i.stats.rxErrors);
    add('rx_missed_errors', (i) => i.stats.rxMissed);
    add('rx_packets', (i) => i.stats.rxPackets);
    add('tx_bytes', (i) => i.stats.txBytes);
    add('tx_carrier_errors', (i) => i.stats.txCarrier);
    add('tx_dropped', (i) => i.stats.txDropped);
    add('tx_errors', (i) => i.stats.txErrors);
    add('tx_packets', (i) => i.stats.txPackets);
    return dir.touch(now);
  }

  private bridgeDir(
    info: () => LinkInfo,
    change: (c: { bridge: BridgeOptions }) => void,
    number: (v: string) => number,
    now: number,
  ): MemDir {
    const dir = new MemDir(0o755);
    type Bridge = NonNullable<LinkInfo['bridge']>;
    const add = (name: string, read: (b: Bridge) => string | number, write?: (v: number) => BridgeOptions): void =>
      dir.link(
        name,
        new TextNode(
          () => `${read(info().bridge!)}\n`,
          write &&
            ((value, writer) => {
              if (!writer.capable(this.net.owner as Process['ns']['user'])) throw new Errno('EPERM');
              change({ bridge: write(number(value.trim())) });
            }),
        ).touch(now),
      );
    const plain = (id: string): string => id.replace(/:/g, '');
    add(
      'ageing_time',
      (b) => b.ageingTime,
      (v) => ({ ageingTime: v }),
    );
    add('bridge_id', (b) => plain(b.bridgeId));
    add(
      'forward_delay',
      (b) => b.forwardDelay,
      (v) => ({ forwardDelay: v }),
    );
    add('gc_timer', (b) => b.gcTimer);
    add('group_addr', (b) => b.groupAddress);
    add(
      'group_fwd_mask',
      (b) => `0x${b.groupFwdMask.toString(16)}`,
      (v) => ({ groupFwdMask: v }),
    );
    add(
      'hello_time',
      (b) => b.helloTime,
      (v) => ({ helloTime: v }),
    );
    add('hello_timer', () => 0);
    add(
      'max_age',
      (b) => b.maxAge,
      (v) => ({ maxAge: v }),
    );
    add(
      'multicast_querier',
      (b) => (b.mcastQuerier ? 1 : 0),
      (v) => ({ mcastQuerier: v !== 0 }),
    );
    add(
      'multicast_router',
      (b) => b.mcastRouter,
      (v) => ({ mcastRouter: v }),
    );
    add(
      'multicast_snooping',
      (b) => (b.mcastSnooping ? 1 : 0),
      (v) => ({ mcastSnooping: v !== 0 }),
    );
    add(
      'nf_call_arptables',
      (b) => (b.nfCallArptables ? 1 : 0),
      (v) => ({ nfCallArptables: v !== 0 }),
    );
    add(
      'nf_call_ip6tables',
      (b) => (b.nfCallIp6tables ? 1 : 0),
      (v) => ({ nfCallIp6tables: v !== 0 }),
    );
    add(
      'nf_call_iptables',
      (b) => (b.nfCallIptables ? 1 : 0),
      (v) => ({ nfCallIptables: v !== 0 }),
    );
    add(
      'priority',
      (b) => b.priority,
      (v) => ({ priority: v }),
    );
    add('root_id', (b) => plain(b.designatedRoot));
    add('root_path_cost', (b) => b.rootPathCost);
    add('root_port', (b) => b.rootPort);
    add(
      'stp_state',
      (b) => b.stpState,
      (v) => ({ stpState: v }),
    );
    add('tcn_timer', () => 0);
    // Settings that keep their defaults here.
    for (const [name, value] of Object.entries(BRIDGE_CONSTANTS)) add(name, () => value);
    dir.link(
      'flush',
      new TextNode(
        () => '',
        (_, writer) => {
          if (!writer.capable(this.net.owner as Process['ns']['user'])) throw new Errno('EPERM');
          change({ bridge: { fdbFlush: true } });
        },
        0o200,
      ).touch(now),
    );
    add('topology_change', () => 0);
    add('topology_change_detected', () => 0);
    add('topology_change_timer', () => 0);
    add(
      'vlan_default_pvid',
      (b) => b.vlanDefaultPvid,
      (v) => ({ vlanDefaultPvid: v }),
    );
    add(
      'vlan_filtering',
      (b) => (b.vlanFiltering ? 1 : 0),
      (v) => ({ vlanFiltering: v !== 0 }),
    );
    add('vlan_protocol', (b) => `0x${b.vlanProtocol.toString(16)}`);
    return dir.touch(now);
  }

  private portDir(
    info: () => LinkInfo,
    change: (c: Parameters<NetNamespace['links']['set']>[1]) => void,
    number: (v: string) => number,
    now: number,
  ): MemDir {
    const dir = new MemDir(0o755);
    type Port = NonNullable<LinkInfo['bridgePort']>;
    type Change = NonNullable<Parameters<NetNamespace['links']['set']>[1]['port']>;
    const add = (name: string, read: (p: Port) => string | number | boolean, write?: (v: number) => Change): void =>
      dir.link(
        name,
        new TextNode(
          () => {
            const v = read(info().bridgePort!);
            return `${typeof v === 'boolean' ? Number(v) : v}\n`;
          },
          write &&
            ((value, writer) => {
              if (!writer.capable(this.net.owner as Process['ns']['user'])) throw new Errno('EPERM');
              change({ port: write(number(value.trim())) });
            }),
        ).touch(now),
      );
    const states = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'];
    add(
      'bpdu_guard',
      (p) => p.guard,
      (v) => ({ guard: v !== 0 }),
    );
    add(
      'broadcast_flood',
      (p) => p.bcastFlood,
      (v) => ({ bcastFlood: v !== 0 }),
    );
    add('designated_bridge', (p) => p.designatedBridge.replace(/:/g, ''));
    add('designated_cost', (p) => p.designatedCost);
    add('designated_port', (p) => p.designatedPort);
    add('designated_root', (p) => p.designatedRoot.replace(/:/g, ''));
    add(
      'hairpin_mode',
      (p) => p.hairpin,
      (v) => ({ hairpin: v !== 0 }),
    );
    add(
      'isolated',
      (p) => p.isolated,
      (v) => ({ isolated: v !== 0 }),
    );
    add(
      'learning',
      (p) => p.learning,
      (v) => ({ learning: v !== 0 }),
    );
    add(
      'multicast_flood',
      (p) => p.mcastFlood,
      (v) => ({ mcastFlood: v !== 0 }),
    );
    add(
      'neigh_suppress',
      (p) => p.neighSuppress,
      (v) => ({ neighSuppress: v !== 0 }),
    );
    add(
      'path_cost',
      (p) => p.cost,
      (v) => ({ cost: v }),
    );
    add('port_id', (p) => `0x${p.portId.toString(16)}`);
    add('port_no', (p) => `0x${p.portNo.toString(16)}`);
    add(
      'priority',
      (p) => p.priority,
      (v) => ({ priority: v }),
    );
    add(
      'proxyarp',
      (p) => p.proxyArp,
      (v) => ({ proxyArp: v !== 0 }),
    );
    add(
      'root_block',
      (p) => p.rootBlock,
      (v) => ({ rootBlock: v !== 0 }),
    );
    add('state', (p) => states.indexOf(p.state));
    add('forward_delay_timer', (p) => p.forwardDelayTimer);
    add(
      'multicast_router',
      (p) => p.mcastRouter,
      (v) => ({ mcastRouter: v }),
    );
    add(
      'multicast_fast_leave',
      (p) => p.fastLeave,
      (v) => ({ fastLeave: v !== 0 }),
    );
    add(
      'multicast_to_unicast',
      (p) => p.mcastToUnicast,
      (v) => ({ mcastToUnicast: v !== 0 }),
    );
    add(
      'proxyarp_wifi',
      (p) => p.proxyArpWifi,
      (v) => ({ proxyArpWifi: v !== 0 }),
    );
    // Settings that keep their defaults here.
    for (const [name, value] of Object.entries(PORT_CONSTANTS)) add(name, () => value);
    const flush = new TextNode(
      () => '',
      (_, writer) => {
        if (!writer.capable(this.net.owner as Process['ns']['user'])) throw new Errno('EPERM');
        const { index, master } = info();
        for (const f of this.net.fdb.list({ index }))
          if (f.master !== undefined && f.master === master && f.state === 'dynamic')
            this.net.fdb.delete({ mac: f.mac, index, master: true, ...(f.vlan !== undefined && { vlan: f.vlan }) });
      },
      0o200,
    );
    dir.link('flush', flush.touch(now));
    add(
      'unicast_flood',
      (p) => p.flood,
      (v) => ({ flood: v !== 0 }),
    );
    dir.link('bridge', new ComputedBridgeLink(this.net, info).touch(now));
    return dir.touch(now);
  }
}

/** What the files of a bridge say that nothing here changes (net/bridge/br_sysfs_br.c); times in 1/100 s. */
const BRIDGE_CONSTANTS: Readonly<Record<string, string | number>> = {
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
  multicast_startup_query_interval: 3125,
  multicast_stats_enabled: 0,
  no_linklocal_learn: 0,
};

/** The same of a port (br_sysfs_if.c). */
const PORT_CONSTANTS: Readonly<Record<string, string | number>> = {
  backup_port: '',
  change_ack: 0,
  config_pending: 0,
  group_fwd_mask: '0x0',
  hold_timer: 0,
  message_age_timer: 0,
};

/** sysfs gives no size for its links. */
class SysfsLink extends SymlinkNode {
  override get size(): number {
    return 0;
  }
}

/** The link `brport/bridge` to the bridge's directory. */
class ComputedBridgeLink extends SysfsLink {
  constructor(
    private readonly net: NetNamespace,
    private readonly info: () => LinkInfo,
  ) {
    super('');
  }

  override text(): string {
    const master = this.info().master;
    return `../../${master === undefined ? '' : (this.net.links.get(master)?.name ?? '')}`;
  }
}
