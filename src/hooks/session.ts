/**
 * The page's side of a running lab: the worker, its terminals' output, its newest state, and the watchdog.
 * In the chunk that is fetched when a lab opens.
 */
import { expose, wrap, type Remote } from 'comlink';
import type { Counterfactual, Journey, JourneyList } from '../lab/journey/types';
import { placeName } from '../lab/place';
import type {
  CompiledLab,
  Place,
  SavedSession,
  SessionApi,
  SessionListener,
  SessionState,
  TerminalState,
} from '../lab/protocol';
import { takeWorker } from './labWorker';

/** Receives a terminal's output. Returns when the text is on the screen, which slows a flood down. */
export interface Screen {
  write(data: Uint8Array): Promise<void>;
  clear(): void;
}

/** Where the session stands. `stuck`: no answer for five seconds. */
export type Phase = 'starting' | 'running' | 'stuck' | 'crashed';

/** What the view reads. A new object on every change. */
export interface SessionView {
  readonly phase: Phase;
  readonly state: SessionState | null;
  /** Those of `state`; before the world is there, those that it will have. */
  readonly terminals: readonly TerminalState[];
  /** `performance.now()` at which `state` arrived, for a clock that ticks between states. */
  readonly at: number;
  /** Something to tell the reader: why a saved state was not used, what broke. */
  readonly notice: string | null;
  readonly detail: string | null;
}

/** The view of a session that has just begun. */
export const STARTING: SessionView = {
  phase: 'starting',
  state: null,
  terminals: [],
  at: 0,
  notice: null,
  detail: null,
};

/** Output kept for a terminal whose screen is not there yet, in bytes. */
const backlogLimit = 1 << 20;
const pingEvery = 1000;
const stuckAfter = 5000;

/** One lab in one worker. */
export class Session {
  view: SessionView;
  /** The newest journal, which a reload starts from. */
  saved: SavedSession | null;

  private worker: Worker | undefined;
  private api: Remote<SessionApi> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly screens = new Map<number, Screen>();
  private readonly backlog = new Map<number, Uint8Array[]>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private answered = 0;
  private asking = false;
  private disposed = false;
  /** Somebody looks at packets: a new worker has to record them, too. */
  private tracing = false;

  constructor(
    readonly lab: CompiledLab,
    from: SavedSession | null,
    private readonly onSave: (session: SavedSession) => void,
    /** Told about a saved session that could not be used. */
    private readonly onRefused: (session: SavedSession) => void = () => undefined,
  ) {
    this.saved = from;
    this.view = { ...STARTING, terminals: expectedTerminals(lab, from) };
    this.boot();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getView = (): SessionView => this.view;

  /** Connects a terminal to its screen and hands over what it printed so far. */
  attach(terminal: number, screen: Screen): () => void {
    this.screens.set(terminal, screen);
    for (const data of this.backlog.get(terminal) ?? []) void screen.write(data);
    this.backlog.delete(terminal);
    return () => {
      if (this.screens.get(terminal) === screen) this.screens.delete(terminal);
    };
  }

  input(terminal: number, data: string): void {
    void this.ask((api) => api.input(terminal, data));
  }

  resize(terminal: number, columns: number, rows: number): void {
    void this.ask((api) => api.resize(terminal, columns, rows));
  }

  open(place: Place, columns: number, rows: number): Promise<number | undefined> {
    return this.ask((api) => api.open(place, columns, rows));
  }

  close(terminal: number): void {
    void this.ask((api) => api.close(terminal));
  }

  undo(): Promise<string | null | undefined> {
    return this.ask((api) => api.undo());
  }

  async reset(task?: string): Promise<void> {
    await this.ask((api) => api.reset(task));
  }

  hint(task: string): Promise<string | null | undefined> {
    return this.ask((api) => api.hint(task));
  }

  /** Starts or stops recording packets. */
  async trace(on: boolean): Promise<void> {
    this.tracing = on;
    await this.ask((api) => api.trace(on));
  }

  /** Packets recorded so far. */
  journeys(): Promise<JourneyList | undefined> {
    return this.ask((api) => api.journeys());
  }

  journey(packet: number): Promise<Journey | null | undefined> {
    return this.ask((api) => api.journey(packet));
  }

  /** What would have become of a packet if the world had been different. */
  whatIf(packet: number): Promise<readonly Counterfactual[] | undefined> {
    return this.ask((api) => api.whatIf(packet));
  }

  /** Lets virtual time run ahead by at most a minute. */
  skip(): void {
    void this.ask((api) => api.skip(60_000_000));
  }

  /**
   * Types commands one after the other, each once the one before has ended, in a terminal at `place`.
   * @returns the terminal that was used.
   */
  async type(place: Place, commands: readonly string[]): Promise<number | undefined> {
    await this.until((v) => v.phase === 'running' && v.state !== null);
    const there = this.view.state?.terminals.find((t) => t.alive && samePlace(t.place, place));
    const terminal = there?.id ?? (await this.open(place, 80, 24));
    if (terminal === undefined) return undefined;
    void (async () => {
      for (const command of commands) {
        await this.until((v) => !v.state?.busy);
        const before = this.view.state?.elapsed;
        this.input(terminal, `${command}\r`);
        // The state is told at most every 50 ms; wait for the first that knows of the command.
        await this.until((v) => v.state?.elapsed !== before || v.phase !== 'running', 400);
      }
    })();
    return terminal;
  }

  /** Ends the worker and starts a new one from the newest saved state. */
  reload(): void {
    this.stop();
    for (const screen of this.screens.values()) screen.clear();
    this.set({ phase: 'starting', notice: null, detail: null });
    this.boot();
  }

  /** Ends the session for good, after the last save had time to arrive. */
  dispose(): void {
    this.disposed = true;
    this.listeners.clear();
    this.screens.clear();
    setTimeout(() => this.stop(), 700);
  }

  private boot(): void {
    const from = this.saved;
    const { worker, told } = takeWorker(this.lab, from);
    this.worker = worker;
    const api = wrap<SessionApi>(worker);
    this.api = api;
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (this.worker === worker) this.stopped(event.message);
    });
    this.answered = performance.now();
    this.asking = false;
    this.timer = setInterval(() => this.watch(), pingEvery);
    told.then(
      (port) => this.worker === worker && expose(this.listener(from), port),
      // Before anybody listened, that is.
      () => this.worker === worker && this.view.phase !== 'crashed' && this.stopped(''),
    );
  }

  private listener(from: SavedSession | null): SessionListener {
    let first = true;
    return {
      output: (terminal, data) => this.output(terminal, data),
      rewind: (terminal) => {
        this.backlog.delete(terminal);
        this.screens.get(terminal)?.clear();
      },
      state: (state) => {
        if (first && from && state.refused !== undefined) this.onRefused(from);
        this.set({
          state,
          terminals: state.terminals,
          at: performance.now(),
          ...(first ? { phase: 'running', notice: state.refused ?? this.view.notice } : {}),
        });
        first = false;
      },
      save: (session) => {
        this.saved = session;
        this.onSave(session);
      },
      crash: (message, detail) => this.set({ phase: 'crashed', notice: message, detail }),
    };
  }

  /** The promise is the worker's back-pressure: it resolves once the screen has drawn the text. */
  private output(terminal: number, data: Uint8Array): Promise<void> {
    const screen = this.screens.get(terminal);
    if (screen) return screen.write(data);
    const kept = this.backlog.get(terminal) ?? [];
    kept.push(data);
    let size = kept.reduce((n, d) => n + d.length, 0);
    while (size > backlogLimit && kept.length > 1) size -= kept.shift()?.length ?? 0;
    this.backlog.set(terminal, kept);
    return Promise.resolve();
  }

  private async ask<T>(call: (api: Remote<SessionApi>) => Promise<T>): Promise<T | undefined> {
    const api = this.api;
    if (!api) return undefined;
    try {
      return await call(api);
    } catch (error) {
      if (api === this.api) this.failed(error);
      return undefined;
    }
  }

  private failed(error: unknown): void {
    this.stopped(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  private stopped(detail: string): void {
    this.set({
      phase: 'crashed',
      notice: 'The world stopped. What you did is kept.',
      detail: detail || 'The worker could not be loaded.',
    });
  }

  private watch(): void {
    // A hidden tab's timers are slowed down, which says nothing about the worker.
    if (document.hidden) {
      this.answered = performance.now();
      return;
    }
    if (!this.asking && this.api) {
      this.asking = true;
      const api = this.api;
      void api.ping().then(
        () => {
          if (api !== this.api) return;
          this.asking = false;
          this.answered = performance.now();
          if (this.view.phase === 'stuck') this.set({ phase: this.view.state ? 'running' : 'starting' });
        },
        () => undefined,
      );
    }
    if (performance.now() - this.answered > stuckAfter && this.view.phase !== 'crashed') this.set({ phase: 'stuck' });
  }

  private stop(): void {
    clearInterval(this.timer);
    this.worker?.terminate();
    this.worker = undefined;
    this.api = undefined;
    this.backlog.clear();
  }

  private until(holds: (view: SessionView) => boolean, limit = 60_000): Promise<void> {
    return new Promise((resolve) => {
      if (holds(this.view)) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(done, limit);
      const stop = this.subscribe(() => holds(this.view) && done());
    });
  }

  private set(change: Partial<SessionView>): void {
    if (this.disposed) return;
    this.view = { ...this.view, ...change };
    for (const listener of this.listeners) listener();
  }
}

/** The terminals that a world will have, so that their screens need not wait for it. */
function expectedTerminals(lab: CompiledLab, saved: SavedSession | null): TerminalState[] {
  const opened = saved?.journal.flatMap(({ event }) => (event.kind === 'open' ? [event] : []));
  const all = opened ?? lab.places.map((place, terminal) => ({ terminal, place }));
  return all.map(({ terminal, place }) => ({ id: terminal, place, title: placeName(place), alive: true }));
}

/** Same machine and same namespace. */
export function samePlace(a: Place, b: Place): boolean {
  return a.machine === b.machine && a.netns === b.netns;
}
