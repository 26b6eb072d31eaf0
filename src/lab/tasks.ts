import type * as checksModule from './checks';
import type { TaskVerdict } from './checks';
import type { CompiledLab, CompiledTask, Hint, JournalEntry, SavedSession, TaskState } from './protocol';
import type { Until } from './replay';
import { replay } from './replay';
import type { Mark, Work } from './simulation';

/** A state of the world by the inputs that lead to it. */
export interface Past {
  readonly entries: readonly JournalEntry[];
  readonly until: Until;
  /** Commands run up to there. */
  readonly marks: readonly Mark[];
}

type Checks = typeof checksModule;

let checks: Checks | null = null;

/** Hands over what looks at worlds, so that nothing waits for it. */
export function haveChecks(all: Checks): void {
  checks = all;
}

/** What looks at worlds: fetched when something is to be looked at. */
function* theChecks(): Work<Checks> {
  if (!checks) yield import(/* webpackChunkName: "checks" */ './checks').then(haveChecks);
  return checks!;
}

/** What is remembered of one task. */
interface Memory {
  verdict: TaskVerdict | null;
  /** Journal entries at the time at which it was first done; undefined: not yet. */
  doneAt: number | undefined;
  /** Commands that had been run when it was last seen true. */
  heldFor: number;
  undoneBy: string | undefined;
  /** Indices of the hints shown, in that order. */
  shown: number[];
}

/** The learner's standing in every task of a lab. Evaluates copies of the world only, each task in one of its own. */
export class Tasks {
  private memory = new Map<string, Memory>();

  constructor(private readonly lab: CompiledLab) {
    this.restart();
  }

  /** Forgets everything. */
  restart(): void {
    this.memory = new Map(
      this.lab.tasks.map((t) => [
        t.id,
        {
          verdict: null,
          doneAt: undefined,
          heldFor: 0,
          undoneBy: undefined,
          shown: [],
        },
      ]),
    );
  }

  /** Takes over what a saved session knew. */
  restore({
    done,
    hints = {},
    rungs = {},
  }: Pick<SavedSession, 'done'> & Partial<Pick<SavedSession, 'hints' | 'rungs'>>): void {
    for (const id of done) {
      const memory = this.memory.get(id);
      if (memory) memory.doneAt = 0;
    }
    for (const task of this.lab.tasks) {
      const all = task.hints.map((_, i) => i);
      const count = Object.hasOwn(hints, task.id) ? hints[task.id]! : 0;
      const which = Object.hasOwn(rungs, task.id) ? [...new Set(rungs[task.id])].filter((i) => all.includes(i)) : null;
      this.memory.get(task.id)!.shown = which ?? all.slice(0, count);
    }
  }

  /** The journal was cut: what was done after `entries` is not done any more. */
  cut(entries: number, marks: number): void {
    for (const memory of this.memory.values()) {
      if (memory.doneAt !== undefined && memory.doneAt > entries) memory.doneAt = undefined;
      memory.verdict = null;
      memory.heldFor = Math.min(memory.heldFor, marks);
      memory.undoneBy = undefined;
    }
  }

  /** Ids of tasks that were done at some time. */
  get done(): string[] {
    return this.lab.tasks.filter((t) => this.memory.get(t.id)!.doneAt !== undefined).map((t) => t.id);
  }

  /** Hints shown, by task. */
  get hints(): Record<string, number> {
    const shown = this.lab.tasks.map((t): [string, number] => [t.id, this.memory.get(t.id)!.shown.length]);
    return Object.fromEntries(shown.filter(([, n]) => n > 0));
  }

  /** Which hints were shown, by task. */
  get rungs(): Record<string, number[]> {
    const shown = this.lab.tasks.map((t): [string, number[]] => [t.id, [...this.memory.get(t.id)!.shown]]);
    return Object.fromEntries(shown.filter(([, indices]) => indices.length > 0));
  }

  /** Looks at every task in a replayed copy of `past`. */
  *check(past: Past): Work<void> {
    for (const task of this.lab.tasks) {
      const memory = this.memory.get(task.id)!;
      if (task.mode === 'done' && memory.doneAt !== undefined) continue;
      const verdict = yield* this.verdict(task, past);
      if (!verdict.ok && memory.doneAt !== undefined && memory.undoneBy === undefined) {
        memory.undoneBy = yield* this.culprit(task, past, memory.heldFor);
      }
      memory.verdict = verdict;
      if (!verdict.ok) continue;
      memory.doneAt ??= past.entries.length;
      memory.heldFor = past.marks.length;
      memory.undoneBy = undefined;
    }
  }

  private *verdict(task: CompiledTask, past: Past): Work<TaskVerdict> {
    const { evaluateTask } = yield* theChecks();
    const { simulation } = yield* replay(this.lab, past.entries, past.until);
    const verdict = evaluateTask(simulation.world, task);
    yield;
    return verdict;
  }

  /** The first of the commands after number `from` that left the task undone; those typed ahead in one go count as one. */
  private *culprit(task: CompiledTask, past: Past, from: number): Work<string | undefined> {
    const bursts: Mark[][] = [];
    for (const mark of past.marks.slice(from)) {
      const last = bursts.at(-1);
      if (last?.[0]!.from === mark.from) last.push(mark);
      else bursts.push([mark]);
    }
    for (const [i, burst] of bursts.entries()) {
      const next = bursts[i + 1]?.[0]!.from;
      const entries = past.entries.slice(0, next?.entries);
      const broken = !next || !(yield* this.verdict(task, { entries, until: { steps: next.steps }, marks: [] })).ok;
      if (broken) return burst.map((m) => m.command).join('; ');
    }
    return undefined;
  }

  /** Shows the next rung of a task's ladder; null when there is none for this state. */
  *hint(id: string, past: Past): Work<string | null> {
    const task = this.lab.tasks.find((t) => t.id === id);
    const memory = this.memory.get(id);
    if (!task || !memory) return null;
    for (const [i, hint] of task.hints.entries()) {
      if (memory.shown.includes(i) || !(yield* this.applies(hint, past))) continue;
      memory.shown.push(i);
      return hint.say;
    }
    return null;
  }

  private *applies(hint: Hint, past: Past): Work<boolean> {
    if (!hint.when) return true;
    const { holds } = yield* theChecks();
    const { simulation } = yield* replay(this.lab, past.entries, past.until);
    return holds(simulation.world, hint.when);
  }

  /** What the page shows. @param tried something was typed; before that nothing is called wrong. */
  states(tried: boolean): TaskState[] {
    let active = false;
    return this.lab.tasks.map((task) => {
      const m = this.memory.get(task.id)!;
      const wasDone = m.doneAt !== undefined;
      const lost = wasDone && task.mode === 'holds' && m.verdict !== null && !m.verdict.ok;
      const state = lost ? 'lost' : wasDone ? 'done' : active ? 'open' : 'active';
      if (state === 'active') active = true;
      const told = (tried || this.lab.kind === 'challenge') && state !== 'done' && m.verdict && !m.verdict.ok;
      return {
        id: task.id,
        state,
        feedback: told ? (m.verdict as { text: string }).text : null,
        hintsShown: m.shown.map((i) => task.hints[i]!.say),
        hintsLeft: task.hints.length - m.shown.length,
        ...(lost && m.undoneBy !== undefined ? { undoneBy: m.undoneBy } : {}),
      };
    });
  }
}
