import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COREUTILS } from '../programs/coreutils';
import { runScript, Session } from './shell.test-helper';

const programs = COREUTILS;

test('an endless loop ends by Ctrl-C and the shell goes on', () => {
  const s = new Session({ programs });
  s.type('while true; do :; done\n', 200_000);
  assert.equal(s.type('\x03', 1000), '^C\n$ ');
  assert.equal(s.type('echo $?\n'), 'echo $?\n130\n$ ');
});

test('Ctrl-C ends loops, lists and substitutions with the program in them', () => {
  const s = new Session({ programs });
  for (const line of [
    'for i in 1 2 3; do sleep 5; done',
    'sleep 5; echo no',
    'sleep 5 && echo no',
    'x=$(sleep 5); echo no',
    'bash -c "sleep 5; echo no"',
    '(while :; do :; done)',
  ]) {
    s.type(`${line}\n`, 100_000);
    assert.equal(s.type('\x03', 1000), '^C\n$ ', line);
  }
});

test('Ctrl-Z stops a job; jobs, bg, fg and kill work on it', () => {
  const s = new Session({ programs });
  s.type('sleep 100\n', 1000);
  assert.equal(s.type('\x1a', 1000), '^Z\n[1]+  Stopped                 sleep 100\n$ ');
  assert.equal(s.type('bg\n'), 'bg\n[1]+ sleep 100 &\n$ ');
  assert.match(s.type('jobs\n'), /^jobs\n\[1\]\+  Running {17}sleep 100 &\n/);
  assert.equal(s.type('fg\n', 1000), 'fg\nsleep 100\n');
  assert.equal(s.type('\x1a', 1000), '^Z\n[1]+  Stopped                 sleep 100\n$ ');
  assert.equal(s.type('kill %1\n', 1000), 'kill %1\n[1]+  Terminated              sleep 100\n$ ');
});

test('a background job is announced and its end told before the next prompt', () => {
  const s = new Session({ programs });
  assert.match(s.type('sleep 1 &\n'), /^sleep 1 &\n\[1\] \d+\n\$ $/);
  s.run(2_000_000);
  assert.equal(s.type('\n'), '\n[1]+  Done                    sleep 1\n$ ');
});

test('a subshell says nothing about its jobs', () => {
  const s = new Session({ programs });
  assert.equal(s.type('(sleep 0.1 & wait)\n', 500_000), '(sleep 0.1 & wait)\n$ ');
});

test('a background job that reads the terminal is stopped', () => {
  const s = new Session({ programs });
  s.type('cat &\n', 10_000);
  assert.match(s.type('jobs\n'), /\[1\]\+  Stopped \(tty input\) {5}cat\n/);
});

test('unfinished input is continued with PS2', () => {
  const s = new Session({ programs });
  assert.equal(s.type('for i in 1 2\n'), 'for i in 1 2\n> ');
  s.type('do echo $i\n');
  assert.equal(s.type('done\n'), 'done\n1\n2\n$ ');
  s.type('cat <<E\n');
  s.type('x\n');
  assert.equal(s.type('E\n', 1000), 'E\nx\n$ ');
});

test('history expansion shows the line it makes', () => {
  const s = new Session({ programs });
  s.type('echo one two\n');
  assert.equal(s.type('!!\n'), '!!\necho one two\none two\n$ ');
  assert.equal(s.type('printf "%s\\n" !$\n'), 'printf "%s\\n" !$\nprintf "%s\\n" two\ntwo\n$ ');
  assert.equal(s.type('!echo\n'), '!echo\necho one two\none two\n$ ');
  assert.match(s.type('!nope\n'), /: !nope: event not found\n/);
  assert.equal(s.type('^one^1\n'), '^one^1\necho 1 two\n1 two\n$ ');
});

test('exit of a nested shell gives the terminal back', () => {
  const s = new Session({ programs });
  s.type('bash --norc\n', 1000);
  s.type('exit 3\n', 1000);
  assert.equal(s.type('echo $?\n'), 'echo $?\n3\n$ ');
  s.type('exit 7\n', 1000);
  assert.equal(s.status, 7);
});

test('end of file leaves the shell with the last status', () => {
  const s = new Session({ programs });
  s.type('false\n');
  assert.equal(s.type('\x04', 1000), 'exit\n');
  assert.equal(s.status, 1);
});

test('endless recursion is an error, not the end of the page', () => {
  const r = runScript('f() { f; }; f; echo same line\necho alive');
  assert.match(r.stderr, /f: maximum function nesting level exceeded \(\d+\)\n$/);
  assert.equal(r.stdout, 'alive\n');
  const deep = runScript('f() { if [ $1 -gt 0 ]; then { f $(( $1 - 1 )); }; else echo bottom; fi; }; f 1000');
  assert.equal(deep.stdout, 'bottom\n');
});

test('recursion through subshells ends at the limit of processes', () => {
  const r = runScript('f() { (f); }; f; echo end', { steps: 5_000_000 });
  assert.match(r.stderr, /fork: retry: Resource temporarily unavailable/);
  assert.match(r.stdout, /end\n$/);
});

test('strings, arrays and words stay within sane sizes', () => {
  assert.match(runScript('x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done').stderr, /cannot allocate/);
  assert.match(runScript('a[99999999999]=1').stderr, /not simulated in this course/);
  assert.match(runScript('echo {1..99999999}').stderr, /brace expansion/);
  assert.match(runScript('x=$(yes)', { programs, steps: 20_000_000 }).stderr, /cannot allocate/);
});

test('the same script prints the same random numbers and process ids', () => {
  const script = 'echo $RANDOM $SRANDOM $$ $BASHPID $(echo $BASHPID $RANDOM) $EPOCHREALTIME';
  assert.equal(runScript(script).stdout, runScript(script).stdout);
});

test('binary data passes through variables', () => {
  const r = runScript('x=$\'\\xff\\xfe\'; printf \'%s\' "$x" > f; y=$(< f); [ "$x" = "$y" ] && echo same ${#y}');
  assert.equal(r.stdout, 'same 2\n');
});

test('login shells read their profiles, interactive ones .bashrc', () => {
  const files = {
    '/etc/profile': 'echo profile',
    '/root/.bash_profile': 'echo bash_profile',
    '/root/.bashrc': 'echo bashrc',
  };
  const login = runScript('', { argv: ['bash', '-l', '-c', 'echo body; shopt -q login_shell && echo login'], files });
  assert.equal(login.stdout, 'profile\nbash_profile\nbody\nlogin\n');
  assert.match(new Session({ argv: ['bash'], files }).screen, /^bashrc\n/);
});

test('a single command of -c takes the place of the shell', () => {
  const r = runScript('', { argv: ['bash', '-c', "bash -c 'echo $$ $PPID'"] });
  const [pid, parent] = r.stdout.trim().split(' ').map(Number);
  assert.equal(parent, 1);
  assert.ok(pid! > 1);
});
