/** `npm run conformance:live -- [--seed N] [--count N | --seeds N,N,...] [--jobs N] [-v] [--show] | --record`: random networks, real and simulated. */
import { parseArgs } from 'node:util';
import { differences } from './compare';
import type { Network } from './generate';
import { generate } from './generate';
import { record } from './recorded';
import type { Observed } from './script';
import { canFilter, missing, real, simulated } from './sides';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '500' },
    seeds: { type: 'string' },
    jobs: { type: 'string', default: '6' },
    verbose: { type: 'boolean', short: 'v', default: false },
    show: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const why = missing();
  if (why !== null) {
    console.log(`conformance:live is skipped: ${why}.`);
    return;
  }
  const filter = canFilter();
  if (!filter) console.log('Rules are left out: iptables, ip6tables and conntrack are not on both sides.');
  if (values.record) {
    if (!filter) throw new Error('the recordings have rules; install iptables and conntrack');
    const differing = await record();
    console.log(differing.length === 0 ? 'Recorded.' : `Recorded; seeds ${differing.join(', ')} differ.`);
    process.exitCode = differing.length === 0 ? 0 : 1;
    return;
  }
  const first = Number(values.seed);
  const seeds = values.seeds?.split(',') ?? Array.from({ length: Number(values.count) }, (_, i) => String(first + i));
  const networks = seeds.map((seed) => generate(seed, filter));
  if (values.show) for (const n of networks) console.log(n.commands.join('\n'));
  let next = 0;
  let passed = 0;
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let n = networks[next++]; n; n = networks[next++]) {
      const found = await judge(n);
      if (found.length === 0) passed++;
      else {
        failed.push(n.seed);
        console.log(`seed ${n.seed}:\n  ${found.join('\n  ')}`);
        if (values.verbose) console.log(`  ${n.commands.join('\n  ')}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  console.log(`${passed} passed, ${failed.length} failed${failed.length > 0 ? ` (seeds ${failed.join(', ')})` : ''}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/** Differences of one network. What differs is looked at again: a busy machine may have been too slow for a ping. */
async function judge(network: Network): Promise<string[]> {
  let ours: Observed;
  try {
    ours = simulated(network);
  } catch (error) {
    return [`the simulation failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
  let found: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      found = differences(network, await real(network), ours);
    } catch (error) {
      found = [`the real side failed: ${error instanceof Error ? error.message : String(error)}`];
    }
    if (found.length === 0) break;
  }
  return found;
}

void main();
