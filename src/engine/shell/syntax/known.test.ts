import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bareTree } from './bare-tree';
import { GRAMMAR } from './grammar';
import { knownProgram, STARTUP_FILES } from './known';

const bare = (program: ReturnType<typeof knownProgram>): unknown =>
  program && { ...program, statements: bareTree(program.statements) };

test('the trees of the start-up files are those that the grammar makes', () => {
  for (const text of STARTUP_FILES) {
    assert.deepEqual(bare(knownProgram(text)), bare(GRAMMAR.parse(text)), 'run: npx tsx scripts/startup-trees.ts');
    assert.equal(knownProgram(`${text} `), undefined);
  }
});

test('one command with plain words is what the grammar says it is', () => {
  const word = fc.oneof(
    fc.stringMatching(/^[\w.,:/@%+-]{1,6}$/),
    fc.constantFrom(
      'hostname',
      '-f',
      'if',
      'time',
      'function',
      'done',
      'in',
      'a=b',
      '1',
      '~',
      '{',
      '!',
      '#x',
      '$x',
      '2>a',
    ),
  );
  const blank = fc.constantFrom(' ', '\t', '  ', '');
  let known = 0;
  fc.assert(
    fc.property(
      blank,
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(' ', '\t', '  '),
      blank,
      (a, words, b, c) => {
        const text = `${a}${words.join(b)}${c}\n`;
        const program = knownProgram(text);
        if (!program) return;
        known++;
        assert.deepEqual(bare(program), bare(GRAMMAR.parse(text)));
      },
    ),
    { numRuns: 3000, seed: 1 },
  );
  assert.ok(known > 100);
});

test('blank lines are nothing', () => {
  for (const text of ['', '\n', ' \t\n\n']) assert.deepEqual(bare(knownProgram(text)), bare(GRAMMAR.parse(text)));
});

test('what may mean more than itself takes the grammar', () => {
  for (const text of [
    'a=b',
    'a b=c',
    'ls *',
    'ls ~',
    'a;b',
    'a&',
    'a|b',
    "a 'b'",
    'a $b',
    'if',
    'time a',
    'a\nb',
    'a #b',
    '! a',
    'a \\',
  ])
    assert.equal(knownProgram(text), undefined, text);
});
