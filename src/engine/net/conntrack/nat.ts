/** The seam between NAT and the rulesets that ask for it (net/netfilter/nf_nat_core.c). */
import type { Skb } from '../skb';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { HookFamily, HookOps } from '../netfilter/hook-table';
import type { NatRange } from './conn';

/** Which side of the connection is rewritten. */
export type NatKind = 'src' | 'dst';

/** What rulesets need of connection tracking and NAT; `natApi` of `./index` is it. */
export interface NatApi {
  /**
   * nf_nat_setup_info: binds the packet's new connection to a mapping. @returns NF verdict (DROP where no tuple is free,
   * or where the packet has no connection).
   */
  setup(ns: NetNamespace, skb: Skb, range: NatRange, kind: NatKind): number;
  /** nf_nat_masquerade_ipv4/6: SNAT to the address of the output link. @returns NF verdict */
  masquerade(ns: NetNamespace, skb: Skb, range: NatRange, output: Link): number;
  /** nf_nat_redirect_ipv4/6: DNAT to this machine; at OUTPUT to the loopback address. @param hook HOOK @returns NF verdict */
  redirect(ns: NetNamespace, skb: Skb, range: NatRange, hook: number, input: Link | null): number;
  /**
   * NETMAP: the bits of the prefix from `range`, the others from the packet. @param prefixLength of range.min @returns NF verdict
   */
  netmap(ns: NetNamespace, skb: Skb, range: NatRange, kind: NatKind, prefixLength: number): number;
  /**
   * Hangs a nat chain in: it is asked only for a connection's first packet (nf_nat_register_fn). Nothing is tracked because of
   * the chain: its rules hold connection tracking.
   */
  registerChain(ns: NetNamespace, ops: HookOps): void;
  unregisterChain(ns: NetNamespace, ops: HookOps): void;
  /** Holds connection tracking for a ruleset that matches or changes it (nf_ct_netns_get); counted. Without a family: both. */
  hold(ns: NetNamespace, family?: HookFamily): void;
  release(ns: NetNamespace, family?: HookFamily): void;
}
