/** -j CONNMARK (net/netfilter/xt_connmark.c, extensions/libxt_CONNMARK.c). */
import type { Conn } from '../../../conntrack/conn';
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { holdTracking, releaseTracking } from '../nat';
import { XtProblem } from '../problem';
import { hex } from '../values';
import { describeMark, parseMarkOption } from './mark';

/** struct xt_connmark_tginfo2 */
export interface ConnmarkTargetInfo {
  mode: 'set' | 'save' | 'restore' | undefined;
  mark: number;
  ctmask: number;
  nfmask: number;
}

const ALL = 0xffffffff;

/** The extension. */
export const connmarkTarget: XtTargetExtension<ConnmarkTargetInfo> = {
  kind: 'target',
  name: 'CONNMARK',
  revision: 2,
  options: [
    { name: 'set-xmark', type: 'markmask' },
    { name: 'set-mark', type: 'markmask' },
    { name: 'and-mark', type: 'uint' },
    { name: 'or-mark', type: 'uint' },
    { name: 'xor-mark', type: 'uint' },
    { name: 'save-mark', type: 'none' },
    { name: 'restore-mark', type: 'none' },
    { name: 'ctmask', type: 'uint', excludes: ['mask'] },
    { name: 'nfmask', type: 'uint', excludes: ['mask'] },
    { name: 'mask', type: 'uint' },
  ],
  make: () => ({ mode: undefined, mark: 0, ctmask: ALL, nfmask: ALL }),
  parse(i, option, v) {
    switch (option) {
      case 'save-mark':
      case 'restore-mark':
        if (i.mode !== undefined)
          throw new XtProblem('CONNMARK: Only one of --set-mark, --save-mark or --restore-mark is allowed');
        i.mode = option === 'save-mark' ? 'save' : 'restore';
        return;
      case 'mask':
        i.nfmask = i.ctmask = v.number;
        return;
      case 'ctmask':
        i.ctmask = v.number;
        return;
      case 'nfmask':
        i.nfmask = v.number;
        return;
      default:
        i.mode = 'set';
        [i.mark, i.ctmask] = parseMarkOption(option, v.mark, v.mask, v.number);
    }
  },
  finish(i) {
    if (i.mode === undefined) throw new XtProblem('CONNMARK target: No operation specified');
  },
  print(i) {
    if (i.mode === 'set') return ` CONNMARK ${describeMark(i.mark, i.ctmask)}`;
    const head = ` CONNMARK ${i.mode}`;
    if (i.nfmask === ALL && i.ctmask === ALL) return head;
    if (i.nfmask === i.ctmask) return `${head} mask ${hex(i.nfmask)}`;
    return i.mode === 'save'
      ? `${head} nfmask ${hex(i.nfmask)} ctmask ~${hex(i.ctmask)}`
      : `${head} ctmask ${hex(i.ctmask)} nfmask ~${hex(i.nfmask)}`;
  },
  save(i) {
    if (i.mode === 'set') return ` --set-xmark ${hex(i.mark)}/${hex(i.ctmask)}`;
    return ` --${i.mode}-mark --nfmask ${hex(i.nfmask)} --ctmask ${hex(i.ctmask)}`;
  },
  nft(i) {
    if (i.mode === 'set') {
      const { mark, ctmask: mask } = i;
      if (mask === ALL) return `ct mark set ${hex(mark)}`;
      if (mark === 0) return `ct mark set ct mark and ${hex(~mask)}`;
      if (mark === mask) return `ct mark set ct mark or ${hex(mark)}`;
      if (mask === 0) return `ct mark set ct mark xor ${hex(mark)}`;
      return `ct mark set ct mark xor ${hex(mark)} and ${hex(~mask)}`;
    }
    if (i.nfmask !== i.ctmask) return undefined;
    const mask = i.nfmask === ALL ? '' : ` and ${hex(i.nfmask)}`;
    return i.mode === 'save' ? `ct mark set mark${mask}` : `meta mark set ct mark${mask}`;
  },
  kernel: {
    name: 'CONNMARK',
    run(i, p) {
      const ct = p.skb.ct as Conn | null;
      if (ct === null) return VERDICT.CONTINUE;
      if (i.mode === 'set') ct.mark = ((ct.mark & ~i.ctmask) ^ i.mark) >>> 0;
      else if (i.mode === 'save') ct.mark = ((ct.mark & ~i.ctmask) ^ (p.skb.mark & i.nfmask)) >>> 0;
      else p.skb.mark = ((p.skb.mark & ~i.nfmask) ^ (ct.mark & i.ctmask)) >>> 0;
      return VERDICT.CONTINUE;
    },
    added: (_i, ns, family) => holdTracking(ns, family),
    removed: (_i, ns, family) => releaseTracking(ns, family),
  },
};
