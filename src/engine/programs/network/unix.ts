/** Unix sockets by their paths (unix(7)). */
import { Errno, isErrno } from '../../core';
import type { Sys } from '../../host';
import { SocketNode } from '../../host';
import { UnixSocket } from '../../net';

/** The socket that is bound to a path. @throws Errno what stat(2) says, or ECONNREFUSED for what is no such socket */
export function unixSocketAt(sys: Sys, path: string): UnixSocket {
  const { inode } = sys.files.stat(path);
  if (!(inode instanceof SocketNode) || !(inode.endpoint instanceof UnixSocket)) throw new Errno('ECONNREFUSED');
  return inode.endpoint;
}

/** bind(2): makes the node at a path. @throws Errno EADDRINUSE when there is something already */
export function bindUnix(sys: Sys, socket: UnixSocket, path: string, mode = 0o755): void {
  const node = new SocketNode(mode);
  try {
    sys.files.mknod(path, node);
  } catch (e) {
    throw isErrno(e, 'EEXIST') ? new Errno('EADDRINUSE') : e;
  }
  node.endpoint = socket;
  socket.path = path;
}
