/** The request: its head, and what -d, -F and -T send behind it (RFC 9112). */
import type { Coroutine } from '../../../core';
import { concat, encode } from '../../../core';
import type { Sys } from '../../../host';
import { baseName } from '../../files/names';
import { basicAuthorization } from '../message';
import { authority } from '../url';
import { CurlError } from './error';
import { readLocalFile, readLocalText } from './local-file';
import type { CurlOptions } from './options';
import type { Target } from './url';

/** What is sent behind the head, and its Content-Type. */
export interface RequestBody {
  readonly bytes: Uint8Array;
  readonly type: string | undefined;
}

/** The body that the options ask for. @throws CurlError 2 for a form's field without a value, 26 for a file that is not there */
export function* requestBody(sys: Sys, o: CurlOptions): Coroutine<RequestBody | undefined> {
  if (o.upload !== undefined) return { bytes: yield* readLocalFile(sys, o.upload), type: undefined };
  if (o.forms.length > 0) return yield* formData(sys, o.forms);
  if (o.get || o.data.length === 0) return undefined;
  return { bytes: encode(yield* dataText(sys, o)), type: 'application/x-www-form-urlencoded' };
}

/** Path and query: those of the URL with -G's data, or with the name of the file for -T to a directory. */
export function* requestTarget(sys: Sys, o: CurlOptions, { path }: Target): Coroutine<string> {
  if (o.get && o.data.length > 0) return `${path}${path.includes('?') ? '&' : '?'}${yield* dataText(sys, o)}`;
  const { upload } = o;
  return upload !== undefined && upload !== '-' && upload !== '.' && path.endsWith('/')
    ? `${path}${baseName(upload)}`
    : path;
}

/** -d: all parts joined; `@file` is read, without its line ends unless it is binary. */
function* dataText(sys: Sys, o: CurlOptions): Coroutine<string> {
  const parts: string[] = [];
  for (const d of o.data) {
    if (d.kind === 'raw' || !d.text.startsWith('@')) parts.push(d.text);
    else {
      const text = yield* readLocalText(sys, d.text.slice(1));
      parts.push(d.kind === 'ascii' ? text.replace(/[\r\n]/g, '') : text);
    }
  }
  return parts.join('&');
}

/** -F (RFC 7578). */
function* formData(sys: Sys, fields: readonly string[]): Coroutine<RequestBody> {
  const boundary = `------------------------${[...sys.random(8)].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const at = field.indexOf('=');
    if (at < 0) throw new CurlError(2, `Illegally formatted input field`);
    const [name, value] = [field.slice(0, at), field.slice(at + 1)];
    const [file = '', ...settings] = value.slice(1).split(';');
    const isFile = value.startsWith('@');
    const type = settings.find((x) => x.startsWith('type='))?.slice(5) ?? mediaType(file);
    const about = isFile ? `; filename="${baseName(file)}"\r\nContent-Type: ${type}` : '';
    parts.push(
      encode(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${about}\r\n\r\n`),
      isFile || value.startsWith('<') ? yield* readLocalFile(sys, file) : encode(value),
      encode('\r\n'),
    );
  }
  parts.push(encode(`--${boundary}--\r\n`));
  return { bytes: concat(parts), type: `multipart/form-data; boundary=${boundary}` };
}

function mediaType(file: string): string {
  if (/\.(txt|text)$/.test(file)) return 'text/plain';
  return /\.html?$/.test(file) ? 'text/html' : 'application/octet-stream';
}

/** What the head of a request is made of. */
export interface RequestHead {
  readonly method: string;
  readonly target: Target;
  /** Path and query. */
  readonly path: string;
  readonly cookie: string | undefined;
  readonly body: RequestBody | undefined;
  /** The server has answered with HTTP/1.0 before, and is spoken to in it. */
  readonly old: boolean;
}

/** The lines of the head. -H replaces curl's own headers, and removes them when it has no value. */
export function requestLines(o: CurlOptions, { method, target, path, cookie, body, old }: RequestHead): string[] {
  const own = new Map(o.headers.map((h) => [h.split(/[:;]/)[0]!.toLowerCase(), h]));
  const host = authority(target.host, target.port, target.scheme);
  const proxied = o.proxy !== undefined && o.proxy !== '';
  const lines = [`${method} ${proxied ? `http://${host}${path}` : path} HTTP/1.${o.http10 || old ? 0 : 1}`];
  const add = (name: string, value: string | undefined): void => {
    const given = own.get(name.toLowerCase());
    if (given === undefined) {
      if (value !== undefined) lines.push(`${name}: ${value}`);
      return;
    }
    own.delete(name.toLowerCase());
    if (/:\s*\S/.test(given)) lines.push(given);
  };
  add('Host', host);
  if (o.user !== undefined) add('Authorization', basicAuthorization(o.user));
  if (o.range !== undefined) add('Range', `bytes=${o.range}`);
  add('User-Agent', o.agent === '' ? undefined : o.agent);
  add('Accept', '*/*');
  if (proxied) add('Proxy-Connection', 'Keep-Alive');
  add('Referer', o.referer);
  add('Cookie', cookie);
  for (const [name, line] of own) if (name !== 'content-type' && name !== 'content-length') lines.push(line);
  if (body !== undefined) {
    lines.push(`Content-Length: ${body.bytes.length}`);
    const type = own.get('content-type') ?? (body.type === undefined ? undefined : `Content-Type: ${body.type}`);
    if (type !== undefined && /:\s*\S/.test(type)) lines.push(type);
  }
  return lines;
}
