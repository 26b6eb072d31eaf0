import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../engine/world';
import { coat } from './headers';

test('a wire of 1500 leaves 1450 for the packet and 1422 for its data', () => {
  const { overhead, inner, data, headers } = coat(1500);
  assert.deepEqual([overhead, inner, data], [50, 1450, 1422]);
  // All that an MTU counts fills the wire.
  assert.equal(
    headers.filter((h) => h.part !== 'frame').reduce((n, h) => n + h.bytes, 0),
    1500,
  );
});

test('the coat weighs the same on every wire', () => {
  assert.equal(coat(9000).inner, 8950);
  assert.equal(coat(1280).overhead, 50);
});

test('the engine’s tunnel has the MTU of the picture, and puts its headers around a packet', () => {
  const world = createWorld('linux', 'coats');
  const run = (command: string): string => world.exec({ machine: 'host' }, command).stdout;
  run(`ip netns add far; ip link add eth0 type veth peer name eth0 netns far
ip addr add 192.0.2.1/24 dev eth0; ip link set eth0 up; ip -n far addr add 192.0.2.2/24 dev eth0; ip -n far link set eth0 up
ip link add vx type vxlan id 1 dstport 4789 remote 192.0.2.2 dev eth0; ip addr add 10.0.0.1/24 dev vx; ip link set vx up
ip -n far link add vx type vxlan id 1 dstport 4789 remote 192.0.2.1 dev eth0; ip -n far addr add 10.0.0.2/24 dev vx; ip -n far link set vx up
sleep 3`);
  const { inner, data, headers } = coat(1500);
  assert.equal(run('cat /sys/class/net/vx/mtu').trim(), String(inner));
  assert.match(run(`ping -c1 -W1 -M do -s ${data} 10.0.0.2`), /1 received/);
  assert.match(run(`ping -c1 -W1 -M do -s ${data + 1} 10.0.0.2 2>&1`), new RegExp(`message too long, mtu=${inner}`));
  // What a tap on the wire sees of it, headers and all.
  run('tcpdump -i eth0 -w /tmp/wire -c 1 udp port 4789 & sleep .3; ping -c1 -W1 -s 10 10.0.0.2 > /dev/null; wait');
  const bytes = headers.filter((h) => h.part !== 'data').reduce((n, h) => n + h.bytes, 0) + 10;
  assert.match(run('tcpdump -nner /tmp/wire 2> /dev/null'), new RegExp(`, length ${bytes}: 192`));
});
