/** Links without a medium: loopback and dummy. */
import type { NetNamespace } from '../namespace';
import type { LinkKind } from '../types';
import { IFF } from '../types';
import type { Skb } from '../skb';
import { Link } from './link';
import { MAC_ZERO } from '../../wire';

/** `lo` (drivers/net/loopback.c). */
export class LoopbackLink extends Link {
  readonly kind: LinkKind = 'loopback';

  constructor(ns: NetNamespace) {
    super(ns, 'lo', 1, MAC_ZERO);
    this.flags = IFF.LOOPBACK;
    this.broadcast = MAC_ZERO;
    this.mtu = 65536;
    this.minMtu = 0;
    this.maxMtu = 0;
  }

  override get netnsImmutable(): boolean {
    return true;
  }

  override xmit(skb: Skb): void {
    const { stats } = this;
    // Its connection stays with it: what was translated on the way out is not looked up again on the way in.
    if (!this.ns.softnet.enqueue(skb, this)) {
      this.dropTx(skb, 'CPU_BACKLOG');
      return;
    }
    // loopback_xmit counts after eth_type_trans: without the Ethernet header.
    stats.txPackets++;
    stats.txBytes += skb.length;
    stats.rxPackets++;
    stats.rxBytes += skb.length;
  }
}

/** `dummy` (drivers/net/dummy.c): swallows everything. */
export class DummyLink extends Link {
  readonly kind: LinkKind = 'dummy';

  constructor(ns: NetNamespace, name: string, index: number, mac: string) {
    super(ns, name, index, mac);
    this.flags = IFF.BROADCAST | IFF.NOARP;
    this.tsoMaxSize = 65536;
    this.minMtu = 0;
    this.maxMtu = 0;
  }

  override xmit(skb: Skb): void {
    this.stats.txPackets++;
    this.stats.txBytes += skb.frameLength;
    this.ns.drop(skb, 'NOT_SPECIFIED', this.name);
  }
}
