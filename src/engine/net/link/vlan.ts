/** `type vlan`: an 802.1Q sub-interface (net/8021q/vlan_dev.c, vlan.c). */
import { Errno, isErrno } from '../../core';
import type { Mac } from '../../wire';
import { ETHERTYPE } from '../../wire';
import type { LinkSpec } from '../api';
import type { DeviceEvent, NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { KindData, LinkKind } from '../types';
import { IFF } from '../types';
import type { LinkKindOps } from './kinds';
import { Link } from './link';

/** Largest identifier that can be given, plus one (VLAN_VID_MASK is reserved). */
const VID_END = 4095;

/** One VLAN of the link below: tags what it sends, gets what comes with its tag. */
export class VlanLink extends Link {
  readonly kind: LinkKind = 'vlan';
  reorderHdr = true;
  looseBinding = false;
  /** The address below as it was last seen. */
  private followed: Mac;

  constructor(
    ns: NetNamespace,
    name: string,
    index: number,
    mac: Mac,
    readonly real: Link,
    readonly protocol: number,
    readonly id: number,
  ) {
    super(ns, name, index, mac);
    this.flags = real.flags & (IFF.BROADCAST | IFF.MULTICAST | IFF.NOARP);
    this.mtu = real.mtu;
    this.minMtu = 0;
    this.tsoMaxSize = real.tsoMaxSize;
    this.carrier = real.carrier;
    this.followed = real.mac;
  }

  private get key(): number {
    return (this.protocol << 12) | this.id;
  }

  /** Hangs it into the link below. */
  attach(): void {
    const { real } = this;
    real.uppers.push(this);
    real.vlanUppers ??= new Map();
    real.vlanUppers.set(this.key, this);
    this.updateOperstate();
  }

  override get lower(): Link {
    return this.real;
  }

  override onOpen(): void {
    const { real } = this;
    if (!real.up && !this.looseBinding) throw new Errno('ENETDOWN');
    if (this.mac !== real.mac) real.unicast.set(this.mac, (real.unicast.get(this.mac) ?? 0) + 1);
    for (const mac of this.multicast.keys()) real.joinGroup(mac);
    this.setCarrier(real.carrier);
    this.updateOperstate();
  }

  override onClose(): void {
    const { real } = this;
    for (const mac of this.multicast.keys()) real.leaveGroup(mac);
    this.forgetUnicast(this.mac);
  }

  private forgetUnicast(mac: Mac): void {
    const { unicast } = this.real;
    const users = (unicast.get(mac) ?? 0) - 1;
    if (users > 0) unicast.set(mac, users);
    else unicast.delete(mac);
  }

  override joinGroup(mac: Mac): void {
    const first = !this.multicast.has(mac);
    super.joinGroup(mac);
    if (first && this.up) this.real.joinGroup(mac);
  }

  override leaveGroup(mac: Mac): void {
    const had = this.multicast.has(mac);
    super.leaveGroup(mac);
    if (had && this.up && !this.multicast.has(mac)) this.real.leaveGroup(mac);
  }

  override onUnregister(): void {
    const { real } = this;
    const at = real.uppers.indexOf(this);
    if (at >= 0) real.uppers.splice(at, 1);
    real.vlanUppers?.delete(this.key);
    if (real.vlanUppers?.size === 0) real.vlanUppers = null;
  }

  override checkMtu(mtu: number): void {
    if (mtu > this.real.mtu) throw new Errno('ERANGE');
  }

  override macChanged(old: Mac): void {
    if (!this.up) return;
    if (old !== this.real.mac) this.forgetUnicast(old);
    if (this.mac !== this.real.mac) this.real.unicast.set(this.mac, 1);
  }

  /** vlan_device_event: it goes up and down with the link below, and follows its address and MTU. */
  override lowerEvent(event: DeviceEvent, lower: Link): void {
    const { links } = this.ns;
    switch (event) {
      case 'up':
        if (!this.up && !this.looseBinding) {
          try {
            links.open(this);
          } catch (e) {
            if (!isErrno(e)) throw e;
          }
        }
        this.setCarrier(lower.carrier);
        return;
      case 'down':
        if (!this.looseBinding) links.close(this);
        this.setCarrier(lower.carrier);
        return;
      case 'change':
        this.setCarrier(lower.carrier);
        return;
      case 'changeMtu':
        if (this.mtu > lower.mtu) {
          links.changeMtu(this, lower.mtu);
          this.ns.announceLink(this);
        }
        return;
      case 'changeAddress':
        if (this.followed !== lower.mac && this.mac === this.followed) links.set(this, { mac: lower.mac });
        this.followed = lower.mac;
        return;
    }
  }

  override xmit(skb: Skb): void {
    const { real } = this;
    const length = skb.frameLength;
    if (this.ns.tracer.active) this.ns.trace(skb, { event: 'vlan', link: this.name, action: 'tag', vlan: this.id });
    skb.vlan = {
      id: this.id,
      priority: 0,
      ...(this.protocol === ETHERTYPE.VLAN ? {} : { tpid: this.protocol }),
      ...(skb.vlan === undefined ? {} : { inner: skb.vlan }),
    };
    if (real.ns !== this.ns) {
      const { owner } = skb;
      skb.scrub(true);
      skb.owner = owner;
    }
    real.transmit(skb);
    this.countTx(skb, length);
  }

  override kindData(): KindData {
    const { protocol, id, reorderHdr, looseBinding } = this;
    return { kind: 'vlan', protocol, id, reorderHdr, looseBinding };
  }
}

/** The kind, for the registry. */
export const VLAN_KIND: LinkKindOps = {
  validate(spec: LinkSpec): void {
    const o = spec as Record<string, unknown>;
    if (o.data !== true) throw new Errno('EINVAL', '8021q: VLAN properties not specified');
    if (typeof o.id === 'number' && o.id >= VID_END) throw new Errno('ERANGE', '8021q: Invalid VLAN id');
  },
  create(table, spec, origin) {
    const o = spec as LinkSpec & {
      id?: number;
      protocol?: number;
      link?: number;
      reorderHdr?: boolean;
      looseBinding?: boolean;
    };
    if (o.id === undefined) throw new Errno('EINVAL', '8021q: VLAN id not specified');
    if (o.link === undefined) throw new Errno('EINVAL', '8021q: link not specified');
    const real = origin.links.get(o.link);
    if (real === undefined) throw new Errno('ENODEV', '8021q: link does not exist');
    if (real.isLoopback) throw new Errno('EOPNOTSUPP', '8021q: VLANs not supported on device');
    const protocol = o.protocol ?? ETHERTYPE.VLAN;
    if (real.vlanUppers?.has((protocol << 12) | o.id)) throw new Errno('EEXIST', '8021q: VLAN device already exists');
    if (o.mtu !== undefined && o.mtu > real.mtu) throw new Errno('EINVAL');
    const ns = o.ns ?? origin;
    const mac = table.validMac(o.mac) ?? real.mac;
    const link = new VlanLink(
      ns,
      table.validName(o.name ?? 'vlan%d'),
      table.reserveIndex(o.index),
      mac,
      real,
      protocol,
      o.id,
    );
    if (o.reorderHdr !== undefined) link.reorderHdr = o.reorderHdr;
    if (o.looseBinding !== undefined) link.looseBinding = o.looseBinding === true;
    link.attach();
    try {
      return table.finish(link, o);
    } catch (e) {
      if (link.registered) table.remove(link);
      else link.onUnregister();
      throw e;
    }
  },
  change(link, options) {
    const vlan = link as VlanLink;
    if (typeof options.reorderHdr === 'boolean') vlan.reorderHdr = options.reorderHdr;
    if (typeof options.looseBinding === 'boolean') vlan.looseBinding = options.looseBinding;
  },
};
