/** -m recent: lists of addresses seen lately (net/netfilter/xt_recent.c). */
import type { Micros } from '../../../../core';
import { Errno } from '../../../../core';
import type { IpAddress } from '../../../../wire';
import { formatIp, parseIp } from '../../../../wire';
import { netFiles, writableNetFiles } from '../../../proc-files';
import type { NetNamespace } from '../../../namespace';
import type { PktInfo } from '../../pktinfo';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { destinationOf, ipOf, sourceOf } from '../packet';
import { XtProblem } from '../problem';
import type { XtFamily } from '../values';
import { fullMask, masked, parseMask } from '../values';

/** Time stamps kept of an address (ip_pkt_list_tot). */
const STAMPS = 20;
/** Addresses kept in a list (ip_list_tot). */
const ENTRIES = 100;

/** An address in a list. */
interface Entry {
  ttl: number;
  stamps: Micros[];
}

/** One list of a namespace, oldest address first. */
export interface RecentTable {
  readonly name: string;
  readonly family: XtFamily;
  readonly entries: Map<IpAddress, Entry>;
  users: number;
}

const tables = new WeakMap<NetNamespace, Map<string, RecentTable>>();

/** The namespace's lists, by name: /proc/net/xt_recent. */
export function recentTables(ns: NetNamespace): Map<string, RecentTable> {
  let all = tables.get(ns);
  if (all === undefined) tables.set(ns, (all = new Map()));
  return all;
}

/** struct xt_recent_mtinfo_v1 */
export interface RecentInfo {
  action: 'set' | 'rcheck' | 'update' | 'remove' | undefined;
  inverted: boolean;
  seconds: number;
  hits: number;
  ttl: boolean;
  reap: boolean;
  name: string;
  mask: IpAddress;
  side: 'source' | 'dest';
  family: XtFamily;
}

const WORDS = { set: 'SET', rcheck: 'CHECK', update: 'UPDATE', remove: 'REMOVE' } as const;

function matches(i: RecentInfo, p: PktInfo): boolean {
  const { ns } = p;
  const table = recentTables(ns).get(i.name);
  if (table === undefined) return false;
  const packet = ipOf(p);
  let ttl = packet.kind === 'ipv4' ? packet.ttl : packet.hopLimit;
  // The TTL as it was before this machine took one off.
  if (p.output !== null && !p.skb.owner) ttl++;
  const address = masked(i.side === 'source' ? sourceOf(p) : destinationOf(p), i.mask);
  let entry = table.entries.get(address);
  if (entry !== undefined && i.ttl && entry.ttl !== ttl) entry = undefined;
  if (i.action === 'set') {
    if (entry === undefined) {
      if (table.entries.size >= ENTRIES) table.entries.delete(table.entries.keys().next().value!);
      table.entries.set(address, { ttl, stamps: [ns.now] });
    } else touch(table, address, entry, ttl, ns.now);
    return !i.inverted;
  }
  if (entry === undefined) return i.inverted;
  let hit: boolean = !i.inverted;
  if (i.action === 'remove') {
    table.entries.delete(address);
    return hit;
  }
  const since = i.seconds > 0 ? ns.now - i.seconds * 1e6 : -1;
  if (i.seconds > 0 || i.hits > 0) {
    const fresh = entry.stamps.filter((t) => t >= since).length;
    const needed = Math.max(1, i.hits);
    if (fresh < needed) hit = i.inverted;
    if (i.reap && i.seconds > 0) {
      for (const [a, e] of table.entries) if (e.stamps[e.stamps.length - 1]! < since) table.entries.delete(a);
    }
  }
  if (i.action === 'update' && hit !== i.inverted) touch(table, address, entry, ttl, ns.now);
  return hit;
}

function touch(table: RecentTable, address: IpAddress, entry: Entry, ttl: number, now: Micros): void {
  entry.ttl = ttl;
  entry.stamps.push(now);
  if (entry.stamps.length > STAMPS) entry.stamps.shift();
  table.entries.delete(address);
  table.entries.set(address, entry);
}

/** Jiffies at boot are five minutes before 32 bits overflow (INITIAL_JIFFIES at 1000 Hz). */
const jiffies = (at: Micros): number => 4294667296 + (Math.floor(at / 1000) % 1e9);

/** /proc/net/xt_recent/NAME */
function listed(table: RecentTable): string {
  return [...table.entries]
    .map(([address, { ttl, stamps }]) => {
      const times = stamps.map(jiffies);
      return `src=${formatIp(address)} ttl: ${ttl} last_seen: ${times.at(-1)} oldest_pkt: ${times.length % STAMPS} ${times.join(', ')}\n`;
    })
    .join('');
}

/** What is written to it: `/` forgets all, `+ADDRESS` and `-ADDRESS` change one. @throws Errno EINVAL */
function change(table: RecentTable, text: string, ns: NetNamespace): void {
  const word = text.trim();
  if (word === '/') return table.entries.clear();
  const address = /^[+-]/.test(word) ? parseIp(word.slice(1)) : undefined;
  if (address === undefined || (typeof address === 'number') !== (table.family === 'ip')) {
    ns.log('xt_recent: Need "+ip", "-ip" or "/"');
    throw new Errno('EINVAL');
  }
  if (word.startsWith('-')) {
    table.entries.delete(address);
    return;
  }
  const old = table.entries.get(address);
  if (old === undefined) table.entries.set(address, { ttl: 0, stamps: [ns.now] });
  else touch(table, address, old, 0, ns.now);
}

/** The extension. */
export const recent: XtMatchExtension<RecentInfo> = {
  kind: 'match',
  name: 'recent',
  revision: 1,
  options: [
    { name: 'set', type: 'none', invert: true },
    { name: 'rcheck', type: 'none', invert: true },
    { name: 'update', type: 'none', invert: true },
    { name: 'remove', type: 'none', invert: true },
    { name: 'seconds', type: 'uint', min: 1 },
    { name: 'reap', type: 'none', also: ['seconds'] },
    { name: 'hitcount', type: 'uint', min: 1 },
    { name: 'rttl', type: 'none' },
    { name: 'name', type: 'string' },
    { name: 'rsource', type: 'none' },
    { name: 'rdest', type: 'none' },
    { name: 'mask', type: 'string' },
  ],
  make: (family) => ({
    action: undefined,
    inverted: false,
    seconds: 0,
    hits: 0,
    ttl: false,
    reap: false,
    name: 'DEFAULT',
    mask: fullMask(family),
    side: 'source',
    family,
  }),
  parse(i, option, value, inverted, c) {
    switch (option) {
      case 'set':
      case 'rcheck':
      case 'update':
      case 'remove':
        if (i.action !== undefined)
          throw new XtProblem("recent: only one of `--set', `--rcheck' `--update' or `--remove' may be set");
        i.action = option;
        i.inverted = inverted;
        return;
      case 'seconds':
        i.seconds = value.number;
        return;
      case 'hitcount':
        i.hits = value.number;
        return;
      case 'rttl':
        i.ttl = true;
        return;
      case 'reap':
        i.reap = true;
        return;
      case 'name':
        i.name = value.text;
        return;
      case 'mask':
        i.mask = parseMask(value.text, c.family);
        return;
      case 'rsource':
        i.side = 'source';
        return;
      case 'rdest':
        i.side = 'dest';
    }
  },
  finish(i) {
    if (i.action === undefined)
      throw new XtProblem("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'");
  },
  print(i) {
    let out = `${not(i.inverted)} recent: ${WORDS[i.action!]}`;
    if (i.seconds) out += ` seconds: ${i.seconds}`;
    if (i.reap) out += ' reap';
    if (i.hits) out += ` hit_count: ${i.hits}`;
    if (i.ttl) out += ' TTL-Match';
    return `${out} name: ${i.name} side: ${i.side} mask: ${formatIp(i.mask)}`;
  },
  save(i) {
    let out = `${not(i.inverted)} --${i.action}`;
    if (i.seconds) out += ` --seconds ${i.seconds}`;
    if (i.reap) out += ' --reap';
    if (i.hits) out += ` --hitcount ${i.hits}`;
    if (i.ttl) out += ' --rttl';
    return `${out} --name ${i.name} --mask ${formatIp(i.mask)} --r${i.side}`;
  },
  nft: () => undefined,
  kernel: {
    name: 'recent',
    matches,
    check: (i) => (i.hits > STAMPS * 12 ? 'EINVAL' : undefined),
    added(i, ns) {
      const all = recentTables(ns);
      const table = all.get(i.name);
      if (table) {
        table.users++;
        return;
      }
      const made: RecentTable = { name: i.name, family: i.family, entries: new Map(), users: 1 };
      all.set(i.name, made);
      netFiles(ns).set(`xt_recent/${i.name}`, () => listed(made));
      writableNetFiles(ns).set(`xt_recent/${i.name}`, (text) => change(made, text, ns));
    },
    removed(i, ns) {
      const all = recentTables(ns);
      const table = all.get(i.name);
      if (!table || --table.users > 0) return;
      all.delete(i.name);
      netFiles(ns).delete(`xt_recent/${i.name}`);
      writableNetFiles(ns).delete(`xt_recent/${i.name}`);
    },
  },
};
