/** Sets of addresses, ports and interfaces (net/netfilter/ipset). */
import type { Micros } from '../../../core';
import type { IpAddress } from '../../../wire';
import type { NetNamespace } from '../../namespace';
import type { PktInfo } from '../pktinfo';
import { destinationOf, portsOf, sourceOf, transportOf } from '../xt/packet';
import { maskOf, masked } from '../xt/values';
import type { PacketSet } from './registry';
import { setsOf } from './registry';

/** What one part of an element is. */
export type Dimension = 'ip' | 'net' | 'port' | 'iface' | 'set';

/** Types by name: what an element consists of, and the revision that `ipset list` shows. */
export const SET_TYPES: Readonly<
  Record<string, { readonly dimensions: readonly Dimension[]; readonly revision: number }>
> = {
  'hash:ip': { dimensions: ['ip'], revision: 6 },
  'hash:net': { dimensions: ['net'], revision: 7 },
  'hash:ip,port': { dimensions: ['ip', 'port'], revision: 7 },
  'hash:net,port': { dimensions: ['net', 'port'], revision: 8 },
  'hash:ip,port,ip': { dimensions: ['ip', 'port', 'ip'], revision: 6 },
  'hash:ip,port,net': { dimensions: ['ip', 'port', 'net'], revision: 8 },
  'hash:net,net': { dimensions: ['net', 'net'], revision: 4 },
  'hash:net,iface': { dimensions: ['net', 'iface'], revision: 8 },
  'bitmap:ip': { dimensions: ['ip'], revision: 3 },
  'bitmap:port': { dimensions: ['port'], revision: 3 },
  'list:set': { dimensions: ['set'], revision: 3 },
};

/** One part of an element. Addresses have a prefix length; ports have a protocol, and type and code in ICMP's place. */
export type Part =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly length: number }
  | { readonly kind: 'port'; readonly protocol: number; readonly port: number }
  | { readonly kind: 'name'; readonly name: string };

/** An element. */
export interface Member {
  readonly parts: readonly Part[];
  nomatch: boolean;
  /** Absolute; undefined: for ever. */
  expires: Micros | undefined;
  packets: number;
  bytes: number;
  comment: string | undefined;
}

/** What `create` decides. */
export interface SetOptions {
  readonly type: string;
  readonly family: 'ip' | 'ip6';
  /** Seconds; undefined: the set has no timeouts. */
  readonly timeout: number | undefined;
  readonly counters: boolean;
  readonly comment: boolean;
  readonly hashsize: number;
  readonly maxelem: number;
  /** Prefix that addresses are cut to; undefined: none. */
  readonly netmask: number | undefined;
  /** Of bitmaps: first and last address or port. */
  readonly range: readonly [number, number] | undefined;
  /** Of list:set. */
  readonly size: number;
  /** The hash's seed, as `ipset list` shows it. */
  readonly initval: number;
  /** Words kept for `save`: forceadd, skbinfo. */
  readonly flags: readonly string[];
}

/** Why the kernel refuses. */
export class SetError extends Error {
  constructor(readonly reason: 'exists' | 'missing' | 'full' | 'range' | 'noset') {
    super(reason);
  }
}

function partKey(p: Part): string {
  switch (p.kind) {
    case 'address':
      return `${p.address}/${p.length}`;
    case 'port':
      return `${p.protocol}:${p.port}`;
    case 'name':
      return p.name;
  }
}

const keyOf = (parts: readonly Part[]): string => parts.map(partKey).join(',');

/** One set. */
export class IpSet implements PacketSet {
  references = 0;
  readonly members = new Map<string, Member>();
  /** Prefix lengths in use by dimension, with how many members have them. */
  private readonly lengths: Map<number, number>[];
  readonly dimensions: readonly Dimension[];

  constructor(
    private readonly ns: NetNamespace,
    public name: string,
    readonly options: SetOptions,
  ) {
    this.dimensions = SET_TYPES[options.type]!.dimensions;
    this.lengths = this.dimensions.map(() => new Map<number, number>());
  }

  private get bits(): number {
    return this.options.family === 'ip' ? 32 : 128;
  }

  /** An element as the set keeps it: host bits cleared, addresses cut to the set's netmask. */
  normal(parts: readonly Part[]): readonly Part[] {
    return parts.map((p, i) => {
      if (p.kind !== 'address') return p;
      const { netmask, family } = this.options;
      if (this.dimensions[i] === 'net') return { ...p, address: masked(p.address, maskOf(family, p.length)) };
      if (netmask === undefined) return p;
      return { ...p, address: masked(p.address, maskOf(family, netmask)) };
    });
  }

  /** Forgets what is over. */
  expire(): void {
    if (this.options.timeout === undefined) return;
    const { now } = this.ns;
    for (const [key, m] of this.members) if (m.expires !== undefined && m.expires <= now) this.forget(key, m);
  }

  private forget(key: string, m: Member): void {
    this.members.delete(key);
    m.parts.forEach((p, i) => {
      if (p.kind !== 'address') return;
      const n = (this.lengths[i]!.get(p.length) ?? 0) - 1;
      if (n > 0) this.lengths[i]!.set(p.length, n);
      else this.lengths[i]!.delete(p.length);
    });
    this.release(m);
  }

  private release(m: Member): void {
    for (const p of m.parts) {
      const other = p.kind === 'name' && this.dimensions[0] === 'set' ? setsOf(this.ns).get(p.name) : undefined;
      if (other) other.references--;
    }
  }

  private checkRange(parts: readonly Part[]): void {
    const { range } = this.options;
    const [p] = parts;
    if (range === undefined || p === undefined) return;
    const n = p.kind === 'address' ? (p.address as number) : p.kind === 'port' ? p.port : 0;
    if (n < range[0] || n > range[1]) throw new SetError('range');
  }

  /** @param exist an element that is there is changed instead. @throws SetError */
  add(given: readonly Part[], o: Partial<Omit<Member, 'parts'>>, exist: boolean, before?: string): void {
    this.expire();
    const parts = this.normal(given);
    this.checkRange(parts);
    const key = keyOf(parts);
    const old = this.members.get(key);
    if (old !== undefined) {
      if (!exist) throw new SetError('exists');
      Object.assign(old, o);
      return;
    }
    const { options } = this;
    const limit = options.type === 'list:set' ? options.size : options.range ? Infinity : options.maxelem;
    if (this.members.size >= limit) throw new SetError('full');
    const lasting =
      options.timeout === undefined || options.timeout === 0 ? undefined : this.ns.now + options.timeout * 1e6;
    const member: Member = { parts, nomatch: false, expires: lasting, packets: 0, bytes: 0, comment: undefined, ...o };
    this.place(key, member, before);
    parts.forEach((p, i) => {
      if (p.kind === 'address') this.lengths[i]!.set(p.length, (this.lengths[i]!.get(p.length) ?? 0) + 1);
      if (p.kind === 'name' && this.dimensions[0] === 'set') setsOf(this.ns).get(p.name)!.references++;
    });
    if (options.range) this.sort();
  }

  private place(key: string, member: Member, before: string | undefined): void {
    if (before === undefined || !this.members.has(before)) {
      this.members.set(key, member);
      return;
    }
    const all = [...this.members];
    this.members.clear();
    for (const [k, m] of all) {
      if (k === before) this.members.set(key, member);
      this.members.set(k, m);
    }
  }

  /** Bitmaps list in order. */
  private sort(): void {
    const value = (m: Member): number => {
      const [p] = m.parts;
      return p!.kind === 'address' ? (p!.address as number) : p!.kind === 'port' ? p!.port : 0;
    };
    const all = [...this.members].sort((a, b) => value(a[1]) - value(b[1]));
    this.members.clear();
    for (const [k, m] of all) this.members.set(k, m);
  }

  /** @throws SetError */
  del(given: readonly Part[], exist: boolean): void {
    this.expire();
    const parts = this.normal(given);
    this.checkRange(parts);
    const key = keyOf(parts);
    const m = this.members.get(key);
    if (m === undefined) {
      if (!exist) throw new SetError('missing');
      return;
    }
    this.forget(key, m);
  }

  flush(): void {
    for (const m of this.members.values()) this.release(m);
    this.members.clear();
    for (const l of this.lengths) l.clear();
  }

  /** The most specific element that covers the parts; `nomatch` ones say no. */
  find(given: readonly Part[]): Member | undefined {
    this.expire();
    const { family, netmask } = this.options;
    const walk = (i: number, prefix: string): Member | undefined => {
      if (i === given.length) return this.members.get(prefix);
      const p = given[i]!;
      const head = i === 0 ? '' : `${prefix},`;
      if (p.kind !== 'address') return walk(i + 1, head + partKey(p));
      if (this.dimensions[i] !== 'net') {
        const address = netmask === undefined ? p.address : masked(p.address, maskOf(family, netmask));
        return walk(i + 1, `${head}${address}/${this.bits}`);
      }
      for (const length of [...this.lengths[i]!.keys()].sort((a, b) => b - a)) {
        if (length > p.length) continue;
        const hit = walk(i + 1, `${head}${masked(p.address, maskOf(family, length))}/${length}`);
        if (hit !== undefined) return hit;
      }
      return undefined;
    };
    return walk(0, '');
  }

  /** `ipset test`. */
  test(given: readonly Part[]): boolean {
    const [p] = given;
    // A network that is an element itself is found as such, other ones by what covers them.
    const exact = this.members.get(keyOf(this.normal(given)));
    const m = exact ?? (p === undefined ? undefined : this.find(given));
    return m !== undefined && !m.nomatch;
  }

  // --- packets ------------------------------------------------------------------------------------------------------------

  private partsOf(p: PktInfo, directions: readonly ('src' | 'dst')[]): Part[] | undefined {
    if ((p.family === 'ip6') !== (this.options.family === 'ip6') && this.options.type !== 'bitmap:port')
      return undefined;
    if (directions.length < this.dimensions.length) return undefined;
    const out: Part[] = [];
    for (let i = 0; i < this.dimensions.length; i++) {
      const source = directions[i] === 'src';
      switch (this.dimensions[i]) {
        case 'ip':
        case 'net':
          out.push({ kind: 'address', address: source ? sourceOf(p) : destinationOf(p), length: this.bits });
          break;
        case 'port': {
          const t = transportOf(p);
          if (t === undefined) return undefined;
          const icmp = t.kind === 'icmp4' || t.kind === 'icmp6';
          const ports = portsOf(p);
          const port = icmp ? (t.type << 8) | t.code : source ? ports.src : ports.dst;
          if (port < 0) return undefined;
          out.push({ kind: 'port', protocol: this.options.range ? 0 : p.l4proto, port });
          break;
        }
        case 'iface':
          out.push({ kind: 'name', name: (source ? p.input : p.output)?.name ?? '' });
          break;
        default:
          return undefined;
      }
    }
    return out;
  }

  matchesPacket(p: PktInfo, directions: readonly ('src' | 'dst')[]): boolean {
    if (this.dimensions[0] === 'set') {
      for (const m of this.members.values()) {
        const [part] = m.parts;
        const other = part?.kind === 'name' ? setsOf(this.ns).get(part.name) : undefined;
        if (other !== undefined && other !== (this as PacketSet) && other.matchesPacket(p, directions)) return true;
      }
      return false;
    }
    const parts = this.partsOf(p, directions);
    const m = parts && this.find(parts);
    if (m === undefined || m.nomatch) return false;
    if (this.options.counters) {
      m.packets++;
      m.bytes += p.skb.length;
    }
    return true;
  }

  addPacket(p: PktInfo, directions: readonly ('src' | 'dst')[], exist: boolean, timeout: number | undefined): void {
    const parts = this.partsOf(p, directions);
    if (parts === undefined) return;
    try {
      const lasting =
        timeout === undefined || this.options.timeout === undefined
          ? {}
          : { expires: timeout === 0 ? undefined : p.ns.now + timeout * 1e6 };
      this.add(parts, lasting, exist);
    } catch (error) {
      if (!(error instanceof SetError)) throw error;
    }
  }

  deletePacket(p: PktInfo, directions: readonly ('src' | 'dst')[]): void {
    const parts = this.partsOf(p, directions);
    if (parts !== undefined) this.del(parts, true);
  }
}
