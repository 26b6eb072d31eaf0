/** What a bridge leaves to code that is only there once somebody uses it: VLAN filtering and the spanning tree. */
import type { Mac } from '../../wire';
import type { Skb } from '../skb';
import type { BridgeLink } from './bridge';
import type { BridgePort } from './bridge-port';

/** What VLAN filtering adds to a bridge (bridge-vlan.ts). A null port is the bridge itself. */
export interface BridgeVlanOps {
  /** VLAN identifiers of a port, ascending. */
  idsOf(port: BridgePort | null): number[];
  /** br_allowed_ingress: gives the frame its VLAN. @returns its identifier, 0 without filtering, -1 to drop it */
  ingress(skb: Skb, port: BridgePort | null): number;
  /** br_allowed_egress */
  egress(skb: Skb, port: BridgePort | null): boolean;
  /** br_handle_vlan: takes the tag off where the port wants it untagged. */
  untag(skb: Skb, port: BridgePort | null): void;
  portAdded(port: BridgePort): void;
  portRemoved(port: BridgePort): void;
  /** A port's (or the bridge's) address changed: entries of each VLAN follow. */
  macChanged(port: BridgePort | null, old: Mac, mac: Mac): void;
  setDefaultPvid(pvid: number): void;
}

/** What the spanning tree tells of a bridge; timers in 1/100 s. */
export interface StpInfo {
  readonly designatedRoot: string;
  readonly rootPort: number;
  readonly rootPathCost: number;
  readonly topologyChange: boolean;
  readonly topologyChangeDetected: boolean;
  readonly helloTimer: number;
  readonly tcnTimer: number;
  readonly topologyChangeTimer: number;
}

/** What the spanning tree tells of a port. */
export interface PortStpInfo {
  readonly designatedRoot: string;
  readonly designatedBridge: string;
  readonly designatedPort: number;
  readonly designatedCost: number;
  readonly topologyChangeAck: boolean;
  readonly configPending: boolean;
  readonly messageAgeTimer: number;
  readonly forwardDelayTimer: number;
  readonly holdTimer: number;
}

/** The spanning tree protocol (stp.ts) as far as the bridge calls it. */
export interface BridgeStpOps {
  start(): void;
  stop(): void;
  portUp(port: BridgePort): void;
  portDown(port: BridgePort): void;
  idChanged(old: string): void;
  /** @returns false when the frame is no message of the protocol */
  receive(skb: Skb, port: BridgePort): boolean;
  info(): StpInfo;
  portInfo(port: BridgePort): PortStpInfo;
}

/** How a bridge gets these, once their code is there. */
export const bridgeOps: {
  stp: ((bridge: BridgeLink) => BridgeStpOps) | null;
  vlans: ((bridge: BridgeLink) => BridgeVlanOps) | null;
  /** br_nf_dev_xmit: br_netfilter takes back a frame that waited for its neighbour's address; true when it did. */
  resumeTransmit: ((skb: Skb, bridge: BridgeLink) => boolean) | null;
} = { stp: null, vlans: null, resumeTransmit: null };
