import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coroutine } from '../core';
import { decode, Random, Scheduler } from '../core';
import { FileNode } from './inode';
import { Machine } from './machine';
import { shellStatus } from './process';
import type { Program } from './program';
import type { Sys } from './sys';

function machine(programs: Program[] = []): Machine {
  const m = new Machine({
    name: 'host',
    scheduler: new Scheduler(1_790_000_000_000_000),
    random: new Random('test'),
    programs: new Map(programs.map((p) => [p.name, p])),
  });
  m.onCrash = (e) => {
    throw e;
  };
  return m;
}

function run(m: Machine, main: (sys: Sys) => Coroutine<number>): number {
  const proc = m.spawn({ parent: m.init, main, argv: ['test'] });
  let status = -1;
  proc.onExit.push((s) => (status = shellStatus(s)));
  let guard = 1_000_000;
  while (status < 0 && guard-- > 0 && m.scheduler.step());
  return status;
}

function* yes(sys: Sys): Coroutine<number> {
  for (;;) yield* sys.print('y\n');
}

test('a writer whose reader is gone dies of SIGPIPE', () => {
  const m = machine();
  let seen = '';
  let writer = -1;
  const code = run(m, function* (sys) {
    const [r, w] = sys.pipe();
    const child = sys.fork(function* (c) {
      c.close(r);
      return yield* yes(c);
    });
    sys.close(w);
    seen = decode(yield* sys.read(r, 4));
    sys.close(r);
    writer = shellStatus((yield* sys.waitpid(child.pid))!.status);
    return 0;
  });
  assert.equal(code, 0);
  assert.equal(seen, 'y\ny\n');
  assert.equal(writer, 128 + 13);
});

test('signals end a wait, stop and continue a process, and are told to the parent', () => {
  const m = machine();
  const told: string[] = [];
  run(m, function* (sys) {
    const child = sys.fork(function* (c) {
      yield* c.sleep(1_000_000);
      return 7;
    });
    yield* sys.sleep(1000);
    yield* sys.kill(child.pid, 'SIGSTOP');
    told.push((yield* sys.waitpid(-1, { untraced: true }))!.status.kind);
    yield* sys.kill(child.pid, 'SIGCONT');
    told.push((yield* sys.waitpid(-1, { untraced: true }))!.status.kind);
    told.push(String(shellStatus((yield* sys.waitpid(child.pid))!.status)));
    const loop = sys.fork(function* (c) {
      for (;;) yield* c.work();
    });
    yield* sys.kill(loop.pid, 'SIGINT');
    told.push(String(shellStatus((yield* sys.waitpid(loop.pid))!.status)));
    return 0;
  });
  assert.deepEqual(told, ['stopped', 'continued', '7', '130']);
});

test('exec runs the program an executable names, and an interpreter for #!', () => {
  const echo: Program = {
    name: 'echo',
    path: '/bin/echo',
    summary: 'print arguments',
    *main(sys, argv) {
      yield* sys.print(`${argv.join(' ')}\n`);
      return 3;
    },
  };
  const m = machine([echo]);
  const file = new FileNode(0o755);
  file.program = 'echo';
  m.rootDir.link('echo', file);
  m.rootDir.link('script', new FileNode(0o755, '#!/echo -x\nbody'));
  const out = new FileNode();
  m.rootDir.link('out', out);
  const statuses: number[] = [];
  run(m, function* (sys) {
    const fd = yield* sys.open('/out', { write: true });
    sys.dup2(fd, 1);
    for (const path of ['/echo', '/script', '/nope']) {
      const child = sys.fork(function* (c) {
        try {
          return yield* c.exec(path, [path, 'a']);
        } catch (e) {
          if (e instanceof Error) return 127;
          throw e;
        }
      });
      statuses.push(shellStatus((yield* sys.waitpid(child.pid))!.status));
    }
    return 0;
  });
  assert.deepEqual(statuses, [3, 3, 127]);
  assert.equal(decode(out.contents), '/echo a\n/echo -x /script a\n');
});

test('a fork bomb meets the process limit and the machine stays usable', () => {
  const m = machine();
  function* bomb(sys: Sys): Coroutine<number> {
    for (;;) {
      try {
        sys.fork(bomb);
      } catch {
        yield* sys.sleep(10_000);
      }
      yield* sys.work();
    }
  }
  const code = run(m, function* (sys) {
    sys.fork(bomb, { pgid: 0 });
    yield* sys.sleep(50_000);
    m.signalGroup([...m.processes].at(-1)!.pgid, 'SIGKILL');
    yield* sys.sleep(1000);
    return 5;
  });
  assert.equal(code, 5);
  assert.ok(m.processes.size < 10);
});
