import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COOKED } from '../../core';
import { COREUTILS } from '../coreutils';
import { PROCESS_TOOLS } from '../processes';
import { SCREEN_TOOLS } from '.';
import { ProgramBench } from './bench.testing';

const bench = (): ProgramBench => new ProgramBench([...SCREEN_TOOLS, ...PROCESS_TOOLS, ...COREUTILS]);
const size = { columns: 80, rows: 24 };

test('nano writes a new file and leaves', () => {
  const b = bench();
  const run = b.screen(['nano', 'new.txt'], size);
  assert.equal(run.rows[0], '  GNU nano 7.2                        new.txt');
  assert.equal(run.rows[21], `${' '.repeat(34)}[ New File ]`);
  assert.equal(run.rows[22], '^G Help      ^O Write Out ^W Where Is  ^K Cut       ^T Execute   ^C Location');
  assert.equal(run.rows[23], '^X Exit      ^R Read File ^\\ Replace   ^U Paste     ^J Justify   ^/ Go To Line');
  run.type('héllo\r', 'two');
  assert.equal(run.rows[0], '  GNU nano 7.2                        new.txt *');
  assert.deepEqual(run.rows.slice(1, 3), ['héllo', 'two']);
  run.type('\x0f');
  assert.equal(run.rows[21], 'File Name to Write: new.txt');
  run.type('\r');
  assert.equal(run.rows[21], `${' '.repeat(31)}[ Wrote 2 lines ]`);
  assert.equal(b.run(['cat', 'new.txt']).stdout, 'héllo\ntwo\n');
  run.type('\x18');
  assert.equal(run.exit, 0);
  assert.deepEqual(run.tty.termios, COOKED);
  assert.equal(run.screen.alternate, false);
});

test('nano edits: moves, deletes, cuts, pastes, searches, undoes', () => {
  const b = bench();
  b.run(['tee', 'f'], 'alpha beta\ngamma\ndelta\n');
  const run = b.screen(['nano', 'f'], size);
  assert.equal(run.rows[21], `${' '.repeat(32)}[ Read 3 lines ]`);
  run.type('\x1b[B', '\x1b[C', '\x7f', 'G');
  assert.deepEqual(run.rows.slice(1, 4), ['alpha beta', 'Gamma', 'delta']);
  run.type('\x0b', '\x0b');
  assert.deepEqual(run.rows.slice(1, 4), ['alpha beta', '', '']);
  run.type('\x1b\\', '\x15');
  assert.deepEqual(run.rows.slice(1, 4), ['Gamma', 'delta', 'alpha beta']);
  run.type('\x17', 'GAM\r');
  assert.equal(run.screen.row, 1);
  assert.match(run.rows[21]!, /\[ Search Wrapped \]/);
  run.type('\x17', 'zz\r');
  assert.match(run.rows[21]!, /\[ "zz" not found \]/);
  run.type('\x1bu');
  assert.deepEqual(run.rows.slice(1, 4), ['alpha beta', '', '']);
  run.type('\x18');
  assert.equal(run.rows[21], 'Save modified buffer?');
  assert.equal(run.rows[23], ' N No           ^C Cancel');
  run.type('\x03');
  assert.match(run.rows[21]!, /\[ Cancelled \]/);
  run.type('\x18', 'n');
  assert.equal(run.exit, 0);
  assert.equal(b.run(['cat', 'f']).stdout, 'alpha beta\ngamma\ndelta\n');
});

test('nano tells where the cursor is, takes a paste, and says why it cannot write', () => {
  const b = bench();
  b.run(['tee', 'f'], 'xalpha beta\ngamma\n');
  const run = b.screen(['nano', 'f'], size);
  run.type('\x1b[B', '\x03');
  // As recorded with nano 7.2.
  assert.equal(run.rows[21]!.trim(), '[ line  2/3 (66%), col  1/ 6 ( 16%), char 12/18 (66%) ]');
  run.type('\x1b[200~one\rtwo\r\x1b[201~');
  assert.deepEqual(run.rows.slice(1, 5), ['xalpha beta', 'one', 'two', 'gamma']);
  run.type('\x0f', '\x15', '/nosuch/f\r');
  assert.match(run.rows[21]!, /\[ Error writing \/nosuch\/f: No such file or directory \]/);
  run.resize(40, 10);
  assert.equal(run.rows[0], '  GNU nano 7.2       f *');
  assert.deepEqual(run.rows.slice(1, 5), ['xalpha beta', 'one', 'two', 'gamma']);
});

test('more shows a screen at a time', () => {
  const b = bench();
  b.run(['tee', 'nums'], b.run(['seq', '50']).stdout);
  const run = b.screen(['more', 'nums']);
  assert.equal(run.bottom, '--More--(12%)');
  assert.equal(run.type(' ').bottom, '--More--(31%)');
  assert.equal(run.rows[8], '18');
  assert.equal(run.type('\r').bottom, '--More--(34%)');
  assert.deepEqual(run.type('q').exit, 0);
  assert.deepEqual(run.tty.termios, COOKED);
  assert.equal(b.run(['more', 'nums']).stdout.length, 141);
  assert.equal(b.run(['more', 'nosuch']).stderr, 'more: cannot open nosuch: No such file or directory\n');
});

test('stty shows and changes the line discipline', () => {
  const b = bench();
  const show = (...words: string[]): string =>
    b.screen(['stty', ...words], { columns: 100, rows: 10 }).sent.replaceAll('\r', '');
  assert.equal(show('size'), '10 100\n');
  const all = show('-a').split('\n');
  assert.equal(all[0], 'speed 38400 baud; rows 10; columns 100; line = 0;');
  assert.equal(all[1], 'intr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>; eol2 = <undef>;');
  assert.equal(all[3], 'min = 1; time = 0;');
  assert.equal(all[4], '-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts');
  // Recorded with stty of coreutils 9.1: 100 columns may take 101.
  assert.equal(all[2]!.length, 101);
  const run = b.screen(['stty', '-echo', 'raw', 'cols', '70']);
  assert.deepEqual(
    [run.tty.termios.echo, run.tty.termios.icanon, run.tty.termios.opost, run.tty.columns],
    [false, false, false, 70],
  );
  assert.equal(b.run(['stty', '-a']).stderr, 'stty: ‘standard input’: Inappropriate ioctl for device\n');
  assert.equal(b.screen(['stty', 'foo']).sent.split('\r')[0], 'stty: invalid argument ‘foo’');
  assert.equal(b.run(['tty']).stdout, 'not a tty\n');
  assert.match(b.screen(['tty']).sent, /^\/dev\/pts\/\d+\r\n$/);
});

test('man, whatis, apropos and whereis know the programs', () => {
  const b = bench();
  assert.equal(b.run(['man', 'nosuch']).stderr, 'No manual entry for nosuch\n');
  assert.equal(b.run(['man', '3', 'ps']).stderr, 'No manual entry for ps in section 3\n');
  assert.equal(b.run(['man', 'nosuch']).exit, 16);
  const page = b.run(['man', 'sleep']).stdout.split('\n');
  assert.equal(page[0], `SLEEP(1)${' '.repeat(25)}User Commands${' '.repeat(26)}SLEEP(1)`);
  assert.equal(page[2], 'NAME');
  assert.match(page[3]!, /^ {7}sleep - /);
  assert.equal(b.run(['whatis', 'ps']).stdout, 'ps (1)               - report a snapshot of the current processes\n');
  assert.equal(b.run(['whatis', 'nosuch']).stderr, 'nosuch: nothing appropriate.\n');
  assert.match(b.run(['apropos', 'pager']).stdout + b.run(['apropos', 'page']).stdout, /^less \(1\)/m);
  assert.equal(
    b.run(['whereis', 'nosuch', 'sleep']).stdout,
    'nosuch:\nsleep: /usr/bin/sleep /usr/share/man/man1/sleep.1.gz\n',
  );
  const run = b.screen(['man', 'less'], { columns: 60, rows: 10 });
  assert.equal(run.bottom, 'Manual page less(1) (press h for help or q to quit)');
  assert.equal(run.rows[2], 'NAME');
  run.type('q');
  assert.equal(run.exit, 0);
});
