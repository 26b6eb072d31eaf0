/** Command line of traceroute 2.1.2, with its own way of refusing (the CLIF library). */
import type { Flags } from '../../lib/options';
import { setFlag } from '../../lib/options';
import { Stop } from '../common';

/** How probes are made. */
export type Method = 'default' | 'udp' | 'icmp' | 'tcp';

/** What a command line asks for. */
export interface TracerouteOptions {
  family: 'inet' | 'inet6' | undefined;
  method: Method;
  numeric: boolean;
  dontFragment: boolean;
  discoverMtu: boolean;
  back: boolean;
  first: number;
  max: number;
  simultaneous: number;
  port: number | undefined;
  tos: number;
  mark: number;
  /** Seconds, and the factors for answers from the same and from a later hop. */
  wait: number;
  here: number;
  near: number;
  queries: number;
  source: string | undefined;
  sourcePort: number | undefined;
  device: string | undefined;
  /** Seconds between probes. */
  sendWait: number;
  host: string;
  /** Length of the whole packet. */
  length: number | undefined;
  /** Where `host` stood, for the message about it: argc. */
  hostAt: number;
}

const USAGE_HEAD = `Usage:
  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] [ -g gate,... ] [ -i device ] [ -m max_ttl ] [ -N squeries ] [ -p port ] [ -t tos ] [ -l flow_label ] [ -w MAX,HERE,NEAR ] [ -q nqueries ] [ -s src_addr ] [ -z sendwait ] [ --fwmark=num ] host [ packetlen ]
Options:
`;

const USAGE_OPTIONS: readonly (readonly [string, string])[] = [
  ['-4', 'Use IPv4'],
  ['-6', 'Use IPv6'],
  ['-d  --debug', 'Enable socket level debugging'],
  ['-F  --dont-fragment', 'Do not fragment packets'],
  ['-f first_ttl  --first=first_ttl', 'Start from the first_ttl hop (instead from 1)'],
  [
    '-g gate,...  --gateway=gate,...',
    'Route packets through the specified gateway\n(maximum 8 for IPv4 and 127 for IPv6)',
  ],
  ['-I  --icmp', 'Use ICMP ECHO for tracerouting'],
  ['-T  --tcp', 'Use TCP SYN for tracerouting (default port is 80)'],
  ['-i device  --interface=device', 'Specify a network interface to operate with'],
  ['-m max_ttl  --max-hops=max_ttl', 'Set the max number of hops (max TTL to be\nreached). Default is 30'],
  ['-N squeries  --sim-queries=squeries', 'Set the number of probes to be tried\nsimultaneously (default is 16)'],
  ['-n', 'Do not resolve IP addresses to their domain names'],
  [
    '-p port  --port=port',
    'Set the destination port to use. It is either\ninitial udp port value for "default" method\n(incremented by each probe, default is 33434), or\ninitial seq for "icmp" (incremented as well,\ndefault from 1), or some constant destination\nport for other methods (with default of 80 for\n"tcp", 53 for "udp", etc.)',
  ],
  ['-t tos  --tos=tos', 'Set the TOS (IPv4 type of service) or TC (IPv6\ntraffic class) value for outgoing packets'],
  ['-l flow_label  --flowlabel=flow_label', 'Use specified flow_label for IPv6 packets'],
  [
    '-w MAX,HERE,NEAR  --wait=MAX,HERE,NEAR',
    'Wait for a probe no more than HERE (default 3)\ntimes longer than a response from the same hop,\nor no more than NEAR (default 10) times than some\nnext hop, or MAX (default 5.0) seconds (float\npoint values allowed too)',
  ],
  ['-q nqueries  --queries=nqueries', 'Set the number of probes per each hop. Default is\n3'],
  ['-r', 'Bypass the normal routing and send directly to a\nhost on an attached network'],
  ['-s src_addr  --source=src_addr', 'Use source src_addr for outgoing packets'],
  [
    '-z sendwait  --sendwait=sendwait',
    'Minimal time interval between probes (default 0).\nIf the value is more than 10, then it specifies a\nnumber in milliseconds, else it is a number of\nseconds (float point values allowed too)',
  ],
  ['-e  --extensions', 'Show ICMP extensions (if present), including MPLS'],
  [
    '-A  --as-path-lookups',
    'Perform AS path lookups in routing registries and\nprint results directly after the corresponding\naddresses',
  ],
  [
    '-M name  --module=name',
    "Use specified module (either builtin or external)\nfor traceroute operations. Most methods have\ntheir shortcuts (`-I' means `-M icmp' etc.)",
  ],
  [
    '-O OPTS,...  --options=OPTS,...',
    'Use module-specific option OPTS for the\ntraceroute module. Several OPTS allowed,\nseparated by comma. If OPTS is "help", print info\nabout available options',
  ],
  ['--sport=num', "Use source port num for outgoing packets. Implies\n`-N 1'"],
  ['--fwmark=num', 'Set firewall mark for outgoing packets'],
  [
    '-U  --udp',
    'Use UDP to particular port for tracerouting\n(instead of increasing the port per each probe),\ndefault port is 53',
  ],
  ['-UL', 'Use UDPLITE for tracerouting (default dest port\nis 53)'],
  ['-D  --dccp', 'Use DCCP Request for tracerouting (default port\nis 33434)'],
  ['-P prot  --protocol=prot', 'Use raw packet of protocol prot for tracerouting'],
  ['--mtu', "Discover MTU along the path being traced. Implies\n`-F -N 1'"],
  ['--back', 'Guess the number of hops in the backward path and\nprint if it differs'],
  ['-V  --version', 'Print version info and exit'],
  ['--help', 'Read this help and exit'],
];

/** What `traceroute` prints when it is asked for nothing. */
export function tracerouteUsage(): string {
  const column = 30;
  const entry = (left: string, text: string): string => {
    const lines = text.split('\n');
    const first = `${left}`.padEnd(column);
    const head = left.length >= column - 1 ? `${left}\n${' '.repeat(column)}` : first;
    return `${head}${lines.join(`\n${' '.repeat(column)}`)}\n`;
  };
  const options = USAGE_OPTIONS.map(([left, text]) => entry(`  ${left}`, text)).join('');
  return `${USAGE_HEAD}${options}\nArguments:\n+     host          The host to traceroute to\n      packetlen     The full packet length (default is the length of an IP\n                    header plus 40). Can be ignored or increased to a minimal\n                    allowed value\n`;
}

const LONG: Readonly<Record<string, string>> = {
  debug: 'd',
  'dont-fragment': 'F',
  first: 'f',
  gateway: 'g',
  icmp: 'I',
  tcp: 'T',
  interface: 'i',
  'max-hops': 'm',
  'sim-queries': 'N',
  port: 'p',
  tos: 't',
  flowlabel: 'l',
  wait: 'w',
  queries: 'q',
  source: 's',
  sendwait: 'z',
  extensions: 'e',
  'as-path-lookups': 'A',
  module: 'M',
  options: 'O',
  sport: 'sport',
  fwmark: 'fwmark',
  udp: 'U',
  udplite: 'UL',
  dccp: 'D',
  protocol: 'P',
  mtu: 'mtu',
  back: 'back',
  version: 'V',
  help: 'help',
};
const ARGUMENT: Readonly<Record<string, string>> = {
  f: 'first_ttl',
  g: 'gate,...',
  i: 'device',
  m: 'max_ttl',
  N: 'squeries',
  p: 'port',
  t: 'tos',
  l: 'flow_label',
  w: 'MAX,HERE,NEAR',
  q: 'nqueries',
  s: 'src_addr',
  z: 'sendwait',
  M: 'name',
  O: 'OPTS,...',
  sport: 'num',
  fwmark: 'num',
  P: 'prot',
};
const MISSING = new Set(['g', 'l', 'A', 'O', 'UL', 'D', 'P', 'r']);

/** Reads the command line. @throws Stop */
export function parseTraceroute(args: readonly string[]): TracerouteOptions {
  const o: TracerouteOptions = {
    family: undefined,
    method: 'default',
    numeric: false,
    dontFragment: false,
    discoverMtu: false,
    back: false,
    first: 1,
    max: 30,
    simultaneous: 16,
    port: undefined,
    tos: 0,
    mark: 0,
    wait: 5,
    here: 3,
    near: 10,
    queries: 3,
    source: undefined,
    sourcePort: undefined,
    device: undefined,
    sendWait: 0,
    host: '',
    length: undefined,
    hostAt: 0,
  };
  if (args.length === 0) throw new Stop(0, tracerouteUsage());
  const words: { text: string; argc: number }[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === '--') {
      for (i++; i < args.length; i++) words.push({ text: args[i]!, argc: i + 1 });
    } else if (word.startsWith('--')) {
      const [name = '', inline] = word.slice(2).split(/=(.*)/s) as [string, string?];
      const hits = LONG[name] ? [name] : Object.keys(LONG).filter((k) => name !== '' && k.startsWith(name));
      if (hits.length !== 1) throw new Stop(2, `Bad option \`${word}' (argc ${i + 1})\n`);
      const key = LONG[hits[0]!]!;
      const needs = ARGUMENT[key];
      let value = inline;
      if (needs !== undefined && value === undefined) {
        value = args[++i];
        if (value === undefined)
          throw new Stop(2, `Option \`${word}' (argc ${i}) requires an argument: \`--${hits[0]!}=${needs}'\n`);
      }
      apply(o, key, value ?? '', `--${hits[0]!}`, i + 1);
    } else if (word.startsWith('-') && word.length > 1) {
      if (word === '-UL') {
        apply(o, 'UL', '', '-UL', i + 1);
        continue;
      }
      for (let j = 1; j < word.length; j++) {
        const key = word[j]!;
        if (!'46dFfgITimNnptlwqrszeAMOUDPV'.includes(key))
          throw new Stop(2, `Bad option \`-${word.slice(j)}' (argc ${i + 1})\n`);
        const needs = ARGUMENT[key];
        if (needs === undefined) {
          apply(o, key, '', `-${key}`, i + 1);
          continue;
        }
        let value: string | undefined = word.slice(j + 1);
        if (value === '') value = args[++i];
        if (value === undefined)
          throw new Stop(2, `Option \`-${key}' (argc ${i}) requires an argument: \`-${key} ${needs}'\n`);
        apply(o, key, value, `-${key}`, i + 1);
        break;
      }
    } else words.push({ text: word, argc: i + 1 });
  }
  const [host, length, extra] = words;
  if (!host) throw new Stop(2, 'Specify "host" missing argument.\n');
  o.host = host.text;
  o.hostAt = host.argc;
  if (length) {
    if (!/^\d+$/.test(length.text))
      throw new Stop(
        2,
        `Cannot handle "packetlen" cmdline arg \`${length.text}' on position 2 (argc ${length.argc})\n`,
      );
    o.length = Number(length.text);
  }
  if (extra) throw new Stop(2, `Extra arg \`${extra.text}' (position 3, argc ${extra.argc})\n`);
  if (o.max > 255) throw new Stop(2, 'max hops cannot be more than 255\n');
  if (o.first === 0 || o.first > o.max) throw new Stop(2, 'first hop out of range\n');
  if (o.queries === 0 || o.queries > 10) throw new Stop(2, 'no more than 10 probes per hop\n');
  if (o.wait < 0 || o.here < 0 || o.near < 0) throw new Stop(2, 'bad wait specifications\n');
  if ((o.length ?? 0) > 65000) throw new Stop(2, `too big packetlen ${o.length!} specified\n`);
  return o;
}

/** Options that only set something. */
const FLAGS: Flags<TracerouteOptions> = {
  '4': { family: 'inet' },
  '6': { family: 'inet6' },
  F: { dontFragment: true },
  I: { method: 'icmp' },
  T: { method: 'tcp' },
  U: { method: 'udp' },
  n: { numeric: true },
  mtu: { discoverMtu: true, dontFragment: true, simultaneous: 1 },
  back: { back: true },
};

function apply(o: TracerouteOptions, key: string, value: string, shown: string, argc: number): void {
  const bad = (): never => {
    throw new Stop(2, `Cannot handle \`${shown}' option with arg \`${value}' (argc ${argc})\n`);
  };
  const number = (): number => (/^(0x[\da-f]+|\d+)$/i.test(value) ? Number(value) : bad());
  const decimal = (text: string): number => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : bad());
  if (MISSING.has(key)) throw new Stop(2, `traceroute: not simulated in this course: ${shown}\n`);
  if (setFlag(o, FLAGS, key)) return;
  switch (key) {
    case 'f':
      o.first = number();
      break;
    case 'i':
      o.device = value;
      break;
    case 'm':
      o.max = number();
      break;
    case 'N':
      o.simultaneous = number();
      break;
    case 'e':
      // No router here adds extensions (RFC 4884), so there are none to show.
      break;
    case 'p':
      o.port = number() & 0xffff;
      break;
    case 't':
      o.tos = number();
      break;
    case 'w': {
      const [max, here, near] = value.split(/[,/]/);
      if (max !== '') o.wait = decimal(max!);
      if (here) o.here = decimal(here);
      if (near) o.near = decimal(near);
      // One number alone waits exactly so long.
      if (here === undefined) o.here = o.near = 0;
      break;
    }
    case 'q':
      o.queries = number();
      break;
    case 's':
      o.source = value;
      break;
    case 'z':
      o.sendWait = decimal(value) >= 10 ? decimal(value) / 1000 : decimal(value);
      break;
    case 'M':
      if (!['default', 'udp', 'icmp', 'tcp'].includes(value)) {
        if (['raw', 'dccp', 'udplite', 'tcpconn'].includes(value))
          throw new Stop(2, `traceroute: not simulated in this course: -M ${value}\n`);
        throw new Stop(2, `Unknown traceroute module ${value}\n`);
      }
      o.method = value as Method;
      break;
    case 'sport':
      o.sourcePort = number();
      o.simultaneous = 1;
      break;
    case 'fwmark':
      o.mark = number();
      break;
    case 'V':
      throw new Stop(
        0,
        'Modern traceroute for Linux, version 2.1.2\nCopyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later\n',
      );
    case 'help':
      throw new Stop(0, '', tracerouteUsage());
  }
}
