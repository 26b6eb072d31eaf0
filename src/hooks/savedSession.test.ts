import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SavedSession } from '../lab/protocol';
import { packSession, unpackSession } from './savedSession';
import { shuffled } from './shuffle';

const session: SavedSession = {
  version: 1,
  lab: 'one-cable',
  fingerprint: 'abc',
  journal: [{ steps: 12, time: 34, event: { kind: 'input', terminal: 1, data: 'ip link show “veth1”\r' } }],
  done: ['link'],
  hints: { link: 1 },
};

test('a session goes through a link unchanged', async () => {
  const text = await packSession(session);
  assert.match(text ?? '', /^[\w-]+$/);
  assert.deepEqual(await unpackSession(text ?? ''), session);
});

test('a session too long for a link is refused', async () => {
  let noise = '';
  for (let i = 1, x = 1; i < 40_000; i++) noise += String.fromCharCode(33 + ((x = (x * 48271) % 2147483647) % 90));
  assert.equal(await packSession({ ...session, fingerprint: noise }), null);
});

test('text that is not a session gives null', async () => {
  assert.equal(await unpackSession('hello'), null);
  assert.equal(await unpackSession('%%%'), null);
});

test('a shuffle keeps all options and is the same every time', () => {
  const options = ['a', 'b', 'c', 'd'];
  assert.deepEqual([...shuffled(options, 'q1')].sort(), options);
  assert.deepEqual(shuffled(options, 'q1'), shuffled(options, 'q1'));
  const orders = new Set(Array.from({ length: 50 }, (_, i) => shuffled(options, `q${i}`).join('')));
  assert.ok(orders.size > 10, `only ${orders.size} different orders`);
});
