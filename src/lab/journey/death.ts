/** Why a packet died: the kernel's reason, and the first thing that is not as it must be. */
import type { DropReason } from '../../engine/net';
import { payloadLength, TCP_FLAG } from '../../engine/wire';
import { describePacket, icmpText } from './describe';
import type { Recorded } from './recorder';
import type { Road } from './road';
import { chainName, passedBy, targetOf } from './rules';
import type { EventOf } from './sentences';
import { sayWithheld } from './sentences';

/** What is said about a death: the state of affairs, and how the step's note calls it. */
export interface Cause {
  readonly note: string;
  readonly broken: string;
}

/** Other packets that a death may have to do with. */
export interface Circumstances {
  /** The question for a MAC that was asked while the packet waited. */
  readonly question?: Road | undefined;
  /** What the packet answers. */
  readonly request?: Road | undefined;
  /** Any packet, by its identity. */
  readonly road?: (id: number) => Road | undefined;
}

/** Sentences by reason. `{where}` is the stack, `{link}` the interface or function, `{to}` the destination. */
const REASONS: Partial<Record<DropReason, string>> = {
  NO_SOCKET: 'No program in `{where}` listens where this packet wants to go.',
  NO_TX_TARGET: '`{link}` in `{where}` does not know which host to send the frame to: it has no forwarding entry.',
  VXLAN_NO_REMOTE: '`{link}` in `{where}` does not know which host to send the frame to: it has no forwarding entry.',
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
  QDISC_DROP: 'The queue `{link}` threw it away.',
  CPU_BACKLOG: 'More packets arrive at `{link}` than the machine can take.',
  FRAG_REASM_TIMEOUT: 'The other fragments did not come in time.',
  TTL_EXPIRED: 'The time to live has run out.',
  UNICAST_IN_L2_MULTICAST: 'A packet for one was sent to everybody, and `drop_unicast_in_l2_multicast` forbids it.',
};

/** Why the packet of these events died; undefined when no drop is recorded. */
export function causeOf(
  events: readonly Recorded[],
  where: string,
  to: string,
  others: Circumstances = {},
): Cause | undefined {
  const drop = events.findLast((e) => e.event.event === 'drop')?.event as EventOf<'drop'> | undefined;
  if (!drop) return undefined;
  const fill = (text: string) =>
    text.replaceAll('{where}', where).replaceAll('{to}', to).replaceAll('{link}', drop.where);
  const broken = special(drop, events, others) ?? REASONS[drop.reason] ?? `The kernel’s reason is ${drop.reason}.`;
  return { note: drop.reason, broken: fill(broken) };
}

/** Reasons that need a look at what came before. */
function special(drop: EventOf<'drop'>, events: readonly Recorded[], others: Circumstances): string | undefined {
  const last = <K extends Recorded['event']['event']>(kind: K) =>
    events.findLast((e) => e.event.event === kind)?.event as EventOf<K> | undefined;
  switch (drop.reason) {
    case 'NETFILTER_DROP': {
      const before = events.findLast((e) => e.event.event !== 'hook' && e.event !== drop)?.event;
      if (before?.event !== 'rule') return unruled(drop, before);
      return before.number === 0
        ? `${passedBy(before)}, and its policy is ${before.verdict.toUpperCase()}.`
        : `Rule ${before.number} of chain ${chainName(before)} fits: ${verb(before)}.`;
    }
    case 'PKT_TOO_BIG': {
      const out = last('route')?.link;
      const bytes = payloadLength(drop.payload);
      return (
        out &&
        `The packet has ${bytes} bytes, more than the MTU of \`${out}\`, the next link, and its DF flag forbids to cut it.`
      );
    }
    case 'QDISC_DROP':
      return drop.where === 'noop' ? 'The interface has no carrier: the other end of its cable is not up.' : undefined;
    case 'NO_SOCKET':
      return noSocket(drop, others.request);
    case 'BRIDGE_NO_EGRESS_PORT': {
      const e = last('bridge');
      const kept = e?.withheld?.[0];
      return e && kept && `\`${e.bridge}\` may not hand the frame to \`${kept.port}\`: ${sayWithheld(e, kept)}.`;
    }
    case 'NO_TX_TARGET':
    case 'VXLAN_NO_REMOTE': {
      const asked = last('neighbour');
      return (
        asked?.lladdr &&
        `\`{link}\` in \`{where}\` has no forwarding entry for \`${asked.lladdr}\`: it does not know which host to send the frame to.`
      );
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
      const why = others.question && inVain(others.question, others);
      return (
        asked && `\`{where}\` asked on \`${asked.link}\` who has \`${asked.address}\`, and ${why ?? 'nobody answered'}.`
      );
    }
    case 'OTHERHOST':
      return drop.where.includes('forward') ? undefined : 'The frame is addressed to somebody else’s MAC.';
    default:
      return undefined;
  }
}

/** Dropped in a hook, and not by a rule. */
function unruled(drop: EventOf<'drop'>, before: Recorded['event'] | undefined): string {
  const { payload } = drop;
  if (before?.event === 'conntrack' && before.action === 'table full') return 'The table of conntrack is full.';
  const icmp = payload.kind === 'ipv4' || payload.kind === 'ipv6' ? payload.payload : undefined;
  if ((icmp?.kind === 'icmp4' || icmp?.kind === 'icmp6') && /redirect/.test(icmpText(icmp)))
    return 'It tells of a shorter way for a connection that is translated. NAT drops that: the addresses in it mean nothing to the sender.';
  return 'A function of netfilter dropped it, no rule.';
}

/** Nobody is there to take it: that means something else for the first packet of a connection than for a later one. */
function noSocket({ payload }: EventOf<'drop'>, request: Road | undefined): string | undefined {
  if (payload.kind !== 'ipv4' && payload.kind !== 'ipv6') return undefined;
  const t = payload.payload;
  if (t.kind === 'udp') return `No program in \`{where}\` has a socket on UDP port ${t.dstPort}.`;
  if (t.kind !== 'tcp') return undefined;
  if ((t.flags & TCP_FLAG.SYN) !== 0 && (t.flags & TCP_FLAG.ACK) === 0)
    return `No program in \`{where}\` listens on TCP port ${t.dstPort}.`;
  const { from } = describePacket(payload);
  const asked = request && describePacket(request.events[0]!.event.payload).to;
  return asked !== undefined && asked !== from
    ? `\`{where}\` has asked \`${asked}\` and waits for an answer from there; with \`${from}\` it has no connection.`
    : `\`{where}\` has no connection with \`${from}\`.`;
}

/** Why nobody answered a question for a MAC, continuing "and". */
function inVain(question: Road, { road }: Circumstances): string | undefined {
  const ways = [question.events, ...question.copies.map((c) => c.events)];
  for (const { event: e } of ways.flat()) {
    if (e.event !== 'bridge') continue;
    const kept = e.withheld?.find((w) => w.why !== 'hairpin');
    if (kept) return `\`${e.bridge}\` did not hand the question to \`${kept.port}\`: ${sayWithheld(e, kept)}`;
  }
  const answer = question.reply === undefined ? undefined : road?.(question.reply);
  if (answer?.verdict === 'died') return 'the answer got lost on its way back';
  const lost = ways.find(
    (w) => w.at(-1)?.event.event === 'drop' && LOST.has((w.at(-1)!.event as EventOf<'drop'>).reason),
  );
  if (lost) {
    const drop = lost.at(-1)!.event as EventOf<'drop'>;
    if (drop.where === 'noop') return 'the question did not leave it: the other end of its cable is not up';
    if (drop.reason === 'NOT_SPECIFIED' || drop.reason === 'DEV_READY')
      return `the question got no further than \`${drop.where}\`: the other end of its cable is not up`;
    return `the question got no further than \`${drop.where}\` (${drop.reason})`;
  }
  return undefined;
}

/** Reasons that say that a question did not get to where it was meant to go. */
const LOST: ReadonlySet<DropReason> = new Set([
  'CABLE_LOSS',
  'NOT_SPECIFIED',
  'DEV_READY',
  'NO_TX_TARGET',
  'QDISC_DROP',
  'VLAN_FILTER',
  'BRIDGE_NO_EGRESS_PORT',
  'BRIDGE_INGRESS_STP_STATE',
  'NETFILTER_DROP',
]);

function verb(rule: EventOf<'rule'>): string {
  return /reject/i.test(targetOf(rule))
    ? 'it refuses the packet and tells the sender'
    : 'it drops the packet and tells nobody';
}
