/** ethtool(8): what drivers tell about links. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import type { Link, LinkInfo } from '../../net';
import { deviceNames, Stop, stoppable } from './common';

type Setting = 'on' | 'off' | 'on [fixed]' | 'off [fixed]' | 'off [requested on]';

/** Features in the order of -k: name, depth, value by kind (veth, bridge, loopback, others). */
const FEATURES: readonly (readonly [string, Setting, Setting, Setting, Setting])[] = [
  ['rx-checksumming', 'on', 'off [fixed]', 'on [fixed]', 'off [fixed]'],
  ['\ttx-checksum-ipv4', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['\ttx-checksum-ip-generic', 'on', 'on', 'on [fixed]', 'on'],
  ['\ttx-checksum-ipv6', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['\ttx-checksum-fcoe-crc', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['\ttx-checksum-sctp', 'on', 'off [fixed]', 'on [fixed]', 'off [fixed]'],
  ['\ttx-scatter-gather', 'on', 'on', 'on [fixed]', 'on'],
  ['\ttx-scatter-gather-fraglist', 'on', 'on', 'on [fixed]', 'on'],
  ['\ttx-tcp-segmentation', 'on', 'on', 'on', 'on'],
  ['\ttx-tcp-ecn-segmentation', 'on', 'on', 'on', 'on'],
  ['\ttx-tcp-mangleid-segmentation', 'on', 'on', 'on', 'on'],
  ['\ttx-tcp6-segmentation', 'on', 'on', 'on', 'on'],
  ['\ttx-tcp-accecn-segmentation', 'on', 'on', 'on', 'on'],
  ['generic-segmentation-offload', 'on', 'on', 'on', 'on'],
  ['generic-receive-offload', 'off', 'on', 'on', 'on'],
  ['large-receive-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-vlan-offload', 'on', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['tx-vlan-offload', 'on', 'on', 'off [fixed]', 'off [fixed]'],
  ['ntuple-filters', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['receive-hashing', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['highdma', 'on', 'on', 'on [fixed]', 'on'],
  ['rx-vlan-filter', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['vlan-challenged', 'off [fixed]', 'off [fixed]', 'on [fixed]', 'off [fixed]'],
  ['tx-gso-robust', 'off [fixed]', 'off [requested on]', 'off [fixed]', 'off [fixed]'],
  ['tx-fcoe-segmentation', 'off [fixed]', 'off [requested on]', 'off [fixed]', 'off [fixed]'],
  ['tx-gre-segmentation', 'on', 'on', 'off [fixed]', 'on'],
  ['tx-gre-csum-segmentation', 'on', 'on', 'off [fixed]', 'on'],
  ['tx-ipxip4-segmentation', 'on', 'on', 'off [fixed]', 'on'],
  ['tx-ipxip6-segmentation', 'on', 'on', 'off [fixed]', 'on'],
  ['tx-udp_tnl-segmentation', 'on', 'on', 'off [fixed]', 'on'],
  ['tx-udp_tnl-csum-segmentation', 'on', 'on', 'off [fixed]', 'on'],
  ['tx-gso-partial', 'off [fixed]', 'on', 'off [fixed]', 'off [fixed]'],
  ['tx-tunnel-remcsum-segmentation', 'off [fixed]', 'on', 'off [fixed]', 'off [fixed]'],
  ['tx-sctp-segmentation', 'on', 'on', 'on', 'on'],
  ['tx-esp-segmentation', 'off [fixed]', 'on', 'off [fixed]', 'off [fixed]'],
  ['tx-udp-segmentation', 'on', 'on', 'on', 'on'],
  ['tx-gso-list', 'on', 'on', 'on', 'on'],
  ['tx-nocache-copy', 'off', 'off', 'off [fixed]', 'off'],
  ['loopback', 'off [fixed]', 'off [fixed]', 'on [fixed]', 'off [fixed]'],
  ['rx-fcs', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-all', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['tx-vlan-stag-hw-insert', 'on', 'on', 'off [fixed]', 'off [fixed]'],
  ['rx-vlan-stag-hw-parse', 'on', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-vlan-stag-filter', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['l2-fwd-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['hw-tc-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['esp-hw-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['esp-tx-csum-hw-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-udp_tunnel-port-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['tls-hw-tx-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['tls-hw-rx-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-gro-hw', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['tls-hw-record', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-gro-list', 'off', 'off', 'off', 'off'],
  ['macsec-hw-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['rx-udp-gro-forwarding', 'off', 'off', 'off', 'off'],
  ['hsr-tag-ins-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['hsr-tag-rm-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['hsr-fwd-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
  ['hsr-dup-offload', 'off [fixed]', 'off [fixed]', 'off [fixed]', 'off [fixed]'],
];

/** Headings that stand for groups of features, printed before the first of them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'tx-checksumming': [
    'tx-checksum-ipv4',
    'tx-checksum-ip-generic',
    'tx-checksum-ipv6',
    'tx-checksum-fcoe-crc',
    'tx-checksum-sctp',
  ],
  'scatter-gather': ['tx-scatter-gather', 'tx-scatter-gather-fraglist'],
  'tcp-segmentation-offload': [
    'tx-tcp-segmentation',
    'tx-tcp-ecn-segmentation',
    'tx-tcp-mangleid-segmentation',
    'tx-tcp6-segmentation',
    'tx-tcp-accecn-segmentation',
  ],
};

const BAD_ARGUMENTS = 'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n';

function infoOf(sys: Sys, name: string): LinkInfo | undefined {
  const link = sys.net.links.byName(name);
  return link && sys.net.links.info(link);
}

/** What `-K` accepts: its word and the features it stands for, with their names in the kernel's messages. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  rx: ['rx-checksumming'],
  tx: GROUPS['tx-checksumming']!,
  sg: GROUPS['scatter-gather']!,
  tso: GROUPS['tcp-segmentation-offload']!.slice(0, 4),
  gso: ['generic-segmentation-offload'],
  gro: ['generic-receive-offload'],
  lro: ['large-receive-offload'],
  rxvlan: ['rx-vlan-offload'],
  txvlan: ['tx-vlan-offload'],
  ntuple: ['ntuple-filters'],
  rxhash: ['receive-hashing'],
};

/** Features that `-k` and the kernel name differently. */
const KERNEL_NAMES: Readonly<Record<string, string>> = {
  'rx-checksumming': 'rx-checksum',
  'generic-segmentation-offload': 'tx-generic-segmentation',
  'generic-receive-offload': 'rx-gro',
  'large-receive-offload': 'rx-lro',
  'rx-vlan-offload': 'rx-vlan-hw-parse',
  'tx-vlan-offload': 'tx-vlan-hw-insert',
  'ntuple-filters': 'rx-ntuple-filter',
  'receive-hashing': 'rx-hashing',
};

/** The kernel's order of bits, as far as it differs from that of -k: these come late. */
const LATE = ['tx-checksum-fcoe-crc', 'tx-checksum-sctp', 'ntuple-filters', 'receive-hashing', 'rx-checksumming'];

const KERNEL_ORDER: readonly string[] = [...FEATURES.map(([f]) => f.trim()).filter((f) => !LATE.includes(f)), ...LATE];

/** What was asked for by `-K`, by link. */
const wanted = new WeakMap<Link, Map<string, boolean>>();

function column(i: LinkInfo): 1 | 2 | 3 | 4 {
  return i.kind === 'veth' ? 1 : i.kind === 'bridge' ? 2 : i.kind === 'loopback' ? 3 : 4;
}

/** The features of a link: what the driver says, what was asked for, and what follows from it (netdev_fix_features). */
function active(link: Link, info: LinkInfo, asked: ReadonlyMap<string, boolean>): Map<string, Setting> {
  const out = new Map<string, Setting>();
  for (const row of FEATURES) {
    const name = row[0].trim();
    const setting = row[column(info)];
    const want = asked.get(name);
    out.set(name, want === undefined || setting.endsWith('[fixed]') ? setting : want ? 'on' : 'off');
  }
  void link;
  const on = (name: string): boolean => out.get(name)!.startsWith('on');
  const needs = (name: string, cause: string): void => {
    if (!on(cause) && out.get(name) === 'on') out.set(name, asked.get(name) === false ? 'off' : 'off [requested on]');
  };
  const checksums = GROUPS['tx-checksumming']!.some((f) => f !== 'tx-checksum-sctp' && on(f));
  if (!checksums)
    for (const f of [...GROUPS['tcp-segmentation-offload']!.slice(0, 4), 'tx-udp-segmentation'])
      if (out.get(f) === 'on') out.set(f, 'off [requested on]');
  for (const f of ['generic-segmentation-offload', ...GROUPS['tcp-segmentation-offload']!])
    needs(f, 'tx-scatter-gather');
  return out;
}

function askedOf(link: Link): Map<string, boolean> {
  let map = wanted.get(link);
  if (map === undefined) wanted.set(link, (map = new Map()));
  return map;
}

/** `-K DEV FEATURE on|off ...` */
function* setFeatures(sys: Sys, name: string, words: readonly string[]): Coroutine<number> {
  const requests = new Map<string, boolean>();
  for (let i = 0; i < words.length; i += 2) {
    const word = words[i]!;
    const value = words[i + 1];
    if (value !== 'on' && value !== 'off') {
      const flag = value === undefined ? '(null)' : value;
      throw new Stop(1, `ethtool (-K): flag '${flag}' for parameter '(null)' is not followed by 'on' or 'off'\n`);
    }
    const plain = KERNEL_ORDER.find((f) => f === word || KERNEL_NAMES[f] === word);
    for (const f of SHORT[word] ?? GROUPS[word] ?? (plain ? [plain] : [])) requests.set(f, value === 'on');
    if (!SHORT[word] && !GROUPS[word] && !plain) {
      // The offset is that of the name's attribute in the message.
      const offset = 48 + ((name.length + 4) & ~3);
      const said = `netlink error: bit name not found (offset ${offset})\nnetlink error: Operation not supported\n`;
      if (sys.net.links.byName(name)) throw new Stop(92, said);
    }
  }
  const link = sys.net.links.byName(name);
  const info = infoOf(sys, name);
  if (!link || !info)
    throw new Stop(92, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
  if (!sys.netAdmin) throw new Stop(92, 'netlink error: Operation not permitted\n');
  const asked = askedOf(link);
  const before = active(link, info, asked);
  for (const [f, value] of requests) if (!before.get(f)!.endsWith('[fixed]')) asked.set(f, value);
  const after = active(link, info, asked);
  const isOn = (s: Setting): boolean => s.startsWith('on');
  let text = '';
  // Only a result that is not exactly what was asked for is told.
  let differs = false;
  let satisfied = requests.size === 0;
  for (const f of KERNEL_ORDER) {
    const now = isOn(after.get(f)!);
    const changed = now !== isOn(before.get(f)!);
    const request = requests.get(f);
    const missed = request !== undefined && request !== now;
    if (request !== undefined && !missed) satisfied = true;
    if (!changed && !missed) continue;
    if (missed || request === undefined) differs = true;
    const note = missed ? ` [requested ${request ? 'on' : 'off'}]` : request === undefined ? ' [not requested]' : '';
    text += `${KERNEL_NAMES[f] ?? f}: ${now ? 'on' : 'off'}${note}\n`;
  }
  if (differs) yield* sys.print(`Actual changes:\n${text}`);
  if (!satisfied) throw new Stop(1, 'Could not change any device features\n');
  return 0;
}

/** Kinds that report settings as a link of 10 Gbit/s, as their driver or the link below does. */
const LIKE_VETH = new Set(['veth', 'vlan', 'macvlan', 'ipvlan']);

function settings(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) {
    const twice = 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n';
    throw new Stop(75, twice.repeat(5), 'No data available\n');
  }
  const up = i.carrier && (i.flags & 1) !== 0;
  const detected = `\tLink detected: ${(i.kind === 'loopback' ? i.carrier : up) ? 'yes' : 'no'}\n`;
  const veth = LIKE_VETH.has(i.kind);
  if (i.kind === 'nic') return nicSettings(name, up) + detected;
  if (!veth && i.kind !== 'bridge' && i.kind !== 'vxlan') return `Settings for ${name}:\n${detected}`;
  const speed = veth || (i.kind === 'bridge' && up) ? '10000Mb/s' : 'Unknown!';
  return (
    `Settings for ${name}:\n` +
    '\tSupported ports: [  ]\n' +
    '\tSupported link modes:   Not reported\n' +
    '\tSupported pause frame use: No\n' +
    '\tSupports auto-negotiation: No\n' +
    '\tSupported FEC modes: Not reported\n' +
    '\tAdvertised link modes:  Not reported\n' +
    '\tAdvertised pause frame use: No\n' +
    '\tAdvertised auto-negotiation: No\n' +
    '\tAdvertised FEC modes: Not reported\n' +
    `\tSpeed: ${speed}\n` +
    `\tDuplex: ${veth ? 'Full' : 'Unknown! (255)'}\n` +
    '\tAuto-negotiation: off\n' +
    `\tPort: ${veth ? 'Twisted Pair' : 'Other'}\n` +
    '\tPHYAD: 0\n' +
    '\tTransceiver: internal\n' +
    (veth ? '\tMDI-X: Unknown\n' : '') +
    detected
  );
}

/** A card, as the paravirtual one of most virtual machines (virtio_net) reports itself. */
function nicSettings(name: string, up: boolean): string {
  return (
    `Settings for ${name}:\n` +
    '\tSupported ports: [  ]\n' +
    '\tSupported link modes:   Not reported\n' +
    '\tSupported pause frame use: No\n' +
    '\tSupports auto-negotiation: No\n' +
    '\tSupported FEC modes: Not reported\n' +
    '\tAdvertised link modes:  Not reported\n' +
    '\tAdvertised pause frame use: No\n' +
    '\tAdvertised auto-negotiation: No\n' +
    '\tAdvertised FEC modes: Not reported\n' +
    `\tSpeed: ${up ? '1000Mb/s' : 'Unknown!'}\n` +
    `\tDuplex: ${up ? 'Full' : 'Unknown! (255)'}\n` +
    '\tAuto-negotiation: off\n' +
    '\tPort: Other\n' +
    '\tPHYAD: 0\n' +
    '\tTransceiver: internal\n'
  );
}

/** Versions that drivers give themselves; others have that of the kernel, which is not told. */
const VERSIONS: Readonly<Record<string, string>> = {
  bridge: '2.3',
  veth: '1.0',
  vlan: '1.8',
  macvlan: '0.1',
  ipvlan: '0.1',
  vxlan: '0.1',
  nic: '1.0.0',
};

/** Drivers that are not called as their kind. */
const DRIVERS: Readonly<Record<string, string>> = { vlan: '802.1Q VLAN Support', nic: 'virtio_net' };

function driver(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(71, 'Cannot get driver information: No such device\n');
  if (i.kind === 'loopback') throw new Stop(71, 'Cannot get driver information: Operation not supported\n');
  const na = i.kind === 'bridge' || i.kind === 'vlan' ? 'N/A' : '';
  const bus = i.kind === 'bridge' ? 'N/A' : i.kind === 'nic' ? `0000:00:0${Math.min(i.index, 9)}.0` : '';
  const stats = i.kind === 'veth' ? 'yes' : 'no';
  return (
    `driver: ${DRIVERS[i.kind] ?? i.kind}\nversion: ${VERSIONS[i.kind] ?? ''}\n` +
    `firmware-version: ${na}\nexpansion-rom-version: \nbus-info: ${bus}\n` +
    `supports-statistics: ${stats}\nsupports-test: no\nsupports-eeprom-access: no\nsupports-register-dump: no\nsupports-priv-flags: no\n`
  );
}

function statistics(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(96, 'Cannot get stats strings information: No such device\n');
  if (i.kind !== 'veth') throw new Stop(94, 'no stats available\n');
  const counters = ['xdp_packets', 'xdp_bytes', 'drops', 'xdp_redirect', 'xdp_drops', 'xdp_tx', 'xdp_tx_errors'];
  return (
    `NIC statistics:\n     peer_ifindex: ${i.link ?? 0}\n` +
    counters.map((c) => `     rx_queue_0_${c}: 0\n`).join('') +
    '     tx_queue_0_xdp_xmit: 0\n     tx_queue_0_xdp_xmit_errors: 0\n'
  );
}

/** One feature of `--json -k`; of a group of features only whether it is active is told. */
function jsonFeature(name: string, on: boolean, fixed: boolean | null, requested: boolean | null): string {
  return `,\n        "${name}": {\n            "active": ${on},\n            "fixed": ${fixed},\n            "requested": ${requested}\n        }`;
}

function features(sys: Sys, name: string, json = false): string {
  const link = sys.net.links.byName(name);
  const i = infoOf(sys, name);
  if (!link || !i)
    throw new Stop(1, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
  const now = active(link, i, askedOf(link));
  let text = json ? `[ {\n        "ifname": "${name}"` : `Features for ${name}:\n`;
  const done = new Set<string>();
  for (const [feature] of FEATURES) {
    const plain = feature.trim();
    for (const [group, members] of Object.entries(GROUPS)) {
      if (members.includes(plain) && !done.has(group)) {
        done.add(group);
        const counted = members.filter((m) => m !== 'tx-tcp-accecn-segmentation');
        const on = counted.some((m) => now.get(m)!.startsWith('on'));
        text += json ? jsonFeature(group, on, null, null) : `${group}: ${on ? 'on' : 'off'}\n`;
      }
    }
    const setting = now.get(plain)!;
    const fixed = setting.endsWith('[fixed]');
    const requested = !fixed && (setting === 'on' || setting.endsWith('[requested on]'));
    text += json ? jsonFeature(plain, setting.startsWith('on'), fixed, requested) : `${feature}: ${setting}\n`;
  }
  return json ? `${text}\n    } ]\n` : text;
}

function channels(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(1, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
  if (i.kind !== 'veth') throw new Stop(1, 'netlink error: Operation not supported\n');
  const block = (rx: number, tx: number): string => `RX:\t\t${rx}\nTX:\t\t${tx}\nOther:\t\tn/a\nCombined:\tn/a\n`;
  return `Channel parameters for ${name}:\nPre-set maximums:\n${block(i.numRxQueues, i.numTxQueues)}Current hardware settings:\n${block(1, 1)}`;
}

/** `-T`: software stamps are the stack's own; of those on the way out the driver must tell. */
function timestamps(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(1, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
  const transmit = i.kind === 'bridge' || i.kind === 'vxlan' ? '' : '\tsoftware-transmit\n';
  return (
    `Time stamping parameters for ${name}:\nCapabilities:\n${transmit}\tsoftware-receive\n\tsoftware-system-clock\n` +
    'PTP Hardware Clock: none\nHardware Transmit Timestamp Modes: none\nHardware Receive Filter Modes: none\n'
  );
}

const MODES: Readonly<Record<string, string>> = {
  '-i': 'driver',
  '--driver': 'driver',
  '-S': 'statistics',
  '--statistics': 'statistics',
  '-k': 'features',
  '--show-features': 'features',
  '--show-offload': 'features',
  '-P': 'address',
  '--show-permaddr': 'address',
  '-l': 'channels',
  '--show-channels': 'channels',
  '-g': 'unsupported',
  '--show-ring': 'unsupported',
  '-a': 'unsupported',
  '--show-pause': 'unsupported',
  '-c': 'unsupported',
  '--show-coalesce': 'unsupported',
  '-m': 'unsupported',
  '--module-info': 'unsupported',
  '--show-fec': 'unsupported',
  '--show-eee': 'unsupported',
  '--show-priv-flags': 'unsupported',
  '-A': 'set pause',
  '--pause': 'set pause',
  '-C': 'unsupported',
  '--coalesce': 'unsupported',
  '-G': 'set rings',
  '--set-ring': 'set rings',
  '-n': 'flows',
  '-u': 'flows',
  '--show-nfc': 'flows',
  '--show-ntuple': 'flows',
  '-w': 'dump',
  '--get-dump': 'dump',
  '-T': 'timestamps',
  '--show-time-stamping': 'timestamps',
  '-K': 'set features',
  '--features': 'set features',
  '--offload': 'set features',
  '-t': 'test',
  '--test': 'test',
  '-d': 'registers',
  '--register-dump': 'registers',
  '-e': 'eeprom',
  '--eeprom-dump': 'eeprom',
  '-r': 'restart',
  '--negotiate': 'restart',
  '-p': 'identify',
  '--identify': 'identify',
  '-x': 'rings',
  '--show-rxfh-indir': 'rings',
  '-s': 'change',
  '--change': 'change',
};

const MISSING = ['-E', '-f', '-L', '-N', '-Q', '-U', '-W', '-X'];

const HELP = `ethtool version 6.1
Usage:
        ethtool [ FLAGS ] DEVNAME	Display standard information about device
        ethtool [ FLAGS ] -i|--driver DEVNAME	Show driver information
        ethtool [ FLAGS ] -S|--statistics DEVNAME	Show adapter statistics
        ethtool [ FLAGS ] -k|--show-features|--show-offload DEVNAME	Get state of protocol offload and other features
        ethtool [ FLAGS ] -K|--features|--offload DEVNAME	Set protocol offload and other features
        ethtool [ FLAGS ] -P|--show-permaddr DEVNAME	Show permanent hardware address
        ethtool [ FLAGS ] -l|--show-channels DEVNAME	Query Channels
        ethtool -h|--help		Show this help
        ethtool --version		Show version number

The other modes of ethtool are not simulated in this course.
`;

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const [first, ...rest] = argv.slice(1);
    if (first === undefined) throw new Stop(1, BAD_ARGUMENTS);
    if (first === '-h' || first === '--help') {
      yield* sys.print(HELP);
      return 0;
    }
    if (first === '--version') {
      yield* sys.print('ethtool version 6.1\n');
      return 0;
    }
    if (first === '--json') {
      // Of what is simulated, only the features have an answer in JSON.
      const [option = '', device] = rest;
      if (MODES[option] !== 'features' || device === undefined) throw new Stop(1, BAD_ARGUMENTS);
      yield* sys.print(features(sys, device, true));
      return 0;
    }
    const mode = MODES[first];
    if (first.startsWith('-') && mode === undefined) {
      if (MISSING.includes(first)) throw new Stop(2, `ethtool: not simulated in this course: ${first}\n`);
      throw new Stop(1, BAD_ARGUMENTS);
    }
    const name = mode === undefined ? first : rest[0];
    if (name === undefined) throw new Stop(1, BAD_ARGUMENTS);
    switch (mode) {
      case 'driver':
        yield* sys.print(driver(sys, name));
        return 0;
      case 'statistics':
        yield* sys.print(statistics(sys, name));
        return 0;
      case 'features':
        yield* sys.print(features(sys, name));
        return 0;
      case 'address':
        if (!infoOf(sys, name)) throw new Stop(1, 'netlink error: No such device\n');
        yield* sys.print('Permanent address: not set\n');
        return 0;
      case 'channels':
        yield* sys.print(channels(sys, name));
        return 0;
      case 'timestamps':
        yield* sys.print(timestamps(sys, name));
        return 0;
      case 'set features':
        return yield* setFeatures(sys, name, rest.slice(1));
      case 'test':
        if (!infoOf(sys, name)) throw new Stop(74, 'Cannot get strings: No such device\n');
        throw new Stop(74, 'Cannot test: Operation not supported\n');
      case 'registers':
        // Both ask for the driver's name first.
        if (!infoOf(sys, name)) throw new Stop(72, 'Cannot get driver information: No such device\n');
        throw new Stop(74, 'Cannot get register dump: Operation not supported\n');
      case 'eeprom':
        if (!infoOf(sys, name)) throw new Stop(74, 'Cannot get driver information: No such device\n');
        throw new Stop(74, 'Cannot get EEPROM data: Operation not supported\n');
      case 'flows': {
        const why = infoOf(sys, name) ? 'Operation not supported' : 'No such device';
        throw new Stop(
          1,
          `Cannot get RX rings: ${why}\nrxclass: Cannot get RX class rule count: ${why}\nRX classification rule retrieval failed\n`,
        );
      }
      case 'dump':
        throw new Stop(
          1,
          `Can not get dump level: ${infoOf(sys, name) ? 'Operation not supported' : 'No such device'}\n`,
        );
      case 'restart':
        throw new Stop(
          255,
          `Cannot restart autonegotiation: ${infoOf(sys, name) ? 'Operation not supported' : 'No such device'}\n`,
        );
      case 'identify':
        throw new Stop(
          255,
          `Cannot identify NIC: ${infoOf(sys, name) ? 'Operation not supported' : 'No such device'}\n`,
        );
      case 'rings':
        throw new Stop(
          1,
          `Cannot get RX ring count: ${infoOf(sys, name) ? 'Operation not supported' : 'No such device'}\n`,
        );
      case 'unsupported':
      case 'set pause':
      case 'set rings':
      case 'change': {
        // What changes something has a status of its own (set_link, nl_spause, nl_sring).
        const status = { change: 75, 'set pause': 76, 'set rings': 81 }[mode as string] ?? 1;
        if (mode === 'change' && rest.length === 1) return 0;
        if (!infoOf(sys, name))
          throw new Stop(status, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
        throw new Stop(status, 'netlink error: Operation not supported\n');
      }
      default:
        yield* sys.print(settings(sys, name));
        return 0;
    }
  });
}

/** The program. */
export const ethtool: Program = {
  name: 'ethtool',
  path: '/usr/sbin/ethtool',
  size: 653336,
  summary: 'query or control network driver and hardware settings',
  manual: `NAME
       ethtool - query network driver and hardware settings

SYNOPSIS
       ethtool DEVICE
       ethtool -i|-S|-k|-K|-P|-l|-T DEVICE

DESCRIPTION
       Without an option: speed, duplex and whether a link is detected.

       -i    the driver            -S    its statistics; of a veth: the index of its peer
       -k    offload features      -P    the permanent address
       -l    numbers of queues         -K DEVICE FEATURE on|off   change a feature
       -T    time stamps
`,
  main,
  complete: (words, sys) =>
    words.length === 0 ? [...deviceNames(sys), '-P', '-S', '-i', '-k', '-l'] : deviceNames(sys),
};
