/** What handles the packets of a namespace. A namespace has it from the moment something asks: no packet can come before. */
import type { Icmp4 } from './ipv4/icmp';
import type { Multicast4 } from './ipv4/multicast';
import type { Ip4Stack } from './ipv4/stack';
import type { Ndp } from './ipv6/ndp';
import type { Ip6Stack } from './ipv6/stack';
import type { FdbTable } from './link/fdb-table';
import type { Mib } from './mib';
import type { NetNamespace } from './namespace';
import type { Arp } from './neigh/arp';
import type { NeighbourTables } from './neigh/table';
import type { NetSysctl } from './sysctl';

/** The protocols of one namespace, their counters and tables, and the files of /proc/sys/net. */
export interface Protocols {
  readonly mib: Mib;
  readonly neigh: NeighbourTables;
  readonly arp: Arp;
  readonly ndp: Ndp;
  readonly ip4: Ip4Stack;
  readonly icmp4: Icmp4;
  readonly multicast4: Multicast4;
  readonly ip6: Ip6Stack;
  readonly fdb: FdbTable;
  readonly sysctl: NetSysctl;
}

let make: ((ns: NetNamespace) => Protocols) | null = null;

/** Sets how a namespace gets its protocols; see `register.ts`. */
export function makeProtocolsWith(factory: (ns: NetNamespace) => Protocols): void {
  make = factory;
}

/** The protocols of a namespace that first needs them. @throws Error when the code is not there */
export function newProtocols(ns: NetNamespace): Protocols {
  if (!make) throw new Error('the network is used before its code was fetched');
  return make(ns);
}
