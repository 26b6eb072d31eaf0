/** "It would have lived if ...": the same commands once more, in a copy of the world in which something is different. */
import type { Tuple } from './describe';
import { tupleOf } from './describe';
import { Recorder } from './recorder';
import type { Road } from './road';
import { expectsReply, roadsOf } from './road';
import { candidates } from './candidates';
import { describePacket } from './describe';
import { Journeys } from './journeys';
import type { Change } from './types';
import { replay } from '../replay';
import { runScript } from '../script';
import type { LabStart, Mark, Simulation, Work } from '../simulation';
import type { JournalEntry } from '../protocol';

/** The part of a session's past that a packet comes from. */
export interface Origin {
  readonly entries: readonly JournalEntry[];
  readonly marks: readonly Mark[];
}

/** What became of a packet in a copy of the world. */
export interface Trial {
  readonly lived: boolean;
  /** In one sentence. */
  readonly outcome: string;
  /** The change could not be made. */
  readonly failed: boolean;
  /** What might have helped it further. */
  readonly next: readonly Change[];
}

/** How long a copy is run after the time at which the packet was made, virtual microseconds: ARP gives up after three seconds. */
const PATIENCE = 5_000_000;
/** How often is looked whether the packet's fate is known. */
const LOOK = 100_000;

/**
 * Runs what led to a packet again in a copy of the world that `change` was made in, and follows the packet that takes its place.
 * The copy begins at the prompt of the command that sent the packet, so that nothing of it has happened yet.
 * @param roads all recorded packets: of several alike, the same one in order is followed.
 * @throws Stalled when a program has to be fetched first: begin again then.
 */
export function* wouldHaveLived(
  lab: LabStart,
  origin: Origin,
  roads: ReadonlyMap<number, Road>,
  target: Road,
  change: Change,
): Work<Trial> {
  const made = target.events[0]!;
  const mark = origin.marks.findLast((m) => m.from.steps <= made.steps);
  const from = mark?.from ?? { steps: 0, entries: 0 };
  const before = origin.entries.slice(0, from.entries);
  const { simulation } = yield* replay(lab, before, mark ? { steps: from.steps } : undefined);
  const { world } = simulation;

  for (const script of change.scripts) {
    const result = runScript(world, script);
    if (result.status !== 0)
      return {
        lived: false,
        failed: true,
        outcome: `The change itself fails: ${result.stderr.trim() || result.status}`,
        next: [],
      };
  }
  const recorder = new Recorder();
  recorder.record(world);
  const wanted = likeness(target);
  const alike = [...roads.values()].filter((r) => r.events[0]!.steps >= from.steps && likeness(r) === wanted);
  const nth = alike.indexOf(target);
  const find = () => {
    const same = [...roadsOf(recorder).values()].filter((r) => likeness(r) === wanted);
    // One that was sent because an earlier one got lost is not sent any more when that one arrives.
    return same[nth] ?? same.at(-1);
  };

  const typed = origin.entries.slice(from.entries).filter((e) => e.time <= made.event.at);
  let time = typed[0]?.time ?? world.now;
  for (const entry of typed) {
    yield* pass(simulation, entry.time - time);
    time = entry.time;
    if (entry.event.kind !== 'absent') simulation.apply(entry);
  }
  const limit = made.event.at - time + PATIENCE;
  let waited = 0;
  for (; waited < limit; waited += LOOK) {
    yield* pass(simulation, LOOK);
    const road = find();
    if (road && isKnown(road)) break;
  }
  const road = find();
  if (!road) return { lived: false, failed: false, outcome: 'The packet is not sent any more.', next: [] };
  const journeys = new Journeys(recorder, world.epoch);
  journeys.look(world);
  const { lived, outcome } = fateOf(journeys, road);
  return { lived, failed: false, outcome, next: lived ? [] : candidates(world, journeys.all(), road) };
}

/** What became of a packet and its answer, in one sentence. */
export function fateOf(journeys: Journeys, road: Road): { readonly lived: boolean; readonly outcome: string } {
  const where = journeys.whereOf(road);
  if (road.verdict === 'died') return { lived: false, outcome: journeys.causeOf(road) ?? `It dies in \`${where}\`.` };
  if (road.verdict !== 'delivered') return { lived: false, outcome: `It gets as far as \`${where}\`, and no further.` };
  if (!expectsReply(road)) return { lived: true, outcome: `It is delivered to \`${where}\`.` };
  const reply = road.reply === undefined ? undefined : journeys.road(road.reply);
  if (!reply) return { lived: false, outcome: `It reaches \`${where}\`, and no answer is sent: there is no way back.` };
  if (reply.verdict === 'delivered')
    return { lived: true, outcome: `It is delivered to \`${where}\`, and the answer comes back.` };
  const why = journeys.causeOf(reply) ?? '';
  return {
    lived: false,
    outcome: `It reaches \`${where}\`; the answer dies in \`${journeys.whereOf(reply)}\`. ${why}`.trimEnd(),
  };
}

/** What makes a packet the same as one in another world: who sends what to whom; ports and numbers that are chosen freely differ. */
function likeness(road: Road): string {
  const { machine, netns, payload } = road.events[0]!.event;
  const tuple: Tuple | undefined = tupleOf(payload);
  const { what } = describePacket(payload);
  const port = tuple && tuple.sport !== tuple.dport ? tuple.dport : '';
  return [machine, netns, tuple?.dst ?? describePacket(payload).to, tuple?.protocol, port, what].join('|');
}

/** Nothing more will happen to it that matters. */
function isKnown(road: Road): boolean {
  if (road.verdict === 'died') return true;
  return road.verdict === 'delivered' && (road.reply !== undefined || !expectsReply(road));
}

/** Lets virtual time pass in a copy. */
function* pass(simulation: Simulation, micros: number): Work<void> {
  const { scheduler } = simulation.world;
  const limit = scheduler.now + Math.max(0, micros);
  for (let n = 1; scheduler.now < limit; n++) {
    while (scheduler.stalled) {
      yield scheduler.stalled;
      simulation.world.activate();
    }
    if (!scheduler.step(limit)) break;
    if (n % 8 === 0) {
      yield;
      simulation.world.activate();
    }
  }
  scheduler.idleTo(limit);
}
