import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COREUTILS } from '../coreutils';
import { ProgramBench } from '../screen/bench.testing';
import { human } from './free';
import { PROCESS_TOOLS } from '.';

const bench = (): ProgramBench => new ProgramBench([...PROCESS_TOOLS, ...COREUTILS]);

/** Lines, standard output, standard error and status as the programs of Debian 12 have them. */
const CASES: readonly (readonly [string, string, string, number])[] = [
  ['killall nosuch', '', 'nosuch: no process found\n', 1],
  ['killall -q nosuch', '', '', 1],
  ['killall -s FOO x', '', 'FOO: unknown signal; killall -l lists signals.\n', 1],
  ['pidof nosuch', '', '', 1],
  ['uptime -s', '2026-09-21 14:13:20\n', '', 0],
  ['uptime -p', 'up 0 minutes\n', '', 0],
  ['who', '', '', 0],
  ['who -q', '\n# users=0\n', '', 0],
  ['users', '', '', 0],
  ['nohup', '', "nohup: missing operand\nTry 'nohup --help' for more information.\n", 125],
  ['nohup printenv HOME', '/root\n', '', 0],
  ['nice', '0\n', '', 0],
  ['nice -n 5 nice', '5\n', '', 0],
  ['nice -7 nice', '7\n', '', 0],
  ['nice nosuch', '', 'nice: ‘nosuch’: No such file or directory\n', 127],
  ['nice -n 5 ps -C ps -o ni,stat', ' NI STAT\n  5 RN\n', '', 0],
  ['setsid', '', "setsid: no command specified\nTry 'setsid --help' for more information.\n", 1],
  ['setsid nosuch', '', 'setsid: failed to execute nosuch: No such file or directory\n', 127],
  ['setsid -w false', '', '', 1],
  ['time', '', "time: missing program to run\nTry 'time --help' for more information.\n", 125],
  ['time -p sleep 2', '', 'real 2.00\nuser 0.00\nsys 0.00\n', 0],
  ['time -f %E|%x|%C false', '', 'Command exited with non-zero status 1\n0:00.00|1|false\n', 1],
  ['su nosuch', '', 'su: user nosuch does not exist or the user entry does not contain all the required fields\n', 1],
  ['su nobody', 'This account is currently not available.\n', '', 1],
  ['su nobody -s /bin/sh -c printenv HOME', '/nonexistent\n', '', 0],
  ['sudo nosuch', '', 'sudo: nosuch: command not found\n', 1],
  ['sudo -u nosuch true', '', 'sudo: unknown user nosuch\nsudo: error initializing audit plugin sudoers_audit\n', 1],
  ['sudo printenv SUDO_COMMAND', '/usr/bin/printenv SUDO_COMMAND\n', '', 0],
  ['sudo -u nobody ps -C ps -o user,euid', 'USER      EUID\nnobody   65534\n', '', 0],
  ['sudo -u nobody dmesg', '', 'dmesg: read kernel buffer failed: Operation not permitted\n', 1],
  ['sudo -u nobody kill 1', '', 'kill: (1): Operation not permitted\n', 1],
];

for (const [line, stdout, stderr, exit] of CASES) {
  test(line, () => {
    const words = line.startsWith('su nobody -s') ? [...line.split(' ').slice(0, 5), 'printenv HOME'] : line.split(' ');
    assert.deepEqual(bench().run(words), { stdout, stderr, exit });
  });
}

test('killall and pidof find by name', () => {
  const b = bench();
  const one = b.start('sleep', '100');
  const two = b.start('sleep', '100');
  assert.equal(b.run(['pidof', 'sleep']).stdout, `${two.pid} ${one.pid}\n`);
  assert.equal(b.run(['pidof', '-s', '/usr/bin/sleep']).stdout, '');
  assert.equal(
    b.run(['killall', '-v', '-9', 'sleep']).stderr,
    `Killed sleep(${one.pid}) with signal 9\nKilled sleep(${two.pid}) with signal 9\n`,
  );
  assert.deepEqual([one.status, two.status], Array(2).fill({ kind: 'signaled', signal: 'SIGKILL' }));
});

test('pstree draws branches, equal ones once', () => {
  const b = bench();
  const one = b.start('sleep', '100');
  const two = b.start('sleep', '100');
  const tree = b.run(['pstree']);
  assert.equal(tree.stdout, 'init-+-pstree\n     `-2*[sleep]\n');
  const numbered = b.run(['pstree', '-p', '1']).stdout;
  assert.match(numbered, /^init\(1\)-\+-pstree\(\d+\)\n/);
  assert.ok(numbered.endsWith(`        |-sleep(${one.pid})\n        \`-sleep(${two.pid})\n`));
});

test('free has the columns of procps and computes used from available', () => {
  const b = bench();
  const [head, memory, swap] = b.run(['free']).stdout.split('\n');
  assert.equal(head, '               total        used        free      shared  buff/cache   available');
  assert.equal(swap, 'Swap:              0           0           0');
  const [, total, used, , , , available] = memory!.split(/\s+/).map(Number);
  assert.equal(memory!.length, head!.length);
  assert.equal(total, 2097152);
  assert.equal(used, total! - available!);
  assert.match(b.run(['free', '-h', '-t']).stdout, /^Mem: {11}2\.0Gi .*\nSwap: {13}0B {10}0B {10}0B\nTotal: /m);
});

test('sizes for people', () => {
  const sizes = [0, 1023, 25276514304, 8998912, 1.1 * 1024 ** 3, 22616 * 1024];
  assert.deepEqual(
    sizes.map((n) => human(n, false)),
    ['0B', '1.0Ki', '23Gi', '8.6Mi', '1.1Gi', '22Mi'],
  );
});

test('dmesg shows what the kernel said, and forgets it', () => {
  const b = bench();
  assert.match(b.run(['dmesg']).stdout, /^\[ {4}0\.000000\] Linux version 6\.1\.0/);
  assert.equal(b.run(['dmesg', '-C']).exit, 0);
  assert.equal(b.run(['dmesg']).stdout, '');
  b.machine.kernelLog('br0: port 1(veth0) entered blocking state');
  b.machine.kernelLog('ping: IN=eth0', 4);
  assert.match(b.run(['dmesg', '-x', '-l', 'warn']).stdout, /^kern {2}:warn {2}: \[ +\d+\.\d{6}\] ping: IN=eth0\n$/);
  assert.equal(
    b.run(['dmesg', '-t', '--color=always']).stdout,
    '\x1b[33mbr0: \x1b[0mport 1(veth0) entered blocking state\n\x1b[33mping: \x1b[0m\x1b[1mIN=eth0\x1b[0m\n',
  );
});

test('nohup writes to nohup.out on a terminal and outlives the hangup', () => {
  const b = bench();
  const run = b.screen(['nohup', 'sleep', '100']);
  assert.equal(run.sent.split('\r\n')[0], "nohup: ignoring input and appending output to 'nohup.out'");
  b.machine.closeTty(run.tty);
  b.pass(1000);
  assert.equal(run.exit, -1);
  assert.equal(b.run(['cat', 'nohup.out']).exit, 0);
});

test('sessions on terminals are users', () => {
  const b = bench();
  const run = b.screen(['sleep', '100']);
  assert.match(b.run(['who']).stdout, /^root {5}pts\/0 {8}2026-09-21 14:13\n$/);
  assert.match(b.run(['uptime']).stdout, /^ 14:13:\d\d up 0 min, {2}1 user, {2}load average: 0\.\d\d, /);
  assert.match(b.run(['w', '-h']).stdout, /^root {5}pts\/0 {4}- {16}14:13 +0\.00s +0\.00s +0\.00s sleep 100\n$/);
  assert.equal(b.run(['ps', '-t', 'pts/0', '-o', 'tty,stat']).stdout, 'TT       STAT\npts/0    Ss+\n');
  assert.equal(run.exit, -1);
});

test('top prints its summary and a table, by CPU first', () => {
  const b = bench();
  b.start('sleep', '100');
  const out = b.run(['top', '-b', '-n', '1']).stdout.split('\n');
  assert.match(out[0]!, /^top - 14:13:\d\d up 0 min, {2}0 user, {2}load average: /);
  assert.equal(out[1], 'Tasks:   3 total,   1 running,   2 sleeping,   0 stopped,   0 zombie');
  assert.equal(out[2], '%Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st ');
  assert.match(out[3]!, /^MiB Mem : {3}2048\.0 total, {2,}[\d.]+ free, {2,}[\d.]+ used, {2,}[\d.]+ buff\/cache {5}$/);
  assert.equal(out[6], '    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND');
  assert.equal(out[7], '      1 root      20   0  167652  11240   9835 S   0.0   0.5   0:00.00 init');
  assert.equal(out.length, 11);
});

test('top on a terminal sorts, helps and leaves', () => {
  const b = bench();
  const { pid } = b.start('sleep', '100');
  const run = b.screen(['top'], { columns: 80, rows: 12 });
  assert.equal(run.screen.cursorHidden, true);
  assert.match(run.rows[8]!, new RegExp(`^ +${pid} root .* sleep$`));
  run.type('M');
  assert.match(run.rows[8]!, / top$/);
  run.type('h');
  assert.equal(run.rows[0], 'Help for Interactive Commands');
  run.type('q', 'x');
  assert.equal(run.rows[5], " Unknown command - try 'h' for help");
  run.pass(3_100_000);
  assert.equal(run.rows[5], '');
  run.type('q');
  assert.equal(run.exit, 0);
  assert.equal(run.screen.cursorHidden, false);
  assert.equal(run.tty.termios.icanon, true);
});

test('lsof lists descriptors in its columns', () => {
  const b = bench();
  const { pid } = b.start('sleep', '100');
  const out = b.run(['lsof', '-p', String(pid)]).stdout.split('\n');
  assert.equal(out[0], 'COMMAND PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME');
  assert.match(out[1]!, /^sleep {3}\d+ root {2}cwd {4}DIR {2}254,1 {5}4096 +\d+ \/tmp$/);
  assert.match(out[3]!, /^sleep {3}\d+ root {2}txt {4}REG {2}254,1 +\d+ +\d+ \/usr\/bin\/sleep$/);
  assert.match(b.run(['lsof', '-c', 'lsof']).stdout, /^lsof {4}\d+ root {4}0r {2}FIFO {3}0,13 {6}0t0 +\d+ pipe$/m);
  assert.equal(b.run(['lsof', '-t', '-c', 'slee']).stdout, `${pid}\n`);
  assert.deepEqual(b.run(['lsof', '-i', ':80']), { stdout: '', stderr: '', exit: 1 });
});
