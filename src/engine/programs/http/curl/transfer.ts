/** One transfer: connect, ask, read the answer; again for every redirection that is followed. */
import type { Coroutine } from '../../../core';
import { concat, EMPTY, encode, Errno, isErrno } from '../../../core';
import type { Head } from '../message';
import { header, headLines, parseHead, ResponseBody } from '../message';
import type { Connection } from './connect';
import { connect } from './connect';
import { CookieJar } from './cookies';
import { CurlError } from './error';
import { Output } from './output';
import { ProgressMeter } from './progress';
import { requestBody, requestLines, requestTarget } from './request';
import type { TransferState } from './state';
import { deadline } from './state';
import { clientHello } from './tls-hello';
import type { Target } from './url';
import { absolute, parseUrl } from './url';

/** Bytes of a head that are accepted (MAX_HTTP_RESP_HEADER_SIZE). */
const MAX_HEAD = 300 * 1024;

/** One transfer. */
export class Transfer {
  readonly jar: CookieJar;
  readonly meter: ProgressMeter;
  private readonly output: Output;
  private connection: Connection | undefined;
  /** A redirection made the request a GET without a body. */
  private becameGet = false;

  constructor(
    private readonly state: TransferState,
    output: string | true | undefined,
  ) {
    this.jar = new CookieJar(state.sys, state.options);
    this.meter = new ProgressMeter(state);
    this.output = new Output(state, output);
  }

  /** One request. @returns the URL to go on with, when redirects are followed. @throws CurlError */
  *follow(url: string): Coroutine<string | undefined> {
    const { sys, options: o, info, verbose, began } = this.state;
    const target = parseUrl(url);
    info.url = url;
    info.scheme = target.scheme.toUpperCase();
    this.disconnect();
    yield* this.meter.begin(this.output.isTerminal);
    this.connection = yield* connect(this.state, target);
    if (target.scheme === 'https') yield* this.handshake(target);
    info.preTransfer = sys.now - began;
    const body = this.becameGet ? undefined : yield* requestBody(sys, o);
    const path = yield* requestTarget(sys, o, target);
    if (this.becameGet && !o.head) info.method = 'GET';
    else if (o.method !== undefined) info.method = o.method;
    else info.method = o.head ? 'HEAD' : o.upload !== undefined ? 'PUT' : body !== undefined ? 'POST' : 'GET';
    const old = info.redirects > 0 && info.httpVersion === '1.0';
    const lines = requestLines(o, { method: info.method, target, path, cookie: this.jar.line, body, old });
    yield* verbose.lines('>', [...lines, '']);
    const head = encode(`${lines.join('\r\n')}\r\n\r\n`);
    info.sizeRequest += head.length;
    info.sizeUpload = body?.bytes.length ?? 0;
    yield* this.meter.data('}', info.sizeUpload);
    yield* this.send(concat([head, body?.bytes ?? EMPTY]));
    const [answer, rest] = yield* this.receiveHead();
    const next = yield* this.receiveBody(answer, rest, target);
    if (next !== undefined) {
      info.redirect = sys.now - began;
      if (info.httpCode === 303 || ((info.httpCode === 301 || info.httpCode === 302) && info.method === 'POST'))
        this.becameGet = true;
    }
    return next;
  }

  /** Closes what is open. */
  release(): void {
    this.disconnect();
    this.output.close();
  }

  private disconnect(): void {
    if (this.connection) this.state.sys.close(this.connection.fd);
    this.connection = undefined;
  }

  /** What a TLS client says first. Servers that do not speak TLS show it; there is nothing behind it. */
  private *handshake(target: Target): Coroutine<never> {
    const { sys, verbose } = this.state;
    const named = !/^[\d.]+$|^\[/.test(target.host);
    yield* verbose.note('ALPN: offers h2,http/1.1');
    yield* verbose.note('TLSv1.3 (OUT), TLS handshake, Client hello (1):');
    yield* this.send(clientHello(named ? target.host : undefined, sys.random(96)));
    // The library reads the header of a record first; what is unread when it gives up makes the kernel reset the connection.
    const answer = yield* this.read(5);
    if (answer.length === 0)
      yield* verbose.fail(35, `OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ${target.host}:${target.port} `);
    if (answer[0] !== 0x16 && answer[0] !== 0x15)
      yield* verbose.fail(35, 'OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number');
    return yield* verbose.fail(35, 'not simulated in this course: TLS (use http://)');
  }

  private *send(data: Uint8Array): Coroutine<void> {
    try {
      yield* this.state.sys.write(this.connection!.fd, data);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new CurlError(55, `Send failure: ${e.message}`);
    }
  }

  private *read(max = 16384): Coroutine<Uint8Array> {
    const { sys, info, verbose, began } = this.state;
    const { fd, socket } = this.connection!;
    const limit = deadline(this.state);
    try {
      if ('receive' in socket) return yield* socket.receive(sys, max, limit === Infinity ? {} : { until: limit });
      const ready = yield* sys.poll(
        [{ fd, read: true }],
        limit === Infinity ? undefined : Math.max(0, limit - sys.now),
      );
      if (!ready[0]) throw new Errno('EAGAIN');
      return yield* sys.read(fd, max);
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (e.code === 'EINTR') throw new Errno('EINTR');
      if (e.code !== 'EAGAIN') return yield* verbose.fail(56, `Recv failure: ${e.message}`);
      const ms = Math.round((sys.now - began) / 1000);
      return yield* verbose.fail(
        28,
        `Operation timed out after ${ms} milliseconds with ${info.sizeDownload} bytes received`,
      );
    }
  }

  /** @returns the head, and what came behind it */
  private *receiveHead(): Coroutine<[Head, Uint8Array]> {
    const { sys, info, verbose, began } = this.state;
    let bytes: Uint8Array = EMPTY;
    for (;;) {
      const data = yield* this.read();
      if (data.length === 0)
        yield* verbose.fail(
          52,
          'Empty reply from server',
          bytes.length === 0 ? 'Empty reply from server' : 'end of response with headers unfinished',
        );
      if (bytes.length === 0) info.startTransfer = sys.now - began;
      bytes = concat([bytes, data]);
      const head = parseHead(bytes);
      const begin = String.fromCharCode(...bytes.subarray(0, 5));
      if (!'HTTP/'.startsWith(begin)) yield* verbose.fail(1, 'Received HTTP/0.9 when not allowed');
      if (head) return [head, bytes.subarray(head.length)];
      if (bytes.length > MAX_HEAD) throw new CurlError(56, 'Too large response headers');
    }
  }

  /** @returns the URL to go on with, when redirects are followed */
  private *receiveBody(head: Head, first: Uint8Array, target: Target): Coroutine<string | undefined> {
    const { options: o, info, verbose } = this.state;
    const next = yield* this.acceptHead(head, target);
    const follows = o.location && info.httpCode >= 300 && info.httpCode < 400 && next !== undefined;
    if (o.head || o.include) yield* this.output.write(encode(this.paintHead(head)));
    const body = new ResponseBody(head, info.method);
    if (!body.done) yield* this.meter.data('{', first.length);
    let data = first;
    while (!body.done) {
      if (data.length > 0) {
        const part = body.feed(data);
        info.sizeDownload += part.length;
        if (!follows) yield* this.output.write(part);
        if (body.done) break;
      }
      data = yield* this.read();
      if (data.length > 0) continue;
      if (body.endsWithConnection) break;
      const text = body.chunked
        ? 'transfer closed with outstanding read data remaining'
        : `transfer closed with ${body.left} bytes remaining to read`;
      yield* verbose.fail(18, text);
    }
    if (!follows) yield* this.meter.end();
    const keepAlive = info.httpVersion !== '1.0' && !/close/i.test(header(head.headers, 'connection') ?? '');
    if (keepAlive) yield* verbose.note(`Connection #${verbose.connection} to host ${target.host} left intact`);
    else yield* verbose.closing();
    if (follows) {
      yield* verbose.note(`Issue another request to this URL: '${next}'`);
      return next;
    }
    yield* this.output.finish();
    if (o.failWithBody && info.httpCode >= 400)
      throw new CurlError(22, `The requested URL returned error: ${info.httpCode}`);
    return undefined;
  }

  /** Notes what a head says. @returns where its Location leads @throws CurlError 22 with -f */
  private *acceptHead(head: Head, target: Target): Coroutine<string | undefined> {
    const { options: o, info, verbose } = this.state;
    const m = /^HTTP\/(\d(?:\.\d)?) (\d{3})/.exec(head.start);
    info.httpCode = Number(m?.[2] ?? 0);
    info.httpVersion = m?.[1] ?? '0';
    info.sizeHeader += head.length;
    info.contentType = header(head.headers, 'content-type') ?? '';
    if (info.httpVersion === '1.0' && !/keep-alive/i.test(header(head.headers, 'connection') ?? ''))
      yield* verbose.note('HTTP 1.0, assume close after body');
    yield* verbose.lines('<', [...headLines(head), '']);
    this.jar.take(head.headers, target.host);
    if (o.fail && info.httpCode >= 400) yield* verbose.fail(22, `The requested URL returned error: ${info.httpCode}`);
    const location = header(head.headers, 'location');
    if (location === undefined) return undefined;
    info.redirectUrl = absolute(location, target);
    return info.redirectUrl;
  }

  /** Header names are bold on a terminal. */
  private paintHead(head: Head): string {
    const { bold } = this.output;
    const shown = headLines(head).map((line, i) =>
      bold && i > 0 ? line.replace(/^([^:]+):/, '\x1b[1m$1\x1b[0m:') : line,
    );
    // A terminal may follow where a Location leads (OSC 8); the link ends behind the line, where the next begins.
    const { redirectUrl } = this.state.info;
    if (bold && redirectUrl)
      shown.forEach((line, i) => {
        const m = /^(\x1b\[1mLocation\x1b\[0m:)(.*)$/is.exec(line);
        if (!m) return;
        shown[i] = `${m[1]}\x1b]8;;${redirectUrl}\x1b\\${m[2]}`;
        shown[i + 1] = `\x1b]8;;\x1b\\${shown[i + 1] ?? ''}`;
      });
    return `${shown.join('\r\n')}\r\n\r\n`;
  }
}
