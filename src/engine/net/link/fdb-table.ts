import { Errno } from '../../core';
import type { Mac } from '../../wire';
import { isMulticastMac } from '../../wire';
import type { FdbApi } from '../api';
import type { NetNamespace } from '../namespace';
import type { FdbInfo } from '../types';
import type { BridgeLink } from './bridge';
import { isBridge } from './bridge';
import type { FdbEntry } from './fdb';
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
      vlan: undefined,
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
      for (const mac of [...link.unicast.keys(), ...link.multicast.keys()]) out.push(this.own(link, mac));
    }
    return out;
  }

  private live(bridge: BridgeLink, e: FdbEntry): boolean {
    return e.static || bridge.fdb.lookup(e.mac, this.ns.now) !== undefined;
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

  add(spec: Parameters<FdbApi['add']>[0]): void {
    const link = this.link(spec.index);
    if (link.isLoopback) throw new Errno('EINVAL', 'FDB add only supported for Ethernet devices');
    const toMaster = spec.master === true || isBridge(link);
    if (toMaster) {
      const bridge = isBridge(link) ? link : link.port?.bridge;
      if (bridge === undefined) throw new Errno('EINVAL');
      if (isMulticastMac(spec.mac)) throw new Errno('EINVAL', 'FDB entry address must be a unicast address');
      const existing = bridge.fdb.entries.get(spec.mac);
      if (existing !== undefined && !spec.replace) throw new Errno('EEXIST');
      const state = spec.state ?? 'permanent';
      const e = bridge.fdb.put(
        spec.mac,
        link.port,
        { local: state === 'permanent', static: state !== 'dynamic', user: true },
        this.ns.now,
      );
      this.announce(bridge, e, false);
    }
    if (!isBridge(link) && (spec.self === true || !toMaster)) {
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
      const e = bridge.fdb.entries.get(spec.mac);
      if (e === undefined || e.port !== link.port) throw new Errno('ENOENT');
      bridge.fdb.entries.delete(spec.mac);
      this.announce(bridge, e, true);
    }
    if (!isBridge(link) && (spec.self === true || !toMaster)) {
      const list = isMulticastMac(spec.mac) ? link.multicast : link.unicast;
      if (!list.delete(spec.mac)) throw new Errno('ENOENT');
    }
  }
}
