/** ip_tables: tables of chains with hooks of their own (net/ipv4/netfilter/ip_tables.c, iptable_*.c). */
import type { ErrnoCode } from '../../../core';
import { Errno } from '../../../core';
import { natApi } from '../../conntrack';
import { NF } from '../../hooks';
import type { Link } from '../../link/link';
import type { NetNamespace } from '../../namespace';
import type { Skb } from '../../skb';
import { hooksOf } from '../hook-table';
import type { HookOps } from '../hook-table';
import { packetLogLine } from '../log-packet';
import { rerouteAfter } from '../nftables/reroute';
import type { PktInfo } from '../pktinfo';
import { VERDICT, fillPktInfo, newPktInfo } from '../pktinfo';
import type { BuiltinTable, XtCounters, XtRule } from '../xt/rule';
import { builtinTable } from '../xt/rule';
import { NF_TRACE } from '../xt/target/trace';
import type { CompiledRule, Prefilter } from './compile';
import { compileRule, prefilter } from './compile';
import { addLegacyTableName } from './registry';

/** Rules without effect that a trace event names at most: kube-proxy's chains have hundreds. */
const MAX_PASSED = 20;

const { CONTINUE, BREAK, ACCEPT, DROP, STOLEN, GOTO, JUMP, RETURN } = VERDICT;

/** A chain. */
export interface LegacyChain {
  readonly name: string;
  /** Hook number; undefined for the user's. */
  readonly hook: number | undefined;
  policy: 'ACCEPT' | 'DROP';
  counters: XtCounters;
  rules: XtRule[];
}

/** A chain with its code; where each rule jumps. */
interface Code {
  readonly chain: LegacyChain;
  readonly rules: readonly CompiledRule[];
  readonly filter: Prefilter;
  readonly targets: (Code | undefined)[];
}

/** Does the packet pass the prefilter of rule `i`? */
function passes(f: Prefilter, i: number, p: PktInfo): boolean {
  const packet = p.skb.payload;
  if (packet.kind === 'ipv4') {
    if ((packet.src & f.sourceMask[i]!) !== f.source[i]) return false;
    if ((packet.dst & f.destinationMask[i]!) !== f.destination[i]) return false;
  }
  return f.protocol[i]! < 0 || f.protocol[i] === p.l4proto;
}

/** One table of one namespace. */
export class LegacyTable {
  /** Its own chains in the order of their hooks, then the user's by name. */
  chains: LegacyChain[];
  private code: (Code | undefined)[] = [];
  private readonly views: PktInfo[] = [];
  private depth = 0;

  constructor(
    private readonly ns: NetNamespace,
    readonly family: 'ip' | 'ip6',
    readonly builtin: BuiltinTable,
  ) {
    this.chains = builtin.chains.map((c) => ({
      name: c.name,
      hook: c.number,
      policy: 'ACCEPT',
      counters: { packets: 0, bytes: 0 },
      rules: [],
    }));
    this.compile();
    for (const c of builtin.chains) {
      const ops: HookOps = {
        family,
        hook: c.number,
        priority: c.priority,
        fn: (skb, hook, input, output) => this.run(skb, hook, input, output),
      };
      if (builtin.name === 'nat') natApi.registerChain(ns, ops);
      else hooksOf(ns).register(ops);
    }
  }

  /** What a hook runs (ipt_do_table). @returns NF */
  private run(skb: Skb, hook: number, input: Link | null, output: Link | null): number {
    const code = this.code[hook];
    if (code === undefined) return NF.ACCEPT;
    let p = this.views[this.depth];
    if (p === undefined) this.views[this.depth] = p = newPktInfo();
    fillPktInfo(p, this.ns, skb, this.family, hook, input, output);
    this.depth++;
    const again = this.builtin.name === 'mangle' && hook === 3 ? rerouteAfter(p) : undefined;
    const told = this.ns.tracer.active || (skb.nfFlags & NF_TRACE) !== 0 || this.traces;
    let v: number;
    try {
      v = told ? this.walkTold(code, p) : this.walk(code, p);
    } finally {
      this.depth--;
    }
    if (v === CONTINUE) {
      const { chain } = code;
      chain.counters.packets++;
      chain.counters.bytes += skb.length;
      if (told) this.tell(p, chain, chain.rules.length + 1, undefined, chain.policy, undefined, this.untold);
      v = chain.policy === 'ACCEPT' ? ACCEPT : DROP;
    }
    if (v === ACCEPT) return again !== undefined && !again(p) ? NF.DROP : NF.ACCEPT;
    return v === STOLEN ? NF.STOLEN : NF.DROP;
  }

  private walk(code: Code, p: PktInfo): number {
    const { rules } = code;
    const { source, sourceMask, destination, destinationMask, protocol } = code.filter;
    const packet = p.skb.payload;
    const src = packet.kind === 'ipv4' ? packet.src | 0 : 0;
    const dst = packet.kind === 'ipv4' ? packet.dst | 0 : 0;
    const { l4proto } = p;
    for (let i = 0; i < rules.length; i++) {
      if ((src & sourceMask[i]!) !== source[i] || (dst & destinationMask[i]!) !== destination[i]) continue;
      if (protocol[i]! >= 0 && protocol[i] !== l4proto) continue;
      const v = rules[i]!.step(p);
      if (v === BREAK || v === CONTINUE) continue;
      if (v >= 0) return v;
      if (v === RETURN) return CONTINUE;
      const w = this.walk(code.targets[i]!, p);
      if (v === GOTO || w !== CONTINUE) return w;
    }
    return CONTINUE;
  }

  /** True when some rule is a TRACE target. */
  private traces = false;

  /** After `walkTold`: the first rule of the chain that nothing was told of. */
  private untold = 0;

  private walkTold(code: Code, p: PktInfo): number {
    const { rules, chain, filter } = code;
    /** Number of the first rule that has not been told of. */
    let from = 0;
    for (let i = 0; i < rules.length; i++) {
      if (!passes(filter, i, p)) continue;
      const traced = (p.skb.nfFlags & NF_TRACE) !== 0;
      const v = rules[i]!.step(p);
      if (v === BREAK) continue;
      const first = from;
      from = i + 1;
      const next = code.targets[i];
      const word =
        v === JUMP || v === GOTO
          ? next!.chain.name
          : v === RETURN
            ? 'RETURN'
            : v === CONTINUE
              ? 'continue'
              : v === DROP
                ? 'DROP'
                : 'ACCEPT';
      this.tell(p, chain, i + 1, chain.rules[i], word, traced, first);
      if (v === CONTINUE) continue;
      if (v >= 0) return v;
      if (v === RETURN) return CONTINUE;
      const w = this.walkTold(next!, p);
      if (v === GOTO || w !== CONTINUE) return w;
    }
    this.untold = from;
    if (chain.hook === undefined && (p.skb.nfFlags & NF_TRACE) !== 0)
      this.log(p, `TRACE: ${this.builtin.name}:${chain.name}:return:${chain.rules.length + 1} `);
    return CONTINUE;
  }

  private log(p: PktInfo, prefix: string): void {
    this.ns.log(packetLogLine(p, prefix, ['tcp sequence', 'tcp options', 'ip options', 'skuid']), 4);
  }

  /** Tells a decision: to the trace, and to the log for packets with TRACE. */
  private tell(
    p: PktInfo,
    chain: LegacyChain,
    number: number,
    rule: XtRule | undefined,
    verdict: string,
    traced = (p.skb.nfFlags & NF_TRACE) !== 0,
    first = number - 1,
  ): void {
    const { ns } = this;
    if (ns.tracer.active) {
      const passed = chain.rules
        .slice(Math.max(first, number - 1 - MAX_PASSED), number - 1)
        .map((r, i, { length }) => ({ number: number - length + i, text: `-A ${chain.name}${describe(r)}` }));
      ns.trace(p.skb, {
        event: 'rule',
        family: this.family,
        table: this.builtin.name,
        chain: chain.name,
        number: rule === undefined ? 0 : number,
        text: rule === undefined ? `policy ${verdict}` : `-A ${chain.name}${describe(rule)}`,
        verdict: verdict === 'ACCEPT' || verdict === 'DROP' || verdict === 'RETURN' ? verdict.toLowerCase() : verdict,
        ...(passed.length > 0 ? { passed } : {}),
      });
    }
    if (traced)
      this.log(p, `TRACE: ${this.builtin.name}:${chain.name}:${rule === undefined ? 'policy' : 'rule'}:${number} `);
  }

  private compile(): void {
    const made = new Map<string, Code>();
    this.traces = false;
    for (const chain of this.chains) {
      made.set(chain.name, {
        chain,
        rules: chain.rules.map(compileRule),
        filter: prefilter(chain.rules),
        targets: [],
      });
      this.traces ||= chain.rules.some((r) => r.target.kind === 'extension' && r.target.extension.name === 'TRACE');
    }
    for (const code of made.values())
      for (const r of code.rules) code.targets.push(r.chain === undefined ? undefined : made.get(r.chain));
    this.code = [];
    for (const code of made.values()) if (code.chain.hook !== undefined) this.code[code.chain.hook] = code;
  }

  /**
   * Puts other chains in the place of these (do_replace). Policies' counters are as given.
   * @throws Errno ELOOP, EINVAL or what an extension says
   */
  replace(chains: LegacyChain[]): void {
    const hooks = reach(chains);
    for (const chain of chains) for (const rule of chain.rules) this.check(rule, hooks.get(chain.name) ?? 0);
    const before = new Set(this.chains.flatMap((c) => c.rules));
    const after = new Set(chains.flatMap((c) => c.rules));
    for (const rule of after) if (!before.has(rule)) this.each(rule, 'added');
    for (const rule of before) if (!after.has(rule)) this.each(rule, 'removed');
    this.chains = chains;
    this.compile();
  }

  private check(rule: XtRule, hooks: number): void {
    const place = {
      family: this.family,
      table: this.builtin.name,
      hooks,
      protocol: rule.protocol?.value ?? 0,
      protocolInverted: rule.protocol?.inverted ?? false,
    };
    let code: ErrnoCode | undefined;
    for (const m of rule.matches) code ??= m.extension.kernel.check?.(m.info, place, this.ns);
    if (rule.target.kind === 'extension')
      code ??= rule.target.extension.kernel.check?.(rule.target.info, place, this.ns);
    if (code !== undefined) throw new Errno(code);
  }

  private each(rule: XtRule, what: 'added' | 'removed'): void {
    for (const m of rule.matches) m.extension.kernel[what]?.(m.info, this.ns, rule.family);
    if (rule.target.kind === 'extension') rule.target.extension.kernel[what]?.(rule.target.info, this.ns, rule.family);
  }
}

/** From which hooks each chain is reached (mark_source_chains). @throws Errno ELOOP, EINVAL */
function reach(chains: readonly LegacyChain[]): Map<string, number> {
  const byName = new Map(chains.map((c) => [c.name, c]));
  const hooks = new Map<string, number>();
  const path = new Set<string>();
  const visit = (chain: LegacyChain, bit: number): void => {
    if (path.has(chain.name)) throw new Errno('ELOOP');
    if (((hooks.get(chain.name) ?? 0) & bit) !== 0) return;
    hooks.set(chain.name, (hooks.get(chain.name) ?? 0) | bit);
    path.add(chain.name);
    for (const rule of chain.rules) {
      if (rule.target.kind !== 'chain') continue;
      const next = byName.get(rule.target.chain);
      if (next === undefined || next.hook !== undefined) throw new Errno('EINVAL');
      visit(next, bit);
    }
    path.delete(chain.name);
  };
  for (const chain of chains) if (chain.hook !== undefined) visit(chain, 1 << chain.hook);
  for (const chain of chains)
    for (const rule of chain.rules)
      if (rule.target.kind === 'chain' && byName.get(rule.target.chain)?.hook !== undefined) throw new Errno('EINVAL');
  return hooks;
}

let describe: (rule: XtRule) => string = () => '';

/** Sets how rules are spelled in traces. */
export function describeLegacyRulesWith(f: (rule: XtRule) => string): void {
  describe = f;
}

const tables = new WeakMap<NetNamespace, Map<string, LegacyTable>>();

/** A table that is there; undefined while nobody has asked for it. */
export function legacyTable(ns: NetNamespace, family: 'ip' | 'ip6', name: string): LegacyTable | undefined {
  return tables.get(ns)?.get(`${family} ${name}`);
}

/** Loads a table (iptable_filter and its like): its hooks work from now on. undefined: there is none of that name. */
export function loadLegacyTable(ns: NetNamespace, family: 'ip' | 'ip6', name: string): LegacyTable | undefined {
  const there = legacyTable(ns, family, name);
  if (there !== undefined) return there;
  const builtin = builtinTable(name);
  if (builtin === undefined) return undefined;
  let all = tables.get(ns);
  if (all === undefined) tables.set(ns, (all = new Map()));
  const table = new LegacyTable(ns, family, builtin);
  all.set(`${family} ${name}`, table);
  addLegacyTableName(ns, family, name);
  return table;
}
