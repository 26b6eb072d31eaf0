/** -m quota: matches until so many bytes have passed (net/netfilter/xt_quota.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';

/** struct xt_quota_info; what is left is the rule's own and never printed. */
export interface QuotaInfo {
  quota: number;
  left: number;
  inverted: boolean;
}

/** The extension. */
export const quota: XtMatchExtension<QuotaInfo> = {
  kind: 'match',
  name: 'quota',
  revision: 0,
  options: [{ name: 'quota', type: 'uint', invert: true, mandatory: true, max: Number.MAX_SAFE_INTEGER }],
  make: () => ({ quota: 0, left: 0, inverted: false }),
  parse(i, _option, value, inverted) {
    i.quota = value.number;
    i.left = value.number;
    i.inverted = inverted;
  },
  print: (i) => ` quota: ${i.inverted ? '!' : ''}${i.quota} bytes`,
  save: (i) => `${not(i.inverted)} --quota ${i.quota}`,
  nft: (i) => `quota ${i.inverted ? 'over ' : ''}${i.quota} bytes`,
  kernel: {
    name: 'quota',
    matches(i, p) {
      // "we do not allow even small packets from now on"
      if (i.left >= p.skb.length) {
        i.left -= p.skb.length;
        return !i.inverted;
      }
      i.left = 0;
      return i.inverted;
    },
  },
};
