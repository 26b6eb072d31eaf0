/** nano(1): a small editor. The screen is that of GNU nano 7.2. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { charWidth, toBytes, toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, notSimulated, tool } from '../lib/tool';
import { EditBuffer } from './nano-buffer';
import type { Key } from './terminal';
import { cursor, SCREEN, Terminal } from './terminal';

/** The largest file that is edited, in bytes. */
const MAX_FILE = 4 * 1024 * 1024;

type Shortcut = readonly [string, string];

const MAIN: readonly (readonly [Shortcut, Shortcut])[] = [
  [
    ['^G', 'Help'],
    ['^X', 'Exit'],
  ],
  [
    ['^O', 'Write Out'],
    ['^R', 'Read File'],
  ],
  [
    ['^W', 'Where Is'],
    ['^\\', 'Replace'],
  ],
  [
    ['^K', 'Cut'],
    ['^U', 'Paste'],
  ],
  [
    ['^T', 'Execute'],
    ['^J', 'Justify'],
  ],
  [
    ['^C', 'Location'],
    ['^/', 'Go To Line'],
  ],
  [
    ['M-U', 'Undo'],
    ['M-E', 'Redo'],
  ],
  [
    ['M-A', 'Set Mark'],
    ['M-6', 'Copy'],
  ],
];
const PROMPT: readonly (readonly [Shortcut, Shortcut])[] = [
  [
    ['^G', 'Help'],
    ['^C', 'Cancel'],
  ],
];

const HELP = [
  'Keys of nano in this course. ^X is Ctrl and X together, M-X is Alt and X.',
  '',
  '^X        leave; asks whether to save',
  '^O        save under a name',
  '^S        save at once',
  '^K  ^U    cut lines, paste them',
  'M-6       copy a line',
  '^W  M-W   search, search again',
  '^/        go to a line',
  '^C        where the cursor is',
  '^A  ^E    beginning and end of the line, as Home and End',
  '^Y  ^V    page up and down, as PgUp and PgDn',
  'M-\\ M-/   first and last line',
  'M-U M-E   undo, redo',
  '^L        draw the screen again',
  '',
  '^R ^\\ ^T ^J and the mark are not simulated in this course.',
];

/** nano(1). */
export const nano = tool({
  name: 'nano',
  dir: '/bin',
  summary: 'edit a text file on the terminal',
  version: 'GNU nano, version 7.2',
  links: ['/usr/bin/editor', '/usr/bin/pico'],
  help: `[OPTIONS] [[+LINE[,COLUMN]] FILE]
Edit FILE. ^O saves, ^X leaves, ^G shows the keys.

  -v, --view   do not change anything
  -l           line numbers are not simulated in this course
`,
  *run(t) {
    const words = t.argv.slice(1);
    const at = words.find((w) => /^\+\d/.test(w));
    const { options, operands } = t.getopt(
      'vlwEiST:mxR',
      ['view=v', 'restricted=R'],
      ['nano', ...words.filter((w) => w !== at)],
    );
    for (const o of options) if (!'vwRS'.includes(o.name)) throw notSimulated(`nano -${o.name}`);
    if (operands.length > 1) throw notSimulated('nano with several files');
    const terminal =
      t.sys.isatty(1) && t.sys.isatty(0)
        ? yield* Terminal.open(t.sys, {
            signals: false,
            start: `\x1b[?2004h${SCREEN.enter}${SCREEN.keysOn}${SCREEN.clear}`,
            end: `${SCREEN.leave}\r${SCREEN.keysOff}\x1b[?2004l`,
          })
        : undefined;
    if (!terminal)
      throw new Fail(t.sys.isatty(1) ? 'Standard input is not a terminal' : 'Error opening terminal: unknown.');
    const editor = new Editor(
      t,
      terminal,
      operands[0] ?? '',
      options.some((o) => o.name === 'v'),
    );
    return yield* editor.run(at);
  },
});

class Editor {
  private readonly buffer = new EditBuffer();
  private top = 0;
  private status = '';
  private lastSearch = '';
  private done = false;

  constructor(
    private readonly t: Tool,
    private readonly terminal: Terminal,
    private name: string,
    private readonly view: boolean,
  ) {}

  private get height(): number {
    return Math.max(1, this.terminal.rows - 4);
  }

  *run(at: string | undefined): Coroutine<number> {
    const { terminal } = this;
    yield* this.load();
    if (at) {
      const [line, column] = at.slice(1).split(',').map(Number);
      this.buffer.to((line ?? 1) - 1, (column ?? 1) - 1);
      this.center();
    }
    try {
      terminal.enter();
      while (!this.done) {
        yield* this.t.sys.work();
        yield* this.draw();
        const what = yield* terminal.key();
        if ('event' in what) {
          if (what.event === 'eof') return 1;
          terminal.write(SCREEN.clear);
          continue;
        }
        this.status = '';
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

  private *load(): Coroutine<void> {
    const { sys } = this.t;
    if (this.name === '') return;
    try {
      const stat = sys.files.stat(this.name);
      if (stat.type === 'dir') {
        this.status = `"${this.name}" is a directory`;
        this.name = '';
        return;
      }
      const fd = yield* sys.open(this.name, { read: true });
      const bytes = yield* sys.readAll(fd, MAX_FILE);
      sys.close(fd);
      this.buffer.load(toText(bytes));
      const { count } = this.buffer;
      this.status = `Read ${count} line${count === 1 ? '' : 's'}`;
      if (!sys.files.access(this.name, 2)) this.status = `File '${this.name}' is unwritable`;
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (e.code === 'ENOENT') {
        const dir = this.name.includes('/') ? this.name.slice(0, this.name.lastIndexOf('/')) || '/' : '.';
        this.status = sys.files.exists(dir) ? 'New File' : `Directory '${dir}' does not exist`;
      } else {
        this.status =
          e.code === 'ENOMEM' ? 'File is too big for this course' : `Error reading ${this.name}: ${e.message}`;
        this.name = '';
      }
    }
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  private *draw(): Coroutine<void> {
    const { terminal, buffer } = this;
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
    out += this.shortcuts(MAIN);
    terminal.write(`${out}${cursor(1 + buffer.row - this.top, place - from)}${SCREEN.showCursor}`);
    yield* terminal.drain();
  }

  private title(): string {
    const { columns } = this.terminal;
    const left = '  GNU nano 7.2';
    const name = this.name === '' ? 'New Buffer' : this.name;
    const mark = this.view ? ' View' : this.buffer.modified ? ' *' : '';
    const at = Math.max(left.length + 2, Math.floor((columns - name.length + 4) / 2));
    return `${left.padEnd(at)}${name}${mark}`;
  }

  private shortcuts(pairs: readonly (readonly [Shortcut, Shortcut])[], most = Infinity): string {
    const { columns, rows } = this.terminal;
    const count = Math.min(pairs.length, most, Math.floor((columns + 40) / 20));
    const width = Math.floor(columns / Math.max(1, count));
    let out = '';
    for (const line of [0, 1] as const) {
      out += cursor(rows - 2 + line, 0) + SCREEN.clearLine;
      pairs.slice(0, count).forEach((pair, i) => {
        const [key, label] = pair[line];
        const room = Math.max(0, width - key.length - 1);
        out += `${cursor(rows - 2 + line, i * width)}${reverse(key)} ${label.slice(0, room)}`;
      });
    }
    return out;
  }

  private center(): void {
    this.top = Math.max(0, this.buffer.row - Math.floor(this.height / 2));
  }

  // --- keys -----------------------------------------------------------------------------------------------------------

  private *act(key: Key): Coroutine<void> {
    const { buffer } = this;
    yield* this.t.sys.work();
    const cutting = key === '^K' || key === 'M-6';
    if ([...key].length === 1 || key === 'Tab') {
      if (this.view) this.status = 'Key is invalid in view mode';
      else buffer.insert(key === 'Tab' ? '\t' : key);
      return;
    }
    buffer.settle(cutting);
    const changing = ['Enter', '^M', '^J', 'Backspace', '^H', 'Delete', '^D', '^K', '^U', 'M-U', 'M-u', 'M-E', 'M-e'];
    if (this.view && changing.includes(key)) {
      this.status = 'Key is invalid in view mode';
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
        if (buffer.row === this.top && this.top > 0) this.top--;
        return buffer.vertical(-1);
      case 'Down':
      case '^N':
        if (buffer.row === this.top + this.height - 1) this.top++;
        return buffer.vertical(1);
      case 'Home':
      case '^A':
        return buffer.to(buffer.row, 0);
      case 'End':
      case '^E':
        return buffer.to(buffer.row, buffer.line.length);
      case 'PgUp':
      case '^Y':
        this.top = Math.max(0, this.top - this.height + 2);
        return buffer.vertical(-(this.height - 2));
      case 'PgDn':
      case '^V':
        this.top = Math.min(Math.max(0, buffer.lines.length - 1), this.top + this.height - 2);
        return buffer.vertical(this.height - 2);
      case 'M-\\':
      case 'C-Home':
        return buffer.to(0, 0);
      case 'M-/':
      case 'C-End':
        return buffer.to(buffer.lines.length - 1, Infinity);
      case '^K':
        if (!buffer.cut()) this.status = 'Nothing was cut';
        return;
      case 'M-6':
        return buffer.copy();
      case '^U':
        if (!buffer.paste()) this.status = 'Cutbuffer is empty';
        return;
      case 'M-U':
      case 'M-u':
        if (!buffer.undo()) this.status = 'Nothing to undo';
        return;
      case 'M-E':
      case 'M-e':
        if (!buffer.redo()) this.status = 'Nothing to redo';
        return;
      case '^C':
        return this.location();
      case '^W': {
        const text = yield* this.ask(this.lastSearch === '' ? 'Search: ' : `Search [${this.lastSearch}]: `, '');
        if (text === undefined) this.status = 'Cancelled';
        else if (text !== '' || this.lastSearch !== '') this.search(text === '' ? this.lastSearch : text);
        return;
      }
      case 'M-W':
      case 'M-w':
        if (this.lastSearch === '') this.status = 'No current search pattern';
        else this.search(this.lastSearch);
        return;
      case '^_': {
        const text = yield* this.ask('Enter line number, column number: ', '');
        const [line, column] = (text ?? '').split(/[ ,.;:]/).map(Number);
        if (text === undefined) this.status = 'Cancelled';
        else if (!line) this.status = 'Invalid line or column number';
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
        return yield* this.help();
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
        this.status = `not simulated in this course: ${key}`;
        return;
      default:
        this.status = key === 'Unknown' ? 'Unknown sequence' : 'Unbound key';
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
    this.status =
      `line ${two(buffer.row + 1)}/${lines} (${percent(buffer.row + 1, lines, 2)}), ` +
      `col ${two(column)}/${two(width)} (${percent(column, width, 3)}), ` +
      `char ${String(before).padStart(String(total).length)}/${total} (${percent(before, total, 2)})`;
  }

  private search(text: string): void {
    this.lastSearch = text;
    const { buffer } = this;
    const found = buffer.find(text);
    if (!found) {
      this.status = `"${text}" not found`;
      return;
    }
    if (found.row === buffer.row && found.column === buffer.column) this.status = 'This is the only occurrence';
    else if (found.wrapped) this.status = 'Search Wrapped';
    buffer.to(found.row, found.column);
  }

  /** Asks for a line in the status bar; undefined when it is cancelled. */
  private *ask(prompt: string, preset: string): Coroutine<string | undefined> {
    const { terminal } = this;
    let text = preset;
    let at = text.length;
    for (;;) {
      yield* this.t.sys.work();
      const { columns, rows } = terminal;
      const room = Math.max(1, columns - prompt.length - 1);
      const from = Math.max(0, at - room);
      const shown = `${prompt}${text.slice(from, from + room)}`;
      terminal.write(
        `${this.shortcuts(PROMPT)}${cursor(rows - 3, 0)}${bar(shown, columns)}${cursor(rows - 3, prompt.length + at - from)}`,
      );
      const what = yield* terminal.key();
      if ('event' in what) {
        if (what.event === 'eof') return undefined;
        yield* this.draw();
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
  private *yesNo(question: string): Coroutine<boolean | undefined> {
    const { terminal } = this;
    for (;;) {
      yield* this.t.sys.work();
      const { columns, rows } = terminal;
      terminal.write(
        `${cursor(rows - 2, 0)}${SCREEN.clearLine}${reverse(' Y')} Yes${cursor(rows - 1, 0)}${SCREEN.clearLine}` +
          `${reverse(' N')} No${cursor(rows - 1, 16)}${reverse('^C')} Cancel${cursor(rows - 3, 0)}${bar(question, columns)}${cursor(rows - 3, question.length + 1)}`,
      );
      const what = yield* terminal.key();
      if ('event' in what) {
        if (what.event === 'eof') return undefined;
        yield* this.draw();
        continue;
      }
      if (/^[yY]$/.test(what.key)) return true;
      if (/^[nN]$/.test(what.key)) return false;
      if (what.key === '^C' || what.key === 'Esc') return undefined;
    }
  }

  /** Writes the file. @returns true when it was written. */
  private *save(askName: boolean): Coroutine<boolean> {
    const { sys } = this.t;
    let { name } = this;
    if (askName) {
      const answer = yield* this.ask('File Name to Write: ', name);
      if (answer === undefined || answer === '') {
        this.status = 'Cancelled';
        return false;
      }
      if (answer !== name && sys.files.exists(answer)) {
        const over = yield* this.yesNo(`File "${answer}" exists; OVERWRITE? `);
        if (!over) {
          this.status = 'Cancelled';
          return false;
        }
      }
      name = answer;
    }
    try {
      yield* sys.writeFile(name, toBytes(this.buffer.text));
    } catch (e) {
      if (!isErrno(e)) throw e;
      this.status = `Error writing ${name}: ${e.message}`;
      return false;
    }
    const { text } = this.buffer;
    const count = text === '' ? 0 : text.split('\n').length - 1;
    if (this.buffer.lines[this.buffer.lines.length - 1] !== '') this.buffer.lines.push('');
    this.name = name;
    this.buffer.modified = false;
    this.status = `Wrote ${count} line${count === 1 ? '' : 's'}`;
    return true;
  }

  private *leave(): Coroutine<void> {
    if (this.buffer.modified) {
      const answer = yield* this.yesNo('Save modified buffer? ');
      if (answer === undefined) {
        this.status = 'Cancelled';
        return;
      }
      if (answer && !(yield* this.save(true))) return;
    }
    this.done = true;
  }

  private *help(): Coroutine<void> {
    const { terminal } = this;
    for (;;) {
      yield* this.t.sys.work();
      const { columns, rows } = terminal;
      let out =
        SCREEN.clear + bar(`${' '.repeat(Math.max(0, Math.floor((columns - 17) / 2)))}Help text of nano`, columns);
      HELP.slice(0, rows - 3).forEach((line, i) => (out += cursor(1 + i, 0) + line.slice(0, columns)));
      terminal.write(`${out}${cursor(rows - 1, 0)}${reverse('^X')} Close`);
      const what = yield* terminal.key();
      if ('event' in what && what.event === 'resize') continue;
      if ('event' in what || ['^X', 'q', 'Q', '^G', '^C', 'Esc', 'F1'].includes(what.key)) break;
    }
    terminal.write(SCREEN.clear);
  }
}

function reverse(text: string): string {
  return `\x1b[7m${text}\x1b[27m`;
}

/** A line in reverse video over the whole width. */
function bar(text: string, columns: number): string {
  return reverse([...text].slice(0, columns).join('').padEnd(columns));
}

/** The cells of a line: tabs as blanks, control characters as `^X`, an empty string behind a wide character. */
function display(line: string): string[] {
  const cells: string[] = [];
  for (const char of line) {
    const code = char.codePointAt(0)!;
    if (char === '\t')
      do cells.push(' ');
      while (cells.length % 8 !== 0);
    else if (code < 0x20 || code === 0x7f) cells.push('^', String.fromCharCode(code ^ 64));
    else if (code >= 0xdc80 && code <= 0xdcff) cells.push('\ufffd');
    else {
      const width = charWidth(code);
      if (width === 0 && cells.length > 0) cells[cells.length - 1] += char;
      else {
        cells.push(char);
        if (width === 2) cells.push('');
      }
    }
  }
  return cells;
}

/** First column shown of the line that the cursor is on, when it is wider than the screen. */
function pageStart(column: number, columns: number): number {
  if (columns < 10 || column === 0 || column + 2 < columns + 1)
    return column + 1 < columns ? 0 : Math.max(0, column - columns + 2);
  return column - 6 - ((column - 6) % (columns - 8));
}

/** The part of a line that is shown; `>` and `<` say that there is more. */
function clip(cells: readonly string[], from: number, columns: number): string {
  const shown = cells.slice(from, from + columns);
  if (from > 0) shown[0] = reverse('<');
  if (cells.length > from + columns) shown[columns - 1] = reverse('>');
  return shown.join('');
}
