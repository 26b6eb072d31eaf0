/** Network address translation of one namespace (net/netfilter/nf_nat_core.c, nf_nat_proto.c, nf_nat_masquerade.c). */
import type { Ip4, Ip6, IpAddress, Ipv4Packet, Ipv6Packet } from '../../wire';
import { ICMP4, ICMP6, IPPROTO, formatIp, formatIp6, ip6Bytes, mask4 } from '../../wire';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { HookFamily, HookOps } from '../netfilter/hook-table';
import { HOOK, PRIORITY, hooksOf } from '../netfilter/hook-table';
import type { Skb } from '../skb';
import { IFF } from '../types';
import type { NatRange } from './conn';
import { CTINFO, CT_STATUS } from './conn';
import type { Connection } from './connection';
import type { Conntrack } from './conntrack';
import { rewriteQuoted } from './icmp-error';
import type { NatKind } from './nat';
import { replaceTransport, rewritePacket } from './rewrite';
import { routeMeHarder } from './reroute';
import { ScratchTuple, copyTuple, invert, invertInto, sameTuple } from './tuple';
import { TupleChooser } from './unique';

const NAT_MASK = CT_STATUS.SRC_NAT | CT_STATUS.DST_NAT;
const NAT_DONE = CT_STATUS.SRC_NAT_DONE | CT_STATUS.DST_NAT_DONE;
/** ICMPv6's redirect, the one error that must not cross a translation. */
const REDIRECT6 = ICMP6.REDIRECT;

/** Hooks at which NAT works, and its priority there. */
const PLACES: readonly (readonly [number, number])[] = [
  [HOOK.PREROUTING, PRIORITY.NAT_DST],
  [HOOK.OUTPUT, PRIORITY.NAT_DST],
  [HOOK.INPUT, PRIORITY.NAT_SRC],
  [HOOK.POSTROUTING, PRIORITY.NAT_SRC],
];

/** The side of a packet that NAT changes at a hook (HOOK2MANIP). */
const isSourceHook = (hook: number): boolean => hook === HOOK.POSTROUTING || hook === HOOK.INPUT;

/** The chains of one address family. */
interface FamilyHooks {
  readonly chains: HookOps[][];
  users: number;
  own: HookOps[];
}

/** NAT of a namespace; made when a chain of type nat first is. */
export class Nat {
  private readonly families: Record<'ip' | 'ip6', FamilyHooks> = {
    ip: { chains: [[], [], [], [], []], users: 0, own: [] },
    ip6: { chains: [[], [], [], [], []], users: 0, own: [] },
  };
  private readonly chooser: TupleChooser;
  private readonly current = new ScratchTuple();
  private watching: (() => void) | null = null;

  constructor(
    private readonly ns: NetNamespace,
    private readonly ct: Conntrack,
  ) {
    this.chooser = new TupleChooser(ct, ns.host.random.fork(`nat:${ns.inode}`));
    ct.onDestroy = (conn) => {
      if (conn.bySource >= 0) this.chooser.forget(conn);
    };
  }

  // --- registration ---------------------------------------------------------------------------------------------------

  /** nf_nat_register_fn. @returns true when it was the family's first chain */
  register(ops: HookOps): boolean {
    const family = this.families[ops.family as 'ip' | 'ip6'];
    const list = [...family.chains[ops.hook]!];
    let at = list.length;
    while (at > 0 && list[at - 1]!.priority > ops.priority) at--;
    list.splice(at, 0, ops);
    family.chains[ops.hook] = list;
    if (family.users++ > 0) return false;
    family.own = PLACES.map(([hook, priority]) => ({
      family: ops.family,
      hook,
      priority,
      fn: this.hook(ops.family as 'ip' | 'ip6', hook),
    }));
    for (const own of family.own) hooksOf(this.ns).register(own);
    return true;
  }

  /** nf_nat_unregister_fn. @returns true when it was the family's last chain */
  unregister(ops: HookOps): boolean {
    const family = this.families[ops.family as 'ip' | 'ip6'];
    const list = family.chains[ops.hook]!;
    if (!list.includes(ops)) return false;
    family.chains[ops.hook] = list.filter((o) => o !== ops);
    if (--family.users > 0) return false;
    for (const own of family.own) hooksOf(this.ns).unregister(own);
    family.own = [];
    return true;
  }

  private hook(name: HookFamily & ('ip' | 'ip6'), hook: number): HookOps['fn'] {
    const family = this.families[name];
    if (hook === HOOK.PREROUTING) {
      return (skb, _hook, input, output) => {
        const { dst } = skb.payload as Ipv4Packet | Ipv6Packet;
        const verdict = this.run(family, skb, HOOK.PREROUTING, input, output);
        // Another destination: what was known of the way to the old one does not count (a packet from lo has a route).
        if (verdict === NF.ACCEPT && (skb.payload as Ipv4Packet | Ipv6Packet).dst !== dst) skb.route = null;
        return verdict;
      };
    }
    if (hook === HOOK.OUTPUT) {
      return (skb, _hook, input, output) => {
        const verdict = this.run(family, skb, HOOK.OUTPUT, input, output);
        if (verdict !== NF.ACCEPT) return verdict;
        const conn = skb.ct as Connection | null;
        if (conn === null) return verdict;
        const reply = skb.ctInfo >= CTINFO.ESTABLISHED_REPLY && skb.ctInfo !== CTINFO.UNTRACKED;
        const there = reply ? conn.reply : conn.original;
        const back = reply ? conn.original : conn.reply;
        if (there.dst !== back.src && !routeMeHarder(this.ns, skb)) {
          this.ns.drop(skb, 'IP_OUTNOROUTES', 'ip_route_me_harder');
          return NF.STOLEN;
        }
        return verdict;
      };
    }
    return (skb, at, input, output) => this.run(family, skb, at, input, output);
  }

  // --- packets --------------------------------------------------------------------------------------------------------

  /** nf_nat_inet_fn: asks the chains for a new connection, then rewrites the packet. */
  private run(family: FamilyHooks, skb: Skb, hook: number, input: Link | null, output: Link | null): number {
    const conn = skb.ct as Connection | null;
    if (conn === null || (conn.status & CT_STATUS.TEMPLATE) !== 0) return NF.ACCEPT;
    const info = skb.ctInfo;
    const source = isSourceHook(hook);
    if (info === CTINFO.RELATED || info === CTINFO.RELATED_REPLY) {
      const { payload } = skb.payload as Ipv4Packet;
      if (payload.kind === 'icmp4' || (payload.kind as string) === 'icmp6')
        return this.translateError(conn, skb, hook) ? NF.ACCEPT : NF.DROP;
    }
    if (info === CTINFO.NEW || info === CTINFO.RELATED || info === CTINFO.RELATED_REPLY) {
      const done = source ? CT_STATUS.SRC_NAT_DONE : CT_STATUS.DST_NAT_DONE;
      if ((conn.status & done) === 0) {
        const chains = family.chains[hook]!;
        for (let i = 0; i < chains.length; i++) {
          const verdict = chains[i]!.fn(skb, hook, input, output);
          if (verdict !== NF.ACCEPT) return verdict;
          if ((conn.status & done) !== 0) break;
        }
        if ((conn.status & done) === 0) {
          // alloc_null_binding: it keeps its addresses, and its port unless somebody else has it.
          const keep = source ? conn.reply.dst : conn.reply.src;
          const verdict = this.bind(conn, skb, { min: keep, max: keep }, source ? 'src' : 'dst');
          if (verdict !== NF.ACCEPT) return verdict;
        }
      } else if (this.outputChanged(conn, hook, info, output)) return this.kill(conn);
    } else if (this.outputChanged(conn, hook, info, output)) return this.kill(conn);
    return this.packet(conn, skb, source, info);
  }

  /** nf_nat_oif_changed: a masqueraded connection leaves by another link now, with an address that is wrong there. */
  private outputChanged(conn: Connection, hook: number, info: number, output: Link | null): boolean {
    return (
      conn.masqIndex !== 0 &&
      hook === HOOK.POSTROUTING &&
      info < CTINFO.ESTABLISHED_REPLY &&
      output !== null &&
      output.index !== conn.masqIndex
    );
  }

  private kill(conn: Connection): number {
    this.ct.destroy(conn);
    return NF.DROP;
  }

  /** nf_nat_packet */
  private packet(conn: Connection, skb: Skb, source: boolean, info: number): number {
    const reply = info >= CTINFO.ESTABLISHED_REPLY;
    const bit = source !== reply ? CT_STATUS.SRC_NAT : CT_STATUS.DST_NAT;
    if ((conn.status & bit) === 0) return NF.ACCEPT;
    const other = reply ? conn.original : conn.reply;
    const icmp = other.protocol === IPPROTO.ICMP || other.protocol === IPPROTO.ICMPV6;
    const before = skb.payload as Ipv4Packet | Ipv6Packet;
    if (source) rewritePacket(skb, true, other.dst, icmp ? other.sport : other.dport);
    else rewritePacket(skb, false, other.src, other.sport);
    if (this.ns.tracer.active) this.trace(skb, before, source);
    return NF.ACCEPT;
  }

  private trace(skb: Skb, before: Ipv4Packet | Ipv6Packet, source: boolean): void {
    const text = (p: Ipv4Packet | Ipv6Packet): string => {
      const a = formatIp(source ? p.src : p.dst);
      const t = p.payload;
      const port = t.kind === 'tcp' || t.kind === 'udp' ? (source ? t.srcPort : t.dstPort) : undefined;
      if (port === undefined) return a;
      return p.kind === 'ipv6' ? `[${a}]:${port}` : `${a}:${port}`;
    };
    const after = skb.payload as Ipv4Packet | Ipv6Packet;
    this.ns.trace(skb, { event: 'nat', kind: source ? 'snat' : 'dnat', from: text(before), to: text(after) });
  }

  /** nf_nat_icmp_reply_translation: an error about a translated packet quotes what its sender sent. @returns false: drop */
  private translateError(conn: Connection, skb: Skb, hook: number): boolean {
    const source = isSourceHook(hook);
    const p = skb.payload as Ipv4Packet | Ipv6Packet;
    const icmp = p.payload;
    if (icmp.kind !== 'icmp4' && icmp.kind !== 'icmp6') return true;
    if (icmp.type === (icmp.kind === 'icmp4' ? ICMP4.REDIRECT : REDIRECT6)) {
      if ((conn.status & NAT_DONE) !== NAT_DONE || (conn.status & NAT_MASK) !== 0) return false;
    }
    const reply = skb.ctInfo === CTINFO.RELATED_REPLY;
    const bit = source !== reply ? CT_STATUS.SRC_NAT : CT_STATUS.DST_NAT;
    if ((conn.status & bit) === 0) return true;
    if (icmp.message !== 'error') return true;
    const other = reply ? conn.original : conn.reply;
    const shared = other.protocol === IPPROTO.ICMP || other.protocol === IPPROTO.ICMPV6;
    // Inside, the packet goes the other way: its destination is what is our source here.
    const original = source
      ? rewriteQuoted(icmp.original, 'dst', other.dst, shared ? other.sport : other.dport)
      : rewriteQuoted(icmp.original, 'src', other.src, other.sport);
    replaceTransport(skb, { ...icmp, original });
    const before = skb.payload as Ipv4Packet | Ipv6Packet;
    rewritePacket(skb, source, source ? other.dst : other.src, 0);
    if (this.ns.tracer.active) this.trace(skb, before, source);
    return true;
  }

  // --- mappings -------------------------------------------------------------------------------------------------------

  /** nf_nat_setup_info. @returns NF verdict */
  setup(skb: Skb, range: NatRange, kind: NatKind): number {
    const conn = skb.ct as Connection | null;
    if (conn === null || (conn.status & CT_STATUS.TEMPLATE) !== 0) return NF.DROP;
    return this.bind(conn, skb, range, kind);
  }

  private bind(conn: Connection, skb: Skb, range: NatRange, kind: NatKind): number {
    if (conn.confirmed) return NF.ACCEPT;
    const done = kind === 'src' ? CT_STATUS.SRC_NAT_DONE : CT_STATUS.DST_NAT_DONE;
    if ((conn.status & done) !== 0) return NF.DROP;
    const { current } = this;
    invertInto(conn.reply, current);
    this.chooser.choose(current, range, conn, kind);
    const was = invert(conn.reply);
    if (was === undefined || !sameTuple(current, was)) {
      const reply = invert(current);
      if (reply === undefined) return NF.DROP;
      conn.reply = copyTuple(reply);
      conn.status |= kind === 'src' ? CT_STATUS.SRC_NAT : CT_STATUS.DST_NAT;
    }
    if (kind === 'src') this.chooser.remember(conn);
    conn.status |= done;
    void skb;
    return NF.ACCEPT;
  }

  /** nf_nat_masquerade_ipv4, nf_nat_masquerade_ipv6 */
  masquerade(skb: Skb, range: NatRange, output: Link): number {
    const conn = skb.ct as Connection | null;
    if (conn === null) return NF.DROP;
    const p = skb.payload as Ipv4Packet | Ipv6Packet;
    let address: IpAddress | undefined;
    if (p.kind === 'ipv4') {
      if (conn.original.src === 0) return NF.ACCEPT;
      const next = (skb.route?.gateway as Ip4 | undefined) ?? p.dst;
      address = this.ns.addrs.select4(output, next, 0);
      if (address === 0) {
        this.ns.log(`nf_nat_masquerade: ${output.name} ate my IP address`);
        return NF.DROP;
      }
    } else {
      address = this.ns.ip6.routing.select(p.dst, output);
      if (address === undefined) return NF.DROP;
    }
    conn.masqIndex = output.index;
    this.watch();
    return this.bind(conn, skb, { ...range, min: address, max: address }, 'src');
  }

  /** nf_nat_redirect_ipv4, nf_nat_redirect_ipv6 */
  redirect(skb: Skb, range: NatRange, hook: number, input: Link | null): number {
    const p = skb.payload as Ipv4Packet | Ipv6Packet;
    let address: IpAddress | undefined;
    if (p.kind === 'ipv4') {
      if (hook === HOOK.OUTPUT) address = 0x7f000001;
      else address = input?.ip4.addresses.find((a) => !a.secondary)?.local;
    } else if (hook === HOOK.OUTPUT) address = '::1';
    else address = input?.ip6?.addresses.find((a) => !a.tentative)?.local;
    if (address === undefined) return NF.DROP;
    return this.setup(skb, { ...range, min: address, max: address }, 'dst');
  }

  /** NETMAP of libxt: the host part stays. */
  netmap(skb: Skb, range: NatRange, kind: NatKind, prefixLength: number): number {
    const p = skb.payload as Ipv4Packet | Ipv6Packet;
    const own = kind === 'src' ? p.src : p.dst;
    if (range.min === undefined) return NF.DROP;
    let address: IpAddress;
    if (typeof own === 'number') {
      const mask = mask4(prefixLength);
      address = (((own & ~mask) | ((range.min as number) & mask)) >>> 0) as Ip4;
    } else {
      const out = ip6Bytes(own).slice();
      const net = ip6Bytes(range.min as Ip6);
      for (let i = 0; i < 16; i++) {
        const keep = Math.min(8, Math.max(0, prefixLength - 8 * i));
        const mask = (0xff << (8 - keep)) & 0xff;
        out[i] = (out[i]! & ~mask) | (net[i]! & mask);
      }
      address = formatIp6(out);
    }
    return this.setup(skb, { ...range, min: address, max: address }, kind);
  }

  /** masq_device_event, masq_inet_event: connections that use an address that is no longer there end. */
  private watch(): void {
    this.watching ??= this.ns.events.subscribe((event) => {
      if (event.type === 'link') {
        if (!event.deleted && (event.link.flags & IFF.UP) !== 0) return;
        const { index } = event.link;
        this.ct.flush((c) => c.masqIndex === index);
      } else if (event.type === 'address' && event.deleted) {
        const { index, local } = event.address;
        this.ct.flush((c) => c.masqIndex === index && c.reply.dst === local);
      }
    });
  }

  /** The namespace ends. */
  stop(): void {
    this.watching?.();
    this.watching = null;
  }
}
