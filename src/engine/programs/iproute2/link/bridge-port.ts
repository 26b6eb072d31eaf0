/** Options of a bridge's port, as `ip link ... type bridge_slave` and `bridge link set` take and print them. */
import type { BridgePortInfo, LinkChange } from '../../../net';
import { KIND_USAGE } from './kind-help';
import { invalidArgument, Quit, readUnsigned, notSimulated } from '../lib/args';
import type { Args } from '../lib/args';
import type { Context } from '../lib/context';
import { bridgeIdText, timer } from './bridge-values';

/** A port's options and state, as `ip -d link` prints them. */
export function printPort(ctx: Context, p: BridgePortInfo): void {
  const { out } = ctx;
  const number = (key: string, value: number): void => out.any(key, value, `${key} ${value} `);
  const hex = (key: string, label: string, value: number): void => {
    const text = `0x${value.toString(16)}`;
    out.any(key, text, `${label} ${text} `);
  };
  const switches = (...words: string[]): void => printSwitches(ctx, p, words);
  out.any('state', p.state, `state ${p.state} `);
  number('priority', p.priority);
  number('cost', p.cost);
  switches('hairpin', 'guard', 'root_block', 'fastleave', 'learning', 'flood');
  hex('id', 'port_id', p.portId);
  hex('no', 'port_no', p.portNo);
  number('designated_port', p.designatedPort);
  number('designated_cost', p.designatedCost);
  out.any('bridge_id', bridgeIdText(p.designatedBridge), `designated_bridge ${bridgeIdText(p.designatedBridge)} `);
  out.any('root_id', bridgeIdText(p.designatedRoot), `designated_root ${bridgeIdText(p.designatedRoot)} `);
  timer(ctx, 'hold_timer', p.holdTimer ?? 0);
  timer(ctx, 'message_age_timer', p.messageAgeTimer ?? 0);
  timer(ctx, 'forward_delay_timer', p.forwardDelayTimer);
  number('topology_change_ack', p.topologyChangeAck ? 1 : 0);
  number('config_pending', p.configPending ? 1 : 0);
  printSwitch(ctx, 'proxy_arp', p.proxyArp);
  printSwitch(ctx, 'proxy_arp_wifi', p.proxyArpWifi);
  out.any('multicast_router', p.mcastRouter, `mcast_router ${p.mcastRouter} `);
  out.fp(`mcast_fast_leave ${p.fastLeave ? 'on' : 'off'} `);
  switches('mcast_flood', 'bcast_flood', 'mcast_to_unicast', 'neigh_suppress');
  out.any('group_fwd_mask', '0', 'group_fwd_mask 0 ');
  out.any('group_fwd_mask_str', '0x0', 'group_fwd_mask_str 0x0 ');
  switches('vlan_tunnel', 'isolated', 'locked');
}

function printSwitch(ctx: Context, word: string, value: boolean): void {
  if (ctx.out.isJson) ctx.out.member(word, value);
  else ctx.out.fp(`${word} ${value ? 'on' : 'off'} `);
}

/** Prints the named ones of {@link PORT_SWITCHES}. */
export function printSwitches(ctx: Context, p: BridgePortInfo, words: readonly string[]): void {
  for (const word of words) printSwitch(ctx, word, p[PORT_SWITCHES.find(([w]) => w === word)![1]] === true);
}

/** What can be changed of a port. */
export type Port = NonNullable<LinkChange['port']>;

/** Options that are on or off, by the words of both tools, in the order in which `ip` looks for them. */
export const PORT_SWITCHES: readonly (readonly [string, keyof Port])[] = [
  ['hairpin', 'hairpin'],
  ['guard', 'guard'],
  ['root_block', 'rootBlock'],
  ['fastleave', 'fastLeave'],
  ['learning', 'learning'],
  ['flood', 'flood'],
  ['mcast_flood', 'mcastFlood'],
  ['bcast_flood', 'bcastFlood'],
  ['mcast_to_unicast', 'mcastToUnicast'],
  ['neigh_suppress', 'neighSuppress'],
  ['vlan_tunnel', 'vlanTunnel'],
  ['isolated', 'isolated'],
  ['locked', 'locked'],
];

/** With those that only `ip` has. */
const SLAVE_SWITCHES: typeof PORT_SWITCHES = [
  ...PORT_SWITCHES,
  ['mcast_fast_leave', 'fastLeave'],
  ['proxy_arp', 'proxyArp'],
  ['proxy_arp_wifi', 'proxyArpWifi'],
];

/** Takes `on` or `off`. @throws Quit with that status on another word */
export function takeSwitch(args: Args, keyword: string, status: number): boolean {
  const word = args.next();
  if (word !== 'on' && word !== 'off')
    throw new Quit(status, `Error: argument of "${keyword}" must be one of "off", "on", not "${word}"\n`);
  return word === 'on';
}

/** STP states of a bridge port in the order of their numbers. */
export const PORT_STATES = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'] as const;

/** `type bridge_slave OPTIONS`. @throws Quit */
export function parsePortOptions(args: Args): Port {
  const port: Record<string, unknown> = {};
  while (args.more) {
    const found =
      SLAVE_SWITCHES.find(([keyword]) => args.is(keyword)) ?? SLAVE_SWITCHES.find(([keyword]) => args.matches(keyword));
    if (args.matches('fdb_flush')) notSimulated('bridge_slave fdb_flush');
    else if (args.matches('state')) {
      const word = args.next();
      const value = readUnsigned(word, 255);
      if (value === undefined) invalidArgument('state is invalid', word);
      port.state = PORT_STATES[value];
      if (port.state === undefined) throw new Quit(2, 'RTNETLINK answers: Invalid argument\n');
    } else if (args.matches('priority')) {
      const word = args.next();
      const value = readUnsigned(word, 0xffff);
      if (value === undefined) invalidArgument('priority is invalid', word);
      port.priority = value;
    } else if (args.matches('cost')) {
      const word = args.next();
      const value = readUnsigned(word, 0xffffffff);
      if (value === undefined) invalidArgument('cost is invalid', word);
      port.cost = value;
    } else if (found) {
      const [keyword, field] = found;
      port[field] = takeSwitch(args, keyword, 1);
    } else if (args.matches('mcast_router')) {
      const word = args.next();
      const value = readUnsigned(word, 255);
      if (value === undefined) invalidArgument('invalid mcast_router', word);
      port.mcastRouter = value;
    } else if (args.matches('help')) {
      throw new Quit(1, KIND_USAGE.bridge_slave!);
    } else {
      throw new Quit(1, `bridge_slave: unknown option "${args.word}"?\n${KIND_USAGE.bridge_slave!}`);
    }
    args.skip();
  }
  return port;
}
