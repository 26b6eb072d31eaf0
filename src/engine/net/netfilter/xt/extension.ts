/**
 * Matches and targets of xtables (net/netfilter/x_tables.c): the same ones serve iptables-legacy's tables and, through
 * the compatibility expressions `match` and `target`, the rules that iptables-nft writes into nf_tables.
 */
import type { ErrnoCode } from '../../../core';
import type { NetNamespace } from '../../namespace';
import type { PktInfo } from '../pktinfo';

/** Where a rule stands that an extension is asked about (struct xt_mtchk_param, xt_tgchk_param). */
export interface XtPlace {
  readonly family: 'ip' | 'ip6';
  readonly table: string;
  /** Bits `1 << HOOK` of the hooks from which the chain is reached; 0 when from none. */
  readonly hooks: number;
  /** The rule's protocol, 0 for any, and whether it is all but that one. */
  readonly protocol: number;
  readonly protocolInverted: boolean;
}

/** A match extension of the kernel (`xt_conntrack`, `xt_multiport`, ...). `Info` is the typed form of its binary data. */
export interface XtMatch<Info = unknown> {
  /** As in `-m name`. */
  readonly name: string;
  matches(info: Info, packet: PktInfo): boolean;
  /** checkentry: an error refuses the rule. */
  check?(info: Info, place: XtPlace, ns: NetNamespace): ErrnoCode | undefined;
  /** A rule with it was added (checkentry): to hold what lives outside of the rule. */
  added?(info: Info, ns: NetNamespace, family: 'ip' | 'ip6'): void;
  removed?(info: Info, ns: NetNamespace, family: 'ip' | 'ip6'): void;
}

/** A target extension (`DNAT`, `REJECT`, `LOG`, ...). */
export interface XtTarget<Info = unknown> {
  /** As in `-j NAME`. */
  readonly name: string;
  /** @returns VERDICT: CONTINUE for targets after which the next rule is tried. */
  run(info: Info, packet: PktInfo): number;
  /** checkentry: an error refuses the rule. */
  check?(info: Info, place: XtPlace, ns: NetNamespace): ErrnoCode | undefined;
  added?(info: Info, ns: NetNamespace, family: 'ip' | 'ip6'): void;
  removed?(info: Info, ns: NetNamespace, family: 'ip' | 'ip6'): void;
}

const matches = new Map<string, XtMatch>();
const targets = new Map<string, XtTarget>();

/** Makes a match known; modules call it when they are loaded. */
export function registerMatch<Info>(match: XtMatch<Info>): void {
  matches.set(match.name, match as XtMatch);
}

/** Makes a target known. */
export function registerTarget<Info>(target: XtTarget<Info>): void {
  targets.set(target.name, target as XtTarget);
}

/** The kernel's match of that name, if it has one. */
export function xtMatch(name: string): XtMatch | undefined {
  return matches.get(name);
}

/** The kernel's target of that name, if it has one. */
export function xtTarget(name: string): XtTarget | undefined {
  return targets.get(name);
}
