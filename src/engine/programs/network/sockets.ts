/** Sockets as programs make them: socket(2) with the process's credentials. */
import type { Sys } from '../../host';
import type { Family, PacketSocket, RawSocket, SocketOwner, TcpSocket, UdpSocket } from '../../net';

/** What the kernel notes about the maker of a socket. Programs such as ping are installed with CAP_NET_RAW. */
export function socketOwner(sys: Sys): SocketOwner {
  return { uid: sys.proc.uid, gid: sys.proc.gid, netRaw: true, netBind: sys.proc.uid === 0 || sys.netAdmin };
}

/** A raw IP socket. */
export function rawSocket(sys: Sys, family: Family, protocol: number): RawSocket {
  return sys.net.sockets.createRaw(family, protocol, socketOwner(sys));
}

/** A UDP socket. */
export function udpSocket(sys: Sys, family: Family): UdpSocket {
  return sys.net.sockets.createUdp(family, socketOwner(sys));
}

/** A TCP socket. */
export function tcpSocket(sys: Sys, family: Family): TcpSocket {
  return sys.net.sockets.createTcp(family, socketOwner(sys));
}

/** A packet socket. @throws Errno EPERM without CAP_NET_RAW in the namespace */
export function packetSocket(sys: Sys): PacketSocket {
  return sys.net.sockets.createPacket({ ...socketOwner(sys), netRaw: sys.netAdmin });
}
