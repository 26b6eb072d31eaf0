/** What makes a ruleset invalid as a whole (nft_chain_validate): loops, and expressions where their hook forbids them. */
import { InvalidRuleset } from './errors';
import type { Chain, ChainLinks, Expr, Operand, Rule, Table } from './model';

/** Chains a packet may be inside of at once (NFT_JUMP_STACK_SIZE). */
export const MAX_DEPTH = 16;

/** Operands inside an operand, itself included. */
export function* operands(o: Operand | undefined): Iterable<Operand> {
  if (o === undefined) return;
  yield o;
  if (o.kind === 'bitwise' || o.kind === 'shift' || o.kind === 'map') yield* operands(o.source);
  else if (o.kind === 'hash') yield* operands(o.source);
  else if (o.kind === 'concat') for (const part of o.parts) yield* operands(part);
}

/** All operands of an expression. */
export function* operandsOf(e: Expr): Iterable<Operand> {
  switch (e.kind) {
    case 'cmp':
    case 'range':
    case 'lookup':
    case 'vmap':
      yield* operands(e.left);
      break;
    case 'nat':
      yield* operands(e.addr);
      yield* operands(e.addrMax);
      yield* operands(e.port);
      yield* operands(e.portMax);
      break;
    case 'masq':
    case 'redir':
      yield* operands(e.port);
      yield* operands(e.portMax);
      break;
    case 'objmap':
      yield* operands(e.key);
      break;
    case 'set':
      yield* operands(e.target);
      yield* operands(e.value);
      break;
    case 'dynset':
      yield* operands(e.key);
      yield* operands(e.data);
      break;
    case 'dup':
      yield* operands(e.to);
      yield* operands(e.device);
      break;
    case 'fwd':
      yield* operands(e.to);
      break;
    default:
  }
}

/** Names of the sets and maps that expressions use. */
export function setsOf(exprs: readonly Expr[]): string[] {
  const names: string[] = [];
  for (const e of exprs) {
    if (e.kind === 'lookup' || e.kind === 'vmap' || e.kind === 'dynset' || e.kind === 'objmap') names.push(e.set);
    for (const o of operandsOf(e)) if (o.kind === 'map') names.push(o.set);
  }
  return names;
}

/** Names of the chains that expressions jump to themselves, not through maps. */
export function targetsOf(exprs: readonly Expr[]): string[] {
  const names: string[] = [];
  for (const e of exprs) if (e.kind === 'verdict' && e.chain !== undefined) names.push(e.chain);
  return names;
}

/** Do they need connection tracking? */
export function holdsConntrack(exprs: readonly Expr[]): boolean {
  for (const e of exprs) {
    if (e.kind === 'nat' || e.kind === 'masq' || e.kind === 'redir' || e.kind === 'connlimit') return true;
    for (const o of operandsOf(e)) if (o.kind === 'ct') return true;
  }
  return false;
}

/** Is the expression allowed in some chains only? */
function isBound(e: Expr): boolean {
  if (e.kind === 'set') return e.value.kind === 'rt' && e.value.key === 'mtu';
  return ['nat', 'masq', 'redir', 'reject', 'notrack', 'match', 'target', 'queue'].includes(e.kind);
}

function collect(links: ChainLinks, rule: Rule): boolean {
  let any = false;
  for (const e of rule.exprs) {
    if (e.kind === 'verdict' && e.chain !== undefined) {
      links.jumps.add(e.chain);
      any = true;
    } else if (e.kind === 'vmap') {
      links.maps.add(e.set);
      any = true;
    } else if (isBound(e)) {
      links.bound.push(e);
      any = true;
    }
  }
  return any;
}

/** Brings a chain's links up to date. @param appended the only change. @returns whether they must be checked anew */
export function chainLinks(chain: Chain, appended: Rule | undefined): boolean {
  if (chain.links !== undefined && appended !== undefined) return collect(chain.links, appended);
  chain.links = undefined;
  const links = linksOf(chain);
  return links.jumps.size > 0 || links.maps.size > 0 || links.bound.length > 0;
}

/** Forgets them: the rules changed. */
export function forgetLinks(chain: Chain): void {
  chain.links = undefined;
}

function linksOf(chain: Chain): ChainLinks {
  if (chain.links === undefined) {
    chain.links = { jumps: new Set(), maps: new Set(), bound: [] };
    for (const rule of chain.rules) collect(chain.links, rule);
  }
  return chain.links;
}

const CHAIN_HOOKS: Readonly<Record<string, readonly string[]>> = {
  snat: ['postrouting', 'input'],
  dnat: ['prerouting', 'output'],
  masq: ['postrouting'],
  redir: ['prerouting', 'output'],
  rt: ['forward', 'output', 'postrouting'],
  reject: ['prerouting', 'input', 'forward', 'output', 'ingress'],
};

function checkBound(e: Expr, base: Chain): void {
  const { type, hook } = base.base!;
  const kind = e.kind === 'nat' ? e.type : e.kind === 'set' ? 'rt' : e.kind;
  const hooks = CHAIN_HOOKS[kind];
  if (hooks !== undefined && !hooks.includes(hook)) throw new InvalidRuleset('EOPNOTSUPP');
  if (['snat', 'dnat', 'masq', 'redir'].includes(kind) && type !== 'nat') throw new InvalidRuleset('EOPNOTSUPP');
}

/**
 * Checks a table after a change: jumps from base chains may be 16 chains deep and must not come back.
 * Loops that no base chain leads to are harmless and allowed. @throws InvalidRuleset EMLINK (a loop or too deep), EOPNOTSUPP (an expression in a chain that cannot have it)
 */
export function validateTable(table: Table): void {
  for (const base of table.chains.values()) {
    if (base.base === undefined) continue;
    // A chain that was checked at a depth needs no second visit at the same or a smaller one.
    const seen = new Map<Chain, number>();
    const visit = (chain: Chain, depth: number): void => {
      if (depth >= MAX_DEPTH) throw new InvalidRuleset('EMLINK');
      if ((seen.get(chain) ?? -1) >= depth) return;
      seen.set(chain, depth);
      const links = linksOf(chain);
      for (const e of links.bound) checkBound(e, base);
      for (const name of links.jumps) {
        const next = table.chains.get(name);
        if (next) visit(next, depth + 1);
      }
      for (const name of links.maps) {
        for (const element of table.sets.get(name)?.index.values() ?? []) {
          const next = element.verdict?.chain === undefined ? undefined : table.chains.get(element.verdict.chain);
          if (next) visit(next, depth + 1);
        }
      }
    };
    visit(base, 0);
  }
}
