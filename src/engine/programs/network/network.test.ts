import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';

const PAIR = [
  'ip netns add a',
  'ip netns add b',
  'ip link add va netns a type veth peer name vb netns b',
  'ip -n a addr add 10.0.0.1/24 dev va; ip -n b addr add 10.0.0.2/24 dev vb',
  'for n in a b; do ip -n $n link set lo up; ip -n $n link set v$n up; done; sleep 3',
];

/** Runs shell lines on two hosts joined by a cable and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'network');
  let text = '';
  for (const line of [...PAIR, ...lines]) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

test('ping counts what comes back', () => {
  assert.match(
    screen('ip netns exec a ping -c 2 -i 0.2 10.0.0.2'),
    /^PING 10\.0\.0\.2 \(10\.0\.0\.2\) 56\(84\) bytes of data\.\n(64 bytes from 10\.0\.0\.2: icmp_seq=[12] ttl=64 time=\S+ ms\n){2}\n--- 10\.0\.0\.2 ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time \d+ms\nrtt min\/avg\/max\/mdev = \S+ ms\n$/,
  );
  assert.match(
    screen('ip netns exec a ping -c 1 10.0.0.9'),
    /From 10\.0\.0\.1 icmp_seq=1 Destination Host Unreachable\n\n--- .*\n1 packets transmitted, 0 received, \+1 errors, 100% packet loss, time 0ms\n\n$/,
  );
  assert.equal(screen('ip netns exec a ping -c 1 10.1.0.1'), 'ping: connect: Network is unreachable\n');
});

test('arping asks who has an address', () => {
  assert.match(
    screen('ip netns exec a arping -c 1 -I va 10.0.0.2'),
    /^ARPING 10\.0\.0\.2 from 10\.0\.0\.1 va\nUnicast reply from 10\.0\.0\.2 \[[0-9A-F:]{17}\] {2}\S+ms\nSent 1 probes \(1 broadcast\(s\)\)\nReceived 1 response\(s\)\n$/,
  );
});

test('nc talks and listens; ss sees the listener', () => {
  assert.equal(
    screen(
      'ip netns exec b nc -l 7000 > /tmp/got & sleep 0.2; echo hello | ip netns exec a nc -N 10.0.0.2 7000; cat /tmp/got',
    ),
    'hello\n',
  );
  assert.match(
    screen('ip netns exec b nc -l 7000 & sleep 0.2; ip netns exec b ss -Htln'),
    /^LISTEN 0 +1 +0\.0\.0\.0:7000 +0\.0\.0\.0:\*/,
  );
});

test('curl reads from http.server', () => {
  assert.equal(
    screen(
      'mkdir /tmp/www; echo hi > /tmp/www/index.html',
      'cd /tmp/www; ip netns exec b python3 -m http.server 8000 >/dev/null 2>&1 & sleep 0.5; ip netns exec a curl -s -w "%{http_code}\\n" 10.0.0.2:8000/',
    ),
    'hi\n200\n',
  );
});

test('tcpdump prints, counts and writes files it can read', () => {
  const text = screen(
    'ip netns exec b tcpdump -ni vb -c 2 -w /tmp/x icmp 2>/dev/null & sleep 0.5; ip netns exec a ping -qc 1 10.0.0.2 > /dev/null; sleep 0.5; tcpdump -tnr /tmp/x 2>/dev/null',
  );
  assert.match(
    text,
    /^IP 10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo request, id \d+, seq 1, length 64\nIP 10\.0\.0\.2 > 10\.0\.0\.1: ICMP echo reply, id \d+, seq 1, length 64\n$/,
  );
});

test('ping hears from send what the device threw away, whole or in pieces, but not through a bridge or a qdisc', () => {
  const narrow = 'ip -n b link set vb mtu 1400; ip netns exec a ping -c 1 10.0.0.2 > /dev/null';
  const ping = (...options: string[]): string => `ip netns exec a ping -c 1 -W 0.4 ${options.join(' ')} 10.0.0.2`;
  const told = /\nping: sendmsg: No buffer space available\n/;
  assert.match(screen(narrow, ping('-s', '1440')), told);
  assert.match(screen(narrow, ping('-s', '2000')), told);
  assert.match(screen('ip -n b link set vb mtu 1400', ping('-s', '1440')), /data\.\n\n---/);
  const queued = 'ip netns exec a tc qdisc add dev va root pfifo';
  assert.match(screen(narrow, queued, ping('-s', '1440')), /data\.\n\n---/);
  const bridged =
    'ip -n a link add br0 type bridge; ip -n a addr flush dev va; ip -n a link set va master br0; ip -n a link set br0 up; ip -n a addr add 10.0.0.1/24 dev br0; sleep 1; ip netns exec a ping -c 1 10.0.0.2 > /dev/null';
  assert.match(screen(narrow, bridged, ping('-s', '1440')), /data\.\n\n---/);
  // The first piece was dropped: the second one is not sent at all, and again and again for as long as one waits.
  assert.equal(
    screen(narrow, ping('-W 2 -s 2000 > /dev/null 2>&1'), 'ip netns exec a nstat -as | grep IpFrag'),
    'IpFragFails                     4                  0.0\n',
  );
});

test('ping -c goes on trying to send while the device has no room, as long as it would wait for an answer', () => {
  const narrow = 'ip -n b link set vb mtu 1400; ip netns exec a ping -c 1 10.0.0.2 > /dev/null';
  assert.match(
    screen(narrow, 'ip netns exec a ping -c 1 -W 2 -s 1440 10.0.0.2'),
    /1 packets transmitted, 0 received, 100% packet loss, time 3000ms/,
  );
});

test('a link without carrier throws away what it is to send before taps see it, and says nothing', () => {
  const setup = [
    'ip -n a neigh add 10.0.0.3 lladdr 02:de:ad:00:00:01 dev va nud permanent; ip -n b link set vb down; sleep 2',
    'ip netns exec a tcpdump -ni va icmp > /tmp/seen 2> /dev/null & sleep 0.3',
    'ip -s -n a -j link show va | jq .[0].stats64.tx.dropped > /tmp/before',
  ];
  const ping = 'ip netns exec a ping -c 2 -i 0.2 -W 0.2 10.0.0.3';
  assert.match(screen(...setup, ping), /data\.\n\n--- .*\n2 packets transmitted, 0 received/);
  const dropped = 'ip -s -n a -j link show va | jq .[0].stats64.tx.dropped';
  assert.equal(
    screen(...setup, ping, `kill %1; wait; cat /tmp/seen; echo $(( $(${dropped}) - $(cat /tmp/before) ))`)
      .split('\n')
      .at(-2),
    '2',
  );
});

/** Two hosts with a router between them, whose further link takes 1300 bytes. */
const ROUTED = [
  'for n in c r d; do ip netns add $n; ip -n $n link set lo up; done',
  'ip link add e netns c type veth peer name e netns r; ip link add f netns r mtu 1300 type veth peer name e netns d',
  'ip -n c addr add 10.1.0.2/24 dev e; ip -n r addr add 10.1.0.1/24 dev e; ip -n r addr add 10.2.0.1/24 dev f; ip -n d addr add 10.2.0.2/24 dev e',
  'for n in c r d; do ip -n $n link set e up; done; ip -n r link set f up; ip netns exec r sysctl -qw net.ipv4.ip_forward=1',
  'ip -n c route add default via 10.1.0.1; ip -n d route add default via 10.2.0.1; sleep 3',
];

test('ping -R and -T show what routers wrote into the options of the header', () => {
  const routes = screen(...ROUTED, 'ip netns exec c ping -n -R -c 2 -i 0.2 10.2.0.2');
  assert.match(routes, /^PING 10\.2\.0\.2 \(10\.2\.0\.2\) 56\(124\) bytes of data\.\n/);
  assert.match(
    routes,
    /\nRR: \t10\.1\.0\.2\n\t10\.2\.0\.1\n\t10\.2\.0\.2\n\t10\.2\.0\.2\n\t10\.1\.0\.1\n\t10\.1\.0\.2\n\n64 bytes .*\t\(same route\)\n/,
  );
  // A timestamp has the address of the link by which the packet came; four of them find room.
  assert.match(
    screen(...ROUTED, 'ip netns exec c ping -n -T tsandaddr -c 1 10.2.0.2'),
    /\nTS: \t10\.1\.0\.2\t\d+ absolute\n\t10\.1\.0\.1\t\d+\n\t10\.2\.0\.2\t\d+\n\t10\.2\.0\.2\t\d+\nUnrecorded hops: 2\n\n/,
  );
});

test('traceroute --mtu goes on with what the narrow link takes, and does not believe what was learned before', () => {
  assert.match(
    screen(
      ...ROUTED,
      'ip netns exec c ping -c 1 -M do -s 1400 10.2.0.2',
      'ip netns exec c traceroute -n -q 1 --mtu 10.2.0.2',
    ),
    /\n 1 {2}10\.1\.0\.1 {2}\S+ ms F=1500\n 2 {2}10\.2\.0\.2 {2}\S+ ms F=1300\n$/,
  );
});

test('a learned path MTU follows the MTU of the link', () => {
  const get = 'ip -n c route get 10.2.0.2';
  const learned = [...ROUTED, 'ip netns exec c ping -c 1 -M do -s 1400 10.2.0.2'];
  assert.match(screen(...learned, get), /mtu 1300/);
  assert.match(screen(...learned, 'ip -n c link set e mtu 1200', get), /mtu 1200/);
  assert.match(screen(...learned, 'ip -n c link set e mtu 1200', 'ip -n c link set e mtu 1400', get), /mtu 1400/);
});
