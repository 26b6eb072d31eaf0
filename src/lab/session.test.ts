import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CompiledLab, SavedSession, SessionListener, SessionState } from './protocol';
import { LabSession } from './session';
import { host } from './testkit';

const LAB: CompiledLab = {
  id: 'demo',
  title: 'Demo',
  summary: '',
  kind: 'lab',
  minutes: 5,
  world: 'linux',
  seed: 's',
  setup: [{ run: 'mkdir /lab' }],
  places: [{ machine: 'host' }],
  tasks: [
    {
      id: 'one',
      title: 'One',
      mode: 'holds',
      checks: [{ kind: 'run', run: 'test -e /lab/one', expect: {}, say: 'There is no /lab/one.' }],
      hints: [
        { when: { kind: 'run', run: 'test -e /lab/ONE', expect: {} }, say: 'Case matters.' },
        { say: 'Which command makes a file?' },
      ],
      feedback: [
        { id: 'caps', when: { kind: 'run', run: 'test -e /lab/ONE', expect: {} }, say: 'That is ONE, in capitals.' },
      ],
      solutions: [{ steps: [{ run: 'touch /lab/one' }] }],
    },
    {
      id: 'two',
      title: 'Two',
      mode: 'done',
      checks: [{ kind: 'run', run: 'test -e /lab/two', expect: {} }],
      hints: [],
      feedback: [],
      solutions: [{ steps: [{ run: 'touch /lab/two' }] }],
    },
  ],
  topology: { boxes: [], links: [] },
  fingerprint: 'f',
};

/** A page in a test: what it was told last, and everything that was printed. */
class Page implements SessionListener {
  last: SessionState | null = null;
  saved: SavedSession | null = null;
  printed = new Map<number, string>();
  crashes: string[] = [];
  private readonly decoder = new TextDecoder();

  output(terminal: number, data: Uint8Array): void {
    this.printed.set(terminal, (this.printed.get(terminal) ?? '') + this.decoder.decode(data));
  }
  rewind(terminal: number): void {
    this.printed.delete(terminal);
  }
  state(state: SessionState): void {
    this.last = structuredClone(state);
  }
  save(session: SavedSession): void {
    this.saved = structuredClone(session);
  }
  crash(message: string, detail: string): void {
    this.crashes.push(`${message} ${detail}`);
  }
  task(id: string) {
    return this.last?.tasks.find((t) => t.id === id);
  }
}

/** Runs a scenario on a fresh fake clock; every session it opens shares it. */
async function open(saved: SavedSession | null = null, lab: CompiledLab = LAB, cost?: number) {
  const clock = host(cost);
  const page = new Page();
  const bugs: unknown[] = [];
  const session = new LabSession(lab, saved, page, clock, (error) => bugs.push(error));
  await clock.until(session.begun);
  await clock.pass(500);
  return {
    page,
    session,
    clock,
    bugs,
    async type(text: string, ms = 1500, terminal = 0) {
      await clock.until(session.input(terminal, text));
      await clock.pass(ms);
    },
  };
}

test('keys and a size that come before the world is there are taken once it is, in their order', async () => {
  const clock = host();
  const page = new Page();
  const session = new LabSession(LAB, null, page, clock);
  const early = Promise.all([session.resize(0, 100, 30), session.input(0, 'stty si'), session.input(0, 'ze\r')]);
  await clock.until(session.begun);
  await clock.until(early);
  await clock.pass(1000);
  assert.match(page.printed.get(0) ?? '', /stty size\r\n.*30 100\r\n/s);
});

test('tasks are seen to be done, and lost with the command that undid them', async () => {
  const { page, type, bugs } = await open();
  assert.equal(page.task('one')?.state, 'active');
  assert.equal(page.task('one')?.feedback, null);
  await type('touch /lab/ONE\r');
  assert.equal(page.task('one')?.feedback, 'That is ONE, in capitals.');
  await type('touch /lab/one\r');
  assert.equal(page.task('one')?.state, 'done');
  assert.equal(page.task('two')?.state, 'active');
  await type('touch /lab/two\r');
  assert.equal(page.last?.solved, true);
  await type('echo a\r', 20);
  await type('rm /lab/one\r', 20);
  await type('echo b\r');
  assert.equal(page.task('one')?.state, 'lost');
  assert.equal(page.task('one')?.feedback, 'That is ONE, in capitals.');
  assert.equal(page.task('one')?.undoneBy, 'rm /lab/one');
  await type('rm /lab/two\r');
  assert.equal(page.task('two')?.state, 'done', 'done once is done');
  assert.equal(page.last?.solved, false);
  assert.deepEqual(bugs, []);
});

test('checks do not touch the live world', async () => {
  const lab = structuredClone(LAB) as { -readonly [K in keyof CompiledLab]: CompiledLab[K] };
  lab.tasks = [{ ...LAB.tasks[0]!, checks: [{ kind: 'run', run: 'echo x >> /lab/trace; false', expect: {} }] }];
  const { page, type } = await open(null, lab);
  await type('echo one\r');
  await type('wc -l /lab/trace\r');
  assert.match(page.printed.get(0)!, /No such file/);
});

test('undo takes back the last command, typed text and all', async () => {
  const { page, type, session, clock } = await open();
  await type('touch /lab/one\r');
  await type('rm /lab/one\r');
  await type('half a comm');
  const undone = await clock.until(session.undo());
  await clock.pass(1000);
  assert.equal(undone, 'rm /lab/one');
  assert.equal(page.last?.undoable, 1);
  assert.equal(page.task('one')?.state, 'done');
  assert.doesNotMatch(page.printed.get(0)!, /rm |half/);
  await type('ls /lab\r');
  assert.match(page.printed.get(0)!, /\bone\b/);
  assert.equal(await clock.until(session.undo()), 'ls /lab');
  assert.equal(await clock.until(session.undo()), 'touch /lab/one');
  assert.equal(await clock.until(session.undo()), null);
});

test('reset goes to the start, or to the start of a task', async () => {
  const { page, type, session, clock } = await open();
  await type('touch /lab/junk\r');
  await clock.until(session.reset('two'));
  await clock.pass(1000);
  assert.equal(page.task('one')?.state, 'done');
  assert.equal(page.task('two')?.state, 'active');
  await type('ls /lab; echo end\r');
  assert.match(page.printed.get(0)!, /\bone\b/);
  assert.doesNotMatch(page.printed.get(0)!, /junk/);
  await clock.until(session.reset());
  await clock.pass(1000);
  assert.equal(page.task('one')?.state, 'active');
  assert.equal(page.last?.undoable, 0);
});

test('a reload comes back to the same screen, tasks and hints', async () => {
  const first = await open();
  await first.type('cd /lab; x=41\r');
  await first.type('touch one; sleep 2; echo slept\r', 4000);
  await first.clock.until(first.session.hint('one'));
  await first.clock.pass(1000);
  const saved = first.page.saved!;
  const second = await open(saved);
  assert.equal(second.page.last!.refused, undefined);
  assert.equal(second.page.printed.get(0), first.page.printed.get(0));
  assert.deepEqual(second.page.last?.tasks, first.page.last?.tasks);
  await second.type('echo $((x+1)) $PWD\r');
  assert.match(second.page.printed.get(0)!, /42 \/lab/);
});

test('a session that cannot be used is refused, and the lab begins', async () => {
  const first = await open();
  await first.type('echo hi\r');
  const saved = first.page.saved!;
  const cases: [SavedSession, RegExp][] = [
    [{ ...saved, fingerprint: 'other' }, /has changed/],
    [{ ...saved, journal: saved.journal.map((e) => ({ ...e, steps: e.steps + 100_000 })) }, /could not be rebuilt/],
    [
      {
        ...saved,
        journal: [
          {
            ...saved.journal[0]!,
            event: { kind: 'open', terminal: 0, place: { machine: 'no' }, columns: 80, rows: 24 },
          },
        ],
      },
      /could not be rebuilt/,
    ],
  ];
  for (const [bad, reason] of cases) {
    const next = await open(bad);
    assert.match(next.page.last!.refused ?? '', reason);
    await next.type('echo $((6*7))\r');
    assert.match(next.page.printed.get(0)!, /42/);
  }
});

test('the hint ladder follows the state, and ends', async () => {
  const { session, clock, type, page } = await open();
  assert.equal(await clock.until(session.hint('one')), 'Which command makes a file?');
  assert.equal(await clock.until(session.hint('one')), null);
  await type('touch /lab/ONE\r');
  assert.equal(await clock.until(session.hint('one')), 'Case matters.');
  await clock.pass(200);
  assert.deepEqual(page.task('one')?.hintsShown, ['Which command makes a file?', 'Case matters.']);
  assert.equal(page.task('one')?.hintsLeft, 0);
});

test('terminals share one world', async () => {
  const { session, clock, type, page } = await open();
  const second = await clock.until(session.open({ machine: 'host' }, 80, 24));
  await clock.pass(500);
  await type('echo from-two > /lab/f\r', 1000, second);
  await type('cat /lab/f\r');
  assert.match(page.printed.get(0)!, /from-two/);
  await clock.until(session.close(second));
  await clock.pass(500);
  assert.equal(page.last?.terminals.find((t) => t.id === second)?.alive, false);
});

test('an endless loop ends by Ctrl-C and replays cheaply', async () => {
  const { session, clock, type, page } = await open(null, LAB, 8);
  await type('while true; do :; done\r', 10_000);
  assert.equal(page.last?.busy, true);
  await type('\u0003', 500);
  assert.equal(page.last?.busy, false);
  assert.equal(await clock.until(session.undo()), 'while true; do :; done');
});

test('the journal of random inputs replays to the same bytes', async () => {
  const command = fc.constantFrom(
    'echo $RANDOM\r',
    'ls -li /lab\r',
    'date +%s.%N\r',
    'touch /lab/$RANDOM\r',
    'sleep 1\r',
    'cat\r',
    'x\u0004',
    '\u0003',
    '\u001b[A\r',
    'for i in {1..300}; do :; done\r',
    'ps\r',
    'seq 1 500\r',
    'yes | head -n 300\r',
    'abc\u007f\u007f',
    '\t',
    'sleep 5 & echo $!\r',
    'jobs\r',
    'wait\r',
    '\u001a',
    'fg\r',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(command, fc.integer({ min: 0, max: 2000 })), { maxLength: 12 }),
      async (inputs) => {
        const first = await open();
        for (const [text, ms] of inputs) await first.type(text, ms);
        await first.clock.pass(600);
        const saved = first.page.saved!;
        // Whatever was printed after the save is not in it.
        const second = await open(saved);
        assert.equal(second.page.last!.refused, undefined);
        const [a, b] = [first.page.printed.get(0)!, second.page.printed.get(0)!];
        assert.ok(
          a.startsWith(b.slice(0, a.length)) || b.startsWith(a),
          `${JSON.stringify(a.slice(-300))}\n${JSON.stringify(b.slice(-300))}`,
        );
        assert.deepEqual(first.bugs, []);
      },
    ),
    { numRuns: 8, seed: 20261126, endOnFailure: true },
  );
});
