/** `type macvlan`: links with addresses of their own on one link below (drivers/net/macvlan.c). */
import { Errno } from '../../core';
import type { Mac } from '../../wire';
import { MAC_BROADCAST, isMulticastMac } from '../../wire';
import type { LinkSpec } from '../api';
import type { DeviceEvent, NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { KindData, LinkKind, MacvlanMode } from '../types';
import { IFF } from '../types';
import type { LinkKindOps } from './kinds';
import type { Link } from './link';
import { StackedLink } from './stacked';

/** What the link below has when it carries macvlans (macvlan_port). */
class MacvlanPort {
  readonly links: MacvlanLink[] = [];

  constructor(readonly lower: Link) {}

  get passthru(): boolean {
    return this.links.some((l) => l.macMode === 'passthru');
  }

  find(mac: Mac): MacvlanLink | undefined {
    return this.links.find((l) => l.up && l.mac === mac);
  }

  /** macvlan_broadcast: a copy for every link of these modes that listens to the group. */
  broadcast(skb: Skb, from: MacvlanLink | null, modes: readonly MacvlanMode[]): void {
    for (const link of this.links) {
      if (link === from || !link.up || !modes.includes(link.macMode)) continue;
      if (skb.dst !== MAC_BROADCAST && !link.multicast.has(skb.dst) && link.allmulti === 0) continue;
      const copy = link.ns.cloneSkb(skb);
      copy.scrub(true);
      link.hand(copy, true);
    }
  }

  /** macvlan_handle_frame. @returns true when the frame is not for the link below */
  receive(skb: Skb): boolean {
    if (isMulticastMac(skb.dst)) {
      const from = this.find(skb.src);
      if (from !== undefined && from.macMode !== 'vepa' && from.macMode !== 'bridge') {
        from.hand(skb, true);
        return true;
      }
      if (from === undefined) this.broadcast(skb, null, ['private', 'vepa', 'passthru', 'bridge']);
      else if (from.macMode === 'vepa') this.broadcast(skb, from, ['vepa', 'bridge']);
      // Bridge ports saw the frame on its way out.
      else this.broadcast(skb, from, ['vepa']);
      return false;
    }
    const link = this.passthru ? this.links[0] : this.links.find((l) => l.mac === skb.dst);
    if (link === undefined) return false;
    if (!link.up) {
      link.ns.drop(skb, 'DEV_READY', 'macvlan_handle_frame');
      return true;
    }
    skb.scrub(link.ns !== this.lower.ns);
    link.hand(skb, false);
    return true;
  }
}

const ports = new WeakMap<Link, MacvlanPort>();

/** A link with an address of its own on `below`. */
export class MacvlanLink extends StackedLink<MacvlanPort> {
  readonly kind: LinkKind = 'macvlan';

  constructor(
    ns: NetNamespace,
    name: string,
    index: number,
    mac: Mac,
    below: Link,
    on: MacvlanPort,
    public macMode: MacvlanMode,
  ) {
    super(ns, name, index, mac, below, on, ports);
  }

  /** A frame from the port below. @param queued it waits for the softirq as any other */
  hand(skb: Skb, queued: boolean): void {
    this.count(skb);
    if (!queued) this.receive(skb);
    else if (!this.ns.softnet.enqueue(skb, this)) this.ns.drop(skb, 'CPU_BACKLOG', this.name);
  }

  override onOpen(): void {
    const { below } = this;
    if (this.macMode === 'passthru') below.ns.links.setPromiscuity(below, 1);
    else {
      if (this.on.links.some((l) => l !== this && l.up && l.mac === this.mac) || below.mac === this.mac)
        throw new Errno('EADDRINUSE');
      below.unicast.set(this.mac, 1);
    }
    for (const mac of this.multicast.keys()) below.joinGroup(mac);
    this.setCarrier(below.carrier);
    this.updateOperstate();
  }

  override onClose(): void {
    const { below } = this;
    if (this.macMode === 'passthru') below.ns.links.setPromiscuity(below, -1);
    else below.unicast.delete(this.mac);
    for (const mac of this.multicast.keys()) below.leaveGroup(mac);
  }

  override macChanged(old: Mac): void {
    if (!this.up || this.macMode === 'passthru') return;
    this.below.unicast.delete(old);
    this.below.unicast.set(this.mac, 1);
  }

  override lowerEvent(event: DeviceEvent, lower: Link): void {
    if (event === 'up' || event === 'down' || event === 'change') this.setCarrier(lower.carrier);
    else if (event === 'changeMtu' && this.mtu > lower.mtu) {
      this.ns.links.changeMtu(this, lower.mtu);
      this.ns.announceLink(this);
    } else if (event === 'changeAddress' && this.macMode === 'passthru' && this.mac !== lower.mac)
      this.ns.links.set(this, { mac: lower.mac });
  }

  /** macvlan_start_xmit: neighbours in bridge mode directly, all else to the link below and out. */
  override xmit(skb: Skb): void {
    const { below, on } = this;
    const length = skb.frameLength;
    if (this.macMode === 'bridge') {
      if (isMulticastMac(skb.dst)) on.broadcast(skb, this, ['bridge']);
      else if (on.find(skb.dst)?.macMode === 'bridge') {
        // Over the link below, whose taps see it.
        skb.scrub(true);
        if (!below.ns.softnet.enqueue(skb, below)) this.ns.drop(skb, 'CPU_BACKLOG', this.name);
        this.countTx(skb, length);
        return;
      }
    }
    if (below.ns !== this.ns) {
      const { owner } = skb;
      skb.scrub(true);
      skb.owner = owner;
    }
    below.transmit(skb);
    this.countTx(skb, length);
  }

  override kindData(): KindData {
    return { kind: 'macvlan', mode: this.macMode };
  }
}

/** The kind, for the registry. */
export const MACVLAN_KIND: LinkKindOps = {
  create(table, spec, origin) {
    const o = spec as LinkSpec & { link?: number; mode?: MacvlanMode };
    if (o.link === undefined) throw new Errno('EINVAL');
    let below = origin.links.get(o.link);
    if (below === undefined) throw new Errno('ENODEV');
    if (below instanceof MacvlanLink) below = below.below;
    if (below.isLoopback) throw new Errno('EINVAL');
    let port = ports.get(below);
    if (port === undefined && (below.port !== null || below.rxHandler !== null)) throw new Errno('EBUSY');
    port ??= new MacvlanPort(below);
    const mode = o.mode ?? 'vepa';
    if (port.passthru || (mode === 'passthru' && port.links.length > 0)) throw new Errno('EINVAL');
    if (o.mtu !== undefined && o.mtu > below.mtu) throw new Errno('EINVAL');
    const mac = mode === 'passthru' ? below.mac : (table.validMac(o.mac) ?? table.randomMac());
    const link = new MacvlanLink(
      o.ns ?? origin,
      table.validName(o.name ?? 'macvlan%d'),
      table.reserveIndex(o.index),
      mac,
      below,
      port,
      mode,
    );
    link.flags = IFF.BROADCAST | IFF.MULTICAST;
    below.uppers.push(link);
    port.links.push(link);
    ports.set(below, port);
    const on = port;
    below.rxHandler = (skb) => on.receive(skb);
    link.updateOperstate();
    return table.finish(link, o);
  },
  change(link, options) {
    const { mode } = options;
    const macvlan = link as MacvlanLink;
    if (mode === undefined || mode === macvlan.macMode) return;
    if (mode === 'passthru' || macvlan.macMode === 'passthru') throw new Errno('EINVAL');
    macvlan.macMode = mode as MacvlanMode;
  },
};
