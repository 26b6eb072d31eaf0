/** Listings of `nft list`. */
import type { Chain, Flowtable, NftObject, NftSet, Ruleset, Table } from '../../../net/netfilter/nftables';
import { describeRulesWith } from '../../../net/netfilter/nftables';
import type { Env } from './datatype';
import { dataType } from './datatypes';
import { formatDuration } from './durations';
import type { PrintOptions } from './print-operand';
import { RulePrinter } from './print-rule';
import { byteText, rateText } from './print-operand';
import { sortedElements } from './sorted-elements';

const PRIORITIES: readonly (readonly [string, number])[] = [
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
];
const BRIDGE_PRIORITIES: readonly (readonly [string, number])[] = [
  ['dstnat', -300],
  ['filter', -200],
  ['out', 100],
  ['srcnat', 300],
];

/** A named priority's number; undefined where the family or hook does not know it (std_prio_lookup). */
export function priorityByName(name: string, family: string, hook: string): number | undefined {
  const list = family === 'bridge' ? BRIDGE_PRIORITIES : PRIORITIES;
  const found = list.find(([n]) => n === name);
  if (found === undefined) return undefined;
  if (family === 'netdev' || family === 'arp') return name === 'filter' ? found[1] : undefined;
  if (name === 'dstnat' && hook !== 'prerouting') return undefined;
  if (name === 'srcnat' && hook !== 'postrouting') return undefined;
  if (name === 'out' && hook !== 'output') return undefined;
  return found[1];
}

/** `filter`, `dstnat + 5`, `-110`. */
export function priorityText(priority: number, family: string, hook: string, numeric: boolean): string {
  if (numeric) return String(priority);
  const list = family === 'bridge' ? BRIDGE_PRIORITIES : PRIORITIES;
  for (const [name, value] of list) {
    if (priorityByName(name, family, hook) === undefined) continue;
    const offset = priority - value;
    if (Math.abs(offset) > 10) continue;
    if (offset === 0) return name;
    return `${name} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
  }
  return String(priority);
}

/** `table inet filter` as `nft` writes it around things. */
export class Printer {
  constructor(
    private readonly ruleset: Ruleset,
    private readonly o: PrintOptions,
  ) {}

  private handle(thing: { handle: number }): string {
    return this.o.handles ? ` # handle ${thing.handle}` : '';
  }

  /** Whole table. */
  table(t: Table): string {
    let text = `table ${t.family} ${t.name} {${this.handle(t)}\n`;
    if (t.dormant) text += '\tflags dormant\n';
    if (t.comment !== undefined) text += `\tcomment "${t.comment}"\n`;
    let first = true;
    const block = (s: string): void => {
      text += (first ? '' : '\n') + s;
      first = false;
    };
    for (const object of t.objects.values()) block(this.object(object));
    for (const set of t.sets.values()) if (!set.anonymous) block(this.set(set));
    for (const f of t.flowtables.values()) block(this.flowtable(f));
    for (const chain of t.chains.values()) block(this.chain(chain));
    return `${text}}\n`;
  }

  /** Part of a table: `table x { block }`. */
  within(t: Table, blocks: readonly string[]): string {
    return `table ${t.family} ${t.name} {\n${blocks.join('')}}\n`;
  }

  chain(c: Chain, withRules = true): string {
    let text = `\tchain ${c.name} {${this.handle(c)}\n`;
    if (c.comment !== undefined) text += `\t\tcomment "${c.comment}"\n`;
    if (c.base !== undefined) {
      const { type, hook, priority, policy, devices } = c.base;
      const device =
        devices.length === 1
          ? ` device "${devices[0]}"`
          : devices.length > 1
            ? ` devices = { ${devices.map((d) => `"${d}"`).join(', ')} }`
            : '';
      const prio = priorityText(priority, c.table.family, hook, this.o.numeric);
      text += `\t\ttype ${type} hook ${hook}${device} priority ${prio}; policy ${policy};\n`;
    }
    if (withRules) {
      const printer = new RulePrinter(c.table, this.o);
      for (const r of c.rules) text += `\t\t${printer.rule(r)}\n`;
    }
    return `${text}\t}\n`;
  }

  private typeText(set: NftSet): string {
    const data = set.dataType;
    const dataText =
      data === undefined
        ? ''
        : ` : ${set.dataTypeof ?? (data === 'verdict' ? 'verdict' : 'object' in data ? data.object : (data as readonly string[]).join(' . '))}`;
    return set.keyTypeof !== undefined
      ? `typeof ${set.keyTypeof}${dataText}`
      : `type ${set.keyType.join(' . ')}${dataText}`;
  }

  set(s: NftSet, elements?: readonly string[]): string {
    const { o } = this;
    const printer = new RulePrinter(s.table, o);
    let text = `\t${s.dataType === undefined ? 'set' : 'map'} ${s.name} {${this.handle(s)}\n`;
    text += `\t\t${this.typeText(s)}\n`;
    if (s.policy === 'memory') text += '\t\tpolicy memory\n';
    if (s.size !== undefined) text += `\t\tsize ${s.size}\n`;
    const flags: string[] = [];
    if (s.flags.constant) flags.push('constant');
    if (s.flags.interval) flags.push('interval');
    if (s.flags.dynamic) flags.push('dynamic');
    if (s.flags.timeout && (s.flags.dynamic || s.timeout === undefined)) flags.push('timeout');
    if (flags.length > 0) text += `\t\tflags ${flags.join(',')}\n`;
    if (s.timeout !== undefined) text += `\t\ttimeout ${formatDuration(s.timeout, o)}\n`;
    if (s.gcInterval !== undefined) text += `\t\tgc-interval ${formatDuration(s.gcInterval, o)}\n`;
    if (s.autoMerge) text += '\t\tauto-merge\n';
    if (s.comment !== undefined) text += `\t\tcomment "${s.comment}"\n`;
    for (const e of s.exprs) text += `\t\t${printer.stateful(e).replace(/ packets 0 bytes 0$/, '')}\n`;
    const items = elements ?? (o.terse === true ? [] : sortedElements(s, o.now).map((e) => printer.element(s, e)));
    if (items.length > 0) text += `\t\telements = { ${this.wrap(s, items)} }\n`;
    return `${text}\t}\n`;
  }

  /** Elements by lines, as many as their type allows (calculate_delim). */
  private wrap(s: NftSet, items: readonly string[]): string {
    const perLine = s.keyType.length > 1 ? 1 : (dataType(s.keyType[0]!)?.perLine ?? 1);
    let text = items[0]!;
    for (let i = 1; i < items.length; i++) text += (i % perLine === 0 ? ',\n\t\t\t     ' : ', ') + items[i]!;
    return text;
  }

  object(x: NftObject): string {
    let text = `\t${x.type} ${x.name} {${this.handle(x)}\n`;
    if (x.comment !== undefined) text += `\t\tcomment "${x.comment}"\n`;
    const { state } = x;
    switch (state.kind) {
      case 'counter':
        text += this.o.stateless ? '' : `\t\tpackets ${state.packets} bytes ${state.bytes}\n`;
        break;
      case 'quota': {
        const used = state.used > 0 && !this.o.stateless ? ` used ${byteText(Math.min(state.used, state.bytes))}` : '';
        text += `\t\t${state.over ? 'over ' : ''}${byteText(state.bytes)}${used}\n`;
        break;
      }
      case 'limit':
        text += `\t\trate ${rateText(state)}\n`;
        break;
      default:
        text += `\t\t${state.text}\n`;
    }
    return `${text}\t}\n`;
  }

  flowtable(f: Flowtable): string {
    const prio = f.priority === 0 && !this.o.numeric ? 'filter' : String(f.priority);
    const devices = f.devices.length > 0 ? `\t\tdevices = { ${f.devices.join(', ')} }\n` : '';
    return `\tflowtable ${f.name} {${this.handle(f)}\n\t\thook ingress priority ${prio}\n${devices}\t}\n`;
  }

  /** `list ruleset`. */
  all(family?: Table['family']): string {
    return this.ruleset
      .list(family)
      .map((t) => this.table(t))
      .join('');
  }
}

const NO_FILES: Env = {
  linkIndex: () => undefined,
  linkName: () => undefined,
  hosts: '',
  passwd: '',
  group: '',
};

// Traces show rules as nft would.
describeRulesWith((rule) =>
  new RulePrinter(rule.chain.table, { env: NO_FILES, now: 0, handles: false, stateless: true, numeric: false }).rule(
    rule,
  ),
);
