import { ETHERNET_HEADER } from '../../wire';
import type { LinkKind } from '../types';
import type { Skb } from '../skb';
import { Link } from './link';

/** One end of a virtual cable (drivers/net/veth.c). */
export class VethLink extends Link {
  readonly kind: LinkKind = 'veth';
  peer: VethLink | null = null;

  override get lower(): Link | null {
    return this.peer;
  }

  override onOpen(): void {
    const { peer } = this;
    if (peer?.up) {
      this.setCarrier(true);
      peer.setCarrier(true);
    }
  }

  override onClose(): void {
    this.setCarrier(false);
    this.peer?.setCarrier(false);
  }

  override xmit(skb: Skb): void {
    const { peer } = this;
    if (peer === null || !peer.up) {
      this.dropTx(skb, 'NOT_SPECIFIED');
      return;
    }
    const length = skb.frameLength;
    // is_skb_forwardable: longer than the peer's MTU allows (VLAN tag included) is not received.
    if (length > peer.mtu + ETHERNET_HEADER + 4) {
      peer.stats.rxDropped++;
      skb.lost = true;
      this.dropTx(skb, 'PKT_TOO_BIG');
      return;
    }
    const { stats } = this;
    skb.scrub(peer.ns !== this.ns);
    if (!peer.ns.softnet.enqueue(skb, peer)) {
      skb.lost = true;
      this.dropTx(skb, 'CPU_BACKLOG');
      return;
    }
    stats.txPackets++;
    stats.txBytes += length;
    peer.stats.rxPackets++;
    peer.stats.rxBytes += length;
  }
}
