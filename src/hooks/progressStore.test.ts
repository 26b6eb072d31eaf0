import assert from 'node:assert/strict';
import { test } from 'node:test';
import { empty, labState, merge, objectiveState, parse, type Progress } from './progressData';
import { keys, ProgressStore, type KeyValue } from './progressStore';

function memory(initial: Record<string, string> = {}, full = false): KeyValue & { data: Map<string, string> } {
  const data = new Map(Object.entries(initial));
  return {
    data,
    getItem: (k) => data.get(k) ?? null,
    setItem: (k, v) => {
      if (full) throw new Error('QuotaExceededError');
      data.set(k, v);
    },
    removeItem: (k) => void data.delete(k),
  };
}

const t1 = '2026-11-01T10:00:00.000Z';
const t2 = '2026-11-02T10:00:00.000Z';
const oneTask: Progress = { ...empty, labs: { cable: { done: { link: t1 }, tasks: 2, seen: t1 } } };

test('what is saved is read back', () => {
  const storage = memory();
  new ProgressStore(storage).update(() => oneTask);
  assert.deepEqual(new ProgressStore(storage).get().progress, oneTask);
});

test('a damaged text is kept, named, and replaced by the last good copy', () => {
  const storage = memory();
  new ProgressStore(storage).update(() => oneTask);
  new ProgressStore(storage);
  storage.data.set(keys.main, '{"version":1,"labs":{"cable":');
  const store = new ProgressStore(storage);
  assert.equal(storage.data.get(keys.damaged), '{"version":1,"labs":{"cable":');
  assert.deepEqual(store.get().progress, oneTask);
  assert.match(store.get().notice?.text ?? '', /not JSON/);
});

test('a second damaged text does not overwrite the first', () => {
  const storage = memory({ [keys.main]: 'first' });
  new ProgressStore(storage);
  storage.data.set(keys.main, 'second');
  new ProgressStore(storage);
  assert.equal(storage.data.get(keys.damaged), 'first');
  assert.equal(storage.data.get(`${keys.damaged}:2`), 'second');
});

test('a newer version is not overwritten', () => {
  const storage = memory({ [keys.main]: '{"version":2}' });
  const store = new ProgressStore(storage);
  store.update(() => oneTask);
  assert.equal(storage.data.get(keys.damaged), '{"version":2}');
  assert.match(store.get().notice?.text ?? '', /version is 2/);
});

test('two tabs keep both their tasks', () => {
  const storage = memory();
  const a = new ProgressStore(storage);
  const b = new ProgressStore(storage);
  a.update((p) => merge(p, oneTask));
  b.update((p) => merge(p, { ...empty, labs: { cable: { done: { addr: t2 }, tasks: 2, seen: t2 } } }));
  assert.deepEqual(Object.keys(new ProgressStore(storage).get().progress.labs.cable?.done ?? {}).sort(), [
    'addr',
    'link',
  ]);
});

test('import adds and never removes; a bad file changes nothing', () => {
  const store = new ProgressStore(memory());
  store.update(() => oneTask);
  store.import(JSON.stringify({ version: 1, chapters: { 3: t2 } }));
  assert.equal(store.get().progress.chapters['3'], t2);
  assert.equal(labState(store.get().progress, 'cable'), 'half');
  const before = store.get().progress;
  assert.throws(() => store.import('{"version":1,"labs":[]}'), /labs is not a record/);
  assert.equal(store.get().progress, before);
});

test('a full storage is reported and the state stays in memory', () => {
  const store = new ProgressStore(memory({}, true));
  store.update(() => oneTask);
  assert.deepEqual(store.get().progress, oneTask);
  assert.equal(store.get().notice?.kind, 'unavailable');
});

test('a key named __proto__ in a file stays a key', () => {
  const p = parse('{"version":1,"chapters":{"__proto__":"2026-11-01T10:00:00Z"}}');
  assert.deepEqual(Object.keys(p.chapters), ['__proto__']);
});

test('an objective needs all that it names: labs and quizzes', () => {
  const lab: Progress = { ...empty, labs: { cable: { done: { link: t1 }, tasks: 1, seen: t1 } } };
  assert.equal(objectiveState(empty, 3, ['cable', 'veth']), 'open');
  assert.equal(objectiveState(lab, 3, ['cable', 'veth']), 'half');
  assert.equal(objectiveState({ ...lab, quizzes: { '3/veth': t1 } }, 3, ['cable', 'veth']), 'done');
  assert.equal(objectiveState({ ...lab, quizzes: { '4/veth': t1 } }, 3, ['cable', 'veth']), 'half');
});
