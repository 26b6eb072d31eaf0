import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COOKED, Random } from '../../core';
import { COREUTILS } from '../coreutils';
import { PROCESS_TOOLS } from '../processes';
import { SCREEN_TOOLS } from '.';
import { ProgramBench } from './bench.testing';

const KEYS = [
  ...'abdefghjknpuwGNF/?&-:=<>%123 xyzé漢',
  '\r',
  '\x7f',
  '\t',
  '\x01',
  '\x05',
  '\x07',
  '\x0b',
  '\x0c',
  '\x0e',
  '\x15',
  '\x16',
  '\x17',
  '\x19',
  '\x1f',
  '\x1b',
  '\x1b[A',
  '\x1b[B',
  '\x1b[C',
  '\x1b[D',
  '\x1b[H',
  '\x1b[F',
  '\x1b[5~',
  '\x1b[6~',
  '\x1b[3~',
  '\x1bu',
  '\x1b/',
];

/** Any keys and windows: no crash, and a terminal as it was at the end. */
for (const program of ['less', 'nano', 'more', 'top']) {
  test(`any keys: ${program}`, () => {
    for (let seed = 0; seed < 12; seed++) {
      const random = new Random(`${program} ${seed}`);
      const b = new ProgramBench([...SCREEN_TOOLS, ...PROCESS_TOOLS, ...COREUTILS]);
      b.run(['tee', '/tmp/f'], `${'wide 漢字 \t'.repeat(30)}\n\x01\x1b[1mbold\x1b[m\n${b.run(['seq', '60']).stdout}`);
      const run = b.screen(program === 'top' ? ['top'] : [program, '/tmp/f'], { columns: 30, rows: 9 });
      for (let n = 0; n < 60 && run.exit < 0; n++) {
        if (random.below(25) === 0) run.resize(1 + random.below(60), 1 + random.below(20));
        else run.type(KEYS[random.below(KEYS.length)]!);
      }
      if (run.exit < 0) b.run(['kill', '-9', String(run.process.pid)]);
      run.type('');
      assert.notEqual(run.exit, -1);
      assert.deepEqual(run.tty.termios, COOKED);
    }
  });
}
