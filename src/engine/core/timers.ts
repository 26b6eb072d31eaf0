/** Virtual time: whole microseconds since the Unix epoch. Fits a double exactly until the year 2255. */
export type Micros = number;

/** A pending timer; hold it to cancel it. */
export interface Timer {
  /** When it fires. */
  readonly at: Micros;
  /** Takes it back; cancelling twice, or after it fired, does nothing. */
  cancel(): void;
}

class Entry implements Timer {
  cancelled = false;
  constructor(
    readonly at: Micros,
    readonly order: number,
    readonly fire: () => void,
  ) {}
  cancel(): void {
    this.cancelled = true;
  }
}

/** A binary heap of timers. Equal times fire in the order in which they were set. */
export class TimerHeap {
  private heap: Entry[] = [];
  private order = 0;

  /** Calls `fire` when virtual time reaches `at`. */
  set(at: Micros, fire: () => void): Timer {
    const entry = new Entry(at, this.order++, fire);
    const heap = this.heap;
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up]!;
      if (!before(entry, parent)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = entry;
    return entry;
  }

  /** Time of the next live timer, or Infinity. */
  next(): Micros {
    for (;;) {
      const top = this.heap[0];
      if (!top) return Infinity;
      if (!top.cancelled) return top.at;
      this.pop();
    }
  }

  /** Removes the next live timer that is due at `now` and returns what it does; undefined when none is due. */
  takeDue(now: Micros): (() => void) | undefined {
    return this.next() <= now ? this.pop()!.fire : undefined;
  }

  private pop(): Entry | undefined {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || top === last) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
