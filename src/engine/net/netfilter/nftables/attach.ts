/** Hangs base chains into the hooks (nf_tables_register_hook). */
import type { Link } from '../../link/link';
import type { NetNamespace } from '../../namespace';
import type { Skb } from '../../skb';
import { natApi } from '../../conntrack';
import { HOOK, hooksOf } from '../hook-table';
import type { HookFamily, HookOps } from '../hook-table';
import { runBaseChain } from './evaluate';
import type { Chain } from './model';

const NUMBERS: Readonly<Record<string, number>> = {
  prerouting: HOOK.PREROUTING,
  input: HOOK.INPUT,
  forward: HOOK.FORWARD,
  output: HOOK.OUTPUT,
  postrouting: HOOK.POSTROUTING,
};

/** Lets packets meet the chain, unless its table is dormant or it is there already. */
export function attachChain(ns: NetNamespace, chain: Chain): void {
  const { base, table } = chain;
  if (base === undefined || table.dormant || base.ops.length > 0) return;
  const hook = NUMBERS[base.hook];
  // Ingress and egress are not among the simulated hooks.
  if (hook === undefined) return;
  const families: readonly HookFamily[] = table.family === 'inet' ? ['ip', 'ip6'] : [table.family as HookFamily];
  base.ops = families.map((family) => ({
    family,
    hook,
    priority: base.priority,
    fn: (skb: Skb, h: number, input: Link | null, output: Link | null) =>
      runBaseChain(ns, chain, family, skb, h, input, output),
  }));
  for (const ops of base.ops) {
    if (base.type === 'nat') natApi.registerChain(ns, ops);
    else hooksOf(ns).register(ops);
  }
}

/** Takes the chain out. */
export function detachChain(ns: NetNamespace, chain: Chain): void {
  const { base } = chain;
  if (base === undefined) return;
  for (const ops of base.ops as readonly HookOps[]) {
    if (base.type === 'nat') natApi.unregisterChain(ns, ops);
    else hooksOf(ns).unregister(ops);
  }
  base.ops = [];
}
