/** `npm run conformance -- [-v] [--world NAME] [--raise] [PATH...]`: replays recordings and counts what matches. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { MacContext } from './normalise';
import { normalise } from './normalise';
import type { Recording } from './recording';
import { findRecordings, readRecording } from './recording';
import type { Replayed } from './replay';
import { replay } from './replay';

const HERE = __dirname;
const FLOORS = path.join(HERE, 'floors.json');

interface Floor {
  readonly matched: number;
  readonly stderr: number;
}

interface Score {
  readonly matched: number;
  readonly stderr: number;
  readonly total: number;
}

function score(recording: Recording, replayed: readonly Replayed[], verbose: boolean): Score {
  const real: MacContext = new Map();
  const ours: MacContext = new Map();
  let matched = 0;
  let stderr = 0;
  recording.rows.forEach((row, i) => {
    const want = normalise(row, real);
    const got = normalise({ cmd: row.cmd, ...replayed[i]! }, ours);
    const same = want.stdout === got.stdout && want.exit === got.exit;
    const sameError = want.stderr === got.stderr;
    if (same) matched++;
    if (sameError) stderr++;
    if (verbose && !(same && sameError)) {
      console.log(`\n${same ? 'stderr ' : 'DIFFERS'} ${row.host}$ ${row.cmd}`);
      if (want.exit !== got.exit) console.log(`  exit status: real ${want.exit}, simulated ${got.exit}`);
      if (want.stdout !== got.stdout) console.log(patch('stdout', want.stdout, got.stdout));
      if (!sameError) console.log(patch('stderr', want.stderr, got.stderr));
    }
  });
  return { matched, stderr, total: recording.rows.length };
}

function patch(name: string, want: string, got: string): string {
  return createTwoFilesPatch(`${name} (real)`, `${name} (simulated)`, want, got, '', '', { context: 1 })
    .split('\n')
    .slice(1)
    .map((line) => `  ${line}`)
    .join('\n');
}

function main(args: string[]): number {
  const verbose = args.includes('-v');
  const raise = args.includes('--raise');
  const worldAt = args.indexOf('--world');
  const world = worldAt >= 0 ? args[worldAt + 1] : undefined;
  const targets = args.filter((a, i) => !a.startsWith('-') && !(worldAt >= 0 && i === worldAt + 1));
  if (targets.length === 0) targets.push(path.join(HERE, 'recordings/bash'), path.join(HERE, 'recordings/linux'));
  const floors = (existsSync(FLOORS) ? JSON.parse(readFileSync(FLOORS, 'utf8')) : {}) as Record<string, Floor>;
  let passed = 0;
  let failed = 0;
  let below = false;
  for (const file of targets.flatMap(findRecordings)) {
    const recording = readRecording(file, world);
    const key = `${recording.form}/${recording.name}`;
    let result: Score;
    try {
      result = score(recording, replay(recording), verbose);
    } catch (e) {
      console.log(`${key}: 0/${recording.rows.length} (${(e as Error).message})`);
      failed += recording.rows.length;
      below ||= floors[key] !== undefined;
      continue;
    }
    const floor = floors[key];
    const under = floor !== undefined && (result.matched < floor.matched || result.stderr < floor.stderr);
    const note = under ? `  UNDER THE FLOOR of ${floor.matched}, stderr ${floor.stderr}` : '';
    console.log(`${key}: ${result.matched}/${result.total}, stderr ${result.stderr}/${result.total}${note}`);
    passed += result.matched;
    failed += result.total - result.matched;
    below ||= under;
    if (raise) {
      floors[key] = {
        matched: Math.max(floor?.matched ?? 0, result.matched),
        stderr: Math.max(floor?.stderr ?? 0, result.stderr),
      };
    }
  }
  if (raise) writeFileSync(FLOORS, `${JSON.stringify(floors, null, 2)}\n`);
  console.log(`${passed} passed, ${failed} failed`);
  return below ? 1 : 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (e) {
  console.error((e as Error).message);
  process.exitCode = 2;
}
