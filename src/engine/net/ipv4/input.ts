import type { ErrnoCode } from '../../core';
import type { Ipv4Packet } from '../../wire';
import { CHECKSUM_AUTO, ICMP4, ICMP4_UNREACH, IPPROTO, formatIp4, isFragment4, isLoopback4 } from '../../wire';
import { NF } from '../hooks';
import { handOver } from '../ip-input';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { traceRoute } from '../route/trace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import { Defragmenter4 } from './fragment';
import { Ip4Forward } from './forward';
import { receivedOptions } from './options';
import type { Ip4Stack } from './stack';

/** Packets that come in (ip_input.c). */
export class Ip4Input {
  private readonly defrag: Defragmenter4;
  private readonly forwarding: Ip4Forward;

  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip4Stack,
  ) {
    this.defrag = new Defragmenter4(ns);
    this.forwarding = new Ip4Forward(ns, ip);
  }

  /** ip_rcv */
  receive(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.pktType === PACKET.OTHERHOST) {
      ns.drop(skb, 'OTHERHOST', 'ip_rcv');
      return;
    }
    ns.mib.IpInReceives++;
    ns.mib.IpExtInOctets += skb.length;
    const packet = skb.payload as Ipv4Packet;
    if ((packet.tos & 3) === 0) ns.mib.IpExtInNoECTPkts++;
    else this.countEcn(packet.tos & 3);
    if (skb.pktType !== PACKET.HOST) this.countGroup(skb);
    if (packet.checksum !== CHECKSUM_AUTO) {
      ns.mib.IpInHdrErrors++;
      ns.drop(skb, 'IP_CSUM', 'ip_rcv');
      return;
    }
    if (skb.trailer !== undefined) skb.trailer = undefined;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.prerouting(skb, link) !== NF.ACCEPT) return;
    this.receiveFinish(skb, link);
  }

  private countEcn(bits: number): void {
    const { mib } = this.ns;
    if (bits === 1) mib.IpExtInECT1Pkts++;
    else if (bits === 2) mib.IpExtInECT0Pkts++;
    else mib.IpExtInCEPkts++;
  }

  private countGroup(skb: Skb): void {
    const { mib } = this.ns;
    if (skb.pktType === PACKET.MULTICAST) {
      mib.IpExtInMcastPkts++;
      mib.IpExtInMcastOctets += skb.length;
    } else if (skb.pktType === PACKET.BROADCAST) {
      mib.IpExtInBcastPkts++;
      mib.IpExtInBcastOctets += skb.length;
    }
  }

  /** ip_rcv_finish: where to? */
  private receiveFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.route !== null) {
      // Looped back: routed when it was sent.
      this.localDeliver(skb, link);
      return;
    }
    const packet = skb.payload as Ipv4Packet;
    const owner = link.l3Owner?.(skb);
    if (owner !== undefined) {
      const there = owner.ns.ip4.routing.input(packet.dst, packet.src, owner, skb.mark, packet.tos);
      if (typeof there !== 'string' && there.type === 'local') {
        skb.route = there.entry;
        return this.localDeliver(skb, link, owner);
      }
    }
    if (ns.ipv4.fib_multipath_hash_policy !== 0 || ns.rules.custom.inet) this.ip.routing.setPortsOf(packet);
    const r = this.ip.routing.input(packet.dst, packet.src, link, skb.mark, packet.tos);
    if (ns.tracer.active)
      traceRoute(
        ns,
        skb,
        'input',
        typeof r === 'string' ? r : r.type === 'local' ? 'local' : 'forward',
        typeof r === 'string' ? null : r.entry,
      );
    if (typeof r === 'string') {
      this.inputError(skb, link, r);
      return;
    }
    if ((r.type === 'local' && r.entry.route.type !== 'multicast') || r.type === 'unicast') {
      const drop = ns.conf4.all.drop_unicast_in_l2_multicast || link.ip4.conf.drop_unicast_in_l2_multicast;
      if (drop && skb.pktType !== PACKET.HOST) {
        ns.drop(skb, 'UNICAST_IN_L2_MULTICAST', 'ip_rcv_finish');
        return;
      }
    }
    skb.route = r.entry;
    if (r.type === 'local') this.localDeliver(skb, link);
    else this.forwarding.forward(skb, link, r.entry);
  }

  private inputError(skb: Skb, link: Link, why: ErrnoCode | 'martian' | 'rpfilter'): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    if (why === 'rpfilter' || why === 'martian') {
      if (why === 'rpfilter') ns.mib.TcpExtIPReversePathFilter++;
      if (ns.conf4.all.log_martians || link.ip4.conf.log_martians) {
        this.logMartian(skb, packet, link, why);
      }
      ns.drop(skb, why === 'rpfilter' ? 'IP_RPFILTER' : 'IP_INVALID_SOURCE', 'fib_validate_source');
      return;
    }
    // ip_error: only a router says that there is no way.
    const forwarding = ns.forwarding4(link);
    const reason = why === 'ENETUNREACH' ? 'IP_INNOROUTES' : 'IP_INADDRERRORS';
    if (why === 'ENETUNREACH') ns.mib.IpOutNoRoutes++;
    else ns.mib.IpInAddrErrors++;
    if (forwarding && why !== 'EINVAL') {
      const code =
        why === 'EHOSTUNREACH'
          ? ICMP4_UNREACH.HOST
          : why === 'EACCES'
            ? ICMP4_UNREACH.ADMIN_PROHIBITED
            : ICMP4_UNREACH.NET;
      if (ns.icmp4.routeErrorAllowed(packet.src)) ns.icmp4.error(skb, ICMP4.UNREACHABLE, code, 0);
    }
    ns.drop(skb, reason, 'ip_error');
  }

  /** ip_handle_martian_source and its sister: two lines in the kernel's log. */
  private logMartian(skb: Skb, packet: Ipv4Packet, link: Link, why: 'martian' | 'rpfilter'): void {
    const { ns } = this;
    const dst = formatIp4(packet.dst);
    const src = formatIp4(packet.src);
    const destination =
      why === 'martian' && (isLoopback4(packet.dst) || packet.dst >>> 24 === 0) && !isLoopback4(packet.src);
    if (destination) {
      ns.log(`IPv4: martian destination ${dst} from ${src}, dev ${link.name}`);
      return;
    }
    ns.log(`IPv4: martian source ${dst} from ${src}, on dev ${link.name}`);
    if (!link.needsArp) return;
    const header = [...skb.dst.split(':'), ...skb.src.split(':'), '08', '00'].join(' ');
    ns.log(`ll header: 00000000: ${header}`);
  }

  /** ip_local_deliver. @param owner whose packet it is, where that is not `link` */
  private localDeliver(skb: Skb, link: Link, owner = link): void {
    const { ns } = this;
    if (isFragment4(skb.payload as Ipv4Packet)) {
      const whole = this.defrag.add(skb);
      if (whole === null) return;
      skb = whole;
    }
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.input(skb, link) !== NF.ACCEPT) return;
    if ((skb.payload as Ipv4Packet).options !== undefined)
      skb.payload = receivedOptions(owner.ns, skb.payload as Ipv4Packet);
    if (owner !== link) handOver(skb, owner);
    owner.ns.ip4.input.localDeliverFinish(skb, owner);
  }

  /** Collects fragments before connection tracking sees them (ip_defrag). @returns the whole packet's skb or null. */
  reassemble(skb: Skb): Skb | null {
    return isFragment4(skb.payload as Ipv4Packet) ? this.defrag.add(skb) : skb;
  }

  /** ip_local_deliver_finish: raw sockets, then the protocol. */
  localDeliverFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    const raw = ns.hasSockets && ns.sockets.rawDeliver(skb, packet, link);
    switch (packet.protocol) {
      case IPPROTO.ICMP:
        ns.mib.IpInDelivers++;
        ns.icmp4.receive(skb, packet, link);
        return;
      case IPPROTO.UDP:
        ns.mib.IpInDelivers++;
        ns.sockets.udp.receive(skb, packet, link);
        return;
      case IPPROTO.TCP:
        ns.mib.IpInDelivers++;
        ns.sockets.tcp.receive(skb, packet, link);
        return;
      case IPPROTO.IGMP:
        ns.mib.IpInDelivers++;
        return;
      default:
        if (raw) {
          ns.mib.IpInDelivers++;
          return;
        }
        ns.mib.IpInUnknownProtos++;
        ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.PROTOCOL, 0);
        ns.drop(skb, 'INVALID_PROTO', 'ip_local_deliver_finish');
    }
  }
}
