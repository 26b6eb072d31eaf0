/**
 * br_netfilter: IPv4 and IPv6 in bridged frames pass the IP hooks (net/bridge/br_netfilter_hooks.c). Loaded by modprobe,
 * for all namespaces of a machine. A frame's physical ports are in `skb.bridgeIn` and `skb.bridgeOut`, for physdev and logs.
 */
import { Errno } from '../../core';
import type { Ip4, Ipv4Packet, Ipv6Packet, Mac } from '../../wire';
import { ETHERTYPE } from '../../wire';
import { NF } from '../hooks';
import type { BridgeLink } from '../link/bridge';
import { bridgeOps } from '../link/bridge-ops';
import type { Link } from '../link/link';
import type { NetHost, NetNamespace } from '../namespace';
import { neighbourOf } from '../neigh/neighbour';
import { everyNamespace } from '../pernet';
import type { RouteEntry } from '../route/lookup';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import { fragment4 } from '../ipv4/fragment';
import { HOOK, hooksOf } from './hook-table';
import type { HookTable } from './hook-table';

/** Settings of one namespace: /proc/sys/net/bridge. */
export interface BridgeNetfilterSettings {
  'bridge-nf-call-iptables': number;
  'bridge-nf-call-ip6tables': number;
  'bridge-nf-call-arptables': number;
  'bridge-nf-filter-vlan-tagged': number;
  'bridge-nf-filter-pppoe-tagged': number;
  'bridge-nf-pass-vlan-input-dev': number;
}

/** NF_BR_PRI_BRNF and, at POSTROUTING, NF_BR_PRI_LAST. */
const PRIORITY_BRNF = 0;
const PRIORITY_LAST = 0x7fffffff;

const loaded = new WeakSet<NetHost>();

/** Is the module loaded on the machine? */
export function hasBridgeNetfilter(ns: NetNamespace): boolean {
  return loaded.has(ns.host);
}

/** Loads the module: from now on every namespace of the machine has the settings, all `call` ones 1. */
export function loadBridgeNetfilter(ns: NetNamespace): void {
  if (loaded.has(ns.host)) return;
  loaded.add(ns.host);
  bridgeOps.resumeTransmit = resume;
  everyNamespace(ns, (each) => new BridgeNetfilter(each).attach());
}

/** Frames whose destination was translated and that wait for the neighbour's address: the sender and the port. */
const waiting = new WeakMap<Skb, { src: Mac; bridge: BridgeLink }>();

/** br_nf_dev_xmit: the neighbour answered, the frame goes on where it was. */
function resume(skb: Skb, bridge: BridgeLink): boolean {
  const w = waiting.get(skb);
  if (w === undefined || w.bridge !== bridge || skb.bridgeIn === null) return false;
  waiting.delete(skb);
  skb.src = w.src;
  const port = skb.bridgeIn;
  skb.dev = port.link;
  bridge.forwarding.finish(skb, port);
  return true;
}

type Family = 'ip' | 'ip6';

/** The hooks of one namespace. */
class BridgeNetfilter {
  private readonly settings: BridgeNetfilterSettings = {
    'bridge-nf-call-arptables': 1,
    'bridge-nf-call-ip6tables': 1,
    'bridge-nf-call-iptables': 1,
    'bridge-nf-filter-pppoe-tagged': 0,
    'bridge-nf-filter-vlan-tagged': 0,
    'bridge-nf-pass-vlan-input-dev': 0,
  };
  private readonly table: HookTable;

  constructor(private readonly ns: NetNamespace) {
    this.table = hooksOf(ns);
  }

  attach(): void {
    const { table, settings } = this;
    table.register({
      family: 'bridge',
      hook: HOOK.PREROUTING,
      priority: PRIORITY_BRNF,
      fn: (skb, _hook, input) => this.prerouting(skb, input!),
    });
    table.register({
      family: 'bridge',
      hook: HOOK.FORWARD,
      priority: PRIORITY_BRNF,
      fn: (skb, _hook, _input, output) => this.forward(skb, output!),
    });
    table.register({
      family: 'bridge',
      hook: HOOK.POSTROUTING,
      priority: PRIORITY_LAST,
      fn: (skb, _hook, _input, output) => this.postrouting(skb, output!),
    });
    const files = new Map<string, { get(): string; set(text: string): void }>();
    for (const key of Object.keys(settings) as (keyof BridgeNetfilterSettings)[])
      files.set(key, {
        get: () => String(settings[key]),
        set: (text) => {
          const value = Number(text.trim());
          if (!/^-?\d+$/.test(text.trim()) || Math.abs(value) > 0x7fffffff) throw new Errno('EINVAL');
          // brnf_sysctl_call_tables: only whether it is 0 is kept.
          settings[key] = value === 0 ? 0 : 1;
        },
      });
    this.ns.sysctl.extra.set('bridge', files);
  }

  /** Whether the frame is looked at, and as what. */
  private familyOf(skb: Skb, bridge: BridgeLink): Family | undefined {
    const { settings } = this;
    if (skb.vlan !== undefined && !settings['bridge-nf-filter-vlan-tagged']) return undefined;
    if (skb.etherType === ETHERTYPE.IPV4 && skb.payload.kind === 'ipv4')
      return settings['bridge-nf-call-iptables'] || bridge.settings.nfCallIptables ? 'ip' : undefined;
    if (skb.etherType === ETHERTYPE.IPV6 && skb.payload.kind === 'ipv6')
      return settings['bridge-nf-call-ip6tables'] || bridge.settings.nfCallIp6tables ? 'ip6' : undefined;
    return undefined;
  }

  /** br_nf_pre_routing */
  private prerouting(skb: Skb, input: Link): number {
    const port = input.port!;
    const { bridge } = port;
    skb.bridgeIn = null;
    skb.bridgeOut = null;
    const family = this.familyOf(skb, bridge);
    if (family === undefined) return NF.ACCEPT;
    const before = (skb.payload as Ipv4Packet | Ipv6Packet).dst;
    skb.bridgeIn = port;
    skb.dev = bridge;
    const verdict = this.table.run(family, HOOK.PREROUTING, skb, bridge, null);
    skb.dev = input;
    // What was dropped has been told already.
    if (verdict !== NF.ACCEPT) return NF.STOLEN;
    const packet = skb.payload as Ipv4Packet | Ipv6Packet;
    if (packet.dst === before) return NF.ACCEPT;
    return packet.kind === 'ipv4' ? this.redirect4(skb, packet, bridge) : this.redirect6(skb, packet, bridge);
  }

  /** The destination was translated: over the bridge, or up to the machine (br_nf_pre_routing_finish). */
  private redirect4(skb: Skb, packet: Ipv4Packet, bridge: BridgeLink): number {
    const { ns } = this;
    const out = ns.ip4.routing.output(packet.dst, 0, null, skb.mark);
    if (typeof out === 'string') return this.discard(skb, 'IP_INNOROUTES');
    // Kernels since 6.13 route it as if it had come in by the bridge, which needs forwarding even when it stays there.
    if (out.type !== 'local' && !ns.forwarding4(bridge)) return this.discard(skb, 'IP_INADDRERRORS');
    if (out.type !== 'local' && out.link === bridge) {
      const next = (out.entry.gateway as Ip4 | undefined) ?? packet.dst;
      return this.toNeighbour(skb, out.entry, bridge, () => neighbourOf(ns.arp, bridge, next));
    }
    return this.upwards(skb, bridge);
  }

  private redirect6(skb: Skb, packet: Ipv6Packet, bridge: BridgeLink): number {
    const { ns } = this;
    const out = ns.ip6.routing.output(packet.dst, undefined, null, skb.mark);
    if (typeof out === 'string') return this.discard(skb, 'IP_INNOROUTES');
    if (out.type !== 'local' && out.link === bridge) {
      const next = (out.entry.gateway as string | undefined) ?? packet.dst;
      return this.toNeighbour(skb, out.entry, bridge, () => neighbourOf(ns.ndp, bridge, next));
    }
    return this.upwards(skb, bridge);
  }

  private discard(skb: Skb, reason: 'IP_INNOROUTES' | 'IP_INADDRERRORS'): number {
    this.ns.drop(skb, reason, 'br_nf_pre_routing_finish');
    return NF.STOLEN;
  }

  /** The machine routes it. */
  private upwards(skb: Skb, bridge: BridgeLink): number {
    skb.dst = bridge.mac;
    skb.pktType = PACKET.HOST;
    return NF.ACCEPT;
  }

  /** br_nf_pre_routing_finish_bridge: the frame's destination becomes the neighbour's; it keeps its sender. */
  private toNeighbour(
    skb: Skb,
    entry: RouteEntry,
    bridge: BridgeLink,
    find: () => ReturnType<typeof neighbourOf>,
  ): number {
    const n = find();
    skb.route = entry;
    waiting.set(skb, { src: skb.src, bridge });
    skb.dev = bridge;
    n.output(skb);
    return NF.STOLEN;
  }

  /** br_nf_forward */
  private forward(skb: Skb, output: Link): number {
    if (skb.bridgeIn === null) return NF.ACCEPT;
    const port = output.port!;
    const family = skb.payload.kind === 'ipv4' ? 'ip' : skb.payload.kind === 'ipv6' ? 'ip6' : undefined;
    if (family === undefined) return NF.ACCEPT;
    skb.bridgeOut = port;
    skb.pktType = PACKET.HOST;
    const verdict = this.table.run(family, HOOK.FORWARD, skb, port.bridge, port.bridge);
    return verdict === NF.ACCEPT ? NF.ACCEPT : NF.STOLEN;
  }

  /** br_nf_post_routing, then br_nf_dev_queue_xmit: what conntrack put together is cut again. */
  private postrouting(skb: Skb, output: Link): number {
    if (skb.bridgeIn === null || skb.bridgeOut === null) return NF.ACCEPT;
    const family = skb.payload.kind === 'ipv4' ? 'ip' : skb.payload.kind === 'ipv6' ? 'ip6' : undefined;
    if (family === undefined) return NF.ACCEPT;
    if (this.table.run(family, HOOK.POSTROUTING, skb, null, output.port!.bridge) !== NF.ACCEPT) return NF.STOLEN;
    const packet = skb.payload;
    if (packet.kind !== 'ipv4' || skb.maxFragment === 0 || skb.length <= output.mtu) return NF.ACCEPT;
    for (const piece of fragment4(packet, Math.min(output.mtu, skb.maxFragment))) {
      const copy = this.ns.cloneSkb(skb);
      copy.setPayload(piece);
      output.transmit(copy);
    }
    return NF.STOLEN;
  }
}
