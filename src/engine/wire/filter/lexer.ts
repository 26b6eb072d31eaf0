/** Tokens of pcap filter expressions (pcap-filter(7)). */
import { ip6ToBytesLoose } from '../ip6-address';
import { parseMac } from '../mac';

/** A token. `word` covers keywords, names and numbers; `text` is as typed. */
export interface Token {
  readonly kind: 'word' | 'mac' | 'ip6' | 'symbol' | 'end';
  readonly text: string;
  /** Typed with a leading backslash: a name, never a keyword. */
  readonly escaped: boolean;
}

/** An expression that libpcap would refuse; the message is what it says after `tcpdump: `. */
export class FilterError extends Error {}

/** What libpcap calls everything its grammar does not cover. */
export function syntaxError(): FilterError {
  return new FilterError("can't parse filter expression: syntax error");
}

const SYMBOLS = ['<<', '>>', '<=', '>=', '==', '!=', '&&', '||'];
const WORD = /^[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/;
const COLONS = /^(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|\d+\.\d+\.\d+\.\d+)?/;

/** Splits an expression. @throws FilterError for characters no token starts with. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text;
  const push = (kind: Token['kind'], length: number, escaped = false): void => {
    tokens.push({ kind, text: rest.slice(0, length), escaped });
    rest = rest.slice(length);
  };
  for (;;) {
    rest = rest.replace(/^\s+/, '');
    if (rest === '') break;
    const colons = COLONS.exec(rest)?.[0];
    if (colons !== undefined) {
      if (parseMac(colons) !== undefined) {
        push('mac', colons.length);
        continue;
      }
      if (ip6ToBytesLoose(colons) !== undefined) {
        push('ip6', colons.length);
        continue;
      }
    }
    if (rest[0] === '\\') {
      rest = rest.slice(1);
      const name = WORD.exec(rest)?.[0];
      if (name === undefined) throw syntaxError();
      push('word', name.length, true);
      continue;
    }
    const word = WORD.exec(rest)?.[0];
    if (word !== undefined) {
      push('word', word.length);
      continue;
    }
    const pair = SYMBOLS.find((s) => rest.startsWith(s));
    if (pair !== undefined) push('symbol', 2);
    else if ('()[]!<>=&|+-*/%^:'.includes(rest[0]!)) push('symbol', 1);
    else throw syntaxError();
  }
  tokens.push({ kind: 'end', text: '', escaped: false });
  return tokens;
}

/** A number as C writes it (decimal, 0x hexadecimal, 0 octal); undefined when the word is none. */
export function parseNumber(word: string): number | undefined {
  let value: number;
  if (/^0[xX][0-9a-fA-F]+$/.test(word)) value = parseInt(word, 16);
  else if (/^0[0-7]+$/.test(word)) value = parseInt(word, 8);
  else if (/^\d+$/.test(word)) value = Number(word);
  else return undefined;
  if (value > 0xffffffff) throw new FilterError(`number ${word} overflows 32 bits`);
  return value;
}
