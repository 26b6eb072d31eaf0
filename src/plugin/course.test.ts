import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { CourseLoader } from './course';
import { formatProblem } from './problem';
import { writeOutputs } from './write';

const LAB = `id: demo
title: Demo
world: linux
setup: mkdir /lab
tasks:
  - id: one
    title: One
    check: {run: 'test -e /lab/one', say: There is no one.}
    feedback:
      - {id: caps, when: {run: 'test -e /lab/ONE'}, say: Capitals.}
    solve:
      - run: touch /lab/one
    wrong:
      - {run: touch /lab/ONE, feedback: caps}
  - id: two
    title: Two
    mode: done
    check: {run: 'cat /lab/two', stdout: x}
    solve:
      - run: [{on: host, run: 'echo x > /lab/two'}]
    wrong:
      - {run: 'echo y > /lab/two', says: prints}
`;

const CHAPTER = `---
title: T
objectives:
  - {id: a, text: A, by: [demo/one, q]}
---

<Lab id="demo" />

See <Task lab="demo" id="two" />.

\`\`\`console run=demo
# cd /lab; pwd
/lab
# ls
\`\`\`

\`\`\`console run=demo
# touch x; ls
x
\`\`\`

:::quiz{#q kind=predict lab=demo run="ls /lab" after=one}
What?

- [ ] \`one\`
  > Yes.
- [ ] \`two\`
  > No.
:::
`;

/** The problems of a course made of these files. */
function course(files: Record<string, string>, work?: (root: string) => void): string[] {
  const root = mkdtempSync(join(tmpdir(), 'course-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    work?.(root);
    return new CourseLoader(root).load().problems.map(formatProblem);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The problems after one change in the lab or the chapter. */
function changed(from: string, to: string): string[] {
  assert.ok(LAB.includes(from) !== CHAPTER.includes(from), `"${from}" must be in one of the two`);
  return course({ 'docs/a/demo.lab.yaml': LAB.replace(from, to), 'docs/a/index.mdx': CHAPTER.replace(from, to) });
}

const lab = (place: string, message: string) => `docs/a/demo.lab.yaml:${place} ${message}`;
const mdx = (place: string, message: string) => `docs/a/index.mdx:${place} ${message}`;

test('a course without mistakes has no problems', () => {
  assert.deepEqual(course({ 'docs/a/demo.lab.yaml': LAB, 'docs/a/index.mdx': CHAPTER }), []);
});

test('what a lab promises is tried', () => {
  assert.deepEqual(changed('- run: touch /lab/one', '- run: touch /lab/One'), [
    lab('12:9', 'a solution of "one" does not pass: There is no one.'),
    // The prediction runs in the world that this solution leaves.
    mdx('23:1', 'question "q": no option equals what is printed: "One"'),
  ]);
  assert.match(
    changed('- run: touch /lab/one', '- run: touch /nowhere/one')[0]!,
    /:12:9 a solution of "one" exits with 1: /,
  );
  assert.deepEqual(
    changed('setup: mkdir /lab', 'setup: mkdir /lab; touch /lab/one')[0],
    lab('8:5', 'task "one" passes in the start state'),
  );
  assert.match(
    changed('setup: mkdir /lab', 'setup: mkdir /lab/x/y')[0]!,
    /:4:1 setup failed with status 1: mkdir \/lab\/x\/y/,
  );
  assert.deepEqual(changed('{run: touch /lab/ONE, feedback: caps}', '{run: touch /lab/one, feedback: caps}'), [
    lab('14:9', 'a wrong attempt at "one" passes'),
  ]);
  assert.deepEqual(changed('{run: touch /lab/ONE, feedback: caps}', '{run: touch /lab/x, feedback: caps}'), [
    lab('14:9', 'a wrong attempt at "one" must trigger feedback "caps", it gets "There is no one."'),
  ]);
  assert.deepEqual(changed('says: prints', 'says: sings'), [
    lab('22:9', 'a wrong attempt at "two" must be told "sings", it is told "`cat /lab/two` prints `y`, not `x`."'),
  ]);
  assert.deepEqual(changed("run: 'echo x > /lab/two'", "run: 'echo x > /lab/two; rm /lab/one'"), [
    lab('5:1', 'once all tasks are solved, "one" does not hold any more: There is no one.'),
  ]);
  assert.deepEqual(
    changed('- run: touch /lab/one', "- run: 'touch /lab/one; echo x > /lab/two'")[0],
    lab('18:5', 'task "two" passes as soon as the tasks before it are solved'),
  );
});

test('what a chapter prints is compared', () => {
  assert.deepEqual(changed('pwd\n/lab', 'pwd\n/Lab'), [
    mdx('12:1', 'stale output of "cd /lab; pwd": line 1 is "/Lab", the engine prints "/lab"'),
  ]);
  assert.deepEqual(changed('touch x; ls\nx', 'touch x; ls'), [
    mdx('18:1', 'stale output of "touch x; ls": nothing is printed in the chapter (run `npm run prove -- --write`)'),
  ]);
  assert.deepEqual(changed('`one`', '`three`'), [mdx('23:1', 'question "q": no option equals what is printed: "one"')]);
  assert.deepEqual(changed('`two`', '`one`'), [mdx('23:1', 'question "q": 2 options equal what is printed: "one"')]);
});

test('ids must lead somewhere, and to one place only', () => {
  assert.deepEqual(changed('<Lab id="demo" />', '<Lab id="demon" />'), [mdx('7:1', 'there is no lab "demon"')]);
  assert.deepEqual(changed('id="two" />', 'id="three" />'), [mdx('9:5', 'lab "demo" has no task "three"')]);
  assert.deepEqual(changed('by: [demo/one, q]', 'by: [demo/one, r]'), [
    mdx('4:5', 'objective "a" names "r", which is no lab, task, quiz or question'),
  ]);
  assert.deepEqual(changed('after=one', 'after=none'), [mdx('23:1', 'question "q": lab "demo" has no task "none"')]);
  const both = { 'docs/a/demo.lab.yaml': LAB, 'docs/a/index.mdx': CHAPTER, 'docs/b/demo.lab.yaml': LAB };
  assert.deepEqual(course(both), ['docs/b/demo.lab.yaml:1:1 duplicate lab id "demo" (also in docs/a/demo.lab.yaml)']);
  const twice = { 'docs/a/demo.lab.yaml': LAB, 'docs/a/index.mdx': CHAPTER, 'docs/b/index.mdx': CHAPTER };
  assert.deepEqual(course(twice), ['docs/b/index.mdx:22:1 duplicate id "q" (also in docs/a/index.mdx)']);
});

test('a lab that cannot be read is complained about once, where it is', () => {
  const found = course({ 'docs/a/demo.lab.yaml': LAB.replace('tasks:', 'tusks:'), 'docs/a/index.mdx': CHAPTER });
  assert.ok(found.length > 0);
  assert.deepEqual(
    found.filter((p) => !p.startsWith('docs/a/demo.lab.yaml')),
    [],
  );
});

test('all problems of all files are listed', () => {
  const found = course({
    'docs/a/demo.lab.yaml': LAB.replace('title: Demo', 'titel: Demo'),
    'docs/a/index.mdx': CHAPTER.replace('  > No.\n', ''),
    'docs/b/other.lab.yaml': 'id: other\n',
  });
  assert.ok(found.includes(lab('2:1', 'unknown key "titel"')));
  assert.ok(found.some((p) => p.includes('an option has no explanation')));
  assert.ok(found.some((p) => p.startsWith('docs/b/other.lab.yaml:1:1 "world" is missing')));
});

test('outputs are written into the chapter, and nothing else is', () => {
  const blank = CHAPTER.replace('pwd\n/lab', 'pwd').replace('ls\nx', 'ls\nold\nlines');
  const problems = course({ 'docs/a/demo.lab.yaml': LAB, 'docs/a/index.mdx': blank }, (root) => {
    assert.deepEqual(writeOutputs(root, new CourseLoader(root).load()), ['docs/a/index.mdx']);
    assert.equal(readFileSync(join(root, 'docs/a/index.mdx'), 'utf8'), CHAPTER);
  });
  assert.deepEqual(problems, []);
});
