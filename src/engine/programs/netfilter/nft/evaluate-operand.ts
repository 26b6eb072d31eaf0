/** Evaluates what gives values: header fields, constants, sets, maps (nftables src/evaluate.c). */
import type { ElementSpec, NftSet, Operand, Scalar, SetSpec } from '../../../net/netfilter/nftables';
import type { Node } from './ast';
import { dataType } from './datatypes';
import type { DataType } from './datatype';
import { NftSyntaxError } from './lexer';
import type { Loc } from './lexer';
import { typesOf } from './typing';
import { constant } from './values';
import { ProtocolContext } from './protocol-context';
import { mergeIntervals, buildElement, statefulExpr, named, describe } from './elements';
import { lookupSet } from './scope';
import type { KnownSet } from './scope';

/** Turns the nodes that give values into operands; brackets of constants become anonymous sets. */
export abstract class OperandBuilder extends ProtocolContext {
  /** A selector as an operand, its presumptions emitted. */
  protected operand(node: Node): Operand {
    switch (node.k) {
      case 'operand': {
        let { op } = node;
        const { family } = this.scope;
        if (node.source !== undefined && op.kind === 'hash') op = { ...op, source: this.operand(node.source) };
        if (
          op.kind === 'ct' &&
          (op.key === 'saddr' || op.key === 'daddr') &&
          op.family === undefined &&
          family !== 'ip' &&
          family !== 'ip6'
        ) {
          if (this.nh !== 'ip' && this.nh !== 'ip6')
            throw new NftSyntaxError(
              `cannot determine ip protocol version, use "ip ${op.key}" or "ip6 ${op.key}" instead`,
              node.loc,
            );
          op = { ...op, family: this.nh };
        }
        if (op.kind === 'rt' && op.key === 'nexthop' && op.family === undefined && family !== 'ip' && family !== 'ip6')
          throw new NftSyntaxError(
            'cannot determine ip protocol version, use "ip nexthop" or "ip6 nexthop" instead',
            node.loc,
          );
        if (op.kind === 'ct' && op.key === 'protocol') op = { kind: 'ct', key: 'protocol' };
        this.presume(op, node.loc);
        return op;
      }
      case 'concat':
        return { kind: 'concat', parts: node.parts.map((p) => this.operand(p)) };
      case 'binop':
        return this.binary(node);
      case 'map':
        return this.mapOperand(node.key, node.map, undefined);
      case 'symbol':
        throw new NftSyntaxError('No symbol type information', node.loc);
      default:
        throw new NftSyntaxError('syntax error, unexpected expression', node.loc);
    }
  }

  /** `x & a ^ b` as mask and xor. */
  private binary(node: Extract<Node, { k: 'binop' }>): Operand {
    const source = this.operand(node.left);
    const [type] = typesOf(source, this.scope.family);
    if (node.op === '<<' || node.op === '>>')
      return {
        kind: 'shift',
        source,
        op: node.op,
        bits: constant(node.right, dataType('integer')!, this.env) as number,
      };
    let value = this.constantOf(node.right, type!);
    if (typeof value === 'string') {
      const ones = type!.name === 'ether_addr' ? 'ff:ff:ff:ff:ff:ff' : 'f'.repeat(32);
      const zero = ones.replace(/f/g, '0');
      if (node.op === '&') return { kind: 'bitwise', source, mask: value, xor: zero };
      if (node.op === '^') return { kind: 'bitwise', source, mask: ones, xor: value };
      const not = value.replace(/[0-9a-f]/g, (d) => (15 - parseInt(d, 16)).toString(16));
      return { kind: 'bitwise', source, mask: not, xor: value };
    }
    value = value >>> 0;
    const full = type!.bits >= 32 ? 0xffffffff : 2 ** type!.bits - 1;
    let mask: number;
    let xor: number;
    if (node.op === '&') [mask, xor] = [value, 0];
    else if (node.op === '|') [mask, xor] = [(~value & full) >>> 0, value];
    else [mask, xor] = [full, value];
    if (source.kind === 'bitwise' && typeof source.mask === 'number') {
      const inner = source as { source: Operand; mask: number; xor: number };
      return {
        kind: 'bitwise',
        source: inner.source,
        mask: (inner.mask & mask) >>> 0,
        xor: ((inner.xor & mask) ^ xor) >>> 0,
      };
    }
    return { kind: 'bitwise', source, mask, xor };
  }

  protected constantOf(node: Node, type: DataType): Scalar {
    return constant(node, type, this.env);
  }

  protected anonymous(spec: SetSpec, elements: ElementSpec[], locs: Loc[]): string {
    const merged = spec.flags?.interval === true && spec.keyType.length === 1 && spec.dataType === undefined;
    this.sets.push(merged ? { spec, ...mergeIntervals(elements, locs) } : { spec, elements, locs });
    return `\0${this.sets.length - 1}`;
  }

  /** `{ ... }` as an anonymous set or map. */
  protected literal(node: Extract<Node, { k: 'set' }>, types: readonly DataType[], data: NftSet['dataType']): string {
    const interval = node.elements.some((e) => hasInterval(e.key));
    const flags = { constant: true, ...(interval ? { interval: true } : {}) };
    const elements = node.elements.map((e) => {
      if (data === 'verdict' && e.data?.k === 'verdict' && e.data.chain !== undefined)
        this.targets.set(e.data.chain, e.loc);
      return buildElement(
        e,
        types,
        { flags, ...(data === undefined ? {} : { dataType: data }) },
        this.env,
        statefulExpr,
      );
    });
    return this.anonymous(
      {
        name: data === undefined ? '__set%d' : '__map%d',
        anonymous: true,
        keyType: types.map((t) => t.name),
        flags,
        ...(data === undefined ? {} : { dataType: data }),
      },
      elements,
      node.elements.map((e) => e.loc),
    );
  }

  protected checkKey(set: KnownSet, types: readonly DataType[], left: Loc, right: Loc): void {
    const want = types.map((t) => t.name).join();
    const integers = types.every((t) => t.name === 'integer');
    if (set.keyType.join() !== want && !integers)
      throw new NftSyntaxError(
        `datatype mismatch, expected ${describe(types)}, expression has type ${describe(named(set.keyType))}`,
        right,
        left,
      );
  }

  protected mapOperand(keyNode: Node, map: Node, wanted: readonly string[] | undefined): Operand {
    const source = this.operand(keyNode);
    const types = typesOf(source, this.scope.family);
    if (map.k === 'setref') {
      const set = lookupSet(this.scope, map.name, map.loc);
      if (set.dataType === undefined) throw new NftSyntaxError('Expression is not a map', map.loc);
      this.checkKey(set, types, keyNode.loc, map.loc);
      return { kind: 'map', source, set: set.name };
    }
    if (map.k !== 'set') throw new NftSyntaxError('Expression is not a map', map.loc);
    return { kind: 'map', source, set: this.literal(map, types, wanted ?? ['integer']) };
  }
}

/** Is some element a range or a prefix? */
export function hasInterval(node: Node): boolean {
  if (node.k === 'prefix' || node.k === 'range' || node.k === 'wildcard') return true;
  return node.k === 'concat' && node.parts.some(hasInterval);
}
