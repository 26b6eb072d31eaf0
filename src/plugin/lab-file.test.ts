import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLabFile } from './lab-file';

const GOOD = `id: demo
title: Demo
world: linux
tasks:
  - id: one
    title: One
    check: {run: 'test -e /one'}
    feedback:
      - {id: two-made, when: {run: 'test -e /two'}, say: That is two.}
    solve:
      - run: touch /one
    wrong:
      - {run: touch /two, feedback: two-made}
`;

/** `line:column message` of everything that is wrong with GOOD after a change. */
function problems(from: string | RegExp, to: string, file = 'docs/demo.lab.yaml'): string[] {
  const text = GOOD.replace(from, to);
  assert.notEqual(text === GOOD, true, 'the change changes nothing');
  return readLabFile(file, text, ['linux']).problems.map((p) => `${p.line}:${p.column} ${p.message}`);
}

test('a good file is compiled', () => {
  const { source, problems: none } = readLabFile('docs/demo.lab.yaml', GOOD, ['linux']);
  assert.deepEqual(none, []);
  assert.ok(source);
  assert.equal(source.lab.kind, 'lab');
  assert.equal(source.lab.seed, 'demo');
  assert.deepEqual(source.lab.tasks[0]?.checks, [{ kind: 'run', run: 'test -e /one', expect: {} }]);
  assert.deepEqual(source.lab.tasks[0]?.solutions, [{ steps: [{ run: 'touch /one' }] }]);
  assert.deepEqual(source.wrong.get('one'), [{ steps: [{ run: 'touch /two' }], feedback: 'two-made' }]);
  assert.deepEqual(source.locate(['tasks', 0, 'solve']), { line: 10, column: 5 });
});

test('every kind of check is read', () => {
  const check = `check:
      - {reachable: 10.0.0.1, on: host/c1, say: no}
      - {notReachable: 10.0.0.1}
      - {route: {to: 10.0.0.1, dev: eth0}}
      - {listening: 80}
      - {listening: {port: 80, address: 0.0.0.0}}
      - {run: x, exit: nonzero, json: {path: a.0, equals: null}}`;
  const { source, problems: none } = readLabFile('docs/demo.lab.yaml', GOOD.replace(/check: .*/, check), ['linux']);
  assert.deepEqual(none, []);
  assert.deepEqual(source?.lab.tasks[0]?.checks, [
    { kind: 'reachable', to: '10.0.0.1', on: { machine: 'host', netns: 'c1' }, say: 'no' },
    { kind: 'notReachable', to: '10.0.0.1' },
    { kind: 'route', to: '10.0.0.1', dev: 'eth0' },
    { kind: 'listening', port: 80 },
    { kind: 'listening', port: 80, address: '0.0.0.0' },
    { kind: 'run', run: 'x', expect: { exit: 'nonzero', json: { path: 'a.0', equals: null } } },
  ]);
});

test('mistakes are reported at their line and column', () => {
  assert.deepEqual(problems('title: Demo', 'titel: Demo'), ['1:1 "title" is missing', '2:1 unknown key "titel"']);
  assert.deepEqual(problems('world: linux', 'world: mars'), ['3:1 there is no world "mars" (there are: linux)']);
  assert.deepEqual(problems('id: demo', 'id: other'), ['1:1 the lab\'s id is "other", the file\'s name says "demo"']);
  assert.deepEqual(problems('id: one', 'id: One'), ['5:5 id must match pattern "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"']);
  assert.deepEqual(problems('feedback: two-made', 'feedback: three'), ['13:27 task "one" has no feedback "three"']);
  assert.deepEqual(problems(', feedback: two-made', ''), [
    '13:9 a wrong attempt must name the "feedback" it triggers, or what it "says"',
  ]);
  assert.deepEqual(problems("check: {run: 'test -e /one'}", 'check: {}'), [
    '7:5 a check is exactly one of run, reachable, notReachable, route, listening',
  ]);
  assert.deepEqual(problems("{run: 'test -e /one'}", "{run: x, matches: '('}").length, 1);
  assert.match(problems("{run: 'test -e /one'}", "{run: x, matches: '('}")[0]!, /^7:21 Invalid regular expression/);
  assert.match(problems('title: Demo', 'title: [Demo')[0]!, /^3:1 /);
  assert.deepEqual(problems(/ {4}solve:\n.*\n/, ''), ['5:5 task "one" has no solution ("solve")']);
  assert.deepEqual(problems(/ {4}wrong:\n.*\n/, ''), ['5:5 task "one" has no wrong attempt ("wrong")']);
  assert.deepEqual(problems('world: linux', 'world: linux\nkind: challenge'), [
    '4:1 a challenge needs a "ticket"',
    '4:1 a challenge needs "layers" to choose from',
  ]);
  const layers = ['Cable', 'Route', 'Filter'].map((name) => `  - { name: ${name}, right: true, say: Yes. }`).join('\n');
  assert.deepEqual(
    problems('world: linux', `world: linux\nkind: challenge\nticket: { from: Ann, text: Help. }\nlayers:\n${layers}`),
    ['6:1 one of the layers must be right'],
  );
});

test('a task id may be used once', () => {
  const task = GOOD.slice(GOOD.indexOf('  - id: one'));
  const { problems: found } = readLabFile('docs/demo.lab.yaml', GOOD + task, ['linux']);
  assert.deepEqual(
    found.map((p) => `${p.line}:${p.column} ${p.message}`),
    ['14:5 duplicate task id "one"'],
  );
});
