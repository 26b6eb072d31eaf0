/** The command line of ss(8). */
import type { SocketInfo } from '../../../net';
import type { Flags } from '../../lib/options';
import { getoptOr, setFlag } from '../../lib/options';
import { SS_USAGE } from './help';
import { Quit } from '../lib/args';

/** Kind of a socket. */
export type Protocol = SocketInfo['protocol'];

/** What an ss command line asks for. */
export interface SsOptions {
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
  /** -r: names of hosts. */
  resolve: boolean;
  /** Empty: all, or those of the family. */
  protocols: Set<Protocol>;
  family: 'inet' | 'inet6' | undefined;
  /** -s and nothing else: no table follows. */
  summaryOnly: boolean;
  /** -N: namespaces to enter, one after the other. */
  netns: string[];
  /** States and filter. */
  operands: readonly string[];
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

/** Socket tables by their names behind -A. */
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

/** Options that only set something. */
const FLAGS: Flags<SsOptions> = {
  n: { numeric: true },
  r: { resolve: true },
  o: { timers: true },
  a: { all: true },
  l: { listening: true },
  e: { timers: true, extended: true },
  m: { memory: true },
  p: { processes: true },
  T: { processes: true },
  i: { tcpInfo: true },
  s: { summary: true },
  H: { header: false },
  O: { oneline: true },
  '4': { family: 'inet' },
  '6': { family: 'inet6' },
};

/** Reads a command line. @throws Quit */
export function parseSs(argv: readonly string[]): SsOptions {
  const parsed = getoptOr(
    argv,
    '+hVnroaleimpTEbzZN:KHSOtuxwd0M46f:A:D:F:s',
    LONGS,
    (message) => new Quit(255, `ss: ${message}\n${SS_USAGE}`),
  );
  const o: SsOptions = {
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
    resolve: false,
    protocols: new Set(),
    family: undefined,
    summaryOnly: parsed.options.every((x) => x.name === 's' || x.name === 'N'),
    netns: [],
    operands: parsed.operands,
  };
  const add = (names: readonly Protocol[]): void => names.forEach((p) => o.protocols.add(p));
  for (const { name, arg } of parsed.options) {
    if (setFlag(o, FLAGS, name)) continue;
    switch (name) {
      case 'h':
        throw new Quit(0, '', SS_USAGE);
      case 'V':
        throw new Quit(0, '', 'ss utility, iproute2-6.1.0\n');
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
      case 'N':
        o.netns.push(arg!);
        break;
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
  return o;
}
