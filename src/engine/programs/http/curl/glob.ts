/** curl's globbing: one word names several URLs, by `{a,b}` and by `[1-10:2]` or `[a-z]` (src/tool_urlglob.c of 7.88). */
import { CurlError } from './error';

/** More URLs than this are refused: curl would go on, a page would not. */
const MOST = 10_000;

/** A URL of a pattern, and what its braces and brackets stand for in it: `#1`, `#2` ... of -o. */
export interface GlobbedUrl {
  readonly url: string;
  readonly parts: readonly string[];
}

/** @throws CurlError 3, with the place: a position counts from 1 */
function refuse(what: string, text: string, position: number): never {
  throw new CurlError(3, `${what} in URL position ${position}:\n${text}\n${' '.repeat(position - 1)}^`);
}

/** The words of `{...}`, and the index behind it. */
function set(text: string, open: number): [string[], number] {
  const words = [''];
  for (let i = open + 1; i < text.length; i++) {
    const c = text[i]!;
    if (c === '{' || c === '[') refuse('nested brace', text, i + 1);
    if (c === ']') refuse('unexpected close bracket', text, i + 1);
    if (c === '}') {
      if (open + 1 === i) refuse('empty string within braces', text, i + 1);
      return [words, i + 1];
    }
    if (c === ',') words.push('');
    else words[words.length - 1] += c === '\\' && i + 1 < text.length ? text[++i]! : c;
  }
  return refuse('unmatched brace', text, open + 1);
}

/** The values of `[...]`, and the index behind it. */
function range(text: string, open: number): [string[], number] {
  const rest = text.slice(open + 1);
  const letters = /^([a-z])-([a-z])(?::(\d+))?\]/i.exec(rest);
  const numbers = /^(\d+)-(\d+)(?::(\d+))?\]/.exec(rest);
  const values: string[] = [];
  if (letters || (/^[a-z]/i.test(rest) && !numbers)) {
    const [low, high, step] = letters
      ? [letters[1]!.charCodeAt(0), letters[2]!.charCodeAt(0), Number(letters[3] ?? 1)]
      : [1, 0, 1];
    if (low > high || step < 1 || (low === high && step !== 1)) refuse('bad range', text, open + 2);
    for (let c = low; c <= high; c += step) values.push(String.fromCharCode(c));
    return [values, open + 1 + letters![0].length];
  }
  if (!/^\d/.test(rest)) refuse('bad range specification', text, open + 2);
  const [low, high, step] = numbers ? [Number(numbers[1]), Number(numbers[2]), Number(numbers[3] ?? 1)] : [1, 0, 1];
  if (!numbers || low > high || step < 1)
    refuse('bad range', text, open + 2 + (numbers?.[0] ?? /^\d+-?/.exec(rest)![0]).length);
  const width = numbers![1]!.startsWith('0') ? numbers![1]!.length : 0;
  for (let n = low; n <= high && values.length <= MOST; n += step) values.push(String(n).padStart(width, '0'));
  return [values, open + 1 + numbers![0].length];
}

/** The URLs of a pattern; the last of its parts changes fastest. @throws CurlError 3 */
export function globUrls(text: string): GlobbedUrl[] {
  let urls: GlobbedUrl[] = [{ url: '', parts: [] }];
  for (let i = 0; i < text.length;) {
    const c = text[i]!;
    // The brackets of an IPv6 address are its own.
    const literal = /^\[[0-9a-f:.]*:[0-9a-f:.]*(%[^\]]*)?\]/i.exec(text.slice(i))?.[0];
    if (literal !== undefined || (c !== '{' && c !== '[')) {
      if (c === '}' || c === ']') refuse('unmatched close brace/bracket', text, i + 1);
      const escaped = c === '\\' && /[{}[\]]/.test(text[i + 1] ?? '');
      const plain = literal ?? (escaped ? text[i + 1]! : c);
      urls = urls.map((u) => ({ url: u.url + plain, parts: u.parts }));
      i += literal?.length ?? (escaped ? 2 : 1);
      continue;
    }
    const [values, next] = c === '{' ? set(text, i) : range(text, i);
    urls = urls.flatMap((u) => values.map((v) => ({ url: u.url + v, parts: [...u.parts, v] })));
    if (urls.length > MOST) throw new CurlError(3, `not simulated in this course: more than ${MOST} URLs of a pattern`);
    i = next;
  }
  return urls;
}

/** The file of -o for a URL: `#1` is its first part. */
export function globOutput(name: string, parts: readonly string[]): string {
  return name.replace(/#(\d+)/g, (all, n: string) => parts[Number(n) - 1] ?? all);
}
