import { spawnSync } from 'node:child_process';
import { createWorld } from '../src/engine/world';
import { begin, finish, replay } from '../src/lab/replay';
import type { JournalEntry } from '../src/lab/protocol';
import type { Row } from './table';
import { median } from './table';

const RUNS = 10;
const lab = { world: 'linux', seed: 'bench', setup: [], tasks: [] };
const COMMANDS = [
  'ip netns add c1',
  'ip link add veth1 type veth peer name eth0 netns c1',
  'ip addr add 172.30.0.1/24 dev veth1; ip link set veth1 up',
  'ip -n c1 addr add 172.30.0.11/24 dev eth0; ip -n c1 link set eth0 up',
  'ping -c2 -i0.2 172.30.0.11',
  'ip -br addr; ip route; ip neigh',
  'for i in 1 2 3; do echo $i; done | sort -r | head -2',
  'ip netns exec c1 ss -ltn',
  'ls -l /proc/self/ns | grep net',
  'ip -n c1 link del eth0; ip netns del c1',
];

function timed(work: () => void): number {
  const from = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - from) / 1e6;
}

/** Speed of the engine in Node, warm. */
export function engine(): Row[] {
  const open = (): void => {
    createWorld('linux', 'bench').exec({ machine: 'host' }, 'ip -br link');
  };
  open();
  const opened = median(Array.from({ length: RUNS }, () => timed(open)));

  const session = begin(lab, [{ kind: 'open', terminal: 1, place: { machine: 'host' }, columns: 80, rows: 24 }]);
  const entries: JournalEntry[] = [...session.entries];
  for (let i = 0; i < 50; i++) {
    session.simulation.world.run(3_000_000);
    const entry: JournalEntry = {
      ...session.simulation.moment,
      event: { kind: 'input', terminal: 1, data: `${COMMANDS[i % COMMANDS.length]!}\r` },
    };
    entries.push(entry);
    session.simulation.apply(entry);
  }
  session.simulation.world.run(3_000_000);
  const until = session.simulation.moment;
  const again = (): void => void finish(replay(lab, entries, until));
  // Whoever undoes the fiftieth command has had every command checked in a copy of the world: as much as 25 replays of them all.
  for (let i = 0; i < 25; i++) again();
  const replayed = median(Array.from({ length: RUNS }, () => timed(again)));

  const world = createWorld('linux', 'bench');
  const loop = 'i=0; while ((i < 20000)); do ((i++)); done';
  world.exec({ machine: 'host' }, loop);
  const simulated = median(Array.from({ length: 5 }, () => timed(() => void world.exec({ machine: 'host' }, loop))));
  const real = spawnSync('bash', ['-c', 'true']).error
    ? NaN
    : median(Array.from({ length: 5 }, () => timed(() => void spawnSync('bash', ['-c', loop]))));

  return [
    { what: 'a new world and its first command, Node', value: opened, unit: 'ms', budget: 300 },
    { what: 'replaying a journal of 50 commands, Node, warm', value: replayed, unit: 'ms', budget: 50 },
    {
      what: 'a bash loop of 20,000 turns, simulated',
      value: simulated,
      unit: 'ms',
      beside: `real bash here: ${real.toFixed(0)} ms`,
    },
  ];
}
