import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal, MAX_ENTRIES, MAX_SIZE, refuse } from './journal';
import type { JournalEntry, SavedSession } from './protocol';

const entry = (steps: number, data = 'x'): JournalEntry => ({
  steps,
  time: steps,
  event: { kind: 'input', terminal: 0, data },
});
const good: SavedSession = {
  version: 1,
  lab: 'a',
  fingerprint: 'f',
  journal: [entry(1), entry(2)],
  reached: { steps: 3, time: 3 },
  done: ['t'],
  hints: { t: 1 },
};

test('a good session is taken', () => assert.equal(refuse(good, 'a', 'f'), null));

test('foreign, old and damaged sessions are refused with a reason', () => {
  const cases: [unknown, RegExp][] = [
    [null, /could not be read/],
    ['text', /could not be read/],
    [[], /could not be read/],
    [{ ...good, version: 2 }, /another version/],
    [{ ...good, lab: 'b' }, /another lab/],
    [{ ...good, fingerprint: 'g' }, /has changed/],
    [{ ...good, journal: {} }, /damaged/],
    [{ ...good, journal: [null] }, /damaged/],
    [{ ...good, journal: [entry(2), entry(1)] }, /damaged/],
    [{ ...good, journal: [{ ...entry(1), steps: -1 }] }, /damaged/],
    [{ ...good, journal: [{ ...entry(1), time: NaN }] }, /damaged/],
    [{ ...good, journal: [{ ...entry(1), event: { kind: 'input', terminal: 0 } }] }, /damaged/],
    [
      { ...good, journal: [{ ...entry(1), event: { kind: 'open', terminal: 0, place: {}, columns: 80, rows: 24 } }] },
      /damaged/,
    ],
    [
      { ...good, journal: [{ ...entry(1), event: { kind: 'resize', terminal: 0, columns: 1e9, rows: 24 } }] },
      /damaged/,
    ],
    [{ ...good, journal: [{ ...entry(1), event: { kind: 'launch', terminal: 0 } }] }, /damaged/],
    [{ ...good, reached: 'end' }, /damaged/],
    [{ ...good, done: [1] }, /damaged/],
    [{ ...good, hints: { t: -1 } }, /damaged/],
    [{ ...good, hints: null }, /damaged/],
  ];
  for (const [saved, reason] of cases) assert.match(refuse(saved, 'a', 'f') ?? 'taken', reason, JSON.stringify(saved));
});

test('a journal has limits, and room again after a cut', () => {
  const journal = new Journal();
  journal.add(entry(1, 'y'.repeat(MAX_SIZE - 500)));
  assert.equal(journal.fits(1000), false);
  assert.equal(journal.fits(10), true);
  journal.cut(0);
  assert.equal(journal.fits(1000), true);
  for (let i = 0; i < MAX_ENTRIES; i++) journal.add({ ...entry(i), event: { kind: 'close', terminal: 0 } });
  assert.equal(journal.fits(0), false);
});
