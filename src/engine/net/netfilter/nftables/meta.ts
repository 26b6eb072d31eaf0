/** `meta KEY`: what is known of a packet beside its headers (net/netfilter/nft_meta.c). */
import type { Link } from '../../link/link';
import type { PktInfo } from '../pktinfo';
import type { Getter } from './operands';

function linkGetter(key: string, link: (p: PktInfo) => Link | null): Getter | undefined {
  switch (key) {
    case 'if':
      return (p) => link(p)?.index ?? 0;
    case 'ifname':
      return (p) => link(p)?.name ?? '';
    case 'iftype':
      return (p) => {
        const l = link(p);
        return l === null ? undefined : l.isLoopback ? 772 : 1;
      };
    case 'ifgroup':
      return (p) => link(p)?.group;
    case 'ifkind':
      return (p) => link(p)?.kind;
    default:
      return undefined;
  }
}

/** A getter for `meta KEY`; of an unknown key it gives undefined. */
export function metaGetter(key: string): Getter {
  if (/^[io]if/.test(key)) {
    const g = linkGetter(key.slice(1), key[0] === 'i' ? (p) => p.input : (p) => p.output);
    if (g) return g;
  }
  switch (key) {
    case 'mark':
      return (p) => p.skb.mark >>> 0;
    case 'l4proto':
      return (p) => (p.skb.payload.kind === 'ipv4' || p.skb.payload.kind === 'ipv6' ? p.l4proto : undefined);
    case 'nfproto':
      return (p) => (p.family === 'ip6' ? 10 : p.family === 'ip' ? 2 : p.family === 'bridge' ? 7 : 3);
    case 'protocol':
      return (p) => p.skb.etherType;
    case 'length':
      return (p) => p.skb.length;
    case 'pkttype':
      return (p) => p.skb.pktType;
    case 'priority':
    case 'cpu':
    case 'secmark':
    case 'rtclassid':
      return () => 0;
    case 'random':
      return (p) => p.ns.random.uint32();
    case 'nftrace':
      return (p) => p.skb.nfFlags & 1;
    case 'ibrname':
      return (p) => p.input?.master?.name;
    case 'obrname':
      return (p) => p.output?.master?.name;
    case 'sdif':
      return () => 0;
    case 'time':
      return (p) => p.ns.now * 1000;
    case 'hour':
      return (p) => Math.floor(p.ns.now / 1e6) % 86400;
    case 'day':
      return (p) => (Math.floor(p.ns.now / 86400e6) + 4) % 7;
    default:
      return () => undefined;
  }
}
