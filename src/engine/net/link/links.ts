import { Errno } from '../../core';
import type { Mac } from '../../wire';
import { MAC_ZERO, isMulticastMac, macFromBytes } from '../../wire';
import type { LinkApi, LinkChange, LinkCommon, LinkSpec } from '../api';
import type { NetNamespace } from '../namespace';
import type { LinkInfo, OperState } from '../types';
import { IFF } from '../types';
import { isBridge, linkKind } from './kinds';
import type { Link } from './link';
import { zeroStats } from './link';
import { DummyLink } from './simple';
import { VethLink } from './veth';

/** Longest name of a link in characters (IFNAMSIZ - 1). */
const NAME_MAX = 15;

/** dev_valid_name() */
export function validLinkName(name: string): boolean {
  return name !== '' && name.length <= NAME_MAX && name !== '.' && name !== '..' && !/[/:\s]/.test(name);
}

/** The links of a namespace and everything that RTM_NEWLINK, RTM_SETLINK and RTM_DELLINK do. */
export class LinkTable implements LinkApi {
  private readonly byIndex = new Map<number, Link>();
  private readonly names = new Map<string, Link>();
  private lastIndex = 0;

  constructor(private readonly ns: NetNamespace) {}

  *[Symbol.iterator](): Iterator<Link> {
    yield* this.sorted();
  }

  private sorted(): Link[] {
    return [...this.byIndex.values()].sort((a, b) => a.index - b.index);
  }

  list(): LinkInfo[] {
    return this.sorted().map((link) => link.info());
  }

  get(index: number): Link | undefined {
    return this.byIndex.get(index);
  }

  byName(name: string): Link | undefined {
    return this.names.get(name);
  }

  info(link: Link): LinkInfo {
    return link.info();
  }

  /** The next free index (dev_new_index). */
  newIndex(): number {
    do this.lastIndex++;
    while (this.byIndex.has(this.lastIndex));
    return this.lastIndex;
  }

  /** @internal An index nobody has, or the wanted one. @throws Errno EEXIST: the request would be one to change that link */
  reserveIndex(wanted: number | undefined): number {
    if (wanted === undefined || wanted === 0) return this.newIndex();
    if (wanted < 0) throw new Errno('EINVAL', "ifindex can't be negative");
    if (this.byIndex.has(wanted)) throw new Errno('EEXIST');
    return wanted;
  }

  /** @internal A name as dev_get_valid_name() accepts it; `%d` is replaced by the first free number. */
  validName(name: string): string {
    if (name.length > NAME_MAX) throw new Errno('ERANGE', 'Attribute failed policy validation');
    if (!validLinkName(name)) throw new Errno('EINVAL');
    if (name.includes('%d')) {
      let n = 0;
      while (this.names.has(name.replace('%d', String(n)))) n++;
      return name.replace('%d', String(n));
    }
    if (this.names.has(name)) throw new Errno('EEXIST');
    return name;
  }

  /** A random locally administered unicast address (eth_random_addr). */
  randomMac(): Mac {
    const bytes = this.ns.random.bytes(6);
    bytes[0] = (bytes[0]! & 0xfe) | 0x02;
    return macFromBytes(bytes);
  }

  /** @internal @throws Errno EADDRNOTAVAIL */
  validMac(mac: Mac | undefined): Mac | undefined {
    if (mac !== undefined && (mac === MAC_ZERO || isMulticastMac(mac))) throw new Errno('EADDRNOTAVAIL');
    return mac;
  }

  // --- creation -----------------------------------------------------------------------------------------------------

  /** @internal `origin`: the namespace of the request, in which a peer without namespace is made. */
  add(spec: LinkSpec): Link {
    return (spec.ns ?? this.ns).links.create(spec, this.ns);
  }

  private create(spec: LinkSpec, origin: NetNamespace): Link {
    if (spec.name !== undefined && spec.name.length > NAME_MAX)
      throw new Errno('ERANGE', 'Attribute failed policy validation');
    const ops = linkKind(spec.kind);
    ops?.validate?.(spec);
    if (spec.name !== undefined && this.names.has(spec.name)) throw new Errno('EEXIST');
    if (ops) return ops.create(this, spec, origin);
    switch (spec.kind) {
      case 'veth':
        return this.addVeth(spec, (spec.peer ?? {}) as LinkCommon, origin);
      case 'dummy': {
        const mac = this.validMac(spec.mac) ?? this.randomMac();
        const link = new DummyLink(this.ns, this.validName(spec.name ?? 'dummy%d'), this.reserveIndex(spec.index), mac);
        return this.finish(link, spec);
      }
      default:
        throw new Errno('EOPNOTSUPP', 'Unknown device type');
    }
  }

  /** veth_newlink(): the peer is registered first. */
  private addVeth(spec: LinkCommon, peerSpec: LinkCommon, origin: NetNamespace): Link {
    const peerNs = peerSpec.ns ?? origin;
    const mac = this.validMac(spec.mac);
    const peerMac = this.validMac(peerSpec.mac);
    const peerName = peerNs.links.validName(peerSpec.name ?? 'veth%d');
    const clash = peerNs === this.ns && peerName === spec.name;
    if (clash || (spec.name !== undefined && !validLinkName(spec.name))) {
      // The peer was there already, and took a number with it.
      peerNs.links.reserveIndex(peerSpec.index);
      throw new Errno(clash ? 'EEXIST' : 'EINVAL');
    }
    if (spec.index !== undefined && this.byIndex.has(spec.index)) throw new Errno('EEXIST');
    const queues = this.ns.host.cpus ?? 2;
    const peer = new VethLink(
      peerNs,
      peerName,
      peerNs.links.reserveIndex(peerSpec.index),
      peerMac ?? peerNs.links.randomMac(),
    );
    peer.carrier = false;
    peer.numTxQueues = peer.numRxQueues = queues;
    peerNs.links.finish(peer, peerSpec);
    const name = this.validName(spec.name ?? 'veth%d');
    const link = new VethLink(this.ns, name, this.reserveIndex(spec.index), mac ?? this.randomMac());
    link.carrier = false;
    link.numTxQueues = spec.numTxQueues ?? queues;
    link.numRxQueues = spec.numRxQueues ?? queues;
    link.peer = peer;
    peer.peer = link;
    link.carrierChanges = peer.carrierChanges = 1;
    this.finish(link, spec);
    peer.updateOperstate();
    link.updateOperstate();
    if (peerSpec.up) peerNs.links.set(peer, { up: true });
    return link;
  }

  /** @internal Registers a new link and applies what every kind takes. */
  finish(link: Link, spec: LinkCommon): Link {
    if (spec.mtu !== undefined) {
      this.checkMtu(link, spec.mtu, true);
      link.mtu = spec.mtu;
      if (isBridge(link)) link.mtuPinned = true;
    }
    if (spec.txqlen !== undefined) link.txqlen = spec.txqlen;
    if (spec.group !== undefined) link.group = spec.group;
    if (spec.numTxQueues !== undefined) link.numTxQueues = spec.numTxQueues;
    if (spec.numRxQueues !== undefined) link.numRxQueues = spec.numRxQueues;
    this.register(link, false);
    if (isBridge(link)) link.created();
    // rtnl_configure_link: only a finished link is announced.
    this.ns.announceLink(link);
    if (spec.master) this.setMaster(link, spec.master);
    if (spec.up && link.kind !== 'veth') this.open(link);
    else if (spec.up && (link as VethLink).peer !== null) this.open(link);
    return link;
  }

  /** register_netdevice: the link exists from here on. */
  register(link: Link, announce = true): void {
    this.byIndex.set(link.index, link);
    this.names.set(link.name, link);
    for (const alt of link.altNames) this.names.set(alt, link);
    link.ns = this.ns;
    link.registered = true;
    if (link.index > this.lastIndex && link.isLoopback) this.lastIndex = link.index;
    this.ns.deviceEvent('register', link);
    if (announce) this.ns.announceLink(link);
  }

  // --- changes ------------------------------------------------------------------------------------------------------

  set(link: Link, change: LinkChange): void {
    if (change.ns !== undefined && change.ns !== link.ns) this.move(link, change.ns, change.name);
    const { ns } = link;
    if (change.mac !== undefined) ns.links.changeMac(link, change.mac);
    if (change.mtu !== undefined) {
      ns.links.checkMtu(link, change.mtu);
      if (isBridge(link)) link.mtuPinned = true;
      ns.links.changeMtu(link, change.mtu);
      ns.announceLink(link);
    }
    if (change.group !== undefined) link.group = change.group;
    if (change.name !== undefined && change.name !== link.name) ns.links.rename(link, change.name);
    if (change.alias !== undefined) link.alias = change.alias === '' ? undefined : change.alias;
    if (change.altNames) ns.links.changeAltNames(link, change.altNames);
    if (change.broadcast !== undefined) link.broadcast = change.broadcast;
    if (change.master !== undefined) ns.links.setMaster(link, change.master);
    ns.links.changeFlags(link, change);
    if (change.txqlen !== undefined) {
      link.txqlen = change.txqlen;
      ns.announceLink(link);
    }
    if (change.mode !== undefined) {
      link.mode = change.mode;
      ns.announceLink(link);
    }
    if (change.operstate !== undefined) this.setOperstate(link, change.operstate);
    if (change.gsoMaxSize !== undefined) {
      if (change.gsoMaxSize > link.tsoMaxSize) throw new Errno('EINVAL', 'too big gso_max_size');
      link.gsoMaxSize = change.gsoMaxSize;
    }
    if (change.gsoMaxSegs !== undefined) link.gsoMaxSegs = change.gsoMaxSegs;
    if (change.groMaxSize !== undefined) link.groMaxSize = change.groMaxSize;
    if (change.addrGenMode !== undefined) {
      // There is no secret to make the address from (check_stable_privacy).
      if (change.addrGenMode === 'stable_secret') throw new Errno('EINVAL');
      link.addrGenMode = change.addrGenMode;
    }
    if (change.bridge) {
      if (!isBridge(link)) throw new Errno('EOPNOTSUPP');
      link.configure(change.bridge);
      ns.announceLink(link);
    }
    if (change.kindOptions) {
      const ops = linkKind(link.kind);
      if (ops?.change === undefined) throw new Errno('EOPNOTSUPP');
      ops.change(link, change.kindOptions);
      ns.announceLink(link);
    }
    if (change.port) {
      if (link.port === null) throw new Errno('EOPNOTSUPP');
      const { state, cost, priority, mcastRouter, ...flags } = change.port;
      const port = link.port;
      if (cost !== undefined) port.bridge.setPortCost(port, cost);
      if (priority !== undefined) port.bridge.setPortPriority(port, priority);
      if (state !== undefined) port.bridge.setPortState(port, state);
      if (mcastRouter !== undefined) port.mcastRouter = mcastRouter;
      Object.assign(port.flags, flags);
      ns.announceLink(link);
    }
  }

  /** set_operstate: a supplicant in user space may hold a link back (DORMANT, TESTING) and let it go. */
  private setOperstate(link: Link, wanted: OperState): void {
    const now = link.operstate;
    const usable = now === 'UP' || now === 'UNKNOWN';
    let next = now;
    if (wanted === 'UP' && (now === 'DORMANT' || now === 'TESTING' || now === 'UNKNOWN')) next = 'UP';
    else if ((wanted === 'TESTING' || wanted === 'DORMANT') && usable) next = wanted;
    if (next === now) return;
    link.operstate = next;
    link.ns.announceLink(link);
  }

  private changeFlags(link: Link, change: LinkChange): void {
    const flag = (on: boolean | undefined, bit: number): void => {
      if (on === undefined) return;
      const before = link.flags;
      link.flags = on ? link.flags | bit : link.flags & ~bit;
      if (before !== link.flags) this.ns.announceLink(link);
    };
    if (change.arp !== undefined) {
      flag(!change.arp, IFF.NOARP);
      for (const n of [...link.arp.values(), ...link.nd.values()]) n.forget();
    }
    flag(change.multicast, IFF.MULTICAST);
    flag(change.dynamic, IFF.DYNAMIC);
    if (change.promisc !== undefined && change.promisc !== link.promiscRequested) {
      link.promiscRequested = change.promisc;
      this.setPromiscuity(link, change.promisc ? 1 : -1);
    }
    if (change.allmulticast !== undefined && change.allmulticast !== link.allmultiRequested) {
      link.allmultiRequested = change.allmulticast;
      link.allmulti += change.allmulticast ? 1 : -1;
      this.ns.announceLink(link);
    }
    if (change.up === true) this.open(link);
    else if (change.up === false) this.close(link);
  }

  /** dev_set_promiscuity: a packet socket, a bridge or the administrator wants every frame. */
  setPromiscuity(link: Link, by: 1 | -1): void {
    const before = link.promiscuity > 0;
    link.promiscuity += by;
    const now = link.promiscuity > 0;
    if (before !== now) {
      this.ns.log(`${link.name}: ${now ? 'entered' : 'left'} promiscuous mode`);
      this.ns.announceLink(link);
    }
  }

  /** dev_open */
  open(link: Link): void {
    if (link.up) return;
    if (link.kind === 'veth' && (link as VethLink).peer === null) throw new Errno('ENOTCONN');
    link.flags |= IFF.UP;
    link.opening = true;
    try {
      link.onOpen();
    } catch (e) {
      link.flags &= ~IFF.UP;
      throw e;
    } finally {
      link.opening = false;
    }
    if (link.qdisc === 'noop') link.qdisc = link.queueless ? 'noqueue' : (this.ns.host.defaultQdisc ?? 'fq_codel');
    this.ns.announceLink(link);
    this.ns.deviceEvent('up', link);
    if (isBridge(link)) link.opened();
  }

  /** dev_close */
  close(link: Link): void {
    if (!link.up) return;
    this.ns.deviceEvent('goingDown', link);
    link.flags &= ~IFF.UP;
    link.sched?.reset();
    link.onClose();
    this.ns.announceLink(link);
    this.ns.deviceEvent('down', link);
  }

  private changeMac(link: Link, mac: Mac): void {
    if (this.validMac(mac) === link.mac && !isBridge(link)) return;
    const old = link.mac;
    if (isBridge(link)) link.setMac(mac);
    else link.mac = mac;
    link.macChanged(old);
    link.port?.bridge.portAddressChanged(link.port, old);
    this.ns.deviceEvent('changeAddress', link);
    this.ns.announceLink(link);
  }

  private checkMtu(link: Link, mtu: number, creating = false): void {
    if (mtu < 0 || mtu < link.minMtu) throw new Errno('EINVAL', 'mtu less than device minimum');
    if (link.maxMtu > 0 && mtu > link.maxMtu) throw new Errno('EINVAL', 'mtu greater than device maximum');
    if (!creating) link.checkMtu(mtu);
  }

  /** __dev_set_mtu with its announcements to the protocols. */
  changeMtu(link: Link, mtu: number): void {
    if (link.mtu === mtu) return;
    const before = link.mtu;
    link.mtu = mtu;
    this.ns.routes.linkMtuChanged(link, before);
    this.ns.deviceEvent('changeMtu', link);
    link.port?.bridge.portMtuChanged();
  }

  private rename(link: Link, name: string): void {
    if (name.length > NAME_MAX) throw new Errno('ERANGE', 'Attribute failed policy validation');
    if (!validLinkName(name)) throw new Errno('EINVAL');
    if (this.names.has(name)) throw new Errno('EEXIST');
    const old = link.name;
    this.names.delete(old);
    link.name = name;
    this.names.set(name, link);
    this.ns.announceLink(link);
    this.ns.deviceEvent('changeName', link, old);
  }

  private changeAltNames(link: Link, change: { add?: readonly string[]; del?: readonly string[] }): void {
    for (const name of change.add ?? []) {
      if (this.names.has(name)) throw new Errno('EEXIST');
      this.names.set(name, link);
      link.altNames.push(name);
    }
    for (const name of change.del ?? []) {
      const at = link.altNames.indexOf(name);
      if (at < 0) throw new Errno(this.names.has(name) ? 'EINVAL' : 'ENOENT');
      link.altNames.splice(at, 1);
      this.names.delete(name);
    }
    this.ns.announceLink(link);
  }

  /** do_set_master. @throws Errno EOPNOTSUPP when the master cannot have ports, ENODEV-like EINVAL when there is none. */
  setMaster(link: Link, index: number): void {
    const master = index === 0 ? null : this.get(index);
    if (master === undefined) throw new Errno('EINVAL');
    if (link.master !== null && link.master === master) return;
    if (master !== null && !isBridge(master)) throw new Errno('EOPNOTSUPP');
    if (link.port !== null) link.port.bridge.removePort(link.port);
    if (master !== null) master.addPort(link);
  }

  /** __dev_change_net_namespace */
  private move(link: Link, to: NetNamespace, newName: string | undefined): void {
    if (link.netnsImmutable) throw new Errno('EINVAL', 'The interface netns is immutable');
    if (newName !== undefined && !validLinkName(newName)) throw new Errno('EINVAL');
    const name = newName ?? link.name;
    if (to.links.names.has(name))
      throw new Errno('EEXIST', 'An interface with the same name exists in the target netns');
    const before = this.ns;
    const peer = link instanceof VethLink ? link.peer : null;
    const carried = peer?.carrier;
    this.close(link);
    // The old namespace learns the number of the new one (IFLA_NEW_NETNSID).
    this.ns.nsids.allocate(to);
    this.unlist(link, to);
    link.promiscuity = 0;
    link.allmulti = 0;
    // dev_shutdown: whatever queued is gone until the link is up again.
    link.sched = null;
    link.qdisc = 'noop';
    if (to.links.byIndex.has(link.index)) link.index = to.links.newIndex();
    link.name = name;
    to.links.register(link);
    // The peer's state is looked at when all this is over (linkwatch needs the lock that is held here).
    if (peer?.up && carried && !peer.carrier) peer.updateOperstate();
    const { lower } = link;
    if (lower !== null && lower !== link && lower.ns === before) lower.ns.announceLink(lower);
  }

  // --- removal ------------------------------------------------------------------------------------------------------

  delete(link: Link): void {
    if (link.kind === 'loopback' || link.kind === 'nic') throw new Errno('EOPNOTSUPP');
    this.remove(link);
  }

  /** unregister_netdevice, of a veth both ends. */
  remove(link: Link): void {
    const peer = link instanceof VethLink ? link.peer : null;
    link.onDelete();
    this.close(link);
    if (peer) peer.ns.links.close(peer);
    if (link instanceof VethLink) {
      link.peer = null;
      this.unlist(link, null);
      if (peer) {
        peer.peer = null;
        peer.ns.links.unlist(peer, null);
      }
      return;
    }
    link.onUnregister();
    this.unlist(link, null);
  }

  private unlist(link: Link, movedTo: NetNamespace | null): void {
    // What stands on a link goes with it.
    if (movedTo === null)
      for (const upper of [...link.uppers].reverse()) if (upper.registered) upper.ns.links.remove(upper);
    if (link.port !== null) link.port.bridge.removePort(link.port);
    this.ns.deviceEvent('unregister', link);
    this.ns.events.emit(() => ({
      type: 'link',
      deleted: true,
      link: { ...link.info(), deleted: true, qdisc: 'noop' },
    }));
    this.byIndex.delete(link.index);
    this.names.delete(link.name);
    for (const alt of link.altNames) this.names.delete(alt);
    link.multicast.clear();
    link.registered = false;
    if (movedTo === null) link.stats = zeroStats();
  }

  /** The namespace ends: virtual links die, physical ones go back to `home` (default_device_exit). */
  dissolve(home: NetNamespace): void {
    for (const link of this.sorted()) {
      if (link.isLoopback || !link.registered) continue;
      if (link.kind === 'nic') {
        const name = home.links.names.has(link.name) ? `dev${link.index}` : link.name;
        this.move(link, home, name);
      } else this.remove(link);
    }
  }
}
