/** What extensions need of connection tracking and NAT. */

import { natApi } from '../../conntrack';
import { NF } from '../../hooks';
import type { NetNamespace } from '../../namespace';
import { VERDICT } from '../pktinfo';

/** A rule needs connection tracking of its family (nf_ct_netns_get). */
export function holdTracking(ns: NetNamespace, family: 'ip' | 'ip6'): void {
  natApi.hold(ns, family);
}

/** It no longer does. */
export function releaseTracking(ns: NetNamespace, family: 'ip' | 'ip6'): void {
  natApi.release(ns, family);
}

/** A verdict of netfilter as one of rules. */
export function verdictOf(nf: number): number {
  return nf === NF.DROP ? VERDICT.DROP : nf === NF.STOLEN ? VERDICT.STOLEN : VERDICT.ACCEPT;
}

export { natApi };
