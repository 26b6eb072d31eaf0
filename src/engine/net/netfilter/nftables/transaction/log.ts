/** What a transaction remembers: how to undo it, what it changed, what must be validated. */
import type { NetNamespace } from '../../../namespace';
import type { Chain, NftFamily, NftSet, Table } from '../model';
import { InvalidRuleset, NftError } from '../errors';
import { validateTable } from '../validate';
import type { NftChange, ChainRef } from './requests';
import type { Ruleset } from '../ruleset';

/** Puts something back into its table where it was: a table keeps things in the order of their handles. */
export function putBack<T extends { readonly handle: number }>(map: Map<string, T>, key: string, thing: T): void {
  const later = [...map].filter(([, other]) => other.handle > thing.handle);
  for (const [name] of later) map.delete(name);
  map.set(key, thing);
  for (const [name, other] of later) map.set(name, other);
}

/** What every request needs: the list of what undoes it, the changes made, and the tables to look through at the end. */
export abstract class TransactionLog {
  protected readonly undo: (() => void)[] = [];
  protected readonly after: (() => void)[] = [];
  /** Tables whose jumps or hook-bound expressions changed. */
  readonly toValidate = new Set<Table>();
  readonly changes: NftChange[] = [];

  constructor(
    protected readonly ruleset: Ruleset,
    private readonly validateEach: boolean,
  ) {}

  protected get ns(): NetNamespace {
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

  protected mustValidate(table: Table): void {
    this.toValidate.add(table);
    if (this.validateEach) validateTable(table);
  }

  protected mustTable(family: NftFamily, name: string): Table {
    const table = this.ruleset.table(family, name);
    if (table === undefined) throw new NftError('ENOENT', 'table');
    return table;
  }

  protected mustChain(ref: ChainRef): Chain {
    const chain = this.mustTable(ref.family, ref.table).chains.get(ref.chain);
    if (chain === undefined) throw new NftError('ENOENT', 'chain');
    return chain;
  }

  protected mustSet(family: NftFamily, table: string, name: string): NftSet {
    const set = this.mustTable(family, table).sets.get(name);
    if (set === undefined) throw new NftError('ENOENT', 'set');
    return set;
  }
}
