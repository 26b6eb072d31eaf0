import type { Micros, Timer } from '../../core';
import type { Ip4 } from '../../wire';
import type { Conf4, NeighConf } from '../conf';
import type { Link } from '../link/link';
import type { AddressInfo } from '../types';

/** An IPv4 address of a link (in_ifaddr). */
export class Ip4Address implements AddressInfo {
  readonly family = 'inet';
  secondary = false;
  readonly tentative = false;
  readonly dadFailed = false;
  readonly noDad = false;
  validUntil: Micros | undefined = undefined;
  preferredUntil: Micros | undefined = undefined;
  deprecated = false;
  label: string;
  scope = 0;
  broadcast: Ip4 | undefined = undefined;
  noPrefixRoute = false;
  metric = 0;
  protocol = 0;
  timer: Timer | null = null;

  constructor(
    readonly link: Link,
    readonly local: Ip4,
    readonly peer: Ip4,
    readonly prefixLength: number,
  ) {
    this.label = link.name;
  }

  get index(): number {
    return this.link.index;
  }

  get permanent(): boolean {
    return this.validUntil === undefined;
  }
}

/** The IPv4 side of a link (in_device). */
export class Inet4Device {
  /** In the kernel's order: primaries by scope, then secondaries. */
  addresses: Ip4Address[] = [];
  /** Groups with their users (`ip maddr`). */
  readonly groups = new Map<Ip4, number>();

  constructor(
    readonly link: Link,
    public conf: Conf4,
    public neigh: NeighConf,
  ) {}
}
