/** skb->ipvs_property: packets that IPVS has handled. Apart from the rest, so that `-m ipvs` needs nothing else. */
import type { Skb } from '../skb';

/** Packets IPVS sent on or answered for; it does not look at them again, and `iptables -m ipvs --ipvs` matches them. */
export const ipvsProperty = new WeakSet<Skb>();
