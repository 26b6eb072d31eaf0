/** A piece of shell source: where positions in a syntax tree point. */
export class Source {
  private starts: number[] | null = null;

  /**
   * @param text the source.
   * @param name file as BASH_SOURCE shows it; empty for `-c` and standard input.
   * @param firstLine line number of the text's first line.
   */
  constructor(
    readonly text: string,
    readonly name = '',
    readonly firstLine = 1,
  ) {}

  /** Line number of position `pos`. */
  line(pos: number): number {
    if (!this.starts) {
      this.starts = [0];
      for (let i = this.text.indexOf('\n'); i >= 0; i = this.text.indexOf('\n', i + 1)) this.starts.push(i + 1);
    }
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.starts[mid]! <= pos) low = mid;
      else high = mid - 1;
    }
    return this.firstLine + low;
  }

  /** The whole line that holds `pos`, without its newline. */
  lineText(pos: number): string {
    const from = this.text.lastIndexOf('\n', pos - 1) + 1;
    const to = this.text.indexOf('\n', pos);
    return this.text.slice(from, to < 0 ? undefined : to);
  }
}
