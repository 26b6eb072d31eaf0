/** One HTTP request as nginx sees it: the request line, headers, the URI taken apart (ngx_http_parse.c). */
import { decode } from '../../../core';
import type { Header } from '../message';

/** What came of a request line and headers. */
export interface RequestHead {
  readonly line: string;
  readonly method: string;
  /** As the client sent it. */
  readonly target: string;
  /** Decoded and normalised path. */
  readonly uri: string;
  readonly args: string;
  /** `HTTP/1.1`, or `HTTP/0.9` without a version. */
  readonly protocol: string;
  readonly headers: readonly Header[];
  readonly length: number;
}

/** A request that cannot be understood: the status to answer with, and the line as far as it was read. */
export interface BadRequest {
  readonly bad: number;
  readonly line: string;
  /** Why, as the error log says at level info. */
  readonly why: string;
}

/** Bytes of a request head that are accepted (large_client_header_buffers 4 8k). */
const MAX_HEAD = 4 * 8192;

/** Decodes `%41`, collapses `//`, resolves `.` and `..`. @returns undefined for a path that leaves the root or has a bad escape */
export function normalisePath(path: string): string | undefined {
  let text = path;
  if (text.includes('%')) {
    if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
    const bytes: number[] = [];
    for (let i = 0; i < text.length; i++) {
      if (text[i] === '%') {
        bytes.push(parseInt(text.slice(i + 1, i + 3), 16));
        i += 2;
      } else bytes.push(...new TextEncoder().encode(text[i]));
    }
    if (bytes.includes(0)) return undefined;
    text = decode(Uint8Array.from(bytes));
  }
  if (!text.includes('//') && !/\/\.\.?(\/|$)/.test(text)) return text;
  const out: string[] = [];
  const parts = text.split('/').slice(1);
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1;
    if (part === '..') {
      if (out.length === 0) return undefined;
      out.pop();
      if (last) out.push('');
    } else if (part === '.' || (part === '' && !last)) {
      if (last) out.push('');
    } else out.push(part);
  }
  return `/${out.join('/')}`;
}

/** Reads a request head. @returns undefined while it is incomplete */
export function parseRequest(bytes: Uint8Array): RequestHead | BadRequest | undefined {
  const newline = bytes.indexOf(10);
  let begin = 0;
  // Empty lines before a request are skipped.
  while (bytes[begin] === 13 || bytes[begin] === 10) begin++;
  const end = bytes.indexOf(10, begin);
  const first = bytes[begin];
  if (first !== undefined && !(first >= 65 && first <= 90) && first !== 95 && first !== 45)
    return {
      bad: 400,
      line: rawLine(bytes.subarray(begin)),
      why: 'client sent invalid method while reading client request line',
    };
  if (end < 0 || newline < 0) {
    return bytes.length > MAX_HEAD
      ? { bad: 414, line: '', why: 'client sent too long URI while reading client request line' }
      : undefined;
  }
  const line = rawLine(bytes.subarray(begin, end));
  const m = /^([A-Z_-]+) +(\S+)(?: +HTTP\/(\d+)\.(\d+))? *$/.exec(line);
  if (!m) {
    const why = /^[A-Z_-]+( |$)/.test(line)
      ? 'client sent invalid request while reading client request line'
      : 'client sent invalid method while reading client request line';
    return { bad: 400, line, why };
  }
  const [, method = '', target = ''] = m;
  const protocol = m[3] === undefined ? 'HTTP/0.9' : `HTTP/${m[3]}.${m[4]!}`;
  if (m[3] !== undefined && Number(m[3]) > 1)
    return { bad: 505, line, why: 'client sent invalid version while reading client request line' };
  let path = target;
  const absolute = /^https?:\/\/[^/?]*/i.exec(target);
  if (absolute) path = target.slice(absolute[0].length) || '/';
  if (!path.startsWith('/') && path !== '*')
    return { bad: 400, line, why: 'client sent invalid request while reading client request line' };
  path = path.split('#')[0]!;
  const question = path.indexOf('?');
  const uri = normalisePath(question < 0 ? path : path.slice(0, question));
  if (uri === undefined)
    return { bad: 400, line, why: 'client sent invalid request while reading client request line' };
  const head = { line, method, target, uri, args: question < 0 ? '' : path.slice(question + 1), protocol };
  if (protocol === 'HTTP/0.9') return { ...head, headers: [], length: end + 1 };
  const headers: Header[] = [];
  for (let from = end + 1; ;) {
    const to = bytes.indexOf(10, from);
    if (to < 0)
      return bytes.length > MAX_HEAD
        ? { bad: 400, line, why: 'client sent too large request while reading client request headers' }
        : undefined;
    const text = decode(bytes.subarray(from, to)).replace(/\r$/, '');
    from = to + 1;
    if (text === '') return { ...head, headers, length: from };
    const colon = text.indexOf(':');
    if (colon <= 0) return { bad: 400, line, why: 'client sent invalid header line' };
    headers.push({ name: text.slice(0, colon), value: text.slice(colon + 1).trim() });
  }
}

/** The bytes of a line, one character each. */
function rawLine(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  let text = '';
  for (const b of end < 0 ? bytes.subarray(0, 2048) : bytes.subarray(0, end)) text += String.fromCharCode(b);
  return text.replace(/\r$/, '');
}
