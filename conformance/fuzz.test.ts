import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { World } from '../src/engine/world';
import { createWorld } from '../src/engine/world';
import { commandLine } from './fuzz-grammar';

/** Lines in all, and lines that share one world, as in one learner's session. */
const LINES = Number(process.env.FUZZ_LINES ?? 10_000);
const PER_WORLD = 50;
const SECOND = 1_000_000;
const LOOK =
  'ip -d addr; ip route show table all; ip neigh; ip netns list; ls -lA /tmp /run/netns; cat /proc/sys/net/ipv4/ip_forward; ps -e';

/** Runs a session and returns everything that could be seen of it. */
function session(lines: readonly string[], crashes: string[]): string[] {
  const world: World = createWorld('linux', 'fuzz');
  let current = '';
  for (const machine of world.machines.values()) {
    machine.onCrash = (error) => crashes.push(`${current}\n${error instanceof Error ? error.stack : String(error)}`);
  }
  const seen: string[] = [];
  for (const line of [...lines, LOOK]) {
    current = line;
    const before = world.scheduler.steps;
    const { screen, status } = world.exec({ machine: 'host' }, line, { timeout: 3 * SECOND, steps: 1500 });
    seen.push(`${line}\n${status}\n${screen}\n${world.now} ${world.scheduler.steps}`);
    // Leftovers of a line are stopped, so that each line has the machine for itself; init stays.
    const host = world.machine('host');
    for (const proc of [...host.processes]) if (proc !== host.init) proc.deliver('SIGKILL');
    world.settle(5000);
    assert.ok(world.scheduler.steps - before < 300_000, `too many steps: ${line}`);
  }
  return seen;
}

test(`${LINES} random command lines: no crash, no hang, the same bytes again`, { timeout: 600_000 }, () => {
  const crashes: string[] = [];
  let differing = '';
  fc.assert(
    fc.property(fc.array(commandLine, { minLength: PER_WORLD, maxLength: PER_WORLD }), (lines) => {
      const first = session(lines, crashes);
      const second = session(lines, []);
      const at = first.findIndex((seen, i) => seen !== second[i]);
      if (at >= 0) differing ||= `first:\n${first[at]}\nsecond:\n${second[at]}`;
    }),
    { numRuns: Math.ceil(LINES / PER_WORLD), seed: 20261126, endOnFailure: true },
  );
  assert.deepEqual([...new Set(crashes)].slice(0, 20), []);
  assert.equal(differing, '');
});
