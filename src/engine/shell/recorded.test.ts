import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COREUTILS } from '../programs/coreutils';
import { MACHINE_TOOLS } from '../programs/machine';
import { DATA_TOOLS } from '../programs/data';
import { FILE_TOOLS } from '../programs/files';
import { TEXT_TOOLS } from '../programs/text';
import { runScript } from './shell.test-helper';

/** Scripts run by bash 5.2.15 and dash 0.5.12 on Linux, in an empty directory with LC_ALL=C.UTF-8 and TZ=UTC. */
interface Recording {
  readonly script: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  readonly shell?: 'sh';
}

const programs = [...COREUTILS, ...FILE_TOOLS, ...TEXT_TOOLS, ...DATA_TOOLS, ...MACHINE_TOOLS];
const folder = join(process.cwd(), 'src/engine/shell/testdata');
const recordings = ['scripts.json', 'differences.json'].flatMap(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording[],
);

/** Process numbers differ from machine to machine. */
function normalise(text: string): string {
  return text.replace(/ +\d+ (?=Killed|Hangup|User defined)/g, ' PID ').replace(/pid \d+ is/g, 'pid PID is');
}

for (const [i, r] of recordings.entries()) {
  test(`${r.shell ?? 'bash'} ${i}: ${r.script.slice(0, 60).replaceAll('\n', ' ')}`, () => {
    const got = runScript(r.script, {
      programs,
      argv: [r.shell ?? 'bash', '-c', r.script],
      files: { '/usr/lib/': '' },
    });
    assert.deepEqual(
      { stdout: normalise(got.stdout), stderr: normalise(got.stderr), status: got.status },
      { stdout: normalise(r.stdout), stderr: normalise(r.stderr), status: r.status },
    );
  });
}
