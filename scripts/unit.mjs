// `npm run unit [-- PART...]`: runs every *.test.ts whose path contains one of the parts. Node 20's runner takes no patterns itself.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const parts = process.argv.slice(2);
const files = ['src', 'conformance']
  .flatMap((dir) => readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name)))
  .filter((file) => /\.test\.tsx?$/.test(file) && (parts.length === 0 || parts.some((part) => file.includes(part))))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${parts.join(' ')}`);
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  [
    '--import',
    'tsx',
    '--test',
    '--test-concurrency',
    String(availableParallelism()),
    '--test-reporter',
    'tap',
    ...files,
  ],
  {
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
