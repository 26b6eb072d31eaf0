import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COREUTILS } from '../coreutils';
import { NAMESPACE_PROGRAMS } from '../namespaces';
import { ProgramBench } from '../screen/bench.testing';
import { PROCESS_TOOLS } from '.';

const bench = (): ProgramBench => new ProgramBench([...PROCESS_TOOLS, ...COREUTILS, ...NAMESPACE_PROGRAMS]);
const words = (line: string): string[] => line.split(' ');

/** The shapes were taken from procps 4.0.2 and psmisc 23.6 on Debian 12 with seven digits of process numbers. */
const SHAPES: readonly (readonly [string, string])[] = [
  [
    'ps aux',
    `USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root           1  0.0  0.5 167652 11240 ?        S    14:13   0:00 /sbin/init
root         AAA  0.0  0.0   5460  1012 ?        S    14:13   0:00 sleep 100
root         BBB  0.0  0.2  11084  4396 ?        R    14:13   0:00 ps aux
`,
  ],
  [
    'ps -ef',
    `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 14:13 ?        00:00:00 /sbin/init
root         AAA       1  0 14:13 ?        00:00:00 sleep 100
root         BBB       1  0 14:13 ?        00:00:00 ps -ef
`,
  ],
  [
    'ps -C sleep -l',
    `F S   UID     PID    PPID  C PRI  NI ADDR SZ WCHAN  TTY          TIME CMD
0 S     0     AAA       1  0  80   0 -  1365 -      ?        00:00:00 sleep
`,
  ],
  [
    'ps -eo pid,ppid,args --forest',
    `    PID    PPID COMMAND
      1       0 /sbin/init
    AAA       1  \\_ sleep 100
    BBB       1  \\_ ps -eo pid,ppid,args --forest
`,
  ],
  [
    'ps -eH',
    `    PID TTY          TIME CMD
      1 ?        00:00:00 init
    AAA ?        00:00:00   sleep
    BBB ?        00:00:00   ps
`,
  ],
  [
    'ps axf',
    `    PID TTY      STAT   TIME COMMAND
      1 ?        S      0:00 /sbin/init
    AAA ?        S      0:00  \\_ sleep 100
    BBB ?        R      0:00  \\_ ps axf
`,
  ],
  [
    'ps -p 1 -o pid,user:12,comm,args,stat',
    `    PID USER         COMMAND         COMMAND                     STAT
      1 root         init            /sbin/init                  S
`,
  ],
  ['ps -C sleep -o pid=', '    AAA\n'],
  ['ps -p 1 -o pid=PROC,comm=X', '   PROC X\n      1 init\n'],
  [
    'ps -p 1,2 -o lstart,netns',
    `                 STARTED      NETNS
Mon Sep 21 14:13:20 2026 4026531840
`,
  ],
  ['pgrep sleep', 'AAA\n'],
  ['pgrep -a sl', 'AAA sleep 100\n'],
  ['pgrep -fl sleep.100', 'AAA sleep\n'],
  ['pgrep -P 1 -d, sleep', 'AAA\n'],
  ['pgrep -c sleep', '1\n'],
];

for (const [line, expected] of SHAPES) {
  test(line, () => {
    const b = bench();
    const sleeper = b.start('sleep', '100');
    const r = b.run(words(line));
    const mine = String(sleeper.pid + 1);
    assert.equal(
      r.stdout.replaceAll(mine.padStart(3), 'BBB').replaceAll(String(sleeper.pid).padStart(3), 'AAA'),
      expected,
    );
    assert.equal(r.stderr, '');
    assert.equal(r.exit, 0);
  });
}

const MISTAKES: readonly (readonly [string, string, number])[] = [
  ['ps -z', 'error: unsupported SysV option', 1],
  ['ps -o foo', 'error: unknown user-defined format specifier "foo"', 1],
  ['ps -p abc', 'error: process ID list syntax error', 1],
  ['ps --foo', 'error: unknown gnu long option', 1],
  ['ps -u nosuch', 'error: user name does not exist', 1],
  ['pgrep', 'pgrep: no matching criteria specified', 2],
  ['pgrep a b', 'pgrep: only one pattern can be provided', 2],
  ['pgrep -z', "pgrep: invalid option -- 'z'", 2],
  ['pgrep nosuch', '', 1],
  ['pkill nosuch', '', 1],
  ['kill abc', "kill: failed to parse argument: 'abc'", 1],
  ['kill -9 99999', 'kill: (99999): No such process', 1],
  ['kill -FOO 1', 'kill: invalid argument F', 1],
];

for (const [line, message, status] of MISTAKES) {
  test(`mistake: ${line}`, () => {
    const r = bench().run(words(line));
    assert.equal(r.stderr.split('\n')[0], message);
    assert.equal(r.exit, status);
  });
}

test('ps sees what is mounted on /proc, not the PID namespace it is in', () => {
  const b = bench();
  b.start('sleep', '100');
  const without = b.run(['unshare', '--pid', '--fork', 'ps', '-e']);
  assert.match(without.stdout, /sleep/);
  const within = b.run(['unshare', '--pid', '--fork', '--mount-proc', 'ps', '-ef']);
  assert.equal(within.stdout.split('\n').length, 3);
  assert.match(within.stdout, /^root {11}1 {7}0 .* ps -ef$/m);
});

test('kill signals a process, a group and tells names and numbers', () => {
  const b = bench();
  const p = b.start('sleep', '100');
  assert.equal(b.run(['kill', '-0', String(p.pid)]).exit, 0);
  assert.equal(b.run(['kill', '-s', 'INT', String(p.pid)]).exit, 0);
  assert.deepEqual(p.status, { kind: 'signaled', signal: 'SIGINT' });
  assert.equal(b.run(['kill', '-l', '9']).stdout, 'KILL\n');
  assert.equal(b.run(['kill', '-l', 'TERM']).stdout, '15\n');
  assert.match(b.run(['kill', '-l']).stdout, /^HUP INT .* STKFLT\nCHLD .* POLL PWR SYS\n$/);
});

test('pkill ends what it names and says so', () => {
  const b = bench();
  const p = b.start('sleep', '100');
  assert.equal(b.run(['pkill', '-e', '-9', 'sleep']).stdout, `sleep killed (pid ${p.pid})\n`);
  assert.deepEqual(p.status, { kind: 'signaled', signal: 'SIGKILL' });
});
