/** -m length (net/netfilter/xt_length.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { formatRange } from '../values';

/** struct xt_length_info: bytes of the IP packet. */
export interface LengthInfo {
  range: readonly [number, number];
  inverted: boolean;
}

/** The extension. */
export const length: XtMatchExtension<LengthInfo> = {
  kind: 'match',
  name: 'length',
  revision: 0,
  options: [{ name: 'length', type: 'uintrange', invert: true, mandatory: true, max: 65535 }],
  make: () => ({ range: [0, 65535], inverted: false }),
  parse(i, _option, value, inverted) {
    i.range = value.range;
    i.inverted = inverted;
  },
  print: (i) => ` length ${i.inverted ? '!' : ''}${formatRange(...i.range)}`,
  save: (i) => `${not(i.inverted)} --length ${formatRange(...i.range)}`,
  nft: (i) => `meta length ${i.inverted ? '!= ' : ''}${i.range[0] === i.range[1] ? i.range[0] : i.range.join('-')}`,
  kernel: {
    name: 'length',
    matches: (i, p) => (p.skb.length >= i.range[0] && p.skb.length <= i.range[1]) !== i.inverted,
  },
};
