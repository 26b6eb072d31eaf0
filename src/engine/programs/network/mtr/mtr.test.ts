import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../../world';
import { answered, cell, emptyHop, FIELDS, tableReport } from './report';

const field = (key: string) => FIELDS.find((f) => f.key === key)!;

test('what is kept of a hop', () => {
  const h = emptyHop();
  for (const time of [100, 300, 200]) {
    h.sent++;
    answered(h, time);
  }
  h.sent++;
  assert.deepEqual([h.best, h.worst, h.last, h.average], [100, 300, 200, 200]);
  assert.equal(field('V').value(h), 0.1);
  assert.equal(field('L').value(h), 25);
  assert.equal(field('J').value(h), 0.1);
  assert.equal(field('G').value(h).toFixed(3), '0.182');
  h.transit = true;
  assert.equal(field('L').value(h), 0);
});

test('long values are cut', () => {
  const h = emptyHop();
  h.sent = 3;
  assert.equal(cell(field('L'), h), ' 100.0');
  answered(h, 3_000_400);
  assert.equal(cell(field('N'), h), ' 3000.');
});

test('tables: narrow ones cut names, wide ones do not', () => {
  const hop = emptyHop();
  const text = 'a-name-that-is-longer-than-the-column.example';
  assert.equal(
    tableReport('host', [{ text, hop }], 1, 'S', false),
    'HOST: host                          Snt\n  1.|-- a-name-that-is-longer-tha     0\n',
  );
  assert.match(tableReport('host', [{ text, hop }], 1, 'S', true), /column\.example {5}0\n$/);
});

const WAY = [
  'for n in a r b; do ip netns add $n; ip -n $n link set lo up; done',
  'ip link add ar netns a type veth peer name ra netns r; ip link add rb netns r type veth peer name bb netns b',
  'ip -n a addr add 10.1.1.1/24 dev ar; ip -n r addr add 10.1.1.2/24 dev ra; ip -n r addr add 10.1.2.1/24 dev rb; ip -n b addr add 10.1.2.2/24 dev bb',
  'ip -n a link set ar up; ip -n r link set ra up; ip -n r link set rb up; ip -n b link set bb up; sleep 3',
  'ip -n a route add default via 10.1.1.2; ip -n b route add default via 10.1.2.1; ip netns exec r sysctl -qw net.ipv4.ip_forward=1',
];

/** Runs shell lines where a router joins two hosts and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'mtr');
  let text = '';
  for (const line of [...WAY, ...lines]) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

for (const method of ['', '-u', '-T'])
  test(`a report over a router ${method}`, () => {
    assert.match(
      screen(`ip netns exec a mtr -r -n ${method} -c 2 -i 0.2 10.1.2.2`),
      /^Start: \S+\nHOST: .* Loss% {3}Snt {3}Last {3}Avg {2}Best {2}Wrst StDev\n {2}1\.\|-- 10\.1\.1\.2 +0\.0% +2 .*\n {2}2\.\|-- 10\.1\.2\.2 +0\.0% +2 .*\n$/,
    );
  });

test('a silent hop, no route, raw events', () => {
  assert.match(
    screen('ip netns exec r iptables -A FORWARD -j DROP', 'ip netns exec a mtr -r -n -c 2 -i 0.2 10.1.2.2'),
    /\n {2}1\.\|-- 10\.1\.1\.2 .*\n {2}2\.\|-- \?\?\? +100\.0 +2 .*\n$/,
  );
  assert.equal(
    screen('ip -n a route del default', 'ip netns exec a mtr -r -n 192.0.2.1'),
    'mtr: udp socket connect failed: Network is unreachable\n',
  );
  assert.match(
    screen('ip netns exec a mtr -l -n -c 1 10.1.2.2'),
    /^x 0 33000\n(h 0 10\.1\.1\.2\n){2}p 0 \d+ 33000\nx 1 33001\n(h 1 10\.1\.2\.2\n){2}p 1 \d+ 33001\nx 2 33002\n/,
  );
});
