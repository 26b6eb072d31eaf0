/** What happened to packets, as data. Nobody pays for it while `Tracer.active` is false. */
import type { Micros } from '../core';
import type { EthernetPayload, Mac } from '../wire';
import type { NudState } from './types';

/** Reasons of the kernel (include/net/dropreason-core.h), without the prefix SKB_DROP_REASON_. */
export type DropReason =
  | 'NOT_SPECIFIED'
  | 'NO_SOCKET'
  | 'PKT_TOO_SMALL'
  | 'TCP_CSUM'
  | 'SOCKET_FILTER'
  | 'SOCKET_RCVBUFF'
  | 'UDP_CSUM'
  | 'NETFILTER_DROP'
  | 'OTHERHOST'
  | 'IP_CSUM'
  | 'IP_INHDR'
  | 'IP_RPFILTER'
  | 'UNICAST_IN_L2_MULTICAST'
  | 'PROTO_MEM'
  | 'SOCKET_BACKLOG'
  | 'TCP_FLAGS'
  | 'TCP_ZEROWINDOW'
  | 'TCP_OLD_DATA'
  | 'TCP_OVERWINDOW'
  | 'TCP_RFC7323_PAWS'
  | 'TCP_OLD_SEQUENCE'
  | 'TCP_INVALID_SEQUENCE'
  | 'TCP_RESET'
  | 'TCP_INVALID_SYN'
  | 'TCP_CLOSE'
  | 'IP_OUTNOROUTES'
  | 'BPF_CGROUP_EGRESS'
  | 'IPV6DISABLED'
  | 'NEIGH_CREATEFAIL'
  | 'NEIGH_FAILED'
  | 'NEIGH_QUEUEFULL'
  | 'NEIGH_DEAD'
  | 'QDISC_DROP'
  | 'CPU_BACKLOG'
  | 'TC_INGRESS'
  | 'UNHANDLED_PROTO'
  | 'DEV_HDR'
  | 'DEV_READY'
  | 'FULL_RING'
  | 'NOMEM'
  | 'HDR_TRUNC'
  | 'ICMP_CSUM'
  | 'INVALID_PROTO'
  | 'IP_INADDRERRORS'
  | 'IP_INNOROUTES'
  | 'IP_LOCAL_SOURCE'
  | 'IP_INVALID_SOURCE'
  | 'IP_LOCALNET'
  | 'IP_INVALID_DEST'
  | 'PKT_TOO_BIG'
  | 'DUP_FRAG'
  | 'FRAG_REASM_TIMEOUT'
  | 'FRAG_TOO_FAR'
  | 'TCP_MINTTL'
  | 'IPV6_NDISC_FRAG'
  | 'IPV6_NDISC_HOP_LIMIT'
  | 'IPV6_NDISC_BAD_CODE'
  | 'IPV6_NDISC_BAD_OPTIONS'
  | 'IPV6_NDISC_NS_OTHERHOST'
  | 'BRIDGE_INGRESS_STP_STATE'
  | 'BRIDGE_NON_FORWARDING_STATE'
  | 'BRIDGE_NO_EGRESS_PORT'
  | 'MAC_INVALID_SOURCE'
  | 'ARP_PVLAN_DISABLE'
  | 'VLAN_FILTER'
  | 'VXLAN_INVALID_HDR'
  | 'VXLAN_VNI_NOT_FOUND'
  | 'VXLAN_NO_REMOTE'
  | 'VXLAN_ENTRY_EXISTS'
  | 'LOCAL_MAC'
  | 'NO_TX_TARGET'
  | 'RECURSION_LIMIT'
  // Not the kernel's: what happens outside of a machine.
  | 'CABLE_LOSS'
  | 'CABLE_MTU'
  | 'TTL_EXPIRED';

/** Netfilter hooks by the kernel's names. */
export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING' | 'INGRESS' | 'EGRESS';

/** Why a bridge port does not get a frame: its state, isolation, VLAN, MTU, flooding switched off, or the frame came by it. */
export type Withheld = 'state' | 'isolated' | 'vlan' | 'mtu' | 'flood' | 'hairpin';

interface Common {
  readonly at: Micros;
  /** Machine and namespace number in which it happened. */
  readonly machine: string;
  readonly netns: number;
  /** Identity of the packet: stays the same from the sender's socket to the receiver's over all hops; a copy made by a
   * bridge's flooding or a reply has its own, with `parent` in its first event. */
  readonly packet: number;
  /** The packet as it is at that point. */
  readonly payload: EthernetPayload;
}

/** One decision. */
export type TraceEvent = Common &
  (
    | { readonly event: 'created'; readonly by: 'socket' | 'kernel' | 'clone'; readonly parent: number | undefined }
    | { readonly event: 'tx'; readonly link: string; readonly index: number; readonly src: Mac; readonly dst: Mac }
    | { readonly event: 'rx'; readonly link: string; readonly index: number; readonly src: Mac; readonly dst: Mac }
    | {
        readonly event: 'route';
        readonly direction: 'input' | 'output';
        /** `local`, `forward`, ... or the error. */
        readonly result: string;
        readonly table: number | undefined;
        /** The matching prefix in `ip route` spelling, `default` included. */
        readonly prefix: string | undefined;
        readonly gateway: string | undefined;
        readonly link: string | undefined;
        readonly rule: number | undefined;
      }
    | {
        readonly event: 'neighbour';
        readonly address: string;
        readonly link: string;
        readonly state: NudState;
        readonly lladdr: Mac | undefined;
        readonly action: 'use' | 'queue' | 'resolved' | 'failed' | 'update';
      }
    | {
        readonly event: 'bridge';
        readonly bridge: string;
        readonly port: string;
        readonly action: 'learn' | 'forward' | 'flood' | 'local';
        readonly mac: Mac;
        readonly to: readonly string[];
        /** Ports that might have had it and do not get it, and why (should_deliver, br_flood). */
        readonly withheld?: readonly { readonly port: string; readonly why: Withheld }[];
      }
    | {
        readonly event: 'hook';
        readonly family: 'ip' | 'ip6' | 'bridge' | 'arp';
        readonly hook: HookName;
        readonly verdict: 'accept' | 'drop' | 'stolen' | 'queue';
      }
    | {
        readonly event: 'rule';
        readonly family: string;
        readonly table: string;
        readonly chain: string;
        /** 1-based position; 0 for the policy. */
        readonly number: number;
        readonly text: string;
        readonly verdict: string;
        /** Rules of the same chain that were tried before, since the last one that fitted, and did not fit. */
        readonly passed?: readonly { readonly number: number; readonly text: string }[];
      }
    | {
        readonly event: 'conntrack';
        readonly state: string;
        readonly action: string;
        /** The connection's two directions as `conntrack -L` has them, a line each; empty without a connection. */
        readonly entry: string;
      }
    | { readonly event: 'nat'; readonly kind: 'snat' | 'dnat'; readonly from: string; readonly to: string }
    | {
        /** The packet goes on inside another one; the events that follow show the outer packet as `payload`. */
        readonly event: 'encapsulate' | 'decapsulate';
        readonly link: string;
        readonly kind: 'vxlan';
        readonly vni: number;
        readonly outer: {
          readonly src: string;
          readonly dst: string;
          readonly srcPort: number;
          readonly dstPort: number;
          readonly ttl: number;
        };
        /** The inner frame's addresses. */
        readonly src: Mac;
        readonly dst: Mac;
      }
    | {
        readonly event: 'vlan';
        /** The sub-interface, or the bridge port. */
        readonly link: string;
        readonly action: 'tag' | 'untag' | 'filter';
        readonly vlan: number;
      }
    | {
        readonly event: 'qdisc';
        readonly link: string;
        readonly qdisc: string;
        readonly action: 'delay' | 'duplicate' | 'reorder';
        /** How long it waits, microseconds. */
        readonly wait: Micros;
      }
    | { readonly event: 'fragment'; readonly action: 'split' | 'queued' | 'reassembled'; readonly count: number }
    | {
        readonly event: 'socket';
        readonly protocol: string;
        readonly local: string;
        readonly remote: string | undefined;
        readonly inode: number;
      }
    | {
        readonly event: 'handled';
        readonly by: 'arp' | 'icmp' | 'ndp' | 'igmp' | 'mld' | 'tcp' | 'pong' | 'stp';
        readonly note: string;
      }
    | { readonly event: 'drop'; readonly reason: DropReason; readonly where: string }
  );

/** An event before the namespace adds who, where and when. */
export type TraceDetail = TraceEvent extends infer E ? (E extends TraceEvent ? Omit<E, keyof Common> : never) : never;

/** Distributes trace events. One for a machine; `NetHost.tracer` may name a world-wide one. */
export class Tracer {
  private readonly listeners = new Set<(event: TraceEvent) => void>();
  /** True while somebody listens; checked before an event is built. */
  active = false;

  /** Calls `listener` for every event until the returned function is called. */
  listen(listener: (event: TraceEvent) => void): () => void {
    this.listeners.add(listener);
    this.active = true;
    return () => {
      this.listeners.delete(listener);
      this.active = this.listeners.size > 0;
    };
  }

  emit(event: TraceEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
