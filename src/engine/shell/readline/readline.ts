import type { Coroutine, Signal, Tty } from '../../core';
import { decode, encode, isErrno, TtyFile } from '../../core';
import type { Process, Sys } from '../../host';
import type { LineReader, LineReaderOptions, ReadResult } from '../editor';
import { BINDINGS } from './bindings';
import type { LineBuffer } from './buffer';
import { insertion, listing, QUERY_ITEMS, sortedWords } from './candidates';
import { Display } from './display';
import { Editing, EditorMemory } from './editing';
import { HistoryCursor } from './history';
import type { Key } from './keys';
import { KeyDecoder } from './keys';
import { IncrementalSearch } from './search';

/** Bytes that one read asks for; what is left over after the line is given back. */
const CHUNK = 65536;
/** How long an escape in a search may be the start of a sequence (keyseq-timeout), microseconds. */
const ESCAPE_WAIT = 500_000;
/** Switches bracketed paste on and off. */
const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l\r';

/** Thrown through the editor when Ctrl-C has been typed. */
const INTERRUPT = Symbol('interrupt');

/** A line editor with readline's emacs keys. One object serves any number of processes; each has its own killed text. */
export class Readline implements LineReader {
  private readonly memories = new WeakMap<Process, EditorMemory>();

  *readLine(sys: Sys, prompt: string, options: LineReaderOptions): Coroutine<ReadResult> {
    const file = sys.file(0);
    if (!(file instanceof TtyFile)) return yield* readPlainLine(sys, prompt);
    let memory = this.memories.get(sys.proc);
    if (!memory) this.memories.set(sys.proc, (memory = new EditorMemory()));
    const session = new Session(sys, file.tty, prompt, options, memory);
    return yield* session.run();
  }
}

/** A line without editing, for standard input that is no terminal: one byte at a time, so that nothing else is taken. */
function* readPlainLine(sys: Sys, prompt: string): Coroutine<ReadResult> {
  yield* sys.eprint(prompt.replace(/[\x01\x02]/g, ''));
  const bytes: number[] = [];
  for (;;) {
    const [byte] = yield* sys.read(0, 1);
    if (byte === undefined && bytes.length === 0) return { kind: 'eof' };
    if (byte === undefined || byte === 0x0a) return { kind: 'line', text: decode(Uint8Array.from(bytes)) };
    bytes.push(byte);
  }
}

/** The editing of one line. */
class Session {
  private readonly decoder = new KeyDecoder();
  private readonly history: HistoryCursor;
  private readonly edit: Editing;
  private readonly display: Display;
  private readonly echo: boolean;
  private search: IncrementalSearch | null = null;
  /** The numeric argument being typed: its sign and digits. */
  private argument: { negative: boolean; digits: string } | null = null;
  /** First key of a two-key sequence. */
  private prefix = '';
  private shownBuffer: LineBuffer | null = null;
  private interrupted = false;
  private resized = false;
  private lastKey = '';
  private completionChanged = false;

  constructor(
    private readonly sys: Sys,
    private readonly tty: Tty,
    prompt: string,
    private readonly options: LineReaderOptions,
    memory: EditorMemory,
  ) {
    this.history = new HistoryCursor(options.history);
    if (options.initial) this.history.buffer.insert(options.initial);
    this.edit = new Editing(this.history, memory);
    this.display = new Display(prompt, tty.columns, tty.rows);
    this.echo = tty.termios.echo;
  }

  private get buffer(): LineBuffer {
    return this.history.buffer;
  }

  *run(): Coroutine<ReadResult> {
    const { tty } = this;
    const saved = tty.termios;
    tty.setTermios({ icanon: false, echo: false, isig: true, icrnl: true, opost: true });
    const undoSignals = this.catchSignals();
    try {
      this.display.head();
      yield* this.send(PASTE_ON + this.display.take());
      yield* this.refresh();
      const result = yield* this.keys();
      if (result.kind === 'eof') yield* this.send(`${PASTE_OFF}\n`);
      return result;
    } catch (e) {
      if (e !== INTERRUPT) throw e;
      this.endModes();
      // The cursor is taken to the end first, so that ^C does not overwrite the line.
      this.show(this.buffer.length);
      yield* this.send(`${this.display.take()}^C${PASTE_OFF}\n`);
      return { kind: 'interrupt' };
    } finally {
      undoSignals();
      tty.setTermios(saved);
      // What was typed beyond the line belongs to the next reader.
      tty.unread(this.decoder.takeRest().slice());
    }
  }

  /** Reads keys until the line is finished. */
  private *keys(): Coroutine<ReadResult> {
    for (;;) {
      const { edit } = this;
      if (edit.character) {
        const char = yield* this.character(false);
        if (char === undefined) return { kind: 'eof' };
        const take = edit.character;
        edit.character = null;
        take(char);
        continue;
      }
      const key = yield* this.key();
      if (!key) return { kind: 'eof' };
      if (key.kind === 'key' && key.name === 'C-d' && this.buffer.length === 0 && !this.search && !this.prefix) {
        if (this.lastKey !== 'C-d') return { kind: 'eof' };
      }
      const name = key.kind === 'key' ? key.name : key.kind;
      yield* this.handle(key);
      this.lastKey = name;
      if (edit.accepted) {
        this.endModes();
        const { text } = this.buffer;
        if (this.resized) yield* this.refresh();
        this.show(this.buffer.length);
        this.display.finish();
        yield* this.send(this.display.take() + PASTE_OFF);
        return { kind: 'line', text };
      }
    }
  }

  private *handle(key: Key): Coroutine<void> {
    const { edit } = this;
    yield* this.sys.work(1 + (key.kind === 'key' ? 0 : key.text.length >> 6));
    if (this.search) {
      if (this.searchKey(this.search, key)) return;
      this.endSearch();
    }
    if (this.argument) {
      const rest = this.argumentKey(key);
      if (!rest) return;
      key = rest;
    }
    edit.current = null;
    const { argument } = this;
    const digits = argument?.digits ?? '';
    const count = (argument?.negative ? -1 : 1) * (digits === '' ? 1 : Number(digits));
    if (key.kind === 'key') yield* this.named(key.name, count, argument !== null);
    else if (key.kind === 'paste') this.buffer.insert(key.text);
    else {
      const [first = ''] = key.text;
      // A numeric argument repeats the character typed after it.
      const times = argument ? Math.max(0, Math.min(count, 10_000)) : 1;
      this.buffer.insert(times === 1 ? key.text : first.repeat(times) + key.text.slice(first.length), true);
    }
    if (argument) {
      this.argument = null;
      this.display.resetPrompt();
      this.shownBuffer = null;
    }
    edit.previous = edit.current;
  }

  private *named(name: string, count: number, given: boolean): Coroutine<void> {
    const { edit } = this;
    if (this.prefix) {
      name = `${this.prefix} ${name}`;
      this.prefix = '';
    } else if (name === 'C-x') {
      this.prefix = name;
      edit.current = edit.previous;
      return;
    }
    const digit = /^M-([-0-9])$/.exec(name)?.[1];
    if (digit) {
      this.argument = { negative: digit === '-', digits: digit === '-' ? '' : digit };
      edit.current = edit.previous;
      this.display.setPrompt(this.argumentPrompt);
      this.shownBuffer = null;
      // The argument is not over with this key.
      return;
    }
    switch (name) {
      case 'tab':
        return yield* this.complete(false);
      case 'M-?':
      case 'M-=':
        return yield* this.complete(true);
      case 'M-*':
        return yield* this.insertAll();
      case 'C-r':
      case 'C-s':
        this.search = new IncrementalSearch(this.history, edit.memory.lastSearch, name === 'C-r');
        this.showSearch(this.search);
        return;
      case 'C-l':
      case 'M-C-l':
        this.display.clear();
        this.display.head();
        this.shownBuffer = null;
        return;
      case 'unknown':
        return;
      default: {
        const command = BINDINGS[name];
        if (command) command(edit, count, given);
        else edit.ring();
      }
    }
  }

  // --- numeric argument ---------------------------------------------------------------------------------------------

  private get argumentPrompt(): string {
    const { negative, digits } = this.argument!;
    return `(arg: ${negative ? '-' : ''}${digits === '' ? '1' : digits}) `;
  }

  /** Takes digits that go on with the argument. @returns what is left of the key, or undefined when it is used up */
  private argumentKey(key: Key): Key | undefined {
    const argument = this.argument!;
    const text = key.kind === 'text' ? key.text : (/^M-([0-9])$/.exec(key.kind === 'key' ? key.name : '')?.[1] ?? '');
    const digits = /^[0-9]*/.exec(text)![0];
    if (digits === '') return key;
    argument.digits = String(Math.min(1_000_000, Number(argument.digits + digits)));
    this.display.setPrompt(this.argumentPrompt);
    this.shownBuffer = null;
    return digits.length === text.length ? undefined : { kind: 'text', text: text.slice(digits.length) };
  }

  // --- incremental search -------------------------------------------------------------------------------------------

  /** @returns false when the key ends the search and is to be handled as usual */
  private searchKey(search: IncrementalSearch, key: Key): boolean {
    const { edit } = this;
    if (key.kind !== 'key') search.add(key.text);
    else {
      switch (key.name) {
        case 'C-r':
        case 'C-s':
          search.again(key.name === 'C-r');
          break;
        case 'backspace':
        case 'C-h':
          if (!search.back()) edit.ring();
          break;
        case 'C-w':
        case 'C-y':
          search.yank(key.name === 'C-y');
          break;
        case 'C-g':
          search.abort();
          edit.ring();
          this.endSearch();
          return true;
        case 'escape':
          this.endSearch();
          return true;
        default:
          return false;
      }
    }
    if (search.failed) edit.ring();
    this.showSearch(search);
    return true;
  }

  private showSearch(search: IncrementalSearch): void {
    this.display.setPrompt(search.prompt);
    this.shownBuffer = null;
  }

  private endSearch(): void {
    if (!this.search) return;
    if (this.search.text !== '') this.edit.memory.lastSearch = this.search.text;
    this.search = null;
    this.display.resetPrompt();
    this.shownBuffer = null;
  }

  /** Back to the plain prompt. */
  private endModes(): void {
    this.endSearch();
    if (this.argument) {
      this.argument = null;
      this.display.resetPrompt();
      this.shownBuffer = null;
    }
  }

  // --- completion ---------------------------------------------------------------------------------------------------

  private *complete(list: boolean): Coroutine<void> {
    const { edit, buffer, options } = this;
    if (!options.complete) return edit.ring();
    const again = edit.previous === 'complete' && !this.completionChanged;
    edit.current = 'complete';
    this.completionChanged = false;
    const found = yield* options.complete(buffer.text, buffer.point);
    const words = sortedWords(found.words);
    if (words.length === 0) return edit.ring();
    if (list || (again && words.length > 1)) return yield* this.list(words);
    const { text, unique } = insertion(found, words);
    const typed = buffer.text.slice(found.start, buffer.point);
    if (text !== typed && (unique || text.length >= typed.length)) {
      buffer.replace(found.start, buffer.point, text);
      this.completionChanged = true;
    }
    if (!unique) edit.ring();
  }

  private *insertAll(): Coroutine<void> {
    const { edit, buffer, options } = this;
    if (!options.complete) return edit.ring();
    const found = yield* options.complete(buffer.text, buffer.point);
    const words = sortedWords(found.words);
    if (words.length === 0) return edit.ring();
    const all = words.map((word) => insertion({ ...found, suffix: '' }, [word]).text);
    buffer.replace(found.start, buffer.point, `${all.join(' ')} `);
  }

  /** Shows the candidates below the line and the line again below them. */
  private *list(words: readonly string[]): Coroutine<void> {
    this.show(this.buffer.length);
    this.display.finish();
    yield* this.send(this.display.take());
    let wanted = true;
    if (words.length >= QUERY_ITEMS) {
      yield* this.send(`Display all ${words.length} possibilities? (y or n)`);
      wanted = (yield* this.answer()) === 'yes';
      yield* this.send('\n');
    }
    if (wanted) {
      const rows = listing(words, this.tty.columns);
      let left = this.tty.rows - 1;
      for (let i = 0; i < rows.length; i++) {
        if (left-- <= 0) {
          yield* this.send('--More--');
          const answer = yield* this.answer();
          yield* this.send('\r\x1b[K');
          if (answer === 'no') break;
          left = answer === 'row' ? 0 : this.tty.rows - 2;
        }
        yield* this.send(`${rows[i]!}\n`);
      }
    }
    this.display.head();
    this.shownBuffer = null;
  }

  /** Waits for y or n; Enter asks for one more row. */
  private *answer(): Coroutine<'yes' | 'no' | 'row'> {
    for (;;) {
      const char = yield* this.character();
      if (char === undefined) return 'no';
      if ('yY '.includes(char)) return 'yes';
      if ('nNqQ\x07\x7f'.includes(char)) return 'no';
      if (char === '\n' || char === '\r') return 'row';
      yield* this.send('\x07');
    }
  }

  // --- the screen ---------------------------------------------------------------------------------------------------

  /** Makes the display hold what is to be seen, the cursor at `point`. */
  private show(point = this.buffer.point): void {
    const { buffer, display } = this;
    const dirty = this.shownBuffer === buffer ? buffer.dirty : 0;
    this.shownBuffer = buffer;
    buffer.dirty = Infinity;
    if (this.echo) display.update(buffer.text, point, dirty);
    else display.update('', 0, dirty);
  }

  /** Brings the screen up to date. */
  private *refresh(): Coroutine<void> {
    if (this.resized) {
      this.resized = false;
      this.display.resize(this.tty.columns, this.tty.rows);
      this.shownBuffer = null;
    }
    this.show();
    const bell = this.edit.bell ? '\x07' : '';
    this.edit.bell = false;
    yield* this.send(this.display.take() + bell);
  }

  private *send(text: string): Coroutine<void> {
    const file = this.sys.file(2);
    for (let rest = encode(text); rest.length > 0;) {
      try {
        const n = yield* file.write(this.sys, rest);
        rest = rest.subarray(n);
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code !== 'EINTR') return;
      }
    }
  }

  // --- input --------------------------------------------------------------------------------------------------------

  /** The next key; undefined at end of file. The screen is brought up to date before waiting. */
  private *key(): Coroutine<Key | undefined> {
    for (;;) {
      const key = this.decoder.next();
      if (key) return key;
      if (this.decoder.loneEscape && this.search) {
        yield* this.refresh();
        const [ready] = yield* this.patient(this.sys.poll([{ fd: 0, read: true }], ESCAPE_WAIT), [null]);
        if (!ready) return this.decoder.takeEscape();
      }
      yield* this.refresh();
      if (!(yield* this.more())) return undefined;
    }
  }

  /** The next character, whatever it is; undefined at end of file. With `signals` false Ctrl-C is one like any other. */
  private *character(signals = true): Coroutine<string | undefined> {
    this.tty.setTermios({ isig: signals });
    try {
      for (;;) {
        const char = this.decoder.nextCharacter();
        if (char !== undefined) return char;
        if (this.edit.character) yield* this.refresh();
        if (!(yield* this.more())) return undefined;
      }
    } finally {
      this.tty.setTermios({ isig: true });
    }
  }

  /** Reads more input. @returns false at end of file */
  private *more(): Coroutine<boolean> {
    for (;;) {
      this.checkInterrupt();
      try {
        const bytes = yield* this.sys.read(0, CHUNK);
        this.checkInterrupt();
        if (bytes.length === 0) return false;
        this.decoder.feed(bytes);
        return true;
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code !== 'EINTR') return false;
        this.checkInterrupt();
        if (this.resized) yield* this.refresh();
      }
    }
  }

  /** Runs a wait; a signal that is none of the editor's business ends it with `otherwise`. */
  private *patient<T>(wait: Coroutine<T>, otherwise: T): Coroutine<T> {
    try {
      return yield* wait;
    } catch (e) {
      if (!isErrno(e) || e.code !== 'EINTR') throw e;
      this.checkInterrupt();
      return otherwise;
    }
  }

  private checkInterrupt(): void {
    if (!this.interrupted) return;
    this.sys.proc.interrupted = false;
    throw INTERRUPT;
  }

  /** Catches SIGINT and SIGWINCH while the line is edited. @returns what undoes it */
  private catchSignals(): () => void {
    const { sys } = this;
    const { handlers, restarting } = sys.proc;
    const caught: [Signal, () => void][] = [
      ['SIGINT', () => (this.interrupted = true)],
      ['SIGWINCH', () => (this.resized = true)],
    ];
    const before = caught.map(([signal]) => ({ signal, was: handlers.get(signal), restart: restarting.has(signal) }));
    for (const [signal, note] of caught) {
      const was = handlers.get(signal);
      if (was === 'ignore') continue;
      // Ctrl-C is told to the shell by the result; who else wants to know of a new size is told at once.
      sys.onSignal(signal, () => {
        note();
        if (signal === 'SIGWINCH' && typeof was === 'function') was();
      });
    }
    return () => {
      for (const { signal, was, restart } of before) sys.onSignal(signal, was ?? 'default', restart);
    };
  }
}
