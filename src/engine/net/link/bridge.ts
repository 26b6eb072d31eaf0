import { Errno } from '../../core';
import type { Timer } from '../../core';
import type { Mac } from '../../wire';
import { ETHERTYPE, MAC_BROADCAST, MAC_ZERO, isMulticastMac } from '../../wire';
import type { BridgeOptions } from '../api';
import { NF } from '../hooks';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import type { Withheld } from '../trace';
import type { BridgeInfo, LinkKind } from '../types';
import { BridgePort } from './bridge-port';
import { Fdb, fdbKey } from './fdb';
import { Link } from './link';
import { Mdb } from './mdb';

/** What VLAN filtering adds to a bridge (bridge-vlan.ts). A null port is the bridge itself. */
export interface BridgeVlanOps {
  /** VLAN identifiers of a port, ascending. */
  idsOf(port: BridgePort | null): number[];
  /** br_allowed_ingress: gives the frame its VLAN. @returns its identifier, 0 without filtering, -1 to drop it */
  ingress(skb: Skb, port: BridgePort | null): number;
  /** br_allowed_egress */
  egress(skb: Skb, port: BridgePort | null): boolean;
  /** br_handle_vlan: takes the tag off where the port wants it untagged. */
  untag(skb: Skb, port: BridgePort | null): void;
  portAdded(port: BridgePort): void;
  portRemoved(port: BridgePort): void;
  /** A port's (or the bridge's) address changed: entries of each VLAN follow. */
  macChanged(port: BridgePort | null, old: Mac, mac: Mac): void;
  setDefaultPvid(pvid: number): void;
}

/** What the spanning tree tells of a bridge; timers in 1/100 s. */
export interface StpInfo {
  readonly designatedRoot: string;
  readonly rootPort: number;
  readonly rootPathCost: number;
  readonly topologyChange: boolean;
  readonly topologyChangeDetected: boolean;
  readonly helloTimer: number;
  readonly tcnTimer: number;
  readonly topologyChangeTimer: number;
}

/** What the spanning tree tells of a port. */
export interface PortStpInfo {
  readonly designatedRoot: string;
  readonly designatedBridge: string;
  readonly designatedPort: number;
  readonly designatedCost: number;
  readonly topologyChangeAck: boolean;
  readonly configPending: boolean;
  readonly messageAgeTimer: number;
  readonly forwardDelayTimer: number;
  readonly holdTimer: number;
}

/** The spanning tree protocol (stp.ts) as far as the bridge calls it. */
export interface BridgeStpOps {
  start(): void;
  stop(): void;
  portUp(port: BridgePort): void;
  portDown(port: BridgePort): void;
  idChanged(old: string): void;
  /** @returns false when the frame is no message of the protocol */
  receive(skb: Skb, port: BridgePort): boolean;
  info(): StpInfo;
  portInfo(port: BridgePort): PortStpInfo;
}

let newStp: ((bridge: BridgeLink) => BridgeStpOps) | null = null;

/** Sets how a bridge gets its spanning tree, once that code is there. */
export function makeBridgeStpWith(factory: (bridge: BridgeLink) => BridgeStpOps): void {
  newStp = factory;
}

let newVlans: ((bridge: BridgeLink) => BridgeVlanOps) | null = null;

/** Sets how a bridge gets its VLAN tables, once that code is there. */
export function makeBridgeVlansWith(factory: (bridge: BridgeLink) => BridgeVlanOps): void {
  newVlans = factory;
}

/** Where br_netfilter takes back a frame that waited for its neighbour's address; true when it did (br_nf_dev_xmit). */
export const bridgeTransmitHook: { resume: ((skb: Skb, bridge: BridgeLink) => boolean) | null } = { resume: null };

/** Ports a bridge may have (BR_MAX_PORTS). */
/** The group of RFC 4286: what multicast routers announce themselves to. */
const ALL_SNOOPERS4 = 0xe000006a;
const ALL_SNOOPERS6 = 'ff02::6a';
const MAX_PORTS = 1023;
const TSO_MAX_SIZE = 524280;
const TICK = 10_000;

/** An Ethernet bridge (net/bridge): learns, forwards, floods. Spanning tree and VLANs: stp.ts, bridge-vlan.ts. */
export class BridgeLink extends Link {
  protected override readonly silent = true;
  readonly kind: LinkKind = 'bridge';
  /** In order of enslaving; the kernel keeps the newest first. */
  readonly ports: BridgePort[] = [];
  /** Timers in 1/100 s. */
  readonly settings = {
    forwardDelay: 1500,
    helloTime: 200,
    maxAge: 2000,
    ageingTime: 30000,
    stpState: 0,
    priority: 32768,
    vlanFiltering: false,
    vlanDefaultPvid: 1,
    groupFwdMask: 0,
    mcastSnooping: true,
    mcastQuerier: false,
    mcastRouter: 1,
    nfCallIptables: false,
    nfCallIp6tables: false,
    nfCallArptables: false,
  };
  /** VLAN tables: there from the moment somebody uses VLANs on this bridge. */
  vlans: BridgeVlanOps | null = null;
  /** Groups wanted behind the ports, from the reports that crossed. */
  readonly mdb = new Mdb(this);
  /** The spanning tree, while stp_state is on. */
  stp: BridgeStpOps | null = null;
  readonly fdb = new Fdb(() => this.settings.ageingTime * TICK);
  /** True once the administrator chose the address: it no longer follows the ports. */
  macPinned = false;
  /** The address in the bridge identifier; zero until there is a port or the address was set. */
  private idMac: Mac = MAC_ZERO;
  private gc: Timer | null = null;
  private readonly gcTick = (): void => this.collectGarbage();

  constructor(ns: NetNamespace, name: string, index: number, mac: Mac, pinned: boolean) {
    super(ns, name, index, mac);
    this.macPinned = pinned;
    if (pinned) this.idMac = mac;
  }

  // --- configuration ------------------------------------------------------------------------------------------------

  get bridgeId(): string {
    return `${this.settings.priority.toString(16).padStart(4, '0')}.${this.idMac.replaceAll(':', '')}`;
  }

  /** Applies settings. @throws Errno ERANGE, EINVAL */
  configure(o: BridgeOptions): void {
    const s = this.settings;
    const inRange = (v: number, lo: number, hi: number): number => {
      if (v < lo || v > hi) throw new Errno('ERANGE');
      return v;
    };
    if (o.forwardDelay !== undefined) s.forwardDelay = s.stpState ? inRange(o.forwardDelay, 200, 3000) : o.forwardDelay;
    if (o.helloTime !== undefined) s.helloTime = inRange(o.helloTime, 100, 1000);
    if (o.maxAge !== undefined) s.maxAge = inRange(o.maxAge, 600, 4000);
    if (o.ageingTime !== undefined) {
      s.ageingTime = o.ageingTime;
      this.scheduleGc(0);
    }
    if (o.stpState !== undefined) {
      this.setStp(o.stpState !== 0);
    }
    if (o.priority !== undefined) {
      const oldId = this.bridgeId;
      s.priority = o.priority & 0xffff;
      this.stp?.idChanged(oldId);
    }
    if (o.vlanFiltering !== undefined) {
      if (o.vlanFiltering) this.useVlans();
      s.vlanFiltering = o.vlanFiltering;
    }
    if (o.vlanDefaultPvid !== undefined) {
      if (o.vlanDefaultPvid >= 4095) throw new Errno('EINVAL');
      if (s.vlanFiltering) throw new Errno('EPERM');
      this.useVlans().setDefaultPvid(o.vlanDefaultPvid);
    }
    if (o.groupFwdMask !== undefined) {
      if (o.groupFwdMask & 7) throw new Errno('EINVAL');
      s.groupFwdMask = o.groupFwdMask;
    }
    if (o.mcastSnooping !== undefined) s.mcastSnooping = o.mcastSnooping;
    if (o.mcastQuerier !== undefined) s.mcastQuerier = o.mcastQuerier;
    if (o.mcastRouter !== undefined) s.mcastRouter = o.mcastRouter;
    if (o.nfCallIptables !== undefined) s.nfCallIptables = o.nfCallIptables;
    if (o.nfCallIp6tables !== undefined) s.nfCallIp6tables = o.nfCallIp6tables;
    if (o.nfCallArptables !== undefined) s.nfCallArptables = o.nfCallArptables;
    if (o.fdbFlush) for (const p of this.ports) this.fdb.flushPort(p, true);
  }

  /** br_stp_set_enabled. @throws Errno EOPNOTSUPP when the code is not there */
  private setStp(on: boolean): void {
    const s = this.settings;
    if (on === (this.stp !== null)) return;
    if (on) {
      if (newStp === null) throw new Errno('EOPNOTSUPP');
      s.stpState = 1;
      for (const p of this.ports) {
        p.forwardDelay?.cancel();
        p.forwardDelay = null;
      }
      // br_stp_start: what the administrator could choose without the protocol is brought into its limits, 2 to 30 s.
      s.forwardDelay = Math.min(Math.max(s.forwardDelay, 200), 3000);
      this.stp = newStp(this);
      return;
    }
    s.stpState = 0;
    this.stp!.stop();
    this.stp = null;
    for (const p of this.ports) {
      if (p.state === 'disabled') continue;
      p.state = 'disabled';
      this.enablePort(p);
    }
    this.selectStates();
  }

  /** The VLAN tables, made if needed. @throws Errno EOPNOTSUPP when their code is not there */
  useVlans(): BridgeVlanOps {
    if (this.vlans !== null) return this.vlans;
    if (newVlans === null) throw new Errno('EOPNOTSUPP');
    return (this.vlans = newVlans(this));
  }

  /** br_add_if. @throws Errno EINVAL, EBUSY, ELOOP, EOPNOTSUPP */
  addPort(link: Link): void {
    if (link.kind === 'bridge') throw new Errno('ELOOP', 'Can not enslave a bridge to a bridge');
    if (link.isLoopback) throw new Errno('EINVAL');
    if (link.port !== null || link.rxHandler !== null) throw new Errno('EBUSY');
    let number = 1;
    while (this.ports.some((p) => p.number === number)) number++;
    if (number > MAX_PORTS) throw new Errno('EXFULL' as 'ENOSPC');
    const port = new BridgePort(this, link, number);
    link.port = port;
    link.master = this;
    link.allmulti++;
    this.ports.push(port);
    this.ns.log(`${link.name}: entered allmulticast mode`);
    this.ns.announceLink(link);
    link.promiscuity++;
    this.ns.log(`${link.name}: entered promiscuous mode`);
    this.ns.announceLink(link);
    if (this.ports.length === 1) this.ns.announceLink(this, 'FEATURE CHANGE');
    this.insertLocal(link.mac, port);
    this.vlans?.portAdded(port);
    const changed = this.recalculateId();
    if (link.running) this.enablePort(port);
    this.announcePort(port);
    if (changed) this.addressChanged();
    this.updateMtu();
    this.updateTso();
  }

  /** br_set_gso_limits: what the weakest port can cut. A bridge that never had one stays with the old limit. */
  private updateTso(): void {
    this.tsoMaxSize = Math.min(TSO_MAX_SIZE, ...this.ports.map((p) => p.link.tsoMaxSize));
  }

  /** br_ifinfo_notify */
  private announcePort(port: BridgePort, deleted = false): void {
    this.ns.events.emit(() => ({ type: 'bridgelink', deleted, link: port.link.info() }));
  }

  /** @internal The spanning tree put a port into another state. */
  portStateChanged(port: BridgePort): void {
    if (port.state === 'blocking' || port.state === 'listening')
      for (const e of this.fdb.flushPort(port, true)) this.ns.fdb.announce(this, e, true);
    this.announcePort(port);
  }

  private addressChanged(): void {
    this.ns.deviceEvent('changeAddress', this);
    this.ns.announceLink(this);
  }

  /** br_del_if */
  removePort(port: BridgePort): void {
    const { link } = port;
    const at = this.ports.indexOf(port);
    if (at < 0) return;
    link.promiscuity--;
    this.ns.announceLink(link);
    port.state = 'disabled';
    port.forwardDelay?.cancel();
    this.stp?.portDown(port);
    this.announcePort(port);
    this.announcePort(port, true);
    this.ports.splice(at, 1);
    // An address that is the bridge's, too, stays as that.
    const own = this.fdb.entries.get(this.mac);
    if (own?.port === port && own.local) own.port = null;
    for (const e of this.fdb.flushPort(port, false)) this.ns.fdb.announce(this, e, true);
    this.vlans?.portRemoved(port);
    this.mdb.forget(port, true);
    link.port = null;
    link.master = null;
    link.allmulti--;
    this.ns.announceLink(link);
    this.updateMtu();
    this.updateTso();
    if (this.recalculateId()) this.addressChanged();
    if (this.ports.length === 0) this.ns.announceLink(this, 'FEATURE CHANGE');
    this.selectStates();
  }

  /** The port's link came up (br_stp_enable_port). */
  enablePort(port: BridgePort): void {
    if (!this.up || port.state !== 'disabled') return;
    if (this.stp !== null) {
      this.stp.portUp(port);
      return;
    }
    this.ns.log(`${this.name}: port ${port.number}(${port.link.name}) entered blocking state`);
    this.ns.log(`${this.name}: port ${port.number}(${port.link.name}) entered forwarding state`);
    port.state = 'forwarding';
    const delay = this.settings.forwardDelay * TICK;
    port.forwardDelay = this.ns.host.scheduler.after(delay, () => (port.forwardDelay = null));
    this.selectStates();
    this.announcePort(port);
  }

  /** The port's link went down (br_stp_disable_port): what was learned there is forgotten. */
  disablePort(port: BridgePort): void {
    if (port.state === 'disabled') return;
    this.ns.log(`${this.name}: port ${port.number}(${port.link.name}) entered disabled state`);
    port.state = 'disabled';
    port.forwardDelay?.cancel();
    port.forwardDelay = null;
    for (const e of this.fdb.flushPort(port, true)) this.ns.fdb.announce(this, e, true);
    this.mdb.forget(port, false);
    this.stp?.portDown(port);
    this.selectStates();
    this.announcePort(port);
  }

  /** The address of a port changed. */
  portAddressChanged(port: BridgePort, old: Mac): void {
    const e = this.fdb.entries.get(old);
    if (e?.local && e.port === port) this.fdb.entries.delete(old);
    this.insertLocal(port.link.mac, port);
    this.vlans?.macChanged(port, old, port.link.mac);
    if (this.recalculateId()) this.addressChanged();
  }

  /** The administrator set the address (br_set_mac_address). */
  setMac(mac: Mac): void {
    const old = this.mac;
    this.mac = mac;
    this.macPinned = true;
    if (old !== mac) {
      const e = this.fdb.entries.get(old);
      if (e?.local && e.port === null) this.fdb.entries.delete(old);
    }
    this.insertLocal(mac, null);
    this.vlans?.macChanged(null, old, mac);
    const oldId = this.bridgeId;
    this.idMac = mac;
    this.stp?.idChanged(oldId);
    this.selectStates();
  }

  /** @internal An address of the bridge or a port, in a VLAN. */
  insertLocal(mac: Mac, port: BridgePort | null, vlan = 0): void {
    const e = this.fdb.entries.get(fdbKey(mac, vlan));
    // Two devices with the same address: the first keeps it.
    if (e?.local) return;
    const made = this.fdb.put(mac, port, { local: true, static: true, user: false }, this.ns.now, vlan);
    this.ns.fdb.announce(this, made, false);
  }

  /** br_stp_recalculate_bridge_id: the lowest address of the ports, unless it was set by hand. @returns true when it changed */
  private recalculateId(): boolean {
    if (this.macPinned) return false;
    let lowest: Mac | null = null;
    for (const p of this.ports) if (lowest === null || p.link.mac < lowest) lowest = p.link.mac;
    const mac = lowest ?? MAC_ZERO;
    if (mac === this.idMac) return false;
    const oldId = this.bridgeId;
    this.idMac = mac;
    const old = this.mac;
    if (mac !== old) {
      const e = this.fdb.entries.get(old);
      if (e?.local && e.port === null) {
        this.fdb.entries.delete(old);
        this.ns.fdb.announce(this, e, true);
      }
      this.mac = mac;
      if (mac !== MAC_ZERO) this.insertLocal(mac, null);
      this.vlans?.macChanged(null, old, mac);
    }
    this.stp?.idChanged(oldId);
    this.selectStates();
    return mac !== old;
  }

  /** br_port_state_selection: the bridge has a carrier when a port forwards. */
  selectStates(): void {
    this.setCarrier(this.ports.some((p) => p.state === 'forwarding'));
  }

  private updateMtu(): void {
    if (this.mtuPinned) return;
    const mtu = this.ports.length === 0 ? 1500 : Math.min(...this.ports.map((p) => p.link.mtu));
    if (mtu === this.mtu) return;
    this.ns.links.changeMtu(this, mtu);
    this.ns.announceLink(this);
  }

  /** The administrator set the MTU: it no longer follows the ports. */
  mtuPinned = false;

  override tsoMaxSize = 65536;

  /** A port's MTU changed. */
  portMtuChanged(): void {
    this.updateMtu();
  }

  /**
   * The bridge's own address is in its table from the start. One that was made with an address has its identifier set then
   * (br_dev_newlink, br_stp_change_bridge_id), which looks at the ports, and so at once has no carrier; one without has a carrier
   * until its first port comes.
   */
  created(): void {
    this.insertLocal(this.mac, null);
    if (!this.macPinned) return;
    this.forgetOwn();
    this.insertLocal(this.mac, null);
    this.selectStates();
  }

  /** Takes the bridge's own addresses out of its table. */
  private forgetOwn(): void {
    for (const [key, e] of [...this.fdb.entries]) {
      if (e.port !== null) continue;
      this.fdb.entries.delete(key);
      this.ns.fdb.announce(this, e, true);
    }
  }

  /** br_dev_delete: ports and table go before the bridge is closed. */
  override onDelete(): void {
    for (const p of [...this.ports]) this.removePort(p);
    this.forgetOwn();
  }

  override onOpen(): void {
    if (this.settings.mcastSnooping) {
      // The bridge listens for multicast router discovery (all-snoopers).
      this.ns.multicast4.join(this, ALL_SNOOPERS4);
      this.ns.addrconf.join(this, ALL_SNOOPERS6, false);
    }
    this.scheduleGc(this.settings.ageingTime * TICK);
  }

  /** The bridge is up: ports that run start to forward. */
  opened(): void {
    for (const p of this.ports) if (p.link.running) this.enablePort(p);
    this.stp?.start();
  }

  override onClose(): void {
    for (const p of this.ports) this.disablePort(p);
    this.stp?.stop();
    this.gc?.cancel();
    this.gc = null;
    if (this.ip4.groups.has(ALL_SNOOPERS4)) {
      this.ns.multicast4.leave(this, ALL_SNOOPERS4);
      this.ns.addrconf.leave(this, ALL_SNOOPERS6);
    }
  }

  override onUnregister(): void {
    for (const p of [...this.ports]) this.removePort(p);
    this.stp?.stop();
    this.gc?.cancel();
    this.gc = null;
  }

  private scheduleGc(delay: number): void {
    if (!this.up && delay === 0) return;
    this.gc?.cancel();
    this.gc = this.ns.host.scheduler.after(Math.max(delay, TICK), this.gcTick);
  }

  private collectGarbage(): void {
    const { gone, next } = this.fdb.collect(this.ns.now);
    for (const e of gone) this.ns.fdb.announce(this, e, true);
    this.scheduleGc(Math.max(next - this.ns.now, TICK));
  }

  override bridgeInfo(): BridgeInfo {
    const s = this.settings;
    return {
      ...s,
      vlanProtocol: ETHERTYPE.VLAN,
      vlanTables: this.vlans !== null,
      groupAddress: '01:80:c2:00:00:00',
      bridgeId: this.bridgeId,
      designatedRoot: this.bridgeId,
      rootPort: 0,
      rootPathCost: 0,
      ...this.stp?.info(),
      gcTimer: this.gc ? Math.max(0, Math.floor((this.gc.at - this.ns.now) / TICK)) : 0,
    };
  }

  // --- frames -------------------------------------------------------------------------------------------------------

  /** br_handle_frame: a frame came in by a port. */
  handle(skb: Skb, port: BridgePort): void {
    const { ns } = this;
    if (isMulticastMac(skb.src) || skb.src === MAC_ZERO) {
      ns.drop(skb, 'MAC_INVALID_SOURCE', 'br_handle_frame');
      return;
    }
    // 01:80:c2:00:00:0X never crosses a bridge, but for the spanning tree's messages while it takes no part in it.
    if (skb.dst.startsWith('01:80:c2:00:00:0')) {
      const last = parseInt(skb.dst[16]!, 16);
      const crosses = (this.settings.groupFwdMask & (1 << last)) !== 0 || (last === 0 && this.stp === null);
      if (!crosses) {
        if (last === 0 && this.stp?.receive(skb, port)) {
          if (ns.tracer.active) ns.trace(skb, { event: 'handled', by: 'stp', note: 'bridge protocol data unit' });
        } else ns.drop(skb, 'UNHANDLED_PROTO', 'br_handle_frame');
        return;
      }
    }
    if ((port.state !== 'forwarding' && port.state !== 'learning') || !this.up) {
      ns.drop(skb, 'BRIDGE_INGRESS_STP_STATE', 'br_handle_frame');
      return;
    }
    // For the bridge a port's own address is its own.
    skb.pktType =
      skb.dst === MAC_BROADCAST ? PACKET.BROADCAST : isMulticastMac(skb.dst) ? PACKET.MULTICAST : PACKET.HOST;
    const hooks = ns.netfilter?.bridge;
    if (hooks && hooks.prerouting(skb, port.link) !== NF.ACCEPT) return;
    this.finish(skb, port);
  }

  /** br_handle_frame_finish */
  finish(skb: Skb, port: BridgePort): void {
    const { ns } = this;
    const now = ns.now;
    const vlan = this.vlans === null ? 0 : this.vlans.ingress(skb, port);
    if (vlan < 0) {
      ns.drop(skb, 'VLAN_FILTER', 'br_allowed_ingress');
      return;
    }
    if (port.flags.locked) {
      const known = this.fdb.lookup(skb.src, now, vlan);
      if (known?.port !== port || known.local) {
        ns.drop(skb, 'NOT_SPECIFIED', 'br_handle_frame_finish');
        return;
      }
    }
    if (port.flags.learning && this.fdb.learn(skb.src, port, now, vlan)) {
      const entry = this.fdb.lookup(skb.src, now, vlan)!;
      ns.fdb.announce(this, entry, false);
      if (ns.tracer.active) this.traceBridge(skb, port, 'learn', skb.src, [port.link.name]);
    }
    if (port.state === 'learning') {
      ns.drop(skb, 'BRIDGE_INGRESS_STP_STATE', 'br_handle_frame_finish');
      return;
    }
    skb.dev = this;
    if (skb.pktType === PACKET.BROADCAST || skb.pktType === PACKET.MULTICAST) {
      const copy = ns.cloneSkb(skb);
      this.flood(copy, port);
      if (skb.pktType === PACKET.MULTICAST) {
        this.stats.multicast++;
        if (this.settings.mcastSnooping) this.mdb.snoop(skb, port);
      }
      if (ns.tracer.active) this.traceBridge(skb, port, 'local', skb.dst, [this.name]);
      this.passUp(skb, port);
      return;
    }
    const entry = this.fdb.lookup(skb.dst, now, vlan);
    if (entry !== undefined) {
      if (entry.local) {
        if (ns.tracer.active) this.traceBridge(skb, port, 'local', skb.dst, [this.name]);
        this.passUp(skb, port);
        return;
      }
      entry.used = now;
      if (entry.port !== null) {
        if (!this.shouldDeliver(skb, port, entry.port)) {
          if (ns.tracer.active) this.traceBridge(skb, port, 'forward', skb.dst, [], [entry.port]);
          ns.drop(skb, 'BRIDGE_NO_EGRESS_PORT', 'br_forward');
          return;
        }
        if (ns.tracer.active) this.traceBridge(skb, port, 'forward', skb.dst, [entry.port.link.name]);
        this.forward(this.promiscuity > 0 ? ns.cloneSkb(skb) : skb, port, entry.port);
      }
    } else this.flood(this.promiscuity > 0 ? ns.cloneSkb(skb) : skb, port);
    // Somebody captures on the bridge itself: it sees what it only hands on, too.
    if (this.promiscuity > 0) this.passUp(skb, port);
  }

  private traceBridge(
    skb: Skb,
    port: BridgePort | null,
    action: 'learn' | 'forward' | 'flood' | 'local',
    mac: Mac,
    to: string[],
    withheld: readonly BridgePort[] = [],
  ): void {
    this.ns.trace(skb, {
      event: 'bridge',
      bridge: this.name,
      port: port?.link.name ?? this.name,
      action,
      mac,
      to,
      ...(withheld.length > 0
        ? { withheld: withheld.map((p) => ({ port: p.link.name, why: this.whyNot(skb, port, p) })) }
        : {}),
    });
  }

  /** Which of the conditions of `shouldDeliver` and `flood` keeps a frame from a port. */
  private whyNot(skb: Skb, from: BridgePort | null, to: BridgePort): Withheld {
    if (to.state !== 'forwarding') return 'state';
    if (to === from) return 'hairpin';
    if (from?.flags.isolated === true && to.flags.isolated) return 'isolated';
    if (this.vlans !== null && !this.vlans.egress(skb, to)) return 'vlan';
    return this.shouldDeliver(skb, from, to) ? 'flood' : 'mtu';
  }

  /** should_deliver */
  private shouldDeliver(skb: Skb, from: BridgePort | null, to: BridgePort): boolean {
    if (to.state !== 'forwarding') return false;
    if (from !== null) {
      if (to === from && !to.flags.hairpin) return false;
      if (from.flags.isolated && to.flags.isolated) return false;
    }
    if (this.vlans !== null && !this.vlans.egress(skb, to)) return false;
    // What br_netfilter put together from fragments is cut again on its way out.
    return skb.length <= to.link.mtu + 4 || (skb.bridgeIn !== null && skb.maxFragment > 0);
  }

  /** br_flood: every port that may have it. The packet is used up. */
  private flood(skb: Skb, from: BridgePort | null): void {
    const { ns } = this;
    const targets: BridgePort[] = [];
    for (const p of this.ports) {
      if (!this.shouldDeliver(skb, from, p)) continue;
      const { flags } = p;
      if (skb.dst === MAC_BROADCAST) {
        if (!flags.bcastFlood && from !== null) continue;
      } else if (isMulticastMac(skb.dst)) {
        if (!flags.mcastFlood && from !== null) continue;
      } else if (!flags.flood) continue;
      targets.push(p);
    }
    if (ns.tracer.active) {
      this.traceBridge(
        skb,
        from,
        'flood',
        skb.dst,
        targets.map((p) => p.link.name),
        [...this.ports].filter((p) => p !== from && !targets.includes(p)),
      );
    }
    if (targets.length === 0) {
      ns.drop(skb, 'BRIDGE_NO_EGRESS_PORT', 'br_flood');
      return;
    }
    for (let i = 0; i < targets.length; i++) {
      const copy = i === targets.length - 1 ? skb : ns.cloneSkb(skb);
      this.forward(copy, from, targets[i]!);
    }
  }

  /** __br_forward and br_forward_finish: hooks, then out by `to`. */
  private forward(skb: Skb, from: BridgePort | null, to: BridgePort): void {
    const hooks = this.ns.netfilter?.bridge;
    if (hooks) {
      const verdict = from === null ? hooks.output(skb, to.link) : hooks.forward(skb, from.link, to.link);
      if (verdict !== NF.ACCEPT) return;
    }
    this.forwardFinish(skb, to);
  }

  /** br_forward_finish */
  forwardFinish(skb: Skb, to: BridgePort): void {
    this.vlans?.untag(skb, to);
    const hooks = this.ns.netfilter?.bridge;
    if (hooks && hooks.postrouting(skb, to.link) !== NF.ACCEPT) return;
    to.link.transmit(skb);
  }

  /** br_pass_frame_up: the frame is for the machine itself. */
  private passUp(skb: Skb, port: BridgePort): void {
    const hooks = this.ns.netfilter?.bridge;
    this.stats.rxPackets++;
    this.stats.rxBytes += skb.length;
    if (this.vlans !== null) {
      if (this.promiscuity === 0 && !this.vlans.egress(skb, null)) {
        this.ns.drop(skb, 'VLAN_FILTER', 'br_pass_frame_up');
        return;
      }
      this.vlans.untag(skb, null);
    }
    if (hooks && hooks.input(skb, port.link) !== NF.ACCEPT) return;
    const own = this.mac;
    // Frames to a port's address reach the bridge as its own (br_netif_receive_skb after pkt_type was set to HOST).
    const wasHost = skb.pktType === PACKET.HOST && skb.dst !== own && this.fdb.entries.get(skb.dst)?.local === true;
    this.receiveAs(skb, wasHost);
  }

  private receiveAs(skb: Skb, forceHost: boolean): void {
    const { ns } = this;
    skb.dev = this;
    skb.inDev = this;
    if (forceHost) skb.pktType = PACKET.HOST;
    else if (skb.pktType === PACKET.HOST && skb.dst !== this.mac) skb.pktType = PACKET.OTHERHOST;
    if (ns.taps.count > 0) ns.taps.incoming(skb, this);
    if (ns.tracer.active)
      ns.trace(skb, { event: 'rx', link: this.name, index: this.index, src: skb.src, dst: skb.dst });
    if (skb.vlan !== undefined && this.vlanUppers !== null && this.receiveVlan(skb)) return;
    if (this.rxHandler !== null && this.rxHandler(skb)) return;
    this.deliver(skb);
  }

  /** br_dev_xmit: a packet of the machine itself. */
  override xmit(skb: Skb): void {
    if (skb.bridgeIn !== null && bridgeTransmitHook.resume?.(skb, this) === true) return;
    const { ns } = this;
    this.stats.txPackets++;
    this.stats.txBytes += skb.frameLength;
    skb.bridgeIn = null;
    const vlan = this.vlans === null ? 0 : this.vlans.ingress(skb, null);
    if (vlan < 0) {
      ns.drop(skb, 'VLAN_FILTER', 'br_dev_xmit');
      return;
    }
    if (isMulticastMac(skb.dst)) {
      if (this.settings.mcastSnooping && skb.dst !== MAC_BROADCAST) this.mdb.snoop(skb, null);
      this.flood(skb, null);
      return;
    }
    const entry = this.fdb.lookup(skb.dst, ns.now, vlan);
    if (entry === undefined) this.flood(skb, null);
    else if (entry.port === null || entry.local) ns.drop(skb, 'NOT_SPECIFIED', 'br_dev_xmit');
    else if (!this.shouldDeliver(skb, null, entry.port)) {
      if (ns.tracer.active) this.traceBridge(skb, null, 'forward', skb.dst, [], [entry.port]);
      ns.drop(skb, 'BRIDGE_NO_EGRESS_PORT', 'br_dev_xmit');
    } else {
      entry.used = ns.now;
      if (ns.tracer.active) this.traceBridge(skb, null, 'forward', skb.dst, [entry.port.link.name]);
      this.forward(skb, null, entry.port);
    }
  }
}
