import type { LineBuffer } from './buffer';
import type { Editing } from './editing';

/** An editing command. `count` is the numeric argument, 1 without one; `given` tells whether there was one. */
export type Command = (e: Editing, count: number, given: boolean) => void;

/** Repeats a step from one offset to the next, `count` times forwards or backwards. */
function travel(
  buffer: LineBuffer,
  count: number,
  forward: (at: number) => number,
  back: (at: number) => number,
): number {
  let at = buffer.point;
  for (let n = 0; n < Math.abs(count); n++) {
    const next = count > 0 ? forward(at) : back(at);
    if (next === at) break;
    at = next;
  }
  return at;
}

const byCharacter = (b: LineBuffer, count: number): number =>
  travel(
    b,
    count,
    (at) => b.after(at),
    (at) => (at === 0 ? 0 : b.before(at)),
  );
const byWord = (b: LineBuffer, count: number): number =>
  travel(
    b,
    count,
    (at) => b.wordEnd(at),
    (at) => b.wordStart(at),
  );

/** A command that moves to the offset `find` tells; it rings when that is where the cursor is, unless `silent`. */
function move(find: (b: LineBuffer, count: number) => number, silent = false): Command {
  return (e, count) => {
    const to = find(e.buffer, count);
    if (to === e.buffer.point && !silent) e.ring();
    e.buffer.point = to;
  };
}

/** A command that kills up to the offset `find` tells. */
function killTo(find: (b: LineBuffer, count: number) => number): Command {
  return (e, count) => {
    const { buffer } = e;
    const to = find(buffer, count);
    if (to === buffer.point) e.ring();
    if (to < buffer.point) e.killBefore(to);
    else e.kill(buffer.point, to);
  };
}

/** A command that deletes up to the offset `find` tells; a numeric argument makes it a kill. */
function deleteTo(find: (b: LineBuffer, count: number) => number): Command {
  return (e, count, given) => {
    const { buffer } = e;
    const to = find(buffer, count);
    if (to === buffer.point) e.ring();
    else if (given) killTo(find)(e, count, given);
    else buffer.remove(Math.min(to, buffer.point), Math.max(to, buffer.point));
  };
}

/** Goes to the next (or previous) place of the character that is typed next (character-search). */
function toCharacter(direction: 1 | -1): Command {
  return (e, count) => {
    e.character = (char) => {
      const { buffer } = e;
      const step = count * direction > 0 ? 1 : -1;
      let at = buffer.point;
      for (let n = 0; n < Math.abs(count) && at >= 0; n++) {
        at = step > 0 ? buffer.text.indexOf(char, at + 1) : at === 0 ? -1 : buffer.text.lastIndexOf(char, at - 1);
      }
      if (at < 0) e.ring();
      else buffer.point = at;
    };
  };
}

const quotedInsert: Command = (e, count) => {
  e.character = (char) => e.buffer.insert(char.repeat(Math.max(1, count)), true);
};

const capitalize = (word: string): string => {
  const [first = '', ...rest] = word;
  return first.toUpperCase() + rest.join('').toLowerCase();
};

const start = move(() => 0, true);
const end = move((b) => b.length, true);
const forward = move((b, n) => byCharacter(b, n));
const backward = move((b, n) => byCharacter(b, -n));
const forwardWord = move((b, n) => byWord(b, n), true);
const backwardWord = move((b, n) => byWord(b, -n), true);
const deleteNext = deleteTo((b, n) => byCharacter(b, n));
const deletePrevious = deleteTo((b, n) => byCharacter(b, -n));
const killWord = killTo((b, n) => byWord(b, n));
const backwardKillWord = killTo((b, n) => byWord(b, -n));
const earlier: Command = (e, count) => e.entry(Math.max(0, e.history.index - count));
const later: Command = (e, count) => e.entry(Math.min(e.history.lines.length, e.history.index + count));
const undo: Command = (e, count) => {
  for (let n = 0; n < count; n++) if (!e.buffer.undo()) return e.ring();
};
const setMark: Command = (e) => {
  e.buffer.mark = e.buffer.point;
};
const lastArgument: Command = (e, count, given) => e.lastArgument(given ? count : null);
const accept: Command = (e) => {
  e.accepted = true;
};

/** Commands by key: emacs mode as bash 5.2 sets it up, less what this course leaves out (macros, C-x C-e, C-o). */
export const BINDINGS: Readonly<Record<string, Command>> = {
  'C-a': start,
  home: start,
  'C-e': end,
  end,
  'C-f': forward,
  right: forward,
  'C-b': backward,
  left: backward,
  'M-f': forwardWord,
  'C-right': forwardWord,
  'M-right': forwardWord,
  'M-b': backwardWord,
  'C-left': backwardWord,
  'M-left': backwardWord,
  'C-d': deleteNext,
  delete: deleteNext,
  'C-h': deletePrevious,
  backspace: deletePrevious,
  'C-k': killTo((b, n) => (n > 0 ? b.length : 0)),
  'C-u': killTo((b, n) => (n > 0 ? 0 : b.length)),
  'C-x backspace': killTo(() => 0),
  'C-w': killTo((b, n) => {
    let at = b.point;
    for (let i = 0; i < Math.max(1, n); i++) at = b.fieldStart(at);
    return at;
  }),
  'M-d': killWord,
  'C-delete': killWord,
  'M-backspace': backwardKillWord,
  'M-C-h': backwardKillWord,
  'C-y': (e) => e.yank(),
  'M-y': (e) => e.yankPop(),
  'C-t': (e) => e.transposeCharacters(),
  'M-t': (e) => e.transposeWords(),
  'M-u': (e, n) => e.mapWords(n, (word) => word.toUpperCase()),
  'M-l': (e, n) => e.mapWords(n, (word) => word.toLowerCase()),
  'M-c': (e, n) => e.mapWords(n, capitalize),
  'C-_': undo,
  'C-x C-u': undo,
  'M-r': (e) => e.history.revert(),
  'M-C-r': (e) => e.history.revert(),
  'C-p': earlier,
  up: earlier,
  'C-n': later,
  down: later,
  'M-<': (e) => e.entry(0),
  'M->': (e) => e.entry(e.history.lines.length),
  pgup: (e) => e.entryLike(-1),
  pgdn: (e) => e.entryLike(1),
  'M-.': lastArgument,
  'M-_': lastArgument,
  'M-C-y': (e, count, given) => {
    // Unlike yank-last-arg it does not go on to earlier lines.
    e.previous = null;
    e.lastArgument(given ? count : 1);
    e.current = null;
  },
  'C-v': quotedInsert,
  'C-q': quotedInsert,
  insert: quotedInsert,
  'C-]': toCharacter(1),
  'M-C-]': toCharacter(-1),
  'C-@': setMark,
  'M- ': setMark,
  'C-x C-x': (e) => {
    const { buffer } = e;
    [buffer.mark, buffer.point] = [buffer.point, Math.min(buffer.mark, buffer.length)];
  },
  'M-\\': (e) => {
    const { buffer } = e;
    let from = buffer.point;
    let to = buffer.point;
    while (from > 0 && /[ \t]/.test(buffer.text[from - 1]!)) from--;
    while (to < buffer.length && /[ \t]/.test(buffer.text[to]!)) to++;
    buffer.remove(from, to);
  },
  'M-#': (e) => {
    e.buffer.point = 0;
    e.buffer.insert('#');
    e.accepted = true;
  },
  'C-g': (e) => e.ring(),
  enter: accept,
};
