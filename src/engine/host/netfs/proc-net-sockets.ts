/** The socket tables of /proc/net. */
import type { NetNamespace, SockAddr, SocketInfo } from '../../net';
import type { IpAddress } from '../../wire';
import { ip6ToBytesLoose } from '../../wire';

const TCP_HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const UDP_HEADER =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
const RAW_HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
const HEADER6 =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

/** TCP states by the names of `ss`, with the kernel's numbers. */
export const TCP_STATES: Readonly<Record<string, number>> = {
  ESTAB: 1,
  'SYN-SENT': 2,
  'SYN-RECV': 3,
  'FIN-WAIT-1': 4,
  'FIN-WAIT-2': 5,
  'TIME-WAIT': 6,
  UNCONN: 7,
  'CLOSE-WAIT': 8,
  'LAST-ACK': 9,
  LISTEN: 10,
  CLOSING: 11,
};

const hex = (n: number, width: number): string => (n >>> 0).toString(16).toUpperCase().padStart(width, '0');

/** An address as little-endian words. */
function addressHex(a: IpAddress): string {
  if (typeof a === 'number')
    return hex(((a & 0xff) << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24), 8);
  const b = ip6ToBytesLoose(a) ?? new Uint8Array(16);
  let text = '';
  for (let w = 0; w < 16; w += 4) text += hex((b[w + 3]! << 24) | (b[w + 2]! << 16) | (b[w + 1]! << 8) | b[w]!, 8);
  return text;
}

function endpoint(a: SockAddr): string {
  return `${addressHex(a.address)}:${hex(a.port, 4)}`;
}

/** A kernel pointer as unprivileged readers see it: a number made of the inode. */
function pointer(inode: number): string {
  return ((Math.imul(inode, 2654435761) >>> 0) >>> 0).toString(16).padStart(16, '0');
}

function timerText(net: NetNamespace, s: SocketInfo): { code: string; left: number; retransmits: number } {
  const kinds: Readonly<Record<string, string>> = {
    on: '01',
    keepalive: '02',
    timewait: '03',
    persist: '04',
    off: '00',
  };
  const t = s.timer;
  if (!t) return { code: '00', left: 0, retransmits: 0 };
  return {
    code: kinds[t.kind] ?? '00',
    left: Math.max(0, Math.floor((t.expires - net.host.scheduler.now) / 10000)),
    retransmits: t.retransmits,
  };
}

function tcpRow(net: NetNamespace, s: SocketInfo, n: number): string {
  const t = timerText(net, s);
  const state = TCP_STATES[s.state] ?? 7;
  const queues = s.state === 'LISTEN' ? `00000000:${hex(s.recvQ, 8)}` : `${hex(s.sendQ, 8)}:${hex(s.recvQ, 8)}`;
  const head = `${String(n).padStart(4)}: ${endpoint(s.local)} ${endpoint(s.remote)} ${hex(state, 2)} ${queues} ${t.code}:${hex(t.left, 8)} ${hex(t.retransmits, 8)} ${String(s.uid).padStart(5)} ${'0'.padStart(8)} ${s.inode}`;
  if (s.state === 'TIME-WAIT') return `${head} 3 ${pointer(s.local.port * 65536 + s.remote.port)}`;
  const tail = s.state === 'LISTEN' ? '100 0 0 10 0' : '20 0 0 10 -1';
  return `${head} 1 ${pointer(s.inode)} ${tail}`;
}

function tcp(net: NetNamespace, family: 'inet' | 'inet6'): string {
  const rows = net.sockets.list().filter((s) => s.protocol === 'tcp' && s.family === family && s.state !== 'UNCONN');
  rows.sort((a, b) => Number(b.state === 'LISTEN') - Number(a.state === 'LISTEN'));
  const lines = rows.map((s, n) => tcpRow(net, s, n));
  if (family === 'inet6') return `${HEADER6}\n${lines.map((l) => `${l}\n`).join('')}`;
  return [TCP_HEADER, ...lines].map((l) => `${l.padEnd(149)}\n`).join('');
}

/** /proc/net/tcp */
export function tcpFile(net: NetNamespace): string {
  return tcp(net, 'inet');
}

/** /proc/net/tcp6 */
export function tcp6File(net: NetNamespace): string {
  return tcp(net, 'inet6');
}

function datagramRow(s: SocketInfo, n: number): string {
  const state = s.state === 'ESTAB' ? 1 : 7;
  return `${String(n).padStart(5)}: ${endpoint(s.local)} ${endpoint(s.remote)} ${hex(state, 2)} ${hex(s.sendQ, 8)}:${hex(s.recvQ, 8)} 00:00000000 00000000 ${String(s.uid).padStart(5)} ${'0'.padStart(8)} ${s.inode} 2 ${pointer(s.inode)} 0`;
}

function datagrams(
  net: NetNamespace,
  protocol: SocketInfo['protocol'],
  family: 'inet' | 'inet6',
  header: string,
  pad: number,
): string {
  const rows = net.sockets
    .list()
    .filter((s) => s.protocol === protocol && s.family === family && (protocol !== 'udp' || s.local.port !== 0));
  const lines = rows.map((s) => datagramRow(s, s.local.port & 0xff));
  return [header, ...lines].map((l) => `${l.padEnd(pad)}\n`).join('');
}

/** /proc/net/udp */
export function udpFile(net: NetNamespace): string {
  return datagrams(net, 'udp', 'inet', UDP_HEADER, 127);
}

/** /proc/net/udp6 */
export function udp6File(net: NetNamespace): string {
  return datagrams(net, 'udp', 'inet6', `${HEADER6} ref pointer drops`, 0);
}

/** /proc/net/icmp */
export function icmpFile(net: NetNamespace): string {
  return datagrams(net, 'icmp', 'inet', RAW_HEADER, 127);
}

/** /proc/net/raw */
export function rawFile(net: NetNamespace): string {
  return datagrams(net, 'raw', 'inet', RAW_HEADER, 0);
}

/** /proc/net/packet */
export function packetFile(net: NetNamespace): string {
  let text = 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n';
  for (const s of net.sockets.list()) {
    if (s.protocol !== 'packet') continue;
    text += `${pointer(s.inode)} ${String(3).padEnd(6)} ${String(3).padEnd(4)} 0003   ${String(s.device ?? 0).padEnd(5)} 1 ${String(s.recvQ).padEnd(6)} ${String(s.uid).padEnd(6)} ${s.inode}\n`;
  }
  return text;
}

/** /proc/net/unix */
export function unixFile(net: NetNamespace): string {
  let text = 'Num       RefCount Protocol Flags    Type St Inode Path\n';
  for (const s of net.sockets.list()) {
    if (s.protocol !== 'unix') continue;
    const listening = s.state === 'LISTEN';
    text += `${pointer(s.inode)}: 00000002 00000000 ${listening ? '00010000' : '00000000'} 0001 ${s.state === 'ESTAB' ? '03' : '01'} ${String(s.inode).padStart(5)}${s.path === undefined ? '' : ` ${s.path}`}\n`;
  }
  return text;
}

function used(net: NetNamespace, protocol: SocketInfo['protocol'], family?: 'inet' | 'inet6'): number {
  return net.sockets
    .list()
    .filter(
      (s) =>
        s.protocol === protocol &&
        (family === undefined || s.family === family) &&
        s.inode !== 0 &&
        s.state !== 'TIME-WAIT',
    ).length;
}

/** /proc/net/sockstat */
export function sockstat(net: NetNamespace): string {
  const all = net.sockets.list();
  const waiting = all.filter((s) => s.state === 'TIME-WAIT').length;
  const open = all.filter((s) => s.inode !== 0).length;
  const tcpUsed = used(net, 'tcp', 'inet') + used(net, 'tcp', 'inet6');
  return (
    `sockets: used ${open}\nTCP: inuse ${used(net, 'tcp', 'inet')} orphan 0 tw ${waiting} alloc ${tcpUsed} mem 0\n` +
    `UDP: inuse ${used(net, 'udp', 'inet')} mem 0\nUDPLITE: inuse 0\nRAW: inuse ${used(net, 'raw', 'inet')}\nFRAG: inuse 0 memory 0\n`
  );
}

/** /proc/net/sockstat6 */
export function sockstat6(net: NetNamespace): string {
  return `TCP6: inuse ${used(net, 'tcp', 'inet6')}\nUDP6: inuse ${used(net, 'udp', 'inet6')}\nUDPLITE6: inuse 0\nRAW6: inuse ${used(net, 'raw', 'inet6')}\nFRAG6: inuse 0 memory 0\n`;
}
