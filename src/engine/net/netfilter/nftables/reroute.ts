/** Chains of type route: a packet of the machine itself is routed again when what routing looks at has changed. */
import { routeMeHarder } from '../../conntrack/reroute';
import type { PktInfo } from '../pktinfo';

/**
 * Remembers what routing looks at (nft_chain_route). @returns a function that routes again if it changed
 * (ip_route_me_harder); false: there is no route, drop.
 */
export function rerouteAfter(before: PktInfo): (p: PktInfo) => boolean {
  const q = before.skb.payload;
  const { mark } = before.skb;
  return (p) => {
    const now = p.skb.payload;
    if (now.kind === 'ipv4' && q.kind === 'ipv4') {
      if (now.src === q.src && now.dst === q.dst && now.tos === q.tos && p.skb.mark === mark) return true;
      return routeMeHarder(p.ns, p.skb);
    }
    if (now.kind === 'ipv6' && q.kind === 'ipv6') {
      if (now.src === q.src && now.dst === q.dst && p.skb.mark === mark) return true;
      return routeMeHarder(p.ns, p.skb);
    }
    return true;
  };
}
