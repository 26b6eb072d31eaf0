/** `add @set { ... }`: packets that put elements into sets (net/netfilter/nft_dynset.c). */
import { VERDICT } from '../pktinfo';
import type { Step } from './evaluate';
import type { Expr, Table, Value } from './model';
import { expired } from './elements';
import { valueGetter } from './operands';
import { cloneStateful, runStateful } from './stateful';

const { CONTINUE, BREAK } = VERDICT;

/** Adds, refreshes or deletes the packet's element as a step; BREAK when the set is full or the element's expressions end the rule. */
export function dynsetStep(e: Extract<Expr, { kind: 'dynset' }>, table: Table): Step {
  const set = table.sets.get(e.set);
  const key = valueGetter(e.key, table);
  const data = e.data ? valueGetter(e.data, table) : undefined;
  if (set === undefined) return () => BREAK;
  const copy = (v: Value): Value => (typeof v === 'object' ? [...v] : v);
  return (p) => {
    const k = key(p);
    if (k === undefined) return BREAK;
    const { now } = p.ns;
    let element = set.index.exact(k, k);
    if (element !== undefined && expired(element, now)) {
      set.index.remove(element);
      element = undefined;
    }
    if (e.op === 'delete') {
      if (element === undefined) return BREAK;
      set.index.remove(element);
      return CONTINUE;
    }
    const timeout = e.timeout ?? set.timeout;
    if (element === undefined) {
      if (set.size !== undefined && set.index.size >= set.size) {
        for (const old of [...set.index.values()]) if (expired(old, now)) set.index.remove(old);
        if (set.index.size >= set.size) return BREAK;
      }
      const d = data?.(p);
      if (data !== undefined && d === undefined) return BREAK;
      const own = copy(k);
      element = {
        key: own,
        end: own,
        ...(d === undefined ? {} : { data: copy(d) }),
        comment: undefined,
        timeout: e.timeout,
        expires: timeout === undefined || timeout === 0 ? undefined : now + timeout,
        exprs: (e.exprs.length > 0 ? e.exprs : set.exprs).map(cloneStateful),
        catchall: false,
      };
      set.index.add(element);
    } else if (e.op === 'update' && timeout !== undefined && timeout > 0) element.expires = now + timeout;
    return runStateful(element.exprs, p) ? CONTINUE : BREAK;
  };
}
