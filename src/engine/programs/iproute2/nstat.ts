/** nstat(8): the kernel's network counters, or what has changed since it was last run. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import { GetoptError, getopt } from '../lib/getopt';
import { globRegex } from '../lib/glob';

const USAGE = `Usage: nstat [OPTION] [ PATTERN [ PATTERN ] ]
   -h, --help          this message
   -a, --ignore        ignore history
   -d, --scan=SECS     sample every statistics every SECS
   -j, --json          format output in JSON
   -n, --nooutput      do history only
   -p, --pretty        pretty print
   -r, --reset         reset history
   -s, --noupdate      don't update history
   -t, --interval=SECS report average over the last SECS
   -V, --version       output version information
   -z, --zeros         show entries with zero activity
`;

/** Rows of the files that are settings or current numbers, not counters. */
const USELESS: ReadonlySet<string> = new Set([
  'IpForwarding',
  'IpDefaultTTL',
  'TcpRtoAlgorithm',
  'TcpRtoMin',
  'TcpRtoMax',
  'TcpMaxConn',
  'TcpCurrEstab',
]);

type Counters = Map<string, number>;

/** Two lines a group: names, then values. */
function readPairs(text: string, into: Counters): void {
  const lines = text.split('\n');
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = lines[i]!.split(' ');
    const values = lines[i + 1]!.split(' ');
    const group = names[0]!.replace(/:$/, '');
    for (let k = 1; k < names.length; k++) {
      const name = group + names[k]!;
      if (!USELESS.has(name)) into.set(name, Number(values[k] ?? 0));
    }
  }
}

function* slurp(sys: Sys, path: string): Coroutine<string> {
  try {
    return yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return '';
  }
}

function* kernelCounters(sys: Sys): Coroutine<Counters> {
  const all: Counters = new Map();
  readPairs(yield* slurp(sys, '/proc/net/snmp'), all);
  for (const line of (yield* slurp(sys, '/proc/net/snmp6')).split('\n')) {
    const [name, value] = line.split(/\s+/);
    if (name) all.set(name, Number(value));
  }
  readPairs(yield* slurp(sys, '/proc/net/netstat'), all);
  return all;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let parsed;
  try {
    parsed = getopt(argv, 'h?vVzrnasd:t:jp', [
      'help=h',
      'ignore=a',
      'scan:=d',
      'nooutput=n',
      'json=j',
      'pretty=p',
      'reset=r',
      'noupdate=s',
      'interval:=t',
      'version=V',
      'zeros=z',
    ]);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    yield* sys.eprint(`nstat: ${e.message}\n${USAGE}`);
    return 255;
  }
  const on = new Set(parsed.options.map((o) => o.name));
  if (on.has('h') || on.has('?')) {
    yield* sys.eprint(USAGE);
    return 0;
  }
  if (on.has('V') || on.has('v')) {
    yield* sys.print('nstat utility, iproute2-6.1.0\n');
    return 0;
  }
  for (const name of ['d', 't'])
    if (on.has(name)) {
      yield* sys.eprint(`nstat: not simulated in this course: -${name}\n`);
      return 2;
    }
  const patterns = parsed.operands.map((p) => globRegex(p));
  const history = sys.env('NSTAT_HISTORY') ?? `/tmp/.nstat.u${sys.proc.uid}`;
  const now = yield* kernelCounters(sys);
  const before: Counters = new Map();
  if (!on.has('a') && !on.has('r')) {
    for (const line of (yield* slurp(sys, history)).split('\n')) {
      const [name, value] = line.split(/\s+/);
      if (name && !name.startsWith('#')) before.set(name, Number(value));
    }
    // Counters that fell belong to another boot or another namespace: the history is worth nothing.
    for (const [name, value] of before)
      if ((now.get(name) ?? 0) < value) {
        before.clear();
        break;
      }
  }
  if (!on.has('n')) {
    const rows = [...now].filter(([name, value]) => {
      if (patterns.length > 0 && !patterns.some((p) => p.test(name))) return false;
      return on.has('z') || value - (before.get(name) ?? 0) !== 0;
    });
    const change = (name: string, value: number): number => value - (before.get(name) ?? 0);
    if (on.has('j')) {
      const pretty = on.has('p');
      const members = rows.map(([n, v]) => `"${n}":${pretty ? ' ' : ''}${change(n, v)}`);
      yield* sys.print(
        pretty
          ? `{\n    "kernel": {\n        ${members.join(',\n        ')}\n    }\n}\n`
          : `{"kernel":{${members.join(',')}}}\n`,
      );
    } else {
      const lines = rows.map(([n, v]) => `${n.padEnd(32)}${String(change(n, v)).padEnd(16)}${'0.0'.padStart(6)}\n`);
      yield* sys.print(`#kernel\n${lines.join('')}`);
    }
  }
  if (!on.has('s')) {
    const text = [...now].map(([n, v]) => `${n.padEnd(32)}${String(v).padEnd(16)}${'0.0'.padStart(6)}\n`).join('');
    try {
      const fd = yield* sys.open(history, { write: true, create: true, truncate: true });
      yield* sys.write(fd, `#kernel\n${text}`);
      sys.close(fd);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* sys.eprint(`nstat: open history file: ${e.message}\n`);
      return 255;
    }
  }
  return 0;
}

/** The program. */
export const nstat: Program = {
  name: 'nstat',
  path: '/usr/bin/nstat',
  size: 31360,
  summary: 'network statistics tool',
  manual: `NAME
       nstat - show the kernel's network counters

SYNOPSIS
       nstat [OPTIONS] [PATTERN ...]

DESCRIPTION
       Shows what has changed since nstat was last run; what it saw then is in /tmp/.nstat.uUID, or the file named in the
       environment variable NSTAT_HISTORY.

       -a   absolute values      -z   zeros too        -s   do not change the history
       -n   history only         -r   forget it        -j   JSON

EXAMPLES
       nstat
       nstat -az TcpExtListenDrops TcpRetransSegs
       nstat -a 'Icmp*'
`,
  main,
};
