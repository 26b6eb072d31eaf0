import type { IpAddress } from '../../wire';
import {
  ARP_OP,
  ETHERTYPE,
  MAC_BROADCAST,
  MAC_ZERO,
  contains4,
  isMulticast4,
  isLoopback4,
  makeArp,
  multicastMac4,
} from '../../wire';
import type { ArpPacket, Ip4, Mac } from '../../wire';
import type { NeighConf } from '../conf';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { PACKET, Skb } from '../skb';
import { IFF, SCOPE } from '../types';
import type { NeighProtocol, Neighbour } from './neighbour';
import { neighbourOf } from './neighbour';

/** ARP of one namespace (net/ipv4/arp.c, RFC 826). */
export class Arp implements NeighProtocol {
  readonly family = 'inet';

  constructor(private readonly ns: NetNamespace) {}

  conf(link: Link): NeighConf {
    return link.ip4.neigh;
  }

  table(link: Link): Map<IpAddress, Neighbour> {
    return link.arp as Map<IpAddress, Neighbour>;
  }

  /** arp_constructor: a broadcast address of the link has the broadcast MAC address, whoever claims to be it. */
  construct(n: Neighbour): void {
    const address = n.address as Ip4;
    const { link } = n;
    if (isMulticast4(address)) n.noQuestion(multicastMac4(address));
    else if ((link.flags & (IFF.NOARP | IFF.LOOPBACK)) !== 0) n.noQuestion(link.mac);
    else if ((link.flags & IFF.POINTOPOINT) !== 0 || this.ns.addrs.type4(address, link) === 'broadcast')
      n.noQuestion(link.broadcast);
  }

  unreachable(skb: Skb): void {
    this.ns.icmp4.linkFailure(skb);
  }

  /** arp_solicit */
  solicit(n: Neighbour, unicast: boolean, skb: Skb | null): void {
    const { link } = n;
    const target = n.address as Ip4;
    let source = 0;
    const wanted = skb?.payload.kind === 'ipv4' ? skb.payload.src : 0;
    const announce = Math.max(this.ns.conf4.all.arp_announce, link.ip4.conf.arp_announce);
    if (announce === 0) {
      if (wanted !== 0 && this.ns.addrs.isLocal4(wanted)) source = wanted;
    } else if (announce === 1 && wanted !== 0 && this.ns.addrs.isLocal4(wanted)) {
      const near = link.ip4.addresses.some(
        (a) => contains4(a.local, a.prefixLength, wanted) && contains4(a.local, a.prefixLength, target),
      );
      if (near) source = wanted;
    }
    if (source === 0) source = this.ns.addrs.select4(link, target, SCOPE.LINK);
    const known = unicast && n.lladdr !== undefined;
    this.send(ARP_OP.REQUEST, link, target, source, known ? n.lladdr! : MAC_BROADCAST, MAC_ZERO);
  }

  /** arp_send_dst */
  send(op: number, link: Link, tpa: Ip4, spa: Ip4, dst: Mac, tha: Mac): void {
    if (!link.needsArp) return;
    const skb = new Skb(ETHERTYPE.ARP, makeArp(op, link.mac, spa, tha, tpa));
    skb.dst = dst;
    skb.src = link.mac;
    skb.dev = link;
    if (this.ns.tracer.active) this.ns.trace(skb, { event: 'created', by: 'kernel', parent: undefined });
    const hooks = this.ns.netfilter?.arp;
    if (hooks && hooks.output(skb, link) !== NF.ACCEPT) return;
    link.transmit(skb);
  }

  /** Tells everybody an own address (gratuitous ARP, as request). */
  announce(link: Link, address: Ip4): void {
    this.send(ARP_OP.REQUEST, link, address, address, MAC_BROADCAST, MAC_ZERO);
  }

  /** arp_rcv */
  receive(skb: Skb, link: Link): void {
    const { ns } = this;
    if (!link.needsArp || skb.pktType === PACKET.OTHERHOST || skb.pktType === PACKET.OUTGOING) {
      ns.drop(skb, skb.pktType === PACKET.OTHERHOST ? 'OTHERHOST' : 'NOT_SPECIFIED', 'arp_rcv');
      return;
    }
    const hooks = ns.netfilter?.arp;
    if (hooks && hooks.input(skb, link) !== NF.ACCEPT) return;
    this.process(skb, skb.payload as ArpPacket, link);
  }

  /** arp_process */
  private process(skb: Skb, arp: ArpPacket, link: Link): void {
    const { ns } = this;
    const { op, spa, tpa, sha } = arp;
    if (spa === tpa && (ns.conf4.all.drop_gratuitous_arp || link.ip4.conf.drop_gratuitous_arp))
      return ns.drop(skb, 'NOT_SPECIFIED', 'arp_process');
    if (op !== ARP_OP.REQUEST && op !== ARP_OP.REPLY) return ns.drop(skb, 'NOT_SPECIFIED', 'arp_process');
    if (isMulticast4(tpa) || (isLoopback4(tpa) && !ns.routeLocalnet(link))) {
      return ns.drop(skb, 'NOT_SPECIFIED', 'arp_process');
    }
    if (ns.tracer.active)
      ns.trace(skb, { event: 'handled', by: 'arp', note: op === ARP_OP.REQUEST ? 'request' : 'reply' });
    if (spa === 0) {
      // Duplicate address detection (RFC 5227): answer if it is ours.
      if (op === ARP_OP.REQUEST && ns.addrs.isLocal4(tpa) && !this.ignores(link, spa, tpa)) {
        this.send(ARP_OP.REPLY, link, spa, tpa, sha, sha);
      }
      return;
    }
    if (op === ARP_OP.REQUEST) {
      // As for a packet from the asker: who could not send us one (rp_filter, a broadcast source) gets no answer either.
      const r = ns.ip4.routing.input(tpa, spa, link, 0, 0);
      const type = typeof r === 'string' ? 'none' : r.entry.route.type;
      if (type === 'local') {
        if (!this.ignores(link, spa, tpa) && !this.filters(link, spa, tpa)) {
          neighbourOf(this, link, spa).update(sha, 'STALE', { override: true });
          this.send(ARP_OP.REPLY, link, spa, tpa, sha, sha);
        }
        return;
      }
      if (ns.forwarding4(link) && type === 'unicast' && this.proxies(link, tpa)) {
        neighbourOf(this, link, spa).update(sha, 'STALE', { override: true });
        // proxy_delay spreads the answers; a proxy for a frame to itself answers at once.
        const delay = skb.pktType === PACKET.HOST ? 0 : ns.random.below(link.ip4.neigh.proxy_delay * 10_000 || 1);
        ns.host.scheduler.after(delay, () => this.send(ARP_OP.REPLY, link, spa, tpa, sha, sha));
        return;
      }
    }
    const gratuitous = spa === tpa;
    let n = link.arp.get(spa);
    if (n === undefined && Math.max(ns.conf4.all.arp_accept, link.ip4.conf.arp_accept) > 0) {
      const own = link.ip4.addresses.some((a) => contains4(a.local, a.prefixLength, spa));
      if (ns.ip4.routing.inputType(spa, 0, link) === 'unicast' && (gratuitous || op === ARP_OP.REPLY) && own) {
        n = neighbourOf(this, link, spa);
      }
    }
    if (n === undefined) return;
    const override = ns.now >= n.updated + link.ip4.neigh.locktime * 10_000 || gratuitous;
    const state = op === ARP_OP.REPLY && skb.pktType === PACKET.HOST ? 'REACHABLE' : 'STALE';
    n.update(sha, state, { override });
  }

  /** arp_ignore */
  private ignores(link: Link, spa: Ip4, tpa: Ip4): boolean {
    const mode = Math.max(this.ns.conf4.all.arp_ignore, link.ip4.conf.arp_ignore);
    const mine = link.ip4.addresses;
    switch (mode) {
      case 0:
        return false;
      case 1:
        return !mine.some((a) => a.local === tpa);
      case 2:
        return !mine.some((a) => a.local === tpa && contains4(a.local, a.prefixLength, spa));
      case 3:
        return !mine.some((a) => a.local === tpa && a.scope < SCOPE.LINK);
      case 8:
        return true;
      default:
        return false;
    }
  }

  /** arp_filter: answer only on the link by which we would reach the asker. */
  private filters(link: Link, spa: Ip4, tpa: Ip4): boolean {
    if (Math.max(this.ns.conf4.all.arp_filter, link.ip4.conf.arp_filter) === 0) return false;
    if (this.ns.ip4.routing.outputLink(spa, tpa) === link) return false;
    this.ns.mib.TcpExtArpFilter++;
    return true;
  }

  /** arp_fwd_proxy, and `ip neigh add proxy`. */
  private proxies(link: Link, tpa: Ip4): boolean {
    const out = this.ns.ip4.routing.outputLink(tpa, 0);
    if (out === undefined) return false;
    // Hosts behind one link that cannot hear each other (RFC 3069): the router answers for all of them.
    if (out === link) return (this.ns.conf4.all.proxy_arp_pvlan || link.ip4.conf.proxy_arp_pvlan) !== 0;
    if (Math.max(this.ns.conf4.all.proxy_arp, link.ip4.conf.proxy_arp) > 0) return true;
    return this.ns.neigh.isProxy(link, tpa);
  }
}
