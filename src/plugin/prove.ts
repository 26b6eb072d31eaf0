/** Proves labs, console blocks and predictions by running them in the engine. Shared by the plugin and `npm run prove`. */
import { evaluateTask } from '../lab/checks';
import type { CompiledConsole, CompiledLab, CompiledQuestion, CompiledTask, Place, Script } from '../lab/protocol';
import { firstPlace, runScript } from '../lab/script';
import type { Simulation } from '../lab/simulation';
import { topologyOf } from '../lab/topology';
import { fingerprint } from './fingerprint';
import type { ChapterSource, ConsoleSource, PredictSource, QuestionSource } from './chapter';
import type { Path, SourceLab } from './lab-file';
import type { Problem } from './problem';
import { Screens, solvedUpTo, takeBugs } from './screen';

/** One thing that was proved or not. */
export interface Proof {
  /** `lab one-cable / ping: solution 1 passes` */
  readonly name: string;
  /** Empty: it passed. */
  readonly problems: readonly Problem[];
}

/** A lab that has been tried out. */
export interface ProvedLab {
  /** Null when not even its start state can be made. */
  readonly compiled: CompiledLab | null;
  readonly proofs: readonly Proof[];
}

/** Tries everything a lab file promises. @param engine identifies the engine's code, for the fingerprint. */
export function proveLab(source: SourceLab, engine: string): ProvedLab {
  const proofs: Proof[] = [];
  const { lab, file } = source;
  const prove = (name: string, path: Path, run: () => string | null): boolean => {
    let message: string | null;
    try {
      takeBugs();
      message = run();
      message = takeBugs() ?? message;
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
    const problem: Problem[] = message === null ? [] : [{ file, ...source.locate(path), message }];
    proofs.push({ name: `lab ${lab.id}${name}`, problems: problem });
    return message === null;
  };

  let compiled: CompiledLab | null = null;
  prove(': start state', lab.setup.length > 0 ? ['setup'] : ['world'], () => {
    const simulation = solvedUpTo(lab, undefined, false);
    const places = lab.places.length > 0 ? lab.places : [firstPlace(simulation.world)];
    const made = { ...lab, places, topology: topologyOf(simulation.world) };
    compiled = { ...made, fingerprint: fingerprint(made, engine) };
    return null;
  });
  if (compiled) lab.tasks.forEach((task, i) => proveTask(source, task, i, prove));
  const last = lab.tasks.at(-1);
  if (last && lab.tasks.length > 1 && proofs.every((p) => p.problems.length === 0)) {
    prove(': all solutions together', ['tasks'], () => {
      for (const task of lab.tasks.filter((t) => t.mode === 'holds')) {
        const verdict = evaluateTask(solvedUpTo(lab, last.id, true).world, task);
        if (!verdict.ok) return `once all tasks are solved, "${task.id}" does not hold any more: ${verdict.text}`;
      }
      return null;
    });
  }
  return { compiled, proofs };
}

type Prove = (name: string, path: Path, run: () => string | null) => boolean;

function proveTask(source: SourceLab, task: CompiledTask, index: number, prove: Prove): void {
  const { lab } = source;
  const at: Path = ['tasks', index];
  const name = ` / ${task.id}`;
  prove(`${name}: start state fails`, [...at, 'check'], () => {
    if (evaluateTask(solvedUpTo(lab, undefined, false).world, task).ok)
      return `task "${task.id}" passes in the start state`;
    if (index > 0 && evaluateTask(solvedUpTo(lab, task.id, false).world, task).ok) {
      return `task "${task.id}" passes as soon as the tasks before it are solved`;
    }
    return null;
  });
  task.solutions.forEach((solution, i) => {
    prove(`${name}: solution ${i + 1} passes`, [...at, 'solve', i], () => {
      const { world } = solvedUpTo(lab, task.id, false);
      for (const step of solution.steps) {
        const result = runScript(world, step);
        if (result.status !== 0)
          return `a solution of "${task.id}" exits with ${result.status}: ${result.stderr.trim() || step.run.trim()}`;
      }
      const verdict = evaluateTask(world, task);
      return verdict.ok ? null : `a solution of "${task.id}" does not pass: ${verdict.text}`;
    });
  });
  source.wrong.get(task.id)?.forEach((wrong, i) => {
    prove(`${name}: wrong attempt ${i + 1} is answered`, [...at, 'wrong', i], () => {
      const simulation = solvedUpTo(lab, task.id, false);
      run(simulation, wrong.steps);
      const verdict = evaluateTask(simulation.world, task);
      if (verdict.ok) return `a wrong attempt at "${task.id}" passes`;
      const said = verdict.feedback ? `feedback "${verdict.feedback.id}"` : `"${verdict.text}"`;
      if (wrong.feedback !== undefined && verdict.feedback?.id !== wrong.feedback) {
        return `a wrong attempt at "${task.id}" must trigger feedback "${wrong.feedback}", it gets ${said}`;
      }
      if (wrong.says !== undefined && !verdict.text.includes(wrong.says)) {
        return `a wrong attempt at "${task.id}" must be told "${wrong.says}", it is told "${verdict.text}"`;
      }
      return null;
    });
  });
}

/** Mistakes may fail on the way. */
function run(simulation: Simulation, steps: readonly Script[]): void {
  for (const step of steps) runScript(simulation.world, step, false);
}

/** A console block with the outputs that the engine computed. */
export interface ProvedConsole {
  readonly source: ConsoleSource;
  readonly compiled: CompiledConsole;
  /** The block goes on in the world of the one before. */
  readonly continues: boolean;
}

/** Runs the console blocks of a chapter. `labs` knows the course's labs; unknown ones are somebody else's complaint. */
export function proveConsoles(
  chapter: ChapterSource,
  labs: (id: string) => CompiledLab | undefined,
): { consoles: readonly (ProvedConsole | null)[]; proofs: readonly Proof[] } {
  const open = new Map<string, Screens>();
  const proofs: Proof[] = [];
  const consoles = chapter.consoles.map((source): ProvedConsole | null => {
    const lab = labs(source.lab);
    if (!lab) return null;
    const problems: Problem[] = [];
    const add = (line: number, message: string) =>
      problems.push({ file: chapter.file, line, column: source.at.column, message });
    proofs.push({ name: `console ${chapter.file}:${source.at.line}`, problems });
    if (source.after !== undefined && !lab.tasks.some((t) => t.id === source.after)) {
      add(source.at.line, `lab "${lab.id}" has no task "${source.after}"`);
      return null;
    }
    const place = source.on ?? lab.places[0]!;
    const continues = !source.fresh && source.after === undefined && open.has(lab.id);
    try {
      if (!continues) open.set(lab.id, new Screens(lab, source.after));
      const screens = open.get(lab.id)!;
      const entries = source.entries.map(({ command, output, line }) => {
        const computed = runEntry(screens, place, command, source.prompt);
        if (computed !== output) add(line, `stale output of "${command}": ${difference(output, computed)}`);
        return { command, output: computed };
      });
      return { source, compiled: { lab: lab.id, place, entries }, continues };
    } catch (error) {
      open.delete(lab.id);
      add(source.at.line, error instanceof Error ? error.message : String(error));
      return null;
    }
  });
  return { consoles, proofs };
}

function runEntry(screens: Screens, place: Place, command: string, prompt: string): string {
  try {
    takeBugs();
    const output = screens.type(place, command);
    const bug = takeBugs();
    if (bug !== null) throw new Error(bug);
    if (output.split('\n').some((line) => line.startsWith(prompt))) {
      throw new Error(`a line of the output begins with "${prompt}" and would read as a command; use the other prompt`);
    }
    return output;
  } catch (error) {
    throw new Error(`"${command}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function difference(printed: string, computed: string): string {
  if (printed === '') return 'nothing is printed in the chapter (run `npm run prove -- --write`)';
  const a = printed.split('\n');
  const b = computed.split('\n');
  const i = a.findIndex((line, n) => line !== b[n]);
  if (i < 0) return `the engine prints ${b.length} lines, the chapter has ${a.length}`;
  return `line ${i + 1} is ${JSON.stringify(a[i])}, the engine prints ${JSON.stringify(b[i] ?? null)}`;
}

/** Runs a prediction and finds out which option is right. */
export function provePrediction(
  chapter: string,
  source: QuestionSource,
  predict: PredictSource,
  lab: CompiledLab,
): { question: CompiledQuestion; problems: readonly Problem[] } {
  const { question } = source;
  const problem = (message: string): Problem[] => [
    { file: chapter, ...source.at, message: `question "${question.id}": ${message}` },
  ];
  if (predict.after !== undefined && !lab.tasks.some((t) => t.id === predict.after)) {
    return { question, problems: problem(`lab "${lab.id}" has no task "${predict.after}"`) };
  }
  const place = predict.on ?? lab.places[0]!;
  let output: string;
  try {
    output = new Screens(lab, predict.after).type(place, predict.run);
  } catch (error) {
    return { question, problems: problem(error instanceof Error ? error.message : String(error)) };
  }
  const right = source.answers.map((a) => a.trim() === output.trim());
  const options = question.options.map((o, i) => ({ ...o, correct: right[i]! }));
  const count = right.filter(Boolean).length;
  const compiled = { ...question, options, predict: { lab: lab.id, place, command: predict.run, output } };
  const found = count === 0 ? 'no option equals' : `${count} options equal`;
  return {
    question: compiled,
    problems: count === 1 ? [] : problem(`${found} what is printed: ${JSON.stringify(output)}`),
  };
}
