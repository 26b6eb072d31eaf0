/** -j CT and -j NOTRACK (net/netfilter/xt_CT.c). Zones are kept; helpers, timeouts and events are not simulated. */
import { conntrackTemplate } from '../../../conntrack';
import { CTINFO } from '../../../conntrack/conn';
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';

/** struct xt_ct_target_info_v1 */
export interface CtInfo {
  notrack: boolean;
  /** It was written as NOTRACK. */
  alias: boolean;
  zone: number;
}

/** -j CT */
export const ct: XtTargetExtension<CtInfo> = {
  kind: 'target',
  name: 'CT',
  owns: (i) => !i.alias,
  revision: 2,
  options: [
    { name: 'notrack', type: 'none' },
    { name: 'zone', type: 'uint', max: 65535 },
  ],
  make: () => ({ notrack: false, alias: false, zone: 0 }),
  parse(i, option, value) {
    if (option === 'notrack') i.notrack = true;
    else i.zone = value.number;
  },
  print: (i) => (i.alias ? ' NOTRACK' : ` CT${i.notrack ? ' notrack' : ''}${i.zone ? ` zone ${i.zone}` : ''}`),
  save: (i) => (i.alias ? '' : `${i.notrack ? ' --notrack' : ''}${i.zone ? ` --zone ${i.zone}` : ''}`),
  nft: (i) => (i.notrack ? 'notrack' : undefined),
  kernel: {
    name: 'CT',
    run(i, p) {
      if (p.skb.ct !== null) return VERDICT.CONTINUE;
      if (i.notrack) p.skb.ctInfo = CTINFO.UNTRACKED;
      else if (i.zone !== 0) p.skb.ct = conntrackTemplate(i.zone);
      return VERDICT.CONTINUE;
    },
    check: (_i, place) => (place.table === 'raw' ? undefined : 'EINVAL'),
  },
};

/** -j NOTRACK */
export const notrack: XtTargetExtension<CtInfo> = {
  ...ct,
  name: 'NOTRACK',
  realName: 'CT',
  owns: (i) => i.alias,
  options: [],
  make: () => ({ notrack: true, alias: true, zone: 0 }),
};
delete (notrack as { parse?: unknown }).parse;
