import { Errno } from '../../core';
import type { Timer } from '../../core';
import type { Mac } from '../../wire';
import { ETHERTYPE, MAC_ZERO } from '../../wire';
import type { BridgeOptions } from '../api';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import type { BridgeInfo, LinkKind, PortState } from '../types';
import { BridgeForwarding } from './bridge-forward';
import type { BridgeStpOps, BridgeVlanOps } from './bridge-ops';
import { bridgeOps } from './bridge-ops';
import { BridgePort } from './bridge-port';
import { configureBridge, defaultBridgeSettings } from './bridge-settings';
import { Fdb, fdbKey } from './fdb';
import { Link } from './link';
import { Mdb } from './mdb';

/** The group of RFC 4286: what multicast routers announce themselves to. */
const ALL_SNOOPERS4 = 0xe000006a;
const ALL_SNOOPERS6 = 'ff02::6a';
/** Ports a bridge may have (BR_MAX_PORTS). */
const MAX_PORTS = 1023;
const TSO_MAX_SIZE = 524280;
const TICK = 10_000;

/**
 * An Ethernet bridge (net/bridge): its ports, its identity and its table. Frames: bridge-forward.ts; spanning tree and VLANs:
 * stp.ts, bridge-vlan.ts.
 */
export class BridgeLink extends Link {
  protected override readonly silent = true;
  readonly kind: LinkKind = 'bridge';
  /** In order of enslaving; the kernel keeps the newest first. */
  readonly ports: BridgePort[] = [];
  readonly settings = defaultBridgeSettings();
  /** VLAN tables: there from the moment somebody uses VLANs on this bridge. */
  vlans: BridgeVlanOps | null = null;
  /** Groups wanted behind the ports, from the reports that crossed. */
  readonly mdb = new Mdb(this);
  /** The spanning tree, while stp_state is on. */
  stp: BridgeStpOps | null = null;
  /** The way of frames through it. */
  readonly forwarding = new BridgeForwarding(this);
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

  /** Applies settings. @throws Errno ERANGE, EINVAL, EPERM, EOPNOTSUPP */
  configure(o: BridgeOptions): void {
    configureBridge(this, o);
  }

  /** @internal br_stp_set_bridge_priority */
  setPriority(priority: number): void {
    const oldId = this.bridgeId;
    this.settings.priority = priority & 0xffff;
    this.stp?.idChanged(oldId);
  }

  /** @internal br_stp_set_path_cost. @throws Errno ERANGE */
  setPortCost(port: BridgePort, cost: number): void {
    if (cost < 1 || cost > 65535) throw new Errno('ERANGE');
    port.cost = cost;
  }

  /** @internal br_stp_set_port_priority. @throws Errno ERANGE */
  setPortPriority(port: BridgePort, priority: number): void {
    if (priority < 0 || priority > 63) throw new Errno('ERANGE');
    port.priority = priority;
  }

  /**
   * @internal br_set_port_state: for bridges without the kernel's spanning tree. Then a blocked port is let through at once,
   * since only somebody in user space who speaks the protocol may keep it blocked (br_port_state_selection).
   * @throws Errno EBUSY, ENETDOWN
   */
  setPortState(port: BridgePort, state: PortState): void {
    if (this.stp !== null) throw new Errno('EBUSY');
    if (!this.up || (!port.link.running && state !== 'disabled')) throw new Errno('ENETDOWN');
    port.state = state === 'blocking' ? 'forwarding' : state;
    this.selectStates();
  }

  /** @internal The ageing time changed: the table is looked through at once. */
  ageingChanged(): void {
    this.scheduleGc(0);
  }

  /** @internal br_stp_set_enabled. @throws Errno EOPNOTSUPP when the code is not there */
  setStp(on: boolean): void {
    const s = this.settings;
    if (on === (this.stp !== null)) return;
    if (on) {
      if (bridgeOps.stp === null) throw new Errno('EOPNOTSUPP');
      s.stpState = 1;
      for (const p of this.ports) {
        p.forwardDelay?.cancel();
        p.forwardDelay = null;
      }
      // br_stp_start: what the administrator could choose without the protocol is brought into its limits, 2 to 30 s.
      s.forwardDelay = Math.min(Math.max(s.forwardDelay, 200), 3000);
      this.stp = bridgeOps.stp(this);
      return;
    }
    s.stpState = 0;
    // br_stp_stop: the states stay, and what was on its way to forwarding goes on.
    const waits = new Map(this.ports.map((p) => [p, this.stp!.portInfo(p).forwardDelayTimer * TICK]));
    this.stp!.stop();
    this.stp = null;
    for (const p of this.ports) if (p.state === 'listening' || p.state === 'learning') this.advance(p, waits.get(p)!);
  }

  /** br_forward_delay_timer_expired, without the protocol. */
  private advance(port: BridgePort, delay: number): void {
    port.forwardDelay = this.ns.host.scheduler.after(Math.max(delay, TICK), () => {
      port.forwardDelay = null;
      if (port.state !== 'listening' && port.state !== 'learning') return;
      port.state = port.state === 'listening' ? 'learning' : 'forwarding';
      this.ns.log(`${this.name}: port ${port.number}(${port.link.name}) entered ${port.state} state`);
      if (port.state === 'learning') this.advance(port, this.settings.forwardDelay * TICK);
      else this.selectStates();
      this.announcePort(port);
    });
  }

  /** The VLAN tables, made if needed. @throws Errno EOPNOTSUPP when their code is not there */
  useVlans(): BridgeVlanOps {
    if (this.vlans !== null) return this.vlans;
    if (bridgeOps.vlans === null) throw new Errno('EOPNOTSUPP');
    return (this.vlans = bridgeOps.vlans(this));
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
    for (const e of this.fdb.flushPort(port, true)) this.ns.fdb.announce(this, e, true);
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

  /** br_port_state_selection: without the protocol nothing is blocked, and the bridge has a carrier when a port forwards. */
  selectStates(): void {
    if (this.stp === null) for (const p of this.ports) if (p.state === 'blocking') p.state = 'forwarding';
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
      bridgeId: this.bridgeId,
      designatedRoot: this.bridgeId,
      rootPort: 0,
      rootPathCost: 0,
      ...this.stp?.info(),
      gcTimer: this.gc ? Math.max(0, Math.floor((this.gc.at - this.ns.now) / TICK)) : 0,
    };
  }

  override xmit(skb: Skb): void {
    this.forwarding.transmit(skb);
  }

  /** @internal br_netif_receive_skb: the frame is the machine's own. @param forceHost whatever its address */
  receiveAs(skb: Skb, forceHost: boolean): void {
    skb.dev = this;
    skb.inDev = this;
    if (forceHost) skb.pktType = PACKET.HOST;
    else if (skb.pktType === PACKET.HOST && skb.dst !== this.mac) skb.pktType = PACKET.OTHERHOST;
    this.receiveCore(skb);
  }
}
