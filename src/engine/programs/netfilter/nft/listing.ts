/** `nft list`, `get`, `reset`, `describe`. */
import type { NftSet, Ruleset, SetElement, Table, Value } from '../../../net/netfilter/nftables';
import type { Command } from './ast';
import type { Executor } from './execute';
import { NftSyntaxError } from './lexer';
import { listJson } from './json';
import { Printer } from './print';
import type { PrintOptions } from './print-operand';
import { RulePrinter } from './print-rule';
import { typesOf } from './typing';

/** What a listing prints, on both streams. */
export interface Listing {
  readonly out: string;
  readonly err: string;
}

const SETS: Readonly<Record<string, (s: NftSet) => boolean>> = {
  sets: (s) => s.dataType === undefined,
  maps: (s) => s.dataType !== undefined,
  meters: () => false,
};

/** Tables with rules of xtables in them are iptables's. */
function warning(tables: readonly Table[]): string {
  let text = '';
  for (const t of tables) {
    const compat = [...t.chains.values()].some((c) =>
      c.rules.some((r) => r.exprs.some((e) => e.kind === 'match' || e.kind === 'target')),
    );
    if (compat) text += `# Warning: table ${t.family} ${t.name} is managed by iptables-nft, do not touch!\n`;
  }
  return text;
}

/** Runs a command that only shows. @throws NftSyntaxError */
export function show(c: Command, ruleset: Ruleset, o: PrintOptions, json: boolean, executor: Executor): Listing {
  if (c.op === 'describe') return { out: describe(c, o), err: '' };
  const printer = new Printer(ruleset, o);
  const missing = (loc = c.locs.name): never => {
    throw new NftSyntaxError('No such file or directory', loc ?? c.loc);
  };
  const table = c.table === undefined ? undefined : (ruleset.table(c.family, c.table) ?? missing(c.locs.table));
  const tables = table !== undefined ? [table] : ruleset.list(c.familyGiven ? c.family : undefined);
  if (json) return { out: listJson(c, tables, o), err: warning(c.obj === 'tables' ? [] : tables) };
  const plain = (out: string, of: readonly Table[] = tables): Listing => ({ out, err: warning(of) });
  if (c.op === 'get') return plain(get(c, table!, printer, o, executor));
  switch (c.obj) {
    case 'ruleset':
      return plain(tables.map((t) => printer.table(t)).join(''));
    case 'table':
      return plain(printer.table(table!));
    case 'tables':
      return {
        out: tables.map((t) => `table ${t.family} ${t.name}${o.handles ? ` # handle ${t.handle}` : ''}\n`).join(''),
        err: '',
      };
    case 'chains':
      return {
        out: tables
          .map((t) =>
            printer.within(
              t,
              [...t.chains.values()].map((x) => printer.chain(x, false)),
            ),
          )
          .join(''),
        err: '',
      };
    case 'chain': {
      const chain = table!.chains.get(c.name!) ?? missing();
      return plain(printer.within(table!, [printer.chain(chain)]));
    }
    case 'sets':
    case 'maps':
    case 'meters':
      return {
        out: tables
          .map((t) =>
            printer.within(
              t,
              [...t.sets.values()].filter((s) => !s.anonymous && SETS[c.obj]!(s)).map((s) => printer.set(s)),
            ),
          )
          .join(''),
        err: '',
      };
    case 'set':
    case 'map':
    case 'meter': {
      const set = table!.sets.get(c.name!) ?? missing();
      return plain(printer.within(table!, [printer.set(set)]));
    }
    case 'flowtables':
    case 'flowtable': {
      const named = (t: Table) => [...t.flowtables.values()].filter((f) => c.name === undefined || f.name === c.name);
      return {
        out: tables
          .map((t) =>
            printer.within(
              t,
              named(t).map((f) => printer.flowtable(f)),
            ),
          )
          .join(''),
        err: '',
      };
    }
    default: {
      const type = c.obj.replace(/s$/, '');
      let out = '';
      let found = 0;
      for (const t of tables) {
        const objects = [...t.objects.values()].filter(
          (x) => x.type === type && (c.name === undefined || x.name === c.name),
        );
        found += objects.length;
        if (objects.length === 0) continue;
        out += printer.within(
          t,
          objects.map((x) => printer.object(x)),
        );
        if (c.op === 'reset')
          for (const { state } of objects) {
            if (state.kind === 'counter') state.packets = state.bytes = 0;
            else if (state.kind === 'quota') state.used = 0;
          }
      }
      if (c.name !== undefined && found === 0)
        throw c.op === 'reset'
          ? new NftSyntaxError('Could not process rule: No such file or directory', c.locs.name ?? c.loc)
          : new NftSyntaxError('No such file or directory', c.locs.name ?? c.loc);
      return { out, err: '' };
    }
  }
}

function get(c: Command, table: Table, printer: Printer, o: PrintOptions, executor: Executor): string {
  const wanted = executor.wanted(c);
  const set = table.sets.get(c.name!)!;
  const rules = new RulePrinter(table, o);
  const found: SetElement[] = wanted.map((w) => {
    const single = JSON.stringify(w.key) === JSON.stringify(w.end ?? w.key);
    const e =
      set.flags.interval === true && single
        ? set.index.find(w.key, o.now)
        : set.index.exact(w.key, (w.end ?? w.key) as Value);
    if (e === undefined || (e.expires !== undefined && e.expires <= o.now))
      throw new NftSyntaxError('Could not process rule: No such file or directory', c.loc);
    return e;
  });
  return printer.within(table, [
    printer.set(
      set,
      found.map((e) => rules.element(set, e)),
    ),
  ]);
}

function describe(c: Command, o: PrintOptions): string {
  const { node } = c;
  if (node?.k !== 'operand') return 'symbol expression, datatype invalid (invalid)\n';
  const [type] = typesOf(node.op, 'inet');
  const bits = type!.bits;
  const kind = node.op.kind === 'raw' ? 'payload' : node.op.kind;
  const base = type!.bitmask
    ? 'bitmask, integer'
    : type!.name === 'string' || type!.name === 'ifname'
      ? 'string'
      : 'integer';
  const own = type!.name === 'integer' ? ' (integer)' : ` (${type!.desc}) (basetype ${base})`;
  let out = `${kind} expression, datatype ${type!.name}${own}, ${bits} bits\n`;
  const symbols = Object.entries(type!.symbols ?? {});
  if (symbols.length > 0) {
    const hex = type!.bits >= 8;
    out += `\npre-defined symbolic constants (in ${hex ? 'hexadecimal' : 'decimal'}):\n`;
    for (const [name, value] of symbols)
      out += `\t${name.padEnd(30)}\t0x${value.toString(16).padStart(Math.max(2, Math.ceil(bits / 4)), '0')}\n`;
  }
  void o;
  return out;
}
