import type { Timer } from '../../core';
import type { BridgePortFlags, BridgePortInfo, PortState } from '../types';
import type { Skb } from '../skb';
import type { BridgeLink } from './bridge';
import type { Link } from './link';

/** A link that is a port of a bridge (net_bridge_port). */
export class BridgePort {
  state: PortState = 'disabled';
  priority = 0x20;
  cost = 2;
  mcastRouter = 1;
  readonly flags: BridgePortFlags = {
    hairpin: false,
    guard: false,
    rootBlock: false,
    fastLeave: false,
    learning: true,
    flood: true,
    mcastFlood: true,
    bcastFlood: true,
    mcastToUnicast: false,
    neighSuppress: false,
    vlanTunnel: false,
    isolated: false,
    locked: false,
    proxyArp: false,
    proxyArpWifi: false,
  };
  /** The forward delay timer runs even without STP, for its display only. */
  forwardDelay: Timer | null = null;

  constructor(
    readonly bridge: BridgeLink,
    readonly link: Link,
    readonly number: number,
  ) {}

  /** br_handle_frame */
  receive(skb: Skb): void {
    this.bridge.forwarding.handle(skb, this);
  }

  /** Priority and number as one 16-bit identifier, such as 0x8001. */
  get id(): number {
    return (this.priority << 10) | this.number;
  }

  info(): BridgePortInfo {
    const id = this.bridge.bridgeId;
    const now = this.bridge.ns.now;
    return {
      ...this.flags,
      state: this.state,
      priority: this.priority,
      cost: this.cost,
      portNo: this.number,
      portId: this.id,
      designatedBridge: id,
      designatedRoot: id,
      designatedPort: this.id,
      designatedCost: 0,
      mcastRouter: this.mcastRouter,
      ...this.bridge.stp?.portInfo(this),
      forwardDelayTimer: this.bridge.stp
        ? this.bridge.stp.portInfo(this).forwardDelayTimer
        : this.forwardDelay
          ? Math.max(0, Math.floor((this.forwardDelay.at - now) / 10_000))
          : 0,
    };
  }
}
