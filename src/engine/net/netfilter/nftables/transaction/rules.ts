/** Requests about rules; what a rule refers to is counted and cannot go while it does. */
import { HOOK } from '../../hook-table';
import type { HookFamily } from '../../hook-table';
import type { Chain, Expr, NftFamily, Rule, Table } from '../model';
import { NftError } from '../errors';
import { chainLinks, forgetLinks, holdsConntrack, setsOf, targetsOf } from '../validate';
import { forgetCode } from '../evaluate';
import { natApi } from '../../../conntrack';
import { xtMatch, xtTarget } from '../../xt/extension';
import type { XtPlace } from '../../xt/extension';
import { SetRequests } from './sets';
import type { ChainRef, RuleSpec, RulePlace } from './requests';

/** NFT_MSG_NEWRULE and its opposites. */
export abstract class RuleRequests extends SetRequests {
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

  protected checkReferences(table: Table, exprs: readonly Expr[]): void {
    for (const name of targetsOf(exprs)) {
      const target = table.chains.get(name);
      if (target === undefined) throw new NftError('ENOENT', 'target');
      if (target.base !== undefined) throw new NftError('EOPNOTSUPP', 'target');
    }
    for (const name of setsOf(exprs)) if (!table.sets.has(name)) throw new NftError('ENOENT', 'set');
    for (const e of exprs)
      if (e.kind === 'objref' && !table.objects.has(`${e.type} ${e.name}`)) throw new NftError('ENOENT', 'object');
      else if (e.kind === 'dynset' && e.exprs.length > 0) {
        // What a set's elements count is a matter of the set when it says so itself (nft_dynset_init).
        const own = table.sets.get(e.set)!.exprs;
        if (own.length > 0 && own.map((x) => x.kind).join() !== e.exprs.map((x) => x.kind).join())
          throw new NftError('EOPNOTSUPP', 'dynset');
      }
  }

  /** What xtables extensions say about where they are to stand. */
  protected checkExtensions(chain: Chain, exprs: readonly Expr[]): void {
    let place: XtPlace | undefined;
    for (const e of exprs) {
      if (e.kind !== 'match' && e.kind !== 'target') continue;
      const extension = e.kind === 'match' ? xtMatch(e.name) : xtTarget(e.name);
      if (extension === undefined) throw new NftError('ENOENT');
      const error = extension.check?.(e.info, (place ??= placeOf(chain, exprs)), this.ns);
      if (error !== undefined) throw new NftError(error);
    }
  }

  protected linkRule(chain: Chain, at: number, rule: Rule): void {
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

  protected unlinkRule(chain: Chain, at: number): void {
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
  protected dropAnonymous(rule: Rule): void {
    for (const name of setsOf(rule.exprs)) {
      const set = rule.chain.table.sets.get(name);
      if (set?.anonymous === true) this.dropSet(set);
    }
  }

  /** Counts what a rule refers to. */
  protected refer(rule: Rule, by: 1 | -1): void {
    const { table } = rule.chain;
    for (const name of targetsOf(rule.exprs)) {
      const chain = table.chains.get(name);
      if (chain === undefined) continue;
      chain.use += by;
      const jumps = (chain.callers.get(rule.chain) ?? 0) + by;
      if (jumps === 0) chain.callers.delete(rule.chain);
      else chain.callers.set(rule.chain, jumps);
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
    this.changes.push({ op: 'delete', table: chain.table, chain, rule });
    this.unlinkRule(chain, at);
  }

  /** Deletes a chain's rules. */
  flushChain(ref: ChainRef): void {
    this.flush(this.mustChain(ref));
  }

  /** Deletes the rules of all chains of a table. */
  flushTable(family: NftFamily, name: string): void {
    for (const chain of this.mustTable(family, name).chains.values()) this.flush(chain);
  }

  protected flush(chain: Chain): void {
    if (chain.rules.length === 0) return;
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
    for (const rule of before) {
      this.changes.push({ op: 'delete', table: chain.table, chain, rule });
      this.dropAnonymous(rule);
    }
  }

  protected dirty(chain: Chain): void {
    forgetCode(chain);
    forgetLinks(chain);
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
