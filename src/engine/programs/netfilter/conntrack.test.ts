import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';
import type { World } from '../../world';

function run(world: World, script: string): { out: string; err: string; status: number } {
  const { stdout, stderr, status } = world.exec({ machine: 'host' }, script);
  return { out: stdout, err: stderr, status };
}

const NAME = 'conntrack v1.4.7 (conntrack-tools)';
const HINT = "Try `conntrack -h' or 'conntrack --help' for more information.\n";

/** Connections made by hand, as `conntrack -I` of the real tool makes them. */
const MADE = `{
conntrack -I -p udp -s 10.0.0.1 -d 10.1.0.1 --sport 51 --dport 53 -t 50 -u SEEN_REPLY
conntrack -I -p tcp -s 10.0.0.9 -d 10.1.0.9 --sport 5 --dport 80 -t 500 --state ESTABLISHED -u ASSURED,SEEN_REPLY -m 3
conntrack -I -p tcp -s 10.0.0.8 -d 10.1.0.9 --sport 5 --dport 80 -t 500 --state SYN_SENT -g 10.9.9.9:8080
conntrack -I -p icmp -s 10.0.0.7 -d 10.1.0.9 --icmp-type 8 --icmp-code 0 --icmp-id 7 -t 50
conntrack -I -p udp -s fd00::1 -d fd00::2 --sport 5 --dport 80 -t 500; } 2> /dev/null
`;

test('conntrack -L prints what the original prints', () => {
  const w = createWorld('linux', 'conntrack');
  const { out, err, status } = run(w, `${MADE}conntrack -L | sort`);
  assert.equal(status, 0);
  assert.match(err, /conntrack v1\.4\.7 \(conntrack-tools\): 5 flow entries have been shown\.\n$/);
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^(\w+ +\d+) \d+/, '$1 T')),
    [
      'icmp     1 T src=10.0.0.7 dst=10.1.0.9 type=8 code=0 id=7 [UNREPLIED] src=10.1.0.9 dst=10.0.0.7 type=0 code=0 id=7 mark=0 use=1',
      'tcp      6 T ESTABLISHED src=10.0.0.9 dst=10.1.0.9 sport=5 dport=80 src=10.1.0.9 dst=10.0.0.9 sport=80 dport=5 [ASSURED] mark=3 use=1',
      'tcp      6 T SYN_SENT src=10.0.0.8 dst=10.1.0.9 sport=5 dport=80 [UNREPLIED] src=10.9.9.9 dst=10.0.0.8 sport=8080 dport=5 mark=0 use=1',
      'udp      17 T src=10.0.0.1 dst=10.1.0.1 sport=51 dport=53 src=10.1.0.1 dst=10.0.0.1 sport=53 dport=51 mark=0 use=1',
      'udp      17 T src=fd00::1 dst=fd00::2 sport=5 dport=80 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=80 dport=5 mark=0 use=1',
    ],
  );
});

test('filters choose', () => {
  const w = createWorld('linux', 'conntrack');
  run(w, MADE);
  const count = (options: string): number => run(w, `conntrack -L ${options}`).out.split('\n').length - 1;
  const expected: Record<string, number> = {
    '-p tcp': 2,
    '-p 17': 2,
    '-s 10.0.0.0/28': 4,
    '-d 10.1.0.9': 3,
    '-r 10.9.9.9': 1,
    '-q 10.0.0.9': 1,
    '-p tcp --state SYN_SENT': 1,
    '-p udp --dport 53': 1,
    '-p tcp --reply-port-src 8080': 1,
    '-p icmp --icmp-id 7': 1,
    '-m 3': 1,
    '-m 0x1/0x1': 1,
    '-u ASSURED': 1,
    '-g': 1,
    '--dst-nat 10.9.9.9': 1,
    '--dst-nat 10.9.9.8': 0,
    '-n': 0,
    '-j': 1,
    '-f ipv6': 1,
    '-w 5': 0,
  };
  for (const [options, n] of Object.entries(expected)) assert.equal(count(options), n, options);
});

test('errors have the words and the status of the original', () => {
  const w = createWorld('linux', 'conntrack');
  const cases: Record<string, [number, string]> = {
    '-L -p foo': [2, `${NAME}: \`foo' unsupported protocol\n${HINT}`],
    '-L --sport 5': [2, `${NAME}: unknown option \`--sport'\n${HINT}`],
    '-L -s 300.1.1.1': [2, `${NAME}: Invalid IP address \`300.1.1.1'\n${HINT}`],
    '-L -s 10.0.0.0/33': [2, `${NAME}: Invalid netmask\n${HINT}`],
    '-L -p': [2, `${NAME}: option \`-p' requires an argument\n${HINT}`],
    '-L -D': [2, `${NAME}: Invalid commands combination\n${HINT}`],
    '-L -t 5': [2, `${NAME}: Illegal option \`--timeout' with this command\n${HINT}`],
    '-s 1.1.1.1': [2, `${NAME}: Illegal option \`--src' with this command\n${HINT}`],
    '-L foo': [2, `${NAME}: unknown type \`foo'\n${HINT}`],
    '-L -o foo': [2, `${NAME}: Bad parameter \`foo'\n${HINT}`],
    '-L -p tcp --state FOO': [2, `${NAME}: unknown TCP state \`FOO'\n${HINT}`],
    '-I -p udp': [2, `${NAME}: You need to supply the \`--timeout' option for this command\n${HINT}`],
    '-G -p udp': [2, `${NAME}: you have to specify \`--src' and \`--dst'\n${HINT}`],
    '-G -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2': [
      1,
      `${NAME}: Operation failed: such conntrack doesn't exist\n`,
    ],
    '-D -p tcp': [1, `${NAME}: 0 flow entries have been deleted.\n`],
    '-F': [0, `${NAME}: connection tracking table has been emptied.\n`],
    '-L expect': [0, `${NAME}: 0 expectations have been shown.\n`],
  };
  for (const [options, [status, text]] of Object.entries(cases)) {
    const r = run(w, `conntrack ${options}`);
    assert.deepEqual([r.status, r.err], [status, text], options);
  }
});

test('-E follows a masqueraded ping; -D, -U and -F change', () => {
  const w = createWorld('linux', 'conntrack');
  const { out, status } = run(
    w,
    `ip netns add c; ip netns add s
for n in c s; do ip link add $n type veth peer name eth0 netns $n; ip link set $n up; ip -n $n link set eth0 up; done
ip addr add 10.0.0.1/24 dev c; ip addr add 192.0.2.1/24 dev s
ip -n c addr add 10.0.0.2/24 dev eth0; ip -n s addr add 192.0.2.2/24 dev eth0; ip -n c route add default via 10.0.0.1
sysctl -qw net.ipv4.ip_forward=1; iptables -t nat -A POSTROUTING -o s -j MASQUERADE; sleep 2
conntrack -E -p icmp > /tmp/events 2> /tmp/errors & sleep 0.1
ip netns exec c ping -c1 192.0.2.2 > /dev/null
conntrack -U -p icmp -m 9 2>&1 | head -1; conntrack -U -s 10.0.0.2 -m 7 > /dev/null 2>&1; conntrack -L -m 7 2> /dev/null | wc -l; conntrack -D -p icmp > /dev/null 2>&1
conntrack -C; kill %1; wait %1; sed 's/ id=[0-9]*/ id=I/g' /tmp/events; cat /tmp/errors`,
  );
  assert.equal(status, 0);
  const there = 'src=10.0.0.2 dst=192.0.2.2 type=8 code=0 id=I';
  const back = 'src=192.0.2.2 dst=192.0.2.1 type=0 code=0 id=I';
  assert.deepEqual(
    out
      .replace(/portid=\d+/g, 'portid=P')
      .trimEnd()
      .split('\n'),
    [
      'Operation failed: Operation not supported',
      '1',
      '0',
      `    [NEW] icmp     1 30 ${there} [UNREPLIED] ${back}`,
      ` [UPDATE] icmp     1 30 ${there} ${back}`,
      ` [UPDATE] icmp     1 29 ${there} ${back} mark=7 [USERSPACE] portid=P progname=conntrack`,
      `[DESTROY] icmp     1 29 ${there} ${back} mark=7 [USERSPACE] portid=P progname=conntrack`,
      `${NAME}: 4 flow events have been shown.`,
    ],
  );
});
