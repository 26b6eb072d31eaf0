/** The command line of ping (iputils 20221126). */
import { getoptOr } from '../../lib/options';
import { Stop } from '../common';
import { PING_USAGE } from '../help';

/** What was asked for. */
export interface PingOptions {
  family: 'any' | 'inet' | 'inet6';
  count: number | undefined;
  /** Milliseconds. */
  interval: number;
  deadline: number | undefined;
  /** Milliseconds to wait for the last replies. */
  linger: number;
  size: number;
  device: string | undefined;
  /** Address given with -I. */
  source: string | undefined;
  numeric: boolean;
  quiet: boolean;
  verbose: boolean;
  flood: boolean;
  adaptive: boolean;
  audible: boolean;
  /** -B */
  strictSource: boolean;
  broadcast: boolean;
  timestamps: boolean;
  outstanding: boolean;
  preload: number;
  pattern: Uint8Array | undefined;
  ttl: number | undefined;
  tos: number;
  mark: number;
  ident: number | undefined;
  pmtudisc: 'dont' | 'want' | 'do' | undefined;
  /** -R */
  recordRoute: boolean;
  /** -T */
  stamps: 'tsonly' | 'tsandaddr' | 'tsprespec' | undefined;
  /** -r */
  dontRoute: boolean;
  /** Standard error before anything is done. */
  warnings: string;
  /** What stands before the target: a source route, or the addresses of `-T tsprespec`. */
  hops: readonly string[];
  target: string;
}

const VERSION =
  'ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n';

function range(text: string, low: number, high: number, highText = String(high)): number {
  if (!/^\s*[+-]?(0x[0-9a-f]+|\d+)$/i.test(text)) throw new Stop(1, `ping: invalid argument: '${text}'\n`);
  const n = Number(text);
  if (Math.abs(n) >= 2 ** 63) throw new Stop(1, `ping: invalid argument: '${text}': Numerical result out of range\n`);
  if (n < low || n > high)
    throw new Stop(1, `ping: invalid argument: '${text}': out of range: ${low} <= value <= ${highText}\n`);
  return n;
}

/** A number of seconds as strtod(3) reads it; what follows it is warned of, and does not count. */
function seconds(text: string, o: PingOptions, bad: string): number {
  if (text === '') throw new Stop(2, `ping: ${bad}: \n`);
  const [number = ''] = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i.exec(text) ?? [];
  if (number.length < text.length)
    o.warnings += `ping: option argument contains garbage: ${text.slice(number.length)}\nping: this will become fatal error in the future\n`;
  return Number(number);
}

/** -Q: a number with the bases of strtol(3). */
function typeOfService(text: string): number {
  if (!/^\s*[+-]?(0x[0-9a-f]+|\d+)$/i.test(text)) throw new Stop(2, `ping: bad TOS value: ${text}\n`);
  const n = /^0\d+$/.test(text) ? parseInt(text, 8) : Number(text);
  if (n < 0 || n > 255) throw new Stop(2, `ping: the decimal value of TOS bits must be in range 0-255: ${n}\n`);
  return n;
}

/** @throws Stop for mistakes, help and version */
export function parsePing(argv: readonly string[], root: boolean): PingOptions {
  const refuse = (message: string): Stop => {
    // getopt(3) without long options: `--count` is the option `-`.
    const text = message.startsWith('unrecognized option') ? "invalid option -- '-'" : message;
    return new Stop(2, `ping: ${text}\n${PING_USAGE}`);
  };
  const parsed = getoptOr(argv, 'h?4bRT:6F:N:aABc:CdDe:fHi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:', [], refuse);
  const o: PingOptions = {
    family: 'any',
    count: undefined,
    interval: 1000,
    deadline: undefined,
    linger: 10_000,
    size: 56,
    device: undefined,
    source: undefined,
    numeric: false,
    quiet: false,
    verbose: false,
    flood: false,
    adaptive: false,
    audible: false,
    strictSource: false,
    broadcast: false,
    timestamps: false,
    outstanding: false,
    preload: 1,
    pattern: undefined,
    ttl: undefined,
    tos: 0,
    mark: 0,
    ident: undefined,
    pmtudisc: undefined,
    recordRoute: false,
    stamps: undefined,
    dontRoute: false,
    warnings: '',
    hops: [],
    target: '',
  };
  let intervalGiven = false;
  for (const { name, arg } of parsed.options) {
    switch (name) {
      case '4':
        if (o.family === 'inet6') throw new Stop(2, 'ping: only one -4 or -6 option may be specified\n');
        o.family = 'inet';
        break;
      case '6':
        if (o.family === 'inet') throw new Stop(2, 'ping: only one -4 or -6 option may be specified\n');
        o.family = 'inet6';
        break;
      case 'a':
        o.audible = true;
        break;
      case 'A':
        o.adaptive = true;
        break;
      case 'b':
        o.broadcast = true;
        break;
      case 'c':
        o.count = range(arg!, 1, Number.MAX_VALUE, '9223372036854775807');
        break;
      case 'D':
        o.timestamps = true;
        break;
      case 'e':
        o.ident = range(arg!, 0, 65535);
        break;
      case 'f':
        o.flood = true;
        break;
      case 'i': {
        const s = Math.max(0, seconds(arg!, o, 'bad timing interval'));
        if (s >= 2147483) throw new Stop(2, `ping: bad timing interval: ${arg}\n`);
        o.interval = Math.floor(s * 1000);
        intervalGiven = true;
        break;
      }
      case 'I':
        if (/[.:]/.test(arg!) && /^[0-9a-fA-F.:]+(%.+)?$/.test(arg!)) o.source = arg!;
        else o.device = arg!;
        break;
      case 'l':
        o.preload = range(arg!, 1, 65536);
        if (o.preload > 3 && !root)
          throw new Stop(2, `ping: cannot set preload to value greater than 3: ${o.preload}\n`);
        break;
      case 'm':
        o.mark = range(arg!, 0, 0xffffffff);
        break;
      case 'M':
        if (arg === 'do' || arg === 'dont' || arg === 'want') o.pmtudisc = arg;
        else throw new Stop(2, 'ping: invalid -M argument: ' + arg + '\n');
        break;
      case 'n':
        o.numeric = true;
        break;
      case 'O':
        o.outstanding = true;
        break;
      case 'p': {
        if (!/^[0-9a-fA-F]*$/.test(arg!))
          throw new Stop(2, 'ping: patterns must be specified as hex digits: ' + arg + '\n');
        const bytes: number[] = [];
        for (let i = 0; i < arg!.length && bytes.length < 16; i += 2) bytes.push(parseInt(arg!.slice(i, i + 2), 16));
        o.pattern = Uint8Array.from(bytes);
        break;
      }
      case 'q':
        o.quiet = true;
        break;
      case 'Q':
        o.tos = typeOfService(arg!);
        break;
      case 's':
        o.size = range(arg!, 0, 0x7fffffff);
        break;
      case 't':
        o.ttl = range(arg!, 0, 255);
        if (o.ttl === 0) throw new Stop(2, 'ping: cannot set unicast time-to-live: Invalid argument\n');
        break;
      case 'v':
        o.verbose = true;
        break;
      case 'V':
        throw new Stop(0, '', VERSION);
      case 'w':
        o.deadline = range(arg!, 0, 0x7fffffff);
        break;
      case 'W': {
        const s = seconds(arg!, o, 'bad linger time');
        if (s < 0 || s > 2147483) throw new Stop(2, `ping: bad linger time: ${arg}\n`);
        o.linger = Math.floor(s * 1000);
        break;
      }
      case 'R':
        if (o.stamps !== undefined) throw new Stop(2, 'ping: only one of -T or -R may be used\n');
        o.recordRoute = true;
        break;
      case 'T':
        if (o.recordRoute) throw new Stop(2, 'ping: only one of -T or -R may be used\n');
        if (arg !== 'tsonly' && arg !== 'tsandaddr' && arg !== 'tsprespec')
          throw new Stop(2, `ping: invalid timestamp type: ${arg}\n`);
        o.stamps = arg;
        break;
      case 'r':
        o.dontRoute = true;
        break;
      case 'B':
        o.strictSource = true;
        break;
      case 'C':
      case 'd':
      case 'L':
      case 'S':
      case 'U':
        break;
      case 'h':
      case '?':
        throw new Stop(2, PING_USAGE);
      default:
        throw new Stop(2, `ping: not simulated in this course: -${name}\n`);
    }
  }
  const targets = parsed.operands;
  if (targets.length === 0) throw new Stop(1, 'ping: usage error: Destination address required\n');
  o.hops = targets.slice(0, -1);
  o.target = targets[targets.length - 1]!;
  if (o.flood && !intervalGiven) o.interval = 0;
  if (!root && o.interval < 2) {
    throw new Stop(2, 'ping: cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)\n');
  }
  return o;
}
