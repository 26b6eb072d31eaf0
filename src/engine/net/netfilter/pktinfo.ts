/** What rules look at: one packet at one hook (struct nft_pktinfo, struct xt_action_param). */
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { HookFamily } from './hook-table';

/** A packet at a hook. Reused from call to call: who keeps one copies it. */
export interface PktInfo {
  ns: NetNamespace;
  skb: Skb;
  /** Of the packet at an IP hook (`ip` or `ip6`); `bridge` and `arp` at theirs. */
  family: HookFamily;
  /** HOOK number */
  hook: number;
  input: Link | null;
  output: Link | null;
  /** Transport protocol behind all extension headers; 0 for an unknown one and for what is no IP. */
  l4proto: number;
  /** Offset in bytes of this fragment; 0 for a whole packet. Transport headers exist only at 0. */
  fragmentOffset: number;
}

/** Verdicts inside a ruleset (include/uapi/linux/netfilter/nf_tables.h); positive ones and 0 end the hook. */
export const VERDICT = {
  DROP: 0,
  ACCEPT: 1,
  STOLEN: 2,
  QUEUE: 3,
  /** Next rule. */
  CONTINUE: -1,
  /** Stop evaluating this rule (NFT_BREAK). */
  BREAK: -2,
  JUMP: -3,
  GOTO: -4,
  RETURN: -5,
} as const;
