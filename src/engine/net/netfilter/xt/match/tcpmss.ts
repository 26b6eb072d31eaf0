/** -m tcpmss (net/netfilter/xt_tcpmss.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { transportOf } from '../packet';
import { formatRange } from '../values';

/** struct xt_tcpmss_match_info */
export interface TcpmssMatchInfo {
  range: readonly [number, number];
  inverted: boolean;
}

/** The extension. */
export const tcpmss: XtMatchExtension<TcpmssMatchInfo> = {
  kind: 'match',
  name: 'tcpmss',
  revision: 0,
  options: [{ name: 'mss', type: 'uintrange', invert: true, mandatory: true, max: 65535 }],
  make: () => ({ range: [0, 65535], inverted: false }),
  parse(i, _option, value, inverted) {
    i.range = value.range;
    i.inverted = inverted;
  },
  print: (i) => ` tcpmss match ${i.inverted ? '!' : ''}${formatRange(...i.range)}`,
  save: (i) => `${not(i.inverted)} --mss ${formatRange(...i.range)}`,
  nft: (i) =>
    `tcp option maxseg size ${i.inverted ? '!= ' : ''}${i.range[0] === i.range[1] ? i.range[0] : i.range.join('-')}`,
  kernel: {
    name: 'tcpmss',
    matches(i, p) {
      const t = transportOf(p);
      const mss = t?.kind === 'tcp' ? t.options?.mss : undefined;
      if (mss === undefined) return i.inverted;
      return (mss >= i.range[0] && mss <= i.range[1]) !== i.inverted;
    },
    check: (_i, place) => (place.protocol === 6 && !place.protocolInverted ? undefined : 'EINVAL'),
  },
};
