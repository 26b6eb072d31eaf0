/** iptables-nft: iptables on nf_tables (iptables/nft.c). */
import type { ErrnoCode } from '../../../core';
import { isErrno, strerror } from '../../../core';
import type { NetNamespace } from '../../../net/namespace';
import type { Chain, ChainRef, Expr, NftFamily, Rule, Table, Transaction } from '../../../net/netfilter/nftables';
import { rulesetOf } from '../../../net/netfilter/nftables';
import type { XtPlace } from '../../../net/netfilter/xt/extension';
import { xtMatch, xtTarget } from '../../../net/netfilter/xt/extension';
import type { BuiltinTable, XtCounters, XtRule } from '../../../net/netfilter/xt/rule';
import { BUILTIN_TABLES, builtinTable } from '../../../net/netfilter/xt/rule';
import type { XtFamily } from '../../../net/netfilter/xt/values';
import { legacyTableNames } from '../../../net/netfilter/legacy/registry';
import type { Backend, ChainView, TableSession } from './backend';
import { BAD_RULE, BatchError, NO_CHAIN, XtErrno } from './backend';
import { decodeRule } from './nft-decode';
import { encodeRule } from './nft-encode';
import { saveRule } from './print-rule';

/** A listing cannot be made: printed as it is, after the program's name and version. */
export class Incompatible extends Error {}

const HOOK_NUMBER: Readonly<Record<string, number>> = {
  prerouting: 0,
  input: 1,
  forward: 2,
  output: 3,
  postrouting: 4,
};

/** Where a rule of that chain would stand: the hooks from which packets come to it. */
function placeOf(chain: Chain, family: XtFamily, rule: { protocol: XtRule['protocol'] }): XtPlace {
  let hooks = 0;
  const seen = new Set<Chain>();
  const walk = (c: Chain): void => {
    if (seen.has(c)) return;
    seen.add(c);
    if (c.base !== undefined) hooks |= 1 << (HOOK_NUMBER[c.base.hook] ?? 0);
    for (const other of c.callers.keys()) walk(other);
  };
  walk(chain);
  return {
    family,
    table: chain.table.name,
    hooks,
    protocol: rule.protocol?.value ?? 0,
    protocolInverted: rule.protocol?.inverted ?? false,
  };
}

/** Asks the extensions of a rule whether it may stand there. */
function refusal(exprs: readonly Expr[], place: XtPlace, ns: NetNamespace): ErrnoCode | undefined {
  for (const e of exprs) {
    const code =
      e.kind === 'match'
        ? xtMatch(e.name)?.check?.(e.info, place, ns)
        : e.kind === 'target'
          ? xtTarget(e.name)?.check?.(e.info, place, ns)
          : undefined;
    if (code !== undefined) return code;
  }
  return undefined;
}

class NftSession implements TableSession {
  private readonly builtin: BuiltinTable;
  private readonly nft: NftFamily;

  constructor(
    private readonly ns: NetNamespace,
    private readonly family: XtFamily,
    readonly table: string,
    private readonly tx: Transaction,
  ) {
    this.builtin = builtinTable(table)!;
    this.nft = family;
  }

  private get live(): Table | undefined {
    return rulesetOf(this.ns).table(this.nft, this.table);
  }

  private ref(chain: string): ChainRef {
    return { family: this.nft, table: this.table, chain };
  }

  /** Makes the table, and a chain of its own when it is one (nft_xt_builtin_init). */
  private init(chain?: string): void {
    this.tx.newTable(this.nft, this.table);
    const own = this.builtin.chains.find((c) => c.name === chain);
    if (own === undefined || this.live!.chains.has(own.name)) return;
    const base = { type: this.builtin.type(own.name), hook: own.hook, priority: own.priority };
    this.tx.newChain(this.ref(own.name), { base, policy: 'accept' });
  }

  private real(name: string): Chain | undefined {
    return this.live?.chains.get(name);
  }

  private must(name: string): Chain {
    const chain = this.real(name);
    if (chain === undefined) throw new XtErrno(NO_CHAIN);
    return chain;
  }

  /** Is a base chain one that iptables would have made? */
  private isOwn(chain: Chain): boolean {
    const own = this.builtin.chains.find((c) => c.name === chain.name);
    return (
      chain.base !== undefined &&
      own !== undefined &&
      chain.base.hook === own.hook &&
      chain.base.priority === own.priority &&
      chain.base.type === this.builtin.type(own.name)
    );
  }

  private view(chain: Chain): ChainView {
    const { family } = this;
    return {
      name: chain.name,
      policy: chain.base === undefined ? undefined : chain.base.policy === 'accept' ? 'ACCEPT' : 'DROP',
      counters: chain.base ?? { packets: 0, bytes: 0 },
      references: chain.use,
      get rules() {
        return chain.rules.map((r) => {
          const rule = decodeRule(r.exprs, family);
          if (rule === undefined)
            throw new Incompatible(`table \`${chain.table.name}' is incompatible, use 'nft' tool.\n`);
          return rule;
        });
      },
    };
  }

  /** A chain of the table's own; while it is not there, or is another's of that name, an empty one is seen. */
  private own(name: string): ChainView {
    const real = this.real(name);
    return real !== undefined && this.isOwn(real)
      ? this.view(real)
      : { name, policy: 'ACCEPT', counters: { packets: 0, bytes: 0 }, references: 0, rules: [] };
  }

  chains(): readonly ChainView[] {
    const { live } = this;
    const own = this.builtin.chains.map((c) => this.own(c.name));
    const user = [...(live?.chains.values() ?? [])]
      .filter((c) => c.base === undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return [...own, ...user.map((c) => this.view(c))];
  }

  chain(name: string): ChainView | undefined {
    if (this.builtin.chains.some((c) => c.name === name)) return this.own(name);
    const real = this.real(name);
    if (real === undefined || real.base !== undefined)
      throw new Incompatible(`chain \`${name}' in table \`${this.table}' is incompatible, use 'nft' tool.\n`);
    return this.view(real);
  }

  exists(name: string): boolean {
    return this.real(name) !== undefined || this.builtin.chains.some((c) => c.name === name);
  }

  /** Runs a request of a batch. */
  private request<T>(what: string, where: string, f: () => T): T {
    try {
      return f();
    } catch (error) {
      if (!isErrno(error)) throw error;
      const problem = new BatchError(` ${what} failed (${strerror(error.code as ErrnoCode)}): ${where}`);
      throw problem;
    }
  }

  private put(
    what: string,
    chain: Chain,
    rule: XtRule,
    place: { insert?: boolean; handle?: number; replace?: number },
  ): void {
    const exprs = encodeRule(rule);
    const where = `rule in chain ${chain.name}`;
    const fail = (code: ErrnoCode): never => {
      throw new BatchError(` ${what} failed (${strerror(code)}): ${where}`);
    };
    // The ruleset itself asks extensions about base chains; what leads to the user's chains is known here.
    const code = chain.use === 0 ? undefined : refusal(exprs, placeOf(chain, this.family, rule), this.ns);
    if (code !== undefined) fail(code);
    this.request(what, where, () =>
      this.tx.newRule(this.ref(chain.name), { exprs, text: () => `-A ${chain.name}${saveRule(rule)}` }, place),
    );
    if (rule.target.kind === 'chain') {
      const bad = this.reached(rule.target.chain);
      if (bad !== undefined) fail(bad);
    }
  }

  /** A chain can be reached by another way now: are its rules allowed there? */
  private reached(name: string, seen = new Set<string>()): ErrnoCode | undefined {
    const chain = this.real(name);
    if (chain === undefined || seen.has(name)) return undefined;
    seen.add(name);
    for (const r of chain.rules) {
      const compat = r.exprs.some((e) => e.kind === 'match' || e.kind === 'target');
      const rule = compat ? decodeRule(r.exprs, this.family) : undefined;
      const code = rule && refusal(r.exprs, placeOf(chain, this.family, rule), this.ns);
      if (code !== undefined) return code;
      for (const e of r.exprs) {
        const below = e.kind === 'verdict' && e.chain !== undefined ? this.reached(e.chain, seen) : undefined;
        if (below !== undefined) return below;
      }
    }
    return undefined;
  }

  append(chain: string, rule: XtRule): void {
    this.init(chain);
    this.put('RULE_APPEND', this.must(chain), rule, {});
  }

  insert(chain: string, rule: XtRule, at: number): void {
    this.init(chain);
    const c = this.must(chain);
    if (at === 1) {
      this.put('RULE_INSERT', c, rule, { insert: true });
      return;
    }
    const before = c.rules[at - 1];
    if (before === undefined) {
      if (at === c.rules.length + 1) return this.put('RULE_APPEND', c, rule, {});
      throw new XtErrno('Index of insertion too big');
    }
    this.put('RULE_INSERT', c, rule, { insert: true, handle: before.handle });
  }

  replace(chain: string, rule: XtRule, at: number): void {
    const c = this.must(chain);
    const old = c.rules[at - 1];
    if (old === undefined) throw new XtErrno('Index of replacement too big');
    this.put('RULE_REPLACE', c, rule, { replace: old.handle });
  }

  deleteAt(chain: string, at: number): void {
    const c = this.must(chain);
    const rule = c.rules[at - 1];
    if (rule === undefined) throw new XtErrno('Index of deletion too big');
    this.tx.delRule(this.ref(chain), rule.handle);
  }

  private find(chain: string, rule: XtRule): Rule {
    const wanted = saveRule(rule);
    const found = this.real(chain)?.rules.find((r) => {
      const known = decodeRule(r.exprs, this.family);
      return known !== undefined && saveRule(known) === wanted;
    });
    if (found === undefined) throw new XtErrno(BAD_RULE);
    return found;
  }

  deleteRule(chain: string, rule: XtRule): void {
    this.tx.delRule(this.ref(chain), this.find(chain, rule).handle);
  }

  check(chain: string, rule: XtRule): void {
    this.find(chain, rule);
  }

  flush(chain?: string): readonly string[] {
    if (chain !== undefined) {
      this.init(chain);
      this.must(chain);
      this.tx.flushChain(this.ref(chain));
      return [chain];
    }
    const all = [...(this.live?.chains.values() ?? [])];
    for (const c of all) if (c.base === undefined || this.isOwn(c)) this.tx.flushChain(this.ref(c.name));
    return this.chains().map((c) => c.name);
  }

  zero(chain?: string, at?: number): readonly string[] {
    if (chain !== undefined && at === undefined) this.init(chain);
    if (chain !== undefined && at !== undefined && this.real(chain) === undefined) throw new XtErrno(BAD_RULE);
    const list = chain === undefined ? [...(this.live?.chains.values() ?? [])] : [this.must(chain)];
    for (const c of list) {
      if (at === undefined && c.base !== undefined) c.base.packets = c.base.bytes = 0;
      c.rules.forEach((r, n) => {
        if (at !== undefined && at !== n + 1) return;
        for (const e of r.exprs) if (e.kind === 'counter') e.packets = e.bytes = 0;
      });
    }
    return list.map((c) => c.name);
  }

  newChain(chain: string): void {
    this.init();
    if (this.exists(chain)) throw new XtErrno('Chain already exists');
    this.tx.newChain(this.ref(chain), { exclusive: true });
  }

  deleteChain(chain?: string): readonly string[] {
    if (chain === undefined) {
      const all = [...(this.live?.chains.values() ?? [])].filter((c) => c.base === undefined);
      const names = all.map((c) => c.name).sort();
      for (const n of names) this.drop(n);
      // Chains of its own that do nothing go, too.
      for (const c of [...(this.live?.chains.values() ?? [])])
        if (this.isOwn(c) && c.base!.policy === 'accept' && c.rules.length === 0 && c.use === 0)
          this.tx.delChain(this.ref(c.name));
      return names;
    }
    const c = this.must(chain);
    if (c.base !== undefined && c.base.policy !== 'accept') throw new XtErrno('Directory not empty');
    this.drop(chain);
    return [chain];
  }

  private drop(name: string): void {
    const fail = (): never => {
      throw new BatchError(` CHAIN_DEL failed (${strerror('EBUSY')}): chain ${name}`);
    };
    const c = this.must(name);
    if (c.rules.length > 0 || c.use > 0) fail();
    this.request('CHAIN_DEL', `chain ${name}`, () => this.tx.delChain(this.ref(name)));
  }

  renameChain(from: string, to: string): void {
    if (this.exists(to)) throw new XtErrno('File exists');
    this.must(from);
    this.tx.renameChain(this.ref(from), to);
  }

  policy(chain: string, policy: string, counters?: XtCounters): void {
    if (!this.builtin.chains.some((c) => c.name === chain)) throw new XtErrno('Bad built-in chain name');
    if (policy !== 'ACCEPT' && policy !== 'DROP')
      throw new XtErrno("Bad policy name. Run `dmesg' for more information");
    this.init(chain);
    this.tx.newChain(this.ref(chain), {
      policy: policy === 'ACCEPT' ? 'accept' : 'drop',
      // Setting a policy is what makes it count.
      counters: [counters?.packets ?? 0, counters?.bytes ?? 0],
    });
  }

  clear(): readonly string[] {
    const names = this.chains().map((c) => c.name);
    const { live } = this;
    if (live !== undefined) {
      for (const c of [...live.chains.values()]) this.tx.flushChain(this.ref(c.name));
      for (const c of [...live.chains.values()]) if (c.base === undefined) this.tx.delChain(this.ref(c.name));
      for (const c of live.chains.values()) if (this.isOwn(c)) this.tx.newChain(this.ref(c.name), { policy: 'accept' });
    }
    this.init();
    return names;
  }

  declare(chain: string, policy: string, counters: XtCounters | undefined, keep: boolean): void {
    if (this.builtin.chains.some((c) => c.name === chain)) {
      this.init(chain);
      if (policy === '-') return;
      if (policy !== 'ACCEPT' && policy !== 'DROP') throw new XtErrno('Bad policy name');
      this.policy(chain, policy, counters);
      return;
    }
    this.init();
    if (this.real(chain) === undefined) this.tx.newChain(this.ref(chain));
    else if (keep) this.tx.flushChain(this.ref(chain));
  }

  remarks(): string {
    const { live } = this;
    const odd = [...(live?.chains.values() ?? [])].some((c) => c.base !== undefined && !this.isOwn(c));
    return odd ? `# Table \`${this.table}' contains incompatible base-chains, use 'nft' tool to list them.\n` : '';
  }
}

/** nf_tables for one family of a namespace. */
export class NftBackend implements Backend {
  readonly variant = 'nf_tables';

  constructor(
    private readonly ns: NetNamespace,
    readonly family: XtFamily,
  ) {}

  tables(): readonly string[] {
    return BUILTIN_TABLES.map((t) => t.name).filter(
      (name) => rulesetOf(this.ns).table(this.family, name) !== undefined,
    );
  }

  knows(table: string): boolean {
    return builtinTable(table) !== undefined;
  }

  run<T>(table: string, work: (session: TableSession) => T, dry: boolean): T {
    return rulesetOf(this.ns).commit((tx) => work(new NftSession(this.ns, this.family, table, tx)), dry);
  }

  warning(save: boolean): string {
    if (legacyTableNames(this.ns, this.family).length === 0) return '';
    const six = this.family === 'ip6' ? '6' : '';
    const program = `ip${six}tables-legacy`;
    return `# Warning: ${program} tables present, use ${program}${save ? '-save' : ''} to see them\n`;
  }
}
