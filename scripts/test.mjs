// `npm test`: proves everything, cheapest first, goes on after a failure, and ends with one line that counts.
import { spawn } from 'node:child_process';
import { ensureChromium } from './find-chromium.mjs';

/** The site is built and tested below a sub-path, which is the harder case. */
const ENVIRONMENT = { FORCE_COLOR: '0', BASE_URL: '/course-test/' };

/** Reads how many things a stage proved from what it printed; one thing when it does not say. */
const counters = {
  node: (text) => count(text, /^# pass (\d+)/m, /^# fail (\d+)/m),
  plain: (text) => count(text, /^(\d+) passed, \d+ failed/m, /^\d+ passed, (\d+) failed/m),
  playwright: (text) => count(text, /^ +(\d+) passed/m, /^ +(\d+) failed/m),
};

function count(text, passed, failed) {
  const p = passed.exec(text);
  const f = failed.exec(text);
  return p || f ? { passed: Number(p?.[1] ?? 0), failed: Number(f?.[1] ?? 0) } : undefined;
}

const stages = [
  { name: 'types', run: ['npx', 'tsc', '--noEmit'] },
  { name: 'lint', run: ['npx', 'eslint', '.', '--max-warnings', '0'] },
  { name: 'the arrows of the house', run: ['npx', 'depcruise', '--config', '.dependency-cruiser.cjs', 'src'] },
  { name: 'format', run: ['npx', 'prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'unit tests', run: ['npm', 'run', '--silent', 'unit'], counter: counters.node },
  // Commands that are not matched yet are no failure while every file keeps its floor.
  { name: 'conformance', run: ['npm', 'run', '--silent', 'conformance'] },
  { name: 'labs, quizzes, printed outputs', run: ['npm', 'run', '--silent', 'prove'], counter: counters.plain },
  { name: 'build', run: ['npm', 'run', '--silent', 'build'] },
  { name: 'budgets of size', run: ['npm', 'run', '--silent', 'bench', '--', 'size'] },
  { name: 'browser tests', run: ['npx', 'playwright', 'test'], counter: counters.playwright, before: ensureChromium },
];

function run([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      shell: process.platform === 'win32',
      env: { ...process.env, ...ENVIRONMENT },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        text += data;
        process.stdout.write(data);
      });
    }
    child.on('close', (code) => resolve({ code, text }));
  });
}

const only = process.argv.slice(2);
let passed = 0;
let failed = 0;
const report = [];
for (const stage of stages) {
  if (only.length > 0 && !only.some((word) => stage.name.includes(word))) continue;
  console.log(`\n== ${stage.name}`);
  const from = Date.now();
  let result;
  try {
    await stage.before?.();
    const { code, text } = await run(stage.run);
    result = stage.counter?.(text) ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
    if (code !== 0 && result.failed === 0) result.failed = 1;
  } catch (error) {
    console.error(error.message);
    result = { passed: 0, failed: 1 };
  }
  passed += result.passed;
  failed += result.failed;
  const seconds = ((Date.now() - from) / 1000).toFixed(0);
  report.push(
    `${result.failed === 0 ? 'ok    ' : 'FAILED'} ${stage.name} (${result.passed} passed, ${result.failed} failed, ${seconds} s)`,
  );
}
console.log(`\n${report.join('\n')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
