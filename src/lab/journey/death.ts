/** Why a packet died: the kernel's reason, and the first thing that is not as it must be. */
import type { DropReason } from '../../engine/net';
import type { Recorded } from './recorder';
import type { EventOf } from './sentences';

/** What is said about a death: the state of affairs, and how the step's note calls it. */
export interface Cause {
  readonly note: string;
  readonly broken: string;
}

/** Sentences by reason. `{where}` is the stack, `{link}` the interface or function, `{to}` the destination. */
const REASONS: Partial<Record<DropReason, string>> = {
  NO_SOCKET: 'No program in `{where}` listens where this packet wants to go.',
  SOCKET_RCVBUFF: 'The socket’s buffer is full: its program does not read fast enough.',
  SOCKET_BACKLOG: 'The program has more connections waiting than it asked for.',
  IP_RPFILTER:
    '`rp_filter` is on in `{where}`, and the way back to the sender leaves by another interface than the packet came in by.',
  IP_INVALID_SOURCE: 'The source address cannot be right where the packet came in.',
  IP_LOCAL_SOURCE: 'The source address is `{where}`’s own, and the packet came from outside.',
  IP_INNOROUTES: '`{where}` has no route to `{to}`.',
  IP_OUTNOROUTES: '`{where}` has no route to `{to}`.',
  IP_CSUM: 'The checksum of the IP header is wrong.',
  TCP_CSUM: 'The checksum of the segment is wrong.',
  UDP_CSUM: 'The checksum of the datagram is wrong.',
  ICMP_CSUM: 'The checksum of the ICMP message is wrong.',
  PKT_TOO_BIG: 'The packet is larger than the MTU of the next link, and its DF flag forbids to cut it.',
  IPV6DISABLED: 'IPv6 is switched off on `{link}` (`disable_ipv6`).',
  NEIGH_FAILED: 'Nobody answered the question who has the next stop’s address.',
  NEIGH_CREATEFAIL: 'There is no room for another neighbour entry.',
  NEIGH_QUEUEFULL: 'Too many packets wait for the same neighbour; the oldest goes.',
  NEIGH_DEAD: 'The neighbour entry that the packet waited in was removed.',
  DEV_READY: '`{link}` in `{where}` is down.',
  NOT_SPECIFIED: '`{link}` in `{where}` has nothing at its other end that is up.',
  CABLE_LOSS: 'The cable is unplugged, or it lost the frame.',
  CABLE_MTU: 'The frame is larger than what passes on this path, and nobody on it says so.',
  BRIDGE_NO_EGRESS_PORT: 'The bridge has no port that this frame may leave by.',
  BRIDGE_INGRESS_STP_STATE: 'The bridge does not take frames from this port: the bridge or the port is not up.',
  BRIDGE_NON_FORWARDING_STATE: 'The bridge port is not forwarding.',
  MAC_INVALID_SOURCE: 'No frame can come from the sender’s MAC address.',
  VLAN_FILTER: 'No interface here belongs to the frame’s VLAN.',
  VXLAN_VNI_NOT_FOUND: 'No tunnel device here has this network identifier (VNI).',
  UNHANDLED_PROTO: 'Nothing in `{where}` handles this kind of frame.',
  INVALID_PROTO: 'Nothing in `{where}` handles this protocol.',
  QDISC_DROP: 'The queue of `{link}` threw it away.',
  CPU_BACKLOG: 'More packets arrive at `{link}` than the machine can take.',
  FRAG_REASM_TIMEOUT: 'The other fragments did not come in time.',
  TTL_EXPIRED: 'The time to live has run out.',
  UNICAST_IN_L2_MULTICAST: 'A packet for one was sent to everybody, and `drop_unicast_in_l2_multicast` forbids it.',
};

/** Why the packet of these events died; undefined when no drop is recorded. */
export function causeOf(events: readonly Recorded[], where: string, to: string): Cause | undefined {
  const drop = events.findLast((e) => e.event.event === 'drop')?.event as EventOf<'drop'> | undefined;
  if (!drop) return undefined;
  const fill = (text: string) =>
    text.replaceAll('{where}', where).replaceAll('{to}', to).replaceAll('{link}', drop.where);
  const broken = special(drop, events) ?? REASONS[drop.reason] ?? `The kernel’s reason is ${drop.reason}.`;
  return { note: drop.reason, broken: fill(broken) };
}

/** Reasons that need a look at what came before. */
function special(drop: EventOf<'drop'>, events: readonly Recorded[]): string | undefined {
  const last = <K extends Recorded['event']['event']>(kind: K) =>
    events.findLast((e) => e.event.event === kind)?.event as EventOf<K> | undefined;
  switch (drop.reason) {
    case 'NETFILTER_DROP': {
      const rule = last('rule');
      if (!rule) return 'A netfilter hook dropped it.';
      return rule.number === 0
        ? `No rule of chain \`${rule.chain}\` (table \`${rule.table}\`) decided, and its policy is ${rule.verdict.toUpperCase()}.`
        : `Rule ${rule.number} of chain \`${rule.chain}\` (table \`${rule.table}\`) matched: ${verb(rule.verdict)}.`;
    }
    case 'IP_INADDRERRORS': {
      const route = last('route');
      if (drop.where.startsWith('ip6') || route?.result === 'EHOSTUNREACH')
        return 'The packet is not for `{where}`, and `{where}` does not forward (`ip_forward` is 0).';
      return '`{where}` has no way for `{to}`.';
    }
    case 'IP_INHDR':
      return /forward/.test(drop.where)
        ? 'Its time to live has run out: too many routers, or a circle.'
        : 'The IP header is malformed.';
    case 'NEIGH_FAILED': {
      const asked = last('neighbour');
      return asked && `\`{where}\` asked on \`${asked.link}\` who has \`${asked.address}\`, and nobody answered.`;
    }
    case 'OTHERHOST':
      return drop.where.includes('forward') ? undefined : 'The frame is addressed to somebody else’s MAC.';
    default:
      return undefined;
  }
}

function verb(verdict: string): string {
  return /reject/i.test(verdict)
    ? 'it refuses the packet and tells the sender'
    : 'it drops the packet and tells nobody';
}
