/** What rules look at: one packet at one hook (struct nft_pktinfo, struct xt_action_param). */
import type { EthernetPayload } from '../../wire';
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

/** An empty view, to be filled by {@link fillPktInfo}. */
export function newPktInfo(): PktInfo {
  return {
    ns: undefined as unknown as NetNamespace,
    skb: undefined as unknown as Skb,
    family: 'ip',
    hook: 0,
    input: null,
    output: null,
    l4proto: 0,
    fragmentOffset: 0,
  };
}

/** Sets what follows from the packet itself; again after a target replaced it. */
export function readTransport(p: PktInfo): void {
  const payload: EthernetPayload = p.skb.payload;
  if (payload.kind === 'ipv4') {
    p.l4proto = payload.protocol;
    p.fragmentOffset = payload.fragmentOffset;
  } else if (payload.kind === 'ipv6') {
    p.l4proto = payload.nextHeader;
    p.fragmentOffset = payload.fragment === undefined ? 0 : payload.fragment.offset;
  } else {
    p.l4proto = 0;
    p.fragmentOffset = 0;
  }
}

/** Points the view at a packet (nft_set_pktinfo). */
export function fillPktInfo(
  p: PktInfo,
  ns: NetNamespace,
  skb: Skb,
  family: HookFamily,
  hook: number,
  input: Link | null,
  output: Link | null,
): PktInfo {
  p.ns = ns;
  p.skb = skb;
  p.family = family;
  p.hook = hook;
  p.input = input;
  p.output = output;
  readTransport(p);
  return p;
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
