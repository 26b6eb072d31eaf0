/** tcpdump(8) 4.99.3: the program around the packet printers, the filters and the pcap files of the wire room. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { CapturedFrame, Link } from '../../net';
import { IFF, PACKET } from '../../net';
import type { IpAddress } from '../../wire';
import {
  DEFAULT_SNAPLEN,
  encodeFrame,
  encodeSll2,
  LINKTYPE,
  mask4,
  pcapHeader,
  pcapRecord,
  readPcap,
} from '../../wire';
import type { PacketFilter } from '../../wire/filter';
import { compileFilter, livePacket } from '../../wire/filter';
import type { PrintOptions } from '../../wire/print';
import { makePrintState, printPacket } from '../../wire/print';
import { GetoptError, getopt } from '../lib/getopt';
import { deviceNames, Stop, stoppable, why } from './common';
import { TCPDUMP_USAGE } from './help';
import { hostsFile } from './resolver';
import { packetSocket } from './sockets';

const VERSION = 'tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\nOpenSSL 3.0.19 27 Jan 2026\n';

const LINK_NAMES: Readonly<Record<number, string>> = {
  [LINKTYPE.ETHERNET]: 'EN10MB (Ethernet)',
  [LINKTYPE.RAW]: 'RAW (Raw IP)',
  [LINKTYPE.LINUX_SLL]: 'LINUX_SLL (Linux cooked v1)',
  [LINKTYPE.LINUX_SLL2]: 'LINUX_SLL2 (Linux cooked v2)',
};

/** What stdio keeps before it writes to something that is no terminal. */
const BUFFER = 4096;

/** One device of -D. */
interface Device {
  readonly name: string;
  readonly note: string;
}

/** Devices in libpcap's order: what is up and running first, what is down last. */
function devices(sys: Sys): Device[] {
  const first: Device[] = [];
  const loopback: Device[] = [];
  const idle: Device[] = [];
  const down: Device[] = [];
  for (const l of sys.net.links.list()) {
    const isLoopback = (l.flags & IFF.LOOPBACK) !== 0;
    const up = (l.flags & IFF.UP) !== 0;
    const running = up && (l.flags & IFF.RUNNING) !== 0;
    const state = isLoopback ? 'Loopback' : running ? 'Connected' : 'Disconnected';
    const device = { name: l.name, note: `[${up ? (running ? 'Up, Running' : 'Up') : 'none'}, ${state}]` };
    (isLoopback ? (up ? loopback : down) : running ? first : up ? idle : down).push(device);
  }
  const pseudo = [
    { name: 'bluetooth-monitor', note: '(Bluetooth Linux Monitor) [Wireless]' },
    { name: 'nflog', note: '(Linux netfilter log (NFLOG) interface) [none]' },
    { name: 'nfqueue', note: '(Linux netfilter queue (NFQUEUE) interface) [none]' },
    { name: 'dbus-system', note: '(D-Bus system bus) [none]' },
    { name: 'dbus-session', note: '(D-Bus session bus) [none]' },
  ];
  const any = { name: 'any', note: '(Pseudo-device that captures on all interfaces) [Up, Running]' };
  return [...first, any, ...loopback, ...idle, ...pseudo, ...down];
}

interface Settings {
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

function usage(message: string): never {
  throw new Stop(1, `tcpdump: ${message}\n${VERSION}${TCPDUMP_USAGE.slice(TCPDUMP_USAGE.indexOf('Usage:'))}`);
}

function parse(argv: readonly string[]): { s: Settings; words: readonly string[] } {
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
  let parsed;
  try {
    parsed = getopt(argv, '+AbB:c:C:dDeE:F:fG:hHi:Ij:JKlLm:M:nNOpqQ:r:s:StT:uUvV:w:W:xXy:Yz:Z:#', [
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
    ]);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    usage(e.message);
  }
  let x = 0;
  let bigX = 0;
  let bigA = 0;
  for (const { name, arg } of parsed.options) {
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
      case 'D':
        s.list = true;
        break;
      case 'L':
        s.linkTypes = true;
        break;
      case 'e':
        print.ether = true;
        break;
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
      case 'K':
        print.noChecksums = true;
        break;
      case 'l':
        s.lineBuffered = true;
        break;
      case 'n':
        print.numeric = true;
        break;
      case 'N':
        print.shortNames = true;
        break;
      case 'p':
        s.promisc = false;
        break;
      case 'q':
        print.quiet = true;
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
      case 'S':
        print.absoluteSequence = true;
        break;
      case 't':
        print.timestamp = Math.min(5, (print.timestamp ?? 0) + 1) as 1 | 2 | 3 | 4 | 5;
        break;
      case 'T':
        if (arg === 'vxlan' || arg === 'domain') print.packetType = arg;
        else throw new Stop(1, `tcpdump: not simulated in this course: -T ${arg}\n`);
        break;
      case 'U':
        s.packetBuffered = true;
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
      case '#':
        print.packetNumbers = true;
        break;
      case 'count':
        s.countOnly = true;
        break;
      case 'print':
        s.alsoPrint = true;
        break;
      case 'immediate-mode':
        s.immediate = true;
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

const plural = (n: number): string => (n === 1 ? '' : 's');

/** Where packets go: the terminal, a file, or both. */
class Sink {
  captured = 0;
  private text = '';
  private readonly state = makePrintState();
  private file: number | undefined;

  constructor(
    private readonly sys: Sys,
    private readonly s: Settings,
    readonly linkType: number,
  ) {
    s.print.linkType = linkType;
  }

  /** Opens the file of -w. @throws Stop */
  *open(snaplen: number): Coroutine<void> {
    const { write } = this.s;
    if (write === undefined) return;
    if (write === '-') this.file = 1;
    else {
      try {
        this.file = yield* this.sys.open(write, { write: true, create: true, truncate: true });
      } catch (e) {
        throw new Stop(1, `tcpdump: ${write}: ${why(e)}\n`);
      }
    }
    yield* this.sys.write(this.file, pcapHeader(this.linkType, snaplen));
  }

  *packet(seconds: number, microseconds: number, bytes: Uint8Array, length: number): Coroutine<void> {
    this.captured++;
    const { s, sys } = this;
    if (this.file !== undefined)
      yield* sys.write(this.file, pcapRecord(seconds, microseconds, bytes, s.snaplen, length));
    if (s.countOnly || (this.file !== undefined && !s.alsoPrint)) return;
    this.text += `${printPacket({ seconds, microseconds, bytes, length }, s.print, this.state)}\n`;
    if (s.lineBuffered || sys.isatty(1) || this.text.length >= BUFFER) yield* this.flush();
  }

  *flush(): Coroutine<void> {
    const text = this.text;
    this.text = '';
    if (text !== '') yield* this.sys.print(text);
  }

  /** A line of its own at the end of an interrupted capture. */
  interrupted(): void {
    if (this.file === undefined) this.text += '\n';
  }
}

function compile(
  expression: string,
  linkType: number,
  live: boolean,
  netmask: number | undefined,
  hosts: ReadonlyMap<string, IpAddress[]>,
): PacketFilter {
  const result = compileFilter(expression, {
    linkType,
    live,
    ...(netmask !== undefined && { netmask }),
    resolveHost: (name) => hosts.get(name.toLowerCase()),
  });
  if ('error' in result) throw new Stop(1, `tcpdump: ${result.error}\n`);
  return result.filter;
}

function* readFile(
  sys: Sys,
  s: Settings,
  expression: string,
  hosts: ReadonlyMap<string, IpAddress[]>,
): Coroutine<number> {
  const path = s.read!;
  let bytes: Uint8Array;
  try {
    const fd = path === '-' ? 0 : yield* sys.open(path, { read: true });
    bytes = yield* sys.readAll(fd);
    if (fd !== 0) sys.close(fd);
  } catch (e) {
    throw new Stop(1, `tcpdump: ${path}: ${why(e)}\n`);
  }
  const { file, error } = readPcap(bytes);
  if (!file) throw new Stop(1, `tcpdump: ${error}\n`);
  const name = LINK_NAMES[file.linkType] ?? String(file.linkType);
  yield* sys.eprint(`reading from file ${path}, link-type ${name}, snapshot length ${file.snaplen}\n`);
  if (file.linkType === LINKTYPE.LINUX_SLL2) yield* sys.eprint('Warning: interface names might be incorrect\n');
  const filter = compile(expression, file.linkType, false, undefined, hosts);
  const sink = new Sink(sys, s, file.linkType);
  yield* sink.open(file.snaplen);
  for (const r of file.records) {
    yield* sys.work(5);
    if (!filter({ bytes: r.bytes, length: r.length })) continue;
    yield* sink.packet(r.seconds, r.microseconds, r.bytes, r.length);
    if (s.count !== undefined && sink.captured >= s.count) break;
  }
  yield* sink.flush();
  if (s.countOnly) yield* sys.print(`${sink.captured} packet${plural(sink.captured)}\n`);
  if (error !== undefined) {
    yield* sys.eprint(`tcpdump: pcap_loop: ${error}\n`);
    return 1;
  }
  return 0;
}

/** The link to capture on; null is "any". @throws Stop */
function chooseDevice(sys: Sys, wanted: string | undefined): { name: string; link: Link | null } {
  let name = wanted;
  if (name === undefined) {
    const first = devices(sys).find((d) => d.name !== 'any' && sys.net.links.byName(d.name));
    if (!first) throw new Stop(1, 'tcpdump: no suitable device found\n');
    name = first.name;
  } else if (/^\d+$/.test(name)) {
    const n = Number(name);
    const device = n > 0 ? devices(sys)[n - 1] : undefined;
    if (!device)
      throw new Stop(1, `tcpdump: Invalid adapter index ${n}: only ${devices(sys).length} interfaces found\n`);
    name = device.name;
  }
  if (name === 'any') return { name, link: null };
  const link = sys.net.links.byName(name);
  if (!link) {
    if (devices(sys).some((d) => d.name === name))
      throw new Stop(1, `tcpdump: not simulated in this course: -i ${name}\n`);
    throw new Stop(1, `tcpdump: ${name}: No such device exists\n(No such device exists)\n`);
  }
  return { name: link.name, link };
}

function* capture(
  sys: Sys,
  s: Settings,
  expression: string,
  hosts: ReadonlyMap<string, IpAddress[]>,
): Coroutine<number> {
  const { name, link } = chooseDevice(sys, s.device);
  if (!sys.netAdmin) {
    throw new Stop(
      1,
      `tcpdump: ${name}: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n`,
    );
  }
  if (link && (sys.net.links.info(link).flags & IFF.UP) === 0)
    throw new Stop(1, `tcpdump: ${name}: That device is not up\n`);
  const linkType = link ? LINKTYPE.ETHERNET : LINKTYPE.LINUX_SLL2;
  if (!link) yield* sys.eprint('tcpdump: data link type LINUX_SLL2\n');
  const first = link ? sys.net.addrs.list({ family: 'inet', index: link.index })[0] : undefined;
  const filter = compile(expression, linkType, link !== null, first && mask4(first.prefixLength), hosts);
  if (link === null) {
    s.print.interfaceName = (index) => sys.net.links.get(index)?.name;
  }
  const sink = new Sink(sys, s, linkType);
  let received = 0;
  const socket = packetSocket(sys);
  const fd = sys.install(socket);
  socket.bind(link);
  socket.filter = (captured) => {
    const outgoing = captured.pktType === PACKET.OUTGOING;
    if (s.direction === 'in' && outgoing) return false;
    if (s.direction === 'out' && !outgoing) return false;
    if (link) {
      if (!filter(livePacket(captured.frame, outgoing))) return false;
    } else {
      const bytes = cooked(captured);
      if (!filter({ bytes, length: bytes.length, outgoing })) return false;
    }
    received++;
    // On the loopback device every packet passes twice; libpcap drops the outgoing copy.
    return !(outgoing && captured.link.kind === 'loopback');
  };
  if (s.promisc) socket.setPromiscuous(true);
  let stop = false;
  let down = false;
  const onSignal = (): void => {
    stop = true;
  };
  sys.onSignal('SIGINT', onSignal);
  sys.onSignal('SIGTERM', onSignal);
  sys.onSignal('SIGHUP', onSignal);
  try {
    yield* sink.open(s.snaplen);
    const listening = `listening on ${name}, link-type ${LINK_NAMES[linkType]}, snapshot length ${s.snaplen} bytes\n`;
    if ((s.print.verbose ?? 0) === 0 && (s.write === undefined || s.alsoPrint)) {
      yield* sys.eprint(`tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n${listening}`);
    } else yield* sys.eprint(`tcpdump: ${listening}`);
    while (!stop) {
      let next: CapturedFrame;
      try {
        next = yield* socket.receive(sys);
      } catch (e) {
        if (stop || isErrno(e, 'EINTR')) continue;
        if (!isErrno(e, 'ENETDOWN')) throw e;
        down = true;
        break;
      }
      yield* sys.work(5);
      const bytes = link ? encodeFrame(next.frame) : cooked(next);
      const kept = bytes.length > s.snaplen ? bytes.subarray(0, s.snaplen) : bytes;
      yield* sink.packet(Math.floor(next.at / 1e6), next.at % 1e6, kept, bytes.length);
      if (s.count !== undefined && sink.captured >= s.count) break;
    }
  } finally {
    sys.close(fd);
  }
  if (stop && !(s.count !== undefined && sink.captured >= s.count)) sink.interrupted();
  yield* sink.flush();
  if (s.countOnly) yield* sys.print(`${sink.captured} packet${plural(sink.captured)}\n`);
  if (down) yield* sys.eprint('tcpdump: pcap_loop: The interface disappeared\n');
  yield* sys.eprint(
    `${sink.captured} packet${plural(sink.captured)} captured\n${received} packet${plural(received)} received by filter\n0 packets dropped by kernel\n`,
  );
  return down ? 1 : 0;
}

function cooked(captured: CapturedFrame): Uint8Array {
  return encodeSll2(captured.frame, {
    ifindex: captured.link.index,
    packetType: captured.pktType,
    arphrd: captured.link.kind === 'loopback' ? 772 : 1,
  });
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const { s, words } = parse(argv);
    if (s.list) {
      yield* sys.print(
        devices(sys)
          .map((d, i) => `${i + 1}.${d.name} ${d.note}\n`)
          .join(''),
      );
      return 0;
    }
    if (s.linkTypes) {
      const { name, link } = chooseDevice(sys, s.device);
      const types = link ? '  EN10MB (Ethernet)\n' : '  LINUX_SLL (Linux cooked v1)\n  LINUX_SLL2 (Linux cooked v2)\n';
      yield* sys.print(
        `Data link types for ${name} ${link ? '(use option -y to set)' : '(use option -y to set)'}:\n${types}`,
      );
      return 0;
    }
    const names = new Map<IpAddress, string>();
    const hosts = new Map<string, IpAddress[]>();
    for (const entry of yield* hostsFile(sys)) {
      if (!names.has(entry.address)) names.set(entry.address, entry.names[0]!);
      for (const n of entry.names) hosts.set(n.toLowerCase(), [...(hosts.get(n.toLowerCase()) ?? []), entry.address]);
    }
    s.print.hostName = (address) => names.get(address);
    let expression = words.join(' ');
    if (s.filterFile !== undefined) {
      try {
        expression = yield* sys.readFile(s.filterFile);
      } catch (e) {
        throw new Stop(1, `tcpdump: can't open ${s.filterFile}: ${why(e)}\n`);
      }
    }
    return s.read !== undefined
      ? yield* readFile(sys, s, expression, hosts)
      : yield* capture(sys, s, expression, hosts);
  });
}

/** The program. */
export const tcpdump: Program = {
  name: 'tcpdump',
  path: '/usr/bin/tcpdump',
  size: 1261512,
  summary: 'dump traffic on a network',
  manual: `NAME
       tcpdump - show the packets that pass a network interface

SYNOPSIS
       tcpdump [-i INTERFACE] [options] [EXPRESSION]
       tcpdump -r FILE [options] [EXPRESSION]

DESCRIPTION
       Prints a line for each packet that the expression accepts, until -c packets or Ctrl-C.

       -i NAME    the interface; "any" for all of them       -c N    stop after N packets
       -n         numbers instead of names                   -e      with Ethernet addresses
       -v, -vv    more of each packet                        -q      less of it
       -x, -X, -A the contents in hex, hex and text, text    -t ...  other time stamps, or none
       -l         line by line, for pipes                    -p      no promiscuous mode
       -w FILE    write packets to a file                    -r FILE read them from one
       -s N       keep at most N bytes of each               -D      the interfaces there are

EXPRESSIONS
       host 10.0.0.2          net 10.0.0.0/24        port 80          tcp, udp, icmp, arp, ip6
       src or dst in front    and, or, not, ( )      ether host MAC   icmp[icmptype] == icmp-echo

EXAMPLES
       tcpdump -nn -i veth1 arp or icmp
       tcpdump -nn -e -i any -c 5 port 53
`,
  main,
  complete: (words, sys) => {
    const last = words[words.length - 1];
    if (last === '-i') return [...deviceNames(sys), 'any'];
    if (last === '-r' || last === '-w') return undefined;
    return [
      '-A',
      '-D',
      '-X',
      '-c',
      '-e',
      '-i',
      '-l',
      '-n',
      '-nn',
      '-q',
      '-r',
      '-v',
      '-w',
      'and',
      'arp',
      'dst',
      'host',
      'icmp',
      'ip6',
      'net',
      'not',
      'or',
      'port',
      'src',
      'tcp',
      'udp',
    ];
  },
};
