/** Messages of HTTP/1.x as clients and servers read and write them (RFC 9112). */
import { concat, decode, EMPTY, encode } from '../../core';
import { strftime } from '../lib/strftime';

/** A header line as it was sent. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/** The head of an HTTP/1.x message: its first line and its headers (RFC 9112). */
export interface Head {
  readonly start: string;
  readonly headers: readonly Header[];
  /** The bytes of the head, the empty line included. */
  readonly length: number;
}

/**
 * Reads the head of a message.
 * @returns undefined while the empty line has not arrived.
 */
export function parseHead(bytes: Uint8Array): Head | undefined {
  const end = endOfHead(bytes);
  if (end < 0) return undefined;
  const [start = '', ...lines] = decode(bytes.subarray(0, end)).replace(/\r/g, '').split('\n');
  const headers = lines
    .filter((l) => l !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return { name: colon < 0 ? line : line.slice(0, colon), value: colon < 0 ? '' : line.slice(colon + 1).trim() };
    });
  return { start, headers, length: end };
}

/** The lines of a head as they are shown: the first one, then `Name: value`. */
export function headLines(head: Head): string[] {
  return [head.start, ...head.headers.map((h) => `${h.name}: ${h.value}`)];
}

function endOfHead(bytes: Uint8Array): number {
  for (let i = bytes.indexOf(10); i >= 0; i = bytes.indexOf(10, i + 1)) {
    if (bytes[i + 1] === 10) return i + 2;
    if (bytes[i + 1] === 13 && bytes[i + 2] === 10) return i + 3;
  }
  return -1;
}

/** The value of the first header called `name`, in any case; undefined when there is none. */
export function header(headers: readonly Header[], name: string): string | undefined {
  const lower = name.toLowerCase();
  return headers.find((h) => h.name.toLowerCase() === lower)?.value;
}

/** Takes a body in the chunked transfer coding apart as it arrives (RFC 9112, 7.1). */
export class Chunked {
  private rest: Uint8Array = EMPTY;
  private left = 0;
  private state: 'size' | 'data' | 'end' | 'trailer' = 'size';
  done = false;

  /** Feeds bytes; returns the content they bring. @throws Error for what is no chunk */
  feed(bytes: Uint8Array): Uint8Array {
    this.rest = concat([this.rest, bytes]);
    const out: Uint8Array[] = [];
    for (;;) {
      if (this.done) break;
      if (this.state === 'data') {
        const part = this.rest.subarray(0, this.left);
        out.push(part);
        this.left -= part.length;
        this.rest = this.rest.subarray(part.length);
        if (this.left > 0) break;
        this.state = 'end';
        continue;
      }
      const newline = this.rest.indexOf(10);
      if (newline < 0) break;
      const line = decode(this.rest.subarray(0, newline)).trim();
      this.rest = this.rest.subarray(newline + 1);
      if (this.state === 'end') this.state = 'size';
      else if (this.state === 'trailer') this.done = line === '';
      else {
        if (!/^[0-9a-f]+/i.test(line)) throw new Error('invalid chunk size');
        this.left = parseInt(line, 16);
        this.state = this.left === 0 ? 'trailer' : 'data';
      }
    }
    return concat(out);
  }
}

/** Takes the body of a response out of the bytes behind its head: where it ends is what the head says (RFC 9112, 6.3). */
export class ResponseBody {
  /** What Content-Length says, bytes; undefined without it and in the chunked transfer coding. */
  readonly length: number | undefined;
  private readonly chunks: Chunked | undefined;
  private rest: number;

  /** @param method of the request: nothing follows the head that answers HEAD */
  constructor(head: Head, method: string) {
    const length = header(head.headers, 'content-length');
    this.chunks = /chunked/i.test(header(head.headers, 'transfer-encoding') ?? '') ? new Chunked() : undefined;
    this.length = this.chunks || length === undefined || !/^\d+$/.test(length) ? undefined : Number(length);
    this.rest = method === 'HEAD' || /^HTTP\/\S+ (204|304)\b/.test(head.start) ? 0 : (this.length ?? Infinity);
  }

  /** It comes in the chunked transfer coding. */
  get chunked(): boolean {
    return this.chunks !== undefined;
  }

  /** Bytes to come; Infinity where no length is known. */
  get left(): number {
    return this.rest;
  }

  /** All of it has come. */
  get done(): boolean {
    return this.rest <= 0 || this.chunks?.done === true;
  }

  /** Nothing but the end of the connection marks its end. */
  get endsWithConnection(): boolean {
    return !this.chunked && this.length === undefined;
  }

  /** Feeds bytes; returns the content they bring. @throws Error for what is no chunk */
  feed(bytes: Uint8Array): Uint8Array {
    const content = this.chunks ? this.chunks.feed(bytes) : bytes;
    const part = content.length > this.rest ? content.subarray(0, this.rest) : content;
    this.rest -= part.length;
    return part;
  }
}

/** The value of an Authorization header in the Basic scheme (RFC 7617). @param credentials `user:password` */
export function basicAuthorization(credentials: string): string {
  return `Basic ${btoa(String.fromCharCode(...encode(credentials)))}`;
}

/** IMF-fixdate, the time in headers (RFC 9110, 5.6.7). @param micros since 1970 */
export function httpDate(micros: number): string {
  return strftime('%a, %d %b %Y %H:%M:%S GMT', micros);
}
