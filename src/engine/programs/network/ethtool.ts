/** ethtool(8): what drivers tell about links. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import type { LinkInfo } from '../../net';
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

function settings(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) {
    const twice = 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n';
    throw new Stop(75, twice.repeat(5), 'No data available\n');
  }
  const detected = `\tLink detected: ${i.carrier ? 'yes' : 'no'}\n`;
  if (i.kind !== 'veth' && i.kind !== 'bridge') return `Settings for ${name}:\n${detected}`;
  const veth = i.kind === 'veth';
  const speed = veth ? '10000Mb/s' : i.carrier ? '10000Mb/s' : 'Unknown!';
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

function driver(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(71, 'Cannot get driver information: No such device\n');
  if (i.kind === 'loopback' || i.kind === 'nic')
    throw new Stop(71, 'Cannot get driver information: Operation not supported\n');
  const bridge = i.kind === 'bridge';
  const version = bridge ? '2.3' : i.kind === 'veth' ? '1.0' : '';
  const stats = i.kind === 'veth' ? 'yes' : 'no';
  return (
    `driver: ${i.kind}\nversion: ${version}\n` +
    `firmware-version: ${bridge ? 'N/A' : ''}\nexpansion-rom-version: \nbus-info: ${bridge ? 'N/A' : ''}\n` +
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

function features(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(1, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
  const column = i.kind === 'veth' ? 1 : i.kind === 'bridge' ? 2 : i.kind === 'loopback' ? 3 : 4;
  const value = (feature: string): string => FEATURES.find(([f]) => f.trim() === feature)![column]!;
  let text = `Features for ${name}:\n`;
  const done = new Set<string>();
  for (const [feature] of FEATURES) {
    const plain = feature.trim();
    for (const [group, members] of Object.entries(GROUPS)) {
      if (members.includes(plain) && !done.has(group)) {
        done.add(group);
        text += `${group}: ${members.some((m) => value(m).startsWith('on')) ? 'on' : 'off'}\n`;
      }
    }
    text += `${feature}: ${value(plain)}\n`;
  }
  return text;
}

function channels(sys: Sys, name: string): string {
  const i = infoOf(sys, name);
  if (!i) throw new Stop(1, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
  if (i.kind !== 'veth') throw new Stop(1, 'netlink error: Operation not supported\n');
  const block = (rx: number, tx: number): string => `RX:\t\t${rx}\nTX:\t\t${tx}\nOther:\t\tn/a\nCombined:\tn/a\n`;
  return `Channel parameters for ${name}:\nPre-set maximums:\n${block(i.numRxQueues, i.numTxQueues)}Current hardware settings:\n${block(1, 1)}`;
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
  '-s': 'change',
  '--change': 'change',
};

const MISSING = [
  '-A',
  '-C',
  '-e',
  '-E',
  '-f',
  '-G',
  '-K',
  '-L',
  '-m',
  '-n',
  '-N',
  '-p',
  '-Q',
  '-r',
  '-t',
  '-T',
  '-u',
  '-U',
  '-w',
  '-W',
  '-x',
  '-X',
  '-d',
  '--features',
  '--offload',
  '--json',
];

const HELP = `ethtool version 6.1
Usage:
        ethtool [ FLAGS ] DEVNAME	Display standard information about device
        ethtool [ FLAGS ] -i|--driver DEVNAME	Show driver information
        ethtool [ FLAGS ] -S|--statistics DEVNAME	Show adapter statistics
        ethtool [ FLAGS ] -k|--show-features|--show-offload DEVNAME	Get state of protocol offload and other features
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
      case 'unsupported':
        if (!infoOf(sys, name))
          throw new Stop(1, 'netlink error: no device matches name (offset 24)\nnetlink error: No such device\n');
        throw new Stop(1, 'netlink error: Operation not supported\n');
      case 'change':
        throw new Stop(75, 'netlink error: Operation not supported\n');
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
       ethtool -i|-S|-k|-P|-l DEVICE

DESCRIPTION
       Without an option: speed, duplex and whether a link is detected.

       -i    the driver            -S    its statistics; of a veth: the index of its peer
       -k    offload features      -P    the permanent address
       -l    numbers of queues
`,
  main,
  complete: (words, sys) =>
    words.length === 0 ? [...deviceNames(sys), '-P', '-S', '-i', '-k', '-l'] : deviceNames(sys),
};
