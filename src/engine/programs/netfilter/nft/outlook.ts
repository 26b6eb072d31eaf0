/** What the ruleset will look like while a batch is read: later commands may name what earlier ones make. */
import type { NftFamily, Ruleset } from '../../../net/netfilter/nftables';
import type { KnownSet } from './scope';

/** Tables and sets that are there once the commands before are done. */
export class Outlook {
  private readonly tables = new Set<string>();
  private readonly sets = new Map<string, Map<string, KnownSet>>();

  constructor(private readonly ruleset: Ruleset) {
    for (const t of ruleset.list()) this.addTable(t.family, t.name);
  }

  hasTable(family: string, name: string): boolean {
    return this.tables.has(`${family} ${name}`);
  }

  addTable(family: NftFamily, name: string): void {
    const key = `${family} ${name}`;
    if (this.tables.has(key)) return;
    this.tables.add(key);
    this.sets.set(key, new Map(this.ruleset.table(family, name)?.sets ?? []));
  }

  dropTable(family: string, name: string): void {
    this.tables.delete(`${family} ${name}`);
    this.sets.delete(`${family} ${name}`);
  }

  clear(): void {
    this.tables.clear();
    this.sets.clear();
  }

  setsOf(family: string, table: string): Map<string, KnownSet> {
    return this.sets.get(`${family} ${table}`) ?? new Map<string, KnownSet>();
  }
}
