import type { TraceEvent } from '../../engine/net';
import type { World } from '../../engine/world';

/** Packets that are kept; of more, the oldest are forgotten. */
const MAX_PACKETS = 600;
/** Events kept of one packet: one that goes in circles makes no more. */
const MAX_EVENTS = 400;

/** A trace event with its place in the order of all events, and the world's step in which it happened. */
export interface Recorded {
  readonly order: number;
  readonly steps: number;
  readonly event: TraceEvent;
}

/** What was recorded of one packet, or of one copy of it. */
export interface PacketRecord {
  readonly id: number;
  readonly parent: number | undefined;
  readonly events: Recorded[];
}

/** Collects what happens to packets while it runs. Bounded: a world may go on for ever. */
export class Recorder {
  readonly packets = new Map<number, PacketRecord>();
  /** Packets that were there and are not kept any more. */
  forgotten = 0;
  /** Grows with every event: whoever has seen a number knows whether something is new. */
  order = 0;
  private readonly stops: (() => void)[] = [];

  /** @param limit packets that are kept. */
  constructor(private readonly limit = MAX_PACKETS) {}

  /**
   * Records what happens in `world` from now on, until `stop`.
   * @param base added to the identities of packets, which every world counts from 1.
   */
  record(world: World, base = 0): void {
    for (const machine of world.machines.values()) {
      const { tracer } = machine.namespaces.net;
      this.stops.push(tracer.listen((event) => this.add(event, base, world.scheduler.steps)));
    }
  }

  /** Ends recording; what was recorded stays. */
  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** Puts what `earlier` has recorded before what is here. The identities of both must differ. */
  prepend(earlier: Recorder): void {
    const mine = [...this.packets];
    this.packets.clear();
    for (const [id, record] of earlier.packets) this.packets.set(id, record);
    for (const [id, { parent, events }] of mine) {
      const moved = events.map((e) => ({ ...e, order: e.order + earlier.order }));
      this.packets.set(id, { id, parent, events: moved });
    }
    this.order += earlier.order;
    this.forgotten += earlier.forgotten;
    this.forget();
  }

  private add(event: TraceEvent, base: number, steps: number): void {
    const id = event.packet + base;
    let record = this.packets.get(id);
    if (!record) {
      const parent = event.event === 'created' && event.parent !== undefined ? event.parent + base : undefined;
      this.packets.set(id, (record = { id, parent, events: [] }));
      this.forget();
    }
    if (record.events.length < MAX_EVENTS) record.events.push({ order: this.order++, steps, event });
  }

  private forget(): void {
    for (const id of this.packets.keys()) {
      if (this.packets.size <= this.limit) return;
      this.packets.delete(id);
      this.forgotten++;
    }
  }
}
