/** Changes as `nft monitor` and `nft -e` tell them, and the steps of traced packets. */
import type { Coroutine } from '../../../core';
import { WaitQueue } from '../../../core';
import type { Sys } from '../../../host';
import type { NftChange, Ruleset } from '../../../net/netfilter/nftables';
import { onTrace } from '../../../net/netfilter/nftables';
import type { PktInfo } from '../../../net/netfilter/pktinfo';
import { traceHeaders } from './trace-text';
import { Printer, priorityText } from './print';
import type { PrintOptions } from './print-operand';
import { RulePrinter } from './print-rule';

/** One line for a change. @param echo the form of `-e`: rules with their handles only if asked */
export function changeText(change: NftChange, o: PrintOptions, ruleset: Ruleset): string | undefined {
  const { op, table: t } = change;
  const where = `${t.family} ${t.name}`;
  const handle = (x: { handle: number }) => (o.handles ? ` # handle ${x.handle}` : '');
  const verb = op === 'replace' ? 'replace' : op;
  const printer = new RulePrinter(t, { ...o, handles: false });
  if (change.rule !== undefined) {
    const { rule, chain } = change;
    if (op === 'delete') return `delete rule ${where} ${chain!.name} handle ${rule.handle}`;
    return `${verb} rule ${where} ${chain!.name} ${printer.rule(rule)}${handle(rule)}`;
  }
  if (change.element !== undefined)
    return `${verb} element ${where} ${change.set!.name} { ${printer.element(change.set!, change.element)} }`;
  if (change.set !== undefined) {
    const { set } = change;
    const kind = set.dataType === undefined ? 'set' : 'map';
    if (op === 'delete') return `delete ${kind} ${where} ${set.name}`;
    const body = new Printer(ruleset, { ...o, terse: true, handles: false })
      .set(set)
      .split('\n')
      .slice(1, -2)
      .map((l) => `${l.trim()};`)
      .join(' ');
    return `${verb} ${kind} ${where} ${set.name} {${handle(set)} ${body} } `;
  }
  if (change.object !== undefined) {
    const { object } = change;
    if (op === 'delete') return `delete ${object.type} ${where} ${object.name}`;
    const body = new Printer(ruleset, { ...o, handles: false })
      .object(object)
      .split('\n')
      .slice(1, -2)
      .map((l) => l.trim());
    return `${verb} ${object.type} ${where} ${object.name} {${handle(object)} ${body.join(' ')} } `;
  }
  if (change.chain !== undefined) {
    const { chain } = change;
    if (op === 'delete') return `delete chain ${where} ${chain.name}`;
    const b = chain.base;
    const body = b
      ? ` { type ${b.type} hook ${b.hook} priority ${priorityText(b.priority, t.family, b.hook, o.numeric)}; policy ${b.policy}; }`
      : '';
    return `${verb} chain ${where} ${chain.name}${body}${handle(chain)}`;
  }
  if (change.flowtable !== undefined) return `${verb} flowtable ${where} ${change.flowtable.name}`;
  return `${verb} table ${where}${op === 'delete' ? '' : handle(t)}`;
}

/** Is the change among those asked for? */
function wantedBy(words: readonly string[]): (c: NftChange) => boolean {
  const kinds = words.filter((w) => ['tables', 'chains', 'sets', 'rules', 'elements'].includes(w));
  const kindOf = (c: NftChange): string =>
    c.rule ? 'rules' : c.element ? 'elements' : c.set ? 'sets' : c.chain ? 'chains' : 'tables';
  return (c) =>
    (!words.includes('new') || c.op !== 'delete') &&
    (!words.includes('destroy') || c.op === 'delete') &&
    (kinds.length === 0 || kinds.includes(kindOf(c)));
}

/** What the kernel calls each traced packet: the same to all monitors. */
const ids = new WeakMap<object, number>();

/** Runs `nft monitor` until it is interrupted. */
export function* monitor(sys: Sys, ruleset: Ruleset, o: PrintOptions, words: readonly string[]): Coroutine<number> {
  const lines: string[] = [];
  const queue = new WaitQueue();
  const say = (text: string) => {
    lines.push(text);
    queue.wakeAll();
  };
  const stops: (() => void)[] = [];
  const all = words.length === 0;
  if (all || words.includes('trace')) {
    // Rules are spelled as they were when the monitor started; those added since are unknown to it.
    const known = new Map<object, string>();
    for (const table of ruleset.list())
      for (const c of table.chains.values()) {
        const printer = new RulePrinter(table, { ...o, handles: false });
        for (const rule of c.rules) known.set(rule, printer.rule(rule));
      }
    let shown = 0;
    stops.push(
      onTrace(ruleset.ns, (p: PktInfo, type, chain, rule, verdict, pass) => {
        const { family, name } = chain.table;
        let id = ids.get(p.skb);
        if (id === undefined) ids.set(p.skb, (id = ruleset.ns.random.uint32()));
        const head = `trace id ${id.toString(16).padStart(8, '0')} ${family} ${name} ${chain.name}`;
        if (pass > shown) {
          shown = pass;
          say(`${head} packet: ${traceHeaders(p, family)} \n`);
        }
        if (type === 'rule' && rule !== undefined) {
          const text = known.get(rule);
          say(
            `${head} ${text === undefined ? `unknown rule handle ${rule.handle}` : `rule ${text}`} (verdict ${verdict})\n`,
          );
        } else if (type === 'policy') say(`${head} policy ${verdict} \n`);
      }),
    );
  }
  if (!words.includes('trace')) {
    const wanted = wantedBy(words);
    stops.push(
      ruleset.listen((changes, by) => {
        for (const c of changes) {
          const text = wanted(c) ? changeText(c, o, ruleset) : undefined;
          if (text !== undefined) say(`${text}\n`);
        }
        if (all) say(`# new generation ${ruleset.generation} by process ${by.pid} (${by.name})\n`);
      }),
    );
  }
  try {
    for (;;) {
      while (lines.length > 0) yield* sys.print(lines.shift()!);
      yield* sys.wait([queue]);
    }
  } finally {
    for (const stop of stops) stop();
  }
}
