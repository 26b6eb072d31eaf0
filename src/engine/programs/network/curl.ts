/** curl(1) 7.88.1, as far as plain HTTP goes. */
import type { Coroutine } from '../../core';
import { concat, decode, encode, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { Family, TcpSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp, parseIp } from '../../wire';
import { GetoptError, getopt } from '../lib/getopt';
import { Stop, stoppable, why } from './common';
import { CURL_HELP, CURL_VERSION } from './help';
import { resolveHost } from './resolver';
import { tcpSocket } from './sockets';

interface Options {
  silent: boolean;
  showError: boolean;
  head: boolean;
  include: boolean;
  verbose: boolean;
  fail: boolean;
  location: boolean;
  remoteName: boolean;
  output: string | undefined;
  writeOut: string | undefined;
  method: string | undefined;
  data: string | undefined;
  agent: string;
  headers: string[];
  maxTime: number | undefined;
  connectTimeout: number | undefined;
  family: 'any' | 'inet' | 'inet6';
  resolve: Map<string, IpAddress>;
  device: string | undefined;
  dumpHeader: string | undefined;
}

/** A transfer that failed, with curl's number and words. */
class CurlError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

interface Url {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly authority: string;
}

const TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n";

function parseUrl(text: string): Url {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (scheme && scheme[1]!.toLowerCase() !== 'http') {
    const name = scheme[1]!.toLowerCase();
    if (name === 'https') throw new CurlError(2, 'not simulated in this course: https');
    throw new CurlError(1, `Protocol "${name}" not supported or disabled in libcurl`);
  }
  const rest = scheme ? text.slice(scheme[0].length) : text;
  const slash = rest.search(/[/?#]/);
  let authority = slash < 0 ? rest : rest.slice(0, slash);
  let path = slash < 0 ? '/' : rest.slice(slash).replace(/#.*/, '');
  if (!path.startsWith('/')) path = `/${path}`;
  authority = authority.slice(authority.lastIndexOf('@') + 1);
  const m = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(?::(\d*))?$/.exec(authority);
  if (!m || m[1] === '') throw new CurlError(3, 'URL using bad/illegal format or missing URL');
  const port = m[2] === undefined || m[2] === '' ? 80 : Number(m[2]);
  if (port > 65535) throw new CurlError(3, 'URL using bad/illegal format or missing URL');
  const host = m[1]!.replace(/^\[|\]$/g, '');
  return { host, port, path, authority: port === 80 ? m[1]! : `${m[1]!}:${port}` };
}

interface Transfer {
  code: number;
  remoteIp: string;
  remotePort: number;
  localIp: string;
  localPort: number;
  size: number;
  headerSize: number;
  connects: number;
  started: number;
  resolvedAt: number;
  connectedAt: number;
  firstByteAt: number;
  redirects: number;
  contentType: string;
  urlEffective: string;
}

function newTransfer(now: number): Transfer {
  return {
    code: 0,
    remoteIp: '',
    remotePort: 0,
    localIp: '',
    localPort: 0,
    size: 0,
    headerSize: 0,
    connects: 0,
    started: now,
    resolvedAt: 0,
    connectedAt: 0,
    firstByteAt: 0,
    redirects: 0,
    contentType: '',
    urlEffective: '',
  };
}

function writeOut(format: string, t: Transfer, now: number): string {
  const secs = (at: number): string => (at === 0 ? 0 : (at - t.started) / 1e6).toFixed(6);
  const values: Readonly<Record<string, string | number>> = {
    http_code: String(t.code).padStart(3, '0'),
    response_code: String(t.code).padStart(3, '0'),
    remote_ip: t.remoteIp,
    remote_port: t.remotePort,
    local_ip: t.localIp,
    local_port: t.localPort,
    size_download: t.size,
    size_header: t.headerSize,
    num_connects: t.connects,
    num_redirects: t.redirects,
    content_type: t.contentType,
    url_effective: t.urlEffective,
    scheme: 'HTTP',
    http_version: t.code === 0 ? '0' : '1.1',
    time_namelookup: secs(t.resolvedAt),
    time_connect: secs(t.connectedAt),
    time_pretransfer: secs(t.connectedAt),
    time_starttransfer: secs(t.firstByteAt),
    time_total: secs(now),
    speed_download: t.size === 0 ? 0 : Math.floor((t.size * 1e6) / Math.max(1, now - t.started)),
    method: 'GET',
  };
  return format
    .replace(/%\{([a-z_]+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
    .replace(/%%/g, '%')
    .replace(/\\n/g, '\n')
    .replace(/\\r/g, '\r')
    .replace(/\\t/g, '\t');
}

const PROGRESS_HEAD =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
  '                                 Dload  Upload   Total   Spent    Left  Speed\n';

function progress(t: Transfer, now: number): string {
  const n = String(t.size);
  const speed = t.size === 0 ? 0 : Math.floor((t.size * 1e6) / Math.max(1, now - t.started));
  const percent = t.size === 0 ? '  0' : '100';
  return `\r${percent} ${n.padStart(5)}  ${percent} ${n.padStart(5)}    0     0 ${String(speed).padStart(6)}      0 --:--:-- --:--:-- --:--:-- ${String(speed).padStart(5)}`;
}

/** One connection being read, with what was read ahead. */
class Reader {
  private rest: Uint8Array = new Uint8Array(0);
  ended = false;

  constructor(
    private readonly sys: Sys,
    private readonly fd: number,
    private readonly deadline: () => number | undefined,
    private readonly t: Transfer,
  ) {}

  /** More bytes; false at the end. @throws CurlError when time is up or the connection breaks */
  *more(): Coroutine<boolean> {
    const { sys, fd } = this;
    const until = this.deadline();
    const ready = yield* sys.poll([{ fd, read: true }], until === undefined ? undefined : Math.max(0, until - sys.now));
    if (ready[0] === null) {
      const millis = Math.floor((sys.now - this.t.started) / 1000);
      throw new CurlError(28, `Operation timed out after ${millis} milliseconds with ${this.t.size} bytes received`);
    }
    let data: Uint8Array;
    try {
      data = yield* sys.read(fd);
    } catch (e) {
      throw new CurlError(56, `Recv failure: ${why(e)}`);
    }
    if (this.t.firstByteAt === 0) this.t.firstByteAt = sys.now;
    if (data.length === 0) {
      this.ended = true;
      return false;
    }
    this.rest = concat([this.rest, data]);
    return true;
  }

  *line(): Coroutine<string | undefined> {
    for (;;) {
      const at = this.rest.indexOf(10);
      if (at >= 0) {
        const line = decode(this.rest.subarray(0, at + 1));
        this.rest = this.rest.subarray(at + 1);
        return line;
      }
      if (!(yield* this.more())) return undefined;
    }
  }

  /** Up to `max` bytes; empty at the end. */
  *take(max: number): Coroutine<Uint8Array> {
    if (this.rest.length === 0 && !(yield* this.more())) return this.rest;
    const part = this.rest.subarray(0, max);
    this.rest = this.rest.subarray(part.length);
    return part;
  }
}

function* connect(sys: Sys, url: Url, o: Options, t: Transfer, say: (text: string) => Coroutine<void>): Coroutine<{ fd: number; socket: TcpSocket; address: IpAddress }> {
  const fixed = o.resolve.get(`${url.host}:${url.port}`);
  let addresses: readonly IpAddress[];
  if (fixed !== undefined) {
    addresses = [fixed];
    yield* say(`* Added ${url.host}:${url.port}:${formatIp(fixed)} to DNS cache\n* Hostname ${url.host} was found in DNS cache\n`);
  } else {
    const found = yield* resolveHost(sys, url.host, o.family);
    if ('error' in found) throw new CurlError(6, `Could not resolve host: ${url.host}`);
    addresses = found.addresses;
  }
  t.resolvedAt = sys.now;
  const start = sys.now;
  let timedOut = false;
  for (const address of addresses) {
    const family: Family = typeof address === 'number' ? 'inet' : 'inet6';
    const shown = family === 'inet6' ? `[${formatIp(address)}]` : formatIp(address);
    yield* say(`*   Trying ${shown}:${url.port}...\n`);
    const socket = tcpSocket(sys, family);
    const fd = sys.install(socket, 5);
    const limits = [o.maxTime, o.connectTimeout].filter((x): x is number => x !== undefined);
    const until = limits.length === 0 ? start + 300e6 : start + Math.min(...limits) * 1e6;
    try {
      if (o.device !== undefined) {
        const local = parseIp(o.device);
        if (local !== undefined) socket.bind({ address: local, port: 0 });
        else socket.bindToDevice(o.device);
      }
      yield* socket.connect(sys, { address, port: url.port }, until);
      return { fd, socket, address };
    } catch (e) {
      sys.close(fd);
      if (!isErrno(e)) throw e;
      timedOut = sys.now >= until;
      if (timedOut) break;
      yield* say(`* connect to ${formatIp(address)} port ${url.port} failed: ${why(e)}\n`);
    }
  }
  const millis = Math.floor((sys.now - start) / 1000);
  if (timedOut) {
    if (o.connectTimeout !== undefined && (o.maxTime === undefined || o.connectTimeout <= o.maxTime)) {
      throw new CurlError(28, `Failed to connect to ${url.host} port ${url.port} after ${millis} ms: Timeout was reached`);
    }
    throw new CurlError(28, `Connection timed out after ${millis} milliseconds`);
  }
  const message = `Failed to connect to ${url.host} port ${url.port} after ${millis} ms: Couldn't connect to server`;
  yield* say(`* ${message}\n* Closing connection 0\n`);
  throw new CurlError(7, message);
}

function* transfer(sys: Sys, text: string, o: Options, t: Transfer, sink: (data: Uint8Array, header: boolean) => Coroutine<void>): Coroutine<string | undefined> {
  const url = parseUrl(text);
  t.urlEffective = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  if (t.urlEffective.split('/').length === 3) t.urlEffective += '/';
  const say = function* (line: string): Coroutine<void> {
    if (o.verbose) yield* sys.eprint(line);
  };
  const { fd, socket, address } = yield* connect(sys, url, o, t, say);
  t.connects++;
  t.connectedAt = sys.now;
  t.remoteIp = formatIp(address);
  t.remotePort = url.port;
  t.localIp = formatIp(socket.localIp);
  t.localPort = socket.local.port;
  yield* say(`* Connected to ${url.host} (${formatIp(address)}) port ${url.port} (#0)\n`);
  const method = o.method ?? (o.head ? 'HEAD' : o.data !== undefined ? 'POST' : 'GET');
  const own = new Map(o.headers.map((h) => [h.slice(0, h.search(/[:;]|$/)).toLowerCase(), h]));
  const lines = [`${method} ${url.path} HTTP/1.1`];
  const add = (name: string, value: string): void => {
    if (!own.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  };
  const host = own.get('host');
  lines.push(host ?? `Host: ${url.authority}`);
  own.delete('host');
  if (o.agent !== '') add('User-Agent', o.agent);
  add('Accept', '*/*');
  for (const h of own.values()) if (!/:\s*$/.test(h)) lines.push(h);
  if (o.data !== undefined) {
    add('Content-Length', String(encode(o.data).length));
    add('Content-Type', 'application/x-www-form-urlencoded');
  }
  for (const line of lines) yield* say(`> ${line}\n`);
  yield* say('> \n');
  try {
    yield* sys.write(fd, `${lines.join('\r\n')}\r\n\r\n${o.data ?? ''}`);
  } catch (e) {
    sys.close(fd);
    throw new CurlError(55, `Send failure: ${why(e)}`);
  }
  const reader = new Reader(sys, fd, () => (o.maxTime === undefined ? undefined : t.started + o.maxTime * 1e6), t);
  const headers = new Map<string, string>();
  try {
    const status = yield* reader.line();
    if (status === undefined) throw new CurlError(52, 'Empty reply from server');
    const m = /^HTTP\/(\d(?:\.\d)?) (\d{3})/.exec(status);
    if (!m) throw new CurlError(1, 'Received HTTP/0.9 when not allowed');
    t.code = Number(m[2]);
    t.headerSize += status.length;
    yield* say(`< ${status.trimEnd()}\n`);
    const failing = o.fail && t.code >= 400;
    if (!failing) yield* sink(encode(status), true);
    for (;;) {
      const line = yield* reader.line();
      if (line === undefined) break;
      t.headerSize += line.length;
      yield* say(`< ${line.trimEnd()}\n`);
      if (!failing) yield* sink(encode(line), true);
      if (line.trimEnd() === '') break;
      const colon = line.indexOf(':');
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    t.contentType = headers.get('content-type') ?? '';
    if (failing) {
      yield* say('* The requested URL returned error: ' + t.code + '\n* Closing connection 0\n');
      throw new CurlError(22, `The requested URL returned error: ${t.code}`);
    }
    const location = headers.get('location');
    const following = o.location && location !== undefined && t.code >= 300 && t.code < 400;
    const body = function* (data: Uint8Array): Coroutine<void> {
      t.size += data.length;
      if (!following) yield* sink(data, false);
    };
    const bodyless = method === 'HEAD' || t.code === 204 || t.code === 304 || t.code < 200;
    if (!bodyless) {
      if (/chunked/i.test(headers.get('transfer-encoding') ?? '')) {
        for (;;) {
          const size = parseInt((yield* reader.line()) ?? '0', 16);
          if (!(size > 0)) break;
          let left = size;
          while (left > 0) {
            const part = yield* reader.take(left);
            if (part.length === 0) throw new CurlError(18, 'transfer closed with outstanding read data remaining');
            left -= part.length;
            yield* body(part);
          }
          yield* reader.line();
        }
        yield* reader.line();
      } else if (headers.has('content-length')) {
        let left = Number(headers.get('content-length'));
        while (left > 0) {
          const part = yield* reader.take(left);
          if (part.length === 0) throw new CurlError(18, `transfer closed with ${left} bytes remaining to read`);
          left -= part.length;
          yield* body(part);
        }
      } else {
        for (let part = yield* reader.take(65536); part.length > 0; part = yield* reader.take(65536)) yield* body(part);
      }
    }
    const closes = status.startsWith('HTTP/1.0') || /close/i.test(headers.get('connection') ?? '');
    if (following) {
      yield* say(`* Issue another request to this URL: '${resolveUrl(t.urlEffective, location)}'\n`);
      return resolveUrl(t.urlEffective, location);
    }
    yield* say(closes ? '* Closing connection 0\n' : `* Connection #0 to host ${url.host} left intact\n`);
    return undefined;
  } finally {
    sys.close(fd);
  }
}

function resolveUrl(base: string, location: string): string {
  if (/^[a-z]+:\/\//i.test(location)) return location;
  const origin = /^[a-z]+:\/\/[^/]*/i.exec(base)![0];
  if (location.startsWith('/')) return origin + location;
  return base.slice(0, base.lastIndexOf('/') + 1) + location;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    if (argv.length === 1) throw new Stop(2, TRY);
    let parsed;
    try {
      parsed = getopt(argv, '#:46aA:b:c:C:d:D:e:E:fF:gGhH:iIjJkK:lLm:MnNo:OpP:qQ:r:RsST:u:U:vVw:x:X:y:Y:z:Z0123', [
        'silent=s', 'show-error=S', 'output:=o', 'head=I', 'include=i', 'verbose=v', 'fail=f', 'location=L', 'remote-name=O', 'write-out:=w',
        'request:=X', 'data:=d', 'data-raw:=d', 'data-binary:=d', 'user-agent:=A', 'header:=H', 'max-time:=m', 'connect-timeout:', 'ipv4=4', 'ipv6=6',
        'resolve:', 'interface:', 'insecure=k', 'globoff=g', 'no-buffer=N', 'help=h', 'version=V', 'dump-header:=D', 'no-progress-meter', 'retry:',
        'noproxy:', 'compressed', 'http1.1', 'no-keepalive', 'fail-with-body=f',
      ]);
    } catch (e) {
      if (!(e instanceof GetoptError)) throw e;
      const long = /unrecognized option '(--[^']*)'/.exec(e.message);
      const short = /invalid option -- '(.)'/.exec(e.message);
      const missing = /requires an argument(?: -- '(.)')?/.exec(e.message);
      const what = long ? `option ${long[1]}: is unknown` : short ? `option -${short[1]}: is unknown` : missing ? `option -${missing[1] ?? ''}: requires parameter` : e.message;
      throw new Stop(2, `curl: ${what}\n${TRY}`);
    }
    const o: Options = {
      silent: false,
      showError: false,
      head: false,
      include: false,
      verbose: false,
      fail: false,
      location: false,
      remoteName: false,
      output: undefined,
      writeOut: undefined,
      method: undefined,
      data: undefined,
      agent: 'curl/7.88.1',
      headers: [],
      maxTime: undefined,
      connectTimeout: undefined,
      family: 'any',
      resolve: new Map(),
      device: undefined,
      dumpHeader: undefined,
    };
    const seconds = (name: string, arg: string): number => {
      const n = Number(arg);
      if (!(n >= 0) || arg.trim() === '') throw new Stop(2, `curl: option ${name}: expected a proper numerical parameter\n${TRY}`);
      return n;
    };
    let noMeter = false;
    for (const { name, arg } of parsed.options) {
      switch (name) {
        case 'h':
          yield* sys.print(CURL_HELP);
          return 0;
        case 'V':
          yield* sys.print(CURL_VERSION);
          return 0;
        case 's':
          o.silent = true;
          break;
        case 'S':
          o.showError = true;
          break;
        case 'o':
          o.output = arg!;
          break;
        case 'O':
          o.remoteName = true;
          break;
        case 'I':
          o.head = true;
          break;
        case 'i':
          o.include = true;
          break;
        case 'v':
          o.verbose = true;
          break;
        case 'f':
          o.fail = true;
          break;
        case 'L':
          o.location = true;
          break;
        case 'w':
          o.writeOut = arg!;
          break;
        case 'X':
          o.method = arg!;
          break;
        case 'd':
          o.data = o.data === undefined ? arg! : `${o.data}&${arg!}`;
          break;
        case 'D':
          o.dumpHeader = arg!;
          break;
        case 'A':
          o.agent = arg!;
          break;
        case 'H':
          o.headers.push(arg!);
          break;
        case 'm':
          o.maxTime = seconds('-m', arg!);
          break;
        case 'connect-timeout':
          o.connectTimeout = seconds('--connect-timeout', arg!);
          break;
        case '4':
          o.family = 'inet';
          break;
        case '6':
          o.family = 'inet6';
          break;
        case 'interface':
          o.device = arg!;
          break;
        case 'no-progress-meter':
          noMeter = true;
          break;
        case 'resolve': {
          const m = /^\+?([^:]+):(\d+):\[?([^\]]+)\]?$/.exec(arg!);
          const address = m ? parseIp(m[3]!) : undefined;
          if (!m || address === undefined) throw new Stop(49, `curl: (49) Couldn't parse CURLOPT_RESOLVE entry '${arg}'\n`);
          o.resolve.set(`${m[1]!.toLowerCase()}:${m[2]}`, address);
          break;
        }
        case 'k':
        case 'g':
        case 'N':
        case '#':
        case 'noproxy':
        case 'compressed':
        case 'http1.1':
        case 'no-keepalive':
          break;
        default:
          throw new Stop(2, `curl: not simulated in this course: ${name.length > 1 ? '--' : '-'}${name}\n`);
      }
    }
    if (parsed.operands.length === 0) throw new Stop(2, `curl: (2) no URL specified\n`);
    let status = 0;
    for (const first of parsed.operands) {
      const t = newTransfer(sys.now);
      let file: number | undefined;
      const name = o.remoteName ? first.slice(first.lastIndexOf('/') + 1) : o.output;
      if (o.remoteName && name === '') {
        yield* sys.eprint('curl: Remote file name has no length!\ncurl: (23) Failed writing received data to disk/application\n');
        status = 23;
        continue;
      }
      const toFile = name !== undefined && name !== '-';
      const meter = !o.silent && !noMeter && (toFile || !sys.isatty(1));
      const bold = sys.isatty(1) && !toFile;
      const sink = function* (data: Uint8Array, header: boolean): Coroutine<void> {
        if (header && !o.head && !o.include) return;
        let out = data;
        if (header && bold) {
          const text = decode(data);
          const colon = text.indexOf(':');
          if (colon > 0 && !text.startsWith('HTTP/')) out = encode(`\x1b[1m${text.slice(0, colon)}\x1b[0m${text.slice(colon)}`);
        }
        if (!toFile) {
          yield* sys.write(1, out);
          return;
        }
        file ??= yield* sys.open(name, { write: true, create: true, truncate: true });
        yield* sys.write(file, out);
      };
      if (meter) yield* sys.eprint(`${PROGRESS_HEAD}${progress(t, sys.now)}`);
      try {
        let url: string | undefined = first;
        while (url !== undefined) {
          if (t.redirects > 50) throw new CurlError(47, 'Maximum (50) redirects followed');
          const next: string | undefined = yield* transfer(sys, url, o, t, sink);
          if (next !== undefined) t.redirects++;
          url = next;
        }
        if (meter) yield* sys.eprint(`${progress(t, sys.now)}\n`);
        status = 0;
      } catch (e) {
        if (!(e instanceof CurlError)) {
          if (!isErrno(e) || e.code === 'EINTR') throw e;
          yield* sys.eprint(`curl: (23) Failed writing body\n`);
          return 23;
        }
        status = e.code;
        if (meter) yield* sys.eprint(`${progress(t, sys.now)}\n`);
        if (!o.silent || o.showError) yield* sys.eprint(`curl: (${e.code}) ${e.message}\n`);
      } finally {
        if (file !== undefined) sys.close(file);
      }
      if (o.writeOut !== undefined) yield* sys.print(writeOut(o.writeOut, t, sys.now));
    }
    return status;
  });
}

/** The program. */
export const curl: Program = {
  name: 'curl',
  path: '/usr/bin/curl',
  size: 277760,
  summary: 'transfer a URL',
  manual: `NAME
       curl - fetch a URL over HTTP

SYNOPSIS
       curl [options] URL...

DESCRIPTION
       Fetches a page and writes it to standard output.

       -o FILE, -O   into a file           -s, -S   silent, but with errors      -v   show the exchange
       -I            headers only          -i       headers too                  -L   follow redirects
       -H 'N: V'     a header of one's own -X, -d   method, data                 -f   fail on HTTP errors
       -m SECONDS    time for everything   --connect-timeout SECONDS             -4, -6
       -w FORMAT     what to print at the end, such as '%{http_code}\\n'
       --resolve HOST:PORT:ADDRESS         --interface NAME|ADDRESS
`,
  main,
  complete: () => ['--connect-timeout', '--interface', '--resolve', '-4', '-6', '-H', '-I', '-L', '-S', '-X', '-d', '-f', '-i', '-m', '-o', '-s', '-v', '-w'],
};
