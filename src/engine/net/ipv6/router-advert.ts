/** What a host learns from router advertisements (RFC 4861 and 4862, net/ipv6/ndisc.c, addrconf.c). */
import type { Ip6, Ipv6Packet, Mac, RouterAdvertisement } from '../../wire';
import { formatIp6, ip6Bytes, isLinkLocal6, linkAddressOption, network6 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { neighbourOf } from '../neigh/neighbour';
import { Nexthop, Route } from '../route/lookup';
import { RTPROT, RT_TABLE, SCOPE } from '../types';

/** Metric of routes learned from routers (IP6_RT_PRIO_USER). */
const METRIC = 1024;
const FOREVER = 0xffffffff;
const PREFERENCES = ['medium', 'high', 'medium', 'low'] as const;

/** The address of `link` in `prefix`: the interface identifier is made of the MAC address (RFC 4291, appendix A). */
function eui64(prefix: Ip6, mac: Mac): Ip6 {
  const bytes = ip6Bytes(network6(prefix, 64)).slice();
  const m = mac.split(':').map((x) => parseInt(x, 16));
  bytes.set([m[0]! ^ 2, m[1]!, m[2]!, 0xff, 0xfe, m[3]!, m[4]!, m[5]!], 8);
  return formatIp6(bytes);
}

/** ndisc_router_discovery. @returns false when the message is ignored */
export function receiveAdvertisement(
  ns: NetNamespace,
  packet: Ipv6Packet,
  ra: RouterAdvertisement,
  link: Link,
): boolean {
  const dev = link.ip6;
  if (dev === null || !isLinkLocal6(packet.src)) return false;
  const { conf } = dev;
  // A router believes no other one, unless it is told to.
  if (conf.accept_ra === 0 || (conf.accept_ra === 1 && conf.forwarding !== 0)) return false;
  dev.rsTimer?.cancel();
  dev.rsTimer = null;
  const mac = linkAddressOption(ra.options, 'sourceLinkAddress');
  const neighbour = neighbourOf(ns.ndp, link, packet.src);
  neighbour.router = true;
  if (mac !== undefined) neighbour.update(mac, 'STALE', { override: true, weakOverride: true });
  if (conf.accept_ra_defrtr) defaultRouter(ns, packet.src, ra, link);
  if (ra.hopLimit > 0) conf.hop_limit = ra.hopLimit;
  if (ra.reachable > 0 && ra.reachable < 3_600_000) dev.neigh.base_reachable_time_ms = ra.reachable;
  if (ra.retrans >= 10) dev.neigh.retrans_time_ms = ra.retrans;
  for (const option of ra.options) {
    if (option.option === 'mtu' && option.mtu >= 1280 && option.mtu <= link.mtu) conf.mtu = option.mtu;
    if (option.option !== 'prefix' || !conf.accept_ra_pinfo || isLinkLocal6(option.prefix)) continue;
    if (option.preferredLifetime > option.validLifetime) continue;
    if ((option.flags & 0x80) !== 0) onLinkPrefix(ns, option.prefix, option.length, option.validLifetime, link);
    if ((option.flags & 0x40) !== 0 && conf.autoconf && option.length === 64 && option.validLifetime > 0)
      autoconfigure(ns, option.prefix, option.validLifetime, option.preferredLifetime, link);
  }
  return true;
}

/** Puts `made` in the place of a route like it. A lifetime of 0 takes it away. */
function learn(ns: NetNamespace, made: Route, lifetime: number): void {
  const table = ns.fib.table('inet6', made.table);
  for (const old of [...table.at(made.dst, made.dstLength)])
    if (old.protocol === made.protocol && old.metric === made.metric && old.sameNexthops(made)) ns.routes.remove(old);
  if (lifetime === 0) return;
  if (lifetime !== FOREVER) made.expires = ns.now + lifetime * 1e6;
  ns.routes.put(made, 'append');
}

function defaultRouter(ns: NetNamespace, router: Ip6, ra: RouterAdvertisement, link: Link): void {
  const route = new Route('inet6', RT_TABLE.MAIN, 'unicast', '::', 0);
  route.protocol = RTPROT.RA;
  route.metric = METRIC;
  route.pref = PREFERENCES[(ra.flags >> 3) & 3]!;
  route.addNexthop(new Nexthop(link, router));
  learn(ns, route, ra.lifetime);
}

function onLinkPrefix(ns: NetNamespace, prefix: Ip6, length: number, lifetime: number, link: Link): void {
  const route = new Route('inet6', RT_TABLE.MAIN, 'unicast', network6(prefix, length), length);
  route.protocol = RTPROT.KERNEL;
  route.metric = 256;
  route.pref = 'medium';
  route.addNexthop(new Nexthop(link, undefined));
  learn(ns, route, lifetime);
}

function autoconfigure(ns: NetNamespace, prefix: Ip6, valid: number, preferred: number, link: Link): void {
  if (link.addrGenMode !== 'eui64') return;
  const local = eui64(prefix, link.mac);
  ns.addrs.replace({
    index: link.index,
    local,
    prefixLength: 64,
    scope: SCOPE.UNIVERSE,
    noPrefixRoute: true,
    ...(valid === FOREVER ? {} : { validLifetime: valid }),
    ...(preferred === FOREVER ? {} : { preferredLifetime: preferred }),
  });
  const a = link.ip6?.find(local);
  if (a !== undefined) a.learned = true;
}
