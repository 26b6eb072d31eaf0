/**
 * The learner's progress as data: shape, reading, merging. No React and no storage here, so it can be tested in Node.
 */

/** What is kept about one lab. Times are ISO 8601 strings. */
export interface LabProgress {
  /** Task id to the time it was first done. A task that becomes untrue later stays here: it was learnt. */
  readonly done: Readonly<Record<string, string>>;
  /** Number of tasks in the lab, so that "done" is known without its definition. */
  readonly tasks: number;
  /** Last time the lab was open. */
  readonly seen: string;
}

/** What is kept about one question (quiz or prediction). */
export interface QuestionProgress {
  /** Ids of the options picked last. */
  readonly picked: readonly string[];
  /** `null` for a prediction, which is not graded. */
  readonly right: boolean | null;
  /** Answers given so far. */
  readonly tries: number;
  readonly at: string;
  /** When the question should come back. */
  readonly due?: string;
}

/** Everything that is remembered in this browser. */
export interface Progress {
  readonly version: 1;
  readonly labs: Readonly<Record<string, LabProgress>>;
  readonly questions: Readonly<Record<string, QuestionProgress>>;
  /** Quiz (`3/veth`: chapter and id) to the time at which all its questions were first right. */
  readonly quizzes: Readonly<Record<string, string>>;
  /** Chapter number to the time it was last read. */
  readonly chapters: Readonly<Record<string, string>>;
}

/** Nothing done yet. */
export const empty: Progress = { version: 1, labs: {}, questions: {}, quizzes: {}, chapters: {} };

/** Why a text could not be read as progress; the message is shown to the reader. */
export class UnreadableProgress extends Error {}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UnreadableProgress(`${what} is not a record`);
  return value as Record<string, unknown>;
}

function time(value: unknown, what: string): string {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value)))
    throw new UnreadableProgress(`${what} is not a time`);
  return value;
}

function mapRecord<T>(value: unknown, what: string, read: (entry: unknown, at: string) => T): Record<string, T> {
  const out: Record<string, T> = {};
  for (const [key, entry] of Object.entries(record(value ?? {}, what))) {
    // A key such as __proto__ in an imported file must stay a plain key.
    Object.defineProperty(out, key, {
      value: read(entry, `${what}.${key}`),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return out;
}

function readLab(value: unknown, what: string): LabProgress {
  const lab = record(value, what);
  const tasks = lab.tasks;
  if (typeof tasks !== 'number' || !Number.isInteger(tasks) || tasks < 0)
    throw new UnreadableProgress(`${what}.tasks is not a count`);
  return { done: mapRecord(lab.done, `${what}.done`, time), tasks, seen: time(lab.seen, `${what}.seen`) };
}

function readQuestion(value: unknown, what: string): QuestionProgress {
  const q = record(value, what);
  if (!Array.isArray(q.picked) || !q.picked.every((p) => typeof p === 'string'))
    throw new UnreadableProgress(`${what}.picked is not a list of options`);
  if (typeof q.right !== 'boolean' && q.right !== null)
    throw new UnreadableProgress(`${what}.right is neither yes, no nor empty`);
  if (typeof q.tries !== 'number') throw new UnreadableProgress(`${what}.tries is not a count`);
  return {
    picked: q.picked as string[],
    right: q.right,
    tries: q.tries,
    at: time(q.at, `${what}.at`),
    ...(q.due === undefined ? {} : { due: time(q.due, `${what}.due`) }),
  };
}

/** Reads an exported file or the stored text. Throws {@link UnreadableProgress} with what is wrong; never returns half a record. */
export function parse(text: string): Progress {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UnreadableProgress('it is not JSON');
  }
  const p = record(json, 'the file');
  if (p.version !== 1) throw new UnreadableProgress(`its version is ${String(p.version)}; this site reads version 1`);
  return {
    version: 1,
    labs: mapRecord(p.labs, 'labs', readLab),
    questions: mapRecord(p.questions, 'questions', readQuestion),
    quizzes: mapRecord(p.quizzes, 'quizzes', time),
    chapters: mapRecord(p.chapters, 'chapters', time),
  };
}

function later(a: string | undefined, b: string): string {
  return a !== undefined && Date.parse(a) > Date.parse(b) ? a : b;
}

function earlier(a: string | undefined, b: string): string {
  return a !== undefined && Date.parse(a) < Date.parse(b) ? a : b;
}

/** Adds `b` to `a`. Nothing that is done in either is lost: first times win for tasks, last times for everything else. */
export function merge(a: Progress, b: Progress): Progress {
  const labs: Record<string, LabProgress> = { ...a.labs };
  for (const [id, lab] of Object.entries(b.labs)) {
    const mine = labs[id];
    if (!mine) {
      labs[id] = lab;
      continue;
    }
    const done: Record<string, string> = { ...mine.done };
    for (const [task, at] of Object.entries(lab.done)) done[task] = earlier(done[task], at);
    const newer = Date.parse(lab.seen) >= Date.parse(mine.seen);
    labs[id] = { done, tasks: newer ? lab.tasks : mine.tasks, seen: later(mine.seen, lab.seen) };
  }
  const questions: Record<string, QuestionProgress> = { ...a.questions };
  for (const [id, q] of Object.entries(b.questions)) {
    const mine = questions[id];
    if (!mine || Date.parse(q.at) >= Date.parse(mine.at)) questions[id] = q;
  }
  const chapters: Record<string, string> = { ...a.chapters };
  for (const [n, at] of Object.entries(b.chapters)) chapters[n] = later(chapters[n], at);
  const quizzes: Record<string, string> = { ...a.quizzes };
  for (const [id, at] of Object.entries(b.quizzes)) quizzes[id] = earlier(quizzes[id], at);
  return { version: 1, labs, questions, quizzes, chapters };
}

/** State of a lab: nothing, something or everything done. */
export function labState(p: Progress, id: string): 'open' | 'half' | 'done' {
  const lab = p.labs[id];
  if (!lab) return 'open';
  const done = Object.keys(lab.done).length;
  return lab.tasks > 0 && done >= lab.tasks ? 'done' : 'half';
}

/** Nothing, something or everything of several parts. */
function together(states: readonly ('open' | 'half' | 'done')[]): 'open' | 'half' | 'done' {
  if (states.length > 0 && states.every((s) => s === 'done')) return 'done';
  return states.some((s) => s !== 'open') ? 'half' : 'open';
}

/** State of a chapter from its labs. */
export function labsState(p: Progress, ids: readonly string[]): 'open' | 'half' | 'done' {
  return together(ids.map((id) => labState(p, id)));
}

/** State of an objective of chapter `n`: `by` names labs and quizzes, and all of them must be done. */
export function objectiveState(p: Progress, n: number, by: readonly string[]): 'open' | 'half' | 'done' {
  return together(
    by.map((id) => {
      if (p.labs[id]) return labState(p, id);
      const quiz = `${n}/${id}`;
      if (p.quizzes[quiz] !== undefined) return 'done';
      return Object.keys(p.questions).some((q) => q.startsWith(`${quiz}/`)) ? 'half' : 'open';
    }),
  );
}
