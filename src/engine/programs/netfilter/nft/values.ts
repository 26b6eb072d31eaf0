/** Constants of rules: names and numbers to values of a datatype. */
import type { Scalar } from '../../../net/netfilter/nftables';
import { ip6Edge } from '../../../net/netfilter/nftables';
import type { Node } from './ast';
import type { DataType, Env } from './datatype';
import { NftSyntaxError } from './lexer';

/** A constant or interval of one part, with its bounds. */
export interface Bounds {
  readonly from: Scalar;
  readonly to: Scalar;
  /** It was written as a range, prefix or wildcard. */
  readonly interval: boolean;
}

/** The value of a constant. @throws NftSyntaxError */
export function constant(node: Node, type: DataType, env: Env): Scalar {
  switch (node.k) {
    case 'symbol':
    case 'number':
      try {
        // Addresses may be written as numbers.
        if (node.k === 'number' && type.name === 'ipv4_addr') return Number(node.text) >>> 0;
        if (node.k === 'number' && type.name === 'ifname') return type.parse(node.text, env);
        return type.parse(node.text, env);
      } catch (message) {
        if (typeof message !== 'string') throw message;
        throw new NftSyntaxError(message, node.loc);
      }
    case 'list': {
      if (type.bitmask !== true) throw new NftSyntaxError('Expressions of this type cannot be combined', node.loc);
      let n = 0;
      for (const item of node.items) n |= constant(item, type, env) as number;
      return n >>> 0;
    }
    case 'binop': {
      const a = constant(node.left, type, env) as number;
      const b = constant(node.right, type, env) as number;
      switch (node.op) {
        case '|':
          return (a | b) >>> 0;
        case '&':
          return (a & b) >>> 0;
        case '^':
          return (a ^ b) >>> 0;
        case '<<':
          return (a << b) >>> 0;
        case '>>':
          return a >>> b;
        case '+':
          return a + b;
        case '-':
          return a - b;
      }
    }

    default:
      throw new NftSyntaxError(`Can't use this expression as a value of type ${type.desc}`, node.loc);
  }
}

/** First and last value of a prefix. */
export function prefixBounds(value: Scalar, length: number, bits: number): { from: Scalar; to: Scalar } {
  if (typeof value === 'number') {
    const size = 2 ** (bits - length);
    const from = Math.floor(value / size) * size;
    return { from, to: from + size - 1 };
  }
  if (value.includes(':')) {
    const digits = value.replace(/:/g, '').padEnd(32, '0');
    const back = (s: string) => s.slice(0, 12).match(/../g)!.join(':');
    return { from: back(ip6Edge(digits, length, '0')), to: back(ip6Edge(digits, length, 'f')) };
  }
  return { from: ip6Edge(value, length, '0'), to: ip6Edge(value, length, 'f') };
}

/** The bounds of a constant, prefix, range or wildcard. @throws NftSyntaxError */
export function bounds(node: Node, type: DataType, env: Env): Bounds {
  if (node.k === 'prefix') {
    if (node.length > type.bits)
      throw new NftSyntaxError(`Prefix length ${node.length} is invalid for type of ${type.bits} bits width`, node.loc);
    const value = constant(node.value, type, env);
    return { ...prefixBounds(value, node.length, type.bits), interval: true };
  }
  if (node.k === 'range') {
    const from = constant(node.from, type, env);
    const to = constant(node.to, type, env);
    if (from >= to) throw new NftSyntaxError('Range has zero or negative size', node.loc);
    return { from, to, interval: true };
  }
  if (node.k === 'wildcard') return { from: node.text, to: `${node.text}\uffff`, interval: true };
  const value = constant(node, type, env);
  return { from: value, to: value, interval: false };
}
