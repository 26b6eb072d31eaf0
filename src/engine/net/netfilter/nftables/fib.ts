/** The fib expression: what routing knows of a packet's addresses (net/ipv4/netfilter/nft_fib_ipv4.c). */
import { isMulticast4, isMulticast6 } from '../../../wire';
import type { PktInfo } from '../pktinfo';
import { HOOK } from '../hook-table';
import type { Getter } from './operands';
import type { Operand } from './model';

/** Route types as nft numbers them (RTN_*). */
export const FIB_TYPES: Readonly<Record<string, number>> = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
};

function typeOf(p: PktInfo, saddr: boolean, device: boolean): number {
  const q = p.skb.payload;
  const { ns } = p;
  const link = p.hook === HOOK.OUTPUT || p.hook === HOOK.POSTROUTING ? p.output : p.input;
  if (q.kind === 'ipv4') {
    const a = saddr ? q.src : q.dst;
    if (a === 0) return 3;
    if (a === 0xffffffff) return 3;
    if (isMulticast4(a)) return 5;
    const type = ns.addrs.type4(a);
    if (type === 'local' && device) {
      // `fib daddr . iif type`: local only if it is this link's address.
      if (link !== null && !link.ip4.addresses.some((x) => x.local === a)) return 1;
    }
    return FIB_TYPES[type] ?? FIB_TYPES[ns.fib.addressType(a)] ?? 1;
  }
  if (q.kind === 'ipv6') {
    const a = saddr ? q.src : q.dst;
    if (isMulticast6(a)) return 5;
    if (ns.addrs.isLocal6(a)) {
      if (device && link !== null && !(link.ip6?.addresses.some((x) => x.local === a) ?? false)) return 1;
      return 2;
    }
    return 1;
  }
  return 0;
}

/** Index of the link that a route to the address leaves by; 0 without a route. */
function linkOf(p: PktInfo, saddr: boolean, device: boolean, mark: boolean): number {
  const q = p.skb.payload;
  const { ns } = p;
  if (q.kind === 'ipv4') {
    const a = saddr ? q.src : q.dst;
    if (a === 0 || ns.addrs.type4(a) === 'local') return saddr && p.input?.isLoopback === true ? p.input.index : 0;
    const out = ns.ip4.routing.output(a, 0, device ? p.input : null, mark ? p.skb.mark : 0);
    if (typeof out === 'string') return 0;
    return device && p.input !== null && out.link !== p.input ? 0 : out.link.index;
  }
  if (q.kind === 'ipv6') {
    const a = saddr ? q.src : q.dst;
    const out = ns.ip6.routing.output(a, undefined, device ? p.input : null, mark ? p.skb.mark : 0);
    if (typeof out === 'string') return 0;
    return device && p.input !== null && out.link !== p.input ? 0 : out.link.index;
  }
  return 0;
}

/** A getter for `fib ...`. */
export function fib(o: Extract<Operand, { kind: 'fib' }>): Getter {
  const saddr = o.flags.includes('saddr');
  const device = o.flags.includes('iif') || o.flags.includes('oif');
  const mark = o.flags.includes('mark');
  switch (o.result) {
    case 'type':
      return (p) => typeOf(p, saddr, device);
    case 'oif':
      return (p) => linkOf(p, saddr, device, mark);
    case 'check':
      return (p) => (linkOf(p, saddr, device, mark) === 0 ? 0 : 1);
    case 'oifname':
      return (p) => {
        const index = linkOf(p, saddr, device, mark);
        return index === 0 ? '' : (p.ns.links.get(index)?.name ?? '');
      };
  }
}
