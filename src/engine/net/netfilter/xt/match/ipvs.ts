/** -m ipvs: packets that IPVS has handled (net/netfilter/xt_ipvs.c); of its options, the property itself. */
import { ipvsProperty } from '../../../ipvs/property';
import type { XtMatchExtension } from '../command-line';
import { XtProblem } from '../problem';

/** struct xt_ipvs_mtinfo, as far as it is simulated. */
export interface IpvsInfo {
  ipvs: boolean;
  inverted: boolean;
}

/** The extension. */
export const ipvs: XtMatchExtension<IpvsInfo> = {
  kind: 'match',
  name: 'ipvs',
  revision: 0,
  options: [
    { name: 'ipvs', type: 'none', invert: true },
    ...['vproto', 'vaddr', 'vport', 'vdir', 'vmethod', 'vportctl'].map((name) => ({ name, type: 'string' as const })),
  ],
  make: () => ({ ipvs: false, inverted: false }),
  parse(i, option, _value, inverted) {
    if (option !== 'ipvs') throw new XtProblem(`not simulated in this course: -m ipvs --${option}`);
    i.ipvs = true;
    i.inverted = inverted;
  },
  print: (i) => ` ${i.inverted ? '! ' : ''}ipvs`,
  save: (i) => ` ${i.inverted ? '! ' : ''}--ipvs`,
  kernel: {
    name: 'ipvs',
    matches: (i, p) => ipvsProperty.has(p.skb) !== i.inverted,
  },
};
