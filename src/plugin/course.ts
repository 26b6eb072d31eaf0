/** The whole course as data: reads all lab files and chapters, proves them, and finds what does not fit together. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { TOPOLOGIES } from '../engine/world';
import type { CompiledLab, CompiledQuiz } from '../lab/protocol';
import type { ChapterSource, Point } from './chapter';
import { readChapter } from './chapter';
import { digest, engineVersion } from './fingerprint';
import type { SourceLab } from './lab-file';
import { readLabFile } from './lab-file';
import type { Problem } from './problem';
import { sortProblems } from './problem';
import type { Proof, ProvedConsole, ProvedLab } from './prove';
import { proveConsoles, proveLab, provePrediction } from './prove';
import type { ProvedSwitch } from './switch';
import { proveSwitch } from './switch';

/** A chapter with everything the page needs. */
export interface Chapter {
  readonly source: ChapterSource;
  readonly quizzes: readonly CompiledQuiz[];
  /** By position in the chapter; null where a block could not be run. */
  readonly consoles: readonly (ProvedConsole | null)[];
  /** Likewise. */
  readonly switches: readonly (ProvedSwitch | null)[];
  readonly proofs: readonly Proof[];
}

/** A lab and the file it is in. */
export interface CourseLab {
  readonly source: SourceLab;
  readonly proved: ProvedLab;
}

/** Everything there is, and everything that is wrong with it. */
export interface Course {
  readonly labs: ReadonlyMap<string, CourseLab>;
  /** By path from the root. */
  readonly chapters: ReadonlyMap<string, Chapter>;
  readonly problems: readonly Problem[];
  readonly proofs: readonly Proof[];
  /** Lab files that could not be read at all, by path from the root. */
  readonly unreadable: readonly string[];
}

/** Where labs and chapters are, from the root. */
const FOLDERS = ['docs', 'src/labs'];

/** Reads and proves the course again and again; what has not changed since is taken from memory. */
export class CourseLoader {
  private readonly cache = new Map<string, unknown>();
  private used = new Set<string>();

  /** @param root the repository. */
  constructor(readonly root: string) {}

  /** The course as its files are now. */
  load(): Course {
    this.used = new Set();
    // The engine that runs here was loaded once; that its files have changed since matters to the next process.
    const engine = this.memo('engine', '', () => engineVersion(this.root));
    const problems: Problem[] = [];
    const labs = new Map<string, CourseLab>();
    const proofs: Proof[] = [];
    const unreadable: string[] = [];
    for (const file of this.files(/\.lab\.ya?ml$/)) {
      const text = this.read(file);
      const read = this.memo(`read ${file}`, text, () => readLabFile(file, text, Object.keys(TOPOLOGIES)));
      problems.push(...read.problems);
      if (!read.source) {
        unreadable.push(file);
        continue;
      }
      const { source } = read;
      const other = labs.get(source.lab.id);
      if (other) {
        problems.push({
          file,
          ...source.locate(['id']),
          message: `duplicate lab id "${source.lab.id}" (also in ${other.source.file})`,
        });
        continue;
      }
      const proved =
        read.problems.length > 0
          ? { compiled: null, proofs: [] }
          : this.memo(`prove ${file}`, `${engine} ${text}`, () => proveLab(source, engine));
      labs.set(source.lab.id, { source, proved });
      proofs.push(...proved.proofs);
    }
    const chapters = new Map<string, Chapter>();
    for (const file of this.files(/\.mdx?$/)) {
      const text = this.read(file);
      const { chapter: source, problems: own } = this.memo(`chapter ${file}`, text, () => readChapter(file, text));
      problems.push(...own);
      const needed = [
        ...source.consoles.map((c) => c.lab),
        ...source.switches.map((s) => s.lab),
        ...source.quizzes.flatMap((q) => q.questions.map((x) => x.predict?.lab)),
      ];
      const inputs = needed.map((id) =>
        id === undefined ? '' : JSON.stringify(labs.get(id)?.proved.compiled ?? null),
      );
      const chapter = this.memo(`compile ${file}`, digest(engine, text, ...inputs), () => compile(source, labs));
      chapters.set(file, chapter);
      proofs.push(...chapter.proofs);
    }
    // What a file that cannot be read would have brought is not missed a second time where it is used.
    const missing = new Set(unreadable.map((file) => /([^/]*)\.lab\.ya?ml$/.exec(file)?.[1] ?? ''));
    problems.push(...fit(labs, chapters, missing));
    for (const key of [...this.cache.keys()]) if (!this.used.has(key)) this.cache.delete(key);
    return {
      labs,
      chapters,
      proofs,
      unreadable,
      problems: sortProblems([...problems, ...proofs.flatMap((p) => p.problems)]),
    };
  }

  /** The lab files that can be read, unproved. */
  sources(): SourceLab[] {
    return this.files(/\.lab\.ya?ml$/).flatMap(
      (file) => readLabFile(file, this.read(file), Object.keys(TOPOLOGIES)).source ?? [],
    );
  }

  private memo<T>(key: string, stamp: string, make: () => T): T {
    this.used.add(key);
    const old = this.cache.get(key) as { stamp: string; value: T } | undefined;
    if (old?.stamp === stamp) return old.value;
    const value = make();
    this.cache.set(key, { stamp, value });
    return value;
  }

  private read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }

  private files(pattern: RegExp): string[] {
    const out: string[] = [];
    const walk = (dir: string): void => {
      for (const name of readdirSync(dir).sort()) {
        const path = join(dir, name);
        if (statSync(path).isDirectory()) walk(path);
        else if (pattern.test(name)) out.push(relative(this.root, path).replaceAll('\\', '/'));
      }
    };
    for (const folder of FOLDERS) if (existsSync(join(this.root, folder))) walk(join(this.root, folder));
    return out;
  }
}

function compile(source: ChapterSource, labs: ReadonlyMap<string, CourseLab>): Chapter {
  const lab = (id: string): CompiledLab | undefined => labs.get(id)?.proved.compiled ?? undefined;
  const { consoles, proofs } = proveConsoles(source, lab);
  const all = [...proofs];
  const quizzes = source.quizzes.map((quiz) => ({
    id: quiz.id,
    questions: quiz.questions.map((q) => {
      const known = q.predict && lab(q.predict.lab);
      if (!q.predict || !known) return q.question;
      const { question, problems } = provePrediction(source.file, q, q.predict, known);
      all.push({ name: `prediction ${quiz.id}/${q.question.id}`, problems });
      return question;
    }),
  }));
  const switches = source.switches.map((block) => {
    const known = lab(block.lab);
    if (!known) return null;
    const { proved, problems } = proveSwitch(source.file, block, known);
    all.push({ name: `switch ${source.file}:${block.at.line}`, problems });
    return proved;
  });
  return { source, quizzes, consoles, switches, proofs: all };
}

/** What no file can know by itself: ids that are used twice or lead nowhere. @param missing ids of labs that cannot be read. */
function fit(
  labs: ReadonlyMap<string, CourseLab>,
  chapters: ReadonlyMap<string, Chapter>,
  missing: ReadonlySet<string>,
): Problem[] {
  const problems: Problem[] = [];
  const quizzes = new Map<string, string>();
  const known = new Set<string>();
  for (const [id, { source }] of labs) {
    known.add(id);
    for (const task of source.lab.tasks) known.add(`${id}/${task.id}`);
  }
  for (const { source } of chapters.values()) {
    for (const quiz of source.quizzes) {
      const other = quizzes.get(quiz.id) ?? (labs.has(quiz.id) ? labs.get(quiz.id)!.source.file : undefined);
      if (other !== undefined) {
        problems.push({ file: source.file, ...quiz.at, message: `duplicate id "${quiz.id}" (also in ${other})` });
      }
      quizzes.set(quiz.id, source.file);
      known.add(quiz.id);
      for (const { question } of quiz.questions) known.add(`${quiz.id}/${question.id}`);
    }
  }
  for (const { source } of chapters.values()) {
    const add = (at: Point, message: string) =>
      problems.push({ file: source.file, line: at.line, column: at.column, message });
    const lab = (at: Point, id: string): SourceLab | undefined => {
      const found = labs.get(id)?.source;
      if (!found && !missing.has(id)) add(at, `there is no lab "${id}"`);
      return found;
    };
    const cards = new Set<string>();
    for (const r of source.references) {
      const found = lab(r.at, r.lab);
      if (!found) continue;
      if (r.kind === 'Task' && !found.lab.tasks.some((t) => t.id === r.task))
        add(r.at, `lab "${r.lab}" has no task "${r.task}"`);
      if (r.kind === 'Challenge' && found.lab.kind !== 'challenge') add(r.at, `lab "${r.lab}" is no challenge`);
      if (r.kind !== 'Task' && cards.has(r.lab)) add(r.at, `lab "${r.lab}" is placed twice`);
      if (r.kind !== 'Task') cards.add(r.lab);
    }
    for (const c of [...source.consoles, ...source.switches]) lab(c.at, c.lab);
    for (const quiz of source.quizzes) for (const q of quiz.questions) if (q.predict) lab(q.at, q.predict.lab);
    for (const o of source.objectives) {
      for (const id of o.by)
        if (!known.has(id) && !missing.has(id.split('/')[0] ?? id))
          add(o.at, `objective "${o.id}" names "${id}", which is no lab, task, quiz or question`);
    }
  }
  return problems;
}
