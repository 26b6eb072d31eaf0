import { concat, encode, EMPTY } from './bytes';
import { Errno } from './errno';
import type { Caller, Ready } from './file';
import { OpenFile } from './file';
import type { Coroutine } from './scheduler';
import { WaitQueue } from './scheduler';
import type { Signal } from './signals';

/** The settings of a line discipline that this course's programs change (termios(3)). */
export interface Termios {
  /** Line-wise input with erase, kill and word-erase. */
  icanon: boolean;
  echo: boolean;
  /** Ctrl-C, Ctrl-\ and Ctrl-Z send signals. */
  isig: boolean;
  /** CR typed by the user is read as NL. */
  icrnl: boolean;
  /** NL is written as CR NL. */
  opost: boolean;
  /** Output by a background group stops it (SIGTTOU). */
  tostop: boolean;
}

/** What a fresh terminal is set to. */
export const COOKED: Readonly<Termios> = {
  icanon: true,
  echo: true,
  isig: true,
  icrnl: true,
  opost: true,
  tostop: false,
};

/** Bytes of output that a terminal holds before writers wait for the screen to take them. */
const OUTPUT_CAPACITY = 1 << 17;
/** The longest input line in cooked mode (N_TTY_BUF_SIZE). */
const INPUT_CAPACITY = 1 << 22;

/** What a terminal needs of the machine it hangs on. */
export interface TtyHost {
  /** Sends `signal` to every process of group `pgid`. */
  signalGroup(pgid: number, signal: Signal): void;
}

/**
 * A terminal: the line discipline between a screen (or another program) and the processes of a session.
 * Source of behaviour: termios(3), drivers/tty/n_tty.c.
 */
export class Tty {
  termios: Termios = { ...COOKED };
  columns = 80;
  rows = 24;
  /** Process group that may read and that Ctrl-C reaches; 0 when there is none. */
  foreground = 0;
  /** Session whose controlling terminal this is; 0 when there is none. */
  session = 0;
  /** True after `hangup`. */
  closed = false;

  private lines: Uint8Array[] = [];
  private pending = 0;
  private edit: number[] = [];
  private eof = false;
  private output: Uint8Array[] = [];
  private outputSize = 0;
  readonly inputReady = new WaitQueue();
  readonly outputTaken = new WaitQueue();
  /** Called when there is new output for the screen, once until `takeOutput`. */
  onOutput: (() => void) | null = null;

  /** @param name path below /dev, such as `pts/0`. */
  constructor(
    readonly name: string,
    private readonly host: TtyHost,
  ) {}

  /** Bytes typed at the keyboard. */
  input(data: Uint8Array): void {
    for (let at = 0; at < data.length;) {
      const end = this.rawRun(data, at);
      if (end === at) this.inputByte(data[at++]!);
      else {
        const run = data.slice(at, end);
        if (this.termios.icrnl) run.forEach((byte, i) => byte === 0x0d && (run[i] = 0x0a));
        this.push(run);
        at = end;
      }
    }
    this.inputReady.wakeAll();
  }

  /** Puts bytes that a reader took back before all other input: what a line editor read beyond its line. */
  unread(data: Uint8Array): void {
    if (data.length === 0) return;
    this.lines.unshift(data);
    this.pending += data.length;
    this.inputReady.wakeAll();
  }

  /** End of the bytes from `at` on that a raw terminal passes on without a look, so that a large paste is one piece. */
  private rawRun(data: Uint8Array, at: number): number {
    const t = this.termios;
    if (t.icanon || t.echo) return at;
    let end = at;
    for (; end < data.length; end++) {
      const byte = data[end]!;
      if (t.isig && (byte === 0x03 || byte === 0x1c || byte === 0x1a)) break;
    }
    return end;
  }

  /** Output for the screen since the last call; empty when there is none. */
  takeOutput(): Uint8Array {
    if (this.outputSize === 0) return EMPTY;
    const all = concat(this.output);
    this.output = [];
    this.outputSize = 0;
    this.outputTaken.wakeAll();
    return all;
  }

  /** The window changed: SIGWINCH goes to the foreground group. */
  resize(columns: number, rows: number): void {
    if (columns === this.columns && rows === this.rows) return;
    this.columns = columns;
    this.rows = rows;
    if (this.foreground) this.host.signalGroup(this.foreground, 'SIGWINCH');
  }

  /** The line is cut: readers get end of file, the foreground group SIGHUP and SIGCONT. */
  hangup(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.foreground) {
      this.host.signalGroup(this.foreground, 'SIGHUP');
      this.host.signalGroup(this.foreground, 'SIGCONT');
    }
    this.inputReady.wakeAll();
    this.outputTaken.wakeAll();
  }

  /** True when there is no room for more output now. */
  get full(): boolean {
    return this.outputSize >= OUTPUT_CAPACITY;
  }

  /** True when a read would not wait. */
  get readable(): boolean {
    return this.closed || this.eof || this.pending > 0;
  }

  /** Takes up to `max` bytes of finished input: at most one line in cooked mode, whatever is there in raw mode. */
  takeInput(max: number): Uint8Array {
    if (this.lines.length === 0) {
      this.eof = false;
      return EMPTY;
    }
    const parts: Uint8Array[] = [];
    let taken = 0;
    let used = 0;
    while (used < this.lines.length && taken < max) {
      const first = this.lines[used]!;
      // What was typed ahead in raw mode may hold several lines.
      const newline = this.termios.icanon ? first.indexOf(0x0a) : -1;
      const out = first.subarray(0, Math.min(max - taken, newline < 0 ? first.length : newline + 1));
      parts.push(out);
      taken += out.length;
      if (out.length === first.length) used++;
      else this.lines[used] = first.subarray(out.length);
      if (this.termios.icanon) break;
    }
    // One splice: taking the pieces off one by one would copy the rest each time.
    this.lines.splice(0, used);
    this.pending -= taken;
    return concat(parts);
  }

  /** Output from a process, with NL turned into CR NL unless the terminal is raw. */
  print(data: Uint8Array): void {
    if (this.closed) return;
    const out = this.termios.opost ? crlf(data) : data.slice();
    this.output.push(out);
    this.outputSize += out.length;
    this.onOutput?.();
  }

  /** tcsetattr(3). Going back to cooked mode keeps what was typed ahead. */
  setTermios(change: Partial<Termios>): void {
    const wasCanonical = this.termios.icanon;
    this.termios = { ...this.termios, ...change };
    // An end of file typed ahead means nothing to a raw reader.
    if (wasCanonical && !this.termios.icanon) this.eof = false;
    if (wasCanonical && !this.termios.icanon && this.edit.length > 0) {
      this.push(Uint8Array.from(this.edit));
      this.edit = [];
      this.inputReady.wakeAll();
    }
  }

  /** Forgets input that nobody has read (tcflush). */
  flushInput(): void {
    this.lines = [];
    this.pending = 0;
    this.edit = [];
    this.eof = false;
  }

  private push(data: Uint8Array): void {
    if (data.length === 0 || this.pending + data.length > INPUT_CAPACITY) return;
    this.lines.push(data);
    this.pending += data.length;
  }

  private inputByte(raw: number): void {
    const t = this.termios;
    if (t.isig && (raw === 0x03 || raw === 0x1c || raw === 0x1a)) {
      this.flushInput();
      if (t.echo) this.print(encode(raw === 0x03 ? '^C' : raw === 0x1c ? '^\\' : '^Z'));
      if (this.foreground) {
        this.host.signalGroup(this.foreground, raw === 0x03 ? 'SIGINT' : raw === 0x1c ? 'SIGQUIT' : 'SIGTSTP');
      }
      return;
    }
    const byte = t.icrnl && raw === 0x0d ? 0x0a : raw;
    if (!t.icanon) {
      if (t.echo) this.print(Uint8Array.of(byte));
      this.push(Uint8Array.of(byte));
      return;
    }
    switch (byte) {
      case 0x7f:
      case 0x08:
        this.erase(1);
        return;
      case 0x15:
        this.erase(this.edit.length);
        return;
      case 0x17: {
        let n = 0;
        const e = this.edit;
        while (n < e.length && e[e.length - 1 - n] === 0x20) n++;
        while (n < e.length && e[e.length - 1 - n] !== 0x20) n++;
        this.erase(n);
        return;
      }
      case 0x04:
        if (this.edit.length === 0) this.eof = true;
        else {
          this.push(Uint8Array.from(this.edit));
          this.edit = [];
        }
        return;
      case 0x0a:
        this.edit.push(byte);
        this.push(Uint8Array.from(this.edit));
        this.edit = [];
        if (t.echo) this.print(Uint8Array.of(byte));
        return;
      default:
        if (this.edit.length >= 4095) return;
        this.edit.push(byte);
        if (t.echo)
          this.print(byte < 0x20 && byte !== 0x09 ? encode(`^${String.fromCharCode(byte + 64)}`) : Uint8Array.of(byte));
    }
  }

  private erase(count: number): void {
    for (let n = 0; n < count && this.edit.length > 0; n++) {
      let byte = this.edit.pop()!;
      while ((byte & 0xc0) === 0x80 && this.edit.length > 0) byte = this.edit.pop()!;
      if (this.termios.echo) this.print(encode(byte < 0x20 && byte !== 0x09 ? '\b\b  \b\b' : '\b \b'));
    }
  }
}

/** A descriptor's view of a terminal. */
export class TtyFile extends OpenFile {
  readonly waitQueues: readonly WaitQueue[];

  constructor(readonly tty: Tty) {
    super(true, true);
    this.waitQueues = [tty.inputReady, tty.outputTaken];
  }

  *read(caller: Caller, max: number): Coroutine<Uint8Array> {
    const { tty } = this;
    for (;;) {
      if (tty.closed) return EMPTY;
      if (caller.sid === tty.session && tty.foreground !== 0 && caller.pgid !== tty.foreground) {
        if (caller.ignores('SIGTTIN')) throw new Errno('EIO');
        caller.signalGroup('SIGTTIN');
        yield null;
        continue;
      }
      if (tty.readable) return tty.takeInput(max);
      if (this.nonblocking) throw new Errno('EAGAIN');
      yield* caller.wait([tty.inputReady]);
    }
  }

  *write(caller: Caller, data: Uint8Array): Coroutine<number> {
    const { tty } = this;
    for (;;) {
      if (tty.closed) throw new Errno('EIO');
      if (
        tty.termios.tostop &&
        caller.sid === tty.session &&
        caller.pgid !== tty.foreground &&
        !caller.ignores('SIGTTOU')
      ) {
        caller.signalGroup('SIGTTOU');
        yield null;
        continue;
      }
      if (!tty.full) break;
      if (this.nonblocking) throw new Errno('EAGAIN');
      yield* caller.wait([tty.outputTaken]);
    }
    tty.print(data);
    return data.length;
  }

  override poll(): Ready {
    return { readable: this.tty.readable, writable: !this.tty.full, hangup: this.tty.closed };
  }

  describe(): string {
    return `/dev/${this.tty.name}`;
  }

  override get isTty(): boolean {
    return true;
  }
}

function crlf(data: Uint8Array): Uint8Array {
  let newlines = 0;
  for (const b of data) if (b === 0x0a) newlines++;
  if (newlines === 0) return data.slice();
  const out = new Uint8Array(data.length + newlines);
  let at = 0;
  for (const b of data) {
    if (b === 0x0a) out[at++] = 0x0d;
    out[at++] = b;
  }
  return out;
}
