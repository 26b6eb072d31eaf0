/** The bottom line of a pager. */
import type { Coroutine } from '../../core';
import { SCREEN } from './terminal';
import type { Key } from './terminal';
import { PagerView } from './pager-view';

/** The bottom line: the prompt, the place in the file, questions. */
export abstract class PagerPrompt extends PagerView {
  protected *showPrompt(): Coroutine<void> {
    const { terminal } = this;
    let text: string;
    if (this.message !== undefined) text = `${this.message}  (press RETURN)`;
    else if (this.helping) text = 'HELP -- Press RETURN for more, or q when done';
    else text = yield* this.promptText();
    this.firstPrompt = false;
    const cut = [...text].slice(0, Math.max(0, terminal.columns - 1)).join('');
    const filter = this.filter ? '& ' : '';
    if (text === ':') terminal.write(`\r${SCREEN.clearLine}${filter}:${SCREEN.clearLine}`);
    else terminal.write(`\r${SCREEN.clearLine}${filter}${SCREEN.reverse}${cut}${SCREEN.endReverse}${SCREEN.clearLine}`);
    yield* terminal.drain();
  }

  private *promptText(): Coroutine<string> {
    const end = this.input.ended && (yield* this.atEnd());
    const parts: string[] = [];
    const name = this.o.title ?? this.input.name;
    if ((this.firstPrompt || this.o.prompt !== 'short') && name !== '') {
      parts.push(name);
      if (this.inputs.length > 1) parts.push(`(file ${this.current + 1} of ${this.inputs.length})`);
    }
    if (this.o.prompt === 'long') parts.push(yield* this.place());
    else if (this.o.prompt === 'medium' && !end) {
      const percent = yield* this.percent();
      if (percent !== undefined) parts.push(`${percent}%`);
    }
    if (end) {
      const following = this.inputs[this.current + 1];
      parts.push(this.input.truncated ? '(END of what is kept)' : '(END)');
      if (following) parts.push(`- Next: ${following.name}`);
    }
    return parts.length === 0 ? ':' : parts.join(' ');
  }

  protected *bottom(): Coroutine<number> {
    const rows = yield* this.rowsFrom(this.top, this.height);
    return rows[rows.length - 1]?.line ?? 0;
  }

  private *bytesShown(): Coroutine<number> {
    const line = (yield* this.bottom()) + 1;
    return this.input.offsets[line] ?? this.input.size;
  }

  private *percent(): Coroutine<number | undefined> {
    const total = this.input.total ?? (this.input.ended ? this.input.size : undefined);
    return total ? Math.floor(((yield* this.bytesShown()) * 100) / total) : undefined;
  }

  /** `lines 32-40/50 byte 111/141 79%` */
  protected *place(bytes = false): Coroutine<string> {
    const first = this.top.line + 1;
    const last = (yield* this.bottom()) + 1;
    if (this.input.total !== undefined) while (!this.input.ended) if (!(yield* this.input.more())) break;
    const of = this.input.ended ? `/${this.input.lines.length}` : '';
    const total = this.input.total ?? (this.input.ended ? this.input.size : undefined);
    const percent = yield* this.percent();
    const byte = bytes ? ` byte ${yield* this.bytesShown()}${total === undefined ? '' : `/${total}`}` : '';
    const end = this.input.ended && (yield* this.atEnd());
    const where = bytes && end ? ' (END)' : percent === undefined || end ? '' : ` ${percent}%`;
    return `lines ${first}-${last}${of}${byte}${where}`;
  }

  protected *readKey(): Coroutine<Key | undefined> {
    const what = yield* this.terminal.key();
    if ('key' in what) return what.key;
    if (what.event === 'eof') this.status = 1;
    if (what.event === 'resize' || what.event === 'resumed') {
      this.cache.clear();
      yield* this.repaint({ line: this.top.line, row: 0 });
    }
    if (what.event === 'interrupt' && this.message === undefined) this.bell();
    return undefined;
  }

  /** Reads a line at the bottom; undefined when it is given up. */
  protected *ask(prompt: string): Coroutine<string | undefined> {
    let text = '';
    const show = (): void => this.terminal.write(`\r${SCREEN.clearLine}${prompt}${text}`);
    show();
    for (;;) {
      const what = yield* this.terminal.key();
      if ('event' in what) {
        if (what.event === 'resize') yield* this.paint();
        else return undefined;
        show();
        continue;
      }
      const { key } = what;
      if (key === 'Enter' || key === '^J') return text;
      if (key === 'Esc') return undefined;
      if (key === 'Backspace') {
        if (text === '') return undefined;
        text = [...text].slice(0, -1).join('');
      } else if (key === '^U') text = '';
      else if ([...key].length === 1) text += key;
      else {
        this.bell();
        continue;
      }
      show();
    }
  }
}
