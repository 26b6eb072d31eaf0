/** What is specific to a kind of link: the options of `type KIND ...` and their display with -d. */
import type { BridgeOptions, LinkInfo } from '../../../net';
import { kindTool } from '../../link-kinds/tool';
import { KIND_USAGE } from './kind-help';
import { invalidArgument, lladdrArgument, Quit, readUnsigned, notSimulated } from '../lib/args';
import type { Args } from '../lib/args';
import type { Context } from '../lib/context';
import { printPort } from './bridge-port';
import { macOf } from './parse';
import { bridgeIdText, timer } from './bridge-values';

/** Prints `linkinfo` of -d: the kind, its data, and those of a bridge port. */
export function printKind(ctx: Context, info: LinkInfo): void {
  const { out } = ctx;
  const kind = info.kind === 'loopback' || info.kind === 'nic' ? undefined : info.kind;
  if (kind === undefined && !info.bridgePort) return;
  out.openObject('linkinfo');
  if (kind !== undefined) {
    out.nl();
    out.any('info_kind', kind, `    ${kind} `);
    if (info.bridge) {
      out.openObject('info_data');
      printBridge(ctx, info);
      out.closeObject();
    }
    if (info.data) {
      out.openObject('info_data');
      kindTool(kind)?.print(ctx, info.data);
      out.closeObject();
    }
  }
  if (info.bridgePort) {
    out.nl();
    out.any('info_slave_kind', 'bridge', '    bridge_slave ');
    out.openObject('info_slave_data');
    printPort(ctx, info.bridgePort);
    out.closeObject();
  }
  out.closeObject();
}

function printBridge(ctx: Context, info: LinkInfo): void {
  const { out } = ctx;
  const b = info.bridge!;
  const number = (key: string, value: number, label = key): void => out.any(key, value, `${label} ${value} `);
  number('forward_delay', b.forwardDelay);
  number('hello_time', b.helloTime);
  number('max_age', b.maxAge);
  number('ageing_time', b.ageingTime);
  number('stp_state', b.stpState);
  number('priority', b.priority);
  number('vlan_filtering', b.vlanFiltering ? 1 : 0);
  if (b.vlanTables) out.any('vlan_protocol', '802.1Q', 'vlan_protocol 802.1Q ');
  out.any('bridge_id', bridgeIdText(b.bridgeId), `bridge_id ${bridgeIdText(b.bridgeId)} `);
  // iproute2 6.1 shows the bridge's own identifier here.
  out.any('root_id', bridgeIdText(b.bridgeId), `designated_root ${bridgeIdText(b.bridgeId)} `);
  number('root_port', b.rootPort);
  number('root_path_cost', b.rootPathCost);
  number('topology_change', b.topologyChange ? 1 : 0);
  number('topology_change_detected', b.topologyChangeDetected ? 1 : 0);
  timer(ctx, 'hello_timer', b.helloTimer ?? 0);
  timer(ctx, 'tcn_timer', b.tcnTimer ?? 0);
  timer(ctx, 'topology_change_timer', b.topologyChangeTimer ?? 0);
  timer(ctx, 'gc_timer', b.gcTimer);
  if (b.vlanTables) {
    number('vlan_default_pvid', b.vlanDefaultPvid);
    number('vlan_stats_enabled', 0);
    number('vlan_stats_per_port', 0);
  }
  const mask = b.groupFwdMask === 0 ? '0' : `0x${b.groupFwdMask.toString(16)}`;
  out.any('group_fwd_mask', mask, `group_fwd_mask ${mask} `);
  out.any('group_addr', b.groupAddress, `group_address ${b.groupAddress} `);
  number('mcast_snooping', b.mcastSnooping ? 1 : 0);
  number('no_linklocal_learn', 0);
  number('mcast_vlan_snooping', 0);
  number('mcast_router', b.mcastRouter);
  number('mcast_query_use_ifaddr', 0);
  number('mcast_querier', b.mcastQuerier ? 1 : 0);
  number('mcast_hash_elasticity', 16);
  number('mcast_hash_max', 4096);
  number('mcast_last_member_cnt', 2, 'mcast_last_member_count');
  number('mcast_startup_query_cnt', 2, 'mcast_startup_query_count');
  number('mcast_last_member_intvl', 100, 'mcast_last_member_interval');
  number('mcast_membership_intvl', 26000, 'mcast_membership_interval');
  number('mcast_querier_intvl', 25500, 'mcast_querier_interval');
  number('mcast_query_intvl', 12500, 'mcast_query_interval');
  number('mcast_query_response_intvl', 1000, 'mcast_query_response_interval');
  number('mcast_startup_query_intvl', 3124, 'mcast_startup_query_interval');
  number('mcast_stats_enabled', 0);
  number('mcast_igmp_version', 2);
  number('mcast_mld_version', 1);
  number('nf_call_iptables', b.nfCallIptables ? 1 : 0);
  number('nf_call_ip6tables', b.nfCallIp6tables ? 1 : 0);
  number('nf_call_arptables', b.nfCallArptables ? 1 : 0);
}

/** Kinds of link that `ip` knows by a module of its own; others are sent to the kernel as they are. */
export function kindUsage(kind: string): string | undefined {
  if (KIND_USAGE[kind] !== undefined) return KIND_USAGE[kind];
  if (kind === 'dummy' || kind === 'ifb' || kind === 'nlmon' || kind === 'vcan') {
    return `Usage: ... ${kind}\n`;
  }
  return undefined;
}

/** Options of a bridge that are numbers: keyword, field, largest value, message name. */
const BRIDGE_NUMBERS: readonly (readonly [string, keyof BridgeOptions | null, number])[] = [
  ['forward_delay', 'forwardDelay', 0xffffffff],
  ['hello_time', 'helloTime', 0xffffffff],
  ['max_age', 'maxAge', 0xffffffff],
  ['ageing_time', 'ageingTime', 0xffffffff],
  ['stp_state', 'stpState', 0xffffffff],
  ['priority', 'priority', 0xffff],
  ['vlan_filtering', 'vlanFiltering', 255],
  ['group_fwd_mask', 'groupFwdMask', 0xffff],
  ['vlan_default_pvid', 'vlanDefaultPvid', 0xffff],
  ['mcast_router', 'mcastRouter', 255],
  ['mcast_snooping', 'mcastSnooping', 255],
  ['mcast_querier', 'mcastQuerier', 255],
  ['nf_call_iptables', 'nfCallIptables', 255],
  ['nf_call_ip6tables', 'nfCallIp6tables', 255],
  ['nf_call_arptables', 'nfCallArptables', 255],
  ['vlan_stats_enabled', null, 255],
  ['vlan_stats_per_port', null, 255],
  ['mcast_vlan_snooping', null, 255],
  ['mcast_query_use_ifaddr', null, 255],
  ['mcast_hash_elasticity', null, 0xffffffff],
  ['mcast_hash_max', null, 0xffffffff],
  ['mcast_last_member_count', null, 0xffffffff],
  ['mcast_startup_query_count', null, 0xffffffff],
  ['mcast_last_member_interval', null, Number.MAX_SAFE_INTEGER],
  ['mcast_membership_interval', null, Number.MAX_SAFE_INTEGER],
  ['mcast_querier_interval', null, Number.MAX_SAFE_INTEGER],
  ['mcast_query_interval', null, Number.MAX_SAFE_INTEGER],
  ['mcast_query_response_interval', null, Number.MAX_SAFE_INTEGER],
  ['mcast_startup_query_interval', null, Number.MAX_SAFE_INTEGER],
  ['mcast_stats_enabled', null, 255],
  ['mcast_igmp_version', null, 255],
  ['mcast_mld_version', null, 255],
  ['no_linklocal_learn', null, 255],
];

const BOOLEAN_OPTIONS = new Set([
  'vlanFiltering',
  'mcastSnooping',
  'mcastQuerier',
  'nfCallIptables',
  'nfCallIp6tables',
  'nfCallArptables',
]);

/** Options whose name in the error message is not the keyword. */
const BRIDGE_MESSAGES: Readonly<Record<string, string>> = {
  vlan_default_pvid: 'invalid default pvid',
};

/** `type bridge OPTIONS`. @throws Quit */
export function parseBridgeOptions(args: Args): BridgeOptions {
  const options: Record<string, number | boolean | string> = {};
  while (args.more) {
    const found =
      BRIDGE_NUMBERS.find(([keyword]) => args.is(keyword)) ?? BRIDGE_NUMBERS.find(([keyword]) => args.matches(keyword));
    if (args.is('fdb_flush') || args.matches('fdb_flush')) {
      options.fdbFlush = true;
    } else if (found) {
      const [keyword, field, max] = found;
      const word = args.next();
      const value = readUnsigned(word, max);
      if (value === undefined) invalidArgument(BRIDGE_MESSAGES[keyword] ?? `invalid ${keyword}`, word);
      if (field === null) notSimulated(`bridge ${keyword}`);
      options[field] = BOOLEAN_OPTIONS.has(field) ? value !== 0 : value;
    } else if (args.matches('vlan_protocol')) {
      const word = args.next();
      if (word !== '802.1Q' && word !== '802.1q') notSimulated(`bridge vlan_protocol ${word}`);
    } else if (args.matches('group_address')) {
      options.groupAddress = macOf(lladdrArgument(args.next()));
    } else if (args.matches('help')) {
      throw new Quit(1, KIND_USAGE.bridge!);
    } else {
      throw new Quit(1, `bridge: unknown command "${args.word}"?\n${KIND_USAGE.bridge!}`);
    }
    args.skip();
  }
  return options as BridgeOptions;
}
