import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../engine/world';
import type { World } from '../../engine/world';
import type { CompiledLab, SavedSession, SessionListener, SessionState } from '../protocol';
import { LabSession } from '../session';
import { host } from '../testkit';
import { Journeys } from './journeys';
import { Recorder } from './recorder';
import type { JourneyStep, JourneySummary } from './types';

/** Two containers behind one host, each on a link of its own; the host does not forward. */
const ROUTED = `for i in 1 2; do
  ip netns add c$i; ip link add veth$i type veth peer name eth0 netns c$i
  ip addr add 10.0.$i.1/24 dev veth$i; ip link set veth$i up
  ip -n c$i addr add 10.0.$i.2/24 dev eth0; ip -n c$i link set eth0 up; ip -n c$i route add default via 10.0.$i.1
done; sysctl -qw net.ipv4.ip_forward=0; sleep 3`;

const BRIDGED = `ip link add br0 type bridge; ip link set br0 up
for i in 1 2 3; do
  ip netns add c$i; ip link add veth$i type veth peer name eth0 netns c$i; ip link set veth$i up master br0
  ip -n c$i addr add 10.0.0.$i/24 dev eth0; ip -n c$i link set eth0 up
done; sleep 3`;

function traced(name: string, setup: string, machine: string, netns: string | undefined, command: string) {
  const world = createWorld(name, 't');
  if (setup) world.exec({ machine }, setup);
  const journeys = Journeys.record(world);
  world.exec({ machine, ...(netns === undefined ? {} : { netns }) }, command);
  journeys.look(world);
  return { world, journeys, traffic: traffic(journeys) };
}

const traffic = (j: Journeys): JourneySummary[] => j.list().packets.filter((p) => p.role === 'traffic');

test('a ping through a bridge: every stop, the question for the MAC, and the answer', () => {
  const { journeys, traffic: packets } = traced('linux', BRIDGED, 'host', 'c1', 'ping -c1 10.0.0.2');
  const [request, reply] = packets;
  assert.ok(request && reply);
  assert.equal(packets.length, 2);
  assert.equal(request.what, 'echo request, seq 1');
  assert.equal(request.outcome, 'delivered to c2');
  assert.equal(request.reply, reply.id);
  assert.equal(reply.request, request.id);
  const { steps } = journeys.journey(request.id)!;
  assert.deepEqual(
    steps.map((s) => `${s.where} ${s.title}`),
    ['c1 Socket', 'c1 Route', 'c1 Neighbour', 'host veth1', 'host br0', 'c2 eth0', 'c2 Route', 'c2 Kernel'],
  );
  assert.match(
    steps[4]!.sentence,
    /`br0` finds `[0-9a-f:]+` in its forwarding database: the frame leaves by port `veth2`/,
  );
  const asked = journeys.journey(steps[2]!.side!)!;
  assert.equal(asked.summary.what, 'who has 10.0.0.2?');
  // Of the flooded copies the one is shown that was answered.
  assert.equal(asked.steps.at(-1)!.where, 'c2');
  assert.equal(
    journeys.journey(asked.summary.reply!)!.summary.what,
    `10.0.0.2 is at ${eth(steps[2]!.headers[0]!.fields)}`,
  );
});

const eth = (fields: readonly { name: string; value: string }[]) => fields.find((f) => f.name === 'Destination')!.value;

/** What a step changed. */
const changed = (step: JourneyStep): string[] =>
  step.headers.flatMap((h) => h.fields.filter((f) => f.before !== undefined).map((f) => `${h.layer} ${f.name}`));

test('a router changes the frame and the time to live, and the step says so', () => {
  const { journeys, traffic: packets } = traced('three-nodes', '', 'n1', undefined, 'ping -c1 n3');
  const { steps } = journeys.journey(packets[0]!.id)!;
  const at = (title: string) => steps.find((s) => s.where === 'router' && s.title === title)!;
  assert.deepEqual(changed(at('Route')), ['ip Time to live', 'ip Checksum']);
  assert.deepEqual(changed(at('Neighbour')), ['eth Destination', 'eth Source']);
  const ttl = at('Route').headers[1]!.fields.find((f) => f.name === 'Time to live')!;
  assert.deepEqual([ttl.before, ttl.value], ['64', '63']);
  assert.equal(steps[1]!.note, 'via 192.168.50.1');
});

test('a packet that nobody forwards: where it died, why, and what its sender learns', () => {
  const { journeys, traffic: packets } = traced('linux', ROUTED, 'host', 'c1', 'ping -c1 -W1 10.0.2.2');
  const journey = journeys.journey(packets[0]!.id)!;
  assert.equal(journey.summary.outcome, 'died in host: IP_INADDRERRORS');
  assert.equal(journey.death!.broken, 'The packet is not for `host`, and `host` does not forward (`ip_forward` is 0).');
  assert.match(journey.death!.told, /^Nothing comes back/);
  assert.equal(journey.steps.at(-1)!.died, true);
  assert.equal(journey.steps.at(-1)!.title, 'Route');
});

test('an error message is the answer to the packet that it quotes', () => {
  const { journeys, traffic: packets } = traced('linux', BRIDGED, 'host', 'c1', 'echo x | nc -u -w1 10.0.0.2 99');
  const [sent, error] = packets;
  assert.equal(sent!.outcome, 'died in c2: NO_SOCKET');
  assert.equal(sent!.reply, error!.id);
  assert.equal(journeys.journey(sent!.id)!.death!.told, '`c2` tells the sender: ICMP, port unreachable.');
});

test('an address that nobody has: the packet waits, and dies when the question has been asked three times', () => {
  const { journeys, traffic: packets } = traced('linux', BRIDGED, 'host', 'c1', 'ping -c1 -W4 10.0.0.9');
  const journey = journeys.journey(packets[0]!.id)!;
  assert.equal(journey.death!.reason, 'NEIGH_FAILED');
  assert.equal(journey.death!.broken, '`c1` asked on `eth0` who has `10.0.0.9`, and nobody answered.');
  const questions = journeys.list().packets.filter((p) => p.what === 'who has 10.0.0.9?');
  assert.deepEqual(
    questions.map((p) => p.outcome),
    ['nobody answers', 'nobody answers', 'nobody answers'],
  );
});

test('a recorder forgets the oldest packets', () => {
  const world: World = createWorld('linux', 't');
  const recorder = new Recorder(10);
  recorder.record(world);
  world.exec({ machine: 'host' }, 'ping -q -c 20 -i 0.2 127.0.0.1');
  assert.equal(recorder.packets.size, 10);
  assert.equal(recorder.forgotten, 30);
  recorder.stop();
  const { order } = recorder;
  world.exec({ machine: 'host' }, 'ping -q -c 1 127.0.0.1');
  assert.equal(recorder.order, order);
});

// --- in a session -----------------------------------------------------------------------------------------------------

const LAB: CompiledLab = {
  id: 'journeys',
  title: 'Journeys',
  summary: '',
  kind: 'lab',
  minutes: 5,
  world: 'linux',
  seed: 's',
  setup: [{ run: ROUTED }],
  places: [{ machine: 'host', netns: 'c1' }, { machine: 'host' }],
  tasks: [],
  topology: { boxes: [], links: [] },
  fingerprint: 'f',
};

class Page implements SessionListener {
  last!: SessionState;
  saved!: SavedSession;
  output(): void {}
  rewind(): void {}
  state(state: SessionState): void {
    this.last = state;
  }
  save(saved: SavedSession): void {
    this.saved = saved;
  }
  crash(message: string, detail: string): void {
    throw new Error(`${message} ${detail}`);
  }
}

test('a session shows what was sent before somebody looked, goes on, and tries what would have helped', async () => {
  const clock = host();
  const page = new Page();
  const bugs: unknown[] = [];
  const session = new LabSession(LAB, null, page, clock, (error) => bugs.push(error));
  await clock.until(session.begun);
  const type = async (terminal: number, text: string, ms: number) => {
    await clock.until(session.input(terminal, text));
    await clock.pass(ms);
  };
  await type(0, 'ping -c1 -W1 10.0.2.2\r', 1500);
  assert.equal((await session.journeys()).packets.length, 0);
  assert.equal(page.last.traced, undefined);

  await clock.until(session.trace(true));
  await clock.pass(100);
  const before = (await session.journeys()).packets.filter((p) => p.role === 'traffic');
  assert.deepEqual(
    before.map((p) => p.outcome),
    ['died in host: IP_INADDRERRORS'],
  );
  const tried = await clock.until(session.whatIf(before[0]!.id));
  assert.deepEqual(
    tried.map((t) => [t.change.text, t.lived, t.outcome]),
    [
      [
        '`host` forwarded packets (`net.ipv4.ip_forward` = 1)',
        true,
        'It is delivered to `c2`, and the answer comes back.',
      ],
    ],
  );
  const own = await clock.until(
    session.wouldHaveLived(before[0]!.id, {
      text: 'there were a blackhole, too',
      scripts: [{ on: { machine: 'host' }, run: 'sysctl -qw net.ipv4.ip_forward=1; ip route add blackhole 10.0.2.2' }],
    }),
  );
  assert.equal(own!.lived, false);

  const { traced } = page.last;
  await type(0, 'ping -c1 -W1 10.0.1.1\r', 1500);
  assert.ok(page.last.traced! > traced!);
  const after = (await session.journeys()).packets.filter((p) => p.role === 'traffic');
  assert.deepEqual(
    after.map((p) => `${p.what} to ${p.to}: ${p.outcome}`),
    [
      'echo request, seq 1 to 10.0.2.2: died in host: IP_INADDRERRORS',
      'echo request, seq 1 to 10.0.1.1: delivered to host',
      'echo reply, seq 1 to 10.0.1.2: delivered to c1',
    ],
  );
  // Undo leads to a world in which the second ping was not sent.
  await clock.until(session.undo());
  await clock.pass(300);
  assert.equal((await session.journeys()).packets.filter((p) => p.role === 'traffic').length, 1);
  await clock.until(session.trace(false));
  assert.equal((await session.journeys()).packets.length, 0);
  assert.deepEqual(bugs, []);
});
