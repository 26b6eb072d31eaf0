import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coat } from './headers';

test('a wire of 1500 leaves 1450 for the packet and 1422 for its data', () => {
  const { overhead, inner, data, headers } = coat(1500);
  assert.deepEqual([overhead, inner, data], [50, 1450, 1422]);
  // All that an MTU counts fills the wire.
  assert.equal(
    headers.filter((h) => h.part !== 'frame').reduce((n, h) => n + h.bytes, 0),
    1500,
  );
});

test('the coat weighs the same on every wire', () => {
  assert.equal(coat(9000).inner, 8950);
  assert.equal(coat(1280).overhead, 50);
});
