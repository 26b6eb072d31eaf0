/** How nft spells operands, constants and elements of sets (nftables src/expression.c, datatype.c). */
import { fieldOf, ip6Edge } from '../../../net/netfilter/nftables';
import type {
  LimitExpr,
  NftSet,
  Operand,
  Scalar,
  SetElement,
  StatefulExpr,
  NftFamily,
  Table,
  Value,
  Verdict,
} from '../../../net/netfilter/nftables';
import type { DataType, Env, Style } from './datatype';
import { dataType } from './datatypes';
import { formatDuration } from './durations';
import { integerOf, typesOf } from './typing';
import { sortedElements } from './sorted-elements';

/** How a listing looks. */
export interface PrintOptions extends Style {
  readonly env: Env;
  readonly now: number;
  /** `-a` */
  readonly handles: boolean;
  /** `-s`: without counters and what is left of times. */
  readonly stateless: boolean;
  /** `-t` */
  readonly terse?: boolean;
}

/** `10 mbytes` */
export function byteText(n: number): string {
  for (const [unit, size] of [
    ['mbytes', 1048576],
    ['kbytes', 1024],
  ] as const)
    if (n >= size && n % size === 0) return `${n / size} ${unit}`;
  return `${n} bytes`;
}

/** `10/second burst 5 packets` without `limit rate`. */
export function rateText(e: LimitExpr): string {
  const over = e.over ? 'over ' : '';
  if (e.unit === 'packets')
    return `${over}${e.rate}/${e.per}${e.burst !== 5 && e.burst !== 0 ? ` burst ${e.burst} packets` : ''}`;
  return `${over}${byteText(e.rate)}/${e.per}${e.burst > 0 ? ` burst ${byteText(e.burst)}` : ''}`;
}

/** A verdict. */
export function verdictText(v: Verdict): string {
  return v.chain === undefined ? v.code : `${v.code} ${v.chain}`;
}

/** Length of a prefix whose mask this is; undefined when it has holes. */
export function prefixLength(mask: Scalar, bits: number): number | undefined {
  if (typeof mask === 'number') {
    for (let n = 0; n <= bits; n++) if (mask === (n === 0 ? 0 : 2 ** bits - 2 ** (bits - n))) return n;
    return undefined;
  }
  const digits = mask.replace(/:/g, '');
  const text = [...digits].map((d) => parseInt(d, 16).toString(2).padStart(4, '0')).join('');
  return /^1*0*$/.test(text) ? (text.indexOf('0') < 0 ? bits : text.indexOf('0')) : undefined;
}

/** Is the interval from..to one prefix? @returns its length */
export function intervalPrefix(from: Scalar, to: Scalar, bits: number): number | undefined {
  if (typeof from === 'number' && typeof to === 'number') {
    const size = to - from + 1;
    const n = Math.log2(size);
    return Number.isInteger(n) && from % size === 0 ? bits - n : undefined;
  }
  const a = String(from);
  if (a.includes(':') || !/^[0-9a-f]{32}$/.test(a)) return undefined;
  for (let n = 128; n >= 0; n--) if (ip6Edge(a, n, 'f') === to) return ip6Edge(a, n, '0') === a ? n : undefined;
  return undefined;
}

/** Spells operands, constants, sets and their elements. */
export abstract class OperandPrinter {
  constructor(
    readonly table: Pick<Table, 'family' | 'name' | 'sets'>,
    readonly o: PrintOptions,
  ) {}
  /** `transport` names what `th` fields are of, when that is known. */
  protected th: string | undefined;
  /** Its number. */
  protected protocol = 0;

  protected get family(): NftFamily {
    return this.table.family;
  }

  operand(x: Operand): string {
    switch (x.kind) {
      case 'payload': {
        const f = fieldOf(x.field)!;
        if (f.protocol === 'th' && this.th !== undefined && fieldOf(`${this.th} ${f.name}`))
          return `${this.th} ${f.name}`;
        return x.field;
      }
      case 'raw':
        if (x.base === 'th' && x.length === 16 && x.offset === 0) return 'th sport';
        if (x.base === 'th' && x.length === 16 && x.offset === 16) return 'th dport';
        return `@${x.base},${x.offset},${x.length}`;
      case 'meta':
        return ['iif', 'oif', 'iifname', 'oifname', 'iifgroup', 'oifgroup', 'iiftype', 'oiftype'].includes(x.key) &&
          !['iiftype', 'oiftype'].includes(x.key)
          ? x.key
          : `meta ${x.key}`;
      case 'ct':
        return `ct ${x.dir ? `${x.dir} ` : ''}${x.family ? `${x.family} ` : ''}${x.key}`;
      case 'fib':
        return `fib ${x.flags.join(' . ')} ${x.result === 'check' ? 'oif' : x.result}`;
      case 'numgen':
        return `numgen ${x.mode} mod ${x.mod}${x.offset > 0 ? ` offset ${x.offset}` : ''}`;
      case 'hash':
        return (
          (x.type === 'symhash' ? 'symhash' : `jhash ${this.operand(x.source!)}`) +
          ` mod ${x.mod}` +
          (x.seed === undefined ? '' : ` seed 0x${x.seed.toString(16)}`) +
          (x.offset > 0 ? ` offset ${x.offset}` : '')
        );
      case 'bitwise':
        return this.bitwise(x);
      case 'shift':
        return `${this.operand(x.source)} ${x.op} ${x.bits}`;
      case 'concat':
        return x.parts.map((p) => this.operand(p)).join(' . ');
      case 'map':
        return `${this.operand(x.source)} map ${this.setText(x.set)}`;
      case 'exthdr':
        return x.field === undefined ? `exthdr ${x.header}` : `${x.header} ${x.field}`;
      case 'tcpopt':
        return `tcp option ${x.option}${x.field === undefined ? '' : ` ${x.field}`}`;
      case 'rt':
        return `rt ${x.family ? `${x.family} ` : ''}${x.key}`;
      case 'socket':
        return `socket ${x.key}`;
      case 'value':
        return typeof x.value === 'object' ? x.value.join(' . ') : String(x.value);
    }
  }

  private bitwise(x: Extract<Operand, { kind: 'bitwise' }>): string {
    const [type] = typesOf(x.source, this.family);
    const source = this.operand(x.source);
    if (typeof x.mask !== 'number' || typeof x.xor !== 'number') return `${source} & ${this.one(x.mask, type!)}`;
    const full = type!.bits >= 32 ? 0xffffffff : 2 ** type!.bits - 1;
    const or = (x.xor & ~x.mask) >>> 0;
    const xor = (x.xor & x.mask) >>> 0;
    const mask = (x.mask | or) >>> 0;
    let text = source;
    if (mask !== full) text += ` & ${this.one(mask, type!)}`;
    if (xor !== 0) text += ` ^ ${this.one(xor, type!)}`;
    if (or !== 0) text += ` | ${this.one(or, type!)}`;
    return text;
  }

  one(v: Scalar, type: DataType): string {
    return type.format(v, this.o, this.o.env);
  }

  protected value(v: Value, types: readonly DataType[]): string {
    return typeof v === 'object'
      ? v.map((x, i) => this.one(x, types[i] ?? integerOf(32))).join(' . ')
      : this.one(v, types[0]!);
  }

  /** `{ ... }` of an anonymous set, `@name` of another. */
  protected setText(name: string): string {
    const set = this.table.sets.get(name);
    if (set === undefined || !set.anonymous) return `@${name}`;
    const items = sortedElements(set).map((e) => this.element(set, e));
    return `{ ${items.join(', ')} }`;
  }

  /** Interval or value of one part. */
  protected interval(from: Scalar, to: Scalar, type: DataType): string {
    if (from === to) {
      const text = this.one(from, type);
      return type.bitmask === true ? text.replace(/,/g, ' | ') : text;
    }
    if (typeof to === 'string' && to.endsWith('\uffff')) return `"${from}*"`;
    const length =
      type.name === 'ipv4_addr' || type.name === 'ipv6_addr' ? intervalPrefix(from, to, type.bits) : undefined;
    if (length !== undefined) return `${this.one(from, type)}/${length}`;
    return `${this.one(from, type)}-${this.one(to, type)}`;
  }

  /** One element. */
  element(set: NftSet, e: SetElement): string {
    const types = set.keyType.map((n) => dataType(n) ?? integerOf(32));
    const { o } = this;
    let text: string;
    if (e.catchall) text = '*';
    else if (typeof e.key === 'object')
      text = e.key.map((k, i) => this.interval(k, (e.end as readonly Scalar[])[i]!, types[i]!)).join(' . ');
    else text = this.interval(e.key, e.end as Scalar, types[0]!);
    for (const s of e.exprs) text += ` ${this.stateful(s)}`;
    if (e.timeout !== undefined && e.timeout !== set.timeout) text += ` timeout ${formatDuration(e.timeout, o)}`;
    if (e.expires !== undefined && !o.stateless)
      text += ` expires ${formatDuration(Math.max(0, e.expires - o.now), o)}`;
    if (e.comment !== undefined) text += ` comment "${e.comment}"`;
    if (e.verdict !== undefined) text += ` : ${verdictText(e.verdict)}`;
    else if (e.object !== undefined) text += ` : "${e.object}"`;
    else if (e.data !== undefined && Array.isArray(set.dataType)) {
      const data = (set.dataType as readonly string[]).map((n) => dataType(n) ?? integerOf(32));
      text += ` : ${
        e.dataEnd !== undefined
          ? this.interval(e.data as Scalar, e.dataEnd as Scalar, data[0]!)
          : this.value(e.data, data)
      }`;
    }
    return text;
  }

  /** @param plain without what it has counted */
  stateful(e: StatefulExpr, plain = this.o.stateless): string {
    switch (e.kind) {
      case 'counter':
        return plain ? 'counter' : `counter packets ${e.packets} bytes ${e.bytes}`;
      case 'limit':
        return `limit rate ${rateText(e)}`;
      case 'quota':
        return `quota ${e.over ? 'over ' : ''}${byteText(e.bytes)}${e.used > 0 && !this.o.stateless ? ` used ${byteText(Math.min(e.used, e.bytes))}` : ''}`;
      case 'connlimit':
        return `ct count ${e.over ? 'over ' : ''}${e.count}`;
      case 'last':
        return 'last';
    }
  }
}
