import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '.';

test('two hosts on one switch reach each other by name, and by nothing else', () => {
  const world = createWorld('two-hosts', 't');
  const ping = world.exec({ machine: 'n1' }, 'ping -c1 -W1 n2');
  assert.match(ping.stdout, /64 bytes from n2 \(192\.168\.50\.12\): icmp_seq=1 ttl=64 time=/);
  // 0.2 ms each way for ARP and for the echo.
  const time = Number(/time=([\d.]+) ms/.exec(ping.stdout)?.[1]);
  assert.ok(time > 0.8 && time < 1.2, ping.stdout);
  assert.equal(world.exec({ machine: 'n2' }, 'hostname; ping -c1 n3').stdout, 'n2\n');
  assert.equal(world.exec({ machine: 'n2' }, 'cat /proc/sys/net/ipv4/ip_forward').stdout, '0\n');
  assert.equal(world.exec({ machine: 'n1' }, 'ip -br link show eth0 | cut -c1-19').stdout, 'eth0             UP\n');
});

test('containers on two hosts reach each other by static routes', () => {
  const world = createWorld('two-hosts', 't');
  for (const [n, peer] of [
    [1, 2],
    [2, 1],
  ]) {
    world.boot(
      world.machine(`n${n}`),
      `ip netns add c1; ip link add veth1 type veth peer name eth0 netns c1
      ip addr add 10.244.${n}.1/24 dev veth1; ip link set veth1 up
      ip -n c1 addr add 10.244.${n}.2/24 dev eth0; ip -n c1 link set eth0 up; ip -n c1 route add default via 10.244.${n}.1
      sysctl -qw net.ipv4.ip_forward=1
      ip route add 10.244.${peer}.0/24 via 192.168.50.1${peer}`,
    );
  }
  const { stdout } = world.exec({ machine: 'n1', netns: 'c1' }, 'ping -c1 10.244.2.2');
  assert.match(stdout, /ttl=62/);
});

test('the third node is behind a router', () => {
  const world = createWorld('three-nodes', 't');
  assert.match(world.exec({ machine: 'n1' }, 'ping -c1 n3').stdout, /from n3 \(192\.168\.60\.13\): icmp_seq=1 ttl=63/);
  assert.match(world.exec({ machine: 'n3' }, 'ping -c1 n2').stdout, /ttl=63/);
  assert.match(world.exec({ machine: 'n1' }, 'ping -c1 n2').stdout, /ttl=64/);
});

test('the internet answers the router, and knows no private addresses', () => {
  const world = createWorld('lan', 't');
  assert.match(world.exec({ machine: 'router' }, 'curl -sS http://203.0.113.9/').stdout, /Hello from the internet/);
  assert.match(world.exec({ machine: 'laptop' }, 'ping -c1 desktop').stdout, /ttl=64/);
  const unknown = world.exec({ machine: 'internet' }, 'ping -c1 -W1 192.168.1.20');
  assert.match(unknown.stderr, /Network is unreachable/);
});

test(
  'the router hides the office behind its own address',
  { skip: natIsThere() ? false : 'there is no iptables yet' },
  () => {
    const world = createWorld('lan', 't');
    const page = world.exec({ machine: 'laptop' }, 'curl -sS http://www.example.com/');
    assert.match(page.stdout, /Hello from the internet/, page.stderr);
    assert.match(world.exec({ machine: 'internet' }, 'cat /var/log/www.log').stdout, /^203\.0\.113\.2 - - /m);
    assert.match(world.exec({ machine: 'router' }, 'iptables -t nat -S POSTROUTING').stdout, /-o eth1 -j MASQUERADE/);
  },
);

function natIsThere(): boolean {
  return createWorld('linux', 't').machine('host').programs.has('iptables');
}
