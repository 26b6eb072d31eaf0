import { charWidth } from './width';

/**
 * A model of a terminal's screen for tests: what the line editor sends, and nothing else, is understood. Like xterm it wraps
 * when a character comes after the last column has been written. Anything unknown throws.
 */
export class Screen {
  private lines: string[][];
  row = 0;
  column = 0;
  bells = 0;
  bracketedPaste = false;
  /** Everything that scrolled off, oldest first. */
  readonly scrolled: string[] = [];

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.lines = Array.from({ length: rows }, () => this.blank());
  }

  /** The rows without trailing blanks, empty ones at the end left out. */
  get text(): string[] {
    const out = this.lines.map((line) => line.join('').trimEnd());
    while (out.length > 0 && out[out.length - 1] === '') out.pop();
    return out;
  }

  write(data: string): void {
    const token = /\x1b\[(\??)([0-9;]*)([@-~])|\x1b./suy;
    for (let at = 0; at < data.length;) {
      token.lastIndex = at;
      const sequence = token.exec(data);
      if (sequence) {
        if (sequence[3] === undefined) throw new Error(`unknown escape ${JSON.stringify(sequence[0])}`);
        this.control(sequence[1] === '?', sequence[2]!, sequence[3]);
        at += sequence[0].length;
        continue;
      }
      const code = data.codePointAt(at)!;
      const char = String.fromCodePoint(code);
      at += char.length;
      if (char === '\r') this.column = 0;
      else if (char === '\n') this.feed();
      else if (char === '\b') this.column = Math.max(0, Math.min(this.column, this.columns - 1) - 1);
      else if (char === '\x07') this.bells++;
      else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) throw new Error(`control character ${code}`);
      else this.print(char, charWidth(code));
    }
  }

  private print(char: string, width: number): void {
    if (width === 0) {
      // Joins the character before; a wide one has its text in the first of its two places.
      let at = this.column - 1;
      if (at > 0 && this.lines[this.row]![at] === '') at--;
      if (at >= 0) this.lines[this.row]![at] += char;
      return;
    }
    if (this.column + width > this.columns) {
      this.column = 0;
      this.feed();
    }
    const line = this.lines[this.row]!;
    if (line[this.column] === '') line[this.column - 1] = ' ';
    line[this.column] = char;
    if (width === 2) line[this.column + 1] = '';
    this.column += width;
    if (line[this.column] === '' && width === 1) line[this.column] = ' ';
    else if (line[this.column] === '') line[this.column] = ' ';
  }

  private feed(): void {
    if (this.row < this.rows - 1) this.row++;
    else {
      this.scrolled.push(this.lines.shift()!.join('').trimEnd());
      this.lines.push(this.blank());
    }
  }

  private control(mode: boolean, parameters: string, final: string): void {
    if (mode) {
      if (parameters !== '2004') throw new Error(`unknown mode ${parameters}`);
      this.bracketedPaste = final === 'h';
      return;
    }
    const n = parameters === '' ? 1 : Number(parameters);
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
        if (parameters !== '') throw new Error('cursor position with parameters');
        this.row = this.column = 0;
        break;
      case 'J':
        if (parameters === '2') this.lines = Array.from({ length: this.rows }, () => this.blank());
        else {
          line.fill(' ', x);
          for (let row = this.row + 1; row < this.rows; row++) this.lines[row] = this.blank();
        }
        break;
      case 'K':
        if (parameters !== '') throw new Error('erase with parameters');
        line.fill(' ', x);
        break;
      case '@':
        line.splice(x, 0, ...Array<string>(n).fill(' '));
        line.length = this.columns;
        break;
      case 'P':
        line.splice(x, n);
        while (line.length < this.columns) line.push(' ');
        break;
      case 'm':
        break;
      default:
        throw new Error(`unknown sequence ${final}`);
    }
  }

  private blank(): string[] {
    return Array<string>(this.columns).fill(' ');
  }
}
