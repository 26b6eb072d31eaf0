/** Bytes a terminal may have under way to the page before the world waits. */
const WINDOW = 1 << 17;
/** The largest piece sent at once. */
const PIECE = 1 << 16;

/** Output on its way to the page: collected per terminal, sent in pieces, slowed down to what the page can show. */
export class Outbox {
  private readonly waiting = new Map<number, Uint8Array[]>();
  private waitingSize = 0;
  private underWay = 0;
  /** Counts `clear`: answers to what was sent before do not count. */
  private round = 0;

  /**
   * @param send hands a piece to the page; a promise resolves when it has been shown.
   * @param ready called when there is room again.
   */
  constructor(
    private readonly send: (terminal: number, data: Uint8Array) => void | Promise<void>,
    private readonly ready: () => void,
  ) {}

  /** True when the page must catch up first. */
  get full(): boolean {
    return this.waitingSize + this.underWay >= WINDOW;
  }

  add(terminal: number, data: Uint8Array): void {
    const parts = this.waiting.get(terminal);
    if (parts) parts.push(data);
    else this.waiting.set(terminal, [data]);
    this.waitingSize += data.length;
  }

  /** Sends what has been collected. */
  flush(): void {
    for (const [terminal, parts] of this.waiting) {
      const all = join(parts);
      for (let at = 0; at < all.length; at += PIECE) this.post(terminal, all.slice(at, at + PIECE));
    }
    this.waiting.clear();
    this.waitingSize = 0;
  }

  /** Forgets everything that was not sent. */
  clear(): void {
    this.waiting.clear();
    this.waitingSize = 0;
    this.underWay = 0;
    this.round++;
  }

  private post(terminal: number, data: Uint8Array): void {
    const { round } = this;
    this.underWay += data.length;
    const done = (): void => {
      if (round !== this.round) return;
      const wasFull = this.full;
      this.underWay -= data.length;
      if (wasFull && !this.full) this.ready();
    };
    const shown = this.send(terminal, data);
    if (shown instanceof Promise) shown.then(done, done);
    else done();
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
