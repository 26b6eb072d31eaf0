import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchRestWith } from '../engine/host';
import { useLazyCode } from '../engine/world/lazy';
import type { Host } from './driver';
import type { CompiledLab, SessionListener, SessionState } from './protocol';
import { LabSession } from './session';

// Imports what the worker's first chunk has, and no more: what it lacks would be missed here as it would be in a browser.

const LAB: CompiledLab = {
  id: 'first',
  title: 'First',
  summary: '',
  kind: 'lab',
  minutes: 1,
  world: 'linux',
  seed: 'first',
  setup: [],
  places: [{ machine: 'host' }],
  tasks: [],
  topology: { boxes: [], links: [] },
  fingerprint: 'f',
};

const HOST: Host = {
  now: () => performance.now(),
  soon: (task) => void setImmediate(task),
  later(ms, task) {
    // The session goes on for ever; the test does not.
    const id = setTimeout(task, ms).unref();
    return () => clearTimeout(id);
  },
};

test('the prompt and a first command need no more than the first chunk; the next one fetches the rest', async () => {
  useLazyCode();
  let asked = 0;
  let there = false;
  fetchRestWith(() => {
    asked++;
    return there ? undefined : import('../engine/world/system').then(() => void (there = true));
  });
  const bugs: unknown[] = [];
  let screen = '';
  let state: SessionState | undefined;
  const page: SessionListener = {
    output: (_, data) => void (screen += new TextDecoder().decode(data)),
    rewind: () => undefined,
    state: (s) => void (state = s),
    save: () => undefined,
    crash: (message, detail) => bugs.push(`${message} ${detail}`),
  };
  const session = new LabSession(LAB, null, page, HOST, (error) => bugs.push(error));
  const shown = async (what: () => boolean): Promise<void> => {
    while (!what() && bugs.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(bugs, []);
  };
  await shown(() => screen.endsWith('# ') && state !== undefined);
  assert.equal(screen, '\x1b[?2004hroot@host:~# ');
  assert.deepEqual(
    state!.topology.boxes.map((b) => b.ports.map((p) => [p.name, p.state, p.addresses])),
    [[['lo', 'up', ['127.0.0.1/8', '::1/128']]]],
  );
  await session.input(0, '\r');
  await session.input(0, 'hostname\r');
  await shown(() => /\rhost\r\n/.test(screen));
  assert.equal(asked, 0);
  await session.input(0, 'for i in 1 2; do echo $((i + 1)) | cat; done; cat /proc/sys/net/ipv4/ip_forward\r');
  await shown(() => /\r2\r\n3\r\n0\r\n/.test(screen));
  assert.ok(asked > 0 && there);
  await session.input(0, 'exit\r');
  await shown(() => /\rlogout\r\n/.test(screen));
});
