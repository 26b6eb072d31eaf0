import type { Micros } from '../../core';
import type { Icmp4Error, Icmp4Packet, Ip4, Ipv4Packet } from '../../wire';
import {
  CHECKSUM_AUTO,
  ICMP4,
  ICMP4_UNREACH,
  IPPROTO,
  encodeIpv4,
  icmp4Gateway,
  icmp4Mtu,
  isMulticast4,
  makeIcmp4Echo,
  makeIcmp4Error,
  decodeIpv4,
  ip4FromBytes,
} from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import { echoedOptions } from './options';

/** Longest error message in bytes, IP header included (RFC 1812). */
const MAX_ERROR = 576;
/** Tokens of the per-destination limiter (XRLIM_BURST_FACTOR) and its rate: one a second (icmp_ratelimit). */
const BURST = 6;
/** A tick of the kernel's clock in microseconds (HZ is 250). */
const TICK = 4000;
/** net.ipv4.route.error_burst and error_cost. */
const ERROR_BURST = 5_000_000;
const ERROR_COST = 1_000_000;

/** The packet an error is about, as far as it was quoted. */
export interface Quoted4 {
  readonly src: Ip4;
  readonly dst: Ip4;
  readonly protocol: number;
  /** What follows the IP header; at least eight bytes. */
  readonly bytes: Uint8Array;
}

/** Reads the header of a quoted packet, which is usually cut. */
export function readQuoted(original: Uint8Array): Quoted4 | undefined {
  if (original.length < 28 || original[0]! >> 4 !== 4) return undefined;
  const header = (original[0]! & 15) * 4;
  if (original.length < header + 8) return undefined;
  return {
    src: ip4FromBytes(original, 12),
    dst: ip4FromBytes(original, 16),
    protocol: original[9]!,
    bytes: original.subarray(header),
  };
}

/** The options of an answer to a packet, where it has some. */
function echoed(packet: Ipv4Packet): { options?: Uint8Array } {
  const options = packet.options === undefined ? undefined : echoedOptions(packet);
  return options === undefined ? {} : { options };
}

/** ICMP of one namespace (net/ipv4/icmp.c). */
export class Icmp4 {
  private readonly buckets = new Map<Ip4, { tokens: number; at: number }>();
  private globalTokens: number | undefined = undefined;
  private globalAt = 0;

  constructor(private readonly ns: NetNamespace) {}

  /** icmp_rcv */
  receive(skb: Skb, packet: Ipv4Packet, link: Link): void {
    const { ns } = this;
    ns.mib.IcmpInMsgs++;
    if (packet.payload.kind !== 'icmp4') {
      ns.mib.IcmpInErrors++;
      ns.drop(skb, 'PKT_TOO_SMALL', 'icmp_rcv');
      return;
    }
    const icmp: Icmp4Packet = packet.payload;
    if (icmp.checksum !== CHECKSUM_AUTO) {
      ns.mib.IcmpInCsumErrors++;
      ns.mib.IcmpInErrors++;
      ns.drop(skb, 'ICMP_CSUM', 'icmp_rcv');
      return;
    }
    if (icmp.type === ICMP4.ECHO_REQUEST && ns.ipv4.icmp_echo_ignore_all) {
      ns.mib.IcmpInEchos++;
      ns.drop(skb, 'NOT_SPECIFIED', 'icmp_echo');
      return;
    }
    const toMany =
      skb.pktType === PACKET.BROADCAST ||
      skb.pktType === PACKET.MULTICAST ||
      isMulticast4(packet.dst) ||
      packet.dst === 0xffffffff ||
      ns.addrs.type4(packet.dst) === 'broadcast';
    if (toMany && icmp.type === ICMP4.ECHO_REQUEST && ns.ipv4.icmp_echo_ignore_broadcasts) {
      ns.drop(skb, 'NOT_SPECIFIED', 'icmp_rcv');
      return;
    }
    if (icmp.message === 'echo') {
      if (icmp.type === ICMP4.ECHO_REQUEST) this.echo(skb, packet, link, toMany);
      else {
        ns.mib.IcmpInEchoReps++;
        if (ns.hasSockets) ns.sockets.ping.receive(skb, packet, link);
      }
      return;
    }
    if (icmp.message === 'error') this.receiveError(skb, packet, icmp, link);
    else ns.drop(skb, 'NOT_SPECIFIED', 'icmp_rcv');
  }

  private echo(skb: Skb, packet: Ipv4Packet, link: Link, toMany: boolean): void {
    const { ns } = this;
    ns.mib.IcmpInEchos++;
    if (packet.payload.kind !== 'icmp4' || packet.payload.message !== 'echo') return;
    const { id, seq, payload } = packet.payload;
    if (ns.tracer.active) ns.trace(skb, { event: 'handled', by: 'icmp', note: 'echo request' });
    ns.mib.IcmpOutMsgs++;
    ns.mib.IcmpOutEchoReps++;
    ns.ip4.output.send({
      src: toMany ? ns.addrs.select4(link, packet.src, 0) : packet.dst,
      dst: packet.src,
      protocol: IPPROTO.ICMP,
      payload: makeIcmp4Echo(id, seq, payload, 0),
      tos: packet.tos,
      df: false,
      ...echoed(packet),
      mark: ns.ipv4.fwmark_reflect ? skb.mark : 0,
    });
  }

  /** icmp_unreach, icmp_redirect: the error goes to the socket that sent the packet. */
  private receiveError(skb: Skb, packet: Ipv4Packet, icmp: Icmp4Error, link: Link): void {
    const { ns } = this;
    if (icmp.type === ICMP4.UNREACHABLE) ns.mib.IcmpInDestUnreachs++;
    else if (icmp.type === ICMP4.TIME_EXCEEDED) ns.mib.IcmpInTimeExcds++;
    else if (icmp.type === ICMP4.REDIRECT) ns.mib.IcmpInRedirects++;
    else if (icmp.type === 12) ns.mib.IcmpInParmProbs++;
    const quoted = readQuoted(icmp.original);
    if (quoted === undefined) {
      ns.mib.IcmpInErrors++;
      return;
    }
    if (icmp.type === ICMP4.UNREACHABLE && icmp.code === ICMP4_UNREACH.FRAG_NEEDED) {
      if (ns.ipv4.ip_no_pmtu_disc === 0) ns.ip4.routing.learnMtu(quoted.dst, icmp4Mtu(icmp) || 576);
    }
    if (icmp.type === ICMP4.REDIRECT) {
      const accept = ns.forwarding4(link)
        ? ns.conf4.all.accept_redirects && link.ip4.conf.accept_redirects
        : ns.conf4.all.accept_redirects || link.ip4.conf.accept_redirects;
      if (accept) this.redirect(quoted.dst, icmp4Gateway(icmp), packet.src, link);
    }
    if (ns.tracer.active)
      ns.trace(skb, { event: 'handled', by: 'icmp', note: `error type ${icmp.type} code ${icmp.code}` });
    ns.sockets.icmpError(icmp, packet, quoted, link);
  }

  /** __ip_do_redirect: a better gateway for one destination. */
  private redirect(dst: Ip4, gateway: Ip4, from: Ip4, link: Link): void {
    const r = this.ns.ip4.routing.output(dst, 0, null);
    if (typeof r === 'string' || r.entry.gateway !== from || r.link !== link) return;
    r.entry.exceptions ??= new Map();
    const old = r.entry.exceptions.get(dst);
    const { now } = this.ns;
    r.entry.exceptions.set(dst, {
      mtu: old?.mtu ?? 0,
      locked: old?.locked ?? false,
      gateway,
      since: undefined,
      expires: now + 300e6,
    });
  }

  /** The limiter of one destination and the one of the machine. */
  private allowed(type: number, code: number, dst: Ip4, out: Link): boolean {
    const { ns } = this;
    if (type === ICMP4.UNREACHABLE && code === ICMP4_UNREACH.FRAG_NEEDED) return true;
    const { icmp_msgs_burst: burst, icmp_msgs_per_sec: perSecond, icmp_ratemask: mask } = ns.ipv4;
    if (!((1 << type) & mask) || out.isLoopback) return true;
    const now = ns.now;
    this.globalTokens = Math.min(burst, (this.globalTokens ?? burst) + ((now - this.globalAt) * perSecond) / 1e6);
    this.globalAt = now;
    if (this.globalTokens < 1) {
      ns.mib.IcmpOutRateLimitGlobal++;
      return false;
    }
    this.globalTokens--;
    const rate = ns.ipv4.icmp_ratelimit * 1000;
    const b = this.bucket(dst, BURST * rate);
    if (b.tokens < rate) {
      ns.mib.IcmpOutRateLimitHost++;
      return false;
    }
    b.tokens -= rate;
    return true;
  }

  /**
   * The bucket of a destination (struct inet_peer), filled up to now. Tokens are time. Within one tick of the kernel's clock it
   * is neither filled nor cut to its size (inet_peer_xrlim_allow): with a rate of 0 an error empties it, but not the one that
   * `ip_error` has counted a moment before.
   */
  private bucket(dst: Ip4, full: Micros): { tokens: Micros; at: Micros } {
    const { now } = this.ns;
    let b = this.buckets.get(dst);
    if (b === undefined) {
      if (this.buckets.size > 4096) this.buckets.clear();
      this.buckets.set(dst, (b = { tokens: full, at: now }));
    }
    const ticks = Math.floor(now / TICK) - Math.floor(b.at / TICK);
    if (ticks > 0) {
      b.tokens = Math.min(full, b.tokens + ticks * TICK);
      b.at = now;
    }
    return b;
  }

  /** ip_error: how often a sender is told that there is no route. Its tokens are those of {@link allowed}. */
  routeErrorAllowed(dst: Ip4): boolean {
    const b = this.bucket(dst, ERROR_BURST);
    if (b.tokens < ERROR_COST) return false;
    b.tokens -= ERROR_COST;
    return true;
  }

  /** icmp_send: tells the sender of `skb` what is wrong. `rest` is the MTU or the gateway. */
  error(skb: Skb, type: 3 | 5 | 11 | 12, code: number, rest: number): void {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    if (skb.payload.kind !== 'ipv4') return;
    if (skb.pktType !== PACKET.HOST) return;
    if (packet.src === 0 || isMulticast4(packet.src) || packet.src === 0xffffffff) return;
    const dstType = ns.addrs.type4(packet.dst);
    if (dstType === 'broadcast' || dstType === 'multicast') return;
    if (packet.fragmentOffset > 0) return;
    // Never an error about an error.
    if (packet.protocol === IPPROTO.ICMP) {
      const t =
        packet.payload.kind === 'icmp4'
          ? packet.payload.type
          : packet.payload.kind === 'raw'
            ? (packet.payload.bytes[0] ?? 0)
            : 0;
      if (t === 3 || t === 4 || t === 5 || t === 11 || t === 12) return;
    }
    let src = dstType === 'local' ? packet.dst : 0;
    if (src === 0 && ns.ipv4.icmp_errors_use_inbound_ifaddr && skb.inDev !== null && skb.inDev.ns === ns)
      src = ns.addrs.select4(skb.inDev, packet.src, 253);
    const route = ns.ip4.routing.output(packet.src, src, null, ns.ipv4.fwmark_reflect ? skb.mark : 0);
    if (typeof route === 'string') return;
    if (!this.allowed(type, code, packet.src, route.link)) return;
    const quote = encodeIpv4(packet).subarray(0, MAX_ERROR - 20 - 8);
    ns.mib.IcmpOutMsgs++;
    if (type === ICMP4.UNREACHABLE) ns.mib.IcmpOutDestUnreachs++;
    else if (type === ICMP4.TIME_EXCEEDED) ns.mib.IcmpOutTimeExcds++;
    else if (type === ICMP4.REDIRECT) ns.mib.IcmpOutRedirects++;
    else ns.mib.IcmpOutParmProbs++;
    ns.ip4.output.send({
      src,
      dst: packet.src,
      protocol: IPPROTO.ICMP,
      payload: makeIcmp4Error(type, code, quote, rest),
      // RFC 1812: errors go out with precedence "internetwork control".
      tos: (packet.tos & 0x1e) | 0xc0,
      df: false,
      ...echoed(packet),
      route,
      about: skb,
      mark: ns.ipv4.fwmark_reflect ? skb.mark : 0,
    });
  }

  /** ipv4_link_failure: the neighbour did not answer. */
  linkFailure(skb: Skb): void {
    skb.pktType = PACKET.HOST;
    this.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.HOST, 0);
  }

  /** The whole packet an error quotes, when it is all there (for tools). */
  static quotedPacket(icmp: Icmp4Error): Ipv4Packet | undefined {
    return decodeIpv4(icmp.original);
  }
}
