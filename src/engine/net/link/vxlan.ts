/** `type vxlan`: Ethernet frames in UDP datagrams (RFC 7348, drivers/net/vxlan/vxlan_core.c). */
import { Errno } from '../../core';
import type { EthernetFrame, IpAddress, IpPacket, Mac, UdpDatagram } from '../../wire';
import {
  CHECKSUM_AUTO,
  CHECKSUM_PARTIAL,
  ETHERTYPE,
  ICMP4,
  ICMP4_UNREACH,
  IPPROTO,
  VXLAN_HEADER,
  decodeVxlan,
  encodeIpv4,
  encodeVxlan,
  formatIp,
  isMulticast4,
  isMulticast6,
  isMulticastMac,
  makeIcmp4Error,
  makeIpv4,
  makeUdp,
  peekPorts,
} from '../../wire';
import type { LinkSpec } from '../api';
import { completeChecksum } from '../ipv4/fragment';
import type { DeviceEvent, NetNamespace } from '../namespace';
import { Skb } from '../skb';
import { UdpSocket } from '../socket/udp';
import type { KindData, LinkKind, VxlanInfo } from '../types';
import type { LinkKindOps } from './kinds';
import { Link } from './link';
import type { Remote } from './vxlan-fdb';
import { VxlanFdb } from './vxlan-fdb';

/** Where Linux sends by default: older than the assigned port. */
const LINUX_PORT = 8472;
/** Outer IPv4, UDP and VXLAN header with the inner Ethernet header; IPv6 takes 20 more. */
const HEADROOM4 = 20 + 8 + VXLAN_HEADER + 14;
const HEADROOM6 = HEADROOM4 + 20;
/** Tunnels in tunnels deeper than this are dropped (XMIT_RECURSION_LIMIT). */
const MAX_DEPTH = 8;

const isGroup = (a: IpAddress): boolean => (typeof a === 'number' ? isMulticast4(a) : isMulticast6(a));

/** The kernel's UDP socket of one port, shared by the VXLAN links that use it (vxlan_sock). */
class VxlanSocket {
  readonly links = new Map<number, VxlanLink>();
  private readonly socket: UdpSocket;

  constructor(
    private readonly ns: NetNamespace,
    readonly key: string,
    ipv6: boolean,
    port: number,
  ) {
    this.socket = new UdpSocket(ns, ipv6 ? 'inet6' : 'inet', { uid: 0, gid: 0, netRaw: true, netBind: true });
    if (ipv6) this.socket.v6only = true;
    this.socket.bind({ address: ipv6 ? '::' : 0, port });
    this.socket.encap = (skb, packet, udp) => this.receive(skb, packet, udp);
  }

  join(group: number, link: Link): void {
    this.socket.join(group, link);
  }

  leave(group: number, link: Link): void {
    this.socket.leave(group, link);
  }

  close(): void {
    this.socket.discard();
  }

  /** vxlan_rcv */
  private receive(skb: Skb, packet: IpPacket, udp: UdpDatagram): void {
    const { ns } = this;
    const decoded = decodeVxlan(udp.payload);
    if (decoded === undefined) {
      ns.drop(skb, 'VXLAN_INVALID_HDR', 'vxlan_rcv');
      return;
    }
    const link = this.links.get(decoded.vni);
    if (link === undefined) {
      ns.drop(skb, 'VXLAN_VNI_NOT_FOUND', 'vxlan_rcv');
      return;
    }
    link.decapsulate(skb, packet, udp, decoded.inner);
  }
}

const sockets = new WeakMap<NetNamespace, Map<string, VxlanSocket>>();
const allLinks = new WeakMap<NetNamespace, Set<VxlanLink>>();

function linksOf(ns: NetNamespace): Set<VxlanLink> {
  let set = allLinks.get(ns);
  if (set === undefined) allLinks.set(ns, (set = new Set()));
  return set;
}

/** skb_get_hash: the same number for both directions of a flow, different on every machine. */
function flowHash(frame: EthernetFrame, seed: number): number {
  const { payload } = frame;
  let a: string;
  let b: string;
  if (payload.kind === 'ipv4' || payload.kind === 'ipv6') {
    const protocol = payload.kind === 'ipv4' ? payload.protocol : payload.nextHeader;
    const ports = peekPorts(payload.payload, protocol);
    const t = payload.payload;
    const id = t.kind === 'icmp4' && t.message === 'echo' ? t.id : 0;
    a = `${formatIp(payload.src)}/${protocol}/${ports?.src ?? id}`;
    b = `${formatIp(payload.dst)}/${protocol}/${ports?.dst ?? id}`;
  } else {
    a = frame.src;
    b = isMulticastMac(frame.dst) ? '' : frame.dst;
  }
  let h = seed;
  for (const c of a < b ? `${a}|${b}` : `${b}|${a}`) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193) >>> 0;
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}

let depth = 0;

/** A VXLAN tunnel end (VTEP). */
export class VxlanLink extends Link {
  protected override readonly silent = true;
  readonly kind: LinkKind = 'vxlan';
  readonly fdb = new VxlanFdb(this);
  override readonly ownFdb = this.fdb;
  remote: IpAddress | undefined;
  local: IpAddress | undefined;
  portMin = 0;
  portMax = 0;
  learning = true;
  proxy = false;
  rsc = false;
  l2miss = false;
  l3miss = false;
  ttl = 0;
  ttlInherit = false;
  tos = 0;
  ageing = 300;
  maxAddress = 0;
  udpCsum = true;
  private socket: VxlanSocket | null = null;
  private readonly hashSeed: number;

  constructor(
    ns: NetNamespace,
    name: string,
    index: number,
    mac: Mac,
    /** Where it was made: its datagrams stay there when the link is moved. */
    readonly underlay: NetNamespace,
    readonly vni: number,
    readonly dstPort: number,
    readonly below: Link | null,
    readonly isIpv6: boolean,
  ) {
    super(ns, name, index, mac);
    this.tsoMaxSize = below?.tsoMaxSize ?? 65536;
    this.hashSeed = underlay.host.random.fork('flow-hash').uint32();
    if (below !== null) this.mtu = below.mtu - this.headroom;
  }

  private get headroom(): number {
    return this.isIpv6 ? HEADROOM6 : HEADROOM4;
  }

  override checkMtu(mtu: number): void {
    if (this.below !== null && mtu > this.below.mtu - this.headroom) throw new Errno('EINVAL');
  }

  override onOpen(): void {
    const { underlay, isIpv6, dstPort } = this;
    const key = `${isIpv6 ? 6 : 4}/${dstPort}`;
    let map = sockets.get(underlay);
    if (map === undefined) sockets.set(underlay, (map = new Map()));
    let socket = map.get(key);
    if (socket === undefined) map.set(key, (socket = new VxlanSocket(underlay, key, isIpv6, dstPort)));
    this.socket = socket;
    socket.links.set(this.vni, this);
    if (typeof this.remote === 'number' && isMulticast4(this.remote) && this.below)
      socket.join(this.remote, this.below);
  }

  override onClose(): void {
    const { socket } = this;
    if (socket === null) return;
    if (typeof this.remote === 'number' && isMulticast4(this.remote) && this.below?.registered)
      socket.leave(this.remote, this.below);
    socket.links.delete(this.vni);
    this.socket = null;
    this.fdb.flush();
    if (socket.links.size > 0) return;
    sockets.get(this.underlay)?.delete(socket.key);
    socket.close();
  }

  override onUnregister(): void {
    linksOf(this.underlay).delete(this);
    const at = this.below?.uppers.indexOf(this) ?? -1;
    if (at >= 0) this.below!.uppers.splice(at, 1);
  }

  /** It goes with the link below; otherwise it lives on its own. */
  override lowerEvent(event: DeviceEvent): void {
    if (event === 'unregister' && this.registered) this.ns.links.remove(this);
  }

  // --- out ----------------------------------------------------------------------------------------------------------

  /** vxlan_xmit */
  override xmit(skb: Skb): void {
    const remotes = this.fdb.remotes(skb.dst);
    if (remotes === undefined || remotes.length === 0) {
      if (this.l2miss && !isMulticastMac(skb.dst)) this.missed(skb.dst);
      this.dropTx(skb, 'NO_TX_TARGET');
      return;
    }
    for (let i = 0; i < remotes.length; i++) {
      const last = i === remotes.length - 1;
      this.sendTo(last ? skb : this.ns.cloneSkb(skb), remotes[i]!);
    }
  }

  /** vxlan_fdb_miss: user space is asked where the address is. */
  private missed(mac: Mac): void {
    this.ns.events.emit(() => ({
      type: 'fdb',
      deleted: false,
      fdb: {
        mac,
        index: this.index,
        master: undefined,
        self: true,
        state: 'dynamic',
        vlan: undefined,
        local: false,
        used: undefined,
        updated: undefined,
      },
    }));
  }

  /** vxlan_xmit_one */
  private sendTo(skb: Skb, remote: Remote): void {
    const { underlay } = this;
    const { dst } = remote;
    if (dst === 0 || dst === '::') return this.dropTx(skb, 'VXLAN_NO_REMOTE');
    if (depth >= MAX_DEPTH) return this.dropTx(skb, 'RECURSION_LIMIT');
    const via = remote.via === undefined ? this.below : (underlay.links.get(remote.via) ?? null);
    const vni = remote.vni ?? this.vni;
    const dstPort = remote.port ?? this.dstPort;
    const inner = skb.payload;
    const innerTtl = inner.kind === 'ipv4' ? inner.ttl : inner.kind === 'ipv6' ? inner.hopLimit : 0;
    const ttl = (this.ttlInherit ? innerTtl : this.ttl) || (isGroup(dst) ? 1 : 0);
    const innerTos = inner.kind === 'ipv4' ? inner.tos : inner.kind === 'ipv6' ? inner.trafficClass : 0;
    const tos = this.tos === 1 ? innerTos & 0xfc : this.tos;
    depth++;
    try {
      if (typeof dst === 'number') this.send4(skb, dst, via, vni, dstPort, ttl, tos);
      else this.send6(skb, dst, via, vni, dstPort, ttl, tos);
    } finally {
      depth--;
    }
  }

  private sourcePort(frame: EthernetFrame): number {
    const range = this.underlay.ipv4.ip_local_port_range;
    const own = this.portMin !== 0 || this.portMax !== 0;
    const min = own ? this.portMin : (range[0] ?? 32768);
    const max = own ? this.portMax : (range[1] ?? 60999);
    return min + Math.floor((flowHash(frame, this.hashSeed) * (max - min)) / 2 ** 32);
  }

  private datagram(skb: Skb, vni: number, dstPort: number, toCard: boolean): UdpDatagram {
    let frame = skb.frame();
    const { payload } = frame;
    if (toCard && (payload.kind === 'ipv4' || payload.kind === 'ipv6'))
      frame = { ...frame, payload: { ...payload, payload: completeChecksum(payload.payload) } };
    const bytes = encodeVxlan(vni, frame);
    const inner = payload.kind === 'ipv4' || payload.kind === 'ipv6' ? payload.payload : undefined;
    const partial = inner !== undefined && (inner.kind === 'tcp' || inner.kind === 'udp');
    // The card can fill in one checksum; when the inner packet waits for its own, the outer one is computed (lco_csum).
    const checksum = !this.udpCsum
      ? 0
      : partial && inner.checksum === CHECKSUM_PARTIAL
        ? CHECKSUM_AUTO
        : CHECKSUM_PARTIAL;
    return makeUdp(this.sourcePort(frame), dstPort, bytes, checksum);
  }

  private send4(skb: Skb, dst: number, via: Link | null, vni: number, dstPort: number, ttl: number, tos: number): void {
    const { underlay, stats } = this;
    const out = underlay.ip4.routing.output(dst, (this.local as number | undefined) ?? 0, via, 0, tos);
    if (typeof out === 'string') {
      if (out === 'ENETUNREACH') stats.txCarrier++;
      stats.txErrors++;
      this.ns.drop(skb, 'IP_OUTNOROUTES', 'vxlan_xmit_one');
      return;
    }
    if (out.link === this) {
      stats.collisions++;
      stats.txErrors++;
      this.ns.drop(skb, 'RECURSION_LIMIT', 'vxlan_xmit_one');
      return;
    }
    if (out.type === 'local') return this.bypass(skb, vni, dstPort, out.src);
    if (this.tooBig(skb, underlay.ip4.routing.mtu(out.entry, out.link, dst) - HEADROOM4)) return;
    const udp = this.datagram(skb, vni, dstPort, out.link.kind === 'nic');
    const src = (this.local as number | undefined) ?? out.src;
    const packet = makeIpv4({
      src,
      dst,
      protocol: IPPROTO.UDP,
      payload: udp,
      ttl: ttl || underlay.ipv4.ip_default_ttl,
      tos,
      df: false,
      id: underlay.ip4.output.ident(dst, src, IPPROTO.UDP),
    });
    const outer = this.wrap(skb, ETHERTYPE.IPV4, packet, udp, vni, packet.ttl);
    if (underlay.ip4.output.localOut(outer, out) !== undefined) stats.txDropped++;
    else this.countTx(skb, skb.length);
  }

  private send6(skb: Skb, dst: string, via: Link | null, vni: number, dstPort: number, ttl: number, tos: number): void {
    const { underlay, stats } = this;
    const out = underlay.ip6.routing.output(dst, this.local as string | undefined, via, 0);
    if (typeof out === 'string') {
      stats.txErrors++;
      this.ns.drop(skb, 'IP_OUTNOROUTES', 'vxlan6_xmit');
      return;
    }
    if (out.link === this) {
      stats.collisions++;
      this.ns.drop(skb, 'RECURSION_LIMIT', 'vxlan6_xmit');
      return;
    }
    if (out.type === 'local') return this.bypass(skb, vni, dstPort, out.src);
    if (this.tooBig(skb, out.link.mtu - HEADROOM6)) return;
    const udp = this.datagram(skb, vni, dstPort, out.link.kind === 'nic');
    if (this.ns.tracer.active) this.traceTunnel(skb, 'encapsulate', formatIp(out.src), dst, udp, vni, ttl || 64);
    const error = underlay.ip6.output.send({
      src: this.local as string | undefined,
      dst,
      nextHeader: IPPROTO.UDP,
      payload: { ...udp, checksum: udp.checksum === 0 ? CHECKSUM_PARTIAL : udp.checksum },
      ...(ttl === 0 ? {} : { hopLimit: ttl }),
      trafficClass: tos,
      oif: via,
    });
    // iptunnel_xmit_stats: an error is told from a drop over IPv6 only.
    if (error !== undefined) stats.txErrors++;
    else this.countTx(skb, skb.length);
  }

  /** The outer packet carries the identity of the inner one on. */
  private wrap(skb: Skb, etherType: number, packet: IpPacket, udp: UdpDatagram, vni: number, ttl: number): Skb {
    if (this.ns.tracer.active)
      this.traceTunnel(skb, 'encapsulate', formatIp(packet.src), formatIp(packet.dst), udp, vni, ttl);
    const outer = new Skb(etherType, packet);
    outer.id = skb.id;
    if (this.ns === this.underlay) outer.mark = skb.mark;
    return outer;
  }

  private traceTunnel(
    skb: Skb,
    event: 'encapsulate' | 'decapsulate',
    src: string,
    dst: string,
    udp: UdpDatagram,
    vni: number,
    ttl: number,
  ): void {
    this.ns.trace(skb, {
      event,
      link: this.name,
      kind: 'vxlan',
      vni,
      outer: { src, dst, srcPort: udp.srcPort, dstPort: udp.dstPort, ttl },
      src: skb.src,
      dst: skb.dst,
    });
  }

  /** The far end is this machine (encap_bypass_if_local). */
  private bypass(skb: Skb, vni: number, dstPort: number, src: IpAddress): void {
    for (const other of linksOf(this.underlay)) {
      if (other.vni !== vni || other.dstPort !== dstPort || !other.up) continue;
      this.stats.txPackets++;
      this.stats.txBytes += skb.length;
      skb.scrub(true);
      other.deliverInner(skb, src);
      return;
    }
    this.stats.txErrors++;
    this.ns.drop(skb, 'VXLAN_VNI_NOT_FOUND', 'encap_bypass_if_local');
  }

  /**
   * skb_tunnel_check_pmtu: the underlay cannot carry a frame of that size in one piece. A routed sender learns it; one behind a
   * bridge is told by ICMP. @returns true when the frame is used up
   */
  private tooBig(skb: Skb, mtu: number): boolean {
    if (skb.length <= mtu) return false;
    const inner = skb.payload;
    if (inner.kind !== 'ipv4') return false;
    if (this.port === null) {
      this.ns.ip4.routing.learnMtu(inner.dst, mtu);
      return false;
    }
    if (!inner.df || isMulticastMac(skb.dst)) return false;
    const error = makeIcmp4Error(
      ICMP4.UNREACHABLE,
      ICMP4_UNREACH.FRAG_NEEDED,
      encodeIpv4(inner).subarray(0, 576 - 28),
      mtu,
    );
    const reply = new Skb(
      ETHERTYPE.IPV4,
      makeIpv4({ src: inner.dst, dst: inner.src, protocol: IPPROTO.ICMP, payload: error, df: false, ttl: 64 }),
    );
    reply.src = skb.dst;
    reply.dst = skb.src;
    this.ns.drop(skb, 'PKT_TOO_BIG', 'vxlan_xmit_one');
    reply.dev = this;
    this.ns.softnet.enqueue(reply, this);
    return true;
  }

  // --- in -----------------------------------------------------------------------------------------------------------

  /** What vxlan_rcv does once the link is known. */
  decapsulate(outer: Skb, packet: IpPacket, udp: UdpDatagram, frame: EthernetFrame): void {
    const skb = new Skb(frame.etherType, frame.payload);
    skb.id = outer.id;
    skb.src = frame.src;
    skb.dst = frame.dst;
    skb.vlan = frame.vlan;
    skb.trailer = frame.trailer;
    skb.dev = this;
    if (this.ns === this.underlay) skb.mark = outer.mark;
    if (this.ns.tracer.active) {
      const ttl = packet.kind === 'ipv4' ? packet.ttl : packet.hopLimit;
      this.traceTunnel(skb, 'decapsulate', formatIp(packet.src), formatIp(packet.dst), udp, this.vni, ttl);
    }
    this.deliverInner(skb, packet.src);
  }

  private deliverInner(skb: Skb, from: IpAddress): void {
    const { stats } = this;
    if (skb.src === this.mac) return this.ns.drop(skb, 'LOCAL_MAC', 'vxlan_set_mac');
    if (this.learning && !this.fdb.learn(skb.src, from)) {
      stats.rxDropped++;
      return this.ns.drop(skb, 'VXLAN_ENTRY_EXISTS', 'vxlan_snoop');
    }
    if (!this.up) {
      stats.rxDropped++;
      return this.ns.drop(skb, 'DEV_READY', this.name);
    }
    if (!this.ns.softnet.enqueue(skb, this)) return this.ns.drop(skb, 'CPU_BACKLOG', this.name);
    stats.rxPackets++;
    stats.rxBytes += skb.length;
  }

  override kindData(): KindData {
    const { vni, remote, local, portMin, portMax, dstPort, learning, proxy, rsc, l2miss, l3miss } = this;
    const { ttl, ttlInherit, tos, ageing, maxAddress, udpCsum } = this;
    const info: VxlanInfo = {
      kind: 'vxlan',
      vni,
      remote,
      local,
      dev: this.below?.index,
      portMin,
      portMax,
      dstPort,
      learning,
      proxy,
      rsc,
      l2miss,
      l3miss,
      ttl,
      ttlInherit,
      tos,
      ageing,
      maxAddress,
      udpCsum,
    };
    return info;
  }

  /** Settings that can be given at creation and changed later. */
  configure(o: Readonly<Record<string, unknown>>): void {
    const switches = ['learning', 'proxy', 'rsc', 'l2miss', 'l3miss', 'udpCsum', 'ttlInherit'] as const;
    for (const key of switches) if (typeof o[key] === 'boolean') this[key] = o[key];
    const numbers = ['ttl', 'tos', 'ageing', 'maxAddress', 'portMin', 'portMax'] as const;
    for (const key of numbers) if (typeof o[key] === 'number') this[key] = o[key];
    if (o.local !== undefined) this.local = o.local as IpAddress;
    if (o.remote !== undefined) {
      this.remote = o.remote as IpAddress;
      this.fdb.setDefault(this.remote === 0 || this.remote === '::' ? undefined : this.remote, this.below?.index);
    }
  }
}

interface VxlanSpec {
  vni?: number;
  dstPort?: number;
  dev?: number;
  remote?: IpAddress;
  local?: IpAddress;
  portMin?: number;
  portMax?: number;
}

/** The kind, for the registry. */
export const VXLAN_KIND: LinkKindOps = {
  validate(spec: LinkSpec): void {
    const o = spec as LinkSpec & VxlanSpec;
    if (o.vni === undefined) throw new Errno('EINVAL', 'Required attributes not provided to perform the operation');
    if ((o.portMin ?? 0) > (o.portMax ?? 0)) throw new Errno('EINVAL', 'Invalid source port range');
  },
  create(table, spec, origin) {
    const o = spec as LinkSpec & VxlanSpec;
    const ipv6 = typeof o.remote === 'string' || typeof o.local === 'string';
    const below = o.dev === undefined ? null : (origin.links.get(o.dev) ?? null);
    if (o.dev !== undefined && below === null) throw new Errno('ENODEV', 'Invalid local interface, device not found');
    if (o.remote !== undefined && isGroup(o.remote) && below === null)
      throw new Errno('EINVAL', 'Local interface required for multicast remote destination');
    if (o.remote !== undefined && o.local !== undefined && typeof o.remote !== typeof o.local)
      throw new Errno('EINVAL', 'Local and remote address must be from the same family');
    const dstPort = o.dstPort || LINUX_PORT;
    for (const other of linksOf(origin)) {
      if (other.vni === o.vni && other.dstPort === dstPort && other.isIpv6 === ipv6)
        throw new Errno('EEXIST', 'A VXLAN device with the specified VNI already exists');
    }
    const link = new VxlanLink(
      o.ns ?? origin,
      table.validName(o.name ?? 'vxlan%d'),
      table.reserveIndex(o.index),
      table.validMac(o.mac) ?? table.randomMac(),
      origin,
      o.vni!,
      dstPort,
      below,
      ipv6,
    );
    link.configure(o as unknown as Record<string, unknown>);
    linksOf(origin).add(link);
    below?.uppers.push(link);
    return table.finish(link, o);
  },
  change(link, options) {
    const vxlan = link as VxlanLink;
    const o = options as VxlanSpec;
    if (o.vni !== undefined && o.vni !== vxlan.vni) throw new Errno('EOPNOTSUPP', 'Cannot change VNI');
    if (o.dstPort !== undefined && o.dstPort !== vxlan.dstPort)
      throw new Errno('EOPNOTSUPP', 'Cannot change port number');
    if (o.portMin !== undefined) throw new Errno('EOPNOTSUPP', 'Cannot change port range');
    vxlan.configure(options);
  },
};
