/** `ip link show`: one link as text or JSON. */
import type { LinkInfo, LinkStats } from '../../../net';
import { IFF } from '../../../net';
import type { Context } from '../lib/context';
import { humanNumber } from '../lib/number';
import { netnsNameOf } from '../netns/names';
import { printKind } from './kinds';

/** How links are shown; each command has its own needs. */
export interface ShowOptions {
  /** `ip link` rather than `ip addr`. */
  readonly link: boolean;
  /** The line with the link-layer address is left out (`ip -4 addr`). */
  readonly addressLine: boolean;
  /** The queue length is shown (not by monitor). */
  readonly queue: boolean;
  /** What an AF_INET6 dump lacks is not shown: qdisc, group, the peer's namespace. */
  readonly reduced?: boolean;
  readonly deleted?: boolean;
  /** IFLA_EVENT of a notification. */
  readonly event?: string;
  /** Names of namespaces by number, when they are not looked up. */
  readonly nsids?: ReadonlyMap<number, string>;
  /** The message has no broadcast address (AF_BRIDGE). */
  readonly noBroadcast?: boolean;
}

/** The order in which `ip` names flags. */
const FLAGS: readonly (readonly [number, string])[] = [
  [IFF.LOOPBACK, 'LOOPBACK'],
  [IFF.BROADCAST, 'BROADCAST'],
  [IFF.POINTOPOINT, 'POINTOPOINT'],
  [IFF.MULTICAST, 'MULTICAST'],
  [IFF.NOARP, 'NOARP'],
  [IFF.ALLMULTI, 'ALLMULTI'],
  [IFF.PROMISC, 'PROMISC'],
  [IFF.MASTER, 'MASTER'],
  [IFF.SLAVE, 'SLAVE'],
  [IFF.DEBUG, 'DEBUG'],
  [IFF.DYNAMIC, 'DYNAMIC'],
  [0x4000, 'AUTOMEDIA'],
  [0x2000, 'PORTSEL'],
  [IFF.NOTRAILERS, 'NOTRAILERS'],
  [IFF.UP, 'UP'],
  [IFF.LOWER_UP, 'LOWER_UP'],
  [IFF.DORMANT, 'DORMANT'],
  [0x40000, 'ECHO'],
];

/** Names of a link's flags in iproute2's order. */
export function flagNames(flags: number, lowerDown: boolean): string[] {
  const names: string[] = [];
  if ((flags & IFF.UP) !== 0 && (flags & IFF.RUNNING) === 0) names.push('NO-CARRIER');
  for (const [bit, name] of FLAGS) if ((flags & bit) !== 0) names.push(name);
  const known = FLAGS.reduce<number>((all, [bit]) => all | bit, IFF.RUNNING);
  const rest = flags & ~known;
  if (rest !== 0) names.push((rest >>> 0).toString(16));
  if (lowerDown) names.push('M-DOWN');
  return names;
}

/** `<A,B,C>` and the blank after it. */
export function printFlags(ctx: Context, flags: number, lowerDown = false): void {
  const { out } = ctx;
  out.openArray('flags', '<');
  const names = flagNames(flags, lowerDown);
  if (out.isJson) for (const name of names) out.member(null, name);
  else out.fp(names.join(','));
  out.closeArray('> ');
}

/**
 * `NAME@PEER`, printed in `format` (`%s` once). @returns whether the lower link is down, which the flags then show.
 */
export function printNameAndLink(
  ctx: Context,
  info: LinkInfo,
  format: (name: string) => string,
  reduced = false,
): boolean {
  const { out } = ctx;
  let name = info.name;
  let lowerDown = false;
  const link = reduced && info.link === info.index ? undefined : info.link;
  if (link !== undefined) {
    let lower: string;
    if (link === 0) {
      out.member('link', null);
      lower = 'NONE';
    } else if (info.linkNetnsid !== undefined && !reduced) {
      out.member('link_index', link);
      lower = `if${link}`;
    } else {
      lower = ctx.nameOf(link);
      out.member('link', lower);
      const other = ctx.net.links.get(link);
      lowerDown = other !== undefined && (ctx.net.links.info(other).flags & IFF.UP) === 0;
    }
    name = `${name}@${lower}`;
  }
  out.any('ifname', info.name, format(name), 'ifname');
  return lowerDown;
}

/** Prints one link. Ends the line; in JSON the object stays open when `keepOpen`. */
export function printLink(ctx: Context, info: LinkInfo, show: ShowOptions): void {
  const { out, options } = ctx;
  if (show.deleted) out.any('deleted', 'true', 'Deleted ');
  out.any('ifindex', info.index, `${info.index}: `);
  const lowerDown = printNameAndLink(ctx, info, (n) => `${n}: `, show.reduced);
  printFlags(ctx, info.flags, lowerDown);
  out.any('mtu', info.mtu, `mtu ${info.mtu} `);
  if (!show.reduced) out.any('qdisc', info.qdisc, `qdisc ${info.qdisc} `);
  if (info.master !== undefined) {
    const master = ctx.nameOf(info.master);
    out.any('master', master, `master ${master} `);
  }
  out.fp('state ');
  printState(ctx, info, '');
  if (show.link) out.any('linkmode', info.mode, `mode ${info.mode} `);
  if (!show.reduced) {
    const group = ctx.numbers.name('group', info.group);
    out.any('group', group, `group ${group} `);
  }
  if (show.queue && info.txqlen !== 0) out.any('txqlen', info.txqlen, `qlen ${info.txqlen}`);
  if (show.event !== undefined) out.any('event', show.event, `event ${show.event} `);
  if (show.addressLine) {
    out.nl();
    out.any('link_type', info.type, `    link/${info.type} `);
    out.any('address', info.mac, info.mac, 'mac');
    if ((info.flags & IFF.POINTOPOINT) !== 0) {
      out.fp(' peer ');
      out.member('link_pointtopoint', true);
    } else if (!show.noBroadcast) out.fp(' brd ');
    if (!show.noBroadcast) out.any('broadcast', info.broadcast, info.broadcast, 'mac');
  }
  if (info.linkNetnsid !== undefined && !show.reduced) {
    if (out.isJson) out.member('link_netnsid', info.linkNetnsid);
    else {
      const name = show.nsids ? show.nsids.get(info.linkNetnsid) : netnsNameOf(ctx, info.linkNetnsid);
      out.fp(name !== undefined ? ` link-netns ${name}` : ` link-netnsid ${info.linkNetnsid}`);
    }
  }
  if (options.details > 0) printDetails(ctx, info, show);
  if ((show.link || options.details > 0) && info.alias !== undefined) {
    out.nl();
    out.any('ifalias', info.alias, `    alias ${info.alias}`);
  }
  if (show.link && options.stats > 0) printStats(ctx, info);
  if (info.altNames.length > 0 && (show.link || options.details > 0 || !show.reduced)) {
    out.openArray('altnames');
    for (const name of info.altNames) {
      out.nl();
      out.any(null, name, `    altname ${name}`);
    }
    out.closeArray();
  }
  out.fp('\n');
}

function printState(ctx: Context, info: LinkInfo, pad: string): void {
  const color = info.operstate === 'UP' ? 'up' : info.operstate === 'DOWN' ? 'down' : 'none';
  ctx.out.any('operstate', info.operstate, pad === '' ? `${info.operstate} ` : info.operstate.padEnd(14) + ' ', color);
}

function printDetails(ctx: Context, info: LinkInfo, show: ShowOptions): void {
  const { out } = ctx;
  const number = (key: string, label: string, value: number): void => out.any(key, value, `${label} ${value} `);
  number('promiscuity', ' promiscuity', info.promiscuity);
  number('allmulti', ' allmulti', info.allmulti);
  number('min_mtu', 'minmtu', info.minMtu);
  number('max_mtu', 'maxmtu', info.maxMtu);
  printKind(ctx, info);
  if (info.addrGenMode !== undefined && show.link) {
    out.any('inet6_addr_gen_mode', info.addrGenMode, `addrgenmode ${info.addrGenMode} `);
  }
  number('num_tx_queues', 'numtxqueues', info.numTxQueues);
  number('num_rx_queues', 'numrxqueues', info.numRxQueues);
  number('gso_max_size', 'gso_max_size', info.gsoMaxSize ?? 65536);
  number('gso_max_segs', 'gso_max_segs', info.gsoMaxSegs ?? 65535);
  // What the device's hardware could do: 65536 unless the driver raised it (netif_set_tso_max_size).
  number('tso_max_size', 'tso_max_size', info.tsoMaxSize ?? 524280);
  number('tso_max_segs', 'tso_max_segs', 65535);
  number('gro_max_size', 'gro_max_size', info.groMaxSize ?? 65536);
}

/** `ip -br link`. */
export function printLinkBrief(ctx: Context, info: LinkInfo): void {
  const { out } = ctx;
  const lowerDown = printBriefHead(ctx, info);
  if (info.type !== 'none') out.any('address', info.mac, `${info.mac} `, 'mac');
  printFlags(ctx, info.flags, lowerDown);
  out.fp('\n');
}

/** The first two columns of -br. */
export function printBriefHead(ctx: Context, info: LinkInfo, reduced = false): boolean {
  const lowerDown = printNameAndLink(ctx, info, (n) => `${n.padEnd(16)} `, reduced);
  printState(ctx, info, 'pad');
  return lowerDown;
}

const RX = ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast'] as const;
const TX = ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns'] as const;
const RX_ERRORS = ['length', 'crc', 'frame', 'fifo', 'overrun'] as const;
const TX_ERRORS = ['aborted', 'fifo', 'window', 'heartbt', 'transns'] as const;

/** Prints a link's counters (print_link_stats). In text it starts a line, unless one is started, and does not end its last. */
export function printStats(ctx: Context, info: LinkInfo, lineBefore = true): void {
  const { out, options } = ctx;
  const s = info.stats;
  if (out.isJson) return jsonStats(ctx, s, info.carrierChanges);
  const show = (n: number): string => humanNumber(n, options.human > 0, options.iec);
  const rx = [s.rxBytes, s.rxPackets, s.rxErrors, s.rxDropped, s.rxMissed, s.multicast].map(show);
  const tx = [s.txBytes, s.txPackets, s.txErrors, s.txDropped, s.txCarrier, s.collisions].map(show);
  const rxErrors = [0, 0, 0, 0, 0].map(show);
  const txErrors = [0, 0, 0, 0, info.carrierChanges].map(show);
  const widths = [10, 7, 6, 7, 7, 7];
  const rows = [rx, tx];
  if (options.stats > 1) rows.push(['', ...rxErrors], ['', ...txErrors]);
  for (const row of rows) row.forEach((text, i) => (widths[i] = Math.max(widths[i]!, text.length)));
  const values = (row: readonly string[]): string => row.map((t, i) => `${t.padStart(widths[i]!)} `).join('');
  const block = (title: string, names: readonly string[], row: readonly string[]): void => {
    const head = names.map((n, i) => n.padStart(i === 0 ? widths[0]! - 4 : widths[i]!)).join(' ');
    if (lineBefore || title !== 'RX') out.nl();
    out.fp(`    ${title}: ${head} ${' '.repeat(10)}`);
    out.nl();
    out.fp(`    ${values(row)}`);
  };
  const errors = (title: string, names: readonly string[], row: readonly string[]): void => {
    out.nl();
    out.fp(`    ${title.padEnd(widths[0]!)} ${names.map((n, i) => n.padStart(widths[i + 1]!)).join(' ')}`);
    out.nl();
    out.fp(`    ${' '.repeat(widths[0]!)} ${row.map((t, i) => `${t.padStart(widths[i + 1]!)} `).join('')}`);
  };
  block('RX', RX, rx);
  if (options.stats > 1) errors('RX errors:', RX_ERRORS, rxErrors);
  block('TX', TX, tx);
  if (options.stats > 1) errors('TX errors:', TX_ERRORS, txErrors);
}

function jsonStats(ctx: Context, s: Readonly<LinkStats>, carrierChanges: number): void {
  const { out, options } = ctx;
  const add = (values: Record<string, number>): void => {
    for (const [key, value] of Object.entries(values)) out.member(key, value);
  };
  out.openObject('stats64');
  out.openObject('rx');
  add({ bytes: s.rxBytes, packets: s.rxPackets, errors: s.rxErrors, dropped: s.rxDropped, over_errors: 0 });
  add({ multicast: s.multicast });
  if (options.stats > 1) {
    add({ length_errors: 0, crc_errors: 0, frame_errors: 0, fifo_errors: 0, missed_errors: s.rxMissed });
  }
  out.closeObject();
  out.openObject('tx');
  add({ bytes: s.txBytes, packets: s.txPackets, errors: s.txErrors, dropped: s.txDropped });
  add({ carrier_errors: s.txCarrier, collisions: s.collisions });
  if (options.stats > 1) {
    add({ aborted_errors: 0, fifo_errors: 0, window_errors: 0, heartbeat_errors: 0, carrier_changes: carrierChanges });
  }
  out.closeObject();
  out.closeObject();
}
