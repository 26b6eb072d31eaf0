import type { LineBuffer } from './buffer';
import type { HistoryCursor } from './history';
import { historyWords } from './history';

/** What the command before did, where the next one goes on with it. */
export type Continuing = 'kill' | 'yank' | 'last-argument' | 'complete' | null;

/** How many kills are kept. */
const KILL_RING = 10;

/** What is kept from one line to the next. */
export class EditorMemory {
  /** Killed texts, newest last. */
  readonly kills: string[] = [];
  lastSearch = '';
}

/** State of the editing of one line that commands work on. */
export class Editing {
  readonly memory: EditorMemory;
  /** What the command before was and what this one is. */
  previous: Continuing = null;
  current: Continuing = null;
  /** Set by commands that had nothing to do. */
  bell = false;
  /** Set by accept-line. */
  accepted = false;
  /** Wants the next character as it is. */
  character: ((char: string) => void) | null = null;
  private yankStart = 0;
  private yankIndex = 0;
  private argumentIndex = 0;

  constructor(
    readonly history: HistoryCursor,
    memory: EditorMemory,
  ) {
    this.memory = memory;
  }

  get buffer(): LineBuffer {
    return this.history.buffer;
  }

  ring(): void {
    this.bell = true;
  }

  /** Removes a range for later yanking; `before` says that it stands before the cursor. Kills in a row are one. */
  kill(start: number, end: number, before = false): void {
    const { kills } = this.memory;
    const text = this.buffer.remove(start, end);
    this.buffer.point = start;
    this.current = 'kill';
    if (this.previous === 'kill' && kills.length > 0) {
      const last = kills[kills.length - 1]!;
      kills[kills.length - 1] = before ? text + last : last + text;
    } else if (text !== '') {
      kills.push(text);
      if (kills.length > KILL_RING) kills.shift();
    }
  }

  /** Kills from `start` to the cursor. */
  killBefore(start: number): void {
    this.kill(start, this.buffer.point, true);
  }

  /** Inserts the newest kill. */
  yank(): void {
    const { kills } = this.memory;
    if (kills.length === 0) return this.ring();
    this.yankIndex = kills.length - 1;
    this.yankStart = this.buffer.point;
    this.buffer.mark = this.buffer.point;
    this.buffer.insert(kills[this.yankIndex]!);
    this.current = 'yank';
  }

  /** Replaces what has just been yanked by the kill before it. */
  yankPop(): void {
    const { kills } = this.memory;
    if (this.previous !== 'yank' || kills.length === 0) return this.ring();
    this.yankIndex = (this.yankIndex + kills.length - 1) % kills.length;
    this.buffer.replace(this.yankStart, this.buffer.point, kills[this.yankIndex]!);
    this.current = 'yank';
  }

  /** Inserts the last word (or word `nth`) of the line before; again: of the line before that one. */
  lastArgument(nth: number | null): void {
    const { history, buffer } = this;
    const again = this.previous === 'last-argument';
    const from = again ? this.argumentIndex - 1 : history.index - 1;
    const line = history.lines[from];
    if (line === undefined) {
      if (again) this.current = 'last-argument';
      return this.ring();
    }
    const words = historyWords(line);
    const word = nth === null ? (words[words.length - 1] ?? '') : words[nth < 0 ? words.length - 1 + nth : nth];
    if (word === undefined) return this.ring();
    if (!again) this.yankStart = buffer.point;
    buffer.replace(this.yankStart, buffer.point, word);
    this.argumentIndex = from;
    this.current = 'last-argument';
  }

  /** Goes to an entry of the history. */
  entry(index: number): void {
    if (!this.history.go(index)) this.ring();
  }

  /** The nearest earlier or later entry that starts with the text before the cursor (history-search-backward). */
  entryLike(step: -1 | 1): void {
    const prefix = this.buffer.text.slice(0, this.buffer.point);
    for (let i = this.history.index + step; ; i += step) {
      const line = this.history.textAt(i);
      if (line === undefined) return this.ring();
      if (!line.startsWith(prefix) || line === this.buffer.text) continue;
      this.history.go(i);
      this.buffer.point = prefix === '' ? this.buffer.length : prefix.length;
      return;
    }
  }

  /** Changes the words from the cursor on (`count` < 0: before it) and goes behind them. */
  mapWords(count: number, change: (word: string) => string): void {
    const { buffer } = this;
    let start = buffer.point;
    let end = buffer.point;
    for (let n = 0; n < Math.abs(count); n++) {
      if (count > 0) end = buffer.wordEnd(end);
      else start = buffer.wordStart(start);
    }
    const old = buffer.text.slice(start, end);
    const text = old.replace(/[\p{L}\p{N}\p{M}]+/gu, change);
    if (text !== old) buffer.replace(start, end, text);
    else buffer.point = end;
  }

  /** Exchanges the characters around the cursor (transpose-chars). */
  transposeCharacters(): void {
    const { buffer } = this;
    if (buffer.point === 0 || buffer.before(buffer.length) === 0) return this.ring();
    const middle = buffer.point === buffer.length ? buffer.before(buffer.point) : buffer.point;
    const start = buffer.before(middle);
    const end = buffer.after(middle);
    buffer.replace(start, end, buffer.text.slice(middle, end) + buffer.text.slice(start, middle));
  }

  /** Drags the word before the cursor over the one after it (transpose-words). */
  transposeWords(): void {
    const { buffer } = this;
    const end = buffer.wordEnd(buffer.point);
    const second = buffer.wordStart(end);
    const start = buffer.wordStart(second);
    const firstEnd = buffer.wordEnd(start);
    if (start === second || firstEnd > second) return this.ring();
    const { text } = buffer;
    const swapped = text.slice(second, end) + text.slice(firstEnd, second) + text.slice(start, firstEnd);
    buffer.replace(start, end, swapped);
  }
}
