/** Journeys of packets: from the trace of a world to what a person can read. */
import { TCP_FLAG } from '../../engine/wire';
import type { World } from '../../engine/world';
import { describePacket } from './describe';
import type { Cause } from './death';
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
    const steps = stepsOf(road, this.names, {
      side: (asked) => this.side(asked),
      road: (other) => this.road(other),
    });
    const death = this.death(road);
    const answer = road.reply === undefined ? undefined : this.road(road.reply);
    const lost = road.verdict === 'delivered' && answer ? this.death(answer) : undefined;
    return {
      summary: this.summary(road),
      steps,
      ...(death ? { death } : {}),
      ...(lost ? { answerDied: lost.broken } : {}),
    };
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

  /** Name of the stack that a packet was seen in last. */
  whereOf(road: Road): string {
    return this.names.of(road.events.at(-1)!.event).where;
  }

  /** Why a packet died, in one sentence; undefined when it did not. */
  causeOf(road: Road): string | undefined {
    return road.verdict === 'died' ? this.cause(road, this.whereOf(road))?.broken : undefined;
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
    const cause = this.cause(road, where);
    if (!cause) return undefined;
    return { reason: drop.reason, function: drop.where, broken: cause.broken, told: this.told(road) };
  }

  /** Why a packet died. */
  private cause(road: Road, where: string): Cause | undefined {
    const waited = road.events.findLast((e) => e.event.event === 'neighbour' && e.event.action === 'queue');
    return causeOf(road.events, where, describePacket(road.events.at(-1)!.event.payload).to, {
      question: waited && this.side(waited),
      request: road.request === undefined ? undefined : this.road(road.request),
      road: (id) => this.road(id),
    });
  }

  /** What the sender learns of a packet's death. */
  private told(road: Road): string {
    const answer = road.reply === undefined ? undefined : this.all().get(road.reply);
    if (!answer) return 'Nothing comes back. The sender waits until its own patience ends.';
    const { payload } = answer.events[0]!.event;
    const { protocol, what } = describePacket(payload);
    const segment = payload.kind === 'ipv4' || payload.kind === 'ipv6' ? payload.payload : undefined;
    const reset = segment?.kind === 'tcp' && (segment.flags & TCP_FLAG.RST) !== 0;
    const from = this.names.of(answer.events[0]!.event).where;
    const text = reset ? 'TCP, RST, which a program sees as “Connection refused” or “reset”' : `${protocol}, ${what}`;
    return answer.verdict === 'delivered'
      ? `${listed([from])} tells the sender: ${text}.`
      : `${listed([from])} tries to tell the sender (${text}), and that does not get through.`;
  }

  /** The ARP request or neighbour solicitation that went out because a packet had to wait. */
  private side(asked: Recorded): Road | undefined {
    const { event } = asked;
    if (event.event !== 'neighbour') return undefined;
    for (const road of this.all().values()) {
      const first = road.events[0]!;
      if (first.order < asked.order) continue;
      const { machine, netns, payload } = first.event;
      if (machine !== event.machine || netns !== event.netns) continue;
      const { what, to } = describePacket(payload);
      if (payload.kind === 'arp' && to === event.address) return road;
      if (what === 'neighbour solicitation') return road;
    }
    return undefined;
  }
}

/** Whether people sent a packet, somebody's question for an address did, or a kernel on its own. */
function roleOf(protocol: string, what: string, from: string): JourneySummary['role'] {
  if (protocol === 'ARP') return 'side';
  if (/^neighbour/.test(what)) return from === '::' ? 'background' : 'side';
  return protocol === 'IGMP' || /^router|^redirect|listener/.test(what) ? 'background' : 'traffic';
}
