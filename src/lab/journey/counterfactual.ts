/** "It would have lived if ...": the same commands once more, in a copy of the world in which something is different. */
import type { Tuple } from './describe';
import { tupleOf } from './describe';
import { Recorder } from './recorder';
import type { Road } from './road';
import { expectsReply, roadsOf } from './road';
import { causeOf } from './death';
import { describePacket } from './describe';
import { Names } from './names';
import type { Change, Counterfactual } from './types';
import { replay } from '../replay';
import { runScript } from '../script';
import type { LabStart, Mark, Simulation, Work } from '../simulation';
import type { JournalEntry } from '../protocol';

/** The part of a session's past that a packet comes from. */
export interface Origin {
  readonly entries: readonly JournalEntry[];
  readonly marks: readonly Mark[];
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
): Work<Counterfactual> {
  const made = target.events[0]!;
  const mark = origin.marks.findLast((m) => m.from.steps <= made.steps);
  const from = mark?.from ?? { steps: 0, entries: 0 };
  const before = origin.entries.slice(0, from.entries);
  const { simulation } = yield* replay(lab, before, mark ? { steps: from.steps } : undefined);
  const { world } = simulation;
  const outcome = (lived: boolean, text: string): Counterfactual => ({ change, lived, outcome: text });

  for (const script of change.scripts) {
    const result = runScript(world, script);
    if (result.status !== 0) return outcome(false, `The change itself fails: ${result.stderr.trim() || result.status}`);
  }
  const recorder = new Recorder();
  recorder.record(world);
  const wanted = likeness(target);
  const alike = [...roads.values()].filter((r) => r.events[0]!.steps >= from.steps && likeness(r) === wanted);
  const nth = alike.indexOf(target);
  const find = () => [...roadsOf(recorder).values()].filter((r) => likeness(r) === wanted)[nth];

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
  if (!road) return outcome(false, 'The packet is not sent any more.');
  const names = new Names();
  names.refresh(world);
  const last = road.events.at(-1)!.event;
  const { where } = names.of(last);
  const { to } = describePacket(last.payload);
  if (road.verdict === 'died') {
    return outcome(false, causeOf(road.events, where, to)?.broken ?? `It dies in \`${where}\`.`);
  }
  if (road.verdict !== 'delivered') return outcome(false, `It gets as far as \`${where}\`, and no further.`);
  if (!expectsReply(road)) return outcome(true, `It is delivered to \`${where}\`.`);
  const reply = road.reply === undefined ? undefined : roadsOf(recorder).get(road.reply);
  if (!reply) return outcome(false, `It reaches \`${where}\`, and no answer is sent: there is no way back.`);
  if (reply.verdict === 'delivered')
    return outcome(true, `It is delivered to \`${where}\`, and the answer comes back.`);
  const end = reply.events.at(-1)!.event;
  const there = names.of(end).where;
  const why = causeOf(reply.events, there, describePacket(end.payload).to)?.broken;
  return outcome(false, `It reaches \`${where}\`; the answer dies in \`${there}\`. ${why ?? ''}`.trimEnd());
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
