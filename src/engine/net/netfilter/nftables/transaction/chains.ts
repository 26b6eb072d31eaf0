/** Requests about chains. */
import type { BaseChain, Chain, NftFamily, Table, Verdict } from '../model';
import { NftError } from '../errors';
import { attachChain, detachChain } from '../attach';
import { RuleRequests } from './rules';
import type { ChainRef, ChainSpec, BaseSpec } from './requests';
import { putBack } from './log';

/** NFT_MSG_NEWCHAIN and its opposites. */
export abstract class ChainRequests extends RuleRequests {
  /** NFT_MSG_NEWCHAIN. An existing chain is returned; of a base chain the policy may change. */
  newChain(ref: ChainRef, spec: ChainSpec = {}): Chain {
    const table = this.mustTable(ref.family, ref.table);
    const old = table.chains.get(ref.chain);
    if (old !== undefined) {
      if (spec.exclusive === true) throw new NftError('EEXIST', 'chain');
      this.updateChain(old, spec);
      return old;
    }
    if (spec.policy !== undefined && spec.base === undefined) throw new NftError('EOPNOTSUPP', 'chain');
    if (spec.base !== undefined) this.checkBase(table, spec.base);
    const handle = ++table.handles;
    const base: BaseChain | undefined = spec.base && {
      ...spec.base,
      devices: spec.base.devices ?? [],
      policy: spec.policy ?? 'accept',
      counted: spec.counters !== undefined,
      packets: spec.counters?.[0] ?? 0,
      bytes: spec.counters?.[1] ?? 0,
      ops: [],
    };
    const chain: Chain = {
      table,
      name: ref.chain,
      handle,
      base,
      comment: spec.comment,
      rules: [],
      use: 0,
      callers: new Map(),
      code: undefined,
      prefilter: undefined,
      links: undefined,
    };
    table.chains.set(chain.name, chain);
    this.undo.push(() => table.chains.delete(chain.name));
    if (base !== undefined) {
      this.after.push(() => attachChain(this.ns, chain));
    }
    this.changes.push({ op: 'add', table, chain });
    return chain;
  }

  protected updateChain(chain: Chain, spec: ChainSpec): void {
    const { base } = chain;
    if (spec.base !== undefined) {
      const same =
        base !== undefined &&
        base.type === spec.base.type &&
        base.hook === spec.base.hook &&
        base.priority === spec.base.priority;
      if (!same) throw new NftError('EOPNOTSUPP');
    }
    if (spec.policy !== undefined) {
      if (base === undefined) throw new NftError('EOPNOTSUPP', 'chain');
      const before = base.policy;
      base.policy = spec.policy;
      this.undo.push(() => void (base.policy = before));
      this.changes.push({ op: 'add', table: chain.table, chain });
    }
    if (spec.counters !== undefined && base !== undefined) {
      const before = [base.packets, base.bytes, base.counted] as const;
      [base.packets, base.bytes] = spec.counters;
      base.counted = true;
      this.undo.push(() => void ([base.packets, base.bytes, base.counted] = before));
    }
  }

  protected checkBase(table: Table, base: BaseSpec): void {
    const hooks: Record<NftFamily, readonly string[]> = {
      ip: ['prerouting', 'input', 'forward', 'output', 'postrouting'],
      ip6: ['prerouting', 'input', 'forward', 'output', 'postrouting'],
      inet: ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress'],
      arp: ['input', 'output'],
      bridge: ['prerouting', 'input', 'forward', 'output', 'postrouting'],
      netdev: ['ingress', 'egress'],
    };
    if (!hooks[table.family].includes(base.hook)) throw new NftError('EOPNOTSUPP');
    if (base.type !== 'filter' && !['ip', 'ip6', 'inet'].includes(table.family)) throw new NftError('ENOENT', 'hook');
    if (base.type === 'nat') {
      if (base.hook === 'forward' || base.hook === 'ingress') throw new NftError('EOPNOTSUPP');
      if (base.priority <= -200) throw new NftError('EOPNOTSUPP');
    }
    if (base.type === 'route' && base.hook !== 'output') throw new NftError('EOPNOTSUPP');
    if (base.hook === 'ingress' || base.hook === 'egress') {
      if ((base.devices ?? []).length === 0) throw new NftError('EINVAL');
      for (const d of base.devices!) if (!this.ns.links.byName(d)) throw new NftError('ENOENT');
    }
  }

  /** Another name for a chain that is none of the base. */
  renameChain(ref: ChainRef, name: string): void {
    const chain = this.mustChain(ref);
    const { table } = chain;
    if (table.chains.has(name)) throw new NftError('EEXIST', 'chain');
    const before = chain.name;
    const rename = (to: string) => {
      const all = [...table.chains.values()];
      table.chains.clear();
      chain.name = to;
      for (const c of all) table.chains.set(c.name, c);
    };
    // Rules name chains: those that jump here follow.
    const retarget = (from: string, to: string) => {
      for (const c of table.chains.values())
        for (const r of c.rules)
          for (const e of r.exprs) if (e.kind === 'verdict' && e.chain === from) (e as { chain?: string }).chain = to;
      for (const s of table.sets.values())
        for (const e of s.index.values())
          if (e.verdict?.chain === from) (e as { verdict?: Verdict }).verdict = { ...e.verdict, chain: to };
      for (const c of table.chains.values()) this.dirty(c);
    };
    rename(name);
    retarget(before, name);
    this.undo.push(() => {
      rename(before);
      retarget(name, before);
    });
    this.changes.push({ op: 'add', table, chain });
  }

  /** NFT_MSG_DELCHAIN; its rules go with it. EBUSY while something jumps to it. */
  delChain(ref: ChainRef | { family: NftFamily; table: string; handle: number }): void {
    const chain =
      'handle' in ref
        ? [...this.mustTable(ref.family, ref.table).chains.values()].find((c) => c.handle === ref.handle)
        : this.mustChain(ref);
    if (chain === undefined) throw new NftError('ENOENT', 'handle');
    this.flush(chain);
    if (chain.use > 0) throw new NftError('EBUSY', 'chain');
    this.dropChain(chain);
  }

  protected dropChain(chain: Chain): void {
    const { table } = chain;
    table.chains.delete(chain.name);
    this.undo.push(() => putBack(table.chains, chain.name, chain));
    this.after.push(() => detachChain(this.ns, chain));
    this.changes.push({ op: 'delete', table, chain });
  }
}
