/** Relations such as `tcp[tcpflags] & tcp-syn != 0` and `len > 100`: unsigned 32-bit arithmetic over packet bytes. */
import { CONSTANTS, ETHER_PROTOCOLS, IP_PROTOCOLS } from './constants';
import { FilterError, parseNumber, syntaxError } from './lexer';
import type { Parser } from './parser';
import type { Arithmetic, FilterPacket, Predicate } from './tests';
import { etherType, fault, firstFragment, ip4Protocol, ip6Protocol, load, transport4 } from './tests';

/** An expression and the protocols its packet accessors presuppose. */
interface Expression {
  value: Arithmetic;
  guard: Predicate | undefined;
}

type Operator = (a: number, b: number) => number;

const OPERATORS: readonly Readonly<Record<string, Operator>>[] = [
  { '|': (a, b) => (a | b) >>> 0, '^': (a, b) => (a ^ b) >>> 0 },
  { '&': (a, b) => (a & b) >>> 0 },
  { '<<': (a, b) => (b > 31 ? 0 : (a << b) >>> 0), '>>': (a, b) => (b > 31 ? 0 : a >>> b) },
  { '+': (a, b) => (a + b) >>> 0, '-': (a, b) => (a - b) >>> 0 },
  { '*': (a, b) => Math.imul(a, b) >>> 0, '/': divide, '%': remainder },
];

/** BPF rejects the packet when it divides by zero. */
function divide(a: number, b: number): number {
  if (b === 0) fault.raised = true;
  return b === 0 ? 0 : Math.floor(a / b);
}

function remainder(a: number, b: number): number {
  if (b === 0) fault.raised = true;
  return b === 0 ? 0 : a % b;
}

const RELATIONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function guarded(a: Predicate | undefined, b: Predicate | undefined): Predicate | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (p) => a(p) && b(p);
}

/** Parses `arithmetic relation arithmetic`; undefined when the cursor is not on one (it may have moved). */
export function parseArithmetic(parser: Parser): Predicate | undefined {
  const left = level(parser, 0);
  if (left === undefined) return undefined;
  const relation = parser.token.kind === 'symbol' ? RELATIONS[parser.token.text] : undefined;
  if (relation === undefined) return undefined;
  parser.next();
  const right = level(parser, 0);
  if (right === undefined) throw syntaxError();
  const guard = guarded(left.guard, right.guard);
  const a = left.value;
  const b = right.value;
  return guard === undefined ? (p) => relation(a(p), b(p)) : (p) => guard(p) && relation(a(p), b(p));
}

function level(parser: Parser, depth: number): Expression | undefined {
  const operators = OPERATORS[depth];
  if (operators === undefined) return unary(parser);
  let left = level(parser, depth + 1);
  while (left !== undefined && parser.token.kind === 'symbol') {
    const operator = operators[parser.token.text];
    if (operator === undefined) break;
    parser.next();
    const right = level(parser, depth + 1);
    if (right === undefined) throw syntaxError();
    const a: Arithmetic = left.value;
    const b = right.value;
    // as in libpcap the right operand's protocol test is lost: `ip[2:2] - tcp[12]` looks at every IPv4 packet
    left = { value: (p) => operator(a(p), b(p)), guard: left.guard };
  }
  return left;
}

function unary(parser: Parser): Expression | undefined {
  if (parser.accept('-')) {
    const inner = unary(parser);
    if (inner === undefined) throw syntaxError();
    const value = inner.value;
    return { value: (p) => -value(p) >>> 0, guard: inner.guard };
  }
  if (parser.accept('(')) {
    const inner = level(parser, 0);
    if (inner === undefined || !parser.accept(')')) return undefined;
    return inner;
  }
  const token = parser.token;
  if (token.kind !== 'word' || token.escaped) return undefined;
  const constant = CONSTANTS.get(token.text) ?? parseNumber(token.text);
  if (constant !== undefined) {
    parser.next();
    return { value: () => constant, guard: undefined };
  }
  if (token.text === 'len' || token.text === 'length') {
    parser.next();
    return { value: (p) => p.length, guard: undefined };
  }
  return accessor(parser);
}

/** `proto[expr]` and `proto[expr:size]`. */
function accessor(parser: Parser): Expression | undefined {
  const name = parser.next().text;
  const base = baseOf(parser, name);
  if (base === undefined || !parser.accept('[')) return undefined;
  const index = level(parser, 0);
  if (index === undefined) throw syntaxError();
  let size = 1;
  if (parser.accept(':')) {
    const word = parser.next();
    const number = word.kind === 'word' ? parseNumber(word.text) : undefined;
    if (number === undefined) throw syntaxError();
    if (number !== 1 && number !== 2 && number !== 4) throw new FilterError('data size must be 1, 2, or 4');
    size = number;
  }
  if (!parser.accept(']')) throw syntaxError();
  const at = index.value;
  const { offset } = base;
  return { value: (p) => load(p, offset(p) + at(p), size), guard: guarded(base.guard, index.guard) };
}

interface Base {
  offset: (packet: FilterPacket) => number;
  guard: Predicate | undefined;
}

function baseOf(parser: Parser, name: string): Base | undefined {
  const layout = parser.layout;
  if (name === 'ether' || name === 'link') return { offset: () => 0, guard: undefined };
  const type = ETHER_PROTOCOLS.get(name);
  if (type !== undefined && name !== 'loopback') {
    return { offset: () => layout.network, guard: etherType(layout, type) };
  }
  const protocol = IP_PROTOCOLS.get(name);
  if (protocol === undefined) return undefined;
  if (name === 'icmp6') return { offset: () => layout.network + 40, guard: ip6Protocol(layout, protocol, false) };
  const isProtocol = ip4Protocol(layout, protocol);
  return { offset: (p) => transport4(layout, p), guard: (p) => isProtocol(p) && firstFragment(layout, p) };
}
