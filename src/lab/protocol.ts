/**
 * The contract between the three parties of a lab: the build (src/plugin compiles lab files and quizzes to these shapes),
 * the page (src/components shows them) and the worker (src/lab/worker.ts runs the world). Data only: everything here
 * survives structured cloning, and the compiled parts survive JSON.
 */
import type { Change, Counterfactual, Journey, JourneyList } from './journey/types';
import type { Place, Script } from './typed';

export type { Place, Script } from './typed';

// --- compiled content -----------------------------------------------------------------------------------------------

/** What a command's result must look like. All that are given must hold; `exit` is 0 when left out. */
export interface Expectation {
  readonly exit?: number | 'nonzero';
  /** The whole output, trailing newlines aside. */
  readonly stdout?: string;
  /** A JavaScript regular expression (flags `m`) that the output must match. */
  readonly matches?: string;
  /** A regular expression that the output must not match. */
  readonly lacks?: string;
  /** Path into JSON output, such as `0.addr_info.0.local`, and the value that must be there. */
  readonly json?: { readonly path: string; readonly equals: string | number | boolean | null };
}

/** One thing that must be true, found out by running something in a replayed copy of the world. */
export type Check = {
  /** Where the command runs; the world's first machine when left out. */
  readonly on?: Place;
  /** What to tell the learner when this check fails, if there is something better than the observed facts. */
  readonly say?: string;
} & (
  | { readonly kind: 'run'; readonly run: string; readonly expect: Expectation }
  /** An ICMP echo from `on` to address `to` is answered. */
  | { readonly kind: 'reachable'; readonly to: string }
  | { readonly kind: 'notReachable'; readonly to: string }
  /** `ip route get` for `to` leaves by `dev`, and by gateway `via` when given. */
  | { readonly kind: 'route'; readonly to: string; readonly dev?: string; readonly via?: string }
  /** A TCP socket listens on `port`, at `address` when given. */
  | { readonly kind: 'listening'; readonly port: number; readonly address?: string }
);

/** One rung of a hint ladder. The first whose `when` holds (or that has none) and that was not shown yet comes next. */
export interface Hint {
  readonly when?: Check;
  /** Markdown with inline code only. */
  readonly say: string;
}

/** What is said when a known mistake is seen. */
export interface Feedback {
  readonly id: string;
  readonly when: Check;
  readonly say: string;
}

/** One way to solve a task. `why` explains the flags. */
export interface Solution {
  readonly steps: readonly Script[];
  readonly why?: string;
}

/** One task of a lab. `done`: it was true once. `holds`: it must be true now. */
export interface CompiledTask {
  readonly id: string;
  readonly title: string;
  readonly mode: 'done' | 'holds';
  readonly checks: readonly Check[];
  readonly hints: readonly Hint[];
  readonly feedback: readonly Feedback[];
  readonly solutions: readonly Solution[];
}

/** A lab as the page gets it. */
export interface CompiledLab {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** `challenge` is a break-fix: a ticket instead of a step list, solutions shown only after the last hint. */
  readonly kind: 'lab' | 'challenge' | 'sandbox';
  readonly minutes: number;
  /** Name of the starting topology. */
  readonly world: string;
  readonly seed: string;
  /** Commands that make the start state. */
  readonly setup: readonly Script[];
  /** Terminals that are open at the start. */
  readonly places: readonly Place[];
  readonly tasks: readonly CompiledTask[];
  /** Challenge only: who reports, and the report in their words. */
  readonly ticket?: { readonly from: string; readonly text: string };
  /** Challenge only: where the fault could be, and what speaks for or against it. One is right. */
  readonly layers?: readonly { readonly name: string; readonly right: boolean; readonly say: string }[];
  /** The start state's picture, for the closed lab card. */
  readonly topology: Topology;
  /** Changes when the start state could differ; a saved journal of another fingerprint is not resumed. */
  readonly fingerprint: string;
}

/** A console block: commands and the output that the engine computed at build time. */
export interface CompiledConsole {
  readonly lab: string;
  readonly place: Place;
  readonly entries: readonly { readonly command: string; readonly output: string }[];
}

/** One option of a question. `html` fields are safe HTML made from the chapter's Markdown. */
export interface CompiledOption {
  readonly id: string;
  readonly html: string;
  readonly correct: boolean;
  readonly reasonHtml: string;
}

/** A question. */
export interface CompiledQuestion {
  readonly id: string;
  readonly kind: 'single' | 'multiple' | 'predict';
  readonly promptHtml: string;
  readonly options: readonly CompiledOption[];
  /** Predict only: what was run, where, and what it printed. */
  readonly predict?: { readonly lab: string; readonly place: Place; readonly command: string; readonly output: string };
}

/** A `:::quiz` directive. */
export interface CompiledQuiz {
  readonly id: string;
  readonly questions: readonly CompiledQuestion[];
}

// --- the picture ----------------------------------------------------------------------------------------------------

/** One interface in the picture. */
export interface TopologyPort {
  /** `box/ifname`: unique in the picture. */
  readonly id: string;
  readonly name: string;
  /** up: carries packets; half: up without carrier; down. */
  readonly state: 'up' | 'half' | 'down';
  /** `172.30.0.1/24`, IPv4 first; link-local IPv6 addresses are left out. */
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly kind: string;
  /** Id of the bridge port that this interface is enslaved to. */
  readonly master?: string;
}

/** A machine or a network namespace. */
export interface TopologyBox {
  readonly id: string;
  readonly title: string;
  readonly kind: 'machine' | 'namespace';
  /** Box of the machine that a namespace belongs to. */
  readonly parent?: string;
  readonly ports: readonly TopologyPort[];
  readonly routes: readonly string[];
  readonly neighbours: readonly string[];
}

/** A cable between two ports. */
export interface TopologyLink {
  readonly from: string;
  readonly to: string;
  readonly kind: 'veth' | 'wire' | 'tunnel';
  readonly alive: boolean;
}

/** A switch outside of all machines, and the cards that are plugged into it. */
export interface TopologySwitch {
  readonly id: string;
  readonly title: string;
  readonly ports: readonly { readonly id: string; readonly alive: boolean }[];
}

/** What the world looks like now. */
export interface Topology {
  readonly boxes: readonly TopologyBox[];
  readonly links: readonly TopologyLink[];
  /** Left out when there is none. */
  readonly switches?: readonly TopologySwitch[];
}

// --- the session ----------------------------------------------------------------------------------------------------

/** One input of the learner, stamped with the point of the world's history at which it arrived. */
export interface JournalEntry {
  readonly steps: number;
  /** Virtual microseconds since the epoch. */
  readonly time: number;
  readonly event:
    | { readonly kind: 'input'; readonly terminal: number; readonly data: string }
    | { readonly kind: 'resize'; readonly terminal: number; readonly columns: number; readonly rows: number }
    | {
        readonly kind: 'open';
        readonly terminal: number;
        readonly place: Place;
        readonly columns: number;
        readonly rows: number;
      }
    | { readonly kind: 'close'; readonly terminal: number }
    /** The first solution of a task is run, off screen: how "begin at this task" gets its state. */
    | { readonly kind: 'solve'; readonly task: string }
    /** The code of a program could not be fetched when the next step needed it: the only trace that fetching leaves. */
    | { readonly kind: 'absent'; readonly machine: string; readonly program: string };
}

/** A point in a world's history. */
export interface Moment {
  readonly steps: number;
  /** Virtual microseconds since the epoch. */
  readonly time: number;
}

/** Everything needed to come back to a state: State = f(lab, seed, journal). */
export interface SavedSession {
  readonly version: 1;
  readonly lab: string;
  readonly fingerprint: string;
  readonly journal: readonly JournalEntry[];
  /** How far the world had come when this was saved; left out: up to the last entry. */
  readonly reached?: Moment;
  /** Ids of tasks that were done at some time, in the order in which they were. */
  readonly done: readonly string[];
  /** Hints shown, by task. */
  readonly hints: Readonly<Record<string, number>>;
  /** Which hints these were, as indices, in the order in which they were shown; left out: the first ones. */
  readonly rungs?: Readonly<Record<string, readonly number[]>>;
}

/** A terminal as it stands. */
export interface TerminalState {
  readonly id: number;
  readonly place: Place;
  readonly title: string;
  /** False once its shell has ended. */
  readonly alive: boolean;
}

/** A task as it stands. `lost`: it was true and is not any more. */
export interface TaskState {
  readonly id: string;
  readonly state: 'open' | 'active' | 'done' | 'lost';
  /** What is wrong now, from the failing check or the matching feedback. Null while nothing was tried. */
  readonly feedback: string | null;
  readonly hintsShown: readonly string[];
  readonly hintsLeft: number;
  /** Lost only: the command that undid it. */
  readonly undoneBy?: string;
}

/** What the page shows; sent whenever something in it changed, at most every 50 ms. */
export interface SessionState {
  /** Virtual microseconds since the lab's start. */
  readonly elapsed: number;
  readonly tasks: readonly TaskState[];
  /** True when every task is done and none is lost. */
  readonly solved: boolean;
  readonly topology: Topology;
  readonly terminals: readonly TerminalState[];
  /** Commands that undo can take back. */
  readonly undoable: number;
  /** A command is running in some terminal. */
  readonly busy: boolean;
  /** Task ids at whose start the learner can begin again. */
  readonly checkpoints: readonly string[];
  /** Something the learner must know about the session itself, such as that it has become too long to be kept. */
  readonly notice?: string;
  /** Why the saved state was not taken up, when it was not: the lab has begun at its start. */
  readonly refused?: string;
  /** While packets are recorded: a number that grows whenever something happened to one. */
  readonly traced?: number;
}

/** What the worker tells the page. Implemented by the page, exposed with Comlink at the port that the worker sends. */
export interface SessionListener {
  /** May return a promise: the world waits with more output until it resolves. */
  output(terminal: number, data: Uint8Array): void | Promise<void>;
  /** The screen must be cleared: the world went back in time; replayed output follows. */
  rewind(terminal: number): void;
  state(state: SessionState): void;
  /** The session to store, sent at most every 500 ms and after every command. */
  save(session: SavedSession): void;
  /** The engine failed. The world is kept; `message` is for the learner, `detail` for a bug report. */
  crash(message: string, detail: string): void;
}

/** What a worker is told with its name, as JSON: which lab it runs, and the state to take it up in. */
export interface WorkerStart {
  readonly lab: CompiledLab;
  readonly saved: SavedSession | null;
}

/**
 * What the worker offers; exposed with Comlink in src/lab/worker.ts. One worker runs one lab, from its first moment: its first message
 * brings the port at which the page's `SessionListener` is expected. What is asked before the world is there waits for it.
 */
export interface SessionApi {
  /** Opens one more terminal. @returns its number. */
  open(place: Place, columns: number, rows: number): Promise<number>;
  close(terminal: number): Promise<void>;
  /** Keys and pasted text. */
  input(terminal: number, data: string): Promise<void>;
  resize(terminal: number, columns: number, rows: number): Promise<void>;
  /** Takes back the last command. @returns the command that was undone, or null. */
  undo(): Promise<string | null>;
  /** Back to the start, or to the state in which task `task` began (its predecessors solved by the first solution). */
  reset(task?: string): Promise<void>;
  /** Shows the next hint of a task. @returns it, or null when there is none left. */
  hint(task: string): Promise<string | null>;
  /** Skips the wait: virtual time runs as fast as it can until something happens or `micros` have passed. */
  skip(micros: number): Promise<void>;
  /**
   * Starts or stops recording packets. What was sent before is found by replaying the past, so nothing is recorded while
   * nobody looks. Resolves when the packets of the past are there.
   */
  trace(on: boolean): Promise<void>;
  /** Packets recorded so far; empty while nothing is recorded. */
  journeys(): Promise<JourneyList>;
  /** One packet's journey; null when it is not known (any more). */
  journey(packet: number): Promise<Journey | null>;
  /** Tries changes that suggest themselves for a packet that died or was not answered, each in a copy of the world. */
  whatIf(packet: number): Promise<readonly Counterfactual[]>;
  /** Tries one change: runs its commands in a copy of the world, then what led to the packet. */
  wouldHaveLived(packet: number, change: Change): Promise<Counterfactual | null>;
  /** Answers at once; the page's watchdog asks. */
  ping(): Promise<number>;
}
