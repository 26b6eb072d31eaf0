/** A transaction: the requests about tables, on top of those about what is in them. */
import type { NftFamily, Table } from '../model';
import { NftError } from '../errors';
import { attachChain, detachChain } from '../attach';
import { ChainRequests } from './chains';

/** Changes that become visible together, or not at all. Every method throws {@link NftError} (an Errno). */
export class Transaction extends ChainRequests {
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

  /** Deletes all tables, or those of one family. */
  flushRuleset(family?: NftFamily): void {
    for (const t of [...this.ruleset.list(family)]) this.delTable(t.family, t.name);
  }
}
