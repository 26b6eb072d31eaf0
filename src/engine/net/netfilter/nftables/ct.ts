/** `ct KEY`: what conntrack knows of a packet's connection (net/netfilter/nft_ct.c). */
import { CTINFO, DIR } from '../../conntrack/conn';
import type { Conn } from '../../conntrack/conn';
import type { PktInfo } from '../pktinfo';
import type { Operand, Scalar } from './model';
import { ip6Key } from './values';
import type { Getter } from './operands';

/** `ct state` of a packet: the bit of its state (NF_CT_STATE_BIT). */
export function ctStateBit(p: PktInfo): number {
  const { skb } = p;
  if (skb.ct === null) return skb.ctInfo === CTINFO.UNTRACKED ? 64 : 1;
  switch (skb.ctInfo) {
    case CTINFO.ESTABLISHED:
    case CTINFO.ESTABLISHED_REPLY:
      return 2;
    case CTINFO.RELATED:
    case CTINFO.RELATED_REPLY:
      return 4;
    case CTINFO.NEW:
      return 8;
    case CTINFO.UNTRACKED:
      return 64;
    default:
      return 1;
  }
}

/** CT_STATUS as the kernel's status word has the same bits. */
export function ctGetter(o: Extract<Operand, { kind: 'ct' }>): Getter {
  if (o.key === 'state') return ctStateBit;
  const of =
    (f: (c: Conn, p: PktInfo) => Scalar | undefined): Getter =>
    (p) =>
      p.skb.ct === null ? undefined : f(p.skb.ct as Conn, p);
  const d = o.dir === 'reply' ? DIR.REPLY : DIR.ORIGINAL;
  const tuple = (c: Conn) => (o.dir === 'reply' ? c.reply : c.original);
  const address = (a: number | string): Scalar => (typeof a === 'number' ? a : ip6Key(a));
  switch (o.key) {
    case 'direction':
      return of((_, p) => (p.skb.ctInfo >= 3 && p.skb.ctInfo < 7 ? 1 : 0));
    case 'status':
      return of((c) => c.status);
    case 'mark':
      return of((c) => c.mark >>> 0);
    case 'zone':
      return of((c) => c.zone);
    case 'id':
      return of((c) => c.id);
    case 'expiration':
      return of((c, p) => Math.max(0, Math.floor((c.expires - p.ns.now) / 1000)));
    case 'l3proto':
      return of((c) => (c.original.family === 'inet' ? 2 : 10));
    case 'protocol':
      return of((c) => c.original.protocol);
    case 'saddr':
      return of((c) => address(tuple(c).src));
    case 'daddr':
      return of((c) => address(tuple(c).dst));
    case 'proto-src':
      return of((c) => tuple(c).sport);
    case 'proto-dst':
      return of((c) => tuple(c).dport);
    case 'packets':
      return of((c) => (o.dir === undefined ? c.packets[0] + c.packets[1] : c.packets[d]));
    case 'bytes':
      return of((c) => (o.dir === undefined ? c.bytes[0] + c.bytes[1] : c.bytes[d]));
    case 'avgpkt':
      return of((c) => {
        const n = o.dir === undefined ? c.packets[0] + c.packets[1] : c.packets[d];
        const b = o.dir === undefined ? c.bytes[0] + c.bytes[1] : c.bytes[d];
        return n === 0 ? 0 : Math.floor(b / n);
      });
    case 'helper':
      return of(() => '');
    case 'label':
      return of(() => 0);
    default:
      return () => undefined;
  }
}
