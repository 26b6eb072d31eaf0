/** -m connlimit: how many connections a host has (net/netfilter/xt_connlimit.c, nf_conncount.c). */
import type { Conn } from '../../../conntrack/conn';
import { CT_STATUS } from '../../../conntrack/conn';
import type { XtMatchExtension } from '../command-line';
import { holdTracking, releaseTracking } from '../nat';
import { destinationOf, sourceOf } from '../packet';
import { XtProblem } from '../problem';
import { maskLength, maskOf, masked, parseMask } from '../values';

/** struct xt_connlimit_info */
export interface ConnlimitInfo {
  limit: number;
  above: boolean;
  mask: number;
  side: 'saddr' | 'daddr';
  /** Connections seen, by group. */
  seen: Map<string | number, Set<Conn>>;
}

/** The extension. */
export const connlimit: XtMatchExtension<ConnlimitInfo> = {
  kind: 'match',
  name: 'connlimit',
  revision: 1,
  options: [
    { name: 'connlimit-upto', type: 'uint', invert: true, excludes: ['connlimit-above'] },
    { name: 'connlimit-above', type: 'uint', invert: true, excludes: ['connlimit-upto'] },
    { name: 'connlimit-mask', type: 'string' },
    { name: 'connlimit-saddr', type: 'none' },
    { name: 'connlimit-daddr', type: 'none' },
  ],
  make: (family) => ({ limit: -1, above: false, mask: family === 'ip' ? 32 : 128, side: 'saddr', seen: new Map() }),
  parse(i, option, value, inverted, c) {
    switch (option) {
      case 'connlimit-above':
      case 'connlimit-upto':
        i.limit = value.number;
        i.above = (option === 'connlimit-above') !== inverted;
        return;
      case 'connlimit-mask':
        i.mask = maskLength(parseMask(value.text, c.family)) ?? i.mask;
        return;
      case 'connlimit-saddr':
        i.side = 'saddr';
        return;
      case 'connlimit-daddr':
        i.side = 'daddr';
    }
  },
  finish(i) {
    if (i.limit < 0) throw new XtProblem('You must specify "--connlimit-above" or "--connlimit-upto".');
  },
  print: (i) => ` #conn ${i.side === 'saddr' ? 'src' : 'dst'}/${i.mask} ${i.above ? '>' : '<='} ${i.limit}`,
  save: (i) => ` --connlimit-${i.above ? 'above' : 'upto'} ${i.limit} --connlimit-mask ${i.mask} --connlimit-${i.side}`,
  nft: () => undefined,
  kernel: {
    name: 'connlimit',
    matches(i, p) {
      const ct = p.skb.ct as Conn | null;
      if (ct === null) return false;
      const key = masked(
        i.side === 'saddr' ? sourceOf(p) : destinationOf(p),
        maskOf(p.family === 'ip6' ? 'ip6' : 'ip', i.mask),
      );
      let group = i.seen.get(key);
      if (group === undefined) i.seen.set(key, (group = new Set()));
      for (const known of group)
        if (known.status & CT_STATUS.DYING || (known.status & CT_STATUS.CONFIRMED && known.expires < p.ns.now))
          group.delete(known);
      group.add(ct);
      return group.size > i.limit === i.above;
    },
    added: (_i, ns, family) => holdTracking(ns, family),
    removed: (_i, ns, family) => releaseTracking(ns, family),
  },
};
