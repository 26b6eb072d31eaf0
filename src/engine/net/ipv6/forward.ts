import type { Ipv6Packet } from '../../wire';
import { IP6_ANY, IP6_LOOPBACK, isLinkLocal6, rewriteIpv6 } from '../../wire';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { RouteEntry } from '../route/lookup';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import type { Ip6Stack } from './stack';

/** Packets that go on (ip6_forward of ip6_output.c). */
export class Ip6Forward {
  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip6Stack,
  ) {}

  /** ip6_forward */
  forward(skb: Skb, packet: Ipv6Packet, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    if (skb.pktType !== PACKET.HOST) return ns.drop(skb, 'OTHERHOST', 'ip6_forward');
    if (isLinkLocal6(packet.src) || packet.src === IP6_ANY || packet.src === IP6_LOOPBACK) {
      if (isLinkLocal6(packet.src)) this.ip.icmp.error(skb, 1, 2, 0);
      return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_forward');
    }
    if (packet.hopLimit <= 1) {
      this.ip.icmp.error(skb, 3, 0, 0);
      ns.mib.Ip6InHdrErrors++;
      return ns.drop(skb, 'IP_INHDR', 'ip6_forward');
    }
    const out = entry.link!;
    const mtu = this.ip.routing.mtu(entry, out, packet.dst);
    // What connection tracking has put together is cut again as it was.
    if (skb.length > mtu && !(skb.maxFragment > 0 && skb.maxFragment <= mtu)) {
      ns.mib.Ip6InTooBigErrors++;
      this.ip.icmp.error(skb, 2, 0, mtu);
      return ns.drop(skb, 'PKT_TOO_BIG', 'ip6_forward');
    }
    skb.payload = rewriteIpv6(packet, packet.hopLimit - 1, packet.src, packet.dst, packet.payload);
    skb.route = entry;
    skb.owner = null;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.forward(skb, link, out) !== NF.ACCEPT) return;
    ns.mib.Ip6OutForwDatagrams++;
    this.ip.output.transmit(skb, skb.route, skb.route.link!, link);
  }
}
