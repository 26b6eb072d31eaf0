/** DNS and multicast DNS messages. */
import { formatIp4, ip4FromBytes } from '../ip';
import { formatIp6 } from '../ip6-address';
import type { Dissector } from './dissector';
import { Truncated, relativeTime, visibleChar } from './dissector';

const OPCODES = [
  '',
  ' inv_q',
  ' stat',
  ' op3',
  ' notify',
  ' update',
  ' op6',
  ' op7',
  ' op8',
  ' updateA',
  ' updateD',
  ' updateDA',
  ' updateM',
  ' updateMA',
  ' zoneInit',
  ' zoneRef',
];

const RCODES = [
  '',
  ' FormErr',
  ' ServFail',
  ' NXDomain',
  ' NotImp',
  ' Refused',
  ' YXDomain',
  ' YXRRSet',
  ' NXRRSet',
  ' NotAuth',
  ' NotZone',
  ' Resp11',
  ' Resp12',
  ' Resp13',
  ' Resp14',
  ' NoChange',
];

/** Types that tcpdump 4.99.3 has names for. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  3: 'MD',
  4: 'MF',
  5: 'CNAME',
  6: 'SOA',
  7: 'MB',
  8: 'MG',
  9: 'MR',
  10: 'NULL',
  11: 'WKS',
  12: 'PTR',
  13: 'HINFO',
  14: 'MINFO',
  15: 'MX',
  16: 'TXT',
  17: 'RP',
  18: 'AFSDB',
  19: 'X25',
  20: 'ISDN',
  21: 'RT',
  22: 'NSAP',
  23: 'NSAP_PTR',
  24: 'SIG',
  25: 'KEY',
  26: 'PX',
  27: 'GPOS',
  28: 'AAAA',
  29: 'LOC',
  30: 'NXT',
  31: 'EID',
  32: 'NIMLOC',
  33: 'SRV',
  34: 'ATMA',
  35: 'NAPTR',
  36: 'KX',
  37: 'CERT',
  38: 'A6',
  39: 'DNAME',
  40: 'SINK',
  41: 'OPT',
  42: 'APL',
  43: 'DS',
  44: 'SSHFP',
  45: 'IPSECKEY',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  99: 'SPF',
  100: 'UINFO',
  101: 'UID',
  102: 'GID',
  103: 'UNSPEC',
  104: 'UNSPECA',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  253: 'MAILB',
  254: 'MAILA',
  255: 'ANY',
  256: 'URI',
};

const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CHAOS', 4: 'HS', 255: 'ANY' };

const EDNS_OPTIONS: Readonly<Record<number, string>> = {
  1: 'LLQ',
  2: 'UL',
  3: 'NSID',
  5: 'DAU',
  6: 'DHU',
  7: 'N3U',
  8: 'ECS',
  9: 'EXPIRE',
  10: 'COOKIE',
  11: 'KEEPALIVE',
  12: 'PADDING',
  13: 'CHAIN',
  14: 'KEY-TAG',
  16: 'CLIENT-TAG',
  17: 'SERVER-TAG',
};

/** Prints the name at `at`, compression followed. @returns the offset behind it. */
function printName(d: Dissector, at: number, message: number): number {
  let p = at;
  let limit = at - message;
  let end = -1;
  let any = false;
  for (;;) {
    const length = d.u8(p);
    if (length === 0) break;
    if ((length & 0xc0) === 0xc0) {
      const target = ((length & 0x3f) << 8) | d.u8(p + 1);
      if (end < 0) end = p + 2;
      if (target >= limit) {
        d.print('<BAD PTR>');
        d.truncated();
      }
      limit = target;
      p = message + target;
      continue;
    }
    if ((length & 0xc0) !== 0) {
      d.print('<BAD LABEL TYPE>');
      d.truncated();
    }
    d.need(p + 1, length);
    for (let i = 1; i <= length; i++) d.print(visibleChar(d.u8(p + i)));
    d.print('.');
    any = true;
    p += 1 + length;
  }
  if (!any) d.print('.');
  return end < 0 ? p + 1 : end;
}

function skipName(d: Dissector, at: number): number {
  let p = at;
  for (;;) {
    const length = d.u8(p);
    if (length === 0) return p + 1;
    if ((length & 0xc0) === 0xc0) return p + 2;
    p += 1 + length;
  }
}

function printQuestion(d: Dissector, at: number, message: number, mdns: boolean): number {
  const p = skipName(d, at);
  const type = d.u16(p);
  const field = d.u16(p + 2);
  const klass = mdns ? field & 0x7fff : field;
  d.print(` ${TYPES[type] ?? `Type${type}`}`);
  if (klass !== 1) d.print(` ${CLASSES[klass] ?? `(Class ${klass})`}`);
  if (mdns) d.print((field & 0x8000) !== 0 ? ' (QU)' : ' (QM)');
  d.print('? ');
  printName(d, at, message);
  return p + 4;
}

/** The client's subnet of RFC 7871: an address cut to its length, two prefix lengths. */
function subnet(d: Dissector, at: number, length: number): string | undefined {
  if (length < 4) return undefined;
  const family = d.u16(at);
  const bits = d.u8(at + 2);
  const size = Math.ceil(bits / 8);
  const full = family === 1 ? 4 : 16;
  if ((family !== 1 && family !== 2) || size > full || length !== 4 + size) return undefined;
  const bytes = new Uint8Array(full);
  bytes.set(d.bytes.subarray(at + 4, at + 4 + size));
  return `${family === 1 ? formatIp4(ip4FromBytes(bytes, 0)) : formatIp6(bytes, 0)}/${bits}/${d.u8(at + 3)}`;
}

/** The data of one EDNS option at `at`; undefined when its length is not right. */
function optionText(d: Dissector, code: number, at: number, length: number): string | undefined {
  const each = (size: number, text: (p: number) => string): string =>
    Array.from({ length: Math.floor(length / size) }, (_, i) => text(at + size * i)).join(' ');
  switch (code) {
    case 5:
    case 6:
    case 7:
      return each(1, (p) => `Alg_${d.u8(p)}`);
    case 8:
      return subnet(d, at, length);
    case 9:
      return length === 4 ? `${d.u32(at)} sec` : undefined;
    case 11:
      return length === 2 ? `${(d.u16(at) / 10).toFixed(1)} sec` : undefined;
    case 12:
      return `(${length})`;
    case 14:
      if (length % 2 !== 0) return undefined;
      return each(2, (p) => String(d.u16(p)));
    default: {
      const hex = each(1, (p) => d.u8(p).toString(16).padStart(2, '0')).replace(/ /g, '');
      // RFC 7873: the client's eight bytes, and the server's eight to 32.
      if (code === 10 && length !== 8 && (length < 16 || length > 40)) return undefined;
      return code === 10 && hex.length > 16 ? `${hex.slice(0, 16)} ${hex.slice(16)}` : hex;
    }
  }
}

function printEdnsOptions(d: Dissector, at: number, end: number): void {
  for (let p = at; p < end;) {
    const code = d.u16(p);
    const length = d.u16(p + 2);
    d.need(p + 4, length);
    d.print(EDNS_OPTIONS[code] ?? `Opt${code}`);
    if (length > 0) d.print(` ${optionText(d, code, p + 4, length) ?? ' (invalid)'}`);
    p += 4 + length;
    if (p < end) d.print(',');
  }
}

function printRecord(d: Dissector, at: number, message: number, mdns: boolean): number {
  let p: number;
  if (d.verbose > 0) {
    d.print(' ');
    p = printName(d, at, message);
  } else p = skipName(d, at);
  d.need(p, 10);
  const type = d.u16(p);
  const field = d.u16(p + 2);
  const klass = mdns ? field & 0x7fff : field;
  if (klass !== 1 && type !== 41) d.print(` ${CLASSES[klass] ?? `(Class ${klass})`}`);
  if (mdns && (field & 0x8000) !== 0) d.print(' (Cache flush)');
  if (type !== 41 && d.verbose > 2) d.print(` [${relativeTime(d.u32(p + 4))}]`);
  const length = d.u16(p + 8);
  const data = p + 10;
  const end = data + length;
  d.print(` ${TYPES[type] ?? `Type${type}`}`);
  d.need(data, length);
  switch (type) {
    case 1:
      d.need(data, 4);
      d.print(` ${formatIp4(ip4FromBytes(d.bytes, data))}`);
      break;
    case 28:
      d.need(data, 16);
      d.print(` ${formatIp6(d.bytes, data)}`);
      break;
    case 2:
    case 5:
    case 12:
    case 39:
      d.print(' ');
      printName(d, data, message);
      break;
    case 6:
      if (d.verbose > 0) {
        d.print(' ');
        let q = printName(d, data, message);
        d.print(' ');
        q = printName(d, q, message);
        for (let i = 0; i < 5; i++) d.print(` ${d.u32(q + 4 * i)}`);
      }
      break;
    case 15:
      d.print(' ');
      printName(d, data + 2, message);
      d.print(` ${d.u16(data)}`);
      break;
    case 16:
      for (let q = data; q < end;) {
        d.print(' "');
        const size = d.u8(q);
        d.need(q + 1, size);
        for (let i = 1; i <= size; i++) d.print(visibleChar(d.u8(q + i)));
        d.print('"');
        q += 1 + size;
      }
      break;
    case 33:
      d.print(' ');
      printName(d, data + 6, message);
      d.print(`:${d.u16(data + 4)} ${d.u16(data)} ${d.u16(data + 2)}`);
      break;
    case 41:
      d.print(` UDPsize=${klass}`);
      if ((d.u16(p + 6) & 0x8000) !== 0) d.print(' DO');
      if (data < end) {
        d.print(' [');
        printEdnsOptions(d, data, end);
        d.print(']');
      }
      break;
  }
  return end;
}

/** Prints `count` records behind `prefix`. @returns the offset behind them. */
function printSection(d: Dissector, at: number, message: number, count: number, prefix: string, mdns: boolean): number {
  let p = at;
  for (let i = 0; i < count; i++) {
    if (p >= d.end) d.truncated();
    d.print(i === 0 ? prefix : ',');
    p = printRecord(d, p, message, mdns);
  }
  return p;
}

/** Prints the message at `at`; `length` goes into the parentheses at the end. */
export function printDns(d: Dissector, at: number, length: number, mdns: boolean): void {
  d.protocol = 'domain';
  try {
    printMessage(d, at, length, mdns);
  } catch (error) {
    // tcpdump's DNS printer checks before it reads
    if (error instanceof Truncated) d.truncated();
    throw error;
  }
}

function printMessage(d: Dissector, at: number, length: number, mdns: boolean): void {
  if (length < 12) {
    d.print(`domain [length ${length} < 12] (invalid)`);
    return;
  }
  d.need(at, 12);
  const flags = d.u16(at + 2);
  const questions = d.u16(at + 4);
  const answers = d.u16(at + 6);
  const authorities = d.u16(at + 8);
  const additionals = d.u16(at + 10);
  const opcode = OPCODES[(flags >> 11) & 15]!;
  const bit = (mask: number, text: string): string => ((flags & mask) !== 0 ? text : '');
  let p = at + 12;
  d.print(String(d.u16(at)) + opcode);
  if ((flags & 0x8000) !== 0) {
    d.print(
      RCODES[flags & 15]! + bit(0x400, '*') + ((flags & 0x80) !== 0 ? '' : '-') + bit(0x200, '|') + bit(0x20, '$'),
    );
    if (questions !== 1) d.print(` [${questions}q]`);
    for (let i = 0; i < questions; i++) {
      if (i > 0) d.print(',');
      if (d.verbose > 1) {
        d.print(' q:');
        p = printQuestion(d, p, at, mdns);
      } else p = skipName(d, p) + 4;
    }
    d.print(` ${answers}/${authorities}/${additionals}`);
    p = printSection(d, p, at, answers, '', mdns);
    if (d.verbose > 1) {
      p = printSection(d, p, at, authorities, ' ns:', mdns);
      printSection(d, p, at, additionals, ' ar:', mdns);
    }
  } else {
    d.print(bit(0x100, '+') + bit(0x10, '%'));
    if ((flags & 0x6cf) !== 0) d.print(` [b2&3=0x${flags.toString(16)}]`);
    // An inverse query has an answer and no question.
    const inverse = ((flags >> 11) & 15) === 1;
    if (inverse) {
      if (questions !== 0) d.print(` [${questions}q]`);
      if (answers !== 1) d.print(` [${answers}a]`);
    } else {
      if (answers !== 0) d.print(` [${answers}a]`);
      if (questions !== 1) d.print(` [${questions}q]`);
    }
    if (authorities !== 0) d.print(` [${authorities}n]`);
    if (additionals !== 0) d.print(` [${additionals}au]`);
    for (let i = 0; i < questions; i++) {
      if (p >= d.end) d.truncated();
      p = printQuestion(d, p, at, mdns);
    }
    if (d.verbose > 1) {
      p = printSection(d, p, at, answers, '', mdns);
      p = printSection(d, p, at, authorities, ' ns:', mdns);
      printSection(d, p, at, additionals, ' ar:', mdns);
    }
  }
  d.print(` (${length})`);
}
