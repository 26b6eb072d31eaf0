/** What extensions need of connection tracking and NAT. */

import { natApi } from '../../conntrack';
import { NF } from '../../hooks';
import type { NetNamespace } from '../../namespace';
import { VERDICT } from '../pktinfo';

/** A rule needs connection tracking (nf_ct_netns_get). */
export function holdTracking(ns: NetNamespace): void {
  natApi.hold(ns);
}

/** It no longer does. */
export function releaseTracking(ns: NetNamespace): void {
  natApi.release(ns);
}

/** A verdict of netfilter as one of rules. */
export function verdictOf(nf: number): number {
  return nf === NF.DROP ? VERDICT.DROP : nf === NF.STOLEN ? VERDICT.STOLEN : VERDICT.ACCEPT;
}

export { natApi };
