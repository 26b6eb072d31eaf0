/** wget(1) 1.21.3, HTTP only. */
import type { Coroutine } from '../../core';
import { concat, EMPTY, encode, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { TcpSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp } from '../../wire';
import { GetoptError, getopt } from '../lib/getopt';
import { strftime } from '../lib/strftime';
import { Stop, stoppable, why } from '../network/common';
import { resolveHost } from '../network/resolver';
import { tcpSocket } from '../network/sockets';
import type { Head } from './message';
import { Chunked, header, parseHead } from './message';

const TRY = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n";

interface Options {
  quiet: boolean;
  brief: boolean;
  output: string | undefined;
  prefix: string | undefined;
  headers: boolean;
  spider: boolean;
  timeout: number;
  tries: number;
  retryRefused: boolean;
  family: 'inet' | 'inet6' | 'any';
  agent: string;
  extra: string[];
  post: string | undefined;
  user: string | undefined;
  password: string | undefined;
  redirects: number;
  continue: boolean;
  clobber: boolean;
  contentOnError: boolean;
  bar: boolean | undefined;
  method: string | undefined;
}

const LONGS = [
  'quiet=q',
  'verbose=v',
  'no-verbose=nv',
  'output-document:=O',
  'directory-prefix:=P',
  'server-response=S',
  'spider',
  'timeout:=T',
  'connect-timeout:=T',
  'read-timeout:=read',
  'dns-timeout:=read',
  'tries:=t',
  'retry-connrefused',
  'inet4-only=4',
  'inet6-only=6',
  'user-agent:=U',
  'header:',
  'post-data:',
  'body-data:=post-data',
  'method:',
  'user:',
  'password:',
  'max-redirect:',
  'continue=c',
  'no-clobber=nc',
  'content-on-error',
  'progress:',
  'no-check-certificate=ignored',
  'no-proxy=ignored',
  'no-cache=ignored',
  'no-hsts=ignored',
  'no-dns-cache=ignored',
  'no-http-keep-alive=ignored',
  'show-progress=ignored',
  'version=V',
  'help=h',
  'waitretry:=waitretry',
  'referer:',
  'recursive=r',
  'page-requisites=p',
  'input-file:=i',
  'background=b',
  'debug=d',
  'mirror=m',
  'wait:=w',
  'limit-rate:',
  'output-file:=o',
  'post-file:',
];

function parse(argv: readonly string[]): { o: Options; urls: readonly string[] } {
  let parsed;
  const expanded = argv.map((a) => (a === '-nv' ? '--no-verbose' : a === '-nc' ? '--no-clobber' : a));
  try {
    parsed = getopt(expanded, 'qvO:P:ST:t:46U:cVhrpi:bdmw:o:e:', LONGS);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    throw new Stop(2, `wget: ${e.message}\n${TRY}`);
  }
  const o: Options = {
    quiet: false,
    brief: false,
    output: undefined,
    prefix: undefined,
    headers: false,
    spider: false,
    timeout: 900,
    tries: 20,
    retryRefused: false,
    family: 'any',
    agent: 'Wget/1.21.3',
    extra: [],
    post: undefined,
    user: undefined,
    password: undefined,
    redirects: 20,
    continue: false,
    clobber: true,
    contentOnError: false,
    bar: undefined,
    method: undefined,
  };
  for (const { name, arg } of parsed.options) {
    const value = arg ?? '';
    if (name === 'q') o.quiet = true;
    else if (name === 'nv') o.brief = true;
    else if (name === 'O') o.output = value;
    else if (name === 'P') o.prefix = value;
    else if (name === 'S') o.headers = true;
    else if (name === 'spider') o.spider = true;
    else if (name === 'T') {
      if (!/^\d*\.?\d+[smhd]?$/.test(value)) throw new Stop(2, `wget: --timeout: Invalid time period ‘${value}’\n`);
      o.timeout = parseFloat(value);
    } else if (name === 't') {
      if (!/^(\d+|inf)$/.test(value)) throw new Stop(2, `wget: --tries: Invalid number ‘${value}’.\n`);
      o.tries = value === 'inf' || value === '0' ? Infinity : Number(value);
    } else if (name === 'retry-connrefused') o.retryRefused = true;
    else if (name === '4') o.family = 'inet';
    else if (name === '6') o.family = 'inet6';
    else if (name === 'U') o.agent = value;
    else if (name === 'header') {
      if (!value.includes(':')) throw new Stop(2, `wget: --header: Invalid header ‘${value}’.\n`);
      o.extra.push(value);
    } else if (name === 'referer') o.extra.push(`Referer: ${value}`);
    else if (name === 'post-data') o.post = value;
    else if (name === 'method') o.method = value.toUpperCase();
    else if (name === 'user') o.user = value;
    else if (name === 'password') o.password = value;
    else if (name === 'max-redirect') o.redirects = Number(value);
    else if (name === 'c') o.continue = true;
    else if (name === 'nc') o.clobber = false;
    else if (name === 'content-on-error') o.contentOnError = true;
    else if (name === 'progress') o.bar = value.startsWith('bar');
    else if (name === 'V') throw new Stop(0, '', 'GNU Wget 1.21.3 built on linux-gnu.\n');
    else if (name === 'h')
      throw new Stop(0, '', `GNU Wget 1.21.3, a non-interactive network retriever.\n${TRY.split('\n')[0]!}\n`);
    else if (['r', 'p', 'i', 'b', 'd', 'm', 'o', 'limit-rate', 'post-file', 'e'].includes(name))
      throw new Stop(2, `wget: not simulated in this course: ${name.length === 1 ? '-' : '--'}${name}\n`);
  }
  if (parsed.operands.length === 0) throw new Stop(1, `wget: missing URL\n${TRY}`);
  return { o, urls: parsed.operands };
}

interface Url {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly text: string;
}

function parseUrl(text: string): Url | string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http') {
    if (scheme === 'https' || scheme === 'ftp') return `not simulated in this course: ${scheme}:// (use http://)`;
    return `Unsupported scheme ‘${scheme}’.`;
  }
  const m = /^(?:http:\/\/)?(?:[^@/]*@)?(\[[^\]]+\]|[^:/?#]*)(?::(\d*))?([/?][^#]*)?/i.exec(text);
  if (!m || m[1] === '') return 'Invalid host name.';
  const port = m[2] ? Number(m[2]) : 80;
  if (port > 65535) return 'Bad port number.';
  const path = m[3] === undefined ? '/' : m[3].startsWith('?') ? `/${m[3]}` : m[3];
  return { host: m[1]!, port, path, text: `http://${m[1]!}${port === 80 ? '' : `:${port}`}${path}` };
}

/** 1536 as 1.5K, the way wget shows lengths. */
function human(n: number): string {
  if (n < 1024) return String(n);
  for (const [i, unit] of ['K', 'M', 'G'].entries()) {
    const v = n / 1024 ** (i + 1);
    if (v < 1024 || unit === 'G') return `${v < 10 ? v.toFixed(1) : Math.round(v)}${unit}`;
  }
  return String(n);
}

function rate(bytes: number, micros: number): string {
  let v = (bytes / Math.max(1, micros)) * 1e6;
  for (const unit of ['B/s', 'KB/s', 'MB/s', 'GB/s']) {
    if (v < 1024 || unit === 'GB/s') return `${v < 10 ? v.toFixed(2) : v < 100 ? v.toFixed(1) : Math.round(v)} ${unit}`;
    v /= 1024;
  }
  return '';
}

/** One run. */
class Wget {
  private connection: { fd: number; socket: TcpSocket; host: string; port: number } | undefined;
  private out: number | undefined;

  constructor(
    private readonly sys: Sys,
    private readonly o: Options,
  ) {}

  private *log(text: string): Coroutine<void> {
    if (!this.o.quiet && !this.o.brief) yield* this.sys.eprint(text);
  }

  private get stamp(): string {
    return strftime('%Y-%m-%d %H:%M:%S', this.sys.now);
  }

  /** Fetches one URL with redirections and retries. @returns the exit status */
  *fetch(text: string): Coroutine<number> {
    const { sys, o } = this;
    if (o.spider) yield* this.log('Spider mode enabled. Check if remote file exists.\n');
    let url = parseUrl(text);
    if (typeof url === 'string') {
      yield* sys.eprint(`${text}: ${url}\n`);
      return 1;
    }
    if (o.output !== undefined && o.output !== '-' && this.out === undefined) {
      try {
        this.out = yield* sys.open(
          o.output,
          o.continue ? { write: true, create: true, append: true } : { write: true, create: true, truncate: true },
        );
      } catch (e) {
        yield* sys.eprint(`${o.output}: ${why(e)}\n`);
        return 1;
      }
    }
    let post = o.post;
    for (let hops = 0, attempt = 1; ;) {
      yield* this.log(`--${this.stamp}--  ${attempt > 1 ? `(try:${String(attempt).padStart(2)})  ` : ''}${url.text}\n`);
      const socket = yield* this.connect(url);
      if (typeof socket === 'number' || socket === 'retry') {
        if (socket !== 'retry') return socket;
        if (attempt >= o.tries) {
          yield* this.log('Giving up.\n\n');
          return 4;
        }
        yield* this.log('Retrying.\n\n');
        yield* sys.sleep(Math.min(attempt, 10) * 1e6);
        attempt++;
        continue;
      }
      const result = yield* this.exchange(url, socket, post);
      if (typeof result === 'number') return result;
      if (result === 'retry') {
        if (attempt >= o.tries) {
          yield* this.log('Giving up.\n\n');
          return 4;
        }
        yield* this.log('Retrying.\n\n');
        yield* sys.sleep(Math.min(attempt, 10) * 1e6);
        attempt++;
        continue;
      }
      if (++hops > o.redirects) {
        yield* sys.eprint(`${o.redirects} redirections exceeded.\n`);
        return 8;
      }
      const next = parseUrl(result.location);
      if (typeof next === 'string') {
        yield* sys.eprint(`${result.location}: ${next}\n`);
        return 1;
      }
      url = next;
      post = undefined;
    }
  }

  private *connect(url: Url): Coroutine<TcpSocket | number | 'retry'> {
    const { sys, o } = this;
    const old = this.connection;
    if (old && old.host === url.host && old.port === url.port && !old.socket.poll().readable) {
      yield* this.log(`Reusing existing connection to ${url.host}:${url.port}.\n`);
      return old.socket;
    }
    this.drop();
    const literal = url.host.replace(/^\[|\]$/g, '');
    const named = !/^[\d.]+$/.test(literal) && !literal.includes(':');
    if (named) yield* this.log(`Resolving ${literal} (${literal})... `);
    const found = yield* resolveHost(sys, literal, o.family);
    if ('error' in found) {
      yield* this.log(`failed: ${found.error}.\n`);
      yield* sys.eprint(o.quiet ? '' : `wget: unable to resolve host address ‘${literal}’\n`);
      return 4;
    }
    const show = (a: IpAddress): string => formatIp(a);
    if (named) {
      const shown = found.addresses.slice(0, 3).map(show).join(', ');
      yield* this.log(`${shown}${found.addresses.length > 3 ? ', ...' : ''}\n`);
    }
    let last = '';
    for (const address of found.addresses) {
      const a = typeof address === 'string' ? `[${address}]` : show(address);
      yield* this.log(`Connecting to ${named ? `${literal} (${literal})|${show(address)}|` : a}:${url.port}... `);
      const socket = tcpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
      const fd = sys.install(socket);
      try {
        yield* socket.connect(sys, { address, port: url.port }, o.timeout > 0 ? sys.now + o.timeout * 1e6 : undefined);
        yield* this.log('connected.\n');
        this.connection = { fd, socket, host: url.host, port: url.port };
        return socket;
      } catch (e) {
        sys.close(fd);
        if (isErrno(e, 'EINTR')) throw e;
        last = isErrno(e) ? e.code : '';
        yield* this.log(`failed: ${isErrno(e, 'EINPROGRESS') ? 'Connection timed out' : why(e)}.\n`);
      }
    }
    if (last === 'EINPROGRESS' || last === 'ETIMEDOUT' || (last === 'ECONNREFUSED' && o.retryRefused)) return 'retry';
    return 4;
  }

  private drop(): void {
    if (this.connection) this.sys.close(this.connection.fd);
    this.connection = undefined;
  }

  close(): void {
    this.drop();
    if (this.out !== undefined) this.sys.close(this.out);
    this.out = undefined;
  }

  private *exchange(
    url: Url,
    socket: TcpSocket,
    post: string | undefined,
  ): Coroutine<number | 'retry' | { location: string }> {
    const { sys, o } = this;
    const method = o.method ?? (o.spider ? 'HEAD' : post !== undefined ? 'POST' : 'GET');
    const lines = [`${method} ${url.path} HTTP/1.1`];
    const own = new Map(o.extra.map((h) => [h.slice(0, h.indexOf(':')).toLowerCase(), h]));
    const add = (name: string, value: string): void => {
      lines.push(own.get(name.toLowerCase()) ?? `${name}: ${value}`);
      own.delete(name.toLowerCase());
    };
    add('Host', url.port === 80 ? url.host : `${url.host}:${url.port}`);
    if (o.continue && this.size() > 0) lines.push(`Range: bytes=${this.size()}-`);
    add('User-Agent', o.agent);
    add('Accept', '*/*');
    add('Accept-Encoding', 'identity');
    if (o.user !== undefined) lines.push(`Authorization: Basic ${btoa(`${o.user}:${o.password ?? ''}`)}`);
    add('Connection', 'Keep-Alive');
    if (post !== undefined) {
      add('Content-Type', 'application/x-www-form-urlencoded');
      add('Content-Length', String(encode(post).length));
    }
    lines.push(...own.values());
    yield* this.log('HTTP request sent, awaiting response... ');
    const began = sys.now;
    const { fd } = this.connection!;
    let head: Head | undefined;
    let bytes: Uint8Array = EMPTY;
    try {
      yield* sys.write(fd, `${lines.join('\r\n')}\r\n\r\n${post ?? ''}`);
      while (!head) {
        const data = yield* socket.receive(sys, 16384, { until: sys.now + o.timeout * 1e6 });
        if (data.length === 0) {
          yield* this.log('No data received.\n');
          this.drop();
          return 'retry';
        }
        bytes = concat([bytes, data]);
        head = parseHead(bytes);
      }
    } catch (e) {
      if (isErrno(e, 'EINTR')) throw e;
      yield* this.log(`Read error (${isErrno(e, 'EAGAIN') ? 'Connection timed out' : why(e)}) in headers.\n`);
      this.drop();
      return 'retry';
    }
    const [, code = '0', reason = ''] = /^HTTP\/[\d.]+ (\d{3}) ?(.*)$/.exec(head.start) ?? [];
    const status = Number(code);
    if (o.headers) {
      const shown = [head.start, ...head.headers.map((h) => `${h.name}: ${h.value}`)].map((l) => `  ${l}\n`).join('');
      if (!o.quiet) yield* sys.eprint(`${o.brief ? '' : '\n'}${shown}`);
    } else yield* this.log(`${code} ${reason}\n`);
    const body = new Body(sys, socket, head, bytes.subarray(head.length), method, o.timeout);
    const location = header(head.headers, 'location');
    if (status >= 300 && status < 400 && status !== 304 && location !== undefined) {
      const next = /^https?:\/\//i.test(location)
        ? location
        : location.startsWith('/')
          ? `http://${url.host}${url.port === 80 ? '' : `:${url.port}`}${location}`
          : `http://${url.host}${url.port === 80 ? '' : `:${url.port}`}${url.path.replace(/[^/]*$/, '')}${location}`;
      yield* this.log(`Location: ${location} [following]\n`);
      for (;;) if ((yield* body.next()) === undefined) break;
      if (!body.reusable) this.drop();
      return { location: next };
    }
    if (status === 416 && o.continue) {
      yield* this.log('\n    The file is already fully retrieved; nothing to do.\n\n');
      return 0;
    }
    if (status >= 400 || status < 200) {
      if (o.spider) {
        yield* this.log('Remote file does not exist -- broken link!!!\n\n');
        return 8;
      }
      if (o.brief) yield* sys.eprint(`${url.text}:\n`);
      if (!o.quiet)
        yield* sys.eprint(
          `${this.stamp} ERROR ${code}: ${reason === '' ? 'Unknown' : reason}.\n${o.brief ? '' : '\n'}`,
        );
      if (!o.contentOnError) return 8;
    }
    const type = header(head.headers, 'content-type')?.split(';')[0]?.trim();
    const length = body.length;
    if (!(status >= 400))
      yield* this.log(
        `Length: ${length === undefined ? 'unspecified' : `${length}${length >= 1024 ? ` (${human(length)})` : ''}`}${type === undefined ? '' : ` [${type}]`}\n`,
      );
    if (o.spider) {
      yield* this.log(
        type === 'text/html'
          ? 'Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n'
          : 'Remote file exists.\n\n',
      );
      return 0;
    }
    return yield* this.store(url, body, began, status >= 400 ? 8 : 0);
  }

  private size(): number {
    try {
      return this.o.output === undefined || this.o.output === '-' ? 0 : this.sys.files.stat(this.o.output).size;
    } catch {
      return 0;
    }
  }

  private *store(url: Url, body: Body, began: number, status: number): Coroutine<number> {
    const { sys, o } = this;
    const toStdout = o.output === '-';
    let name =
      o.output ??
      (url.path.split('?')[0]!.replace(/^.*\//, '') || 'index.html') +
        (url.path.includes('?') ? `?${url.path.split('?')[1]!}` : '');
    let fd = toStdout ? 1 : this.out;
    if (fd === undefined) {
      if (o.prefix !== undefined) {
        if (!sys.files.exists(o.prefix)) sys.files.mkdir(o.prefix);
        name = `${o.prefix.replace(/\/$/, '')}/${name}`;
      }
      if (sys.files.exists(name)) {
        if (!o.clobber) {
          yield* this.log(`File ‘${name}’ already there; not retrieving.\n\n`);
          return 0;
        }
        let n = 1;
        while (sys.files.exists(`${name}.${n}`)) n++;
        name = `${name}.${n}`;
      }
      try {
        fd = yield* sys.open(name, { write: true, create: true, truncate: true });
      } catch (e) {
        yield* sys.eprint(`${name}: ${why(e)}\n\nCannot write to ‘${name}’ (${why(e)}).\n`);
        return 3;
      }
    }
    yield* this.log(`Saving to: ‘${toStdout ? 'STDOUT' : name}’\n`);
    const bar = o.bar ?? sys.isatty(2);
    if (!bar || !toStdout) yield* this.log(toStdout ? '' : '\n');
    const progress = bar ? new Bar(name, body.length) : new Dots(body.length);
    const from = sys.now;
    if (!toStdout || bar) yield* this.log(progress.start());
    let got = 0;
    let first = true;
    let failed = false;
    for (;;) {
      let part: Uint8Array | undefined;
      try {
        part = yield* body.next();
      } catch (e) {
        if (!isErrno(e) || e.code === 'EINTR') throw e;
        failed = true;
      }
      if (part === undefined) break;
      yield* sys.write(fd, part);
      got += part.length;
      if (toStdout && !bar && first) yield* this.log('\n' + progress.start());
      first = false;
      yield* this.log(progress.add(part.length, Math.max(1, sys.now - from)));
    }
    const took = Math.max(1, sys.now - from);
    if (first && toStdout && !bar) yield* this.log('\n' + progress.start());
    yield* this.log(progress.end(took));
    if (!toStdout && fd !== this.out) sys.close(fd);
    if (!body.reusable) this.drop();
    const speed = rate(got, took);
    void began;
    if (failed || (body.length !== undefined && got < body.length)) {
      yield* this.log(`${this.stamp} (${speed}) - Connection closed at byte ${got}. `);
      return 4;
    }
    const sizes = body.length === undefined ? `[${got}]` : `[${got}/${body.length}]`;
    if (o.brief && !o.quiet) yield* sys.eprint(`${this.stamp} URL:${url.text} ${sizes} -> "${name}" [1]\n`);
    else
      yield* this.log(`${this.stamp} (${speed}) - ${toStdout ? 'written to stdout' : `‘${name}’ saved`} ${sizes}\n\n`);
    return status;
  }
}

/** The body of an answer, part by part. */
class Body {
  readonly length: number | undefined;
  readonly reusable: boolean;
  private left: number;
  private readonly chunks: Chunked | undefined;
  private over = false;

  constructor(
    private readonly sys: Sys,
    private readonly socket: TcpSocket,
    head: Head,
    private pending: Uint8Array,
    method: string,
    private readonly timeout: number,
  ) {
    const text = header(head.headers, 'content-length');
    this.chunks = /chunked/i.test(header(head.headers, 'transfer-encoding') ?? '') ? new Chunked() : undefined;
    this.length = this.chunks || text === undefined ? undefined : Number(text);
    this.left = method === 'HEAD' || / (204|304) /.test(head.start) ? 0 : (this.length ?? Infinity);
    this.reusable =
      !/close/i.test(header(head.headers, 'connection') ?? '') &&
      !head.start.startsWith('HTTP/1.0') &&
      (this.chunks !== undefined || this.length !== undefined);
  }

  /** The next part; undefined at the end. @throws Errno */
  *next(): Coroutine<Uint8Array | undefined> {
    for (;;) {
      if (this.over || this.left <= 0) return undefined;
      let data = this.pending;
      this.pending = EMPTY;
      if (data.length === 0) {
        data = yield* this.socket.receive(this.sys, 16384, { until: this.sys.now + this.timeout * 1e6 });
        if (data.length === 0) {
          this.over = true;
          return undefined;
        }
      }
      let part = this.chunks ? this.chunks.feed(data) : data;
      if (this.chunks?.done) this.over = true;
      if (part.length > this.left) part = part.subarray(0, this.left);
      this.left -= part.length;
      if (part.length > 0) return part;
    }
  }
}

/** A way of showing how far it is. */
interface Progress {
  start(): string;
  add(bytes: number, took: number): string;
  end(took: number): string;
}

const speedText = (bytes: number, micros: number): string => {
  const v = (bytes / Math.max(1, micros)) * 1e6;
  const units: [number, string][] = [
    [1024 ** 3, 'G'],
    [1024 ** 2, 'M'],
    [1024, 'K'],
    [1, ''],
  ];
  const [size, unit] = units.find(([s]) => v >= s) ?? [1, ''];
  const n = v / size;
  return `${n >= 99.95 ? n.toFixed(0) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2)}${unit}`.padStart(5);
};

/** Dots of 1 KB, fifty a line. */
class Dots implements Progress {
  private bytes = 0;
  private dots = 0;
  private row = 0;
  private rowAt = 0;

  constructor(private readonly length: number | undefined) {}

  start(): string {
    return '     0K';
  }

  private percent(): string {
    return this.length === undefined
      ? '    '
      : `${Math.floor((100 * this.bytes) / Math.max(1, this.length))}%`.padStart(4);
  }

  add(n: number, took: number): string {
    let out = '';
    let rest = n;
    while (rest > 0) {
      const room = (this.dots + 1) * 1024 - (this.bytes - this.row * 51200);
      const step = Math.min(rest, room);
      this.bytes += step;
      rest -= step;
      if (this.bytes - this.row * 51200 < (this.dots + 1) * 1024) break;
      if (this.dots % 10 === 0) out += ' ';
      out += '.';
      if (++this.dots < 50) continue;
      const time = Math.max(1, took - this.rowAt);
      this.rowAt = took;
      this.row++;
      this.dots = 0;
      const left =
        this.length === undefined
          ? ''
          : ` ${Math.max(0, Math.round(((this.length - this.bytes) / this.bytes) * (took / 1e6)))}s`;
      out += `${this.percent()} ${speedText(51200, time)}${left}`;
      if (this.length !== undefined && this.bytes >= this.length) continue;
      out += `\n${String(this.row * 50).padStart(6)}K`;
    }
    return out;
  }

  end(took: number): string {
    const width = 50 + 5 - (this.dots + Math.ceil(this.dots / 10));
    const seconds = took / 1e6;
    const time =
      seconds < 0.0005 ? '0' : seconds < 10 ? String(Number(seconds.toPrecision(1))) : String(Math.round(seconds));
    const last = this.bytes - this.row * 51200;
    return `${' '.repeat(width)}${this.percent()} ${speedText(last, took - this.rowAt)}=${time}s\n\n`;
  }
}

/** The bar of a terminal. */
class Bar implements Progress {
  private bytes = 0;
  private drawn = 0;

  constructor(
    private readonly name: string,
    private readonly length: number | undefined,
  ) {}

  private line(last: boolean, took: number): string {
    const width = 19;
    const name = this.name.length > 20 ? this.name.slice(0, 20) : this.name.padEnd(20);
    const share = this.length === undefined ? undefined : this.length === 0 ? 1 : this.bytes / this.length;
    const percent = share === undefined ? '    ' : `${Math.floor(share * 100)}%`.padStart(4);
    const filled = share === undefined ? 0 : Math.floor(share * (width + 1));
    const bar =
      share === undefined
        ? '<=>'.padEnd(width + 1)
        : filled === 0
          ? ' '.repeat(width + 1)
          : `${'='.repeat(Math.max(0, filled - 1))}>`.padEnd(width + 1);
    const size = this.bytes < 1024 ? String(this.bytes) : `${(this.bytes / 1024).toFixed(2)}K`;
    const speed = took < 200_000 ? '--.-KB/s' : `${speedText(this.bytes, took)}B/s`;
    const end = last ? `in ${took < 500 ? '0' : String(Number((took / 1e6).toPrecision(1)))}s` : '';
    return `\r${name}${percent}[${bar}] ${size.padStart(7)}  ${speed}    ${end.padEnd(12)}`;
  }

  start(): string {
    return this.line(false, 0);
  }

  add(n: number, took: number): string {
    this.bytes += n;
    // Five times a second at the most.
    if (took - this.drawn < 200_000 || (this.length !== undefined && this.bytes >= this.length)) return '';
    this.drawn = took;
    return this.line(false, took);
  }

  end(took: number): string {
    return `${this.line(true, took)}\n\n`;
  }
}

/** The program. */
export const wget: Program = {
  name: 'wget',
  path: '/usr/bin/wget',
  size: 536408,
  summary: 'the non-interactive network downloader',
  manual: `NAME
       wget - fetch URLs into files

SYNOPSIS
       wget [-q] [-O FILE] [-S] [--spider] [-T SECONDS] [-t TRIES] URL...

DESCRIPTION
       -q   say nothing       -O -   to standard output      -S   show the server's headers     --spider   only look whether it is there
       Exit status: 4 network failure, 8 the server answered with an error.
`,
  complete: () => ['-q', '-O', '-S', '-T', '-t', '-nv', '--spider', '--header='],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const { o, urls } = parse(argv);
      sys.onSignal('SIGPIPE', 'ignore');
      let status = 0;
      const run = new Wget(sys, o);
      try {
        for (const url of urls) status = (yield* run.fetch(url)) || status;
      } finally {
        run.close();
      }
      return status;
    });
  },
};
