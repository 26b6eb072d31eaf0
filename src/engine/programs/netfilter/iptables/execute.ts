/** Runs one command on a table. */
import type { XtRule } from '../../../net/netfilter/xt/rule';
import { XtProblem } from '../../../net/netfilter/xt/problem';
import type { Backend, ChainView, TableSession } from './backend';
import type { Command } from './parsed-line';
import type { HostName, ListFormat } from './print-rule';
import { listHeader, listRule, noteRule, policyCounters, saveRule } from './print-rule';

/** What a command prints. */
export interface Printed {
  out: string;
  err: string;
}

function listChain(c: ChainView, f: ListFormat): string {
  const state =
    c.policy === undefined
      ? `${c.references} references`
      : `policy ${c.policy}${f.verbose ? policyCounters(c.counters, f.exact) : ''}`;
  let out = `Chain ${c.name} (${state})\n${listHeader(f)}`;
  c.rules.forEach((r, i) => (out += listRule(r, i + 1, f)));
  return out;
}

function list(c: Command, session: TableSession, host: HostName): string {
  const f: ListFormat = {
    numeric: c.numeric,
    verbose: c.verbose > 0,
    exact: c.exact,
    lineNumbers: c.lineNumbers,
    host,
  };
  if (c.chain === undefined)
    return (
      session.remarks() +
      session
        .chains()
        .map((v) => listChain(v, f))
        .join('\n')
    );
  const view = session.chain(c.chain)!;
  if (c.number === undefined) return listChain(view, f);
  const rule = view.rules[c.number - 1];
  return rule === undefined ? '' : listRule(rule, c.number, f);
}

function listRules(c: Command, session: TableSession): string {
  const views = c.chain === undefined ? session.chains() : [session.chain(c.chain)!];
  const counted = c.verbose > 0;
  if (c.number !== undefined) {
    const rule = views[0]!.rules[c.number - 1];
    return rule === undefined ? '' : `-A ${views[0]!.name}${saveRule(rule, counted)}\n`;
  }
  let out = c.chain === undefined ? session.remarks() : '';
  for (const v of views) {
    if (v.policy === undefined) out += `-N ${v.name}\n`;
    else out += `-P ${v.name} ${v.policy}${counted ? ` -c ${v.counters.packets} ${v.counters.bytes}` : ''}\n`;
  }
  for (const v of views) for (const r of v.rules) out += `-A ${v.name}${saveRule(r, counted)}\n`;
  return out;
}

/** A jump must lead somewhere: what each kernel interface says when it does not. @throws XtProblem */
function checkTargets(c: Command, session: TableSession, backend: Backend): void {
  for (const { target } of c.rules) {
    if (target.kind !== 'chain' || session.exists(target.chain)) continue;
    if (backend.variant === 'nf_tables') throw new XtProblem(`Chain '${target.chain}' does not exist`);
    if (target.goto) throw new XtProblem(`goto '${target.chain}' is not a chain\n`);
    throw new XtProblem(`Couldn't load target \`${target.chain}':No such file or directory\n`);
  }
}

function forEachRule(c: Command, printed: Printed, f: (rule: XtRule) => void): void {
  for (const rule of c.rules) {
    if (c.verbose > 0) printed.out += noteRule(rule);
    f(rule);
  }
}

/**
 * Runs a command. @throws XtErrno, BatchError, XtProblem
 * @param host how -L finds names of addresses
 */
export function execute(c: Command, session: TableSession, backend: Backend, host: HostName, printed: Printed): void {
  const chain = c.chain!;
  checkTargets(c, session, backend);
  for (const verb of c.verbs.length > 1 ? [...c.verbs].sort() : c.verbs) {
    switch (verb) {
      case 'A':
        forEachRule(c, printed, (r) => session.append(chain, r));
        break;
      case 'I': {
        let at = c.number!;
        forEachRule(c, printed, (r) => session.insert(chain, r, at++));
        break;
      }
      case 'R':
        if (c.rules.length > 1) throw new XtProblem('Replacement rule does not specify a unique address');
        forEachRule(c, printed, (r) => session.replace(chain, r, c.number!));
        break;
      case 'D':
        forEachRule(c, printed, (r) => session.deleteRule(chain, r));
        break;
      case 'D#':
        session.deleteAt(chain, c.number!);
        break;
      case 'C':
        forEachRule(c, printed, (r) => session.check(chain, r));
        break;
      case 'L':
        printed.out += list(c, session, host);
        break;
      case 'S':
        printed.out += listRules(c, session);
        break;
      case 'F': {
        const names = session.flush(c.chain);
        if (c.verbose > 0) printed.out += names.map((n) => `Flushing chain \`${n}'\n`).join('');
        break;
      }
      case 'Z':
      case 'Z#': {
        const names = session.zero(c.chain, c.verbs.includes('Z#') ? c.number : undefined);
        if (c.verbose > 0 && verb === 'Z') printed.out += names.map((n) => `Zeroing chain \`${n}'\n`).join('');
        break;
      }
      case 'N':
        session.newChain(chain);
        break;
      case 'X': {
        const names = session.deleteChain(c.chain);
        if (c.verbose > 0) printed.out += names.map((n) => `Deleting chain \`${n}'\n`).join('');
        break;
      }
      case 'E':
        session.renameChain(chain, c.second!);
        break;
      case 'P':
        session.policy(chain, c.second!, backend.variant === 'legacy' ? c.counters : undefined);
        break;
    }
  }
}
