import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flags } from './options';
import { getoptOr, setFlag } from './options';

class Refused extends Error {}

test("a refusal is the program's own error with getopt's message", () => {
  const read = (...args: string[]) => getoptOr(['x', ...args], 'an:', ['all=a'], (m) => new Refused(`x: ${m}!`));
  assert.deepEqual(read('--all', '-n5', 'f'), {
    options: [
      { name: 'a', arg: undefined },
      { name: 'n', arg: '5' },
    ],
    operands: ['f'],
  });
  assert.throws(
    () => read('-y'),
    (e) => e instanceof Refused && e.message === "x: invalid option -- 'y'!",
  );
  assert.throws(
    () => read('--all=1'),
    (e) => e instanceof Refused && e.message === "x: option '--all' doesn't allow an argument!",
  );
});

test('an option that only sets something sets all of it, and any other is left to the program', () => {
  const o = { wide: false, output: 'screen', count: 10 };
  const flags: Flags<typeof o> = { w: { wide: true, output: 'report' } };
  assert.equal(setFlag(o, flags, 'c'), false);
  assert.deepEqual(o, { wide: false, output: 'screen', count: 10 });
  assert.equal(setFlag(o, flags, 'w'), true);
  assert.deepEqual(o, { wide: true, output: 'report', count: 10 });
});
