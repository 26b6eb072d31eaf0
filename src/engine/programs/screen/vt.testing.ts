/** A model of a terminal's screen for tests of full-screen programs: the sequences of xterm that they send; others throw. */
export class Screen {
  private lines: string[][];
  private mainLines: string[][] | null = null;
  /** Cells shown in reverse video, by row. */
  private reversed: boolean[][];
  private reverse = false;
  row = 0;
  column = 0;
  bells = 0;
  cursorHidden = false;

  constructor(
    public columns: number,
    public rows: number,
  ) {
    this.lines = this.empty();
    this.reversed = this.flags();
  }

  /** True while the alternate screen is shown. */
  get alternate(): boolean {
    return this.mainLines !== null;
  }

  /** The rows without trailing blanks. */
  get text(): string[] {
    return this.lines.map((line) => line.join('').trimEnd());
  }

  /** The text of one row that is in reverse video. */
  reversedText(row: number): string {
    return this.lines[row]!.filter((_, i) => this.reversed[row]![i]).join('');
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.lines = this.empty();
    this.reversed = this.flags();
    this.row = this.column = 0;
  }

  write(data: string): void {
    const token = /\x1b\[([?!]?)([0-9;]*)([@-~])|\x1b\][^\x07]*\x07|\x1b\(B|\x1b./suy;
    for (let at = 0; at < data.length;) {
      token.lastIndex = at;
      const m = token.exec(data);
      if (m) {
        if (m[3] !== undefined) this.control(m[1]!, m[2]!, m[3]);
        else this.escape(m[0]);
        at += m[0].length;
        continue;
      }
      const char = String.fromCodePoint(data.codePointAt(at)!);
      at += char.length;
      if (char === '\r') this.column = 0;
      else if (char === '\n') this.feed();
      else if (char === '\b') this.column = Math.max(0, Math.min(this.column, this.columns - 1) - 1);
      else if (char === '\x07') this.bells++;
      else if (char === '\t') this.column = Math.min(this.columns - 1, (this.column & ~7) + 8);
      else if (char < ' ') throw new Error(`control character ${char.charCodeAt(0)}`);
      else {
        if (this.column >= this.columns) {
          this.column = 0;
          this.feed();
        }
        this.lines[this.row]![this.column] = char;
        this.reversed[this.row]![this.column] = this.reverse;
        this.column++;
      }
    }
  }

  private escape(sequence: string): void {
    if (sequence === '\x1bM') {
      if (this.row > 0) this.row--;
      else {
        this.lines.pop();
        this.lines.unshift(this.blank());
        this.reversed.pop();
        this.reversed.unshift(Array<boolean>(this.columns).fill(false));
      }
      return;
    }
    if (sequence === '\x1bc') {
      this.lines = this.empty();
      this.row = this.column = 0;
      return;
    }
    if (!['\x1b(B', '\x1b=', '\x1b>'].includes(sequence) && !sequence.startsWith('\x1b]'))
      throw new Error(`unknown escape ${JSON.stringify(sequence)}`);
  }

  private feed(): void {
    if (this.row < this.rows - 1) this.row++;
    else {
      this.lines.shift();
      this.lines.push(this.blank());
      this.reversed.shift();
      this.reversed.push(Array<boolean>(this.columns).fill(false));
    }
  }

  private control(kind: string, parameters: string, final: string): void {
    const p = parameters.split(';').map((n) => (n === '' ? undefined : Number(n)));
    if (kind === '?') {
      const on = final === 'h';
      for (const mode of p) this.mode(mode ?? 0, on);
      return;
    }
    if (kind === '!') return;
    const n = p[0] ?? 1;
    const x = Math.min(this.column, this.columns - 1);
    const line = this.lines[this.row]!;
    switch (final) {
      case 'A':
        this.row = Math.max(0, this.row - n);
        break;
      case 'B':
        this.row = Math.min(this.rows - 1, this.row + n);
        break;
      case 'C':
        this.column = Math.min(this.columns - 1, x + n);
        break;
      case 'D':
        this.column = Math.max(0, x - n);
        break;
      case 'H':
        this.row = Math.min(this.rows, n) - 1;
        this.column = Math.min(this.columns, p[1] ?? 1) - 1;
        break;
      case 'J':
        if (p[0] === 2) this.lines = this.empty();
        else if (p[0] === undefined) {
          line.fill(' ', x);
          for (let r = this.row + 1; r < this.rows; r++) this.lines[r] = this.blank();
        }
        if (p[0] === 2) this.reversed = this.flags();
        break;
      case 'K':
        if (p[0] !== undefined) throw new Error('erase with parameters');
        line.fill(' ', x);
        this.reversed[this.row]!.fill(false, x);
        break;
      case 'm':
        for (const code of p) {
          if (code === 7) this.reverse = true;
          else if (code === undefined || code === 0 || code === 27) this.reverse = false;
        }
        break;
      case 't':
      case 'l':
      case 'h':
        break;
      default:
        throw new Error(`unknown sequence ${parameters}${final}`);
    }
  }

  private mode(mode: number, on: boolean): void {
    if (mode === 1049) {
      if (on && !this.mainLines) {
        this.mainLines = this.lines;
        this.lines = this.empty();
        this.reversed = this.flags();
      } else if (!on && this.mainLines) {
        this.lines = this.mainLines;
        this.mainLines = null;
      }
    } else if (mode === 25) this.cursorHidden = !on;
    else if (![1, 12, 2004].includes(mode)) throw new Error(`unknown mode ${mode}`);
  }

  private blank(): string[] {
    return Array<string>(this.columns).fill(' ');
  }

  private empty(): string[][] {
    return Array.from({ length: this.rows }, () => this.blank());
  }

  private flags(): boolean[][] {
    return Array.from({ length: this.rows }, () => Array<boolean>(this.columns).fill(false));
  }
}
