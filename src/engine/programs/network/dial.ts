/** Connecting for bash's /dev/tcp and /dev/udp (lib/sh/netopen.c). */
import { isErrno } from '../../core';
import type { Dialer } from '../../shell/dialer';
import { servicePort } from '../../wire';
import { why } from './common';
import { resolveHost } from './resolver';
import { tcpSocket, udpSocket } from './sockets';

/** Tries the addresses of the name in turn; the last failure counts. */
export const dial: Dialer = function* (sys, protocol, host, service) {
  const known = /^\d*$/.test(service) ? Number(service) : servicePort(service)?.port;
  const found = yield* resolveHost(sys, host);
  if ('error' in found) return { at: host, error: found.error, system: false };
  if (known === undefined) return { at: service, error: 'Servname not supported for ai_socktype', system: false };
  const port = known & 0xffff;
  let error = '';
  for (const address of found.addresses) {
    const family = typeof address === 'number' ? 'inet' : 'inet6';
    const socket = protocol === 'tcp' ? tcpSocket(sys, family) : udpSocket(sys, family);
    const fd = sys.install(socket, 10);
    try {
      if ('accept' in socket) yield* socket.connect(sys, { address, port });
      else socket.connect({ address, port });
      return { fd };
    } catch (e) {
      if (!isErrno(e)) throw e;
      error = why(e);
      sys.close(fd);
      if (e.code === 'EINTR') break;
    }
  }
  return { at: 'connect', error, system: true };
};
