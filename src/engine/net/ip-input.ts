/** What IPv4 and IPv6 do alike with packets that come in. */
import type { Link } from './link/link';
import type { Skb } from './skb';

/** ipvlan_nf_input: a packet that one namespace has received and filtered goes on at a link of another one. */
export function handOver(skb: Skb, owner: Link): void {
  skb.dev = owner;
  skb.inDev = owner;
  owner.stats.rxPackets++;
  owner.stats.rxBytes += skb.frameLength;
}
