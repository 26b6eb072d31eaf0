/** Runs commands in a lab's world the way a reader does: typed at a prompt. */
import '../engine/world';
import type { CompiledLab, Place } from '../lab/protocol';
import { runScript } from '../lab/script';
import { Simulation } from '../lab/simulation';
import type { LabStart } from '../lab/simulation';

/** Size of the terminal that printed outputs are made for. */
const COLUMNS = 100;
const ROWS = 40;
/** Virtual time and steps that one command may take. */
const TIME = 120_000_000;
const STEPS = 5_000_000;

/** Errors of our own that ended simulated processes since `takeBugs`. */
let bugs: unknown[] = [];

/** What went wrong in the engine since the last call, as one text; null when nothing did. */
export function takeBugs(): string | null {
  const taken = bugs;
  bugs = [];
  const [first] = taken;
  if (first === undefined) return null;
  return `the engine failed: ${first instanceof Error ? (first.stack ?? first.message) : String(first)}`;
}

/** The world of a lab in which the first solutions of the tasks before `task`, and with `through` its own too, have been run. */
export function solvedUpTo(lab: LabStart, task: string | undefined, through: boolean): Simulation {
  const simulation = new Simulation(lab, (error) => bugs.push(error));
  if (task === undefined) return simulation;
  const index = lab.tasks.findIndex((t) => t.id === task);
  for (const t of lab.tasks.slice(0, through ? index + 1 : index)) {
    for (const step of t.solutions[0]?.steps ?? []) runScript(simulation.world, step);
  }
  return simulation;
}

/** A world with terminals in which the commands of console blocks are typed. */
export class Screens {
  readonly simulation: Simulation;
  private readonly terminals = new Map<string, number>();
  private readonly captured: Uint8Array[] = [];
  private capturing = -1;

  /** @param after a task: the world in which it has been solved. */
  constructor(lab: Pick<CompiledLab, keyof LabStart>, after?: string) {
    this.simulation = solvedUpTo(lab, after, true);
    this.simulation.onOutput = (terminal, data) => {
      if (terminal === this.capturing && !this.simulation.terminals.get(terminal)!.atPrompt) this.captured.push(data);
    };
  }

  /**
   * Types a command and waits for the next prompt.
   * @returns what was printed between the two, without carriage returns, colours and a last newline.
   * @throws Error when it does not end.
   */
  type(place: Place, command: string): string {
    const { simulation } = this;
    const key = JSON.stringify(place);
    let id = this.terminals.get(key);
    if (id === undefined) {
      id = this.terminals.size;
      this.terminals.set(key, id);
      this.apply({ kind: 'open', terminal: id, place, columns: COLUMNS, rows: ROWS });
      this.await(id, 'the shell shows no prompt');
    }
    const terminal = simulation.terminals.get(id)!;
    this.captured.length = 0;
    const marks = simulation.marks.length;
    this.apply({ kind: 'input', terminal: id, data: `${command.replaceAll('\n', '\r')}\r` });
    // The line editor echoes what is typed while the shell is at its prompt; that is not output.
    this.capturing = id;
    this.drive(() => !terminal.alive || simulation.marks.length > marks, 'the shell does not read the command');
    this.await(id, 'it does not end');
    this.capturing = -1;
    const text = new TextDecoder().decode(join(this.captured));
    return text.replaceAll('\r', '').replace(ESCAPES, '').replace(/\n$/, '');
  }

  /** Lets virtual time pass, in microseconds. */
  pass(micros: number): void {
    const { world } = this.simulation;
    world.activate();
    const limit = world.now + micros;
    while (world.scheduler.step(limit));
    world.scheduler.idleTo(limit);
  }

  private apply(event: Parameters<Simulation['apply']>[0]['event']): void {
    this.simulation.world.activate();
    this.simulation.apply({ ...this.simulation.moment, event });
  }

  private await(id: number, complaint: string): void {
    const terminal = this.simulation.terminals.get(id)!;
    this.drive(() => !terminal.alive || terminal.atPrompt, complaint);
    // What the shell does after showing its prompt (bracketed paste, the prompt itself) must be over before the next command.
    this.simulation.world.settle(10_000);
  }

  private drive(done: () => boolean, complaint: string): void {
    const { world } = this.simulation;
    world.activate();
    const deadline = world.now + TIME;
    for (let n = 0; !done(); n++) {
      if (n > STEPS || !world.scheduler.step(deadline)) throw new Error(complaint);
    }
  }
}

const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
