import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setLineReader } from '../index';
import { Session } from '../shell.test-helper';
import { Readline } from './index';
import { Screen } from './vt.testing';

before(() => setLineReader(new Readline()));
after(() => setLineReader(null));

/** An interactive bash on a terminal, and what its screen shows after each piece of input. */
function bash(...input: string[]): { rows: string[]; session: Session } {
  const session = new Session();
  const screen = new Screen(80, 40);
  // The session has dropped the carriage returns of CR LF and of cursor moves; line feeds return here.
  const write = (text: string): void => screen.write(text.replaceAll('\n', '\r\n'));
  write(session.screen);
  for (const piece of input) write(session.type(piece));
  return { rows: screen.text, session };
}

test('commands run between lines, and the terminal is cooked while they do', () => {
  const { rows, session } = bash('echo one\r', 'echo tw', 'o\r');
  assert.deepEqual(rows, ['$ echo one', 'one', '$ echo two', 'two', '$']);
  assert.equal(session.tty.termios.icanon, false);
});

test('the history list is walked with the arrows', () => {
  assert.deepEqual(bash('echo one\r', 'echo two\r', '\x1b[A\x1b[A', '\r').rows.slice(-2), ['one', '$']);
});

test('a command over several lines is asked for with PS2', () => {
  assert.deepEqual(bash('for i in 1 2\r', 'do echo $i\r', 'done\r').rows, [
    '$ for i in 1 2',
    '> do echo $i',
    '> done',
    '1',
    '2',
    '$',
  ]);
});

test('Ctrl-C gives the line or the whole unfinished command up', () => {
  const { rows } = bash('echo lost', '\x03', 'echo $?\r', 'if true\r', 'foo', '\x03', 'echo ok\r');
  assert.deepEqual(rows, ['$ echo lost^C', '$ echo $?', '130', '$ if true', '> foo^C', '$ echo ok', 'ok', '$']);
});

test('Ctrl-C ends a loop and the next prompt edits again', () => {
  const { session } = bash();
  session.type('while :; do :; done\r', 20_000);
  session.type('\x03', 20_000);
  assert.match(session.type('echo on\x02\x02x\r'), /lxon\n/);
});

test('Ctrl-D on an empty line leaves the shell', () => {
  const { rows, session } = bash('\x04');
  assert.deepEqual(rows, ['$', 'exit']);
  assert.equal(session.status, 0);
  assert.equal(session.tty.termios.icanon, true);
});

test('several lines pasted with marks are one command list, run on Enter', () => {
  const { rows } = bash('\x1b[200~echo a\recho b\x1b[201~', '\r');
  assert.deepEqual(rows, ['$ echo a', 'echo b', 'a', 'b', '$']);
});

test('lines pasted without marks run one after the other', () => {
  const { rows } = bash('echo a\recho b\rread x\rfirst\recho $x\r');
  assert.deepEqual(
    rows.filter((row) => /^(a|b|first)$/.test(row)),
    ['a', 'b', 'first'],
  );
});

test('Tab completes what the shell knows', () => {
  assert.equal(bash('myvar=1; funny() { :; }\r', 'funn\t').rows.at(-1), '$ funny');
  assert.equal(bash('myvar=1\r', 'echo $myv\t\r').rows.at(-2), '1');
  assert.equal(bash('cd /et\t').rows.at(-1), '$ cd /etc/');
});

test('read -e edits its line, with a prompt, a text to begin with, names of files and Ctrl-C', () => {
  const { rows, session } = bash(
    'read -e -p "name? " -i abc x; echo "<$x>"\r', '\x1b[D\x1b[DX', '\r', ': > /tmp/unique-name\r',
    'read -e y; echo "<$y>"\r', '/tmp/uni\t', '\r', 'read -e z\r', 'lost', '\x03', 'echo $?\r',
  ); // prettier-ignore
  assert.deepEqual(rows.slice(1, 3), ['name? aXbc', '<aXbc>']);
  assert.ok(rows.includes('</tmp/unique-name>') || rows.includes('</tmp/unique-name >'), rows.join('\n'));
  assert.deepEqual(rows.slice(-4), ['lost^C', '$ echo $?', '130', '$']);
  assert.equal(session.status, -1);
});
