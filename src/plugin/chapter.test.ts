import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readChapter } from './chapter';

function read(text: string) {
  const { chapter, problems } = readChapter('docs/a.mdx', text);
  return { chapter, problems: problems.map((p) => `${p.line}:${p.column} ${p.message}`) };
}

const QUIZ = `:::quiz{#veth}

::question{#peer}

What happens to the **other** end?

- [x] It goes too.
  > One object, \`two\` names.
- [ ] It stays.
  > That would need <two> objects.

::question{#private kind=multiple}

Which are private?

- [x] Routes
  > Yes.
- [x] Sockets
  > Yes.
- [ ] The kernel
  > No.
:::
`;

test('a quiz with several questions is read', () => {
  const { chapter, problems } = read(QUIZ.replace('<two>', 'two'));
  assert.deepEqual(problems, []);
  const [quiz] = chapter.quizzes;
  assert.equal(quiz?.id, 'veth');
  assert.deepEqual(
    quiz?.questions.map((q) => [q.question.id, q.question.kind, q.question.promptHtml]),
    [
      ['peer', 'single', 'What happens to the <strong>other</strong> end?'],
      ['private', 'multiple', 'Which are private?'],
    ],
  );
  assert.deepEqual(quiz?.questions[0]?.question.options[0], {
    id: 'o1',
    html: 'It goes too.',
    correct: true,
    reasonHtml: 'One object, <code>two</code> names.',
  });
});

test('without markers every list ends a question', () => {
  const one = 'Why?\n\n- [x] A\n  > a\n- [ ] B\n  > b\n';
  const { chapter, problems } = read(`:::quiz{#q}\n${one}\n${one}:::\n`);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    chapter.quizzes[0]?.questions.map((q) => q.question.id),
    ['q', 'q-2'],
  );
});

test('mistakes in a quiz are reported at their place', () => {
  const single = (options: string, head = '{#q}') => read(`Text\n\n:::quiz${head}\nWhy?\n\n${options}\n:::\n`).problems;
  assert.deepEqual(single('- [x] A\n- [ ] B\n  > b'), [
    '6:1 question "q": an option has no explanation (a "> ..." under it)',
  ]);
  assert.deepEqual(single('- [ ] A\n  > a\n- [ ] B\n  > b'), [
    '4:1 question "q" must have exactly one right option, it has 0',
  ]);
  assert.deepEqual(single('- [x] A\n  > a'), ['4:1 question "q" needs at least two options']);
  assert.deepEqual(single('- A\n  > a\n- [x] B\n  > b'), ['6:1 question "q": an option begins with [ ] or [x]']);
  assert.deepEqual(single('no list'), ['4:1 question "q" must be a text followed by a list of options ("- [ ] ...")']);
  assert.deepEqual(single('- [x] A\n  > a\n- [ ] B\n  > b', ''), ['3:1 a quiz needs an id: :::quiz{#my-quiz}']);
  assert.deepEqual(single('- [x] A [b](/c)\n  > a\n- [ ] B\n  > b'), [
    '6:9 links in questions must begin with https://',
  ]);
  assert.deepEqual(single('- [ ] `a`\n  > a\n- [ ] `b`\n  > b', '{#q kind=predict}'), [
    '4:1 question "q": a prediction needs lab=... and run="..."',
  ]);
  assert.deepEqual(single('- [x] `a`\n  > a\n- [ ] `b`\n  > b', '{#q kind=predict lab=l run="x y"}'), [
    '4:1 question "q": the engine decides which option is right; use [ ] only',
  ]);
  assert.deepEqual(single('- [ ] a\n  > a\n- [ ] `b`\n  > b', '{#q kind=predict lab=l run=x}'), [
    '6:1 question "q": an option of a prediction is one piece of code',
  ]);
});

test('a prediction keeps what its options claim', () => {
  const { chapter, problems } = read(
    ':::quiz{#q kind=predict lab=l run="ip -br link" on=host/c1 after=t}\nWhat?\n\n- [ ] `a b`\n  > a\n- [ ] `c`\n  > b\n:::\n',
  );
  assert.deepEqual(problems, []);
  const [q] = chapter.quizzes[0]!.questions;
  assert.deepEqual(q?.predict, { lab: 'l', run: 'ip -br link', on: { machine: 'host', netns: 'c1' }, after: 't' });
  assert.deepEqual(q?.answers, ['a b', 'c']);
});

test('console blocks are split into commands and outputs', () => {
  const block = '```console run=l on=host/c1\n# echo a\na\n\nb\n# for i in 1; do\n> echo $i; done\n1\n# true\n```\n';
  const { chapter, problems } = read(`Text\n\n${block}`);
  assert.deepEqual(problems, []);
  const [c] = chapter.consoles;
  assert.deepEqual(c?.entries, [
    { command: 'echo a', output: 'a\n\nb', line: 4 },
    { command: 'for i in 1; do\necho $i; done', output: '1', line: 8 },
    { command: 'true', output: '', line: 11 },
  ]);
  assert.deepEqual([c?.first, c?.last, c?.lab, c?.on], [4, 11, 'l', { machine: 'host', netns: 'c1' }]);
});

test('a console block begins with a command, and knows its settings', () => {
  assert.deepEqual(read('```console run=l\nhello\n```\n').problems, [
    '2:1 a console block begins with a command: "# ..." or "$ ..."',
  ]);
  assert.deepEqual(read('```console run=l at=x\n# a\n```\n').problems, ['1:1 a console block has no setting "at"']);
  assert.deepEqual(read('```console\nanything\n```\n').chapter.consoles, []);
});

test('switch blocks are split into what is prepared and what is shown', () => {
  const { chapter, problems } = read(
    '```switch run=l after=t bridge=br0\nhost# a b\nwait 5\n---\nhost/c1# ping -c1 c2 # x\nwait 60\n```\n',
  );
  assert.deepEqual(problems, []);
  const [block] = chapter.switches;
  assert.deepEqual([block?.lab, block?.after, block?.bridge], ['l', 't', 'br0']);
  assert.deepEqual(block?.before, [
    { line: 2, on: { machine: 'host' }, run: 'a b' },
    { line: 3, wait: 5 },
  ]);
  assert.deepEqual(block?.shown, [
    { line: 5, on: { machine: 'host', netns: 'c1' }, run: 'ping -c1 c2 # x' },
    { line: 6, wait: 60 },
  ]);
});

test('mistakes in a switch block are reported at their line', () => {
  assert.deepEqual(read('```switch run=l\nhost# a\n```\n').problems, [
    '1:1 a switch block needs run=LAB and bridge=NAME',
  ]);
  assert.deepEqual(read('```switch run=l bridge=b at=x\nhost# a\n```\n').problems, [
    '1:1 a switch block has no setting "at"',
  ]);
  assert.deepEqual(read('```switch run=l bridge=b\n# a\nhost# b\n```\n').problems, [
    '2:1 a line of a switch block is "PLACE# COMMAND" or "wait SECONDS"',
  ]);
  assert.deepEqual(read('```switch run=l bridge=b\nhost# a\n---\n```\n').problems, [
    '1:1 a switch block shows nothing',
  ]);
});

test('references and objectives are found', () => {
  const { chapter, problems } = read(
    '---\ntitle: T\nobjectives:\n  - id: a\n    text: A\n    by: [l/t]\n  - id: b\n    text: B\n---\n\n<Lab id="l" />\n\nSee <Task lab="l" id="t" />.\n\n<Lab />\n',
  );
  assert.deepEqual(problems, ['7:5 objective "b" has no exercise and no question ("by")', '15:1 <Lab> needs id="..."']);
  assert.deepEqual(
    chapter.references.map((r) => [r.kind, r.lab, r.task]),
    [
      ['Lab', 'l', undefined],
      ['Task', 'l', 't'],
    ],
  );
  assert.deepEqual(chapter.objectives[0], { at: { line: 4, column: 5 }, id: 'a', by: ['l/t'] });
});

test('a syntax error of the chapter has its place', () => {
  assert.match(read('Text\n\n<Lab id=\n').problems[0]!, /^\d+:\d+ /);
});
