/** The content of an answer as it arrives. */
import type { Coroutine } from '../../../core';
import { EMPTY } from '../../../core';
import type { Sys } from '../../../host';
import type { Head } from '../message';
import { header, ResponseBody } from '../message';
import type { Connection, Connector } from './connect';

/** Reads a body, part by part. */
export class BodyReader {
  private readonly body: ResponseBody;
  private over = false;

  constructor(
    private readonly sys: Sys,
    private readonly connector: Connector,
    private readonly connection: Connection,
    private readonly head: Head,
    /** What came with the head. */
    private pending: Uint8Array,
    method: string,
    /** Seconds. */
    private readonly timeout: number,
  ) {
    this.body = new ResponseBody(head, method);
  }

  /** Bytes, when the server says so. */
  get length(): number | undefined {
    return this.body.length;
  }

  /** The next part; undefined at the end. @throws Errno */
  *next(): Coroutine<Uint8Array | undefined> {
    while (!this.over && !this.body.done) {
      let data = this.pending;
      this.pending = EMPTY;
      if (data.length === 0)
        data = yield* this.connection.socket.receive(this.sys, 16384, { until: this.sys.now + this.timeout * 1e6 });
      if (data.length === 0) this.over = true;
      const part = this.body.feed(data);
      if (part.length > 0) return part;
    }
    return undefined;
  }

  /** Behind the end: closes the connection when it cannot be used again. */
  finish(): void {
    const { start, headers } = this.head;
    const stays = !/close/i.test(header(headers, 'connection') ?? '') && !start.startsWith('HTTP/1.0');
    if (!stays || this.body.endsWithConnection) this.connector.drop();
  }
}
