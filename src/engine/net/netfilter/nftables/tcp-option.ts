/** TCP options in rules: `tcp option maxseg size` and its like (net/netfilter/nft_exthdr.c). */
import { makeTcpOptions } from '../../../wire';
import type { TcpSegment } from '../../../wire';
import type { PktInfo } from '../pktinfo';
import type { Getter } from './operands';

function tcpOf(p: PktInfo): TcpSegment | undefined {
  const q = p.skb.payload;
  if ((q.kind !== 'ipv4' && q.kind !== 'ipv6') || q.payload.kind !== 'tcp') return undefined;
  return q.payload;
}

/** A getter for an option's field, or for whether it is there. */
export function tcpOption(option: string, field: string | undefined): Getter {
  return (p) => {
    const t = tcpOf(p);
    if (t === undefined) return undefined;
    const o = t.options;
    let value: number | undefined;
    switch (option) {
      case 'maxseg':
        value =
          field === undefined || field === 'size'
            ? o?.mss
            : field === 'length'
              ? o?.mss === undefined
                ? undefined
                : 4
              : 2;
        break;
      case 'window':
        value = field === undefined || field === 'count' ? o?.wscale : o?.wscale === undefined ? undefined : 3;
        break;
      case 'sack-perm':
      case 'sack-permitted':
        value = o?.sackPermitted === true ? 2 : undefined;
        break;
      case 'sack':
        value = o?.sack === undefined ? undefined : 2 + 8 * o.sack.length;
        break;
      case 'timestamp':
        value =
          o?.timestamps === undefined
            ? undefined
            : field === 'tsval'
              ? o.timestamps.val
              : field === 'tsecr'
                ? o.timestamps.ecr
                : 10;
        break;
      default:
    }
    if (field === undefined) return value === undefined ? 0 : 1;
    return value;
  };
}

/** Writes an option that is there; an MSS can only become smaller (nft_exthdr_tcp_set_eval). */
export function setTcpOption(p: PktInfo, option: string, field: string | undefined, value: number): void {
  const t = tcpOf(p);
  const q = p.skb.payload;
  if (t === undefined || t.options === undefined || (q.kind !== 'ipv4' && q.kind !== 'ipv6')) return;
  if (option !== 'maxseg' || field !== 'size' || t.options.mss === undefined || value >= t.options.mss) return;
  p.skb.setPayload({ ...q, payload: { ...t, options: makeTcpOptions({ ...t.options, mss: value }) } });
}
