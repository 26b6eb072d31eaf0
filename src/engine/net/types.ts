/** The vocabulary of the network stack: the constants and message shapes that rtnetlink(7) carries, as typed data. */
import type { Micros } from '../core';
import type { IpAddress, Mac } from '../wire';

/** Address family as iproute2 names it. */
export type Family = 'inet' | 'inet6';

/** Interface flags (include/uapi/linux/if.h). */
export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  DEBUG: 0x4,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  NOTRAILERS: 0x20,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  DYNAMIC: 0x8000,
  LOWER_UP: 0x10000,
  DORMANT: 0x20000,
} as const;

/** RFC 2863 operational state as `ip link` prints it. */
export type OperState = 'UNKNOWN' | 'NOTPRESENT' | 'DOWN' | 'LOWERLAYERDOWN' | 'TESTING' | 'DORMANT' | 'UP';

/** What a link is (IFLA_INFO_KIND; `loopback` and `nic` have none in the kernel). */
export type LinkKind =
  'loopback' | 'nic' | 'veth' | 'dummy' | 'bridge' | 'vlan' | 'vxlan' | 'macvlan' | 'ipvlan' | 'ifb' | 'tun';

/** Scope of an address or route as a number (rtnetlink.h). */
export const SCOPE = { UNIVERSE: 0, SITE: 200, LINK: 253, HOST: 254, NOWHERE: 255 } as const;

/** Origin of a route (rtm_protocol), see /etc/iproute2/rt_protos. */
export const RTPROT = { UNSPEC: 0, REDIRECT: 1, KERNEL: 2, BOOT: 3, STATIC: 4, RA: 9, DHCP: 16 } as const;

/** Routing tables with fixed numbers. */
export const RT_TABLE = { UNSPEC: 0, DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const;

/** Type of a route. */
export type RouteType =
  'unicast' | 'local' | 'broadcast' | 'anycast' | 'multicast' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw';

/** Counters of a link, 64 bits in the kernel, doubles here (rtnl_link_stats64). */
export interface LinkStats {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
  rxErrors: number;
  txErrors: number;
  rxDropped: number;
  txDropped: number;
  rxMissed: number;
  multicast: number;
  txCarrier: number;
  collisions: number;
}

/** A link as RTM_NEWLINK describes it; a snapshot. */
export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  /** {@link IFF} bits as dev_get_flags() reports them. */
  readonly flags: number;
  readonly mtu: number;
  /** 'noop', 'noqueue', 'fq_codel', ... */
  readonly qdisc: string;
  readonly operstate: OperState;
  readonly mode: 'DEFAULT' | 'DORMANT';
  /** Link group number; 0 is "default". */
  readonly group: number;
  readonly txqlen: number;
  /** ARPHRD type as `ip` names it: `ether`, `loopback`, ... */
  readonly type: 'ether' | 'loopback' | 'none' | 'sit' | 'tunnel';
  readonly mac: Mac;
  readonly broadcast: Mac;
  /** IFLA_LINK: the peer's or lower link's index, undefined when it is the link itself. */
  readonly link: number | undefined;
  /** IFLA_LINK_NETNSID: number of the namespace `link` is in when that is another one. Asking allocates it. */
  readonly linkNetnsid: number | undefined;
  /** Index of the bridge (or other master). */
  readonly master: number | undefined;
  readonly kind: LinkKind;
  readonly alias: string | undefined;
  readonly altNames: readonly string[];
  readonly promiscuity: number;
  readonly allmulti: number;
  readonly minMtu: number;
  readonly maxMtu: number;
  readonly numTxQueues: number;
  readonly numRxQueues: number;
  readonly addrGenMode: 'eui64' | 'none' | 'stable_secret' | 'random' | undefined;
  readonly carrier: boolean;
  readonly carrierChanges: number;
  readonly stats: Readonly<LinkStats>;
  readonly bridge: BridgeInfo | undefined;
  readonly bridgePort: BridgePortInfo | undefined;
  /** IFLA_INFO_DATA of kinds other than bridge. */
  readonly data?: KindData | undefined;
  /** IFLA_TSO_MAX_SIZE, bytes. */
  readonly tsoMaxSize?: number;
  readonly gsoMaxSize?: number;
  readonly gsoMaxSegs?: number;
  readonly groMaxSize?: number;
  /** True in the message that announces that the link is gone. */
  readonly deleted?: boolean;
}

/** IFLA_INFO_DATA of a bridge. Times in USER_HZ ticks (1/100 s), as sysfs and netlink have them. */
export interface BridgeInfo {
  readonly forwardDelay: number;
  readonly helloTime: number;
  readonly maxAge: number;
  readonly ageingTime: number;
  readonly stpState: number;
  readonly priority: number;
  readonly vlanFiltering: boolean;
  readonly vlanProtocol: number;
  /** The bridge keeps VLAN tables: somebody has used VLANs on it. */
  readonly vlanTables?: boolean;
  readonly vlanDefaultPvid: number;
  readonly groupFwdMask: number;
  readonly groupAddress: Mac;
  readonly mcastSnooping: boolean;
  readonly mcastRouter: number;
  readonly mcastQuerier: boolean;
  /** `8000.020000000101` */
  readonly bridgeId: string;
  readonly designatedRoot: string;
  readonly rootPort: number;
  readonly rootPathCost: number;
  /** With the spanning tree on; timers in ticks. */
  readonly topologyChange?: boolean;
  readonly topologyChangeDetected?: boolean;
  readonly helloTimer?: number;
  readonly tcnTimer?: number;
  readonly topologyChangeTimer?: number;
  /** Ticks until the next garbage collection. */
  readonly gcTimer: number;
  readonly nfCallIptables: boolean;
  readonly nfCallIp6tables: boolean;
  readonly nfCallArptables: boolean;
}

/** IFLA_INFO_DATA of an 802.1Q sub-interface. */
export interface VlanInfo {
  readonly kind: 'vlan';
  /** Tag protocol: 0x8100 or 0x88a8. */
  readonly protocol: number;
  readonly id: number;
  readonly reorderHdr: boolean;
  readonly looseBinding: boolean;
}

/** IFLA_INFO_DATA of a VXLAN link. */
export interface VxlanInfo {
  readonly kind: 'vxlan';
  readonly vni: number;
  /** Default destination: a remote end, or a group. */
  readonly remote: IpAddress | undefined;
  readonly local: IpAddress | undefined;
  /** Index of the underlay link in the namespace the link was created in. */
  readonly dev: number | undefined;
  /** Source ports [min, max]; 0 0 stands for ip_local_port_range. */
  readonly portMin: number;
  readonly portMax: number;
  readonly dstPort: number;
  readonly learning: boolean;
  readonly proxy: boolean;
  readonly rsc: boolean;
  readonly l2miss: boolean;
  readonly l3miss: boolean;
  /** 0: the route's ("auto"). */
  readonly ttl: number;
  readonly ttlInherit: boolean;
  /** 1: inherited. */
  readonly tos: number;
  /** Seconds. */
  readonly ageing: number;
  /** 0: no limit. */
  readonly maxAddress: number;
  readonly udpCsum: boolean;
}

/** Modes of a macvlan link. */
export type MacvlanMode = 'private' | 'vepa' | 'bridge' | 'passthru' | 'source';

/** IFLA_INFO_DATA of a macvlan link. */
export interface MacvlanInfo {
  readonly kind: 'macvlan';
  readonly mode: MacvlanMode;
}

/** IFLA_INFO_DATA of an ipvlan link. */
export interface IpvlanInfo {
  readonly kind: 'ipvlan';
  readonly mode: 'l2' | 'l3' | 'l3s';
  readonly flag: 'bridge' | 'private' | 'vepa';
}

/** What is particular to a link of some kind. */
export type KindData = VlanInfo | VxlanInfo | MacvlanInfo | IpvlanInfo;

/** State of a bridge port (STP). */
export type PortState = 'disabled' | 'listening' | 'learning' | 'forwarding' | 'blocking';

/** The switches of a bridge port. */
export interface BridgePortFlags {
  hairpin: boolean;
  guard: boolean;
  rootBlock: boolean;
  fastLeave: boolean;
  learning: boolean;
  flood: boolean;
  mcastFlood: boolean;
  bcastFlood: boolean;
  mcastToUnicast: boolean;
  neighSuppress: boolean;
  vlanTunnel: boolean;
  isolated: boolean;
  locked: boolean;
  proxyArp: boolean;
  proxyArpWifi: boolean;
}

/** IFLA_INFO_SLAVE_DATA of a bridge port. */
export interface BridgePortInfo extends Readonly<BridgePortFlags> {
  readonly state: PortState;
  readonly priority: number;
  readonly cost: number;
  /** 1, 2, ... */
  readonly portNo: number;
  /** 0x8001, ... */
  readonly portId: number;
  readonly designatedBridge: string;
  readonly designatedRoot: string;
  readonly designatedPort: number;
  readonly designatedCost: number;
  readonly mcastRouter: number;
  /** With the spanning tree on; timers in ticks. */
  readonly topologyChangeAck?: boolean;
  readonly configPending?: boolean;
  readonly messageAgeTimer?: number;
  readonly holdTimer?: number;
  /** Ticks left on the forward delay timer. */
  readonly forwardDelayTimer: number;
}

/** An address of a link, as RTM_NEWADDR describes it. The live object; treat it as read-only. */
export interface AddressInfo {
  readonly family: Family;
  readonly index: number;
  readonly local: IpAddress;
  /** Peer of a point-to-point address; equal to `local` otherwise. */
  readonly peer: IpAddress;
  readonly prefixLength: number;
  readonly broadcast: IpAddress | undefined;
  readonly scope: number;
  /** IPv4 only; the link's name unless given. */
  readonly label: string | undefined;
  readonly secondary: boolean;
  readonly permanent: boolean;
  readonly tentative: boolean;
  readonly deprecated: boolean;
  readonly dadFailed: boolean;
  readonly noDad: boolean;
  readonly noPrefixRoute: boolean;
  /** IPv6: made from a router's advertisement; a mobile node's home address. */
  readonly learned?: boolean;
  readonly home?: boolean;
  readonly metric: number;
  /** Absolute virtual times; undefined is forever. */
  readonly validUntil: Micros | undefined;
  readonly preferredUntil: Micros | undefined;
  readonly protocol: number;
}

/** NUD states of a neighbour (ip-neighbour(8)). `NONE` entries are not listed. */
export type NudState =
  'NONE' | 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'NOARP' | 'PERMANENT';

/** A neighbour, as RTM_NEWNEIGH describes it. */
export interface NeighbourInfo {
  readonly family: Family;
  readonly index: number;
  readonly address: IpAddress;
  readonly lladdr: Mac | undefined;
  readonly state: NudState;
  readonly router: boolean;
  readonly proxy: boolean;
  /** Reference count as `ip -s neigh` shows it. */
  readonly refs: number;
  readonly probes: number;
  /** Absolute virtual times. */
  readonly used: Micros;
  readonly confirmed: Micros;
  readonly updated: Micros;
}

/** A forwarding database entry as `bridge fdb` lists it. */
export interface FdbInfo {
  readonly mac: Mac;
  /** Index of the port, or of the bridge itself. */
  readonly index: number;
  /** Index of the bridge when the entry is in a bridge's table ("master br0"). */
  readonly master: number | undefined;
  /** The entry is in the link's own filter list ("self"). */
  readonly self: boolean;
  readonly state: 'permanent' | 'static' | 'dynamic';
  readonly vlan: number | undefined;
  readonly local: boolean;
  /** Absolute virtual times of last use and last update; undefined for `self` entries. */
  readonly used: Micros | undefined;
  readonly updated: Micros | undefined;
  /** Of a VXLAN link: the remote end, and port, VNI and link where they are not the link's own. */
  readonly dst?: IpAddress | undefined;
  readonly port?: number | undefined;
  readonly vni?: number | undefined;
  readonly via?: number | undefined;
}

/** One next hop of a route. */
export interface NexthopInfo {
  readonly index: number | undefined;
  readonly gateway: IpAddress | undefined;
  readonly onlink: boolean;
  readonly dead: boolean;
  readonly linkdown: boolean;
  /** 1..256 */
  readonly weight: number;
}

/** A route, as RTM_NEWROUTE describes it. */
export interface RouteInfo {
  readonly family: Family;
  readonly table: number;
  readonly type: RouteType;
  readonly dst: IpAddress;
  readonly dstLength: number;
  readonly tos: number;
  readonly scope: number;
  readonly protocol: number;
  /** RTA_PRIORITY; 0 is not printed for IPv4. */
  readonly metric: number;
  readonly prefSrc: IpAddress | undefined;
  readonly nexthops: readonly NexthopInfo[];
  /** The next hop object it uses. */
  readonly nhid?: number | undefined;
  /** Metrics beyond mtu and advmss by their names in `ip route`; times in milliseconds; `mtu lock` and `congctl` are text. */
  readonly metrics?: Readonly<Record<string, number | string>> | undefined;
  readonly mtu: number | undefined;
  readonly advmss: number | undefined;
  /** Realms, for counting and classifying: of origin in the upper 16 bits, of destination in the lower; IPv4 only. */
  readonly realms?: number;
  /** IPv6: router preference. */
  readonly pref: 'low' | 'medium' | 'high' | undefined;
  /** IPv6: absolute expiry. */
  readonly expires: Micros | undefined;
}

/** What a route lookup (`ip route get`) answers. */
export interface RouteResult {
  readonly route: RouteInfo;
  readonly type: RouteType;
  readonly index: number;
  readonly gateway: IpAddress | undefined;
  readonly prefSrc: IpAddress;
  readonly table: number;
  readonly mtu: number;
  readonly cache: readonly string[];
  /** What an ICMP message taught about this destination, and until when. */
  readonly learned?: LearnedRoute;
}

/** An exception to a route for one destination (fib_nh_exception): a path MTU or a redirect. */
export interface LearnedRoute {
  /** Octets; 0 when only the gateway is another one. */
  readonly mtu: number;
  /** The MTU is net.ipv4.route.min_pmtu because the message named a smaller one: packets go without DF. */
  readonly locked: boolean;
  readonly gateway: IpAddress | undefined;
  /** When it was first used. */
  since: Micros | undefined;
  readonly expires: Micros;
}

/** A policy rule (`ip rule`). */
export interface RuleInfo {
  readonly family: Family;
  readonly priority: number;
  readonly src: IpAddress | undefined;
  readonly srcLength: number;
  readonly dst: IpAddress | undefined;
  readonly dstLength: number;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly fwmark: number | undefined;
  readonly fwmask: number;
  readonly tos: number;
  readonly table: number;
  readonly action: 'lookup' | 'blackhole' | 'unreachable' | 'prohibit' | 'nop' | 'goto';
  /** Priority at which a `goto` goes on. */
  readonly target?: number;
  /** Protocol number, port ranges and user ids that the flow must have. */
  readonly ipproto?: number;
  readonly sport?: readonly [number, number];
  readonly dport?: readonly [number, number];
  readonly uidRange?: readonly [number, number];
  /** Key of the tunnel that the packet came out of. */
  readonly tunId?: number;
  /** The table is that of the flow's VRF; there are none here, so it never matches. */
  readonly l3mdev?: boolean;
  /** Results that leave by a link of this group do not count. */
  readonly suppressIfgroup?: number;
  readonly not: boolean;
  readonly suppressPrefixLength: number | undefined;
  /** Realms of what it applies to, as `RouteInfo.realms`. */
  readonly realms?: number;
  readonly protocol: number;
}
