/** The command line of mtr(8) 0.95. */
import type { Flags } from '../../lib/options';
import { getoptOr, setFlag } from '../../lib/options';
import { Stop } from '../common';
import { FIELDS } from './report';

/** How the result is shown. */
export type Output = 'screen' | 'report' | 'json' | 'xml' | 'csv' | 'raw';

/** What a command line asks for. */
export interface MtrOptions {
  family: 'inet' | 'inet6' | undefined;
  method: 'icmp' | 'udp' | 'tcp';
  output: Output;
  wide: boolean;
  numeric: boolean;
  ips: boolean;
  cycles: number;
  /** Whether -c was given: the screen goes on for ever otherwise. */
  limited: boolean;
  /** Seconds. */
  interval: number;
  grace: number;
  size: number;
  first: number;
  max: number;
  maxUnknown: number;
  port: number | undefined;
  localPort: number | undefined;
  tos: number;
  mark: number;
  device: string | undefined;
  source: string | undefined;
  order: string;
  bitPattern: number;
}

/** `mtr --help` */
export const MTR_USAGE = `
Usage:
 mtr [options] hostname

 -F, --filename FILE        read hostname(s) from a file
 -4                         use IPv4 only
 -6                         use IPv6 only
 -u, --udp                  use UDP instead of ICMP echo
 -T, --tcp                  use TCP instead of ICMP echo
 -I, --interface NAME       use named network interface
 -a, --address ADDRESS      bind the outgoing socket to ADDRESS
 -f, --first-ttl NUMBER     set what TTL to start
 -m, --max-ttl NUMBER       maximum number of hops
 -U, --max-unknown NUMBER   maximum unknown host
 -P, --port PORT            target port number for TCP, SCTP, or UDP
 -L, --localport LOCALPORT  source port number for UDP
 -s, --psize PACKETSIZE     set the packet size used for probing
 -B, --bitpattern NUMBER    set bit pattern to use in payload
 -i, --interval SECONDS     ICMP echo request interval
 -G, --gracetime SECONDS    number of seconds to wait for responses
 -Q, --tos NUMBER           type of service field in IP header
 -e, --mpls                 display information from ICMP extensions
 -Z, --timeout SECONDS      seconds to keep probe sockets open
 -M, --mark MARK            mark each sent packet
 -r, --report               output using report mode
 -w, --report-wide          output wide report
 -c, --report-cycles COUNT  set the number of pings sent
 -j, --json                 output json
 -x, --xml                  output xml
 -C, --csv                  output comma separated values
 -l, --raw                  output raw format
 -p, --split                split output
 -t, --curses               use curses terminal interface
     --displaymode MODE     select initial display mode
 -n, --no-dns               do not resolve host names
 -b, --show-ips             show IP numbers and host names
 -o, --order FIELDS         select output fields
 -y, --ipinfo NUMBER        select IP information in output
 -z, --aslookup             display AS number
 -h, --help                 display this help and exit
 -v, --version              output version information and exit

See the 'man 8 mtr' for details.
`;

const fail = (text: string, status = 1): never => {
  throw new Stop(status, `mtr: ${text}\n`);
};

function whole(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) fail(`invalid argument: '${text}'`);
  return Number(text);
}

function seconds(text: string, what: string): number {
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) fail(`invalid argument: '${text}'`);
  const n = Number(text);
  if (n <= 0) fail(`${what} must be positive`);
  return n;
}

/** Options that only set something. */
const FLAGS: Flags<MtrOptions> = {
  r: { output: 'report' },
  w: { output: 'report', wide: true },
  x: { output: 'xml' },
  t: { output: 'screen' },
  l: { output: 'raw' },
  C: { output: 'csv' },
  j: { output: 'json' },
  n: { numeric: true },
  b: { ips: true },
};

/** Reads the command line. @throws Stop */
export function parseMtr(argv: readonly string[]): { o: MtrOptions; hosts: readonly string[] } {
  const parsed = getoptOr(
    argv,
    'hv46F:rwxtplCjnbo:uTSI:a:f:m:U:P:L:s:B:i:G:Q:eZ:M:c:y:zd:',
    [
      'help=h',
      'version=v',
      'inet=4',
      'inet6=6',
      'filename:=F',
      'report=r',
      'report-wide=w',
      'xml=x',
      'curses=t',
      'raw=l',
      'csv=C',
      'json=j',
      'displaymode:',
      'split=p',
      'no-dns=n',
      'show-ips=b',
      'order:=o',
      'ipinfo:=y',
      'aslookup=z',
      'interval:=i',
      'report-cycles:=c',
      'psize:=s',
      'bitpattern:=B',
      'tos:=Q',
      'mpls=e',
      'interface:=I',
      'address:=a',
      'first-ttl:=f',
      'max-ttl:=m',
      'max-unknown:=U',
      'udp=u',
      'tcp=T',
      'sctp=S',
      'port:=P',
      'localport:=L',
      'timeout:=Z',
      'gracetime:=G',
      'mark:=M',
    ],
    (message) => new Stop(1, `mtr: ${message}\n${MTR_USAGE}`),
  );
  const o: MtrOptions = {
    family: undefined,
    method: 'icmp',
    output: 'screen',
    wide: false,
    numeric: false,
    ips: false,
    cycles: 10,
    limited: false,
    interval: 1,
    grace: 5,
    size: 64,
    first: 1,
    max: 30,
    maxUnknown: 5,
    port: undefined,
    localPort: undefined,
    tos: 0,
    mark: 0,
    device: undefined,
    source: undefined,
    order: 'LS NABWV',
    bitPattern: 0,
  };
  for (const { name, arg = '' } of parsed.options) {
    if (setFlag(o, FLAGS, name)) continue;
    switch (name) {
      case 'h':
        throw new Stop(0, '', MTR_USAGE);
      case 'v':
        throw new Stop(0, '', 'mtr 0.95\n');
      case '4':
      case '6':
        o.family = name === '4' ? 'inet' : 'inet6';
        break;
      case 'o':
        for (const c of arg) if (c !== '_' && !FIELDS.some((f) => f.key === c)) fail(`Unknown field identifier: ${c}`);
        o.order = arg.replace(/_/g, ' ');
        break;
      case 'c':
        o.cycles = whole(arg);
        o.limited = true;
        break;
      case 'i':
        o.interval = seconds(arg, 'wait time');
        break;
      case 'G':
        o.grace = seconds(arg, 'wait time');
        break;
      case 's':
        o.size = whole(arg);
        if (o.size < 28) o.size = 28;
        break;
      case 'B':
        o.bitPattern = whole(arg) & 255;
        break;
      case 'Q':
        o.tos = whole(arg) & 255;
        break;
      case 'M':
        o.mark = whole(arg);
        break;
      case 'I':
        o.device = arg;
        break;
      case 'a':
        o.source = arg;
        break;
      case 'f':
        o.first = Math.max(1, whole(arg));
        if (o.first > o.max) o.first = o.max;
        break;
      case 'm':
        o.max = Math.min(29, Math.max(1, whole(arg)));
        break;
      case 'U':
        o.maxUnknown = Math.max(1, whole(arg));
        break;
      case 'u':
        if (o.method === 'tcp') fail('-u , -T and -S are mutually exclusive');
        o.method = 'udp';
        break;
      case 'T':
        if (o.method === 'udp') fail('-u , -T and -S are mutually exclusive');
        o.method = 'tcp';
        break;
      case 'P':
        o.port = whole(arg);
        if (o.port < 1 || o.port > 65535) fail(`Illegal port number: ${o.port}`);
        break;
      case 'L':
        o.localPort = whole(arg);
        break;
      case 'Z':
        whole(arg);
        break;
      default:
        fail(`not simulated in this course: ${name.length === 1 ? '-' : '--'}${name}`);
    }
  }
  return { o, hosts: parsed.operands.length > 0 ? parsed.operands : ['localhost'] };
}
