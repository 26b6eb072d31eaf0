import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { charWidth, textWidth } from './width';

test('widths are those of the terminal that shows the line', () => {
  const source = readFileSync('node_modules/@xterm/xterm/src/common/input/UnicodeV6.ts', 'utf8');
  const zero = new Set<number>();
  for (const [, from, to] of source.matchAll(/\[(0x[0-9A-F]+), (0x[0-9A-F]+)\]/g)) {
    for (let code = Number(from); code <= Number(to); code++) zero.add(code);
  }
  assert.ok(zero.size > 500);
  for (let code = 0xa0; code <= 0xe0fff; code++) {
    if (code === 0xfffff) break;
    assert.equal(charWidth(code) === 0, zero.has(code), code.toString(16));
  }
});

test('wide, narrow and combining characters', () => {
  assert.equal(textWidth('abc'), 3);
  assert.equal(textWidth('\u7db2\u8def'), 4);
  assert.equal(textWidth('e\u0301'), 1);
  assert.equal(textWidth('\uff21'), 2);
  assert.equal(textWidth('\u{20000}'), 2);
});
