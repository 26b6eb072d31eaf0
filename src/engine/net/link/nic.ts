import type { CableEnd } from '../cable';
import { completeChecksum } from '../ipv4/fragment';
import type { LinkKind } from '../types';
import type { Skb } from '../skb';
import { Link } from './link';

/** The card fills in the checksum that the kernel left to it. */
function fillChecksum(skb: Skb): void {
  const { payload } = skb;
  if (payload.kind !== 'ipv4' && payload.kind !== 'ipv6') return;
  const transport = payload.payload;
  const whole = completeChecksum(transport);
  if (whole !== transport) skb.payload = { ...payload, payload: whole };
}

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
    fillChecksum(skb);
    plug.transmit(skb);
  }

  /** A frame comes out of the cable. */
  arrive(skb: Skb): void {
    if (!this.up) {
      this.ns.drop(skb, 'DEV_READY', this.name);
      return;
    }
    this.stats.rxPackets++;
    this.stats.rxBytes += skb.frameLength;
    if (!this.ns.softnet.enqueue(skb, this)) {
      this.stats.rxMissed++;
      this.ns.drop(skb, 'CPU_BACKLOG', this.name);
    }
  }
}
