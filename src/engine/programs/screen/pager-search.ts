/** A pager's ways to places: patterns, line numbers, percentages. */
import type { Coroutine } from '../../core';
import { Regex, RegexError } from '../lib/regex';
import { PagerPrompt } from './pager-prompt';

/** Patterns: finding them forward and back, and places in the file. */
export abstract class PagerSearch extends PagerPrompt {
  protected *toLine(line: number): Coroutine<void> {
    if (!(yield* this.ensure(line + 1))) {
      if (line > 0) {
        this.message = `Cannot seek to line number ${line + 1}`;
        return;
      }
    }
    if (this.top.line === line && this.top.row === 0 && line === 0) this.fresh = false;
    yield* this.repaint({ line: Math.max(0, line), row: 0 });
  }

  protected *toPercent(percent: number): Coroutine<void> {
    while (!this.input.ended) if (!(yield* this.input.more())) break;
    const byte = Math.floor((this.input.size * percent) / 100);
    let line = this.input.offsets.findLastIndex((o) => o <= byte);
    if (line < 0) line = 0;
    if (percent >= 100) return yield* this.repaint(yield* this.lastTop());
    yield* this.repaint({ line, row: 0 });
  }

  protected *where(): Coroutine<void> {
    const name = this.input.name === '' ? '' : `${this.input.name} `;
    const files = this.inputs.length > 1 ? `(file ${this.current + 1} of ${this.inputs.length}) ` : '';
    this.message = `${name}${files}${yield* this.place(true)}`;
  }

  protected compile(text: string): Regex | undefined {
    const { o } = this;
    const ignoreCase = o.case === 'ignore' || (o.case === 'smart' && text === text.toLowerCase());
    try {
      return new Regex(text, { syntax: 'extended', ignoreCase });
    } catch (e) {
      if (!(e instanceof RegexError)) throw e;
      this.message = e.message;
      return undefined;
    }
  }

  protected *search(text: string, forward: boolean, count: number, again: boolean): Coroutine<void> {
    if (text === '') {
      if (!this.pattern) {
        this.message = 'No previous regular expression';
        return;
      }
      this.pattern = { ...this.pattern, forward };
      return yield* this.find(forward, count, true);
    }
    const regex = this.compile(text);
    if (!regex) return;
    this.pattern = { regex, forward };
    this.marks = true;
    yield* this.find(forward, count, again);
  }

  /** Goes to the `count`th line that matches; a new search looks at the lines on the screen too. */
  protected *find(forward: boolean, count: number, again: boolean): Coroutine<void> {
    const { regex } = this.pattern!;
    let line = forward
      ? this.top.line + (again || this.top.row > 0 ? 1 : 0)
      : again
        ? this.top.line - 1
        : yield* this.bottom();
    if (!forward && !again && this.top.row === 0 && line >= this.top.line) line = this.top.line - 1;
    let left = count;
    for (; line >= 0; line += forward ? 1 : -1) {
      yield* this.sys.work();
      if (this.terminal.takeInterrupt()) return;
      if (!(yield* this.ensure(line + 1))) break;
      if (!this.shown(line) || !regex.test(this.prepared(line).plain)) continue;
      if (--left > 0) continue;
      return yield* this.repaint({ line, row: 0 });
    }
    yield* this.paint();
    this.message = 'Pattern not found';
  }
}
