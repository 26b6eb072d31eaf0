/** iproute2's hand-made argument parsing: prefixes match, keywords are looked up in order, errors end the program. */
import { parseIp, parseIp4, parseIp6, parsePrefix } from '../../../wire';
import type { IpAddress } from '../../../wire';

/** Address family that a command is limited to. */
export type Family = 'unspec' | 'inet' | 'inet6' | 'link' | 'bridge' | 'mpls';

/** Ends the program: what exit(3) after fprintf(stderr, ...) does. */
export class Quit extends Error {
  constructor(
    /** Exit status 0-255. */
    readonly status: number,
    /** Text for standard error. */
    readonly text = '',
    /** Text for standard output, for usages that go there. */
    readonly stdout = '',
  ) {
    super(text);
  }
}

/** True when `word` is an abbreviation of `keyword` (the empty word too). */
export function matches(word: string, keyword: string): boolean {
  return keyword.startsWith(word);
}

/** The words of a command line and a position in them. */
export class Args {
  private at = 0;

  constructor(readonly words: readonly string[]) {}

  /** True when words are left. */
  get more(): boolean {
    return this.at < this.words.length;
  }

  get left(): number {
    return this.words.length - this.at;
  }

  /** The current word; empty at the end. */
  get word(): string {
    return this.words[this.at] ?? '';
  }

  /** The word after the current one. */
  get ahead(): string | undefined {
    return this.words[this.at + 1];
  }

  /** Steps over the current word. */
  skip(): void {
    this.at++;
  }

  /** Steps back by one word (PREV_ARG). */
  back(): void {
    this.at--;
  }

  /** Takes the current word. */
  take(): string {
    return this.words[this.at++] ?? '';
  }

  /** Steps to the next word, which must be there (NEXT_ARG). @throws Quit */
  next(): string {
    this.at++;
    if (this.at >= this.words.length) incomplete();
    return this.words[this.at]!;
  }

  /** The words from the current one on. */
  rest(): string[] {
    return this.words.slice(this.at);
  }

  /** True when the current word abbreviates `keyword`. */
  matches(keyword: string): boolean {
    return matches(this.word, keyword);
  }

  /** True when the current word is `keyword`. */
  is(keyword: string): boolean {
    return this.word === keyword;
  }
}

/** A word is missing. */
export function incomplete(): never {
  throw new Quit(255, 'Command line is not complete. Try option "help"\n');
}

/** A keyword's value is no good. `message` may end in a newline of its own, as some of the original's do. */
export function invalidArgument(message: string, word: string): never {
  throw new Quit(255, `Error: argument "${word}" is wrong: ${message}\n`);
}

/** @throws Quit: an argument that must be given is missing */
export function missingArgument(key: string): never {
  throw new Quit(255, `Error: argument "${key}" is required\n`);
}

/** @throws Quit: a keyword was given twice */
export function duplicate(key: string, word: string): never {
  throw new Quit(255, `Error: duplicate "${key}": "${word}" is the second value.\n`);
}

/** @throws Quit: a second word where one device or address stands */
export function duplicateOrGarbage(key: string, word: string): never {
  throw new Quit(255, `Error: either "${key}" is duplicate, or "${word}" is a garbage.\n`);
}

/** `on` or `off`, the only values some keywords take. */
export function onOff(keyword: string, word: string): boolean {
  if (word === 'on') return true;
  if (word === 'off') return false;
  throw new Quit(1, `Error: argument of "${keyword}" must be "on" or "off", not "${word}"\n`);
}

function familyName(family: Family): string {
  return family === 'unspec' ? 'any valid' : family;
}

/** A parsed prefix; `address` undefined for `default`, `any` and `all`. */
export interface PrefixArgument {
  readonly family: 'inet' | 'inet6' | 'unspec';
  readonly address: IpAddress | undefined;
  readonly length: number;
  /** False when no `/N` was given. */
  readonly explicit: boolean;
}

/** `default`, an address or `ADDRESS/LENGTH`; undefined when it is none of them. */
export function readPrefix(word: string, family: Family): PrefixArgument | undefined {
  if (word === 'default' || word === 'any' || word === 'all') {
    if (family === 'link') return undefined;
    const f = family === 'inet' || family === 'inet6' ? family : 'unspec';
    return { family: f, address: undefined, length: 0, explicit: false };
  }
  const slash = word.indexOf('/');
  const head = slash < 0 ? word : word.slice(0, slash);
  const address = readAddress(head, family);
  if (address === undefined || typeof address === 'symbol') return undefined;
  const bits = typeof address === 'number' ? 32 : 128;
  const found = typeof address === 'number' ? 'inet' : 'inet6';
  if (slash < 0) return { family: found, address, length: bits, explicit: false };
  const tail = word.slice(slash + 1);
  const length = prefixLength(tail, bits);
  if (length === undefined) return undefined;
  return { family: found, address, length, explicit: true };
}

function prefixLength(text: string, bits: number): number | undefined {
  const n = readUnsigned(text, 0xffffffff);
  if (n !== undefined) return n <= bits ? n : undefined;
  if (bits !== 32) return undefined;
  const mask = parseIp4(text);
  if (mask === undefined) return undefined;
  const inverse = ~mask >>> 0;
  if ((inverse & (inverse + 1)) !== 0) return undefined;
  return mask === 0 ? 0 : 32 - (inverse === 0 ? 0 : 32 - Math.clz32(inverse));
}

/** An address of the family; IPv4 may have fewer than four parts, the missing ones being zero (10.1 is 10.1.0.0). */
export function readAddress(word: string, family: Family): IpAddress | undefined {
  if (word === 'default' || word === 'any' || word === 'all') {
    return family === 'inet6' ? '::' : 0;
  }
  if (word.includes(':')) {
    if (family !== 'unspec' && family !== 'inet6') return undefined;
    return parseIp6(word);
  }
  if (family !== 'unspec' && family !== 'inet') return undefined;
  const parts = word.split('.');
  if (parts.length > 4) return undefined;
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const part = parts[i];
    if (part === undefined) {
      value *= 256;
      continue;
    }
    if (part === '') return undefined;
    const n = readUnsigned(part, 255);
    if (n === undefined) return undefined;
    value = value * 256 + n;
  }
  return value;
}

/** @throws Quit "... prefix is expected rather than ..." */
export function prefixArgument(word: string, family: Family): PrefixArgument {
  if (family === 'link')
    throw new Quit(1, `Error: "${word}" may be inet prefix, but it is not allowed in this context.\n`);
  const prefix = readPrefix(word, family);
  if (!prefix) throw new Quit(1, `Error: ${familyName(family)} prefix is expected rather than "${word}".\n`);
  return prefix;
}

/** @throws Quit "... address is expected rather than ..." */
export function addressArgument(word: string, family: Family): IpAddress {
  const address = readAddress(word, family);
  if (address === undefined)
    throw new Quit(1, `Error: ${familyName(family)} address is expected rather than "${word}".\n`);
  return address;
}

/** strtoul(3) with base 0 over the whole word, at most `max`; undefined when it is no such number. */
export function readUnsigned(text: string, max = 0xffffffff): number | undefined {
  const t = text.trimStart();
  let n: number;
  if (/^[+]?0x[0-9a-f]+$/i.test(t)) n = parseInt(t.replace('+', ''), 16);
  else if (/^[+]?0[0-7]*$/.test(t)) n = parseInt(t, 8);
  else if (/^[+]?[1-9]\d*$/.test(t)) n = Number(t);
  else if (/^-\d+$/.test(t)) {
    // strtoul negates in its own width, which then is out of range for all but the widest types.
    return Number(t) === 0 ? 0 : undefined;
  } else return undefined;
  return n <= max ? n : undefined;
}

/** strtol(3) with base 0 over the whole word. */
export function readSigned(text: string, min = -0x80000000, max = 0x7fffffff): number | undefined {
  const m = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  if (!m) return undefined;
  const digits = m[2]!;
  const size = /^0x/i.test(digits)
    ? parseInt(digits, 16)
    : digits.startsWith('0')
      ? parseInt(digits, 8)
      : Number(digits);
  const n = m[1] === '-' ? -size : size;
  return n >= min && n <= max ? n : undefined;
}

/** A MAC address in any spelling ll_addr_a2n takes. @throws Quit */
export function lladdrArgument(word: string): Uint8Array {
  if (word.includes('.') && !word.includes(':')) {
    const a = parseIp(word);
    if (typeof a === 'number') return Uint8Array.of(a >>> 24, a >>> 16, a >>> 8, a);
  }
  const out: number[] = [];
  for (const part of word.split(':')) {
    if (!/^\s*[+-]?(0x)?[0-9a-f]+$/i.test(part)) throw new Quit(1, `"${part}" is invalid lladdr.\n`);
    const n = parseInt(part, 16);
    if (n < 0 || n > 255) throw new Quit(1, `"${part}" is invalid lladdr.\n`);
    out.push(n);
    if (out.length >= 32) break;
  }
  return Uint8Array.from(out);
}

/** Colon-joined hex. */
export function formatLladdr(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(':');
}

/** False for interface names the kernel would refuse at once: empty, over 15 characters, with a slash or white space. */
export function isInterfaceName(name: string): boolean {
  return name !== '' && name.length < 16 && !/[/\s]/.test(name);
}

export { parsePrefix };

/** Something `ip` would understand and this course does not simulate. @throws Quit */
export function notSimulated(what: string): never {
  throw new Quit(2, `ip: not simulated in this course: ${what}\n`);
}

/** atoi(3): the number that a word begins with; 0 when it begins with none. */
export function atoi(word: string): number {
  return Number(/^\s*[+-]?\d+/.exec(word)?.[0] ?? 0);
}
