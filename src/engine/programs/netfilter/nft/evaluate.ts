/** Gives rules their types and turns them into the kernel's expressions (nftables src/evaluate.c, netlink_linearize.c). */
import { ip6Mask } from '../../../net/netfilter/nftables';
import type { DynsetExpr, Expr, NftSet, Operand } from '../../../net/netfilter/nftables';
import type { Node, RuleNode, Statement } from './ast';
import { dataType } from './datatypes';
import { NftSyntaxError, span } from './lexer';
import { typesOf } from './typing';
import { bounds, prefixBounds } from './values';
import { OperandBuilder, hasInterval } from './evaluate-operand';
import { lookupSet } from './scope';
import type { BuiltRule, Scope } from './scope';
import { statefulExpr, named } from './elements';

/** Builds one rule. */
class RuleBuilder extends OperandBuilder {
  build(rule: RuleNode): BuiltRule {
    for (const s of rule.statements) {
      if (this.terminal !== undefined)
        throw new NftSyntaxError('Statement after terminal statement has no effect', s.loc, this.terminal);
      this.statement(s);
    }
    return { exprs: this.exprs, sets: this.sets, comment: rule.comment, targets: this.targets };
  }

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
