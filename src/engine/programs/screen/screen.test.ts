import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COOKED } from '../../core';
import { COREUTILS } from '../coreutils';
import { PROCESS_TOOLS } from '../processes';
import { SCREEN_TOOLS } from '.';
import { ProgramBench } from './bench.testing';
import { header } from './watch';

const bench = (): ProgramBench => new ProgramBench([...SCREEN_TOOLS, ...PROCESS_TOOLS, ...COREUTILS]);
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const text = (n: number): string => `${numbers(1, n).join('\n')}\n`;

test('less pages, jumps and gives the terminal back', () => {
  const run = bench().screen(['less'], { stdin: text(50) });
  assert.deepEqual(run.rows, [...numbers(1, 9), ':']);
  assert.equal(run.screen.alternate, true);
  assert.equal(run.tty.termios.icanon, false);
  assert.deepEqual(run.type(' ').rows, [...numbers(10, 18), ':']);
  assert.deepEqual(run.type('j').rows, [...numbers(11, 19), ':']);
  assert.deepEqual(run.type('k', 'b').rows, [...numbers(1, 9), ':']);
  assert.deepEqual(run.type('G').rows, [...numbers(42, 50), '(END)']);
  run.type(' ');
  assert.equal(run.screen.bells, 1);
  assert.deepEqual(run.type('u').rows, [...numbers(37, 45), ':']);
  assert.deepEqual(run.type('5j').rows, [...numbers(42, 50), '(END)']);
  assert.deepEqual(run.type('10g').rows, [...numbers(10, 18), ':']);
  assert.deepEqual(run.type('\x1b[6~', '\x1b[A').rows, [...numbers(18, 26), ':']);
  run.type('q');
  assert.equal(run.exit, 0);
  assert.equal(run.screen.alternate, false);
  assert.deepEqual(run.tty.termios, COOKED);
});

test('less searches both ways, marks what it found and fills up with ~', () => {
  const run = bench().screen(['less'], { stdin: text(50) });
  run.type('/33\r');
  assert.deepEqual(run.rows, [...numbers(33, 41), ':']);
  assert.equal(run.screen.reversedText(0), '33');
  run.type('n');
  assert.equal(run.bottom, 'Pattern not found  (press RETURN)');
  run.type('?2\r');
  assert.deepEqual(run.rows, [...numbers(32, 40), ':']);
  run.type('/49\r');
  assert.deepEqual(run.rows, ['49', '50', '~', '~', '~', '~', '~', '~', '~', '(END)']);
  run.type('q');
  assert.equal(run.exit, 0);
});

test('less of a file: its name, where we are, line numbers, cut lines', () => {
  const b = bench();
  b.run(['tee', '/tmp/nums'], text(50));
  b.run(['tee', '/tmp/wide'], `${'abcdefghij'.repeat(8)}\nx\n`);
  const run = b.screen(['less', '/tmp/nums', '/tmp/wide']);
  assert.equal(run.bottom, '/tmp/nums (file 1 of 2)');
  run.type('=');
  assert.equal(run.bottom, '/tmp/nums (file 1 of 2) lines 1-9/50 by');
  run.type('\r', '-N');
  assert.equal(run.bottom, 'Constantly display line numbers  (press');
  assert.equal(run.rows[0], '      1 1');
  run.type('\r', '-N', '\r', ':n');
  assert.equal(run.bottom, '/tmp/wide (file 2 of 2) (END)');
  assert.deepEqual(run.rows.slice(0, 4), ['abcdefghij'.repeat(4), 'abcdefghij'.repeat(4), 'x', '~']);
  run.type('-S', '\r');
  assert.deepEqual(run.rows.slice(0, 3), ['abcdefghijabcdefghijabcdefghijabcdefghi>', 'x', '~']);
  run.type('\x1b[C');
  assert.equal(run.rows[0], 'abcdefghijabcdefghijabcdefghijabcdefghi>');
  run.type('\x1b[D', ':p');
  assert.equal(run.rows[0], '1');
  run.type('q');
});

test('a short text is shown as it is; -F ends at once; without a terminal less copies', () => {
  const b = bench();
  b.run(['tee', '/tmp/small'], 'alpha beta\ngamma\n');
  const run = b.screen(['less', '/tmp/small']);
  assert.deepEqual(run.rows.slice(0, 4), ['alpha beta', 'gamma', '/tmp/small (END)', '']);
  run.type('q');
  const once = b.screen(['less', '-F', '/tmp/small']);
  assert.equal(once.exit, 0);
  assert.equal(once.sent, 'alpha beta\r\ngamma\r\n');
  assert.equal(b.run(['less', '/tmp/small']).stdout, 'alpha beta\ngamma\n');
  assert.deepEqual(b.run(['less', '/nosuch']), { stdout: '', stderr: '/nosuch: No such file or directory\n', exit: 1 });
  assert.equal(b.run(['less', '/tmp']).stderr, '/tmp is a directory\n');
});

test('less shows controls, colours with -R, and follows the window', () => {
  const run = bench().screen(['less'], { stdin: 'a\x1b[31mred\x1b[m\tx\x01\n' + text(20) });
  assert.equal(run.rows[0], 'aESC[31mredESC[m        x^A');
  run.resize(30, 5);
  assert.deepEqual(run.rows, ['aESC[31mredESC[m        x^A', '1', '2', '3', ':']);
  run.type('q');
  const color = bench().screen(['less', '-R'], { stdin: 'a\x1b[31mred\x1b[m\tx\n' + text(20) });
  assert.equal(color.rows[0], 'ared    x');
  assert.match(color.sent, /a\x1b\[31mred\x1b\[m {4}x/);
});

test('less lives through ^C, stops on ^Z and cleans up when it is killed', () => {
  const b = bench();
  const run = b.screen(['less'], { stdin: text(50) });
  run.type('\x03');
  assert.equal(run.exit, -1);
  run.type('\x1a');
  assert.equal(run.process.state, 'T');
  assert.equal(run.tty.termios.icanon, true);
  assert.equal(run.screen.alternate, false);
  b.run(['kill', '-CONT', String(run.process.pid)]);
  run.type('');
  assert.deepEqual(run.rows, [...numbers(1, 9), ':']);
  b.run(['kill', String(run.process.pid)]);
  run.type('');
  assert.equal(run.exit, 143);
  assert.deepEqual(run.tty.termios, COOKED);
  assert.equal(run.screen.alternate, false);
});

test('watch shows its header, runs again and ends with ^C', () => {
  const run = bench().screen(['watch', '-n', '1', 'uptime', '-s'], { columns: 60, rows: 8 });
  const first = run.rows[0]!;
  assert.match(first, /^Every 1\.0s: uptime -s {6,}host: Mon Sep 21 14:13:\d\d 2026$/);
  assert.equal(first.length, 60);
  assert.equal(run.rows[1], '');
  assert.equal(run.rows[2], '2026-09-21 14:13:20');
  run.pass(3_000_000);
  assert.notEqual(run.rows[0], first);
  run.type('q');
  assert.equal(run.exit, -1);
  run.type('\x03');
  assert.equal(run.exit, 0);
  assert.deepEqual(run.tty.termios, COOKED);
  assert.equal(run.screen.alternate, false);
});

test('watch cuts what does not fit, marks differences, and runs programs itself with -x', () => {
  const seq = bench().screen(['watch', '-t', 'seq', '20'], { columns: 20, rows: 6 });
  assert.deepEqual(seq.rows, numbers(1, 6));
  seq.type('\x03');
  const b = bench();
  b.run(['tee', '/tmp/f'], 'one 1\n');
  const run = b.screen(['watch', '-d', '-x', 'cat', '/tmp/f'], { columns: 60, rows: 6 });
  b.run(['tee', '/tmp/f'], 'one 2\n');
  run.pass(2_100_000);
  assert.equal(run.rows[2], 'one 2');
  assert.equal(run.screen.reversedText(2), '2');
  run.type('\x03');
});

/** Recorded with watch of procps 4.0.2: `watch -n 5 true` at each width on a host called vm. */
const HEADERS: readonly (readonly [number, string, string])[] = [
  [20, 'true', ''],
  [41, 'true', '             vm: Thu Nov 26 22:24:03 2026'],
  [42, 'true', 'Every 5.0s:   vm: Thu Nov 26 22:24:03 2026'],
  [43, 'true', 'Every 5.0s...  vm: Thu Nov 26 22:24:03 2026'],
  [44, 'true', 'Every 5.0s:...  vm: Thu Nov 26 22:24:03 2026'],
  [45, 'true', 'Every 5.0s: true vm: Thu Nov 26 22:24:03 2026'],
  [47, 'true', 'Every 5.0s: true   vm: Thu Nov 26 22:24:03 2026'],
  [45, 'echo hello very long command line', 'Every 5.0s: ...  vm: Thu Nov 26 22:24:03 2026'],
  [50, 'echo hello very long command line', 'Every 5.0s: echo ...  vm: Thu Nov 26 22:24:03 2026'],
];

test('the header of watch at each width', () => {
  for (const [columns, command, expected] of HEADERS)
    assert.equal(header(5_000_000, [command], 'vm', 1_795_731_843_000_000, columns), expected);
});

test('clear, tput and reset send the sequences of xterm', () => {
  const b = bench();
  assert.equal(b.run(['clear']).stdout, '\x1b[H\x1b[2J\x1b[3J');
  assert.equal(b.run(['clear', '-x']).stdout, '\x1b[H\x1b[2J');
  const capabilities = [
    ['setaf 1', '\x1b[31m'],
    ['setaf 12', '\x1b[94m'],
    ['setaf 200', '\x1b[38;5;200m'],
    ['setab 3', '\x1b[43m'],
    ['cup 2 4', '\x1b[3;5H'],
    ['sgr0', '\x1b(B\x1b[m'],
    ['colors', '256\n'],
    ['cols', '80\n'],
  ] as const;
  for (const [words, expected] of capabilities) assert.equal(b.run(['tput', ...words.split(' ')]).stdout, expected);
  assert.deepEqual(b.run(['tput', 'nosuch']), {
    stdout: '',
    stderr: "tput: unknown terminfo capability 'nosuch'\n",
    exit: 4,
  });
  assert.equal(b.screen(['tput', 'cols'], { columns: 33 }).sent, '33\r\n');
});
