import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, KEYS, paste } from './testing';

const { up, down, left, right, home, end } = KEYS;

/** What the line looks like, the cursor as `|`, after typing `keys` on an empty line. */
function typed(keys: string, history: string[] = []): string {
  const bench = new Bench('', { history, columns: 80 });
  return bench.type(keys).line;
}

test('a character typed at the end is all that is sent', () => {
  const b = new Bench('$ ');
  assert.equal(b.sent, '\x1b[?2004h$ ');
  b.type('l');
  assert.equal(b.sent, 'l');
  b.type('s');
  assert.equal(b.sent, 's');
  b.type('\r');
  assert.equal(b.sent, '\r\n\x1b[?2004l\r\x1b[?2004h$ ');
  assert.deepEqual(b.results, [{ kind: 'line', text: 'ls' }]);
});

test('a character in the middle is inserted without writing the rest again', () => {
  const b = new Bench('$ ').type('abcdef\x01');
  void b.sent;
  b.type('x');
  assert.equal(b.sent, '\x1b[@x');
  b.type('\x04');
  assert.equal(b.sent, '\x1b[P');
  assert.deepEqual(b.rows, ['$ xbcdef']);
});

test('motion and editing keys', () => {
  assert.equal(typed('hello world\x01'), '|hello world');
  assert.equal(typed('hello world\x02\x02'), 'hello wor|ld');
  assert.equal(typed('hello world\x1bb'), 'hello |world');
  assert.equal(typed('hello world\x1b[1;5D\x1b[1;5D\x1b[1;5C'), 'hello| world');
  assert.equal(typed(`abc${home}x${end}y${left}z`), 'xabcz|y');
  assert.equal(typed(`abc${left}${left}${right}\x08`), 'a|c');
  assert.equal(typed('a_b-c\x1bb\x1bb'), 'a_|b-c');
  assert.equal(typed('abc def\x01\x1bd'), '| def');
  assert.equal(typed('abc def\x1b\x7f'), 'abc |');
  assert.equal(typed('abc d/ef\x17'), 'abc |');
  assert.equal(typed('ab\x14'), 'ba|');
  assert.equal(typed('abcd\x02\x02\x14'), 'acb|d');
  assert.equal(typed('one two\x1bt'), 'two one|');
  assert.equal(typed('one two\x01\x1bu\x1bc'), 'ONE Two|');
  assert.equal(typed('ONE\x01\x1bl'), 'one|');
  assert.equal(typed(`abc${KEYS.delete}${home}${KEYS.delete}`), '|bc');
  assert.equal(typed('abcabc\x01\x1dc'), 'ab|cabc');
});

test('killing and yanking', () => {
  assert.equal(typed('one two\x01\x0b\x19\x19'), 'one twoone two|');
  assert.equal(typed('one two three\x17\x17\x19'), 'one two three|');
  assert.equal(typed('one two\x17\x01\x0b\x19\x1by'), 'two|');
  assert.equal(typed('one two\x1bb\x15\x05\x19'), 'twoone |');
});

test('undo takes back groups of typing and single edits', () => {
  assert.equal(typed('one two\x17\x1f'), 'one two|');
  assert.equal(typed('one two\x17\x1f\x1f'), '|');
  assert.equal(typed('abc\x1b3\x19\x18\x15'), '|');
});

test('numeric arguments', () => {
  assert.equal(typed('\x1b3x'), 'xxx|');
  assert.equal(typed('\x1b12ab'), 'aaaaaaaaaaaab|');
  assert.equal(typed('abcdef\x1b3\x02'), 'abc|def');
  assert.equal(typed('abcdef\x01\x1b-\x06'), '|abcdef');
  const b = new Bench('$ ').type('ab\x1b1');
  assert.deepEqual(b.rows, ['(arg: 1) ab']);
  b.type('2');
  assert.deepEqual(b.rows, ['(arg: 12) ab']);
  b.type('\x02');
  assert.deepEqual(b.rows, ['$ ab']);
});

test('history keeps edits while moving', () => {
  const history = ['echo one', 'ping two'];
  assert.equal(typed(up, history), 'ping two|');
  assert.equal(typed(`new${up}${up}${down}${down}`, history), 'new|');
  assert.equal(typed(`${up}X${up}${down}`, history), 'ping twoX|');
  assert.equal(typed('\x1b<', history), 'echo one|');
  assert.equal(typed('e\x1b[5~', history), 'e|cho one');
  assert.equal(typed('ls \x1b.', history), 'ls two|');
  assert.equal(typed('ls \x1b.\x1b.', history), 'ls one|');
});

test('the last argument is a word of the shell', () => {
  assert.equal(typed('\x1b.', [`cat 'a b' "c d"; ls x\\ y`]), 'x\\ y|');
  assert.equal(typed('\x1b.', ['echo "a b">out']), 'out|');
  assert.equal(typed('\x1b.', ['sleep 5 &']), '&|');
});

test('incremental search', () => {
  const b = new Bench('$ ', { history: ['echo alpha', 'echo beta', 'ls'] }).type('\x12');
  assert.deepEqual(b.rows, ["(reverse-i-search)`':"]);
  b.type('ec');
  assert.deepEqual(b.rows, ["(reverse-i-search)`ec': echo beta"]);
  b.type('\x12');
  assert.deepEqual(b.rows, ["(reverse-i-search)`ec': echo alpha"]);
  b.type('x');
  assert.equal(b.rows.join(''), "(failed reverse-i-search)`ecx': echo alpha");
  b.type('\x7f');
  assert.deepEqual(b.rows, ["(reverse-i-search)`ec': echo alpha"]);
  b.type('\x05');
  assert.equal(b.line, '$ echo alpha|');
  b.type('\r');
  assert.deepEqual(b.results, [{ kind: 'line', text: 'echo alpha' }]);
  b.type('keep\x12bet\x07');
  assert.equal(b.line, '$ keep|');
  b.type('\x15\x12bet\r');
  assert.deepEqual(b.results[1], { kind: 'line', text: 'echo beta' });
  b.type('\x12\x12');
  assert.equal(b.rows.at(-1), "(reverse-i-search)`bet': echo beta");
});

test('a lone escape ends a search after a moment', () => {
  const b = new Bench('$ ', { history: ['echo alpha'] }).type('\x12alp\x1b');
  assert.equal(b.rows[0], "(reverse-i-search)`alp': echo alpha");
  b.pass(600_000);
  assert.equal(b.line, '$ echo |alpha');
});

test('Ctrl-C interrupts and shows it, Ctrl-D ends on an empty line only, Ctrl-Z does nothing', () => {
  const b = new Bench('$ ').type('hello', '\x03');
  assert.deepEqual(b.results, [{ kind: 'interrupt' }]);
  assert.deepEqual(b.rows, ['$ hello^C', '$']);
  b.type('\x1a', 'ab\x02\x04\x02\x04');
  assert.equal(b.line, '$ |');
  b.type('\x04');
  assert.equal(b.process.alive, true);
  b.type('x\x15', '\x04');
  assert.deepEqual(b.results.at(-1), { kind: 'eof' });
  assert.equal(b.screen.column, 0);
  assert.equal(b.tty.termios.icanon, true);
});

test('quoted insert takes control characters', () => {
  const b = new Bench('$ ').type('\x16', '\x03', '\x16\x1b', 'x\r');
  assert.deepEqual(b.rows[0], '$ ^C^[x');
  assert.deepEqual(b.results, [{ kind: 'line', text: '\x03\x1bx' }]);
});

test('a line wraps at the width and the cursor follows', () => {
  const b = new Bench('$ ', { columns: 10, rows: 5 }).type('12345678');
  assert.deepEqual(b.rows, ['$ 12345678']);
  assert.deepEqual([b.screen.row, b.screen.column], [1, 0]);
  void b.sent;
  b.type('9');
  assert.equal(b.sent, '9');
  b.type('\x01x');
  assert.deepEqual(b.rows, ['$ x1234567', '89']);
  b.type('\x05\x7f\x7f');
  assert.deepEqual(b.rows, ['$ x1234567']);
  b.type('\x7f\x7f');
  assert.deepEqual(b.rows, ['$ x12345']);
});

test('a change of size draws the line anew', () => {
  const b = new Bench('$ ', { columns: 20, rows: 5 }).type('abcdefghijklmnop');
  void b.sent;
  b.resize(10, 5);
  assert.equal(b.sent, '\r\x1b[J$ abcdefghijklmnop');
});

test('wide characters and combining marks, split over reads', () => {
  const b = new Bench('$ ', { columns: 10, rows: 5 });
  for (const byte of new TextEncoder().encode('\u7db2e\u0301\u8def')) b.type(Uint8Array.of(byte));
  assert.deepEqual(b.rows, ['$ \u7db2e\u0301\u8def']);
  assert.equal(b.screen.column, 7);
  b.type('\x02\x02');
  assert.equal(b.screen.column, 4);
  b.type('\x04');
  assert.deepEqual(b.rows, ['$ \u7db2\u8def']);
  b.type('\x05abc\u7db2');
  assert.deepEqual(b.rows, ['$ \u7db2\u8defabc', '\u7db2']);
});

test('prompts with invisible parts and several rows', () => {
  const b = new Bench('one\n\x01\x1b[1m\x02two$ \x01\x1b[0m\x02', { columns: 10, rows: 6 }).type('12345');
  assert.deepEqual(b.rows, ['one', 'two$ 12345']);
  assert.deepEqual([b.screen.row, b.screen.column], [2, 0]);
  b.type('6\x01\x0c');
  assert.deepEqual(b.rows, ['one', 'two$ 12345', '6']);
  assert.deepEqual([b.screen.row, b.screen.column], [1, 5]);
});

test('a bracketed paste is not executed before Enter', () => {
  const b = new Bench('$ ').type(paste('echo a\recho b\r'));
  assert.deepEqual(b.results, []);
  assert.deepEqual(b.rows, ['$ echo a', 'echo b']);
  b.type('\r');
  assert.deepEqual(b.results, [{ kind: 'line', text: 'echo a\necho b\n' }]);
  const whole = paste('x\x09y');
  for (const char of whole) b.type(char);
  b.type('\r');
  assert.deepEqual(b.results[1], { kind: 'line', text: 'x\ty' });
});

test('what is typed ahead is read by the commands and by the next line', () => {
  let seen = '';
  const b = new Bench('$ ', {
    *between(sys) {
      if (seen === '') seen = new TextDecoder().decode(yield* sys.read(0, 100));
    },
  });
  b.type('cat\rfor cat\rnext\rla');
  assert.equal(seen, 'for cat\n');
  assert.deepEqual(
    b.results.map((r) => r.kind === 'line' && r.text),
    ['cat', 'next'],
  );
  assert.equal(b.line, '$ la|');
});

test('a megabyte pasted, with and without marks, with bounded output', () => {
  const text = 'echo 0123456789 abcdefghijklmnopqrstuvwxyz '.repeat(24_000);
  for (const bracketed of [true, false]) {
    const b = new Bench('$ ', { columns: 80, rows: 24 });
    void b.sent;
    b.type(bracketed ? paste(text) : text);
    assert.ok(b.sent.length < 60_000 + (bracketed ? 0 : 40 * 80 * 24));
    b.type('z');
    assert.equal(b.sent, 'z');
    b.type('\x01');
    assert.equal(b.rows[0]!.slice(0, 12), '$ echo 01234');
    b.type('y\x05');
    b.type('\r');
    const [result] = b.results;
    assert.ok(result?.kind === 'line' && result.text.length === text.length + 2);
  }
});

test('twenty thousand pasted lines come one by one', () => {
  const b = new Bench('$ ', { columns: 80, rows: 24 });
  b.type('echo some more text and some more text again\r'.repeat(20_000));
  assert.equal(b.results.length, 20_000);
});

test('completion: prefix, then a list in columns, then the line again', () => {
  const words = ['alpha', 'alpine', 'alps'];
  const b = new Bench('$ ', {
    columns: 20,
    *complete(line, cursor) {
      yield null;
      const start = line.lastIndexOf(' ', cursor - 1) + 1;
      return {
        start,
        words: words.filter((w) => w.startsWith(line.slice(start, cursor))),
        suffix: ' ',
        filenames: false,
      };
    },
  });
  b.type('x a\t');
  assert.equal(b.line, '$ x alp|');
  assert.equal(b.screen.bells, 1);
  b.type('\t');
  assert.equal(b.screen.bells, 2);
  assert.deepEqual(b.rows, ['$ x alp']);
  b.type('\t');
  assert.deepEqual(b.rows, ['$ x alp', 'alpha   alps', 'alpine', '$ x alp']);
  b.type('h\t');
  assert.equal(b.line, '$ x alpha |');
  b.type('q\t');
  assert.equal(b.screen.bells, 3);
});

test('many candidates are asked for first, and shown page by page', () => {
  const b = new Bench('$ ', {
    columns: 20,
    rows: 6,
    *complete(_line, cursor) {
      yield null;
      return { start: cursor, words: Array.from({ length: 123 }, (_, i) => `name${i}`), suffix: ' ', filenames: false };
    },
  });
  b.type('\x1b?');
  assert.equal(b.rows.slice(-2).join('').trim(), 'Display all 123 possibilities? (y or n)');
  b.type('y');
  assert.equal(b.rows.at(-1), '--More--');
  b.type('q');
  assert.equal(b.line, '$ |');
});

test('names are quoted as the shell needs it', () => {
  const names = ["it's here", 'dir with/', 'plain'];
  const bench = (quote?: '"' | "'") =>
    new Bench('$ ', {
      *complete(line, cursor) {
        yield null;
        const start = quote ? line.indexOf(quote) + 1 : line.lastIndexOf(' ') + 1;
        const typed = line.slice(start, cursor);
        return {
          start,
          words: names.filter((n) => n.startsWith(typed)),
          suffix: ' ',
          filenames: true,
          ...(quote ? { quote } : {}),
        };
      },
    });
  assert.equal(bench().type('x it\t').line, "$ x it\\'s\\ here |");
  assert.equal(bench().type('x di\t').line, '$ x dir\\ with/|');
  assert.equal(bench('"').type('x "it\t').line, '$ x "it\'s here" |');
  assert.equal(bench("'").type("x 'it\t").line, "$ x 'it'\\''s here' |");
});
