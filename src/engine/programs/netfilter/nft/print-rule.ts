/** Rules as `nft list` spells them (nftables src/netlink_delinearize.c and the printers of statements and expressions). */
import { fieldOf } from '../../../net/netfilter/nftables';
import type { Expr, Operand, Rule, Scalar } from '../../../net/netfilter/nftables';
import { extensionOf } from '../../../net/netfilter/xt';
import { formatIp } from '../../../wire';
import type { IpAddress } from '../../../wire';
import type { DataType } from './datatype';
import { dataType } from './datatypes';
import { formatDuration } from './durations';
import { L4, integerOf, typesOf } from './typing';
import { OperandPrinter, prefixLength, verdictText } from './print-operand';

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

/** Prints parts of rules. */
export class RulePrinter extends OperandPrinter {
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
