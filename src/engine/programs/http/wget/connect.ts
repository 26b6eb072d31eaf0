/** Connections of wget (connect.c): one is kept for the next request to the same server. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket } from '../../../net';
import { formatIp } from '../../../wire';
import { why } from '../../network/common';
import { resolveHost } from '../../network/resolver';
import { tcpSocket } from '../../network/sockets';
import type { Log } from './log';
import type { WgetOptions } from './options';
import type { Url } from './url';

/** A connection to a server. */
export interface Connection {
  readonly fd: number;
  readonly socket: TcpSocket;
  readonly host: string;
  readonly port: number;
}

/** The connection of one run. */
export class Connector {
  private current: Connection | undefined;

  constructor(
    private readonly sys: Sys,
    private readonly o: WgetOptions,
    private readonly log: Log,
  ) {}

  /** Connects, or takes what is open. @returns an exit status when there is no hope, 'retry' when there may be */
  *connect(url: Url): Coroutine<Connection | number | 'retry'> {
    const { sys, o, log } = this;
    const old = this.current;
    if (old && old.host === url.host && old.port === url.port && !old.socket.poll().readable) {
      yield* log.say(`Reusing existing connection to ${url.host}:${url.port}.\n`);
      return old;
    }
    this.drop();
    const literal = url.host.replace(/^\[|\]$/g, '');
    const named = !/^[\d.]+$/.test(literal) && !literal.includes(':');
    if (named) yield* log.say(`Resolving ${literal} (${literal})... `);
    const found = yield* resolveHost(sys, literal, o.family);
    if ('error' in found) {
      yield* log.say(`failed: ${found.error}.\n`);
      yield* sys.eprint(o.quiet ? '' : `wget: unable to resolve host address ‘${literal}’\n`);
      return 4;
    }
    if (named) {
      const shown = found.addresses.slice(0, 3).map(formatIp).join(', ');
      yield* log.say(`${shown}${found.addresses.length > 3 ? ', ...' : ''}\n`);
    }
    let last = '';
    for (const address of found.addresses) {
      const a = typeof address === 'string' ? `[${address}]` : formatIp(address);
      yield* log.say(`Connecting to ${named ? `${literal} (${literal})|${formatIp(address)}|` : a}:${url.port}... `);
      const socket = tcpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
      const fd = sys.install(socket);
      try {
        yield* socket.connect(sys, { address, port: url.port }, o.timeout > 0 ? sys.now + o.timeout * 1e6 : undefined);
        yield* log.say('connected.\n');
        this.current = { fd, socket, host: url.host, port: url.port };
        return this.current;
      } catch (e) {
        sys.close(fd);
        if (isErrno(e, 'EINTR')) throw e;
        last = isErrno(e) ? e.code : '';
        yield* log.say(`failed: ${isErrno(e, 'EINPROGRESS') ? 'Connection timed out' : why(e)}.\n`);
      }
    }
    if (last === 'EINPROGRESS' || last === 'ETIMEDOUT' || (last === 'ECONNREFUSED' && o.retryRefused)) return 'retry';
    return 4;
  }

  /** Closes the connection, if there is one. */
  drop(): void {
    if (this.current) this.sys.close(this.current.fd);
    this.current = undefined;
  }
}
