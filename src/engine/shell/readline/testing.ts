import type { Tty } from '../../core';
import { encode, Random, Scheduler, TtyFile } from '../../core';
import type { Process, Sys } from '../../host';
import { Machine } from '../../host';
import type { Coroutine } from '../../core';
import type { LineReaderOptions, ReadResult } from '../editor';
import { Readline } from './readline';
import { Screen } from './vt.testing';

/** A process with a terminal that reads lines with the editor, for tests. */
export class Bench {
  readonly machine: Machine;
  readonly tty: Tty;
  readonly screen: Screen;
  readonly results: ReadResult[] = [];
  readonly history: string[] = [];
  /** Characters sent to the screen since `sent` was last read. */
  private output = '';
  private readonly stream = new TextDecoder();
  readonly process: Process;

  constructor(
    prompt: string,
    options: Partial<LineReaderOptions> & {
      columns?: number;
      rows?: number;
      between?: (sys: Sys) => Coroutine<void>;
    } = {},
  ) {
    this.machine = new Machine({
      name: 'host',
      scheduler: new Scheduler(1_790_000_000_000_000),
      random: new Random('test'),
      programs: new Map(),
    });
    this.machine.onCrash = (error) => {
      throw error;
    };
    this.tty = this.machine.openTty();
    this.screen = new Screen(options.columns ?? 40, options.rows ?? 10);
    this.tty.columns = this.screen.columns;
    this.tty.rows = this.screen.rows;
    this.history.push(...(options.history ?? []));
    const { results, history, tty } = this;
    const reader = new Readline();
    this.process = this.machine.spawn({
      parent: this.machine.init,
      argv: ['shell'],
      session: { tty },
      *main(sys) {
        for (const fd of [0, 1, 2]) sys.install(new TtyFile(tty), fd);
        sys.onSignal('SIGTSTP', 'ignore');
        for (;;) {
          const result = yield* reader.readLine(sys, prompt, { ...options, history });
          results.push(result);
          if (result.kind === 'eof') return 0;
          if (result.kind === 'line' && result.text !== '') history.push(result.text);
          if (options.between) yield* options.between(sys);
        }
      },
    });
    this.settle();
  }

  /** Types bytes or text and waits until nothing happens any more. */
  type(...input: (string | Uint8Array)[]): this {
    for (const piece of input) {
      this.tty.input(typeof piece === 'string' ? encode(piece) : piece);
      this.settle();
    }
    return this;
  }

  /** Lets `micros` of virtual time pass. */
  pass(micros: number): this {
    const until = this.machine.scheduler.now + micros;
    while (this.machine.scheduler.step(until));
    this.settle();
    return this;
  }

  resize(columns: number, rows: number): void {
    this.tty.resize(columns, rows);
    this.settle();
  }

  /** What has been sent to the screen since the last time. */
  get sent(): string {
    const { output } = this;
    this.output = '';
    return output;
  }

  /** Rows of the screen. */
  get rows(): string[] {
    return this.screen.text;
  }

  /** The last row of the screen with the cursor shown as `|`. */
  get line(): string {
    const row = this.rows[this.screen.row] ?? '';
    return `${row.padEnd(this.screen.column).slice(0, this.screen.column)}|${row.slice(this.screen.column)}`;
  }

  private settle(): void {
    const { scheduler } = this.machine;
    for (let guard = 0; guard < 10_000_000; guard++) {
      if (!scheduler.step(scheduler.now)) break;
      this.take();
    }
    this.take();
  }

  private take(): void {
    const bytes = this.tty.takeOutput();
    if (bytes.length === 0) return;
    const text = this.stream.decode(bytes, { stream: true });
    this.output += text;
    this.screen.write(text);
  }
}

/** Escape sequences of keys. */
export const KEYS = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  delete: '\x1b[3~',
} as const;

/** A bracketed paste of `text`. */
export function paste(text: string): string {
  return `\x1b[200~${text}\x1b[201~`;
}
