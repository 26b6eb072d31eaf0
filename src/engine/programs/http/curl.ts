import type { Coroutine, ErrnoCode } from '../../core';
import { concat, decode, EMPTY, encode, Errno, errnoNumber, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import { SocketNode } from '../../host';
import type { TcpSocket } from '../../net';
import { UnixSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp, parseIp } from '../../wire';
import { baseName } from '../files/names';
import { resolveHost } from '../network/resolver';
import type { CurlOptions } from './curl-options';
import { CurlMissing, CurlUsage, parseCurl } from './curl-options';
import { clientHello } from './tls-hello';
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

/** What a transfer goes over. */
type Stream = TcpSocket | UnixSocket;

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
  exit: number;
  error: string;
  sizeUpload: number;
  sizeRequest: number;
  preTransfer: number;
  redirect: number;
  scheme: string;
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
      if (e instanceof CurlMissing) {
        yield* sys.eprint(`curl: not simulated in this course: ${e.message}\n`);
        return 2;
      }
      if (!(e instanceof CurlUsage)) throw e;
      yield* sys.eprint(`curl: ${e.message}\n${TRY_HELP}`);
      return 2;
    }
    sys.onSignal('SIGPIPE', 'ignore');
    let status = 0;
    for (const [i, url] of options.urls.entries()) status = yield* withRetries(sys, options, url, options.outputs[i]);
    return status;
  },
};

/** Why a transfer will be tried again; undefined when it will not. */
function willRetry(o: CurlOptions, left: number, status: number, code: number, refused: boolean): string | undefined {
  if (left <= 0) return undefined;
  if (status === 28) return 'timeout';
  if ([408, 429, 500, 502, 503, 504].includes(code)) return 'HTTP error';
  if (refused && o.retryRefused) return 'connection refused';
  return o.retryAll && status !== 0 ? '(retrying all errors)' : undefined;
}

/** --retry: tries again what may be temporary, after 1, 2, 4 ... seconds. */
function* withRetries(sys: Sys, o: CurlOptions, url: string, output: string | true | undefined): Coroutine<number> {
  let delay = o.retryDelay ?? 1;
  for (let left = o.retry; ; left--) {
    const { status, again: problem } = yield* transfer(sys, o, url, output, left);
    if (problem === undefined) return status;
    if (!o.silent || o.showError)
      yield* sys.eprint(
        `Warning: Problem: ${problem}. Will retry in ${delay} seconds. ${left} retr${left === 1 ? 'y' : 'ies'} left.\n`,
      );
    yield* sys.sleep(delay * 1e6);
    if (o.retryDelay === undefined) delay = Math.min(delay * 2, 600);
  }
}

function* transfer(
  sys: Sys,
  o: CurlOptions,
  url: string,
  output: string | true | undefined,
  left: number,
): Coroutine<{ status: number; again: string | undefined }> {
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
    exit: 0,
    error: '',
    sizeUpload: 0,
    sizeRequest: 0,
    preTransfer: 0,
    redirect: 0,
    scheme: 'HTTP',
  };
  const run = new Transfer(sys, o, report, began, output);
  let status = 0;
  let message = '';
  try {
    yield* run.loadCookies();
    let next: string | undefined = url;
    while (next !== undefined) {
      next = yield* run.follow(next);
      if (next !== undefined && ++report.redirects > o.maxRedirects)
        throw new CurlError(47, `Maximum (${o.maxRedirects}) redirects followed`);
    }
  } catch (e) {
    if (!(e instanceof CurlError)) throw e;
    status = e.status;
    message = e.message;
    yield* run.meterEnd();
    if (!o.silent || o.showError) yield* sys.eprint(`curl: (${e.status}) ${e.message}\n`);
  } finally {
    run.release();
  }
  yield* run.saveCookies();
  if (status === 0) yield* run.meterEnd();
  report.total = sys.now - began;
  report.exit = status;
  report.error = message;
  const again = willRetry(o, left, status, report.httpCode, run.refused);
  if (o.writeOut !== undefined && again === undefined) {
    const [toStdout, toStderr] = writeOut(o.writeOut, report);
    yield* sys.print(toStdout);
    yield* sys.eprint(toStderr);
  }
  return { status, again };
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
    report.scheme = target.scheme.toUpperCase();
    const socket = yield* this.connect(target);
    if (target.scheme === 'https') yield* this.handshake(socket, target);
    report.preTransfer = this.sys.now - this.began;
    const body = this.redirected ? undefined : yield* this.body();
    const path =
      o.get && o.data.length > 0
        ? `${target.path}${target.path.includes('?') ? '&' : '?'}${yield* this.dataText()}`
        : this.uploadPath(target.path);
    report.method =
      this.redirected && !o.head
        ? 'GET'
        : (o.method ?? (o.head ? 'HEAD' : o.upload !== undefined ? 'PUT' : body !== undefined ? 'POST' : 'GET'));
    const lines = this.requestLines(target, path, body);
    yield* this.say('>', [...lines, '']);
    const request = concat([encode(`${lines.join('\r\n')}\r\n\r\n`), body?.bytes ?? EMPTY]);
    report.sizeRequest += request.length - (body?.bytes.length ?? 0);
    report.sizeUpload = body?.bytes.length ?? 0;
    if (this.metered && body && body.bytes.length > 0 && o.verbose)
      yield* this.sys.eprint(`} [${body.bytes.length} bytes data]\n`);
    yield* this.sending(() => this.sys.write(this.fd!, request));
    const [head, rest] = yield* this.receiveHead(socket);
    const next = yield* this.receiveBody(socket, head, rest, target);
    if (next !== undefined) {
      report.redirect = this.sys.now - this.began;
      if (report.httpCode === 303 || ((report.httpCode === 301 || report.httpCode === 302) && report.method === 'POST'))
        this.redirected = true;
    }
    return next;
  }

  private redirected = false;
  /** The server refused the connection. */
  refused = false;

  /** What a TLS client says first. Servers that do not speak TLS show it; there is nothing behind it. */
  private *handshake(socket: Stream, target: Target): Coroutine<void> {
    const named = !/^[\d.]+$|^\[/.test(target.host);
    yield* this.note('ALPN: offers h2,http/1.1');
    yield* this.note('TLSv1.3 (OUT), TLS handshake, Client hello (1):');
    yield* this.sending(() =>
      this.sys.write(this.fd!, clientHello(named ? target.host : undefined, this.sys.random(96))),
    );
    // The library reads the header of a record first; what is unread when it gives up makes the kernel reset the connection.
    const answer = yield* this.read(socket, 5);
    const close = function* (this: Transfer, text: string): Coroutine<never> {
      yield* this.note(text);
      yield* this.note(`Closing connection ${this.connection}`);
      throw new CurlError(35, text);
    }.bind(this);
    if (answer.length === 0)
      yield* close('OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ' + `${target.host}:${target.port} `);
    if (answer[0] !== 0x16 && answer[0] !== 0x15)
      yield* close('OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number');
    yield* close('not simulated in this course: TLS (use http://)');
  }

  /** -d: all parts joined; `@file` is read, without its line ends unless it is binary. */
  private *dataText(): Coroutine<string> {
    const parts: string[] = [];
    for (const d of this.o.data) {
      if (d.kind === 'raw' || !d.text.startsWith('@')) parts.push(d.text);
      else {
        const text = yield* this.fileText(d.text.slice(1));
        parts.push(d.kind === 'ascii' ? text.replace(/[\r\n]/g, '') : text);
      }
    }
    return parts.join('&');
  }

  private *fileText(name: string): Coroutine<string> {
    return decode(yield* this.fileBytes(name));
  }

  private *fileBytes(name: string): Coroutine<Uint8Array> {
    const { sys } = this;
    if (name === '-' || name === '.') return yield* sys.readAll(0);
    let fd: number;
    try {
      fd = yield* sys.open(name, { read: true });
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new CurlError(26, `Failed to open/read local data from file/application`);
    }
    try {
      return yield* sys.readAll(fd);
    } finally {
      sys.close(fd);
    }
  }

  /** What is sent behind the head. */
  private *body(): Coroutine<{ bytes: Uint8Array; type: string | undefined } | undefined> {
    const { o, sys } = this;
    if (o.upload !== undefined) return { bytes: yield* this.fileBytes(o.upload), type: undefined };
    if (o.forms.length > 0) {
      const boundary = `------------------------${[...sys.random(8)].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
      const parts: Uint8Array[] = [];
      for (const f of o.forms) {
        const at = f.indexOf('=');
        if (at < 0) throw new CurlError(2, `Illegally formatted input field`);
        const [name, value] = [f.slice(0, at), f.slice(at + 1)];
        const [file = '', ...settings] = value.slice(1).split(';');
        const isFile = value.startsWith('@');
        const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${isFile ? `; filename="${baseName(file)}"\r\nContent-Type: ${settings.find((x) => x.startsWith('type='))?.slice(5) ?? (/\.(txt|text)$/.test(file) ? 'text/plain' : /\.html?$/.test(file) ? 'text/html' : 'application/octet-stream')}` : ''}\r\n\r\n`;
        parts.push(
          encode(head),
          isFile ? yield* this.fileBytes(file) : value.startsWith('<') ? yield* this.fileBytes(file) : encode(value),
          encode('\r\n'),
        );
      }
      parts.push(encode(`--${boundary}--\r\n`));
      return { bytes: concat(parts), type: `multipart/form-data; boundary=${boundary}` };
    }
    if (o.get || o.data.length === 0) return undefined;
    return { bytes: encode(yield* this.dataText()), type: 'application/x-www-form-urlencoded' };
  }

  /** -T to a directory adds the file's name. */
  private uploadPath(path: string): string {
    const { upload } = this.o;
    return upload !== undefined && upload !== '-' && upload !== '.' && path.endsWith('/')
      ? `${path}${baseName(upload)}`
      : path;
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

  private requestLines(
    target: Target,
    path: string,
    body: { bytes: Uint8Array; type: string | undefined } | undefined,
  ): string[] {
    const { o } = this;
    const own = new Map(o.headers.map((h) => [h.split(/[:;]/)[0]!.toLowerCase(), h]));
    const host = target.explicitPort ? `${target.host}:${target.port}` : target.host;
    const line = o.proxy !== undefined && o.proxy !== '' ? `http://${host}${path}` : path;
    const lines = [`${this.report.method} ${line} HTTP/1.${o.http10 ? 0 : 1}`];
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
    if (o.proxy !== undefined && o.proxy !== '') add('Proxy-Connection', 'Keep-Alive');
    add('Referer', o.referer);
    add('Cookie', this.cookieLine());
    for (const [name, line] of own) if (name !== 'content-type' && name !== 'content-length') lines.push(line);
    if (body !== undefined) {
      lines.push(`Content-Length: ${body.bytes.length}`);
      const type = own.get('content-type') ?? (body.type === undefined ? undefined : `Content-Type: ${body.type}`);
      if (type !== undefined && /:\s*\S/.test(type)) lines.push(type);
    }
    return lines;
  }

  private cookieLine(): string | undefined {
    const given = this.o.cookies.filter((c) => c.includes('='));
    const all = [...[...this.jar].map(([name, value]) => `${name}=${value}`), ...given];
    return all.length > 0 ? all.join('; ') : undefined;
  }

  /** Cookies by name: those of -b FILE, and what servers set. */
  readonly jar = new Map<string, string>();
  private jarHost = '';

  /** Reads cookie files in Netscape's format. */
  *loadCookies(): Coroutine<void> {
    for (const name of this.o.cookies.filter((c) => !c.includes('='))) {
      if (!this.sys.files.exists(name)) continue;
      for (const line of (yield* this.fileText(name)).split('\n')) {
        const f = line.replace(/^#HttpOnly_/, '').split('\t');
        if (f.length === 7 && !line.startsWith('# ')) this.jar.set(f[5]!, f[6]!);
      }
    }
  }

  /** -c: writes them. */
  *saveCookies(): Coroutine<void> {
    const { jar } = this.o;
    if (jar === undefined) return;
    const lines = [...this.jar]
      .map(([name, value]) => `${this.jarHost}\tFALSE\t/\tFALSE\t0\t${name}\t${value}\n`)
      .join('');
    const text = `# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n# This file was generated by libcurl! Edit at your own risk.\n\n${lines}`;
    if (jar === '-') yield* this.sys.print(text);
    else yield* this.sys.writeFile(jar, text);
  }

  private deadline(): number {
    return this.o.maxTime === undefined ? Infinity : this.began + this.o.maxTime * 1e6;
  }

  /** --unix-socket. */
  private *connectUnix(path: string, target: Target): Coroutine<UnixSocket> {
    const { sys, report } = this;
    yield* this.note(`  Trying ${path}:0...`);
    const socket = new UnixSocket(sys.net, { uid: sys.proc.uid, netRaw: sys.netAdmin });
    const fd = sys.install(socket);
    try {
      const { inode } = sys.files.stat(path);
      if (!(inode instanceof SocketNode) || !(inode.endpoint instanceof UnixSocket)) throw new Errno('ECONNREFUSED');
      yield* socket.connect(sys, inode.endpoint);
    } catch (e) {
      sys.close(fd);
      if (!isErrno(e)) throw e;
      const text = `Failed to connect to ${target.host} port ${target.port} after 0 ms: Couldn't connect to server`;
      yield* this.note(`Immediate connect fail for ${path}: ${e.message}`);
      yield* this.note(text);
      yield* this.note(`Closing connection ${this.connection}`);
      throw new CurlError(7, text);
    }
    this.fd = fd;
    report.connects++;
    report.connect = sys.now - this.began;
    yield* this.note(`Connected to ${target.host} (${path}) port ${target.port} (#${this.connection})`);
    return socket;
  }

  /** --connect-to and -x: where the connection really goes. */
  private hop(target: Target): { host: string; port: number } {
    const { o } = this;
    if (o.proxy !== undefined && o.proxy !== '') {
      const m = /^(?:http:\/\/)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(o.proxy);
      if (!m)
        throw new CurlError(
          /^socks/.test(o.proxy) ? 97 : 5,
          /^socks/.test(o.proxy)
            ? 'not simulated in this course: SOCKS proxies'
            : `Unsupported proxy syntax in '${o.proxy}'`,
        );
      return { host: m[1]!, port: Number(m[2] ?? 1080) };
    }
    for (const rule of o.connectTo) {
      const m = /^(\[[^\]]*\]|[^:]*):(\d*):(\[[^\]]*\]|[^:]*):(\d*)$/.exec(rule);
      if (
        !m ||
        (m[1] !== '' && m[1]!.toLowerCase() !== target.host.toLowerCase()) ||
        (m[2] !== '' && Number(m[2]) !== target.port)
      )
        continue;
      return { host: m[3] || target.host, port: m[4] ? Number(m[4]) : target.port };
    }
    return target;
  }

  private *connect(target: Target): Coroutine<Stream> {
    const { sys, o, report } = this;
    if (this.fd !== undefined) {
      sys.close(this.fd);
      this.fd = undefined;
    }
    yield* this.meterBegin();
    if (o.unixSocket !== undefined) {
      this.connection++;
      return yield* this.connectUnix(o.unixSocket, target);
    }
    const hop = this.hop(target);
    const addresses = yield* this.lookup({ ...target, ...hop });
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
      const { port } = hop;
      yield* this.note(`  Trying ${typeof address === 'string' ? `[${text}]` : text}:${port}...`);
      try {
        if (o.interface !== undefined) this.bindTo(socket, o.interface);
        if (o.localPort !== undefined)
          socket.bind({ address: typeof address === 'number' ? 0 : '::', port: o.localPort });
        // Happy eyeballs: the other family has its turn when this one keeps silent.
        const other = addresses.slice(addresses.indexOf(address) + 1).some((a) => typeof a !== typeof address);
        const patience = other ? Math.min(limit, sys.now + 200_000) : limit;
        yield* socket.connect(sys, { address, port }, patience === Infinity ? undefined : patience);
        this.fd = fd;
        report.connects++;
        report.connect = sys.now - this.began;
        report.remoteIp = text;
        report.remotePort = port;
        report.localIp = formatIp(socket.local.address);
        report.localPort = socket.local.port;
        yield* this.note(`Connected to ${target.host} (${text}) port ${port} (#${this.connection})`);
        return socket;
      } catch (e) {
        sys.close(fd);
        if (!isErrno(e)) throw e;
        last = e.code === 'EINPROGRESS' ? 'timeout' : e.code;
        if (last === 'timeout') {
          if (sys.now >= limit) break;
          continue;
        }
        if (e.code === 'EINTR') throw new CurlError(42, 'Callback aborted');
        yield* this.note(
          e.code === 'ENETUNREACH' || e.code === 'EADDRNOTAVAIL'
            ? `Immediate connect fail for ${text}: ${e.message}`
            : `connect to ${text} port ${port} failed: ${e.message}`,
        );
        this.refused = e.code === 'ECONNREFUSED';
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
    const own = parseIp(name);
    if (own !== undefined) {
      try {
        socket.bind({ address: own, port: 0 });
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new CurlError(45, `bind failed with errno ${errnoNumber(e.code)}: ${e.message}`);
      }
      return;
    }
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

  private *read(socket: Stream, max = 16384): Coroutine<Uint8Array> {
    const limit = this.deadline();
    try {
      if ('receive' in socket) return yield* socket.receive(this.sys, max, limit === Infinity ? {} : { until: limit });
      const ready = yield* this.sys.poll(
        [{ fd: this.fd!, read: true }],
        limit === Infinity ? undefined : Math.max(0, limit - this.sys.now),
      );
      if (!ready[0]) throw new Errno('EAGAIN');
      return yield* this.sys.read(this.fd!, max);
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

  private *receiveHead(socket: Stream): Coroutine<[Head, Uint8Array]> {
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

  private *receiveBody(socket: Stream, head: Head, first: Uint8Array, target: Target): Coroutine<string | undefined> {
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
    for (const h of head.headers) {
      const m = h.name.toLowerCase() === 'set-cookie' ? /^([^=;]+)=([^;]*)/.exec(h.value) : null;
      if (m && (o.jar !== undefined || o.cookies.length > 0)) this.jar.set(m[1]!, m[2]!);
    }
    this.jarHost = target.host;
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
    if (this.metered && o.verbose && first.length > 0 && !bodiless)
      yield* this.sys.eprint(`{ [${first.length} bytes data]\n`);
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
    if (next === undefined || !follows) yield* this.meterEnd();
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
    if (o.failWithBody && report.httpCode >= 400)
      throw new CurlError(22, `The requested URL returned error: ${report.httpCode}`);
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

/** -w. @returns what goes to standard output and to standard error */
function writeOut(format: string, r: Report): [string, string] {
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
    scheme: r.scheme,
    exitcode: String(r.exit),
    errormsg: r.error,
    size_upload: String(r.sizeUpload),
    size_request: String(r.sizeRequest),
    speed_upload: String(Math.round(r.sizeUpload / Math.max(1e-6, r.total / 1e6))),
    time_pretransfer: seconds(r.preTransfer),
    time_redirect: seconds(r.redirect),
    time_appconnect: seconds(0),
    http_connect: '000',
    num_headers: '0',
    ssl_verify_result: '0',
    proxy_ssl_verify_result: '0',
    filename_effective: '',
    referer: '',
    urlnum: '0',
    certs: '',
    num_certs: '0',
    speed_download: String(Math.round(r.sizeDownload / Math.max(1e-6, r.total / 1e6))),
  };
  let stderr = '';
  let toStderr = false;
  let stdout = '';
  const out = (text: string): void => {
    if (toStderr) stderr += text;
    else stdout += text;
  };
  for (const m of format.matchAll(/\\([nrt\\])|%\{(\w+)\}|%%|[^\\%]+|[^]/g)) {
    const [all, escape, name] = m;
    if (escape !== undefined) out({ n: '\n', r: '\r', t: '\t', '\\': '\\' }[escape]!);
    else if (name === 'stderr' || name === 'stdout') toStderr = name === 'stderr';
    else if (name === 'onerror') {
      if (r.exit === 0) break;
    } else if (name !== undefined) {
      const value = values[name];
      if (value === undefined) stderr += `curl: unknown --write-out variable: '${name}'\n`;
      else out(value);
    } else out(all === '%%' ? '%' : all);
  }
  return [stdout, stderr];
}
