/** A namespace's ruleset: its tables, and the batches that change it (net/netfilter/nf_tables_api.c). */
import type { NetNamespace } from '../../namespace';
import type { NftFamily, Table } from './model';
import { InvalidRuleset } from './errors';
import { validateTable } from './validate';
import type { NftChange } from './transaction/requests';
import { Transaction } from './transaction/transaction';

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
    const run = (each: boolean): T => {
      const tx = new Transaction(this, each);
      try {
        const result = batch(tx);
        for (const table of tx.toValidate) validateTable(table);
        // Handles that were given out are spent even when nothing came of it.
        if (check) {
          tx.rollback();
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
