/** Changes under which a packet might have lived: guesses from the state around the place where it died. Each is tried, none is believed. */
import type { Link } from '../../engine/net';
import { VethLink } from '../../engine/net';
import type { EthernetPayload, IpAddress } from '../../engine/wire';
import { containsIp, formatIp, ipAddresses, payloadLength, TCP_FLAG } from '../../engine/wire';
import type { World } from '../../engine/world';
import type { NamedNetwork } from '../netns';
import { networks } from '../netns';
import type { Place } from '../protocol';
import { describePacket } from './describe';
import type { Recorded } from './recorder';
import type { Road } from './road';
import { isNft } from './rules';
import type { EventOf } from './sentences';
import type { Change } from './types';

/** Candidates that are tried for one packet. */
const MAX_CANDIDATES = 6;

/**
 * What might have saved the packet of `road`, or its answer, when that is what did not arrive.
 * @param roads all packets that are known, of the same world.
 */
export function candidates(world: World, roads: ReadonlyMap<number, Road>, road: Road): Change[] {
  const all = networks(world);
  const reply = road.reply === undefined ? undefined : roads.get(road.reply);
  const found =
    road.verdict !== 'delivered'
      ? around(all, roads, road)
      : reply
        ? [...around(all, roads, reply), ...hairpin(all, road, reply)]
        : noWayBack(all, road);
  const seen = new Set<string>();
  return found.filter((c) => !seen.has(c.text) && seen.add(c.text)).slice(0, MAX_CANDIDATES);
}

function around(all: readonly NamedNetwork[], roads: ReadonlyMap<number, Road>, road: Road): Change[] {
  const end = road.events.at(-1)!;
  const at = stackOf(all, end);
  if (!at) return [];
  const drop = road.events.findLast((e) => e.event.event === 'drop')?.event as EventOf<'drop'> | undefined;
  const { payload } = end.event;
  const dst = payload.kind === 'ipv4' || payload.kind === 'ipv6' ? ipAddresses(payload).dst : undefined;
  switch (drop?.reason) {
    case 'NETFILTER_DROP':
      return rules(at, lastOf(road, 'rule'), road);
    case 'NO_SOCKET':
      return [...ownPackets(all, at, road), ...listener(at, payload)];
    case 'IP_INADDRERRORS':
    case 'IP_INNOROUTES':
    case 'IP_OUTNOROUTES':
      return [...masks(all, road), ...forwarding(at, dst), ...(dst === undefined ? [] : routes(all, at, dst))];
    case 'PKT_TOO_BIG':
      return mtu(at, road);
    case 'IP_RPFILTER': {
      const link = lastOf(road, 'rx')?.link ?? 'all';
      const run = `sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.${link}.rp_filter=0`;
      return change(`\`rp_filter\` were off in \`${at.title}\``, at, run);
    }
    case 'BRIDGE_NO_EGRESS_PORT':
    case 'BRIDGE_INGRESS_STP_STATE':
      return bridge(at, lastOf(road, 'bridge'), drop.where);
    case 'NO_TX_TARGET':
    case 'VXLAN_NO_REMOTE':
      return tunnel(all, at, road, drop.where);
    case 'NEIGH_FAILED':
    // The cable was pulled while the question was open: what takes the carrier empties the table.
    case 'NEIGH_DEAD':
    case 'DEV_READY':
    case 'QDISC_DROP':
    case 'NOT_SPECIFIED':
    case undefined:
      return [
        ...questions(all, roads, at, road),
        ...links(all, at, road, drop?.where),
        ...(dst === undefined ? [] : routes(all, at, dst)),
      ];
    default:
      return [];
  }
}

/** A packet that arrived and was not answered: its destination has no way back. */
function noWayBack(all: readonly NamedNetwork[], road: Road): Change[] {
  const at = stackOf(all, road.events.at(-1)!);
  const { payload } = road.events.at(-1)!.event;
  if (!at || (payload.kind !== 'ipv4' && payload.kind !== 'ipv6')) return [];
  const { src } = ipAddresses(payload);
  const forwarder = road.events.findLast((e) => e.event.event === 'route' && e.event.result === 'forward');
  const by = forwarder && stackOf(all, forwarder);
  const out = forwarder?.event.event === 'route' ? forwarder.event.link : undefined;
  const masquerade =
    by && out !== undefined && has(by, 'iptables')
      ? change(
          `\`${by.title}\` put its own address in place of \`${formatIp(src)}\` (MASQUERADE on \`${out}\`)`,
          by,
          `iptables -t nat -A POSTROUTING -o ${out} -j MASQUERADE`,
        )
      : [];
  return [...routes(all, at, src), ...masquerade];
}

/** An answer that does not pass the stack that rewrote the destination of the request: it must be sent back there. */
function hairpin(all: readonly NamedNetwork[], request: Road, reply: Road): Change[] {
  const nat = request.events.find((e) => e.event.event === 'nat' && e.event.kind === 'dnat');
  const by = nat && stackOf(all, nat);
  const { payload } = request.events.at(-1)!.event;
  if (!by || payload.kind !== 'ipv4' || !has(by, 'iptables')) return [];
  if (reply.events.some((e) => e.event.event === 'nat')) return [];
  const { src, dst } = ipAddresses(payload);
  const [from, to] = [formatIp(src), formatIp(dst)];
  return change(
    `\`${by.title}\` put its own address in place of \`${from}\` as well, so that the answer comes back through it (MASQUERADE)`,
    by,
    `iptables -t nat -A POSTROUTING -s ${from} -d ${to} -j MASQUERADE`,
  );
}

/** The rule or the policy that dropped the packet, and a rule that lets its like pass. */
function rules(at: NamedNetwork, rule: EventOf<'rule'> | undefined, road: Road): Change[] {
  if (!rule) return [];
  const { table, chain, number, family } = rule;
  const where = `\`${chain}\` of \`${at.title}\``;
  const like = likeOf(road, at);
  if (isNft(rule)) {
    if (!has(at, 'nft')) return [];
    const name = `${family} ${table} ${chain}`;
    return [
      ...(like ? change(`${where} accepted ${like.text}`, at, `nft insert rule ${name} ${like.nft} accept`) : []),
      ...(number === 0
        ? change(`the policy of ${where} were accept`, at, `nft 'chain ${name} { policy accept; }'`)
        : []),
    ];
  }
  const program = family === 'ip6' ? 'ip6tables' : 'iptables';
  if (!has(at, program)) return [];
  return [
    ...(like
      ? change(`${where} accepted ${like.text}`, at, `${program} -t ${table} -I ${chain} ${like.iptables} -j ACCEPT`)
      : []),
    ...(number === 0
      ? change(`the policy of ${where} were ACCEPT`, at, `${program} -t ${table} -P ${chain} ACCEPT`)
      : change(`rule ${number} of ${where} were not there`, at, `${program} -t ${table} -D ${chain} ${number}`)),
  ];
}

/** What is like the packet, as rules say it: its connection's state when that is known, else protocol and port. */
function likeOf(road: Road, at: NamedNetwork): { text: string; iptables: string; nft: string } | undefined {
  const here = road.events.filter((e) => e.event.machine === at.machine.name && e.event.netns === at.ns.inode);
  const state = (here.findLast((e) => e.event.event === 'conntrack')?.event as EventOf<'conntrack'> | undefined)?.state;
  if (state === 'ESTABLISHED' || state === 'RELATED')
    return {
      text: 'what belongs to a known connection',
      iptables: '-m conntrack --ctstate ESTABLISHED,RELATED',
      nft: 'ct state established,related',
    };
  const { payload } = road.events.at(-1)!.event;
  if (payload.kind !== 'ipv4' && payload.kind !== 'ipv6') return undefined;
  const t = payload.payload;
  switch (t.kind) {
    case 'tcp':
    case 'udp':
      return {
        text: `${t.kind.toUpperCase()} to port ${t.dstPort}`,
        iptables: `-p ${t.kind} --dport ${t.dstPort}`,
        nft: `${t.kind} dport ${t.dstPort}`,
      };
    case 'icmp4':
      return { text: 'ICMP', iptables: '-p icmp', nft: 'ip protocol icmp' };
    case 'icmp6':
      return { text: 'ICMPv6', iptables: '-p ipv6-icmp', nft: 'meta l4proto ipv6-icmp' };
    default:
      return undefined;
  }
}

/** A stack's own packets do not meet the rules of PREROUTING that translate those of others. */
function ownPackets(all: readonly NamedNetwork[], at: NamedNetwork, road: Road): Change[] {
  if (stackOf(all, road.events[0]!) !== at || !has(at, 'iptables')) return [];
  const copied = `iptables -t nat -S PREROUTING | grep -e '-j DNAT' | grep -ve ' -i ' | sed 's/^-A PREROUTING/iptables -t nat -A OUTPUT/' > /tmp/dnat.rules`;
  return change(
    `\`${at.title}\` translated its own packets, too (the DNAT rules of \`PREROUTING\` in \`OUTPUT\`)`,
    at,
    `${copied}; [ -s /tmp/dnat.rules ] && sh /tmp/dnat.rules`,
  );
}

/** A program where the first segment of a connection found none. */
function listener(at: NamedNetwork, payload: EthernetPayload): Change[] {
  if ((payload.kind !== 'ipv4' && payload.kind !== 'ipv6') || payload.payload.kind !== 'tcp') return [];
  const { dstPort, flags } = payload.payload;
  if ((flags & (TCP_FLAG.SYN | TCP_FLAG.ACK)) !== TCP_FLAG.SYN || !has(at, 'python3')) return [];
  const address = payload.kind === 'ipv6' ? '::' : '0.0.0.0';
  return change(
    `a program in \`${at.title}\` listened on TCP port ${dstPort}`,
    at,
    `python3 -m http.server --bind ${address} ${dstPort} > /dev/null 2>&1 & sleep 0.5`,
  );
}

/** A sender whose mask is too narrow to see that the destination is on its own link, while that one sees it. */
function masks(all: readonly NamedNetwork[], road: Road): Change[] {
  const [first] = road.events;
  const sender = first && stackOf(all, first);
  const payload = first?.event.payload;
  if (!sender || payload?.kind !== 'ipv4') return [];
  const own = sender.ns.addrs
    .list()
    .find((a) => a.local === payload.src && !containsIp(a.local, a.prefixLength, payload.dst));
  const link = own && sender.ns.links.get(own.index);
  if (!link) return [];
  return all.flatMap((n) => {
    const theirs = n === sender ? undefined : n.ns.addrs.list().find((a) => a.local === payload.dst);
    if (!theirs || theirs.prefixLength >= own.prefixLength) return [];
    if (!containsIp(theirs.local, theirs.prefixLength, own.local)) return [];
    const address = `${formatIp(own.local)}/${theirs.prefixLength}`;
    return change(
      `the address of \`${sender.title}\` were \`${address}\`, with the mask that \`${n.title}\` has`,
      sender,
      `ip addr add ${address} dev ${link.name}`,
    );
  });
}

/** The link that a packet is too large for. */
function mtu(at: NamedNetwork, road: Road): Change[] {
  const link = lastOf(road, 'route')?.link;
  const { payload } = road.events.at(-1)!.event;
  if (link === undefined || payload.kind !== 'ipv4') return [];
  const bytes = payloadLength(payload);
  return change(`the MTU of \`${link}\` in \`${at.title}\` were ${bytes}`, at, `ip link set dev ${link} mtu ${bytes}`);
}

/** Where the frame's MAC is, for a tunnel that does not know. */
function tunnel(all: readonly NamedNetwork[], at: NamedNetwork, road: Road, device: string): Change[] {
  const mac = lastOf(road, 'neighbour')?.lladdr;
  const own = at.ns.links.byName(device);
  if (mac === undefined || !own) return [];
  return all.flatMap((n) => {
    const far = [...n.ns.links].find((l) => l !== own && l.kind === own.kind && l.mac === mac);
    if (!far) return [];
    // The host's own address, not one of the network inside.
    const outer = n.ns.addrs.list().find((a) => a.family === 'inet' && n.ns.links.get(a.index)?.kind === 'nic');
    if (!outer) return [];
    const host = formatIp(outer.local);
    return change(
      `\`${device}\` in \`${at.title}\` knew that \`${mac}\` is behind \`${host}\``,
      at,
      `bridge fdb append ${mac} dev ${device} dst ${host}`,
    );
  });
}

/** What kept the question for a MAC from being answered. */
function questions(
  all: readonly NamedNetwork[],
  roads: ReadonlyMap<number, Road>,
  at: NamedNetwork,
  road: Road,
): Change[] {
  const asked = lastOf(road, 'neighbour');
  if (!asked) return [];
  const out: Change[] = [];
  for (const question of roads.values()) {
    const [first] = question.events;
    if (!first || first.event.at < road.events[0]!.event.at || stackOf(all, first) !== at) continue;
    if (describePacket(first.event.payload).to !== asked.address) continue;
    for (const { event } of [question.events, ...question.copies.map((c) => c.events)].flat()) {
      const owner = event.event === 'bridge' && stackOf(all, { event });
      if (event.event === 'bridge' && owner) out.push(...withheld(owner, event));
    }
  }
  return out;
}

/** Ports that a bridge kept a frame from. */
function withheld(at: NamedNetwork, e: EventOf<'bridge'>): Change[] {
  return (e.withheld ?? []).flatMap(({ port, why }) => {
    switch (why) {
      case 'isolated':
        return [port, e.port].flatMap((p) =>
          change(`port \`${p}\` were not isolated`, at, `bridge link set dev ${p} isolated off`),
        );
      case 'state':
        return change(`\`${port}\` were up`, at, `ip link set dev ${port} up`);
      case 'flood':
        return change(
          `port \`${port}\` got what is flooded`,
          at,
          `bridge link set dev ${port} flood on; bridge link set dev ${port} bcast_flood on; bridge link set dev ${port} mcast_flood on`,
        );
      default:
        return [];
    }
  });
}

function forwarding(at: NamedNetwork, dst: IpAddress | undefined): Change[] {
  const v6 = typeof dst === 'string';
  const key = v6 ? 'net.ipv6.conf.all.forwarding' : 'net.ipv4.ip_forward';
  const on = at.ns.sysctl.get(v6 ? 'ipv6/conf/all/forwarding' : 'ipv4/ip_forward') !== '0';
  return on ? [] : change(`\`${at.title}\` forwarded packets (\`${key}\` = 1)`, at, `sysctl -qw ${key}=1`);
}

/** Routes to `dst` by stacks on the same links that forward, or that have the address. */
function routes(all: readonly NamedNetwork[], at: NamedNetwork, dst: IpAddress): Change[] {
  const near = at.ns.addrs.list().filter((a) => !at.ns.links.get(a.index)?.isLoopback);
  if (near.some((a) => sameFamily(a.local, dst) && containsIp(a.local, a.prefixLength, dst))) return [];
  return all.flatMap((n) => {
    if (n === at) return [];
    const forwards = n.ns.sysctl.get(typeof dst === 'string' ? 'ipv6/conf/all/forwarding' : 'ipv4/ip_forward') !== '0';
    const owns = n.ns.addrs.list().some((a) => a.local === dst);
    if (!forwards && !owns) return [];
    const gateway = n.ns.addrs
      .list()
      .find(
        (a) =>
          sameFamily(a.local, dst) &&
          near.some(
            (m) => sameFamily(m.local, a.local) && containsIp(m.local, m.prefixLength, a.local) && m.local !== a.local,
          ),
      );
    if (!gateway || n.ns.links.get(gateway.index)?.isLoopback) return [];
    const via = formatIp(gateway.local);
    const to = formatIp(dst);
    const v6 = typeof dst === 'string' ? '-6 ' : '';
    return change(
      `\`${at.title}\` had a route to \`${to}\` via \`${via}\``,
      at,
      `ip ${v6}route replace ${to} via ${via}`,
    );
  });
}

const sameFamily = (a: IpAddress, b: IpAddress) => typeof a === typeof b;

function bridge(at: NamedNetwork, e: EventOf<'bridge'> | undefined, name: string): Change[] {
  const out: Change[] = [];
  const device = e && at.ns.links.byName(e.bridge);
  if (device && !device.up) out.push(...change(`\`${device.name}\` were up`, at, `ip link set dev ${device.name} up`));
  const down = at.ns.links.byName(name);
  if (down && !down.up) out.push(...change(`\`${name}\` were up`, at, `ip link set dev ${name} up`));
  if (e) out.push(...withheld(at, e));
  return out;
}

/** Interfaces that are down where the packet wanted to go. */
function links(all: readonly NamedNetwork[], at: NamedNetwork, road: Road, name: string | undefined): Change[] {
  const asked = lastOf(road, 'neighbour');
  const suspects: [NamedNetwork, Link][] = [];
  const add = (n: NamedNetwork | undefined, link: Link | undefined | null) => {
    if (n && link && !link.up) suspects.push([n, link]);
  };
  for (const n of [name, asked?.link].flatMap((x) => (x === undefined ? [] : [x]))) {
    const link = at.ns.links.byName(n);
    add(at, link);
    if (link instanceof VethLink && link.peer) {
      const peer = link.peer;
      add(
        all.find((o) => o.ns === peer.ns),
        peer,
      );
      add(
        all.find((o) => o.ns === peer.ns),
        peer.master,
      );
    }
  }
  for (const n of all)
    for (const a of n.ns.addrs.list()) {
      if (formatIp(a.local) !== asked?.address) continue;
      const link = n.ns.links.get(a.index);
      add(n, link);
      if (link instanceof VethLink && link.peer) {
        const peer = link.peer;
        add(
          all.find((o) => o.ns === peer.ns),
          peer,
        );
      }
    }
  return suspects.flatMap(([n, link]) =>
    change(`\`${link.name}\` in \`${n.title}\` were up`, n, `ip link set dev ${link.name} up`),
  );
}

/** One change at a stack, unless it has no name to go there by. */
function change(text: string, at: NamedNetwork, run: string): Change[] {
  if (at.netns?.startsWith('net:[')) return [];
  const on: Place = { machine: at.machine.name, ...(at.netns === undefined ? {} : { netns: at.netns }) };
  return [{ text, scripts: [{ on, run }] }];
}

function has(at: NamedNetwork, program: string): boolean {
  return at.machine.programs.has(program);
}

function stackOf(all: readonly NamedNetwork[], { event }: Pick<Recorded, 'event'>): NamedNetwork | undefined {
  return all.find((n) => n.machine.name === event.machine && n.ns.inode === event.netns);
}

function lastOf<K extends Recorded['event']['event']>(road: Road, kind: K): EventOf<K> | undefined {
  return road.events.findLast((e) => e.event.event === kind)?.event as EventOf<K> | undefined;
}
