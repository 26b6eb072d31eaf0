import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getopt, GetoptError } from './getopt';

const LONGS = ['all=a', 'lines:=n', 'color::', 'size=s', 'sort:'];

function flat(...args: string[]): string {
  const { options, operands } = getopt(['x', ...args], 'an:sc::', LONGS);
  return [...options.map((o) => `${o.name}${o.arg === undefined ? '' : `=${o.arg}`}`), '|', ...operands].join(' ');
}

function message(...args: string[]): string {
  try {
    flat(...args);
  } catch (e) {
    if (e instanceof GetoptError) return e.message;
    throw e;
  }
  return '';
}

test('permutation, bundles, optional arguments, abbreviations', () => {
  assert.equal(flat('f', '-an5', 'g', '--', '-a'), 'a n=5 | f g -a');
  assert.equal(flat('-n', '3', '--lines=4', '--lines', '5'), 'n=3 n=4 n=5 |');
  assert.equal(flat('-c', 'x', '-cy', '--color', '--color=z'), 'c c=y color color=z | x');
  assert.equal(flat('--al', '--li', '2', '-'), 'a n=2 | -');
  const { operands } = getopt(['x', 'cmd', '-a'], '+a');
  assert.deepEqual(operands, ['cmd', '-a']);
});

test('messages', () => {
  assert.equal(message('-y'), "invalid option -- 'y'");
  assert.equal(message('--foo=1'), "unrecognized option '--foo=1'");
  assert.equal(message('-n'), "option requires an argument -- 'n'");
  assert.equal(message('--lines'), "option '--lines' requires an argument");
  assert.equal(message('--all=1'), "option '--all' doesn't allow an argument");
  assert.equal(message('--s'), "option '--s' is ambiguous; possibilities: '--size' '--sort'");
});
