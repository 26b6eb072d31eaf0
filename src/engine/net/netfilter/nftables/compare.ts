/** `cmp`: compares a value of the packet with a constant (net/netfilter/nft_cmp.c). */
import { VERDICT } from '../pktinfo';
import type { Step } from './evaluate';
import type { Expr, Table, Value } from './model';
import { valueGetter } from './operands';

const { CONTINUE, BREAK } = VERDICT;

function equal(a: Value, b: Value): boolean {
  if (typeof a !== 'object') return a === b;
  return typeof b === 'object' && a.every((v, i) => v === b[i]);
}

/** A comparison as a step: CONTINUE when it holds, else BREAK; BREAK too when the packet has no such value. */
export function compare(e: Extract<Expr, { kind: 'cmp' }>, table: Table): Step {
  const { value, op } = e;
  // The commonest comparisons read the packet themselves.
  if (e.left.kind === 'payload' && (op === '==' || op === '!=') && typeof value === 'number') {
    const yes = op === '==' ? CONTINUE : BREAK;
    const no = op === '==' ? BREAK : CONTINUE;
    if (e.left.field === 'ip saddr')
      return (p) => {
        const q = p.skb.payload;
        return q.kind !== 'ipv4' ? BREAK : q.src === value ? yes : no;
      };
    if (e.left.field === 'ip daddr')
      return (p) => {
        const q = p.skb.payload;
        return q.kind !== 'ipv4' ? BREAK : q.dst === value ? yes : no;
      };
  }
  if (e.left.kind === 'meta' && e.left.key === 'l4proto' && op === '==')
    return (p) => (p.l4proto === value ? CONTINUE : BREAK);
  if (e.left.kind === 'bitwise' && e.left.source.kind === 'payload' && op === '==' && typeof value === 'number') {
    const { source, mask, xor } = e.left;
    if (xor === 0 && typeof mask === 'number') {
      const m = mask;
      const want = value | 0;
      if (source.field === 'ip saddr')
        return (p) => {
          const q = p.skb.payload;
          return q.kind === 'ipv4' && (q.src & m) === want ? CONTINUE : BREAK;
        };
      if (source.field === 'ip daddr')
        return (p) => {
          const q = p.skb.payload;
          return q.kind === 'ipv4' && (q.dst & m) === want ? CONTINUE : BREAK;
        };
    }
  }
  const left = valueGetter(e.left, table);
  if (e.prefix === true) {
    const start = String(value);
    const want = op === '==';
    return (p) => {
      const v = left(p);
      return v !== undefined && String(v).startsWith(start) === want ? CONTINUE : BREAK;
    };
  }
  if (typeof value === 'object') {
    const want = op === '==';
    return (p) => {
      const v = left(p);
      return v !== undefined && equal(v, value) === want ? CONTINUE : BREAK;
    };
  }
  switch (op) {
    case '==':
      return (p) => (left(p) === value ? CONTINUE : BREAK);
    case '!=':
      return (p) => {
        const v = left(p);
        return v !== undefined && v !== value ? CONTINUE : BREAK;
      };
    case '<':
      return (p) => {
        const v = left(p);
        return v !== undefined && v < value ? CONTINUE : BREAK;
      };
    case '<=':
      return (p) => {
        const v = left(p);
        return v !== undefined && v <= value ? CONTINUE : BREAK;
      };
    case '>':
      return (p) => {
        const v = left(p);
        return v !== undefined && v > value ? CONTINUE : BREAK;
      };
    case '>=':
      return (p) => {
        const v = left(p);
        return v !== undefined && v >= value ? CONTINUE : BREAK;
      };
  }
}
