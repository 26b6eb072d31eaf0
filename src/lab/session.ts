import { ProgramUnavailable } from '../engine/host';
import { Cancelled, inSlices } from './background';
import type { Host } from './driver';
import { Driver } from './driver';
import { Journal, refuse, save } from './journal';
import type { Tracing } from './journey/tracing';
import type { Change, Counterfactual, Journey, JourneyList } from './journey/types';
import { Outbox } from './outbox';
import { placeName } from './place';
import type {
  CompiledLab,
  JournalEntry,
  Place,
  SavedSession,
  SessionApi,
  SessionListener,
  SessionState,
  Topology,
} from './protocol';
import { begin, replay } from './replay';
import type { Replayed } from './replay';
import { Diverged } from './simulation';
import type { Simulation } from './simulation';
import type { Past } from './tasks';
import { Tasks } from './tasks';
import { topologyOf } from './topology';

/** Milliseconds between two states sent to the page. */
const STATE_EVERY = 50;
/** Milliseconds between two saves while something changes. */
const SAVE_EVERY = 500;
/** Milliseconds after a command before the tasks are checked. */
const CHECK_AFTER = 60;
/** Milliseconds between checks while a command runs; doubled each time, up to `RECHECK_MAX`. */
const RECHECK = 1000;
const RECHECK_MAX = 30_000;
/** While a command runs, checks may take this share of the time at most: one in so many. */
const CHECK_SHARE = 10;
/** What a terminal without a screen has. */
const COLUMNS = 80;
const ROWS = 24;

const TOO_LONG =
  'This session has become too long to be kept. Undo some of it or start over: further input is not taken, so that nothing gets lost.';

/** A world, how it came to be, and why the saved one is not it. */
interface Made {
  readonly world: Replayed;
  readonly journal: Journal;
  readonly refused: string | null;
}

/** One lab as it is being worked on: the live world, its journal, its tasks. No DOM, no worker: `worker.ts` exposes it. */
export class LabSession implements SessionApi {
  private journal = new Journal();
  private simulation!: Simulation;
  private driver!: Driver;
  private readonly tasks: Tasks;
  private readonly outbox = new Outbox(
    (terminal, data) => this.listener.output(terminal, data),
    () => this.driver?.poke(),
  );
  private nextTerminal = 0;
  private notice: string | undefined;
  /** Why the saved state was not taken up. */
  private refused: string | undefined;
  /** Operations that replace the world run one after the other; inputs wait for them. */
  private queue: Promise<unknown>;
  private rebuilding = true;
  /** Counts changes to the past: checks that began before are given up. */
  private version = 0;
  private checking = false;
  /** Checks have been made at all. */
  private checked = false;
  private checkAgain = false;
  private cancelCheck: (() => void) | null = null;
  private recheck = RECHECK;
  /** Milliseconds that the last check took. */
  private checkCost = 0;
  private cancelState: (() => void) | null = null;
  private cancelSave: (() => void) | null = null;
  private lastState = '';
  private lastSteps = -1;
  private tracing: Tracing | null = null;

  /** Settles once the first world lives. @throws what kept it from being made; the listener is told the same */
  readonly begun: Promise<void>;

  /**
   * Begins at once: makes the lab's world and lets it run.
   * @param saved the state to take it up in.
   * @param listener is told what happens.
   * @param host the wall clock and the event loop.
   * @param onBug told about errors of our own that ended a simulated process.
   */
  constructor(
    private readonly lab: CompiledLab,
    private readonly saved: SavedSession | null,
    private readonly listener: SessionListener,
    private readonly host: Host,
    private readonly onBug: (error: unknown) => void = () => undefined,
  ) {
    this.tasks = new Tasks(lab);
    this.begun = this.live();
    // Without a world nothing is taken: what is asked for waits.
    this.queue = new Promise<void>((there) => {
      this.begun.then(there, (error: unknown) => this.failed(error));
    });
  }

  private async live(): Promise<void> {
    const { world, journal, refused } = await this.make();
    if (refused !== null) this.refused = `${refused} The lab begins at its start; a copy of what was saved is kept.`;
    else if (this.saved) this.tasks.restore(this.saved);
    this.rebuilding = false;
    this.adopt(world, journal);
  }

  /** The world that was saved, or that of the start when there is none or it cannot be rebuilt. */
  private async make(): Promise<Made> {
    const { lab, saved, host } = this;
    let refused = saved === null ? null : refuse(saved, lab.id, lab.fingerprint);
    if (saved && refused === null) {
      try {
        const world = await inSlices(host, () => replay(lab, saved.journal, saved.reached));
        return { world, journal: new Journal(saved.journal), refused };
      } catch (error) {
        if (error instanceof ProgramUnavailable) throw error;
        if (!(error instanceof Diverged)) this.onBug(error);
        refused = 'Your last state could not be rebuilt.';
      }
    }
    return { ...(await this.begin([])), refused };
  }

  async open(place: Place, columns: number, rows: number): Promise<number> {
    await this.queue;
    await this.ready();
    const terminal = this.nextTerminal++;
    this.record({ kind: 'open', terminal, place, columns, rows });
    return terminal;
  }

  async close(terminal: number): Promise<void> {
    await this.queue;
    await this.ready();
    this.record({ kind: 'close', terminal });
  }

  async input(terminal: number, data: string): Promise<void> {
    if (this.blocked) await this.ready();
    if (data !== '') this.record({ kind: 'input', terminal, data });
  }

  async resize(terminal: number, columns: number, rows: number): Promise<void> {
    if (this.blocked) await this.ready();
    const tty = this.simulation.terminals.get(terminal)?.tty;
    if (tty && (tty.columns !== columns || tty.rows !== rows)) this.record({ kind: 'resize', terminal, columns, rows });
  }

  async undo(): Promise<string | null> {
    return this.rebuild(async () => {
      const last = this.simulation.marks.at(-1);
      if (!last) return null;
      // Commands that were typed ahead in one go have one prompt before them, and go together.
      const gone = this.simulation.marks.filter(
        (m) => m.from.entries === last.from.entries && m.terminal === last.terminal,
      );
      const entries = this.journal.entries.slice(0, last.from.entries);
      const made = await inSlices(this.host, () => replay(this.lab, entries, { steps: last.from.steps }));
      this.tasks.cut(entries.length, made.simulation.marks.length);
      this.adopt(made, new Journal(entries));
      return gone.map((m) => m.command).join('\n');
    });
  }

  async reset(task?: string): Promise<void> {
    await this.rebuild(async () => {
      const index = Math.max(
        0,
        this.lab.tasks.findIndex((t) => t.id === task),
      );
      const before = this.lab.tasks.slice(0, index).map((t) => t.id);
      const { rungs } = this.tasks;
      this.tasks.restart();
      this.tasks.restore({ done: before, rungs });
      const { world, journal } = await this.begin(before);
      this.adopt(world, journal);
    });
  }

  async hint(task: string): Promise<string | null> {
    const text = await inSlices(this.host, () => this.tasks.hint(task, this.past()));
    this.sendSoon();
    this.saveSoon();
    return text;
  }

  async skip(micros: number): Promise<void> {
    await this.queue;
    await this.driver.skip(micros);
  }

  async trace(on: boolean): Promise<void> {
    if (on === (this.tracing !== null)) return;
    if (!on) {
      this.tracing?.stop();
      this.tracing = null;
      this.sendSoon();
      return;
    }
    const { Tracing } = await import(/* webpackChunkName: "journey" */ './journey/tracing');
    if (this.tracing) return;
    this.tracing = new Tracing(this.lab, this.host);
    await this.tracing.follow(this.simulation.world, this.past());
    this.sendSoon();
  }

  async journeys(): Promise<JourneyList> {
    return this.tracing?.list() ?? { packets: [], forgotten: 0 };
  }

  async journey(packet: number): Promise<Journey | null> {
    return this.tracing?.journey(packet) ?? null;
  }

  async whatIf(packet: number): Promise<readonly Counterfactual[]> {
    return (await this.tracing?.whatIf(packet, this.past())) ?? [];
  }

  async wouldHaveLived(packet: number, change: Change): Promise<Counterfactual | null> {
    return (await this.tracing?.wouldHaveLived(packet, change, this.past())) ?? null;
  }

  async ping(): Promise<number> {
    return this.host.now();
  }

  // --- the journal --------------------------------------------------------------------------------------------------

  /** The start state, or the one in which the tasks `solved` have been solved. */
  private async begin(solved: readonly string[]): Promise<Pick<Made, 'world' | 'journal'>> {
    const events = [
      ...solved.map((task) => ({ kind: 'solve' as const, task })),
      ...this.lab.places.map((place, terminal) => ({
        kind: 'open' as const,
        terminal,
        place,
        columns: COLUMNS,
        rows: ROWS,
      })),
    ];
    const { lab, host } = this;
    const { simulation, entries } = await inSlices(host, function* () {
      return begin(lab, events);
    });
    return { world: { simulation, output: new Map() }, journal: new Journal(entries) };
  }

  /** Inputs have to wait: the world is being replaced, or is in the middle of a step. */
  private get blocked(): boolean {
    return this.rebuilding || this.simulation.world.scheduler.stalled !== null;
  }

  /** Waits until inputs are taken; those that wait keep their order. */
  private async ready(): Promise<void> {
    try {
      while (this.blocked) await (this.rebuilding ? this.queue : this.simulation.world.scheduler.stalled);
    } catch {
      // The driver has told the page that this world has come to its end; undo still leads out of it.
    }
  }

  private record(event: JournalEntry['event']): void {
    if (!this.journal.fits(event.kind === 'input' ? event.data.length : 0)) {
      // Interrupting what runs must always be possible.
      const interrupt = event.kind === 'input' && event.data === '\u0003' && this.journal.length > 0;
      this.notice = TOO_LONG;
      this.sendSoon();
      if (!interrupt) return;
    }
    this.driver.sync();
    const entry = { ...this.simulation.moment, event };
    this.journal.add(entry);
    this.simulation.world.activate();
    try {
      this.simulation.apply(entry);
    } catch (error) {
      this.failed(error);
      return;
    }
    this.recheck = RECHECK;
    this.driver.poke();
    this.saveSoon();
  }

  private past(): Past {
    const { simulation, journal } = this;
    return { entries: [...journal.entries], until: simulation.moment, marks: [...simulation.marks] };
  }

  // --- the world ----------------------------------------------------------------------------------------------------

  private async rebuild<T>(work: () => Promise<T>): Promise<T> {
    const run = this.queue.then(async () => {
      this.rebuilding = true;
      this.driver.stop();
      try {
        return await work();
      } finally {
        this.rebuilding = false;
        this.driver.start();
      }
    });
    this.queue = run.catch(() => undefined);
    return run;
  }

  /** Makes a replayed world the live one. */
  private adopt({ simulation, output }: Replayed, journal: Journal): void {
    const old = this.simulation as Simulation | undefined;
    this.driver?.stop();
    if (old) {
      old.onOutput = () => undefined;
      old.onChange = () => undefined;
      this.outbox.clear();
      for (const id of new Set([...old.terminals.keys(), ...simulation.terminals.keys()])) this.listener.rewind(id);
    }
    this.version++;
    this.simulation = simulation;
    this.journal = journal;
    this.notice = journal.fits(0) ? undefined : TOO_LONG;
    this.nextTerminal = Math.max(-1, ...simulation.terminals.keys()) + 1;
    simulation.onBug = this.onBug;
    simulation.world.scheduler.onStallFailed = (error) => {
      if (!(error instanceof ProgramUnavailable)) throw error;
      this.record({ kind: 'absent', machine: error.machine, program: error.program });
    };
    simulation.onOutput = (terminal, data) => {
      this.outbox.add(terminal, data);
      if (this.driver.fast) this.driver.endFast();
    };
    simulation.onChange = () => {
      this.sendSoon();
      // A command that has ended is saved at once: the reader may close the page at the prompt.
      this.saveSoon(simulation.busy ? SAVE_EVERY : 0);
      if (!simulation.busy) this.checkSoon(CHECK_AFTER);
    };
    this.driver = new Driver(simulation.world, this.host, {
      full: () => this.outbox.full,
      moved: () => {
        this.outbox.flush();
        this.sendSoon();
        if (simulation.busy) this.checkSoon(Math.max(this.recheck, CHECK_SHARE * this.checkCost));
      },
      failed: (error) => this.failed(error),
    });
    for (const [terminal, data] of output) this.outbox.add(terminal, data);
    this.outbox.flush();
    this.tracing?.follow(simulation.world, this.past()).then(
      () => this.sendSoon(),
      (error: unknown) => this.onBug(error),
    );
    this.driver.start();
    this.lastSteps = -1;
    // The page is busy with terminals while the first world comes: its picture is drawn once, after the prompt.
    if (old) this.send();
    else this.sendSoon();
    this.saveSoon();
    this.checkSoon(0);
  }

  private failed(error: unknown): void {
    this.driver?.stop();
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.listener.crash(
      'The world stopped because of an error in this course. What you did is kept; undo or start over goes on.',
      detail,
    );
  }

  // --- tasks --------------------------------------------------------------------------------------------------------

  private checkSoon(ms: number): void {
    if (this.lab.tasks.length === 0) return;
    // Nothing is said about a lab that nobody has touched, and checks may need programs that would have to be fetched.
    if (!this.checked && this.simulation.marks.length === 0 && this.lab.kind !== 'challenge') return;
    this.checked = true;
    if (this.checking) {
      // A command that has ended makes the running check out of date; one that goes on does not.
      if (!this.simulation.busy) this.checkAgain = true;
      return;
    }
    if (ms > CHECK_AFTER && this.cancelCheck) return;
    this.cancelCheck?.();
    this.cancelCheck = this.host.later(ms, () => {
      this.cancelCheck = null;
      void this.check();
    });
  }

  private async check(): Promise<void> {
    const { version } = this;
    this.checking = true;
    this.checkAgain = false;
    const begin = this.host.now();
    const past = this.past();
    if (this.simulation.busy) this.recheck = Math.min(RECHECK_MAX, this.recheck * 2);
    try {
      await inSlices(
        this.host,
        () => this.tasks.check(past),
        () => this.version !== version || this.checkAgain,
      );
    } catch (error) {
      if (!(error instanceof Cancelled)) this.onBug(error);
    }
    this.checking = false;
    this.checkCost = this.host.now() - begin;
    if (this.version !== version || this.checkAgain) return this.checkSoon(CHECK_AFTER);
    this.lastSteps = -1;
    this.sendSoon();
    this.saveSoon();
  }

  // --- what the page gets -------------------------------------------------------------------------------------------

  private sendSoon(): void {
    this.cancelState ??= this.host.later(STATE_EVERY, () => {
      this.cancelState = null;
      this.send();
    });
  }

  private send(): void {
    const { simulation, lab, tasks } = this;
    const steps = simulation.world.scheduler.steps;
    const states = tasks.states(simulation.marks.length > 0);
    let topology: Topology;
    try {
      topology = topologyOf(simulation.world);
    } catch (error) {
      this.onBug(error);
      topology = lab.topology;
    }
    const state: SessionState = {
      elapsed: simulation.world.now - simulation.world.epoch,
      tasks: states,
      solved: states.length > 0 && states.every((t) => t.state === 'done'),
      topology,
      terminals: [...simulation.terminals.values()].map(({ id, place, alive }) => ({
        id,
        place,
        title: placeName(place),
        alive,
      })),
      undoable: simulation.marks.length,
      busy: simulation.busy,
      checkpoints: lab.kind === 'lab' ? lab.tasks.map((t) => t.id) : [],
      ...(this.notice === undefined ? {} : { notice: this.notice }),
      ...(this.refused === undefined ? {} : { refused: this.refused }),
      ...(this.tracing ? { traced: this.tracing.version } : {}),
    };
    const text = JSON.stringify({ ...state, elapsed: 0 });
    if (text === this.lastState && steps === this.lastSteps) return;
    this.lastState = text;
    this.lastSteps = steps;
    this.listener.state(state);
  }

  /** Saves within `delay` ms; never in the middle of a step, where the world's moment is not one that a replay can reach. */
  private saveSoon(delay = SAVE_EVERY): void {
    if (delay === 0) {
      this.cancelSave?.();
      this.cancelSave = null;
    }
    this.cancelSave ??= this.host.later(delay, () => {
      this.cancelSave = null;
      const { lab, journal, simulation, tasks } = this;
      this.listener.save(save(lab, journal, simulation.moment, tasks));
    });
  }
}
