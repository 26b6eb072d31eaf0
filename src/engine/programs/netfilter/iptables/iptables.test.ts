import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../../world';
import type { World } from '../../../world';
import { splitWords } from './restore';

/** Two machines' worth of namespaces: `host` 10.0.0.1 and the namespace `far` 10.0.0.2. */
function pair(seed: string): World {
  const world = createWorld('linux', seed);
  const made = world.exec(
    { machine: 'host' },
    'ip netns add far; ip link add e0 type veth peer name e0 netns far; ip addr add 10.0.0.1/24 dev e0; ip link set e0 up; ' +
      'ip -n far addr add 10.0.0.2/24 dev e0; ip -n far link set e0 up; ip -n far link set lo up',
  );
  assert.equal(made.status, 0, made.screen);
  return world;
}

const run = (world: World, line: string): string => world.exec({ machine: 'host' }, line).screen;
const PING = 'ip netns exec far ping -c1 -W1 -q 10.0.0.1 | grep -o "[0-9]* received"';

test('tables and chains of nf_tables are made when they are first needed', () => {
  const world = pair('lazy');
  assert.equal(
    run(world, 'iptables -L -n | head -1; iptables -t nat -S | wc -l; nft list ruleset'),
    'Chain INPUT (policy ACCEPT)\n4\n',
  );
  run(world, 'iptables -N web');
  assert.match(run(world, 'nft list ruleset'), /^table ip filter \{\n\tchain web \{\n\t\}\n\}/);
  run(world, 'iptables -A INPUT -j web; iptables -F; iptables -X');
  assert.equal(run(world, 'nft list table ip filter | grep -c chain; iptables-save | wc -l'), '0\n7\n');
});

test('one ruleset: what nft writes is seen by iptables, and what iptables cannot say is refused', () => {
  const world = pair('one');
  run(world, 'iptables -A INPUT -s 10.9.9.9 -j DROP');
  run(world, 'nft add rule ip filter INPUT ip saddr 10.0.0.0/8 tcp dport 80 counter accept');
  assert.match(run(world, 'iptables -S INPUT'), /-A INPUT -s 10\.0\.0\.0\/8 -p tcp -m tcp --dport 80 -j ACCEPT\n/);
  run(world, 'nft add rule ip filter INPUT tcp dport \\{ 1, 2 \\} accept');
  assert.match(run(world, 'iptables -S INPUT'), /table `filter' is incompatible, use 'nft' tool\.\n/);
});

for (const program of ['iptables', 'iptables-legacy']) {
  test(`${program}: rules decide in their order, user chains return, goto does not`, () => {
    const world = pair(program);
    const rules = (...list: string[]): string =>
      run(world, [`${program} -F`, `${program} -X`, ...list.map((r) => `${program} ${r}`), PING].join('; '));
    assert.equal(rules('-A INPUT -p icmp -j DROP'), '0 received\n');
    assert.equal(rules('-A INPUT -p icmp -j ACCEPT', '-A INPUT -p icmp -j DROP'), '1 received\n');
    assert.equal(rules('-A INPUT -p icmp -j DROP', '-I INPUT -s 10.0.0.2 -j ACCEPT'), '1 received\n');
    assert.equal(rules('-N c', '-A c -j RETURN', '-A INPUT -j c', '-A INPUT -p icmp -j DROP'), '0 received\n');
    assert.equal(rules('-N c', '-A c -i lo -j ACCEPT', '-A INPUT -g c', '-A INPUT -p icmp -j DROP'), '1 received\n');
    assert.equal(rules('-A INPUT ! -i e0 -j DROP', '-A INPUT -i e+ ! -s 10.0.0.0/24 -j DROP'), '1 received\n');
    assert.equal(rules('-A INPUT -m length --length 85: -j DROP'), '1 received\n');
    assert.equal(rules('-A INPUT -m ttl --ttl-eq 64 -m pkttype --pkt-type unicast -j DROP'), '0 received\n');
    assert.equal(
      rules('-A INPUT -m addrtype --dst-type LOCAL -m iprange --src-range 10.0.0.1-10.0.0.2 -j DROP'),
      '0 received\n',
    );
    assert.equal(rules('-A INPUT -m mac --mac-source 00:00:00:00:00:01 -j DROP'), '1 received\n');
    assert.equal(rules('-A INPUT -m conntrack --ctstate NEW -j DROP'), '0 received\n');
    assert.equal(rules('-A OUTPUT -m conntrack --ctstate NEW -j DROP'), '1 received\n');
    assert.equal(rules('-A INPUT -m string --string nosuch --algo bm -j DROP'), '1 received\n');
  });

  test(`${program}: marks, counters, -Z and policies`, () => {
    const world = pair(`${program} mark`);
    run(
      world,
      `${program} -t mangle -A PREROUTING -p icmp -j MARK --set-mark 7; ${program} -A INPUT -m mark --mark 7 -j ACCEPT; ${PING}`,
    );
    assert.equal(run(world, `${program} -L INPUT -n -v -x | tail -1 | cut -c1-24`).trim(), '1       84 ACCEPT');
    run(world, `${program} -Z INPUT`);
    assert.match(run(world, `${program} -L INPUT -n -v`), /\n {4}0 {5}0 ACCEPT/);
    assert.equal(run(world, `${program} -F; ${program} -P INPUT DROP; ${PING}`), '0 received\n');
    assert.match(run(world, `${program} -L INPUT -v -n`), /\(policy DROP 1 packets, 84 bytes\)/);
  });

  test(`${program}: recent and hashlimit count by address`, () => {
    const world = pair(`${program} recent`);
    run(
      world,
      `${program} -A INPUT -p icmp -m recent --name p --update --seconds 60 --hitcount 3 -j DROP; ${program} -A INPUT -p icmp -m recent --name p --set`,
    );
    const ping = 'ip netns exec far ping -c5 -i0.2 -W1 -q 10.0.0.1 | grep -o "[0-9]* received"';
    assert.equal(run(world, ping), '3 received\n');
    run(
      world,
      `${program} -F; ${program} -A INPUT -p icmp -m hashlimit --hashlimit-upto 1/min --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name h -j ACCEPT; ${program} -A INPUT -p icmp -j DROP`,
    );
    assert.equal(run(world, ping), '2 received\n');
  });

  test(`${program}: -save goes through -restore unchanged, and a bad line changes nothing`, () => {
    const world = pair(`${program} save`);
    run(
      world,
      `${program} -t nat -A POSTROUTING -s 10.1.0.0/16 ! -o e0 -m comment --comment "a b" -j MASQUERADE; ${program} -N x; ${program} -A x -p tcp --syn -j LOG --log-prefix "it: "; ${program} -P FORWARD DROP`,
    );
    const save = `${program}-save | grep -v ^#`;
    const before = run(world, save);
    assert.equal(
      run(
        world,
        `${program}-save > /tmp/r; ${program} -F; ${program} -X; ${program} -t nat -F; ${program}-restore < /tmp/r; ${save}`,
      ),
      before,
    );
    const bad = world.exec({ machine: 'host' }, `${program}-restore`, {
      stdin: '*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n-A nosuch -j ACCEPT\nCOMMIT\n',
    });
    assert.notEqual(bad.status, 0);
    assert.equal(run(world, save), before);
    const dry = world.exec({ machine: 'host' }, `${program}-restore --test`, {
      stdin: '*filter\n:INPUT DROP [0:0]\nCOMMIT\n',
    });
    assert.deepEqual([dry.status, run(world, save)], [0, before]);
  });
}

test('tables of both kernels work side by side, and iptables warns of the others', () => {
  const world = pair('both');
  run(world, 'iptables -A INPUT -j ACCEPT; iptables-legacy -A INPUT -p icmp -j DROP');
  assert.equal(run(world, PING), '0 received\n');
  assert.match(
    world.exec({ machine: 'host' }, 'iptables -L').stderr,
    /^# Warning: iptables-legacy tables present, use iptables-legacy to see them\n$/,
  );
});

test('what is not simulated says so', () => {
  const result = createWorld('linux', 'not').exec({ machine: 'host' }, 'iptables -A INPUT -m u32 --u32 "0=0" -j DROP');
  assert.deepEqual([result.status, result.stderr], [2, 'iptables: not simulated in this course: -m u32\n']);
});

test('words of a rules file', () => {
  assert.deepEqual(splitWords('-A x --comment "a \\"b\\" c"  -j y'), ['-A', 'x', '--comment', 'a "b" c', '-j', 'y']);
  assert.deepEqual(splitWords('""'), ['']);
});
