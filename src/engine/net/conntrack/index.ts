/** Connection tracking and NAT. Only what configures them imports this: a machine without rules does not load it. */
import { NF } from '../hooks';
import type { NetHost, NetNamespace } from '../namespace';
import type { HookFamily, HookOps } from '../netfilter/hook-table';
import { HOOK, PRIORITY, hooksOf } from '../netfilter/hook-table';
import type { Skb } from '../skb';
import type { Conn } from './conn';
import { CT_STATUS } from './conn';
import { Connection } from './connection';
import { Conntrack } from './conntrack';
import { Nat } from './nat-core';
import type { NatApi } from './nat';
import { atNamespaceEnd, everyNamespace } from '../pernet';
import { registerConntrackFiles } from './proc';
import { showSettings } from './settings';
import { makeTuple } from './tuple';

export * from './attach';
export * from './conn';
export * from './connection';
export * from './conntrack';
export * from './nat';
export * from './reroute';
export * from './tcp';
export * from './text';
export * from './tuple';

type Tracked = 'ip' | 'ip6';

/** Connection tracking of a namespace with who holds it. */
class PerNamespace {
  readonly ct: Conntrack;
  private ownNat: Nat | null = null;
  private readonly users: Record<Tracked, number> = { ip: 0, ip6: 0 };
  private readonly hooks: Record<Tracked, HookOps[]> = { ip: [], ip6: [] };

  constructor(readonly ns: NetNamespace) {
    this.ct = new Conntrack(ns);
    showSettings(ns, this.ct.settings, () => this.ct.count);
    registerConntrackFiles(ns, this.ct);
    atNamespaceEnd(ns, () => {
      this.ct.stop();
      this.ownNat?.stop();
    });
  }

  get nat(): Nat {
    return (this.ownNat ??= new Nat(this.ns, this.ct));
  }

  /** nf_ct_netns_do_get */
  hold(family: Tracked): void {
    if (this.users[family]++ > 0) return;
    const { ns, ct } = this;
    const inHook: HookOps['fn'] = (skb, hook) => ct.in(skb, hook);
    const confirm: HookOps['fn'] = (skb) => ct.confirm(skb);
    const defrag: HookOps['fn'] = (skb) => gather(ns, skb);
    const ops: HookOps[] = [];
    for (const hook of [HOOK.PREROUTING, HOOK.OUTPUT]) {
      ops.push({ family, hook, priority: PRIORITY.CONNTRACK_DEFRAG, fn: defrag });
      ops.push({ family, hook, priority: PRIORITY.CONNTRACK, fn: inHook });
    }
    for (const hook of [HOOK.INPUT, HOOK.POSTROUTING])
      ops.push({ family, hook, priority: PRIORITY.CONNTRACK_CONFIRM, fn: confirm });
    for (const o of ops) hooksOf(ns).register(o);
    this.hooks[family] = ops;
  }

  /** nf_ct_netns_do_put */
  release(family: Tracked): void {
    if (this.users[family] === 0 || --this.users[family] > 0) return;
    for (const o of this.hooks[family]) hooksOf(this.ns).unregister(o);
    this.hooks[family] = [];
  }
}

/** ipv4_conntrack_defrag, ipv6_defrag: rules and connections see whole packets. */
function gather(ns: NetNamespace, skb: Skb): number {
  const p = skb.payload;
  let whole: Skb | null;
  if (p.kind === 'ipv4') {
    if (!p.mf && p.fragmentOffset === 0) return NF.ACCEPT;
    whole = ns.ip4.input.reassemble(skb);
  } else if (p.kind === 'ipv6') {
    if (p.fragment === undefined) return NF.ACCEPT;
    whole = ns.ip6.input.reassemble(skb);
  } else return NF.ACCEPT;
  if (whole === null) return NF.STOLEN;
  if (whole !== skb) {
    // The first fragment's buffer holds the packet; the one that completed it goes on.
    skb.setPayload(whole.payload);
    skb.maxFragment = whole.maxFragment;
  }
  return NF.ACCEPT;
}

const perNamespace = new WeakMap<NetNamespace, PerNamespace>();
const loaded = new WeakSet<NetHost>();

function of(ns: NetNamespace): PerNamespace {
  let p = perNamespace.get(ns);
  if (p === undefined) {
    if (!loaded.has(ns.host)) {
      // modprobe nf_conntrack: every namespace of the machine has the settings from now on.
      loaded.add(ns.host);
      everyNamespace(ns, (each) => void of(each));
      p = perNamespace.get(ns);
    }
    if (p === undefined) perNamespace.set(ns, (p = new PerNamespace(ns)));
  }
  return p;
}

/** Connection tracking of `ns`; loads it into the machine. Nothing is tracked before somebody holds it. */
export function conntrackOf(ns: NetNamespace): Conntrack {
  return of(ns).ct;
}

const families = (family: HookFamily | undefined): readonly Tracked[] =>
  family === undefined ? ['ip', 'ip6'] : family === 'ip' || family === 'ip6' ? [family] : [];

/** Connection tracking and NAT for rulesets. */
export const natApi: NatApi = {
  setup: (ns, skb, range, kind) => of(ns).nat.setup(skb, range, kind),
  masquerade: (ns, skb, range, output) => of(ns).nat.masquerade(skb, range, output),
  redirect: (ns, skb, range, hook, input) => of(ns).nat.redirect(skb, range, hook, input),
  netmap: (ns, skb, range, kind, prefixLength) => of(ns).nat.netmap(skb, range, kind, prefixLength),
  registerChain: (ns, ops) => void of(ns).nat.register(ops),
  unregisterChain: (ns, ops) => void of(ns).nat.unregister(ops),
  hold(ns, family) {
    for (const f of families(family)) of(ns).hold(f);
  },
  release(ns, family) {
    for (const f of families(family)) of(ns).release(f);
  },
};

/** A template for the raw table's CT target: connections that begin with a packet that has it are in its zone. */
export function conntrackTemplate(zone: number): Conn {
  const none = makeTuple('inet', 0, 0, 0, 0, 0);
  const template = new Connection(0, none, none, zone);
  template.status = CT_STATUS.TEMPLATE | CT_STATUS.CONFIRMED;
  return template;
}
