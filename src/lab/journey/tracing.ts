import type { World } from '../../engine/world';
import { Cancelled, inSlices } from '../background';
import type { Host } from '../driver';
import type { CompiledLab } from '../protocol';
import { replay } from '../replay';
import type { Work } from '../simulation';
import type { Past } from '../tasks';
import { candidates } from './candidates';
import { wouldHaveLived } from './counterfactual';
import { Journeys } from './journeys';
import { Recorder } from './recorder';
import type { Change, Counterfactual, Journey, JourneyList } from './types';

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

  /** What became of a packet under the changes that suggest themselves. */
  async whatIf(packet: number, past: Past): Promise<readonly Counterfactual[]> {
    const road = this.shown.road(packet);
    if (!road || !this.world) return [];
    const reply = road.reply === undefined ? undefined : this.shown.road(road.reply);
    if (road.verdict === 'delivered' && (reply?.verdict === 'delivered' || !this.shown.unanswered(packet))) return [];
    const changes = candidates(this.world, road, road.verdict === 'delivered' ? reply : undefined);
    const out: Counterfactual[] = [];
    for (const change of changes) {
      const found = await this.wouldHaveLived(packet, change, past);
      if (found) out.push(found);
    }
    return out;
  }

  /** What would have become of a packet if the world had been different; null when it is not known. */
  async wouldHaveLived(packet: number, change: Change, past: Past): Promise<Counterfactual | null> {
    const road = this.shown.road(packet);
    if (!road) return null;
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
