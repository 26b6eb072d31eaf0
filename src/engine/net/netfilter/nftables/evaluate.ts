/** Walks a packet through chains (nft_do_chain). Rules are closures, compiled when a packet first meets them. */
import { NF } from '../../hooks';
import type { Link } from '../../link/link';
import type { NetNamespace } from '../../namespace';
import type { Skb } from '../../skb';
import type { HookFamily } from '../hook-table';
import type { PktInfo } from '../pktinfo';
import { VERDICT, fillPktInfo, newPktInfo } from '../pktinfo';
import { compileExpr } from './compile';
import type { Chain, Rule } from './model';
import { makePrefilter, nextCandidate } from './prefilter';
import { rerouteAfter } from './reroute';

const { CONTINUE, BREAK, ACCEPT, DROP, STOLEN, JUMP, GOTO, RETURN } = VERDICT;

/** Part of a rule, or a whole one. @returns VERDICT */
export type Step = (p: PktInfo) => number;

let target: Chain | undefined;

/** A step's way to say where to jump. */
export function jumpTo(chain: Chain, verdict: number): number {
  target = chain;
  return verdict;
}

function chained(steps: readonly Step[]): Step {
  const [a, b, c, d] = steps;
  switch (steps.length) {
    case 0:
      return () => CONTINUE;
    case 1:
      return a!;
    case 2:
      return (p) => {
        const v = a!(p);
        return v === CONTINUE ? b!(p) : v;
      };
    case 3:
      return (p) => {
        let v = a!(p);
        if (v !== CONTINUE || (v = b!(p)) !== CONTINUE) return v;
        return c!(p);
      };
    case 4:
      return (p) => {
        let v = a!(p);
        if (v !== CONTINUE || (v = b!(p)) !== CONTINUE || (v = c!(p)) !== CONTINUE) return v;
        return d!(p);
      };
    default: {
      const rest = chained(steps.slice(4));
      return (p) => {
        let v = a!(p);
        if (v !== CONTINUE || (v = b!(p)) !== CONTINUE || (v = c!(p)) !== CONTINUE || (v = d!(p)) !== CONTINUE)
          return v;
        return rest(p);
      };
    }
  }
}

/** One rule as a closure. */
export function compileRule(rule: Rule): Step {
  return chained(rule.exprs.map((e) => compileExpr(e, rule.chain.table)));
}

/** Forgets a chain's code. @param appended only the last rule is new */
export function forgetCode(chain: Chain, appended = false): void {
  chain.prefilter = undefined;
  if (appended && chain.code !== undefined && chain.code.length === chain.rules.length - 1)
    chain.code.push(compileRule(chain.rules[chain.rules.length - 1]!));
  else chain.code = undefined;
}

function codeOf(chain: Chain): Step[] {
  return (chain.code ??= chain.rules.map(compileRule));
}

/** Chains with fewer rules run them all: looking the packet up in a prefilter would cost more than it saves. */
const LONG = 8;

/** @returns ACCEPT, DROP, STOLEN, QUEUE; CONTINUE at the end of the chain */
function run(chain: Chain, p: PktInfo): number {
  const code = chain.code ?? codeOf(chain);
  const filter = code.length < LONG ? undefined : (chain.prefilter ??= makePrefilter(chain.rules));
  for (let i = 0; i < code.length; i++) {
    if (filter !== undefined && (i = nextCandidate(filter, i, p)) === code.length) break;
    const v = code[i]!(p);
    if (v === BREAK || v === CONTINUE) continue;
    if (v >= 0) return v;
    if (v === RETURN) return CONTINUE;
    const next = target!;
    const w = run(next, p);
    if (v === GOTO || w !== CONTINUE) return w;
  }
  return CONTINUE;
}

const NAMES: Readonly<Record<number, string>> = {
  [ACCEPT]: 'accept',
  [DROP]: 'drop',
  [STOLEN]: 'stolen',
  [VERDICT.QUEUE]: 'queue',
  [CONTINUE]: 'continue',
  [RETURN]: 'return',
};

let describe: (rule: Rule) => string = () => '';

/** Sets how rules without a text of their own are spelled in traces; the printer of `nft` does when it is loaded. */
export function describeRulesWith(f: (rule: Rule) => string): void {
  describe = f;
}

/** A rule as its writer would spell it. */
export function ruleText(rule: Rule): string {
  const { text } = rule;
  return text === undefined ? describe(rule) : typeof text === 'string' ? text : text();
}

/** What `nft monitor trace` is told of one decision. */
export type TraceSink = (
  p: PktInfo,
  type: 'rule' | 'policy' | 'return',
  chain: Chain,
  rule: Rule | undefined,
  verdict: string,
  /** The same for all decisions of one pass through a base chain: of each pass the packet is shown once. */
  pass: number,
) => void;

const sinks = new WeakMap<NetNamespace, Set<TraceSink>>();
/** Number of sinks anywhere, so that nobody pays for the map when there is none. */
let sinkCount = 0;

/** Calls `sink` for each decision about packets with `meta nftrace set 1`, until the returned function is called. */
export function onTrace(ns: NetNamespace, sink: TraceSink): () => void {
  let set = sinks.get(ns);
  if (set === undefined) sinks.set(ns, (set = new Set()));
  set.add(sink);
  sinkCount++;
  return () => {
    if (set.delete(sink)) sinkCount--;
  };
}

/** Passes through base chains so far, and the one under way. */
let passes = 0;
let pass = 0;

function tell(
  p: PktInfo,
  type: 'rule' | 'policy' | 'return',
  chain: Chain,
  number: number,
  rule: Rule | undefined,
  verdict: string,
  first = number - 1,
): void {
  const { ns, skb } = p;
  const { table } = chain;
  if (ns.tracer.active && type !== 'return') {
    const text = rule === undefined ? `policy ${verdict}` : ruleText(rule);
    const end = rule === undefined ? chain.rules.length : number - 1;
    const passed = chain.rules
      .slice(Math.max(first, end - MAX_PASSED), end)
      .map((r, i, { length }) => ({ number: end - length + i + 1, text: ruleText(r) }));
    ns.trace(skb, {
      event: 'rule',
      family: table.family,
      table: table.name,
      chain: chain.name,
      number,
      text,
      verdict,
      ...(passed.length > 0 ? { passed } : {}),
    });
  }
  if (sinkCount > 0 && (skb.nfFlags & 1) !== 0)
    for (const sink of sinks.get(ns) ?? []) sink(p, type, chain, rule, verdict, pass);
}

/** Rules without effect that a trace event names at most: kube-proxy's chains have hundreds. */
const MAX_PASSED = 20;
/** After `runTold`: the first rule of the chain that nothing was told of. */
let untold = 0;

/** The same, telling each decision. */
function runTold(chain: Chain, p: PktInfo): number {
  const code = codeOf(chain);
  const { rules } = chain;
  let from = 0;
  for (let i = 0; i < code.length; i++) {
    const rule = rules[i];
    const v = code[i]!(p);
    if (v === BREAK) continue;
    const first = from;
    from = i + 1;
    const next = target;
    const verb = v === JUMP ? `jump ${next!.name}` : v === GOTO ? `goto ${next!.name}` : (NAMES[v] ?? 'accept');
    tell(p, 'rule', chain, i + 1, rule, verb, first);
    if (v === CONTINUE) continue;
    if (v >= 0) return v;
    if (v === RETURN) return CONTINUE;
    const w = runTold(next!, p);
    if (v === GOTO || w !== CONTINUE) return w;
  }
  untold = from;
  if (chain.base === undefined) tell(p, 'return', chain, 0, undefined, 'continue');
  return CONTINUE;
}

/** Views by depth: a rule that answers a packet (reject) makes another one pass hooks meanwhile. */
const views: PktInfo[] = [];
let depth = 0;

/** What a base chain is registered with. @returns NF */
export function runBaseChain(
  ns: NetNamespace,
  chain: Chain,
  family: HookFamily,
  skb: Skb,
  hook: number,
  input: Link | null,
  output: Link | null,
): number {
  let p = views[depth];
  if (p === undefined) views[depth] = p = newPktInfo();
  depth++;
  fillPktInfo(p, ns, skb, family, hook, input, output);
  const base = chain.base!;
  const told = ns.tracer.active || (sinkCount > 0 && sinks.get(ns)?.size !== undefined);
  const before = base.type === 'route' ? rerouteAfter(p) : undefined;
  const outer = pass;
  const own = told ? ++passes : 0;
  pass = own;
  let v: number;
  try {
    v = told ? runTold(chain, p) : run(chain, p);
  } finally {
    depth--;
    pass = outer;
  }
  if (v === CONTINUE) {
    v = base.policy === 'accept' ? ACCEPT : DROP;
    if (base.counted) {
      base.packets++;
      base.bytes += skb.length;
    }
    pass = own;
    if (told) tell(p, 'policy', chain, 0, undefined, base.policy, untold);
    pass = outer;
  }
  if (v === ACCEPT) return before !== undefined && !before(p) ? NF.DROP : NF.ACCEPT;
  return v === STOLEN ? NF.STOLEN : NF.DROP;
}
