import type { Coroutine } from '../core';
import type { Sys } from '../host';

/** How the reading of one line ended. After each of them the cursor stands at the start of a fresh row. */
export type ReadResult = { kind: 'line'; text: string } | { kind: 'eof' } | { kind: 'interrupt' };

/** What completion found for the word before the cursor. */
export interface Completion {
  /** Offset in the line, in UTF-16 units, of the text that `words` replace up to the cursor. */
  start: number;
  /** Candidates, unquoted. With `filenames`, names of directories end in `/`. */
  words: string[];
  /** Appended after a unique match (not after a directory). */
  suffix: string;
  /** The candidates are file names: they are quoted for the shell when they are inserted. */
  filenames: boolean;
  /** The quote that is open at `start`; it decides how names are quoted and is closed after a unique match. */
  quote?: '"' | "'";
}

/** What a line is read with. */
export interface LineReaderOptions {
  /** Earlier lines, oldest first. The reader never changes it: bash owns the list. */
  history: string[];
  /** Candidates for Tab with the cursor at `cursor`; without it Tab rings the bell. */
  complete?: (line: string, cursor: number) => Coroutine<Completion>;
  /** What stands in the line at first. */
  initial?: string;
  /** The line continues an unfinished command (PS2). */
  continuation?: boolean;
}

/** Reads lines from the terminal on standard input with editing, as readline(3) does. */
export interface LineReader {
  /**
   * Reads one line. `prompt` may have rows; what stands between U+0001 and U+0002 takes no room (`\[` and `\]` of PS1).
   * The terminal is raw while the line is edited and as before afterwards; input after the line stays unread.
   */
  readLine(sys: Sys, prompt: string, options: LineReaderOptions): Coroutine<ReadResult>;
}
