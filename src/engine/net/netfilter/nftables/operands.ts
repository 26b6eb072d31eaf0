/** Turns operands into getters: closures that read a value from a packet (nft_payload, nft_bitwise, nft_numgen, nft_hash, ...). */
import { encodePayload, encodeTransport, macFromBytes, toHex } from '../../../wire';
import type { PktInfo } from '../pktinfo';
import { fib } from './fib';
import { fieldOf } from './fields';
import type { Operand, Scalar, Table, Value } from './model';
import { tcpOption } from './tcp-option';
import { ip6Key, maskXor } from './values';
import { metaGetter } from './meta';
import { ctGetter } from './ct';
import { findIn } from './stateful';

/** Reads one value; undefined ends the rule. */
export type Getter = (p: PktInfo) => Scalar | undefined;

/** Reads a value that may be a concatenation; the array is reused. */
export type ValueGetter = (p: PktInfo) => Value | undefined;

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
          // The MSS that fits both ways (get_tcpmss): the smaller MTU of the way out and the way back, less the headers.
          let mtu = entry.route.mtu ?? (p.output ?? p.skb.dev).mtu;
          if (p.input !== null) mtu = Math.min(mtu, p.input.mtu);
          return mtu - (p.skb.payload.kind === 'ipv6' ? 60 : 40);
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
