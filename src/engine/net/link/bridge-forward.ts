/** Frames on their way through a bridge (net/bridge/br_input.c, br_forward.c, br_device.c). */
import type { Mac } from '../../wire';
import { MAC_BROADCAST, MAC_ZERO, isMulticastMac } from '../../wire';
import { NF } from '../hooks';
import type { Skb } from '../skb';
import { PACKET } from '../skb';
import type { Withheld } from '../trace';
import type { BridgeLink } from './bridge';
import { bridgeOps } from './bridge-ops';
import type { BridgePort } from './bridge-port';

/** The way of frames through one bridge. */
export class BridgeForwarding {
  constructor(private readonly bridge: BridgeLink) {}

  /** br_handle_frame: a frame came in by a port. */
  handle(skb: Skb, port: BridgePort): void {
    const { bridge } = this;
    const { ns } = bridge;
    if (isMulticastMac(skb.src) || skb.src === MAC_ZERO) {
      ns.drop(skb, 'MAC_INVALID_SOURCE', 'br_handle_frame');
      return;
    }
    // 01:80:c2:00:00:0X never crosses a bridge, but for the spanning tree's messages while it takes no part in it.
    if (skb.dst.startsWith('01:80:c2:00:00:0')) {
      const last = parseInt(skb.dst[16]!, 16);
      const crosses = (bridge.settings.groupFwdMask & (1 << last)) !== 0 || (last === 0 && bridge.stp === null);
      if (!crosses) {
        if (last === 0 && bridge.stp?.receive(skb, port)) {
          if (ns.tracer.active) ns.trace(skb, { event: 'handled', by: 'stp', note: 'bridge protocol data unit' });
        } else ns.drop(skb, 'UNHANDLED_PROTO', 'br_handle_frame');
        return;
      }
    }
    if ((port.state !== 'forwarding' && port.state !== 'learning') || !bridge.up) {
      ns.drop(skb, 'BRIDGE_INGRESS_STP_STATE', 'br_handle_frame');
      return;
    }
    // For the bridge a port's own address is its own.
    skb.pktType =
      skb.dst === MAC_BROADCAST ? PACKET.BROADCAST : isMulticastMac(skb.dst) ? PACKET.MULTICAST : PACKET.HOST;
    const hooks = ns.netfilter?.bridge;
    if (hooks && hooks.prerouting(skb, port.link) !== NF.ACCEPT) return;
    this.finish(skb, port);
  }

  /** br_handle_frame_finish */
  finish(skb: Skb, port: BridgePort): void {
    const { bridge } = this;
    const { ns } = bridge;
    const now = ns.now;
    const vlan = bridge.vlans === null ? 0 : bridge.vlans.ingress(skb, port);
    if (vlan < 0) {
      ns.drop(skb, 'VLAN_FILTER', 'br_allowed_ingress');
      return;
    }
    if (port.flags.locked) {
      const known = bridge.fdb.lookup(skb.src, now, vlan);
      if (known?.port !== port || known.local) {
        ns.drop(skb, 'NOT_SPECIFIED', 'br_handle_frame_finish');
        return;
      }
    }
    if (port.flags.learning && bridge.fdb.learn(skb.src, port, now, vlan)) {
      const entry = bridge.fdb.lookup(skb.src, now, vlan)!;
      ns.fdb.announce(bridge, entry, false);
      if (ns.tracer.active) this.traceBridge(skb, port, 'learn', skb.src, [port.link.name]);
    }
    if (port.state === 'learning') {
      ns.drop(skb, 'BRIDGE_INGRESS_STP_STATE', 'br_handle_frame_finish');
      return;
    }
    skb.dev = bridge;
    if (skb.pktType === PACKET.BROADCAST || skb.pktType === PACKET.MULTICAST) {
      const copy = ns.cloneSkb(skb);
      this.flood(copy, port);
      if (skb.pktType === PACKET.MULTICAST) {
        bridge.stats.multicast++;
        if (bridge.settings.mcastSnooping) bridge.mdb.snoop(skb, port);
      }
      if (ns.tracer.active) this.traceBridge(skb, port, 'local', skb.dst, [bridge.name]);
      this.passUp(skb, port);
      return;
    }
    const entry = bridge.fdb.lookup(skb.dst, now, vlan);
    if (entry !== undefined) {
      if (entry.local) {
        if (ns.tracer.active) this.traceBridge(skb, port, 'local', skb.dst, [bridge.name]);
        this.passUp(skb, port);
        return;
      }
      entry.used = now;
      if (entry.port !== null) {
        if (!this.shouldDeliver(skb, port, entry.port)) {
          if (ns.tracer.active) this.traceBridge(skb, port, 'forward', skb.dst, [], [entry.port]);
          ns.drop(skb, 'BRIDGE_NO_EGRESS_PORT', 'br_forward');
          return;
        }
        if (ns.tracer.active) this.traceBridge(skb, port, 'forward', skb.dst, [entry.port.link.name]);
        this.forward(bridge.promiscuity > 0 ? ns.cloneSkb(skb) : skb, port, entry.port);
      }
    } else this.flood(bridge.promiscuity > 0 ? ns.cloneSkb(skb) : skb, port);
    // Somebody captures on the bridge itself: it sees what it only hands on, too.
    if (bridge.promiscuity > 0) this.passUp(skb, port);
  }

  private traceBridge(
    skb: Skb,
    port: BridgePort | null,
    action: 'learn' | 'forward' | 'flood' | 'local',
    mac: Mac,
    to: string[],
    withheld: readonly BridgePort[] = [],
  ): void {
    const { bridge } = this;
    bridge.ns.trace(skb, {
      event: 'bridge',
      bridge: bridge.name,
      port: port?.link.name ?? bridge.name,
      action,
      mac,
      to,
      ...(withheld.length > 0
        ? { withheld: withheld.map((p) => ({ port: p.link.name, why: this.whyNot(skb, port, p) })) }
        : {}),
    });
  }

  /** Which of the conditions of `shouldDeliver` and `flood` keeps a frame from a port. */
  private whyNot(skb: Skb, from: BridgePort | null, to: BridgePort): Withheld {
    const { bridge } = this;
    if (to.state !== 'forwarding') return 'state';
    if (to === from) return 'hairpin';
    if (from?.flags.isolated === true && to.flags.isolated) return 'isolated';
    if (bridge.vlans !== null && !bridge.vlans.egress(skb, to)) return 'vlan';
    return this.shouldDeliver(skb, from, to) ? 'flood' : 'mtu';
  }

  /** should_deliver */
  private shouldDeliver(skb: Skb, from: BridgePort | null, to: BridgePort): boolean {
    const { bridge } = this;
    if (to.state !== 'forwarding') return false;
    if (from !== null) {
      if (to === from && !to.flags.hairpin) return false;
      if (from.flags.isolated && to.flags.isolated) return false;
    }
    if (bridge.vlans !== null && !bridge.vlans.egress(skb, to)) return false;
    // What br_netfilter put together from fragments is cut again on its way out.
    return skb.length <= to.link.mtu + 4 || (skb.bridgeIn !== null && skb.maxFragment > 0);
  }

  /** br_flood: every port that may have it. The packet is used up. */
  private flood(skb: Skb, from: BridgePort | null): void {
    const { bridge } = this;
    const { ns } = bridge;
    const targets: BridgePort[] = [];
    for (const p of bridge.ports) {
      if (!this.shouldDeliver(skb, from, p)) continue;
      const { flags } = p;
      if (skb.dst === MAC_BROADCAST) {
        if (!flags.bcastFlood && from !== null) continue;
      } else if (isMulticastMac(skb.dst)) {
        if (!flags.mcastFlood && from !== null) continue;
      } else if (!flags.flood) continue;
      targets.push(p);
    }
    if (ns.tracer.active) {
      this.traceBridge(
        skb,
        from,
        'flood',
        skb.dst,
        targets.map((p) => p.link.name),
        [...bridge.ports].filter((p) => p !== from && !targets.includes(p)),
      );
    }
    if (targets.length === 0) {
      ns.drop(skb, 'BRIDGE_NO_EGRESS_PORT', 'br_flood');
      return;
    }
    for (let i = 0; i < targets.length; i++) {
      const copy = i === targets.length - 1 ? skb : ns.cloneSkb(skb);
      this.forward(copy, from, targets[i]!);
    }
  }

  /** __br_forward and br_forward_finish: hooks, then out by `to`. */
  private forward(skb: Skb, from: BridgePort | null, to: BridgePort): void {
    const hooks = this.bridge.ns.netfilter?.bridge;
    if (hooks) {
      const verdict = from === null ? hooks.output(skb, to.link) : hooks.forward(skb, from.link, to.link);
      if (verdict !== NF.ACCEPT) return;
    }
    this.forwardFinish(skb, to);
  }

  /** br_forward_finish */
  private forwardFinish(skb: Skb, to: BridgePort): void {
    const { bridge } = this;
    bridge.vlans?.untag(skb, to);
    const hooks = bridge.ns.netfilter?.bridge;
    if (hooks && hooks.postrouting(skb, to.link) !== NF.ACCEPT) return;
    to.link.transmit(skb);
  }

  /** br_pass_frame_up: the frame is for the machine itself. */
  private passUp(skb: Skb, port: BridgePort): void {
    const { bridge } = this;
    const hooks = bridge.ns.netfilter?.bridge;
    bridge.stats.rxPackets++;
    bridge.stats.rxBytes += skb.length;
    if (bridge.vlans !== null) {
      if (bridge.promiscuity === 0 && !bridge.vlans.egress(skb, null)) {
        bridge.ns.drop(skb, 'VLAN_FILTER', 'br_pass_frame_up');
        return;
      }
      bridge.vlans.untag(skb, null);
    }
    if (hooks && hooks.input(skb, port.link) !== NF.ACCEPT) return;
    const own = bridge.mac;
    // Frames to a port's address reach the bridge as its own (br_netif_receive_skb after pkt_type was set to HOST).
    const wasHost = skb.pktType === PACKET.HOST && skb.dst !== own && bridge.fdb.entries.get(skb.dst)?.local === true;
    bridge.receiveAs(skb, wasHost);
  }

  /** br_dev_xmit: a packet of the machine itself. */
  transmit(skb: Skb): void {
    const { bridge } = this;
    if (skb.bridgeIn !== null && bridgeOps.resumeTransmit?.(skb, bridge) === true) return;
    const { ns } = bridge;
    bridge.stats.txPackets++;
    bridge.stats.txBytes += skb.frameLength;
    skb.bridgeIn = null;
    const vlan = bridge.vlans === null ? 0 : bridge.vlans.ingress(skb, null);
    if (vlan < 0) {
      ns.drop(skb, 'VLAN_FILTER', 'br_dev_xmit');
      return;
    }
    if (isMulticastMac(skb.dst)) {
      if (bridge.settings.mcastSnooping && skb.dst !== MAC_BROADCAST) bridge.mdb.snoop(skb, null);
      this.flood(skb, null);
      return;
    }
    const entry = bridge.fdb.lookup(skb.dst, ns.now, vlan);
    if (entry === undefined) this.flood(skb, null);
    else if (entry.port === null || entry.local) ns.drop(skb, 'NOT_SPECIFIED', 'br_dev_xmit');
    else if (!this.shouldDeliver(skb, null, entry.port)) {
      if (ns.tracer.active) this.traceBridge(skb, null, 'forward', skb.dst, [], [entry.port]);
      ns.drop(skb, 'BRIDGE_NO_EGRESS_PORT', 'br_dev_xmit');
    } else {
      entry.used = ns.now;
      if (ns.tracer.active) this.traceBridge(skb, null, 'forward', skb.dst, [entry.port.link.name]);
      this.forward(skb, null, entry.port);
    }
  }
}
