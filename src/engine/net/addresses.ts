import { Errno } from '../core';
import type { Ip4, IpAddress } from '../wire';
import { broadcast4, contains4, isLoopback4, isMulticast4, mask4, network4, prefixContains6 } from '../wire';
import type { AddressApi, AddressSpec } from './api';
import { Ip4Address } from './ipv4/device';
import type { Ip6Address } from './ipv6/device';
import type { Link } from './link/link';
import type { NetNamespace } from './namespace';
import { Nexthop, Route } from './route/lookup';
import type { AddressInfo, Family, RouteType } from './types';
import { RT_TABLE, SCOPE } from './types';

/** `ip addr`: the addresses of a namespace (net/ipv4/devinet.c, net/ipv6/addrconf.c). */
export class Addresses implements AddressApi {
  /** Every local IPv4 address with the number of links that have it. */
  private readonly local4 = new Map<Ip4, number>();

  constructor(private readonly ns: NetNamespace) {}

  list(filter: { family?: Family; index?: number } = {}): AddressInfo[] {
    const out: AddressInfo[] = [];
    for (const family of ['inet', 'inet6'] as const) {
      if (filter.family !== undefined && filter.family !== family) continue;
      for (const link of this.ns.links) {
        if (filter.index !== undefined && link.index !== filter.index) continue;
        if (family === 'inet') out.push(...link.ip4.addresses);
        else if (link.ip6) out.push(...link.ip6.addresses);
      }
    }
    return out;
  }

  private link(index: number): Link {
    const link = this.ns.links.get(index);
    if (link === undefined) throw new Errno('ENODEV', 'ipv4: Device not found');
    return link;
  }

  add(spec: AddressSpec): void {
    if (typeof spec.local === 'string') this.ns.addrconf.add(this.link(spec.index), spec, false);
    else this.add4(this.link(spec.index), spec, false);
  }

  replace(spec: AddressSpec): void {
    if (typeof spec.local === 'string') this.ns.addrconf.add(this.link(spec.index), spec, true);
    else this.add4(this.link(spec.index), spec, true);
  }

  change(spec: AddressSpec): void {
    this.replace(spec);
  }

  delete(spec: { index: number; local: IpAddress; prefixLength?: number; peer?: IpAddress; label?: string }): void {
    const link = this.link(spec.index);
    if (typeof spec.local === 'string') {
      this.ns.addrconf.remove(link, spec.local, spec.prefixLength);
      return;
    }
    const found = link.ip4.addresses.find(
      (a) =>
        a.local === spec.local &&
        (spec.label === undefined || a.label === spec.label) &&
        (spec.prefixLength === undefined ||
          (a.prefixLength === spec.prefixLength &&
            contains4(a.peer, a.prefixLength, (spec.peer ?? spec.local) as number))),
    );
    if (found === undefined) throw new Errno('EADDRNOTAVAIL', 'ipv4: Address not found');
    this.remove4(found);
  }

  // --- IPv4 ---------------------------------------------------------------------------------------------------------

  /** inet_rtm_newaddr and __inet_insert_ifa */
  private add4(link: Link, spec: AddressSpec, replace: boolean): Ip4Address {
    const local = spec.local as number;
    const peer = (spec.peer ?? spec.local) as number;
    if (spec.prefixLength > 32) throw new Errno('EINVAL', 'ipv4: Invalid prefix length');
    if (spec.validLifetime !== undefined && spec.validLifetime === 0)
      throw new Errno('EINVAL', 'ipv4: address lifetime invalid');
    if (
      spec.preferredLifetime !== undefined &&
      spec.validLifetime !== undefined &&
      spec.preferredLifetime > spec.validLifetime
    ) {
      throw new Errno('EINVAL', 'ipv4: address lifetime invalid');
    }
    const a = new Ip4Address(link, local, peer, spec.prefixLength);
    a.scope = spec.scope ?? (isLoopback4(local) ? SCOPE.HOST : SCOPE.UNIVERSE);
    a.broadcast = spec.broadcast as number | undefined;
    if (spec.label !== undefined) a.label = spec.label;
    a.noPrefixRoute = spec.noPrefixRoute ?? false;
    a.metric = spec.metric ?? 0;
    a.protocol = spec.protocol ?? 0;
    const list = link.ip4.addresses;
    const existing = list.find(
      (o) => o.local === local && o.prefixLength === a.prefixLength && contains4(o.peer, o.prefixLength, peer),
    );
    if (existing !== undefined && replace) {
      this.setLifetime(existing, spec);
      existing.metric = a.metric;
      this.announce(existing, false);
      return existing;
    }
    let at = 0;
    for (let i = 0; i < list.length; i++) {
      const o = list[i]!;
      if (!o.secondary && a.scope <= o.scope) at = i + 1;
      if (o.prefixLength === a.prefixLength && contains4(o.peer, o.prefixLength, peer)) {
        if (o.local === local) throw new Errno('EEXIST', 'ipv4: Address already assigned');
        if (o.scope !== a.scope) throw new Errno('EINVAL', 'ipv4: Invalid scope value');
        a.secondary = true;
      }
    }
    if (a.secondary) at = list.length;
    list.splice(at, 0, a);
    this.local4.set(local, (this.local4.get(local) ?? 0) + 1);
    this.setLifetime(a, spec);
    this.announce(a, false);
    this.addRoutes(a);
    return a;
  }

  private setLifetime(a: Ip4Address, spec: AddressSpec): void {
    const { scheduler } = this.ns.host;
    const now = this.ns.now;
    a.timer?.cancel();
    a.timer = null;
    a.validUntil = spec.validLifetime === undefined ? undefined : now + spec.validLifetime * 1e6;
    a.preferredUntil = spec.preferredLifetime === undefined ? undefined : now + spec.preferredLifetime * 1e6;
    a.deprecated = spec.preferredLifetime === 0;
    const watch = (): void => {
      const t = this.ns.now;
      if (a.validUntil !== undefined && t >= a.validUntil) {
        this.remove4(a);
        return;
      }
      if (a.preferredUntil !== undefined && t >= a.preferredUntil && !a.deprecated) {
        a.deprecated = true;
        this.announce(a, false);
      }
      const next = Math.min(a.deprecated ? Infinity : (a.preferredUntil ?? Infinity), a.validUntil ?? Infinity);
      if (next !== Infinity) a.timer = scheduler.after(Math.max(next - t, 1), watch);
    };
    if (a.validUntil !== undefined || a.preferredUntil !== undefined) watch();
  }

  announce(address: AddressInfo, deleted: boolean): void {
    this.ns.events.emit(() => ({
      type: 'address',
      deleted,
      address,
      linkName: this.ns.links.get(address.index)?.name ?? '',
    }));
  }

  private route(type: RouteType, a: Ip4Address, dst: Ip4, length: number, prefSrc: Ip4, metric = 0): Route {
    const r = new Route('inet', type === 'unicast' ? RT_TABLE.MAIN : RT_TABLE.LOCAL, type, dst, length);
    r.scope = type === 'local' ? SCOPE.HOST : SCOPE.LINK;
    r.prefSrc = prefSrc;
    r.metric = metric;
    r.addNexthop(new Nexthop(a.link, undefined));
    return r;
  }

  /** The primary address of the subnet of a secondary one. */
  private primaryOf(a: Ip4Address): Ip4Address {
    if (!a.secondary) return a;
    return (
      a.link.ip4.addresses.find(
        (o) => !o.secondary && o.prefixLength === a.prefixLength && contains4(o.peer, o.prefixLength, a.peer),
      ) ?? a
    );
  }

  /** fib_add_ifaddr */
  private addRoutes(a: Ip4Address): void {
    const { link, ns } = { link: a.link, ns: this.ns };
    const src = this.primaryOf(a).local;
    ns.routes.addKernel(this.route('local', a, a.local, 32, src));
    if (!link.up) return;
    if (a.broadcast !== undefined && a.broadcast !== 0xffffffff) {
      ns.routes.addKernel(this.route('broadcast', a, a.broadcast, 32, src));
    }
    const network = network4(a.peer, a.prefixLength);
    if (network >>> 24 === 0 || a.secondary || (network === a.local && a.prefixLength === 32)) return;
    if (!a.noPrefixRoute) {
      ns.routes.addKernel(this.route(link.isLoopback ? 'local' : 'unicast', a, network, a.prefixLength, src, a.metric));
    }
    if (a.prefixLength < 31) {
      ns.routes.addKernel(this.route('broadcast', a, broadcast4(a.peer, a.prefixLength), 32, src));
    }
  }

  /** __inet_del_ifa with fib_del_ifaddr */
  private remove4(a: Ip4Address): void {
    const { link } = a;
    const list = link.ip4.addresses;
    if (!list.includes(a)) return;
    const same = (o: Ip4Address): boolean =>
      o !== a && o.prefixLength === a.prefixLength && contains4(o.peer, o.prefixLength, a.peer);
    const promote = Math.max(this.ns.conf4.all.promote_secondaries, link.ip4.conf.promote_secondaries) > 0;
    let promoted: Ip4Address | undefined;
    if (!a.secondary) {
      for (const o of list.filter((x) => x.secondary && same(x))) {
        if (promote) {
          promoted ??= o;
          continue;
        }
        this.drop4(o);
      }
    }
    this.drop4(a);
    if (promoted !== undefined) {
      promoted.secondary = false;
      const at = list.indexOf(promoted);
      list.splice(at, 1);
      let to = 0;
      for (let i = 0; i < list.length; i++) if (!list[i]!.secondary && promoted.scope <= list[i]!.scope) to = i + 1;
      list.splice(to, 0, promoted);
      this.announce(promoted, false);
      this.addRoutes(promoted);
      for (const o of list) if (o.secondary && o.prefixLength === promoted.prefixLength) this.addRoutes(o);
    }
    // fib_disable_ip: without an address, IPv4 ends on the link, and with it whatever was routed there.
    if (list.length === 0 && link.registered) {
      this.ns.routes.linkDown(link, true, 'inet');
      this.ns.neigh.flushLink(link, false, 'inet');
    }
  }

  private drop4(a: Ip4Address): void {
    const { link } = a;
    a.timer?.cancel();
    const list = link.ip4.addresses;
    list.splice(list.indexOf(a), 1);
    const left = (this.local4.get(a.local) ?? 1) - 1;
    if (left > 0) this.local4.set(a.local, left);
    else this.local4.delete(a.local);
    this.announce(a, true);
    this.dropRoutes(a);
  }

  /** fib_del_ifaddr: routes that no other address of the link needs. */
  private dropRoutes(a: Ip4Address): void {
    const { link } = a;
    const { routes } = this.ns;
    const src = this.primaryOf(a).local;
    const others = link.ip4.addresses;
    const network = network4(a.peer, a.prefixLength);
    const sameNet = others.some(
      (o) => o.prefixLength === a.prefixLength && network4(o.peer, o.prefixLength) === network,
    );
    if (!a.secondary && !(network === a.local && a.prefixLength === 32)) {
      routes.removeKernel(this.route(link.isLoopback ? 'local' : 'unicast', a, network, a.prefixLength, src, a.metric));
      if (a.prefixLength < 31 && !sameNet) {
        routes.removeKernel(this.route('broadcast', a, broadcast4(a.peer, a.prefixLength), 32, src));
      }
    }
    // A primary address has the broadcast address of its network, set or not.
    const has = (o: Ip4Address): boolean =>
      o.broadcast === a.broadcast ||
      (!o.secondary && o.prefixLength < 31 && broadcast4(o.peer, o.prefixLength) === a.broadcast);
    if (a.broadcast !== undefined && !others.some(has)) {
      routes.removeKernel(this.route('broadcast', a, a.broadcast, 32, src));
    }
    if (!others.some((o) => o.local === a.local)) {
      routes.removeKernel(this.route('local', a, a.local, 32, src));
      if (!this.local4.has(a.local)) routes.addressGone(a.local);
    }
  }

  /** The link is up: its addresses get their routes back; lo gets 127.0.0.1. */
  linkUp(link: Link): void {
    if (link.isLoopback && link.ip4.addresses.length === 0) {
      this.add4(link, { index: link.index, local: 0x7f000001, prefixLength: 8, scope: SCOPE.HOST }, false);
    }
    for (const a of link.ip4.addresses) this.addRoutes(a);
    if (this.ns.conf4.all.arp_notify || link.ip4.conf.arp_notify) {
      for (const a of link.ip4.addresses) this.ns.arp.announce(link, a.local);
    }
  }

  /** inetdev_destroy: the link goes away. */
  linkGone(link: Link): void {
    for (const a of [...link.ip4.addresses].reverse()) this.drop4(a);
  }

  /** inetdev_changename: labels follow the name. */
  renamed(link: Link): void {
    let named = 0;
    for (const a of link.ip4.addresses) {
      const old = a.label;
      a.label = link.name;
      if (named++ > 0) {
        const at = old.indexOf(':');
        const suffix = at < 0 ? `:${named}` : old.slice(at);
        a.label = link.name.slice(0, 15 - suffix.length) + suffix;
      }
      this.announce(a, false);
    }
  }

  /** Is this an address of the namespace (127/8 included when lo has it)? */
  isLocal4(address: Ip4): boolean {
    return this.local4.has(address) || this.ns.fib.addressType(address) === 'local';
  }

  isLocal6(address: string): boolean {
    for (const link of this.ns.links) if (link.ip6?.find(address)) return true;
    return false;
  }

  /** inet_addr_type; with `link` inet_addr_type_dev_table: what the address is there. */
  type4(address: Ip4, link?: Link): RouteType {
    if (address === 0 || address === 0xffffffff) return 'broadcast';
    if (isMulticast4(address)) return 'multicast';
    return this.ns.fib.addressType(address, link);
  }

  /** The link that has the address (__ip_dev_find). */
  linkOf4(address: Ip4): Link | undefined {
    for (const link of this.ns.links) for (const a of link.ip4.addresses) if (a.local === address) return link;
    return undefined;
  }

  /** inet_select_addr: the address of `link` to use towards `dst` with scope at most `scope`; 0 when there is none. */
  select4(link: Link, dst: Ip4, scope: number): Ip4 {
    let candidate = 0;
    for (const a of link.ip4.addresses) {
      if (a.secondary || a.scope > scope) continue;
      if (dst === 0 || contains4(a.peer, a.prefixLength, dst)) return a.local;
      if (candidate === 0) candidate = a.local;
    }
    if (candidate !== 0) return candidate;
    for (const other of this.ns.links) {
      for (const a of other.ip4.addresses)
        if (!a.secondary && a.scope !== SCOPE.LINK && a.scope <= scope) return a.local;
    }
    return 0;
  }

  /** The netmask classes are long gone; used for `ifconfig`-style defaults. */
  netmask(a: AddressInfo): number {
    return mask4(a.prefixLength);
  }

  /** An IPv6 address of any link. */
  find6(address: string): Ip6Address | undefined {
    for (const link of this.ns.links) {
      const a = link.ip6?.find(address);
      if (a) return a;
    }
    return undefined;
  }

  /** Does a link have a prefix that covers the address? */
  onLink6(link: Link, address: string): boolean {
    return link.ip6?.addresses.some((a) => prefixContains6(a.local, a.prefixLength, address)) ?? false;
  }
}
