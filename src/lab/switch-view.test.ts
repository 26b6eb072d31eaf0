import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { World } from '../engine/world';
import './testkit';
import { Simulation } from './simulation';
import type { SwitchFrame, SwitchSilence, SwitchView } from './switch-view';
import { SwitchWatch } from './switch-view';

const host = { machine: 'host' };

/** Three containers at a bridge, without IPv6, so that nobody says anything unasked. */
const SETUP = `
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
ip link add br0 type bridge
ip addr add 10.0.0.1/24 dev br0
ip link set br0 up
for i in 1 2 3; do
  ip netns add c$i
  ip netns exec c$i sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip link add p$i type veth peer name eth0 netns c$i
  ip -n c$i addr add 10.0.0.1$i/24 dev eth0
  ip -n c$i link set eth0 up
  ip link set p$i up master br0
  ip -n c$i route add default via 10.0.0.1
done`;

function world(): World {
  return new Simulation({ world: 'linux', seed: 'switch', setup: [{ on: host, run: SETUP }], tasks: [] }).world;
}

function wait(w: World, seconds: number): void {
  w.activate();
  const limit = w.now + seconds * 1e6;
  while (w.scheduler.step(limit));
  w.scheduler.idleTo(limit);
}

function watched(w: World, lines: readonly (string | number)[]): SwitchView {
  const watch = new SwitchWatch(w, 'br0');
  for (const line of lines) {
    watch.begin(String(line));
    if (typeof line === 'number') wait(w, line);
    else w.exec({ ...host, netns: 'c1' }, line);
    watch.end(typeof line === 'number');
  }
  return watch.finish();
}

const frames = (view: SwitchView) => view.steps.filter((s): s is SwitchFrame => s.kind === 'frame');

test('a question goes to everybody, the answer to one, and the table fills', () => {
  const view = watched(world(), ['ping -c1 10.0.0.12']);
  assert.deepEqual(view.start, []);
  assert.deepEqual(
    view.stations.map((s) => [s.port, s.title, s.addresses[0]]),
    [
      ['p1', 'c1', '10.0.0.11/24'],
      ['p2', 'c2', '10.0.0.12/24'],
      ['p3', 'c3', '10.0.0.13/24'],
      ['br0', 'host', '10.0.0.1/24'],
    ],
  );
  assert.deepEqual(
    frames(view).map((f) => [f.protocol, f.from, f.to.join(' '), f.receiver, f.learned, f.table.length]),
    [
      ['ARP', 'p1', 'p2 p3 br0', 'everybody', true, 1],
      ['ARP', 'p2', 'p1', 'known', true, 2],
      ['ICMP', 'p1', 'p2', 'known', false, 2],
      ['ICMP', 'p2', 'p1', 'known', false, 2],
    ],
  );
  const [question] = frames(view);
  assert.deepEqual(
    question!.receipts.map((r) => r.fate),
    ['taken', 'read', 'read'],
  );
  assert.deepEqual(question!.neighbours, [{ address: '10.0.0.12', mac: undefined, state: 'INCOMPLETE' }]);
  assert.deepEqual(question!.route, { text: '10.0.0.0/24 dev eth0' });
});

test('after the ageing time a frame for a known neighbour is flooded, and strangers drop it', () => {
  const view = watched(world(), ['ping -c1 10.0.0.12', 600, 'ping -c1 10.0.0.12']);
  const silence = view.steps.find((s): s is SwitchSilence => s.kind === 'silence' && s.forgotten.length > 0)!;
  assert.equal(view.ageing, 300);
  assert.deepEqual(silence.table, []);
  assert.deepEqual(
    silence.neighbours.map((n) => [n.address, n.state]),
    [['10.0.0.12', 'STALE']],
  );
  const request = view.steps[view.steps.indexOf(silence) + 1] as SwitchFrame;
  assert.deepEqual([request.protocol, request.receiver, request.to], ['ICMP', 'unknown', ['p2', 'p3']]);
  assert.deepEqual(request.receipts, [
    { port: 'p2', fate: 'taken' },
    { port: 'p3', fate: 'dropped', reason: 'OTHERHOST' },
  ]);
});

test('a packet for a far address is handed to the machine, by the gateway’s MAC address', () => {
  const view = watched(world(), ['ping -c1 -W1 192.0.2.1']);
  const packet = frames(view).find((f) => f.protocol === 'ICMP')!;
  const gateway = view.stations.at(-1)!;
  assert.deepEqual([packet.dst, packet.ip.dst], [gateway.mac, '192.0.2.1']);
  assert.deepEqual([packet.receiver, packet.to], ['own', ['br0']]);
  assert.deepEqual(packet.route, { text: 'default via 10.0.0.1 dev eth0', gateway: '10.0.0.1' });
  assert.equal(packet.receipts[0]?.fate, 'dropped');
  assert.equal(frames(view)[0]?.route?.gateway, '10.0.0.1', 'the question is for the gateway’s sake');
});

test('what is no bridge is not watched', () => {
  assert.throws(() => new SwitchWatch(world(), 'p1'), /no machine has a bridge "p1"/);
});
