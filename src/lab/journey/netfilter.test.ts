import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../engine/world';
import { Journeys } from './journeys';
import type { Evidence, Journey, JourneyStep, JourneySummary } from './types';

/** Two containers on a bridge behind the host, and a machine's stack outside. */
const HOST = `ip link add br0 type bridge; ip addr add 172.30.0.1/24 dev br0; ip link set br0 up
for i in 1 2; do
  ip netns add c$i; ip link add veth$i type veth peer name eth0 netns c$i
  ip -n c$i addr add 172.30.0.1$i/24 dev eth0; ip -n c$i link set eth0 up; ip -n c$i link set lo up
  ip link set veth$i master br0 up; ip -n c$i route add default via 172.30.0.1
done
ip netns add outside; ip link add eth1 type veth peer name eth0 netns outside
ip addr add 203.0.113.2/24 dev eth1; ip link set eth1 up
ip -n outside addr add 203.0.113.9/24 dev eth0; ip -n outside link set eth0 up
ip netns exec c1 python3 -u -m http.server 80 > /dev/null 2>&1 &
sysctl -qw net.ipv4.ip_forward=1; sleep 3`;

function traced(
  name: string,
  setups: Readonly<Record<string, string>>,
  machine: string,
  netns: string,
  command: string,
) {
  const world = createWorld(name, 't');
  for (const [on, setup] of Object.entries(setups)) world.exec({ machine: on }, setup);
  const journeys = Journeys.record(world);
  world.exec({ machine, netns }, command);
  journeys.look(world);
  const packets = journeys.list().packets.filter((p) => p.role === 'traffic');
  const of = (p: JourneySummary | undefined): Journey => journeys.journey(p!.id)!;
  return { packets, of, reply: (p: JourneySummary | undefined) => journeys.journey(p!.reply!)! };
}

const at = (journey: Journey, where: string, title: string): JourneyStep => {
  const step = journey.steps.find((s) => s.where === where && s.title === title);
  assert.ok(step, `${where} ${title} in ${journey.steps.map((s) => `${s.where} ${s.title}`).join(', ')}`);
  return step;
};
const changes = (step: JourneyStep): string[] =>
  step.headers.flatMap((h) =>
    h.fields.flatMap((f) =>
      f.before === undefined || f.name === 'Checksum' ? [] : [`${f.name}: ${f.before} > ${f.value}`],
    ),
  );
const rules = (step: JourneyStep): string[] =>
  step.evidence.flatMap((e) =>
    e.kind === 'rules' ? e.rules.map((r) => `${r.number} ${r.text} ${r.verdict}${r.decided ? ' *' : ''}`) : [],
  );
const entry = (evidence: readonly Evidence[]): string[] =>
  evidence.flatMap((e) =>
    e.kind === 'entry'
      ? e.directions.map((d) => d.parts.map((p) => (p.marked ? `[${p.text}]` : p.text)).join(' '))
      : [],
  );

test('MASQUERADE rewrites the source of a request by its rule, and the entry turns the reply back', () => {
  const nat = 'iptables -t nat -A POSTROUTING -s 172.30.0.0/24 ! -o br0 -j MASQUERADE';
  const { packets, of, reply } = traced('linux', { host: `${HOST}; ${nat}` }, 'host', 'c1', 'ping -c1 203.0.113.9');
  const there = of(packets[0]);
  const rewritten = at(there, 'host', 'nat POSTROUTING');
  assert.equal(
    rewritten.sentence,
    'Rule 1 of chain `POSTROUTING` (table `nat`) rewrites the source: it was `172.30.0.11`, it is now `203.0.113.2`.',
  );
  assert.equal(rewritten.note, 'MASQUERADE');
  assert.deepEqual(rules(rewritten), ['1 -A POSTROUTING -s 172.30.0.0/24 ! -o br0 -j MASQUERADE MASQUERADE *']);
  assert.deepEqual(changes(rewritten), ['Source: 172.30.0.11 > 203.0.113.2']);
  const id = /id=\d+/.exec(entry(rewritten.evidence)[0]!)![0];
  assert.deepEqual(entry(rewritten.evidence), [
    `[src=172.30.0.11] dst=203.0.113.9 type=8 code=0 ${id} [UNREPLIED]`,
    `src=203.0.113.9 [dst=203.0.113.2] type=0 code=0 ${id}`,
  ]);
  // Forwarding takes one from the time to live before netfilter's rules see the packet.
  assert.deepEqual(changes(at(there, 'host', 'Route')), ['Time to live: 64 > 63']);
  assert.equal(there.steps.filter((s) => s.title === 'NAT by entry').length, 0);

  const back = reply(packets[0]);
  const turned = at(back, 'host', 'NAT by entry');
  assert.equal(
    turned.sentence,
    'The entry of the connection, not a rule, turns back the destination: it was `203.0.113.2`, it is now `172.30.0.11`.',
  );
  assert.deepEqual(changes(turned), ['Destination: 203.0.113.2 > 172.30.0.11']);
  assert.equal(at(back, 'host', 'conntrack').note, 'ESTABLISHED');
  assert.equal(back.summary.outcome, 'delivered to c1');
});

test('DNAT sends a request to a container; its reply leaves under the address that was asked', () => {
  const nat =
    'iptables -t nat -A PREROUTING -i eth1 -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.11:80; iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE';
  const curl = 'curl -s -m2 -o /dev/null http://203.0.113.2:8080/';
  const { packets, of, reply } = traced('linux', { host: `${HOST}; ${nat}` }, 'host', 'outside', curl);
  const syn = of(packets.find((p) => p.what === 'SYN'));
  const rewritten = at(syn, 'host', 'nat PREROUTING');
  assert.match(rewritten.sentence, /^Rule 1 of chain `PREROUTING` \(table `nat`\) rewrites the destination/);
  assert.deepEqual(changes(rewritten), ['Destination: 203.0.113.2 > 172.30.0.11', 'Destination port: 8080 > 80']);
  assert.match(entry(rewritten.evidence)[0]!, / \[dst=203\.0\.113\.2\] sport=\d+ \[dport=8080\] /);
  // The decision where to send it comes after, and sees the new destination.
  const titles = syn.steps.map((s) => s.title);
  assert.ok(titles.indexOf('nat PREROUTING') < titles.lastIndexOf('Route'));
  assert.equal(
    at(syn, 'host', 'nat POSTROUTING').sentence,
    'The only rule of chain `POSTROUTING` (table `nat`) does not fit: nothing is rewritten.',
  );
  assert.equal(syn.summary.outcome, 'delivered to c1');
  const back = reply(packets.find((p) => p.what === 'SYN'));
  assert.deepEqual(changes(at(back, 'host', 'NAT by entry')), [
    'Source: 172.30.0.11 > 203.0.113.2',
    'Source port: 80 > 8080',
  ]);
  // Later packets of the connection meet no rule.
  const get = of(packets.find((p) => p.what.startsWith('GET')));
  assert.match(at(get, 'host', 'NAT by entry').sentence, /^The entry of the connection, not a rule, rewrites/);
});

test('a policy that drops: every rule that did not fit is named, and what the policy is', () => {
  const deny =
    'iptables -P FORWARD DROP; iptables -A FORWARD -p tcp --dport 22 -j ACCEPT; iptables -A FORWARD -p udp -j ACCEPT';
  const { packets, of } = traced('linux', { host: `${HOST}; ${deny}` }, 'host', 'c1', 'ping -c1 -W1 203.0.113.9');
  const journey = of(packets[0]);
  const last = journey.steps.at(-1)!;
  assert.equal(last.title, 'filter FORWARD');
  assert.equal(last.died, true);
  assert.equal(
    journey.death!.broken,
    'None of the 2 rules of chain `FORWARD` (table `filter`) fits, and its policy is DROP.',
  );
  assert.deepEqual(rules(last), [
    '1 -A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT no match',
    '2 -A FORWARD -p udp -j ACCEPT no match',
    '0 -P FORWARD DROP DROP *',
  ]);
});

test('a rule of nft in a chain of its own is named by its own words', () => {
  const nft = `nft add table ip fence; nft 'add chain ip fence pass { type filter hook forward priority 0; }'
nft add rule ip fence pass udp dport 53 accept; nft add rule ip fence pass ip saddr 172.30.0.11 drop`;
  const { packets, of } = traced('linux', { host: `${HOST}\n${nft}` }, 'host', 'c1', 'ping -c1 -W1 203.0.113.9');
  const journey = of(packets[0]);
  assert.equal(journey.steps.at(-1)!.title, 'fence pass');
  assert.equal(
    journey.death!.broken,
    'Rule 2 of chain `pass` (table `fence`) fits: it drops the packet and tells nobody.',
  );
  assert.deepEqual(rules(journey.steps.at(-1)!), [
    '1 udp dport 53 accept no match',
    '2 ip saddr 172.30.0.11 drop DROP *',
  ]);
});

test('a rule that refuses tells the sender', () => {
  const reject = 'iptables -A FORWARD -p tcp -j REJECT --reject-with icmp-port-unreachable';
  const { packets, of } = traced(
    'linux',
    { host: `${HOST}; ${reject}` },
    'host',
    'c1',
    'curl -s -m1 http://203.0.113.9/',
  );
  const { death } = of(packets[0]);
  assert.equal(
    death!.broken,
    'Rule 1 of chain `FORWARD` (table `filter`) fits: it refuses the packet and tells the sender.',
  );
  assert.equal(death!.told, '`host` tells the sender: ICMP, port unreachable.');
});

test('an answer that comes from somebody else is not welcome', () => {
  const nat = 'iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.30.0.11:80';
  const curl = 'curl -s -m1 http://203.0.113.2:8080/';
  const { packets, of } = traced('linux', { host: `${HOST}; ${nat}` }, 'host', 'c2', curl);
  const request = of(packets[0]);
  assert.equal(request.summary.outcome, 'delivered to c1');
  assert.equal(
    request.answerDied,
    '`c2` has asked `203.0.113.2:8080` and waits for an answer from there; with `172.30.0.11:80` it has no connection.',
  );
});

test('a port that is isolated: the packet dies of a question that was not handed on', () => {
  const isolated = 'bridge link set dev veth1 isolated on; bridge link set dev veth2 isolated on';
  const { packets, of } = traced('linux', { host: `${HOST}; ${isolated}` }, 'host', 'c1', 'ping -c1 -W4 172.30.0.12');
  assert.equal(
    of(packets[0]).death!.broken,
    '`c1` asked on `eth0` who has `172.30.0.12`, and `br0` did not hand the question to `veth2`: it came in by `veth1`, and `veth1` and `veth2` are both isolated.',
  );
});

test('a route to nowhere: the gateway has none', () => {
  const { packets, of } = traced('linux', { host: HOST }, 'host', 'c1', 'ping -c1 -W1 198.51.100.7');
  const journey = of(packets[0]);
  assert.equal(journey.death!.reason, 'IP_INNOROUTES');
  assert.equal(journey.death!.broken, '`host` has no route to `198.51.100.7`.');
  assert.equal(journey.death!.told, '`host` tells the sender: ICMP, network unreachable.');
  assert.equal(journey.steps.at(-1)!.title, 'Route');
});

test('a tunnel: the packet goes on inside of another one, and comes out again', () => {
  const pod = `n=$(hostname | tr -d n); m=$((3 - n)); sysctl -qw net.ipv4.ip_forward=1
ip netns add pod; ip link add veth0 type veth peer name eth0 netns pod; ip addr add 10.244.$n.1/24 dev veth0; ip link set veth0 up
ip -n pod addr add 10.244.$n.2/24 dev eth0; ip -n pod link set eth0 up; ip -n pod route add default via 10.244.$n.1
ip link add vx address 5e:2a:00:00:00:0$n type vxlan id 7 dstport 8472 local 192.168.50.1$n dev eth0 nolearning
ip link set vx up; ip route add 10.244.$m.0/24 via 10.244.$m.1 dev vx onlink
ip neigh add 10.244.$m.1 lladdr 5e:2a:00:00:00:0$m dev vx nud permanent`;
  const fdb = (n: number) => `\nbridge fdb append 5e:2a:00:00:00:0${3 - n} dev vx dst 192.168.50.1${3 - n}; sleep 1`;
  const { packets, of, reply } = traced(
    'two-hosts',
    { n1: pod + fdb(1), n2: pod + fdb(2) },
    'n1',
    'pod',
    'ping -c1 10.244.2.2',
  );
  const there = of(packets[0]);
  const packed = at(there, 'n1', 'vx');
  assert.match(
    packed.sentence,
    /has a host for `5e:2a:00:00:00:02`.* to `192\.168\.50\.12`, port 8472, and marks it with VNI 7\.$/,
  );
  assert.deepEqual(packed.layers, ['ip', 'udp', 'vxlan', 'eth', 'ip', 'icmp']);
  assert.deepEqual(
    packed.headers.map((h) => h.added === true),
    [true, true, true, false, false, false],
  );
  // Between the hosts only the outer headers change.
  const wire = at(there, 'n2', 'eth0');
  assert.equal(wire.bytes, packed.bytes);
  assert.deepEqual(wire.layers, ['eth', 'ip', 'udp', 'vxlan', 'eth', 'ip', 'icmp']);
  const out = there.steps.find((s) => s.where === 'n2' && s.title === 'vx')!;
  assert.deepEqual(out.layers, ['eth', 'ip', 'icmp']);
  assert.equal(out.headers[0]!.fields[0]!.value, '5e:2a:00:00:00:02');
  assert.equal(there.summary.outcome, 'delivered to n2/pod');
  const back = reply(packets[0]);
  assert.deepEqual(
    back.steps.filter((s) => s.kind === 'tunnel').map((s) => `${s.where} ${s.note}`),
    ['n2 to 192.168.50.11', 'n1 unpacked'],
  );
});

test('a tunnel that does not know where a MAC address is', () => {
  const setup = `sysctl -qw net.ipv4.ip_forward=1
ip link add vx type vxlan id 7 dstport 8472 local 192.168.50.11 dev eth0 nolearning; ip link set vx up
ip addr add 10.9.0.1/24 dev vx; ip neigh add 10.9.0.2 lladdr 5e:2a:00:00:00:02 dev vx nud permanent
ip netns add c1; ip link add veth1 type veth peer name eth0 netns c1; ip addr add 10.8.0.1/24 dev veth1; ip link set veth1 up
ip -n c1 addr add 10.8.0.2/24 dev eth0; ip -n c1 link set eth0 up; ip -n c1 route add default via 10.8.0.1; sleep 1`;
  const { packets, of } = traced('two-hosts', { n1: setup }, 'n1', 'c1', 'ping -c1 -W1 10.9.0.2');
  assert.equal(
    of(packets[0]).death!.broken,
    '`vx` in `n1` has no forwarding entry for `5e:2a:00:00:00:02`: it does not know which host to send the frame to.',
  );
});

test('a cable whose other end is down: the question did not get out', () => {
  const { packets, of } = traced(
    'linux',
    { host: `${HOST}; ip link set veth1 down` },
    'host',
    'c1',
    'ping -c1 -W4 172.30.0.1',
  );
  assert.equal(
    of(packets[0]).death!.broken,
    '`c1` asked on `eth0` who has `172.30.0.1`, and the question did not leave it: the other end of its cable is not up.',
  );
});

test('a packet that is too large for the next link, and may not be cut', () => {
  const { packets, of } = traced(
    'linux',
    { host: `${HOST}; ip link set eth1 mtu 1400` },
    'host',
    'c1',
    'ping -M do -s 1400 -c1 -W1 203.0.113.9',
  );
  const { death } = of(packets[0]);
  assert.equal(
    death!.broken,
    'The packet has 1428 bytes, more than the MTU of `eth1`, the next link, and its DF flag forbids to cut it.',
  );
  assert.equal(death!.told, '`host` tells the sender: ICMP, fragmentation needed.');
});
