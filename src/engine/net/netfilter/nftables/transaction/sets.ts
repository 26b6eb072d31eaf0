/** Requests about sets, maps and their elements. */
import type { Micros } from '../../../../core';
import type { NftFamily, NftSet, SetElement, SetFlags, Value } from '../model';
import { expired, newIndex } from '../elements';
import { NftError } from '../errors';
import { cloneStateful } from '../stateful';
import { ObjectRequests } from './objects';
import type { SetSpec, ElementSpec } from './requests';
import { putBack } from './log';

/** NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM and their opposites. */
export abstract class SetRequests extends ObjectRequests {
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

  protected dropSet(set: NftSet): void {
    const { table } = set;
    for (const e of set.index.values()) this.referElement(set, e, -1);
    table.sets.delete(set.name);
    this.undo.push(() => {
      putBack(table.sets, set.name, set);
      for (const e of set.index.values()) this.referElement(set, e, 1);
    });
    this.changes.push({ op: 'delete', table, set });
  }

  protected referElement(set: NftSet, e: SetElement, by: 1 | -1): void {
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
    // Of a set of intervals nft itself knows what is in it.
    if (element === undefined || expired(element, this.ns.now))
      throw new NftError(
        'ENOENT',
        'key',
        set.flags.interval === true && !catchall ? 'element does not exist' : undefined,
      );
    this.dropElement(set, element);
  }

  protected dropElement(set: NftSet, element: SetElement): void {
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
