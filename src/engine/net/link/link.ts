import type { Mac } from '../../wire';
import { ETHERTYPE, MAC_BROADCAST, isMulticastMac } from '../../wire';
import type { Inet4Device } from '../ipv4/device';
import type { Inet6Device } from '../ipv6/device';
import type { Neighbour } from '../neigh/neighbour';
import type { NetNamespace } from '../namespace';
import type { DropReason } from '../trace';
import type { FdbApi } from '../api';
import type { BridgePort } from './bridge-port';
import type { DeviceEvent } from '../namespace';
import type { Qdisc } from '../qdisc';
import type { BridgeInfo, FdbInfo, KindData, LinkInfo, LinkKind, LinkStats, OperState } from '../types';
import { IFF } from '../types';
import type { Skb } from '../skb';
import { PACKET } from '../packet-type';

/** Fresh counters. */
export function zeroStats(): LinkStats {
  return {
    rxPackets: 0,
    txPackets: 0,
    rxBytes: 0,
    txBytes: 0,
    rxErrors: 0,
    txErrors: 0,
    rxDropped: 0,
    txDropped: 0,
    rxMissed: 0,
    multicast: 0,
    txCarrier: 0,
    collisions: 0,
  };
}

/** A link's own forwarding table (ndo_fdb_add, ndo_fdb_del, ndo_fdb_dump). Add and delete throw Errno. */
export interface LinkFdb {
  add(spec: Parameters<FdbApi['add']>[0]): void;
  delete(spec: Parameters<FdbApi['delete']>[0]): void;
  list(): FdbInfo[];
}

/** A network device (net_device). Kinds differ in `xmit`, carrier and what happens on open and close. */
export abstract class Link {
  abstract readonly kind: LinkKind;
  ns: NetNamespace;
  index: number;
  name: string;
  mac: Mac;
  broadcast: Mac = MAC_BROADCAST;
  mtu = 1500;
  minMtu = 68;
  maxMtu = 65535;
  txqlen = 1000;
  group = 0;
  alias: string | undefined;
  altNames: string[] = [];
  /** {@link IFF} bits set by the administrator or the kind; PROMISC and ALLMULTI follow the counters. */
  flags: number = IFF.BROADCAST | IFF.MULTICAST;
  carrier = true;
  carrierChanges = 0;
  operstate: OperState = 'UNKNOWN';
  mode: 'DEFAULT' | 'DORMANT' = 'DEFAULT';
  qdisc = 'noop';
  stats: LinkStats = zeroStats();
  promiscuity = 0;
  allmulti = 0;
  numTxQueues = 1;
  numRxQueues = 1;
  /** What the hardware below could cut for TCP (dev->tso_max_size), bytes; only shown. */
  tsoMaxSize = 524280;
  /** Largest packet that may be handed to the device to cut, and in how many parts; largest one that is put together. */
  gsoMaxSize = 65536;
  gsoMaxSegs = 65535;
  groMaxSize = 65536;
  /** The qdisc packets wait in; null while it is one that lets everything through at once. */
  sched: Qdisc | null = null;
  addrGenMode: 'eui64' | 'none' | 'stable_secret' | 'random' = 'eui64';
  /** The bridge (or other device) it is a port of. */
  master: Link | null = null;
  port: BridgePort | null = null;
  /** IPv4 side: addresses and settings. */
  ip4!: Inet4Device;
  /** IPv6 side; null when IPv6 is not on this link (MTU below 1280). */
  ip6: Inet6Device | null = null;
  readonly arp = new Map<number, Neighbour>();
  readonly nd = new Map<string, Neighbour>();
  /** Group addresses the link's filter lets in, with the number of users, in order of joining. */
  readonly multicast = new Map<Mac, number>();
  /** Extra unicast addresses (`bridge fdb add ... self`). */
  readonly unicast = new Map<Mac, number>();
  registered = false;
  /** While it is being brought up: the change of its own carrier is not urgent then. */
  opening = false;
  /** Links stacked on this one (VLAN, macvlan, ipvlan, VXLAN), in order of creation; they may be in other namespaces. */
  readonly uppers: Link[] = [];
  /** 802.1Q sub-interfaces by tag protocol and VLAN identifier; they get tagged frames before a bridge does. */
  vlanUppers: Map<number, Link> | null = null;
  /** Of a VXLAN link: who is behind which remote end. */
  ownFdb: LinkFdb | null = null;

  constructor(ns: NetNamespace, name: string, index: number, mac: Mac) {
    this.ns = ns;
    this.name = name;
    this.index = index;
    this.mac = mac;
  }

  // --- what kinds define --------------------------------------------------------------------------------------------

  /** It says NETDEV_TX_OK whatever becomes of the packet; other links pass on what those below them say. */
  protected readonly silent: boolean = false;

  /** Puts the packet on the medium (ndo_start_xmit): counts it. */
  abstract xmit(skb: Skb): void;

  /** ndo_open: before the link is up. @throws Errno */
  onOpen(): void {}

  /** ndo_stop. */
  onClose(): void {}

  /** ndo_uninit / dellink: lets go of peers and ports. */
  onUnregister(): void {}

  /** It is being deleted (rtnl_link_ops.dellink), and still up if it was. */
  onDelete(): void {}

  /** The link IFLA_LINK names; null for itself. */
  get lower(): Link | null {
    return null;
  }

  /** True when no qdisc is attached when it goes up (IFF_NO_QUEUE). */
  get queueless(): boolean {
    return true;
  }

  /** The MAC cannot be changed, the namespace cannot be left. */
  get netnsImmutable(): boolean {
    return false;
  }

  bridgeInfo(): BridgeInfo | undefined {
    return undefined;
  }

  /** IFLA_INFO_DATA of kinds other than bridge. */
  kindData(): KindData | undefined {
    return undefined;
  }

  /** Something happened to a link that this one stands on (its kind's netdevice notifier). */
  lowerEvent(_event: DeviceEvent, _lower: Link): void {}

  /** ndo_change_mtu: refuses what the kind cannot do. @throws Errno */
  checkMtu(_mtu: number): void {}

  /** ndo_set_mac_address: what else changes with the address. @throws Errno */
  macChanged(_old: Mac): void {}

  // --- state --------------------------------------------------------------------------------------------------------

  get up(): boolean {
    return (this.flags & IFF.UP) !== 0;
  }

  /** netif_oper_up: packets pass. */
  get running(): boolean {
    return this.up && (this.operstate === 'UP' || this.operstate === 'UNKNOWN');
  }

  get isLoopback(): boolean {
    return (this.flags & IFF.LOOPBACK) !== 0;
  }

  /** True when frames on it need a neighbour entry. */
  get needsArp(): boolean {
    return (this.flags & (IFF.NOARP | IFF.LOOPBACK | IFF.POINTOPOINT)) === 0;
  }

  /** dev_get_flags(): what user space sees. */
  get reportedFlags(): number {
    let f = this.flags & ~(IFF.PROMISC | IFF.ALLMULTI | IFF.RUNNING | IFF.LOWER_UP | IFF.DORMANT);
    if (this.promiscRequested) f |= IFF.PROMISC;
    if (this.allmultiRequested) f |= IFF.ALLMULTI;
    if (this.up) {
      if (this.operstate === 'UP' || this.operstate === 'UNKNOWN') f |= IFF.RUNNING;
      if (this.carrier) f |= IFF.LOWER_UP;
      if (this.mode === 'DORMANT') f |= IFF.DORMANT;
    }
    return f;
  }

  /** What the administrator asked for (`ip link set promisc on`), as opposed to tcpdump or a bridge. */
  promiscRequested = false;
  allmultiRequested = false;

  /**
   * netif_carrier_on/off. The state machine follows at once when it is urgent (the link goes up, or stands on another one),
   * else up to a second later (linkwatch_urgent_event).
   */
  setCarrier(on: boolean): void {
    if (this.carrier === on) return;
    this.carrier = on;
    this.carrierChanges++;
    if (!this.registered) return;
    const { lower } = this;
    const stacked = lower !== null && lower.index !== this.index;
    if (this.up && ((on && !this.opening) || stacked)) this.linkwatch();
    else this.ns.linkwatchLater(this);
  }

  /** linkwatch_do_dev: operational state, then the announcement. */
  linkwatch(): void {
    this.updateOperstate();
    if (this.up) {
      this.ns.deviceEvent('change', this);
      this.ns.announceLink(this);
    }
  }

  /**
   * A device that cannot filter by more than one unicast address, such as a veth, takes every frame while others than its own are
   * wanted (__dev_set_rx_mode, IFF_UNICAST_FLT).
   */
  get unfiltered(): boolean {
    return this.kind === 'veth' && this.up && this.unicast.size > 0;
  }

  /** rfc2863_policy(). @returns true when it changed. */
  updateOperstate(): boolean {
    let state: OperState;
    if (!this.carrier) {
      const lower = this.lower;
      const found = lower !== null && lower.index !== this.index ? this.ns.links.get(lower.index) : undefined;
      state = found && !found.carrier ? 'LOWERLAYERDOWN' : 'DOWN';
    } else state = this.mode === 'DORMANT' && this.operstate !== 'UP' ? 'DORMANT' : 'UP';
    if (state === this.operstate) return false;
    this.operstate = state;
    return true;
  }

  /** Puts a group address into the filter, or takes one user of it away. */
  joinGroup(mac: Mac): void {
    this.multicast.set(mac, (this.multicast.get(mac) ?? 0) + 1);
  }

  leaveGroup(mac: Mac): void {
    const n = (this.multicast.get(mac) ?? 0) - 1;
    if (n > 0) this.multicast.set(mac, n);
    else this.multicast.delete(mac);
  }

  // --- the path of packets ------------------------------------------------------------------------------------------

  /** dev_queue_xmit: the last step on the way out; the frame's addresses are set. */
  transmit(skb: Skb): void {
    skb.dev = this;
    if ((this.flags & IFF.UP) === 0) {
      this.stats.txDropped++;
      this.ns.drop(skb, 'DEV_READY', this.name);
      return;
    }
    if (!this.carrier) {
      // Without carrier a noop qdisc is in place (dev_deactivate): taps see nothing, and senders hear nothing.
      this.stats.txDropped++;
      this.ns.drop(skb, 'QDISC_DROP', 'noop');
      return;
    }
    if (this.sched !== null) this.sched.enqueue(skb);
    else this.startXmit(skb);
  }

  /** dev_hard_start_xmit: out of the qdisc, past the taps, onto the medium. */
  startXmit(skb: Skb): void {
    const { ns } = this;
    if (ns.taps.count > 0) ns.taps.outgoing(skb, this);
    if (ns.tracer.active)
      ns.trace(skb, { event: 'tx', link: this.name, index: this.index, src: skb.src, dst: skb.dst });
    this.xmit(skb);
    if (this.silent) skb.lost = false;
  }

  /** netif_receive_skb: a frame has arrived on this link. */
  receive(skb: Skb): void {
    const { ns } = this;
    if ((this.flags & IFF.UP) === 0) {
      this.stats.rxDropped++;
      ns.drop(skb, 'DEV_READY', this.name);
      return;
    }
    skb.dev = this;
    skb.inDev = this;
    if (skb.dst === this.mac) skb.pktType = PACKET.HOST;
    else if (skb.dst === MAC_BROADCAST) skb.pktType = PACKET.BROADCAST;
    else if (this.isLoopback) skb.pktType = PACKET.HOST;
    else if (isMulticastMac(skb.dst)) skb.pktType = PACKET.MULTICAST;
    else skb.pktType = PACKET.OTHERHOST;
    this.receiveCore(skb);
  }

  /** __netif_receive_skb_core: taps, then the VLAN's sub-interface, the bridge, another upper device, or the protocol. */
  protected receiveCore(skb: Skb): void {
    const { ns } = this;
    if (ns.taps.count > 0) ns.taps.incoming(skb, this);
    if (ns.tracer.active)
      ns.trace(skb, { event: 'rx', link: this.name, index: this.index, src: skb.src, dst: skb.dst });
    if (skb.vlan !== undefined && this.vlanUppers !== null && this.receiveVlan(skb)) return;
    if (this.port !== null) {
      this.port.receive(skb);
      return;
    }
    if (this.rxHandler !== null && this.rxHandler(skb)) return;
    this.deliver(skb);
  }

  /** vlan_do_receive: hands a tagged frame to the sub-interface of its VLAN. @returns false when there is none */
  protected receiveVlan(skb: Skb): boolean {
    const { tpid = ETHERTYPE.VLAN, id, inner } = skb.vlan!;
    const upper = this.vlanUppers!.get((tpid << 12) | id);
    if (upper === undefined) return false;
    if (!upper.up) {
      upper.stats.rxDropped++;
      upper.ns.drop(skb, 'DEV_READY', upper.name);
      return true;
    }
    if (this.ns.tracer.active) this.ns.trace(skb, { event: 'vlan', link: upper.name, action: 'untag', vlan: id });
    skb.vlan = inner;
    upper.stats.rxPackets++;
    upper.stats.rxBytes += skb.frameLength;
    if (isMulticastMac(skb.dst) && skb.dst !== MAC_BROADCAST) upper.stats.multicast++;
    if (upper.ns !== this.ns) skb.scrub(true);
    upper.receive(skb);
    return true;
  }

  /** Devices stacked on this one (VLAN, macvlan) take frames here; true when taken. */
  rxHandler: ((skb: Skb) => boolean) | null = null;

  /**
   * Whose a packet is that this link's namespace has received and filtered (l3mdev_l3_rcv; ipvlan in mode l3s): it is routed and
   * delivered there.
   */
  l3Owner: ((skb: Skb) => Link | undefined) | null = null;

  /** Hands the packet to its protocol. */
  deliver(skb: Skb): void {
    const { ns } = this;
    if (skb.vlan !== undefined && skb.vlan.id !== 0) {
      // A VLAN nobody here is in: the packet is as good as addressed to somebody else.
      skb.pktType = PACKET.OTHERHOST;
      this.stats.rxDropped++;
      ns.drop(skb, 'VLAN_FILTER', this.name);
      return;
    }
    switch (skb.etherType) {
      case ETHERTYPE.IPV4:
        if (skb.payload.kind === 'ipv4') ns.ip4.input.receive(skb, this);
        else ns.drop(skb, 'IP_INHDR', 'ip_rcv');
        return;
      case ETHERTYPE.ARP:
        if (skb.payload.kind === 'arp') ns.arp.receive(skb, this);
        else ns.drop(skb, 'NOT_SPECIFIED', 'arp_rcv');
        return;
      case ETHERTYPE.IPV6:
        if (skb.payload.kind === 'ipv6') ns.ip6.input.receive(skb, this);
        else ns.drop(skb, 'IP_INHDR', 'ipv6_rcv');
        return;
      default:
        this.stats.rxDropped++;
        ns.drop(skb, 'UNHANDLED_PROTO', '__netif_receive_skb_core');
    }
  }

  /** What a link that sends through another one counts, once it knows whether that one took the packet of `length` bytes. */
  protected countTx(skb: Skb, length: number): void {
    if (skb.lost) this.stats.txDropped++;
    else {
      this.stats.txPackets++;
      this.stats.txBytes += length;
    }
  }

  /** Counts and forgets a packet. */
  protected dropTx(skb: Skb, reason: DropReason): void {
    this.stats.txDropped++;
    this.ns.drop(skb, reason, this.name);
  }

  /** The RTM_NEWLINK description. */
  info(): LinkInfo {
    const { lower, ns } = this;
    const foreign = lower !== null && lower.ns !== ns;
    return {
      index: this.index,
      name: this.name,
      flags: this.reportedFlags,
      mtu: this.mtu,
      qdisc: this.qdisc,
      operstate: this.up ? this.operstate : 'DOWN',
      mode: this.mode,
      group: this.group,
      txqlen: this.txqlen,
      type: this.isLoopback ? 'loopback' : 'ether',
      mac: this.mac,
      broadcast: this.broadcast,
      link: lower === null ? undefined : lower.index,
      linkNetnsid: foreign ? ns.nsids.allocate(lower.ns) : undefined,
      master: this.master?.index,
      kind: this.kind,
      alias: this.alias,
      altNames: [...this.altNames],
      promiscuity: this.promiscuity + (this.unfiltered ? 1 : 0),
      allmulti: this.allmulti,
      minMtu: this.minMtu,
      maxMtu: this.maxMtu,
      numTxQueues: this.numTxQueues,
      numRxQueues: this.numRxQueues,
      addrGenMode: this.ip6 === null ? undefined : this.addrGenMode,
      carrier: this.carrier,
      carrierChanges: this.carrierChanges,
      stats: { ...this.stats },
      bridge: this.bridgeInfo(),
      bridgePort: this.port?.info(),
      data: this.kindData(),
      tsoMaxSize: this.tsoMaxSize,
      gsoMaxSize: this.gsoMaxSize,
      gsoMaxSegs: this.gsoMaxSegs,
      groMaxSize: this.groMaxSize,
    };
  }
}
