/** The terminal as full-screen programs use it: raw mode that is always undone, keys, window changes, stopping with ^Z. */
import type { Coroutine, Micros, Signal, Tty } from '../../core';
import { encode, isErrno, TtyFile } from '../../core';
import type { Sys } from '../../host';

/** The terminal behind descriptor `fd`, or undefined. */
export function ttyOf(sys: Sys, fd: number): Tty | undefined {
  const file = sys.proc.fds.get(fd)?.file;
  return file instanceof TtyFile ? file.tty : undefined;
}

/** Columns of the terminal behind standard output; undefined when there is none. */
export function columnsOf(sys: Sys): number | undefined {
  return ttyOf(sys, 1)?.columns;
}

/** Sequences of xterm-256color. */
export const SCREEN = {
  /** Alternate screen, and the title put away (smcup, rmcup). */
  enter: '\x1b[?1049h\x1b[22;0;0t',
  leave: '\x1b[?1049l\x1b[23;0;0t',
  /** Application keys on and off (smkx, rmkx). */
  keysOn: '\x1b[?1h\x1b=',
  keysOff: '\x1b[?1l\x1b>',
  hideCursor: '\x1b[?25l',
  showCursor: '\x1b[?12l\x1b[?25h',
  home: '\x1b[H',
  clear: '\x1b[H\x1b[2J',
  clearLine: '\x1b[K',
  clearDown: '\x1b[J',
  reverse: '\x1b[7m',
  endReverse: '\x1b[27m',
  normal: '\x1b(B\x1b[m',
} as const;

/** Moves the cursor; row and column count from 0. What lies outside of a tiny window goes to its edge. */
export function cursor(row: number, column: number): string {
  return `\x1b[${Math.max(0, row) + 1};${Math.max(0, column) + 1}H`;
}

/** What `key` returns: a character, `^X` for a control character, `M-x` with Alt, or a name such as `Up`, `PgDn`, `F1`. */
export type Key = string;

/** Why `key` came back without a key. */
export type Event = 'resize' | 'timeout' | 'interrupt' | 'eof' | 'data' | 'resumed';

const NAMES: Readonly<Record<string, Key>> = {
  A: 'Up',
  B: 'Down',
  C: 'Right',
  D: 'Left',
  H: 'Home',
  F: 'End',
  '1~': 'Home',
  '2~': 'Insert',
  '3~': 'Delete',
  '4~': 'End',
  '5~': 'PgUp',
  '6~': 'PgDn',
  '7~': 'Home',
  '8~': 'End',
  '11~': 'F1',
  '12~': 'F2',
  '1;5A': 'C-Up',
  '1;5B': 'C-Down',
  '1;5C': 'C-Right',
  '1;5D': 'C-Left',
  '1;5H': 'C-Home',
  '1;5F': 'C-End',
  P: 'F1',
  Q: 'F2',
  '200~': 'PasteStart',
  '201~': 'PasteEnd',
};

/** How long an escape byte waits for the rest of a key's sequence, microseconds. */
const ESCAPE_DELAY = 50_000;

/** One program's use of its terminal. */
export class Terminal {
  private pending = '';
  private resized = false;
  private interrupted = false;
  private stopping = false;
  private readonly decoder = new Utf8();
  private saved: Tty['termios'] | undefined;

  private constructor(
    private readonly sys: Sys,
    readonly fd: number,
    readonly tty: Tty,
    private readonly options: TerminalOptions,
  ) {}

  /**
   * The terminal that keys come from: /dev/tty, or else whichever standard stream is one. Undefined when there is none.
   * Nothing changes until `enter`.
   */
  static *open(sys: Sys, options: TerminalOptions = {}): Coroutine<Terminal | undefined> {
    let fd = -1;
    try {
      fd = yield* sys.open('/dev/tty', { read: true, write: true });
    } catch (e) {
      if (!isErrno(e)) throw e;
      fd = [2, 1, 0].find((n) => sys.isatty(n)) ?? -1;
    }
    const tty = fd < 0 ? undefined : ttyOf(sys, fd);
    return tty && new Terminal(sys, fd, tty, options);
  }

  get columns(): number {
    return Math.max(1, this.tty.columns);
  }

  get rows(): number {
    return Math.max(1, this.tty.rows);
  }

  /** Goes to raw mode and sends what the program begins with. */
  enter(): void {
    const { sys, tty, options } = this;
    this.saved = tty.termios;
    this.raw();
    sys.onSignal('SIGWINCH', () => (this.resized = true));
    if (options.signals ?? true) {
      sys.onSignal('SIGINT', () => (this.interrupted = true));
      sys.onSignal('SIGTSTP', () => (this.stopping = true));
    }
    this.write(options.start ?? '');
  }

  /** Undoes `enter`. Never waits, so that it works in a `finally` of a program that a signal ends. */
  leave(): void {
    if (!this.saved) return;
    this.tty.setTermios(this.saved);
    this.saved = undefined;
    this.write(this.options.end ?? '');
    for (const s of ['SIGWINCH', 'SIGINT', 'SIGTSTP'] as Signal[]) this.sys.onSignal(s, 'default');
    // What was typed ahead belongs to whoever reads next.
    if (this.pending !== '') this.tty.unread(encode(this.pending));
    this.pending = '';
  }

  /** Output without waiting; the screen is only ever sent a page at a time. */
  write(text: string): void {
    if (text !== '' && !this.tty.closed) this.tty.print(encode(text));
  }

  /** Lets the screen take what was sent, when there is much of it. */
  *drain(): Coroutine<void> {
    yield* this.sys.work(20);
    while (this.tty.full && !this.tty.closed) yield* this.sys.wait([this.tty.outputTaken]);
  }

  /** True when a key is there or the program was interrupted, without waiting. */
  get busy(): boolean {
    return this.pending !== '' || this.interrupted || this.resized || this.stopping || this.tty.readable;
  }

  /** Forgets an interrupt that has been seen. */
  takeInterrupt(): boolean {
    const was = this.interrupted;
    this.interrupted = false;
    return was;
  }

  /**
   * The next key, or an event: `timeout` at virtual time `until`, `data` when descriptor `also` became readable.
   */
  *key(until?: Micros, also?: number): Coroutine<{ key: Key } | { event: Event }> {
    for (;;) {
      yield* this.sys.work();
      if (this.stopping) {
        yield* this.suspend();
        return { event: 'resumed' };
      }
      if (this.resized) {
        this.resized = false;
        return { event: 'resize' };
      }
      if (this.interrupted) {
        this.interrupted = false;
        return { event: 'interrupt' };
      }
      const key = this.take();
      if (key !== undefined) return { key };
      // An escape on its own, or the beginning of a sequence that is still on its way.
      const partial = this.pending !== '';
      const deadline = partial ? this.sys.now + ESCAPE_DELAY : until;
      if (deadline !== undefined && !partial && this.sys.now >= deadline) return { event: 'timeout' };
      try {
        const requests = [{ fd: this.fd, read: true }];
        if (also !== undefined) requests.push({ fd: also, read: true });
        const ready = yield* this.sys.poll(requests, deadline === undefined ? undefined : deadline - this.sys.now);
        if (ready[0]) {
          const data = yield* this.sys.read(this.fd, 4096);
          if (data.length === 0) return { event: 'eof' };
          this.pending += this.decoder.decode(data);
        } else if (ready[1]) return { event: 'data' };
        else if (partial) {
          const first = this.pending[0]!;
          this.pending = this.pending.slice(1);
          return { key: name(first) };
        } else return { event: 'timeout' };
      } catch (e) {
        if (!isErrno(e, 'EINTR')) throw e;
      }
    }
  }

  /** Takes a whole key off what has been read; undefined when there is none. */
  private take(): Key | undefined {
    const p = this.pending;
    if (p === '') return undefined;
    if (p[0] !== '\x1b') {
      const char = String.fromCodePoint(p.codePointAt(0)!);
      this.pending = p.slice(char.length);
      return name(char);
    }
    if (p.length === 1) return undefined;

    const sequence = /^\x1b(?:\[([0-9;]*[A-Za-z~])|O([A-Za-z]))/.exec(p);
    if (sequence) {
      this.pending = p.slice(sequence[0].length);
      return NAMES[sequence[1] ?? sequence[2] ?? ''] ?? 'Unknown';
    }

    if (/^\x1b(?:\[[0-9;]*|O)$/.test(p)) return undefined;
    if (p[1] === '\x1b') {
      this.pending = p.slice(1);
      return 'Esc';
    }
    const char = String.fromCodePoint(p.codePointAt(1)!);
    this.pending = p.slice(1 + char.length);
    return `M-${name(char)}`;
  }

  private raw(): void {
    this.tty.setTermios({ icanon: false, echo: false, isig: this.options.signals ?? true, icrnl: false });
  }

  /** ^Z: gives the terminal back, stops, and takes it again when the shell says so. */
  private *suspend(): Coroutine<void> {
    const { sys, tty, options } = this;
    this.stopping = false;
    if (this.saved) tty.setTermios(this.saved);
    this.write(options.end ?? '');
    sys.onSignal('SIGTSTP', 'default');
    sys.machine.signalGroup(sys.pgid, 'SIGTSTP');
    yield null;
    sys.onSignal('SIGTSTP', () => (this.stopping = true));
    this.raw();
    this.write(options.start ?? '');
  }
}

/** What a program wants of its terminal. */
export interface TerminalOptions {
  /** Sent when the program takes the terminal, and when it gives it back. */
  readonly start?: string;
  readonly end?: string;
  /** False: ^C, ^\ and ^Z are keys like others (nano). */
  readonly signals?: boolean;
}

function name(char: string): Key {
  const code = char.charCodeAt(0);
  if (code === 0x0d || code === 0x0a) return code === 0x0d ? 'Enter' : '^J';
  if (code === 0x09) return 'Tab';
  if (code === 0x7f || code === 0x08) return 'Backspace';
  if (code === 0x1b) return 'Esc';
  if (code < 0x20) return `^${String.fromCharCode(code + 64)}`;
  return char;
}

/** Turns bytes into text and keeps a character that is not complete yet. */
class Utf8 {
  private readonly decoder = new TextDecoder();

  decode(data: Uint8Array): string {
    return this.decoder.decode(data, { stream: true });
  }
}
