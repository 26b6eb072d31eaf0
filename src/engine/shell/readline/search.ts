import type { HistoryCursor } from './history';

/** A match, or the place a search started from. */
interface Place {
  readonly index: number;
  readonly point: number;
  readonly failed: boolean;
  readonly text: string;
  readonly backward: boolean;
}

/** An incremental search through the history (reverse-search-history, forward-search-history). */
export class IncrementalSearch {
  private place: Place;
  /** Where each added character was typed, for backspace. */
  private readonly past: Place[] = [];
  private readonly start: Place;

  /** @param last what the search before was for: a second Ctrl-R on an empty string takes it. */
  constructor(
    private readonly history: HistoryCursor,
    private readonly last: string,
    backward: boolean,
  ) {
    this.start = { index: history.index, point: history.buffer.point, failed: false, text: '', backward };
    this.place = this.start;
  }

  /** What is searched for. */
  get text(): string {
    return this.place.text;
  }

  get failed(): boolean {
    return this.place.failed;
  }

  get prompt(): string {
    const { backward, failed, text } = this.place;
    const visible = text.replace(/[\x00-\x1f\x7f]/g, (c) => `^${String.fromCharCode(c.charCodeAt(0) ^ 0x40)}`);
    return `(${failed ? 'failed ' : ''}${backward ? 'reverse-' : ''}i-search)\`${visible}': `;
  }

  /** More text to search for; it may match where the search stands. */
  add(text: string): void {
    for (const char of text) {
      this.past.push(this.place);
      this.find(this.place.text + char, this.place.point);
    }
  }

  /** The next match, in the given direction. */
  again(backward: boolean): void {
    this.past.push(this.place);
    this.place = { ...this.place, backward };
    if (this.place.text === '') {
      if (this.last !== '') this.find(this.last, this.place.point);
      return;
    }
    this.find(this.place.text, this.place.point + (backward ? -1 : 1));
  }

  /** Takes the last key back. @returns false when there is none */
  back(): boolean {
    const past = this.past.pop();
    if (!past) return false;
    this.place = past;
    this.show();
    return true;
  }

  /** Adds the rest of the line, or of the word, behind the match to what is searched for. */
  yank(wholeLine: boolean): void {
    const { point, text } = this.place;
    const rest = (this.history.textAt(this.place.index) ?? '').slice(point + text.length);
    this.add(wholeLine ? rest : (/^[^\p{L}\p{N}]*[\p{L}\p{N}]*/u.exec(rest)?.[0] ?? ''));
  }

  /** Goes back to where the search started. */
  abort(): void {
    this.place = this.start;
    this.show();
  }

  private find(text: string, from: number): void {
    const { backward } = this.place;
    const step = backward ? -1 : 1;
    let { index } = this.place;
    let line = this.history.textAt(index) ?? '';
    let at = from;
    for (;;) {
      const found = backward ? (at < 0 ? -1 : line.lastIndexOf(text, at)) : line.indexOf(text, at);
      if (found >= 0) {
        this.place = { index, point: found, failed: false, text, backward };
        this.show();
        return;
      }
      // The same line over and over is looked at once.
      const seen = line;
      let next: string | undefined;
      do next = this.history.textAt((index += step));
      while (next === seen);
      if (next === undefined) break;
      line = next;
      at = backward ? line.length : 0;
    }
    this.place = { ...this.place, failed: true, text };
  }

  private show(): void {
    this.history.go(this.place.index);
    this.history.buffer.point = Math.min(this.place.point, this.history.buffer.length);
  }
}
