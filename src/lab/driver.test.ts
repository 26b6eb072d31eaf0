import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sys } from '../engine/host';
import type { Coroutine } from '../engine/core';
import { World } from '../engine/world';
import type { Host } from './driver';
import { Driver } from './driver';

/** A wall clock and an event loop that a test moves; every look at the clock costs `cost` milliseconds. */
class FakeHost implements Host {
  time = 1000;
  cost = 0;
  /** Milliseconds in which the world was computing. */
  private jobs: { at: number; work: () => void }[] = [];

  now(): number {
    this.time += this.cost;
    return this.time;
  }
  soon(work: () => void): void {
    this.jobs.push({ at: this.time, work });
  }
  later(ms: number, work: () => void): () => void {
    const job = { at: this.time + ms, work };
    this.jobs.push(job);
    return () => {
      this.jobs = this.jobs.filter((j) => j !== job);
    };
  }
  /** Lets `ms` milliseconds pass. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.jobs.filter((j) => j.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.jobs = this.jobs.filter((j) => j !== next);
      this.time = Math.max(this.time, next.at);
      next.work();
    }
    this.time = Math.max(this.time, end);
  }
}

function setUp(main: (sys: Sys) => Coroutine<number>): {
  world: World;
  host: FakeHost;
  driver: Driver;
  full: { is: boolean };
} {
  const world = new World('test', 'seed', new Map());
  const machine = world.addMachine('host');
  machine.spawn({ parent: machine.init, main });
  const host = new FakeHost();
  const full = { is: false };
  const driver = new Driver(world, host, {
    full: () => full.is,
    moved: () => undefined,
    failed: (error) => {
      throw error;
    },
  });
  return { world, host, driver, full };
}

function* spin(sys: Sys): Coroutine<number> {
  for (;;) yield* sys.work(1);
}

test('a program that waits sees virtual time follow the wall clock', () => {
  const ticks: number[] = [];
  const { world, host, driver } = setUp(function* (sys) {
    for (;;) {
      yield* sys.sleep(1_000_000);
      ticks.push(Math.round((world.now - world.epoch) / 1000));
    }
  });
  driver.start();
  host.pass(3500);
  assert.deepEqual(ticks, [1000, 2000, 3000]);
  assert.ok(Math.abs(world.now - world.epoch - 3_500_000) < 1_100_000);
});

test('an input is stamped with the time at which it came', () => {
  const { world, host, driver } = setUp(function* (sys) {
    yield* sys.sleep(3_600_000_000);
    return 0;
  });
  driver.start();
  host.pass(700);
  driver.sync();
  assert.ok(Math.abs(world.now - world.epoch - 700_000) < 1000);
});

test('an endless loop is slowed down after about a second and a half', () => {
  const { host, driver, world } = setUp(spin);
  host.cost = 0.5;
  driver.start();
  const before = world.scheduler.steps;
  host.pass(1000);
  const first = world.scheduler.steps - before;
  host.pass(29_000);
  const all = world.scheduler.steps - before;
  assert.ok(first > 0);
  assert.ok(all < 6 * first, `30 s cost ${(all / first).toFixed(1)} times what the first second did`);
});

test('the loop still gets turns when it is slowed down', () => {
  const { host, driver, world } = setUp(spin);
  host.cost = 0.5;
  driver.start();
  host.pass(10_000);
  const before = world.scheduler.steps;
  host.pass(1000);
  assert.ok(world.scheduler.steps > before);
});

test('the world waits while the page has too much output', () => {
  const { host, driver, world, full } = setUp(spin);
  host.cost = 0.5;
  full.is = true;
  driver.start();
  host.pass(500);
  assert.equal(world.scheduler.steps, 0);
  full.is = false;
  host.pass(100);
  assert.ok(world.scheduler.steps > 0);
});

test('a computer that slept does not make the world catch up', () => {
  let ticks = 0;
  const { host, driver } = setUp(function* (sys) {
    for (;;) {
      yield* sys.sleep(1_000_000);
      ticks++;
    }
  });
  driver.start();
  host.pass(1500);
  host.time += 3_600_000;
  host.pass(1000);
  assert.ok(ticks <= 4, `${ticks} ticks`);
});

test('skip runs ahead and comes back to the pace of the wall clock', async () => {
  const { host, driver, world } = setUp(function* (sys) {
    yield* sys.sleep(50_000_000);
    return 0;
  });
  driver.start();
  const done = driver.skip(60_000_000);
  host.pass(20);
  await done;
  assert.ok(world.now - world.epoch >= 60_000_000);
  assert.equal(driver.fast, false);
});
