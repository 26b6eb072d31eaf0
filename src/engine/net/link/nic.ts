import type { CableEnd } from '../cable';
import type { LinkKind } from '../types';
import type { Skb } from '../skb';
import { Link } from './link';

/** A physical Ethernet card. Its carrier is the cable. */
export class NicLink extends Link {
  readonly kind: LinkKind = 'nic';
  /** What is plugged in. */
  plug: CableEnd | null = null;
  override carrier = false;

  override get queueless(): boolean {
    return false;
  }

  override onOpen(): void {
    this.setCarrier(this.plug !== null && this.plug.connected);
    if (this.carrier) this.updateOperstate();
  }

  override onClose(): void {
    this.setCarrier(false);
  }

  override xmit(skb: Skb): void {
    const { plug } = this;
    if (plug === null || !plug.connected) {
      this.stats.txCarrier++;
      this.dropTx(skb, 'NOT_SPECIFIED');
      return;
    }
    this.stats.txPackets++;
    this.stats.txBytes += skb.frameLength;
    skb.scrub(true);
    plug.transmit(skb);
  }

  /** A frame comes out of the cable. */
  arrive(skb: Skb): void {
    if (!this.up) return;
    this.stats.rxPackets++;
    this.stats.rxBytes += skb.frameLength;
    if (!this.ns.softnet.enqueue(skb, this)) {
      this.stats.rxMissed++;
      this.ns.drop(skb, 'CPU_BACKLOG', this.name);
    }
  }
}
