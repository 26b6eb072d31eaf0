import { Errno } from '../../core';
import type { IpAddress } from '../../wire';
import { formatIp, solicitedNode } from '../../wire';
import type { NeighApi } from '../api';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Family, NeighbourInfo, NudState } from '../types';
import type { Neighbour, NeighProtocol } from './neighbour';
import { neighbourOf } from './neighbour';

type Spec = Parameters<NeighApi['add']>[0];

/** `ip neigh`: the neighbour tables of a namespace as RTM_*NEIGH sees them. */
export class NeighbourTables implements NeighApi {
  private readonly proxies = new Map<string, { link: Link; address: IpAddress; router: boolean }>();

  constructor(private readonly ns: NetNamespace) {}

  private protocolOf(address: IpAddress): NeighProtocol {
    return typeof address === 'number' ? this.ns.arp : this.ns.ndp;
  }

  list(filter: { family?: Family; index?: number; all?: boolean; proxy?: boolean } = {}): NeighbourInfo[] {
    if (filter.proxy) return this.proxied(filter);
    const out: NeighbourInfo[] = [];
    for (const family of ['inet', 'inet6'] as const) {
      if (filter.family !== undefined && filter.family !== family) continue;
      for (const link of this.ns.links) {
        if (filter.index !== undefined && link.index !== filter.index) continue;
        const table: Map<IpAddress, Neighbour> =
          family === 'inet' ? (link.arp as Map<IpAddress, Neighbour>) : (link.nd as Map<IpAddress, Neighbour>);
        for (const n of table.values()) {
          if (n.state === 'NONE' || (n.state === 'NOARP' && !filter.all)) continue;
          out.push(n.snapshot());
        }
      }
    }
    return out;
  }

  /** pneigh_dump_table: NTF_PROXY entries have no state and no link layer address. */
  private proxied(filter: { family?: Family; index?: number }): NeighbourInfo[] {
    const none = { lladdr: undefined, state: 'NONE', proxy: true, refs: 0, probes: 0 } as const;
    const out: NeighbourInfo[] = [];
    for (const { link, address, router } of this.proxies.values()) {
      const family = typeof address === 'number' ? 'inet' : 'inet6';
      if (filter.family !== undefined && filter.family !== family) continue;
      if (filter.index !== undefined && filter.index !== link.index) continue;
      out.push({ ...none, family, index: link.index, address, router, used: 0, confirmed: 0, updated: 0 });
    }
    return out;
  }

  /** Entries made with `ip neigh add proxy`. */
  listProxies(): { index: number; address: IpAddress }[] {
    return [...this.proxies.values()].map((p) => ({ index: p.link.index, address: p.address }));
  }

  isProxy(link: Link, address: IpAddress): boolean {
    return this.proxies.has(`${link.index}/${formatIp(address)}`);
  }

  private link(index: number): Link {
    const link = this.ns.links.get(index);
    if (link === undefined) throw new Errno('ENODEV');
    return link;
  }

  private put(spec: Spec, create: boolean, exclusive: boolean): void {
    const link = this.link(spec.index);
    if (spec.proxy) {
      const key = `${link.index}/${formatIp(spec.address)}`;
      if (exclusive && this.proxies.has(key)) throw new Errno('EEXIST');
      if (!create && !this.proxies.has(key)) throw new Errno('ENOENT');
      // Questions for the address come to its solicited-node group (pndisc_constructor).
      if (!this.proxies.has(key) && typeof spec.address === 'string' && link.ip6 !== null)
        this.ns.addrconf.join(link, solicitedNode(spec.address), true);
      this.proxies.set(key, { link, address: spec.address, router: spec.router ?? false });
      return;
    }
    const protocol = this.protocolOf(spec.address);
    const existing = protocol.table(link).get(spec.address);
    if (existing === undefined || existing.state === 'NONE') {
      if (!create) throw new Errno('ENOENT');
    } else if (exclusive) throw new Errno('EEXIST');
    const state: NudState = spec.state ?? 'PERMANENT';
    const needsAddress = !['NONE', 'INCOMPLETE', 'FAILED', 'NOARP'].includes(state);
    if (needsAddress && spec.lladdr === undefined && existing?.lladdr === undefined) {
      throw new Errno('EINVAL', 'No link layer address given');
    }
    const n = neighbourOf(protocol, link, spec.address);
    if (spec.router !== undefined) n.router = spec.router;
    n.update(spec.lladdr, state, { override: true, admin: true });
  }

  add(spec: Spec): void {
    this.put(spec, true, true);
  }

  replace(spec: Spec): void {
    this.put(spec, true, false);
  }

  change(spec: Spec): void {
    this.put(spec, false, false);
  }

  delete(spec: { index: number; address: IpAddress; proxy?: boolean }): void {
    const link = this.link(spec.index);
    if (spec.proxy) {
      if (!this.proxies.delete(`${link.index}/${formatIp(spec.address)}`)) throw new Errno('ENOENT');
      if (typeof spec.address === 'string' && link.ip6 !== null)
        this.ns.addrconf.leave(link, solicitedNode(spec.address));
      return;
    }
    const n = this.protocolOf(spec.address).table(link).get(spec.address);
    if (n === undefined) throw new Errno('ENOENT');
    const before = n.snapshot();
    n.forget();
    this.ns.events.emit(() => ({
      type: 'neigh',
      deleted: true,
      neigh: { ...before, state: 'FAILED', lladdr: undefined },
    }));
  }

  /** neigh_ifdown / neigh_carrier_down: `permanent` keeps what was set by hand. */
  flushLink(link: Link, keepPermanent: boolean, only?: Family): void {
    const tables = [...(only === 'inet6' ? [] : [link.arp]), ...(only === 'inet' ? [] : [link.nd])];
    for (const table of tables) {
      for (const n of [...table.values()].reverse()) {
        if (keepPermanent && n.state === 'PERMANENT') continue;
        n.announce(true);
        n.forget();
      }
    }
    if (!keepPermanent) for (const [key, p] of [...this.proxies]) if (p.link === link) this.proxies.delete(key);
  }
}
