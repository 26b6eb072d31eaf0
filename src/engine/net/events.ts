/** Changes of a namespace's configuration, as rtnetlink's multicast groups announce them (`ip monitor`). */
import type { AddressInfo, Family, FdbInfo, LinkInfo, NeighbourInfo, RouteInfo, RuleInfo } from './types';

/** One announcement. `deleted` is the "Deleted" in front of `ip monitor`'s lines. */
export type NetEvent =
  | {
      readonly type: 'link';
      readonly deleted: boolean;
      readonly link: LinkInfo;
      /** IFLA_EVENT: why, where it is not plain. */
      readonly event?: string;
    }
  /** What the bridge says about a port (RTM_NEWLINK of AF_BRIDGE). */
  | { readonly type: 'bridgelink'; readonly deleted: boolean; readonly link: LinkInfo }
  /** Settings of a link's protocols (RTM_NEWNETCONF); without `conf` when they are gone. */
  | {
      readonly type: 'netconf';
      readonly deleted: boolean;
      readonly family: Family;
      readonly index: number;
      readonly conf: Netconf | undefined;
    }
  | { readonly type: 'address'; readonly deleted: boolean; readonly address: AddressInfo; readonly linkName: string }
  | { readonly type: 'route'; readonly deleted: boolean; readonly route: RouteInfo }
  | { readonly type: 'neigh'; readonly deleted: boolean; readonly neigh: NeighbourInfo }
  | { readonly type: 'fdb'; readonly deleted: boolean; readonly fdb: FdbInfo }
  | { readonly type: 'rule'; readonly deleted: boolean; readonly rule: RuleInfo }
  | { readonly type: 'nsid'; readonly deleted: boolean; readonly nsid: number };

/** What RTM_NEWNETCONF tells. */
export interface Netconf {
  readonly forwarding: boolean;
  /** IPv4 only: 0 off, 1 strict, 2 loose. */
  readonly rpFilter: number | undefined;
  readonly proxyNeigh: boolean;
  readonly ignoreLinkdown: boolean;
}

/** Distributes announcements. `make` functions run only when somebody listens. */
export class NetEvents {
  private readonly listeners = new Set<(event: NetEvent) => void>();

  get active(): boolean {
    return this.listeners.size > 0;
  }

  /** Calls `listener` for every change until the returned function is called. */
  subscribe(listener: (event: NetEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Announces what `make` builds. */
  emit(make: () => NetEvent): void {
    if (this.listeners.size === 0) return;
    const event = make();
    for (const listener of [...this.listeners]) listener(event);
  }
}
