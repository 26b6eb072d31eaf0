/** Bytes between a connection and standard input and output, or a command. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket, UdpSocket, UnixSocket } from '../../../net';
import { why } from '../common';
import { toCrlf } from '../crlf';
import type { NcatOptions } from './options';

/** What a connection may be of. */
export type NcatSocket = TcpSocket | UdpSocket | UnixSocket;

/** Runs a command with the connection as its standard streams. */
export function spawn(sys: Sys, command: readonly string[], fd: number): void {
  sys.fork(function* (child) {
    child.dup2(fd, 0);
    child.dup2(fd, 1);
    for (const n of [...child.proc.fds.keys()]) if (n > 2) child.close(n);
    const path = child.which(command[0]!);
    try {
      return yield* child.exec(path ?? command[0]!, command);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* child.eprint(`exec: ${e.message}\n`);
      return 2;
    }
  });
}

/** Copies both ways. @returns bytes sent and received */
export function* relay(
  sys: Sys,
  o: NcatOptions,
  fd: number,
  socket: NcatSocket,
): Coroutine<{ sent: number; received: number; status: number }> {
  let [sent, received, status] = [0, 0, 0];
  let stdin = !o.receiveOnly;
  for (;;) {
    const requests = [{ fd, read: true }, ...(stdin ? [{ fd: 0, read: true }] : [])];
    const ready = yield* sys.poll(requests, o.idle);
    if (ready.every((r) => r === null)) {
      yield* sys.eprint(`Ncat: Idle timeout expired (${Math.round(o.idle! / 1000)} ms).\n`);
      return { sent, received, status: 1 };
    }
    if (ready[1]) {
      const data = yield* sys.read(0, 8192);
      if (data.length === 0) {
        stdin = false;
        if (o.sendOnly) return { sent, received, status };
        if (!o.noShutdown && !o.udp) {
          try {
            socket.shutdown('write');
          } catch (e) {
            if (!isErrno(e)) throw e;
          }
        }
      } else {
        const out = o.crlf ? toCrlf(data) : data;
        try {
          yield* sys.write(fd, out);
          sent += out.length;
        } catch (e) {
          yield* sys.eprint(`Ncat: ${why(e)}.\n`);
          return { sent, received, status: 1 };
        }
        if (o.delay > 0) yield* sys.sleep(o.delay);
      }
    }
    if (ready[0]) {
      let data: Uint8Array;
      try {
        data = yield* sys.read(fd, 8192);
      } catch (e) {
        if (isErrno(e, 'EAGAIN')) continue;
        yield* sys.eprint(`Ncat: ${why(e)}.\n`);
        status = 1;
        return { sent, received, status };
      }
      if (data.length === 0 && !o.udp) return { sent, received, status };
      received += data.length;
      if (!o.sendOnly) yield* sys.write(1, data);
    }
  }
}
