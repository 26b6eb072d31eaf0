/** proxy_pass and fastcgi_pass: a request handed to another server (ngx_http_upstream.c, ngx_http_proxy_module.c). */
import type { Coroutine } from '../../../core';
import { concat, EMPTY, encode, errnoNumber, isErrno } from '../../../core';
import type { TcpSocket } from '../../../net';
import { tcpSocket } from '../../network/sockets';
import type { Head, Header } from '../message';
import { header, parseHead, ResponseBody } from '../message';
import { parseIp } from '../../../wire';
import { splitHost } from './config';
import type { Attempt, Exchange } from './exchange';
import { FastCgiReader, fastCgiRequest } from './fastcgi';
import { statusText } from './pages';
import type { NameCache } from './resolver';
import type { Next } from './static';
import type { Peer, PeerGroup } from './upstream';
import { Balancer, makePeer } from './upstream';

/** How a protocol asks and how its answers are read. */
interface Protocol {
  readonly scheme: 'http' | 'fastcgi';
  /** `proxy` or `fastcgi`: begins the names of its directives. */
  readonly prefix: 'proxy' | 'fastcgi';
  readonly request: Uint8Array;
  /** The URI as logs show it. */
  readonly uri: string;
  reader(): Reader;
}

/** Takes the bytes of a peer apart. */
interface Reader {
  /** Feeds bytes. @returns parts of the body they brought @throws Error for nonsense */
  feed(data: Uint8Array): readonly Uint8Array[];
  /** The head once it is there. */
  readonly head: Head | undefined;
  /** Nothing more is to come on this connection. */
  readonly done: boolean;
  /** The connection may end here. */
  readonly mayEnd: boolean;
  /** What the application wrote to its standard error. */
  takeErrors(): string;
}

/** Reads an HTTP/1.x answer. */
class HttpReader implements Reader {
  head: Head | undefined;
  done = false;
  mayEnd = false;
  private pending: Uint8Array = EMPTY;
  /** Undefined behind a head that hands the connection over: what comes then is no body. */
  private body: ResponseBody | undefined;

  constructor(private readonly method: string) {}

  feed(data: Uint8Array): readonly Uint8Array[] {
    if (!this.head) {
      this.pending = concat([this.pending, data]);
      this.head = parseHead(this.pending);
      if (!this.head) return [];
      if (!/^HTTP\/\d\.\d \d{3}/.test(this.head.start)) throw new Error('upstream sent no valid HTTP/1.0 header');
      data = this.pending.subarray(this.head.length);
      const status = Number(this.head.start.slice(9, 12));
      this.body = status === 101 ? undefined : new ResponseBody(this.head, this.method);
      this.mayEnd = this.body?.endsWithConnection ?? true;
      this.done = this.body?.done ?? false;
    }
    if (this.done || data.length === 0) return [];
    if (!this.body) return [data];
    const part = this.body.feed(data);
    this.done = this.body.done;
    return [part];
  }

  takeErrors(): string {
    return '';
  }
}

/** proxy_pass. */
export function* proxyPass(x: Exchange, names: NameCache): Coroutine<Next> {
  const directive = x.scope.own('proxy_pass')!;
  const template = directive.args[0]!;
  const target = x.text(template);
  const m = /^http:\/\/([^/?]*)(.*)$/.exec(target);
  if (!m) {
    if (target.startsWith('https://')) yield* x.log('error', 'not simulated in this course: https to an upstream');
    else yield* x.log('error', `invalid URL prefix in "${target}"`);
    return { status: 500 };
  }
  const [, hostPort = '', uriPart = ''] = m;
  x.proxyHost = hostPort;
  x.proxyPort = String(splitHost(hostPort, 80).port);
  const group = yield* groupOf(x, names, hostPort, 80, template.includes('$'));
  if ('status' in group) return group;
  const args = x.args === '' ? '' : `?${x.args}`;
  const prefix = x.location && !x.location.regex && x.location.modifier !== '@' ? x.location.name : '';
  let uri: string;
  if (template.includes('$') && uriPart !== '') uri = uriPart.startsWith('/') ? uriPart : `/${uriPart}`;
  else if (uriPart !== '') uri = uriPart + escapeUri(x.uri.slice(prefix.length)) + args;
  else if (x.uri === x.head.uri && !x.internal) uri = x.head.target.replace(/^https?:\/\/[^/?]*/i, '') || '/';
  else uri = escapeUri(x.uri) + args;
  const version = x.scope.get('proxy_http_version')?.args[0] ?? '1.0';
  const method = x.text(x.scope.get('proxy_method')?.args[0] ?? x.head.method);
  const lines = [`${method} ${uri} HTTP/${version}`];
  const set = new Map<string, string>();
  const own = x.scope.all('proxy_set_header');
  for (const d of own) set.set(d.args[0]!.toLowerCase(), d.args[0]!);
  if (!set.has('host')) lines.push(`Host: ${hostPort}`);
  if (!set.has('connection')) lines.push('Connection: close');
  for (const d of own) {
    const value = x.text(d.args[1]!);
    if (value !== '') lines.push(`${d.args[0]!}: ${value}`);
  }
  const body = x.scope.flag('proxy_pass_request_body', true) ? x.body : EMPTY;
  const hasBody = body.length > 0 || header(x.head.headers, 'content-length') !== undefined;
  if (hasBody && !set.has('content-length')) lines.push(`Content-Length: ${body.length}`);
  const skip = ['host', 'connection', 'keep-alive', 'transfer-encoding', 'te', 'expect', 'upgrade', 'content-length'];
  if (x.scope.flag('proxy_pass_request_headers', true))
    for (const h of x.head.headers) {
      const lower = h.name.toLowerCase();
      if (!skip.includes(lower) && !set.has(lower)) lines.push(`${h.name}: ${h.value}`);
    }
  const request = concat([encode(`${lines.join('\r\n')}\r\n\r\n`), body]);
  return yield* exchangeWith(x, group, {
    scheme: 'http',
    prefix: 'proxy',
    request,
    uri,
    reader: () => new HttpReader(method),
  });
}

/** fastcgi_pass. */
export function* fastCgiPass(x: Exchange, names: NameCache): Coroutine<Next> {
  const template = x.scope.own('fastcgi_pass')!.args[0]!;
  const hostPort = x.text(template);
  if (hostPort.startsWith('unix:')) {
    yield* x.log('error', 'not simulated in this course: FastCGI over a Unix socket');
    return { status: 502 };
  }
  const group = yield* groupOf(x, names, hostPort, 80, template.includes('$'));
  if ('status' in group) return group;
  const split = x.scope.get('fastcgi_split_path_info');
  if (split) {
    const m = new RegExp(split.args[0]!).exec(x.uri);
    x.script = m?.[1] ?? '';
    x.pathInfo = m?.[2] ?? '';
  }
  const params: [string, string][] = [];
  for (const d of x.scope.all('fastcgi_param')) {
    const value = x.text(d.args[1]!);
    if (value === '' && d.args[2] === 'if_not_empty') continue;
    params.push([d.args[0]!, value]);
  }
  for (const h of x.head.headers) params.push([`HTTP_${h.name.toUpperCase().replace(/-/g, '_')}`, h.value]);
  return yield* exchangeWith(x, group, {
    scheme: 'fastcgi',
    prefix: 'fastcgi',
    request: fastCgiRequest(params, x.body),
    uri: '',
    reader: () => new FastCgiReader(),
  });
}

/** The peers behind a name that may be only known now. */
function* groupOf(
  x: Exchange,
  names: NameCache,
  hostPort: string,
  port: number,
  late: boolean,
): Coroutine<PeerGroup | { status: number }> {
  const known = x.site.upstreams.get(hostPort);
  if (known) return known;
  const target = splitHost(hostPort, port);
  const literal = parseIp(target.host.replace(/^\[|\]$/g, ''));
  const make = (addresses: readonly (number | string)[]): PeerGroup => ({
    name: hostPort,
    method: 'round-robin',
    hashKey: undefined,
    peers: addresses.map((a) => makePeer(a, target.port, {})),
  });
  if (literal !== undefined) return make([literal]);
  if (!late || !x.scope.get('resolver')) {
    yield* x.log('error', `no resolver defined to resolve ${target.host}`);
    return { status: 502 };
  }
  const found = yield* names.lookup(x.scope, target.host);
  if ('error' in found) {
    yield* x.log('error', `${target.host} could not be resolved (${found.error})`);
    return { status: 502 };
  }
  return make(found.addresses);
}

/** A failed attempt: what to answer, and what to log. */
class Failure extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** proxy_next_upstream's word for it. */
    readonly kind: 'error' | 'timeout' | 'invalid_header',
    readonly sent: boolean,
  ) {
    super(message);
  }
}

function* exchangeWith(x: Exchange, group: PeerGroup, p: Protocol): Coroutine<Next> {
  const balancer = new Balancer(x, group);
  const nextOn = x.scope.get(`${p.prefix}_next_upstream`)?.args ?? ['error', 'timeout'];
  const tries = Number(x.scope.get('proxy_next_upstream_tries')?.args[0] ?? 0);
  let status = 502;
  for (let n = 1; ; n++) {
    const peer = balancer.next();
    if (!peer) {
      if (n === 1) {
        yield* x.log('error', 'no live upstreams while connecting to upstream', `${p.scheme}://${group.name}${p.uri}`);
        x.upstreams.push({
          address: group.name,
          status: 502,
          connect: undefined,
          header: undefined,
          response: 0,
          length: 0,
          received: 0,
          sent: 0,
        });
      }
      return { status };
    }
    const attempt: Attempt = {
      address: peer.name,
      status: '-',
      connect: undefined,
      header: undefined,
      response: undefined,
      length: 0,
      received: 0,
      sent: 0,
    };
    x.upstreams.push(attempt);
    const began = x.now;
    try {
      peer.connections++;
      const result = yield* once(x, peer, p, attempt, began, nextOn);
      attempt.response = x.now - began;
      if (result === 'next') {
        balancer.done(peer, true);
        status = Number(attempt.status);
        if (balancer.group.peers.length > n && !(tries > 0 && n >= tries)) continue;
      } else balancer.done(peer, false);
      return result === 'next' ? { status } : result;
    } catch (e) {
      if (!(e instanceof Failure)) throw e;
      attempt.response = x.now - began;
      attempt.status = e.status;
      status = e.status;
      balancer.done(peer, true);
      yield* x.log('error', e.message, `${p.scheme}://${peer.name}${p.uri}`);
      if (x.headersSent) {
        x.keepAlive = false;
        return undefined;
      }
      const repeatable =
        !e.sent || !['POST', 'PATCH', 'LOCK'].includes(x.head.method) || nextOn.includes('non_idempotent');
      if (!repeatable || !nextOn.includes(e.kind) || (tries > 0 && n >= tries)) return { status };
    } finally {
      peer.connections--;
    }
  }
}

/** One attempt. @returns 'next' when another peer shall be asked because of the status. @throws Failure */
function* once(
  x: Exchange,
  peer: Peer,
  p: Protocol,
  attempt: Attempt,
  began: number,
  nextOn: readonly string[],
): Coroutine<Next | 'next'> {
  const { sys, scope } = x;
  const socket = tcpSocket(sys, typeof peer.address === 'number' ? 'inet' : 'inet6');
  const fd = sys.install(socket);
  x.site.nextConnection();
  try {
    yield* connect(x, socket, peer, scope.time(`${p.prefix}_connect_timeout`, 60));
    attempt.connect = x.now - began;
    try {
      yield* sys.write(fd, p.request);
      attempt.sent = p.request.length;
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new Failure(
        502,
        `writev() failed (${errnoNumber(e.code)}: ${e.message}) while sending request to upstream`,
        'error',
        true,
      );
    }
    const timeout = scope.time(`${p.prefix}_read_timeout`, 60);
    const reader = p.reader();
    let parts: readonly Uint8Array[] = [];
    while (!reader.head) {
      const data = yield* receive(x, socket, timeout, 'reading response header from upstream');
      attempt.received += data.length;
      if (data.length === 0)
        throw new Failure(
          502,
          'upstream prematurely closed connection while reading response header from upstream',
          'error',
          true,
        );
      try {
        parts = reader.feed(data);
      } catch (e) {
        throw new Failure(
          502,
          `${(e as Error).message} while reading response header from upstream`,
          'invalid_header',
          true,
        );
      }
      const errors = reader.takeErrors();
      if (errors !== '')
        yield* x.log(
          'error',
          `FastCGI sent in stderr: "${errors}" while reading response header from upstream`,
          `${p.scheme}://${peer.name}${p.uri}`,
        );
    }
    attempt.header = x.now - began;
    const answer = answerOf(x, reader.head, p);
    attempt.status = answer.status;
    if (nextOn.includes(`http_${answer.status}`)) return 'next';
    if (
      scope.flag(`${p.prefix}_intercept_errors`, false) &&
      answer.status >= 300 &&
      scope.all('error_page').some((d) => d.args.includes(String(answer.status)))
    )
      return { status: answer.status };
    x.upstreamHeaders = reader.head.headers;
    yield* x.respond({ ...answer, stream: true });
    if (answer.status === 101) {
      yield* tunnel(x, fd, parts);
      return undefined;
    }
    for (;;) {
      for (const part of parts) {
        attempt.length += part.length;
        yield* x.send(part);
      }
      if (reader.done) break;
      const data = yield* receive(x, socket, timeout, 'reading upstream');
      attempt.received += data.length;
      if (data.length === 0) {
        if (!reader.mayEnd)
          throw new Failure(502, 'upstream prematurely closed connection while reading upstream', 'error', true);
        break;
      }
      parts = reader.feed(data);
    }
    yield* x.endBody();
    return undefined;
  } finally {
    sys.close(fd);
  }
}

function* connect(x: Exchange, socket: TcpSocket, peer: Peer, timeout: number): Coroutine<void> {
  const { sys } = x;
  const from = sys.now;
  try {
    yield* socket.connect(sys, { address: peer.address, port: peer.port }, sys.now + timeout);
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'EINPROGRESS')
      throw new Failure(
        504,
        'upstream timed out (110: Connection timed out) while connecting to upstream',
        'timeout',
        false,
      );
    // What the call itself refuses is logged with the address.
    const atOnce =
      ['ENETUNREACH', 'EADDRNOTAVAIL', 'EPERM', 'EACCES', 'EINVAL'].includes(e.code) && sys.now - from < 1000;
    throw new Failure(
      502,
      `connect() ${atOnce ? `to ${peer.name} ` : ''}failed (${errnoNumber(e.code)}: ${e.message}) while connecting to upstream`,
      'error',
      false,
    );
  }
}

function* receive(x: Exchange, socket: TcpSocket, timeout: number, doing: string): Coroutine<Uint8Array> {
  const { sys } = x;
  try {
    return yield* socket.receive(sys, 65536, { until: sys.now + timeout });
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'EAGAIN')
      throw new Failure(504, `upstream timed out (110: Connection timed out) while ${doing}`, 'timeout', true);
    throw new Failure(502, `recv() failed (${errnoNumber(e.code)}: ${e.message}) while ${doing}`, 'error', true);
  }
}

/** Copies both ways after "101 Switching Protocols". */
function* tunnel(x: Exchange, fd: number, first: readonly Uint8Array[]): Coroutine<void> {
  const { sys } = x;
  for (const part of first) yield* sys.write(x.fd, part);
  for (;;) {
    const ready = yield* sys.poll(
      [
        { fd: x.fd, read: true },
        { fd, read: true },
      ],
      x.scope.time('proxy_read_timeout', 60),
    );
    if (ready.every((r) => r === null)) return;
    for (const [i, from, to] of [
      [0, x.fd, fd],
      [1, fd, x.fd],
    ] as const) {
      if (!ready[i]) continue;
      const data = yield* sys.read(from);
      if (data.length === 0) return;
      yield* sys.write(to, data);
    }
  }
}

const HIDDEN =
  /^(date|server|x-pad|x-accel-.*|connection|keep-alive|transfer-encoding|content-length|content-type|last-modified|location|status)$/i;

function answerOf(x: Exchange, head: Head, p: Protocol) {
  const hide = x.scope.all(`${p.prefix}_hide_header`).map((d) => d.args[0]!.toLowerCase());
  const pass = x.scope.all('proxy_pass_header').map((d) => d.args[0]!.toLowerCase());
  const cgi = /^(\d{3})( .*)?$/.exec(header(head.headers, 'status') ?? '');
  const location = header(head.headers, 'location');
  const status =
    p.scheme === 'http' ? Number(head.start.slice(9, 12)) : cgi ? Number(cgi[1]) : location !== undefined ? 302 : 200;
  const length = header(head.headers, 'content-length');
  const headers: Header[] = head.headers.filter((h) => {
    const lower = h.name.toLowerCase();
    if (status === 101 && lower === 'upgrade') return true;
    return !hide.includes(lower) && (!HIDDEN.test(h.name) || pass.includes(lower));
  });
  const reason = p.scheme === 'http' ? head.start.slice(9) : cgi?.[2] ? cgi[0] : statusText(status);
  return {
    status,
    reason: status === 200 || /^\d{3} ./.test(reason) ? reason : statusText(status),
    type: header(head.headers, 'content-type'),
    length: length === undefined ? undefined : Number(length),
    lastModified: header(head.headers, 'last-modified'),
    location: location === undefined ? undefined : redirected(x, location, p),
    headers,
  };
}

/** proxy_redirect. */
function redirected(x: Exchange, location: string, p: Protocol): string {
  if (p.scheme !== 'http') return location;
  const rules = x.scope.all('proxy_redirect');
  if (rules[0]?.args[0] === 'off') return location;
  const target = x.scope.own('proxy_pass')?.args[0] ?? '';
  for (const d of rules.length > 0 ? rules : [{ args: ['default'] }]) {
    const [from, to] =
      d.args[0] === 'default'
        ? [
            /^http:\/\/[^/]*\//.test(target) ? target : `${target}/`,
            x.location && !x.location.regex ? x.location.name : '/',
          ]
        : [x.text(d.args[0]!), x.text(d.args[1] ?? '')];
    if (!from.includes('$') && location.startsWith(from)) return to + location.slice(from.length);
  }
  return location;
}

/** Percent signs for what may not stand in a path. */
function escapeUri(path: string): string {
  return path.replace(/[^!$&'()*+,\-./0-9:;=@A-Z_a-z~[\]|^]/gu, (c) => encodeURIComponent(c));
}
