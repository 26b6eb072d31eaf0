/** Which functions a namespace has hung into netfilter's hooks, in the order of their priorities (net/netfilter/core.c). */
import { ETHERTYPE } from '../../wire';
import { NF } from '../hooks';
import type { Netfilter } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { HookName } from '../trace';

/** Families that hooks are registered for. `inet` is no family of its own here: it registers for `ip` and `ip6`. */
export type HookFamily = 'ip' | 'ip6' | 'arp' | 'bridge';

/** Hook numbers (NF_INET_*; NF_BR_* and NF_ARP_IN/OUT are mapped to INPUT and OUTPUT). */
export const HOOK = { PREROUTING: 0, INPUT: 1, FORWARD: 2, OUTPUT: 3, POSTROUTING: 4 } as const;

/** Names by hook number. */
export const HOOK_NAMES: readonly HookName[] = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

/** Priorities the kernel's own hooks use (include/uapi/linux/netfilter_ipv4.h); lower runs first. */
export const PRIORITY = {
  CONNTRACK_DEFRAG: -400,
  RAW: -300,
  CONNTRACK: -200,
  MANGLE: -150,
  NAT_DST: -100,
  FILTER: 0,
  SECURITY: 50,
  NAT_SRC: 100,
  CONNTRACK_HELPER: 300,
  CONNTRACK_CONFIRM: 0x7fffffff,
} as const;

/** What a hook runs. @returns {@link NF}: DROP, ACCEPT (go on with the next function) or STOLEN. */
export type HookFunction = (skb: Skb, hook: number, input: Link | null, output: Link | null) => number;

/** One registration. */
export interface HookOps {
  readonly family: HookFamily;
  readonly hook: number;
  readonly priority: number;
  readonly fn: HookFunction;
}

/** Functions by hook number, each list in running order. */
type Lists = HookOps[][];

const emptyLists = (): Lists => [[], [], [], [], []];

/** The hooks of one namespace; `ns.netfilter` is null while it has none, so that packets pay nothing. */
export class HookTable implements Netfilter {
  private readonly lists: Record<HookFamily, Lists> = {
    ip: emptyLists(),
    ip6: emptyLists(),
    arp: emptyLists(),
    bridge: emptyLists(),
  };
  private count = 0;
  bridge: Netfilter['bridge'] = null;
  arp: Netfilter['arp'] = null;

  constructor(private readonly ns: NetNamespace) {}

  /** Adds a function; of equal priorities the newer one runs later. */
  register(ops: HookOps): void {
    // Copied, not changed in place: a packet may be walking the list.
    const list = [...this.lists[ops.family][ops.hook]!];
    let at = list.length;
    while (at > 0 && list[at - 1]!.priority > ops.priority) at--;
    list.splice(at, 0, ops);
    this.lists[ops.family][ops.hook] = list;
    this.count++;
    this.update();
  }

  /** Removes what was registered. */
  unregister(ops: HookOps): void {
    const list = this.lists[ops.family][ops.hook]!;
    if (!list.includes(ops)) return;
    this.lists[ops.family][ops.hook] = list.filter((o) => o !== ops);
    this.count--;
    this.update();
  }

  private update(): void {
    this.ns.netfilter = this.count > 0 ? this : null;
    const any = (family: HookFamily) => this.lists[family].some((l) => l.length > 0);
    this.bridge = any('bridge')
      ? {
          prerouting: (skb, input) => this.run('bridge', HOOK.PREROUTING, skb, input, null),
          input: (skb, input) => this.run('bridge', HOOK.INPUT, skb, input, null),
          forward: (skb, input, output) => this.run('bridge', HOOK.FORWARD, skb, input, output),
          output: (skb, output) => this.run('bridge', HOOK.OUTPUT, skb, null, output),
          postrouting: (skb, output) => this.run('bridge', HOOK.POSTROUTING, skb, null, output),
        }
      : null;
    this.arp = any('arp')
      ? {
          input: (skb, input) => this.run('arp', HOOK.INPUT, skb, input, null),
          output: (skb, output) => this.run('arp', HOOK.OUTPUT, skb, null, output),
        }
      : null;
  }

  /**
   * nf_hook_slow: runs a hook's functions. @param after only functions of a higher priority than this
   * (NF_HOOK_THRESH, for who re-enters a hook in the middle).
   */
  run(family: HookFamily, hook: number, skb: Skb, input: Link | null, output: Link | null, after?: number): number {
    const list = this.lists[family][hook]!;
    for (let i = 0; i < list.length; i++) {
      const ops = list[i]!;
      if (after !== undefined && ops.priority <= after) continue;
      const verdict = ops.fn(skb, hook, input, output);
      if (verdict === NF.ACCEPT) continue;
      if (this.ns.tracer.active) this.tell(family, hook, skb, verdict);
      if (verdict === NF.DROP) this.ns.drop(skb, 'NETFILTER_DROP', HOOK_NAMES[hook]!);
      return verdict;
    }
    if (list.length > 0 && this.ns.tracer.active) this.tell(family, hook, skb, NF.ACCEPT);
    return NF.ACCEPT;
  }

  private tell(family: HookFamily, hook: number, skb: Skb, verdict: number): void {
    const name = verdict === NF.ACCEPT ? 'accept' : verdict === NF.DROP ? 'drop' : 'stolen';
    this.ns.trace(skb, { event: 'hook', family, hook: HOOK_NAMES[hook]!, verdict: name });
  }

  private runIp(hook: number, skb: Skb, input: Link | null, output: Link | null): number {
    return this.run(skb.etherType === ETHERTYPE.IPV6 ? 'ip6' : 'ip', hook, skb, input, output);
  }

  prerouting(skb: Skb, input: Link): number {
    // A bridged packet has been here already, by br_netfilter (ip_sabotage_in).
    if (skb.bridgeIn !== null) return NF.ACCEPT;
    return this.runIp(HOOK.PREROUTING, skb, input, null);
  }

  input(skb: Skb, input: Link): number {
    return this.runIp(HOOK.INPUT, skb, input, null);
  }

  forward(skb: Skb, input: Link, output: Link): number {
    return this.runIp(HOOK.FORWARD, skb, input, output);
  }

  output(skb: Skb, output: Link): number {
    return this.runIp(HOOK.OUTPUT, skb, null, output);
  }

  postrouting(skb: Skb, input: Link | null, output: Link): number {
    return this.runIp(HOOK.POSTROUTING, skb, input, output);
  }
}

const tables = new WeakMap<NetNamespace, HookTable>();

/** The namespace's hooks. */
export function hooksOf(ns: NetNamespace): HookTable {
  let table = tables.get(ns);
  if (table === undefined) tables.set(ns, (table = new HookTable(ns)));
  return table;
}
