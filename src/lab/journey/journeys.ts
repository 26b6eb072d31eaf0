/** Journeys of packets: from the trace of a world to what a person can read. */
import type { World } from '../../engine/world';
import { describePacket } from './describe';
import { causeOf } from './death';
import { dissect } from './headers';
import { Names } from './names';
import { Recorder } from './recorder';
import type { Recorded } from './recorder';
import type { Road } from './road';
import { expectsReply, roadsOf } from './road';
import { listed } from './sentences';
import { stepsOf } from './steps';
import type { Death, Journey, JourneyList, JourneySummary } from './types';

/** What was recorded of a world, as lists and journeys. */
export class Journeys {
  private readonly names = new Names();
  private roads = new Map<number, Road>();
  private order = -1;

  /** @param epoch virtual time at which the lab began. */
  constructor(
    readonly recorder: Recorder,
    private readonly epoch: number,
  ) {}

  /** Starts recording a world. */
  static record(world: World): Journeys {
    const recorder = new Recorder();
    recorder.record(world);
    const journeys = new Journeys(recorder, world.epoch);
    journeys.look(world);
    return journeys;
  }

  /** Takes the names of the stacks from the world as it is now. */
  look(world: World): void {
    this.names.refresh(world);
  }

  /** All packets, oldest first. */
  list(): JourneyList {
    return { packets: [...this.all().values()].map((r) => this.summary(r)), forgotten: this.recorder.forgotten };
  }

  /** The journey of packet `id`; null when it is not known. */
  journey(id: number): Journey | null {
    const road = this.all().get(id);
    if (!road) return null;
    const steps = stepsOf(road, this.names, (asked) => this.side(asked));
    const death = this.death(road);
    return { summary: this.summary(road), steps, ...(death ? { death } : {}) };
  }

  /** The recorded road of a packet. */
  road(id: number): Road | undefined {
    return this.all().get(id);
  }

  /** Whether a packet arrived and is waiting for an answer. */
  unanswered(id: number): boolean {
    const road = this.all().get(id);
    return road !== undefined && road.reply === undefined && road.verdict === 'delivered' && expectsReply(road);
  }

  /** All roads, in the order in which their packets were made. */
  all(): ReadonlyMap<number, Road> {
    if (this.order !== this.recorder.order) {
      this.roads = roadsOf(this.recorder);
      this.order = this.recorder.order;
    }
    return this.roads;
  }

  private summary(road: Road): JourneySummary {
    const first = road.events[0]!.event;
    const last = road.events.at(-1)!.event;
    const { place, where } = this.names.of(first);
    const { protocol, from, to, what } = describePacket(first.payload);
    const { layers } = dissect(first.payload, { src: '', dst: '' });
    const end = this.names.of(last).where;
    const reason = last.event === 'drop' ? last.reason : '';
    const outcome = {
      delivered: `delivered to ${end}`,
      died: `died in ${end}: ${reason}`,
      open: `under way, last seen in ${end}`,
      gone: last.event === 'drop' ? `not for ${end}` : 'nobody answers',
    }[road.verdict];
    return {
      id: road.id,
      at: first.at - this.epoch,
      place,
      where,
      protocol,
      layers,
      from,
      to,
      what,
      verdict: road.verdict,
      outcome,
      role: roleOf(protocol, what, from),
      ...(road.reply === undefined ? {} : { reply: road.reply }),
      ...(road.request === undefined ? {} : { request: road.request }),
    };
  }

  private death(road: Road): Death | undefined {
    const last = road.events.at(-1)!.event;
    const drop = road.events.findLast((e) => e.event.event === 'drop')?.event;
    if (road.verdict !== 'died' || drop?.event !== 'drop') return undefined;
    const { where } = this.names.of(last);
    const cause = causeOf(road.events, where, describePacket(last.payload).to);
    if (!cause) return undefined;
    return { reason: drop.reason, function: drop.where, broken: cause.broken, told: this.told(road) };
  }

  /** What the sender learns of a packet's death. */
  private told(road: Road): string {
    const answer = road.reply === undefined ? undefined : this.all().get(road.reply);
    if (!answer) return 'Nothing comes back. The sender waits until its own patience ends.';
    const { protocol, what } = describePacket(answer.events[0]!.event.payload);
    const from = this.names.of(answer.events[0]!.event).where;
    const text = `${protocol}, ${what}`;
    return answer.verdict === 'delivered'
      ? `${listed([from])} tells the sender: ${text}.`
      : `${listed([from])} tries to tell the sender (${text}), and that does not get through.`;
  }

  /** The ARP request or neighbour solicitation that went out because a packet had to wait. */
  private side(asked: Recorded): number | undefined {
    const { event } = asked;
    if (event.event !== 'neighbour') return undefined;
    for (const road of this.all().values()) {
      const first = road.events[0]!;
      if (first.order < asked.order) continue;
      const { machine, netns, payload } = first.event;
      if (machine !== event.machine || netns !== event.netns) continue;
      const { what, to } = describePacket(payload);
      if (payload.kind === 'arp' && to === event.address) return road.id;
      if (what === 'neighbour solicitation') return road.id;
    }
    return undefined;
  }
}

function roleOf(protocol: string, what: string, from: string): JourneySummary['role'] {
  if (protocol === 'ARP') return 'side';
  if (/^neighbour/.test(what)) return from === '::' ? 'background' : 'side';
  return /^router|listener/.test(what) || (protocol === 'IP' && from === '0.0.0.0') ? 'background' : 'traffic';
}
