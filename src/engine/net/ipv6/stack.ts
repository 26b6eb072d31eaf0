import type { ErrnoCode } from '../../core';
import { Errno } from '../../core';
import type { Icmp6Packet, Ip6, Ipv6Packet, Transport } from '../../wire';
import {
  CHECKSUM_AUTO,
  ETHERTYPE,
  ICMP6,
  IP6_ANY,
  IP6_LOOPBACK,
  IPPROTO,
  ROUTER_ALERT_MLD,
  encodeIpv6,
  ip6Bytes,
  isLinkLocal6,
  isMulticast6,
  makeIcmp6Echo,
  makeIcmp6Error,
  makeIpv6,
  multicastMac6,
  rewriteIpv6,
} from '../../wire';
import type { RouteKey } from '../api';
import { attachTo } from '../conntrack/attach';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { neighbourOf } from '../neigh/neighbour';
import { Nexthop, Route } from '../route/lookup';
import type { RouteEntry } from '../route/lookup';
import { snapshot } from '../route/routes';
import type { SkbOwner } from '../skb';
import { PACKET, Skb } from '../skb';
import type { RouteResult, RouteType } from '../types';
import { RT_TABLE } from '../types';
import { scope6 } from './addrconf';

/** The longest ICMPv6 error: it must fit the minimum MTU. */
const MAX_ERROR = 1280;

/** A route for packets of the machine itself. */
export interface Output6 {
  readonly entry: RouteEntry;
  readonly type: RouteType;
  readonly link: Link;
  readonly src: Ip6;
}

/** IPv6 of one namespace (net/ipv6/ip6_input.c, ip6_output.c, route.c). */
export class Ip6Stack {
  private readonly wild = new Map<number, Nexthop>();

  constructor(private readonly ns: NetNamespace) {}

  // --- routing --------------------------------------------------------------------------------------------------------

  private adHoc(link: Link): Nexthop {
    let nh = this.wild.get(link.index);
    if (nh === undefined || nh.link !== link) {
      nh = new Nexthop(link, undefined);
      new Route('inet6', RT_TABLE.LOCAL, 'multicast', 'ff00::', 8).addNexthop(nh);
      this.wild.set(link.index, nh);
    }
    return nh;
  }

  /** ip6_route_output */
  routeOutput(dst: Ip6, src: Ip6 | undefined, oif: Link | null, mark = 0): Output6 | ErrnoCode {
    const { ns } = this;
    if (dst === IP6_ANY) dst = IP6_LOOPBACK;
    if (isMulticast6(dst)) {
      const link = oif ?? [...ns.links].find((l) => l.ip6?.ready);
      if (link === undefined || !link.up) return 'ENETUNREACH';
      const from = src ?? this.select(dst, link);
      return from === undefined ? 'EADDRNOTAVAIL' : { entry: this.adHoc(link), type: 'multicast', link, src: from };
    }
    const found = ns.fib.lookup({ dst, src, iif: null, oif, mark, tos: 0 });
    if (typeof found === 'string') return found;
    const local = found.route.type === 'local';
    const link = local ? ns.loopback : found.link!;
    const from = src ?? (found.route.prefSrc as Ip6 | undefined) ?? (local ? dst : this.select(dst, found.link!));
    if (from === undefined) return 'EADDRNOTAVAIL';
    return { entry: found, type: found.route.type, link, src: from };
  }

  /** Source address selection (RFC 6724): same address, scope, not deprecated, output link, longest common prefix. */
  select(dst: Ip6, out: Link): Ip6 | undefined {
    const { ns } = this;
    const wanted = isMulticast6(dst) ? (/^ff.[12]:/.test(dst) ? 253 : 0) : scope6(dst);
    const common = (a: Ip6): number => {
      const x = ip6Bytes(a);
      const y = ip6Bytes(dst);
      let bits = 0;
      for (let i = 0; i < 16; i++) {
        const d = x[i]! ^ y[i]!;
        if (d === 0) bits += 8;
        else return bits + Math.clz32(d) - 24;
      }
      return bits;
    };
    const order = (scope: number): number => (scope === 0 ? 14 : scope === 200 ? 5 : scope === 253 ? 2 : 1);
    let best: { a: Ip6; score: readonly number[] } | undefined;
    for (const link of ns.links) {
      for (const a of link.ip6?.addresses ?? []) {
        if (a.tentative || (link !== out && (isLinkLocal6(dst) || isMulticast6(dst) || a.scope === 253))) continue;
        const s = order(a.scope);
        const w = order(wanted);
        const score = [
          a.local === dst ? 1 : 0,
          s >= w ? 100 - s : s,
          a.deprecated ? 0 : 1,
          link === out ? 1 : 0,
          Math.min(common(a.local), a.prefixLength),
        ];
        if (best === undefined || compare(score, best.score) > 0) best = { a: a.local, score };
      }
    }
    return best?.a;
  }

  routeGet(key: RouteKey, iif: Link | null, oif: Link | null): RouteResult {
    void iif;
    const r = this.routeOutput(key.dst as Ip6, key.src as Ip6 | undefined, oif, key.mark ?? 0);
    if (typeof r === 'string') throw new Errno(r);
    return {
      route: snapshot(r.entry.route),
      type: r.type,
      index: r.link.index,
      gateway: r.entry.gateway,
      prefSrc: r.src,
      table: r.entry.route.table,
      mtu: this.mtu(r.entry, r.link, key.dst as Ip6),
      cache: [],
    };
  }

  mtu(entry: RouteEntry, link: Link, dst: Ip6): number {
    const learned = entry.exceptions?.get(dst);
    if (learned !== undefined && learned.expires > this.ns.now) return Math.min(learned.mtu, link.mtu);
    return Math.min(entry.route.mtu ?? link.mtu, 65535);
  }

  // --- input ----------------------------------------------------------------------------------------------------------

  /** ipv6_rcv */
  receive(skb: Skb, link: Link): void {
    const { ns } = this;
    if (skb.pktType === PACKET.OTHERHOST) return ns.drop(skb, 'OTHERHOST', 'ipv6_rcv');
    ns.mib.Ip6InReceives++;
    if (link.ip6 === null || link.ip6.conf.disable_ipv6) return ns.drop(skb, 'IPV6DISABLED', 'ipv6_rcv');
    const packet = skb.payload as Ipv6Packet;
    if (isMulticast6(packet.src) || (packet.dst === IP6_LOOPBACK && !link.isLoopback))
      return ns.drop(skb, 'IP_INHDR', 'ipv6_rcv');
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.prerouting(skb, link) !== NF.ACCEPT) return;
    this.receiveFinish(skb, link);
  }

  /** ip6_rcv_finish */
  receiveFinish(skb: Skb, link: Link): void {
    const { ns } = this;
    const packet = skb.payload as Ipv6Packet;
    if (skb.route !== null) return this.localDeliver(skb, link);
    if (isMulticast6(packet.dst)) {
      if (link.ip6!.groups.has(packet.dst)) this.localDeliver(skb, link);
      else ns.drop(skb, 'NOT_SPECIFIED', 'ip6_mc_input');
      return;
    }
    const found = ns.fib.lookup({ dst: packet.dst, src: packet.src, iif: link, oif: null, mark: skb.mark, tos: 0 });
    if (ns.tracer.active) {
      ns.trace(skb, {
        event: 'route',
        direction: 'input',
        result: typeof found === 'string' ? found : found.route.type === 'local' ? 'local' : 'forward',
        table: typeof found === 'string' ? undefined : found.route.table,
        prefix: typeof found === 'string' ? undefined : ns.routes.prefixText(found.route),
        gateway: typeof found === 'string' ? undefined : (found.gateway as string | undefined),
        link: typeof found === 'string' ? undefined : found.link?.name,
        rule: typeof found === 'string' ? undefined : ns.fib.lastRule,
      });
    }
    if (typeof found !== 'string' && found.route.type === 'local') {
      if (ns.addrs.find6(packet.dst)?.tentative) return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_route_input');
      skb.route = found;
      return this.localDeliver(skb, link);
    }
    if (!ns.conf6.all.forwarding && !link.ip6!.conf.forwarding) {
      ns.mib.Ip6InAddrErrors++;
      return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_forward');
    }
    if (typeof found === 'string') {
      ns.mib.Ip6InNoRoutes++;
      this.error(skb, 1, found === 'EACCES' ? 1 : found === 'EHOSTUNREACH' ? 3 : 0, 0);
      return ns.drop(skb, 'IP_INNOROUTES', 'ip6_pkt_discard');
    }
    this.forward(skb, packet, link, found);
  }

  private forward(skb: Skb, packet: Ipv6Packet, link: Link, entry: RouteEntry): void {
    const { ns } = this;
    if (skb.pktType !== PACKET.HOST) return ns.drop(skb, 'OTHERHOST', 'ip6_forward');
    if (isLinkLocal6(packet.src) || packet.src === IP6_ANY || packet.src === IP6_LOOPBACK) {
      if (isLinkLocal6(packet.src)) this.error(skb, 1, 2, 0);
      return ns.drop(skb, 'IP_INADDRERRORS', 'ip6_forward');
    }
    if (packet.hopLimit <= 1) {
      this.error(skb, 3, 0, 0);
      ns.mib.Ip6InHdrErrors++;
      return ns.drop(skb, 'IP_INHDR', 'ip6_forward');
    }
    const out = entry.link!;
    const mtu = this.mtu(entry, out, packet.dst);
    if (skb.length > mtu) {
      ns.mib.Ip6InTooBigErrors++;
      this.error(skb, 2, 0, mtu);
      return ns.drop(skb, 'PKT_TOO_BIG', 'ip6_forward');
    }
    skb.payload = rewriteIpv6(packet, packet.hopLimit - 1, packet.src, packet.dst, packet.payload);
    skb.route = entry;
    skb.owner = null;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.forward(skb, link, out) !== NF.ACCEPT) return;
    ns.mib.Ip6OutForwDatagrams++;
    this.transmit(skb, skb.route, skb.route.link!, skb.route.route.type, link);
  }

  private localDeliver(skb: Skb, link: Link): void {
    const { ns } = this;
    const { netfilter } = ns;
    if (netfilter !== null && netfilter.input(skb, link) !== NF.ACCEPT) return;
    const packet = skb.payload as Ipv6Packet;
    ns.mib.Ip6InDelivers++;
    const raw = ns.hasSockets && ns.sockets.rawDeliver(skb, packet, link);
    switch (packet.nextHeader) {
      case IPPROTO.ICMPV6:
        this.receiveIcmp(skb, packet, link);
        return;
      case IPPROTO.UDP:
        ns.sockets.udp.receive(skb, packet, link);
        return;
      case IPPROTO.TCP:
        ns.sockets.tcp.receive(skb, packet, link);
        return;
      default:
        if (!raw) {
          this.error(skb, 4, 1, 40);
          ns.drop(skb, 'INVALID_PROTO', 'ip6_protocol_deliver_rcu');
        }
    }
  }

  private receiveIcmp(skb: Skb, packet: Ipv6Packet, link: Link): void {
    const { ns } = this;
    ns.mib.Icmp6InMsgs++;
    const icmp = packet.payload;
    if (icmp.kind !== 'icmp6' || icmp.checksum !== CHECKSUM_AUTO) return ns.drop(skb, 'ICMP_CSUM', 'icmpv6_rcv');
    switch (icmp.message) {
      case 'echo':
        if (icmp.type === ICMP6.ECHO_REQUEST) {
          ns.mib.Icmp6InEchos++;
          ns.mib.Icmp6OutEchoReplies++;
          const many = isMulticast6(packet.dst);
          const src = many ? this.select(packet.src, link) : packet.dst;
          this.send({
            src,
            dst: packet.src,
            nextHeader: IPPROTO.ICMPV6,
            payload: makeIcmp6Echo(icmp.id, icmp.seq, icmp.payload, 129),
            oif: isLinkLocal6(packet.src) && !link.isLoopback ? link : null,
          });
        } else {
          ns.mib.Icmp6InEchoReplies++;
          if (ns.hasSockets) ns.sockets.ping.receive(skb, packet, link);
        }
        return;
      case 'error':
        if (icmp.type === ICMP6.PACKET_TOO_BIG && icmp.original.length >= 40) {
          const q = ns.sockets.quoted6(icmp);
          if (q) this.learnMtu(q.dst as Ip6, Math.max(icmp.rest, 1280));
        }
        ns.sockets.icmpError6(icmp, packet, link);
        return;
      case 'neighborSolicitation':
      case 'neighborAdvertisement':
      case 'routerSolicitation':
      case 'routerAdvertisement':
        ns.ndp.receive(skb, packet, icmp, link);
        return;
      default:
        return;
    }
  }

  private learnMtu(dst: Ip6, mtu: number): void {
    const r = this.routeOutput(dst, undefined, null);
    if (typeof r === 'string' || mtu >= this.mtu(r.entry, r.link, dst)) return;
    r.entry.exceptions ??= new Map();
    r.entry.exceptions.set(dst, { mtu, gateway: undefined, expires: this.ns.now + 600e6 });
  }

  // --- output ---------------------------------------------------------------------------------------------------------

  /** Routes and sends a packet of the machine itself. */
  send(s: {
    src: Ip6 | undefined;
    dst: Ip6;
    nextHeader: number;
    payload: Transport;
    hopLimit?: number;
    trafficClass?: number;
    flowLabel?: number;
    oif?: Link | null;
    mark?: number;
    owner?: SkbOwner | null;
    route?: Output6;
    hopByHop?: Uint8Array;
    /** The packet it answers, whose connection it belongs to (an ICMPv6 error). */
    about?: Skb;
  }): ErrnoCode | undefined {
    const { ns } = this;
    const out = s.route ?? this.routeOutput(s.dst, s.src, s.oif ?? null, s.mark ?? 0);
    if (typeof out === 'string') {
      ns.mib.Ip6OutNoRoutes++;
      return out;
    }
    const packet = makeIpv6({
      src: s.src ?? out.src,
      dst: s.dst,
      nextHeader: s.nextHeader,
      payload: s.payload,
      hopLimit: s.hopLimit ?? (isMulticast6(s.dst) ? 1 : out.link.ip6?.conf.hop_limit) ?? 64,
      trafficClass: s.trafficClass ?? 0,
      flowLabel: s.flowLabel ?? 0,
      hopByHop: s.hopByHop,
    });
    const skb = new Skb(ETHERTYPE.IPV6, packet);
    skb.owner = s.owner ?? null;
    skb.mark = s.mark ?? 0;
    if (s.about !== undefined) attachTo(skb, s.about);
    ns.mib.Ip6OutRequests++;
    skb.route = out.entry;
    skb.dev = out.link;
    if (ns.tracer.active) ns.trace(skb, { event: 'created', by: skb.owner ? 'socket' : 'kernel', parent: undefined });
    let { link, type } = out;
    if (ns.netfilter !== null) {
      const verdict = ns.netfilter.output(skb, link);
      if (verdict === NF.DROP) return 'EPERM';
      if (verdict === NF.STOLEN) return undefined;
      if (skb.route !== out.entry && skb.route !== null) {
        type = skb.route.route.type;
        link = type === 'local' ? ns.loopback : skb.route.link!;
      }
    }
    return this.transmit(skb, skb.route ?? out.entry, link, type, null);
  }

  /** ICMPv6 of the kernel itself on a given link (neighbour discovery, MLD): not routed. */
  sendIcmp(link: Link, src: Ip6, dst: Ip6, payload: Icmp6Packet, hopLimit: number, routerAlert = false): void {
    const { ns } = this;
    ns.mib.Icmp6OutMsgs++;
    ns.mib.Ip6OutRequests++;
    const packet = makeIpv6({
      src,
      dst,
      nextHeader: IPPROTO.ICMPV6,
      payload,
      hopLimit,
      ...(routerAlert ? { hopByHop: ROUTER_ALERT_MLD } : {}),
    });
    const skb = new Skb(ETHERTYPE.IPV6, packet);
    skb.dev = link;
    if (ns.tracer.active) ns.trace(skb, { event: 'created', by: 'kernel', parent: undefined });
    skb.route = this.adHoc(link);
    if (ns.netfilter !== null && ns.netfilter.output(skb, link) !== NF.ACCEPT) return;
    this.transmit(skb, skb.route, link, isMulticast6(dst) ? 'multicast' : 'unicast', null);
  }

  private transmit(
    skb: Skb,
    entry: RouteEntry,
    link: Link,
    type: RouteType,
    input: Link | null,
  ): ErrnoCode | undefined {
    const { ns } = this;
    const packet = skb.payload as Ipv6Packet;
    skb.dev = link;
    if (
      isMulticast6(packet.dst) &&
      !link.isLoopback &&
      link.ip6?.groups.has(packet.dst) &&
      packet.payload.kind === 'icmp6' &&
      packet.payload.message === 'echo'
    ) {
      const copy = ns.cloneSkb(skb);
      copy.pktType = PACKET.HOST;
      copy.src = copy.dst = link.mac;
      ns.host.scheduler.defer(() => {
        copy.inDev = link;
        if (link.up) this.receive(copy, link);
      });
    }
    if (ns.netfilter !== null && ns.netfilter.postrouting(skb, input, link) !== NF.ACCEPT) return undefined;
    if (skb.length > this.mtu(entry, link, packet.dst)) {
      if (input === null) this.error(skb, 2, 0, this.mtu(entry, link, packet.dst));
      ns.drop(skb, 'PKT_TOO_BIG', 'ip6_finish_output');
      return 'EMSGSIZE';
    }
    if (isMulticast6(packet.dst)) {
      skb.src = link.mac;
      skb.dst = multicastMac6(packet.dst);
      link.transmit(skb);
    } else if (type !== 'local' && link.needsArp) {
      const next = (entry.gateway as Ip6 | undefined) ?? packet.dst;
      (link.nd.get(next) ?? neighbourOf(ns.ndp, link, next)).output(skb);
    } else {
      skb.src = link.mac;
      skb.dst = link.isLoopback ? link.mac : '00:00:00:00:00:00';
      link.transmit(skb);
    }
    return undefined;
  }

  /** icmp6_send. `rest` is the MTU or the pointer. */
  error(skb: Skb, type: 1 | 2 | 3 | 4, code: number, rest: number): void {
    const { ns } = this;
    if (skb.payload.kind !== 'ipv6') return;
    const packet = skb.payload;
    if (packet.src === IP6_ANY || isMulticast6(packet.src)) return;
    if (isMulticast6(packet.dst) && type !== 2) return;
    if (packet.payload.kind === 'icmp6' && packet.payload.type < 128) return;
    const own = ns.addrs.isLocal6(packet.dst);
    const oif = isLinkLocal6(packet.src) && skb.inDev !== null && !skb.inDev.isLoopback ? skb.inDev : null;
    ns.mib.Icmp6OutMsgs++;
    this.send({
      src: own ? packet.dst : undefined,
      dst: packet.src,
      nextHeader: IPPROTO.ICMPV6,
      payload: makeIcmp6Error(type, code, encodeIpv6(packet).subarray(0, MAX_ERROR - 48), rest),
      oif,
      about: skb,
    });
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
