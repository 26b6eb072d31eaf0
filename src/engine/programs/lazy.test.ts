import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BASH_PROGRAMS } from '../shell';
import { PROGRAMS } from '.';
import { LOADERS, lazyPrograms } from './lazy';
import { makeManifest } from './make-manifest';
import { MANIFEST } from './manifest';
import { SUMMARIES } from './summaries';

const EAGER = new Map(PROGRAMS.map((p) => [p.name, p]));

test('the manifest says what the programs say: else run `npx tsx scripts/programs-manifest.ts`', async () => {
  const { manifest, summaries } = await makeManifest(EAGER, LOADERS, BASH_PROGRAMS);
  assert.deepEqual(MANIFEST, manifest);
  assert.deepEqual(SUMMARIES, summaries);
});

test('the lazy table has the programs of the eager one, in its order', async () => {
  const lazy = lazyPrograms();
  assert.deepEqual([...lazy.keys()], [...EAGER.keys()]);
  for (const [name, program] of lazy) {
    await program.fetch?.();
    const { main, manual } = EAGER.get(name)!;
    assert.equal(program.main, main, name);
    assert.equal(program.manual, manual, name);
  }
});

test('a failed fetch is tried again', async () => {
  let tries = 0;
  const sleep = lazyPrograms({
    ...LOADERS,
    coreutils: () => (tries++ === 0 ? Promise.reject(new Error('offline')) : LOADERS.coreutils()),
  }).get('sleep')!;
  assert.throws(() => sleep.main, /before its code was fetched/);
  await assert.rejects(sleep.fetch!()!, /offline/);
  await sleep.fetch!();
  assert.equal(sleep.fetch!(), undefined);
  assert.equal(tries, 2);
});
