import type { World } from '../engine/world';

/** What the driver needs of the real world; injected so that tests can decide what time it is. */
export interface Host {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls `work` in a later macrotask, after input that has arrived meanwhile. */
  soon(work: () => void): void;
  /** Calls `work` after `ms` milliseconds. @returns takes it back. */
  later(ms: number, work: () => void): () => void;
}

/** What the driver asks and tells its session. */
export interface DriverHooks {
  /** True while the page has more output than it can show: the world waits. */
  full(): boolean;
  /** The world has moved. */
  moved(): void;
  /** The engine threw: the world stands still from now on. */
  failed(error: unknown): void;
}

/** Milliseconds that the world may work before input is looked at. */
const SLICE = 8;
/** Computing that may be saved up, in milliseconds: a burst of about this length runs at full speed. */
const CREDIT = 1500;
/** Share of one core that an endless loop gets once its credit is used up; a replay costs as much. */
const REFILL = 0.1;
/** Shortest slice worth starting when credit is low, in milliseconds. */
const WORTH = 2;
/** A gap between two turns that is longer than this was not the world's: the computer slept, or the tab was frozen. */
const GAP = 2000;
/** Waiting longer than this for a timer is done in parts, so that a gap can be told from a wait. */
const NAP = 1000;

/** How the driver runs the world. */
type Mode = { readonly kind: 'paced' } | { readonly kind: 'fast'; readonly until: number; readonly done: () => void };

/**
 * Paces a live world: virtual time follows the wall clock while something waits, work runs as fast as it can in short slices,
 * and endless work is slowed down to a share of the processor. None of this changes what the world does, only when.
 */
export class Driver {
  private running = false;
  private scheduled = false;
  private cancelNap: (() => void) | null = null;
  /** Virtual microseconds at the wall clock's `anchorWall` milliseconds. */
  private anchorVirtual = 0;
  private anchorWall = 0;
  private lastTurn = 0;
  private credit = CREDIT;
  private mode: Mode = { kind: 'paced' };
  private awaited: Promise<void> | null = null;
  /** A step stalled: it will be finished outside of a turn, and what comes of it is still to be told. */
  private unfinished = false;

  constructor(
    private readonly world: World,
    private readonly host: Host,
    private readonly hooks: DriverHooks,
  ) {}

  /** Starts (again) at the world's present. */
  start(): void {
    this.running = true;
    this.lastTurn = this.host.now();
    this.anchor(this.lastTurn);
    this.poke();
  }

  /** The world stands still until `start`. */
  stop(): void {
    this.running = false;
    this.cancelNap?.();
    this.cancelNap = null;
    this.endFast();
  }

  /** Something was done to the world: take a turn soon. */
  poke(): void {
    if (!this.running || this.scheduled) return;
    this.cancelNap?.();
    this.cancelNap = null;
    this.scheduled = true;
    this.host.soon(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  /** Brings an idle world to the present, so that an input is stamped with the time at which it came. */
  sync(): void {
    if (!this.running || this.world.scheduler.stalled || this.world.scheduler.busy) return;
    this.notice(this.host.now());
    this.guard(() => this.work(this.target(this.host.now()), SLICE));
  }

  /** Runs without waiting until `micros` have passed or `endFast` is called. */
  skip(micros: number): Promise<void> {
    this.endFast();
    return new Promise((resolve) => {
      this.mode = { kind: 'fast', until: this.world.now + micros, done: resolve };
      this.poke();
      if (!this.running) this.endFast();
    });
  }

  /** Back to the wall clock's pace. */
  endFast(): void {
    if (this.mode.kind === 'paced') return;
    const { done } = this.mode;
    this.mode = { kind: 'paced' };
    this.anchor(this.host.now());
    done();
  }

  /** True while `skip` is going on. */
  get fast(): boolean {
    return this.mode.kind === 'fast';
  }

  private turn(): void {
    if (!this.running) return;
    const { host, world } = this;
    const begin = host.now();
    this.notice(begin);
    if (world.scheduler.stalled) return this.await(world.scheduler.stalled);
    if (this.unfinished) {
      this.unfinished = false;
      this.hooks.moved();
    }
    if (this.hooks.full()) {
      // What filled it may have come outside of a turn (an echo, a step after a stall) and not be under way yet.
      this.hooks.moved();
      return this.nap(SLICE);
    }
    if (this.credit < WORTH) return this.nap((WORTH - this.credit) / REFILL);

    const steps = world.scheduler.steps;
    const fast = this.mode.kind === 'fast' ? this.mode.until : undefined;
    const target = fast ?? this.target(begin);
    let idle = false;
    if (!this.guard(() => (idle = this.work(target, Math.min(SLICE, this.credit))))) return;
    const end = host.now();
    this.credit -= end - begin;
    // Work that took more virtual time than there was goes on from where it is; so does work that took more real time.
    if (fast === undefined && (world.now > this.target(end) || !idle)) this.anchor(end);
    this.unfinished = world.scheduler.stalled !== null;
    if (world.scheduler.steps !== steps) this.hooks.moved();
    if (!this.running) return;
    if (fast !== undefined && world.now >= fast) this.endFast();
    if (!idle || this.mode.kind === 'fast') return this.poke();
    const next = world.scheduler.timers.next();
    this.nap(Math.min(NAP, Math.max(0, Math.ceil((next - this.target(host.now())) / 1000))));
  }

  /** Takes note of the time since the last turn. */
  private notice(now: number): void {
    const gap = now - this.lastTurn;
    this.lastTurn = now;
    if (gap > GAP) this.anchor(now - NAP);
    this.credit = Math.min(CREDIT, this.credit + gap * REFILL);
  }

  /** @returns true when nothing is left to do up to `target`. */
  private work(target: number, ms: number): boolean {
    const { world, host } = this;
    const { scheduler } = world;
    const stop = host.now() + ms;
    world.activate();
    for (let n = 1; ; n++) {
      if (!scheduler.step(target)) {
        if (scheduler.stalled) return false;
        scheduler.idleTo(target);
        return true;
      }
      if (n % 8 === 0 && (host.now() >= stop || this.hooks.full())) return false;
    }
  }

  /** The world stalls: virtual time stands still, however long it takes. */
  private await(ready: Promise<void>): void {
    if (this.awaited === ready) return;
    this.awaited = ready;
    ready.then(
      () => {
        if (!this.running) return;
        this.anchor(this.host.now());
        this.hooks.moved();
        this.poke();
      },
      (error: unknown) => {
        if (!this.running) return;
        this.stop();
        this.hooks.failed(error);
      },
    );
  }

  private guard(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.stop();
      this.hooks.failed(error);
      return false;
    }
  }

  private nap(ms: number): void {
    this.cancelNap?.();
    this.cancelNap = this.host.later(ms, () => {
      this.cancelNap = null;
      this.turn();
    });
  }

  private anchor(wall: number): void {
    this.anchorWall = wall;
    this.anchorVirtual = this.world.now;
  }

  /** Virtual time that belongs to a wall time. */
  private target(wall: number): number {
    return Math.floor(this.anchorVirtual + Math.max(0, wall - this.anchorWall) * 1000);
  }
}
