/** `python3 -m http.server`: the only thing python does on these machines. */
import type { Coroutine } from '../../core';
import { encode, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { Family, TcpSocket } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp } from '../../wire';
import { civil } from '../iproute2/monitor';
import { Stop, stoppable, why } from './common';
import { resolveHost } from './resolver';
import { tcpSocket } from './sockets';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (n: number): string => String(n).padStart(2, '0');

/** An HTTP date of virtual microseconds. */
export function httpDate(micros: number): string {
  const d = civil(Math.floor(micros / 1e6));
  return `${DAYS[d.weekday]}, ${two(d.day)} ${MONTHS[d.month - 1]} ${d.year} ${two(d.hour)}:${two(d.minute)}:${two(d.second)} GMT`;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  txt: 'text/plain',
  css: 'text/css',
  js: 'text/javascript',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
};

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
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
        <p>Message: ${message}.</p>
        <p>Error code explanation: ${code} - ${explain}.</p>
    </body>
</html>
`;
}

function listing(path: string, names: readonly string[], isDir: (name: string) => boolean): string {
  const title = `Directory listing for ${escapeHtml(path)}`;
  const items = [...names]
    .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map((n) => (isDir(n) ? `${n}/` : n))
    .map((n) => `<li><a href="${encodeURI(n)}">${escapeHtml(n)}</a></li>\n`);
  return `<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n</head>\n<body>\n<h1>${title}</h1>\n<hr>\n<ul>\n${items.join('')}</ul>\n<hr>\n</body>\n</html>\n`;
}

function* log(sys: Sys, peer: string, text: string): Coroutine<void> {
  const d = civil(Math.floor(sys.now / 1e6));
  yield* sys.eprint(`${peer} - - [${two(d.day)}/${MONTHS[d.month - 1]}/${d.year} ${two(d.hour)}:${two(d.minute)}:${two(d.second)}] ${text}\n`);
}

/** Time between an answer and the end of the connection, in microseconds. */
const CLOSING = 300;

/** Answers one request and closes the connection, as HTTP/1.0 does. */
function* serve(sys: Sys, socket: TcpSocket, fd: number, directory: string): Coroutine<void> {
  const peer = formatIp(socket.remoteIp);
  let text = '';
  while (!text.includes('\r\n\r\n') && !text.includes('\n\n')) {
    const data = yield* sys.read(fd);
    if (data.length === 0) return;
    text += new TextDecoder('latin1').decode(data);
    if (text.length > 65536) return;
  }
  const [line = ''] = text.split(/\r?\n/);
  const words = line.split(' ').filter((w) => w !== '');
  const [method = '', target = '', version] = words;
  const head = (code: number, reason: string, headers: readonly string[]): string =>
    `HTTP/1.0 ${code} ${reason}\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nDate: ${httpDate(sys.now)}\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n`;
  // http.server writes the head and the body one after the other, and a program of its weight is not quick to close.
  const reply = function* (answer: Uint8Array, body: Uint8Array): Coroutine<void> {
    yield* sys.write(fd, answer);
    if (method !== 'HEAD' && body.length > 0) yield* sys.write(fd, body);
    yield* sys.sleep(CLOSING);
  };
  const fail = function* (code: number, reason: string, explain: string): Coroutine<void> {
    yield* log(sys, peer, `code ${code}, message ${reason}`);
    yield* log(sys, peer, `"${line}" ${code} -`);
    const body = encode(errorPage(code, reason, explain));
    const answer = head(code, reason, ['Connection: close', 'Content-Type: text/html;charset=utf-8', `Content-Length: ${body.length}`]);
    yield* reply(encode(answer), body);
  };
  if (version !== undefined && !/^HTTP\/\d+\.\d+$/.test(version)) {
    yield* fail(400, `Bad request version ('${version}')`, 'Bad request syntax or unsupported method');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    yield* fail(501, `Unsupported method ('${method}')`, 'Server does not support this operation');
    return;
  }
  let path: string;
  try {
    path = decodeURIComponent(target.split(/[?#]/)[0]!);
  } catch {
    path = target;
  }
  const parts = path.split('/').filter((p) => p !== '' && p !== '.' && p !== '..');
  let file = [directory.replace(/\/$/, ''), ...parts].join('/') || '/';
  try {
    let stat = sys.files.stat(file);
    if (stat.type === 'dir') {
      if (!path.endsWith('/')) {
        yield* log(sys, peer, `"${line}" 301 -`);
        yield* sys.write(fd, head(301, 'Moved Permanently', [`Location: ${path}/`, 'Content-Length: 0']));
        return;
      }
      const index = ['index.html', 'index.htm'].find((n) => sys.files.exists(`${file}/${n}`));
      if (index === undefined) {
        const dir = file;
        const body = encode(listing(path, sys.files.readdir(dir), (n) => sys.files.stat(`${dir}/${n}`).type === 'dir'));
        yield* log(sys, peer, `"${line}" 200 -`);
        const answer = encode(head(200, 'OK', ['Content-type: text/html; charset=utf-8', `Content-Length: ${body.length}`]));
        yield* reply(answer, body);
        return;
      }
      file = `${file}/${index}`;
      stat = sys.files.stat(file);
    }
    const from = yield* sys.open(file, { read: true });
    const body = yield* sys.readAll(from);
    sys.close(from);
    const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    yield* log(sys, peer, `"${line}" 200 -`);
    const answer = encode(head(200, 'OK', [`Content-type: ${type}`, `Content-Length: ${body.length}`, `Last-Modified: ${httpDate(stat.mtime)}`]));
    yield* reply(answer, body);
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'EPIPE' || e.code === 'ECONNRESET') return;
    yield* fail(404, 'File not found', 'Nothing matches the given URI');
  }
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const words = argv.slice(1).filter((w) => w !== '-u');
    if (words[0] === '-V' || words[0] === '--version') {
      yield* sys.print('Python 3.11.2\n');
      return 0;
    }
    const at = words.indexOf('-m');
    if (at < 0 || words[at + 1] !== 'http.server') {
      throw new Stop(2, 'python3: not simulated in this course: anything but "-m http.server"\n');
    }
    let bind: string | undefined;
    let directory = sys.proc.cwd;
    let port = 8000;
    const args = words.slice(at + 2);
    for (let i = 0; i < args.length; i++) {
      const word = args[i]!;
      if (word === '-b' || word === '--bind') bind = args[++i];
      else if (word.startsWith('--bind=')) bind = word.slice(7);
      else if (word === '-d' || word === '--directory') directory = args[++i] ?? directory;
      else if (word === '-p' || word === '--protocol') i++;
      else if (/^\d+$/.test(word)) port = Number(word);
      else throw new Stop(2, `usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION] [port]\nserver.py: error: argument port: invalid int value: '${word}'\n`);
    }
    let address: IpAddress = '::';
    let family: Family = 'inet6';
    if (bind !== undefined) {
      const found = yield* resolveHost(sys, bind, 'any');
      if ('error' in found) throw new Stop(1, `socket.gaierror: [Errno -2] ${found.error}\n`);
      address = found.addresses[0]!;
      family = typeof address === 'number' ? 'inet' : 'inet6';
    } else {
      address = 0;
      family = 'inet';
    }
    const socket = tcpSocket(sys, family);
    const fd = sys.install(socket);
    socket.reuseAddr = true;
    try {
      socket.bind({ address, port });
      socket.listen(5);
    } catch (e) {
      const numbers: Readonly<Record<string, number>> = { EADDRINUSE: 98, EADDRNOTAVAIL: 99, EACCES: 13 };
      throw new Stop(1, `OSError: [Errno ${isErrno(e) ? (numbers[e.code] ?? 22) : 22}] ${why(e)}\n`);
    }
    const shown = formatIp(address);
    const url = shown.includes(':') ? `[${shown}]` : shown;
    yield* sys.print(`Serving HTTP on ${shown} port ${port} (http://${url}:${port}/) ...\n`);
    let stop = false;
    sys.onSignal('SIGCHLD', 'ignore');
    sys.onSignal('SIGINT', () => (stop = true));
    while (!stop) {
      let peer: TcpSocket;
      try {
        peer = yield* socket.accept(sys);
      } catch (e) {
        if (!isErrno(e, 'EINTR')) throw e;
        continue;
      }
      const connection = sys.install(peer);
      // Each connection has a thread of its own.
      sys.fork(function* (child) {
        child.close(fd);
        child.onSignal('SIGINT', 'default');
        try {
          yield* serve(child, peer, connection, directory);
        } catch (e) {
          if (!isErrno(e)) throw e;
        }
        child.close(connection);
        return 0;
      });
      sys.close(connection);
    }
    yield* sys.print('\nKeyboard interrupt received, exiting.\n');
    return 0;
  });
}

/** The program. */
export const python3: Program = {
  name: 'python3',
  path: '/usr/bin/python3',
  links: ['/usr/bin/python3.11'],
  size: 6831736,
  summary: 'on these machines: the web server of "python3 -m http.server"',
  manual: `NAME
       python3 - on these machines, a small web server and nothing else

SYNOPSIS
       python3 -m http.server [--bind ADDRESS] [--directory DIR] [PORT]

DESCRIPTION
       Serves the files of a directory over HTTP, by default those of the working directory at port 8000, until Ctrl-C.
`,
  main,
  complete: (words) => (words.length === 0 ? ['-m', '-u'] : words[words.length - 1] === '-m' ? ['http.server'] : ['--bind', '--directory']),
};
