/**
 * The comparisons that rules begin with, side by side in typed arrays, so that most rules of a long chain are passed over
 * without running their code. What it lets through is run whole, so it need not know everything: it only must not pass over
 * a rule that would do something. A rule does nothing as long as only pure comparisons ran, and ends at the first that fails.
 */
import type { PktInfo } from '../pktinfo';
import { fieldOf } from './fields';
import type { Expr, Operand, Rule } from './model';

/** What the packets of each rule must be like. All arrays have one place for each rule; -1: whatever it is. */
export interface Prefilter {
  readonly size: number;
  /** `ip saddr`, `ip daddr`: address & mask; mask 0: whatever it is. */
  readonly source: Int32Array;
  readonly sourceMask: Int32Array;
  readonly destination: Int32Array;
  readonly destinationMask: Int32Array;
  readonly protocol: Int16Array;
  /** Interfaces by their number in `names` or, where rules ask for an index, in `indexes`; no number is in both. */
  readonly input: Int32Array;
  readonly output: Int32Array;
  readonly names: Map<string, number>;
  readonly indexes: Map<number, number>;
  readonly sourcePort: Int32Array;
  readonly destinationPort: Int32Array;
  /** Does any rule ask for interfaces, or for ports? */
  interfaces: boolean;
  ports: boolean;
}

/** Stands for an interface or a port that no rule asks for, or that is not there. */
const NONE = -2;

const any = (n: number): Int32Array => new Int32Array(n).fill(-1);

/** Reads nothing but the packet and its connection: no counter, no random number, no element with a state. */
function pure(o: Operand): boolean {
  switch (o.kind) {
    case 'payload':
    case 'ct':
    case 'value':
      return true;
    case 'meta':
      return o.key !== 'random';
    case 'bitwise':
    case 'shift':
      return pure(o.source);
    default:
      return false;
  }
}

/** The number of a name or index, counted from 0 through both. */
function numberOf<K>(f: Prefilter, map: Map<K, number>, key: K): number {
  let n = map.get(key);
  if (n === undefined) map.set(key, (n = f.names.size + f.indexes.size));
  return n;
}

/** Takes what a comparison for equality asks for. */
function take(f: Prefilter, i: number, left: Operand, value: unknown): void {
  if (left.kind === 'bitwise') {
    const { source, mask, xor } = left;
    if (source.kind !== 'payload' || typeof mask !== 'number' || xor !== 0 || typeof value !== 'number') return;
    const [addresses, masks] = addressesOf(f, source.field) ?? [];
    if (masks === undefined || masks[i] !== 0) return;
    masks[i] = mask;
    addresses![i] = value;
  } else if (left.kind === 'payload' && typeof value === 'number') {
    const [addresses, masks] = addressesOf(f, left.field) ?? [];
    if (masks !== undefined) {
      masks[i] = -1;
      addresses![i] = value;
    } else if (/^(tcp|udp|th) [sd]port$/.test(left.field)) {
      f.ports = true;
      (left.field.endsWith('sport') ? f.sourcePort : f.destinationPort)[i] = value;
    } else if (left.field === 'ip protocol') f.protocol[i] = value;
  } else if (left.kind === 'meta') {
    const { key } = left;
    if (key === 'l4proto' && typeof value === 'number') f.protocol[i] = value;
    const into = /^iif(name)?$/.test(key) ? f.input : /^oif(name)?$/.test(key) ? f.output : undefined;
    // A rule that asks for a name and for an index is held to the first of them.
    if (into === undefined || into[i] !== -1) return;
    if (typeof value === 'string' && key.endsWith('name')) into[i] = numberOf(f, f.names, value);
    else if (typeof value === 'number' && !key.endsWith('name')) into[i] = numberOf(f, f.indexes, value);
    else return;
    f.interfaces = true;
  }
}

function addressesOf(f: Prefilter, field: string): readonly [Int32Array, Int32Array] | undefined {
  return field === 'ip saddr'
    ? [f.source, f.sourceMask]
    : field === 'ip daddr'
      ? [f.destination, f.destinationMask]
      : undefined;
}

/** The prefilter of a chain with these rules. */
export function makePrefilter(rules: readonly Rule[]): Prefilter {
  const n = rules.length;
  const f: Prefilter = {
    size: n,
    source: new Int32Array(n),
    sourceMask: new Int32Array(n),
    destination: new Int32Array(n),
    destinationMask: new Int32Array(n),
    protocol: new Int16Array(n).fill(-1),
    input: any(n),
    output: any(n),
    names: new Map(),
    indexes: new Map(),
    sourcePort: any(n),
    destinationPort: any(n),
    interfaces: false,
    ports: false,
  };
  rules.forEach((rule, i) => {
    for (const e of rule.exprs) {
      if (!comparison(e)) break;
      if (e.kind === 'cmp' && e.op === '==' && e.prefix !== true) take(f, i, e.left, e.value);
    }
  });
  return f;
}

/** Does the expression only compare what it reads? */
function comparison(e: Expr): e is Extract<Expr, { kind: 'cmp' | 'range' }> {
  return (e.kind === 'cmp' || e.kind === 'range') && pure(e.left);
}

const readSourcePort = fieldOf('th sport')!.get;
const readDestinationPort = fieldOf('th dport')!.get;

/**
 * The first rule from `from` on that may match the packet, as the packet is now (rules change packets).
 * @returns its place, or the number of rules when there is none
 */
export function nextCandidate(f: Prefilter, from: number, p: PktInfo): number {
  const { size, source, sourceMask, destination, destinationMask, protocol } = f;
  const packet = p.skb.payload;
  const src = packet.kind === 'ipv4' ? packet.src | 0 : 0;
  const dst = packet.kind === 'ipv4' ? packet.dst | 0 : 0;
  const { l4proto } = p;
  let i = from;
  if (!f.interfaces && !f.ports) {
    for (; i < size; i++) {
      if ((src & sourceMask[i]!) !== source[i] || (dst & destinationMask[i]!) !== destination[i]) continue;
      if (protocol[i]! < 0 || protocol[i] === l4proto) return i;
    }
    return size;
  }
  const { input, output, sourcePort, destinationPort, names, indexes } = f;
  const inName = names.get(p.input?.name ?? '') ?? NONE;
  const outName = names.get(p.output?.name ?? '') ?? NONE;
  const inIndex = indexes.get(p.input?.index ?? 0) ?? NONE;
  const outIndex = indexes.get(p.output?.index ?? 0) ?? NONE;
  const sport = f.ports ? ((readSourcePort(p) as number | undefined) ?? NONE) : NONE;
  const dport = f.ports ? ((readDestinationPort(p) as number | undefined) ?? NONE) : NONE;
  for (; i < size; i++) {
    if ((src & sourceMask[i]!) !== source[i] || (dst & destinationMask[i]!) !== destination[i]) continue;
    if (protocol[i]! >= 0 && protocol[i] !== l4proto) continue;
    const a = input[i]!;
    if (a >= 0 && a !== inName && a !== inIndex) continue;
    const b = output[i]!;
    if (b >= 0 && b !== outName && b !== outIndex) continue;
    const c = sourcePort[i]!;
    if (c >= 0 && c !== sport) continue;
    const d = destinationPort[i]!;
    if (d >= 0 && d !== dport) continue;
    return i;
  }
  return size;
}
