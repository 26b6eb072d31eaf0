/** iptables-legacy: iptables on ip_tables (libiptc). A table is taken, changed and put back as a whole. */
import type { ErrnoCode } from '../../../core';
import { isErrno, strerror } from '../../../core';
import type { NetNamespace } from '../../../net/namespace';
import type { LegacyChain } from '../../../net/netfilter/legacy/ip-tables';
import { loadLegacyTable } from '../../../net/netfilter/legacy/ip-tables';
import { legacyTableNames } from '../../../net/netfilter/legacy/registry';
import type { XtCounters, XtRule } from '../../../net/netfilter/xt/rule';
import { builtinTable } from '../../../net/netfilter/xt/rule';
import type { XtFamily } from '../../../net/netfilter/xt/values';
import type { Backend, ChainView, TableSession } from './backend';
import { BAD_RULE, NO_CHAIN, XtErrno } from './backend';
import { saveRule } from './print-rule';

const none = (): XtCounters => ({ packets: 0, bytes: 0 });

class LegacySession implements TableSession {
  /** Policies whose counters were given; all others begin at 0 again when the table is put back. */
  readonly counted = new Set<string>();
  changed = false;

  constructor(
    readonly table: string,
    public list: LegacyChain[],
  ) {}

  private find(name: string): LegacyChain | undefined {
    return this.list.find((c) => c.name === name);
  }

  private must(name: string): LegacyChain {
    const chain = this.find(name);
    if (chain === undefined) throw new XtErrno(NO_CHAIN);
    return chain;
  }

  private edit(name: string): LegacyChain {
    this.changed = true;
    return this.must(name);
  }

  private references(name: string): number {
    let n = 0;
    for (const c of this.list) for (const r of c.rules) if (r.target.kind === 'chain' && r.target.chain === name) n++;
    return n;
  }

  private view(c: LegacyChain): ChainView {
    return {
      name: c.name,
      policy: c.hook === undefined ? undefined : c.policy,
      counters: c.counters,
      references: this.references(c.name),
      rules: c.rules,
    };
  }

  chains(): readonly ChainView[] {
    return this.list.map((c) => this.view(c));
  }

  chain(name: string): ChainView | undefined {
    return this.view(this.must(name));
  }

  exists(name: string): boolean {
    return this.find(name) !== undefined;
  }

  append(chain: string, rule: XtRule): void {
    this.edit(chain).rules.push(rule);
  }

  insert(chain: string, rule: XtRule, at: number): void {
    const c = this.edit(chain);
    if (at > c.rules.length + 1) throw new XtErrno('Index of insertion too big');
    c.rules.splice(at - 1, 0, rule);
  }

  replace(chain: string, rule: XtRule, at: number): void {
    const c = this.edit(chain);
    if (at > c.rules.length) throw new XtErrno('Index of replacement too big');
    c.rules[at - 1] = rule;
  }

  deleteAt(chain: string, at: number): void {
    const c = this.edit(chain);
    if (at > c.rules.length) throw new XtErrno('Index of deletion too big');
    c.rules.splice(at - 1, 1);
  }

  private indexOf(chain: string, rule: XtRule): number {
    const wanted = saveRule(rule);
    const at = this.find(chain)?.rules.findIndex((r) => saveRule(r) === wanted) ?? -1;
    if (at < 0) throw new XtErrno(BAD_RULE);
    return at;
  }

  deleteRule(chain: string, rule: XtRule): void {
    const at = this.indexOf(chain, rule);
    this.edit(chain).rules.splice(at, 1);
  }

  check(chain: string, rule: XtRule): void {
    this.indexOf(chain, rule);
  }

  flush(chain?: string): readonly string[] {
    const list = chain === undefined ? this.list : [this.must(chain)];
    this.changed = true;
    for (const c of list) c.rules = [];
    return list.map((c) => c.name);
  }

  zero(chain?: string, at?: number): readonly string[] {
    const list = chain === undefined ? this.list : [this.must(chain)];
    this.changed = true;
    for (const c of list) {
      if (at !== undefined && at > c.rules.length) throw new XtErrno('Index of counter too big');
      if (at === undefined) c.counters = none();
      c.rules.forEach((r, n) => {
        if (at === undefined || at === n + 1) r.counters.packets = r.counters.bytes = 0;
      });
    }
    return list.map((c) => c.name);
  }

  newChain(chain: string): void {
    if (this.exists(chain)) throw new XtErrno('Chain already exists');
    this.changed = true;
    // Own chains stand first, then the user's by name.
    let [low, high] = [0, this.list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const c = this.list[middle]!;
      if (c.hook !== undefined || c.name < chain) low = middle + 1;
      else high = middle;
    }
    this.list.splice(low, 0, { name: chain, hook: undefined, policy: 'ACCEPT', counters: none(), rules: [] });
  }

  private sort(): void {
    const own = this.list.filter((c) => c.hook !== undefined);
    const user = this.list.filter((c) => c.hook === undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
    this.list = [...own, ...user];
  }

  deleteChain(chain?: string): readonly string[] {
    const names = chain === undefined ? this.list.filter((c) => c.hook === undefined).map((c) => c.name) : [chain];
    for (const name of names) {
      const c = this.edit(name);
      if (c.hook !== undefined) throw new XtErrno("Invalid argument. Run `dmesg' for more information");
      if (this.references(name) > 0) throw new XtErrno('Too many links');
      if (c.rules.length > 0) throw new XtErrno('Directory not empty');
      this.list = this.list.filter((x) => x !== c);
    }
    return names;
  }

  renameChain(from: string, to: string): void {
    if (this.exists(to)) throw new XtErrno('File exists');
    const c = this.edit(from);
    if (c.hook !== undefined) throw new XtErrno(NO_CHAIN);
    this.list = this.list.map((x) => (x === c ? { ...x, name: to } : x));
    for (const x of this.list)
      x.rules = x.rules.map((r) =>
        r.target.kind === 'chain' && r.target.chain === from ? { ...r, target: { ...r.target, chain: to } } : r,
      );
    this.sort();
  }

  policy(chain: string, policy: string, counters?: XtCounters): void {
    const c = this.find(chain);
    if (c?.hook === undefined) throw new XtErrno('Bad built-in chain name');
    if (policy !== 'ACCEPT' && policy !== 'DROP')
      throw new XtErrno("Bad policy name. Run `dmesg' for more information");
    this.changed = true;
    c.policy = policy;
    if (counters !== undefined) {
      c.counters = { ...counters };
      this.counted.add(chain);
    }
  }

  clear(): readonly string[] {
    this.changed = true;
    const names = this.list.map((c) => c.name);
    this.list = this.list.filter((c) => c.hook !== undefined);
    for (const c of this.list) {
      c.rules = [];
      c.counters = none();
    }
    return names;
  }

  declare(chain: string, policy: string, counters: XtCounters | undefined, keep: boolean): void {
    const c = this.find(chain);
    this.changed = true;
    if (c === undefined) this.newChain(chain);
    else if (c.hook === undefined) {
      if (keep) c.rules = [];
    } else if (policy !== '-') this.policy(chain, policy, counters);
  }

  remarks(): string {
    return '';
  }
}

/** ip_tables for one family of a namespace. */
export class LegacyBackend implements Backend {
  readonly variant = 'legacy';

  constructor(
    private readonly ns: NetNamespace,
    readonly family: XtFamily,
  ) {}

  tables(): readonly string[] {
    return legacyTableNames(this.ns, this.family);
  }

  knows(table: string): boolean {
    return builtinTable(table) !== undefined;
  }

  run<T>(table: string, work: (session: TableSession) => T, dry: boolean): T {
    const kernel = loadLegacyTable(this.ns, this.family, table)!;
    const copy = kernel.chains.map((c) => ({ ...c, counters: c.counters, rules: [...c.rules] }));
    const session = new LegacySession(table, copy);
    const result = work(session);
    if (!session.changed || dry) return result;
    for (const c of session.list) if (!session.counted.has(c.name)) c.counters = none();
    try {
      kernel.replace(session.list);
    } catch (error) {
      if (!isErrno(error)) throw error;
      const text = strerror(error.code as ErrnoCode);
      throw new XtErrno(error.code === 'EINVAL' ? `${text}. Run \`dmesg' for more information` : text);
    }
    return result;
  }

  warning(): string {
    return '';
  }
}
