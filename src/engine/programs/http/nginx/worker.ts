/** A worker process: accepts connections and answers requests, all in one event loop (ngx_process_cycle.c, ngx_http_request.c). */
import type { Coroutine } from '../../../core';
import { concat, EMPTY, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket } from '../../../net';
import { Activities } from '../../network/tasks';
import { formatIp } from '../../../wire';
import { Chunked, header } from '../message';
import type { Config, Listener } from './config';
import { parseSize } from './config';
import type { Site } from './exchange';
import { Exchange } from './exchange';
import { answer, findServer } from './handler';
import type { LogDefaults } from './log';
import { logAccess, logError } from './log';
import { parseRequest } from './request';
import type { BadRequest, RequestHead } from './request';
import { NameCache } from './resolver';
import type { PeerGroup } from './upstream';
import { Upstreams } from './upstream';

/** What the master hands to a worker. */
export interface WorkerSetup {
  readonly config: Config;
  readonly groups: ReadonlyMap<string, PeerGroup>;
  readonly logs: ReadonlyMap<string, number>;
  readonly defaults: LogDefaults;
  readonly version: string;
  /** Sockets that listen, by descriptor. */
  readonly sockets: readonly { readonly fd: number; readonly socket: TcpSocket; readonly listener: Listener }[];
}

/** Runs until it is told to stop. */
export function* worker(sys: Sys, setup: WorkerSetup): Coroutine<number> {
  const { config, logs, defaults } = setup;
  const activities = new Activities();
  let stop = false;
  let quit = false;
  let connections = 0;
  const idle = new Set<TcpSocket>();
  const pid = sys.pid;
  const site: Site = {
    config,
    sys,
    pid,
    hostname: sys.proc.ns.uts.hostname,
    version: setup.version,
    // Every worker has its own idea of its peers.
    upstreams: new Upstreams(
      new Map([...setup.groups].map(([n, g]) => [n, { ...g, peers: g.peers.map((p) => ({ ...p })) }])),
    ),
    logs,
    nextConnection: () => ++connections,
    *log(scope, level, text) {
      yield* logError(sys, logs, defaults, scope, pid, level, text);
    },
    counters: { accepted: 0, requests: 0, active: 0 },
  };
  const names = new NameCache(sys);
  sys.onSignal('SIGPIPE', 'ignore');
  sys.onSignal('SIGHUP', 'ignore');
  const now = (): void => {
    stop = true;
    activities.poke();
  };
  sys.onSignal('SIGTERM', now, true);
  sys.onSignal('SIGINT', now, true);
  sys.onSignal(
    'SIGQUIT',
    () => {
      quit = true;
      for (const s of setup.sockets) sys.close(s.fd);
      for (const s of idle) s.shutdown('read');
      activities.poke();
    },
    true,
  );
  for (const s of setup.sockets) {
    activities.add(
      (function* (): Coroutine<void> {
        while (!quit) {
          try {
            yield* sys.wait(s.socket.waitQueues);
            while (!quit && s.socket.poll().readable) {
              const peer = yield* s.socket.accept(sys, { dontWait: true });
              activities.add(connection(site, sys.install(peer), peer, s.listener, names, defaults, idle, () => quit));
            }
          } catch (e) {
            if (!isErrno(e)) throw e;
            if (quit) return;
          }
        }
      })(),
    );
  }
  yield* activities.run(
    () => sys.now,
    () => stop || (quit && activities.size <= setup.sockets.length),
  );
  return 0;
}

/** One connection: requests until either side has enough. */
function* connection(
  site: Site,
  fd: number,
  socket: TcpSocket,
  listener: Listener,
  names: NameCache,
  defaults: LogDefaults,
  idle: Set<TcpSocket>,
  leaving: () => boolean,
): Coroutine<void> {
  const { sys } = site;
  const number = site.nextConnection();
  const connected = sys.now;
  site.counters.accepted++;
  site.counters.active++;
  const input = new Input(sys, socket);
  const scope = listener.default.scope;
  try {
    const limit = Number(scope.get('keepalive_requests')?.args[0] ?? 1000);
    for (let n = 1; ; n++) {
      const timeout = n === 1 ? scope.time('client_header_timeout', 60) : scope.time('keepalive_timeout', 75);
      idle.add(socket);
      const head = yield* readHead(input, sys.now + timeout);
      idle.delete(socket);
      if (head === 'closed') return;
      site.counters.requests++;
      // Reading and parsing takes a moment.
      yield* sys.work(40);
      if ('bad' in head) {
        yield* refuse(site, head, listener, socket, fd, number, n, connected, defaults);
        return;
      }
      const named = /^https?:\/\/([^/?]*)/i.exec(head.target)?.[1] ?? header(head.headers, 'host');
      const server = findServer(listener.servers, listener.default, named ?? '');
      const x = new Exchange(site, head, server, socket, fd, number, n, sys.now, connected);
      if (n >= limit || leaving()) x.keepAlive = false;
      try {
        if (named === undefined && head.protocol === 'HTTP/1.1') {
          yield* x.log(
            'info',
            'client sent HTTP/1.1 request without "Host" header while reading client request headers',
          );
          yield* x.special(400);
        } else if (named !== undefined && /[\s/\\]/.test(named)) {
          yield* x.log('info', 'client sent invalid host header while reading client request headers');
          yield* x.special(400);
        } else if (yield* readBody(x, input)) yield* answer(x, names);
      } catch (e) {
        if (!isErrno(e)) throw e;
        x.keepAlive = false;
        if (!x.headersSent) x.status = 499;
        yield* x.log('info', `writev() failed (${e.message}) while sending to client`);
      }
      yield* logAccess(x, defaults);
      if (!x.keepAlive) return;
    }
  } finally {
    site.counters.active--;
    idle.delete(socket);
    if (sys.proc.fds.has(fd)) sys.close(fd);
  }
}

/** What has come on a connection and was not used yet. */
class Input {
  bytes: Uint8Array = EMPTY;

  constructor(
    private readonly sys: Sys,
    private readonly socket: TcpSocket,
  ) {}

  /** Waits for more. @returns false at the end, at an error, or when the time is over */
  *more(until: number): Coroutine<boolean> {
    try {
      const data = yield* this.socket.receive(this.sys, 65536, { until });
      this.bytes = concat([this.bytes, data]);
      return data.length > 0;
    } catch (e) {
      if (!isErrno(e)) throw e;
      return false;
    }
  }

  take(n: number): Uint8Array {
    const part = this.bytes.subarray(0, n);
    this.bytes = this.bytes.subarray(n);
    return part;
  }
}

function* readHead(input: Input, until: number): Coroutine<RequestHead | BadRequest | 'closed'> {
  for (;;) {
    const head = input.bytes.length > 0 ? parseRequest(input.bytes) : undefined;
    if (head) {
      input.take('bad' in head ? input.bytes.length : head.length);
      return head;
    }
    if (!(yield* input.more(until))) return 'closed';
  }
}

/** Reads the request's body. @returns false when it was answered with an error already */
function* readBody(x: Exchange, input: Input): Coroutine<boolean> {
  const { headers } = x.head;
  const chunked = /chunked/i.test(header(headers, 'transfer-encoding') ?? '');
  const text = header(headers, 'content-length');
  if (text !== undefined && !/^\d+$/.test(text)) {
    yield* x.log('info', 'client sent invalid "Content-Length" header while reading client request headers');
    yield* x.special(400);
    return false;
  }
  const length = Number(text ?? 0);
  if (!chunked && length === 0) return true;
  const max = parseSize(x.scope.get('client_max_body_size')?.args[0] ?? '1m') ?? 0;
  // The largest body that any location of this server takes is read; the location decides later.
  if (length > Math.max(max, 64 * 1024 * 1024)) {
    yield* x.log('error', `client intended to send too large body: ${length} bytes`);
    x.keepAlive = false;
    yield* x.special(413);
    return false;
  }
  if (/100-continue/i.test(header(headers, 'expect') ?? '')) yield* x.sys.write(x.fd, 'HTTP/1.1 100 Continue\r\n\r\n');
  const timeout = x.scope.time('client_body_timeout', 60);
  const decoder = new Chunked();
  const parts: Uint8Array[] = [];
  let got = 0;
  for (;;) {
    const data = input.take(chunked ? input.bytes.length : length - got);
    const part = chunked ? decoder.feed(data) : data;
    parts.push(part);
    got += part.length;
    if (chunked ? decoder.done : got >= length) break;
    if (!(yield* input.more(x.sys.now + timeout))) {
      x.status = 408;
      x.keepAlive = false;
      return false;
    }
  }
  x.body = concat(parts);
  return true;
}

function* refuse(
  site: Site,
  bad: BadRequest,
  listener: Listener,
  socket: TcpSocket,
  fd: number,
  number: number,
  n: number,
  connected: number,
  defaults: LogDefaults,
): Coroutine<void> {
  const protocol = 'HTTP/1.1';
  const head = {
    line: bad.line,
    method: '',
    target: '',
    uri: '',
    args: '',
    protocol,
    headers: [],
    length: bad.line.length,
  };
  const x = new Exchange(site, head, listener.default, socket, fd, number, n, site.sys.now, connected);
  yield* site.log(
    x.scope,
    'info',
    `*${number} ${bad.why}, client: ${formatIp(socket.remoteIp)}, server: ${x.server.names[0]!.text}, request: "${bad.line}"`,
  );
  x.keepAlive = false;
  try {
    yield* x.special(bad.bad);
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  yield* logAccess(x, defaults);
}
