/** What nft asks the kernel for: the requests of each command, in order. */
import { strerror } from '../../../core';
import { NftError } from '../../../net/netfilter/nftables';
import type {
  ElementSpec,
  NftObject,
  Ruleset,
  NftSet,
  SetSpec,
  StatefulExpr,
  Transaction,
} from '../../../net/netfilter/nftables';
import type { Command, SetBody } from './ast';
import type { DataType, Env } from './datatype';
import { dataType } from './datatypes';
import type { BuiltRule, KnownSet, Scope } from './scope';
import { buildElement, statefulExpr } from './elements';
import { buildRule, instantiate } from './evaluate';
import { NftSyntaxError } from './lexer';
import type { Loc } from './lexer';
import { priorityByName } from './print';
import { RulePrinter } from './print-rule';
import { integerOf, typesOf } from './typing';
import { Outlook } from './outlook';

/** A change that waits for the transaction. @returns where to point at for what the kernel complains about */
export interface Step {
  readonly command: Command;
  run(tx: Transaction): void;
  /** Where a culprit stands, beyond the command's own locations. */
  locate?(error: NftError): Loc | undefined;
}

/** Turns commands into requests of one batch, each with the place to blame when the kernel refuses it. */
export abstract class Planner {
  private readonly outlook: Outlook;
  protected readonly steps: Step[] = [];

  constructor(
    protected readonly ruleset: Ruleset,
    private readonly env: Env,
  ) {
    this.outlook = new Outlook(ruleset);
  }

  /** Number of changes that wait. */
  get size(): number {
    return this.steps.length;
  }

  private fail(message: string, loc: Loc | undefined, c: Command): never {
    throw new NftSyntaxError(message, loc ?? c.loc);
  }

  /** Evaluates a command that changes something. @throws NftSyntaxError */
  add(c: Command): void {
    switch (c.op) {
      case 'add':
      case 'create':
      case 'insert':
      case 'replace':
        this.addObject(c);
        return;
      case 'delete':
        this.deleteObject(c);
        return;
      case 'flush':
        this.flush(c);
        return;
      case 'rename': {
        const { family, table = '', name = '', newName = '' } = c;
        if (!this.ruleset.table(family, table)) this.fail(strerror('ENOENT'), c.locs.table, c);
        if (!this.ruleset.table(family, table)!.chains.has(name)) this.fail(strerror('ENOENT'), c.locs.name, c);
        this.step(c, (tx) => tx.renameChain({ family, table, chain: name }, newName));
        return;
      }
      default:
        this.fail(`not simulated in this course: ${c.op}`, c.loc, c);
    }
  }

  private step(command: Command, run: (tx: Transaction) => void, locate?: Step['locate']): void {
    this.steps.push(locate ? { command, run, locate } : { command, run });
  }

  private scope(c: Command): Scope {
    const { family, table = '' } = c;
    const sets = this.outlook.setsOf(family, table);
    return {
      family,
      table,
      env: this.env,
      ruleset: this.ruleset,
      set: (name) => sets.get(name),
      setNames: () => [...sets.keys()].filter((n) => !n.startsWith('__')),
    };
  }

  /** The table must be known. @param guess suggest another one */
  private needTable(c: Command, guess: boolean): void {
    if (this.outlook.hasTable(c.family, c.table!)) return;
    const [first] = this.ruleset.list();
    const same = this.ruleset.list().find((t) => t.name === c.table) ?? first;
    const tail = guess && same !== undefined ? `; did you mean table ‘${same.name}’ in family ${same.family}?` : '';
    this.fail(strerror('ENOENT') + tail, c.locs.table, c);
  }

  private addObject(c: Command): void {
    const { family, table = '', name = '' } = c;
    const exclusive = c.op === 'create';
    switch (c.obj) {
      case 'table':
        this.outlook.addTable(family, table);
        this.step(c, (tx) => {
          tx.newTable(family, table, {
            ...(c.dormant === undefined ? {} : { dormant: c.dormant }),
            ...(c.comment === undefined ? {} : { comment: c.comment }),
            exclusive,
          });
        });
        return;
      case 'chain':
        this.needTable(c, false);
        this.addChain(c, exclusive);
        return;
      case 'rule':
        this.needTable(c, true);
        this.addRule(c);
        return;
      case 'set':
      case 'map':
        this.needTable(c, false);
        this.addSet(c, exclusive);
        return;
      case 'element':
        this.addElements(c, exclusive);
        return;
      case 'counter':
      case 'quota':
      case 'limit': {
        this.needTable(c, false);
        const type = c.obj;
        this.step(c, (tx) => {
          tx.newObject(family, table, {
            type,
            name,
            state: statefulExpr(c.object!) as NftObject['state'],
            exclusive,
            ...(c.comment === undefined ? {} : { comment: c.comment }),
          });
        });
        return;
      }
      case 'flowtable':
        this.needTable(c, false);
        this.step(c, (tx) => {
          tx.newFlowtable(family, table, { name, priority: c.priority ?? 0, devices: c.devices ?? [], exclusive });
        });
        return;
      default:
        this.fail(`not simulated in this course: ${c.obj}`, c.loc, c);
    }
  }

  private addChain(c: Command, exclusive: boolean): void {
    const { family, table = '', name = '', chain } = c;
    const b = chain?.base;
    let base: { type: 'filter'; hook: string; priority: number; devices: readonly string[] } | undefined;
    if (b) {
      let priority: number | undefined;
      if (b.priority?.k === 'number') priority = Number(b.priority.text);
      else if (b.priority?.k === 'symbol')
        priority = /^-?\d+$/.test(b.priority.text)
          ? Number(b.priority.text)
          : priorityByName(b.priority.text, family, b.hook);
      if (priority === undefined) this.fail('invalid priority expression value in this context.', b.priorityLoc, c);
      if (b.hook === 'ingress' || b.hook === 'egress')
        this.fail(`not simulated in this course: hook ${b.hook}`, b.hookLoc, c);
      base = { type: b.type as 'filter', hook: b.hook, priority: priority + b.offset, devices: b.devices };
    }
    this.step(c, (tx) => {
      tx.newChain(
        { family, table, chain: name },
        {
          exclusive,
          ...(base ? { base } : {}),
          ...(chain?.policy ? { policy: chain.policy } : {}),
          ...(chain?.comment === undefined ? {} : { comment: chain.comment }),
        },
      );
    });
  }

  private addRule(c: Command): void {
    const { family, table = '', name = '', position, handle } = c;
    const built = buildRule(c.rule!, this.scope(c));
    const place =
      c.op === 'replace'
        ? { replace: handle! }
        : {
            ...(c.op === 'insert' ? { insert: true } : {}),
            ...(position?.handle === undefined ? {} : { handle: position.handle }),
            ...(position?.index === undefined ? {} : { index: position.index }),
          };
    this.step(
      c,
      (tx) => {
        // The chain and the place are looked at before the sets, as the error about them names them.
        const at = this.ruleset.table(family, table)?.chains.get(name);
        if (at === undefined) throw new NftError('ENOENT', this.ruleset.table(family, table) ? 'chain' : 'table');
        if (handle !== undefined && c.op === 'replace' && !at.rules.some((r) => r.handle === handle))
          throw new NftError('ENOENT', 'handle');
        const names = this.bringSets(tx, c, built);
        tx.newRule(
          { family, table, chain: name },
          {
            exprs: instantiate(built.exprs, names),
            ...(built.comment === undefined ? {} : { comment: built.comment }),
          },
          place,
        );
      },
      (error) => {
        if (error.culprit !== 'target') return undefined;
        const chains = this.ruleset.table(family, table)?.chains;
        for (const [target, loc] of built.targets) {
          const chain = chains?.get(target);
          if (chain === undefined || chain.base !== undefined) return loc;
        }
        return undefined;
      },
    );
  }

  private bringSets(tx: Transaction, c: Command, built: BuiltRule): string[] {
    const { family, table = '' } = c;
    return built.sets.map((s) => {
      const set = tx.newSet(family, table, s.spec);
      for (const e of s.elements) tx.newElement(family, table, set.name, copyElement(e));
      return set.name;
    });
  }

  private addSet(c: Command, exclusive: boolean): void {
    const { family, table = '', name = '' } = c;
    const body = c.set!;
    if (body.unknown) this.fail(`unknown datatype ${body.unknown.name}`, body.unknown.loc, c);
    const spec = this.setSpec(c, body, name);
    const sets = this.outlook.setsOf(family, table);
    if (!sets.has(name))
      sets.set(name, {
        name,
        keyType: spec.keyType,
        flags: spec.flags ?? {},
        ...(spec.dataType === undefined ? {} : { dataType: spec.dataType }),
      });
    this.step(c, (tx) => {
      tx.newSet(family, table, { ...spec, exclusive });
    });
  }

  private setSpec(c: Command, body: SetBody, name: string): SetSpec {
    let keyType = body.key;
    let keyTypeof: string | undefined;
    let dataTypeof: string | undefined;
    const printer = new RulePrinter(
      { family: c.family, name: c.table!, sets: new Map() },
      { env: this.env, now: 0, handles: false, stateless: false, numeric: false },
    );
    const types = (node: NonNullable<SetBody['keyTypeof']>): { names: string[]; text: string } => {
      const parts = node.k === 'concat' ? node.parts : [node];
      const ops = parts.map((p) => {
        if (p.k !== 'operand') throw new NftSyntaxError('syntax error, unexpected expression', p.loc);
        return p.op;
      });
      return {
        names: ops.flatMap((o) => typesOf(o, c.family).map((t) => t.name)),
        text: ops.map((o) => printer.operand(o)).join(' . '),
      };
    };
    if (body.keyTypeof) {
      const t = types(body.keyTypeof);
      keyType = t.names;
      keyTypeof = t.text;
    }
    if (keyType === undefined) this.fail('set definition does not specify key', body.loc, c);
    let dataType: SetSpec['dataType'];
    if (body.dataObject) dataType = { object: body.dataObject };
    else if (body.dataTypeof) {
      const t = types(body.dataTypeof);
      dataType = t.names;
      dataTypeof = t.text;
    } else if (body.data?.length === 1 && body.data[0] === 'verdict') dataType = 'verdict';
    else if (body.data) dataType = body.data;
    const flags = {
      ...(body.flags.has('constant') ? { constant: true } : {}),
      ...(body.flags.has('interval') || body.autoMerge ? { interval: true } : {}),
      ...(body.flags.has('timeout') ? { timeout: true } : {}),
      ...(body.flags.has('dynamic') ? { dynamic: true } : {}),
    };
    return {
      name,
      keyType,
      flags,
      autoMerge: body.autoMerge,
      exprs: body.stateful.map(statefulExpr),
      ...(keyTypeof === undefined ? {} : { keyTypeof }),
      ...(dataTypeof === undefined ? {} : { dataTypeof }),
      ...(dataType === undefined ? {} : { dataType }),
      ...(body.timeout === undefined ? {} : { timeout: body.timeout }),
      ...(body.gcInterval === undefined ? {} : { gcInterval: body.gcInterval }),
      ...(body.size === undefined ? {} : { size: body.size }),
      ...(body.policy === undefined ? {} : { policy: body.policy }),
      ...(body.comment === undefined ? {} : { comment: body.comment }),
    };
  }

  protected elements(c: Command): { set: KnownSet; specs: ElementSpec[]; locs: Loc[] } {
    this.needTable(c, false);
    const set = this.outlook.setsOf(c.family, c.table!).get(c.name!);
    if (set === undefined) this.fail(strerror('ENOENT'), c.locs.name, c);
    const types: DataType[] = set.keyType.map((n) => dataType(n) ?? integerOf(32));
    const stateful = statefulExpr as (s: Parameters<typeof statefulExpr>[0]) => StatefulExpr;
    const specs = c.elements!.elements.map((e) => buildElement(e, types, set, this.env, stateful));
    return { set, specs, locs: c.elements!.elements.map((e) => e.loc) };
  }

  private addElements(c: Command, exclusive: boolean): void {
    const { family, table = '', name = '' } = c;
    const { set, specs, locs } = this.elements(c);
    let at: Loc | undefined;
    this.step(
      c,
      (tx) => {
        const live = this.ruleset.table(family, table)?.sets.get(name);
        specs.forEach((e, i) => {
          at = locs[i];
          let spec = copyElement(e);
          if (live?.autoMerge === true && set.keyType.length === 1 && spec.catchall !== true)
            spec = absorb(tx, live, spec);
          tx.newElement(family, table, name, spec, exclusive);
        });
      },
      () => at,
    );
  }

  private deleteObject(c: Command): void {
    const { family, table = '', name = '', handle } = c;
    switch (c.obj) {
      case 'table':
        if (handle === undefined) this.outlook.dropTable(family, table);
        this.step(c, (tx) => tx.delTable(family, handle === undefined ? table : { handle }));
        return;
      case 'chain':
        this.step(c, (tx) =>
          tx.delChain(handle === undefined ? { family, table, chain: name } : { family, table, handle }),
        );
        return;
      case 'rule':
        this.step(c, (tx) => tx.delRule({ family, table, chain: name }, handle!));
        return;
      case 'set':
      case 'map':
        this.outlook.setsOf(family, table).delete(name);
        this.step(c, (tx) => tx.delSet(family, table, handle === undefined ? name : { handle }));
        return;
      case 'element': {
        const { specs, locs } = this.elements(c);
        let at: Loc | undefined;
        this.step(
          c,
          (tx) => {
            specs.forEach((e, i) => {
              at = locs[i];
              tx.delElement(family, table, name, e.key, e.end, e.catchall);
            });
          },
          () => at,
        );
        return;
      }
      case 'flowtable':
        this.step(c, (tx) => tx.delFlowtable(family, table, name));
        return;
      default: {
        const type = c.obj as 'counter';
        this.step(c, (tx) => tx.delObject(family, table, type, name));
      }
    }
  }

  private flush(c: Command): void {
    const { family, familyGiven, table = '', name = '' } = c;
    switch (c.obj) {
      case 'ruleset':
        if (familyGiven) for (const t of this.ruleset.list(family)) this.outlook.dropTable(t.family, t.name);
        else this.outlook.clear();
        this.step(c, (tx) => tx.flushRuleset(familyGiven ? family : undefined));
        return;
      case 'table':
        this.step(c, (tx) => tx.flushTable(family, table));
        return;
      case 'chain':
        this.step(c, (tx) => tx.flushChain({ family, table, chain: name }));
        return;
      default:
        this.needTable(c, false);
        if (!this.outlook.setsOf(family, table).has(name)) this.fail(strerror('ENOENT'), c.locs.name, c);
        this.step(c, (tx) => tx.flushSet(family, table, name));
    }
  }
}

function copyElement(e: ElementSpec): ElementSpec {
  return e.exprs === undefined ? e : { ...e, exprs: e.exprs.map((x) => ({ ...x })) };
}

/** auto-merge: the elements that the new one touches become part of it. */
function absorb(tx: Transaction, set: NftSet, spec: ElementSpec): ElementSpec {
  let from = spec.key as string | number;
  let to = (spec.end ?? spec.key) as string | number;
  for (const e of [...set.index.values()]) {
    if (e.catchall) continue;
    const key = e.key as string | number;
    const end = e.end as string | number;
    const touches =
      (key <= to && end >= from) ||
      (typeof key === 'number' && typeof to === 'number' && typeof end === 'number' && typeof from === 'number'
        ? key === to + 1 || end === from - 1
        : false);
    if (!touches) continue;
    if (key === from && end === to) continue;
    tx.delElement(set.table.family, set.table.name, set.name, key, end);
    if (key < from) from = key;
    if (end > to) to = end;
  }
  return { ...spec, key: from, end: to };
}
