import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coroutine } from '../../core';
import { Random, Scheduler } from '../../core';
import { PidNamespace } from '../namespaces';
import { Machine } from '../machine';
import { buildRootfs } from '../rootfs';
import type { Sys } from '../sys';
import { procDir } from './root';

function machine(): Machine {
  const m = new Machine({
    name: 'host',
    scheduler: new Scheduler(1_795_424_400_000_000),
    random: new Random('test'),
    programs: new Map(),
  });
  m.onCrash = (e) => {
    throw e;
  };
  buildRootfs(m);
  return m;
}

function run(m: Machine, main: (sys: Sys) => Coroutine<number>): void {
  const proc = m.spawn({ parent: m.init, main, argv: ['/usr/bin/probe', 'a b'] });
  for (let guard = 100_000; proc.alive && guard > 0; guard--) if (!m.scheduler.step()) break;
  assert.equal(proc.alive, false);
}

test('/proc/self tells the reader about itself', () => {
  run(machine(), function* (sys) {
    assert.equal(yield* sys.readFile('/proc/self/cmdline'), '/usr/bin/probe\0a b\0');
    assert.equal(yield* sys.readFile('/proc/self/comm'), 'probe\n');
    assert.match(yield* sys.readFile('/proc/self/status'), new RegExp(`^Name:\\tprobe\\n(.*\\n)*Pid:\\t${sys.pid}\\n`));
    assert.equal(
      (yield* sys.readFile(`/proc/${sys.pid}/stat`)).split(' ').slice(0, 4).join(' '),
      `${sys.pid} (probe) R 1`,
    );
    assert.equal(sys.files.readlink('/proc/self'), String(sys.pid));
    assert.ok(sys.files.readdir('/proc').includes('1'));
    return 0;
  });
});

test('descriptors are links, and opening one gives the same pipe', () => {
  run(machine(), function* (sys) {
    const [r, w] = sys.pipe();
    assert.match(sys.files.readlink(`/proc/self/fd/${r}`), /^pipe:\[\d+\]$/);
    assert.equal(sys.files.stat(`/dev/fd/${w}`).type, 'fifo');
    const again = yield* sys.open(`/dev/fd/${w}`, { write: true });
    yield* sys.write(again, 'x');
    assert.deepEqual([...(yield* sys.read(r))], [120]);
    const fd = yield* sys.open('/etc/hostname', { read: true });
    assert.equal(sys.files.readlink(`/proc/self/fd/${fd}`), '/etc/hostname');
    return 0;
  });
});

test('a procfs of an inner PID namespace numbers from 1 and hides the rest', () => {
  const m = machine();
  const inner = new PidNamespace(m.namespaceInode(), m.namespaces.user, m.namespaces.pid);
  const proc = m.spawn({
    parent: m.init,
    ns: { pid: inner },
    argv: ['inside'],
    *main(sys) {
      yield* sys.sleep(1000);
      return 0;
    },
  });
  const root = procDir(m, inner);
  assert.deepEqual(
    root.names(proc).filter((n) => /^\d/.test(n)),
    ['1'],
  );
  assert.ok(proc.pidIn(m.namespaces.pid) > 1);
});

test('devices: null, full, zero', () => {
  run(machine(), function* (sys) {
    const zero = yield* sys.open('/dev/zero', { read: true });
    assert.deepEqual([...(yield* sys.read(zero, 3))], [0, 0, 0]);
    const full = yield* sys.open('/dev/full', { write: true });
    yield* (function* (): Coroutine<void> {
      try {
        yield* sys.write(full, 'x');
        assert.fail('no error');
      } catch (e) {
        assert.match(String(e), /No space left on device/);
      }
    })();
    assert.equal(sys.files.stat('/tmp').mode, 0o1777);
    assert.equal(sys.files.realpath('/bin/../sbin'), '/usr/sbin');
    assert.equal(sys.files.stat('/bin').type, 'dir');
    return 0;
  });
});
