/** Where netfilter hangs in: five hooks for IPv4, IPv6 and bridged frames, and two for ARP. */
import type { Link } from './link/link';
import type { Skb } from './skb';

/** What a hook says: go on, forget the packet, or "I have taken it". */
export const NF = { DROP: 0, ACCEPT: 1, STOLEN: 2 } as const;

/** Netfilter of one namespace. A hook may change `skb` (payload, mark, ct). */
export interface Netfilter {
  /** IPv4 and IPv6; the family is that of `skb.payload`. `in` and `out` are null where there is none. */
  prerouting(skb: Skb, input: Link): number;
  input(skb: Skb, input: Link): number;
  forward(skb: Skb, input: Link, output: Link): number;
  output(skb: Skb, output: Link): number;
  postrouting(skb: Skb, input: Link | null, output: Link): number;
  /** Frames crossing a bridge (ebtables/nft bridge, and br_netfilter's calls into the IP hooks). */
  bridge: {
    prerouting(skb: Skb, input: Link): number;
    input(skb: Skb, input: Link): number;
    forward(skb: Skb, input: Link, output: Link): number;
    output(skb: Skb, output: Link): number;
    postrouting(skb: Skb, output: Link): number;
  } | null;
  arp: {
    input(skb: Skb, input: Link): number;
    output(skb: Skb, output: Link): number;
  } | null;
}
