/** ss(8) of iproute2: sockets. */
import type { Coroutine } from '../../../core';
import { TtyFile } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { SocketInfo, TcpInfo } from '../../../net';
import { formatIp, serviceName } from '../../../wire';
import { GetoptError, getopt } from '../../lib/getopt';
import { SS_USAGE } from '../help';
import { Quit } from '../lib/args';
import { enterNetns } from '../netns/switch';
import type { Predicate } from './filter';
import { ALL_STATES, parseFilter, statesOf } from './filter';

type Protocol = SocketInfo['protocol'];

interface Options {
  numeric: boolean;
  all: boolean;
  listening: boolean;
  timers: boolean;
  extended: boolean;
  memory: boolean;
  processes: boolean;
  tcpInfo: boolean;
  summary: boolean;
  header: boolean;
  oneline: boolean;
  protocols: Set<Protocol>;
  family: 'inet' | 'inet6' | undefined;
}

const LONGS = [
  'numeric=n',
  'resolve=r',
  'options=o',
  'extended=e',
  'memory=m',
  'info=i',
  'processes=p',
  'threads=T',
  'bpf=b',
  'events=E',
  'dccp=d',
  'tcp=t',
  'sctp=S',
  'udp=u',
  'raw=w',
  'unix=x',
  'tipc',
  'vsock',
  'all=a',
  'listening=l',
  'ipv4=4',
  'ipv6=6',
  'packet=0',
  'family:=f',
  'socket:=A',
  'query:=A',
  'summary=s',
  'diag:=D',
  'filter:=F',
  'version=V',
  'help=h',
  'contexts=z',
  'context=Z',
  'net:=N',
  'kill=K',
  'no-header=H',
  'xdp',
  'mptcp=M',
  'oneline=O',
  'inet-sockopt',
  'tos',
  'cgroup',
  'tipcinfo',
];

const SOCKETS: Readonly<Record<string, readonly Protocol[]>> = {
  all: ['packet', 'unix', 'icmp', 'raw', 'udp', 'tcp'],
  inet: ['icmp', 'raw', 'udp', 'tcp'],
  tcp: ['tcp'],
  udp: ['udp'],
  raw: ['icmp', 'raw'],
  unix: ['unix'],
  unix_stream: ['unix'],
  packet: ['packet'],
  packet_raw: ['packet'],
};

/** The rows' order: protocol by protocol. */
const ORDER: readonly Protocol[] = ['packet', 'unix', 'icmp', 'raw', 'udp', 'tcp'];

function netid(s: SocketInfo): string {
  if (s.protocol === 'unix') return s.type === 'stream' ? 'u_str' : s.type === 'dgram' ? 'u_dgr' : 'u_seq';
  if (s.protocol === 'packet') return 'p_raw';
  if (s.protocol === 'icmp') return s.family === 'inet6' ? 'icmp6' : 'icmp';
  return s.protocol;
}

function endpoint(sys: Sys, s: SocketInfo, side: 'local' | 'remote', o: Options): [string, string] {
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
  if (a.address === '::') host = s.v6only ? '[::]' : '*';
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

/** Which processes hold which socket: by inode. */
function holders(sys: Sys): Map<number, { comm: string; pid: number; fd: number }[]> {
  const map = new Map<number, { comm: string; pid: number; fd: number }[]>();
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

/** `%g` of a time in milliseconds. */
function millis(micros: number): string {
  return String(Number((Math.round(micros) / 1000).toPrecision(6)));
}

/** Bits a second (sprint_bw). */
function rate(value: number, numeric: boolean): string {
  if (numeric) return value.toFixed(0);
  if (value > 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value > 1e3) return `${(value / 1e3).toFixed(1)}K`;
  return String(value);
}

/** What -i shows of a TCP socket (tcp_stats_print). */
function tcpDetails(s: SocketInfo, o: Options): string {
  const t = s.socket as { tcpInfo?: () => TcpInfo } | undefined;
  if (!t?.tcpInfo || s.state === 'TIME-WAIT' || s.inode === 0) return '';
  const i = t.tcpInfo();
  if (s.state === 'LISTEN') return 'cubic cwnd:10';
  const parts: string[] = [];
  const add = (text: string, when: boolean | number): void => void (when && parts.push(text));
  // The switches of the protocol are behind -e.
  add('ts', o.extended && i.timestamps);
  add('sack', o.extended && i.sack);
  parts.push('cubic');
  if (i.wscale) parts.push(`wscale:${i.wscale[0]},${i.wscale[1]}`);
  parts.push(`rto:${millis(i.rto)}`);
  add(`backoff:${i.backoff}`, i.backoff);
  add(`rtt:${millis(i.rtt)}/${millis(i.rttvar)}`, i.rtt);
  add(`ato:${millis(i.ato)}`, i.ato);
  parts.push(`mss:${i.mss}`);
  add(`pmtu:${i.pmtu}`, i.pmtu);
  parts.push(`rcvmss:${i.rcvMss}`, `advmss:${i.advMss}`, `cwnd:${i.cwnd}`);
  if (i.ssthresh !== undefined) parts.push(`ssthresh:${i.ssthresh}`);
  add(`bytes_sent:${i.bytesSent}`, i.bytesSent);
  add(`bytes_retrans:${i.bytesRetrans}`, i.bytesRetrans);
  add(`bytes_acked:${i.bytesAcked}`, i.bytesAcked);
  add(`bytes_received:${i.bytesReceived}`, i.bytesReceived);
  add(`segs_out:${i.segsOut}`, i.segsOut);
  add(`segs_in:${i.segsIn}`, i.segsIn);
  add(`data_segs_out:${i.dataSegsOut}`, i.dataSegsOut);
  add(`data_segs_in:${i.dataSegsIn}`, i.dataSegsIn);
  if (i.sendRate !== undefined) parts.push(`send ${rate(i.sendRate, o.numeric)}bps`);
  add(`lastsnd:${Math.floor(i.lastSent / 1000)}`, i.lastSent >= 1000);
  add(`lastrcv:${Math.floor(i.lastReceived / 1000)}`, i.lastReceived >= 1000);
  add(`lastack:${Math.floor(i.lastAcked / 1000)}`, i.lastAcked >= 1000);
  if (i.sendRate !== undefined)
    parts.push(`pacing_rate ${rate(i.sendRate * (i.ssthresh === undefined ? 2 : 1.2), o.numeric)}bps`);
  add(`delivered:${i.delivered}`, i.delivered);
  add('app_limited', i.appLimited);
  add(`unacked:${i.unacked}`, i.unacked);
  add(`retrans:${i.retransNow}/${i.retransTotal}`, i.retransTotal);
  add(`lost:${i.lost}`, i.lost);
  add(`sacked:${i.sacked}`, i.sacked);
  add(`dsack_dups:${i.dsacks}`, i.dsacks);
  add(`rcv_space:${i.rcvSpace}`, i.rcvSpace);
  add(`rcv_ssthresh:${i.rcvSsthresh}`, i.rcvSsthresh);
  add(`notsent:${i.notSent}`, i.notSent);
  if (i.minRtt !== undefined) parts.push(`minrtt:${millis(i.minRtt)}`);
  add(`rcv_ooopack:${i.early}`, i.early);
  add(`snd_wnd:${i.sndWnd}`, i.sndWnd);
  return parts.join(' ');
}

/** Columns: heading, the blank before it, whether it is flush right. */
const COLUMNS: readonly (readonly [string, string, boolean])[] = [
  ['Netid', '', false],
  ['State', ' ', false],
  ['Recv-Q', ' ', false],
  ['Send-Q', ' ', false],
  ['Local Address:', ' ', true],
  ['Port', '', false],
  ['Peer Address:', ' ', true],
  ['Port', '', false],
  ['Process', '', false],
];

/** What a row shows besides its columns: on the same line, or on lines of its own. */
interface Line {
  readonly cells: string[];
  readonly rest: string;
}

function render(
  lines: readonly Line[],
  o: Options,
  columns: number | undefined,
  disabled: ReadonlySet<number>,
): string {
  const shown = COLUMNS.map((_, i) => i).filter((i) => !disabled.has(i));
  const widths = new Map<number, number>();
  let first = true;
  for (const i of shown) {
    const [title, delimiter] = COLUMNS[i]!;
    let width = o.header ? title.length : 0;
    for (const l of lines) width = Math.max(width, i === 8 ? 0 : l.cells[i]!.length);
    if (width > 0 && !first) width += delimiter.length;
    if (width > 0) first = false;
    widths.set(i, width);
  }
  // On a terminal the room that is left is shared out.
  if (columns !== undefined && !o.oneline) {
    const total = [...widths.values()].reduce((a, b) => a + b, 0);
    if (total < columns && shown.length > 0) {
      const used = shown.filter((i) => widths.get(i)! > 0);
      const spacing = Math.floor((columns - total) / used.length);
      let extra = (columns - total) % used.length;
      for (const i of used) widths.set(i, widths.get(i)! + spacing + (extra-- > 0 ? 1 : 0));
    }
  }
  const line = (cells: readonly string[]): string => {
    let text = '';
    let leading = true;
    for (const i of shown) {
      const width = widths.get(i)!;
      if (width === 0) continue;
      const [, delimiter, right] = COLUMNS[i]!;
      const room = width - (leading ? 0 : delimiter.length);
      if (!leading) text += delimiter;
      text += right ? cells[i]!.padStart(room) : cells[i]!.padEnd(room);
      leading = false;
    }
    return text;
  };
  let text = '';
  if (o.header) text += `${line(COLUMNS.map(([title]) => title))}\n`;
  for (const l of lines) {
    const row = l.cells.slice();
    // What processes and options say begins in the last column.
    const [same = '', ...more] = l.rest.split('\n\t');
    row[8] = same === '' ? '' : ` ${same.trim()}`;
    text += `${line(row)}${more.length > 0 ? `${o.oneline ? ' ' : '\n\t '}${more.join(o.oneline ? ' ' : '\n\t ')}` : ''}\n`;
  }
  return text;
}

function summary(sys: Sys): string {
  const all = sys.net.sockets.list();
  const count = (p: Protocol, six: boolean): number =>
    all.filter((s) => s.protocol === p && (s.family === 'inet6') === six && s.inode !== 0).length;
  const tcp = all.filter((s) => s.protocol === 'tcp');
  const waiting = tcp.filter((s) => s.state === 'TIME-WAIT').length;
  const established = tcp.filter((s) => s.state === 'ESTAB').length;
  const closed = waiting + tcp.filter((s) => s.state === 'UNCONN').length;
  const row = (name: string, four: number, six: number): string =>
    `${name}\t  ${String(four + six).padEnd(9)} ${String(four).padEnd(9)} ${String(six).padEnd(9)}\n`;
  const inet = [count('raw', false) + count('icmp', false), count('udp', false), count('tcp', false)] as const;
  const inet6 = [count('raw', true) + count('icmp', true), count('udp', true), count('tcp', true)] as const;
  const sum = (a: readonly number[]): number => a.reduce((x, y) => x + y, 0);
  return (
    `Total: ${all.filter((s) => s.inode !== 0).length}\n` +
    `TCP:   ${tcp.length} (estab ${established}, closed ${closed}, orphaned 0, timewait ${waiting})\n\n` +
    'Transport Total     IP        IPv6\n' +
    row('RAW', inet[0], inet6[0]) +
    row('UDP', inet[1], inet6[1]) +
    row('TCP', inet[2], inet6[2]) +
    row('INET', sum(inet), sum(inet6)) +
    row('FRAG', 0, 0) +
    '\n'
  );
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  try {
    return yield* run(sys, argv);
  } catch (e) {
    if (!(e instanceof Quit)) throw e;
    if (e.stdout !== '') yield* sys.print(e.stdout);
    if (e.text !== '') yield* sys.eprint(e.text);
    return e.status;
  }
}

function* run(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let parsed;
  try {
    parsed = getopt(argv, '+hVnroaleimpTEbzZN:KHSOtuxwd0M46f:A:D:F:s', LONGS);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    throw new Quit(255, `ss: ${e.message}\n${SS_USAGE}`);
  }
  const o: Options = {
    numeric: false,
    all: false,
    listening: false,
    timers: false,
    extended: false,
    memory: false,
    processes: false,
    tcpInfo: false,
    summary: false,
    header: true,
    oneline: false,
    protocols: new Set(),
    family: undefined,
  };
  const add = (names: readonly Protocol[]): void => names.forEach((p) => o.protocols.add(p));
  for (const { name, arg } of parsed.options) {
    switch (name) {
      case 'h':
        throw new Quit(0, '', SS_USAGE);
      case 'V':
        throw new Quit(0, '', 'ss utility, iproute2-6.1.0\n');
      case 'n':
        o.numeric = true;
        break;
      case 'r':
        break;
      case 'o':
        o.timers = true;
        break;
      case 'a':
        o.all = true;
        break;
      case 'l':
        o.listening = true;
        break;
      case 'e':
        o.timers = true;
        o.extended = true;
        break;
      case 'm':
        o.memory = true;
        break;
      case 'p':
      case 'T':
        o.processes = true;
        break;
      case 'i':
        o.tcpInfo = true;
        break;
      case 's':
        o.summary = true;
        break;
      case 'H':
        o.header = false;
        break;
      case 'O':
        o.oneline = true;
        break;
      case 't':
        add(['tcp']);
        break;
      case 'u':
        add(['udp']);
        break;
      case 'w':
        add(['icmp', 'raw']);
        break;
      case 'x':
        add(['unix']);
        break;
      case '0':
        add(['packet']);
        break;
      case '4':
        o.family = 'inet';
        break;
      case '6':
        o.family = 'inet6';
        break;
      case 'f':
        if (arg === 'inet' || arg === 'inet6') o.family = arg;
        else if (arg === 'unix') add(['unix']);
        else if (arg === 'link') add(['packet']);
        else throw new Quit(255, `ss: "${arg}" is invalid family\n${SS_USAGE}`);
        break;
      case 'A':
        for (const word of arg!.split(',')) {
          const found = SOCKETS[word];
          if (!found) throw new Quit(255, `ss: "${word}" is illegal socket table id\n${SS_USAGE}`);
          add(found);
        }
        break;
      case 'N': {
        const warning = enterNetns(sys, arg!);
        if (warning !== '') yield* sys.eprint(warning);
        break;
      }
      case 'M':
      case 'd':
      case 'S':
      case 'tipc':
      case 'vsock':
      case 'xdp':
        // Tables that are empty on this machine.
        o.protocols.add(name as Protocol);
        break;
      case 'Z':
      case 'z':
        throw new Quit(1, 'ss: SELinux is not enabled.\n');
      default:
        throw new Quit(2, `ss: not simulated in this course: ${name.length > 1 ? '--' : '-'}${name}\n`);
    }
  }
  if (o.summary) {
    yield* sys.print(summary(sys));
    if (parsed.options.every((x) => x.name === 's' || x.name === 'N')) return 0;
  }
  // What states are wanted.
  const words = [...parsed.operands];
  let states: Set<string> | undefined;
  while (words[0] === 'state' || words[0] === 'exclude' || words[0] === 'excl') {
    const keyword = words.shift()!;
    const word = words.shift();
    if (word === undefined) throw new Quit(255, 'Command line is not complete. Try option "help"\n');
    const found = statesOf(word);
    if (!found) throw new Quit(255, `ss: wrong state name: ${word}\n`);
    if (keyword === 'state') states = new Set([...(states ?? []), ...found]);
    else states = new Set([...(states ?? ALL_STATES)].filter((s) => !found.includes(s)));
  }
  const one = states !== undefined && states.size === 1;
  const wanted = (s: SocketInfo): boolean => {
    if (states) return states.has(s.state);
    if (o.all) return true;
    if (o.listening) return s.state === 'LISTEN' || (s.protocol !== 'tcp' && s.state === 'UNCONN');
    return s.state !== 'LISTEN' && s.state !== 'UNCONN' && s.state !== 'TIME-WAIT' && s.state !== 'SYN-RECV';
  };
  const filter: Predicate = parseFilter(words, sys);
  if (o.protocols.size === 0) {
    if (o.family) add(['icmp', 'raw', 'udp', 'tcp']);
    else add(ORDER);
  }
  const rows = sys.net.sockets
    .list()
    .filter((s) => o.protocols.has(s.protocol))
    .filter((s) => o.family === undefined || s.family === o.family)
    // Sockets that are neither bound nor connected are in no table of the kernel.
    .filter((s) => !(s.protocol === 'tcp' && s.state === 'UNCONN') && !(s.protocol === 'udp' && s.local.port === 0))
    .filter(wanted)
    .filter(filter);
  rows.sort((a, b) => ORDER.indexOf(a.protocol) - ORDER.indexOf(b.protocol));
  const owners = o.processes ? holders(sys) : undefined;
  const lines = rows.map((s): Line => {
    const [local, localPort] = endpoint(sys, s, 'local', o);
    const [remote, remotePort] = endpoint(sys, s, 'remote', o);
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
  });
  const kinds = new Set([...o.protocols].map((p) => (p === 'icmp' ? 'raw' : p)));
  const disabled = new Set<number>();
  if (kinds.size === 1 && !(kinds.has('unix') || kinds.has('packet'))) disabled.add(0);
  if (one) disabled.add(1);
  const file = sys.isatty(1) ? sys.file(1) : undefined;
  yield* sys.print(render(lines, o, file instanceof TtyFile ? file.tty.columns : undefined, disabled));
  return 0;
}

/** The program. */
export const ss: Program = {
  name: 'ss',
  path: '/usr/bin/ss',
  size: 146368,
  summary: 'another utility to investigate sockets',
  manual: `NAME
       ss - show sockets

SYNOPSIS
       ss [options] [FILTER]

DESCRIPTION
       Without options: connected sockets of all kinds.

       -t, -u, -w, -x, -0   TCP, UDP, raw, Unix, packet sockets
       -l    listening ones             -a    all
       -n    numbers, no names          -p    with the processes
       -o    timers                     -e    more        -m   memory      -i   TCP's view
       -4, -6  one family               -s    a summary   -H   no heading  -N NAME  in a network namespace

FILTERS
       state established|listening|time-wait|...
       sport = :80    dport = :ssh    src 10.0.0.0/24    dst 10.0.0.2    and, or, not, ( )

EXAMPLES
       ss -tlnp
       ss -tan state time-wait
       ss -tn dport = :80
`,
  main,
  complete: (words) => {
    const last = words[words.length - 1];
    if (last === 'state')
      return [
        'all',
        'closing',
        'connected',
        'established',
        'fin-wait-1',
        'fin-wait-2',
        'listening',
        'syn-sent',
        'time-wait',
      ];
    return ['-a', '-e', '-l', '-n', '-o', '-p', '-s', '-t', '-u', '-x', 'dport', 'dst', 'sport', 'src', 'state'];
  },
};
