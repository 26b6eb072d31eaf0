/** Elements of sets and maps: from the language's nodes to what the kernel is asked for; intervals that touch are merged. */
import type { ElementSpec, NftSet, Scalar, StatefulExpr, Value, Verdict } from '../../../net/netfilter/nftables';
import type { ElementNode, Statement } from './ast';
import { dataType } from './datatypes';
import type { DataType, Env } from './datatype';
import { NftSyntaxError } from './lexer';
import type { Loc } from './lexer';
import { bounds } from './values';

/** A key of these types as error messages call it. */
export const describe = (types: readonly DataType[]): string =>
  types.length === 1 ? types[0]!.desc : `concatenation of (${types.map((t) => t.desc).join(', ')})`;

/** Datatypes by their names; unknown ones are integers. */
export const named = (names: readonly string[]): DataType[] => names.map((n) => dataType(n) ?? dataType('integer')!);

/** An element of a set with these types. @throws NftSyntaxError */
export function buildElement(
  node: ElementNode,
  types: readonly DataType[],
  set: Pick<NftSet, 'dataType' | 'flags'>,
  env: Env,
  stateful: (s: Statement) => StatefulExpr,
): ElementSpec {
  let key: Value = 0;
  let end: Value = 0;
  let catchall = false;
  if (node.key.k === 'any') catchall = true;
  else {
    const parts = node.key.k === 'concat' ? node.key.parts : [node.key];
    if (parts.length !== types.length)
      throw new NftSyntaxError(
        types.length > 1 && parts.length === 1
          ? `datatype mismatch, expected ${describe(types)}, expression has type ${dataType('integer')!.desc}`
          : 'Unexpected concat size',
        node.key.loc,
      );
    const all = parts.map((p, i) => bounds(p, types[i]!, env));
    const interval = all.findIndex((b) => b.interval);
    if (interval >= 0 && set.flags.interval !== true) {
      const p = parts[interval]!;
      const kind = p.k === 'prefix' ? 'prefix' : p.k === 'range' ? 'range' : 'wildcard';
      // A prefix of full length is a value.
      if (all[interval]!.from !== all[interval]!.to)
        throw new NftSyntaxError(
          `You must add 'flags interval' to your set declaration if you want to add ${kind} elements`,
          p.loc,
        );
    }
    if (parts.length === 1) {
      key = all[0]!.from;
      end = all[0]!.to;
    } else {
      key = all.map((b) => b.from);
      end = all.map((b) => b.to);
    }
  }
  let out: ElementSpec = { key, end, catchall };
  const { data } = node;
  const target = set.dataType;
  if (data !== undefined && target !== undefined) {
    if (target === 'verdict') {
      if (data.k !== 'verdict') throw new NftSyntaxError('expression is not a verdict', data.loc);
      const verdict: Verdict = { code: data.code, ...(data.chain === undefined ? {} : { chain: data.chain }) };
      out = { ...out, verdict };
    } else if ('object' in target) {
      if (data.k !== 'symbol') throw new NftSyntaxError('expected the name of an object', data.loc);
      out = { ...out, object: data.text };
    } else {
      const dataTypes = named(target as readonly string[]);
      const parts = data.k === 'concat' ? data.parts : [data];
      const all = parts.map((p, i) => bounds(p, dataTypes[i] ?? dataType('integer')!, env));
      if (all.length === 1) {
        out = { ...out, data: all[0]!.from };
        if (all[0]!.interval) out = { ...out, dataEnd: all[0]!.to };
      } else out = { ...out, data: all.map((b) => b.from) };
    }
  }
  if (node.timeout !== undefined) out = { ...out, timeout: node.timeout };
  if (node.expires !== undefined) out = { ...out, expires: node.expires };
  if (node.comment !== undefined) out = { ...out, comment: node.comment };
  if (node.stateful.length > 0) out = { ...out, exprs: node.stateful.map(stateful) };
  return out;
}

/** A stateful statement as an expression. */
export function statefulExpr(s: Statement): StatefulExpr {
  switch (s.s) {
    case 'counter':
      return { kind: 'counter', packets: s.packets, bytes: s.bytes };
    case 'limit': {
      const burst = s.burst ?? (s.unit === 'packets' ? 5 : 0);
      return { kind: 'limit', rate: s.rate, unit: s.unit, per: s.per, burst, over: s.over };
    }
    case 'quota':
      return { kind: 'quota', bytes: s.bytes, over: s.over, used: s.used };
    case 'connlimit':
      return { kind: 'connlimit', count: s.count, over: s.over };
    default:
      throw new NftSyntaxError('statement must be stateful', s.loc);
  }
}

/** Joins overlapping and adjacent intervals of an anonymous set. */
export function mergeIntervals(elements: ElementSpec[], locs: Loc[]): { elements: ElementSpec[]; locs: Loc[] } {
  const order = elements.map((e, i) => ({ e, loc: locs[i]! }));
  order.sort((a, b) => (a.e.key < b.e.key ? -1 : a.e.key > b.e.key ? 1 : 0));
  const out: { e: ElementSpec; loc: Loc }[] = [];
  for (const item of order) {
    const last = out[out.length - 1];
    const lastEnd = last?.e.end as Scalar | undefined;
    const { key, end } = item.e as { key: Scalar; end: Scalar };
    const touches =
      last !== undefined &&
      last.e.catchall !== true &&
      item.e.catchall !== true &&
      (key <= lastEnd! || (typeof key === 'number' && typeof lastEnd === 'number' && key === lastEnd + 1));
    if (touches) {
      if (end > lastEnd!) last.e = { ...last.e, end };
    } else out.push({ ...item });
  }
  return { elements: out.map((o) => o.e), locs: out.map((o) => o.loc) };
}
