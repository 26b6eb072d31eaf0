/** Several activities inside one process, as an event loop such as epoll(7) lets a server have them. */
import type { Coroutine, Wait } from '../../core';
import { WaitQueue } from '../../core';

interface Activity {
  readonly body: Coroutine<void>;
  until: number;
  queues: readonly WaitQueue[];
  /** It has not run since it was added. */
  fresh: boolean;
}

/** The activities of one process. Each is a coroutine; they take turns whenever one of them has to wait. */
export class Activities {
  private readonly list = new Set<Activity>();
  private readonly changed = new WaitQueue();

  /** Number of activities that have not ended. */
  get size(): number {
    return this.list.size;
  }

  /** Starts one more; it runs from the next turn on. */
  add(body: Coroutine<void>): void {
    this.list.add({ body, until: Infinity, queues: [], fresh: true });
    this.changed.wakeAll();
  }

  /** Makes `run` look at its condition again. */
  poke(): void {
    this.changed.wakeAll();
  }

  /**
   * Runs all of them until `over` says so or none is left. What one throws ends the loop.
   * @param now virtual time. @param extra a queue whose wakers want `over` to be asked.
   */
  *run(now: () => number, over: () => boolean = () => false, extra: readonly WaitQueue[] = []): Coroutine<void> {
    try {
      while (!over() && this.list.size > 0) {
        let again = false;
        for (const a of [...this.list]) {
          a.fresh = false;
          const late = a.until <= now();
          const result = a.body.next(late ? 'timeout' : 'woken');
          a.until = Infinity;
          a.queues = [];
          if (result.done) this.list.delete(a);
          else if (result.value === null) again = true;
          // What holds up the whole world is passed on.
          else if (!('queues' in result.value)) {
            yield result.value;
            again = true;
          } else {
            a.queues = result.value.queues;
            a.until = result.value.until ?? Infinity;
          }
          if (over()) return;
        }
        if (again) {
          yield null;
          continue;
        }
        if (this.list.size === 0) return;
        if ([...this.list].some((a) => a.fresh)) continue;
        const until = Math.min(...[...this.list].map((a) => a.until));
        const queues = [this.changed, ...extra, ...[...this.list].flatMap((a) => a.queues)];
        const wait: Wait = until === Infinity ? { queues } : { queues, until };
        yield wait;
      }
    } finally {
      for (const a of this.list) a.body.return(undefined);
      this.list.clear();
    }
  }
}
