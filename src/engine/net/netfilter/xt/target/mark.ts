/** -j MARK (net/netfilter/xt_mark.c, extensions/libxt_MARK.c). */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { XtProblem } from '../problem';
import { hex } from '../values';

/** struct xt_mark_tginfo2: mark = (mark & ~mask) ^ mark */
export interface MarkTargetInfo {
  mark: number;
  mask: number;
}

/** `and 0x1`, `or 0x1`, `xor 0x1`, `set 0x1` or `xset 0x1/0xf`. */
export function describeMark(mark: number, mask: number): string {
  if (mark === 0) return `and ${hex(~mask)}`;
  if (mark === mask) return `or ${hex(mark)}`;
  if (mask === 0) return `xor ${hex(mark)}`;
  if (mask === 0xffffffff) return `set ${hex(mark)}`;
  return `xset ${hex(mark)}/${hex(mask)}`;
}

/** Sets mark and mask from one of the four spellings of `--*-mark`. */
export function parseMarkOption(option: string, mark: number, mask: number, bits: number): [number, number] {
  switch (option) {
    case 'set-mark':
      return [mark, (mark | mask) >>> 0];
    case 'and-mark':
      return [0, ~bits >>> 0];
    case 'or-mark':
      return [bits, bits];
    case 'xor-mark':
      return [bits, 0];
    default:
      return [mark, mask];
  }
}

/** The extension. */
export const markTarget: XtTargetExtension<MarkTargetInfo> = {
  kind: 'target',
  name: 'MARK',
  revision: 2,
  options: [
    { name: 'set-xmark', type: 'markmask' },
    { name: 'set-mark', type: 'markmask' },
    { name: 'and-mark', type: 'uint' },
    { name: 'or-mark', type: 'uint' },
    { name: 'xor-mark', type: 'uint' },
  ],
  make: () => ({ mark: 0, mask: 0 }),
  parse(i, option, v) {
    [i.mark, i.mask] = parseMarkOption(option, v.mark, v.mask, v.number);
  },
  finish(_i, c) {
    if (c.seen.size === 0)
      throw new XtProblem('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required');
    if (c.seen.size > 1)
      throw new XtProblem('MARK: Only one of the --set-xmark, --{and,or,xor,set}-mark options can be used');
  },
  print: (i) => ` MARK ${describeMark(i.mark, i.mask)}`,
  save: (i) => ` --set-xmark ${hex(i.mark)}/${hex(i.mask)}`,
  nft(i) {
    const { mark, mask } = i;
    if (mask === 0xffffffff) return `meta mark set ${hex(mark)}`;
    if (mark === 0) return `meta mark set mark and ${hex(~mask)}`;
    if (mark === mask) return `meta mark set mark or ${hex(mark)}`;
    if (mask === 0) return `meta mark set mark xor ${hex(mark)}`;
    return `meta mark set mark and ${hex(~mask)} xor ${hex(mark)}`;
  },
  kernel: {
    name: 'MARK',
    run(i, p) {
      p.skb.mark = ((p.skb.mark & ~i.mask) ^ i.mark) >>> 0;
      return VERDICT.CONTINUE;
    },
  },
};
