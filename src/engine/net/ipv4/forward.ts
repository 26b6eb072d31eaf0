import type { Ip4, Ipv4Packet } from '../../wire';
import { ICMP4, ICMP4_UNREACH, contains4, rewriteIpv4 } from '../../wire';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { RouteEntry } from '../route/lookup';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import { forwardedOptions } from './options';
import type { Ip4Stack } from './stack';

/** Packets that go on (ip_forward.c). */
export class Ip4Forward {
  private readonly redirects = new Map<Ip4, { at: number; count: number }>();

  constructor(
    private readonly ns: NetNamespace,
    private readonly ip: Ip4Stack,
  ) {}

  /** ip_forward */
  forward(skb: Skb, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    if (skb.pktType !== PACKET.HOST) {
      ns.drop(skb, 'OTHERHOST', 'ip_forward');
      return;
    }
    if (packet.ttl <= 1) {
      ns.mib.IpInHdrErrors++;
      ns.icmp4.error(skb, ICMP4.TIME_EXCEEDED, 0, 0);
      ns.drop(skb, 'IP_INHDR', 'ip_forward');
      return;
    }
    const out = entry.link!;
    const mtu = this.ip.routing.mtu(entry, out, packet.dst);
    // What came in pieces goes out in pieces, whatever its DF bit said, if they fit.
    if (skb.length > mtu && packet.df && !(skb.maxFragment > 0 && skb.maxFragment <= mtu)) {
      ns.mib.IpFragFails++;
      ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.FRAG_NEEDED, mtu);
      ns.drop(skb, 'PKT_TOO_BIG', 'ip_forward');
      return;
    }
    if (out === link && !skb.vlan) this.maybeRedirect(skb, packet, link, entry);
    skb.payload = rewriteIpv4(packet, packet.ttl - 1, packet.src, packet.dst, packet.payload);
    if (packet.options !== undefined) {
      const nextHop = (entry.gateway as number | undefined) ?? packet.dst;
      skb.payload = forwardedOptions(ns, skb.payload as Ipv4Packet, link, out, nextHop);
    }
    skb.owner = null;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.forward(skb, link, out) !== NF.ACCEPT) return;
    ns.mib.IpForwDatagrams++;
    this.ip.output.transmit(skb, skb.route ?? entry, (skb.route ?? entry).link!, (skb.route ?? entry).route.type, link);
  }

  /** ip_rt_send_redirect: the sender could have gone straight to the gateway. */
  private maybeRedirect(skb: Skb, packet: Ipv4Packet, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    if (!ns.conf4.all.send_redirects && !link.ip4.conf.send_redirects) return;
    const gateway = (entry.gateway as number | undefined) ?? packet.dst;
    const near = link.ip4.addresses.some(
      (a) => contains4(a.local, a.prefixLength, packet.src) && contains4(a.local, a.prefixLength, gateway),
    );
    if (!near) return;
    const last = this.redirects.get(packet.src);
    const now = ns.now;
    // Up to nine, each waiting twice as long as the one before (redirect_load 20 ms, redirect_silence 20.48 s).
    const count = last === undefined || now > last.at + 20.48e6 ? 0 : last.count;
    if (count >= 9 || (count > 0 && now < last!.at + (20_000 << count))) return;
    this.redirects.set(packet.src, { at: now, count: count + 1 });
    ns.icmp4.error(skb, ICMP4.REDIRECT, 1, gateway);
  }
}
