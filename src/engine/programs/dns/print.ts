/** Messages as dig and host print them (dns_message_totext and dns_master_style of BIND 9.18). */
import { decode } from '../../core';
import type { DnsMessage, DnsQuestion, DnsRecord, EdnsOption } from '../../wire';
import { dnsTypeNumber, encodeDns, formatIp, formatIp4, ip6Bytes, makeDns } from '../../wire';
import type { Answer } from './lookup';
import {
  className,
  dataText,
  dotted,
  expandIp6,
  hex,
  opcodeName,
  rcodeName,
  recordType,
  typeName,
  unknownData,
} from './text';

/** Which columns records have and how they are written. */
export interface Style {
  readonly ttl: boolean;
  readonly class: boolean;
  readonly ttlUnits: boolean;
  readonly multiline: boolean;
  /** RFC 3597 for everything. */
  readonly unknown: boolean;
  readonly expandAaaa: boolean;
}

/** The style without any option. */
export const PLAIN: Style = {
  ttl: true,
  class: true,
  ttlUnits: false,
  multiline: false,
  unknown: false,
  expandAaaa: false,
};

/** Names of extended errors (RFC 8914). */
const EDE = [
  'Other',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
];

const OPTION_NAMES: Readonly<Record<number, string>> = {
  3: 'NSID',
  8: 'CLIENT-SUBNET',
  9: 'EXPIRE',
  11: 'TCP KEEPALIVE',
};

/** Pads to a column with tabs; a space when it is passed already. */
function column(line: string, target: number): string {
  if (line.length === 0) return line;
  let width = 0;
  for (const c of line) width = c === '\t' ? ((width >> 3) << 3) + 8 : width + 1;
  if (width >= target) return `${line} `;
  let out = line;
  while (width < target) {
    out += '\t';
    width = ((width >> 3) << 3) + 8;
  }
  return out;
}

/** Seconds as `1w2d3h4m5s`. */
function units(seconds: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [604800, 'w'],
    [86400, 'd'],
    [3600, 'h'],
    [60, 'm'],
  ];
  let left = seconds;
  let out = '';
  for (const [size, letter] of steps) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) out += `${n}${letter}`;
  }
  return left > 0 || out === '' ? `${out}${left}s` : out;
}

function columns(style: Style): { ttl: number; class: number; type: number; data: number } {
  if (style.multiline) return { ttl: 24, class: 24, type: 24, data: 32 };
  const klass = style.ttl ? 32 : 24;
  const type = klass + (style.class ? 8 : 0);
  return { ttl: 24, class: klass, type, data: type + 8 };
}

/** The data of a record in a style. */
export function styledData(record: DnsRecord, style: Style): string {
  const { data } = record;
  if (style.unknown) return unknownData(rawData(record));
  if (style.expandAaaa && data.type === 'AAAA') return expandIp6(data.address);
  if (style.multiline && data.type === 'SOA') {
    const row = (n: number, what: string): string =>
      `\t\t\t\t${String(n).padEnd(10)} ; ${what}${what === 'serial' ? '' : ` (${words(n)})`}\n`;
    return (
      `${dotted(data.mname)} ${dotted(data.rname)} (\n` +
      row(data.serial, 'serial') +
      row(data.refresh, 'refresh') +
      row(data.retry, 'retry') +
      row(data.expire, 'expire') +
      row(data.minimum, 'minimum') +
      '\t\t\t\t)'
    );
  }
  return dataText(data);
}

/** Seconds in words: `1 hour 30 minutes`. */
function words(seconds: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [604800, 'week'],
    [86400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ];
  let left = seconds;
  const out: string[] = [];
  for (const [size, word] of steps) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) out.push(`${n} ${word}${n === 1 ? '' : 's'}`);
  }
  return out.length > 0 ? out.join(' ') : '0 seconds';
}

/** The encoded data of a record, names not compressed. */
function rawData(record: DnsRecord): Uint8Array {
  const { data } = record;
  if (data.type === 'raw') return data.bytes;
  // Alone in a message behind the root's name, nothing can be compressed but the data with itself.
  return encodeDns(makeDns({ answers: [{ ...record, name: '' }] })).subarray(12 + 11);
}

/** A record as a line without its end. */
export function recordText(record: DnsRecord, style: Style): string {
  const at = columns(style);
  let line = dotted(record.name);
  if (style.ttl) line = `${column(line, at.ttl)}${style.ttlUnits ? units(record.ttl) : record.ttl}`;
  const klass = style.unknown ? `CLASS${record.class}` : className(record.class);
  const type = style.unknown ? `TYPE${dnsTypeNumber(record.data)}` : recordType(record);
  if (style.multiline) return `${line} ${klass} ${type} ${styledData(record, style)}`;
  if (style.class) line = `${column(line, at.class)}${klass}`;
  line = `${column(line, at.type)}${type}`;
  return `${column(line, at.data)}${styledData(record, style)}`;
}

/** A question as a line without its end. */
export function questionText(q: DnsQuestion, style: Style): string {
  const at = columns(style);
  // The semicolon does not count.
  let line = dotted(q.name);
  if (style.multiline) return `;${column(line, 24)}${className(q.class)} ${typeName(q.type)}`;
  if (style.class) line = `${column(line, at.class)}${className(q.class)}`;
  return `;${column(line, at.type)}${typeName(q.type)}`;
}

/** The response code with the upper bits of EDNS. */
export function fullRcode(m: DnsMessage): number {
  return m.rcode | ((m.edns?.extendedRcode ?? 0) << 4);
}

/** The two lines of the header, and the warning when recursion was wanted and is not offered. */
export function headerText(m: DnsMessage): string {
  const flags = [
    m.response && 'qr',
    m.authoritative && 'aa',
    m.truncated && 'tc',
    m.recursionDesired && 'rd',
    m.recursionAvailable && 'ra',
    m.authenticData && 'ad',
    m.checkingDisabled && 'cd',
  ].filter((f) => f !== false);
  const additional = m.additionals.length + (m.edns ? 1 : 0);
  return (
    `;; ->>HEADER<<- opcode: ${opcodeName(m.opcode)}, status: ${rcodeName(fullRcode(m))}, id: ${m.id}\n` +
    `;; flags:${flags.map((f) => ` ${f}`).join('')};${m.z ? ' MBZ: 0x4;' : ''} QUERY: ${m.questions.length}, ` +
    `ANSWER: ${m.answers.length}, AUTHORITY: ${m.authorities.length}, ADDITIONAL: ${additional}\n` +
    (m.response && m.recursionDesired && !m.recursionAvailable
      ? ';; WARNING: recursion requested but not available\n'
      : '')
  );
}

function subnetText(bytes: Uint8Array): string {
  const family = (bytes[0]! << 8) | bytes[1]!;
  const full = new Uint8Array(16);
  full.set(bytes.subarray(4, 20));
  const address =
    family === 1
      ? formatIp4(((full[0]! << 24) | (full[1]! << 16) | (full[2]! << 8) | full[3]!) >>> 0)
      : [...Array(8).keys()].map((i) => ((full[2 * i]! << 8) | full[2 * i + 1]!).toString(16)).join(':');
  return `${family === 2 && ip6Bytes(address) ? formatIp(address) : address}/${bytes[2]}/${bytes[3]}`;
}

function optionText(o: EdnsOption, cookie: 'good' | 'bad' | undefined): string {
  const lower = hex(o.bytes).toLowerCase();
  if (o.code === 10) return `; COOKIE: ${lower}${cookie ? ` (${cookie})` : ''}\n`;
  if (o.code === 15 && o.bytes.length >= 2) {
    const code = (o.bytes[0]! << 8) | o.bytes[1]!;
    const text = decode(o.bytes.subarray(2));
    return `; EDE: ${code}${EDE[code] === undefined ? '' : ` (${EDE[code]})`}${text === '' ? '' : `: (${text})`}\n`;
  }
  if (o.code === 8 && o.bytes.length >= 4) return `; CLIENT-SUBNET: ${subnetText(o.bytes)}\n`;
  if (o.code === 12) return `; PAD: (${o.bytes.length} bytes)\n`;
  const name = OPTION_NAMES[o.code] ?? `OPT=${o.code}`;
  if (o.bytes.length === 0) return `; ${name}\n`;
  const spaced = lower.match(/../g)!.join(' ');
  const printable = [...o.bytes].map((b) => (b > 31 && b < 127 ? String.fromCharCode(b) : '.')).join('');
  return `; ${name}: ${spaced} ("${printable}")\n`;
}

/** The OPT record. @param sent the query, whose cookie the server is to give back */
export function optText(m: DnsMessage, sent?: DnsMessage): string {
  const { edns } = m;
  if (!edns) return '';
  const mine = sent?.edns?.options.find((o) => o.code === 10)?.bytes.subarray(0, 8);
  const check = (o: EdnsOption): 'good' | 'bad' | undefined => {
    if (o.code !== 10 || !m.response || !mine) return undefined;
    return o.bytes.length >= 16 && mine.every((b, i) => o.bytes[i] === b) ? 'good' : 'bad';
  };
  return (
    `;; OPT PSEUDOSECTION:\n; EDNS: version: ${edns.version}, flags:${edns.dnssecOk ? ' do' : ''}; udp: ${edns.udpSize}\n` +
    edns.options.map((o) => optionText(o, check(o))).join('')
  );
}

/** What is shown of a message. */
export interface Sections {
  readonly comments: boolean;
  readonly question: boolean;
  readonly answer: boolean;
  readonly authority: boolean;
  readonly additional: boolean;
}

/** The sections of a message behind the header. */
export function bodyText(m: DnsMessage, show: Sections, style: Style, sent?: DnsMessage, withOpt = true): string {
  let out = '';
  if (show.comments && withOpt) out += optText(m, sent);
  const section = (title: string, lines: readonly string[]): void => {
    if (lines.length === 0) return;
    if (show.comments) out += `;; ${title} SECTION:\n`;
    out += lines.map((l) => `${l}\n`).join('');
    if (show.comments) out += '\n';
  };
  const records = (list: readonly DnsRecord[]): string[] => list.map((r) => recordText(r, style));
  if (show.question)
    section(
      'QUESTION',
      m.questions.map((q) => questionText(q, style)),
    );
  if (show.answer) section('ANSWER', records(m.answers));
  if (show.authority) section('AUTHORITY', records(m.authorities));
  if (show.additional) section('ADDITIONAL', records(m.additionals));
  return out;
}

/** `ADDRESS#PORT` of the server that answered. */
export function serverSocket(a: Answer): string {
  return `${formatIp(a.server.address)}#${a.port}`;
}
