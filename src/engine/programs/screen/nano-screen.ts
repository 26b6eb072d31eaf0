/** nano's screen: title, text, status and shortcuts, and how far the text is scrolled. */
import type { Coroutine } from '../../core';
import type { EditBuffer } from './nano-buffer';
import { bar, clip, display, pageStart, reverse } from './nano-cells';
import { MAIN, shortcuts } from './nano-shortcuts';
import type { Terminal } from './terminal';
import { cursor, SCREEN } from './terminal';

/** What the screen shows. */
export interface Edited {
  readonly buffer: EditBuffer;
  /** The file's name; empty when it has none yet. */
  readonly name: string;
  /** The text cannot be changed. */
  readonly view: boolean;
}

/** Draws a text and what is said about it. */
export class EditScreen {
  /** First line shown. */
  top = 0;
  /** The message above the shortcuts; empty for none. */
  status = '';

  constructor(
    readonly terminal: Terminal,
    private readonly edited: Edited,
  ) {}

  /** Lines of text that fit. */
  get height(): number {
    return Math.max(1, this.terminal.rows - 4);
  }

  /** Draws all of it. */
  *draw(): Coroutine<void> {
    const { terminal } = this;
    const { buffer } = this.edited;
    if (buffer.row < this.top || buffer.row >= this.top + this.height) this.center();
    const { columns } = terminal;
    let out = SCREEN.hideCursor + SCREEN.home + bar(this.title(), columns);
    const place = display(buffer.line.slice(0, buffer.column)).length;
    const from = pageStart(place, columns);
    for (let n = 0; n < this.height; n++) {
      const row = this.top + n;
      out += cursor(1 + n, 0) + SCREEN.clearLine;
      if (row < buffer.lines.length) out += clip(display(buffer.lines[row]!), row === buffer.row ? from : 0, columns);
    }
    out += cursor(terminal.rows - 3, 0) + SCREEN.clearLine;
    if (this.status !== '') {
      const text = `[ ${this.status} ]`.slice(0, columns);
      out += cursor(terminal.rows - 3, Math.floor((columns - text.length) / 2)) + reverse(text);
    }
    out += shortcuts(MAIN, terminal);
    terminal.write(`${out}${cursor(1 + buffer.row - this.top, place - from)}${SCREEN.showCursor}`);
    yield* terminal.drain();
  }

  private title(): string {
    const { columns } = this.terminal;
    const { buffer, view } = this.edited;
    const left = '  GNU nano 7.2';
    const name = this.edited.name === '' ? 'New Buffer' : this.edited.name;
    const mark = view ? ' View' : buffer.modified ? ' *' : '';
    const at = Math.max(left.length + 2, Math.floor((columns - name.length + 4) / 2));
    return `${left.padEnd(at)}${name}${mark}`;
  }

  /** Scrolls so that the cursor is in the middle. */
  center(): void {
    this.top = Math.max(0, this.edited.buffer.row - Math.floor(this.height / 2));
  }
}
