/** A bridge's multicast database: which groups are wanted behind which port, as IGMP and MLD reports tell (net/bridge/br_multicast.c). */
import type { Micros } from '../../core';
import { Errno } from '../../core';
import type { IpAddress } from '../../wire';
import { IPPROTO, isMulticast4, isMulticast6 } from '../../wire';
import type { Skb } from '../skb';
import type { BridgeLink } from './bridge';
import type { BridgePort } from './bridge-port';

/** How long a report counts (multicast_membership_interval). */
const MEMBERSHIP: Micros = 260e6;
/** Report record types that leave a group behind: IS_IN and TO_IN without sources. */
const EXCLUDE = new Set([2, 4]);
const INCLUDE = new Set([1, 3]);

/** One group on one port; a null port is the bridge itself. */
export interface MdbEntry {
  readonly group: IpAddress;
  readonly port: BridgePort | null;
  permanent: boolean;
  /** Added by hand. */
  byUser: boolean;
  expires: Micros;
}

/** Groups that are never kept: everybody listens to them. */
function ignored(group: IpAddress): boolean {
  if (typeof group === 'number') return group >>> 8 === 0xe00000 || !isMulticast4(group);
  return group === 'ff02::1' || group.startsWith('ff01:') || !isMulticast6(group);
}

/** The groups of one bridge. Frames are flooded all the same: without a querier nobody trusts the table. */
export class Mdb {
  private readonly entries: MdbEntry[] = [];

  constructor(private readonly bridge: BridgeLink) {}

  private find(group: IpAddress, port: BridgePort | null): MdbEntry | undefined {
    return this.entries.find((e) => e.group === group && e.port === port);
  }

  private drop(e: MdbEntry): void {
    this.entries.splice(this.entries.indexOf(e), 1);
  }

  /** Newest first. */
  list(): MdbEntry[] {
    const { now } = this.bridge.ns;
    return this.entries.filter((e) => e.permanent || e.expires > now);
  }

  /** br_multicast_add_group and the leaving of one. */
  private heard(group: IpAddress, port: BridgePort | null, joining: boolean): void {
    if (ignored(group)) return;
    const e = this.find(group, port);
    if (!joining) {
      // The last member query of two seconds is not asked: the member has said that it goes.
      if (e && !e.permanent) this.drop(e);
      return;
    }
    const expires = this.bridge.ns.now + MEMBERSHIP;
    if (e) e.expires = expires;
    else this.entries.unshift({ group, port, permanent: false, byUser: false, expires });
  }

  /** br_multicast_rcv: looks at what a port, or the bridge itself, sends to groups. */
  snoop(skb: Skb, port: BridgePort | null): void {
    const { payload } = skb;
    if (payload.kind === 'ipv6') {
      const { payload: icmp } = payload;
      if (icmp.kind !== 'icmp6' || icmp.message !== 'mldv2Report') return;
      for (const r of icmp.records) this.record(r.type, r.group, r.sources.length, port);
      return;
    }
    if (payload.kind !== 'ipv4' || payload.protocol !== IPPROTO.IGMP || payload.payload.kind !== 'raw') return;
    const b = payload.payload.bytes;
    const address = (at: number): number =>
      ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
    if (b.length < 8) return;
    if (b[0] === 0x12 || b[0] === 0x16) this.heard(address(4), port, true);
    else if (b[0] === 0x17) this.heard(address(4), port, false);
    else if (b[0] === 0x22) {
      let at = 8;
      for (let n = (b[6]! << 8) | b[7]!; n > 0 && at + 8 <= b.length; n--) {
        const sources = (b[at + 2]! << 8) | b[at + 3]!;
        this.record(b[at]!, address(at + 4), sources, port);
        at += 8 + sources * 4 + b[at + 1]! * 4;
      }
    }
  }

  private record(type: number, group: IpAddress, sources: number, port: BridgePort | null): void {
    if (EXCLUDE.has(type) || (INCLUDE.has(type) && sources > 0)) this.heard(group, port, true);
    else if (INCLUDE.has(type)) this.heard(group, port, false);
  }

  /** br_mdb_add. @throws Errno EEXIST, EINVAL */
  add(group: IpAddress, port: BridgePort | null, permanent: boolean): void {
    if (typeof group === 'number') {
      if (group !== 0 && !isMulticast4(group))
        throw new Errno('EINVAL', 'IPv4 entry group address is not multicast or 0.0.0.0');
      if (group >>> 8 === 0xe00000) throw new Errno('EINVAL', 'IPv4 entry group address is local multicast');
    } else if (!isMulticast6(group)) throw new Errno('EINVAL', 'IPv6 entry group address is not multicast or ::');
    else if (group === 'ff02::1') throw new Errno('EINVAL', 'IPv6 entry group address is link-local all nodes');
    if (port === null && permanent) throw new Errno('EINVAL', 'bridge: Flags are not allowed for host groups');
    if (this.find(group, port))
      throw new Errno(
        'EEXIST',
        port ? 'bridge: (*, G) group is already joined by port' : 'bridge: Group is already joined by host',
      );
    this.entries.unshift({ group, port, permanent, byUser: true, expires: this.bridge.ns.now + MEMBERSHIP });
  }

  /** br_mdb_del. @throws Errno EINVAL */
  delete(group: IpAddress, port: BridgePort | null): void {
    const e = this.find(group, port);
    if (!e) throw new Errno('EINVAL');
    this.drop(e);
  }

  /** A port is gone, or down: permanent entries stay while it is only down. */
  forget(port: BridgePort, gone: boolean): void {
    for (const e of [...this.entries]) if (e.port === port && (gone || !e.permanent)) this.drop(e);
  }
}
