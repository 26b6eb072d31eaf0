import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';
import type { World } from '../../world';

/** A bridge br0 10.0.0.254 with c1 10.0.0.1 and c2 10.0.0.2. */
function bridged(): World {
  const world = createWorld('linux', 'brnf');
  const made = world.exec(
    { machine: 'host' },
    'ip link add br0 type bridge; ip addr add 10.0.0.254/24 dev br0; ip link set br0 up; for i in 1 2; do ip netns add c$i; ' +
      'ip link add veth$i type veth peer name eth0 netns c$i; ip link set veth$i master br0 up; ip -n c$i link set lo up; ' +
      'ip -n c$i addr add 10.0.0.$i/24 dev eth0; ip -n c$i link set eth0 up; done; modprobe br_netfilter',
  );
  assert.equal(made.status, 0, made.screen);
  return world;
}

const run = (world: World, line: string): string => world.exec({ machine: 'host' }, line).screen;
const ping = (from: string, to: string, size = 56): string =>
  `ip netns exec ${from} ping -c1 -W1 -q -s ${size} ${to} | grep -o "[0-9]* received"`;

test('the settings are there once the module is', () => {
  const world = createWorld('linux', 'no');
  assert.match(run(world, 'sysctl net.bridge.bridge-nf-call-iptables'), /No such file/);
  assert.equal(
    run(world, 'modprobe br_netfilter; sysctl net.bridge.bridge-nf-call-iptables'),
    'net.bridge.bridge-nf-call-iptables = 1\n',
  );
  assert.equal(
    run(world, 'modprobe nosuch'),
    'modprobe: FATAL: Module nosuch not found in directory /lib/modules/6.1.0-28-amd64\n',
  );
});

test('bridged packets pass FORWARD with the bridge as both interfaces, and know their ports', () => {
  const world = bridged();
  assert.equal(run(world, `iptables -P FORWARD DROP; ${ping('c1', '10.0.0.2')}`), '0 received\n');
  assert.equal(run(world, `iptables -A FORWARD -i br0 -o br0 -j ACCEPT; ${ping('c1', '10.0.0.2')}`), '1 received\n');
  const ports =
    'iptables -F; iptables -A FORWARD -m physdev --physdev-in veth1 --physdev-out veth2 -j ACCEPT; iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT';
  assert.equal(
    run(world, `${ports}; ${ping('c1', '10.0.0.2')}; ${ping('c2', '10.0.0.1')}`),
    '1 received\n0 received\n',
  );
  assert.equal(
    run(world, `sysctl -q -w net.bridge.bridge-nf-call-iptables=0; ${ping('c2', '10.0.0.1')}`),
    '1 received\n',
  );
});

test('packets for the machine itself pass PREROUTING once', () => {
  const world = bridged();
  run(world, `iptables -t raw -A PREROUTING -p icmp; ${ping('c1', '10.0.0.254')}`);
  assert.match(run(world, 'iptables -t raw -L PREROUTING -n -v'), /\n {4}1 {4}84 /);
});

test('a bridged frame can be sent to another port by DNAT when the machine forwards', () => {
  const world = bridged();
  run(
    world,
    'iptables -t nat -A PREROUTING -d 10.0.0.99 -j DNAT --to-destination 10.0.0.2; ip -n c1 neigh add 10.0.0.99 lladdr 02:00:00:00:00:99 dev eth0',
  );
  run(world, 'ip link set veth1 type bridge_slave hairpin on');
  assert.equal(run(world, ping('c1', '10.0.0.99')), '0 received\n');
  assert.equal(run(world, `sysctl -q -w net.ipv4.ip_forward=1; ${ping('c1', '10.0.0.99')}`), '1 received\n');
});

test('fragments that were put together are cut again', () => {
  const world = bridged();
  run(world, 'iptables -A FORWARD -m conntrack --ctstate NEW -j ACCEPT');
  assert.equal(run(world, ping('c1', '10.0.0.2', 4000)), '1 received\n');
});
