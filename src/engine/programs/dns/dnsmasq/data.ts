/** What a dnsmasq knows: names of its configuration and of hosts files, and what other servers have said. */
import type { Micros } from '../../../core';
import type { DnsData, IpAddress } from '../../../wire';
import { DNS_TYPE, dnsTypeNumber } from '../../../wire';
import type { HostsEntry } from '../../network/resolv-conf';
import type { DnsmasqConfig } from './config';

/** An address of a name, or a name of an address, and who says so: `config` or the path of a file. */
export interface LocalAddress {
  readonly name: string;
  readonly address: IpAddress;
  readonly source: string;
  readonly ttl: number | undefined;
  /** A reverse look-up of the address gives this name (F_REVERSE): the first name of an address. */
  readonly reverse: boolean;
}

/** A record of the configuration by name and type. */
export interface LocalRecord {
  readonly name: string;
  readonly data: DnsData;
}

/** Names that are not asked for anywhere else. */
export class LocalData {
  private readonly byName = new Map<string, LocalAddress[]>();
  private readonly byAddress = new Map<IpAddress, LocalAddress[]>();
  private readonly records = new Map<string, LocalRecord[]>();
  readonly aliases = new Map<
    string,
    { readonly alias: string; readonly target: string; readonly ttl: number | undefined }
  >();
  /** Every name and every name above one. */
  private readonly known = new Set<string>();

  constructor(private readonly config: DnsmasqConfig) {
    for (const h of config.hostRecords) {
      for (const address of h.addresses)
        for (const name of h.names) this.add({ name, address, source: 'config', ttl: h.ttl });
    }
    for (const c of config.cnames) {
      this.aliases.set(c.alias.toLowerCase(), c);
      this.know(c.alias);
    }
    for (const r of config.records) {
      const key = r.name.toLowerCase();
      const others = this.records.get(key) ?? [];
      // Records that dnsmasq knows as bytes alone come before the others; each is put before those of its kind.
      const at = r.data.type === 'raw' ? 0 : others.findIndex((o) => o.data.type === r.data.type);
      this.records.set(key, at < 0 ? [...others, r] : [...others.slice(0, at), r, ...others.slice(at)]);
      this.know(r.name);
    }
  }

  private add(given: Omit<LocalAddress, 'reverse'>): void {
    const key = given.name.toLowerCase();
    // Looking whether the name is there already turns its addresses (add_hosts_entry).
    this.addresses(key, typeof given.address === 'number' ? 'inet' : 'inet6', true);
    const same = this.byName.get(key) ?? [];
    if (same.some((e) => e.address === given.address)) return;
    const others = this.byAddress.get(given.address) ?? [];
    const entry = { ...given, reverse: others.length === 0 };
    const all = [...same, entry];
    this.byName.set(key, [...all.filter((e) => e.reverse), ...all.filter((e) => !e.reverse)]);
    this.byAddress.set(entry.address, [...others, entry]);
    this.know(entry.name);
  }

  private know(name: string): void {
    const labels = name.toLowerCase().split('.');
    for (let i = 0; i < labels.length; i++) this.known.add(labels.slice(i).join('.'));
  }

  /** Adds a hosts file. @returns the number of names */
  addHosts(entries: readonly HostsEntry[], source: string): number {
    let count = 0;
    const { domain } = this.config;
    for (const { address, names } of entries) {
      for (const name of names) {
        count++;
        // The full name comes first: a reverse look-up gives it.
        if (this.config.expandHosts && domain !== undefined && !name.includes('.')) {
          count++;
          this.add({ name: `${name}.${domain}`, address, source, ttl: undefined });
        }
        this.add({ name, address, source, ttl: undefined });
      }
    }
    return count;
  }

  /**
   * Addresses of a name. Each question turns what it finds by one for the next question: all but the first move before the
   * first, as far as they are of its kind (cache_find_by_name).
   */
  addresses(name: string, family: 'inet' | 'inet6' | 'any', turn: boolean): readonly LocalAddress[] {
    const key = name.toLowerCase();
    const list = this.byName.get(key) ?? [];
    const found = family === 'any' ? list : list.filter((e) => (typeof e.address === 'number') === (family === 'inet'));
    const [first] = found;
    if (turn && first) {
      const moved = found.slice(1).filter((e) => e.reverse === first.reverse);
      const rest = list.filter((e) => !moved.includes(e));
      const at = rest.indexOf(first);
      this.byName.set(key, [...rest.slice(0, at), ...moved, ...rest.slice(at)]);
    }
    return found;
  }

  /** After a question about services: the first of its records goes to the end. */
  turnServices(name: string): void {
    const key = name.toLowerCase();
    const list = this.records.get(key);
    const first = list?.find((r) => r.data.type === 'SRV');
    if (list && first) this.records.set(key, [...list.filter((r) => r !== first), first]);
  }

  /** Names of an address: the first one counts. */
  namesOf(address: IpAddress): readonly LocalAddress[] {
    return this.byAddress.get(address) ?? [];
  }

  /** Every address; `first` says that a reverse look-up gives this name. */
  *all(): Generator<{ readonly entry: LocalAddress; readonly first: boolean }> {
    for (const list of this.byName.values())
      for (const entry of list) yield { entry, first: this.byAddress.get(entry.address)?.[0] === entry };
  }

  /** Records of the configuration; type 255 means all. */
  recordsOf(name: string, type: number): readonly LocalRecord[] {
    return (this.records.get(name.toLowerCase()) ?? []).filter(
      (r) => type === DNS_TYPE.ANY || dnsTypeNumber(r.data) === type,
    );
  }

  /** Is there anything at this name or below it? */
  exists(name: string): boolean {
    return this.known.has(name.toLowerCase());
  }
}

/** What is remembered of an answer. `undefined` data: there is none (`nxdomain` tells whether the name exists). */
export interface CacheEntry {
  readonly name: string;
  readonly type: number;
  readonly data: DnsData | undefined;
  readonly nxdomain: boolean;
  readonly expires: Micros;
}

/** The cache: least recently used names go first. Entries of one name and type go in and out together. */
export class Cache {
  private readonly sets = new Map<string, CacheEntry[]>();
  /** Entries put in, and put in over others that were still good, since the cache was cleared. */
  inserted = 0;
  evicted = 0;

  constructor(private readonly size: number) {}

  private count(): number {
    let n = 0;
    for (const set of this.sets.values()) n += set.length;
    return n;
  }

  /** Entries of a name and type that are still good. */
  get(name: string, type: number, now: Micros, turn = false): readonly CacheEntry[] {
    const key = `${name.toLowerCase()}/${type}`;
    const set = this.sets.get(key);
    if (!set) return [];
    this.sets.delete(key);
    const good = set.filter((e) => e.expires > now);
    if (good.length === 0) return [];
    this.sets.set(key, turn && good.length > 1 ? [good.at(-1)!, ...good.slice(0, -1)] : good);
    return good;
  }

  put(entries: readonly CacheEntry[]): void {
    if (this.size === 0) return;
    const keys = new Set(entries.map((e) => `${e.name.toLowerCase()}/${e.type}`));
    for (const key of keys) {
      this.sets.delete(key);
      this.sets.set(
        key,
        entries.filter((e) => `${e.name.toLowerCase()}/${e.type}` === key),
      );
    }
    this.inserted += entries.length;
    for (let over = this.count() - this.size; over > 0;) {
      const oldest = this.sets.keys().next().value!;
      over -= this.sets.get(oldest)!.length;
      this.evicted += this.sets.get(oldest)!.length;
      this.sets.delete(oldest);
    }
  }

  clear(): void {
    this.sets.clear();
    this.inserted = 0;
    this.evicted = 0;
  }

  /** All entries that are still good. */
  *all(now: Micros): Generator<CacheEntry> {
    for (const set of this.sets.values()) for (const e of set) if (e.expires > now) yield e;
  }
}
