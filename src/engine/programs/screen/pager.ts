/** The pager behind less(1): a window on lines, moved by keys. Behaviour as observed of less 590. */
import type { Coroutine } from '../../core';
import { LESS_HELP } from './less-help';
import { PagerInput } from './less-input';
import { SCREEN } from './terminal';
import type { Key } from './terminal';
import { PagerSearch } from './pager-search';
import { START } from './pager-view';
import type { Position } from './pager-view';

/** A pager on a terminal: `less` and `more`. */
export class Pager extends PagerSearch {
  /** Runs until the user leaves. */
  *run(): Coroutine<number> {
    const { terminal, o } = this;
    if (o.oneScreen && this.inputs.length === 1 && (yield* this.fitsOneScreen())) {
      const rows = yield* this.rowsFrom(START, this.height);
      for (const row of rows) terminal.write(`${this.draw(row)}\n`);
      return 0;
    }
    try {
      terminal.enter();
      yield* this.paint();
      for (const command of o.commands) yield* this.startCommand(command);
      while (this.status === undefined) {
        yield* this.sys.work();
        yield* this.showPrompt();
        yield* this.command('');
      }
      return this.status;
    } finally {
      terminal.leave();
    }
  }

  private *fitsOneScreen(): Coroutine<boolean> {
    yield* this.ensure(this.height + 1);
    if (!this.input.ended) return false;
    const rows = yield* this.rowsFrom(START, this.height + 1);
    return rows.length <= this.height;
  }

  private *startCommand(command: string): Coroutine<void> {
    if (command.startsWith('/') || command.startsWith('?'))
      yield* this.search(command.slice(1), command[0] === '/', 1, false);
    else if (/^\d+$/.test(command)) yield* this.toLine(Number(command) - 1);
    else {
      const m = /^(\d*)(.)$/.exec(command);
      if (m) yield* this.act(m[2]!, m[1] === '' ? undefined : Number(m[1]));
    }
  }

  private *command(_: string): Coroutine<void> {
    let number = '';
    for (;;) {
      const key = yield* this.readKey();
      if (key === undefined) return;
      if (this.message !== undefined) {
        // Any key takes the message away; all but Enter and blank are then obeyed.
        this.message = undefined;
        this.terminal.write(`\r${SCREEN.clearLine}`);
        if (key === 'Enter' || key === ' ' || key === '^J') return;
      }
      if (/^\d$/.test(key)) {
        number += key;
        this.terminal.write(`\r${SCREEN.clearLine}:${number}`);
        continue;
      }
      if (number !== '' && key === 'Backspace') {
        number = number.slice(0, -1);
        this.terminal.write(`\r${SCREEN.clearLine}:${number}`);
        if (number === '') return;
        continue;
      }
      yield* this.act(key, number === '' ? undefined : Number(number));
      return;
    }
  }

  private *act(key: Key, n: number | undefined): Coroutine<void> {
    const { height } = this;
    switch (key) {
      case 'q':
      case 'Q':
        if (this.helping) return yield* this.leaveHelp();
        this.status = 0;
        return;
      case 'Z':
        if ((yield* this.readKey()) === 'Z') this.status = 0;
        return;
      case 'e':
      case 'j':
      case '^E':
      case '^N':
      case 'Down':
      case 'Enter':
      case '^J':
        return yield* this.forward(n ?? 1);
      case 'y':
      case 'k':
      case '^Y':
      case '^K':
      case '^P':
      case 'Up':
        return yield* this.back(n ?? 1);
      case ' ':
      case 'f':
      case '^F':
      case '^V':
      case 'z':
      case 'PgDn':
        return yield* this.forward(n ?? height);
      case 'b':
      case '^B':
      case 'w':
      case 'M-v':
      case 'PgUp':
        return yield* this.back(n ?? height);
      case 'd':
      case '^D':
        if (n) this.half = n;
        return yield* this.forward(this.half ?? Math.ceil((height + 1) / 2));
      case 'u':
      case '^U':
        if (n) this.half = n;
        return yield* this.back(this.half ?? Math.ceil((height + 1) / 2));
      case 'g':
      case '<':
      case 'M-<':
      case 'Home':
      case 'C-Home':
        return yield* this.toLine((n ?? 1) - 1);
      case 'G':
      case '>':
      case 'M->':
      case 'End':
      case 'C-End':
        if (n) return yield* this.toLine(n - 1);
        return yield* this.repaint(yield* this.lastTop());
      case 'p':
      case '%':
        return yield* this.toPercent(Math.min(100, n ?? 0));
      case 'Right':
      case 'M-)':
      case 'Left':
      case 'M-(': {
        const step = n ?? Math.max(1, Math.floor(this.terminal.columns / 2));
        if (key === 'Right' || key === 'M-)') this.shift += step;
        else this.shift = Math.max(0, this.shift - step);
        // Long lines are cut as soon as the text is moved sideways.
        if (this.shift > 0 && !this.o.chop) this.o.chop = true;
        return yield* this.repaint({ line: this.top.line, row: 0 });
      }
      case 'r':
      case 'R':
      case '^L':
      case '^R':
        this.terminal.write(SCREEN.clear);
        return yield* this.paint();
      case '/':
      case '?': {
        const text = yield* this.ask(key);
        if (text !== undefined) yield* this.search(text, key === '/', n ?? 1, false);
        return;
      }
      case 'n':
      case 'N': {
        if (!this.pattern) {
          this.message = 'No previous regular expression';
          return;
        }
        return yield* this.find(this.pattern.forward === (key === 'n'), n ?? 1, true);
      }
      case '&': {
        const text = yield* this.ask('&/');
        if (text === undefined) return;
        this.filter = text === '' ? undefined : this.compile(text);
        this.fresh = false;
        return yield* this.repaint({ line: this.top.line, row: 0 });
      }
      case 'M-u':
        this.marks = !this.marks;
        return yield* this.paint();
      case '=':
      case '^G':
        return yield* this.where();
      case 'h':
      case 'H':
        return yield* this.help();
      case 'F':
        return yield* this.follow();
      case ':':
        return yield* this.colon();
      case '-':
        return yield* this.option();
      case 'v':
        this.message = 'not simulated in this course: v (start an editor)';
        return;
      case '!':
      case '|':
      case 's':
        this.message = `not simulated in this course: ${key}`;
        return;
      case 'Unknown':
      default:
        this.bell();
    }
  }

  private *help(): Coroutine<void> {
    if (this.helping) return this.bell();
    const text = new PagerInput(this.sys, '', -1, undefined);
    text.lines.push(...LESS_HELP.split('\n').slice(0, -1));
    text.ended = true;
    this.helping = { input: this.input, top: this.top };
    this.use(text, START);
    yield* this.paint();
  }

  private *leaveHelp(): Coroutine<void> {
    const { input, top } = this.helping!;
    this.helping = undefined;
    this.use(input, top);
    yield* this.paint();
  }

  private use(input: PagerInput, top: Position): void {
    this.input = input;
    this.top = top;
    this.cache.clear();
  }

  /** Shows what is added to the input until ^C. */
  private *follow(): Coroutine<void> {
    const { terminal, input, sys } = this;
    yield* this.repaint(yield* this.lastTop());
    const watched = input.fd >= 0 ? sys.file(input.fd) : undefined;
    for (;;) {
      yield* sys.work();
      terminal.write(
        `\r${SCREEN.clearLine}${SCREEN.reverse}Waiting for data... (interrupt to abort)${SCREEN.endReverse}`,
      );
      // A regular file is always readable: look at it from time to time, as less does.
      const what = yield* terminal.key(sys.now + 1_000_000);
      if ('event' in what && what.event !== 'timeout' && what.event !== 'data') break;
      if (!watched) break;
      input.ended = false;
      const before = input.lines.length;
      while (yield* input.more());
      if (input.lines.length !== before) {
        this.cache.clear();
        yield* this.repaint(yield* this.lastTop());
      }
    }
    input.ended = true;
    yield* this.paint();
  }

  private *colon(): Coroutine<void> {
    this.terminal.write(`\r${SCREEN.clearLine} :`);
    const key = yield* this.readKey();
    switch (key) {
      case 'q':
      case 'Q':
        this.status = 0;
        return;
      case 'f':
        return yield* this.where();
      case 'n':
      case 'p':
      case 'x': {
        const to = key === 'n' ? this.current + 1 : key === 'p' ? this.current - 1 : 0;
        const input = this.inputs[to];
        if (!input) {
          this.message = key === 'n' ? 'No next file' : 'No previous file';
          return;
        }
        this.tops.set(this.input, this.top);
        this.current = to;
        this.use(input, this.tops.get(input) ?? START);
        this.firstPrompt = true;
        return yield* this.paint();
      }
      case 'e':
        this.message = 'not simulated in this course: :e';
        return;
      default:
        this.bell();
    }
  }

  /** `-X` typed while running. */
  private *option(): Coroutine<void> {
    this.terminal.write(`\r${SCREEN.clearLine}-`);
    const key = yield* this.readKey();
    const { o } = this;
    const cases = { i: 'smart', I: 'ignore' } as const;
    switch (key) {
      case undefined:
        return;
      case 'N':
        o.numbers = !o.numbers;
        this.message = o.numbers ? 'Constantly display line numbers' : 'Use line numbers';
        break;
      case 'S':
        o.chop = !o.chop;
        this.message = o.chop ? 'Chop long lines' : 'Fold long lines';
        break;
      case 'i':
      case 'I':
        o.case = o.case === cases[key] ? 'exact' : cases[key];
        this.message =
          o.case === 'exact'
            ? 'Case is significant in searches'
            : key === 'i'
              ? 'Ignore case in searches'
              : 'Ignore case in searches and in patterns';
        break;
      case 'R':
        o.controls = o.controls === 'caret' ? 'color' : 'caret';
        this.message = o.controls === 'caret' ? 'Display control characters as ^X' : 'Display ANSI sequences directly';
        break;
      case 's':
        o.squeeze = !o.squeeze;
        this.message = o.squeeze ? 'Squeeze multiple blank lines' : 'Display all blank lines';
        break;
      default:
        this.message = `There is no -${key} option`;
        return;
    }
    this.cache.clear();
    const message = this.message;
    yield* this.repaint({ line: this.top.line, row: 0 });
    this.message = message;
  }
}
