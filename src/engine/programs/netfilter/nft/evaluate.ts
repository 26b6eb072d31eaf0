/** Gives rules their types and turns them into the kernel's expressions (nftables src/evaluate.c, netlink_linearize.c). */
import type {
  DynsetExpr,
  ElementSpec,
  Expr,
  NftFamily,
  NftSet,
  Operand,
  Ruleset,
  Scalar,
  SetSpec,
  StatefulExpr,
  Value,
  Verdict,
} from '../../../net/netfilter/nftables';
import { fieldOf, ip6Mask } from '../../../net/netfilter/nftables';
import type { ElementNode, Node, RuleNode, Statement } from './ast';
import type { DataType, Env } from './datatypes';
import { closest, dataType, distance } from './datatypes';
import type { Loc } from './lexer';
import { NftSyntaxError, span } from './lexer';
import { L4, typesOf } from './typing';
import { bounds, constant, prefixBounds } from './values';

/** An anonymous set that a rule brings along. Expressions name it `\0` and its number until it has a name. */
export interface AnonymousSet {
  readonly spec: SetSpec;
  readonly elements: readonly ElementSpec[];
  /** Where each element stands. */
  readonly locs: readonly Loc[];
}

/** A rule ready for the kernel. */
export interface BuiltRule {
  readonly exprs: readonly Expr[];
  readonly sets: readonly AnonymousSet[];
  readonly comment: string | undefined;
  /** Where to point when a jump's target is missing, by its name. */
  readonly targets: ReadonlyMap<string, Loc>;
}

/** A set as far as types go: of the ruleset, or defined earlier in the same input. */
export type KnownSet = Pick<NftSet, 'name' | 'keyType' | 'dataType' | 'flags'>;

/** What a rule is evaluated in. */
export interface Scope {
  readonly family: NftFamily;
  readonly table: string;
  readonly env: Env;
  readonly ruleset: Ruleset;
  set(name: string): KnownSet | undefined;
  setNames(): string[];
}

const describe = (types: readonly DataType[]): string =>
  types.length === 1 ? types[0]!.desc : `concatenation of (${types.map((t) => t.desc).join(', ')})`;

const named = (names: readonly string[]): DataType[] => names.map((n) => dataType(n) ?? dataType('integer')!);

/** Looks a set up. @throws NftSyntaxError with a guess */
export function lookupSet(scope: Scope, name: string, loc: Loc): KnownSet {
  const set = scope.set(name);
  if (set !== undefined) return set;
  const near = closest(name, scope.setNames());
  const guess =
    near !== undefined && distance(name, near) <= Math.ceil(Math.max(name.length, near.length) / 2)
      ? `; did you mean set ‘${near}’ in table ${scope.family} ‘${scope.table}’?`
      : '';
  throw new NftSyntaxError(`No such file or directory${guess}`, loc);
}

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

/** Builds one rule. */
class RuleBuilder {
  readonly exprs: Expr[] = [];
  readonly sets: AnonymousSet[] = [];
  readonly targets = new Map<string, Loc>();
  /** Protocols known from earlier statements. */
  private nh: string | undefined;
  private th: string | undefined;
  private icmpType = false;
  private terminal: Loc | undefined;

  constructor(private readonly scope: Scope) {
    if (scope.family === 'ip' || scope.family === 'ip6' || scope.family === 'arp') this.nh = scope.family;
  }

  private get env(): Env {
    return this.scope.env;
  }

  build(rule: RuleNode): BuiltRule {
    for (const s of rule.statements) {
      if (this.terminal !== undefined)
        throw new NftSyntaxError('Statement after terminal statement has no effect', s.loc, this.terminal);
      this.statement(s);
    }
    return { exprs: this.exprs, sets: this.sets, comment: rule.comment, targets: this.targets };
  }

  // --- protocols ----------------------------------------------------------------------------------------------------------

  private depend(left: Operand, value: number): void {
    this.exprs.push({ kind: 'cmp', left, op: '==', value });
  }

  private needNetwork(protocol: 'ip' | 'ip6' | 'arp', loc: Loc): void {
    const { family } = this.scope;
    if (this.nh !== undefined) {
      if (this.nh !== protocol)
        throw new NftSyntaxError(`conflicting protocols specified: ${this.nh} vs. ${protocol}`, loc);
      return;
    }
    if (family === 'inet') {
      if (protocol === 'arp') throw new NftSyntaxError('conflicting protocols specified: inet vs. arp', loc);
      this.depend({ kind: 'meta', key: 'nfproto' }, protocol === 'ip' ? 2 : 10);
    } else this.depend({ kind: 'meta', key: 'protocol' }, { ip: 0x0800, ip6: 0x86dd, arp: 0x0806 }[protocol]);
    this.nh = protocol;
  }

  private needTransport(protocol: string, loc: Loc): void {
    if (this.th === protocol) return;
    if (this.th !== undefined)
      throw new NftSyntaxError(`conflicting protocols specified: ${this.th} vs. ${protocol}`, loc);
    if (protocol === 'icmp' && this.nh !== 'ip') this.needNetwork('ip', loc);
    if (protocol === 'icmpv6' && this.nh !== 'ip6') this.needNetwork('ip6', loc);
    this.depend({ kind: 'meta', key: 'l4proto' }, L4[protocol]!);
    this.th = protocol;
  }

  /** Emits what a selector presumes (payload_gen_dependency). */
  private presume(o: Operand, loc: Loc): void {
    if (o.kind === 'payload') {
      const { protocol, name } = fieldOf(o.field)!;
      if (protocol === 'ip' || protocol === 'ip6' || protocol === 'arp') this.needNetwork(protocol, loc);
      else if (L4[protocol] !== undefined) this.needTransport(protocol, loc);
      if ((protocol === 'icmp' || protocol === 'icmpv6') && (name === 'id' || name === 'sequence') && !this.icmpType) {
        const [request, reply] = protocol === 'icmp' ? [8, 0] : [128, 129];
        const set = this.anonymous(
          { name: '__set%d', anonymous: true, keyType: [`${protocol}_type`], flags: { constant: true } },
          [{ key: request }, { key: reply }],
          [loc, loc],
        );
        this.exprs.push({ kind: 'lookup', left: { kind: 'payload', field: `${protocol} type` }, set, invert: false });
        this.icmpType = true;
      }
      if (name === 'type' && protocol.startsWith('icmp')) this.icmpType = true;
    } else if (o.kind === 'bitwise' || o.kind === 'shift' || o.kind === 'map') this.presume(o.source, loc);
    else if (o.kind === 'tcpopt') this.needTransport('tcp', loc);
    else if (o.kind === 'concat') for (const p of o.parts) this.presume(p, loc);
    else if (o.kind === 'exthdr' && this.nh === undefined) this.needNetwork('ip6', loc);
  }

  /** What a comparison teaches about the protocols. */
  private learn(o: Operand, op: string, value: Value): void {
    if (op !== '==' && op !== '') return;
    if (o.kind === 'meta' && o.key === 'nfproto') this.nh ??= value === 2 ? 'ip' : value === 10 ? 'ip6' : undefined;
    const byType = (o.kind === 'meta' && o.key === 'protocol') || (o.kind === 'payload' && o.field === 'ether type');
    if (byType) this.nh ??= value === 0x0800 ? 'ip' : value === 0x86dd ? 'ip6' : value === 0x0806 ? 'arp' : undefined;
    const l4 =
      (o.kind === 'meta' && o.key === 'l4proto') ||
      (o.kind === 'payload' && (o.field === 'ip protocol' || o.field === 'ip6 nexthdr'));
    if (l4) this.th ??= Object.keys(L4).find((k) => L4[k] === value);
  }

  // --- expressions --------------------------------------------------------------------------------------------------------

  /** A selector as an operand, its presumptions emitted. */
  private operand(node: Node): Operand {
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

  private constantOf(node: Node, type: DataType): Scalar {
    return constant(node, type, this.env);
  }

  private anonymous(spec: SetSpec, elements: ElementSpec[], locs: Loc[]): string {
    const merged = spec.flags?.interval === true && spec.keyType.length === 1 && spec.dataType === undefined;
    this.sets.push(merged ? { spec, ...mergeIntervals(elements, locs) } : { spec, elements, locs });
    return `\0${this.sets.length - 1}`;
  }

  /** `{ ... }` as an anonymous set or map. */
  private literal(node: Extract<Node, { k: 'set' }>, types: readonly DataType[], data: NftSet['dataType']): string {
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

  private checkKey(set: KnownSet, types: readonly DataType[], left: Loc, right: Loc): void {
    const want = types.map((t) => t.name).join();
    const integers = types.every((t) => t.name === 'integer');
    if (set.keyType.join() !== want && !integers)
      throw new NftSyntaxError(
        `datatype mismatch, expected ${describe(types)}, expression has type ${describe(named(set.keyType))}`,
        right,
        left,
      );
  }

  private mapOperand(keyNode: Node, map: Node, wanted: readonly string[] | undefined): Operand {
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

  // --- statements ---------------------------------------------------------------------------------------------------------

  private statement(s: Statement): void {
    switch (s.s) {
      case 'match':
        this.match(s);
        return;
      case 'vmap': {
        const left = this.operand(s.left);
        const types = typesOf(left, this.scope.family);
        if (s.map.k === 'setref') {
          const set = lookupSet(this.scope, s.map.name, s.map.loc);
          if (set.dataType !== 'verdict') throw new NftSyntaxError('Expression is not a map', s.map.loc);
          this.checkKey(set, types, s.left.loc, s.map.loc);
          this.exprs.push({ kind: 'vmap', left, set: set.name });
        } else if (s.map.k === 'set')
          this.exprs.push({ kind: 'vmap', left, set: this.literal(s.map, types, 'verdict') });
        return;
      }
      case 'verdict': {
        const { verdict: v } = s;
        if (v.chain !== undefined) this.targets.set(v.chain, v.chainLoc!);
        this.exprs.push({ kind: 'verdict', code: v.code, ...(v.chain === undefined ? {} : { chain: v.chain }) });
        if (v.code !== 'continue') this.terminal = s.loc;
        return;
      }
      case 'counter':
      case 'limit':
      case 'quota':
      case 'connlimit':
        this.exprs.push(statefulExpr(s));
        return;
      case 'objref':
        if (s.name.k === 'map') {
          const key = this.operand(s.name.key);
          const map = s.name.map;
          if (map.k === 'setref') {
            const set = lookupSet(this.scope, map.name, map.loc);
            this.exprs.push({ kind: 'objmap', type: s.type, key, set: set.name });
          } else if (map.k === 'set')
            this.exprs.push({
              kind: 'objmap',
              type: s.type,
              key,
              set: this.literal(map, typesOf(key, this.scope.family), { object: s.type }),
            });
        } else if (s.name.k === 'symbol') this.exprs.push({ kind: 'objref', type: s.type, name: s.name.text });
        return;
      case 'log': {
        const { prefix, group, snaplen, queueThreshold, level, audit, flags } = s;
        this.exprs.push({
          kind: 'log',
          ...(prefix === undefined ? {} : { prefix }),
          ...(group === undefined ? {} : { group }),
          ...(snaplen === undefined ? {} : { snaplen }),
          ...(queueThreshold === undefined ? {} : { queueThreshold }),
          ...(level === undefined ? {} : { level }),
          ...(audit === true ? { audit } : {}),
          ...(flags.length > 0 ? { flags } : {}),
        });
        return;
      }
      case 'reject':
        this.reject(s);
        return;
      case 'nat':
        this.nat(s);
        return;
      case 'notrack':
        this.exprs.push({ kind: 'notrack' });
        return;
      case 'set':
        this.assign(s);
        return;
      case 'dynset':
        this.dynset(s);
        return;
      case 'queue':
        this.exprs.push({
          kind: 'queue',
          from: s.from,
          to: s.to,
          bypass: s.flags.has('bypass'),
          fanout: s.flags.has('fanout'),
        });
        this.terminal = s.loc;
        return;
      case 'dup':
      case 'fwd':
        throw new NftSyntaxError(`not simulated in this course: ${s.s} statements`, s.loc);
      case 'missing':
        throw new NftSyntaxError(`not simulated in this course: ${s.what}`, s.loc);
    }
  }

  private match(s: Extract<Statement, { s: 'match' }>): void {
    const { env } = this;
    let left = this.operand(s.left);
    const { family } = this.scope;
    let types = typesOf(left, family);
    let { right } = s;
    const negated = s.op === '!=';
    // A set of one member is that member.
    if (right.k === 'set' && right.elements.length === 1 && (s.op === '' || s.op === '==' || negated)) {
      const [only] = right.elements;
      if (only!.key.k !== 'concat' && only!.key.k !== 'any' && types.length === 1) right = only!.key;
    }
    if (right.k === 'set') {
      this.exprs.push({ kind: 'lookup', left, set: this.literal(right, types, undefined), invert: negated });
      return;
    }
    if (right.k === 'setref') {
      const set = lookupSet(this.scope, right.name, right.loc);
      this.checkKey(set, types, s.left.loc, right.loc);
      this.exprs.push({ kind: 'lookup', left, set: set.name, invert: negated });
      return;
    }
    if (left.kind === 'concat')
      throw new NftSyntaxError('Use concatenations with sets and maps, not singleton values', s.left.loc, right.loc);
    if (right.k === 'operand') throw new NftSyntaxError('syntax error, unexpected expression', right.loc);
    if (left.kind === 'ct' && left.key.startsWith('proto-') && this.th === undefined)
      throw new NftSyntaxError("Can't parse symbolic invalid expressions", right.loc);
    // Whether there is a route, rather than by which link.
    if (
      left.kind === 'fib' &&
      left.result !== 'type' &&
      right.k === 'symbol' &&
      (right.text === 'exists' || right.text === 'missing')
    ) {
      left = { ...left, result: 'check' };
      types = typesOf(left, family);
    }
    const type = types[0]!;
    const op = (s.op === '' ? '==' : s.op) as '==' | '!=' | '<' | '>' | '<=' | '>=' | '!';
    if (right.k === 'wildcard') {
      this.exprs.push({ kind: 'cmp', left, op: negated ? '!=' : '==', value: right.text, prefix: true });
      return;
    }
    if (right.k === 'prefix') {
      const b = bounds(right, type, env);
      if (right.length === type.bits) this.exprs.push({ kind: 'cmp', left, op: negated ? '!=' : '==', value: b.from });
      else {
        const mask =
          typeof b.from === 'number'
            ? right.length === 0
              ? 0
              : (0xffffffff << (type.bits - right.length)) >>> 0
            : type.name === 'ether_addr'
              ? String(prefixBounds('ff:ff:ff:ff:ff:ff', right.length, 48).from)
              : ip6Mask(right.length);
        const xor = typeof mask === 'number' ? 0 : mask.replace(/[0-9a-f]/g, '0');
        const bits = type.bits < 32 && typeof mask === 'number' ? mask & (2 ** type.bits - 1) : mask;
        this.exprs.push({
          kind: 'cmp',
          left: { kind: 'bitwise', source: left, mask: bits, xor },
          op: negated ? '!=' : '==',
          value: b.from,
        });
      }
      return;
    }
    if (right.k === 'range') {
      const b = bounds(right, type, env);
      this.exprs.push({ kind: 'range', left, op: negated ? '!=' : '==', from: b.from, to: b.to });
      return;
    }
    const value = this.constantOf(right, type);
    const anyOf = type.bitmask === true && left.kind !== 'bitwise' && (s.op === '' || s.op === '!');
    if (anyOf) {
      this.exprs.push({
        kind: 'cmp',
        left: { kind: 'bitwise', source: left, mask: value, xor: 0 },
        op: s.op === '!' ? '==' : '!=',
        value: 0,
      });
      return;
    }
    if (op === '!') throw new NftSyntaxError("Operator '!' needs a bitmask", s.loc);
    this.learn(left, op, value);
    this.exprs.push({ kind: 'cmp', left, op, value });
  }

  private reject(s: Extract<Statement, { s: 'reject' }>): void {
    const { family } = this.scope;
    this.terminal = s.loc;
    const push = (type: 'icmp' | 'icmpv6' | 'icmpx' | 'tcp reset', code: number) =>
      this.exprs.push({ kind: 'reject', type, code });
    if (s.type === undefined) {
      const v = family === 'inet' || family === 'bridge' || family === 'netdev' ? this.nh : family;
      if (v === 'ip') push('icmp', 3);
      else if (v === 'ip6') push('icmpv6', 4);
      else push('icmpx', 1);
      return;
    }
    if (s.type === 'tcp reset') {
      if (this.th === undefined) this.needTransport('tcp', s.loc);
      else if (this.th !== 'tcp') throw new NftSyntaxError('you cannot use tcp reset with this protocol', s.loc);
      push('tcp reset', 0);
      return;
    }
    const code = this.constantOf(s.code!, dataType(`${s.type}_code`)!) as number;
    if (s.type !== 'icmpx') {
      const protocol = s.type === 'icmp' ? 'ip' : 'ip6';
      if (this.nh !== undefined && this.nh !== protocol)
        throw new NftSyntaxError(`conflicting protocols specified: ${this.nh} vs. ${protocol}`, s.loc);
      this.needNetwork(protocol, s.loc);
    }
    push(s.type, code);
  }

  private nat(s: Extract<Statement, { s: 'nat' }>): void {
    const { family } = this.scope;
    const flags = {
      ...(s.flags.has('random') ? { random: true } : {}),
      ...(s.flags.has('fully-random') ? { fullyRandom: true } : {}),
      ...(s.flags.has('persistent') ? { persistent: true } : {}),
    };
    const service = dataType('inet_service')!;
    const ports = (node: Node | undefined): { port?: Operand; portMax?: Operand } => {
      if (node === undefined) return {};
      if (node.k === 'map') return { port: this.mapOperand(node.key, node.map, ['inet_service']) };
      const b = bounds(node, service, this.env);
      const port: Operand = { kind: 'value', value: b.from };
      return b.interval ? { port, portMax: { kind: 'value', value: b.to } } : { port };
    };
    if (s.type === 'masquerade' || s.type === 'redirect') {
      if (s.port !== undefined && this.th === undefined)
        throw new NftSyntaxError(
          'transport protocol mapping is only valid after transport protocol match',
          s.loc,
          s.port.loc,
        );
      this.exprs.push({ kind: s.type === 'masquerade' ? 'masq' : 'redir', ...ports(s.port), ...flags });
      this.terminal = s.loc;
      return;
    }
    let version: 'ip' | 'ip6';
    if (family === 'ip' || family === 'ip6') {
      version = family;
      if (s.family !== undefined && s.family !== family)
        throw new NftSyntaxError(
          `conflicting protocols specified: ${family} vs. ${s.family}. You must specify ip or ip6 family in NAT statement`,
          s.loc,
        );
    } else if (s.family !== undefined) version = s.family;
    else if (this.nh === 'ip' || this.nh === 'ip6') version = this.nh;
    else if (s.addr !== undefined)
      throw new NftSyntaxError('ip or ip6 must be specified with address for inet tables.', s.loc);
    else version = 'ip';
    if (family === 'inet' && this.nh === undefined && s.addr !== undefined) this.needNetwork(version, s.loc);
    const type = dataType(version === 'ip' ? 'ipv4_addr' : 'ipv6_addr')!;
    let addr: Operand | undefined;
    let addrMax: Operand | undefined;
    let concat = false;
    let interval = false;
    if (s.addr?.k === 'map') {
      const { map, key } = s.addr;
      let wanted: readonly string[] = [type.name];
      if (map.k === 'set' && map.elements[0]?.data?.k === 'concat') wanted = [type.name, 'inet_service'];
      addr = this.mapOperand(key, map, wanted);
      const data =
        map.k === 'setref' ? lookupSet(this.scope, map.name, map.loc).dataType : (wanted as NftSet['dataType']);
      concat = Array.isArray(data) && data.length > 1;
      interval = map.k === 'set' && map.elements.some((e) => e.data !== undefined && hasInterval(e.data));
    } else if (s.addr !== undefined) {
      const b = bounds(s.addr, type, this.env);
      addr = { kind: 'value', value: b.from };
      if (b.interval) addrMax = { kind: 'value', value: b.to };
    }
    if ((s.port !== undefined || concat) && this.th === undefined && !concat)
      throw new NftSyntaxError(
        'transport protocol mapping is only valid after transport protocol match',
        s.loc,
        s.port!.loc,
      );
    this.exprs.push({
      kind: 'nat',
      type: s.type,
      family: version,
      ...(family === 'inet' || concat ? { sayFamily: true } : {}),
      ...(addr ? { addr } : {}),
      ...(addrMax ? { addrMax } : {}),
      ...ports(s.port),
      ...(s.prefix ? { prefix: true } : {}),
      ...(concat ? { concat } : {}),
      ...(interval ? { interval } : {}),
      ...flags,
    });
    this.terminal = s.loc;
  }

  private assign(s: Extract<Statement, { s: 'set' }>): void {
    const target = this.operand(s.target);
    const [type] = typesOf(target, this.scope.family);
    let value: Operand;
    const { value: node } = s;
    if (node.k === 'map') value = this.mapOperand(node.key, node.map, [type!.name]);
    else if (node.k === 'operand' || (node.k === 'binop' && leftmost(node).k === 'operand')) {
      value = this.operand(node);
      const [from] = typesOf(value, this.scope.family);
      if (from!.name !== type!.name && from!.name !== 'integer' && type!.name !== 'integer')
        throw new NftSyntaxError(
          `datatype mismatch: expected ${type!.desc}, expression has type ${from!.desc}`,
          node.loc,
          span(s.loc, { ...s.loc, end: node.loc.start }),
        );
    } else value = { kind: 'value', value: this.constantOf(node, type!) };
    this.exprs.push({ kind: 'set', target, value });
  }

  private dynset(s: Extract<Statement, { s: 'dynset' }>): void {
    const set = lookupSet(this.scope, s.set, s.setLoc);
    const counts = s.stateful.some((x) => x.s === 'connlimit');
    if ((s.timeout !== undefined && set.flags.timeout !== true) || (counts && set.flags.timeout === true))
      throw new NftSyntaxError('Could not process rule: Operation not supported', s.loc);
    const key = this.operand(s.key);
    this.checkKey(set, typesOf(key, this.scope.family), s.setLoc, s.key.loc);
    let data: Operand | undefined;
    if (s.data !== undefined) {
      const types = Array.isArray(set.dataType) ? named(set.dataType as readonly string[]) : [];
      data =
        s.data.k === 'operand' || (s.data.k === 'concat' && s.data.parts[0]!.k === 'operand')
          ? this.operand(s.data)
          : { kind: 'value', value: this.constantOf(s.data, types[0] ?? dataType('integer')!) };
    }
    const out: DynsetExpr = {
      kind: 'dynset',
      op: s.op,
      set: set.name,
      key,
      exprs: s.stateful.map(statefulExpr),
      ...(data ? { data } : {}),
      ...(s.timeout === undefined ? {} : { timeout: s.timeout }),
    };
    this.exprs.push(out);
  }
}

function leftmost(node: Node): Node {
  return node.k === 'binop' ? leftmost(node.left) : node;
}

function hasInterval(node: Node): boolean {
  if (node.k === 'prefix' || node.k === 'range' || node.k === 'wildcard') return true;
  return node.k === 'concat' && node.parts.some(hasInterval);
}

/** Evaluates a rule. @throws NftSyntaxError */
export function buildRule(rule: RuleNode, scope: Scope): BuiltRule {
  return new RuleBuilder(scope).build(rule);
}

/** Expressions of a rule's own, with the names that its anonymous sets have got. */
export function instantiate(exprs: readonly Expr[], names: readonly string[]): Expr[] {
  const copy = (v: unknown): unknown => {
    if (Array.isArray(v)) return v.map(copy);
    if (typeof v === 'object' && v !== null)
      return Object.fromEntries(
        Object.entries(v).map(([k, x]) => [
          k,
          k === 'set' && typeof x === 'string' && x.startsWith('\0') ? names[Number(x.slice(1))] : copy(x),
        ]),
      );
    return v;
  };
  return exprs.map((e) => copy(e) as Expr);
}
