/** What the protocols themselves need of connection tracking; small, because every machine loads it. */
import type { Skb } from '../skb';
import { CTINFO } from './conn';

/**
 * nf_conntrack_attach: a packet that answers `about` (an ICMP error, a reset) belongs to its connection, in the other
 * direction, even before that one is confirmed.
 */
export function attachTo(answer: Skb, about: Skb): void {
  if (about.ct === null) return;
  answer.ct = about.ct;
  const reply = about.ctInfo === CTINFO.ESTABLISHED_REPLY || about.ctInfo === CTINFO.RELATED_REPLY;
  answer.ctInfo = reply ? CTINFO.RELATED : CTINFO.RELATED_REPLY;
}
