/** Turns the expressions of a rule into steps: closures that return a VERDICT. */
import { CTINFO } from '../../conntrack/conn';
import type { Conn } from '../../conntrack/conn';
import { VERDICT, readTransport } from '../pktinfo';
import type { PktInfo } from '../pktinfo';
import { logPacket } from '../log-packet';
import { rejectPacket } from '../reject';
import { xtMatch, xtTarget } from '../xt/extension';
import { jumpTo } from './evaluate';
import type { Step } from './evaluate';
import { fieldOf } from './fields';
import type { CounterExpr, Expr, LimitExpr, QuotaExpr, Scalar, Table, Verdict } from './model';
import { setTcpOption } from './tcp-option';
import { valueGetter, getter } from './operands';
import { findIn, stateful } from './stateful';
import { compare } from './compare';
import { natStep } from './nat';
import { dynsetStep } from './dynset';

const { CONTINUE, BREAK, ACCEPT, DROP, QUEUE, RETURN } = VERDICT;

/** A verdict as a step. */
function verdictStep(v: Verdict, table: Table): Step {
  switch (v.code) {
    case 'accept':
      return () => ACCEPT;
    case 'drop':
      return () => DROP;
    case 'continue':
      return () => CONTINUE;
    case 'return':
      return () => RETURN;
    case 'jump':
    case 'goto': {
      const chain = table.chains.get(v.chain!);
      if (chain === undefined) return () => DROP;
      const code = v.code === 'jump' ? VERDICT.JUMP : VERDICT.GOTO;
      return () => jumpTo(chain, code);
    }
  }
}

function verdictMap(e: Extract<Expr, { kind: 'vmap' }>, table: Table): Step {
  const left = valueGetter(e.left, table);
  const set = table.sets.get(e.set);
  if (set === undefined) return () => BREAK;
  return (p) => {
    const v = left(p);
    if (v === undefined) return BREAK;
    const verdict = findIn(set, v, p)?.verdict;
    if (verdict === undefined) return BREAK;
    switch (verdict.code) {
      case 'accept':
        return ACCEPT;
      case 'drop':
        return DROP;
      case 'continue':
        return CONTINUE;
      case 'return':
        return RETURN;
      default: {
        const chain = table.chains.get(verdict.chain!);
        return chain === undefined ? DROP : jumpTo(chain, verdict.code === 'jump' ? VERDICT.JUMP : VERDICT.GOTO);
      }
    }
  };
}

function setStep(e: Extract<Expr, { kind: 'set' }>, table: Table): Step {
  const { target } = e;
  const value = getter(e.value, table);
  const put =
    (f: (p: PktInfo, v: Scalar) => void): Step =>
    (p) => {
      const v = value(p);
      if (v === undefined) return BREAK;
      f(p, v);
      return CONTINUE;
    };
  if (target.kind === 'meta') {
    switch (target.key) {
      case 'mark':
        return put((p, v) => void (p.skb.mark = (v as number) >>> 0));
      case 'nftrace':
        return put((p, v) => void (p.skb.nfFlags = (p.skb.nfFlags & ~1) | (v === 0 ? 0 : 1)));
      case 'pkttype':
        return put((p, v) => void (p.skb.pktType = v as number));
      default:
        return put(() => undefined);
    }
  }
  if (target.kind === 'ct') {
    const { key } = target;
    return put((p, v) => {
      const c = p.skb.ct as Conn | null;
      if (c !== null && key === 'mark') c.mark = (v as number) >>> 0;
      else if (c !== null && key === 'zone') c.zone = v as number;
    });
  }
  if (target.kind === 'tcpopt') {
    const { option, field } = target;
    return put((p, v) => setTcpOption(p, option, field, v as number));
  }
  if (target.kind === 'payload') {
    const f = fieldOf(target.field)?.put;
    if (f === undefined) return () => BREAK;
    return put((p, v) => {
      f(p, v);
      readTransport(p);
    });
  }
  return () => BREAK;
}

function objectStep(state: CounterExpr | QuotaExpr | LimitExpr | { kind: 'other' } | undefined): Step {
  if (state === undefined || state.kind === 'other') return () => CONTINUE;
  return (p) => (stateful(state, p) ? CONTINUE : BREAK);
}

/** One expression as a step; undefined when it does nothing. */
export function compileExpr(e: Expr, table: Table): Step {
  switch (e.kind) {
    case 'cmp':
      return compare(e, table);
    case 'range': {
      const left = getter(e.left, table);
      const { from, to } = e;
      const want = e.op === '==';
      return (p) => {
        const v = left(p);
        return v !== undefined && (v >= from && v <= to) === want ? CONTINUE : BREAK;
      };
    }
    case 'lookup': {
      const left = valueGetter(e.left, table);
      const set = table.sets.get(e.set);
      if (set === undefined) return () => BREAK;
      const want = !e.invert;
      return (p) => {
        const v = left(p);
        return v !== undefined && (findIn(set, v, p) !== undefined) === want ? CONTINUE : BREAK;
      };
    }
    case 'vmap':
      return verdictMap(e, table);
    case 'verdict':
      return verdictStep(e, table);
    case 'counter':
      return (p) => {
        e.packets++;
        e.bytes += p.skb.length;
        return CONTINUE;
      };
    case 'limit':
    case 'quota':
    case 'connlimit':
    case 'last':
      return (p) => (stateful(e, p) ? CONTINUE : BREAK);
    case 'log':
      return (p) => {
        if (e.group === undefined) logPacket(p, e.prefix ?? '', e.level ?? 4, e.flags ?? []);
        return CONTINUE;
      };
    case 'reject':
      return (p) => {
        rejectPacket(p, e);
        return DROP;
      };
    case 'nat':
    case 'masq':
    case 'redir':
      return natStep(e, table);
    case 'notrack':
      return (p) => {
        if (p.skb.ct === null) p.skb.ctInfo = CTINFO.UNTRACKED;
        return CONTINUE;
      };
    case 'objref':
      return objectStep(table.objects.get(`${e.type} ${e.name}`)?.state);
    case 'objmap': {
      const key = valueGetter(e.key, table);
      const set = table.sets.get(e.set);
      if (set === undefined) return () => BREAK;
      return (p) => {
        const v = key(p);
        const name = v === undefined ? undefined : findIn(set, v, p)?.object;
        if (name === undefined) return BREAK;
        const state = table.objects.get(`${e.type} ${name}`)?.state;
        return state === undefined || state.kind === 'other' || stateful(state, p) ? CONTINUE : BREAK;
      };
    }
    case 'set':
      return setStep(e, table);
    case 'dynset':
      return dynsetStep(e, table);
    case 'queue':
      // Nobody listens on a queue: packets die there unless told to pass.
      return () => (e.bypass ? ACCEPT : QUEUE);
    case 'dup':
    case 'fwd':
      return () => CONTINUE;
    case 'match': {
      const m = xtMatch(e.name);
      const { info } = e;
      return m === undefined ? () => BREAK : (p) => (m.matches(info, p) ? CONTINUE : BREAK);
    }
    case 'target': {
      const t = xtTarget(e.name);
      const { info } = e;
      return t === undefined ? () => DROP : (p) => t.run(info, p);
    }
  }
}
