/** Changes under which a packet might have lived: guesses from the state around the place where it died. Each is tried, none is believed. */
import type { Link } from '../../engine/net';
import { VethLink } from '../../engine/net';
import type { IpAddress } from '../../engine/wire';
import { containsIp, formatIp, ipAddresses } from '../../engine/wire';
import type { World } from '../../engine/world';
import type { NamedNetwork } from '../netns';
import { networks } from '../netns';
import type { Place } from '../protocol';
import type { Recorded } from './recorder';
import type { Road } from './road';
import type { EventOf } from './sentences';
import type { Change } from './types';

/** Candidates that are tried for one packet. */
const MAX_CANDIDATES = 5;

/** What might have saved the packet of `road`. @param reply the road of its answer, when that is what did not arrive. */
export function candidates(world: World, road: Road, reply: Road | undefined): Change[] {
  const all = networks(world);
  const found =
    road.verdict === 'delivered' && !reply ? noWayBack(world, all, road) : around(world, all, reply ?? road);
  const seen = new Set<string>();
  return found.filter((c) => !seen.has(c.text) && seen.add(c.text)).slice(0, MAX_CANDIDATES);
}

function around(world: World, all: readonly NamedNetwork[], road: Road): Change[] {
  const end = road.events.at(-1)!;
  const at = stackOf(all, end);
  if (!at) return [];
  const drop = road.events.findLast((e) => e.event.event === 'drop')?.event as EventOf<'drop'> | undefined;
  const { payload } = end.event;
  const dst = payload.kind === 'ipv4' || payload.kind === 'ipv6' ? ipAddresses(payload).dst : undefined;
  switch (drop?.reason) {
    case 'NETFILTER_DROP':
      return rules(at, lastOf(road, 'rule'));
    case 'IP_INADDRERRORS':
    case 'IP_INNOROUTES':
    case 'IP_OUTNOROUTES':
      return [...forwarding(at, dst), ...(dst === undefined ? [] : routes(all, at, dst))];
    case 'IP_RPFILTER': {
      const link = lastOf(road, 'rx')?.link ?? 'all';
      const run = `sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.${link}.rp_filter=0`;
      return change(`\`rp_filter\` were off in \`${at.title}\``, at, run);
    }
    case 'BRIDGE_NO_EGRESS_PORT':
    case 'BRIDGE_INGRESS_STP_STATE':
      return bridge(at, lastOf(road, 'bridge'), drop.where);
    case 'NEIGH_FAILED':
    case 'DEV_READY':
    case 'NOT_SPECIFIED':
    case undefined:
      return [...links(all, at, road, drop?.where), ...(dst === undefined ? [] : routes(all, at, dst))];
    default:
      return [];
  }
}

/** A packet that arrived and was not answered: its destination has no way back. */
function noWayBack(world: World, all: readonly NamedNetwork[], road: Road): Change[] {
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

function rules(at: NamedNetwork, rule: EventOf<'rule'> | undefined): Change[] {
  const program = rule?.family === 'ip6' ? 'ip6tables' : 'iptables';
  if (!rule || !has(at, program) || !/^ip6?$/.test(rule.family)) return [];
  const { table, chain, number } = rule;
  return number === 0
    ? change(`the policy of \`${chain}\` were ACCEPT`, at, `${program} -t ${table} -P ${chain} ACCEPT`)
    : change(`rule ${number} of \`${chain}\` were not there`, at, `${program} -t ${table} -D ${chain} ${number}`);
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
      .find((a) =>
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
  for (const link of at.ns.links) {
    if (!link.port?.flags.isolated) continue;
    out.push(...change(`port \`${link.name}\` were not isolated`, at, `bridge link set dev ${link.name} isolated off`));
  }
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

function stackOf(all: readonly NamedNetwork[], { event }: Recorded): NamedNetwork | undefined {
  return all.find((n) => n.machine.name === event.machine && n.ns.inode === event.netns);
}

function lastOf<K extends Recorded['event']['event']>(road: Road, kind: K): EventOf<K> | undefined {
  return road.events.findLast((e) => e.event.event === kind)?.event as EventOf<K> | undefined;
}
