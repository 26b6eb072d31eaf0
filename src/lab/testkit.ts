import '../engine/world';
import * as checks from './checks';
import type { Host } from './driver';
import { haveChecks } from './tasks';

// The clock that a test moves does not wait for the real one, by which imports come.
haveChecks(checks);

/** A host whose clock a test moves. Everything scheduled runs in order of time; promises settle in between. */
export interface TestHost extends Host {
  /** Lets `ms` milliseconds pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until `work` has settled. */
  until<T>(work: Promise<T>): Promise<T>;
}

/** Makes a host. Looking at the clock costs `cost` milliseconds, so that slices end. */
export function host(cost = 0.5): TestHost {
  let time = 0;
  let jobs: { at: number; order: number; work: () => void }[] = [];
  let order = 0;
  const add = (ms: number, work: () => void) => {
    const job = { at: time + ms, order: order++, work };
    jobs.push(job);
    return () => {
      jobs = jobs.filter((j) => j !== job);
    };
  };
  const settle = async () => {
    for (let i = 0; i < 6; i++) await Promise.resolve();
  };
  /** Runs the next job at or before `end`. */
  const step = async (end: number): Promise<boolean> => {
    await settle();
    const next = jobs.filter((j) => j.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
    if (!next) return false;
    jobs = jobs.filter((j) => j !== next);
    time = Math.max(time, next.at);
    next.work();
    await settle();
    return true;
  };
  return {
    now: () => (time += cost),
    soon: (work) => void add(0, work),
    later: add,
    async pass(ms) {
      const end = time + ms;
      while (await step(end));
      time = Math.max(time, end);
    },
    async until(work) {
      let settled = false;
      const done = work.finally(() => (settled = true));
      done.catch(() => undefined);
      await settle();
      // Code that is imported on the way comes by the real event loop, which a busy world must leave room for.
      for (let n = 1; !settled; n++)
        if (n % 64 === 0 || !(await step(time + 60_000))) await new Promise((resolve) => setImmediate(resolve));
      return done;
    },
  };
}
