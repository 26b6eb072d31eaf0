/** Routing a local packet again after its addresses or mark were changed (ip_route_me_harder, ip6_route_me_harder). */
import type { Ipv4Packet } from '../../wire';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';

/**
 * Gives a packet at OUTPUT the route its destination, source and mark have now; the sender continues with it.
 * @returns false when there is none: the packet must be dropped.
 */
export function routeMeHarder(ns: NetNamespace, skb: Skb): boolean {
  const p = skb.payload;
  if (p.kind === 'ipv4') {
    // A source that is not ours (a reset sent for somebody else) does not take part.
    const src = ns.addrs.isLocal4(p.src) ? p.src : 0;
    const out = ns.ip4.routing.output(p.dst, src, null, skb.mark, (p as Ipv4Packet).tos);
    if (typeof out === 'string') return false;
    skb.route = out.entry;
    skb.dev = out.link;
    return true;
  }
  if (p.kind === 'ipv6') {
    const out = ns.ip6.routing.output(p.dst, p.src, null, skb.mark);
    if (typeof out === 'string') return false;
    skb.route = out.entry;
    skb.dev = out.link;
    return true;
  }
  return true;
}
