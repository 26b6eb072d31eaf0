import { Errno } from '../core';
import type { NsidApi } from './api';
import type { NetNamespace } from './namespace';

/** The numbers by which one namespace knows others (net/core/net_namespace.c). */
export class Nsids implements NsidApi {
  private readonly byNs = new Map<NetNamespace, number>();

  constructor(private readonly ns: NetNamespace) {}

  get(other: NetNamespace): number | undefined {
    return this.byNs.get(other);
  }

  allocate(other: NetNamespace): number {
    const known = this.byNs.get(other);
    if (known !== undefined) return known;
    return this.assign(other, this.free());
  }

  private free(): number {
    let n = 0;
    while (this.byId(n) !== undefined) n++;
    return n;
  }

  private assign(other: NetNamespace, nsid: number): number {
    this.byNs.set(other, nsid);
    this.ns.events.emit(() => ({ type: 'nsid', deleted: false, nsid }));
    return nsid;
  }

  set(other: NetNamespace, nsid: number | 'auto'): void {
    if (this.byNs.has(other)) throw new Errno('EEXIST', 'Peer netns already has a nsid assigned');
    if (nsid !== 'auto' && this.byId(nsid) !== undefined)
      throw new Errno('EEXIST', 'The specified nsid is already used');
    this.assign(other, nsid === 'auto' ? this.free() : nsid);
  }

  byId(nsid: number): NetNamespace | undefined {
    for (const [ns, id] of this.byNs) if (id === nsid) return ns;
    return undefined;
  }

  list(): { nsid: number; ns: NetNamespace }[] {
    return [...this.byNs].map(([ns, nsid]) => ({ nsid, ns })).sort((a, b) => a.nsid - b.nsid);
  }

  /** `other` is no more. */
  forget(other: NetNamespace): void {
    const nsid = this.byNs.get(other);
    if (nsid === undefined) return;
    this.byNs.delete(other);
    this.ns.events.emit(() => ({ type: 'nsid', deleted: true, nsid }));
  }
}
