import { concat, decode, EMPTY } from '../../core';

/**
 * What the user did. `text` is a run of printable characters; `paste` is a bracketed paste, whole; `key` has readline's
 * name of the key: `C-a`, `M-f`, `M-C-h`, `enter`, `tab`, `backspace`, `escape`, `up`, `C-left`, `M-left`, `delete` ...
 * and `unknown` for sequences that mean nothing here.
 */
export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'key'; readonly name: string };

const ESC = 0x1b;
/** Ends a bracketed paste: ESC [ 2 0 1 ~. */
const PASTE_END = Uint8Array.of(ESC, 0x5b, 0x32, 0x30, 0x31, 0x7e);

/** Keys that end in a letter: `ESC [ A`, `ESC O A`, `ESC [ 1 ; 5 A`. */
const LETTER_KEYS: Record<string, string> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'S-tab',
};

/** Keys of the form `ESC [ N ~`. */
const NUMBER_KEYS: Record<number, string> = {
  1: 'home',
  2: 'insert',
  3: 'delete',
  4: 'end',
  5: 'pgup',
  6: 'pgdn',
  7: 'home',
  8: 'end',
};

/** Turns the terminal's bytes into keys. Sequences and characters may be split over any number of reads. */
export class KeyDecoder {
  private bytes: Uint8Array = EMPTY;
  private at = 0;
  /** Pieces of a bracketed paste whose end has not come yet. */
  private paste: Uint8Array[] | null = null;

  /** Adds what a read returned. */
  feed(bytes: Uint8Array): void {
    this.bytes = this.at === this.bytes.length ? bytes : concat([this.bytes.subarray(this.at), bytes]);
    this.at = 0;
  }

  /** The bytes that no key has used; they are forgotten here. */
  takeRest(): Uint8Array {
    const rest = this.bytes.subarray(this.at);
    this.bytes = EMPTY;
    this.at = 0;
    this.paste = null;
    return rest;
  }

  /** True when the only thing left is an escape, which may be a key of its own or the start of a sequence. */
  get loneEscape(): boolean {
    return this.at === this.bytes.length - 1 && this.bytes[this.at] === ESC && !this.paste;
  }

  /** Takes the escape that `loneEscape` told of as a key. */
  takeEscape(): Key {
    this.at++;
    return { kind: 'key', name: 'escape' };
  }

  /** The next character whatever it is (quoted-insert), or undefined when it has not come yet. */
  nextCharacter(): string | undefined {
    const first = this.bytes[this.at];
    if (first === undefined) return undefined;
    const length = sequenceLength(first);
    if (this.at + length > this.bytes.length) return undefined;
    const text = decode(this.bytes.subarray(this.at, this.at + length));
    // Malformed: one byte at a time.
    const used = text.length > 2 ? 1 : length;
    this.at += used;
    return used === length ? text : '\ufffd';
  }

  /** The next key, or undefined when more bytes are needed. */
  next(): Key | undefined {
    if (this.paste) return this.pasted(this.paste);
    const first = this.bytes[this.at];
    if (first === undefined) return undefined;
    if (first === ESC) return this.escape();
    if (first >= 0x20 && first !== 0x7f) return this.text();
    this.at++;
    return { kind: 'key', name: controlName(first) };
  }

  private text(): Key | undefined {
    const { bytes } = this;
    let end = this.at;
    while (end < bytes.length && bytes[end]! >= 0x20 && bytes[end] !== 0x7f) end++;
    // A character that the read has cut in two waits for its other part.
    if (end === bytes.length) end = wholeCharacters(bytes, this.at, end);
    if (end === this.at) return undefined;
    const text = decode(bytes.subarray(this.at, end));
    this.at = end;
    return { kind: 'text', text };
  }

  private escape(): Key | undefined {
    const { bytes, at } = this;
    const second = bytes[at + 1];
    if (second === undefined) return undefined;
    if (second === 0x5b || second === 0x4f) return this.sequence(at + 1, '');
    if (second === ESC) {
      const third = bytes[at + 2];
      if (third === undefined) return undefined;
      if (third === 0x5b || third === 0x4f) return this.sequence(at + 2, 'M-');
      this.at++;
      return this.escape();
    }
    if (second < 0x20 || second === 0x7f) {
      this.at = at + 2;
      return { kind: 'key', name: `M-${controlName(second)}` };
    }
    const length = sequenceLength(second);
    if (at + 1 + length > bytes.length) return undefined;
    this.at = at + 1 + length;
    return { kind: 'key', name: `M-${decode(bytes.subarray(at + 1, this.at))}` };
  }

  /** A control sequence whose introducer, `[` or `O`, is at `start`. */
  private sequence(start: number, meta: string): Key | undefined {
    const { bytes } = this;
    let end = start + 1;
    if (bytes[start] === 0x5b) while (end < bytes.length && bytes[end]! >= 0x20 && bytes[end]! < 0x40) end++;
    const final = bytes[end];
    if (final === undefined) return undefined;
    // A control character cannot be part of it: what came before is dropped.
    const whole = final >= 0x40 && final <= 0x7e;
    this.at = whole ? end + 1 : end;
    if (!whole) return { kind: 'key', name: 'unknown' };
    const [number, modifier] = decode(bytes.subarray(start + 1, end)).split(';');
    const letter = String.fromCharCode(final);
    if (letter === '~' && number === '200') {
      this.paste = [];
      return this.next();
    }
    const name = letter === '~' ? NUMBER_KEYS[Number(number)] : LETTER_KEYS[letter];
    // Modifiers are 1 + (1 shift, 2 alt, 4 control); rxvt sends ESC [ 5 D for Ctrl-Left.
    const bits = modifier !== undefined ? Number(modifier) - 1 : letter !== '~' && number === '5' ? 4 : 0;
    if (!name || Number.isNaN(bits)) return { kind: 'key', name: 'unknown' };
    return { kind: 'key', name: (bits & 4 ? 'C-' : bits & 2 ? 'M-' : meta) + name };
  }

  private pasted(pieces: Uint8Array[]): Key | undefined {
    const { bytes } = this;
    const end = indexOf(bytes, PASTE_END, this.at);
    if (end < 0) {
      // The end mark may be cut in two: its first bytes stay here.
      const keep = Math.max(this.at, bytes.length - PASTE_END.length + 1);
      if (keep > this.at) pieces.push(bytes.subarray(this.at, keep));
      this.at = keep;
      return undefined;
    }
    pieces.push(bytes.subarray(this.at, end));
    this.at = end + PASTE_END.length;
    this.paste = null;
    return { kind: 'paste', text: decode(concat(pieces)).replace(/\r\n?/g, '\n') };
  }
}

function controlName(byte: number): string {
  if (byte === 0x09) return 'tab';
  if (byte === 0x0a || byte === 0x0d) return 'enter';
  if (byte === 0x7f) return 'backspace';
  return `C-${String.fromCharCode(byte + 0x40).toLowerCase()}`;
}

/** Bytes of the UTF-8 sequence that `first` starts; 1 for what cannot start one. */
function sequenceLength(first: number): number {
  return first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc0 && first < 0xe0 ? 2 : 1;
}

/** The largest position up to `end` that does not cut a character in two. */
function wholeCharacters(bytes: Uint8Array, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back++) {
    const byte = bytes[end - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    return sequenceLength(byte) > back ? end - back : end;
  }
  return end;
}

function indexOf(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(mark[0]!, from); i >= 0; i = bytes.indexOf(mark[0]!, i + 1)) {
    if (mark.every((byte, n) => bytes[i + n] === byte)) return i;
  }
  return -1;
}
