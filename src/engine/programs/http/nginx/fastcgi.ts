/** FastCGI 1.0 as a web server speaks it: one request a connection. */
import { concat, decode, EMPTY, encode } from '../../../core';
import type { Head } from '../message';
import { parseHead } from '../message';

/** Record types. */
export const FCGI = { BEGIN: 1, ABORT: 2, END: 3, PARAMS: 4, STDIN: 5, STDOUT: 6, STDERR: 7 } as const;

/** Most content of one record. */
const MAX_RECORD = 32768;

/** One record of request 1. */
export function fastCgiRecord(type: number, content: Uint8Array): Uint8Array {
  const padding = (8 - (content.length % 8)) % 8;
  const out = new Uint8Array(8 + content.length + padding);
  out.set([1, type, 0, 1, content.length >> 8, content.length & 255, padding, 0]);
  out.set(content, 8);
  return out;
}

function records(type: number, content: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let i = 0; i < content.length; i += MAX_RECORD)
    out.push(fastCgiRecord(type, content.subarray(i, i + MAX_RECORD)));
  return [...out, fastCgiRecord(type, EMPTY)];
}

/** Name-value pairs as FCGI_PARAMS carries them. */
export function encodeParams(params: readonly (readonly [string, string])[]): Uint8Array {
  const length = (n: number): Uint8Array =>
    n < 128 ? Uint8Array.of(n) : Uint8Array.of((n >>> 24) | 128, (n >>> 16) & 255, (n >>> 8) & 255, n & 255);
  return concat(
    params.flatMap(([name, value]) => {
      const [n, v] = [encode(name), encode(value)];
      return [length(n.length), length(v.length), n, v];
    }),
  );
}

/** A whole request: role responder, no keep-alive. */
export function fastCgiRequest(params: readonly (readonly [string, string])[], body: Uint8Array): Uint8Array {
  return concat([
    fastCgiRecord(FCGI.BEGIN, Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0)),
    ...records(FCGI.PARAMS, encodeParams(params)),
    ...records(FCGI.STDIN, body),
  ]);
}

/** Reads an answer: CGI headers and body out of STDOUT records. */
export class FastCgiReader {
  head: Head | undefined;
  done = false;
  readonly mayEnd = false;
  private pending: Uint8Array = EMPTY;
  private output: Uint8Array = EMPTY;
  private errors = '';

  feed(data: Uint8Array): readonly Uint8Array[] {
    this.pending = concat([this.pending, data]);
    const body: Uint8Array[] = [];
    for (;;) {
      const p = this.pending;
      if (p.length < 8) break;
      if (p[0] !== 1) throw new Error(`upstream sent unsupported FastCGI protocol version: ${p[0]!}`);
      const length = (p[4]! << 8) | p[5]!;
      const end = 8 + length + p[6]!;
      if (p.length < end) break;
      const content = p.slice(8, 8 + length);
      this.pending = p.subarray(end);
      if (p[1] === FCGI.END) this.done = true;
      else if (p[1] === FCGI.STDERR) this.errors += decode(content);
      else if (p[1] === FCGI.STDOUT && length > 0) {
        if (this.head) body.push(content);
        else {
          this.output = concat([this.output, content]);
          // CGI output begins with headers, without a status line.
          const head = parseHead(concat([encode('HTTP/1.1 200\r\n'), this.output]));
          if (head) {
            this.head = { ...head, length: head.length - 14 };
            const rest = this.output.subarray(this.head.length);
            if (rest.length > 0) body.push(rest);
          }
        }
      }
    }
    return body;
  }

  takeErrors(): string {
    const text = this.errors.replace(/\n+$/, '');
    this.errors = '';
    return text;
  }
}
