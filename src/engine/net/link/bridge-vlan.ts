/** VLAN filtering of a bridge: which VLANs each port is in, and tagged how (net/bridge/br_vlan.c). */
import { Errno } from '../../core';
import type { Mac } from '../../wire';
import { MAC_ZERO } from '../../wire';
import type { Skb } from '../skb';
import type { BridgeLink } from './bridge';
import type { BridgeVlanOps } from './bridge-ops';
import type { BridgePort } from './bridge-port';

/** Membership of a port in one VLAN. */
export interface PortVlan {
  /** Frames of the VLAN leave without a tag. */
  untagged: boolean;
}

interface Group {
  pvid: number;
  readonly vlans: Map<number, PortVlan>;
}

/** The VLAN tables of one bridge. A null port is the bridge itself. */
export class BridgeVlans implements BridgeVlanOps {
  private readonly groups = new Map<BridgePort | null, Group>();

  constructor(private readonly bridge: BridgeLink) {
    this.portAdded(null);
    for (const port of bridge.ports) this.portAdded(port);
  }

  private group(port: BridgePort | null): Group {
    let group = this.groups.get(port);
    if (group === undefined) this.groups.set(port, (group = { pvid: 0, vlans: new Map() }));
    return group;
  }

  idsOf(port: BridgePort | null): number[] {
    return [...(this.groups.get(port)?.vlans.keys() ?? [])].sort((a, b) => a - b);
  }

  /** The VLANs of a port for display, ascending. */
  list(port: BridgePort | null): { id: number; pvid: boolean; untagged: boolean }[] {
    const group = this.group(port);
    return this.idsOf(port).map((id) => ({
      id,
      pvid: group.pvid === id,
      untagged: group.vlans.get(id)!.untagged,
    }));
  }

  /** br_vlan_add, nbp_vlan_add. @returns false when nothing changed */
  add(port: BridgePort | null, id: number, flags: { pvid: boolean; untagged: boolean }): boolean {
    const group = this.group(port);
    const old = group.vlans.get(id);
    const before = `${old?.untagged}/${group.pvid}`;
    group.vlans.set(id, { untagged: flags.untagged });
    if (flags.pvid) group.pvid = id;
    else if (group.pvid === id) group.pvid = 0;
    if (old === undefined) {
      const mac = port?.link.mac ?? this.bridge.mac;
      if (mac !== MAC_ZERO) this.bridge.insertLocal(mac, port, id);
    }
    return before !== `${flags.untagged}/${group.pvid}`;
  }

  /** br_vlan_delete, nbp_vlan_delete. @returns false when the port was not in the VLAN */
  delete(port: BridgePort | null, id: number): boolean {
    const group = this.group(port);
    if (!group.vlans.delete(id)) return false;
    if (group.pvid === id) group.pvid = 0;
    const { bridge } = this;
    for (const e of bridge.fdb.flushPort(port, false, id)) bridge.ns.fdb.announce(bridge, e, true);
    return true;
  }

  portAdded(port: BridgePort | null): void {
    const pvid = this.bridge.settings.vlanDefaultPvid;
    if (pvid !== 0) this.add(port, pvid, { pvid: true, untagged: true });
  }

  portRemoved(port: BridgePort): void {
    this.groups.delete(port);
  }

  /** br_vlan_set_default_pvid: ports that still use the old one change to the new one. */
  setDefaultPvid(pvid: number): void {
    const { bridge } = this;
    const old = bridge.settings.vlanDefaultPvid;
    bridge.settings.vlanDefaultPvid = pvid;
    if (old === pvid) return;
    for (const port of [null, ...bridge.ports]) {
      const group = this.group(port);
      if (old !== 0 && (group.pvid !== old || group.vlans.get(old)?.untagged !== true)) continue;
      if (old === 0 && pvid !== 0 && group.vlans.has(pvid)) continue;
      if (pvid !== 0) this.add(port, pvid, { pvid: true, untagged: true });
      if (old !== 0) this.delete(port, old);
    }
  }

  macChanged(port: BridgePort | null, old: Mac, mac: Mac): void {
    const { fdb } = this.bridge;
    for (const id of this.idsOf(port)) {
      const e = fdb.entries.get(`${old}/${id}`);
      if (e?.local && e.port === port && old !== mac) fdb.remove(e);
      if (mac !== MAC_ZERO) this.bridge.insertLocal(mac, port, id);
    }
  }

  // --- frames -------------------------------------------------------------------------------------------------------

  ingress(skb: Skb, port: BridgePort | null): number {
    if (!this.bridge.settings.vlanFiltering) return 0;
    const group = this.group(port);
    let id = skb.vlan?.id ?? 0;
    if (id === 0) {
      id = group.pvid;
      if (id === 0) return -1;
      skb.vlan = { id, priority: skb.vlan?.priority ?? 0 };
    }
    return group.vlans.has(id) ? id : -1;
  }

  egress(skb: Skb, port: BridgePort | null): boolean {
    if (!this.bridge.settings.vlanFiltering) return true;
    return skb.vlan !== undefined && this.group(port).vlans.has(skb.vlan.id);
  }

  untag(skb: Skb, port: BridgePort | null): void {
    if (!this.bridge.settings.vlanFiltering || skb.vlan === undefined) return;
    if (this.group(port).vlans.get(skb.vlan.id)?.untagged === true) skb.vlan = undefined;
  }
}

/** `bridge vlan add` and `del`: whose VLANs `self` and `master` mean. @throws Errno EOPNOTSUPP, EINVAL */
export function vlansOf(
  link: { port: BridgePort | null } & object,
  bridge: BridgeLink | undefined,
): { vlans: BridgeVlans; port: BridgePort | null } {
  if (bridge !== undefined) return { vlans: bridge.useVlans() as BridgeVlans, port: null };
  if (link.port === null) throw new Errno('EOPNOTSUPP');
  return { vlans: link.port.bridge.useVlans() as BridgeVlans, port: link.port };
}
