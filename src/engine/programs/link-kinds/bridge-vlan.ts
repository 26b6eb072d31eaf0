/** `bridge vlan`: which VLANs the ports of a bridge are in. */
import { Errno } from '../../core';
import type { Link } from '../../net';
import { isBridge } from '../../net';
import type { BridgeVlans } from '../../net/link/bridge-vlan';
import { BRIDGE_VLAN_USAGE } from './help';
import { Args, duplicate, Quit, atoi } from '../iproute2/lib/args';
import type { Context } from '../iproute2/lib/context';

/** Width of the first column: the longest name and two blanks (IFNAMSIZ). */
const COLUMN = 18;

function usage(): never {
  throw new Quit(255, BRIDGE_VLAN_USAGE);
}

/** Runs `bridge vlan WORDS`. @returns exit status */
export function bridgeVlan(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('add')) return modify(ctx, rest, true);
  if (is('delete')) return modify(ctx, rest, false);
  if (is('set') || is('global') || is('tunnelshow'))
    throw new Quit(2, `bridge: not simulated in this course: vlan ${verb}\n`);
  if (is('show') || is('lst') || is('list')) return show(ctx, rest);
  if (is('help')) usage();
  throw new Quit(255, `Command "${verb}" is unknown, try "bridge vlan help".\n`);
}

function modify(ctx: Context, words: readonly string[], adding: boolean): number {
  const args = new Args(words);
  let dev: string | undefined;
  let vid: number | undefined;
  let end: number | undefined;
  let pvid = false;
  let untagged = false;
  let self = false;
  let master = false;
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.is('vid')) {
      const [first = '', last] = args.next().split('-');
      vid = atoi(first);
      if (last !== undefined) {
        end = atoi(last);
        if (vid >= 4096 || end >= 4096 || vid >= end) throw new Quit(255, `Invalid VLAN range "${vid}-${end}"\n`);
      }
    } else if (args.is('self')) self = true;
    else if (args.is('master')) master = true;
    else if (args.is('pvid')) pvid = true;
    else if (args.is('untagged')) untagged = true;
    else if (args.is('tunnel_info')) throw new Quit(2, 'bridge: not simulated in this course: vlan tunnel_info\n');
    else if (args.matches('help')) usage();
    args.skip();
  }
  if (dev === undefined || vid === undefined) throw new Quit(255, 'Device and VLAN ID are required arguments.\n');
  const link = ctx.link(dev);
  if (!link) throw new Quit(255, `Cannot find bridge device "${dev}"\n`);
  if (vid >= 4096) throw new Quit(255, `Invalid VLAN ID "${vid}"\n`);
  const first = vid;
  const last = end ?? vid;
  ctx.request(() => {
    const { vlans, port } = tables(link, self, master);
    if (first === 0 || last >= 4095 || (pvid && end !== undefined)) throw new Errno('EINVAL');
    for (let id = first; id <= last; id++) {
      if (adding) vlans.add(port, id, { pvid, untagged });
      else vlans.delete(port, id);
    }
  }, 255);
  return 0;
}

/** Whose table is meant: the bridge's own with `self`, else a port's. @throws Errno EOPNOTSUPP */
function tables(link: Link, self: boolean, master: boolean): { vlans: BridgeVlans; port: Link['port'] } {
  if (self) {
    if (!isBridge(link)) throw new Errno('EOPNOTSUPP');
    return { vlans: link.useVlans() as BridgeVlans, port: null };
  }
  void master;
  if (link.port === null) throw new Errno('EOPNOTSUPP');
  return { vlans: link.port.bridge.useVlans() as BridgeVlans, port: link.port };
}

interface Row {
  readonly id: number;
  readonly end: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

/** Joins neighbours with the same flags into ranges (RTEXT_FILTER_BRVLAN_COMPRESSED). */
function compressed(rows: readonly Row[]): Row[] {
  const out: Row[] = [];
  for (const row of rows) {
    const last = out[out.length - 1];
    if (last && !last.pvid && !row.pvid && last.untagged === row.untagged && last.end + 1 === row.id)
      out[out.length - 1] = { ...last, end: row.id };
    else out.push(row);
  }
  return out;
}

function show(ctx: Context, words: readonly string[]): number {
  const { out, options } = ctx;
  const args = new Args(words);
  let dev: string | undefined;
  let only: number | undefined;
  while (args.more) {
    if (args.is('dev')) {
      const word = args.next();
      if (dev !== undefined) duplicate('dev', word);
      dev = word;
    } else if (args.is('vid')) {
      const word = args.next();
      if (only !== undefined) duplicate('vid', word);
      only = atoi(word);
    }
    args.skip();
  }
  const index = dev === undefined ? undefined : ctx.needLink(dev, 255).index;
  if (options.stats > 0) throw new Quit(2, 'bridge: not simulated in this course: -s vlan show\n');
  out.begin();
  out.fp(`${'port'.padEnd(COLUMN)}vlan-id  \n`);
  for (const link of ctx.net.links) {
    if (index !== undefined && link.index !== index) continue;
    const owners = [...(link.port ? [link.port.bridge] : []), ...(isBridge(link) ? [link] : [])];
    for (const bridge of owners) {
      if (bridge.vlans === null) continue;
      let rows: Row[] = (bridge.vlans as BridgeVlans)
        .list(bridge === link ? null : link.port)
        .map((v) => ({ ...v, end: v.id }));
      if (options.compressVlans) rows = compressed(rows);
      if (only !== undefined) rows = rows.filter((r) => r.id <= only && only <= r.end);
      if (rows.length > 0) printRows(ctx, link.name, rows);
    }
  }
  out.finish();
  return 0;
}

function printRows(ctx: Context, name: string, rows: readonly Row[]): void {
  const { out, options } = ctx;
  out.openObject();
  out.any('ifname', name, `${name.padEnd(COLUMN - 2)}  `, 'ifname');
  out.openArray('vlans');
  rows.forEach((row, i) => {
    out.openObject();
    if (i > 0) out.fp(' '.repeat(COLUMN));
    out.any('vlan', row.id);
    if (row.end !== row.id) out.any('vlanEnd', row.end, `-${row.end}`);
    const flags = [...(row.pvid ? ['PVID'] : []), ...(row.untagged ? ['Egress Untagged'] : [])];
    if (flags.length > 0) {
      out.openArray('flags');
      for (const flag of flags) out.any(null, flag, ` ${flag}`);
      out.closeArray();
    }
    out.fp('\n');
    if (options.details > 0) {
      out.fp(' '.repeat(COLUMN + 2));
      out.any('state', 'forwarding', 'state forwarding ');
      out.any('mcast_router', 1, 'mcast_router 1 ');
      out.fp('\n');
    }
    out.closeObject();
  });
  out.closeArray();
  out.closeObject();
}
