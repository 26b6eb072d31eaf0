/** `type ipvlan`: links that share the address of the one below and are told apart by IP address (drivers/net/ipvlan). */
import { Errno } from '../../core';
import type { Ip4 } from '../../wire';
import { MAC_BROADCAST, isMulticastMac } from '../../wire';
import type { LinkSpec } from '../api';
import type { DeviceEvent, NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { DropReason } from '../trace';
import type { IpvlanInfo, KindData, LinkKind } from '../types';
import { IFF } from '../types';
import type { LinkKindOps } from './kinds';
import type { Link } from './link';
import { StackedLink } from './stacked';

type Mode = IpvlanInfo['mode'];

/** What the link below has when it carries ipvlans (ipvl_port). Mode and flag are one for all of them. */
class IpvlanPort {
  readonly links: IpvlanLink[] = [];
  mode: Mode = 'l3';
  flag: IpvlanInfo['flag'] = 'bridge';

  constructor(readonly lower: Link) {}

  /** ipvlan_addr_lookup: whose address the packet is for. @param source its sender instead */
  find(skb: Skb, source = false): IpvlanLink | undefined {
    const { payload } = skb;
    switch (payload.kind) {
      case 'ipv4': {
        const address = source ? payload.src : payload.dst;
        return this.links.find((l) => l.up && l.has4(address));
      }
      case 'ipv6': {
        const address = source ? payload.src : payload.dst;
        return this.links.find((l) => l.up && l.ip6?.addresses.some((a) => a.local === address));
      }
      case 'arp': {
        const address = source ? payload.spa : payload.tpa;
        return this.links.find((l) => l.up && l.has4(address));
      }
      default:
        return undefined;
    }
  }

  /** Copies of a broadcast for all links but `from`. */
  broadcast(skb: Skb, from: IpvlanLink | null): void {
    for (const link of this.links) {
      if (link === from || !link.up) continue;
      if (skb.dst !== MAC_BROADCAST && !link.multicast.has(skb.dst) && link.allmulti === 0) continue;
      const copy = link.ns.cloneSkb(skb);
      copy.scrub(true);
      link.hand(copy);
    }
  }

  /** ipvlan_handle_frame. @returns true when the frame is not for the link below */
  receive(skb: Skb): boolean {
    // Its own stack takes all frames, and finds out whose they are when its hooks have seen them.
    if (this.mode === 'l3s') return false;
    if (isMulticastMac(skb.dst)) {
      if (this.mode !== 'l2') return false;
      // A copy of what one of them sent came back.
      if (this.find(skb, true) === undefined) this.broadcast(skb, null);
      return false;
    }
    const link = this.find(skb);
    if (link === undefined) return false;
    skb.scrub(link.ns !== this.lower.ns);
    skb.dst = link.mac;
    link.count(skb);
    link.receive(skb);
    return true;
  }
}

const ports = new WeakMap<Link, IpvlanPort>();

/** A link with IP addresses of its own behind the link-layer address of `below`. */
export class IpvlanLink extends StackedLink<IpvlanPort> {
  readonly kind: LinkKind = 'ipvlan';

  constructor(ns: NetNamespace, name: string, index: number, below: Link, on: IpvlanPort) {
    super(ns, name, index, below.mac, below, on, ports);
  }

  has4(address: Ip4): boolean {
    return this.ip4.addresses.some((a) => a.local === address);
  }

  /** A frame from a neighbour or from the port below. */
  hand(skb: Skb): void {
    this.count(skb);
    if (!this.ns.softnet.enqueue(skb, this)) this.ns.drop(skb, 'CPU_BACKLOG', this.name);
  }

  /** ipvlan_set_port_mode: without link layer in the L3 modes. */
  applyMode(): void {
    const { on, below } = this;
    if (on.mode === 'l2') this.flags &= ~IFF.NOARP;
    else this.flags |= IFF.NOARP;
    below.l3Owner = on.mode === 'l3s' ? (skb) => on.find(skb) : null;
  }

  override onUnregister(): void {
    super.onUnregister();
    if (this.on.links.length === 0) this.below.l3Owner = null;
  }

  override onOpen(): void {
    for (const mac of this.multicast.keys()) this.below.joinGroup(mac);
    this.setCarrier(this.below.carrier);
    this.updateOperstate();
  }

  override onClose(): void {
    for (const mac of this.multicast.keys()) this.below.leaveGroup(mac);
  }

  override lowerEvent(event: DeviceEvent, lower: Link): void {
    if (event === 'up' || event === 'down' || event === 'change') this.setCarrier(lower.carrier);
    else if (event === 'changeMtu' && this.mtu !== lower.mtu) {
      this.ns.links.changeMtu(this, lower.mtu);
      this.ns.announceLink(this);
    } else if (event === 'changeAddress' && this.mac !== lower.mac) {
      this.mac = lower.mac;
      this.ns.deviceEvent('changeAddress', this);
      this.ns.announceLink(this);
    }
  }

  override xmit(skb: Skb): void {
    const length = skb.frameLength;
    if (this.on.mode === 'l2') this.xmitL2(skb);
    else this.xmitL3(skb);
    this.countTx(skb, length);
  }

  private lose(skb: Skb, reason: DropReason): void {
    skb.lost = true;
    this.ns.drop(skb, reason, this.name);
  }

  /** ipvlan_xmit_mode_l2 */
  private xmitL2(skb: Skb): void {
    const { below, on } = this;
    if (on.flag !== 'vepa' && skb.dst === skb.src) {
      const to = on.find(skb);
      if (to !== undefined) {
        if (on.flag === 'private') return this.lose(skb, 'NOT_SPECIFIED');
        skb.scrub(true);
        to.hand(skb);
        return;
      }
      // The address of all of them, and none of theirs: the link below is meant.
      skb.scrub(true);
      if (!below.ns.softnet.enqueue(skb, below)) this.lose(skb, 'CPU_BACKLOG');
      return;
    }
    if (isMulticastMac(skb.dst) && on.flag === 'bridge') on.broadcast(skb, this);
    this.send(skb);
  }

  /** ipvlan_xmit_mode_l3: a neighbour directly, all else as the namespace of the link below routes it. */
  private xmitL3(skb: Skb): void {
    const { below, on } = this;
    const { payload } = skb;
    const to = on.flag === 'vepa' ? undefined : on.find(skb);
    if (to !== undefined) {
      if (on.flag === 'private') return this.lose(skb, 'NOT_SPECIFIED');
      skb.scrub(true);
      skb.dst = to.mac;
      to.hand(skb);
      return;
    }
    const { ns } = below;
    if (payload.kind === 'ipv6') {
      const out = ns.ip6.routing.output(payload.dst, payload.src, below, skb.mark);
      if (typeof out === 'string') return this.lose(skb, 'IP_OUTNOROUTES');
      skb.scrub(true);
      skb.route = out.entry;
      if (ns.ip6.output.localOut(skb, out, false) !== undefined) skb.lost = true;
      return;
    }
    if (payload.kind !== 'ipv4') return this.lose(skb, 'NOT_SPECIFIED');
    const out = ns.ip4.routing.output(payload.dst, 0, below);
    if (typeof out === 'string' || (out.type !== 'unicast' && out.type !== 'local'))
      return this.lose(skb, 'IP_OUTNOROUTES');
    skb.scrub(true);
    if (ns.ip4.output.localOut(skb, out) !== undefined) skb.lost = true;
  }

  private send(skb: Skb): void {
    if (this.below.ns !== this.ns) {
      const { owner } = skb;
      skb.scrub(true);
      skb.owner = owner;
    }
    this.below.transmit(skb);
  }

  override kindData(): KindData {
    return { kind: 'ipvlan', mode: this.on.mode, flag: this.on.flag };
  }
}

/** The kind, for the registry. */
export const IPVLAN_KIND: LinkKindOps = {
  create(table, spec, origin) {
    const o = spec as LinkSpec & { link?: number; mode?: Mode; flag?: IpvlanInfo['flag'] };
    if (o.link === undefined) throw new Errno('EINVAL');
    let below = origin.links.get(o.link);
    if (below === undefined) throw new Errno('ENODEV');
    if (below instanceof IpvlanLink) below = below.below;
    if (below.isLoopback) throw new Errno('EINVAL', 'Master is either lo or non-ether device');
    let port = ports.get(below);
    if (port === undefined && (below.port !== null || below.rxHandler !== null))
      throw new Errno('EBUSY', 'Device is already in use.');
    port ??= new IpvlanPort(below);
    if (o.mode !== undefined || port.links.length === 0) port.mode = o.mode ?? 'l3';
    if (o.flag !== undefined) port.flag = o.flag;
    const link = new IpvlanLink(
      o.ns ?? origin,
      table.validName(o.name ?? 'ipvlan%d'),
      table.reserveIndex(o.index),
      below,
      port,
    );
    link.flags = IFF.BROADCAST | IFF.MULTICAST;
    below.uppers.push(link);
    port.links.push(link);
    for (const l of port.links) l.applyMode();
    ports.set(below, port);
    const on = port;
    below.rxHandler = (skb) => on.receive(skb);
    link.updateOperstate();
    return table.finish(link, o);
  },
  change(link, options) {
    const port = ports.get((link as IpvlanLink).below)!;
    if (options.mode !== undefined) port.mode = options.mode as Mode;
    if (options.flag !== undefined) port.flag = options.flag as IpvlanInfo['flag'];
    for (const l of port.links) l.applyMode();
  },
};
