import type { Micros, Timer } from '../../core';
import type { Ip6 } from '../../wire';
import type { Conf6, NeighConf } from '../conf';
import type { Link } from '../link/link';
import type { AddressInfo } from '../types';

/** An IPv6 address of a link (inet6_ifaddr). */
export class Ip6Address implements AddressInfo {
  readonly family = 'inet6';
  readonly peer: Ip6;
  readonly broadcast = undefined;
  readonly label = undefined;
  readonly secondary = false;
  scope = 0;
  tentative = false;
  /** Its solicited-node group has been joined. */
  joined = false;
  dadFailed = false;
  noDad = false;
  noPrefixRoute = false;
  /** It comes from a router's advertisement, and temporary ones could be made of it (IFA_F_MANAGETEMPADDR). */
  learned = false;
  home = false;
  deprecated = false;
  metric = 0;
  protocol = 0;
  validUntil: Micros | undefined = undefined;
  preferredUntil: Micros | undefined = undefined;
  timer: Timer | null = null;
  dadTimer: Timer | null = null;
  dadProbes = 0;

  constructor(
    readonly link: Link,
    readonly local: Ip6,
    readonly prefixLength: number,
  ) {
    this.peer = local;
  }

  get index(): number {
    return this.link.index;
  }

  get permanent(): boolean {
    return this.validUntil === undefined;
  }
}

/** The IPv6 side of a link (inet6_dev). */
export class Inet6Device {
  /** In the kernel's order: wider scope first, newest first within a scope. */
  addresses: Ip6Address[] = [];
  /** Addressing has started: link-local address made (IF_READY). */
  ready = false;
  /** Router solicitation timer and count. */
  rsTimer: Timer | null = null;
  rsProbes = 0;
  /** Multicast listener reports to come. */
  mldTimer: Timer | null = null;
  readonly mldPending = new Set<Ip6>();
  mldCount = 0;
  /** Joined groups with their users. */
  readonly groups = new Map<Ip6, number>();

  constructor(
    readonly link: Link,
    public conf: Conf6,
    public neigh: NeighConf,
  ) {}

  find(address: Ip6): Ip6Address | undefined {
    for (const a of this.addresses) if (a.local === address) return a;
    return undefined;
  }
}
