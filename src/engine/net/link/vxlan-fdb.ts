/** Which remote ends a VXLAN link sends an address's frames to (drivers/net/vxlan/vxlan_core.c, vxlan_fdb_*). */
import { Errno } from '../../core';
import type { Micros, Timer } from '../../core';
import type { IpAddress, Mac } from '../../wire';
import { MAC_ZERO, isMulticastMac } from '../../wire';
import type { FdbApi, FdbTunnel } from '../api';
import type { FdbInfo } from '../types';
import type { LinkFdb } from './link';
import type { VxlanLink } from './vxlan';

/** One far end (vxlan_rdst). What is undefined is the link's own. */
export interface Remote {
  readonly dst: IpAddress;
  readonly port: number | undefined;
  readonly vni: number | undefined;
  readonly via: number | undefined;
}

interface Entry {
  readonly mac: Mac;
  state: 'permanent' | 'static' | 'dynamic';
  remotes: Remote[];
  used: Micros;
  updated: Micros;
}

const same = (a: Remote, b: Remote): boolean =>
  a.dst === b.dst && a.port === b.port && a.vni === b.vni && a.via === b.via;

/** How often aged entries are looked for at least (FDB_AGE_INTERVAL), microseconds. */
const AGE_INTERVAL = 10e6;

/** The forwarding table of one VXLAN link. */
export class VxlanFdb implements LinkFdb {
  private readonly entries = new Map<Mac, Entry>();
  private timer: Timer | null = null;

  constructor(private readonly link: VxlanLink) {}

  private get now(): Micros {
    return this.link.ns.now;
  }

  /** The far ends for a destination address: its own, else the default ones; undefined when there are neither. */
  remotes(mac: Mac): readonly Remote[] | undefined {
    const own = this.entries.get(mac);
    if (own !== undefined) {
      own.used = this.now;
      return own.remotes;
    }
    return this.entries.get(MAC_ZERO)?.remotes;
  }

  /** The default remote of the link: created with it, replaced by `ip link set ... type vxlan remote`. */
  setDefault(dst: IpAddress | undefined, via: number | undefined): void {
    const old = this.entries.get(MAC_ZERO);
    const remotes = (old?.remotes ?? []).filter((r) => r.port !== undefined || r.vni !== undefined || r.via !== via);
    if (dst !== undefined) remotes.push({ dst, port: undefined, vni: undefined, via });
    if (remotes.length === 0) this.entries.delete(MAC_ZERO);
    else this.entries.set(MAC_ZERO, this.make(MAC_ZERO, 'permanent', remotes));
  }

  private make(mac: Mac, state: Entry['state'], remotes: Remote[]): Entry {
    const { now } = this;
    return { mac, state, remotes, used: now, updated: now };
  }

  /** vxlan_snoop: the frame's sender is behind `src`. @returns false when the frame must be dropped */
  learn(mac: Mac, src: IpAddress): boolean {
    if (isMulticastMac(mac) || mac === MAC_ZERO) return false;
    const e = this.entries.get(mac);
    if (e === undefined) {
      if (this.link.maxAddress > 0 && this.entries.size >= this.link.maxAddress) return true;
      const made = this.make(mac, 'dynamic', [{ dst: src, port: undefined, vni: undefined, via: undefined }]);
      this.entries.set(mac, made);
      this.announce(made, false);
      this.schedule();
      return true;
    }
    if (e.remotes[0]!.dst === src) {
      e.updated = this.now;
      return true;
    }
    // Entries made by hand do not move: whoever claims the address elsewhere is not believed.
    if (e.state !== 'dynamic') return false;
    e.remotes = [{ ...e.remotes[0]!, dst: src }];
    e.updated = this.now;
    this.announce(e, false);
    return true;
  }

  private schedule(): void {
    const { ageing } = this.link;
    if (ageing === 0 || this.timer !== null) return;
    this.timer = this.link.ns.host.scheduler.after(Math.min(ageing * 1e6, AGE_INTERVAL), () => {
      this.timer = null;
      const { now } = this;
      for (const e of [...this.entries.values()]) {
        if (e.state !== 'dynamic' || Math.max(e.used, e.updated) + ageing * 1e6 > now) continue;
        this.entries.delete(e.mac);
        this.announce(e, true);
      }
      if ([...this.entries.values()].some((e) => e.state === 'dynamic')) this.schedule();
    });
  }

  /** The link goes down: what was learned is forgotten. */
  flush(): void {
    this.timer?.cancel();
    this.timer = null;
    for (const e of [...this.entries.values()]) {
      if (e.state !== 'dynamic') continue;
      this.entries.delete(e.mac);
      this.announce(e, true);
    }
  }

  private remote(tunnel: FdbTunnel): Remote {
    const { link } = this;
    return {
      dst: tunnel.dst!,
      port: tunnel.port === link.dstPort ? undefined : tunnel.port,
      vni: tunnel.vni === link.vni ? undefined : tunnel.vni,
      via: tunnel.via,
    };
  }

  add(spec: Parameters<FdbApi['add']>[0]): void {
    const { mac, tunnel } = spec;
    if (tunnel?.dst === undefined) throw new Errno('EINVAL');
    if ((typeof tunnel.dst === 'string') !== this.link.isIpv6) throw new Errno('EAFNOSUPPORT');
    const flood = isMulticastMac(mac) || mac === MAC_ZERO;
    const remote = this.remote(tunnel);
    const state = spec.state ?? 'permanent';
    const e = this.entries.get(mac);
    if (e === undefined) {
      if (spec.replace && flood) throw new Errno('EOPNOTSUPP', 'Cannot replace non-unicast fdb entries');
      const made = this.make(mac, state, [remote]);
      this.entries.set(mac, made);
      this.announce(made, false);
      if (state === 'dynamic') this.schedule();
      return;
    }
    if (!spec.replace && !spec.append) throw new Errno('EEXIST');
    e.state = state;
    if (spec.replace) {
      if (flood) throw new Errno('EOPNOTSUPP', 'Cannot replace non-unicast fdb entries');
      e.remotes = [remote];
    } else if (flood && !e.remotes.some((r) => same(r, remote))) e.remotes.push(remote);
    e.updated = this.now;
    this.announce(e, false);
  }

  delete(spec: Parameters<FdbApi['delete']>[0]): void {
    const e = this.entries.get(spec.mac);
    if (e === undefined) throw new Errno('ENOENT');
    const { tunnel } = spec;
    if (tunnel?.dst !== undefined) {
      const remote = this.remote(tunnel);
      const at = e.remotes.findIndex((r) => same(r, remote));
      if (at < 0) throw new Errno('ENOENT');
      if (e.remotes.length > 1) {
        e.remotes.splice(at, 1);
        return;
      }
    }
    this.entries.delete(spec.mac);
    this.announce(e, true);
  }

  private info(e: Entry, r: Remote): FdbInfo {
    return {
      mac: e.mac,
      index: this.link.index,
      master: undefined,
      self: true,
      state: e.state,
      vlan: undefined,
      local: false,
      used: e.used,
      updated: e.updated,
      dst: r.dst,
      port: r.port,
      vni: r.vni,
      via: r.via,
    };
  }

  list(): FdbInfo[] {
    return [...this.entries.values()].reverse().flatMap((e) => e.remotes.map((r) => this.info(e, r)));
  }

  private announce(e: Entry, deleted: boolean): void {
    this.link.ns.events.emit(() => ({ type: 'fdb', deleted, fdb: this.info(e, e.remotes[0]!) }));
  }
}
