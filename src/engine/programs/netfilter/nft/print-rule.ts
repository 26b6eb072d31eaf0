/** Rules as `nft list` spells them (nftables src/netlink_delinearize.c and the printers of statements and expressions). */
import type {
  Expr,
  LimitExpr,
  NftFamily,
  NftSet,
  Operand,
  Rule,
  Scalar,
  SetElement,
  StatefulExpr,
  Table,
  Value,
  Verdict,
} from '../../../net/netfilter/nftables';
import { fieldOf, ip6Edge } from '../../../net/netfilter/nftables';
import { extensionOf } from '../../../net/netfilter/xt';
import type { IpAddress } from '../../../wire';
import { formatIp } from '../../../wire';
import type { DataType, Env, Style } from './datatypes';
import { dataType, formatDuration } from './datatypes';
import { L4, integerOf, typesOf } from './typing';

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

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

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
function prefixLength(mask: Scalar, bits: number): number | undefined {
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

/** Prints parts of rules. */
export class RulePrinter {
  constructor(
    readonly table: Pick<Table, 'family' | 'name' | 'sets'>,
    readonly o: PrintOptions,
  ) {}

  private get family(): NftFamily {
    return this.table.family;
  }

  /** `transport` names what `th` fields are of, when that is known. */
  private th: string | undefined;
  /** Its number. */
  private protocol = 0;

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

  private value(v: Value, types: readonly DataType[]): string {
    return typeof v === 'object'
      ? v.map((x, i) => this.one(x, types[i] ?? integerOf(32))).join(' . ')
      : this.one(v, types[0]!);
  }

  /** `{ ... }` of an anonymous set, `@name` of another. */
  private setText(name: string): string {
    const set = this.table.sets.get(name);
    if (set === undefined || !set.anonymous) return `@${name}`;
    const items = sortedElements(set).map((e) => this.element(set, e));
    return `{ ${items.join(', ')} }`;
  }

  /** Interval or value of one part. */
  private interval(from: Scalar, to: Scalar, type: DataType): string {
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
        return `quota ${e.over ? 'over ' : ''}${byteText(e.bytes)}${e.used > 0 && !this.o.stateless ? ` used ${byteText(e.used)}` : ''}`;
      case 'connlimit':
        return `ct count ${e.over ? 'over ' : ''}${e.count}`;
      case 'last':
        return 'last';
    }
  }

  private compare(e: Extract<Expr, { kind: 'cmp' }>): string {
    const { left, op, value } = e;
    const types = typesOf(left, this.family);
    const [type] = types;
    const sign = op === '==' ? '' : `${op} `;
    if (e.prefix === true) return `${this.operand(left)} ${sign}"${String(value)}*"`;
    if (left.kind === 'bitwise') {
      const { source } = left;
      const name = this.operand(source);
      const plain = typeof left.xor === 'number' ? left.xor === 0 : /^[0:]*$/.test(left.xor);
      if (type!.bitmask === true && plain && typeof left.mask === 'number') {
        if (value === 0 && op === '!=') return `${name} ${this.one(left.mask, type!)}`;
        if (value === 0 && op === '==') return `${name} ! ${this.one(left.mask, type!)}`;
        return `${name} ${sign}${this.value(value, types)} / ${this.one(left.mask, type!)}`;
      }
      const length =
        plain && (type!.name === 'ipv4_addr' || type!.name === 'ipv6_addr')
          ? prefixLength(left.mask, type!.bits)
          : undefined;
      if (length !== undefined && (op === '==' || op === '!='))
        return `${name} ${sign}${this.value(value, types)}/${length}`;
      return `${this.operand(left)} ${op} ${this.value(value, types)}`;
    }
    const explicit = type!.bitmask === true && op === '==' ? '== ' : sign;
    return `${this.operand(left)} ${explicit}${this.value(value, types)}`;
  }

  private nat(e: Extract<Expr, { kind: 'nat' | 'masq' | 'redir' }>): string {
    const type = dataType('inet_service')!;
    const data = (x: Operand, t: DataType): string => (x.kind === 'value' ? this.value(x.value, [t]) : this.operand(x));
    let text = e.kind === 'nat' ? e.type : e.kind === 'masq' ? 'masquerade' : 'redirect';
    const port = (): string => `${data(e.port!, type)}${e.portMax ? `-${data(e.portMax, type)}` : ''}`;
    if (e.kind === 'nat') {
      const address = dataType(e.family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr')!;
      if (e.addr || e.port) {
        if (this.family === 'inet' ? e.addr !== undefined || e.sayFamily === true : e.sayFamily === true)
          text += ` ${e.family}`;
        if (e.prefix) text += ' prefix';
        text += ' to ';
        if (e.addr) {
          const end =
            e.addrMax?.kind === 'value' && e.addr.kind === 'value'
              ? this.interval(
                  e.addr.value as Scalar,
                  e.addrMax.value as Scalar,
                  e.prefix ? address : { ...address, name: 'range' },
                )
              : data(e.addr, address);
          const bracket = e.family === 'ip6' && e.port !== undefined && e.addr.kind === 'value' && !e.addrMax;
          text += bracket ? `[${end}]` : end;
        }
        if (e.port) text += `:${port()}`;
      }
    } else if (e.port) text += ` to :${port()}`;
    const flags: string[] = [];
    if (e.random) flags.push('random');
    if (e.fullyRandom) flags.push('fully-random');
    if (e.persistent) flags.push('persistent');
    return flags.length > 0 ? `${text} ${flags.join(',')}` : text;
  }

  private log(e: Extract<Expr, { kind: 'log' }>): string {
    let text = 'log';
    if (e.prefix !== undefined) text += ` prefix "${e.prefix}"`;
    if (e.group !== undefined) text += ` group ${e.group}`;
    if (e.snaplen !== undefined) text += ` snaplen ${e.snaplen}`;
    if (e.queueThreshold !== undefined) text += ` queue-threshold ${e.queueThreshold}`;
    if (e.level !== undefined && e.level !== 4) text += ` level ${LEVELS[e.level] ?? e.level}`;
    if (e.audit === true) text += ' level audit';
    const flags = new Set(e.flags ?? []);
    if (flags.size === 5) return `${text} flags all`;
    const tcp = [flags.has('tcp sequence') ? 'sequence' : '', flags.has('tcp options') ? 'options' : ''].filter(
      Boolean,
    );
    if (tcp.length > 0) text += ` flags tcp ${tcp.join(',')}`;
    if (flags.has('ip options')) text += ' flags ip options';
    if (flags.has('skuid')) text += ' flags skuid';
    if (flags.has('ether')) text += ' flags ether';
    return text;
  }

  private reject(e: Extract<Expr, { kind: 'reject' }>): string {
    if (e.type === 'tcp reset') return 'reject with tcp reset';
    const usual =
      (e.type === 'icmp' && this.family === 'ip' && e.code === 3) ||
      (e.type === 'icmpv6' && this.family === 'ip6' && e.code === 4) ||
      (e.type === 'icmpx' && e.code === 1);
    if (usual) return 'reject';
    return `reject with ${e.type} ${this.one(e.code, dataType(`${e.type}_code`)!)}`;
  }

  private dynset(e: Extract<Expr, { kind: 'dynset' }>): string {
    let text = `${e.op} @${e.set} { ${this.operand(e.key)}`;
    if (e.timeout !== undefined) text += ` timeout ${formatDuration(e.timeout, this.o)}`;
    // A set with expressions of its own gives them to its elements itself.
    const exprs = this.table.sets.get(e.set)?.exprs.length ? [] : e.exprs;
    for (const s of exprs) text += ` ${this.stateful(s, true)}`;
    if (e.data !== undefined) {
      const set = this.table.sets.get(e.set);
      const types = Array.isArray(set?.dataType) ? (set.dataType as readonly string[]).map((n) => dataType(n)!) : [];
      text += ` : ${e.data.kind === 'value' ? this.value(e.data.value, types.length > 0 ? types : [integerOf(32)]) : this.operand(e.data)}`;
    }
    return `${text} }`;
  }

  /** One expression as a statement. */
  expr(e: Expr): string {
    switch (e.kind) {
      case 'cmp':
        return this.compare(e);
      case 'range': {
        const types = typesOf(e.left, this.family);
        const f = (v: Scalar) => this.one(v, types[0]!);
        return `${this.operand(e.left)} ${e.op === '!=' ? '!= ' : ''}${f(e.from)}-${f(e.to)}`;
      }
      case 'lookup':
        return `${this.operand(e.left)} ${e.invert ? '!= ' : ''}${this.setText(e.set)}`;
      case 'vmap':
        return `${this.operand(e.left)} vmap ${this.setText(e.set)}`;
      case 'verdict':
        return verdictText(e);
      case 'counter':
      case 'limit':
      case 'quota':
      case 'connlimit':
      case 'last':
        return this.stateful(e);
      case 'log':
        return this.log(e);
      case 'reject':
        return this.reject(e);
      case 'nat':
      case 'masq':
      case 'redir':
        return this.nat(e);
      case 'notrack':
        return 'notrack';
      case 'objref':
        return `${e.type} name "${e.name}"`;
      case 'objmap':
        return `${e.type} name ${this.operand(e.key)} map ${this.setText(e.set)}`;
      case 'set': {
        const types = typesOf(e.target, this.family);
        const value = e.value.kind === 'value' ? this.value(e.value.value, types) : this.operand(e.value);
        return `${this.operand(e.target)} set ${value}`;
      }
      case 'dynset':
        return this.dynset(e);
      case 'queue': {
        const flags = [e.bypass ? 'bypass' : '', e.fanout ? 'fanout' : ''].filter(Boolean).join(',');
        return `queue${flags ? ` flags ${flags}` : ''} to ${e.from}${e.to > e.from ? `-${e.to}` : ''}`;
      }
      case 'dup':
        return `dup to ${this.operand(e.to)}`;
      case 'fwd':
        return `fwd to ${this.operand(e.to)}`;
      case 'match':
      case 'target': {
        const family = this.family === 'ip6' ? 'ip6' : 'ip';
        const extension = extensionOf(e.kind, e.name, family, e.info);
        // A comment has no words of its own in nft's listing: only its blank remains.
        if (e.kind === 'match' && e.name === 'comment') return '';
        const host = (a: IpAddress): string => formatIp(a);
        const text = extension?.nft?.(e.info, { family, numeric: true, protocol: this.protocol, host });
        return text ?? `xt ${e.kind} ${e.name}`;
      }
    }
  }

  /**
   * A rule's statements. What only says which protocol a later selector is of is left out, as the selector says it
   * (payload_dependency_kill).
   */
  statements(exprs: readonly Expr[]): string[] {
    const texts: (string | undefined)[] = [];
    /** Where a statement stands that says what the network or transport protocol is. */
    const pending: {
      nh?: { at: number; expr: Expr; protocol: string };
      th?: { at: number; expr: Expr; protocol: string };
    } = {};
    this.th = undefined;
    this.protocol = 0;
    const meets = (x: Operand): void => {
      if (x.kind === 'payload') {
        const f = fieldOf(x.field)!;
        if (f.base === 'nh' && pending.nh?.protocol === f.protocol) {
          texts[pending.nh.at] = undefined;
          delete pending.nh;
        } else if (f.base === 'th') {
          const mine = f.protocol === 'th' ? this.th : f.protocol;
          if (pending.th !== undefined && pending.th.protocol === mine && this.mayKill(pending.th.expr)) {
            texts[pending.th.at] = undefined;
            delete pending.th;
          }
          // icmp is IPv4's and icmpv6 IPv6's.
          const version = { icmp: 'ip', icmpv6: 'ip6', igmp: 'ip' }[f.protocol];
          if (
            version !== undefined &&
            pending.nh?.protocol === version &&
            pending.nh.expr.kind === 'cmp' &&
            isMeta(pending.nh.expr, 'nfproto')
          ) {
            texts[pending.nh.at] = undefined;
            delete pending.nh;
          }
        }
      } else if (x.kind === 'exthdr' && pending.nh?.protocol === 'ip6') {
        texts[pending.nh.at] = undefined;
        delete pending.nh;
      } else if (x.kind === 'tcpopt' && pending.th?.protocol === 'tcp') {
        texts[pending.th.at] = undefined;
        delete pending.th;
      } else if (
        x.kind === 'raw' &&
        x.base === 'th' &&
        x.length === 16 &&
        this.th !== undefined &&
        pending.th !== undefined
      ) {
        texts[pending.th.at] = undefined;
        delete pending.th;
      }
    };
    for (const e of exprs) {
      const at = texts.length;
      for (const x of operandsDeep(e)) meets(x);
      if (e.kind === 'nat' && e.addr !== undefined && this.family === 'inet' && pending.nh !== undefined) {
        texts[pending.nh.at] = undefined;
        delete pending.nh;
      }
      if (
        e.kind === 'reject' &&
        (e.type === 'icmp' || e.type === 'icmpv6') &&
        pending.nh !== undefined &&
        isMeta(pending.nh.expr, 'nfproto')
      ) {
        texts[pending.nh.at] = undefined;
        delete pending.nh;
      }
      texts.push(this.expr(e));
      // Behind a statement that is no comparison nothing is left out any more.
      if (!['cmp', 'range', 'lookup', 'vmap'].includes(e.kind)) delete pending.th;
      if (e.kind !== 'cmp' || e.op !== '==') continue;
      const { left, value } = e;
      const l4 =
        (left.kind === 'meta' && left.key === 'l4proto') ||
        (left.kind === 'payload' && (left.field === 'ip protocol' || left.field === 'ip6 nexthdr'));
      if (l4) {
        const protocol = Object.keys(L4).find((k) => L4[k] === value);
        if (protocol !== undefined) {
          pending.th = { at, expr: e, protocol };
          this.th = protocol;
          this.protocol = value as number;
        }
      } else if (isMeta(e, 'nfproto')) pending.nh = { at, expr: e, protocol: value === 2 ? 'ip' : 'ip6' };
      else if (isMeta(e, 'protocol') || (left.kind === 'payload' && left.field === 'ether type')) {
        const protocol = value === 0x0800 ? 'ip' : value === 0x86dd ? 'ip6' : value === 0x0806 ? 'arp' : undefined;
        const mine = left.kind === 'payload' || this.family === 'bridge' || this.family === 'netdev';
        if (protocol !== undefined && mine) pending.nh = { at, expr: e, protocol };
      }
    }
    return texts.filter((t) => t !== undefined);
  }

  /** In families of several network protocols, `ip protocol` says more than its transport selector would. */
  private mayKill(e: Expr): boolean {
    const several = this.family === 'inet' || this.family === 'bridge' || this.family === 'netdev';
    return !(several && e.kind === 'cmp' && e.left.kind === 'payload');
  }

  /** A whole rule, with its comment and handle. */
  rule(rule: Pick<Rule, 'exprs' | 'comment' | 'handle'>): string {
    let text = this.statements(rule.exprs).join(' ');
    if (rule.comment !== undefined) text += ` comment "${rule.comment}"`;
    return this.o.handles ? `${text} # handle ${rule.handle}` : text;
  }
}

function isMeta(e: Expr, key: string): boolean {
  return e.kind === 'cmp' && e.left.kind === 'meta' && e.left.key === key;
}

function* operandsDeep(e: Expr): Iterable<Operand> {
  function* walk(o: Operand | undefined): Iterable<Operand> {
    if (o === undefined) return;
    yield o;
    if (o.kind === 'bitwise' || o.kind === 'shift' || o.kind === 'map' || o.kind === 'hash') yield* walk(o.source);
    else if (o.kind === 'concat') for (const p of o.parts) yield* walk(p);
  }
  for (const key of ['left', 'addr', 'port', 'target', 'value', 'key', 'data'] as const) {
    const o = (e as unknown as Record<string, unknown>)[key];
    if (typeof o === 'object' && o !== null && 'kind' in o) yield* walk(o as Operand);
  }
}

/** A number or text that orders values as nft sorts elements: bytes in the machine's order count from the last. */
function sortKey(set: NftSet, e: SetElement): bigint {
  if (e.catchall) return 1n << 2000n;
  const bytesOf = (v: Scalar, type: DataType): number[] => {
    if (typeof v === 'number') {
      const n = Math.ceil(type.bits / 8);
      const out: number[] = [];
      let rest = v;
      for (let i = 0; i < n; i++) {
        out.unshift(rest % 256);
        rest = Math.floor(rest / 256);
      }
      return type.hostOrder === true ? out.reverse() : out;
    }
    if (type.name === 'ipv6_addr') return v.match(/../g)!.map((h) => parseInt(h, 16));
    if (type.name === 'ether_addr') return v.split(':').map((h) => parseInt(h, 16));
    const out = [...v].map((c) => c.charCodeAt(0) & 255);
    while (out.length < 16) out.push(0);
    return out;
  };
  const types = set.keyType.map((n) => dataType(n) ?? integerOf(32));
  const big = (bytes: readonly number[]): bigint => bytes.reduce((n, b) => n * 256n + BigInt(b), 0n);
  if (typeof e.key === 'object') {
    const all: number[] = [];
    e.key.forEach((k, i) => {
      const bytes = bytesOf(k, types[i]!);
      all.push(...bytes);
    });
    return big(all.reverse());
  }
  // Combined flags are sorted by the first of them.
  if (types[0]!.bitmask === true && typeof e.key === 'number') return BigInt(e.key & -e.key);
  const bytes = bytesOf(e.key, types[0]!);
  // Intervals are kept in network order.
  const host = types[0]!.hostOrder === true && !(set.flags.interval === true && typeof e.key === 'string');
  return big(host ? bytes.reverse() : bytes);
}

/** Elements in the order of listings. */
export function sortedElements(set: NftSet, now?: number): SetElement[] {
  const list = [...set.index.values()].filter((e) => now === undefined || e.expires === undefined || e.expires > now);
  // Concatenations with intervals come as the kernel has them.
  if (set.keyType.length > 1 && set.flags.interval === true) return list;
  const keyed = list.map((e) => ({ e, k: sortKey(set, e) }));
  keyed.sort((a, b) => (a.k < b.k ? -1 : a.k > b.k ? 1 : 0));
  return keyed.map((x) => x.e);
}
