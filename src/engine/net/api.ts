/** The operations that programs perform on a namespace: rtnetlink's requests as typed calls. All throw `Errno`. */
import type { Micros } from '../core';
import type { IpAddress, Mac } from '../wire';
import type { Link } from './link/link';
import type { NetNamespace } from './namespace';
import type {
  AddressInfo,
  BridgePortFlags,
  Family,
  FdbInfo,
  LinkInfo,
  OperState,
  NeighbourInfo,
  NudState,
  PortState,
  LearnedRoute,
  RouteInfo,
  RouteResult,
  RouteType,
  RuleInfo,
} from './types';

/** Settings of a bridge that can be given at creation and changed later. Times in 1/100 s. */
export interface BridgeOptions {
  forwardDelay?: number;
  helloTime?: number;
  maxAge?: number;
  ageingTime?: number;
  stpState?: number;
  priority?: number;
  vlanFiltering?: boolean;
  vlanDefaultPvid?: number;
  groupFwdMask?: number;
  /** Where BPDUs go: 01:80:c2:00:00:0X. */
  groupAddress?: Mac;
  mcastSnooping?: boolean;
  mcastQuerier?: boolean;
  mcastRouter?: number;
  nfCallIptables?: boolean;
  nfCallIp6tables?: boolean;
  nfCallArptables?: boolean;
  /** Forget learned entries (`fdb_flush`). */
  fdbFlush?: boolean;
}

/** What every new link can be given. */
export interface LinkCommon {
  /** Undefined: the kernel chooses `KIND0`, `KIND1`, ... */
  name?: string;
  mac?: Mac;
  mtu?: number;
  txqlen?: number;
  index?: number;
  group?: number;
  numTxQueues?: number;
  numRxQueues?: number;
  up?: boolean;
  master?: number;
  /** Namespace to create it in. */
  ns?: NetNamespace;
}

/** `ip link add`. Kinds that are not simulated throw EOPNOTSUPP "Unknown device type", as a kernel without the module. */
export type LinkSpec = LinkCommon &
  (
    | { kind: 'veth'; peer?: LinkCommon }
    | { kind: 'dummy' }
    | { kind: 'bridge'; bridge?: BridgeOptions }
    | { kind: string; [option: string]: unknown }
  );

/** `ip link set`: whatever is given is changed, in do_setlink()'s order. */
export interface LinkChange {
  ns?: NetNamespace;
  mac?: Mac;
  /** A malformed or wrongly sized address is the program's business; this is the broadcast address. */
  broadcast?: Mac;
  mtu?: number;
  group?: number;
  name?: string;
  alias?: string;
  up?: boolean;
  arp?: boolean;
  multicast?: boolean;
  allmulticast?: boolean;
  promisc?: boolean;
  dynamic?: boolean;
  txqlen?: number;
  /** Index of the new master; 0 takes it away. */
  master?: number;
  mode?: 'DEFAULT' | 'DORMANT';
  /** Set by hand where the kernel lets it (set_operstate). */
  operstate?: OperState;
  gsoMaxSize?: number;
  gsoMaxSegs?: number;
  groMaxSize?: number;
  addrGenMode?: 'eui64' | 'none' | 'stable_secret' | 'random';
  altNames?: { add?: readonly string[]; del?: readonly string[] };
  bridge?: BridgeOptions;
  /** Options of a kind that is registered (link/kinds.ts). */
  kindOptions?: Readonly<Record<string, unknown>>;
  port?: Partial<BridgePortFlags> & { state?: PortState; cost?: number; priority?: number; mcastRouter?: number };
}

/** `ns.links`. */
export interface LinkApi extends Iterable<Link> {
  /** In order of index. */
  list(): LinkInfo[];
  get(index: number): Link | undefined;
  /** By name, also an alternative one. */
  byName(name: string): Link | undefined;
  info(link: Link): LinkInfo;
  /** @throws Errno EEXIST, EINVAL, EOPNOTSUPP ("Unknown device type"), ERANGE */
  add(spec: LinkSpec): Link;
  set(link: Link, change: LinkChange): void;
  delete(link: Link): void;
}

/** `ip addr add`. */
export interface AddressSpec {
  index: number;
  local: IpAddress;
  prefixLength: number;
  peer?: IpAddress;
  broadcast?: IpAddress;
  /** Default: host for 127/8, else universe. */
  scope?: number;
  label?: string;
  /** Seconds; undefined is forever. */
  validLifetime?: number;
  preferredLifetime?: number;
  noDad?: boolean;
  noPrefixRoute?: boolean;
  homeAddress?: boolean;
  metric?: number;
  protocol?: number;
}

/** `ns.addrs`. */
export interface AddressApi {
  /** In the kernel's order within each link; links by index; inet before inet6 only when no family is asked for. */
  list(filter?: { family?: Family; index?: number }): AddressInfo[];
  /** @throws Errno EEXIST "ipv4: Address already assigned", EINVAL, ENODEV ... */
  add(spec: AddressSpec): void;
  replace(spec: AddressSpec): void;
  change(spec: AddressSpec): void;
  /** Without `prefixLength` the first address that equals `local`. @throws Errno EADDRNOTAVAIL "ipv4: Address not found" */
  delete(spec: { index: number; local: IpAddress; prefixLength?: number; peer?: IpAddress; label?: string }): void;
}

/** `ip route add`. */
export interface RouteSpec {
  family: Family;
  table?: number;
  type?: RouteType;
  dst: IpAddress;
  dstLength: number;
  tos?: number;
  scope?: number;
  protocol?: number;
  metric?: number;
  prefSrc?: IpAddress;
  index?: number;
  gateway?: IpAddress;
  onlink?: boolean;
  nexthops?: readonly { index?: number; gateway?: IpAddress; onlink?: boolean; weight?: number }[];
  mtu?: number;
  advmss?: number;
  /** As `RouteInfo.realms`. */
  realms?: number;
  pref?: 'low' | 'medium' | 'high';
  expires?: number;
  /** A next hop object instead of gateway and link. */
  nhid?: number;
  /** Metrics beyond mtu and advmss, by the names and in the units of `RouteInfo.metrics`. */
  metrics?: Readonly<Record<string, number | string>>;
}

/** Which routes `delete` means; what is left out matches all. */
export type RouteMatch = Partial<RouteSpec> & { family: Family; dst: IpAddress; dstLength: number };

/** Flow of a lookup. */
export interface RouteKey {
  dst: IpAddress;
  src?: IpAddress;
  /** Input interface for a forwarded packet (`iif`). */
  iif?: number;
  oif?: number;
  mark?: number;
  tos?: number;
  uid?: number;
  /** IP protocol and ports of the flow. */
  protocol?: number;
  srcPort?: number;
  dstPort?: number;
}

/** `ns.routes`. */
export interface RouteApi {
  /** All tables unless one is named, in the order in which the kernel dumps them. @throws Errno ENOENT "ipv4: FIB table does not exist" */
  list(filter?: { family?: Family; table?: number }): RouteInfo[];
  /** NLM_F_CREATE|NLM_F_EXCL. @throws Errno EEXIST, ENETUNREACH, EINVAL, ENODEV with the kernel's text */
  add(spec: RouteSpec): void;
  append(spec: RouteSpec): void;
  prepend(spec: RouteSpec): void;
  replace(spec: RouteSpec): void;
  /** @throws Errno ENOENT */
  change(spec: RouteSpec): void;
  /** @throws Errno ESRCH */
  delete(match: RouteMatch): void;
  /** `ip route get`. @throws Errno ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL */
  get(key: RouteKey): RouteResult;
  /** `ip route show cache`. */
  cached(family: Family): CachedRoute[];
}

/** An entry of the routing cache: an exception to `route`. */
export interface CachedRoute {
  readonly route: RouteInfo;
  readonly dst: IpAddress;
  readonly index: number | undefined;
  readonly gateway: IpAddress | undefined;
  readonly learned: LearnedRoute;
}

/** `ns.rules`. */
export interface RuleApi {
  list(family: Family): RuleInfo[];
  add(rule: Partial<RuleInfo> & { family: Family }): void;
  /** @throws Errno ENOENT */
  delete(rule: Partial<RuleInfo> & { family: Family }): void;
}

/** `ns.neigh`. */
export interface NeighApi {
  /** Everything that is not NONE (and NOARP entries only with `all`); with `proxy` what is answered for others instead. */
  list(filter?: { family?: Family; index?: number; all?: boolean; proxy?: boolean }): NeighbourInfo[];
  /** @throws Errno EEXIST, EINVAL "No link layer address given" ... */
  add(spec: {
    index: number;
    address: IpAddress;
    lladdr?: Mac;
    state?: NudState;
    router?: boolean;
    proxy?: boolean;
  }): void;
  replace(spec: {
    index: number;
    address: IpAddress;
    lladdr?: Mac;
    state?: NudState;
    router?: boolean;
    proxy?: boolean;
  }): void;
  change(spec: {
    index: number;
    address: IpAddress;
    lladdr?: Mac;
    state?: NudState;
    router?: boolean;
    proxy?: boolean;
  }): void;
  /** @throws Errno ENOENT */
  delete(spec: { index: number; address: IpAddress; proxy?: boolean }): void;
}

/** The far end of a tunnel in an FDB entry; what is left out is the link's own. */
export interface FdbTunnel {
  dst?: IpAddress;
  port?: number;
  vni?: number;
  /** Index of the link packets leave by (`via`). */
  via?: number;
}

/** `ns.fdb` (`bridge fdb`). */
export interface FdbApi {
  /** @param filter `bridge`: index of a bridge; `index`: a port or the bridge itself. */
  list(filter?: { bridge?: number; index?: number }): FdbInfo[];
  /** @throws Errno EEXIST, EINVAL, EOPNOTSUPP */
  add(spec: {
    mac: Mac;
    index: number;
    master?: boolean;
    self?: boolean;
    state?: 'permanent' | 'static' | 'dynamic';
    vlan?: number;
    replace?: boolean;
    /** Adds a destination to an entry that is there (NLM_F_APPEND). */
    append?: boolean;
    /** Of a VXLAN link: where frames to the address go. */
    tunnel?: FdbTunnel;
  }): void;
  /** @throws Errno ENOENT */
  delete(spec: { mac: Mac; index: number; master?: boolean; self?: boolean; vlan?: number; tunnel?: FdbTunnel }): void;
}

/** `ns.nsids`: the numbers by which a namespace knows others (ip-netns(8) "nsid"). */
export interface NsidApi {
  /** The number of `other`, or undefined when there is none. Does not allocate. */
  get(other: NetNamespace): number | undefined;
  /** The number of `other`, made if needed (peernet2id_alloc); announces it. */
  allocate(other: NetNamespace): number;
  /** `ip netns set`. @throws Errno EEXIST when either is taken. */
  set(other: NetNamespace, nsid: number | 'auto'): void;
  byId(nsid: number): NetNamespace | undefined;
  list(): { nsid: number; ns: NetNamespace }[];
}

/** /proc/sys/net of a namespace. Paths are relative to it: `ipv4/ip_forward`, `ipv4/conf/eth0/rp_filter`. */
export interface SysctlApi {
  /** The value without newline; undefined when there is no such file. */
  get(path: string): string | undefined;
  /** @throws Errno ENOENT, EINVAL, EACCES (read-only) */
  set(path: string, value: string): void;
  /** Names in a directory, sorted; undefined when it is none. */
  entries(path: string): { name: string; dir: boolean; mode: number }[] | undefined;
}

/** A captured frame as a packet socket gets it. */
export interface TapOptions {
  /** Undefined: all links ("any"). */
  index?: number;
  promisc?: boolean;
}

/** Time stamp type used by taps. */
export type Stamp = Micros;
