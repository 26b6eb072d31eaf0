/** -j TRACE: from here on, every rule the packet matches is told (net/netfilter/xt_TRACE.c). */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';

/** Bit of `Skb.nfFlags`: nf_trace. */
export const NF_TRACE = 1;

/** The extension. */
export const trace: XtTargetExtension<object> = {
  kind: 'target',
  name: 'TRACE',
  revision: 0,
  options: [],
  make: () => ({}),
  nft: () => 'meta nftrace set 1',
  kernel: {
    name: 'TRACE',
    run(_i, p) {
      p.skb.nfFlags |= NF_TRACE;
      return VERDICT.CONTINUE;
    },
    check: (_i, place) => (place.table === 'raw' ? undefined : 'EINVAL'),
  },
};
