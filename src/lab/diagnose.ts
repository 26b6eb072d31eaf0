import { isErrno } from '../engine/core';
import { VethLink } from '../engine/net';
import type { Link, RouteResult } from '../engine/net';
import type { IpAddress } from '../engine/wire';
import { formatIp, parseIp } from '../engine/wire';
import type { World } from '../engine/world';
import type { NamedNetwork } from './netns';
import { networkAt, networks } from './netns';
import { placeName } from './place';
import type { Place } from './protocol';

/** Stacks that a packet is followed through. */
const MAX_HOPS = 16;

/**
 * Why an echo request from `place` to `to` is not answered: the first thing on its way, and on its reply's, that is not as it
 * must be. Looks at the state that the failed ping left, so it is for copies of a world.
 * @returns a sentence with inline code.
 */
export function diagnose(world: World, place: Place, to: string): string {
  const from = networkAt(world, place);
  if (!from) return `There is no \`${placeName(place)}\`.`;
  const dst = parseIp(to);
  if (dst === undefined) return `\`${to}\` is not an address.`;
  const there = walk(world, from, dst);
  if ('broken' in there) return there.broken;
  if (there.source !== undefined && there.at !== from) {
    const back = walk(world, there.at, there.source);
    if ('broken' in back)
      return `The request reaches \`${there.at.title}\`, the reply does not come back. ${back.broken}`;
  }
  if (there.at.ns.sysctl.get('ipv4/icmp_echo_ignore_all') === '1')
    return `\`${there.at.title}\` is set to ignore pings.`;
  return `\`${to}\` does not answer \`${from.title}\`.`;
}

type Walk = { readonly broken: string } | { readonly at: NamedNetwork; readonly source: IpAddress | undefined };

function walk(world: World, from: NamedNetwork, dst: IpAddress): Walk {
  let at = from;
  let source: IpAddress | undefined;
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    let route: RouteResult;
    try {
      route = at.ns.routes.get({ dst });
    } catch (error) {
      if (!isErrno(error)) throw error;
      return { broken: noRoute(at, dst) };
    }
    if (route.type === 'local') {
      return at.ns.loopback.up || at !== from ? { at, source } : { broken: `\`lo\` in \`${at.title}\` is down.` };
    }
    if (route.type !== 'unicast')
      return { broken: `\`${at.title}\` has a route of type ${route.type} to \`${formatIp(dst)}\`.` };
    source ??= route.prefSrc;
    const link = at.ns.links.get(route.index);
    if (!link) return { broken: noRoute(at, dst) };
    const next = route.gateway ?? dst;
    const dead = deadLink(world, at, link);
    if (dead !== undefined) return { broken: dead };
    const owner = ownerOf(world, link, next);
    const state = at.ns.neigh.list({ index: link.index }).find((e) => e.address === next)?.state;
    if (!owner.here) {
      const tried = state === 'FAILED' || state === 'INCOMPLETE' ? ` Its neighbour entry is \`${state}\`.` : '';
      return {
        broken: `\`${at.title}\` asks on \`${link.name}\` who has \`${formatIp(next)}\`, and nobody answers: ${owner.why}${tried}`,
      };
    }
    at = owner.here;
    if (next !== dst && at.ns.sysctl.get('ipv4/ip_forward') !== '1' && typeof dst === 'number') {
      return { broken: `The packet reaches \`${at.title}\`, which does not forward (\`net.ipv4.ip_forward\` is 0).` };
    }
  }
  return { broken: `The packet goes round in a circle at \`${at.title}\`.` };
}

function noRoute(at: NamedNetwork, dst: IpAddress): string {
  const links = [...at.ns.links].filter((l) => !l.isLoopback);
  const name = `\`${at.title}\``;
  if (links.length === 0) return `${name} has no interface but \`lo\`, so no route to \`${formatIp(dst)}\`.`;
  const addressed = links.filter((l) => at.ns.addrs.list({ index: l.index, family: 'inet' }).length > 0);
  if (addressed.length === 0) return `No interface in ${name} has an address (it has ${listed(links)}).`;
  const down = addressed.find((l) => !l.up);
  if (down)
    return `\`${down.name}\` in ${name} has an address but is down, and there are no routes over a link that is down.`;
  const own = addressed.flatMap((l) => at.ns.addrs.list({ index: l.index, family: 'inet' }));
  const first = own[0]!;
  return `${name} has no route to \`${formatIp(dst)}\`; its address is \`${formatIp(first.local)}/${first.prefixLength}\`.`;
}

function listed(links: readonly Link[]): string {
  return links.map((l) => `\`${l.name}\``).join(', ');
}

function deadLink(world: World, at: NamedNetwork, link: Link): string | undefined {
  if (!link.up) return `\`${link.name}\` in \`${at.title}\` is down.`;
  if (link.carrier)
    return link.kind === 'dummy' ? `\`${link.name}\` is a dummy: what goes in does not come out.` : undefined;
  if (link instanceof VethLink && link.peer) {
    const there = networks(world).find((n) => n.ns === link.peer!.ns);
    return `\`${link.name}\` in \`${at.title}\` has no carrier: its other end, \`${link.peer.name}\` in \`${there?.title ?? '?'}\`, is down.`;
  }
  return `\`${link.name}\` in \`${at.title}\` has no carrier.`;
}

/** Who would answer for `address` on the segment that `link` is on. */
function ownerOf(world: World, link: Link, address: IpAddress): { here?: NamedNetwork; why: string } {
  const text = formatIp(address);
  const owners = networks(world).flatMap((n) =>
    n.ns.addrs
      .list()
      .filter((a) => a.local === address)
      .map((a) => ({ n, link: n.ns.links.get(a.index) })),
  );
  if (owners.length === 0) return { why: `no stack has the address \`${text}\`.` };
  const reached = segment(link);
  for (const { n } of owners) if ([...reached].some((l) => l.ns === n.ns && l !== link)) return { here: n, why: '' };
  const { n, link: on } = owners[0]!;
  const name = `\`${on?.name ?? '?'}\` in \`${n.title}\``;
  if (on && !on.up) return { why: `\`${text}\` is on ${name}, which is down.` };
  return { why: `\`${text}\` is on ${name}, and no working cable leads there from \`${link.name}\`.` };
}

/** Links that a broadcast sent by `link` arrives at, through cables and bridges. */
function segment(link: Link): Set<Link> {
  const reached = new Set<Link>();
  const queue: Link[] = [link];
  const sent = new Set<Link>();
  for (let out = queue.pop(); out; out = queue.pop()) {
    if (sent.has(out)) continue;
    sent.add(out);
    const members = out.kind === 'bridge' ? [...out.ns.links].filter((l) => l.master === out && l.up) : [];
    queue.push(...members);
    if (!(out instanceof VethLink) || !out.peer?.up || !out.up) continue;
    const { peer } = out;
    const bridge = peer.master;
    reached.add(bridge ?? peer);
    if (bridge) for (const l of bridge.ns.links) if (l.master === bridge && l !== peer && l.up) queue.push(l);
  }
  return reached;
}
