import { isZeroWidth } from './width';

/** One step that undo takes back. A group is taken back as a whole. */
type Change =
  | { readonly kind: 'insert'; readonly start: number; end: number; readonly typed: boolean; readonly group: number }
  | { readonly kind: 'remove'; readonly start: number; readonly text: string; readonly group: number };

/** Characters typed in a row that one undo takes back (as readline does). */
const TYPED_TOGETHER = 20;

/** The text of a line, the cursor in it and its undo list. Offsets are UTF-16 units. */
export class LineBuffer {
  point: number;
  mark = 0;
  /** The smallest offset at which the text has changed since the display looked; Infinity when nowhere. */
  dirty = 0;
  private changes: Change[] = [];
  private group = 0;
  private depth = 0;

  constructor(private contents = '') {
    this.point = contents.length;
  }

  get text(): string {
    return this.contents;
  }

  get length(): number {
    return this.contents.length;
  }

  /** Puts `text` at the cursor and the cursor after it. */
  insert(text: string, typed = false): void {
    if (text === '') return;
    const { point } = this;
    this.splice(point, point, text);
    if (typed) this.recordTyped(point, point + text.length);
    else
      this.changes.push({
        kind: 'insert',
        start: point,
        end: point + text.length,
        typed: false,
        group: this.nextGroup(),
      });
    this.point = point + text.length;
  }

  /** Takes out what is between two offsets. The cursor stays on its character. @returns the removed text */
  remove(start: number, end: number): string {
    const text = this.contents.slice(start, end);
    if (text === '') return '';
    this.splice(start, end, '');
    this.changes.push({ kind: 'remove', start, text, group: this.nextGroup() });
    if (this.point > end) this.point -= end - start;
    else if (this.point > start) this.point = start;
    return text;
  }

  /** Replaces what is between two offsets as one undoable step; the cursor goes behind it. */
  replace(start: number, end: number, text: string): void {
    this.together(() => {
      this.remove(start, end);
      this.point = start;
      this.insert(text);
    });
  }

  /** Makes all changes in `work` one step for undo. */
  together(work: () => void): void {
    if (this.depth++ === 0) this.group++;
    try {
      work();
    } finally {
      this.depth--;
    }
  }

  /** Takes the last step back. @returns false when there is none */
  undo(): boolean {
    const last = this.changes[this.changes.length - 1];
    if (!last) return false;
    for (let top = last; top && top.group === last.group; top = this.changes[this.changes.length - 1]!) {
      this.changes.pop();
      if (top.kind === 'insert') {
        this.splice(top.start, top.end, '');
        this.point = top.start;
      } else {
        this.splice(top.start, top.start, top.text);
        this.point = top.start + top.text.length;
      }
    }
    this.point = Math.min(this.point, this.length);
    return true;
  }

  /** True when undo has something to take back. */
  get changed(): boolean {
    return this.changes.length > 0;
  }

  /** The offset after the character at `at`, its combining marks included. */
  after(at: number): number {
    const { contents } = this;
    if (at >= contents.length) return contents.length;
    let next = at + unitsAt(contents, at);
    while (next < contents.length && isZeroWidth(contents.codePointAt(next)!)) next += unitsAt(contents, next);
    return next;
  }

  /** The offset of the character before `at`. */
  before(at: number): number {
    const { contents } = this;
    let previous = at;
    do previous = previousUnit(contents, previous);
    while (previous > 0 && isZeroWidth(contents.codePointAt(previous)!));
    return Math.max(0, previous);
  }

  /** The end of the word at or after `at` (forward-word). */
  wordEnd(at: number): number {
    let i = at;
    while (i < this.length && !this.inWord(i)) i = this.after(i);
    while (i < this.length && this.inWord(i)) i = this.after(i);
    return i;
  }

  /** The start of the word before `at` (backward-word). */
  wordStart(at: number): number {
    let i = at;
    while (i > 0 && !this.inWord(this.before(i))) i = this.before(i);
    while (i > 0 && this.inWord(this.before(i))) i = this.before(i);
    return i;
  }

  /** The start of the white-space delimited word before `at` (unix-word-rubout). */
  fieldStart(at: number): number {
    let i = at;
    while (i > 0 && /\s/.test(this.contents[i - 1]!)) i--;
    while (i > 0 && !/\s/.test(this.contents[i - 1]!)) i--;
    return i;
  }

  /** Words of readline are letters and digits; an underscore is neither. */
  private inWord(at: number): boolean {
    const code = this.contents.charCodeAt(at);
    if (code < 0x80) return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
    return /[\p{L}\p{N}]/u.test(String.fromCodePoint(this.contents.codePointAt(at)!));
  }

  private splice(start: number, end: number, text: string): void {
    const { contents } = this;
    this.contents = start === contents.length ? contents + text : contents.slice(0, start) + text + contents.slice(end);
    this.dirty = Math.min(this.dirty, start);
    this.mark = Math.min(this.mark, this.contents.length);
  }

  private recordTyped(start: number, end: number): void {
    for (let at = start; at < end;) {
      const last = this.changes[this.changes.length - 1];
      if (last?.kind === 'insert' && last.typed && last.end === at && at - last.start < TYPED_TOGETHER) {
        last.end = this.charEnd(Math.min(end, last.start + TYPED_TOGETHER));
        at = last.end;
      } else {
        const stop = this.charEnd(Math.min(end, at + TYPED_TOGETHER));
        this.changes.push({ kind: 'insert', start: at, end: stop, typed: true, group: this.nextGroup() });
        at = stop;
      }
    }
  }

  /** `at`, or one more where that would cut a surrogate pair. */
  private charEnd(at: number): number {
    const code = this.contents.charCodeAt(at);
    return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
  }

  private nextGroup(): number {
    return this.depth > 0 ? this.group : ++this.group;
  }
}

function unitsAt(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1;
}

function previousUnit(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xdc00 && code <= 0xdfff && at >= 2 ? at - 2 : at - 1;
}
