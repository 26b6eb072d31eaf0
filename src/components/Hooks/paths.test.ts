import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../engine/world';
import { formatIp, ipAddresses } from '../../engine/wire';
import type { TraceEvent } from '../../engine/net';
import { PATHS, type Station } from './paths';

/** What chapter 5 builds: a page in c1, published on port 8080 of the host, and a machine outside. */
const SETUP = `ip link set lo up; ip link add br0 type bridge; ip addr add 172.30.0.1/24 dev br0; ip link set br0 up
ip netns add c1; ip link add veth1 type veth peer name eth0 netns c1; ip link set veth1 master br0 up
ip -n c1 addr add 172.30.0.11/24 dev eth0; ip -n c1 link set eth0 up; ip -n c1 route add default via 172.30.0.1
ip netns add outside; ip link add eth1 type veth peer name eth0 netns outside
ip addr add 203.0.113.2/24 dev eth1; ip link set eth1 up
ip -n outside addr add 203.0.113.9/24 dev eth0; ip -n outside link set eth0 up
ip netns exec c1 python3 -m http.server 80 > /dev/null 2>&1 &
ip netns exec outside python3 -m http.server 80 > /dev/null 2>&1 &
python3 -m http.server 22 > /dev/null 2>&1 &
sysctl -qw net.ipv4.ip_forward=1
iptables -P FORWARD ACCEPT
iptables -t nat -A POSTROUTING -s 172.30.0.0/24 ! -o br0 -j MASQUERADE
iptables -t nat -A PREROUTING -d 203.0.113.2 -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.11:80
iptables -t nat -A OUTPUT -d 203.0.113.2 -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.11:80
sleep 3`;

/** How each packet of the picture comes about, and which of the exchange it is: the question or its answer. */
const SENT: Readonly<Record<string, { from: string; run: string; answer?: true }>> = {
  in: { from: 'outside', run: 'curl -s -m 2 --local-port 40001 http://203.0.113.2:8080/' },
  back: { from: 'outside', run: 'curl -s -m 2 --local-port 40001 http://203.0.113.2:8080/', answer: true },
  local: { from: '', run: 'curl -s -m 2 --local-port 40002 http://203.0.113.2:8080/' },
  out: { from: 'c1', run: 'curl -s -m 2 --local-port 40003 http://203.0.113.9/' },
  host: { from: 'outside', run: 'curl -s -m 2 --local-port 40001 http://203.0.113.2:22/' },
};

const HOOKS: Readonly<Record<string, Station>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
};

/** The stations in the host that the first packet of a connection, or the first one of its answer, passes. */
function passed({ from, run, answer }: { from: string; run: string; answer?: true }) {
  const world = createWorld('linux', 'hooks');
  world.exec({ machine: 'host' }, SETUP);
  const { net } = world.machine('host').namespaces;
  const events: TraceEvent[] = [];
  net.tracer.listen((event) => {
    if (event.payload.kind === 'ipv4' && event.payload.payload.kind === 'tcp') events.push(event);
  });
  world.exec({ machine: 'host', ...(from !== '' && { netns: from }) }, run);
  const flags = answer ? 0x12 : 0x02;
  const wanted = events.find(
    (e) =>
      e.netns === net.inode &&
      e.payload.kind === 'ipv4' &&
      e.payload.payload.kind === 'tcp' &&
      e.payload.payload.flags === flags,
  )!;
  return events.filter((e) => e.packet === wanted.packet && e.netns === net.inode);
}

/** A station with the addresses that the packet has when it goes on. */
function stop(e: TraceEvent): string[] {
  const at =
    e.event === 'hook'
      ? HOOKS[e.hook]
      : e.event === 'route'
        ? (`routing-${e.direction === 'input' ? 'in' : 'out'}` as const)
        : e.event === 'socket' || (e.event === 'created' && e.by === 'socket')
          ? 'program'
          : undefined;
  if (at === undefined || e.payload.kind !== 'ipv4' || e.payload.payload.kind !== 'tcp') return [];
  const { src, dst } = ipAddresses(e.payload);
  const { srcPort, dstPort } = e.payload.payload;
  return [`${at} ${formatIp(src)}:${srcPort} > ${formatIp(dst)}:${dstPort}`];
}

for (const path of PATHS) {
  test(`the picture of the hooks: ${path.name}`, () => {
    const said = path.stops.map((s) => `${s.at} ${s.src} > ${s.dst}`);
    assert.deepEqual(passed(SENT[path.id]!).flatMap(stop), said);
  });
}
