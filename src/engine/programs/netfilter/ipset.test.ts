import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';

test('elements come and go; networks match what is in them, nomatch takes it out again', () => {
  const world = createWorld('linux', 'ipset');
  const run = (line: string): string => world.exec({ machine: 'host' }, line).screen;
  run('ipset create n hash:net; ipset add n 10.0.0.0/8; ipset add n 10.1.0.0/16 nomatch');
  assert.equal(run('ipset test n 10.2.3.4'), 'Warning: 10.2.3.4 is in set n.\n');
  assert.equal(run('ipset test n 10.1.3.4'), '10.1.3.4 is NOT in set n.\n');
  assert.equal(run('ipset add n 10.0.0.0/8'), "ipset v7.17: Element cannot be added to the set: it's already added\n");
  assert.equal(
    run('ipset create p hash:ip,port; ipset add p 10.0.0.1,80-82; ipset add p 10.0.0.1,udp:53; ipset list p | tail -4'),
    '10.0.0.1,tcp:80\n10.0.0.1,tcp:81\n10.0.0.1,tcp:82\n10.0.0.1,udp:53\n',
  );
  assert.equal(
    run('ipset create b bitmap:port range 1-10; ipset add b 20'),
    'ipset v7.17: Element is out of the range of the set\n',
  );
});

test('timeouts pass', () => {
  const world = createWorld('linux', 'ipset');
  const run = (line: string): string => world.exec({ machine: 'host' }, line).screen;
  run('ipset create t hash:ip timeout 3; ipset add t 10.0.0.1; ipset add t 10.0.0.2 timeout 0');
  assert.match(run('sleep 1; ipset list t'), /10\.0\.0\.1 timeout 1\n10\.0\.0\.2 timeout 0\n$/);
  assert.match(run('sleep 3; ipset list t'), /Number of entries: 1\nMembers:\n10\.0\.0\.2 timeout 0\n$/);
});

test('rules look packets up and put them in', () => {
  const world = createWorld('linux', 'ipset');
  const run = (line: string): string => world.exec({ machine: 'host' }, line).screen;
  run(
    'ip link set lo up; ipset create ports bitmap:port range 0-100; ipset create seen hash:ip counters; ipset add ports 80',
  );
  run(
    'iptables -A INPUT -p tcp -m set --match-set ports dst -j SET --add-set seen src --exist; iptables -A INPUT -m set --match-set seen src -j DROP',
  );
  assert.equal(run('nc -z -w1 127.0.0.1 81; ipset list seen | tail -1'), 'Members:\n');
  run('nc -z -w1 127.0.0.1 80');
  assert.match(run('ipset list seen | tail -1'), /^127\.0\.0\.1 packets [1-9]\d* bytes \d+\n$/);
  assert.equal(run('ipset destroy seen'), 'ipset v7.17: Set cannot be destroyed: it is in use by a kernel component\n');
  assert.equal(run('iptables -F; ipset destroy seen; ipset list -n'), 'ports\n');
});

test('what save prints, restore reads', () => {
  const world = createWorld('linux', 'ipset');
  const run = (line: string): string => world.exec({ machine: 'host' }, line).screen;
  run(
    'ipset create a hash:net,port comment; ipset add a 10.0.0.0/24,udp:53 comment "x y"; ipset create l list:set; ipset add l a',
  );
  const before = run('ipset save | sed "s/initval .*//"');
  assert.equal(
    run('ipset save > /tmp/s; ipset destroy; ipset restore < /tmp/s; ipset save | sed "s/initval .*//"'),
    before,
  );
});
