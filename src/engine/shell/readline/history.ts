import { LineBuffer } from './buffer';

/**
 * The history list as one line editor sees it, with the line being typed at its end. What is edited in an entry is kept while
 * the user moves about, and forgotten when a line is accepted.
 */
export class HistoryCursor {
  private readonly buffers = new Map<number, LineBuffer>();
  /** Position in the list; `lines.length` is the new line. */
  index: number;
  /** The line of each entry as it was before editing. */
  constructor(readonly lines: readonly string[]) {
    this.index = lines.length;
  }

  /** The buffer of the entry at `index`, made when first asked for. */
  get buffer(): LineBuffer {
    let buffer = this.buffers.get(this.index);
    if (!buffer) {
      buffer = new LineBuffer(this.lines[this.index] ?? '');
      this.buffers.set(this.index, buffer);
    }
    return buffer;
  }

  /** Text of the entry at `index` as it is now, or undefined outside the list. */
  textAt(index: number): string | undefined {
    return this.buffers.get(index)?.text ?? this.lines[index] ?? (index === this.lines.length ? '' : undefined);
  }

  /** Goes to `index`, the cursor at the end of the line. @returns false when there is no such entry */
  go(index: number): boolean {
    if (index < 0 || index > this.lines.length || index === this.index) return false;
    this.index = index;
    this.buffer.point = this.buffer.length;
    return true;
  }

  /** Forgets the edits of the current entry. */
  revert(): void {
    const buffer = this.buffer;
    while (buffer.undo());
  }
}

/** The words of a command line as history expansion counts them: operators are words, quotes hold words together. */
export function historyWords(line: string): string[] {
  const words: string[] = [];
  const word =
    /\s*(&&|\|\||;;|<<<?|>>|[<>]&|[|&;()<>]|(?:\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"?|'[^']*'?|[^\s|&;()<>"'\\]|\\$)+)/y;
  for (let match = word.exec(line); match; match = word.exec(line)) words.push(match[1]!);
  return words;
}
