/** What nano asks in its status bar: a line of text, yes or no. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import { bar, reverse } from './nano-cells';
import type { EditScreen } from './nano-screen';
import { PROMPT, shortcuts } from './nano-shortcuts';
import { cursor, SCREEN } from './terminal';

/** Asks on a screen. */
export class Prompts {
  constructor(
    private readonly sys: Sys,
    private readonly screen: EditScreen,
  ) {}

  /** Asks for a line in the status bar; undefined when it is cancelled. */
  *ask(prompt: string, preset: string): Coroutine<string | undefined> {
    const { terminal } = this.screen;
    let text = preset;
    let at = text.length;
    for (;;) {
      yield* this.sys.work();
      const { columns, rows } = terminal;
      const room = Math.max(1, columns - prompt.length - 1);
      const from = Math.max(0, at - room);
      const shown = `${prompt}${text.slice(from, from + room)}`;
      terminal.write(
        `${shortcuts(PROMPT, terminal)}${cursor(rows - 3, 0)}${bar(shown, columns)}${cursor(rows - 3, prompt.length + at - from)}`,
      );
      const what = yield* terminal.key();
      if ('event' in what) {
        if (what.event === 'eof') return undefined;
        yield* this.screen.draw();
        continue;
      }
      const { key } = what;
      if (key === 'Enter' || key === '^J') return text;
      if (key === '^C' || key === 'Esc') return undefined;
      if (key === 'Backspace') {
        if (at > 0) text = text.slice(0, --at) + text.slice(at + 1);
      } else if (key === 'Delete' || key === '^D') text = text.slice(0, at) + text.slice(at + 1);
      else if (key === 'Left' || key === '^B') at = Math.max(0, at - 1);
      else if (key === 'Right' || key === '^F') at = Math.min(text.length, at + 1);
      else if (key === 'Home' || key === '^A') at = 0;
      else if (key === 'End' || key === '^E') at = text.length;
      else if (key === '^U' || key === '^K') {
        text = '';
        at = 0;
      } else if ([...key].length === 1) {
        text = text.slice(0, at) + key + text.slice(at);
        at += key.length;
      }
    }
  }

  /** Yes, no, or undefined for cancel. */
  *yesNo(question: string): Coroutine<boolean | undefined> {
    const { terminal } = this.screen;
    for (;;) {
      yield* this.sys.work();
      const { columns, rows } = terminal;
      terminal.write(
        `${cursor(rows - 2, 0)}${SCREEN.clearLine}${reverse(' Y')} Yes${cursor(rows - 1, 0)}${SCREEN.clearLine}` +
          `${reverse(' N')} No${cursor(rows - 1, 16)}${reverse('^C')} Cancel${cursor(rows - 3, 0)}${bar(question, columns)}${cursor(rows - 3, question.length + 1)}`,
      );
      const what = yield* terminal.key();
      if ('event' in what) {
        if (what.event === 'eof') return undefined;
        yield* this.screen.draw();
        continue;
      }
      if (/^[yY]$/.test(what.key)) return true;
      if (/^[nN]$/.test(what.key)) return false;
      if (what.key === '^C' || what.key === 'Esc') return undefined;
    }
  }
}
