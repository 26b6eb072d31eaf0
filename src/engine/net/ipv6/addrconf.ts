import { Errno } from '../../core';
import type { Ip6 } from '../../wire';
import {
  IP6_ALL_NODES,
  IP6_ALL_ROUTERS,
  IP6_ANY,
  IP6_LOOPBACK,
  isLinkLocal6,
  isMulticast6,
  linkLocalFromMac,
  multicastMac6,
  network6,
  solicitedNode,
} from '../../wire';
import type { AddressSpec } from '../api';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { Nexthop, Route } from '../route/lookup';
import { RT_TABLE, SCOPE } from '../types';
import { Inet6Device, Ip6Address } from './device';

/** Metrics of kernel routes (IP6_RT_PRIO_ADDRCONF). */
const METRIC_PREFIX = 256;
/** IPv6 needs links of at least this MTU (RFC 8200). */
const MIN_MTU = 1280;

/** All routers on the link, on this node, and in the site. */
const ROUTER_GROUPS: readonly Ip6[] = [IP6_ALL_ROUTERS, 'ff01::2', 'ff05::2'];

/** The scope of an address by its prefix. */
export function scope6(address: Ip6): number {
  if (address === IP6_LOOPBACK) return SCOPE.HOST;
  if (isLinkLocal6(address)) return SCOPE.LINK;
  if (/^fe[c-f]/.test(address)) return SCOPE.SITE;
  return SCOPE.UNIVERSE;
}

/** Addresses of IPv6 links: link-local ones, duplicate address detection, routes, router solicitation (net/ipv6/addrconf.c). */
export class AddrConf {
  constructor(private readonly ns: NetNamespace) {}

  /** ipv6_add_dev */
  register(link: Link): void {
    if (!link.isLoopback && link.mtu < MIN_MTU) return;
    const conf = { ...this.ns.conf6.default, mtu: link.mtu };
    if (link.isLoopback) {
      conf.accept_dad = -1;
      conf.use_tempaddr = -1;
    }
    link.ip6 = new Inet6Device(link, conf, { ...this.ns.neighDefault.inet6 });
    this.join(link, 'ff01::1', false);
    this.join(link, IP6_ALL_NODES, false);
    if (conf.forwarding) for (const g of ROUTER_GROUPS) this.join(link, g, false);
  }

  private disabled(link: Link): boolean {
    return link.ip6 === null || link.ip6.conf.disable_ipv6 !== 0;
  }

  /** The link is up: with a carrier addressing starts. */
  up(link: Link): void {
    if (link.ip6 === null && link.mtu >= MIN_MTU) this.register(link);
    if (this.disabled(link)) return;
    if (link.isLoopback) {
      if (!link.ip6!.find(IP6_LOOPBACK)) {
        const a = new Ip6Address(link, IP6_LOOPBACK, 128);
        a.scope = SCOPE.HOST;
        this.insert(a);
      }
      return;
    }
    // addrconf_permanent_addr: routes of addresses that were there before.
    for (const a of link.ip6!.addresses) if (!a.noPrefixRoute) this.prefixRoute(a, true);
    if (link.carrier && link.operstate !== 'DOWN' && link.operstate !== 'LOWERLAYERDOWN') this.start(link);
  }

  /** NETDEV_CHANGE */
  carrier(link: Link): void {
    if (this.disabled(link) || link.isLoopback || !link.up) return;
    if (link.carrier) this.start(link);
  }

  /** addrconf_dev_config, then DAD of what was already there. */
  private start(link: Link): void {
    const dev = link.ip6!;
    if (dev.ready) return;
    dev.ready = true;
    const multicast = new Route('inet6', RT_TABLE.LOCAL, 'multicast', 'ff00::', 8);
    multicast.metric = METRIC_PREFIX;
    multicast.pref = 'medium';
    multicast.addNexthop(new Nexthop(link, undefined));
    this.ns.routes.addKernel(multicast);
    if (!dev.addresses.some((a) => isLinkLocal6(a.local)) && link.addrGenMode === 'eui64') {
      const a = new Ip6Address(link, linkLocalFromMac(link.mac), 64);
      a.scope = SCOPE.LINK;
      this.insert(a);
    }
    for (const a of dev.addresses) if (!isLinkLocal6(a.local)) this.addressReady(a);
  }

  /** Addresses and routes go when the link goes down. @param disabled `disable_ipv6` was set. */
  down(link: Link, gone: boolean, disabled = false): void {
    const dev = link.ip6;
    if (dev === null) return;
    dev.ready = false;
    dev.rsTimer?.cancel();
    dev.rsTimer = null;
    dev.rsProbes = 0;
    dev.mldTimer?.cancel();
    dev.mldTimer = null;
    dev.mldPending.clear();
    dev.mldCount = 0;
    const keep = !gone && !disabled && (this.ns.conf6.all.keep_addr_on_down > 0 || dev.conf.keep_addr_on_down > 0);
    for (const a of [...dev.addresses]) {
      if (keep && a.permanent && !isLinkLocal6(a.local)) {
        a.dadTimer?.cancel();
        continue;
      }
      this.drop(a);
    }
    this.ns.routes.flush(
      'inet6',
      (r) =>
        r.nexthops.some((nh) => nh.link === link) &&
        (r.type === 'unicast' || r.type === 'multicast' || r.type === 'local' || gone),
    );
    if (gone) link.ip6 = null;
  }

  mtuChanged(link: Link): void {
    if (link.mtu < MIN_MTU && !link.isLoopback) {
      if (link.ip6 !== null) {
        this.down(link, true);
        for (const mac of [...link.multicast.keys()]) if (mac.startsWith('33:33:')) link.multicast.delete(mac);
      }
    } else if (link.ip6 === null) {
      this.register(link);
      if (link.up) this.up(link);
    } else link.ip6.conf.mtu = link.mtu;
  }

  /** inet6_addr_add. @throws Errno */
  add(link: Link, spec: AddressSpec, replace: boolean): void {
    const local = spec.local as Ip6;
    if (isMulticast6(local) || local === IP6_ANY) throw new Errno('EADDRNOTAVAIL', 'ipv6: Invalid address');
    if (link.ip6 === null) throw new Errno('ENOBUFS', 'ipv6: IPv6 is disabled on this device');
    if (this.disabled(link)) throw new Errno('EACCES', 'ipv6: IPv6 is disabled on this device');
    const existing = link.ip6.find(local);
    if (existing) {
      if (!replace) throw new Errno('EEXIST', 'ipv6: address already assigned');
      // inet6_addr_modify: flags that are not named again are gone.
      existing.noDad = spec.noDad ?? false;
      existing.home = spec.homeAddress ?? false;
      this.lifetimes(existing, spec);
      return;
    }
    const a = new Ip6Address(link, local, spec.prefixLength);
    a.scope = scope6(local);
    a.noDad = spec.noDad ?? false;
    a.noPrefixRoute = spec.noPrefixRoute ?? false;
    a.metric = spec.metric ?? 0;
    a.home = spec.homeAddress ?? false;
    a.protocol = spec.protocol ?? 0;
    this.lifetimes(a, spec);
    this.insert(a);
  }

  private lifetimes(a: Ip6Address, spec: AddressSpec): void {
    const { ns } = this;
    a.timer?.cancel();
    a.timer = null;
    a.validUntil = spec.validLifetime === undefined ? undefined : ns.now + spec.validLifetime * 1e6;
    a.preferredUntil = spec.preferredLifetime === undefined ? undefined : ns.now + spec.preferredLifetime * 1e6;
    a.deprecated = spec.preferredLifetime === 0;
    // addrconf_verify: first it is deprecated, then it goes.
    const watch = (): void => {
      a.timer = null;
      const t = ns.now;
      if (a.validUntil !== undefined && t >= a.validUntil) return this.drop(a);
      if (a.preferredUntil !== undefined && t >= a.preferredUntil && !a.deprecated) {
        a.deprecated = true;
        ns.addrs.announce(a, false);
      }
      const next = Math.min(a.deprecated ? Infinity : (a.preferredUntil ?? Infinity), a.validUntil ?? Infinity);
      if (next !== Infinity) a.timer = ns.host.scheduler.after(Math.max(next - t, 1), watch);
    };
    watch();
  }

  remove(link: Link, local: Ip6, prefixLength: number | undefined): void {
    const a = link.ip6?.addresses.find(
      (x) => x.local === local && (prefixLength === undefined || x.prefixLength === prefixLength),
    );
    if (a === undefined) throw new Errno('EADDRNOTAVAIL', 'ipv6: address not found');
    this.drop(a);
  }

  private insert(a: Ip6Address): void {
    const dev = a.link.ip6!;
    // ipv6_link_dev_addr: by scope; a new address comes before others of its scope.
    const rank = (scope: number): number =>
      scope === SCOPE.UNIVERSE ? 3 : scope === SCOPE.SITE ? 2 : scope === SCOPE.LINK ? 1 : 0;
    let at = dev.addresses.findIndex((o) => rank(a.scope) >= rank(o.scope));
    if (at < 0) at = dev.addresses.length;
    dev.addresses.splice(at, 0, a);
    const dad =
      !a.noDad &&
      !a.link.isLoopback &&
      (a.link.flags & 0x80) === 0 &&
      dev.conf.accept_dad > 0 &&
      dev.conf.dad_transmits > 0;
    a.tentative = dad;
    // A link that is down takes no route; `up` adds it then.
    if (!a.noPrefixRoute && a.link.up && a.local !== IP6_LOOPBACK) this.prefixRoute(a, true);
    if (!a.tentative) this.localRoute(a, true);
    if (dev.ready || a.link.isLoopback) this.addressReady(a);
    else {
      // addrconf_dad_begin: the group is joined whether or not the link is up.
      this.join(a.link, solicitedNode(a.local), false);
      a.joined = true;
      if (!dad) this.ns.addrs.announce(a, false);
    }
  }

  /** addrconf_dad_start: joins the solicited-node group; after a random wait asks whether anybody has the address. */
  private addressReady(a: Ip6Address): void {
    const { ns } = this;
    const { link } = a;
    if (link.isLoopback) {
      ns.addrs.announce(a, false);
      return;
    }
    // An address that was there before its link came up has joined already; the link's coming up reports it (ipv6_mc_up).
    if (a.joined) this.scheduleReport(link, [solicitedNode(a.local)], 2);
    else this.join(link, solicitedNode(a.local), true);
    a.joined = true;
    if (!a.tentative) {
      ns.addrs.announce(a, false);
      this.completed(a);
      return;
    }
    const dev = link.ip6!;
    a.dadProbes = dev.conf.dad_transmits;
    const delay = ns.random.below(Math.max(1, dev.conf.router_solicitation_delay * 1_000_000));
    a.dadTimer = ns.host.scheduler.after(delay, () => this.dadProbe(a));
  }

  private dadProbe(a: Ip6Address): void {
    const { ns } = this;
    if (!a.link.ip6?.addresses.includes(a) || !a.link.up) return;
    if (a.dadProbes === 0) {
      a.tentative = false;
      // Only now packets to the address are for us.
      this.localRoute(a, true);
      ns.addrs.announce(a, false);
      this.completed(a);
      return;
    }
    a.dadProbes--;
    ns.ndp.sendSolicitation(a.link, a.local, IP6_ANY, solicitedNode(a.local), undefined);
    a.dadTimer = ns.host.scheduler.after(a.link.ip6.neigh.retrans_time_ms * 1000, () => this.dadProbe(a));
  }

  /** Somebody else has the address. */
  dadFailed(a: Ip6Address): void {
    if (!a.tentative || a.dadFailed) return;
    a.dadTimer?.cancel();
    a.dadFailed = true;
    this.ns.log(`IPv6: ${a.link.name}: IPv6 duplicate address ${a.local} used by somebody else detected!`);
    this.ns.addrs.announce(a, false);
  }

  /** addrconf_dad_completed: with a link-local address hosts look for routers. */
  private completed(a: Ip6Address): void {
    const { ns } = this;
    const dev = a.link.ip6;
    if (dev === null || !isLinkLocal6(a.local)) return;
    const groups = [...dev.groups.keys()].filter((g) => !g.startsWith('ff01:') && g !== IP6_ALL_NODES);
    this.report(a.link, groups);
    this.scheduleReport(a.link, groups, 1);
    if (dev.conf.forwarding || dev.conf.accept_ra === 0 || dev.conf.router_solicitations === 0) return;
    let interval = dev.conf.router_solicitation_interval * 1e6;
    const send = (): void => {
      dev.rsTimer = null;
      if (!a.link.up || dev !== a.link.ip6 || dev.conf.forwarding) return;
      if (dev.conf.router_solicitations > 0 && dev.rsProbes >= dev.conf.router_solicitations) return;
      dev.rsProbes++;
      ns.ndp.solicitRouters(a.link, a.local);
      // RFC 7559: twice as long each time, +-10 %.
      if (dev.rsProbes > 1) interval = Math.min(interval * 2, dev.conf.router_solicitation_max_interval * 1e6);
      dev.rsTimer = ns.host.scheduler.after(Math.round(interval * (0.9 + 0.2 * ns.random.float())), send);
    };
    send();
  }

  private drop(a: Ip6Address): void {
    const dev = a.link.ip6;
    if (dev === null) return;
    const at = dev.addresses.indexOf(a);
    if (at < 0) return;
    dev.addresses.splice(at, 1);
    a.timer?.cancel();
    a.dadTimer?.cancel();
    if (!a.noPrefixRoute && a.local !== IP6_LOOPBACK) {
      const net = network6(a.local, a.prefixLength);
      if (!dev.addresses.some((o) => o.prefixLength === a.prefixLength && network6(o.local, o.prefixLength) === net))
        this.prefixRoute(a, false);
    }
    this.localRoute(a, false);
    if (dev.groups.has(solicitedNode(a.local))) this.leave(a.link, solicitedNode(a.local));
    this.ns.addrs.announce(a, true);
  }

  private prefixRoute(a: Ip6Address, add: boolean): void {
    const r = new Route('inet6', RT_TABLE.MAIN, 'unicast', network6(a.local, a.prefixLength), a.prefixLength);
    r.metric = a.metric || METRIC_PREFIX;
    r.pref = 'medium';
    r.addNexthop(new Nexthop(a.link, undefined));
    if (add) this.ns.routes.addKernel(r);
    else this.ns.routes.removeKernel(r);
  }

  private localRoute(a: Ip6Address, add: boolean): void {
    const r = new Route('inet6', RT_TABLE.LOCAL, 'local', a.local, 128);
    r.metric = 0;
    r.pref = 'medium';
    r.addNexthop(new Nexthop(a.link, undefined));
    if (add) this.ns.routes.addKernel(r);
    else this.ns.routes.removeKernel(r);
    if (a.link.ip6?.conf.forwarding) this.anycast(a, add);
  }

  /** A router answers for the subnet's own address, too (addrconf_join_anycast; RFC 4291, 2.6.1). */
  private anycast(a: Ip6Address, join: boolean): void {
    if (a.prefixLength >= 127 || a.link.isLoopback) return;
    const { link } = a;
    const subnet = network6(a.local, a.prefixLength);
    const r = new Route('inet6', RT_TABLE.LOCAL, 'anycast', subnet, 128);
    r.pref = 'medium';
    r.addNexthop(new Nexthop(link, undefined));
    const others = (link.ip6?.addresses ?? []).some(
      (o) => o !== a && !o.tentative && o.prefixLength < 127 && network6(o.local, o.prefixLength) === subnet,
    );
    if (join) this.ns.routes.addKernel(r);
    else if (!others) this.ns.routes.removeKernel(r);
    if (others) return;
    if (join) this.join(link, solicitedNode(subnet), true);
    else this.leave(link, solicitedNode(subnet));
  }

  /** dev_forward_change: routers listen to groups of their own. */
  forwardingChanged(link: Link): void {
    const dev = link.ip6;
    if (dev === null || link.isLoopback) return;
    const on = dev.conf.forwarding !== 0;
    if (on === dev.groups.has(IP6_ALL_ROUTERS)) return;
    for (const g of ROUTER_GROUPS) {
      if (on) this.join(link, g, true);
      else this.leave(link, g);
    }
    if (!link.up) return;
    for (const a of dev.addresses) if (!a.tentative) this.anycast(a, on);
  }

  /** Joins a group; `tell` sends an MLDv2 report (never for ff02::1 and interface-local groups). */
  join(link: Link, group: Ip6, tell: boolean): void {
    const dev = link.ip6;
    if (dev === null) return;
    const users = (dev.groups.get(group) ?? 0) + 1;
    dev.groups.set(group, users);
    if (users > 1) return;
    // What stays on the node needs no filter of the device (igmp6_group_added).
    if (!group.startsWith('ff01:')) link.joinGroup(multicastMac6(group));
    if (tell && link.up && group !== IP6_ALL_NODES && !group.startsWith('ff01:')) this.scheduleReport(link, [group], 2);
  }

  /** Unsolicited reports come after a random wait of up to a second, and once more (RFC 3810, robustness 2). */
  private scheduleReport(link: Link, groups: readonly Ip6[], times: number): void {
    const dev = link.ip6;
    if (dev === null) return;
    for (const g of groups) dev.mldPending.add(g);
    dev.mldCount = Math.max(dev.mldCount, times);
    // The first one waits two timer ticks only (mld_ifc_event), the repetition up to a second.
    const delay = times > 0 ? 8_000 : this.ns.random.below(1_000_000);
    dev.mldTimer ??= this.ns.host.scheduler.after(delay, () => {
      dev.mldTimer = null;
      if (link.ip6 !== dev || !link.up) return;
      const now = [...dev.mldPending].filter((g) => dev.groups.has(g));
      this.report(link, now);
      dev.mldCount--;
      if (dev.mldCount > 0) this.scheduleReport(link, [], 0);
      else dev.mldPending.clear();
    });
  }

  leave(link: Link, group: Ip6): void {
    const dev = link.ip6;
    if (dev === null) return;
    const users = (dev.groups.get(group) ?? 0) - 1;
    if (users > 0) {
      dev.groups.set(group, users);
      return;
    }
    dev.groups.delete(group);
    if (!group.startsWith('ff01:')) link.leaveGroup(multicastMac6(group));
  }

  private report(link: Link, groups: Ip6[]): void {
    if (groups.length === 0 || link.isLoopback || !link.up) return;
    const from = link.ip6?.addresses.find((a) => isLinkLocal6(a.local) && !a.tentative)?.local ?? IP6_ANY;
    this.ns.ndp.reportGroups(link, from, groups);
  }
}
