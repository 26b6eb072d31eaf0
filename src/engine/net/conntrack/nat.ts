/** The seam between NAT and the rulesets that ask for it (net/netfilter/nf_nat_core.c). */
import type { Skb } from '../skb';
import type { NetNamespace } from '../namespace';
import type { HookOps } from '../netfilter/hook-table';
import type { NatRange } from './conn';

/** Which side of the connection is rewritten. */
export type NatKind = 'src' | 'dst';

/** What rulesets need of connection tracking and NAT; conntrack fills it in when it is loaded. */
export interface NatApi {
  /**
   * nf_nat_setup_info: binds the packet's new connection to a mapping. @returns NF verdict (DROP where no tuple is free,
   * or where the packet has no connection).
   */
  setup(ns: NetNamespace, skb: Skb, range: NatRange, kind: NatKind): number;
  /** Hangs a nat chain in: it is asked only for a connection's first packet (nf_nat_register_fn). Loads conntrack. */
  registerChain(ns: NetNamespace, ops: HookOps): void;
  unregisterChain(ns: NetNamespace, ops: HookOps): void;
  /** Holds connection tracking for a ruleset that matches or changes it (nf_ct_netns_get); counted. */
  hold(ns: NetNamespace): void;
  release(ns: NetNamespace): void;
}
