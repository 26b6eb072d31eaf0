/** -m mac (net/netfilter/xt_mac.c). */
import { HOOK } from '../../hook-table';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';

/** struct xt_mac_info */
export interface MacInfo {
  mac: string;
  inverted: boolean;
}

/** The extension. */
export const mac: XtMatchExtension<MacInfo> = {
  kind: 'match',
  name: 'mac',
  revision: 0,
  options: [{ name: 'mac-source', type: 'mac', invert: true, mandatory: true }],
  make: () => ({ mac: '', inverted: false }),
  parse(i, _option, value, inverted) {
    i.mac = value.mac;
    i.inverted = inverted;
  },
  print: (i) => ` MAC${not(i.inverted)} ${i.mac}`,
  save: (i) => `${not(i.inverted)} --mac-source ${i.mac}`,
  nft: (i) => `ether saddr ${i.inverted ? '!= ' : ''}${i.mac}`,
  kernel: {
    name: 'mac',
    matches: (i, p) =>
      p.skb.inDev !== null && !p.skb.inDev.isLoopback && p.skb.src !== '' && (p.skb.src === i.mac) !== i.inverted,
    check: (_i, place) =>
      place.hooks & ~((1 << HOOK.PREROUTING) | (1 << HOOK.INPUT) | (1 << HOOK.FORWARD)) ? 'EINVAL' : undefined,
  },
};
