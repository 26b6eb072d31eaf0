/** Turns expressions into closures: operands into getters, expressions into steps that return a VERDICT. */
import type { Conn } from '../../conntrack/conn';
import { CTINFO, CT_STATUS, DIR } from '../../conntrack/conn';
import type { NatRange } from '../../conntrack/conn';
import { natApi } from '../../conntrack';
import { NF } from '../../hooks';
import type { Link } from '../../link/link';
import type { NetNamespace } from '../../namespace';
import { encodePayload, encodeTransport, macFromBytes, toHex } from '../../../wire';
import type { PktInfo } from '../pktinfo';
import { VERDICT, readTransport } from '../pktinfo';
import { logPacket } from '../log-packet';
import { rejectPacket } from '../reject';
import { xtMatch, xtTarget } from '../xt/extension';
import type { Step } from './evaluate';
import { jumpTo } from './evaluate';
import { fib } from './fib';
import { fieldOf } from './fields';
import type {
  CounterExpr,
  Expr,
  LimitExpr,
  NftSet,
  Operand,
  QuotaExpr,
  Scalar,
  SetElement,
  StatefulExpr,
  Table,
  Value,
  Verdict,
} from './model';
import { cloneStateful, expired } from './state';
import { tcpOption, setTcpOption } from './tcp-option';
import { ip6FromKey, ip6Key, maskXor } from './values';

const { CONTINUE, BREAK, ACCEPT, DROP, QUEUE, RETURN } = VERDICT;

/** Reads one value; undefined ends the rule. */
export type Getter = (p: PktInfo) => Scalar | undefined;
/** Reads a value that may be a concatenation; the array is reused. */
export type ValueGetter = (p: PktInfo) => Value | undefined;

// --- operands -----------------------------------------------------------------------------------------------------------

function linkGetter(key: string, link: (p: PktInfo) => Link | null): Getter | undefined {
  switch (key) {
    case 'if':
      return (p) => link(p)?.index ?? 0;
    case 'ifname':
      return (p) => link(p)?.name ?? '';
    case 'iftype':
      return (p) => {
        const l = link(p);
        return l === null ? undefined : l.isLoopback ? 772 : 1;
      };
    case 'ifgroup':
      return (p) => link(p)?.group;
    case 'ifkind':
      return (p) => link(p)?.kind;
    default:
      return undefined;
  }
}

function metaGetter(key: string): Getter {
  if (/^[io]if/.test(key)) {
    const g = linkGetter(key.slice(1), key[0] === 'i' ? (p) => p.input : (p) => p.output);
    if (g) return g;
  }
  switch (key) {
    case 'mark':
      return (p) => p.skb.mark >>> 0;
    case 'l4proto':
      return (p) => (p.skb.payload.kind === 'ipv4' || p.skb.payload.kind === 'ipv6' ? p.l4proto : undefined);
    case 'nfproto':
      return (p) => (p.family === 'ip6' ? 10 : p.family === 'ip' ? 2 : p.family === 'bridge' ? 7 : 3);
    case 'protocol':
      return (p) => p.skb.etherType;
    case 'length':
      return (p) => p.skb.length;
    case 'pkttype':
      return (p) => p.skb.pktType;
    case 'priority':
    case 'cpu':
    case 'secmark':
    case 'rtclassid':
      return () => 0;
    case 'random':
      return (p) => p.ns.random.uint32();
    case 'nftrace':
      return (p) => p.skb.nfFlags & 1;
    case 'ibrname':
      return (p) => p.input?.master?.name;
    case 'obrname':
      return (p) => p.output?.master?.name;
    case 'sdif':
      return () => 0;
    case 'time':
      return (p) => p.ns.now * 1000;
    case 'hour':
      return (p) => Math.floor(p.ns.now / 1e6) % 86400;
    case 'day':
      return (p) => (Math.floor(p.ns.now / 86400e6) + 4) % 7;
    default:
      return () => undefined;
  }
}

/** `ct state` of a packet: the bit of its state (NF_CT_STATE_BIT). */
export function ctStateBit(p: PktInfo): number {
  const { skb } = p;
  if (skb.ct === null) return skb.ctInfo === CTINFO.UNTRACKED ? 64 : 1;
  switch (skb.ctInfo) {
    case CTINFO.ESTABLISHED:
    case CTINFO.ESTABLISHED_REPLY:
      return 2;
    case CTINFO.RELATED:
    case CTINFO.RELATED_REPLY:
      return 4;
    case CTINFO.NEW:
      return 8;
    case CTINFO.UNTRACKED:
      return 64;
    default:
      return 1;
  }
}

/** CT_STATUS as the kernel's status word has the same bits. */
function ctGetter(o: Extract<Operand, { kind: 'ct' }>): Getter {
  if (o.key === 'state') return ctStateBit;
  const of =
    (f: (c: Conn, p: PktInfo) => Scalar | undefined): Getter =>
    (p) =>
      p.skb.ct === null ? undefined : f(p.skb.ct as Conn, p);
  const d = o.dir === 'reply' ? DIR.REPLY : DIR.ORIGINAL;
  const tuple = (c: Conn) => (o.dir === 'reply' ? c.reply : c.original);
  const address = (a: number | string): Scalar => (typeof a === 'number' ? a : ip6Key(a));
  switch (o.key) {
    case 'direction':
      return of((_, p) => (p.skb.ctInfo >= 3 && p.skb.ctInfo < 7 ? 1 : 0));
    case 'status':
      return of((c) => c.status);
    case 'mark':
      return of((c) => c.mark >>> 0);
    case 'zone':
      return of((c) => c.zone);
    case 'id':
      return of((c) => c.id);
    case 'expiration':
      return of((c, p) => Math.max(0, Math.floor((c.expires - p.ns.now) / 1000)));
    case 'l3proto':
      return of((c) => (c.original.family === 'inet' ? 2 : 10));
    case 'protocol':
      return of((c) => c.original.protocol);
    case 'saddr':
      return of((c) => address(tuple(c).src));
    case 'daddr':
      return of((c) => address(tuple(c).dst));
    case 'proto-src':
      return of((c) => tuple(c).sport);
    case 'proto-dst':
      return of((c) => tuple(c).dport);
    case 'packets':
      return of((c) => (o.dir === undefined ? c.packets[0] + c.packets[1] : c.packets[d]));
    case 'bytes':
      return of((c) => (o.dir === undefined ? c.bytes[0] + c.bytes[1] : c.bytes[d]));
    case 'avgpkt':
      return of((c) => {
        const n = o.dir === undefined ? c.packets[0] + c.packets[1] : c.packets[d];
        const b = o.dir === undefined ? c.bytes[0] + c.bytes[1] : c.bytes[d];
        return n === 0 ? 0 : Math.floor(b / n);
      });
    case 'helper':
      return of(() => '');
    case 'label':
      return of(() => 0);
    default:
      return () => undefined;
  }
}

/** Bytes of a packet behind a base, for raw payload expressions. */
function rawGetter(o: Extract<Operand, { kind: 'raw' }>): Getter {
  return (p) => {
    const q = p.skb.payload;
    let bytes: Uint8Array;
    if (o.base === 'nh') bytes = encodePayload(q);
    else if (o.base === 'll') {
      bytes = new Uint8Array(14);
      const mac = (text: string, at: number) => {
        for (let i = 0; i < 6; i++) bytes[at + i] = parseInt(text.slice(3 * i, 3 * i + 2), 16) || 0;
      };
      mac(p.skb.dst, 0);
      mac(p.skb.src, 6);
      bytes[12] = p.skb.etherType >> 8;
      bytes[13] = p.skb.etherType & 255;
    } else {
      if ((q.kind !== 'ipv4' && q.kind !== 'ipv6') || p.fragmentOffset !== 0) return undefined;
      bytes = encodeTransport(q.payload, q.src, q.dst, p.l4proto);
      if (o.base === 'ih') {
        const t = q.payload;
        const header = t.kind === 'tcp' ? bytes.length - t.payload.length : t.kind === 'udp' ? 8 : undefined;
        if (header === undefined) return undefined;
        bytes = bytes.subarray(header);
      }
    }
    if (o.offset + o.length > bytes.length * 8) return undefined;
    if (o.length > 32) {
      const part = bytes.subarray(o.offset / 8, (o.offset + o.length) / 8);
      return o.length === 48 ? macFromBytes(part, 0) : toHex(part);
    }
    let value = 0;
    for (let i = o.offset; i < o.offset + o.length; i++) value = value * 2 + ((bytes[i >> 3]! >> (7 - (i & 7))) & 1);
    return value;
  };
}

/** Jenkins' hash over a value's bytes is not reproduced bit for bit; it is stable and spreads (nft_hash). */
function jhash(value: Value, seed: number): number {
  let h = (0xdeadbeef + seed) | 0;
  const text = typeof value === 'object' ? value.join('\n') : String(value);
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** reciprocal_scale of the kernel: maps 32 bits to 0..mod-1. */
const scale = (h: number, mod: number): number => Math.floor((h / 0x1_0000_0000) * mod);

/** A getter for an operand of one part. */
export function getter(o: Operand, table: Table): Getter {
  const g = valueGetter(o, table);
  return g as Getter;
}

/** A getter for any operand. */
export function valueGetter(o: Operand, table: Table): ValueGetter {
  switch (o.kind) {
    case 'payload':
      return fieldOf(o.field)?.get ?? (() => undefined);
    case 'raw':
      return rawGetter(o);
    case 'meta':
      return metaGetter(o.key);
    case 'ct':
      return ctGetter(o);
    case 'fib':
      return fib(o);
    case 'value': {
      const { value } = o;
      return () => value;
    }
    case 'numgen': {
      const { mod, offset } = o;
      if (mod === 0) return () => undefined;
      if (o.mode === 'random') return (p) => scale(p.ns.random.uint32(), mod) + offset;
      let n = 0;
      return () => {
        const v = n + offset;
        n = (n + 1) % mod;
        return v;
      };
    }
    case 'hash': {
      const { mod, offset, seed = 0 } = o;
      const source = o.source === undefined ? undefined : valueGetter(o.source, table);
      return (p) => {
        if (source !== undefined) {
          const v = source(p);
          return v === undefined ? undefined : scale(jhash(v, seed), mod) + offset;
        }
        const q = p.skb.payload;
        const v = q.kind === 'ipv4' || q.kind === 'ipv6' ? [q.src, q.dst, p.l4proto] : p.skb.src + p.skb.dst;
        return scale(jhash(v, p.ns.hashSeed), mod) + offset;
      };
    }
    case 'bitwise': {
      const source = getter(o.source, table);
      const { mask, xor } = o;
      if (typeof mask === 'number' && typeof xor === 'number')
        return (p) => {
          const v = source(p);
          return v === undefined ? undefined : (((v as number) & mask) ^ xor) >>> 0;
        };
      return (p) => {
        const v = source(p);
        return v === undefined ? undefined : maskXor(v, mask, xor);
      };
    }
    case 'shift': {
      const source = getter(o.source, table);
      const { bits } = o;
      if (o.op === '<<')
        return (p) => {
          const v = source(p);
          return v === undefined ? undefined : ((v as number) << bits) >>> 0;
        };
      return (p) => {
        const v = source(p);
        return v === undefined ? undefined : (v as number) >>> bits;
      };
    }
    case 'concat': {
      const parts = o.parts.map((x) => getter(x, table));
      const out = new Array<Scalar>(parts.length).fill(0);
      return (p) => {
        for (let i = 0; i < parts.length; i++) {
          const v = parts[i]!(p);
          if (v === undefined) return undefined;
          out[i] = v;
        }
        return out;
      };
    }
    case 'map': {
      const source = valueGetter(o.source, table);
      const set = table.sets.get(o.set);
      if (set === undefined) return () => undefined;
      return (p) => {
        const v = source(p);
        return v === undefined ? undefined : findIn(set, v, p)?.data;
      };
    }
    case 'exthdr':
      return (p) => {
        const q = p.skb.payload;
        if (q.kind !== 'ipv6') return undefined;
        const there = o.header === 'hbh' ? q.hopByHop !== undefined : o.header === 'frag' && q.fragment !== undefined;
        if (o.field === undefined) return there ? 1 : 0;
        if (!there) return undefined;
        if (o.field === 'nexthdr') return o.header === 'hbh' && q.fragment ? 44 : q.nextHeader;
        if (o.header === 'frag' && o.field === 'frag-off') return q.fragment!.offset >> 3;
        if (o.header === 'frag' && o.field === 'more-fragments') return q.fragment!.mf ? 1 : 0;
        if (o.header === 'frag' && o.field === 'id') return q.fragment!.id;
        return undefined;
      };
    case 'tcpopt':
      return tcpOption(o.option, o.field);
    case 'rt':
      return (p) => {
        const entry = p.skb.route;
        if (entry === null) return undefined;
        if (o.key === 'mtu') {
          const link = p.output ?? p.skb.dev;
          // The MSS that fits (get_tcpmss): the smaller of the way out's and the way back's is what matters in practice.
          return link.mtu - (p.skb.payload.kind === 'ipv6' ? 60 : 40);
        }
        if (o.key === 'classid') return 0;
        if (o.key !== 'nexthop') return undefined;
        const gateway = (entry as { gateway?: number | string }).gateway;
        const q = p.skb.payload;
        if (q.kind !== 'ipv4' && q.kind !== 'ipv6') return undefined;
        const next = gateway ?? q.dst;
        return typeof next === 'number' ? next : ip6Key(next);
      };
    case 'socket':
      return () => undefined;
  }
}

/** The element of a set for a packet's value: stateful expressions of the element run. */
function findIn(set: NftSet, value: Value, p: PktInfo): SetElement | undefined {
  const e = set.index.find(value, p.ns.now);
  if (e === undefined || e.exprs.length === 0) return e;
  return runStateful(e.exprs, p) ? e : undefined;
}

// --- stateful expressions -------------------------------------------------------------------------------------------------

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86400, week: 604800 } as const;

/** nft_limit_eval: true when the packet is inside the limit. */
export function withinLimit(e: LimitExpr, bytes: number, ns: NetNamespace): boolean {
  const period = SECONDS[e.per] * 1e9;
  const now = ns.now * 1000;
  const byBytes = e.unit === 'bytes';
  const cost = byBytes ? (period * bytes) / e.rate : period / e.rate;
  const max = byBytes ? (period * (e.rate + e.burst)) / e.rate : (period / e.rate) * Math.max(e.burst, 1);
  const tokens = Math.min(max, (e.tokens ?? max) + (now - (e.last ?? now)));
  e.last = now;
  if (tokens >= cost) {
    e.tokens = tokens - cost;
    return true;
  }
  e.tokens = tokens;
  return false;
}

/** Runs one stateful expression. @returns false to end the rule */
function stateful(e: StatefulExpr, p: PktInfo): boolean {
  switch (e.kind) {
    case 'counter':
      e.packets++;
      e.bytes += p.skb.length;
      return true;
    case 'limit':
      return withinLimit(e, p.skb.length, p.ns) !== e.over;
    case 'quota':
      e.used += p.skb.length;
      return e.used > e.bytes === e.over;
    case 'last':
      e.at = p.ns.now;
      return true;
    case 'connlimit': {
      const ct = p.skb.ct as Conn | null;
      e.conns ??= new Set();
      for (const c of e.conns as Set<Conn>)
        if ((c.status & CT_STATUS.DYING) !== 0 || c.expires <= p.ns.now) e.conns.delete(c);
      if (ct !== null) e.conns.add(ct);
      return e.conns.size > e.count === e.over;
    }
  }
}

function runStateful(exprs: readonly StatefulExpr[], p: PktInfo): boolean {
  for (let i = 0; i < exprs.length; i++) if (!stateful(exprs[i]!, p)) return false;
  return true;
}

// --- expressions --------------------------------------------------------------------------------------------------------

/** A verdict as a step. */
function verdictStep(v: Verdict, table: Table): Step {
  switch (v.code) {
    case 'accept':
      return () => ACCEPT;
    case 'drop':
      return () => DROP;
    case 'continue':
      return () => CONTINUE;
    case 'return':
      return () => RETURN;
    case 'jump':
    case 'goto': {
      const chain = table.chains.get(v.chain!);
      if (chain === undefined) return () => DROP;
      const code = v.code === 'jump' ? VERDICT.JUMP : VERDICT.GOTO;
      return () => jumpTo(chain, code);
    }
  }
}

function verdictMap(e: Extract<Expr, { kind: 'vmap' }>, table: Table): Step {
  const left = valueGetter(e.left, table);
  const set = table.sets.get(e.set);
  if (set === undefined) return () => BREAK;
  return (p) => {
    const v = left(p);
    if (v === undefined) return BREAK;
    const verdict = findIn(set, v, p)?.verdict;
    if (verdict === undefined) return BREAK;
    switch (verdict.code) {
      case 'accept':
        return ACCEPT;
      case 'drop':
        return DROP;
      case 'continue':
        return CONTINUE;
      case 'return':
        return RETURN;
      default: {
        const chain = table.chains.get(verdict.chain!);
        return chain === undefined ? DROP : jumpTo(chain, verdict.code === 'jump' ? VERDICT.JUMP : VERDICT.GOTO);
      }
    }
  };
}

function equal(a: Value, b: Value): boolean {
  if (typeof a !== 'object') return a === b;
  return typeof b === 'object' && a.every((v, i) => v === b[i]);
}

function compare(e: Extract<Expr, { kind: 'cmp' }>, table: Table): Step {
  const { value, op } = e;
  // The commonest comparisons read the packet themselves.
  if (e.left.kind === 'payload' && (op === '==' || op === '!=') && typeof value === 'number') {
    const yes = op === '==' ? CONTINUE : BREAK;
    const no = op === '==' ? BREAK : CONTINUE;
    if (e.left.field === 'ip saddr')
      return (p) => {
        const q = p.skb.payload;
        return q.kind !== 'ipv4' ? BREAK : q.src === value ? yes : no;
      };
    if (e.left.field === 'ip daddr')
      return (p) => {
        const q = p.skb.payload;
        return q.kind !== 'ipv4' ? BREAK : q.dst === value ? yes : no;
      };
  }
  if (e.left.kind === 'meta' && e.left.key === 'l4proto' && op === '==')
    return (p) => (p.l4proto === value ? CONTINUE : BREAK);
  if (e.left.kind === 'bitwise' && e.left.source.kind === 'payload' && op === '==' && typeof value === 'number') {
    const { source, mask, xor } = e.left;
    if (xor === 0 && typeof mask === 'number') {
      const m = mask;
      const want = value | 0;
      if (source.field === 'ip saddr')
        return (p) => {
          const q = p.skb.payload;
          return q.kind === 'ipv4' && (q.src & m) === want ? CONTINUE : BREAK;
        };
      if (source.field === 'ip daddr')
        return (p) => {
          const q = p.skb.payload;
          return q.kind === 'ipv4' && (q.dst & m) === want ? CONTINUE : BREAK;
        };
    }
  }
  const left = valueGetter(e.left, table);
  if (e.prefix === true) {
    const start = String(value);
    const want = op === '==';
    return (p) => {
      const v = left(p);
      return v !== undefined && String(v).startsWith(start) === want ? CONTINUE : BREAK;
    };
  }
  if (typeof value === 'object') {
    const want = op === '==';
    return (p) => {
      const v = left(p);
      return v !== undefined && equal(v, value) === want ? CONTINUE : BREAK;
    };
  }
  switch (op) {
    case '==':
      return (p) => (left(p) === value ? CONTINUE : BREAK);
    case '!=':
      return (p) => {
        const v = left(p);
        return v !== undefined && v !== value ? CONTINUE : BREAK;
      };
    case '<':
      return (p) => {
        const v = left(p);
        return v !== undefined && v < value ? CONTINUE : BREAK;
      };
    case '<=':
      return (p) => {
        const v = left(p);
        return v !== undefined && v <= value ? CONTINUE : BREAK;
      };
    case '>':
      return (p) => {
        const v = left(p);
        return v !== undefined && v > value ? CONTINUE : BREAK;
      };
    case '>=':
      return (p) => {
        const v = left(p);
        return v !== undefined && v >= value ? CONTINUE : BREAK;
      };
  }
}

function address(v: Scalar): number | string {
  return typeof v === 'number' ? v : ip6FromKey(v);
}

/** What a nat expression asks for, for this packet; undefined ends the rule. */
function natStep(e: Extract<Expr, { kind: 'nat' | 'masq' | 'redir' }>, table: Table): Step {
  const addr = e.kind === 'nat' && e.addr ? valueGetter(e.addr, table) : undefined;
  const addrMax = e.kind === 'nat' && e.addrMax ? valueGetter(e.addrMax, table) : undefined;
  const port = e.port ? getter(e.port, table) : undefined;
  const portMax = e.portMax ? getter(e.portMax, table) : undefined;
  const flags = {
    ...(e.random ? { random: true } : {}),
    ...(e.fullyRandom ? { fullyRandom: true } : {}),
    ...(e.persistent ? { persistent: true } : {}),
  };
  const map = e.kind === 'nat' && e.interval === true && e.addr?.kind === 'map' ? e.addr : undefined;
  const intervals = map ? table.sets.get(map.set) : undefined;
  const mapSource = map ? valueGetter(map.source, table) : undefined;
  const kind = e.kind === 'masq' || (e.kind === 'nat' && e.type === 'snat') ? 'src' : 'dst';
  return (p) => {
    const range: { -readonly [K in keyof NatRange]: NatRange[K] } = { ...flags };
    if (e.kind === 'nat' && p.family !== (e.family === 'ip6' ? 'ip6' : 'ip')) return BREAK;
    if (intervals !== undefined) {
      const v = mapSource!(p);
      const found = v === undefined ? undefined : findIn(intervals, v, p);
      if (found?.data === undefined) return BREAK;
      range.min = address(found.data as Scalar);
      range.max = address((found.dataEnd ?? found.data) as Scalar);
    } else if (addr !== undefined) {
      const v = addr(p);
      if (v === undefined) return BREAK;
      if (typeof v === 'object') {
        range.min = range.max = address(v[0]!);
        range.minPort = range.maxPort = v[1] as number;
      } else range.min = range.max = address(v);
      if (addrMax !== undefined) {
        const m = addrMax(p);
        if (m === undefined) return BREAK;
        range.max = address(m as Scalar);
      }
    }
    if (port !== undefined) {
      const v = port(p);
      if (v === undefined) return BREAK;
      range.minPort = range.maxPort = v as number;
      if (portMax !== undefined) {
        const m = portMax(p);
        if (m === undefined) return BREAK;
        range.maxPort = m as number;
      }
    }
    let verdict: number;
    if (e.kind === 'masq') verdict = p.output === null ? NF.DROP : natApi.masquerade(p.ns, p.skb, range, p.output);
    else if (e.kind === 'redir') verdict = natApi.redirect(p.ns, p.skb, range, p.hook, p.input);
    else if (e.kind === 'nat' && e.prefix === true) {
      const bits = prefixBits(range.min, range.max);
      verdict = natApi.netmap(p.ns, p.skb, range, kind, bits);
    } else verdict = natApi.setup(p.ns, p.skb, range, kind);
    return verdict === NF.ACCEPT ? ACCEPT : verdict === NF.STOLEN ? VERDICT.STOLEN : DROP;
  };
}

/** Length of the prefix that begins at `min` and ends at `max`. */
function prefixBits(min: number | string | undefined, max: number | string | undefined): number {
  if (typeof min === 'number' && typeof max === 'number') return Math.clz32(min ^ max);
  const a = ip6Key(String(min));
  const b = ip6Key(String(max));
  let i = 0;
  while (i < 32 && a[i] === b[i]) i++;
  return i === 32 ? 128 : 4 * i + Math.clz32(parseInt(a[i]!, 16) ^ parseInt(b[i]!, 16)) - 28;
}

function setStep(e: Extract<Expr, { kind: 'set' }>, table: Table): Step {
  const { target } = e;
  const value = getter(e.value, table);
  const put =
    (f: (p: PktInfo, v: Scalar) => void): Step =>
    (p) => {
      const v = value(p);
      if (v === undefined) return BREAK;
      f(p, v);
      return CONTINUE;
    };
  if (target.kind === 'meta') {
    switch (target.key) {
      case 'mark':
        return put((p, v) => void (p.skb.mark = (v as number) >>> 0));
      case 'nftrace':
        return put((p, v) => void (p.skb.nfFlags = (p.skb.nfFlags & ~1) | (v === 0 ? 0 : 1)));
      case 'pkttype':
        return put((p, v) => void (p.skb.pktType = v as number));
      default:
        return put(() => undefined);
    }
  }
  if (target.kind === 'ct') {
    const { key } = target;
    return put((p, v) => {
      const c = p.skb.ct as Conn | null;
      if (c !== null && key === 'mark') c.mark = (v as number) >>> 0;
      else if (c !== null && key === 'zone') c.zone = v as number;
    });
  }
  if (target.kind === 'tcpopt') {
    const { option, field } = target;
    return put((p, v) => setTcpOption(p, option, field, v as number));
  }
  if (target.kind === 'payload') {
    const f = fieldOf(target.field)?.put;
    if (f === undefined) return () => BREAK;
    return put((p, v) => {
      f(p, v);
      readTransport(p);
    });
  }
  return () => BREAK;
}

function dynsetStep(e: Extract<Expr, { kind: 'dynset' }>, table: Table): Step {
  const set = table.sets.get(e.set);
  const key = valueGetter(e.key, table);
  const data = e.data ? valueGetter(e.data, table) : undefined;
  if (set === undefined) return () => BREAK;
  const copy = (v: Value): Value => (typeof v === 'object' ? [...v] : v);
  return (p) => {
    const k = key(p);
    if (k === undefined) return BREAK;
    const { now } = p.ns;
    let element = set.index.exact(k, k);
    if (element !== undefined && expired(element, now)) {
      set.index.remove(element);
      element = undefined;
    }
    if (e.op === 'delete') {
      if (element === undefined) return BREAK;
      set.index.remove(element);
      return CONTINUE;
    }
    const timeout = e.timeout ?? set.timeout;
    if (element === undefined) {
      if (set.size !== undefined && set.index.size >= set.size) {
        for (const old of [...set.index.values()]) if (expired(old, now)) set.index.remove(old);
        if (set.index.size >= set.size) return BREAK;
      }
      const d = data?.(p);
      if (data !== undefined && d === undefined) return BREAK;
      const own = copy(k);
      element = {
        key: own,
        end: own,
        ...(d === undefined ? {} : { data: copy(d) }),
        comment: undefined,
        timeout: e.timeout,
        expires: timeout === undefined || timeout === 0 ? undefined : now + timeout,
        exprs: (e.exprs.length > 0 ? e.exprs : set.exprs).map(cloneStateful),
        catchall: false,
      };
      set.index.add(element);
    } else if (e.op === 'update' && timeout !== undefined && timeout > 0) element.expires = now + timeout;
    return runStateful(element.exprs, p) ? CONTINUE : BREAK;
  };
}

function objectStep(state: CounterExpr | QuotaExpr | LimitExpr | { kind: 'other' } | undefined): Step {
  if (state === undefined || state.kind === 'other') return () => CONTINUE;
  return (p) => (stateful(state, p) ? CONTINUE : BREAK);
}

/** One expression as a step; undefined when it does nothing. */
export function compileExpr(e: Expr, table: Table): Step {
  switch (e.kind) {
    case 'cmp':
      return compare(e, table);
    case 'range': {
      const left = getter(e.left, table);
      const { from, to } = e;
      const want = e.op === '==';
      return (p) => {
        const v = left(p);
        return v !== undefined && (v >= from && v <= to) === want ? CONTINUE : BREAK;
      };
    }
    case 'lookup': {
      const left = valueGetter(e.left, table);
      const set = table.sets.get(e.set);
      if (set === undefined) return () => BREAK;
      const want = !e.invert;
      return (p) => {
        const v = left(p);
        return v !== undefined && (findIn(set, v, p) !== undefined) === want ? CONTINUE : BREAK;
      };
    }
    case 'vmap':
      return verdictMap(e, table);
    case 'verdict':
      return verdictStep(e, table);
    case 'counter':
      return (p) => {
        e.packets++;
        e.bytes += p.skb.length;
        return CONTINUE;
      };
    case 'limit':
    case 'quota':
    case 'connlimit':
    case 'last':
      return (p) => (stateful(e, p) ? CONTINUE : BREAK);
    case 'log':
      return (p) => {
        if (e.group === undefined) logPacket(p, e.prefix ?? '', e.level ?? 4, e.flags ?? []);
        return CONTINUE;
      };
    case 'reject':
      return (p) => {
        rejectPacket(p, e);
        return DROP;
      };
    case 'nat':
    case 'masq':
    case 'redir':
      return natStep(e, table);
    case 'notrack':
      return (p) => {
        if (p.skb.ct === null) p.skb.ctInfo = CTINFO.UNTRACKED;
        return CONTINUE;
      };
    case 'objref':
      return objectStep(table.objects.get(`${e.type} ${e.name}`)?.state);
    case 'objmap': {
      const key = valueGetter(e.key, table);
      const set = table.sets.get(e.set);
      if (set === undefined) return () => BREAK;
      return (p) => {
        const v = key(p);
        const name = v === undefined ? undefined : findIn(set, v, p)?.object;
        if (name === undefined) return BREAK;
        const state = table.objects.get(`${e.type} ${name}`)?.state;
        return state === undefined || state.kind === 'other' || stateful(state, p) ? CONTINUE : BREAK;
      };
    }
    case 'set':
      return setStep(e, table);
    case 'dynset':
      return dynsetStep(e, table);
    case 'queue':
      // Nobody listens on a queue: packets die there unless told to pass.
      return () => (e.bypass ? ACCEPT : QUEUE);
    case 'dup':
    case 'fwd':
      return () => CONTINUE;
    case 'match': {
      const m = xtMatch(e.name);
      const { info } = e;
      return m === undefined ? () => BREAK : (p) => (m.matches(info, p) ? CONTINUE : BREAK);
    }
    case 'target': {
      const t = xtTarget(e.name);
      const { info } = e;
      return t === undefined ? () => DROP : (p) => t.run(info, p);
    }
  }
}
