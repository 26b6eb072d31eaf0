import type { World } from '../../engine/world';
import { Cancelled, inSlices } from '../background';
import type { Host } from '../driver';
import type { CompiledLab } from '../protocol';
import { replay } from '../replay';
import type { Work } from '../simulation';
import type { Past } from '../tasks';
import { candidates } from './candidates';
import type { Trial } from './counterfactual';
import { fateOf, wouldHaveLived } from './counterfactual';
import { Journeys } from './journeys';
import { Recorder } from './recorder';
import type { Road } from './road';
import type { Change, Counterfactual, Journey, JourneyList } from './types';

/** Copies of the world that are run for one packet. */
const MAX_TRIALS = 12;
/** Changes made in one of them at most. */
const MAX_TOGETHER = 3;
/** Ways to live, and changes that are not enough, that are told of. */
const MAX_SAVED = 3;
const MAX_SHORT = 2;
/** Added to the identities of packets of the live world, so that they differ from those of the replayed past. */
const LIVE = 1_000_000;

/**
 * Records the packets of a session while somebody looks. What was sent before that is found by replaying the past, so that a
 * world that nobody looks at pays nothing.
 */
export class Tracing {
  private live = new Recorder();
  private shown: Journeys;
  private world: World | undefined;
  /** Counts worlds followed: what was begun for an older one is given up. */
  private turn = 0;

  constructor(
    private readonly lab: CompiledLab,
    private readonly host: Host,
  ) {
    this.shown = new Journeys(this.live, 0);
  }

  /** Grows whenever something was recorded. */
  get version(): number {
    return this.turn * 1e9 + this.live.order;
  }

  /** Records `world` from now on, and finds out what has happened in it before. @param past how it came to be what it is. */
  async follow(world: World, past: Past): Promise<void> {
    const turn = ++this.turn;
    this.live.stop();
    this.world = world;
    const live = (this.live = new Recorder());
    live.record(world, LIVE);
    this.shown = new Journeys(live, world.epoch);
    this.shown.look(world);
    const { lab } = this;
    const begin = function* (): Work<Recorder> {
      const earlier = new Recorder();
      yield* replay(lab, past.entries, past.until, ({ world: copy }) => earlier.record(copy));
      earlier.stop();
      return earlier;
    };
    try {
      const earlier = await inSlices(this.host, begin, () => this.turn !== turn);
      live.prepend(earlier);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
    }
  }

  /** Ends recording. */
  stop(): void {
    this.turn++;
    this.live.stop();
  }

  /** All packets. */
  list(): JourneyList {
    this.look();
    return this.shown.list();
  }

  /** The journey of one packet. */
  journey(packet: number): Journey | null {
    this.look();
    return this.shown.journey(packet);
  }

  /**
   * Changes under which a packet lives, found out by trying, one or up to three together; and single ones that help it on its way
   * and are not enough. What helps nothing is left out.
   */
  async whatIf(packet: number, past: Past): Promise<readonly Counterfactual[]> {
    const asked = this.shown.road(packet);
    if (!asked || !this.world) return [];
    // An answer that gets lost is a matter of the whole exchange.
    const road = (asked.request === undefined ? undefined : this.shown.road(asked.request)) ?? asked;
    const { lived, outcome } = fateOf(this.shown, road);
    if (lived) return [];
    const { turn } = this;
    const queue = candidates(this.world, this.shown.all(), road).map((c) => [c]);
    const saved: { set: Change[]; found: Counterfactual }[] = [];
    const short: Counterfactual[] = [];
    for (let n = 0; n < MAX_TRIALS && queue.length > 0 && saved.length < MAX_SAVED; n++) {
      const set = queue.shift()!;
      // More than what is enough says nothing.
      if (saved.some((s) => s.set.every((c) => set.some((d) => d.text === c.text)))) continue;
      const change = together(set);
      const trial = await this.try(road, change, past);
      if (!trial || this.turn !== turn) return [];
      if (trial.lived) saved.push({ set, found: { change, lived: true, outcome: trial.outcome } });
      else if (!trial.failed && trial.outcome !== outcome) {
        if (set.length === 1 && short.length < MAX_SHORT) short.push({ change, lived: false, outcome: trial.outcome });
        if (set.length < MAX_TOGETHER)
          for (const next of trial.next) if (!set.some((c) => c.text === next.text)) queue.push([...set, next]);
      }
    }
    return [...saved.map((s) => s.found), ...short];
  }

  /** What would have become of a packet if the world had been different; null when it is not known. */
  async wouldHaveLived(packet: number, change: Change, past: Past): Promise<Counterfactual | null> {
    const road = this.shown.road(packet);
    const trial = road && (await this.try(road, change, past));
    return trial ? { change, lived: trial.lived, outcome: trial.outcome } : null;
  }

  private async try(road: Road, change: Change, past: Past): Promise<Trial | null> {
    const roads = this.shown.all();
    const { turn } = this;
    try {
      return await inSlices(
        this.host,
        () => wouldHaveLived(this.lab, past, roads, road, change),
        () => this.turn !== turn,
      );
    } catch (error) {
      if (error instanceof Cancelled) return null;
      throw error;
    }
  }

  private look(): void {
    if (this.world) this.shown.look(this.world);
  }
}

/** Several changes as one. */
function together(set: readonly Change[]): Change {
  return { text: set.map((c) => c.text).join(', and '), scripts: set.flatMap((c) => c.scripts) };
}
