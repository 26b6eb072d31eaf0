import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Regex, RegexError } from './regex';

function found(pattern: string, text: string, syntax: 'basic' | 'extended' | 'perl' = 'extended'): string | undefined {
  return new Regex(pattern, { syntax }).exec(text)?.groups[0];
}

test('alternation gives the longest match', () => {
  assert.equal(found('ab|abcd', 'xabcdz'), 'abcd');
  assert.equal(found('(a|ab)(c|bcd)', 'abcd'), 'abcd');
});

test('basic expressions: literal stars, intervals, back-references, GNU operators', () => {
  assert.equal(found('*a', 'x*a', 'basic'), '*a');
  assert.equal(found('\\(a*\\)b\\1', 'xaabaay', 'basic'), 'aabaa');
  assert.equal(found('a\\{2,3\\}', 'aaaa', 'basic'), 'aaa');
  assert.equal(found('a\\|bc', 'xbc', 'basic'), 'bc');
  assert.equal(found('a+b', 'a+b', 'basic'), 'a+b');
  assert.equal(found('\\bfoo\\b', 'afoo foo', 'basic'), 'foo');
  assert.equal(found('[]a]*', ']a]b', 'basic'), ']a]');
  assert.equal(found('x^a$b', 'x^a$b', 'basic'), 'x^a$b');
});

test('classes and ranges', () => {
  assert.equal(found('[[:digit:].]+', 'ip 10.0.0.1 x'), '10.0.0.1');
  assert.equal(found('[^[:space:]]+', '  ab c'), 'ab');
  assert.equal(found('[a-]+', 'x-a-'), '-a-');
  assert.equal(found('[\\n]', 'a\\b'), '\\');
});

test('Perl: \\K, \\h, inline flags', () => {
  assert.equal(found('inet \\K[\\d.]+', 'inet 10.1.2.3/24', 'perl'), '10.1.2.3');
  assert.equal(found('(?i)HOST', 'a host', 'perl'), 'host');
  assert.equal(found('[[:alpha:]\\-]+', '1a-b', 'perl'), 'a-b');
});

test('error texts are those of regcomp', () => {
  const message = (p: string, syntax: 'basic' | 'extended'): string => {
    try {
      new Regex(p, { syntax });
    } catch (e) {
      if (e instanceof RegexError) return e.message;
    }
    return '';
  };
  assert.equal(message('[a', 'basic'), 'Unmatched [, [^, [:, [., or [=');
  assert.equal(message('(a', 'extended'), 'Unmatched ( or \\(');
  assert.equal(message('\\(a', 'basic'), 'Unmatched ( or \\(');
  assert.equal(message('a\\', 'basic'), 'Trailing backslash');
  assert.equal(message('\\1', 'basic'), 'Invalid back reference');
  assert.equal(message('[[:foo:]]', 'basic'), 'Invalid character class name');
  assert.equal(message('[z-a]', 'basic'), 'Invalid range end');
  assert.equal(message('a\\{1', 'basic'), 'Unmatched \\{');
});
