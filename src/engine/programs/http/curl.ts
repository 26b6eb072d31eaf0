import type { Coroutine, ErrnoCode } from '../../core';
import { concat, EMPTY, encode, Errno, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { TcpSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp } from '../../wire';
import { baseName } from '../files/names';
import { resolveHost } from '../network/resolver';
import type { CurlOptions } from './curl-options';
import { CurlUsage, parseCurl } from './curl-options';
import { CURL_HELP, CURL_VERSION } from './help';
import type { Head } from './message';
import { Chunked, header, parseHead } from './message';

const TRY_HELP = "curl: try 'curl --help' or 'curl --manual' for more information\n";
const METER =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
  '                                 Dload  Upload   Total   Spent    Left  Speed\n';

/** The end of a transfer with curl's exit status and text. */
class CurlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Target {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly explicitPort: boolean;
}

/** Everything `-w` can ask about one transfer. Times in microseconds since its start. */
interface Report {
  httpCode: number;
  httpVersion: string;
  remoteIp: string;
  remotePort: number;
  localIp: string;
  localPort: number;
  sizeDownload: number;
  sizeHeader: number;
  connects: number;
  redirects: number;
  nameLookup: number;
  connect: number;
  startTransfer: number;
  total: number;
  contentType: string;
  redirectUrl: string;
  url: string;
  method: string;
}

/** curl(1) 7.88.1, HTTP only. */
export const curl: Program = {
  name: 'curl',
  path: '/usr/bin/curl',
  summary: 'transfer a URL',
  size: 285696,
  manual: `NAME
       curl - transfer a URL

SYNOPSIS
       curl [options / URLs]

DESCRIPTION
       -s silent, -S show errors all the same, -o FILE, -O, -I head only, -i with headers, -v verbose, -f fail on HTTP errors,
       -L follow redirects, -w FORMAT, -m SECONDS, --connect-timeout SECONDS, -H HEADER, -A AGENT, -X METHOD, -d DATA, -G, -u USER:PASS,
       -4, -6, --resolve HOST:PORT:ADDRESS, --interface DEVICE, --retry N
`,
  *main(sys, argv) {
    let options: CurlOptions;
    if (argv[1] === '--version' || argv[1] === '-V') {
      yield* sys.print(CURL_VERSION);
      return 0;
    }
    if (argv[1] === '--help' || argv[1] === '-h') {
      yield* sys.print(CURL_HELP);
      return 0;
    }
    try {
      options = parseCurl(argv.slice(1));
      if (options.urls.length === 0) {
        yield* sys.eprint(TRY_HELP);
        return 2;
      }
    } catch (e) {
      if (!(e instanceof CurlUsage)) throw e;
      yield* sys.eprint(`curl: ${e.message}\n${TRY_HELP}`);
      return 2;
    }
    sys.onSignal('SIGPIPE', 'ignore');
    let status = 0;
    for (const [i, url] of options.urls.entries()) status = yield* transfer(sys, options, url, options.outputs[i]);
    return status;
  },
};

function* transfer(sys: Sys, o: CurlOptions, url: string, output: string | true | undefined): Coroutine<number> {
  const began = sys.now;
  const report: Report = {
    httpCode: 0,
    httpVersion: '0',
    remoteIp: '',
    remotePort: 0,
    localIp: '',
    localPort: 0,
    sizeDownload: 0,
    sizeHeader: 0,
    connects: 0,
    redirects: 0,
    nameLookup: 0,
    connect: 0,
    startTransfer: 0,
    total: 0,
    contentType: '',
    redirectUrl: '',
    url,
    method: 'GET',
  };
  const run = new Transfer(sys, o, report, began, output);
  let status = 0;
  try {
    let next: string | undefined = url;
    while (next !== undefined) {
      next = yield* run.follow(next);
      if (next !== undefined && ++report.redirects > o.maxRedirects)
        throw new CurlError(47, `Maximum (${o.maxRedirects}) redirects followed`);
    }
  } catch (e) {
    if (!(e instanceof CurlError)) throw e;
    status = e.status;
    yield* run.meterEnd();
    if (!o.silent || o.showError) yield* sys.eprint(`curl: (${e.status}) ${e.message}\n`);
  } finally {
    run.release();
  }
  if (status === 0) yield* run.meterEnd();
  report.total = sys.now - began;
  if (o.writeOut !== undefined) yield* sys.print(writeOut(o.writeOut, report));
  return status;
}

class Transfer {
  private fd: number | undefined;
  private out: number | undefined;
  private metered = false;
  private connection = -1;

  constructor(
    private readonly sys: Sys,
    private readonly o: CurlOptions,
    private readonly report: Report,
    private readonly began: number,
    private readonly output: string | true | undefined,
  ) {}

  /** One request. @returns the URL to go on with, when redirects are followed. */
  *follow(url: string): Coroutine<string | undefined> {
    const { o, report } = this;
    const target = parseUrl(url);
    report.url = url;
    const socket = yield* this.connect(target);
    if (target.scheme === 'https') {
      // No TLS here. What the server would make of the hello is what a plain HTTP server does with it.
      throw new CurlError(35, 'not simulated in this course: TLS (use http://)');
    }
    const body = o.get || o.data.length === 0 ? undefined : o.data.join('&');
    const path =
      o.get && o.data.length > 0
        ? `${target.path}${target.path.includes('?') ? '&' : '?'}${o.data.join('&')}`
        : target.path;
    report.method = o.method ?? (o.head ? 'HEAD' : body !== undefined ? 'POST' : 'GET');
    const lines = this.requestLines(target, path, body);
    yield* this.say('>', [...lines, '']);
    yield* this.sending(() => this.sys.write(this.fd!, `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`));
    const [head, rest] = yield* this.receiveHead(socket);
    return yield* this.receiveBody(socket, head, rest, target);
  }

  release(): void {
    if (this.fd !== undefined) this.sys.close(this.fd);
    if (this.out !== undefined && this.out !== 1) this.sys.close(this.out);
    this.fd = this.out = undefined;
  }

  private *note(text: string): Coroutine<void> {
    if (this.o.verbose) yield* this.sys.eprint(`* ${text}\n`);
  }

  private *say(mark: string, lines: readonly string[]): Coroutine<void> {
    if (this.o.verbose) yield* this.sys.eprint(lines.map((l) => `${mark} ${l}\n`).join(''));
  }

  private requestLines(target: Target, path: string, body: string | undefined): string[] {
    const { o } = this;
    const own = new Map(o.headers.map((h) => [h.split(/[:;]/)[0]!.toLowerCase(), h]));
    const host = target.explicitPort ? `${target.host}:${target.port}` : target.host;
    const lines = [`${this.report.method} ${path} HTTP/1.1`];
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
    if (o.user !== undefined) add('Authorization', `Basic ${base64(o.user)}`);
    add('User-Agent', o.agent === '' ? undefined : o.agent);
    add('Accept', '*/*');
    add('Referer', o.referer);
    for (const [name, line] of own) if (name !== 'content-type' && name !== 'content-length') lines.push(line);
    if (body !== undefined) {
      lines.push(`Content-Length: ${encode(body).length}`);
      lines.push(own.get('content-type') ?? 'Content-Type: application/x-www-form-urlencoded');
    }
    return lines;
  }

  private deadline(): number {
    return this.o.maxTime === undefined ? Infinity : this.began + this.o.maxTime * 1e6;
  }

  private *connect(target: Target): Coroutine<TcpSocket> {
    const { sys, o, report } = this;
    if (this.fd !== undefined) {
      sys.close(this.fd);
      this.fd = undefined;
    }
    yield* this.meterBegin();
    const addresses = yield* this.lookup(target);
    report.nameLookup = sys.now - this.began;
    const from = sys.now;
    const limit = Math.min(this.deadline(), from + (o.connectTimeout ?? 300) * 1e6);
    let last: ErrnoCode | 'timeout' = 'ECONNREFUSED';
    this.connection++;
    for (const address of addresses) {
      const socket = sys.net.sockets.createTcp(typeof address === 'number' ? 'inet' : 'inet6', {
        uid: sys.proc.uid,
        netRaw: sys.netAdmin,
        netBind: sys.netAdmin,
      });
      const fd = sys.install(socket);
      const text = formatIp(address);
      yield* this.note(`  Trying ${text}:${target.port}...`);
      try {
        if (o.interface !== undefined) this.bindTo(socket, o.interface);
        yield* socket.connect(sys, { address, port: target.port }, limit === Infinity ? undefined : limit);
        this.fd = fd;
        report.connects++;
        report.connect = sys.now - this.began;
        report.remoteIp = text;
        report.remotePort = target.port;
        report.localIp = formatIp(socket.local.address);
        report.localPort = socket.local.port;
        yield* this.note(`Connected to ${target.host} (${text}) port ${target.port} (#${this.connection})`);
        return socket;
      } catch (e) {
        sys.close(fd);
        if (!isErrno(e)) throw e;
        last = e.code === 'EINPROGRESS' ? 'timeout' : e.code;
        if (last === 'timeout') break;
        if (e.code === 'EINTR') throw new CurlError(42, 'Callback aborted');
        yield* this.note(
          e.code === 'ENETUNREACH' || e.code === 'EADDRNOTAVAIL'
            ? `Immediate connect fail for ${text}: ${e.message}`
            : `connect to ${text} port ${target.port} failed: ${e.message}`,
        );
      }
    }
    const ms = Math.round((sys.now - from) / 1000);
    if (last === 'timeout') {
      if (o.maxTime !== undefined && this.deadline() <= from + (o.connectTimeout ?? 300) * 1e6) {
        const text = `Connection timed out after ${Math.round((sys.now - this.began) / 1000)} milliseconds`;
        yield* this.note(text);
        yield* this.note(`Closing connection ${this.connection}`);
        throw new CurlError(28, text);
      }
      const text = `Failed to connect to ${target.host} port ${target.port} after ${ms} ms: Timeout was reached`;
      yield* this.note(text);
      yield* this.note(`Closing connection ${this.connection}`);
      throw new CurlError(28, text);
    }
    const text = `Failed to connect to ${target.host} port ${target.port} after ${ms} ms: Couldn't connect to server`;
    yield* this.note(text);
    yield* this.note(`Closing connection ${this.connection}`);
    throw new CurlError(last === 'ETIMEDOUT' ? 28 : 7, text);
  }

  private bindTo(socket: TcpSocket, name: string): void {
    const link = this.sys.net.links.list().find((l) => l.name === name);
    if (!link) throw new CurlError(45, `Couldn't bind to '${name}'`);
    socket.device = this.sys.net.links.get(link.index) ?? null;
  }

  private *lookup(target: Target): Coroutine<readonly IpAddress[]> {
    for (const entry of this.o.resolve) {
      const m = /^[+-]?([^:]+):(\d+):(.+)$/.exec(entry);
      if (m && m[1]!.toLowerCase() === target.host.toLowerCase() && Number(m[2]) === target.port) {
        const found = yield* resolveHost(this.sys, m[3]!.replace(/^\[|\]$/g, ''));
        if (!('error' in found)) return found.addresses;
      }
    }
    const found = yield* resolveHost(this.sys, target.host.replace(/^\[|\]$/g, ''), this.o.family);
    if ('error' in found) {
      yield* this.note(`Could not resolve host: ${target.host}`);
      yield* this.note(`Closing connection ${this.connection + 1}`);
      throw new CurlError(6, `Could not resolve host: ${target.host}`);
    }
    return found.addresses;
  }

  private *sending(work: () => Coroutine<void>): Coroutine<void> {
    try {
      yield* work();
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new CurlError(55, `Send failure: ${e.message}`);
    }
  }

  private *read(socket: TcpSocket): Coroutine<Uint8Array> {
    const limit = this.deadline();
    try {
      return yield* socket.receive(this.sys, 16384, limit === Infinity ? {} : { until: limit });
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (e.code === 'EAGAIN') {
        const ms = Math.round((this.sys.now - this.began) / 1000);
        const text = `Operation timed out after ${ms} milliseconds with ${this.report.sizeDownload} bytes received`;
        yield* this.note(text);
        yield* this.note(`Closing connection ${this.connection}`);
        throw new CurlError(28, text);
      }
      if (e.code === 'EINTR') throw new Errno('EINTR');
      const text = `Recv failure: ${e.message}`;
      yield* this.note(text);
      yield* this.note(`Closing connection ${this.connection}`);
      throw new CurlError(56, text);
    }
  }

  private *receiveHead(socket: TcpSocket): Coroutine<[Head, Uint8Array]> {
    let bytes: Uint8Array = EMPTY;
    for (;;) {
      const data = yield* this.read(socket);
      if (data.length === 0) {
        yield* this.note(bytes.length === 0 ? 'Empty reply from server' : 'end of response with headers unfinished');
        yield* this.note(`Closing connection ${this.connection}`);
        throw new CurlError(52, 'Empty reply from server');
      }
      if (bytes.length === 0) this.report.startTransfer = this.sys.now - this.began;
      bytes = concat([bytes, data]);
      const head = parseHead(bytes);
      const looksLikeHttp = /^HTTP\//.test(
        String.fromCharCode(...bytes.subarray(0, 5)).padEnd(5, 'HTTP/'.slice(Math.min(5, bytes.length))),
      );
      if (!looksLikeHttp) {
        yield* this.note('Received HTTP/0.9 when not allowed');
        yield* this.note(`Closing connection ${this.connection}`);
        throw new CurlError(1, 'Received HTTP/0.9 when not allowed');
      }
      if (head) return [head, bytes.subarray(head.length)];
      if (bytes.length > 300 * 1024) throw new CurlError(56, 'Too large response headers');
    }
  }

  private *receiveBody(
    socket: TcpSocket,
    head: Head,
    first: Uint8Array,
    target: Target,
  ): Coroutine<string | undefined> {
    const { o, report } = this;
    const m = /^HTTP\/(\d(?:\.\d)?) (\d{3})/.exec(head.start);
    report.httpCode = Number(m?.[2] ?? 0);
    report.httpVersion = m?.[1] ?? '0';
    report.sizeHeader += head.length;
    report.contentType = header(head.headers, 'content-type') ?? '';
    const location = header(head.headers, 'location');
    const lines = [head.start, ...head.headers.map((h) => `${h.name}: ${h.value}`)];
    if (report.httpVersion === '1.0' && !/keep-alive/i.test(header(head.headers, 'connection') ?? '')) {
      yield* this.note('HTTP 1.0, assume close after body');
    }
    yield* this.say('<', [...lines, '']);
    if (o.fail && report.httpCode >= 400) {
      yield* this.note(`The requested URL returned error: ${report.httpCode}`);
      yield* this.note(`Closing connection ${this.connection}`);
      throw new CurlError(22, `The requested URL returned error: ${report.httpCode}`);
    }
    const next = location === undefined ? undefined : absolute(location, target);
    if (next !== undefined) report.redirectUrl = next;
    const follows = o.location && report.httpCode >= 300 && report.httpCode < 400 && next !== undefined;
    if (o.head || o.include) yield* this.deliver(encode(this.paintHead(lines)));
    const length = header(head.headers, 'content-length');
    const bodiless = report.method === 'HEAD' || report.httpCode === 204 || report.httpCode === 304;
    const chunked = /chunked/i.test(header(head.headers, 'transfer-encoding') ?? '') ? new Chunked() : undefined;
    let left = bodiless ? 0 : chunked ? Infinity : length === undefined ? Infinity : Number(length);
    let data = first;
    while (left > 0) {
      if (data.length > 0) {
        let part = chunked ? chunked.feed(data) : data;
        if (part.length > left) part = part.subarray(0, left);
        left -= part.length;
        report.sizeDownload += part.length;
        if (!follows) yield* this.deliver(part);
        if (chunked?.done) break;
      }
      if (left <= 0) break;
      data = yield* this.read(socket);
      if (data.length === 0) {
        if (chunked || length !== undefined) {
          const text = chunked
            ? 'transfer closed with outstanding read data remaining'
            : `transfer closed with ${left} bytes remaining to read`;
          yield* this.note(text);
          yield* this.note(`Closing connection ${this.connection}`);
          throw new CurlError(18, text);
        }
        break;
      }
    }
    const keepAlive = report.httpVersion !== '1.0' && !/close/i.test(header(head.headers, 'connection') ?? '');
    yield* this.note(
      keepAlive
        ? `Connection #${this.connection} to host ${target.host} left intact`
        : `Closing connection ${this.connection}`,
    );
    if (follows) {
      yield* this.note(`Issue another request to this URL: '${next}'`);
      return next;
    }
    if (this.out === undefined && this.output !== undefined) yield* this.deliver(EMPTY);
    return undefined;
  }

  /** Header names are bold on a terminal. */
  private paintHead(lines: readonly string[]): string {
    const bold = this.output === undefined && this.sys.isatty(1);
    const shown = lines.map((line, i) => (bold && i > 0 ? line.replace(/^([^:]+):/, '\x1b[1m$1\x1b[0m:') : line));
    return `${shown.join('\r\n')}\r\n\r\n`;
  }

  private *deliver(data: Uint8Array): Coroutine<void> {
    const { sys } = this;
    if (this.out === undefined) {
      if (this.output === undefined || this.output === '-') this.out = 1;
      else {
        const name = this.output === true ? baseName(parseUrl(this.report.url).path.split('?')[0]!) : this.output;
        if (this.output === true && (name === '/' || name === ''))
          throw new CurlError(23, 'Remote file name has no length');
        try {
          this.out = yield* sys.open(name, { write: true, create: true, truncate: true });
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* sys.eprint(`Warning: Failed to open the file ${name}: ${e.message}\n`);
          throw new CurlError(23, 'Failure writing output to destination');
        }
      }
    }
    try {
      yield* sys.write(this.out, data);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new CurlError(23, 'Failure writing output to destination');
    }
  }

  private *meterBegin(): Coroutine<void> {
    const { o, sys } = this;
    if (this.metered || o.silent || o.noProgress) return;
    if ((this.output === undefined || this.output === '-') && sys.isatty(1)) return;
    this.metered = true;
    yield* sys.eprint(`${METER}  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`);
  }

  /** The meter's last line. */
  *meterEnd(): Coroutine<void> {
    if (!this.metered) return;
    this.metered = false;
    const { sizeDownload } = this.report;
    const speed = Math.round(sizeDownload / Math.max(1e-3, (this.sys.now - this.began) / 1e6));
    const n = (v: number, w: number): string => String(v).padStart(w);
    const percent = sizeDownload > 0 ? 100 : 0;
    yield* this.sys.eprint(
      `\r${n(percent, 3)} ${n(sizeDownload, 5)} ${n(percent, 4)} ${n(sizeDownload, 5)}    0     0 ${n(speed, 6)}      0 --:--:-- --:--:-- --:--:-- ${n(speed, 5)}\n`,
    );
  }
}

function parseUrl(text: string): Target {
  const m = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:[^@/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([/?#].*)?$/i.exec(text);
  if (!m || m[2] === '') throw new CurlError(3, 'URL using bad/illegal format or missing URL');
  const scheme = (m[1] ?? 'http').toLowerCase();
  if (scheme !== 'http' && scheme !== 'https')
    throw new CurlError(1, `Protocol "${scheme}" not supported or disabled in libcurl`);
  const port = m[3] === undefined || m[3] === '' ? (scheme === 'http' ? 80 : 443) : Number(m[3]);
  if (port > 65535 || /[\s]/.test(text)) throw new CurlError(3, 'URL using bad/illegal format or missing URL');
  const path = (m[4] ?? '/').replace(/#.*/, '');
  return {
    scheme,
    host: m[2]!,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
    explicitPort: port !== (scheme === 'http' ? 80 : 443),
  };
}

function absolute(location: string, from: Target): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location;
  const origin = `${from.scheme}://${from.host}${from.explicitPort ? `:${from.port}` : ''}`;
  if (location.startsWith('/')) return origin + location;
  return `${origin}${from.path.replace(/[^/]*$/, '')}${location}`;
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...encode(text)));
}

function writeOut(format: string, r: Report): string {
  const seconds = (micros: number): string => (micros / 1e6).toFixed(6);
  const values: Record<string, string> = {
    http_code: String(r.httpCode).padStart(3, '0'),
    response_code: String(r.httpCode).padStart(3, '0'),
    http_version: r.httpVersion,
    remote_ip: r.remoteIp,
    remote_port: String(r.remotePort),
    local_ip: r.localIp,
    local_port: String(r.localPort),
    size_download: String(r.sizeDownload),
    size_header: String(r.sizeHeader),
    num_connects: String(r.connects),
    num_redirects: String(r.redirects),
    time_namelookup: seconds(r.nameLookup),
    time_connect: seconds(r.connect),
    time_starttransfer: seconds(r.startTransfer),
    time_total: seconds(r.total),
    content_type: r.contentType,
    redirect_url: r.redirectUrl,
    url_effective: r.url,
    url: r.url,
    method: r.method,
    scheme: 'HTTP',
    exitcode: '0',
    speed_download: String(Math.round(r.sizeDownload / Math.max(1e-6, r.total / 1e6))),
  };
  return format
    .replace(/\\([nrt\\])/g, (_, c: string) => ({ n: '\n', r: '\r', t: '\t', '\\': '\\' })[c]!)
    .replace(/%\{(\w+)\}|%%/g, (all, name: string | undefined) =>
      name === undefined ? '%' : (values[name] ?? `curl: unknown --write-out variable: '${name}'\n`),
    );
}
