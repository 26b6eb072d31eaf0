import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode } from '../core';
import type { FileNode, MemDir } from '../host';
import { COREUTILS } from './coreutils';
import { bareMachine, runProgram } from './testkit';
import { TEXT_TOOLS } from './text';

/** What the real programs of Debian 12 did: one file a group, recorded with LC_ALL=C.UTF-8 TZ=UTC in an empty directory. */
interface Recording {
  readonly files: Record<string, string>;
  readonly cases: readonly {
    readonly argv: readonly string[];
    readonly stdin?: string;
    readonly files?: Record<string, string>;
    readonly stdout: string;
    readonly stderr: string;
    readonly exit: number;
    /** Contents of files afterwards; null when they are gone. */
    readonly after?: Record<string, string | null>;
  }[];
}

const PROGRAMS = [...COREUTILS, ...TEXT_TOOLS];
const folder = join(__dirname, 'testdata');

for (const name of readdirSync(folder).filter((f) => f.endsWith('.json'))) {
  const recording = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording;
  test(`as recorded: ${name}`, async (t) => {
    for (const [i, c] of recording.cases.entries()) {
      await t.test(`${i} ${c.argv.join(' ')}`, () => {
        const machine = bareMachine(PROGRAMS);
        const r = runProgram(
          PROGRAMS,
          {
            argv: c.argv,
            files: { ...recording.files, ...c.files },
            ...(c.stdin === undefined ? {} : { stdin: c.stdin }),
          },
          machine,
        );
        assert.deepEqual(
          { stdout: r.stdout, stderr: r.stderr, exit: r.exit },
          { stdout: c.stdout, stderr: c.stderr, exit: c.exit },
        );
        for (const [path, contents] of Object.entries(c.after ?? {})) {
          const inode = path
            .split('/')
            .reduce((d, part) => d && (d as MemDir).lookup(part), machine.rootDir.lookup('work')) as
            FileNode | undefined;
          assert.equal(inode ? decode(inode.contents) : null, contents, path);
        }
      });
    }
  });
}
