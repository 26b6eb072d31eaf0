import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledLab, SessionListener } from '../protocol';
import { LabSession } from '../session';
import { host } from '../testkit';

/** A container on a link of its own to the host, and a stack outside that knows no way back to it. */
const SETUP = `ip netns add c1; ip link add veth1 type veth peer name eth0 netns c1
ip addr add 10.0.1.1/24 dev veth1; ip link set veth1 up
ip -n c1 addr add 10.0.1.2/24 dev eth0; ip -n c1 link set eth0 up; ip -n c1 route add default via 10.0.1.1
ip netns add outside; ip link add eth1 type veth peer name eth0 netns outside
ip addr add 203.0.113.2/24 dev eth1; ip link set eth1 up
ip -n outside addr add 203.0.113.9/24 dev eth0; ip -n outside link set eth0 up
ip netns exec outside python3 -m http.server 80 > /dev/null 2>&1 &
sleep 3`;

const nobody: SessionListener = {
  output: () => undefined,
  rewind: () => undefined,
  state: () => undefined,
  save: () => undefined,
  crash(message: string, detail: string) {
    throw new Error(`${message} ${detail}`);
  },
};

/** What is said to have helped the first packet that `command` (a line at a time) sends from `c1`, whose end is `outcome`. */
async function tried(setup: string, command: string, outcome?: string): Promise<{ lived: string[]; short: string[] }> {
  const lab: CompiledLab = {
    id: 'what-if',
    title: 'What if',
    summary: '',
    kind: 'lab',
    minutes: 5,
    world: 'linux',
    seed: 's',
    setup: [{ run: `${SETUP}\n${setup}` }],
    places: [{ machine: 'host', netns: 'c1' }],
    tasks: [],
    topology: { boxes: [], links: [] },
    fingerprint: 'f',
  };
  const clock = host();
  const session = new LabSession(lab, null, nobody, clock, (error) => {
    throw error;
  });
  await clock.until(session.begun);
  for (const line of command.split('\n')) {
    await clock.until(session.input(0, `${line}\r`));
    await clock.pass(300);
  }
  await clock.pass(3000);
  await clock.until(session.trace(true));
  const packet = (await session.journeys()).packets.find((p) => p.role === 'traffic')!;
  if (outcome !== undefined) assert.equal(packet.outcome, outcome);
  const found = await clock.until(session.whatIf(packet.id));
  const texts = (lived: boolean) => found.filter((t) => t.lived === lived).map((t) => `${t.change.text}: ${t.outcome}`);
  return { lived: texts(true), short: texts(false) };
}

const ARRIVES = 'It is delivered to `outside`, and the answer comes back.';

test('two things are wrong: both together help, and the first alone is told to be not enough', async () => {
  assert.deepEqual(await tried('sysctl -qw net.ipv4.ip_forward=0', 'ping -c1 -W1 203.0.113.9'), {
    lived: [
      `\`host\` forwarded packets (\`net.ipv4.ip_forward\` = 1), and \`outside\` had a route to \`10.0.1.2\` via \`203.0.113.2\`: ${ARRIVES}`,
      `\`host\` forwarded packets (\`net.ipv4.ip_forward\` = 1), and \`host\` put its own address in place of \`10.0.1.2\` (MASQUERADE on \`eth1\`): ${ARRIVES}`,
    ],
    short: [
      '`host` forwarded packets (`net.ipv4.ip_forward` = 1): It reaches `outside`, and no answer is sent: there is no way back.',
    ],
  });
});

test('behind a policy: a rule for the request needs one for its answer', async () => {
  const setup = `sysctl -qw net.ipv4.ip_forward=1; iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE; iptables -P FORWARD DROP`;
  const { lived, short } = await tried(setup, 'curl -s -m1 http://203.0.113.9/');
  assert.deepEqual(lived, [
    `the policy of \`FORWARD\` of \`host\` were ACCEPT: ${ARRIVES}`,
    `\`FORWARD\` of \`host\` accepted TCP to port 80, and \`FORWARD\` of \`host\` accepted what belongs to a known connection: ${ARRIVES}`,
  ]);
  assert.match(
    short[0]!,
    /^`FORWARD` of `host` accepted TCP to port 80: It reaches `outside`; the answer dies in `host`\./,
  );
});

test('a cable that was pulled while the question for a MAC was open: the entry went with the carrier', async () => {
  // Ends that do not look stacked on each other (index and iflink are one number) are told of up to a second late (linkwatch).
  const setup = `ip netns add c2; ip link add veth2 index 22 type veth peer name eth0 index 22 netns c2; ip link set veth2 up
ip addr add 10.0.2.1/24 dev veth2; ip -n c2 addr add 10.0.2.2/24 dev eth0; ip -n c2 link set eth0 up
sysctl -qw net.ipv4.ip_forward=1; ip -n c2 route add default via 10.0.2.1; sleep 3`;
  const pulled = 'for to in down up down; do sleep .1; ip -n c2 link set eth0 $to; done';
  const { lived } = await tried(setup, `${pulled}\nping -c1 -W4 10.0.2.2`, 'died in host: NEIGH_DEAD');
  // The route of c2 went with its link, too.
  const back = 'It is delivered to `c2`, and the answer comes back.';
  assert.deepEqual(lived, [
    `\`eth0\` in \`c2\` were up, and \`c2\` had a route to \`10.0.1.2\` via \`10.0.2.1\`: ${back}`,
    `\`eth0\` in \`c2\` were up, and \`host\` put its own address in place of \`10.0.1.2\` (MASQUERADE on \`veth2\`): ${back}`,
  ]);
});

test('a packet that an interface without carrier throws away: the other end of its cable', async () => {
  const setup = `sysctl -qw net.ipv4.ip_forward=1; ip -n outside link set eth0 address 02:00:00:00:00:09
ip neigh add 203.0.113.9 lladdr 02:00:00:00:00:09 dev eth1 nud permanent; ip -n outside link set eth0 down; sleep 2`;
  const { lived, short } = await tried(setup, 'ping -c1 -W1 203.0.113.9', 'died in host: QDISC_DROP');
  assert.match(
    lived[0]!,
    /^`eth0` in `outside` were up, and `outside` had a route to `10\.0\.1\.2` via `203\.0\.113\.2`: /,
  );
  assert.match(short[0]!, /^`eth0` in `outside` were up: It reaches `outside`, and no answer is sent/);
});

test('what helps nothing is not offered', async () => {
  // The container's own rule is first in the way; the host's forwarding alone would change nothing.
  const { lived, short } = await tried(
    'sysctl -qw net.ipv4.ip_forward=1; ip netns exec c1 iptables -A OUTPUT -d 203.0.113.9 -j DROP; ip -n outside route add default via 203.0.113.2',
    'ping -c1 -W1 203.0.113.9',
  );
  assert.deepEqual(lived, [
    `\`OUTPUT\` of \`c1\` accepted ICMP: ${ARRIVES}`,
    `rule 1 of \`OUTPUT\` of \`c1\` were not there: ${ARRIVES}`,
  ]);
  assert.deepEqual(short, []);
});

test('a packet that arrived and was answered has nothing to be saved from', async () => {
  assert.deepEqual(await tried('true', 'ping -c1 -W1 10.0.1.1'), { lived: [], short: [] });
});

test('a mask that is too narrow is what is wrong when both are on one link', async () => {
  const setup = `ip link add br0 type bridge; ip addr add 10.5.0.1/24 dev br0; ip link set br0 up
for i in 3 4; do
  ip netns add c$i; ip link add veth$i type veth peer name eth0 netns c$i; ip link set veth$i master br0 up
  ip -n c$i link set eth0 up; ip -n c$i addr add 10.5.0.\${i}0/24 dev eth0
done
ip -n c4 addr add 10.5.0.200/24 dev eth0
ip netns exec c3 ip addr flush dev eth0; ip -n c3 addr add 10.5.0.30/25 dev eth0; ip -n c3 route add default via 10.5.0.1
sysctl -qw net.ipv4.ip_forward=0; sleep 3`;
  const { lived } = await tried(setup, 'ip netns exec c3 ping -c1 -W1 10.5.0.200');
  assert.equal(
    lived[0],
    'the address of `c3` were `10.5.0.30/24`, with the mask that `c4` has: It is delivered to `c4`, and the answer comes back.',
  );
});
