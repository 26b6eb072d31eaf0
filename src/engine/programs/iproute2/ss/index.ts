/** ss(8) of iproute2: sockets. */
import type { Coroutine } from '../../../core';
import { TtyFile } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { SocketInfo } from '../../../net';
import type { IpAddress } from '../../../wire';
import { nameOf, resolveHost } from '../../network/resolver';
import { Quit } from '../lib/args';
import { enterNetns } from '../netns/switch';
import { render } from './columns';
import { ALL_STATES, hostWords, parseFilter, statesOf } from './filter';
import type { Protocol, SsOptions } from './options';
import { parseSs } from './options';
import { holders, rowOf } from './row';
import { summary } from './summary';

/** The rows' order: protocol by protocol. */
const ORDER: readonly Protocol[] = ['packet', 'unix', 'icmp', 'raw', 'udp', 'tcp'];

/** States that are shown when nothing else is asked for. */
const DEFAULT_STATES: Partial<Record<Protocol, readonly string[]>> = {
  udp: ['ESTAB'],
  raw: ['ESTAB'],
  icmp: ['ESTAB'],
  packet: ['UNCONN'],
};

/** SS_CONN: what TCP and Unix sockets show by themselves. */
const CONNECTED = statesOf('connected')!.filter((s) => s !== 'TIME-WAIT' && s !== 'SYN-RECV');

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
  const o = parseSs(argv);
  for (const name of o.netns) {
    const warning = enterNetns(sys, name);
    if (warning !== '') yield* sys.eprint(warning);
  }
  if (o.summary) {
    yield* sys.print(summary(sys));
    if (o.summaryOnly) return 0;
  }
  const words = [...o.operands];
  // Who names kinds of sockets gets the states that each shows by itself, all of them for every kind.
  const own = !o.all && !o.listening && o.protocols.size > 0;
  const states =
    takeStates(words) ?? (own ? new Set([...o.protocols].flatMap((p) => DEFAULT_STATES[p] ?? CONNECTED)) : undefined);
  const hosts = new Map<string, IpAddress>();
  for (const word of hostWords(words)) {
    const found = yield* resolveHost(sys, word);
    if ('addresses' in found && found.addresses[0] !== undefined) hosts.set(word, found.addresses[0]);
  }
  const filter = parseFilter(words, sys, hosts);
  if (o.protocols.size === 0) for (const p of o.family ? ORDER.slice(2) : ORDER) o.protocols.add(p);
  const sockets = sys.net.sockets.list().filter((s) => isShown(s, o, states) && filter(s));
  sockets.sort((a, b) => ORDER.indexOf(a.protocol) - ORDER.indexOf(b.protocol));
  const owners = o.processes ? holders(sys) : undefined;
  const names = o.resolve ? yield* hostNames(sys, sockets) : new Map<IpAddress, string>();
  const rows = sockets.map((s) => rowOf(sys, s, o, owners, names));
  const kinds = new Set([...o.protocols].map((p) => (p === 'icmp' ? 'raw' : p)));
  const disabled = new Set<number>();
  if (kinds.size === 1 && !(kinds.has('unix') || kinds.has('packet'))) disabled.add(0);
  if (states?.size === 1) disabled.add(1);
  const file = sys.isatty(1) ? sys.file(1) : undefined;
  yield* sys.print(render(rows, o, file instanceof TtyFile ? file.tty.columns : undefined, disabled));
  return 0;
}

/** The names that the addresses of sockets have. */
function* hostNames(sys: Sys, sockets: readonly SocketInfo[]): Coroutine<Map<IpAddress, string>> {
  const names = new Map<IpAddress, string>();
  for (const s of sockets) {
    if (s.protocol === 'packet' || s.protocol === 'unix') continue;
    for (const { address } of [s.local, s.remote]) {
      if (address === 0 || address === '::' || names.has(address)) continue;
      const name = yield* nameOf(sys, address);
      if (name !== undefined) names.set(address, name);
    }
  }
  return names;
}

/** Takes `state` and `exclude` off the front of the operands. @returns undefined without them @throws Quit */
function takeStates(words: string[]): ReadonlySet<string> | undefined {
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
  return states;
}

/** Is it in a table, and wanted by states or by -a and -l? */
function isShown(s: SocketInfo, o: SsOptions, states: ReadonlySet<string> | undefined): boolean {
  if (!o.protocols.has(s.protocol) || (o.family !== undefined && s.family !== o.family)) return false;
  // Sockets that are neither bound nor connected are in no table of the kernel.
  if ((s.protocol === 'tcp' && s.state === 'UNCONN') || (s.protocol === 'udp' && s.local.port === 0)) return false;
  if (states) return states.has(s.state);
  if (o.all) return true;
  if (o.listening) return s.state === 'LISTEN' || (s.protocol !== 'tcp' && s.state === 'UNCONN');
  return CONNECTED.includes(s.state);
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
