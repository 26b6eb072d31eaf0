/** What real namespaces showed of the networks that once differed: tests compare with it anywhere, also without root. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from './compare';
import { generate } from './generate';
import regressions from './regressions.json';
import type { Observed } from './script';
import { observe, scriptOf } from './script';
import { realOutput, simulated } from './sides';

const FOLDER = join(__dirname, 'recorded');

const digest = (script: string): string => createHash('sha256').update(script).digest('hex').slice(0, 16);

/** The recording of a seed. @throws Error when it was made of another script than the generator makes today. */
export function recorded(seed: string): Observed {
  const text = readFileSync(join(FOLDER, `${seed}.txt`), 'utf8');
  const end = text.indexOf('\n');
  if (text.slice(0, end) !== digest(scriptOf(generate(seed))))
    throw new Error(`seed ${seed} makes another network now: run \`npm run conformance:live -- --record\``);
  return observe(text.slice(end + 1));
}

/** Records all regressions anew, each until it agrees with the simulation, three times at the most. @returns seeds that do not. */
export async function record(): Promise<string[]> {
  mkdirSync(FOLDER, { recursive: true });
  const differing: string[] = [];
  for (const { seed } of regressions) {
    const network = generate(seed);
    const ours = simulated(network);
    let agrees = false;
    // A busy machine may be too slow for a ping.
    for (let attempt = 0; attempt < 3 && !agrees; attempt++) {
      const output = await realOutput(network);
      agrees = differences(network, observe(output), ours).length === 0;
      writeFileSync(join(FOLDER, `${seed}.txt`), `${digest(scriptOf(network))}\n${output}`);
    }
    if (!agrees) differing.push(seed);
  }
  return differing;
}
