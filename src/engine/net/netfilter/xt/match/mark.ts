/** -m mark and -m connmark (net/netfilter/xt_mark.c, xt_connmark.c). */
import type { Conn } from '../../../conntrack/conn';
import type { XtMatchExtension, XtValue } from '../command-line';
import { markWithMask, not } from '../command-line';
import { holdTracking, releaseTracking } from '../nat';
import { hex } from '../values';

/** struct xt_mark_mtinfo1, struct xt_connmark_mtinfo1 */
export interface MarkInfo {
  mark: number;
  mask: number;
  inverted: boolean;
}

function parse(i: MarkInfo, _option: string, value: XtValue, inverted: boolean): void {
  i.mark = value.mark;
  i.mask = value.mask;
  i.inverted = inverted;
}

const save = (i: MarkInfo): string => `${not(i.inverted)} --mark${markWithMask(i.mark, i.mask)}`;

function nft(key: string, i: MarkInfo): string {
  const op = i.inverted ? '!= ' : '';
  return i.mask === 0xffffffff
    ? `${key} ${op}${hex(i.mark)}`
    : `${key} and ${hex(i.mask)} ${op || '== '}${hex(i.mark)}`;
}

/** -m mark */
export const mark: XtMatchExtension<MarkInfo> = {
  kind: 'match',
  name: 'mark',
  revision: 1,
  options: [{ name: 'mark', type: 'markmask', invert: true, mandatory: true }],
  make: () => ({ mark: 0, mask: 0xffffffff, inverted: false }),
  parse,
  print: (i) => ` mark match${not(i.inverted)}${markWithMask(i.mark, i.mask)}`,
  save,
  nft: (i) => nft('mark', i),
  kernel: { name: 'mark', matches: (i, p) => ((p.skb.mark & i.mask) >>> 0 === i.mark) !== i.inverted },
};

/** -m connmark */
export const connmark: XtMatchExtension<MarkInfo> = {
  ...mark,
  name: 'connmark',
  print: (i) => ` connmark match ${i.inverted ? '!' : ''}${markWithMask(i.mark, i.mask)}`,
  nft: (i) => nft('ct mark', i),
  kernel: {
    name: 'connmark',
    matches(i, p) {
      const ct = p.skb.ct as Conn | null;
      return ct !== null && ((ct.mark & i.mask) >>> 0 === i.mark) !== i.inverted;
    },
    added: (_i, ns, family) => holdTracking(ns, family),
    removed: (_i, ns, family) => releaseTracking(ns, family),
  },
};
