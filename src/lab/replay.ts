import { Stalled } from '../engine/core';
import type { JournalEntry } from './protocol';
import type { LabStart, Work } from './simulation';
import { Diverged, Simulation } from './simulation';

/** Output of one terminal that a replay keeps: what a screen and its scrollback can show. */
const KEPT_OUTPUT = 1 << 18;

/** Where a replay ends: a moment, or the end of a step. */
export type Until = { readonly steps: number; readonly time?: number };

/** What a replay leads to. */
export interface Replayed {
  readonly simulation: Simulation;
  /** What each terminal printed, the end of it when it was much. */
  readonly output: ReadonlyMap<number, Uint8Array>;
}

/**
 * Builds a world's state from its journal: applies `entries`, each at its moment, then goes on to `until`.
 * A generator so that the caller decides how long it works at a time; `world.activate()` is called after each pause.
 * @param onStart gets the simulation in the lab's start state.
 * @throws Diverged when the journal was written for another world.
 * @throws Stalled when something that cannot be done in parts needs code that is still being fetched: begin again then.
 */
export function* replay(
  lab: LabStart,
  entries: readonly JournalEntry[],
  until?: Until,
  onStart: (simulation: Simulation) => void = () => undefined,
): Work<Replayed> {
  const simulation = new Simulation(lab);
  onStart(simulation);
  const output = new Map<number, Tail>();
  simulation.onOutput = (terminal, data) => {
    let tail = output.get(terminal);
    if (!tail) output.set(terminal, (tail = new Tail()));
    tail.add(data);
  };
  yield;
  simulation.world.activate();
  for (const entry of entries) {
    yield* advance(simulation, entry);
    try {
      simulation.apply(entry);
    } catch (error) {
      if (error instanceof Stalled) throw error;
      throw new Diverged(error instanceof Error ? error.message : String(error));
    }
  }
  if (until) yield* advance(simulation, until);
  return { simulation, output: new Map([...output].map(([id, tail]) => [id, tail.bytes()])) };
}

/** A fresh simulation and the journal that `events`, applied one after the other at its start, make. */
export function begin(
  lab: LabStart,
  events: readonly JournalEntry['event'][],
): { simulation: Simulation; entries: JournalEntry[] } {
  const simulation = new Simulation(lab);
  const entries: JournalEntry[] = [];
  for (const event of events) {
    const entry = { ...simulation.moment, event };
    entries.push(entry);
    simulation.apply(entry);
  }
  return { simulation, entries };
}

function* advance(simulation: Simulation, moment: Until): Work<void> {
  for (const pause of simulation.advance(moment)) {
    yield pause;
    simulation.world.activate();
  }
}

/** Runs a generator to its end without a pause: only where every program is at hand. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** The last bytes of a stream. */
class Tail {
  private parts: Uint8Array[] = [];
  private size = 0;

  add(data: Uint8Array): void {
    this.parts.push(data);
    this.size += data.length;
    if (this.size > 2 * KEPT_OUTPUT) {
      const all = this.bytes();
      this.parts = [all];
      this.size = all.length;
    }
  }

  /** At most `KEPT_OUTPUT` bytes, from the start of a line when something had to go. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    if (all.length <= KEPT_OUTPUT) return all;
    const from = all.length - KEPT_OUTPUT;
    const line = all.indexOf(0x0a, from);
    return all.slice(line < 0 ? from : line + 1);
  }
}
