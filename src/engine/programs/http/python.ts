import type { Coroutine } from '../../core';
import { concat, decode, EMPTY, encode, errnoNumber, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { TcpSocket } from '../../net';
import { formatIp } from '../../wire';
import { resolveHost } from '../network/resolver';
import { tcpSocket } from '../network/sockets';
import { gmtime, MONTHS } from '../lib/strftime';
import { joinPath } from '../files/names';
import { httpDate, parseHead } from './message';
import type { Refusal, RequestLine } from './python-request';
import { logged, parseRequestLine } from './python-request';

const VERSION = '3.11.2';
/** A request head larger than this is refused, bytes. */
const MAX_HEAD = 65536;
/** Microseconds of CPU between the last byte of an answer and the end of the connection. */
const SHUTDOWN_WORK = 600;
/** Connections that wait to be accepted (socketserver's request_queue_size). */
const BACKLOG = 5;

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/x-python',
  sh: 'application/x-sh',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  xml: 'text/xml',
};

const REASONS: Readonly<Record<number, readonly [string, string]>> = {
  400: ['Bad Request', 'Bad request syntax or unsupported method'],
  404: ['Not Found', 'Nothing matches the given URI'],
  505: ['HTTP Version Not Supported', 'Cannot fulfill request'],
  501: ['Not Implemented', 'Server does not support this operation'],
};

interface Connection {
  readonly fd: number;
  readonly socket: TcpSocket;
  received: Uint8Array;
}

/** python3(1), as far as the course needs it: the module http.server. There is no interpreter. */
export const python3: Program = {
  name: 'python3',
  path: '/usr/bin/python3',
  links: ['/usr/bin/python3.11'],
  summary: 'an interactive high-level object-oriented language (here: only -m http.server)',
  size: 6831704,
  complete: (words) => (words[words.length - 1] === '-m' ? ['http.server'] : undefined),
  *main(sys, argv) {
    const args = argv.slice(1).filter((a) => a !== '-u' && a !== '-B');
    if (args[0] === '--version' || args[0] === '-V') {
      yield* sys.print(`Python ${VERSION}\n`);
      return 0;
    }
    if (args[0] !== '-m') {
      yield* sys.eprint(`python3: not simulated in this course: the interpreter; python3 -m http.server is\n`);
      return 2;
    }
    if (args[1] !== 'http.server') {
      yield* sys.eprint(`/usr/bin/python3: No module named ${args[1] ?? ''}\n`);
      return 1;
    }
    return yield* serve(sys, args.slice(2));
  },
};

/** Where the interpreter was when the socket could not be bound: the frames of its standard library. */
const TRACEBACK = `Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "<frozen runpy>", line 88, in _run_code
  File "/usr/lib/python3.11/http/server.py", line 1309, in <module>
    test(
  File "/usr/lib/python3.11/http/server.py", line 1256, in test
    with ServerClass(addr, HandlerClass) as httpd:
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/socketserver.py", line 456, in __init__
    self.server_bind()
  File "/usr/lib/python3.11/http/server.py", line 1303, in server_bind
    return super().server_bind()
           ^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/http/server.py", line 136, in server_bind
    socketserver.TCPServer.server_bind(self)
  File "/usr/lib/python3.11/socketserver.py", line 472, in server_bind
    self.socket.bind(self.server_address)
`;

const USAGE = 'usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\n';

function* serve(sys: Sys, args: readonly string[]): Coroutine<number> {
  let bind: string | undefined;
  let directory = sys.proc.cwd;
  let portText = '8000';
  for (let i = 0; i < args.length; i++) {
    const [word, inline] = args[i]!.startsWith('--') ? (args[i]!.split('=', 2) as [string, string?]) : [args[i]!];
    const value = (): string | undefined => inline ?? args[++i];
    if (word === '-h' || word === '--help') {
      yield* sys.print(
        `${USAGE}\noptions:\n  -b, --bind ADDRESS   bind to this address (default: all interfaces)\n  -d, --directory DIR  serve this directory\n`,
      );
      return 0;
    } else if (word === '-b' || word === '--bind') bind = value();
    else if (word === '-d' || word === '--directory') directory = value() ?? '';
    else if (word === '-p' || word === '--protocol') value();
    else if (word.startsWith('-')) {
      yield* sys.eprint(`${USAGE}server.py: error: unrecognized arguments: ${word}\n`);
      return 2;
    } else portText = word;
  }
  if (!/^\d+$/.test(portText)) {
    yield* sys.eprint(`${USAGE}server.py: error: argument port: invalid int value: '${portText}'\n`);
    return 2;
  }
  const port = Number(portText);
  let address = '0.0.0.0';
  if (bind !== undefined) {
    const found = yield* resolveHost(sys, bind);
    if ('error' in found) {
      yield* sys.eprint(`socket.gaierror: [Errno -2] ${found.error}\n`);
      return 1;
    }
    address = formatIp(found.addresses[0]!);
  }
  const family = address.includes(':') ? 'inet6' : 'inet';
  const listener = tcpSocket(sys, family);
  listener.reuseAddr = true;
  const fd = sys.install(listener);
  try {
    const parsed = yield* resolveHost(sys, address);
    if ('error' in parsed) return 1;
    listener.bind({ address: parsed.addresses[0]!, port });
    listener.listen(BACKLOG);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sys.eprint(`${TRACEBACK}OSError: [Errno ${errnoNumber(e.code)}] ${e.message}\n`);
    return 1;
  }
  // HTTPServer.server_bind() asks what the host is called (socket.getfqdn); nobody ever sees the answer.
  if (address === '0.0.0.0') yield* resolveHost(sys, sys.proc.ns.uts.hostname);
  const shownHost = family === 'inet6' ? `[${address}]` : address;
  let stopped = false;
  sys.onSignal('SIGINT', () => (stopped = true));
  yield* sys.print(
    `Serving HTTP on ${address} port ${listener.local.port} (http://${shownHost}:${listener.local.port}/) ...\n`,
  );
  const connections = new Map<number, Connection>();
  while (!stopped) {
    try {
      const fds = [fd, ...connections.keys()];
      const ready = yield* sys.poll(fds.map((n) => ({ fd: n, read: true })));
      for (const [i, n] of fds.entries()) {
        if (!ready[i]) continue;
        if (n === fd) {
          const socket = yield* listener.accept(sys, { dontWait: true });
          const at = sys.install(socket);
          connections.set(at, { fd: at, socket, received: EMPTY });
        } else if (yield* handle(sys, connections.get(n)!, directory)) {
          connections.delete(n);
          sys.close(n);
        }
      }
    } catch (e) {
      if (!isErrno(e, 'EINTR', 'EAGAIN', 'ECONNRESET', 'EPIPE')) throw e;
    }
  }
  yield* sys.print('\nKeyboard interrupt received, exiting.\n');
  return 0;
}

/** Reads what has come and answers when the request is complete. @returns true when the connection is finished. */
function* handle(sys: Sys, connection: Connection, directory: string): Coroutine<boolean> {
  let data: Uint8Array;
  try {
    data = yield* sys.read(connection.fd);
  } catch (e) {
    if (isErrno(e, 'EINTR', 'EAGAIN')) return false;
    if (!isErrno(e)) throw e;
    return true;
  }
  const ended = data.length === 0;
  const received = concat([connection.received, data]);
  connection.received = received;
  const end = received.indexOf(0x0a);
  if (end < 0 && !ended) return received.length > MAX_HEAD;
  const line = String.fromCharCode(...(end < 0 ? received : received.subarray(0, end))).replace(/[\r\n]+$/, '');
  const request = parseRequestLine(line);
  if (request === undefined) return true;
  // What is wrong with the first line is said without waiting for the others; who stops sending has said all.
  if (!('code' in request) && !ended && !parseHead(received)) return received.length > MAX_HEAD;
  sys.onSignal('SIGPIPE', 'ignore');
  try {
    yield* answer(sys, connection, line, request, directory);
    // The interpreter needs about this long before it shuts the connection down; a client is often quicker.
    yield* sys.work(SHUTDOWN_WORK);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  return true;
}

function* answer(
  sys: Sys,
  connection: Connection,
  line: string,
  request: RequestLine | Refusal,
  directory: string,
): Coroutine<void> {
  const client = connection.socket.remote ? formatIp(connection.socket.remote.address) : '?';
  const log = function* (text: string): Coroutine<void> {
    const tm = gmtime(sys.now);
    const two = (n: number): string => String(n).padStart(2, '0');
    const stamp = `${two(tm.day)}/${MONTHS[tm.month - 1]!.slice(0, 3)}/${tm.year} ${two(tm.hour)}:${two(tm.minute)}:${two(tm.second)}`;
    yield* sys.eprint(`${client} - - [${stamp}] ${logged(text)}\n`);
  };
  const fail = function* (code: number, message: string): Coroutine<void> {
    const [reason, explain] = REASONS[code]!;
    yield* log(`code ${code}, message ${message}`);
    yield* log(`"${line}" ${code} -`);
    const body = errorPage(code, message, explain);
    const extra = [
      'Connection: close',
      'Content-Type: text/html;charset=utf-8',
      `Content-Length: ${encode(body).length}`,
    ];
    // Who names no version speaks HTTP/0.9, where answers have no head.
    const head = response(sys.now, request, code, message || reason, extra);
    yield* sys.write(connection.fd, head + ('method' in request && request.method === 'HEAD' ? '' : body));
  };
  if ('code' in request) return yield* fail(request.code, request.message);
  const { method, target } = request;
  if (method !== 'GET' && method !== 'HEAD') return yield* fail(501, `Unsupported method ('${method}')`);
  const path = safePath(target);
  let full = joinPath(directory, path);
  if (sys.files.exists(full) && sys.files.stat(full).type === 'dir') {
    if (!target.split(/[?#]/)[0]!.endsWith('/')) {
      yield* log(`"${line}" 301 -`);
      yield* sys.write(
        connection.fd,
        response(sys.now, request, 301, 'Moved Permanently', [`Location: ${target}/`, 'Content-Length: 0']),
      );
      return;
    }
    const index = ['index.html', 'index.htm'].find((n) => sys.files.exists(joinPath(full, n)));
    if (index === undefined) {
      const body = listing(sys, full, target);
      yield* log(`"${line}" 200 -`);
      yield* sys.write(
        connection.fd,
        response(sys.now, request, 200, 'OK', [
          'Content-type: text/html; charset=utf-8',
          `Content-Length: ${encode(body).length}`,
        ]),
      );
      if (method === 'GET') yield* sys.write(connection.fd, body);
      return;
    }
    full = joinPath(full, index);
  }
  if (full.endsWith('/') || !sys.files.exists(full)) return yield* fail(404, 'File not found');
  let body: Uint8Array;
  try {
    const fd = yield* sys.open(full, { read: true });
    try {
      body = yield* sys.readAll(fd);
    } finally {
      sys.close(fd);
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
    return yield* fail(404, 'File not found');
  }
  const type = TYPES[full.slice(full.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
  yield* log(`"${line}" 200 -`);
  yield* sys.write(
    connection.fd,
    response(sys.now, request, 200, 'OK', [
      `Content-type: ${type}`,
      `Content-Length: ${body.length}`,
      `Last-Modified: ${httpDate(sys.files.stat(full).mtime)}`,
    ]),
  );
  if (method === 'GET') yield* sys.write(connection.fd, body);
}

/** The head of an answer; HTTP/0.9, which a refused first line counts as, has none. */
function response(
  now: number,
  request: RequestLine | Refusal,
  code: number,
  reason: string,
  headers: readonly string[],
): string {
  if ('code' in request || request.version === '') return '';
  return [
    `HTTP/1.0 ${code} ${reason}`,
    `Server: SimpleHTTP/0.6 Python/${VERSION}`,
    `Date: ${httpDate(now)}`,
    ...headers,
    '',
    '',
  ].join('\r\n');
}

/** The part of a request target below the directory: no query, no `..`, percent signs undone. */
function safePath(target: string): string {
  const text = unquote(target.split(/[?#]/)[0]!);
  const parts = text.split('/').filter((p) => p !== '' && p !== '.' && p !== '..');
  return parts.join('/') + (text.endsWith('/') && parts.length > 0 ? '/' : '');
}

/** urllib.parse.unquote: what is no escape stays, what is no UTF-8 is replaced. */
function unquote(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    decode(Uint8Array.from(run.slice(1).split('%'), (digits) => parseInt(digits, 16))),
  );
}

const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

function listing(sys: Sys, dir: string, target: string): string {
  const items = sys.files
    .readdir(dir)
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map((name) => {
      const s = sys.files.stat(joinPath(dir, name), false);
      const mark = s.type === 'dir' ? '/' : '';
      const shown = s.type === 'symlink' ? `${name}@` : name + mark;
      return `<li><a href="${encodeURIComponent(name)}${mark}">${escapeHtml(shown)}</a></li>`;
    });
  const title = `Directory listing for ${escapeHtml(unquote(target))}`;
  return [
    '<!DOCTYPE HTML>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<title>${title}</title>`,
    '</head>',
    '<body>',
    `<h1>${title}</h1>`,
    '<hr>',
    '<ul>',
    ...items,
    '</ul>',
    '<hr>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function errorPage(code: number, message: string, explain: string): string {
  return `<!DOCTYPE HTML>
<html lang="en">
    <head>
        <meta charset="utf-8">
        <title>Error response</title>
    </head>
    <body>
        <h1>Error response</h1>
        <p>Error code: ${code}</p>
        <p>Message: ${escapeHtml(message)}.</p>
        <p>Error code explanation: ${code} - ${explain}.</p>
    </body>
</html>
`;
}
