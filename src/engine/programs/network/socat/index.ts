/** socat(1) 1.7.4.4: two addresses and the data between them. */
import type { Coroutine } from '../../../core';
import type { Program } from '../../../host';
import { Stop, stoppable } from '../common';
import type { Address, Direction } from './address';
import { ADDRESS_NAMES, AddressError, parseAddress } from './address';
import type { SocatOptions } from './log';
import { Self } from './log';
import { inProcess, openAddress } from './open';
import type { Then } from './open';
import { transfer } from './transfer';

const BANNER = 'socat by Gerhard Rieger and contributors - see www.dest-unreach.org\n';

const HELP = `${BANNER}Usage:
socat [options] <bi-address> <bi-address>
   options:
      -V     print version and feature information to stdout, and exit
      -h|-?  print a help text describing command line options and addresses
      -d[ddd]         increase verbosity (use up to 4 times; 2 are recommended)
      -lf<logfile>   log to file
      -ls            log to stderr (default if no other log)
      -lp<progname>  set the program name used for logging
      -lu            use microseconds for logging timestamps
      -lh            add hostname to log messages
      -v     verbose text dump of data traffic
      -x     verbose hexadecimal dump of data traffic
      -b<size_t>     set data buffer size (8192)
      -s     sloppy (continue on error)
      -t<timeout>    wait seconds before closing second channel
      -T<timeout>    total inactivity timeout in seconds
      -u     unidirectional mode (left to right)
      -U     unidirectional mode (right to left)
      -4     prefer IPv4 if version is not explicitly specified
      -6     prefer IPv6 if version is not explicitly specified
   address-head:
${ADDRESS_NAMES.map((n) => `      ${n}\n`).join('')}`;

const VERSION = `${BANNER}socat version 1.7.4.4 on 06 Nov 2022 08:15:51\n`;

interface Parsed {
  readonly o: SocatOptions;
  readonly flow: Direction;
  readonly words: readonly string[];
}

function parse(argv: readonly string[]): Parsed & { readonly error?: string } {
  const o: SocatOptions = {
    level: 0,
    text: false,
    hex: false,
    left: false,
    right: false,
    buffer: 8192,
    sloppy: false,
    closeWait: 500_000,
    idle: 0,
    name: 'socat',
    micros: false,
    host: false,
    file: undefined,
    family: '',
  };
  let flow: Direction = 'both';
  let i = 1;
  const fail = (error: string): Parsed & { readonly error: string } => ({ o, flow, words: [], error });
  for (; i < argv.length; i++) {
    const arg = argv[i]!;
    if (!arg.startsWith('-') || arg === '-' || arg.startsWith('-,') || arg.startsWith('-!')) break;
    const letter = arg[1]!;
    let value = arg.slice(2);
    const take = (): string => (value === '' ? (argv[++i] ?? '') : value);
    const alone = (): void => {
      if (value !== '')
        throw new Stop(
          1,
          `Do not merge single character options, i.e. use "-${letter} -${value[0]!}" instead of "-${letter}${value[0]!}"\n`,
        );
    };
    switch (letter) {
      case 'V':
        throw new Stop(0, '', VERSION);
      case 'h':
      case '?':
        throw new Stop(0, '', HELP);
      case 'd':
        if (/^\d$/.test(value)) o.level = Number(value);
        else o.level = Math.min(4, o.level + 1 + /^d*/.exec(value)![0].length);
        break;
      case 'l': {
        const kind = value[0] ?? '';
        value = value.slice(1);
        if (kind === 'f') o.file = take();
        else if (kind === 'p') o.name = take();
        else if (kind === 'u') o.micros = true;
        else if (kind === 'h') o.host = true;
        else if (kind === 's') o.file = undefined;
        else if (kind === 'y' || kind === 'm') return fail(`not simulated in this course: -l${kind}`);
        else return fail(`unknown log option "${arg}"; use option "-h" for help`);
        break;
      }
      case 'v':
        alone();
        o.text = true;
        break;
      case 'x':
        alone();
        o.hex = true;
        break;
      case 's':
        alone();
        o.sloppy = true;
        break;
      case 'u':
        alone();
        flow = 'read';
        break;
      case 'U':
        alone();
        flow = 'write';
        break;
      case '4':
      case '6':
        alone();
        o.family = letter;
        break;
      case 'g':
        break;
      case 'b':
      case 't':
      case 'T': {
        const n = take();
        if (!/^(\d+\.?\d*|\.\d+)$/.test(n)) return fail(`parseopts(): missing numerical value of option "-${letter}"`);
        if (letter === 'b') o.buffer = Math.max(1, Number(n));
        else if (letter === 't') o.closeWait = Number(n) * 1e6;
        else o.idle = Number(n) * 1e6;
        break;
      }
      case 'D':
      case 'r':
      case 'R':
      case 'L':
      case 'W':
        return fail(`not simulated in this course: -${letter}`);
      default:
        return fail(`unknown option "${arg}"; use option "-h" for help`);
    }
  }
  return { o, flow, words: argv.slice(i) };
}

/** One address, or two in one: `READ!!WRITE`. */
function split(text: string): readonly string[] {
  const at = text.indexOf('!!');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 2)];
}

function* openSide(self: Self, text: string, way: Direction, then: Then): Coroutine<number> {
  let parts: Address[];
  try {
    parts = split(text).map(parseAddress);
  } catch (e) {
    if (!(e instanceof AddressError)) throw e;
    return yield* self.fail(e.message);
  }
  const [first, second] = parts;
  if (!second) return yield* openAddress(self, first!, way, then);
  if (way !== 'both') return yield* openAddress(self, way === 'read' ? first! : second, way, then);
  return yield* openAddress(self, first!, 'read', (s1, reading) =>
    openAddress(s1, second, 'write', (s2, writing) =>
      then(s2, {
        ...writing,
        read: reading.read,
        ignoreEof: reading.ignoreEof,
        take: (s) => reading.take(s),
      }),
    ),
  );
}

/** The program. */
export const socat: Program = {
  name: 'socat',
  path: '/usr/bin/socat',
  size: 395456,
  summary: 'multipurpose relay (SOcket CAT)',
  manual: `NAME
       socat - relay data between two addresses

SYNOPSIS
       socat [-d -d] [-v] [-x] [-u | -U] [-t SECONDS] [-T SECONDS] ADDRESS ADDRESS

DESCRIPTION
       Opens both addresses and copies in both directions until both are at their ends.

       -                            standard input and output
       TCP:HOST:PORT                connect; TCP4:, TCP6:, UDP:
       TCP-LISTEN:PORT,fork,reuseaddr   serve clients, each in a process of its own; bind=ADDRESS; UDP-LISTEN:
       UDP-RECVFROM:PORT, UDP-SENDTO:HOST:PORT, UDP-DATAGRAM:HOST:PORT   single datagrams
       UNIX-LISTEN:PATH, UNIX-CONNECT:PATH, ABSTRACT-LISTEN:NAME, ABSTRACT-CONNECT:NAME
       EXEC:COMMAND, SYSTEM:'SHELL COMMAND', OPEN:FILE, CREATE:FILE, PIPE
`,
  complete: () => ['-d', '-v', '-x', '-u', '-U', '-t', '-T', ...ADDRESS_NAMES.map((n) => n.toUpperCase())],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const { o, flow, words, error } = parse(argv);
      const self = new Self(sys, o);
      // The real program keeps two descriptors for what its signal handlers have to say.
      sys.pipe();
      return yield* inProcess(self, function* () {
        if (error !== undefined) return yield* self.fail(error);
        if (words.length !== 2)
          return yield* self.fail(`exactly 2 addresses required (there are ${words.length}); use option "-h" for help`);
        const back: Direction = flow === 'both' ? 'both' : flow === 'read' ? 'write' : 'read';
        return yield* openSide(self, words[0]!, flow, (s1, a) =>
          openSide(s1, words[1]!, back, (s2, b) => transfer(s2, a, b, flow)),
        );
      });
    });
  },
};
