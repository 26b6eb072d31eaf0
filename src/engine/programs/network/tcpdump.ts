/** tcpdump(8) 4.99.3: the program around the packet printers, the filters and the pcap files of the wire room. */
import { isErrno } from '../../core';
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { IFF, PACKET } from '../../net';
import type { CapturedFrame } from '../../net';
import { encodeFrame, encodeSll2, LINKTYPE, mask4, readPcap } from '../../wire';
import type { IpAddress } from '../../wire';
import { compileFilter, livePacket } from '../../wire/filter';
import type { PacketFilter } from '../../wire/filter';
import { deviceNames, Stop, stoppable, why } from './common';
import { hostsFile } from './resolver';
import { packetSocket } from './sockets';
import { parse } from './tcpdump-options';
import type { Settings } from './tcpdump-options';
import { Sink } from './tcpdump-sink';
import { chooseDevice, devices } from './tcpdump-devices';

const LINK_NAMES: Readonly<Record<number, string>> = {
  [LINKTYPE.ETHERNET]: 'EN10MB (Ethernet)',
  [LINKTYPE.RAW]: 'RAW (Raw IP)',
  [LINKTYPE.LINUX_SLL]: 'LINUX_SLL (Linux cooked v1)',
  [LINKTYPE.LINUX_SLL2]: 'LINUX_SLL2 (Linux cooked v2)',
};

const plural = (n: number): string => (n === 1 ? '' : 's');

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
      const types = link
        ? '  EN10MB (Ethernet)\n  DOCSIS (DOCSIS) (printing not supported)\n'
        : '  LINUX_SLL (Linux cooked v1)\n  LINUX_SLL2 (Linux cooked v2)\n';
      yield* sys.eprint(`Data link types for ${name} (use option -y to set):\n${types}`);
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
