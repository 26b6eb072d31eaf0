/** `ip` (iproute2): global options, objects, batch files. */
import type { Coroutine } from '../../core';
import { isErrno, strerror } from '../../core';
import type { ErrnoCode } from '../../core';
import type { Program, Sys } from '../../host';
import { address } from './address';
import { completeIp } from './complete';
import { IP_USAGE } from './help';
import { Quit } from './lib/args';
import type { Family } from './lib/args';
import type { Options } from './lib/context';
import { colorOption, Context, defaultOptions, runTool } from './lib/context';
import { link } from './link';
import { maddress } from './maddress';
import { monitor } from './monitor';
import { neigh } from './neigh';
import { nexthop } from './nexthop';
import { netconf } from './netconf';
import { netns } from './netns';
import { ntable } from './ntable';
import { enterNetns } from './netns/switch';
import { route } from './route';
import { rule } from './rule';
import { addrlabel, mroute, token } from './small-objects';
import { stats } from './stats';
import { tcpMetrics } from './tcp-metrics';

type Handler = (ctx: Context, words: readonly string[]) => number | Coroutine<number>;

function missing(name: string): Handler {
  return () => {
    throw new Quit(2, `ip: not simulated in this course: ${name}\n`);
  };
}

const help: Handler = () => {
  throw new Quit(255, IP_USAGE);
};

/** Objects in the order in which abbreviations are looked up. */
const OBJECTS: readonly (readonly [string, Handler])[] = [
  ['address', address],
  ['addrlabel', addrlabel],
  ['maddress', maddress],
  ['route', route],
  ['rule', rule],
  ['neighbor', neigh],
  ['neighbour', neigh],
  ['ntable', ntable],
  ['ntbl', missing('ntbl')],
  ['link', link],
  ['l2tp', missing('l2tp')],
  ['fou', missing('fou')],
  ['ila', missing('ila')],
  ['macsec', missing('macsec')],
  ['tunnel', missing('tunnel')],
  ['tunl', missing('tunl')],
  ['tuntap', missing('tuntap')],
  ['tap', missing('tap')],
  ['token', token],
  ['tcpmetrics', tcpMetrics],
  ['tcp_metrics', tcpMetrics],
  ['monitor', monitor],
  ['xfrm', missing('xfrm')],
  ['mroute', mroute],
  ['mrule', missing('mrule')],
  ['netns', netns],
  ['netconf', netconf],
  ['vrf', missing('vrf')],
  ['sr', missing('sr')],
  ['nexthop', nexthop],
  ['mptcp', missing('mptcp')],
  ['ioam', missing('ioam')],
  ['help', help],
  ['stats', stats],
];

const FAMILIES: Readonly<Record<string, Family>> = {
  inet: 'inet',
  inet6: 'inet6',
  link: 'link',
  bridge: 'bridge',
  mpls: 'mpls',
};

/** Options with a meaning of their own: name and what it does; abbreviations are looked up in this order. */
const FLAGS: readonly (readonly [string, (o: Options) => void])[] = [
  ['-human-readable', (o) => o.human++],
  ['-iec', (o) => (o.iec = true)],
  ['-stats', (o) => o.stats++],
  ['-statistics', (o) => o.stats++],
  ['-details', (o) => o.details++],
  ['-resolve', (o) => (o.resolve = true)],
  ['-oneline', (o) => (o.oneline = true)],
  ['-timestamp', (o) => o.timestamp++],
  [
    '-tshort',
    (o) => {
      o.timestamp++;
      o.shortTimestamp = true;
    },
  ],
  ['-Version', () => undefined],
  ['-force', (o) => (o.force = true)],
  ['-batch', () => undefined],
  ['-brief', (o) => (o.brief = true)],
  ['-json', (o) => (o.json = true)],
  ['-pretty', (o) => (o.pretty = true)],
  ['-rcvbuf', () => undefined],
];

/** Takes the options in front of the object. @returns the words after them. @throws Quit */
function* parseOptions(sys: Sys, words: readonly string[], o: Options): Coroutine<string[]> {
  let i = 0;
  for (; i < words.length; i++) {
    let opt = words[i]!;
    if (opt === '--') {
      i++;
      break;
    }
    if (!opt.startsWith('-')) break;
    if (opt.startsWith('--')) opt = opt.slice(1);
    const is = (name: string): boolean => name.startsWith(opt);
    const value = (): string => {
      if (++i >= words.length) throw new Quit(255, IP_USAGE);
      return words[i]!;
    };
    const flag = FLAGS.find(([name]) => is(name));
    const color = colorOption(opt);
    if (is('-loops')) value();
    else if (is('-family')) {
      const word = value();
      if (word === 'help') throw new Quit(255, IP_USAGE);
      const family = FAMILIES[word];
      if (!family) throw new Quit(255, `Error: argument "${word}" is wrong: invalid protocol family\n`);
      o.family = family;
    } else if (opt === '-4') o.family = 'inet';
    else if (opt === '-6') o.family = 'inet6';
    else if (opt === '-0') o.family = 'link';
    else if (opt === '-M') o.family = 'mpls';
    else if (opt === '-B') o.family = 'bridge';
    else if (flag) {
      const [name, apply] = flag;
      if (name === '-Version') throw new Quit(0, '', 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n');
      if (name === '-batch') o.batch = value();
      else if (name === '-rcvbuf') {
        const size = value();
        if (!/^\d+$/.test(size)) throw new Quit(255, `Invalid rcvbuf size '${size}'\n`);
      } else apply(o);
    } else if (color !== undefined) o.color = color;
    else if (is('-help')) throw new Quit(255, IP_USAGE);
    else if (is('-netns')) {
      const name = words[++i];
      if (name === undefined) {
        throw new Quit(255, 'Cannot open network namespace "(null)": No such file or directory\n');
      }
      const warning = enterNetns(sys, name);
      if (warning !== '') yield* sys.eprint(warning);
    } else if (is('-Numeric')) o.numeric = true;
    else if (is('-all')) o.all = true;
    else throw new Quit(255, `Option "${opt}" is unknown, try "ip -help".\n`);
  }
  return words.slice(i);
}

function* runObject(ctx: Context, words: readonly string[]): Coroutine<number> {
  const [name = '', ...rest] = words;
  const found = OBJECTS.find(([object]) => object.startsWith(name));
  if (!found) throw new Quit(1, `Object "${name}" is unknown, try "ip help".\n`);
  const result = found[1](ctx, rest);
  return typeof result === 'number' ? result : yield* result;
}

/** Splits a line of a batch file into words: blanks separate, quotes join, `#` starts a comment. */
function batchWords(line: string): string[] {
  const words: string[] = [];
  const pattern = /\s*(?:"([^"]*)"|'([^']*)'|([^\s"'#][^\s]*)|(#.*))/y;
  let m: RegExpExecArray | null;
  while ((m = pattern.exec(line))) {
    if (m[4] !== undefined) break;
    words.push(m[1] ?? m[2] ?? m[3] ?? '');
  }
  return words;
}

function* batch(sys: Sys, options: Options, path: string): Coroutine<number> {
  let text: string;
  try {
    if (path === '-') {
      const bytes = yield* sys.readAll(0);
      text = new TextDecoder().decode(bytes);
    } else text = yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Quit(1, `Cannot open file "${path}" for reading: ${strerror(e.code as ErrnoCode)}\n`);
  }
  let status = 0;
  const lines = text.replace(/\\\n/g, ' ').split('\n');
  for (let n = 0; n < lines.length; n++) {
    const words = batchWords(lines[n]!);
    if (words.length === 0) continue;
    const ctx = new Context(sys, { ...options });
    const code = yield* runTool(
      () => ctx,
      sys,
      () => runObject(ctx, words),
    );
    if (code !== 0) {
      yield* sys.eprint(`Command failed ${path}:${n + 1}\n`);
      status = 1;
      if (!options.force) break;
    }
  }
  return status;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let ctx: Context | undefined;
  return yield* runTool(
    () => ctx,
    sys,
    function* () {
      const options = defaultOptions();
      const words = yield* parseOptions(sys, argv.slice(1), options);
      if (options.batch !== undefined) return yield* batch(sys, options, options.batch);
      if (words.length === 0) throw new Quit(255, IP_USAGE);
      ctx = new Context(sys, options);
      return yield* runObject(ctx, words);
    },
  );
}

/** The program. */
export const ip: Program = {
  name: 'ip',
  path: '/usr/sbin/ip',
  links: ['/usr/bin/ip'],
  size: 711464,
  summary: 'show / manipulate routing, network devices, interfaces and tunnels',
  manual: `NAME
       ip - show and change links, addresses, routes, neighbours and network namespaces

SYNOPSIS
       ip [ OPTIONS ] OBJECT { COMMAND | help }

OBJECTS
       link        a network device
       address     an IPv4 or IPv6 address on a device
       route       an entry of a routing table
       rule        a rule that chooses the routing table
       neigh       an entry of the ARP or NDISC cache
       netns       a named network namespace
       maddress    a multicast address
       monitor     watch changes as they happen

       Objects, commands and most keywords may be abbreviated: "ip a s" is "ip address show".

OPTIONS
       -4, -6              IPv4 or IPv6 only
       -n, -netns NAME     work in the named network namespace
       -br, -brief         one line for each device, in columns
       -d, -details        show more
       -s, -stats          show counters; twice: more of them
       -h, -human          counters with k, M, G
       -j, -json           JSON; with -p, -pretty, indented
       -o, -oneline        one line for each record
       -c, -color          colours
       -t, -timestamp      time stamps in "ip monitor"
       -b, -batch FILE     read commands from FILE
       -a, -all            with netns exec and delete: every namespace

EXAMPLES
       ip link add veth1 type veth peer name veth2
       ip link set veth1 netns red
       ip addr add 10.0.0.1/24 dev veth1
       ip route add default via 10.0.0.254
       ip netns exec red ip -br addr

SEE ALSO
       bridge(8), ss(8), nsenter(1), "ip OBJECT help"
`,
  main,
  complete: completeIp,
};
