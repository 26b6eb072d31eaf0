import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Layout, promptCells } from './layout';
import { Bench, KEYS, paste } from './testing';
import { Screen } from './vt.testing';
import { textWidth } from './width';

const HISTORY = [
  'echo one',
  'ping -c 3 10.0.0.1 | grep ttl',
  'x',
  '\u7db2\u8def e\u0301 long enough to wrap over rows',
];

/** Keys that leave the line being edited, on a prompt that never leaves the screen. */
const key = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'b', ' ', '_', '/', 'xyz', 'one two', '\u7db2', 'e\u0301', '\u0301', '\u{1f600}'),
  },
  { weight: 8, arbitrary: fc.constantFrom(...Object.values(KEYS)) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...[
        0x01, 0x02, 0x05, 0x06, 0x08, 0x0b, 0x0c, 0x0e, 0x10, 0x12, 0x13, 0x14, 0x15, 0x17, 0x19, 0x1f, 0x7f, 0x07,
      ].map((c) => String.fromCharCode(c)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(...[...'bfdutlcy.r\\<>3-'].map((c) => `\x1b${c}`)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(paste('p\nq'), paste('\t|\x7f'), '\x16\x02', '\x1d' + 'a', '\x1b[1;5D', '\x18\x18'),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((s) => s.replace(/[\r\n\t\x03\x1a\x1c\x04\x1b]/g, '')) },
);

/** What the screen must show for `text` behind `prompt`, drawn afresh. */
function drawn(prompt: string, text: string, columns: number): string[] {
  const screen = new Screen(columns, 200);
  const layout = new Layout(columns, promptCells(prompt));
  layout.update(text, 0);
  for (let row = 0; row < layout.rowCount; row++) {
    screen.row = row;
    screen.column = 0;
    screen.write(
      layout
        .cells(row)
        .map((c) => c.text)
        .join(''),
    );
  }
  return screen.text;
}

/** Ends searches and numeric arguments, so that the prompt is the plain one. */
const SETTLE = '\x05\x05';

test('after any keys the screen shows the prompt, the line and the cursor where it belongs', () => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 60 }),
      fc.constantFrom(5, 10, 17, 40),
      fc.constantFrom('$ ', '', '\x01\x1b[1m\x02root@host:~# \x01\x1b[0m\x02'),
      (keys, columns, prompt) => {
        const b = new Bench(prompt, { columns, rows: 60, history: HISTORY });
        for (const k of keys) b.type(k);
        b.type('\x07', '\x02\x02', '\u25cf', 'Z', '\x02');
        const rows = b.rows;
        // The character just typed stands before the cursor.
        const place = rows.findIndex((row) => row.includes('\u25cf'));
        const before = rows[place]!.slice(0, rows[place]!.indexOf('\u25cf') + 1);
        const at = textWidth(before);
        assert.deepEqual([b.screen.row, b.screen.column], at === columns ? [place + 1, 0] : [place, at]);
        b.type('\r');
        const result = b.results.at(-1)!;
        assert.ok(result.kind === 'line');
        const want = drawn(prompt, result.text, columns);
        assert.deepEqual(rows, want);
      },
    ),
    { numRuns: 400 },
  );
});

test('how the input is cut into reads makes no difference', () => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (keys, cuts) => {
        const bytes = new TextEncoder().encode(keys.join('') + SETTLE);
        const whole = new Bench('$ ', { columns: 12, rows: 60, history: HISTORY }).type(bytes);
        const parts = new Bench('$ ', { columns: 12, rows: 60, history: HISTORY });
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const next = at + cuts[i % cuts.length]!;
          parts.type(bytes.subarray(at, next));
          at = next;
        }
        assert.deepEqual(parts.rows, whole.rows);
        assert.deepEqual([parts.screen.row, parts.screen.column], [whole.screen.row, whole.screen.column]);
      },
    ),
    { numRuns: 200 },
  );
});

test('a line higher than the screen is shown around the cursor', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('0123456789abcdef', '\x01', '\x05', '\x1bb', '\x1bf', 'x', '\x7f', '\x17', ' '), {
        maxLength: 60,
      }),
      (keys) => {
        const b = new Bench('$ ', { columns: 10, rows: 4 });
        for (const k of keys) b.type(k);
        const { row, column } = b.screen;
        const rows = b.rows;
        b.type('\r');
        const result = b.results.at(-1)!;
        assert.ok(result.kind === 'line');
        const all = drawn('$ ', result.text, 10);
        // What is on the screen is a stretch of the whole, and the cursor stands in it.
        const seen = rows.length === 0 ? [''] : rows;
        let at = -1;
        for (let i = 0; i + seen.length <= Math.max(1, all.length); i++) {
          if (seen.every((line, n) => line === (all[i + n] ?? ''))) at = i;
        }
        assert.ok(at >= 0, JSON.stringify({ seen, all }));
        assert.ok(row < 4 && column < 10);
      },
    ),
    { numRuns: 200 },
  );
});
