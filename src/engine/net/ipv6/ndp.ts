import type { Icmp6Packet, Ip6, IpAddress, Ipv6Packet, Mac } from '../../wire';
import {
  IP6_ALL_NODES,
  IP6_ALL_ROUTERS,
  IP6_ANY,
  isLinkLocal6,
  isMulticast6,
  linkAddressOption,
  makeMldv2Report,
  makeNeighborAdvertisement,
  makeNeighborSolicitation,
  makeRouterSolicitation,
  multicastMac6,
  solicitedNode,
} from '../../wire';
import type { NeighConf } from '../conf';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { receiveAdvertisement } from './router-advert';
import type { NeighProtocol, Neighbour } from '../neigh/neighbour';
import { neighbourOf } from '../neigh/neighbour';
import type { Skb } from '../skb';
import { IFF } from '../types';

/** All routers that understand MLDv2 (RFC 3810). */
const ALL_MLD2: Ip6 = 'ff02::16';

/** Neighbour discovery of one namespace (RFC 4861, net/ipv6/ndisc.c). */
export class Ndp implements NeighProtocol {
  readonly family = 'inet6';

  constructor(private readonly ns: NetNamespace) {}

  conf(link: Link): NeighConf {
    return link.ip6?.neigh ?? this.ns.neighDefault.inet6;
  }

  table(link: Link): Map<IpAddress, Neighbour> {
    return link.nd as Map<IpAddress, Neighbour>;
  }

  /** ndisc_constructor: groups, and what is behind a link without link layer, have addresses that nobody has to ask for. */
  construct(n: Neighbour): void {
    const { link } = n;
    if (isMulticast6(n.address as Ip6)) n.noQuestion(multicastMac6(n.address as Ip6));
    else if ((link.flags & (IFF.NOARP | IFF.LOOPBACK)) !== 0) n.noQuestion(link.mac);
    else if ((link.flags & IFF.POINTOPOINT) !== 0) n.noQuestion(link.broadcast);
  }

  unreachable(skb: Skb): void {
    this.ns.ip6.icmp.error(skb, 1, 3, 0);
  }

  /** ndisc_solicit */
  solicit(n: Neighbour, unicast: boolean, skb: Skb | null): void {
    const { link } = n;
    const target = n.address as Ip6;
    const wanted = skb?.payload.kind === 'ipv6' ? skb.payload.src : undefined;
    const own =
      wanted !== undefined && link.ip6?.find(wanted) && !link.ip6.find(wanted)!.tentative
        ? wanted
        : this.linkLocal(link);
    if (own === undefined) return;
    this.sendSolicitation(
      link,
      target,
      own,
      unicast && n.lladdr !== undefined ? target : solicitedNode(target),
      link.mac,
    );
  }

  /** The link-local address that may be used. */
  linkLocal(link: Link): Ip6 | undefined {
    return link.ip6?.addresses.find((a) => isLinkLocal6(a.local) && !a.tentative)?.local;
  }

  sendSolicitation(link: Link, target: Ip6, src: Ip6, dst: Ip6, mac: Mac | undefined): void {
    this.ns.ip6.icmp.send(link, src, dst, makeNeighborSolicitation(target, mac), 255);
  }

  /** ndisc_send_rs */
  solicitRouters(link: Link, src: Ip6): void {
    const rs = makeRouterSolicitation([{ option: 'sourceLinkAddress', mac: link.mac }]);
    this.ns.ip6.icmp.send(link, src, IP6_ALL_ROUTERS, rs, 255);
  }

  /** An MLDv2 report that `groups` are listened to, whoever sends (net/ipv6/mcast.c). */
  reportGroups(link: Link, src: Ip6, groups: readonly Ip6[]): void {
    const records = groups.map((group) => ({ type: 4, group, sources: [] }));
    this.ns.ip6.icmp.send(link, src, ALL_MLD2, makeMldv2Report(records), 1, true);
  }

  /** ndisc_rcv */
  receive(skb: Skb, packet: Ipv6Packet, icmp: Icmp6Packet, link: Link): void {
    const { ns } = this;
    if (packet.hopLimit !== 255) return ns.drop(skb, 'IPV6_NDISC_HOP_LIMIT', 'ndisc_rcv');
    if (icmp.code !== 0) return ns.drop(skb, 'IPV6_NDISC_BAD_CODE', 'ndisc_rcv');
    if (ns.tracer.active) ns.trace(skb, { event: 'handled', by: 'ndp', note: icmp.message });
    if (icmp.message === 'neighborSolicitation')
      this.solicited(packet, icmp.target, linkAddressOption(icmp.options, 'sourceLinkAddress'), link);
    else if (icmp.message === 'neighborAdvertisement') {
      const own = link.ip6?.find(icmp.target);
      if (own) {
        if (own.tentative) ns.addrconf.dadFailed(own);
        return;
      }
      const n = link.nd.get(icmp.target);
      if (n === undefined) return;
      n.router = icmp.router;
      n.update(linkAddressOption(icmp.options, 'targetLinkAddress'), icmp.solicited ? 'REACHABLE' : 'STALE', {
        override: icmp.override,
        weakOverride: true,
      });
    } else if (icmp.message === 'routerAdvertisement') {
      if (!receiveAdvertisement(ns, packet, icmp, link)) ns.drop(skb, 'NOT_SPECIFIED', 'ndisc_router_discovery');
    } else if (icmp.message === 'routerSolicitation') {
      const mac = linkAddressOption(icmp.options, 'sourceLinkAddress');
      if (mac !== undefined && packet.src !== IP6_ANY && link.ip6?.conf.forwarding) {
        neighbourOf(this, link, packet.src).update(mac, 'STALE', { override: true, weakOverride: true });
      }
    }
  }

  /** ndisc_recv_ns */
  private solicited(packet: Ipv6Packet, target: Ip6, mac: Mac | undefined, link: Link): void {
    const { ns } = this;
    const own = link.ip6?.find(target);
    const dad = packet.src === IP6_ANY;
    // A proxy is a router that was told to be one (net.ipv6.conf.*.proxy_ndp).
    const proxying =
      link.ip6 !== null && link.ip6.conf.forwarding && (ns.conf6.all.proxy_ndp || link.ip6.conf.proxy_ndp);
    const proxied = own === undefined && Boolean(proxying) && ns.neigh.isProxy(link, target);
    if (own === undefined && !proxied) return;
    if (own?.tentative) {
      if (dad) ns.addrconf.dadFailed(own);
      return;
    }
    const router = (link.ip6?.conf.forwarding ?? 0) !== 0;
    if (dad) {
      ns.ip6.icmp.send(
        link,
        target,
        IP6_ALL_NODES,
        makeNeighborAdvertisement(target, link.mac, { router, solicited: false, override: own !== undefined }),
        255,
      );
      return;
    }
    if (mac !== undefined)
      neighbourOf(this, link, packet.src).update(mac, 'STALE', { override: true, weakOverride: false });
    const unicast = !isMulticast6(packet.dst);
    ns.ip6.icmp.send(
      link,
      own ? target : (this.linkLocal(link) ?? target),
      packet.src,
      // A unicast solicitation proves that the asker knows our address: no option (inc_opt).
      makeNeighborAdvertisement(target, unicast ? undefined : link.mac, {
        router,
        solicited: true,
        override: !unicast && own !== undefined,
      }),
      255,
    );
  }
}
