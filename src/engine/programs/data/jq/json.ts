import type { Json } from './value';
import { isArray } from './value';

/** A mistake in JSON text, worded as jq 1.6 words it. */
export class JsonError extends Error {}

type Open = { array: Json[] } | { object: Map<string, Json>; key: string | undefined };

const SPACE = ' \t\r\n';
const STRUCTURE = '[{:,]}';
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const MAX_DEPTH = 256;

/** Reads a stream of JSON texts piece by piece. */
export class JsonReader {
  private line = 1;
  private column = 0;
  private readonly stack: Open[] = [];
  private next: Json | undefined;
  private token = '';
  private state: 'normal' | 'string' | 'escape' = 'normal';
  private text = '';
  private at = 0;

  /** Gives it more text; what was given before must be used up. */
  feed(text: string): void {
    this.text = this.at < this.text.length ? this.text.slice(this.at) + text : text;
    this.at = 0;
  }

  /** The next value; undefined when the text is used up. @throws JsonError */
  read(): Json | undefined {
    while (this.at < this.text.length) {
      const ch = this.text[this.at++]!;
      const value = this.scan(ch);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** What the end of the text completes. @throws JsonError */
  end(): Json | undefined {
    const fail = (m: string): never => {
      throw new JsonError(`${m} at EOF at line ${this.line}, column ${this.column}`);
    };
    if (this.state !== 'normal') fail('Unfinished string');
    try {
      this.literal();
    } catch (e) {
      if (!(e instanceof Fault)) throw e;
      fail(e.message);
    }
    if (this.stack.length > 0) fail('Unfinished JSON term');
    const value = this.next;
    this.next = undefined;
    return value;
  }

  private scan(ch: string): Json | undefined {
    this.column +=
      ch.charCodeAt(0) < 0x80 ? 1 : ch.charCodeAt(0) < 0x800 ? 2 : (ch.charCodeAt(0) & 0xf800) === 0xd800 ? 2 : 3;
    if (ch === '\n') {
      this.line++;
      this.column = 0;
    }
    try {
      if (this.state !== 'normal') {
        if (ch === '"' && this.state === 'string') {
          const s = unescape(this.token);
          this.token = '';
          this.state = 'normal';
          this.value(s);
          return this.done();
        }
        this.token += ch;
        this.state = ch === '\\' && this.state === 'string' ? 'escape' : 'string';
        return undefined;
      }
      if (SPACE.includes(ch) || STRUCTURE.includes(ch) || ch === '"') {
        this.literal();
        if (STRUCTURE.includes(ch)) {
          // A complete value ends before a structure that begins a new one or is out of place.
          this.structure(ch);
        } else if (ch === '"') this.state = 'string';
        return this.done();
      }
      this.token += ch;
      return undefined;
    } catch (e) {
      if (e instanceof Fault) throw new JsonError(`${e.message} at line ${this.line}, column ${this.column}`);
      throw e;
    }
  }

  private done(): Json | undefined {
    if (this.stack.length > 0 || this.next === undefined) return undefined;
    const value = this.next;
    this.next = undefined;
    return value;
  }

  private value(v: Json): void {
    if (this.next !== undefined) throw new Fault('Expected separator between values');
    this.next = v;
  }

  private literal(): void {
    const { token } = this;
    if (token === '') return;
    const word =
      token[0] === 't'
        ? 'true'
        : token[0] === 'f'
          ? 'false'
          : token[0] === 'n' && token.length !== 3
            ? 'null'
            : undefined;
    if (word) {
      if (token !== word) throw new Fault('Invalid literal');
      this.token = '';
      this.value(word === 'null' ? null : word === 'true');
      return;
    }
    const nan = /^[+-]?nan$/i.test(token);
    if (!nan && !NUMBER.test(token)) throw new Fault('Invalid numeric literal');
    this.token = '';
    this.value(nan ? NaN : Number(token));
  }

  private structure(ch: string): void {
    const top = this.stack[this.stack.length - 1];
    switch (ch) {
      case '[':
      case '{':
        if (this.stack.length >= MAX_DEPTH) throw new Fault('Exceeds depth limit for parsing');
        if (this.next !== undefined) throw new Fault('Expected separator between values');
        this.stack.push(ch === '[' ? { array: [] } : { object: new Map(), key: undefined });
        return;
      case ':':
        if (this.next === undefined) throw new Fault("Expected string key before ':'");
        if (!top || 'array' in top) throw new Fault("':' not as part of an object");
        if (top.key !== undefined) throw new Fault("':' should follow a key");
        if (typeof this.next !== 'string') throw new Fault('Object keys must be strings');
        top.key = this.next;
        this.next = undefined;
        return;
      case ',':
        if (this.next === undefined || !top) throw new Fault("Expected value before ','");
        if ('array' in top) top.array.push(this.next);
        else {
          if (top.key === undefined) throw new Fault('Objects must consist of key:value pairs');
          top.object.set(top.key, this.next);
          top.key = undefined;
        }
        this.next = undefined;
        return;
      case ']':
        if (!top || !('array' in top)) throw new Fault("Unmatched ']'");
        if (this.next !== undefined) top.array.push(this.next);
        else if (top.array.length > 0) throw new Fault('Expected another array element');
        this.next = top.array;
        this.stack.pop();
        return;
      default:
        if (!top || 'array' in top) throw new Fault("Unmatched '}'");
        if (this.next !== undefined) {
          if (top.key === undefined) throw new Fault('Objects must consist of key:value pairs');
          top.object.set(top.key, this.next);
        } else {
          if (top.key !== undefined) throw new Fault("Unmatched '}'");
          if (top.object.size > 0) throw new Fault('Expected another key-value pair');
        }
        this.next = top.object;
        this.stack.pop();
    }
  }
}

class Fault extends Error {}

const SIMPLE: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '/': '/', '\\': '\\' };

function unescape(token: string): string {
  if (!/[\\\x00-\x1f]/.test(token)) return token;
  let out = '';
  for (let i = 0; i < token.length; i++) {
    const ch = token[i]!;
    if (ch !== '\\') {
      if (ch < ' ') throw new Fault('Invalid string: control characters from U+0000 through U+001F must be escaped');
      out += ch;
      continue;
    }
    const c = token[++i] ?? '';
    if (c !== 'u') {
      const s = SIMPLE[c];
      if (s === undefined) throw new Fault('Invalid escape');
      out += s;
      continue;
    }
    const code = hex(token, i + 1);
    i += 4;
    if (code >= 0xd800 && code < 0xdc00) {
      if (token[i + 1] !== '\\' || token[i + 2] !== 'u')
        throw new Fault('Invalid \\uXXXX\\uXXXX surrogate pair escape');
      const low = hex(token, i + 3);
      if (low < 0xdc00 || low > 0xdfff) throw new Fault('Invalid \\uXXXX\\uXXXX surrogate pair escape');
      i += 6;
      out += String.fromCharCode(code, low);
    } else out += code >= 0xdc00 && code < 0xe000 ? '\ufffd' : String.fromCharCode(code);
  }
  return out;
}

function hex(token: string, at: number): number {
  const digits = token.slice(at, at + 4);
  if (digits.length < 4) throw new Fault('Invalid \\uXXXX escape');
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Fault('Invalid characters in \\uXXXX escape');
  return parseInt(digits, 16);
}

/** One JSON text (jv_parse): undefined for none. @throws JsonError with the text in the message, as `fromjson` reports it. */
export function parseJson(text: string): Json | undefined {
  const reader = new JsonReader();
  try {
    reader.feed(text);
    const first = reader.read();
    if (first === undefined) return reader.end();
    const more = reader.read() ?? reader.end();
    if (more !== undefined) throw new JsonError('Unexpected extra JSON values');
    return first;
  } catch (e) {
    if (e instanceof JsonError) throw new JsonError(`${e.message} (while parsing '${text}')`);
    throw e;
  }
}

/** A value of plain JavaScript data. */
export function fromPlain(v: unknown): Json {
  if (Array.isArray(v)) return v.map(fromPlain);
  if (typeof v === 'object' && v !== null) return new Map(Object.entries(v).map(([k, x]) => [k, fromPlain(x)]));
  return v as Json;
}

/** Copies of the containers, for changing. */
export const copyArray = (v: Json): Json[] => (isArray(v) ? [...v] : []);
