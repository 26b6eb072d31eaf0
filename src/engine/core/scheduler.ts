import type { Micros, Timer } from './timers';
import { TimerHeap } from './timers';

/**
 * The heart of a world: virtual time, timers, deferred kernel work and coroutines.
 *
 * Everything that happens is a *step*: one timer firing, one deferred function, or one coroutine running until it waits.
 * The order of steps depends on nothing but the world's own state, never on how long a step took on the real machine;
 * so a journal of inputs stamped with (steps, now) replays to the same bytes.
 */

/** Why a waiting coroutine was resumed. */
export type Wake = 'woken' | 'timeout' | 'signal';

/** What a coroutine yields: what it waits for, or null to let others run. */
export interface Wait {
  readonly queues: readonly WaitQueue[];
  /** Virtual time at which to give up waiting. */
  readonly until?: Micros;
  /** False for waits that signals do not end (state D). Default true. */
  readonly interruptible?: boolean;
}

/** A computation that may wait. `yield* f()` calls another one. */
export type Coroutine<T> = Generator<Wait | null, T, Wake>;

/**
 * What a coroutine yields to hold up the whole world, in the middle of a step, until something outside of it is there: code that
 * is still being fetched. Nothing of the world's history shows that it happened.
 */
class Stall {
  constructor(readonly ready: Promise<unknown>) {}
}

/**
 * Holds up the world until `ready` has settled; no virtual time passes and no step is made.
 * When it is rejected, the owner of the world decides (`Scheduler#onStallFailed`) whether the world goes on.
 */
export function* stall(ready: Promise<unknown>): Coroutine<void> {
  yield new Stall(ready) as unknown as null;
}

/** Thrown by what must be done at once and cannot, because the world stalls. The world is spoilt: make it again after `ready`. */
export class Stalled extends Error {
  constructor(readonly ready: Promise<void>) {
    super('the world waits for code that is still being fetched');
  }
}

/** Coroutines that wait for one condition. Wakers do not hand over a result: who wakes up looks again. */
export class WaitQueue {
  /** @internal */ readonly tasks = new Set<Task>();

  /** Lets every waiter look again. */
  wakeAll(): void {
    if (this.tasks.size === 0) return;
    for (const task of [...this.tasks]) task.wake('woken');
  }

  /** Lets the waiter that has waited longest look again. */
  wakeOne(): void {
    for (const task of this.tasks) {
      task.wake('woken');
      return;
    }
  }
}

/** Charges that a task may make before it must let others run. */
const QUANTUM = 256;

/** One running coroutine: the kernel's view of a thread. */
export class Task {
  /** @internal */ state: 'ready' | 'running' | 'waiting' | 'stopped' | 'done' = 'ready';
  private wait: Wait | null = null;
  private timer: Timer | null = null;
  private reason: Wake = 'woken';
  private wokenWhileStopped = false;
  /** Charges left in this turn. */
  private budget = QUANTUM;
  /** Charges made since the start: the task's CPU time in virtual microseconds. */
  cpu = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private gen: Coroutine<unknown>,
    private readonly done: (error: unknown) => void,
  ) {}

  /** Counts work: `n` virtual microseconds of CPU. True when the turn is over and the caller must `yield null`. */
  charge(n = 1): boolean {
    this.cpu += n;
    this.budget -= n;
    this.scheduler.now += n;
    return this.budget <= 0;
  }

  /** True while the task waits for something. */
  get waiting(): boolean {
    return this.state === 'waiting';
  }

  /** True when the wait, if any, may be ended by a signal. */
  get interruptible(): boolean {
    return this.wait?.interruptible !== false;
  }

  /** Ends a wait. Does nothing when the task is not waiting. */
  wake(reason: Wake): void {
    if (this.state !== 'waiting') return;
    this.endWait();
    this.reason = reason;
    this.state = 'ready';
    this.scheduler.ready(this);
  }

  /** SIGSTOP: takes the task off the run queue until `resume`. */
  stop(): void {
    if (this.state === 'done' || this.state === 'stopped') return;
    this.wokenWhileStopped = this.state !== 'waiting';
    if (this.state === 'waiting') this.endWait();
    this.reason = 'signal';
    this.state = 'stopped';
  }

  /** SIGCONT. An interrupted wait is looked at again by its owner, as after EINTR with SA_RESTART. */
  resume(): void {
    if (this.state !== 'stopped') return;
    this.state = 'ready';
    this.reason = this.wokenWhileStopped ? 'woken' : 'signal';
    this.scheduler.ready(this);
  }

  /** Ends the coroutine from outside; its `finally` blocks run, their waits do not. */
  kill(): void {
    if (this.state === 'done') return;
    const running = this.state === 'running';
    this.endWait();
    this.state = 'done';
    // A coroutine that kills itself is finished by `run` when it yields next.
    if (!running) this.finish();
  }

  private finish(): void {
    try {
      for (let r = this.gen.return(undefined); !r.done; r = this.gen.return(undefined));
    } catch {
      // A finally block that throws must not take the kernel down with it.
    }
    this.done(undefined);
  }

  /** @internal Runs until the coroutine waits, yields or ends. */
  run(): void {
    if (this.state !== 'ready') return;
    this.state = 'running';
    this.budget = QUANTUM;
    this.go();
  }

  /** @internal Runs on after a stall, in the step that stalled. */
  go(): void {
    let result: IteratorResult<Wait | null, unknown>;
    try {
      result = this.gen.next(this.reason);
    } catch (error) {
      if ((this.state as string) === 'done') return this.done(undefined);
      this.state = 'done';
      this.done(error ?? new Error('unknown error'));
      return;
    }
    this.reason = 'woken';
    const state = this.state as Task['state'];
    if (result.done) {
      this.state = 'done';
      this.done(undefined);
    } else if (state === 'done') {
      this.finish();
    } else if ((result.value as unknown) instanceof Stall) {
      this.scheduler.suspend(this, (result.value as unknown as Stall).ready);
    } else if (state === 'stopped') {
      this.wokenWhileStopped = result.value === null;
    } else if (result.value === null) {
      this.state = 'ready';
      this.scheduler.ready(this);
    } else {
      this.state = 'waiting';
      this.wait = result.value;
      for (const queue of result.value.queues) queue.tasks.add(this);
      const until = result.value.until;
      if (until !== undefined) this.timer = this.scheduler.timers.set(until, () => this.wake('timeout'));
    }
  }

  private endWait(): void {
    if (this.wait) for (const queue of this.wait.queues) queue.tasks.delete(this);
    this.wait = null;
    this.timer?.cancel();
    this.timer = null;
  }
}

/** Virtual clock and run queues of one world. All machines of a world share one. */
export class Scheduler {
  /** Steps made so far; with `now` it names a point in the world's history. */
  steps = 0;
  readonly timers = new TimerHeap();
  private readonly runQueue = new Fifo<Task>();
  private readonly softirqs = new Fifo<() => void>();
  /** Steps and time before the step that is being made. */
  private stepsBefore = 0;
  private timeBefore: Micros = 0;
  private suspended: Promise<void> | null = null;
  private abandoned = false;
  /** Called before a step goes on after a stall: other worlds may have had their turn meanwhile. */
  onResume: () => void = () => undefined;
  /** Told why a stall ended without what was waited for; the world then goes on. Null: it never does, and `stalled` is rejected. */
  onStallFailed: ((error: unknown) => void) | null = null;

  /** @param now virtual time at the start, microseconds since the epoch. */
  constructor(public now: Micros) {}

  /** Starts a coroutine. `done` gets the uncaught error, or undefined. */
  spawn(gen: Coroutine<unknown>, done: (error: unknown) => void): Task {
    const task = new Task(this, gen, done);
    this.runQueue.push(task);
    return task;
  }

  /** @internal */
  ready(task: Task): void {
    this.runQueue.push(task);
  }

  /** Kernel work to be done before any process runs again, in order (a softirq). Cheap: no timer is made. */
  defer(work: () => void): void {
    this.softirqs.push(work);
  }

  /** Calls `fire` `delay` microseconds from now. */
  after(delay: Micros, fire: () => void): Timer {
    return this.timers.set(this.now + delay, fire);
  }

  /** Virtual time passes because the machine worked: microseconds. */
  charge(micros: Micros): void {
    this.now += micros;
  }

  /**
   * What the world waits for in the middle of a step, or null. Until it has settled, `step` does nothing, and nothing may be
   * done to the world; when it is resolved, the step has been finished or stalls again.
   */
  get stalled(): Promise<void> | null {
    return this.suspended;
  }

  /** The point of history after the last whole step. */
  get moment(): { readonly steps: number; readonly time: Micros } {
    return this.suspended ? { steps: this.stepsBefore, time: this.timeBefore } : { steps: this.steps, time: this.now };
  }

  /** For those who cannot wait. @throws Stalled when the world stalls; it will never move again. */
  mustGoOn(): void {
    if (!this.suspended) return;
    this.abandoned = true;
    throw new Stalled(this.suspended);
  }

  /** @internal */
  suspend(task: Task, ready: Promise<unknown>): void {
    const goOn = () => {
      if (this.abandoned) return;
      this.suspended = null;
      this.onResume();
      task.go();
    };
    const waiting: Promise<void> = ready.then(goOn, (error: unknown) => {
      if (!this.onStallFailed) throw error;
      this.onStallFailed(error);
      goOn();
    });
    // Whoever drives the world asks for `stalled`; a rejection nobody waits for is not an event of its own.
    waiting.catch(() => undefined);
    this.suspended = waiting;
  }

  /** True when something can happen without virtual time passing. */
  get busy(): boolean {
    return this.softirqs.length > 0 || this.runQueue.length > 0 || this.timers.next() <= this.now;
  }

  /**
   * Makes one step. When nothing is ready, virtual time jumps to the next timer if it is at or before `limit`.
   * @returns false when nothing can happen up to `limit`, or while the world is `stalled`.
   */
  step(limit: Micros = Infinity): boolean {
    if (this.suspended) return false;
    this.stepsBefore = this.steps;
    this.timeBefore = this.now;
    const work = this.softirqs.shift();
    if (work) {
      this.steps++;
      work();
      return true;
    }
    const due = this.timers.takeDue(this.now);
    if (due) {
      this.steps++;
      due();
      return true;
    }
    const task = this.runQueue.shift();
    if (task) {
      this.steps++;
      this.now += 1;
      task.run();
      return true;
    }
    const next = this.timers.next();
    if (next > limit || next === Infinity) return false;
    this.now = Math.max(this.now, next);
    const fire = this.timers.takeDue(this.now);
    this.steps++;
    fire?.();
    return true;
  }

  /** Lets idle time pass up to `time`; only when nothing is due before it. */
  idleTo(time: Micros): void {
    if (!this.suspended && !this.busy && time > this.now && this.timers.next() > time) this.now = time;
  }
}

/** A queue with O(1) push and shift (Array#shift copies). */
class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.head >= this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
