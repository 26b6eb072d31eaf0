/** Expressions with a state of their own: counters, limits, quotas, connection limits (nft_counter.c, nft_limit.c, nft_quota.c, nft_connlimit.c, nft_last.c). */
import { CT_STATUS } from '../../conntrack/conn';
import type { Conn } from '../../conntrack/conn';
import type { NetNamespace } from '../../namespace';
import type { PktInfo } from '../pktinfo';
import type { LimitExpr, NftSet, SetElement, StatefulExpr, Value } from './model';

/** The element of a set for a packet's value: stateful expressions of the element run. */
export function findIn(set: NftSet, value: Value, p: PktInfo): SetElement | undefined {
  const e = set.index.find(value, p.ns.now);
  if (e === undefined || e.exprs.length === 0) return e;
  return runStateful(e.exprs, p) ? e : undefined;
}

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86400, week: 604800 } as const;

/** nft_limit_eval: true when the packet is inside the limit. */
export function withinLimit(e: LimitExpr, bytes: number, ns: NetNamespace): boolean {
  const period = SECONDS[e.per] * 1e9;
  const now = ns.now * 1000;
  const byBytes = e.unit === 'bytes';
  const cost = byBytes ? (period * bytes) / e.rate : period / e.rate;
  const max = byBytes ? (period * (e.rate + e.burst)) / e.rate : (period / e.rate) * Math.max(e.burst, 1);
  const tokens = Math.min(max, (e.tokens ?? max) + (now - (e.last ?? now)));
  e.last = now;
  if (tokens >= cost) {
    e.tokens = tokens - cost;
    return true;
  }
  e.tokens = tokens;
  return false;
}

/** Runs one stateful expression. @returns false to end the rule */
export function stateful(e: StatefulExpr, p: PktInfo): boolean {
  switch (e.kind) {
    case 'counter':
      e.packets++;
      e.bytes += p.skb.length;
      return true;
    case 'limit':
      return withinLimit(e, p.skb.length, p.ns) !== e.over;
    case 'quota':
      e.used += p.skb.length;
      return e.used > e.bytes === e.over;
    case 'last':
      e.at = p.ns.now;
      return true;
    case 'connlimit': {
      const ct = p.skb.ct as Conn | null;
      e.conns ??= new Set();
      for (const c of e.conns as Set<Conn>)
        if ((c.status & CT_STATUS.DYING) !== 0 || c.expires <= p.ns.now) e.conns.delete(c);
      if (ct !== null) e.conns.add(ct);
      return e.conns.size > e.count === e.over;
    }
  }
}

/** Runs stateful expressions in order. @returns false when one ends the rule; those behind it do not run */
export function runStateful(exprs: readonly StatefulExpr[], p: PktInfo): boolean {
  for (let i = 0; i < exprs.length; i++) if (!stateful(exprs[i]!, p)) return false;
  return true;
}

/** A copy with a state of its own: the connections that `ct count` has counted stay behind. */
export function cloneStateful<E extends StatefulExpr>(e: E): E {
  const copy = { ...e };
  if (copy.kind === 'connlimit') delete copy.conns;
  return copy;
}
