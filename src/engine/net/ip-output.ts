/** What IPv4 and IPv6 do alike with packets that leave. */
import type { ErrnoCode } from '../core';
import type { IpPacket } from '../wire';
import { NF } from './hooks';
import type { Link } from './link/link';
import type { NetNamespace } from './namespace';
import type { RouteEntry } from './route/lookup';
import type { Skb } from './skb';
import { PACKET } from './skb';
import type { RouteType } from './types';

/** Where a packet of the machine itself goes. */
export interface Way {
  readonly entry: RouteEntry;
  readonly type: RouteType;
  /** Where it leaves: `lo` for local destinations. */
  readonly link: Link;
}

/**
 * The hook LOCAL_OUT, behind which the packet may have another route.
 * @param out the route it has before
 * @returns its way; the error its sender gets; undefined when somebody else has it now
 */
export function outputHook(ns: NetNamespace, skb: Skb, out: Way): Way | ErrnoCode | undefined {
  if (ns.netfilter === null) return out;
  const verdict = ns.netfilter.output(skb, out.link);
  if (verdict === NF.DROP) return 'EPERM';
  if (verdict === NF.STOLEN) return undefined;
  const { route } = skb;
  if (route === out.entry || route === null) return out;
  const { type } = route.route;
  return { entry: route, type, link: type === 'local' ? ns.loopback : route.link! };
}

/** dev_loopback_xmit: a copy is received on the link by which the packet leaves, without going through the medium. */
export function receiveOwn(ns: NetNamespace, skb: Skb, link: Link, receive: (copy: Skb) => void): void {
  const copy = ns.cloneSkb(skb);
  copy.pktType = PACKET.HOST;
  copy.src = copy.dst = link.mac;
  ns.host.scheduler.defer(() => {
    if (!link.up) return;
    copy.dev = copy.inDev = link;
    receive(copy);
  });
}

/**
 * Sends the fragments of a packet. What comes after one that the device threw away is useless.
 * @returns how many were sent
 */
export function sendPieces(ns: NetNamespace, skb: Skb, pieces: readonly IpPacket[], send: (f: Skb) => void): number {
  if (ns.tracer.active) ns.trace(skb, { event: 'fragment', action: 'split', count: pieces.length });
  for (const [i, piece] of pieces.entries()) {
    const f = ns.cloneSkb(skb);
    f.setPayload(piece);
    send(f);
    if (f.lost) return i;
  }
  return pieces.length;
}
