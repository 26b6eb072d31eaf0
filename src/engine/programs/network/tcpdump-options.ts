/** tcpdump's command line. */
import { DEFAULT_SNAPLEN } from '../../wire';
import type { PrintOptions } from '../../wire/print';
import type { Flags } from '../lib/options';
import { getoptOr, setFlag } from '../lib/options';
import { Stop } from './common';
import { TCPDUMP_USAGE } from './help';

/** What --version prints. */
export const VERSION = 'tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\nOpenSSL 3.0.19 27 Jan 2026\n';

/** What the options say. */
export interface Settings {
  readonly print: PrintOptions;
  count: number | undefined;
  device: string | undefined;
  read: string | undefined;
  write: string | undefined;
  snaplen: number;
  promisc: boolean;
  lineBuffered: boolean;
  packetBuffered: boolean;
  immediate: boolean;
  direction: 'in' | 'out' | 'inout';
  list: boolean;
  linkTypes: boolean;
  countOnly: boolean;
  alsoPrint: boolean;
  filterFile: string | undefined;
}

function usage(message: string): Stop {
  return new Stop(1, `tcpdump: ${message}\n${VERSION}${TCPDUMP_USAGE.slice(TCPDUMP_USAGE.indexOf('Usage:'))}`);
}

/** Options that only set something of the capture. */
const FLAGS: Flags<Settings> = {
  D: { list: true },
  L: { linkTypes: true },
  l: { lineBuffered: true },
  p: { promisc: false },
  U: { packetBuffered: true },
  count: { countOnly: true },
  print: { alsoPrint: true },
  'immediate-mode': { immediate: true },
};

/** Options that only set something of how packets are printed. */
const PRINT_FLAGS: Flags<PrintOptions> = {
  e: { ether: true },
  K: { noChecksums: true },
  n: { numeric: true },
  N: { shortNames: true },
  q: { quiet: true },
  S: { absoluteSequence: true },
  '#': { packetNumbers: true },
};

/** Reads the options; `words` are the filter's. @throws Stop on a wrong one */
export function parse(argv: readonly string[]): { s: Settings; words: readonly string[] } {
  const print: PrintOptions = {};
  const s: Settings = {
    print,
    count: undefined,
    device: undefined,
    read: undefined,
    write: undefined,
    snaplen: DEFAULT_SNAPLEN,
    promisc: true,
    lineBuffered: false,
    packetBuffered: false,
    immediate: false,
    direction: 'inout',
    list: false,
    linkTypes: false,
    countOnly: false,
    alsoPrint: false,
    filterFile: undefined,
  };
  const parsed = getoptOr(
    argv,
    '+AbB:c:C:dDeE:F:fG:hHi:Ij:JKlLm:M:nNOpqQ:r:s:StT:uUvV:w:W:xXy:Yz:Z:#',
    [
      'buffer-size:=B',
      'list-interfaces=D',
      'help=h',
      'interface:=i',
      'monitor-mode=I',
      'time-stamp-type:=j',
      'list-time-stamp-types=J',
      'micro=micro',
      'nano=nano',
      'dont-verify-checksums=K',
      'list-data-link-types=L',
      'no-optimize=O',
      'no-promiscuous-mode=p',
      'direction:=Q',
      'snapshot-length:=s',
      'absolute-tcp-sequence-numbers=S',
      'packet-buffered=U',
      'linktype:=y',
      'immediate-mode',
      'debug-file:',
      'relinquish-privileges:=Z',
      'count',
      'number=#',
      'print',
      'version',
      'time-stamp-precision:',
      'lengths',
    ],
    usage,
  );
  let x = 0;
  let bigX = 0;
  let bigA = 0;
  for (const { name, arg } of parsed.options) {
    if (setFlag(s, FLAGS, name) || setFlag(print, PRINT_FLAGS, name)) continue;
    switch (name) {
      case 'A':
        bigA++;
        break;
      case 'c': {
        const n = /^\d+$/.test(arg!) ? Number(arg) : 0;
        if (n <= 0) throw new Stop(1, `tcpdump: invalid packet count ${arg}\n`);
        s.count = n;
        break;
      }
      case 'F':
        s.filterFile = arg!;
        break;
      case 'h':
        throw new Stop(0, '', TCPDUMP_USAGE);
      case 'version':
        throw new Stop(0, '', VERSION);
      case 'i':
        s.device = arg!;
        break;
      case 'Q':
        if (arg !== 'in' && arg !== 'out' && arg !== 'inout')
          throw new Stop(1, `tcpdump: unknown capture direction \`${arg}'\n`);
        s.direction = arg;
        break;
      case 'r':
        s.read = arg!;
        break;
      case 's': {
        const n = /^\d+$/.test(arg!) ? Number(arg) : -1;
        if (n < 0 || n > DEFAULT_SNAPLEN) {
          throw new Stop(1, `tcpdump: invalid snaplen ${arg} (must be >= 0 and <= 262144)\n`);
        }
        s.snaplen = n === 0 ? DEFAULT_SNAPLEN : n;
        break;
      }
      case 't':
        print.timestamp = Math.min(5, (print.timestamp ?? 0) + 1) as 1 | 2 | 3 | 4 | 5;
        break;
      case 'T':
        if (arg === 'vxlan' || arg === 'domain') print.packetType = arg;
        else throw new Stop(1, `tcpdump: not simulated in this course: -T ${arg}\n`);
        break;
      case 'v':
        print.verbose = (print.verbose ?? 0) + 1;
        break;
      case 'w':
        s.write = arg!;
        break;
      case 'x':
        x++;
        break;
      case 'X':
        bigX++;
        break;
      case 'b':
      case 'B':
      case 'f':
      case 'H':
      case 'j':
      case 'O':
      case 'u':
      case 'Z':
      case 'micro':
      case 'lengths':
        break;
      default:
        throw new Stop(1, `tcpdump: not simulated in this course: ${name.length > 1 ? '--' : '-'}${name}\n`);
    }
  }
  if (bigA > 0) print.dump = bigA > 1 ? 'AA' : 'A';
  if (x > 0) print.dump = x > 1 ? 'xx' : 'x';
  if (bigX > 0) print.dump = bigX > 1 ? 'XX' : 'X';
  return { s, words: parsed.operands };
}
