/** -j CHECKSUM (net/netfilter/xt_CHECKSUM.c): checksums are always right here; it only counts. */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';

/** The extension. */
export const checksum: XtTargetExtension<object> = {
  kind: 'target',
  name: 'CHECKSUM',
  revision: 0,
  options: [{ name: 'checksum-fill', type: 'none', mandatory: true }],
  make: () => ({}),
  print: () => ' CHECKSUM fill',
  save: () => ' --checksum-fill',
  nft: () => undefined,
  kernel: {
    name: 'CHECKSUM',
    run: () => VERDICT.CONTINUE,
    check: (_i, place) => (place.table === 'mangle' ? undefined : 'EINVAL'),
  },
};
