/** -m ecn: the bits of explicit congestion notification (net/netfilter/xt_ecn.c, extensions/libxt_ecn.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { transportOf } from '../packet';
import { XtProblem } from '../problem';
import { dsField } from './tos';

/** struct xt_ecn_info: what is asked for, and whether it is inverted. */
export interface EcnInfo {
  ect: { readonly value: number; readonly inverted: boolean } | undefined;
  cwr: { readonly inverted: boolean } | undefined;
  ece: { readonly inverted: boolean } | undefined;
}

const mark = (o: { readonly inverted: boolean }): string => (o.inverted ? ' !' : ' ');

/** The extension. */
export const ecn: XtMatchExtension<EcnInfo> = {
  kind: 'match',
  name: 'ecn',
  revision: 0,
  options: [
    { name: 'ecn-tcp-cwr', type: 'none', invert: true },
    { name: 'ecn-tcp-ece', type: 'none', invert: true },
    { name: 'ecn-ip-ect', type: 'uint', invert: true, max: 3 },
  ],
  make: () => ({ ect: undefined, cwr: undefined, ece: undefined }),
  parse(i, option, value, inverted) {
    if (option === 'ecn-ip-ect') i.ect = { value: value.number, inverted };
    else if (option === 'ecn-tcp-cwr') i.cwr = { inverted };
    else i.ece = { inverted };
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('ECN match: some option required');
  },
  print: (i) =>
    ' ECN match' +
    (i.ece ? `${mark(i.ece)}ECE` : '') +
    (i.cwr ? `${mark(i.cwr)}CWR` : '') +
    (i.ect ? `${mark(i.ect)}ECT=${i.ect.value}` : ''),
  save: (i) =>
    (i.ece ? `${not(i.ece.inverted)} --ecn-tcp-ece` : '') +
    (i.cwr ? `${not(i.cwr.inverted)} --ecn-tcp-cwr` : '') +
    (i.ect ? `${not(i.ect.inverted)} --ecn-ip-ect ${i.ect.value}` : ''),
  nft: () => undefined,
  kernel: {
    name: 'ecn',
    matches(i, p) {
      if (i.ect && ((dsField(p) & 3) === i.ect.value) === i.ect.inverted) return false;
      if (!i.cwr && !i.ece) return true;
      const tcp = transportOf(p);
      if (tcp?.kind !== 'tcp') return false;
      const bit = (flag: number): boolean => (tcp.flags & flag) !== 0;
      return (!i.cwr || bit(0x80) !== i.cwr.inverted) && (!i.ece || bit(0x40) !== i.ece.inverted);
    },
    check: (i, place) => ((i.cwr || i.ece) && place.protocol !== 6 ? 'EINVAL' : undefined),
  },
};
