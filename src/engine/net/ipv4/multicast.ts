import type { Ip4 } from '../../wire';
import { IPPROTO, internetChecksum, makeRaw, multicastMac4, put16, put32 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';

const ALL_HOSTS: Ip4 = 0xe0000001;
const IGMPV3_ROUTERS: Ip4 = 0xe0000016;
/** The IP option "router alert" (RFC 2113). */
const ROUTER_ALERT = new Uint8Array([0x94, 4, 0, 0]);

/** Membership of a namespace's links in IPv4 groups (net/ipv4/igmp.c), announced with IGMPv3 reports (RFC 3376). */
export class Multicast4 {
  constructor(private readonly ns: NetNamespace) {}

  /** One more user of `group` on `link`; the first one tells the routers. */
  join(link: Link, group: Ip4): void {
    const users = (link.ip4.groups.get(group) ?? 0) + 1;
    link.ip4.groups.set(group, users);
    if (users > 1) return;
    link.joinGroup(multicastMac4(group));
    this.tell(link, group, 4);
  }

  /** One user less. */
  leave(link: Link, group: Ip4): void {
    const users = (link.ip4.groups.get(group) ?? 0) - 1;
    if (users > 0) {
      link.ip4.groups.set(group, users);
      return;
    }
    if (!link.ip4.groups.delete(group)) return;
    link.leaveGroup(multicastMac4(group));
    this.tell(link, group, 3);
  }

  /** A change report after two timer ticks (igmp_ifc_event) and once more within a second (robustness 2). 224.0.0.1 is never reported. */
  private tell(link: Link, group: Ip4, type: number): void {
    if (group === ALL_HOSTS || link.isLoopback || !link.up) return;
    const { scheduler } = this.ns.host;
    const again = (): boolean => {
      const holds = link.up && link.ns === this.ns && link.ip4.groups.has(group) === (type === 4);
      if (holds) this.report(link, group, type);
      return holds;
    };
    scheduler.after(8_000, () => {
      if (again()) scheduler.after(1 + this.ns.random.below(1_000_000), again);
    });
  }

  private report(link: Link, group: Ip4, type: number): void {
    const bytes = new Uint8Array(16);
    bytes[0] = 0x22;
    put16(bytes, 6, 1);
    bytes[8] = type;
    put32(bytes, 12, group);
    put16(bytes, 2, internetChecksum(bytes));
    this.ns.ip4.output.send({
      src: this.ns.addrs.select4(link, 0, 253),
      dst: IGMPV3_ROUTERS,
      protocol: IPPROTO.IGMP,
      payload: makeRaw(bytes),
      ttl: 1,
      tos: 0xc0,
      id: 0,
      options: ROUTER_ALERT,
      oif: link,
    });
  }
}
