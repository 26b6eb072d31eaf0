/** One request and its answer while they are worked on (ngx_http_request_t). */
import type { Coroutine } from '../../../core';
import { concat, decode, encode } from '../../../core';
import type { Sys } from '../../../host';
import type { SockAddr, TcpSocket } from '../../../net';
import type { Regex } from '../../lib/regex';
import type { Header } from '../message';
import { header, httpDate } from '../message';
import type { Config, Location, Scope, Server } from './config';
import { groupNames, parseSize } from './config';
import { specialPage, statusText } from './pages';
import type { RequestHead } from './request';
import type { Upstreams } from './upstream';
import { interpolate } from './variables';

/** Levels of the error log, most urgent first. */
export const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'] as const;

/** A level of the error log. */
export type Level = (typeof LEVELS)[number];

/** What all requests of one worker share. */
export interface Site {
  readonly config: Config;
  readonly sys: Sys;
  readonly pid: number;
  readonly hostname: string;
  readonly version: string;
  readonly upstreams: Upstreams;
  /** Open log files by path. */
  readonly logs: ReadonlyMap<string, number>;
  /** Numbers connections of clients and to upstreams. */
  nextConnection(): number;
  /** Writes to the error log that holds in `scope`. */
  log(scope: Scope, level: Level, text: string): Coroutine<void>;
  /** Counters of stub_status. */
  readonly counters: { accepted: number; requests: number; active: number };
}

/** What one attempt at an upstream peer brought; times in microseconds. */
export interface Attempt {
  address: string;
  status: number | string;
  connect: number | undefined;
  header: number | undefined;
  response: number | undefined;
  length: number;
  received: number;
  sent: number;
}

/** An answer before its headers are written. */
export interface Answer {
  readonly status: number;
  readonly type?: string | undefined;
  readonly body?: Uint8Array;
  /** Length of the body when it is sent later; undefined: chunked, or until the connection ends. */
  readonly length?: number | undefined;
  readonly stream?: boolean;
  readonly lastModified?: string | undefined;
  readonly location?: string | undefined;
  readonly headers?: readonly Header[];
  /** Status text of an upstream. */
  readonly reason?: string;
}

/** One exchange. */
export class Exchange {
  uri: string;
  args: string;
  scope: Scope;
  location: Location | undefined;
  body: Uint8Array = new Uint8Array(0);
  status = 0;
  bodySent = 0;
  bytesSent = 0;
  headersSent = false;
  finished = false;
  keepAlive: boolean;
  chunked = false;
  internal = false;
  /** Set while an error page is being made: errors in it are not redirected again. */
  errorStatus = 0;
  redirects = 0;
  captures: readonly (string | undefined)[] = [];
  readonly variables = new Map<string, string>();
  sentHeaders: Header[] = [];
  upstreamHeaders: readonly Header[] = [];
  readonly upstreams: Attempt[] = [];
  proxyHost = '';
  proxyPort = '';
  pathInfo = '';
  requestId: string;
  readonly host: string;
  readonly client: SockAddr;
  readonly local: SockAddr;

  constructor(
    readonly site: Site,
    readonly head: RequestHead,
    readonly server: Server,
    readonly socket: TcpSocket,
    readonly fd: number,
    /** Number of the connection, and of the request on it. */
    readonly connection: number,
    readonly requests: number,
    readonly began: number,
    readonly connected: number,
  ) {
    this.uri = head.uri;
    this.args = head.args;
    this.scope = server.scope;
    this.client = { address: socket.remoteIp, port: socket.remote!.port };
    this.local = { address: socket.localIp, port: socket.local.port };
    const absolute = /^https?:\/\/([^/?]*)/i.exec(head.target)?.[1];
    const given = absolute ?? header(head.headers, 'host');
    this.host = given === undefined || given === '' ? server.names[0]!.text : given.replace(/:\d*$/, '').toLowerCase();
    const wish = header(head.headers, 'connection') ?? '';
    this.keepAlive =
      head.protocol === 'HTTP/1.1' ? !/close/i.test(wish) : head.protocol === 'HTTP/1.0' && /keep-alive/i.test(wish);
    if (parseFloat(this.scope.get('keepalive_timeout')?.args[0] ?? '75') === 0) this.keepAlive = false;
    this.requestId = [...site.sys.random(16)].map((b) => b.toString(16).padStart(2, '0')).join('');
  }

  get sys(): Sys {
    return this.site.sys;
  }

  get now(): number {
    return this.sys.now;
  }

  /** Puts variables into a text. */
  text(template: string): string {
    return interpolate(this, template);
  }

  bodyText(): string {
    return decode(this.body);
  }

  remoteUser(): string {
    const m = /^Basic +(\S+)/i.exec(header(this.head.headers, 'authorization') ?? '');
    try {
      return m ? atob(m[1]!).split(':')[0]! : '';
    } catch {
      return '';
    }
  }

  /** Remembers the groups of a match as $1 and by name. */
  remember(regex: Regex, subject: string): boolean {
    const m = regex.exec(subject);
    if (!m) return false;
    this.captures = m.groups;
    groupNames(regex).forEach((name, i) => {
      if (name !== '') this.variables.set(name, m.groups[i + 1] ?? '');
    });
    return true;
  }

  /** The directory files are looked for in; relative ones are below the prefix. */
  root(): string {
    const alias = this.scope.get('alias');
    return absolutePath(this.text((alias ?? this.scope.get('root'))?.args[0] ?? 'html'));
  }

  /** The file that the URI names. */
  fileName(uri = this.uri): string {
    const location = this.location;
    const alias = location?.scope.own('alias');
    if (alias && location) {
      const base = absolutePath(this.text(alias.args[0]!));
      return location.regex ? base : base + uri.slice(location.name.length);
    }
    return this.root().replace(/\/$/, '') + uri;
  }

  fastcgiScript(): string {
    const index = this.scope.get('fastcgi_index')?.args[0] ?? '';
    return this.script !== '' ? this.script : this.uri.endsWith('/') ? this.uri + index : this.uri;
  }

  /** Set by fastcgi_split_path_info. */
  script = '';

  /** A line of the error log about this request. */
  *log(level: Level, text: string, upstream = ''): Coroutine<void> {
    const { head } = this;
    const parts = [
      `*${this.connection} ${text}`,
      `client: ${this.site_addr()}`,
      `server: ${this.server.names[0]!.text}`,
      `request: "${head.line}"`,
    ];
    if (upstream !== '') parts.push(`upstream: "${upstream}"`);
    const host = header(head.headers, 'host');
    if (host !== undefined) parts.push(`host: "${host}"`);
    const referer = header(head.headers, 'referer');
    if (referer !== undefined) parts.push(`referrer: "${referer}"`);
    yield* this.site.log(this.scope, level, parts.join(', '));
  }

  private site_addr(): string {
    return this.text('$remote_addr');
  }

  /** A place on this server as an absolute URL, as nginx makes of a Location that begins with a slash. */
  absoluteUrl(path: string): string {
    const { scope } = this;
    if (!path.startsWith('/') || !scope.flag('absolute_redirect', true)) return path;
    const name = scope.flag('server_name_in_redirect', false) ? this.server.names[0]!.text : this.host;
    const port = this.local.port !== 80 && scope.flag('port_in_redirect', true) ? `:${this.local.port}` : '';
    return `http://${name === '' ? this.text('$server_addr') : name}${port}${path}`;
  }

  /** Writes the head of the answer and, unless it comes later, the body. */
  *respond(a: Answer): Coroutine<void> {
    const { head, scope, site } = this;
    this.status = a.status;
    this.headersSent = true;
    const length = a.body ? a.body.length : a.length;
    const bodiless = head.method === 'HEAD' || a.status === 204 || a.status === 304 || a.status < 200;
    if (head.protocol === 'HTTP/0.9') {
      if (a.body) yield* this.send(a.body);
      this.keepAlive = false;
      return;
    }
    this.chunked = !bodiless && length === undefined && head.protocol === 'HTTP/1.1';
    if (length === undefined && !this.chunked && !bodiless) this.keepAlive = false;
    const tokens = scope.get('server_tokens')?.args[0] !== 'off';
    const lines: Header[] = [
      { name: 'Server', value: tokens ? site.version : 'nginx' },
      { name: 'Date', value: httpDate(this.now) },
    ];
    const push = (name: string, value: string | undefined): void => {
      if (value !== undefined && value !== '') lines.push({ name, value });
    };
    if (a.status !== 304 && a.status !== 204) {
      const charset = scope.get('charset')?.args[0];
      push(
        'Content-Type',
        a.type && charset && charset !== 'off' && /^text\/(html|xml|plain)$/.test(a.type)
          ? `${a.type}; charset=${charset}`
          : a.type,
      );
      if (length !== undefined) push('Content-Length', String(length));
    }
    push('Last-Modified', a.lastModified);
    push('Location', a.location === undefined ? undefined : this.absoluteUrl(a.location));
    if (this.chunked) push('Transfer-Encoding', 'chunked');
    push('Connection', a.status === 101 ? 'upgrade' : this.keepAlive ? 'keep-alive' : 'close');
    lines.push(...(a.headers ?? []));
    const expires = scope.get('expires');
    for (const d of scope.all('add_header')) {
      if (d.args[2] !== 'always' && ![200, 201, 204, 206, 301, 302, 303, 304, 307, 308].includes(a.status)) continue;
      push(d.args[0]!, this.text(d.args[1]!));
    }
    if (expires && expires.args[0] !== 'off') lines.push(...expiry(expires.args[0]!, this.now));
    this.sentHeaders = lines;
    const reason = a.reason ?? statusText(a.status);
    const text = `HTTP/1.1 ${reason}\r\n${lines.map((h) => `${h.name}: ${h.value}\r\n`).join('')}\r\n`;
    const bytes = encode(text);
    this.bytesSent += bytes.length;
    if (bodiless || !a.body || a.body.length === 0) {
      yield* this.write(bytes);
      this.silent = bodiless;
      return;
    }
    const rate = parseSize(this.text(scope.get('limit_rate')?.args[0] ?? '0')) ?? 0;
    if (rate > 0) {
      yield* this.write(bytes);
      for (let i = 0; i < a.body.length; i += rate) {
        yield* this.send(a.body.subarray(i, i + rate));
        if (i + rate < a.body.length) yield* this.sys.sleep(1e6);
      }
      return;
    }
    this.bodySent += a.body.length;
    this.bytesSent += a.body.length;
    yield* this.write(concat([bytes, a.body]));
  }

  private silent = false;

  /** Sends a part of the body. */
  *send(part: Uint8Array): Coroutine<void> {
    if (this.silent || part.length === 0) return;
    const bytes = this.chunked ? concat([encode(`${part.length.toString(16)}\r\n`), part, encode('\r\n')]) : part;
    this.bodySent += bytes.length;
    this.bytesSent += bytes.length;
    yield* this.write(bytes);
  }

  /** Ends a body that was sent in parts. */
  *endBody(): Coroutine<void> {
    if (!this.chunked || this.silent) return;
    this.bodySent += 5;
    this.bytesSent += 5;
    yield* this.write(encode('0\r\n\r\n'));
  }

  private *write(bytes: Uint8Array): Coroutine<void> {
    yield* this.sys.write(this.fd, bytes);
  }

  /** The page nginx makes itself for a status. */
  *special(status: number, location?: string): Coroutine<void> {
    const tokens = this.scope.get('server_tokens')?.args[0] !== 'off';
    // ngx_http_special_response_handler, and what ends a request before its connection header was read.
    if (ENDS_CONNECTION.has(status)) this.keepAlive = false;
    const body = status === 204 || status === 304 ? '' : specialPage(status, tokens);
    yield* this.respond({
      status,
      type: body === '' ? undefined : 'text/html',
      body: encode(body),
      ...(location === undefined ? {} : { location }),
    });
  }
}

/** Statuses after whose pages nginx closes the connection. */
const ENDS_CONNECTION: ReadonlySet<number> = new Set([400, 408, 413, 414, 494, 495, 496, 497, 500, 501]);

function absolutePath(path: string): string {
  return path.startsWith('/') ? path : `/usr/share/nginx/${path}`;
}

function expiry(text: string, now: number): Header[] {
  if (text === 'epoch')
    return [
      { name: 'Expires', value: 'Thu, 01 Jan 1970 00:00:01 GMT' },
      { name: 'Cache-Control', value: 'no-cache' },
    ];
  if (text === 'max')
    return [
      { name: 'Expires', value: 'Thu, 31 Dec 2037 23:55:55 GMT' },
      { name: 'Cache-Control', value: 'max-age=315360000' },
    ];
  const negative = text.startsWith('-');
  const m = /^[-+]?(\d+)([smhdwMy])?$/.exec(text);
  if (!m) return [];
  const unit = { s: 1, m: 60, h: 3600, d: 86400, w: 604800, M: 2592000, y: 31536000 }[(m[2] ?? 's') as 's'];
  const s = Number(m[1]) * unit * (negative ? -1 : 1);
  return [
    { name: 'Expires', value: httpDate(now + s * 1e6) },
    { name: 'Cache-Control', value: negative ? 'no-cache' : `max-age=${s}` },
  ];
}
