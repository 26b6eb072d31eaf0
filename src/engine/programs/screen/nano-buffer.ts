/** The text that nano edits: lines, cursor, cut buffer, undo. Columns count characters, not places on the screen. */

interface Snapshot {
  readonly lines: readonly string[];
  readonly row: number;
  readonly column: number;
}

/** Steps that can be undone. */
const UNDO_DEPTH = 200;

export class EditBuffer {
  lines: string[] = [''];
  row = 0;
  /** Index into the line's UTF-16 text, never within a surrogate pair. */
  column = 0;
  modified = false;
  private cutBuffer: string[] = [];
  private cutting = false;
  private undos: Snapshot[] = [];
  private redos: Snapshot[] = [];
  private typing = false;
  /** Column that up and down try to keep. */
  private wanted = 0;

  /** Takes a file's text. */
  load(text: string): void {
    this.lines = text.split('\n');
  }

  /** The text as it is written: with a newline at the end unless there is no text. */
  get text(): string {
    const all = this.lines.join('\n');
    return all === '' || all.endsWith('\n') ? all : `${all}\n`;
  }

  /** Lines of the file, without the empty one behind the last newline. */
  get count(): number {
    return this.lines[this.lines.length - 1] === '' ? this.lines.length - 1 : this.lines.length;
  }

  get line(): string {
    return this.lines[this.row]!;
  }

  /** Ends a run of typed characters, which are undone together, and a run of cuts, which are pasted together. */
  settle(keepCutting = false): void {
    this.typing = false;
    if (!keepCutting) this.cutting = false;
  }

  private remember(typing = false): void {
    if (!(typing && this.typing)) {
      this.undos.push({ lines: [...this.lines], row: this.row, column: this.column });
      if (this.undos.length > UNDO_DEPTH) this.undos.shift();
    }
    this.typing = typing;
    this.redos = [];
    this.modified = true;
  }

  insert(text: string): void {
    this.remember(true);
    this.lines[this.row] = this.line.slice(0, this.column) + text + this.line.slice(this.column);
    this.column += text.length;
    this.keep();
  }

  newline(): void {
    this.remember();
    this.lines.splice(this.row, 1, this.line.slice(0, this.column), this.line.slice(this.column));
    this.row++;
    this.column = 0;
    this.keep();
  }

  /** @returns false at the end of the text. */
  delete(): boolean {
    const { line } = this;
    if (this.column < line.length) {
      this.remember();
      const char = String.fromCodePoint(line.codePointAt(this.column)!);
      this.lines[this.row] = line.slice(0, this.column) + line.slice(this.column + char.length);
    } else if (this.row + 1 < this.lines.length) {
      this.remember();
      this.lines.splice(this.row, 2, line + this.lines[this.row + 1]!);
    } else return false;
    return true;
  }

  backspace(): void {
    if (this.row === 0 && this.column === 0) return;
    this.left();
    this.delete();
    this.keep();
  }

  /** Cuts the line; cuts in a row are kept together. @returns false when there is nothing to cut. */
  cut(): boolean {
    if (this.row === this.lines.length - 1 && this.line === '') return false;
    this.remember();
    if (!this.cutting) this.cutBuffer = [];
    this.cutting = true;
    this.cutBuffer.push(this.line);
    this.lines.splice(this.row, 1);
    if (this.lines.length === this.row) this.lines.push('');
    this.column = 0;
    this.keep();
    return true;
  }

  copy(): void {
    if (!this.cutting) this.cutBuffer = [];
    this.cutting = true;
    this.cutBuffer.push(this.line);
    if (this.row + 1 < this.lines.length) this.row++;
    this.column = 0;
  }

  /** @returns false when nothing was cut. */
  paste(): boolean {
    if (this.cutBuffer.length === 0) return false;
    this.remember();
    const before = this.line.slice(0, this.column);
    const after = this.line.slice(this.column);
    const [first, ...rest] = this.cutBuffer;
    this.lines.splice(this.row, 1, before + first!, ...rest, after);
    this.row += this.cutBuffer.length;
    this.column = 0;
    this.keep();
    return true;
  }

  undo(): boolean {
    return this.swap(this.undos, this.redos);
  }

  redo(): boolean {
    return this.swap(this.redos, this.undos);
  }

  private swap(from: Snapshot[], to: Snapshot[]): boolean {
    const s = from.pop();
    if (!s) return false;
    to.push({ lines: [...this.lines], row: this.row, column: this.column });
    this.lines = [...s.lines];
    this.row = s.row;
    this.column = s.column;
    this.modified = true;
    this.typing = false;
    this.keep();
    return true;
  }

  left(): void {
    if (this.column > 0) {
      const code = this.line.charCodeAt(this.column - 1);
      this.column -= code >= 0xdc00 && code <= 0xdfff && this.column > 1 ? 2 : 1;
    } else if (this.row > 0) {
      this.row--;
      this.column = this.line.length;
    }
    this.keep();
  }

  right(): void {
    if (this.column < this.line.length) this.column += String.fromCodePoint(this.line.codePointAt(this.column)!).length;
    else if (this.row + 1 < this.lines.length) {
      this.row++;
      this.column = 0;
    }
    this.keep();
  }

  /** Moves by lines, keeping the column as well as it goes. */
  vertical(by: number): void {
    this.row = Math.max(0, Math.min(this.lines.length - 1, this.row + by));
    this.column = Math.min(this.wanted, this.line.length);
  }

  to(row: number, column: number): void {
    this.row = Math.max(0, Math.min(this.lines.length - 1, row));
    this.column = Math.max(0, Math.min(this.line.length, column));
    this.keep();
  }

  private keep(): void {
    this.wanted = this.column;
  }

  /** The next place of `text` behind the cursor, ignoring case; from the top again when there is none below. */
  find(text: string): { row: number; column: number; wrapped: boolean } | undefined {
    const want = text.toLowerCase();
    const total = this.lines.length;
    for (let n = 0; n <= total; n++) {
      const row = (this.row + n) % total;
      const line = this.lines[row]!.toLowerCase();
      const at = line.indexOf(want, n === 0 ? this.column + 1 : 0);
      if (at >= 0 && !(n === total && at > this.column)) return { row, column: at, wrapped: this.row + n >= total };
    }
    return undefined;
  }

  /** Characters before the cursor and in all, newlines included. */
  characters(): { before: number; total: number } {
    let before = 0;
    let total = 0;
    this.lines.forEach((line, i) => {
      const n = [...line].length + (i < this.lines.length - 1 ? 1 : 0);
      if (i < this.row) before += n;
      total += n;
    });
    return { before: before + [...this.line.slice(0, this.column)].length, total };
  }
}
