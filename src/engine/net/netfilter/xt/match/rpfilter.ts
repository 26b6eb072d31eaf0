/** -m rpfilter: does the route back to the sender leave by the interface the packet came in by (ipt_rpfilter.c)? */
import type { Ip4, Ip6 } from '../../../../wire';
import { isMulticast4 } from '../../../../wire';
import { HOOK } from '../../hook-table';
import type { PktInfo } from '../../pktinfo';
import type { XtMatchExtension } from '../command-line';
import { destinationOf, sourceOf } from '../packet';

/** struct xt_rpfilter_info */
export interface RpfilterInfo {
  loose: boolean;
  validmark: boolean;
  acceptLocal: boolean;
  invert: boolean;
}

function passes(i: RpfilterInfo, p: PktInfo): boolean {
  const { ns, input, skb } = p;
  if (input === null || input.isLoopback) return true;
  const src = sourceOf(p);
  if (typeof src === 'number') {
    const dst = destinationOf(p) as Ip4;
    if (src === 0 && (isMulticast4(dst) || dst === 0xffffffff)) return true;
    if (ns.addrs.isLocal4(src)) return i.acceptLocal;
    const out = ns.ip4.routing.output(src as Ip4, 0, null, i.validmark ? skb.mark : 0);
    return typeof out !== 'string' && out.type === 'unicast' && (i.loose || out.link === input);
  }
  if (ns.addrs.isLocal6(src)) return i.acceptLocal;
  const out = ns.ip6.routing.output(src as Ip6, undefined, i.loose ? null : input, i.validmark ? skb.mark : 0);
  return typeof out !== 'string' && out.type === 'unicast' && (i.loose || out.link === input);
}

function words(i: RpfilterInfo, prefix: string): string {
  let out = '';
  if (i.loose) out += ` ${prefix}loose`;
  if (i.validmark) out += ` ${prefix}validmark`;
  if (i.acceptLocal) out += ` ${prefix}accept-local`;
  if (i.invert) out += ` ${prefix}invert`;
  return out;
}

/** The extension. */
export const rpfilter: XtMatchExtension<RpfilterInfo> = {
  kind: 'match',
  name: 'rpfilter',
  revision: 0,
  options: ['loose', 'validmark', 'accept-local', 'invert'].map((name) => ({ name, type: 'none' as const })),
  make: () => ({ loose: false, validmark: false, acceptLocal: false, invert: false }),
  parse(i, option) {
    if (option === 'accept-local') i.acceptLocal = true;
    else i[option as 'loose' | 'validmark' | 'invert'] = true;
  },
  print: (i) => ` rpfilter${words(i, '')}`,
  save: (i) => words(i, '--'),
  nft(i) {
    return `${i.acceptLocal ? 'fib saddr type != local ' : ''}fib saddr . ${i.validmark ? 'mark' : 'iif'} oif ${i.invert ? '' : '!= '}0`;
  },
  kernel: {
    name: 'rpfilter',
    matches: (i, p) => passes(i, p) !== i.invert,
    check: (_i, place) =>
      (place.table !== 'raw' && place.table !== 'mangle') || place.hooks & ~(1 << HOOK.PREROUTING)
        ? 'EINVAL'
        : undefined,
  },
};
