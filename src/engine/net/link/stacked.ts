/** What macvlan and ipvlan have in common: several links on one link below, which takes their frames for them. */
import { Errno } from '../../core';
import type { Mac } from '../../wire';
import { isMulticastMac } from '../../wire';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import { Link } from './link';

/** What the link below has while it carries others: it exists as long as one of them does. */
export interface SharedPort {
  readonly links: Link[];
}

/** A link on `below`, with its MTU, its carrier and its groups. Subclasses say what crosses. */
export abstract class StackedLink<P extends SharedPort> extends Link {
  /**
   * @param on the port that it shares with the others on `below`
   * @param ports where the kind keeps its ports; the last link takes the port along
   */
  constructor(
    ns: NetNamespace,
    name: string,
    index: number,
    mac: Mac,
    readonly below: Link,
    protected readonly on: P,
    private readonly ports: WeakMap<Link, P>,
  ) {
    super(ns, name, index, mac);
    this.mtu = below.mtu;
    this.tsoMaxSize = below.tsoMaxSize;
    this.carrier = below.carrier;
  }

  override get lower(): Link {
    return this.below;
  }

  /** Counts a frame that has come in. */
  count(skb: Skb): void {
    this.stats.rxPackets++;
    this.stats.rxBytes += skb.frameLength;
    if (isMulticastMac(skb.dst)) this.stats.multicast++;
  }

  /** Groups of the link are groups of the one below while it is up. */
  override joinGroup(mac: Mac): void {
    const first = !this.multicast.has(mac);
    super.joinGroup(mac);
    if (first && this.up) this.below.joinGroup(mac);
  }

  override leaveGroup(mac: Mac): void {
    const had = this.multicast.has(mac);
    super.leaveGroup(mac);
    if (had && this.up && !this.multicast.has(mac)) this.below.leaveGroup(mac);
  }

  override onUnregister(): void {
    const { below, on } = this;
    const at = below.uppers.indexOf(this);
    if (at >= 0) below.uppers.splice(at, 1);
    const own = on.links.indexOf(this);
    if (own >= 0) on.links.splice(own, 1);
    if (on.links.length === 0) {
      this.ports.delete(below);
      below.rxHandler = null;
    }
  }

  override checkMtu(mtu: number): void {
    if (mtu > this.below.mtu) throw new Errno('EINVAL');
  }
}
