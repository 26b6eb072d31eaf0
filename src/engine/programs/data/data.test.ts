import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../testkit';
import { DATA_TOOLS } from './index';

/** What the real programs of Debian 12 did, with LC_ALL=C.UTF-8 TZ=UTC in a directory with only `files`. */
interface Recording {
  readonly files: Record<string, string>;
  readonly cases: readonly {
    readonly argv: readonly string[];
    readonly stdin?: string;
    readonly stdout: string;
    readonly stderr: string;
    readonly exit: number;
  }[];
}

const folder = join(__dirname, 'testdata');

for (const name of readdirSync(folder)) {
  const recording = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording;
  test(`as recorded: ${name}`, async (t) => {
    for (const [i, c] of recording.cases.entries()) {
      await t.test(`${i} ${c.argv.join(' ')}`, () => {
        const r = runProgram(DATA_TOOLS, {
          argv: c.argv,
          files: recording.files,
          ...(c.stdin === undefined ? {} : { stdin: c.stdin }),
        });
        assert.deepEqual(
          { stdout: r.stdout, stderr: r.stderr, exit: r.exit },
          { stdout: c.stdout, stderr: c.stderr, exit: c.exit },
        );
      });
    }
  });
}

test('a filter without end gives others their turn', () => {
  for (const filter of [
    'repeat(1)',
    '[repeat(1)]',
    'last(range(0; 1; 0))',
    '[recurse(. + 1)] | length',
    '[limit(3; repeat(empty))]',
  ])
    assert.equal(runProgram(DATA_TOOLS, { argv: ['jq', '-n', filter], stdin: '', steps: 300 }).exit, -1, filter);
});

test('jq colours what it prints on a terminal', () => {
  const files = { 'a.json': '{"a":null}' };
  const run = (flags: string, columns?: number): string =>
    runProgram(DATA_TOOLS, { argv: ['jq', flags, '.', 'a.json'], files, ...(columns && { columns }) }).stdout.trimEnd();
  assert.match(run('-c', 80), /\x1b\[1;30mnull/);
  assert.equal(run('-c'), '{"a":null}');
  assert.equal(run('-cM', 80), '{"a":null}');
});
