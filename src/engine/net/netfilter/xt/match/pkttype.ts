/** -m pkttype: to whom the frame was addressed (net/netfilter/xt_pkttype.c). */
import { isMulticast4, isMulticast6 } from '../../../../wire';
import { PACKET } from '../../../skb';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { destinationOf } from '../packet';
import { XtProblem } from '../problem';

const NAMES = ['unicast', 'broadcast', 'multicast'];

/** struct xt_pkttype_info */
export interface PkttypeInfo {
  type: number;
  inverted: boolean;
}

/** The extension. */
export const pkttype: XtMatchExtension<PkttypeInfo> = {
  kind: 'match',
  name: 'pkttype',
  revision: 0,
  options: [{ name: 'pkt-type', type: 'string', invert: true, mandatory: true }],
  make: () => ({ type: PACKET.HOST, inverted: false }),
  parse(i, _option, value, inverted) {
    const lower = value.text.toLowerCase();
    const at = lower === 'bcast' ? 1 : lower === 'mcast' ? 2 : NAMES.findIndex((n) => n.startsWith(lower));
    if (at < 0 || lower === '') throw new XtProblem(`Bad packet type '${value.text}'`);
    i.type = at;
    i.inverted = inverted;
  },
  print: (i) => ` PKTTYPE ${i.inverted ? '!' : ''}= ${NAMES[i.type]}`,
  save: (i) => `${not(i.inverted)} --pkt-type ${NAMES[i.type]}`,
  nft: (i) => `pkttype ${i.inverted ? '!= ' : ''}${NAMES[i.type]}`,
  kernel: {
    name: 'pkttype',
    matches(i, p) {
      let type = p.skb.pktType;
      if (p.skb.inDev === null || p.skb.inDev.isLoopback) {
        const dst = destinationOf(p);
        const multicast = typeof dst === 'number' ? isMulticast4(dst) : isMulticast6(dst);
        type = multicast
          ? PACKET.MULTICAST
          : typeof dst === 'number' && dst === 0xffffffff
            ? PACKET.BROADCAST
            : PACKET.HOST;
      }
      return (type === i.type) !== i.inverted;
    },
  },
};
