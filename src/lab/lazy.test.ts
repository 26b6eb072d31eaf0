import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Group, Loader } from '../engine/programs/lazy';
import { fetchRestWith } from '../engine/host';
import { LOADERS, lazyPrograms, once } from '../engine/programs/lazy';
import { PROGRAMS } from '../engine/programs';
import { usePrograms } from '../engine/world';
import type { ProgramTable } from '../engine/world';
import type { CompiledLab, SavedSession, SessionListener } from './protocol';
import { LabSession } from './session';
import type { TestHost } from './testkit';
import { host } from './testkit';

const LAB: CompiledLab = {
  id: 'lazy',
  title: 'Lazy',
  summary: '',
  kind: 'lab',
  minutes: 5,
  world: 'linux',
  seed: 's',
  setup: [{ run: 'mkdir /lab; sleep 1 & ip netns add red; ip -n red link set lo up' }],
  places: [{ machine: 'host' }, { machine: 'host', netns: 'red' }],
  tasks: [
    {
      id: 'one',
      title: 'One',
      mode: 'done',
      checks: [{ kind: 'run', run: 'grep -q x /lab/one', expect: {} }],
      hints: [],
      feedback: [],
      solutions: [{ steps: [{ run: 'echo x | tee /lab/one' }] }],
    },
  ],
  topology: { boxes: [], links: [] },
  fingerprint: 'f',
};

/** The programs of the manifest, all at hand: that it is complete is another test's business. */
const BY_NAME = new Map(PROGRAMS.map((p) => [p.name, p]));
const EAGER: ProgramTable = new Map([...lazyPrograms().keys()].map((name) => [name, BY_NAME.get(name)!]));

/** What a learner types, and how long is waited after it. */
const TYPED: readonly [terminal: number, text: string, ms: number][] = [
  [0, 'ip -br l', 0],
  [0, '\t', 100],
  [0, '\r', 40],
  [1, 'sleep 0.2; ps aux | grep bash | wc -l\r', 0],
  [0, 'echo typed ahead\r', 30],
  [0, 'for i in 1 2 3; do echo $RANDOM | sed s/0/o/ & done; wait\r', 400],
  [1, 'ping -c 1 127.0.0.1\r', 0],
  [0, 'cat /proc/uptime | awk "{ print \\$1 }"\r', 10],
  [0, '\u0003', 1200],
  // Interrupted while its code is on the way.
  [0, 'hostname\r', 10],
  [0, '\u0003', 1200],
  [0, 'echo x > /lab/one; ls -li /lab\r', 500],
];

class Page implements SessionListener {
  saved!: SavedSession;
  printed: string[] = [];
  done = false;
  refused: string | undefined = 'nothing was told';
  crashes: string[] = [];
  output(terminal: number, data: Uint8Array): void {
    this.printed[terminal] = (this.printed[terminal] ?? '') + new TextDecoder().decode(data);
  }
  rewind(terminal: number): void {
    this.printed[terminal] = '';
  }
  state(state: { solved: boolean; refused?: string }): void {
    this.done = state.solved;
    this.refused = state.refused;
  }
  save(saved: SavedSession): void {
    this.saved = structuredClone(saved);
  }
  crash(message: string, detail: string): void {
    this.crashes.push(`${message} ${detail}`);
  }
}

/** A session on its own clock with the programs of `table`. */
async function open(table: ProgramTable, clock: TestHost, saved: SavedSession | null = null, lab: CompiledLab = LAB) {
  usePrograms(table);
  const page = new Page();
  const bugs: unknown[] = [];
  const session = new LabSession(lab, saved, page, clock, (error) => bugs.push(error));
  await clock.until(session.begun);
  await clock.pass(200);
  return { page, session, bugs };
}

/** The chunks, fetched before: what is left to chance is the session's clock, not the machine's. */
const CHUNKS = Promise.all(Object.entries(LOADERS).map(async ([group, load]) => [group, await load()] as const));

/** All code is there. */
function eager(): ProgramTable {
  fetchRestWith(() => undefined);
  return EAGER;
}

/** Loaders that take a random time on the session's clock, and the rest of the system likewise. `fail` says of each fetch whether it fails. */
async function slow(clock: TestHost, seed: number, fail: (group: string) => boolean = () => false) {
  let state = seed;
  const arrive = async (group: string): Promise<void> => {
    state = (state * 48271) % 2147483647;
    const ms = state % 700;
    // A copy of the world for a check may wait outside of the clock's reach.
    await new Promise<void>((resolve) => void (ms > 600 ? resolve() : clock.later(ms, resolve)));
    if (fail(group)) throw new Error('offline');
  };
  fetchRestWith(once(() => arrive('system')));
  const entries = (await CHUNKS).map(([group, programs]): [string, Loader] => [
    group,
    () => arrive(group).then(() => programs),
  ]);
  return lazyPrograms(Object.fromEntries(entries) as Record<Group, Loader>);
}

/** Types everything; returns the session when it has come to rest. */
async function work(table: ProgramTable, clock: TestHost) {
  const opened = await open(table, clock);
  for (const [terminal, text, ms] of TYPED) {
    const typed = opened.session.input(terminal, text);
    await clock.pass(ms);
    await clock.until(typed);
  }
  await clock.pass(12_000);
  return opened;
}

test('fetching programs leaves no trace in the history', async () => {
  for (const seed of [1, 7, 99]) {
    const clock = host();
    const live = await work(await slow(clock, seed), clock);
    assert.deepEqual(live.bugs, []);
    assert.deepEqual(live.page.crashes, []);
    assert.match(live.page.printed[0]!, /lo +UNKNOWN/);
    assert.match(live.page.printed[1]!, /1 packets transmitted, 1 received/);
    assert.equal(live.page.done, true);
    // The same inputs at the same points lead to the same place in a world that has all programs, and in another slow one.
    for (const again of [eager, () => slow(clock, seed + 1)]) {
      const other = await open(await again(), clock, live.page.saved);
      assert.equal(other.page.refused, undefined);
      assert.deepEqual(other.page.printed, live.page.printed);
      await clock.pass(600);
      assert.deepEqual(other.bugs, []);
    }
  }
});

test('a program that cannot be fetched says so, is tried again, and its failure is replayed', async () => {
  const clock = host();
  let offline = true;
  const table = await slow(clock, 5, (group) => offline && group === 'text');
  const { page, session, bugs } = await open(table, clock);
  const type = async (text: string) => {
    await clock.until(session.input(0, text));
    await clock.pass(4000);
  };
  await type('echo a | grep a; echo ${PIPESTATUS[1]}\r');
  assert.match(page.printed[0]!, /\/usr\/bin\/grep: cannot load program: network error\r\n126\r\n/);
  offline = false;
  await type('echo b | grep --color=never b; echo $?\r');
  assert.match(page.printed[0]!, /\rb\r\n0\r\n/);
  assert.deepEqual(page.crashes, []);
  assert.equal(page.saved.journal.filter((e) => e.event.kind === 'absent').length, 1);
  for (const again of [eager, () => slow(clock, 6)]) {
    const other = await open(await again(), clock, page.saved);
    assert.equal(other.page.refused, undefined);
    assert.equal(other.page.printed[0], page.printed[0]);
  }
  // Only the check of the task, which needs grep, may have been given up while there was no network.
  assert.ok(bugs.every((bug) => String(bug).includes('grep')));
});

test('when the rest of the shell cannot be fetched a modest command runs, others say so, and both are replayed', async () => {
  const clock = host();
  let offline = true;
  const table = await slow(clock, 11, (group) => offline && group === 'system');
  const bare = { ...LAB, setup: [], places: [{ machine: 'host' }], tasks: [] };
  const { page, session } = await open(table, clock, null, bare);
  const type = async (text: string) => {
    await clock.until(session.input(0, text));
    await clock.pass(4000);
  };
  await type('hostname\r');
  await type('echo $((1 + 1))\r');
  assert.match(page.printed[0]!, /\rhost\r\n[^]*bash: cannot load the rest of the shell: network error\r\n/);
  offline = false;
  await type('echo $? $((1 + 1))\r');
  assert.match(page.printed[0]!, /\r126 2\r\n/);
  assert.deepEqual(page.crashes, []);
  for (const again of [eager, () => slow(clock, 12)]) {
    const other = await open(await again(), clock, page.saved, bare);
    assert.equal(other.page.refused, undefined);
    assert.equal(other.page.printed[0], page.printed[0]);
  }
});
