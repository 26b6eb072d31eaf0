import { RT_TABLE, SCOPE } from '../engine/net';
import type { Link, NeighbourInfo, NetNamespace, NicLink, Port, RouteInfo, VethLink } from '../engine/net';
import { formatIp } from '../engine/wire';
import type { World } from '../engine/world';
import type { NamedNetwork } from './netns';
import { networks } from './netns';
import type { Topology, TopologyBox, TopologyLink, TopologyPort, TopologySwitch } from './protocol';

/** What the world looks like now. Reads only: asking must not change a world that is to replay. */
export function topologyOf(world: World): Topology {
  const all = networks(world);
  const ids = new Map<Link, string>();
  for (const n of all) for (const link of n.ns.links) ids.set(link, `${n.id}/${link.name}`);
  const plugged = switches(ids);
  return {
    boxes: all.map((n) => box(n, ids)),
    links: [...cables(all, ids), ...wires(ids)],
    ...(plugged.length > 0 ? { switches: plugged } : {}),
  };
}

/** Cables between two cards. */
function wires(ids: ReadonlyMap<Link, string>): TopologyLink[] {
  const out: TopologyLink[] = [];
  const seen = new Set<Link>();
  for (const [link, from] of ids) {
    const nic = seen.has(link) ? undefined : farEnd(link)?.nic;
    if (!nic) continue;
    seen.add(nic);
    const to = ids.get(nic);
    if (to !== undefined) out.push({ from, to, kind: 'wire', alive: link.carrier && nic.carrier });
  }
  return out;
}

/** What the cable of a card leads to. The classes of cards are not named: they may not have been fetched. */
function farEnd(link: Link): Port | undefined {
  return link.kind === 'nic' ? (link as NicLink).plug?.other.port : undefined;
}

/** Switches and what is plugged into them. */
function switches(ids: ReadonlyMap<Link, string>): TopologySwitch[] {
  const out = new Map<object, { id: string; title: string; ports: { id: string; alive: boolean }[] }>();
  for (const [link, id] of ids) {
    const owner = farEnd(link)?.owner;
    if (!owner) continue;
    let entry = out.get(owner);
    if (!entry) out.set(owner, (entry = { id: `switch:${owner.name}`, title: owner.name, ports: [] }));
    entry.ports.push({ id, alive: link.carrier });
  }
  return [...out.values()];
}

function box(n: NamedNetwork, ids: ReadonlyMap<Link, string>): TopologyBox {
  const { ns } = n;
  return {
    id: n.id,
    title: n.title,
    kind: n.netns === undefined ? 'machine' : 'namespace',
    ...(n.netns === undefined ? {} : { parent: n.machine.name }),
    ports: [...ns.links].map((link) => port(ns, link, ids)),
    routes: ns.routes
      .list({ table: RT_TABLE.MAIN })
      .filter((r) => r.family === 'inet' || !formatIp(r.dst).startsWith('fe80'))
      .map((r) => routeText(ns, r)),
    neighbours: ns.handlesPackets ? ns.neigh.list().map((e) => neighbourText(ns, e)) : [],
  };
}

function neighbourText(ns: NetNamespace, e: NeighbourInfo): string {
  const dev = ns.links.get(e.index)?.name ?? '?';
  return `${formatIp(e.address)} dev ${dev} ${e.lladdr ?? ''} ${e.state}`.replace(/ +/g, ' ');
}

function port(ns: NetNamespace, link: Link, ids: ReadonlyMap<Link, string>): TopologyPort {
  const addresses = ns.addrs.list({ index: link.index }).filter((a) => a.family === 'inet' || a.scope !== SCOPE.LINK);
  const master = link.master ? ids.get(link.master) : undefined;
  return {
    id: ids.get(link)!,
    name: link.name,
    state: !link.up ? 'down' : link.carrier ? 'up' : 'half',
    addresses: addresses
      .sort((a, b) => Number(a.family === 'inet6') - Number(b.family === 'inet6'))
      .map((a) => `${formatIp(a.local)}/${a.prefixLength}`),
    mac: link.mac,
    kind: link.kind,
    ...(master === undefined ? {} : { master }),
  };
}

/** A route as `ip route` begins it. */
export function routeText(ns: NetNamespace, r: RouteInfo): string {
  const whole = r.dstLength === (r.family === 'inet' ? 32 : 128);
  const dst = r.dstLength === 0 ? 'default' : whole ? formatIp(r.dst) : `${formatIp(r.dst)}/${r.dstLength}`;
  const hop = r.nexthops[0];
  const via = hop?.gateway === undefined ? '' : ` via ${formatIp(hop.gateway)}`;
  const dev = hop?.index === undefined ? '' : ` dev ${ns.links.get(hop.index)?.name ?? '?'}`;
  return `${r.type === 'unicast' ? '' : `${r.type} `}${dst}${via}${dev}`;
}

function cables(all: readonly NamedNetwork[], ids: ReadonlyMap<Link, string>): TopologyLink[] {
  const out: TopologyLink[] = [];
  const seen = new Set<Link>();
  for (const n of all) {
    for (const link of n.ns.links) {
      const peer = link.kind === 'veth' ? (link as VethLink).peer : null;
      if (!peer || seen.has(link)) continue;
      seen.add(peer);
      const from = ids.get(link);
      const to = ids.get(peer);
      if (from !== undefined && to !== undefined) out.push({ from, to, kind: 'veth', alive: link.up && peer.up });
    }
  }
  return out;
}
