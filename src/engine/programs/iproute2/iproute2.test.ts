import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';

/** Runs shell lines on a fresh machine and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'iproute2');
  let text = '';
  for (const line of lines) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

test('key words may be shortened as matches() allows', () => {
  const setup = ['ip l a d0 type dummy', 'ip a a 10.1.2.3/24 dev d0', 'ip l s d0 up'];
  const long = screen(...setup, 'ip -4 -o address show dev d0 | cut -d" " -f7');
  assert.equal(long, '10.1.2.3/24\n');
  for (const words of ['a s d0', 'addr sh d0', 'addr list dev d0', 'a ls d0']) {
    assert.equal(screen(...setup, `ip -4 -o ${words} | cut -d" " -f7`), long, words);
  }
});

test('errors come from the parser (255), the kernel (2) or the program (1)', () => {
  for (const [line, text, status] of [
    ['ip link show nosuch', 'Device "nosuch" does not exist.\n', 1],
    ['ip link add type nosuch', 'Error: Unknown device type.\n', 2],
    ['ip addr add 10.0.0.1/33 dev lo', 'Error: any valid prefix is expected rather than "10.0.0.1/33".\n', 1],
    ['ip route add 10.9.0.0/16 via 10.8.0.1', 'Error: Nexthop has invalid gateway.\n', 2],
    ['ip frobnicate', 'Object "frobnicate" is unknown, try "ip help".\n', 1],
  ] as const) {
    const result = createWorld('linux', 'iproute2').exec({ machine: 'host' }, line);
    assert.deepEqual([result.screen, result.status], [text, status], line);
  }
});

test('JSON and brief output', () => {
  assert.equal(
    screen('ip -j addr show lo | cut -c1-60'),
    '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_\n',
  );
  assert.equal(screen('ip -br addr show lo'), 'lo               UNKNOWN        127.0.0.1/8 ::1/128 \n');
});

test('a namespace ends with its name, and its end of a veth pair takes the other along', () => {
  const setup = ['ip netns add red', 'ip link add v1 type veth peer name v2 netns red'];
  assert.match(screen(...setup, 'ip link show v1'), /^2: v1@if2: .*link-netns red\n$/s);
  assert.equal(screen(...setup, 'ip netns del red; sleep 0.1; ip link show v1'), 'Device "v1" does not exist.\n');
});

test('a namespace without a name lives while a process is in it', () => {
  const setup = ['ip netns add red', 'ip link add v1 type veth peer name v2 netns red'];
  const show = 'ip -br link show v1 | cut -d@ -f1';
  assert.equal(
    screen(...setup, `ip netns exec red sleep 1 & sleep 0.2; ip netns del red; sleep 0.2; ${show}; sleep 1; ${show}`),
    'v1\nDevice "v1" does not exist.\n',
  );
});

test('/sys tells what runs in a bridge, as ip does', () => {
  const setup = ['ip link add br0 type bridge stp_state 1; ip link add v1 type veth peer name v2; ip link set br0 up'];
  assert.equal(screen(...setup, 'cat /sys/class/net/br0/speed'), '-1\n');
  setup.push('ip link set v1 master br0 up; ip link set v2 up; sleep 1');
  assert.equal(screen(...setup, 'cd /sys/class/net/br0; cat speed duplex'), '10000\nunknown\n');
  const timer = screen(...setup, 'cat /sys/class/net/br0/bridge/hello_timer').trim();
  assert.notEqual(timer, '0');
  assert.match(screen(...setup, 'ip -d link show br0'), new RegExp(` hello_timer +0\\.${timer.padStart(2, '0')} `));
});

test('a file of /sys refuses with the number of the error alone', () => {
  const write = (value: string, file: string): string =>
    screen('ip link add br0 type bridge', `echo ${value} > /sys/class/net/br0/${file}`);
  assert.equal(write('9', 'bridge/hello_time'), 'bash: line 1: echo: write error: Numerical result out of range\n');
  assert.equal(write('many', 'bridge/priority'), 'bash: line 1: echo: write error: Invalid argument\n');
  assert.equal(write('7', 'mtu'), 'bash: line 1: echo: write error: Invalid argument\n');
});

test('ip netns exec shows the namespace in /sys, nsenter -n does not', () => {
  const setup = ['ip netns add red', 'ip -n red link add d7 type dummy'];
  assert.equal(screen(...setup, 'ip netns exec red ls /sys/class/net | tr "\\n" " "'), 'd7 lo ');
  assert.equal(screen(...setup, 'nsenter --net=/run/netns/red ls /sys/class/net'), 'lo\n');
});

test('tables go by the names that /etc/iproute2 gives them, unless numbers are asked for', () => {
  const setup = ['ip link add d0 type dummy', 'ip link set d0 up', 'echo 200 uplink >> /etc/iproute2/rt_tables'];
  const add = 'ip route add 10.9.0.0/16 dev d0 table uplink';
  assert.equal(
    screen(...setup, add, 'ip rule add fwmark 1 lookup uplink; ip rule show pref 32765'),
    '32765:\tfrom all fwmark 0x1 lookup uplink\n',
  );
  assert.equal(
    screen(...setup, add, 'ip route show table all | grep 10.9'),
    '10.9.0.0/16 dev d0 table uplink scope link \n',
  );
  assert.equal(
    screen(...setup, add, 'ip -N route show table all | grep 10.9'),
    '10.9.0.0/16 dev d0 table 200 scope 253 \n',
  );
});

test('a gateway that is an address of this host stands in the route, and nothing is sent to it', () => {
  const setup = ['ip link add d0 type dummy', 'ip addr add 10.1.0.1/24 dev d0', 'ip link set d0 up'];
  const add = 'ip route add 10.9.0.0/16 via 10.1.0.1';
  assert.equal(screen(...setup, add, 'ip route show 10.9.0.0/16'), '10.9.0.0/16 via 10.1.0.1 dev d0 \n');
  assert.equal(screen(...setup, add, 'ip route get 10.9.0.5'), '10.9.0.5 dev d0 src 10.1.0.1 uid 0 \n    cache \n');
});

test('an IPv4 route goes via an IPv6 router', () => {
  const setup = [
    'ip link add d0 type dummy',
    'ip addr add 10.1.0.1/24 dev d0',
    'ip addr add fd01::1/64 dev d0',
    'ip link set d0 up',
  ];
  const add = 'ip route add 10.9.0.0/16 via inet6 fd01::2';
  assert.equal(
    screen(...setup, `${add} dev d0`, 'ip route get 10.9.0.5'),
    '10.9.0.5 via inet6 fd01::2 dev d0 src 10.1.0.1 uid 0 \n    cache \n',
  );
});

test('what nobody has to be asked for has neighbour entries, too: all of lo one, groups, and links without ARP', () => {
  const setup = [
    'ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 arp off up',
    'ip addr add 10.1.0.1/24 dev v0; ip addr add 10.2.0.1/24 dev v1',
    'for a in 127.0.0.1 127.0.0.2 10.1.0.1 "-I v0 224.0.0.5" "-b 10.1.0.255" 10.2.0.5 ::1; do ping -c 1 -W 0.1 $a; done',
  ];
  assert.equal(
    screen(...setup, '{ ip -4 neigh show nud all; ip -6 neigh show nud noarp dev lo; } | sort'),
    `0.0.0.0 dev lo lladdr 00:00:00:00:00:00 NOARP 
10.1.0.255 dev v0 lladdr ff:ff:ff:ff:ff:ff NOARP 
10.2.0.5 dev v1 lladdr ${screen(...setup, 'cat /sys/class/net/v1/address').trim()} NOARP 
224.0.0.5 dev v0 lladdr 01:00:5e:00:00:05 NOARP 
::1 lladdr 00:00:00:00:00:00 NOARP 
`,
  );
  assert.equal(screen(...setup, 'ip neigh'), '');
});

test('realms of routes and rules are kept, named, filtered and taken for deleting', () => {
  const setup = [
    'ip link add d0 type dummy; ip addr add 10.1.0.1/24 dev d0; ip link set d0 up',
    'ip route add 10.2.0.0/16 via 10.1.0.5 realm 7; ip route add 10.3.0.0/16 dev d0 realms 3/7; ip route add 10.4.0.0/16 dev d0 realms 3/',
    'ip rule add from 10.9.1.0/24 realms 5/6 pref 101',
  ];
  const [seven, both, cosmos] = [
    '10.2.0.0/16 via 10.1.0.5 dev d0 realm 7 \n',
    '10.3.0.0/16 dev d0 scope link realms 3/7 \n',
    '10.4.0.0/16 dev d0 scope link realms 3/cosmos \n',
  ];
  for (const [line, text] of [
    ['ip route show realm 7', seven + both],
    ['ip route show realms 3/', both + cosmos],
    ['ip route show realms 3/7', '10.3.0.0/16 dev d0 scope link \n'],
    ['echo 3 lab >> /etc/iproute2/rt_realms; ip route show realm 0 | tail -1', cosmos.replace('3/', 'lab/')],
    ['ip route get 10.3.0.9', '10.3.0.9 dev d0 src 10.1.0.1 realms 3/7 uid 0 \n    cache \n'],
    [
      'ip route del 10.3.0.0/16 realm 9; ip route del 10.3.0.0/16 realms 3/7; ip route show 10.3.0.0/16',
      'RTNETLINK answers: No such process\n',
    ],
    ['ip route add 10.5.0.0/16 dev d0 realms /3', 'Error: argument "/3" is wrong: "realm" value is invalid\n\n'],
    ['ip rule | grep realms', '101:\tfrom 10.9.1.0/24 lookup main realms 5/6\n'],
  ] as const)
    assert.equal(screen(...setup, line), text, line);
});

test('ip ntable shows the settings of the neighbour tables', () => {
  const setup = 'ip link add d0 type dummy; sysctl -qw net.ipv4.neigh.d0.gc_stale_time=30';
  assert.match(
    screen(setup, 'ip -4 ntable show dev d0'),
    /^inet arp_cache \n {4}dev d0 \n {4}refcnt 1 reachable \d{5} base_reachable 30000 retrans 1000 \n {4}gc_stale 30000 delay_probe 5000 queue 101 \n {4}app_probes 0 ucast_probes 3 mcast_probes 3 \n {4}anycast_delay 1000 proxy_delay 800 proxy_queue 64 locktime 1000 \n\n$/,
  );
  assert.equal(screen(setup, 'ip -j ntable show name ndisc_cache | jq -c "map(.dev)"'), '[null,"d0","lo"]\n');
});
