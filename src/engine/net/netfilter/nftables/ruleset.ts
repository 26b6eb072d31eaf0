/** A namespace's ruleset and the transactions that change it (net/netfilter/nf_tables_api.c). */
import type { Micros } from '../../../core';
import type { NetNamespace } from '../../namespace';
import type { HookFamily } from '../hook-table';
import type {
  BaseChain,
  Chain,
  Expr,
  Flowtable,
  NftFamily,
  NftObject,
  NftSet,
  ObjectType,
  Rule,
  SetElement,
  SetFlags,
  StatefulExpr,
  Table,
  Value,
  Verdict,
} from './model';
import { newIndex } from './elements';
import { InvalidRuleset, NftError } from './errors';
import { attachChain, detachChain } from './attach';
import { chainLinks, forgetLinks, holdsConntrack, setsOf, targetsOf, validateTable } from './validate';
import { forgetCode } from './evaluate';
import { cloneStateful, expired } from './state';
import { natApi } from '../../conntrack';
import { HOOK } from '../hook-table';
import { xtMatch, xtTarget } from '../xt/extension';
import type { XtPlace } from '../xt/extension';

/** Names a chain. */
export interface ChainRef {
  readonly family: NftFamily;
  readonly table: string;
  readonly chain: string;
}

/** What makes a chain a base chain, as asked for. */
export interface BaseSpec {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: string;
  readonly priority: number;
  readonly devices?: readonly string[];
}

/** What `newChain` is told. */
export interface ChainSpec {
  readonly base?: BaseSpec;
  /** May also change an existing base chain's. */
  readonly policy?: 'accept' | 'drop';
  /** Initial counters of the policy. */
  readonly counters?: readonly [packets: number, bytes: number];
  readonly comment?: string;
  /** NLM_F_EXCL: fail when it is there (`create`). */
  readonly exclusive?: boolean;
}

/** What `newRule` is told. The expressions become the rule's own: their counters count. */
export interface RuleSpec {
  readonly exprs: readonly Expr[];
  readonly comment?: string;
  readonly userdata?: unknown;
  readonly text?: string | (() => string);
}

/** Where a rule goes: at the end unless told otherwise. */
export interface RulePlace {
  /** Before all (or before `handle` or `index`) instead of after. */
  readonly insert?: boolean;
  /** Next to the rule with this handle. */
  readonly handle?: number;
  /** Next to the rule at this place, from 0. */
  readonly index?: number;
  /** Instead of the rule with this handle. */
  readonly replace?: number;
}

/** What `newSet` is told. */
export interface SetSpec {
  /** `__set%d` and `__map%d` get the next free number. */
  readonly name: string;
  readonly anonymous?: boolean;
  readonly keyType: readonly string[];
  readonly keyTypeof?: string;
  readonly dataTypeof?: string;
  readonly dataType?: NftSet['dataType'];
  readonly flags?: SetFlags;
  readonly timeout?: Micros;
  readonly gcInterval?: Micros;
  readonly size?: number;
  readonly policy?: 'performance' | 'memory';
  readonly comment?: string;
  readonly autoMerge?: boolean;
  readonly exprs?: readonly StatefulExpr[];
  readonly exclusive?: boolean;
}

/** What `newElement` is told. */
export interface ElementSpec {
  readonly key: Value;
  readonly end?: Value;
  readonly data?: Value;
  readonly dataEnd?: Value;
  readonly verdict?: Verdict;
  readonly object?: string;
  readonly comment?: string;
  readonly timeout?: Micros;
  /** Microseconds left, when less than the timeout. */
  readonly expires?: Micros;
  readonly exprs?: readonly StatefulExpr[];
  readonly catchall?: boolean;
}

/** A change that was committed, for `nft monitor`. */
export interface NftChange {
  readonly op: 'add' | 'delete' | 'replace' | 'insert';
  readonly table: Table;
  readonly chain?: Chain;
  readonly rule?: Rule;
  /** Rule after which (or `insert`: before which) it stands. */
  readonly next?: Rule;
  readonly set?: NftSet;
  readonly element?: SetElement;
  readonly object?: NftObject;
  readonly flowtable?: Flowtable;
}

/** Changes that become visible together, or not at all. Every method throws {@link NftError} (an Errno). */
export class Transaction {
  private readonly undo: (() => void)[] = [];
  private readonly after: (() => void)[] = [];
  /** Tables whose jumps or hook-bound expressions changed. */
  readonly toValidate = new Set<Table>();
  readonly changes: NftChange[] = [];

  constructor(
    private readonly ruleset: Ruleset,
    private readonly validateEach: boolean,
  ) {}

  private get ns(): NetNamespace {
    return this.ruleset.ns;
  }

  /** Does the error mean that the ruleset as a whole is wrong, so that the batch must be run again to find the culprit? */
  invalid(error: NftError): boolean {
    return !this.validateEach && error instanceof InvalidRuleset;
  }

  /** A place to come back to with {@link rollback}, so that one refused request leaves nothing behind. */
  get mark(): number {
    return this.undo.length;
  }

  /** Undoes everything, or what came after a mark. */
  rollback(mark = 0): void {
    while (this.undo.length > mark) this.undo.pop()!();
  }

  /** Hangs chains in and out, forgets compiled code. */
  finish(): void {
    for (const f of this.after) f();
  }

  private mustValidate(table: Table): void {
    this.toValidate.add(table);
    if (this.validateEach) validateTable(table);
  }

  // --- tables -----------------------------------------------------------------------------------------------------------

  /** NFT_MSG_NEWTABLE. An existing one is returned, unless `exclusive`; its dormancy may be changed. */
  newTable(
    family: NftFamily,
    name: string,
    o: { dormant?: boolean; comment?: string; exclusive?: boolean } = {},
  ): Table {
    const old = this.ruleset.table(family, name);
    if (old !== undefined) {
      if (o.exclusive === true) throw new NftError('EEXIST', 'table');
      if (o.dormant !== undefined && o.dormant !== old.dormant) this.setDormant(old, o.dormant);
      return old;
    }
    const table: Table = {
      family,
      name,
      handle: ++this.ruleset.tableHandles,
      dormant: o.dormant ?? false,
      comment: o.comment,
      chains: new Map(),
      sets: new Map(),
      objects: new Map(),
      flowtables: new Map(),
      handles: 0,
    };
    this.ruleset.add(table);
    this.undo.push(() => this.ruleset.remove(table));
    this.changes.push({ op: 'add', table });
    return table;
  }

  private setDormant(table: Table, dormant: boolean): void {
    table.dormant = dormant;
    this.undo.push(() => void (table.dormant = !dormant));
    this.after.push(() => {
      for (const c of table.chains.values()) {
        if (dormant) detachChain(this.ns, c);
        else attachChain(this.ns, c);
      }
    });
  }

  /** NFT_MSG_DELTABLE with all that is in it. */
  delTable(family: NftFamily, name: string | { handle: number }): void {
    const table =
      typeof name === 'string'
        ? this.ruleset.table(family, name)
        : this.ruleset.list(family).find((t) => t.handle === name.handle);
    if (table === undefined) throw new NftError('ENOENT', 'table');
    for (const chain of [...table.chains.values()]) this.flush(chain);
    for (const set of [...table.sets.values()]) this.dropSet(set);
    for (const flowtable of [...table.flowtables.values()]) this.delFlowtable(family, table.name, flowtable.name);
    for (const object of [...table.objects.values()]) this.dropObject(object);
    for (const chain of [...table.chains.values()]) this.dropChain(chain);
    const at = this.ruleset.position(table);
    this.ruleset.remove(table);
    this.undo.push(() => this.ruleset.add(table, at));
    this.changes.push({ op: 'delete', table });
  }

  private mustTable(family: NftFamily, name: string): Table {
    const table = this.ruleset.table(family, name);
    if (table === undefined) throw new NftError('ENOENT', 'table');
    return table;
  }

  private mustChain(ref: ChainRef): Chain {
    const chain = this.mustTable(ref.family, ref.table).chains.get(ref.chain);
    if (chain === undefined) throw new NftError('ENOENT', 'chain');
    return chain;
  }

  private mustSet(family: NftFamily, table: string, name: string): NftSet {
    const set = this.mustTable(family, table).sets.get(name);
    if (set === undefined) throw new NftError('ENOENT', 'set');
    return set;
  }

  // --- chains -----------------------------------------------------------------------------------------------------------

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
      code: undefined,
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

  private updateChain(chain: Chain, spec: ChainSpec): void {
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

  private checkBase(table: Table, base: BaseSpec): void {
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

  private dropChain(chain: Chain): void {
    const { table } = chain;
    const all = [...table.chains];
    table.chains.delete(chain.name);
    this.undo.push(() => {
      table.chains.clear();
      for (const [n, c] of all) table.chains.set(n, c);
    });
    this.after.push(() => detachChain(this.ns, chain));
    this.changes.push({ op: 'delete', table, chain });
  }

  private dirty(chain: Chain): void {
    forgetCode(chain);
    forgetLinks(chain);
  }

  // --- rules ------------------------------------------------------------------------------------------------------------

  /** NFT_MSG_NEWRULE. */
  newRule(ref: ChainRef, spec: RuleSpec, place: RulePlace = {}): Rule {
    const chain = this.mustChain(ref);
    const { table } = chain;
    let at = place.insert === true ? 0 : chain.rules.length;
    let old: Rule | undefined;
    const near = place.replace ?? place.handle;
    if (near !== undefined) {
      at = chain.rules.findIndex((r) => r.handle === near);
      if (at < 0) throw new NftError('ENOENT', place.replace === undefined ? 'position' : 'handle');
      if (place.replace !== undefined) old = chain.rules[at];
      else if (place.insert !== true) at++;
    } else if (place.index !== undefined) {
      at = place.index;
      if (at >= chain.rules.length) throw new NftError('ENOENT', 'position');
      if (place.insert !== true) at++;
    }
    this.checkReferences(table, spec.exprs);
    this.checkExtensions(chain, spec.exprs);
    const rule: Rule = {
      chain,
      handle: ++table.handles,
      exprs: spec.exprs,
      comment: spec.comment,
      userdata: spec.userdata,
      text: spec.text,
    };
    if (old !== undefined) this.unlinkRule(chain, at);
    this.linkRule(chain, at, rule);
    this.changes.push({ op: old ? 'replace' : place.insert === true ? 'insert' : 'add', table, chain, rule });
    return rule;
  }

  private checkReferences(table: Table, exprs: readonly Expr[]): void {
    for (const name of targetsOf(exprs)) {
      const target = table.chains.get(name);
      if (target === undefined) throw new NftError('ENOENT', 'target');
      if (target.base !== undefined) throw new NftError('EOPNOTSUPP', 'target');
    }
    for (const name of setsOf(exprs)) if (!table.sets.has(name)) throw new NftError('ENOENT', 'set');
    for (const e of exprs)
      if (e.kind === 'objref' && !table.objects.has(`${e.type} ${e.name}`)) throw new NftError('ENOENT', 'object');
  }

  /** What xtables extensions say about where they are to stand. */
  private checkExtensions(chain: Chain, exprs: readonly Expr[]): void {
    let place: XtPlace | undefined;
    for (const e of exprs) {
      if (e.kind !== 'match' && e.kind !== 'target') continue;
      const extension = e.kind === 'match' ? xtMatch(e.name) : xtTarget(e.name);
      if (extension === undefined) throw new NftError('ENOENT');
      const error = extension.check?.(e.info, (place ??= placeOf(chain, exprs)), this.ns);
      if (error !== undefined) throw new NftError(error);
    }
  }

  private linkRule(chain: Chain, at: number, rule: Rule): void {
    const appended = at === chain.rules.length;
    // Appending is by far the commonest: it copies nothing. Readers of a list under way see no half-made change.
    if (appended) chain.rules.push(rule);
    else chain.rules = [...chain.rules.slice(0, at), rule, ...chain.rules.slice(at)];
    this.refer(rule, 1);
    // nft_dynset: a set that packets fill has a limit.
    for (const e of rule.exprs) {
      const filled = e.kind === 'dynset' ? chain.table.sets.get(e.set) : undefined;
      if (filled !== undefined && filled.size === undefined) (filled as { size: number | undefined }).size = 65535;
    }
    this.undo.push(() => {
      chain.rules = chain.rules.filter((r) => r !== rule);
      this.refer(rule, -1);
      this.dirty(chain);
    });
    const before = chainLinks(chain, appended ? rule : undefined);
    forgetCode(chain, appended);
    if (before) this.mustValidate(chain.table);
  }

  private unlinkRule(chain: Chain, at: number): void {
    const rule = chain.rules[at]!;
    const before = chain.rules;
    chain.rules = [...before.slice(0, at), ...before.slice(at + 1)];
    this.refer(rule, -1);
    this.dirty(chain);
    this.undo.push(() => {
      chain.rules = before;
      this.refer(rule, 1);
      this.dirty(chain);
    });
    this.dropAnonymous(rule);
  }

  /** Anonymous sets live as long as their rule. */
  private dropAnonymous(rule: Rule): void {
    for (const name of setsOf(rule.exprs)) {
      const set = rule.chain.table.sets.get(name);
      if (set?.anonymous === true) this.dropSet(set);
    }
  }

  /** Counts what a rule refers to. */
  private refer(rule: Rule, by: 1 | -1): void {
    const { table } = rule.chain;
    for (const name of targetsOf(rule.exprs)) {
      const chain = table.chains.get(name);
      if (chain) chain.use += by;
    }
    for (const name of setsOf(rule.exprs)) {
      const set = table.sets.get(name);
      if (set) set.use += by;
    }
    const xtFamily = table.family === 'ip6' ? 'ip6' : 'ip';
    for (const e of rule.exprs) {
      if (e.kind === 'objref') {
        const object = table.objects.get(`${e.type} ${e.name}`);
        if (object) object.use += by;
      } else if (e.kind === 'match') {
        const m = xtMatch(e.name);
        if (by > 0) m?.added?.(e.info, this.ns, xtFamily);
        else m?.removed?.(e.info, this.ns, xtFamily);
      } else if (e.kind === 'target') {
        const t = xtTarget(e.name);
        if (by > 0) t?.added?.(e.info, this.ns, xtFamily);
        else t?.removed?.(e.info, this.ns, xtFamily);
      }
    }
    if (holdsConntrack(rule.exprs)) {
      const family = table.family === 'inet' ? undefined : (table.family as HookFamily);
      if (by > 0) natApi.hold(this.ns, family);
      else natApi.release(this.ns, family);
    }
  }

  /** NFT_MSG_DELRULE. */
  delRule(ref: ChainRef, handle: number): void {
    const chain = this.mustChain(ref);
    const at = chain.rules.findIndex((r) => r.handle === handle);
    if (at < 0) throw new NftError('ENOENT', 'handle');
    const rule = chain.rules[at]!;
    this.unlinkRule(chain, at);
    this.changes.push({ op: 'delete', table: chain.table, chain, rule });
  }

  /** Deletes a chain's rules. */
  flushChain(ref: ChainRef): void {
    this.flush(this.mustChain(ref));
  }

  /** Deletes the rules of all chains of a table. */
  flushTable(family: NftFamily, name: string): void {
    for (const chain of this.mustTable(family, name).chains.values()) this.flush(chain);
  }

  private flush(chain: Chain): void {
    if (chain.rules.length === 0) return;
    for (const rule of chain.rules) this.changes.push({ op: 'delete', table: chain.table, chain, rule });
    const before = chain.rules;
    const all = (by: 1 | -1) => {
      for (const rule of before) this.refer(rule, by);
      this.dirty(chain);
    };
    chain.rules = [];
    all(-1);
    this.undo.push(() => {
      chain.rules = before;
      all(1);
    });
    for (const rule of before) this.dropAnonymous(rule);
  }

  /** Deletes all tables, or those of one family. */
  flushRuleset(family?: NftFamily): void {
    for (const t of [...this.ruleset.list(family)]) this.delTable(t.family, t.name);
  }

  // --- sets -------------------------------------------------------------------------------------------------------------

  /** NFT_MSG_NEWSET. */
  newSet(family: NftFamily, tableName: string, spec: SetSpec): NftSet {
    const table = this.mustTable(family, tableName);
    let { name } = spec;
    if (name.includes('%d')) {
      let n = 0;
      while (table.sets.has(name.replace('%d', String(n)))) n++;
      name = name.replace('%d', String(n));
    }
    const old = table.sets.get(name);
    if (old !== undefined) {
      if (spec.exclusive === true) throw new NftError('EEXIST', 'set');
      if (old.keyType.join() !== spec.keyType.join() || JSON.stringify(old.dataType) !== JSON.stringify(spec.dataType))
        throw new NftError('EEXIST', 'set');
      return old;
    }
    const flags: SetFlags = { ...spec.flags, ...(spec.timeout !== undefined ? { timeout: true } : {}) };
    const set: NftSet = {
      table,
      name,
      handle: ++table.handles,
      anonymous: spec.anonymous ?? false,
      keyType: spec.keyType,
      ...(spec.keyTypeof !== undefined ? { keyTypeof: spec.keyTypeof } : {}),
      ...(spec.dataTypeof !== undefined ? { dataTypeof: spec.dataTypeof } : {}),
      ...(spec.dataType !== undefined ? { dataType: spec.dataType } : {}),
      flags,
      timeout: spec.timeout,
      gcInterval: spec.gcInterval,
      size: spec.size,
      policy: spec.policy ?? 'performance',
      comment: spec.comment,
      autoMerge: spec.autoMerge ?? false,
      exprs: spec.exprs ?? [],
      use: 0,
      index: newIndex(flags.interval === true, spec.keyType.length),
    };
    table.sets.set(name, set);
    this.undo.push(() => table.sets.delete(name));
    if (!set.anonymous) this.changes.push({ op: 'add', table, set });
    return set;
  }

  /** NFT_MSG_DELSET; EBUSY while rules use it. */
  delSet(family: NftFamily, table: string, name: string | { handle: number }): void {
    const set =
      typeof name === 'string'
        ? this.mustSet(family, table, name)
        : [...this.mustTable(family, table).sets.values()].find((s) => s.handle === name.handle);
    if (set === undefined) throw new NftError('ENOENT', 'set');
    if (set.use > 0) throw new NftError('EBUSY', 'set');
    this.dropSet(set);
  }

  private dropSet(set: NftSet): void {
    const { table } = set;
    for (const e of set.index.values()) this.referElement(set, e, -1);
    const all = [...table.sets];
    table.sets.delete(set.name);
    this.undo.push(() => {
      table.sets.clear();
      for (const [n, s] of all) table.sets.set(n, s);
      for (const e of set.index.values()) this.referElement(set, e, 1);
    });
    if (!set.anonymous) this.changes.push({ op: 'delete', table, set });
  }

  private referElement(set: NftSet, e: SetElement, by: 1 | -1): void {
    if (e.verdict?.chain !== undefined) {
      const chain = set.table.chains.get(e.verdict.chain);
      if (chain) chain.use += by;
    }
    if (e.object !== undefined && typeof set.dataType === 'object' && 'object' in set.dataType) {
      const object = set.table.objects.get(`${set.dataType.object} ${e.object}`);
      if (object) object.use += by;
    }
  }

  /**
   * NFT_MSG_NEWSETELEM. An equal element is left alone, unless `exclusive` or its data differ (EEXIST). Intervals that overlap
   * are EEXIST with the culprit `key`.
   */
  newElement(family: NftFamily, table: string, name: string, spec: ElementSpec, exclusive = false): SetElement {
    const set = this.mustSet(family, table, name);
    if (spec.verdict?.chain !== undefined) {
      const target = set.table.chains.get(spec.verdict.chain);
      if (target === undefined) throw new NftError('ENOENT', 'target');
      if (target.base !== undefined) throw new NftError('EOPNOTSUPP', 'target');
    }
    if (spec.object !== undefined && typeof set.dataType === 'object' && 'object' in set.dataType)
      if (!set.table.objects.has(`${set.dataType.object} ${spec.object}`)) throw new NftError('ENOENT', 'object');
    const { now } = this.ns;
    const element = makeElement(set, spec, now);
    const same = spec.catchall === true ? catchallOf(set) : set.index.exact(element.key, element.end);
    if (same !== undefined && !expired(same, now)) {
      const differs =
        JSON.stringify([same.data, same.dataEnd, same.verdict, same.object]) !==
        JSON.stringify([element.data, element.dataEnd, element.verdict, element.object]);
      if (exclusive || differs) throw new NftError('EEXIST', 'key');
      return same;
    }
    if (same !== undefined) set.index.remove(same);
    if (set.flags.interval === true && !element.catchall) {
      const other = set.index.overlapping(element.key, element.end, now);
      if (other !== undefined) throw new NftError('EEXIST', 'key', 'interval overlaps with an existing one');
    }
    if (set.size !== undefined && set.index.size >= set.size) throw new NftError('ENFILE', 'key');
    set.index.add(element);
    this.referElement(set, element, 1);
    this.undo.push(() => {
      set.index.remove(element);
      this.referElement(set, element, -1);
    });
    if (element.verdict?.chain !== undefined) this.mustValidate(set.table);
    if (!set.anonymous) this.changes.push({ op: 'add', table: set.table, set, element });
    return element;
  }

  /** NFT_MSG_DELSETELEM. */
  delElement(family: NftFamily, table: string, name: string, key: Value, end: Value = key, catchall = false): void {
    const set = this.mustSet(family, table, name);
    const element = catchall ? catchallOf(set) : set.index.exact(key, end);
    if (element === undefined || expired(element, this.ns.now)) throw new NftError('ENOENT', 'key');
    this.dropElement(set, element);
  }

  private dropElement(set: NftSet, element: SetElement): void {
    set.index.remove(element);
    this.referElement(set, element, -1);
    this.undo.push(() => {
      set.index.add(element);
      this.referElement(set, element, 1);
    });
    this.changes.push({ op: 'delete', table: set.table, set, element });
  }

  /** Deletes all elements. */
  flushSet(family: NftFamily, table: string, name: string): void {
    const set = this.mustSet(family, table, name);
    for (const e of [...set.index.values()]) this.dropElement(set, e);
  }

  // --- objects ----------------------------------------------------------------------------------------------------------

  /** NFT_MSG_NEWOBJ. */
  newObject(
    family: NftFamily,
    tableName: string,
    spec: { type: ObjectType; name: string; state: NftObject['state']; comment?: string; exclusive?: boolean },
  ): NftObject {
    const table = this.mustTable(family, tableName);
    const key = `${spec.type} ${spec.name}`;
    const old = table.objects.get(key);
    if (old !== undefined) {
      if (spec.exclusive === true) throw new NftError('EEXIST', 'object');
      return old;
    }
    const object: NftObject = {
      table,
      type: spec.type,
      name: spec.name,
      handle: ++table.handles,
      comment: spec.comment,
      state: spec.state,
      use: 0,
    };
    table.objects.set(key, object);
    this.undo.push(() => table.objects.delete(key));
    this.changes.push({ op: 'add', table, object });
    return object;
  }

  /** NFT_MSG_DELOBJ; EBUSY while rules or maps use it. */
  delObject(family: NftFamily, tableName: string, type: ObjectType, name: string): void {
    const object = this.mustTable(family, tableName).objects.get(`${type} ${name}`);
    if (object === undefined) throw new NftError('ENOENT', 'object');
    if (object.use > 0) throw new NftError('EBUSY', 'object');
    this.dropObject(object);
  }

  private dropObject(object: NftObject): void {
    const { table } = object;
    const all = [...table.objects];
    table.objects.delete(`${object.type} ${object.name}`);
    this.undo.push(() => {
      table.objects.clear();
      for (const [n, o] of all) table.objects.set(n, o);
    });
    this.changes.push({ op: 'delete', table, object });
  }

  /** NFT_MSG_NEWFLOWTABLE. */
  newFlowtable(
    family: NftFamily,
    tableName: string,
    spec: { name: string; priority: number; devices: readonly string[]; exclusive?: boolean },
  ): Flowtable {
    const table = this.mustTable(family, tableName);
    const old = table.flowtables.get(spec.name);
    if (old !== undefined) {
      if (spec.exclusive === true) throw new NftError('EEXIST', 'object');
      return old;
    }
    for (const d of spec.devices) if (!this.ns.links.byName(d)) throw new NftError('ENOENT');
    const { name, priority, devices } = spec;
    const flowtable: Flowtable = { name, handle: ++table.handles, hook: 'ingress', priority, devices };
    table.flowtables.set(name, flowtable);
    this.undo.push(() => table.flowtables.delete(name));
    return flowtable;
  }

  /** NFT_MSG_DELFLOWTABLE. */
  delFlowtable(family: NftFamily, tableName: string, name: string): void {
    const table = this.mustTable(family, tableName);
    const old = table.flowtables.get(name);
    if (old === undefined) throw new NftError('ENOENT', 'object');
    table.flowtables.delete(name);
    this.undo.push(() => table.flowtables.set(name, old));
  }
}

const HOOK_BIT: Readonly<Record<string, number>> = {
  prerouting: 1 << HOOK.PREROUTING,
  input: 1 << HOOK.INPUT,
  forward: 1 << HOOK.FORWARD,
  output: 1 << HOOK.OUTPUT,
  postrouting: 1 << HOOK.POSTROUTING,
};

/** Where a rule with these expressions stands. */
function placeOf(chain: Chain, exprs: readonly Expr[]): XtPlace {
  let protocol = 0;
  let inverted = false;
  for (const e of exprs) {
    const left = e.kind === 'cmp' ? e.left : undefined;
    const isProtocol =
      (left?.kind === 'meta' && left.key === 'l4proto') ||
      (left?.kind === 'payload' && (left.field === 'ip protocol' || left.field === 'ip6 nexthdr'));
    if (e.kind === 'cmp' && isProtocol) {
      protocol = e.value as number;
      inverted = e.op === '!=';
    }
  }
  const { family, name } = chain.table;
  return {
    family: family === 'ip6' ? 'ip6' : 'ip',
    table: name,
    hooks: chain.base === undefined ? 0 : (HOOK_BIT[chain.base.hook] ?? 0),
    protocol,
    protocolInverted: inverted,
  };
}

function catchallOf(set: NftSet): SetElement | undefined {
  for (const e of set.index.values()) if (e.catchall) return e;
  return undefined;
}

/** The element that a request describes. */
export function makeElement(set: NftSet, spec: ElementSpec, now: Micros): SetElement {
  const timeout = spec.timeout ?? set.timeout;
  return {
    key: spec.key,
    end: spec.end ?? spec.key,
    ...(spec.data !== undefined ? { data: spec.data } : {}),
    ...(spec.dataEnd !== undefined ? { dataEnd: spec.dataEnd } : {}),
    ...(spec.verdict !== undefined ? { verdict: spec.verdict } : {}),
    ...(spec.object !== undefined ? { object: spec.object } : {}),
    comment: spec.comment,
    timeout: spec.timeout,
    expires: timeout === undefined || timeout === 0 ? undefined : now + (spec.expires ?? timeout),
    exprs: (spec.exprs ?? set.exprs).map(cloneStateful),
    catchall: spec.catchall ?? false,
  };
}

/** The process that committed a batch. */
export interface Committer {
  readonly pid: number;
  readonly name: string;
}

const NOBODY: Committer = { pid: 0, name: 'kernel' };

/** All tables of one namespace. */
export class Ruleset {
  private readonly tables: Table[] = [];
  private readonly byName = new Map<string, Table>();
  private readonly listeners = new Set<(changes: readonly NftChange[], by: Committer) => void>();
  /** Counts committed batches; `nft` and iptables see by it that somebody else changed the ruleset. */
  generation = 1;
  /** Handle of the newest table. */
  tableHandles = 0;

  constructor(readonly ns: NetNamespace) {}

  /** A table by family and name. */
  table(family: NftFamily, name: string): Table | undefined {
    return this.byName.get(`${family} ${name}`);
  }

  /** In order of creation. */
  list(family?: NftFamily): readonly Table[] {
    return family === undefined ? this.tables : this.tables.filter((t) => t.family === family);
  }

  /** @internal */
  add(table: Table, at = this.tables.length): void {
    this.tables.splice(at, 0, table);
    this.byName.set(`${table.family} ${table.name}`, table);
  }

  /** @internal */
  remove(table: Table): void {
    this.tables.splice(this.tables.indexOf(table), 1);
    this.byName.delete(`${table.family} ${table.name}`);
  }

  /** @internal */
  position(table: Table): number {
    return this.tables.indexOf(table);
  }

  /**
   * Runs a batch: all of it or nothing takes effect. `batch` may be run a second time, to find which of its requests
   * made the ruleset invalid, so it must make its requests afresh each time. @param check only try (`nft -c`)
   * @param by who asks, for `nft monitor`
   * @throws NftError of the first request that fails
   */
  commit<T>(batch: (tx: Transaction) => T, check = false, by: Committer = NOBODY): T {
    const handles = this.tables.map((t) => [t, t.handles] as const);
    const tableHandles = this.tableHandles;
    const run = (each: boolean): T => {
      const tx = new Transaction(this, each);
      try {
        const result = batch(tx);
        for (const table of tx.toValidate) validateTable(table);
        if (check) {
          tx.rollback();
          for (const [t, n] of handles) t.handles = n;
          this.tableHandles = tableHandles;
          return result;
        }
        tx.finish();
        if (tx.changes.length > 0) {
          this.generation++;
          for (const l of this.listeners) l(tx.changes, by);
        }
        return result;
      } catch (error) {
        tx.rollback();
        if (!each && error instanceof InvalidRuleset) return run(true);
        throw error;
      }
    };
    return run(false);
  }

  /** Calls `listener` after each batch until the returned function is called. */
  listen(listener: (changes: readonly NftChange[], by: Committer) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

const rulesets = new WeakMap<NetNamespace, Ruleset>();

/** The namespace's ruleset. */
export function rulesetOf(ns: NetNamespace): Ruleset {
  let r = rulesets.get(ns);
  if (r === undefined) rulesets.set(ns, (r = new Ruleset(ns)));
  return r;
}
