import type { Micros } from '../../core';
import type { Mac } from '../../wire';
import type { BridgePort } from './bridge-port';

/** An entry of a bridge's forwarding database (net_bridge_fdb_entry). */
export interface FdbEntry {
  readonly mac: Mac;
  /** VLAN identifier; 0 where VLANs are not told apart. */
  readonly vlan: number;
  /** Null: the bridge itself. */
  port: BridgePort | null;
  /** Belongs to the bridge or a port: frames to it are for this machine. */
  local: boolean;
  /** Does not age (permanent and static entries). */
  static: boolean;
  /** Added by user space (`bridge fdb add`). */
  addedByUser: boolean;
  /** Last time it was learned and last time a frame went to it. */
  updated: Micros;
  used: Micros;
}

/** The key of an address in a VLAN. */
export function fdbKey(mac: Mac, vlan: number): string {
  return vlan === 0 ? mac : `${mac}/${vlan}`;
}

/** A bridge's forwarding database: where a MAC address was last seen (net/bridge/br_fdb.c). */
export class Fdb {
  /** By {@link fdbKey}. */
  readonly entries = new Map<string, FdbEntry>();

  /** @param ageing returns the ageing time in microseconds. */
  constructor(private readonly ageing: () => Micros) {}

  /** The live entry for `mac`; an aged one counts as absent. */
  lookup(mac: Mac, now: Micros, vlan = 0): FdbEntry | undefined {
    const entry = this.entries.get(vlan === 0 ? mac : fdbKey(mac, vlan));
    if (entry === undefined) return undefined;
    return entry.static || entry.updated + this.ageing() > now ? entry : undefined;
  }

  /** A frame from `mac` came in by `port`. @returns true when that was news. */
  learn(mac: Mac, port: BridgePort, now: Micros, vlan = 0): boolean {
    const key = vlan === 0 ? mac : fdbKey(mac, vlan);
    const entry = this.entries.get(key);
    if (entry === undefined) {
      this.entries.set(key, {
        mac,
        vlan,
        port,
        local: false,
        static: false,
        addedByUser: false,
        updated: now,
        used: now,
      });
      return true;
    }
    // One of our own addresses seen from outside: a loop; it is never learned.
    if (entry.local) return false;
    const moved = entry.port !== port;
    if (moved && !entry.static) entry.port = port;
    entry.updated = now;
    return moved;
  }

  /** Adds or replaces an entry by hand. */
  put(
    mac: Mac,
    port: BridgePort | null,
    kind: { local: boolean; static: boolean; user: boolean },
    now: Micros,
    vlan = 0,
  ): FdbEntry {
    const entry: FdbEntry = {
      mac,
      vlan,
      port,
      local: kind.local,
      static: kind.static,
      addedByUser: kind.user,
      updated: now,
      used: now,
    };
    this.entries.set(fdbKey(mac, vlan), entry);
    return entry;
  }

  /** Takes an entry out. */
  remove(entry: FdbEntry): void {
    this.entries.delete(fdbKey(entry.mac, entry.vlan));
  }

  /** Forgets what belongs to `port` (in one VLAN); with `learnedOnly` keeps local and static entries. */
  flushPort(port: BridgePort | null, learnedOnly: boolean, vlan?: number): FdbEntry[] {
    const gone: FdbEntry[] = [];
    for (const entry of [...this.entries.values()]) {
      if (entry.port !== port || (learnedOnly && entry.static)) continue;
      if (vlan !== undefined && entry.vlan !== vlan) continue;
      this.remove(entry);
      gone.push(entry);
    }
    return gone;
  }

  /** Removes aged entries and returns them. @param next gets the time at which the next one ages. */
  collect(now: Micros): { gone: FdbEntry[]; next: Micros } {
    const ageing = this.ageing();
    let next = now + ageing;
    const gone: FdbEntry[] = [];
    for (const entry of [...this.entries.values()]) {
      if (entry.static) continue;
      const dies = entry.updated + ageing;
      if (dies <= now) {
        this.remove(entry);
        gone.push(entry);
      } else if (dies < next) next = dies;
    }
    return { gone, next };
  }
}
