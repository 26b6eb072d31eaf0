import type { Completion } from '../editor';
import { textWidth } from './width';

/** Above this many candidates the user is asked first (completion-query-items). */
export const QUERY_ITEMS = 100;

/** The longest text that all words start with. */
export function commonPrefix(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let length = first.length;
  for (const word of rest) {
    let same = 0;
    while (same < length && word[same] === first[same]) same++;
    length = same;
  }
  // Do not cut a surrogate pair.
  const code = first.charCodeAt(length - 1);
  return first.slice(0, code >= 0xd800 && code <= 0xdbff ? length - 1 : length);
}

/** Sorted and without doubles, as readline lists them. */
export function sortedWords(words: readonly string[]): string[] {
  return [...new Set(words)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Writes a file name so that the shell reads it back as one word; `quote` is the quote that is open before it. */
export function quoteName(name: string, quote: Completion['quote']): string {
  if (quote === "'") return name.replaceAll("'", "'\\''");
  if (quote === '"') return name.replace(/[$`"\\]/g, '\\$&');
  return name.replace(/[ \t\n'"\\|&;()<>!{}*[\]?^$`,]|^[#~]/g, (char) => (char === '\n' ? "$'\\n'" : `\\${char}`));
}

/** What a completion does to the line. */
export interface Insertion {
  /** Replaces the text from `Completion.start` to the cursor. */
  readonly text: string;
  /** There is only one candidate. */
  readonly unique: boolean;
}

/** What to put in for `words` (sorted, at least one). */
export function insertion(completion: Completion, words: readonly string[]): Insertion {
  const { filenames, quote, suffix } = completion;
  const common = commonPrefix(words);
  const text = filenames ? quoteName(common, quote) : common;
  if (words.length > 1) return { text, unique: false };
  if (filenames && common.endsWith('/')) return { text, unique: true };
  return { text: text + (filenames && suffix !== '' ? (quote ?? '') : '') + suffix, unique: true };
}

/** The rows of the list of candidates: columns that are read downwards, as wide as the longest one and two blanks. */
export function listing(words: readonly string[], columns: number): string[] {
  const shown = words.map((word) =>
    word.replace(/[\x00-\x1f\x7f]/g, (c) => `^${String.fromCharCode(c.charCodeAt(0) ^ 0x40)}`),
  );
  const width = shown.reduce((most, word) => Math.max(most, textWidth(word)), 0) + 2;
  let across = Math.floor(columns / width);
  if (across > 1 && across * width === columns) across--;
  across = Math.max(1, across);
  const down = Math.ceil(shown.length / across);
  const rows: string[] = [];
  for (let row = 0; row < down; row++) {
    let line = '';
    for (let at = row; at < shown.length; at += down) {
      line += shown[at]! + (at + down < shown.length ? ' '.repeat(width - textWidth(shown[at]!)) : '');
    }
    rows.push(line);
  }
  return rows;
}
