/** Gives namespaces their protocols, sockets and bridges. Imported for its effect: a browser does so when a command needs them. */
import './link/bridge-kind';
import './socket/register';
import { Icmp4 } from './ipv4/icmp';
import { Multicast4 } from './ipv4/multicast';
import { Ip4Stack } from './ipv4/stack';
import { Ndp } from './ipv6/ndp';
import { Ip6Stack } from './ipv6/stack';
import { FdbTable } from './link/fdb-table';
import { zeroMib } from './mib';
import { Arp } from './neigh/arp';
import { NeighbourTables } from './neigh/table';
import { makeProtocolsWith } from './protocols';
import { NetSysctl } from './sysctl';

makeProtocolsWith((ns) => ({
  mib: zeroMib(),
  neigh: new NeighbourTables(ns),
  arp: new Arp(ns),
  ndp: new Ndp(ns),
  ip4: new Ip4Stack(ns),
  icmp4: new Icmp4(ns),
  multicast4: new Multicast4(ns),
  ip6: new Ip6Stack(ns),
  fdb: new FdbTable(ns),
  sysctl: new NetSysctl(ns),
}));
