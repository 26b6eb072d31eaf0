/** Requests about stateful objects and flowtables. */
import type { Flowtable, NftFamily, NftObject, ObjectType } from '../model';
import { NftError } from '../errors';
import { TransactionLog, putBack } from './log';

/** NFT_MSG_NEWOBJ, NFT_MSG_NEWFLOWTABLE and their opposites. */
export abstract class ObjectRequests extends TransactionLog {
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

  protected dropObject(object: NftObject): void {
    const { table } = object;
    const key = `${object.type} ${object.name}`;
    table.objects.delete(key);
    this.undo.push(() => putBack(table.objects, key, object));
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
