/** TCP: flags, relative sequence numbers, options, and the text protocols on well-known ports. */
import type { Dissector } from './dissector';
import { Truncated, bitNames, shouldBe } from './dissector';
import { printDns } from './dns';
import { printTextProtocol } from './text';
import type { IpContext } from './transport';
import { addressPair, endpoints, pseudoSum } from './transport';
import { formatIp4, ip4FromBytes } from '../ip';
import { formatIp6 } from '../ip6-address';

const FLAGS = [
  [0x01, 'F'],
  [0x02, 'S'],
  [0x04, 'R'],
  [0x08, 'P'],
  [0x10, '.'],
  [0x20, 'U'],
  [0x40, 'E'],
  [0x80, 'W'],
] as const;

const OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'eol',
  1: 'nop',
  2: 'mss',
  3: 'wscale',
  4: 'sackOK',
  5: 'sack',
  6: 'echo',
  7: 'echoreply',
  8: 'TS',
  11: 'cc',
  12: 'ccnew',
  13: 'ccecho',
  19: 'md5',
  28: 'uto',
  29: 'tcp-ao',
  30: 'mptcp',
  34: 'tfo',
  254: 'exp',
};

/** Where a segment's numbers start: initial numbers of the connection, and whether this is the reverse direction. */
interface Base {
  readonly seq: number;
  readonly ack: number;
  readonly reverse: boolean;
  /** The connection was new: this segment prints absolute numbers. */
  readonly fresh: boolean;
}

/** Looks up the connection, or records it with this segment's numbers (SYN always does). */
function connection(
  d: Dissector,
  ip: IpContext,
  sport: number,
  dport: number,
  seq: number,
  ack: number,
  syn: boolean,
): Base {
  const src = ip.version === 4 ? formatIp4(ip4FromBytes(d.bytes, ip.at + 12)) : formatIp6(d.bytes, ip.at + 8);
  const dst = ip.version === 4 ? formatIp4(ip4FromBytes(d.bytes, ip.at + 16)) : formatIp6(d.bytes, ip.at + 24);
  let reverse = sport > dport;
  if (sport === dport) {
    const from = ip.at + (ip.version === 4 ? 12 : 8);
    const width = ip.version === 4 ? 4 : 16;
    for (let i = 0; i < width; i++) {
      const difference = d.bytes[from + i]! - d.bytes[from + width + i]!;
      if (difference !== 0) {
        reverse = difference > 0;
        break;
      }
    }
  }
  const key = reverse ? `${dst}.${dport} ${src}.${sport}` : `${src}.${sport} ${dst}.${dport}`;
  const known = d.state.connections.get(key);
  if (known !== undefined && !syn) return { ...known, reverse, fresh: false };
  const previous = (ack - 1) >>> 0;
  const base = reverse ? { seq: previous, ack: seq } : { seq, ack: previous };
  d.state.connections.set(key, base);
  return { ...base, reverse, fresh: true };
}

function printOptions(
  d: Dissector,
  at: number,
  length: number,
  base: Base | undefined,
  progress: { inData: boolean },
): void {
  d.print(', options [');
  let left = length;
  let p = at;
  let first = true;
  while (left > 0) {
    if (!first) d.print(',');
    progress.inData = false;
    const kind = d.u8(p);
    let size = 1;
    if (kind > 1) {
      size = d.u8(p + 1);
      if (size < 2 || size > left) {
        d.print(first ? '[bad opt]' : '[bad opt]]');
        return;
      }
    }
    d.print(OPTION_NAMES[kind] ?? `unknown-${kind}`);
    progress.inData = !first;
    first = false;
    const data = p + 2;
    let used = Math.max(0, size - 2);
    const want = (n: number): boolean => {
      used = n;
      return size - 2 >= n;
    };
    let ok = true;
    switch (kind) {
      case 0:
      case 1:
      case 4:
        used = 0;
        break;
      case 2:
        if ((ok = want(2))) d.print(` ${d.u16(data)}`);
        break;
      case 3:
        if ((ok = want(1))) d.print(` ${d.u8(data)}`);
        break;
      case 5:
        if (used % 8 !== 0) d.print(' invalid sack');
        else {
          d.print(` ${used / 8} `);
          const origin = base === undefined ? 0 : base.reverse ? base.seq : base.ack;
          for (let i = 0; i < used; i += 8) {
            d.print(`{${(d.u32(data + i) - origin) >>> 0}:${(d.u32(data + i + 4) - origin) >>> 0}}`);
          }
        }
        break;
      case 8:
        if ((ok = want(8))) d.print(` val ${d.u32(data)} ecr ${d.u32(data + 4)}`);
        break;
      case 28:
        if ((ok = want(2))) {
          const value = d.u16(data);
          d.print(` 0x${value.toString(16)} ${(value & 1) !== 0 ? (value >> 1) * 60 : value >> 1}`);
        }
        break;
      default:
        if (used > 0) d.print(OPTION_NAMES[kind] === undefined ? ' 0x' : ' ');
        for (let i = 0; i < used; i++)
          d.print(
            d
              .u8(data + i)
              .toString(16)
              .padStart(2, '0'),
          );
    }
    if (!ok) {
      d.print('[bad opt]]');
      return;
    }
    const counted = used + (kind > 1 ? 2 : 1);
    if (counted !== size) d.print(`[len ${size}]`);
    p += counted;
    left -= counted;
    if (kind === 0) break;
  }
  d.print(']');
}

/** Prints the segment at `at`. */
export function printTcp(d: Dissector, ip: IpContext, at: number, length: number): void {
  d.protocol = 'tcp';
  if (!d.has(at, 4)) {
    d.print(addressPair(d, ip));
    d.truncated();
  }
  const sport = d.u16(at);
  const dport = d.u16(at + 2);
  d.print(endpoints(d, ip, 6, d.port(sport, 'tcp'), d.port(dport, 'tcp')));
  d.need(at, 20);
  const header = (d.u8(at + 12) >> 4) * 4;
  if (header < 20) {
    d.print(` tcp ${length - header} [bad hdr length ${header} - too short, < 20]`);
    return;
  }
  const seq = d.u32(at + 4);
  const ack = d.u32(at + 8);
  if (d.options.quiet === true) {
    d.print(`tcp ${length - header}`);
    if (header > length) d.print(` [bad hdr length ${header} - too long, > ${length}]`);
    return;
  }
  const flags = d.u8(at + 13);
  d.print(`Flags [${bitNames(FLAGS, flags, '')}]`);
  const hasAck = (flags & 0x10) !== 0;
  let base: Base | undefined;
  let shownSeq = seq;
  let shownAck = ack;
  if (d.options.absoluteSequence !== true && hasAck) {
    base = connection(d, ip, sport, dport, seq, ack, (flags & 2) !== 0);
    if (!base.fresh) {
      shownSeq = (seq - (base.reverse ? base.ack : base.seq)) >>> 0;
      shownAck = (ack - (base.reverse ? base.seq : base.ack)) >>> 0;
    }
  }
  if (header > length) {
    d.print(` [bad hdr length ${header} - too long, > ${length}]`);
    return;
  }
  const hex = (n: number): string => '0x' + n.toString(16).padStart(4, '0');
  if (d.verbose > 0 && d.options.noChecksums !== true && !ip.fragmented && d.has(at, length)) {
    const sum = d.checksum(at, length, pseudoSum(d, ip, 6, length));
    const field = d.u16(at + 16);
    d.print(`, cksum ${hex(field)} (${sum === 0 ? 'correct' : `incorrect -> ${hex(shouldBe(field, sum))}`})`);
  }
  const payload = length - header;
  if (d.verbose > 1 || payload > 0 || (flags & 7) !== 0) {
    d.print(`, seq ${shownSeq}`);
    if (payload > 0) d.print(`:${(shownSeq + payload) >>> 0}`);
  }
  if (hasAck) d.print(`, ack ${shownAck}`);
  d.print(`, win ${d.u16(at + 14)}`);
  if ((flags & 0x20) !== 0) d.print(`, urg ${d.u16(at + 18)}`);
  if (header > 20) {
    const progress = { inData: false };
    try {
      printOptions(d, at + 20, header - 20, base, progress);
    } catch (error) {
      if (!(error instanceof Truncated)) throw error;
      // tcpdump closes an option cut inside its data with this sign
      if (!progress.inData) throw error;
      d.print(' [|tcp]>');
      return;
    }
  }
  d.print(`, length ${payload}`);
  if (payload <= 0) return;
  d.need(at, header);
  const data = at + header;
  if ((flags & 4) !== 0 && d.verbose > 0) {
    printResetData(d, data, payload);
    return;
  }
  printPayload(d, sport, dport, data, payload);
}

/** The text some stacks put into a reset (RFC 1122 section 4.2.2.12), at most 32 bytes of it. */
function printResetData(d: Dissector, at: number, length: number): void {
  const kept = Math.min(length, 32);
  d.print(` [${d.has(at, kept) ? '' : '!'}RST${length > 32 ? '+' : ''} `);
  for (let i = 0; i < kept && d.has(at + i, 1); i++) {
    const byte = d.u8(at + i);
    d.print(byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.');
  }
  d.print(']');
}

function printPayload(d: Dissector, sport: number, dport: number, at: number, length: number): void {
  const on = (port: number): boolean => sport === port || dport === port;
  if (d.options.packetType === 'domain' || on(53)) {
    // the two-byte length in front of a message (RFC 1035 section 4.2.2)
    d.protocol = 'domain';
    if (length < 2) {
      d.print(` [DNS over TCP: length ${length} < 2] (invalid)`);
      return;
    }
    const prefix = d.u16(at);
    if (prefix !== length - 2) d.print(` [prefix length(${prefix}) != length(${length - 2})] (invalid)`);
    else {
      d.print(' ');
      printDns(d, at + 2, length - 2, false);
    }
    return;
  }
  if (d.options.packetType !== undefined) return;
  for (const protocol of ['ftp', 'ssh', 'smtp', 'whois', 'http', 'rtsp'] as const) {
    if (TEXT_PORTS[protocol].some(on)) {
      printTextProtocol(d, protocol, at, length);
      return;
    }
  }
}

const TEXT_PORTS = {
  ftp: [21],
  ssh: [22],
  smtp: [25],
  whois: [43],
  http: [80, 8080],
  rtsp: [554, 8554],
} as const;
