import type { Tty } from '../engine/core';
import { createWorld } from '../engine/world/create';
import type { ProgramTable } from '../engine/world/create';
import type { World } from '../engine/world';
import type { CompiledLab, JournalEntry, Moment, Place } from './protocol';
import { runScript } from './script';

/** The part of a lab that its world's history depends on. */
export type LabStart = Pick<CompiledLab, 'world' | 'seed' | 'setup' | 'tasks'>;

/** A terminal of a simulation. */
export interface Terminal {
  readonly id: number;
  readonly place: Place;
  readonly tty: Tty;
  /** False once its shell has ended. */
  alive: boolean;
  /** True while its shell waits for a command. */
  atPrompt: boolean;
  /** The last prompt that had no typed-ahead text behind it: the point to which undo goes back. */
  prompt: Point;
}

/** A command that a learner ran, and the point before it was typed. */
export interface Mark {
  readonly command: string;
  readonly terminal: number;
  /** Journal entries that had been applied at the prompt, and the step in which the prompt was shown. */
  readonly from: Point;
}

/** The end of a step, and the number of journal entries applied by then. */
export interface Point {
  readonly steps: number;
  readonly entries: number;
}

/** Work that is done in slices: what it yields, if anything, it waits for. */
export type Work<T> = Generator<void | Promise<unknown>, T>;

/** A saved journal does not lead where it led before: the world it was written for was another one. */
export class Diverged extends Error {}

/**
 * A world with its terminals, moved by journal entries. The live session, a replay and a copy for checks are all this; what
 * differs is who decides when it steps.
 */
export class Simulation {
  readonly world: World;
  readonly terminals = new Map<number, Terminal>();
  /** Commands run so far, oldest first. */
  readonly marks: Mark[] = [];
  /** Journal entries applied so far. */
  applied = 0;
  /** Called with every piece of output. */
  onOutput: (terminal: number, data: Uint8Array) => void = () => undefined;
  /** Called when a shell shows a prompt or has read a command, and when a terminal comes or goes. */
  onChange: () => void = () => undefined;
  /**
   * Makes the lab's start state.
   * @param onBug told about errors of our own that ended a simulated process.
   * @param programs instead of the table that was set with `usePrograms`.
   * @throws Error when the world does not exist or a setup command fails.
   * @throws Stalled when a program has to be fetched first; make it again then.
   */
  constructor(
    private readonly lab: LabStart,
    public onBug: (error: unknown) => void = () => undefined,
    programs?: ProgramTable,
  ) {
    this.world = createWorld(lab.world, lab.seed, programs);
    this.world.onShellEvent = (event, machine) => {
      for (const t of this.terminals.values()) {
        if (t.tty.name !== event.tty || t.place.machine !== machine.name || !t.alive) continue;
        if (event.kind === 'prompt') this.prompted(t);
        else this.commanded(t, event.text);
      }
    };
    for (const machine of this.world.machines.values()) machine.onCrash = (error) => this.onBug(error);
    for (const step of lab.setup) {
      const result = runScript(this.world, step);
      if (result.status !== 0) {
        throw new Error(`setup failed with status ${result.status}: ${step.run.trim()}\n${result.screen.trimEnd()}`);
      }
    }
    this.world.settle(100_000);
  }

  /** Where the world stands now. */
  get moment(): Moment {
    return this.world.scheduler.moment;
  }

  /** A command runs in some terminal. */
  get busy(): boolean {
    for (const t of this.terminals.values()) if (t.alive && !t.atPrompt) return true;
    return false;
  }

  /**
   * Moves the world to a moment the way it got there before; without a time, to the end of the step.
   * @throws Diverged when it does not get there.
   */
  *advance({ steps, time }: { steps: number; time?: number }): Work<void> {
    const { scheduler } = this.world;
    for (let n = 1; ; n++) {
      while (scheduler.stalled) yield scheduler.stalled;
      if (scheduler.steps >= steps) break;
      if (!scheduler.step(time)) throw new Diverged('the world stands still too early');
      if (n % 8 === 0) yield;
    }
    if (time === undefined) return;
    scheduler.idleTo(time);
    if (scheduler.now !== time) throw new Diverged(`it is ${scheduler.now} instead of ${time}`);
  }

  /** Applies an input now, which must not be while the world is stalled (but for `absent`); the entry's stamp is not looked at. */
  apply({ event }: JournalEntry): void {
    this.applied++;
    switch (event.kind) {
      case 'open':
        this.open(event.terminal, event.place, event.columns, event.rows);
        break;
      case 'solve':
        for (const step of this.lab.tasks.find((t) => t.id === event.task)?.solutions[0]?.steps ?? [])
          runScript(this.world, step);
        break;
      case 'absent': {
        const { unavailable } = this.world.machine(event.machine);
        unavailable.set(event.program, (unavailable.get(event.program) ?? 0) + 1);
        break;
      }
      default: {
        const terminal = this.terminals.get(event.terminal);
        if (!terminal?.alive) break;
        if (event.kind === 'input') terminal.tty.input(encoder.encode(event.data));
        else if (event.kind === 'resize') terminal.tty.resize(event.columns, event.rows);
        else this.world.machine(terminal.place.machine).closeTty(terminal.tty);
      }
    }
  }

  private get point(): Point {
    return { steps: this.world.scheduler.steps, entries: this.applied };
  }

  private open(id: number, place: Place, columns: number, rows: number): void {
    const { tty, shell } = this.world.openTerminal(place, columns, rows);
    const prompt = this.point;
    const terminal: Terminal = { id, place, tty, alive: true, atPrompt: false, prompt };
    this.terminals.set(id, terminal);
    // Taken at once, so that when the page reads can have no influence on the world.
    tty.onOutput = () => {
      const data = tty.takeOutput();
      if (data.length > 0) this.onOutput(id, data);
    };
    shell.onExit.push(() => {
      terminal.alive = false;
      this.onChange();
    });
    this.onChange();
  }

  private prompted(terminal: Terminal): void {
    terminal.atPrompt = true;
    if (!terminal.tty.readable) terminal.prompt = this.point;
    this.onChange();
  }

  private commanded(terminal: Terminal, command: string): void {
    terminal.atPrompt = false;
    if (command.trim() === '') return this.onChange();
    this.marks.push({ command: command.trimEnd(), terminal: terminal.id, from: terminal.prompt });
    this.onChange();
  }
}

const encoder = new TextEncoder();
