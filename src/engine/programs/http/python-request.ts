/** What the first line of a request says (BaseHTTPRequestHandler.parse_request of Python 3.11). */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** Empty for HTTP/0.9, whose answers have no head. */
  readonly version: string;
}

/** Why a first line is refused. */
export interface Refusal {
  readonly code: 400 | 505;
  readonly message: string;
}

/** Reads a request's first line, without its end. @returns undefined for a line without a word, which is not answered. */
export function parseRequestLine(line: string): RequestLine | Refusal | undefined {
  const words = line.split(/\s+/).filter((w) => w !== '');
  if (words.length === 0) return undefined;
  const [method = '', target = ''] = words;
  if (words.length >= 3) {
    const version = words.at(-1)!;
    const number = /^HTTP\/(\d{1,10})\.\d{1,10}$/.exec(version);
    if (!number) return { code: 400, message: `Bad request version (${repr(version)})` };
    if (Number(number[1]) >= 2) return { code: 505, message: `Invalid HTTP version (${version.slice(5)})` };
  }
  if (words.length === 1 || words.length > 3) return { code: 400, message: `Bad request syntax (${repr(line)})` };
  if (words.length === 2 && method !== 'GET')
    return { code: 400, message: `Bad HTTP/0.9 request type (${repr(method)})` };
  return { method, target: target.replace(/^\/\/+/, '/'), version: words[2] ?? '' };
}

/** Python's repr() of a string whose characters are bytes. */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = '';
  for (const c of text) {
    if (c === '\\' || c === quote) out += `\\${c}`;
    else out += NAMED[c] ?? (unprintable(c) ? hex(c) : c);
  }
  return `${quote}${out}${quote}`;
}

/** A line of the log: control characters and backslashes escaped. */
export function logged(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\\]/g, (c) => (c === '\\' ? '\\\\' : hex(c)));
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function unprintable(c: string): boolean {
  const code = c.charCodeAt(0);
  return code < 0x20 || (code >= 0x7f && code <= 0xa0) || code === 0xad;
}

function hex(c: string): string {
  return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
