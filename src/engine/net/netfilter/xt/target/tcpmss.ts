/** -j TCPMSS (net/netfilter/xt_TCPMSS.c). */
import { makeTcpOptions, tcpOptionsLength } from '../../../../wire';
import type { TcpSegment } from '../../../../wire';
import { HOOK } from '../../hook-table';
import type { PktInfo } from '../../pktinfo';
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { transportOf } from '../packet';
import { XtProblem } from '../problem';
import { rewrite } from './rewrite';

/** struct xt_tcpmss_info; undefined: what the path allows. */
export interface TcpmssInfo {
  mss: number | undefined;
}

/** Smallest MTU of the ways to and from here, less the headers (tcpmss_mangle_packet). */
function pathMss(p: PktInfo): number {
  const { skb } = p;
  const headers = p.family === 'ip6' ? 60 : 40;
  const out = p.output ?? skb.dev;
  let mtu = skb.route?.route.mtu ?? out.mtu;
  if (p.input !== null) mtu = Math.min(mtu, p.input.mtu);
  return mtu - headers;
}

function clamp(i: TcpmssInfo, p: PktInfo): void {
  const t = transportOf(p);
  if (t?.kind !== 'tcp') return;
  const mss = i.mss ?? pathMss(p);
  const old = t.options?.mss;
  if (old !== undefined && old <= mss) return;
  // Only the first segment of a connection may get an option it did not have.
  if (old === undefined && (t.payload.length > 0 || tcpOptionsLength(t.options) > 36)) return;
  const added = old === undefined ? Math.min(mss, p.family === 'ip6' ? 1220 : 536) : mss;
  const options =
    t.options === undefined ? makeTcpOptions({ mss: added }) : { ...t.options, mss: added, raw: undefined };
  const segment: TcpSegment = { ...t, options };
  rewrite(p, { payload: segment });
}

const HOOKS = (1 << HOOK.FORWARD) | (1 << HOOK.OUTPUT) | (1 << HOOK.POSTROUTING);

/** The extension. */
export const tcpmssTarget: XtTargetExtension<TcpmssInfo> = {
  kind: 'target',
  name: 'TCPMSS',
  revision: 0,
  options: [
    { name: 'set-mss', type: 'uint', max: 65535 - 40 },
    { name: 'clamp-mss-to-pmtu', type: 'none' },
  ],
  make: () => ({ mss: undefined }),
  parse(i, option, value) {
    i.mss = option === 'set-mss' ? value.number : undefined;
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('TCPMSS target: At least one parameter is required');
  },
  print: (i) => (i.mss === undefined ? ' TCPMSS clamp to PMTU' : ` TCPMSS set ${i.mss}`),
  save: (i) => (i.mss === undefined ? ' --clamp-mss-to-pmtu' : ` --set-mss ${i.mss}`),
  nft: (i) => `tcp option maxseg size set ${i.mss ?? 'rt mtu'}`,
  kernel: {
    name: 'TCPMSS',
    run(i, p) {
      clamp(i, p);
      return VERDICT.CONTINUE;
    },
    check(i, place) {
      if (i.mss === undefined && place.hooks & ~HOOKS) return 'EINVAL';
      return place.protocol === 6 && !place.protocolInverted ? undefined : 'EINVAL';
    },
  },
};
