/** Replacing header fields of the packet at a hook. */
import type { Ipv4Packet, Ipv6Packet, Transport } from '../../../../wire';
import type { PktInfo } from '../../pktinfo';
import { readTransport } from '../../pktinfo';
import { ipOf } from '../packet';

/** Fields that targets change. */
export interface HeaderChange {
  readonly ttl?: number;
  readonly tos?: number;
  readonly payload?: Transport;
}

/** Puts a changed copy in the packet's place. */
export function rewrite(p: PktInfo, change: HeaderChange): void {
  const q: Ipv4Packet | Ipv6Packet = ipOf(p);
  const payload = change.payload ?? q.payload;
  p.skb.setPayload(
    q.kind === 'ipv4'
      ? { ...q, ttl: change.ttl ?? q.ttl, tos: change.tos ?? q.tos, payload }
      : { ...q, hopLimit: change.ttl ?? q.hopLimit, trafficClass: change.tos ?? q.trafficClass, payload },
  );
  readTransport(p);
}
