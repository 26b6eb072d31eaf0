/** nano at work: what every key does. */
import type { Coroutine } from '../../core';
import type { Tool } from '../lib/tool';
import { EditBuffer } from './nano-buffer';
import { display } from './nano-cells';
import { readFile, writeFile } from './nano-file';
import { showHelp } from './nano-help';
import { Prompts } from './nano-prompts';
import type { Edited } from './nano-screen';
import { EditScreen } from './nano-screen';
import type { Key, Terminal } from './terminal';
import { SCREEN } from './terminal';

/** Edits one file on one terminal. */
export class Editor implements Edited {
  readonly buffer = new EditBuffer();
  private readonly screen: EditScreen;
  private readonly prompts: Prompts;
  private lastSearch = '';
  private done = false;

  constructor(
    private readonly t: Tool,
    private readonly terminal: Terminal,
    /** The file's name; empty when it has none yet. */
    public name: string,
    readonly view: boolean,
  ) {
    this.screen = new EditScreen(terminal, this);
    this.prompts = new Prompts(t.sys, this.screen);
  }

  /** Runs until the user leaves; `at` is `+LINE[,COLUMN]`. @returns the exit status */
  *run(at: string | undefined): Coroutine<number> {
    const { terminal } = this;
    ({ name: this.name, status: this.screen.status } = yield* readFile(this.t.sys, this.name, this.buffer));
    if (at) {
      const [line, column] = at.slice(1).split(',').map(Number);
      this.buffer.to((line ?? 1) - 1, (column ?? 1) - 1);
      this.screen.center();
    }
    try {
      terminal.enter();
      while (!this.done) {
        yield* this.t.sys.work();
        yield* this.screen.draw();
        const what = yield* terminal.key();
        if ('event' in what) {
          if (what.event === 'eof') return 1;
          terminal.write(SCREEN.clear);
          continue;
        }
        this.screen.status = '';
        yield* this.act(what.key);
        // A paste or fast typing is drawn once.
        for (let n = 0; n < 4096 && terminal.busy && !this.done; n++) {
          const more = yield* terminal.key(this.t.sys.now);
          if (!('key' in more)) break;
          yield* this.act(more.key);
        }
      }
      return 0;
    } finally {
      terminal.leave();
    }
  }

  /** Does what a key stands for. */
  private *act(key: Key): Coroutine<void> {
    const { buffer, screen } = this;
    yield* this.t.sys.work();
    const cutting = key === '^K' || key === 'M-6';
    if ([...key].length === 1 || key === 'Tab') {
      if (this.view) screen.status = 'Key is invalid in view mode';
      else buffer.insert(key === 'Tab' ? '\t' : key);
      return;
    }
    buffer.settle(cutting);
    const changing = ['Enter', '^M', '^J', 'Backspace', '^H', 'Delete', '^D', '^K', '^U', 'M-U', 'M-u', 'M-E', 'M-e'];
    if (this.view && changing.includes(key)) {
      screen.status = 'Key is invalid in view mode';
      return;
    }
    switch (key) {
      case 'Enter':
      case '^J':
        return buffer.newline();
      case 'Backspace':
        return buffer.backspace();
      case 'Delete':
      case '^D':
        buffer.delete();
        return;
      case 'Left':
      case '^B':
        return buffer.left();
      case 'Right':
      case '^F':
        return buffer.right();
      case 'Up':
      case '^P':
        if (buffer.row === screen.top && screen.top > 0) screen.top--;
        return buffer.vertical(-1);
      case 'Down':
      case '^N':
        if (buffer.row === screen.top + screen.height - 1) screen.top++;
        return buffer.vertical(1);
      case 'Home':
      case '^A':
        return buffer.to(buffer.row, 0);
      case 'End':
      case '^E':
        return buffer.to(buffer.row, buffer.line.length);
      case 'PgUp':
      case '^Y':
        screen.top = Math.max(0, screen.top - screen.height + 2);
        return buffer.vertical(-(screen.height - 2));
      case 'PgDn':
      case '^V':
        screen.top = Math.min(Math.max(0, buffer.lines.length - 1), screen.top + screen.height - 2);
        return buffer.vertical(screen.height - 2);
      case 'M-\\':
      case 'C-Home':
        return buffer.to(0, 0);
      case 'M-/':
      case 'C-End':
        return buffer.to(buffer.lines.length - 1, Infinity);
      case '^K':
        if (!buffer.cut()) screen.status = 'Nothing was cut';
        return;
      case 'M-6':
        return buffer.copy();
      case '^U':
        if (!buffer.paste()) screen.status = 'Cutbuffer is empty';
        return;
      case 'M-U':
      case 'M-u':
        if (!buffer.undo()) screen.status = 'Nothing to undo';
        return;
      case 'M-E':
      case 'M-e':
        if (!buffer.redo()) screen.status = 'Nothing to redo';
        return;
      case '^C':
        return this.location();
      case '^W': {
        const text = yield* this.prompts.ask(this.lastSearch === '' ? 'Search: ' : `Search [${this.lastSearch}]: `, '');
        if (text === undefined) screen.status = 'Cancelled';
        else if (text !== '' || this.lastSearch !== '') this.search(text === '' ? this.lastSearch : text);
        return;
      }
      case 'M-W':
      case 'M-w':
        if (this.lastSearch === '') screen.status = 'No current search pattern';
        else this.search(this.lastSearch);
        return;
      case '^_': {
        const text = yield* this.prompts.ask('Enter line number, column number: ', '');
        const [line, column] = (text ?? '').split(/[ ,.;:]/).map(Number);
        if (text === undefined) screen.status = 'Cancelled';
        else if (!line) screen.status = 'Invalid line or column number';
        else buffer.to(line < 0 ? buffer.lines.length + line : line - 1, (column || 1) - 1);
        return;
      }
      case '^O':
        yield* this.save(true);
        return;
      case '^S':
        yield* this.save(this.name === '');
        return;
      case '^X':
        return yield* this.leave();
      case '^G':
      case 'F1':
        return yield* showHelp(this.t.sys, this.terminal);
      case '^L':
        this.terminal.write(SCREEN.clear);
        return;
      case 'PasteStart':
      case 'PasteEnd':
      case 'Insert':
        return;
      case '^R':
      case '^\\':
      case '^T':
      case '^Z':
      case 'M-A':
      case 'M-a':
        screen.status = `not simulated in this course: ${key}`;
        return;
      default:
        screen.status = key === 'Unknown' ? 'Unknown sequence' : 'Unbound key';
    }
  }

  /** `line  2/3 (66%), col  1/ 6 ( 16%), char 12/18 (66%)` */
  private location(): void {
    const { buffer } = this;
    const lines = buffer.lines.length;
    const column = display(buffer.line.slice(0, buffer.column)).length + 1;
    const width = display(buffer.line).length + 1;
    const { before, total } = buffer.characters();
    const percent = (n: number, of: number, pad: number): string =>
      `${String(of === 0 ? 0 : Math.floor((n * 100) / of)).padStart(pad)}%`;
    const two = (n: number): string => String(n).padStart(2);
    this.screen.status =
      `line ${two(buffer.row + 1)}/${lines} (${percent(buffer.row + 1, lines, 2)}), ` +
      `col ${two(column)}/${two(width)} (${percent(column, width, 3)}), ` +
      `char ${String(before).padStart(String(total).length)}/${total} (${percent(before, total, 2)})`;
  }

  private search(text: string): void {
    this.lastSearch = text;
    const { buffer } = this;
    const found = buffer.find(text);
    if (!found) {
      this.screen.status = `"${text}" not found`;
      return;
    }
    if (found.row === buffer.row && found.column === buffer.column) this.screen.status = 'This is the only occurrence';
    else if (found.wrapped) this.screen.status = 'Search Wrapped';
    buffer.to(found.row, found.column);
  }

  /** Saves, under the name that is asked for if `askName`. @returns true when it was written */
  private *save(askName: boolean): Coroutine<boolean> {
    const { sys } = this.t;
    let { name } = this;
    if (askName) {
      const answer = yield* this.prompts.ask('File Name to Write: ', name);
      if (answer === undefined || answer === '') {
        this.screen.status = 'Cancelled';
        return false;
      }
      if (answer !== name && sys.files.exists(answer)) {
        const over = yield* this.prompts.yesNo(`File "${answer}" exists; OVERWRITE? `);
        if (!over) {
          this.screen.status = 'Cancelled';
          return false;
        }
      }
      name = answer;
    }
    const { written, status } = yield* writeFile(sys, name, this.buffer);
    this.screen.status = status;
    if (written) this.name = name;
    return written;
  }

  private *leave(): Coroutine<void> {
    if (this.buffer.modified) {
      const answer = yield* this.prompts.yesNo('Save modified buffer? ');
      if (answer === undefined) {
        this.screen.status = 'Cancelled';
        return;
      }
      if (answer && !(yield* this.save(true))) return;
    }
    this.done = true;
  }
}
