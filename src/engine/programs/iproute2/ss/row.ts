/** What a row says about a socket. */
import type { Sys } from '../../../host';
import type { SocketInfo } from '../../../net';
import type { IpAddress } from '../../../wire';
import { formatIp, serviceName } from '../../../wire';
import type { Row } from './columns';
import type { SsOptions } from './options';
import { tcpDetails } from './tcp-info';

function netid(s: SocketInfo): string {
  if (s.protocol === 'unix') return s.type === 'stream' ? 'u_str' : s.type === 'dgram' ? 'u_dgr' : 'u_seq';
  if (s.protocol === 'packet') return 'p_raw';
  if (s.protocol === 'icmp') return s.family === 'inet6' ? 'icmp6' : 'icmp';
  return s.protocol;
}

/** Address and port, with what separates them. */
function endpoint(
  sys: Sys,
  s: SocketInfo,
  side: 'local' | 'remote',
  o: SsOptions,
  names: ReadonlyMap<IpAddress, string>,
): [string, string] {
  if (s.protocol === 'unix') {
    if (side === 'local') return [s.path ?? '*', ` ${s.inode}`];
    return ['*', ` ${s.peerInode ?? 0}`];
  }
  if (s.protocol === 'packet') {
    if (side === 'remote') return ['*', ''];
    const name = s.device === undefined ? '*' : (sys.net.links.get(s.device)?.name ?? '*');
    return ['*:', name];
  }
  const a = s[side];
  let host: string;
  const name = names.get(a.address);
  if (name !== undefined) host = name;
  else if (a.address === '::') host = s.v6only ? '[::]' : '*';
  else host = typeof a.address === 'string' ? `[${formatIp(a.address)}]` : formatIp(a.address);
  if (side === 'local' && s.device !== undefined) host += `%${sys.net.links.get(s.device)?.name ?? s.device}`;
  else if (a.scope) host += `%${sys.net.links.get(a.scope)?.name ?? a.scope}`;
  const protocol = s.protocol === 'udp' ? 'udp' : 'tcp';
  let port = a.port === 0 ? '*' : String(a.port);
  if (a.port !== 0 && (s.protocol === 'raw' || s.protocol === 'icmp')) {
    port = o.numeric
      ? String(a.port)
      : s.protocol === 'raw' && a.port === 1
        ? 'icmp'
        : a.port === 58
          ? 'ipv6-icmp'
          : String(a.port);
  } else if (a.port !== 0 && !o.numeric) port = serviceName(a.port, protocol) ?? port;
  return [`${host}:`, port];
}

/** A time as ss prints timers: `1min3sec`, `59sec`, `1.320ms`, `596ms`. */
function timerText(micros: number): string {
  const total = Math.max(0, Math.floor(micros / 1000));
  let millis = total % 1000;
  const seconds = Math.floor(total / 1000) % 60;
  const minutes = Math.floor(total / 60000);
  let text = minutes > 0 ? `${minutes}min` : '';
  if (seconds > 0) {
    if (seconds > 9) millis = 0;
    text += `${seconds}${millis > 0 ? '.' : 'sec'}`;
  }
  if (millis > 0) text += `${String(millis).padStart(3, '0')}ms`;
  return text;
}

/** A descriptor that leads to a socket. */
interface Holder {
  readonly comm: string;
  readonly pid: number;
  readonly fd: number;
}

/** Which processes hold which socket: by inode. */
export function holders(sys: Sys): Map<number, Holder[]> {
  const map = new Map<number, Holder[]>();
  const seen = [...sys.proc.ns.pid.processes].sort((a, b) => b[0] - a[0]);
  for (const [pid, proc] of seen) {
    if (!sys.proc.privileged && proc.uid !== sys.proc.uid) continue;
    for (const [fd, d] of proc.fds) {
      const m = /^socket:\[(\d+)\]$/.exec(d.file.describe());
      if (!m) continue;
      const inode = Number(m[1]);
      map.set(inode, [...(map.get(inode) ?? []), { comm: proc.comm, pid, fd }]);
    }
  }
  return map;
}

/** The row of a socket. @param owners who holds which inode; undefined without -p @param names of hosts, with -r */
export function rowOf(
  sys: Sys,
  s: SocketInfo,
  o: SsOptions,
  owners: ReadonlyMap<number, readonly Holder[]> | undefined,
  names: ReadonlyMap<IpAddress, string>,
): Row {
  const [local, localPort] = endpoint(sys, s, 'local', o, names);
  const [remote, remotePort] = endpoint(sys, s, 'remote', o, names);
  const extra: string[] = [];
  const held = owners?.get(s.inode);
  if (held) extra.push(`users:(${held.map((h) => `("${h.comm}",pid=${h.pid},fd=${h.fd})`).join(',')})`);
  if (o.timers && s.timer && s.timer.kind !== 'off') {
    extra.push(`timer:(${s.timer.kind},${timerText(s.timer.expires - sys.now)},${s.timer.retransmits})`);
  }
  if (o.extended) {
    if (s.uid !== 0) extra.push(`uid:${s.uid}`);
    extra.push(`ino:${s.inode} sk:${s.inode.toString(16)}`);
    if (s.v6only) extra.push('v6only:1');
    extra.push('<->');
  }
  const more: string[] = [];
  if (o.memory) more.push('skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d0)');
  if (o.tcpInfo && s.protocol === 'tcp') {
    const details = tcpDetails(s, o);
    if (details !== '') more.push(details);
  }
  return {
    cells: [netid(s), s.state, String(s.recvQ), String(s.sendQ), local, localPort, remote, remotePort, ''],
    rest: [extra.join(' '), ...(more.length > 0 ? [more.join(' ')] : [])].join('\n\t'),
  };
}
