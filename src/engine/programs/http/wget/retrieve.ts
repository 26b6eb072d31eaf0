/** Fetching a URL: tries, redirections, one request and its answer after the other (retr.c, http.c). */
import type { Coroutine } from '../../../core';
import { concat, EMPTY, encode, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { why } from '../../network/common';
import type { Head } from '../message';
import { basicAuthorization, header, headLines, parseHead } from '../message';
import { authority, redirectTarget } from '../url';
import { BodyReader } from './body';
import type { Connection } from './connect';
import { Connector } from './connect';
import { Download } from './download';
import { Log } from './log';
import type { WgetOptions } from './options';
import type { Url } from './url';
import { parseUrl } from './url';

/** The longest pause between two tries, seconds (--waitretry). */
const WAIT_RETRY = 10;

/** All URLs of one command line. */
export class Retriever {
  private readonly log: Log;
  private readonly connector: Connector;
  private readonly download: Download;

  constructor(
    private readonly sys: Sys,
    private readonly o: WgetOptions,
  ) {
    this.log = new Log(sys, o);
    this.connector = new Connector(sys, o, this.log);
    this.download = new Download(sys, o, this.log);
  }

  close(): void {
    this.connector.drop();
    this.download.close();
  }

  /** Fetches one URL with redirections and retries. @returns the exit status */
  *fetch(text: string): Coroutine<number> {
    const { sys, o, log } = this;
    if (o.spider) yield* log.say('Spider mode enabled. Check if remote file exists.\n');
    let url = parseUrl(text);
    if (typeof url === 'string') {
      yield* sys.eprint(`${text}: ${url}\n`);
      return 1;
    }
    if (!(yield* this.download.open())) return 1;
    let post = o.post;
    for (let hops = 0, attempt = 1; ;) {
      yield* log.say(`--${log.stamp}--  ${attempt > 1 ? `(try:${String(attempt).padStart(2)})  ` : ''}${url.text}\n`);
      const connection = yield* this.connector.connect(url);
      const result = typeof connection === 'object' ? yield* this.exchange(url, connection, post) : connection;
      if (typeof result === 'number') return result;
      if (result === 'retry') {
        if (attempt >= o.tries) {
          yield* log.say('Giving up.\n\n');
          return 4;
        }
        yield* log.say('Retrying.\n\n');
        yield* sys.sleep(Math.min(attempt, WAIT_RETRY) * 1e6);
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

  /** One request and its answer. @returns an exit status, 'retry', or where to go on */
  private *exchange(
    url: Url,
    connection: Connection,
    post: string | undefined,
  ): Coroutine<number | 'retry' | { location: string }> {
    const { sys, o, log } = this;
    const method = o.method ?? (o.spider ? 'HEAD' : post !== undefined ? 'POST' : 'GET');
    yield* log.say('HTTP request sent, awaiting response... ');
    const received = yield* this.ask(connection, `${this.requestHead(url, method, post)}${post ?? ''}`);
    if (!received) return 'retry';
    const { head, rest } = received;
    const [, code = '0', reason = ''] = /^HTTP\/[\d.]+ (\d{3}) ?(.*)$/.exec(head.start) ?? [];
    const status = Number(code);
    if (o.headers) {
      const shown = headLines(head).map((l) => `  ${l}\n`);
      if (!o.quiet) yield* sys.eprint(`${o.brief ? '' : '\n'}${shown.join('')}`);
    } else yield* log.say(`${code} ${reason}\n`);
    const body = new BodyReader(sys, this.connector, connection, head, rest, method, o.timeout);
    const location = header(head.headers, 'location');
    if (status >= 300 && status < 400 && status !== 304 && location !== undefined) {
      yield* log.say(`Location: ${location} [following]\n`);
      while ((yield* body.next()) !== undefined);
      body.finish();
      return { location: redirectTarget(location, `http://${authority(url.host, url.port)}`, url.path) };
    }
    if (status === 416 && o.continue) {
      yield* log.say('\n    The file is already fully retrieved; nothing to do.\n\n');
      return 0;
    }
    const failed = status >= 400 || status < 200;
    if (failed) {
      if (o.spider) {
        yield* log.say('Remote file does not exist -- broken link!!!\n\n');
        return 8;
      }
      if (o.brief) yield* sys.eprint(`${url.text}:\n`);
      if (!o.quiet)
        yield* sys.eprint(`${log.stamp} ERROR ${code}: ${reason === '' ? 'Unknown' : reason}.\n${o.brief ? '' : '\n'}`);
      if (!o.contentOnError) return 8;
    }
    const type = header(head.headers, 'content-type')?.split(';')[0]?.trim();
    if (status < 400) yield* log.say(lengthLine(body.length, type));
    if (o.spider) {
      if (o.brief && !o.quiet) yield* sys.eprint(`${log.stamp} URL: ${url.text} ${code} ${reason}\n`);
      yield* log.say(
        type === 'text/html'
          ? 'Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n'
          : 'Remote file exists.\n\n',
      );
      return 0;
    }
    return yield* this.download.store(url, body, status >= 400 ? 8 : 0);
  }

  /** The head of a request; --header replaces wget's own headers. */
  private requestHead(url: Url, method: string, post: string | undefined): string {
    const { o } = this;
    const lines = [`${method} ${url.path} HTTP/1.1`];
    const own = new Map(o.extra.map((h) => [h.slice(0, h.indexOf(':')).toLowerCase(), h]));
    const add = (name: string, value: string): void => {
      lines.push(own.get(name.toLowerCase()) ?? `${name}: ${value}`);
      own.delete(name.toLowerCase());
    };
    add('Host', authority(url.host, url.port));
    const from = o.continue ? this.download.present : 0;
    if (from > 0) lines.push(`Range: bytes=${from}-`);
    add('User-Agent', o.agent);
    add('Accept', '*/*');
    add('Accept-Encoding', 'identity');
    if (o.user !== undefined) lines.push(`Authorization: ${basicAuthorization(`${o.user}:${o.password ?? ''}`)}`);
    add('Connection', 'Keep-Alive');
    if (post !== undefined) {
      add('Content-Type', 'application/x-www-form-urlencoded');
      add('Content-Length', String(encode(post).length));
    }
    lines.push(...own.values());
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  /** Sends a request and reads the head of its answer. @returns undefined when that fails; it is said why */
  private *ask({ fd, socket }: Connection, request: string): Coroutine<{ head: Head; rest: Uint8Array } | undefined> {
    const { sys, o, log } = this;
    let bytes: Uint8Array = EMPTY;
    try {
      yield* sys.write(fd, request);
      for (;;) {
        const data = yield* socket.receive(sys, 16384, { until: sys.now + o.timeout * 1e6 });
        if (data.length === 0) {
          yield* log.say('No data received.\n');
          break;
        }
        bytes = concat([bytes, data]);
        const head = parseHead(bytes);
        if (head) return { head, rest: bytes.subarray(head.length) };
      }
    } catch (e) {
      if (isErrno(e, 'EINTR')) throw e;
      yield* log.say(`Read error (${isErrno(e, 'EAGAIN') ? 'Connection timed out' : why(e)}) in headers.\n`);
    }
    this.connector.drop();
    return undefined;
  }
}

function lengthLine(length: number | undefined, type: string | undefined): string {
  const bytes = length === undefined ? 'unspecified' : `${length}${length >= 1024 ? ` (${human(length)})` : ''}`;
  return `Length: ${bytes}${type === undefined ? '' : ` [${type}]`}\n`;
}

/** 1536 as 1.5K. */
function human(n: number): string {
  const power = n < 1024 ** 2 ? 1 : n < 1024 ** 3 ? 2 : 3;
  const v = n / 1024 ** power;
  return `${v < 10 ? v.toFixed(1) : Math.round(v)}${'KMG'[power - 1]!}`;
}
