import { Errno } from '../../core';
import type { Mac } from '../../wire';
import { isMulticastMac } from '../../wire';
import type { FdbApi } from '../api';
import type { NetNamespace } from '../namespace';
import type { FdbInfo } from '../types';
import type { BridgeLink } from './bridge';
import { isBridge } from './kinds';
import type { FdbEntry } from './fdb';
import { fdbKey } from './fdb';
import type { Link } from './link';

/** `bridge fdb`: RTM_*NEIGH of family AF_BRIDGE. */
export class FdbTable implements FdbApi {
  constructor(private readonly ns: NetNamespace) {}

  private entry(bridge: BridgeLink, e: FdbEntry): FdbInfo {
    const { port } = e;
    return {
      mac: e.mac,
      index: port?.link.index ?? bridge.index,
      master: bridge.index,
      self: false,
      state: e.local ? 'permanent' : e.static ? 'static' : 'dynamic',
      vlan: e.vlan === 0 ? undefined : e.vlan,
      local: e.local,
      used: e.used,
      updated: e.updated,
    };
  }

  announce(bridge: BridgeLink, e: FdbEntry, deleted: boolean): void {
    this.ns.events.emit(() => ({ type: 'fdb', deleted, fdb: this.entry(bridge, e) }));
  }

  list(filter: { bridge?: number; index?: number } = {}): FdbInfo[] {
    const out: FdbInfo[] = [];
    for (const link of this.ns.links) {
      if (link.isLoopback) continue;
      const bridge = isBridge(link) ? link : link.port?.bridge;
      if (filter.bridge !== undefined && bridge?.index !== filter.bridge) continue;
      if (filter.index !== undefined && link.index !== filter.index) continue;
      if (link.port)
        for (const e of link.port.bridge.fdb.entries.values())
          if (e.port === link.port && this.live(link.port.bridge, e)) out.push(this.entry(link.port.bridge, e));
      if (isBridge(link)) for (const e of link.fdb.entries.values()) if (e.port === null) out.push(this.entry(link, e));
      if (link.ownFdb !== null) {
        out.push(...link.ownFdb.list());
        continue;
      }
      for (const mac of [...link.unicast.keys(), ...link.multicast.keys()]) out.push(this.own(link, mac));
    }
    return out;
  }

  private live(bridge: BridgeLink, e: FdbEntry): boolean {
    return e.static || bridge.fdb.lookup(e.mac, this.ns.now, e.vlan) !== undefined;
  }

  private own(link: Link, mac: Mac): FdbInfo {
    return {
      mac,
      index: link.index,
      master: undefined,
      self: true,
      state: 'permanent',
      vlan: undefined,
      local: false,
      used: undefined,
      updated: undefined,
    };
  }

  private link(index: number): Link {
    const link = this.ns.links.get(index);
    if (link === undefined) throw new Errno('ENODEV');
    return link;
  }

  /** An entry without a VLAN is one for each VLAN of the port, and one without (br_fdb_add). @throws Errno EINVAL */
  private vlansFor(bridge: BridgeLink, link: Link, vlan: number | undefined): number[] {
    if (vlan !== undefined && vlan !== 0) {
      const known = bridge.vlans?.idsOf(link.port);
      if (known === undefined || !known.includes(vlan)) throw new Errno('EINVAL');
      return [vlan];
    }
    return [0, ...(bridge.vlans?.idsOf(link.port) ?? [])];
  }

  add(spec: Parameters<FdbApi['add']>[0]): void {
    const link = this.link(spec.index);
    if (link.isLoopback) throw new Errno('EINVAL', 'FDB add only supported for Ethernet devices');
    const toMaster = spec.master === true || isBridge(link);
    if (toMaster) {
      const bridge = isBridge(link) ? link : link.port?.bridge;
      if (bridge === undefined) throw new Errno('EINVAL');
      if (isMulticastMac(spec.mac)) throw new Errno('EINVAL', 'FDB entry address must be a unicast address');
      const state = spec.state ?? 'permanent';
      const kind = { local: state === 'permanent', static: state !== 'dynamic', user: true };
      for (const vlan of this.vlansFor(bridge, link, spec.vlan)) {
        if (bridge.fdb.entries.has(fdbKey(spec.mac, vlan)) && !spec.replace && !spec.append) throw new Errno('EEXIST');
        this.announce(bridge, bridge.fdb.put(spec.mac, link.port, kind, this.ns.now, vlan), false);
      }
    }
    if (!isBridge(link) && (spec.self === true || !toMaster)) {
      if (link.ownFdb !== null) {
        link.ownFdb.add(spec);
        return;
      }
      // ndo_dflt_fdb_add looks at the address alone.
      const list = isMulticastMac(spec.mac) ? link.multicast : link.unicast;
      if (list.has(spec.mac) && !spec.replace) throw new Errno('EEXIST');
      list.set(spec.mac, 1);
    }
  }

  delete(spec: Parameters<FdbApi['delete']>[0]): void {
    const link = this.link(spec.index);
    const toMaster = spec.master === true || isBridge(link);
    if (toMaster) {
      const bridge = isBridge(link) ? link : link.port?.bridge;
      if (bridge === undefined) throw new Errno('EINVAL');
      let found = false;
      for (const vlan of this.vlansFor(bridge, link, spec.vlan)) {
        const e = bridge.fdb.entries.get(fdbKey(spec.mac, vlan));
        if (e === undefined || e.port !== link.port) continue;
        found = true;
        bridge.fdb.remove(e);
        this.announce(bridge, e, true);
      }
      if (!found) throw new Errno('ENOENT');
    }
    if (!isBridge(link) && (spec.self === true || !toMaster)) {
      if (link.ownFdb !== null) {
        link.ownFdb.delete(spec);
        return;
      }
      const list = isMulticastMac(spec.mac) ? link.multicast : link.unicast;
      if (!list.delete(spec.mac)) throw new Errno('ENOENT');
    }
  }
}
