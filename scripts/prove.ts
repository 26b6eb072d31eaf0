/**
 * Proves labs, console blocks and predictions.
 * Usage: npm run prove [-- ID ...] [--write]
 *   ID       only what belongs to labs, quizzes or chapters with this id or path part
 *   --write  writes the computed outputs into the console blocks of the chapters first
 */
import { resolve } from 'node:path';
import type { Course } from '../src/plugin/course';
import { CourseLoader } from '../src/plugin/course';
import { formatProblem } from '../src/plugin/problem';
import { writeOutputs } from '../src/plugin/write';

const args = process.argv.slice(2);
const ids = args.filter((a) => !a.startsWith('-'));
for (const option of args.filter((a) => a.startsWith('-') && a !== '--write')) {
  console.error(`prove: unknown option ${option} (usage: npm run prove [-- ID ...] [--write])`);
  process.exit(2);
}

const root = resolve(import.meta.dirname ?? process.cwd(), '..');
const loader = new CourseLoader(root);
let course: Course = loader.load();
if (args.includes('--write')) {
  for (const file of writeOutputs(root, course)) console.log(`wrote ${file}`);
  course = loader.load();
}

const wanted = (text: string): boolean =>
  ids.length === 0 || ids.some((id) => text.split(/[\s/:]+/).includes(id) || text.includes(id));
const proofs = course.proofs.filter((p) => wanted(p.name));
let failed = 0;
for (const { name, problems } of proofs) {
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const problem of problems) console.log(`     ${formatProblem(problem)}`);
  if (problems.length > 0) failed++;
}
const proved = new Set(course.proofs.flatMap((p) => p.problems));
const others = course.problems.filter((p) => !proved.has(p) && wanted(`${p.file} ${p.message}`));
for (const problem of others) console.log(`FAIL ${formatProblem(problem)}`);
failed += others.length;
if (ids.length > 0 && proofs.length + others.length === 0) {
  console.error(`prove: nothing is called ${ids.join(', ')}`);
  failed++;
}
console.log(
  `${proofs.length + others.length - Math.min(failed, proofs.length + others.length)} passed, ${failed} failed`,
);
process.exitCode = failed > 0 ? 1 : 0;
