/** `nft -j list`: the ruleset as libnftables-json(5) has it. */
import type {
  Chain,
  Expr,
  NftObject,
  NftSet,
  Operand,
  Rule,
  Scalar,
  SetElement,
  Table,
  Value,
} from '../../../net/netfilter/nftables';
import { fieldOf } from '../../../net/netfilter/nftables';
import type { Command } from './ast';
import type { DataType } from './datatype';
import { dataType } from './datatypes';
import type { PrintOptions } from './print-operand';
import { RulePrinter } from './print-rule';
import { intervalPrefix } from './print-operand';
import { sortedElements } from './sorted-elements';
import { integerOf, typesOf } from './typing';

type Json = string | number | null | boolean | readonly Json[] | { readonly [key: string]: Json };

/** jansson's compact-with-blanks form, which nft prints. */
export function dump(v: Json): string {
  if (v === null || typeof v === 'number' || typeof v === 'boolean') return String(v);
  if (typeof v === 'string') return JSON.stringify(v);
  if (Array.isArray(v)) return `[${v.map(dump).join(', ')}]`;
  return `{${Object.entries(v)
    .map(([k, x]) => `${JSON.stringify(k)}: ${dump(x as Json)}`)
    .join(', ')}}`;
}

class JsonPrinter {
  private readonly text: RulePrinter;

  constructor(
    private readonly table: Table,
    private readonly o: PrintOptions,
  ) {
    this.text = new RulePrinter(table, o);
  }

  private one(v: Scalar, type: DataType): Json {
    if (['integer', 'inet_service', 'mark', 'uid', 'gid'].includes(type.name)) return v;
    const t = this.text.one(v, type);
    if (type.bitmask === true && t.includes(',')) return t.split(',');
    if (t.startsWith('"')) return t.slice(1, -1);
    return /^\d+$/.test(t) ? Number(t) : t;
  }

  private value(v: Value, types: readonly DataType[]): Json {
    return typeof v === 'object' ? { concat: v.map((x, i) => this.one(x, types[i]!)) } : this.one(v, types[0]!);
  }

  operand(x: Operand): Json {
    switch (x.kind) {
      case 'payload': {
        const f = fieldOf(x.field)!;
        return { payload: { protocol: f.protocol, field: f.name } };
      }
      case 'raw':
        return { payload: { base: x.base, offset: x.offset, len: x.length } };
      case 'meta':
        return { meta: { key: x.key } };
      case 'ct':
        return { ct: { key: x.family ? `${x.family} ${x.key}` : x.key, ...(x.dir ? { dir: x.dir } : {}) } };
      case 'fib':
        return {
          fib: {
            result: x.result === 'check' ? 'oif' : x.result,
            flags: x.flags.length === 1 ? x.flags[0]! : [...x.flags],
          },
        };
      case 'numgen':
        return { numgen: { mode: x.mode, mod: x.mod, offset: x.offset } };
      case 'hash':
        if (x.type === 'symhash') return { symhash: { mod: x.mod, offset: x.offset } };
        return {
          jhash: {
            mod: x.mod,
            ...(x.seed === undefined ? {} : { seed: x.seed }),
            offset: x.offset,
            expr: this.operand(x.source!),
          },
        };
      case 'concat':
        return { concat: x.parts.map((p) => this.operand(p)) };
      case 'map':
        return { map: { key: this.operand(x.source), data: this.set(x.set) } };
      case 'bitwise': {
        const [type] = typesOf(x.source, this.table.family);
        const source = this.operand(x.source);
        if (typeof x.mask !== 'number' || typeof x.xor !== 'number') return { '&': [source, this.one(x.mask, type!)] };
        const or = (x.xor & ~x.mask) >>> 0;
        const xor = (x.xor & x.mask) >>> 0;
        const mask = (x.mask | or) >>> 0;
        const full = type!.bits >= 32 ? 0xffffffff : 2 ** type!.bits - 1;
        let out = source;
        if (mask !== full) out = { '&': [out, this.one(mask, type!)] };
        if (xor !== 0) out = { '^': [out, this.one(xor, type!)] };
        if (or !== 0) out = { '|': [out, this.one(or, type!)] };
        return out;
      }
      case 'shift':
        return { [x.op]: [this.operand(x.source), x.bits] };
      case 'exthdr':
        return { exthdr: { name: x.header, ...(x.field ? { field: x.field } : {}) } };
      case 'tcpopt':
        return { 'tcp option': { name: x.option, ...(x.field ? { field: x.field } : {}) } };
      case 'rt':
        return { rt: { key: x.key } };
      case 'socket':
        return { socket: { key: x.key } };
      case 'value':
        return typeof x.value === 'object' ? [...x.value] : x.value;
    }
  }

  private set(name: string): Json {
    const set = this.table.sets.get(name);
    if (set === undefined || !set.anonymous) return `@${name}`;
    return { set: sortedElements(set).map((e) => this.element(set, e)) };
  }

  private interval(from: Scalar, to: Scalar, type: DataType): Json {
    if (from === to) return this.one(from, type);
    const length = /^ipv[46]_addr$/.test(type.name) ? intervalPrefix(from, to, type.bits) : undefined;
    if (length !== undefined) return { prefix: { addr: this.one(from, type), len: length } };
    if (typeof to === 'string' && to.endsWith('\uffff')) return `${from}*`;
    return { range: [this.one(from, type), this.one(to, type)] };
  }

  element(set: NftSet, e: SetElement): Json {
    const types = set.keyType.map((n) => dataType(n) ?? integerOf(32));
    let key: Json;
    if (e.catchall) key = '*';
    else if (typeof e.key === 'object')
      key = { concat: e.key.map((k, i) => this.interval(k, (e.end as readonly Scalar[])[i]!, types[i]!)) };
    else key = this.interval(e.key, e.end as Scalar, types[0]!);
    if (e.comment !== undefined || e.timeout !== undefined || e.expires !== undefined || e.exprs.length > 0) {
      const elem: Record<string, Json> = { val: key };
      if (e.timeout !== undefined) elem.timeout = Math.floor(e.timeout / 1e6);
      if (e.expires !== undefined) elem.expires = Math.floor((e.expires - this.o.now) / 1e6);
      if (e.comment !== undefined) elem.comment = e.comment;
      for (const s of e.exprs) Object.assign(elem, this.expr(s));
      key = { elem };
    }
    if (e.verdict !== undefined) return [key, this.verdict(e.verdict)];
    if (e.object !== undefined) return [key, e.object];
    if (e.data !== undefined && Array.isArray(set.dataType))
      return [
        key,
        this.value(
          e.data,
          (set.dataType as readonly string[]).map((n) => dataType(n) ?? integerOf(32)),
        ),
      ];
    return key;
  }

  private verdict(v: { code: string; chain?: string }): Json {
    return { [v.code]: v.chain === undefined ? null : { target: v.chain } };
  }

  private compare(e: Extract<Expr, { kind: 'cmp' }>): Json {
    const types = typesOf(e.left, this.table.family);
    const [type] = types;
    const match = (op: string, left: Json, right: Json): Json => ({ match: { op, left, right } });
    if (e.prefix === true) return match(e.op, this.operand(e.left), `${String(e.value)}*`);
    if (e.left.kind === 'bitwise') {
      const { source, mask } = e.left;
      if (type!.bitmask === true && e.value === 0 && e.op === '!=' && typeof mask === 'number')
        return match('in', this.operand(source), this.one(mask, type!));
      const length =
        /^ipv[46]_addr$/.test(type!.name) && typeof e.value !== 'object' ? maskBits(mask, type!.bits) : undefined;
      if (length !== undefined)
        return match(e.op, this.operand(source), { prefix: { addr: this.one(e.value as Scalar, type!), len: length } });
    }
    return match(e.op, this.operand(e.left), this.value(e.value, types));
  }

  expr(e: Expr): Record<string, Json> {
    switch (e.kind) {
      case 'cmp':
        return this.compare(e) as Record<string, Json>;
      case 'range': {
        const [type] = typesOf(e.left, this.table.family);
        const right = { range: [this.one(e.from, type!), this.one(e.to, type!)] };
        return { match: { op: e.op, left: this.operand(e.left), right } };
      }
      case 'lookup':
        return { match: { op: e.invert ? '!=' : '==', left: this.operand(e.left), right: this.set(e.set) } };
      case 'vmap':
        return { vmap: { key: this.operand(e.left), data: this.set(e.set) } };
      case 'verdict':
        return this.verdict(e) as Record<string, Json>;
      case 'counter':
        return { counter: { packets: e.packets, bytes: e.bytes } };
      case 'limit':
        return {
          limit: { rate: e.rate, burst: e.burst, per: e.per, ...(e.over ? { inv: true } : {}) },
        };
      case 'quota':
        return { quota: { val: e.bytes, val_unit: 'bytes', ...(e.over ? { inv: true } : {}) } };
      case 'connlimit':
        return { 'ct count': { val: e.count, ...(e.over ? { inv: true } : {}) } };
      case 'log': {
        const out: Record<string, Json> = {};
        if (e.prefix !== undefined) out.prefix = e.prefix;
        if (e.group !== undefined) out.group = e.group;
        if (e.snaplen !== undefined) out.snaplen = e.snaplen;
        if (e.level !== undefined && e.level !== 4)
          out.level = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'][e.level] ?? e.level;
        return { log: Object.keys(out).length === 0 ? null : out };
      }
      case 'reject': {
        const text = this.text.expr(e);
        if (text === 'reject') return { reject: null };
        if (e.type === 'tcp reset') return { reject: { type: 'tcp reset' } };
        return { reject: { type: e.type, expr: text.split(' ').pop()! } };
      }
      case 'nat':
      case 'masq':
      case 'redir': {
        const out: Record<string, Json> = {};
        const give = (x: Operand, type: string): Json =>
          x.kind === 'value' ? this.value(x.value, [dataType(type)!]) : this.operand(x);
        if (e.kind === 'nat') {
          if (e.sayFamily === true) out.family = e.family;
          const type = e.family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr';
          if (e.addr)
            out.addr = e.addrMax ? { range: [give(e.addr, type), give(e.addrMax, type)] } : give(e.addr, type);
        }
        if (e.port)
          out.port = e.portMax
            ? { range: [give(e.port, 'inet_service'), give(e.portMax, 'inet_service')] }
            : give(e.port, 'inet_service');
        const flags: string[] = [];
        if (e.random) flags.push('random');
        if (e.fullyRandom) flags.push('fully-random');
        if (e.persistent) flags.push('persistent');
        if (flags.length > 0) out.flags = flags.length === 1 ? flags[0]! : flags;
        const name = e.kind === 'nat' ? e.type : e.kind === 'masq' ? 'masquerade' : 'redirect';
        return { [name]: Object.keys(out).length === 0 ? null : out };
      }
      case 'notrack':
        return { notrack: null };
      case 'objref':
        return { [e.type]: e.name };
      case 'objmap':
        return { [e.type]: { map: { key: this.operand(e.key), data: this.set(e.set) } } };
      case 'set': {
        const types = typesOf(e.target, this.table.family);
        const value = e.value.kind === 'value' ? this.value(e.value.value, types) : this.operand(e.value);
        return { mangle: { key: this.operand(e.target), value } };
      }
      case 'dynset':
        return {
          set: {
            op: e.op,
            elem:
              e.timeout === undefined
                ? this.operand(e.key)
                : { elem: { val: this.operand(e.key), timeout: Math.floor(e.timeout / 1e6) } },
            set: `@${e.set}`,
            ...(e.exprs.length > 0 ? { stmt: e.exprs.map((s) => this.expr(s)) } : {}),
          },
        };
      case 'queue':
        return { queue: { num: e.from } };
      case 'match':
      case 'target':
        return { xt: { type: e.kind, name: e.name } };
      default:
        return { [e.kind]: null };
    }
  }

  rule(r: Rule): Json {
    const kept = new Set(this.text.statements(r.exprs));
    const exprs = r.exprs.filter((e) => kept.has(this.text.expr(e)));
    return {
      rule: {
        family: this.table.family,
        table: this.table.name,
        chain: r.chain.name,
        handle: r.handle,
        ...(r.comment === undefined ? {} : { comment: r.comment }),
        expr: exprs.map((e) => this.expr(e)),
      },
    };
  }

  chain(c: Chain): Json {
    const b = c.base;
    return {
      chain: {
        family: this.table.family,
        table: this.table.name,
        name: c.name,
        handle: c.handle,
        ...(b ? { type: b.type, hook: b.hook, prio: b.priority, policy: b.policy } : {}),
      },
    };
  }

  setDefinition(s: NftSet): Json {
    const type = s.keyType.length === 1 ? s.keyType[0]! : [...s.keyType];
    const data = s.dataType;
    const out: Record<string, Json> = {
      family: this.table.family,
      name: s.name,
      table: this.table.name,
      type,
      handle: s.handle,
    };
    if (data !== undefined)
      out.map =
        data === 'verdict'
          ? 'verdict'
          : 'object' in data
            ? data.object
            : // libnftables names the data's concatenation in one string, the key's as a list.
              (data as readonly string[]).join(' . ');
    if (s.size !== undefined) out.size = s.size;
    const flags = (['constant', 'interval', 'timeout', 'dynamic'] as const).filter((f) => s.flags[f] === true);
    if (flags.length > 0) out.flags = flags;
    if (s.timeout !== undefined) out.timeout = Math.floor(s.timeout / 1e6);
    if (s.gcInterval !== undefined) out['gc-interval'] = Math.floor(s.gcInterval / 1e6);
    const elements = sortedElements(s, this.o.now).map((e) => this.element(s, e));
    if (elements.length > 0) out.elem = elements;
    return { [data === undefined ? 'set' : 'map']: out };
  }

  object(x: NftObject): Json {
    const out: Record<string, Json> = {
      family: this.table.family,
      name: x.name,
      table: this.table.name,
      handle: x.handle,
    };
    if (x.state.kind === 'counter') Object.assign(out, { packets: x.state.packets, bytes: x.state.bytes });
    else if (x.state.kind === 'quota')
      Object.assign(out, { bytes: x.state.bytes, used: Math.min(x.state.used, x.state.bytes), inv: x.state.over });
    else if (x.state.kind === 'limit')
      Object.assign(out, { rate: x.state.rate, per: x.state.per, burst: x.state.burst });
    return { [x.type]: out };
  }

  all(): Json[] {
    const t = this.table;
    return [
      { table: { family: t.family, name: t.name, handle: t.handle } },
      ...[...t.objects.values()].map((x) => this.object(x)),
      ...[...t.sets.values()].filter((s) => !s.anonymous).map((s) => this.setDefinition(s)),
      ...[...t.chains.values()].map((c) => this.chain(c)),
      ...[...t.chains.values()].flatMap((c) => c.rules.map((r) => this.rule(r))),
    ];
  }
}

function maskBits(mask: Scalar, bits: number): number | undefined {
  if (typeof mask !== 'number') {
    const text = [...mask].map((d) => parseInt(d, 16).toString(2).padStart(4, '0')).join('');
    return /^1*0*$/.test(text) ? text.replace(/0/g, '').length : undefined;
  }
  for (let n = 0; n <= bits; n++) if (mask === (n === 0 ? 0 : 2 ** bits - 2 ** (bits - n))) return n;
  return undefined;
}

/** A listing. */
export function listJson(c: Command, tables: readonly Table[], o: PrintOptions): string {
  const items: Json[] = [{ metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } }];
  for (const t of tables) {
    const p = new JsonPrinter(t, o);
    const sets = [...t.sets.values()].filter((s) => !s.anonymous);
    switch (c.obj) {
      case 'tables':
        items.push({ table: { family: t.family, name: t.name, handle: t.handle } });
        break;
      case 'chains':
        items.push(...[...t.chains.values()].map((x) => p.chain(x)));
        break;
      case 'chain': {
        const chain = t.chains.get(c.name!);
        if (chain) items.push(p.chain(chain), ...chain.rules.map((r) => p.rule(r)));
        break;
      }
      case 'set':
      case 'map':
        items.push(...sets.filter((s) => s.name === c.name).map((s) => p.setDefinition(s)));
        break;
      case 'sets':
        items.push(...sets.filter((s) => s.dataType === undefined).map((s) => p.setDefinition(s)));
        break;
      case 'maps':
        items.push(...sets.filter((s) => s.dataType !== undefined).map((s) => p.setDefinition(s)));
        break;
      case 'counters':
      case 'quotas':
      case 'limits':
        items.push(...[...t.objects.values()].filter((x) => `${x.type}s` === c.obj).map((x) => p.object(x)));
        break;
      default:
        items.push(...p.all());
    }
  }
  return `${dump({ nftables: items })}\n`;
}
